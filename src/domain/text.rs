//! Text from outside, made safe to show.
//!
//! In: any string (chain names, RPC errors, event fields, ticket titles). Out: [`Clean`], which holds no control
//! character, no escape sequence, no bidirectional override and no pile of combining marks, and is of bounded
//! length. Every sink (terminal, log, clipboard, export) may rely on that and sanitises again all the same.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

/// Longest text kept, in graphemes; what is cut shows as `…`.
pub const MAX_GRAPHEMES: usize = 256;
/// Most combining marks kept on one grapheme.
const MAX_COMBINING: usize = 4;
/// Most characters kept of one grapheme: joined ones have no end of their own.
const MAX_OF_ONE: usize = 16;

/// Text that is safe on a terminal. The only constructor is [`Clean::of`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// Makes `raw` safe: control characters, bidirectional and zero-width characters become visible marks like
    /// `‹U+202E›`, line breaks and tabs become spaces, and length is bounded to [`MAX_GRAPHEMES`].
    #[must_use]
    pub fn of(raw: &str) -> Self {
        if is_plain(raw) {
            return Self(raw.to_owned());
        }
        let mut out = String::with_capacity(raw.len().min(MAX_GRAPHEMES * 4));
        let mut used = 0_usize;
        for grapheme in raw.graphemes(true) {
            let start = out.len();
            push_grapheme(&mut out, grapheme);
            // What became visible marks is longer than it was: what counts is what is shown.
            used = used.saturating_add(out.get(start..).map_or(0, |shown| shown.graphemes(true).count()));
            if used > MAX_GRAPHEMES {
                out.truncate(start);
                out.push('…');
                break;
            }
        }
        Self(out)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True where nothing has to be done: short, and every character is a grapheme of its own that may be shown. Nearly all
/// text is, and taking it apart costs a start from the journal a third of its time.
fn is_plain(raw: &str) -> bool {
    let stands_alone =
        |c: char| matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '…' | '–');
    raw.len() <= MAX_GRAPHEMES && raw.chars().all(stands_alone)
}

fn push_grapheme(out: &mut String, grapheme: &str) {
    let (mut marks, mut kept) = (0, 0);
    for (i, c) in grapheme.chars().enumerate() {
        if kept >= MAX_OF_ONE {
            out.push('…');
            return;
        }
        kept += 1;
        if matches!(c, '\n' | '\r' | '\t') {
            if !(c == '\n' && out.ends_with(' ')) {
                out.push(' ');
            }
        } else if is_hidden(c) {
            out.push_str(&format!("‹U+{:04X}›", u32::from(c)));
        } else if i > 0 && unicode_width::UnicodeWidthChar::width(c) == Some(0) {
            marks += 1;
            if marks <= MAX_COMBINING {
                out.push(c);
            } else {
                kept -= 1;
            }
        } else {
            out.push(c);
        }
    }
}

/// Characters that move the cursor, hide, reorder or carry text nobody sees.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5
            | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
            | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF)
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for Clean {
    fn from(raw: &str) -> Self {
        Self::of(raw)
    }
}

impl From<String> for Clean {
    fn from(raw: String) -> Self {
        Self::of(&raw)
    }
}

impl<'de> Deserialize<'de> for Clean {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::of(&String::deserialize(d)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_bidi_and_zero_width_become_visible() {
        let c = Clean::of("a\u{1b}[2J\u{202e}b\u{200b}\u{9b}31m\u{e0041}");
        assert_eq!(c.as_str(), "a‹U+001B›[2J‹U+202E›b‹U+200B›‹U+009B›31m‹U+E0041›");
    }

    #[test]
    fn zalgo_is_cut_to_four_marks() {
        let zalgo = format!("a{}", "\u{0301}".repeat(1000));
        assert_eq!(Clean::of(&zalgo).as_str().chars().count(), 5);
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis() {
        let c = Clean::of(&"x".repeat(5000));
        assert_eq!(c.as_str().chars().count(), MAX_GRAPHEMES + 1);
        assert!(c.as_str().ends_with('…'));
    }

    #[test]
    fn what_is_joined_without_end_or_becomes_longer_by_cleaning_is_bounded_too() {
        for endless in ["\u{200d}", "\u{1100}", "a\u{200d}", "\u{202e}"] {
            let once = Clean::of(&endless.repeat(100_000));
            assert!(once.as_str().chars().count() <= 8 * MAX_GRAPHEMES, "{}", once.as_str().len());
            assert_eq!(Clean::of(once.as_str()), once);
        }
    }

    proptest! {
        #[test]
        fn text_that_is_left_as_it_is_needed_nothing(raw in "[ -~¡-˿…·–\u{a0}\u{ad}\u{300}\u{301}\u{200d}]{0,300}") {
            let mut whole = String::new();
            raw.graphemes(true).for_each(|g| push_grapheme(&mut whole, g));
            prop_assert!(!is_plain(&raw) || (whole == raw && raw.graphemes(true).count() == raw.chars().count()));
            prop_assert!(!is_plain(&raw) || raw.graphemes(true).count() <= MAX_GRAPHEMES);
        }

        #[test]
        fn no_forbidden_character_survives_and_cleaning_is_idempotent(raw in any::<String>()) {
            let once = Clean::of(&raw);
            prop_assert!(!once.as_str().chars().any(is_hidden));
            prop_assert_eq!(Clean::of(once.as_str()), once.clone());
        }
    }
}
