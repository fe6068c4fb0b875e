//! Causes by name, whether PAS-2 covers them, and the runbooks that mend them.
//!
//! In: nothing. Out: names that are fixed, texts. Must not judge.

use serde::Serialize;
use std::collections::BTreeMap;

/// Why a para does not progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A dispute froze the relay.
    DisputeFreeze,
    /// The relay does not know it.
    NotRegistered,
    /// It is not in force, or stuck between two stages.
    Lifecycle,
    /// It is on its way out.
    Offboarding,
    /// The relay's head is not the para's.
    HeadWrong,
    /// Every candidate is built on too old a relay block.
    ContextTooOld,
    /// No core is given to it.
    NoCore,
    /// Validators have not checked its code.
    PvfNotChecked,
    /// The relay waits for the para to apply or drop its code.
    GoAheadWaiting,
    /// An upgrade neither comes nor goes.
    FutureCodeStuck,
    /// The para has seen a higher relay block than there is.
    RelayNumber,
    /// Its candidate is backed and does not become available.
    AvailabilityMissing,
    /// Its queue of messages from the relay does not fit.
    DmpHeadMismatch,
    /// Its queue of messages from another para does not fit.
    HrmpHeadMismatch,
    /// Its candidates are not backed.
    BackingMissing,
    /// No candidate of it arrives.
    NoCandidate,
}

impl Cause {
    /// True where PAS-2 support may mend it on the relay's side.
    #[must_use]
    pub fn in_scope(self) -> bool {
        !matches!(self, Self::RelayNumber | Self::NoCandidate)
    }

    /// The name as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DisputeFreeze => "dispute-freeze",
            Self::NotRegistered => "not-registered",
            Self::Lifecycle => "lifecycle",
            Self::Offboarding => "offboarding",
            Self::HeadWrong => "head-wrong",
            Self::ContextTooOld => "context-too-old",
            Self::NoCore => "no-core",
            Self::PvfNotChecked => "pvf-not-checked",
            Self::GoAheadWaiting => "go-ahead-waiting",
            Self::FutureCodeStuck => "future-code-stuck",
            Self::RelayNumber => "relay-number",
            Self::AvailabilityMissing => "availability-missing",
            Self::DmpHeadMismatch => "dmp-head-mismatch",
            Self::HrmpHeadMismatch => "hrmp-head-mismatch",
            Self::BackingMissing => "backing-missing",
            Self::NoCandidate => "no-candidate",
        }
    }

    /// What to answer where it is out of scope.
    pub(super) fn reply(self, title: &str, verdict: &str) -> String {
        let todo = match self {
            Self::RelayNumber => {
                "The para's runtime must accept relay block numbers that went back (`AnyRelayNumber`), or the para starts \
                 again from a new genesis. If you choose a new genesis, open a ticket with head and wasm"
            }
            _ => {
                "Please look at the collators: are they up, synchronised with this relay, of a release that knows its \
                 runtime, and what does their log say at the moment they try to build? With the answers to the questions \
                 below we can look at the relay's side again"
            }
        };
        format!(
            "{verdict} On the relay's side nothing stops {title}. The analysis of node logs, of a para's configuration and of \
             failed storage migrations is outside of PAS-2 (Core Support Model). {todo}."
        )
    }
}

/// A runbook that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// The row of the catalogue: `A3`.
    pub row: &'static str,
    /// The runbook's name.
    pub id: &'static str,
    /// What it would do here, and when not.
    pub why: String,
    /// Parameters that are known.
    pub params: BTreeMap<&'static str, String>,
}

impl Remedy {
    /// A remedy for a para.
    pub(super) fn of((row, id): (&'static str, &'static str), why: impl Into<String>) -> Self {
        Self { row, id, why: why.into(), params: BTreeMap::new() }
    }

    /// With a parameter.
    pub(super) fn param(mut self, name: &'static str, value: impl ToString) -> Self {
        self.params.insert(name, value.to_string());
        self
    }
}

/// Every runbook that may be proposed: row and name.
pub const PROPOSED: &[(&str, &str)] = &[
    row::HEAD,
    row::CODE,
    row::TRUST,
    row::CLEAR,
    row::DMP,
    row::OPEN,
    row::CLOSE,
    row::CONTEXT,
    row::REGISTER,
    row::ACTION,
    row::UNFREEZE,
    row::CORE,
    row::CORES,
    row::ORDER,
];

/// Rows of the catalogue and the names of their runbooks.
pub(super) mod row {
    /// Set the head.
    pub(crate) const HEAD: (&str, &str) = ("A3", "force-head");
    /// Set the code.
    pub(crate) const CODE: (&str, &str) = ("A5", "force-code");
    /// Accept a code without a vote.
    pub(crate) const TRUST: (&str, &str) = ("A8", "trust-code");
    /// Clear a stuck upgrade.
    pub(crate) const CLEAR: (&str, &str) = ("A9", "clear-upgrade");
    /// Put the downward queue in order.
    pub(crate) const DMP: (&str, &str) = ("A11", "reset-dmp");
    /// Open a channel.
    pub(crate) const OPEN: (&str, &str) = ("B1", "open-channel");
    /// Close a channel.
    pub(crate) const CLOSE: (&str, &str) = ("B4", "close-channel");
    /// Set the most recent context.
    pub(crate) const CONTEXT: (&str, &str) = ("A13", "set-context");
    /// Register.
    pub(crate) const REGISTER: (&str, &str) = ("A16", "onboard-para");
    /// Move a lifecycle on.
    pub(crate) const ACTION: (&str, &str) = ("A18", "queue-action");
    /// Go on after a dispute.
    pub(crate) const UNFREEZE: (&str, &str) = ("A19", "unfreeze-disputes");
    /// Give a core.
    pub(crate) const CORE: (&str, &str) = ("C1", "assign-core");
    /// More or fewer cores.
    pub(crate) const CORES: (&str, &str) = ("C3", "core-count");
    /// One block on demand.
    pub(crate) const ORDER: (&str, &str) = ("C6", "order-block");
}
