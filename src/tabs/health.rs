//! Tab 1: is the network stable. All chains in one table; behind Enter one chain in full.
//!
//! In: the store and the alerts. Out: panels. Every value that is too old is dim, every unknown one is `?`.

mod alerts;
mod blind;
mod chain;
mod chains;
mod detail;
mod lists;
mod overview;

use super::lists::{Around, empty};
use super::{Intent, Pane, Tab, selected_key, subject, words};
use crate::command::Command;
use crate::domain::{AlertId, ChainId, ChainKind, Hash, ParaId, Severity};
use crate::screen::{Line, Node, Panel, Role};
use crate::state::table::Rows;
use crate::state::ui::{Place, Subject};
use crate::state::{AppState, Chain};

/// The tab.
pub const TAB: Tab = Tab {
    number: 1,
    name: "health",
    about: "all chains: best, finalized, lag, block times, endpoints",
    panes,
    rows,
    body,
    badge,
    intent,
    keys,
};

const ALERTS: &str = "alerts";
const CHAINS: &str = "chains";
const BLOCKS: &str = "blocks";
const ENDPOINTS: &str = "endpoints";
const AUTHORS: &str = "authors";
const PARAS: &str = "paras";
const DISPUTES: &str = "disputes";
const EVENTS: &str = "events";

fn opened(state: &AppState) -> Option<Chain<'_>> {
    state.chain(state.ui.place.chain.as_ref()?)
}

fn panes(state: &AppState) -> Vec<Pane> {
    let Some(chain) = opened(state) else {
        let mut panes = vec![pane(CHAINS, None)];
        if has_alerts(state) {
            panes.push(pane(ALERTS, None));
        }
        return panes;
    };
    let id = Some(&chain.spec.id);
    let mut panes = vec![pane(BLOCKS, id), pane(ENDPOINTS, id), pane(AUTHORS, id), pane(PARAS, id)];
    if chain.spec.kind == ChainKind::Relay {
        panes.push(pane(DISPUTES, id));
    }
    panes.push(pane(EVENTS, id));
    panes
}

fn pane(id: &'static str, chain: Option<&ChainId>) -> Pane {
    Pane { id, list: chain.map_or_else(|| id.to_owned(), |c| format!("{c}/{id}")) }
}

fn rows<'a>(state: &'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    match (pane, opened(state)) {
        (CHAINS, _) => Some(Box::new(chains::ChainRows::new(state))),
        (ALERTS, _) => Some(Box::new(alerts::AlertRows::new(state))),
        (pane, Some(chain)) => list(chain, pane),
        _ => None,
    }
}

/// One of the lists about a chain: `blocks`, `endpoints`, `authors`, `paras`, `disputes`, `events`.
#[must_use]
pub fn list<'a>(chain: Chain<'a>, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    Some(match pane {
        BLOCKS => Box::new(lists::blocks::BlockRows::new(chain)),
        ENDPOINTS => Box::new(lists::endpoints::EndpointRows::new(chain)),
        AUTHORS => Box::new(lists::authors::AuthorRows::new(chain)),
        PARAS => Box::new(lists::paras::ParaRows::new(chain)),
        DISPUTES => Box::new(lists::disputes::DisputeRows::new(chain)),
        EVENTS => Box::new(lists::events::EventRows::new(chain)),
        _ => return None,
    })
}

fn has_alerts(state: &AppState) -> bool {
    state.alerts.standing().next().is_some()
}

fn badge(state: &AppState) -> Option<u32> {
    let n = state
        .visible_alerts()
        .iter()
        .filter(|a| a.severity >= Severity::Major && a.acked_by.is_none())
        .count();
    u32::try_from(n).ok().filter(|n| *n > 0)
}

fn keys(state: &AppState) -> Vec<Command> {
    if opened(state).is_some() {
        return vec![Command::NextPane, Command::Describe, Command::Filter, Command::Back, Command::Help];
    }
    let alert = has_alerts(state);
    let second = if alert { Command::Acknowledge } else { Command::Describe };
    vec![Command::Open, second, Command::Timeline, Command::Filter, Command::Help]
}

/// The subject of the selected row; the open chain where a pane has no row.
fn selected(state: &AppState) -> Option<Subject> {
    let whole = || state.ui.place.chain.clone().map(Subject::Chain);
    let Some(pane) = super::focused(state) else { return whole() };
    let Some(key) = selected_key(state, &pane) else { return whole() };
    subject_of(state, pane.id, &key)
}

/// What the row of this key is about.
fn subject_of(state: &AppState, pane: &str, key: &str) -> Option<Subject> {
    let chain = state.ui.place.chain.clone();
    let hash = || key.split('/').next()?.parse::<Hash>().ok();
    match (pane, chain) {
        (CHAINS, _) => Some(Subject::Chain(key.into())),
        (ALERTS, _) => find_alert(state, key).map(Subject::Alert),
        (BLOCKS, Some(chain)) => hash().map(|h| Subject::Block(chain, h)),
        (ENDPOINTS, Some(chain)) => Some(Subject::Endpoint(chain, key.into())),
        (AUTHORS, Some(chain)) => hash().map(|h| Subject::Author(chain, crate::domain::AccountId(h.0))),
        (PARAS, _) => key.parse().ok().map(|n| Subject::Para(ParaId(n))),
        (DISPUTES, _) => hash().map(Subject::Dispute),
        (EVENTS, Some(chain)) => {
            let index = key.rsplit('/').next()?.parse().ok()?;
            Some(Subject::Event(chain, hash()?, index))
        }
        _ => None,
    }
}

/// The text of every marked row that still exists, one a line; none where nothing is marked.
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

fn find_alert(state: &AppState, key: &str) -> Option<AlertId> {
    state.alerts.standing().map(|s| &s.alert.id).find(|id| id.as_str() == key).cloned()
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
        (Command::Open, Some(subject)) => open(state, subject),
        (command, subject) => subject::otherwise(command, subject),
    }
}

fn open(state: &AppState, subject: Subject) -> Intent {
    let chain = match &subject {
        Subject::Chain(id) => Some(id.clone()),
        Subject::Alert(id) => state.alert(id).map(|a| a.chain),
        Subject::Para(id) => state.network.para(*id).map(|c| c.id.clone()),
        _ => None,
    };
    match chain.filter(|c| state.ui.place.chain.as_ref() != Some(c)) {
        Some(chain) => Intent::Open(Place::chain(1, chain)),
        None => Intent::Describe(subject),
    }
}

fn body(state: &AppState) -> Node {
    let focus = super::focused(state).map_or(CHAINS, |p| p.id);
    if let Some(chain) = opened(state) {
        return chain::body(state, chain, focus);
    }
    if state.network.chains.is_empty() {
        return Node::panel(empty(
            CHAINS,
            "no chain is watched",
            "choose chains with --only, or another --network",
        ));
    }
    overview::body(state, focus)
}

/// One of the lists about a chain as a panel with its title.
fn list_panel(state: &AppState, chain: Chain<'_>, id: &'static str, focused: bool) -> Panel {
    let name = pane(id, Some(&chain.spec.id)).list;
    let Some(rows) = list(chain, id) else { return empty(id, "no such list", "Esc goes back") };
    let around = Around {
        title: lists::title(chain, id),
        nothing: lists::why_empty(chain, id),
        focused,
        stale: chain.freshness() != crate::state::Freshness::Fresh,
    };
    super::lists::panel(state, id, &name, rows.as_ref(), around)
}

/// An account: its address, and the name beside it, never the name alone.
fn account(chain: &Chain<'_>, account: &crate::domain::AccountId) -> Line {
    let line = Line::of(Role::Text, chain.address_short(account));
    match chain.state.name_of(account) {
        Some(name) => line.and(Role::Dim, format!(" {name}")),
        None => line,
    }
}

/// An age, or `?`.
fn age(role: Role, ms: Option<u64>) -> Line {
    ms.map_or_else(words::unknown, |ms| Line::of(role, crate::screen::format::age(ms)))
}
