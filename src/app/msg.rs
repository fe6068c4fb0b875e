//! What enters `update`, and what it asks of the world.
//!
//! In and out: plain serialisable data, so that a session can be recorded and compared. Must not hold a closure, a
//! channel or a secret.

use crate::domain::{AlertId, ChainId, Clean, Observation, ParaId, Roster, UnixMs};
use crate::keymap::Key;
use crate::runbook::plan::Plan;
use crate::state::alerts::Change;
use crate::state::form::Rehearsed;
use crate::state::runbooks::{Fit, Look};
pub use crate::state::{Lost, ReplayState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Anything that enters [`update`](super::update).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Msg {
    /// A fact received in this run.
    Fact(Box<Observation>),
    /// A fact of an earlier run, read from the journal at the start.
    Restored(Box<Observation>),
    /// The time. Comes at least once a second while something on the screen ages.
    Tick(UnixMs),
    /// A key press.
    Key(Key),
    /// Pasted text; never a command.
    Paste(String),
    /// The terminal has a new size, in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Something the operator should know about the console itself: journal quarantined, reads only, …
    Notice(Clean),
    /// The register of validators, read anew.
    Roster(Box<Roster>),
    /// An acknowledgement read from the journal or a colleague.
    Acked {
        /// Which alert.
        alert: AlertId,
        /// Who; none takes it back.
        by: Option<String>,
    },
    /// What could not be kept up to now; comes when a count has grown.
    Lost(Lost),
    /// Where a replay stands; comes with every step of it.
    Replay(ReplayState),
    /// Which runbooks the chains can do, by name; or why they could not be asked.
    Judged(Result<BTreeMap<String, Fit>, String>),
    /// The plan of a form, or one sentence why there is none.
    Planned {
        /// The ticket of its effect.
        ticket: u64,
        /// The plan.
        plan: Result<Box<Plan>, String>,
    },
    /// What a rehearsal found, or one sentence why it could not be made.
    Rehearsed {
        /// The ticket of its effect.
        ticket: u64,
        /// What it found.
        found: Result<Box<Rehearsed>, String>,
    },
    /// A para as its own node and then the relay show it.
    Looked {
        /// Which para.
        para: ParaId,
        /// The ticket of its effect.
        ticket: u64,
        /// What was seen, or one sentence why the relay could not be read.
        found: Result<Box<Look>, String>,
    },
}

/// A plan that is to be made. Nothing in it is secret but the address of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanJob {
    /// The answer carries it.
    pub ticket: u64,
    /// The runbook's name.
    pub runbook: String,
    /// Its parameters; `@PATH` names a file.
    pub given: BTreeMap<String, String>,
    /// The wrappers; none: those of the runbook.
    pub wraps: Option<Vec<String>>,
}

/// A call that is to be rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearseJob {
    /// The answer carries it.
    pub ticket: u64,
    /// The chain whose call it is.
    pub chain: ChainId,
    /// The encoded call.
    pub call: Vec<u8>,
    /// In whose name: `root`, `signed:WHO`, `parachain:ID`, as the recipe says.
    pub origin: String,
}

/// A side effect as data. The driver carries it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[must_use]
pub enum Effect {
    /// Leave.
    Quit,
    /// Clear the terminal and draw anew.
    Redraw,
    /// Put this text on the operator's clipboard (OSC 52).
    Copy(String),
    /// Read everything again now.
    Refresh,
    /// Keep this acknowledgement; `by` none takes it back.
    SaveAck {
        /// Which alert.
        alert: AlertId,
        /// Who.
        by: Option<String>,
        /// When.
        at: UnixMs,
    },
    /// An alert began, changed or ended. Comes from ticks and from [`settle`](super::settle).
    Alert(Box<Change>),
    /// In a replay: go to this moment, milliseconds into the recording.
    Seek(u64),
    /// In a replay: this many times real time; 0 pauses.
    Speed(f64),
    /// Ask the chains which runbooks they can do; ends in [`Msg::Judged`].
    Judge,
    /// Make a plan; ends in [`Msg::Planned`]. Reads only.
    Plan(Box<PlanJob>),
    /// Rehearse a call; ends in [`Msg::Rehearsed`]. Reads only.
    Rehearse(Box<RehearseJob>),
    /// Look at a para through its own node and the relay; ends in [`Msg::Looked`].
    Look {
        /// Which para.
        para: ParaId,
        /// The answer carries it.
        ticket: u64,
    },
}
