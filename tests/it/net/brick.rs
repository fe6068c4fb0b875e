//! A parachain that is broken for real, named, planned and mended; and what is said of one whose collator died.
//!
//! In: the relay and People of the bed; polkadot-js signs and sends (`tests/e2e/send.mjs`), the program only reads. Out: what
//! `watch`, `xray` and `plan` say at each step, and that People is included again by the call data of the plan.

use super::bed::*;
use crate::sereno::{Watch, header_number, now_ms, poll, rpc, run};
use serde_json::{Value, json};
use sereno::domain::ids::hex_bytes;
use std::path::Path;
use std::process::Command;

const PARA: &str = "1004";
/// Key of `Paras.Heads(1004)`.
const HEAD_OF_PEOPLE: &str =
    "0xcd710b30bd2eab0352ddcc26417aa1941b3c252fcb29d88eff4f3de5de4476c3cafa6fcc550ffd86ec030000";
/// No header: two bytes.
const GARBAGE: &str = "0x1234";

/// Signs as Alice and sends: what the chain made of it.
fn send(what: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/send.mjs");
    let out = Command::new("node").arg(script).arg("ws://127.0.0.1:9944").args(what).output().unwrap();
    assert!(out.status.success(), "{what:?}: {}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8_lossy(&out.stdout);
    let said: Value = serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap();
    assert_eq!(said["failed"], Value::Null, "{said}");
    let results: Vec<&Value> = events(&said, "sudo.Sudid").collect();
    assert_eq!(results, [&json!({ "sudoResult": "Ok" })], "{said}");
    assert_eq!(events(&said, "paras.CurrentHeadUpdated").collect::<Vec<_>>(), [&json!(["1,004"])], "{said}");
    said
}

fn events<'a>(said: &'a Value, name: &'a str) -> impl Iterator<Item = &'a Value> {
    said["events"].as_array().unwrap().iter().filter(move |e| e["event"] == name).map(|e| &e["data"])
}

fn sereno(args: &[&str], code: i32) -> Value {
    let ran = run(&[&["--network", "local"], args, &["--json"]].concat(), 90);
    println!("{}: status {} after {} ms", args[..2].join(" "), ran.code, ran.ms);
    assert_eq!(ran.code, code, "{} {}", ran.out, ran.err);
    ran.json()
}

/// The header that the collator's own node holds as finalized, as the relay keeps heads: its number and its bytes.
fn own_finalized() -> (u64, Vec<u8>) {
    let hash = rpc(9954, "chain_getFinalizedHead", &json!([])).unwrap();
    let header = header(9954, hash.as_str()).unwrap();
    (header_number(&header), encoded(&header))
}

/// SCALE of a header with a `u32` number: parent, compact number, roots, digest items as they came.
fn encoded(header: &Value) -> Vec<u8> {
    use codec::{Compact, Encode as _};
    let bytes = |name: &str| hex_bytes(header[name].as_str().unwrap()).unwrap();
    let logs = header["digest"]["logs"].as_array().unwrap();
    let number = u32::try_from(header_number(header)).unwrap();
    let mut all = bytes("parentHash");
    all.extend(Compact(number).encode());
    all.extend(bytes("stateRoot"));
    all.extend(bytes("extrinsicsRoot"));
    all.extend(Compact(u32::try_from(logs.len()).unwrap()).encode());
    logs.iter().for_each(|l| all.extend(hex_bytes(l.as_str().unwrap()).unwrap()));
    all
}

fn alert(watch: &Watch, from: usize, change: &str) -> i64 {
    let line = watch.wait(&format!("para-stall {change}"), from, PATIENCE_MS, |l| {
        l.is_alert("relay", "para-stall", change)
    });
    assert_eq!(line.alert()["subject"], PARA);
    println!("para-stall {change}: {}", line.alert()["summary"]);
    line.came
}

#[test]
fn net_a_garbage_head_is_named_and_planned_and_the_plan_mends_it() {
    let name = "net_a_garbage_head_is_named_and_planned_and_the_plan_mends_it";
    let Some(net) = Net::up("4p", name) else { return };
    let mut watch = watching(&[]);
    let healthy = sereno(&["xray", "people"], 0);
    assert_eq!((&healthy["outcome"], &healthy["runbooks"]), (&json!("healthy"), &json!([])), "{healthy}");

    // A candidate that waits to be available when the head is broken overwrites the garbage: then once more.
    let (mark, broken) = (watch.mark(), now_ms());
    let head = || {
        let at = hash_of(9944, None)?;
        let heads = rpc(9944, "state_getStorage", &json!([HEAD_OF_PEOPLE, at])).ok()?;
        hex_bytes(heads.as_str()?)
    };
    let is_garbage = || head() == Some([&[8], &hex_bytes(GARBAGE).unwrap()[..]].concat());
    net.heal("the garbage stays", || {
        send(&["break", PARA, GARBAGE]);
        let best = || header_number(&header(9944, None).unwrap());
        let from = best();
        poll(BLOCKS_MS, || (best() >= from + 4).then_some(()))?;
        is_garbage().then_some(())
    });
    println!("stalled: para-stall {} ms after the head was broken", alert(&watch, mark, "raised") - broken);
    assert!(is_garbage());

    let why = sereno(&["xray", "people"], 1);
    assert_eq!((&why["cause"], &why["in_scope"]), (&json!("head-wrong"), &json!(true)), "{why}");
    let cited = why["facts"].as_array().unwrap().iter().find(|f| f["key"] == HEAD_OF_PEOPLE).unwrap();
    assert_eq!(cited["value"], format!("no header: {GARBAGE}"));
    assert!(cited["block"].as_u64().is_some_and(|b| b > 0), "{cited}");
    let first = &why["runbooks"][0];
    assert_eq!((&first["row"], &first["id"]), (&json!("A3"), &json!("force-head")), "{why}");

    // Nothing is built on a finalized header while the relay takes none: it stands still.
    let (number, bytes) = own_finalized();
    assert_eq!(hex_bytes(first["params"]["new_head"].as_str().unwrap()), Some(bytes.clone()));
    let plan = sereno(&["plan", "row:A3", "--param", "para=1004", "--wrap", "sudo"], 0);
    assert_eq!(
        hex_bytes(plan["params"]["new_head"].as_str().unwrap()),
        Some(bytes),
        "People's finalized header"
    );
    let checks = plan["checks"].as_array().unwrap();
    assert!(checks.iter().all(|c| c["ok"] == true), "{}", plan["checks"]);
    println!("A3 with the header of block {number}, which the collator holds as finalized");

    let (mark, sent) = (watch.mark(), now_ms());
    let said = send(&[plan["wrapped"]["call_data"].as_str().unwrap()]);
    assert_eq!(said["call"], plan["wrapped"]["call_data"], "sent as it was planned");
    println!("included again {} ms after it was sent", alert(&watch, mark, "cleared") - sent);
    let healed = || {
        let why = run(&["--network", "local", "xray", "people", "--json"], 90).json();
        (why["outcome"] == "healthy").then_some(())
    };
    net.heal("People is healthy", healed);
    let above = || (header_number(&header(9954, None)?) > number + 2).then_some(());
    net.heal("People builds on", above);

    assert_eq!(watch.interrupt(), 0);
}

/// The X-ray of People while its collator is dead and the relay includes nothing of it.
pub(super) fn nothing_is_proposed_where_the_collator_is_dead() {
    let why = sereno(&["xray", "people"], 1);
    assert_eq!((&why["cause"], &why["in_scope"]), (&json!("no-candidate"), &json!(false)), "{why}");
    let verdict = why["verdict"].as_str().unwrap();
    assert!(verdict.contains("its collators are down or out of reach"), "{verdict}");
    assert_eq!(why["runbooks"], json!([]), "nothing that would harm");
    assert!(why["ask"].as_array().is_some_and(|a| !a.is_empty()));
    assert!(why["reply"].as_str().unwrap().contains("PAS-2"), "{why}");
    println!("{verdict}");
    // A head taken from nowhere is not composed: the one who could say it is dead.
    let plan = run(&["--network", "local", "plan", "row:A3", "--param", "para=1004", "--json"], 90);
    assert_eq!(plan.code, 2, "{} {}", plan.out, plan.err);
    println!("{}", plan.err.trim());
}
