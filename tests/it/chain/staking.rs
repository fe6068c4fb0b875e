//! Bitfields, reward points, session keys, and what all that costs a node.

use super::bed::*;
use super::validators::{Relay, block, votes};
use crate::faultd::{FakeRuntime, Node, accounts, bytes, number, numbers, stash, twox64_key};
use crate::runs::Run;
use crate::sereno::run;
use codec::Encode as _;
use scale_value::Value;
use sereno::domain::validator::PointsOver;
use sereno::domain::{AccountId, Fact, Observation, Points};
use tokio::time::Instant;

fn with_bodies(node: &Node) -> Bed {
    Bed::with(vec![node.url()], &Options { bodies: true, ..Options::default() })
}

async fn grown(relay: &Relay, bed: &Bed) {
    relay.chain.advance(1);
    bed.until_best(relay.chain.best(), 20).await;
}

fn points(seen: &[Observation]) -> Vec<Points> {
    let told = seen.iter().filter_map(|o| match &o.fact {
        Fact::Points(points) => Some(points.clone()),
        _ => None,
    });
    told.collect()
}

fn unread<'a>(seen: &'a [Observation], section: &'a str) -> impl Iterator<Item = String> + 'a {
    seen.iter().filter_map(move |o| match &o.fact {
        Fact::Unread { section: s, reason } if s.as_str() == section => Some(reason.to_string()),
        _ => None,
    })
}

/// The inherent that sets the time comes first in every body.
const TIMESTAMP: &str = "0x10040300a1";

#[tokio::test(flavor = "multi_thread")]
async fn bitfields_come_from_the_inherent_in_the_body_under_both_runtimes() {
    for runtime in [FakeRuntime::relay_2026(6_000), FakeRuntime::relay_2024()] {
        let relay = Relay::new(runtime);
        relay.chain.advance(5);
        let a = Node::start(&relay.chain).await;
        let bed = with_bodies(&a);
        bed.until_best(5, 10).await;
        let fields = [(0, vec![true, false]), (2, vec![false, false]), (4, vec![false, true])];
        relay.chain.write_body(vec![TIMESTAMP.to_owned(), relay.encoder.enter(&fields)]);
        grown(&relay, &bed).await;
        relay.chain.write_body(vec![TIMESTAMP.to_owned(), "0x0c04ffff".to_owned(), "0x".to_owned()]);
        grown(&relay, &bed).await;
        relay.chain.write_body(vec![TIMESTAMP.to_owned(), relay.encoder.enter(&[])]);
        grown(&relay, &bed).await;
        let seen = bed.seen();
        let available = |number| votes(&seen, number).unwrap().available;
        assert_eq!(available(5), None, "a body without the inherent");
        assert_eq!(available(6), Some(vec![0, 4]));
        assert_eq!(available(7), None, "a body that does not decode");
        assert_eq!(available(8), Some(vec![]), "nobody was available, and that is known");
        assert_eq!(votes(&seen, 7).unwrap().backing, Some(vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_bodies_or_with_slow_ones_shows_its_blocks_all_the_same() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    relay.chain.write_body(vec![relay.encoder.enter(&[(0, vec![true])])]);
    let a = Node::start(&relay.chain).await;
    let bed = with_bodies(&a);
    bed.until_best(5, 10).await;
    a.set(|s| {
        s.errors.insert("chain_getBlock", (Some(4_003), "Block body not found"));
    });
    grown(&relay, &bed).await;
    a.set(|s| s.errors.clear());
    grown(&relay, &bed).await;
    a.set(|s| s.hang = vec!["chain_getBlock"]);
    let started = Instant::now();
    for _ in 0..4 {
        grown(&relay, &bed).await;
    }
    eprintln!("four blocks with a body that never comes took {} ms", started.elapsed().as_millis());
    assert!(started.elapsed().as_secs() < 10, "only the first one waits for its body");
    let seen = bed.seen();
    let available: Vec<_> = (6..=11).map(|n| votes(&seen, n).unwrap().available).collect();
    assert_eq!(available, [None, Some(vec![0]), None, None, None, None]);
    assert_eq!((a.dials(), reader(&seen).as_deref()), (1, Some("a")));
    assert_eq!(unread(&seen, "block").count(), 0);
}

fn era_points(relay: &Relay, era: u32, list: &[(AccountId, u32)]) {
    let entry = |(who, n): &(AccountId, u32)| Value::unnamed_composite([bytes(&who.0), number(*n)]);
    let value = Value::named_composite([
        ("total", number(9)),
        ("individual", Value::unnamed_composite([Value::unnamed_composite(list.iter().map(entry))])),
    ]);
    let key = twox64_key("Staking.ErasRewardPoints", &era.encode());
    relay.chain.write(&key, Some(relay.encoder.storage("Staking.ErasRewardPoints", &value)));
}

fn active_era(relay: &Relay, era: u32) {
    let value =
        Value::named_composite([("index", number(era)), ("start", Value::unnamed_variant("None", []))]);
    relay.write("Staking.ActiveEra", &value);
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_those_of_the_era_while_the_relay_runs_the_staking() {
    for runtime in [FakeRuntime::relay_2026(6_000), FakeRuntime::relay_2024()] {
        let relay = Relay::new(runtime);
        relay.chain.advance(4);
        active_era(&relay, 12);
        era_points(&relay, 12, &[(stash(1), 40), (stash(4), 20)]);
        relay.chain.advance(1);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until("points", 10, |seen| points(seen).len() == 1).await;
        active_era(&relay, 13);
        for _ in 0..12 {
            grown(&relay, &bed).await;
        }
        bed.until("points again", 5, |seen| points(seen).len() == 2).await;
        let told = points(&bed.seen());
        assert_eq!(told[0].over, PointsOver::Era(12));
        assert_eq!(told[0].by_stash, [(stash(1), 40), (stash(4), 20)]);
        assert_eq!((told[1].over, told[1].by_stash.len()), (PointsOver::Era(13), 0), "a true zero");
        assert_eq!(unread(&bed.seen(), "points").count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_those_of_the_session_once_staking_has_moved_and_are_read_in_its_last_block_too() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.write("StakingAhClient.Mode", &Value::unnamed_variant("Active", []));
    let key = twox64_key("StakingAhClient.ValidatorPoints", &stash(2).0);
    relay.chain.write(&key, Some("0x3c000000".to_owned()));
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until("points", 10, |seen| points(seen).len() == 1).await;
    grown(&relay, &bed).await;
    // The last slot but one of the epoch.
    let slot = 299_205_474 + relay.chain.best() + 1;
    relay.write("Babe.EpochIndex", &number(1));
    relay.write("Babe.GenesisSlot", &Value::u128((slot - 600 - 598).into()));
    relay.chain.write(&key, Some("0x50000000".to_owned()));
    grown(&relay, &bed).await;
    bed.until("the last points", 5, |seen| points(seen).len() == 2).await;
    let told = points(&bed.seen());
    assert_eq!(told[0], Points { over: PointsOver::Session(7), by_stash: vec![(stash(2), 60)] });
    assert_eq!(told[1], Points { over: PointsOver::Session(7), by_stash: vec![(stash(2), 80)] });
    relay.chain.write("StakingAhClient.Mode", Some("0x09".to_owned()));
    grown(&relay, &bed).await;
    bed.until("no mode", 5, |seen| unread(seen, "points").count() == 1).await;
}

/// During the handover the relay still has points of its last era, and they are old: those of the session count, and
/// snapshot and screen say that they are the session's.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_handover_is_buffered_the_points_of_the_session_are_shown_as_such() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.write("StakingAhClient.Mode", &Value::unnamed_variant("Buffered", []));
    active_era(&relay, 12);
    era_points(&relay, 12, &[(stash(1), 40), (stash(4), 9_000)]);
    for (n, points) in [(2, 60_u32), (4, 20)] {
        let value = relay.encoder.storage("StakingAhClient.ValidatorPoints", &number(points));
        relay.chain.write(&twox64_key("StakingAhClient.ValidatorPoints", &stash(n).0), Some(value));
    }
    relay.chain.advance(5);
    let node = Node::start(&relay.chain).await;
    let endpoint = format!("relay={}", node.url());
    let shown = tokio::task::spawn_blocking(move || {
        let args = ["--network", "local", "--only", "relay", "--endpoint", &endpoint];
        let shot = run(&[&args[..], &["snapshot", "--json", "--timeout", "20s"]].concat(), 60);
        let state = tempfile::tempdir().unwrap();
        let mut console = Run::start(state.path(), &args);
        console.keys("2");
        console.shows("staking handover (buffered)");
        console.keys("\r");
        console.shows(" in session 7");
        console.leave();
        shot
    });
    let shot = shown.await.unwrap();
    assert_eq!(shot.code, 0, "{}", shot.err);
    let shot = shot.json();
    let list = shot["validators"].as_array().unwrap();
    assert_eq!(list.len(), 6, "{list:?}");
    for validator in list {
        let who: AccountId = validator["stash"].as_str().unwrap().parse().unwrap();
        let points = [(stash(2), 60), (stash(4), 20)].into_iter().find(|(s, _)| *s == who).map_or(0, |p| p.1);
        assert_eq!((&validator["points"], &validator["points_over"]), (&points.into(), &"session".into()));
    }
    assert!(shot["unread"]["validators.points"].is_null(), "{}", shot["unread"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_active_the_next_and_the_watched_are_looked_at_once_a_session() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.write("Session.QueuedKeys", Some(relay.encoder.queued(8)));
    for n in [0, 1, 2, 3, 4, 7, 40] {
        relay.chain.write(&twox64_key("Session.NextKeys", &stash(n).0), Some("0x00".to_owned()));
    }
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let options = Options { watched: vec![stash(40), stash(41), stash(3)], ..Options::default() };
    let bed = Bed::with(vec![a.url()], &options);
    let keys = |seen: &[Observation]| -> Vec<Vec<(AccountId, bool)>> {
        let told = seen.iter().filter_map(|o| match &o.fact {
            Fact::KeysSet(list) => Some(list.clone()),
            _ => None,
        });
        told.collect()
    };
    bed.until("keys", 10, |seen| keys(seen).len() == 1).await;
    let wanted: Vec<(AccountId, bool)> =
        [0, 1, 2, 3, 4, 5, 6, 7, 40, 41].map(|n| (stash(n), ![5, 6, 41].contains(&n))).into();
    assert_eq!(keys(&bed.seen())[0], wanted);
    for _ in 0..3 {
        grown(&relay, &bed).await;
    }
    assert_eq!(keys(&bed.seen()).len(), 1);
    relay.session(8, &[&[0, 1, 2], &[3, 4, 5]]);
    grown(&relay, &bed).await;
    bed.until("keys of the next session", 5, |seen| keys(seen).len() == 2).await;
    assert_eq!(keys(&bed.seen())[1].len(), 8, "the queue is shorter now");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_refused_are_unread_and_asked_for_again_later() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    a.set(|s| s.refused = vec!["Session.NextKeys"]);
    let bed = Bed::watch(&[&a]);
    bed.until("it is told", 10, |seen| unread(seen, "keys-set").count() == 1).await;
    a.set(|s| s.refused.clear());
    for _ in 0..11 {
        grown(&relay, &bed).await;
    }
    bed.until("keys", 5, |seen| seen.iter().any(|o| matches!(o.fact, Fact::KeysSet(_)))).await;
    let seen = bed.seen();
    assert_eq!(unread(&seen, "keys-set").count(), 1);
    assert_eq!(block(&seen, 16).session, Some(7));
    assert_eq!(a.dials(), 1);
}

/// A relay of so many validators in groups of five, all of which vote and are available.
fn big(count: u32) -> Relay {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    let all: Vec<u32> = (0..count).collect();
    let stashes: Vec<AccountId> = all.iter().map(|n| stash(*n)).collect();
    relay.write("Session.Validators", &accounts(&stashes));
    relay.write("ParasShared.ActiveValidatorIndices", &numbers(&all));
    relay.write("ParaScheduler.ValidatorGroups", &Value::unnamed_composite(all.chunks(5).map(numbers)));
    relay.chain.write("Session.QueuedKeys", Some(relay.encoder.queued(count)));
    relay.write("StakingAhClient.Mode", &Value::unnamed_variant("Active", []));
    let candidates: Vec<(u32, &[u32])> = all.chunks(5).take(100).map(|g| (2_000 + g[0], g)).collect();
    relay.votes(7, &candidates);
    let fields: Vec<(u32, Vec<bool>)> = all.iter().map(|n| (*n, vec![true; 100])).collect();
    relay.chain.write_body(vec![TIMESTAMP.to_owned(), relay.encoder.enter(&fields)]);
    relay
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_costs_as_many_requests_with_a_thousand_validators_as_with_four() {
    let mut costs = vec![];
    for count in [4, 150, 1_000] {
        let relay = big(count);
        relay.chain.advance(5);
        let a = Node::start(&relay.chain).await;
        let bed = with_bodies(&a);
        bed.until_best(5, 30).await;
        bed.until("the finalized block", 30, |seen| seen.iter().any(|o| matches!(o.fact, Fact::Filled(_))))
            .await;
        let total = || a.calls().values().sum::<u64>();
        let (first, started) = (total(), Instant::now());
        let blocks = 30;
        for _ in 0..blocks {
            grown(&relay, &bed).await;
        }
        bed.pass(500).await;
        let asked = total() - first;
        let seen = bed.seen();
        let last = votes(&seen, 35).unwrap();
        assert_eq!(last.available.unwrap().len() as u32, count);
        assert!(last.backing.unwrap().iter().all(|c| c.missed.is_empty()));
        eprintln!(
            "{count} validators: {first} requests up to the first block, {:.2} a block, {} ms a block",
            asked as f64 / blocks as f64,
            started.elapsed().as_millis() / blocks,
        );
        assert!(asked as u128 <= 3 * blocks, "{asked} requests for {blocks} blocks: {:?}", a.calls());
        costs.push(asked);
    }
    let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
    assert!(most - least <= 2, "{costs:?}");
}
