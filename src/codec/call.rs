//! Calls: composed from named arguments, and decoded from the very bytes, by the metadata of the runtime.
//!
//! In: a [`Call`] or bytes. Out: the other. What decodes encodes to the same bytes; bytes left over are an error. Must not
//! judge a call: `domain::danger` does.

use super::decode::Decoder;
use super::encode::{ArgError, Encoder};
use super::{CodecError, Runtime};
use crate::domain::call::{Call, Node};

/// Why a call could not be composed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The runtime has no such call; nearest names may follow.
    #[error("this runtime has no call {0}")]
    NoCall(String),
    /// The runtime has no such storage item or API method.
    #[error("this runtime has no {0}")]
    NoItem(String),
    /// An argument does not fit.
    #[error(transparent)]
    Argument(#[from] ArgError),
}

/// A call as the metadata describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallShape {
    /// Names of the arguments, in their order.
    pub args: Vec<String>,
}

impl Runtime {
    /// A call of this runtime; none where it has none of that name.
    #[must_use]
    pub fn call_shape(&self, pallet: &str, name: &str) -> Option<CallShape> {
        let variant = self.metadata.pallet_by_name(pallet)?.call_variant_by_name(name)?;
        let args = variant.fields.iter().enumerate();
        Some(CallShape { args: args.map(|(i, f)| f.name.clone().unwrap_or_else(|| i.to_string())).collect() })
    }

    /// The bytes of a call: pallet index, call index, arguments.
    ///
    /// # Errors
    /// No such call, or an argument that is missing, unknown or does not fit.
    pub fn encode_call(&self, call: &Call) -> Result<Vec<u8>, ComposeError> {
        let mut out = Vec::new();
        if self.call_shape(&call.pallet, &call.name).is_none() {
            return Err(ComposeError::NoCall(call.path()));
        }
        self.put_call(call, &mut out)?;
        Ok(out)
    }

    pub(super) fn put_call(&self, call: &Call, out: &mut Vec<u8>) -> Result<(), ArgError> {
        let unknown = || ArgError {
            place: call.path(),
            found: "a call that this runtime lacks".to_owned(),
            expected: "one of its calls".to_owned(),
        };
        let pallet = self.metadata.pallet_by_name(&call.pallet).ok_or_else(unknown)?;
        let variant = pallet.call_variant_by_name(&call.name).ok_or_else(unknown)?;
        out.push(pallet.call_index());
        out.push(variant.index);
        let write = |inner: &Call, out: &mut Vec<u8>| self.put_call(inner, out);
        let encoder = Encoder { types: self.metadata.types(), call_type: self.call_type(), call: &write };
        let names: Vec<String> = (variant.fields.iter().enumerate())
            .map(|(i, f)| f.name.clone().unwrap_or_else(|| i.to_string()))
            .collect();
        if let Some((name, _)) = call.args.iter().find(|(n, _)| !names.contains(n)) {
            return Err(ArgError {
                place: call.path(),
                found: format!("the argument '{name}'"),
                expected: format!("one of {}", names.join(", ")),
            });
        }
        for (name, field) in names.iter().zip(&variant.fields) {
            let Some(node) = call.arg(name) else {
                return Err(ArgError {
                    place: name.clone(),
                    found: "nothing".to_owned(),
                    expected: "a value".to_owned(),
                });
            };
            encoder.put(node, field.ty.id, (name, 0), out)?;
        }
        Ok(())
    }

    /// The call in these bytes, all of them.
    ///
    /// # Errors
    /// Malformed or unbounded, or bytes left over.
    pub fn decode_call(&self, bytes: &[u8]) -> Result<Call, CodecError> {
        let mut decoder = Decoder::new(self.metadata.types(), self.call_type(), bytes);
        let decoded = decoder.value(self.call_type(), 0).and_then(|node| decoder.end().map(|()| node));
        match decoded {
            Ok(Node::Call(call)) => Ok(*call),
            Ok(_) => Err(CodecError::Absent("type of calls".to_owned())),
            Err(why) => Err(why.of("call")),
        }
    }

    pub(super) fn call_type(&self) -> u32 {
        self.metadata.outer_enums().call_enum_ty()
    }
}

/// Hash of a call as multisigs, preimages and authorisations name it.
#[must_use]
pub fn call_hash(call: &[u8]) -> crate::domain::Hash {
    crate::domain::Hash(sp_crypto_hashing::blake2_256(call))
}
