//! An extrinsic taken apart: who signed it, and the bytes of its call.
//!
//! In: bytes from a block. Out: signer and call. Every part is walked with its limits before it is stepped over (FAULTS H21).
//! Must not decode the call: `call` does.

use super::walk::{self, Build};
use super::{CodecError, DecodedEvent, Runtime, Value};
use crate::domain::AccountId;
use codec::{Compact, Decode as _};
use scale_value::{Composite, Primitive, ValueDef};
use subxt::ext::frame_decode::extrinsics::ExtrinsicTypeInfo as _;

const WHAT: &str = "extrinsic";

/// An extrinsic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extrinsic<'b> {
    /// Who signed it; none for inherents, and for signers that are no plain account.
    pub signer: Option<AccountId>,
    /// The bytes of its call.
    pub call: &'b [u8],
}

fn malformed(why: &str) -> CodecError {
    CodecError::Malformed { what: WHAT.to_owned(), why: why.to_owned() }
}

impl Runtime {
    /// Takes an extrinsic of a block apart, versions 4 and 5.
    ///
    /// # Errors
    /// Malformed or unbounded, or a version that this program does not know.
    pub fn extrinsic<'b>(&self, bytes: &'b [u8]) -> Result<Extrinsic<'b>, CodecError> {
        let mut rest = bytes;
        let Compact(length) = <Compact<u32>>::decode(&mut rest).map_err(|_| malformed("it has no length"))?;
        if usize::try_from(length).ok() != Some(rest.len()) {
            return Err(malformed("its length is another than it says"));
        }
        let (version, mut rest) = rest.split_first().ok_or_else(|| malformed("it is empty"))?;
        let mut signer = None;
        match version {
            0x04 | 0x05 => {}
            0x84 => {
                let info = self.metadata.extrinsic_signature_info().map_err(|e| malformed(&e.to_string()))?;
                let address = self.step(&mut rest, info.address_id)?;
                signer = account(address);
                self.step(&mut rest, info.signature_id)?;
                self.step_extensions(&mut rest, 0)?;
            }
            0x45 => {
                let (extensions, after) = rest.split_first().ok_or_else(|| malformed("it ends too early"))?;
                rest = after;
                self.step_extensions(&mut rest, *extensions)?;
            }
            other => return Err(malformed(&format!("version {other:#x} is not known here"))),
        }
        Ok(Extrinsic { signer, call: rest })
    }

    fn step<'b>(&self, rest: &mut &'b [u8], type_id: u32) -> Result<&'b [u8], CodecError> {
        let length = walk::span(WHAT, rest, type_id, (self.metadata.types(), Build::Typed))?;
        let (part, after) = rest.split_at_checked(length).ok_or_else(|| malformed("it ends too early"))?;
        *rest = after;
        Ok(part)
    }

    fn step_extensions(&self, rest: &mut &[u8], version: u8) -> Result<(), CodecError> {
        let extensions = (self.metadata.extrinsic().transaction_extensions_by_version(version))
            .ok_or_else(|| malformed("its extensions are of a version that the runtime does not name"))?;
        for extension in extensions {
            self.step(rest, extension.extra_ty())?;
        }
        Ok(())
    }

    /// How the thing ended that an event tells of: none where it tells of none; inside, the error by its name.
    #[must_use]
    pub fn result_of(&self, event: &DecodedEvent) -> Option<Option<String>> {
        let named = ["sudo_result", "result", "error", "main_error"];
        let value =
            named.iter().find_map(|name| event.field(name, usize::MAX)).or_else(|| event.field("", 0))?;
        match &value.value {
            ValueDef::Variant(v) if v.name == "Ok" => Some(None),
            ValueDef::Variant(v) if v.name == "Err" => {
                Some(Some(v.values.values().next().map_or_else(String::new, |e| self.error_name(e))))
            }
            _ if event.name.ends_with("Failed")
                || ["BatchInterrupted", "IfElseFallbackCalled"].contains(&event.name.as_str()) =>
            {
                Some(Some(self.error_name(value)))
            }
            _ => None,
        }
    }

    /// The error with which an extrinsic failed: `System.ExtrinsicFailed`.
    #[must_use]
    pub fn dispatch_error(&self, event: &DecodedEvent) -> Option<String> {
        event.field("dispatch_error", 0).map(|e| self.error_name(e))
    }

    /// `Paras.NotRegistered`, `BadOrigin`, `Token.FundsUnavailable`.
    fn error_name(&self, value: &Value) -> String {
        let mut parts = Vec::new();
        let mut at = Some(value);
        while let Some(value) = at.take() {
            let ValueDef::Variant(variant) = &value.value else {
                // With its weight: the error stands in a field of that name.
                at = super::field(value, "error", usize::MAX);
                continue;
            };
            if variant.name == "Module"
                && let Some(name) = variant.values.values().next().and_then(|m| self.module_error_of(m))
            {
                return name;
            }
            parts.push(variant.name.clone());
            if parts.len() > 4 {
                break;
            }
            at = variant.values.values().next();
        }
        if parts.is_empty() { "an error".to_owned() } else { parts.join(".") }
    }

    fn module_error_of(&self, module: &Value) -> Option<String> {
        let pallet = super::field(module, "index", 0).and_then(super::number)?;
        let error = first_byte(super::field(module, "error", 1)?)?;
        self.module_error(u8::try_from(pallet).ok()?, error)
    }
}

fn first_byte(value: &Value) -> Option<u8> {
    match &value.value {
        ValueDef::Primitive(Primitive::U128(n)) => u8::try_from(*n).ok(),
        ValueDef::Composite(Composite::Unnamed(values)) => values.first().and_then(first_byte),
        ValueDef::Composite(Composite::Named(values)) => values.first().and_then(|(_, v)| first_byte(v)),
        _ => None,
    }
}

/// The account of an address: `MultiAddress::Id`, or a bare account.
fn account(address: &[u8]) -> Option<AccountId> {
    let bytes = match address {
        [0, id @ ..] if id.len() == 32 => id,
        id if id.len() == 32 => id,
        _ => return None,
    };
    bytes.try_into().ok().map(AccountId)
}
