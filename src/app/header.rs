//! The first line: program, network, mode; the sentence; the time.
//!
//! In: the state. Out: a [`Header`]. The sentence answers "is it all right, and if not since when".

use crate::domain::UnixMs;
use crate::screen::{Header, Line, Role};
use crate::state::AppState;
use crate::tabs::words;

/// Columns below which the program's name and the zone give way to the sentence; all times are UTC.
const NARROW: u16 = 100;
/// Columns that the sentence has before the time is given up for it.
const LEAST_SENTENCE: usize = 50;

/// The header of the console.
pub(super) fn header(state: &AppState) -> Header {
    let (left, right) = (left(state), clock(state));
    let sentence = fit(state, sentence(state), &left, &right);
    Header { left, sentence, right }
}

/// The sentence cut so that the mode stays beside it, and the time as well where enough is left: a frame of a replay
/// always says so.
fn fit(state: &AppState, sentence: Line, left: &Line, right: &Line) -> Line {
    let columns = |line: &Line| line.plain().chars().count() + 2;
    let room = usize::from(state.ui.width).saturating_sub(2 + columns(left));
    let beside = room.saturating_sub(columns(right));
    let most = if beside >= LEAST_SENTENCE { beside } else { room };
    let text = sentence.plain();
    if text.chars().count() <= most {
        return sentence;
    }
    let role = sentence.spans.first().map_or(Role::Text, |s| s.role);
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    Line::of(role, kept.trim_end().to_owned() + "…")
}

fn left(state: &AppState) -> Line {
    let is_narrow = state.ui.width < NARROW;
    let name = Line::of(Role::Title, if is_narrow { "" } else { "sereno  " });
    let line = name.and(Role::Text, format!("{}  ", state.network.id));
    if !state.mode.is_replay() {
        return line.and(Role::Dim, "VIEW");
    }
    let Some(r) = state.replay else { return line.and(Role::Replay, "REPLAY") };
    let mark = if r.paused { "‖" } else { "▶" };
    let speed = if r.speed < 1.0 { format!("×{:.2}", r.speed) } else { format!("×{:.0}", r.speed) };
    let at = position(r.at_ms);
    if is_narrow {
        return Line::of(Role::Replay, "REPLAY").and(Role::Text, format!(" {mark} {at} {speed}"));
    }
    line.and(Role::Replay, "REPLAY")
        .and(Role::Text, format!(" {mark} {at}/{} {speed}", position(r.length_ms)))
}

/// `12:34`, `1:02:34`.
fn position(ms: u64) -> String {
    let s = ms / 1_000;
    match s / 3_600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        h => format!("{h}:{:02}:{:02}", s % 3_600 / 60, s % 60),
    }
}

/// The sentence with its role.
pub(super) fn sentence(state: &AppState) -> Line {
    if state.now == UnixMs::default() {
        return Line::of(Role::Dim, "starting");
    }
    let sentence = state.sentence();
    let role = match (sentence.severity, sentence.known) {
        (_, false) => Role::Unknown,
        (Some(severity), true) => words::severity_role(severity),
        (None, true) => Role::Good,
    };
    Line::of(role, sentence.text)
}

/// The time; dashes before the first tick.
pub(super) fn clock(state: &AppState) -> Line {
    if state.now == UnixMs::default() {
        return Line::of(Role::Dim, "--:--:-- UTC");
    }
    let zone = if state.ui.width < NARROW { "" } else { " UTC" };
    Line::of(Role::Text, state.now.clock_utc()).and(Role::Dim, zone)
}
