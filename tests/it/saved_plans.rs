//! Plans that were saved: what their hash covers, and what of them is looked at again.

use crate::runbooks::{HEAD, NOW, World, recipes};
use crate::sereno::run;
use serde_json::json;
use sereno::domain::UnixMs;
use sereno::runbook::Recipe;
use sereno::runbook::params::Input;
use sereno::runbook::plan::{Plan, Saved, differences};
use std::collections::BTreeMap;

fn what(saved: &Plan, fresh: &Plan) -> Vec<String> {
    let saved = Saved::parse(&serde_json::to_string(saved).unwrap()).unwrap();
    differences(&saved, fresh, UnixMs(NOW)).into_iter().map(|d| d.what).collect()
}

#[test]
fn a_plan_without_a_code_hash_is_never_the_same() {
    let world = World::new();
    let all = recipes();
    let plan = world.plan(&world.fill(all.find("row:A3").unwrap(), &HEAD).unwrap(), &["sudo"]);
    assert_eq!(what(&plan, &plan), [""; 0]);
    let mut bare = plan.clone();
    bare.code_hash = None;
    bare.chains[0].code_hash = None;
    for (saved, fresh) in [(&bare, &bare), (&bare, &plan), (&plan, &bare)] {
        assert_eq!(what(saved, fresh), ["the runtime (its code hash)"]);
    }
    // Changed by hand in one of the two places.
    let mut half = plan.clone();
    half.code_hash = None;
    assert_eq!(what(&half, &plan), ["the runtime (its code hash)"]);
    let mut others = plan.clone();
    others.chains.clear();
    assert_eq!(what(&others, &plan), ["the runtime (its code hash)"]);
}

#[test]
fn what_members_of_a_multisig_sign_hashes_links_and_a_life_of_its_own_are_compared() {
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    let world = World::new();
    let all = recipes();
    let draft = world.fill(all.find("row:A3").unwrap(), &HEAD).unwrap();
    let wrap = format!("multisig:2@{ALICE},{BOB}");
    let plan = world.plan_seen(&draft, &["sudo", &wrap], (None, Some((1_000, 1_000))));
    assert_eq!(what(&plan, &plan), [""; 0]);
    let changed = |change: &dyn Fn(&mut Plan)| {
        let mut other = plan.clone();
        change(&mut other);
        what(&other, &plan)
    };
    let data = plan.wrapped["approval"]["call_data"].as_str().unwrap().to_owned();
    let evil = data.replacen("0x", "0x00", 1);
    assert_eq!(
        changed(&|p| p.wrapped["approval"]["call_data"] = json!(evil)),
        ["what members of the multisig sign"]
    );
    let hash = json!(format!("0x{}", "ab".repeat(32)));
    assert_eq!(
        changed(&|p| p.wrapped["approval"]["approves"] = hash.clone()),
        ["what members of the multisig approve"]
    );
    assert_eq!(changed(&|p| p.wrapped["call_hash"] = hash.clone()), ["the hash of a call"]);
    let link = json!("https://polkadot.js.org/apps/?rpc=x#/extrinsics/decode/0x0000");
    assert_eq!(changed(&|p| p.links["polkadot_js"] = link.clone()), ["the link polkadot_js"]);
    assert_eq!(changed(&|p| p.expires = "2100-01-01T00:00:00Z".to_owned()), ["how long it is valid"]);
}

#[test]
fn the_hash_covers_what_the_checks_look_at_and_the_parameters_that_decide() {
    let world = World::new();
    let path = format!("{}/runbooks/force-head.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let hash = |text: &str| {
        let recipe = Recipe::parse("force-head.toml", text).unwrap();
        let draft = world.fill(&recipe, &HEAD).unwrap();
        world.plan(&draft, &["sudo"]).plan_hash
    };
    // The same expressions over other places, another chain, another block.
    for (from, to) in [
        ("\"ParaInclusion.V1\"", "\"Paras.FutureCodeHash\""),
        ("at = \"finalized\"\n", ""),
        (
            "keys = [\"{para}\"]\n\n[[reads]]\nid = \"head\"",
            "keys = [\"{para + 1}\"]\n\n[[reads]]\nid = \"head\"",
        ),
        ("expr = \"head == new_head\"", "expr = \"true\""),
    ] {
        assert!(text.contains(from), "{from}");
        assert_ne!(hash(&text), hash(&text.replacen(from, to, 1)), "{from}");
    }
    // A parameter that no call carries decides a check all the same.
    let all = recipes();
    let recipe = all.find("row:A14").unwrap();
    let stopped = |stopped: &str| {
        let code = format!("0x0061736d01000000{}", "00".repeat(9));
        let given = [
            ("para", "2000"),
            ("new_head", "0x12"),
            ("new_code", code.as_str()),
            ("collators_stopped", stopped),
        ];
        world.plan(&world.fill(recipe, &given).unwrap(), &["sudo"]).plan_hash
    };
    assert_ne!(stopped("true"), stopped("false"));
}

#[test]
fn a_file_of_a_plan_is_read_again_and_compared() {
    let world = World::new();
    let all = recipes();
    let recipe = all.find("row:B7").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("call.bin");
    let path = file.to_str().unwrap().to_owned();
    let given = |path: &str, bytes: &[u8]| {
        let text = |text: &str| Input::Text(text.to_owned());
        let call = Input::File { path: path.to_owned(), bytes: bytes.to_vec() };
        BTreeMap::from([
            ("chain".to_owned(), text("relay")),
            ("para".to_owned(), text("1004")),
            ("call".to_owned(), call),
        ])
    };
    let remark = [0, 0, 4, 0xaa];
    let plan = world.plan(&world.fill_in(recipe, given(&path, &remark)).unwrap(), &[]);
    assert_eq!(plan.params["call"], json!(format!("@{path}")));
    let again = world.plan(&world.fill_in(recipe, given("/elsewhere", &remark)).unwrap(), &[]);
    assert_eq!(again.plan_hash, plan.plan_hash, "where it lies is no part of the intent");
    let other = world.plan(&world.fill_in(recipe, given(&path, &[0, 0, 4, 0xab])).unwrap(), &[]);
    assert_ne!(other.plan_hash, plan.plan_hash);

    let saved = dir.path().join("plan.json");
    let text = serde_json::to_string(&plan).unwrap().replacen("\"paseo\"", "\"local\"", 1);
    std::fs::write(&saved, text).unwrap();
    // Nothing listens there: what is told of the file comes before any chain is asked.
    let verify = |more: &[&str]| {
        let head = ["--network", "local", "--endpoint", "relay=ws://127.0.0.1:1", "plan", "verify"];
        run(&[&head[..], &[saved.to_str().unwrap()], more].concat(), 60)
    };
    let gone = verify(&[]);
    assert_eq!(gone.code, 1, "{}", gone.err);
    for part in ["the file of call differs", "cannot be read", "--param call=@FILE"] {
        assert!(gone.out.replace("\n            ", " ").contains(part), "{part}\n{}", gone.out);
    }
    std::fs::write(&file, [0, 0, 4, 0xab]).unwrap();
    let different = verify(&["--json"]);
    assert_eq!((different.code, &different.json()["same"]), (1, &json!(false)));
    let told = different.json()["differs"][0].clone();
    assert!(told["now"].as_str().unwrap().contains("4 bytes, blake2-256 0x"), "{told}");
    assert_ne!(told["now"], told["planned"]);
    // Where it is right, here or elsewhere, the chain is asked.
    let copy = dir.path().join("copy.bin");
    std::fs::write(&copy, remark).unwrap();
    let copied = verify(&["--param", &format!("call=@{}", copy.display())]);
    assert_eq!(copied.code, 1);
    assert!(copied.out.contains("whether it can be made differs"), "{}{}", copied.out, copied.err);
    std::fs::write(&file, remark).unwrap();
    assert!(verify(&[]).out.contains("whether it can be made differs"));
}
