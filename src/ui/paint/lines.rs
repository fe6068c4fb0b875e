//! Lines wrapped at a width, between words where possible.
//!
//! In: lines with roles. Out: shorter lines. Must not import anything but `screen` and its siblings.

use super::super::glyph;
use super::canvas::Canvas;
use crate::screen::{Line, Role, Span};

/// Most lines that one line may become; bounds the work on hostile text.
const MAX_LINES: usize = 200;

/// `line` in pieces of at most `width` cells. An empty line stays one empty line.
pub(super) fn wrap(canvas: &Canvas<'_>, line: &Line, width: usize) -> Vec<Line> {
    if width == 0 {
        return Vec::new();
    }
    if canvas.line_width(line) <= width {
        return vec![line.clone()];
    }
    let safe: Vec<(String, Role)> =
        line.spans.iter().map(|s| (canvas.safe(&s.text).into_owned(), s.role)).collect();
    let glyphs: Vec<(&str, usize, Role)> = safe
        .iter()
        .flat_map(|(text, role)| glyph::glyphs(text).map(|(g, w)| (g, w, *role)))
        .filter(|(_, w, _)| *w <= width)
        .collect();
    let mut out = Vec::new();
    let mut rest = glyphs.as_slice();
    while !rest.is_empty() && out.len() < MAX_LINES {
        let end = fitting(rest, width);
        let (piece, tail) = rest.split_at_checked(end.max(1)).unwrap_or((rest, &[]));
        out.push(join(piece));
        let blanks = tail.iter().take_while(|(g, _, _)| *g == " ").count();
        rest = tail.get(blanks..).unwrap_or(&[]);
    }
    out
}

/// How many glyphs go on this line: up to the last space that fits, or as many as fit.
fn fitting(glyphs: &[(&str, usize, Role)], width: usize) -> usize {
    let mut used = 0;
    let mut last_space = None;
    for (i, (glyph, w, _)) in glyphs.iter().enumerate() {
        if *glyph == " " && i > 0 {
            last_space = Some(i);
        }
        used += w;
        if used > width {
            return last_space.unwrap_or(i);
        }
    }
    glyphs.len()
}

fn join(glyphs: &[(&str, usize, Role)]) -> Line {
    let mut line = Line::default();
    for (glyph, _, role) in glyphs {
        match line.spans.last_mut() {
            Some(span) if span.role == *role => span.text.push_str(glyph),
            _ => line.spans.push(Span { text: (*glyph).to_owned(), role: *role }),
        }
    }
    line
}

/// The lines of a text from `scroll` on, as many as `height`; past the end the last ones stay.
pub(super) fn window(
    canvas: &Canvas<'_>,
    lines: impl Iterator<Item = Line>,
    width: usize,
    scroll: usize,
    height: usize,
) -> Vec<Line> {
    let end = scroll.saturating_add(height);
    let mut all = Vec::new();
    for line in lines {
        all.extend(wrap(canvas, &line, width));
        if all.len() >= end {
            break;
        }
    }
    let from = scroll.min(all.len().saturating_sub(height));
    all.into_iter().skip(from).take(height).collect()
}

/// Key-values as lines: the names in a column of their own, long values wrapped under their beginning.
pub(super) fn pairs<'p>(
    canvas: &'p Canvas<'_>,
    pairs: &'p [(Line, Line)],
    width: usize,
) -> impl Iterator<Item = Line> + use<'p> {
    let widest = pairs.iter().map(|(k, _)| canvas.line_width(k)).max().unwrap_or(0);
    let column = widest.min(width * 2 / 5);
    pairs.iter().flat_map(move |(key, value)| {
        let room = width.saturating_sub(column + 2);
        let mut keys = wrap(canvas, key, column.max(1)).into_iter();
        let mut values = wrap(canvas, value, room.max(1)).into_iter();
        let mut out = Vec::new();
        loop {
            let (key, value) = (keys.next(), values.next());
            if key.is_none() && value.is_none() && !out.is_empty() {
                break out;
            }
            let key = key.unwrap_or_default();
            let pad = column.saturating_sub(canvas.line_width(&key)) + 2;
            let mut line = key.and(Role::Text, " ".repeat(pad));
            line.spans.extend(value.unwrap_or_default().spans);
            out.push(line);
        }
    })
}
