//! Reading what a chain says about itself and its state: metadata, storage, constants, events, headers.
//!
//! In: bytes. Out: domain values or an error that says what could not be decoded. Bytes come from nodes that may lie:
//! every decode is preceded by a bounded walk (FAULTS H21). Must not do I/O or know tokio; the only module besides
//! `chain` that knows subxt and the scale crates.

mod call;
mod decode;
mod encode;
mod events;
mod extrinsic;
pub mod header;
mod parameters;
mod reads;
mod shape;
mod transaction;
mod value;
mod votes;
mod walk;
pub mod wasm;

pub use call::{CallShape, ComposeError, call_hash};
pub use encode::ArgError;
pub use events::{DecodedEvent, Events};
pub use extrinsic::Extrinsic;
pub use header::{Header, Upgrade};
pub use reads::Located;
pub use value::{amount, bytes32, field, inside, line, line_of, number, variant_name};
pub use votes::{Backed, Votes};

use crate::domain::ids::to_hex;
use scale_decode::DecodeAsType;
use sp_crypto_hashing::twox_128;
use subxt::Metadata;
use subxt::ext::frame_decode::storage::StorageHasher;
use walk::Build;

/// A dynamically decoded value.
pub type Value = scale_value::Value<u32>;

/// Why something could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The runtime has no such item: normal across networks and versions, shown as unknown.
    #[error("no such {0} in this runtime")]
    Absent(String),
    /// The bytes do not fit the type.
    #[error("{what} does not decode: {why}")]
    Malformed {
        /// What was read.
        what: String,
        /// What the decoder said.
        why: String,
    },
    /// The value is deeper or longer than anything honest.
    #[error("{what} is refused: {why}")]
    Unbounded {
        /// What was read.
        what: String,
        /// Which limit it broke.
        why: String,
    },
}

/// One runtime's metadata, and all decoding that depends on it. Keyed by the hash of `:code` outside (FAULTS H18).
#[derive(Debug)]
pub struct Runtime {
    metadata: Metadata,
    version: u8,
}

impl Runtime {
    /// Reads metadata as nodes send it: `meta`, a version byte, and the body (versions 14 to 16).
    ///
    /// # Errors
    /// [`CodecError::Malformed`] where the bytes are no metadata that this program reads.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let malformed = |why: String| CodecError::Malformed { what: "metadata".to_owned(), why };
        let version = match bytes {
            [b'm', b'e', b't', b'a', version, ..] => *version,
            _ => return Err(malformed("it does not begin with 'meta'".to_owned())),
        };
        let metadata = Metadata::decode_from(bytes).map_err(|e| malformed(e.to_string()))?;
        Ok(Self { metadata, version })
    }

    /// The metadata version, 14 to 16.
    #[must_use]
    pub fn metadata_version(&self) -> u8 {
        self.version
    }

    /// Number of pallets.
    #[must_use]
    pub fn pallets(&self) -> usize {
        self.metadata.pallets().len()
    }

    /// True where the pallet exists.
    #[must_use]
    pub fn has_pallet(&self, pallet: &str) -> bool {
        self.metadata.pallet_by_name(pallet).is_some()
    }

    /// True where the runtime API has this method.
    #[must_use]
    pub fn has_api(&self, api: &str, method: &str) -> bool {
        self.metadata.runtime_api_trait_by_name(api).is_some_and(|t| t.method_by_name(method).is_some())
    }

    /// A constant.
    ///
    /// # Errors
    /// Absent or malformed.
    pub fn constant<T: DecodeAsType>(&self, pallet: &str, name: &str) -> Result<T, CodecError> {
        let what = format!("constant {pallet}.{name}");
        let constant = self
            .metadata
            .pallet_by_name(pallet)
            .and_then(|p| p.constant_by_name(name))
            .ok_or_else(|| CodecError::Absent(what.clone()))?;
        self.decode_as(&what, constant.value(), constant.ty())
    }

    /// The key of a plain storage item.
    ///
    /// # Errors
    /// Absent.
    pub fn key(&self, pallet: &str, item: &str) -> Result<Vec<u8>, CodecError> {
        let entry = self.entry(pallet, item)?;
        let mut key = twox_128(entry.prefix.as_bytes()).to_vec();
        key.extend_from_slice(&twox_128(item.as_bytes()));
        Ok(key)
    }

    /// The key of one entry of a storage map with one key, given SCALE-encoded.
    ///
    /// # Errors
    /// Absent, or not a map with one key.
    pub fn map_key(&self, pallet: &str, item: &str, encoded: &[u8]) -> Result<Vec<u8>, CodecError> {
        let mut key = self.key(pallet, item)?;
        let hashers = self.entry(pallet, item)?.hashers;
        let [hasher] = hashers.as_slice() else {
            return Err(CodecError::Absent(format!("storage map {pallet}.{item} with one key")));
        };
        reads::hash_into(*hasher, encoded, &mut key);
        Ok(key)
    }

    /// The value of a storage item; `None` for bytes means that nothing is stored there: the item's default, where
    /// it has one.
    ///
    /// # Errors
    /// Absent (also: nothing stored and no default), malformed or unbounded.
    pub fn storage<T: DecodeAsType>(
        &self,
        pallet: &str,
        item: &str,
        bytes: Option<&[u8]>,
    ) -> Result<T, CodecError> {
        let entry = self.entry(pallet, item)?;
        let what = format!("storage {pallet}.{item}");
        match bytes.or(entry.default) {
            Some(bytes) => self.decode_as(&what, bytes, entry.value),
            None => Err(CodecError::Absent(format!("value of {what}"))),
        }
    }

    /// The answer of a runtime API call.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn api(&self, api: &str, method: &str, bytes: &[u8]) -> Result<Value, CodecError> {
        let what = format!("runtime API {api}.{method}");
        let output = self
            .metadata
            .runtime_api_trait_by_name(api)
            .and_then(|t| t.method_by_name(method))
            .ok_or_else(|| CodecError::Absent(what.clone()))?
            .output_ty();
        self.value(&what, &mut &*bytes, output)
    }

    /// The events of a block, from the value of `System.Events`.
    ///
    /// # Errors
    /// The first event that does not decode ends the list: see [`Events::error`].
    #[must_use]
    pub fn events(&self, bytes: &[u8]) -> Events {
        events::decode(self, bytes)
    }

    /// Who voted for which candidate, from the value of `ParaInherent.OnChainVotes`.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn votes(&self, bytes: &[u8]) -> Result<Votes, CodecError> {
        votes::votes(self, bytes)
    }

    /// The availability bitfields of an extrinsic: validator index, and whether any bit is set. None where the
    /// extrinsic is not the inherent `ParaInherent.enter`.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn bitfields(&self, extrinsic: &[u8]) -> Result<Option<Vec<(u32, bool)>>, CodecError> {
        votes::bitfields(self, extrinsic)
    }

    fn entry(&self, pallet: &str, item: &str) -> Result<Entry<'_>, CodecError> {
        let absent = || CodecError::Absent(format!("storage {pallet}.{item}"));
        let storage = self.metadata.pallet_by_name(pallet).and_then(|p| p.storage()).ok_or_else(absent)?;
        let entry = storage.entry_by_name(item).ok_or_else(absent)?;
        Ok(Entry {
            prefix: storage.prefix(),
            hashers: entry.keys().map(|k| k.hasher).collect(),
            value: entry.value_ty(),
            default: entry.default_value(),
        })
    }

    fn decode_as<T: DecodeAsType>(&self, what: &str, bytes: &[u8], type_id: u32) -> Result<T, CodecError> {
        walk::span(what, bytes, type_id, (self.metadata.types(), Build::Typed))?;
        T::decode_as_type(&mut &*bytes, type_id, self.metadata.types())
            .map_err(|e| CodecError::Malformed { what: what.to_owned(), why: e.to_string() })
    }

    fn value(&self, what: &str, cursor: &mut &[u8], type_id: u32) -> Result<Value, CodecError> {
        walk::span(what, cursor, type_id, (self.metadata.types(), Build::Each))?;
        scale_value::scale::decode_as_type(cursor, type_id, self.metadata.types())
            .map_err(|e| CodecError::Malformed { what: what.to_owned(), why: e.to_string() })
    }
}

/// Stands where a value with named fields is of no interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, DecodeAsType)]
pub struct Skipped {}

/// What the metadata says of a storage item.
struct Entry<'a> {
    prefix: &'a str,
    hashers: Vec<StorageHasher>,
    value: u32,
    default: Option<&'a [u8]>,
}

/// The key of `:code`, the runtime's own wasm.
pub const CODE_KEY: &[u8] = b":code";

/// Hash of a runtime blob as `state_getStorageHash` gives it.
#[must_use]
pub fn code_hash(code: &[u8]) -> crate::domain::Hash {
    crate::domain::Hash(sp_crypto_hashing::blake2_256(code))
}

/// A storage key as nodes want it.
#[must_use]
pub fn hex_key(key: &[u8]) -> String {
    to_hex(key)
}

/// The secondary owner of a BABE slot: `authorities[blake2_256(randomness ++ slot) mod n]` (ACTIONS §2.1).
#[must_use]
pub fn slot_owner(randomness: &[u8; 32], slot: u64, authorities: u32) -> Option<u32> {
    let n = u64::from(authorities);
    if n == 0 {
        return None;
    }
    let mut seed = randomness.to_vec();
    seed.extend_from_slice(&slot.to_le_bytes());
    let hash = sp_crypto_hashing::blake2_256(&seed);
    let index = hash.iter().fold(0, |rest: u64, byte| (rest * 256 + u64::from(*byte)) % n);
    u32::try_from(index).ok()
}
