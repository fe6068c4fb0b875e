//! What lies over the body: help, palette, describe, timeline, the log of connections, a link, the question at leaving.
//!
//! In: the open overlay. Out: its panel, filled from the state of this moment: what is described goes on ageing.

mod describe;
mod find;
mod help;
mod log;
mod runbooks;
mod timeline;

use super::palette;
use crate::screen::{Body, Column, Line, Overlay, Role, Row, Table};
use crate::state::AppState;
use crate::state::input::Input;
use crate::state::ui::{self, OverlayKind, Subject};
use crate::tabs::subject;

/// Columns that frame and margin take.
const MARGIN: u16 = 4;

/// The open overlay as it is painted.
pub(super) fn overlay(state: &AppState) -> Option<Overlay> {
    let open = state.ui.overlay.as_ref()?;
    let body = body(state, open);
    let (width, height) = size(state, open, &body);
    let inner = width.saturating_sub(MARGIN);
    let input = input(open).map(|input| (input.text(), input.cursor()));
    let scroll = open.scroll.min(lines(&body, inner).saturating_sub(room(open, height)));
    let found = found(open, &body);
    let body = match &open.find {
        Some(find) => find::mark(body, &find.input.text(), found.get(find.at).copied()),
        None => body,
    };
    let title = title(state, open, found.len());
    Some(Overlay { title, width, height, input, body, scroll })
}

/// The text field at its top, where keys are text.
fn input(open: &ui::Overlay) -> Option<&Input> {
    match (&open.kind, &open.find) {
        (OverlayKind::Palette(input, _) | OverlayKind::Runbooks(_, input, _), _) => Some(input),
        (_, Some(find)) if find.typing => Some(&find.input),
        _ => None,
    }
}

/// Lines of content that an overlay of this height shows.
fn room(open: &ui::Overlay, height: u16) -> usize {
    let frame = if input(open).is_some() { 4 } else { 2 };
    usize::from(height.saturating_sub(frame)).max(1)
}

/// What the search finds. Help shows only what fits the search, so there every line is found.
fn found(open: &ui::Overlay, body: &Body) -> Vec<usize> {
    let Some(text) = open.find.as_ref().map(|f| f.input.text()).filter(|t| !t.is_empty()) else {
        return Vec::new();
    };
    match (&open.kind, body) {
        (OverlayKind::Help, Body::KeyValues(pairs)) => (0..pairs.len()).collect(),
        _ => find::hits(body, &text),
    }
}

/// What the search in the open overlay finds.
pub(super) fn hits(state: &AppState) -> Vec<usize> {
    state.ui.overlay.as_ref().map_or_else(Vec::new, |open| found(open, &body(state, open)))
}

/// The line on which the current match begins, and how many lines are shown.
pub(super) fn place_of_match(state: &AppState) -> Option<(usize, usize)> {
    let open = state.ui.overlay.as_ref()?;
    let body = body(state, open);
    let hit = *found(open, &body).get(open.find.as_ref()?.at)?;
    let (width, height) = size(state, open, &body);
    let above = heights(&body, width.saturating_sub(MARGIN)).take(hit).sum();
    Some((above, room(open, height)))
}

/// Lines of the open overlay's content, for scrolling.
pub(super) fn length(state: &AppState) -> usize {
    state.ui.overlay.as_ref().map_or(0, |o| {
        let body = body(state, o);
        let (width, _) = size(state, o, &body);
        lines(&body, width.saturating_sub(MARGIN))
    })
}

/// Lines of a content at this width.
fn lines(body: &Body, width: u16) -> usize {
    match body {
        Body::Text(_) | Body::KeyValues(_) => heights(body, width).sum(),
        Body::Table(table) => table.total,
        _ => 2,
    }
}

/// Lines of each line of a text, or of each pair, at this width; text wraps.
fn heights(body: &Body, width: u16) -> Box<dyn Iterator<Item = usize> + '_> {
    let width = usize::from(width).max(1);
    let columns = |l: &Line| l.plain().chars().count();
    match body {
        Body::Text(lines) => Box::new(lines.iter().map(move |l| columns(l).div_ceil(width).max(1))),
        Body::KeyValues(pairs) => {
            let names = pairs.iter().map(|(name, _)| columns(name)).max().unwrap_or(0).min(width * 2 / 5);
            let room = width.saturating_sub(names + 2).max(1);
            Box::new(pairs.iter().map(move |(_, value)| columns(value).div_ceil(room).max(1)))
        }
        _ => Box::new(std::iter::empty()),
    }
}

fn size(state: &AppState, open: &ui::Overlay, body: &Body) -> (u16, u16) {
    let (most_wide, most_high) = (state.ui.width.saturating_sub(4), state.ui.height.saturating_sub(4));
    let (width, height) = match &open.kind {
        OverlayKind::AskLeave => (44, 5),
        OverlayKind::Link(_) => (most_wide, 6),
        OverlayKind::Palette(..) => (84, 20),
        OverlayKind::Runbooks(..) => (most_wide.min(124), most_high),
        OverlayKind::Qr(data) => runbooks::qr_size(data, most_wide),
        OverlayKind::Help => (84, most_high),
        _ => {
            let width = most_wide.min(124);
            (
                width,
                u16::try_from(lines(body, width.saturating_sub(MARGIN)))
                    .unwrap_or(u16::MAX)
                    .saturating_add(if input(open).is_some() { 4 } else { 2 }),
            )
        }
    };
    (width.min(most_wide), height.min(most_high))
}

fn title(state: &AppState, open: &ui::Overlay, found: usize) -> Line {
    let line = name(state, &open.kind);
    let Some(find) = open.find.as_ref().filter(|f| !f.input.is_empty()) else { return line };
    let line = line.and(Role::Dim, " · ").and(Role::Match, find.input.text());
    match found {
        0 => line.and(Role::Minor, " is not here"),
        n => line.and(Role::Dim, format!(" {} of {n}", (find.at + 1).min(n))),
    }
}

fn name(state: &AppState, kind: &OverlayKind) -> Line {
    let title = |text: String| Line::of(Role::Title, text);
    match kind {
        OverlayKind::Help => title("keys that are valid here".to_owned()),
        OverlayKind::Palette(..) => title("commands and chains".to_owned()),
        OverlayKind::Runbooks(about, ..) => runbooks::title(state, about.as_ref()),
        OverlayKind::Qr(_) => title("call data as a QR code".to_owned()),
        OverlayKind::Describe(s @ Subject::FormLine(..)) => title(subject::title(state, s)),
        OverlayKind::Describe(s) => {
            title(subject::title(state, s)).and(Role::Dim, " · value · block · age · source")
        }
        OverlayKind::Timeline(s) => title(format!("timeline of {}", subject::title(state, s))),
        OverlayKind::RequestLog => title("connections".to_owned()),
        OverlayKind::Link(_) => title("link".to_owned()),
        OverlayKind::AskLeave => title("leave sereno?".to_owned()),
    }
}

fn body(state: &AppState, open: &ui::Overlay) -> Body {
    match &open.kind {
        OverlayKind::Help => {
            help::body(state, &open.find.as_ref().map_or_else(String::new, |f| f.input.text()))
        }
        OverlayKind::Palette(input, selected) => palette_body(state, &input.text(), *selected),
        OverlayKind::Runbooks(about, input, at) => runbooks::body(state, about.as_ref(), &input.text(), *at),
        OverlayKind::Qr(data) => runbooks::qr(data, state.ui.width.saturating_sub(MARGIN + 4)),
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
