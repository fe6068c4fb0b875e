//! Watched accounts in one table, worst first.
//!
//! In: the purse. Out: a row each. Cells are made for the visible rows only.

use super::cells;
use crate::screen::{Column, Line, Role, format};
use crate::state::balances::{Mark, Purse, Row};
use crate::state::table::{Rows, SortKey};
use crate::state::{AppState, Chain};
use crate::tabs::lists::column;
use crate::tabs::words;
use std::sync::Arc;

/// Watched accounts as rows.
pub(super) struct AccountRows<'a> {
    state: &'a AppState,
    chains: Vec<Chain<'a>>,
    purse: Arc<Purse>,
}

impl<'a> AccountRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        Self { state, chains: state.chains().collect(), purse: state.purse() }
    }

    fn get(&self, row: usize) -> Option<(&Row, &Chain<'a>)> {
        let row = self.purse.rows.get(row)?;
        Some((row, self.chains.get(row.chain)?))
    }
}

/// Symbol and word of a mark.
pub(super) fn mark(mark: Mark) -> Line {
    match mark {
        Mark::Below => Line::of(Role::Minor, "▵ low"),
        Mark::Above => Line::of(Role::Minor, "▵ high"),
        Mark::Unknown => Line::of(Role::Unknown, "? unknown"),
        Mark::Fine => Line::of(Role::Dim, "· ok"),
        Mark::Nobody => Line::of(Role::Dim, "– none"),
    }
}

/// The lines of an account: `5 000 – 20 000`.
pub(super) fn lines(chain: &Chain<'_>, row: &Row) -> String {
    let of = |line: Option<u128>| line.map(|l| cells::short(chain, l));
    match (of(row.lines.0), of(row.lines.1)) {
        (None, None) => "–".to_owned(),
        (Some(low), None) => format!("≥ {low}"),
        (None, Some(high)) => format!("≤ {high}"),
        (Some(low), Some(high)) => format!("{low} – {high}"),
    }
}

/// By how much the total changed while it was watched; none where it was not read.
fn course(chain: &Chain<'_>, row: &Row) -> Option<u128> {
    let history = &chain.view?.balances.account(&row.account)?.history;
    let (first, last) = (history.front()?.1, history.back()?.1);
    Some(first.abs_diff(last))
}

impl Rows for AccountRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("STATE", (9, 9), false, 0),
            column("CHAIN", (9, 14), false, 0),
            column("NAME", (14, 28), false, 0),
            column("WHY", (9, 9), false, 5),
            column("ADDRESS", (9, 9), false, 6),
            column("FREE", (12, 18), true, 0),
            column("RESERVED", (8, 16), true, 2),
            column("FROZEN", (8, 16), true, 3),
            column("HELD", (6, 14), true, 8),
            column("TRANSFERABLE", (12, 18), true, 0),
            column("LINES", (10, 20), true, 4),
            column("COURSE", (12, 24), false, 7),
            column("READ", (5, 5), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.purse.rows.len()
    }

    fn key(&self, row: usize) -> String {
        self.get(row).map(|(r, chain)| format!("{}/{}", chain.spec.id, r.account)).unwrap_or_default()
    }

    fn find(&self, key: &str) -> Option<usize> {
        let (chain, account) = key.rsplit_once('/')?;
        let account = account.parse().ok()?;
        let chain = self.chains.iter().position(|c| c.spec.id.as_str() == chain)?;
        self.purse.rows.iter().position(|row| row.chain == chain && row.account == account)
    }

    fn text(&self, row: usize) -> String {
        let Some((row, chain)) = self.get(row) else { return String::new() };
        [row.label.as_str(), " ", row.why.word(), " ", chain.spec.name.as_str(), " ", row.mark.word()]
            .concat()
    }

    fn id(&self, row: usize) -> Option<String> {
        let row = self.purse.rows.get(row)?;
        Some(self.state.watched_address(row.chain, &row.account))
    }

    fn revision(&self) -> Option<u64> {
        Some(self.purse.revision)
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((row, chain)) = self.get(row) else { return SortKey::Unknown };
        let of = |amount: Option<u128>| cells::sort_key(chain, amount);
        let holding = row.holding;
        match column {
            0 => SortKey::Text(row.mark.word().to_owned()),
            1 => SortKey::Number(u64::try_from(row.chain).unwrap_or(u64::MAX)),
            2 => SortKey::Text(row.label.to_lowercase()),
            3 => SortKey::Text(row.why.word().to_owned()),
            4 => SortKey::Bytes(row.account.0),
            5 => of(holding.map(|h| h.free)),
            6 => of(holding.map(|h| h.reserved)),
            7 => of(holding.map(|h| h.frozen)),
            8 => of(holding.and_then(|h| h.held)),
            9 => of(row.transferable),
            10 => of(row.lines.0.or(row.lines.1)),
            11 => of(course(chain, row)),
            _ => SortKey::number(row.read.map(|(_, at)| self.state.now.since(at))),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((row, chain)) = self.get(row) else { return vec![] };
        let holding = row.holding;
        let free = if matches!(row.mark, Mark::Below | Mark::Above) { Role::Minor } else { Role::Text };
        let of = |amount: Option<u128>, role: Role| cells::amount(chain, amount, role);
        let read = match row.read {
            Some((_, at)) => Line::of(Role::Dim, format::age(self.state.now.since(at))),
            None => words::unknown(),
        };
        vec![
            mark(row.mark),
            Line::of(Role::Dim, chain.spec.name.as_str()),
            Line::of(Role::Text, row.label.as_str()),
            Line::of(Role::Dim, row.why.word()),
            Line::of(Role::Dim, chain.address_short(&row.account)),
            of(holding.map(|h| h.free), free),
            of(holding.map(|h| h.reserved), Role::Dim),
            of(holding.map(|h| h.frozen), Role::Dim),
            of(holding.and_then(|h| h.held), Role::Dim),
            of(row.transferable, Role::Text),
            Line::of(Role::Dim, lines(chain, row)),
            Line::of(Role::Chart, cells::spark(chain, &row.account)),
            read,
        ]
    }
}
