//! What we cost others: requests, and how long one node keeps another's news waiting.

use super::bed::*;
use crate::faultd::{Chain, FakeRuntime, Node, Shows};
use sereno::chain::Endpoint;
use sereno::chain::names::SystemNames;
use sereno::chain::reader::{At, Known, Reader};
use sereno::domain::Fact;
use sereno::ports::Clock;
use sereno::runtime::clock::SystemClock;
use std::sync::Arc;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_block_costs_at_most_three_requests_and_an_idle_endpoint_none() {
    let chain = Chain::new(FakeRuntime::relay_2026(6_000));
    chain.advance(10);
    let (a, b) = (Node::start(&chain).await, Node::start(&chain).await);
    let bed = Bed::watch(&[&a, &b]);
    bed.until_best(10, 10).await;
    bed.pass(500).await;
    let count = |n: &Node| n.calls().values().sum::<u64>();
    let before = (count(&a), count(&b));
    let blocks = 30;
    for n in 1..=blocks {
        chain.advance(1);
        bed.until_best(10 + n, 5).await;
    }
    bed.pass(500).await;
    let (read, idle) = (count(&a) - before.0, count(&b) - before.1);
    let (read, idle) = if reader(&bed.seen()).as_deref() == Some("a") { (read, idle) } else { (idle, read) };
    eprintln!("{read} requests for {blocks} blocks, {idle} to the other one");
    assert!(read <= 2 * blocks, "{read} requests for {blocks} blocks: {:?}", a.calls());
    assert_eq!(idle, 0, "{:?}", b.calls());
    let before = count(&a) + count(&b);
    bed.pass(3_000).await;
    assert!(count(&a) + count(&b) - before <= 1, "requests without a block");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_endpoint_is_asked_at_most_twice_a_second() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, 500);
    bed.until_best(12, 10).await;
    a.set(|s| {
        s.errors.insert("state_queryStorageAt", (Some(-32_999), "RPC rate limit exceeded"));
    });
    let before: u64 = a.calls().values().sum();
    bed.pass(6_000).await;
    let asked = a.calls().values().sum::<u64>() - before;
    assert!(asked <= 12, "{asked} requests in 6 s: {:?}", a.calls());
    a.set(|s| s.errors.clear());
    let at = chain.best();
    bed.until_best(at + 1, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_node_keeps_the_news_of_the_others_waiting_no_longer_than_a_call_may_take() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let (a, b) = (Node::start(&chain).await, Node::start(&chain).await);
    let mut bed = Bed::watch(&[&a, &b]);
    bed.produce(&chain, 300);
    bed.until_best(8, 10).await;
    bed.until("both are up", 5, |seen| {
        ["a", "b"].iter().all(|e| of(seen, e).any(|o| matches!(o.fact, Fact::PeerBest(_))))
    })
    .await;
    let (victim, other) = if reader(&bed.seen()).as_deref() == Some("a") { (&a, "b") } else { (&b, "a") };
    victim.set(|s| s.hang = vec!["*"]);
    let started = Instant::now();
    let mut longest = 0;
    let mut known = of(&bed.seen(), other).count();
    let mut last = Instant::now();
    while started.elapsed().as_secs() < 10 {
        bed.pass(50).await;
        let now = of(&bed.seen(), other).count();
        if now > known {
            longest = longest.max(last.elapsed().as_millis());
            (known, last) = (now, Instant::now());
        }
    }
    longest = longest.max(last.elapsed().as_millis());
    eprintln!("longest silence {longest} ms");
    assert!(longest <= 6_800, "the other endpoint was not heard for {longest} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_is_asked_for_once_and_again_where_the_code_is_another() {
    let chain = Chain::new(FakeRuntime::relay_2024());
    chain.advance(5);
    let node = Node::start(&chain).await;
    let endpoint = Endpoint::new("fake".into(), node.url());
    let known = Known::default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(None));
    let asked = || node.calls().get("state_call").copied().unwrap_or_default();
    let mut counts = Vec::new();
    for upgraded in [false, false, true, true] {
        if upgraded && counts.len() == 2 {
            chain.upgrade(FakeRuntime::relay_2026(6_000), Shows::Digest, String::new());
            chain.advance(2);
        }
        let before = asked();
        let at = (At::Best, None);
        let reader = Reader::open(&endpoint, &SystemNames, (clock.clone(), &known), at).await.unwrap();
        counts.push((reader.version().spec_version, asked() - before));
    }
    let [first, again, new, new_again] = counts[..] else { panic!("{counts:?}") };
    assert_eq!((first.0, again.0), (1_001_002, 1_001_002));
    assert!(again.1 < first.1, "{counts:?}");
    assert_eq!((new.0, new_again.0), (2_003_001, 2_003_001), "what is kept counts for its own code only");
    assert!(new_again.1 < new.1, "{counts:?}");
}
