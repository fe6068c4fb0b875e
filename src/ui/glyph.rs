//! Text to glyphs: the last place where text is made safe, measured and cut.
//!
//! In: any string, also one that skipped `domain::Clean`. Out: text whose width every terminal agrees on: no control,
//! bidirectional or zero-width character, no emoji sequence, at most four marks on a letter. Must not import anything.

use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// Most marks kept on one letter.
const MAX_MARKS: usize = 4;

/// `text` as it may reach the terminal. What must not be shown becomes `▯`, or is left out where leaving it out loses
/// nothing (variation selectors, skin tones). With `ascii` every other character becomes its nearest ASCII sign.
pub(crate) fn safe(text: &str, ascii: bool) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars() {
        if is_hidden(c) {
            out.push(if ascii { '?' } else { '▯' });
            marks = 0;
        } else if matches!(u32::from(c), 0xFE00..=0xFE0F | 0xFF9E | 0xFF9F | 0x1F3FB..=0x1F3FF | 0xE0100..=0xE01EF)
        {
            // Terminals disagree on the width that these make.
        } else if let Some(letter) = regional_letter(c) {
            out.push(letter);
            marks = 0;
        } else if c.width() == Some(0) {
            marks += 1;
            if marks <= MAX_MARKS && !out.is_empty() && !ascii {
                out.push(c);
            }
        } else {
            out.push(if ascii { plain(c) } else { c });
            marks = 0;
        }
    }
    Cow::Owned(out)
}

/// Flags are pairs of letters; shown as the letters.
fn regional_letter(c: char) -> Option<char> {
    let n = u32::from(c).checked_sub(0x1F1E6).filter(|n| *n < 26)?;
    char::from_u32(u32::from('A') + n)
}

/// Characters that move the cursor, hide, or reorder.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || c == '\u{fffd}' // some terminals skip it
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5
            | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
            | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0xE0000..=0xE00FF | 0xE01F0..=0xE0FFF)
}

/// The nearest ASCII sign.
fn plain(c: char) -> char {
    match c {
        ' '..='~' => c,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => ' ',
        '✖' | '✗' | '✘' => 'x',
        '✔' | '✓' => 'v',
        '▲' => '!',
        '▵' | '△' | '↑' => '^',
        '↓' | '▼' => 'v',
        '→' | '▸' | '▶' | '›' => '>',
        '←' | '◂' | '‹' => '<',
        '·' | '•' | '…' | '⋯' => '.',
        '●' | '■' | '◆' => '*',
        '○' | '□' | '◇' => 'o',
        '–' | '—' | '─' | '┄' | '╌' => '-',
        '━' | '═' => '=',
        '│' | '┃' | '┆' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '×' => 'x',
        '≤' | '≥' | '≠' | '≈' => '~',
        '▁' | '▂' => '_',
        '▃' | '▄' => '-',
        '▅' | '▆' => '=',
        '▇' | '█' | '▀' | '▌' | '▐' => '#',
        '①'..='⑨' => char::from_u32(u32::from(c) - 0x2460 + u32::from('1')).unwrap_or('+'),
        '⑩'..='⑳' => '+',
        _ => '?',
    }
}

/// Width in cells of a text that went through [`safe`].
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The glyphs of a text that went through [`safe`]: a character with its marks, and its width.
pub(crate) fn glyphs(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut chars = rest.char_indices();
        let (_, first) = chars.next()?;
        let end = chars.find(|(_, c)| c.width() != Some(0)).map_or(rest.len(), |(i, _)| i);
        let (glyph, tail) = rest.split_at_checked(end)?;
        rest = tail;
        Some((glyph, first.width().unwrap_or(0)))
    })
}

/// The longest beginning of a safe text that is at most `max` cells wide.
pub(crate) fn head(text: &str, max: usize) -> &str {
    let (mut used, mut end) = (0, 0);
    for (glyph, w) in glyphs(text) {
        if used + w > max {
            break;
        }
        used += w;
        end += glyph.len();
    }
    text.get(..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_reordering_never_pass() {
        assert_eq!(safe("a\u{1b}[2J\u{202e}b\u{200b}\u{9b}", false), "a▯[2J▯b▯▯");
        assert_eq!(safe("plain", false), "plain");
    }

    #[test]
    fn what_terminals_measure_differently_is_taken_apart() {
        assert_eq!(safe("\u{1f1e9}\u{1f1ea}", false), "DE");
        assert_eq!(safe("\u{1f44d}\u{1f3fd}", false), "\u{1f44d}");
        assert_eq!(width(&safe("❤\u{fe0f}", false)), 1);
    }

    #[test]
    fn wide_letters_are_cut_whole() {
        assert_eq!(head("日本語", 5), "日本");
        assert_eq!(head("abc", 2), "ab");
        assert_eq!(head("e\u{301}x", 1), "e\u{301}");
    }

    #[test]
    fn without_unicode_the_symbols_keep_a_sign_of_their_own() {
        assert_eq!(safe("✖ ▲ ▵ · ? 12\u{2009}345 ②", true), "x ! ^ . ? 12 345 2");
    }

    proptest! {
        #[test]
        fn safe_text_is_free_of_controls_and_stays_as_it_is(raw in any::<String>(), ascii in any::<bool>()) {
            let once = safe(&raw, ascii).into_owned();
            prop_assert!(!once.chars().any(is_hidden));
            prop_assert_eq!(safe(&once, ascii).into_owned(), once.clone());
            prop_assert!(!ascii || once.is_ascii());
            prop_assert_eq!(glyphs(&once).map(|(g, _)| g).collect::<String>(), once);
        }
    }
}
