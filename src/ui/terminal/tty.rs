//! The terminal's settings and its bytes, below everything else.
//!
//! In: nothing. Out: raw mode and modes, on and off, from any thread. Writes never wait for ever. Must not import
//! anything but `restore`.

use crate::restore::{CALM, LEAVE};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, ttyname};
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Alternate screen, bracketed paste, focus reports, no wrapping, no cursor.
const SETUP: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?7l\x1b[?25l\x1b[0m\x1b[2J";

/// True while the terminal is taken over.
pub(super) static ACTIVE: AtomicBool = AtomicBool::new(false);
/// True while there is a console, also one that is suspended.
static OWNED: AtomicBool = AtomicBool::new(false);
/// Set when the process was stopped and goes on: what the terminal shows is not known.
pub(super) static RESUMED: AtomicBool = AtomicBool::new(false);
static SAVED: OnceLock<Termios> = OnceLock::new();
static OUT: OnceLock<Option<OwnedFd>> = OnceLock::new();

/// The terminal that keys come from.
pub(crate) fn tty_fd() -> BorrowedFd<'static> {
    let stdin = rustix::stdio::stdin();
    if isatty(stdin) { stdin } else { rustix::stdio::stdout() }
}

/// Where bytes go: the terminal opened once more, without waiting. The shell's own descriptor stays as it is,
/// because it is shared with the shell.
fn out() -> BorrowedFd<'static> {
    let open = || {
        let path = ttyname(rustix::stdio::stdout(), Vec::new()).unwrap_or_else(|_| c"/dev/tty".to_owned());
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::open(path, flags, Mode::empty()).ok()
    };
    OUT.get_or_init(open).as_ref().map_or_else(rustix::stdio::stdout, AsFd::as_fd)
}

/// Size in cells: columns, rows. A terminal that does not know its size counts as 80×24.
#[must_use]
pub fn size() -> (u16, u16) {
    match tcgetwinsize(rustix::stdio::stdout()).or_else(|_| tcgetwinsize(tty_fd())) {
        Ok(size) if size.ws_col > 0 || size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// Writes what the terminal takes now; 0 when it takes nothing.
pub(super) fn write_some(bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(out(), bytes) {
            Ok(n) => return Ok(n),
            Err(rustix::io::Errno::AGAIN) => return Ok(0),
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// Writes all of `bytes`, waiting at most half a second for a terminal that takes nothing. Ignores errors.
fn write_all(mut bytes: &[u8]) {
    for _ in 0..5 {
        match write_some(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or(&[]),
            Err(_) => return,
        }
        if bytes.is_empty() {
            return;
        }
        wait_for_room(100);
    }
}

/// Waits until the terminal takes bytes, at most so many milliseconds, less than a second.
pub(super) fn wait_for_room(limit_ms: u64) {
    let nanos = i64::try_from(limit_ms.min(999)).unwrap_or(0) * 1_000_000;
    let wait = Timespec { tv_sec: 0, tv_nsec: nanos };
    let _ = poll(&mut [PollFd::from_borrowed_fd(out(), PollFlags::OUT)], Some(&wait));
}

/// Takes the terminal over.
pub(crate) fn enter() -> io::Result<()> {
    let now = tcgetattr(tty_fd())?;
    let mut raw = SAVED.get_or_init(|| now).clone();
    raw.make_raw();
    tcsetattr(tty_fd(), OptionalActions::Now, &raw)?;
    ACTIVE.store(true, Ordering::SeqCst);
    write_all(SETUP);
    Ok(())
}

/// Gives the terminal back for a while; true if it was taken.
pub(crate) fn leave() -> bool {
    let was = ACTIVE.swap(false, Ordering::SeqCst);
    if was {
        give_back();
    }
    was
}

fn give_back() {
    write_all(&[CALM, LEAVE].concat());
    if let Some(saved) = SAVED.get() {
        let _ = tcsetattr(tty_fd(), OptionalActions::Now, saved);
    }
}

/// A console is there from now on: [`resume`] may take the terminal for it.
pub(super) fn own() {
    OWNED.store(true, Ordering::SeqCst);
}

/// Takes the terminal again after a stop, unless the console has left in between.
pub(crate) fn resume() {
    if !OWNED.load(Ordering::SeqCst) || enter().is_err() {
        return;
    }
    RESUMED.store(true, Ordering::SeqCst);
    if !OWNED.load(Ordering::SeqCst) {
        ACTIVE.store(false, Ordering::SeqCst);
        give_back();
    }
}

/// Gives the terminal back if it is taken, for good. May be called from anywhere and more than once; ignores errors.
pub fn restore() {
    OWNED.store(false, Ordering::SeqCst);
    leave();
}
