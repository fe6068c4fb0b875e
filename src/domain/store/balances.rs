//! The book of balances of one chain: what moved on the best chain, what watched accounts hold, the issuance of sessions.
//!
//! In: what a source says of balances, and which blocks left the best chain. Out: movements ascending by block and event,
//! each once and under one name, whatever is read again or reorganised; accounts with their history. Bounded. Must not know
//! thresholds.

mod issuance;
mod pairs;

pub use issuance::SessionIssuance;
pub use pairs::{Match, Other, other_end};

use super::ChainView;
use crate::domain::balance::{AccountsRead, BlockMoves, Holding, Movement, Roles};
use crate::domain::{AccountId, BlockRef, Hash, Observed, Origin, Reading, UnixMs};
use issuance::Sessions;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Movements in memory.
pub const MAX_MOVES: usize = 1_000;
/// Blocks whose movements were counted, remembered so that none counts twice.
const MAX_KNOWN: usize = 1_024;
/// Accounts in memory.
const MAX_ACCOUNTS: usize = 25_000;
/// Changes of an account's balance in memory.
pub const MAX_HISTORY: usize = 24;
/// A movement whose block left the best chain waits so many blocks for its return.
const WAITS: u64 = 64;

/// A movement that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its name: block and event where it was seen first. It keeps it in whatever block it stands after a reorganisation.
    pub name: String,
    /// The block in which it stands now.
    pub block: BlockRef,
    /// The block's own time, else when it was read.
    pub at: UnixMs,
    /// When this console first noticed it.
    pub noticed: UnixMs,
    /// True while its block is not on the best chain.
    pub gone: bool,
    /// What moved.
    pub movement: Movement,
}

/// What is known of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// What it holds.
    pub now: Observed<Holding>,
    /// Block and total of every change that was read, oldest first, at most [`MAX_HISTORY`].
    pub history: VecDeque<(u64, u128)>,
}

/// A block that was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    moves: BlockMoves,
    gone: bool,
}

/// Everything known of the balances of one chain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BalanceBook {
    /// Accounts that the chain itself names.
    pub roles: Reading<Roles>,
    /// The total issuance, planck.
    pub issuance: Option<Observed<u128>>,
    accounts: BTreeMap<AccountId, Account>,
    moves: VecDeque<Seen>,
    known: VecDeque<Known>,
    sessions: Sessions,
    /// Changes whenever anything here may have changed.
    pub revision: u64,
}

impl BalanceBook {
    /// The movements on the best chain, newest first.
    pub fn moves(&self) -> impl DoubleEndedIterator<Item = &Seen> {
        self.moves.iter().rev().filter(|seen| !seen.gone)
    }

    /// What is known of an account; none where it was not read.
    #[must_use]
    pub fn account(&self, account: &AccountId) -> Option<&Account> {
        self.accounts.get(account)
    }

    /// Accounts that were read.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// The issuance of sessions, newest first.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionIssuance> {
        self.sessions.newest_first()
    }

    /// Takes in what moved in a block; what was taken in already counts no second time.
    pub(super) fn put_moves(&mut self, moves: &BlockMoves, (at, noticed): (UnixMs, UnixMs)) -> bool {
        if let Some(known) = self.known.iter_mut().find(|k| k.moves.at == moves.at) {
            if !known.gone {
                return false;
            }
            known.gone = false;
        } else {
            let bare = BlockMoves { moves: Vec::new(), ..moves.clone() };
            self.known.push_back(Known { moves: bare, gone: false });
            while self.known.len() > MAX_KNOWN {
                self.known.pop_front();
            }
        }
        self.revision = self.revision.wrapping_add(1);
        self.sessions.add(moves);
        for movement in &moves.moves {
            self.put_move(movement, moves.at, (at, noticed));
        }
        let newest = self.moves.back().map_or(0, |seen| seen.block.number);
        self.moves.retain(|seen| !seen.gone || newest.saturating_sub(seen.block.number) <= WAITS);
        while self.moves.len() > MAX_MOVES {
            self.moves.pop_front();
        }
        true
    }

    fn put_move(&mut self, movement: &Movement, block: BlockRef, (at, noticed): (UnixMs, UnixMs)) {
        let back = self.moves.iter().position(|seen| seen.gone && seen.movement.is_again(movement));
        let before = back.and_then(|place| self.moves.remove(place));
        let (name, noticed) = match before {
            Some(before) => (before.name, before.noticed),
            None => (self.name_for(movement, block), noticed),
        };
        let seen = Seen { name, block, at, noticed, gone: false, movement: movement.clone() };
        let key = |s: &Seen| (s.block.number, s.movement.index);
        let place = self.moves.partition_point(|s| key(s) <= key(&seen));
        self.moves.insert(place, seen);
    }

    /// Block and event; with the block's hash where another movement had the name before a reorganisation.
    fn name_for(&self, movement: &Movement, block: BlockRef) -> String {
        let name = format!("{}-{}", block.number, movement.index);
        if self.moves.iter().any(|seen| seen.name == name) {
            return format!("{name}-{}", block.hash.short());
        }
        name
    }

    /// A block is not on the best chain any more.
    pub(super) fn remove(&mut self, hash: &Hash) {
        let Some(known) = self.known.iter_mut().find(|k| k.moves.at.hash == *hash && !k.gone) else { return };
        known.gone = true;
        self.revision = self.revision.wrapping_add(1);
        self.sessions.remove(&known.moves);
        self.moves.iter_mut().filter(|seen| seen.block.hash == *hash).for_each(|seen| seen.gone = true);
    }

    /// Takes in what accounts hold. An older state never takes the place of a newer one of this run.
    pub(super) fn put_accounts(&mut self, read: &AccountsRead, (at, origin): (UnixMs, &Origin)) {
        self.revision = self.revision.wrapping_add(1);
        for (account, holding) in &read.accounts {
            let full = self.accounts.len() >= MAX_ACCOUNTS;
            let now = Observed { value: holding.clone(), at, block: Some(read.at), origin: origin.clone() };
            match self.accounts.get_mut(account) {
                Some(known) => known.put(now, read.at.number),
                None if !full => {
                    let history = VecDeque::from([(read.at.number, holding.total())]);
                    self.accounts.insert(*account, Account { now, history });
                }
                None => {}
            }
        }
    }
}

impl Account {
    fn put(&mut self, mut now: Observed<Holding>, number: u64) {
        let known = self.now.block.map_or(0, |b| b.number);
        // A reorganisation leads a few blocks back, never far.
        if number.saturating_add(WAITS) < known && self.now.origin != Origin::Journal {
            return;
        }
        let before = &self.now.value;
        let same = (before.free, before.reserved, before.frozen)
            == (now.value.free, now.value.reserved, now.value.frozen);
        if now.value.parts.is_none() && same {
            now.value.parts.clone_from(&before.parts);
        }
        while self.history.back().is_some_and(|(block, _)| *block >= number) && self.history.len() > 1 {
            self.history.pop_back();
        }
        let total = now.value.total();
        if self.history.back().is_none_or(|(_, last)| *last != total) {
            self.history.push_back((number, total));
        }
        while self.history.len() > MAX_HISTORY {
            self.history.pop_front();
        }
        self.now = now;
    }
}

impl ChainView {
    /// Existential deposit, planck; none where it was not read.
    #[must_use]
    pub fn existential_deposit(&self) -> Option<u128> {
        self.balances.roles.value()?.existential_deposit
    }

    /// Digits after the point of the chain's token.
    #[must_use]
    pub fn decimals(&self) -> Option<u32> {
        Some(self.identity.value()?.token.as_ref()?.decimals)
    }

    /// The amount from which on a movement is large on this chain, planck: the profile's tokens or its share of the
    /// issuance, whichever is less. None where neither token nor issuance is known.
    #[must_use]
    pub fn large_from(&self, limits: &crate::domain::Thresholds) -> Option<u128> {
        let tokens = super::super::balance::Tokens::whole(limits.large_transfer_tokens);
        let absolute = self.decimals().map(|d| tokens.planck(d));
        let issuance = self.balances.issuance.as_ref().map(|i| i.value).filter(|i| *i > 0);
        let share = issuance.map(|i| share_of(i, limits.large_transfer_ppm));
        match (absolute, share) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// So many millionths of an amount, at least one planck.
#[must_use]
pub fn share_of(amount: u128, ppm: u64) -> u128 {
    let ppm = u128::from(ppm);
    let part = (amount / 1_000_000).saturating_mul(ppm);
    let rest = (amount % 1_000_000).saturating_mul(ppm) / 1_000_000;
    part.saturating_add(rest).max(1)
}

#[cfg(test)]
mod tests;
