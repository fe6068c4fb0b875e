//! One validator: who it is, what it is now, its group, and what to know before its grade is believed.
//!
//! In: its seat, the set and the records. Out: names and values.

use super::{cells, label};
use crate::domain::{AccountId, ChainView, ValidatorSet};
use crate::screen::{Body, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::validators::{Digest, Seat, Standing, WINDOW};
use crate::tabs::words;

type Pairs = Vec<(Line, Line)>;

/// A set of fewer para validators than this says little about any of them.
const FEW: usize = 12;

/// The facts about a validator.
pub(super) fn facts(state: &AppState, stash: AccountId) -> Panel {
    let body = Body::KeyValues(pairs(state, &stash));
    Panel {
        id: "facts".to_owned(),
        title: Some(Line::of(Role::Title, label(state, &stash))),
        focused: false,
        stale: super::is_stale(state),
        body,
    }
}

fn pair(name: &str, value: Line) -> (Line, Line) {
    (Line::of(Role::Dim, name), value)
}

fn text(name: &str, value: impl Into<String>) -> (Line, Line) {
    pair(name, Line::of(Role::Text, value))
}

fn pairs(state: &AppState, stash: &AccountId) -> Pairs {
    let digest = state.validators();
    let address = state.relay().map_or_else(|| stash.to_string(), |r| r.address(stash));
    let mut out = vec![text("stash", address), pair("provider", provider(state, stash))];
    let (Some(view), Some(seat)) = (state.relay().and_then(|r| r.view), digest.seat(stash)) else {
        out.push(pair(
            "state",
            Line::of(Role::Unknown, "? neither in the set, nor in the next one, nor in the register"),
        ));
        return out;
    };
    let set = view.validators.current().map(|s| &s.value);
    out.push(pair("state", now(state, view, seat)));
    out.push(pair("score", score(seat)));
    if seat.standing.is_in_set() {
        out.extend(group(state, view, set, &digest, stash));
    }
    let notes = caveats(set, &digest, seat, stash);
    // A small screen has room for what is most particular.
    let room = if state.ui.height >= 34 { notes.len() } else { 1 };
    out.extend(notes.into_iter().take(room).map(|c| pair("note", Line::of(Role::Dim, c))));
    out
}

fn provider(state: &AppState, stash: &AccountId) -> Line {
    match state.network.roster.validator(stash) {
        Some(m) if m.active => Line::of(Role::Text, m.provider.as_str()),
        Some(m) => {
            Line::of(Role::Text, m.provider.as_str()).and(Role::Minor, " ▵ deactivated in the register")
        }
        None if state.network.roster.validators.is_empty() => {
            words::unknown().and(Role::Dim, " no register in the profile")
        }
        None => Line::of(Role::Unknown, "? ").and(Role::Dim, "not in the register"),
    }
}

fn now(state: &AppState, view: &ChainView, seat: &Seat) -> Line {
    let mut line = cells::standing(seat.standing);
    if let Some(since) = disabled_since(view, &seat.stash).filter(|_| seat.standing == Standing::Disabled) {
        line =
            line.and(Role::Major, format!(" since session {} or before", format::number(u64::from(since))));
    }
    if seat.is_silent() {
        line = line.and(Role::Major, " · ▲ silent");
    }
    let (role, keys) = match seat.keys {
        None => (Role::Unknown, "?"),
        Some(true) => (Role::Dim, "set"),
        Some(false) => (Role::Minor, "▵ none"),
    };
    line = line.and(Role::Dim, " · keys ").and(role, keys);
    let next = view.validators.current().and_then(|s| s.value.next.as_ref());
    let (role, next) = match next.map(|n| n.contains(&seat.stash)) {
        None => (Role::Unknown, "?"),
        Some(true) => (Role::Dim, "in the set"),
        Some(false) => (Role::Minor, "not in the set"),
    };
    line = line.and(Role::Dim, " · next session ").and(role, next);
    let over = view.validators.points.value().map(|p| match p.over {
        crate::domain::validator::PointsOver::Era(n) => format!("in era {}", format::number(u64::from(n))),
        crate::domain::validator::PointsOver::Session(n) => {
            format!("in session {}", format::number(u64::from(n)))
        }
    });
    line = line.and(Role::Dim, " · points ");
    match (seat.points, over) {
        (Some(points), Some(over)) => {
            let points = format::number(u64::from(points));
            line.and(Role::Text, points).and(Role::Dim, format!(" {over}"))
        }
        _ if state.ui.width >= 110 => line.and(Role::Unknown, "? not read"),
        _ => line.and(Role::Unknown, "?"),
    }
}

/// The first of the sessions in a row, up to now, in which it was disabled.
fn disabled_since(view: &ChainView, stash: &AccountId) -> Option<u32> {
    let was = |r: &&crate::domain::SessionRecord| r.of(stash).and_then(|f| f.disabled) == Some(true);
    view.validators.sessions().take_while(was).last().map(|r| r.session)
}

fn score(seat: &Seat) -> Line {
    let (now, recent) = (seat.now.as_ref(), seat.recent.as_ref());
    let mut line = Line::of(Role::Dim, "this session ");
    line.spans.extend(cells::ratio(now).spans);
    line = line.and(Role::Dim, " % ");
    line.spans.extend(cells::grade(now).spans);
    let sessions = recent.map_or(0, |s| s.sessions);
    line = line.and(Role::Dim, format!(" · last {WINDOW} sessions "));
    line.spans.extend(cells::ratio(recent).spans);
    line = line.and(Role::Dim, " % ");
    line.spans.extend(cells::grade(recent).spans);
    line = line.and(Role::Dim, format!(", mean of {sessions} as para validator"));
    line = line.and(Role::Dim, " · PAS-11 ");
    line.spans.extend(cells::pas11(recent).spans);
    line
}

/// Its place among the para validators, its group, and how each mate voted.
fn group(
    state: &AppState,
    view: &ChainView,
    set: Option<&ValidatorSet>,
    digest: &Digest,
    stash: &AccountId,
) -> Pairs {
    let Some(set) = set else { return Vec::new() };
    let Some(paras) = set.para_stashes() else {
        return vec![pair("para index", words::unknown().and(Role::Dim, " not read"))];
    };
    let Some(index) = paras.iter().position(|p| p == stash) else {
        return vec![pair("para index", Line::of(Role::Dim, "– no para validator in this session"))];
    };
    let Some((number, members)) = set.group_of(stash) else {
        let why = if set.groups.is_some() { "in no group" } else { "groups were not read" };
        let line = words::unknown().and(Role::Dim, format!(" {why} · para index {index}"));
        return vec![pair("group", line)];
    };
    let record = digest.session.and_then(|s| view.validators.record(s));
    let mut line = Line::of(Role::Text, number.to_string()).and(Role::Dim, format!(", para index {index}"));
    for mate in &members {
        let votes = record.filter(|r| r.with_votes > 0).and_then(|r| r.of(mate));
        let (role, votes) = match votes {
            None => (Role::Unknown, "?".to_owned()),
            Some(f) => {
                let role = if f.missed_votes > 0 { Role::Minor } else { Role::Dim };
                (role, format!("{}/{}", f.voted, f.assigned()))
            }
        };
        let own = if mate == stash { Role::Text } else { Role::Dim };
        line = line.and(Role::Dim, " · ").and(own, format!("{} ", label(state, mate))).and(role, votes);
    }
    vec![pair("group", line.and(Role::Dim, " voted/assigned"))]
}

/// What to know before the grade is believed (ACTIONS §4.3).
fn caveats(set: Option<&ValidatorSet>, digest: &Digest, seat: &Seat, stash: &AccountId) -> Vec<String> {
    let mut out = Vec::new();
    if seat.now.is_none() && seat.recent.is_none() {
        return out;
    }
    if set.and_then(|s| s.group_of(stash)).is_some_and(|(_, members)| members.len() == 1) {
        out.push("alone in its group: it cannot miss a vote".to_owned());
    }
    if let Some(few) = digest.para.filter(|n| *n < FEW) {
        out.push(format!("with {few} para validators a grade means next to nothing"));
    }
    if seat.standing == Standing::Disabled {
        out.push("who is disabled goes on missing votes".to_owned());
    }
    if digest.counted.votes > 0 {
        out.push("the session goes on: its grade is that of a part".to_owned());
    }
    out.push(
        "with elastic scaling the public report counts one candidate of a group a block, here each"
            .to_owned(),
    );
    out
}
