//! Authors of the session: slots written and missed.
//!
//! In: the tally of slots and the session's validators. Out: a row per validator or seen author, in authority order. A
//! validator that was not seen has `?` while nothing was counted, and 0 once blocks were.

use super::column;
use crate::domain::AccountId;
use crate::domain::store::slots::AuthorSlots;
use crate::screen::{Column, Line, Role, format};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::words;

/// Authors as rows.
pub(in crate::tabs::health) struct AuthorRows<'a> {
    chain: Chain<'a>,
    authors: Vec<(AccountId, Option<AuthorSlots>)>,
}

impl<'a> AuthorRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        Self { chain, authors: chain.view.map(authors).unwrap_or_default() }
    }
}

fn authors(view: &crate::domain::ChainView) -> Vec<(AccountId, Option<AuthorSlots>)> {
    let tally = &view.slots;
    let is_counted = tally.from_block.is_some();
    let validators = view
        .authorities
        .value()
        .filter(|a| tally.session.is_none_or(|s| s == a.session))
        .map(|a| a.validators.as_slice())
        .unwrap_or_default();
    let count =
        |id: &AccountId| tally.by_author.get(id).copied().or_else(|| is_counted.then(AuthorSlots::default));
    let listed = validators.iter().map(|id| (*id, count(id)));
    let known: std::collections::BTreeSet<&AccountId> = validators.iter().collect();
    let others = tally.by_author.iter().filter(|(id, _)| !known.contains(id)).map(|(id, s)| (*id, Some(*s)));
    listed.chain(others).collect()
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
        self.authors.len()
    }

    fn key(&self, row: usize) -> String {
        self.authors.get(row).map(|(id, _)| id.to_string()).unwrap_or_default()
    }

    fn text(&self, row: usize) -> String {
        let Some((id, _)) = self.authors.get(row) else { return String::new() };
        format!("{} {}", self.chain.address(id), self.chain.state.name_of(id).unwrap_or_default())
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((id, slots)) = self.authors.get(row) else { return SortKey::Unknown };
        let count = |f: fn(&AuthorSlots) -> u32| SortKey::number(slots.as_ref().map(|s| u64::from(f(s))));
        match column {
            0 => SortKey::Text(self.chain.address(id)),
            1 => self.chain.state.name_of(id).map_or(SortKey::Unknown, |n| SortKey::Text(n.to_owned())),
            2 => count(|s| s.authored),
            3 => count(|s| s.missed),
            _ => count(|s| s.missed_in_a_row),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((id, slots)) = self.authors.get(row) else { return vec![] };
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
