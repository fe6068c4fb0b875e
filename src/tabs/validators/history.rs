//! The sessions of one validator.
//!
//! In: the records of the sessions. Out: a row each, newest first. A session it was not in has `–`.

use super::cells;
use crate::domain::validator::Figures;
use crate::domain::{AccountId, Score, SessionRecord};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;

/// Sessions as rows.
pub(super) struct SessionRows<'a> {
    state: &'a AppState,
    stash: AccountId,
    current: Option<u32>,
    records: Vec<&'a SessionRecord>,
}

impl<'a> SessionRows<'a> {
    pub(super) fn new(state: &'a AppState, stash: AccountId) -> Self {
        let book = state.relay().and_then(|r| r.view).map(|v| &v.validators);
        let records = book.into_iter().flat_map(|b| b.sessions()).collect();
        let current = book.and_then(|b| b.current()).map(|s| s.value.session);
        Self { state, stash, current, records }
    }

    fn figures(&self, row: usize) -> Option<(&'a SessionRecord, &'a Figures)> {
        let record = self.records.get(row).copied().filter(|r| r.blocks > 0)?;
        Some((record, record.of(&self.stash)?))
    }

    fn score(&self, row: usize) -> Option<Score> {
        let (record, figures) = self.figures(row)?;
        Score::of_session(record, figures)
    }

    fn ended(&self, record: &SessionRecord) -> Line {
        if Some(record.session) == self.current {
            return Line::of(Role::Text, "goes on");
        }
        record.ended.map_or_else(words::unknown, |at| {
            Line::of(Role::Dim, format!("{} ago", format::age(self.state.now.since(at))))
        })
    }

    /// The cells about votes: `–` where it was no para validator, `?` where that or the votes were not read.
    fn votes(&self, row: usize) -> [Line; 6] {
        let Some((record, f)) = self.figures(row) else {
            let known = self.records.get(row).is_some_and(|r| r.blocks > 0);
            return std::array::from_fn(|_| if known { cells::none() } else { words::unknown() });
        };
        match f.para {
            Some(false) => return std::array::from_fn(|_| cells::none()),
            _ if record.with_votes == 0 || f.para.is_none() => {
                return std::array::from_fn(|_| words::unknown());
            }
            Some(true) | None => {}
        }
        let score = Score::of_session(record, f);
        let score = score.as_ref();
        let bad = if f.missed_votes == 0 { Role::Dim } else { Role::Minor };
        [
            cells::count(f.assigned()),
            cells::fault(f.missed_votes, Role::Minor),
            cells::percent(bad, score.map(|s| s.missed_votes)),
            cells::percent(Role::Dim, score.and_then(|s| s.unavailable).map(|u| 1.0 - u)),
            cells::ratio(score),
            cells::grade(score),
        ]
    }
}

impl Rows for SessionRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("SESSION", (8, 8), true, 0),
            column("ENDED", (10, 10), false, 2),
            column("BLOCKS", (11, 11), true, 5),
            column("AUTHORED", (8, 8), true, 3),
            column("SLOT MISS", (9, 9), true, 0),
            column("ASSIGNED", (8, 8), true, 6),
            column("VOTE MISS", (9, 9), true, 0),
            column("MVR %", (6, 6), true, 4),
            column("BITFIELD %", (10, 10), true, 7),
            column("RATIO %", (7, 7), true, 0),
            column("GRADE", (5, 5), false, 0),
            column("NOTE", (10, 30), false, 8),
        ]
    }

    fn len(&self) -> usize {
        self.records.len()
    }

    fn key(&self, row: usize) -> String {
        self.records.get(row).map(|r| r.session.to_string()).unwrap_or_default()
    }

    fn follows(&self) -> bool {
        true
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(record) = self.records.get(row) else { return SortKey::Unknown };
        let of = |f: fn(&Figures) -> u32| SortKey::number(self.figures(row).map(|(_, s)| u64::from(f(s))));
        let share = |f: fn(&Score) -> Option<f64>| {
            let share = self.score(row).as_ref().and_then(f);
            SortKey::number(share.map(|s| u64::from(crate::domain::validator::grade::hundredths(s))))
        };
        match column {
            2 => SortKey::Number(u64::from(record.blocks)),
            3 => of(|f| f.authored),
            4 => of(|f| f.missed_slots),
            5 => of(Figures::assigned),
            6 => of(|f| f.missed_votes),
            7 => share(|s| Some(s.missed_votes)),
            8 => share(|s| s.unavailable.map(|u| 1.0 - u)),
            9 | 10 => share(Score::ratio),
            _ => SortKey::Number(u64::from(record.session)),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(record) = self.records.get(row).copied() else { return vec![] };
        let whole = record.complete;
        let blocks =
            format!("{} {}", if whole { "✔" } else { "◔" }, format::number(u64::from(record.blocks)));
        let figures = self.figures(row).map(|(_, f)| f);
        let (authored, slots) = match figures {
            Some(f) => (cells::count(f.authored), cells::fault(f.missed_slots, Role::Minor)),
            None if record.blocks > 0 => (cells::none(), cells::none()),
            None => (words::unknown(), words::unknown()),
        };
        let note = match figures {
            None if record.blocks > 0 => Line::of(Role::Dim, "not in the set"),
            None => Line::of(Role::Dim, "nothing counted"),
            Some(f) if f.disabled == Some(true) => Line::of(Role::Major, "✖ was disabled"),
            Some(f) if f.para == Some(false) => Line::of(Role::Dim, "no para validator"),
            Some(_) if !whole && Some(record.session) != self.current => Line::of(Role::Dim, "seen in part"),
            Some(_) => Line::default(),
        };
        let mut out = vec![
            Line::of(Role::Text, format::number(u64::from(record.session))),
            self.ended(record),
            Line::of(Role::Dim, blocks),
            authored,
            slots,
        ];
        out.extend(self.votes(row));
        out.push(note);
        out
    }
}
