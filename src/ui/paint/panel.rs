//! Nodes, panels with their frames, and the overlay.
//!
//! In: a tree of panels and a rectangle. Out: cells. Must not import anything but `screen` and its siblings.

use super::canvas::{Align, Canvas, cells, inset, split_left, split_top};
use super::{bars, big, layout, lines, table};
use crate::screen::{Body, Line, Node, Overlay, Panel, Role, Size};
use ratatui::layout::Rect;

/// Deepest nesting that is painted; bounds the work.
const MAX_DEPTH: u8 = 8;

/// Paints a node into `area`.
pub(super) fn node(canvas: &mut Canvas<'_>, area: Rect, it: &Node) {
    nested(canvas, area, it, MAX_DEPTH);
}

fn nested(canvas: &mut Canvas<'_>, area: Rect, it: &Node, depth: u8) {
    if depth == 0 || area.width == 0 || area.height == 0 {
        return;
    }
    let (parts, rows) = match it {
        Node::Panel(p) => return panel(canvas, area, p),
        Node::Rows(parts) => (parts, true),
        Node::Columns(parts) => (parts, false),
    };
    let sizes: Vec<Size> = parts.iter().map(|(size, _)| *size).collect();
    let needs: Vec<u16> = parts
        .iter()
        .map(|(size, part)| match size {
            Size::Content(_) if rows => height(canvas, part, area.width, depth),
            Size::Content(_) => width(canvas, part, depth),
            _ => 0,
        })
        .collect();
    let mut rest = area;
    for ((_, part), n) in
        parts.iter().zip(layout::divide(&sizes, &needs, if rows { area.height } else { area.width }))
    {
        let (here, after) = if rows { split_top(rest, n) } else { split_left(rest, n) };
        nested(canvas, here, part, depth - 1);
        rest = after;
    }
}

/// Lines that a node fills at this width.
fn height(canvas: &Canvas<'_>, it: &Node, width: u16, depth: u8) -> u16 {
    if depth == 0 {
        return 0;
    }
    match it {
        Node::Rows(parts) => parts.iter().fold(0, |sum: u16, (size, part)| {
            sum.saturating_add(match size {
                Size::Cells(n) => *n,
                Size::Content(most) => height(canvas, part, width, depth - 1).min(*most),
                Size::Share(_) => height(canvas, part, width, depth - 1),
            })
        }),
        Node::Columns(parts) => {
            let each = width / cells(parts.len()).max(1);
            parts.iter().map(|(_, part)| height(canvas, part, each, depth - 1)).max().unwrap_or(0)
        }
        Node::Panel(p) => {
            let frame = if p.title.is_some() { 2 } else { 0 };
            body_height(canvas, &p.body, usize::from(width.saturating_sub(frame * 2))).saturating_add(frame)
        }
    }
}

/// Lines that a body fills at this width.
fn body_height(canvas: &Canvas<'_>, body: &Body, width: usize) -> u16 {
    match body {
        Body::Table(t) => cells(t.total.max(t.rows.len()).saturating_add(1)),
        Body::KeyValues(pairs) => {
            cells(lines::pairs(canvas, pairs, width).take(usize::from(u16::MAX)).count())
        }
        Body::Text(text) => cells(text.iter().map(|l| lines::wrap(canvas, l, width).len()).sum()),
        Body::Gauge { .. } => 1,
        Body::Chart { .. } => 6,
        Body::Big { .. } => 7,
        Body::Empty { .. } => 2,
    }
}

/// Columns that a node fills.
fn width(canvas: &Canvas<'_>, it: &Node, depth: u8) -> u16 {
    if depth == 0 {
        return 0;
    }
    match it {
        Node::Rows(parts) => parts.iter().map(|(_, p)| width(canvas, p, depth - 1)).max().unwrap_or(0),
        Node::Columns(parts) => {
            parts.iter().fold(0u16, |sum, (_, p)| sum.saturating_add(width(canvas, p, depth - 1)))
        }
        Node::Panel(p) => {
            let body = match &p.body {
                Body::Table(t) => table::full_width(canvas, t),
                Body::KeyValues(pairs) => {
                    let widest = |f: fn(&(Line, Line)) -> &Line| {
                        pairs.iter().map(|p| canvas.line_width(f(p))).max().unwrap_or(0)
                    };
                    widest(|p| &p.0) + 2 + widest(|p| &p.1)
                }
                Body::Text(text) => text.iter().map(|l| canvas.line_width(l)).max().unwrap_or(0),
                Body::Gauge { label, .. } => canvas.line_width(label) + 20,
                Body::Chart { values, .. } => values.len() + 8,
                Body::Big { text, below, .. } => canvas.width(text).max(canvas.line_width(below)),
                Body::Empty { sentence, next } => canvas.line_width(sentence).max(canvas.line_width(next)),
            };
            let title = p.title.as_ref().map_or(0, |t| canvas.line_width(t) + 2);
            cells(body.max(title) + if p.title.is_some() { 4 } else { 0 })
        }
    }
}

fn panel(canvas: &mut Canvas<'_>, area: Rect, p: &Panel) {
    let inner = match &p.title {
        Some(title) => frame(canvas, area, title, p.focused),
        None => area,
    };
    canvas.stale = p.stale;
    match &p.body {
        Body::Table(t) => {
            let note = p.title.is_some().then(|| Rect {
                y: area.bottom().saturating_sub(1),
                height: area.height.min(1),
                ..inset(area, 1, 0)
            });
            table::paint(canvas, inner, note, t);
        }
        other => body(canvas, inset(inner, 1, 0), other, 0),
    }
    canvas.stale = false;
}

/// A frame with its title; returns what is inside.
fn frame(canvas: &mut Canvas<'_>, area: Rect, title: &Line, focused: bool) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let role = if focused { Role::BorderFocused } else { Role::Border };
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    let dot = |x, y| Rect { x, y, width: 1, height: 1 };
    canvas.fill(Rect { height: 1, ..area }, role, "─");
    canvas.fill(Rect { y: bottom, height: 1, ..area }, role, "─");
    canvas.fill(Rect { width: 1, ..area }, role, "│");
    canvas.fill(Rect { x: right, width: 1, ..area }, role, "│");
    for (x, y, sign) in
        [(area.x, area.y, "┌"), (right, area.y, "┐"), (area.x, bottom, "└"), (right, bottom, "┘")]
    {
        canvas.fill(dot(x, y), role, sign);
    }
    let mut spaced = Line::of(role, " ");
    // A title says only what is in the panel; where the keys go shows in its weight and in the frame.
    spaced.spans.extend(title.spans.iter().cloned().map(|mut span| {
        if span.role == Role::Title && !focused {
            span.role = Role::Dim;
        }
        span
    }));
    canvas.line(Rect { height: 1, ..inset(area, 2, 0) }, &spaced.and(role, " "), Align::Left);
    inset(area, 1, 1)
}

/// Every body but a table, which wants its own margins.
fn body(canvas: &mut Canvas<'_>, area: Rect, it: &Body, scroll: usize) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    match it {
        Body::Table(t) => table::paint(canvas, area, None, t),
        Body::KeyValues(pairs) => {
            let all = lines::window(canvas, lines::pairs(canvas, pairs, width), width, scroll, height);
            stack(canvas, area, &all, Align::Left);
        }
        Body::Text(text) => {
            let all = lines::window(canvas, text.iter().cloned(), width, scroll, height);
            stack(canvas, area, &all, Align::Left);
        }
        Body::Gauge { ratio, label } => bars::gauge(canvas, area, *ratio, label),
        Body::Chart { values, limit, unit } => bars::chart(canvas, area, values, *limit, unit),
        Body::Big { text, role, below } => big::paint(canvas, area, text, *role, below),
        Body::Empty { sentence, next } => {
            let mut all = lines::wrap(canvas, sentence, width);
            all.extend(lines::wrap(canvas, next, width));
            let top = cells(height.saturating_sub(all.len()) / 3);
            stack(canvas, split_top(area, top).1, &all, Align::Centre);
        }
    }
}

/// One line below the other.
pub(super) fn stack(canvas: &mut Canvas<'_>, area: Rect, all: &[Line], align: Align) {
    let mut rest = area;
    for line in all {
        let (here, after) = split_top(rest, 1);
        canvas.line(here, line, align);
        rest = after;
    }
}

/// What lies over the body, centred.
pub(super) fn overlay(canvas: &mut Canvas<'_>, screen: Rect, it: &Overlay) {
    let width = it.width.clamp(4, screen.width.saturating_sub(2).max(4)).min(screen.width);
    let height = it.height.clamp(3, screen.height.saturating_sub(2).max(3)).min(screen.height);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    };
    canvas.clear(area);
    let mut inner = frame(canvas, area, &it.title, true);
    if let Some((text, cursor)) = &it.input {
        let (line, rest) = split_top(inner, 1);
        input(canvas, inset(line, 1, 0), text, *cursor);
        let (rule, rest) = split_top(rest, u16::from(rest.height > 1));
        canvas.fill(rule, Role::Border, "─");
        inner = rest;
    }
    match &it.body {
        Body::Table(t) => table::paint(canvas, inner, None, t),
        other => body(canvas, inset(inner, 1, 0), other, it.scroll),
    }
}

/// An input line; the part around the cursor stays visible.
fn input(canvas: &mut Canvas<'_>, area: Rect, text: &str, cursor: usize) {
    let before: String = text.chars().take(cursor).collect();
    let under: String = text.chars().nth(cursor).map_or_else(|| " ".to_owned(), String::from);
    let after: String = text.chars().skip(cursor.saturating_add(1)).collect();
    let room = usize::from(area.width).saturating_sub(4);
    let excess = canvas.width(&before).saturating_sub(room);
    let shown: String = if excess == 0 { before } else { before.chars().skip(excess + 1).collect() };
    let mark = if excess == 0 { "› " } else { "…" };
    let line =
        Line::of(Role::Key, mark).and(Role::Text, shown).and(Role::Cursor, under).and(Role::Text, after);
    canvas.line(area, &line, Align::Left);
}
