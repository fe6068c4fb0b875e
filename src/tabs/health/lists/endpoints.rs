//! The endpoints of a chain with their heads side by side.
//!
//! In: the profile's endpoints and what each said. Out: rows in the order of the profile; never dialled ones as well.

use crate::domain::{Badge, EndpointId, EndpointView};
use crate::screen::{Column, Line, Role, format};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;

type Entry<'a> = (&'a EndpointId, Option<(&'a EndpointView, Badge)>);

/// Endpoints as rows.
pub(in crate::tabs::health) struct EndpointRows<'a> {
    chain: Chain<'a>,
    endpoints: Vec<Entry<'a>>,
}

impl<'a> EndpointRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        Self { chain, endpoints: chain.endpoints() }
    }

    fn view(&self, row: usize) -> Option<&EndpointView> {
        self.endpoints.get(row)?.1.map(|(e, _)| e)
    }

    fn behind(&self, view: &EndpointView) -> Line {
        let peer = self.chain.view.and_then(|v| v.best_peer());
        match (view.best, peer) {
            (Some(best), Some(peer)) if best.number >= peer => Line::of(Role::Dim, "–"),
            (Some(best), Some(peer)) => Line::of(Role::Minor, format!("-{}", peer - best.number)),
            _ => words::unknown(),
        }
    }
}

impl Rows for EndpointRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("ENDPOINT", (16, 40), false, 0),
            column("STATE", (11, 14), false, 0),
            column("BEST", (10, 12), true, 0),
            column("BEHIND", (6, 6), true, 2),
            column("FINALIZED", (10, 12), true, 1),
            column("HEAD", (6, 6), true, 5),
            column("LATENCY", (7, 7), true, 3),
            column("DROPS", (5, 5), true, 6),
            column("CONNECTION", (14, 60), false, 4),
        ]
    }

    fn len(&self) -> usize {
        self.endpoints.len()
    }

    fn key(&self, row: usize) -> String {
        self.endpoints.get(row).map(|(id, _)| id.to_string()).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(view) = self.view(row) else {
            return if column == 0 { SortKey::Text(self.key(row)) } else { SortKey::Unknown };
        };
        match column {
            0 => SortKey::Text(self.key(row)),
            1 | 8 => SortKey::Text(words::link_words(&view.link, self.chain.state.now)),
            2 | 3 => SortKey::number(view.best.map(|b| b.number)),
            4 => SortKey::number(view.finalized.map(|b| b.number)),
            5 => SortKey::number(view.best_at.map(|at| self.chain.state.now.since(at))),
            6 => SortKey::number(view.latency_ms.map(u64::from)),
            _ => SortKey::number(u64::try_from(view.drops.len()).ok()),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((id, known)) = self.endpoints.get(row) else { return vec![] };
        let is_source = self.chain.view.and_then(|v| v.source.as_ref()) == Some(*id);
        // Encrypted is the rule; what is not says so.
        let shown = id.as_str().strip_prefix("wss://").unwrap_or(id.as_str());
        let name = Line::of(Role::Text, shown);
        let (role, word) = words::badge_word(known.map(|(_, badge)| badge));
        let state = Line::of(role, word).and(Role::Accent, if is_source { " ◂" } else { "" });
        let Some((view, badge)) = known else {
            let mut cells = vec![name, state];
            cells.extend((0..6).map(|_| words::unknown()));
            cells.push(Line::of(Role::Dim, "not dialled yet"));
            return cells;
        };
        let now = self.chain.state.now;
        let value = if *badge == Badge::Live { Role::Text } else { Role::Stale };
        let since = format::age(now.since(view.link_since));
        let drops = u64::try_from(view.drops.len()).unwrap_or(u64::MAX);
        vec![
            name,
            state,
            words::number(value, view.best.map(|b| b.number)),
            self.behind(view),
            words::number(value, view.finalized.map(|b| b.number)),
            view.best_at.map_or_else(words::unknown, |at| Line::of(value, format::age(now.since(at)))),
            view.latency_ms.map_or_else(words::unknown, |ms| Line::of(Role::Dim, format::latency(ms))),
            Line::of(if drops == 0 { Role::Dim } else { Role::Minor }, drops.to_string()),
            Line::of(Role::Dim, format!("{} for {since}", words::link_words(&view.link, now))),
        ]
    }
}
