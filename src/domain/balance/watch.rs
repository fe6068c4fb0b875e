//! Which accounts of a chain are watched, why, and where their lines are.
//!
//! In: the profile's list, the register, what the chain names. Out: one entry an account; where several reasons hold, the
//! one that tells most stands. Must not know balances.

use super::{Roles, Tokens};
use crate::domain::para::{child_account, sibling_account};
use crate::domain::{AccountId, ChainId, ChainKind, ChainSpec, Network, ParaId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most accounts watched on one chain.
pub const MOST: usize = 20_000;

/// The para on which the token lives: accounts of the whitelist are watched there, too.
const ASSET_HUB: ParaId = ParaId(1_000);

/// A line of the profile's watch list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchEntry {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: Option<String>,
    /// On which chains; empty: on all.
    pub chains: Vec<ChainId>,
    /// An alert while less is free.
    pub low: Option<Tokens>,
    /// An alert while more is free.
    pub high: Option<Tokens>,
    /// An alert for each movement of it from so much on.
    pub moves: Option<Tokens>,
}

impl WatchEntry {
    /// True on this chain.
    #[must_use]
    pub fn is_on(&self, chain: &ChainId) -> bool {
        self.chains.is_empty() || self.chains.contains(chain)
    }
}

/// Why an account is watched. What tells most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It stands in the profile.
    Profile,
    /// It is the treasury.
    Treasury,
    /// It is the sudo key.
    Sudo,
    /// A para's account on this chain.
    Sovereign(ParaId),
    /// The relay chain's account on this para.
    RelaySovereign,
    /// A validator of the register.
    Validator,
    /// A collator of the register.
    Collator,
    /// The register expects its movements.
    Whitelist,
}

impl Why {
    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Treasury => "treasury",
            Self::Sudo => "sudo",
            Self::Sovereign(_) | Self::RelaySovereign => "sovereign",
            Self::Validator => "validator",
            Self::Collator => "collator",
            Self::Whitelist => "whitelist",
        }
    }
}

/// A watched account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Why.
    pub why: Why,
    /// Its name.
    pub label: String,
    /// No less should be free.
    pub low: Option<Tokens>,
    /// No more should be free.
    pub high: Option<Tokens>,
}

/// The relay chain's account on every para: `Parent` and zeros.
#[must_use]
pub fn relay_account() -> AccountId {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(b"Parent").for_each(|(to, from)| *to = *from);
    AccountId(bytes)
}

/// The accounts of a pallet: `modl` and its id.
#[must_use]
pub fn pallet_account(id: [u8; 8]) -> AccountId {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(b"modl".iter().chain(&id)).for_each(|(to, from)| *to = *from);
    AccountId(bytes)
}

/// The account of a para on a chain of this kind.
#[must_use]
pub fn sovereign(on: ChainKind, para: ParaId) -> AccountId {
    match on {
        ChainKind::Relay => child_account(para),
        ChainKind::Para(_) => sibling_account(para),
    }
}

/// Letters and digits only, small: `AssetHub` and `Asset Hub` name one chain.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

struct List<'a> {
    network: &'a Network,
    found: BTreeMap<AccountId, Watched>,
}

impl List<'_> {
    fn add(&mut self, account: AccountId, why: Why, label: impl FnOnce() -> String) {
        let full = self.found.len() >= MOST;
        let low = || self.network.roster.whitelist.get(&account).and_then(|w| w.low);
        match self.found.get_mut(&account) {
            Some(known) => known.low = known.low.or_else(low),
            None if full => {}
            None => {
                let own = self.network.names.get(&account).cloned();
                let label = own.unwrap_or_else(label);
                self.found.insert(account, Watched { why, label, low: low(), high: None });
            }
        }
    }
}

/// The watched accounts of a chain. `paras` are those registered on the relay besides the profile's.
#[must_use]
pub fn watched(
    network: &Network,
    spec: &ChainSpec,
    roles: Option<&Roles>,
    paras: &[ParaId],
) -> BTreeMap<AccountId, Watched> {
    let mut list = List { network, found: BTreeMap::new() };
    for entry in network.watch.iter().filter(|e| e.is_on(&spec.id)) {
        let name = || entry.name.clone().or_else(|| network.name_of(&entry.account).map(str::to_owned));
        let label = name().unwrap_or_else(|| "watched".to_owned());
        let low = entry.low;
        list.found.insert(entry.account, Watched { why: Why::Profile, label, low, high: entry.high });
    }
    if let Some(treasury) = roles.and_then(|r| r.treasury) {
        list.add(treasury, Why::Treasury, || "treasury".to_owned());
    }
    if let Some(sudo) = roles.and_then(|r| r.sudo) {
        list.add(sudo, Why::Sudo, || "sudo key".to_owned());
    }
    sovereigns(&mut list, spec, paras);
    for (stash, member) in network.roster.validators.iter().filter(|(_, m)| m.active) {
        if spec.kind == ChainKind::Relay {
            list.add(*stash, Why::Validator, || member.name.to_string());
        }
    }
    let (id, name) = (plain(spec.id.as_str()), plain(&spec.name));
    for (account, member) in network.roster.collators.iter().filter(|(_, m)| m.active) {
        let chain = member.chain.as_ref().map(|c| plain(c.as_str()));
        if spec.kind != ChainKind::Relay && chain.is_some_and(|c| c == id || c == name) {
            list.add(*account, Why::Collator, || member.name.to_string());
        }
    }
    if matches!(spec.kind, ChainKind::Relay | ChainKind::Para(ASSET_HUB)) {
        for (account, entry) in &network.roster.whitelist {
            list.add(*account, Why::Whitelist, || entry.name.to_string());
        }
    }
    list.found
}

fn sovereigns(list: &mut List<'_>, spec: &ChainSpec, paras: &[ParaId]) {
    let own = match spec.kind {
        ChainKind::Relay => None,
        ChainKind::Para(id) => Some(id),
    };
    let profile = list.network.chains.iter().filter_map(|c| match c.kind {
        ChainKind::Para(id) => Some((id, c.name.clone())),
        ChainKind::Relay => None,
    });
    let others = paras.iter().map(|id| (*id, format!("para {id}")));
    // What goes between chains is kept on Asset Hub and the relay; elsewhere Asset Hub itself pays.
    let is_kept = |id: ParaId| own.is_none_or(|own| own == ASSET_HUB || id == ASSET_HUB);
    for (id, name) in profile.chain(others).collect::<Vec<_>>() {
        if Some(id) != own && is_kept(id) {
            list.add(sovereign(spec.kind, id), Why::Sovereign(id), || format!("{name} sovereign"));
        }
    }
    if own.is_some() {
        list.add(relay_account(), Why::RelaySovereign, || "Relay sovereign".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_are_derived_are_those_of_the_runtime() {
        // The metadata of the relay says so: constant Treasury.pot_account.
        assert_eq!(pallet_account(*b"py/trsry").ss58(42), "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z");
        assert_eq!(relay_account().ss58(42), "5Dt6dpkWPwLaH4BBCKJwjiWrFVAGyYk3tLUabvyn4v7KtESG");
    }
}
