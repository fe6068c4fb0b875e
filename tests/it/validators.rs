//! What validators did, from the journal of one console to the report of another process.

use crate::sereno::now_ms;
use serde_json::Value;
use sereno::domain::validator::Figures;
use sereno::domain::{AccountId, Fact, Hash, Identity, Observation, SessionRecord, UnixMs};
use sereno::journal::{Journal, Mode, Role};
use std::path::Path;
use std::process::{Command, Output};

const HOUR: u64 = 3_600_000;
/// 2026-07-01, the first day of a quarter.
const QUARTER: i64 = 1_782_864_000_000;

fn seen(fact: Fact) -> Observation {
    Observation { at: UnixMs(QUARTER), chain: "relay".into(), endpoint: None, fact }
}

pub(crate) fn identity() -> Observation {
    seen(Fact::Identity(Identity {
        genesis: Hash([1; 32]),
        first_block: Some(Hash([2; 32])),
        name: "Fake".into(),
        spec_name: "fake".into(),
        token: None,
        ss58_prefix: Some(42),
        para_id: None,
        block_time_ms: Some(6_000),
        session_blocks: Some(600),
        slot_duration_ms: None,
    }))
}

fn session(n: u32) -> Observation {
    let began = UnixMs(QUARTER).plus(u64::from(n) * HOUR);
    let figures = |missed: u32| Figures {
        voted: 500 - missed,
        missed_votes: missed,
        available: 600,
        para: Some(true),
        ..Figures::default()
    };
    let first = u64::from(n) * 600;
    seen(Fact::SessionRecord(Box::new(SessionRecord {
        session: n,
        started: Some(began),
        ended: Some(began.plus(HOUR - 6_000)),
        first_block: first,
        last_block: first + 599,
        blocks: 600,
        with_votes: 600,
        with_bitfields: 600,
        complete: true,
        validators: vec![(AccountId([1; 32]), figures(0)), (AccountId([2; 32]), figures(250))],
    })))
}

/// `sereno --network local --state-dir STATE ARGS`.
pub(crate) fn sereno(state: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sereno"));
    for (key, _) in std::env::vars_os().filter(|(k, _)| k.to_string_lossy().starts_with("SERENO_")) {
        command.env_remove(key);
    }
    command.env("XDG_CONFIG_HOME", state).env("HOME", state);
    command.arg("--network").arg("local").arg("--state-dir").arg(state).args(args);
    command
}

fn ran(state: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = sereno(state, args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

#[test]
fn the_report_reads_the_journal_while_a_console_holds_its_lock() {
    let state = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(state.path(), "local", Role::Console, UnixMs(now_ms())).journal;
    let sessions: Vec<Observation> = [identity()].into_iter().chain((0..30).map(session)).collect();
    journal.write(&sessions).unwrap();
    assert_eq!(journal.mode(), Mode::Writer);
    let args = ["report", "validators", "--from", "2026-07-01", "--to", "2026-07-01", "--format", "json"];
    let (code, out, err) = ran(state.path(), &args);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&report["schema"], &report["sessions_analysed"]),
        (&1.into(), &24.into()),
        "a day is its end, too"
    );
    assert_eq!(report["validators"][0]["address"], AccountId([2; 32]).ss58(42));
    assert_eq!(report["validators"][0]["missed_vote_ratio"], 0.5);
    assert_eq!(report["coverage"]["missing"], 0);
    assert_eq!(ran(state.path(), &args).1, out, "the same input gives the same bytes");
    let (code, out, _) = ran(state.path(), &["report", "validators", "--quarter", "2026-Q3"]);
    let line = format!("| ? | {} | C | 50.00% |", AccountId([2; 32]).ss58(42));
    assert!(code == 0 && out.contains("- Sessions analyzed: 30") && out.contains(&line), "{out}");
    drop(journal);
}

#[test]
fn a_report_without_data_says_so_and_bad_input_is_one_sentence() {
    let state = tempfile::tempdir().unwrap();
    let (code, out, _) = ran(state.path(), &["--now", "2026-11-21T14:00:00Z", "report", "validators"]);
    assert!(code == 0 && out.contains("## Period Q4 2026") && out.contains("knows no session"), "{out}");
    for (args, part) in [
        (["--from", "2026-09-01", "--to", "2026-08-01"], "is not before --to"),
        (["--from", "soon", "--to", "2026-08-01"], "like 2026-07-01"),
        (["--only", "people", "--to", "2026-08-01"], "do not leave it out with --only"),
    ] {
        let (code, out, err) = ran(state.path(), &[&["report", "validators"], args.as_slice()].concat());
        let sentences = err.lines().filter(|l| !l.starts_with("see ")).count();
        assert!(
            code == 2 && out.is_empty() && sentences == 1 && err.contains(part),
            "{args:?}: {code} {err}"
        );
    }
    let (code, out, _) = ran(state.path(), &["--demo", "report", "validators", "--format", "json"]);
    assert_eq!(
        (code, serde_json::from_str::<Value>(&out).unwrap()["report"].clone()),
        (0, "validators".into())
    );
}
