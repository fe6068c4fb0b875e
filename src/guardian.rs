//! The parent process that restores the terminal.
//!
//! In: the arguments of the program. Out: the exit status of the same program run as a child in the same foreground
//! group, with the terminal as it was before, whatever ended the child: a panic, an abort, SIGKILL, no memory left.
//! Small on purpose: no threads, no tokio. Must not import anything of this crate but `restore`.

use crate::restore::{CALM, LEAVE};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getppid, kill_process, waitpid};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// Set for the child to the guardian's process id.
const MARK: &str = "SERENO_GUARDIAN";

/// True where a guardian makes sense: standard output is a terminal and no guardian is there yet.
#[must_use]
pub fn is_needed() -> bool {
    !is_child() && isatty(rustix::stdio::stdout())
}

/// True in the child of a guardian. A mark left in the environment by something else does not count.
#[must_use]
pub fn is_child() -> bool {
    let marked = std::env::var(MARK).ok().and_then(|v| v.parse::<i32>().ok());
    marked.is_some() && marked == getppid().map(Pid::as_raw_pid)
}

/// For the child, at its start: when the guardian dies, this process gets SIGTERM.
///
/// # Errors
/// The system does not offer it; `ui::Watch` looks at the parent all the same.
pub fn follow_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
    Ok(())
}

/// Runs this program again with `args` as a child and waits for it. Whatever ends the child, the terminal is as it was
/// before. Returns the child's exit status, or 128 + signal after one line that says what happened and where `log` is.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>, log: &Path) -> u8 {
    let saved = settings();
    match guard(args, saved.as_ref()) {
        Ok(status) => {
            give_back(saved.as_ref(), status.signaled());
            if let Some(signal) = status.terminating_signal() {
                let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
                say(&format!(
                    "sereno was ended by signal {signal} ({name}); the terminal is restored; the log is in {}",
                    log.display()
                ));
                return u8::try_from(128 + signal).unwrap_or(255);
            }
            status.exit_status().and_then(|s| u8::try_from(s).ok()).unwrap_or(1)
        }
        Err(e) => {
            give_back(saved.as_ref(), false);
            say(&format!(
                "sereno could not start itself as a child process: {e}; check that its file is still there"
            ));
            1
        }
    }
}

fn guard(args: impl IntoIterator<Item = OsString>, saved: Option<&Termios>) -> io::Result<WaitStatus> {
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCONT])?;
    let child = Command::new(std::env::current_exe()?)
        .args(args)
        .env(MARK, std::process::id().to_string())
        .spawn()?;
    let pid = Pid::from_child(&child);
    loop {
        for signal in signals.wait() {
            if let Some(signal) = Signal::from_named_raw(signal).filter(|s| *s != Signal::CHILD) {
                let _ = kill_process(pid, signal);
            }
        }
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED;
        while let Some((_, status)) = waitpid(Some(pid), options)? {
            if !status.stopped() {
                return Ok(status);
            }
            // The child has been stopped: the shell shall get the terminal as it was, and us in its list of jobs.
            give_back(saved, false);
            // SIGCONT wakes us and is handed on like any other signal.
            kill_process(rustix::process::getpid(), Signal::STOP)?;
        }
    }
}

/// The terminal's settings, if there is one.
fn settings() -> Option<Termios> {
    tcgetattr(rustix::stdio::stdin()).or_else(|_| tcgetattr(rustix::stdio::stdout())).ok()
}

/// Settings and modes as before; with `killed` the child had no chance to leave the alternate screen.
fn give_back(saved: Option<&Termios>, killed: bool) {
    if let Some(saved) = saved {
        let stdin = rustix::stdio::stdin();
        let tty = if isatty(stdin) { stdin } else { rustix::stdio::stdout() };
        let _ = tcsetattr(tty, OptionalActions::Now, saved);
        let _ = rustix::io::write(rustix::stdio::stdout(), CALM);
        if killed {
            let _ = rustix::io::write(rustix::stdio::stdout(), LEAVE);
        }
    }
}

/// One line for people; nobody may be listening.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
