//! Tab 2: who validates, who missed what, which grade, which provider. Behind Enter one validator in full.
//!
//! In: the relay's validators as `state::validators` has them ready, and the register. Out: panels. What was not read is
//! `?`; who is not in the set has `–`.

mod cells;
mod header;
mod history;
mod missed;
mod one;
mod providers;
mod seats;

pub use header::lines as header;
pub use seats::SeatRows;

use super::lists::Around;
use super::{Intent, Pane, Tab, lists, selected_key, subject, words};
use crate::command::Command;
use crate::domain::{AccountId, Hash, Severity};
use crate::screen::{Line, Node, Panel, Role, Size};
use crate::state::filter::containing;
use crate::state::table::Rows;
use crate::state::ui::{Place, Subject};
use crate::state::validators::WINDOW;
use crate::state::{AppState, Freshness};

/// The tab.
pub const TAB: Tab = Tab {
    number: 2,
    name: "validators",
    about: "who validates: slots, votes, grades, providers, the sessions before",
    panes,
    rows,
    body,
    badge,
    intent,
    keys,
};

const VALIDATORS: &str = "validators";
const PROVIDERS: &str = "providers";
const SESSIONS: &str = "sessions";
const MISSED: &str = "missed";

fn panes(state: &AppState) -> Vec<Pane> {
    // One name for all validators: what is kept about lists stays bounded.
    match state.ui.place.validator {
        Some(_) => [SESSIONS, MISSED].map(|id| Pane { id, list: format!("validator/{id}") }).to_vec(),
        None => [VALIDATORS, PROVIDERS].map(|id| Pane { id, list: id.to_owned() }).to_vec(),
    }
}

fn list_name(state: &AppState, pane: &str) -> String {
    panes(state).into_iter().find(|p| p.id == pane).map_or_else(|| pane.to_owned(), |p| p.list)
}

fn rows<'a>(state: &'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    Some(match (pane, state.ui.place.validator) {
        (VALIDATORS, None) => Box::new(SeatRows::new(state)),
        (PROVIDERS, None) => Box::new(providers::ProviderRows::new(state)),
        (SESSIONS, Some(stash)) => Box::new(history::SessionRows::new(state, stash)),
        (MISSED, Some(stash)) => Box::new(missed::MissedRows::new(state, stash)),
        _ => return None,
    })
}

/// The filter of the table of validators.
#[must_use]
pub fn filter(state: &AppState) -> String {
    state.ui.tables.get(VALIDATORS).map(|t| t.filter.clone()).unwrap_or_default()
}

/// Alerts about validators that nobody has taken.
fn badge(state: &AppState) -> Option<u32> {
    let alerts = state.alerts.visible();
    let counts = |severity, alert: &crate::domain::Alert| {
        severity >= Severity::Major && alert.acked_by.is_none() && alert.detector.starts_with("validator-")
    };
    let n = alerts
        .iter()
        .filter(|r| r.silenced_until.is_none() && counts(r.standing.alert.severity, &r.standing.alert))
        .count();
    u32::try_from(n).ok().filter(|n| *n > 0)
}

fn keys(state: &AppState) -> Vec<Command> {
    if state.ui.place.validator.is_some() {
        return vec![Command::NextPane, Command::Describe, Command::Copy, Command::Back, Command::Help];
    }
    vec![Command::Open, Command::Sort, Command::Filter, Command::NextPane, Command::Help]
}

/// What the row of this key is about.
fn subject_of(state: &AppState, pane: &str, key: &str) -> Option<Subject> {
    match (pane, state.ui.place.validator) {
        (VALIDATORS, _) => key.parse().ok().map(Subject::Validator),
        (PROVIDERS, _) => Some(Subject::Provider((!key.is_empty()).then(|| key.to_owned()))),
        (SESSIONS, Some(stash)) => key.parse().ok().map(|session| Subject::Session(stash, session)),
        (MISSED, Some(stash)) => {
            let (block, index) = key.split_once('/')?;
            Some(Subject::Candidate(stash, block.parse::<Hash>().ok()?, index.parse().ok()?))
        }
        _ => None,
    }
}

/// The subject of the selected row; the open validator where a pane has no row; the relay where nothing is known.
fn selected(state: &AppState) -> Option<Subject> {
    let pane = super::focused(state)?;
    let whole = || {
        let open = state.ui.place.validator.map(Subject::Validator);
        open.or_else(|| Some(Subject::Chain(state.network.relay()?.id.clone())))
    };
    match selected_key(state, &pane) {
        Some(key) => subject_of(state, pane.id, &key),
        None => whole(),
    }
}

/// The text of every marked row, one a line; none where nothing is marked.
fn copy_marked(state: &AppState) -> Option<Intent> {
    let pane = super::focused(state)?;
    let marked = state.ui.table(&pane.list).marked;
    let texts: Vec<String> = marked
        .iter()
        .filter_map(|key| subject_of(state, pane.id, key))
        .filter_map(|s| subject::copy(state, &s).map(|(text, _)| text))
        .collect();
    let count = texts.len();
    (count > 0).then(|| Intent::Copy(texts.join("\n"), format!("{count} marked rows")))
}

fn intent(state: &AppState, command: Command) -> Intent {
    if let Some(intent) = (command == Command::Copy).then(|| copy_marked(state)).flatten() {
        return intent;
    }
    let subject = selected(state);
    if let Some(intent) = subject::intent(state, subject.as_ref(), command) {
        return intent;
    }
    match (command, subject) {
        (Command::Open, Some(Subject::Validator(stash))) if state.ui.place.is_root() => {
            Intent::Open(Place::validator(TAB.number, stash))
        }
        (Command::Open, Some(Subject::Provider(name))) => {
            let text = containing(&seats::provider_text(name.as_deref()));
            Intent::Filter { pane: VALIDATORS, list: VALIDATORS.to_owned(), text }
        }
        (command, subject) => subject::otherwise(command, subject),
    }
}

fn is_stale(state: &AppState) -> bool {
    state.relay().is_none_or(|r| r.freshness() != Freshness::Fresh)
}

/// Why nothing is known about validators, and the next step.
fn why_unknown(state: &AppState) -> (String, String) {
    let Some(relay) = state.relay() else {
        let next = "they are read from the relay: watch it, see --only".to_owned();
        return ("no relay chain is watched, so no validator is known".to_owned(), next);
    };
    if let Some(why) = words::why_no_data(&relay) {
        return (format!("{}: {why}", relay.spec.name), "1 shows the chains with their endpoints".to_owned());
    }
    let wait = "it fills with the next block; Ctrl-r reads again".to_owned();
    match relay.view.and_then(|v| v.unread.get("validators")) {
        Some(why) => (format!("the validators could not be read: {why}"), wait),
        None => ("the validators were not read yet".to_owned(), wait),
    }
}

fn title(state: &AppState, pane: &str) -> Line {
    let digest = state.validators();
    match pane {
        VALIDATORS => Line::of(Role::Title, "validators").and(
            Role::Dim,
            format!(
                " · worst first · grade {WINDOW}: of the last {WINDOW} sessions, {} known",
                digest.sessions
            ),
        ),
        PROVIDERS => Line::of(Role::Title, "providers")
            .and(Role::Dim, " · mean over their seats · Enter shows the seats · PAS-11 asks 80 %"),
        SESSIONS => Line::of(Role::Title, "sessions").and(Role::Dim, " · newest first"),
        _ => Line::of(Role::Title, "missed candidates")
            .and(Role::Dim, " · of the blocks in memory, newest first"),
    }
}

fn nothing(state: &AppState, pane: &str) -> (String, String) {
    let nobody = state.validators().seats.is_empty();
    match pane {
        PROVIDERS if state.network.roster.validators.is_empty() => {
            let next = "name its folder or URL in the profile: roster = \"…\"".to_owned();
            ("no register says who runs which validator".to_owned(), next)
        }
        MISSED if !nobody => missed::why_none(state),
        SESSIONS if !nobody => {
            let next = "it fills as blocks come; sessions before come from the journal".to_owned();
            ("no session of it was counted".to_owned(), next)
        }
        _ => why_unknown(state),
    }
}

fn list(state: &AppState, id: &'static str, focused: bool) -> Panel {
    let Some(rows) = rows(state, id) else { return lists::empty(id, "no such list", "Esc goes back") };
    let around =
        Around { title: title(state, id), nothing: nothing(state, id), focused, stale: is_stale(state) };
    lists::panel(state, id, &list_name(state, id), rows.as_ref(), around)
}

fn body(state: &AppState) -> Node {
    let focus = super::focused(state).map_or(VALIDATORS, |p| p.id);
    let one = |id: &'static str| Node::panel(list(state, id, id == focus));
    if state.ui.zoom {
        return one(focus);
    }
    let top = match state.ui.place.validator {
        Some(stash) => one::facts(state, stash),
        None => header::panel(state),
    };
    let most = if state.ui.height >= 34 { 16 } else { 10 };
    let top = (Size::Content(most), Node::panel(top));
    let nobody = state.ui.place.is_root() && state.validators().seats.is_empty();
    if nobody || !super::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![top, strip, (Size::Share(1), one(focus))]);
    }
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let share = |id: &'static str, usual: Size| {
        if id == focus && state.ui.grow != 0 { Size::Share(step) } else { usual }
    };
    let parts: Vec<(Size, Node)> = match state.ui.place.validator {
        Some(_) => vec![
            (share(SESSIONS, Size::Share(4)), one(SESSIONS)),
            (share(MISSED, Size::Content(12)), one(MISSED)),
        ],
        None => vec![
            (share(VALIDATORS, Size::Share(4)), one(VALIDATORS)),
            (share(PROVIDERS, Size::Content(if state.ui.height >= 48 { 16 } else { 11 })), one(PROVIDERS)),
        ],
    };
    Node::Rows([vec![top], parts].concat())
}

/// The name of a validator, else its address shortened.
#[must_use]
pub fn label(state: &AppState, stash: &AccountId) -> String {
    state.validator_name(stash).map_or_else(
        || state.relay().map_or_else(|| Hash(stash.0).short(), |relay| relay.address_short(stash)),
        str::to_owned,
    )
}
