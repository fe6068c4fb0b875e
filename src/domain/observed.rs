//! Values that know where they come from and how old they are.
//!
//! In: a value with its block and source. Out: three states, known, stale or unknown, never a made-up zero.
//! Must not read a clock: the age is computed against a moment that the caller gives.

use super::{BlockRef, Clean, EndpointId, UnixMs};
use serde::{Deserialize, Serialize};

/// Where a value was learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Read from this endpoint in this run.
    Endpoint(EndpointId),
    /// Read back from the journal of an earlier run: true then, unproved now.
    Journal,
}

/// A value with the moment it was received, the block it belongs to and its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed<T> {
    /// The value.
    pub value: T,
    /// When this console received it.
    pub at: UnixMs,
    /// The block whose state it is, where it is chain state.
    pub block: Option<BlockRef>,
    /// Who said it.
    pub origin: Origin,
}

impl<T> Observed<T> {
    /// Milliseconds since the value was received.
    #[must_use]
    pub fn age_ms(&self, now: UnixMs) -> u64 {
        now.since(self.at)
    }
}

/// A value that may not be known, with the reason why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading<T> {
    /// Read; how old it is stands with it.
    Known(Observed<T>),
    /// Not known, and why: `not read yet`, `no such pallet`, `decode failed: …`.
    Unknown(Clean),
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self::Unknown(Clean::of("not read yet"))
    }
}

impl<T> Reading<T> {
    /// The value with its evidence, where known.
    #[must_use]
    pub fn known(&self) -> Option<&Observed<T>> {
        match self {
            Self::Known(o) => Some(o),
            Self::Unknown(_) => None,
        }
    }

    /// The bare value, where known.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.known().map(|o| &o.value)
    }

    /// Why the value is unknown, where it is.
    #[must_use]
    pub fn reason(&self) -> Option<&Clean> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(r) => Some(r),
        }
    }
}
