//! Endpoints that lie or send what is no answer: shown as such, the others go on, memory stays bounded.

use super::bed::*;
use crate::faultd::{Chain, FakeRuntime, Heads, Node};
use sereno::domain::{Fact, Link};
use std::sync::Arc;

async fn liar_and_honest(liar: &Node, chain: &Arc<Chain>) -> (Node, Bed) {
    let honest = Node::start(chain).await;
    let options = Options { genesis: chain.hash(0), ..Options::default() };
    let mut bed = Bed::with(vec![liar.url(), honest.url()], &options);
    bed.produce(chain, 300);
    (honest, bed)
}

fn relay() -> Arc<Chain> {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_chain_is_named_and_none_of_its_values_is_taken() {
    let other = Chain::salted(FakeRuntime::relay_2026(500), 7, 7);
    other.advance(900);
    let liar = Node::start(&other).await;
    let chain = relay();
    let (_honest, bed) = liar_and_honest(&liar, &chain).await;
    bed.until_best(8, 10).await;
    let seen = bed.seen();
    let wrong = links(&seen, "a").find_map(|l| match l {
        Link::WrongChain { found, expected, .. } => Some((*found, *expected)),
        _ => None,
    });
    assert_eq!(wrong, Some((other.hash(0).unwrap(), chain.hash(0).unwrap())));
    assert!(of(&seen, "a").all(|o| matches!(o.fact, Fact::Link(_))), "a value of another chain was taken");
    assert_eq!(liar.dials(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_changes_its_chain_between_two_connections_is_found_out() {
    let chain = relay();
    let other = Chain::salted(FakeRuntime::relay_2026(500), 7, 7);
    let a = Node::start(&chain).await;
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, 300);
    bed.until_best(7, 10).await;
    a.serve(&other);
    a.drop_connections();
    bed.until("found out", 5, |seen| links(seen, "a").any(|l| matches!(l, Link::WrongChain { .. }))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_far_ahead_that_cannot_be_read_does_not_keep_the_chain_from_the_others() {
    let chain = relay();
    let liar = Node::start(&chain).await;
    liar.set(|s| s.heads = Heads::FarAhead);
    let (_honest, bed) = liar_and_honest(&liar, &chain).await;
    let at = chain.best();
    bed.until_best(at + 3, 10).await;
    let from = bed.seen().len();
    bed.pass(12_000).await;
    let seen = bed.seen();
    let read = bests(&seen[from..]).count();
    let switches = seen[from..].iter().filter(|o| matches!(o.fact, Fact::Source)).count();
    assert!(read >= 30, "only {read} blocks in 12 s of blocks every 300 ms");
    assert!(switches <= 4, "{switches} switches in 12 s");
    assert_unbroken(&seen, &chain);
}

/// What the liar sends costs it the connection, the honest one serves on, and memory does not grow.
async fn is_survived(send: impl Fn(&Node)) {
    let chain = relay();
    let liar = Node::start(&chain).await;
    let (_honest, mut bed) = liar_and_honest(&liar, &chain).await;
    bed.until_best(7, 10).await;
    bed.until("the liar is up", 5, |seen| links(seen, "a").any(|l| matches!(l, Link::Up))).await;
    let before = resident_kib();
    send(&liar);
    bed.until("its connection is closed", 10, |seen| reason(seen, "a").is_some()).await;
    let at = chain.best();
    bed.until_best(at + 3, 10).await;
    let grown = resident_kib().saturating_sub(before);
    eprintln!("grew by {grown} KiB; {}", reason(&bed.seen(), "a").unwrap());
    assert!(grown <= 40 * 1_024, "grew by {grown} KiB");
    assert!(!bed.panicked());
    assert_unbroken(&bed.seen(), &chain);
}

fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4
}

/// Numbers that look random and are the same in each run.
fn noise(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_a_hundred_megabytes_closes_the_connection() {
    is_survived(|n| n.send_big(100 * 1_024 * 1_024, None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_hundred_megabytes_in_small_frames_closes_the_connection() {
    is_survived(|n| n.send_big(100 * 1_024 * 1_024, Some(1_024 * 1_024))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_frames_close_the_connection() {
    let mut next = noise(2_026);
    let bytes: Vec<u8> = (0..8_192).flat_map(|_| next().to_le_bytes()).collect();
    is_survived(move |n| n.send_raw(bytes.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_json_closes_the_connection() {
    is_survived(|n| n.say("{\"jsonrpc\":\"2.0\",\"result\":")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_no_header_closes_the_connection() {
    is_survived(|n| {
        n.say(r#"{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"best","result":{"number":"0xzz"}}}"#);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_with_a_wrong_id_close_the_connection() {
    is_survived(|n| {
        n.set(|s| s.wrong_id = true);
        n.say(r#"{"jsonrpc":"2.0","id":424242,"result":null}"#);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_come_twice_cost_no_block() {
    let chain = relay();
    let a = Node::start(&chain).await;
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, 300);
    bed.until_best(7, 10).await;
    a.set(|s| s.answer_twice = true);
    let at = chain.best();
    bed.pass(1_000).await;
    a.set(|s| s.answer_twice = false);
    bed.until_final(at + 3, 10).await;
    assert_unbroken(&bed.seen(), &chain);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_of_unknown_subscriptions_and_broken_frames_are_survived() {
    let chain = relay();
    let liar = Node::start(&chain).await;
    let (_honest, mut bed) = liar_and_honest(&liar, &chain).await;
    bed.until_best(7, 10).await;
    let before = resident_kib();
    let mut next = noise(7);
    for round in 0..200 {
        let mut bytes = vec![];
        for _ in 0..50 {
            let text = match next() % 4 {
                0 => {
                    r#"{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"no","result":{}}}"#
                        .to_owned()
                }
                1 => format!(r#"{{"jsonrpc":"2.0","method":"x{}","params":[]}}"#, next()),
                2 => {
                    r#"{"jsonrpc":"2.0","method":"chain_newHead","params":{"subscription":"no","error":"x"}}"#
                        .to_owned()
                }
                _ => "[]".to_owned(),
            };
            let text = if round == 199 { text.replace('"', "\u{0}") } else { text };
            bytes.push(0x81);
            bytes.push(text.len().min(125) as u8);
            bytes.extend_from_slice(&text.as_bytes()[..text.len().min(125)]);
        }
        liar.send_raw(bytes);
        if round % 20 == 0 {
            bed.pass(50).await;
        }
    }
    let at = chain.best();
    bed.until_best(at + 5, 10).await;
    assert!(!bed.panicked());
    assert!(resident_kib().saturating_sub(before) <= 40 * 1_024);
    assert_unbroken(&bed.seen(), &chain);
}
