//! A line of text being typed: filter, palette, search in help.
//!
//! In: key presses and pasted text. Out: the text, and whether it was accepted or given up. Bounded in length; pasted
//! text is cleaned and never becomes a command. Must not know what the text is for.

use crate::domain::Clean;
use crate::keymap::{Key, KeyCode};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Longest input, in characters.
pub const MAX_CHARS: usize = 256;
/// Inputs remembered for Up and Down.
pub const MAX_HISTORY: usize = 50;

/// A line of text with a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    chars: Vec<char>,
    cursor: usize,
    /// How far back in the history the text comes from; none while it is typed.
    recalled: Option<usize>,
    draft: Vec<char>,
    /// Most characters, where it is not [`MAX_CHARS`].
    #[serde(default)]
    room: Option<usize>,
}

/// What a key did to an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// The text or the cursor changed.
    Changed,
    /// Enter: the text is meant.
    Accepted,
    /// Escape: forget it.
    Cancelled,
    /// The key does nothing in a text.
    Ignored,
}

impl Input {
    /// An input that begins with `text`, the cursor behind it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().take(MAX_CHARS).collect();
        Self { cursor: chars.len(), chars, ..Self::default() }
    }

    /// An input that takes so many characters.
    #[must_use]
    pub fn with_room(text: &str, room: usize) -> Self {
        let chars: Vec<char> = text.chars().take(room).collect();
        Self { cursor: chars.len(), chars, room: Some(room), ..Self::default() }
    }

    fn room(&self) -> usize {
        self.room.unwrap_or(MAX_CHARS)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }

    /// The cursor's position in characters.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// True while nothing is typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// Puts pasted text at the cursor: cleaned, on one line, cut where it has no more room.
    pub fn paste(&mut self, raw: &str) {
        let head: Vec<char> = raw.trim().chars().take(self.room()).collect();
        // What is longer than a clean text may be, a head in hex, is cleaned piece by piece.
        for piece in head.chunks(MAX_CHARS) {
            let piece: String = piece.iter().collect();
            for c in Clean::of(&piece).as_str().chars() {
                self.insert(c);
            }
        }
    }

    /// Handles a key. `history` has the newest text at its back.
    pub fn edit(&mut self, key: Key, history: &VecDeque<String>) -> Edit {
        match key.code {
            KeyCode::Enter => return Edit::Accepted,
            KeyCode::Esc => return Edit::Cancelled,
            KeyCode::Char('w') if key.ctrl => self.cut_word(),
            KeyCode::Char('u') if key.ctrl => self.cut_to_start(),
            KeyCode::Char('a') if key.ctrl => self.cursor = 0,
            KeyCode::Char('e') if key.ctrl => self.cursor = self.chars.len(),
            KeyCode::Char(c) if !key.ctrl && !key.alt && !c.is_control() => self.insert(c),
            KeyCode::Backspace => self.backspace(),
            KeyCode::Delete => self.delete(),
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.chars.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.chars.len(),
            KeyCode::Up => self.recall_older(history),
            KeyCode::Down => self.recall_newer(history),
            _ => return Edit::Ignored,
        }
        Edit::Changed
    }

    fn insert(&mut self, c: char) {
        if self.chars.len() < self.room() {
            self.chars.insert(self.cursor.min(self.chars.len()), c);
            self.cursor += 1;
        }
    }

    fn backspace(&mut self) {
        if let Some(before) = self.cursor.checked_sub(1) {
            self.cursor = before;
            self.delete();
        }
    }

    fn delete(&mut self) {
        if self.cursor < self.chars.len() {
            self.chars.remove(self.cursor);
        }
    }

    fn cut_word(&mut self) {
        let head = self.chars.get(..self.cursor).unwrap_or_default();
        let end = head.iter().rposition(|c| *c != ' ').map_or(0, |i| i + 1);
        let start = head.iter().take(end).rposition(|c| *c == ' ').map_or(0, |i| i + 1);
        self.chars.drain(start..self.cursor);
        self.cursor = start;
    }

    fn cut_to_start(&mut self) {
        self.chars.drain(..self.cursor.min(self.chars.len()));
        self.cursor = 0;
    }

    fn recall_older(&mut self, history: &VecDeque<String>) {
        let next = self.recalled.map_or(0, |n| n + 1);
        let Some(text) = history.iter().rev().nth(next) else { return };
        if self.recalled.is_none() {
            self.draft = std::mem::take(&mut self.chars);
        }
        self.put(text.chars().collect(), Some(next));
    }

    fn recall_newer(&mut self, history: &VecDeque<String>) {
        match self.recalled {
            None => {}
            Some(0) => {
                let draft = std::mem::take(&mut self.draft);
                self.put(draft, None);
            }
            Some(n) => {
                let text = history.iter().rev().nth(n - 1).cloned().unwrap_or_default();
                self.put(text.chars().collect(), Some(n - 1));
            }
        }
    }

    fn put(&mut self, chars: Vec<char>, recalled: Option<usize>) {
        self.chars = chars;
        self.cursor = self.chars.len();
        self.recalled = recalled;
    }
}

/// Remembers an accepted text: newest at the back, no repetition, bounded.
pub fn remember(history: &mut VecDeque<String>, text: &str) {
    if text.is_empty() {
        return;
    }
    history.retain(|old| old != text);
    history.push_back(text.to_owned());
    while history.len() > MAX_HISTORY {
        history.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(code: KeyCode) -> Key {
        Key { code, ctrl: false, alt: false, shift: false }
    }

    fn ctrl(c: char) -> Key {
        Key { ctrl: true, ..key(KeyCode::Char(c)) }
    }

    fn typed(text: &str) -> Input {
        let mut input = Input::default();
        for c in text.chars() {
            assert_eq!(input.edit(key(KeyCode::Char(c)), &VecDeque::new()), Edit::Changed);
        }
        input
    }

    #[test]
    fn words_and_lines_are_cut_before_the_cursor() {
        let mut input = typed("asset hub  ");
        input.edit(ctrl('w'), &VecDeque::new());
        assert_eq!(input.text(), "asset ");
        input.edit(key(KeyCode::Left), &VecDeque::new());
        input.edit(ctrl('u'), &VecDeque::new());
        assert_eq!((input.text().as_str(), input.cursor()), (" ", 0));
    }

    #[test]
    fn up_and_down_walk_the_history_and_come_back_to_the_draft() {
        let mut history = VecDeque::new();
        remember(&mut history, "one");
        remember(&mut history, "two");
        remember(&mut history, "one");
        assert_eq!(history, ["two", "one"]);
        let mut input = typed("dra");
        for (code, expected) in [
            (KeyCode::Up, "one"),
            (KeyCode::Up, "two"),
            (KeyCode::Up, "two"),
            (KeyCode::Down, "one"),
            (KeyCode::Down, "dra"),
        ] {
            input.edit(key(code), &history);
            assert_eq!(input.text(), expected);
        }
    }

    #[test]
    fn pasted_text_is_one_clean_line_of_bounded_length() {
        let mut input = Input::default();
        input.paste(&format!("a\u{1b}[2J\n{}", "x".repeat(10_000)));
        assert!(input.text().starts_with("a‹U+001B›[2J x"));
        assert!(input.text().chars().count() <= MAX_CHARS);
    }

    proptest! {
        #[test]
        fn the_cursor_stays_inside_the_text(keys in proptest::collection::vec(0u8..12, 0..200)) {
            let history = VecDeque::from(["old".to_owned()]);
            let mut input = Input::default();
            for k in keys {
                let k = match k {
                    0 => key(KeyCode::Left), 1 => key(KeyCode::Right), 2 => key(KeyCode::Home),
                    3 => key(KeyCode::End), 4 => key(KeyCode::Backspace), 5 => key(KeyCode::Delete),
                    6 => ctrl('w'), 7 => ctrl('u'), 8 => key(KeyCode::Up), 9 => key(KeyCode::Down),
                    10 => key(KeyCode::Char(' ')), _ => key(KeyCode::Char('é')),
                };
                input.edit(k, &history);
                prop_assert!(input.cursor() <= input.text().chars().count());
            }
        }
    }
}
