//! The X-ray: why a para does not progress, in one sentence, with the evidence and the remedy.
//!
//! In: the state of the relay at one block, and what the para's own node says, where one answers. Out: a [`Diagnosis`]. A
//! tree of questions in the order in which a candidate meets them; what could not be read is said, and without it nothing
//! is called healthy. Pure: no clock, no I/O. Lock, deposit and balance are never causes.

mod also;
mod cause;
mod cores;
mod head;
mod notes;
mod queues;
mod relay;
mod silent;
mod text;
mod upgrade;

#[cfg(test)]
mod tests;

pub use cause::{Cause, PROPOSED, Remedy};
pub use notes::{Evidence, Unread};

use crate::domain::para::{Own, Para, Paras};
use crate::domain::{Hash, Network, ParaId, Token, UnixMs};
use notes::Notes;
use serde::Serialize;

/// What is examined.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Names of chains and accounts.
    pub network: &'a Network,
    /// The relay's prefix of addresses.
    pub ss58_prefix: u16,
    /// The relay's token, where it names one.
    pub token: Option<&'a Token>,
    /// The relay.
    pub relay: &'a Paras,
    /// Which para.
    pub para: ParaId,
    /// What its own node says.
    pub own: &'a Own,
    /// Relay blocks without inclusion that are no reason to worry.
    pub patience: u64,
    /// Now.
    pub now: UnixMs,
    /// A relay block older than this says nothing of now, milliseconds.
    pub old_ms: u64,
}

impl Case<'_> {
    /// Relay blocks since the last candidate's relay parent; none where the para was never included, was included on a
    /// block to come, or it is not known.
    fn blocks_since(&self, para: &Para) -> Option<u64> {
        let context = para.context.value().filter(|context| **context > 0)?;
        self.relay.at.number.checked_sub(*context)
    }

    /// True where candidates were included of late.
    fn progresses(&self, para: &Para) -> bool {
        self.blocks_since(para).is_some_and(|blocks| blocks <= self.patience)
    }

    /// `para 2000`, with its name where the profile has one.
    fn title(&self) -> String {
        match self.network.para(self.para) {
            Some(chain) => format!("{} ({})", chain.name, self.para),
            None => format!("para {}", self.para),
        }
    }

    /// Names of para-validators by their index.
    fn validators(&self, indices: &[u32]) -> String {
        let name = |index: &u32| {
            let place = usize::try_from(*index).ok();
            let stash = self.relay.validators.value().zip(place).and_then(|(all, i)| all.get(i));
            let known = |stash| match self.network.name_of(stash) {
                Some(name) => name.to_owned(),
                None => stash.short(self.ss58_prefix),
            };
            stash.map_or_else(|| format!("validator {index}"), known)
        };
        const MOST: usize = 8;
        let mut names: Vec<String> = indices.iter().take(MOST).map(name).collect();
        if indices.len() > MOST {
            names.push(format!("{} more", indices.len() - MOST));
        }
        names.join(", ")
    }
}

/// What is said about the para.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It progresses.
    Healthy,
    /// It does not, and this is why.
    Cause,
    /// It cannot be told.
    Unknown,
}

/// The result of an examination; serialises as CONTRACT says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    schema: u32,
    /// The para.
    pub para_id: ParaId,
    /// Its name in the profile.
    name: Option<String>,
    /// The relay block that was looked at.
    block: u64,
    /// Its hash.
    block_hash: Hash,
    /// Whether there is a cause.
    pub outcome: Outcome,
    /// One sentence.
    pub verdict: String,
    /// The cause, where there is one.
    pub cause: Option<Cause>,
    /// Whether PAS-2 support may mend it; none where nothing is to be mended.
    pub in_scope: Option<bool>,
    /// What to answer where it is out of scope.
    pub reply: Option<String>,
    /// What was read, the deciding first.
    pub facts: Vec<Evidence>,
    /// What was asked for and not read.
    pub unread: Vec<Unread>,
    /// What is worth knowing and no cause.
    pub also: Vec<String>,
    /// What to ask those who run the para.
    pub ask: Vec<String>,
    /// Runbooks that fit.
    pub runbooks: Vec<Remedy>,
}

impl Diagnosis {
    /// The exit status of the command.
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self.outcome {
            Outcome::Healthy => 0,
            Outcome::Cause => 1,
            Outcome::Unknown => 3,
        }
    }
}

/// What one question found.
#[derive(Debug, Clone, PartialEq)]
struct Finding {
    cause: Cause,
    sentence: String,
    remedies: Vec<Remedy>,
    ask: Vec<String>,
}

impl Finding {
    fn new(cause: Cause, sentence: impl Into<String>) -> Self {
        Self { cause, sentence: sentence.into(), remedies: Vec::new(), ask: Vec::new() }
    }

    fn with(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }

    fn asking(mut self, ask: impl IntoIterator<Item = String>) -> Self {
        self.ask.extend(ask);
        self
    }
}

/// One question. What it reads it notes; nothing found means that the candidate comes this far.
type Question = fn(&Case<'_>, &Para, &mut Notes) -> Option<Finding>;

/// What stops a para however lately it was included.
const AT_ONCE: [Question; 4] = [relay::frozen, relay::lifecycle, head::head, relay::context];
/// What explains that nothing is included, in the order in which a candidate meets it.
const STALLED: [Question; 10] = [
    cores::no_core,
    relay::transition,
    upgrade::pvf,
    upgrade::go_ahead,
    upgrade::future_code,
    queues::relay_number,
    cores::availability,
    queues::dmp,
    queues::hrmp,
    cores::backing,
];

/// Why the relay's newest block tells nothing of now, where it does not.
fn stale(case: &Case<'_>) -> Option<String> {
    let number = case.relay.at.number;
    let Some(stamped) = case.relay.stamped else {
        return Some(format!(
            "It cannot be told: the relay's newest block #{number} carries no time, so its age is not known."
        ));
    };
    let age = case.now.since(stamped);
    (age > case.old_ms).then(|| {
        format!(
            "It cannot be told: the relay's newest block #{number} is {} s old. The relay stands, or this endpoint is behind; \
             look at the relay first.",
            age / 1_000
        )
    })
}

/// Examines a para.
#[must_use]
pub fn examine(case: &Case<'_>) -> Diagnosis {
    let mut notes = Notes::new(case);
    if let Some(why) = stale(case) {
        return conclude(case, notes, case.relay.paras.get(&case.para), Err(why));
    }
    let Some(para) = case.relay.paras.get(&case.para) else {
        return conclude(case, notes, None, Err(format!("{} was not read.", capital(&case.title()))));
    };
    if let Some(finding) = first(&AT_ONCE, case, para, &mut notes) {
        return conclude(case, notes, Some(para), Ok(Some(finding)));
    }
    if !notes.is_blind() && case.progresses(para) {
        return conclude(case, notes, Some(para), Ok(None));
    }
    if !case.progresses(para)
        && let Some(finding) = first(&STALLED, case, para, &mut notes)
    {
        return conclude(case, notes, Some(para), Ok(Some(finding)));
    }
    if let Some(blind) = notes.blind() {
        let sentence = format!("It cannot be told why: {blind}.");
        return conclude(case, notes, Some(para), Err(sentence));
    }
    if let Some(wait) = cores::on_its_way(case, para) {
        return conclude(case, notes, Some(para), Err(wait));
    }
    let finding = silent::no_candidate(case, para, &mut notes);
    conclude(case, notes, Some(para), Ok(Some(finding)))
}

fn first(questions: &[Question], case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    questions.iter().find_map(|question| {
        notes.next();
        question(case, para, notes)
    })
}

/// A finding, none where it is healthy, or why it cannot be told.
type Conclusion = Result<Option<Finding>, String>;

fn conclude(case: &Case<'_>, notes: Notes, para: Option<&Para>, conclusion: Conclusion) -> Diagnosis {
    let (outcome, verdict, finding) = match conclusion {
        Ok(Some(finding)) => (Outcome::Cause, finding.sentence.clone(), Some(finding)),
        Ok(None) => (Outcome::Healthy, healthy(case, para), None),
        Err(why) => (Outcome::Unknown, why, None),
    };
    let cause = finding.as_ref().map(|found| found.cause);
    let (remedies, ask) = finding.map(|found| (found.remedies, found.ask)).unwrap_or_default();
    let (facts, unread) = notes.end(cause.is_some());
    let in_scope = cause.map(Cause::in_scope);
    Diagnosis {
        schema: 1,
        para_id: case.para,
        name: case.network.para(case.para).map(|chain| chain.name.clone()),
        block: case.relay.at.number,
        block_hash: case.relay.at.hash,
        outcome,
        reply: cause.filter(|_| in_scope == Some(false)).map(|cause| cause.reply(&case.title(), &verdict)),
        verdict,
        cause,
        in_scope,
        facts,
        unread,
        also: para.map(|para| also::also(case, para)).unwrap_or_default(),
        ask,
        runbooks: remedies,
    }
}

fn healthy(case: &Case<'_>, para: Option<&Para>) -> String {
    let blocks = para.and_then(|para| case.blocks_since(para)).unwrap_or_default();
    let head = para.and_then(|p| p.head.value()?.block).map(|block| format!(", at block #{}", block.number));
    format!(
        "{} progresses: its last candidate was built {} ago{}.",
        capital(&case.title()),
        many(blocks, "relay block"),
        head.unwrap_or_default()
    )
}

/// The text with a capital first letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `1 message`, `2 messages`.
fn many(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}
