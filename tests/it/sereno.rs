//! Drives the program `sereno` as a user would: arguments in, exit status and lines out.
//!
//! In: arguments. Out: what a command printed and how it ended ([`run`]); the lines of a running `watch` with the moment
//! each arrived here ([`Watch`]). Every run has its own state directory and no settings of this machine. Also the plain
//! JSON-RPC of the beds ([`rpc`]), so that what the program says can be compared with what the nodes say.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Milliseconds since 1970 of this machine: what the program's own times are held against.
#[expect(clippy::disallowed_methods, reason = "these tests measure a real process in real time")]
pub(crate) fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Waits a moment between two looks at something outside this process.
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Looks every 100 ms until `look` gives something, at most `limit_ms`.
pub(crate) fn poll<T>(limit_ms: i64, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = now_ms() + limit_ms;
    loop {
        match look() {
            None if now_ms() < until => pause(),
            done => return done,
        }
    }
}

/// The bed of a test is missing: says so by name, and fails where `CI` is set.
pub(crate) fn skip(name: &str, reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{name}: its bed is missing: {reason}");
    println!("SKIP {name} {reason}");
}

/// One JSON-RPC call over plain HTTP to a node of this machine. An error of the node or of the way to it is text.
pub(crate) fn rpc(port: u16, method: &str, params: &Value) -> Result<Value, String> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let mut socket = TcpStream::connect(("127.0.0.1", port)).map_err(|e| format!("port {port}: {e}"))?;
    let mut answer = Vec::new();
    let head = format!(
        "POST / HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket
        .set_read_timeout(Some(Duration::from_secs(90)))
        .and_then(|()| socket.write_all(head.as_bytes()))
        .and_then(|()| socket.write_all(body.as_bytes()))
        .and_then(|()| socket.read_to_end(&mut answer))
        .map_err(|e| format!("{method} on port {port}: {e}"))?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n").ok_or_else(|| format!("{method}: no HTTP answer"))?;
    let answer: Value = serde_json::from_str(body).map_err(|e| format!("{method}: {e}: {body:.200}"))?;
    match answer.get("result") {
        Some(result) => Ok(result.clone()),
        None => Err(format!("{method}: {answer:.300}")),
    }
}

/// Number of a header as nodes write it.
pub(crate) fn header_number(header: &Value) -> u64 {
    u64::from_str_radix(header["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) ms: i64,
}

impl Ran {
    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", self.out, self.err))
    }
}

fn command(state: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sereno"));
    for (key, _) in std::env::vars_os().filter(|(k, _)| k.to_string_lossy().starts_with("SERENO_")) {
        command.env_remove(key);
    }
    command.env("XDG_CONFIG_HOME", state.path()).env("HOME", state.path());
    command.arg("--state-dir").arg(state.path().join("state")).args(args).stdin(Stdio::null());
    command
}

/// Runs a command to its end; one that takes longer than `limit_s` fails the test.
pub(crate) fn run(args: &[&str], limit_s: i64) -> Ran {
    run_in(&TempDir::new().unwrap(), args, limit_s)
}

/// The same with a home that other commands have used; its state directory is `state` below it.
pub(crate) fn run_in(state: &TempDir, args: &[&str], limit_s: i64) -> Ran {
    let file = |name: &str| std::fs::File::create(state.path().join(name)).unwrap();
    let began = now_ms();
    let mut child = command(state, args).stdout(file("out")).stderr(file("err")).spawn().unwrap();
    let ended = poll(limit_s * 1_000, || child.try_wait().unwrap());
    let ms = now_ms() - began;
    if ended.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let read = |name: &str| std::fs::read_to_string(state.path().join(name)).unwrap();
    let (out, err) = (read("out"), read("err"));
    let ended = ended.unwrap_or_else(|| panic!("{args:?} took over {limit_s} s\n{out}\n{err}"));
    Ran { code: ended.code().unwrap_or(-1), out, err, ms }
}

/// A line of `watch`.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// When it arrived here, milliseconds since 1970.
    pub(crate) came: i64,
    pub(crate) json: Value,
}

impl Line {
    pub(crate) fn is(&self, chain: &str, kind: &str) -> bool {
        self.json["chain"] == chain && self.json["kind"] == kind
    }

    /// True for an alert line of this chain, detector and change.
    pub(crate) fn is_alert(&self, chain: &str, detector: &str, change: &str) -> bool {
        self.is(chain, "alert")
            && self.alert()["detector"] == detector
            && self.json["data"]["change"] == change
    }

    pub(crate) fn alert(&self) -> &Value {
        &self.json["data"]["alert"]
    }

    pub(crate) fn number(&self) -> u64 {
        self.json["block"]["number"].as_u64().unwrap_or_else(|| panic!("no block: {}", self.json))
    }

    pub(crate) fn hash(&self) -> String {
        self.json["block"]["hash"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn endpoint(&self) -> &str {
        self.json["endpoint"].as_str().unwrap_or_default()
    }
}

/// A running `sereno watch`.
pub(crate) struct Watch {
    child: Child,
    lines: Arc<Mutex<Vec<Line>>>,
    _state: TempDir,
}

impl Watch {
    /// Starts `sereno ARGS watch`.
    pub(crate) fn start(args: &[&str]) -> Self {
        let state = TempDir::new().unwrap();
        let err = std::fs::File::create(state.path().join("err")).unwrap();
        let mut child =
            command(&state, args).arg("watch").stdout(Stdio::piped()).stderr(err).spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (out, into) = (BufReader::new(child.stdout.take().unwrap()), lines.clone());
        let read = move || {
            for text in out.lines().map_while(Result::ok) {
                let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
                into.lock().unwrap().push(Line { came: now_ms(), json });
            }
        };
        std::thread::Builder::new().name("watch-lines".to_owned()).spawn(read).unwrap();
        Self { child, lines, _state: state }
    }

    /// All lines up to now.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }

    /// How many lines have come: a place to wait from.
    pub(crate) fn mark(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// The first line from `from` on that `fits`; the test fails where none comes within `limit_ms`.
    pub(crate) fn wait(&self, what: &str, from: usize, limit_ms: i64, fits: impl Fn(&Line) -> bool) -> Line {
        poll(limit_ms, || self.find(from, &fits)).unwrap_or_else(|| {
            let lines = self.lines();
            let tail: Vec<String> =
                lines.iter().rev().take(15).rev().map(|l| format!("{} {:.400}", l.came, l.json)).collect();
            let alerts: Vec<String> = lines
                .iter()
                .filter(|l| l.json["kind"] == "alert")
                .map(|l| format!("{} {} {}", l.came, l.json["data"]["change"], l.alert()["summary"]))
                .collect();
            panic!(
                "{what}: not within {limit_ms} ms\nalerts:\n{}\nlast lines:\n{}",
                alerts.join("\n"),
                tail.join("\n")
            )
        })
    }

    /// The first line from `from` on that fits, where it has come.
    pub(crate) fn find(&self, from: usize, fits: impl Fn(&Line) -> bool) -> Option<Line> {
        self.lines.lock().unwrap().iter().skip(from).find(|l| fits(l)).cloned()
    }

    /// The newest line that fits.
    pub(crate) fn last(&self, fits: impl Fn(&Line) -> bool) -> Option<Line> {
        self.lines.lock().unwrap().iter().rev().find(|l| fits(l)).cloned()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Memory of the process, KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Interrupts it as `Ctrl-c` does and returns its exit status.
    pub(crate) fn interrupt(&mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let asked = now_ms();
        let ended = poll(60_000, || self.child.try_wait().unwrap());
        println!("watch ended {} ms after its interruption", now_ms() - asked);
        ended.expect("watch ends when it is interrupted").code().unwrap_or(-1)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
