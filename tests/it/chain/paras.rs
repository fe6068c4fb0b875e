//! When the paras of a relay are read, what that costs, and what stays where they cannot be.

use super::bed::*;
use super::validators::Relay;
use crate::faultd::{FakeRuntime, Node, number, twox64_key};
use codec::Encode as _;
use scale_value::Value;
use sereno::domain::para::{Assigned, Lifecycle, Paras};
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
    // Once for the paras, once for what is scheduled.
    assert_eq!(a.calls().get("state_getKeysPaged"), Some(&2), "{:?}", a.calls());
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

/// Cores and orders as the runtime of 2026 keeps them: core 0 is shared, core 1 waits for its turn.
fn write_cores(relay: &Relay) {
    let none = || Value::unnamed_variant("None", []);
    let some = |value| Value::unnamed_variant("Some", [value]);
    let task = |id| Value::unnamed_variant("Task", [number(id)]);
    let pool = || Value::unnamed_variant("Pool", []);
    let share = |to, parts: u32| {
        let state = Value::named_composite([("ratio", number(parts)), ("remaining", number(0))]);
        Value::unnamed_composite([to, state])
    };
    let work = Value::named_composite([
        ("assignments", Value::unnamed_composite([share(task(2_000), 43_200), share(pool(), 14_400)])),
        ("end_hint", some(number(900))),
        ("pos", number(0)),
        ("step", number(14_400)),
    ]);
    let queue = Value::named_composite([("first", number(500)), ("last", number(500))]);
    let given = Value::named_composite([("queue", none()), ("current_work", some(work))]);
    let waits = Value::named_composite([("queue", some(queue)), ("current_work", none())]);
    let cores = [(0, given), (1, waits)].map(|(core, state)| Value::unnamed_composite([number(core), state]));
    relay
        .write("ParaScheduler.CoreDescriptors", &Value::unnamed_composite([Value::unnamed_composite(cores)]));
    let schedule = Value::named_composite([
        ("assignments", Value::unnamed_composite([Value::unnamed_composite([task(1_000), number(57_600)])])),
        ("end_hint", some(number(800))),
        ("next_schedule", none()),
    ]);
    let key = twox64_key("ParaScheduler.CoreSchedules", &(500_u32, 1_u32).encode());
    relay.chain.write(&key, Some(relay.encoder.storage("ParaScheduler.CoreSchedules", &schedule)));
    let order = Value::named_composite([("para_id", number(2_000)), ("ordered_at", number(3))]);
    let orders = Value::named_composite([
        ("traffic", Value::u128(2_500_000_000_000_000_000)),
        ("queue", Value::named_composite([("queue", Value::unnamed_composite([order]))])),
    ]);
    relay.write("OnDemand.OrderStatus", &orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn cores_their_ends_and_the_price_of_an_order_are_read_under_the_runtime_of_2026() {
    let relay = relay(FakeRuntime::relay_2026(6_000), &[2_000]);
    write_cores(&relay);
    let mark = relay.encoder.storage("Hrmp.HrmpWatermarks", &number(4));
    relay.chain.write(&twox64_key("Hrmp.HrmpWatermarks", &2_000_u32.encode()), Some(mark));
    relay.chain.advance(1);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    at_least(&bed, 1).await;
    let read = told(&bed.seen()).remove(0);
    let work = &read.work.value().expect("assignments")[0];
    let task = |id| Assigned::Task(ParaId(id));
    assert_eq!(work.parts, [(task(2_000), 43_200), (Assigned::Pool, 14_400)]);
    assert_eq!((work.end_hint, work.queued), (Some(900), None));
    let waits = &read.work.value().expect("assignments")[1];
    assert_eq!((waits.parts.len(), waits.queued), (0, Some((500, 500))));
    let schedule = &read.schedules.value().expect("assignments to come")[0];
    assert_eq!((schedule.core, schedule.begin, schedule.end_hint), (1, 500, Some(800)));
    assert_eq!(schedule.parts, [(task(1_000), 57_600)]);
    let orders = read.on_demand.value().expect("orders");
    assert_eq!((orders.len(), orders[0].para, orders[0].ordered_at), (1, ParaId(2_000), 3));
    // The base fee of the runtime's own default configuration, 0.001 PAS, times two and a half.
    assert_eq!(read.spot_price.value(), Some(&25_000_000));
    assert_eq!(read.paras[&ParaId(2_000)].watermark.value(), Some(&4));
    assert!(read.cut.is_empty(), "{:?}", read.cut);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_runtime_does_not_have_is_unread_with_that_reason() {
    let relay = relay(FakeRuntime::relay_2024(), &[2_000]);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    at_least(&bed, 1).await;
    let read = told(&bed.seen()).remove(0);
    assert!(read.work.unread().is_some() && read.schedules.unread().is_some());
    assert!(read.on_demand.unread().is_some() && read.spot_price.unread().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_paras_are_whole_and_one_more_is_said_to_be_left_out() {
    for (count, cut) in [(1_000_u32, false), (1_001, true)] {
        let all: Vec<u32> = (2_000..2_000 + count).collect();
        let relay = relay(FakeRuntime::relay_2026(6_000), &all);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until("a reading of the paras", 30, |seen| !told(seen).is_empty()).await;
        let read = told(&bed.seen()).remove(0);
        assert_eq!(read.paras.len(), 1_000);
        let left_out = read.cut_of(&read.registered);
        assert_eq!(left_out.is_some(), cut, "{count}: {:?}", read.cut);
        assert!(left_out.is_none_or(|cut| cut.all.is_none() && cut.at_least() == "≥ 1001"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_requests_than_are_read_the_number_is_known() {
    let relay = relay(FakeRuntime::relay_2026(6_000), &[2_000]);
    let ids: Vec<(u32, u32)> = (0..300).map(|n| (3_000 + n, 1_000)).collect();
    let id = |(from, to): &(u32, u32)| {
        Value::named_composite([("sender", number(*from)), ("recipient", number(*to))])
    };
    relay.write("Hrmp.HrmpOpenChannelRequestsList", &Value::unnamed_composite(ids.iter().map(id)));
    let request = Value::named_composite([
        ("confirmed", Value::bool(false)),
        ("_age", number(0)),
        ("sender_deposit", number(0)),
        ("max_message_size", number(10)),
        ("max_capacity", number(8)),
        ("max_total_size", number(80)),
    ]);
    let value = relay.encoder.storage("Hrmp.HrmpOpenChannelRequests", &request);
    for id in &ids {
        let key = twox64_key("Hrmp.HrmpOpenChannelRequests", &id.encode());
        relay.chain.write(&key, Some(value.clone()));
    }
    relay.chain.advance(1);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    at_least(&bed, 1).await;
    let read = told(&bed.seen()).remove(0);
    assert_eq!(read.requests.value().map(Vec::len), Some(256));
    let cut = read.cut_of(&read.requests).expect("said to be cut");
    assert_eq!((cut.read, cut.all), (256, Some(300)));
}
