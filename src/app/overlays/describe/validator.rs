//! Validators, providers, sessions, missed candidates: every number with its evidence, every unknown with its reason.
//!
//! In: the relay's validators and the register. Out: name and value lines.

use super::{Pairs, block_ref, moment, optional, pair, unknown};
use crate::domain::validator::{Figures, PointsOver};
use crate::domain::{AccountId, ChainView, Clean, Hash, Observed, Reading, Score, SessionRecord};
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::validators::WINDOW;
use crate::tabs::{subject, validators, words};

fn n(n: u32) -> String {
    format::number(u64::from(n))
}

fn evidenced<T>(state: &AppState, name: &str, value: &Observed<T>, text: String) -> (Line, Line) {
    let evidence = words::evidence(value, state.now);
    (Line::of(Role::Dim, name), Line::of(Role::Text, text).and(Role::Dim, format!("   {evidence}")))
}

fn percent(hundredths: u32) -> String {
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// The ratio, the letter and PAS-11 of a score.
fn verdict(score: Option<&Score>, why: &str) -> Result<String, String> {
    let score = score.ok_or_else(|| why.to_owned())?;
    let ratio = score.hundredths().ok_or_else(|| "bitfields were not read".to_owned())?;
    let letter = score.grade().map_or("?", |g| g.letter());
    let pass = if score.passes() == Some(true) { "met" } else { "NOT met" };
    Ok(format!("{} · {letter} · PAS-11 (80 %) {pass}", percent(ratio)))
}

fn told(name: &str, verdict: Result<String, String>) -> (Line, Line) {
    match verdict {
        Ok(text) => pair(name, text),
        Err(why) => unknown(name, &why),
    }
}

/// The lines about a validator.
pub(super) fn pairs(state: &AppState, stash: &AccountId) -> Option<Pairs> {
    let relay = state.relay()?;
    let view = relay.view?;
    let digest = state.validators();
    let seat = digest.seat(stash);
    let member = state.network.roster.validator(stash);
    let mut out = vec![
        pair("stash", relay.address(stash)),
        pair("bytes", stash.to_string()),
        optional(
            "name",
            state.validator_name(stash).map(str::to_owned),
            "neither the profile nor the register has one",
        ),
        optional(
            "provider",
            member.map(|m| format!("{}{}", m.provider, if m.active { "" } else { " (deactivated)" })),
            "not in the register",
        ),
        optional("state", seat.map(|s| s.standing.word().to_owned()), "in no set and in no register"),
    ];
    let session = digest.session;
    match session.and_then(|s| view.validators.record(s)) {
        Some(record) => out.extend(figures(record, stash, state)),
        None => out.push(unknown("this session", "the set was not read")),
    }
    let recent = seat.and_then(|s| s.recent);
    let name = format!("last {WINDOW} sessions");
    let sessions = recent.map_or(0, |s| s.sessions);
    let verdict = verdict(recent.as_ref(), "para validator in none of which the votes were read");
    out.push(told(&name, verdict.map(|v| format!("{v} · mean of {sessions} as para validator"))));
    out.extend(everybody(state, view));
    Some(out)
}

/// What a record says of a validator.
fn figures(record: &SessionRecord, stash: &AccountId, state: &AppState) -> Pairs {
    let mut out = vec![
        pair("session", n(record.session)),
        pair("blocks counted", counted(record)),
        optional("last counted", record.ended.map(|at| moment(state, at)), "no block with a timestamp"),
    ];
    let Some(f) = record.of(stash) else {
        out.push(pair("in the set", "no"));
        return out;
    };
    out.extend([
        pair("blocks written", n(f.authored)),
        pair("slots missed", n(f.missed_slots)),
        optional(
            "para validator",
            f.para.map(|p| if p { "yes" } else { "no" }.to_owned()),
            "para validators were not read",
        ),
    ]);
    if f.para != Some(false) {
        out.extend(votes(record, f));
    }
    let disabled = f.disabled.map(|d| if d { "yes, at some time" } else { "no" }.to_owned());
    out.push(optional("disabled in it", disabled, "not read in that session"));
    out
}

fn counted(record: &SessionRecord) -> String {
    if record.blocks == 0 {
        return "none yet".to_owned();
    }
    let whole = if record.complete { "complete" } else { "not proved complete" };
    format!(
        "{} from #{} to #{}, {whole}; votes of {}, bitfields of {}",
        n(record.blocks),
        format::number(record.first_block),
        format::number(record.last_block),
        n(record.with_votes),
        n(record.with_bitfields)
    )
}

fn votes(record: &SessionRecord, f: &Figures) -> Pairs {
    let why = "the votes of no block were read";
    let has = record.with_votes > 0;
    let bits = f.available.saturating_add(f.unavailable);
    let score = Score::of_session(record, f);
    let mvr = score.map(|s| percent(crate::domain::validator::grade::hundredths(s.missed_votes)));
    vec![
        optional(
            "votes",
            has.then(|| {
                format!("{} of {} assigned, {} missed", n(f.voted), n(f.assigned()), n(f.missed_votes))
            }),
            why,
        ),
        optional("missed-vote ratio", mvr, why),
        optional(
            "bitfields",
            (bits > 0).then(|| format!("available in {} of {} blocks", n(f.available), n(bits))),
            "the bitfields of no block were read",
        ),
        told("ratio", verdict(score.as_ref(), why)),
    ]
}

/// What holds for all validators: the set, staking, and what could not be read.
fn everybody(state: &AppState, view: &ChainView) -> Pairs {
    let book = &view.validators;
    let why = |section: &str| view.unread.get(section).map_or("not read yet", Clean::as_str).to_owned();
    let Some(set) = book.current() else { return vec![unknown("set", &why("validators"))] };
    let s = &set.value;
    let len = |items: Option<usize>| items.map(|n| n.to_string());
    let target = match (s.target, &s.staking) {
        (None, Some(_)) => "the relay keeps no Staking.ValidatorCount, or it was not read",
        _ => "Staking.ValidatorCount was not read",
    };
    let mut out = vec![
        evidenced(state, "set", set, format!("{} validators", s.validators.len())),
        optional("wanted", s.target.map(n), target),
        optional("para validators", len(s.para.as_ref().map(Vec::len)), "ParasShared was not read"),
        optional(
            "groups",
            len(s.groups.as_ref().map(Vec::len)),
            "ParaScheduler.ValidatorGroups was not read",
        ),
        optional("next set", len(s.next.as_ref().map(Vec::len)), "Session.QueuedKeys was not read"),
    ];
    match &s.staking {
        None => out.push(unknown("staking", "where it lives was not read")),
        Some(staking) => {
            let set = |(id, size): (u32, u32)| format!("set {id} of {}", n(size));
            out.extend([
                pair("staking", staking.mode.word()),
                pair("set that waits", staking.waiting.map_or_else(|| "none".to_owned(), set)),
                pair(
                    "next session brings",
                    staking.next_change.map_or_else(|| "no new set".to_owned(), |id| format!("set {id}")),
                ),
                pair(
                    "last set in force since",
                    staking
                        .applied_at
                        .map_or_else(|| "none seen".to_owned(), |at| format!("session {}", n(at))),
                ),
            ]);
        }
    }
    out.push(reading(state, "disabled now", &book.disabled, |d| d.len().to_string()));
    out.push(reading(state, "accounts with keys", &book.keys_set, |k| {
        format!("{} of {} asked", k.values().filter(|set| **set).count(), k.len())
    }));
    out.push(reading(state, "points", &book.points, |p| match p.over {
        PointsOver::Era(era) => format!("of era {}, {} validators", n(era), p.by_stash.len()),
        PointsOver::Session(s) => format!("of session {}, {} validators", n(s), p.by_stash.len()),
    }));
    let roster = &state.network.roster;
    let from = roster.from.as_ref().map(|f| format!("{} stashes from {f}", roster.validators.len()));
    out.push(optional("register", from, "the profile names none"));
    out.extend(roster.problems.iter().map(|p| unknown("  unused", p.as_str())));
    out
}

fn reading<T>(
    state: &AppState,
    name: &str,
    value: &Reading<T>,
    text: impl FnOnce(&T) -> String,
) -> (Line, Line) {
    match value {
        Reading::Known(o) => evidenced(state, name, o, text(&o.value)),
        Reading::Unknown(why) => unknown(name, why.as_str()),
    }
}

/// The lines about a provider and each of its seats.
pub(super) fn provider(state: &AppState, name: Option<&str>) -> Option<Pairs> {
    let digest = state.validators();
    let p = digest.providers.iter().find(|p| p.name.as_ref().map(Clean::as_str) == name)?;
    let why = "none of its seats was para validator, or the votes were not read";
    let seats = match p.registered {
        Some(all) => format!("{} in the set, {} in the register", p.active, all),
        None => format!("{} in the set", p.active),
    };
    let known = |text: String| (p.counted > 0).then_some(text);
    let none = "nothing of this session was counted";
    let mut out = vec![
        pair("provider", name.unwrap_or("? in no register")),
        pair("seats", seats),
        optional("blocks written", known(n(p.authored)), none),
        optional("slots missed", known(n(p.missed_slots)), none),
        optional("votes missed", known(n(p.missed_votes)), none),
        told("this session", verdict(p.now.as_ref(), why)),
        told(&format!("last {WINDOW} sessions"), verdict(p.recent.as_ref(), why)),
    ];
    let own = digest.seats.iter().filter(|s| digest.provider_of(s).map(Clean::as_str) == name);
    for seat in own.take(50) {
        let verdict = verdict(seat.recent.as_ref(), "no grade").unwrap_or_else(|why| format!("? {why}"));
        let name = validators::label(state, &seat.stash);
        out.push(pair("seat", format!("{name} · {} · {verdict}", seat.standing.word())));
    }
    Some(out)
}

/// The lines about one session of a validator.
pub(super) fn session(state: &AppState, stash: &AccountId, session: u32) -> Option<Pairs> {
    let record = state.relay()?.view?.validators.record(session)?;
    let mut out = vec![pair("validator", validators::label(state, stash))];
    out.extend(figures(record, stash, state));
    Some(out)
}

/// The lines about a candidate that was backed without a validator.
pub(super) fn candidate(state: &AppState, stash: &AccountId, block: &Hash, index: usize) -> Option<Pairs> {
    let missed = subject::candidate(state, stash, block, index)?;
    let view = state.relay()?.view?;
    let row = view.blocks.by_hash(block)?;
    let votes = row.block.votes.as_ref()?;
    let set = view.validators.sets.get(&votes.session).map(|s| &s.value)?;
    let found = votes
        .backing
        .iter()
        .flatten()
        .find(|c| c.para == missed.para && c.candidate == missed.candidate && c.group == missed.group)?;
    let names = |places: &[u32]| {
        let name = |i: &u32| {
            set.para_stash(*i).map_or_else(|| format!("index {i}"), |s| validators::label(state, &s))
        };
        places.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    Some(vec![
        optional(
            "candidate",
            missed.candidate.map(|c| c.to_string()),
            "the runtime's receipt has an unknown shape",
        ),
        pair("para", missed.para.to_string()),
        optional(
            "name",
            state.network.para(missed.para).map(|c| c.name.clone()),
            "not a chain of the profile",
        ),
        pair("backed in", block_ref(&missed.block)),
        optional("at", row.block.timestamp.map(|t| moment(state, t)), "Timestamp.Now could not be read"),
        pair("session", n(missed.session)),
        pair("group", missed.group.to_string()),
        pair("voted", names(&found.voted)),
        pair("did not vote", names(&found.missed)),
    ])
}
