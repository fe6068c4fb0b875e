//! What must hold before a call travels to a system chain (ACTIONS B7): it fits, the chain lives, and its own code accepts it.
//!
//! In: the sealed call, the limit of the relay, how old the chain's block is, what its `DryRunApi` says. Out: checks that block
//! where they do not hold or are not known. Must not do I/O.

use super::Checked;
use crate::codec::Runtime;
use crate::domain::call::{Call, Node};
use crate::runbook::recipe::Level;
use serde_json::{Value, json};

/// Instructions that the relay adds behind the message: `SetTopic` with its 32 bytes, and its place.
const TOPIC: u64 = 33;
/// A chain whose newest block is older does not take messages now, milliseconds: ten blocks of twelve seconds.
const FRESH_MS: i64 = 120_000;

/// What is known of a message to another chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XcmFacts {
    /// The profile's id of the chain.
    pub chain: String,
    /// Bytes of the message, at least; the topic included.
    pub bytes: Result<u64, String>,
    /// The most that the relay sends (`max_downward_message_size`).
    pub limit: Result<u64, String>,
    /// How old the chain's newest block is, milliseconds; none where it has no time.
    pub age_ms: Option<i64>,
    /// What the chain's own code says to it: nothing where it completes, else what stops it. Outside: it was not asked.
    pub dry_run: Result<Option<String>, String>,
}

/// The `XcmPallet.send` in a sealed call.
#[must_use]
pub fn sent(call: &Call) -> Option<&Call> {
    call.all().into_iter().find(|inner| inner.path() == "XcmPallet.send")
}

/// Bytes of the message that the relay sends for it: never fewer than on chain, where the call's own frame is left out.
///
/// # Errors
/// It does not encode.
pub fn length(runtime: &Runtime, send: &Call) -> Result<u64, String> {
    let bytes = runtime.encode_call(send).map_err(|e| e.to_string())?;
    u64::try_from(bytes.len()).map(|len| len.saturating_add(TOPIC)).map_err(|e| e.to_string())
}

/// Input of `DryRunApi.dry_run_xcm` on the chain that is sent to: the relay is its parent.
///
/// # Errors
/// The runtime has no such API, or does not know a part of the message.
pub fn dry_run_input(target: &Runtime, send: &Call) -> Result<Vec<u8>, String> {
    let message = send.arg("message").ok_or("the call has no message")?;
    let parent = Node::Fields(vec![
        ("parents".to_owned(), Node::Number(1)),
        ("interior".to_owned(), Node::Text("Here".to_owned())),
    ]);
    let origin = Node::Variant("V5".to_owned(), vec![("0".to_owned(), parent)]);
    target.api_input("DryRunApi", "dry_run_xcm", &[origin, message.clone()]).map_err(|e| e.to_string())
}

/// What the answer says: nothing where the message completes, else what stops it.
///
/// # Errors
/// It does not decode, or is no answer of this API.
pub fn dry_run_says(target: &Runtime, answer: &[u8]) -> Result<Option<String>, String> {
    let node = target.api_node("DryRunApi", "dry_run_xcm", answer).map_err(|e| e.to_string())?;
    let Node::Variant(name, inner) = &node else { return Err("the answer is no result".to_owned()) };
    let inner = inner.first().map(|(_, inner)| inner);
    if name != "Ok" {
        return Err(format!(
            "the chain could not try it: {}",
            crate::runbook::show::short(&json_of(inner), 200)
        ));
    }
    let outcome = match inner {
        Some(Node::Fields(fields)) => {
            fields.iter().find(|(n, _)| n == "execution_result").map(|(_, node)| node)
        }
        _ => None,
    };
    match outcome {
        Some(Node::Variant(name, _)) if name == "Complete" => Ok(None),
        Some(other) => Ok(Some(crate::runbook::show::short(&json_of(Some(other)), 200))),
        None => Err("the answer has no outcome".to_owned()),
    }
}

fn json_of(node: Option<&Node>) -> Value {
    node.map_or(Value::Null, |node| crate::runbook::show::json(node, None))
}

/// The checks, in the order in which a message meets them.
#[must_use]
pub fn checks(facts: &XcmFacts) -> Vec<Checked> {
    let chain = &facts.chain;
    let check = |id: &str, expr: String, message: String| Checked {
        id: id.to_owned(),
        expr,
        ok: None,
        level: Level::Block,
        message,
        value: Value::Null,
        block: None,
        age_ms: None,
        reason: None,
    };
    let size = check(
        "xcm-size",
        "length of the message <= max_downward_message_size".to_owned(),
        format!("The message to {chain} is no longer than the relay sends"),
    );
    let size = match (&facts.bytes, &facts.limit) {
        (Ok(bytes), Ok(limit)) => {
            Checked { ok: Some(bytes <= limit), value: json!({ "bytes": bytes, "limit": limit }), ..size }
        }
        (Err(why), _) | (_, Err(why)) => Checked { reason: Some(why.clone()), ..size },
    };
    let fresh = check(
        "xcm-fresh",
        format!("age of the newest block of {chain} <= {} s", FRESH_MS / 1_000),
        format!("{chain} builds blocks: its newest is young"),
    );
    let fresh = match facts.age_ms {
        Some(age) => {
            Checked { ok: Some(age <= FRESH_MS), value: json!(age / 1_000), age_ms: Some(age), ..fresh }
        }
        None => Checked { reason: Some(format!("the newest block of {chain} carries no time")), ..fresh },
    };
    let tried = check(
        "xcm-dry-run",
        format!("DryRunApi.dry_run_xcm on {chain} == Complete"),
        format!("The code of {chain} itself completes the message"),
    );
    let tried = match &facts.dry_run {
        Ok(None) => Checked { ok: Some(true), value: json!("Complete"), ..tried },
        Ok(Some(why)) => Checked { ok: Some(false), value: json!(why), ..tried },
        Err(why) => Checked { reason: Some(why.clone()), ..tried },
    };
    vec![size, fresh, tried]
}
