//! The real binary under a pseudo-terminal of 200×50, watched byte by byte; and what the system says of a process.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_sereno");
/// End of a synchronized update: a frame is whole.
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// A console that runs.
pub(crate) struct Term {
    pub(crate) started: Instant,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    tail: Vec<u8>,
    /// Every frame: when it was whole, and its bytes.
    pub(crate) frames: Vec<(Instant, usize)>,
    unfinished: usize,
    _master: Box<dyn MasterPty + Send>,
}

impl Term {
    pub(crate) fn start(state: &Path, args: &[&str]) -> Self {
        let size = PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(BINARY);
        command.args(args);
        command.args(["--state-dir", state.to_str().unwrap()]);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (tx, bytes) = sync_channel(65_536);
        std::thread::Builder::new()
            .spawn(move || {
                let mut buf = vec![0; 65_536];
                while let Ok(n @ 1..) = reader.read(&mut buf) {
                    if tx.send((Instant::now(), buf[..n].to_vec())).is_err() {
                        return;
                    }
                }
            })
            .unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        Self {
            started,
            child,
            bytes,
            screen: vt100::Parser::new(50.try_into().unwrap(), 200.try_into().unwrap(), 0),
            tail: vec![],
            frames: vec![],
            unfinished: 0,
            _master: pair.master,
        }
    }

    /// Reads until the screen is as wanted after a whole frame; when that was. None when it never was.
    pub(crate) fn until(&mut self, limit: Duration, wanted: impl Fn(&str) -> bool) -> Option<Instant> {
        let end = Instant::now() + limit;
        loop {
            match self.bytes.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((at, chunk)) => {
                    if self.take(at, &chunk) && wanted(&self.screen.screen().contents()) {
                        return Some(at);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Reads for a time.
    pub(crate) fn watch(&mut self, time: Duration) {
        let _ = self.until(time, |_| false);
    }

    /// What is on the screen.
    pub(crate) fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// True where a frame ended in this chunk.
    fn take(&mut self, at: Instant, chunk: &[u8]) -> bool {
        self.screen.process(chunk);
        let before = self.frames.len();
        for byte in chunk {
            self.unfinished += 1;
            self.tail.push(*byte);
            if self.tail.ends_with(FRAME_END) {
                self.frames.push((at, self.unfinished));
                self.unfinished = 0;
                self.tail.clear();
            } else if self.tail.len() > 64 {
                self.tail.drain(..32);
            }
        }
        self.frames.len() > before
    }

    /// The guardian and the console below it.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let guardian = self.child.process_id().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{guardian}/task/{guardian}/children"));
        let below = children.unwrap_or_default();
        std::iter::once(guardian).chain(below.split_whitespace().filter_map(|p| p.parse().ok())).collect()
    }

    /// CPU seconds of both processes so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.pids().iter().map(|pid| cpu_seconds(*pid)).sum()
    }

    /// Resident memory of both processes, MB.
    pub(crate) fn memory_mb(&self) -> f64 {
        self.pids().iter().filter_map(|pid| status_mb(&pid.to_string(), "VmRSS")).sum()
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or("");
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / 100.0 // USER_HZ, the same on every Linux
}

/// A line of `/proc/PID/status` in MB.
pub(crate) fn status_mb(pid: &str, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1_024.0)
}

/// A headless run to its end: seconds, peak memory in MB, and what it printed.
pub(crate) fn headless(state: &Path, args: &[&str]) -> (f64, f64, String) {
    let out = state.join("out");
    let started = Instant::now();
    let mut child = std::process::Command::new(BINARY)
        .args(args)
        .args(["--state-dir", state.to_str().unwrap()])
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0.0;
    while child.try_wait().unwrap().is_none() {
        peak = status_mb(&child.id().to_string(), "VmHWM").unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    (started.elapsed().as_secs_f64(), peak, std::fs::read_to_string(out).unwrap_or_default())
}
