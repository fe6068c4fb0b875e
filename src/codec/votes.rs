//! Votes of para validators: `ParaInherent.OnChainVotes` and the bitfields of the inherent `ParaInherent.enter`.
//!
//! In: bytes and the metadata of the runtime that wrote them. Out: indices as the chain gives them. Fields are found by
//! name, so that both receipt layouts read; what is not wanted (signatures, disputes, candidates of the inherent) is
//! walked over or left alone, never built. Must not know who an index is.

use super::walk::{self, Build};
use super::{CodecError, Runtime};
use crate::domain::Hash;
use codec::{Compact, Decode};
use scale_value::{Composite, ValueDef};
use subxt::ext::scale_type_resolver::{
    FieldIter, PathIter, ResolvedTypeVisitor, TypeResolver, UnhandledKind,
};

/// The fields of a receipt whose hash is the candidate's.
const RECEIPT: [&str; 2] = ["descriptor", "commitments_hash"];
/// Most candidates, votes of one candidate, or bitfields of one block.
const MAX_LIST: u32 = 10_000;
/// Longest bitfield in bytes: two for sixteen cores.
const MAX_BITFIELD: usize = 4_096;

/// The backing votes of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    /// Whose validators voted.
    pub session: u32,
    /// The candidates that were backed.
    pub backed: Vec<Backed>,
}

/// A candidate with its votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backed {
    /// Whose candidate.
    pub para: u32,
    /// blake2-256 of its receipt; none where the receipt has an unknown shape.
    pub candidate: Option<Hash>,
    /// Para validator indices in the order of the chain.
    pub voters: Vec<u32>,
}

pub(super) fn votes(runtime: &Runtime, bytes: &[u8]) -> Result<Votes, CodecError> {
    let what = "storage ParaInherent.OnChainVotes";
    let value = runtime.entry("ParaInherent", "OnChainVotes")?.value;
    let mut cursor = Cursor { runtime, what, rest: bytes };
    let (mut session, mut backed) = (None, None);
    for (name, id) in cursor.fields(value)? {
        match name {
            Some("session") => session = Some(cursor.number(id)?),
            Some("backing_validators_per_candidate") => backed = Some(cursor.list(id, Cursor::backed)?),
            // Disputes come last and may be long: they are not looked at.
            _ if session.is_some() && backed.is_some() => break,
            _ => drop(cursor.take(id)?),
        }
    }
    let votes = session.zip(backed).map(|(session, backed)| Votes { session, backed });
    votes.ok_or_else(|| cursor.malformed("it has no 'session' or no 'backing_validators_per_candidate'"))
}

pub(super) fn bitfields(runtime: &Runtime, extrinsic: &[u8]) -> Result<Option<Vec<(u32, bool)>>, CodecError> {
    let mut cursor = Cursor { runtime, what: "inherent ParaInherent.enter", rest: extrinsic };
    let pallet = runtime.metadata.pallet_by_name("ParaInherent");
    let enter = pallet.as_ref().and_then(|p| p.call_variant_by_name("enter"));
    let (Some(pallet), Some(enter)) = (pallet, enter) else {
        return Err(CodecError::Absent("call ParaInherent.enter".to_owned()));
    };
    let length = cursor.count()?;
    if usize::try_from(length).ok() != Some(cursor.rest.len()) {
        return Err(cursor.malformed("its length is another one than it says"));
    }
    let [version, in_pallet, call, body @ ..] = cursor.rest else { return Ok(None) };
    let bare = version & 0b1100_0000 == 0;
    if !bare || (*in_pallet, *call) != (pallet.call_index(), enter.index) {
        return Ok(None);
    }
    cursor.rest = body;
    let data = enter.fields.first().map(|f| f.ty.id);
    let data = data.ok_or_else(|| cursor.malformed("the call has no argument"))?;
    match cursor.fields(data)?.first() {
        Some((Some("bitfields"), id)) => cursor.list(*id, Cursor::bitfield).map(Some),
        _ => Err(cursor.malformed("its first field is not 'bitfields'")),
    }
}

/// A place in bytes.
struct Cursor<'b, 'r> {
    runtime: &'r Runtime,
    what: &'static str,
    rest: &'b [u8],
}

type Field<'r> = (Option<&'r str>, u32);

impl<'b, 'r> Cursor<'b, 'r> {
    fn malformed(&self, why: &str) -> CodecError {
        CodecError::Malformed { what: self.what.to_owned(), why: why.to_owned() }
    }

    /// The bytes of one value of this type.
    fn take(&mut self, type_id: u32) -> Result<&'b [u8], CodecError> {
        let types = (self.runtime.metadata.types(), Build::Typed);
        let length = walk::span(self.what, self.rest, type_id, types)?;
        let (value, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| self.malformed("the bytes end too early"))?;
        self.rest = rest;
        Ok(value)
    }

    /// A number, looking through wrappers of one field.
    fn number(&mut self, type_id: u32) -> Result<u32, CodecError> {
        let bytes = self.take(type_id)?;
        self.runtime.decode_as(self.what, bytes, type_id)
    }

    fn count(&mut self) -> Result<u32, CodecError> {
        let Compact(count) =
            <Compact<u32>>::decode(&mut self.rest).map_err(|_| self.malformed("a length cannot be read"))?;
        Ok(count)
    }

    fn fields(&self, type_id: u32) -> Result<Vec<Field<'r>>, CodecError> {
        match self.shape(type_id) {
            Inside::Fields(fields) => Ok(fields),
            _ => Err(self.malformed("a part of it has no fields")),
        }
    }

    fn shape(&self, type_id: u32) -> Inside<'r> {
        self.runtime.metadata.types().resolve_type(type_id, Open).unwrap_or(Inside::Other)
    }

    /// The items of a list of this type.
    fn list<T>(
        &mut self,
        type_id: u32,
        read: impl Fn(&mut Self, u32) -> Result<T, CodecError>,
    ) -> Result<Vec<T>, CodecError> {
        let item = match self.shape(type_id) {
            Inside::List(item) => item,
            _ => return Err(self.malformed("a part of it is no list")),
        };
        let count = self.count()?;
        if count > MAX_LIST {
            let why = format!("more than {MAX_LIST} items");
            return Err(CodecError::Unbounded { what: self.what.to_owned(), why });
        }
        (0..count).map(|_| read(self, item)).collect()
    }

    /// A candidate's receipt and its votes.
    fn backed(&mut self, type_id: u32) -> Result<Backed, CodecError> {
        let [(_, receipt), (_, votes)] = *self.fields(type_id)?.as_slice() else {
            return Err(self.malformed("a candidate is not a receipt with votes"));
        };
        let bytes = self.take(receipt)?;
        let para = Cursor { rest: bytes, ..*self }.para(receipt)?;
        let known = self.fields(receipt)?.iter().map(|(name, _)| *name).eq(RECEIPT.map(Some));
        let candidate = known.then(|| Hash(sp_crypto_hashing::blake2_256(bytes)));
        let voters = self.list(votes, |cursor, id| {
            let [(_, index), (_, attestation)] = *cursor.fields(id)?.as_slice() else {
                return Err(cursor.malformed("a vote is not an index with an attestation"));
            };
            let index = cursor.number(index)?;
            cursor.take(attestation).map(|_| index)
        })?;
        Ok(Backed { para, candidate, voters })
    }

    /// `descriptor.para_id` of a receipt.
    fn para(mut self, receipt: u32) -> Result<u32, CodecError> {
        let descriptor = self.seek(receipt, "descriptor")?;
        let para = self.seek(descriptor, "para_id")?;
        self.number(para)
    }

    /// Moves to the field of this name and says its type.
    fn seek(&mut self, type_id: u32, wanted: &str) -> Result<u32, CodecError> {
        for (name, id) in self.fields(type_id)? {
            if name == Some(wanted) {
                return Ok(id);
            }
            self.take(id)?;
        }
        Err(self.malformed(&format!("it has no field '{wanted}'")))
    }

    /// A signed bitfield: whose, and whether any bit is set.
    fn bitfield(&mut self, type_id: u32) -> Result<(u32, bool), CodecError> {
        let (mut index, mut any) = (None, None);
        for (name, id) in self.fields(type_id)? {
            match name {
                Some("validator_index") => index = Some(self.number(id)?),
                Some("payload") => any = Some(self.any_bit(id)?),
                _ => drop(self.take(id)?),
            }
        }
        index.zip(any).ok_or_else(|| self.malformed("a bitfield has no 'payload' or no 'validator_index'"))
    }

    fn any_bit(&mut self, type_id: u32) -> Result<bool, CodecError> {
        let bytes = self.take(type_id)?;
        if bytes.len() > MAX_BITFIELD {
            let why = format!("a bitfield of more than {MAX_BITFIELD} bytes");
            return Err(CodecError::Unbounded { what: self.what.to_owned(), why });
        }
        let value = self.runtime.value(self.what, &mut &*bytes, type_id)?;
        any_bit(&value).ok_or_else(|| self.malformed("a bitfield is no list of bits"))
    }
}

fn any_bit(value: &super::Value) -> Option<bool> {
    match &value.value {
        ValueDef::BitSequence(bits) => Some(bits.iter().any(|bit| bit)),
        ValueDef::Composite(Composite::Unnamed(values)) => values.first().and_then(any_bit),
        _ => None,
    }
}

/// What a type is made of.
enum Inside<'r> {
    Fields(Vec<Field<'r>>),
    List(u32),
    Other,
}

/// Asks the metadata for it.
struct Open;

impl<'r> ResolvedTypeVisitor<'r> for Open {
    type TypeId = u32;
    type Value = Inside<'r>;

    fn visit_unhandled(self, _: UnhandledKind) -> Inside<'r> {
        Inside::Other
    }

    fn visit_composite<P: PathIter<'r>, F: FieldIter<'r, u32>>(self, _: P, fields: F) -> Inside<'r> {
        Inside::Fields(fields.map(|f| (f.name, f.id)).collect())
    }

    fn visit_tuple<T: ExactSizeIterator<Item = u32>>(self, items: T) -> Inside<'r> {
        Inside::Fields(items.map(|id| (None, id)).collect())
    }

    fn visit_sequence<P: PathIter<'r>>(self, _: P, item: u32) -> Inside<'r> {
        Inside::List(item)
    }
}
