//! The one severity scale of the program: critical, major, minor, info (CONTRACT).
//!
//! In and out: plain values. Must not import anything of this crate.

use serde::{Deserialize, Serialize};

/// How much a finding matters. Ordered: `Info < Minor < Major < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to mend.
    Info,
    /// Degraded; can wait for the day.
    Minor,
    /// Service is failing for somebody.
    Major,
    /// The chain or the network is not doing its job.
    Critical,
}

impl Severity {
    /// All severities, worst first.
    pub const WORST_FIRST: [Self; 4] = [Self::Critical, Self::Major, Self::Minor, Self::Info];

    /// The word as it stands in JSON, logs and on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Info => "info",
        }
    }

    /// The symbol beside the word, so that colour never carries the meaning alone.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Critical => "✖",
            Self::Major => "▲",
            Self::Minor => "▵",
            Self::Info => "·",
        }
    }
}
