//! Total issuance, session by session, and what explains its change.
//!
//! In: blocks with the issuance of their state, in any order, and blocks that left the best chain. Out: for each session the
//! issuance before and now, and what eras and teleports explain of the difference. Must not judge.

use crate::domain::balance::BlockMoves;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Sessions in memory.
const MAX_SESSIONS: usize = 100;

/// The issuance of one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionIssuance {
    /// The session.
    pub session: u32,
    /// The block whose state gave `before`: the last one of the session before, else the first one that was read.
    pub from: u64,
    /// True where `from` is the last block of the session before: then nothing of the session is missing.
    pub whole: bool,
    /// The issuance there, planck.
    pub before: u128,
    /// The newest block of the session that was read.
    pub to: u64,
    /// The issuance there, planck.
    pub now: u128,
    /// Minted for eras' ends, planck.
    pub era_paid: u128,
    /// Came by teleport, planck.
    pub came: u128,
    /// Left by teleport, planck.
    pub left: u128,
}

impl SessionIssuance {
    /// By how much it changed: up or not, and the amount in planck.
    #[must_use]
    pub fn change(&self) -> (bool, u128) {
        (self.now >= self.before, self.now.abs_diff(self.before))
    }

    /// The change that neither eras nor teleports explain: up or not, and the amount in planck.
    #[must_use]
    pub fn unexplained(&self) -> (bool, u128) {
        let up = self.now.saturating_add(self.left);
        let down = self.before.saturating_add(self.era_paid).saturating_add(self.came);
        (up >= down, up.abs_diff(down))
    }
}

/// Sessions, ascending.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sessions(VecDeque<SessionIssuance>);

impl Sessions {
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &SessionIssuance> {
        self.0.iter().rev()
    }

    fn find(&mut self, session: u32) -> Option<&mut SessionIssuance> {
        self.0.iter_mut().find(|s| s.session == session)
    }

    pub(super) fn add(&mut self, block: &BlockMoves) {
        let (Some(session), Some(issuance)) = (block.session, block.issuance) else { return };
        let number = block.at.number;
        // The last block of the session before is where this one begins.
        if let Some(next) = session.checked_add(1).and_then(|s| self.find(s))
            && number < next.from.saturating_add(u64::from(next.whole))
            && number.saturating_add(1) == next.from
        {
            (next.from, next.before, next.whole) = (number, issuance, true);
        }
        let last = session.checked_sub(1).and_then(|s| self.find(s)).map(|s| (s.to, s.now));
        if let Some(known) = self.find(session) {
            if number < known.from {
                (known.from, known.before, known.whole) = (number, issuance, false);
            }
            if number >= known.to {
                (known.to, known.now) = (number, issuance);
            }
        } else {
            let whole = last.filter(|(to, _)| to.saturating_add(1) == number);
            let (from, before) = whole.unwrap_or((number, issuance));
            let place = self.0.partition_point(|s| s.session < session);
            let begun = SessionIssuance {
                session,
                from,
                whole: whole.is_some(),
                before,
                to: number,
                now: issuance,
                era_paid: 0,
                came: 0,
                left: 0,
            };
            self.0.insert(place, begun);
        }
        // What the first block brought is in `before` already where that was read in its own state.
        if let Some(known) = self.find(session).filter(|k| k.whole || number > k.from) {
            known.era_paid = known.era_paid.saturating_add(block.era_paid);
            known.came = known.came.saturating_add(block.came);
            known.left = known.left.saturating_add(block.left);
        }
        while self.0.len() > MAX_SESSIONS {
            self.0.pop_front();
        }
    }

    /// Takes back what a block explained. The issuance itself comes anew with the block that takes its place.
    pub(super) fn remove(&mut self, block: &BlockMoves) {
        let (Some(session), Some(_)) = (block.session, block.issuance) else { return };
        let number = block.at.number;
        let begins = |s: &SessionIssuance| if s.whole { s.from.saturating_add(1) } else { s.from };
        let Some(known) = self.find(session) else { return };
        if number == begins(known) {
            self.0.retain(|s| s.session != session);
            return;
        }
        if known.whole || number > known.from {
            known.era_paid = known.era_paid.saturating_sub(block.era_paid);
            known.came = known.came.saturating_sub(block.came);
            known.left = known.left.saturating_sub(block.left);
        }
        if number <= known.to {
            known.to = number.saturating_sub(1);
        }
    }
}
