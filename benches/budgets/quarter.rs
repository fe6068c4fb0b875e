//! What 400 days of a thousand validators cost: on disk, before and after the first paint, as a report over a quarter.

use crate::{Row, Times, cpu_now, row};
use sereno::domain::validator::Figures;
use sereno::domain::{
    AccountId, ChainKind, ChainSpec, Fact, Hash, Identity, Network, Observation, Roster, SessionRecord,
    Store, Thresholds, UnixMs,
};
use sereno::journal::{Journal, Role};
use sereno::report::validators::{Fold, Input, Period, Report};
use std::path::Path;
use std::time::Instant;

const VALIDATORS: u32 = 1_000;
const SESSIONS: u32 = 2_160;
const HOUR: u64 = 3_600_000;
const RUNS: usize = 9;

fn stash(n: u32) -> AccountId {
    AccountId(sp_crypto_hashing::blake2_256(&n.to_be_bytes()))
}

fn observed(period: Period, fact: Fact) -> Observation {
    Observation { at: period.from, chain: "relay".into(), endpoint: None, fact }
}

/// A session in which one in ten is no para validator, one in seven misses something.
fn session(period: Period, n: u32, stashes: &[AccountId]) -> Observation {
    let figures = |place: usize| {
        let place = place as u32;
        let missed = if (place + n).is_multiple_of(7) { place % 5 } else { 0 };
        let para = !place.is_multiple_of(10);
        let only = |count: u32| if para { count } else { 0 };
        Figures {
            authored: (place + n) % 4,
            missed_slots: u32::from((place + n).is_multiple_of(13)),
            voted: only(400 + place % 90 - missed),
            missed_votes: only(missed),
            available: only(600 - missed),
            unavailable: only(missed),
            para: Some(para),
            disabled: Some(false),
        }
    };
    let (began, first) = (period.from.plus(u64::from(n) * HOUR), u64::from(n) * 600);
    observed(
        period,
        Fact::SessionRecord(Box::new(SessionRecord {
            session: n,
            started: Some(began),
            ended: Some(began.plus(HOUR - 6_000)),
            first_block: first,
            last_block: first + 599,
            blocks: 600,
            with_votes: 600,
            with_bitfields: 600,
            complete: true,
            validators: stashes.iter().enumerate().map(|(place, s)| (*s, figures(place))).collect(),
        })),
    )
}

fn identity(period: Period) -> Observation {
    observed(
        period,
        Fact::Identity(Identity {
            genesis: Hash([1; 32]),
            first_block: Some(Hash([2; 32])),
            name: "Bench".into(),
            spec_name: "bench".into(),
            token: None,
            ss58_prefix: Some(42),
            para_id: None,
            block_time_ms: Some(6_000),
            session_blocks: Some(600),
            slot_duration_ms: None,
        }),
    )
}

fn network() -> Network {
    let relay = ChainSpec {
        id: "relay".into(),
        name: "Relay".to_owned(),
        kind: ChainKind::Relay,
        block_time_ms: None,
        optional: false,
        genesis: None,
        endpoints: vec![],
        thresholds: Thresholds::default(),
    };
    let (names, roster) = (std::collections::BTreeMap::new(), Roster::default());
    Network { id: "bench".to_owned(), public: false, chains: vec![relay], names, roster, watch: vec![] }
}

fn open(dir: &Path, role: Role, now: UnixMs) -> Journal {
    Journal::open(dir, "bench", role, now).journal
}

/// The figures.
pub(crate) fn quarter() -> Vec<Row> {
    let period = Period::quarter(2026, 3).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut stashes: Vec<AccountId> = (0..VALIDATORS).map(stash).collect();
    stashes.sort_unstable();
    let mut journal = open(dir.path(), Role::Console, period.to);
    journal.write(&[identity(period)]).unwrap();
    let before = std::fs::metadata(journal.path()).unwrap().len();
    for from in (0..SESSIONS).step_by(60) {
        let batch: Vec<_> = (from..from + 60).map(|n| session(period, n, &stashes)).collect();
        journal.write(&batch).unwrap();
    }
    let path = journal.path();
    drop(journal);
    let bytes = (std::fs::metadata(path).unwrap().len() - before) / u64::from(SESSIONS);
    let size = format!("{bytes} B, 9,600 of them {} MB", bytes * 9_600 / 1_000_000);
    let (first, rest) = restore(dir.path(), period);
    vec![
        row("a session of 1,000 validators on disk", "≤ 10,000 B", size),
        row("400 sessions of 1,000: what the first paint waits for", "≤ 15 ms", first.told()),
        row("the same: what comes after the first paint", "-", rest.told()),
        row("report over 2,160 sessions of 1,000 validators", "≤ 2 s", report(dir.path(), period).told()),
    ]
}

/// Loading and restoring: the newest sessions, and the older ones.
fn restore(dir: &Path, period: Period) -> (Times, Times) {
    let (mut first, mut rest) = (Times::default(), Times::default());
    for _ in 0..RUNS {
        let mut store = Store::default();
        let mut journal = open(dir, Role::Console, period.to);
        let began = cpu_now();
        journal.load().iter().for_each(|seen| store.restore(seen));
        first.push(cpu_now() - began);
        let began = cpu_now();
        journal.older_sessions().iter().for_each(|seen| store.restore(seen));
        rest.push(cpu_now() - began);
        assert_eq!(store.chain(&"relay".into()).unwrap().validators.sessions().count(), 400);
    }
    (first, rest)
}

/// From opening the file to the Markdown, by the wall clock.
fn report(dir: &Path, period: Period) -> Times {
    let mut times = Times::default();
    let network = network();
    for _ in 0..RUNS {
        let began = Instant::now();
        let mut fold = Fold::default();
        let mut journal = open(dir, Role::Headless, period.to);
        let chain = "relay".into();
        let kept = journal.sessions(&chain, (period.from, period.to), |record| fold.add(record)).unwrap();
        let (identity, now) = (kept.identity.as_ref(), period.to);
        let made =
            Report::of(&fold, Input { network: &network, identity, period, now, damaged: kept.damaged });
        assert!(made.markdown().contains("- Sessions analyzed: 2160"));
        times.push(began.elapsed());
    }
    times
}
