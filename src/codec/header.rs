//! Block headers and their digests.
//!
//! In: the JSON of `chain_getHeader` and of the head subscriptions. Out: a [`Header`] with its own hash, computed here, so
//! that no request is spent on it and a node cannot name a block wrongly.

use super::CodecError;
use crate::domain::{BlockRef, Hash, ids::hex_bytes};
use codec::{Compact, Decode, Encode};
use serde_json::Value as Json;

/// A block header, hash verified by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Number and computed hash.
    pub at: BlockRef,
    /// The parent's hash.
    pub parent: Hash,
    /// Who may have written it.
    pub author: Option<Author>,
    /// What the digest says about the code.
    pub upgrade: Upgrade,
}

/// The author as the pre-digest names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// BABE: authority index and slot.
    Babe {
        /// Index into the session's authorities.
        authority: u32,
        /// The slot.
        slot: u64,
    },
    /// Aura: the slot; the authority is slot modulo the number of authorities.
    Aura {
        /// The slot.
        slot: u64,
    },
}

impl Author {
    /// The slot.
    #[must_use]
    pub fn slot(self) -> u64 {
        match self {
            Self::Babe { slot, .. } | Self::Aura { slot } => slot,
        }
    }
}

/// Whether the block changed the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// No such digest.
    No,
    /// Digest `RuntimeEnvironmentUpdated`: the state after this block has other code.
    Yes,
}

/// Longest digest accepted, in items and in bytes a log.
const MAX_LOGS: usize = 64;

impl Header {
    /// Reads a header as nodes send it.
    ///
    /// # Errors
    /// Malformed: a field is missing or is no hex.
    pub fn from_json(json: &Json) -> Result<Self, CodecError> {
        read(json).map(|(header, _)| header).ok_or_else(|| CodecError::Malformed {
            what: "header".to_owned(),
            why: "a field is missing or is no hex number".to_owned(),
        })
    }
}

/// The encoded header that nodes send as JSON: what a relay keeps as the head of its para. None where it is no header.
#[must_use]
pub fn encoded(json: &Json) -> Option<Vec<u8>> {
    read(json).map(|(_, encoded)| encoded)
}

/// What SCALE-encoded bytes say of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain {
    /// The block that it is of.
    pub at: BlockRef,
    /// Its parent's hash.
    pub parent: Hash,
}

/// The header in these bytes, all of them; none where they are anything else.
#[must_use]
pub fn of_bytes(encoded: &[u8]) -> Option<Plain> {
    let mut rest = encoded;
    let bytes = &mut rest;
    let parent = Hash(<[u8; 32]>::decode(bytes).ok()?);
    let Compact(number) = <Compact<u64>>::decode(bytes).ok()?;
    let _state_and_extrinsics = <[u8; 64]>::decode(bytes).ok()?;
    let Compact(logs) = <Compact<u32>>::decode(bytes).ok()?;
    if usize::try_from(logs).ok()? > MAX_LOGS {
        return None;
    }
    for _ in 0..logs {
        // Consensus, seal and pre-runtime name their engine; other bytes and a new runtime do not.
        match u8::decode(bytes).ok()? {
            0 => drop(<Vec<u8>>::decode(bytes).ok()?),
            4..=6 => drop(<([u8; 4], Vec<u8>)>::decode(bytes).ok()?),
            8 => {}
            _ => return None,
        }
    }
    let at = BlockRef { number, hash: Hash(sp_crypto_hashing::blake2_256(encoded)) };
    bytes.is_empty().then_some(Plain { at, parent })
}

/// The header and its encoding.
fn read(json: &Json) -> Option<(Header, Vec<u8>)> {
    let hash = |name: &str| json.get(name)?.as_str()?.parse::<Hash>().ok();
    let number = u64::from_str_radix(json.get("number")?.as_str()?.strip_prefix("0x")?, 16).ok()?;
    let (parent, state, extrinsics) = (hash("parentHash")?, hash("stateRoot")?, hash("extrinsicsRoot")?);
    let logs = json.get("digest")?.get("logs")?.as_array()?;
    if logs.len() > MAX_LOGS {
        return None;
    }
    let logs: Vec<Vec<u8>> = logs.iter().map(|l| hex_bytes(l.as_str()?)).collect::<Option<_>>()?;
    let mut encoded = parent.0.to_vec();
    Compact(number).encode_to(&mut encoded);
    encoded.extend_from_slice(&state.0);
    encoded.extend_from_slice(&extrinsics.0);
    Compact(u32::try_from(logs.len()).ok()?).encode_to(&mut encoded);
    logs.iter().for_each(|l| encoded.extend_from_slice(l));
    let at = BlockRef { number, hash: Hash(sp_crypto_hashing::blake2_256(&encoded)) };
    let author = logs.iter().find_map(|l| author(l));
    let upgrade = if logs.iter().any(|l| l.first() == Some(&8)) { Upgrade::Yes } else { Upgrade::No };
    Some((Header { at, parent, author, upgrade }, encoded))
}

/// Reads a `PreRuntime` digest item of BABE or Aura.
fn author(log: &[u8]) -> Option<Author> {
    let [6, engine @ ..] = log else { return None };
    let (engine, mut rest) = engine.split_at_checked(4)?;
    let body = <Vec<u8>>::decode(&mut rest).ok()?;
    let mut body = body.as_slice();
    match engine {
        b"BABE" => match u8::decode(&mut body).ok()? {
            1..=3 => {
                let (authority, slot) = <(u32, u64)>::decode(&mut body).ok()?;
                Some(Author::Babe { authority, slot })
            }
            _ => None,
        },
        b"aura" => Some(Author::Aura { slot: u64::decode(&mut body).ok()? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Json {
        let zero = format!("0x{}", "00".repeat(32));
        serde_json::json!({ "parentHash": zero, "number": "0x2a", "stateRoot": zero, "extrinsicsRoot": zero,
            "digest": { "logs": ["0x0661757261200100000000000000", "0x08", "0x0561757261040a"] } })
    }

    #[test]
    fn a_head_is_the_header_that_the_node_sends() {
        let bytes = encoded(&sent()).unwrap();
        assert_eq!(
            of_bytes(&bytes),
            Some(Plain { at: Header::from_json(&sent()).unwrap().at, parent: Hash([0; 32]) })
        );
        assert_eq!(of_bytes(&bytes).unwrap().at.number, 42);
    }

    #[test]
    fn what_is_cut_longer_or_of_another_kind_is_no_header() {
        let bytes = encoded(&sent()).unwrap();
        assert!((0..bytes.len()).all(|cut| of_bytes(&bytes[..cut]).is_none()));
        assert_eq!(of_bytes(&[bytes.clone(), vec![0]].concat()), None);
        assert_eq!(of_bytes(&[0x12, 0x34]), None);
        let mut strange = bytes;
        strange[98] = 3;
        assert_eq!(of_bytes(&strange), None, "a digest item of a kind that does not exist");
    }
}
