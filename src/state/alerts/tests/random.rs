//! Any facts in any order: the same book each time, and no panic; the journal alone fires nothing.

use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Advance(u64),
    Up(usize),
    Down(usize),
    Wrong(usize),
    Block(usize, u64, i64),
    Fork(usize, u64),
    Finalize(usize, u64),
    Head(usize, u64),
    Pool(usize, u32),
    Included(Option<u64>),
    Conflict(u64),
    Restored(usize, u64),
    Tick,
}

const WHERE: [(&str, &str); 4] = [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c"), (PEOPLE, "d")];

fn act() -> impl Strategy<Value = Act> {
    let number = || prop_oneof![8 => 0_u64..200, 1 => Just(u64::MAX), 1 => any::<u64>()];
    prop_oneof![
        (0_u64..40_000).prop_map(Act::Advance),
        (0_usize..4).prop_map(Act::Up),
        (0_usize..4).prop_map(Act::Down),
        (0_usize..4).prop_map(Act::Wrong),
        ((0_usize..4), number(), any::<i64>()).prop_map(|(w, n, t)| Act::Block(w, n, t)),
        ((0_usize..4), 1_u64..200).prop_map(|(w, n)| Act::Fork(w, n)),
        ((0_usize..4), number()).prop_map(|(w, n)| Act::Finalize(w, n)),
        ((0_usize..4), number()).prop_map(|(w, n)| Act::Head(w, n)),
        ((0_usize..4), any::<u32>()).prop_map(|(w, n)| Act::Pool(w, n)),
        proptest::option::of(number()).prop_map(Act::Included),
        number().prop_map(Act::Conflict),
        ((0_usize..4), number()).prop_map(|(w, n)| Act::Restored(w, n)),
        Just(Act::Tick),
    ]
}

fn play(acts: &[Act]) -> (AlertBook, Vec<(ChangeKind, String, Severity)>) {
    let (mut bed, mut book) = (Bed::family(), AlertBook::default());
    let mut changes = vec![];
    for act in acts {
        match act {
            Act::Advance(ms) => bed.advance(*ms),
            Act::Up(w) => bed.up(WHERE[*w].0, WHERE[*w].1),
            Act::Down(w) => bed.down(WHERE[*w].0, WHERE[*w].1),
            Act::Wrong(w) => {
                let (found, expected) = (Hash([1; 32]), Hash([2; 32]));
                let link = Link::WrongChain { found, expected, until: bed.now };
                bed.fact(WHERE[*w].0, Some(WHERE[*w].1), Fact::Link(link));
            }
            Act::Block(w, n, made) => bed.block_made(WHERE[*w].0, *n, UnixMs(*made)),
            Act::Fork(w, n) => bed.fork(WHERE[*w].0, *n),
            Act::Finalize(w, n) => bed.finalize(WHERE[*w].0, *n),
            Act::Head(w, n) => bed.head(WHERE[*w].0, WHERE[*w].1, *n),
            Act::Pool(w, n) => bed.fact(WHERE[*w].0, Some(WHERE[*w].1), Fact::Pool(*n)),
            Act::Included(n) => {
                let fact = Fact::Inclusion(Inclusion { para: ParaId(1_000), relay_block: *n });
                bed.fact(RELAY, Some("a"), fact);
            }
            Act::Conflict(number) => {
                let fact = Fact::Conflict { number: *number, ours: Hash([1; 32]), theirs: Hash([2; 32]) };
                bed.fact(RELAY, Some("b"), fact);
            }
            Act::Restored(w, n) => bed.restore_block(WHERE[*w].0, *n, bed.now),
            Act::Tick => changes.extend(tick(&bed, &mut book)),
        }
        let sentence = crate::state::health::sentence(&bed.network, &bed.store, &book, bed.now);
        assert!(!sentence.text.is_empty());
    }
    (book, changes)
}

proptest! {
    #[test]
    fn the_same_facts_give_the_same_book_and_nothing_panics(acts in proptest::collection::vec(act(), 0..120)) {
        let (book, changes) = play(&acts);
        let (again, changes_again) = play(&acts);
        prop_assert_eq!(&book, &again);
        prop_assert_eq!(&changes, &changes_again);
        for alert in book.alerts() {
            if let Some(cause) = &alert.cause_id {
                let root = book.get(cause).map(|s| s.alert.cause_id.clone());
                prop_assert_eq!(root, Some(None), "a cause stands and is a root");
            }
        }
    }

    #[test]
    fn the_journal_alone_fires_nothing_about_a_chain(numbers in proptest::collection::vec(0_u64..500, 1..40)) {
        let (mut bed, mut book) = (Bed::family(), AlertBook::default());
        for n in numbers {
            bed.restore_block(RELAY, n, bed.now.minus(3_600_000));
            let at = BlockRef { number: n / 2, hash: Hash([9; 32]) };
            bed.restore(RELAY, bed.now.minus(3_600_000), Fact::Finalized { at, parent: Hash([8; 32]) });
        }
        prop_assert_eq!(tick(&bed, &mut book), vec![]);
        bed.up(RELAY, "a");
        prop_assert_eq!(tick(&bed, &mut book), vec![]);
    }
}
