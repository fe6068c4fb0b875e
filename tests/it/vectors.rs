//! Calls composed here against the same calls composed by polkadot-js (`tests/e2e/vectors.mjs` makes the fixture).

use crate::faultd::FakeRuntime;
use serde_json::Value;
use sereno::codec::Runtime;
use sereno::domain::call::{Call, Node};
use sereno::domain::ids::{hex_bytes, to_hex};

/// `{"call": …, "args": {…}}`, and calls inside it.
fn call(json: &Value) -> Call {
    let (pallet, name) = json["call"].as_str().unwrap().split_once('.').unwrap();
    let args = json["args"].as_object().unwrap();
    let args = args.iter().map(|(name, value)| (name.clone(), node(value))).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn node(json: &Value) -> Node {
    match json {
        Value::Object(fields) if fields.contains_key("call") && fields.contains_key("args") => {
            Node::Call(Box::new(call(json)))
        }
        Value::Object(fields) => Node::Fields(fields.iter().map(|(n, v)| (n.clone(), node(v))).collect()),
        Value::Array(items) => Node::List(items.iter().map(node).collect()),
        other => Node::of_json(other),
    }
}

/// The fixture: calls as JSON, each with the bytes that polkadot-js makes of it.
pub(crate) fn vectors() -> Vec<Value> {
    let Value::Array(vectors) = serde_json::from_str(include_str!("fixtures/vectors.json")).unwrap() else {
        panic!("a list")
    };
    vectors
}

#[test]
fn call_data_equals_what_polkadot_js_makes_of_the_same_call() {
    let runtime = Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap();
    let vectors = vectors();
    assert!(vectors.len() > 120, "{} vectors", vectors.len());
    let mut wrong = Vec::new();
    for vector in &vectors {
        let theirs = vector["hex"].as_str().unwrap();
        match runtime.encode_call(&call(vector)) {
            Ok(ours) if to_hex(&ours) == theirs => {
                let decoded = runtime.decode_call(&hex_bytes(theirs).unwrap()).unwrap();
                assert_eq!(runtime.encode_call(&decoded).unwrap(), ours, "{vector}");
            }
            Ok(ours) => wrong.push(format!("{vector}\n  here {}", to_hex(&ours))),
            Err(why) => wrong.push(format!("{vector}\n  here {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}
