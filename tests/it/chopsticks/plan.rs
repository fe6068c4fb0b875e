//! Plans over the real state of the real relay runtime.

use super::Bed;
use crate::sereno::{Ran, rpc, run};
use serde_json::{Value, json};
use sereno::domain::ids::hex_bytes;

const PORT: u16 = 8241;

fn check(plan: &Value, id: &str) -> Value {
    plan["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["id"] == id)
        .unwrap_or_else(|| panic!("{plan}"))
        .clone()
}

#[test]
fn chop_plan_composes_over_real_state_and_says_what_does_not_hold() {
    let Some(bed) = Bed::find("chop_plan_composes_over_real_state_and_says_what_does_not_hold") else {
        return;
    };
    let mut node = bed.start("relay-2026", PORT);
    node.wait();
    node.build(&[]);
    let network = bed.profile(&[("relay", None, PORT)]);
    let sereno = |args: &[&str]| -> Ran {
        let ran = run(&[&["--network", &network], args].concat(), 240);
        println!("{args:?}: status {} in {} ms {}", ran.code, ran.ms, ran.err);
        ran
    };

    // No para 2000 stands here: the plan is printed all the same, and says so.
    let head = ["plan", "row:A3", "--param", "para=2000", "--param", "new_head=0x1234"];
    let ran = sereno(&[&head[..], &["--json"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.err);
    let plan = ran.json();
    assert_eq!(plan["calls"][0]["call_data"], "0x3801d0070000081234");
    assert_eq!(
        (&plan["row"], &plan["chain"], &plan["block"]),
        (&json!("A3"), &json!("relay"), &json!(node.best()))
    );
    assert_eq!(plan["genesis_hash"], rpc(PORT, "chain_getBlockHash", &json!([0])).unwrap());
    let lifecycle = check(&plan, "lifecycle");
    assert_eq!((&lifecycle["ok"], &lifecycle["level"]), (&json!(false), &json!("block")));
    assert!(lifecycle["age_ms"].is_u64(), "{lifecycle}");
    let size = check(&plan, "head-size");
    assert_eq!((&size["ok"], &size["reason"]), (&json!(true), &Value::Null), "{size}");
    assert!(plan["calls"][0]["weight"]["ref_time"].as_u64().unwrap() > 0, "{}", plan["calls"][0]);
    assert!(plan["calls"][0]["fee"].as_str().unwrap().parse::<u128>().is_ok());
    let text = sereno(&head);
    assert_eq!(text.code, 1);
    assert!(text.out.lines().any(|l| l == "0x3801d0070000081234"), "{}", text.out);
    assert!(text.out.contains("DO NOT RUN IT"), "{}", text.out);
    println!("{}", text.out);

    let wrong = sereno(&["plan", "row:A3", "--param", "para=2000", "--param", "new_head=0x123"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("3 hex digits are an odd number; expected"), "{}", wrong.err);

    a_core_is_planned_saved_and_verified(&sereno, &bed);
    the_real_code_says_what_it_is(&sereno, &bed);
    node.build(&[]);
    the_catalogue_is_live(&sereno);
}

fn a_core_is_planned_saved_and_verified(sereno: &dyn Fn(&[&str]) -> Ran, bed: &Bed) {
    let file = bed.dir.path().join("plan.json");
    let file = file.to_str().unwrap();
    let ran = sereno(&[
        "plan",
        "assign-core",
        "--param",
        "core=1",
        "--param",
        "para=2000",
        "--param",
        "begin=100",
        "--wrap",
        "sudo",
        "--out",
        file,
        "--json",
    ]);
    let plan = ran.json();
    assert_eq!(ran.code, 0, "{:#}", plan["checks"]);
    assert_eq!(plan["calls"][0]["call_data"], "0x4a04010064000000 0402d007000000e100".replace(' ', ""));
    assert_eq!(check(&plan, "core-exists")["value"], 2);
    assert_eq!(plan["wrapped"]["kind"], "sudo");
    assert_eq!(plan["wrapped"]["call_data"], "0xfb004a0401006400000004 02d007000000e100".replace(' ', ""));
    assert!(plan["effective_at"].is_string(), "{}", plan["effective_at"]);
    assert!(plan["links"]["polkadot_js"].as_str().unwrap().contains("127.0.0.1"), "{}", plan["links"]);
    // What the node itself says of the bytes: the same call, and the same weight.
    let bytes = hex_bytes(plan["calls"][0]["call_data"].as_str().unwrap()).unwrap();
    let mut input = bytes.clone();
    input.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    let params = json!(["TransactionPaymentCallApi_query_call_info", sereno::domain::ids::to_hex(&input)]);
    let said = hex_bytes(rpc(PORT, "state_call", &params).unwrap().as_str().unwrap()).unwrap();
    let mut cursor = said.as_slice();
    let weight = <(codec::Compact<u64>, codec::Compact<u64>) as codec::Decode>::decode(&mut cursor).unwrap();
    assert_eq!(plan["calls"][0]["weight"], json!({ "ref_time": weight.0.0, "proof_size": weight.1.0 }));

    let same = sereno(&["plan", "verify", file]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text.replace("\"begin\": \"100\"", "\"begin\": \"101\"")).unwrap();
    let other = sereno(&["plan", "verify", file, "--json"]);
    assert_eq!(other.code, 1, "{}", other.out);
    let differs = other.json()["differs"].clone();
    assert_eq!(differs[0]["what"], "the call data", "{differs}");
}

/// The code that runs is a runtime of this chain, and not above its own version.
fn the_real_code_says_what_it_is(sereno: &dyn Fn(&[&str]) -> Ran, bed: &Bed) {
    let spec: Value = serde_json::from_slice(&std::fs::read(bed.spec("relay-2026")).unwrap()).unwrap();
    let code = hex_bytes(spec["genesis"]["raw"]["top"][super::CODE].as_str().unwrap()).unwrap();
    let file = bed.dir.path().join("relay.wasm");
    std::fs::write(&file, &code).unwrap();
    let ran = sereno(&["plan", "row:D1", "--param", &format!("code=@{}", file.display()), "--json"]);
    let plan = ran.json();
    assert_eq!(ran.code, 1, "{}", plan["checks"]);
    assert_eq!(check(&plan, "same-runtime")["ok"], true, "{plan}");
    assert_eq!(
        (&check(&plan, "newer")["ok"], &check(&plan, "newer")["value"]),
        (&json!(false), &json!(2_003_001))
    );
    let hash = sereno::domain::Hash(sp_crypto_hashing::blake2_256(&code)).to_string();
    assert_eq!(plan["params"]["code_hash"], hash);
    let artefact =
        plan["artefacts"].as_array().unwrap().iter().find(|a| a["name"] == "code").unwrap().clone();
    assert_eq!((&artefact["blake2_256"], &artefact["bytes"]), (&json!(hash), &json!(code.len())));
}

fn the_catalogue_is_live(sereno: &dyn Fn(&[&str]) -> Ran) {
    let ran = sereno(&["runbook", "list", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let list = ran.json();
    for runbook in list["runbooks"].as_array().unwrap() {
        let expected = runbook["chain"] == "relay";
        assert_eq!(runbook["available"], json!(expected), "{runbook}");
        assert_eq!(runbook["reason"].is_null(), expected, "{runbook}");
    }
}
