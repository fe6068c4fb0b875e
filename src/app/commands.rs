//! What each command does: here those that mean the same everywhere; the rest goes to the open tab as a question, and
//! the tab's intent is carried out here.
//!
//! In: a command. Out: the changed state and effects. Every command is answered: by a change one can see, or by a
//! sentence in the footer.

mod in_overlay;
mod intents;
mod lists;

pub(super) use in_overlay::{drop_search, keep_search, reveal};
pub(super) use lists::hold_selections;

use super::keys::say;
use super::{Effect, flow};
use crate::command::Command;
use crate::screen::Role;
use crate::state::AppState;
use crate::state::input::Input;
use crate::state::ui::{Overlay, OverlayKind, Place};
use crate::tabs;

/// Milliseconds that `[` and `]` move a replay.
const SCRUB_MS: u64 = 10_000;
/// Fastest and slowest replay.
const SPEEDS: (f64, f64) = (0.125, 1_024.0);
/// Most steps of growing or shrinking a pane.
const MAX_GROW: i8 = 3;

/// Carries a command out.
pub(super) fn run(state: &mut AppState, command: Command) -> Vec<Effect> {
    if matches!(state.ui.overlay, Some(Overlay { kind: OverlayKind::AskLeave, .. })) {
        return answer_leave(state, command);
    }
    if let Some(effects) = everywhere(state, command) {
        return effects;
    }
    if state.ui.overlay.is_some() {
        return in_overlay::run(state, command);
    }
    let of_list = !flow::is_of_fields(state, command);
    if let Some(effects) =
        on_view(state, command).or_else(|| if of_list { lists::run(state, command) } else { None })
    {
        return effects;
    }
    let intent = (tabs::open(state).intent)(state, command);
    intents::carry_out(state, intent)
}

fn answer_leave(state: &mut AppState, command: Command) -> Vec<Effect> {
    match command {
        Command::LeaveOrBack | Command::Quit | Command::Open => {
            state.ui.overlay = None;
            return vec![Effect::Quit];
        }
        Command::Back => state.ui.overlay = None,
        Command::Redraw => return vec![Effect::Redraw],
        _ => say(state, Role::Text, "q or Enter leaves, Esc stays".to_owned()),
    }
    Vec::new()
}

/// Commands that work whatever is open.
fn everywhere(state: &mut AppState, command: Command) -> Option<Vec<Effect>> {
    match command {
        Command::Quit => return Some(vec![Effect::Quit]),
        Command::Redraw => return Some(vec![Effect::Redraw]),
        Command::Refresh if state.mode.is_replay() => {
            say(state, Role::Dim, "a replay reads nothing again: it shows what was recorded".to_owned());
        }
        Command::Refresh => {
            say(state, Role::Dim, "reading everything again".to_owned());
            return Some(vec![Effect::Refresh]);
        }
        Command::Help => toggle(state, OverlayKind::Help),
        Command::Palette => toggle(state, OverlayKind::Palette(Input::default(), 0)),
        Command::RequestLog => toggle(state, OverlayKind::RequestLog),
        Command::Pause | Command::Faster | Command::Slower => return Some(replay_speed(state, command)),
        Command::HistoryBack | Command::HistoryForward if state.mode.is_replay() => {
            return Some(scrub(state, command));
        }
        Command::Tab1 => open_tab(state, 1),
        Command::Tab2 => open_tab(state, 2),
        Command::Tab3 => open_tab(state, 3),
        Command::Tab4 => open_tab(state, 4),
        Command::Tab5 => open_tab(state, 5),
        Command::Tab9 => open_tab(state, 9),
        Command::NextTab => step_tab(state, true),
        Command::PreviousTab => step_tab(state, false),
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens an overlay, or closes it where the same one is open.
fn toggle(state: &mut AppState, kind: OverlayKind) {
    let is_open = state
        .ui
        .overlay
        .as_ref()
        .is_some_and(|o| std::mem::discriminant(&o.kind) == std::mem::discriminant(&kind));
    state.ui.overlay = (!is_open).then(|| Overlay::new(kind));
}

fn open_tab(state: &mut AppState, number: u8) {
    state.ui.overlay = None;
    if state.ui.place == Place::root(number) {
        let name = tabs::open(state).name;
        say(state, Role::Dim, format!("tab {number}, {name}, is open"));
    }
    state.ui.open(Place::root(number));
}

fn step_tab(state: &mut AppState, forward: bool) {
    let count = tabs::TABS.len();
    let here = tabs::TABS.iter().position(|t| t.number == state.ui.place.tab).unwrap_or(0);
    let step = if forward { 1 } else { count.saturating_sub(1) };
    let next = tabs::TABS.get((here + step) % count.max(1)).map_or(1, |t| t.number);
    open_tab(state, next);
}

fn scrub(state: &mut AppState, command: Command) -> Vec<Effect> {
    let Some(replay) = state.replay else {
        say(state, Role::Dim, "the replay has not begun".to_owned());
        return Vec::new();
    };
    let to = match command {
        Command::HistoryBack => replay.at_ms.saturating_sub(SCRUB_MS),
        _ => replay.at_ms.saturating_add(SCRUB_MS).min(replay.length_ms),
    };
    vec![Effect::Seek(to)]
}

fn replay_speed(state: &mut AppState, command: Command) -> Vec<Effect> {
    let Some(replay) = state.replay.filter(|_| state.mode.is_replay()) else {
        say(state, Role::Dim, format!("{} works in a replay only", command.name()));
        return Vec::new();
    };
    let speed = match command {
        Command::Pause if !replay.paused => return vec![Effect::Speed(0.0)],
        Command::Pause => state.ui.replay_speed,
        Command::Faster => (state.ui.replay_speed * 2.0).min(SPEEDS.1),
        _ => (state.ui.replay_speed / 2.0).max(SPEEDS.0),
    };
    state.ui.replay_speed = speed;
    vec![Effect::Speed(speed)]
}

/// Commands about the view: back, history, panes.
fn on_view(state: &mut AppState, command: Command) -> Option<Vec<Effect>> {
    match command {
        Command::Back => back(state, false),
        Command::LeaveOrBack => back(state, true),
        Command::HistoryBack if !state.ui.go_back() => {
            say(state, Role::Dim, "this is the first view of the history".to_owned());
        }
        Command::HistoryForward if !state.ui.go_forward() => {
            say(state, Role::Dim, "this is the newest view of the history".to_owned());
        }
        Command::LastView if !state.ui.go_last() => {
            say(state, Role::Dim, "no other view was open yet".to_owned());
        }
        Command::HistoryBack | Command::HistoryForward | Command::LastView => {}
        Command::NextPane => next_pane(state),
        Command::Zoom => state.ui.zoom = !state.ui.zoom,
        Command::Grow => grow(state, 1),
        Command::Shrink => grow(state, -1),
        _ => return None,
    }
    Some(Vec::new())
}

fn grow(state: &mut AppState, step: i8) {
    if !tabs::shares_the_screen(state) {
        say(state, Role::Dim, "one pane is shown at a time here · z gives it the whole screen".to_owned());
        return;
    }
    let next = state.ui.grow.saturating_add(step).clamp(-MAX_GROW, MAX_GROW);
    if next == state.ui.grow {
        say(state, Role::Dim, "the pane goes no further this way · z gives it the whole screen".to_owned());
    }
    state.ui.grow = next;
}

/// Closes what lies on top: filter, zoom, the opened chain or validator; at the root, where `leaving`, asks to leave.
fn back(state: &mut AppState, leaving: bool) {
    let list = tabs::focused(state).map(|p| p.list);
    if let Some(list) = list.filter(|l| !state.ui.table(l).filter.is_empty()) {
        state.ui.table_mut(&list).filter.clear();
    } else if state.ui.zoom {
        state.ui.zoom = false;
    } else if flow::give_up(state) {
    } else if state.ui.place.runbook.is_some() {
        if !state.ui.go_back() {
            state.ui.open(Place::root(state.ui.place.tab));
        }
    } else if !state.ui.place.is_root() {
        state.ui.open(Place::root(state.ui.place.tab));
    } else if leaving {
        state.ui.overlay = Some(Overlay::new(OverlayKind::AskLeave));
    } else {
        say(state, Role::Dim, "nothing to close here · q leaves".to_owned());
    }
}

fn next_pane(state: &mut AppState) {
    let panes = (tabs::open(state).panes)(state);
    let here = tabs::focused(state).and_then(|f| panes.iter().position(|p| p.id == f.id)).unwrap_or(0);
    match panes.get((here + 1) % panes.len().max(1)) {
        Some(next) if panes.len() > 1 => {
            let kind = state.ui.view_kind();
            state.ui.focus.insert(kind, next.id.to_owned());
        }
        _ => say(state, Role::Dim, "there is one pane here".to_owned()),
    }
}
