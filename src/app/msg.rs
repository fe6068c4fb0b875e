//! What enters `update`, and what it asks of the world.
//!
//! In and out: plain serialisable data, so that a session can be recorded and compared. Must not hold a closure, a
//! channel or a secret.

use crate::domain::{AlertId, Clean, Observation, Roster, UnixMs};
use crate::keymap::Key;
use crate::state::alerts::Change;
pub use crate::state::{Lost, ReplayState};
use serde::{Deserialize, Serialize};

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
}
