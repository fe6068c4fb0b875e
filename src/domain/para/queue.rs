//! Message queues between a relay and a para.
//!
//! In: messages by size, block and hash, never by content. Out: the chain of hashes over them, which both sides must agree
//! on. Must not import anything but siblings.

use super::Hash;
use serde::{Deserialize, Serialize};

/// A message on its way to a para.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The relay block in which it was sent.
    pub sent_at: u64,
    /// Its length, bytes.
    pub bytes: u32,
    /// blake2-256 of the encoded message: length, then bytes.
    pub hash: Hash,
}

/// The chain of hashes after `messages`, from where it stood before them.
#[must_use]
pub fn chain_of(before: Hash, messages: &[Message]) -> Hash {
    messages.iter().fold(before, |head, message| {
        let sent_at = u32::try_from(message.sent_at).unwrap_or(u32::MAX).to_le_bytes();
        Hash(sp_crypto_hashing::blake2_256(&[&head.0[..], &sent_at, &message.hash.0].concat()))
    })
}

/// The queue of a para's messages to the relay (`MessageQueue.BookStateFor`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Book {
    /// First page that waits.
    pub begin: u32,
    /// One past the last page that waits.
    pub end: u32,
    /// Pages that are stored.
    pub pages: u32,
    /// Messages that wait, overweight ones too.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Book {
    /// Pages that are kept only for messages too heavy to be executed by themselves.
    #[must_use]
    pub fn overweight_pages(&self) -> u32 {
        self.pages.saturating_sub(self.end.saturating_sub(self.begin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sent_at: u64, text: &[u8]) -> Message {
        let mut encoded = vec![u8::try_from(text.len() << 2).unwrap()];
        encoded.extend_from_slice(text);
        let bytes = u32::try_from(text.len()).unwrap();
        Message { sent_at, bytes, hash: Hash(sp_crypto_hashing::blake2_256(&encoded)) }
    }

    #[test]
    fn the_chain_depends_on_every_message_its_block_and_the_order() {
        let (a, b) = (message(7, b"one"), message(9, b"two"));
        let whole = chain_of(Hash::default(), &[a, b]);
        assert_eq!(whole, chain_of(chain_of(Hash::default(), &[a]), &[b]));
        assert_ne!(whole, chain_of(Hash::default(), &[b, a]));
        assert_ne!(whole, chain_of(Hash::default(), &[a, Message { sent_at: 10, ..b }]));
        assert_eq!(chain_of(whole, &[]), whole);
    }

    #[test]
    fn pages_outside_of_those_that_wait_hold_what_is_too_heavy() {
        let book = Book { begin: 3, end: 5, pages: 3, messages: 4, bytes: 90 };
        assert_eq!(book.overweight_pages(), 1);
        assert_eq!(Book::default().overweight_pages(), 0);
    }
}
