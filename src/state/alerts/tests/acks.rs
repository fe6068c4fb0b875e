//! Acknowledgements and silences: who has an alert, and until when nobody wants to hear of it.

use super::*;

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
