//! What lies over the body: help, palette, describe, timeline, the log of connections, a link, the question at leaving.
//!
//! In: the open overlay. Out: its panel, filled from the state of this moment: what is described goes on ageing.

mod describe;
mod help;
mod log;
mod timeline;

use super::palette;
use crate::screen::{Body, Column, Line, Overlay, Role, Row, Table};
use crate::state::AppState;
use crate::state::ui::OverlayKind;
use crate::tabs::subject;

/// Columns that frame and margin take.
const MARGIN: u16 = 4;

/// The open overlay as it is painted.
pub(super) fn overlay(state: &AppState) -> Option<Overlay> {
    let open = state.ui.overlay.as_ref()?;
    let body = body(state, &open.kind);
    let (width, height) = size(state, &open.kind, &body);
    let inner = width.saturating_sub(MARGIN);
    let input = match &open.kind {
        OverlayKind::Help(input) | OverlayKind::Palette(input, _) => Some((input.text(), input.cursor())),
        _ => None,
    };
    let frame = if input.is_some() { 4 } else { 2 };
    let room = usize::from(height.saturating_sub(frame)).max(1);
    let scroll = open.scroll.min(lines(&body, inner).saturating_sub(room));
    Some(Overlay { title: title(state, &open.kind), width, height, input, body, scroll })
}

/// Lines of the open overlay's content, for scrolling.
pub(super) fn length(state: &AppState) -> usize {
    state.ui.overlay.as_ref().map_or(0, |o| {
        let body = body(state, &o.kind);
        let (width, _) = size(state, &o.kind, &body);
        lines(&body, width.saturating_sub(MARGIN))
    })
}

/// Lines of a content at this width; text wraps.
fn lines(body: &Body, width: u16) -> usize {
    let width = usize::from(width).max(1);
    match body {
        Body::Text(lines) => lines.iter().map(|l| l.plain().chars().count().div_ceil(width).max(1)).sum(),
        Body::KeyValues(pairs) => {
            let columns = |l: &Line| l.plain().chars().count();
            let names = pairs.iter().map(|(name, _)| columns(name)).max().unwrap_or(0).min(width * 2 / 5);
            let room = width.saturating_sub(names + 2).max(1);
            pairs.iter().map(|(_, value)| columns(value).div_ceil(room).max(1)).sum()
        }
        Body::Table(table) => table.total,
        _ => 2,
    }
}

fn size(state: &AppState, kind: &OverlayKind, body: &Body) -> (u16, u16) {
    let (most_wide, most_high) = (state.ui.width.saturating_sub(4), state.ui.height.saturating_sub(4));
    let (width, height) = match kind {
        OverlayKind::AskLeave => (44, 5),
        OverlayKind::Link(_) => (most_wide, 6),
        OverlayKind::Palette(..) => (84, 20),
        OverlayKind::Help(_) => (84, most_high),
        _ => {
            let width = most_wide.min(124);
            (
                width,
                u16::try_from(lines(body, width.saturating_sub(MARGIN)))
                    .unwrap_or(u16::MAX)
                    .saturating_add(2),
            )
        }
    };
    (width.min(most_wide), height.min(most_high))
}

fn title(state: &AppState, kind: &OverlayKind) -> Line {
    let title = |text: String| Line::of(Role::Title, text);
    match kind {
        OverlayKind::Help(_) => title("keys that are valid here".to_owned()),
        OverlayKind::Palette(..) => title("commands and chains".to_owned()),
        OverlayKind::Describe(s) => {
            title(subject::title(state, s)).and(Role::Dim, " · value · block · age · source")
        }
        OverlayKind::Timeline(s) => title(format!("timeline of {}", subject::title(state, s))),
        OverlayKind::RequestLog => title("connections".to_owned()),
        OverlayKind::Link(_) => title("link".to_owned()),
        OverlayKind::AskLeave => title("leave sereno?".to_owned()),
    }
}

fn body(state: &AppState, kind: &OverlayKind) -> Body {
    match kind {
        OverlayKind::Help(input) => help::body(state, &input.text()),
        OverlayKind::Palette(input, selected) => palette_body(state, &input.text(), *selected),
        OverlayKind::Describe(subject) => Body::KeyValues(describe::pairs(state, subject)),
        OverlayKind::Timeline(subject) => timeline::body(state, subject),
        OverlayKind::RequestLog => log::body(state),
        OverlayKind::Link(link) => Body::Text(vec![
            Line::of(Role::Link, link.clone()),
            Line::default(),
            Line::of(Role::Key, "y")
                .and(Role::Dim, " copies it · ")
                .and(Role::Key, "Esc")
                .and(Role::Dim, " closes"),
        ]),
        OverlayKind::AskLeave => Body::Text(vec![
            Line::of(Role::Text, "The chains go on without being watched."),
            Line::of(Role::Key, "q")
                .and(Role::Dim, " again or ")
                .and(Role::Key, "Enter")
                .and(Role::Dim, " leaves, ")
                .and(Role::Key, "Esc")
                .and(Role::Dim, " stays"),
        ]),
    }
}

fn palette_body(state: &AppState, text: &str, selected: usize) -> Body {
    let entries = palette::entries(state, text);
    if entries.is_empty() {
        return Body::Empty {
            sentence: Line::of(Role::Text, format!("no command and no chain is called '{text}'")),
            next: Line::of(Role::Dim, "Ctrl-u clears the line"),
        };
    }
    let column = |title: &str, min, max| Column {
        title: title.to_owned(),
        min,
        max,
        right: false,
        drop_order: 0,
        sorted: None,
    };
    let height = usize::from(state.ui.height);
    let selected = selected.min(entries.len() - 1);
    let first = selected.saturating_sub(height / 2);
    let contexts = help::contexts_below(state);
    let bound = state.keymap.bindings(&contexts);
    let rows = entries.iter().skip(first).take(height).map(|entry| {
        let keys = match entry {
            palette::Entry::Command(c) => bound.iter().find(|(_, b)| b == c).map(|(k, _)| k.clone()),
            palette::Entry::Chain(_) => None,
        };
        Row {
            key: entry.name().to_owned(),
            cells: vec![
                Line::of(Role::Text, entry.name()),
                Line::of(Role::Key, keys.unwrap_or_default()),
                Line::of(Role::Dim, entry.about(state)),
            ],
            marked: false,
        }
    });
    Body::Table(Table {
        columns: vec![column("NAME", 15, 18), column("KEYS", 8, 16), column("WHAT IT DOES", 20, u16::MAX)],
        rows: rows.collect(),
        first,
        total: entries.len(),
        selected: Some(selected),
    })
}
