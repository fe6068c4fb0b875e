//! Who validates, what each did in the session in progress, and the sessions before it.
//!
//! In: facts about sets, votes, points; blocks joining and leaving the best chain. Out: one [`SessionRecord`] a session.
//! A reorganisation takes its blocks back out, across a session boundary too. Must not compute grades: `grade` does.

use super::ChainView;
use crate::domain::{
    AccountId, Block, BlockRef, BlockVotes, CandidateVotes, Fact, Hash, Observed, ParaId, Points, Reading,
    Score, SessionRecord, ValidatorSet,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Sessions that are still counted: the one in progress and those that a reorganisation or a late block may reach.
const OPEN: usize = 3;
/// Sessions before those that are kept in memory; the journal keeps 400 days.
pub const PAST: usize = 400;

/// Everything known about the validators of a relay chain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidatorBook {
    /// The sets of the newest sessions.
    pub sets: BTreeMap<u32, Observed<ValidatorSet>>,
    /// Who is disabled now.
    pub disabled: Reading<Vec<AccountId>>,
    /// Who has session keys set.
    pub keys_set: Reading<BTreeMap<AccountId, bool>>,
    /// Reward points.
    pub points: Reading<Points>,
    /// Moves with every fact that may have changed something here.
    #[serde(skip)]
    pub revision: Revision,
    open: BTreeMap<u32, Tally>,
    past: BTreeMap<u32, Arc<SessionRecord>>,
    /// Blocks up to this one came from the journal: they were counted by the run that read them, or by none.
    #[serde(default)]
    restored_to: Option<u64>,
}

/// [`Store::applied`](super::Store) of the last fact that may have changed a book: what is derived from it is made anew
/// when this moves. It says how often something was said and nothing about what is known, so it makes no difference.
#[derive(Debug, Clone, Copy, Default)]
pub struct Revision(pub u64);

impl PartialEq for Revision {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A session that is still counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    record: SessionRecord,
    /// Blocks up to this one were counted in an earlier run.
    resumed_to: Option<u64>,
}

impl Tally {
    fn counts(&self, number: u64) -> bool {
        self.resumed_to.is_none_or(|to| number > to)
    }
}

/// Whether a block joins the best chain or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

impl Way {
    fn count(self, n: &mut u32) {
        *n = match self {
            Self::In => n.saturating_add(1),
            Self::Out => n.saturating_sub(1),
        };
    }
}

/// A candidate that was backed without a validator of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedCandidate {
    /// The relay block that backed it.
    pub block: BlockRef,
    /// The session whose validators voted.
    pub session: u32,
    /// Whose candidate.
    pub para: ParaId,
    /// Its hash, where known.
    pub candidate: Option<Hash>,
    /// The backing group.
    pub group: u32,
}

impl ValidatorBook {
    /// The newest set.
    #[must_use]
    pub fn current(&self) -> Option<&Observed<ValidatorSet>> {
        self.sets.last_key_value().map(|(_, set)| set)
    }

    /// What is counted of a session: in progress or over.
    #[must_use]
    pub fn record(&self, session: u32) -> Option<&SessionRecord> {
        let open = self.open.get(&session).map(|t| &t.record);
        open.or_else(|| self.past.get(&session).map(AsRef::as_ref))
    }

    /// All sessions that something is known of, newest first.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionRecord> {
        let open = self.open.values().rev().map(|t| &t.record);
        let first_open = self.open.first_key_value().map_or(u32::MAX, |(s, _)| *s);
        open.chain(self.past.range(..first_open).rev().map(|(_, r)| r.as_ref()))
    }

    /// Sessions that are still counted, to be kept: the journal writes them from time to time and a last time once they
    /// are over.
    pub fn open_sessions(&self) -> impl Iterator<Item = &SessionRecord> {
        self.open.values().map(|t| &t.record)
    }

    /// The mean score of a validator over its newest `n` sessions as para validator; none without any.
    #[must_use]
    pub fn score(&self, stash: &AccountId, n: usize) -> Option<Score> {
        Score::mean(self.sessions().filter_map(|r| r.score(stash)).take(n))
    }

    pub(super) fn put_set(&mut self, set: Observed<ValidatorSet>) {
        let session = set.value.session;
        let tally = Self::tally(&mut self.open, &mut self.past, session);
        let para = set.value.para_stashes().map(BTreeSet::from_iter);
        for stash in &set.value.validators {
            if let Some(figures) = tally.record.entry(*stash) {
                figures.para = para.as_ref().map(|p| p.contains(stash)).or(figures.para);
            }
        }
        self.sets.insert(session, set);
        while self.sets.len() > OPEN {
            self.sets.pop_first();
        }
        self.close();
    }

    pub(super) fn put_disabled(&mut self, disabled: Observed<Vec<AccountId>>) {
        if let Some(mut tally) = self.open.last_entry() {
            let listed: BTreeSet<&AccountId> = disabled.value.iter().collect();
            for (stash, figures) in &mut tally.get_mut().record.validators {
                let now = listed.contains(stash);
                figures.disabled = Some(now || figures.disabled == Some(true));
            }
        }
        self.disabled = Reading::Known(disabled);
    }

    /// A session of an earlier run or of a back-fill. The fuller record of one session wins.
    pub(super) fn put_record(&mut self, record: &SessionRecord) {
        if self.open.contains_key(&record.session) {
            return;
        }
        if self.past.get(&record.session).is_none_or(|known| known.blocks <= record.blocks) {
            self.past.insert(record.session, Arc::new(record.clone()));
        }
        while self.past.len() > PAST {
            self.past.pop_first();
        }
    }

    pub(super) fn add(&mut self, block: &Block) {
        if self.restored_to.is_none_or(|to| block.at.number > to) {
            self.count(block, Way::In);
        }
    }

    /// A block of the journal is not counted, so it is not taken back either: what takes its place is counted.
    pub(super) fn remove(&mut self, block: &Block) {
        match &mut self.restored_to {
            Some(to) if block.at.number <= *to => *to = block.at.number.saturating_sub(1),
            _ => self.count(block, Way::Out),
        }
    }

    pub(super) fn note_restored(&mut self, block: &Block) {
        self.restored_to = self.restored_to.max(Some(block.at.number));
    }

    fn tally<'a>(
        open: &'a mut BTreeMap<u32, Tally>,
        past: &mut BTreeMap<u32, Arc<SessionRecord>>,
        session: u32,
    ) -> &'a mut Tally {
        open.entry(session).or_insert_with(|| match past.remove(&session) {
            Some(known) => {
                let resumed_to = Some(known.last_block);
                Tally { record: Arc::unwrap_or_clone(known), resumed_to }
            }
            None => Tally { record: SessionRecord { session, ..SessionRecord::default() }, resumed_to: None },
        })
    }

    fn count(&mut self, block: &Block, way: Way) {
        // Late blocks of sessions that are closed already change nothing.
        let oldest = self.open.first_key_value().map_or(0, |(s, _)| *s);
        if let Some(session) = block.session.filter(|s| self.open.len() < OPEN || *s >= oldest) {
            let tally = Self::tally(&mut self.open, &mut self.past, session);
            if tally.counts(block.at.number) {
                count_block(&mut tally.record, block, way);
            }
        }
        if let Some(votes) = &block.votes
            && let Some(set) = self.sets.get(&votes.session)
            && let Some(tally) = self.open.get_mut(&votes.session)
            && tally.counts(block.at.number)
        {
            count_votes(&mut tally.record, &set.value, votes, way);
        }
        self.close();
    }

    /// Closes sessions that no reorganisation reaches any more.
    fn close(&mut self) {
        while self.open.len() > OPEN {
            let Some((session, tally)) = self.open.pop_first() else { return };
            let mut record = tally.record;
            let next = self.open.get(&session.saturating_add(1)).map(|t| t.record.first_block);
            let before = self.past.get(&session.saturating_sub(1)).map(|r| r.last_block);
            let whole = u64::from(record.blocks) == record.last_block.saturating_sub(record.first_block) + 1;
            record.complete |= whole
                && next == Some(record.last_block.saturating_add(1))
                && before.is_some_and(|last| last.saturating_add(1) == record.first_block);
            self.past.insert(session, Arc::new(record));
            while self.past.len() > PAST {
                self.past.pop_first();
            }
        }
    }
}

/// True for a fact that can change what is known about validators.
pub(super) fn is_about_them(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Validators(_)
            | Fact::Disabled(_)
            | Fact::KeysSet(_)
            | Fact::Points(_)
            | Fact::SessionRecord(_)
            | Fact::Best(_)
            | Fact::Filled(_)
            | Fact::Identity(_)
            | Fact::Unread { .. }
    )
}

fn count_block(record: &mut SessionRecord, block: &Block, way: Way) {
    let number = block.at.number;
    match way {
        Way::In if record.blocks == 0 => {
            (record.first_block, record.last_block) = (number, number);
            (record.started, record.ended) = (block.timestamp, block.timestamp);
        }
        Way::In if number > record.last_block => {
            (record.last_block, record.ended) = (number, block.timestamp.or(record.ended));
        }
        Way::In if number < record.first_block => {
            (record.first_block, record.started) = (number, block.timestamp.or(record.started));
        }
        Way::Out if number == record.last_block => record.last_block = number.saturating_sub(1),
        _ => {}
    }
    way.count(&mut record.blocks);
    if let Some(figures) = block.author.and_then(|author| record.entry(author)) {
        way.count(&mut figures.authored);
    }
    for owner in block.missed.iter().filter_map(|m| m.owner) {
        if let Some(figures) = record.entry(owner) {
            way.count(&mut figures.missed_slots);
        }
    }
}

fn count_votes(record: &mut SessionRecord, set: &ValidatorSet, votes: &BlockVotes, way: Way) {
    if let Some(backing) = &votes.backing {
        way.count(&mut record.with_votes);
        for candidate in backing {
            for stash in candidate.voted.iter().filter_map(|i| set.para_stash(*i)) {
                if let Some(figures) = record.entry(stash) {
                    way.count(&mut figures.voted);
                }
            }
            for stash in candidate.missed.iter().filter_map(|i| set.para_stash(*i)) {
                if let Some(figures) = record.entry(stash) {
                    way.count(&mut figures.missed_votes);
                }
            }
        }
    }
    if let (Some(available), Some(para)) = (&votes.available, set.para_stashes()) {
        way.count(&mut record.with_bitfields);
        // Nobody has a bit set where nothing waits to become available: then nobody is charged.
        if available.is_empty() {
            return;
        }
        let mut has = vec![false; para.len()];
        for place in available.iter().filter_map(|i| usize::try_from(*i).ok()) {
            if let Some(bit) = has.get_mut(place) {
                *bit = true;
            }
        }
        for (stash, has) in para.into_iter().zip(has) {
            if let Some(figures) = record.entry(stash) {
                way.count(if has { &mut figures.available } else { &mut figures.unavailable });
            }
        }
    }
}

impl ChainView {
    /// The candidates that were backed without this validator, newest first, among the blocks in memory that were read
    /// in this run.
    pub fn missed_candidates<'a>(
        &'a self,
        stash: &'a AccountId,
    ) -> impl Iterator<Item = MissedCandidate> + 'a {
        self.blocks.newest_first().flat_map(move |row| {
            let found = row.block.votes.as_deref().and_then(|votes| {
                let set = &self.validators.sets.get(&votes.session)?.value;
                let of = |c: &CandidateVotes| c.missed.iter().any(|i| set.para_stash(*i) == Some(*stash));
                let missed = votes.backing.as_ref()?.iter().filter(|c| of(c));
                Some(missed.map(|c| missed_candidate(row.block.at, votes.session, c)).collect::<Vec<_>>())
            });
            found.unwrap_or_default()
        })
    }
}

fn missed_candidate(block: BlockRef, session: u32, c: &CandidateVotes) -> MissedCandidate {
    MissedCandidate { block, session, para: c.para, candidate: c.candidate, group: c.group }
}

#[cfg(test)]
mod tests;
