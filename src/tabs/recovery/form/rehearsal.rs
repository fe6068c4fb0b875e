//! The rehearsal: what the call would do to the chain, by its own code over its own state.
//!
//! In: what was found, or how long it runs. Out: rows, and what the key asks for. Must not rehearse.

use super::{Item, Stand, stand};
use crate::runbook::plan::Plan;
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::form::{Form, Rehearsal, Rehearsed, Told};
use crate::tabs::Intent;

/// Most that a rehearsal may take, seconds.
const LIMIT_S: u64 = 30;
const LACKS: &str = "this build cannot rehearse: it was made without the feature 'rehearse'";

/// The call that is rehearsed: its chain, data and origin.
fn call(plan: &Plan) -> Result<(String, Vec<u8>, String), String> {
    match plan.calls.as_slice() {
        [only] => Ok((only.chain.clone(), only.call_data.clone(), only.origin.clone())),
        [] => Err("this runbook makes no call: there is nothing to rehearse".to_owned()),
        several => Err(format!(
            "this runbook makes {} calls, and one is rehearsed at a time: sereno rehearse --call takes each of them",
            several.len()
        )),
    }
}

/// Whether a rehearsal is of the call that the plan makes now: the same bytes, chain and kind of origin.
fn is_of(plan: &Plan, bytes: &str, found: &Result<Box<Rehearsed>, String>) -> bool {
    let Ok((chain, now, origin)) = call(plan) else { return false };
    let same_origin =
        found.as_ref().map_or(true, |f| f.chain == chain && (f.origin == "root") == (origin == "root"));
    hex(&now) == bytes && same_origin
}

/// What the last rehearsal says of the plan as it is now, for the line above the panes.
pub(super) fn verdict(state: &AppState, form: &Form, line: Line) -> Line {
    let Rehearsal::Done { at, call, found } = &form.rehearsal else { return line };
    let age = format::age(state.now.since(*at));
    let Stand::Ready(plan, _) = stand(state, form) else {
        return line.and(Role::Dim, format!(" · ? rehearsed {age} ago, before what is typed now"));
    };
    if !is_of(plan, call, found) {
        return line.and(Role::Minor, " · ? rehearsed was another call: R rehearses this one");
    }
    match found {
        Err(_) => line.and(Role::Unknown, " · ? not rehearsed"),
        Ok(found) if !found.ok => line.and(Role::Major, " · ✖ rehearsal failed"),
        Ok(found) if found.confirmed == Some(false) => {
            line.and(Role::Minor, format!(" · ▵ the call went well {age} ago, a second way differs"))
        }
        Ok(_) if plan.wrap.iter().any(|w| w != "none") => line
            .and(Role::Info, format!(" · the bare call went well {age} ago, its wrapper was not rehearsed")),
        Ok(_) => line.and(Role::Good, format!(" · ✔ rehearsal ok {age} ago")),
    }
}

/// What the key asks for.
pub(super) fn intent(state: &AppState, form: &Form) -> Intent {
    if state.mode.is_replay() {
        return Intent::Say("not in a replay: a rehearsal needs live state".to_owned());
    }
    if !state.runbooks.rehearses {
        return Intent::Say(LACKS.to_owned());
    }
    if matches!(form.rehearsal, Rehearsal::Running { .. }) {
        return Intent::Say("it runs already · Esc gives it up".to_owned());
    }
    match stand(state, form) {
        Stand::Ready(plan, _) => match call(plan) {
            Ok((chain, call, origin)) => Intent::Rehearse { chain: chain.as_str().into(), call, origin },
            Err(why) => Intent::Say(why),
        },
        other => Intent::Say(format!("there is nothing to rehearse yet: {}", other.why().0)),
    }
}

/// The title, and why there is nothing.
pub(super) fn title(state: &AppState, form: &Form) -> (Line, (String, String)) {
    let title = Line::of(Role::Title, "rehearsal");
    let ready = "R runs the chain's own code in this process over its live state; nothing is sent".to_owned();
    match &form.rehearsal {
        _ if !state.runbooks.rehearses => {
            (title, (LACKS.to_owned(), "the plan is complete without it".to_owned()))
        }
        _ if state.mode.is_replay() => {
            (title, ("not in a replay".to_owned(), "a rehearsal needs live state".to_owned()))
        }
        Rehearsal::None => match stand(state, form) {
            Stand::Ready(..) => (title, ("not rehearsed yet".to_owned(), ready)),
            other => (title, other.why()),
        },
        Rehearsal::Running { since, .. } => {
            let s = state.now.since(*since) / 1_000;
            let line = title.and(Role::Info, format!(" · » running {s} s"));
            let bar = "▓".repeat(usize::try_from(s.min(LIMIT_S)).unwrap_or(0));
            let rest = "░".repeat(usize::try_from(LIMIT_S.saturating_sub(s)).unwrap_or(0));
            let sentence = format!("{bar}{rest} {s} of at most {LIMIT_S} s");
            (line, (sentence, "it reads state and runs the call · Esc gives it up".to_owned()))
        }
        Rehearsal::Done { at, found, call } => {
            let age = format::age(state.now.since(*at));
            let line = title.and(Role::Dim, format!(" · {age} ago"));
            let old = match stand(state, form) {
                Stand::Ready(plan, _) => !is_of(plan, call, found),
                _ => true,
            };
            let line =
                if old { line.and(Role::Minor, " · of another call: R rehearses this one") } else { line };
            let why = found.as_ref().err().cloned().unwrap_or_default();
            (line, (why, "R tries again".to_owned()))
        }
        Rehearsal::Cancelled { at } => {
            let age = format::age(state.now.since(*at));
            (title, (format!("given up {age} ago"), "R rehearses again".to_owned()))
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    crate::domain::ids::to_hex(bytes)
}

/// The rows.
pub(super) fn items(state: &AppState, form: &Form) -> Vec<Item> {
    let shown = state.runbooks.rehearses && !state.mode.is_replay();
    let Rehearsal::Done { found: Ok(found), .. } = &form.rehearsal else { return Vec::new() };
    if shown { of(found) } else { Vec::new() }
}

fn of(found: &Rehearsed) -> Vec<Item> {
    let mut out = Vec::new();
    let (role, word) = if found.ok { (Role::Good, "✔ OK") } else { (Role::Major, "✖ FAILED") };
    let said = format!("{} as {} on {}", found.call, found.origin, found.chain);
    out.push(item("outcome", Line::of(role, word), Line::of(Role::Text, said.as_str()), 0));
    if let Some(error) = &found.error {
        out.push(item("error", Line::of(Role::Major, "why"), Line::of(Role::Major, error.as_str()), 0));
    }
    let second = match found.confirmed {
        Some(true) => "; a second way gave the same",
        Some(false) => "; A SECOND WAY DIFFERS",
        None => "; no second way",
    };
    let way = format!("{} at #{}{second}", found.way, format::number(found.block));
    out.push(item("way", Line::of(Role::Dim, "how"), Line::of(Role::Dim, way), 0));
    let weight = found
        .weight
        .map_or_else(|| "? the runtime does not say".to_owned(), |(t, p)| super::plan::weight(t, p));
    out.push(item("weight", Line::of(Role::Dim, "weighs"), Line::of(Role::Text, weight), 0));
    let time = format!("{} ms, {} round trips; nothing was sent", found.elapsed_ms, found.round_trips);
    out.push(item("time", Line::of(Role::Dim, "took"), Line::of(Role::Dim, time), 0));
    let lines = found.lines.iter().enumerate().map(|(place, told)| {
        let Told { kind, name, value } = told;
        let role = match kind.as_str() {
            "mind" => Role::Minor,
            "change" | "event" => Role::Text,
            _ => Role::Dim,
        };
        item(kind, Line::of(role, name.as_str()), Line::of(role, value.as_str()), place)
    });
    out.extend(lines);
    out
}

fn item(kind: &str, name: Line, value: Line, place: usize) -> Item {
    let full = vec![
        ("what".to_owned(), kind.to_owned()),
        ("name".to_owned(), name.plain()),
        ("value".to_owned(), value.plain()),
    ];
    Item {
        key: format!("{kind} {}", place.saturating_add(1)),
        cells: vec![Line::of(Role::Dim, kind), name, value],
        full,
    }
}
