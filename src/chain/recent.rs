//! Blocks read lately: which ones, their slots, which runtime governs their state, the validators around them, and which
//! of them are the best chain.
//!
//! In: blocks as they are read. Out: look-ups by hash. Bounded. Must not do I/O.

use super::probes::runtime::Loaded;
use super::probes::validators::{Near, Sets};
use crate::codec::Header;
use crate::domain::{BlockRef, Hash};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Blocks remembered.
const MOST: usize = 512;

/// Headers remembered: enough for all endpoints and the way back from a head.
const MOST_HEADERS: usize = 64;

/// What is remembered of a block.
#[derive(Clone)]
pub(super) struct Seen {
    /// Its slot.
    pub(super) slot: Option<u64>,
    /// The runtime of its state.
    pub(super) loaded: Arc<Loaded>,
    /// Its parent.
    pub(super) parent: Hash,
    /// The validators around it; none on a para.
    pub(super) sets: Sets,
}

/// The blocks read lately.
#[derive(Default)]
pub(super) struct Recent {
    by_hash: HashMap<Hash, Seen>,
    order: VecDeque<BlockRef>,
    line: VecDeque<BlockRef>,
    headers: VecDeque<Header>,
}

impl Recent {
    /// Remembers a block.
    pub(super) fn insert(&mut self, at: BlockRef, seen: Seen) {
        if self.by_hash.insert(at.hash, seen).is_none() {
            self.order.push_back(at);
        }
        while self.order.len() > MOST {
            if let Some(old) = self.order.pop_front() {
                self.by_hash.remove(&old.hash);
            }
        }
    }

    /// Puts a block on top of the best chain; what stood at its height or above leaves it.
    pub(super) fn put_on_line(&mut self, at: BlockRef) {
        while self.line.back().is_some_and(|b| b.number >= at.number) {
            self.line.pop_back();
        }
        self.line.push_back(at);
        while self.line.len() > MOST {
            self.line.pop_front();
        }
    }

    /// True where the height lies below all blocks of the best chain that were read.
    pub(super) fn is_below_line(&self, number: u64) -> bool {
        self.line.front().is_some_and(|first| number < first.number)
    }

    /// Number of the newest block on the best chain.
    pub(super) fn tip(&self) -> u64 {
        self.line.back().map_or(0, |b| b.number)
    }

    /// True where the block is on the best chain.
    pub(super) fn on_line(&self, hash: &Hash) -> bool {
        self.line.iter().rev().any(|b| &b.hash == hash)
    }

    /// Remembers a header. Its hash was computed, so it does not matter who sent it.
    pub(super) fn note_header(&mut self, header: &Header) {
        if self.header(&header.at.hash).is_none() {
            self.headers.push_back(header.clone());
        }
        while self.headers.len() > MOST_HEADERS {
            self.headers.pop_front();
        }
    }

    /// A header that some endpoint sent lately.
    pub(super) fn header(&self, hash: &Hash) -> Option<&Header> {
        self.headers.iter().rev().find(|h| &h.at.hash == hash)
    }

    /// What is remembered of a block.
    pub(super) fn get(&self, hash: &Hash) -> Option<&Seen> {
        self.by_hash.get(hash)
    }

    /// What the neighbours of a block know of validators.
    pub(super) fn near(&self, header: &Header) -> Near {
        let children = self.by_hash.values().filter(|seen| seen.parent == header.at.hash);
        Near {
            parent: self.get(&header.parent).and_then(|seen| seen.sets.after.clone()),
            child: children.filter_map(|seen| seen.sets.before.clone()).next(),
        }
    }

    /// True while no best block was read.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}
