//! The dry-run API of a runtime: what it is asked, and what it answers.
//!
//! In: a call and an origin, or the encoded answer. Out: the other side of it. The same for the API in this process and on a
//! node. Must not run anything.

use super::verdict::{self, Event};
use super::ways::{Origin, WayError, Weight, said};
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
    /// Messages that leave for other chains: where to, and what.
    pub sent: Vec<(Node, Vec<Node>)>,
}

/// The input of `DryRunApi_dry_run_call`.
///
/// # Errors
/// The runtime has no such API.
pub(super) fn dry_run_input(runtime: &Runtime, origin: Origin, call: &Call) -> Result<Vec<u8>, ComposeError> {
    let variant = |name: &str, inner: Option<Node>| {
        Node::Variant(name.to_owned(), inner.into_iter().map(|node| ("0".to_owned(), node)).collect())
    };
    let origin = match origin {
        Origin::Root => variant("system", Some(variant("Root", None))),
        Origin::Signed(who) => variant("system", Some(variant("Signed", Some(Node::Account(who))))),
        Origin::Parachain(id) => {
            let id = Node::Number(u128::from(id));
            variant("ParachainsOrigin", Some(variant("Parachain", Some(id))))
        }
    };
    let args = [origin, Node::Call(Box::new(call.clone())), Node::Number(XCM_VERSION)];
    // Before its second version the API had no third argument.
    runtime.api_input("DryRunApi", "dry_run_call", &args).or_else(|e| {
        runtime.api_input("DryRunApi", "dry_run_call", args.get(..2).unwrap_or(&args)).map_err(|_| e)
    })
}

/// The input of `DryRunApi_dry_run_xcm`: a message from the relay chain.
///
/// # Errors
/// The runtime has no such API, or the message does not fit.
pub(super) fn message_input(runtime: &Runtime, message: &Node) -> Result<Vec<u8>, ComposeError> {
    let parent = vec![
        ("parents".to_owned(), Node::Number(1)),
        ("interior".to_owned(), Node::Variant("Here".to_owned(), Vec::new())),
    ];
    let version = format!("V{XCM_VERSION}");
    let from = Node::Variant(version, vec![("0".to_owned(), Node::Fields(parent))]);
    runtime.api_input("DryRunApi", "dry_run_xcm", &[from, message.clone()])
}

/// A message that does nothing.
pub(super) fn empty_message() -> Node {
    Node::Variant(format!("V{XCM_VERSION}"), vec![("0".to_owned(), Node::List(Vec::new()))])
}

/// The answer of `DryRunApi_dry_run_call`.
///
/// # Errors
/// It does not decode, or the API itself refused.
pub(super) fn effects(runtime: &Runtime, output: &[u8]) -> Result<Effects, WayError> {
    let refused = || WayError::Absent("the dry-run API of this runtime refuses the call".to_owned());
    let (result, found) = answer(runtime, "dry_run_call", output)?.ok_or_else(refused)?;
    let error = said(runtime, "DryRunApi.dry_run_call", &result)?;
    Ok(Effects { error, ..found })
}

/// The answer of `DryRunApi_dry_run_xcm`.
///
/// # Errors
/// It does not decode, or the API itself refused.
pub(super) fn message_effects(runtime: &Runtime, output: &[u8]) -> Result<Effects, WayError> {
    let refused = || WayError::Absent("the dry-run API of this runtime refuses the message".to_owned());
    let (result, found) = answer(runtime, "dry_run_xcm", output)?.ok_or_else(refused)?;
    let error = match &result {
        Node::Variant(end, _) if end == "Complete" => None,
        Node::Variant(end, why) => {
            let why = why.iter().find(|(name, _)| name == "error" || name == "0").map(|(_, node)| node);
            Some(why.map_or_else(|| end.clone(), |node| verdict::error_name(runtime, node)))
        }
        _ => return Err(WayError::Unclear("DryRunApi.dry_run_xcm".to_owned())),
    };
    Ok(Effects { error, ..found })
}

/// What the API says, its own result apart; none where it refuses.
fn answer(runtime: &Runtime, method: &str, output: &[u8]) -> Result<Option<(Node, Effects)>, WayError> {
    let answer = runtime.api_node("DryRunApi", method, output)?;
    let Node::Variant(ok, inner) = answer else { return Ok(None) };
    let Some((_, Node::Fields(fields))) = inner.into_iter().next().filter(|_| ok == "Ok") else {
        return Ok(None);
    };
    let mut result = None;
    let mut found = Effects { error: None, events: Vec::new(), weight: None, sent: Vec::new() };
    for (name, node) in fields {
        match (name.as_str(), node) {
            ("execution_result", node) => {
                found.weight = weight_in(&node);
                result = Some(node);
            }
            ("emitted_events", Node::List(events)) => {
                found.events = events.into_iter().filter_map(Event::of).collect();
            }
            ("forwarded_xcms", Node::List(sent)) => {
                found.sent = sent.into_iter().filter_map(one_way).collect();
            }
            _ => {}
        }
    }
    let result = result.ok_or_else(|| WayError::Unclear(format!("DryRunApi.{method}")))?;
    Ok(Some((result, found)))
}

/// A destination with its messages.
fn one_way(node: Node) -> Option<(Node, Vec<Node>)> {
    let Node::List(pair) = node else { return None };
    match <[Node; 2]>::try_from(pair).ok()? {
        [to, Node::List(messages)] => Some((to, messages)),
        _ => None,
    }
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
