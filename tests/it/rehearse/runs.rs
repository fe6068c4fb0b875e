//! How runs end that do not end well, and what is not taken on trust.

use super::spec::{ALICE, CODES, Chain, Still, account, call, node, unpacked};
use crate::sereno::run;
use serde_json::json;
use sereno::domain::{BlockRef, Hash, UnixMs};
use sereno::ports::Clock;
use sereno::rehearse::exec::{Executor as _, MARKER, Machine, Stopped};
use sereno::rehearse::state::{Cached, StateError, StateSource};
use sereno::rehearse::world::World;
use sereno::rehearse::{Method, Origin, Request, Scene, rehearse};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A state with nothing in it, or one that the node has forgotten.
struct Bare(Option<StateError>);

impl StateSource for Bare {
    fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        self.0.clone().map_or_else(|| Ok(vec![None; keys.len()]), Err)
    }
    fn next_keys(&mut self, _: &[u8], _: usize) -> Result<Vec<Vec<u8>>, StateError> {
        self.0.clone().map_or(Ok(Vec::new()), Err)
    }
    fn ask(&mut self, _: &str, _: &[u8]) -> Result<Vec<u8>, StateError> {
        self.0.clone().map_or(Ok(Vec::new()), Err)
    }
}

fn bare(error: Option<StateError>) -> Cached {
    Cached::new(BlockRef { number: 1, hash: Hash([1; 32]) }, Box::new(Bare(error)))
}

fn stopped(code: &[u8], entry: &str, input: &[u8], state: &mut Cached) -> Stopped {
    let machine = Machine::load(code, None, &Still).unwrap();
    let why = machine.run(entry, input, &mut World::new(state, Arc::default())).unwrap_err();
    println!("{why}");
    assert!(!why.to_string().contains('\n'), "{why}");
    why
}

#[test]
fn traps_missing_functions_and_a_forgotten_state_end_in_a_sentence() {
    let Some(top) = unpacked("traps_missing_functions_and_a_forgotten_state_end_in_a_sentence", "relay-2026")
    else {
        return;
    };
    let code = &top[b":code".as_slice()];
    let trap = stopped(code, "Core_initialize_block", &[1, 2, 3], &mut bare(None));
    assert!(matches!(&trap, Stopped::Trap { entry, .. } if entry == "Core_initialize_block"), "{trap:?}");
    assert!(trap.to_string().starts_with("the runtime stopped in Core_initialize_block: "), "{trap}");
    let absent = stopped(code, "No_such_entry", &[], &mut bare(None));
    assert!(matches!(absent, Stopped::Trap { .. }), "{absent:?}");

    // The same code, asking for a function of another name.
    let packed = code.get(8..).unwrap();
    let mut wasm = zstd::decode_all(packed).unwrap();
    let name = b"ext_storage_get_version_1";
    let at: Vec<usize> =
        wasm.windows(name.len()).enumerate().filter(|(_, w)| w == name).map(|(i, _)| i).collect();
    assert!(!at.is_empty());
    for at in at {
        wasm[at + name.len() - 1] = b'7';
    }
    let header = [vec![0; 32], vec![4], vec![0; 64], vec![0]].concat();
    let missing = stopped(&wasm, "Core_initialize_block", &header, &mut bare(None));
    assert_eq!(
        missing.to_string(),
        "the runtime needs the host function ext_storage_get_version_7, which this version cannot rehearse"
    );

    let forgotten = stopped(code, "Core_initialize_block", &header, &mut bare(Some(StateError::Pruned)));
    assert_eq!(
        forgotten.to_string(),
        "the node no longer has the state of this block: rehearse again, or use an archive node"
    );
    let no_code = Machine::load(b"\0asm no code", None, &Still).err().unwrap();
    assert!(no_code.to_string().starts_with("the runtime's code cannot be run: "), "{no_code}");
}

#[test]
fn heap_pages_of_the_state_count() {
    let Some(top) = unpacked("heap_pages_of_the_state_count", "relay-2026") else { return };
    let code = &top[b":code".as_slice()];
    let run = |pages: u64| {
        let machine = Machine::load(code, Some(&pages.to_le_bytes()), &Still).unwrap();
        let mut state = bare(None);
        machine
            .run("Metadata_metadata", &[], &mut World::new(&mut state, Arc::default()))
            .map(|r| r.output.len())
    };
    assert!(run(2_048).unwrap() > 100_000);
    let why = run(3).unwrap_err().to_string();
    println!("{why}");
    assert!(why.starts_with("the runtime stopped in Metadata_metadata: "), "{why}");
    assert!(Machine::load(code, Some(&[1, 2]), &Still).is_err());
}

/// Every look is a second later.
struct Racing(AtomicI64);

impl Clock for Racing {
    fn now(&self) -> UnixMs {
        UnixMs(self.0.fetch_add(1_000, Ordering::Relaxed))
    }
}

#[test]
fn a_run_that_takes_too_long_is_given_up() {
    let Some(top) = unpacked("a_run_that_takes_too_long_is_given_up", "relay-2026") else { return };
    let clock = Racing(AtomicI64::new(0));
    let machine = Machine::load(&top[b":code".as_slice()], None, &clock).unwrap();
    let mut state = bare(None);
    let header = [vec![0; 32], vec![4], vec![0; 64], vec![0]].concat();
    let why = machine
        .run("Core_initialize_block", &header, &mut World::new(&mut state, Arc::default()))
        .unwrap_err();
    assert_eq!(why.to_string(), "the rehearsal took longer than 30 s and was given up");
}

#[test]
fn only_the_marker_passes_for_a_signature() {
    let Some(chain) = Chain::find("only_the_marker_passes_for_a_signature", "relay-2026") else { return };
    let remark =
        chain.runtime.encode_call(&call("System.remark", &[("remark", node(&json!("0x")))])).unwrap();
    let (mut state, _) = chain.state();
    let machine = Machine::load(&chain.top[b":code".as_slice()], None, &Still).unwrap();
    let mut nearly = MARKER;
    nearly[63] = 0xcc;
    let (api, method) = ("TaggedTransactionQueue", "validate_transaction");
    for (signature, good) in [(MARKER, true), (nearly, false), ([0; 64], false), ([0xcd; 64], false)] {
        let transaction = chain.runtime.transaction((&account(ALICE), 7), &signature, &remark).unwrap();
        let input = [vec![2], transaction, vec![1; 32]].concat();
        let mut world = World::new(&mut state, Arc::default());
        let ran = machine.run("TaggedTransactionQueue_validate_transaction", &input, &mut world).unwrap();
        let answer = format!("{:?}", chain.runtime.api_node(api, method, &ran.output).unwrap());
        assert_eq!(answer.starts_with("Variant(\"Ok\""), good, "{answer}");
        assert_eq!(answer.contains("BadProof"), !good, "{answer}");
    }
}

#[test]
fn what_is_no_call_of_this_runtime_is_refused_before_anything_is_read() {
    let Some(chain) =
        Chain::find("what_is_no_call_of_this_runtime_is_refused_before_anything_is_read", "relay-2026")
    else {
        return;
    };
    for bytes in [vec![], vec![250, 250], vec![0, 0], vec![0, 0, 0, 0]] {
        let (mut state, asked) = chain.state();
        let scene = Scene {
            runtime: &chain.runtime,
            header: &[],
            state: &mut state,
            ss58_prefix: 42,
            clock: &Still,
            codes: &CODES,
            code_hash: None,
        };
        let request = Request { method: Method::Fork, origin: Origin::Root, call: bytes.clone(), blocks: 0 };
        let why = rehearse(scene, &request).unwrap_err().to_string();
        println!("{why}");
        assert!(asked.lock().unwrap().is_empty() && !why.contains('\n'), "{bytes:?}: {why}");
    }
}

#[test]
fn a_call_that_touches_a_child_trie_is_refused() {
    let Some(mut chain) = Chain::find("a_call_that_touches_a_child_trie_is_refused", "relay-2024") else {
        return;
    };
    let fund = json!({ "depositor": ALICE, "verifier": null, "deposit": 0, "raised": 0, "end": 0, "cap": 0,
        "last_contribution": "Never", "first_period": 0, "last_period": 0, "fund_index": 0 });
    let key = chain.runtime.storage_key("Crowdloan", "Funds", &[node(&json!(2000))]).unwrap();
    chain.top.insert(key, chain.runtime.storage_value("Crowdloan", "Funds", &node(&fund)).unwrap());
    let withdraw = call("Crowdloan.withdraw", &[("who", node(&json!(ALICE))), ("index", node(&json!(2000)))]);
    let why = chain.try_run(Method::Fork, Origin::Signed(account(ALICE)), &withdraw).unwrap_err().to_string();
    assert_eq!(why, "the call touches a child trie, which cannot be rehearsed");
}

#[test]
fn a_chain_that_cannot_be_reached_is_status_2_and_one_line() {
    let line =
        ["--network", "local", "--endpoint", "relay=ws://127.0.0.1:1", "rehearse", "--call", "0x000000"];
    let ran = run(&[line.as_slice(), &["--origin", "root", "--json"]].concat(), 60);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines.len() == 1 && lines[0].starts_with("sereno: relay cannot be read: "), "{}", ran.err);
}
