//! Cells about a para: what it is, its cores, its upgrade, its balance.
//!
//! In: a row of the board. Out: short lines; unknown is `?`, nothing is `–`.

use crate::domain::Severity;
use crate::domain::para::{GoAhead, Para, Paras};
use crate::domain::store::paras::Included;
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::paras::{Row, State};
use crate::tabs::words;

/// What a para is now: symbol, word, and since when where that matters.
pub(super) fn state(row: &Row<'_>) -> Line {
    let of = |severity: Severity, word: &str| {
        Line::of(words::severity_role(severity), format!("{} {word}", severity.symbol()))
    };
    let minor = |word: &str| of(Severity::Minor, word);
    match row.state {
        State::Stuck(severity) => {
            let age = row.age_ms.map_or_else(|| "?".to_owned(), format::age);
            of(severity.0, &format!("stuck {age}"))
        }
        State::Alarmed(severity) => of(severity.0, alarm(row)),
        State::LostCore => minor("no core"),
        State::Waits => minor("not included"),
        State::Noted => minor(alarm(row)),
        State::Moves => Line::of(Role::Info, "» moves on"),
        State::Unknown => Line::of(Role::Unknown, "? unknown"),
        State::Fine => Line::of(Role::Dim, "· ok"),
        State::Idle => Line::of(Role::Dim, "– no core"),
    }
}

fn alarm(row: &Row<'_>) -> &'static str {
    match row.alert.map(|a| a.detector.as_str()) {
        Some("para-code-stuck") => "code",
        Some("hrmp-backlog") => "channel",
        Some("sovereign-low") => "balance",
        Some("candidate-failure") => "timed out",
        _ => "alert",
    }
}

/// `–`.
pub(super) fn none() -> Line {
    Line::of(Role::Dim, "–")
}

/// A depth that is good when it is zero.
#[must_use]
pub fn depth(n: Option<u64>) -> Line {
    n.map_or_else(words::unknown, |n| {
        Line::of(if n == 0 { Role::Dim } else { Role::Text }, format::number(n))
    })
}

/// How long ago it was last included.
pub(super) fn included(row: &Row<'_>) -> Line {
    match (row.included, row.age_ms) {
        (Included::Never, _) => Line::of(Role::Dim, "never"),
        (Included::At(_), Some(ms)) => Line::of(Role::Text, format::age(ms)),
        _ => words::unknown(),
    }
}

/// Its cores by index.
pub(super) fn cores(row: &Row<'_>) -> Line {
    match &row.cores {
        None => words::unknown(),
        Some(cores) if cores.is_empty() => Line::of(Role::Dim, "none"),
        Some(cores) => {
            let text: Vec<String> = cores.iter().map(ToString::to_string).collect();
            Line::of(Role::Text, text.join(" "))
        }
    }
}

/// Where its upgrade stands at this relay block.
pub(super) fn upgrade(para: &Para, at: u64) -> Line {
    let upgrade = &para.upgrade;
    match (upgrade.go_ahead.value(), upgrade.from.value(), upgrade.future_code.value()) {
        (Some(GoAhead::GoAhead), ..) => Line::of(Role::Accent, "go ahead"),
        (Some(GoAhead::Abort), ..) => Line::of(Role::Minor, "abort"),
        (None, Some(from), _) if *from > at => {
            Line::of(Role::Text, format!("in {}", format::number(from - at)))
        }
        (None, Some(from), _) => Line::of(Role::Minor, format!("due {} ago", format::number(at - from))),
        (None, None, Some(_)) => Line::of(Role::Text, "checked"),
        (None, None, None) => {
            let unread = [upgrade.go_ahead.unread(), upgrade.from.unread(), upgrade.future_code.unread()];
            if unread.iter().any(Option::is_some) { words::unknown() } else { none() }
        }
    }
}

/// Whether its manager is locked out.
pub(super) fn lock(para: &Para) -> Line {
    match para.registration.value() {
        Some(registration) if registration.locked == Some(true) => Line::of(Role::Text, "locked"),
        Some(_) => Line::of(Role::Dim, "open"),
        None if para.registration.is_absent() => none(),
        None => words::unknown(),
    }
}

/// Its balance on the relay, planck; none where it was not read.
pub(super) fn free(para: &Para) -> Option<u128> {
    para.sovereign.free.value().copied().or_else(|| para.sovereign.free.is_absent().then_some(0))
}

/// A number of planck in tokens, where the relay says what a token is.
#[must_use]
pub fn amount(state: &AppState, planck: u128) -> String {
    let token = state.relay().and_then(|r| r.view?.identity.value()?.token.as_ref());
    match token {
        Some(token) => format::tokens(planck, token.decimals),
        None => planck.to_string(),
    }
}

/// Its balance beside the existential deposit.
pub(super) fn balance(state: &AppState, paras: &Paras, para: &Para) -> Line {
    let Some(free) = free(para) else { return words::unknown() };
    let text = amount(state, free);
    match paras.existential_deposit.value() {
        Some(least) if free < *least && free > 0 => {
            Line::of(Role::Minor, format!("▵ {text} < {}", amount(state, *least)))
        }
        Some(least) if free < *least => Line::of(Role::Dim, format!("0 < {}", amount(state, *least))),
        _ => Line::of(Role::Dim, text),
    }
}
