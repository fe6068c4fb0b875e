//! Writing a recording.
//!
//! In: observations. Out: frames of lines. A frame ends every few seconds of recorded time, so that a console that
//! is killed loses no more than that; the same input gives the same bytes.

use super::frames::write_frame;
use super::{Header, MAX_LINE, MAX_STORE_LINE, RecordError};
use crate::domain::redact::hide_urls;
use crate::domain::{ChainId, EndpointId, Fact, Network, Observation, Store, UnixMs};
use serde::Serialize;
use std::io::Write;

/// A frame ends after so many milliseconds of recorded time.
const FRAME_MS: u64 = 3_000;
/// A frame ends after so many bytes.
const FRAME_BYTES: usize = 256 << 10;

/// Writes a recording to `W`, best a file without a buffer of its own.
pub struct Recorder<W: Write> {
    out: W,
    started: UnixMs,
    buffer: Vec<u8>,
    /// `t_ms` of the first fact in the buffer.
    since: Option<u64>,
    last: u64,
    facts: u64,
    too_long: u64,
}

#[derive(Serialize)]
struct FactLine<'a> {
    t_ms: u64,
    chain: &'a ChainId,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a EndpointId>,
    fact: &'a Fact,
}

#[derive(Serialize)]
struct DescriptionLine<'a> {
    description: &'a Network,
}

#[derive(Serialize)]
struct StoreLine<'a> {
    store: &'a Store,
}

#[derive(Serialize)]
struct EndLine {
    end: End,
}

#[derive(Serialize)]
struct End {
    t_ms: u64,
    facts: u64,
}

impl<W: Write> Recorder<W> {
    /// Writes the first three lines: the header, the network, and the store as it is when the recording begins.
    ///
    /// # Errors
    /// Where `out` refuses.
    pub fn new(out: W, header: &Header, network: &Network, start: &Store) -> Result<Self, RecordError> {
        let mut recorder = Self {
            out,
            started: header.started,
            buffer: Vec::new(),
            since: None,
            last: 0,
            facts: 0,
            too_long: 0,
        };
        recorder.line("header", header)?;
        recorder.line("network", &DescriptionLine { description: network })?;
        recorder.flush()?;
        recorder.line("store", &StoreLine { store: start })?;
        if recorder.buffer.len() > MAX_STORE_LINE {
            let reason = format!("it is longer than {MAX_STORE_LINE} bytes");
            return Err(RecordError::Encode { what: "store", reason });
        }
        recorder.flush()?;
        Ok(recorder)
    }

    /// Adds an observation. Facts received before the recording began stand at its beginning.
    ///
    /// # Errors
    /// Where `out` refuses; then the recording is over, and what was flushed before plays.
    pub fn push(&mut self, seen: &Observation) -> Result<(), RecordError> {
        let t_ms = seen.at.since(self.started);
        let due = self.since.is_some_and(|since| t_ms.saturating_sub(since) >= FRAME_MS);
        if due || self.buffer.len() >= FRAME_BYTES {
            self.flush()?;
        }
        let before = self.buffer.len();
        let line = FactLine { t_ms, chain: &seen.chain, endpoint: seen.endpoint.as_ref(), fact: &seen.fact };
        self.line("fact", &line)?;
        if self.buffer.len().saturating_sub(before) > MAX_LINE {
            self.buffer.truncate(before);
            self.too_long = self.too_long.saturating_add(1);
            return Ok(());
        }
        self.since.get_or_insert(t_ms);
        self.last = self.last.max(t_ms);
        self.facts = self.facts.saturating_add(1);
        Ok(())
    }

    /// Ends the frame and hands all to `out`. Call it when no fact came for a few seconds.
    ///
    /// # Errors
    /// Where `out` refuses.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        write_frame(&mut self.out, &self.buffer).map_err(RecordError::Write)?;
        self.buffer.clear();
        self.since = None;
        Ok(())
    }

    /// Facts left out because their line was over 4 MiB.
    #[must_use]
    pub fn too_long(&self) -> u64 {
        self.too_long
    }

    /// Writes the closing line and returns the output. The recording lasts until `at`, or until its last fact where
    /// that came later: silence at the end is part of it.
    ///
    /// # Errors
    /// Where `out` refuses.
    pub fn finish(mut self, at: UnixMs) -> Result<W, RecordError> {
        let t_ms = at.since(self.started).max(self.last);
        self.line("end", &EndLine { end: End { t_ms, facts: self.facts } })?;
        self.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, what: &'static str, value: &impl Serialize) -> Result<(), RecordError> {
        let encode = |e: serde_json::Error| RecordError::Encode { what, reason: e.to_string() };
        let json = serde_json::to_string(value).map_err(encode)?;
        self.buffer.extend_from_slice(hide_urls(&json).as_bytes());
        self.buffer.push(b'\n');
        Ok(())
    }
}
