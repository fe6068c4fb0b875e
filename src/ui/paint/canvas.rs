//! The only place that writes cells: clipped to the buffer, sanitised, measured.
//!
//! In: text with roles and a rectangle. Out: cells. Must not import anything but `screen` and its siblings.

use super::super::glyph;
use super::super::sheet::Sheet;
use crate::screen::{Line, Role};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Where a line stands in its rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
    Centre,
}

/// A buffer with styles.
pub(super) struct Canvas<'a> {
    buf: &'a mut Buffer,
    sheet: &'a Sheet,
    /// True inside a panel whose content is too old.
    pub(super) stale: bool,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buf: &'a mut Buffer, sheet: &'a Sheet) -> Self {
        Self { buf, sheet, stale: false }
    }

    /// The text as the terminal can show it.
    pub(super) fn safe<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        glyph::safe(text, self.sheet.ascii)
    }

    /// Width of a text in cells.
    pub(super) fn width(&self, text: &str) -> usize {
        glyph::width(&self.safe(text))
    }

    /// Width of a line in cells.
    pub(super) fn line_width(&self, line: &Line) -> usize {
        line.spans.iter().map(|s| self.width(&s.text)).sum()
    }

    fn style(&self, role: Role) -> Style {
        if self.stale && role != Role::Selected { self.sheet.stale(role) } else { self.sheet.of(role) }
    }

    /// Writes safe text from (x, y), at most `max` cells; returns the cells used.
    fn put(&mut self, (x, y): (u16, u16), text: &str, max: usize, style: Style) -> u16 {
        let area = self.buf.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let room = max.min(usize::from(area.right() - x));
        if text.is_ascii() {
            return self.buf.set_stringn(x, y, text, room, style).0 - x;
        }
        let mut at = x;
        for (glyph, width) in glyph::glyphs(text) {
            if usize::from(at - x) + width > room {
                break;
            }
            at = self.buf.set_stringn(at, y, glyph, width, style).0;
        }
        at - x
    }

    /// Writes one text of one role at the left of the first line of `area`, cut with `…`.
    pub(super) fn text(&mut self, area: Rect, role: Role, text: &str) -> u16 {
        self.line(area, &Line::of(role, text), Align::Left)
    }

    /// Writes `line` into the first line of `area`, cut with `…`; returns the cells used.
    pub(super) fn line(&mut self, area: Rect, line: &Line, align: Align) -> u16 {
        if area.width == 0 || area.height == 0 {
            return 0;
        }
        let width = self.line_width(line);
        let room = usize::from(area.width);
        let free = cells(room.saturating_sub(width));
        let mut x = area.x
            + match align {
                Align::Left => 0,
                Align::Right => free,
                Align::Centre => free / 2,
            };
        let start = x;
        let mut left = if width > room { room - 1 } else { room };
        let mut last = Role::Text;
        for span in &line.spans {
            let text = self.safe(&span.text);
            let style = self.style(span.role);
            last = span.role;
            let head = glyph::head(&text, left);
            let whole = head.len() == text.len();
            let used = self.put((x, area.y), head, left, style);
            x += used;
            left = left.saturating_sub(usize::from(used));
            if !whole {
                break;
            }
        }
        if width > room {
            let style = self.style(last);
            x += self.put((x, area.y), &glyph::safe("…", self.sheet.ascii), 1, style);
        }
        x - start
    }

    /// Blanks `area`.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buf.cell_mut((x, y)) {
                    cell.reset();
                }
            }
            // A wide glyph that began left of the area must not reach into it.
            let wide = area.x.checked_sub(1).and_then(|x| self.buf.cell_mut((x, y)));
            if let Some(cell) = wide
                && glyph::width(cell.symbol()) > 1
            {
                cell.reset();
            }
        }
    }

    /// Lays the style of `role` over what stands in `area`. Reversed styles replace the colours of the letters.
    pub(super) fn lay(&mut self, area: Rect, role: Role) {
        let over = self.style(role);
        let area = area.intersection(self.buf.area);
        if over.add_modifier.contains(Modifier::REVERSED) {
            for y in area.top()..area.bottom() {
                for x in area.left()..area.right() {
                    if let Some(cell) = self.buf.cell_mut((x, y)) {
                        let bold = cell.modifier & Modifier::BOLD;
                        cell.set_style(Style::reset().patch(over)).modifier.insert(bold);
                    }
                }
            }
        } else {
            self.buf.set_style(area, over);
        }
    }

    /// Fills a column or row of cells with one sign.
    pub(super) fn fill(&mut self, area: Rect, role: Role, sign: &str) {
        let sign = self.safe(sign).into_owned();
        let style = self.style(role);
        let area = area.intersection(self.buf.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.put((x, y), &sign, 1, style);
            }
        }
    }
}

/// A count of cells; more than a terminal can have is the most it can have.
pub(super) fn cells(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// The first `n` lines and the rest.
pub(super) fn split_top(area: Rect, n: u16) -> (Rect, Rect) {
    let n = n.min(area.height);
    (Rect { height: n, ..area }, Rect { y: area.y + n, height: area.height - n, ..area })
}

/// All but the last `n` lines, and these.
pub(super) fn split_bottom(area: Rect, n: u16) -> (Rect, Rect) {
    let n = n.min(area.height);
    split_top(area, area.height - n)
}

/// The first `n` columns and the rest.
pub(super) fn split_left(area: Rect, n: u16) -> (Rect, Rect) {
    let n = n.min(area.width);
    (Rect { width: n, ..area }, Rect { x: area.x + n, width: area.width - n, ..area })
}

/// `area` without `x` columns at each side and `y` lines above and below.
pub(super) fn inset(area: Rect, x: u16, y: u16) -> Rect {
    if area.width < 2 * x || area.height < 2 * y {
        return Rect { width: 0, height: 0, ..area };
    }
    Rect { x: area.x + x, y: area.y + y, width: area.width - 2 * x, height: area.height - 2 * y }
}
