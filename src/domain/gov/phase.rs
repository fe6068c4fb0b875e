//! Where a referendum stands, and what will happen to it next if nobody votes any more.
//!
//! In: its state, its track, the block now, how many could vote. Out: phase, deadline, shares, what is needed. It follows
//! `service_referendum` of `pallet-referenda` step by step. Must not read a clock: blocks are counted, not hours.

use super::curve::Perbill;
use super::{Ongoing, Rules, State, Track};
use serde::{Deserialize, Serialize};

/// Where a referendum stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nobody has placed the decision deposit.
    AwaitsDeposit,
    /// The deposit is placed; the prepare period runs.
    Preparing,
    /// It waits for a place among those that are decided.
    Queued,
    /// It is decided, and what is needed is not reached.
    Deciding,
    /// What is needed is reached; it must stay so for the confirm period.
    Confirming,
    /// Decided: yes.
    Approved,
    /// Decided: no.
    Rejected,
    /// Taken back with its deposits.
    Cancelled,
    /// Nobody brought it to a decision in time.
    TimedOut,
    /// Taken back without its deposits.
    Killed,
}

impl Phase {
    /// The word for a person and for JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AwaitsDeposit => "awaits-deposit",
            Self::Preparing => "preparing",
            Self::Queued => "queued",
            Self::Deciding => "deciding",
            Self::Confirming => "confirming",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::Killed => "killed",
        }
    }

    /// True until it has ended.
    #[must_use]
    pub fn is_ongoing(self) -> bool {
        matches!(
            self,
            Self::AwaitsDeposit | Self::Preparing | Self::Queued | Self::Deciding | Self::Confirming
        )
    }
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// It times out.
    TimesOut,
    /// Its decision begins, where there is a place.
    Decides,
    /// It begins to confirm.
    Confirms,
    /// It is approved.
    Passes,
    /// It is rejected.
    Fails,
    /// It falls out of confirmation.
    Aborts,
}

impl Next {
    /// The words behind a block number.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TimesOut => "it times out",
            Self::Decides => "its decision begins",
            Self::Confirms => "it begins to confirm",
            Self::Passes => "it is approved",
            Self::Fails => "it is rejected",
            Self::Aborts => "it falls out of confirmation",
        }
    }
}

/// How a vote stands against what is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Approval.
    pub approval: Perbill,
    /// Support; none where it is not known how many could vote.
    pub support: Option<Perbill>,
}

/// Everything that follows from a referendum's state at a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Where it stands.
    pub phase: Phase,
    /// The block at which this phase ends at the latest, or at which it ended; none where that depends on others.
    pub ends: Option<u64>,
    /// What happens next without another vote, and at which block.
    pub next: Option<(u64, Next)>,
    /// The vote; none once it has ended, or before its tally was read.
    pub shares: Option<Shares>,
    /// What is needed now: approval, support. Before the decision: at its beginning.
    pub needed: Option<(Perbill, Perbill)>,
    /// What is needed at the end of the decision period.
    pub needed_at_end: Option<(Perbill, Perbill)>,
    /// Whether it would pass now; none where that is not known.
    pub passing: Option<bool>,
    /// How much of the decision period is over.
    pub decided: Option<Perbill>,
    /// How much of the confirm period is over.
    pub confirmed: Option<Perbill>,
}

impl Outlook {
    fn ended(phase: Phase, at: u64) -> Self {
        Self {
            phase,
            ends: Some(at),
            next: None,
            shares: None,
            needed: None,
            needed_at_end: None,
            passing: None,
            decided: None,
            confirmed: None,
        }
    }
}

/// What follows from `state` at block `now`, by the chain's own count of the pallet. `voters` is what full support is.
#[must_use]
pub fn outlook(
    state: &State,
    track: Option<&Track>,
    rules: &Rules,
    (now, voters): (u64, Option<u128>),
) -> Outlook {
    let going = match state {
        State::Ongoing(going) => going,
        State::Approved(at) => return Outlook::ended(Phase::Approved, *at),
        State::Rejected(at) => return Outlook::ended(Phase::Rejected, *at),
        State::Cancelled(at) => return Outlook::ended(Phase::Cancelled, *at),
        State::TimedOut(at) => return Outlook::ended(Phase::TimedOut, *at),
        State::Killed(at) => return Outlook::ended(Phase::Killed, *at),
    };
    let approval = if rules.ranked {
        Perbill::of_ratio(going.tally.ayes, going.tally.ayes.saturating_add(going.tally.nays).max(1))
    } else {
        Perbill::of_ratio(going.tally.ayes, going.tally.ayes.saturating_add(going.tally.nays))
    };
    let support = voters.map(|voters| Perbill::of_ratio(going.tally.support, voters));
    let shares = Shares { approval, support };
    let Some(track) = track else { return without_track(going, shares) };
    let elapsed = going.deciding.map_or(0, |d| now.saturating_sub(d.since));
    let x = part(elapsed, track.decision_period);
    let (phase, ends) = phase(going, track, rules);
    let passing = passes(track, x, shares);
    Outlook {
        phase,
        ends,
        next: next(going, track, (phase, ends), (now, shares)),
        shares: Some(shares),
        needed: Some((track.min_approval.threshold(x), track.min_support.threshold(x))),
        needed_at_end: Some((
            track.min_approval.threshold(Perbill::ALL),
            track.min_support.threshold(Perbill::ALL),
        )),
        passing,
        decided: going.deciding.map(|_| x),
        confirmed: going.deciding.and_then(|d| d.confirming).map(|until| {
            let left = until.saturating_sub(now).min(track.confirm_period);
            part(track.confirm_period.saturating_sub(left), track.confirm_period)
        }),
    }
}

fn without_track(going: &Ongoing, shares: Shares) -> Outlook {
    let phase = match (going.deciding, going.in_queue, &going.decision_deposit) {
        (Some(d), ..) if d.confirming.is_some() => Phase::Confirming,
        (Some(_), ..) => Phase::Deciding,
        (None, true, _) => Phase::Queued,
        (None, false, Some(_)) => Phase::Preparing,
        (None, false, None) => Phase::AwaitsDeposit,
    };
    let ends = going.deciding.and_then(|d| d.confirming);
    Outlook { ends, shares: Some(shares), ..Outlook::ended(phase, 0) }
}

fn part(elapsed: u64, period: u64) -> Perbill {
    Perbill::of_ratio(u128::from(elapsed.min(period)), u128::from(period))
}

/// Whether these shares are enough at `x`; none where support is not known and approval does not fail by itself.
fn passes(track: &Track, x: Perbill, shares: Shares) -> Option<bool> {
    if !track.min_approval.passing(x, shares.approval) {
        return Some(false);
    }
    shares.support.map(|support| track.min_support.passing(x, support))
}

fn phase(going: &Ongoing, track: &Track, rules: &Rules) -> (Phase, Option<u64>) {
    match going.deciding {
        Some(deciding) => match deciding.confirming {
            Some(until) => (Phase::Confirming, Some(until)),
            None => (Phase::Deciding, Some(deciding.since.saturating_add(track.decision_period))),
        },
        None if going.in_queue => (Phase::Queued, None),
        None if going.decision_deposit.is_some() => {
            (Phase::Preparing, Some(going.submitted.saturating_add(track.prepare_period)))
        }
        None => (Phase::AwaitsDeposit, rules.undeciding_timeout.map(|t| going.submitted.saturating_add(t))),
    }
}

/// What happens next without another vote. An alarm that stands at an earlier block only looks again.
fn next(
    going: &Ongoing,
    track: &Track,
    (phase, ends): (Phase, Option<u64>),
    (now, shares): (u64, Shares),
) -> Option<(u64, Next)> {
    let alarm = going.alarm.filter(|at| *at > now);
    match phase {
        Phase::AwaitsDeposit => Some((ends?, Next::TimesOut)),
        Phase::Preparing => Some((ends?.max(now.saturating_add(1)), Next::Decides)),
        Phase::Confirming => {
            let (until, deciding) = (ends?, going.deciding?);
            // The alarm looks at the shares; what is needed only falls, so who passes then passes until the end.
            let looked = alarm.unwrap_or(until).min(until);
            let x = part(looked.saturating_sub(deciding.since), track.decision_period);
            match passes(track, x, shares)? {
                true => Some((until, Next::Passes)),
                false => Some((looked, Next::Aborts)),
            }
        }
        Phase::Deciding => {
            let deciding = going.deciding?;
            let x = |at: u64| part(at.saturating_sub(deciding.since), track.decision_period);
            // A vote sets an alarm for the next block, which may find it passing at once.
            if let Some(at) = alarm
                && passes(track, x(at), shares)?
            {
                return Some((at, Next::Confirms));
            }
            let offset =
                track.min_approval.delay(shares.approval).max(track.min_support.delay(shares.support?));
            let at = deciding.since.saturating_add(offset.of_blocks_up(track.decision_period)).max(now);
            match passes(track, x(at), shares)? {
                true => Some((at, Next::Confirms)),
                // Short of the end that is the rounding of the chain itself: what it does then is not foretold.
                false => ends.filter(|end| at >= *end).map(|end| (end, Next::Fails)),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
