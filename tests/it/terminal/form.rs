//! The real console on a real terminal, over the real metadata of 2026: `!`, a runbook, a wrong head, a right one, and the call
//! data that `sereno plan` prints for the same arguments.

use crate::faultd::{Chain, FakeRuntime, Node};
use crate::sereno::{now_ms, run};
use base64::Engine as _;
use portable_pty::{Child, CommandBuilder, PtyPair, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
const HEAD: &str = "0x1234abcd";
/// Most that a thing may take to be shown, milliseconds.
const LIMIT_MS: i64 = 90_000;

/// The program on a terminal of its own.
pub(crate) struct Terminal {
    pair: PtyPair,
    guardian: Box<dyn Child + Send + Sync>,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    screen: vt100::Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Opens the console with these arguments.
    pub(crate) fn open(args: &[&str], state: &Path) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sereno"));
        command.args(args);
        command.arg("--state-dir");
        command.arg(state);
        command.env("TERM", "xterm-256color");
        command.env("XDG_CONFIG_HOME", state);
        let guardian = pair.slave.spawn_command(command).unwrap();
        Self {
            reader: pair.master.try_clone_reader().unwrap(),
            writer: pair.master.take_writer().unwrap(),
            screen: vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0),
            bytes: Vec::new(),
            pair,
            guardian,
        }
    }

    /// Leaves; the console must end in good order.
    pub(crate) fn leave(mut self) {
        self.keys("\x03");
        let mut reader = self.reader;
        let rest = std::thread::Builder::new()
            .spawn(move || std::io::copy(&mut reader, &mut std::io::sink()))
            .unwrap();
        assert_eq!(self.guardian.wait().unwrap().exit_code(), 0);
        drop((self.pair, self.writer));
        let _ = rest.join();
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn wait(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let until = now_ms() + LIMIT_MS;
        let mut chunk = [0; 8192];
        while !is(self) {
            let n = self.reader.read(&mut chunk).unwrap_or(0);
            let shown = self.text();
            assert!(n > 0 && now_ms() < until, "{what} was not shown:\n{shown}");
            self.screen.process(&chunk[..n]);
            self.bytes.extend_from_slice(&chunk[..n]);
        }
    }

    /// What stands on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until a line of the screen holds `wanted`.
    pub(crate) fn shows(&mut self, wanted: &str) {
        self.wait(wanted, |t| t.text().contains(wanted));
    }
}

/// What `sereno plan` prints as call data.
fn printed(url: &str) -> String {
    let endpoint = format!("relay={url}");
    let head = format!("new_head={HEAD}");
    let mut args = vec!["--network", "local", "--only", "relay", "--endpoint", &endpoint, "plan", "row:A3"];
    args.extend(["--param", "para=2000", "--param", &head, "--json"]);
    let plan = run(&args, 60).json();
    assert_eq!(plan["calls"][0]["call"], "force_set_current_head");
    plan["calls"][0]["call_data"].as_str().unwrap().to_owned()
}

fn fill_in(state: &Path, url: &str) {
    let expected = printed(url);
    assert!(expected.ends_with(HEAD.trim_start_matches("0x")), "{expected}");
    let endpoint = format!("relay={url}");
    let args = ["--network", "local", "--only", "relay", "--endpoint", &endpoint];
    let mut terminal = Terminal::open(&args, state);
    terminal.shows("relay via");
    terminal.keys("5!");
    terminal.shows("RUNBOOK");
    terminal.keys("force-head");
    terminal.wait("one runbook", |t| {
        let text = t.text();
        text.contains("Force a parachain's head") && !text.contains("remove-lock")
    });
    terminal.keys("\r");
    terminal.shows("nothing is sent from here");
    terminal.keys("2000\r0x12g4");
    terminal.shows("'g' is no hex digit; expected 0x and an even");
    terminal.keys(&format!("\x15{HEAD}\x1b"));
    terminal.shows(&expected);
    terminal.shows("The para is in a stable");
    // The form is left by Escape alone only once that is told from the beginning of a longer key.
    terminal.shows("Enter edits");
    terminal.keys("y");
    let copied = base64::engine::general_purpose::STANDARD.encode(&expected);
    terminal.wait("the clipboard", |t| String::from_utf8_lossy(&t.bytes).contains(&copied));
    terminal.leave();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_makes_the_call_data_that_plan_prints() {
    let chain = Chain::new(FakeRuntime::relay_2026(6_000));
    chain.advance(30);
    let node = Node::start(&chain).await;
    let state = tempfile::tempdir().unwrap();
    let (url, dir) = (node.url(), state.path().to_owned());
    tokio::task::spawn_blocking(move || fill_in(&dir, &url)).await.unwrap();
}
