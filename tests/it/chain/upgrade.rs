//! Runtime upgrades: the blocks before, at and after one decode, however it shows (FAULTS H17, H18).

use super::bed::*;
use crate::faultd::{Chain, FakeRuntime, Node, Shows, recorded};
use sereno::domain::{Block, Fact, Hash, Observation};

/// The block that `Best` told with this number.
fn block(seen: &[Observation], number: u64) -> Block {
    let found = seen.iter().find_map(|o| match &o.fact {
        Fact::Best(b) if b.at.number == number => Some((**b).clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("block {number} was not read"))
}

fn upgrades(seen: &[Observation]) -> Vec<(u32, u64, Option<Hash>)> {
    let told = seen.iter().filter_map(|o| match &o.fact {
        Fact::Runtime { version, since, upgraded: true } => {
            Some((version.spec_version, since.number, version.code_hash))
        }
        _ => None,
    });
    told.collect()
}

/// Blocks 1 to 5 under the old runtime, an upgrade in 6, then three more.
async fn watched(from: FakeRuntime, to: FakeRuntime, shows: Shows, events: &str) -> (Vec<Observation>, Node) {
    let chain = Chain::new(from);
    chain.advance(4);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(4, 10).await;
    chain.advance(1);
    bed.until_best(5, 5).await;
    chain.upgrade(to, shows, events.to_owned());
    bed.until_best(6, 10).await;
    for n in 7..=9 {
        chain.advance(1);
        bed.until_best(n, 10).await;
    }
    (bed.seen(), a)
}

fn real_upgrade_events() -> &'static str {
    &recorded().upgrade[4].state["System.Events"]
}

fn assert_all_decode(seen: &[Observation]) {
    for n in 4..=9 {
        let block = block(seen, n);
        assert_eq!(block.undecoded, None, "block {n}");
        assert!(block.event_count.is_some_and(|c| c >= 2), "block {n}");
        assert!(block.timestamp.is_some(), "block {n}");
    }
    assert!(block(seen, 6).events.iter().any(|e| e.name.as_str() == "CodeUpdated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_with_its_digest_decodes_before_at_and_after() {
    let (from, to) = (FakeRuntime::relay_2024(), FakeRuntime::relay_2026(6_000));
    let (seen, _a) = watched(from, to.clone(), Shows::Digest, real_upgrade_events()).await;
    assert_all_decode(&seen);
    assert_eq!(upgrades(&seen), [(2_003_001, 6, Some(to.code_hash))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_without_a_digest_as_chopsticks_makes_it_decodes_too() {
    let (from, to) = (FakeRuntime::relay_2024(), FakeRuntime::relay_2026(6_000));
    let (seen, _a) = watched(from, to.clone(), Shows::EventOnly, real_upgrade_events()).await;
    assert_all_decode(&seen);
    assert_eq!(upgrades(&seen), [(2_003_001, 6, Some(to.code_hash))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_was_replaced_without_any_sign_is_noticed_with_the_next_block() {
    let (from, to) = (FakeRuntime::relay_2024(), FakeRuntime::relay_2026(6_000));
    let events = from.events.clone();
    let (seen, _a) = watched(from, to.clone(), Shows::Nothing, &events).await;
    for n in 4..=9 {
        assert_eq!(block(&seen, n).undecoded, None, "block {n}");
    }
    assert_eq!(upgrades(&seen), [(2_003_001, 7, Some(to.code_hash))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_code_of_the_same_version_loads_its_own_metadata() {
    let from = FakeRuntime::relay_2024();
    let mut to = FakeRuntime::relay_2026(6_000);
    to.spec_version = from.spec_version;
    let (seen, a) = watched(from, to.clone(), Shows::Digest, real_upgrade_events()).await;
    assert_all_decode(&seen);
    assert_eq!(upgrades(&seen), [(1_001_002, 6, Some(to.code_hash))]);
    assert!(a.calls()["state_call"] >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_over_an_upgrade_decodes_both_branches() {
    let (from, to) = (FakeRuntime::relay_2024(), FakeRuntime::relay_2026(6_000));
    let chain = Chain::new(from.clone());
    chain.advance(4);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(4, 10).await;
    chain.upgrade(to.clone(), Shows::Digest, real_upgrade_events().to_owned());
    bed.until_best(5, 10).await;
    chain.reorg(1);
    bed.until_best(6, 10).await;
    chain.grow();
    bed.until_best(7, 10).await;
    let seen = bed.seen();
    assert!(seen.iter().all(|o| !matches!(&o.fact, Fact::Best(b) if b.undecoded.is_some())));
    let versions: Vec<u32> = upgrades(&seen).into_iter().map(|u| u.0).collect();
    assert_eq!(versions, [to.spec_version, from.spec_version], "the way back is told too");
}
