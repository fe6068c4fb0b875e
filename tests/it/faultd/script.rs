//! The scripted chain: blocks with true parents and hashes, real metadata, real events.

use serde_json::{Value, json};
use sereno::codec::Header;
use sereno::domain::{BlockRef, Hash, ids::to_hex};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use tokio::sync::watch;

/// What was recorded from real chains.
#[derive(serde::Deserialize)]
pub struct Recorded {
    /// Blocks of four local validators under the runtime of 2026.
    pub live: Vec<RecordedBlock>,
    /// Seven blocks with a real upgrade from 1001002 to 2003001 in the fifth.
    pub upgrade: Vec<RecordedBlock>,
    /// Slots and their authors.
    pub babe: Babe,
}

#[derive(serde::Deserialize)]
pub struct RecordedBlock {
    pub hash: Hash,
    pub spec: u32,
    pub header: Value,
    pub state: HashMap<String, String>,
}

#[derive(serde::Deserialize)]
pub struct Babe {
    pub randomness: Hash,
    pub authorities: u32,
    /// Slot and authority index of blocks that were written by the secondary owner.
    pub secondary: Vec<(u64, u32)>,
}

static RECORDED: LazyLock<Recorded> =
    LazyLock::new(|| serde_json::from_str(include_str!("../fixtures/blocks.json")).unwrap());

/// The recording.
pub fn recorded() -> &'static Recorded {
    &RECORDED
}

/// A runtime that a fake node may run.
#[derive(Clone)]
pub struct FakeRuntime {
    pub code_hash: Hash,
    pub spec_version: u32,
    pub metadata: Arc<Vec<u8>>,
    /// `System.Events` as this runtime writes them.
    pub events: String,
    /// The para that its state says it is; none: a relay chain. Its metadata must know `ParachainInfo.ParachainId`.
    pub para: Option<u32>,
}

impl FakeRuntime {
    /// The relay runtime of 2026; its expected block time set to `block_ms`.
    pub fn relay_2026(block_ms: u64) -> Self {
        let mut metadata = unpack(include_bytes!("../fixtures/relay-metadata.scale.zst"));
        let name = b"ExpectedBlockTime";
        let at = metadata.windows(name.len()).position(|w| w == name).unwrap();
        let value = 6_000u64.to_le_bytes();
        let offset = metadata[at..].windows(8).position(|w| w == value).unwrap();
        metadata[at + offset..at + offset + 8].copy_from_slice(&block_ms.to_le_bytes());
        Self {
            code_hash: Hash([26; 32]),
            spec_version: 2_003_001,
            metadata: Arc::new(metadata),
            events: recorded().live[3].state["System.Events"].clone(),
            para: None,
        }
    }

    /// The relay runtime of 2024.
    pub fn relay_2024() -> Self {
        Self {
            code_hash: Hash([24; 32]),
            spec_version: 1_001_002,
            metadata: Arc::new(unpack(include_bytes!("../fixtures/relay-2024-metadata.scale.zst"))),
            events: recorded().upgrade[0].state["System.Events"].clone(),
            para: None,
        }
    }
}

impl FakeRuntime {
    /// The runtime of the Coretime chain of 2026 (spec 2000006).
    pub fn coretime() -> Self {
        Self {
            code_hash: Hash([10; 32]),
            spec_version: 2_000_006,
            metadata: Arc::new(unpack(include_bytes!("../fixtures/coretime-metadata.scale.zst"))),
            events: "0x00".to_owned(),
            para: Some(1_005),
        }
    }
}

fn unpack(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).unwrap()
}

/// A block of the scripted chain.
pub struct Block {
    pub at: BlockRef,
    pub header: Value,
    pub storage: HashMap<String, String>,
    /// The runtime of its state.
    pub runtime: usize,
    /// Its body, each extrinsic as hex.
    pub body: Vec<String>,
}

struct Inner {
    blocks: HashMap<Hash, Arc<Block>>,
    line: Vec<Hash>,
    finalized: u64,
    runtimes: Vec<FakeRuntime>,
    current: usize,
    salt: u8,
    /// What the next blocks hold besides, by key; none: nothing is stored there.
    written: HashMap<String, Option<String>>,
    body: Vec<String>,
}

/// A scripted chain; shared by any number of nodes.
pub struct Chain {
    inner: Mutex<Inner>,
    pub changed: watch::Sender<u64>,
}

/// How an upgrade shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    Digest,
    EventOnly,
    Nothing,
}

impl Chain {
    /// A chain with a genesis block.
    pub fn new(runtime: FakeRuntime) -> Arc<Self> {
        Self::salted(runtime, 0, 0)
    }

    /// A chain with another genesis (`genesis`) or with other blocks after it (`salt`).
    pub fn salted(runtime: FakeRuntime, genesis: u8, salt: u8) -> Arc<Self> {
        let inner = Inner {
            blocks: HashMap::new(),
            line: vec![],
            finalized: 0,
            runtimes: vec![runtime],
            current: 0,
            salt: genesis,
            written: HashMap::new(),
            body: vec![],
        };
        let chain = Self { inner: Mutex::new(inner), changed: watch::Sender::new(0) };
        chain.extend(None);
        chain.inner.lock().unwrap().salt = salt;
        Arc::new(chain)
    }

    /// A copy that goes its own way from here on.
    pub fn branch(&self, salt: u8) -> Arc<Self> {
        let own = self.inner.lock().unwrap();
        let inner = Inner {
            blocks: own.blocks.clone(),
            line: own.line.clone(),
            finalized: own.finalized,
            runtimes: own.runtimes.clone(),
            current: own.current,
            salt,
            written: own.written.clone(),
            body: own.body.clone(),
        };
        Arc::new(Self { inner: Mutex::new(inner), changed: watch::Sender::new(0) })
    }

    fn extend(&self, upgrade: Option<(usize, Shows, String)>) {
        let mut inner = self.inner.lock().unwrap();
        let block = Arc::new(make(&inner, upgrade.as_ref()));
        inner.current = block.runtime;
        inner.line.push(block.at.hash);
        inner.blocks.insert(block.at.hash, block);
        drop(inner);
        self.tell();
    }

    fn tell(&self) {
        self.changed.send_modify(|n| *n += 1);
    }

    /// Adds `count` blocks; finality follows two blocks behind.
    pub fn advance(&self, count: u64) {
        for _ in 0..count {
            self.grow();
            self.finalize(2);
        }
    }

    /// Puts a value into the state of the blocks to come, by item name or by key; none: nothing is stored there.
    pub fn write(&self, name: &str, value: Option<String>) {
        let key = if name.starts_with("0x") { name.to_owned() } else { key(name) };
        self.inner.lock().unwrap().written.insert(key, value);
    }

    /// Gives the blocks to come this body.
    pub fn write_body(&self, extrinsics: Vec<String>) {
        self.inner.lock().unwrap().body = extrinsics;
    }

    /// Adds one block and leaves finality alone.
    pub fn grow(&self) {
        self.extend(None);
    }

    /// Finalizes all but the newest `lag` blocks.
    pub fn finalize(&self, lag: u64) {
        let mut inner = self.inner.lock().unwrap();
        inner.finalized = inner.finalized.max((inner.line.len() as u64 - 1).saturating_sub(lag));
        drop(inner);
        self.tell();
    }

    /// Drops the newest `depth` blocks and writes `depth + 1` others.
    pub fn reorg(&self, depth: usize) {
        let mut inner = self.inner.lock().unwrap();
        drop_newest(&mut inner, depth);
        for _ in 0..=depth {
            let block = Arc::new(make(&inner, None));
            inner.line.push(block.at.hash);
            inner.blocks.insert(block.at.hash, block);
        }
        drop(inner);
        self.tell();
    }

    /// Drops the newest `depth` blocks; nothing is told before others take their places.
    pub fn rewind(&self, depth: usize) {
        drop_newest(&mut self.inner.lock().unwrap(), depth);
    }

    /// A block that changes the runtime; its events are `events`, written by the old one.
    pub fn upgrade(&self, to: FakeRuntime, shows: Shows, events: String) {
        let mut inner = self.inner.lock().unwrap();
        inner.runtimes.push(to);
        let index = inner.runtimes.len() - 1;
        drop(inner);
        self.extend(Some((index, shows, events)));
        self.finalize(2);
    }

    /// Forgets the bodies of the blocks below a number, but for genesis, as a pruning node does.
    pub fn prune(&self, below: u64) {
        let mut inner = self.inner.lock().unwrap();
        let old: Vec<Hash> = inner.line.iter().take(below as usize).skip(1).copied().collect();
        for hash in old {
            inner.blocks.remove(&hash);
        }
    }

    /// The newest number.
    pub fn best(&self) -> u64 {
        self.inner.lock().unwrap().line.len() as u64 - 1
    }

    /// The newest final number.
    pub fn finalized(&self) -> u64 {
        self.inner.lock().unwrap().finalized
    }

    /// The hash of a number on the best line.
    pub fn hash(&self, number: u64) -> Option<Hash> {
        self.inner.lock().unwrap().line.get(number as usize).copied()
    }

    /// A block by hash.
    pub fn block(&self, hash: &Hash) -> Option<Arc<Block>> {
        self.inner.lock().unwrap().blocks.get(hash).cloned()
    }

    /// A runtime.
    pub fn runtime(&self, index: usize) -> FakeRuntime {
        self.inner.lock().unwrap().runtimes[index].clone()
    }
}

fn drop_newest(inner: &mut Inner, depth: usize) {
    let keep = inner.line.len() - depth;
    inner.line.truncate(keep);
    inner.salt = inner.salt.wrapping_add(1);
    let tip = inner.line[keep - 1];
    inner.current = inner.blocks[&tip].runtime;
}

fn make(inner: &Inner, upgrade: Option<&(usize, Shows, String)>) -> Block {
    let number = inner.line.len() as u64;
    let parent = inner.line.last().copied().unwrap_or_default();
    let slot = 299_205_474 + number;
    let mut pre = b"\x06BABE\x34\x02".to_vec();
    pre.extend_from_slice(&((number % 4) as u32).to_le_bytes());
    pre.extend_from_slice(&slot.to_le_bytes());
    let mut logs = vec![to_hex(&pre)];
    if upgrade.is_some_and(|(_, shows, _)| *shows == Shows::Digest) {
        logs.push("0x08".to_owned());
    }
    let mut root = [inner.salt; 32];
    root[..8].copy_from_slice(&number.to_le_bytes());
    let header = json!({
        "parentHash": parent, "number": format!("{number:#x}"), "stateRoot": Hash(root),
        "extrinsicsRoot": Hash([9; 32]), "digest": { "logs": logs },
    });
    let at = Header::from_json(&header).unwrap().at;
    let runtime = upgrade.map_or(inner.current, |(index, ..)| *index);
    let events = upgrade.map_or_else(|| inner.runtimes[inner.current].events.clone(), |(.., e)| e.clone());
    let mut storage: HashMap<String, String> =
        recorded().live[4].state.iter().map(|(name, value)| (key(name), value.clone())).collect();
    storage.insert(key("System.Events"), events);
    storage.insert(key("Timestamp.Now"), to_hex(&(1_760_000_000_000 + number * 6_000).to_le_bytes()));
    storage.insert(key("Babe.CurrentSlot"), to_hex(&slot.to_le_bytes()));
    let mut last = codec::Encode::encode(&codec::Compact(inner.runtimes[inner.current].spec_version));
    last.extend_from_slice(b"\x14paseo");
    storage.insert(key("System.LastRuntimeUpgrade"), to_hex(&last));
    if let Some(para) = inner.runtimes[inner.current].para {
        storage.insert(key("ParachainInfo.ParachainId"), to_hex(&para.to_le_bytes()));
    }
    for (key, value) in &inner.written {
        match value {
            Some(value) => storage.insert(key.clone(), value.clone()),
            None => storage.remove(key),
        };
    }
    Block { at, header, storage, runtime, body: inner.body.clone() }
}

/// The key of a plain item by its name, `System.Events`.
pub fn key(name: &str) -> String {
    let (pallet, item) = name.split_once('.').unwrap();
    let mut out = sp_crypto_hashing::twox_128(pallet.as_bytes()).to_vec();
    out.extend_from_slice(&sp_crypto_hashing::twox_128(item.as_bytes()));
    to_hex(&out)
}
