//! The classes of danger against every call of the real relay runtime, and against calls decoded from their bytes.

use crate::faultd::FakeRuntime;
use serde_json::{Value, json};
use sereno::codec::Runtime;
use sereno::domain::call::{Call, Node};
use sereno::domain::danger::{self, Class, filtered_by_safe_sudo, judge, judge_with};
use std::collections::BTreeMap;

fn relay() -> Runtime {
    Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap()
}

fn call(path: &str, args: Value) -> Call {
    let Value::Object(args) = args else { panic!("arguments by name") };
    let (pallet, name) = path.split_once('.').unwrap();
    let args = args.into_iter().map(|(name, value)| (name, Node::of_json(&value))).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

/// The call as it is decoded from its bytes.
fn decoded(runtime: &Runtime, call: &Call) -> Call {
    runtime.decode_call(&runtime.encode_call(call).unwrap()).unwrap()
}

#[test]
fn every_call_of_the_relay_has_a_class_and_what_the_table_lacks_is_root() {
    let metadata = subxt::Metadata::decode_from(&FakeRuntime::relay_2026(6_000).metadata[..]).unwrap();
    let mut found: BTreeMap<Class, Vec<String>> = BTreeMap::new();
    let mut seen = 0;
    for pallet in metadata.pallets() {
        for variant in pallet.call_variants().unwrap_or_default() {
            let args = Vec::new();
            let call = Call { pallet: pallet.name().to_owned(), name: variant.name.clone(), args };
            let verdict = judge(&call);
            let path = call.path();
            if !danger::is_known(&path) {
                assert_eq!(verdict.class, Class::Root, "{path} is not in the table: {verdict:?}");
                assert!(verdict.reasons[0].contains("not a call that this program knows"), "{verdict:?}");
            }
            assert!(!verdict.reasons.is_empty(), "{path} says no reason");
            let _ = filtered_by_safe_sudo(&call);
            found.entry(verdict.class).or_default().push(path);
            seen += 1;
        }
    }
    assert!(seen > 340, "{seen} calls");
    let root = &found[&Class::Root];
    assert!(root.len() > 150, "{} calls are root", root.len());
    for path in ["Staking.manual_slash", "Crowdloan.dissolve", "System.set_heap_pages", "Sudo.remove_key"] {
        assert!(root.iter().any(|p| p == path), "{path}");
    }
    // The table names no call that this runtime does not have, but for calls of other chains.
    let others = ["PolkadotXcm", "XcmpQueue", "Broker", "MultiBlockElection", "CollatorSelection"];
    let all: Vec<&String> = found.values().flatten().collect();
    for path in danger::known_paths() {
        let elsewhere = others.iter().any(|pallet| path.starts_with(pallet));
        assert!(elsewhere || all.iter().any(|p| **p == path), "{path} is not a call of the relay");
    }
}

#[test]
fn every_setter_of_the_configuration_is_judged() {
    let metadata = subxt::Metadata::decode_from(&FakeRuntime::relay_2026(6_000).metadata[..]).unwrap();
    let pallet = metadata.pallet_by_name("Configuration").unwrap();
    for variant in pallet.call_variants().unwrap() {
        let class =
            judge(&Call { pallet: "Configuration".into(), name: variant.name.clone(), args: vec![] }).class;
        let bypass = variant.name == "set_bypass_consistency_check";
        assert_eq!(class, if bypass { Class::Red } else { Class::Amber }, "{}", variant.name);
    }
}

#[test]
fn storage_prefixes_are_those_of_the_pallets() {
    let runtime = relay();
    let key = |pallet, item| runtime.storage_key(pallet, item, &[]).unwrap();
    let class = |key: Vec<u8>| {
        let mut kill = call("System.kill_storage", json!({}));
        kill.args = vec![("keys".to_owned(), Node::List(vec![Node::Bytes(key)]))];
        judge(&decoded(&runtime, &kill)).class
    };
    assert_eq!(class(key("Paras", "FutureCodeHash")), Class::Red);
    assert_eq!(class(key("Dmp", "DownwardMessageQueues")), Class::Red);
    assert_eq!(class(key("Configuration", "PendingConfigs")), Class::Red);
    assert_eq!(class(key("Sudo", "Key")), Class::Root);
    assert_eq!(class(b":code".to_vec()), Class::Root);
}

fn to_para(call: &str, instructions: Vec<Value>) -> Value {
    let mut message =
        vec![json!({ "UnpaidExecution": { "weight_limit": "Unlimited", "check_origin": null } })];
    message.push(
        json!({ "Transact": { "origin_kind": "Superuser", "fallback_max_weight": null, "call": call } }),
    );
    message.extend(instructions);
    json!({
        "dest": { "V5": { "parents": 0, "interior": { "X1": [{ "Parachain": 1004 }] } } },
        "message": { "V5": message },
    })
}

#[test]
fn what_travels_to_another_chain_is_root_until_it_is_decoded() {
    let runtime = relay();
    let expect = json!({ "ExpectTransactStatus": "Success" });
    let sent = decoded(&runtime, &call("XcmPallet.send", to_para("0x000000", vec![expect.clone()])));
    let closed = judge(&sent);
    assert_eq!(closed.class, Class::Root, "{closed:?}");
    assert!(closed.reasons[0].contains("para 1004"), "{closed:?}");
    let open = |para: u32, bytes: &[u8]| {
        assert_eq!(para, 1_004);
        runtime.decode_call(bytes).ok()
    };
    let opened = judge_with(&sent, &open);
    assert_eq!(opened.class, Class::Green, "{opened:?}");
    let bad = decoded(&runtime, &call("XcmPallet.send", to_para("0xffff", vec![expect])));
    assert_eq!(judge_with(&bad, &open).class, Class::Root, "bytes that do not decode");
    // Anything else in the message, and it is not understood.
    let more = decoded(&runtime, &call("XcmPallet.send", to_para("0x000000", vec![json!("RefundSurplus")])));
    assert_eq!(judge_with(&more, &open).class, Class::Root);
    let raw = json!({ "id": 1004, "xcm": { "V5": [{ "Transact": {
        "origin_kind": "Superuser", "fallback_max_weight": null, "call": "0x000000" } }] } });
    let raw = decoded(&runtime, &call("ParaSudoWrapper.sudo_queue_downward_xcm", raw));
    assert_eq!(judge(&raw).class, Class::Root);
    assert_eq!(judge_with(&raw, &open).class, Class::Green);
    assert_eq!(filtered_by_safe_sudo(&sent), None, "the runtime's filter does not see it either");
}
