//! Values of the chain as values of expressions, and back.
//!
//! In: a [`Node`]. Out: a CEL value, bounded. Numbers that an `int` cannot hold, and balances, are [`Planck`]: opaque, so that
//! no operator calculates with them by mistake.

use crate::domain::call::Node;
use cel::Value;
use cel::objects::{Key, Map, Opaque};
use std::collections::HashMap;
use std::sync::Arc;

/// Most items of a list that an expression looks at.
const MAX_ITEMS: usize = 2_000;
/// Deepest value.
const MAX_DEPTH: usize = 32;

/// Fields whose numbers are planck wherever they stand.
pub const BALANCE_FIELDS: [&str; 9] = [
    "free",
    "reserved",
    "frozen",
    "deposit",
    "amount",
    "sender_deposit",
    "recipient_deposit",
    "issuance",
    "credit",
];

/// An amount in the smallest unit, or a number that `int` cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planck(pub u128);

impl Opaque for Planck {
    fn runtime_type_name(&self) -> &str {
        "planck"
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(serde_json::Value::String(self.0.to_string()))
    }
}

impl From<Planck> for Value {
    fn from(amount: Planck) -> Self {
        Self::Opaque(Arc::new(amount))
    }
}

/// The value as expressions see it; with `balance` its numbers are planck.
///
/// # Errors
/// It is too long or too deep for an expression.
pub fn to_cel(node: &Node, balance: bool) -> Result<Value, String> {
    cel(node, balance, 0)
}

fn cel(node: &Node, balance: bool, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it is nested deeper than {MAX_DEPTH}"));
    }
    let next = depth + 1;
    Ok(match node {
        Node::Number(n) => match i64::try_from(*n) {
            Ok(n) if !balance => Value::Int(n),
            _ => Planck(*n).into(),
        },
        Node::Negative(n) => Value::Int(i64::try_from(*n).map_err(|_| "a number below int".to_owned())?),
        Node::Bool(yes) => Value::Bool(*yes),
        Node::Text(text) => Value::String(Arc::new(text.clone())),
        Node::Bytes(bytes) => Value::Bytes(Arc::new(bytes.clone())),
        Node::Account(account) => Value::Bytes(Arc::new(account.0.to_vec())),
        Node::List(items) if items.len() > MAX_ITEMS => {
            return Err(format!(
                "a list of {} items, more than the {MAX_ITEMS} that a check looks at",
                items.len()
            ));
        }
        Node::List(items) => {
            let items: Result<Vec<Value>, String> =
                items.iter().map(|item| cel(item, balance, next)).collect();
            Value::List(Arc::new(items?))
        }
        Node::Fields(fields) => map(fields, balance, next)?,
        Node::Variant(name, fields) => match fields.as_slice() {
            [] => Value::String(Arc::new(name.clone())),
            [(field, inner)] if field == "0" && name == "Some" => cel(inner, balance, next)?,
            [(field, inner)] if field == "0" => one(name, cel(inner, balance, next)?),
            fields => one(name, map(fields, balance, next)?),
        },
        Node::Call(call) => {
            let args = map(&call.args, balance, next)?;
            let call = Value::String(Arc::new(call.path()));
            let entries = HashMap::from([(key("call"), call), (key("args"), args)]);
            Value::Map(Map { map: Arc::new(entries) })
        }
        Node::Nothing => Value::Null,
    })
}

fn key(name: &str) -> Key {
    Key::String(Arc::new(name.to_owned()))
}

fn one(name: &str, value: Value) -> Value {
    Value::Map(Map { map: Arc::new(HashMap::from([(key(name), value)])) })
}

fn map(fields: &[(String, Node)], balance: bool, depth: usize) -> Result<Value, String> {
    let mut entries = HashMap::with_capacity(fields.len());
    for (name, node) in fields {
        let balance = balance || BALANCE_FIELDS.contains(&name.as_str());
        entries.insert(key(name), cel(node, balance, depth)?);
    }
    Ok(Value::Map(Map { map: Arc::new(entries) }))
}

/// A value of an expression as an argument.
///
/// # Errors
/// It is no kind of value that arguments have.
pub fn of_cel(value: &Value) -> Result<Node, String> {
    Ok(match value {
        Value::Int(n) => u128::try_from(*n).map_or(Node::Negative(i128::from(*n)), Node::Number),
        Value::UInt(n) => Node::Number(u128::from(*n)),
        Value::Bool(yes) => Node::Bool(*yes),
        Value::String(text) => Node::Text(text.as_ref().clone()),
        Value::Bytes(bytes) => Node::Bytes(bytes.as_ref().clone()),
        Value::Null => Node::Nothing,
        Value::List(items) => Node::List(items.iter().map(of_cel).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let mut fields: Vec<(String, Node)> = map
                .map
                .iter()
                .map(|(k, v)| Ok((k.to_string(), of_cel(v)?)))
                .collect::<Result<_, String>>()?;
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Node::Fields(fields)
        }
        Value::Opaque(inner) => match inner.downcast_ref::<Planck>() {
            Some(amount) => Node::Number(amount.0),
            None => return Err("the expression gives a value that no call takes".to_owned()),
        },
        _ => return Err("the expression gives a value that no call takes".to_owned()),
    })
}
