//! One account on one chain: what it holds, what of it can go, its lines, its course, and what keeps the rest.
//!
//! In: the book of the chain, the purse. Out: a panel of facts, rows of holds, reserves, freezes and locks.

use super::{accounts, cells, opened};
use crate::domain::balance::Part;
use crate::domain::{AccountId, ChainId};
use crate::screen::{Body, Column, Line, Panel, Role, format};
use crate::state::table::{Rows, SortKey};
use crate::state::{AppState, Chain};
use crate::tabs::lists::column;
use crate::tabs::words;

fn pair(name: &str, value: Line) -> (Line, Line) {
    (Line::of(Role::Dim, name), value)
}

/// The facts about an account; also what describe shows of it.
#[must_use]
pub fn pairs(state: &AppState, chain: &Chain<'_>, account: &AccountId) -> Vec<(Line, Line)> {
    let place = state.network.chains.iter().position(|c| c.id == chain.spec.id);
    let purse = state.purse();
    let row = place.and_then(|place| purse.row(place, account));
    let text = |text: String| Line::of(Role::Text, text);
    let mut out = vec![pair("address", text(chain.address(account)))];
    let why = match row {
        Some(row) => text(format!("{} · watched: {}", row.label, row.why.word())),
        None => text(format!("{} · not on the watch list", cells::who(state, chain, account))),
    };
    out.push(pair("who", why));
    let Some(known) = chain.view.and_then(|v| v.balances.account(account)) else {
        let why = chain.view.and_then(|v| v.unread.get("balances")).map_or("not read yet", |w| w.as_str());
        out.push(pair("balance", Line::of(Role::Unknown, "? ").and(Role::Dim, why)));
        return out;
    };
    let holding = &known.now.value;
    if !holding.exists {
        out.push(pair("balance", Line::of(Role::Dim, "the chain knows no such account: 0")));
    }
    let deposit = chain.view.and_then(crate::domain::ChainView::existential_deposit);
    let both = |planck: u128| text(cells::both(chain, planck));
    out.push(pair("free", both(holding.free)));
    out.push(pair("reserved", both(holding.reserved)));
    out.push(pair("frozen", both(holding.frozen)));
    out.push(pair("held", holding.held().map_or_else(words::unknown, both)));
    let transferable = deposit.map(|d| holding.transferable(d));
    out.push(pair("transferable", transferable.map_or_else(words::unknown, both)));
    if let Some(row) = row {
        let mut line = accounts::mark(row.mark);
        line = line.and(Role::Dim, format!(" · lines {}", accounts::lines(chain, row)));
        out.push(pair("state", line));
    }
    let changes = u64::try_from(known.history.len()).unwrap_or(u64::MAX).saturating_sub(1);
    if changes > 0 {
        let course = Line::of(Role::Chart, cells::spark(chain, account))
            .and(Role::Dim, format!(" · {} of the total seen", format::count(changes, "change")));
        out.push(pair("course", course));
    }
    out.push(pair("as of", Line::of(Role::Dim, words::evidence(&known.now, state.now))));
    out
}

/// The panel.
pub(super) fn facts(state: &AppState, chain: &ChainId, account: &AccountId) -> Panel {
    let Some(chain) = state.chain(chain) else {
        return crate::tabs::lists::empty("account", "this chain is not watched", "Esc goes back");
    };
    let name = cells::who(state, &chain, account);
    let title = Line::of(Role::Title, name).and(Role::Dim, format!(" on {}", chain.spec.name));
    let stale = super::is_stale(state);
    let body = Body::KeyValues(pairs(state, &chain, account));
    Panel { id: "account".to_owned(), title: Some(title), focused: false, stale, body }
}

/// Why no part is listed, and the next step.
pub(super) fn why_no_part(state: &AppState) -> (String, String) {
    let known = opened(state).and_then(|(chain, account)| {
        let parts = &state.chain(&chain)?.view?.balances.account(&account)?.now.value.parts;
        Some(parts.is_some())
    });
    match known {
        Some(true) => {
            ("nothing of it is held, reserved, frozen or locked".to_owned(), "all of it is free".to_owned())
        }
        Some(false) => {
            ("its parts were not read yet".to_owned(), "they come with one of the next blocks".to_owned())
        }
        None => (
            "the account was not read yet".to_owned(),
            "it is read in turn; events bring it forward".to_owned(),
        ),
    }
}

/// Holds, reserves, freezes and locks as rows.
pub(super) struct PartRows<'a> {
    chain: Option<Chain<'a>>,
    parts: Vec<&'a Part>,
}

impl<'a> PartRows<'a> {
    pub(super) fn new(state: &'a AppState, chain: &ChainId, account: AccountId) -> Self {
        let chain = state.chain(chain);
        let known = chain.and_then(|c| c.view?.balances.account(&account));
        let mut parts: Vec<&Part> =
            known.and_then(|k| k.now.value.parts.as_ref()).into_iter().flatten().collect();
        parts.sort_by_key(|p| std::cmp::Reverse(p.amount));
        Self { chain, parts }
    }
}

impl Rows for PartRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("KEPT AS", (8, 8), false, 0),
            column("REASON", (20, 50), false, 0),
            column("AMOUNT", (14, 24), true, 0),
            column("PLANCK", (20, 30), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.parts.len()
    }

    fn key(&self, row: usize) -> String {
        self.parts.get(row).map(|p| format!("{} {}", p.kind.word(), p.reason)).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let (Some(part), Some(chain)) = (self.parts.get(row), &self.chain) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Text(part.kind.word().to_owned()),
            1 => SortKey::Text(part.reason.to_string()),
            _ => cells::sort_key(chain, Some(part.amount)),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let (Some(part), Some(chain)) = (self.parts.get(row), &self.chain) else { return vec![] };
        vec![
            Line::of(Role::Text, part.kind.word()),
            Line::of(Role::Text, part.reason.as_str()),
            cells::amount(chain, Some(part.amount), Role::Text),
            Line::of(
                Role::Dim,
                u64::try_from(part.amount).map_or_else(|_| part.amount.to_string(), format::number),
            ),
        ]
    }
}
