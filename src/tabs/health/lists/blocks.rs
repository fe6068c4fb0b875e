//! The recent best chain: who wrote each block, how long it took, what was missed, what is final.
//!
//! In: the ring of blocks. Out: rows, newest first.

use crate::domain::store::blocks::BlockRow;
use crate::screen::{Column, Line, Role, format};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::{health, words};

/// Blocks as rows.
pub(in crate::tabs::health) struct BlockRows<'a> {
    chain: Chain<'a>,
    blocks: Vec<&'a BlockRow>,
}

impl<'a> BlockRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        let blocks = chain.view.map(|v| v.blocks.newest_first().collect()).unwrap_or_default();
        Self { chain, blocks }
    }

    /// Milliseconds since the parent; none across a gap.
    fn interval(&self, row: usize) -> Option<u64> {
        let (new, old) = (&self.blocks.get(row)?.block, &self.blocks.get(row + 1)?.block);
        (new.parent == old.at.hash).then(|| Some(new.timestamp?.since(old.timestamp?)))?
    }

    fn age(&self, row: usize) -> Option<u64> {
        let row = self.blocks.get(row)?;
        Some(self.chain.state.now.since(row.block.timestamp.or(row.received)?))
    }

    fn finality(&self, number: u64) -> Line {
        match self.chain.view.and_then(|v| v.finalized.as_ref()) {
            None => words::unknown(),
            Some(f) if number <= f.value.number => Line::of(Role::Dim, "✔ final"),
            Some(_) => Line::of(Role::Text, "best"),
        }
    }

    fn missed(&self, row: &BlockRow) -> Line {
        if row.block.slot.is_none() {
            return words::unknown();
        }
        match row.block.missed.len() {
            0 => Line::of(Role::Dim, "–"),
            n => {
                let names: Vec<String> = row
                    .block
                    .missed
                    .iter()
                    .take(3)
                    .map(|m| match m.owner {
                        None => "?".to_owned(),
                        Some(owner) => self
                            .chain
                            .state
                            .name_of(&owner)
                            .map_or_else(|| self.chain.address_short(&owner), str::to_owned),
                    })
                    .collect();
                Line::of(Role::Minor, format!("▵ {n} ")).and(Role::Text, names.join(", "))
            }
        }
    }
}

impl Rows for BlockRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("BLOCK", (11, 12), true, 0),
            column("HASH", (13, 13), false, 5),
            column("AGE", (5, 6), true, 0),
            column("TIME", (7, 7), true, 1),
            column("STATE", (7, 7), false, 0),
            column("AUTHOR", (18, 26), false, 0),
            column("MISSED", (12, 30), false, 2),
            column("TXS", (4, 5), true, 3),
            column("EVENTS", (6, 6), true, 4),
            column("SLOT", (11, 12), true, 6),
        ]
    }

    fn len(&self) -> usize {
        self.blocks.len()
    }

    fn key(&self, row: usize) -> String {
        self.blocks.get(row).map(|r| r.block.at.hash.to_string()).unwrap_or_default()
    }

    fn follows(&self) -> bool {
        true
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(block) = self.blocks.get(row).map(|r| &r.block) else { return SortKey::Unknown };
        match column {
            1 => SortKey::Bytes(block.at.hash.0),
            2 => SortKey::number(self.age(row)),
            3 => SortKey::number(self.interval(row)),
            5 => block.author.map_or(SortKey::Unknown, |a| SortKey::Bytes(a.0)),
            6 => SortKey::number(u64::try_from(block.missed.len()).ok().filter(|_| block.slot.is_some())),
            7 => SortKey::number(block.transactions.map(u64::from)),
            8 => SortKey::number(block.event_count.map(u64::from)),
            9 => SortKey::number(block.slot),
            _ => SortKey::Number(block.at.number),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(entry) = self.blocks.get(row) else { return vec![] };
        let block = &entry.block;
        let interval = self.interval(row);
        let slow = interval.is_some_and(|ms| ms > self.chain.block_time_ms().saturating_mul(2));
        let time = if slow { Role::Minor } else { Role::Dim };
        let author = block.author.map_or_else(words::unknown, |a| health::account(&self.chain, &a));
        let quiet = |n: Option<u32>| words::number(Role::Dim, n.map(u64::from));
        vec![
            Line::of(Role::Text, format::number(block.at.number)),
            Line::of(Role::Dim, block.at.hash.short()),
            health::age(Role::Text, self.age(row)),
            interval.map_or_else(words::unknown, |ms| {
                Line::of(time, format!("{}{}", if slow { "▵" } else { "" }, format::seconds(ms)))
            }),
            self.finality(block.at.number),
            author,
            self.missed(entry),
            words::number(Role::Text, block.transactions.map(u64::from)),
            quiet(block.event_count),
            words::number(Role::Dim, block.slot),
        ]
    }
}
