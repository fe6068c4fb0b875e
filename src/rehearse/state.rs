//! The state under a rehearsal: one block, read on demand and kept.
//!
//! In: a [`StateSource`] that is pinned to one block. Out: values and following keys, each asked for once. Everything is
//! bounded: a call that wants more than [`MAX_KEYS`] keys or [`MAX_BYTES`] bytes ends in a sentence. Must not write.

use super::journal::Changes;
use crate::domain::BlockRef;
use std::collections::HashMap;
use std::ops::Bound::{Excluded, Unbounded};

/// Most keys that one block's cache holds.
pub const MAX_KEYS: usize = 200_000;
/// Most bytes of values that one block's cache holds.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;
/// Keys in one request for following keys.
const PAGE: usize = 256;
/// Most keys of a profile.
const MAX_PROFILE: usize = 900;
/// Values from this length on are not fetched before they are wanted, bytes.
const MAX_KEPT: usize = 64 * 1024;
/// Bytes of pallet and item at the head of a key.
const ITEM: usize = 32;

/// Why the state could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The node has forgotten the block.
    #[error("the node no longer has the state of this block: rehearse again, or use an archive node")]
    Pruned,
    /// The way to the node, or its answer.
    #[error("the state cannot be read: {0}")]
    Link(String),
    /// The call touches too much.
    #[error("the call reads more than {0}: it is too large to rehearse here")]
    Limit(&'static str),
    /// The call writes too much.
    #[error("the call writes more than {0}: it is too large to rehearse here")]
    Written(&'static str),
}

/// The state of one block. Every answer is of that block, however long it takes.
pub trait StateSource: Send {
    /// The values under `keys`, in their order; none where nothing is stored. One round trip.
    ///
    /// # Errors
    /// The link, or the block is forgotten.
    fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StateError>;

    /// At most `most` keys after `after`, ascending, whatever they belong to. One round trip.
    ///
    /// # Errors
    /// The link, or the block is forgotten.
    fn next_keys(&mut self, after: &[u8], most: usize) -> Result<Vec<Vec<u8>>, StateError>;

    /// The answer of a runtime API, worked out by the node itself. One round trip.
    ///
    /// # Errors
    /// The link, no such method, or it trapped.
    fn ask(&mut self, method: &str, input: &[u8]) -> Result<Vec<u8>, StateError>;

    /// The value under `key`.
    ///
    /// # Errors
    /// The link, or the block is forgotten.
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.get_many(&[key.to_vec()])?.pop().flatten())
    }
}

/// What is known of one block's state so far. It may serve any number of rehearsals at that block.
pub struct Cached {
    source: Box<dyn StateSource>,
    block: BlockRef,
    values: HashMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    /// The key after a key, as far as it was asked for.
    follow: HashMap<Vec<u8>, Option<Vec<u8>>>,
    trips: u32,
    /// What earlier calls left: it hides what the block has.
    over: Changes,
}

impl Cached {
    /// Nothing known yet of the state of `block`, which `source` is pinned to.
    #[must_use]
    pub fn new(block: BlockRef, source: Box<dyn StateSource>) -> Self {
        let (values, follow) = (HashMap::new(), HashMap::new());
        Self { source, block, values, bytes: 0, follow, trips: 0, over: Changes::new() }
    }

    /// From now on the state is that of the block with these changes over it, and over those before.
    pub fn lay(&mut self, changes: Changes) {
        self.over.extend(changes);
    }

    /// The state of the block again, without anything over it.
    pub fn lift(&mut self) {
        self.over.clear();
    }

    /// True where nothing lies over the block.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.over.is_empty()
    }

    /// True where what lies over the block has the key.
    #[must_use]
    pub fn is_laid(&self, key: &[u8]) -> bool {
        self.over.contains_key(key)
    }

    /// The block whose state this is.
    #[must_use]
    pub fn block(&self) -> BlockRef {
        self.block
    }

    /// The keys that were read: what the next rehearsal, at another block, is likely to read.
    #[must_use]
    pub fn profile(&self) -> Vec<Vec<u8>> {
        let small = self.values.iter().filter(|(_, value)| value.as_ref().is_none_or(|v| v.len() < MAX_KEPT));
        small.map(|(key, _)| key.clone()).take(MAX_PROFILE).collect()
    }

    /// Round trips to the node so far.
    #[must_use]
    pub fn round_trips(&self) -> u32 {
        self.trips
    }

    /// A value.
    ///
    /// # Errors
    /// The source, or too much was read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        if let Some(known) = self.over.get(key).or_else(|| self.values.get(key)) {
            return Ok(known.clone());
        }
        self.trips += 1;
        let value = self.source.get(key)?;
        self.keep(key.to_vec(), value.clone())?;
        Ok(value)
    }

    /// Reads what is not known yet of `keys` in one round trip.
    ///
    /// # Errors
    /// The source, or too much was read.
    pub fn prefetch(&mut self, keys: impl Iterator<Item = Vec<u8>>) -> Result<(), StateError> {
        let want: Vec<Vec<u8>> =
            keys.filter(|k| !self.values.contains_key(k) && !self.over.contains_key(k)).collect();
        if want.is_empty() {
            return Ok(());
        }
        self.trips += 1;
        let values = self.source.get_many(&want)?;
        want.into_iter().zip(values).try_for_each(|(key, value)| self.keep(key, value))
    }

    /// The key that follows `after`, whether or not that is stored itself.
    ///
    /// # Errors
    /// The source, or too much was read.
    pub fn next_key(&mut self, after: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        let later = self.over.range::<[u8], _>((Excluded(after), Unbounded));
        let laid = later.filter(|(_, value)| value.is_some()).map(|(key, _)| key.clone()).next();
        let mut from = after.to_vec();
        while let Some(stored) = self.next_stored(&from)? {
            match &laid {
                Some(laid) if *laid <= stored => break,
                _ if self.over.get(&stored) == Some(&None) => from = stored,
                _ => return Ok(Some(stored)),
            }
        }
        Ok(laid)
    }

    fn next_stored(&mut self, after: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        if let Some(known) = self.follow.get(after) {
            return Ok(known.clone());
        }
        self.trips += 1;
        let page = self.source.next_keys(after, PAGE)?;
        if self.follow.len() + page.len() >= MAX_KEYS {
            return Err(StateError::Limit("200 000 keys"));
        }
        let mut from = after.to_vec();
        for key in &page {
            let before = std::mem::replace(&mut from, key.clone());
            self.follow.insert(before, Some(key.clone()));
        }
        if page.len() < PAGE {
            self.follow.insert(from, None);
        }
        // Who walks through an item reads its values next.
        let item = after.get(..ITEM);
        self.prefetch(page.iter().filter(|k| item.is_some() && k.get(..ITEM) == item).cloned())?;
        Ok(page.into_iter().next())
    }

    /// The node's own answer of a runtime API.
    ///
    /// # Errors
    /// The source.
    pub fn ask(&mut self, method: &str, input: &[u8]) -> Result<Vec<u8>, StateError> {
        self.trips += 1;
        self.source.ask(method, input)
    }

    fn keep(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), StateError> {
        self.bytes += value.as_ref().map_or(0, Vec::len);
        if self.values.len() >= MAX_KEYS {
            return Err(StateError::Limit("200 000 keys"));
        }
        if self.bytes > MAX_BYTES {
            return Err(StateError::Limit("256 MB"));
        }
        self.values.insert(key, value);
        Ok(())
    }
}
