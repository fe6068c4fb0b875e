//! The clock of the program.
//!
//! In: the system's wall clock once, at the start, and its boot-time clock from then on, which also counts suspended time.
//! Out: [`UnixMs`]. A step of the wall clock during the run changes no age (FAULTS rows 17, 61). The only place that reads
//! a clock.

use crate::domain::UnixMs;
use crate::ports::Clock;
use rustix::time::{ClockId, Timespec, clock_gettime};

/// The clock of a live run.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    /// Wall clock minus boot-time clock at the start, milliseconds.
    offset_ms: i64,
}

fn millis(t: Timespec) -> i64 {
    t.tv_sec.saturating_mul(1_000).saturating_add(t.tv_nsec / 1_000_000)
}

impl SystemClock {
    /// A clock that starts at the system's time, or at `start` where a test or `--now` says so.
    #[must_use]
    pub fn new(start: Option<UnixMs>) -> Self {
        let wall = start.map_or_else(|| millis(clock_gettime(ClockId::Realtime)), |s| s.0);
        Self { offset_ms: wall.saturating_sub(millis(clock_gettime(ClockId::Boottime))) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> UnixMs {
        UnixMs(millis(clock_gettime(ClockId::Boottime)).saturating_add(self.offset_ms))
    }
}

/// Minutes by which the system's own time is ahead of UTC at this moment.
#[must_use]
pub fn zone_minutes(now: UnixMs) -> Option<i32> {
    let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
    Some(jiff::tz::TimeZone::system().to_offset(now).seconds() / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_where_it_is_told_and_goes_forward() {
        let clock = SystemClock::new(Some(UnixMs(1_000)));
        let first = clock.now();
        assert!(first.0 >= 1_000 && first.0 < 2_000, "{first:?}");
        assert!(clock.now() >= first);
    }
}
