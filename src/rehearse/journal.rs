//! What a rehearsed call writes: changes over the state, with storage transactions.
//!
//! In: what the runtime sets, appends and clears. Out: the changes that stand at the end. A transaction keeps each key's
//! former value once, so undoing costs what was changed, and a list that grows event by event is not copied. Main trie
//! only. Must not read the state: [`super::world`] does.

use super::state::StateError;
use codec::{Compact, Decode as _, Encode as _};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

/// Keys with their new values; none: deleted.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Keys as a transaction found them; outer none: not changed at all.
type Before = BTreeMap<Vec<u8>, Option<Option<Vec<u8>>>>;

/// Most keys that a call may write.
const MAX_KEYS: usize = 200_000;
/// Most bytes that a call may write.
const MAX_BYTES: usize = 128 * 1024 * 1024;

/// Changes over a state.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Changes that were made before this journal began, such as those of the block's initialisation.
    below: Arc<Changes>,
    changes: Changes,
    /// For each open transaction, what its keys were before it.
    open: Vec<Before>,
    written: usize,
}

impl Journal {
    /// A journal over `below`.
    #[must_use]
    pub fn over(below: Arc<Changes>) -> Self {
        Self { below, ..Self::default() }
    }

    /// What was written under `key`; none where nothing was and the state itself speaks.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.changes.get(key).or_else(|| self.below.get(key)).map(Option::as_deref)
    }

    /// Writes a value, or deletes it.
    ///
    /// # Errors
    /// More was written than can be held.
    pub fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), StateError> {
        self.count(value.as_ref().map_or(0, Vec::len))?;
        let old = self.changes.insert(key.clone(), value);
        if let Some(frame) = self.open.last_mut() {
            frame.entry(key).or_insert(old);
        }
        Ok(())
    }

    /// Appends an encoded item to an encoded list. `stored` is what the state has there, for a key not written yet. What
    /// is no list becomes a list of one, as in the node.
    ///
    /// # Errors
    /// More was written than can be held.
    pub fn append(&mut self, key: Vec<u8>, item: &[u8], stored: Option<Vec<u8>>) -> Result<(), StateError> {
        self.count(item.len())?;
        let below = self.below.get(&key).cloned();
        if let Some(frame) = self.open.last_mut()
            && !frame.contains_key(&key)
        {
            frame.insert(key.clone(), self.changes.get(&key).cloned());
        }
        let value = self.changes.entry(key).or_insert_with(|| below.unwrap_or(stored));
        push(value.get_or_insert_default(), item);
        Ok(())
    }

    /// Opens a transaction.
    pub fn start(&mut self) {
        self.open.push(BTreeMap::new());
    }

    /// Ends the innermost transaction and keeps what it wrote; false where none is open.
    pub fn commit(&mut self) -> bool {
        let Some(done) = self.open.pop() else { return false };
        if let Some(outer) = self.open.last_mut() {
            done.into_iter().for_each(|(key, old)| {
                outer.entry(key).or_insert(old);
            });
        }
        true
    }

    /// Ends the innermost transaction and undoes what it wrote; false where none is open.
    pub fn rollback(&mut self) -> bool {
        let Some(undone) = self.open.pop() else { return false };
        for (key, old) in undone {
            match old {
                Some(value) => self.changes.insert(key, value),
                None => self.changes.remove(&key),
            };
        }
        true
    }

    /// The first key after `after` that has a value in the journal.
    #[must_use]
    pub fn next_written(&self, after: &[u8]) -> Option<Vec<u8>> {
        let range = (Excluded(after), Unbounded);
        let mine = self.changes.range::<[u8], _>(range).find(|(_, v)| v.is_some()).map(|(k, _)| k);
        let under = self.below.range::<[u8], _>(range);
        let under =
            under.filter(|(k, v)| v.is_some() && !self.changes.contains_key(*k)).map(|(k, _)| k).next();
        match (mine, under) {
            (Some(a), Some(b)) => Some(a.min(b).clone()),
            (a, b) => a.or(b).cloned(),
        }
    }

    /// The keys that start with `prefix` and have a value in the journal.
    #[must_use]
    pub fn written_under(&self, prefix: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        if self.get(prefix).is_some_and(|v| v.is_some()) {
            found.push(prefix.to_vec());
        }
        let mut at = prefix.to_vec();
        while let Some(key) = self.next_written(&at).filter(|k| k.starts_with(prefix)) {
            found.push(key.clone());
            at = key;
        }
        found
    }

    /// What this journal changed; what lies below is not among it.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The same, at the end.
    #[must_use]
    pub fn into_changes(self) -> Changes {
        self.changes
    }

    fn count(&mut self, bytes: usize) -> Result<(), StateError> {
        self.written = self.written.saturating_add(bytes);
        if self.written > MAX_BYTES {
            return Err(StateError::Written("128 MB"));
        }
        if self.changes.len() >= MAX_KEYS {
            return Err(StateError::Written("200 000 keys"));
        }
        Ok(())
    }
}

/// Counts one more in the length at the head of an encoded list, and appends the item.
pub(super) fn push(list: &mut Vec<u8>, item: &[u8]) {
    let mut rest = list.as_slice();
    let before = Compact::<u32>::decode(&mut rest).map(|Compact(n)| (n, list.len() - rest.len()));
    match before {
        Ok((n, head)) if n < u32::MAX => {
            list.splice(..head, Compact(n + 1).encode());
        }
        _ => *list = Compact(1_u32).encode(),
    }
    list.extend_from_slice(item);
}

#[cfg(test)]
mod tests;
