//! The state as the running call sees it: its own writes over the block's state.
//!
//! In: reads, writes and walks of the runtime. Out: what a node would answer. Main trie only: whoever asks for a child trie
//! is refused before he comes here. Must not run anything.

use super::journal::{Changes, Journal};
use super::state::{Cached, StateError};
use std::sync::Arc;

/// Keys that only child tries may have; writes to them through the main trie are ignored, as in the node.
const CHILD: &[u8] = b":child_storage:";

/// A journal over a block's state.
pub struct World<'s> {
    /// What was written.
    pub journal: Journal,
    state: &'s mut Cached,
}

/// What clearing a prefix did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared {
    /// Keys of the state that were looked at: what the node tells the runtime.
    pub looked_at: u32,
    /// True where the limit was reached before all were gone.
    pub more: bool,
}

impl<'s> World<'s> {
    /// The state with `below` written over it.
    pub fn new(state: &'s mut Cached, below: Arc<Changes>) -> Self {
        Self { journal: Journal::over(below), state }
    }

    /// A value.
    ///
    /// # Errors
    /// The source.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        match self.journal.get(key) {
            Some(written) => Ok(written.map(<[u8]>::to_vec)),
            None => self.state.get(key),
        }
    }

    /// Writes or deletes.
    ///
    /// # Errors
    /// Too much was written.
    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StateError> {
        if key.starts_with(CHILD) {
            return Ok(());
        }
        self.journal.set(key.to_vec(), value.map(<[u8]>::to_vec))
    }

    /// Appends an encoded item to an encoded list.
    ///
    /// # Errors
    /// The source, or too much was written.
    pub fn append(&mut self, key: &[u8], item: &[u8]) -> Result<(), StateError> {
        if key.starts_with(CHILD) {
            return Ok(());
        }
        let stored = if self.journal.get(key).is_some() { None } else { self.state.get(key)? };
        self.journal.append(key.to_vec(), item, stored)
    }

    /// The first stored key after `after`.
    ///
    /// # Errors
    /// The source.
    pub fn next_key(&mut self, after: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let mut from = after.to_vec();
        let written = self.journal.next_written(after);
        while let Some(stored) = self.state.next_key(&from)? {
            match &written {
                Some(w) if *w <= stored => break,
                _ if self.journal.get(&stored) == Some(None) => from = stored,
                _ => return Ok(Some(stored)),
            }
        }
        Ok(written)
    }

    /// Deletes everything that starts with `prefix`; `limit` counts keys of the state, not of the journal, as in the node.
    ///
    /// # Errors
    /// The source, or too much was written.
    pub fn clear_prefix(&mut self, prefix: &[u8], limit: Option<u32>) -> Result<Cleared, StateError> {
        let mut cleared = Cleared { looked_at: 0, more: false };
        if prefix.starts_with(CHILD) || CHILD.starts_with(prefix) {
            return Ok(cleared);
        }
        for key in self.journal.written_under(prefix) {
            self.journal.set(key, None)?;
        }
        let mut found = match self.state.get(prefix)? {
            Some(_) => Some(prefix.to_vec()),
            None => self.state.next_key(prefix)?,
        };
        while let Some(key) = found.filter(|k| k.starts_with(prefix)) {
            if limit.is_some_and(|most| cleared.looked_at >= most) {
                cleared.more = true;
                break;
            }
            if self.journal.get(&key) != Some(None) {
                self.journal.set(key.clone(), None)?;
            }
            cleared.looked_at = cleared.looked_at.saturating_add(1);
            found = self.state.next_key(&key)?;
        }
        Ok(cleared)
    }
}
