//! Tables: columns by content and room, selection always in view.
//!
//! In: the window of a table. Out: cells. Must not import anything but `screen` and its siblings.

use super::canvas::{Align, Canvas, cells, split_left, split_top};
use crate::screen::format::number;
use crate::screen::{Line, Role, Table};
use ratatui::layout::Rect;

/// Blank cells between columns.
const GAP: u16 = Table::GAP;

/// A column that is shown.
struct Shown {
    index: usize,
    width: u16,
}

/// Width of the table with every column as wide as it likes.
pub(super) fn full_width(canvas: &Canvas<'_>, table: &Table) -> usize {
    let all: usize =
        (0..table.columns.len()).map(|i| usize::from(wanted(canvas, table, i)) + usize::from(GAP)).sum();
    all + 2
}

/// Paints `table`; `note` is the bottom of the frame, where the position in a long table is said.
pub(super) fn paint(canvas: &mut Canvas<'_>, area: Rect, note: Option<Rect>, table: &Table) {
    let gutter = if table.rows.iter().any(|r| r.marked) { 2 } else { 1 };
    let (gutter_area, mut inner) = split_left(area, gutter);
    let lines = usize::from(area.height.saturating_sub(1));
    let scrolls = table.total > lines;
    if scrolls && inner.width > 0 {
        inner.width -= 1;
    }
    let shown = columns(canvas, table, inner.width);
    let (head, rows_area) = split_top(inner, 1);
    header(canvas, head, table, &shown);
    let selected = table.selected.and_then(|s| s.checked_sub(table.first)).filter(|s| *s < table.rows.len());
    let offset = selected.map_or(0, |s| (s + 1).saturating_sub(lines));
    for (line, row) in table.rows.iter().skip(offset).take(lines).enumerate() {
        let at = Rect { y: rows_area.y + cells(line), height: 1, ..rows_area };
        let mut rest = at;
        for column in &shown {
            let (here, after) = split_left(rest, column.width);
            let right = table.columns.get(column.index).is_some_and(|c| c.right);
            if let Some(cell) = row.cells.get(column.index) {
                canvas.line(here, cell, if right { Align::Right } else { Align::Left });
            }
            (_, rest) = split_left(after, GAP);
        }
        let whole = Rect { y: at.y, height: 1, ..area };
        let is_selected = selected == Some(offset + line);
        if row.marked {
            canvas.text(Rect { x: gutter_area.x + 1, y: at.y, width: 1, height: 1 }, Role::Marked, "+");
            canvas.lay(at, Role::Marked);
        }
        if is_selected {
            canvas.lay(
                Rect { width: whole.width - u16::from(scrolls && whole.width > 0), ..whole },
                Role::Selected,
            );
            canvas.text(
                Rect { y: at.y, width: gutter_area.width.min(1), height: 1, ..gutter_area },
                Role::Selected,
                "▸",
            );
        }
    }
    if scrolls {
        scrollbar(canvas, area, note, table, table.first.saturating_add(offset));
    }
}

fn header(canvas: &mut Canvas<'_>, area: Rect, table: &Table, shown: &[Shown]) {
    let mut rest = area;
    for column in shown {
        let (here, after) = split_left(rest, column.width);
        if let Some(c) = table.columns.get(column.index) {
            let mut line = Line::of(Role::Header, c.title.clone());
            if let Some(descending) = c.sorted {
                line = line.and(Role::Key, if descending { "↓" } else { "↑" });
            }
            canvas.line(here, &line, if c.right { Align::Right } else { Align::Left });
        }
        (_, rest) = split_left(after, GAP);
    }
}

/// The width a column would like: its content in this window, between its bounds.
fn wanted(canvas: &Canvas<'_>, table: &Table, index: usize) -> u16 {
    let Some(column) = table.columns.get(index) else { return 0 };
    let title = canvas.width(&column.title) + usize::from(column.sorted.is_some());
    let content = table.rows.iter().filter_map(|r| r.cells.get(index)).map(|c| canvas.line_width(c)).max();
    cells(title.max(content.unwrap_or(0))).clamp(column.min, column.max.max(column.min))
}

/// Which columns are shown and how wide: those that fit take their least, and what remains goes to the columns by
/// importance.
fn columns(canvas: &Canvas<'_>, table: &Table, room: u16) -> Vec<Shown> {
    let kept = Table::fitting(&table.columns, room);
    let drop_order = |i: &usize| table.columns.get(*i).map_or(0, |c| c.drop_order);
    let mut shown: Vec<Shown> = kept
        .iter()
        .filter_map(|i| table.columns.get(*i).map(|c| Shown { index: *i, width: c.min.max(1) }))
        .collect();
    let used: u32 = shown.iter().map(|s| u32::from(s.width) + u32::from(GAP)).sum();
    let mut left = (u32::from(room) + u32::from(GAP)).saturating_sub(used);
    let mut order: Vec<usize> = (0..shown.len()).collect();
    order.sort_by_key(|i| shown.get(*i).map_or(0, |s| drop_order(&s.index)));
    for i in order {
        if let Some(column) = shown.get_mut(i) {
            let more = u32::from(wanted(canvas, table, column.index).saturating_sub(column.width)).min(left);
            column.width += u16::try_from(more).unwrap_or(0);
            left -= more;
        }
    }
    shown
}

/// A thumb at the right edge, and the position in words in the frame.
fn scrollbar(canvas: &mut Canvas<'_>, area: Rect, note: Option<Rect>, table: &Table, first: usize) {
    let height = usize::from(area.height.saturating_sub(1));
    if height == 0 || area.width == 0 || table.total == 0 {
        return;
    }
    // More rows than this move the thumb no further; bounds the products.
    let total = table.total.min(1 << 31);
    let thumb = (height * height / total).clamp(1, height);
    let range = total.saturating_sub(height).max(1);
    let top = (first.min(range) * (height - thumb)).div_ceil(range);
    let x = area.right() - 1;
    let y = area.y + 1 + cells(top);
    canvas.fill(
        Rect { x, y, width: 1, height: cells(thumb).min(area.bottom().saturating_sub(y)) },
        Role::Border,
        "▐",
    );
    if let Some(note) = note {
        let as_u64 = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let last = first.saturating_add(height).min(table.total);
        let text = format!(
            " {}–{} of {} ",
            number(as_u64(first.saturating_add(1))),
            number(as_u64(last)),
            number(as_u64(table.total))
        );
        canvas.line(note, &Line::of(Role::Dim, text).and(Role::Border, "─"), Align::Right);
    }
}
