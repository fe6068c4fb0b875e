//! The tally of slots over facts in the order in which an outage brings them.

use super::slots::AuthorSlots;
use super::*;
use crate::domain::{Block, Hash, MissedSlot};

const ANN: AccountId = AccountId([1; 32]);
const BOB: AccountId = AccountId([2; 32]);

fn hash(number: u64, fork: u8) -> Hash {
    let mut bytes = [fork; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Hash(bytes)
}

/// Ann writes every block; Bob misses a slot before it where `missed`. Block n stands in slot 2 n.
fn block(number: u64, fork: u8, parent_fork: u8, missed: bool) -> Box<Block> {
    let owner = Some(BOB);
    Box::new(Block {
        at: BlockRef { number, hash: hash(number, fork) },
        parent: hash(number - 1, parent_fork),
        timestamp: None,
        slot: Some(number * 2),
        author: Some(ANN),
        missed: if missed { vec![MissedSlot { slot: number * 2 - 1, owner }] } else { vec![] },
        transactions: None,
        candidates: vec![],
        events: vec![],
        event_count: None,
        session: None,
        votes: None,
        undecoded: None,
    })
}

fn seen(fact: Fact) -> Observation {
    Observation { at: UnixMs(1_000), chain: "relay".into(), endpoint: Some("a".into()), fact }
}

fn best(number: u64, missed: bool) -> Fact {
    Fact::Best(block(number, 0, 0, missed))
}

fn filled(number: u64) -> Fact {
    Fact::Filled(block(number, 0, 0, true))
}

/// Session 7 began with slot 201, so that block 101 is its first.
fn session(number: u64, index: u32) -> Fact {
    let session = Session { index, elapsed: Some(number * 2 - 200), length: Some(600) };
    Fact::Session { session, at: BlockRef { number, hash: hash(number, 0) } }
}

fn store(facts: impl IntoIterator<Item = Fact>) -> Store {
    let mut store = Store::default();
    facts.into_iter().for_each(|fact| store.apply(&seen(fact)));
    store
}

/// Written by Ann, missed by Bob, missed in a row, and from which block on.
fn tally(store: &Store) -> (u32, u32, u32, Option<u64>) {
    let slots = &store.chain(&"relay".into()).unwrap().slots;
    let of = |who: &AccountId| slots.by_author.get(who).copied().unwrap_or_default();
    let AuthorSlots { missed, missed_in_a_row, .. } = of(&BOB);
    (of(&ANN).authored, missed, missed_in_a_row, slots.from_block)
}

/// Blocks 110 and 111, an outage, block 115.
fn outage() -> Store {
    store([best(110, false), session(110, 7), best(110, false), best(111, true), best(115, true)])
}

#[test]
fn blocks_read_after_an_outage_are_counted_each_once() {
    let mut store = outage();
    let before = tally(&store);
    for number in [114, 113, 112, 114, 112] {
        store.apply(&seen(filled(number)));
    }
    let after = tally(&store);
    assert_eq!((after.0, after.1), (before.0 + 3, before.1 + 3));
    assert_eq!(after.2, after.1, "Bob has written nothing in between");
}

#[test]
fn a_block_of_an_earlier_session_is_not_counted_and_one_of_this_session_is() {
    let mut store = outage();
    let before = tally(&store);
    for number in [100, 99] {
        store.apply(&seen(filled(number)));
    }
    assert_eq!(tally(&store), before);
    store.apply(&seen(filled(101)));
    assert_eq!(tally(&store), (before.0 + 1, before.1 + 1, before.2 + 1, Some(101)));
}

#[test]
fn a_new_session_does_not_inherit_what_is_read_late() {
    let mut store = outage();
    store.apply(&seen(best(116, false)));
    let elapsed = Session { index: 8, elapsed: Some(1), length: Some(600) };
    let at = BlockRef { number: 116, hash: hash(116, 0) };
    store.apply(&seen(Fact::Session { session: elapsed, at }));
    for number in [114, 113] {
        store.apply(&seen(filled(number)));
    }
    assert_eq!(tally(&store), (0, 0, 0, None));
}

#[test]
fn a_restored_block_that_is_read_again_is_counted_once() {
    let mut store = Store::default();
    for fact in [best(110, true), session(110, 7), best(111, true), filled(109)] {
        store.restore(&seen(fact));
    }
    let before = tally(&store);
    assert_eq!((before.1, before.3), (2, Some(109)));
    for fact in [best(111, true), filled(110), filled(109)] {
        store.apply(&seen(fact));
    }
    // Block 110 came before its session was known and is counted now, if at all, once.
    assert_eq!(tally(&store), before);
}

#[test]
fn a_reorganisation_takes_filled_blocks_back_out_and_puts_them_in_again() {
    let mut store = outage();
    for number in [114, 113, 112] {
        store.apply(&seen(filled(number)));
    }
    let whole = tally(&store);
    // A branch from 112 on without misses takes 113 to 115 out.
    store.apply(&seen(Fact::Best(block(113, 1, 0, false))));
    assert_eq!(tally(&store), (whole.0 - 2, whole.1 - 3, whole.2 - 3, whole.3));
    // The branch is left again: its only block goes, and what is read late comes back once.
    store.apply(&seen(Fact::Best(block(113, 0, 0, true))));
    store.apply(&seen(best(115, true)));
    store.apply(&seen(filled(114)));
    store.apply(&seen(filled(114)));
    assert_eq!(tally(&store), whole);
}

#[test]
fn a_block_read_late_does_not_hide_what_an_author_did_since() {
    let by = |who, fact: Fact| match fact {
        Fact::Best(block) => Fact::Best(Box::new(Block { author: Some(who), ..*block })),
        Fact::Filled(block) => Fact::Filled(Box::new(Block { author: Some(who), ..*block })),
        other => other,
    };
    // Bob writes 114 after an outage: misses of before do not stand in a row.
    let mut store = store([best(110, false), session(110, 7), best(111, true), by(BOB, best(115, false))]);
    store.apply(&seen(filled(113)));
    assert_eq!(tally(&store).2, 0);
    // He wrote 112, too, and missed once after 115: that alone is in a row.
    store.apply(&seen(best(116, true)));
    store.apply(&seen(by(BOB, filled(112))));
    assert_eq!(tally(&store).2, 1);
}
