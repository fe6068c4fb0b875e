//! One chain at one block, read on demand: what `plan`, `xray` and `rehearse` look at.
//!
//! In: an endpoint, which block is wanted. Out: stored values, keys, answers of runtime APIs, all in the state of that one
//! block, however long it takes. Bounded pages. Must not decide what is read, and cannot name a method that writes.

use super::Endpoint;
use super::names::Names;
use super::probes::paras::Look;
use super::probes::runtime::{Loaded, Runtimes, hash_of_code};
use super::probes::{identity, query};
use super::transport::{self, LinkError, Rpc};
use crate::codec::{Header, Runtime, header, hex_key};
use crate::domain::{BlockRef, Clean, Hash, Identity, RuntimeVersion, UnixMs, ids::hex_bytes, ids::to_hex};
use crate::ports::Clock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use subxt_rpcs::rpc_params;

/// Keys in one request.
const PAGE: usize = 1_000;

/// Which block is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The best one.
    Best,
    /// The finalized one.
    Finalized,
}

/// Why a chain cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The link, or an answer that makes no sense.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// It is another chain than the one known.
    #[error("the node serves another chain: its genesis is {found}, expected {expected}")]
    WrongChain {
        /// What it serves.
        found: Hash,
        /// What is pinned.
        expected: Hash,
    },
}

/// Chains whose runtime is kept.
const MAX_KNOWN: usize = 32;

/// The runtimes of chains that were read before, by genesis: a console reads the same chains again and again, and metadata is
/// the largest thing it would ask for each time. What is kept counts only where the node names the same code hash.
#[derive(Default)]
pub struct Known(Mutex<BTreeMap<Hash, Arc<Loaded>>>);

impl Known {
    fn of(&self, genesis: &Hash) -> Option<Arc<Loaded>> {
        self.0.lock().ok()?.get(genesis).cloned()
    }

    fn keep(&self, genesis: Hash, loaded: &Arc<Loaded>) {
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= MAX_KNOWN && !known.contains_key(&genesis) {
                known.pop_first();
            }
            known.insert(genesis, loaded.clone());
        }
    }
}

/// One chain at one block.
pub struct Reader {
    rpc: Rpc,
    loaded: Arc<Loaded>,
    identity: Identity,
    header: Header,
    encoded: Vec<u8>,
    read_at: UnixMs,
}

impl Reader {
    /// Connects, looks who the chain is, and holds on to one block. `expected` is its genesis, where one is
    /// known; a runtime in `known` is not asked for again.
    ///
    /// # Errors
    /// No connection, another chain, or metadata that cannot be read.
    pub async fn open(
        endpoint: &Endpoint,
        names: &dyn Names,
        (clock, known): (Arc<dyn Clock>, &Known),
        (which, expected): (At, Option<Hash>),
    ) -> Result<Self, ReadError> {
        let target = transport::resolve(&endpoint.url, names, None).await?;
        let (client, _) = transport::open(target).await?;
        let rpc = Rpc::new(client, clock.clone());
        let head = async {
            match which {
                At::Best => rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![]).await,
                At::Finalized => rpc.call("chain_getFinalizedHead", rpc_params![]).await.map(Some),
            }
        };
        let genesis = rpc.call::<Hash>("chain_getBlockHash", rpc_params![0]);
        let (genesis, head) = futures::try_join!(genesis, head)?;
        if let Some(expected) = expected.filter(|known| *known != genesis) {
            return Err(ReadError::WrongChain { found: genesis, expected });
        }
        let head = head.ok_or_else(|| nonsense("chain_getBlockHash", "it has no best block"))?;
        let read_at = clock.now();
        let json: serde_json::Value = rpc.call("chain_getHeader", rpc_params![head]).await?;
        let mut header = Header::from_json(&json)
            .map_err(|_| nonsense("chain_getHeader", "the node does not have the block"))?;
        // Chopsticks hashes its first block in a way of its own.
        if header.at.number == 0 {
            header.at.hash = head;
        }
        if header.at.hash != head {
            return Err(nonsense("chain_getHeader", "the header has another hash than was asked for").into());
        }
        let encoded = header::encoded(&json).unwrap_or_default();
        let loaded = Runtimes::with(known.of(&genesis)).load(&rpc, head).await?;
        known.keep(genesis, &loaded);
        let identity = identity::read(&rpc, &loaded, genesis, head).await?;
        Ok(Self { rpc, loaded, identity, header, encoded, read_at })
    }

    /// The same chain over the same connection at the block that is best now; none: that is still this one.
    ///
    /// # Errors
    /// The link is gone, or an answer makes no sense: open it anew.
    pub async fn moved(&self, clock: &dyn Clock) -> Result<Option<Self>, LinkError> {
        let head = self.rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![]).await?;
        let head = head.ok_or_else(|| nonsense("chain_getBlockHash", "it has no best block"))?;
        if head == self.header.at.hash {
            return Ok(None);
        }
        let read_at = clock.now();
        let json = self.rpc.call::<serde_json::Value>("chain_getHeader", rpc_params![head]);
        let (json, code) = futures::try_join!(json, hash_of_code(&self.rpc, head))?;
        let header = Header::from_json(&json)
            .map_err(|_| nonsense("chain_getHeader", "the node does not have the block"))?;
        if header.at.hash != head || self.loaded.version.code_hash != Some(code) {
            return Err(nonsense(
                "chain_getHeader",
                "the block or its code is another one than was asked for",
            ));
        }
        let encoded = header::encoded(&json).unwrap_or_default();
        let (rpc, loaded, identity) = (self.rpc.clone(), self.loaded.clone(), self.identity.clone());
        Ok(Some(Self { rpc, loaded, identity, header, encoded, read_at }))
    }

    /// The same connection, block and runtime for a probe.
    pub(super) fn look(&self) -> Look<'_> {
        Look { rpc: &self.rpc, runtime: &self.loaded.runtime, at: self.header.at }
    }

    /// The block in whose state everything is read.
    #[must_use]
    pub fn at(&self) -> BlockRef {
        self.header.at
    }

    /// Its header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The same, SCALE-encoded.
    #[must_use]
    pub fn header_bytes(&self) -> &[u8] {
        &self.encoded
    }

    /// When the block was asked for: ages count from here.
    #[must_use]
    pub fn read_at(&self) -> UnixMs {
        self.read_at
    }

    /// The runtime of that state.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.loaded.runtime
    }

    /// Its version and code hash.
    #[must_use]
    pub fn version(&self) -> &RuntimeVersion {
        &self.loaded.version
    }

    /// Who the chain is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The values under `keys`, in their order; none where nothing is stored.
    ///
    /// # Errors
    /// The link, or the node has forgotten the block.
    pub async fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, LinkError> {
        let mut out = Vec::with_capacity(keys.len());
        for page in keys.chunks(PAGE) {
            let state = query(&self.rpc, page, self.header.at.hash).await?;
            out.extend(page.iter().map(|key| state.get(key).map(<[u8]>::to_vec)));
        }
        Ok(out)
    }

    /// One value that may be megabytes: `:code`.
    ///
    /// # Errors
    /// The link, or the node has forgotten the block.
    pub async fn large(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LinkError> {
        let value: Option<String> =
            self.rpc.bulk("state_getStorage", rpc_params![hex_key(key), self.header.at.hash]).await?;
        let Some(value) = value else { return Ok(None) };
        hex_bytes(&value).map(Some).ok_or_else(|| nonsense("state_getStorage", "a value that is no hex"))
    }

    /// Keys below `prefix` after `after` (none: from the first), at most `most`, ascending.
    ///
    /// # Errors
    /// The link, or the node has forgotten the block.
    pub async fn keys(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        most: usize,
    ) -> Result<Vec<Vec<u8>>, LinkError> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        while keys.len() < most {
            let from = keys.last().map(Vec::as_slice).or(after).map(hex_key);
            let want = PAGE.min(most - keys.len());
            let params = rpc_params![hex_key(prefix), want, from, self.header.at.hash];
            let page: Vec<String> = self.rpc.call("state_getKeysPaged", params).await?;
            let got = page.len();
            for key in page.iter().take(want) {
                let key =
                    hex_bytes(key).ok_or_else(|| nonsense("state_getKeysPaged", "a key that is no hex"))?;
                if keys.last().is_some_and(|last| *last >= key) {
                    return Err(nonsense("state_getKeysPaged", "keys that do not ascend"));
                }
                keys.push(key);
            }
            if got < want {
                break;
            }
        }
        Ok(keys)
    }

    /// The answer of a runtime API, as bytes. `method` is `ParachainHost_claim_queue`.
    ///
    /// # Errors
    /// The link, no such method, or it trapped.
    pub async fn api(&self, method: &str, input: &[u8]) -> Result<Vec<u8>, LinkError> {
        let params = rpc_params![method, to_hex(input), self.header.at.hash];
        let hex: String = self.rpc.bulk("state_call", params).await?;
        hex_bytes(&hex).ok_or_else(|| nonsense("state_call", "no hex"))
    }
}

fn nonsense(method: &str, why: &str) -> LinkError {
    LinkError::Nonsense { method: method.to_owned(), why: Clean::of(why) }
}
