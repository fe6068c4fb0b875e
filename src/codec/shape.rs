//! The shape of a type: what the metadata says of it, as plain data.
//!
//! In: a type id and the registry. Out: [`Shape`] with names and ids of the parts. Must not encode or decode.

use subxt::ext::scale_type_resolver::{
    BitsOrderFormat, BitsStoreFormat, FieldIter, PathIter, Primitive, ResolvedTypeVisitor, TypeResolver,
    UnhandledKind, VariantIter,
};

/// The fields of a structure or variant: name where they have one, and type.
pub(super) type Fields = Vec<(Option<String>, u32)>;

/// A variant of an enumeration.
pub(super) struct VariantShape {
    pub(super) name: String,
    pub(super) index: u8,
    pub(super) fields: Fields,
}

/// What a type is.
pub(super) enum Shape {
    /// A structure; the last part of its path.
    Fields(String, Fields),
    /// An enumeration; the last part of its path.
    Variants(String, Vec<VariantShape>),
    List(u32),
    Array(u32, usize),
    Tuple(Vec<u32>),
    Primitive(Primitive),
    Compact(u32),
    /// A bit sequence; true where it is stored in bytes, lowest bit first: the only form that chains use.
    Bits(bool),
}

/// The shape of a type; none where the registry lacks it.
pub(super) fn of<R: TypeResolver<TypeId = u32>>(types: &R, type_id: u32) -> Option<Shape> {
    types.resolve_type(type_id, Look).ok().flatten()
}

struct Look;

fn fields<'r>(fields: impl FieldIter<'r, u32>) -> Fields {
    fields.map(|f| (f.name.map(str::to_owned), f.id)).collect()
}

impl<'r> ResolvedTypeVisitor<'r> for Look {
    type TypeId = u32;
    type Value = Option<Shape>;

    fn visit_unhandled(self, _: UnhandledKind) -> Option<Shape> {
        None
    }

    fn visit_composite<P: PathIter<'r>, F: FieldIter<'r, u32>>(self, path: P, list: F) -> Option<Shape> {
        Some(Shape::Fields(path.last().unwrap_or_default().to_owned(), fields(list)))
    }

    fn visit_variant<P: PathIter<'r>, F: FieldIter<'r, u32>, V: VariantIter<'r, F>>(
        self,
        path: P,
        variants: V,
    ) -> Option<Shape> {
        let variant = |v: subxt::ext::scale_type_resolver::Variant<'r, F>| VariantShape {
            name: v.name.to_owned(),
            index: v.index,
            fields: fields(v.fields),
        };
        Some(Shape::Variants(path.last().unwrap_or_default().to_owned(), variants.map(variant).collect()))
    }

    fn visit_sequence<P: PathIter<'r>>(self, _: P, item: u32) -> Option<Shape> {
        Some(Shape::List(item))
    }

    fn visit_array(self, item: u32, len: usize) -> Option<Shape> {
        Some(Shape::Array(item, len))
    }

    fn visit_tuple<T: ExactSizeIterator<Item = u32>>(self, items: T) -> Option<Shape> {
        Some(Shape::Tuple(items.collect()))
    }

    fn visit_primitive(self, primitive: Primitive) -> Option<Shape> {
        Some(Shape::Primitive(primitive))
    }

    fn visit_compact(self, inner: u32) -> Option<Shape> {
        Some(Shape::Compact(inner))
    }

    fn visit_bit_sequence(self, store: BitsStoreFormat, order: BitsOrderFormat) -> Option<Shape> {
        Some(Shape::Bits(matches!((store, order), (BitsStoreFormat::U8, BitsOrderFormat::Lsb0))))
    }
}
