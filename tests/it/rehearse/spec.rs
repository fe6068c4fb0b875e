//! A chain spec as the state of a block, with its own code and its own metadata.

use crate::sereno::skip;
use codec::Decode as _;
use serde_json::{Value, json};
use sereno::codec::Runtime;
use sereno::domain::call::{Call, Node};
use sereno::domain::ids::hex_bytes;
use sereno::domain::{AccountId, BlockRef, Hash, UnixMs};
use sereno::ports::Clock;
use sereno::rehearse::exec::{Codes, Executor as _};
use sereno::rehearse::state::{Cached, StateError, StateSource};
use sereno::rehearse::world::World;
use sereno::rehearse::{Failed, Method, Origin, Rehearsal, Request, Scene, rehearse};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

pub(super) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
pub(super) const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

pub(super) type Top = BTreeMap<Vec<u8>, Vec<u8>>;

/// The state; counts what is asked of it.
#[derive(Clone)]
pub(super) struct Spec {
    top: Arc<Top>,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
}

impl StateSource for Spec {
    fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        self.asked.lock().unwrap().push(format!("{} values", keys.len()));
        Ok(keys.iter().map(|k| self.top.get(k).cloned()).collect())
    }
    fn next_keys(&mut self, after: &[u8], most: usize) -> Result<Vec<Vec<u8>>, StateError> {
        self.asked.lock().unwrap().push("keys".to_owned());
        Ok(self
            .top
            .range::<[u8], _>((Excluded(after), Unbounded))
            .map(|(k, _)| k.clone())
            .take(most)
            .collect())
    }
    fn ask(&mut self, method: &str, _: &[u8]) -> Result<Vec<u8>, StateError> {
        Err(StateError::Link(format!("{method}: there is no node")))
    }
}

/// The header of block 1: no parent, no roots, no digest.
pub(super) const HEADER: [u8; 98] = {
    let mut bytes = [0; 98];
    bytes[32] = 4;
    bytes
};

/// A clock that is looked at, so that the limit of 30 s never comes.
pub(super) struct Still;

impl Clock for Still {
    fn now(&self) -> UnixMs {
        UnixMs(1_795_000_000_000)
    }
}

/// Runtimes that were read before.
pub(super) static CODES: LazyLock<Codes> = LazyLock::new(Codes::default);

/// A chain.
pub(super) struct Chain {
    pub(super) runtime: Arc<Runtime>,
    pub(super) top: Top,
    pub(super) block: BlockRef,
    pub(super) code_hash: Hash,
}

/// None, and said so, where the specs are missing.
pub(super) fn unpacked(test: &str, name: &str) -> Option<Top> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let specs =
        std::env::var_os("SERENO_SPECS").map_or_else(|| root.join("../shared/data/chains"), PathBuf::from);
    let packed = specs.join(format!("{name}.json.xz"));
    if !packed.is_file() {
        skip(test, &format!("no chain specs in {}", specs.display()));
        return None;
    }
    let out = Command::new("xz").arg("-dc").arg(&packed).output().unwrap();
    assert!(out.status.success(), "xz -dc {}", packed.display());
    let spec: Value = serde_json::from_slice(&out.stdout).unwrap();
    let hex = |text: &str| hex_bytes(text).unwrap();
    let top = spec["genesis"]["raw"]["top"].as_object().unwrap();
    Some(top.iter().map(|(k, v)| (hex(k), hex(v.as_str().unwrap()))).collect())
}

pub(super) fn node(json: &Value) -> Node {
    Node::of_json(json)
}

pub(super) fn call(path: &str, args: &[(&str, Node)]) -> Call {
    let (pallet, name) = path.split_once('.').unwrap();
    let args = args.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

pub(super) fn inside(call: Call) -> Node {
    Node::Call(Box::new(call))
}

pub(super) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

impl Chain {
    /// The chain of a spec, in block 1; none where there are no specs.
    pub(super) fn find(test: &str, name: &str) -> Option<Self> {
        let mut top = unpacked(test, name)?;
        let block = BlockRef { number: 1, hash: Hash([1; 32]) };
        let code_hash = Hash(sp_crypto_hashing::blake2_256(&top[b":code".as_slice()]));
        let runtime = Arc::new(metadata(&top, block, code_hash));
        let put = |top: &mut Top, (pallet, item): (&str, &str), keys: &[Node], value: Value| {
            let key = runtime.storage_key(pallet, item, keys).unwrap();
            top.insert(key, runtime.storage_value(pallet, item, &node(&value)).unwrap());
        };
        let rich = json!({ "nonce": 7, "consumers": 0, "providers": 1, "sufficients": 0, "data": {
            "free": "1000000000000000", "reserved": 0, "frozen": 0,
            "flags": "170141183460469231731687303715884105728" } });
        put(&mut top, ("System", "Number"), &[], json!(1));
        put(&mut top, ("System", "Account"), &[node(&json!(ALICE))], rich.clone());
        put(&mut top, ("System", "Account"), &[node(&json!(BOB))], rich);
        top.insert(runtime.key("Sudo", "Key").unwrap(), account(ALICE).0.to_vec());
        if name == "relay-2026" {
            let proxy = json!([[{ "delegate": BOB, "proxy_type": "SafeSudo", "delay": 0 }], 0]);
            put(&mut top, ("Proxy", "Proxies"), &[node(&json!(ALICE))], proxy);
        }
        Some(Self { runtime, top, block, code_hash })
    }

    /// Writes what a rehearsal changed into the state.
    pub(super) fn apply(&mut self, found: &Rehearsal) {
        for change in &found.diff {
            let key = hex_bytes(&change.key).unwrap();
            let (Some(pallet), Some(item)) = (&change.pallet, &change.item) else { continue };
            if change.new.is_null() {
                self.top.remove(&key);
            } else if let Ok(value) = self.runtime.storage_value(pallet, item, &node(&change.new)) {
                self.top.insert(key, value);
            }
        }
    }

    /// The same with a state of its own.
    pub(super) fn copy(&self) -> Self {
        Self {
            runtime: self.runtime.clone(),
            top: self.top.clone(),
            block: self.block,
            code_hash: self.code_hash,
        }
    }

    pub(super) fn state(&self) -> (Cached, Arc<Mutex<Vec<String>>>) {
        let spec = Spec { top: Arc::new(self.top.clone()), asked: Arc::default() };
        let asked = spec.asked.clone();
        (Cached::new(self.block, Box::new(spec)), asked)
    }

    pub(super) fn key(&self, pallet: &str, item: &str, keys: &[Value]) -> String {
        let keys: Vec<Node> = keys.iter().map(node).collect();
        sereno::domain::ids::to_hex(&self.runtime.storage_key(pallet, item, &keys).unwrap())
    }

    pub(super) fn try_run(&self, method: Method, origin: Origin, call: &Call) -> Result<Rehearsal, Failed> {
        self.follow(method, origin, call, 0)
    }

    /// The same with so many blocks after it.
    pub(super) fn follow(
        &self,
        method: Method,
        origin: Origin,
        call: &Call,
        blocks: u32,
    ) -> Result<Rehearsal, Failed> {
        let request = Request { method, origin, call: self.runtime.encode_call(call).unwrap(), blocks };
        let (mut state, _) = self.state();
        let scene = Scene {
            runtime: &self.runtime,
            header: &HEADER,
            state: &mut state,
            ss58_prefix: 42,
            clock: &Still,
            codes: &CODES,
            code_hash: Some(self.code_hash),
        };
        rehearse(scene, &request)
    }

    /// Runs it and prints what came.
    pub(super) fn run(&self, origin: Origin, call: &Call) -> Rehearsal {
        let found = self.try_run(Method::Fork, origin, call).unwrap();
        println!("{}", found.text("spec"));
        found
    }
}

/// The metadata, from the code itself.
pub(super) fn metadata(top: &Top, block: BlockRef, code_hash: Hash) -> Runtime {
    let spec = Spec { top: Arc::new(top.clone()), asked: Arc::default() };
    let mut state = Cached::new(block, Box::new(spec));
    let code = || Ok(top[b":code".as_slice()].clone());
    let machine = CODES.machine((code_hash, None), &Still, code).unwrap();
    for version in [16_u32, 15] {
        let mut world = World::new(&mut state, Arc::default());
        let input = version.to_le_bytes();
        let ran = machine.run("Metadata_metadata_at_version", &input, &mut world).unwrap();
        if let Some(bytes) = Option::<Vec<u8>>::decode(&mut ran.output.as_slice()).unwrap() {
            return Runtime::decode(&bytes).unwrap();
        }
    }
    panic!("no metadata")
}
