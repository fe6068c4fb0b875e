//! Tests of the parent module on built stores: here how an alert begins, grows and ends; the rest by topic.

mod acks;
mod cause;
mod link;
mod random;

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
