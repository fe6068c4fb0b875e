//! Runbooks against the metadata of the real relay runtime, and the commands as far as they need no chain.

use crate::faultd::FakeRuntime;
use crate::sereno::run;
use serde_json::{Value, json};
use sereno::codec::Runtime;
use sereno::domain::call::Node;
use sereno::domain::{BlockRef, Hash, UnixMs, ids::to_hex};
use sereno::runbook::Catalogue;
use sereno::runbook::compose::{Composition, compose};
use sereno::runbook::draft::{Draft, Opened, Seen};
use sereno::runbook::lint::{availability, lint_live};
use sereno::runbook::params::Input;
use sereno::runbook::plan::{ChainFacts, Cost, Ingredients, Plan, Saved, differences};
use sereno::runbook::reads::{Answer, Target, Wanted, What};
use sereno::runbook::recipe::{Moment, Recipe};
use sereno::runbook::wrap::{Context, Wrapper, wrap};
use std::collections::BTreeMap;

fn relay() -> Runtime {
    Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap()
}

pub(crate) const NOW: i64 = 1_795_183_206_000;

/// A relay whose storage is written as values, and a para whose node may answer.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    stored: BTreeMap<&'static str, Value>,
    para: Option<Answer>,
}

/// The first approval of a multisig, and the weight of the call inside.
pub(crate) type Observed = (Option<(u32, u32)>, Option<(u64, u64)>);

impl World {
    pub(crate) fn new() -> Self {
        let stored = BTreeMap::from([
            ("Paras.ParaLifecycles", json!("Parachain")),
            ("Paras.Heads", json!("0xaaaa")),
            ("System.Number", json!(500)),
        ]);
        Self { runtime: relay(), stored, para: None }
    }

    fn find(&self, target: &Target) -> Option<Result<Opened<'_>, String>> {
        let open = Ok(Opened { runtime: &self.runtime, token: Some(("PAS".to_owned(), 10)) });
        Some(match target {
            Target::Chain(id) if id == "relay" => open,
            Target::Para(_) if self.para.is_some() => open,
            other => Err(format!("nobody answers for {other}")),
        })
    }

    /// The default host configuration, with room for heads.
    fn config(&self) -> Node {
        let node = self.runtime.storage_node("Configuration", "ActiveConfig", None).unwrap().unwrap();
        let Node::Fields(mut fields) = node else { panic!("{node:?}") };
        for (name, value) in &mut fields {
            if name == "max_head_data_size" {
                *value = Node::Number(20_480);
            }
        }
        Node::Fields(fields)
    }

    fn answer(&self, wanted: &Wanted) -> Result<(Node, bool), String> {
        let (pallet, item) = wanted.item.split_once('.').unwrap_or((&wanted.item, ""));
        let answer = match &wanted.what {
            What::Storage(_) => {
                let node = match wanted.item.as_str() {
                    "Configuration.ActiveConfig" => Some(self.config()),
                    item => self.stored.get(item).map(Node::of_json),
                };
                Answer::Value(node.map(|node| self.runtime.storage_value(pallet, item, &node).unwrap()))
            }
            What::Header => self.para.clone().unwrap(),
            What::Constant => Answer::Nothing,
            What::Code => Answer::Code([2; 32]),
            What::Api(_) | What::Entries(_) => return Err("nobody answers".to_owned()),
        };
        wanted.decode(&self.runtime, &answer)
    }

    pub(crate) fn fill<'r>(&self, recipe: &'r Recipe, given: &[(&str, &str)]) -> Result<Draft<'r>, String> {
        let given = given.iter().map(|(name, text)| ((*name).to_owned(), Input::Text((*text).to_owned())));
        self.fill_in(recipe, given.collect())
    }

    pub(crate) fn fill_in<'r>(
        &self,
        recipe: &'r Recipe,
        given: BTreeMap<String, Input>,
    ) -> Result<Draft<'r>, String> {
        let mut draft = Draft::new(recipe, given).map_err(|e| e.to_string())?;
        for _ in 0..20 {
            let round = draft.next(&|target, _| self.find(target)).map_err(|e| e.to_string())?;
            assert!(round.open.is_empty(), "everything is open: {:?}", round.open);
            if round.is_empty() {
                return Ok(draft);
            }
            for wanted in &round.wanted {
                let seen = Seen {
                    chain: wanted.target.clone(),
                    source: wanted.source(),
                    block: Some(BlockRef { number: 500, hash: Hash([5; 32]) }),
                    stamp: Some(UnixMs(NOW - 6_000)),
                };
                draft.put(wanted, self.answer(wanted), seen);
            }
        }
        panic!("it does not end");
    }

    fn compose(&self, draft: &Draft<'_>) -> Composition {
        compose(draft, &|target, _: Moment| self.find(target)).unwrap_or_else(|e| panic!("{e}"))
    }

    pub(crate) fn plan(&self, draft: &Draft<'_>, wrappers: &[&str]) -> Plan {
        self.plan_seen(draft, wrappers, (None, None))
    }

    /// `seen`: the first approval of the multisig, and the weight of the call inside.
    pub(crate) fn plan_seen(
        &self,
        draft: &Draft<'_>,
        wrappers: &[&str],
        (timepoint, max_weight): Observed,
    ) -> Plan {
        let composition = self.compose(draft);
        let wrappers: Vec<String> = wrappers.iter().map(|w| (*w).to_owned()).collect();
        let parsed: Vec<Wrapper> = wrappers.iter().map(|w| Wrapper::parse(w).unwrap()).collect();
        let context = Context {
            runtime: &self.runtime,
            targets: &[],
            sudo: None,
            sender: None,
            timepoint,
            approvals: &[],
            max_weight,
            ss58_prefix: 42,
            needs: "root",
        };
        let wrapped = wrap(&[composition.calls[0].call.clone()], &parsed, &context).unwrap();
        let chain = ChainFacts {
            id: "relay".to_owned(),
            genesis: Hash([1; 32]),
            code_hash: Some(Hash([2; 32])),
            spec_name: "paseo".to_owned(),
            spec_version: 2_003_001,
            at: BlockRef { number: 500, hash: Hash([5; 32]) },
            stamp: Some(UnixMs(NOW - 6_000)),
            ss58_prefix: Some(42),
            token: Some(("PAS".to_owned(), 10)),
        };
        Plan::of(&Ingredients {
            draft,
            composition: &composition,
            costs: &[Cost { weight: Ok((8_100_000_000, 3_593)), fee: Ok(157_000_000) }],
            wrapped: Some(&wrapped),
            unwrapped: None,
            xcm: None,
            wraps: &wrappers,
            network: "paseo",
            chains: &[chain],
            effective_at: Some(UnixMs(NOW)),
            ticket: None,
            now: UnixMs(NOW),
            expires: UnixMs(NOW + 3_600_000),
            links: None,
        })
        .unwrap()
    }
}

pub(crate) fn recipes() -> Catalogue {
    Catalogue::built_in().unwrap_or_else(|e| panic!("{e}"))
}

/// The plan of A3 as the real runtime of 2026 composes it.
pub(crate) fn head_plan(given: &[(&str, &str)], wrappers: &[&str]) -> Plan {
    let all = recipes();
    let world = World::new();
    let draft = world.fill(all.find("row:A3").unwrap(), given).unwrap();
    world.plan(&draft, wrappers)
}

pub(crate) const HEAD: [(&str, &str); 2] = [("para", "2000"), ("new_head", "0x1234")];

#[test]
fn what_recipes_name_exists_in_the_real_runtime() {
    let runtime = relay();
    for recipe in recipes().all().iter().filter(|r| r.chain.get_ref() == "relay") {
        let faults = lint_live(recipe, &runtime);
        assert!(faults.is_empty(), "{}: {faults:#?}", recipe.name());
        assert_eq!(availability(recipe, &runtime), (true, None), "{}", recipe.name());
    }
}

#[test]
fn what_the_runtime_lacks_is_told_with_its_line() {
    let runtime = relay();
    let all = recipes();
    let text =
        std::fs::read_to_string(format!("{}/runbooks/force-head.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let text = text
        .replace("Paras.force_set_current_head", "Paras.force_head")
        .replace("storage = \"Paras.Heads\"", "storage = \"Paras.Head\"");
    let recipe = Recipe::parse("mine.toml", &text).unwrap();
    let faults: Vec<String> = lint_live(&recipe, &runtime).iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(
        faults[0].starts_with("mine.toml:")
            && faults[0].ends_with("this runtime has no call Paras.force_head")
    );
    assert!(faults[1].ends_with("this runtime has no storage item Paras.Head"));
    let (yes, why) = availability(&recipe, &runtime);
    assert!(!yes);
    assert_eq!(why.unwrap(), "this runtime has no call Paras.force_head");
    let arguments = text
        .replace("Paras.force_head", "Paras.force_note_new_head")
        .replace("para = \"{para}\", new", "id = \"{para}\", new");
    let recipe = Recipe::parse("mine.toml", &arguments).unwrap();
    let faults: Vec<String> = lint_live(&recipe, &runtime).iter().map(ToString::to_string).collect();
    assert!(
        faults.iter().any(|f| f.contains("has no argument 'id'; expected one of para, new_head")),
        "{faults:#?}"
    );
    assert!(faults.iter().any(|f| f.contains("Paras.force_note_new_head lacks para")), "{faults:#?}");
    assert!(all.find("row:A3").is_ok());
}

#[test]
fn a_plan_has_the_call_data_the_checks_and_what_the_contract_names() {
    let world = World::new();
    let all = recipes();
    let recipe = all.find("row:A3").unwrap();
    let draft = world.fill(recipe, &HEAD).unwrap();
    let plan = serde_json::to_value(world.plan(&draft, &[])).unwrap();
    for field in [
        "runbook",
        "row",
        "chain",
        "block",
        "checks",
        "calls",
        "wrapped",
        "blast_radius",
        "reversible",
        "effective_at",
        "plan_hash",
        "expires",
        "links",
    ] {
        assert!(plan.get(field).is_some(), "{field}");
    }
    let call = &plan["calls"][0];
    assert_eq!(call["call_data"], "0x3801d0070000081234");
    assert_eq!((&call["pallet"], &call["call"]), (&json!("Paras"), &json!("force_set_current_head")));
    assert_eq!(call["args"], json!({ "para": 2000, "new_head": "0x1234" }));
    assert_eq!(call["decoded"]["call"], "Paras.force_set_current_head");
    assert_eq!(call["weight"], json!({ "ref_time": 8_100_000_000_u64, "proof_size": 3593 }));
    assert_eq!((&call["fee"], &call["authority"]), (&json!("157000000"), &json!("root")));
    assert!(call["danger"].is_string() && call["call_hash"].is_string());
    assert_eq!(plan["wrapped"]["kind"], "none");
    let check = |id: &str| plan["checks"].as_array().unwrap().iter().find(|c| c["id"] == id).unwrap().clone();
    let lifecycle = check("lifecycle");
    assert_eq!((&lifecycle["ok"], &lifecycle["value"]), (&json!(true), &json!("Parachain")));
    assert_eq!((&lifecycle["age_ms"], &lifecycle["level"]), (&json!(6_000), &json!("block")));
    assert_eq!(check("no-pending-candidate")["ok"], true);
    // 0x1234 is no header, and nobody answers for the para: that is not known, and not fine.
    assert_eq!(check("is-header")["ok"], false);
    let unknown = check("not-below-finalized");
    assert_eq!(unknown["ok"], Value::Null);
    assert!(unknown["reason"].as_str().unwrap().contains("nobody answers for para 2000"), "{unknown}");
    assert_eq!(plan["artefacts"][0]["name"], "new_head");
    assert_eq!(world.plan(&draft, &[]).exit(), 1);
}

#[test]
fn what_is_absent_on_chain_is_a_failed_check_and_what_was_not_read_an_unknown_one() {
    let mut world = World::new();
    world.stored.remove("Paras.ParaLifecycles");
    let all = recipes();
    let draft = world.fill(all.find("row:A3").unwrap(), &HEAD).unwrap();
    let plan = world.plan(&draft, &[]);
    let check = |id: &str| plan.checks.iter().find(|c| c.id == id).unwrap();
    assert_eq!(check("lifecycle").ok, Some(false));
    assert_eq!((check("head-size").ok, &check("head-size").value), (Some(true), &json!(20_480)));
    assert_eq!(plan.exit(), 1);
    let text = plan.text();
    assert!(text.contains("DO NOT RUN IT: lifecycle"), "{text}");
    assert!(text.lines().any(|l| l == "0x3801d0070000081234"), "call data stands alone:\n{text}");
    let wide: Vec<&str> = text.lines().filter(|l| l.chars().count() > 80 && !l.contains("0x")).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}

#[test]
fn a_head_that_is_not_given_is_the_one_that_the_paras_own_node_holds_as_finalized() {
    let mut world = World::new();
    let all = recipes();
    let recipe = all.find("row:A3").unwrap();
    let why = world.fill(recipe, &[("para", "2000")]).err().unwrap();
    assert!(why.starts_with("new_head: it is not given, and its default is not known"), "{why}");
    assert!(why.contains("nobody answers for para 2000"), "{why}");
    let json = json!({ "parentHash": Hash([1; 32]), "number": "0x4d2", "stateRoot": Hash([2; 32]),
        "extrinsicsRoot": Hash([3; 32]), "digest": { "logs": [] } });
    let encoded = sereno::codec::header::encoded(&json).unwrap();
    let header = Answer::Header { number: 1_234, hash: [9; 32], parent: [1; 32], encoded: encoded.clone() };
    world.para = Some(header);
    let draft = world.fill(recipe, &[("para", "2000")]).unwrap();
    assert!(draft.defaulted().contains("new_head"));
    let plan = world.plan(&draft, &[]);
    assert!(plan.calls[0].call_data.ends_with(&encoded));
    let check = |id: &str| plan.checks.iter().find(|c| c.id == id).unwrap();
    assert_eq!((check("is-header").ok, &check("is-header").value), (Some(true), &json!(1234)));
    assert_eq!(check("not-below-finalized").ok, Some(true));
    assert!(plan.text().contains("(found, not given)"), "{}", plan.text());
    assert_eq!(plan.exit(), 0, "{:#?}", plan.checks);
}

#[test]
fn a_core_is_assigned_by_its_para_or_by_what_is_given() {
    let world = World::new();
    let all = recipes();
    let recipe = all.find("row:C1").unwrap();
    let draft = world.fill(recipe, &[("core", "3"), ("begin", "1000"), ("para", "2000")]).unwrap();
    assert_eq!(to_hex(&world.compose(&draft).calls[0].data), "0x4a040300e80300000402d007000000e100");
    let parts = r#"[["Idle", 28800], [{"Task": 2000}, 28800]]"#;
    let draft = world.fill(recipe, &[("core", "3"), ("begin", "1000"), ("assignment", parts)]).unwrap();
    let composed = world.compose(&draft);
    assert_eq!(composed.calls[0].call.arg("end_hint"), Some(&Node::Nothing));
    let plan = world.plan(&draft, &[]);
    assert_eq!(plan.checks.iter().find(|c| c.id == "parts").unwrap().ok, Some(true));
    // Without a begin it is the block after the one that was read.
    let draft = world.fill(recipe, &[("core", "3"), ("para", "2000")]).unwrap();
    assert_eq!(world.compose(&draft).calls[0].call.arg("begin"), Some(&Node::Number(501)));
}

#[test]
fn a_saved_plan_is_the_same_plan_until_something_of_the_intent_differs() {
    let world = World::new();
    let all = recipes();
    let recipe = all.find("row:A3").unwrap();
    let plan = world.plan(&world.fill(recipe, &HEAD).unwrap(), &["sudo"]);
    let text = serde_json::to_string(&plan).unwrap();
    let saved = Saved::parse(&text).unwrap();
    assert_eq!(saved.params["new_head"], "0x1234");
    assert_eq!(differences(&saved, &plan, UnixMs(NOW)), []);
    // Observed values are not part of the intent.
    let mut moved = World::new();
    moved.stored.insert("Paras.Heads", json!("0xbbbb"));
    let again = moved.plan(&moved.fill(recipe, &HEAD).unwrap(), &["sudo"]);
    assert_eq!(again.plan_hash, plan.plan_hash);
    let what = |fresh: &Plan, now: i64| -> Vec<String> {
        differences(&saved, fresh, UnixMs(now)).into_iter().map(|d| d.what).collect()
    };
    assert_eq!(what(&plan, NOW + 3_600_001), ["the time it is valid"]);
    let other =
        world.plan(&world.fill(recipe, &[("para", "2000"), ("new_head", "0x1235")]).unwrap(), &["sudo"]);
    assert_eq!(
        what(&other, NOW),
        ["the call data", "the bytes from files", "what is signed", "the plan hash"]
    );
    let bare = world.plan(&world.fill(recipe, &HEAD).unwrap(), &[]);
    assert_eq!(what(&bare, NOW), ["what is signed", "the plan hash"]);
    let forged = text.replacen(&plan.plan_hash.to_string(), &Hash([7; 32]).to_string(), 1);
    let forged = Saved::parse(&forged).unwrap();
    assert_eq!(differences(&forged, &plan, UnixMs(NOW)).len(), 1);
}

#[test]
fn a_multisigs_plan_stays_the_same_after_its_first_approval() {
    let world = World::new();
    let all = recipes();
    let draft = world.fill(all.find("row:A3").unwrap(), &HEAD).unwrap();
    let multi = |threshold: u8| format!("multisig:{threshold}@0x{},0x{}", "01".repeat(32), "02".repeat(32));
    let plan = |threshold, seen| world.plan_seen(&draft, &["sudo", &multi(threshold)], seen);
    let first = plan(2, (None, Some((1_000, 1_000))));
    let second = plan(2, (Some((17, 3)), Some((1_000_000_000, 70_000))));
    assert_ne!(first.wrapped["call_data"], second.wrapped["call_data"]);
    assert_eq!(first.plan_hash, second.plan_hash);
    let text = serde_json::to_string(&first).unwrap();
    let what = |text: &str, fresh: &Plan| -> Vec<String> {
        let saved = Saved::parse(text).unwrap();
        differences(&saved, fresh, UnixMs(NOW)).into_iter().map(|d| d.what).collect()
    };
    assert_eq!(what(&text, &second), [""; 0]);
    let later = serde_json::to_string(&second).unwrap();
    assert_eq!(what(&later, &first), [""; 0]);
    // Another multisig is another plan, and bytes that were changed by hand are seen.
    assert_eq!(
        what(&text, &plan(1, (None, None))),
        ["what is signed", "what members of the multisig sign", "the plan hash"]
    );
    let signed = first.wrapped["call_data"].as_str().unwrap();
    for (from, to) in [("d007000008", "d107000008"), ("0202", "0203"), ("081234", "0812340812340812")] {
        let forged = signed.replacen(from, to, 1);
        assert_ne!(forged, signed, "{from} is not in {signed}");
        assert!(
            what(&text.replace(signed, &forged), &second).contains(&"what is signed".to_owned()),
            "{from}"
        );
    }
}

#[test]
fn what_does_not_parse_is_refused_before_anybody_is_asked() {
    // Nothing listens there: a status of 2 with these words comes from the parameters alone.
    let plan = |args: &[&str]| {
        let head = ["--network", "local", "--endpoint", "relay=ws://127.0.0.1:1", "plan"];
        let ran = run(&[&head, args].concat(), 60);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?} {}", ran.err);
        assert_eq!(ran.err.trim_end().lines().count(), 1, "one line: {}", ran.err);
        ran.err
    };
    assert!(plan(&["force-haed"]).contains("there is no runbook 'force-haed': did you mean force-head?"));
    assert!(plan(&["force-head"]).contains("para: it is missing; expected --param para=…"));
    assert!(plan(&["row:A3", "--param", "para=x"]).contains("para: 'x' is no para; expected its number"));
    assert!(
        plan(&["row:A3", "--param", "para=1", "--param", "new_head=0x123"])
            .contains("new_head: 3 hex digits are an odd number")
    );
    assert!(
        plan(&["row:A3", "--param", "para=1", "--param", "head=0x"])
            .contains("force-head has no such parameter")
    );
    assert!(
        plan(&["row:A3", "--param", "para=1", "--param", "new_head=@/nowhere"])
            .contains("/nowhere: cannot be read")
    );
    assert!(
        plan(&["row:A3", "--param", "para=1", "--param", "new_head=0x", "--wrap", "root"])
            .contains("--wrap root")
    );
    let refused = plan(&["row:A3", "--param", "para=1", "--param", "new_head=0x1234"]);
    assert!(refused.contains("relay cannot be read"), "{refused}");
    assert!(plan(&["verify", "/nowhere.json"]).contains("cannot be read"));
}

#[test]
fn the_catalogue_is_listed_shown_and_linted_without_a_network() {
    let ran = run(&["--network", "local", "runbook", "list", "--json", "--offline"], 30);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let list = ran.json();
    let head = list["runbooks"].as_array().unwrap().iter().find(|r| r["id"] == "force-head").unwrap().clone();
    assert_eq!(
        (&head["row"], &head["group"], &head["risk"]),
        (&json!("A3"), &json!("recovery"), &json!("red"))
    );
    assert_eq!((&head["available"], &head["chain"]), (&Value::Null, &json!("relay")));
    assert!(head["reason"].is_string());
    let shown = run(&["--network", "local", "runbook", "show", "row:A3"], 30);
    assert_eq!(shown.code, 0, "{}", shown.err);
    for part in ["force-head (A3)", "PARAMETERS", "new_head", "sereno plan force-head --param para=…"] {
        assert!(shown.out.contains(part), "{part}\n{}", shown.out);
    }
    assert!(shown.out.lines().all(|l| l.chars().count() <= 80), "{}", shown.out);
    let all = run(&["--network", "local", "runbook", "lint", "--offline"], 30);
    assert_eq!(all.code, 0, "{}{}", all.out, all.err);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mine.toml");
    std::fs::write(&file, "id = \"x\"\ntitle = 5\n").unwrap();
    let wrong = run(&["--network", "local", "runbook", "lint", file.to_str().unwrap(), "--offline"], 30);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.out.contains("mine.toml:2:9: invalid type: integer `5`; expected a string"),
        "{}",
        wrong.out
    );
}
