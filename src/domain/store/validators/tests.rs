//! Counting: by stash, in and out across reorganisations and session boundaries, once.

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
