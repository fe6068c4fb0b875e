//! Tests of the parent module on built stores.

use super::*;
use crate::detectors::testbed::{ASSET_HUB, Bed, PEOPLE, RELAY};
use crate::domain::{Fact, Inclusion, ParaId};

fn tick(bed: &Bed, book: &mut AlertBook) {
    book.evaluate(&bed.network, &bed.store, bed.now);
}

fn pass(bed: &mut Bed, book: &mut AlertBook, seconds: u64) {
    for _ in 0..seconds {
        bed.advance(1_000);
        tick(bed, book);
    }
}

fn blocks(bed: &mut Bed, book: &mut AlertBook, from: u64, to: u64) {
    for number in from..=to {
        pass(bed, book, 6);
        bed.block(RELAY, number);
        bed.block(ASSET_HUB, number);
        bed.finalize(RELAY, number.saturating_sub(3));
        bed.finalize(ASSET_HUB, number.saturating_sub(3));
    }
    tick(bed, book);
}

fn healthy() -> (Bed, AlertBook) {
    let (mut bed, mut book) = (Bed::family(), AlertBook::default());
    tick(&bed, &mut book);
    [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.up(c, e));
    bed.fact(RELAY, Some("a"), Fact::Inclusion(Inclusion { para: ParaId(1_000), relay_block: Some(100) }));
    blocks(&mut bed, &mut book, 1, 10);
    (bed, book)
}

fn health(bed: &Bed, book: &AlertBook, chain: &str) -> Health {
    let spec = bed.network.chain(&chain.into()).unwrap();
    chain_health(spec, bed.store.chain(&spec.id), book, bed.now)
}

fn say(bed: &Bed, book: &AlertBook) -> Sentence {
    sentence(&bed.network, &bed.store, book, bed.now)
}

#[test]
fn a_healthy_network_says_so_and_since_when() {
    let (mut bed, mut book) = healthy();
    assert_eq!(health(&bed, &book, RELAY), Health::Ok);
    assert_eq!(health(&bed, &book, PEOPLE), Health::Absent);
    blocks(&mut bed, &mut book, 11, 31);
    let expected = "stable for 3 m, since the watch began · 2 chains";
    assert_eq!(say(&bed, &book), Sentence { severity: None, known: true, text: expected.into() });
}

#[test]
fn before_anything_is_heard_nobody_knows() {
    let (bed, mut book) = (Bed::family(), AlertBook::default());
    tick(&bed, &mut book);
    assert_eq!(health(&bed, &book, RELAY), Health::Unknown);
    let said = say(&bed, &book);
    assert_eq!(
        (said.known, said.text.as_str()),
        (false, "? UNKNOWN · nothing heard from Relay yet · +1 more")
    );
}

#[test]
fn values_of_an_earlier_run_are_not_healthy() {
    let (mut bed, mut book) = (Bed::family(), AlertBook::default());
    bed.restore_block(RELAY, 10, bed.now.minus(1_000));
    tick(&bed, &mut book);
    assert_eq!(health(&bed, &book, RELAY), Health::Unknown);
    assert!(!say(&bed, &book).known);
}

#[test]
fn a_standing_chain_is_unstable_and_a_lost_one_unknown() {
    let (mut bed, mut book) = healthy();
    for number in 11..=14 {
        pass(&mut bed, &mut book, 5);
        bed.block(ASSET_HUB, number);
        bed.finalize(ASSET_HUB, number - 3);
    }
    tick(&bed, &mut book);
    assert_eq!(health(&bed, &book, RELAY), Health::Unstable);
    assert_eq!(health(&bed, &book, ASSET_HUB), Health::Ok);
    let said = say(&bed, &book);
    assert_eq!(said.severity, Some(Severity::Major));
    assert_eq!(
        said.text,
        "▲ UNSTABLE 20 s · Relay makes no blocks: stands at 10 for 20 s (limit 18 s), 2 endpoints agree"
    );
    bed.down(RELAY, "a");
    bed.down(RELAY, "b");
    let lost = bed.now.clock_utc();
    tick(&bed, &mut book);
    assert_eq!(health(&bed, &book, RELAY), Health::Unknown);
    let said = say(&bed, &book);
    assert_eq!((said.known, said.text), (false, format!("? UNKNOWN · no data from Relay since {lost}")));
}

#[test]
fn finality_names_height_lag_and_age_within_sixty_columns() {
    let (mut bed, mut book) = healthy();
    for number in 11..=25 {
        pass(&mut bed, &mut book, 6);
        bed.block(RELAY, number);
        bed.block(ASSET_HUB, number);
        bed.finalize(ASSET_HUB, number - 3);
    }
    tick(&bed, &mut book);
    let said = say(&bed, &book);
    assert_eq!(said.severity, Some(Severity::Critical));
    let head: String = said.text.chars().take(60).collect();
    assert!(head.starts_with("✖ UNSTABLE 1 m · Relay finality stalled at 7 (lag 18) for 1"), "{head}");
    assert!(said.text.ends_with(" · +1"), "the lag alert is folded: {}", said.text);
    bed.finalize(RELAY, 23);
    pass(&mut bed, &mut book, 13);
    assert_eq!(say(&bed, &book).text, "stable for 12 s, since finality-stall/relay cleared · 2 chains");
}

#[test]
fn under_half_of_the_endpoints_is_degraded_and_half_is_not() {
    let (mut bed, mut book) = healthy();
    bed.down(RELAY, "b");
    tick(&bed, &mut book);
    assert_eq!(health(&bed, &book, RELAY), Health::Ok);
    bed.network.chains[0].endpoints.push("e".into());
    assert_eq!(health(&bed, &book, RELAY), Health::Degraded);
    let said = say(&bed, &book);
    assert_eq!(said.severity, Some(Severity::Minor));
    assert_eq!(said.text, "▵ DEGRADED · Relay: 1 of 3 endpoints live");
}

#[test]
fn a_minor_alert_degrades() {
    let (mut bed, mut book) = healthy();
    for _ in 0..3 {
        bed.down(RELAY, "b");
        pass(&mut bed, &mut book, 1);
        bed.up(RELAY, "b");
    }
    tick(&bed, &mut book);
    assert_eq!(health(&bed, &book, RELAY), Health::Degraded);
    assert!(say(&bed, &book).text.starts_with("▵ DEGRADED 3 s · Relay endpoint b was lost 3 times"));
}

#[test]
fn our_own_link_is_the_whole_sentence() {
    let (mut bed, mut book) = healthy();
    [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")].into_iter().for_each(|(c, e)| bed.down(c, e));
    let at = bed.now.clock_utc();
    pass(&mut bed, &mut book, 300);
    let text = format!("YOUR LINK is down since {at} · nothing heard from any endpoint");
    assert_eq!(say(&bed, &book), Sentence { severity: None, known: false, text });
    assert_eq!(health(&bed, &book, RELAY), Health::Unknown);
}

#[test]
fn the_old_head_of_a_standing_chain_is_not_live_though_it_has_just_arrived() {
    let mut bed = Bed::family();
    bed.up(RELAY, "a");
    bed.block_made(RELAY, 500, bed.now.minus(18_001));
    let spec = bed.network.relay().unwrap();
    let count = |bed: &Bed| live_endpoints(spec, bed.store.chain(&spec.id), bed.now);
    assert_eq!(count(&bed), LiveEndpoints { live: 0, total: 2 });
}

#[test]
fn what_a_lost_endpoint_said_last_makes_nobody_late() {
    let (mut bed, mut book) = healthy();
    bed.head(RELAY, "b", 9_000);
    bed.down(RELAY, "b");
    pass(&mut bed, &mut book, 1);
    let chain = bed.store.chain(&RELAY.into()).unwrap();
    assert_eq!(chain.best_peer(), Some(10));
    assert!(chain.endpoints.values().all(|e| e.behind_since.is_none()));
    let live = live_endpoints(bed.network.relay().unwrap(), Some(chain), bed.now);
    assert_eq!(live, LiveEndpoints { live: 1, total: 2 });
}

#[test]
fn a_connection_that_came_back_earns_live_anew() {
    let (mut bed, _) = healthy();
    bed.down(RELAY, "b");
    bed.advance(100);
    bed.up(RELAY, "b");
    let badge = |bed: &Bed| {
        let chain = bed.store.chain(&RELAY.into()).unwrap();
        chain.badges(bed.now, 6_000).find(|(id, ..)| id.as_str() == "b").unwrap().2
    };
    assert_eq!(badge(&bed), Badge::Unverified);
    bed.advance(100);
    bed.head(RELAY, "b", 10);
    assert_eq!(badge(&bed), Badge::Live);
}

#[test]
fn the_old_head_of_a_standing_chain_is_not_live_because_it_has_just_been_received() {
    let mut bed = Bed::family();
    bed.up(RELAY, "a");
    bed.block_made(RELAY, 5, bed.now.minus(3_600_000));
    bed.advance(1_000);
    let chain = bed.store.chain(&RELAY.into()).unwrap();
    let (_, _, badge) = chain.badges(bed.now, 6_000).next().unwrap();
    assert_eq!(badge, Badge::Frozen(3_601_000));
}
