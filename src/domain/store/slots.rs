//! Slots written and missed, by author, in the session in progress.
//!
//! In: blocks entering and leaving the best chain. Out: counts. A reorganisation takes its blocks back out, so the
//! counts are those of the best chain. Must not compute slot owners: the probe does.

use crate::domain::{AccountId, Block};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// First block counted.
    pub from_block: Option<u64>,
}

impl SlotTally {
    /// Starts a new session; the counts of the same session stay.
    pub fn enter_session(&mut self, index: u32) {
        if self.session != Some(index) {
            *self = Self { session: Some(index), ..Self::default() };
        }
    }

    /// Counts a block that joined the best chain.
    pub fn add(&mut self, block: &Block) {
        self.from_block.get_or_insert(block.at.number);
        for missed in &block.missed {
            match missed.owner {
                Some(owner) => {
                    let entry = self.by_author.entry(owner).or_default();
                    entry.missed = entry.missed.saturating_add(1);
                    entry.missed_in_a_row = entry.missed_in_a_row.saturating_add(1);
                }
                None => self.missed_by_unknown = self.missed_by_unknown.saturating_add(1),
            }
        }
        if let Some(author) = block.author {
            let entry = self.by_author.entry(author).or_default();
            entry.authored = entry.authored.saturating_add(1);
            entry.missed_in_a_row = 0;
        }
    }

    /// Takes a block back that left the best chain.
    pub fn remove(&mut self, block: &Block) {
        if self.from_block.is_none_or(|from| block.at.number < from) {
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
