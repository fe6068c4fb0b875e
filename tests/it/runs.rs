//! The real console, run after run on one state directory, in a real terminal and with a fake node: what the next run still
//! knows of the last one.

use crate::faultd::{Chain, FakeRuntime, Node};
use crate::sereno::{now_ms, poll};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use sereno::domain::{Fact, Observation, UnixMs};
use sereno::journal::{Journal, Role};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Longest wait for something to show, milliseconds.
const PATIENCE_MS: i64 = 20_000;

/// One run of the console.
pub(crate) struct Run {
    guardian: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    terminal: Arc<Mutex<vt100::Parser>>,
    reading: JoinHandle<()>,
}

impl Run {
    /// Starts `sereno ARGS --state-dir STATE` and waits for its first frame.
    pub(crate) fn start(state: &Path, args: &[&str]) -> Self {
        let size = PtySize { rows: 40, cols: 140, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sereno"));
        command.args(args);
        command.arg("--state-dir");
        command.arg(state);
        command.env("TERM", "xterm-256color");
        let guardian = pair.slave.spawn_command(command).unwrap();
        let terminal = vt100::Parser::new(40.try_into().unwrap(), 140.try_into().unwrap(), 0);
        let terminal = Arc::new(Mutex::new(terminal));
        let (mut reader, into) = (pair.master.try_clone_reader().unwrap(), terminal.clone());
        let reading = std::thread::Builder::new()
            .spawn(move || {
                let mut chunk = [0; 8192];
                while let Ok(n @ 1..) = reader.read(&mut chunk) {
                    into.lock().unwrap().process(&chunk[..n]);
                }
            })
            .unwrap();
        let keys = pair.master.take_writer().unwrap();
        let run = Self { guardian, _master: pair.master, keys, terminal, reading };
        run.shows("CHAIN");
        run
    }

    /// What stands on the screen.
    pub(crate) fn screen(&self) -> String {
        self.terminal.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows `text`.
    pub(crate) fn shows(&self, text: &str) {
        let found = poll(PATIENCE_MS, || self.screen().contains(text).then_some(()));
        assert!(found.is_some(), "'{text}' does not come:\n{}", self.screen());
    }

    /// Presses keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Leaves with Ctrl-c; how long that took, milliseconds.
    pub(crate) fn leave(mut self) -> i64 {
        let began = now_ms();
        self.keys("\u{3}");
        let ended = poll(PATIENCE_MS, || self.guardian.try_wait().unwrap());
        let took = now_ms() - began;
        if ended.is_none() {
            let _ = self.guardian.kill();
        }
        assert_eq!(ended.expect("the console ends").exit_code(), 0);
        drop((self._master, self.keys));
        self.reading.join().unwrap();
        took
    }
}

/// What the journal of the network holds.
pub(crate) fn kept(state: &Path, network: &str) -> Vec<Observation> {
    Journal::open(state, network, Role::Headless, UnixMs(now_ms())).journal.load()
}

/// Waits until the journal holds what `wanted` finds.
pub(crate) fn keeps<T>(state: &Path, network: &str, mut wanted: impl FnMut(&Fact) -> Option<T>) -> T {
    let found = poll(PATIENCE_MS, || kept(state, network).iter().find_map(|o| wanted(&o.fact)));
    found.expect("the journal keeps it")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_final_between_two_runs_is_a_gap_in_every_later_one() {
    let chain = Chain::new(FakeRuntime::relay_2026(6_000));
    chain.advance(30);
    let node = Node::start(&chain).await;
    let state = tempfile::tempdir().unwrap();
    let relay = format!("relay={}", node.url());
    tokio::task::spawn_blocking(move || {
        let args = ["--network", "local", "--only", "relay", "--endpoint", relay.as_str()];
        let gaps = || {
            let gap = |o: Observation| match o.fact {
                Fact::Gap { from, to } => Some((from, to)),
                _ => None,
            };
            kept(state.path(), "local").into_iter().filter_map(gap).collect::<Vec<_>>()
        };
        let final_at = |number| {
            move |fact: &Fact| matches!(fact, Fact::Finalized { at, .. } if at.number == number).then_some(())
        };
        let first = Run::start(state.path(), &args);
        keeps(state.path(), "local", final_at(28));
        first.leave();
        assert_eq!(gaps(), []);

        chain.advance(300);
        let second = Run::start(state.path(), &args);
        keeps(state.path(), "local", final_at(328));
        second.leave();
        assert_eq!(gaps(), [(29, 327)]);

        chain.advance(1);
        let mut third = Run::start(state.path(), &args);
        keeps(state.path(), "local", final_at(329));
        third.keys("t");
        third.shows("finalized blocks #29 to #327 are missing");
        assert_eq!(third.screen().matches("are missing").count(), 1, "{}", third.screen());
        third.leave();
        assert_eq!(gaps(), [(29, 327)], "told once");
    })
    .await
    .unwrap();
}
