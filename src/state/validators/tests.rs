//! Order, roll-up, the window of sessions, and what is taken over from the digest before.

use super::*;
use crate::domain::validator::{Member, Roster};
use crate::domain::{
    Block, BlockRef, ChainKind, ChainSpec, EndpointId, Fact, Hash, MissedSlot, Network, Observation,
    Thresholds, UnixMs,
};
use crate::keymap::Keymap;
use crate::state::Mode;

fn stash(n: u8) -> AccountId {
    AccountId([n; 32])
}

/// Names run against the order of the accounts, so that one is not taken for the other.
fn network(register: &[(u8, &str, bool)]) -> Network {
    let relay = ChainSpec {
        id: "relay".into(),
        name: "Relay".to_owned(),
        kind: ChainKind::Relay,
        block_time_ms: None,
        optional: false,
        genesis: None,
        endpoints: vec![],
        thresholds: Thresholds::default(),
    };
    let member = |&(n, provider, active): &(u8, &str, bool)| {
        let name = Clean::of(&format!("node {}", 90 - n));
        (stash(n), Member { provider: Clean::of(provider), name, active, chain: None })
    };
    Network {
        id: "test".to_owned(),
        public: false,
        chains: vec![relay],
        names: std::collections::BTreeMap::default(),
        roster: Roster { validators: register.iter().map(member).collect(), ..Roster::default() },
        watch: vec![],
    }
}

fn console(register: &[(u8, &str, bool)]) -> AppState {
    AppState::new(network(register), Keymap::built_in().unwrap(), "kim".to_owned(), Mode::Console)
}

fn say(state: &mut AppState, fact: Fact) {
    let endpoint = Some(EndpointId::from("a"));
    state.store.apply(&Observation { at: UnixMs(1), chain: "relay".into(), endpoint, fact });
}

fn set(session: u32, members: std::ops::RangeInclusive<u8>) -> Fact {
    let count = u32::try_from(members.clone().count()).unwrap();
    Fact::Validators(Box::new(ValidatorSet {
        session,
        validators: members.map(stash).collect(),
        para: Some((0..count).collect()),
        ..ValidatorSet::default()
    }))
}

/// A session of an earlier run in which these missed so many of 100 votes.
fn past(session: u32, missed: &[(u8, u32)]) -> Fact {
    let figures = |missed_votes| Figures {
        voted: 100 - missed_votes,
        missed_votes,
        available: 10,
        para: Some(true),
        ..Figures::default()
    };
    let record = SessionRecord {
        session,
        blocks: 10,
        with_votes: 10,
        with_bitfields: 10,
        validators: missed.iter().map(|(n, m)| (stash(*n), figures(*m))).collect(),
        ..SessionRecord::default()
    };
    Fact::SessionRecord(Box::new(record))
}

fn block(number: u8, session: u32, author: u8, missed: &[u8]) -> Fact {
    let at = |n: u8| Hash([n; 32]);
    let missed = missed.iter().map(|n| MissedSlot { slot: 1, owner: Some(stash(*n)) }).collect();
    Fact::Best(Box::new(Block {
        at: BlockRef { number: number.into(), hash: at(number) },
        parent: at(number - 1),
        timestamp: None,
        slot: Some(1),
        author: Some(stash(author)),
        missed,
        transactions: None,
        candidates: vec![],
        events: vec![],
        event_count: None,
        session: Some(session),
        votes: None,
        undecoded: None,
    }))
}

fn order(state: &AppState) -> Vec<u8> {
    state.validators().seats.iter().map(|s| s.stash.0[0]).collect()
}

#[test]
fn the_worst_come_first_and_equals_by_name() {
    let mut state = console(&[(1, "a", true), (2, "a", true), (9, "b", true), (8, "b", false)]);
    say(&mut state, past(6, &[(1, 0), (2, 0), (3, 40), (4, 20), (5, 0), (6, 0)]));
    say(&mut state, set(7, 1..=6));
    say(&mut state, Fact::Disabled(vec![stash(5)]));
    say(&mut state, block(1, 7, 1, &[6]));
    // 5 is disabled, 6 lost a slot and wrote nothing, 3 and 4 missed votes before, 2 and 1 are well and have names, 9 is of
    // the register only; 8 is deactivated there.
    assert_eq!(order(&state), [5, 6, 3, 4, 2, 1, 9]);
    let digest = state.validators();
    let standing: Vec<_> = digest.seats.iter().map(|s| s.standing).collect();
    assert_eq!(
        (standing[0], standing[1], standing[6]),
        (Standing::Disabled, Standing::Para, Standing::Absent)
    );
    assert_eq!(digest.silent().map(|s| s.stash).collect::<Vec<_>>(), [stash(6)]);
    assert_eq!(digest.seat(&stash(9)).unwrap().figures, None);
}

#[test]
fn who_comes_and_who_goes_is_told_from_the_next_set() {
    let mut state = console(&[(9, "b", true)]);
    let Fact::Validators(mut now) = set(7, 1..=2) else { unreachable!() };
    now.next = Some(vec![stash(2), stash(3)]);
    say(&mut state, Fact::Validators(now));
    say(&mut state, Fact::KeysSet(vec![(stash(9), true), (stash(1), false)]));
    let standing = |n| state.validators().seat(&stash(n)).map(|s| s.standing);
    assert_eq!(
        [1, 2, 3, 9].map(standing),
        [Standing::Leaves, Standing::Para, Standing::Joins, Standing::Waiting].map(Some)
    );
    assert_eq!(state.validators().without_keys().map(|s| s.stash).collect::<Vec<_>>(), [stash(1)]);
}

#[test]
fn a_provider_has_the_plain_mean_of_its_seats() {
    let mut state =
        console(&[(1, "a", true), (2, "a", true), (3, "b", true), (4, "a", true), (9, "c", false)]);
    // 1 was there twice, 2 once: that does not weigh its seat more.
    say(&mut state, past(5, &[(1, 0), (3, 40)]));
    say(&mut state, past(6, &[(1, 0), (2, 60), (3, 40), (7, 0)]));
    say(&mut state, set(7, 1..=3));
    say(&mut state, block(1, 7, 1, &[]));
    say(&mut state, block(2, 7, 2, &[]));
    let digest = state.validators();
    let told: Vec<_> = digest
        .providers
        .iter()
        .map(|p| (p.name.as_ref().map(|n| n.as_str()), p.registered, p.active, p.authored))
        .collect();
    assert_eq!(told, [(Some("b"), Some(1), 1, 0), (Some("a"), Some(3), 2, 2)]);
    let hundredths = |p: usize| digest.providers[p].recent.and_then(|s| s.hundredths());
    assert_eq!((hundredths(0), hundredths(1)), (Some(7_000), Some(7_750)));
    assert_eq!(digest.seats[digest.providers[1].worst.unwrap()].stash, stash(2));
    let below: Vec<_> = digest.below_b().map(|(p, g)| (p.name.clone().unwrap().to_string(), g)).collect();
    assert_eq!(below, [("b".to_owned(), Grade::C), ("a".to_owned(), Grade::CPlus)]);
}

#[test]
fn validators_in_no_register_are_rolled_up_together_and_last() {
    let mut state = console(&[(1, "a", true)]);
    say(&mut state, set(7, 1..=3));
    let digest = state.validators();
    let last = digest.providers.last().unwrap();
    assert_eq!((last.name.clone(), last.registered, last.active), (None, None, 2));
    assert_eq!(last.now, None, "nothing was counted");
}

#[test]
fn the_second_grade_is_of_the_last_sessions_only() {
    let mut state = console(&[]);
    let window = u32::try_from(WINDOW).unwrap();
    say(&mut state, past(100 - window, &[(1, 100)]));
    say(&mut state, past(101 - window, &[(1, 50)]));
    say(&mut state, past(99, &[(1, 0)]));
    say(&mut state, set(100, 1..=1));
    let recent = state.validators().seats[0].recent.unwrap();
    assert_eq!((recent.sessions, recent.missed_votes), (2, 0.25));
    assert_eq!(state.validators().sessions, 2);
}

#[test]
fn without_a_set_nobody_is_said_to_be_in_it_and_nothing_is_said_of_the_session() {
    let mut state = console(&[(9, "b", true)]);
    assert!(state.validators().seats.iter().all(|s| s.standing == Standing::Unknown));
    say(&mut state, past(6, &[(1, 30)]));
    let digest = state.validators();
    assert_eq!((digest.session, digest.seats.len(), digest.para), (None, 2, None));
    assert!(digest.seats.iter().all(|s| s.standing == Standing::Unknown && s.figures.is_none()));
    assert!(digest.seat(&stash(1)).unwrap().recent.is_some());
}

#[test]
fn what_is_taken_over_is_what_would_be_made_anew() {
    let mut state = console(&[(1, "a", true), (4, "b", true)]);
    let facts = [
        past(5, &[(1, 10), (2, 20)]),
        set(6, 1..=2),
        block(1, 6, 1, &[2]),
        past(4, &[(1, 90)]),
        block(2, 6, 2, &[1]),
        set(7, 1..=3),
        block(3, 7, 3, &[1]),
        Fact::Disabled(vec![stash(3)]),
        Fact::KeysSet(vec![(stash(4), true)]),
        // The branch without blocks 2 and 3.
        block(2, 6, 1, &[]),
    ];
    for fact in facts {
        say(&mut state, fact);
        state.digest_validators("leaves");
        let fresh = Digest::of(&state, None);
        let kept = state.validators();
        assert!(Arc::ptr_eq(&kept, state.seats.digest.as_ref().unwrap()), "made anew without a change");
        assert_eq!((&kept.seats, &kept.providers), (&fresh.seats, &fresh.providers));
    }
}

#[test]
fn what_a_filter_keeps_is_looked_for_once_and_again_where_something_changed() {
    let mut state = console(&[(1, "a", true), (4, "b", true)]);
    let kept = |state: &AppState, filter: &str| {
        let digest = state.validators();
        let rows = state.kept_seats(&digest, filter)?;
        Some(rows.into_iter().map(|r| digest.seats[r].stash.0[0]).collect::<Vec<_>>())
    };
    say(&mut state, set(7, 1..=3));
    state.digest_validators("0x0303");
    assert_eq!(kept(&state, "0x0303"), Some(vec![3]), "by its address");
    assert_eq!(kept(&state, "absent"), None, "not looked for");
    state.digest_validators("absent");
    assert_eq!(kept(&state, "absent"), Some(vec![4]));
    say(&mut state, set(8, 2..=3));
    assert_eq!(kept(&state, "absent"), None, "of another digest");
    state.digest_validators("absent");
    // By name, which runs against the order of the accounts.
    assert_eq!(kept(&state, "absent"), Some(vec![4, 1]));
    state.digest_validators("");
    assert_eq!(kept(&state, ""), None);
}
