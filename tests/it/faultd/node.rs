//! The fake node: a listener, connections, answers, and the faults in all of them.

use super::faults::{Accept, Heads, Pipe, Script, heads};
use super::script::{Chain, key};
use super::ws;
use serde_json::{Value, json};
use sereno::domain::{Hash, ids::to_hex};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

#[derive(Clone)]
enum Order {
    Reset,
    Raw(Arc<Vec<u8>>),
    /// A frame of so many zeros; in pieces of so many where given.
    Big(u64, Option<u64>),
}

/// What was asked of a node.
#[derive(Default)]
pub struct Counters {
    dials: AtomicU64,
    drops: AtomicU64,
    calls: Mutex<BTreeMap<String, u64>>,
}

struct Shared {
    chain: Mutex<Arc<Chain>>,
    script: watch::Sender<Script>,
    orders: broadcast::Sender<Order>,
    counters: Counters,
}

/// A running fake node; stops when dropped.
pub struct Node {
    pub port: u16,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Node {
    /// Starts a node on a free port.
    pub async fn start(chain: &Arc<Chain>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            chain: Mutex::new(chain.clone()),
            script: watch::Sender::new(Script::default()),
            orders: broadcast::Sender::new(64),
            counters: Counters::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, shared.clone()));
        Self { port, shared, _tasks: tasks }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Changes what it does.
    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        self.shared.script.send_modify(change);
    }

    /// Resets all connections.
    pub fn drop_connections(&self) {
        let _ = self.shared.orders.send(Order::Reset);
    }

    /// Dies: connections are reset and new ones too.
    pub fn kill(&self) {
        self.set(|s| s.accept = Accept::Reset);
        self.drop_connections();
    }

    /// Comes back.
    pub fn revive(&self) {
        self.set(|s| s.accept = Accept::Upgrade);
    }

    /// Serves another chain from the next connection on.
    pub fn serve(&self, chain: &Arc<Chain>) {
        *self.shared.chain.lock().unwrap() = chain.clone();
    }

    /// Sends a text frame that nobody asked for.
    pub fn say(&self, text: &str) {
        let _ = self.shared.orders.send(Order::Raw(Arc::new(ws::text(text))));
    }

    /// Sends bytes as they are.
    pub fn send_raw(&self, bytes: Vec<u8>) {
        let _ = self.shared.orders.send(Order::Raw(Arc::new(bytes)));
    }

    /// Sends a text frame of so many bytes.
    pub fn send_big(&self, bytes: u64, pieces: Option<u64>) {
        let _ = self.shared.orders.send(Order::Big(bytes, pieces));
    }

    /// Connections accepted.
    pub fn dials(&self) -> u64 {
        self.shared.counters.dials.load(Ordering::Relaxed)
    }

    /// Connections with an upgrade that were reset by us.
    pub fn drops(&self) -> u64 {
        self.shared.counters.drops.load(Ordering::Relaxed)
    }

    /// Requests, by method.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.counters.calls.lock().unwrap().clone()
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.counters.dials.fetch_add(1, Ordering::Relaxed);
        let shared = shared.clone();
        connections.spawn(async move {
            let _ = serve(stream, shared).await;
        });
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let accept = shared.script.borrow().accept.clone();
    match accept {
        Accept::Reset => {
            stream.set_zero_linger()?;
            return Ok(());
        }
        Accept::Mute => {
            let mut sink = [0; 4_096];
            while stream.read(&mut sink).await? > 0 {}
            return Ok(());
        }
        Accept::Status(status, place) => {
            let place = if place.is_empty() { String::new() } else { format!("Location: {place}\r\n") };
            return refuse(&mut stream, status, &place).await;
        }
        Accept::Later(status, wait) => {
            return refuse(&mut stream, status, &format!("Retry-After: {wait}\r\n")).await;
        }
        Accept::Upgrade => {}
    }
    let mut request = vec![];
    let answer = loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
        if let Some(answer) = ws::upgrade(&request) {
            break answer;
        }
    };
    stream.write_all(answer.as_bytes()).await?;
    let chain = shared.chain.lock().unwrap().clone();
    let connection = Connection {
        script: shared.script.subscribe(),
        orders: shared.orders.subscribe(),
        stream,
        chain,
        shared,
        told_best: None,
        told_finalized: None,
        subscribed: [false; 2],
    };
    connection.run().await
}

/// Answers the upgrade with an HTTP status.
async fn refuse(stream: &mut TcpStream, status: u16, fields: &str) -> io::Result<()> {
    let mut request = vec![];
    while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await? > 0 {}
    let answer = format!("HTTP/1.1 {status} No\r\n{fields}Content-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await
}

struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    script: watch::Receiver<Script>,
    orders: broadcast::Receiver<Order>,
    chain: Arc<Chain>,
    told_best: Option<Hash>,
    told_finalized: Option<Hash>,
    /// Best heads, finalized heads.
    subscribed: [bool; 2],
}

impl Connection {
    async fn run(mut self) -> io::Result<()> {
        let mut changed = self.chain.changed.subscribe();
        let mut buffer = vec![];
        loop {
            let pipe = self.script.borrow().pipe;
            tokio::select! {
                read = self.stream.read_buf(&mut buffer), if matches!(pipe, Pipe::Open | Pipe::Drip) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    while let Some((opcode, payload)) = ws::take(&mut buffer) {
                        match opcode {
                            1 => self.request(&payload).await?,
                            9 => {
                                let mut pong = ws::head(0x8a, payload.len());
                                pong.extend_from_slice(&payload);
                                self.write(&pong).await?;
                            }
                            8 => return Ok(()),
                            _ => {}
                        }
                    }
                }
                _ = changed.changed() => self.tell().await?,
                _ = self.script.changed() => {}
                order = self.orders.recv() => match order {
                    Ok(Order::Reset) => {
                        self.shared.counters.drops.fetch_add(1, Ordering::Relaxed);
                        self.stream.set_zero_linger()?;
                        return Ok(());
                    }
                    Ok(Order::Raw(bytes)) => self.write(&bytes).await?,
                    Ok(Order::Big(bytes, pieces)) => self.big(bytes, pieces).await?,
                    Err(_) => {}
                },
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let pipe = self.script.borrow().pipe;
        match pipe {
            Pipe::Blackhole => Ok(()),
            Pipe::Open | Pipe::HalfOpen => self.stream.write_all(bytes).await,
            Pipe::Drip => {
                for byte in bytes {
                    self.stream.write_all(&[*byte]).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Ok(())
            }
        }
    }

    async fn big(&mut self, bytes: u64, pieces: Option<u64>) -> io::Result<()> {
        let block = vec![b' '; 65_536];
        let piece = pieces.unwrap_or(bytes);
        let mut left = bytes;
        while left > 0 {
            let now = piece.min(left);
            let first = if left == bytes { 1 } else { 0 };
            let last = if now == left { 0x80 } else { 0 };
            self.stream.write_all(&ws::head(first | last, now as usize)).await?;
            let mut rest = now;
            while rest > 0 {
                let n = rest.min(block.len() as u64);
                self.stream.write_all(&block[..n as usize]).await?;
                rest -= n;
            }
            left -= now;
        }
        Ok(())
    }

    async fn request(&mut self, payload: &[u8]) -> io::Result<()> {
        let Ok(request) = serde_json::from_slice::<Value>(payload) else { return Ok(()) };
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        *self.shared.counters.calls.lock().unwrap().entry(method.clone()).or_default() += 1;
        let script = self.script.borrow().clone();
        if script.hang.iter().any(|m| *m == "*" || *m == method) {
            return Ok(());
        }
        let mut id = request["id"].clone();
        if script.wrong_id {
            id = json!(9_000_001);
        }
        let body = match script.errors.get(method.as_str()) {
            Some((Some(code), message)) => json!({ "error": { "code": code, "message": message } }),
            Some((None, message)) => json!({ "error": { "message": message } }),
            None => match self.answer(&method, &request["params"], &script) {
                Ok(result) => json!({ "result": result }),
                Err((code, message)) => json!({ "error": { "code": code, "message": message } }),
            },
        };
        let mut answer = json!({ "jsonrpc": "2.0", "id": id });
        answer.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let frame = ws::text(&answer.to_string());
        self.write(&frame).await?;
        if script.answer_twice {
            self.write(&frame).await?;
        }
        if method.starts_with("chain_subscribe") {
            let which = usize::from(method.contains("Finalized"));
            self.subscribed[which] = true;
            self.tell().await?;
        }
        Ok(())
    }

    fn shown_best(&self, script: &Script) -> u64 {
        self.chain.best().saturating_sub(script.lag)
    }

    fn shown_finalized(&self, script: &Script) -> u64 {
        self.chain.finalized().min(self.shown_best(script))
    }

    fn header(&self, number: u64) -> Option<(Hash, Value)> {
        let block = self.chain.block(&self.chain.hash(number)?)?;
        Some((block.at.hash, block.header.clone()))
    }

    async fn tell(&mut self) -> io::Result<()> {
        let script = self.script.borrow().clone();
        let best = self.shown_best(&script);
        if self.subscribed[0]
            && !script.silent_best
            && let Some((hash, header)) = self.header(best)
            && self.told_best != Some(hash)
            && !(script.heads == Heads::Skipping && self.told_best.is_some() && !best.is_multiple_of(7))
        {
            self.told_best = Some(hash);
            for head in heads(&script, header, self.header(best.saturating_sub(1)).map(|h| h.1)) {
                self.push("chain_newHead", "best", head).await?;
            }
        }
        let finalized = self.shown_finalized(&script);
        if self.subscribed[1]
            && !script.silent_finalized
            && let Some((hash, header)) = self.header(finalized)
            && self.told_finalized != Some(hash)
            && !(script.heads == Heads::Skipping
                && self.told_finalized.is_some()
                && !finalized.is_multiple_of(7))
        {
            self.told_finalized = Some(hash);
            let parent = self.header(finalized.saturating_sub(1)).map(|h| h.1);
            let of = Script {
                heads: if script.heads == Heads::FarAhead { Heads::Newest } else { script.heads },
                ..script
            };
            for head in heads(&of, header, parent) {
                self.push("chain_finalizedHead", "finalized", head).await?;
            }
        }
        Ok(())
    }

    async fn push(&mut self, method: &str, subscription: &str, head: Value) -> io::Result<()> {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": { "subscription": subscription, "result": head } });
        self.write(&ws::text(&message.to_string())).await
    }

    fn answer(&self, method: &str, params: &Value, script: &Script) -> Result<Value, (i32, String)> {
        let at = |i: usize| params[i].as_str().and_then(|s| s.parse::<Hash>().ok());
        let known = |i: usize| {
            let hash = at(i).or_else(|| self.chain.hash(self.shown_best(script)));
            hash.and_then(|h| self.chain.block(&h)).ok_or((4_003, "UnknownBlock: not found".to_owned()))
        };
        let state = |i: usize| {
            let gone = |block: &Arc<super::script::Block>| block.at.number < script.pruned_below;
            match known(i) {
                Ok(block) if gone(&block) => {
                    Err((4_003, format!("State already discarded for {}", block.at.hash)))
                }
                other => other,
            }
        };
        let stored = |block: &super::script::Block, key: &str| match key {
            "0x3a636f6465" => Some(to_hex(&self.chain.runtime(block.runtime).code_hash.0)),
            other => block.storage.get(other).cloned(),
        };
        let hash_of = |v: &Value| {
            let number = v.as_u64()?;
            let hidden = script.null_hash && number > 0 || number > self.shown_best(script);
            self.chain.hash(number).filter(|_| !hidden)
        };
        Ok(match method {
            "chain_subscribeNewHeads" => json!("best"),
            "chain_subscribeFinalizedHeads" => json!("finalized"),
            "chain_unsubscribeNewHeads" | "chain_unsubscribeFinalizedHeads" => json!(true),
            "chain_getBlockHash" => match &params[0] {
                Value::Array(list) => json!(list.iter().map(hash_of).collect::<Vec<_>>()),
                Value::Null => json!(self.chain.hash(self.shown_best(script))),
                number => json!(hash_of(number)),
            },
            "chain_getBlock" => match known(0) {
                Ok(b) => {
                    json!({ "block": { "header": b.header, "extrinsics": b.body }, "justifications": null })
                }
                Err(_) => Value::Null,
            },
            "chain_getHeader" => json!(known(0).ok().map(|b| b.header.clone())),
            "chain_getFinalizedHead" => json!(self.chain.hash(self.shown_finalized(script))),
            "state_getStorageHash" => json!(self.chain.runtime(known(1)?.runtime).code_hash),
            "state_getStorage" => json!(stored(&*state(1)?, params[0].as_str().unwrap_or_default())),
            "state_getKeysPaged" => {
                let block = state(3)?;
                let prefix = params[0].as_str().unwrap_or_default();
                let after = params[2].as_str().unwrap_or_default();
                let most = usize::try_from(params[1].as_u64().unwrap_or(0)).unwrap();
                let mut keys: Vec<&String> = block.storage.keys().collect();
                keys.sort_unstable();
                let below = keys.into_iter().filter(|k| k.starts_with(prefix) && k.as_str() > after);
                json!(below.take(most).collect::<Vec<_>>())
            }
            "state_queryStorageAt" => {
                let block = state(1)?;
                let keys = params[0].as_array().cloned().unwrap_or_default();
                let asked =
                    |k: &str| keys.iter().any(|key| key.as_str().is_some_and(|key| key.starts_with(k)));
                if script.refused.iter().any(|name| asked(&key(name))) {
                    return Err((-32_008, "Response is too big".to_owned()));
                }
                let answer = |k: &Value| json!([k, stored(&block, k.as_str().unwrap_or_default())]);
                let changes: Vec<_> = keys.iter().filter(|k| !script.leaves_out(k)).map(answer).collect();
                json!([{ "block": block.at.hash, "changes": changes }])
            }
            "state_getRuntimeVersion" => {
                let runtime = self.chain.runtime(known(0)?.runtime);
                json!({ "specName": "paseo", "specVersion": runtime.spec_version, "transactionVersion": 26 })
            }
            "state_call" => self.call(params, &*known(2)?)?,
            "state_getMetadata" => json!(to_hex(&self.chain.runtime(known(0)?.runtime).metadata)),
            "system_chain" => json!("Fake Relay"),
            "system_properties" => json!({ "ss58Format": 0, "tokenDecimals": 10, "tokenSymbol": "PAS" }),
            "system_health" => json!({ "peers": 3, "isSyncing": false, "shouldHavePeers": true }),
            "author_pendingExtrinsics" => json!([]),
            other => return Err((-32_601, format!("Method not found: {other}"))),
        })
    }

    fn call(&self, params: &Value, block: &super::script::Block) -> Result<Value, (i32, String)> {
        match params[0].as_str().unwrap_or_default() {
            "Metadata_metadata_at_version" => {
                let metadata = self.chain.runtime(block.runtime).metadata;
                let wanted = format!("0x{:02x}000000", metadata[4]);
                let answer = (params[1].as_str() == Some(&wanted)).then(|| metadata.to_vec());
                Ok(json!(to_hex(&codec::Encode::encode(&answer))))
            }
            "ParachainHost_disputes" | "ParachainHost_claim_queue" | "ParachainHost_availability_cores" => {
                Ok(json!("0x00"))
            }
            other => Err((4_003, format!("Execution failed: {other} is not exported"))),
        }
    }
}
