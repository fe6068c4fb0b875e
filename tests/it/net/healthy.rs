//! A healthy net: what one-shot commands say is what its nodes say.

use super::bed::*;
use crate::sereno::{header_number, now_ms, poll, rpc, run};
use serde_json::{Value, json};

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
    let Some(net) = Net::up("4p", "net_a_healthy_net_is_told_as_its_nodes_tell_it") else {
        return;
    };
    let ran = run(&["--network", "local", "snapshot", "--json", "--timeout", "60s"], 90);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    println!("snapshot took {} ms", ran.ms);
    let shot = ran.json();
    assert_eq!(
        (&shot["schema"], &shot["network"], &shot["source"]),
        (&json!(1), &json!("local"), &json!("live"))
    );
    let taken = moment(&shot["taken_at"]);
    let age = now_ms() - taken;
    assert!((-1_000..ran.ms + 5_000).contains(&age), "taken_at {} is {age} ms ago", shot["taken_at"]);
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

    let ran = check_is_ok(&net, &["--network", "local"]);
    assert!((10_000..40_000).contains(&ran.ms), "check --for 10s took {} ms", ran.ms);
    assert_eq!(ran.json()["suites"], json!([]));
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
        // The program may have read another node, a moment ahead of this one.
        let known = poll(BLOCKS_MS, || header(port, Some(hash)));
        assert_eq!(known.as_ref().map(header_number), Some(number), "{which}: {head}");
        let age = (taken - stamp(port, hash).unwrap()).max(0);
        assert_eq!(head["age_ms"].as_i64().unwrap(), age, "{which}: {head}");
    }
    let (best, finalized) = (&chain["best"]["number"], &chain["finalized"]["number"]);
    let (best, finalized) = (best.as_u64().unwrap(), finalized.as_u64().unwrap());
    assert_eq!(chain["finalized"]["hash"], hash_of(port, Some(finalized)).unwrap());
    assert_eq!(chain["finality_lag"], best - finalized);
    let now = header_number(&header(port, None).unwrap());
    // A block time of delay between snapshot and this look is one block.
    let passed = u64::try_from((now_ms() - taken).max(0)).unwrap() / 6_000;
    assert!(now.abs_diff(best) <= 2 + passed, "best {best}, the node is at {now}");
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
