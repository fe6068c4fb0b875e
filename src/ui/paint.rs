//! A screen onto a buffer of cells. Each kind of panel is painted once, here, for every tab and for the wall.
//!
//! In: a [`Screen`], prepared styles, a buffer of any size, 0×0 included. Out: cells. Never panics, never decides what
//! to show. Must not import anything but `screen` and its siblings.

mod bars;
mod big;
mod canvas;
mod frame;
mod layout;
mod lines;
mod panel;
mod table;

use super::Sheet;
use crate::screen::{Role, Screen};
use canvas::Canvas;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Narrowest terminal that shows the console.
pub const MIN_WIDTH: u16 = 40;
/// Lowest terminal that shows the console.
pub const MIN_HEIGHT: u16 = 10;

/// Paints the whole of `screen` over the whole of `buf`.
pub fn paint(screen: &Screen, sheet: &Sheet, buf: &mut Buffer) {
    buf.reset();
    let area = buf.area;
    let mut canvas = Canvas::new(buf, sheet);
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        let whole =
            format!("terminal is {}×{}; sereno needs {MIN_WIDTH}×{MIN_HEIGHT}", area.width, area.height);
        let fits = usize::from(area.width) >= whole.chars().count();
        let text = if fits { whole } else { format!("needs {MIN_WIDTH}×{MIN_HEIGHT}") };
        canvas.text(Rect { height: area.height.min(1), ..area }, Role::Major, &text);
        return;
    }
    let (header, rest) = canvas::split_top(area, 1);
    frame::header(&mut canvas, header, &screen.header);
    let (tabs, rest) = canvas::split_top(rest, u16::from(!screen.tabs.is_empty()));
    frame::tabs(&mut canvas, tabs, &screen.tabs);
    let (body, footer) = canvas::split_bottom(rest, 1);
    frame::footer(&mut canvas, footer, &screen.footer);
    panel::node(&mut canvas, body, &screen.body);
    if let Some(overlay) = &screen.overlay {
        panel::overlay(&mut canvas, area, overlay);
    }
}

#[cfg(test)]
mod tests;
