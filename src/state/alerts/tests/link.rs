//! Our own link, and a console that stood still: what they hide is neither quiet nor an alarm.

use super::*;

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
