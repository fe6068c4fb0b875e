//! What happened to a chain or an alert, newest first, in UTC.
//!
//! In: alert changes, upgrades, reorganisations, conflicts, lost connections. Out: lines. Bounded by what the state
//! keeps; gaps have no time and stand at the end.

use crate::domain::{AccountId, Alert, ChainKind, ChainView, UnixMs};
use crate::screen::{Body, Line, Role, format};
use crate::state::alerts::ChangeKind;
use crate::state::ui::Subject;
use crate::state::{AppState, Chain};
use crate::tabs::{subject, words};

type Entry = (UnixMs, Role, String);

/// The timeline of a subject: of one alert, else of the subject's chain.
pub(super) fn body(state: &AppState, about: &Subject) -> Body {
    let mut entries = Vec::new();
    let mut gaps = Vec::new();
    match about {
        Subject::Alert(id) => entries.extend(changes(state, |alert| alert.id == *id)),
        Subject::Validator(stash) | Subject::Session(stash, _) => {
            entries.extend(validator_entries(state, stash));
        }
        _ => {
            let Some(chain) = subject::chain_of(state, about) else { return nothing() };
            let own = |alert: &Alert| alert.chain == chain.spec.id || is_about(&chain, alert);
            entries.extend(changes(state, own));
            if let Some(view) = chain.view {
                entries.extend(chain_entries(view));
                gaps = view.gaps.iter().map(|(from, to)| (*from, *to)).collect();
            }
        }
    }
    if entries.is_empty() && gaps.is_empty() {
        return nothing();
    }
    entries.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let mut lines: Vec<Line> = entries.into_iter().map(|entry| line(state, entry)).collect();
    for (from, to) in gaps {
        let text =
            format!("finalized blocks #{} to #{} are missing", format::number(from), format::number(to));
        lines.push(Line::of(Role::Dim, "                     ").and(Role::Minor, text));
    }
    Body::Text(lines)
}

fn nothing() -> Body {
    Body::Empty {
        sentence: Line::of(Role::Text, "nothing happened here while this console watched"),
        next: Line::of(Role::Dim, "alerts, upgrades, reorganisations and lost connections will stand here"),
    }
}

fn line(state: &AppState, (at, role, text): Entry) -> Line {
    let date = at.rfc3339();
    let when = date.get(..19).map_or_else(|| date.clone(), |d| d.replace('T', " "));
    let ago = format!("{:>6} ", format::age(state.now.since(at)));
    Line::of(Role::Dim, format!("{when} UTC ")).and(Role::Dim, ago).and(role, text)
}

/// True for what the relay chain says about this para.
fn is_about(chain: &Chain<'_>, alert: &Alert) -> bool {
    let on_relay = chain.state.network.relay().is_some_and(|relay| relay.id == alert.chain);
    matches!(chain.spec.kind, ChainKind::Para(id) if on_relay && alert.subject == id.to_string())
}

fn changes(state: &AppState, wanted: impl Fn(&Alert) -> bool) -> Vec<Entry> {
    let history = state.alerts.history().filter(|c| wanted(&c.alert));
    history
        .map(|change| {
            let alert = &change.alert;
            let role = words::severity_role(alert.severity);
            let (role, verb) = match change.kind {
                ChangeKind::Raised => (role, "raised"),
                ChangeKind::Changed => (role, "now"),
                ChangeKind::Cleared => (Role::Good, "cleared"),
            };
            let word = alert.severity.word();
            (change.at, role, format!("{verb} {word} {}: {}", alert.id, alert.summary))
        })
        .collect()
}

/// Sessions shown in the timeline of a validator.
const SESSIONS: usize = 100;

/// Alerts about a validator, and what it did in the sessions that are over.
fn validator_entries(state: &AppState, stash: &AccountId) -> Vec<Entry> {
    let address = state.relay().map(|r| r.address(stash)).unwrap_or_default();
    let hex = stash.to_string();
    let is_about =
        |a: &Alert| [&address, &hex].into_iter().any(|id| !id.is_empty() && a.subject.contains(id));
    let mut out = changes(state, is_about);
    let book = state.relay().and_then(|r| r.view).map(|v| &v.validators);
    let current = book.and_then(|b| b.current()).map(|s| s.value.session);
    let over = book.into_iter().flat_map(|b| b.sessions()).filter(|r| Some(r.session) != current);
    out.extend(over.take(SESSIONS).filter_map(|record| {
        let f = record.of(stash)?;
        let score = record.score(stash);
        let grade = score.and_then(|s| s.grade()).map_or("grade ?", |g| g.letter());
        let bad = score.and_then(|s| s.passes()) == Some(false) || f.missed_slots > 0 && f.authored == 0;
        let text = format!(
            "session {} ended: {} written, {} slots missed, {} of {} votes missed, {grade}",
            number(record.session),
            number(f.authored),
            number(f.missed_slots),
            number(f.missed_votes),
            number(f.assigned())
        );
        Some((record.ended?, if bad { Role::Minor } else { Role::Dim }, text))
    }));
    out
}

fn number(n: u32) -> String {
    format::number(u64::from(n))
}

fn chain_entries(view: &ChainView) -> Vec<Entry> {
    let number = format::number;
    let mut out = Vec::new();
    out.extend(view.upgrades.iter().map(|u| {
        let old = u.old.as_ref().map_or_else(|| "?".to_owned(), |o| o.spec_version.to_string());
        (u.at, Role::Info, format!("runtime {old} → {} at #{}", u.new.spec_version, number(u.since.number)))
    }));
    out.extend(view.recent_reorgs.iter().map(|r| {
        let text = format!(
            "reorganisation of {}: #{} {} → #{} {}",
            format::count(r.depth, "block"),
            number(r.from.number),
            r.from.hash.short(),
            number(r.to.number),
            r.to.hash.short()
        );
        (r.at, Role::Dim, text)
    }));
    out.extend(view.conflicts.iter().map(|c| {
        let who = c.endpoint.as_ref().map(words::label).unwrap_or_else(|| "an endpoint".to_owned());
        let text = format!(
            "conflicting finality at #{}: {} here, {} at {who}",
            number(c.number),
            c.ours.short(),
            c.theirs.short()
        );
        (c.at, Role::Critical, text)
    }));
    for (id, endpoint) in &view.endpoints {
        out.extend(endpoint.drops.iter().map(|at| (*at, Role::Minor, format!("connection to {id} lost"))));
    }
    out
}
