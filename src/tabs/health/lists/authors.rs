//! Authors of the session: slots written and missed.
//!
//! In: the tally of slots and the session's validators. Out: a row per validator or seen author, in authority order. A
//! validator that was not seen has `?` while nothing was counted, and 0 once blocks were.

use crate::domain::AccountId;
use crate::domain::store::slots::{AuthorSlots, SlotTally};
use crate::screen::{Column, Line, Role, format};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;
use std::collections::HashSet;

/// Authors as rows: the validators as they stand in the store, and who else wrote. Counts are looked up for what is shown.
pub(in crate::tabs::health) struct AuthorRows<'a> {
    chain: Chain<'a>,
    tally: Option<&'a SlotTally>,
    validators: &'a [AccountId],
    others: Vec<&'a AccountId>,
}

impl<'a> AuthorRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        let tally = chain.view.map(|v| &v.slots);
        let session = tally.and_then(|t| t.session);
        let listed = chain.view.and_then(|v| v.authorities.value());
        let listed = listed.filter(|a| session.is_none_or(|s| s == a.session));
        let validators = listed.map(|a| a.validators.as_slice()).unwrap_or_default();
        let others = tally.map(|t| others(t, validators)).unwrap_or_default();
        Self { chain, tally, validators, others }
    }

    fn author(&self, row: usize) -> Option<&'a AccountId> {
        let other = || self.others.get(row.checked_sub(self.validators.len())?).copied();
        self.validators.get(row).or_else(other)
    }

    fn slots(&self, id: &AccountId) -> Option<AuthorSlots> {
        let tally = self.tally?;
        let counted = tally.from_block.is_some();
        tally.by_author.get(id).copied().or_else(|| counted.then(AuthorSlots::default))
    }
}

/// Who was seen and is no validator of the session.
fn others<'a>(tally: &'a SlotTally, validators: &[AccountId]) -> Vec<&'a AccountId> {
    let known: HashSet<&AccountId> = validators.iter().collect();
    tally.by_author.keys().filter(|id| !known.contains(id)).collect()
}

impl Rows for AuthorRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("AUTHOR", (13, 52), false, 0),
            column("NAME", (8, 30), false, 0),
            column("WRITTEN", (7, 7), true, 0),
            column("MISSED", (6, 6), true, 0),
            column("IN A ROW", (8, 8), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.validators.len() + self.others.len()
    }

    fn key(&self, row: usize) -> String {
        self.author(row).map(ToString::to_string).unwrap_or_default()
    }

    fn revision(&self) -> Option<u64> {
        Some(self.chain.state.store.applied)
    }

    fn text(&self, row: usize) -> String {
        let Some(id) = self.author(row) else { return String::new() };
        format!("{} {}", self.chain.address(id), self.chain.state.name_of(id).unwrap_or_default())
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(id) = self.author(row) else { return SortKey::Unknown };
        let count = |f: fn(&AuthorSlots) -> u32| SortKey::number(self.slots(id).map(|s| u64::from(f(&s))));
        match column {
            // Addresses of one prefix and length stand in the order of their bytes.
            0 => SortKey::Bytes(id.0),
            1 => self.chain.state.name_of(id).map_or(SortKey::Unknown, |n| SortKey::Text(n.to_owned())),
            2 => count(|s| s.authored),
            3 => count(|s| s.missed),
            _ => count(|s| s.missed_in_a_row),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(id) = self.author(row) else { return vec![] };
        let slots = self.slots(id);
        let is_wide = self.chain.state.ui.width >= 160 || self.chain.state.ui.zoom;
        let address = if is_wide { self.chain.address(id) } else { self.chain.address_short(id) };
        let name = match self.chain.state.name_of(id) {
            Some(name) => Line::of(Role::Text, name),
            None => Line::of(Role::Dim, "–"),
        };
        let count = |n: Option<u32>, bad: Role| match n {
            None => words::unknown(),
            Some(0) => Line::of(Role::Dim, "0"),
            Some(n) => Line::of(bad, format::number(u64::from(n))),
        };
        vec![
            Line::of(Role::Text, address),
            name,
            count(slots.map(|s| s.authored), Role::Text),
            count(slots.map(|s| s.missed), Role::Minor),
            count(slots.map(|s| s.missed_in_a_row), Role::Minor),
        ]
    }
}
