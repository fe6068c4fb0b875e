//! The recent best chain of one chain: a bounded ring that survives reorganisations.
//!
//! In: blocks as they become best, and older ones that fill gaps. Out: rows for lists, sparklines, statistics.
//! Must not know why a block was read.

use crate::domain::{Block, BlockRef, Hash, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Blocks kept in memory: 72 minutes at 6 s, so that a session of 600 blocks fits.
pub const CAPACITY: usize = 720;

/// The recent best chain, oldest first. Numbers ascend strictly; where a number is missing there is a gap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockRing {
    rows: VecDeque<BlockRow>,
}

/// A block with what this console knows about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockRow {
    /// The block.
    pub block: Block,
    /// When its header arrived; none where it was read later to fill a gap or comes from the journal.
    pub received: Option<UnixMs>,
}

/// Times between blocks, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockTimes {
    /// Median.
    pub p50_ms: u64,
    /// 95th percentile.
    pub p95_ms: u64,
    /// Differences that went in.
    pub samples: usize,
}

/// What putting a block into the ring did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Displaced {
    /// Rows that are not on the best chain any more, oldest first.
    pub rows: Vec<BlockRow>,
    /// True where they were replaced by a sibling branch (and not merely repeated).
    pub reorg: bool,
}

impl BlockRing {
    /// Puts a new best block on top and returns what it displaced.
    pub fn push_best(&mut self, row: BlockRow) -> Displaced {
        let mut out = Displaced::default();
        if self.rows.back().is_some_and(|last| last.block.at == row.block.at) {
            return out;
        }
        let keep = match self.rows.iter().rposition(|r| r.block.at.hash == row.block.parent) {
            Some(parent) => parent + 1,
            None => self.rows.iter().take_while(|r| r.block.at.number < row.block.at.number).count(),
        };
        out.rows = self.rows.drain(keep..).collect();
        out.reorg = !out.rows.is_empty() && !out.rows.iter().any(|r| r.block.at == row.block.at);
        self.rows.push_back(row);
        while self.rows.len() > CAPACITY {
            self.rows.pop_front();
        }
        out
    }

    /// Puts an older block into its place; true where it was new there.
    pub fn fill(&mut self, row: BlockRow) -> bool {
        let number = row.block.at.number;
        let place = self.rows.iter().take_while(|r| r.block.at.number < number).count();
        if self.rows.get(place).is_some_and(|r| r.block.at.number == number) {
            return false;
        }
        if place == 0 && self.rows.len() >= CAPACITY {
            return false;
        }
        self.rows.insert(place, row);
        if self.rows.len() > CAPACITY {
            self.rows.pop_front();
        }
        true
    }

    /// The rows, newest first.
    pub fn newest_first(&self) -> impl DoubleEndedIterator<Item = &BlockRow> {
        self.rows.iter().rev()
    }

    /// The newest row.
    #[must_use]
    pub fn newest(&self) -> Option<&BlockRow> {
        self.rows.back()
    }

    /// The row with this hash.
    #[must_use]
    pub fn by_hash(&self, hash: &Hash) -> Option<&BlockRow> {
        self.rows.iter().rev().find(|r| &r.block.at.hash == hash)
    }

    /// The row at this height.
    #[must_use]
    pub fn by_number(&self, number: u64) -> Option<&BlockRow> {
        let first = self.rows.front()?.block.at.number;
        let guess = usize::try_from(number.checked_sub(first)?).ok()?;
        match self.rows.get(guess) {
            Some(r) if r.block.at.number == number => Some(r),
            _ => self.rows.iter().find(|r| r.block.at.number == number),
        }
    }

    /// True for a block that was announced to us when it was new: its parent, too, had been announced. The first head
    /// of a connection is announced whatever its age, so its arrival says nothing.
    #[must_use]
    pub fn came_live(&self, row: &BlockRow) -> bool {
        row.received.is_some() && self.by_hash(&row.block.parent).is_some_and(|p| p.received.is_some())
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True while no block was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Milliseconds between each of the newest `n` pairs of neighbours and the block each belongs to, oldest first.
    /// Pairs across a gap and blocks without a timestamp are left out.
    #[must_use]
    pub fn intervals(&self, n: usize) -> Vec<(BlockRef, u64)> {
        let mut out: Vec<_> = self
            .rows
            .iter()
            .rev()
            .zip(self.rows.iter().rev().skip(1))
            .filter(|(new, old)| new.block.parent == old.block.at.hash)
            .filter_map(|(new, old)| Some((new.block.at, new.block.timestamp?.since(old.block.timestamp?))))
            .take(n)
            .collect();
        out.reverse();
        out
    }

    /// Median and 95th percentile of the newest `n` intervals; none without any.
    #[must_use]
    pub fn block_times(&self, n: usize) -> Option<BlockTimes> {
        let mut ms: Vec<u64> = self.intervals(n).into_iter().map(|(_, ms)| ms).collect();
        ms.sort_unstable();
        let samples = ms.len();
        let last = samples.checked_sub(1)?;
        let at = |percent: usize| ms.get((last * percent).div_ceil(100)).copied();
        Some(BlockTimes { p50_ms: at(50)?, p95_ms: at(95)?, samples })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A block whose hash is made of its number and `fork`.
    pub(crate) fn block(number: u64, fork: u8, parent_fork: u8) -> Block {
        let name = |n: u64, f: u8| {
            let mut h = [f; 32];
            h[..8].copy_from_slice(&n.to_be_bytes());
            Hash(h)
        };
        Block {
            at: BlockRef { number, hash: name(number, fork) },
            parent: name(number.saturating_sub(1), parent_fork),
            timestamp: Some(UnixMs(i64::try_from(number).unwrap() * 6_000)),
            slot: None,
            author: None,
            missed: vec![],
            transactions: Some(0),
            candidates: vec![],
            events: vec![],
            event_count: Some(0),
            session: None,
            votes: None,
            undecoded: None,
        }
    }

    fn row(block: Block) -> BlockRow {
        BlockRow { block, received: None }
    }

    fn numbers(ring: &BlockRing) -> Vec<u64> {
        ring.newest_first().rev().map(|r| r.block.at.number).collect()
    }

    #[test]
    fn a_reorganisation_displaces_the_old_branch() {
        let mut ring = BlockRing::default();
        for n in 1..=5 {
            assert_eq!(ring.push_best(row(block(n, 0, 0))), Displaced::default());
        }
        let out = ring.push_best(row(block(4, 1, 0)));
        assert!(out.reorg);
        assert_eq!(out.rows.iter().map(|r| r.block.at.number).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(numbers(&ring), [1, 2, 3, 4]);
        assert_eq!(ring.by_number(4).unwrap().block.at.hash, block(4, 1, 0).at.hash);
    }

    #[test]
    fn the_same_block_again_changes_nothing() {
        let mut ring = BlockRing::default();
        ring.push_best(row(block(1, 0, 0)));
        assert_eq!(ring.push_best(row(block(1, 0, 0))), Displaced::default());
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn a_gap_stays_a_gap_until_it_is_filled() {
        let mut ring = BlockRing::default();
        ring.push_best(row(block(1, 0, 0)));
        ring.push_best(row(block(4, 0, 0)));
        assert_eq!(ring.intervals(9), vec![]);
        assert!(ring.fill(row(block(3, 0, 0))));
        assert!(!ring.fill(row(block(3, 0, 0))));
        assert_eq!(numbers(&ring), [1, 3, 4]);
        assert_eq!(ring.intervals(9), vec![(block(4, 0, 0).at, 6_000)]);
    }

    #[test]
    fn percentiles_are_of_the_newest_intervals() {
        let mut ring = BlockRing::default();
        for n in 1..=20 {
            ring.push_best(row(block(n, 0, 0)));
        }
        let mut slow = block(21, 0, 0);
        slow.timestamp = Some(UnixMs(20 * 6_000 + 30_000));
        ring.push_best(row(slow));
        assert_eq!(ring.block_times(20), Some(BlockTimes { p50_ms: 6_000, p95_ms: 30_000, samples: 20 }));
        assert_eq!(BlockRing::default().block_times(20), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut ring = BlockRing::default();
        for n in 1..=u64::try_from(CAPACITY).unwrap() + 50 {
            ring.push_best(row(block(n, 0, 0)));
        }
        assert_eq!(ring.len(), CAPACITY);
        assert!(!ring.fill(row(block(1, 0, 0))), "an older block does not displace a newer one");
    }
}
