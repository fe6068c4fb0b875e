//! More blocks after the call: what comes later, such as at the next session or when a queue is worked off.
//!
//! In: a call, a number of blocks. Out: how the state differs in the end from the same blocks with an empty call in its place,
//! and which events came besides. Slot and time go on together from the chain's own. Relay chains only: a para's blocks need proofs of
//! its relay chain. Must not decide what is told.

use super::diff::{self, Named, Raw, Written};
use super::effects::weight_in;
use super::exec::Log;
use super::header;
use super::journal::Changes;
use super::verdict::{self, Event};
use super::ways::{Origin, Stage, Taken, Via, WayError, remark, said};
use super::world::World;
use crate::domain::call::{Call, Node};
use crate::domain::{BlockRef, Hash};
use codec::Encode as _;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of an encoded header of zeros with an empty digest.
const EMPTY_HEADER: usize = 32 + 1 + 32 + 32 + 1;

/// What differs because the hashes of invented blocks do, and how full they are; an empty list: all of the pallet.
const BY_HASH: [(&str, &[&str]); 4] = [
    ("Mmr", &[]),
    ("ParasShared", &["AllowedRelayParents", "AllowedSchedulingParents"]),
    ("System", &["BlockHash"]),
    ("TransactionPayment", &["NextFeeMultiplier"]),
];

/// What followed.
pub(super) struct Followed {
    /// How the state differs in the end from what it would be with an empty call.
    pub(super) raw: Raw,
    /// Events of the blocks after the call's own that would not be there without it.
    pub(super) events: Vec<Event>,
    /// Why a block could not be built; with an empty call they can.
    pub(super) broken: Option<String>,
    /// Everything that the blocks wrote.
    pub(super) all: Changes,
}

/// A line of blocks built over the state.
#[derive(Default)]
struct Line {
    changes: Arc<Changes>,
    /// Of all blocks after the first.
    events: Vec<Event>,
    logs: Vec<Log>,
}

impl Stage<'_> {
    /// Builds the block of the calls and `more` empty ones, and the same with empty calls. `parent` is the encoded header of
    /// the block whose state this is.
    ///
    /// # Errors
    /// No relay chain, or the blocks cannot be built even with an empty call.
    pub(super) fn follow(
        &mut self,
        calls: &[(Origin, Call)],
        more: u32,
        parent: &[u8],
    ) -> Result<Followed, WayError> {
        if !self.runtime.has_pallet("ParaInherent") {
            return Err(WayError::Absent(
                "--blocks works on relay chains only: blocks of a para need proofs".into(),
            ));
        }
        let quiet: Vec<_> = calls.iter().map(|(origin, _)| (*origin, remark())).collect();
        let mut without = Line::default();
        self.line(&mut without, &quiet, more, parent)?;
        let mut with = Line::default();
        let broken = self.line(&mut with, calls, more, parent).err().map(|e| e.to_string());
        let mut all = (*with.changes).clone();
        // What only the other line touched is as it was in this one.
        for key in without.changes.keys().filter(|key| !with.changes.contains_key(*key)) {
            all.insert(key.clone(), self.state.get(key)?);
        }
        let (empty, named) = (Changes::new(), Named::default());
        let written = Written { changes: &all, empty: &empty, usual: None, named: &named };
        let mut raw = diff::effective(self.runtime, self.state, &without.changes, &written)?;
        raw.retain(|key, _| !self.is_by_hash(key));
        let mut events = with.events;
        for usual in &without.events {
            if let Some(at) = events.iter().position(|event| event == usual) {
                events.remove(at);
            }
        }
        Ok(Followed { raw, events, broken, all: Arc::unwrap_or_clone(with.changes) })
    }

    /// Builds a block without any call over the state: what the block itself does, such as the migrations of new code. What it
    /// weighs is what the runtime had to do before any transaction.
    ///
    /// # Errors
    /// No relay chain, or the block cannot be built.
    pub(super) fn block(&mut self, parent: &[u8]) -> Result<Taken, WayError> {
        if !self.runtime.has_pallet("ParaInherent") {
            return Err(WayError::Absent(
                "only blocks of a relay chain can be built: those of a para need proofs".into(),
            ));
        }
        let mut line = Line::default();
        self.line(&mut line, &[], 0, parent)?;
        let (empty, named) = (Changes::new(), Named::default());
        let written = Written { changes: &line.changes, empty: &empty, usual: None, named: &named };
        let raw = diff::effective(self.runtime, self.state, &empty, &written)?;
        let mut events = Vec::new();
        for phase in ["Initialization", "ApplyExtrinsic", "Finalization"] {
            events.extend(self.events(&line.changes, phase)?.0);
        }
        let weight = line.changes.get(&self.runtime.key("System", "BlockWeight")?).cloned().flatten();
        let weight = self.runtime.storage_node("System", "BlockWeight", weight.as_deref())?;
        let weight = match &weight {
            Some(Node::Fields(classes)) => {
                classes.iter().find(|(class, _)| class == "mandatory").and_then(|(_, node)| weight_in(node))
            }
            _ => None,
        };
        let outcome = verdict::weigh(self.runtime, ("Core.initialize_block", None), &[], &line.logs);
        let (usual, sent) = (BTreeSet::new(), Vec::new());
        Ok(Taken { via: Via::Block, outcome, events, raw, logs: line.logs, weight, usual, sent })
    }

    fn is_by_hash(&self, key: &[u8]) -> bool {
        let Some(found) = self.runtime.locate(key) else { return false };
        BY_HASH.iter().any(|(pallet, items)| {
            *pallet == found.pallet && (items.is_empty() || items.contains(&found.item.as_str()))
        })
    }

    fn line(
        &mut self,
        line: &mut Line,
        first: &[(Origin, Call)],
        more: u32,
        parent: &[u8],
    ) -> Result<(), WayError> {
        let mut parent = parent.to_vec();
        for n in 0..=more {
            let number = self.state.block().number.saturating_add(u64::from(n));
            let hash = Hash(sp_crypto_hashing::blake2_256(&parent));
            let mut world = World::new(self.state, line.changes.clone());
            let (header, slot) =
                header::after(self.runtime, &mut world, BlockRef { number, hash }, self.now)?;
            self.step(line, "Core_initialize_block", &header)?;
            for inherent in [self.timestamp(slot)?, self.paras(&parent)?] {
                self.apply_in(line, &bare(&inherent))?;
            }
            for (origin, call) in first.iter().filter(|_| n == 0) {
                let transaction = self.unsigned(*origin, call, &line.changes)?;
                self.apply_in(line, &transaction)?;
            }
            parent = self.step(line, "BlockBuilder_finalize_block", &[])?;
            if n > 0 {
                for phase in ["Initialization", "ApplyExtrinsic", "Finalization"] {
                    line.events.extend(self.events(&line.changes, phase)?.0);
                }
            }
        }
        Ok(())
    }

    /// Runs an entry point over the line and keeps what it writes.
    fn step(&mut self, line: &mut Line, entry: &str, input: &[u8]) -> Result<Vec<u8>, WayError> {
        let (output, logs, journal) = self.enter(entry, input, &line.changes)?;
        let new = logs.into_iter().filter(|log| !line.logs.contains(log)).collect::<Vec<_>>();
        line.logs.extend(new);
        Arc::make_mut(&mut line.changes).extend(journal.into_changes());
        Ok(output)
    }

    fn apply_in(&mut self, line: &mut Line, extrinsic: &[u8]) -> Result<(), WayError> {
        let output = self.step(line, "BlockBuilder_apply_extrinsic", extrinsic)?;
        let answer = self.runtime.api_node("BlockBuilder", "apply_extrinsic", &output)?;
        match answer {
            // What becomes of the call itself has been told already.
            Node::Variant(ok, _) if ok == "Ok" => Ok(()),
            refused => {
                let why = said(self.runtime, "BlockBuilder.apply_extrinsic", &refused)?;
                Err(WayError::Invalid(why.unwrap_or_default()))
            }
        }
    }

    fn timestamp(&self, slot: u64) -> Result<Vec<u8>, WayError> {
        let length: u64 = self.runtime.constant("Babe", "ExpectedBlockTime").unwrap_or(header::SLOT_MS);
        let now = Node::Number(u128::from(slot.saturating_mul(length)));
        let call = Call { pallet: "Timestamp".into(), name: "set".into(), args: vec![("now".into(), now)] };
        Ok(self.runtime.encode_call(&call)?)
    }

    /// The relay's inherent without any candidate, over the parent's header.
    fn paras(&self, parent: &[u8]) -> Result<Vec<u8>, WayError> {
        let field = |name: &str, node: Node| (name.to_owned(), node);
        let zero = || Node::Bytes(vec![0; 32]);
        let header = Node::Fields(vec![
            field("parent_hash", zero()),
            field("number", Node::Number(0)),
            field("state_root", zero()),
            field("extrinsics_root", zero()),
            field("digest", Node::Fields(vec![field("logs", Node::List(Vec::new()))])),
        ]);
        let none = || Node::List(Vec::new());
        let data = Node::Fields(vec![
            field("bitfields", none()),
            field("backed_candidates", none()),
            field("disputes", none()),
            field("parent_header", header),
        ]);
        let call =
            Call { pallet: "ParaInherent".into(), name: "enter".into(), args: vec![field("data", data)] };
        let mut bytes = self.runtime.encode_call(&call)?;
        // The header is the last field: the true one takes the place of the empty one.
        bytes.truncate(bytes.len().saturating_sub(EMPTY_HEADER));
        bytes.extend_from_slice(parent);
        Ok(bytes)
    }
}

/// An extrinsic of version 4 that nobody signs.
fn bare(call: &[u8]) -> Vec<u8> {
    [&[4], call].concat().encode()
}
