//! A rehearsal against Chopsticks' own dry run of the same calls, on the same state: the same results, keys and values.

use super::{Bed, Node, PATIENCE_MS};
use crate::faultd::FakeRuntime;
use crate::sereno::{now_ms, rpc, run};
use serde_json::{Value, json};
use sereno::codec::Runtime;
use sereno::config::Profile;
use sereno::domain::call::{Call, Node as Arg};
use sereno::domain::ids::{hex_bytes, to_hex};
use sereno::rehearse::{Method, Origin, Request};
use sereno::runtime::compose::{Base, Depth};
use std::collections::BTreeMap;

const PORT: u16 = 8231;
const ROUNDS: usize = 5;
const ALICE: &str = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

/// Keys with their new values as hex; none: deleted.
type Diff = BTreeMap<String, Option<String>>;

/// What Chopsticks changes when the sudo key sends the call.
fn dry_run(call: &str) -> Diff {
    let extrinsic =
        json!({ "call": format!("0xfb00{}", call.strip_prefix("0x").unwrap()), "address": ALICE });
    let found = rpc(PORT, "dev_dryRun", &json!([{ "raw": true, "extrinsic": extrinsic }])).unwrap();
    let text = |v: &Value| v.as_str().map(str::to_owned);
    found.as_array().unwrap().iter().map(|pair| (text(&pair[0]).unwrap(), text(&pair[1]))).collect()
}

fn call(path: &str, args: &Value) -> Call {
    let (pallet, name) = path.split_once('.').unwrap();
    let args = args.as_object().unwrap().iter().map(|(name, v)| (name.clone(), Arg::of_json(v))).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn batch(calls: Vec<Call>) -> Call {
    let calls = calls.into_iter().map(|c| Arg::Call(Box::new(c))).collect();
    Call {
        pallet: "Utility".into(),
        name: "batch_all".into(),
        args: vec![("calls".into(), Arg::List(calls))],
    }
}

/// What Chopsticks says, without what an empty call does too and without the bookkeeping of `System`.
fn theirs(runtime: &Runtime, call: &str) -> (Diff, Diff) {
    let empty = dry_run("0x000000");
    let whole = dry_run(call);
    let system = |key: &str| {
        let found = runtime.locate(&hex_bytes(key).unwrap());
        key.starts_with("0x3a") || found.is_some_and(|f| f.pallet == "System")
    };
    let kept = whole.iter().filter(|(key, value)| empty.get(*key) != Some(*value) && !system(key));
    (kept.map(|(k, v)| (k.clone(), v.clone())).collect(), whole.clone())
}

/// The same from the document of `rehearse`, its values encoded again.
fn ours(runtime: &Runtime, found: &Value) -> Diff {
    let one = |change: &Value| {
        let new = match (change["pallet"].as_str(), change["item"].as_str(), &change["new"]) {
            (_, _, Value::Null) => None,
            (Some(pallet), Some(item), new) => {
                Some(to_hex(&runtime.storage_value(pallet, item, &Arg::of_json(new)).unwrap()))
            }
            (_, _, new) => new.as_str().map(str::to_owned),
        };
        (change["key"].as_str().unwrap().to_owned(), new)
    };
    found["diff"].as_array().unwrap().iter().map(one).collect()
}

/// `Sudo.Sudid` in the events that Chopsticks wrote.
fn sudid(runtime: &Runtime, whole: &Diff) -> String {
    let events = whole[&to_hex(&runtime.key("System", "Events").unwrap())].clone().unwrap();
    let events = runtime.events(&hex_bytes(&events).unwrap());
    events.list.iter().find(|e| e.name == "Sudid").unwrap().line()
}

#[test]
fn chop_rehearsal_gives_what_the_dry_run_of_chopsticks_gives() {
    let Some(bed) = Bed::find("chop_rehearsal_gives_what_the_dry_run_of_chopsticks_gives") else { return };
    let mut node: Node = bed.start("relay-2026", PORT);
    node.wait();
    node.build(&[]);
    let network = bed.profile(&[("relay", None, PORT)]);
    let runtime = Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap();
    let hex = |call: &Call| to_hex(&runtime.encode_call(call).unwrap());
    let head = call("Paras.force_set_current_head", &json!({ "para": 2000, "new_head": "0x1234" }));
    let several = batch(vec![
        head.clone(),
        call("Paras.force_set_most_recent_context", &json!({ "para": 2000, "context": 5 })),
        call("Configuration.set_validation_upgrade_cooldown", &json!({ "new": 77 })),
        call("System.set_storage", &json!({ "items": [["0xaaaa01", "0x01"]] })),
    ]);
    let refused = call("Paras.remove_upgrade_cooldown", &json!({ "para": 2000 }));
    for (call, least, ok) in [(&head, 1, true), (&several, 4, true), (&refused, 0, false)] {
        let call = hex(call);
        let ran = rehearse(&network, &call);
        assert_eq!(ran.0, i32::from(!ok), "{}", ran.1);
        let (wanted, whole) = theirs(&runtime, &call);
        assert_eq!(ours(&runtime, &ran.1), wanted);
        assert!(wanted.len() >= least, "{wanted:?}");
        let said = sudid(&runtime, &whole);
        assert_eq!(said.contains("Ok"), ok, "{said}");
        assert_eq!(ran.1["outcome"]["error"].as_str(), (!ok).then_some("BadOrigin"), "{said}");
        assert_eq!(
            ran.1["confirmed_by"],
            json!({ "via": "sudo_extrinsic", "same": true }),
            "{}",
            ran.1["caveats"]
        );
    }
    other_ways(&network, &hex(&head));
    a_runbook(&mut node, &network, &runtime);
    times(&mut node, &network, &runtime.encode_call(&head).unwrap());
}

/// A runbook: planned, played, judged by its lines; as Root, as it is wrapped, and with blocks after it.
fn a_runbook(node: &mut Node, network: &str, runtime: &Runtime) {
    let line = |rest: &[&str]| {
        let ran = run(&[&["--network", network, "rehearse"], rest].concat(), PATIENCE_MS / 1_000);
        println!("rehearse {rest:?}: status {} in {} ms {}", ran.code, ran.ms, ran.err);
        ran
    };
    let head = ["row:A3", "para=2000", "new_head=0x1234"];
    let ran = line(&[&head[..], &["--json"]].concat());
    let found = ran.json();
    assert_eq!((ran.code, &found["row"], &found["chain"]), (0, &json!("A3"), &json!("relay")), "{}", ran.err);
    assert_eq!(found["confirmed_by"], json!({ "via": "sudo_extrinsic", "same": true }));
    assert_eq!((&found["diff"][0]["old"], &found["diff"][0]["new"]), (&Value::Null, &json!("0x1234")));
    let check = found["checks"].as_array().unwrap().iter().find(|c| c["id"] == "lifecycle").unwrap();
    assert!(check["ok"] == false && check["age_ms"].is_u64(), "{check}");
    let caveats = found["caveats"].to_string();
    assert!(caveats.contains("check lifecycle does not hold, which stands against it"), "{caveats}");
    let lines = found["verify"].as_array().unwrap();
    assert_eq!((&lines[0]["when"], &lines[0]["ok"]), (&json!("now"), &json!(true)));
    assert_eq!((&lines[1]["when"], &lines[1]["ok"]), (&json!("later"), &json!(false)));
    // What is signed in the end, by the one who signs it.
    let ran = line(&[&head[..], &["--wrap", "sudo", "--json"]].concat());
    let found = ran.json();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let layers = found["outcome"]["layers"].to_string();
    assert!(found["origin"].as_str().unwrap().starts_with('5') && layers.contains("Sudo.Sudid"), "{layers}");
    assert_eq!(
        found["confirmed_by"],
        json!({ "via": "signed_extrinsic", "same": true }),
        "{}",
        found["caveats"]
    );
    // Nothing can be locked where nothing is registered: the call says ok, and the line afterwards does not.
    let ran = line(&["add-lock", "para=2000"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("it changes not what it should: The para is locked"), "{}", ran.out);
    // What comes later: the head of A3 is still there after two blocks, and a remark has changed nothing.
    node.build(&[]);
    let ran = line(&[&head[..], &["--blocks", "2", "--json"]].concat());
    let found = ran.json();
    assert_eq!((ran.code, &found["blocks"], &found["verify"][1]["after_blocks"]), (0, &json!(2), &json!(2)));
    assert_eq!(ours(runtime, &found).len(), 1, "{}", found["diff"]);
    for (wrong, why) in [
        (&["no-such"][..], "no runbook"),
        (&["row:A3", "para=2000"], "new_head: it is not given"),
        (&["row:A3", "para=2000", "new_head=0x12", "--chain", "people"], "force-head is for relay"),
        (
            &[
                "row:A3",
                "para=2000",
                "new_head=0x12",
                "--wrap",
                "proxy:Any@5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            ],
            "put --wrap sudo before proxy",
        ),
        (
            &[
                "row:A3",
                "para=2000",
                "new_head=0x12",
                "--wrap",
                "sudo",
                "--wrap",
                "proxy:Any@5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            ],
            "has no Any delegate",
        ),
    ] {
        let ran = line(wrong);
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains(why), "{wrong:?}: {}", ran.err);
    }
}

/// The node's own dry run, the transaction alone, and what is no call.
fn other_ways(network: &str, call: &str) {
    let line = |call: &str, rest: &[&str]| {
        let line = [&["--network", network, "rehearse", "--origin", "root", "--call", call], rest].concat();
        run(&line, PATIENCE_MS / 1_000)
    };
    let ran = line(call, &["--method", "dry_run", "--json"]);
    let found = ran.json();
    assert_eq!(
        (ran.code, &found["method"], &found["diff"]),
        (0, &json!("dry_run"), &json!([])),
        "{}",
        ran.err
    );
    assert_eq!(found["events"][0]["name"], "CurrentHeadUpdated");
    let ran = line(call, &["--method", "validity", "--json"]);
    let found = ran.json();
    assert_eq!((ran.code, &found["method"]), (0, &json!("validity")), "{}", ran.err);
    assert_eq!(found["outcome"]["layers"][0]["name"], "TaggedTransactionQueue.validate_transaction");
    let ran = line(call, &[]);
    assert!(
        ran.code == 0 && ran.out.starts_with("OK  Paras.force_set_current_head as root on relay"),
        "{}",
        ran.out
    );
    let ran = line("0x38", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(ran.err.trim(), "sereno: call does not decode: the bytes end too early");
}

/// Status and document of a rehearsal as Root.
fn rehearse(network: &str, call: &str) -> (i32, Value, i64) {
    let line = ["--network", network, "rehearse", "--call", call, "--origin", "root", "--json"];
    let ran = run(&line, PATIENCE_MS / 1_000);
    (ran.code, ran.json(), ran.ms)
}

/// Both in turn, and how long they take: a whole process each time, and one process that goes on.
fn times(node: &mut Node, network: &str, bytes: &[u8]) {
    let call = &to_hex(bytes);
    let (mut theirs, mut whole, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let (mut same, mut next) = (Vec::new(), Vec::new());
    let mut trips = 0;
    let dir = tempfile::tempdir().unwrap();
    let base = Base::new(None, dir.path());
    let profile = Profile::parse(network, &std::fs::read_to_string(network).unwrap()).unwrap();
    let plan = base.plan(profile, Depth::FromNow);
    let request = Request { method: Method::Fork, origin: Origin::Root, call: bytes.to_vec(), blocks: 0 };
    let here = || {
        let began = now_ms();
        let found = sereno::runtime::rehearse::run(&plan, &base, &"relay".into(), request.clone()).unwrap();
        assert!(found.outcome.ok && found.diff.len() == 1, "{found:?}");
        (now_ms() - began, found.round_trips)
    };
    let (first, _) = here();
    for _ in 0..ROUNDS {
        let began = now_ms();
        dry_run(call);
        theirs.push(now_ms() - began);
        let (_, found, ms) = rehearse(network, call);
        whole.push(ms);
        alone.push(found["elapsed_ms"].as_i64().unwrap());
        trips = found["round_trips"].as_i64().unwrap();
        let (ms, again) = here();
        assert_eq!(again, 0, "at the same block everything is known");
        same.push(ms);
        node.build(&[]);
        next.push(here().0);
    }
    println!("{ROUNDS} rounds in turn, milliseconds           median    min    max   of Chopsticks");
    theirs.sort_unstable();
    let of = theirs[theirs.len() / 2];
    for (what, ms) in [
        ("Chopsticks dev_dryRun", &mut theirs),
        ("sereno rehearse, whole process", &mut whole),
        ("sereno rehearse, both ways alone", &mut alone),
        ("running process, same block", &mut same),
        ("running process, next block", &mut next),
    ] {
        ms.sort_unstable();
        let median = ms[ms.len() / 2];
        let part = median * 1_000 / of;
        println!(
            "{what:<40} {median:>8} {:>6} {:>6} {:>8}.{:03}",
            ms[0],
            ms[ms.len() - 1],
            part / 1_000,
            part % 1_000
        );
    }
    println!("{trips} round trips in the rehearsal; {first} ms for the first one in a running process");
}
