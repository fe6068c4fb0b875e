//! The fake node in front of a real one: everything passes through unchanged but what a test rewrites.
//!
//! In: the URL of a real node, and [`Rules`]: functions from a place and what the node says to what is said instead, for
//! storage values, bodies and headers. Out: a WebSocket server on a free port. A function is pure in its place, so that
//! every connection and every repeated question gives the same answer.

use super::ws;
use serde_json::{Value, json};
use sereno::domain::ids::{hex_bytes, to_hex};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The block whose value is rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub hash: String,
    pub number: u64,
}

type Rule<T> = Box<dyn Fn(&Place, T) -> T + Send + Sync>;

/// What is said instead of what the node says.
#[derive(Default)]
pub struct Rules {
    storage: BTreeMap<String, Rule<Option<Vec<u8>>>>,
    body: Option<Rule<Vec<Vec<u8>>>>,
    header: Option<Box<dyn Fn(Value) -> Value + Send + Sync>>,
}

impl Rules {
    /// Rewrites the value of a storage key, hex with `0x`.
    pub fn storage(
        mut self,
        key: &str,
        rule: impl Fn(&Place, Option<Vec<u8>>) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.storage.insert(key.to_owned(), Box::new(rule));
        self
    }

    /// Rewrites the extrinsics of bodies.
    pub fn body(
        mut self,
        rule: impl Fn(&Place, Vec<Vec<u8>>) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.body = Some(Box::new(rule));
        self
    }

    /// Rewrites headers wherever they come: asked for, told, or with a body.
    pub fn header(mut self, rule: impl Fn(Value) -> Value + Send + Sync + 'static) -> Self {
        self.header = Some(Box::new(rule));
        self
    }
}

struct Shared {
    upstream: String,
    rules: Rules,
    numbers: Mutex<HashMap<String, u64>>,
}

/// A running front; stops when dropped.
pub struct Front {
    pub port: u16,
    _tasks: JoinSet<()>,
}

impl Front {
    /// Starts before the node at `upstream`, like `ws://127.0.0.1:9944`.
    pub async fn start(upstream: &str, rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let upstream = upstream.strip_prefix("ws://").expect("a plain URL").trim_end_matches('/').to_owned();
        let shared = Arc::new(Shared { upstream, rules, numbers: Mutex::default() });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                open.spawn(async move {
                    let _ = serve(stream, shared).await;
                });
            }
        });
        Self { port, _tasks: tasks }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }
}

/// Both upgrades, then both directions until one side goes.
async fn serve(mut down: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut request = vec![];
    let answer = loop {
        if down.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
        if let Some(answer) = ws::upgrade(&request) {
            break answer;
        }
    };
    let mut up = TcpStream::connect(&shared.upstream).await?;
    up.write_all(ws::ask(&shared.upstream).as_bytes()).await?;
    let mut early = vec![];
    let rest = loop {
        if up.read_buf(&mut early).await? == 0 {
            return Ok(());
        }
        if let Some(end) = early.windows(4).position(|w| w == b"\r\n\r\n") {
            break early.split_off(end + 4);
        }
    };
    down.write_all(answer.as_bytes()).await?;
    Connection { down, up, shared, asked: HashMap::new(), waiting: HashMap::new() }.run(rest).await
}

/// A question whose answer may be rewritten.
#[derive(Clone)]
enum Ask {
    Storage { key: String },
    Query,
    Block,
    Header,
}

struct Connection {
    down: TcpStream,
    up: TcpStream,
    shared: Arc<Shared>,
    /// Questions by id.
    asked: HashMap<String, (Ask, Option<String>)>,
    /// Answers that wait for the number of their block, by the id of our own question.
    waiting: HashMap<String, (Ask, String, Value)>,
}

impl Connection {
    async fn run(mut self, mut from_up: Vec<u8>) -> io::Result<()> {
        let (mut from_down, mut message) = (vec![], vec![]);
        loop {
            while let Some((first, payload)) = ws::take_plain(&mut from_up) {
                match first & 0x0f {
                    0..=2 => {
                        message.extend_from_slice(&payload);
                        if first & 0x80 != 0 {
                            let whole = std::mem::take(&mut message);
                            self.answer(&whole).await?;
                        }
                    }
                    8 => return Ok(()),
                    9 => self.up.write_all(&ws::masked(0x8a, &payload)).await?,
                    _ => {}
                }
            }
            tokio::select! {
                read = self.up.read_buf(&mut from_up) => if read? == 0 { return Ok(()) },
                read = self.down.read_buf(&mut from_down) => {
                    if read? == 0 {
                        return Ok(());
                    }
                    while let Some((opcode, payload)) = ws::take(&mut from_down) {
                        match opcode {
                            1 => self.question(&payload).await?,
                            8 => return Ok(()),
                            9 => {
                                let mut pong = ws::head(0x8a, payload.len());
                                pong.extend_from_slice(&payload);
                                self.down.write_all(&pong).await?;
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    /// Remembers what is asked and asks it.
    async fn question(&mut self, text: &[u8]) -> io::Result<()> {
        if let Ok(question) = serde_json::from_slice::<Value>(text) {
            let param = |i: usize| question["params"][i].as_str().map(str::to_owned);
            let ask = match question["method"].as_str().unwrap_or_default() {
                "state_getStorage" => param(0).map(|key| (Ask::Storage { key }, param(1))),
                "state_queryStorageAt" => Some((Ask::Query, param(1))),
                "chain_getBlock" => Some((Ask::Block, param(0))),
                "chain_getHeader" => Some((Ask::Header, param(0))),
                _ => None,
            };
            if let Some(ask) = ask {
                self.asked.insert(question["id"].to_string(), ask);
            }
        }
        self.up.write_all(&ws::masked(0x81, text)).await
    }

    /// Passes on what the node says, rewritten where a rule wants it.
    async fn answer(&mut self, text: &[u8]) -> io::Result<()> {
        let Ok(mut answer) = serde_json::from_slice::<Value>(text) else { return self.say(text).await };
        let id = answer["id"].to_string();
        if let Some((ask, hash, held)) = self.waiting.remove(&id) {
            let number = number_of(&answer["result"]).unwrap_or_default();
            self.shared.numbers.lock().unwrap().insert(hash.clone(), number);
            return self.rewritten(&ask, &Place { hash, number }, held).await;
        }
        let Some((ask, at)) = self.asked.remove(&id) else {
            let told = &mut answer["params"]["result"];
            return match &self.shared.rules.header {
                Some(rule) if told["parentHash"].is_string() => {
                    *told = rule(told.take());
                    self.say(answer.to_string().as_bytes()).await
                }
                _ => self.say(text).await,
            };
        };
        if answer["result"].is_null() || !self.concerns(&ask, &answer["result"]) {
            return self.say(text).await;
        }
        let at = match &ask {
            Ask::Query => answer["result"][0]["block"].as_str().map(str::to_owned).or(at),
            _ => at,
        };
        let hash = at.unwrap_or_default();
        let known = match &ask {
            Ask::Header => number_of(&answer["result"]),
            Ask::Block => number_of(&answer["result"]["block"]["header"]),
            Ask::Query | Ask::Storage { .. } => self.shared.numbers.lock().unwrap().get(&hash).copied(),
        };
        if let Some(number) = known {
            return self.rewritten(&ask, &Place { hash, number }, answer).await;
        }
        let own = json!(format!("front-{id}"));
        let params = if hash.is_empty() { json!([]) } else { json!([hash]) };
        let question = json!({ "jsonrpc": "2.0", "id": own, "method": "chain_getHeader", "params": params });
        self.waiting.insert(own.to_string(), (ask, hash, answer));
        self.up.write_all(&ws::masked(0x81, question.to_string().as_bytes())).await
    }

    /// True where a rule may change this answer.
    fn concerns(&self, ask: &Ask, result: &Value) -> bool {
        let rules = &self.shared.rules;
        match ask {
            Ask::Storage { key } => rules.storage.contains_key(key),
            Ask::Query => {
                changes(result).any(|c| c[0].as_str().is_some_and(|k| rules.storage.contains_key(k)))
            }
            Ask::Block => rules.body.is_some() || rules.header.is_some(),
            Ask::Header => rules.header.is_some(),
        }
    }

    async fn rewritten(&mut self, ask: &Ask, place: &Place, mut answer: Value) -> io::Result<()> {
        let rules = &self.shared.rules;
        let stored = |key: &str, value: &mut Value| {
            if let Some(rule) = rules.storage.get(key) {
                let new = rule(place, value.as_str().and_then(hex_bytes));
                *value = new.map_or(Value::Null, |bytes| json!(to_hex(&bytes)));
            }
        };
        let result = &mut answer["result"];
        match ask {
            Ask::Storage { key } => stored(key, result),
            Ask::Query => {
                for change in result.as_array_mut().into_iter().flatten() {
                    for pair in change["changes"].as_array_mut().into_iter().flatten() {
                        let key = pair[0].as_str().unwrap_or_default().to_owned();
                        stored(&key, &mut pair[1]);
                    }
                }
            }
            Ask::Block => {
                let block = &mut result["block"];
                if let (Some(rule), Some(list)) = (&rules.body, block["extrinsics"].as_array()) {
                    let old = list.iter().filter_map(|e| hex_bytes(e.as_str()?)).collect();
                    let new: Vec<String> = rule(place, old).iter().map(|e| to_hex(e)).collect();
                    block["extrinsics"] = json!(new);
                }
                if let Some(rule) = &rules.header {
                    block["header"] = rule(block["header"].take());
                }
            }
            Ask::Header => {
                if let Some(rule) = &rules.header {
                    *result = rule(result.take());
                }
            }
        }
        self.say(answer.to_string().as_bytes()).await
    }

    async fn say(&mut self, text: &[u8]) -> io::Result<()> {
        self.down.write_all(&ws::head(0x81, text.len())).await?;
        self.down.write_all(text).await
    }
}

fn changes(result: &Value) -> impl Iterator<Item = &Value> {
    result.as_array().into_iter().flatten().flat_map(|c| c["changes"].as_array().into_iter().flatten())
}

fn number_of(header: &Value) -> Option<u64> {
    u64::from_str_radix(header["number"].as_str()?.trim_start_matches("0x"), 16).ok()
}
