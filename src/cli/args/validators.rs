//! The arguments of `report validators` and `validators backfill`.
//!
//! In: text. Out: moments, quarters, numbers, or what was expected. A date stands for the whole day, in UTC.

use crate::domain::UnixMs;
use crate::report::validators::Period;
use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Markdown.
    Md,
    /// One JSON document.
    Json,
}

/// Which report.
#[derive(Debug, Clone, Subcommand)]
pub enum Report {
    /// Validators against PAS-11, in the layout of the public quarterly report; from the journal, no network
    Validators {
        /// First day or moment, like 2026-07-01 or 2026-07-01T00:00:00Z [default: the first day of the quarter]
        #[arg(long, value_name = "TIME", value_parser = first)]
        from: Option<UnixMs>,
        /// Last day, which is included, or the moment after the last [default: the last day of the quarter in progress]
        #[arg(long, value_name = "TIME", value_parser = last)]
        to: Option<UnixMs>,
        /// A calendar quarter, like 2026-Q3, in place of --from and --to
        #[arg(long, value_name = "YEAR-Qn", value_parser = quarter, conflicts_with_all = ["from", "to"])]
        quarter: Option<Period>,
        /// How it is printed
        #[arg(long, default_value = "md")]
        format: Format,
    },
}

/// What to do about validators.
#[derive(Debug, Clone, Subcommand)]
pub enum Validators {
    /// Fill the journal with past sessions from an archive node; goes on where it was interrupted
    Backfill {
        /// So many sessions before the one in progress
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
        sessions: u32,
        /// Requests a second
        #[arg(long, default_value = "20", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
        rate: u32,
    },
}

fn first(text: &str) -> Result<UnixMs, String> {
    moment(text, Some)
}

/// A date means its end.
fn last(text: &str) -> Result<UnixMs, String> {
    moment(text, |day| day.tomorrow().ok())
}

fn moment(text: &str, day: impl Fn(Date) -> Option<Date>) -> Result<UnixMs, String> {
    let of_date = || {
        // A date with a time and no zone would be a guess.
        let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-07-01".len())?;
        Some(day(date)?.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    of_date().or_else(|| text.parse::<jiff::Timestamp>().ok()).map(|t| UnixMs(t.as_millisecond())).ok_or_else(
        || "expected a day or RFC 3339 with a zone, like 2026-07-01 or 2026-07-01T00:00:00Z".to_owned(),
    )
}

fn quarter(text: &str) -> Result<Period, String> {
    let read = || {
        let (year, quarter) = text.split_once("-Q").or_else(|| text.split_once("-q"))?;
        Period::quarter(year.parse().ok()?, quarter.parse().ok()?)
    };
    read().ok_or_else(|| "expected a calendar quarter, like 2026-Q3".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole_and_a_moment_is_itself() {
        let told = |m: Result<UnixMs, String>| m.unwrap().rfc3339();
        assert_eq!(told(first("2026-07-01")), "2026-07-01T00:00:00.000Z");
        assert_eq!(told(last("2026-09-30")), "2026-10-01T00:00:00.000Z");
        assert_eq!(told(last("2026-12-31")), "2027-01-01T00:00:00.000Z");
        assert_eq!(told(first("2026-07-02T01:30:00+02:00")), "2026-07-01T23:30:00.000Z");
        assert_eq!(told(last("2026-09-30T23:32:00Z")), "2026-09-30T23:32:00.000Z");
        assert!(first("2026-07-01T10:00").is_err() && last("today").is_err() && first("").is_err());
        assert_eq!(quarter("2026-q3").unwrap(), quarter("2026-Q3").unwrap());
        assert!(quarter("Q3 2026").is_err());
    }
}
