//! What is kept beside the state: derived from it, made again where it changed, never serialised.
//!
//! In: the state, once a batch of facts or keys. Out: the digest, the rows a filter keeps, the candidates that the opened
//! validator missed. Every reader gets the same without it, only slower.

use super::who::Who;
use super::{Digest, key};
use crate::domain::store::validators::MissedCandidate;
use crate::domain::{AccountId, Clean};
use crate::state::AppState;
use crate::state::filter::Filter;
use std::sync::Arc;

/// The digest of the moment; worth nothing, and equal to any other, because it can be made again from the state.
#[derive(Debug, Clone, Default)]
pub struct Seats {
    pub(super) digest: Option<Arc<Digest>>,
    addresses: Option<Arc<Addresses>>,
    kept: Option<Arc<Kept>>,
    missed: Option<Arc<Missed>>,
}

impl PartialEq for Seats {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Every validator's address, for searching.
#[derive(Debug)]
struct Addresses {
    who: Arc<Who>,
    prefix: Option<u16>,
    text: Vec<String>,
}

impl Addresses {
    fn of(who: &Arc<Who>, prefix: Option<u16>) -> Self {
        let text = |stash: &AccountId| prefix.map_or_else(|| stash.to_string(), |p| stash.ss58(p));
        Self { who: Arc::clone(who), prefix, text: who.stashes.iter().map(text).collect() }
    }

    fn get(&self, stash: &AccountId) -> &str {
        let place = self.who.stashes.binary_search(stash).ok();
        place.and_then(|p| self.text.get(p)).map_or("", String::as_str)
    }
}

/// The seats that a filter keeps.
#[derive(Debug)]
struct Kept {
    filter: String,
    digest: Arc<Digest>,
    prefix: Option<u16>,
    rows: Vec<usize>,
}

/// The candidates that one validator missed.
#[derive(Debug)]
struct Missed {
    revision: u64,
    stash: AccountId,
    all: Arc<Vec<MissedCandidate>>,
}

impl AppState {
    /// The validators of the relay chain. Cheap where [`AppState::digest_validators`] ran since the store changed.
    #[must_use]
    pub fn validators(&self) -> Arc<Digest> {
        match &self.seats.digest {
            Some(known) if known.key == key(self) => Arc::clone(known),
            old => Arc::new(Digest::of(self, old.as_deref())),
        }
    }

    /// Makes anew what changed: once a batch, while validators are on the screen. `filter` is that of their table; with
    /// the first one all addresses are encoded, once for as long as the validators stay the same.
    pub fn digest_validators(&mut self, filter: &str) {
        let digest = self.validators();
        self.seats.digest = Some(Arc::clone(&digest));
        if filter.is_empty() {
            self.seats.kept = None;
        } else if self.seats.kept.as_ref().is_none_or(|k| !k.is_for(filter, &digest, self.relay_prefix())) {
            self.seats.kept = Some(Arc::new(self.search(filter, digest)));
        }
        self.seats.missed = self.ui.place.validator.map(|stash| match self.missed(&stash) {
            Some(known) => known,
            None => Arc::new(Missed {
                revision: key(self).revision,
                stash,
                all: Arc::new(self.scan_missed(&stash)),
            }),
        });
    }

    fn relay_prefix(&self) -> Option<u16> {
        self.relay()?.view?.identity.value()?.ss58_prefix
    }

    fn search(&mut self, filter: &str, digest: Arc<Digest>) -> Kept {
        let prefix = self.relay_prefix();
        let known = self.seats.addresses.take();
        let addresses = known
            .filter(|a| a.prefix == prefix && Arc::ptr_eq(&a.who, &digest.who))
            .unwrap_or_else(|| Arc::new(Addresses::of(&digest.who, prefix)));
        let mut test = Filter::of(filter);
        let mut text = String::new();
        let mut keeps = |row: &usize| {
            let Some(seat) = digest.seats.get(*row) else { return false };
            text.clear();
            self.describe_seat(&digest, seat, &mut text);
            test.keeps_either(&text, addresses.get(&seat.stash))
        };
        let rows = (0..digest.seats.len()).filter(|row| keeps(row)).collect();
        self.seats.addresses = Some(addresses);
        Kept { filter: filter.to_owned(), digest, prefix, rows }
    }

    /// What a filter looks at in a seat: name, state, provider in brackets.
    pub fn describe_seat(&self, digest: &Digest, seat: &super::Seat, into: &mut String) {
        let provider = digest.provider_of(seat).map_or("?", Clean::as_str);
        let name = self.validator_name(&seat.stash).unwrap_or_default();
        for part in [name, " ", seat.standing.word(), " [", provider, "]"] {
            into.push_str(part);
        }
    }

    /// The seats of this digest that a filter keeps; none where that was not looked for yet.
    #[must_use]
    pub fn kept_seats(&self, digest: &Arc<Digest>, filter: &str) -> Option<Vec<usize>> {
        let kept = self.seats.kept.as_ref().filter(|k| k.is_for(filter, digest, self.relay_prefix()))?;
        Some(kept.rows.clone())
    }

    /// The candidates that were backed without a validator, newest first, of the blocks in memory.
    #[must_use]
    pub fn missed_by(&self, stash: &AccountId) -> Arc<Vec<MissedCandidate>> {
        self.missed(stash).map_or_else(|| Arc::new(self.scan_missed(stash)), |known| Arc::clone(&known.all))
    }

    fn missed(&self, stash: &AccountId) -> Option<Arc<Missed>> {
        let revision = key(self).revision;
        self.seats.missed.clone().filter(|m| m.stash == *stash && m.revision == revision)
    }

    fn scan_missed(&self, stash: &AccountId) -> Vec<MissedCandidate> {
        let view = self.relay().and_then(|r| r.view);
        view.map(|v| v.missed_candidates(stash).collect()).unwrap_or_default()
    }

    /// The name of a validator: the profile's, else the register's.
    #[must_use]
    pub fn validator_name(&self, stash: &AccountId) -> Option<&str> {
        self.name_of(stash).or_else(|| self.network.roster.name_of(stash).map(Clean::as_str))
    }
}

impl Kept {
    fn is_for(&self, filter: &str, digest: &Arc<Digest>, prefix: Option<u16>) -> bool {
        self.filter == filter && self.prefix == prefix && Arc::ptr_eq(&self.digest, digest)
    }
}
