//! The quarterly report about validators, in the layout of the public one, from session records.
//!
//! In: the records of a period one by one, the register, who the chain is. Out: [`Report`], as Markdown or as JSON: the same
//! records give the same bytes. Means are those of [`grade`](crate::domain::validator::grade). What was not read is null and
//! `unknown`. Must not do I/O.

mod coverage;
mod markdown;
mod period;
#[cfg(test)]
mod tests;

pub use coverage::Coverage;
pub use period::Period;

use crate::domain::validator::Figures;
use crate::domain::validator::grade::Mean;
use crate::domain::{AccountId, Grade, Identity, Network, Score, SessionRecord, UnixMs};
use coverage::Seen;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// What a period's records add up to; keeps no record.
#[derive(Debug, Default)]
pub struct Fold {
    /// By stash, ascending, as the records are.
    validators: Vec<(AccountId, Sum)>,
    seen: Seen,
}

/// What a validator did in all sessions.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    mean: Mean,
    in_set: u32,
    disabled: u32,
    authored: u64,
    missed_slots: u64,
    assigned: u64,
    missed_votes: u64,
}

impl Sum {
    fn add(&mut self, record: &SessionRecord, figures: &Figures) {
        if let Some(score) = Score::of_session(record, figures) {
            self.mean.add(score);
        }
        self.in_set = self.in_set.saturating_add(1);
        self.disabled = self.disabled.saturating_add(u32::from(figures.disabled == Some(true)));
        self.authored = self.authored.saturating_add(figures.authored.into());
        self.missed_slots = self.missed_slots.saturating_add(figures.missed_slots.into());
        self.assigned = self.assigned.saturating_add(figures.assigned().into());
        self.missed_votes = self.missed_votes.saturating_add(figures.missed_votes.into());
    }
}

impl Fold {
    /// Takes a session in; sessions come by their number.
    pub fn add(&mut self, record: &SessionRecord) {
        self.seen.add(record);
        // Both lists ascend: walking along finds nearly every validator at once.
        let mut place = 0;
        for (stash, figures) in &record.validators {
            place = match self.validators.get(place) {
                Some((known, _)) if known == stash => place,
                _ => match self.validators.binary_search_by(|(known, _)| known.cmp(stash)) {
                    Ok(found) => found,
                    Err(free) => {
                        self.validators.insert(free, (*stash, Sum::default()));
                        free
                    }
                },
            };
            if let Some((_, sum)) = self.validators.get_mut(place) {
                sum.add(record, figures);
            }
            place += 1;
        }
    }
}

/// What a report is made from besides the records.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The network: its name, the names of accounts, the register.
    pub network: &'a Network,
    /// Who the relay chain is; none where the journal does not know.
    pub identity: Option<&'a Identity>,
    /// The period.
    pub period: Period,
    /// Now: a period may be in progress.
    pub now: UnixMs,
    /// Rows of the journal that are damaged.
    pub damaged: usize,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    schema: u32,
    report: &'static str,
    network: String,
    period: Span,
    sessions_analysed: u64,
    identified_below_b: usize,
    grade_distribution: Distribution,
    identified: Vec<Identified>,
    validators: Vec<Validator>,
    providers: Vec<Provider>,
    unidentified: Vec<String>,
    coverage: Coverage,
    pas11: Vec<Clock>,
    notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Span {
    title: Option<String>,
    from: String,
    to: String,
    in_progress: bool,
}

/// Validators by letter, best first; those without a grade last.
#[derive(Debug, Clone, PartialEq)]
struct Distribution {
    letters: Vec<(Grade, usize)>,
    none: usize,
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let letters = self.letters.iter().map(|(grade, n)| (grade.letter(), n));
        s.collect_map(letters.chain([("none", &self.none)]))
    }
}

/// A validator below B, as the public report lists it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Identified {
    name: Option<String>,
    address: String,
    grade: Grade,
    missed_vote_ratio: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Validator {
    address: String,
    name: Option<String>,
    provider: Option<String>,
    #[serde(flatten)]
    verdict: Verdict,
    sessions_in_set: u32,
    sessions_disabled: u32,
    authored: u64,
    missed_slots: u64,
    backing: Backing,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Backing {
    assigned: u64,
    missed: u64,
}

/// Letter, PAS-11 and the ratios behind them; null where a part was not read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Verdict {
    grade: Option<Grade>,
    ratio: Option<f64>,
    passes: Option<bool>,
    missed_vote_ratio: Option<f64>,
    bitfield_ratio: Option<f64>,
    /// Sessions as para validator whose votes were read.
    sessions: u32,
}

impl Verdict {
    fn of(mean: &Mean) -> Self {
        let score = mean.score();
        Self {
            grade: score.and_then(|s| s.grade()),
            ratio: score.and_then(|s| s.ratio()),
            passes: score.and_then(|s| s.passes()),
            missed_vote_ratio: score.map(|s| s.missed_votes),
            bitfield_ratio: score.and_then(|s| s.unavailable).map(|dark| 1.0 - dark),
            sessions: score.map_or(0, |s| s.sessions),
        }
    }

    fn is_below_b(&self) -> bool {
        self.grade.is_some_and(|grade| grade > Grade::B)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Provider {
    provider: String,
    /// Validators of the register that are not deactivated.
    registered: usize,
    /// Of all its validators: those that were in the set.
    in_set: usize,
    /// Validators that fail PAS-11.
    failing: usize,
    #[serde(flatten)]
    verdict: Verdict,
}

/// A requirement of PAS-11 that chain data does not answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Clock {
    id: &'static str,
    requirement: &'static str,
    result: &'static str,
    reason: &'static str,
}

const CLOCKS: [Clock; 3] = [
    Clock {
        id: "reply-72h",
        requirement: "replies within 72 h when the provider is mentioned",
        result: "unknown",
        reason: "this version reads no Matrix room",
    },
    Clock {
        id: "node-version",
        requirement: "runs the latest node version or the one before it",
        result: "unknown",
        reason: "this version reads no telemetry",
    },
    Clock {
        id: "emergency-upgrade-48h",
        requirement: "updates within 48 h of an emergency request",
        result: "unknown",
        reason: "this version records no emergency requests",
    },
];

impl Report {
    /// The report about what was folded.
    #[must_use]
    pub fn of(fold: &Fold, input: Input<'_>) -> Self {
        let coverage = fold.seen.coverage(input.period, input.now, input.identity, input.damaged);
        let mut validators: Vec<Validator> =
            fold.validators.iter().map(|(stash, sum)| validator(input, stash, sum)).collect();
        validators
            .sort_by(|a, b| worst_first(&a.verdict, &b.verdict).then_with(|| a.address.cmp(&b.address)));
        let identified: Vec<Identified> = validators.iter().filter_map(identified).collect();
        Self {
            schema: 1,
            report: "validators",
            network: input.network.id.clone(),
            period: Span {
                title: input.period.title(),
                from: input.period.from.rfc3339(),
                to: input.period.to.rfc3339(),
                in_progress: input.now < input.period.to,
            },
            sessions_analysed: coverage.analysed,
            identified_below_b: identified.len(),
            grade_distribution: distribution(&validators),
            identified,
            providers: providers(fold, input),
            unidentified: validators
                .iter()
                .filter(|v| v.provider.is_none())
                .map(|v| v.address.clone())
                .collect(),
            notes: notes(input, &coverage, &validators),
            validators,
            coverage,
            pas11: CLOCKS.to_vec(),
        }
    }

    /// False where no session of the period is known.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.coverage.analysed > 0
    }

    /// The report for people.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::render(self)
    }
}

/// The worst first, those without a ratio last.
fn worst_first(a: &Verdict, b: &Verdict) -> std::cmp::Ordering {
    let key = |v: &Verdict| v.ratio.unwrap_or(f64::INFINITY);
    key(a).total_cmp(&key(b))
}

fn address(input: Input<'_>, stash: &AccountId) -> String {
    match input.identity.and_then(|i| i.ss58_prefix) {
        Some(prefix) => stash.ss58(prefix),
        None => stash.to_string(),
    }
}

fn validator(input: Input<'_>, stash: &AccountId, sum: &Sum) -> Validator {
    let member = input.network.roster.validator(stash);
    let own = input.network.names.get(stash).cloned();
    Validator {
        address: address(input, stash),
        name: own.or_else(|| member.map(|m| m.name.to_string())),
        provider: member.map(|m| m.provider.to_string()),
        verdict: Verdict::of(&sum.mean),
        sessions_in_set: sum.in_set,
        sessions_disabled: sum.disabled,
        authored: sum.authored,
        missed_slots: sum.missed_slots,
        backing: Backing { assigned: sum.assigned, missed: sum.missed_votes },
    }
}

fn identified(v: &Validator) -> Option<Identified> {
    let (grade, missed_vote_ratio) = v.verdict.grade.zip(v.verdict.missed_vote_ratio)?;
    let (name, address) = (v.name.clone(), v.address.clone());
    v.verdict.is_below_b().then_some(Identified { name, address, grade, missed_vote_ratio })
}

fn distribution(validators: &[Validator]) -> Distribution {
    let of = |grade: Option<Grade>| validators.iter().filter(|v| v.verdict.grade == grade).count();
    let letters = Grade::ALL.iter().map(|grade| (*grade, of(Some(*grade)))).collect();
    Distribution { letters, none: of(None) }
}

/// Every provider of the register that is not deactivated, and every other one whose validators were in the set.
fn providers(fold: &Fold, input: Input<'_>) -> Vec<Provider> {
    #[derive(Default)]
    struct Roll {
        registered: usize,
        in_set: usize,
        failing: usize,
        mean: Mean,
    }
    let mut by_name: BTreeMap<&str, Roll> = BTreeMap::new();
    for member in input.network.roster.validators.values().filter(|m| m.active) {
        by_name.entry(member.provider.as_str()).or_default().registered += 1;
    }
    for (stash, sum) in &fold.validators {
        let Some(member) = input.network.roster.validator(stash) else { continue };
        let roll = by_name.entry(member.provider.as_str()).or_default();
        roll.in_set += 1;
        roll.failing += usize::from(Verdict::of(&sum.mean).passes == Some(false));
        roll.mean.merge(&sum.mean);
    }
    let provider = |(name, roll): (&str, Roll)| Provider {
        provider: name.to_owned(),
        registered: roll.registered,
        in_set: roll.in_set,
        failing: roll.failing,
        verdict: Verdict::of(&roll.mean),
    };
    let mut all: Vec<Provider> = by_name.into_iter().map(provider).collect();
    all.sort_by(|a, b| worst_first(&a.verdict, &b.verdict).then_with(|| a.provider.cmp(&b.provider)));
    all
}

fn notes(input: Input<'_>, coverage: &Coverage, validators: &[Validator]) -> Vec<String> {
    let mut notes = vec![
        "A grade is the plain mean over the sessions in which the validator was a para validator and backing votes \
         were read; PAS-11 passes at 80.00 % or more, which by letter is still C+."
            .to_owned(),
        "A validator alone in its group cannot miss a vote, and with few validators a grade says little; a \
         disabled validator goes on missing votes."
            .to_owned(),
    ];
    let part = coverage.analysed > 0 && (coverage.partial > 0 || coverage.missing != Some(0));
    if part {
        notes.push(
            "The period is not known in full (see Coverage): a grade rests on the part that is.".to_owned(),
        );
    }
    if input.network.roster.validators.is_empty() && !validators.is_empty() {
        notes.push("The profile names no register of validators: none can be told by provider.".to_owned());
    }
    if !input.network.roster.problems.is_empty() {
        let n = input.network.roster.problems.len();
        notes.push(format!(
            "{n} entries of the register could not be read: their validators have no provider here."
        ));
    }
    if input.identity.and_then(|i| i.ss58_prefix).is_none() && !validators.is_empty() {
        notes.push("The address prefix of the chain is not known: addresses are hex.".to_owned());
    }
    notes
}
