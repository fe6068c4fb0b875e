//! Tests of the parent module on built stores.

use super::*;
use crate::detectors::testbed::{ASSET_HUB, Bed, PEOPLE, RELAY};
use crate::domain::{BlockRef, Fact, Hash, Inclusion, Link, ParaId};

fn tick(bed: &Bed, book: &mut AlertBook) -> Vec<(ChangeKind, String, Severity)> {
    let changes = book.evaluate(&bed.network, &bed.store, bed.now);
    changes.into_iter().map(|c| (c.kind, c.alert.id.to_string(), c.alert.severity)).collect()
}

/// One tick a second for so long.
fn pass(bed: &mut Bed, book: &mut AlertBook, seconds: u64) -> Vec<(ChangeKind, String, Severity)> {
    let mut changes = vec![];
    for _ in 0..seconds {
        bed.advance(1_000);
        changes.extend(tick(bed, book));
    }
    changes
}

fn ids(book: &AlertBook) -> Vec<String> {
    book.alerts().into_iter().map(|a| a.id.to_string()).collect()
}

fn id(text: &str) -> AlertId {
    serde_json::from_value(serde_json::json!(text)).unwrap()
}

fn cause(book: &AlertBook, of: &str) -> Option<String> {
    book.get(&id(of)).unwrap().alert.cause_id.as_ref().map(ToString::to_string)
}

/// The relay's state says that Asset Hub was included in this block.
fn include(bed: &mut Bed, relay_block: u64) {
    let fact = Inclusion { para: ParaId(1_000), relay_block: Some(relay_block) };
    bed.fact(RELAY, Some("a"), Fact::Inclusion(fact));
}

/// Relay and Asset Hub with ten blocks each, People absent.
fn healthy() -> (Bed, AlertBook) {
    let (mut bed, mut book) = (Bed::family(), AlertBook::default());
    tick(&bed, &mut book);
    for (chain, endpoints) in [(RELAY, vec!["a", "b"]), (ASSET_HUB, vec!["c"])] {
        endpoints.into_iter().for_each(|e| bed.up(chain, e));
    }
    include(&mut bed, 10);
    for number in 1..=10 {
        step(&mut bed, &mut book, number);
    }
    assert_eq!(book.alerts(), vec![]);
    (bed, book)
}

fn step(bed: &mut Bed, book: &mut AlertBook, number: u64) {
    pass(bed, book, 6);
    include(bed, number);
    for chain in [RELAY, ASSET_HUB] {
        bed.block(chain, number);
        bed.finalize(chain, number.saturating_sub(3));
    }
}

use ChangeKind::{Changed, Cleared, Raised};
use Severity::{Critical, Major, Minor};

#[test]
fn an_alert_is_raised_once_grows_worse_once_and_clears_once() {
    let (mut bed, mut book) = healthy();
    let last = bed.now;
    let mut changes = vec![];
    for n in 0..80 {
        changes.extend(pass(&mut bed, &mut book, 1));
        if n % 6 == 5 {
            bed.block(ASSET_HUB, 11 + n / 6);
            bed.finalize(ASSET_HUB, 8 + n / 6);
        }
    }
    let stall = || "block-stall/relay".to_owned();
    assert_eq!(changes, [(Raised, stall(), Major), (Changed, stall(), Critical)]);
    assert_eq!(book.alerts()[0].since, last);
    bed.block(RELAY, 11);
    assert_eq!(tick(&bed, &mut book), [(Cleared, stall(), Critical)]);
    assert_eq!(book.history().map(|c| c.kind).collect::<Vec<_>>(), [Raised, Changed, Cleared]);
    assert_eq!(book.last_cleared().map(|(_, id)| id), Some("block-stall/relay"));
}

#[test]
fn what_cannot_be_seen_any_more_stays_and_is_marked_unsure() {
    let (mut bed, mut book) = healthy();
    pass(&mut bed, &mut book, 25);
    assert!(!book.get(&id("block-stall/relay")).unwrap().unsure);
    bed.down(RELAY, "a");
    bed.down(RELAY, "b");
    assert_eq!(tick(&bed, &mut book), []);
    assert!(book.get(&id("block-stall/relay")).unwrap().unsure);
    bed.up(RELAY, "a");
    bed.advance(1_000);
    bed.block(RELAY, 11);
    assert_eq!(tick(&bed, &mut book), [(Cleared, "block-stall/relay".to_owned(), Major)]);
}

#[test]
fn an_acknowledgement_lasts_as_long_as_the_alert() {
    let (mut bed, mut book) = healthy();
    let stall = id("block-stall/relay");
    pass(&mut bed, &mut book, 25);
    assert!(book.ack(&stall, "kim"));
    assert!(!book.ack(&stall, "kim"), "twice changes nothing");
    pass(&mut bed, &mut book, 5);
    assert_eq!(book.get(&stall).unwrap().alert.acked_by.as_deref(), Some("kim"));
    assert!(book.unack(&stall));
    assert!(!book.unack(&stall));
    book.ack(&stall, "kim");
    bed.block(RELAY, 11);
    tick(&bed, &mut book);
    pass(&mut bed, &mut book, 25);
    assert_eq!(book.get(&stall).unwrap().alert.acked_by, None, "a new stall is a new alert");
}

#[test]
fn an_acknowledgement_from_the_journal_waits_five_minutes_for_its_alert() {
    for (seconds, taken) in [(270, true), (330, false)] {
        let (mut bed, _) = healthy();
        let mut book = AlertBook::default();
        book.ack(&id("block-stall/relay"), "kim");
        for number in 11..=(11 + seconds / 6) {
            step(&mut bed, &mut book, number);
        }
        pass(&mut bed, &mut book, 19);
        let standing = book.get(&id("block-stall/relay")).unwrap();
        assert_eq!(standing.alert.acked_by.is_some(), taken, "after {seconds} s");
    }
}

#[test]
fn a_silence_moves_an_alert_down_until_it_expires() {
    let (mut bed, mut book) = healthy();
    pass(&mut bed, &mut book, 25);
    let stall = id("block-stall/relay");
    assert!(book.silence(&stall, bed.now.plus(5_000)));
    assert!(book.visible()[0].standing.alert.id != stall || book.visible().len() == 1);
    assert!(book.visible().iter().any(|r| r.standing.alert.id == stall && r.silenced_until.is_some()));
    pass(&mut bed, &mut book, 5);
    assert!(book.visible().iter().all(|r| r.silenced_until.is_none()));
}

#[test]
fn a_lag_that_swings_around_its_limit_is_one_alert() {
    let (mut bed, mut book) = healthy();
    for number in 11..=18 {
        pass(&mut bed, &mut book, 6);
        bed.block(ASSET_HUB, number);
        bed.finalize(ASSET_HUB, number - 3);
        bed.block(RELAY, number);
        include(&mut bed, number);
    }
    let mut changes = vec![];
    for number in 19..=40 {
        changes.extend(pass(&mut bed, &mut book, 6));
        bed.block(ASSET_HUB, number);
        bed.finalize(ASSET_HUB, number - 3);
        bed.block(RELAY, number);
        include(&mut bed, number);
        changes.extend(tick(&bed, &mut book));
        bed.finalize(RELAY, number - 10);
    }
    let lag: Vec<_> = changes.iter().filter(|(_, id, _)| id == "finality-lag/relay").collect();
    assert_eq!(lag, [&(Raised, "finality-lag/relay".to_owned(), Minor)]);
}

#[test]
fn everything_that_follows_from_a_standing_relay_folds_under_it() {
    let (mut bed, mut book) = healthy();
    for number in 11..=13 {
        pass(&mut bed, &mut book, 5);
        bed.block(RELAY, number);
    }
    pass(&mut bed, &mut book, 65);
    let root = Some("block-stall/relay".to_owned());
    assert_eq!(cause(&book, "block-stall/relay"), None);
    assert_eq!(cause(&book, "finality-stall/relay"), root);
    assert_eq!(cause(&book, "block-stall/asset-hub"), root);
    let rows = book.visible();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].folded, rows[0].worst), (book.alerts().len() - 1, Critical));
}

#[test]
fn a_finality_stall_that_came_first_stays_its_own_cause() {
    let (mut bed, mut book) = healthy();
    for number in 11..=30 {
        pass(&mut bed, &mut book, 6);
        bed.block(RELAY, number);
        include(&mut bed, number);
        bed.block(ASSET_HUB, number);
        bed.finalize(ASSET_HUB, number - 3);
    }
    assert_eq!(ids(&book), ["finality-stall/relay", "finality-lag/relay"]);
    assert_eq!(cause(&book, "finality-lag/relay").as_deref(), Some("finality-stall/relay"));
    pass(&mut bed, &mut book, 20);
    assert_eq!(cause(&book, "finality-stall/relay"), None);
    assert_eq!(cause(&book, "block-stall/relay"), None);
}

#[test]
fn a_parachain_that_is_not_included_folds_under_its_para_stall() {
    let (mut bed, mut book) = healthy();
    for number in 11..=22 {
        pass(&mut bed, &mut book, 6);
        bed.block(RELAY, number);
        bed.finalize(RELAY, number - 3);
    }
    tick(&bed, &mut book);
    assert_eq!(cause(&book, "para-stall/relay/1000"), None);
    assert_eq!(cause(&book, "block-stall/asset-hub").as_deref(), Some("para-stall/relay/1000"));
}

#[test]
fn our_own_link_is_one_state_and_no_alert() {
    let (mut bed, mut book) = healthy();
    for (chain, endpoint) in [(RELAY, "a"), (ASSET_HUB, "c"), (RELAY, "b")] {
        bed.down(chain, endpoint);
        assert_eq!(pass(&mut bed, &mut book, 4), []);
    }
    assert_eq!(book.your_link(), Some(bed.now.minus(12_000)));
    assert_eq!(pass(&mut bed, &mut book, 600), []);
    let blind = book.blind();
    assert!(blind.iter().all(|b| b.rules.len() == DETECTORS.len()), "no rule is quiet: {blind:?}");
    assert_eq!(blind.iter().map(|b| b.chain.as_str()).collect::<Vec<_>>(), [RELAY, ASSET_HUB, PEOPLE]);
    assert_eq!(book.alerts(), vec![]);
    bed.up(RELAY, "a");
    assert_eq!(pass(&mut bed, &mut book, 1), []);
    assert_eq!(book.your_link(), None);
    bed.block(RELAY, 110);
    bed.finalize(RELAY, 107);
    include(&mut bed, 110);
    assert_eq!(pass(&mut bed, &mut book, 29), [(Raised, "block-stall/relay".to_owned(), Major)]);
    let changes = pass(&mut bed, &mut book, 2);
    assert_eq!(changes, [(Raised, "stale-data/asset-hub".to_owned(), Major)], "that chain stays away");
}

#[test]
fn alerts_that_stand_when_our_link_goes_are_kept_as_unsure() {
    let (mut bed, mut book) = healthy();
    pass(&mut bed, &mut book, 25);
    let before = ids(&book);
    [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.down(c, e));
    assert_eq!(pass(&mut bed, &mut book, 60), []);
    assert_eq!(ids(&book), before);
    assert!(book.standing().all(|s| s.unsure));
}

#[test]
fn reading_everything_again_is_neither_our_link_nor_a_loss() {
    let (mut bed, mut book) = healthy();
    for _ in 0..4 {
        for (chain, endpoint) in [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")] {
            bed.fact(chain, Some(endpoint), Fact::Link(Link::Resolving));
        }
        assert_eq!(pass(&mut bed, &mut book, 2), []);
        assert_eq!(book.your_link(), None);
        [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.up(c, e));
        assert_eq!(pass(&mut bed, &mut book, 1), []);
    }
    assert!(bed.store.chains().all(|(_, c)| c.endpoints.values().all(|e| e.drops.is_empty())));
}

#[test]
fn a_new_attempt_does_not_bring_our_link_up() {
    let (mut bed, mut book) = healthy();
    [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.down(c, e));
    pass(&mut bed, &mut book, 60);
    let since = book.your_link();
    bed.fact(RELAY, Some("a"), Fact::Link(Link::Resolving));
    assert_eq!(pass(&mut bed, &mut book, 3), []);
    assert_eq!((book.your_link(), since.is_some()), (since, true));
}

#[test]
fn endpoints_that_go_one_by_one_are_not_our_link() {
    let (mut bed, mut book) = healthy();
    for (chain, endpoint) in [(RELAY, "a"), (ASSET_HUB, "c"), (RELAY, "b")] {
        bed.down(chain, endpoint);
        pass(&mut bed, &mut book, 11);
    }
    assert_eq!(book.your_link(), None);
    pass(&mut bed, &mut book, 31);
    assert!(ids(&book).contains(&"stale-data/relay".to_owned()));
}

#[test]
fn an_endpoint_that_was_dead_long_before_does_not_hide_our_link() {
    let (mut bed, mut book) = healthy();
    bed.down(RELAY, "b");
    for number in 11..=25 {
        step(&mut bed, &mut book, number);
    }
    bed.down(RELAY, "a");
    bed.down(ASSET_HUB, "c");
    pass(&mut bed, &mut book, 1);
    assert!(book.your_link().is_some());
}

#[test]
fn an_optional_chain_that_answers_proves_the_link() {
    let (mut bed, mut book) = healthy();
    bed.up(PEOPLE, "d");
    [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.down(c, e));
    pass(&mut bed, &mut book, 1);
    assert_eq!(book.your_link(), None);
}

#[test]
fn a_refused_connection_proves_that_our_own_link_works() {
    for (answered, expected) in [(false, true), (true, false)] {
        let (mut bed, mut book) = healthy();
        [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.down(c, e));
        pass(&mut bed, &mut book, 1);
        assert!(book.your_link().is_some(), "all lost together, and nobody has answered");
        let reason = "connection refused: nothing listens there".into();
        let link = Link::Down { reason, retry_at: bed.now.plus(1_000), answered };
        bed.fact(RELAY, Some("b"), Fact::Link(link));
        let changes = pass(&mut bed, &mut book, 60);
        assert_eq!(book.your_link().is_some(), expected);
        let raised = changes.iter().any(|(kind, id, _)| *kind == Raised && id == "stale-data/relay");
        assert_eq!(raised, !expected, "the chain is what is wrong, and it is told: {changes:?}");
    }
}

#[test]
fn nothing_that_came_up_within_fifteen_seconds_is_our_link_unless_somebody_answered() {
    for (answered, expected) in [(false, true), (true, false)] {
        let (mut bed, mut book) = (Bed::family(), AlertBook::default());
        tick(&bed, &mut book);
        let started = bed.now;
        bed.down(RELAY, "a");
        if answered {
            bed.advance(1_000);
            let (found, expected) = (Hash([1; 32]), Hash([2; 32]));
            let link = Link::WrongChain { found, expected, until: bed.now.plus(300_000) };
            bed.fact(RELAY, Some("a"), Fact::Link(link));
        }
        bed.now = started;
        pass(&mut bed, &mut book, 15);
        assert_eq!(book.your_link(), None, "the first connection may take that long");
        pass(&mut bed, &mut book, 1);
        assert_eq!(book.your_link(), expected.then_some(started));
    }
}

#[test]
fn waking_from_sleep_raises_nothing_before_the_chains_had_time_to_speak() {
    let (mut bed, mut book) = healthy();
    bed.advance(7_200_000);
    assert_eq!(tick(&bed, &mut book), []);
    assert!(book.unknown().any(|(chain, detector, _)| (chain.as_str(), detector) == (RELAY, "block-stall")));
    bed.advance(1_000);
    bed.block(RELAY, 1_211);
    bed.block(ASSET_HUB, 1_211);
    bed.source_finalized(RELAY, "a", 1_208);
    bed.source_finalized(ASSET_HUB, "c", 1_208);
    include(&mut bed, 1_210);
    assert_eq!(pass(&mut bed, &mut book, 6), []);
}

#[test]
fn the_history_is_bounded() {
    let (mut bed, mut book) = healthy();
    for number in 11..=200 {
        pass(&mut bed, &mut book, 20);
        bed.block(RELAY, number);
        tick(&bed, &mut book);
    }
    assert_eq!(book.history().count(), MAX_HISTORY);
}

#[test]
fn the_book_survives_serialisation() {
    let (mut bed, mut book) = healthy();
    pass(&mut bed, &mut book, 40);
    book.ack(&id("block-stall/relay"), "kim");
    book.silence(&id("block-stall/asset-hub"), bed.now.plus(9_000));
    let text = serde_json::to_string(&book).unwrap();
    assert_eq!(serde_json::from_str::<AlertBook>(&text).unwrap(), book);
}

#[test]
fn a_healthy_net_with_gaps_of_24_seconds_in_finality_and_depth_one_forks_is_silent_for_an_hour() {
    let (mut bed, mut book) = healthy();
    let mut final_at = 10;
    for number in 11..=610_u64 {
        let late = if number % 37 == 0 { 12 } else { 6 };
        assert_eq!(pass(&mut bed, &mut book, late), [], "before block {number}");
        let forked = number % 15 == 0;
        if forked {
            bed.fork(RELAY, number - 1);
            assert_eq!(tick(&bed, &mut book), []);
        }
        bed.block(RELAY, number);
        bed.block(ASSET_HUB, number);
        bed.fact(
            RELAY,
            Some("a"),
            Fact::Inclusion(Inclusion { para: ParaId(1_000), relay_block: Some(number) }),
        );
        if number % 4 == 0 {
            final_at = number.saturating_sub(2).max(final_at);
            bed.finalize(RELAY, final_at);
            bed.finalize(ASSET_HUB, final_at);
        }
    }
    assert_eq!(book.history().count(), 0);
}

mod random {
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
}
