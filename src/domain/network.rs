//! A network as the profile describes it: chains, thresholds, names.
//!
//! In: what `config` read from a TOML file. Out: plain values for detectors and tabs. Holds no URL: endpoints are
//! known here by [`EndpointId`] only.

use super::balance::watch::WatchEntry;
use super::{AccountId, ChainId, Clean, EndpointId, Hash, ParaId, Roster};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A family of chains that are watched together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// `paseo`, `local`.
    pub id: String,
    /// True for a network that others use too: its genesis is pinned at first contact, dev keys are refused.
    pub public: bool,
    /// The chains, in the order in which they are shown. The relay chain comes first where there is one.
    pub chains: Vec<ChainSpec>,
    /// Names for accounts; shown beside the address, never instead of it.
    pub names: BTreeMap<AccountId, String>,
    /// Who runs which validator and collator.
    #[serde(default)]
    pub roster: Roster,
    /// Accounts whose balances are watched, in the order of the profile.
    #[serde(default)]
    pub watch: Vec<WatchEntry>,
}

impl Network {
    /// The chain with this id.
    #[must_use]
    pub fn chain(&self, id: &ChainId) -> Option<&ChainSpec> {
        self.chains.iter().find(|c| &c.id == id)
    }

    /// The relay chain.
    #[must_use]
    pub fn relay(&self) -> Option<&ChainSpec> {
        self.chains.iter().find(|c| c.kind == ChainKind::Relay)
    }

    /// The name of an account: the profile's, else the register's.
    #[must_use]
    pub fn name_of(&self, account: &AccountId) -> Option<&str> {
        let register = || self.roster.name_of(account).map(Clean::as_str);
        self.names.get(account).map(String::as_str).or_else(register)
    }

    /// The chain that is this para.
    #[must_use]
    pub fn para(&self, id: ParaId) -> Option<&ChainSpec> {
        self.chains.iter().find(|c| c.kind == ChainKind::Para(id))
    }
}

/// One chain of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSpec {
    /// The id used by flags and JSON.
    pub id: ChainId,
    /// The name on the screen: `Asset Hub`.
    pub name: String,
    /// Relay chain or parachain.
    pub kind: ChainKind,
    /// Milliseconds between blocks, where the profile says it (parachains).
    pub block_time_ms: Option<u64>,
    /// True where the chain may not exist: absent endpoints are shown and not counted.
    pub optional: bool,
    /// Pinned genesis hash, where the profile gives one.
    pub genesis: Option<Hash>,
    /// Endpoints in the order of the profile.
    pub endpoints: Vec<EndpointId>,
    /// When the detectors fire.
    pub thresholds: Thresholds,
}

/// What a chain is in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainKind {
    /// The relay chain.
    Relay,
    /// A parachain with this number.
    Para(ParaId),
}

/// Limits of the detectors; defaults as in CONTRACT. Where a field says "block times" it is multiplied with the
/// chain's own block time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Thresholds {
    /// `block-stall`: block times without a new best block, major.
    pub block_stall_major: u64,
    /// `block-stall`: the same, critical.
    pub block_stall_critical: u64,
    /// `finality-stall`: block times without a new finalized block while best goes on, major.
    pub finality_stall_major: u64,
    /// `finality-stall`: the same, critical.
    pub finality_stall_critical: u64,
    /// `finality-stall`: best blocks that must have come meanwhile.
    pub finality_stall_best: u64,
    /// `finality-lag`: blocks, minor.
    pub finality_lag_minor: u64,
    /// `finality-lag`: blocks, critical.
    pub finality_lag_critical: u64,
    /// `reorg`: depth in blocks.
    pub reorg_depth: u64,
    /// `endpoint-lag`: blocks behind the best peer.
    pub endpoint_lag_blocks: u64,
    /// `endpoint-lag`: for so many block times.
    pub endpoint_lag_for: u64,
    /// `node-flapping`: drops.
    pub flapping_drops: u64,
    /// `node-flapping`: within so many minutes.
    pub flapping_minutes: u64,
    /// `stale-data`: block times without a live endpoint.
    pub stale_data: u64,
    /// `clock-skew`: milliseconds, minor.
    pub clock_skew_minor_ms: u64,
    /// `clock-skew`: milliseconds, major.
    pub clock_skew_major_ms: u64,
    /// `candidate-failure`: `CandidateTimedOut` of one para.
    pub candidate_failures: u64,
    /// `candidate-failure`: within so many relay blocks.
    pub candidate_window: u64,
    /// `inclusion-failure`: blocks without a transaction while the pool is not empty.
    pub inclusion_failure_blocks: u64,
    /// `para-stall`: relay blocks without inclusion, major.
    pub para_stall_major: u64,
    /// `para-stall`: the same, critical.
    pub para_stall_critical: u64,
    /// `para-code-stuck`: relay blocks that new code may be due without being applied.
    pub para_code_blocks: u64,
    /// `hrmp-backlog`: how full a channel may be, per cent of its messages or bytes.
    pub hrmp_backlog_percent: u64,
    /// `xcm-failure`: newest blocks in which failed messages count.
    pub xcm_failure_window: u64,
    /// `validator-missed`: own slots in a row without a block.
    pub validator_missed_slots: u64,
    /// `validator-missed`: backing votes missed in a row.
    pub validator_missed_votes: u64,
    /// `large-transfer`: whole tokens that move at once.
    pub large_transfer_tokens: u64,
    /// `large-transfer`: the same in millionths of the chain's issuance; the lower of the two counts.
    pub large_transfer_ppm: u64,
    /// `issuance-change`: millionths of the issuance that came or went in a session without an era or teleports to explain it.
    pub issuance_change_ppm: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            block_stall_major: 3,
            block_stall_critical: 10,
            finality_stall_major: 5,
            finality_stall_critical: 10,
            finality_stall_best: 2,
            finality_lag_minor: 10,
            finality_lag_critical: 60,
            reorg_depth: 3,
            endpoint_lag_blocks: 5,
            endpoint_lag_for: 3,
            flapping_drops: 3,
            flapping_minutes: 30,
            stale_data: 5,
            clock_skew_minor_ms: 2_000,
            clock_skew_major_ms: 30_000,
            candidate_failures: 2,
            candidate_window: 10,
            inclusion_failure_blocks: 10,
            para_stall_major: 10,
            para_stall_critical: 50,
            para_code_blocks: 20,
            hrmp_backlog_percent: 80,
            xcm_failure_window: 100,
            validator_missed_slots: 3,
            validator_missed_votes: 10,
            large_transfer_tokens: 100_000,
            large_transfer_ppm: 10_000,
            issuance_change_ppm: 1_000,
        }
    }
}
