//! The first lines of the tab: the session, the set, where staking lives; who needs attention; what the register says.
//!
//! In: the digest and the relay's facts. Out: lines, for the tab and for the wall. Unknown is `?`; why, says `d`.

use crate::domain::store::validators::ValidatorBook;
use crate::domain::validator::StakingMode;
use crate::domain::{ChainView, ValidatorSet};
use crate::screen::{Body, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::validators::{Digest, Seat};
use crate::tabs::words;

/// Names told before the rest becomes a number.
const NAMED: usize = 4;

/// The panel.
pub(super) fn panel(state: &AppState) -> Panel {
    let body = Body::Text(lines(state));
    let stale = super::is_stale(state);
    Panel { id: "set".to_owned(), title: None, focused: false, stale, body }
}

/// The lines; without any validator one that says so.
#[must_use]
pub fn lines(state: &AppState) -> Vec<Line> {
    let digest = state.validators();
    let Some(view) = state.relay().and_then(|r| r.view).filter(|_| !digest.seats.is_empty()) else {
        return vec![register(state)];
    };
    if view.validators.current().is_none() {
        // Nothing of the set is known: why not says more than a question mark for each part of it.
        let (why, next) = super::why_unknown(state);
        let why = Line::of(Role::Unknown, format!("? {why}")).and(Role::Dim, format!(" · {next}"));
        return vec![why, attention(state, view, &digest), register(state)];
    }
    vec![set(state, view, &digest), attention(state, view, &digest), register(state)]
}

fn add(line: Line, name: &str, value: Line) -> Line {
    let gap = if line.spans.is_empty() { "" } else { " · " };
    let mut line = line.and(Role::Dim, format!("{gap}{name}"));
    line.spans.extend(value.spans);
    line
}

fn number(n: Option<usize>) -> Line {
    words::number(Role::Text, n.and_then(|n| u64::try_from(n).ok()))
}

fn set(state: &AppState, view: &ChainView, digest: &Digest) -> Line {
    let set = view.validators.current().map(|s| &s.value);
    let session = digest.session;
    let mut line = Line::of(Role::Title, "session ");
    line.spans.extend(words::number(Role::Text, session.map(u64::from)).spans);
    line = line.and(Role::Dim, progress(state, view, session));
    let target = set.and_then(|s| s.target).map_or_else(String::new, |n| {
        format!(" of {}{}", format::number(u64::from(n)), if is_wide(state) { " wanted" } else { "" })
    });
    let active = number(set.map(|_| digest.active)).and(Role::Dim, target);
    line = add(line, "set ", active);
    line = add(line, "para ", number(digest.para));
    line = add(line, "", counted(&view.validators, view, digest));
    add(line, "staking ", staking(state, set))
}

fn is_wide(state: &AppState) -> bool {
    state.ui.width >= 110
}

fn progress(state: &AppState, view: &ChainView, session: Option<u32>) -> String {
    let Some(known) = view.session.value().filter(|s| Some(s.index) == session) else {
        return String::new();
    };
    match (known.elapsed, known.length) {
        (Some(elapsed), Some(length)) if length > 0 => {
            let percent = elapsed.min(length) * 100 / length;
            match known.blocks_left().filter(|_| is_wide(state)) {
                Some(left) => format!(" {percent} %, {} slots left", format::number(left)),
                None => format!(" {percent} %"),
            }
        }
        _ => " ? %".to_owned(),
    }
}

/// How many blocks of the session were counted: of all where its begin was seen, else beside the slots that passed.
fn counted(book: &ValidatorBook, view: &ChainView, digest: &Digest) -> Line {
    let record = digest.session.and_then(|s| book.record(s));
    let Some(record) = record.filter(|r| r.blocks > 0) else {
        return Line::of(Role::Unknown, "? no block of it counted yet");
    };
    let blocks = format::number(u64::from(record.blocks));
    let before = record.session.checked_sub(1).and_then(|s| book.record(s));
    let seen_from_start = before.is_some_and(|b| b.last_block.saturating_add(1) == record.first_block);
    let slots = view.session.value().filter(|s| s.index == record.session).and_then(|s| s.elapsed);
    match (seen_from_start, slots) {
        (true, _) => {
            let all = record.last_block.saturating_sub(record.first_block).saturating_add(1);
            let role = if u64::from(record.blocks) < all { Role::Minor } else { Role::Dim };
            Line::of(role, format!("{blocks} of {} blocks counted", format::number(all)))
        }
        (false, Some(slots)) => {
            Line::of(Role::Dim, format!("{blocks} blocks of {} slots counted", format::number(slots)))
        }
        (false, None) => Line::of(Role::Dim, format!("{blocks} blocks counted of ?")),
    }
}

fn staking(state: &AppState, set: Option<&ValidatorSet>) -> Line {
    let Some(staking) = set.and_then(|s| s.staking.as_ref()) else { return words::unknown() };
    let mut line = Line::of(Role::Text, staking.mode.word());
    let sized = staking.waiting.map(|(id, size)| (id, format!(" of {}", format::number(u64::from(size)))));
    match (sized, staking.next_change) {
        (Some((id, size)), Some(next)) if id == next => {
            line = line.and(Role::Accent, format!(", set {id}{size} comes next session"));
        }
        (sized, next) => {
            if let Some((id, size)) = sized {
                line = line.and(Role::Accent, format!(", set {id}{size} waits"));
            }
            if let Some(id) = next {
                line = line.and(Role::Accent, format!(", set {id} comes next session"));
            }
        }
    }
    match staking.applied_at {
        Some(session) if is_wide(state) && staking.mode == StakingMode::Active => {
            line.and(Role::Dim, format!(", in force since session {}", format::number(u64::from(session))))
        }
        _ => line,
    }
}

/// `bob, dave`; the names that do not fit become a number.
fn named<'a>(state: &AppState, seats: impl Iterator<Item = &'a Seat>) -> Option<String> {
    let all: Vec<&Seat> = seats.collect();
    let names: Vec<String> = all.iter().take(NAMED).map(|s| super::label(state, &s.stash)).collect();
    list(&names, all.len())
}

fn list(names: &[String], all: usize) -> Option<String> {
    let more = match all.saturating_sub(names.len()) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    (all > 0).then(|| format!("{}{more}", names.join(", ")))
}

/// What needs attention; what does not is dim and short.
fn attention(state: &AppState, view: &ChainView, digest: &Digest) -> Line {
    let book = &view.validators;
    let part = |line: Line, known: bool, found: Option<String>, role: Role, name: &str, none: &str| {
        let gap = if line.spans.is_empty() { "" } else { " · " };
        let line = line.and(Role::Dim, gap);
        match (known, found) {
            (_, Some(found)) => {
                let symbol = if role == Role::Minor { "▵" } else { "▲" };
                line.and(role, format!("{symbol} {name}: {found}"))
            }
            (true, None) => line.and(Role::Dim, none),
            (false, None) => line.and(Role::Dim, format!("{name} ")).and(Role::Unknown, "?"),
        }
    };
    let is_known = book.disabled.value().is_some();
    let found = named(state, digest.disabled());
    let line = part(Line::default(), is_known, found, Role::Major, "disabled", "none disabled");
    let is_counted = digest.counted.blocks > 0;
    let line =
        part(line, is_counted, named(state, digest.silent()), Role::Major, "silent", "no author silent");
    let below: Vec<String> = digest
        .below_b()
        .filter_map(|(p, g)| Some(format!("{} ({})", p.name.as_ref()?, g.letter())))
        .collect();
    let found = list(below.get(..NAMED.min(below.len())).unwrap_or_default(), below.len());
    let graded = digest.providers.iter().any(|p| p.name.is_some() && p.recent.is_some());
    let line = part(line, graded, found, Role::Major, "below B", "no provider below B");
    let found = named(state, digest.without_keys());
    part(line, book.keys_set.value().is_some(), found, Role::Minor, "without keys", "keys set")
}

fn register(state: &AppState) -> Line {
    let roster = &state.network.roster;
    let line = Line::of(Role::Dim, "register ");
    let line = match &roster.from {
        None if roster.validators.is_empty() => line.and(Role::Dim, "none in the profile"),
        from => {
            let stashes = roster.validators.values().filter(|m| m.active).count();
            let from = from.as_ref().filter(|_| is_wide(state));
            let from = from.map_or_else(String::new, |f| format!(" from {f}"));
            line.and(Role::Dim, format!("{stashes} stashes{from}"))
        }
    };
    match roster.problems.as_slice() {
        [] => line,
        [one] if is_wide(state) => line.and(Role::Minor, format!(" · ▵ {one}")),
        [first, more @ ..] if is_wide(state) => {
            line.and(Role::Minor, format!(" · ▵ {first} · {} more problems", more.len()))
        }
        [_] => line.and(Role::Minor, " · ▵ 1 problem in it"),
        all => line.and(Role::Minor, format!(" · ▵ {} problems in it", all.len())),
    }
}
