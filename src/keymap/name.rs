//! Keys as people write them: `g g`, `Ctrl-r`, `Shift-Tab`, `PgDn`, `Space`, `↓`.
//!
//! In: text. Out: [`Key`]s, and back. What a terminal cannot tell apart is refused with the reason, so that no binding
//! is dead. Must not import anything but its parent.

use super::{Key, KeyCode};
use std::fmt;
use std::str::FromStr;

/// A key that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No such key.
    #[error(
        "'{0}' is not a key; expected one character or a name such as Enter, PgDn, F5, Ctrl-r, Shift-Tab"
    )]
    Unknown(String),
    /// A terminal sends the same bytes for another key.
    #[error("a terminal cannot tell '{0}' from {1}; bind {1} instead")]
    Same(String, &'static str),
}

/// Names beside the characters; the first of a code is the one shown.
const NAMES: [(&str, KeyCode); 22] = [
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
    ("Delete", KeyCode::Delete),
    ("↑", KeyCode::Up),
    ("Up", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("Down", KeyCode::Down),
    ("←", KeyCode::Left),
    ("Left", KeyCode::Left),
    ("→", KeyCode::Right),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
];

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// A character as typed.
    #[must_use]
    pub fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut key = Self::char(' ');
        let mut rest = text;
        loop {
            if let Some(r) = after(rest, "Ctrl-") {
                (key.ctrl, rest) = (true, r);
            } else if let Some(r) = after(rest, "Alt-") {
                (key.alt, rest) = (true, r);
            } else if let Some(r) = after(rest, "Shift-") {
                (key.shift, rest) = (true, r);
            } else {
                break;
            }
        }
        key.code = code(rest).ok_or_else(|| KeyError::Unknown(text.to_owned()))?;
        settle(key, text)
    }
}

/// The rest behind a modifier, if there is a rest (`Ctrl--` is Control with the minus key).
fn after<'a>(text: &'a str, modifier: &str) -> Option<&'a str> {
    text.strip_prefix(modifier).filter(|rest| !rest.is_empty())
}

fn code(text: &str) -> Option<KeyCode> {
    if text.eq_ignore_ascii_case("Space") {
        return Some(KeyCode::Char(' '));
    }
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*code);
    }
    if let Some(n) = text.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()) {
        return (1..=24).contains(&n).then_some(KeyCode::F(n));
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() && !c.is_whitespace() => Some(KeyCode::Char(c)),
        _ => None,
    }
}

/// One spelling for one key press: `Shift-g` is `G`, `Ctrl-R` is `Ctrl-r`; refuses what terminals merge.
fn settle(mut key: Key, text: &str) -> Result<Key, KeyError> {
    let KeyCode::Char(c) = key.code else { return Ok(key) };
    if key.ctrl {
        let c = c.to_ascii_lowercase();
        let same = match c {
            'i' => Some("Tab"),
            'm' | 'j' => Some("Enter"),
            'h' => Some("Backspace"),
            '[' => Some("Esc"),
            '@' => Some("Ctrl-Space"),
            _ => None,
        };
        if let Some(other) = same {
            return Err(KeyError::Same(text.to_owned(), other));
        }
        key.code = KeyCode::Char(c);
        key.shift = false;
    } else if key.shift && c.is_alphabetic() {
        key.code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
        key.shift = false;
    } else if key.shift {
        return Err(KeyError::Same(text.to_owned(), "the character that Shift makes of it"));
    }
    Ok(key)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            if on {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            code => f.write_str(NAMES.iter().find(|(_, c)| *c == code).map_or("?", |(name, _)| name)),
        }
    }
}

/// Reads a chord: keys with spaces between.
///
/// # Errors
/// The first key that cannot be read; an empty text.
pub fn parse_keys(text: &str) -> Result<Vec<Key>, KeyError> {
    let keys = text.split_whitespace().map(str::parse).collect::<Result<Vec<Key>, _>>()?;
    if keys.is_empty() { Err(KeyError::Unknown(text.to_owned())) } else { Ok(keys) }
}

/// A chord as people write it.
#[must_use]
pub fn show_keys(keys: &[Key]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
