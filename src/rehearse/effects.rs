//! The dry-run API of a runtime: what it is asked, and what it answers.
//!
//! In: a call and an origin, or the encoded answer. Out: the other side of it. The same for the API in this process and on a
//! node. Must not run anything.

use super::verdict::{self, Event};
use super::ways::{Origin, WayError, Weight};
use crate::codec::{ComposeError, Runtime};
use crate::domain::call::{Call, Node};

/// Version of XCM in which the dry-run API shall show messages.
const XCM_VERSION: u128 = 5;

/// What the dry-run API said.
pub(super) struct Effects {
    /// The error of the call's dispatch.
    pub error: Option<String>,
    /// Its events.
    pub events: Vec<Event>,
    /// What it weighed; none where it is as announced.
    pub weight: Option<Weight>,
}

/// The input of `DryRunApi_dry_run_call`.
///
/// # Errors
/// The runtime has no such API.
pub(super) fn dry_run_input(runtime: &Runtime, origin: Origin, call: &Call) -> Result<Vec<u8>, ComposeError> {
    let variant = |name: &str, inner: Option<Node>| {
        Node::Variant(name.to_owned(), inner.into_iter().map(|node| ("0".to_owned(), node)).collect())
    };
    let raw = match origin {
        Origin::Root => variant("Root", None),
        Origin::Signed(who) => variant("Signed", Some(Node::Account(who))),
    };
    let args = [variant("system", Some(raw)), Node::Call(Box::new(call.clone())), Node::Number(XCM_VERSION)];
    // Before its second version the API had no third argument.
    runtime.api_input("DryRunApi", "dry_run_call", &args).or_else(|e| {
        runtime.api_input("DryRunApi", "dry_run_call", args.get(..2).unwrap_or(&args)).map_err(|_| e)
    })
}

/// The answer of `DryRunApi_dry_run_call`.
///
/// # Errors
/// It does not decode, or the API itself refused.
pub(super) fn effects(runtime: &Runtime, output: &[u8]) -> Result<Effects, WayError> {
    let answer = runtime.api_node("DryRunApi", "dry_run_call", output)?;
    let refused = || WayError::Absent("the dry-run API of this runtime refuses the call".to_owned());
    let Node::Variant(ok, inner) = answer else { return Err(refused()) };
    let Some((_, Node::Fields(fields))) = inner.into_iter().next().filter(|_| ok == "Ok") else {
        return Err(refused());
    };
    let mut found = Effects { error: None, events: Vec::new(), weight: None };
    for (name, node) in fields {
        match (name.as_str(), node) {
            ("execution_result", node) => {
                found.weight = weight_in(&node);
                found.error = verdict::result(runtime, &node).ok_or_else(refused)?;
            }
            ("emitted_events", Node::List(events)) => {
                found.events = events.into_iter().filter_map(Event::of).collect();
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The first weight inside a value.
pub(super) fn weight_in(node: &Node) -> Option<Weight> {
    match node {
        Node::Fields(fields) => {
            let number = |name: &str| {
                fields.iter().find(|(n, _)| n == name).and_then(|(_, node)| match node {
                    Node::Number(n) => u64::try_from(*n).ok(),
                    _ => None,
                })
            };
            match (number("ref_time"), number("proof_size")) {
                (Some(ref_time), Some(proof_size)) => Some(Weight { ref_time, proof_size }),
                _ => fields.iter().find_map(|(_, node)| weight_in(node)),
            }
        }
        Node::Variant(_, fields) => fields.iter().find_map(|(_, node)| weight_in(node)),
        _ => None,
    }
}
