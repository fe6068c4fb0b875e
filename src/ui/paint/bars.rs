//! Gauges and charts.
//!
//! In: values. Out: cells; a value that is not known is a gap, never a zero. Must not import anything but `screen` and
//! its siblings.

use super::canvas::{Align, Canvas, cells, split_bottom, split_left, split_top};
use crate::screen::format::number;
use crate::screen::{Line, Role};
use ratatui::layout::Rect;

/// A bar from 0 to 1 with its label behind it.
pub(super) fn gauge(canvas: &mut Canvas<'_>, area: Rect, ratio: f64, label: &Line) {
    let (line, _) = split_top(area, 1);
    let wide = canvas.line_width(label).min(usize::from(line.width) * 2 / 3);
    let (bar, rest) = split_left(line, line.width.saturating_sub(cells(wide) + 2));
    let full = eighths(ratio, u32::from(bar.width)) / 8;
    let (done, open) = split_left(bar, full);
    canvas.fill(done, Role::Chart, "━");
    canvas.fill(open, Role::Border, "─");
    canvas.line(split_left(rest, 2).1, label, Align::Left);
}

/// `ratio` of `cells` in eighths of a cell; what is no number counts as nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=8 × a u16 before the cast"
)]
fn eighths(ratio: f64, cells: u32) -> u16 {
    let ratio = if ratio.is_finite() { ratio.clamp(0.0, 1.0) } else { 0.0 };
    (ratio * f64::from(cells) * 8.0).round().clamp(0.0, f64::from(u16::MAX)) as u16
}

/// Columns over time, the newest at the right; a rule at the limit, and what exceeds it in the accent.
pub(super) fn chart(
    canvas: &mut Canvas<'_>,
    area: Rect,
    values: &[Option<u64>],
    limit: Option<u64>,
    unit: &str,
) {
    const PARTS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let Some(highest) = values.iter().flatten().copied().max() else {
        canvas.text(area, Role::Unknown, "? no values yet");
        return;
    };
    let top = highest.max(limit.unwrap_or(0)).max(1);
    let label = format!("{} {unit}", number(top));
    let axis = cells(canvas.width(&label) + 1).min(area.width / 2);
    let (names, plot) = split_left(area, axis);
    canvas.text(names, Role::Dim, &label);
    canvas.text(split_bottom(names, 1).1, Role::Dim, "0");
    if plot.width == 0 || plot.height == 0 {
        return;
    }
    let steps = u64::from(plot.height) * 8;
    let level =
        |v: u64| u16::try_from(u128::from(v) * u128::from(steps) / u128::from(top)).unwrap_or(u16::MAX);
    let limit_row = limit.map(|l| (level(l) / 8).min(plot.height - 1));
    if let Some(up) = limit_row {
        let y = plot.bottom() - 1 - up;
        canvas.fill(Rect { y, height: 1, ..plot }, Role::Border, "┄");
    }
    let room = usize::from(plot.width);
    let recent = values.get(values.len().saturating_sub(room)..).unwrap_or(values);
    let wide = if recent.len() * 2 <= room { 2 } else { 1 };
    let start = plot.right() - cells(recent.len() * usize::from(wide));
    for (i, value) in recent.iter().enumerate() {
        let Some(value) = value else { continue };
        let x = start + cells(i) * wide;
        let level = level(*value).max(1);
        let over = limit.is_some_and(|l| *value > l);
        for up in 0..level.div_ceil(8).min(plot.height) {
            // Only what stands above the limit asks for attention.
            let role = if over && limit_row.is_some_and(|l| up >= l) { Role::Accent } else { Role::Chart };
            let part = (level - up * 8).min(8);
            let sign = PARTS.get(usize::from(part - 1)).copied().unwrap_or("█");
            canvas.fill(Rect { x, y: plot.bottom() - 1 - up, width: 1, height: 1 }, role, sign);
        }
    }
}
