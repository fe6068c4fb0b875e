//! The last line: the keys that matter here, or an answer, or what is being typed; at the right what the values rest on.
//!
//! In: the state. Out: a [`Footer`]. The keys come from the keymap: a rebound key shows as it is bound.

use super::keys;
use crate::command::Command;
use crate::domain::ChainId;
use crate::screen::{Footer, Line, Role, format};
use crate::state::AppState;
use crate::state::ui::OverlayKind;
use crate::tabs::{self, words};

/// The footer of the console.
pub(super) fn footer(state: &AppState) -> Footer {
    Footer { left: left(state), right: source(state) }
}

fn left(state: &AppState) -> Line {
    let ui = &state.ui;
    if let Some(field) = &ui.filter {
        let line = input_line("/", &field.input.text(), field.input.cursor());
        return match &ui.said {
            Some(said) => line.and(said.role, format!("  {}", said.text)),
            None => line.and(Role::Dim, "  Enter keeps, Esc drops · !inverse · -r expression"),
        };
    }
    if let Some(said) = &ui.said {
        return Line::of(said.role, said.text.clone());
    }
    if !ui.pending.is_empty() {
        let typed: Vec<String> = ui.pending.iter().map(ToString::to_string).collect();
        return Line::of(Role::Key, format!("{} …", typed.join(" ")));
    }
    if let Some(notice) = state.notices.back().filter(|n| state.now.since(n.at) < 60_000) {
        return Line::of(Role::Accent, notice.text.as_str()).and(Role::Dim, " · @ log");
    }
    let commands = match ui.overlay.as_ref().map(|o| &o.kind) {
        Some(OverlayKind::AskLeave) => return Line::of(Role::Text, "q or Enter leaves, Esc stays"),
        Some(OverlayKind::Palette(..)) => return typing("takes", "closes"),
        Some(OverlayKind::Runbooks(..)) => return typing("opens", "closes"),
        Some(OverlayKind::Qr(_)) => vec![Command::Copy, Command::Back],
        None if super::flow::is_typing(state) => {
            return Line::of(Role::Key, "Enter")
                .and(Role::Dim, " next · ")
                .and(Role::Key, "↑ ↓")
                .and(Role::Dim, " fields · ")
                .and(Role::Key, "@path")
                .and(Role::Dim, " a file · ")
                .and(Role::Key, "Esc")
                .and(Role::Dim, " done");
        }
        Some(OverlayKind::Help) if ui.is_typing() => return typing("keeps", "closes"),
        Some(_) if ui.is_typing() => return typing("keeps", "drops"),
        Some(OverlayKind::Link(_)) => vec![Command::Copy, Command::Back],
        Some(_) if ui.overlay.as_ref().is_some_and(|o| o.find.is_some()) => {
            vec![Command::NextMatch, Command::PreviousMatch, Command::Filter, Command::Back]
        }
        Some(OverlayKind::Help | OverlayKind::RequestLog) => {
            vec![Command::Down, Command::Up, Command::Filter, Command::Back]
        }
        Some(_) => vec![Command::Down, Command::Up, Command::Filter, Command::Copy, Command::Back],
        None => (tabs::open(state).keys)(state),
    };
    keys_line(state, &commands)
}

/// What can be done while keys are text.
fn typing(enter: &str, escape: &str) -> Line {
    Line::of(Role::Dim, "type to search · ")
        .and(Role::Key, "Enter")
        .and(Role::Dim, format!(" {enter} · "))
        .and(Role::Key, "Esc")
        .and(Role::Dim, format!(" {escape}"))
}

/// `Enter open   / filter`: each command with its first key.
fn keys_line(state: &AppState, commands: &[Command]) -> Line {
    let contexts = keys::contexts(state);
    let mut line = Line::default();
    for command in commands.iter().take(5) {
        let key = contexts.iter().find_map(|c| state.keymap.keys_for(*c, *command).into_iter().next());
        let Some(key) = key else { continue };
        let word = match command {
            Command::Filter if state.ui.overlay.is_some() => "search",
            other => word(*other),
        };
        let gap = if line.spans.is_empty() { "" } else { "  " };
        line = line.and(Role::Dim, gap).and(Role::Key, key).and(Role::Dim, format!(" {word}"));
    }
    if state.mode.is_replay() && state.ui.overlay.is_none() && state.ui.width >= 100 {
        line = line.and(Role::Replay, "  [ ]").and(Role::Dim, " scrub");
    }
    line
}

/// A command in one or two words.
fn word(command: Command) -> &'static str {
    match command {
        Command::NextPane => "next pane",
        Command::PageDown => "page down",
        Command::Acknowledge => "ack",
        Command::Back => "back",
        Command::OpenLink => "link",
        Command::ShowQr => "qr",
        Command::NextMatch => "next",
        Command::PreviousMatch => "previous",
        other => other.name(),
    }
}

/// A text being typed, the character under the cursor marked.
pub(super) fn input_line(prompt: &str, text: &str, cursor: usize) -> Line {
    let before: String = text.chars().take(cursor).collect();
    let at: String = text.chars().skip(cursor).take(1).collect();
    let after: String = text.chars().skip(cursor + 1).collect();
    let at = if at.is_empty() { " ".to_owned() } else { at };
    Line::of(Role::Key, prompt).and(Role::Text, before).and(Role::Cursor, at).and(Role::Text, after)
}

/// The chain that the view is about: the open one, else the selected one, else the relay chain.
fn current(state: &AppState) -> Option<ChainId> {
    if let Some(id) = &state.ui.place.chain {
        return Some(id.clone());
    }
    if state.ui.place.tab != tabs::health::TAB.number {
        return Some(state.network.relay()?.id.clone());
    }
    let selected = state.ui.table("chains").selected.map(|key| ChainId::from(key.as_str()));
    selected
        .filter(|id| state.network.chain(id).is_some())
        .or_else(|| Some(state.network.chains.first()?.id.clone()))
}

/// `relay via dwellir 38 ms`.
fn source(state: &AppState) -> Line {
    let Some(chain) = current(state).and_then(|id| state.chain(&id)) else { return Line::default() };
    let id = chain.spec.id.as_str();
    if state.mode.is_replay() {
        return Line::of(Role::Dim, format!("{id} as recorded"));
    }
    let Some(view) = chain.view else { return Line::of(Role::Unknown, format!("{id} not connected")) };
    let Some(source) = &view.source else { return Line::of(Role::Unknown, format!("{id} has no source")) };
    let latency = view.endpoints.get(source).and_then(|e| e.latency_ms);
    let latency = latency.map_or_else(|| "? ms".to_owned(), format::latency);
    Line::of(Role::Dim, format!("{id} via {} {latency}", words::label(source)))
}
