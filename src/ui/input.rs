//! Keys, pastes and sizes from the terminal, as plain data.
//!
//! In: crossterm's events, read on a thread that `runtime` starts. Out: [`Input`]. Must not import anything but
//! `keymap`.

use crate::keymap::{Key, KeyCode};
use crossterm::event::{Event, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::Duration;

/// Longest paste handed on, in bytes; the rest is dropped.
const MAX_PASTE: usize = 64 * 1024;

/// What the terminal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted; never a command.
    Paste(String),
    /// The terminal has a new size: columns, rows.
    Resize(u16, u16),
    /// The terminal window got or lost the focus.
    Focus(bool),
    /// The terminal cannot be read any more.
    Gone,
}

/// Waits at most `timeout` for something to happen; none if nothing did, or nothing that matters.
#[must_use]
pub fn next(timeout: Duration) -> Option<Input> {
    match crossterm::event::poll(timeout).and_then(|some| some.then(crossterm::event::read).transpose()) {
        Ok(Some(event)) => of_event(event),
        Ok(None) => None,
        Err(_) => Some(Input::Gone),
    }
}

fn of_event(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => of_key(key).map(Input::Key),
        Event::Paste(mut text) => {
            let end = (0..=MAX_PASTE.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
            text.truncate(end);
            Some(Input::Paste(text))
        }
        Event::Resize(width, height) => Some(Input::Resize(width, height)),
        Event::FocusGained => Some(Input::Focus(true)),
        Event::FocusLost => Some(Input::Focus(false)),
        Event::Mouse(_) => None,
    }
}

/// One spelling for one key press, the same that keymaps use.
fn of_key(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let has = |m| event.modifiers.contains(m);
    let mut key = Key {
        code: KeyCode::Esc,
        ctrl: has(KeyModifiers::CONTROL),
        alt: has(KeyModifiers::ALT),
        shift: has(KeyModifiers::SHIFT),
    };
    key.code = match event.code {
        Code::Char('h') if key.ctrl => {
            key.ctrl = false;
            KeyCode::Backspace
        }
        Code::Char('j') if key.ctrl => {
            key.ctrl = false;
            KeyCode::Enter
        }
        Code::Char(c) => {
            key.shift = false;
            KeyCode::Char(if key.ctrl { c.to_ascii_lowercase() } else { c })
        }
        Code::Null => {
            key.ctrl = true;
            KeyCode::Char(' ')
        }
        Code::BackTab => {
            key.shift = true;
            KeyCode::Tab
        }
        Code::F(n) => KeyCode::F(n),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab => KeyCode::Tab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        _ => return None,
    };
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_spelled_as_keymaps_spell_them() {
        for (code, modifiers, expected) in [
            (Code::Char('G'), KeyModifiers::SHIFT, "G"),
            (Code::Char('r'), KeyModifiers::CONTROL, "Ctrl-r"),
            (Code::BackTab, KeyModifiers::SHIFT, "Shift-Tab"),
            (Code::BackTab, KeyModifiers::NONE, "Shift-Tab"),
            (Code::Char(' '), KeyModifiers::CONTROL, "Ctrl-Space"),
            (Code::Char('h'), KeyModifiers::CONTROL, "Backspace"),
            (Code::Char('?'), KeyModifiers::SHIFT, "?"),
            (Code::PageDown, KeyModifiers::NONE, "PgDn"),
        ] {
            let key = of_key(KeyEvent::new(code, modifiers)).unwrap();
            assert_eq!(key, expected.parse().unwrap(), "{code:?}");
        }
    }

    #[test]
    fn releases_are_no_presses_and_a_paste_is_bounded_on_a_whole_letter() {
        let release = KeyEvent::new_with_kind(Code::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(of_key(release), None);
        let Some(Input::Paste(text)) = of_event(Event::Paste("€".repeat(100_000))) else {
            panic!("no paste")
        };
        assert!(text.len() <= MAX_PASTE && text.chars().all(|c| c == '€'));
    }
}
