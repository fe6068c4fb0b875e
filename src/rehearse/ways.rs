//! The ways to run a call with an origin that nobody holds here.
//!
//! In: a call and an origin. Out: what one way gave ([`Taken`]). The dry-run API dispatches in the block that is there, without
//! fees and extensions, and leaves traces of its own; a transaction in a next block goes the whole way of a real one. Each way
//! also runs an empty call, so that only what the call itself does is told. Must not decide which way is taken.

use super::diff::{self, Named, Raw, Written};
use super::effects::{
    Effects, dry_run_input, effects, empty_message, message_effects, message_input, weight_in,
};
use super::exec::{Executor, Log, MARKER, Stopped};
use super::header;
use super::journal::{Changes, Journal};
use super::state::{Cached, StateError};
use super::verdict::{self, Event, Outcome};
use super::world::World;
use crate::codec::{CodecError, ComposeError, Runtime};
use crate::domain::call::{Call, Node};
use crate::domain::{AccountId, UnixMs};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which way a call was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// `DryRunApi.dry_run_call`.
    DryRunApi,
    /// A transaction of the sudo key in a next block.
    SudoExtrinsic,
    /// The agenda of a next block.
    Scheduler,
    /// A transaction of the origin in a next block.
    SignedExtrinsic,
    /// `TaggedTransactionQueue.validate_transaction`.
    ValidateTransaction,
    /// `DryRunApi.dry_run_xcm`: a message that arrives.
    DryRunXcm,
    /// A whole block without a call.
    Block,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Root.
    Root,
    /// An account.
    Signed(AccountId),
    /// A parachain; no transaction has this origin.
    Parachain(u32),
}

/// Computing time and proof bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Weight {
    /// Picoseconds of the reference machine.
    pub ref_time: u64,
    /// Bytes of proof.
    pub proof_size: u64,
}

/// What one way gave.
pub(super) struct Taken {
    /// The way.
    pub via: Via,
    /// The verdict.
    pub outcome: Outcome,
    /// The events of the call.
    pub events: Vec<Event>,
    /// The changes of the call.
    pub raw: Raw,
    /// What was logged.
    pub logs: Vec<Log>,
    /// What it weighs; none where the runtime does not say.
    pub weight: Option<Weight>,
    /// Keys that any transaction of the origin changes: fee and nonce.
    pub usual: BTreeSet<Vec<u8>>,
    /// Messages that leave for other chains: where to, and what.
    pub sent: Vec<(Node, Vec<Node>)>,
}

/// Why a way cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum WayError {
    /// The runtime, its state or its answer.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The chain has not what the way needs.
    #[error("{0}")]
    Absent(String),
    /// No such transaction would be taken into a block.
    #[error("the transaction would not be taken into a block: {0}")]
    Invalid(String),
    /// An answer in which nothing says whether it worked.
    #[error("the answer of {0} does not say what became of the call")]
    Unclear(String),
    /// An input that the runtime does not take.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// An answer that cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl From<StateError> for WayError {
    fn from(e: StateError) -> Self {
        Self::Stopped(e.into())
    }
}

/// Everything that a way needs.
pub(super) struct Stage<'a> {
    /// The metadata.
    pub runtime: &'a Runtime,
    /// The code.
    pub executor: &'a dyn Executor,
    /// The state.
    pub state: &'a mut Cached,
    /// Now, for chains that have no time yet.
    pub now: UnixMs,
}

/// What takes a transaction into a block.
const APPLY: &str = "BlockBuilder.apply_extrinsic";

/// A call that does nothing.
pub(super) fn remark() -> Call {
    let args = vec![("remark".to_owned(), Node::Bytes(Vec::new()))];
    Call { pallet: "System".to_owned(), name: "remark".to_owned(), args }
}

/// The error in the answer of `entry`, or none for `Ok`.
///
/// # Errors
/// The answer is no `Result`: what became of the call is not known.
pub(super) fn said(runtime: &Runtime, entry: &str, node: &Node) -> Result<Option<String>, WayError> {
    verdict::result(runtime, node).ok_or_else(|| WayError::Unclear(entry.to_owned()))
}

impl Stage<'_> {
    pub(super) fn enter(
        &mut self,
        entry: &str,
        input: &[u8],
        below: &Arc<Changes>,
    ) -> Result<(Vec<u8>, Vec<Log>, Journal), Stopped> {
        let mut world = World::new(self.state, below.clone());
        let ran = self.executor.run(entry, input, &mut world)?;
        Ok((ran.output, ran.logs, world.journal))
    }

    /// The dry-run API in this process: unlike on a node, what it writes is seen.
    ///
    /// # Errors
    /// The runtime has no such API, or it did not answer.
    pub(super) fn dry_run(&mut self, origin: Origin, call: &Call) -> Result<Taken, WayError> {
        const ENTRY: &str = "DryRunApi_dry_run_call";
        let below = Arc::new(self.first_block()?);
        let empty = dry_run_input(self.runtime, origin, &remark())?;
        let (_, quiet, journal) = self.enter(ENTRY, &empty, &below)?;
        let nothing = journal.into_changes();
        let input = dry_run_input(self.runtime, origin, call)?;
        let (output, mut logs, journal) = self.enter(ENTRY, &input, &below)?;
        let changes = journal.into_changes();
        logs.retain(|line| !quiet.contains(line));
        let Effects { error, events, weight, sent } = effects(self.runtime, &output)?;
        let (usual, named) = (BTreeSet::new(), Named::of(call));
        let written = Written { changes: &changes, empty: &nothing, usual: Some(&usual), named: &named };
        let raw = diff::effective(self.runtime, self.state, &below, &written)?;
        let outcome = verdict::weigh(self.runtime, ("DryRunApi.dry_run_call", error), &events, &logs);
        let weight = weight.or_else(|| self.announced(call));
        Ok(Taken { via: Via::DryRunApi, outcome, events, raw, logs, weight, usual, sent })
    }

    /// A message of the relay chain that arrives, without what an empty one does.
    ///
    /// # Errors
    /// The runtime has no such API, or it did not answer.
    pub(super) fn message(&mut self, message: &Node) -> Result<Taken, WayError> {
        const ENTRY: &str = "DryRunApi_dry_run_xcm";
        let below = Arc::new(self.first_block()?);
        let empty = message_input(self.runtime, &empty_message())?;
        let (_, quiet, journal) = self.enter(ENTRY, &empty, &below)?;
        let nothing = journal.into_changes();
        let input = message_input(self.runtime, message)?;
        let (output, mut logs, journal) = self.enter(ENTRY, &input, &below)?;
        let changes = journal.into_changes();
        logs.retain(|line| !quiet.contains(line));
        let Effects { error, events, weight, sent } = message_effects(self.runtime, &output)?;
        let (usual, named) = (BTreeSet::new(), Named::default());
        let written = Written { changes: &changes, empty: &nothing, usual: Some(&usual), named: &named };
        let raw = diff::effective(self.runtime, self.state, &below, &written)?;
        let outcome = verdict::weigh(self.runtime, ("DryRunApi.dry_run_xcm", error), &events, &logs);
        Ok(Taken { via: Via::DryRunXcm, outcome, events, raw, logs, weight, usual, sent })
    }

    /// The header of the next block.
    pub(super) fn next_header(&mut self) -> Result<Vec<u8>, WayError> {
        let block = self.state.block();
        let mut world = World::new(self.state, Arc::default());
        Ok(header::after(self.runtime, &mut world, block, self.now)?.0)
    }

    /// Block 0 records no events: a rehearsal there pretends to be in block 1.
    fn first_block(&self) -> Result<Changes, WayError> {
        let mut below = Changes::new();
        if self.state.block().number == 0 {
            below.insert(self.runtime.key("System", "Number")?, Some(1_u32.to_le_bytes().to_vec()));
        }
        Ok(below)
    }

    /// The weight that the runtime announces for a call.
    fn announced(&mut self, call: &Call) -> Option<Weight> {
        let length = u128::try_from(self.runtime.encode_call(call).ok()?.len()).ok()?;
        let args = [Node::Call(Box::new(call.clone())), Node::Number(length)];
        let input = self.runtime.api_input("TransactionPaymentCallApi", "query_call_info", &args).ok()?;
        let entry = "TransactionPaymentCallApi_query_call_info";
        let (output, _, _) = self.enter(entry, &input, &Arc::default()).ok()?;
        weight_in(&self.runtime.api_node("TransactionPaymentCallApi", "query_call_info", &output).ok()?)
    }

    /// A transaction of the origin (for Root: of the sudo key) in a next block, with a signature that stands for a real one.
    ///
    /// # Errors
    /// No sudo key, the transaction is not valid, or the block cannot be begun.
    pub(super) fn transaction(&mut self, origin: Origin, call: &Call) -> Result<Taken, WayError> {
        let header = self.next_header()?;
        let (_, _, journal) = self.enter("Core_initialize_block", &header, &Arc::default())?;
        let below = Arc::new(journal.into_changes());
        let quiet = self.apply(origin, &remark(), &below);
        let (nothing, usual) = match (origin, quiet) {
            // What an account pays belongs to what its transaction does; some pay for nothing else than this call.
            (Origin::Signed(_), Ok((_, _, changes))) => (Changes::new(), changes.into_keys().collect()),
            (Origin::Signed(_), Err(WayError::Invalid(_))) => (Changes::new(), BTreeSet::new()),
            (_, quiet) => (quiet?.2, BTreeSet::new()),
        };
        let (error, logs, changes) = self.apply(origin, call, &below)?;
        // Where an empty call cannot be paid for, it is not known what it would write.
        let unknown = matches!(origin, Origin::Signed(_)) && usual.is_empty();
        let written = Written {
            changes: &changes,
            empty: &nothing,
            usual: (!unknown).then_some(&usual),
            named: &Named::of(call),
        };
        let raw = diff::effective(self.runtime, self.state, &below, &written)?;
        let (events, weight) = self.events(&changes, "ApplyExtrinsic")?;
        let (via, name) = match origin {
            Origin::Signed(_) => (Via::SignedExtrinsic, APPLY),
            Origin::Root | Origin::Parachain(_) => (Via::SudoExtrinsic, "Sudo.sudo"),
        };
        if origin == Origin::Root && !events.iter().any(|e| e.path() == "Sudo.Sudid") && error.is_none() {
            return Err(WayError::Absent("sudo does not say what became of the call".to_owned()));
        }
        let outcome = verdict::weigh(self.runtime, (name, error), &events, &logs);
        Ok(Taken { via, outcome, events, raw, logs, weight, usual, sent: Vec::new() })
    }

    /// Applies a transaction over the begun block: the error of its dispatch, its logs and changes.
    fn apply(
        &mut self,
        origin: Origin,
        call: &Call,
        below: &Arc<Changes>,
    ) -> Result<(Option<String>, Vec<Log>, Changes), WayError> {
        let bytes = self.unsigned(origin, call, &Changes::new())?;
        let (output, logs, journal) = self.enter("BlockBuilder_apply_extrinsic", &bytes, below)?;
        let changes = journal.into_changes();
        let error = match self.runtime.api_node("BlockBuilder", "apply_extrinsic", &output)? {
            Node::Variant(ok, inner) if ok == "Ok" => {
                let (_, node) = inner.first().ok_or_else(|| WayError::Unclear(APPLY.to_owned()))?;
                said(self.runtime, APPLY, node)?
            }
            refused => {
                let why = said(self.runtime, APPLY, &refused)?;
                return Err(WayError::Invalid(why.unwrap_or_default()));
            }
        };
        Ok((error, logs, changes))
    }

    /// The transaction; for Root it is `Sudo.sudo` of the sudo key. Its signature is [`MARKER`], its nonce the next one after
    /// `below`.
    pub(super) fn unsigned(
        &mut self,
        origin: Origin,
        call: &Call,
        below: &Changes,
    ) -> Result<Vec<u8>, WayError> {
        let (signer, call) = match origin {
            Origin::Parachain(_) => {
                return Err(WayError::Absent("no transaction has the origin of a parachain".to_owned()));
            }
            Origin::Signed(who) => (who, self.runtime.encode_call(call)?),
            Origin::Root => {
                let key = self.runtime.key("Sudo", "Key");
                let key = key.map_err(|_| WayError::Absent("this runtime has no sudo".to_owned()))?;
                let stored = self.state.get(&key)?.and_then(|v| <[u8; 32]>::try_from(v).ok());
                let signer = stored.ok_or_else(|| WayError::Absent("no sudo key is set".to_owned()))?;
                let args = vec![("call".to_owned(), Node::Call(Box::new(call.clone())))];
                let sudo = Call { pallet: "Sudo".to_owned(), name: "sudo".to_owned(), args };
                (AccountId(signer), self.runtime.encode_call(&sudo)?)
            }
        };
        let account = self.runtime.map_key("System", "Account", &signer.0)?;
        let stored = match below.get(&account) {
            Some(written) => written.clone(),
            None => self.state.get(&account)?,
        };
        let stored = stored.and_then(|v| v.first_chunk::<4>().copied());
        let nonce = stored.map_or(0, u32::from_le_bytes);
        Ok(self.runtime.transaction((&signer, nonce), &MARKER, &call)?)
    }

    /// Whether the transaction would be taken; nothing is said about what its call does.
    ///
    /// # Errors
    /// No sudo key, or the runtime did not answer.
    pub(super) fn validity(&mut self, origin: Origin, call: &Call) -> Result<Taken, WayError> {
        // From outside; the transaction; the block.
        let mut input = vec![2];
        input.extend(self.unsigned(origin, call, &Changes::new())?);
        input.extend_from_slice(&self.state.block().hash.0);
        let entry = "TaggedTransactionQueue_validate_transaction";
        let (output, logs, _) = self.enter(entry, &input, &Arc::default())?;
        let answer = self.runtime.api_node("TaggedTransactionQueue", "validate_transaction", &output)?;
        let name = "TaggedTransactionQueue.validate_transaction";
        let error = said(self.runtime, name, &answer)?;
        let outcome = verdict::weigh(self.runtime, (name, error), &[], &logs);
        let (events, raw, weight) = (Vec::new(), Raw::new(), self.announced(call));
        let (via, usual, sent) = (Via::ValidateTransaction, BTreeSet::new(), Vec::new());
        Ok(Taken { via, outcome, events, raw, logs, weight, usual, sent })
    }

    /// The events of a phase, and what the transaction weighed where that is the phase.
    pub(super) fn events(
        &self,
        changes: &Changes,
        phase: &str,
    ) -> Result<(Vec<Event>, Option<Weight>), WayError> {
        let written = changes.get(&self.runtime.key("System", "Events")?).cloned().flatten();
        let Some(Node::List(records)) =
            self.runtime.storage_node("System", "Events", written.as_deref().or(Some(&[0])))?
        else {
            return Ok((Vec::new(), None));
        };
        let mut events = Vec::new();
        for record in records {
            let Node::Fields(fields) = record else { continue };
            let wanted = |node: &Node| matches!(node, Node::Variant(name, _) if name == phase);
            if fields.iter().any(|(name, node)| name == "phase" && wanted(node)) {
                let event = fields.into_iter().find(|(name, _)| name == "event");
                events.extend(event.and_then(|(_, node)| Event::of(node)));
            }
        }
        let ends = ["System.ExtrinsicSuccess", "System.ExtrinsicFailed"];
        let end = events.iter().find(|event| ends.contains(&event.path().as_str()));
        let weight = end.and_then(|event| event.fields.iter().find_map(|(_, node)| weight_in(node)));
        Ok((events, weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_no_result_is_not_taken_for_a_success() {
        let packed = include_bytes!("../../tests/it/fixtures/relay-metadata.scale.zst");
        let runtime = Runtime::decode(&zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
        let variant = |name: &str| Node::Variant(name.to_owned(), vec![("0".to_owned(), Node::Nothing)]);
        assert_eq!(said(&runtime, "Api.call", &variant("Ok")).unwrap(), None);
        assert!(said(&runtime, "Api.call", &variant("Err")).unwrap().is_some());
        for odd in [variant("Fine"), Node::Number(0), Node::Nothing] {
            let why = said(&runtime, "Api.call", &odd).unwrap_err().to_string();
            assert_eq!(why, "the answer of Api.call does not say what became of the call");
        }
    }
}
