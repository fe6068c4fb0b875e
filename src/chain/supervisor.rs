//! The supervisor of one chain: endpoints side by side, one of them read, heads into blocks, finality without a gap.
//!
//! In: the events of all endpoints, a clock. Out: facts in an order that the store can fold. One future, no task of its
//! own; while it waits for an answer it goes on listening to the endpoints, so that a hung node never hides a lost one.
//! Must not draw conclusions: detectors do.

use super::cursor::{Cursor, Plan};
use super::endpoint::{self, Endpoint, Event, Expected, Shared};
use super::names::Names;
use super::pool::Pool;
use super::probes::epoch::Epochs;
use super::probes::runtime::{Loaded, Runtimes};
use super::recent::Recent;
use super::transport::{LinkError, Rpc};
use crate::codec::Header;
use crate::domain::coretime::Coretime;
use crate::domain::para::Paras;
use crate::domain::{
    AccountId, ChainKind, ChainSpec, EndpointId, Fact, Hash, Identity, Link, Observation, ParaId,
};
use crate::ports::{Clock, Closed, FactSink};
use futures::stream::{BoxStream, SelectAll, StreamExt, select_all};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

mod balances;
mod finality;
mod gov;
mod heads;
mod history;
mod paras;
mod start;
mod validators;
mod watch;

/// Endpoint events kept while an answer is awaited; past that the endpoints wait until it has come.
const MAX_PENDING: usize = 1_024;

/// Contradictions remembered, so that none is told twice.
const MAX_CONFLICTS: usize = 64;

/// How much of the past is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// Blocks before the best one that are read at once at the first contact.
    pub at_once: u64,
    /// Blocks that are read one by one beside live reads; 0 for headless commands.
    pub in_time: u64,
}

/// In whose state sessions and eras are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAt {
    /// Of every best block: what the console shows.
    Best,
    /// Of the finalized block of the first contact: what a snapshot at `finalized` says.
    Finalized,
}

/// What to supervise.
pub struct Config {
    /// The chain.
    pub spec: ChainSpec,
    /// Its endpoints, in the order of preference.
    pub endpoints: Vec<Endpoint>,
    /// Paras whose inclusion is read at the start; empty on a para.
    pub paras: Vec<ParaId>,
    /// The genesis hash that is pinned, where one is.
    pub genesis: Option<Hash>,
    /// True where the chain may begin anew with another genesis: a test bed of one's own.
    pub may_restart: bool,
    /// How much of the past is read.
    pub past: Past,
    /// In whose state sessions and eras are read.
    pub state_at: StateAt,
    /// Who knows the addresses of names.
    pub names: Arc<dyn Names>,
    /// True where the bodies of relay blocks are read, for availability bitfields: one request more a block.
    pub bodies: bool,
    /// Stashes whose session keys are looked at besides those of the validators.
    pub watched: Vec<AccountId>,
    /// Accounts whose balances are watched, besides those that the chain itself names.
    pub accounts: Vec<AccountId>,
}

/// Supervises one chain until nobody listens any more.
pub async fn run<S: FactSink>(config: Config, clock: Arc<dyn Clock>, sink: S) -> Closed {
    let block_time = config.spec.block_time_ms.unwrap_or(6_000);
    let expected: Expected = Arc::new(std::sync::Mutex::new(config.genesis.or(config.spec.genesis)));
    let block_time_ms = Arc::new(AtomicU64::new(block_time));
    let shared = Shared { clock: clock.clone(), expected, names: config.names, block_time_ms };
    let streams = config.endpoints.iter().map(|e| endpoint::events(e.clone(), shared.clone()).boxed());
    let supervisor = Supervisor {
        out: Out { chain: config.spec.id.clone(), clock: clock.clone(), sink },
        listening: Listening { endpoints: select_all(streams), pending: VecDeque::new() },
        pool: Pool::new(config.endpoints.iter().map(|e| e.id.clone()).collect()),
        shared,
        reader: Reader::default(),
        source: None,
        cursor: Cursor::default(),
        kind: config.spec.kind,
        may_restart: config.may_restart && config.genesis.is_none() && config.spec.genesis.is_none(),
        past: config.past,
        state_at: config.state_at,
        bodies: config.bodies,
        watched: config.watched,
        accounts: config.accounts,
        paras: config.paras,
    };
    match supervisor.supervise().await {
        Ok(()) => Closed,
        Err(closed) => closed,
    }
}

/// Everything that belongs to reading: survives a change of endpoint.
#[derive(Default)]
struct Reader {
    runtimes: Runtimes,
    current: Option<Arc<Loaded>>,
    recent: Recent,
    epochs: Epochs,
    genesis: Option<Hash>,
    /// The newest best head that was read or given up.
    last_head: Option<Hash>,
    /// How often the same head could not be read.
    failures: u32,
    heads: u64,
    era: Option<Fact>,
    /// True while the disputes must be read again: they changed, or blocks were missed, or reading them failed.
    disputes_due: bool,
    history: history::Progress,
    latency: std::collections::BTreeMap<EndpointId, u32>,
    identity: Option<Identity>,
    /// Contradictions that were told: one claim is told once.
    conflicts: VecDeque<(EndpointId, u64, Hash)>,
    /// The endpoint through which the chain's history was last compared with what is known.
    proved: Option<EndpointId>,
    /// What was told of validators.
    said: validators::Said,
    /// What is left out of the blocks to come.
    pause: validators::Pause,
    /// When the paras are read, and the read under way.
    paras: watch::Watch<Paras>,
    /// When the market of cores is read, and the read under way.
    market: watch::Watch<Coretime>,
    /// When governance is read, and the read under way.
    gov: gov::Governing,
    /// When the balances of watched accounts are read, and the read under way.
    balances: balances::Watch,
}

struct Supervisor<S> {
    out: Out<S>,
    listening: Listening,
    pool: Pool,
    shared: Shared,
    reader: Reader,
    /// The endpoint that was last told to be read.
    source: Option<EndpointId>,
    cursor: Cursor,
    kind: ChainKind,
    may_restart: bool,
    past: Past,
    state_at: StateAt,
    bodies: bool,
    watched: Vec<AccountId>,
    accounts: Vec<AccountId>,
    paras: Vec<ParaId>,
}

/// The way out for facts.
struct Out<S> {
    chain: crate::domain::ChainId,
    clock: Arc<dyn Clock>,
    sink: S,
}

impl<S: FactSink> Out<S> {
    async fn say(&mut self, endpoint: Option<&EndpointId>, fact: Fact) -> Result<(), Closed> {
        let seen = Observation {
            at: self.clock.now(),
            chain: self.chain.clone(),
            endpoint: endpoint.cloned(),
            fact,
        };
        self.sink.put(seen).await
    }
}

/// The endpoints' events, also while something else is awaited.
struct Listening {
    endpoints: SelectAll<BoxStream<'static, (EndpointId, Event)>>,
    pending: VecDeque<(EndpointId, Event)>,
}

impl Listening {
    async fn next(&mut self) -> Option<(EndpointId, Event)> {
        match self.pending.pop_front() {
            Some(event) => Some(event),
            None => self.endpoints.next().await,
        }
    }

    /// Awaits `job`, which uses `endpoint`, while events queue up. Gives up at once when that endpoint is lost.
    async fn during<T>(
        &mut self,
        endpoint: &EndpointId,
        job: impl Future<Output = Result<T, LinkError>>,
    ) -> Result<T, LinkError> {
        let mut job = std::pin::pin!(job);
        loop {
            tokio::select! {
                biased;
                done = &mut job => return done,
                Some((id, event)) = self.endpoints.next(), if self.pending.len() < MAX_PENDING => {
                    let lost = &id == endpoint && is_loss(&event);
                    self.pending.push_back((id, event));
                    if lost {
                        return Err(LinkError::Broken("lost while reading".into()));
                    }
                }
            }
        }
    }
}

fn is_loss(event: &Event) -> bool {
    matches!(event, Event::Link(Link::Down { .. } | Link::Parked { .. } | Link::WrongChain { .. }))
}

/// Why a step of the supervisor ended early.
enum Stop {
    /// Nobody listens: end.
    Closed,
    /// The endpoint failed: choose another.
    Link(LinkError),
    /// This finalized head of the endpoint contradicts what was final before: choose another.
    Conflict(Hash),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<LinkError> for Stop {
    fn from(e: LinkError) -> Self {
        Self::Link(e)
    }
}

impl<S: FactSink> Supervisor<S> {
    async fn supervise(mut self) -> Result<(), Closed> {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let ticked = tokio::select! {
                biased;
                event = self.listening.next() => {
                    let Some((id, event)) = event else { return Ok(()) };
                    self.note(id, event).await?;
                    false
                }
                done = self.reader.paras.done() => {
                    self.tell_paras(done).await?;
                    continue;
                }
                done = self.reader.market.done() => {
                    self.tell_market(done).await?;
                    continue;
                }
                done = self.reader.gov.watch.done() => {
                    self.tell_governance(done).await?;
                    continue;
                }
                done = self.reader.balances.done() => {
                    self.tell_balances(done).await?;
                    continue;
                }
                _ = tick.tick() => true,
            };
            if ticked {
                self.report_latency().await?;
            }
            self.read(ticked).await?;
        }
    }

    /// Notes what an endpoint did.
    async fn note(&mut self, id: EndpointId, event: Event) -> Result<(), Closed> {
        let now = self.out.clock.now();
        match event {
            Event::Link(link) => {
                if !matches!(link, Link::Up) && self.pool.get(&id).is_some() {
                    self.pool.lost(&id);
                    self.reader.proved.take_if(|proved| proved == &id);
                    self.forget_genesis();
                }
                self.out.say(Some(&id), Fact::Link(link)).await
            }
            Event::Up { rpc, genesis } => {
                if self.reader.genesis.is_some_and(|known| known != genesis) {
                    self.reader = Reader::default();
                    self.cursor = Cursor::default();
                }
                self.reader.genesis = Some(genesis);
                let latency = rpc.latency_ms();
                self.pool.connected(id.clone(), rpc, now);
                self.out.say(Some(&id), Fact::Link(Link::Up)).await?;
                match latency {
                    Some(ms) => self.out.say(Some(&id), Fact::Latency(ms)).await,
                    None => Ok(()),
                }
            }
            Event::Best(header) => {
                let at = header.at;
                self.reader.recent.note_header(&header);
                if let Some(conn) = self.pool.get_mut(&id) {
                    conn.best = Some(header);
                    conn.best_at = now;
                }
                self.out.say(Some(&id), Fact::PeerBest(at)).await
            }
            Event::Finalized(header) => {
                let at = header.at;
                if let Some(conn) = self.pool.get_mut(&id) {
                    conn.finalized = Some(header);
                }
                if let Some(Plan::Conflict { number, ours, theirs }) = self.cursor.compare(at) {
                    self.tell_conflict(&id, number, ours, theirs).await?;
                }
                self.out.say(Some(&id), Fact::PeerFinalized(at)).await
            }
        }
    }

    /// Once nothing of a test bed is left, the next node to answer says which genesis counts.
    fn forget_genesis(&self) {
        if self.may_restart
            && self.pool.iter().next().is_none()
            && let Ok(mut expected) = self.shared.expected.lock()
        {
            *expected = None;
        }
    }

    /// Reads what there is to read through the endpoint that serves best.
    async fn read(&mut self, ticked: bool) -> Result<(), Closed> {
        let now = self.out.clock.now();
        self.pool.choose(now);
        let chosen = self.pool.current().cloned();
        if chosen != self.source {
            self.source.clone_from(&chosen);
            self.out.say(chosen.as_ref(), Fact::Source).await?;
        }
        let Some(id) = chosen.filter(|id| self.pool.may_read(id, now)) else { return Ok(()) };
        let Some(conn) = self.pool.get(&id) else { return Ok(()) };
        let finalized = conn.finalized.clone().filter(|f| conn.refused != Some(f.at.hash));
        let (rpc, best) = (conn.rpc.clone(), conn.best.clone());
        let last_head = self.reader.last_head;
        match self.read_through(&id, &rpc, (best, finalized), ticked).await {
            Ok(()) => {
                if self.reader.last_head != last_head {
                    self.pool.trust(&id);
                }
                Ok(())
            }
            Err(Stop::Closed) => Err(Closed),
            Err(Stop::Conflict(claim)) => {
                if let Some(conn) = self.pool.get_mut(&id) {
                    conn.refused = Some(claim);
                }
                self.pool.suspect(&id, self.out.clock.now());
                Ok(())
            }
            Err(Stop::Link(e)) => {
                tracing::warn!(chain = %self.out.chain, endpoint = %id, error = %e, "a read failed");
                self.pool.suspect(&id, self.out.clock.now());
                Ok(())
            }
        }
    }

    async fn read_through(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (best, finalized): (Option<Header>, Option<Header>),
        ticked: bool,
    ) -> Result<(), Stop> {
        let mut read_best = Ok(());
        if let Some(head) = best {
            self.prove(id, rpc).await?;
            if self.reader.current.is_none() {
                self.start(id, rpc, &head).await?;
            }
            self.learn_first_block(id, rpc, &head).await?;
            if self.reader.last_head != Some(head.at.hash) {
                read_best = self.follow_head(id, rpc, &head).await;
            }
        }
        // A refusal to give a block's state is no reason to leave finality behind.
        let refused = matches!(&read_best, Err(Stop::Link(e)) if !e.is_fatal());
        if read_best.is_err() && !refused {
            return read_best;
        }
        if self.reader.current.is_none() {
            return Ok(());
        }
        if let Some(head) = finalized {
            self.follow_finality(id, rpc, &head).await?;
        }
        read_best?;
        if self.reader.history.wants(ticked) {
            self.read_history(id, rpc).await?;
        }
        Ok(())
    }

    /// Tells a contradiction, each claim of an endpoint once.
    async fn tell_conflict(
        &mut self,
        id: &EndpointId,
        number: u64,
        ours: Hash,
        theirs: Hash,
    ) -> Result<(), Closed> {
        let claim = (id.clone(), number, theirs);
        let told = &mut self.reader.conflicts;
        if told.contains(&claim) {
            return Ok(());
        }
        told.push_back(claim);
        while told.len() > MAX_CONFLICTS {
            told.pop_front();
        }
        self.out.say(Some(id), Fact::Conflict { number, ours, theirs }).await
    }

    async fn report_latency(&mut self) -> Result<(), Closed> {
        let now: Vec<(EndpointId, u32)> =
            self.pool.iter().filter_map(|(id, c)| Some((id.clone(), c.rpc.latency_ms()?))).collect();
        for (id, ms) in now {
            let known = self.reader.latency.get(&id).copied();
            let moved = known.is_none_or(|k| k.abs_diff(ms) > k.min(ms) / 2 + 5);
            if moved {
                self.reader.latency.insert(id.clone(), ms);
                self.out.say(Some(&id), Fact::Latency(ms)).await?;
            }
        }
        Ok(())
    }

    /// The block time that endpoints and thresholds are measured by.
    fn set_block_time(&self, ms: Option<u64>) {
        if let Some(ms) = ms {
            self.shared.block_time_ms.store(ms.max(500), Ordering::Relaxed);
        }
    }
}
