//! Messages that failed on any chain, by the events of the blocks in memory, newest first.
//!
//! In: blocks of all chains. Out: a row a message.

use crate::domain::UnixMs;
use crate::domain::store::messages::{FailedMessage, Failure};
use crate::screen::{Column, Line, Role, format};
use crate::state::table::{Rows, SortKey};
use crate::state::{AppState, Chain};
use crate::tabs::lists::column;
use std::cmp::Reverse;

/// Most rows: more have one cause.
const MOST: usize = 500;

/// Failed messages as rows.
pub(super) struct FailedRows<'a> {
    now: UnixMs,
    messages: Vec<(Chain<'a>, FailedMessage<'a>)>,
}

impl<'a> FailedRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let of = |chain: Chain<'a>| {
            let failed = chain.view.into_iter().flat_map(|v| v.failed_messages());
            failed.take(MOST).map(move |message| (chain, message))
        };
        let mut messages: Vec<_> = state.chains().flat_map(of).collect();
        messages.sort_by_key(|(_, m)| Reverse(m.at));
        messages.truncate(MOST);
        Self { now: state.now, messages }
    }
}

fn role(what: Failure) -> Role {
    match what {
        Failure::Failed | Failure::Overweight => Role::Minor,
        Failure::Refused => Role::Text,
    }
}

impl Rows for FailedRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("AGE", (5, 6), true, 0),
            column("CHAIN", (10, 16), false, 0),
            column("BLOCK", (10, 12), true, 1),
            column("FROM", (14, 24), false, 0),
            column("WHAT", (19, 19), false, 0),
            column("EVENT", (30, 120), false, 2),
        ]
    }

    fn len(&self) -> usize {
        self.messages.len()
    }

    fn key(&self, row: usize) -> String {
        let key = |(chain, m): &(Chain<'_>, FailedMessage<'_>)| {
            format!("{}/{}/{}", chain.spec.id, m.block.hash, m.index)
        };
        self.messages.get(row).map(key).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((chain, m)) = self.messages.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::number(m.at.map(|at| self.now.since(at))),
            1 => SortKey::Text(chain.spec.name.clone()),
            2 => SortKey::Number(m.block.number),
            3 => m.origin.clone().map_or(SortKey::Unknown, SortKey::Text),
            4 => SortKey::Text(m.what.word().to_owned()),
            _ => SortKey::Text(m.event.fields.to_string()),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((chain, m)) = self.messages.get(row) else { return vec![] };
        vec![
            Line::of(Role::Text, m.at.map_or_else(|| "?".to_owned(), |at| format::age(self.now.since(at)))),
            Line::of(Role::Text, chain.spec.name.as_str()),
            Line::of(Role::Dim, format::number(m.block.number)),
            Line::of(Role::Text, m.origin.as_deref().unwrap_or("?")),
            Line::of(role(m.what), format!("▵ {}", m.what.word())),
            Line::of(Role::Dim, format!("{} {}", m.event.name, m.event.fields)),
        ]
    }
}
