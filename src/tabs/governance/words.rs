//! Words about blocks that are to come, votes and calls: one way for the whole tab.
//!
//! In: blocks, shares, calls. Out: short text. Unknown is `?`.

use crate::domain::UnixMs;
use crate::domain::danger::Class;
use crate::domain::gov::Proposal;
use crate::domain::gov::phase::Phase;
use crate::domain::para::Found;
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::governance::Row;

/// `Sat 21 Nov 22:10 UTC`, with the operator's own time behind it where that is another.
pub(super) fn moment(state: &AppState, at: UnixMs) -> String {
    let utc = written(at, 0).map_or_else(|| "?".to_owned(), |text| format!("{text} UTC"));
    let own = state.zone_minutes.filter(|m| *m != 0).and_then(|m| written(at, m));
    own.map_or_else(|| utc.clone(), |own| format!("{utc}, {own} here"))
}

fn written(at: UnixMs, minutes: i32) -> Option<String> {
    let moved = at.0.checked_add(i64::from(minutes) * 60_000)?;
    let time = jiff::Timestamp::from_millisecond(moved).ok()?;
    Some(time.strftime("%a %d %b %H:%M").to_string())
}

/// A block to come: its number, how many blocks and how long until then, and the moment.
pub(super) fn block(state: &AppState, row: &Row<'_>, at: u64) -> String {
    let number = format!("block {}", format::number(at));
    match row.until(at) {
        Some((0, _)) => format!("{number}, now"),
        Some((left, ms)) => format!(
            "{number}, in {} or {} ({})",
            format::count(left, "block"),
            format::duration(ms),
            moment(state, state.now.plus(ms))
        ),
        None if row.now.is_some() => format!("{number}, past: it is looked at with the next block"),
        None => format!("{number}; the block now is not known"),
    }
}

/// The phase as symbol and word.
pub(super) fn phase(row: &Row<'_>) -> Line {
    let Some(phase) = row.outlook.map(|o| o.phase) else { return crate::tabs::words::unknown() };
    let (role, mark) = match phase {
        Phase::Confirming => (Role::Accent, "» "),
        Phase::Deciding => (Role::Info, "▸ "),
        Phase::AwaitsDeposit | Phase::Preparing | Phase::Queued => (Role::Text, "· "),
        Phase::Approved => (Role::Good, "✔ "),
        Phase::Rejected | Phase::Cancelled | Phase::TimedOut | Phase::Killed => (Role::Dim, "– "),
    };
    Line::of(role, format!("{mark}{}", phase.word().replace('-', " ")))
}

/// How dangerous, as symbol and word.
pub(super) fn danger(proposal: &Proposal) -> Line {
    match &proposal.call {
        Found::Value(judged) => class(judged.danger.class),
        Found::Absent => Line::of(Role::Unknown, "? no preimage"),
        Found::Unread(_) => Line::of(Role::Minor, "? unseen"),
    }
}

/// A class as symbol and word.
pub(super) fn class(class: Class) -> Line {
    match class {
        Class::Root => Line::of(Role::Major, "▲ root"),
        Class::Red => Line::of(Role::Major, "▲ red"),
        Class::Amber => Line::of(Role::Minor, "▵ amber"),
        Class::Green => Line::of(Role::Dim, "· green"),
    }
}

/// The call by its name.
pub(super) fn call(proposal: &Proposal) -> Line {
    match &proposal.call {
        Found::Value(judged) => Line::of(Role::Text, judged.call.path()),
        Found::Absent => Line::of(Role::Dim, proposal.hash.short()),
        Found::Unread(why) => Line::of(Role::Unknown, "? ").and(Role::Dim, why.as_str()),
    }
}

/// A deposit in tokens of the chain.
pub(super) fn amount(row: &Row<'_>, planck: u128) -> String {
    match row.view.identity.value().and_then(|i| i.token.as_ref()) {
        Some(token) => format!("{} {}", format::tokens(planck, token.decimals), token.symbol),
        None => format!("{planck} planck"),
    }
}
