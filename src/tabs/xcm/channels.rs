//! Channels between paras and requests for them, fullest first.
//!
//! In: the relay's paras. Out: a row a channel or request.

use crate::domain::ParaId;
use crate::domain::para::{Channel, ChannelRequest};
use crate::domain::store::paras::listed;
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;
use std::cmp::Reverse;

/// A channel or a request, whichever it is.
enum Entry<'a> {
    Open(&'a Channel, Option<bool>),
    Asked(&'a ChannelRequest),
}

/// Channels as rows.
pub(super) struct ChannelRows<'a> {
    state: &'a AppState,
    entries: Vec<Entry<'a>>,
    /// Full from so many per cent on.
    limit: u64,
}

/// How full a channel is, per cent of its messages or bytes, whichever is more.
fn percent(channel: &Channel) -> Option<u64> {
    let state = channel.state.value()?;
    let of = |used: u32, most: u32| (u64::from(used) * 100).checked_div(u64::from(most)).unwrap_or(0);
    Some(of(state.msg_count, state.max_capacity).max(of(state.total_size, state.max_total_size)))
}

impl<'a> ChannelRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let relay = state.relay();
        let limit = relay.map_or(80, |r| r.spec.thresholds.hrmp_backlog_percent);
        let mut entries = Vec::new();
        if let Some(paras) = relay.and_then(|r| r.view?.parachains.value()) {
            let closing = listed(&paras.closing);
            let open = paras.channels.iter().filter(|c| !c.state.is_absent());
            entries.extend(
                open.map(|c| Entry::Open(c, closing.map(|list| list.contains(&(c.sender, c.recipient))))),
            );
            entries.extend(listed(&paras.requests).into_iter().flatten().map(Entry::Asked));
        }
        entries.sort_by_key(|entry| match entry {
            Entry::Open(channel, _) => (0, Reverse(percent(channel).unwrap_or(u64::MAX)), channel.sender),
            Entry::Asked(request) => (1, Reverse(0), request.sender),
        });
        Self { state, entries, limit }
    }

    fn name(&self, id: ParaId) -> String {
        self.state.network.para(id).map_or_else(|| id.to_string(), |c| format!("{id} {}", c.name))
    }
}

impl Entry<'_> {
    fn ends(&self) -> (ParaId, ParaId) {
        match self {
            Self::Open(channel, _) => (channel.sender, channel.recipient),
            Self::Asked(request) => (request.sender, request.recipient),
        }
    }

    fn word(&self) -> (Role, &'static str) {
        match self {
            Self::Open(_, Some(true)) => (Role::Minor, "▵ closing"),
            Self::Open(channel, _) if channel.state.value().is_none() => (Role::Unknown, "? open"),
            Self::Open(..) => (Role::Dim, "· open"),
            Self::Asked(request) if request.confirmed => (Role::Info, "» opens"),
            Self::Asked(_) => (Role::Info, "» requested"),
        }
    }
}

impl Rows for ChannelRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("SENDER", (10, 24), false, 0),
            column("RECIPIENT", (10, 24), false, 0),
            column("STATE", (11, 11), false, 0),
            column("FULL %", (6, 6), true, 0),
            column("MESSAGES", (9, 15), true, 1),
            column("BYTES", (14, 21), true, 2),
            column("LARGEST, BYTES", (14, 14), true, 3),
        ]
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn key(&self, row: usize) -> String {
        let ends = self.entries.get(row).map(Entry::ends);
        ends.map(|(from, to)| format!("{from}-{to}")).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(entry) = self.entries.get(row) else { return SortKey::Unknown };
        let state = match entry {
            Entry::Open(channel, _) => channel.state.value(),
            Entry::Asked(_) => None,
        };
        match column {
            0 => SortKey::Number(u64::from(entry.ends().0.0)),
            1 => SortKey::Number(u64::from(entry.ends().1.0)),
            2 => SortKey::Text(entry.word().1.to_owned()),
            3 => SortKey::number(match entry {
                Entry::Open(channel, _) => percent(channel),
                Entry::Asked(_) => None,
            }),
            4 => SortKey::number(state.map(|s| u64::from(s.msg_count))),
            5 => SortKey::number(state.map(|s| u64::from(s.total_size))),
            _ => SortKey::number(state.map(|s| u64::from(s.max_message_size))),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(entry) = self.entries.get(row) else { return vec![] };
        let (from, to) = entry.ends();
        let (role, word) = entry.word();
        let mut out = vec![
            Line::of(Role::Text, self.name(from)),
            Line::of(Role::Text, self.name(to)),
            Line::of(role, word),
        ];
        let number = |n: u32| format::number(u64::from(n));
        match entry {
            Entry::Open(channel, _) => match (channel.state.value(), percent(channel)) {
                (Some(state), Some(full)) => {
                    let (role, mark) = match full {
                        100.. => (Role::Major, "▲ "),
                        _ if full >= self.limit => (Role::Minor, "▵ "),
                        0 => (Role::Dim, ""),
                        _ => (Role::Text, ""),
                    };
                    out.push(Line::of(role, format!("{mark}{full}")));
                    let of = |used, most| format!("{}/{}", number(used), number(most));
                    out.push(Line::of(Role::Dim, of(state.msg_count, state.max_capacity)));
                    out.push(Line::of(Role::Dim, of(state.total_size, state.max_total_size)));
                    out.push(Line::of(Role::Dim, number(state.max_message_size)));
                }
                _ => out.extend(std::iter::repeat_with(words::unknown).take(4)),
            },
            Entry::Asked(request) => {
                out.push(Line::of(Role::Dim, "–"));
                out.push(Line::of(Role::Dim, format!("–/{}", number(request.max_capacity))));
                out.push(Line::of(Role::Dim, "–"));
                out.push(Line::of(Role::Dim, number(request.max_message_size)));
            }
        }
        out
    }
}
