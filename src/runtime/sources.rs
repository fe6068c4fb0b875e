//! The sources: one supervisor a chain, all feeding one bounded queue.
//!
//! In: chains with their endpoints. Out: a queue of observations. Dropping [`Sources`] stops everything; nothing waits for
//! an answer of the network. Must not fold.

use super::feed::Woken;
use super::register::Register;
use crate::chain::Endpoint;
use crate::chain::names::SystemNames;
use crate::chain::supervisor::{self, Past, StateAt};
use crate::domain::balance::watch::watched;
use crate::domain::{ChainId, ChainKind, Clean, Hash, Network, Observation};
use crate::ports::{Clock, Closed, FactSink};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// Observations that may wait for the reducer; a full queue makes the sources wait.
const QUEUE: usize = 1_024;

/// What to watch.
#[derive(Clone)]
pub struct Plan {
    /// The network as detectors and tabs see it.
    pub network: Network,
    /// Endpoints with their URLs, by chain.
    pub endpoints: BTreeMap<ChainId, Vec<Endpoint>>,
    /// Genesis hashes that are pinned.
    pub genesis: BTreeMap<ChainId, Hash>,
    /// How much of the past is read.
    pub past: Past,
    /// In whose state sessions and eras are read.
    pub state_at: StateAt,
    /// What a person should know before it runs: pins that could not be read.
    pub notices: Vec<Clean>,
    /// Where the register of validators is, and how old what is known of it.
    pub register: Register,
    /// True where the bodies of relay blocks are read too.
    pub bodies: bool,
}

/// The running sources.
pub struct Sources {
    runtime: Option<Runtime>,
    queue: mpsc::Receiver<Observation>,
}

/// The sending side of the queue.
struct Queue(mpsc::Sender<Observation>);

impl FactSink for Queue {
    async fn put(&mut self, seen: Observation) -> Result<(), Closed> {
        self.0.send(seen).await.map_err(|_| Closed)
    }
}

impl Sources {
    /// Starts a supervisor for every chain of the plan.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(plan: &Plan, clock: &Arc<dyn Clock>) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("rpc").enable_all().build()?;
        let (tx, queue) = mpsc::channel(QUEUE);
        let paras: Vec<_> = plan
            .network
            .chains
            .iter()
            .filter_map(|c| match c.kind {
                ChainKind::Para(id) => Some(id),
                ChainKind::Relay => None,
            })
            .collect();
        for spec in &plan.network.chains {
            let config = supervisor::Config {
                spec: spec.clone(),
                endpoints: plan.endpoints.get(&spec.id).cloned().unwrap_or_default(),
                paras: if spec.kind == ChainKind::Relay { paras.clone() } else { Vec::new() },
                genesis: plan.genesis.get(&spec.id).copied(),
                may_restart: !plan.network.public,
                past: plan.past,
                state_at: plan.state_at,
                names: Arc::new(SystemNames),
                bodies: plan.bodies,
                watched: plan.network.roster.validators.keys().copied().collect(),
                accounts: watched(&plan.network, spec, None, &[]).into_keys().collect(),
            };
            runtime.spawn(supervisor::run(config, clock.clone(), Queue(tx.clone())));
        }
        Ok(Self { runtime: Some(runtime), queue })
    }

    /// The next observation; none when `deadline` (milliseconds from now) has passed.
    pub fn next_within(&mut self, deadline_ms: u64) -> Option<Observation> {
        let runtime = self.runtime.as_ref()?;
        let limit = Duration::from_millis(deadline_ms);
        runtime.block_on(async { tokio::time::timeout(limit, self.queue.recv()).await.ok().flatten() })
    }

    /// The next thing from `inbox`, which comes first, or the next observation.
    pub(super) fn next_or<T>(&mut self, inbox: &mut mpsc::Receiver<T>, limit: Duration) -> Woken<T> {
        let Some(runtime) = self.runtime.as_ref() else { return Woken::Nothing };
        let queue = &mut self.queue;
        runtime.block_on(async {
            tokio::select! {
                biased;
                Some(item) = inbox.recv() => Woken::Inbox(item),
                Some(seen) = queue.recv() => Woken::Fact(Box::new(seen)),
                () = tokio::time::sleep(limit) => Woken::Nothing,
            }
        })
    }

    /// An observation that is already there.
    pub fn try_next(&mut self) -> Option<Observation> {
        self.queue.try_recv().ok()
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
