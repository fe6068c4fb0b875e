//! Roll-ups and retention.

use super::*;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 86_400_000;

/// A block each minute; block `n` stands at `start + n` minutes.
fn minute(start: UnixMs, n: u64) -> Observation {
    let mut block = block(n, 0, 0, 0);
    block.timestamp = Some(start.plus(n * 60_000));
    seen("relay", start.plus(n * 60_000 + 500), Fact::Best(Box::new(block)))
}

fn midnight() -> UnixMs {
    Span::Day.start(now())
}

fn relay() -> ChainId {
    "relay".into()
}

#[test]
fn an_hour_counts_blocks_of_the_best_chain_times_misses_and_lag() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal
        .write(&[seen("relay", midnight(), identity(None)), seen("relay", midnight(), finalized(1))])
        .unwrap();
    let mut batch: Vec<_> = (1..=90).map(|n| minute(midnight(), n)).collect();
    let mut fork = block(30, 1, 0, 0);
    fork.timestamp = Some(midnight().plus(30 * 60_000));
    batch.push(seen("relay", midnight(), Fact::Best(Box::new(fork))));
    journal.write(&batch).unwrap();
    let hours = journal.history(&relay(), (midnight(), midnight().plus(DAY)), Span::Hour).unwrap();
    assert_eq!(hours.len(), 2);
    let first = Roll {
        start: midnight(),
        blocks: 59,
        p50_ms: Some(60_000),
        p95_ms: Some(60_000),
        missed: 5,
        max_lag: Some(58),
    };
    assert_eq!(hours[0], first);
    assert_eq!((hours[1].blocks, hours[1].max_lag), (31, Some(89)));
    let days = journal.history(&relay(), (midnight(), midnight().plus(DAY)), Span::Day).unwrap();
    assert_eq!((days.len(), days[0].blocks), (1, 90));
}

#[test]
fn a_lag_that_nobody_knew_is_unknown() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", midnight(), identity(None)), minute(midnight(), 1)]).unwrap();
    let hours = journal.history(&relay(), (midnight(), midnight().plus(DAY)), Span::Hour).unwrap();
    assert_eq!((hours[0].max_lag, hours[0].p50_ms, hours[0].blocks), (None, None, 1));
}

#[test]
fn old_blocks_go_in_steps_and_their_roll_ups_stay() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", midnight(), identity(None))]).unwrap();
    let all: Vec<_> = (1..=2_880).map(|n| minute(midnight(), n)).collect();
    journal.write(&all).unwrap();
    let range = (midnight(), midnight().plus(3 * DAY));
    let hours = journal.history(&relay(), range, Span::Hour).unwrap();
    let days = journal.history(&relay(), range, Span::Day).unwrap();
    let blocks = |j: &Journal| {
        let count = |c: &Connection| c.query_row("SELECT count(*) FROM block", [], |r| r.get::<_, i64>(0));
        j.read(count).unwrap().unwrap()
    };
    assert!(journal.maintain(midnight().plus(2 * HOUR)).is_ok_and(|more| !more));
    assert_eq!(blocks(&journal), 2_880, "young blocks stay");
    let later = midnight().plus(8 * DAY + 12 * HOUR);
    assert!(journal.maintain(later).unwrap(), "a step is small");
    let mut steps = 1;
    while journal.maintain(later).unwrap() {
        steps += 1;
        assert!(steps < 20);
    }
    assert_eq!(blocks(&journal), 2_880 - 36 * 60 + 1, "seven days are kept");
    assert_eq!(journal.history(&relay(), range, Span::Hour).unwrap(), hours);
    assert_eq!(journal.history(&relay(), range, Span::Day).unwrap(), days);
    while journal.maintain(midnight().plus(500 * DAY)).unwrap() {}
    assert_eq!(journal.history(&relay(), range, Span::Hour).unwrap(), [], "hours go after 400 days");
    assert_eq!(journal.history(&relay(), range, Span::Day).unwrap(), days, "days stay");
}

#[test]
fn the_level_facts_of_a_bed_that_is_gone_go_with_its_blocks() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", midnight(), identity(Some(1))), minute(midnight(), 1)]).unwrap();
    journal.write(&[seen("relay", midnight(), identity(Some(2)))]).unwrap();
    let levels = |j: &Journal| {
        let count = |c: &Connection| c.query_row("SELECT count(*) FROM level", [], |r| r.get::<_, i64>(0));
        j.read(count).unwrap().unwrap()
    };
    assert_eq!(levels(&journal), 2);
    journal.maintain(midnight().plus(9 * DAY)).unwrap();
    assert_eq!(levels(&journal), 1);
}
