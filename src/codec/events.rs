//! The events of a block.
//!
//! In: the bytes of `System.Events` and the metadata of the runtime that wrote them (the parent's, FAULTS H17). Out: the
//! events in order; the first that does not decode ends the list and is named, never swallowed.

use super::value::{self, field_of};
use super::{CodecError, Runtime, Value};
use codec::{Compact, Decode};
use scale_value::{Composite, ValueDef, Variant};

/// Most events read from one block.
const MAX_EVENTS: u32 = 20_000;

/// An event with its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedEvent {
    /// Pallet name as in the metadata.
    pub pallet: String,
    /// Event name as in the metadata.
    pub name: String,
    /// Index of the extrinsic that caused it; none in initialisation and finalisation.
    pub extrinsic: Option<u32>,
    fields: Composite<u32>,
}

impl DecodedEvent {
    /// A field by name, or by position where the runtime does not name it.
    #[must_use]
    pub fn field(&self, name: &str, position: usize) -> Option<&Value> {
        field_of(&self.fields, name, position)
    }

    /// The fields as one line of text.
    #[must_use]
    pub fn line(&self) -> String {
        value::line(&self.fields)
    }
}

/// The events of one block.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// The events that decoded.
    pub list: Vec<DecodedEvent>,
    /// How many there are according to the node.
    pub count: u32,
    /// Why the list is shorter than the count, where it is.
    pub error: Option<CodecError>,
}

pub(super) fn decode(runtime: &Runtime, bytes: &[u8]) -> Events {
    let mut cursor = bytes;
    let mut out = Events { list: Vec::new(), count: 0, error: None };
    if bytes.is_empty() {
        return out;
    }
    match <Compact<u32>>::decode(&mut cursor) {
        Ok(Compact(n)) => out.count = n,
        Err(e) => {
            out.error = Some(malformed(0, &e.to_string()));
            return out;
        }
    }
    for index in 0..out.count {
        if index >= MAX_EVENTS {
            out.error = Some(CodecError::Unbounded {
                what: "System.Events".to_owned(),
                why: "more than 20 000 events".to_owned(),
            });
            break;
        }
        match one(runtime, &mut cursor, index) {
            Ok(event) => out.list.push(event),
            Err(e) => {
                out.error = Some(e);
                break;
            }
        }
    }
    out
}

fn malformed(index: u32, why: &str) -> CodecError {
    CodecError::Malformed { what: format!("event {index}"), why: why.to_owned() }
}

fn one(runtime: &Runtime, cursor: &mut &[u8], index: u32) -> Result<DecodedEvent, CodecError> {
    let phase = u8::decode(cursor).map_err(|e| malformed(index, &e.to_string()))?;
    let extrinsic = match phase {
        0 => Some(u32::decode(cursor).map_err(|e| malformed(index, &e.to_string()))?),
        1 | 2 => None,
        other => return Err(malformed(index, &format!("phase {other}"))),
    };
    let event_type = runtime.metadata.outer_enums().event_enum_ty();
    let value = runtime.value(&format!("event {index}"), cursor, event_type)?;
    skip_topics(cursor).ok_or_else(|| malformed(index, "topics are cut short"))?;
    let (pallet, inner) = variant(value).ok_or_else(|| malformed(index, "not an enum of pallets"))?;
    let inner = match inner {
        Composite::Unnamed(values) => values.into_iter().next(),
        Composite::Named(values) => values.into_iter().next().map(|(_, v)| v),
    };
    let (name, fields) = inner.and_then(variant).ok_or_else(|| malformed(index, "not an enum of events"))?;
    Ok(DecodedEvent { pallet, name, extrinsic, fields })
}

fn variant(value: Value) -> Option<(String, Composite<u32>)> {
    match value.value {
        ValueDef::Variant(Variant { name, values }) => Some((name, values)),
        _ => None,
    }
}

fn skip_topics(cursor: &mut &[u8]) -> Option<()> {
    let Compact(topics) = <Compact<u32>>::decode(cursor).ok()?;
    let bytes = usize::try_from(topics).ok()?.checked_mul(32)?;
    *cursor = cursor.get(bytes..)?;
    Some(())
}
