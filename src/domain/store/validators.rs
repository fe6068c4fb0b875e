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
mod tests {
    use super::super::blocks::tests::block;
    use super::*;
    use crate::domain::{ChainId, Clean, EndpointId, Observation, Store, UnixMs};

    fn stash(n: u8) -> AccountId {
        AccountId([n; 32])
    }

    /// Four validators; para indices 0, 1, 2 are authorities 3, 2, 1; one group of three.
    fn set(session: u32) -> ValidatorSet {
        ValidatorSet {
            session,
            validators: (0..4).map(stash).collect(),
            para: Some(vec![3, 2, 1]),
            groups: Some(vec![vec![0, 1, 2]]),
            ..ValidatorSet::default()
        }
    }

    fn voted(number: u64, fork: u8, session: u32, missed: &[u32]) -> Block {
        let voted = (0..3).filter(|i| !missed.contains(i)).collect();
        let candidate =
            CandidateVotes { para: ParaId(1), candidate: None, group: 0, voted, missed: missed.to_vec() };
        Block {
            session: Some(session),
            author: Some(stash(0)),
            votes: Some(Box::new(BlockVotes {
                session,
                backing: Some(vec![candidate]),
                available: Some(vec![0, 1]),
            })),
            ..block(number, fork, if number == 3 { 0 } else { fork })
        }
    }

    struct Chain(Store);

    impl Chain {
        fn new() -> Self {
            let mut chain = Self(Store::default());
            chain.say(Fact::Validators(Box::new(set(7))));
            chain
        }

        fn say(&mut self, fact: Fact) {
            let (chain, endpoint) = (ChainId::from("relay"), Some(EndpointId::from("a")));
            self.0.apply(&Observation { at: UnixMs(1), chain, endpoint, fact });
        }

        fn best(&mut self, block: Block) {
            self.say(Fact::Best(Box::new(block)));
        }

        fn view(&self) -> &ChainView {
            self.0.chain(&"relay".into()).unwrap()
        }

        fn figures(&self, session: u32, n: u8) -> Figures4 {
            let f = self.view().validators.record(session).unwrap().of(&stash(n)).unwrap();
            (f.voted, f.missed_votes, f.available, f.unavailable)
        }
    }

    type Figures4 = (u32, u32, u32, u32);

    #[test]
    fn votes_are_counted_by_stash_through_the_para_index() {
        let mut chain = Chain::new();
        chain.best(voted(1, 0, 7, &[0]));
        chain.best(voted(2, 0, 7, &[0, 2]));
        assert_eq!(chain.figures(7, 3), (0, 2, 2, 0), "para index 0");
        assert_eq!(chain.figures(7, 2), (2, 0, 2, 0), "para index 1");
        assert_eq!(chain.figures(7, 1), (1, 1, 0, 2), "para index 2");
        let record = chain.view().validators.record(7).unwrap();
        let other = record.of(&stash(0)).unwrap();
        assert_eq!((other.para, other.authored, other.assigned()), (Some(false), 2, 0));
        assert_eq!((record.blocks, record.with_votes, record.first_block, record.last_block), (2, 2, 1, 2));
        assert_eq!(record.score(&stash(0)), None, "no para validator, no score");
        assert!((record.score(&stash(1)).unwrap().ratio().unwrap() - 0.375).abs() < 1e-12);
        let missed: Vec<u64> = chain.view().missed_candidates(&stash(1)).map(|m| m.block.number).collect();
        assert_eq!(missed, [2]);
    }

    #[test]
    fn a_reorganisation_across_the_session_boundary_takes_its_blocks_back() {
        let mut chain = Chain::new();
        chain.best(voted(1, 0, 7, &[]));
        chain.best(voted(2, 0, 7, &[0]));
        chain.say(Fact::Validators(Box::new(set(8))));
        chain.best(voted(3, 0, 8, &[0]));
        chain.best(voted(4, 0, 8, &[0]));
        assert_eq!(chain.figures(8, 3).1, 2);
        // The other branch begins the session one block later.
        chain.best(voted(3, 1, 7, &[1]));
        chain.best(voted(4, 1, 8, &[1]));
        assert_eq!((chain.figures(8, 3).1, chain.figures(8, 2).1), (0, 1));
        assert_eq!((chain.figures(7, 3).1, chain.figures(7, 2).1), (1, 1));
        let blocks = |s| chain.view().validators.record(s).unwrap().blocks;
        assert_eq!((blocks(7), blocks(8)), (3, 1));
    }

    #[test]
    fn a_session_is_complete_only_where_no_block_is_missing() {
        let mut chain = Chain::new();
        for session in 7..13 {
            chain.say(Fact::Validators(Box::new(set(session))));
            for n in 0..10_u64 {
                let number = u64::from(session) * 10 + n;
                // The console saw only half of session 7, and missed a block of session 9.
                if !(session == 7 && n < 5 || number == 94) {
                    chain.best(voted(number, 0, session, &[]));
                }
            }
        }
        let known: Vec<(u32, bool, u32)> =
            chain.view().validators.sessions().map(|r| (r.session, r.complete, r.blocks)).collect();
        assert_eq!(
            known,
            [(12, false, 10), (11, false, 10), (10, false, 10), (9, false, 9), (8, true, 10), (7, false, 5)]
        );
    }

    #[test]
    fn a_restart_goes_on_counting_where_the_last_run_ended() {
        let mut first = Chain::new();
        first.best(voted(1, 0, 7, &[0]));
        first.best(voted(2, 0, 7, &[0]));
        let kept = first.view().validators.record(7).unwrap().clone();
        let mut second = Chain(Store::default());
        let restored = Fact::SessionRecord(Box::new(kept));
        let (chain, endpoint) = (ChainId::from("relay"), None);
        second.0.restore(&Observation { at: UnixMs(1), chain, endpoint, fact: restored });
        second.say(Fact::Validators(Box::new(set(7))));
        second.best(voted(2, 0, 7, &[0]));
        second.best(voted(3, 0, 7, &[0]));
        assert_eq!(second.figures(7, 3).1, 3);
        assert_eq!(second.view().validators.record(7).unwrap().blocks, 3);
    }

    #[test]
    fn a_block_that_fills_a_gap_counts_once() {
        let mut chain = Chain::new();
        chain.best(voted(1, 0, 7, &[]));
        chain.best(voted(4, 0, 7, &[]));
        for _ in 0..2 {
            chain.say(Fact::Filled(Box::new(voted(2, 0, 7, &[0]))));
        }
        assert_eq!(chain.figures(7, 3).1, 1);
        assert_eq!(chain.view().validators.record(7).unwrap().blocks, 3);
    }

    #[test]
    fn without_the_set_nothing_is_charged_and_without_bitfields_nothing_is_graded() {
        let mut chain = Chain(Store::default());
        chain.best(voted(1, 0, 7, &[0]));
        let record = chain.view().validators.record(7).unwrap();
        assert_eq!((record.blocks, record.with_votes, record.score(&stash(3))), (1, 0, None));
        let mut chain = Chain::new();
        let mut dark = voted(1, 0, 7, &[0]);
        dark.votes.as_mut().unwrap().available = None;
        chain.best(dark);
        let score = chain.view().validators.score(&stash(3), 1).unwrap();
        assert_eq!((score.missed_votes, score.unavailable, score.grade()), (1.0, None, None));
    }

    #[test]
    fn where_nothing_waits_to_become_available_nobody_is_unavailable() {
        let mut chain = Chain::new();
        let mut idle = voted(1, 0, 7, &[]);
        idle.votes.as_mut().unwrap().available = Some(vec![]);
        chain.best(idle);
        assert_eq!((chain.figures(7, 3).2, chain.figures(7, 3).3), (0, 0));
        assert_eq!(chain.view().validators.record(7).unwrap().with_bitfields, 1);
        chain.best(voted(2, 0, 7, &[]));
        assert_eq!((chain.figures(7, 3).3, chain.figures(7, 1).3), (0, 1), "para indices 0 and 2");
    }

    #[test]
    fn who_was_disabled_once_was_disabled_in_the_session() {
        let mut chain = Chain::new();
        chain.say(Fact::Disabled(vec![stash(2)]));
        chain.say(Fact::Disabled(vec![]));
        let disabled = |n| chain.view().validators.record(7).unwrap().of(&stash(n)).unwrap().disabled;
        assert_eq!((disabled(2), disabled(1)), (Some(true), Some(false)));
        chain.say(Fact::Unread { section: Clean::of("disabled"), reason: Clean::of("no such pallet") });
        assert_eq!(chain.view().validators.disabled.value(), None);
    }
}
