//! The first two lines and the last one.
//!
//! In: header, tabs, footer. Out: cells. Must not import anything but `screen` and its siblings.

use super::canvas::{Align, Canvas, cells, inset, split_left};
use crate::screen::{Footer, Header, Line, Role, TabLabel};
use ratatui::layout::Rect;

/// Left part, sentence in the middle, time at the right. What does not fit goes in this order: time, left part, the
/// end of the sentence.
pub(super) fn header(canvas: &mut Canvas<'_>, area: Rect, header: &Header) {
    let area = inset(area, 1, 0);
    let room = usize::from(area.width);
    let (left, sentence, right) = (
        canvas.line_width(&header.left),
        canvas.line_width(&header.sentence),
        canvas.line_width(&header.right),
    );
    let gap = |n: usize| if n > 0 { n + 2 } else { 0 };
    let right = if gap(left) + sentence + gap(right) <= room { right } else { 0 };
    let left = left.min(room.saturating_sub(sentence + 2));
    let (left_area, rest) = split_left(area, cells(left));
    canvas.line(left_area, &header.left, Align::Left);
    let (_, rest) = split_left(rest, cells(gap(left) - left));
    let (middle, right_area) = split_left(rest, cells(usize::from(rest.width).saturating_sub(gap(right))));
    // Centred on the whole line where there is room, else as near as possible.
    let ideal = area.x + cells(room.saturating_sub(sentence) / 2);
    let start = ideal.clamp(middle.x, (middle.right().saturating_sub(cells(sentence))).max(middle.x));
    let (_, middle) = split_left(middle, start - middle.x);
    canvas.line(middle, &header.sentence, Align::Left);
    if right > 0 {
        canvas.line(right_area, &header.right, Align::Right);
    }
}

/// How much of the inactive tabs is shown.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    Whole,
    Short,
    None,
}

/// Tabs by number and name; where it is narrow the names of the other tabs go first.
pub(super) fn tabs(canvas: &mut Canvas<'_>, area: Rect, tabs: &[TabLabel]) {
    let area = inset(area, 1, 0);
    let room = usize::from(area.width);
    let fits = |canvas: &Canvas<'_>, names| {
        tabs.iter().map(|t| canvas.line_width(&tab(t, names)) + spacing(names)).sum::<usize>()
            <= room + spacing(names)
    };
    let names = [Names::Whole, Names::Short].into_iter().find(|n| fits(canvas, *n)).unwrap_or(Names::None);
    let mut rest = area;
    for label in tabs {
        let used = canvas.line(rest, &tab(label, names), Align::Left);
        (_, rest) = split_left(rest, used + cells(spacing(names)));
    }
}

fn tab(label: &TabLabel, names: Names) -> Line {
    let role = if label.active { Role::TabActive } else { Role::TabInactive };
    let name: String = match (label.active, names) {
        (true, _) | (_, Names::Whole) => format!(" {}", label.name),
        (false, Names::Short) => format!(" {}", label.name.chars().take(4).collect::<String>()),
        (false, Names::None) => String::new(),
    };
    let edge = if label.active { " " } else { "" };
    let mut line = Line::of(role, format!("{edge}{}{name}", label.number));
    if let Some(n) = label.badge.filter(|n| *n > 0) {
        line = line.and(role, " ").and(if label.active { role } else { Role::Accent }, format!("({n})"));
    }
    line.and(role, edge)
}

/// Blank cells between tabs.
fn spacing(names: Names) -> usize {
    if names == Names::Whole { 2 } else { 1 }
}

/// Keys at the left, what the values rest on at the right; the right part goes first.
pub(super) fn footer(canvas: &mut Canvas<'_>, area: Rect, footer: &Footer) {
    let area = inset(area, 1, 0);
    let (left, right) = (canvas.line_width(&footer.left), canvas.line_width(&footer.right));
    if left + right + 2 <= usize::from(area.width) {
        canvas.line(area, &footer.right, Align::Right);
    }
    canvas.line(area, &footer.left, Align::Left);
}
