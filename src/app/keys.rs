//! Key presses and pasted text: into the open text field, or through the keymap to a command.
//!
//! In: a key. Out: the changed state and effects. Pasted text only ever becomes text in an open field. A key that does
//! nothing is answered with a sentence.

use super::{Effect, commands, flow, palette, wall};
use crate::command::Command;
use crate::keymap::{Context, Key, KeyCode, Resolution};
use crate::screen::Role;
use crate::state::AppState;
use crate::state::filter::Filter;
use crate::state::input::{Edit, Input, remember};
use crate::state::ui::{Overlay, OverlayKind, Said};

/// Longest chord.
const MAX_CHORD: usize = 4;

/// Contexts in force, the first that knows a key wins.
#[must_use]
pub(super) fn contexts(state: &AppState) -> Vec<Context> {
    if state.mode.is_wall() {
        return vec![Context::Wall];
    }
    let mut out = Vec::new();
    if state.ui.overlay.is_some() {
        out.push(Context::Overlay);
    }
    if state.mode.is_replay() {
        out.push(Context::Replay);
    }
    out.extend([Context::List, Context::Global]);
    out
}

/// Handles a key press.
pub(super) fn press(state: &mut AppState, key: Key) -> Vec<Effect> {
    if state.mode.is_wall() {
        return match state.keymap.resolve(&[Context::Wall], &[], key) {
            Resolution::Command(command) => wall::command(state, command),
            Resolution::Pending | Resolution::None => Vec::new(),
        };
    }
    state.ui.said = None;
    if flow::is_typing(state) {
        return flow::type_key(state, key).unwrap_or_else(|| beside_text(state, key));
    }
    if state.ui.is_typing() {
        return type_key(state, key);
    }
    let pending = std::mem::take(&mut state.ui.pending);
    let contexts = contexts(state);
    match state.keymap.resolve(&contexts, &pending, key) {
        Resolution::Command(command) => commands::run(state, command),
        Resolution::Pending if pending.len() < MAX_CHORD => {
            state.ui.pending = pending;
            state.ui.pending.push(key);
            Vec::new()
        }
        Resolution::Pending | Resolution::None => {
            if key.code == KeyCode::Esc && !pending.is_empty() {
                return Vec::new();
            }
            let all: Vec<String> = pending.iter().chain([&key]).map(ToString::to_string).collect();
            say(state, Role::Dim, format!("{} is not bound here · ? shows the keys", all.join(" ")));
            Vec::new()
        }
    }
}

/// Handles pasted text: it goes into an open field and nowhere else.
pub(super) fn paste(state: &mut AppState, text: &str) {
    if state.mode.is_wall() {
        return;
    }
    if flow::is_typing(state) {
        flow::paste(state, text);
        return;
    }
    match state.ui.input_mut() {
        Some(input) => {
            input.paste(text);
            typed(state);
        }
        None => {
            say(state, Role::Dim, "pasted text is ignored: open the filter or the palette first".to_owned())
        }
    }
}

/// Answers in the footer.
pub(super) fn say(state: &mut AppState, role: Role, text: String) {
    state.ui.said = Some(Said { text, role, at: state.now });
}

fn type_key(state: &mut AppState, key: Key) -> Vec<Effect> {
    let is_move = matches!(key.code, KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown);
    if is_move && state.ui.filter.is_none() && move_in_overlay(state, key.code) {
        return Vec::new();
    }
    if begins_search(state, key) {
        return Vec::new();
    }
    let history =
        if state.ui.filter.is_some() { &state.ui.filter_history } else { &state.ui.palette_history };
    let history = history.clone();
    let Some(input) = state.ui.input_mut() else { return Vec::new() };
    match input.edit(key, &history) {
        Edit::Changed => typed(state),
        Edit::Accepted => return accept(state),
        Edit::Cancelled => cancel(state),
        Edit::Ignored => return beside_text(state, key),
    }
    Vec::new()
}

/// Leaving, redrawing and the like work while a field is open; plain keys are text and nothing else.
fn beside_text(state: &mut AppState, key: Key) -> Vec<Effect> {
    match state.keymap.resolve(&[Context::Global], &[], key) {
        Resolution::Command(c @ (Command::Quit | Command::Redraw | Command::Refresh)) if key.ctrl => {
            commands::run(state, c)
        }
        _ => Vec::new(),
    }
}

/// True for the key that begins a search, pressed where one has just begun: help opens with its search.
fn begins_search(state: &AppState, key: Key) -> bool {
    let is_empty = |o: &Overlay| o.find.as_ref().is_some_and(|f| f.typing && f.input.is_empty());
    let is_sign = matches!(key.code, KeyCode::Char(c) if !c.is_alphanumeric());
    let search = Resolution::Command(Command::Filter);
    state.ui.filter.is_none()
        && is_sign
        && state.ui.overlay.as_ref().is_some_and(is_empty)
        && state.keymap.resolve(&[Context::Overlay], &[], key) == search
}

/// Up and Down choose in the palette while nothing was recalled, and scroll what is searched; false where they are
/// history.
fn move_in_overlay(state: &mut AppState, code: KeyCode) -> bool {
    let page = usize::from(state.ui.height / 2).max(1);
    let count = match &state.ui.overlay {
        Some(Overlay { kind: OverlayKind::Palette(input, _), .. }) => {
            let empty = input.is_empty() && !state.ui.palette_history.is_empty();
            if empty && code == KeyCode::Up {
                return false;
            }
            palette::entries(state, &input.text()).len()
        }
        Some(Overlay { kind: OverlayKind::Runbooks(about, input, _), .. }) => {
            crate::tabs::recovery::fits::entries(state, about.as_ref(), &input.text()).len()
        }
        Some(Overlay { find: Some(_), .. }) => super::overlays::length(state),
        _ => return false,
    };
    let last = count.saturating_sub(1);
    let step = |n: usize| match code {
        KeyCode::Up => n.saturating_sub(1),
        KeyCode::Down => n.saturating_add(1).min(last),
        KeyCode::PageUp => n.saturating_sub(page),
        _ => n.saturating_add(page).min(last),
    };
    match &mut state.ui.overlay {
        Some(Overlay { kind: OverlayKind::Palette(_, at) | OverlayKind::Runbooks(_, _, at), .. }) => {
            *at = step(*at)
        }
        Some(overlay) => overlay.scroll = step(overlay.scroll),
        None => {}
    }
    true
}

/// The text of the open field changed: filters apply while they are typed.
fn typed(state: &mut AppState) {
    if let Some(field) = &state.ui.filter {
        let (list, text) = (field.list.clone(), field.input.text());
        let wrong = Filter::of(&text).wrong().map(|why| format!("{why} · shown unfiltered · e.g. -r ^asset"));
        state.ui.table_mut(&list).filter = text;
        if let Some(why) = wrong {
            say(state, Role::Minor, why);
        }
    } else if let Some(overlay) = &mut state.ui.overlay {
        overlay.scroll = 0;
        if let OverlayKind::Palette(_, selected) | OverlayKind::Runbooks(_, _, selected) = &mut overlay.kind {
            *selected = 0;
        }
        if let Some(find) = &mut overlay.find {
            find.at = 0;
        }
        commands::reveal(state);
    }
}

fn accept(state: &mut AppState) -> Vec<Effect> {
    if let Some(field) = state.ui.filter.take() {
        let text = field.input.text();
        remember(&mut state.ui.filter_history, &text);
        state.ui.table_mut(&field.list).filter = text;
        commands::hold_selections(state);
        return Vec::new();
    }
    if let Some(Overlay { kind: OverlayKind::Palette(input, selected), .. }) = &state.ui.overlay {
        let (input, selected) = (input.clone(), *selected);
        state.ui.overlay = None;
        return accept_palette(state, &input, selected);
    }
    if let Some(Overlay { kind: OverlayKind::Runbooks(about, input, at), .. }) = &state.ui.overlay {
        let (about, text, at) = (about.clone(), input.text(), *at);
        let chosen = crate::tabs::recovery::fits::entries(state, about.as_ref(), &text);
        let name = chosen.get(at).map(|entry| entry.recipe.name().to_owned());
        return match name {
            Some(name) => flow::open(state, &name, about),
            None => {
                say(state, Role::Minor, format!("no runbook fits '{text}' · Ctrl-u clears the line"));
                Vec::new()
            }
        };
    }
    commands::keep_search(state);
    Vec::new()
}

fn accept_palette(state: &mut AppState, input: &Input, selected: usize) -> Vec<Effect> {
    let text = input.text();
    let entry = palette::entries(state, &text).into_iter().nth(selected);
    match entry {
        Some(entry) => {
            remember(&mut state.ui.palette_history, &text);
            palette::run(state, &entry)
        }
        None => {
            say(state, Role::Minor, format!("no command and no chain is called '{text}' · : shows all"));
            Vec::new()
        }
    }
}

fn cancel(state: &mut AppState) {
    if let Some(field) = state.ui.filter.take() {
        state.ui.table_mut(&field.list).filter = field.before;
    } else if matches!(
        &state.ui.overlay,
        Some(Overlay { kind: OverlayKind::Help | OverlayKind::Palette(..) | OverlayKind::Runbooks(..), .. })
    ) {
        state.ui.overlay = None;
    } else {
        commands::drop_search(state);
    }
}
