//! Runbooks in the console: the catalogue, which of them the chains can do, the form that is open, and the paras that were
//! looked at through their own nodes.
//!
//! In: answers of the runtime. Out: what tabs draw, and what is to be asked next. Bounded. Must not do I/O.

use super::form::Form;
use crate::domain::para::{Own, Paras};
use crate::domain::{ParaId, UnixMs};
use crate::runbook::{Catalogue, Recipe};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds after which the chains are asked again which runbooks they can do.
const JUDGED_MS: u64 = 600_000;
/// The same where they could not be asked.
const JUDGE_RETRY_MS: u64 = 30_000;
/// Paras whose look is kept.
const MAX_LOOKS: usize = 16;
/// Shortest time between two looks at the same para, milliseconds.
const LOOK_MS: u64 = 60_000;
/// A look that has not come back in this time is given up, milliseconds.
const LOOK_LIMIT_MS: u64 = 120_000;

/// Whether a runbook can be used, and why not or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// Yes, no, unknown.
    pub yes: Option<bool>,
    /// Why not.
    pub reason: Option<String>,
}

/// What the chains say of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// By name.
    pub fits: BTreeMap<String, Fit>,
    /// Why they could not be asked.
    pub failed: Option<String>,
    /// When they answered, or failed to.
    pub at: Option<UnixMs>,
    /// When they were asked, while the answer is awaited.
    pub asked: Option<UnixMs>,
}

impl Judged {
    /// True where the chains should be asked.
    #[must_use]
    pub fn is_due(&self, now: UnixMs) -> bool {
        let patience = if self.failed.is_some() { JUDGE_RETRY_MS } else { JUDGED_MS };
        self.asked.is_none() && self.at.is_none_or(|at| now.since(at) >= patience)
    }

    /// What is known of a runbook.
    #[must_use]
    pub fn of(&self, name: &str) -> Fit {
        let reason = || match (&self.failed, self.asked) {
            (Some(why), _) => why.clone(),
            (None, Some(_)) => "the chains are being asked".to_owned(),
            (None, None) => "no chain was asked".to_owned(),
        };
        self.fits.get(name).cloned().unwrap_or_else(|| Fit { yes: None, reason: Some(reason()) })
    }

    /// Takes the answer.
    pub fn answer(&mut self, fits: Result<BTreeMap<String, Fit>, String>, at: UnixMs) {
        (self.at, self.asked) = (Some(at), None);
        match fits {
            Ok(fits) => (self.fits, self.failed) = (fits, None),
            Err(why) => self.failed = Some(why),
        }
    }
}

/// A para as the relay and its own node show it, read one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The relay's side.
    pub relay: Box<Paras>,
    /// The para's own node, asked before the relay was.
    pub own: Own,
}

/// How a look at a para stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// The newest answer.
    pub look: Option<Look>,
    /// Why the last try failed.
    pub failed: Option<String>,
    /// When the last answer, or failure, came.
    pub at: Option<UnixMs>,
    /// When it was asked for, while the answer is awaited, and with which ticket.
    pub asked: Option<(UnixMs, u64)>,
}

/// Runbooks and what is done with them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Runbooks {
    /// All of them.
    #[serde(skip)]
    pub catalogue: Arc<Catalogue>,
    /// True where this build can rehearse.
    pub rehearses: bool,
    /// What the chains say of them.
    pub judged: Judged,
    /// The one that is filled in.
    pub form: Option<Form>,
    /// Paras that were looked at.
    pub looked: BTreeMap<ParaId, Looked>,
    /// The last ticket that was given out.
    tickets: u64,
}

impl Runbooks {
    /// A ticket for a request: its answer carries it.
    pub fn ticket(&mut self) -> u64 {
        self.tickets = self.tickets.saturating_add(1);
        self.tickets
    }

    /// The recipe of the form that is open.
    #[must_use]
    pub fn recipe(&self) -> Option<&Recipe> {
        self.catalogue.find(&self.form.as_ref()?.runbook).ok()
    }

    /// The newest look at a para.
    #[must_use]
    pub fn look(&self, para: ParaId) -> Option<&Look> {
        self.looked.get(&para)?.look.as_ref()
    }

    /// True where a para should be looked at now; `read` is the block in which the relay's paras were last read.
    #[must_use]
    pub fn wants_look(&self, para: ParaId, read: Option<u64>, now: UnixMs) -> bool {
        let Some(known) = self.looked.get(&para) else { return true };
        if let Some((at, _)) = known.asked {
            return now.since(at) >= LOOK_LIMIT_MS;
        }
        let newer =
            known.look.as_ref().is_none_or(|look| read.is_none_or(|read| read > look.relay.at.number));
        newer && known.at.is_none_or(|at| now.since(at) >= LOOK_MS)
    }

    /// Notes that a para is being looked at; the oldest look goes where there are too many.
    pub fn ask_look(&mut self, para: ParaId, now: UnixMs) -> u64 {
        let ticket = self.ticket();
        self.looked.entry(para).or_default().asked = Some((now, ticket));
        while self.looked.len() > MAX_LOOKS {
            let others = self.looked.iter().filter(|(id, _)| **id != para);
            let Some(oldest) = others.min_by_key(|(_, l)| l.at).map(|(id, _)| *id) else { break };
            self.looked.remove(&oldest);
        }
        ticket
    }

    /// Takes what was seen; an answer that is not awaited any more is dropped.
    pub fn answer_look(&mut self, para: ParaId, ticket: u64, found: Result<Look, String>, at: UnixMs) {
        let Some(known) = self.looked.get_mut(&para) else { return };
        if known.asked.is_none_or(|(_, waited)| waited != ticket) {
            return;
        }
        (known.asked, known.at) = (None, Some(at));
        match found {
            Ok(look) => (known.look, known.failed) = (Some(look), None),
            Err(why) => known.failed = Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chains_are_asked_once_in_ten_minutes_and_sooner_after_a_failure() {
        let mut judged = Judged::default();
        assert!(judged.is_due(UnixMs(1)));
        judged.asked = Some(UnixMs(1));
        assert!(!judged.is_due(UnixMs(900_000)), "one question at a time");
        assert_eq!(judged.of("x").reason.as_deref(), Some("the chains are being asked"));
        judged.answer(Err("no relay".to_owned()), UnixMs(2));
        assert_eq!(judged.of("x"), Fit { yes: None, reason: Some("no relay".to_owned()) });
        assert!(!judged.is_due(UnixMs(29_000)) && judged.is_due(UnixMs(30_002)));
        let no = Fit { yes: Some(false), reason: Some("no such call".to_owned()) };
        judged.answer(Ok([("x".to_owned(), no.clone())].into_iter().collect()), UnixMs(40_000));
        assert_eq!(judged.of("x"), no);
        assert!(!judged.is_due(UnixMs(600_000)) && judged.is_due(UnixMs(640_000)));
    }

    #[test]
    fn looks_are_bounded_and_answers_that_nobody_waits_for_are_dropped() {
        let mut books = Runbooks::default();
        for n in 0..40 {
            let ticket = books.ask_look(ParaId(n), UnixMs(i64::from(n)));
            books.answer_look(ParaId(n), ticket, Err("silent".to_owned()), UnixMs(i64::from(n)));
        }
        assert_eq!(books.looked.len(), MAX_LOOKS);
        assert!(books.looked.contains_key(&ParaId(39)) && !books.looked.contains_key(&ParaId(0)));
        let first = books.ask_look(ParaId(39), UnixMs(100));
        let second = books.ask_look(ParaId(39), UnixMs(200));
        books.answer_look(ParaId(39), first, Err("late".to_owned()), UnixMs(300));
        assert_eq!(books.looked[&ParaId(39)].failed.as_deref(), Some("silent"));
        assert!(!books.wants_look(ParaId(39), None, UnixMs(300)), "one at a time");
        books.answer_look(ParaId(39), second, Err("refused".to_owned()), UnixMs(300));
        assert_eq!(books.looked[&ParaId(39)].failed.as_deref(), Some("refused"));
        assert!(
            !books.wants_look(ParaId(39), None, UnixMs(60_299))
                && books.wants_look(ParaId(39), None, UnixMs(60_300))
        );
    }
}
