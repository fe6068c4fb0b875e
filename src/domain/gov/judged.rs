//! A decoded call with the verdict on it, small enough to be kept.
//!
//! In: a call decoded from its very bytes. Out: [`Judged`]: judged whole, then without the bulk. Must not decode.

use super::Judged;
use crate::domain::call::{Call, Node};
use crate::domain::{danger, ids::to_hex};

/// Longest bytes kept of an argument.
const MAX_BYTES: usize = 128;
/// Longest text kept of an argument, in characters.
const MAX_TEXT: usize = 256;
/// Most parts kept of a call.
const MAX_PARTS: usize = 2_000;
/// Longest call whose bytes are kept.
pub const MAX_CALL: usize = 4_096;

impl Judged {
    /// Judges a call and keeps what a person can read of it.
    #[must_use]
    pub fn of(mut call: Call, bytes: &[u8]) -> Self {
        let danger = danger::judge(&call);
        let mut parts = 0;
        trim(&mut call, &mut parts);
        let bytes = if bytes.len() <= MAX_CALL { bytes.to_vec() } else { Vec::new() };
        Self { call, danger, bytes }
    }
}

fn trim(call: &mut Call, parts: &mut usize) {
    call.args.iter_mut().for_each(|(_, node)| trim_node(node, parts));
}

fn trim_node(node: &mut Node, parts: &mut usize) {
    *parts = parts.saturating_add(1);
    match node {
        Node::Bytes(bytes) if bytes.len() > MAX_BYTES => {
            let (head, _) = bytes.split_at(32.min(bytes.len()));
            *node = Node::Text(format!("{}… ({} bytes)", to_hex(head), bytes.len()));
        }
        Node::Text(text) if text.len() > MAX_TEXT => {
            *text = text.chars().take(MAX_TEXT).chain(['…']).collect();
        }
        Node::List(items) => {
            let room = MAX_PARTS.saturating_sub(*parts);
            if items.len() > room {
                let left_out = items.len() - room;
                items.truncate(room);
                items.push(Node::Text(format!("… and {left_out} more")));
            }
            items.iter_mut().for_each(|item| trim_node(item, parts));
        }
        Node::Fields(fields) | Node::Variant(_, fields) => {
            fields.iter_mut().for_each(|(_, item)| trim_node(item, parts));
        }
        Node::Call(call) => trim(call, parts),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::danger::Class;

    #[test]
    fn a_blob_is_judged_whole_and_kept_short() {
        let code = Node::Bytes(vec![7; 2_000_000]);
        let call = Call {
            pallet: "System".to_owned(),
            name: "set_code".to_owned(),
            args: vec![("code".to_owned(), code)],
        };
        let judged = Judged::of(call, &[0; 2_000_002]);
        assert_eq!(judged.danger.class, Class::Red);
        assert!(judged.bytes.is_empty());
        assert!(serde_json::to_string(&judged).unwrap().len() < 1_000);
    }

    #[test]
    fn ten_thousand_calls_are_kept_as_two_thousand() {
        let one =
            || Node::Call(Box::new(Call { pallet: "System".into(), name: "remark".into(), args: vec![] }));
        let calls = Node::List((0..10_000).map(|_| one()).collect());
        let args = vec![("calls".to_owned(), calls)];
        let judged = Judged::of(Call { pallet: "Utility".into(), name: "batch".into(), args }, &[]);
        assert!(judged.call.inner().len() < MAX_PARTS);
    }
}
