//! The difference between two frames as bytes.
//!
//! In: what the terminal shows, what it should show. Out: the shortest moves and colour changes we can tell are safe:
//! a console over a bad link sends a fraction of what a plain writer sends. ratatui's own difference leaves the second
//! half of a wide letter alone, which terminals then paint with the style of what came over the first half. Must not import anything but `ui::glyph`.

use super::super::glyph;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::io::Write;

/// Moving costs four bytes: shorter gaps are written again instead.
const SHORT_GAP: u16 = 3;

/// What the terminal will write with next, and where.
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
    /// None where terminals may disagree.
    at: Option<(u16, u16)>,
}

/// Appends what turns `shown` into `next`; both of one size. Begins and ends with plain style.
pub(crate) fn encode(shown: &Buffer, next: &Buffer, out: &mut Vec<u8>) {
    if shown.area != next.area {
        return;
    }
    let plain = Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty(), at: None };
    let mut pen = plain;
    for y in next.area.top()..next.area.bottom() {
        // A wide letter of the new frame covers this cell; one of the old frame was cut in two by what we wrote.
        let (mut covered, mut torn) = (false, false);
        for x in next.area.left()..next.area.right() {
            let (Some(old), Some(new)) = (shown.cell((x, y)), next.cell((x, y))) else { continue };
            let (inside, half) = (covered, torn);
            let write = !inside && (half || old != new);
            covered = !inside && is_wide(new);
            torn = is_wide(old) && (write || inside);
            if write {
                pen.go(next, (x, y), out);
                pen.dress(new, out);
                pen.write(new, (x, y), out);
            }
        }
    }
    if pen.fg != Color::Reset || pen.bg != Color::Reset || !pen.modifier.is_empty() {
        out.extend_from_slice(b"\x1b[0m");
    }
}

fn is_wide(cell: &Cell) -> bool {
    !cell.symbol().is_ascii() && glyph::width(cell.symbol()) > 1
}

impl Pen {
    fn go(&mut self, next: &Buffer, to: (u16, u16), out: &mut Vec<u8>) {
        match self.at {
            Some(at) if at == to => {}
            Some((x, y)) if y == to.1 && x < to.0 => {
                let gap = to.0 - x;
                let between = || (x..to.0).map(|x| next.cell((x, y)));
                let same = |c: Option<&Cell>| {
                    c.is_some_and(|c| {
                        (c.fg, c.bg, c.modifier) == (self.fg, self.bg, self.modifier) && c.symbol().is_ascii()
                    })
                };
                if gap <= SHORT_GAP && between().all(same) {
                    for cell in between().flatten() {
                        out.extend_from_slice(cell.symbol().as_bytes());
                    }
                } else if gap == 1 {
                    out.extend_from_slice(b"\x1b[C");
                } else {
                    let _ = write!(out, "\x1b[{gap}C");
                }
            }
            _ => {
                let _ = write!(out, "\x1b[{};{}H", u32::from(to.1) + 1, u32::from(to.0) + 1);
            }
        }
        self.at = Some(to);
    }

    fn dress(&mut self, cell: &Cell, out: &mut Vec<u8>) {
        // For many terminals bold and dim exclude each other, and the later one wins: say which.
        let bold = cell.modifier.contains(Modifier::BOLD);
        let wanted = if bold { cell.modifier - Modifier::DIM } else { cell.modifier };
        let mut codes: Vec<String> = Vec::new();
        if !wanted.contains(self.modifier) {
            codes.push("0".to_owned());
            (self.fg, self.bg, self.modifier) = (Color::Reset, Color::Reset, Modifier::empty());
        }
        for (modifier, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::REVERSED, "7"),
        ] {
            if (wanted - self.modifier).contains(modifier) {
                codes.push(code.to_owned());
            }
        }
        self.modifier = wanted;
        if cell.fg != self.fg {
            codes.push(colour(cell.fg, 30));
            self.fg = cell.fg;
        }
        if cell.bg != self.bg {
            codes.push(colour(cell.bg, 40));
            self.bg = cell.bg;
        }
        if !codes.is_empty() {
            let _ = write!(out, "\x1b[{}m", codes.join(";"));
        }
    }

    fn write(&mut self, cell: &Cell, (x, y): (u16, u16), out: &mut Vec<u8>) {
        let symbol = cell.symbol();
        out.extend_from_slice(symbol.as_bytes());
        let sure = symbol.is_ascii() || (symbol.chars().count() == 1 && glyph::width(symbol) == 1);
        self.at = sure.then_some((x + 1, y));
    }
}

/// The parameters that select a colour; `base` is 30 for letters, 40 for what is behind.
fn colour(c: Color, base: u8) -> String {
    match c {
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
        Color::Indexed(i @ 0..8) => (base + i).to_string(),
        Color::Indexed(i @ 8..16) => (base + 52 + i).to_string(),
        Color::Indexed(i) => format!("{};5;{i}", base + 8),
        _ => (base + 9).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn of(lines: &[(&str, Style)]) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 4));
        for (y, (text, style)) in (0u16..).zip(lines) {
            buf.set_string(0, y, text, *style);
        }
        buf
    }

    fn bytes(a: &Buffer, b: &Buffer) -> String {
        let mut out = Vec::new();
        encode(a, b, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_changed_is_no_byte_and_a_digit_is_few() {
        let (a, b) = (of(&[("age 4 s", Style::default())]), of(&[("age 5 s", Style::default())]));
        assert_eq!(bytes(&a, &a), "");
        assert_eq!(bytes(&a, &b), "\x1b[1;5H5");
    }

    #[test]
    fn short_gaps_are_written_and_long_ones_are_jumped() {
        let a = of(&[("a b cdefghij k", Style::default())]);
        let b = of(&[("x b Xdefghij K", Style::default())]);
        assert_eq!(bytes(&a, &b), "\x1b[1;1Hx b X\x1b[8CK");
    }

    #[test]
    fn a_terminal_ends_up_with_the_cells() {
        let red = Style::default().fg(Color::Rgb(255, 0, 0)).add_modifier(Modifier::BOLD);
        let a = of(&[("日本 abc", red), ("x", Style::default())]);
        let b = of(&[("日x abd", Style::default()), ("x y", red.bg(Color::Indexed(9))), ("▂▃ …", red)]);
        let mut terminal = vt100::Parser::new(4.try_into().unwrap(), 20.try_into().unwrap(), 0);
        terminal.process(bytes(&of(&[]), &a).as_bytes());
        terminal.process(bytes(&a, &b).as_bytes());
        let lines: Vec<String> = terminal.screen().rows(0, 20).map(|l| l.trim_end().to_owned()).collect();
        assert_eq!(lines, ["日x abd", "x y", "▂▃ …", ""]);
        let cell = terminal.screen().cell(1, 2).unwrap();
        assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Rgb(255, 0, 0), vt100::Color::Idx(9)));
        assert!(cell.bold() && !terminal.screen().cell(0, 0).unwrap().bold());
    }
}
