//! Alerts that another explains fold under it.

use super::*;

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
