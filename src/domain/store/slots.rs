//! Slots written and missed, by author, in the session in progress.
//!
//! In: blocks entering and leaving the best chain, and older ones read to fill a gap. Out: counts, each block once. A
//! reorganisation takes its blocks back out, so the counts are those of the best chain. Must not compute slot owners: the
//! probe does.

use super::blocks::CAPACITY;
use crate::domain::{AccountId, Block, BlockRef};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Counts of one author.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorSlots {
    /// Blocks written.
    pub authored: u32,
    /// Slots of which it is the secondary owner and in which no block was written.
    pub missed: u32,
    /// Slots missed in a row up to now; 0 once it writes again.
    pub missed_in_a_row: u32,
}

/// Counts of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotTally {
    /// The session the counts belong to; none before the first one is known.
    pub session: Option<u32>,
    /// By author.
    pub by_author: BTreeMap<AccountId, AuthorSlots>,
    /// Empty slots whose owner is not known.
    pub missed_by_unknown: u32,
    /// Oldest block counted.
    pub from_block: Option<u64>,
    /// First slot of the session; none where that is not known.
    #[serde(default)]
    first_slot: Option<u64>,
    /// The newest blocks counted, as many as the ring can hold.
    #[serde(default)]
    counted: BTreeSet<BlockRef>,
}

impl SlotTally {
    /// Starts a new session; the counts of the same session stay.
    pub fn enter_session(&mut self, index: u32) {
        if self.session != Some(index) {
            *self = Self { session: Some(index), ..Self::default() };
        }
    }

    /// Learns the session's first slot; what is known stays.
    pub fn begins_at(&mut self, slot: u64) {
        self.first_slot.get_or_insert(slot);
    }

    /// Counts a block that joined the best chain.
    pub fn add(&mut self, block: &Block) {
        if !self.count(block) {
            return;
        }
        for missed in &block.missed {
            self.miss(missed.owner, true);
        }
        if let Some(author) = block.author {
            self.by_author.entry(author).or_default().missed_in_a_row = 0;
        }
    }

    /// Counts a block that was read after newer ones, where it is of this session. `later` are the blocks above it, in any
    /// order: what they tell about an author is newer than what this block tells.
    pub fn fill<'a>(&mut self, block: &Block, later: impl Iterator<Item = &'a Block>) {
        let inside = self.from_block.is_some_and(|from| block.at.number > from);
        let since_start = self.first_slot.zip(block.slot).is_some_and(|(first, slot)| slot >= first);
        if !(inside || since_start) || !self.count(block) {
            return;
        }
        let later: Vec<&Block> = later.filter(|b| self.counted.contains(&b.at)).collect();
        let wrote = |who: AccountId| later.iter().any(|b| b.author == Some(who));
        for missed in &block.missed {
            let stands = missed.owner.is_some_and(|owner| !wrote(owner) && block.author != Some(owner));
            self.miss(missed.owner, stands);
        }
        if let Some(author) = block.author.filter(|author| !wrote(*author)) {
            let since = later.iter().flat_map(|b| &b.missed).filter(|m| m.owner == Some(author)).count();
            self.by_author.entry(author).or_default().missed_in_a_row =
                u32::try_from(since).unwrap_or(u32::MAX);
        }
    }

    /// Notes the block and its author; false where it was noted before.
    fn count(&mut self, block: &Block) -> bool {
        if !self.counted.insert(block.at) {
            return false;
        }
        while self.counted.len() > CAPACITY {
            self.counted.pop_first();
        }
        self.from_block = Some(self.from_block.map_or(block.at.number, |from| from.min(block.at.number)));
        if let Some(author) = block.author {
            let entry = self.by_author.entry(author).or_default();
            entry.authored = entry.authored.saturating_add(1);
        }
        true
    }

    fn miss(&mut self, owner: Option<AccountId>, in_a_row: bool) {
        let Some(owner) = owner else {
            self.missed_by_unknown = self.missed_by_unknown.saturating_add(1);
            return;
        };
        let entry = self.by_author.entry(owner).or_default();
        entry.missed = entry.missed.saturating_add(1);
        entry.missed_in_a_row = entry.missed_in_a_row.saturating_add(u32::from(in_a_row));
    }

    /// Takes a block back that left the best chain.
    pub fn remove(&mut self, block: &Block) {
        if !self.counted.remove(&block.at) {
            return;
        }
        for missed in &block.missed {
            match missed.owner.and_then(|o| self.by_author.get_mut(&o)) {
                Some(entry) => {
                    entry.missed = entry.missed.saturating_sub(1);
                    entry.missed_in_a_row = entry.missed_in_a_row.saturating_sub(1);
                }
                None => self.missed_by_unknown = self.missed_by_unknown.saturating_sub(1),
            }
        }
        if let Some(entry) = block.author.and_then(|a| self.by_author.get_mut(&a)) {
            entry.authored = entry.authored.saturating_sub(1);
        }
    }
}
