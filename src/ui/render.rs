//! A screen as text, for tests, pictures and logs.
//!
//! In: a screen, a size. Out: lines of text, plain or with colours. Must not touch a terminal.

use super::terminal::{Pen, encode};
use super::{Sheet, paint};
use crate::screen::Screen;
use crate::theme::{Depth, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn buffer(screen: &Screen, sheet: &Sheet, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    paint(screen, sheet, &mut buf);
    buf
}

/// The screen as plain text; blanks at the end of lines are cut.
#[must_use]
pub fn render_text(screen: &Screen, width: u16, height: u16) -> String {
    let Ok(theme) = Theme::built_in() else { return String::new() };
    let buf = buffer(screen, &Sheet::new(&theme, Depth::Mono, false), width, height);
    let mut out = String::new();
    for y in 0..height {
        let mut line = String::new();
        let mut x = 0;
        while let Some(cell) = buf.cell((x, y)).filter(|_| x < width) {
            line.push_str(cell.symbol());
            x += u16::try_from(super::glyph::width(cell.symbol())).unwrap_or(1).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The screen as the bytes that would draw it on a blank terminal with all colours.
#[must_use]
pub fn render_ansi(screen: &Screen, theme: &Theme, width: u16, height: u16) -> String {
    let sheet = Sheet::new(theme, Depth::True, false);
    let next = buffer(screen, &sheet, width, height);
    let (mut bytes, mut pen) = (Vec::new(), Pen::PLAIN);
    encode(&Buffer::empty(next.area), &next, &mut pen, &mut bytes);
    pen.rest(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
