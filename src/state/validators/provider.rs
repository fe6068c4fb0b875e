//! The roll-up per provider.
//!
//! In: seats. Out: a [`Provider`] each, worst first. Its ratio is the plain mean over its seats.

use super::Seat;
use super::who::Who;
use crate::domain::validator::grade::Mean;
use crate::domain::{Clean, Score};

/// A provider and what its validators did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Provider {
    /// Its name; none for the validators that are in no register.
    pub name: Option<Clean>,
    /// Stashes of the register that are not deactivated; none for those that are in no register.
    pub registered: Option<u32>,
    /// Seats in the set.
    pub active: u32,
    /// Seats of which the session's figures are known; the sums below are over these.
    pub counted: u32,
    /// Blocks written in this session.
    pub authored: u32,
    /// Slots missed in this session.
    pub missed_slots: u32,
    /// Votes missed in this session.
    pub missed_votes: u32,
    /// Mean score of its seats in this session.
    pub now: Option<Score>,
    /// Mean over its seats of their mean scores over the last sessions.
    pub recent: Option<Score>,
    /// Its worst seat in the set, an index into the seats.
    pub worst: Option<usize>,
}

impl Provider {
    /// What sorts worst first: failing ones, then by ratio.
    fn badness(&self) -> impl Ord + use<> {
        let ratio = self.recent.or(self.now).and_then(|s| s.hundredths()).unwrap_or(10_001);
        (self.name.is_none(), ratio, self.active == 0, self.name.as_ref().map(|n| n.as_str().to_lowercase()))
    }
}

/// All providers of the register, and those who are in none.
pub(super) fn roll_up(seats: &[Seat], who: &Who) -> Vec<Provider> {
    let mut all: Vec<(Provider, Mean, Mean)> = who
        .providers
        .iter()
        .zip(&who.registered)
        .map(|(name, seats)| Provider {
            name: Some(name.clone()),
            registered: Some(*seats),
            ..Provider::default()
        })
        .chain([Provider::default()])
        .map(|p| (p, Mean::default(), Mean::default()))
        .collect();
    let nobody = who.providers.len();
    for (place, seat) in seats.iter().enumerate() {
        let Some((provider, now, recent)) = all.get_mut(seat.provider.unwrap_or(nobody)) else { continue };
        if seat.standing.is_in_set() {
            provider.active = provider.active.saturating_add(1);
            // Seats come worst first.
            provider.worst = provider.worst.or(Some(place));
        }
        if let Some(figures) = seat.figures {
            provider.counted = provider.counted.saturating_add(1);
            provider.authored = provider.authored.saturating_add(figures.authored);
            provider.missed_slots = provider.missed_slots.saturating_add(figures.missed_slots);
            provider.missed_votes = provider.missed_votes.saturating_add(figures.missed_votes);
        }
        for (mean, score) in [(now, seat.now), (recent, seat.recent)] {
            if let Some(score) = score {
                mean.add(Score { sessions: 1, ..score });
            }
        }
    }
    let shown = |p: &Provider| {
        p.active > 0 || p.recent.is_some() || p.name.is_some() && p.registered.is_some_and(|n| n > 0)
    };
    let mut out: Vec<Provider> = all
        .into_iter()
        .map(|(p, now, recent)| Provider { now: now.score(), recent: recent.score(), ..p })
        .filter(shown)
        .collect();
    out.sort_by_cached_key(Provider::badness);
    out
}
