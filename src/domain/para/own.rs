//! What the para's own node says, where there is one to ask.
//!
//! In: what was read through the para's own endpoint. Out: plain values that are held against the relay's. Must not import
//! anything but sibling identifiers.

use super::{BlockRef, Cited, Clean, Hash, Head, ParaId};
use crate::domain::ChainId;
use serde::{Deserialize, Serialize};

/// The para's own end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Own {
    /// The profile has no endpoint of this para.
    NotKnown,
    /// It has, and none answered: which chain, and why.
    Silent(ChainId, Clean),
    /// It answered.
    Answers(Box<OwnEnd>),
}

/// What the para's own node says. Its finalized block was asked for before the relay's was, so it cannot be younger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnEnd {
    /// The chain in the profile.
    pub chain: ChainId,
    /// Its finalized header, encoded: what the relay's head should be, or have been.
    pub finalized: Cited<Head>,
    /// Its best block.
    pub best: Cited<BlockRef>,
    /// The timestamp of its best block, milliseconds since 1970.
    pub best_stamped: Cited<u64>,
    /// Its block at the number of the relay's head; absent: it has none.
    pub at_head: Cited<Hash>,
    /// The block in whose state the following was read: the relay's head where the node has it, else its finalized one.
    pub state_of: BlockRef,
    /// `ParachainSystem.LastDmqMqcHead`.
    pub dmq_head: Cited<Hash>,
    /// `ParachainSystem.LastHrmpMqcHeads`.
    pub hrmp_heads: Cited<Vec<(ParaId, Hash)>>,
    /// Whether `ParachainSystem.PendingValidationCode` holds a code.
    pub pending_code: Cited<bool>,
    /// `ParachainSystem.LastRelayChainBlockNumber`.
    pub relay_number: Cited<u64>,
}
