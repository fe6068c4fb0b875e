//! Values as JSON and as short text.
//!
//! In: a [`Node`]. Out: what a person or a program reads. Accounts are SS58 where the prefix is known; numbers that a program
//! could cut are text.

use crate::domain::Clean;
use crate::domain::call::{Call, Node};
use crate::domain::ids::to_hex;
use serde_json::{Map, Value, json};

/// Largest number that every reader of JSON keeps.
const SAFE: u128 = 1 << 53;

/// The value as JSON. A variant is its name, or an object with its name; a call is `{call, args}`.
#[must_use]
pub fn json(node: &Node, prefix: Option<u16>) -> Value {
    let object = |fields: &[(String, Node)]| -> Value {
        Value::Object(fields.iter().map(|(n, v)| (n.clone(), json(v, prefix))).collect::<Map<_, _>>())
    };
    match node {
        Node::Number(n) => match u64::try_from(*n) {
            Ok(small) if *n < SAFE => json!(small),
            _ => json!(n.to_string()),
        },
        Node::Negative(n) => match i64::try_from(*n) {
            Ok(small) => json!(small),
            Err(_) => json!(n.to_string()),
        },
        Node::Bool(yes) => json!(yes),
        Node::Text(text) => json!(Clean::of(text)),
        Node::Bytes(bytes) => json!(to_hex(bytes)),
        Node::Account(account) => json!(prefix.map_or_else(|| account.to_string(), |p| account.ss58(p))),
        Node::List(items) => Value::Array(items.iter().map(|item| json(item, prefix)).collect()),
        Node::Fields(fields) => object(fields),
        Node::Variant(name, fields) => match fields.as_slice() {
            [] => json!(name),
            [(field, inner)] if field == "0" && name == "Some" => json(inner, prefix),
            [(field, inner)] if field == "0" => json!({ name: json(inner, prefix) }),
            fields => json!({ name: object(fields) }),
        },
        Node::Call(call) => decoded(call, prefix),
        Node::Nothing => Value::Null,
    }
}

/// A call as JSON.
#[must_use]
pub fn decoded(call: &Call, prefix: Option<u16>) -> Value {
    json!({ "call": call.path(), "args": args(call, prefix) })
}

/// The arguments of a call as JSON.
#[must_use]
pub fn args(call: &Call, prefix: Option<u16>) -> Value {
    Value::Object(call.args.iter().map(|(n, v)| (n.clone(), json(v, prefix))).collect())
}

/// JSON on one line of at most `most` characters; bytes are cut in their middle and say how many there are.
#[must_use]
pub fn short(value: &Value, most: usize) -> String {
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.starts_with("0x") && text.len() > 66 => long_hex(text),
        Value::String(text) => text.clone(),
        other => abbreviated(other, 0).to_string().replace('"', "").replace(',', ", "),
    };
    cut(&text, most)
}

fn long_hex(text: &str) -> String {
    let head: String = text.chars().take(14).collect();
    let tail: String = text.chars().skip(text.chars().count().saturating_sub(8)).collect();
    format!("{head}…{tail} ({} bytes)", (text.len() - 2) / 2)
}

fn abbreviated(value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) if text.starts_with("0x") && text.len() > 66 => Value::String(long_hex(text)),
        Value::Array(items) if items.len() > 8 || depth > 4 => {
            Value::String(format!("{} items", items.len()))
        }
        Value::Array(items) => Value::Array(items.iter().map(|i| abbreviated(i, depth + 1)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(n, v)| (n.clone(), abbreviated(v, depth + 1))).collect())
        }
        other => other.clone(),
    }
}

/// Planck as tokens, `0.0028383847 PAS`.
#[must_use]
pub fn amount(planck: u128, symbol: &str, decimals: u8) -> String {
    let places = usize::from(decimals);
    let digits = format!("{planck:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at_checked(digits.len().saturating_sub(places)).unwrap_or((&digits, ""));
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    format!("{whole}{point}{part} {symbol}")
}

/// At most `most` characters, the last of them `…` where something is left out.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// Words behind `first`, further lines indented as far, at most `width` wide; a word that is too long stands whole.
#[must_use]
pub fn wrap(first: &str, words: &str, width: usize) -> Vec<String> {
    let indent = first.chars().count();
    let mut out = Vec::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in words.split_whitespace().map(|word| Clean::of(word).to_string()) {
        let wide = line.chars().count() + usize::from(!empty) + word.chars().count();
        if !empty && wide > width {
            out.push(std::mem::replace(&mut line, " ".repeat(indent)));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(&word);
        empty = false;
    }
    out.push(line);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_text_and_variants_are_told_by_their_names() {
        let alice = Node::Account(crate::domain::AccountId([7; 32]));
        let task = Node::Variant("Task".to_owned(), vec![("0".to_owned(), Node::Number(5))]);
        let node = Node::Fields(vec![
            ("a".to_owned(), Node::Number(u128::MAX)),
            ("b".to_owned(), Node::List(vec![task, Node::Variant("Idle".to_owned(), vec![])])),
            ("c".to_owned(), alice),
        ]);
        let shown = json(&node, Some(42));
        assert_eq!(shown["a"], "340282366920938463463374607431768211455");
        assert_eq!(shown["b"], json!([{ "Task": 5 }, "Idle"]));
        assert!(shown["c"].as_str().unwrap().starts_with('5'));
    }

    #[test]
    fn long_bytes_are_cut_and_say_how_long_they_are() {
        let long = json(&Node::Bytes(vec![0xab; 2_000_000]), None);
        assert_eq!(short(&long, 60), "0xabababababab…abababab (2000000 bytes)");
        assert_eq!(short(&Value::Null, 60), "none");
        assert_eq!(short(&json!([1, 2]), 60), "[1, 2]");
        assert_eq!(short(&json!("abcdef"), 4), "abc…");
        assert_eq!(amount(28_383_847, "PAS", 10), "0.0028383847 PAS");
        assert_eq!((amount(50_000_000_000, "PAS", 10), amount(7, "X", 0)), ("5 PAS".into(), "7 X".into()));
    }
}
