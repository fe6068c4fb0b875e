//! A pseudo-terminal with the console in it, read by a terminal emulator.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::io::{Read, Write};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How the console behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Under a guardian, leaves when it is told to.
    Polite,
    /// Under a guardian, does not react.
    Stubborn,
    /// Like [`How::Stubborn`], and a terminal that goes away sends no SIGHUP.
    NoSignal,
    /// Without a guardian.
    Bare,
}

impl How {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "Polite" => Self::Polite,
            "Bare" => Self::Bare,
            _ => Self::Stubborn,
        }
    }
}

pub(super) struct Pty {
    master: Box<dyn MasterPty + Send>,
    slave: Box<dyn SlavePty + Send>,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    guardian: Box<dyn Child + Send + Sync>,
    console: u32,
    before: String,
    terminal: vt100::Parser,
    bytes: Vec<u8>,
    _limit: SyncSender<()>,
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

/// Looks every 10 ms, for `seconds` at most.
fn within(seconds: u32, is: impl Fn() -> bool) -> bool {
    (0..seconds * 100).any(|_| {
        let yes = is();
        if !yes {
            std::thread::sleep(Duration::from_millis(10));
        }
        yes
    })
}

impl Pty {
    /// Starts the console and waits for its first frame.
    pub(super) fn start(how: How) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "terminal::console::console", "--nocapture", "--test-threads=1"]);
        command.env("SERENO_TEST_CONSOLE", format!("{how:?}"));
        command.env("RUST_BACKTRACE", "0");
        command.set_controlling_tty(how != How::NoSignal);
        let before = format!("{:?}", pair.master.get_termios().unwrap());
        let guardian = pair.slave.spawn_command(command).unwrap();
        // A console that hangs is killed, and the test fails instead of waiting for ever.
        let (limit, over) = sync_channel(1);
        let mut killer = guardian.clone_killer();
        let _ = std::thread::Builder::new().spawn(move || {
            if over.recv_timeout(Duration::from_secs(30)) == Err(RecvTimeoutError::Timeout) {
                let _ = killer.kill();
            }
        });
        let mut pty = Self {
            reader: pair.master.try_clone_reader().unwrap(),
            writer: pair.master.take_writer().unwrap(),
            master: pair.master,
            slave: pair.slave,
            guardian,
            console: 0,
            before,
            terminal: vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0),
            bytes: Vec::new(),
            _limit: limit,
        };
        let id = |screen: &vt100::Screen| {
            let text = screen.contents();
            let (_, rest) = text.split_once("pid=")?;
            rest.split_once('.')?.0.parse::<u32>().ok()
        };
        pty.read_until(|screen| id(screen).is_some());
        pty.console = id(pty.screen()).unwrap();
        assert!(pty.screen().alternate_screen() && pty.screen().hide_cursor() && !pty.settings_as_before());
        pty
    }

    pub(super) fn screen(&self) -> &vt100::Screen {
        self.terminal.screen()
    }

    /// The process that draws.
    pub(super) fn console(&self) -> u32 {
        self.console
    }

    /// Feeds the emulator until `is` holds.
    pub(super) fn read_until(&mut self, is: impl Fn(&vt100::Screen) -> bool) {
        let mut chunk = [0; 4096];
        while !is(self.terminal.screen()) {
            let n = self.reader.read(&mut chunk).unwrap_or(0);
            assert!(n > 0, "the console ended first; on the screen:\n{}", self.screen().contents());
            self.terminal.process(&chunk[..n]);
            self.bytes.extend_from_slice(&chunk[..n]);
        }
    }

    pub(super) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
    }

    pub(super) fn resize(&mut self, size: PtySize) {
        self.master.resize(size).unwrap();
        if let (Ok(rows), Ok(cols)) = (size.rows.try_into(), size.cols.try_into()) {
            self.terminal.screen_mut().set_size(rows, cols);
        }
    }

    pub(super) fn signal_console(&self, signal: Signal) {
        kill_process(pid(self.console), signal).unwrap();
    }

    pub(super) fn signal_guardian(&self, signal: Signal) {
        kill_process(pid(self.guardian.process_id().unwrap()), signal).unwrap();
    }

    /// Waits until the guardian is stopped, as a shell would see it.
    pub(super) fn wait_for_stop(&self) {
        let path = format!("/proc/{}/stat", self.guardian.process_id().unwrap());
        let stopped =
            || std::fs::read_to_string(&path).unwrap().rsplit_once(')').unwrap().1.starts_with(" T");
        assert!(within(5, stopped), "the guardian did not stop");
    }

    pub(super) fn settings_as_before(&self) -> bool {
        format!("{:?}", self.master.get_termios().unwrap()) == self.before
    }

    /// Waits for the end, and compares status, settings and modes. Returns what stands on the normal screen.
    pub(super) fn left_as_before(mut self, status: u32) -> String {
        let left = self.guardian.wait().unwrap();
        assert_eq!(left.exit_code(), status, "{left:?}");
        assert!(self.settings_as_before(), "the terminal's settings have changed");
        drop(self.slave);
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = self.reader.read(&mut chunk) {
            self.terminal.process(&chunk[..n]);
            self.bytes.extend_from_slice(&chunk[..n]);
        }
        let screen = self.terminal.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "pastes are still marked");
        let bytes = String::from_utf8_lossy(&self.bytes);
        for (on, off) in
            [("\x1b[?1004h", "\x1b[?1004l"), ("\x1b[?7l", "\x1b[?7h"), ("\x1b[?2026h", "\x1b[?2026l")]
        {
            assert!(bytes.rfind(on) < bytes.rfind(off), "{} was not undone", on.trim_start_matches('\x1b'));
        }
        assert!(within(2, || test_kill_process(pid(self.console)).is_err()), "the console is still there");
        screen.contents()
    }

    /// The process that draws must be gone in 2 s.
    pub(super) fn console_is_gone(&self) {
        assert!(within(2, || test_kill_process(pid(self.console)).is_err()), "the console is still there");
    }

    /// Closes the terminal; everything must be gone in 2 s.
    pub(super) fn hang_up(self) {
        let Self { master, slave, reader, writer, mut guardian, console, .. } = self;
        drop((master, slave, reader, writer));
        let (gone, end) = sync_channel(1);
        let _ = std::thread::Builder::new().spawn(move || gone.send(guardian.wait().unwrap()));
        assert!(end.recv_timeout(Duration::from_secs(2)).is_ok(), "the guardian is still there");
        assert!(test_kill_process(pid(console)).is_err(), "the console is still there");
    }
}
