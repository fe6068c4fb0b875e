//! Connections that die, hang, lag and are refused: the others go on, within ten seconds.

use super::bed::*;
use crate::faultd::{Accept, Chain, FakeRuntime, Node, Pipe, Script};
use futures::future::BoxFuture;
use sereno::chain::names::Names;
use sereno::domain::{Fact, Link, Observation};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Block time of these chains, milliseconds.
const BLOCK: u64 = 300;

async fn pair() -> (Arc<Chain>, Node, Node, Bed) {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let (a, b) = (Node::start(&chain).await, Node::start(&chain).await);
    let mut bed = Bed::watch(&[&a, &b]);
    bed.produce(&chain, BLOCK);
    bed.until_best(6, 20).await;
    bed.until("both are up", 5, |seen| {
        ["a", "b"].iter().all(|e| of(seen, e).any(|o| matches!(o.fact, Fact::PeerBest(_))))
    })
    .await;
    (chain, a, b, bed)
}

/// The chosen endpoint meets `fault`; the other one takes over and no block is missing.
async fn fails_over(fault: impl FnOnce(&Node)) -> Bed {
    let (chain, a, b, bed) = pair().await;
    let victim = if reader(&bed.seen()).as_deref() == Some("a") { (&a, "b") } else { (&b, "a") };
    fault(victim.0);
    let at = chain.best();
    let other = victim.1;
    let took = bed
        .until("a block read through the other endpoint", 10, |seen| {
            of(seen, other).any(|o| matches!(&o.fact, Fact::Best(b) if b.at.number > at))
        })
        .await;
    eprintln!("took over after {took:?}");
    bed.until_final(at, 5).await;
    assert_unbroken(&bed.seen(), &chain);
    bed
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_killed_is_replaced_and_no_final_block_is_missing_or_doubled() {
    fails_over(Node::kill).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_in_a_black_hole_is_replaced() {
    fails_over(|n| n.set(|s| s.pipe = Pipe::Blackhole)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_writes_and_never_reads_is_replaced() {
    fails_over(|n| n.set(|s| s.pipe = Pipe::HalfOpen)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_drips_is_replaced() {
    fails_over(|n| n.set(|s| s.pipe = Pipe::Drip)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_tells_heads_and_answers_nothing_is_replaced() {
    fails_over(|n| n.set(|s| s.hang = vec!["*"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_lags_is_replaced() {
    fails_over(|n| n.set(|s| s.lag = 50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_subscriptions_died_is_replaced_and_connected_anew() {
    let bed = fails_over(|n| n.set(|s| (s.silent_best, s.silent_finalized) = (true, true))).await;
    let silent =
        |seen: &[_]| ["a", "b"].iter().any(|e| reason(seen, e).is_some_and(|r| r.contains("silent")));
    bed.until("it is said why", 10, silent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_finality_subscription_died_is_connected_anew() {
    let (chain, a, b, bed) = pair().await;
    let victim = if reader(&bed.seen()).as_deref() == Some("a") { &a } else { &b };
    victim.set(|s| s.silent_finalized = true);
    let at = chain.best();
    bed.until_final(at + 3, 15).await;
    assert_unbroken(&bed.seen(), &chain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_endpoint_whose_best_subscription_alone_died_is_connected_anew() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let a = Node::start(&chain).await;
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, BLOCK);
    bed.until_best(8, 20).await;
    a.set(|s| s.silent_best = true);
    bed.until("the loss is told", 10, |seen| reason(seen, "a").is_some_and(|r| r.contains("silent"))).await;
    a.set(|s| s.silent_best = false);
    let at = chain.best();
    bed.until_best(at, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_endpoint_that_answers_nothing_is_connected_anew() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let a = Node::start(&chain).await;
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, BLOCK);
    bed.until_best(8, 20).await;
    a.set(|s| s.hang = vec!["*"]);
    bed.until("the loss is told", 20, |seen| reason(seen, "a").is_some()).await;
    a.set(|s| *s = Script::default());
    let at = chain.best();
    bed.until_best(at, 8).await;
    bed.until_final(at - 2, 5).await;
    assert_unbroken(&bed.seen(), &chain);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_all_endpoints_were_down_blocks_come_within_five_seconds_of_their_return_and_are_filled() {
    let (chain, a, b, bed) = pair().await;
    a.kill();
    b.kill();
    bed.until("nothing is read", 5, |seen| {
        seen.iter().any(|o| matches!(o.fact, Fact::Source) && o.endpoint.is_none())
    })
    .await;
    bed.until("both are lost", 5, |seen| ["a", "b"].iter().all(|e| reason(seen, e).is_some())).await;
    bed.pass(4_000).await;
    let at = chain.best();
    a.revive();
    b.revive();
    let took = bed.until_best(at, 6).await;
    eprintln!("back after {took:?}");
    bed.until_final(at - 2, 2).await;
    assert_unbroken(&bed.seen(), &chain);
}

#[tokio::test(flavor = "multi_thread")]
async fn dials_to_a_dead_endpoint_stay_below_one_a_second() {
    let (_chain, a, _b, bed) = pair().await;
    a.kill();
    let before = a.dials();
    bed.pass(8_000).await;
    let dials = a.dials() - before;
    assert!((2..=8).contains(&dials), "{dials} dials in 8 s");
}

/// A URL that does not work beside one that does.
async fn beside(url: String) -> (Arc<Chain>, Node, Bed) {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let b = Node::start(&chain).await;
    let mut bed = Bed::with(vec![url, b.url()], &Options::default());
    bed.produce(&chain, BLOCK);
    bed.until_best(6, 10).await;
    (chain, b, bed)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_never_says_server_hello_is_given_up_and_the_other_one_serves() {
    let mute = Node::start(&Chain::new(FakeRuntime::relay_2026(500))).await;
    mute.set(|s| s.accept = Accept::Mute);
    let (_chain, _b, bed) = beside(format!("wss://127.0.0.1:{}", mute.port)).await;
    bed.until("the TLS handshake is given up", 8, |seen| {
        reason(seen, "a").is_some_and(|r| r == "the TLS handshake took longer than 5 s")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_never_answers_the_upgrade_is_given_up_and_the_other_one_serves() {
    let mute = Node::start(&Chain::new(FakeRuntime::relay_2026(500))).await;
    mute.set(|s| s.accept = Accept::Mute);
    let (_chain, _b, bed) = beside(mute.url()).await;
    bed.until("the upgrade is given up", 8, |seen| {
        reason(seen, "a").is_some_and(|r| r == "the WebSocket upgrade took longer than 5 s")
    })
    .await;
    assert_eq!(proves_our_link(&bed.seen()), [false], "silence proves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_connections_is_shown_with_its_reason() {
    let port = {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        free.local_addr().unwrap().port()
    };
    let (_chain, _b, bed) = beside(format!("ws://127.0.0.1:{port}")).await;
    bed.until("refused", 3, |seen| reason(seen, "a").is_some_and(|r| r.contains("refused"))).await;
    assert_eq!(proves_our_link(&bed.seen()), [true], "a refusal is an answer");
}

/// Whether the losses of `a` say that something answered, each once.
fn proves_our_link(seen: &[Observation]) -> Vec<bool> {
    let mut all: Vec<bool> = links(seen, "a")
        .filter_map(|l| match l {
            Link::Down { answered, .. } => Some(*answered),
            _ => None,
        })
        .collect();
    all.dedup();
    all
}

/// What an HTTP status instead of an upgrade leads to.
async fn answered(status: u16, place: &'static str) -> (Node, Bed) {
    let node = Node::start(&Chain::new(FakeRuntime::relay_2026(500))).await;
    node.set(|s| s.accept = Accept::Status(status, place));
    let (_chain, _b, bed) = beside(node.url()).await;
    bed.until("it is told", 4, |seen| reason(seen, "a").is_some()).await;
    bed.pass(2_500).await;
    (node, bed)
}

async fn is_parked(status: u16, seconds: i64) {
    let (node, bed) = answered(status, "").await;
    assert_parked(&node, &bed, status, seconds);
}

fn assert_parked(node: &Node, bed: &Bed, status: u16, seconds: i64) {
    assert_eq!(node.dials(), 1, "a parked endpoint is left alone");
    let seen = bed.seen();
    let parked = of(&seen, "a").find_map(|o| match &o.fact {
        Fact::Link(Link::Parked { until, reason }) => Some((until.0 - o.at.0, reason.to_string())),
        _ => None,
    });
    let (wait, reason) = parked.expect("parked");
    assert!((seconds * 1_000 - 50..=seconds * 1_000).contains(&wait), "{wait} ms");
    assert_eq!(reason, format!("HTTP {status} instead of a WebSocket"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_parks_the_endpoint_for_a_minute() {
    is_parked(429, 60).await;
}

/// Parked for so long where the server asks for `wait`.
async fn is_parked_later(status: u16, wait: &'static str, seconds: i64) {
    let node = Node::start(&Chain::new(FakeRuntime::relay_2026(500))).await;
    node.set(|s| s.accept = Accept::Later(status, wait));
    let (_chain, _b, bed) = beside(node.url()).await;
    bed.until("it is told", 4, |seen| reason(seen, "a").is_some()).await;
    bed.pass(1_500).await;
    assert_parked(&node, &bed, status, seconds);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_when_to_come_back_is_left_alone_until_then() {
    is_parked_later(429, "37", 37).await;
    is_parked_later(503, "120", 120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_cannot_send_us_away_for_ever_and_nonsense_counts_as_a_minute() {
    is_parked_later(429, "99999999", 600).await;
    is_parked_later(429, "soon", 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_no_wait_at_all_is_dialled_again_after_a_second() {
    let node = Node::start(&Chain::new(FakeRuntime::relay_2026(500))).await;
    node.set(|s| s.accept = Accept::Later(429, "0"));
    let (_chain, _b, bed) = beside(node.url()).await;
    bed.until("it is told", 4, |seen| reason(seen, "a").is_some()).await;
    bed.pass(3_500).await;
    assert!((2..=6).contains(&node.dials()), "{} dials", node.dials());
}

/// A name service that knows `node.test`, and can be made to hang.
#[derive(Default)]
struct Hanging {
    hangs: AtomicBool,
    asked: AtomicU64,
}

impl Names for Hanging {
    fn lookup(&self, host: String, port: u16) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        assert_eq!(host, "node.test");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let hangs = self.hangs.load(Ordering::SeqCst);
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_name_service_hangs_the_address_that_worked_last_is_used() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let node = Node::start(&chain).await;
    let names = Arc::new(Hanging::default());
    let options = Options { names: names.clone(), ..Options::default() };
    let mut bed = Bed::with(vec![format!("ws://node.test:{}", node.port)], &options);
    bed.produce(&chain, BLOCK);
    bed.until_best(6, 20).await;
    names.hangs.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let (at, asked) = (chain.best() + 2, names.asked.load(Ordering::SeqCst));
        node.drop_connections();
        bed.until_best(at, 20).await;
        assert_eq!(
            names.asked.load(Ordering::SeqCst),
            asked + 1,
            "the name service is asked first, each time"
        );
    }
    bed.until_final(chain.best() - 2, 10).await;
    assert_unbroken(&bed.seen(), &chain);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_service_that_hangs_at_the_start_is_told_and_nothing_is_dialled() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let node = Node::start(&chain).await;
    let names = Arc::new(Hanging { hangs: AtomicBool::new(true), ..Hanging::default() });
    let options = Options { names: names.clone(), ..Options::default() };
    let bed = Bed::with(vec![format!("ws://node.test:{}", node.port)], &options);
    bed.until("the hang is told", 20, |seen| {
        reason(seen, "a").is_some_and(|r| r == "name resolution took longer than 3 s")
    })
    .await;
    assert_eq!(node.dials(), 0);
    names.hangs.store(false, Ordering::SeqCst);
    bed.until_best(5, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unauthorised_parks_the_endpoint_for_five_minutes() {
    is_parked(401, 300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_is_tried_again_with_growing_waits() {
    let (node, bed) = answered(503, "").await;
    assert!((2..=5).contains(&node.dials()), "{} dials", node.dials());
    assert!(!links(&bed.seen(), "a").any(|l| matches!(l, Link::Parked { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_refused_and_its_target_is_never_dialled() {
    let elsewhere = Node::start(&Chain::new(FakeRuntime::relay_2026(500))).await;
    let place: &'static str = Box::leak(elsewhere.url().into_boxed_str());
    let (node, bed) = answered(302, place).await;
    assert_eq!((node.dials(), elsewhere.dials()), (1, 0));
    assert_eq!(reason(&bed.seen(), "a").unwrap(), "redirect refused (HTTP 302)");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_comes_and_goes_costs_one_change_of_source() {
    let (chain, a, b, bed) = pair().await;
    let victim = if reader(&bed.seen()).as_deref() == Some("a") { &a } else { &b };
    let from = bed.seen().len();
    for _ in 0..4 {
        victim.kill();
        bed.pass(1_500).await;
        victim.revive();
        bed.pass(1_500).await;
    }
    let at = chain.best();
    bed.until_final(at, 5).await;
    let seen = bed.seen();
    let changes = seen[from..].iter().filter(|o| matches!(o.fact, Fact::Source)).count();
    assert!(changes <= 2, "{changes} changes of source in 12 s");
    assert_unbroken(&seen, &chain);
}
