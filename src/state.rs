//! The application's state: the store, the alerts, and what the user has selected.
//!
//! In: messages, through `app::update`. Out: what tabs, reports and the wall read. Serialisable as a whole; selection is
//! by key, never by row. Must not import tabs, app, runtime, or any edge.

pub mod alerts;
pub mod balances;
pub mod cores;
pub mod filter;
pub mod form;
pub mod governance;
pub mod health;
pub mod input;
pub mod paras;
pub mod runbooks;
pub mod table;
pub mod ui;
pub mod validators;

use crate::domain::{
    AccountId, Alert, AlertId, Badge, ChainId, ChainSpec, ChainView, Clean, EndpointId, Hash, Network,
    Origin, Store, UnixMs,
};
use crate::keymap::Keymap;
use alerts::{AlertBook, Change};
use health::{Health, chain_health};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use ui::Ui;

/// Notices kept.
pub const MAX_NOTICES: usize = 50;

/// How the console is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Full screen, with keys.
    Console,
    /// Display without operator.
    Wall,
    /// A recording, with keys.
    Replay,
    /// A recording on a display.
    WallReplay,
    /// Without a screen.
    Headless,
}

impl Mode {
    /// True for a recording.
    #[must_use]
    pub fn is_replay(self) -> bool {
        matches!(self, Self::Replay | Self::WallReplay)
    }

    /// True for a display that nobody touches.
    #[must_use]
    pub fn is_wall(self) -> bool {
        matches!(self, Self::Wall | Self::WallReplay)
    }
}

/// Where a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReplayState {
    /// Milliseconds into the recording.
    pub at_ms: u64,
    /// Length of the recording in milliseconds.
    pub length_ms: u64,
    /// Times real time.
    pub speed: f64,
    /// True while it stands still.
    pub paused: bool,
}

/// Something the operator should know about the console itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When it was said.
    pub at: UnixMs,
    /// What.
    pub text: Clean,
}

/// What this run could not keep, counted since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Facts that the journal did not take.
    pub facts: u64,
    /// Acknowledgements that the journal did not take.
    pub acks: u64,
    /// Lines that the log file did not take.
    pub log_lines: u64,
}

/// Everything the console is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppState {
    /// What is known about the chains.
    pub store: Store,
    /// The network that is watched.
    pub network: Network,
    /// What is wrong.
    pub alerts: AlertBook,
    /// Facts that detection has seen.
    pub evaluated: u64,
    /// Now; 0 before the first tick.
    pub now: UnixMs,
    /// When the console started.
    pub started: UnixMs,
    /// What the user has open.
    pub ui: Ui,
    /// How the console is used.
    pub mode: Mode,
    /// Who sits here; self-declared.
    pub operator: String,
    /// Minutes by which the operator's own time is ahead of UTC; none where that is not known, or is UTC.
    #[serde(default)]
    pub zone_minutes: Option<i32>,
    /// What the operator should know about the console, newest last.
    pub notices: VecDeque<Notice>,
    /// What could not be kept.
    #[serde(default)]
    pub lost: Lost,
    /// Where the replay stands.
    pub replay: Option<ReplayState>,
    /// Runbooks, and the one that is filled in.
    #[serde(default)]
    pub runbooks: runbooks::Runbooks,
    /// Which key does what.
    #[serde(skip)]
    pub keymap: Keymap,
    /// The validators, derived from the store.
    #[serde(skip)]
    pub seats: validators::Seats,
    /// Watched balances and movements, derived from the store.
    #[serde(skip)]
    pub purse: balances::Kept,
}

impl AppState {
    /// A console that knows nothing yet.
    #[must_use]
    pub fn new(network: Network, keymap: Keymap, operator: String, mode: Mode) -> Self {
        Self {
            store: Store::default(),
            network,
            alerts: AlertBook::default(),
            evaluated: 0,
            now: UnixMs::default(),
            started: UnixMs::default(),
            ui: Ui::default(),
            mode,
            operator,
            zone_minutes: None,
            notices: VecDeque::new(),
            lost: Lost::default(),
            replay: None,
            runbooks: runbooks::Runbooks::default(),
            keymap,
            seats: validators::Seats::default(),
            purse: balances::Kept::default(),
        }
    }

    /// Begins again with another store: a replay that jumped back. What the user has open stays.
    pub fn begin_again(&mut self, store: Store) {
        self.store = store;
        self.seats = validators::Seats::default();
        self.purse = balances::Kept::default();
        self.alerts = AlertBook::default();
        self.evaluated = 0;
        self.now = UnixMs::default();
        self.started = UnixMs::default();
    }

    /// Remembers a notice.
    pub fn notice(&mut self, text: Clean) {
        self.notices.push_back(Notice { at: self.now, text });
        while self.notices.len() > MAX_NOTICES {
            self.notices.pop_front();
        }
    }

    /// Runs the detectors and returns what changed.
    pub fn evaluate(&mut self) -> Vec<Change> {
        self.evaluated = self.store.applied;
        self.alerts.evaluate(&self.network, &self.store, self.now)
    }

    /// A chain of the profile with what is known about it; none where the profile does not know it.
    #[must_use]
    pub fn chain(&self, id: &ChainId) -> Option<Chain<'_>> {
        let spec = self.network.chain(id)?;
        Some(Chain { state: self, spec, view: self.store.chain(id) })
    }

    /// The relay chain.
    #[must_use]
    pub fn relay(&self) -> Option<Chain<'_>> {
        let spec = self.network.relay()?;
        Some(Chain { state: self, spec, view: self.store.chain(&spec.id) })
    }

    /// The relay's paras, worst first; none where they were never read.
    #[must_use]
    pub fn board(&self) -> Option<paras::Board<'_>> {
        let relay = self.relay()?;
        let alerts = self.alerts.standing().map(|s| &s.alert);
        paras::Board::of(&self.network, (relay.spec, relay.view?), alerts, self.now)
    }

    /// The chains in the order of the profile.
    pub fn chains(&self) -> impl Iterator<Item = Chain<'_>> {
        self.network.chains.iter().map(|spec| Chain { state: self, spec, view: self.store.chain(&spec.id) })
    }

    /// The alert of this id, where it stands.
    #[must_use]
    pub fn alert(&self, id: &AlertId) -> Option<Alert> {
        self.alerts.get(id).map(|s| s.alert.clone())
    }

    /// Alerts that ask for attention: not folded under a cause, not silenced, worst first.
    #[must_use]
    pub fn visible_alerts(&self) -> Vec<Alert> {
        let rows = self.alerts.visible().into_iter().filter(|r| r.silenced_until.is_none());
        rows.map(|r| r.standing.alert.clone()).collect()
    }

    /// Is the network all right, and if not since when and why.
    #[must_use]
    pub fn sentence(&self) -> health::Sentence {
        health::sentence(&self.network, &self.store, &self.alerts, self.now)
    }

    /// What no rule can tell, a line for each group of chains; those that are absent are not counted, here as elsewhere.
    #[must_use]
    pub fn blind_lines(&self) -> Vec<String> {
        let counted = |id: &ChainId| self.chain(id).filter(|c| c.health() != Health::Absent);
        self.alerts.blind_lines(|id| counted(id).map(|c| c.spec.name.as_str()))
    }

    /// The name of an account, where the profile gives one, else the register.
    #[must_use]
    pub fn name_of(&self, account: &AccountId) -> Option<&str> {
        self.network.name_of(account)
    }

    /// The moment of the newest head that any endpoint sent in this run: the heart beats by it, so that it cannot beat
    /// when data has stopped.
    #[must_use]
    pub fn newest_data(&self) -> Option<UnixMs> {
        let heads = self.store.chains().flat_map(|(_, c)| c.endpoints.values().filter_map(|e| e.best_at));
        let blocks = self.store.chains().filter_map(|(_, c)| {
            c.best.as_ref().filter(|b| matches!(b.origin, Origin::Endpoint(_))).map(|b| b.at)
        });
        heads.chain(blocks).max()
    }
}

/// What a value is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// From an endpoint of this run, young enough.
    Fresh,
    /// Too old to rely on.
    Old,
    /// Nothing is known.
    Unknown,
}

impl Freshness {
    /// `·` fresh, `~` old, `?` unknown.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Fresh => "·",
            Self::Old => "~",
            Self::Unknown => "?",
        }
    }
}

/// A chain of the profile and what is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a> {
    /// The whole state.
    pub state: &'a AppState,
    /// The profile's words.
    pub spec: &'a ChainSpec,
    /// What is known; none where no source has said anything.
    pub view: Option<&'a ChainView>,
}

impl<'a> Chain<'a> {
    /// Expected milliseconds between blocks.
    #[must_use]
    pub fn block_time_ms(&self) -> u64 {
        let profile = self.spec.block_time_ms;
        self.view.map_or(profile.unwrap_or(6_000), |v| v.block_time_ms(profile))
    }

    /// What the chain's newest block is worth: fresh is younger than three block times.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        match self.view.and_then(|v| v.best.as_ref()) {
            None => Freshness::Unknown,
            Some(best) => self.freshness_of(best.at, &best.origin, 3),
        }
    }

    /// What a value is worth that was received at `at` and should be renewed within so many block times.
    #[must_use]
    pub fn freshness_of(&self, at: UnixMs, origin: &Origin, block_times: u64) -> Freshness {
        let young = self.state.now.since(at) <= block_times.saturating_mul(self.block_time_ms());
        match origin {
            Origin::Endpoint(_) if young => Freshness::Fresh,
            _ => Freshness::Old,
        }
    }

    /// Milliseconds since the newest block: by its own timestamp, else since it was received.
    #[must_use]
    pub fn last_block_ms(&self) -> Option<u64> {
        let best = self.view?.best.as_ref()?;
        let own = self.view?.blocks.by_hash(&best.value.hash).and_then(|r| r.block.timestamp);
        Some(self.state.now.since(own.unwrap_or(best.at)))
    }

    /// Endpoints in the order of the profile, then others, each with its badge; none where it was never dialled.
    #[must_use]
    pub fn endpoints(&self) -> Vec<(&'a EndpointId, Option<(&'a crate::domain::EndpointView, Badge)>)> {
        let known: Vec<_> =
            self.view.map(|v| v.badges(self.state.now, self.block_time_ms()).collect()).unwrap_or_default();
        let find = |id: &EndpointId| known.iter().find(|(k, ..)| *k == id).map(|(_, e, b)| (*e, *b));
        let listed = self.spec.endpoints.iter().map(|id| (id, find(id)));
        let others = known.iter().filter(|(k, ..)| !self.spec.endpoints.contains(k));
        listed.chain(others.map(|(k, e, b)| (*k, Some((*e, *b))))).collect()
    }

    /// How the chain is.
    #[must_use]
    pub fn health(&self) -> Health {
        chain_health(self.spec, self.view, &self.state.alerts, self.state.now)
    }

    /// Number of live endpoints.
    #[must_use]
    pub fn live(&self) -> usize {
        health::live_endpoints(self.spec, self.view, self.state.now).live
    }

    /// An account's address in this chain's prefix; hex where no prefix is known.
    #[must_use]
    pub fn address(&self, account: &AccountId) -> String {
        self.ss58_prefix().map_or_else(|| account.to_string(), |prefix| account.ss58(prefix))
    }

    /// The same, shortened in the middle.
    #[must_use]
    pub fn address_short(&self, account: &AccountId) -> String {
        self.ss58_prefix().map_or_else(|| Hash(account.0).short(), |prefix| account.short(prefix))
    }

    fn ss58_prefix(&self) -> Option<u16> {
        self.view.and_then(|v| v.identity.value()).and_then(|i| i.ss58_prefix)
    }

    /// Everything that stands on this chain and is sure, folded and silenced alerts too: worst first, causes before what they explain.
    #[must_use]
    pub fn standing(&self) -> Vec<Alert> {
        let own = self.state.alerts.standing().filter(|s| s.alert.chain == self.spec.id && !s.unsure);
        let mut all: Vec<Alert> = own.map(|s| s.alert.clone()).collect();
        all.sort_by_key(|a| (std::cmp::Reverse(a.severity), a.cause_id.is_some(), a.since));
        all
    }
}
