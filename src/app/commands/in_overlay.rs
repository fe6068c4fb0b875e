//! Commands while an overlay is open: it scrolls, is searched, closes, and answers for what it shows.
//!
//! In: a command. Out: the changed state and effects. A key that means nothing here says so, or does nothing where
//! nothing was to be expected of it.

use super::{intents, say};
use crate::app::{Effect, overlays};
use crate::command::Command;
use crate::screen::Role;
use crate::state::AppState;
use crate::state::ui::{Find, OverlayKind};
use crate::tabs::{Intent, subject};

/// Carries a command out.
pub(super) fn run(state: &mut AppState, command: Command) -> Vec<Effect> {
    let page = usize::from(state.ui.height.saturating_sub(6)).max(1);
    match command {
        Command::Back if has_search(state) => drop_search(state),
        Command::Back | Command::LeaveOrBack => state.ui.overlay = None,
        Command::Down => scroll(state, |s| s.saturating_add(1)),
        Command::Up => scroll(state, |s| s.saturating_sub(1)),
        Command::PageDown => scroll(state, |s| s.saturating_add(page)),
        Command::PageUp => scroll(state, |s| s.saturating_sub(page)),
        Command::First => scroll(state, |_| 0),
        Command::Last => scroll(state, |_| usize::MAX),
        Command::Filter => search(state),
        Command::NextMatch => step(state, true),
        Command::PreviousMatch => step(state, false),
        // The lines of an overlay lead nowhere.
        Command::Open => {}
        _ => return ask(state, command),
    }
    Vec::new()
}

fn has_search(state: &AppState) -> bool {
    state.ui.overlay.as_ref().is_some_and(|o| o.find.is_some())
}

/// Ends the search; the overlay stays.
pub(in crate::app) fn drop_search(state: &mut AppState) {
    if let Some(overlay) = &mut state.ui.overlay {
        overlay.find = None;
    }
}

/// Enter: the text stands, keys are commands again.
pub(in crate::app) fn keep_search(state: &mut AppState) {
    if let Some(overlay) = &mut state.ui.overlay {
        match &mut overlay.find {
            Some(find) if !find.input.is_empty() => find.typing = false,
            _ => overlay.find = None,
        }
    }
}

fn search(state: &mut AppState) {
    let Some(overlay) = &mut state.ui.overlay else { return };
    if matches!(overlay.kind, OverlayKind::Link(_) | OverlayKind::Qr(_)) {
        say(state, Role::Dim, "nothing to search stands here".to_owned());
        return;
    }
    overlay.find.get_or_insert_with(Find::new).typing = true;
}

fn step(state: &mut AppState, forward: bool) {
    let Some(find) = state.ui.overlay.as_ref().and_then(|o| o.find.as_ref()) else {
        say(state, Role::Dim, "nothing is searched here · / searches".to_owned());
        return;
    };
    let count = overlays::hits(state).len();
    if count == 0 {
        say(state, Role::Dim, format!("'{}' is not here · / searches anew", find.input.text()));
        return;
    }
    let at = (find.at.min(count - 1) + if forward { 1 } else { count - 1 }) % count;
    if let Some(find) = state.ui.overlay.as_mut().and_then(|o| o.find.as_mut()) {
        find.at = at;
    }
    reveal(state);
}

/// Scrolls as little as shows the current match.
pub(in crate::app) fn reveal(state: &mut AppState) {
    let Some((line, room)) = overlays::place_of_match(state) else { return };
    if let Some(overlay) = &mut state.ui.overlay {
        let last = line.saturating_add(1).saturating_sub(room);
        overlay.scroll = overlay.scroll.clamp(last, line.max(last));
    }
}

fn scroll(state: &mut AppState, step: impl FnOnce(usize) -> usize) {
    let last = overlays::length(state).saturating_sub(1);
    if let Some(overlay) = &mut state.ui.overlay {
        overlay.scroll = step(overlay.scroll).min(last);
    }
}

fn ask(state: &mut AppState, command: Command) -> Vec<Effect> {
    let kind = state.ui.overlay.as_ref().map(|o| o.kind.clone());
    let intent = match kind {
        Some(OverlayKind::Describe(subject) | OverlayKind::Timeline(subject)) => {
            subject::intent(state, Some(&subject), command)
        }
        Some(OverlayKind::Qr(data)) if matches!(command, Command::Copy | Command::CopyLink) => {
            Some(Intent::Copy(data, "call data".to_owned()))
        }
        Some(OverlayKind::Link(link)) if matches!(command, Command::Copy | Command::CopyLink) => {
            Some(Intent::Copy(link, "link".to_owned()))
        }
        _ => None,
    };
    let nothing = || Intent::Say(format!("{} does nothing here · Esc closes", command.name()));
    let intent = intent.unwrap_or_else(nothing);
    intents::carry_out(state, intent)
}
