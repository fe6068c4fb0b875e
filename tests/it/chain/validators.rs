//! Validators of a relay: sets, votes, who is disabled; across sessions, reorganisations and what a node does not have.

use super::bed::*;
use crate::faultd::{Chain, Encoder, FakeRuntime, Node, accounts, number, numbers, stash};
use scale_value::Value;
use sereno::chain::supervisor::Past;
use sereno::domain::balance::BalanceFact;
use sereno::domain::validator::{BlockVotes, Figures, StakingMode, ValidatorSet};
use sereno::domain::{AccountId, Block, Fact, Observation, Store};
use std::sync::Arc;

/// A relay of six validators in two groups; the para index is five minus the place in the set.
pub struct Relay {
    pub chain: Arc<Chain>,
    pub encoder: Encoder,
}

const EVEN: &[&[u32]] = &[&[0, 1, 2], &[3, 4, 5]];
const MIXED: &[&[u32]] = &[&[0, 2, 4], &[1, 3, 5]];

impl Relay {
    pub fn new(runtime: FakeRuntime) -> Self {
        let encoder = Encoder::new(&runtime);
        let relay = Self { chain: Chain::new(runtime), encoder };
        relay.session(7, EVEN);
        relay.votes(7, &[]);
        relay
    }

    pub fn write(&self, name: &str, value: &Value) {
        self.chain.write(name, Some(self.encoder.storage(name, value)));
    }

    /// The blocks to come have the state of this session.
    pub fn session(&self, session: u32, groups: &[&[u32]]) {
        self.write("Session.CurrentIndex", &number(session));
        self.write("ParasShared.CurrentSessionIndex", &number(session));
        self.write("Session.Validators", &accounts(&six()));
        self.write("ParasShared.ActiveValidatorIndices", &numbers(&[5, 4, 3, 2, 1, 0]));
        let groups = Value::unnamed_composite(groups.iter().map(|g| numbers(g)));
        self.write("ParaScheduler.ValidatorGroups", &groups);
        self.chain.write("Session.QueuedKeys", Some(self.encoder.queued(6)));
    }

    /// The blocks to come have these votes.
    pub fn votes(&self, session: u32, candidates: &[(u32, &[u32])]) {
        self.chain.write("ParaInherent.OnChainVotes", Some(self.encoder.votes(session, candidates)));
    }
}

fn six() -> Vec<AccountId> {
    (0..6).map(stash).collect()
}

/// The validator with this para index.
fn para(index: u32) -> AccountId {
    stash(5 - index)
}

pub fn block(seen: &[Observation], number: u64) -> Block {
    let found = seen.iter().rev().find_map(|o| match &o.fact {
        Fact::Best(b) | Fact::Filled(b) if b.at.number == number => Some((**b).clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("block {number} was not read"))
}

pub fn votes(seen: &[Observation], number: u64) -> Option<BlockVotes> {
    block(seen, number).votes.map(|v| *v)
}

fn sets(seen: &[Observation]) -> Vec<ValidatorSet> {
    let told = seen.iter().filter_map(|o| match &o.fact {
        Fact::Validators(set) => Some((**set).clone()),
        _ => None,
    });
    told.collect()
}

fn place(seen: &[Observation], is: impl Fn(&Fact) -> bool) -> usize {
    seen.iter().position(|o| is(&o.fact)).expect("it was told")
}

/// What the store counts of a validator.
fn figures(seen: &[Observation], session: u32, of: AccountId) -> Figures {
    let mut store = Store::default();
    seen.iter().for_each(|o| store.apply(o));
    let view = store.chain(&"relay".into()).unwrap();
    *view.validators.record(session).expect("the session is counted").of(&of).expect("in the set")
}

/// True for what an account holds.
fn is_balance(seen: &Observation) -> bool {
    matches!(&seen.fact, Fact::Balances(of) if matches!(**of, BalanceFact::Accounts(_)))
}

async fn grown(relay: &Relay, bed: &Bed) {
    relay.chain.advance(1);
    bed.until_best(relay.chain.best(), 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_misses_k_of_n_candidates_has_missed_k_under_both_runtimes() {
    for runtime in [FakeRuntime::relay_2026(6_000), FakeRuntime::relay_2024()] {
        let relay = Relay::new(runtime);
        relay.chain.advance(5);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until_best(5, 10).await;
        let (n, k) = (10, 3);
        for i in 0..n {
            let voters: &[u32] = if i < k { &[0, 2] } else { &[0, 1, 2] };
            relay.votes(7, &[(1_000, voters), (1_004, &[5, 3, 4])]);
            grown(&relay, &bed).await;
        }
        let seen = bed.seen();
        let of = |index| figures(&seen, 7, para(index));
        assert_eq!((of(1).missed_votes, of(1).voted), (k, n - k));
        for index in [0, 2, 3, 4, 5] {
            assert_eq!((of(index).missed_votes, of(index).voted), (0, n), "para index {index}");
        }
        let first = votes(&seen, 6).unwrap();
        assert_eq!((first.session, first.available), (7, None), "bodies were not asked for");
        let backing = first.backing.unwrap();
        assert_eq!((backing[0].group, &backing[0].voted, &backing[0].missed), (0, &vec![0, 2], &vec![1]));
        assert_eq!((backing[1].group, backing[1].voted.len()), (1, 3));
        assert!(backing.iter().all(|c| c.candidate.is_some()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_block_of_a_session_is_backed_by_the_groups_of_the_one_before() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    relay.session(8, MIXED);
    relay.votes(7, &[(1_000, &[0, 1])]);
    grown(&relay, &bed).await;
    relay.votes(8, &[(1_000, &[0, 2])]);
    grown(&relay, &bed).await;
    let seen = bed.seen();
    let missed = |number| {
        let votes = votes(&seen, number).unwrap();
        (votes.session, votes.backing.unwrap()[0].missed.clone())
    };
    assert_eq!(missed(6), (7, vec![2]));
    assert_eq!(missed(7), (8, vec![4]));
    assert_eq!(sets(&seen).iter().map(|s| s.session).collect::<Vec<_>>(), [7, 8], "each once");
    let set = place(&seen, |f| matches!(f, Fact::Validators(s) if s.session == 8));
    assert!(set < place(&seen, |f| matches!(f, Fact::Best(b) if b.at.number == 6)), "before the block");
    let disabled = seen.iter().filter(|o| matches!(&o.fact, Fact::Disabled(_))).count();
    assert_eq!(disabled, 2, "once a session");
    assert_eq!((figures(&seen, 7, para(2)).missed_votes, figures(&seen, 8, para(4)).missed_votes), (1, 1));
    assert_eq!(figures(&seen, 8, para(2)).missed_votes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_starts_in_the_first_block_of_a_session_asks_the_block_before_for_its_validators() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    relay.session(8, MIXED);
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.grow();
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(6, 10).await;
    let seen = bed.seen();
    assert_eq!(sets(&seen).iter().map(|s| s.session).collect::<Vec<_>>(), [7, 8]);
    let votes = votes(&seen, 6).unwrap();
    assert_eq!((votes.session, votes.backing.unwrap()[0].missed.clone()), (7, vec![2]));
    assert_eq!(figures(&seen, 7, para(2)).missed_votes, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_block_before_is_pruned_those_votes_are_unknown_and_the_next_ones_are_read() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    relay.session(8, MIXED);
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.grow();
    let a = Node::start(&relay.chain).await;
    a.set(|s| s.pruned_below = 6);
    let bed = Bed::watch(&[&a]);
    bed.until_best(6, 10).await;
    relay.votes(8, &[(1_000, &[0, 2])]);
    grown(&relay, &bed).await;
    let seen = bed.seen();
    assert_eq!(block(&seen, 6).votes, None);
    assert_eq!(sets(&seen).iter().map(|s| s.session).collect::<Vec<_>>(), [8]);
    assert_eq!(votes(&seen, 7).unwrap().backing.unwrap()[0].missed, [4]);
    assert_eq!(reader(&seen).as_deref(), Some("a"), "a refusal costs the endpoint nothing");
    assert_eq!(a.dials(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_an_earlier_session_that_are_read_late_are_told_by_their_own_groups() {
    let relay = Relay::new(FakeRuntime::relay_2024());
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.advance(5);
    relay.session(8, MIXED);
    relay.chain.advance(1);
    relay.votes(8, &[(1_000, &[0, 2])]);
    relay.chain.advance(3);
    let a = Node::start(&relay.chain).await;
    let past = Past { at_once: 6, in_time: 0 };
    let bed = Bed::with(vec![a.url()], &Options { past, ..Options::default() });
    let filled =
        |seen: &[Observation], n| seen.iter().any(|o| matches!(&o.fact, Fact::Filled(b) if b.at.number == n));
    let paras = |seen: &[Observation]| seen.iter().any(|o| matches!(&o.fact, Fact::Paras(_)));
    let governance = |seen: &[Observation]| seen.iter().any(|o| matches!(&o.fact, Fact::Governance(_)));
    let beside = |seen: &[Observation]| paras(seen) && governance(seen) && seen.iter().any(is_balance);
    bed.until("the past, and what is read beside it", 10, |seen| filled(seen, 3) && beside(seen)).await;
    let seen = bed.seen();
    for (number, session, missed) in [(3, 7, 2), (5, 7, 2), (6, 7, 2), (7, 8, 4), (9, 8, 4)] {
        let votes = votes(&seen, number).unwrap_or_else(|| panic!("block {number}"));
        assert_eq!((votes.session, &votes.backing.unwrap()[0].missed), (session, &vec![missed]), "{number}");
    }
    let told: Vec<u32> = sets(&seen).iter().map(|s| s.session).collect();
    assert_eq!(told, [8, 7]);
    let set = place(&seen, |f| matches!(f, Fact::Validators(s) if s.session == 7));
    assert!(set < place(&seen, |f| matches!(f, Fact::Filled(b) if b.at.number == 6)));
    // The disputes, the best and the finalized block, six of the past; the older set and its authors;
    // the parachains; the parameters; governance; the treasury.
    assert_eq!(a.calls()["state_queryStorageAt"], 1 + 2 + 6 + 2 + 2 + 1 + 1 + 1, "{:?}", a.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_across_the_session_boundary_takes_the_groups_of_its_own_branch() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    relay.session(8, MIXED);
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.grow();
    relay.votes(8, &[(1_000, &[0, 2])]);
    relay.chain.grow();
    bed.until_best(7, 10).await;
    let from = bed.seen().len();
    // The other branch begins the session one block later, with other groups.
    relay.chain.rewind(2);
    relay.session(7, EVEN);
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.grow();
    relay.session(8, &[&[0, 5], &[1, 2, 3, 4]]);
    relay.chain.grow();
    relay.votes(8, &[(1_000, &[1, 2, 3])]);
    relay.chain.grow();
    bed.until_best(8, 10).await;
    let seen = bed.seen();
    let missed = |number| {
        let votes = votes(&seen[from..], number).unwrap();
        (votes.session, votes.backing.unwrap()[0].missed.clone())
    };
    assert_eq!([missed(6), missed(7), missed(8)], [(7, vec![2]), (7, vec![2]), (8, vec![4])]);
    let told: Vec<u32> = sets(&seen).iter().map(|s| s.session).collect();
    assert_eq!(told, [7, 8, 8], "the session's other groups are told");
    assert_eq!(figures(&seen, 7, para(2)).missed_votes, 2, "blocks 6 and 7 of the branch that stays");
    assert_eq!((figures(&seen, 8, para(4)).missed_votes, figures(&seen, 8, para(4)).voted), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_that_no_group_explains_are_unknown_and_the_block_is_shown() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    let strange: [&[u32]; 3] = [&[0, 3], &[9], &[]];
    for voters in strange {
        relay.votes(7, &[(1_000, &[0, 1, 2]), (1_004, voters)]);
        grown(&relay, &bed).await;
        let number = relay.chain.best();
        assert_eq!(votes(&bed.seen(), number).unwrap().backing, None, "{voters:?}");
    }
    relay.votes(3, &[(1_000, &[0, 1])]);
    grown(&relay, &bed).await;
    assert_eq!(votes(&bed.seen(), 9), None, "a session that no state around the block has");
    relay.chain.write("ParaInherent.OnChainVotes", Some("0x07000000ff".to_owned()));
    grown(&relay, &bed).await;
    relay.chain.write("ParaInherent.OnChainVotes", None);
    grown(&relay, &bed).await;
    relay.votes(7, &[(1_000, &[0, 1, 2])]);
    relay.chain.write("ParasDisputes.Frozen", Some("0x0103000000".to_owned()));
    grown(&relay, &bed).await;
    for number in [10, 11, 12] {
        assert_eq!(votes(&bed.seen(), number), None, "block {number}");
    }
    assert_eq!(figures(&bed.seen(), 7, para(0)).assigned(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_is_told_by_stash_in_both_layouts_when_it_changes() {
    let graded = |list: &[u32]| {
        Value::unnamed_composite(
            list.iter().map(|n| Value::unnamed_composite([number(*n), number(1_000_000)])),
        )
    };
    for (runtime, new) in [(FakeRuntime::relay_2026(6_000), true), (FakeRuntime::relay_2024(), false)] {
        let relay = Relay::new(runtime);
        relay.chain.advance(5);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until_best(5, 10).await;
        for list in [&[1_u32, 4][..], &[1, 4], &[4], &[9]] {
            let value = if new { graded(list) } else { numbers(list) };
            relay.write("Session.DisabledValidators", &value);
            grown(&relay, &bed).await;
        }
        let seen = bed.seen();
        let told: Vec<Option<Vec<AccountId>>> = seen
            .iter()
            .filter_map(|o| match &o.fact {
                Fact::Disabled(list) => Some(Some(list.clone())),
                Fact::Unread { section, .. } if section.as_str() == "disabled" => Some(None),
                _ => None,
            })
            .collect();
        let wanted = [Some(vec![]), Some(vec![stash(1), stash(4)]), Some(vec![stash(4)]), None];
        assert_eq!(told, wanted, "2026: {new}");
        assert_eq!(figures(&seen, 7, stash(1)).disabled, Some(true));
        assert_eq!(figures(&seen, 7, stash(2)).disabled, Some(false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_staking_lives_is_read_from_both_layouts() {
    let mode = |name: &str| Value::unnamed_variant(name.to_owned(), []);
    for (name, wanted, target) in [
        ("", StakingMode::Relay, Some(16)),
        ("Passive", StakingMode::Passive, Some(16)),
        ("Buffered", StakingMode::Buffered, Some(16)),
        ("Active", StakingMode::Active, None),
    ] {
        let old = wanted == StakingMode::Relay;
        let relay = Relay::new(if old { FakeRuntime::relay_2024() } else { FakeRuntime::relay_2026(6_000) });
        relay.write("Staking.ValidatorCount", &number(16));
        if !old {
            relay.write("StakingAhClient.Mode", &mode(name));
            let waiting = Value::unnamed_composite([number(31), accounts(&six())]);
            relay.write("StakingAhClient.ValidatorSet", &waiting);
            relay.write("StakingAhClient.NextSessionChangesValidators", &number(30));
            relay.write("StakingAhClient.ValidatorSetAppliedAt", &number(5));
        }
        relay.chain.advance(5);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until_best(5, 10).await;
        let set = sets(&bed.seen()).remove(0);
        let staking = set.staking.unwrap();
        assert_eq!((staking.mode, set.target), (wanted, target));
        let rest = if old { (None, None, None) } else { (Some((31, 6)), Some(30), Some(5)) };
        assert_eq!((staking.waiting, staking.next_change, staking.applied_at), rest, "{wanted:?}");
        assert_eq!((set.validators, set.next), (six(), Some(six())));
        assert_eq!(set.para, Some(vec![5, 4, 3, 2, 1, 0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_decode_is_unknown_and_no_default() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    for item in [
        "StakingAhClient.Mode",
        "ParasShared.ActiveValidatorIndices",
        "ParaScheduler.ValidatorGroups",
        "Session.QueuedKeys",
        "Session.DisabledValidators",
    ] {
        relay.chain.write(item, Some("0xff".to_owned()));
    }
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    let seen = bed.seen();
    let set = sets(&seen).remove(0);
    assert_eq!((set.para, set.groups, set.next, set.target, set.staking), (None, None, None, None, None));
    assert_eq!(set.validators, six());
    assert_eq!(votes(&seen, 5).unwrap().backing, None);
    assert!(
        seen.iter()
            .any(|o| matches!(&o.fact, Fact::Unread { section, .. } if section.as_str() == "disabled"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_refuses_the_validators_still_shows_its_blocks_and_is_asked_again_later() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.votes(7, &[(1_000, &[0, 1])]);
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    a.set(|s| s.refused = vec!["Session.QueuedKeys"]);
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    let is_unread =
        |o: &Observation| matches!(&o.fact, Fact::Unread { section, .. } if section.as_str() == "validators");
    bed.until("it is told", 5, |seen| seen.iter().any(is_unread)).await;
    let named = |o: &Observation| matches!(&o.fact, Fact::Filled(b) if b.at.number == 3);
    bed.until("the finalized block", 5, |seen| seen.iter().any(named)).await;
    // They are read beside the blocks, at the start.
    let paras = |o: &Observation| matches!(&o.fact, Fact::Paras(_));
    bed.until("the paras", 5, |seen| seen.iter().any(paras)).await;
    bed.until("the treasury", 5, |seen| seen.iter().any(is_balance)).await;
    let asked = a.calls()["state_queryStorageAt"];
    for _ in 0..5 {
        grown(&relay, &bed).await;
    }
    let seen = bed.seen();
    assert_eq!(a.calls()["state_queryStorageAt"] - asked, 5, "not asked for again at once");
    assert_eq!(seen.iter().filter(|o| is_unread(o)).count(), 1);
    assert!(sets(&seen).is_empty() && block(&seen, 10).votes.is_none());
    assert_eq!(block(&seen, 10).session, Some(7));
    assert!(block(&seen, 10).author.is_some(), "authors are read all the same");
    a.set(|s| s.refused.clear());
    for _ in 0..6 {
        grown(&relay, &bed).await;
    }
    let seen = bed.seen();
    assert_eq!(sets(&seen).len(), 1);
    assert!(block(&seen, 16).votes.is_some());
    assert_eq!(a.dials(), 1);
}
