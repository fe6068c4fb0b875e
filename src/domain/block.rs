//! Blocks as the console keeps them: who is where in the chain, who wrote it, what happened in it.
//!
//! In: what a probe decoded. Out: plain values. Must not import anything but sibling identifiers.

use super::{AccountId, BlockVotes, Clean, Hash, ParaId, UnixMs};
use serde::{Deserialize, Serialize};

/// A block named by number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockRef {
    /// Height; genesis is 0.
    pub number: u64,
    /// blake2-256 of the encoded header.
    pub hash: Hash,
}

/// One block, read once through one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Number and hash.
    pub at: BlockRef,
    /// Hash of the parent.
    pub parent: Hash,
    /// `Timestamp.Now` in its state; none where it could not be read.
    pub timestamp: Option<UnixMs>,
    /// Authoring slot from the BABE or Aura pre-digest.
    pub slot: Option<u64>,
    /// Who wrote it, from the pre-digest's authority index and the session's validators.
    pub author: Option<AccountId>,
    /// `Session.CurrentIndex` in its state; none where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// Backing votes and availability (relay only); none on a para and where nothing could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<Box<BlockVotes>>,
    /// Empty slots between the parent and this block, with their owner where it could be computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<MissedSlot>,
    /// Number of extrinsics that were applied and are not inherents (dispatch class other than mandatory).
    /// None where the events could not be decoded.
    pub transactions: Option<u32>,
    /// Parachain candidates that moved in this block (relay only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Events worth keeping; routine ones are only counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventRecord>,
    /// Number of all events. None where they could not be decoded.
    pub event_count: Option<u32>,
    /// What of this block could not be decoded, as one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecoded: Option<Clean>,
}

/// A slot in which no block was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedSlot {
    /// The slot number.
    pub slot: u64,
    /// The secondary owner of the slot (ACTIONS §2.1); none where the epoch's randomness was not known.
    pub owner: Option<AccountId>,
}

/// A runtime (pallet) event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Pallet name as in the metadata.
    pub pallet: Clean,
    /// Event name as in the metadata.
    pub name: Clean,
    /// Fields as one line of text, bounded.
    pub fields: Clean,
    /// Index of the extrinsic that caused it; none for events of initialisation and finalisation.
    pub extrinsic: Option<u32>,
}

/// A parachain candidate that changed its stage in a relay block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Whose candidate.
    pub para: ParaId,
    /// What happened to it.
    pub stage: CandidateStage,
    /// The core it occupies.
    pub core: Option<u32>,
}

/// Stages of a parachain block on the relay chain: `ParaInclusion` events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CandidateStage {
    /// `CandidateBacked`.
    Backed,
    /// `CandidateIncluded`.
    Included,
    /// `CandidateTimedOut`: it did not become available in time.
    TimedOut,
}
