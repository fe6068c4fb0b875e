//! All referenda of all chains in one table: those that have not ended first, soonest first.
//!
//! In: referenda with what follows from them. Out: a row each.

use super::words;
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::governance::{Row, rows};
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;

/// Referenda as rows.
pub(super) struct ReferendumRows<'a> {
    rows: Vec<Row<'a>>,
}

impl<'a> ReferendumRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        Self { rows: rows(&state.network, &state.store) }
    }
}

/// The key of a referendum in a list.
pub(super) fn key_of(row: &Row<'_>) -> String {
    format!("{}/{}/{}", row.spec.id, row.body.pallet, row.referendum.index)
}

fn track(row: &Row<'_>) -> String {
    let Some(going) = row.referendum.going() else { return String::new() };
    row.body.track(going.track).map_or_else(|| going.track.to_string(), |t| t.name.to_string())
}

/// `80.00 / 88.30 %`: what is there and what is needed now.
fn share(row: &Row<'_>, approval: bool) -> Line {
    let Some(outlook) = row.outlook.filter(|_| row.is_ongoing()) else { return Line::of(Role::Dim, "–") };
    let have = outlook.shares.and_then(|s| if approval { Some(s.approval) } else { s.support });
    let need = outlook.needed.map(|(a, s)| if approval { a } else { s });
    let short = |p: Option<crate::domain::gov::curve::Perbill>| {
        p.map_or_else(|| "?".to_owned(), |p| p.percent().trim_end_matches(" %").to_owned())
    };
    let role = match have.zip(need) {
        Some((have, need)) if have >= need => Role::Good,
        Some(_) => Role::Text,
        None => Role::Unknown,
    };
    Line::of(role, short(have)).and(Role::Dim, format!(" / {} %", short(need)))
}

fn ends(row: &Row<'_>) -> Line {
    let Some(outlook) = row.outlook else { return crate::tabs::words::unknown() };
    match outlook.next {
        Some((at, what)) => match row.until(at) {
            Some((_, ms)) => {
                Line::of(Role::Text, format!("{} ", format::age(ms))).and(Role::Dim, what.words())
            }
            None => Line::of(Role::Minor, "due ").and(Role::Dim, what.words()),
        },
        None if row.is_ongoing() => Line::of(Role::Dim, "waits for others"),
        None => Line::of(
            Role::Dim,
            outlook.ends.map_or_else(String::new, |at| format!("at {}", format::number(at))),
        ),
    }
}

impl Rows for ReferendumRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("CHAIN", (10, 14), false, 4),
            column("NO", (3, 6), true, 0),
            column("TRACK", (10, 20), false, 2),
            column("PHASE", (12, 16), false, 0),
            column("NEXT", (14, 34), false, 1),
            column("APPROVAL / NEEDED", (16, 18), true, 5),
            column("SUPPORT / NEEDED", (16, 18), true, 6),
            column("CALL", (16, 44), false, 0),
            column("DANGER", (8, 13), false, 0),
            column("PALLET", (9, 20), false, 7),
        ]
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn key(&self, row: usize) -> String {
        self.rows.get(row).map(key_of).unwrap_or_default()
    }

    fn text(&self, row: usize) -> String {
        self.cells(row).iter().map(Line::plain).collect::<Vec<_>>().join(" ")
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(r) = self.rows.get(row) else { return SortKey::Unknown };
        let shares = r.outlook.and_then(|o| o.shares);
        match column {
            1 => SortKey::Number(u64::from(r.referendum.index)),
            4 => SortKey::number(
                r.outlook.and_then(|o| o.next).and_then(|(at, _)| r.until(at)).map(|(_, ms)| ms),
            ),
            5 => SortKey::number(shares.map(|s| u64::from(s.approval.parts()))),
            6 => SortKey::number(shares.and_then(|s| s.support).map(|s| u64::from(s.parts()))),
            other => self.cells(row).get(other).map_or(SortKey::Unknown, |cell| SortKey::Text(cell.plain())),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(r) = self.rows.get(row) else { return vec![] };
        let proposal = r.referendum.going().map(|g| &g.proposal);
        let none = || Line::of(Role::Dim, "–");
        vec![
            Line::of(Role::Text, r.spec.name.as_str()),
            Line::of(Role::Text, r.referendum.index.to_string()),
            Line::of(Role::Dim, track(r)),
            words::phase(r),
            ends(r),
            share(r, true),
            share(r, false),
            proposal.map_or_else(none, words::call),
            proposal.map_or_else(none, words::danger),
            Line::of(Role::Dim, r.body.pallet.as_str()),
        ]
    }
}
