//! Every para in one table, worst first.
//!
//! In: the board. Out: a row each.

use super::cells;
use crate::domain::para::Paras;
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::paras::{Board, Row};
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;

/// Paras as rows.
pub(super) struct ParaRows<'a> {
    state: &'a AppState,
    board: Option<Board<'a>>,
}

impl<'a> ParaRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        Self { state, board: state.board() }
    }

    fn get(&self, row: usize) -> Option<&Row<'a>> {
        self.board.as_ref()?.rows.get(row)
    }

    fn paras(&self) -> Option<&Paras> {
        self.board.as_ref().map(|b| &*b.known.value)
    }

    fn token(&self) -> String {
        let token = self.state.relay().and_then(|r| r.view?.identity.value()?.token.as_ref());
        token.map_or_else(|| "planck".to_owned(), |t| t.symbol.to_string())
    }
}

/// Waiting messages to the para; none where they were not read.
fn dmp(row: &Row<'_>) -> Option<u64> {
    crate::domain::store::paras::listed(&row.para.dmp).and_then(|list| u64::try_from(list.len()).ok())
}

/// Waiting messages of the para; none where they were not read.
fn ump(row: &Row<'_>) -> Option<u64> {
    let book = &row.para.ump;
    book.value().map(|book| book.messages).or_else(|| book.is_absent().then_some(0))
}

/// Messages in and out of its channels, `3/0`.
fn hrmp(row: &Row<'_>) -> Line {
    match row.hrmp {
        (Some(0), Some(0)) => Line::of(Role::Dim, "0/0"),
        (inward, outward) => {
            let word = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), format::number);
            let role = if inward.is_none() && outward.is_none() { Role::Unknown } else { Role::Text };
            Line::of(role, format!("{}/{}", word(inward), word(outward)))
        }
    }
}

fn head(row: &Row<'_>) -> Option<u64> {
    Some(row.para.head.value()?.block?.number)
}

fn head_cell(row: &Row<'_>) -> Line {
    match row.para.head.value() {
        Some(head) if head.block.is_none() => Line::of(Role::Major, "no header"),
        None if row.para.head.is_absent() => cells::none(),
        _ => words::number(Role::Text, head(row)),
    }
}

impl Rows for ParaRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("STATE", (14, 16), false, 0),
            column("PARA", (4, 6), true, 0),
            column("NAME", (10, 18), false, 0),
            column("LIFECYCLE", (10, 21), false, 9),
            column("HEAD", (10, 12), true, 2),
            column("INCLUDED", (8, 8), true, 0),
            column("BLOCKS AGO", (10, 10), true, 7),
            column("CORES", (5, 12), false, 0),
            column("UPGRADE", (9, 14), false, 3),
            column("DMP", (3, 6), true, 4),
            column("UMP", (3, 6), true, 5),
            column("HRMP IN/OUT", (11, 13), true, 6),
            column("LOCK", (6, 6), false, 8),
            column(&format!("SOVEREIGN {}", self.token()), (13, 20), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.board.as_ref().map_or(0, |b| b.rows.len())
    }

    fn key(&self, row: usize) -> String {
        self.get(row).map(|r| r.para.id.to_string()).unwrap_or_default()
    }

    fn text(&self, row: usize) -> String {
        let Some(r) = self.get(row) else { return String::new() };
        let lifecycle = r.para.lifecycle.value().map_or("", |l| l.as_str());
        format!("{} {} {} {lifecycle}", r.para.id, r.name.unwrap_or_default(), cells::state(r).plain())
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(r) = self.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::number(u64::try_from(row).ok()),
            1 => SortKey::Number(u64::from(r.para.id.0)),
            2 => r.name.map_or(SortKey::Unknown, |n| SortKey::Text(n.to_owned())),
            3 => r.para.lifecycle.value().map_or(SortKey::Unknown, |l| SortKey::Text(l.as_str().to_owned())),
            4 => SortKey::number(head(r)),
            5 => SortKey::number(r.age_ms),
            6 => SortKey::number(r.blocks_ago),
            7 => SortKey::number(r.cores.as_ref().and_then(|c| u64::try_from(c.len()).ok())),
            8 => SortKey::number(r.para.upgrade.from.value().copied()),
            9 => SortKey::number(dmp(r)),
            10 => SortKey::number(ump(r)),
            11 => SortKey::number(r.hrmp.0.zip(r.hrmp.1).map(|(a, b)| a.saturating_add(b))),
            12 => SortKey::number(r.para.registration.value().map(|r| u64::from(r.locked == Some(true)))),
            // Above what fits nothing is told apart.
            _ => SortKey::number(cells::free(r.para).map(|n| u64::try_from(n).unwrap_or(u64::MAX))),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let (Some(r), Some(paras)) = (self.get(row), self.paras()) else { return vec![] };
        let lifecycle = match r.para.lifecycle.value() {
            Some(stage) if stage.is_transition() => Line::of(Role::Info, stage.as_str()),
            Some(stage) => Line::of(Role::Dim, stage.as_str()),
            None if r.para.lifecycle.is_absent() => cells::none(),
            None => words::unknown(),
        };
        vec![
            cells::state(r),
            Line::of(Role::Text, r.para.id.to_string()),
            r.name.map_or_else(cells::none, |name| Line::of(Role::Text, name)),
            lifecycle,
            head_cell(r),
            cells::included(r),
            r.blocks_ago.map_or_else(|| cells::included(r), |n| Line::of(Role::Dim, format::number(n))),
            cells::cores(r),
            cells::upgrade(r.para, paras.at.number),
            cells::depth(dmp(r)),
            cells::depth(ump(r)),
            hrmp(r),
            cells::lock(r.para),
            cells::balance(self.state, paras, r.para),
        ]
    }
}
