//! Recent events worth keeping, over all blocks of the ring.
//!
//! In: the ring of blocks. Out: rows, newest first, at most [`MAX_EVENTS`].

use crate::domain::EventRecord;
use crate::domain::store::blocks::BlockRow;
use crate::screen::{Column, Line, Role};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::{health, words};

/// Events listed.
const MAX_EVENTS: usize = 500;

/// Events as rows.
pub(in crate::tabs::health) struct EventRows<'a> {
    chain: Chain<'a>,
    events: Vec<(&'a BlockRow, usize, &'a EventRecord)>,
}

impl<'a> EventRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        let blocks = chain.view.into_iter().flat_map(|v| v.blocks.newest_first());
        let events = blocks
            .flat_map(|row| row.block.events.iter().enumerate().map(move |(i, e)| (row, i, e)))
            .take(MAX_EVENTS)
            .collect();
        Self { chain, events }
    }
}

impl Rows for EventRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("BLOCK", (11, 12), true, 1),
            column("AGE", (5, 6), true, 0),
            column("EVENT", (16, 40), false, 0),
            column("FIELDS", (10, u16::MAX), false, 0),
            column("EXTRINSIC", (9, 9), true, 2),
        ]
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn key(&self, row: usize) -> String {
        self.events.get(row).map(|(b, i, _)| format!("{}/{i}", b.block.at.hash)).unwrap_or_default()
    }

    fn follows(&self) -> bool {
        true
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((row, _, e)) = self.events.get(row) else { return SortKey::Unknown };
        match column {
            2 => SortKey::Text(format!("{}.{}", e.pallet, e.name)),
            3 => SortKey::Text(e.fields.to_string()),
            4 => SortKey::number(e.extrinsic.map(u64::from)),
            _ => SortKey::Number(row.block.at.number),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((row, _, e)) = self.events.get(row) else { return vec![] };
        let at = row.block.timestamp.or(row.received);
        let extrinsic =
            e.extrinsic.map_or_else(|| Line::of(Role::Dim, "–"), |n| Line::of(Role::Dim, n.to_string()));
        vec![
            words::number(Role::Dim, Some(row.block.at.number)),
            health::age(Role::Text, at.map(|at| self.chain.state.now.since(at))),
            Line::of(Role::Text, format!("{}.{}", e.pallet, e.name)),
            Line::of(Role::Dim, e.fields.as_str()),
            extrinsic,
        ]
    }
}
