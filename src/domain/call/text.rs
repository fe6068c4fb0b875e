//! A decoded value as one line of text.
//!
//! In: a [`Node`]. Out: a line; long bytes by their beginning and length. Must not know metadata.

use super::Node;
use crate::domain::ids::to_hex;
use std::fmt::Write as _;

/// Deepest nesting written.
const MAX_DEPTH: u8 = 12;

impl Node {
    /// The value as one line: `{ref_time: 5, proof_size: 0}`. Of bytes at most so many are written.
    #[must_use]
    pub fn text(&self, most: usize) -> String {
        let mut out = String::new();
        write_node(&mut out, self, (0, most));
        out
    }
}

fn write_all<'n>(
    out: &mut String,
    items: impl Iterator<Item = (Option<&'n str>, &'n Node)>,
    (depth, most): (u8, usize),
) {
    for (i, (name, inner)) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(name) = name {
            let _ = write!(out, "{name}: ");
        }
        write_node(out, inner, (depth + 1, most));
    }
}

fn write_node(out: &mut String, node: &Node, at: (u8, usize)) {
    if at.0 > MAX_DEPTH {
        out.push('…');
        return;
    }
    match node {
        Node::Number(n) => out.push_str(&n.to_string()),
        Node::Negative(n) => out.push_str(&n.to_string()),
        Node::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Node::Text(text) => out.push_str(text),
        Node::Bytes(bytes) if bytes.len() > at.1 => {
            let (head, _) = bytes.split_at(at.1);
            let _ = write!(out, "{}… ({} bytes)", to_hex(head), bytes.len());
        }
        Node::Bytes(bytes) => out.push_str(&to_hex(bytes)),
        Node::Account(account) => out.push_str(&account.to_string()),
        Node::List(items) => {
            out.push('[');
            write_all(out, items.iter().map(|n| (None, n)), at);
            out.push(']');
        }
        Node::Fields(fields) => {
            out.push('{');
            write_all(out, fields.iter().map(|(name, n)| (Some(name.as_str()), n)), at);
            out.push('}');
        }
        Node::Variant(name, fields) => {
            out.push_str(name);
            if !fields.is_empty() {
                let plain = |name: &str| name.parse::<u8>().is_ok();
                out.push('(');
                let named = |name: &'_ str| !plain(name);
                write_all(
                    out,
                    fields.iter().map(|(name, n)| (Some(name.as_str()).filter(|n| named(n)), n)),
                    at,
                );
                out.push(')');
            }
        }
        Node::Call(call) => {
            let _ = write!(out, "{}(…)", call.path());
        }
        Node::Nothing => out.push_str("none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_people_write_it_and_long_bytes_are_cut() {
        let fields = vec![("at".to_owned(), Node::Number(5)), ("to".to_owned(), Node::Bytes(vec![1; 40]))];
        let node = Node::Variant("Some".to_owned(), vec![("0".to_owned(), Node::Fields(fields))]);
        assert_eq!(node.text(2), "Some({at: 5, to: 0x0101… (40 bytes)})");
        assert!(!node.text(usize::MAX).contains('…'));
    }
}
