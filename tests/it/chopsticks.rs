//! The program against the real runtimes on Chopsticks: exact state, and blocks exactly when the test asks for them.
//!
//! The bed is `tests/e2e` (installed with `npm ci` where it is not) and the raw specs of `SERENO_SPECS`. Each test starts
//! its own nodes on its own ports and ends them. There is no finality here, and no author that is true: blocks are built
//! by nobody.

#[cfg(feature = "rehearse")]
mod form;
mod governance;
#[cfg(feature = "rehearse")]
mod rehearse;
mod xray;

use crate::sereno::{Line, Ran, Watch, header_number, now_ms, pause, poll, rpc, run, skip};
use codec::{Compact, Encode as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// Plans.
mod plan;

/// Block time of the relay chain.
const T: i64 = 6_000;
/// For what must only happen at all, on a slow machine, too: Chopsticks builds, answers and compiles in one thread.
const PATIENCE_MS: i64 = 300_000;
/// `:code`.
const CODE: &str = "0x3a636f6465";

/// Installed Chopsticks and unpacked specs.
struct Bed {
    bin: PathBuf,
    specs: PathBuf,
    dir: TempDir,
}

impl Bed {
    /// None, and said so, where Node or the specs are missing.
    fn find(test: &str) -> Option<Self> {
        static INSTALL: Mutex<()> = Mutex::new(());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let specs = std::env::var_os("SERENO_SPECS")
            .map_or_else(|| root.join("../shared/data/chains"), PathBuf::from);
        if !specs.join("relay-2026.json.xz").is_file() {
            skip(test, &format!("no chain specs in {}", specs.display()));
            return None;
        }
        let bin = root.join("tests/e2e/node_modules/.bin/chopsticks");
        let one = INSTALL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !bin.exists() {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(root.join("tests/e2e"));
            let done = npm.stdout(Stdio::null()).status();
            if !done.is_ok_and(|s| s.success()) || !bin.exists() {
                skip(test, "Chopsticks is not installed and 'npm ci' in tests/e2e failed");
                return None;
            }
        }
        drop(one);
        Some(Self { bin, specs, dir: TempDir::new().unwrap() })
    }

    /// Unpacks a spec.
    fn spec(&self, name: &str) -> PathBuf {
        let to = self.dir.path().join(format!("{name}.json"));
        let out = std::fs::File::create(&to).unwrap();
        let packed = self.specs.join(format!("{name}.json.xz"));
        let status = Command::new("xz").arg("-dc").arg(&packed).stdout(out).status().unwrap();
        assert!(status.success(), "xz -dc {}", packed.display());
        to
    }

    /// Starts the chain of a spec; [`Node::wait`] waits until it listens.
    fn start(&self, spec: &str, port: u16) -> Node {
        assert!(rpc(port, "system_chain", &json!([])).is_err(), "port {port} is taken");
        let mut config = format!(
            "genesis: {}\nport: {port}\nmock-signature-host: true\nbuild-block-mode: Manual\n",
            self.spec(spec).display()
        );
        if spec.starts_with("relay") {
            let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
            config += &format!(
                "import-storage:\n  Sudo: {{ Key: {alice} }}\n  System: {{ Account: [[[{alice}], {{ providers: 1, \
                 data: {{ free: '1000000000000000' }} }}]] }}\n"
            );
        }
        let file = |kind: &str| self.dir.path().join(format!("{spec}.{kind}"));
        std::fs::write(file("yml"), config).unwrap();
        let log = std::fs::File::create(file("log")).unwrap();
        let mut command = Command::new(&self.bin);
        command.arg("-c").arg(file("yml")).current_dir(self.dir.path()).stdin(Stdio::null());
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        Node { child, port, began: now_ms(), log: file("log") }
    }

    /// A profile of these chains: id, number of the para or none, port.
    fn profile(&self, chains: &[(&str, Option<u32>, u16)]) -> String {
        let mut text = "id = \"chopsticks\"\npublic = false\n".to_owned();
        for (id, para, port) in chains {
            let para = para.map_or_else(String::new, |p| format!("para_id = {p}\nblock_time = \"6s\"\n"));
            text += &format!(
                "[[chains]]\nid = \"{id}\"\nname = \"{id}\"\n{para}endpoints = [\"ws://127.0.0.1:{port}\"]\n"
            );
        }
        let file = self.dir.path().join("network.toml");
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }
}

/// A running chain; ends with the test.
struct Node {
    child: Child,
    port: u16,
    began: i64,
    log: PathBuf,
}

impl Node {
    fn wait(&mut self) {
        let up = poll(PATIENCE_MS, || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "Chopsticks ended: {}", std::fs::read_to_string(&self.log).unwrap());
            rpc(self.port, "system_chain", &json!([])).ok()
        });
        let up = up.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(&self.log).unwrap()));
        println!("{up} listens on {} after {} ms", self.port, now_ms() - self.began);
    }

    fn build(&self, transactions: &[String]) {
        new_block(self.port, transactions).unwrap();
    }

    fn best(&self) -> u64 {
        header_number(&rpc(self.port, "chain_getHeader", &json!([])).unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn new_block(port: u16, transactions: &[String]) -> Result<Value, String> {
    let mut block = json!({ "count": 1 });
    if !transactions.is_empty() {
        block["transactions"] = json!(transactions);
    }
    rpc(port, "dev_newBlock", &json!([block]))
}

/// `Timestamp.Now` of the newest block, milliseconds; 0 at block 0.
fn newest_stamp(port: u16) -> i64 {
    let key = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";
    let value = rpc(port, "state_getStorage", &json!([key])).unwrap();
    let bytes = value.as_str().and_then(sereno::domain::ids::hex_bytes);
    let bytes: Option<[u8; 8]> = bytes.and_then(|b| b.try_into().ok());
    bytes.map_or(0, i64::from_le_bytes)
}

/// Builds blocks in real time: first those that are due since the node's start, then one every block time.
struct Driver {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = stop.clone();
        let drive = move || {
            while !ended.load(Ordering::Relaxed) {
                if newest_stamp(port) + T <= now_ms() {
                    new_block(port, &[]).unwrap();
                } else {
                    pause();
                }
            }
        };
        let thread = std::thread::Builder::new().name("driver".to_owned()).spawn(drive).unwrap();
        Self { stop, thread: Some(thread) }
    }

    /// Stops; the last block asked for is built by then.
    fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop();
    }
}

const CHAINS: [(&str, &str, Option<u32>, u16, &str); 5] = [
    ("relay", "relay-2026", None, 8200, "paseo"),
    ("people", "people", Some(1004), 8201, "people-paseo"),
    ("coretime", "coretime", Some(1005), 8202, "coretime-paseo"),
    ("bridge-hub", "bridge-hub", Some(1002), 8203, "bridge-hub-paseo"),
    ("collectives", "collectives", Some(1001), 8204, "collectives"),
];

#[test]
fn chop_snapshot_has_true_values_of_every_chain() {
    let Some(bed) = Bed::find("chop_snapshot_has_true_values_of_every_chain") else { return };
    let mut nodes: Vec<Node> = CHAINS.iter().map(|(_, spec, _, port, _)| bed.start(spec, *port)).collect();
    nodes.iter_mut().for_each(Node::wait);
    for _ in 0..4 {
        nodes[0].build(&[]);
    }
    let built = nodes[0].best();
    let chains: Vec<_> = CHAINS.iter().map(|(id, _, para, port, _)| (*id, *para, *port)).collect();
    let network = bed.profile(&chains);
    let ran = run(&["--network", &network, "snapshot", "--json", "--at", "best", "--timeout", "240s"], 270);
    assert_eq!(ran.code, 0, "{}", ran.out);
    println!("snapshot of five chains took {} ms {}", ran.ms, ran.err);
    let shot = ran.json();
    for (chain, (id, _, para, port, spec_name)) in shot["chains"].as_array().unwrap().iter().zip(CHAINS) {
        assert_eq!((&chain["id"], &chain["para_id"]), (&json!(id), &json!(para)));
        assert_eq!(chain["spec_name"], spec_name);
        is_what_the_node_says(chain, port);
    }
    let relay = &shot["chains"][0];
    assert_eq!((&relay["best"]["number"], &relay["finality_lag"]), (&json!(built), &json!(0)));
    assert_eq!(relay["block_time_ms"], json!({ "target": 6_000, "p50": 6_000, "p95": 6_000 }));
    assert!(relay["best"]["age_ms"].is_u64() && relay["finalized"]["age_ms"].is_u64(), "{relay}");
    assert!(relay["session"]["blocks_left"].is_u64() && relay["era"].is_u64(), "{relay}");
    for para in shot["chains"].as_array().unwrap().iter().skip(1) {
        // Chopsticks builds a first block of some chains and no second one; block 0 has no time.
        let number = para["best"]["number"].as_u64().unwrap();
        assert!(number <= 1 && para["best"]["age_ms"].is_null() == (number == 0), "{para}");
        assert_eq!(para["block_time_ms"], json!({ "target": 6_000, "p50": null, "p95": null }));
        assert!(para["era"].is_null(), "{para}");
        assert!(para["session"]["index"].is_u64(), "{para}");
    }
}

fn is_what_the_node_says(chain: &Value, port: u16) {
    let say = |method: &str, params: Value| rpc(port, method, &params).unwrap();
    let best = &chain["best"];
    assert_eq!(chain["genesis_hash"], say("chain_getBlockHash", json!([0])));
    assert_eq!(best["number"], header_number(&say("chain_getHeader", json!([]))));
    assert_eq!(best["hash"], say("chain_getBlockHash", json!([])));
    assert_eq!(chain["finalized"]["hash"], say("chain_getFinalizedHead", json!([])));
    let runtime = say("state_getRuntimeVersion", json!([]));
    assert_eq!(chain["spec_version"], runtime["specVersion"]);
    let properties = say("system_properties", json!([]));
    assert_eq!(
        chain["token"],
        json!({ "symbol": properties["tokenSymbol"], "decimals": properties["tokenDecimals"] })
    );
    assert!(chain["ss58_prefix"].is_u64(), "{chain}");
    assert_eq!(chain["peers"], say("system_health", json!([]))["peers"]);
    assert_eq!(chain["pool_size"], say("author_pendingExtrinsics", json!([])).as_array().unwrap().len());
    assert_eq!(chain["reorgs"], 0);
    let endpoint = &chain["endpoints"][0];
    assert_eq!(endpoint["url"], format!("ws://127.0.0.1:{port}"));
    assert_eq!(endpoint["best"], best["number"]);
    assert!(endpoint["latency_ms"].is_u64() && endpoint["state"].is_string(), "{endpoint}");
    assert!(chain["health"].is_string(), "{chain}");
}

#[test]
fn chop_check_block_stall_comes_after_three_block_times_and_is_critical_after_ten() {
    let name = "chop_check_block_stall_comes_after_three_block_times_and_is_critical_after_ten";
    let Some(bed) = Bed::find(name) else { return };
    let mut node = bed.start("relay-2026", 8210);
    node.wait();
    let network = bed.profile(&[("relay", None, 8210)]);
    let mut driver = Driver::start(8210);
    let young = poll(PATIENCE_MS, || (now_ms() - newest_stamp(8210) < 2 * T).then_some(()));
    assert!(young.is_some(), "blocks do not come in time");
    println!("block {} is young {} ms after the start", node.best(), now_ms() - node.began);

    let mut watch = Watch::start(&["--network", &network]);
    let first = watch.wait("a head", 0, PATIENCE_MS, |l| l.is("relay", "head")).number();
    watch
        .wait("six heads in real time", 0, PATIENCE_MS, |l| l.is("relay", "head") && l.number() >= first + 6);
    blocks_come_in_time(&network);
    driver.stop();

    let still = |severity: &'static str| {
        move |l: &Line| {
            let told =
                l.is_alert("relay", "block-stall", "raised") || l.is_alert("relay", "block-stall", "changed");
            told && l.alert()["severity"] == severity
        }
    };
    for (severity, least, most, code) in [("major", 3, 4, 1), ("critical", 10, 11, 2)] {
        // It watches from the stop on, as it takes Chopsticks seconds to give its metadata, and ends in time.
        let left = most * T - 1_500 - (now_ms() - newest_stamp(8210));
        let ran = check(&network, &format!("{left}ms"));
        assert_eq!(ran.code, code, "{}", ran.out);
        assert_eq!(ran.json()["alerts"][0]["id"], "block-stall/relay");
        let line = watch.wait(severity, 0, 12 * T, still(severity));
        let head = watch.last(|l| l.is("relay", "head")).unwrap();
        let after = line.came - head.came;
        println!("block-stall {severity} {after} ms after the last head came: {}", line.alert()["summary"]);
        assert!((least * T - 3_000..=most * T).contains(&after), "{severity} after {after} ms");
    }
    node.build(&[]);
    watch.wait("block-stall cleared", 0, PATIENCE_MS, |l| l.is_alert("relay", "block-stall", "cleared"));
    assert_eq!(watch.interrupt(), 0);
}

fn check(network: &str, time: &str) -> Ran {
    let ran = run(&["--network", network, "check", "--json", "--for", time], 200);
    println!("check --for {time}: status {} in {} ms, {}", ran.code, ran.ms, ran.json()["summary"]);
    ran
}

/// `check` says ok while blocks come. Chopsticks may be late with its metadata, or with a block while it gives it: then
/// the check has a reason not to, and gets another two attempts.
fn blocks_come_in_time(network: &str) {
    let mut ran = check(network, "10s");
    for time in ["20s", "40s"] {
        if ran.code == 0 {
            break;
        }
        ran = check(network, time);
    }
    assert_eq!(ran.code, 0, "blocks come in time: {}", ran.out);
}

/// `Sudo.sudo_unchecked_weight(System.set_code(code), 0)` of the 2024 runtime, signed by nobody in Alice's name.
fn set_code(code: &[u8]) -> String {
    let alice = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    let mut body = vec![0x84, 0];
    body.extend(sereno::domain::ids::hex_bytes(alice).unwrap());
    // An sr25519 signature that the mocked host takes.
    body.extend([1, 0xde, 0xad, 0xbe, 0xef]);
    body.extend([0xcd; 60]);
    // Immortal, nonce 0, no tip; then the two calls by index.
    body.extend([0, 0, 0, 255, 1, 0, 2]);
    body.extend(code.encode());
    // Weight 0, 0.
    body.extend([0, 0]);
    let length = u32::try_from(body.len()).unwrap();
    sereno::domain::ids::to_hex(&[Compact(length).encode(), body].concat())
}

#[test]
fn chop_upgrade_from_2024_to_2026_is_followed_without_a_block_undecoded() {
    let Some(bed) = Bed::find("chop_upgrade_from_2024_to_2026_is_followed_without_a_block_undecoded") else {
        return;
    };
    let mut node = bed.start("relay-2024", 8220);
    let spec: Value = serde_json::from_slice(&std::fs::read(bed.spec("relay-2026")).unwrap()).unwrap();
    let code = spec["genesis"]["raw"]["top"][CODE].as_str().unwrap();
    let upgrade = set_code(&sereno::domain::ids::hex_bytes(code).unwrap());
    node.wait();
    node.build(&[]);
    let mut watch = Watch::start(&["--network", &bed.profile(&[("relay", None, 8220)])]);
    let before = watch.wait("the first runtime", 0, PATIENCE_MS, |l| l.is("relay", "runtime"));
    assert_eq!(before.json["data"]["version"]["spec_version"], 1_001_002, "{}", before.json);
    watch.wait("a head", 0, PATIENCE_MS, |l| l.is("relay", "head"));
    node.build(&[]);
    let mark = watch.mark();
    let asked = now_ms();
    node.build(&[upgrade]);
    let number = node.best();
    let runtime = watch.wait("the runtime line", mark, PATIENCE_MS, |l| l.is("relay", "runtime"));
    println!("upgrade block built and noticed {} ms after it was asked for", runtime.came - asked);
    assert_eq!(runtime.json["data"]["upgraded"], true, "{}", runtime.json);
    assert_eq!(runtime.json["data"]["version"]["spec_version"], 2_003_001, "{}", runtime.json);
    assert_eq!(runtime.number(), number);
    let alert =
        watch.wait("the alert", mark, PATIENCE_MS, |l| l.is_alert("relay", "runtime-upgraded", "raised"));
    let summary = alert.alert()["summary"].as_str().unwrap();
    println!("{summary}");
    assert!(summary.contains("1001002") && summary.contains("2003001"), "{summary}");
    for _ in 0..3 {
        node.build(&[]);
    }
    watch.wait("three more blocks", mark, PATIENCE_MS, |l| l.is("relay", "head") && l.number() == number + 3);
    let lines = watch.lines();
    let heads: Vec<&Line> = lines.iter().filter(|l| l.is("relay", "head")).collect();
    let numbers: Vec<u64> = heads.iter().map(|l| l.number()).collect();
    assert_eq!(numbers, (numbers[0]..=number + 3).collect::<Vec<u64>>());
    assert!(numbers[0] < number, "the watch began before the upgrade: {numbers:?}");
    for head in heads {
        let data = &head.json["data"];
        assert_eq!(data["undecoded"], Value::Null, "{}", head.json);
        assert!(data["events"].is_u64() && data["timestamp"].is_i64(), "{}", head.json);
    }
    assert!(watch.is_alive());
    assert_eq!(watch.interrupt(), 0);
}
