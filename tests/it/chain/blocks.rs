//! Best blocks: reorganisations, partial nodes, pruned nodes.

use super::bed::*;
use crate::faultd::{Chain, FakeRuntime, Node};
use sereno::domain::{Fact, Observation};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reorganisation_of_depth_three_the_new_branch_is_read_in_order() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(10, 10).await;
    for n in 11..=15 {
        chain.grow();
        bed.until_best(n, 5).await;
    }
    let from = bed.seen().len();
    chain.reorg(3);
    bed.until_best(16, 5).await;
    let seen = bed.seen();
    let read: Vec<_> = bests(&seen[from..]).collect();
    let wanted: Vec<_> = (13..=16).map(|n| (n, chain.hash(n).unwrap())).collect();
    assert_eq!(read.iter().map(|b| (b.number, b.hash)).collect::<Vec<_>>(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_storage_methods_is_read_one_key_at_a_time() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    a.set(|s| {
        s.errors.insert("state_getStorageHash", (Some(-32_601), "Method not found"));
        s.errors.insert("state_queryStorageAt", (Some(-32_601), "Method not found"));
    });
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, 400);
    bed.until_best(12, 12).await;
    assert!(
        bed.seen()
            .iter()
            .any(|o| matches!(&o.fact, Fact::Best(b) if b.timestamp.is_some() && b.undecoded.is_none()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_without_a_code_as_chopsticks_sends_it_does_not_cost_the_connection() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    a.set(|s| {
        s.errors.insert("state_getStorageHash", (None, "Method not found: state_getStorageHash"));
        s.errors.insert("state_queryStorageAt", (None, "Method not found: state_queryStorageAt"));
    });
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, 400);
    bed.until_best(12, 12).await;
    assert_eq!(a.dials(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_pruned_the_state_says_so_and_the_chain_goes_on_elsewhere() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let (a, b) = (Node::start(&chain).await, Node::start(&chain).await);
    let mut bed = Bed::watch(&[&a, &b]);
    bed.produce(&chain, 400);
    bed.until_best(12, 12).await;
    for node in [&a, &b] {
        node.set(|s| {
            s.errors.insert("state_queryStorageAt", (Some(4_003), "State already discarded"));
        });
    }
    bed.until("it is told", 8, |seen| {
        seen.iter().any(|o| matches!(&o.fact, Fact::Unread { reason, .. } if reason.to_string().contains("State already discarded")))
    })
    .await;
    for node in [&a, &b] {
        node.set(|s| s.errors.clear());
    }
    let at = chain.best();
    bed.until_best(at + 1, 8).await;
    bed.until_final(at, 8).await;
    assert_unbroken(&bed.seen(), &chain);
    assert_eq!((a.dials(), b.dials()), (1, 1), "a refusal is no reason to hang up");
}

#[tokio::test(flavor = "multi_thread")]
async fn disputes_are_read_again_where_blocks_were_missed() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(12);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(12, 10).await;
    let read = |seen: &[Observation]| seen.iter().filter(|o| matches!(o.fact, Fact::Disputes { .. })).count();
    bed.until("the first reading", 5, |seen| read(seen) == 1).await;
    chain.advance(1);
    bed.until_best(13, 5).await;
    assert_eq!(read(&bed.seen()), 1, "no block touched them");
    a.drop_connections();
    chain.advance(30);
    bed.until("the next reading", 10, |seen| read(seen) == 2).await;
}
