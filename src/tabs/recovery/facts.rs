//! The evidence of an X-ray: what was read, where, in which block; and what was not read.
//!
//! In: a diagnosis. Out: a row a place.

use super::one::diagnosis;
use crate::domain::{Clean, ParaId};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;

/// A place that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What it is.
    pub text: String,
    /// Where it stands.
    pub name: String,
    /// The storage key, or the call with its input; empty where it was not read.
    pub key: String,
    /// What stands there, or why it was not read.
    pub value: Result<String, Clean>,
    /// In the state of which block.
    pub block: u64,
    /// Age of that block, milliseconds; none where it has no time.
    pub age_ms: Option<u64>,
}

/// Everything that the X-ray of a para looked at, the deciding first.
fn looked(state: &AppState, id: ParaId) -> Vec<Looked> {
    let Some(diagnosis) = diagnosis(state, id) else { return vec![] };
    let at = state.relay().and_then(|r| Some(r.view?.parachains.value()?.at.number)).unwrap_or_default();
    let facts = diagnosis.facts.into_iter().map(|fact| Looked {
        text: fact.text,
        name: fact.name,
        key: fact.key,
        value: Ok(fact.value),
        block: fact.block,
        age_ms: fact.age_ms,
    });
    let unread = diagnosis.unread.into_iter().map(|place| Looked {
        text: place.text,
        name: place.name,
        key: String::new(),
        value: Err(place.reason),
        block: at,
        age_ms: None,
    });
    facts.chain(unread).collect()
}

/// What the X-ray of a para found at the place of this name (with what it is before it, as rows are keyed).
#[must_use]
pub fn evidence(state: &AppState, id: ParaId, key: &str) -> Option<Looked> {
    looked(state, id).into_iter().find(|fact| key_of(fact) == key)
}

fn key_of(fact: &Looked) -> String {
    format!("{}: {}", fact.text, fact.name)
}

/// Facts as rows.
pub(super) struct FactRows {
    facts: Vec<Looked>,
}

impl FactRows {
    pub(super) fn new(state: &AppState, id: ParaId) -> Self {
        Self { facts: looked(state, id) }
    }
}

impl Rows for FactRows {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("WHAT", (16, 30), false, 0),
            column("VALUE", (24, 90), false, 0),
            column("PLACE", (24, 60), false, 2),
            column("RELAY BLOCK", (11, 12), true, 3),
            column("AGE", (5, 6), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.facts.len()
    }

    fn key(&self, row: usize) -> String {
        self.facts.get(row).map(key_of).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(fact) = self.facts.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Text(fact.text.clone()),
            1 => fact.value.as_ref().map_or(SortKey::Unknown, |value| SortKey::Text(value.clone())),
            2 => SortKey::Text(fact.name.clone()),
            3 => SortKey::Number(fact.block),
            _ => SortKey::number(fact.age_ms),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(fact) = self.facts.get(row) else { return vec![] };
        let value = match &fact.value {
            Ok(value) => Line::of(Role::Text, value.as_str()),
            Err(why) => Line::of(Role::Unknown, "? ").and(Role::Dim, why.as_str()),
        };
        vec![
            Line::of(Role::Text, fact.text.as_str()),
            value,
            Line::of(Role::Dim, fact.name.as_str()),
            Line::of(Role::Dim, format::number(fact.block)),
            Line::of(Role::Dim, fact.age_ms.map_or_else(|| "?".to_owned(), format::age)),
        ]
    }
}
