//! Movements on all chains, or those of one account, newest first.
//!
//! In: the purse, or the book of one chain. Out: a row a movement; of the two ends of one between chains a single row.

use super::cells;
use crate::domain::balance::MoveKind;
use crate::domain::store::balances::Match;
use crate::domain::{AccountId, ChainId};
use crate::screen::{Column, Line, Role, format};
use crate::state::balances::{End, MoveRow};
use crate::state::table::{Rows, SortKey};
use crate::state::{AppState, Chain};
use crate::tabs::lists::column;

/// Movements as rows.
pub(super) struct MoveRows<'a> {
    state: &'a AppState,
    chains: Vec<Chain<'a>>,
    rows: Vec<MoveRow>,
    revision: Option<u64>,
}

impl<'a> MoveRows<'a> {
    /// Those worth a look.
    pub(super) fn all(state: &'a AppState) -> Self {
        let purse = state.purse();
        let (rows, revision) = (purse.moves.clone(), Some(purse.revision));
        Self { state, chains: state.chains().collect(), rows, revision }
    }

    /// All of one account.
    pub(super) fn of(state: &'a AppState, chain: &ChainId, account: AccountId) -> Self {
        let chains: Vec<Chain<'a>> = state.chains().collect();
        let place = chains.iter().position(|c| c.spec.id == *chain);
        let view = place.and_then(|p| chains.get(p)).and_then(|c| c.view.map(|v| (v, c.spec)));
        let mut rows = Vec::new();
        if let (Some(place), Some((view, spec))) = (place, view) {
            let limit = view.large_from(&spec.thresholds);
            for seen in view.balances.moves().filter(|seen| seen.movement.touches(&account)) {
                let large = limit.is_some_and(|limit| seen.movement.amount >= limit);
                let known = state
                    .purse()
                    .moves
                    .iter()
                    .find(|m| m.chain == place && m.seen.name == seen.name)
                    .cloned();
                let end = known.map_or(End::Here, |m| m.end);
                rows.push(MoveRow { chain: place, seen: seen.clone(), large, watched: true, end });
            }
        }
        Self { state, chains, rows, revision: None }
    }

    fn get(&self, row: usize) -> Option<(&MoveRow, &Chain<'a>)> {
        let row = self.rows.get(row)?;
        Some((row, self.chains.get(row.chain)?))
    }

    /// The chain, and where it goes or comes from: `Relay → Asset Hub`.
    fn way(&self, row: &MoveRow, chain: &Chain<'a>) -> String {
        let own = chain.spec.name.as_str();
        let sent = row.seen.movement.leg.is_some_and(|leg| leg.sent);
        let joined =
            |other: &str| if sent { format!("{own} → {other}") } else { format!("{other} → {own}") };
        match &row.end {
            End::Here => own.to_owned(),
            End::Seen(id, sure) => {
                let name = self.state.network.chain(id).map_or(id.as_str(), |c| c.name.as_str());
                match sure {
                    Match::Sure => joined(name),
                    Match::Likely => format!("likely {}", joined(name)),
                }
            }
            End::Unseen(name) => {
                format!("one-sided {}", joined(name.as_deref().unwrap_or("?")))
            }
        }
    }

    fn account(&self, chain: &Chain<'a>, account: Option<AccountId>) -> Line {
        match account {
            None => Line::of(Role::Dim, "–"),
            Some(account) => match cells::named(self.state, chain, &account) {
                Some(name) => Line::of(Role::Text, name),
                None => Line::of(Role::Dim, chain.address_short(&account)),
            },
        }
    }
}

fn kind(row: &MoveRow) -> Line {
    let word = row.seen.movement.kind.word().replace('-', " ");
    let role = match row.seen.movement.kind {
        MoveKind::Slashed | MoveKind::Issuance | MoveKind::BalanceSet => Role::Minor,
        kind if kind.changes_hands() => Role::Text,
        _ => Role::Dim,
    };
    Line::of(role, word)
}

impl Rows for MoveRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("AGE", (5, 6), true, 0),
            column("WAY", (10, 40), false, 0),
            column("WHAT", (9, 16), false, 2),
            column("AMOUNT", (14, 22), true, 0),
            column("FROM", (9, 26), false, 0),
            column("TO", (9, 26), false, 0),
            column("BLOCK", (10, 12), true, 3),
            column("EVENT", (5, 6), true, 4),
        ]
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn key(&self, row: usize) -> String {
        let key = |(m, chain): (&MoveRow, &Chain<'_>)| {
            format!("{}/{}/{}", chain.spec.id, m.seen.block.hash, m.seen.movement.index)
        };
        self.get(row).map(key).unwrap_or_default()
    }

    fn revision(&self) -> Option<u64> {
        self.revision
    }

    fn follows(&self) -> bool {
        true
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((row, chain)) = self.get(row) else { return SortKey::Unknown };
        let m = &row.seen.movement;
        let account = |a: Option<AccountId>| a.map_or(SortKey::Unknown, |a| SortKey::Bytes(a.0));
        match column {
            0 => SortKey::Number(self.state.now.since(row.seen.at)),
            1 => SortKey::Text(self.way(row, chain)),
            2 => SortKey::Text(m.kind.word().to_owned()),
            3 => cells::sort_key(chain, Some(m.amount)),
            4 => account(m.from),
            5 => account(m.to),
            6 => SortKey::Number(row.seen.block.number),
            _ => SortKey::Number(u64::from(m.index)),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((row, chain)) = self.get(row) else { return vec![] };
        let m = &row.seen.movement;
        let amount = cells::short(chain, m.amount);
        let amount = if row.large && m.kind.changes_hands() {
            Line::of(Role::Minor, format!("▵ {amount}"))
        } else {
            Line::of(Role::Text, amount)
        };
        vec![
            Line::of(Role::Text, format::age(self.state.now.since(row.seen.at))),
            Line::of(Role::Text, self.way(row, chain)),
            kind(row),
            amount,
            self.account(chain, m.from),
            self.account(chain, m.to),
            Line::of(Role::Dim, format::number(row.seen.block.number)),
            Line::of(Role::Dim, m.index.to_string()),
        ]
    }
}
