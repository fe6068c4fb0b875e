//! Decoded values as JSON for people and programs.
//!
//! In: a [`Node`]. Out: JSON that says the same: accounts in the chain's prefix, bytes as hex, numbers of up to 32 bits (blocks,
//! indices) as numbers and larger ones (balances) as text. Bytes that no one reads are shortened with their hash. Must not decode.

use crate::codec::call_hash;
use crate::domain::call::{Call, Node};
use crate::domain::ids::to_hex;
use serde_json::{Map, Value};

/// Longest bytes that are written in full.
const MAX_BYTES: usize = 1_024;

/// The value as JSON; accounts in `prefix`.
#[must_use]
pub(super) fn node(value: &Node, prefix: u16) -> Value {
    match value {
        Node::Number(n) => u32::try_from(*n).map_or_else(|_| n.to_string().into(), Value::from),
        Node::Negative(n) => i32::try_from(*n).map_or_else(|_| n.to_string().into(), Value::from),
        Node::Bool(b) => (*b).into(),
        Node::Text(text) => text.as_str().into(),
        Node::Bytes(raw) => bytes(raw).into(),
        Node::Account(account) => account.ss58(prefix).into(),
        Node::List(items) => items.iter().map(|item| node(item, prefix)).collect(),
        Node::Fields(list) => fields(list, prefix),
        Node::Variant(name, list) => match list.as_slice() {
            [] => name.as_str().into(),
            // An option shows as what it holds.
            [(_, inner)] if name == "Some" => node(inner, prefix),
            [(first, inner)] if first == "0" => one(name, node(inner, prefix)),
            several => one(name, fields(several, prefix)),
        },
        Node::Call(inner) => call(inner, prefix),
        Node::Nothing => Value::Null,
    }
}

/// A call as `{"Pallet.name": {args}}`.
#[must_use]
pub(super) fn call(call: &Call, prefix: u16) -> Value {
    one(&call.path(), fields(&call.args, prefix))
}

/// Fields by name; a list where they have none.
#[must_use]
pub(super) fn fields(list: &[(String, Node)], prefix: u16) -> Value {
    let positions = list.iter().enumerate().all(|(i, (name, _))| *name == i.to_string());
    if positions && !list.is_empty() {
        return list.iter().map(|(_, inner)| node(inner, prefix)).collect();
    }
    let pairs = list.iter().map(|(name, inner)| (name.clone(), node(inner, prefix)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// Hex; long bytes by their beginning, length and hash.
#[must_use]
pub(super) fn bytes(raw: &[u8]) -> String {
    if raw.len() <= MAX_BYTES {
        return to_hex(raw);
    }
    let head = raw.get(..16).unwrap_or_default();
    format!("{}… ({} bytes, blake2-256 {})", to_hex(head), raw.len(), call_hash(raw))
}

fn one(name: &str, value: Value) -> Value {
    Value::Object([(name.to_owned(), value)].into_iter().collect())
}
