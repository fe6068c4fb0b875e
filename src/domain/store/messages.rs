//! Messages between chains that failed, as the events of a chain tell it.
//!
//! In: the events that are kept of a block. Out: who sent what and how it failed. What was carried out is not told. Must not
//! judge.

use super::ChainView;
use super::blocks::BlockRow;
use crate::domain::{BlockRef, EventRecord, UnixMs};

/// How a message failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// It could not be carried out at all.
    Failed,
    /// It was carried out, and ended in an error.
    Refused,
    /// It is too heavy to be carried out by itself.
    Overweight,
}

impl Failure {
    /// One or two words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Refused => "ended in an error",
            Self::Overweight => "overweight",
        }
    }
}

/// A message that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedMessage<'a> {
    /// In which block.
    pub block: BlockRef,
    /// The block's own time.
    pub at: Option<UnixMs>,
    /// Its place among the kept events of the block.
    pub index: usize,
    /// How.
    pub what: Failure,
    /// Who sent it, as the runtime writes it: `Ump(Para(2000))`.
    pub origin: Option<String>,
    /// The event.
    pub event: &'a EventRecord,
}

/// How the message of this event failed; none for other events, and for messages that were carried out.
#[must_use]
pub fn failure(event: &EventRecord) -> Option<Failure> {
    if event.pallet.as_str() != "MessageQueue" {
        return None;
    }
    match event.name.as_str() {
        "ProcessingFailed" => Some(Failure::Failed),
        "OverweightEnqueued" => Some(Failure::Overweight),
        "Processed" if event.fields.as_str().ends_with("success: false") => Some(Failure::Refused),
        _ => None,
    }
}

/// A field of an event's line, up to the comma that ends it.
fn field(line: &str, name: &str) -> Option<String> {
    let rest = line.split_once(&format!("{name}: "))?.1;
    let mut depth = 0_u32;
    let end = rest.find(|c| {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    Some(rest.get(..end.unwrap_or(rest.len()))?.trim().to_owned())
}

/// The messages that failed in a block.
pub fn failed_in(row: &BlockRow) -> impl Iterator<Item = FailedMessage<'_>> {
    let block = &row.block;
    block.events.iter().enumerate().filter_map(|(index, event)| {
        Some(FailedMessage {
            block: block.at,
            at: block.timestamp,
            index,
            what: failure(event)?,
            origin: field(event.fields.as_str(), "origin"),
            event,
        })
    })
}

impl ChainView {
    /// The messages that failed in the blocks in memory, newest first.
    pub fn failed_messages(&self) -> impl Iterator<Item = FailedMessage<'_>> {
        self.blocks.newest_first().flat_map(failed_in)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_ends_at_its_own_comma() {
        let line = "id: 0x51bb…902d, origin: Ump(Para(2000)), weight_used: {ref_time: 1, proof_size: 2}, success: false";
        assert_eq!(field(line, "origin").as_deref(), Some("Ump(Para(2000))"));
        assert_eq!(field(line, "weight_used").as_deref(), Some("{ref_time: 1, proof_size: 2}"));
        assert_eq!(field(line, "success").as_deref(), Some("false"));
        assert_eq!(field(line, "error"), None);
    }
}
