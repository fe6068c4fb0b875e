//! Queues between the relay and its paras: what waits, how much, since when.
//!
//! In: the relay's paras. Out: a row for each para for which something waits, or of which it is not known.

use crate::domain::para::{Book, Para};
use crate::domain::store::paras::listed;
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::paras::Board;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::recovery::depth;
use crate::tabs::words;
use std::cmp::Reverse;

/// What waits for a para and of it; none where it was not read.
struct Queue<'a> {
    para: &'a Para,
    name: Option<&'a str>,
    dmp: Option<u64>,
    dmp_bytes: Option<u64>,
    /// The relay block in which the oldest message to the para was sent.
    oldest: Option<u64>,
    ump: Option<Book>,
}

/// Queues as rows.
pub(super) struct QueueRows<'a> {
    state: &'a AppState,
    queues: Vec<Queue<'a>>,
}

impl<'a> QueueRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let rows = state.board().map(|Board { rows, .. }| rows).unwrap_or_default();
        let mut queues: Vec<Queue<'a>> = rows
            .into_iter()
            .map(|row| {
                let para = row.para;
                let dmp = listed(&para.dmp);
                Queue {
                    para,
                    name: row.name,
                    dmp: dmp.and_then(|list| u64::try_from(list.len()).ok()),
                    dmp_bytes: dmp.map(|list| list.iter().map(|m| u64::from(m.bytes)).sum()),
                    oldest: dmp.and_then(|list| list.first()).map(|m| m.sent_at),
                    ump: para.ump.value().copied().or_else(|| para.ump.is_absent().then(Book::default)),
                }
            })
            .filter(|q| q.dmp != Some(0) || q.ump.is_none_or(|b| b.messages > 0 || b.pages > 0))
            .collect();
        let waiting = |q: &Queue<'_>| q.dmp.zip(q.ump).map(|(dmp, ump)| dmp.saturating_add(ump.messages));
        queues.sort_by_key(|q| (Reverse(waiting(q).unwrap_or(u64::MAX)), q.para.id));
        Self { state, queues }
    }

    /// Milliseconds since a relay block.
    fn age(&self, block: u64) -> Option<u64> {
        let relay = self.state.relay()?;
        let view = relay.view?;
        let best = view.best.as_ref()?;
        let stamp = view.blocks.by_number(block).and_then(|row| row.block.timestamp);
        Some(stamp.map_or_else(
            || {
                let blocks = best.value.number.saturating_sub(block);
                blocks.saturating_mul(relay.block_time_ms()).saturating_add(best.age_ms(self.state.now))
            },
            |stamp| self.state.now.since(stamp),
        ))
    }
}

impl Rows for QueueRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("PARA", (4, 6), true, 0),
            column("NAME", (10, 18), false, 0),
            column("DMP", (5, 7), true, 0),
            column("DMP BYTES", (9, 11), true, 3),
            column("OLDEST", (6, 6), true, 0),
            column("SENT AT", (10, 12), true, 4),
            column("UMP", (5, 7), true, 0),
            column("UMP BYTES", (9, 11), true, 2),
            column("TOO HEAVY, PAGES", (16, 16), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.queues.len()
    }

    fn key(&self, row: usize) -> String {
        self.queues.get(row).map(|q| q.para.id.to_string()).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(q) = self.queues.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Number(u64::from(q.para.id.0)),
            1 => q.name.map_or(SortKey::Unknown, |n| SortKey::Text(n.to_owned())),
            2 => SortKey::number(q.dmp),
            3 => SortKey::number(q.dmp_bytes),
            4 => SortKey::number(q.oldest.and_then(|at| self.age(at))),
            5 => SortKey::number(q.oldest),
            6 => SortKey::number(q.ump.map(|b| b.messages)),
            7 => SortKey::number(q.ump.map(|b| b.bytes)),
            _ => SortKey::number(q.ump.map(|b| u64::from(b.overweight_pages()))),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(q) = self.queues.get(row) else { return vec![] };
        let none = || Line::of(Role::Dim, "–");
        let heavy = q.ump.map(|b| u64::from(b.overweight_pages()));
        let oldest = match (q.oldest, q.dmp) {
            (Some(at), _) => {
                let age = self.age(at).map_or_else(|| "?".to_owned(), format::age);
                [Line::of(Role::Text, age), Line::of(Role::Dim, format::number(at))]
            }
            (None, Some(_)) => [none(), none()],
            (None, None) => [words::unknown(), words::unknown()],
        };
        let [age, sent] = oldest;
        vec![
            Line::of(Role::Text, q.para.id.to_string()),
            q.name.map_or_else(none, |name| Line::of(Role::Text, name)),
            depth(q.dmp),
            depth(q.dmp_bytes),
            age,
            sent,
            depth(q.ump.map(|b| b.messages)),
            depth(q.ump.map(|b| b.bytes)),
            match heavy {
                Some(n) if n > 0 => Line::of(Role::Minor, format!("▵ {n}")),
                other => depth(other),
            },
        ]
    }
}
