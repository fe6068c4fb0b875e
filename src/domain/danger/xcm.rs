//! What a message to another chain carries.
//!
//! In: a call that sends a message, decoded. Out: the para it goes to and the bytes of each call inside; a sentence where
//! anything in it is not understood. Must not judge.

use crate::domain::call::{Call, Node};

/// Calls that send a message.
pub(super) const CARRYING: &[&str] = &["XcmPallet.send", "ParaSudoWrapper.sudo_queue_downward_xcm"];

/// True for calls that send a message.
pub(super) fn carries(path: &str) -> bool {
    CARRYING.contains(&path)
}

/// Instructions that do nothing but carry, check or name a call.
const CARRIERS: &[&str] =
    &["UnpaidExecution", "Transact", "ExpectTransactStatus", "SetTopic", "ClearTransactStatus"];

/// The para a message goes to, and the calls in it.
pub(super) fn transacts(call: &Call) -> Result<(u32, Vec<&[u8]>), &'static str> {
    let (para, message) = match call.path().as_str() {
        "XcmPallet.send" => (call.arg("dest").and_then(para), call.arg("message")),
        _ => (call.arg("id").and_then(number), call.arg("xcm")),
    };
    let para = para.ok_or("goes to something that is no para below this chain")?;
    let instructions = match message.and_then(versioned) {
        Some(Node::List(instructions)) => instructions,
        _ => return Err("a message that this program cannot read"),
    };
    let mut calls = Vec::new();
    for instruction in instructions {
        match instruction {
            Node::Variant(name, fields) if name == "Transact" => {
                let bytes = fields.iter().find(|(n, _)| n == "call").map(|(_, node)| node);
                let Some(Node::Bytes(bytes)) = bytes else { return Err("a call that cannot be seen") };
                calls.push(bytes.as_slice());
            }
            Node::Variant(name, _) if CARRIERS.contains(&name.as_str()) => {}
            _ => return Err("a message that does more than to carry a call"),
        }
    }
    if calls.is_empty() { Err("a message without a call") } else { Ok((para, calls)) }
}

/// What is inside a versioned value.
fn versioned(node: &Node) -> Option<&Node> {
    match node {
        Node::Variant(version, fields) if matches!(version.as_str(), "V3" | "V4" | "V5") => {
            match fields.as_slice() {
                [(_, inside)] => Some(inside),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The para of `{parents: 0, interior: X1[Parachain(id)]}`.
fn para(location: &Node) -> Option<u32> {
    let Node::Fields(fields) = versioned(location)? else { return None };
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, node)| node);
    if field("parents") != Some(&Node::Number(0)) {
        return None;
    }
    let Some(Node::Variant(name, interior)) = field("interior") else { return None };
    let junction = match (name.as_str(), interior.as_slice()) {
        // A list of one since V4, the junction itself before.
        ("X1", [(_, Node::List(items))]) => match items.as_slice() {
            [one] => one,
            _ => return None,
        },
        ("X1", [(_, one)]) => one,
        _ => return None,
    };
    match junction {
        Node::Variant(name, fields) if name == "Parachain" => match fields.as_slice() {
            [(_, id)] => number(id),
            _ => None,
        },
        _ => None,
    }
}

fn number(node: &Node) -> Option<u32> {
    match node {
        Node::Number(n) => u32::try_from(*n).ok(),
        _ => None,
    }
}
