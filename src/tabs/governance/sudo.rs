//! Uses of the sudo key, newest first: who, what, and how each call inside ended.
//!
//! In: uses as the blocks told them. Out: a row each.

use crate::domain::gov::sudo::{Outcome, SudoUse};
use crate::domain::para::Found;
use crate::domain::{ChainSpec, Hash, Observed};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::state::ui::Subject;
use crate::tabs::lists::column;

/// Uses as rows.
pub(super) struct SudoRows<'a> {
    state: &'a AppState,
    uses: Vec<(&'a ChainSpec, &'a Observed<SudoUse>)>,
}

impl<'a> SudoRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let mut uses = Vec::new();
        for spec in &state.network.chains {
            let Some(view) = state.store.chain(&spec.id) else { continue };
            uses.extend(view.sudo.iter().map(|used| (spec, used)));
        }
        uses.sort_by_key(|(_, used)| {
            std::cmp::Reverse((used.value.stamped.unwrap_or(used.at), used.value.at))
        });
        Self { state, uses }
    }
}

/// The subject of a row by its key.
pub(super) fn subject(key: &str) -> Option<Subject> {
    let (chain, rest) = key.split_once('/')?;
    let (hash, extrinsic) = rest.split_once('/')?;
    let hash: [u8; 32] = crate::domain::ids::hex_bytes(hash)?.try_into().ok()?;
    Some(Subject::Sudo(chain.into(), Hash(hash), extrinsic.parse().ok()))
}

fn calls(used: &SudoUse) -> Line {
    if let Found::Unread(why) = &used.call {
        return Line::of(Role::Unknown, "? ").and(Role::Dim, why.as_str());
    }
    let names: Vec<&str> = used.steps.iter().map(|s| s.path.as_str()).collect();
    let mut text = names.join(" › ");
    if used.more > 0 {
        text.push_str(&format!(" … and {} more", used.more));
    }
    Line::of(Role::Text, text)
}

fn ended(used: &SudoUse) -> Line {
    let unknown = used.steps.is_empty() || used.steps.iter().any(|s| s.outcome == Outcome::Unknown);
    match (used.failed(), unknown) {
        (0, false) => Line::of(Role::Dim, "✔ ok"),
        (0, true) => Line::of(Role::Unknown, "? not told"),
        (n, _) => Line::of(Role::Minor, format!("✖ {n} failed")),
    }
}

impl Rows for SudoRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("AGE", (5, 6), true, 0),
            column("CHAIN", (10, 14), false, 3),
            column("BLOCK", (10, 12), true, 2),
            column("BY", (12, 24), false, 4),
            column("RESULT", (10, 12), false, 0),
            column("CALL", (28, 140), false, 0),
        ]
    }

    fn len(&self) -> usize {
        self.uses.len()
    }

    fn key(&self, row: usize) -> String {
        let of = |(spec, used): &(&ChainSpec, &Observed<SudoUse>)| {
            let place = used.value.extrinsic.map_or_else(|| "hook".to_owned(), |n| n.to_string());
            format!("{}/{}/{place}", spec.id, used.value.at.hash)
        };
        self.uses.get(row).map(of).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some((spec, used)) = self.uses.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Number(self.state.now.since(used.value.stamped.unwrap_or(used.at))),
            1 => SortKey::Text(spec.name.clone()),
            2 => SortKey::Number(used.value.at.number),
            3 => used.value.signer.map_or(SortKey::Unknown, |who| SortKey::Bytes(who.0)),
            4 => SortKey::number(u64::try_from(used.value.failed()).ok()),
            _ => SortKey::Text(calls(&used.value).plain()),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some((spec, used)) = self.uses.get(row) else { return vec![] };
        let used_at = used.value.stamped.unwrap_or(used.at);
        let who = used.value.signer.and_then(|who| Some(self.state.chain(&spec.id)?.address_short(&who)));
        vec![
            Line::of(Role::Dim, format::age(self.state.now.since(used_at))),
            Line::of(Role::Dim, spec.name.as_str()),
            Line::of(Role::Text, format::number(used.value.at.number)),
            who.map_or_else(crate::tabs::words::unknown, |who| Line::of(Role::Dim, who)),
            ended(&used.value),
            calls(&used.value),
        ]
    }
}
