//! The intent: canonical bytes of what shall be done, and their hash.
//!
//! In: calls, chains, wrappers, parameters, artefacts, checks with the reads behind them, lines of `verify`, ticket, expiry.
//! Out: bytes that differ wherever one of these does, and nowhere else. Of a read counts where it looks (item, keys, chain,
//! which block), as an expression over other reads is another check; what it saw does not. Observed values, signer and nonce
//! belong to the approval, which is made after the checks are run again (DESIGN §4): of a multisig the call inside counts, as
//! its first approval and the weight are read from the chain.

use super::{Checked, Ingredients};
use crate::domain::{Hash, UnixMs};
use crate::runbook::recipe::{Level, Read, Verify};
use crate::runbook::verify::is_meant;
use codec::Encode;
use sp_crypto_hashing::blake2_256;

/// What the bytes begin with; the number changes with their layout.
const TAG: &[u8] = b"sereno plan 2";

/// A chain of the intent: void when one of these changes.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct IntentChain {
    /// The profile's id.
    pub id: String,
    /// Its genesis.
    pub genesis: [u8; 32],
    /// Its runtime.
    pub code_hash: Option<[u8; 32]>,
}

/// A call of the intent.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct IntentCall {
    /// The chain it is a call of.
    pub chain: String,
    /// Who makes it.
    pub origin: String,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// What shall be done.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct Intent {
    /// The chains of the calls.
    pub chains: Vec<IntentChain>,
    /// The calls.
    pub calls: Vec<IntentCall>,
    /// The wrappers as they were given.
    pub wraps: Vec<String>,
    /// What is signed; of a multisig, which the wrappers name whole, the call inside.
    pub wrapped: Option<Vec<u8>>,
    /// Name and hash of the bytes that came from files.
    pub artefacts: Vec<(String, [u8; 32])>,
    /// Name, whether it blocks, and the expression of each check.
    pub checks: Vec<(String, bool, String)>,
    /// Name and value of each parameter; of a file the hash of its bytes.
    pub params: Vec<(String, String)>,
    /// Name of each read and where it looks.
    pub reads: Vec<(String, String)>,
    /// When each line of `verify` must hold, and the expression.
    pub verify: Vec<(String, String)>,
    /// The ticket.
    pub ticket: Option<String>,
    /// Until when, in milliseconds since 1970.
    pub expires: i64,
}

impl Intent {
    /// The canonical bytes: the tag, then SCALE.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = TAG.to_vec();
        self.encode_to(&mut out);
        out
    }

    /// The hash that names the intent.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash(blake2_256(&self.bytes()))
    }
}

pub(super) fn of(from: &Ingredients<'_>, checks: &[Checked]) -> Intent {
    let UnixMs(expires) = from.expires;
    let recipe = from.draft.recipe();
    Intent {
        chains: (from.chains.iter())
            .map(|c| IntentChain {
                id: c.id.clone(),
                genesis: c.genesis.0,
                code_hash: c.code_hash.map(|h| h.0),
            })
            .collect(),
        calls: (from.composition.calls.iter())
            .map(|c| IntentCall {
                chain: c.target.to_string(),
                origin: c.origin.clone(),
                data: c.data.clone(),
            })
            .collect(),
        wraps: from.wraps.to_vec(),
        wrapped: from.wrapped.map(|w| w.intended.as_ref().unwrap_or(&w.call_data).clone()),
        artefacts: from.draft.artefacts().iter().map(|a| (a.name.clone(), a.hash.0)).collect(),
        checks: (checks.iter()).map(|c| (c.id.clone(), c.level == Level::Block, c.expr.clone())).collect(),
        params: from.draft.intended(),
        reads: recipe.reads.iter().map(|r| (r.id.get_ref().clone(), place(r))).collect(),
        verify: (recipe.verify.iter())
            .filter(|line| is_meant(line.only.as_ref(), &from.draft.scope))
            .map(|line| (time(line), line.expr.get_ref().clone()))
            .collect(),
        ticket: from.ticket.clone(),
        expires,
    }
}

/// Where a read looks, as the recipe says it.
fn place(read: &Read) -> String {
    let named = [
        ("storage", &read.storage),
        ("entries", &read.entries),
        ("api", &read.api),
        ("constant", &read.constant),
        ("chain", &read.chain),
    ];
    let named =
        named.into_iter().filter_map(|(kind, item)| Some(format!("{kind} {}", item.as_ref()?.get_ref())));
    let keys = read.keys.iter().chain(&read.args).map(|raw| format!("key {}", raw.get_ref()));
    let mut out: Vec<String> = named.chain(keys).collect();
    out.push(format!("header {} code {} balance {} {:?}", read.header, read.code, read.balance, read.at));
    out.join("; ")
}

fn time(line: &Verify) -> String {
    line.within.as_ref().map_or_else(|| "now".to_owned(), |within| within.get_ref().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent() -> Intent {
        Intent {
            chains: vec![IntentChain { id: "relay".to_owned(), genesis: [1; 32], code_hash: Some([2; 32]) }],
            calls: vec![IntentCall {
                chain: "relay".to_owned(),
                origin: "root".to_owned(),
                data: vec![1, 2],
            }],
            wraps: vec!["sudo".to_owned()],
            wrapped: Some(vec![3]),
            artefacts: vec![("new_head".to_owned(), [4; 32])],
            checks: vec![("a".to_owned(), true, "x == 1".to_owned())],
            params: vec![("para".to_owned(), "2000".to_owned())],
            reads: vec![("x".to_owned(), "storage A.B".to_owned())],
            verify: vec![("now".to_owned(), "x == 2".to_owned())],
            ticket: None,
            expires: 5,
        }
    }

    #[test]
    fn every_part_of_the_intent_changes_its_hash() {
        type Change = fn(&mut Intent);
        let changes: [Change; 15] = [
            |i| i.chains[0].genesis = [9; 32],
            |i| i.chains[0].code_hash = None,
            |i| i.calls[0].data = vec![1],
            |i| i.calls[0].origin = "signed".to_owned(),
            |i| i.calls[0].chain = "people".to_owned(),
            |i| i.wraps.clear(),
            |i| i.wrapped = None,
            |i| i.artefacts[0].1 = [0; 32],
            |i| i.checks[0].1 = false,
            |i| i.checks[0].2 = "x == 2".to_owned(),
            |i| i.params[0].1 = "2001".to_owned(),
            |i| i.reads[0].1 = "storage A.C".to_owned(),
            |i| i.verify.clear(),
            |i| i.ticket = Some("7".to_owned()),
            |i| i.expires = 6,
        ];
        let mut seen = std::collections::BTreeSet::from([intent().hash()]);
        for change in changes {
            let mut other = intent();
            change(&mut other);
            assert!(seen.insert(other.hash()), "{other:?}");
        }
        assert_eq!(intent().hash(), intent().hash());
        // The layout is part of what colleagues compare: it does not change by accident.
        assert!(intent().bytes().starts_with(b"sereno plan 2\x04\x14relay"));
    }
}
