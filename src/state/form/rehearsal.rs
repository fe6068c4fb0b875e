//! A rehearsal as the console shows it: what it found, as text, and which call it was of.
//!
//! In: what the runtime says of a rehearsed call. Out: plain data. Must not know how it was rehearsed: a build may lack it.

use crate::domain::UnixMs;
use serde::{Deserialize, Serialize};

/// How a rehearsal stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rehearsal {
    /// None was asked for.
    #[default]
    None,
    /// It runs.
    Running {
        /// The answer carries it.
        ticket: u64,
        /// Since when.
        since: UnixMs,
        /// Call data of the plan's call, as hex.
        call: String,
    },
    /// It ended.
    Done {
        /// When.
        at: UnixMs,
        /// Call data of the call that was rehearsed, as hex.
        call: String,
        /// What it found, or one sentence why it could not be rehearsed.
        found: Result<Box<Rehearsed>, String>,
    },
    /// The operator did not wait for it.
    Cancelled {
        /// When.
        at: UnixMs,
    },
}

impl Rehearsal {
    /// Takes an answer; one that was not waited for is dropped.
    pub fn answer(&mut self, ticket: u64, found: Result<Box<Rehearsed>, String>, at: UnixMs) {
        if let Self::Running { ticket: waited, call, .. } = self
            && *waited == ticket
        {
            let call = std::mem::take(call);
            *self = Self::Done { at, call, found };
        }
    }

    /// Stops waiting; false where nothing runs.
    pub fn cancel(&mut self, at: UnixMs) -> bool {
        let runs = matches!(self, Self::Running { .. });
        if runs {
            *self = Self::Cancelled { at };
        }
        runs
    }
}

/// A line of a rehearsal: what kind, a name, a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// `event`, `change`, `layer`, `log`, `mind`.
    pub kind: String,
    /// Its name: pallet and event, pallet and item with its keys.
    pub name: String,
    /// The fields; of a change `old → new`.
    pub value: String,
}

/// What a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsed {
    /// The chain.
    pub chain: String,
    /// The call by its name.
    pub call: String,
    /// `root`, or the account.
    pub origin: String,
    /// How it was rehearsed: `fork via scheduler`.
    pub way: String,
    /// A second way gave the same, or not; none where there was none.
    pub confirmed: Option<bool>,
    /// The block whose state it ran on.
    pub block: u64,
    /// Whether every layer worked.
    pub ok: bool,
    /// Why not.
    pub error: Option<String>,
    /// Picoseconds and bytes of proof; none where the runtime does not say.
    pub weight: Option<(u64, u64)>,
    /// How long it took, milliseconds.
    pub elapsed_ms: u64,
    /// Round trips to the node.
    pub round_trips: u32,
    /// Layers, events, changes, log lines, what to mind, in this order.
    pub lines: Vec<Told>,
}
