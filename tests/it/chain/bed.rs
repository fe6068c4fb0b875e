//! A running supervisor with its observations.

use crate::faultd::{Chain, Node};
use sereno::chain::Endpoint;
use sereno::chain::names::{Names, SystemNames};
use sereno::chain::supervisor::{self, Past, StateAt};
use sereno::domain::{
    AccountId, BlockRef, ChainKind, ChainSpec, Fact, Hash, Link, Observation, Thresholds, UnixMs,
};
use sereno::ports::{Clock, Closed, FactSink};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// A clock that may run faster than the world.
struct TestClock {
    start: Instant,
    speed: u64,
}

impl Clock for TestClock {
    fn now(&self) -> UnixMs {
        UnixMs(1_760_000_000_000 + (self.start.elapsed().as_millis() as u64 * self.speed) as i64)
    }
}

#[derive(Clone, Default)]
struct Sink {
    seen: Arc<Mutex<Vec<Observation>>>,
    more: Arc<Notify>,
    /// Keeps only which blocks were best and final: what a test remembers must not look like growth of the program.
    lean: bool,
}

impl FactSink for Sink {
    async fn put(&mut self, mut seen: Observation) -> Result<(), Closed> {
        match &mut seen.fact {
            Fact::Best(block) if self.lean => (block.events, block.candidates) = (Vec::new(), Vec::new()),
            Fact::Finalized { .. } | Fact::Gap { .. } | Fact::Conflict { .. } => {}
            _ if self.lean => return Ok(()),
            _ => {}
        }
        self.seen.lock().unwrap().push(seen);
        self.more.notify_one();
        Ok(())
    }
}

/// How a bed differs from the usual.
pub struct Options {
    pub genesis: Option<Hash>,
    pub clock_speed: u64,
    pub past: Past,
    /// The chain may begin anew with another genesis.
    pub may_restart: bool,
    pub kind: ChainKind,
    pub names: Arc<dyn Names>,
    /// Only best and final blocks are kept, without what is in them.
    pub lean: bool,
    /// Bodies of relay blocks are read.
    pub bodies: bool,
    /// Stashes whose session keys are looked at.
    pub watched: Vec<AccountId>,
    /// Accounts whose balances are watched.
    pub accounts: Vec<AccountId>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            genesis: None,
            clock_speed: 1,
            past: Past { at_once: 0, in_time: 0 },
            may_restart: false,
            kind: ChainKind::Relay,
            names: Arc::new(SystemNames),
            lean: false,
            bodies: false,
            watched: vec![],
            accounts: vec![],
        }
    }
}

/// A supervisor at work.
pub struct Bed {
    sink: Sink,
    tasks: JoinSet<()>,
}

impl Bed {
    /// Watches one chain through the nodes, named `a`, `b`, … in the order of preference.
    pub fn watch(nodes: &[&Node]) -> Self {
        Self::with(nodes.iter().map(|n| n.url()).collect(), &Options::default())
    }

    /// Watches one chain through the URLs.
    pub fn with(urls: Vec<String>, options: &Options) -> Self {
        let endpoints: Vec<Endpoint> = urls
            .into_iter()
            .enumerate()
            .map(|(i, url)| Endpoint::new(name(i).as_str().into(), url))
            .collect();
        let spec = ChainSpec {
            id: "relay".into(),
            name: "Relay".to_owned(),
            kind: options.kind,
            block_time_ms: Some(500),
            optional: false,
            genesis: None,
            endpoints: endpoints.iter().map(|e| e.id.clone()).collect(),
            thresholds: Thresholds::default(),
        };
        let config = supervisor::Config {
            spec,
            endpoints,
            paras: vec![],
            genesis: options.genesis,
            may_restart: options.may_restart,
            past: options.past,
            state_at: StateAt::Best,
            names: options.names.clone(),
            bodies: options.bodies,
            watched: options.watched.clone(),
            accounts: options.accounts.clone(),
        };
        let clock = Arc::new(TestClock { start: Instant::now(), speed: options.clock_speed });
        let sink = Sink { lean: options.lean, ..Sink::default() };
        let mut tasks = JoinSet::new();
        let run = supervisor::run(config, clock, sink.clone());
        tasks.spawn(async move {
            let _ = run.await;
        });
        Self { sink, tasks }
    }

    /// Lets the chain grow by a block every `ms`.
    pub fn produce(&mut self, chain: &Arc<Chain>, ms: u64) {
        let chain = chain.clone();
        self.tasks.spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(ms));
            loop {
                tick.tick().await;
                chain.advance(1);
            }
        });
    }

    /// Everything seen so far.
    pub fn seen(&self) -> Vec<Observation> {
        self.sink.seen.lock().unwrap().clone()
    }

    /// Waits until `holds`; tells how long it took.
    pub async fn until(&self, what: &str, seconds: u64, holds: impl Fn(&[Observation]) -> bool) -> Duration {
        let started = Instant::now();
        let wait = async {
            loop {
                if holds(&self.sink.seen.lock().unwrap()) {
                    return;
                }
                self.sink.more.notified().await;
            }
        };
        if timeout(Duration::from_secs(seconds), wait).await.is_err() {
            let seen = self.seen();
            let heard = |o: &&Observation| !matches!(o.fact, Fact::PeerBest(_) | Fact::PeerFinalized(_));
            let mut tail: Vec<String> = seen.iter().rev().filter(heard).take(60).map(brief).collect();
            tail.reverse();
            panic!("not within {seconds} s: {what}; last seen:\n{}", tail.join("\n"));
        }
        started.elapsed()
    }

    /// Waits until best block `number` was read.
    pub async fn until_best(&self, number: u64, seconds: u64) -> Duration {
        self.until(&format!("best block {number}"), seconds, |seen| bests(seen).any(|b| b.number >= number))
            .await
    }

    /// Waits until block `number` is final.
    pub async fn until_final(&self, number: u64, seconds: u64) -> Duration {
        self.until(&format!("final block {number}"), seconds, |seen| finals(seen).any(|b| b.number >= number))
            .await
    }

    /// Lets time pass: for proofs that nothing happens.
    pub async fn pass(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// True while the supervisor has not ended.
    pub fn panicked(&mut self) -> bool {
        self.tasks.try_join_next().is_some()
    }
}

/// `a`, `b`, …
pub fn name(i: usize) -> String {
    char::from(b'a' + i as u8).to_string()
}

/// One line of an observation.
pub fn brief(o: &Observation) -> String {
    let text: String = format!("{:?}", o.fact).chars().take(220).collect();
    format!("{} {} {text}", o.at.0 % 1_000_000, o.endpoint.as_ref().map_or("-", |e| e.as_str()))
}

/// Best blocks in the order seen.
pub fn bests(seen: &[Observation]) -> impl Iterator<Item = BlockRef> {
    seen.iter().filter_map(|o| match &o.fact {
        Fact::Best(b) => Some(b.at),
        _ => None,
    })
}

/// Final blocks in the order seen.
pub fn finals(seen: &[Observation]) -> impl Iterator<Item = BlockRef> {
    seen.iter().filter_map(|o| match &o.fact {
        Fact::Finalized { at, .. } => Some(*at),
        _ => None,
    })
}

/// Link states of one endpoint.
pub fn links<'a>(seen: &'a [Observation], endpoint: &'a str) -> impl Iterator<Item = &'a Link> {
    of(seen, endpoint).filter_map(|o| match &o.fact {
        Fact::Link(link) => Some(link),
        _ => None,
    })
}

/// What one endpoint said.
pub fn of<'a>(seen: &'a [Observation], endpoint: &'a str) -> impl Iterator<Item = &'a Observation> {
    seen.iter().filter(move |o| o.endpoint.as_ref().is_some_and(|e| e.as_str() == endpoint))
}

/// The endpoint that the newest best block came through.
pub fn reader(seen: &[Observation]) -> Option<String> {
    let newest = seen.iter().rev().find(|o| matches!(o.fact, Fact::Best(_)))?;
    Some(newest.endpoint.as_ref()?.as_str().to_owned())
}

/// Proves that finality went up one by one along the chain.
pub fn assert_unbroken(seen: &[Observation], chain: &Chain) {
    let line: Vec<BlockRef> = finals(seen).collect();
    for pair in line.windows(2) {
        assert_eq!(pair[1].number, pair[0].number + 1, "missing or doubled");
    }
    for block in line {
        assert_eq!(Some(block.hash), chain.hash(block.number), "block {}", block.number);
    }
    assert!(!seen.iter().any(|o| matches!(o.fact, Fact::Gap { .. } | Fact::Conflict { .. })));
}

/// The reason of the newest loss.
pub fn reason(seen: &[Observation], endpoint: &str) -> Option<String> {
    links(seen, endpoint)
        .filter_map(|l| match l {
            Link::Down { reason, .. } | Link::Parked { reason, .. } => Some(reason.to_string()),
            _ => None,
        })
        .last()
}
