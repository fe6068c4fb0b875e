//! Tab 4: referenda of every chain with phase, deadline and vote; what will happen on chain; uses of the sudo key; parameters that
//! changed. Behind Enter one referendum: its curves, its call, and why that is dangerous.
//!
//! In: governance of each chain as last read. Out: panels. What was not read is `?` with its reason; what is old says so.

mod agenda;
mod chart;
mod ledger;
mod list;
mod one;
mod sudo;
mod words;

use super::lists::Around;
use super::{Intent, Pane, Tab, lists, selected_key, subject};
use crate::command::Command;
use crate::domain::para::Found;
use crate::domain::{ChainKind, ChainSpec, ParaId};
use crate::screen::{Body, Line, Node, Panel, Role, Size, format};
use crate::state::governance::{Row, row, rows as referenda};
use crate::state::table::Rows;
use crate::state::ui::{Place, ReferendumId, Subject};
use crate::state::{AppState, Freshness};

/// The tab.
pub const TAB: Tab = Tab {
    number: 4,
    name: "governance",
    about: "referenda, what will happen on chain, uses of sudo, parameters that changed",
    panes,
    rows,
    body,
    badge,
    intent,
    keys,
};

const REFERENDA: &str = "referenda";
const AGENDA: &str = "agenda";
const SUDO: &str = "sudo";
const LEDGER: &str = "ledger";
const CALL: &str = "call";
/// Blocks after which what was read is old: it is read every hundred.
const OLD: u64 = 150;
/// The chain whose governance nobody could try this program against.
const ASSET_HUB: ChainKind = ChainKind::Para(ParaId(1_000));

fn panes(state: &AppState) -> Vec<Pane> {
    let pane = |id: &'static str| Pane { id, list: format!("governance/{id}") };
    match state.ui.place.referendum {
        Some(_) => vec![pane(CALL)],
        None => [REFERENDA, AGENDA, SUDO, LEDGER].map(pane).to_vec(),
    }
}

fn rows<'a>(state: &'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    Some(match (pane, &state.ui.place.referendum) {
        (REFERENDA, None) => Box::new(list::ReferendumRows::new(state)),
        (AGENDA, None) => Box::new(agenda::AgendaRows::new(state)),
        (SUDO, None) => Box::new(sudo::SudoRows::new(state)),
        (LEDGER, None) => Box::new(ledger::LedgerRows::new(state)),
        (CALL, Some(id)) => Box::new(one::CallRows::new(state, id)),
        _ => return None,
    })
}

/// Alerts about governance that nobody has taken.
fn badge(state: &AppState) -> Option<u32> {
    let about = ["referendum-dangerous", "sudo-used", "config-changed"];
    let counts = |a: &&crate::domain::Alert| {
        a.acked_by.is_none()
            && a.severity > crate::domain::Severity::Info
            && about.contains(&a.detector.as_str())
    };
    let n = state.visible_alerts().iter().filter(counts).count();
    u32::try_from(n).ok().filter(|n| *n > 0)
}

fn keys(state: &AppState) -> Vec<Command> {
    if state.ui.place.referendum.is_some() {
        return vec![Command::Describe, Command::Copy, Command::Zoom, Command::Back, Command::Help];
    }
    vec![Command::Open, Command::NextPane, Command::Describe, Command::Filter, Command::Help]
}

/// The referendum of a row's key.
fn referendum_of(key: &str) -> Option<ReferendumId> {
    let mut parts = key.rsplitn(3, '/');
    let (index, pallet, chain) = (parts.next()?, parts.next()?, parts.next()?);
    Some(ReferendumId { chain: chain.into(), pallet: pallet.to_owned(), index: index.parse().ok()? })
}

/// The subject of the selected row; the open referendum where there is no row.
fn selected(state: &AppState) -> Option<Subject> {
    if let Some(id) = &state.ui.place.referendum {
        return Some(Subject::Referendum(id.clone()));
    }
    let pane = super::focused(state)?;
    let key = selected_key(state, &pane)?;
    match pane.id {
        REFERENDA => referendum_of(&key).map(Subject::Referendum),
        SUDO => sudo::subject(&key),
        LEDGER => key.split_once('/').map(|(chain, id)| Subject::Change(chain.into(), id.to_owned())),
        _ => key.split_once('/').map(|(chain, _)| Subject::Chain(chain.into())),
    }
}

fn intent(state: &AppState, command: Command) -> Intent {
    let subject = selected(state);
    if let Some(intent) = subject::intent(state, subject.as_ref(), command) {
        return intent;
    }
    match (command, subject) {
        (Command::Open, Some(Subject::Referendum(id))) if state.ui.place.is_root() => {
            Intent::Open(Place::referendum(TAB.number, id))
        }
        (command, subject) => subject::otherwise(command, subject),
    }
}

/// What `y` copies of a referendum: its call where that is known, else the hash of it; its number once it has ended.
#[must_use]
pub fn copied(state: &AppState, id: &ReferendumId) -> Option<(String, String)> {
    let row = row(state, id)?;
    let Some(going) = row.referendum.going() else {
        return Some((id.index.to_string(), "number of the referendum".to_owned()));
    };
    Some(match &going.proposal.call {
        Found::Value(judged) if !judged.bytes.is_empty() => {
            (crate::domain::ids::to_hex(&judged.bytes), "call data".to_owned())
        }
        _ => (going.proposal.hash.to_string(), "hash of the call".to_owned()),
    })
}

/// Everything that is to be said of a referendum, for describe.
#[must_use]
pub fn all_lines(state: &AppState, id: &ReferendumId) -> Option<Vec<Line>> {
    Some(one::lines(state, &row(state, id)?, usize::MAX))
}

/// True where governance of this chain was read so long ago that it says little of now.
fn is_stale(state: &AppState, spec: &ChainSpec) -> bool {
    let Some(chain) = state.chain(&spec.id) else { return true };
    let known = chain.view.and_then(|v| v.governance.known());
    known.is_none_or(|k| chain.freshness_of(k.at, &k.origin, OLD) != Freshness::Fresh)
}

fn all_stale(state: &AppState) -> bool {
    state.network.chains.iter().all(|spec| is_stale(state, spec))
}

fn title_of(state: &AppState, id: &ReferendumId) -> String {
    let chain = subject::chain_name(state, &id.chain);
    format!("{} {} of {chain}", id.pallet, id.index)
}

/// The lines at the top: how many, what is dangerous, what was not read.
fn header(state: &AppState) -> Panel {
    let all = referenda(&state.network, &state.store);
    let going = all.iter().filter(|r| r.is_ongoing()).count();
    let grave = all.iter().filter(|r| is_grave(r)).count();
    let count = |n: usize| format::number(u64::try_from(n).unwrap_or(u64::MAX));
    let read = state.chains().any(|c| c.view.is_some_and(|v| v.governance.known().is_some()));
    let title = Line::of(Role::Title, "referenda ");
    let mut line = match read {
        true => title
            .and(Role::Text, count(going))
            .and(Role::Dim, format!(" going on, {} ended", count(all.len() - going))),
        false => title.and(Role::Unknown, "?").and(Role::Dim, " none was read yet"),
    };
    if grave > 0 {
        line = line.and(Role::Dim, " · ").and(Role::Major, format!("▲ {} reach the runtime", count(grave)));
    }
    let mut lines = vec![line];
    lines.extend(unread(state));
    Panel {
        id: "summary".to_owned(),
        title: None,
        focused: false,
        stale: all_stale(state),
        body: Body::Text(lines),
    }
}

fn is_grave(row: &Row<'_>) -> bool {
    use crate::domain::danger::Class;
    row.referendum.going().is_some_and(|g| match &g.proposal.call {
        Found::Value(judged) => judged.danger.class >= Class::Red,
        Found::Unread(_) | Found::Absent => true,
    })
}

/// Chains whose governance is not known, and why; and what nobody could verify.
fn unread(state: &AppState) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut missing = Vec::new();
    for chain in state.chains() {
        let known = chain.view.and_then(|v| v.governance.known());
        if chain.spec.kind == ASSET_HUB && known.is_none() {
            lines.push(
                Line::of(Role::Unknown, "? unverified on Asset Hub")
                    .and(Role::Dim, ": its metadata has not been seen, so its referenda are not known here"),
            );
            continue;
        }
        if known.is_none() && !chain.spec.optional {
            missing.push(chain.spec.name.clone());
        }
        if let Some(known) = known {
            lines.extend(broken(&chain.spec.name, &known.value));
        }
    }
    if !missing.is_empty() {
        lines.push(Line::of(Role::Unknown, format!("? not read yet: {}", missing.join(", "))));
    }
    lines.truncate(4);
    lines
}

/// What of a chain's governance could not be read.
fn broken(name: &str, gov: &crate::domain::gov::Governance) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut say = |what: &str, why: &str| {
        lines.push(
            Line::of(Role::Minor, format!("▵ {name}: {what} not read")).and(Role::Dim, format!(": {why}")),
        );
    };
    for body in &gov.bodies {
        if let Found::Unread(why) = &body.referenda {
            say(body.pallet.as_str(), why.as_str());
        }
        if let Found::Unread(why) = &body.tracks {
            say("tracks", why.as_str());
        }
    }
    if let Found::Unread(why) = &gov.agenda {
        say("agenda", why.as_str());
    }
    lines
}

fn title(pane: &str) -> Line {
    let of = |name: &str, rest: &str| Line::of(Role::Title, name).and(Role::Dim, rest);
    match pane {
        REFERENDA => of("referenda", " · soonest first · Enter opens"),
        AGENDA => of("what will happen", " · if blocks come as they should"),
        SUDO => of("uses of sudo", " · Enter shows each call inside"),
        LEDGER => of("parameters that changed", " · sereno ledger exports and justifies"),
        _ => of("what it proposes", " · outermost first · y copies the call data"),
    }
}

fn nothing(state: &AppState, pane: &str) -> (String, String) {
    let read = state.chains().any(|c| c.view.is_some_and(|v| v.governance.known().is_some()));
    let of = |why: &str, next: &str| (why.to_owned(), next.to_owned());
    match pane {
        REFERENDA if read => {
            of("no chain that was read has a referendum", "a new one shows here and as an alert")
        }
        AGENDA if read => of("nothing is scheduled", "sessions and tasks show here when they are known"),
        SUDO => of("no use of the sudo key was seen", "every use shows here with its calls and results"),
        LEDGER => of(
            "no parameter has changed since this program began to look",
            "a change shows here with its block",
        ),
        CALL => of("the call is not known", "why stands above"),
        _ => of("governance was not read yet", "it fills with the next block of each chain"),
    }
}

fn panel(state: &AppState, id: &'static str, focused: bool) -> Panel {
    let Some(rows) = rows(state, id) else { return lists::empty(id, "no such list", "Esc goes back") };
    let stale = match &state.ui.place.referendum {
        Some(open) => state.network.chain(&open.chain).is_none_or(|spec| is_stale(state, spec)),
        None => all_stale(state),
    };
    let around = Around { title: title(id), nothing: nothing(state, id), focused, stale };
    lists::panel(state, id, &format!("governance/{id}"), rows.as_ref(), around)
}

fn body(state: &AppState) -> Node {
    let focus = super::focused(state).map_or(REFERENDA, |p| p.id);
    let one = |id: &'static str| Node::panel(panel(state, id, id == focus));
    if state.ui.zoom {
        return one(focus);
    }
    if let Some(id) = &state.ui.place.referendum {
        return opened(state, id, one(CALL));
    }
    let top = (Size::Content(5), Node::panel(header(state)));
    if !super::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![top, strip, (Size::Share(1), one(focus))]);
    }
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let share = |id: &'static str, usual: u16| {
        (Size::Share(if id == focus && state.ui.grow != 0 { step } else { usual }), one(id))
    };
    let low = vec![share(SUDO, 1), share(LEDGER, 1)];
    let low = if state.ui.width >= 180 { Node::Columns(low) } else { Node::Rows(low) };
    Node::Rows(vec![top, share(REFERENDA, 4), share(AGENDA, 3), (Size::Share(4), low)])
}

/// One referendum: text and curves side by side where there is room, the call below.
fn opened(state: &AppState, id: &ReferendumId, call: Node) -> Node {
    let (width, height) = (state.ui.width, state.ui.height);
    let wide = width >= 120 && height >= 34;
    let cells =
        if wide { u32::from(width / 2).saturating_sub(6) } else { u32::from(width).saturating_sub(6) };
    let lines = u32::from(if wide { 6_u16 } else { 2 });
    let drawn = row(state, id).map(|row| one::curves(&row, (cells.min(90), lines))).unwrap_or_default();
    let drawn_height = u16::try_from(drawn.len()).unwrap_or(10).saturating_add(2);
    let text = one::panel(state, id, if wide { 4 } else { 1 });
    let curves = Panel {
        id: "curves".to_owned(),
        title: Some(
            Line::of(Role::Title, "vote and what is needed")
                .and(Role::Dim, " · filled: needed · line: the vote"),
        ),
        focused: false,
        stale: state.network.chain(&id.chain).is_none_or(|spec| is_stale(state, spec)),
        body: Body::Text(drawn),
    };
    let (text, curves) = (Node::panel(text), Node::panel(curves));
    if wide {
        let both = Node::Columns(vec![(Size::Share(1), text), (Size::Share(1), curves)]);
        return Node::Rows(vec![(Size::Cells(drawn_height.max(14)), both), (Size::Share(1), call)]);
    }
    // On a small screen the text comes first, then the curves; z shows the call.
    let text_height = height.saturating_sub(drawn_height.saturating_add(5)).clamp(7, 12);
    Node::Rows(vec![
        (Size::Content(text_height), text),
        (Size::Content(drawn_height), curves),
        (Size::Share(1), call),
    ])
}
