//! Alerts: a detector's finding that is on record, with its beginning, its cause and its acknowledgement.
//!
//! In: findings of detectors. Out: rows of the alert panel, lines of `check`, entries of `snapshot`. Must not
//! decide anything: detectors and `state` do.

use super::{ChainId, Severity, UnixMs};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Stable id of an alert: `finality-stall/relay` or `para-stall/relay/1004`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(String);

impl AlertId {
    /// The id of what `detector` says about `subject` of `chain`.
    #[must_use]
    pub fn new(detector: &str, chain: &ChainId, subject: &str) -> Self {
        if subject.is_empty() {
            Self(format!("{detector}/{chain}"))
        } else {
            Self(format!("{detector}/{chain}/{subject}"))
        }
    }

    /// An id that was written down as text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An alert as it stands in JSON and on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Stable id.
    pub id: AlertId,
    /// Which detector.
    pub detector: String,
    /// How bad, now.
    pub severity: Severity,
    /// On which chain.
    pub chain: ChainId,
    /// About what on that chain: an endpoint, a para, a validator; empty for the chain itself.
    pub subject: String,
    /// One sentence with numbers and units.
    pub summary: String,
    /// When it began (not when it was noticed).
    pub since: UnixMs,
    /// Who acknowledged it.
    pub acked_by: Option<String>,
    /// The runbook that answers it.
    pub runbook: Option<String>,
    /// The alert that explains this one; such an alert is folded on the screen and not notified.
    pub cause_id: Option<AlertId>,
    /// True for what must be mended before anything else can go on.
    pub blocker: bool,
}
