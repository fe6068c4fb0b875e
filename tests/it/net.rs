//! The program against real nodes: four validators of the relay chain and the People parachain on this machine.
//!
//! The bed is `net up 4p` ([`Net::up`]); tests stop, pause and start its nodes, one test at a time, and leave all of
//! them running. Facts are compared with what the nodes say over plain JSON-RPC; times are printed.

use crate::sereno::{Line, Watch, header_number, now_ms, poll, rpc, run, skip};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NODES: [(&str, u16); 5] =
    [("alice", 9944), ("bob", 9945), ("charlie", 9946), ("dave", 9947), ("people", 9954)];
/// Block time of the relay chain.
const T: i64 = 6_000;

/// The nodes; when it goes, all of them run again.
struct Net {
    tool: PathBuf,
}

impl Net {
    /// The running bed of this kind, started where none runs; none (and said so) where it cannot be had.
    fn up(kind: &str, test: &str) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tool =
            std::env::var_os("SERENO_NET_TOOL").map_or_else(|| root.join("../shared/net/net"), PathBuf::from);
        if !tool.is_file() {
            skip(test, &format!("no tool to start nodes at {}", tool.display()));
            return None;
        }
        if rpc(9944, "system_chain", &json!([])).is_err() {
            let up = Command::new(&tool).args(["up", kind]).stdout(Stdio::null()).status();
            if !up.is_ok_and(|s| s.success()) {
                skip(test, &format!("'net up {kind}' did not bring up the nodes"));
                return None;
            }
        }
        let chain = rpc(9944, "system_chain", &json!([])).unwrap_or_default();
        if chain.as_str().is_some_and(|c| c.contains("with People")) != (kind == "4p") {
            skip(test, &format!("another kind of net is up: {chain}; 'net wipe' first"));
            return None;
        }
        let status = Command::new(&tool).arg("status").output().unwrap();
        if String::from_utf8_lossy(&status.stdout).contains("alice down") {
            skip(test, "the nodes that answer were not started from this SERENO_NET");
            return None;
        }
        let net = Self { tool };
        net.restore();
        net.settle();
        Some(net)
    }

    fn tool(&self, action: &str, node: &str) {
        let quiet = |c: &mut Command| c.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = quiet(Command::new(&self.tool).args([action, node]));
    }

    /// Resumes and starts every node until it answers. A node that was killed a moment ago still counts as running.
    fn restore(&self) {
        for (node, port) in NODES {
            for _ in 0..5 {
                self.tool("resume", node);
                self.tool("start", node);
                if poll(6_000, || header(port, None)).is_some() {
                    break;
                }
            }
        }
    }

    /// Waits until all nodes are connected, finality follows and the parachain has a young block. The nodes' own approval
    /// voting now and then stands for good after two validators vanished at a bad moment: then all are started anew.
    fn settle(&self) {
        let began = now_ms();
        if poll(150_000, healthy).is_none() {
            println!("the net is not healthy after 150 s: all nodes are started anew");
            NODES.iter().for_each(|(node, _)| self.tool("kill", node));
            // A killed node answers no more within a moment; until then it would count as running.
            let _ =
                poll(10_000, || NODES.iter().all(|(_, port)| header(*port, None).is_none()).then_some(()));
            self.restore();
            assert!(
                poll(200_000, healthy).is_some(),
                "the net is not healthy 200 s after a start of all nodes"
            );
        }
        println!("net healthy after {} ms", now_ms() - began);
    }
}

fn healthy() -> Option<()> {
    let peers = |port| Some(rpc(port, "system_health", &json!([])).ok()?["peers"].as_u64()? >= 3);
    let connected = NODES.iter().take(4).all(|(_, port)| peers(*port) == Some(true));
    let best = header(9944, None)?;
    let finalized = rpc(9944, "chain_getFinalizedHead", &json!([])).ok()?;
    let lag = header_number(&best) - header_number(&header(9944, finalized.as_str())?);
    let head = hash_of(9954, None)?;
    let young = now_ms() - stamp(9954, &head)? < 25_000 && header_number(&header(9954, None)?) >= 3;
    (connected && lag <= 4 && young).then_some(())
}

impl Drop for Net {
    fn drop(&mut self) {
        self.restore();
    }
}

fn header(port: u16, hash: Option<&str>) -> Option<Value> {
    let params = hash.map_or_else(|| json!([]), |h| json!([h]));
    rpc(port, "chain_getHeader", &params).ok().filter(|h| !h.is_null())
}

fn hash_of(port: u16, number: Option<u64>) -> Option<String> {
    let params = number.map_or_else(|| json!([]), |n| json!([n]));
    rpc(port, "chain_getBlockHash", &params).ok()?.as_str().map(str::to_owned)
}

/// Bytes of a plain storage item at a block.
fn storage(port: u16, pallet: &str, item: &str, hash: &str) -> Option<Vec<u8>> {
    let twox = |s: &str| sereno::domain::ids::to_hex(&sp_crypto_hashing::twox_128(s.as_bytes()));
    let key = format!("{}{}", twox(pallet), twox(item).trim_start_matches("0x"));
    let value = rpc(port, "state_getStorage", &json!([key, hash])).ok()?;
    sereno::domain::ids::hex_bytes(value.as_str()?)
}

/// The first bytes of a storage item as a number.
fn number(port: u16, pallet: &str, item: &str, hash: &str, bytes: usize) -> Option<u64> {
    let value = storage(port, pallet, item, hash)?;
    let mut padded = [0; 8];
    padded[..bytes].copy_from_slice(value.get(..bytes)?);
    Some(u64::from_le_bytes(padded))
}

fn stamp(port: u16, hash: &str) -> Option<i64> {
    i64::try_from(number(port, "Timestamp", "Now", hash, 8)?).ok()
}

/// The constant `System.SS58Prefix`, straight from the metadata's bytes: name, type id, length, value.
fn ss58_prefix(port: u16) -> u16 {
    let hex = rpc(port, "state_getMetadata", &json!([])).unwrap();
    let bytes = sereno::domain::ids::hex_bytes(hex.as_str().unwrap()).unwrap();
    let name = b"SS58Prefix";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap() + name.len();
    let type_id = [1, 2, 4][usize::from(bytes[at] & 3)];
    let (length, value) = (bytes[at + type_id] >> 2, &bytes[at + type_id + 1..]);
    assert_eq!(length, 2, "a u16");
    u16::from_le_bytes([value[0], value[1]])
}

fn moment(text: &Value) -> i64 {
    text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn first_of(list_or_value: &Value) -> Value {
    list_or_value.get(0).unwrap_or(list_or_value).clone()
}

#[test]
fn net_a_healthy_net_is_told_as_its_nodes_tell_it() {
    let Some(_net) = Net::up("4p", "net_a_healthy_net_is_told_as_its_nodes_tell_it") else {
        return;
    };
    let ran = run(&["--network", "local", "snapshot", "--json"], 40);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    println!("snapshot took {} ms", ran.ms);
    let shot = ran.json();
    assert_eq!(
        (&shot["schema"], &shot["network"], &shot["source"]),
        (&json!(1), &json!("local"), &json!("live"))
    );
    let taken = moment(&shot["taken_at"]);
    assert!((now_ms() - taken).abs() < 5_000, "taken_at {}", shot["taken_at"]);
    let chains = shot["chains"].as_array().unwrap();
    let ids: Vec<&Value> = chains.iter().map(|c| &c["id"]).collect();
    assert_eq!(ids, [&json!("relay"), &json!("people")]);
    identity_is_true(&chains[0], 9944, ("Relay", json!(null), 6_000));
    identity_is_true(&chains[1], 9954, ("People", json!(1004), 12_000));
    heads_are_true(&chains[0], 9944, taken);
    heads_are_true(&chains[1], 9954, taken);
    relay_session_is_true(&chains[0]);
    let people = &chains[1];
    assert!(people["session"]["index"].is_u64() && people["era"].is_null(), "{people}");
    endpoints_are_true(&chains[0], &[9944, 9945, 9946, 9947]);
    endpoints_are_true(people, &[9954]);

    let ran = run(&["--network", "local", "check", "--json", "--for", "10s"], 20);
    let check = ran.json();
    assert_eq!((ran.code, &check["status"]), (0, &json!("ok")), "{}", ran.out);
    assert!((10_000..13_000).contains(&ran.ms), "check --for 10s took {} ms", ran.ms);
    assert_eq!(check["suites"], json!([]));
}

fn identity_is_true(chain: &Value, port: u16, (name, para, target): (&str, Value, u64)) {
    assert_eq!(chain["name"], name);
    assert_eq!(chain["para_id"], para);
    assert_eq!(chain["block_time_ms"]["target"], target);
    assert_eq!(chain["genesis_hash"], hash_of(port, Some(0)).unwrap());
    let runtime = rpc(port, "state_getRuntimeVersion", &json!([])).unwrap();
    assert_eq!(chain["spec_name"], runtime["specName"]);
    assert_eq!(chain["spec_version"], runtime["specVersion"]);
    let properties = rpc(port, "system_properties", &json!([])).unwrap();
    assert_eq!(chain["token"]["symbol"], first_of(&properties["tokenSymbol"]));
    assert_eq!(chain["token"]["decimals"], first_of(&properties["tokenDecimals"]));
    assert_eq!(chain["ss58_prefix"], ss58_prefix(port));
    assert_eq!(chain["health"], "ok", "{chain}");
}

fn heads_are_true(chain: &Value, port: u16, taken: i64) {
    for which in ["best", "finalized"] {
        let head = &chain[which];
        let (number, hash) = (head["number"].as_u64().unwrap(), head["hash"].as_str().unwrap());
        assert_eq!(header_number(&header(port, Some(hash)).unwrap()), number, "{which}: {head}");
        let age = (taken - stamp(port, hash).unwrap()).max(0);
        assert_eq!(head["age_ms"].as_i64().unwrap(), age, "{which}: {head}");
    }
    let (best, finalized) = (&chain["best"]["number"], &chain["finalized"]["number"]);
    let (best, finalized) = (best.as_u64().unwrap(), finalized.as_u64().unwrap());
    assert_eq!(chain["finalized"]["hash"], hash_of(port, Some(finalized)).unwrap());
    assert_eq!(chain["finality_lag"], best - finalized);
    let now = header_number(&header(port, None).unwrap());
    assert!(now >= best && now - best <= 2, "best {best}, the node is at {now}");
    let mut times: Vec<i64> = Vec::new();
    let mut hash = chain["best"]["hash"].as_str().unwrap().to_owned();
    for _ in 0..best.min(20) {
        let parent = header(port, Some(&hash)).unwrap()["parentHash"].as_str().unwrap().to_owned();
        // The genesis block has no time.
        times.extend(stamp(port, &hash).zip(stamp(port, &parent).filter(|s| *s > 0)).map(|(a, b)| a - b));
        hash = parent;
    }
    let (p50, p95) = (&chain["block_time_ms"]["p50"], &chain["block_time_ms"]["p95"]);
    let (p50, p95) = (p50.as_i64().unwrap(), p95.as_i64().unwrap());
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(*least <= p50 && p50 <= p95 && p95 <= *most, "p50 {p50} p95 {p95} of {times:?}");
    println!("{}: block times p50 {p50} p95 {p95} ms, lag {}", chain["id"], chain["finality_lag"]);
}

fn relay_session_is_true(chain: &Value) {
    let at = chain["finalized"]["hash"].as_str().unwrap();
    // In the first epoch nothing is stored where the default, zero, holds.
    let read = |pallet: &str, item: &str, bytes: usize| number(9944, pallet, item, at, bytes).unwrap_or(0);
    assert_eq!(chain["session"]["index"], read("Session", "CurrentIndex", 4));
    let epoch_start = read("Babe", "GenesisSlot", 8) + 600 * read("Babe", "EpochIndex", 8);
    let left = 600 - (read("Babe", "CurrentSlot", 8) - epoch_start);
    let said = chain["session"]["blocks_left"].as_u64().unwrap();
    assert!(said.abs_diff(left) <= 3, "blocks left {said}, the state says {left}");
    assert_eq!(chain["era"], read("Staking", "ActiveEra", 4));
}

fn endpoints_are_true(chain: &Value, ports: &[u16]) {
    let url = |port: &u16| format!("ws://127.0.0.1:{port}");
    let endpoints = chain["endpoints"].as_array().unwrap();
    let urls: Vec<&str> = endpoints.iter().map(|e| e["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ports.iter().map(url).collect::<Vec<_>>());
    for e in endpoints {
        assert_eq!(e["state"], "live", "{e}");
        assert!(e["latency_ms"].is_u64(), "{e}");
        assert!(e["best"].as_u64().unwrap().abs_diff(chain["best"]["number"].as_u64().unwrap()) <= 2, "{e}");
    }
    let source = chain["source"].as_str().unwrap();
    let port = *ports.iter().find(|p| url(p) == source).unwrap();
    let peers = rpc(port, "system_health", &json!([])).unwrap()["peers"].as_u64().unwrap();
    assert!(
        chain["peers"].as_u64().unwrap().abs_diff(peers) <= 1,
        "{} peers, the node says {peers}",
        chain["peers"]
    );
    assert_eq!(
        chain["pool_size"],
        rpc(port, "author_pendingExtrinsics", &json!([])).unwrap().as_array().unwrap().len()
    );
    assert!(chain["reorgs"].is_u64(), "{chain}");
}

/// The endpoint that the relay chain is read through, and the node behind it.
fn source(watch: &Watch) -> (String, &'static str) {
    let line = watch.last(|l| l.is("relay", "source") && !l.endpoint().is_empty()).unwrap();
    let node = NODES.iter().find(|(_, port)| line.endpoint().ends_with(&format!(":{port}"))).unwrap();
    (line.endpoint().to_owned(), node.0)
}

/// A watch that reads relay and People, with its first blocks.
fn watching() -> Watch {
    let watch = Watch::start(&["--network", "local"]);
    watch.wait("a head of the relay", 0, 10_000, |l| l.is("relay", "head"));
    watch.wait("a head of People", 0, 10_000, |l| l.is("people", "head"));
    watch
}

#[test]
fn net_the_loss_of_a_source_costs_seconds_and_of_a_parachain_is_an_alert_until_it_is_back() {
    let name = "net_the_loss_of_a_source_costs_seconds_and_of_a_parachain_is_an_alert_until_it_is_back";
    let Some(net) = Net::up("4p", name) else { return };
    let mut watch = watching();
    watch.wait("all relay endpoints", 0, 20_000, |l| {
        l.is("relay", "peer-best") && l.endpoint().ends_with("9947")
    });
    let memory = watch.rss_kib();
    net.tool("kill", "people");
    let people_killed = (now_ms(), watch.mark());

    let mut lost = Vec::new();
    for action in ["pause", "kill"] {
        let (old, node) = source(&watch);
        let (mark, at) = (watch.mark(), now_ms());
        net.tool(action, node);
        let new = watch.wait(&format!("another source after {action} {node}"), mark, 10_000, |l| {
            l.is("relay", "source") && !l.endpoint().is_empty() && l.endpoint() != old
        });
        let head = watch.wait("a head through it", mark, 20_000, |l| {
            l.is("relay", "head") && l.endpoint() == new.endpoint()
        });
        println!(
            "{action} {node}: another source after {} ms, its head after {} ms",
            new.came - at,
            head.came - at
        );
        lost.push((node, old));
    }
    let (mark, at) = (watch.mark(), now_ms());
    net.tool("resume", lost[0].0);
    net.tool("start", lost[1].0);
    for (node, endpoint) in &lost {
        let line = watch.wait(&format!("{node} live again"), mark, 60_000, |l| {
            l.is("relay", "peer-best") && l.endpoint() == *endpoint
        });
        println!("{node}: live again after {} ms", line.came - at);
    }

    let stalled = watch.wait("para-stall on the relay", people_killed.1, 110_000, |l| {
        l.is_alert("relay", "para-stall", "raised")
    });
    println!(
        "para-stall {} ms after kill people: {}",
        stalled.came - people_killed.0,
        stalled.alert()["summary"]
    );
    assert_eq!(stalled.alert()["subject"], "1004");
    let stale = watch.wait("stale-data on People", people_killed.1, 30_000, |l| {
        l.is_alert("people", "stale-data", "raised")
    });
    println!("stale-data {} ms after kill people", stale.came - people_killed.0);
    assert!(relay_blocks_since_inclusion(&watch, stalled.came) >= 10);
    let ran = run(&["--network", "local", "check", "--json", "--for", "8s", "--detector", "para-stall"], 20);
    let check = ran.json();
    assert_eq!((ran.code, &check["status"]), (1, &json!("warning")), "{}", ran.out);
    assert_eq!(check["alerts"][0]["id"], "para-stall/relay/1004");

    let (mark, at) = (watch.mark(), now_ms());
    net.tool("start", "people");
    for (chain, detector) in [("people", "stale-data"), ("relay", "para-stall")] {
        let line = watch
            .wait(&format!("{detector} cleared"), mark, 150_000, |l| l.is_alert(chain, detector, "cleared"));
        println!("{detector} cleared {} ms after start people", line.came - at);
    }
    line_is_unbroken(&watch.lines());
    println!("memory: {memory} KiB at the start, {} KiB at the end", watch.rss_kib());
    assert_eq!(watch.interrupt(), 0);
}

/// Relay blocks up to `until` after the last in which a candidate of the para was included.
fn relay_blocks_since_inclusion(watch: &Watch, until: i64) -> usize {
    let lines = watch.lines();
    let heads: Vec<&Line> = lines.iter().filter(|l| l.is("relay", "head") && l.came <= until).collect();
    let included = |l: &Line| {
        let candidates = l.json["data"]["candidates"].as_array().unwrap();
        candidates.iter().any(|c| c["para"] == 1004 && c["stage"] == "included")
    };
    let last = heads.iter().rposition(|l| included(l)).map_or(0, |n| n + 1);
    heads.iter().skip(last).map(|l| l.number()).collect::<BTreeSet<u64>>().len()
}

/// Every finalized number came exactly once and in order; heads leave out no number and join to heads before them.
fn line_is_unbroken(lines: &[Line]) {
    for chain in ["relay", "people"] {
        let finalized: Vec<u64> =
            lines.iter().filter(|l| l.is(chain, "finalized")).map(Line::number).collect();
        assert!(finalized.len() >= 2, "{chain}: {finalized:?}");
        let broken = finalized.windows(2).find(|w| w[1] != w[0] + 1);
        assert_eq!(broken, None, "{chain}: finalized {finalized:?}");
        let mut known = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        for head in lines.iter().filter(|l| l.is(chain, "head")) {
            let parent = head.json["data"]["parent"].as_str().unwrap();
            assert!(
                known.is_empty() || known.contains(parent),
                "{chain}: {} joins nothing known",
                head.number()
            );
            assert!(known.insert(head.hash()), "{chain}: head {} came twice", head.number());
            assert!(head.json["data"]["undecoded"].is_null(), "{}", head.json);
            numbers.insert(head.number());
        }
        let (first, last) = (*numbers.first().unwrap(), *numbers.last().unwrap());
        assert_eq!(numbers.len(), usize::try_from(last - first + 1).unwrap(), "{chain}: {numbers:?}");
        println!(
            "{chain}: finalized {} in a row, heads {first} to {last} without a gap, {} blocks",
            finalized.len(),
            known.len()
        );
    }
}

/// Slots missed in relay blocks of the best chain that came after `from`: owner by slot.
fn missed(watch: &Watch, from: usize) -> BTreeMap<u64, String> {
    let lines = watch.lines();
    let heads = lines.iter().skip(from).filter(|l| l.is("relay", "head"));
    let best: BTreeMap<u64, &Line> = heads.map(|l| (l.number(), l)).collect();
    let slots = best.values().flat_map(|l| l.json["data"]["missed"].as_array().unwrap());
    slots.map(|m| (m["slot"].as_u64().unwrap(), m["owner"].as_str().unwrap_or("nobody").to_owned())).collect()
}

#[test]
fn net_one_dead_validator_is_named_and_two_dead_stall_finality_until_they_are_back() {
    let name = "net_one_dead_validator_is_named_and_two_dead_stall_finality_until_they_are_back";
    let Some(net) = Net::up("4p", name) else { return };
    let mut watch = watching();
    let memory = watch.rss_kib();
    let (mark, at) = (watch.mark(), now_ms());
    net.tool("kill", "dave");
    let found = poll(100_000, || Some(missed(&watch, mark)).filter(|m| m.len() >= 2));
    let found = found.expect("two slots missed within 100 s of kill dave");
    println!("slots missed within {} ms of kill dave: {found:?}", now_ms() - at);
    let dave = "0xe860f1b1c7227f7c22602f53f15af80747814dffd839719731ee3bba6edc126c";
    assert!(found.values().all(|owner| owner == dave), "only Dave is dead: {found:?}");
    assert_eq!(watch.last(|l| l.is_alert("relay", "finality-stall", "raised")).map(|l| l.json), None);

    let (mark, killed) = (watch.mark(), now_ms());
    net.tool("kill", "charlie");
    let raised =
        watch.wait("finality-stall", mark, 15 * T, |l| l.is_alert("relay", "finality-stall", "raised"));
    let moved = watch.last(|l| l.is("relay", "finalized") && l.came <= raised.came).unwrap();
    let stood = raised.came - moved.came.max(killed);
    println!(
        "finality-stall {} ms after kill charlie, {stood} ms after finality stood: {}",
        raised.came - killed,
        raised.alert()["summary"]
    );
    assert!(stood <= 6 * T + 1_000, "noticed after {stood} ms");
    let lag = |l: &Line| l.number() - moved.number();
    let mut before = 0;
    for n in 1..=2 {
        let head = watch.wait("best blocks go on", mark, 60_000, |l| {
            l.is("relay", "head") && l.came > raised.came && lag(l) > before
        });
        println!("best {} with a lag of {} ({n})", head.number(), lag(&head));
        before = lag(&head);
    }
    assert_eq!(watch.last(|l| l.is("relay", "finalized")).unwrap().number(), moved.number());

    let (mark, started) = (watch.mark(), now_ms());
    net.tool("start", "charlie");
    net.tool("start", "dave");
    let cleared = watch
        .wait("finality-stall cleared", mark, 150_000, |l| l.is_alert("relay", "finality-stall", "cleared"));
    println!("finality-stall cleared {} ms after start of both", cleared.came - started);
    line_is_unbroken(&watch.lines());
    println!("memory: {memory} KiB at the start, {} KiB at the end", watch.rss_kib());
    assert_eq!(watch.interrupt(), 0);
}
