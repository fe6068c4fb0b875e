//! Reading by name: storage keys from arguments, and whatever is stored, constant or answered as a [`Node`].
//!
//! In: names, arguments, bytes. Out: keys, inputs of runtime APIs, trees that can be shown and compared. For what is known
//! by name only at run time: recipes, differences of state. Code that knows its types uses `DecodeAsType`. Must not do I/O.

use super::call::ComposeError;
use super::decode::Decoder;
use super::encode::{ArgError, Encoder};
use super::{CodecError, Runtime};
use crate::domain::call::Node;
use sp_crypto_hashing::{blake2_128, blake2_256, twox_64, twox_128, twox_256};
use subxt::ext::frame_decode::storage::StorageHasher;

/// What a storage key names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The pallet as in the metadata.
    pub pallet: String,
    /// The item as in the metadata.
    pub item: String,
    /// The keys of the map in their order; none where its hasher does not keep them.
    pub keys: Vec<Option<Node>>,
}

impl Runtime {
    /// The key of a storage item; of a map under `keys`. Fewer keys than the map has give the prefix of those entries.
    ///
    /// # Errors
    /// No such item, more keys than it has, or a key that does not fit its type.
    pub fn storage_key(&self, pallet: &str, item: &str, keys: &[Node]) -> Result<Vec<u8>, ComposeError> {
        let what = || format!("{pallet}.{item}");
        let entry = (self.metadata.pallet_by_name(pallet).and_then(|p| p.storage()))
            .and_then(|s| s.entry_by_name(item).map(|e| (s.prefix(), e)));
        let Some((prefix, entry)) = entry else { return Err(ComposeError::NoItem(what())) };
        let mut key = twox_128(prefix.as_bytes()).to_vec();
        key.extend_from_slice(&twox_128(item.as_bytes()));
        let parts: Vec<_> = entry.keys().collect();
        if keys.len() > parts.len() {
            return Err(ComposeError::Argument(ArgError {
                place: what(),
                found: format!("{} keys", keys.len()),
                expected: format!("at most {}", parts.len()),
            }));
        }
        for (i, (node, part)) in keys.iter().zip(parts).enumerate() {
            let mut encoded = Vec::new();
            self.put_value(node, part.key_id, &format!("{}[{i}]", what()), &mut encoded)?;
            hash_into(part.hasher, &encoded, &mut key);
        }
        Ok(key)
    }

    /// What is stored; the item's default, where it has one, for bytes that are `None`; else nothing.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn storage_node(
        &self,
        pallet: &str,
        item: &str,
        bytes: Option<&[u8]>,
    ) -> Result<Option<Node>, CodecError> {
        let entry = self.entry(pallet, item)?;
        let Some(bytes) = bytes.or(entry.default) else { return Ok(None) };
        self.node(&format!("storage {pallet}.{item}"), bytes, entry.value).map(Some)
    }

    /// A value as it is stored.
    ///
    /// # Errors
    /// No such item, or the value does not fit its type.
    pub fn storage_value(&self, pallet: &str, item: &str, node: &Node) -> Result<Vec<u8>, ComposeError> {
        let what = format!("{pallet}.{item}");
        let entry = self.entry(pallet, item).map_err(|_| ComposeError::NoItem(what.clone()))?;
        let mut out = Vec::new();
        self.put_value(node, entry.value, &what, &mut out)?;
        Ok(out)
    }

    /// Keys of a storage item's map; none where the runtime has no such item.
    #[must_use]
    pub fn storage_keys(&self, pallet: &str, item: &str) -> Option<usize> {
        self.entry(pallet, item).ok().map(|entry| entry.hashers.len())
    }

    /// Names of the arguments of a runtime API's method; none where the runtime has no such method.
    #[must_use]
    pub fn api_args(&self, api: &str, method: &str) -> Option<Vec<String>> {
        let found = self.metadata.runtime_api_trait_by_name(api)?.method_by_name(method)?;
        Some(found.inputs().map(|input| input.name.to_string()).collect())
    }

    /// A constant.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn constant_node(&self, pallet: &str, name: &str) -> Result<Node, CodecError> {
        let what = format!("constant {pallet}.{name}");
        let constant = (self.metadata.pallet_by_name(pallet).and_then(|p| p.constant_by_name(name)))
            .ok_or_else(|| CodecError::Absent(what.clone()))?;
        self.node(&what, constant.value(), constant.ty())
    }

    /// The input of a runtime API's method, arguments in their order.
    ///
    /// # Errors
    /// No such method, another number of arguments, or one that does not fit.
    pub fn api_input(&self, api: &str, method: &str, args: &[Node]) -> Result<Vec<u8>, ComposeError> {
        let what = || format!("{api}.{method}");
        let found = self.metadata.runtime_api_trait_by_name(api).and_then(|t| t.method_by_name(method));
        let Some(found) = found else { return Err(ComposeError::NoItem(what())) };
        let inputs: Vec<_> = found.inputs().collect();
        if inputs.len() != args.len() {
            return Err(ComposeError::Argument(ArgError {
                place: what(),
                found: format!("{} arguments", args.len()),
                expected: inputs.len().to_string(),
            }));
        }
        let mut out = Vec::new();
        for (node, input) in args.iter().zip(inputs) {
            self.put_value(node, input.id, &format!("{}.{}", what(), input.name), &mut out)?;
        }
        Ok(out)
    }

    /// The answer of a runtime API's method.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn api_node(&self, api: &str, method: &str, bytes: &[u8]) -> Result<Node, CodecError> {
        let what = format!("runtime API {api}.{method}");
        let output = (self.metadata.runtime_api_trait_by_name(api))
            .and_then(|t| t.method_by_name(method))
            .ok_or_else(|| CodecError::Absent(what.clone()))?
            .output_ty();
        self.node(&what, bytes, output)
    }

    /// What a storage key names; none where no pallet of this runtime owns it (`:code`, another runtime's item).
    #[must_use]
    pub fn locate(&self, key: &[u8]) -> Option<Located> {
        let (prefix, rest) = key.split_at_checked(16)?;
        let (name, mut rest) = rest.split_at_checked(16)?;
        let pallet = (self.metadata.pallets())
            .find(|p| p.storage().is_some_and(|s| twox_128(s.prefix().as_bytes()) == prefix))?;
        let entry = pallet.storage()?.entries().iter().find(|e| twox_128(e.name().as_bytes()) == name)?;
        let mut keys = Vec::new();
        for part in entry.keys() {
            let (hash, keeps) = hash_len(part.hasher);
            rest = rest.split_at_checked(hash)?.1;
            if !keeps {
                keys.push(None);
                continue;
            }
            let mut decoder = Decoder::new(self.metadata.types(), self.call_type(), rest);
            keys.push(Some(decoder.value(part.key_id, 0).ok()?));
            rest = decoder.rest();
        }
        rest.is_empty().then(|| Located {
            pallet: pallet.name().to_owned(),
            item: entry.name().to_owned(),
            keys,
        })
    }

    fn node(&self, what: &str, bytes: &[u8], type_id: u32) -> Result<Node, CodecError> {
        let mut decoder = Decoder::new(self.metadata.types(), self.call_type(), bytes);
        let node = decoder.value(type_id, 0).and_then(|node| decoder.end().map(|()| node));
        node.map_err(|why| why.of(what))
    }

    pub(super) fn put_value(
        &self,
        node: &Node,
        type_id: u32,
        place: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        let write = |inner: &crate::domain::call::Call, out: &mut Vec<u8>| self.put_call(inner, out);
        let encoder = Encoder { types: self.metadata.types(), call_type: self.call_type(), call: &write };
        encoder.put(node, type_id, (place, 0), out)
    }
}

/// Appends one key of a map as its hasher stores it.
pub(super) fn hash_into(hasher: StorageHasher, encoded: &[u8], key: &mut Vec<u8>) {
    match hasher {
        StorageHasher::Blake2_128 | StorageHasher::Blake2_128Concat => {
            key.extend_from_slice(&blake2_128(encoded));
        }
        StorageHasher::Blake2_256 => key.extend_from_slice(&blake2_256(encoded)),
        StorageHasher::Twox128 => key.extend_from_slice(&twox_128(encoded)),
        StorageHasher::Twox256 => key.extend_from_slice(&twox_256(encoded)),
        StorageHasher::Twox64Concat => key.extend_from_slice(&twox_64(encoded)),
        StorageHasher::Identity => {}
    }
    if hash_len(hasher).1 {
        key.extend_from_slice(encoded);
    }
}

/// Bytes of the hash before a key, and whether the key itself follows.
fn hash_len(hasher: StorageHasher) -> (usize, bool) {
    match hasher {
        StorageHasher::Blake2_128 | StorageHasher::Twox128 => (16, false),
        StorageHasher::Blake2_256 | StorageHasher::Twox256 => (32, false),
        StorageHasher::Blake2_128Concat => (16, true),
        StorageHasher::Twox64Concat => (8, true),
        StorageHasher::Identity => (0, true),
    }
}
