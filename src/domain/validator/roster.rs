//! The register of who runs what: providers with their validators and collators, and accounts with a name.
//!
//! In: what `config` read from the files. Out: lookups by the 32 bytes of an account, whatever prefix it was written in.
//! Must not read files.

use crate::domain::balance::Tokens;
use crate::domain::{AccountId, Clean};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The register. Empty where the profile names none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Validators by stash.
    pub validators: BTreeMap<AccountId, Member>,
    /// Collators of system chains by account, and again by their Aura key.
    pub collators: BTreeMap<AccountId, Member>,
    /// Accounts whose movements are expected.
    pub whitelist: BTreeMap<AccountId, Watched>,
    /// What could not be used, one sentence each: file, line, what was expected. Bounded by the reader.
    pub problems: Vec<Clean>,
    /// Where it was read from: a folder or a URL without secrets. None where the profile names none.
    pub from: Option<Clean>,
}

/// A validator or collator of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The provider: `identity.display` of the file.
    pub provider: Clean,
    /// Its own name: the account's `identity.display`, else the provider's.
    pub name: Clean,
    /// False in a file of deactivated providers.
    pub active: bool,
    /// `system_chain` as the file has it; none for validators.
    pub chain: Option<Clean>,
}

/// An account of the whitelist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its name.
    pub name: Clean,
    /// `manual`, `system`.
    pub role: Option<Clean>,
    /// It should not hold less: `balanceThreshold` of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Tokens>,
}

impl Roster {
    /// Who a stash belongs to.
    #[must_use]
    pub fn validator(&self, stash: &AccountId) -> Option<&Member> {
        self.validators.get(stash)
    }

    /// The name of an account: validator, collator, or whitelisted.
    #[must_use]
    pub fn name_of(&self, account: &AccountId) -> Option<&Clean> {
        let member = self.validators.get(account).or_else(|| self.collators.get(account));
        member.map(|m| &m.name).or_else(|| self.whitelist.get(account).map(|w| &w.name))
    }

    /// The stashes of one provider that are not deactivated.
    pub fn stashes_of<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a AccountId> {
        self.validators
            .iter()
            .filter(move |(_, m)| m.active && m.provider.as_str() == provider)
            .map(|(stash, _)| stash)
    }
}
