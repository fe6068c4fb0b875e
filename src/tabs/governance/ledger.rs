//! Parameters that changed, newest first: what it was, what it is, by whom.
//!
//! In: the ledgers of all chains. Out: a row each.

use crate::domain::gov::ledger::Change;
use crate::domain::{ChainSpec, Clean};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;

/// Changes as rows.
pub(super) struct LedgerRows<'a> {
    state: &'a AppState,
    changes: Vec<(&'a ChainSpec, &'a Change)>,
}

impl<'a> LedgerRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let mut changes = Vec::new();
        for spec in &state.network.chains {
            let Some(view) = state.store.chain(&spec.id) else { continue };
            changes.extend(view.ledger.changes.iter().map(|change| (spec, change)));
        }
        changes.sort_by_key(|(_, change)| std::cmp::Reverse(change.seen));
        Self { state, changes }
    }
}

fn value(v: Option<&Clean>) -> Line {
    v.map_or_else(|| Line::of(Role::Dim, "–"), |v| Line::of(Role::Text, v.as_str()))
}

impl Rows for LedgerRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("AGE", (5, 6), true, 1),
            column("CHAIN", (10, 14), false, 2),
            column("PARAMETER", (22, 56), false, 0),
            column("OLD", (8, 30), false, 0),
            column("NEW", (8, 30), false, 0),
            column("BLOCK", (10, 12), true, 3),
            column("BY", (18, 50), false, 4),
        ]
    }

    fn len(&self) -> usize {
        self.changes.len()
    }

    fn key(&self, row: usize) -> String {
        self.changes.get(row).map(|(spec, c)| format!("{}/{}", spec.id, c.id())).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((spec, change)) = self.changes.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Number(self.state.now.since(change.seen)),
            1 => SortKey::Text(spec.name.clone()),
            5 => SortKey::Number(change.block.number),
            other => self.cells(row).get(other).map_or(SortKey::Unknown, |c| SortKey::Text(c.plain())),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((spec, change)) = self.changes.get(row) else { return vec![] };
        vec![
            Line::of(Role::Dim, format::age(self.state.now.since(change.seen))),
            Line::of(Role::Dim, spec.name.as_str()),
            Line::of(Role::Text, change.key.as_str()),
            value(change.old.as_ref()),
            value(change.new.as_ref()),
            Line::of(Role::Dim, format::number(change.block.number)),
            change.by.as_ref().map_or_else(
                || Line::of(Role::Minor, "nothing that was seen"),
                |by| Line::of(Role::Dim, by.as_str()),
            ),
        ]
    }
}
