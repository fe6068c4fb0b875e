//! The store: everything known about the chains, folded from facts.
//!
//! In: [`Observation`]s, one at a time, in the order in which they were received. Out: the state that detectors,
//! tabs, `snapshot` and `metrics` read. The fold is deterministic: the same facts give the same store, which is
//! what makes a replay true. Must not read a clock or do I/O.

mod apply;
pub mod balances;
pub mod blocks;
pub mod governance;
pub mod messages;
pub mod paras;
pub mod slots;
pub mod validators;

use super::{
    AccountId, Authorities, Badge, BlockRef, ChainId, Clean, Dispute, EndpointId, EndpointView, Era, Fact,
    Identity, Observation, Observed, Origin, ParaId, Reading, RuntimeVersion, Session, UnixMs,
    coretime::Coretime,
    gov::{Governance, ledger::Ledger, sudo::SudoUse},
    para::Paras,
};
use balances::BalanceBook;
use blocks::BlockRing;
use serde::{Deserialize, Serialize};
use slots::SlotTally;
use std::collections::{BTreeMap, VecDeque};
use validators::ValidatorBook;

/// Reorganisations, upgrades, gaps and conflicts remembered per chain.
const MAX_REMEMBERED: usize = 32;

/// Everything known about all chains.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Store {
    chains: BTreeMap<ChainId, ChainView>,
    /// Facts applied so far.
    pub applied: u64,
}

impl Store {
    /// Folds in a fact received in this run.
    pub fn apply(&mut self, seen: &Observation) {
        self.fold(seen, false);
    }

    /// Folds in a fact of an earlier run, read from the journal: it shows with its age and is worth nothing until
    /// an endpoint proves it anew. Facts about connections are dropped.
    pub fn restore(&mut self, seen: &Observation) {
        self.fold(seen, true);
    }

    fn fold(&mut self, seen: &Observation, restored: bool) {
        self.applied = self.applied.wrapping_add(1);
        let chain = self.chains.entry(seen.chain.clone()).or_insert_with(|| ChainView::new(seen.at));
        chain.fold(seen, restored);
        if validators::is_about_them(&seen.fact) {
            chain.validators.revision = validators::Revision(self.applied);
        }
    }

    /// Forgets all chains but these.
    pub fn retain(&mut self, chains: &[ChainId]) {
        self.chains.retain(|id, _| chains.contains(id));
    }

    /// The gap that opens where `seen` is the first finalized block of this run and an earlier run did not come so far:
    /// a fact of its own, to be folded, and kept, before `seen`.
    #[must_use]
    pub fn gap_before(&self, seen: &Observation) -> Option<Observation> {
        let Fact::Finalized { at, .. } = &seen.fact else { return None };
        let (from, to) = self.chain(&seen.chain)?.missed_before(*at)?;
        let fact = Fact::Gap { from, to };
        Some(Observation { at: seen.at, chain: seen.chain.clone(), endpoint: None, fact })
    }

    /// What is known about a chain; none where no source has said anything.
    #[must_use]
    pub fn chain(&self, id: &ChainId) -> Option<&ChainView> {
        self.chains.get(id)
    }

    /// All chains about which something was said.
    pub fn chains(&self) -> impl Iterator<Item = (&ChainId, &ChainView)> {
        self.chains.iter()
    }
}

/// Everything known about one chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChainView {
    /// When the first fact about it came.
    pub first_seen: UnixMs,
    /// Who it is.
    pub identity: Reading<Identity>,
    /// The runtime in force.
    pub runtime: Reading<RuntimeVersion>,
    /// Its endpoints.
    pub endpoints: BTreeMap<EndpointId, EndpointView>,
    /// The endpoint through which it is read.
    pub source: Option<EndpointId>,
    /// Best block.
    pub best: Option<Observed<BlockRef>>,
    /// Finalized block.
    pub finalized: Option<Observed<BlockRef>>,
    /// Own timestamp of the finalized block, where it was read.
    pub finalized_timestamp: Option<UnixMs>,
    /// Best blocks that came since finality last moved.
    pub best_since_finalized: u64,
    /// The recent best chain.
    pub blocks: BlockRing,
    /// The session in progress.
    pub session: Reading<Session>,
    /// The session's validators.
    pub authorities: Reading<Authorities>,
    /// Slots written and missed in this session.
    pub slots: SlotTally,
    /// The validators and what they did (relay only).
    #[serde(default)]
    pub validators: ValidatorBook,
    /// Active era; `Some(None)` inside where the chain runs none.
    pub era: Reading<Option<Era>>,
    /// Peers of the node we read from.
    pub peers: Reading<u32>,
    /// Transactions in its pool.
    pub pool: Reading<u32>,
    /// Since when every reading of the pool in this run found transactions waiting; none while it is empty or unread.
    #[serde(default)]
    pub pool_busy_since: Option<UnixMs>,
    /// Reorganisations seen in this run, any depth.
    pub reorgs: u32,
    /// The latest reorganisations.
    pub recent_reorgs: VecDeque<Reorg>,
    /// The latest runtime upgrades.
    pub upgrades: VecDeque<Upgrade>,
    /// Finalized blocks that are missing and stay so, `(from, to)`.
    pub gaps: VecDeque<(u64, u64)>,
    /// Endpoints that contradicted each other about finality.
    pub conflicts: VecDeque<Conflict>,
    /// Disputes (relay only).
    pub disputes: Reading<Disputes>,
    /// Progress of the paras, seen from the relay.
    pub paras: BTreeMap<ParaId, ParaProgress>,
    /// What the relay's state says of its paras (relay only). A read that failed leaves what was read before, at its block;
    /// why it failed stands in `unread` under `paras`.
    #[serde(default)]
    pub parachains: Reading<Box<Paras>>,
    /// The market of cores (Coretime chain only); kept like `parachains`, under `coretime`.
    #[serde(default)]
    pub coretime: Reading<Box<Coretime>>,
    /// Its governance. A read that failed leaves what was read before; why it failed stands in `unread` under `governance`.
    #[serde(default)]
    pub governance: Reading<Box<Governance>>,
    /// The latest uses of the sudo key, oldest first.
    #[serde(default)]
    pub sudo: VecDeque<Observed<SudoUse>>,
    /// Its parameters, and what changed of them.
    #[serde(default)]
    pub ledger: Ledger,
    /// Balances.
    #[serde(default)]
    pub balances: BalanceBook,
    /// Sections that could not be read, with the reason.
    pub unread: BTreeMap<String, Clean>,
}

/// A reorganisation of the best chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reorg {
    /// When it was seen.
    pub at: UnixMs,
    /// Blocks that were best and are not any more.
    pub depth: u64,
    /// The best block before.
    pub from: BlockRef,
    /// The best block after.
    pub to: BlockRef,
}

/// A runtime upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// When it was seen.
    pub at: UnixMs,
    /// The runtime before; none where it had not been read.
    pub old: Option<RuntimeVersion>,
    /// The runtime after.
    pub new: RuntimeVersion,
    /// First block that the new runtime governs.
    pub since: BlockRef,
}

/// Two endpoints that claim different finalized blocks at one height.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// When it was seen.
    pub at: UnixMs,
    /// The height.
    pub number: u64,
    /// The endpoint that contradicts.
    pub endpoint: Option<EndpointId>,
    /// Our hash.
    pub ours: super::Hash,
    /// Its hash.
    pub theirs: super::Hash,
}

/// Disputes on the relay chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disputes {
    /// Open and recently concluded ones.
    pub all: Vec<Dispute>,
    /// `ParasDisputes.Frozen`.
    pub frozen: Option<u64>,
}

/// A para's progress on the relay chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParaProgress {
    /// Last relay block that included a block of it; none where it never was.
    pub last_included: Option<u64>,
    /// When that was seen; none where it was read from state.
    pub included_at: Option<UnixMs>,
    /// Last relay block that backed a block of it.
    pub last_backed: Option<u64>,
    /// Relay blocks in which a candidate of it timed out, newest last.
    pub timed_out: VecDeque<u64>,
    /// When an endpoint last said in this run which block was included last (or that none was); none while
    /// `last_included` is from the journal or not read at all.
    #[serde(default)]
    pub read_at: Option<UnixMs>,
}

impl ChainView {
    /// A chain about which nothing is known.
    #[must_use]
    pub fn new(now: UnixMs) -> Self {
        Self {
            first_seen: now,
            identity: Reading::default(),
            runtime: Reading::default(),
            endpoints: BTreeMap::new(),
            source: None,
            best: None,
            finalized: None,
            finalized_timestamp: None,
            best_since_finalized: 0,
            blocks: BlockRing::default(),
            session: Reading::default(),
            authorities: Reading::default(),
            slots: SlotTally::default(),
            validators: ValidatorBook::default(),
            era: Reading::default(),
            peers: Reading::default(),
            pool: Reading::default(),
            pool_busy_since: None,
            reorgs: 0,
            recent_reorgs: VecDeque::new(),
            upgrades: VecDeque::new(),
            gaps: VecDeque::new(),
            conflicts: VecDeque::new(),
            disputes: Reading::default(),
            paras: BTreeMap::new(),
            parachains: Reading::default(),
            coretime: Reading::default(),
            governance: Reading::default(),
            sudo: VecDeque::new(),
            ledger: Ledger::default(),
            balances: BalanceBook::default(),
            unread: BTreeMap::new(),
        }
    }

    /// Best minus finalized in blocks; none while one of them is unknown.
    #[must_use]
    pub fn finality_lag(&self) -> Option<u64> {
        let best = self.best.as_ref()?.value.number;
        Some(best.saturating_sub(self.finalized.as_ref()?.value.number))
    }

    /// Milliseconds between blocks that this chain should keep, or 6 000 where nothing tells.
    #[must_use]
    pub fn block_time_ms(&self, profile: Option<u64>) -> u64 {
        self.known_block_time_ms(profile).unwrap_or(6_000)
    }

    /// Milliseconds between blocks that this chain should keep: the chain's constant, else the profile's value, else
    /// the median of recent blocks, else the Aura slot (CONTRACT `block_time_ms.target`); none where nothing tells.
    #[must_use]
    pub fn known_block_time_ms(&self, profile: Option<u64>) -> Option<u64> {
        let identity = self.identity.value();
        identity
            .and_then(|i| i.block_time_ms)
            .or(profile)
            .or_else(|| self.blocks.block_times(20).filter(|t| t.samples >= 10).map(|t| t.p50_ms))
            .or_else(|| identity.and_then(|i| i.slot_duration_ms))
    }

    /// The highest best number that any connected endpoint reports: what a lost one said last makes nobody late.
    #[must_use]
    pub fn best_peer(&self) -> Option<u64> {
        self.endpoints.values().filter(|e| e.is_heard()).filter_map(|e| e.best).map(|b| b.number).max()
    }

    /// What an endpoint's data is worth: [`EndpointView::badge`], and the old head of a standing chain, just received,
    /// is not live either. A block that came live is as young as its arrival, whatever its own clock says.
    #[must_use]
    pub fn badge_of(&self, endpoint: &EndpointView, now: UnixMs, block_time_ms: u64) -> Badge {
        let badge = endpoint.badge(now, block_time_ms, self.best_peer());
        if badge != Badge::Live {
            return badge;
        }
        let row = endpoint.best.and_then(|best| self.blocks.by_hash(&best.hash));
        let made = row.filter(|row| !self.blocks.came_live(row)).and_then(|row| row.block.timestamp);
        match made.map(|made| now.since(made)) {
            Some(age) if age > 3 * block_time_ms => Badge::Frozen(age),
            _ => Badge::Live,
        }
    }

    /// Endpoints with their badges.
    pub fn badges(
        &self,
        now: UnixMs,
        block_time_ms: u64,
    ) -> impl Iterator<Item = (&EndpointId, &EndpointView, Badge)> {
        self.endpoints.iter().map(move |(id, e)| (id, e, self.badge_of(e, now, block_time_ms)))
    }

    /// True while the newest values come from an endpoint of this run.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.best.as_ref().is_some_and(|b| matches!(b.origin, Origin::Endpoint(_)))
    }

    /// The name of an authority by its index in the current session.
    #[must_use]
    pub fn authority(&self, index: u32) -> Option<AccountId> {
        self.authorities.value()?.validators.get(usize::try_from(index).ok()?).copied()
    }
}

#[cfg(test)]
mod tests;
