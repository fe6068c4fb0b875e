//! `sereno ledger`: the parameters that changed, and why.
//!
//! In: arguments, the setup. Out: the document on standard output. Must not fold.

use super::{Failure, Setup, Watched, document, mistake, print};
use crate::cli::args::{Format, Ledger};
use crate::config;
use crate::report::ledger::LedgerReport;
use crate::runtime::{ledger, tape};
use std::io::{self, Write as _};

/// `sereno ledger`.
pub(super) fn run(
    setup: &Setup,
    (format, unjustified): (Format, bool),
    what: Option<&Ledger>,
) -> Result<u8, Failure> {
    let profile = match &setup.watched {
        Watched::Chains(profile) => profile,
        Watched::Tape(_) if what.is_some() => {
            return Err(mistake("a recording is not justified: leave --demo out"));
        }
        Watched::Tape(recording) => {
            let state = tape::play(recording, |_| {}, |_| {}).state;
            return show(&LedgerReport::of(&state.network, &state.store, &[], unjustified), format);
        }
    };
    if let Some(Ledger::Justify { id, text }) = what {
        let by = config::operator(&setup.settings, |name| std::env::var(name).ok());
        ledger::justify(&profile.network, &setup.base, (id, &text.join(" ")), &by).map_err(mistake)?;
        return Ok(0);
    }
    let (report, notices) = ledger::read(&profile.network, &setup.base, unjustified).map_err(mistake)?;
    for notice in notices {
        let _ = writeln!(io::stderr(), "sereno: {notice}");
    }
    show(&report, format)
}

fn show(report: &LedgerReport, format: Format) -> Result<u8, Failure> {
    print(&match format {
        Format::Md => report.markdown(),
        Format::Json => document(report)?,
    })?;
    Ok(0)
}
