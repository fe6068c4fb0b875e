//! Recordings: what the sources said, written down and played back through the same fold.
//!
//! In: observations, a network description, a store to begin with. Out: a file that anybody may be given (no URL
//! with a user or a query, no secret), and from it the same observations at the same moments. Reads no clock: a
//! replay's time comes from [`Player`]. Must not import anything but `domain` and `ports`.
//!
//! The file is NDJSON in zstd, many small frames one after the other, so that a file that was cut reads up to the
//! cut. Line 1 is the [`Header`], line 2 `{"description": Network}`, line 3 `{"store": Store}`, then one line a fact,
//! `{"t_ms", "chain", "endpoint"?, "fact"}`, and at the end `{"end": {"t_ms", "facts"}}`.

mod frames;
mod player;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use player::{Player, Step};
pub use read::{Facts, Recording, Survey, Timed};
pub use write::Recorder;

use crate::domain::{ChainId, UnixMs};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The format that this program writes and reads.
pub const SCHEMA: u32 = 1;
/// Longest line of a recording, in bytes.
pub const MAX_LINE: usize = 4 << 20;
/// Longest line with the store, in bytes: 720 blocks of each chain.
pub const MAX_STORE_LINE: usize = 64 << 20;

/// The recording that is built in, made by `tests/e2e/make-demo`.
const DEMO: Option<&[u8]> = Some(include_bytes!("../demo/demo.sereno.zst"));

/// The bytes of the recording that `--demo` plays; none in a build without one.
#[must_use]
pub fn demo_bytes() -> Option<&'static [u8]> {
    DEMO
}

/// First line of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Format; see [`SCHEMA`].
    pub schema: u32,
    /// Version of the program that wrote it.
    pub sereno: String,
    /// Name of the network.
    pub network: String,
    /// The moment of `t_ms` 0.
    #[serde(with = "rfc3339")]
    pub started: UnixMs,
    /// Length in milliseconds, where it was known when the first line was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_ms: Option<u64>,
    /// The chains that are recorded.
    pub chains: Vec<ChainId>,
    /// What in it was made and not recorded, in words; empty for a true recording.
    #[serde(default)]
    pub scripted: Vec<String>,
}

impl Header {
    /// The header of a recording that begins now.
    #[must_use]
    pub fn new(network: &str, started: UnixMs, chains: Vec<ChainId>) -> Self {
        Self {
            schema: SCHEMA,
            sereno: env!("CARGO_PKG_VERSION").to_owned(),
            network: network.to_owned(),
            started,
            length_ms: None,
            chains,
            scripted: Vec::new(),
        }
    }
}

mod rfc3339 {
    use super::{Deserialize, Deserializer, Serializer, UnixMs};

    pub(super) fn serialize<S: Serializer>(at: &UnixMs, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&at.rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<UnixMs, D::Error> {
        let text = String::deserialize(d)?;
        let at: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(UnixMs(at.as_millisecond()))
    }
}

/// Why a recording cannot be written or played at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk refused.
    #[error("writing the recording failed: {0}; what was written until now can be played")]
    Write(std::io::Error),
    /// A value that does not become JSON.
    #[error("the recording cannot hold this {what}: {reason}")]
    Encode {
        /// Which value.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The file cannot be opened.
    #[error("the recording {name} cannot be opened: {reason}")]
    Open {
        /// The file.
        name: String,
        /// Why.
        reason: std::io::Error,
    },
    /// One of the first three lines is not as expected.
    #[error("{name} is no recording that can be played: line {line}: {reason}; expected {expected}")]
    Start {
        /// The file.
        name: String,
        /// Line number.
        line: u64,
        /// What was found.
        reason: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A newer program wrote it.
    #[error("{name} was recorded by a newer sereno (schema {found}, this one plays {SCHEMA}): update sereno")]
    Newer {
        /// The file.
        name: String,
        /// Its schema.
        found: u32,
    },
    /// A chain is wanted that was not recorded.
    #[error("--only '{chain}': the recording has no such chain; expected one of {known}")]
    NoChain {
        /// The one wanted.
        chain: String,
        /// Those it has.
        known: String,
    },
}
