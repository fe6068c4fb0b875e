//! The validators as screens want them: one seat each, worst first, and the roll-up per provider.
//!
//! In: the relay's `ValidatorBook` and the register. Out: a [`Digest`], made once per change of the store and kept beside
//! the state ([`Seats`]), with what a filter keeps and which candidates the opened validator missed; what does not change
//! from block to block is taken over from the digest before. Addresses are not encoded here. Must not compute grades:
//! `grade` does.

mod cache;
mod provider;
mod who;

pub use crate::domain::validator::grade::WINDOW;
pub use cache::Seats;
pub use provider::Provider;

use super::AppState;
use crate::domain::store::validators::ValidatorBook;
use crate::domain::validator::Figures;
use crate::domain::validator::grade::Mean;
use crate::domain::{AccountId, ChainView, Clean, Grade, Score, SessionRecord, ValidatorSet};
use std::cmp::Reverse;
use std::sync::Arc;
use who::Who;

/// What a validator is in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Disabled now.
    Disabled,
    /// In the set, and not in that of the next session.
    Leaves,
    /// In the set and a para validator.
    Para,
    /// In the set; no para validator, or not known whether.
    Active,
    /// Not in the set, and in that of the next session.
    Joins,
    /// Of the register, not in the set, with session keys.
    Waiting,
    /// Of the register and not in the set.
    Absent,
    /// The set is not known.
    Unknown,
}

impl Standing {
    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Leaves => "leaves",
            Self::Para => "para",
            Self::Active => "active",
            Self::Joins => "joins",
            Self::Waiting => "waiting",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }

    /// True for a validator of the session in progress.
    #[must_use]
    pub fn is_in_set(self) -> bool {
        matches!(self, Self::Disabled | Self::Leaves | Self::Para | Self::Active)
    }
}

/// A validator.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Who.
    pub stash: AccountId,
    /// What it is now.
    pub standing: Standing,
    /// What it did in this session; none where it is not in the set or nothing was counted.
    pub figures: Option<Figures>,
    /// Its score in this session.
    pub now: Option<Score>,
    /// Its mean score over the last [`WINDOW`] sessions.
    pub recent: Option<Score>,
    /// Reward points; none where not read.
    pub points: Option<u32>,
    /// Whether it has session keys; none where not read.
    pub keys: Option<bool>,
    /// Its provider, to be named by [`Digest::provider_of`].
    pub provider: Option<usize>,
    /// Its place by name, for sorting.
    pub by_name: u32,
}

impl Seat {
    /// True where it lost slots in this session and wrote no block.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.figures.is_some_and(|f| f.missed_slots > 0 && f.authored == 0)
    }

    /// The best ratio that is known, for the order: of this session, else of the last ones.
    fn ratio(&self) -> u32 {
        let known = |s: &Option<Score>| s.as_ref().and_then(Score::hundredths);
        known(&self.now).or_else(|| known(&self.recent)).unwrap_or(10_000)
    }

    fn badness(&self) -> impl Ord + use<> {
        let class: u8 = match self.standing {
            Standing::Disabled => 0,
            _ if self.is_silent() => 1,
            Standing::Leaves | Standing::Para | Standing::Active | Standing::Unknown => 2,
            Standing::Joins => 3,
            Standing::Waiting => 4,
            Standing::Absent => 5,
        };
        let missed = self.figures.map_or(0, |f| f.missed_slots.saturating_add(f.missed_votes));
        (class, self.ratio(), Reverse(missed), self.by_name)
    }
}

/// What was counted of the session in progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Blocks.
    pub blocks: u32,
    /// Blocks whose votes were read.
    pub votes: u32,
    /// Blocks whose bitfields were read.
    pub bitfields: u32,
}

/// All validators, ready to be shown.
#[derive(Debug, Clone, Default)]
pub struct Digest {
    /// The session in progress; none where no set was read.
    pub session: Option<u32>,
    /// What was counted of it.
    pub counted: Counted,
    /// Sessions of the last [`WINDOW`] of which something is known.
    pub sessions: usize,
    /// Validators in the set.
    pub active: usize,
    /// Para validators; none where not read.
    pub para: Option<usize>,
    /// Validators, worst first.
    pub seats: Vec<Seat>,
    /// Providers, worst first; the last may be those that are not in the register.
    pub providers: Vec<Provider>,
    key: Key,
    who: Arc<Who>,
    past: Arc<Past>,
}

/// What a digest was made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Key {
    revision: u64,
    sizes: (usize, usize),
}

/// Means over the sessions that are over, by place in [`Who::stashes`].
#[derive(Debug, Clone, Default)]
struct Past {
    /// Session, blocks, blocks with votes, blocks with bitfields.
    of: Vec<(u32, u32, u32, u32)>,
    means: Vec<Mean>,
}

fn book(state: &AppState) -> Option<&ValidatorBook> {
    Some(&state.relay()?.view?.validators)
}

fn key(state: &AppState) -> Key {
    let network = &state.network;
    let revision = book(state).map_or(0, |b| b.revision.0);
    Key { revision, sizes: (network.names.len(), network.roster.validators.len()) }
}

impl Digest {
    fn of(state: &AppState, old: Option<&Self>) -> Self {
        let key = key(state);
        let Some(view) = state.relay().and_then(|r| r.view) else { return Self { key, ..Self::default() } };
        let book = &view.validators;
        let set = book.current().map(|s| &s.value);
        let who = Who::of(state, stashes(state, book), old.map(|o| &o.who), key.sizes);
        let session = set.map(|s| s.session);
        let record = session.and_then(|s| book.record(s));
        let past = Past::of(book, session, &who.stashes, old);
        let mut digest = Self {
            session,
            counted: record.map_or_else(Counted::default, |r| Counted {
                blocks: r.blocks,
                votes: r.with_votes,
                bitfields: r.with_bitfields,
            }),
            sessions: past.of.len() + usize::from(record.is_some_and(|r| r.blocks > 0)),
            active: set.map_or(0, |s| s.validators.len()),
            para: set.and_then(|s| s.para.as_ref()).map(Vec::len),
            seats: seats(view, set, record, &who, &past),
            providers: Vec::new(),
            key,
            who,
            past,
        };
        digest.seats.sort_by_cached_key(Seat::badness);
        digest.providers = provider::roll_up(&digest.seats, &digest.who);
        digest
    }

    /// The seat of a stash.
    #[must_use]
    pub fn seat(&self, stash: &AccountId) -> Option<&Seat> {
        self.seats.iter().find(|s| s.stash == *stash)
    }

    /// The name of a seat's provider.
    #[must_use]
    pub fn provider_of(&self, seat: &Seat) -> Option<&Clean> {
        self.who.providers.get(seat.provider?)
    }

    /// Seats that are disabled.
    pub fn disabled(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|s| s.standing == Standing::Disabled)
    }

    /// Seats that lost slots and wrote nothing.
    pub fn silent(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|s| s.is_silent())
    }

    /// Seats of this set or the next one whose keys are known not to be set.
    pub fn without_keys(&self) -> impl Iterator<Item = &Seat> {
        let counts = |s: &Seat| s.standing.is_in_set() || s.standing == Standing::Joins;
        self.seats.iter().filter(move |s| s.keys == Some(false) && counts(s))
    }

    /// Providers whose letter over the last sessions is worse than B.
    pub fn below_b(&self) -> impl Iterator<Item = (&Provider, Grade)> {
        let grade = |p: &Provider| p.recent.and_then(|s| s.grade()).filter(|g| *g > Grade::B);
        self.providers.iter().filter_map(move |p| grade(p).map(|g| (p, g))).filter(|(p, _)| p.name.is_some())
    }
}

/// Everybody who is in the set, in the next one, or in the register and not deactivated; ascending.
fn stashes(state: &AppState, book: &ValidatorBook) -> Vec<AccountId> {
    let register = state.network.roster.validators.iter().filter(|(_, m)| m.active).map(|(s, _)| *s);
    let mut all: Vec<AccountId> = register.collect();
    match book.current().map(|s| &s.value) {
        Some(set) => {
            all.extend(&set.validators);
            all.extend(set.next.iter().flatten());
        }
        // The set was not read: those of the newest session that is known at least did something then.
        None => all.extend(book.sessions().next().into_iter().flat_map(|r| r.validators.iter().map(|v| v.0))),
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// For each stash (ascending) what `other` (ascending) has of it.
fn join<T>(stashes: &[AccountId], other: impl IntoIterator<Item = (AccountId, T)>) -> Vec<Option<T>> {
    let mut other = other.into_iter().peekable();
    let find = |stash: &AccountId| {
        while other.next_if(|(o, _)| o < stash).is_some() {}
        other.next_if(|(o, _)| o == stash).map(|(_, t)| t)
    };
    stashes.iter().map(find).collect()
}

fn sorted<T: Ord + Copy>(items: impl IntoIterator<Item = (AccountId, T)>) -> Vec<(AccountId, T)> {
    let mut all: Vec<_> = items.into_iter().collect();
    all.sort_unstable();
    all
}

/// Members of a set, ascending, with whether each is a para validator.
fn members(set: Option<&ValidatorSet>) -> Vec<(AccountId, Option<bool>)> {
    let Some(set) = set else { return Vec::new() };
    let para = set.para.as_ref().map(|places| {
        let mut is_para = vec![false; set.validators.len()];
        for place in places.iter().filter_map(|p| usize::try_from(*p).ok()) {
            if let Some(one) = is_para.get_mut(place) {
                *one = true;
            }
        }
        is_para
    });
    let is_para = |place: usize| para.as_ref().map(|p| p.get(place).copied().unwrap_or(false));
    sorted(set.validators.iter().enumerate().map(|(place, stash)| (*stash, is_para(place))))
}

fn seats(
    view: &ChainView,
    set: Option<&ValidatorSet>,
    record: Option<&SessionRecord>,
    who: &Who,
    past: &Past,
) -> Vec<Seat> {
    let book = &view.validators;
    let stashes = &who.stashes;
    let in_set = join(stashes, members(set));
    let next = set.and_then(|s| s.next.as_ref());
    let in_next = next.map(|n| join(stashes, sorted(n.iter().map(|s| (*s, ())))));
    let disabled = join(stashes, sorted(book.disabled.value().into_iter().flatten().map(|s| (*s, ()))));
    let keys = join(stashes, book.keys_set.value().into_iter().flatten().map(|(s, k)| (*s, *k)));
    let points = book.points.value().map(|p| join(stashes, sorted(p.by_stash.iter().copied())));
    let figures = join(stashes, record.into_iter().flat_map(|r| r.validators.iter().copied()));
    let at = |place: usize| -> Option<Seat> {
        let member = in_set.get(place).copied().flatten();
        let keys = keys.get(place).copied().flatten();
        let joins = in_next.as_ref().map(|n| n.get(place).is_some_and(Option::is_some));
        let standing = match (member, joins) {
            _ if set.is_none() => Standing::Unknown,
            (Some(_), _) if disabled.get(place).is_some_and(Option::is_some) => Standing::Disabled,
            (Some(_), Some(false)) => Standing::Leaves,
            (Some(Some(true)), _) => Standing::Para,
            (Some(_), _) => Standing::Active,
            (None, Some(true)) => Standing::Joins,
            (None, _) if keys == Some(true) => Standing::Waiting,
            (None, _) => Standing::Absent,
        };
        let counted = record.filter(|r| r.blocks > 0 && member.is_some());
        let figures = figures.get(place).copied().flatten().filter(|_| counted.is_some());
        let now = counted.zip(figures.as_ref()).and_then(|(r, f)| Score::of_session(r, f));
        let mut mean = past.means.get(place).copied().unwrap_or_default();
        if let Some(score) = now {
            mean.add(score);
        }
        let points = points.as_ref().map(|p| p.get(place).copied().flatten().unwrap_or(0));
        Some(Seat {
            stash: *stashes.get(place)?,
            standing,
            figures,
            now,
            recent: mean.score(),
            points,
            keys,
            provider: who.provider.get(place).copied().flatten(),
            by_name: who.by_name.get(place).copied().unwrap_or(u32::MAX),
        })
    };
    (0..stashes.len()).filter_map(at).collect()
}

impl Past {
    /// The means over the sessions before `session`; those of the digest before where no session changed.
    fn of(
        book: &ValidatorBook,
        session: Option<u32>,
        stashes: &[AccountId],
        old: Option<&Digest>,
    ) -> Arc<Self> {
        let before = |r: &&SessionRecord| session.is_none_or(|s| r.session < s) && r.blocks > 0;
        let oldest = session.map_or(0, |s| s.saturating_sub(u32::try_from(WINDOW - 1).unwrap_or(u32::MAX)));
        let records: Vec<&SessionRecord> = book
            .sessions()
            .filter(before)
            .take_while(|r| r.session >= oldest)
            .take(WINDOW - usize::from(session.is_some()))
            .collect();
        let of: Vec<_> =
            records.iter().map(|r| (r.session, r.blocks, r.with_votes, r.with_bitfields)).collect();
        if let Some(known) = old.filter(|o| o.past.of == of && o.who.stashes == stashes) {
            return Arc::clone(&known.past);
        }
        let mut means = vec![Mean::default(); stashes.len()];
        for record in records {
            let figures = join(stashes, record.validators.iter().map(|(s, f)| (*s, f)));
            for (mean, figures) in means.iter_mut().zip(figures) {
                if let Some(score) = figures.and_then(|f| Score::of_session(record, f)) {
                    mean.add(score);
                }
            }
        }
        Arc::new(Self { of, means })
    }
}

#[cfg(test)]
mod tests;
