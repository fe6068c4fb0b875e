//! When the paras of a relay are read, what that costs, and what stays where they cannot be.

use super::bed::*;
use super::validators::Relay;
use crate::faultd::{FakeRuntime, Node, twox64_key};
use codec::Encode as _;
use scale_value::Value;
use sereno::domain::para::{Lifecycle, Paras};
use sereno::domain::{Fact, Observation, ParaId, Store};

const EVEN: &[&[u32]] = &[&[0, 1, 2], &[3, 4, 5]];

/// A relay on which these paras are registered.
fn relay(runtime: FakeRuntime, paras: &[u32]) -> Relay {
    let relay = Relay::new(runtime);
    for para in paras {
        let stage = Value::unnamed_variant("Parathread", []);
        let value = relay.encoder.storage("Paras.ParaLifecycles", &stage);
        relay.chain.write(&twox64_key("Paras.ParaLifecycles", &para.encode()), Some(value));
    }
    relay.chain.advance(5);
    relay
}

fn told(seen: &[Observation]) -> Vec<Paras> {
    let paras = seen.iter().filter_map(|o| match &o.fact {
        Fact::Paras(paras) => Some((**paras).clone()),
        _ => None,
    });
    paras.collect()
}

fn store(seen: &[Observation]) -> Store {
    let mut store = Store::default();
    seen.iter().for_each(|o| store.apply(o));
    store
}

async fn grown(relay: &Relay, bed: &Bed) {
    relay.chain.advance(1);
    bed.until_best(relay.chain.best(), 10).await;
}

async fn at_least(bed: &Bed, count: usize) {
    bed.until(&format!("{count} readings of the paras"), 10, |seen| told(seen).len() >= count).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paras_are_read_at_the_start_every_thirty_blocks_and_with_a_session_under_both_runtimes() {
    for runtime in [FakeRuntime::relay_2026(6_000), FakeRuntime::relay_2024()] {
        let relay = relay(runtime, &[1_000, 2_000]);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        at_least(&bed, 1).await;
        let first = told(&bed.seen()).remove(0);
        assert_eq!(first.paras.keys().copied().collect::<Vec<_>>(), [ParaId(1_000), ParaId(2_000)]);
        let para = &first.paras[&ParaId(2_000)];
        assert_eq!(para.lifecycle.value(), Some(&Lifecycle::Parathread));
        assert!(para.lifecycle.key.starts_with("0x") && para.head.is_absent());
        let before: u64 = a.calls().values().sum();
        for n in 1..=40_u64 {
            if n == 23 {
                relay.session(8, EVEN);
            }
            grown(&relay, &bed).await;
            at_least(&bed, 1 + usize::try_from(n / 30).unwrap()).await;
        }
        let requests = a.calls().values().sum::<u64>() - before;
        eprintln!("{requests} requests for 40 blocks, {} readings of the paras", told(&bed.seen()).len() - 1);
        assert!(requests <= 3 * 40, "{requests} requests for 40 blocks: {:?}", a.calls());
        let read: Vec<u64> = told(&bed.seen()).iter().map(|p| p.at.number).collect();
        assert!(read.windows(2).all(|pair| pair[1] - pair[0] <= 30), "{read:?}");
        assert!(read.contains(&(5 + 23)), "the session began there: {read:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_keeps_its_block_and_is_told_until_it_can() {
    let relay = relay(FakeRuntime::relay_2026(6_000), &[2_000]);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    at_least(&bed, 1).await;
    a.set(|s| {
        s.errors.insert("state_getKeysPaged", (Some(-32_999), "RPC rate limit exceeded"));
    });
    let is_told = |seen: &[Observation]| {
        seen.iter().any(|o| matches!(&o.fact, Fact::Unread { section, .. } if section.as_str() == "paras"))
    };
    for _ in 0..31 {
        grown(&relay, &bed).await;
    }
    bed.until("the refusal", 10, is_told).await;
    let refused = store(&bed.seen());
    let view = refused.chain(&"relay".into()).unwrap();
    let known = view.parachains.known().expect("what was read before stays");
    assert_eq!(known.block.map(|b| b.number), Some(5));
    assert!(view.unread["paras"].as_str().contains("rate limit"), "{:?}", view.unread);
    a.set(|s| s.errors.clear());
    for _ in 0..31 {
        grown(&relay, &bed).await;
    }
    at_least(&bed, 2).await;
    let mended = store(&bed.seen());
    let view = mended.chain(&"relay".into()).unwrap();
    assert!(view.parachains.known().unwrap().value.at.number > 5 && !view.unread.contains_key("paras"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_answer_about_paras_keeps_no_block_waiting_and_is_asked_once() {
    let relay = relay(FakeRuntime::relay_2026(6_000), &[2_000]);
    let a = Node::start(&relay.chain).await;
    a.set(|s| s.hang.push("state_getKeysPaged"));
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    for _ in 0..25 {
        relay.chain.advance(1);
        bed.until_best(relay.chain.best(), 3).await;
    }
    assert_eq!(a.calls().get("state_getKeysPaged"), Some(&1), "{:?}", a.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_answered_is_not_taken_for_one_under_which_nothing_is_stored() {
    let relay = relay(FakeRuntime::relay_2026(6_000), &[2_000]);
    let a = Node::start(&relay.chain).await;
    a.set(|s| s.left_out.push("Paras.Heads"));
    let bed = Bed::watch(&[&a]);
    at_least(&bed, 1).await;
    let first = told(&bed.seen()).remove(0);
    let head = &first.paras[&ParaId(2_000)].head;
    let why = head.unread().expect("unread, not absent").as_str();
    assert!(why.contains("not every key that was asked for is answered"), "{why}");
}
