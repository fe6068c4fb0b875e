//! Roles to styles, from TOML.
//!
//! In: theme files as text: a small palette and a style for each role. Out: plain styles, mapped down once to what the
//! terminal can show. Parsing is pure. Must not know ratatui or crossterm, nor import anything but `screen`.

mod colour;
mod file;

pub use colour::{Colour, Depth};
pub use file::ThemeError;

use crate::screen::Role;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a role looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// Colour of the letters; none for the terminal's own.
    pub fg: Option<Colour>,
    /// Colour behind them; none for the terminal's own.
    pub bg: Option<Colour>,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Underlined.
    pub underline: bool,
    /// Letters and background change places.
    pub reversed: bool,
}

impl Style {
    /// This style as a terminal of this depth can show it. A background that the terminal cannot tell from its own
    /// becomes reversed letters, so that a selection stays visible.
    #[must_use]
    pub fn at(self, depth: Depth) -> Self {
        let fg = self.fg.and_then(|c| c.at(depth));
        let bg = self.bg.and_then(|c| c.at(depth));
        let lost = self.bg.is_some() && matches!(bg, None | Some(Colour::Default | Colour::Ansi(0)));
        Self { fg, bg: bg.filter(|_| !lost), reversed: self.reversed || lost, ..self }
    }
}

/// A style for every role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    name: String,
    palette: BTreeMap<String, Colour>,
    specs: BTreeMap<Role, file::Spec>,
    styles: BTreeMap<Role, Style>,
}

impl Theme {
    /// The text of the theme that comes with the program and that every other one starts from.
    pub const PASEO_NIGHT: &'static str = include_str!("../themes/paseo-night.toml");
    /// The text of the overlay without colours.
    pub const MONO: &'static str = include_str!("../themes/mono.toml");

    /// Reads a theme file. With a `base` the file only overrides: a colour changed in the palette changes every role
    /// that names it. `name` is what errors call the file.
    ///
    /// # Errors
    /// A [`ThemeError`] with file, line and column for anything that is not a known role, colour or property, and for
    /// a role that has no style at all.
    pub fn parse(name: &str, toml: &str, base: Option<&Self>) -> Result<Self, ThemeError> {
        file::parse(name, toml, base)
    }

    /// The theme that comes with the program.
    ///
    /// # Errors
    /// Never in a released build: a test reads the same text.
    pub fn built_in() -> Result<Self, ThemeError> {
        Self::parse("themes/paseo-night.toml", Self::PASEO_NIGHT, None)
    }

    /// The file it was read from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How `role` looks on a terminal with all colours.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// This theme as a terminal of `depth` can show it; applied once, when the terminal is known. Without colours the
    /// overlay [`Theme::MONO`] takes over, because weight alone must then tell what colour told.
    #[must_use]
    pub fn for_depth(&self, depth: Depth) -> Self {
        let mut theme = match depth {
            Depth::Mono => Self::parse(&self.name, Self::MONO, Some(self)).unwrap_or_else(|_| self.clone()),
            _ => self.clone(),
        };
        for style in theme.styles.values_mut() {
            *style = style.at(depth);
        }
        theme
    }
}

#[cfg(test)]
mod tests;
