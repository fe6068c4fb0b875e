//! Watched balances and large movements as screens want them, of all chains.
//!
//! In: the books of the chains, the profile, the register. Out: a [`Purse`], made once per change and kept beside the state
//! ([`Kept`]): a row a watched account, worst first, and a row a movement worth a look, newest first, both ends of one between
//! chains together. Must not judge a chain: detectors do.

use super::AppState;
use crate::domain::balance::watch::{Watched, Why, watched};
use crate::domain::balance::{Holding, MoveKind};
use crate::domain::store::balances::{Match, Seen, other_end};
use crate::domain::store::paras::listed;
use crate::domain::{AccountId, BlockRef, ChainId, ChainSpec, ChainView, ParaId, UnixMs};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Movements shown.
const MAX_MOVES: usize = 500;

/// Where a balance stands to its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Less is free than the lower line.
    Below,
    /// More is free than the upper line.
    Above,
    /// Not read yet.
    Unknown,
    /// Inside its lines, or it has none.
    Fine,
    /// The chain knows no such account.
    Nobody,
}

impl Mark {
    /// Beyond a line comes first, no account last; between them why it is watched tells more.
    fn order(self) -> u8 {
        match self {
            Self::Below => 0,
            Self::Above => 1,
            Self::Fine | Self::Unknown => 2,
            Self::Nobody => 3,
        }
    }

    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Below => "low",
            Self::Above => "high",
            Self::Unknown => "unknown",
            Self::Fine => "ok",
            Self::Nobody => "no account",
        }
    }
}

/// A watched account on one chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Place of its chain in the network.
    pub chain: usize,
    /// Who.
    pub account: AccountId,
    /// Why it is watched.
    pub why: Why,
    /// Its name.
    pub label: String,
    /// Its lines, planck; none where it has none, or the chain's decimals are not known.
    pub lines: (Option<u128>, Option<u128>),
    /// Where it stands to them.
    pub mark: Mark,
    /// What it holds; none where it was not read.
    pub holding: Option<Figures>,
    /// What can be sent away, planck; none where the existential deposit was not read.
    pub transferable: Option<u128>,
    /// In whose state, and when it was received.
    pub read: Option<(Option<BlockRef>, UnixMs)>,
}

/// What an account holds, in figures only, planck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Free.
    pub free: u128,
    /// Reserved.
    pub reserved: u128,
    /// Frozen.
    pub frozen: u128,
    /// Held; none where it was not read.
    pub held: Option<u128>,
}

impl From<&Holding> for Figures {
    fn from(h: &Holding) -> Self {
        Self { free: h.free, reserved: h.reserved, frozen: h.frozen, held: h.held() }
    }
}

/// The other end of a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It stays on its chain.
    Here,
    /// It was seen there.
    Seen(ChainId, Match),
    /// Where it went, or came from, it was not seen; the chain where it is known.
    Unseen(Option<String>),
}

/// A movement worth a look.
#[derive(Debug, Clone, PartialEq)]
pub struct MoveRow {
    /// Place of its chain in the network.
    pub chain: usize,
    /// The movement.
    pub seen: Seen,
    /// True from the chain's limit on.
    pub large: bool,
    /// True where a watched account is touched.
    pub watched: bool,
    /// Where it comes from or goes to.
    pub end: End,
}

/// Everything that tab 3 lists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Purse {
    /// Watched accounts, worst first.
    pub rows: Vec<Row>,
    /// Movements, newest first.
    pub moves: Vec<MoveRow>,
    /// Watched accounts on chains of which nothing is known.
    pub unseen: usize,
    /// Movements in memory that are neither large nor of watched accounts.
    pub small: usize,
    /// Changes with what it was made from.
    pub revision: u64,
}

impl Purse {
    /// The rows whose mark is this.
    #[must_use]
    pub fn count(&self, mark: Mark) -> usize {
        self.rows.iter().filter(|row| row.mark == mark).count()
    }

    /// A watched account.
    #[must_use]
    pub fn row(&self, chain: usize, account: &AccountId) -> Option<&Row> {
        self.rows.iter().find(|row| row.chain == chain && row.account == *account)
    }
}

/// Watched accounts of each chain, and what the lists were made from.
#[derive(Debug)]
struct Lists {
    key: Vec<u64>,
    of: Vec<BTreeMap<AccountId, Watched>>,
}

/// What is kept beside the state; worth nothing, and equal to any other, because it can be made again.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    purse: Option<Arc<Purse>>,
    lists: Option<Arc<Lists>>,
    addresses: Option<Arc<BTreeMap<AccountId, String>>>,
}

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn registered(view: Option<&ChainView>) -> &[ParaId] {
    view.and_then(|v| v.parachains.value()).and_then(|p| listed(&p.registered)).unwrap_or_default()
}

impl AppState {
    /// What the lists of watched accounts are made from.
    fn lists_key(&self) -> Vec<u64> {
        let (roster, network) = (&self.network.roster, &self.network);
        let sizes =
            [roster.validators.len(), roster.collators.len(), roster.whitelist.len(), network.names.len()];
        let mut key: Vec<u64> = sizes.into_iter().chain([network.watch.len()]).map(count).collect();
        for chain in self.chains() {
            let roles = chain.view.and_then(|v| v.balances.roles.value());
            let head = |a: Option<AccountId>| {
                a.map_or(0, |a| a.0.iter().fold(7_u64, |s, b| s.wrapping_mul(31) + u64::from(*b)))
            };
            key.extend([
                head(roles.and_then(|r| r.treasury)),
                head(roles.and_then(|r| r.sudo)),
                count(registered(chain.view).len()),
            ]);
        }
        key
    }

    fn revision(&self, lists: &Lists) -> u64 {
        let book = |c: super::Chain<'_>| c.view.map_or(0, |v| v.balances.revision);
        let books = self.chains().fold(0_u64, |sum, chain| sum.wrapping_mul(31).wrapping_add(book(chain)));
        lists.key.iter().fold(books, |sum, n| sum.wrapping_mul(31).wrapping_add(*n))
    }

    fn lists(&self) -> Arc<Lists> {
        let key = self.lists_key();
        if let Some(known) = self.purse.lists.as_ref().filter(|known| known.key == key) {
            return Arc::clone(known);
        }
        let of = self.chains().map(|chain| {
            let roles = chain.view.and_then(|v| v.balances.roles.value());
            watched(&self.network, chain.spec, roles, registered(chain.view))
        });
        Arc::new(Lists { of: of.collect(), key })
    }

    /// Watched balances and large movements. Cheap where [`AppState::digest_balances`] ran since anything changed.
    #[must_use]
    pub fn purse(&self) -> Arc<Purse> {
        let lists = self.lists();
        let revision = self.revision(&lists);
        match &self.purse.purse {
            Some(known) if known.revision == revision => Arc::clone(known),
            _ => Arc::new(self.make_purse(&lists, revision)),
        }
    }

    /// Makes anew what changed: once a batch, while balances are on the screen. With the first filter all addresses are
    /// encoded, once for as long as the lists stay the same.
    pub fn digest_balances(&mut self, filtered: bool) {
        let lists = self.lists();
        let is_same = self.purse.lists.as_ref().is_some_and(|known| Arc::ptr_eq(known, &lists));
        let purse = self.purse();
        if !is_same {
            self.purse.addresses = None;
        }
        if filtered && self.purse.addresses.is_none() {
            let mut addresses = BTreeMap::new();
            for (chain, list) in self.chains().zip(&lists.of) {
                for account in list.keys() {
                    addresses.entry(*account).or_insert_with(|| chain.address(account));
                }
            }
            self.purse.addresses = Some(Arc::new(addresses));
        }
        self.purse.lists = Some(lists);
        self.purse.purse = Some(purse);
    }

    /// The address of a watched account on a chain; of those that many lists search it is known already.
    #[must_use]
    pub fn watched_address(&self, chain: usize, account: &AccountId) -> String {
        let known = self.purse.addresses.as_ref().and_then(|a| a.get(account)).cloned();
        known.or_else(|| self.chains().nth(chain).map(|c| c.address(account))).unwrap_or_default()
    }

    /// The name under which an account is watched on a chain; none where it is not.
    #[must_use]
    pub fn watched_as(&self, chain: &ChainId, account: &AccountId) -> Option<String> {
        let place = self.network.chains.iter().position(|c| c.id == *chain)?;
        Some(self.lists().of.get(place)?.get(account)?.label.clone())
    }

    fn make_purse(&self, lists: &Lists, revision: u64) -> Purse {
        let mut purse = Purse { revision, ..Purse::default() };
        for ((place, chain), list) in self.chains().enumerate().zip(&lists.of) {
            match chain.view.filter(|v| v.best.is_some()) {
                None => purse.unseen += list.len(),
                Some(view) => {
                    purse.rows.extend(list.iter().map(|(account, of)| row(place, view, account, of)));
                    self.gather(&mut purse, (place, chain.spec, view), list);
                }
            }
        }
        purse.rows.sort_by(|a, b| {
            let key = |r: &Row| (r.mark.order(), r.why, r.chain);
            key(a).cmp(&key(b)).then_with(|| a.label.cmp(&b.label)).then_with(|| a.account.cmp(&b.account))
        });
        purse.moves.sort_by_key(|m| (Reverse(m.seen.at), m.chain, Reverse(m.seen.movement.index)));
        purse.moves.truncate(MAX_MOVES);
        purse
    }

    /// The movements of a chain that are worth a look. Of two ends the one that was sent is shown.
    fn gather(
        &self,
        purse: &mut Purse,
        (place, spec, view): (usize, &ChainSpec, &ChainView),
        list: &BTreeMap<AccountId, Watched>,
    ) {
        let limit = view.large_from(&spec.thresholds);
        let start = purse.moves.len();
        for seen in view.balances.moves() {
            let m = &seen.movement;
            let large = limit.is_some_and(|limit| m.amount >= limit) || m.kind == MoveKind::Issuance;
            let watched = [m.from, m.to].iter().flatten().any(|a| list.contains_key(a));
            if !large && !watched || purse.moves.len() - start >= MAX_MOVES {
                purse.small += 1;
                continue;
            }
            let end = match (m.leg, other_end(&self.network, &self.store, (&spec.id, seen))) {
                (None, _) => End::Here,
                (Some(leg), Some(_)) if !leg.sent => continue,
                (Some(_), Some(other)) => End::Seen(other.chain.id.clone(), other.sure),
                (Some(leg), None) => End::Unseen(leg.peer.map(|peer| self.peer_name(peer))),
            };
            purse.moves.push(MoveRow { chain: place, seen: seen.clone(), large, watched, end });
        }
    }

    /// The name of the chain at the other end.
    fn peer_name(&self, peer: crate::domain::balance::Peer) -> String {
        use crate::domain::balance::Peer;
        match peer {
            Peer::Relay => self.network.relay().map_or_else(|| "relay".to_owned(), |r| r.name.clone()),
            Peer::Para(id) => self.network.para(id).map_or_else(|| format!("para {id}"), |c| c.name.clone()),
        }
    }
}

fn row(chain: usize, view: &ChainView, account: &AccountId, of: &Watched) -> Row {
    let known = view.balances.account(account);
    let decimals = view.decimals();
    let planck = |line: Option<crate::domain::balance::Tokens>| Some(line?.planck(decimals?));
    let (low, high) = (planck(of.low), planck(of.high));
    let holding = known.map(|k| &k.now.value);
    let mark = match holding {
        None => Mark::Unknown,
        Some(h) if low.is_some_and(|low| h.free < low) => Mark::Below,
        Some(h) if high.is_some_and(|high| h.free > high) => Mark::Above,
        Some(h) if !h.exists => Mark::Nobody,
        Some(_) => Mark::Fine,
    };
    let deposit = view.existential_deposit();
    Row {
        chain,
        account: *account,
        why: of.why,
        label: of.label.clone(),
        lines: (low, high),
        mark,
        transferable: holding.zip(deposit).map(|(h, deposit)| h.transferable(deposit)),
        holding: holding.map(Figures::from),
        read: known.map(|k| (k.now.block, k.now.at)),
    }
}
