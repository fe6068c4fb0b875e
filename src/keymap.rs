//! Keys and what they are bound to.
//!
//! In: key presses as plain data, keymaps as TOML. Out: commands. Contexts decide which bindings are valid; chords are
//! sequences of keys. Parsing is pure: text in, keymap or located error out. Must not import crossterm or ratatui:
//! `ui::input` turns terminal events into [`Key`]s.

mod file;
mod name;
mod tree;

pub use file::KeymapError;
pub use name::{KeyError, parse_keys, show_keys};

use crate::command::Command;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tree::{Found, Tree};

/// A key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift, where the character does not say it already (`Shift-Tab`, not `G`).
    pub shift: bool,
}

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyCode {
    /// A character, as typed (`G` for Shift-g).
    Char(char),
    /// Function key.
    F(u8),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// Where a binding is valid. More than one is in force at a time; the first that knows the key wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// Everywhere but in text fields.
    Global,
    /// Tables and lists.
    List,
    /// A help, describe or question overlay.
    Overlay,
    /// A replay.
    Replay,
    /// The wall: movement and leaving only.
    Wall,
}

impl Context {
    /// Every context.
    pub const ALL: [Self; 5] = [Self::Global, Self::List, Self::Overlay, Self::Replay, Self::Wall];

    /// The section's name in a keymap file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Overlay => "overlay",
            Self::Replay => "replay",
            Self::Wall => "wall",
        }
    }
}

/// What a key press came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// This command.
    Command(Command),
    /// A chord has begun; the next key decides.
    Pending,
    /// Nothing is bound to it here.
    None,
}

/// What every key is bound to, by context. The default binds nothing: for headless commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keymap {
    name: String,
    contexts: BTreeMap<Context, Tree>,
}

impl Keymap {
    /// The text of the keymap that comes with the program and that every other one starts from.
    pub const DEFAULT: &'static str = include_str!("../keymaps/default.toml");

    /// Reads a keymap file. With a `base` the file only overrides: keys it does not name keep their meaning, and
    /// `"KEY" = "none"` unbinds. `name` is what errors call the file.
    ///
    /// # Errors
    /// A [`KeymapError`] with file, line and column for anything that is not a known context, key and command.
    pub fn parse(name: &str, toml: &str, base: Option<&Self>) -> Result<Self, KeymapError> {
        file::parse(name, toml, base)
    }

    /// The keymap that comes with the program.
    ///
    /// # Errors
    /// Never in a released build: a test reads the same text.
    pub fn built_in() -> Result<Self, KeymapError> {
        Self::parse("keymaps/default.toml", Self::DEFAULT, None)
    }

    /// The file it was read from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `key` means after the keys in `pending`. The first context that knows the keys wins.
    #[must_use]
    pub fn resolve(&self, contexts: &[Context], pending: &[Key], key: Key) -> Resolution {
        for tree in contexts.iter().filter_map(|c| self.contexts.get(c)) {
            match tree.find(pending.iter().copied().chain([key])) {
                Found::Command(command) => return Resolution::Command(command),
                Found::Prefix => return Resolution::Pending,
                Found::Nothing => {}
            }
        }
        Resolution::None
    }

    /// The keys bound to `command` in `context`, as people write them; the shortest first.
    #[must_use]
    pub fn keys_for(&self, context: Context, command: Command) -> Vec<String> {
        let all = self.contexts.get(&context).map(Tree::all).unwrap_or_default();
        let mut keys: Vec<_> =
            all.into_iter().filter(|(_, c)| *c == command).map(|(k, _)| show_keys(&k)).collect();
        keys.sort_by_key(|k| (k.chars().count() > 1, k.starts_with("Ctrl-")));
        keys
    }

    /// Exactly the keys valid in `contexts`, one row a command in the order of the palette. A key that an earlier
    /// context takes for itself is not listed for a later one.
    #[must_use]
    pub fn bindings(&self, contexts: &[Context]) -> Vec<(String, Command)> {
        let mut taken: BTreeSet<Vec<Key>> = BTreeSet::new();
        let mut rows: BTreeMap<Command, Vec<String>> = BTreeMap::new();
        for tree in contexts.iter().filter_map(|c| self.contexts.get(c)) {
            let here = tree.all();
            for (keys, command) in &here {
                let shadowed = (1..=keys.len()).any(|n| keys.get(..n).is_some_and(|p| taken.contains(p)))
                    || taken.iter().any(|t| t.starts_with(keys));
                let row = rows.entry(*command).or_default();
                let shown = show_keys(keys);
                if !shadowed && !row.contains(&shown) {
                    row.push(shown);
                }
            }
            taken.extend(here.into_iter().map(|(keys, _)| keys));
        }
        rows.into_iter()
            .filter(|(_, keys)| !keys.is_empty())
            .map(|(command, mut keys)| {
                keys.sort_by_key(|k| (k.chars().count() > 1, k.starts_with("Ctrl-")));
                (keys.join(" "), command)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
