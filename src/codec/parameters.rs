//! All constants of a runtime, and a structure in storage field by field, as lines of text that can be compared.
//!
//! In: metadata, stored bytes. Out: name and text. Long values are told by their beginning, length and hash: a change shows, the
//! bulk does not. Must not compare.

use super::{CodecError, Runtime};
use crate::domain::Clean;
use crate::domain::call::Node;
use crate::domain::ids::to_hex;
use codec::{Compact, Decode as _};
use std::collections::BTreeMap;

/// Longest text of one value, in bytes.
const MAX_TEXT: usize = 160;
/// Most constants of one runtime.
const MAX_VALUES: usize = 5_000;
/// Deepest structure that is named field by field.
const MAX_DEPTH: u8 = 4;

impl Runtime {
    /// Every constant: `Babe.EpochDuration` with its value as text. What does not decode is told by its hash.
    #[must_use]
    pub fn constants(&self) -> BTreeMap<String, Clean> {
        let mut all = BTreeMap::new();
        for pallet in self.metadata.pallets() {
            for constant in pallet.constants() {
                let name = constant.name();
                // The version is what an upgrade changes: it stands beside the ledger, not in it.
                if (pallet.name(), name) == ("System", "Version") || all.len() >= MAX_VALUES {
                    continue;
                }
                let text = match self.constant_node(pallet.name(), name) {
                    Ok(node) => short(&node.text(usize::MAX)),
                    Err(_) => hashed("undecoded", constant.value()),
                };
                all.insert(format!("{}.{name}", pallet.name()), Clean::of(&text));
            }
        }
        all
    }

    /// The fields of a stored structure, by the path of each below `Pallet.Item`.
    ///
    /// # Errors
    /// Absent, malformed or unbounded.
    pub fn fields_of(
        &self,
        pallet: &str,
        item: &str,
        bytes: Option<&[u8]>,
    ) -> Result<BTreeMap<String, Clean>, CodecError> {
        let mut all = BTreeMap::new();
        if let Some(node) = self.storage_node(pallet, item, bytes)? {
            spread(&node, &format!("{pallet}.{item}"), 0, &mut all);
        }
        Ok(all)
    }
}

fn spread(node: &Node, name: &str, depth: u8, into: &mut BTreeMap<String, Clean>) {
    match node {
        Node::Fields(fields) if depth < MAX_DEPTH && into.len() < MAX_VALUES => {
            for (field, inner) in fields {
                spread(inner, &format!("{name}.{field}"), depth + 1, into);
            }
        }
        other => {
            into.insert(name.to_owned(), Clean::of(&short(&other.text(usize::MAX))));
        }
    }
}

fn hashed(text: &str, bytes: &[u8]) -> String {
    let hash = to_hex(&sp_crypto_hashing::blake2_256(bytes)).chars().take(18).collect::<String>();
    format!("{text}… {} bytes, hash {hash}", bytes.len())
}

fn short(text: &str) -> String {
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let head: String = text.chars().take(MAX_TEXT - 60).collect();
    hashed(&head, text.as_bytes())
}

impl Runtime {
    /// Pallets of referenda: those that have tracks and keep information about referenda.
    #[must_use]
    pub fn pallets_of_referenda(&self) -> Vec<String> {
        let has = |name: &str| self.storage_keys(name, "ReferendumInfoFor") == Some(1);
        self.metadata.pallets().map(|p| p.name().to_owned()).filter(|name| has(name)).take(8).collect()
    }

    /// The bytes in a stored list of bytes; none where the list is longer or shorter than it says.
    #[must_use]
    pub fn bytes_in<'b>(&self, stored: &'b [u8]) -> Option<&'b [u8]> {
        let mut rest = stored;
        let Compact(len) = <Compact<u32>>::decode(&mut rest).ok()?;
        (usize::try_from(len).ok()? == rest.len()).then_some(rest)
    }
}
