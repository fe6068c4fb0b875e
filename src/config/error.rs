//! What is wrong in a file or a flag, as one line.
//!
//! In: place, finding, expectation. Out: [`ConfigError`], whose text is `place: what is wrong; expected …`. No URL and
//! no control character survives in it. Must not import anything but `domain`.

use crate::domain::{Clean, redact::hide_urls};
use std::fmt;

/// A mistake in the configuration. Commands end with [`ConfigError::EXIT`] on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    place: Clean,
    what: Clean,
    expected: Clean,
}

impl ConfigError {
    /// Exit status of a command that could not read its configuration.
    pub const EXIT: u8 = 2;

    /// At `place` (`file:line:col`, or the name of a flag) `what` is wrong; `expected` says what would be right and
    /// may be empty.
    #[must_use]
    pub fn new(place: &str, what: &str, expected: &str) -> Self {
        let clean = |s: &str| Clean::of(hide_urls(s).trim());
        Self { place: clean(place), what: clean(what), expected: clean(expected) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        if self.expected.as_str().is_empty() { Ok(()) } else { write!(f, "; expected {}", self.expected) }
    }
}
