//! The candidates of its group that were backed without one validator.
//!
//! In: the blocks in memory. Out: a row each, newest first.

use crate::domain::AccountId;
use crate::domain::store::validators::MissedCandidate;
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;
use std::sync::Arc;

/// Missed candidates as rows.
pub(super) struct MissedRows<'a> {
    state: &'a AppState,
    missed: Arc<Vec<MissedCandidate>>,
}

impl<'a> MissedRows<'a> {
    pub(super) fn new(state: &'a AppState, stash: AccountId) -> Self {
        Self { state, missed: state.missed_by(&stash) }
    }

    fn age(&self, row: usize) -> Option<u64> {
        let view = self.state.relay()?.view?;
        let block = view.blocks.by_hash(&self.missed.get(row)?.block.hash)?;
        Some(self.state.now.since(block.block.timestamp.or(block.received)?))
    }

    /// Place among the misses of the same block: keys stay the same when newer blocks come.
    fn place(&self, row: usize) -> usize {
        let Some(one) = self.missed.get(row) else { return 0 };
        self.missed.iter().take(row).rev().take_while(|m| m.block == one.block).count()
    }
}

/// Why none is shown, and the next step.
pub(super) fn why_none(state: &AppState) -> (String, String) {
    let view = state.relay().and_then(|r| r.view);
    let read = view.map_or(0, |v| {
        let has_votes = |b: &&crate::domain::store::blocks::BlockRow| {
            b.block.votes.as_ref().is_some_and(|v| v.backing.is_some())
        };
        v.blocks.newest_first().filter(has_votes).count()
    });
    match read {
        0 => (
            "? whether it missed a candidate: no block in memory has its votes read".to_owned(),
            "it fills as blocks come".to_owned(),
        ),
        n => (
            format!(
                "it missed no candidate in the {} blocks whose votes are in memory",
                format::number(u64::try_from(n).unwrap_or(0))
            ),
            "the sessions before count what is older".to_owned(),
        ),
    }
}

impl Rows for MissedRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("BLOCK", (11, 12), true, 0),
            column("AGE", (5, 6), true, 1),
            column("SESSION", (8, 8), true, 4),
            column("PARA", (6, 8), true, 0),
            column("NAME", (12, 24), false, 2),
            column("CANDIDATE", (13, 66), false, 0),
            column("GROUP", (5, 5), true, 3),
        ]
    }

    fn len(&self) -> usize {
        self.missed.len()
    }

    fn key(&self, row: usize) -> String {
        self.missed.get(row).map(|m| format!("{}/{}", m.block.hash, self.place(row))).unwrap_or_default()
    }

    fn follows(&self) -> bool {
        true
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(m) = self.missed.get(row) else { return SortKey::Unknown };
        match column {
            1 => SortKey::number(self.age(row)),
            2 => SortKey::Number(u64::from(m.session)),
            3 | 4 => SortKey::Number(u64::from(m.para.0)),
            5 => m.candidate.map_or(SortKey::Unknown, |c| SortKey::Text(c.to_string())),
            6 => SortKey::Number(u64::from(m.group)),
            _ => SortKey::Number(m.block.number),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(m) = self.missed.get(row) else { return vec![] };
        let name = self.state.network.para(m.para).map_or("–", |p| p.name.as_str());
        let wide = self.state.ui.width >= 160 || self.state.ui.zoom;
        let candidate = m.candidate.map_or_else(words::unknown, |c| {
            Line::of(Role::Text, if wide { c.to_string() } else { c.short() })
        });
        vec![
            Line::of(Role::Text, format::number(m.block.number)),
            self.age(row).map_or_else(words::unknown, |ms| Line::of(Role::Dim, format::age(ms))),
            Line::of(Role::Dim, format::number(u64::from(m.session))),
            Line::of(Role::Text, m.para.to_string()),
            Line::of(Role::Dim, name),
            candidate,
            Line::of(Role::Dim, m.group.to_string()),
        ]
    }
}
