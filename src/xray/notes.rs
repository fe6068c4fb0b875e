//! What an examination read, fact by fact, and what it could not read.
//!
//! In: cited values, as questions look at them. Out: lines of evidence. A value cannot be looked at without being noted.

use super::Case;
use crate::domain::para::Cited;
use crate::domain::{BlockRef, ChainId, Clean, UnixMs};
use serde::Serialize;

/// Longest value shown, characters; heads and messages are longer.
const MOST: usize = 400;

/// A fact with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What it is: `lifecycle`.
    pub text: String,
    /// Where it stands: `Paras.ParaLifecycles(2000)`.
    pub name: String,
    /// The storage key, or the call with its input.
    pub key: String,
    /// What stands there.
    pub value: String,
    /// Which chain.
    pub chain: ChainId,
    /// In the state of which of its blocks.
    pub block: u64,
    /// Age of that block, milliseconds; none where the block has no time.
    pub age_ms: Option<u64>,
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// What it is.
    pub text: String,
    /// Where it stands.
    pub name: String,
    /// Why it was not read.
    pub reason: Clean,
}

/// The chain and block whose state is being read.
#[derive(Debug, Clone)]
struct Source {
    chain: ChainId,
    at: BlockRef,
    stamped: Option<UnixMs>,
}

/// Notes of one examination.
#[derive(Debug)]
pub(super) struct Notes {
    relay: Source,
    now: UnixMs,
    facts: Vec<Evidence>,
    unread: Vec<Unread>,
    /// Where the facts of the question begin that is being asked.
    question: usize,
}

impl Notes {
    pub(super) fn new(case: &Case<'_>) -> Self {
        let chain = case.network.relay().map_or_else(|| ChainId::from("relay"), |chain| chain.id.clone());
        let relay = Source { chain, at: case.relay.at, stamped: case.relay.stamped };
        Self { relay, now: case.now, facts: Vec::new(), unread: Vec::new(), question: 0 }
    }

    /// A new question begins.
    pub(super) fn next(&mut self) {
        self.question = self.facts.len();
    }

    /// Looks at a value of the relay.
    pub(super) fn read<'c, T>(
        &mut self,
        text: &str,
        cited: &'c Cited<T>,
        show: impl FnOnce(&T) -> String,
    ) -> &'c Cited<T> {
        let source = self.relay.clone();
        self.note(text, cited, &source, show);
        cited
    }

    /// Looks at a value of the para's own node; that it was not read is no blindness of the relay's.
    pub(super) fn own<'c, T>(
        &mut self,
        text: &str,
        cited: &'c Cited<T>,
        (chain, at): (&ChainId, BlockRef),
        show: impl FnOnce(&T) -> String,
    ) -> Option<&'c T> {
        if cited.unread().is_none() {
            let source = Source { chain: chain.clone(), at, stamped: None };
            self.note(text, cited, &source, show);
        }
        cited.value()
    }

    fn note<T>(&mut self, text: &str, cited: &Cited<T>, source: &Source, show: impl FnOnce(&T) -> String) {
        if let Some(reason) = cited.unread() {
            if self.unread.iter().all(|known| known.name != cited.name) {
                let (text, name) = (text.to_owned(), cited.name.clone());
                self.unread.push(Unread { text, name, reason: reason.clone() });
            }
            return;
        }
        if self.facts.iter().any(|known| known.key == cited.key && known.text == text) {
            return;
        }
        let mut value = cited.value().map_or_else(|| "nothing is stored".to_owned(), show);
        if value.chars().count() > MOST {
            value = value.chars().take(MOST).chain(['…']).collect();
        }
        self.facts.push(Evidence {
            text: text.to_owned(),
            name: cited.name.clone(),
            key: cited.key.clone(),
            value,
            chain: source.chain.clone(),
            block: source.at.number,
            age_ms: source.stamped.map(|at| self.now.since(at)),
        });
    }

    /// A list of the relay was not read to its end, and what was looked for is not in the part that was.
    pub(super) fn missing(&mut self, text: &str, name: &str, reason: &str) {
        if self.unread.iter().all(|known| known.name != name) {
            let (text, name) = (text.to_owned(), name.to_owned());
            self.unread.push(Unread { text, name, reason: Clean::of(reason) });
        }
    }

    /// True where something was not read.
    pub(super) fn is_blind(&self) -> bool {
        !self.unread.is_empty()
    }

    /// What was not read, in a sentence's words.
    pub(super) fn blind(&self) -> Option<String> {
        let first = self.unread.first()?;
        let more = match self.unread.len() {
            1 => String::new(),
            n => format!(", and {} more", n - 1),
        };
        Some(format!("{} was not read ({}){more}", first.name, first.reason))
    }

    /// All of it; the facts of the last question come first where it was the one that decided.
    pub(super) fn end(mut self, decided: bool) -> (Vec<Evidence>, Vec<Unread>) {
        if decided {
            let deciding = self.question.min(self.facts.len());
            self.facts.rotate_left(deciding);
        }
        (self.facts, self.unread)
    }
}
