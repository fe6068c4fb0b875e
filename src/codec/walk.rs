//! The bounded walk: looks through encoded bytes before anything is allocated for them.
//!
//! In: bytes and a type. Out: how many bytes the value takes, or which limit they break. scale-value reserves memory for a length it has not
//! checked and recurses without a limit, and scale-decode's visitors walk through what a visitor refused, without a limit
//! either; a node that lies could abort the process (FAULTS H21). So the walk is our own. Must not build values.

use super::CodecError;
use codec::{Compact, Decode};
use subxt::ext::scale_type_resolver::{
    BitsOrderFormat, BitsStoreFormat, FieldIter, PathIter, Primitive, ResolvedTypeVisitor, TypeResolver,
    UnhandledKind, VariantIter,
};

/// Deepest nesting accepted. XCM inside XCM inside a call stays below 40.
const MAX_DEPTH: u32 = 64;
/// Most items accepted in one value, all levels together.
const MAX_ITEMS: u64 = 200_000;

/// How many values are built from the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    /// One for every item, each byte of a key or hash too: dynamic values.
    Each,
    /// Types known to this program: an array of bytes is one item.
    Typed,
}

/// Walks through `bytes` as `type_id` and says how many of them the value takes, where they are safe to decode.
pub(super) fn span<R: TypeResolver<TypeId = u32>>(
    what: &str,
    bytes: &[u8],
    type_id: u32,
    (types, build): (&R, Build),
) -> Result<usize, CodecError> {
    let mut walk = Walk { rest: bytes, items: 0, types, build };
    match walk.through(type_id, 0) {
        Ok(()) => Ok(bytes.len().saturating_sub(walk.rest.len())),
        Err(Stop::Limit(why)) => Err(CodecError::Unbounded { what: what.to_owned(), why: why.to_owned() }),
        Err(Stop::Bytes(why)) => Err(CodecError::Malformed { what: what.to_owned(), why: why.to_owned() }),
    }
}

enum Stop {
    Limit(&'static str),
    Bytes(&'static str),
}

const SHORT: Stop = Stop::Bytes("the bytes end too early");

/// What the next bytes are.
enum Shape {
    Fields(Vec<u32>),
    /// A byte that names the variant, then its fields.
    Variant(Vec<u32>),
    List(u32),
    Array(u32, usize),
    Bytes(usize),
    Text,
    Compact,
    /// Bits, in units of so many.
    Bits(usize),
    UnknownVariant,
    UnknownType,
}

struct Walk<'b, 'r, R> {
    rest: &'b [u8],
    items: u64,
    types: &'r R,
    build: Build,
}

impl<R: TypeResolver<TypeId = u32>> Walk<'_, '_, R> {
    fn through(&mut self, type_id: u32, depth: u32) -> Result<(), Stop> {
        self.items += 1;
        if self.items > MAX_ITEMS {
            return Err(Stop::Limit("more than 200 000 items"));
        }
        if depth > MAX_DEPTH {
            return Err(Stop::Limit("nested deeper than 64 levels"));
        }
        let look = Look { first: self.rest.first().copied() };
        let shape = self.types.resolve_type(type_id, look);
        match shape.unwrap_or(Shape::UnknownType) {
            Shape::Fields(fields) => fields.into_iter().try_for_each(|f| self.through(f, depth + 1)),
            Shape::Variant(fields) => {
                self.skip(1)?;
                fields.into_iter().try_for_each(|f| self.through(f, depth + 1))
            }
            Shape::List(item) => {
                let len = self.length()?;
                (0..len).try_for_each(|_| self.through(item, depth + 1))
            }
            Shape::Array(item, len) if self.build == Build::Typed && self.is_byte(item) => self.skip(len),
            Shape::Array(item, len) => (0..len).try_for_each(|_| self.through(item, depth + 1)),
            Shape::Bytes(count) => self.skip(count),
            Shape::Text => {
                let len = self.length()?;
                self.skip(len)
            }
            Shape::Compact => self.skip_compact(),
            Shape::Bits(unit) => {
                let units = self.length()?.div_ceil(unit);
                self.skip(units.saturating_mul(unit / 8))
            }
            Shape::UnknownVariant => Err(Stop::Bytes("an enum has no such variant")),
            Shape::UnknownType => Err(Stop::Bytes("the metadata lacks a type")),
        }
    }

    fn is_byte(&self, type_id: u32) -> bool {
        matches!(self.types.resolve_type(type_id, Look { first: None }), Ok(Shape::Bytes(1)))
    }

    fn skip(&mut self, count: usize) -> Result<(), Stop> {
        self.rest = self.rest.get(count..).ok_or(SHORT)?;
        Ok(())
    }

    fn length(&mut self) -> Result<usize, Stop> {
        let Compact(len) =
            <Compact<u32>>::decode(&mut self.rest).map_err(|_| Stop::Bytes("a length cannot be read"))?;
        usize::try_from(len).map_err(|_| SHORT)
    }

    fn skip_compact(&mut self) -> Result<(), Stop> {
        let first = *self.rest.first().ok_or(SHORT)?;
        self.skip(match first & 0b11 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => usize::from(first >> 2) + 5,
        })
    }
}

/// Asks the metadata for the shape of a type; `first` is the byte that chooses a variant.
struct Look {
    first: Option<u8>,
}

impl<'r> ResolvedTypeVisitor<'r> for Look {
    type TypeId = u32;
    type Value = Shape;

    fn visit_unhandled(self, _: UnhandledKind) -> Shape {
        Shape::UnknownType
    }

    fn visit_composite<P: PathIter<'r>, F: FieldIter<'r, u32>>(self, _: P, fields: F) -> Shape {
        Shape::Fields(fields.map(|f| f.id).collect())
    }

    fn visit_variant<P: PathIter<'r>, F: FieldIter<'r, u32>, V: VariantIter<'r, F>>(
        self,
        _: P,
        mut variants: V,
    ) -> Shape {
        match variants.find(|v| Some(v.index) == self.first) {
            Some(variant) => Shape::Variant(variant.fields.map(|f| f.id).collect()),
            None => Shape::UnknownVariant,
        }
    }

    fn visit_sequence<P: PathIter<'r>>(self, _: P, item: u32) -> Shape {
        Shape::List(item)
    }

    fn visit_array(self, item: u32, len: usize) -> Shape {
        Shape::Array(item, len)
    }

    fn visit_tuple<T: ExactSizeIterator<Item = u32>>(self, items: T) -> Shape {
        Shape::Fields(items.collect())
    }

    fn visit_primitive(self, primitive: Primitive) -> Shape {
        match primitive {
            Primitive::Str => Shape::Text,
            Primitive::Bool | Primitive::U8 | Primitive::I8 => Shape::Bytes(1),
            Primitive::U16 | Primitive::I16 => Shape::Bytes(2),
            Primitive::Char | Primitive::U32 | Primitive::I32 => Shape::Bytes(4),
            Primitive::U64 | Primitive::I64 => Shape::Bytes(8),
            Primitive::U128 | Primitive::I128 => Shape::Bytes(16),
            Primitive::U256 | Primitive::I256 => Shape::Bytes(32),
        }
    }

    fn visit_compact(self, _: u32) -> Shape {
        Shape::Compact
    }

    fn visit_bit_sequence(self, store: BitsStoreFormat, _: BitsOrderFormat) -> Shape {
        Shape::Bits(match store {
            BitsStoreFormat::U8 => 8,
            BitsStoreFormat::U16 => 16,
            BitsStoreFormat::U32 => 32,
            BitsStoreFormat::U64 => 64,
        })
    }
}
