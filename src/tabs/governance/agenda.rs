//! What will happen on chain, soonest first; what has no date, and what lies beyond reach, at the end.
//!
//! In: the calendar. Out: a row each.

use super::words;
use crate::domain::gov::calendar::{Entry, Kind, upcoming};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;

/// Entries as rows.
pub(super) struct AgendaRows<'a> {
    state: &'a AppState,
    entries: Vec<Entry>,
}

impl<'a> AgendaRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        Self { state, entries: upcoming(&state.network, &state.store, state.now) }
    }
}

fn left(entry: &Entry, now: crate::domain::UnixMs) -> Line {
    match entry.at {
        _ if entry.stranded => Line::of(Role::Minor, "▵ stranded"),
        Some(at) => Line::of(Role::Text, format::age(at.since(now))),
        None => Line::of(Role::Unknown, "?"),
    }
}

impl Rows for AgendaRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("IN", (6, 10), true, 0),
            column("CHAIN", (10, 14), false, 1),
            column("KIND", (7, 10), false, 2),
            column("WHAT", (28, 90), false, 0),
            column("BLOCK", (10, 12), true, 3),
            column("BLOCKS", (6, 10), true, 5),
            column("WHEN", (20, 46), false, 4),
        ]
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn key(&self, row: usize) -> String {
        let entry = self.entries.get(row);
        entry.map(|e| format!("{}/{}/{}", e.chain, e.kind.word(), e.what)).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(entry) = self.entries.get(row) else { return SortKey::Unknown };
        match column {
            0 | 6 => SortKey::number(entry.at.map(|at| at.since(self.state.now))),
            1 => SortKey::Text(entry.chain.to_string()),
            2 => SortKey::Text(entry.kind.word().to_owned()),
            3 => SortKey::Text(entry.what.clone()),
            4 => SortKey::number(entry.block),
            _ => SortKey::number(entry.blocks_left),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(entry) = self.entries.get(row) else { return vec![] };
        let routine = matches!(entry.kind, Kind::Session | Kind::Era);
        let role = if routine { Role::Dim } else { Role::Text };
        let name = self.state.network.chain(&entry.chain).map_or("?", |c| c.name.as_str());
        let number = |n: Option<u64>| crate::tabs::words::number(Role::Dim, n);
        let when = match entry.at {
            _ if entry.stranded => Line::of(Role::Dim, "more than a year away: the count began anew"),
            Some(at) => Line::of(Role::Dim, words::moment(self.state, at)),
            None => Line::of(Role::Unknown, "?"),
        };
        vec![
            left(entry, self.state.now),
            Line::of(Role::Dim, name),
            Line::of(role, entry.kind.word()),
            Line::of(role, entry.what.as_str()),
            number(entry.block),
            number(entry.blocks_left),
            when,
        ]
    }
}
