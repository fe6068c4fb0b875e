//! The roll-up per provider, worst first.
//!
//! In: the digest. Out: a row per provider of the register, and one for the validators that are in none.

use super::cells;
use crate::domain::{Grade, Score};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::state::validators::{Digest, Provider, WINDOW};
use crate::tabs::lists::column;
use crate::tabs::words;
use std::sync::Arc;

/// Providers as rows; none without a register.
pub(super) struct ProviderRows<'a> {
    state: &'a AppState,
    digest: Arc<Digest>,
}

impl<'a> ProviderRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        Self { state, digest: state.validators() }
    }

    fn all(&self) -> &[Provider] {
        if self.state.network.roster.validators.is_empty() { &[] } else { &self.digest.providers }
    }

    fn get(&self, row: usize) -> Option<&Provider> {
        self.all().get(row)
    }

    fn worst(&self, provider: &Provider) -> Line {
        let Some(seat) = provider.worst.and_then(|w| self.digest.seats.get(w)) else { return cells::none() };
        let name = super::label(self.state, &seat.stash);
        let line = Line::of(Role::Dim, name).and(Role::Dim, " ");
        let cell = match seat.is_silent() {
            true => Line::of(Role::Major, "▲ silent"),
            false if seat.standing == crate::state::validators::Standing::Disabled => {
                cells::standing(seat.standing)
            }
            false => cells::ratio(seat.now.as_ref()),
        };
        cell.spans.into_iter().fold(line, |line, span| line.and(span.role, span.text))
    }
}

/// A sum over the seats whose figures are known.
fn sum(provider: &Provider, n: u32, bad: Role) -> Line {
    match (provider.counted, provider.active) {
        (0, 0) => cells::none(),
        (0, _) => words::unknown(),
        _ => cells::fault(n, bad),
    }
}

fn score(provider: &Provider, score: Option<&Score>, cell: fn(Option<&Score>) -> Line) -> Line {
    if score.is_none() && provider.active == 0 { cells::none() } else { cell(score) }
}

impl Rows for ProviderRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("PROVIDER", (18, 34), false, 0),
            column("SEATS", (7, 7), true, 0),
            column("AUTHORED", (8, 8), true, 4),
            column("SLOT MISS", (9, 9), true, 1),
            column("VOTE MISS", (9, 9), true, 3),
            column("RATIO %", (7, 7), true, 0),
            column("GRADE", (5, 5), false, 0),
            column(&format!("RATIO {WINDOW} %"), (10, 10), true, 5),
            column(&format!("GRADE {WINDOW}"), (8, 8), false, 0),
            column("PAS-11", (6, 6), false, 1),
            column("WORST", (20, 40), false, 2),
        ]
    }

    fn len(&self) -> usize {
        self.all().len()
    }

    fn key(&self, row: usize) -> String {
        let name = self.get(row).and_then(|p| p.name.as_ref());
        name.map_or_else(String::new, |n| n.as_str().to_owned())
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(p) = self.get(row) else { return SortKey::Unknown };
        let counted = |n: u32| SortKey::number((p.counted > 0).then(|| u64::from(n)));
        let ratio = |s: Option<Score>| SortKey::number(s.and_then(|s| s.hundredths()).map(u64::from));
        let letter = |s: Option<Score>| {
            let place =
                s.and_then(|s| s.grade()).and_then(|g| Grade::ALL.iter().position(|other| *other == g));
            SortKey::number(place.and_then(|p| u64::try_from(p).ok()))
        };
        match column {
            0 => p.name.as_ref().map_or(SortKey::Unknown, |n| SortKey::Text(n.as_str().to_lowercase())),
            1 => SortKey::Number(u64::from(p.active)),
            2 => counted(p.authored),
            3 => counted(p.missed_slots),
            4 => counted(p.missed_votes),
            5 => ratio(p.now),
            6 => letter(p.now),
            8 => letter(p.recent),
            9 => SortKey::number(p.recent.and_then(|s| s.passes()).map(u64::from)),
            10 => p.worst.and_then(|w| u64::try_from(w).ok()).map_or(SortKey::Unknown, SortKey::Number),
            _ => ratio(p.recent),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(p) = self.get(row) else { return vec![] };
        let fails = p.recent.and_then(|s| s.passes()) == Some(false);
        let role = match (fails, p.active) {
            (true, _) => Role::Major,
            (false, 0) => Role::Dim,
            (false, _) => Role::Text,
        };
        let name = p.name.as_ref().map_or_else(
            || Line::of(Role::Unknown, "? in no register"),
            |name| Line::of(role, name.as_str()),
        );
        let seats = match p.registered {
            Some(all) => format!("{}/{}", p.active, format::number(u64::from(all))),
            None => format!("{}/–", p.active),
        };
        vec![
            name,
            Line::of(Role::Dim, seats),
            sum(p, p.authored, Role::Dim),
            sum(p, p.missed_slots, Role::Minor),
            sum(p, p.missed_votes, Role::Minor),
            score(p, p.now.as_ref(), cells::ratio),
            score(p, p.now.as_ref(), cells::grade),
            score(p, p.recent.as_ref(), cells::ratio),
            score(p, p.recent.as_ref(), cells::grade),
            score(p, p.recent.as_ref(), cells::pas11),
            self.worst(p),
        ]
    }
}
