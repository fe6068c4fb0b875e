//! Calls as a tree: what a privileged call is, down to the last argument, and what it would touch.
//!
//! In: arguments of a plan, or the decoded bytes of a call. Out: plain values that can be encoded, shown and judged. Must
//! not know metadata: `codec` does.

mod text;

use super::AccountId;
use serde::{Deserialize, Serialize};

/// A value of a call's argument, by its shape. Encoding and decoding are each other's inverse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Node {
    /// A number of any width that is not negative.
    Number(u128),
    /// A number below zero.
    Negative(i128),
    /// True or false.
    Bool(bool),
    /// Text. As an argument also anything that is written as text: a number, hex, an address, the name of a variant.
    Text(String),
    /// Bytes: `Vec<u8>`, `[u8; n]`, hashes.
    Bytes(Vec<u8>),
    /// An account of 32 bytes.
    Account(AccountId),
    /// A list, an array or a tuple.
    List(Vec<Node>),
    /// The fields of a structure.
    Fields(Vec<(String, Node)>),
    /// A variant of an enumeration with its fields; unnamed fields are called `0`, `1`, ….
    Variant(String, Vec<(String, Node)>),
    /// A call inside the call.
    Call(Box<Call>),
    /// `None` of an option.
    Nothing,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The pallet as in the metadata.
    pub pallet: String,
    /// The call as in the metadata.
    pub name: String,
    /// The arguments in the order of the call, by name.
    pub args: Vec<(String, Node)>,
}

impl Call {
    /// An argument by name.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&Node> {
        self.args.iter().find(|(n, _)| n == name).map(|(_, node)| node)
    }

    /// `Paras.force_set_current_head`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.pallet, self.name)
    }

    /// The calls directly inside this one, in the order of the arguments.
    #[must_use]
    pub fn inner(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        self.args.iter().for_each(|(_, node)| node.calls(&mut found));
        found
    }

    /// This call and every call inside it, outermost first.
    #[must_use]
    pub fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for inner in self.inner() {
            all.extend(inner.all());
        }
        all
    }
}

impl Node {
    fn calls<'a>(&'a self, found: &mut Vec<&'a Call>) {
        match self {
            Self::Call(call) => found.push(call),
            Self::List(items) => items.iter().for_each(|item| item.calls(found)),
            Self::Fields(fields) | Self::Variant(_, fields) => {
                fields.iter().for_each(|(_, item)| item.calls(found));
            }
            _ => {}
        }
    }

    /// An argument as a person or a recipe writes it. Text stays text until the type is known; an object with one key
    /// names a variant, with several the fields of a structure.
    #[must_use]
    pub fn of_json(json: &serde_json::Value) -> Self {
        use serde_json::Value;
        match json {
            Value::Null => Self::Nothing,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => match (n.as_u64(), n.as_i64()) {
                (Some(n), _) => Self::Number(u128::from(n)),
                (None, Some(n)) => Self::Negative(i128::from(n)),
                (None, None) => Self::Text(n.to_string()),
            },
            Value::String(s) => Self::Text(s.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Value::Object(fields) => {
                Self::Fields(fields.iter().map(|(name, v)| (name.clone(), Self::of_json(v))).collect())
            }
        }
    }
}
