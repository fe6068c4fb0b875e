//! One endpoint as an endless stream of events: dial, verify, subscribe, watch, lose, wait, dial again.
//!
//! In: a URL, the chain's expected genesis, a clock. Out: [`Event`]s. An open socket proves nothing: where no head comes
//! for three block times the endpoint is asked for its head, and where that shows that the subscription has died, the
//! connection is dropped and made anew (FAULTS H9, H12). Must not interpret blocks.

use super::names::Names;
use super::transport::{self, LinkError, Rpc};
use crate::codec::Header;
use crate::domain::{Clean, EndpointId, Hash, Link, UnixMs};
use crate::ports::Clock;
use futures::{Stream, stream};
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subxt_rpcs::client::RpcSubscription;
use subxt_rpcs::rpc_params;
use tokio::time::{Sleep, sleep, timeout};

/// First wait after a failure; doubled up to [`MAX_BACKOFF_MS`], with full jitter (H11).
const MIN_BACKOFF_MS: u64 = 500;
/// Longest wait after an ordinary failure: recovery shows within 5 s of the endpoint's return.
const MAX_BACKOFF_MS: u64 = 5_000;
/// How long an endpoint of another chain is left alone.
const WRONG_CHAIN_MS: u64 = 300_000;
/// A connection that held this long makes the next failure the first again.
const SETTLED_MS: u64 = 30_000;
/// How long to wait for the first head before asking for it.
const FIRST_HEAD_MS: u64 = 1_500;
/// Best heads without a finalized one after which finality is asked for.
const PROBE_FINALITY_EVERY: u32 = 5;
/// How long a head that the node has may take to come through the subscription.
const GRACE: Duration = Duration::from_secs(1);

/// An endpoint as the profile gives it.
#[derive(Clone)]
pub struct Endpoint {
    /// Its printable name.
    pub id: EndpointId,
    /// Its URL; never printed.
    pub url: String,
    /// The address that worked last.
    pub last_good: LastGood,
}

/// The address through which an endpoint last proved in this run to be what it should; clones share it, so that it
/// outlives a connection, and reading everything again.
pub type LastGood = Arc<Mutex<Option<SocketAddr>>>;

impl Endpoint {
    /// An endpoint that was never connected.
    #[must_use]
    pub fn new(id: EndpointId, url: String) -> Self {
        Self { id, url, last_good: LastGood::default() }
    }
}

/// The genesis hash that all endpoints of a chain must serve: pinned by the profile or the journal, else set by the
/// first endpoint that answers.
pub type Expected = Arc<Mutex<Option<Hash>>>;

/// What an endpoint did.
pub(super) enum Event {
    /// The connection changed; for `Link::Up` see [`Event::Up`].
    Link(Link),
    /// Verified and subscribed.
    Up {
        /// The connection.
        rpc: Rpc,
        /// The genesis hash it serves.
        genesis: Hash,
    },
    /// A new best head.
    Best(Header),
    /// A new finalized head.
    Finalized(Header),
}

/// What the endpoints of one chain share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) expected: Expected,
    pub(super) names: Arc<dyn Names>,
    /// Block time in milliseconds, kept up to date by the supervisor.
    pub(super) block_time_ms: Arc<AtomicU64>,
}

/// The events of one endpoint, for ever.
pub(super) fn events(endpoint: Endpoint, shared: Shared) -> impl Stream<Item = (EndpointId, Event)> + Send {
    let id = endpoint.id.clone();
    let machine = Machine { endpoint, shared, state: State::Start, failures: 0, up_since: None };
    stream::unfold(machine, move |mut machine| {
        let id = id.clone();
        async move {
            let event = machine.next().await;
            Some(((id, event), machine))
        }
    })
}

struct Machine {
    endpoint: Endpoint,
    shared: Shared,
    state: State,
    failures: u32,
    up_since: Option<UnixMs>,
}

enum State {
    Start,
    Resolve,
    Dial(transport::Target),
    Verify(Rpc, SocketAddr),
    Live(Box<Live>),
    Wait(u64),
}

struct Live {
    rpc: Rpc,
    best: RpcSubscription<serde_json::Value>,
    finalized: RpcSubscription<serde_json::Value>,
    last_best: Option<u64>,
    last_finalized: Option<u64>,
    best_since_finalized: u32,
    /// Runs out when no best head came for too long, however many finalized ones did.
    quiet: Pin<Box<Sleep>>,
    /// An event that was found while another one was told.
    backlog: Option<Event>,
}

impl Machine {
    /// The next thing worth telling. While an endpoint stays away, its attempts are not told one by one: `Down` says
    /// when the next one comes.
    async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.step().await {
                return event;
            }
        }
    }

    async fn step(&mut self) -> Option<Event> {
        let first = self.failures == 0;
        match std::mem::replace(&mut self.state, State::Start) {
            State::Start => {
                self.state = State::Resolve;
                first.then_some(Event::Link(Link::Resolving))
            }
            State::Resolve => match self.resolve().await {
                Ok(target) => {
                    self.state = State::Dial(target);
                    first.then_some(Event::Link(Link::Dialing))
                }
                Err(e) => Some(self.lost(&e)),
            },
            State::Dial(target) => match transport::open(target).await {
                Ok((client, address)) => {
                    self.state = State::Verify(Rpc::new(client, self.shared.clock.clone()), address);
                    Some(Event::Link(Link::Verifying))
                }
                Err(e) => Some(self.lost(&e)),
            },
            State::Verify(rpc, address) => Some(self.verify(rpc, address).await),
            State::Live(mut live) => match watch(&self.shared.block_time_ms, &mut live).await {
                Ok(event) => {
                    self.state = State::Live(live);
                    Some(event)
                }
                Err(e) => Some(self.lost(&e)),
            },
            State::Wait(ms) => {
                sleep(Duration::from_millis(ms)).await;
                self.state = State::Resolve;
                None
            }
        }
    }

    /// Notes a failure and chooses the wait.
    fn lost(&mut self, e: &LinkError) -> Event {
        let now = self.shared.clock.now();
        let reason = Clean::of(&e.to_string());
        if self.up_since.take().is_some_and(|since| now.since(since) > SETTLED_MS) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        if let Some(ms) = e.park_ms() {
            self.state = State::Wait(ms);
            return Event::Link(Link::Parked { reason, until: now.plus(ms) });
        }
        let ms = backoff_ms(self.failures);
        self.state = State::Wait(ms);
        Event::Link(Link::Down { reason, retry_at: now.plus(ms), answered: e.answered() })
    }

    async fn resolve(&mut self) -> Result<transport::Target, LinkError> {
        let last_good = self.endpoint.last_good.lock().ok().and_then(|known| *known);
        transport::resolve(&self.endpoint.url, self.shared.names.as_ref(), last_good).await
    }

    async fn verify(&mut self, rpc: Rpc, address: SocketAddr) -> Event {
        // Asked together: every round trip before the first block is felt.
        let asked = rpc.call::<Hash>("chain_getBlockHash", rpc_params![0]);
        let (genesis, heads) = futures::join!(asked, subscribe(&rpc));
        let genesis = match genesis {
            Ok(hash) => hash,
            Err(e) => return self.lost(&e),
        };
        let expected = match self.shared.expected.lock() {
            Ok(mut known) => *known.get_or_insert(genesis),
            Err(_) => genesis,
        };
        if genesis != expected {
            let until = self.shared.clock.now().plus(WRONG_CHAIN_MS);
            self.state = State::Wait(WRONG_CHAIN_MS);
            return Event::Link(Link::WrongChain { found: genesis, expected, until });
        }
        match heads {
            Ok((best, finalized)) => {
                if let Ok(mut known) = self.endpoint.last_good.lock() {
                    *known = Some(address);
                }
                self.up_since = Some(self.shared.clock.now());
                let live = Live {
                    rpc: rpc.clone(),
                    best,
                    finalized,
                    last_best: None,
                    last_finalized: None,
                    best_since_finalized: 0,
                    quiet: Box::pin(sleep(Duration::from_millis(FIRST_HEAD_MS))),
                    backlog: None,
                };
                self.state = State::Live(Box::new(live));
                Event::Up { rpc, genesis }
            }
            Err(e) => self.lost(&e),
        }
    }
}

impl Live {
    /// A best head came: the silence begins anew.
    fn heard(&mut self, header: &Header, block_time_ms: &AtomicU64) {
        self.last_best = Some(header.at.number);
        self.wait_for(block_time_ms);
    }

    fn wait_for(&mut self, block_time_ms: &AtomicU64) {
        let patience = 3 * block_time_ms.load(Ordering::Relaxed).clamp(1_000, 60_000);
        self.quiet = Box::pin(sleep(Duration::from_millis(patience)));
    }
}

/// Waits for the next head, and asks when none comes.
async fn watch(block_time_ms: &AtomicU64, live: &mut Live) -> Result<Event, LinkError> {
    if let Some(event) = live.backlog.take() {
        return Ok(event);
    }
    loop {
        tokio::select! {
            biased;
            () = live.rpc.given_up() => {
                return Err(LinkError::Broken("the node sends heads but answers no calls".into()));
            }
            head = live.best.next() => {
                let header = read(&live.rpc, head).await?;
                live.heard(&header, block_time_ms);
                live.best_since_finalized += 1;
                if live.best_since_finalized >= PROBE_FINALITY_EVERY {
                    live.best_since_finalized = 0;
                    if let Some(found) = probe_finalized(live).await? {
                        live.last_finalized = Some(found.at.number);
                        live.backlog = Some(Event::Finalized(found));
                    }
                }
                return Ok(Event::Best(header));
            }
            head = live.finalized.next() => {
                let header = read(&live.rpc, head).await?;
                live.last_finalized = Some(header.at.number);
                live.best_since_finalized = 0;
                return Ok(Event::Finalized(header));
            }
            () = &mut live.quiet => {
                let found = probe_best(live).await?;
                live.wait_for(block_time_ms);
                if let Some(header) = found {
                    live.last_best = Some(header.at.number);
                    return Ok(Event::Best(header));
                }
            }
        }
    }
}

type Heads = RpcSubscription<serde_json::Value>;

async fn subscribe(rpc: &Rpc) -> Result<(Heads, Heads), LinkError> {
    futures::try_join!(
        rpc.subscribe("chain_subscribeNewHeads", "chain_unsubscribeNewHeads"),
        rpc.subscribe("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads"),
    )
}

/// A head, or why there is none: a subscription ends with the connection, and only the next call says what ended that.
async fn read(
    rpc: &Rpc,
    item: Option<Result<serde_json::Value, subxt_rpcs::Error>>,
) -> Result<Header, LinkError> {
    if item.is_none()
        && let Err(e @ LinkError::Broken(_)) = rpc.call::<String>("system_chain", rpc_params![]).await
    {
        return Err(e);
    }
    header(item)
}

fn header(item: Option<Result<serde_json::Value, subxt_rpcs::Error>>) -> Result<Header, LinkError> {
    match item {
        Some(Ok(json)) => Header::from_json(&json)
            .map_err(|e| LinkError::Broken(Clean::of(&format!("a head that cannot be read: {e}")))),
        Some(Err(e)) => Err(LinkError::Broken(Clean::of(&e.to_string()))),
        None => Err(LinkError::Broken("the subscription ended".into())),
    }
}

/// Asks for the best head after a silence. A newer one that does not come through the subscription means that it has
/// died; the first one is news for a node whose subscription does not begin with the head it has.
async fn probe_best(live: &mut Live) -> Result<Option<Header>, LinkError> {
    let json: serde_json::Value = live.rpc.call("chain_getHeader", rpc_params![]).await?;
    let head = header(Some(Ok(json)))?;
    match live.last_best {
        None => Ok(Some(head)),
        Some(last) if head.at.number > last => match timeout(GRACE, live.best.next()).await {
            Ok(head) => read(&live.rpc, head).await.map(Some),
            Err(_) => {
                Err(LinkError::Broken("the node has newer blocks but its subscription is silent".into()))
            }
        },
        Some(_) => Ok(None),
    }
}

/// Asks for the finalized head while best blocks come and no finalized one does. The first one is news, and so is one that
/// was only waiting behind the best heads.
async fn probe_finalized(live: &mut Live) -> Result<Option<Header>, LinkError> {
    let hash: Hash = live.rpc.call("chain_getFinalizedHead", rpc_params![]).await?;
    let json: serde_json::Value = live.rpc.call("chain_getHeader", rpc_params![hash]).await?;
    let head = header(Some(Ok(json)))?;
    match live.last_finalized {
        None => Ok(Some(head)),
        Some(last) if head.at.number > last + 2 => match timeout(GRACE, live.finalized.next()).await {
            Ok(head) => read(&live.rpc, head).await.map(Some),
            Err(_) => Err(LinkError::Broken("finality goes on but its subscription is silent".into())),
        },
        Some(_) => Ok(None),
    }
}

/// The wait after so many failures in a row, with full jitter above the floor.
fn backoff_ms(failures: u32) -> u64 {
    let ceiling = MIN_BACKOFF_MS.saturating_mul(1 << failures.min(5)).min(MAX_BACKOFF_MS);
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    MIN_BACKOFF_MS + random % (ceiling - MIN_BACKOFF_MS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_jitter_and_stay_between_half_a_second_and_five() {
        for failures in 1..40 {
            let ms = backoff_ms(failures);
            assert!((MIN_BACKOFF_MS..=MAX_BACKOFF_MS).contains(&ms), "{failures}: {ms}");
        }
        assert!(backoff_ms(1) <= 1_000);
    }
}
