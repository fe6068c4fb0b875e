//! The relay's runtime of 2024 upgraded to that of 2026, in this process: what the first block of the new code does.

use super::spec::{CODES, Chain, HEADER, Still, call, metadata};
use serde_json::json;
use sereno::codec::Runtime;
use sereno::domain::Hash;
use sereno::domain::call::Node;
use sereno::rehearse::exec::Level;
use sereno::rehearse::state::Cached;
use sereno::rehearse::{Method, Origin, Request, Scene, Trial, Via};

fn scene<'a>(runtime: &'a Runtime, state: &'a mut Cached, code_hash: Hash) -> Scene<'a> {
    let code_hash = Some(code_hash);
    Scene { runtime, header: &HEADER, state, ss58_prefix: 42, clock: &Still, codes: &CODES, code_hash }
}

#[test]
fn the_first_block_of_new_code_runs_its_migrations_and_what_they_leave_behind_is_told() {
    let name = "the_first_block_of_new_code_runs_its_migrations_and_what_they_leave_behind_is_told";
    let (Some(old), Some(new)) = (Chain::find(name, "relay-2024"), Chain::find(name, "relay-2026")) else {
        return;
    };
    let code = new.top[b":code".as_slice()].clone();
    let (mut state, _) = old.state();
    let mut before = Trial::new(scene(&old.runtime, &mut state, old.code_hash));
    let set = call("System.set_code", &[("code", Node::Bytes(code.clone()))]);
    let set = old.runtime.encode_call(&set).unwrap();
    let request = Request { method: Method::Fork, origin: Origin::Root, call: set, blocks: 0 };
    let found = before.rehearse(&request).unwrap();
    println!("{}", found.text("relay 2024"));
    assert!(found.outcome.ok, "{:?}", found.outcome);
    assert!(
        found.caveats.iter().any(|c| c.contains("its migrations are not rehearsed")),
        "{:?}",
        found.caveats
    );
    before.keep();

    // The code that runs from now on is that of the state, and the metadata are what it says of itself.
    let after = std::collections::BTreeMap::from([(b":code".to_vec(), code.clone())]);
    let hash = Hash(sp_crypto_hashing::blake2_256(&code));
    let runtime = metadata(&after, old.block, hash);
    let mut after = Trial::new(scene(&runtime, &mut state, hash));
    let found = after.block_alone().unwrap();
    println!("{}", found.text("relay 2026"));
    assert_eq!(found.via, Via::Block);
    let item = |name: &str| found.diff.iter().find(|c| c.item.as_deref() == Some(name));
    let last = item("LastRuntimeUpgrade").expect("the block notes that it is of new code");
    assert_eq!(
        (&last.old["spec_version"], &last.new["spec_version"]),
        (&json!(1_001_002), &json!(2_003_001))
    );
    assert!(found.diff.len() > 20, "{} changes", found.diff.len());
    let weight = found.weight.unwrap();
    assert!(weight.ref_time > 1_000_000_000, "migrations weigh something: {weight:?}");
    // Two years at once: the configuration of 2024 cannot be read by the code of 2026, and the runtime says so itself.
    assert!(!found.outcome.ok);
    let error = found.outcome.error.as_deref().unwrap();
    assert!(error.contains("Corrupted state at"), "{error}");
    let config = new.key("Configuration", "ActiveConfig", &[]);
    let config = config.trim_start_matches("0x");
    assert!(
        found.logs.iter().any(|l| l.level == Level::Error && l.text.as_str().contains(config)),
        "{:?}",
        found.logs
    );
}
