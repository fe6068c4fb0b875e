//! What is written comes back, and who may write.

use super::*;
use crate::domain::{AlertId, Authorities, Dispute, Era, Inclusion, Link, Store, store::ChainView};
use proptest::prelude::*;

fn view(store: &Store) -> ChainView {
    let mut view = store.chain(&"relay".into()).unwrap().clone();
    view.first_seen = UnixMs(0);
    view
}

/// The view after a restart against the one that all facts give when restored directly.
fn assert_restored(batches: &[Vec<Observation>]) {
    let dir = dir();
    let mut journal = writer(&dir);
    let mut whole = Store::default();
    for batch in batches {
        journal.write(batch).unwrap();
        batch.iter().for_each(|o| whole.restore(o));
    }
    drop(journal);
    let mut journal = writer(&dir);
    let mut again = Store::default();
    journal.load().iter().for_each(|o| again.restore(o));
    assert_eq!(journal.take_notices(), Vec::<Clean>::new());
    let (again, whole) =
        (serde_json::to_value(view(&again)).unwrap(), serde_json::to_value(view(&whole)).unwrap());
    for (field, value) in whole.as_object().unwrap() {
        assert_eq!(&again[field], value, "{field}");
    }
}

fn some_fact(kind: u8, n: u64) -> Fact {
    let index = u32::try_from(n).unwrap();
    match kind {
        0..=5 => Fact::Best(Box::new(block(n, 0, 0, 2))),
        6 => Fact::Best(Box::new(block(n, 1, 0, 2))),
        7 => Fact::Filled(Box::new(block(n, 0, 0, 1))),
        8 => finalized(n),
        9 => Fact::Gap { from: n, to: n + 3 },
        10 => session(index / 8, n),
        11 => Fact::Authorities(Authorities { session: index, validators: vec![account(1), account(2)] }),
        12 => Fact::Era((!n.is_multiple_of(2)).then_some(Era { index, started: Some(now()) })),
        13 => Fact::Peers(index),
        14 => Fact::Pool(index % 2),
        15 => Fact::Disputes {
            disputes: vec![Dispute {
                session: index,
                candidate: hash(n, 7),
                votes_for: 1,
                votes_against: 2,
                started: n,
                concluded: None,
                validators: None,
            }],
            frozen: Some(n),
        },
        16 => Fact::Inclusion(Inclusion { para: ParaId(index % 3), relay_block: Some(n) }),
        17 => Fact::Conflict { number: n, ours: hash(n, 0), theirs: hash(n, 1) },
        18 => runtime(index, n, false),
        19 => runtime(index, n, true),
        20..=22 => Fact::Unread {
            section: ["era", "session", "runtime", "pool", "hrmp"][usize::try_from(n % 5).unwrap()].into(),
            reason: "no such pallet".into(),
        },
        23 => Fact::Link(Link::Up),
        24 => Fact::Latency(index),
        25 => Fact::Source,
        _ => Fact::PeerBest(BlockRef { number: n, hash: hash(n, 0) }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_restart_gives_the_same_view_whatever_was_said(
        kinds in proptest::collection::vec((0u8..27, 0u64..3, 1usize..6), 1..120)
    ) {
        // Facts come 31 s apart, so that no age is left to be refreshed.
        let mut at = now();
        let mut batches = vec![vec![seen("relay", at, identity(Some(0)))]];
        let (mut n, mut newest_final) = (3u64, 0);
        for (kind, step, batch) in kinds {
            at = at.plus(31_000);
            // A block becomes best once: going back to an older one is the next test's.
            n += if kind <= 6 { step + 1 } else { step };
            let number = match kind {
                7 => n - 2,
                _ => n,
            };
            if kind == 8 && number <= newest_final {
                continue;
            }
            if kind == 8 {
                newest_final = number;
            }
            let fact = some_fact(kind, number);
            if batch > 2 {
                batches.push(vec![]);
            }
            batches.last_mut().unwrap().push(seen("relay", at, fact));
        }
        assert_restored(&batches);
    }
}

#[test]
fn going_back_to_an_abandoned_block_is_remembered() {
    let dir = dir();
    let mut journal = writer(&dir);
    let fork = |n, f| seen("relay", best("relay", n).at, Fact::Best(Box::new(block(n, f, 0, 0))));
    let batch = [
        seen("relay", now(), identity(None)),
        best("relay", 1),
        best("relay", 2),
        fork(2, 1),
        best("relay", 2),
    ];
    let mut whole = Store::default();
    for seen in &batch {
        journal.write(std::slice::from_ref(seen)).unwrap();
        whole.restore(seen);
    }
    let mut again = Store::default();
    journal.load().iter().for_each(|o| again.restore(o));
    assert_eq!(view(&again).best, view(&whole).best);
    assert_eq!(view(&again).blocks, view(&whole).blocks);
}

#[test]
fn a_gap_between_two_runs_stays_and_stands_once_even_where_its_end_was_not_kept() {
    let dir = dir();
    let run = |last: u64, keeps_finality: bool| {
        let mut journal = writer(&dir);
        let mut store = Store::default();
        journal.load().iter().for_each(|o| store.restore(o));
        let seen = seen("relay", now().plus(last * 6_000), finalized(last));
        let gap = store.gap_before(&seen);
        let mut batch = vec![super::seen("relay", now(), identity(None))];
        batch.extend(gap);
        batch.push(seen);
        batch.iter().for_each(|o| store.apply(o));
        assert_eq!(store.gap_before(&batch[batch.len() - 1]), None, "nothing is missing any more");
        journal.write(&batch[..batch.len() - usize::from(!keeps_finality)]).unwrap();
        view(&store).gaps.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(run(100, true), []);
    assert_eq!(run(101, true), [], "the very next one");
    assert_eq!(run(150, false), [(102, 149)], "killed between the two");
    assert_eq!(run(200, true), [(102, 199)]);
    assert_eq!(run(200, true), [(102, 199)]);
    assert_eq!(run(190, true), [(102, 199)], "a younger bed says nothing");
}

#[test]
fn the_ring_comes_back_full_after_more_blocks_than_it_holds() {
    let mut batches =
        vec![vec![seen("relay", now(), identity(Some(0))), seen("relay", now(), session(0, 1))]];
    for from in (1..=1_000).step_by(50) {
        let mut batch = vec![];
        for n in from..from + 50 {
            batch.push(best("relay", n));
            if n > 2 {
                batch.push(seen("relay", best("relay", n).at, finalized(n - 2)));
            }
            if n.is_multiple_of(600) {
                batch.push(seen("relay", best("relay", n).at, session(1, n)));
            }
        }
        batches.push(batch);
    }
    assert_restored(&batches);
}

#[test]
fn facts_about_connections_are_not_kept() {
    let dir = dir();
    let mut journal = writer(&dir);
    let head = BlockRef { number: 1, hash: hash(1, 0) };
    let facts = [
        Fact::Link(Link::Up),
        Fact::Latency(9),
        Fact::Source,
        Fact::PeerBest(head),
        Fact::PeerFinalized(head),
    ];
    let mut batch = vec![seen("relay", now(), identity(None))];
    batch.extend(facts.map(|f| seen("relay", now(), f)));
    journal.write(&batch).unwrap();
    assert_eq!(journal.load(), batch[..1]);
}

#[test]
fn facts_wait_for_the_identity_of_their_chain() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[best("relay", 5), best("people", 6)]).unwrap();
    assert_eq!(journal.load(), []);
    journal.write(&[seen("relay", now(), identity(None))]).unwrap();
    assert_eq!(numbers(&journal.load()), [5]);
}

#[test]
fn an_unchanged_value_is_written_again_only_for_its_age() {
    let dir = dir();
    let mut journal = writer(&dir);
    let pool = |after: u64, n| seen("relay", now().plus(after), Fact::Pool(n));
    journal.write(&[seen("relay", now(), identity(None)), pool(0, 1)]).unwrap();
    let stored = |j: &mut Journal| j.load().last().map(|o| (o.at.since(now()), o.fact.clone())).unwrap();
    journal.write(&[pool(29_999, 1)]).unwrap();
    assert_eq!(stored(&mut journal), (0, Fact::Pool(1)));
    journal.write(&[pool(30_000, 1)]).unwrap();
    assert_eq!(stored(&mut journal), (30_000, Fact::Pool(1)));
    journal.write(&[pool(30_001, 2)]).unwrap();
    assert_eq!(stored(&mut journal), (30_001, Fact::Pool(2)));
}

#[test]
fn a_new_bed_is_a_new_history_and_the_old_one_comes_back_with_its_bed() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", now(), identity(Some(1))), best("relay", 500)]).unwrap();
    journal.write(&[seen("relay", now(), identity(Some(2))), best("relay", 7)]).unwrap();
    assert_eq!(numbers(&journal.load()), [7]);
    journal.write(&[seen("relay", now(), identity(Some(1))), best("relay", 501)]).unwrap();
    drop(journal);
    assert_eq!(numbers(&writer(&dir).load()), [500, 501]);
}

#[test]
fn a_bed_that_had_no_first_block_yet_stays_the_same_history() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", now(), identity(None)), seen("relay", now(), Fact::Peers(3))]).unwrap();
    journal.write(&[seen("relay", now(), identity(Some(1))), best("relay", 7)]).unwrap();
    assert_eq!(journal.load().len(), 3);
    journal.write(&[seen("relay", now(), identity(Some(2)))]).unwrap();
    assert_eq!(journal.load().len(), 1);
}

#[test]
fn a_second_console_reads_and_takes_over_when_the_first_has_ended() {
    let dir = dir();
    let mut first = writer(&dir);
    first.write(&[seen("relay", now(), identity(None)), best("relay", 1)]).unwrap();
    let opened = console(&dir);
    assert!(
        opened.notices[0].as_str().starts_with("Another console writes the journal"),
        "{:?}",
        opened.notices
    );
    let mut second = opened.journal;
    assert_eq!(second.mode(), Mode::Reader);
    assert_eq!(numbers(&second.load()), [1]);
    assert!(!second.try_become_writer(now()));
    assert!(matches!(
        second.save_ack(&AlertId::new("block-stall", &"relay".into(), ""), "ann", now()),
        Err(JournalError::ReadOnly { .. })
    ));
    second.write(&[seen("relay", now(), identity(None)), seen("relay", now(), Fact::Pool(77))]).unwrap();
    first.write(&[best("relay", 2)]).unwrap();
    assert_eq!(numbers(&second.load()), [1, 2], "a reader sees what the writer committed");
    drop(first);
    assert!(second.try_become_writer(now()));
    assert_eq!(second.mode(), Mode::Writer);
    assert_eq!(second.take_notices().len(), 1);
    second.write(&[best("relay", 3)]).unwrap();
    let facts = second.load();
    assert_eq!(numbers(&facts), [1, 2, 3]);
    assert!(facts.iter().any(|o| o.fact == Fact::Pool(77)), "what it knew as a reader is written too");
}

#[test]
fn a_headless_command_reads_and_leaves_no_trace() {
    let dir = dir();
    let mut reader = Journal::open(dir.path(), "local", Role::Headless, now()).journal;
    assert_eq!(reader.load(), []);
    assert_eq!(reader.acks(), []);
    assert!(!reader.try_become_writer(now()));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    let mut first = writer(&dir);
    first.write(&[seen("relay", now(), identity(None)), best("relay", 1)]).unwrap();
    assert_eq!(numbers(&reader.load()), [1]);
}

#[test]
fn acknowledgements_and_pins_survive_a_restart() {
    let dir = dir();
    let mut journal = writer(&dir);
    let alert = AlertId::new("para-stall", &"relay".into(), "1004");
    let other = AlertId::new("block-stall", &"relay".into(), "");
    journal.save_ack(&alert, "ann", now()).unwrap();
    journal.save_ack(&alert, "bob", now().plus(1)).unwrap();
    journal.save_ack(&other, "ann", now()).unwrap();
    assert!(journal.clear_ack(&other).unwrap());
    assert!(!journal.clear_ack(&other).unwrap());
    assert_eq!(journal.pinned_genesis(&"relay".into()), None);
    assert_eq!(journal.pin_genesis(&"relay".into(), hash(0, 1)), Ok(hash(0, 1)));
    assert_eq!(journal.pin_genesis(&"relay".into(), hash(0, 2)), Ok(hash(0, 1)), "the first pin stays");
    drop(journal);
    let mut journal = writer(&dir);
    let ack = Ack { alert: alert.as_str().to_owned(), by: "bob".to_owned(), at: now().plus(1) };
    assert_eq!(journal.acks(), [ack]);
    assert_eq!(journal.pinned_genesis(&"relay".into()), Some(hash(0, 1)));
}

#[test]
fn networks_do_not_mix_and_their_names_stay_inside_the_state_directory() {
    let dir = dir();
    let mut a = Journal::open(dir.path(), "../../a/b", Role::Console, now()).journal;
    let mut b = Journal::open(dir.path(), "..", Role::Console, now()).journal;
    a.write(&[seen("relay", now(), identity(None))]).unwrap();
    assert_eq!(b.load(), []);
    for j in [&a, &b] {
        assert_eq!(j.mode(), Mode::Writer);
        assert_eq!(j.path().parent().unwrap().parent().unwrap(), dir.path());
    }
}
