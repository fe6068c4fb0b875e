//! Backing and availability of the paras, as the relay chain sees them.
//!
//! In: the relay's tally of candidates. Out: on the relay chain every para, on a para its own row.

use crate::domain::store::ParaProgress;
use crate::domain::{ChainKind, ParaId};
use crate::screen::{Column, Line, Role, format};
use crate::state::Chain;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;

/// Paras as rows.
pub(in crate::tabs::health) struct ParaRows<'a> {
    relay: Option<Chain<'a>>,
    paras: Vec<(ParaId, &'a ParaProgress)>,
}

impl<'a> ParaRows<'a> {
    pub(in crate::tabs::health) fn new(chain: Chain<'a>) -> Self {
        let relay = chain.state.relay();
        let all = relay.and_then(|r| r.view).map(|v| v.paras.iter());
        let wanted = |id: &ParaId| match chain.spec.kind {
            ChainKind::Relay => true,
            ChainKind::Para(own) => own == *id,
        };
        let paras = all.into_iter().flatten().filter(|(id, _)| wanted(id)).map(|(id, p)| (*id, p)).collect();
        Self { relay, paras }
    }

    fn best(&self) -> Option<u64> {
        Some(self.relay?.view?.best.as_ref()?.value.number)
    }

    fn ago(&self, block: Option<u64>) -> Option<u64> {
        Some(self.best()?.saturating_sub(block?))
    }

    fn name(&self, id: ParaId) -> Option<&str> {
        self.relay?.state.network.para(id).map(|c| c.name.as_str())
    }
}

/// How long ago, with the severity's symbol where it is late.
fn late_mark(role: Role, ago: Option<u64>) -> Line {
    let mark = match role {
        Role::Critical => "✖ ",
        Role::Major => "▲ ",
        _ => "",
    };
    ago.map_or_else(words::unknown, |n| Line::of(role, format!("{mark}{}", format::number(n))))
}

impl Rows for ParaRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("PARA", (5, 6), true, 0),
            column("NAME", (10, 16), false, 0),
            column("BACKED AT", (11, 12), true, 1),
            column("INCLUDED AT", (11, 12), true, 0),
            column("BLOCKS AGO", (10, 10), true, 0),
            column("AGE", (6, 6), true, 2),
            column("TIMED OUT", (9, 24), false, 3),
        ]
    }

    fn len(&self) -> usize {
        self.paras.len()
    }

    fn key(&self, row: usize) -> String {
        self.paras.get(row).map(|(id, _)| id.to_string()).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((id, para)) = self.paras.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Number(u64::from(id.0)),
            1 => self.name(*id).map_or(SortKey::Unknown, |n| SortKey::Text(n.to_owned())),
            2 => SortKey::number(para.last_backed),
            3 => SortKey::number(para.last_included),
            4 => SortKey::number(self.ago(para.last_included)),
            5 => SortKey::number(para.included_at.and_then(|at| Some(self.relay?.state.now.since(at)))),
            _ => SortKey::number(u64::try_from(para.timed_out.len()).ok()),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((id, para)) = self.paras.get(row) else { return vec![] };
        let limits = self.relay.map(|r| &r.spec.thresholds);
        let ago = self.ago(para.last_included);
        let late = ago.zip(limits).map_or(Role::Text, |(ago, l)| match ago {
            n if n >= l.para_stall_critical => Role::Critical,
            n if n >= l.para_stall_major => Role::Major,
            _ => Role::Text,
        });
        let age = para.included_at.zip(self.relay).map(|(at, relay)| relay.state.now.since(at));
        let timed_out = match para.timed_out.back() {
            None => Line::of(Role::Dim, "–"),
            Some(last) => {
                Line::of(Role::Minor, format!("{} · #{}", para.timed_out.len(), format::number(*last)))
            }
        };
        vec![
            Line::of(Role::Text, id.to_string()),
            Line::of(Role::Text, self.name(*id).unwrap_or("–")),
            words::number(Role::Text, para.last_backed),
            words::number(Role::Text, para.last_included),
            late_mark(late, ago),
            age.map_or_else(words::unknown, |ms| Line::of(Role::Text, format::age(ms))),
            timed_out,
        ]
    }
}
