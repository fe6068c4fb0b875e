//! What a terminal writes with next, where, and the fewest bytes that bring it elsewhere.
//!
//! In: where to go, how it shall look. Out: moves and colour changes. A move is relative only where every terminal agrees
//! on where the cursor stands. Must not import anything but `ui::glyph`.

use super::{is_blank, is_sure};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;

/// What is seen on a blank, besides the background.
pub(super) const SEEN: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED);
/// Attributes that are written: how, and by what they are taken back. Bold and dim go together.
const SIGNS: [(Modifier, u8, u8); 4] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
];

/// How a letter looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) fg: Color,
    pub(super) bg: Color,
    modifier: Modifier,
}

impl Look {
    const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    /// For many terminals bold and dim exclude each other, and the later one wins: bold does.
    pub(super) fn of(cell: &Cell) -> Self {
        let bold = cell.modifier.contains(Modifier::BOLD);
        let hidden = if bold { Modifier::DIM } else { Modifier::empty() };
        let modifier =
            SIGNS.iter().fold(Modifier::empty(), |all, (m, ..)| all | (cell.modifier & *m)) - hidden;
        Self { fg: cell.fg, bg: cell.bg, modifier }
    }

    /// What must be set to write `cell`: on a blank the letters' colour and weight may stay as they are.
    fn for_cell(self, cell: &Cell) -> Self {
        if is_blank(cell) {
            Self { fg: self.fg, bg: cell.bg, modifier: self.modifier - SEEN }
        } else {
            Self::of(cell)
        }
    }

    /// True where `cell` can be written as it is.
    pub(super) fn suits(self, cell: &Cell) -> bool {
        self.for_cell(cell) == self
    }

    /// The shortest change to `wanted`: from here, or from plain.
    pub(super) fn change(self, wanted: Self) -> String {
        let plain = Self::PLAIN;
        let anew = if wanted == plain { "0".to_owned() } else { format!("0;{}", plain.codes(wanted)) };
        let codes = self.codes(wanted);
        let shorter = if anew.len() < codes.len() { anew } else { codes };
        format!("\x1b[{shorter}m")
    }

    fn codes(self, wanted: Self) -> String {
        let gone = self.modifier - wanted.modifier;
        // What takes bold back takes dim back as well.
        let weight = Modifier::BOLD | Modifier::DIM;
        let lost = if gone.intersects(weight) { gone | weight } else { gone };
        let new = wanted.modifier - (self.modifier - lost);
        let mut codes: Vec<String> = Vec::new();
        for (modifier, _, off) in SIGNS {
            let off = off.to_string();
            if gone.contains(modifier) && !codes.contains(&off) {
                codes.push(off);
            }
        }
        codes.extend(SIGNS.iter().filter(|(m, ..)| new.contains(*m)).map(|(_, on, _)| on.to_string()));
        codes.extend((self.fg != wanted.fg).then(|| colour(wanted.fg, 30)));
        codes.extend((self.bg != wanted.bg).then(|| colour(wanted.bg, 40)));
        codes.join(";")
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

/// What the terminal will write with next, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pen {
    pub(super) look: Look,
    /// None where terminals may disagree.
    at: Option<(u16, u16)>,
    /// True where a line feed only moves down: in raw mode.
    raw: bool,
}

impl Pen {
    /// After a reset, anywhere, for a terminal of any mode.
    pub(crate) const PLAIN: Self = Self { look: Look::PLAIN, at: None, raw: false };
    /// The same for a terminal in raw mode.
    pub(crate) const RAW: Self = Self { raw: true, ..Self::PLAIN };

    /// Appends what makes the style plain again.
    pub(crate) fn rest(&mut self, out: &mut Vec<u8>) {
        if self.look != Look::PLAIN {
            out.extend_from_slice(b"\x1b[0m");
        }
        *self = Self { raw: self.raw, ..Self::PLAIN };
    }

    /// From here on only the style counts: something else may move the cursor.
    pub(super) fn lose_place(&mut self) {
        self.at = None;
    }

    /// Writes one cell of `next`; not the second half of a wide letter.
    pub(super) fn write(&mut self, next: &Buffer, cell: &Cell, to: (u16, u16), out: &mut Vec<u8>) {
        self.go(next, to, out);
        let wanted = self.look.for_cell(cell);
        if wanted != self.look {
            out.extend_from_slice(self.look.change(wanted).as_bytes());
            self.look = wanted;
        }
        out.extend_from_slice(cell.symbol().as_bytes());
        // In the last column some terminals step on and others do not.
        let sure = is_sure(cell) && to.0 + 1 < next.area.right();
        self.at = sure.then_some((to.0 + 1, to.1));
    }

    fn go(&self, next: &Buffer, to: (u16, u16), out: &mut Vec<u8>) {
        if self.at == Some(to) {
            return;
        }
        let mut best = absolute(to);
        let mut offer = |path: String| {
            if path.len() < best.len() {
                best = path;
            }
        };
        if let Some(from) = self.at {
            offer(relative(from, to, self.raw));
            if let Some(bridge) = self.bridge(next, from, to) {
                offer(bridge);
            }
        }
        out.extend_from_slice(best.as_bytes());
    }

    /// What stands between here and `to`, where it can be written again as it is.
    fn bridge(&self, next: &Buffer, from: (u16, u16), to: (u16, u16)) -> Option<String> {
        /// No move costs more.
        const LONGEST: u16 = 8;
        if from.1 != to.1 || from.0 >= to.0 || to.0 - from.0 > LONGEST {
            return None;
        }
        let mut text = String::new();
        for x in from.0..to.0 {
            let cell = next.cell((x, to.1)).filter(|c| is_sure(c) && self.look.suits(c))?;
            text.push_str(cell.symbol());
        }
        Some(text)
    }
}

fn absolute((x, y): (u16, u16)) -> String {
    let (column, line) = (u32::from(x) + 1, u32::from(y) + 1);
    format!("\x1b[{line};{column}H")
}

/// Down or up, then across.
fn relative(from: (u16, u16), to: (u16, u16), raw: bool) -> String {
    let mut path = String::new();
    match to.1.saturating_sub(from.1) {
        n @ 1..=3 if raw => path.extend(std::iter::repeat_n('\n', n.into())),
        n => steps(n, 'B', &mut path),
    }
    steps(from.1.saturating_sub(to.1), 'A', &mut path);
    steps(to.0.saturating_sub(from.0), 'C', &mut path);
    match from.0.saturating_sub(to.0) {
        n @ 0..=3 => path.extend(std::iter::repeat_n('\u{8}', n.into())),
        n => steps(n, 'D', &mut path),
    }
    path
}

fn steps(n: u16, letter: char, path: &mut String) {
    let _ = match n {
        0 => Ok(()),
        1 => write!(path, "\x1b[{letter}"),
        n => write!(path, "\x1b[{n}{letter}"),
    };
}
