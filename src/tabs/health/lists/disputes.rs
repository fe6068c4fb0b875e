//! Disputes on the relay chain.
//!
//! In: the relay's disputes. Out: rows, open ones first as they came.

use crate::domain::Dispute;
use crate::screen::{Column, Line, Role, format};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;

/// Disputes as rows.
pub(in crate::tabs::health) struct DisputeRows<'a> {
    disputes: Vec<&'a Dispute>,
}

impl<'a> DisputeRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        let all = chain.view.and_then(|v| v.disputes.value());
        let mut disputes: Vec<_> = all.map(|d| d.all.iter().collect()).unwrap_or_default();
        disputes.sort_by_key(|d: &&Dispute| (d.concluded.is_some(), std::cmp::Reverse(d.started)));
        Self { disputes }
    }
}

impl Rows for DisputeRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("CANDIDATE", (13, 13), false, 0),
            column("STATE", (10, 24), false, 0),
            column("VALID", (5, 5), true, 0),
            column("INVALID", (7, 7), true, 0),
            column("OF", (4, 5), true, 3),
            column("SESSION", (7, 8), true, 2),
            column("STARTED AT", (11, 12), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.disputes.len()
    }

    fn key(&self, row: usize) -> String {
        self.disputes.get(row).map(|d| format!("{}/{}", d.candidate, d.session)).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(d) = self.disputes.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Text(d.candidate.to_string()),
            1 => SortKey::number(d.concluded),
            2 => SortKey::Number(u64::from(d.votes_for)),
            3 => SortKey::Number(u64::from(d.votes_against)),
            4 => SortKey::number(d.validators.map(u64::from)),
            5 => SortKey::Number(u64::from(d.session)),
            _ => SortKey::Number(d.started),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(d) = self.disputes.get(row) else { return vec![] };
        let state = match d.concluded {
            None => Line::of(Role::Major, "▲ open"),
            Some(at) => Line::of(Role::Dim, format!("ended #{}", format::number(at))),
        };
        let count = |n: u32| Line::of(Role::Text, n.to_string());
        vec![
            Line::of(Role::Text, d.candidate.short()),
            state,
            count(d.votes_for),
            count(d.votes_against),
            words::number(Role::Dim, d.validators.map(u64::from)),
            words::number(Role::Dim, Some(u64::from(d.session))),
            words::number(Role::Text, Some(d.started)),
        ]
    }
}
