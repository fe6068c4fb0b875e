//! Tab 5: every para of the relay, worst first, and behind `w` its cores; behind Enter one para under the X-ray: why it does not progress, on what
//! evidence, and what mends it.
//!
//! In: the relay's paras as last read. Out: panels. What was not read is `?` with its reason; what is old says so.

mod cells;
mod cores;
mod facts;
pub mod fits;
pub mod form;
mod header;
mod one;
mod paras;

pub use cells::{amount, depth};
pub use facts::evidence;
pub use one::diagnosis;

use super::lists::Around;
use super::{Intent, Pane, Tab, lists, selected_key, subject, words};
use crate::command::Command;
use crate::domain::{ParaId, Severity};
use crate::screen::{Line, Node, Panel, Role, Size};
use crate::state::AppState;
use crate::state::table::Rows;
use crate::state::ui::{Place, Subject};

/// The tab.
pub const TAB: Tab = Tab {
    number: 5,
    name: "recovery",
    about: "every para: does it progress, and if not why and what mends it",
    panes,
    rows,
    body,
    badge,
    intent,
    keys,
};

const PARAS: &str = "paras";
const CORES: &str = "cores";
const FACTS: &str = "facts";
const REMEDIES: &str = "runbooks";
/// Relay blocks after which what was read is old: it is read every ten.
const OLD: u64 = 15;

fn panes(state: &AppState) -> Vec<Pane> {
    if state.ui.place.runbook.is_some() {
        return form::panes(state);
    }
    let pane = |id: &'static str, list: &str| Pane { id, list: list.to_owned() };
    match state.ui.place.para {
        Some(_) => vec![pane(FACTS, "para/facts"), pane(REMEDIES, "para/runbooks")],
        None => vec![pane(PARAS, "recovery"), pane(CORES, CORES)],
    }
}

fn rows<'a>(state: &'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    if state.ui.place.runbook.is_some() {
        return form::rows(state, pane).map(|rows| rows as Box<dyn Rows + 'a>);
    }
    Some(match (pane, state.ui.place.para) {
        (PARAS, None) => Box::new(paras::ParaRows::new(state)),
        (CORES, None) => Box::new(cores::CoreRows::new(state)),
        (FACTS, Some(id)) => Box::new(facts::FactRows::new(state, id)),
        (REMEDIES, Some(id)) => Box::new(one::RemedyRows::new(state, id)),
        _ => return None,
    })
}

/// Alerts about paras that nobody has taken.
fn badge(state: &AppState) -> Option<u32> {
    let about = ["para-stall", "para-code-stuck", "hrmp-backlog", "sovereign-low"];
    let counts = |a: &&crate::domain::Alert| {
        a.severity >= Severity::Major && a.acked_by.is_none() && about.contains(&a.detector.as_str())
    };
    let n = state.visible_alerts().iter().filter(counts).count();
    u32::try_from(n).ok().filter(|n| *n > 0)
}

fn keys(state: &AppState) -> Vec<Command> {
    if state.ui.place.runbook.is_some() {
        return form::keys(state);
    }
    if state.ui.place.para.is_some() {
        return vec![Command::NextPane, Command::Runbooks, Command::Describe, Command::Back, Command::Help];
    }
    vec![
        Command::Open,
        Command::NextPane,
        Command::Runbooks,
        Command::Describe,
        Command::Filter,
        Command::Help,
    ]
}

/// The subject of the selected row; the open para where a pane has no row.
fn selected(state: &AppState) -> Option<Subject> {
    let pane = super::focused(state)?;
    let key = selected_key(state, &pane);
    match (pane.id, state.ui.place.para, key) {
        (PARAS, None, Some(key)) => key.parse().ok().map(|id| Subject::Para(ParaId(id))),
        (CORES, None, Some(key)) => match cores::CoreRows::new(state).para(&key) {
            Some(id) => Some(Subject::Para(id)),
            None => Some(Subject::Chain(state.network.relay()?.id.clone())),
        },
        (FACTS, Some(id), Some(key)) => Some(Subject::Place(id, key)),
        (_, Some(id), _) => Some(Subject::Para(id)),
        _ => Some(Subject::Chain(state.network.relay()?.id.clone())),
    }
}

fn intent(state: &AppState, command: Command) -> Intent {
    if state.ui.place.runbook.is_some() {
        return form::intent(state, command);
    }
    if let (Command::Open, Some(name)) = (command, one::chosen(state)) {
        return Intent::OpenRunbook { name, about: selected(state) };
    }
    let subject = selected(state);
    if let Some(intent) = subject::intent(state, subject.as_ref(), command) {
        return intent;
    }
    match (command, subject) {
        (Command::Open, Some(Subject::Para(id))) if state.ui.place.is_root() => {
            Intent::Open(Place::para(TAB.number, id))
        }
        (command, subject) => subject::otherwise(command, subject),
    }
}

/// How many paras there are, how many need somebody, and what waits for and of them: for a display without keys.
#[must_use]
pub fn summary(state: &AppState) -> Vec<Line> {
    match state.board() {
        Some(board) => header::summary(state, &board),
        None => {
            let (why, next) = why_unknown(state);
            vec![Line::of(Role::Unknown, format!("? {why}")), Line::of(Role::Dim, next)]
        }
    }
}

/// True where what was read of the paras is too old to rely on.
pub(super) fn is_stale(state: &AppState) -> bool {
    let Some(relay) = state.relay() else { return true };
    let known = relay.view.and_then(|v| v.parachains.known());
    known.is_none_or(|k| relay.freshness_of(k.at, &k.origin, OLD) != crate::state::Freshness::Fresh)
}

/// Why nothing is known of the paras, and the next step.
pub(super) fn why_unknown(state: &AppState) -> (String, String) {
    let Some(relay) = state.relay() else {
        let next = "they are read from the relay: watch it, see --only".to_owned();
        return ("no relay chain is watched, so no para is known".to_owned(), next);
    };
    if let Some(why) = words::why_no_data(&relay) {
        return (format!("{}: {why}", relay.spec.name), "1 shows the chains with their endpoints".to_owned());
    }
    match relay.view.and_then(|v| v.unread.get("paras")) {
        Some(why) => (
            format!("the paras could not be read: {why}"),
            "they are asked for again every 30 blocks".to_owned(),
        ),
        None => ("the paras were not read yet".to_owned(), "it fills with the next relay block".to_owned()),
    }
}

fn title(state: &AppState, pane: &str) -> Line {
    match pane {
        PARAS => Line::of(Role::Title, "paras").and(Role::Dim, " · worst first · Enter says why"),
        CORES => {
            Line::of(Role::Title, "cores").and(Role::Dim, " · blocks of the relay · Enter opens the para")
        }
        FACTS => Line::of(Role::Title, "evidence")
            .and(Role::Dim, " · the deciding facts first · d in full · y storage key"),
        _ => match state.ui.place.para {
            Some(id) => Line::of(Role::Title, "runbooks")
                .and(Role::Dim, format!(" · that fit para {id}, in their order")),
            None => Line::of(Role::Title, "runbooks"),
        },
    }
}

fn nothing(state: &AppState, pane: &str) -> (String, String) {
    let known = state.relay().and_then(|r| r.view).is_some_and(|v| v.parachains.known().is_some());
    match pane {
        PARAS if known => (
            "no para is registered on this relay".to_owned(),
            "a registration shows here with its block".to_owned(),
        ),
        CORES if known => (
            "this relay has no core".to_owned(),
            "C3 sets their number; it counts two sessions later".to_owned(),
        ),
        REMEDIES if known => one::why_no_remedy(state),
        _ => why_unknown(state),
    }
}

fn list(state: &AppState, id: &'static str, focused: bool) -> Panel {
    let Some(rows) = rows(state, id) else { return lists::empty(id, "no such list", "Esc goes back") };
    let around =
        Around { title: title(state, id), nothing: nothing(state, id), focused, stale: is_stale(state) };
    let name = panes(state).into_iter().find(|p| p.id == id).map_or_else(|| id.to_owned(), |p| p.list);
    lists::panel(state, id, &name, rows.as_ref(), around)
}

fn body(state: &AppState) -> Node {
    if state.ui.place.runbook.is_some() {
        return form::body(state);
    }
    let focus = super::focused(state).map_or(PARAS, |p| p.id);
    let one = |id: &'static str| Node::panel(list(state, id, id == focus));
    if state.ui.zoom {
        return one(focus);
    }
    let Some(id) = state.ui.place.para else {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        let top = match focus {
            CORES => (Size::Content(7), Node::panel(cores::panel(state))),
            _ => (Size::Content(5), Node::panel(header::panel(state))),
        };
        return Node::Rows(vec![top, strip, (Size::Share(1), one(focus))]);
    };
    let most = if state.ui.height >= 34 { 14 } else { 9 };
    let top = (Size::Content(most), Node::panel(one::verdict(state, id)));
    if !super::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![top, strip, (Size::Share(1), one(focus))]);
    }
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let share = |id: &'static str, usual: Size| {
        if id == focus && state.ui.grow != 0 { Size::Share(step) } else { usual }
    };
    Node::Rows(vec![
        top,
        (share(FACTS, Size::Share(4)), one(FACTS)),
        (share(REMEDIES, Size::Content(9)), one(REMEDIES)),
    ])
}
