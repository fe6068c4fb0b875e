//! Tab 3: watched accounts against their lines, and the movements worth a look on every chain; behind Enter one account: what
//! of it is free, what keeps the rest, what moved.
//!
//! In: the purse as `state::balances` has it ready. Out: panels. Amounts are in tokens of their chain; planck stand in the
//! details. What was not read is `?`; what is old says so.

mod accounts;
mod cells;
mod header;
mod moves;
mod one;

use super::lists::Around;
use super::{Intent, Pane, Tab, lists, selected_key, subject, words};
use crate::command::Command;
use crate::domain::{AccountId, ChainId, Hash};
use crate::screen::{Line, Node, Panel, Role, Size};
use crate::state::table::Rows;
use crate::state::ui::{Place, Subject};
use crate::state::{AppState, Freshness};

pub use cells::{both, tokens};
pub use one::pairs as facts_about;

/// The tab.
pub const TAB: Tab = Tab {
    number: 3,
    name: "balances",
    about: "watched accounts against their lines, large movements, issuance",
    panes,
    rows,
    body,
    badge,
    intent,
    keys,
};

const WATCHED: &str = "watched";
const MOVES: &str = "movements";
const PARTS: &str = "parts";
const OWN: &str = "history";

/// The opened account.
fn opened(state: &AppState) -> Option<(ChainId, AccountId)> {
    let place = &state.ui.place;
    Some((place.chain.clone()?, place.account?))
}

fn panes(state: &AppState) -> Vec<Pane> {
    let pane = |id: &'static str, list: &str| Pane { id, list: list.to_owned() };
    match opened(state) {
        Some(_) => vec![pane(OWN, "account/history"), pane(PARTS, "account/parts")],
        None => vec![pane(WATCHED, "balances/watched"), pane(MOVES, "balances/movements")],
    }
}

/// True where the list of watched accounts is filtered.
#[must_use]
pub fn is_filtered(state: &AppState) -> bool {
    state.ui.tables.get("balances/watched").is_some_and(|t| !t.filter.is_empty())
}

fn rows<'a>(state: &'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    Some(match (pane, opened(state)) {
        (WATCHED, None) => Box::new(accounts::AccountRows::new(state)),
        (MOVES, None) => Box::new(moves::MoveRows::all(state)),
        (OWN, Some((chain, account))) => Box::new(moves::MoveRows::of(state, &chain, account)),
        (PARTS, Some((chain, account))) => Box::new(one::PartRows::new(state, &chain, account)),
        _ => return None,
    })
}

/// Alerts about balances that nobody has taken.
fn badge(state: &AppState) -> Option<u32> {
    let about = ["large-transfer", "issuance-change"];
    let counts = |a: &&crate::domain::Alert| {
        a.acked_by.is_none()
            && a.severity > crate::domain::Severity::Info
            && about.contains(&a.detector.as_str())
    };
    let n = state.visible_alerts().iter().filter(counts).count();
    u32::try_from(n).ok().filter(|n| *n > 0)
}

fn keys(state: &AppState) -> Vec<Command> {
    if opened(state).is_some() {
        return vec![Command::NextPane, Command::Describe, Command::Copy, Command::Back, Command::Help];
    }
    vec![Command::Open, Command::Sort, Command::Filter, Command::NextPane, Command::Help]
}

/// What the row of this key is about.
fn subject_of(pane: &str, key: &str) -> Option<Subject> {
    match pane {
        WATCHED => {
            let (chain, account) = key.rsplit_once('/')?;
            Some(Subject::Account(ChainId::from(chain), account.parse().ok()?))
        }
        MOVES | OWN => {
            let mut parts = key.rsplitn(3, '/');
            let index = parts.next()?.parse().ok()?;
            let block: Hash = parts.next()?.parse().ok()?;
            Some(Subject::Movement(ChainId::from(parts.next()?), block, index))
        }
        _ => None,
    }
}

/// The subject of the selected row; the open account where a pane has no row; the relay where nothing is known.
fn selected(state: &AppState) -> Option<Subject> {
    let pane = super::focused(state)?;
    let own = opened(state).map(|(chain, account)| Subject::Account(chain, account));
    let found = selected_key(state, &pane).and_then(|key| subject_of(pane.id, &key));
    found.or(own).or_else(|| Some(Subject::Chain(state.network.relay()?.id.clone())))
}

fn intent(state: &AppState, command: Command) -> Intent {
    let subject = selected(state);
    if let Some(intent) = subject::intent(state, subject.as_ref(), command) {
        return intent;
    }
    match (command, subject) {
        (Command::Open, Some(Subject::Account(chain, account))) if opened(state).is_none() => {
            Intent::Open(Place::account(TAB.number, chain, account))
        }
        (command, subject) => subject::otherwise(command, subject),
    }
}

/// True where no chain's data is fresh; of an opened account, where its chain's is not.
fn is_stale(state: &AppState) -> bool {
    match opened(state) {
        Some((chain, _)) => state.chain(&chain).is_none_or(|c| c.freshness() != Freshness::Fresh),
        None => state.chains().all(|c| c.freshness() != Freshness::Fresh),
    }
}

/// Why nothing is known, and the next step.
fn why_unknown(state: &AppState) -> (String, String) {
    let seen = state.chains().any(|c| c.view.is_some_and(|v| v.best.is_some()));
    if !seen {
        let chain = state.chains().next();
        let why = chain.and_then(|c| words::why_no_data(&c).map(|why| format!("{}: {why}", c.spec.name)));
        let why = why.unwrap_or_else(|| "no chain is watched".to_owned());
        return (why, "1 shows the chains with their endpoints".to_owned());
    }
    let next = "list accounts in the profile under [[watch]], or name a register: roster = \"…\"";
    ("no account is watched".to_owned(), next.to_owned())
}

fn title(state: &AppState, pane: &str) -> Line {
    match pane {
        WATCHED => Line::of(Role::Title, "watched").and(Role::Dim, " · worst first · amounts in tokens"),
        MOVES => {
            let small = state.purse().small;
            let small = crate::screen::format::number(u64::try_from(small).unwrap_or(u64::MAX));
            Line::of(Role::Title, "movements").and(
                Role::Dim,
                format!(" · large ones and of watched accounts, newest first · {small} others"),
            )
        }
        OWN => Line::of(Role::Title, "movements").and(Role::Dim, " of it in memory, newest first"),
        _ => Line::of(Role::Title, "held, reserved, frozen, locked").and(Role::Dim, " · largest first"),
    }
}

fn nothing(state: &AppState, pane: &str) -> (String, String) {
    let seen = state.chains().any(|c| c.view.is_some_and(|v| v.blocks.newest().is_some()));
    match pane {
        MOVES if seen => (
            "nothing large moved in the blocks in memory, and nothing of watched accounts".to_owned(),
            "the limits are large-transfer-tokens and large-transfer-ppm in the profile".to_owned(),
        ),
        OWN if seen => (
            "nothing of it moved in the blocks in memory".to_owned(),
            "only what happened since they were read is known".to_owned(),
        ),
        PARTS => one::why_no_part(state),
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
    let focus = super::focused(state).map_or(WATCHED, |p| p.id);
    let one = |id: &'static str| Node::panel(list(state, id, id == focus));
    if state.ui.zoom {
        return one(focus);
    }
    let open = opened(state);
    let top = match &open {
        Some((chain, account)) => one::facts(state, chain, account),
        None => header::panel(state),
    };
    let most = if state.ui.height >= 34 { 16 } else { 9 };
    let top = (Size::Content(most), Node::panel(top));
    if !super::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![top, strip, (Size::Share(1), one(focus))]);
    }
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let share = |id: &'static str, usual: Size| {
        if id == focus && state.ui.grow != 0 { Size::Share(step) } else { usual }
    };
    let parts = match open {
        Some(_) => [(OWN, Size::Share(4)), (PARTS, Size::Content(10))],
        None => [(WATCHED, Size::Share(4)), (MOVES, Size::Share(3))],
    };
    let parts = parts.into_iter().map(|(id, usual)| (share(id, usual), one(id)));
    Node::Rows([top].into_iter().chain(parts).collect())
}
