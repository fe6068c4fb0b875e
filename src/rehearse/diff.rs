//! What a call changed in storage, by name and in values that can be read.
//!
//! In: changes over the state before, and what an empty call changes in the same place. Out: [`Change`]s. Left out: what stayed
//! as it was, what an empty call does too, and the block's own bookkeeping. Must not run anything.

use super::journal::Changes;
use super::json;
use super::state::{Cached, StateError};
use crate::codec::Runtime;
use crate::domain::call::{Call, Node};
use crate::domain::ids::to_hex;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most changes that are shown.
pub(super) const MAX_SHOWN: usize = 500;

/// Longest value that is decoded, bytes.
const MAX_DECODED: usize = 64 * 1024;

/// One changed key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The key as hex.
    pub key: String,
    /// The pallet; none where no pallet of this runtime owns the key.
    pub pallet: Option<String>,
    /// The item; a well-known key (`:code`) by its own name.
    pub item: Option<String>,
    /// The keys of the map; null where its hasher does not keep them.
    pub args: Vec<Value>,
    /// The value before; null: nothing was stored.
    pub old: Value,
    /// The value after; null: nothing is stored.
    pub new: Value,
}

/// A key with its bytes before and after.
pub(super) type Raw = BTreeMap<Vec<u8>, (Option<Vec<u8>>, Option<Vec<u8>>)>;

/// Bookkeeping of every block and of rehearsals: not what a call does, unless the call names the key itself.
const NOISE: [&str; 7] = [
    "BlockSize",
    "BlockWeight",
    "EventCount",
    "EventTopics",
    "Events",
    "ExecutionPhase",
    "ExtrinsicWeightReclaimed",
];
/// Bookkeeping where an empty call in the same place writes the same item: else the call itself did.
const USUAL: [&str; 7] = [
    "AllExtrinsicsLen",
    "Digest",
    "ExtrinsicCount",
    "ExtrinsicData",
    "InherentsApplied",
    "Number",
    "ParentHash",
];
/// Keys without a pallet that the runtime keeps for itself while it runs.
const OWN: [&[u8]; 3] = [b":extrinsic_index", b":intrablock_entropy", b":transaction_level:"];

/// What a call wrote, and what is not to be told of it.
pub(super) struct Written<'a> {
    /// By the call.
    pub(super) changes: &'a Changes,
    /// By an empty call in the same place: the same value under the same key is not told.
    pub(super) empty: &'a Changes,
    /// Keys that an empty call writes too, though they are not in `empty`; none: all bookkeeping.
    pub(super) usual: Option<&'a BTreeSet<Vec<u8>>>,
    /// Keys that the call names: they are told whatever they are.
    pub(super) named: &'a Named,
}

/// What `written` did to the state with `below` over it, without what an empty call did in the same place.
///
/// # Errors
/// The values before cannot be read.
pub(super) fn effective(
    runtime: &Runtime,
    state: &mut Cached,
    below: &Changes,
    written: &Written<'_>,
) -> Result<Raw, StateError> {
    let Written { changes, empty, usual, named } = written;
    let always = |key: &[u8]| usual.is_none_or(|usual| usual.contains(key)) || empty.contains_key(key);
    let own = |key: &[u8]| OWN.contains(&key) || is_noise(runtime, key, always(key));
    let told = |key: &Vec<u8>, new| named.has(key) || (empty.get(key) != Some(new) && !own(key));
    let kept = || changes.iter().filter(|(key, new)| told(key, new));
    state.prefetch(kept().map(|(key, _)| key).filter(|key| !below.contains_key(*key)).cloned())?;
    let mut raw = Raw::new();
    for (key, new) in kept() {
        let old = match below.get(key) {
            Some(value) => value.clone(),
            None => state.get(key)?,
        };
        if old != *new {
            raw.insert(key.clone(), (old, new.clone()));
        }
    }
    Ok(raw)
}

fn is_noise(runtime: &Runtime, key: &[u8], usual: bool) -> bool {
    runtime.locate(key).is_some_and(|found| {
        let item = found.item.as_str();
        found.pallet == "System" && (NOISE.contains(&item) || (usual && USUAL.contains(&item)))
    })
}

/// Keys and prefixes that a call names itself: it writes raw storage.
#[derive(Debug, Default)]
pub(super) struct Named {
    keys: BTreeSet<Vec<u8>>,
    prefixes: Vec<Vec<u8>>,
}

impl Named {
    /// Those of a call and of every call inside it.
    #[must_use]
    pub(super) fn of(call: &Call) -> Self {
        let mut named = Self::default();
        for inner in call.all() {
            let list = |name: &str| match inner.arg(name) {
                Some(Node::List(items)) => items.as_slice(),
                _ => &[],
            };
            let raw = |node: &Node| match node {
                Node::Bytes(raw) => Some(raw.clone()),
                _ => None,
            };
            match inner.path().as_str() {
                "System.set_storage" => {
                    named.keys.extend(list("items").iter().filter_map(|item| match item {
                        Node::List(pair) => pair.first().and_then(raw),
                        Node::Fields(pair) => pair.first().and_then(|(_, key)| raw(key)),
                        _ => None,
                    }))
                }
                "System.kill_storage" => named.keys.extend(list("keys").iter().filter_map(raw)),
                "System.kill_prefix" => named.prefixes.extend(inner.arg("prefix").and_then(raw)),
                _ => {}
            }
        }
        named
    }

    fn has(&self, key: &[u8]) -> bool {
        self.keys.contains(key) || self.prefixes.iter().any(|prefix| key.starts_with(prefix))
    }
}

/// The changes by name; accounts in `prefix`.
#[must_use]
pub(super) fn shown(runtime: &Runtime, raw: &Raw, prefix: u16) -> Vec<Change> {
    raw.iter().take(MAX_SHOWN).map(|(key, (old, new))| one(runtime, key, (old, new), prefix)).collect()
}

type Value2<'a> = (&'a Option<Vec<u8>>, &'a Option<Vec<u8>>);

fn one(runtime: &Runtime, key: &[u8], (old, new): Value2<'_>, prefix: u16) -> Change {
    let Some(found) = runtime.locate(key) else {
        let hex = |value: &Option<Vec<u8>>| value.as_deref().map_or(Value::Null, |v| json::bytes(v).into());
        let known = std::str::from_utf8(key).ok().filter(|text| text.starts_with(':')).map(str::to_owned);
        return Change {
            key: to_hex(key),
            pallet: None,
            item: known,
            args: Vec::new(),
            old: hex(old),
            new: hex(new),
        };
    };
    let value = |bytes: &Option<Vec<u8>>| {
        let Some(bytes) = bytes else { return Value::Null };
        if bytes.len() > MAX_DECODED {
            return json::bytes(bytes).into();
        }
        match runtime.storage_node(&found.pallet, &found.item, Some(bytes)) {
            Ok(Some(node)) => json::node(&node, prefix),
            _ => json::bytes(bytes).into(),
        }
    };
    let args = found.keys.iter().map(|key| key.as_ref().map_or(Value::Null, |key| json::node(key, prefix)));
    Change {
        key: to_hex(key),
        args: args.collect(),
        old: value(old),
        new: value(new),
        pallet: Some(found.pallet),
        item: Some(found.item),
    }
}
