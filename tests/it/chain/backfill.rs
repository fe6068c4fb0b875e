//! Past sessions from a node into the journal, through the real program: the same figures as live, resumable, polite.

use super::bed::{Bed, Options};
use super::validators::Relay;
use crate::faultd::{FakeRuntime, Node};
use crate::sereno::{now_ms, poll};
use crate::validators::sereno;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use sereno::domain::{Fact, Observation, SessionRecord, Store, UnixMs};
use sereno::journal::{Journal, Role};
use std::io::Read as _;
use std::path::Path;
use std::process::{Output, Stdio};

const GROUPS: &[&[u32]] = &[&[0, 1, 2], &[3, 4, 5]];
const BLOCKS: u64 = 8;

/// Sessions 7 to 11 of eight blocks each; para index 1 misses every other vote, and every block has the bitfields of all
/// but index 4. `after` is called for each block.
async fn sessions(relay: &Relay, mut after: impl AsyncFnMut(u64)) {
    let bits = |i: u32| (i, vec![i != 4; 3]);
    relay.chain.write_body(vec![relay.encoder.enter(&(0..6).map(bits).collect::<Vec<_>>())]);
    for session in 7..12 {
        for n in 0..BLOCKS {
            relay.session(session, GROUPS);
            let voters: &[u32] = if n % 2 == 0 { &[0, 2] } else { &[0, 1, 2] };
            // The first block of a session is still backed by the one before.
            relay.votes(if n == 0 { session - 1 } else { session }, &[(1_000, voters), (1_004, &[3, 4, 5])]);
            relay.chain.advance(1);
            after(relay.chain.best()).await;
        }
    }
}

fn records(state: &Path) -> Vec<SessionRecord> {
    let mut opened = Journal::open(state, "local", Role::Headless, UnixMs(now_ms()));
    let mut found = vec![];
    let all = (UnixMs(0), UnixMs(i64::MAX));
    opened.journal.sessions(&"relay".into(), all, |record| found.push(record.clone())).unwrap();
    assert!(opened.journal.check());
    found
}

/// The same in a real terminal of 80 columns: every byte that came there, and the status.
fn backfill_in_a_terminal(state: &Path, node: &Node, more: &[&str]) -> (u32, Vec<u8>) {
    let pair =
        native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sereno"));
    command.args(["--network", "local", "--endpoint", &format!("relay={}", node.url()), "--state-dir"]);
    command.arg(state);
    command.args(["validators", "backfill"]);
    command.args(more);
    command.env("XDG_CONFIG_HOME", state);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut bytes = vec![];
    let mut chunk = [0; 4_096];
    // The end of a terminal is an error.
    while let Ok(n @ 1..) = reader.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..n]);
    }
    (child.wait().unwrap().exit_code(), bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_terminal_a_bar_is_drawn_and_overwritten_in_place_and_lines_stay_of_what_is_whole() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    sessions(&relay, async |_| ()).await;
    let node = Node::start(&relay.chain).await;
    let state = tempfile::tempdir().unwrap();
    let args = ["--sessions", "3", "--rate", "200"];
    let dir = state.path().to_owned();
    let ran = tokio::task::spawn_blocking(move || backfill_in_a_terminal(&dir, &node, &args));
    let (code, bytes) = ran.await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(code, 0, "{text:?}");

    let frames: Vec<&str> = text.split("\r\u{1b}[K").skip(1).collect();
    let bars: Vec<&&str> = frames.iter().filter(|f| f.starts_with('[')).collect();
    assert!(bars.len() >= 7, "one for each block but the last of three sessions at least: {text:?}");
    assert!(bars.iter().all(|b| b.chars().count() < 80 && !b.contains('\n')), "{bars:?}");
    assert!(bars.iter().any(|b| b.starts_with("[####") && b.contains(".] session 10")), "{bars:?}");
    let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    let row_of_the_bar = |contents: String| {
        let rows: Vec<usize> =
            contents.lines().enumerate().filter(|(_, l)| l.starts_with('[')).map(|(n, _)| n).collect();
        assert!(rows.len() <= 1, "a bar was left behind:\n{contents}");
        rows.first().copied()
    };
    let mut rows = vec![];
    for frame in &frames {
        terminal.process(format!("\r\u{1b}[K{frame}").as_bytes());
        rows.extend(row_of_the_bar(terminal.screen().contents()));
    }
    assert_eq!((rows.first(), rows.last()), (Some(&0), Some(&2)), "a row further with each whole session");
    assert!(rows.is_sorted(), "{rows:?}");

    let contents = terminal.screen().contents();
    let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
    assert_eq!(lines.len(), 4, "{contents}");
    for (line, session) in lines.iter().zip([10, 9, 8]) {
        assert!(line.starts_with(&format!("session {session}: 8 of 8 blocks, ")), "{contents}");
    }
    assert_eq!(lines[3], "sereno: 3 sessions filled, 0 were whole already");
}

async fn backfill(state: &Path, node: &Node, more: &[&str]) -> (i32, String) {
    let endpoint = format!("relay={}", node.url());
    let mut command = sereno(state, &["--endpoint", &endpoint, "validators", "backfill"]);
    command.args(more);
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let Output { status, stdout, stderr } = ran;
    assert!(stdout.is_empty());
    let err = String::from_utf8(stderr).unwrap();
    assert!(!err.chars().any(|c| c.is_control() && c != '\n'), "a pipe is no terminal: {err:?}");
    (status.code().unwrap_or(-1), err)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_filled_in_has_the_same_figures_as_live() {
    for runtime in [FakeRuntime::relay_2026(6_000), FakeRuntime::relay_2024()] {
        let relay = Relay::new(runtime);
        let node = Node::start(&relay.chain).await;
        let bed = Bed::with(vec![node.url()], &Options { bodies: true, ..Options::default() });
        sessions(&relay, async |number| {
            bed.until_best(number, 10).await;
        })
        .await;
        let mut live = Store::default();
        bed.seen().iter().for_each(|o: &Observation| live.apply(o));
        let book = &live.chain(&"relay".into()).unwrap().validators;
        let state = tempfile::tempdir().unwrap();
        let (code, err) = backfill(state.path(), &node, &["--sessions", "3", "--rate", "1000"]).await;
        assert_eq!(code, 0, "{err}");
        assert!(
            err.contains("session 10: 8 of 8 blocks") && err.contains("3 sessions filled, 0 were whole"),
            "{err}"
        );
        let filled = records(state.path());
        assert_eq!(
            filled.iter().map(|r| (r.session, r.complete)).collect::<Vec<_>>(),
            [(8, true), (9, true), (10, true)]
        );
        for record in &filled {
            let own = book.record(record.session).unwrap();
            assert_eq!(record, &SessionRecord { complete: true, ..own.clone() });
            assert_eq!((record.blocks, record.with_votes, record.with_bitfields), (8, 8, 8));
        }
        let missed: Vec<_> =
            filled[0].validators.iter().map(|(_, f)| (f.missed_votes, f.unavailable)).collect();
        assert_eq!(
            missed,
            [(0, 0), (0, 8), (0, 0), (0, 0), (4, 0), (0, 0)],
            "by stash: para index five minus place"
        );
        let before = node.calls()["state_queryStorageAt"];
        let (code, err) = backfill(state.path(), &node, &["--sessions", "3"]).await;
        assert!(code == 0 && err.contains("0 sessions filled, 3 were whole already"), "{err}");
        assert!(node.calls()["state_queryStorageAt"] < before + 5, "what is whole is not read again");
        assert!(!bed.seen().iter().any(|o| matches!(o.fact, Fact::Conflict { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_keeps_what_is_whole_and_goes_on_with_the_same_command() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    sessions(&relay, async |_| ()).await;
    let node = Node::start(&relay.chain).await;
    let state = tempfile::tempdir().unwrap();
    let endpoint = format!("relay={}", node.url());
    let args = ["--endpoint", &endpoint, "validators", "backfill", "--sessions", "3", "--rate", "60"];
    let child = sereno(state.path(), &args).stderr(Stdio::piped()).spawn().unwrap();
    let dir = state.path().to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        poll(30_000, || (!records(&dir).is_empty()).then_some(())).expect("one session is filled");
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        child.wait_with_output().unwrap()
    });
    let Output { status, stderr, .. } = ended.await.unwrap();
    let err = String::from_utf8(stderr).unwrap();
    assert!(status.code() == Some(130) && err.contains("the same command goes on"), "{status} {err}");
    let kept = records(state.path());
    assert!(!kept.is_empty() && kept.len() < 3 && kept.iter().all(|r| r.complete), "{kept:?}");
    let (code, err) = backfill(state.path(), &node, &["--sessions", "3", "--rate", "1000"]).await;
    let said = format!("{} sessions filled, {} were whole already", 3 - kept.len(), kept.len());
    assert!(code == 0 && err.contains(&said), "{err}");
    assert_eq!(records(state.path()).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_filled_is_told_in_one_sentence() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    sessions(&relay, async |_| ()).await;
    let node = Node::start(&relay.chain).await;
    // Session 10 begins at block 25; its predecessor's last block is the first one that is needed and gone.
    node.set(|s| s.pruned_below = 20);
    let state = tempfile::tempdir().unwrap();
    let (code, err) = backfill(state.path(), &node, &["--sessions", "4", "--rate", "1000"]).await;
    let lines: Vec<&str> = err.lines().filter(|l| !l.contains(" blocks/s")).collect();
    let [sentence] = lines.as_slice() else { panic!("{err}") };
    assert!(code == 2 && sentence.contains("this node keeps no state of block "), "{err}");
    assert!(sentence.ends_with("give an archive node with --endpoint relay=URL"), "{err}");
    assert_eq!(
        records(state.path()).iter().map(|r| r.session).collect::<Vec<_>>(),
        [10],
        "what could be read is kept"
    );
    let journal = Journal::open(state.path(), "local", Role::Console, UnixMs(now_ms())).journal;
    let (code, err) = backfill(state.path(), &node, &["--sessions", "1"]).await;
    assert!(
        code == 2 && err.contains("another console writes the journal") && err.lines().count() == 1,
        "{err}"
    );
    drop(journal);
}
