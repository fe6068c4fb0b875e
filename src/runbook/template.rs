//! Templates: values of calls, keys and arguments with parameters, reads and expressions in them.
//!
//! In: TOML as it stands in a recipe. Out: a [`Template`] that knows what it mentions; with values and metadata a [`Node`]. What
//! each form means is written in [`super`]. Must not do I/O.

use super::expr::{Expr, Failed, Scope, Slot, is_name};
use super::params;
use crate::codec::Runtime;
use crate::domain::call::{Call, Node};
use std::collections::BTreeSet;
use toml::Value;

/// A template.
#[derive(Debug)]
pub enum Template {
    /// Always the same.
    Plain(Node),
    /// The value of a parameter or read, exactly.
    Name(String),
    /// The value of an expression.
    Expr(Box<Expr>),
    /// Text with values in it.
    Text(Vec<Part>),
    /// A list.
    List(Vec<Template>),
    /// Fields, or one variant.
    Fields(Vec<(String, Template)>),
    /// A call inside the call.
    Call(Box<CallTemplate>),
    /// A storage key as bytes.
    Key(String, Vec<Template>),
    /// A value as it is stored.
    Stored(String, Box<Template>),
    /// The bytes of a call, of another chain where one is named.
    Encoded(Box<Template>, Option<Box<Template>>),
}

/// A piece of a text.
#[derive(Debug)]
pub enum Part {
    /// As it stands.
    Plain(String),
    /// A value.
    Value(Template),
}

/// A call with templates.
#[derive(Debug)]
pub struct CallTemplate {
    /// `Pallet.name`, or what gives a call.
    pub path: Template,
    /// The arguments.
    pub args: Vec<(String, Template)>,
}

/// Metadata by a chain's id; none names the recipe's own.
pub type RuntimeOf<'a> = dyn Fn(Option<&str>) -> Option<&'a Runtime> + 'a;

/// What templates are filled with.
pub struct Filling<'a> {
    /// Parameters and reads.
    pub scope: &'a Scope,
    /// Metadata, for keys and encoded calls.
    pub runtime: &'a RuntimeOf<'a>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// One sentence.
    pub fn parse(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Self::of_text(text),
            Value::Integer(n) => {
                Ok(Self::Plain(u128::try_from(*n).map_or(Node::Negative(i128::from(*n)), Node::Number)))
            }
            Value::Boolean(yes) => Ok(Self::Plain(Node::Bool(*yes))),
            Value::Float(_) | Value::Datetime(_) => Err("no call takes a fraction or a date".to_owned()),
            Value::Array(items) => items.iter().map(Self::parse).collect::<Result<_, _>>().map(Self::List),
            Value::Table(table) => Self::of_table(table),
        }
    }

    /// Reads a text as a template.
    ///
    /// # Errors
    /// An expression in it is wrong, or a brace is not closed.
    pub fn of_text(text: &str) -> Result<Self, String> {
        let parts = split(text)?;
        match parts.as_slice() {
            [] => Ok(Self::Plain(Node::Text(String::new()))),
            [Piece::Plain(plain)] => Ok(Self::Plain(Node::Text(plain.clone()))),
            [Piece::Inner(inner)] => Self::of_expr(inner),
            parts => parts
                .iter()
                .map(|piece| match piece {
                    Piece::Plain(plain) => Ok(Part::Plain(plain.clone())),
                    Piece::Inner(inner) => Self::of_expr(inner).map(Part::Value),
                })
                .collect::<Result<_, _>>()
                .map(Self::Text),
        }
    }

    fn of_expr(inner: &str) -> Result<Self, String> {
        if is_name(inner.trim()) {
            return Ok(Self::Name(inner.trim().to_owned()));
        }
        Expr::compile(inner).map(|expr| Self::Expr(Box::new(expr)))
    }

    fn of_table(table: &toml::Table) -> Result<Self, String> {
        let keys: BTreeSet<&str> = table.keys().map(String::as_str).collect();
        let only = |names: &[&str]| keys.iter().all(|k| names.contains(k));
        let item = |name: &str| match table.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(format!("'{name}' must be a text like Pallet.Item")),
        };
        let list = |name: &str| match table.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(Self::parse).collect(),
            Some(_) => Err(format!("'{name}' must be a list")),
        };
        let text_or_none = |name: &str| match table.get(name) {
            Some(Value::String(text)) => Self::of_text(text).map(Box::new).map(Some),
            Some(_) => Err(format!("'{name}' must be a text")),
            None => Ok(None),
        };
        if keys.contains("call") && only(&["call", "args"]) {
            let args = match table.get("args") {
                None => Vec::new(),
                Some(Value::Table(args)) => fields(args)?,
                Some(_) => return Err("'args' must be a table of arguments".to_owned()),
            };
            return Ok(Self::Call(Box::new(CallTemplate { path: Self::of_text(&item("call")?)?, args })));
        }
        if keys.contains("storage_key") && only(&["storage_key", "keys"]) {
            return Ok(Self::Key(item("storage_key")?, list("keys")?));
        }
        if let (Some(value), true) = (table.get("value"), keys.contains("storage_value")) {
            return Ok(Self::Stored(item("storage_value")?, Box::new(Self::parse(value)?)));
        }
        if let (Some(inner), true) = (table.get("encoded"), only(&["encoded", "chain"])) {
            return Ok(Self::Encoded(Box::new(Self::parse(inner)?), text_or_none("chain")?));
        }
        fields(table).map(Self::Fields)
    }

    /// Everything it mentions.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.each(&mut |part| match part {
            Self::Name(name) => drop(names.insert(name.clone())),
            Self::Expr(expr) => names.extend(expr.uses().names.iter().cloned()),
            _ => {}
        });
        names
    }

    /// Calls `look` with this template and every part of it.
    pub fn each<'t>(&'t self, look: &mut dyn FnMut(&'t Self)) {
        look(self);
        match self {
            Self::Plain(_) | Self::Name(_) | Self::Expr(_) => {}
            Self::Text(parts) => {
                for part in parts {
                    if let Part::Value(value) = part {
                        value.each(look);
                    }
                }
            }
            Self::List(items) | Self::Key(_, items) => items.iter().for_each(|item| item.each(look)),
            Self::Fields(fields) => fields.iter().for_each(|(_, item)| item.each(look)),
            Self::Call(call) => {
                call.path.each(look);
                call.args.iter().for_each(|(_, item)| item.each(look));
            }
            Self::Stored(_, inner) => inner.each(look),
            Self::Encoded(inner, chain) => {
                inner.each(look);
                chain.iter().for_each(|chain| chain.each(look));
            }
        }
    }

    /// The value.
    ///
    /// # Errors
    /// Something it mentions is unknown, or does not fit the metadata.
    pub fn fill(&self, with: &Filling<'_>) -> Result<Node, Failed> {
        let failed = |why: String| Failed { why, absent: false };
        match self {
            Self::Plain(node) => Ok(node.clone()),
            Self::Name(name) => match with.scope.slots.get(name) {
                Some(Slot::Known { node, .. }) => Ok(node.clone()),
                Some(Slot::Unknown(why)) => Err(failed(format!("'{name}' was not read: {why}"))),
                None => Err(failed(format!("'{name}' is not known"))),
            },
            Self::Expr(expr) => expr.value(with.scope),
            Self::Text(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Plain(plain) => out.push_str(plain),
                        Part::Value(value) => out.push_str(&params::to_text(&value.fill(with)?)),
                    }
                }
                Ok(Node::Text(out))
            }
            Self::List(items) => {
                items.iter().map(|item| item.fill(with)).collect::<Result<_, _>>().map(Node::List)
            }
            Self::Fields(fields) => {
                let filled = fields.iter().map(|(name, item)| Ok((name.clone(), item.fill(with)?)));
                filled.collect::<Result<_, Failed>>().map(Node::Fields)
            }
            Self::Call(call) => call.fill(with).map(|call| Node::Call(Box::new(call))),
            Self::Key(item, keys) => {
                let keys: Vec<Node> = keys.iter().map(|key| key.fill(with)).collect::<Result<_, _>>()?;
                let (pallet, item) = dotted(item).map_err(failed)?;
                let runtime =
                    (with.runtime)(None).ok_or_else(|| failed("the chain was not read".to_owned()))?;
                runtime.storage_key(pallet, item, &keys).map(Node::Bytes).map_err(|e| failed(e.to_string()))
            }
            Self::Stored(item, value) => {
                let value = value.fill(with)?;
                let (pallet, item) = dotted(item).map_err(failed)?;
                let runtime =
                    (with.runtime)(None).ok_or_else(|| failed("the chain was not read".to_owned()))?;
                runtime
                    .storage_value(pallet, item, &value)
                    .map(Node::Bytes)
                    .map_err(|e| failed(e.to_string()))
            }
            Self::Encoded(inner, chain) => {
                let chain = chain
                    .as_ref()
                    .map(|chain| chain.fill(with).map(|node| params::to_text(&node)))
                    .transpose()?;
                let Node::Call(call) = inner.fill(with)? else {
                    return Err(failed("only a call can be encoded".to_owned()));
                };
                let runtime = (with.runtime)(chain.as_deref()).ok_or_else(|| {
                    failed(format!("{} was not read", chain.as_deref().unwrap_or("the chain")))
                })?;
                runtime.encode_call(&call).map(Node::Bytes).map_err(|e| failed(e.to_string()))
            }
        }
    }

    /// The value as text.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn text(&self, with: &Filling<'_>) -> Result<String, Failed> {
        self.fill(with).map(|node| params::to_text(&node))
    }
}

impl CallTemplate {
    /// The call.
    ///
    /// # Errors
    /// As [`Template::fill`]; or the path is no `Pallet.name`.
    pub fn fill(&self, with: &Filling<'_>) -> Result<Call, Failed> {
        let failed = |why: String| Failed { why, absent: false };
        let path = match self.path.fill(with)? {
            Node::Call(call) => return Ok(*call),
            Node::Text(path) => path,
            other => return Err(failed(format!("{} is no call", params::to_text(&other)))),
        };
        let (pallet, name) = dotted(&path).map_err(failed)?;
        let args = self.args.iter().map(|(name, arg)| Ok((name.clone(), arg.fill(with)?)));
        Ok(Call {
            pallet: pallet.to_owned(),
            name: name.to_owned(),
            args: args.collect::<Result<_, Failed>>()?,
        })
    }
}

fn fields(table: &toml::Table) -> Result<Vec<(String, Template)>, String> {
    table.iter().map(|(name, value)| Ok((name.clone(), Template::parse(value)?))).collect()
}

/// `Pallet.Item` in its two parts.
///
/// # Errors
/// It has not two.
pub fn dotted(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('.') {
        Some((pallet, item)) if !pallet.is_empty() && !item.is_empty() && !item.contains('.') => {
            Ok((pallet, item))
        }
        _ => Err(format!(
            "'{}' names nothing; expected Pallet.name",
            text.chars().take(60).collect::<String>()
        )),
    }
}

enum Piece {
    Plain(String),
    Inner(String),
}

/// Cuts a text at `{…}`; `{{` and `}}` are braces, and braces inside an expression count.
fn split(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                plain.push(c);
                chars.next();
            }
            '}' => return Err("a '}' without its '{'; write }} for a brace".to_owned()),
            '{' => {
                let mut inner = String::new();
                let mut depth = 1_usize;
                for c in chars.by_ref() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    inner.push(c);
                }
                if depth > 0 {
                    return Err("a '{' without its '}'; write {{ for a brace".to_owned());
                }
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Inner(inner));
            }
            c => plain.push(c),
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(toml: &str) -> Result<Node, String> {
        let table: toml::Table = toml::from_str(&format!("x = {toml}")).unwrap();
        let mut scope = Scope::default();
        let mut put = |name: &str, node| scope.slots.insert(name.to_owned(), Slot::given(node));
        put("para", Node::Number(2_000));
        put("head", Node::Bytes(vec![1, 2]));
        put("whole", Node::Number(u128::MAX));
        let with = Filling { scope: &scope, runtime: &|_| None };
        Template::parse(&table["x"])?.fill(&with).map_err(|failed| failed.why)
    }

    #[test]
    fn a_template_is_filled_with_exact_values() {
        assert_eq!(filled("\"{para}\""), Ok(Node::Number(2_000)));
        assert_eq!(filled("\"{whole}\""), Ok(Node::Number(u128::MAX)), "not cut by an expression");
        assert_eq!(filled("\"{para + 1}\""), Ok(Node::Number(2_001)));
        assert_eq!(filled("\"{null}\""), Ok(Node::Nothing));
        assert_eq!(
            filled("\"para {para} has {head} {{x}}\""),
            Ok(Node::Text("para 2000 has 0x0102 {x}".to_owned()))
        );
        assert_eq!(
            filled("[[{ Task = \"{para}\" }, 57600]]"),
            Ok(Node::of_json(&json!([[{ "Task": 2000 }, 57600]])))
        );
        assert_eq!(filled("\"{ {'a': para}.a }\""), Ok(Node::Number(2_000)), "braces inside an expression");
        let Ok(Node::Call(call)) = filled("{ call = \"System.remark\", args = { remark = \"{head}\" } }")
        else {
            panic!("a call")
        };
        assert_eq!(
            (call.path().as_str(), call.arg("remark")),
            ("System.remark", Some(&Node::Bytes(vec![1, 2])))
        );
    }

    #[test]
    fn what_cannot_be_filled_says_why() {
        assert_eq!(filled("\"{gone}\""), Err("'gone' is not known".to_owned()));
        assert_eq!(filled("\"{para\""), Err("a '{' without its '}'; write {{ for a brace".to_owned()));
        assert!(filled("\"{para +}\"").unwrap_err().contains("no CEL expression"));
        assert_eq!(filled("1.5"), Err("no call takes a fraction or a date".to_owned()));
        assert_eq!(
            filled("{ call = \"Sudo\", args = {} }"),
            Err("'Sudo' names nothing; expected Pallet.name".to_owned())
        );
    }

    #[test]
    fn a_template_knows_what_it_mentions() {
        let names = |toml: &str| {
            let table: toml::Table = toml::from_str(&format!("x = {toml}")).unwrap();
            Template::parse(&table["x"]).unwrap().names().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(names("[\"{a}\", { b = \"x {c} {d + e}\" }]"), ["a", "c", "d", "e"]);
        assert_eq!(
            names("{ encoded = { call = \"P.c\", args = { x = \"{f}\" } }, chain = \"{g}\" }"),
            ["f", "g"]
        );
    }
}
