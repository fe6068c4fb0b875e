//! Past sessions of a relay chain, read from one node that keeps the state of old blocks.
//!
//! In: an endpoint, a rate, a session. Out: the facts of its blocks in the order in which a console would have seen them, read
//! with the same probes. One request after the other, at a modest rate. Must not count and must not keep anything.

use super::Endpoint;
use super::names::Names;
use super::probes::block::{self, Around, ReadBlock};
use super::probes::epoch::Epochs;
use super::probes::runtime::{Loaded, Runtimes};
use super::probes::validators::Near;
use super::probes::{identity, query};
use super::transport::{self, LinkError, Rpc};
use crate::codec::header::Author;
use crate::codec::{Header, Upgrade};
use crate::domain::{AccountId, Clean, Fact, Hash, Identity};
use crate::ports::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use subxt_rpcs::rpc_params;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Requests that a block costs: hash, header, state, body.
const PER_BLOCK: u32 = 4;
/// A body that took too long is asked for so often.
const BODIES: u32 = 3;

/// Why a session could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackfillError {
    /// The link.
    #[error("{0}")]
    Link(LinkError),
    /// The node forgets the state of old blocks.
    #[error("this node keeps no state of block {block}; give an archive node with --endpoint relay=URL")]
    Pruned {
        /// The block.
        block: u64,
    },
    /// It is another chain than the one known.
    #[error("the node serves another chain: its genesis is {found}, expected {expected}")]
    WrongChain {
        /// What it serves.
        found: Hash,
        /// What is pinned.
        expected: Hash,
    },
    /// Something of the block cannot be read.
    #[error("block {block}: {why}")]
    Unreadable {
        /// The block.
        block: u64,
        /// Why.
        why: Clean,
    },
}

impl BackfillError {
    /// True where another attempt may go better.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Link(_))
    }

    fn at(block: u64, e: LinkError) -> Self {
        let LinkError::Answer { message, .. } = &e else {
            return if e.is_fatal() {
                Self::Link(e)
            } else {
                Self::Unreadable { block, why: Clean::of(&e.to_string()) }
            };
        };
        let forgotten = ["discarded", "UnknownBlock", "Unknown block", "pruned", "not found"];
        if forgotten.iter().any(|word| message.as_str().contains(word)) {
            return Self::Pruned { block };
        }
        Self::Unreadable { block, why: Clean::of(&e.to_string()) }
    }
}

impl From<LinkError> for BackfillError {
    fn from(e: LinkError) -> Self {
        Self::Link(e)
    }
}

/// First and last block of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The session.
    pub session: u32,
    /// Its first block.
    pub first: u64,
    /// Its last block.
    pub last: u64,
}

impl Bounds {
    /// Blocks in it.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

/// A node that is read.
pub struct Archive {
    rpc: Rpc,
    pace: Interval,
    runtimes: Runtimes,
    /// The runtime of the finalized head: it names the storage of the session.
    newest: Arc<Loaded>,
    identity: Identity,
    /// Blocks whose session was looked up.
    known: BTreeMap<u64, u32>,
    /// The node has forgotten the state of blocks up to this one.
    forgotten: u64,
    session: u32,
}

/// What a block was read with and leaves for the next one.
struct Line {
    epochs: Epochs,
    near: Near,
    slot: Option<u64>,
    runtime: Arc<Loaded>,
}

impl Archive {
    /// Connects and looks who the chain is. `expected` is its genesis, where one is known.
    ///
    /// # Errors
    /// No connection, another chain, or no sessions.
    pub async fn open(
        endpoint: &Endpoint,
        names: &dyn Names,
        clock: Arc<dyn Clock>,
        (rate, expected): (u32, Option<Hash>),
    ) -> Result<Self, BackfillError> {
        let target = transport::resolve(&endpoint.url, names, None).await?;
        let (client, _) = transport::open(target).await?;
        let rpc = Rpc::new(client, clock);
        let genesis: Hash = rpc.call("chain_getBlockHash", rpc_params![0]).await?;
        if let Some(expected) = expected.filter(|known| *known != genesis) {
            return Err(BackfillError::WrongChain { found: genesis, expected });
        }
        let finalized: Hash = rpc.call("chain_getFinalizedHead", rpc_params![]).await?;
        let head = header_of(&rpc, finalized).await?;
        let mut runtimes = Runtimes::default();
        let newest = runtimes.load(&rpc, finalized).await?;
        let identity = identity::read(&rpc, &newest, genesis, finalized).await?;
        let mut pace = interval(Duration::from_secs(1) / rate.max(1));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let known = BTreeMap::new();
        let mut archive = Self { rpc, pace, runtimes, newest, identity, known, forgotten: 0, session: 0 };
        if archive.identity.para_id.is_some() {
            let why = "the endpoint serves a para, and validators are the relay chain's".into();
            return Err(BackfillError::Unreadable { block: head.at.number, why });
        }
        archive.session = archive.session_in(head.at.number, finalized).await?;
        archive.known.insert(head.at.number, archive.session);
        Ok(archive)
    }

    /// Who the chain is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The session in progress at the finalized head.
    #[must_use]
    pub fn session(&self) -> u32 {
        self.session
    }

    /// Where a session before the one in progress begins and ends.
    ///
    /// # Errors
    /// The node does not answer, or has forgotten the blocks in question.
    pub async fn bounds(&mut self, session: u32) -> Result<Bounds, BackfillError> {
        let next = self.first_block(session.saturating_add(1)).await?;
        let first = self.first_block(session).await?;
        Ok(Bounds { session, first, last: next.saturating_sub(1) })
    }

    /// The first block of a session: from the nearest one known a session's length back, then by halves.
    async fn first_block(&mut self, session: u32) -> Result<u64, BackfillError> {
        let length = self.identity.session_blocks.unwrap_or(600).max(1);
        loop {
            let above = self.known.iter().find(|(_, s)| **s >= session).map(|(n, s)| (*n, *s));
            let Some((high, of_high)) = above else {
                let why = Clean::of(&format!("session {session} has not begun"));
                return Err(BackfillError::Unreadable { block: 0, why });
            };
            // Genesis belongs to no session.
            let below = self.known.range(..high).next_back().map_or(0, |(n, _)| *n);
            let low = below.max(self.forgotten);
            if high <= low + 1 {
                return if low > below { Err(BackfillError::Pruned { block: low }) } else { Ok(high) };
            }
            let back = u64::from(of_high - session).saturating_add(1).saturating_mul(length);
            let probe =
                if high - low > back.saturating_mul(2) { high - back } else { low + (high - low) / 2 };
            let hash = self.hash_of(probe).await?;
            match self.session_in(probe, hash).await {
                Ok(found) => drop(self.known.insert(probe, found)),
                Err(BackfillError::Pruned { .. }) => self.forgotten = probe,
                Err(e) => return Err(e),
            }
        }
    }

    async fn session_in(&mut self, block: u64, at: Hash) -> Result<u32, BackfillError> {
        self.wait(1).await;
        let runtime = &self.newest.runtime;
        let unreadable =
            |e: crate::codec::CodecError| BackfillError::Unreadable { block, why: Clean::of(&e.to_string()) };
        let key = runtime.key("Session", "CurrentIndex").map_err(unreadable)?;
        let state = query(&self.rpc, std::slice::from_ref(&key), at).await;
        let state = state.map_err(|e| BackfillError::at(block, e))?;
        runtime.storage::<u32>("Session", "CurrentIndex", state.get(&key)).map_err(unreadable)
    }

    async fn hash_of(&mut self, block: u64) -> Result<Hash, BackfillError> {
        self.wait(1).await;
        let hash: Option<Hash> = self.rpc.call("chain_getBlockHash", rpc_params![block]).await?;
        hash.ok_or(BackfillError::Pruned { block })
    }

    /// Waits until so many requests may be sent.
    async fn wait(&mut self, requests: u32) {
        for _ in 0..requests {
            self.pace.tick().await;
        }
    }

    /// Reads a session: its set, who is disabled, its blocks, and the first block of the next one, which holds the last
    /// votes. `each` says whether to go on. True where all was read.
    ///
    /// # Errors
    /// The node does not answer, has forgotten a block, or a block cannot be read.
    pub async fn read(
        &mut self,
        bounds: Bounds,
        mut each: impl FnMut(Fact) -> bool,
    ) -> Result<bool, BackfillError> {
        let mut line = self.begin(bounds.first).await?;
        let (mut has_set, mut disabled) = (false, None);
        for number in bounds.first..=bounds.last.saturating_add(1) {
            let is_own = number <= bounds.last;
            let read = self.read_block(number, &mut line).await?;
            if is_own != (read.block.session == Some(bounds.session)) {
                let why = "its session is another one than its neighbours tell".into();
                return Err(BackfillError::Unreadable { block: number, why });
            }
            let mut facts = Vec::new();
            if let Some(told) = &read.validators {
                let sets = [&told.sets.before, &told.sets.after].into_iter().flatten();
                if let Some(set) = sets.into_iter().find(|s| s.session == bounds.session).filter(|_| !has_set)
                {
                    has_set = true;
                    facts.push(Fact::Validators(Box::new((**set).clone())));
                }
                if is_own && disabled.as_ref() != Some(&told.disabled) {
                    facts.push(disabled_fact(&told.disabled));
                    disabled = Some(told.disabled.clone());
                }
            }
            if !has_set {
                let why =
                    read.validators.and_then(|t| t.unread).unwrap_or_else(|| "it has no validators".into());
                return Err(BackfillError::Unreadable { block: number, why });
            }
            facts.push(Fact::Best(Box::new(read.block)));
            if !facts.into_iter().all(&mut each) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The block before the session tells who wrote and voted up to its beginning.
    async fn begin(&mut self, first: u64) -> Result<Line, BackfillError> {
        let before = first.saturating_sub(1);
        let hash = self.hash_of(before).await?;
        self.wait(1).await;
        let runtime = self.runtimes.load(&self.rpc, hash).await.map_err(|e| BackfillError::at(before, e))?;
        let mut line = Line { epochs: Epochs::default(), near: Near::default(), slot: None, runtime };
        if before > 0 {
            let header = self.header(before).await?;
            let parent = self.runtimes.load(&self.rpc, header.parent).await;
            line.runtime = parent.map_err(|e| BackfillError::at(before.saturating_sub(1), e))?;
            self.read_header(&header, &mut line).await?;
        }
        Ok(line)
    }

    async fn header(&mut self, block: u64) -> Result<Header, BackfillError> {
        let hash = self.hash_of(block).await?;
        self.wait(1).await;
        header_of(&self.rpc, hash).await.map_err(|e| BackfillError::at(block, e))
    }

    async fn read_block(&mut self, number: u64, line: &mut Line) -> Result<ReadBlock, BackfillError> {
        let header = self.header(number).await?;
        self.read_header(&header, line).await
    }

    async fn read_header(&mut self, header: &Header, line: &mut Line) -> Result<ReadBlock, BackfillError> {
        let number = header.at.number;
        let failed = |e| BackfillError::at(number, e);
        let mut before = line.runtime.clone();
        let mut after = before.clone();
        if header.upgrade == Upgrade::Yes {
            after = self.runtimes.load(&self.rpc, header.at.hash).await.map_err(failed)?;
        }
        let mut read = self.read_with(header, line, (&before, &after)).await?;
        if read.doubts_runtime && header.upgrade == Upgrade::No {
            before = self.runtimes.load(&self.rpc, header.parent).await.map_err(failed)?;
            after = self.runtimes.load(&self.rpc, header.at.hash).await.map_err(failed)?;
            read = self.read_with(header, line, (&before, &after)).await?;
        }
        line.near = Near { parent: read.validators.as_ref().and_then(|t| t.sets.after.clone()), child: None };
        line.slot = header.author.map(Author::slot);
        line.runtime = after;
        Ok(read)
    }

    async fn read_with(
        &mut self,
        header: &Header,
        line: &mut Line,
        (before, after): (&Loaded, &Loaded),
    ) -> Result<ReadBlock, BackfillError> {
        let mut left = BODIES;
        loop {
            self.wait(PER_BLOCK / 2).await;
            let (near, parent_slot) = (&line.near, line.slot);
            let accounts = std::collections::BTreeSet::new();
            let around =
                Around { before, after, parent_slot, near, body: true, sets: true, accounts: &accounts };
            let read = block::read(&self.rpc, header, around, &mut line.epochs).await;
            let read = read.map_err(|e| BackfillError::at(header.at.number, e))?;
            left = left.saturating_sub(1);
            if !read.body_late || left == 0 {
                return Ok(read);
            }
        }
    }
}

fn disabled_fact(read: &Result<Vec<AccountId>, Clean>) -> Fact {
    match read {
        Ok(list) => Fact::Disabled(list.clone()),
        Err(why) => Fact::Unread { section: "disabled".into(), reason: why.clone() },
    }
}

/// The header of a block by hash; its hash is computed and compared.
async fn header_of(rpc: &Rpc, hash: Hash) -> Result<Header, LinkError> {
    let nonsense = |why: &str| LinkError::Nonsense { method: "chain_getHeader".to_owned(), why: why.into() };
    let json: serde_json::Value = rpc.call("chain_getHeader", rpc_params![hash]).await?;
    let header = Header::from_json(&json).map_err(|_| nonsense("the node does not have the block"))?;
    let same = header.at.hash == hash || header.at.number == 0;
    if same { Ok(header) } else { Err(nonsense("the header has another hash than was asked for")) }
}
