//! Who the validators are: names, providers, the order by name. Stays the same from block to block.
//!
//! In: the stashes, the profile's names and the register. Out: columns by place of the stash.

use super::join;
use crate::domain::{AccountId, Clean};
use crate::state::AppState;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who the validators are, by place in `stashes`.
#[derive(Debug, Clone, Default)]
pub(super) struct Who {
    /// All of them, ascending.
    pub(super) stashes: Vec<AccountId>,
    /// Place by name; those without a name come last.
    pub(super) by_name: Vec<u32>,
    /// Index into `providers`.
    pub(super) provider: Vec<Option<usize>>,
    /// Providers of the register, ascending.
    pub(super) providers: Vec<Clean>,
    /// Stashes of each provider that are not deactivated.
    pub(super) registered: Vec<u32>,
    sizes: (usize, usize),
}

impl Who {
    /// The same as before where the same validators, names and register are known.
    pub(super) fn of(
        state: &AppState,
        stashes: Vec<AccountId>,
        old: Option<&Arc<Self>>,
        sizes: (usize, usize),
    ) -> Arc<Self> {
        if let Some(known) = old.filter(|o| o.sizes == sizes && o.stashes == stashes) {
            return Arc::clone(known);
        }
        let register = &state.network.roster.validators;
        let mut numbers: BTreeMap<&str, (usize, u32)> = BTreeMap::new();
        for member in register.values() {
            let entry = numbers.entry(member.provider.as_str()).or_default();
            entry.1 = entry.1.saturating_add(u32::from(member.active));
        }
        numbers.values_mut().enumerate().for_each(|(n, entry)| entry.0 = n);
        let members = join(&stashes, register.iter().map(|(s, m)| (*s, m)));
        let provider = members
            .iter()
            .map(|m| m.and_then(|m| numbers.get(m.provider.as_str())).map(|(n, _)| *n))
            .collect();
        let by_name = by_name(state, &stashes);
        Arc::new(Self {
            by_name,
            provider,
            providers: numbers.keys().map(|name| Clean::of(name)).collect(),
            registered: numbers.values().map(|(_, seats)| *seats).collect(),
            stashes,
            sizes,
        })
    }
}

fn by_name(state: &AppState, stashes: &[AccountId]) -> Vec<u32> {
    let mut order: Vec<(bool, String, usize)> = stashes
        .iter()
        .enumerate()
        .map(|(place, stash)| match state.validator_name(stash) {
            Some(name) => (false, name.to_lowercase(), place),
            None => (true, String::new(), place),
        })
        .collect();
    order.sort_unstable();
    let mut out = vec![u32::MAX; stashes.len()];
    for (rank, (.., place)) in (0_u32..).zip(order) {
        if let Some(one) = out.get_mut(place) {
            *one = rank;
        }
    }
    out
}
