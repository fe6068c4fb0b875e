//! TOML with places: every mistake is reported as `file:line:col`.
//!
//! In: a label, the text, a byte span. Out: parsed values or a [`ConfigError`] that names the place. Must not import
//! anything but its siblings.

use super::ConfigError;
use serde::de::DeserializeOwned;
use std::ops::Range;

/// A text and the name of where it came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) label: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// Parses the whole text.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|e| {
            let (what, expected) = split_message(e.message());
            self.error(e.span().unwrap_or_default(), &what, &expected)
        })
    }

    /// An error at this span.
    pub(super) fn error(&self, span: Range<usize>, what: &str, expected: &str) -> ConfigError {
        let (line, col) = line_and_column(self.text, span.start);
        ConfigError::new(&format!("{}:{line}:{col}", self.label), what, expected)
    }
}

/// Line and column of a byte offset, both counted from 1, the column in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let col = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, col)
}

/// Cuts serde's and toml's messages at their own `, expected`. Values in them are kept: they are shortened, and URLs
/// hidden, by [`ConfigError::new`].
fn split_message(message: &str) -> (String, String) {
    let flat = message.split('\n').map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(", ");
    match flat.split_once(", expected ") {
        Some((what, expected)) => (what.to_owned(), expected.to_owned()),
        None => (flat, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        assert_eq!(line_and_column("", 0), (1, 1));
        assert_eq!(line_and_column("a\nbéc", 5), (2, 3));
        assert_eq!(line_and_column("ab", 99), (1, 3));
    }

    #[test]
    fn a_secret_in_a_wrong_value_is_not_repeated() {
        #[derive(serde::Deserialize, Debug)]
        struct T {
            #[expect(dead_code, reason = "only its type matters")]
            endpoints: Vec<String>,
        }
        let text = "endpoints = \"wss://u:CANARY@h/CANARYCANARYCANARY\"";
        let e = Source { label: "x.toml", text }.parse::<T>().unwrap_err().to_string();
        assert!(!e.contains("CANARY") && e.starts_with("x.toml:1:13: "), "{e}");
        assert!(e.contains("expected a sequence"), "{e}");
    }
}
