//! What validators did, kept and given back.

use super::*;
use crate::domain::validator::Figures;
use crate::domain::{SessionRecord, Store, ValidatorSet};

const DAY: u64 = 86_400_000;
const HOUR: u64 = 3_600_000;

fn stash(n: u32) -> AccountId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    AccountId(sp_crypto_hashing::blake2_256(&bytes))
}

/// An hour of `count` validators: one in ten is no para validator, one in seven missed something.
fn record(session: u32, count: u32, blocks: u32) -> SessionRecord {
    let figures = |n: u32| {
        let missed = if (n + session).is_multiple_of(7) { n % 5 } else { 0 };
        let para = !n.is_multiple_of(10);
        Figures {
            authored: (n + session) % 4,
            missed_slots: u32::from((n + session).is_multiple_of(13)),
            voted: if para { 400 + n % 90 - missed } else { 0 },
            missed_votes: if para { missed } else { 0 },
            available: if para { blocks - missed } else { 0 },
            unavailable: if para { missed } else { 0 },
            para: Some(para),
            disabled: Some(false),
        }
    };
    let start = now().plus(u64::from(session) * HOUR);
    let mut validators: Vec<_> = (0..count).map(|n| (stash(n), figures(n))).collect();
    validators.sort_by_key(|(s, _)| *s);
    SessionRecord {
        session,
        started: Some(start),
        ended: Some(start.plus(HOUR - 6_000)),
        first_block: u64::from(session) * 600,
        last_block: u64::from(session) * 600 + u64::from(blocks) - 1,
        blocks,
        with_votes: blocks,
        with_bitfields: blocks,
        complete: blocks == 600,
        validators,
    }
}

fn told(record: &SessionRecord) -> Observation {
    let at = record.ended.unwrap_or(now()).plus(400);
    Observation { endpoint: None, ..seen("relay", at, Fact::SessionRecord(Box::new(record.clone()))) }
}

fn loaded(facts: &[Observation]) -> Vec<SessionRecord> {
    let record = |o: &Observation| match &o.fact {
        Fact::SessionRecord(record) => Some((**record).clone()),
        _ => None,
    };
    facts.iter().filter_map(record).collect()
}

fn with(records: &[SessionRecord]) -> (TempDir, Journal) {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", now(), identity(Some(0)))]).unwrap();
    journal.write(&records.iter().map(told).collect::<Vec<_>>()).unwrap();
    (dir, journal)
}

#[test]
fn the_newest_sessions_come_before_the_blocks_and_the_rest_when_asked_for() {
    let all: Vec<SessionRecord> = (0..60).map(|s| record(s, 12, 600)).collect();
    let (dir, mut journal) = with(&all);
    journal.write(&[best("relay", 5)]).unwrap();
    drop(journal);
    let mut journal = writer(&dir);
    let facts = journal.load();
    assert_eq!(loaded(&facts), all[12..]);
    assert_eq!(facts.iter().position(|o| matches!(o.fact, Fact::SessionRecord(_))), Some(1));
    let older = journal.older_sessions();
    assert_eq!(loaded(&older), all[..12]);
    let mut store = Store::default();
    facts.iter().chain(&older).for_each(|o| store.restore(o));
    let book = &store.chain(&"relay".into()).unwrap().validators;
    assert!(book.sessions().eq(all.iter().rev()));
    assert_eq!(journal.take_notices(), Vec::<Clean>::new());
}

#[test]
fn a_row_is_replaced_by_what_tells_more() {
    let whole = record(3, 4, 600);
    let part = SessionRecord { first_block: 1_900, blocks: 499, complete: false, ..whole.clone() };
    let more = SessionRecord { blocks: 500, last_block: 2_300, complete: false, ..whole.clone() };
    // A reorganisation may end a session one block earlier.
    let fewer = SessionRecord { blocks: 499, ..more.clone() };
    let (_dir, mut journal) = with(std::slice::from_ref(&more));
    let mut after = |record: &SessionRecord| {
        journal.write(&[told(record)]).unwrap();
        loaded(&journal.load())[0].clone()
    };
    assert_eq!(after(&part), more, "another run began later and saw less");
    assert_eq!(after(&fewer), fewer);
    assert_eq!(after(&whole), whole);
    assert_eq!(after(&more), whole, "complete stays");
}

#[test]
fn the_set_of_a_block_that_filled_a_gap_does_not_replace_that_of_a_later_session() {
    let set = |session: u32| {
        let set = ValidatorSet { session, validators: vec![stash(session)], ..ValidatorSet::default() };
        seen("relay", now(), Fact::Validators(Box::new(set)))
    };
    let kept = |journal: &mut Journal| {
        let is_set = |o: &Observation| match &o.fact {
            Fact::Validators(set) => Some(set.session),
            _ => None,
        };
        journal.load().iter().filter_map(is_set).collect::<Vec<_>>()
    };
    let dir = dir();
    let mut journal = writer(&dir);
    let mut reader = console(&dir).journal;
    assert_eq!(reader.mode(), Mode::Reader);
    for batch in [vec![seen("relay", now(), identity(Some(0))), set(9)], vec![set(8)]] {
        journal.write(&batch).unwrap();
        reader.write(&batch).unwrap();
    }
    assert_eq!(kept(&mut journal), [9]);
    drop(journal);
    assert!(reader.try_become_writer(now()));
    assert_eq!((reader.mode(), kept(&mut reader)), (Mode::Writer, vec![9]), "what a reader remembers");
    reader.write(&[set(10)]).unwrap();
    assert_eq!(kept(&mut reader), [10]);
    drop(reader);
    assert_eq!(kept(&mut writer(&dir)), [10]);
}

/// Two runs over one file, as the console makes them: what the second counts goes on where the first one ended.
#[test]
fn a_second_run_goes_on_with_the_session_and_counts_no_block_twice() {
    let dir = dir();
    let voted = |n: u64| Block { session: Some(9), author: Some(stash(0)), ..block(n, 0, 0, 0) };
    let run = |from: u64, to: u64| {
        let mut journal = writer(&dir);
        let mut store = Store::default();
        journal.load().iter().for_each(|o| store.restore(o));
        let set = ValidatorSet { session: 9, validators: vec![stash(0)], ..ValidatorSet::default() };
        let mut facts = vec![
            seen("relay", now(), identity(Some(0))),
            seen("relay", now(), Fact::Validators(Box::new(set))),
        ];
        // The first one is read again to fill the gap: the journal has it and its record has counted it.
        facts.extend((from..=to).map(|n| {
            let block = Box::new(voted(n));
            seen(
                "relay",
                now().plus(n * 6_000),
                if n == from { Fact::Filled(block) } else { Fact::Best(block) },
            )
        }));
        facts.iter().for_each(|o| store.apply(o));
        journal.write(&facts).unwrap();
        let book = &store.chain(&"relay".into()).unwrap().validators;
        let kept: Vec<Observation> = book.open_sessions().map(told).collect();
        journal.write(&kept).unwrap();
        loaded(&journal.load()).pop().unwrap()
    };
    let first = run(1, 20);
    assert_eq!((first.blocks, first.last_block, first.of(&stash(0)).unwrap().authored), (20, 20, 20));
    let second = run(15, 30);
    assert_eq!((second.blocks, second.last_block, second.of(&stash(0)).unwrap().authored), (30, 30, 30));
}

/// A run that was killed has written its blocks and not yet what it counted of the newest: those are lost, and a
/// reorganisation among them takes nothing away that was never counted.
#[test]
fn blocks_that_a_killed_run_did_not_count_are_never_taken_back() {
    let (dir, mut journal) = with(&[SessionRecord {
        session: 9,
        first_block: 1,
        last_block: 20,
        blocks: 20,
        ..SessionRecord::default()
    }]);
    let of = |n: u64, fork: u8, parent: u8| Block {
        session: Some(9),
        author: Some(stash(0)),
        ..block(n, fork, parent, 0)
    };
    let told = |b: Block| seen("relay", now().plus(b.at.number * 6_000), Fact::Best(Box::new(b)));
    journal.write(&(15..=25).map(|n| told(of(n, 0, 0))).collect::<Vec<_>>()).unwrap();
    drop(journal);
    let mut store = Store::default();
    writer(&dir).load().iter().for_each(|o| store.restore(o));
    [told(of(24, 1, 0)), told(of(25, 1, 1)), told(of(26, 1, 1))].iter().for_each(|o| store.apply(o));
    let view = store.chain(&"relay".into()).unwrap();
    let record = view.validators.record(9).unwrap();
    assert_eq!(
        (view.reorgs, record.blocks, record.last_block),
        (1, 23, 26),
        "20 before, three new, 21 to 23 lost"
    );
    assert_eq!(record.of(&stash(0)).unwrap().authored, 3);
}

#[test]
fn a_period_is_told_one_by_one_with_who_the_chain_is() {
    let all: Vec<SessionRecord> = (0..60).map(|s| record(s, 12, 600)).collect();
    let (_dir, mut journal) = with(&all);
    journal.write(&[seen("people", now(), identity(None))]).unwrap();
    let mut found = Vec::new();
    let period = (now().plus(10 * HOUR), now().plus(20 * HOUR));
    let kept = journal.sessions(&"relay".into(), period, |r| found.push(r.clone())).unwrap();
    assert_eq!(found, all[10..20], "a session belongs to the period in which it ended");
    assert_eq!((kept.identity.and_then(|i| i.ss58_prefix), kept.damaged), (Some(42), 0));
    let nobody = journal.sessions(&"nobody".into(), period, |_| panic!("no session")).unwrap();
    assert_eq!(nobody, Kept { identity: None, damaged: 0 });
}

#[test]
fn a_reader_reads_a_period_while_another_process_writes() {
    let (dir, mut journal) = with(&[record(1, 4, 600)]);
    let mut reader = Journal::open(dir.path(), "local", Role::Headless, now()).journal;
    journal.write(&[told(&record(2, 4, 600))]).unwrap();
    let mut found = 0;
    reader.sessions(&"relay".into(), (UnixMs(0), UnixMs(i64::MAX)), |_| found += 1).unwrap();
    assert_eq!((reader.mode(), found), (Mode::Reader, 2));
}

#[test]
fn a_damaged_row_is_left_out_and_counted() {
    let (dir, journal) = with(&[record(1, 4, 600), record(2, 4, 600), record(3, 4, 600)]);
    if let Place::Disk { conn, .. } = &journal.place {
        conn.execute("UPDATE record SET body = x'01ffff' WHERE session = 2", []).unwrap();
        conn.execute("UPDATE record SET body = CAST(x'02' || substr(body, 2) AS BLOB) WHERE session = 3", [])
            .unwrap();
    }
    drop(journal);
    let mut journal = writer(&dir);
    assert_eq!(loaded(&journal.load()), [record(1, 4, 600)]);
    let notices = journal.take_notices();
    assert!(notices.iter().any(|n| n.as_str().starts_with("2 rows of the journal")), "{notices:?}");
    let kept = journal.sessions(&"relay".into(), (UnixMs(0), UnixMs(i64::MAX)), |_| {}).unwrap();
    assert_eq!(kept.damaged, 2);
}

#[test]
fn sessions_stay_400_days() {
    let all: Vec<SessionRecord> = (0..40).map(|s| record(s * 24, 4, 600)).collect();
    let (_dir, mut journal) = with(&all);
    let later = now().plus(400 * DAY + 30 * DAY);
    while journal.maintain(later).unwrap() {}
    let mut kept = Vec::new();
    journal.sessions(&"relay".into(), (UnixMs(0), UnixMs(i64::MAX)), |r| kept.push(r.session / 24)).unwrap();
    assert_eq!(kept, (30..40).collect::<Vec<_>>());
}

/// The file was written by the program as it was before records were kept.
#[test]
fn a_file_of_schema_1_is_brought_up_and_copied_before() {
    let bytes = include_bytes!("../../../tests/it/fixtures/journal-schema-1.db.zst");
    let dir = dir();
    let home = dir.path().join("local");
    std::fs::create_dir(&home).unwrap();
    let before = zstd::decode_all(bytes.as_slice()).unwrap();
    std::fs::write(home.join("journal.db"), &before).unwrap();
    let mut reader = Journal::open(dir.path(), "local", Role::Headless, now()).journal;
    let kept = reader.sessions(&"relay".into(), (UnixMs(0), now()), |_| panic!("no session")).unwrap();
    assert_eq!((kept.identity.is_some(), reader.older_sessions().len()), (true, 0));
    assert_eq!(
        (numbers(&reader.load()).len(), reader.acks().len()),
        (40, 1),
        "pins count before it is brought up"
    );
    drop(reader);
    assert!(std::fs::read(home.join("journal.db")).unwrap() == before, "a reader changes nothing");
    let mut journal = writer(&dir);
    assert_eq!(numbers(&journal.load()).len(), 40);
    assert_eq!(journal.acks().len(), 1);
    let copy = std::fs::metadata(home.join("journal.db.before-schema-1")).unwrap();
    assert!(copy.len() > 40_000, "{}", copy.len());
    journal.write(&[seen("relay", now(), identity(Some(0))), told(&record(1, 4, 600))]).unwrap();
    drop(journal);
    let mut journal = writer(&dir);
    assert_eq!(loaded(&journal.load()), [record(1, 4, 600)]);
    assert!(journal.has_whole_session(&"relay".into(), 1).unwrap());
    assert!(!journal.has_whole_session(&"relay".into(), 2).unwrap());
    assert!(journal.check());
}
