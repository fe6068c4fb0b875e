//! What a rehearsal needs to know of a runtime: errors by name, keys of plain items, and a transaction that nobody signed.
//!
//! In: metadata, values. Out: names and bytes. Only the part of a transaction that travels is written here; what is signed
//! besides (genesis, versions) is not needed, as nothing made here is valid anywhere. Must not sign or send.

use super::Runtime;
use super::call::ComposeError;
use super::encode::ArgError;
use super::shape::{self, Shape};
use crate::domain::AccountId;
use codec::{Compact, Encode as _};
use sp_crypto_hashing::twox_128;

/// The extensions of a transaction of version 4.
const EXTENSIONS: u8 = 0;
/// Deepest type that is looked into for whether it takes any bytes.
const MAX_DEPTH: u32 = 16;

impl Runtime {
    /// `Paras.NotRegistered`; none where the runtime has no such error.
    #[must_use]
    pub fn module_error(&self, pallet: u8, error: u8) -> Option<String> {
        let pallet = self.metadata.pallet_by_error_index(pallet)?;
        Some(format!("{}.{}", pallet.name(), pallet.error_variant_by_index(error)?.name))
    }

    /// Pallet, item and key of all items that are no maps.
    #[must_use]
    pub fn plain_items(&self) -> Vec<(String, String, Vec<u8>)> {
        let mut found = Vec::new();
        for pallet in self.metadata.pallets() {
            let Some(storage) = pallet.storage() else { continue };
            for item in storage.entries().iter().filter(|e| e.keys().len() == 0) {
                let key = [twox_128(storage.prefix().as_bytes()), twox_128(item.name().as_bytes())].concat();
                found.push((pallet.name().to_owned(), item.name().to_owned(), key));
            }
        }
        found
    }

    /// A transaction of version 4 in the name of `signer`: immortal, without a tip, with a signature of the caller's choice.
    ///
    /// # Errors
    /// The runtime takes no such transactions, or has an extension that is not known here and wants bytes.
    pub fn transaction(
        &self,
        (signer, nonce): (&AccountId, u32),
        signature: &[u8; 64],
        call: &[u8],
    ) -> Result<Vec<u8>, ComposeError> {
        let extrinsic = self.metadata.extrinsic();
        let extensions = extrinsic.transaction_extensions_by_version(EXTENSIONS);
        let Some(extensions) = extensions.filter(|_| extrinsic.supported_versions().contains(&4)) else {
            return Err(ComposeError::NoItem("signed transaction of version 4".to_owned()));
        };
        // Version 4 with a signature; MultiAddress::Id; MultiSignature::Sr25519.
        let mut body = vec![0x84, 0];
        body.extend_from_slice(&signer.0);
        body.push(1);
        body.extend_from_slice(signature);
        for extension in extensions {
            match extension.identifier() {
                // An immortal era; metadata hash: off.
                "CheckMortality" | "CheckEra" | "CheckMetadataHash" => body.push(0),
                "CheckNonce" => Compact(nonce).encode_to(&mut body),
                "ChargeTransactionPayment" => body.push(0),
                // No tip, in no other asset.
                "ChargeAssetTxPayment" => body.extend_from_slice(&[0, 0]),
                _ if self.takes_no_bytes(extension.extra_ty(), 0) => {}
                unknown => {
                    return Err(ComposeError::Argument(ArgError {
                        place: "transaction".to_owned(),
                        found: format!("the extension {unknown}"),
                        expected: "an extension that this version knows".to_owned(),
                    }));
                }
            }
        }
        body.extend_from_slice(call);
        Ok(body.encode())
    }

    fn takes_no_bytes(&self, type_id: u32, depth: u32) -> bool {
        let empty = |id: u32| self.takes_no_bytes(id, depth + 1);
        match shape::of(self.metadata.types(), type_id) {
            _ if depth > MAX_DEPTH => false,
            Some(Shape::Fields(_, fields)) => fields.iter().all(|(_, id)| empty(*id)),
            Some(Shape::Tuple(items)) => items.into_iter().all(empty),
            Some(Shape::Array(item, len)) => len == 0 || empty(item),
            _ => false,
        }
    }
}
