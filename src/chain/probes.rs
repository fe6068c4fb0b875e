//! Probes: one topic a file, each turning answers of a node into facts.
//!
//! In: a read-only connection, a block, a runtime. Out: domain values. A missing pallet, field or method is `unknown` with
//! its reason, never a failure of the whole. Must not keep connections or decide which endpoint is read.

pub(super) mod balances;
pub(super) mod block;
pub(super) mod epoch;
pub(super) mod gov;
pub(super) mod identity;
pub(super) mod moves;
pub(super) mod node;
pub(super) mod parameters;
pub(super) mod paras;
pub(super) mod relay;
pub(super) mod runtime;
pub(super) mod staking;
pub(super) mod sudo;
pub(super) mod validators;
pub(super) mod votes;

use super::transport::{LinkError, Rpc};
use crate::codec::hex_key;
use crate::domain::{Clean, Hash, ids::hex_bytes};
use std::collections::HashMap;
use subxt_rpcs::rpc_params;

/// Values of plain keys in the state of one block.
pub(super) struct State {
    values: HashMap<String, Option<Vec<u8>>>,
}

impl State {
    /// The bytes under `key`; none where nothing is stored.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(&hex_key(key))?.as_deref()
    }
}

/// One `changes` set of `state_queryStorageAt`.
#[derive(serde::Deserialize)]
struct ChangeSet {
    changes: Vec<(String, Option<String>)>,
}

/// Reads all keys in one request; one request a key where the node does not know `state_queryStorageAt`.
pub(super) async fn query(rpc: &Rpc, keys: &[Vec<u8>], at: Hash) -> Result<State, LinkError> {
    let hex: Vec<String> = keys.iter().map(|k| hex_key(k)).collect();
    let changes = match rpc.call::<Vec<ChangeSet>>("state_queryStorageAt", rpc_params![&hex, at]).await {
        Ok(sets) => sets.into_iter().flat_map(|s| s.changes).collect(),
        Err(e) if e.is_unknown_method() => one_by_one(rpc, hex, at).await?,
        Err(e) => return Err(e),
    };
    let nonsense =
        |why: &str| LinkError::Nonsense { method: "state_queryStorageAt".to_owned(), why: Clean::of(why) };
    let mut values = HashMap::new();
    for (key, value) in changes {
        let bytes = match value {
            Some(value) => Some(hex_bytes(&value).ok_or_else(|| nonsense("a value that is no hex"))?),
            None => None,
        };
        values.insert(key, bytes);
    }
    // A key without an answer is not a key under which nothing is stored.
    if keys.iter().any(|key| !values.contains_key(&hex_key(key))) {
        return Err(nonsense("not every key that was asked for is answered"));
    }
    Ok(State { values })
}

/// An answer that can be done without: only a broken link is an error.
pub(super) fn soft<T>(answer: Result<T, LinkError>) -> Result<Result<T, LinkError>, LinkError> {
    match answer {
        Err(e) if e.is_fatal() && !matches!(e, LinkError::Deadline { .. }) => Err(e),
        other => Ok(other),
    }
}

async fn one_by_one(
    rpc: &Rpc,
    keys: Vec<String>,
    at: Hash,
) -> Result<Vec<(String, Option<String>)>, LinkError> {
    let mut out = Vec::with_capacity(keys.len());
    for key in keys {
        let value: Option<String> = rpc.call("state_getStorage", rpc_params![&key, at]).await?;
        out.push((key, value));
    }
    Ok(out)
}
