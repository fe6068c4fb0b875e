//! Dynamically decoded values: picking a field, reading a number, writing one line.
//!
//! In: a [`Value`]. Out: parts of it, or short text. Must not decode bytes.

use super::Value;
use crate::domain::ids::to_hex;
use scale_value::{Composite, Primitive, ValueDef};
use std::fmt::Write as _;

/// Longest line written, in bytes; what is cut shows as `…`.
const MAX_LINE: usize = 200;

/// The field of a composite or variant by name, or by position where the fields have no names.
#[must_use]
pub fn field<'v>(value: &'v Value, name: &str, position: usize) -> Option<&'v Value> {
    match &value.value {
        ValueDef::Composite(c) => field_of(c, name, position),
        ValueDef::Variant(v) => field_of(&v.values, name, position),
        _ => None,
    }
}

/// The field of a list of fields by name, or by position where they have no names.
pub(super) fn field_of<'v>(fields: &'v Composite<u32>, name: &str, position: usize) -> Option<&'v Value> {
    match fields {
        Composite::Named(named) => named.iter().find(|(n, _)| n == name).map(|(_, v)| v),
        Composite::Unnamed(values) => values.get(position),
    }
}

/// The number in a value, looking through wrappers of one field (`ParaId(2000)`).
#[must_use]
pub fn number(value: &Value) -> Option<u64> {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(n)) => u64::try_from(*n).ok(),
        ValueDef::Composite(c) if c.len() == 1 => c.values().next().and_then(number),
        _ => None,
    }
}

/// An amount of any width, looking through wrappers of one field.
#[must_use]
pub fn amount(value: &Value) -> Option<u128> {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(n)) => Some(*n),
        ValueDef::Composite(c) if c.len() == 1 => c.values().next().and_then(amount),
        _ => None,
    }
}

/// The fields of the variant of this name, here or anywhere inside; the first that comes, or the last one.
#[must_use]
pub fn inside<'v>(value: &'v Value, name: &str, last: bool) -> Option<&'v Value> {
    let fields = match &value.value {
        ValueDef::Variant(v) if v.name == name => return Some(value),
        ValueDef::Variant(v) => &v.values,
        ValueDef::Composite(c) => c,
        _ => return None,
    };
    // Bytes are no places to look into.
    if bytes(fields).is_some_and(|b| b.len() >= 4) {
        return None;
    }
    let mut found = fields.values().filter_map(|v| inside(v, name, last));
    if last { found.last() } else { found.next() }
}

/// The name of an enum variant.
#[must_use]
pub fn variant_name(value: &Value) -> Option<&str> {
    match &value.value {
        ValueDef::Variant(v) => Some(&v.name),
        _ => None,
    }
}

/// The 32 bytes in a value, looking through wrappers of one field.
#[must_use]
pub fn bytes32(value: &Value) -> Option<[u8; 32]> {
    let ValueDef::Composite(c) = &value.value else { return None };
    if c.len() == 1 {
        return c.values().next().and_then(bytes32);
    }
    <[u8; 32]>::try_from(bytes(c)?.as_slice()).ok()
}

/// The bytes of a list of small numbers; none where it is anything else.
fn bytes(c: &Composite<u32>) -> Option<Vec<u8>> {
    let Composite::Unnamed(values) = c else { return None };
    values
        .iter()
        .map(|v| match &v.value {
            ValueDef::Primitive(Primitive::U128(n)) => u8::try_from(*n).ok(),
            _ => None,
        })
        .collect()
}

/// Fields as one line: `from: 0xd435…a27d, amount: 5000000000`. Byte strings are hex, wrappers of one field vanish, and
/// the line is cut at 200 bytes.
#[must_use]
pub fn line(fields: &Composite<u32>) -> String {
    let mut out = String::new();
    write_fields(&mut out, fields, 0);
    out
}

/// One value as text, written as in a line of fields.
#[must_use]
pub fn line_of(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, 0);
    out
}

fn full(out: &mut String) -> bool {
    if out.len() < MAX_LINE {
        return false;
    }
    if !out.ends_with('…') {
        out.push('…');
    }
    true
}

fn write_fields(out: &mut String, fields: &Composite<u32>, depth: u8) {
    let names: Vec<Option<&String>> = match fields {
        Composite::Named(named) => named.iter().map(|(n, _)| Some(n)).collect(),
        Composite::Unnamed(values) => values.iter().map(|_| None).collect(),
    };
    for (i, (name, value)) in names.into_iter().zip(fields.values()).enumerate() {
        if full(out) {
            return;
        }
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(name) = name {
            out.push_str(name);
            out.push_str(": ");
        }
        write_value(out, value, depth + 1);
    }
}

fn write_value(out: &mut String, value: &Value, depth: u8) {
    if depth > 12 || full(out) {
        out.push('…');
        return;
    }
    match &value.value {
        ValueDef::Composite(c) => write_composite(out, c, depth),
        ValueDef::Variant(v) => {
            out.push_str(&v.name);
            if !v.values.is_empty() {
                out.push('(');
                write_fields(out, &v.values, depth);
                out.push(')');
            }
        }
        ValueDef::BitSequence(bits) => {
            let _ = write!(out, "{} of {} bits", bits.iter().filter(|b| *b).count(), bits.len());
        }
        ValueDef::Primitive(Primitive::String(s)) => out.extend(s.chars().take(MAX_LINE)),
        ValueDef::Primitive(Primitive::Bool(b)) => out.push_str(if *b { "true" } else { "false" }),
        ValueDef::Primitive(Primitive::U128(n)) => out.push_str(&n.to_string()),
        ValueDef::Primitive(Primitive::I128(n)) => out.push_str(&n.to_string()),
        ValueDef::Primitive(Primitive::Char(c)) => out.push(*c),
        ValueDef::Primitive(Primitive::U256(b) | Primitive::I256(b)) => out.push_str(&to_hex(b)),
    }
}

fn write_composite(out: &mut String, c: &Composite<u32>, depth: u8) {
    match (bytes(c), c.len()) {
        (_, 0) => out.push_str("()"),
        (None, 1) => {
            if let Some(inner) = c.values().next() {
                write_value(out, inner, depth + 1);
            }
        }
        (Some(b), 4..) => {
            let (head, _) = b.split_at(b.len().min(32));
            out.push_str(&to_hex(head));
            if b.len() > 32 {
                let _ = write!(out, "… ({} bytes)", b.len());
            }
        }
        (Some(b), 1) => out.push_str(&b.first().map(u8::to_string).unwrap_or_default()),
        _ => {
            out.push('{');
            write_fields(out, c, depth);
            out.push('}');
        }
    }
}
