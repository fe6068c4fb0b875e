//! The period of a report: two moments, and the calendar quarter where it is one.
//!
//! In: moments, or a year and a quarter. Out: a [`Period`] in UTC. PAS-11 is measured by calendar quarters. Must not read a
//! clock.

use crate::domain::UnixMs;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

/// From the first moment to the last, which is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: UnixMs,
    /// The first moment after it.
    pub to: UnixMs,
}

impl Period {
    /// A calendar quarter, 1 to 4; none outside the calendar.
    #[must_use]
    pub fn quarter(year: i16, quarter: i8) -> Option<Self> {
        if !(1..=4).contains(&quarter) || !(1970..=9000).contains(&year) {
            return None;
        }
        let (next_year, next) = if quarter == 4 { (year + 1, 1) } else { (year, quarter + 1) };
        Some(Self { from: first_of(year, quarter)?, to: first_of(next_year, next)? })
    }

    /// The calendar quarter that holds `now`; none outside the calendar.
    #[must_use]
    pub fn quarter_of(now: UnixMs) -> Option<Self> {
        let day = Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC).date();
        Self::quarter(day.year(), (day.month() - 1) / 3 + 1)
    }

    /// `Q3 2026` where it is a calendar quarter.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        let day = Timestamp::from_millisecond(self.from.0).ok()?.to_zoned(TimeZone::UTC).date();
        let quarter = (day.month() - 1) / 3 + 1;
        (Self::quarter(day.year(), quarter)? == *self).then(|| format!("Q{quarter} {}", day.year()))
    }
}

fn first_of(year: i16, quarter: i8) -> Option<UnixMs> {
    let day = date(year, (quarter - 1) * 3 + 1, 1).to_zoned(TimeZone::UTC).ok()?;
    Some(UnixMs(day.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_those_of_the_calendar() {
        let third = Period::quarter(2026, 3).unwrap();
        assert_eq!(third.from.rfc3339(), "2026-07-01T00:00:00.000Z");
        assert_eq!(third.to.rfc3339(), "2026-10-01T00:00:00.000Z");
        assert_eq!(third.title().as_deref(), Some("Q3 2026"));
        assert_eq!(Period::quarter_of(third.to), Period::quarter(2026, 4));
        assert_eq!(Period::quarter_of(third.to.minus(1)), Some(third));
        assert_eq!(Period::quarter(2026, 4).unwrap().to, Period::quarter(2027, 1).unwrap().from);
        assert_eq!(Period { to: third.to.minus(1), ..third }.title(), None);
        assert_eq!((Period::quarter(2026, 0), Period::quarter(2026, 5)), (None, None));
    }
}
