//! Guardian and terminal under a real pseudo-terminal: whatever ends the console, the terminal is as it was before.
//!
//! The console here is this test binary itself, run again with `SERENO_TEST_CONSOLE` set: see `terminal::console`.

mod console;
pub(crate) mod form;
mod pty;
mod slow;

use portable_pty::PtySize;
use pty::{How, Pty};
use rustix::process::Signal;

/// How often each end is tried.
const ROUNDS: usize = 5;

/// Runs the console, ends it with `end`, and checks terminal and exit status.
fn ends(how: How, status: u32, end: impl Fn(&mut Pty)) -> String {
    let mut told = String::new();
    for _ in 0..ROUNDS {
        let mut pty = Pty::start(how);
        end(&mut pty);
        told = pty.left_as_before(status);
    }
    told
}

#[test]
fn leaving_gives_the_terminal_back() {
    ends(How::Polite, 7, |pty| pty.keys("q"));
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_told_on_the_normal_screen() {
    let told = ends(How::Polite, 101, |pty| pty.keys("p"));
    assert!(told.contains("pressed p"), "{told}");
}

#[test]
fn a_panic_in_a_background_thread_leaves_the_console_alone() {
    let mut pty = Pty::start(How::Polite);
    pty.keys("b");
    pty.read_until(|screen| screen.contents().contains("background thread ended"));
    assert!(!pty.screen().contents().contains("panicked"), "{}", pty.screen().contents());
    pty.keys("q");
    pty.left_as_before(7);
}

#[test]
fn an_abort_gives_the_terminal_back_and_says_where_the_log_is() {
    let told = ends(How::Polite, 134, |pty| pty.keys("a"));
    assert!(
        told.contains("sereno was ended by signal 6 (SIGABRT); the terminal is restored; the log is in"),
        "{told}"
    );
}

#[test]
fn sigkill_of_the_console_gives_the_terminal_back() {
    let told = ends(How::Polite, 137, |pty| pty.signal_console(Signal::KILL));
    assert!(told.contains("signal 9 (SIGKILL)"), "{told}");
}

#[test]
fn sigterm_leaves_in_good_order() {
    ends(How::Polite, 7, |pty| pty.signal_console(Signal::TERM));
    ends(How::Polite, 7, |pty| pty.signal_guardian(Signal::TERM));
}

#[test]
fn a_console_that_does_not_react_to_a_signal_is_ended_and_gives_the_terminal_back() {
    ends(How::Stubborn, 143, |pty| pty.signal_console(Signal::TERM));
    ends(How::Stubborn, 131, |pty| pty.signal_console(Signal::QUIT));
}

#[test]
fn without_a_guardian_signals_and_panics_give_the_terminal_back_as_well() {
    ends(How::Bare, 7, |pty| pty.signal_console(Signal::TERM));
    ends(How::Bare, 101, |pty| pty.keys("p"));
}

#[test]
fn stopped_and_continued_the_terminal_is_the_shells_in_between() {
    let mut pty = Pty::start(How::Polite);
    pty.signal_console(Signal::TSTP);
    pty.wait_for_stop();
    pty.read_until(|screen| !screen.alternate_screen());
    assert!(pty.settings_as_before(), "the shell would have got a raw terminal");
    pty.signal_guardian(Signal::CONT);
    pty.read_until(|screen| screen.alternate_screen() && screen.contents().contains("READY"));
    pty.keys("q");
    pty.left_as_before(7);
}

#[test]
fn when_the_terminal_goes_away_so_do_console_and_guardian() {
    for how in [How::Polite, How::Stubborn, How::NoSignal, How::Bare] {
        for _ in 0..ROUNDS {
            Pty::start(how).hang_up();
        }
    }
}

#[test]
fn when_the_guardian_is_killed_the_console_leaves() {
    for how in [How::Polite, How::Stubborn] {
        let pty = Pty::start(how);
        pty.signal_guardian(Signal::KILL);
        pty.console_is_gone();
    }
}

#[test]
fn after_a_storm_of_sizes_the_screen_is_what_a_fresh_one_would_be() {
    let mut pty = Pty::start(How::Polite);
    let odd = [(0, 0), (1, 1), (39, 9), (500, 200), (3, 80), (200, 2), (80, 24), (41, 10)];
    for round in 0..200u16 {
        let (cols, rows) = odd[usize::from(round) % odd.len()];
        pty.resize(PtySize {
            cols: cols + round % 3,
            rows: rows + round % 2,
            pixel_width: 0,
            pixel_height: 0,
        });
    }
    pty.resize(PtySize { cols: 100, rows: 30, pixel_width: 0, pixel_height: 0 });
    let fresh: Vec<String> = console::picture(pty.console(), 100, 30);
    pty.read_until(|screen| screen.rows(0, 100).map(|l| l.trim_end().to_owned()).eq(fresh.iter().cloned()));
    pty.keys("q");
    pty.left_as_before(7);
}

#[test]
fn a_paste_is_no_command() {
    let mut pty = Pty::start(How::Polite);
    pty.keys("\x1b[200~qpa\n\x1b[201~");
    pty.read_until(|screen| screen.contents().contains("pasted 4 bytes"));
    pty.keys("q");
    pty.left_as_before(7);
}
