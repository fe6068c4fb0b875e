//! The finalized line: never a gap, never a double, never a step back, whatever endpoints say.

use super::bed::*;
use crate::faultd::{Chain, FakeRuntime, Heads, Node};
use sereno::domain::{BlockRef, ChainKind, Fact, ParaId};

/// Drops after which buffers have taken their size.
const WARM_UP: u64 = 100;
/// What the process may grow by afterwards, KiB.
const GROWTH_KIB: u64 = 6 * 1_024;

/// Memory of this process, KiB.
fn rss_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Drops connections all over the place until `drops` have happened. Gives the memory of this process after every
/// [`WARM_UP`] drops, KiB.
async fn survives(drops: u64, endpoints: usize) -> Vec<u64> {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let mut nodes = vec![];
    for _ in 0..endpoints {
        nodes.push(Node::start(&chain).await);
    }
    // A fast clock: each connection counts as one that had held, so that the waits stay at their floor.
    let options = Options { clock_speed: 100, lean: true, ..Options::default() };
    let mut bed = Bed::with(nodes.iter().map(Node::url).collect(), &options);
    bed.produce(&chain, 40);
    bed.until_best(10, 60).await;
    let mut turn = 0;
    let mut memory = Vec::new();
    loop {
        let done = nodes.iter().map(Node::drops).sum::<u64>();
        if done >= WARM_UP * (memory.len() as u64 + 1) {
            // What the bed remembers must not look like growth of the program.
            let read = finals(&bed.seen()).last().map_or(0, |b| b.number);
            chain.prune(read.saturating_sub(50));
            memory.push(rss_kib());
            eprintln!("{done} drops: {} KiB, {} blocks made", rss_kib(), chain.best());
        }
        if done >= drops {
            break;
        }
        nodes[turn * 7 % endpoints].drop_connections();
        turn += 1;
        bed.pass(20).await;
    }
    let at = chain.best();
    bed.until_best(at, 60).await;
    bed.until_final(at, 60).await;
    let seen = bed.seen();
    eprintln!("{} final blocks, {} facts", finals(&seen).count(), seen.len());
    assert_unbroken(&seen, &chain);
    let numbers: Vec<u64> = bests(&seen).map(|b| b.number).collect();
    let doubled = numbers.windows(2).filter(|w| w[1] <= w[0]).count();
    assert_eq!(doubled, 0, "a best block was read twice");
    memory
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_drops_leave_the_finalized_line_unbroken() {
    survives(200, 24).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes more than a minute"]
async fn a_thousand_drops_leave_the_finalized_line_unbroken_and_memory_flat() {
    let memory = survives(1_000, 24).await;
    let (first, last) = (memory.first().unwrap(), memory.last().unwrap());
    assert!(*last <= first + GROWTH_KIB, "it grew: {memory:?} KiB, every {WARM_UP} drops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_knows_no_hashes_never_moves_finality_over_the_hole() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    let mut bed = Bed::watch(&[&a]);
    bed.until_final(8, 10).await;
    a.set(|s| s.null_hash = true);
    chain.advance(6);
    bed.until_best(16, 5).await;
    bed.pass(2_500).await;
    // Heads that came one by one need no hashes; where some were skipped, finality waits below the hole.
    assert_unbroken(&bed.seen(), &chain);
    a.set(|s| s.null_hash = false);
    bed.until_final(14, 5).await;
    assert_unbroken(&bed.seen(), &chain);
    assert!(!bed.panicked());
}

async fn in_any_order(heads: Heads) {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    a.set(|s| s.heads = heads);
    let mut bed = Bed::watch(&[&a]);
    bed.produce(&chain, 250);
    bed.until_final(35, 14).await;
    let seen = bed.seen();
    assert_unbroken(&seen, &chain);
    let numbers: Vec<u64> = bests(&seen).map(|b| b.number).collect();
    assert!(numbers.windows(2).all(|w| w[1] == w[0] + 1), "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_told_twice_give_each_block_once() {
    in_any_order(Heads::Twice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_told_in_the_wrong_order_give_each_block_once() {
    in_any_order(Heads::Reordered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_skipped_are_filled_in() {
    in_any_order(Heads::Skipping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicting_finality_is_told_once_a_claim_with_both_hashes() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(5);
    let fork = chain.branch(9);
    let (a, b) = (Node::start(&chain).await, Node::start(&fork).await);
    let mut bed = Bed::watch(&[&a, &b]);
    chain.advance(4);
    bed.until_final(7, 10).await;
    fork.advance(4);
    let conflicts = |seen: &[sereno::domain::Observation]| -> Vec<_> {
        seen.iter()
            .filter_map(|o| match o.fact {
                Fact::Conflict { number, ours, theirs } => Some((o.endpoint.clone(), number, ours, theirs)),
                _ => None,
            })
            .collect()
    };
    bed.until("the conflict is told", 5, |seen| !conflicts(seen).is_empty()).await;
    // Now the endpoint that was read dies and only the other history is left.
    a.kill();
    fork.advance(1);
    bed.pass(5_000).await;
    let seen = bed.seen();
    let told = conflicts(&seen);
    let mut once = told.clone();
    once.dedup();
    once.sort();
    once.dedup();
    assert_eq!(told.len(), once.len(), "a claim was told again: {told:?}");
    assert!(told.len() <= 3, "{told:?}");
    assert!(
        told.iter()
            .all(|(_, n, ours, theirs)| chain.hash(*n) == Some(*ours) && fork.hash(*n) == Some(*theirs))
    );
    assert_eq!(finals(&seen).last().unwrap().number, 7, "finality went over to the other history");
    let asked: u64 = b.calls().values().sum();
    assert!(asked < 40, "a contradiction is asked again and again: {:?}", b.calls());
    assert!(!bed.panicked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_wiped_starts_a_new_history() {
    let chain = Chain::salted(FakeRuntime::relay_2026(500), 3, 3);
    chain.advance(12);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_final(10, 10).await;
    let wiped = Chain::salted(FakeRuntime::relay_2026(500), 3, 4);
    wiped.advance(5);
    assert_eq!(wiped.hash(0), chain.hash(0));
    a.serve(&wiped);
    a.drop_connections();
    bed.until("the new history", 10, |seen| {
        seen.iter().any(|o| matches!(&o.fact, Fact::Identity(i) if i.first_block == wiped.hash(1)))
    })
    .await;
    bed.until("its finality", 5, |seen| finals(seen).any(|b| Some(b.hash) == wiped.hash(3))).await;
    assert!(!bed.seen().iter().any(|o| matches!(o.fact, Fact::Conflict { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_met_before_its_first_block_and_wiped_starts_a_new_history() {
    let chain = Chain::salted(FakeRuntime::relay_2026(500), 3, 3);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(0, 10).await;
    chain.advance(12);
    bed.until_final(10, 10).await;
    let wiped = Chain::salted(FakeRuntime::relay_2026(500), 3, 4);
    wiped.advance(5);
    a.serve(&wiped);
    a.drop_connections();
    bed.until("its finality", 10, |seen| finals(seen).any(|b| Some(b.hash) == wiped.hash(3))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_chain_that_is_met_at_its_very_beginning_is_a_new_history_and_no_conflict() {
    let chain = Chain::salted(FakeRuntime::relay_2026(500), 3, 3);
    chain.advance(12);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_final(10, 10).await;
    let wiped = Chain::salted(FakeRuntime::relay_2026(500), 3, 4);
    a.serve(&wiped);
    a.drop_connections();
    bed.until("block 0 of the new bed", 10, |seen| {
        seen.iter().any(|o| matches!(o.fact, Fact::PeerBest(at) if at.number == 0))
    })
    .await;
    bed.pass(1_500).await;
    wiped.advance(8);
    let is_new = |b: BlockRef| b.number > 0 && Some(b.hash) == wiped.hash(b.number);
    bed.until("its finality", 15, |seen| finals(seen).any(is_new)).await;
    assert!(!bed.seen().iter().any(|o| matches!(o.fact, Fact::Conflict { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bed_with_another_genesis_is_a_new_history_where_the_profile_allows_it() {
    let chain = Chain::salted(FakeRuntime::relay_2026(500), 3, 3);
    chain.advance(12);
    let a = Node::start(&chain).await;
    let bed = Bed::with(vec![a.url()], &Options { may_restart: true, ..Options::default() });
    bed.until_final(10, 10).await;
    let other = Chain::salted(FakeRuntime::relay_2026(500), 4, 4);
    other.advance(5);
    assert_ne!(other.hash(0), chain.hash(0));
    a.serve(&other);
    a.drop_connections();
    bed.until("its finality", 10, |seen| finals(seen).any(|b| Some(b.hash) == other.hash(3))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_went_by_during_an_outage_are_read_afterwards() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(10, 10).await;
    a.kill();
    chain.advance(20);
    a.revive();
    bed.until("the blocks that were missed", 15, |seen| {
        (11..30).all(|n| {
            seen.iter().any(|o| match &o.fact {
                Fact::Filled(b) | Fact::Best(b) => Some(b.at.hash) == chain.hash(n),
                _ => false,
            })
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_another_para_is_told_and_not_shown() {
    let chain = Chain::new(FakeRuntime::relay_2026(500));
    chain.advance(10);
    let a = Node::start(&chain).await;
    let bed =
        Bed::with(vec![a.url()], &Options { kind: ChainKind::Para(ParaId(1004)), ..Options::default() });
    bed.until("the mistake is told", 10, |seen| {
        seen.iter().any(|o| match &o.fact {
            Fact::Unread { section, reason } => {
                section.as_str() == "identity" && reason.as_str().contains("the profile says para 1004")
            }
            _ => false,
        })
    })
    .await;
    assert_eq!(bests(&bed.seen()).count(), 0, "a block of another chain was shown");
}
