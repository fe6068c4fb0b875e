//! Time as the core sees it: one number, handed in from outside.
//!
//! In: milliseconds from `runtime::clock`. Out: differences and comparisons. Must not read any clock.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
///
/// The runtime makes it from the wall clock at start plus a monotonic clock that also counts suspended time, so
/// a step of the wall clock during a run changes no age (FAULTS row 61). In a replay it is the recording's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Milliseconds from `earlier` to `self`, never below zero.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// This moment moved on by `ms` milliseconds.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// This moment moved back by `ms` milliseconds.
    #[must_use]
    pub fn minus(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with milliseconds, or the bare number where it lies outside the calendar.
    #[must_use]
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => format!("{t:.3}"),
            Err(_) => self.0.to_string(),
        }
    }

    /// Time of day in UTC, `14:07:31`.
    #[must_use]
    pub fn clock_utc(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => t.strftime("%H:%M:%S").to_string(),
            Err(_) => "--:--:--".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_never_go_below_zero() {
        assert_eq!(UnixMs(5).since(UnixMs(9)), 0);
        assert_eq!(UnixMs(9).since(UnixMs(5)), 4);
    }

    #[test]
    fn rfc3339_has_milliseconds_and_a_zone() {
        assert_eq!(UnixMs(1_700_000_000_123).rfc3339(), "2023-11-14T22:13:20.123Z");
        assert_eq!(UnixMs(1_700_000_000_123).clock_utc(), "22:13:20");
    }
}
