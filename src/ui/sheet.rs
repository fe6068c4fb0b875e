//! The theme as ratatui styles, prepared once for the terminal at hand.
//!
//! In: a theme, the depth of colour, whether the terminal shows Unicode. Out: a style for each role. Must not import
//! anything but `screen` and `theme`.

use crate::screen::Role;
use crate::theme::{Colour, Depth, Style as Plain, Theme};
use ratatui::style::{Color, Modifier, Style};

/// Prepared styles.
#[derive(Debug, Clone)]
pub struct Sheet {
    styles: [Style; Role::ALL.len()],
    stale: Style,
    /// True where the terminal shows ASCII only.
    pub(crate) ascii: bool,
}

impl Sheet {
    /// Prepares `theme` for a terminal of `depth`; with `ascii` symbols and frames are drawn with ASCII signs.
    #[must_use]
    pub fn new(theme: &Theme, depth: Depth, ascii: bool) -> Self {
        let mapped = theme.for_depth(depth);
        let mut styles = [Style::reset(); Role::ALL.len()];
        for role in Role::ALL {
            if let Some(slot) = styles.get_mut(role as usize) {
                *slot = style(mapped.style(role));
            }
        }
        Self { styles, stale: style(mapped.style(Role::Stale)), ascii }
    }

    /// How `role` looks.
    pub(crate) fn of(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// How `role` looks in a panel whose content is too old: as old, but still bold or reversed where it was.
    pub(crate) fn stale(&self, role: Role) -> Style {
        let keeps = self.of(role).add_modifier & (Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED);
        self.stale.add_modifier(keeps)
    }
}

fn style(plain: Plain) -> Style {
    let mut style = Style { fg: plain.fg.map(colour), bg: plain.bg.map(colour), ..Style::default() };
    for (on, modifier) in [
        (plain.bold, Modifier::BOLD),
        (plain.dim, Modifier::DIM),
        (plain.underline, Modifier::UNDERLINED),
        (plain.reversed, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn colour(c: Colour) -> Color {
    match c {
        Colour::Default => Color::Reset,
        Colour::Ansi(i) | Colour::Indexed(i) => Color::Indexed(i),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_keeps_its_own_place() {
        let theme = Theme::built_in().unwrap();
        let sheet = Sheet::new(&theme, Depth::True, false);
        for (i, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, i, "{role:?} is out of order in Role::ALL");
            assert_eq!(sheet.of(role), style(theme.style(role)));
        }
    }
}
