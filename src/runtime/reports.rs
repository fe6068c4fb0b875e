//! Reports from the journal.
//!
//! In: a network, a period. Out: the document. Reads while a console writes; dials nothing. Must not judge.

use super::compose::Base;
use crate::domain::{Clean, Network};
use crate::journal::{Journal, JournalError, Role};
use crate::report::validators::{Fold, Input, Period, Report};
use crate::state::AppState;

/// The report about validators, and what should be said about the journal.
///
/// # Errors
/// The journal cannot be read.
pub fn validators(
    network: &Network,
    base: &Base,
    period: Period,
) -> Result<(Report, Vec<Clean>), JournalError> {
    let now = base.clock.now();
    let mut opened = Journal::open(&base.state_dir, &network.id, Role::Headless, now);
    let mut fold = Fold::default();
    let (mut identity, mut damaged) = (None, 0);
    if let Some(relay) = network.relay() {
        let kept = opened.journal.sessions(&relay.id, (period.from, period.to), |record| fold.add(record))?;
        (identity, damaged) = (kept.identity, kept.damaged);
    }
    let input = Input { network, identity: identity.as_ref(), period, now, damaged };
    let notices = opened.notices.into_iter().chain(opened.journal.take_notices()).collect();
    Ok((Report::of(&fold, input), notices))
}

/// The same from a state: a recording at its end.
#[must_use]
pub fn of_state(state: &AppState, period: Period) -> Report {
    let view = state.network.relay().and_then(|spec| state.store.chain(&spec.id));
    let mut records: Vec<_> = view.iter().flat_map(|v| v.validators.sessions()).collect();
    records.reverse();
    let mut fold = Fold::default();
    for record in records {
        if record.blocks > 0 && record.ended.is_some_and(|at| period.from <= at && at < period.to) {
            fold.add(record);
        }
    }
    let identity = view.and_then(|v| v.identity.value());
    Report::of(&fold, Input { network: &state.network, identity, period, now: state.now, damaged: 0 })
}
