//! Putting the parts of a command together: clock, profile, pins, depth.
//!
//! In: a profile and what the command wants to see. Out: a [`Plan`]. Here, and nowhere else, the permit to write is issued
//! once this program can write; today nothing can. Must not run anything.

use super::clock::SystemClock;
use super::register::Register;
use super::sources::Plan;
use crate::chain::Endpoint;
use crate::chain::reader::Known;
use crate::chain::supervisor::{Past, StateAt};
use crate::config::Profile;
use crate::domain::{ChainId, Clean, Hash, Network, UnixMs};
use crate::journal::{Journal, Role};
use crate::ports::Clock;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Blocks before the best one that are read at once where block times are wanted.
pub(super) const GLANCE: u64 = 20;
/// Blocks that a console reads in time beside its live reads (DESIGN §3).
const BACKFILL: u64 = 250;

/// How deep a command looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// From now on: `watch`.
    FromNow,
    /// A glance back for block times: `check`, `doctor`, a snapshot at the best block.
    Glance,
    /// The same for those who stay: `record`, `metrics`. Bodies are read too, as by consoles and `watch`.
    GlanceAndStay,
    /// The same, with sessions and eras as of the finalized block: a snapshot at `finalized`.
    GlanceAtFinalized,
    /// A glance at once and more in time: consoles and walls.
    Console,
}

/// The clock and the state directory that every command shares.
#[derive(Clone)]
pub struct Base {
    /// The clock.
    pub(super) clock: Arc<dyn Clock>,
    /// The state directory; one folder a network below it.
    pub(super) state_dir: PathBuf,
    /// Runtimes that were read in this run.
    pub(super) known: Arc<Known>,
}

impl Base {
    /// A base; `now` is where `--now` lets the clock begin.
    #[must_use]
    pub fn new(now: Option<UnixMs>, state_dir: &Path) -> Self {
        Self {
            clock: Arc::new(SystemClock::new(now)),
            state_dir: state_dir.to_owned(),
            known: Arc::default(),
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// What to watch. The register of validators is read where it lies on this machine. Genesis hashes pinned at an
    /// earlier contact are read where the network is public.
    #[must_use]
    pub fn plan(&self, profile: Profile, depth: Depth) -> Plan {
        let dial = |e: &crate::config::Endpoint| Endpoint::new(e.id.clone(), e.url.expose().to_owned());
        let endpoints = profile
            .endpoints
            .iter()
            .map(|(chain, list)| (chain.clone(), list.iter().map(dial).collect()))
            .collect();
        let (genesis, notices) = self.pins(&profile.network);
        let (at_once, in_time) = match depth {
            Depth::FromNow => (0, 0),
            Depth::Glance | Depth::GlanceAndStay | Depth::GlanceAtFinalized => (GLANCE, 0),
            Depth::Console => (GLANCE, BACKFILL),
        };
        let state_at = if depth == Depth::GlanceAtFinalized { StateAt::Finalized } else { StateAt::Best };
        let bodies = matches!(depth, Depth::FromNow | Depth::GlanceAndStay | Depth::Console);
        let past = Past { at_once, in_time };
        let mut network = profile.network;
        let home = self.state_dir.join(&network.id);
        let (register, roster) = Register::open(profile.roster, &home, self.clock.now());
        network.roster = roster;
        Plan { network, endpoints, genesis, past, state_at, bodies, notices, register }
    }

    /// The pins of a public network, and why they could not be read; another network has none.
    fn pins(&self, network: &Network) -> (BTreeMap<ChainId, Hash>, Vec<Clean>) {
        let mut journal =
            Journal::open(&self.state_dir, &network.id, Role::Headless, self.clock.now()).journal;
        pinned(&mut journal, network)
    }
}

/// The genesis hashes that are pinned for a network, and one sentence where the journal cannot tell: then each chain is
/// whatever its first endpoint says, and a person should know.
pub(super) fn pinned(journal: &mut Journal, network: &Network) -> (BTreeMap<ChainId, Hash>, Vec<Clean>) {
    let mut pins = BTreeMap::new();
    for chain in network.chains.iter().filter(|_| network.public) {
        let pin = journal.pinned_genesis(&chain.id);
        if let Some(why) = journal.take_notices().first() {
            let text = format!(
                "The pinned genesis hashes do not count, each chain is what its first endpoint says: {why} Compare \
                 with sereno doctor."
            );
            return (pins, vec![Clean::of(&text)]);
        }
        pins.extend(pin.map(|pin| (chain.id.clone(), pin)));
    }
    (pins, Vec::new())
}
