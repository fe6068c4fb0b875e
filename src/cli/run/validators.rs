//! `report validators` and `validators backfill`: from arguments to a status.
//!
//! In: arguments, the setup. Out: the report on standard output, progress on standard error. Must not fold.

use super::{Failure, Setup, Watched, document, interrupted, mistake, print};
use crate::cli::args::{Format, Report, Validators};
use crate::domain::UnixMs;
use crate::report::validators::Period;
use crate::runtime::backfill::{self, Progress, Wanted};
use crate::runtime::compose::Depth;
use crate::runtime::{reports, tape};
use std::io::{self, IsTerminal as _, Write as _};

/// `sereno report`.
pub(super) fn report(setup: &Setup, report: &Report) -> Result<u8, Failure> {
    let Report::Validators { from, to, quarter, format } = report;
    let made = match &setup.watched {
        Watched::Tape(recording) => {
            let state = tape::play(recording, |_| {}, |_| {}).state;
            reports::of_state(&state, period((*from, *to), *quarter, state.now)?)
        }
        Watched::Chains(profile) => {
            let network = &profile.network;
            if network.relay().is_none() {
                return Err(mistake("validators are the relay chain's: do not leave it out with --only"));
            }
            let period = period((*from, *to), *quarter, setup.base.now())?;
            let (report, notices) =
                reports::validators(network, &setup.base, period).map_err(|e| mistake(e.to_string()))?;
            for notice in notices {
                let _ = writeln!(io::stderr(), "sereno: {notice}");
            }
            report
        }
    };
    print(&match format {
        Format::Md => made.markdown(),
        Format::Json => document(&made)?,
    })?;
    Ok(0)
}

/// `sereno validators`. Status 130 where it was interrupted: what is whole is kept, the next run goes on.
pub(super) fn validators(setup: &Setup, what: &Validators) -> Result<u8, Failure> {
    let Validators::Backfill { sessions, rate } = *what;
    let plan = setup.live_plan(Depth::FromNow)?;
    let stop = interrupted()?;
    let terminal = io::stderr().is_terminal();
    let mut tell = |progress: Progress| {
        let mut err = io::stderr().lock();
        let _ = match (terminal, progress.is_whole()) {
            (true, false) => write!(err, "\r\u{1b}[K{}", progress.bar(columns())),
            (true, true) => writeln!(err, "\r\u{1b}[K{}", progress.line()),
            (false, true) => writeln!(err, "{}", progress.line()),
            (false, false) => Ok(()),
        };
        let _ = err.flush();
    };
    let done = backfill::run(&plan, &setup.base, Wanted { sessions, rate }, stop.as_ref(), &mut tell);
    if terminal {
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
    let done = done.map_err(mistake)?;
    let (filled, known) = (done.filled, done.known);
    if done.stopped {
        let _ = writeln!(
            io::stderr(),
            "sereno: interrupted; {filled} sessions filled and kept, the same command goes on"
        );
        return Ok(130);
    }
    let _ = writeln!(io::stderr(), "sereno: {filled} sessions filled, {known} were whole already");
    Ok(0)
}

/// Columns of the terminal that progress is told on; one that does not say has 80.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok();
    size.map(|s| usize::from(s.ws_col)).filter(|columns| *columns > 0).unwrap_or(80)
}

/// What the flags say; the calendar quarter in progress where they say nothing.
fn period(
    (from, to): (Option<UnixMs>, Option<UnixMs>),
    quarter: Option<Period>,
    now: UnixMs,
) -> Result<Period, Failure> {
    if let Some(quarter) = quarter {
        return Ok(quarter);
    }
    // With one end given, the other is that of its quarter, or of the one in progress.
    let anchor = to.map_or(now, |to| UnixMs(to.0.saturating_sub(1)));
    let default =
        Period::quarter_of(anchor).ok_or_else(|| mistake("--to: expected a time of this calendar"))?;
    let period = Period { from: from.unwrap_or(default.from), to: to.unwrap_or(default.to) };
    if period.from >= period.to {
        let (from, to) = (period.from.rfc3339(), period.to.rfc3339());
        return Err(mistake(format!("--from {from} is not before --to {to}: choose an earlier --from")));
    }
    Ok(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_is_the_quarter_in_progress_unless_said_otherwise() {
        let third = Period::quarter(2026, 3).unwrap();
        let now = third.from.plus(40 * 86_400_000);
        let of = |from, to| period((from, to), None, now).map_err(|e| e.line);
        assert_eq!(of(None, None), Ok(third));
        assert_eq!(of(Some(now), None), Ok(Period { from: now, ..third }));
        let second = Period::quarter(2026, 2).unwrap();
        assert_eq!(of(None, Some(second.to)), Ok(second));
        assert_eq!(period((None, None), Some(second), now).map_err(|e| e.line), Ok(second));
        let e = of(Some(third.to), None).unwrap_err();
        assert!(e.contains("is not before --to 2026-10-01") && !e.contains('\n'), "{e}");
    }
}
