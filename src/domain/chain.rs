//! What a chain says about itself: identity, runtime, session, era, disputes.
//!
//! In: what a probe decoded. Out: plain values. Must not import anything but sibling identifiers.

use super::{AccountId, Clean, Hash, ParaId, UnixMs};
use serde::{Deserialize, Serialize};

/// Facts that make a chain the chain it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Hash of block 0: the chain's true name.
    pub genesis: Hash,
    /// Hash of block 1, none while there is none. Tells two beds with the same genesis apart (DESIGN §6).
    pub first_block: Option<Hash>,
    /// `system_chain`.
    pub name: Clean,
    /// `spec_name` of the runtime.
    pub spec_name: Clean,
    /// From `system_properties`; none where the chain names none.
    pub token: Option<Token>,
    /// The constant `System.SS58Prefix`, else the properties.
    pub ss58_prefix: Option<u16>,
    /// `ParachainInfo.ParachainId`; none on a relay chain.
    pub para_id: Option<ParaId>,
    /// Expected milliseconds between blocks: relay `Babe.ExpectedBlockTime`; none where only the profile or the
    /// observed blocks can tell.
    pub block_time_ms: Option<u64>,
    /// Blocks in a session where the metadata tells it: `Babe.EpochDuration`.
    pub session_blocks: Option<u64>,
    /// `Aura.SlotDuration` in milliseconds.
    pub slot_duration_ms: Option<u64>,
}

/// The chain's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// `PAS`.
    pub symbol: Clean,
    /// Digits after the point.
    pub decimals: u32,
}

/// The runtime in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeVersion {
    /// `spec_name`.
    pub spec_name: Clean,
    /// `spec_version`.
    pub spec_version: u32,
    /// `transaction_version`.
    pub transaction_version: u32,
    /// Hash of `:code`: the key of the metadata (FAULTS H18). None where neither the hash nor the code could be
    /// read.
    pub code_hash: Option<Hash>,
    /// Number of pallets in the metadata.
    pub pallets: u32,
    /// Version of the metadata that was decoded (14 to 16).
    pub metadata_version: u32,
}

/// The session in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `Session.CurrentIndex`.
    pub index: u32,
    /// Slots of the session that are gone; none where the runtime does not say how long a session is.
    pub elapsed: Option<u64>,
    /// Slots in the session.
    pub length: Option<u64>,
}

impl Session {
    /// Blocks left if no slot is missed.
    #[must_use]
    pub fn blocks_left(&self) -> Option<u64> {
        Some(self.length?.saturating_sub(self.elapsed?))
    }
}

/// The staking era.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Era {
    /// `Staking.ActiveEra.index`.
    pub index: u32,
    /// `Staking.ActiveEra.start`.
    pub started: Option<UnixMs>,
}

/// A dispute over a parachain candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The session in which it was raised.
    pub session: u32,
    /// The candidate.
    pub candidate: Hash,
    /// Votes for validity.
    pub votes_for: u32,
    /// Votes against validity.
    pub votes_against: u32,
    /// Relay block at which it started.
    pub started: u64,
    /// Relay block at which it was concluded; none while it is open.
    pub concluded: Option<u64>,
    /// Session validators at that session, for the third that decides; none where not read.
    pub validators: Option<u32>,
}

/// When the relay chain last included a block of a para, read from state (`Paras.MostRecentContext`) rather than
/// seen in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// Whose block.
    pub para: ParaId,
    /// Relay block number; none where the para has never been included.
    pub relay_block: Option<u64>,
}

/// The session's validators, in authority order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorities {
    /// The session they belong to.
    pub session: u32,
    /// Stashes; the index is the authority index of the pre-digest.
    pub validators: Vec<AccountId>,
}
