//! The bed of these tests: the nodes of `net up 4p`, what they say over plain JSON-RPC, and a `watch` that reads them.
//!
//! In: faults by name. Out: nodes that all run again, states of chains, lines of the program. One dead or stopped author of
//! four leaves one slot in five empty, two leave two in five: a limit of [`BLOCKS_MS`] outlasts any such gap.

use crate::sereno::{Line, Ran, Watch, header_number, now_ms, poll, rpc, run, skip};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) const NODES: [(&str, u16); 5] =
    [("alice", 9944), ("bob", 9945), ("charlie", 9946), ("dave", 9947), ("people", 9954)];
/// Block time of the relay chain.
pub(super) const T: i64 = 6_000;

/// Outlasts every gap in relay blocks while at least two of four validators live: with two dead a slot stays empty with
/// probability 0.43 (half of the secondary owners dead, no primary author among the living), thirty in a row never.
pub(super) const BLOCKS_MS: i64 = 30 * T;
/// For what must only happen at all, on a slow machine, too: a start, a connection, a candidate's way into a block.
pub(super) const PATIENCE_MS: i64 = 300_000;

/// The nodes; when it goes, all of them run again.
pub(crate) struct Net {
    tool: PathBuf,
}

impl Net {
    /// The running bed of this kind, started where none runs; none (and said so) where it cannot be had.
    pub(crate) fn up(kind: &str, test: &str) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tool =
            std::env::var_os("SERENO_NET_TOOL").map_or_else(|| root.join("../shared/net/net"), PathBuf::from);
        if !tool.is_file() {
            skip(test, &format!("no tool to start nodes at {}", tool.display()));
            return None;
        }
        let net = Self { tool };
        // A test that was ended by force leaves its nodes as they were: a stopped one would never answer.
        NODES.iter().for_each(|(node, _)| net.tool("resume", node));
        if rpc(9944, "system_chain", &json!([])).is_err() {
            let up = Command::new(&net.tool).args(["up", kind]).stdout(Stdio::null()).status();
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
        let status = Command::new(&net.tool).arg("status").output().unwrap();
        if String::from_utf8_lossy(&status.stdout).contains("alice down") {
            skip(test, "the nodes that answer were not started from this SERENO_NET");
            return None;
        }
        net.restore();
        net.settle();
        Some(net)
    }

    pub(super) fn tool(&self, action: &str, node: &str) {
        let quiet = |c: &mut Command| c.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = quiet(Command::new(&self.tool).args([action, node]));
    }

    /// Resumes and starts a node until it answers. One that was killed a moment ago still counts as running; one that found
    /// its port taken answers on another one for good, and is started anew.
    pub(super) fn revive(&self, node: &str) {
        let (_, port) = NODES.iter().find(|(name, _)| *name == node).unwrap();
        let started = || {
            self.tool("resume", node);
            self.tool("start", node);
            poll(3_000, || header(*port, None))
        };
        if poll(PATIENCE_MS, started).is_none() {
            println!("{node} does not answer {PATIENCE_MS} ms after its start: it is started anew");
            self.tool("kill", node);
            let _ = poll(PATIENCE_MS, started);
        }
    }

    /// Resumes and starts all nodes side by side until each answers.
    pub(super) fn restore(&self) {
        NODES.iter().for_each(|(node, _)| self.tool("resume", node));
        let all = poll(PATIENCE_MS, || {
            let silent: Vec<&str> = NODES
                .iter()
                .filter(|(_, port)| header(*port, None).is_none())
                .map(|(node, _)| *node)
                .collect();
            silent.iter().for_each(|node| self.tool("start", node));
            if silent.is_empty() { Some(()) } else { poll(3_000, || None) }
        });
        if all.is_none() {
            NODES.iter().for_each(|(node, _)| self.revive(node));
        }
    }

    /// Kills every node and starts it again: what heals finality that the nodes themselves lost.
    fn restart(&self) {
        NODES.iter().for_each(|(node, _)| self.tool("kill", node));
        self.restore();
    }

    /// Waits until all nodes are connected, finality follows and the parachain has a young block. The nodes' own approval
    /// voting now and then stands for good after two validators vanished at a bad moment: then all are started anew.
    pub(super) fn settle(&self) {
        let began = now_ms();
        self.heal("the net is healthy", healthy);
        println!("net healthy after {} ms", now_ms() - began);
    }

    /// Waits for what a whole net reaches by itself, or else after a start of all its nodes.
    pub(super) fn heal<X>(&self, what: &str, mut reached: impl FnMut() -> Option<X>) -> X {
        poll(PATIENCE_MS, &mut reached).unwrap_or_else(|| {
            println!("{what}: not within {PATIENCE_MS} ms, all nodes are started anew");
            self.restart();
            let found = poll(PATIENCE_MS, &mut reached);
            found.unwrap_or_else(|| panic!("{what}: not {PATIENCE_MS} ms after a start of all nodes either"))
        })
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.restore();
    }
}

fn healthy() -> Option<()> {
    let peers = |port| Some(rpc(port, "system_health", &json!([])).ok()?["peers"].as_u64()? >= 3);
    let connected = NODES.iter().take(4).all(|(_, port)| peers(*port) == Some(true));
    let best = header(9944, None)?;
    let finalized = rpc(9944, "chain_getFinalizedHead", &json!([])).ok()?;
    let lag = header_number(&best).saturating_sub(header_number(&header(9944, finalized.as_str())?));
    let head = hash_of(9954, None)?;
    let young = now_ms() - stamp(9954, &head)? < 25_000 && header_number(&header(9954, None)?) >= 3;
    (connected && lag <= 4 && young).then_some(())
}

pub(super) fn header(port: u16, hash: Option<&str>) -> Option<Value> {
    let params = hash.map_or_else(|| json!([]), |h| json!([h]));
    rpc(port, "chain_getHeader", &params).ok().filter(|h| !h.is_null())
}

pub(super) fn hash_of(port: u16, number: Option<u64>) -> Option<String> {
    let params = number.map_or_else(|| json!([]), |n| json!([n]));
    rpc(port, "chain_getBlockHash", &params).ok()?.as_str().map(str::to_owned)
}

/// Bytes of a plain storage item at a block.
pub(super) fn storage(port: u16, pallet: &str, item: &str, hash: &str) -> Option<Vec<u8>> {
    let twox = |s: &str| sereno::domain::ids::to_hex(&sp_crypto_hashing::twox_128(s.as_bytes()));
    let key = format!("{}{}", twox(pallet), twox(item).trim_start_matches("0x"));
    let value = rpc(port, "state_getStorage", &json!([key, hash])).ok()?;
    sereno::domain::ids::hex_bytes(value.as_str()?)
}

/// The first bytes of a storage item as a number.
pub(super) fn number(port: u16, pallet: &str, item: &str, hash: &str, bytes: usize) -> Option<u64> {
    let value = storage(port, pallet, item, hash)?;
    let mut padded = [0; 8];
    padded[..bytes].copy_from_slice(value.get(..bytes)?);
    Some(u64::from_le_bytes(padded))
}

pub(super) fn stamp(port: u16, hash: &str) -> Option<i64> {
    i64::try_from(number(port, "Timestamp", "Now", hash, 8)?).ok()
}

/// The endpoint that the relay chain is read through, and the node behind it.
pub(super) fn source(watch: &Watch) -> (String, &'static str) {
    let line = watch.last(|l| l.is("relay", "source") && !l.endpoint().is_empty()).unwrap();
    let node = NODES.iter().find(|(_, port)| line.endpoint().ends_with(&format!(":{port}"))).unwrap();
    (line.endpoint().to_owned(), node.0)
}

/// A watch that reads relay and People, with its first blocks.
pub(super) fn watching(args: &[&str]) -> Watch {
    let watch = Watch::start(&[&["--network", "local"], args].concat());
    for chain in ["relay", "people"] {
        watch.wait(&format!("a head of {chain}"), 0, PATIENCE_MS, |l| l.is(chain, "head"));
    }
    watch
}

/// `check` on a healthy net. A machine out of breath may hold up People for 36 s or finality for 30 s, and then `check` is
/// right to say so: it gets three attempts, each on a net that its nodes call healthy.
pub(super) fn check_is_ok(net: &Net, args: &[&str]) -> Ran {
    let args = [args, &["check", "--json", "--for", "10s"]].concat();
    for attempt in 1..=3 {
        let ran = run(&args, 90);
        println!("check --for 10s: status {} after {} ms", ran.code, ran.ms);
        if ran.code == 0 || attempt == 3 {
            assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("ok")), "{}", ran.out);
            return ran;
        }
        println!("{}", ran.out);
        net.settle();
    }
    unreachable!("the third attempt returns or fails");
}

/// Every finalized number came exactly once and in order; each head is new on the line of best blocks and joins it. A
/// block that a fork took off the line and its child put back is told again, and rightly.
pub(super) fn line_is_unbroken(lines: &[Line]) {
    for chain in ["relay", "people"] {
        let finalized: Vec<u64> =
            lines.iter().filter(|l| l.is(chain, "finalized")).map(Line::number).collect();
        assert!(finalized.len() >= 2, "{chain}: {finalized:?}");
        let broken = finalized.windows(2).find(|w| w[1] != w[0] + 1);
        assert_eq!(broken, None, "{chain}: finalized {finalized:?}");
        let (mut best, mut told): (Vec<&Line>, usize) = (Vec::new(), 0);
        for head in lines.iter().filter(|l| l.is(chain, "head")) {
            let doubled = best.iter().find(|l| l.hash() == head.hash());
            assert!(doubled.is_none(), "{chain}: came twice: {doubled:?} and {head:?}");
            best.truncate(best.partition_point(|l| l.number() < head.number()));
            // A fork at the very first block told has nothing to join.
            let top = best.last().map(|l| l.hash());
            let parent = head.json["data"]["parent"].as_str().unwrap();
            assert!(top.as_deref().is_none_or(|top| top == parent), "{chain}: joins not {top:?}: {head:?}");
            assert!(head.json["data"]["undecoded"].is_null(), "{}", head.json);
            best.push(head);
            told += 1;
        }
        let (first, last) = (best[0].number(), best[best.len() - 1].number());
        assert_eq!(best.len(), usize::try_from(last - first + 1).unwrap(), "{chain}: {first} to {last}");
        println!(
            "{chain}: finalized {} in a row, heads {first} to {last} without a gap, {told} blocks",
            finalized.len()
        );
    }
}
