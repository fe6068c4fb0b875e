//! Bytes into [`Node`]s, led by the type that the metadata gives, bounded in depth and number.
//!
//! In: bytes of a call or of any value. Out: a tree that encodes to the same bytes. Bytes come from nodes and from people:
//! lengths are checked against what is left before anything is allocated. Must not do I/O.

use super::CodecError;
use super::shape::{self, Fields, Shape};
use crate::domain::AccountId;
use crate::domain::call::{Call, Node};
use codec::{Compact, Decode};
use subxt::ext::scale_type_resolver::{Primitive, TypeResolver};

/// Deepest nesting accepted.
const MAX_DEPTH: u32 = 64;
/// Most parts accepted in one value. Bytes count as one.
const MAX_PARTS: u64 = 200_000;

/// Why decoding ended.
pub(super) enum Stop {
    Limit(&'static str),
    Bytes(&'static str),
}

impl Stop {
    pub(super) fn of(self, what: &str) -> CodecError {
        match self {
            Self::Limit(why) => CodecError::Unbounded { what: what.to_owned(), why: why.to_owned() },
            Self::Bytes(why) => CodecError::Malformed { what: what.to_owned(), why: why.to_owned() },
        }
    }
}

const SHORT: Stop = Stop::Bytes("the bytes end too early");

/// Reads values of types of one registry.
pub(super) struct Decoder<'b, 'r, R> {
    types: &'r R,
    call_type: u32,
    rest: &'b [u8],
    parts: u64,
}

impl<'b, 'r, R: TypeResolver<TypeId = u32>> Decoder<'b, 'r, R> {
    pub(super) fn new(types: &'r R, call_type: u32, bytes: &'b [u8]) -> Self {
        Self { types, call_type, rest: bytes, parts: 0 }
    }

    /// Fails where bytes are left.
    pub(super) fn end(&self) -> Result<(), Stop> {
        if self.rest.is_empty() { Ok(()) } else { Err(Stop::Bytes("bytes are left over at its end")) }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// The next value.
    pub(super) fn value(&mut self, type_id: u32, depth: u32) -> Result<Node, Stop> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Stop::Limit("more than 200 000 parts"));
        }
        if depth > MAX_DEPTH {
            return Err(Stop::Limit("nested deeper than 64 levels"));
        }
        if type_id == self.call_type {
            return self.call(depth);
        }
        let shape = shape::of(self.types, type_id).ok_or(Stop::Bytes("the metadata lacks a type"))?;
        let next = depth + 1;
        match shape {
            Shape::Fields(path, _) if path == "AccountId32" => {
                Ok(Node::Account(AccountId(self.array::<32>()?)))
            }
            Shape::Fields(_, fields) => match fields.as_slice() {
                [(_, inner)] => self.value(*inner, next),
                _ => Ok(Node::Fields(self.fields(fields, next)?)),
            },
            Shape::Variants(path, variants) => {
                let index = self.byte()?;
                let variant =
                    variants.into_iter().find(|v| v.index == index).ok_or(Stop::Bytes("no such variant"))?;
                let fields = self.fields(variant.fields, next)?;
                Ok(match (path.as_str(), variant.name.as_str()) {
                    ("Option", "None") => Node::Nothing,
                    _ => Node::Variant(variant.name, fields),
                })
            }
            Shape::List(item) if self.is_byte(item) => {
                let len = self.length()?;
                Ok(Node::Bytes(self.take(len)?.to_vec()))
            }
            Shape::List(item) => {
                let len = self.length()?;
                (0..len).map(|_| self.value(item, next)).collect::<Result<_, _>>().map(Node::List)
            }
            Shape::Array(item, len) if self.is_byte(item) => Ok(Node::Bytes(self.take(len)?.to_vec())),
            Shape::Array(item, len) => {
                (0..len).map(|_| self.value(item, next)).collect::<Result<_, _>>().map(Node::List)
            }
            Shape::Tuple(items) => {
                items.into_iter().map(|id| self.value(id, next)).collect::<Result<_, _>>().map(Node::List)
            }
            Shape::Primitive(primitive) => self.primitive(primitive),
            Shape::Compact(_) => {
                let Compact(n) = <Compact<u128>>::decode(&mut self.rest)
                    .map_err(|_| Stop::Bytes("a compact number cannot be read"))?;
                Ok(Node::Number(n))
            }
            Shape::Bits(true) => self.bits(),
            Shape::Bits(false) => Err(Stop::Bytes("a bit sequence of an unusual order stands inside")),
        }
    }

    /// Bits, lowest of each byte first. The bits after the last one must be zero, or they would be lost.
    fn bits(&mut self) -> Result<Node, Stop> {
        let count = self.length()?;
        let bytes = self.take(count.div_ceil(8))?;
        let all: Vec<bool> = bytes.iter().flat_map(|b| (0..8).map(move |i| b >> i & 1 == 1)).collect();
        let (bits, over) = all.split_at_checked(count).ok_or(SHORT)?;
        self.parts = self.parts.saturating_add(bits.len() as u64);
        if self.parts > MAX_PARTS {
            return Err(Stop::Limit("more than 200 000 parts"));
        }
        if over.contains(&true) {
            return Err(Stop::Bytes("bits are set after the end of a bit sequence"));
        }
        Ok(Node::List(bits.iter().map(|bit| Node::Bool(*bit)).collect()))
    }

    fn call(&mut self, depth: u32) -> Result<Node, Stop> {
        let Some(Shape::Variants(_, pallets)) = shape::of(self.types, self.call_type) else {
            return Err(Stop::Bytes("the metadata lacks its calls"));
        };
        let index = self.byte()?;
        let pallet = pallets.into_iter().find(|p| p.index == index).ok_or(Stop::Bytes("no such pallet"))?;
        let calls = pallet.fields.first().and_then(|(_, id)| shape::of(self.types, *id));
        let Some(Shape::Variants(_, calls)) = calls else {
            return Err(Stop::Bytes("the metadata lacks the pallet's calls"));
        };
        let index = self.byte()?;
        let call = calls.into_iter().find(|c| c.index == index).ok_or(Stop::Bytes("no such call"))?;
        let args = self.fields(call.fields, depth + 1)?;
        Ok(Node::Call(Box::new(Call { pallet: pallet.name, name: call.name, args })))
    }

    fn fields(&mut self, fields: Fields, depth: u32) -> Result<Vec<(String, Node)>, Stop> {
        let named = fields.into_iter().enumerate();
        named
            .map(|(i, (name, id))| Ok((name.unwrap_or_else(|| i.to_string()), self.value(id, depth)?)))
            .collect()
    }

    fn is_byte(&self, type_id: u32) -> bool {
        matches!(shape::of(self.types, type_id), Some(Shape::Primitive(Primitive::U8)))
    }

    fn primitive(&mut self, primitive: Primitive) -> Result<Node, Stop> {
        Ok(match primitive {
            Primitive::Bool => match self.byte()? {
                0 => Node::Bool(false),
                1 => Node::Bool(true),
                _ => return Err(Stop::Bytes("neither true nor false")),
            },
            Primitive::Str => {
                let len = self.length()?;
                let text = std::str::from_utf8(self.take(len)?).map_err(|_| Stop::Bytes("no text"))?;
                Node::Text(text.to_owned())
            }
            Primitive::U8 => Node::Number(u128::from(self.byte()?)),
            Primitive::U16 => Node::Number(u128::from(u16::from_le_bytes(self.array()?))),
            Primitive::U32 => Node::Number(u128::from(u32::from_le_bytes(self.array()?))),
            Primitive::U64 => Node::Number(u128::from(u64::from_le_bytes(self.array()?))),
            Primitive::U128 => Node::Number(u128::from_le_bytes(self.array()?)),
            Primitive::I8 => signed(i128::from(i8::from_le_bytes(self.array()?))),
            Primitive::I16 => signed(i128::from(i16::from_le_bytes(self.array()?))),
            Primitive::I32 => signed(i128::from(i32::from_le_bytes(self.array()?))),
            Primitive::I64 => signed(i128::from(i64::from_le_bytes(self.array()?))),
            Primitive::I128 => signed(i128::from_le_bytes(self.array()?)),
            Primitive::Char | Primitive::U256 | Primitive::I256 => {
                return Err(Stop::Bytes("a type that calls do not have"));
            }
        })
    }

    fn length(&mut self) -> Result<usize, Stop> {
        let Compact(len) =
            <Compact<u32>>::decode(&mut self.rest).map_err(|_| Stop::Bytes("a length cannot be read"))?;
        usize::try_from(len).map_err(|_| SHORT)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        <[u8; N]>::try_from(self.take(N)?).map_err(|_| SHORT)
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], Stop> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn signed(n: i128) -> Node {
    u128::try_from(n).map_or(Node::Negative(n), Node::Number)
}
