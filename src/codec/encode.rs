//! Arguments into bytes, led by the type that the metadata gives.
//!
//! In: a [`Node`] as a person, a recipe or a decoder wrote it. Out: SCALE bytes, or where it does not fit and what was
//! expected there. Nothing is guessed: what is missing, left over, or out of range is refused. Must not do I/O.

use super::shape::{self, Fields, Shape, VariantShape};
use crate::domain::AccountId;
use crate::domain::call::{Call, Node};
use crate::domain::ids::hex_bytes;
use codec::{Compact, Encode};
use subxt::ext::scale_type_resolver::{Primitive, TypeResolver};

/// Deepest nesting that is encoded.
const MAX_DEPTH: u32 = 64;

/// An argument that does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {found} where {expected} is expected")]
pub struct ArgError {
    /// Which argument, and where in it: `assignment.0.1`.
    pub place: String,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
}

/// Writes a call inside a call.
pub(super) type PutCall<'r> = dyn Fn(&Call, &mut Vec<u8>) -> Result<(), ArgError> + 'r;

/// Writes values of types of one registry.
pub(super) struct Encoder<'r, R> {
    pub(super) types: &'r R,
    /// The type of a call, where calls stand inside calls.
    pub(super) call_type: u32,
    /// Writes a call.
    pub(super) call: &'r PutCall<'r>,
}

impl<R: TypeResolver<TypeId = u32>> Encoder<'_, R> {
    /// Writes `node` as `type_id`.
    pub(super) fn put(
        &self,
        node: &Node,
        type_id: u32,
        (place, depth): (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        if depth > MAX_DEPTH {
            return Err(bad(place, "a value nested deeper than 64 levels", "less"));
        }
        if let (Node::Call(call), true) = (node, type_id == self.call_type) {
            return (self.call)(call, out);
        }
        let Some(shape) = shape::of(self.types, type_id) else {
            return Err(bad(place, &words(node), "a type that the metadata knows"));
        };
        let next = depth + 1;
        match shape {
            Shape::Fields(path, fields) => self.fields_of(node, (&path, fields), (place, next), out),
            Shape::Variants(path, variants) => self.variant(node, (&path, variants), (place, next), out),
            Shape::List(item) => self.list(node, item, (place, next), out),
            Shape::Array(item, len) => self.array(node, (item, len), (place, next), out),
            Shape::Tuple(items) => {
                let fields = items.into_iter().map(|id| (None, id)).collect();
                self.members(node, fields, (place, next), out)
            }
            Shape::Primitive(primitive) => put_primitive(node, primitive, place, out),
            Shape::Compact(inner) => {
                let n = number(node, place, "a number")?;
                if n > self.most(inner, 0) {
                    return Err(bad(place, &n.to_string(), "a smaller number"));
                }
                Compact(n).encode_to(out);
                Ok(())
            }
            Shape::Bits(true) => put_bits(node, place, out),
            Shape::Bits(false) => Err(bad(place, &words(node), "a type that can be written here")),
        }
    }

    /// The largest number that fits a compact type.
    fn most(&self, type_id: u32, depth: u32) -> u128 {
        match shape::of(self.types, type_id) {
            Some(Shape::Primitive(p)) => largest(p).unwrap_or(u128::MAX),
            Some(Shape::Fields(_, fields)) if depth < MAX_DEPTH => {
                fields.first().map_or(0, |(_, id)| self.most(*id, depth + 1))
            }
            _ => 0,
        }
    }

    fn fields_of(
        &self,
        node: &Node,
        (path, fields): (&str, Fields),
        at: (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        if path == "AccountId32" {
            out.extend_from_slice(&account(node, at.0)?.0);
            return Ok(());
        }
        // A wrapper of one field (ParaId, H256, BoundedVec) is written as what it wraps.
        if let [(name, inner)] = fields.as_slice() {
            let wrapped = match (node, name) {
                (Node::Fields(given), Some(name)) if given.len() == 1 => {
                    given.iter().find(|(n, _)| n == name).map(|(_, node)| node)
                }
                _ => None,
            };
            return self.put(wrapped.unwrap_or(node), *inner, at, out);
        }
        self.members(node, fields, at, out)
    }

    /// Fields by name, or by place where they have no names.
    fn members(
        &self,
        node: &Node,
        fields: Fields,
        (place, depth): (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        let names: Vec<String> =
            fields.iter().enumerate().map(|(i, (n, _))| n.clone().unwrap_or_else(|| i.to_string())).collect();
        let one_inside =
            |given: &[(String, Node)]| names.len() == 1 && given.iter().all(|(n, _)| !names.contains(n));
        let given: Vec<(&str, &Node)> = match node {
            // `{"V5": {"parents": 1, …}}`: the only field of the variant is a structure.
            Node::Fields(given) if !given.is_empty() && one_inside(given) => {
                names.iter().map(String::as_str).zip([node]).collect()
            }
            Node::Fields(given) => given.iter().map(|(n, node)| (n.as_str(), node)).collect(),
            Node::List(items) if items.len() == names.len() && names.len() != 1 => {
                names.iter().map(String::as_str).zip(items).collect()
            }
            Node::Nothing if names.is_empty() => Vec::new(),
            other if names.len() == 1 => names.iter().map(String::as_str).zip([other]).collect(),
            other => {
                return Err(bad(place, &words(other), &format!("the fields {}", names.join(", "))));
            }
        };
        if let Some((name, _)) = given.iter().find(|(n, _)| !names.iter().any(|name| name == n)) {
            let wanted = format!("one of the fields {}", names.join(", "));
            return Err(bad(place, &format!("the field '{name}'"), &wanted));
        }
        for (name, (_, type_id)) in names.iter().zip(fields) {
            let here = format!("{place}.{name}");
            match given.iter().find(|(n, _)| n == name) {
                Some((_, node)) => self.put(node, type_id, (&here, depth), out)?,
                None => return Err(bad(&here, "nothing", "a value")),
            }
        }
        Ok(())
    }

    fn variant(
        &self,
        node: &Node,
        (path, variants): (&str, Vec<VariantShape>),
        at: (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        if path == "Option" {
            return self.option(node, &variants, at, out);
        }
        if path == "MultiAddress"
            && let Ok(account) = account(node, at.0)
            && let Some(id) = variants.iter().find(|v| v.name == "Id")
        {
            out.push(id.index);
            out.extend_from_slice(&account.0);
            return Ok(());
        }
        let (name, given) = match node {
            Node::Text(name) => (name, Node::Fields(Vec::new())),
            Node::Variant(name, fields) => (name, Node::Fields(fields.clone())),
            Node::Fields(one) => match one.as_slice() {
                [(name, inner)] => (name, inner.clone()),
                _ => return Err(bad(at.0, &words(node), &one_of(&variants))),
            },
            other => return Err(bad(at.0, &words(other), &one_of(&variants))),
        };
        let Some(variant) = variants.iter().find(|v| &v.name == name) else {
            return Err(bad(at.0, &format!("'{name}'"), &one_of(&variants)));
        };
        out.push(variant.index);
        let place = format!("{}.{name}", at.0);
        self.members(&given, variant.fields.clone(), (&place, at.1), out)
    }

    fn option(
        &self,
        node: &Node,
        variants: &[VariantShape],
        (place, depth): (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        let some = match node {
            Node::Nothing => None,
            Node::Text(text) if text == "None" => None,
            Node::Variant(name, _) if name == "None" => None,
            Node::Variant(name, fields) if name == "Some" => fields.first().map(|(_, node)| node),
            other => Some(other),
        };
        let Some(node) = some else {
            out.push(0);
            return Ok(());
        };
        let inner = variants.iter().find(|v| v.name == "Some").and_then(|v| v.fields.first());
        let Some((_, type_id)) = inner else { return Err(bad(place, &words(node), "None")) };
        out.push(1);
        self.put(node, *type_id, (place, depth), out)
    }

    fn is_byte(&self, type_id: u32) -> bool {
        matches!(shape::of(self.types, type_id), Some(Shape::Primitive(Primitive::U8)))
    }

    fn list(
        &self,
        node: &Node,
        item: u32,
        (place, depth): (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        if self.is_byte(item) {
            let bytes = bytes(node, place)?;
            Compact(len32(bytes.len(), place)?).encode_to(out);
            out.extend_from_slice(&bytes);
            return Ok(());
        }
        let items = match node {
            Node::List(items) => items.as_slice(),
            Node::Nothing => &[],
            other => return Err(bad(place, &words(other), "a list")),
        };
        Compact(len32(items.len(), place)?).encode_to(out);
        for (i, node) in items.iter().enumerate() {
            self.put(node, item, (&format!("{place}.{i}"), depth), out)?;
        }
        Ok(())
    }

    fn array(
        &self,
        node: &Node,
        (item, len): (u32, usize),
        (place, depth): (&str, u32),
        out: &mut Vec<u8>,
    ) -> Result<(), ArgError> {
        if self.is_byte(item) {
            let bytes = bytes(node, place)?;
            if bytes.len() != len {
                return Err(bad(place, &format!("{} bytes", bytes.len()), &format!("{len} bytes")));
            }
            out.extend_from_slice(&bytes);
            return Ok(());
        }
        match node {
            Node::List(items) if items.len() == len => items
                .iter()
                .enumerate()
                .try_for_each(|(i, node)| self.put(node, item, (&format!("{place}.{i}"), depth), out)),
            other => Err(bad(place, &words(other), &format!("a list of {len}"))),
        }
    }
}

fn bad(place: &str, found: &str, expected: &str) -> ArgError {
    ArgError { place: place.to_owned(), found: found.to_owned(), expected: expected.to_owned() }
}

fn one_of(variants: &[VariantShape]) -> String {
    let mut names: Vec<&str> = variants.iter().map(|v| v.name.as_str()).take(12).collect();
    if variants.len() > names.len() {
        names.push("…");
    }
    format!("one of {}", names.join(", "))
}

/// What stands there, for a message.
fn words(node: &Node) -> String {
    match node {
        Node::Number(n) => n.to_string(),
        Node::Negative(n) => n.to_string(),
        Node::Bool(b) => b.to_string(),
        Node::Text(text) => format!("'{}'", text.chars().take(40).collect::<String>()),
        Node::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Node::Account(_) => "an account".to_owned(),
        Node::List(items) => format!("a list of {}", items.len()),
        Node::Fields(_) => "fields".to_owned(),
        Node::Variant(name, _) => format!("'{name}'"),
        Node::Call(call) => format!("the call {}", call.path()),
        Node::Nothing => "nothing".to_owned(),
    }
}

fn len32(len: usize, place: &str) -> Result<u32, ArgError> {
    u32::try_from(len).map_err(|_| bad(place, "more than 4 GB", "less"))
}

fn number(node: &Node, place: &str, expected: &str) -> Result<u128, ArgError> {
    match node {
        Node::Number(n) => Ok(*n),
        Node::Text(text) => {
            let digits: String = text.chars().filter(|c| !matches!(c, '_' | ' ' | '\u{2009}')).collect();
            digits.parse().map_err(|_| bad(place, &words(node), expected))
        }
        other => Err(bad(place, &words(other), expected)),
    }
}

fn account(node: &Node, place: &str) -> Result<AccountId, ArgError> {
    let expected = "an account: SS58 of any prefix, or 0x and 64 hex digits";
    match node {
        Node::Account(account) => Ok(*account),
        Node::Text(text) => text.parse().map_err(|_| bad(place, &words(node), expected)),
        Node::Bytes(bytes) => <[u8; 32]>::try_from(bytes.as_slice())
            .map(AccountId)
            .map_err(|_| bad(place, &words(node), expected)),
        other => Err(bad(place, &words(other), expected)),
    }
}

fn bytes(node: &Node, place: &str) -> Result<Vec<u8>, ArgError> {
    let expected = "bytes: 0x and an even number of hex digits";
    match node {
        Node::Bytes(bytes) => Ok(bytes.clone()),
        Node::Account(account) => Ok(account.0.to_vec()),
        Node::Text(text) if text.starts_with("0x") => {
            hex_bytes(text).ok_or_else(|| bad(place, &words(node), expected))
        }
        Node::List(items) => items
            .iter()
            .map(|item| match item {
                Node::Number(n) => u8::try_from(*n).map_err(|_| bad(place, &n.to_string(), "a byte")),
                other => Err(bad(place, &words(other), "a byte")),
            })
            .collect(),
        other => Err(bad(place, &words(other), expected)),
    }
}

/// A list of true and false as a bit sequence in bytes, lowest bit first.
fn put_bits(node: &Node, place: &str, out: &mut Vec<u8>) -> Result<(), ArgError> {
    let expected = "a list of true and false";
    let Node::List(items) = node else { return Err(bad(place, &words(node), expected)) };
    Compact(len32(items.len(), place)?).encode_to(out);
    for eight in items.chunks(8) {
        let mut byte = 0_u8;
        for (i, item) in eight.iter().enumerate() {
            let Node::Bool(bit) = item else { return Err(bad(place, &words(item), expected)) };
            byte |= u8::from(*bit) << i;
        }
        out.push(byte);
    }
    Ok(())
}

/// The largest value of an unsigned number.
fn largest(primitive: Primitive) -> Option<u128> {
    Some(match primitive {
        Primitive::U8 => u128::from(u8::MAX),
        Primitive::U16 => u128::from(u16::MAX),
        Primitive::U32 => u128::from(u32::MAX),
        Primitive::U64 => u128::from(u64::MAX),
        Primitive::U128 => u128::MAX,
        _ => return None,
    })
}

fn put_primitive(node: &Node, primitive: Primitive, place: &str, out: &mut Vec<u8>) -> Result<(), ArgError> {
    let width = match primitive {
        Primitive::U8 | Primitive::I8 => 1,
        Primitive::U16 | Primitive::I16 => 2,
        Primitive::U32 | Primitive::I32 => 4,
        Primitive::U64 | Primitive::I64 => 8,
        Primitive::U128 | Primitive::I128 => 16,
        Primitive::Bool => {
            let value = match node {
                Node::Bool(b) => *b,
                Node::Text(text) if text == "true" || text == "false" => text == "true",
                other => return Err(bad(place, &words(other), "true or false")),
            };
            out.push(u8::from(value));
            return Ok(());
        }
        Primitive::Str => {
            let Node::Text(text) = node else { return Err(bad(place, &words(node), "text")) };
            text.encode_to(out);
            return Ok(());
        }
        Primitive::Char | Primitive::U256 | Primitive::I256 => {
            return Err(bad(place, &words(node), "a type that can be written here"));
        }
    };
    let bits = width * 8;
    let little_endian = if let Some(most) = largest(primitive) {
        let expected = format!("a number from 0 to {most}");
        let n = number(node, place, &expected)?;
        if n > most {
            return Err(bad(place, &n.to_string(), &expected));
        }
        n.to_le_bytes()
    } else {
        signed(node, bits, place)?.to_le_bytes()
    };
    out.extend(little_endian.iter().take(width));
    Ok(())
}

fn signed(node: &Node, bits: usize, place: &str) -> Result<i128, ArgError> {
    let expected = format!("a number of {bits} bits with a sign");
    let n = match node {
        Node::Negative(n) => Some(*n),
        Node::Number(n) => i128::try_from(*n).ok(),
        Node::Text(text) => text.parse().ok(),
        _ => None,
    };
    let most = i128::MAX >> (128_usize.saturating_sub(bits));
    n.filter(|n| (-most - 1..=most).contains(n)).ok_or_else(|| bad(place, &words(node), &expected))
}
