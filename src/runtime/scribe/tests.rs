//! The scribe over a real SQLite file: what is refused, what is counted, how soon it leaves.

use super::*;
use crate::domain::Identity;
use crate::journal::Role;
use crate::journal::testing::Meddler;
use crate::runtime::clock::SystemClock;
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver as Heard, channel};

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new(None))
}

fn journal(dir: &TempDir) -> Journal {
    Journal::open(dir.path(), "local", Role::Console, clock().now()).journal
}

fn alert(n: usize) -> AlertId {
    AlertId::new("para-stall", &"relay".into(), &n.to_string())
}

fn seen(fact: Fact) -> Observation {
    Observation { at: clock().now(), chain: "relay".into(), endpoint: None, fact }
}

fn identity() -> Fact {
    Fact::Identity(Identity {
        genesis: Hash([1; 32]),
        first_block: None,
        name: "Test".into(),
        spec_name: "test".into(),
        token: None,
        ss58_prefix: None,
        para_id: None,
        block_time_ms: None,
        session_blocks: None,
        slot_duration_ms: None,
    })
}

fn started(dir: &TempDir) -> (Scribe, Heard<Msg>) {
    let (tx, heard) = channel(8);
    (Scribe::start(journal(dir), clock(), true, tx).unwrap(), heard)
}

/// Waits for the thread's end, however slow this machine is.
fn finish(mut scribe: Scribe) {
    scribe.orders = None;
    scribe.thread.take().unwrap().join().unwrap();
}

#[test]
fn a_flood_of_facts_leaves_room_for_acknowledgements_and_what_is_refused_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (mut scribe, queue) = Scribe::idle();
    scribe.keep(&seen(identity()));
    (1..QUEUE + 10).for_each(|n| scribe.keep(&seen(Fact::Peers(u32::try_from(n).unwrap()))));
    assert_eq!(scribe.lost(), (10, 0));
    for n in 0..ROOM_FOR_ACKS {
        assert!(scribe.ack(alert(n), Some("ann".to_owned()), UnixMs(1_000)), "acknowledgement {n}");
    }
    assert!(!scribe.ack(alert(999), Some("ann".to_owned()), UnixMs(1_000)), "the caller is told");
    assert_eq!(scribe.lost(), (10, 1));
    let work = Work::new(journal(&dir), clock(), false, channel(8).0, scribe.tally.clone());
    scribe.hire(work, queue).unwrap();
    let tally = scribe.tally.clone();
    finish(scribe);
    assert_eq!(tally.waiting.load(Ordering::Relaxed), 0);
    let mut after = journal(&dir);
    assert_eq!(after.acks().len(), ROOM_FOR_ACKS);
    let peers = Fact::Peers(u32::try_from(QUEUE).unwrap() - 1);
    assert!(after.load().iter().any(|o| o.fact == peers), "the last fact that had room");
}

#[test]
fn an_acknowledgement_that_the_journal_refuses_is_counted_and_told_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let _other = journal(&dir);
    let (scribe, mut heard) = started(&dir);
    assert!(scribe.ack(alert(7), Some("ann".to_owned()), UnixMs(1_000)));
    let tally = scribe.tally.clone();
    finish(scribe);
    assert_eq!(tally.acks.load(Ordering::Relaxed), 1);
    let Ok(Msg::Notice(text)) = heard.try_recv() else { panic!("nothing was said") };
    let said = text.as_str();
    assert!(said.starts_with("para-stall/relay/7: ") && said.contains("another console writes"), "{said}");
}

#[test]
fn facts_of_a_batch_that_cannot_be_written_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (scribe, mut heard) = started(&dir);
    Meddler::open(&dir.path().join("local/journal.db")).run("DROP TABLE level");
    [identity(), Fact::Peers(1)].into_iter().for_each(|fact| scribe.keep(&seen(fact)));
    let tally = scribe.tally.clone();
    finish(scribe);
    assert_eq!(tally.facts.load(Ordering::Relaxed), 2);
    assert!(matches!(heard.try_recv(), Ok(Msg::Notice(text)) if text.as_str().contains("level")));
}

#[test]
fn leaving_waits_until_the_last_rows_are_written() {
    // It waits for a moment only, and this machine may be busy: one of ten is enough.
    let waited = (0..10).any(|_| {
        let dir = tempfile::tempdir().unwrap();
        let (scribe, _heard) = started(&dir);
        [identity(), Fact::Peers(77)].into_iter().for_each(|fact| scribe.keep(&seen(fact)));
        drop(scribe);
        let mut after = journal(&dir);
        // The thread has ended where the lock is free again.
        let ended = after.mode() == Mode::Writer;
        assert!(!ended || after.load().iter().any(|o| o.fact == Fact::Peers(77)), "it ended without writing");
        ended
    });
    assert!(waited, "the thread was never waited for");
}

#[test]
fn leaving_does_not_wait_for_a_disk_that_hangs() {
    let dir = tempfile::tempdir().unwrap();
    let (scribe, _heard) = started(&dir);
    // Who holds this lock makes every write wait for five seconds.
    let other = Meddler::open(&dir.path().join("local/journal.db"));
    other.run("BEGIN IMMEDIATE");
    [identity(), Fact::Peers(77)].into_iter().for_each(|fact| scribe.keep(&seen(fact)));
    let clock = clock();
    let began = clock.now();
    drop(scribe);
    let took = clock.now().since(began);
    assert!(took < 3_000, "left after {took} ms");
}
