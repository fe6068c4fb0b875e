//! Calls composed and decoded by the metadata of the real relay runtime.

use crate::faultd::FakeRuntime;
use serde_json::{Value, json};
use sereno::codec::{CodecError, ComposeError, Runtime, call_hash};
use sereno::domain::call::{Call, Node};
use sereno::domain::ids::{hex_bytes, to_hex};

fn relay() -> Runtime {
    Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap()
}

fn call(pallet: &str, name: &str, args: Value) -> Call {
    let Value::Object(args) = args else { panic!("arguments by name") };
    let args = args.into_iter().map(|(name, value)| (name, Node::of_json(&value))).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn hex(runtime: &Runtime, call: &Call) -> String {
    to_hex(&runtime.encode_call(call).unwrap())
}

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const ALICE_HEX: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

#[test]
fn recovery_calls_have_the_bytes_that_their_types_say() {
    let runtime = relay();
    let head = call("Paras", "force_set_current_head", json!({ "para": 2000, "new_head": "0x1234" }));
    assert_eq!(hex(&runtime, &head), "0x3801d0070000081234");
    let core = call(
        "Coretime",
        "assign_core",
        json!({ "core": 3, "begin": "1_000", "assignment": [[{ "Task": 2000 }, 57600]], "end_hint": null }),
    );
    assert_eq!(hex(&runtime, &core), "0x4a040300e80300000402d007000000e100");
    let transfer = call(
        "Balances",
        "force_transfer",
        json!({ "source": ALICE, "dest": format!("0x{ALICE_HEX}"), "value": "10000000000" }),
    );
    assert_eq!(hex(&runtime, &transfer), format!("0x050200{ALICE_HEX}00{ALICE_HEX}0700e40b5402"));
    let kill = call("System", "kill_storage", json!({ "keys": ["0x01", "0x0203"] }));
    assert_eq!(hex(&runtime, &kill), "0x000508040108 0203".replace(' ', ""));
}

#[test]
fn a_call_inside_a_call_is_decoded_from_the_very_bytes() {
    let runtime = relay();
    let head = call("Paras", "force_set_current_head", json!({ "para": 2000, "new_head": "0x1234" }));
    let mut batch = call("Utility", "batch_all", json!({}));
    batch.args = vec![("calls".to_owned(), Node::List(vec![Node::Call(Box::new(head.clone())); 2]))];
    let mut sudo = call("Sudo", "sudo", json!({}));
    sudo.args = vec![("call".to_owned(), Node::Call(Box::new(batch)))];
    let bytes = runtime.encode_call(&sudo).unwrap();
    let decoded = runtime.decode_call(&bytes).unwrap();
    assert_eq!(runtime.encode_call(&decoded).unwrap(), bytes);
    let paths: Vec<String> = decoded.all().into_iter().map(Call::path).collect();
    let twice = "Paras.force_set_current_head";
    assert_eq!(paths, ["Sudo.sudo", "Utility.batch_all", twice, twice]);
    let inner = decoded.all()[2];
    assert_eq!(inner.arg("new_head"), Some(&Node::Bytes(vec![0x12, 0x34])));
    assert_eq!(
        call_hash(&runtime.encode_call(inner).unwrap()),
        sereno::domain::Hash(sp_crypto_hashing::blake2_256(&hex_bytes("0x3801d0070000081234").unwrap()))
    );
}

#[test]
fn a_location_in_xcm_goes_through_every_kind_of_type() {
    let runtime = relay();
    let sent = call(
        "XcmPallet",
        "force_xcm_version",
        json!({ "location": { "parents": 0, "interior": { "X1": [{ "Parachain": 1000 }] } }, "version": 5 }),
    );
    let bytes = runtime.encode_call(&sent).unwrap();
    let decoded = runtime.decode_call(&bytes).unwrap();
    assert_eq!(runtime.encode_call(&decoded).unwrap(), bytes);
    let location = decoded.arg("location").unwrap();
    let Node::Fields(fields) = location else { panic!("{location:?}") };
    assert_eq!(fields[0], ("parents".to_owned(), Node::Number(0)));
}

#[test]
fn two_megabytes_of_code_stay_bytes() {
    let runtime = relay();
    let mut code = call("System", "set_code", json!({}));
    code.args = vec![("code".to_owned(), Node::Bytes(vec![7; 2_000_000]))];
    let bytes = runtime.encode_call(&code).unwrap();
    assert_eq!(bytes.len(), 2_000_006);
    assert_eq!(runtime.decode_call(&bytes).unwrap(), code);
}

#[test]
fn what_does_not_fit_is_refused_with_its_place_and_what_was_expected() {
    let runtime = relay();
    let refused = |pallet: &str, name: &str, args: Value| {
        runtime.encode_call(&call(pallet, name, args)).unwrap_err().to_string()
    };
    let head = |args| refused("Paras", "force_set_current_head", args);
    assert_eq!(
        head(json!({ "para": 2000, "new_head": "0x123" })),
        "new_head: '0x123' where bytes: 0x and an even number of hex digits is expected"
    );
    assert_eq!(
        head(json!({ "para": 4_294_967_296_u64, "new_head": "0x" })),
        "para: 4294967296 where a number from 0 to 4294967295 is expected"
    );
    assert_eq!(head(json!({ "para": 1 })), "new_head: nothing where a value is expected");
    assert!(head(json!({ "para": 1, "new_head": "0x", "core": 1 })).contains("the argument 'core'"));
    assert!(
        refused("Balances", "force_transfer", json!({ "source": "5Grw", "dest": ALICE, "value": 1 }))
            .contains("source: '5Grw' where one of Id, Index")
    );
    assert_eq!(
        runtime.encode_call(&call("Paras", "kick", json!({}))),
        Err(ComposeError::NoCall("Paras.kick".to_owned()))
    );
}

#[test]
fn bytes_that_are_no_call_are_refused() {
    let runtime = relay();
    let why = |bytes: &[u8]| runtime.decode_call(bytes).unwrap_err();
    assert!(matches!(why(&[]), CodecError::Malformed { .. }));
    assert!(matches!(why(&[250, 250]), CodecError::Malformed { .. }));
    let whole = hex_bytes("0x3801d0070000081234").unwrap();
    for cut in 0..whole.len() {
        assert!(matches!(why(&whole[..cut]), CodecError::Malformed { .. }), "{cut} bytes");
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(why(&longer).to_string().contains("left over"));
    // A length of a gigabyte with nothing behind it allocates nothing.
    assert!(matches!(why(&[0, 5, 0x03, 0, 0, 0, 64]), CodecError::Malformed { .. }));
    let deep: Vec<u8> = hex_bytes("0xfb00").unwrap().into_iter().cycle().take(100_000).collect();
    assert!(matches!(why(&deep), CodecError::Unbounded { .. }), "{}", why(&deep));
}

#[test]
fn what_is_stored_is_named_by_its_key_and_read_by_its_name() {
    let runtime = relay();
    let para = Node::Number(2_000);
    let key = runtime.storage_key("Paras", "Heads", std::slice::from_ref(&para)).unwrap();
    assert_eq!(key, runtime.map_key("Paras", "Heads", &2_000_u32.to_le_bytes()).unwrap());
    let found = runtime.locate(&key).unwrap();
    assert_eq!((found.pallet.as_str(), found.item.as_str()), ("Paras", "Heads"));
    assert_eq!(found.keys, [Some(para.clone())]);
    assert_eq!(runtime.locate(&key[..40]), None, "a key that ends in the middle of its para names nothing");
    assert_eq!(runtime.locate(b":code"), None);

    let head = runtime.storage_node("Paras", "Heads", Some(&[8, 0x12, 0x34])).unwrap();
    assert_eq!(head, Some(Node::Bytes(vec![0x12, 0x34])));
    assert_eq!(runtime.storage_node("Paras", "Heads", None).unwrap(), None);
    assert_eq!(runtime.storage_node("System", "Number", None).unwrap(), Some(Node::Number(0)));
    assert_eq!(runtime.constant_node("System", "SS58Prefix").unwrap(), Node::Number(42));

    let one = runtime.storage_key("Hrmp", "HrmpChannels", &[]).unwrap();
    let channel = Node::of_json(&json!({ "sender": 1000, "recipient": 2000 }));
    assert!(runtime.storage_key("Hrmp", "HrmpChannels", &[channel]).unwrap().starts_with(&one));
    let said = |e: ComposeError| e.to_string();
    assert_eq!(
        said(runtime.storage_key("Paras", "Nothing", &[]).unwrap_err()),
        "this runtime has no Paras.Nothing"
    );
    assert_eq!(
        said(runtime.storage_key("Paras", "Heads", &[para.clone(), para.clone()]).unwrap_err()),
        "Paras.Heads: 2 keys where at most 1 is expected"
    );
    assert!(
        said(runtime.storage_key("Paras", "Heads", &[Node::Bool(true)]).unwrap_err())
            .contains("Paras.Heads[0]")
    );

    assert_eq!(runtime.api_input("ParachainHost", "dmq_contents", &[para]).unwrap(), 2_000_u32.to_le_bytes());
    assert_eq!(
        said(runtime.api_input("ParachainHost", "dmq_contents", &[]).unwrap_err()),
        "ParachainHost.dmq_contents: 0 arguments where 1 is expected"
    );
    let queue = runtime.api_node("ParachainHost", "para_ids", &[4, 0xd0, 7, 0, 0]).unwrap();
    assert_eq!(queue, Node::List(vec![Node::Number(2_000)]));
}

#[test]
fn bits_are_read_and_written_lowest_first_and_nothing_of_them_is_lost() {
    let runtime = relay();
    let call = call(
        "ParaInherent",
        "enter",
        json!({ "data": { "bitfields": [{ "payload": [true, false, true, false, false, false, false, false, true],
                                           "validator_index": 1, "signature": format!("0x{}", "00".repeat(64)) }],
                 "backed_candidates": [], "disputes": [], "parent_header": {
                   "parent_hash": format!("0x{}", "00".repeat(32)), "number": 5,
                   "state_root": format!("0x{}", "00".repeat(32)), "extrinsics_root": format!("0x{}", "00".repeat(32)),
                   "digest": { "logs": [] } } } }),
    );
    let bytes = runtime.encode_call(&call).unwrap();
    assert_eq!(bytes[3..6], [36, 0b0000_0101, 1], "nine bits");
    let decoded = runtime.decode_call(&bytes).unwrap();
    assert_eq!(runtime.encode_call(&decoded).unwrap(), bytes);
    let mut stray = bytes;
    stray[5] = 3;
    let why = runtime.decode_call(&stray).unwrap_err().to_string();
    assert!(why.contains("bits are set after the end"), "{why}");
}
