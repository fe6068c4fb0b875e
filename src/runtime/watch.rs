//! `sereno watch`: one JSON line an observation.
//!
//! In: observations. Out: lines of CONTRACT (`at, chain, kind, block, data`). Must not keep state.

use crate::domain::{BlockRef, Fact, Observation};
use crate::state::alerts::Change;
use serde_json::{Value, json};

/// The lines that an observation gives: a block gives its head line and one line an event.
#[must_use]
pub fn lines(seen: &Observation) -> Vec<Value> {
    let line = |kind: &str, block: Option<BlockRef>, data: Value| {
        json!({
            "schema": 1, "at": seen.at.rfc3339(), "chain": seen.chain, "kind": kind, "block": block,
            "endpoint": seen.endpoint, "data": data,
        })
    };
    let data = |v: &dyn erased::Json| v.json();
    match &seen.fact {
        Fact::Best(b) => {
            let mut out = vec![line("head", Some(b.at), head(b))];
            out.extend(b.events.iter().map(|e| line("event", Some(b.at), data(e))));
            out
        }
        Fact::Filled(b) => vec![line("filled", Some(b.at), head(b))],
        Fact::Finalized { at, parent } => vec![line("finalized", Some(*at), json!({ "parent": parent }))],
        Fact::Link(link) => vec![line("endpoint", None, data(link))],
        Fact::Runtime { version, since, upgraded } => {
            vec![line("runtime", Some(*since), json!({ "version": version, "upgraded": upgraded }))]
        }
        Fact::PeerBest(at) => vec![line("peer-best", Some(*at), Value::Null)],
        Fact::PeerFinalized(at) => vec![line("peer-finalized", Some(*at), Value::Null)],
        other => {
            let whole = data(other);
            let kind = whole.get("kind").and_then(Value::as_str).unwrap_or("fact").to_owned();
            vec![line(&kind, None, whole.get("data").cloned().unwrap_or(Value::Null))]
        }
    }
}

/// One line about an alert that was raised, changed or cleared.
#[must_use]
pub fn alert_line(change: &Change) -> Value {
    json!({
        "schema": 1, "at": change.at.rfc3339(), "chain": change.alert.chain, "kind": "alert", "block": Value::Null,
        "data": { "change": change.kind, "alert": change.alert },
    })
}

fn head(block: &crate::domain::Block) -> Value {
    json!({
        "parent": block.parent, "timestamp": block.timestamp, "author": block.author, "slot": block.slot,
        "missed": block.missed, "transactions": block.transactions, "events": block.event_count,
        "candidates": block.candidates, "undecoded": block.undecoded,
    })
}

/// Serialisation behind a reference, so that one closure serves all kinds.
mod erased {
    use serde::Serialize;
    use serde_json::Value;

    pub(super) trait Json {
        fn json(&self) -> Value;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> Value {
            serde_json::to_value(self).unwrap_or(Value::Null)
        }
    }
}
