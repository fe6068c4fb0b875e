//! The real console, run after run on one state directory, in a real terminal and with a fake node: what the next run still
//! knows of the last one.

use crate::faultd::{Chain, FakeRuntime, Node};
use crate::sereno::{Ran, now_ms, poll, run_in};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use sereno::domain::{Fact, Hash, Observation, UnixMs};
use sereno::journal::{Journal, Role};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tempfile::TempDir;

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

/// A public network of one chain, its fake node, and a home of its own.
struct Public {
    home: TempDir,
    node: Node,
    profile: PathBuf,
}

impl Public {
    async fn bed(chain: &Arc<Chain>) -> Self {
        let node = Node::start(chain).await;
        let home = tempfile::tempdir().unwrap();
        let profile = home.path().join("some-file.toml");
        let text = format!(
            "id = \"bed\"\npublic = true\n[[chains]]\nid = \"relay\"\nname = \"Relay\"\nendpoints = [\"{}\"]\n",
            node.url()
        );
        std::fs::write(&profile, text).unwrap();
        Self { home, node, profile }
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        ["--network", self.profile.to_str().unwrap()].iter().chain(more).copied().collect()
    }

    fn console(&self) -> Run {
        Run::start(&self.state(), &self.args(&[]))
    }

    fn run(&self, more: &[&str]) -> Ran {
        run_in(&self.home, &self.args(more), 60)
    }

    fn pin(&self) -> Option<Hash> {
        let now = UnixMs(now_ms());
        let mut journal = Journal::open(&self.state(), "bed", Role::Headless, now).journal;
        journal.pinned_genesis(&"relay".into())
    }

    /// One run of the console, until it has pinned what the node serves.
    fn pinned(&self) -> Hash {
        let run = self.console();
        let pin = poll(PATIENCE_MS, || self.pin()).expect("the console pins at first contact");
        run.leave();
        pin
    }
}

/// The text without white space and frames, so that it is found however it was wrapped.
fn flat(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '│').collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pins_that_a_damaged_journal_has_lost_are_told_on_stderr_and_in_the_console() {
    let chain = Chain::new(FakeRuntime::relay_2026(6_000));
    chain.advance(5);
    let bed = Public::bed(&chain).await;
    tokio::task::spawn_blocking(move || {
        bed.pinned();
        let said = "pinned genesis hashes do not count";
        let whole = bed.run(&["snapshot"]);
        assert!(!whole.err.contains(said), "{}", whole.err);

        std::fs::write(bed.state().join("bed/journal.db"), "no database ".repeat(2_000)).unwrap();
        let damaged = bed.run(&["snapshot"]);
        assert!(damaged.err.contains(said) && damaged.err.contains("sereno doctor"), "{}", damaged.err);
        assert_eq!(damaged.err.matches(said).count(), 1, "{}", damaged.err);

        let mut run = bed.console();
        run.keys("@");
        run.shows("about the console");
        let screen = flat(&run.screen());
        for said in [said, "acknowledgements and pinned genesis hashes are lost"] {
            assert!(screen.contains(&flat(said)), "{said}\n{}", run.screen());
        }
        let pin = poll(PATIENCE_MS, || bed.pin());
        assert_eq!(pin, chain.hash(0), "pinned anew");
        run.leave();
        assert!(!bed.run(&["snapshot"]).err.contains(said), "told while it is so");
        assert!(
            bed.state().join("bed/log/sereno.log").exists(),
            "the log is in the folder of the network's id"
        );
        assert!(!bed.state().join("some-file").exists());
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_a_replay_does_not_use_is_told_on_its_screen() {
    let home = tempfile::tempdir().unwrap();
    tokio::task::spawn_blocking(move || {
        let mut run = Run::start(home.path(), &["--demo", "--network", "local"]);
        run.keys("@");
        run.shows("about the console");
        let said = flat("a recording brings its own network, here 'demo': --network local is not used");
        assert!(flat(&run.screen()).contains(&said), "{}", run.screen());
        run.leave();
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_genesis_is_refused_until_it_is_accepted() {
    let runtime = FakeRuntime::relay_2026(6_000);
    let chain = Chain::new(runtime.clone());
    chain.advance(5);
    let other = Chain::salted(runtime, 7, 0);
    other.advance(5);
    let bed = Public::bed(&chain).await;
    tokio::task::spawn_blocking(move || {
        let first = bed.pinned();
        assert_eq!(Some(first), chain.hash(0));
        let state = |ran: &Ran| ran.json()["chains"][0]["endpoints"][0]["state"].clone();
        let genesis = |ran: &Ran| ran.json()["chains"][0]["genesis_hash"].clone();
        let snapshot = || bed.run(&["snapshot", "--json", "--timeout", "8s"]);
        assert_ne!(state(&snapshot()), "wrong-chain");

        bed.node.serve(&other);
        bed.node.drop_connections();
        let wrong = snapshot();
        assert_eq!(state(&wrong), "wrong-chain");
        assert!(genesis(&wrong).is_null(), "nothing of another chain is shown: {}", wrong.out);
        let doctor = bed.run(&["doctor"]);
        assert_eq!(doctor.code, 1);
        let mend = "where the chain was restarted on purpose: sereno doctor --accept-genesis relay";
        assert!(doctor.out.contains("serves another chain") && doctor.out.contains(mend), "{}", doctor.out);
        assert_eq!(bed.pin(), Some(first), "looking changes nothing");

        let nonsense = bed.run(&["doctor", "--accept-genesis", "kusama"]);
        assert_eq!((nonsense.code, nonsense.out.as_str()), (2, ""));
        let accepted = bed.run(&["doctor", "--accept-genesis", "relay"]);
        let counts = format!("relay: {} is the one that counts from now on", other.hash(0).unwrap());
        assert!(accepted.out.contains(&counts), "{}", accepted.out);
        assert_eq!(bed.pin(), other.hash(0));

        let fine = snapshot();
        assert_ne!(state(&fine), "wrong-chain");
        assert_eq!(genesis(&fine), other.hash(0).unwrap().to_string());
        let doctor = bed.run(&["doctor"]);
        let other_genesis = format!("genesis {}", other.hash(0).unwrap().short());
        assert!(
            !doctor.out.contains("another chain") && doctor.out.contains(&other_genesis),
            "{}",
            doctor.out
        );
    })
    .await
    .unwrap();
}
