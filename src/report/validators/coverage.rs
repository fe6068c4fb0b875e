//! How much of a period the journal knows: sessions whole, in part, missing.
//!
//! In: sessions by their number, one by one. Out: [`Coverage`]. Sessions before the first and after the last one known are
//! estimated from the length of a session; where that is not known their number is not either. Must not judge validators.

use super::Period;
use crate::domain::{Identity, SessionRecord, UnixMs};
use serde::Serialize;

/// What is remembered of a session.
#[derive(Debug, Clone, Copy)]
struct Brief {
    session: u32,
    first_block: u64,
    last_block: u64,
    started: Option<UnixMs>,
    ended: Option<UnixMs>,
    /// True where no block between the first and the last one counted is missing.
    unbroken: bool,
    complete: bool,
}

/// Sessions of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Sessions that ended in the period, up to now; null where that cannot be told.
    pub sessions: Option<u64>,
    /// Sessions of which something is known.
    pub analysed: u64,
    /// Of them: seen from the first block to the last.
    pub complete: u64,
    /// Of them: seen in part, or still in progress.
    pub partial: u64,
    /// Sessions of which nothing is known; null where that cannot be told.
    pub missing: Option<u64>,
    /// Rows of the journal that are damaged.
    pub damaged: usize,
    /// The first session known.
    pub first_session: Option<u32>,
    /// The last session known.
    pub last_session: Option<u32>,
}

/// The sessions seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<Brief>);

impl Seen {
    pub(super) fn add(&mut self, record: &SessionRecord) {
        let blocks = record.last_block.saturating_sub(record.first_block).saturating_add(1);
        self.0.push(Brief {
            session: record.session,
            first_block: record.first_block,
            last_block: record.last_block,
            started: record.started,
            ended: record.ended,
            unbroken: u64::from(record.blocks) == blocks,
            complete: record.complete,
        });
    }

    pub(super) fn coverage(
        &self,
        period: Period,
        now: UnixMs,
        identity: Option<&Identity>,
        damaged: usize,
    ) -> Coverage {
        let analysed = count(self.0.len());
        let complete = count((0..self.0.len()).filter(|at| self.is_complete(*at)).count());
        let sessions = self.sessions(period, now, identity);
        Coverage {
            sessions,
            analysed,
            complete,
            partial: analysed.saturating_sub(complete),
            missing: sessions.map(|all| all.saturating_sub(analysed)),
            damaged,
            first_session: self.0.first().map(|b| b.session),
            last_session: self.0.last().map(|b| b.session),
        }
    }

    /// A console that was started anew just after a session does not say that it was whole; its neighbours do.
    fn is_complete(&self, at: usize) -> bool {
        let Some(own) = self.0.get(at) else { return false };
        let before = at.checked_sub(1).and_then(|i| self.0.get(i)).filter(|b| b.session + 1 == own.session);
        let after = self.0.get(at + 1).filter(|b| own.session + 1 == b.session);
        own.complete
            || own.unbroken
                && before.is_some_and(|b| b.last_block + 1 == own.first_block)
                && after.is_some_and(|b| own.last_block + 1 == b.first_block)
    }

    fn sessions(&self, period: Period, now: UnixMs, identity: Option<&Identity>) -> Option<u64> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        let between = u64::from(last.session - first.session) + 1;
        let identity = identity?;
        let length = identity.session_blocks?.checked_mul(identity.block_time_ms?).filter(|ms| *ms > 0)?;
        let (began, ended) = (first.started.or(first.ended)?, last.ended.or(last.started)?);
        let before = (began.since(period.from) + length / 2) / length;
        let after = period.to.min(now).since(ended) / length;
        // No chain has sessions before its first one.
        Some(between + before.min(u64::from(first.session)) + after)
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
