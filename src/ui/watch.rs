//! The end that comes from outside: signals, a terminal that is gone, a parent that is gone.
//!
//! In: signals and the terminal's state, on a thread that `runtime` starts. Out: one call that says so, and if the
//! program does not leave by itself within the grace, the terminal is given back and the process ends: nothing keeps
//! spinning on a dead terminal. Must not import anything but `ui::terminal`.

use super::terminal::{leave, restore, resume, tty_fd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::process::{Pid, getppid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How often terminal and parent are looked at, when nothing wakes us before.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// How long the program may take to leave by itself: twenty steps of 35 ms.
const GRACE: (u32, Duration) = (20, Duration::from_millis(35));

/// Why the program has to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// This signal came.
    Signal(i32),
    /// The terminal is gone.
    Terminal,
    /// The guardian is gone.
    Parent,
}

impl Ending {
    /// The exit status that says it.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::Signal(n) => u8::try_from(128 + n).unwrap_or(255),
            Self::Terminal | Self::Parent => 129,
        }
    }
}

/// Signals caught from now on; [`Watch::run`] says what they mean.
#[derive(Debug)]
pub struct Watch {
    wake: UnixStream,
    signal: Arc<AtomicUsize>,
    parent: Option<Option<Pid>>,
}

impl Watch {
    /// Catches signals from now on. Call it before [`super::Console::open`], so that no signal ends the process with
    /// the terminal taken. With `guarded` the loss of the parent process is an end, too.
    ///
    /// # Errors
    /// Signals cannot be caught.
    pub fn arm(guarded: bool) -> io::Result<Self> {
        let (wake, ring) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        ring.set_nonblocking(true)?;
        let signal = Arc::new(AtomicUsize::new(0));
        for n in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] {
            flag::register_usize(n, Arc::clone(&signal), usize::try_from(n).unwrap_or(0))?;
            low_level::pipe::register(n, ring.try_clone()?)?;
        }
        Ok(Self { wake, signal, parent: guarded.then(getppid) })
    }

    /// Waits for an end from outside until `done` is set; a thread of its own is for this. Calls `told` once, when it
    /// comes; that must not block. If `done` is not set 0.7 s later, restores the terminal and ends the process with
    /// [`Ending::status`]. Also carries out a stop from outside (SIGTSTP) and the return from it.
    pub fn run(mut self, done: &AtomicBool, told: impl FnOnce(Ending)) {
        while !done.load(Ordering::SeqCst) {
            let hangup = wait(&self.wake);
            let _ = self.wake.read(&mut [0; 64]);
            let came = i32::try_from(self.signal.swap(0, Ordering::SeqCst)).unwrap_or(0);
            let ending = match came {
                SIGTSTP => {
                    stop();
                    continue;
                }
                0 if hangup => Ending::Terminal,
                0 if self.parent.is_some_and(|p| p != getppid()) => Ending::Parent,
                0 => continue,
                n => Ending::Signal(n),
            };
            told(ending);
            for _ in 0..GRACE.0 {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                std::thread::sleep(GRACE.1);
            }
            restore();
            low_level::exit(i32::from(ending.status()));
        }
    }
}

/// Sleeps until a signal rings, the terminal hangs up, or it is time to look; true if the terminal is gone.
fn wait(wake: &UnixStream) -> bool {
    let mut fds = [
        PollFd::from_borrowed_fd(tty_fd(), PollFlags::empty()),
        PollFd::from_borrowed_fd(wake.as_fd(), PollFlags::IN),
    ];
    let _ = poll(&mut fds, Some(&LOOK));
    fds.first().is_some_and(|tty| tty.revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL))
}

/// Gives the terminal back, stops like any program, and takes the terminal again when it goes on.
fn stop() {
    let was = leave();
    let _ = low_level::emulate_default_handler(SIGTSTP);
    if was {
        resume();
    }
}
