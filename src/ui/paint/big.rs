//! Letters that can be read from across the room.
//!
//! In: a few words. Out: the largest letters that fit, from ten lines high down to plain bold text. Must not import
//! anything but `screen` and its siblings.

use super::canvas::{Align, Canvas, cells, split_bottom, split_top};
use super::panel::stack;
use crate::screen::{Line, Role};
use ratatui::layout::Rect;

/// Five rows of five dots; the highest bit is at the left.
type Glyph = [u8; 5];

/// Width of a letter with the gap behind it, in dots.
const ADVANCE: usize = 6;

#[rustfmt::skip]
const FONT: [(char, Glyph); 42] = [
    ('A', [0b01110, 0b10001, 0b11111, 0b10001, 0b10001]), ('B', [0b11110, 0b10001, 0b11110, 0b10001, 0b11110]),
    ('C', [0b01111, 0b10000, 0b10000, 0b10000, 0b01111]), ('D', [0b11110, 0b10001, 0b10001, 0b10001, 0b11110]),
    ('E', [0b11111, 0b10000, 0b11110, 0b10000, 0b11111]), ('F', [0b11111, 0b10000, 0b11110, 0b10000, 0b10000]),
    ('G', [0b01111, 0b10000, 0b10011, 0b10001, 0b01111]), ('H', [0b10001, 0b10001, 0b11111, 0b10001, 0b10001]),
    ('I', [0b01110, 0b00100, 0b00100, 0b00100, 0b01110]), ('J', [0b00111, 0b00010, 0b00010, 0b10010, 0b01100]),
    ('K', [0b10010, 0b10100, 0b11000, 0b10100, 0b10010]), ('L', [0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    ('M', [0b10001, 0b11011, 0b10101, 0b10001, 0b10001]), ('N', [0b10001, 0b11001, 0b10101, 0b10011, 0b10001]),
    ('O', [0b01110, 0b10001, 0b10001, 0b10001, 0b01110]), ('P', [0b11110, 0b10001, 0b11110, 0b10000, 0b10000]),
    ('Q', [0b01110, 0b10001, 0b10001, 0b10010, 0b01101]), ('R', [0b11110, 0b10001, 0b11110, 0b10010, 0b10001]),
    ('S', [0b01111, 0b10000, 0b01110, 0b00001, 0b11110]), ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('U', [0b10001, 0b10001, 0b10001, 0b10001, 0b01110]), ('V', [0b10001, 0b10001, 0b01010, 0b01010, 0b00100]),
    ('W', [0b10001, 0b10001, 0b10101, 0b11011, 0b10001]), ('X', [0b10001, 0b01010, 0b00100, 0b01010, 0b10001]),
    ('Y', [0b10001, 0b01010, 0b00100, 0b00100, 0b00100]), ('Z', [0b11111, 0b00010, 0b00100, 0b01000, 0b11111]),
    ('0', [0b01110, 0b10011, 0b10101, 0b11001, 0b01110]), ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b11110, 0b00001, 0b01110, 0b10000, 0b11111]), ('3', [0b11110, 0b00001, 0b00110, 0b00001, 0b11110]),
    ('4', [0b10010, 0b10010, 0b11111, 0b00010, 0b00010]), ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b11110]),
    ('6', [0b01110, 0b10000, 0b11110, 0b10001, 0b01110]), ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b00100]),
    ('8', [0b01110, 0b10001, 0b01110, 0b10001, 0b01110]), ('9', [0b01110, 0b10001, 0b01111, 0b00001, 0b01110]),
    ('-', [0b00000, 0b00000, 0b01110, 0b00000, 0b00000]), ('.', [0b00000, 0b00000, 0b00000, 0b00000, 0b00100]),
    (':', [0b00000, 0b00100, 0b00000, 0b00100, 0b00000]), ('/', [0b00001, 0b00010, 0b00100, 0b01000, 0b10000]),
    ('?', [0b01110, 0b00001, 0b00110, 0b00000, 0b00100]), ('!', [0b00100, 0b00100, 0b00100, 0b00000, 0b00100]),
];

/// Cells per dot: across, down.
const SCALES: [(usize, usize); 2] = [(4, 2), (2, 1)];

/// Paints `text` as large as it fits, with `below` under it.
pub(super) fn paint(canvas: &mut Canvas<'_>, area: Rect, text: &str, role: Role, below: &Line) {
    let (top, _) = split_bottom(area, 2);
    let words = text.to_uppercase();
    let known = words.chars().all(|c| c.is_whitespace() || FONT.iter().any(|(k, _)| *k == c));
    let mut rows = if known { largest(&words, top) } else { None };
    let rows = rows.get_or_insert_with(|| vec![format!("███ {text} ███")]);
    let free = usize::from(top.height).saturating_sub(rows.len());
    let (_, block) = split_top(area, cells(free / 3));
    let mut lines: Vec<Line> = rows.iter().map(|r| Line::of(role, r.clone())).collect();
    lines.extend([Line::default(), below.clone()]);
    // Rows of letters share one left edge: what is centred is the block.
    let widest = lines.iter().map(|l| canvas.line_width(l)).max().unwrap_or(0);
    let margin = cells(usize::from(block.width).saturating_sub(widest) / 2).min(4);
    let inner = Rect { x: block.x + margin, width: block.width - margin, ..block };
    stack(canvas, inner, &lines, Align::Left);
}

/// The rows of the largest scale that fits; none if none does.
fn largest(words: &str, area: Rect) -> Option<Vec<String>> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let scaled = SCALES.iter().map(|(across, down)| (width / across, *across, *down));
    for (dots, across, down) in scaled {
        if let Some(lines) = fold(words, dots)
            && lines.len() * (5 * down + 1) <= height + 1
        {
            return Some(lines.iter().flat_map(|l| blocks(l, across, down)).collect());
        }
    }
    let lines = fold(words, width)?;
    (lines.len() * 4 <= height + 1).then(|| lines.iter().flat_map(|l| halves(l)).collect())
}

/// Words on lines of at most `dots` dots; none if a word alone is too wide.
fn fold(words: &str, dots: usize) -> Option<Vec<String>> {
    let most = (dots + 1) / ADVANCE;
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let len = word.chars().count();
        if len > most {
            return None;
        }
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + len <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    Some(lines)
}

/// A line of letters as five rows of dots.
fn dots(line: &str) -> [Vec<bool>; 5] {
    let mut rows: [Vec<bool>; 5] = Default::default();
    for c in line.chars() {
        let glyph = FONT.iter().find(|(k, _)| *k == c).map_or([0; 5], |(_, g)| *g);
        for (row, bits) in rows.iter_mut().zip(glyph) {
            row.extend((0..5).rev().map(|bit| bits >> bit & 1 == 1));
            row.push(false);
        }
    }
    rows
}

/// One dot is `across` × `down` cells. A blank row follows.
fn blocks(line: &str, across: usize, down: usize) -> Vec<String> {
    let mut out = Vec::new();
    for row in dots(line) {
        let text: String =
            row.iter().map(|on| if *on { "█".repeat(across) } else { " ".repeat(across) }).collect();
        out.extend(std::iter::repeat_n(text, down));
    }
    out.push(String::new());
    out
}

/// Two dots, one above the other, share a cell. A blank row follows.
fn halves(line: &str) -> Vec<String> {
    let [a, b, c, d, e] = dots(line);
    let none = vec![false; a.len()];
    [(&a, &b), (&c, &d), (&e, &none)]
        .into_iter()
        .map(|(upper, lower)| {
            upper
                .iter()
                .zip(lower)
                .map(|(u, l)| match (u, l) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                })
                .collect()
        })
        .chain([String::new()])
        .collect()
}
