//! The catalogue against the metadata of the real relay runtime: every row is there once, lints, composes, and is as dangerous
//! as it says.

use crate::faultd::FakeRuntime;
use serde_json::{Value, json};
use sereno::codec::Runtime;
use sereno::domain::call::{Call, Node};
use sereno::domain::danger::{Class, filtered_by_safe_sudo, judge};
use sereno::domain::ids::hex_bytes;
use sereno::domain::{BlockRef, Hash};
use sereno::runbook::compose::{Composed, compose};
use sereno::runbook::draft::{Draft, Opened, Seen};
use sereno::runbook::expr::{Expr, Scope, Slot};
use sereno::runbook::lint::{lint, lint_live};
use sereno::runbook::params::Input;
use sereno::runbook::reads::{Answer, Target, Wanted, What};
use sereno::runbook::recipe::{Moment, Placed, Risk};
use sereno::runbook::wrap::{Context, Wrapper, wrap};
use sereno::runbook::{Catalogue, Recipe};
use std::collections::{BTreeMap, BTreeSet};

mod lines;
mod samples;

use samples::{ALICE, BOB, CODE, HASH, SAMPLES};

const RED: &str = "A3 A5 A6 A9 A11 A14 A15 B5 B10 D1 D2 D3 D4 E2 E3 F1 F3 F6 G2 G5";
const AMBER: &str = "A7 A8 A12 A16 B1 B4 C1 C2 C3 E1 E4 F2 G1";
/// Rows and how many there are of each letter.
const ROWS: [(char, u32); 7] = [('A', 20), ('B', 12), ('C', 7), ('D', 5), ('E', 4), ('F', 7), ('G', 6)];

fn relay() -> Runtime {
    Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap()
}

fn row(recipe: &Recipe) -> &str {
    recipe.row().unwrap_or_else(|| panic!("{} has no row", recipe.name()))
}

/// What is stored under an item, as JSON; an answer of an API, as hex.
type State<'a> = &'a dyn Fn(&str) -> Option<Value>;

fn world<'r>(runtime: &'r Runtime) -> impl Fn(&Target, Moment) -> Option<Result<Opened<'r>, String>> {
    move |target, _| match target {
        // The relay's runtime stands for that of a system chain: what its calls share is enough here.
        Target::Chain(_) => Some(Ok(Opened { runtime, token: Some(("PAS".to_owned(), 10)) })),
        Target::Para(id) => Some(Err(format!("para {id} does not answer"))),
    }
}

/// Fills a recipe in from a state.
fn filled<'c>(
    recipe: &'c Recipe,
    params: &str,
    runtime: &Runtime,
    state: State<'_>,
) -> Result<Draft<'c>, String> {
    let keys = format!("0x{}", "ab".repeat(193));
    // Parent, number 0, state and extrinsics, no logs.
    let header = format!("0x{}00{}00", "ab".repeat(32), "ab".repeat(64));
    let value = |text: &str| {
        let text = text
            .replace("HASH", HASH)
            .replace("CODE", CODE)
            .replace("KEYS", &keys)
            .replace("HEADER", &header);
        Input::Text(text.replace("ALICE", ALICE).replace("BOB", BOB))
    };
    let given: BTreeMap<String, Input> = (params.split_whitespace())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, text)| (name.to_owned(), value(text)))
        .collect();
    let mut draft = Draft::new(recipe, given).map_err(|e| e.to_string())?;
    let world = world(runtime);
    for _ in 0..12 {
        let round = draft.next(&world).map_err(|e| e.to_string())?;
        assert!(round.open.is_empty(), "{}: {:?}", recipe.name(), round.open);
        if round.wanted.is_empty() {
            return Ok(draft);
        }
        for wanted in &round.wanted {
            let answer = answer(wanted, runtime, state);
            let at = BlockRef { number: 5, hash: Hash([1; 32]) };
            let seen =
                Seen { chain: wanted.target.clone(), source: wanted.source(), block: Some(at), stamp: None };
            draft.put(wanted, wanted.decode(runtime, &answer), seen);
        }
    }
    panic!("{} goes round", recipe.name());
}

fn answer(wanted: &Wanted, runtime: &Runtime, state: State<'_>) -> Answer {
    let (pallet, item) = wanted.item.split_once('.').unwrap_or_default();
    let stored = || {
        let json = state(&wanted.item)?;
        Some(runtime.storage_value(pallet, item, &Node::of_json(&json)).unwrap_or_else(|e| panic!("{e}")))
    };
    match &wanted.what {
        What::Storage(_) => Answer::Value(stored()),
        What::Entries(prefix) => {
            // One entry, whose key is para 2000 or Alice.
            let key = match item {
                "NextKeys" | "Validators" => Node::of_json(&json!(ALICE)),
                "PvfActiveVoteMap" => Node::of_json(&json!(HASH)),
                _ => Node::of_json(&json!({ "sender": 2000, "recipient": 2001 })),
            };
            let key = runtime.storage_key(pallet, item, &[key]).unwrap();
            assert!(key.starts_with(prefix));
            Answer::Entries(stored().map(|value| (key, value)).into_iter().collect())
        }
        What::Constant => Answer::Nothing,
        What::Code => Answer::Code([0xcd; 32]),
        What::Header => Answer::Header { number: 5, hash: [1; 32], parent: [2; 32], encoded: vec![1, 2, 3] },
        What::Api(_) => {
            let hex = state(&wanted.item).map_or("0x00".to_owned(), |v| v.as_str().unwrap().to_owned());
            Answer::Bytes(hex_bytes(&hex).unwrap())
        }
    }
}

/// Composes a recipe as if nothing were stored on any chain.
fn composed(recipe: &Recipe, params: &str, runtime: &Runtime) -> Result<Vec<Composed>, String> {
    let draft = filled(recipe, params, runtime, &|_| None)?;
    compose(&draft, &world(runtime)).map(|out| out.calls).map_err(|e| e.to_string())
}

#[test]
fn every_row_is_there_once_with_the_class_of_the_catalogue() {
    let catalogue = Catalogue::built_in().unwrap();
    let rows: Vec<&str> = catalogue.all().iter().map(row).collect();
    let expected: Vec<String> =
        ROWS.iter().flat_map(|(letter, most)| (1..=*most).map(move |n| format!("{letter}{n}"))).collect();
    assert_eq!(rows, expected, "61 rows in their order");
    assert_eq!(rows.len(), 61);
    let listed = |list: &str, row: &str| list.split_whitespace().any(|r| r == row);
    for recipe in catalogue.all() {
        let class = match row(recipe) {
            r if listed(RED, r) => Risk::Red,
            r if listed(AMBER, r) => Risk::Amber,
            _ => Risk::Green,
        };
        assert_eq!(recipe.risk, class, "{}", recipe.name());
        assert!(!recipe.verify.is_empty() && !recipe.checks.is_empty(), "{}", recipe.name());
    }
}

#[test]
fn every_row_lints_and_the_relays_fit_its_metadata() {
    let runtime = relay();
    for recipe in Catalogue::built_in().unwrap().all() {
        let mut faults = lint(recipe);
        if recipe.chain.get_ref() == "relay" {
            faults.extend(lint_live(recipe, &runtime));
        }
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
    }
}

#[test]
fn every_row_of_the_relay_composes_the_calls_that_it_says() {
    let runtime = relay();
    let catalogue = Catalogue::built_in().unwrap();
    let known: BTreeSet<String> =
        crate::vectors::vectors().iter().map(|v| v["call"].as_str().unwrap().to_owned()).collect();
    let mut wrong = Vec::new();
    for (row, params, expected) in SAMPLES {
        let recipe = catalogue.find(&format!("row:{row}")).unwrap();
        let calls = match composed(recipe, params, &runtime) {
            Ok(calls) => calls,
            Err(why) => {
                wrong.push(format!("{row} {params}: {why}"));
                continue;
            }
        };
        let paths: Vec<String> = calls.iter().flat_map(|c| c.call.all()).map(Call::path).collect();
        let expected: Vec<&str> = expected.split_whitespace().collect();
        if paths != expected {
            wrong.push(format!("{row} {params}: {paths:?} instead of {expected:?}"));
        }
        wrong.extend(
            paths.iter().filter(|p| !known.contains(*p)).map(|p| format!("{row}: no vector for {p}")),
        );
        wrong.extend(calls.iter().filter_map(|made| fits(recipe, made)));
    }
    let untried = catalogue.all().iter().filter(|r| {
        let elsewhere = ["B11", "C4", "C5", "D5", "F5", "F7"].contains(&self::row(r));
        !elsewhere && !SAMPLES.iter().any(|(sample, ..)| *sample == self::row(r))
    });
    wrong.extend(untried.map(|r| format!("{} is not tried", r.name())));
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A call is no milder than its row says, and `SafeSudo` lets it pass where the row says so.
fn fits(recipe: &Recipe, made: &Composed) -> Option<String> {
    let class = match recipe.risk {
        Risk::Green => Class::Green,
        Risk::Amber => Class::Amber,
        Risk::Red => Class::Red,
    };
    let (name, path) = (recipe.name(), made.call.path());
    let danger = judge(&made.call);
    // The mild way of E3 queues a value like E1 does.
    let mild = name == "cancel-configuration" && path.starts_with("Configuration.");
    if danger.class < class && !mild {
        return Some(format!("{name}: {path} is judged {}, the row {:?}", danger.class, recipe.risk));
    }
    let root = made.origin == "root" && recipe.wrap.is_empty();
    let refused = filtered_by_safe_sudo(&made.call);
    match (recipe.safe_sudo, refused) {
        (Some(true), Some(why)) if root => Some(format!("{name}: SafeSudo refuses it: {why}")),
        (Some(false), None) if !mild => Some(format!("{name}: SafeSudo lets {path} pass")),
        (None, _) if root => Some(format!("{name}: does not say whether SafeSudo lets it pass")),
        _ => None,
    }
}

#[test]
fn every_call_that_root_makes_can_be_signed_by_a_multisig() {
    let runtime = relay();
    let catalogue = Catalogue::built_in().unwrap();
    let wrappers = ["sudo".to_owned(), format!("multisig:2@{ALICE},{BOB}")];
    let wrappers: Vec<Wrapper> = wrappers.iter().map(|w| Wrapper::parse(w).unwrap()).collect();
    let context = Context {
        runtime: &runtime,
        targets: &[],
        sudo: None,
        sender: None,
        timepoint: None,
        approvals: &[],
        max_weight: Some((1_000_000, 0)),
        ss58_prefix: 42,
        needs: "root",
    };
    let mut seen = 0;
    for (row, params, _) in SAMPLES {
        let recipe = catalogue.find(&format!("row:{row}")).unwrap();
        for made in composed(recipe, params, &runtime).unwrap() {
            if made.origin != "root" {
                continue;
            }
            let wrapped = wrap(std::slice::from_ref(&made.call), &wrappers, &context).unwrap();
            let inner = wrapped.decoded.arg("call").map(|node| match node {
                Node::Call(call) => call.inner().into_iter().cloned().collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            });
            assert_eq!(inner, Some(vec![made.call]), "{row}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen} calls");
}

#[test]
fn raw_storage_that_is_rewritten_keeps_what_others_have() {
    // A9 takes one para out of the lists, and leaves the rest.
    let runtime = relay();
    let list =
        |pairs: Value| runtime.storage_value("Paras", "UpcomingUpgrades", &Node::of_json(&pairs)).unwrap();
    let before = list(json!([[1999, 5], [2000, 6], [2001, 7]]));
    let read = runtime.storage_node("Paras", "UpcomingUpgrades", Some(&before)).unwrap().unwrap();
    let mut scope = Scope::default();
    let mut put = |name: &str, node| {
        scope.slots.insert(name.to_owned(), Slot::given(node));
    };
    put("upcoming", read);
    put("para", Node::Number(2000));
    let expr = Expr::compile("upcoming.filter(u, u[0] != para)").unwrap();
    let after = expr.value(&scope).unwrap();
    let after = runtime.storage_value("Paras", "UpcomingUpgrades", &after).unwrap();
    assert_eq!(after, list(json!([[1999, 5], [2001, 7]])));
}

/// A state in which everything that a recipe looks for is there.
fn everything(item: &str) -> Option<Value> {
    let pair = json!([[2000, 7]]);
    let request = json!({ "confirmed": false, "_age": 1, "sender_deposit": 0, "max_message_size": 9,
        "max_capacity": 9, "max_total_size": 9 });
    Some(match item {
        "Paras.ParaLifecycles" => json!("Parachain"),
        "Paras.Heads" => json!("0x1234"),
        "Paras.CurrentCodeHash" | "Paras.FutureCodeHash" | "Dmp.DownwardMessageQueueHeads" => json!(HASH),
        "Paras.MostRecentContext" | "Paras.FutureCodeUpgrades" | "System.Number" | "Paras.CodeByHashRefs" => {
            json!(9)
        }
        "Paras.AuthorizedCodeHash" => json!({ "code_hash": HASH, "expire_at": 9 }),
        "Paras.UpgradeGoAheadSignal" => json!("GoAhead"),
        "Paras.UpgradeRestrictionSignal" => json!("Present"),
        "Paras.UpgradeCooldowns" | "Paras.UpcomingUpgrades" | "Paras.FutureCodeUpgradesAt" => pair,
        "Paras.CodeByHash" => json!("0x1234"),
        "Paras.ActionsQueue" | "Paras.Parachains" => json!([2000]),
        "Paras.PvfActiveVoteList" => json!([HASH]),
        "Paras.PvfActiveVoteMap" => {
            json!({ "votes_accept": [true], "votes_reject": [false], "age": 1, "created_at": 2, "causes": [] })
        }
        "Registrar.Paras" => json!({ "manager": ALICE, "deposit": 5, "locked": true }),
        "Dmp.DownwardMessageQueues" => json!([{ "sent_at": 3, "msg": "0x1234" }]),
        "Hrmp.HrmpIngressChannelsIndex" | "Hrmp.HrmpEgressChannelsIndex" => json!([2001]),
        "Hrmp.HrmpChannels" => json!({ "max_capacity": 9, "max_total_size": 9, "max_message_size": 9,
            "msg_count": 1, "total_size": 2, "mqc_head": HASH, "sender_deposit": 0, "recipient_deposit": 0 }),
        "Hrmp.HrmpOpenChannelRequests" => request,
        "Hrmp.HrmpOpenChannelRequestsList" | "Hrmp.HrmpCloseChannelRequestsList" => {
            json!([{ "sender": 2000, "recipient": 2001 }])
        }
        "ParaInclusion.V1" | "Initializer.BufferedSessionChanges" => json!([]),
        "ParasDisputes.Frozen" => json!(5),
        "MessageQueue.BookStateFor" => {
            json!({ "begin": 0, "end": 1, "count": 1, "ready_neighbours": null, "message_count": 2, "size": 3 })
        }
        "ParaScheduler.CoreDescriptors" => json!([[0, { "queue": null, "current_work": {
            "assignments": [["Pool", { "ratio": 1, "remaining": 1 }]], "end_hint": null, "pos": 0, "step": 1 } }]]),
        "ParaScheduler.CoreSchedules" => {
            json!({ "assignments": [["Idle", 57600]], "end_hint": null, "next_schedule": null })
        }
        "System.Account" => json!({ "nonce": 1, "consumers": 0, "providers": 1, "sufficients": 0,
            "data": { "free": "100000000000", "reserved": 7, "frozen": 0, "flags": 0 } }),
        "System.AuthorizedUpgrade" => json!({ "code_hash": HASH, "check_version": true }),
        "System.LastRuntimeUpgrade" => json!({ "spec_version": 9, "spec_name": "paseo" }),
        "Sudo.Key" => json!(ALICE),
        "Session.Validators" | "Staking.Invulnerables" => json!([ALICE]),
        "Session.NextKeys" => json!({ "grandpa": HASH, "babe": HASH, "para_validator": HASH,
            "para_assignment": HASH, "authority_discovery": HASH, "beefy": format!("0x02{}", "ab".repeat(32)) }),
        "StakingAhClient.ValidatorSet" => json!([9, [ALICE]]),
        "Staking.CurrentEra" | "XcmPallet.SupportedVersion" | "XcmPallet.SafeXcmVersion" => json!(4),
        "Parameters.Parameters" => json!({ "AhClient": { "MinimumValidatorSetSize": 4 } }),
        "Grandpa.Stalled" => json!([50, 1234]),
        "Multisig.Multisigs" => {
            json!({ "when": { "height": 5, "index": 1 }, "deposit": 9, "depositor": ALICE,
            "approvals": [ALICE] })
        }
        "Proxy.Proxies" => json!([[{ "delegate": BOB, "proxy_type": "SafeSudo", "delay": 0 }], 5]),
        "Slots.Leases" => json!([[ALICE, 5]]),
        "ParachainHost.claim_queue" => json!("0x040000000004d0070000"),
        "SessionKeys.decode_session_keys" => {
            let types = ["6772616e", "62616265", "70617261", "6173676e", "61756469", "62656566"];
            let key = |t: &str| format!("80{}{t}", "ab".repeat(32));
            json!(format!("0x0118{}", types.iter().map(|t| key(t)).collect::<String>()))
        }
        _ => return None,
    })
}

#[test]
fn every_expression_has_an_answer_where_everything_is_there_and_where_nothing_is() {
    let runtime = relay();
    let catalogue = Catalogue::built_in().unwrap();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (row, params, _) in SAMPLES {
        let recipe = catalogue.find(&format!("row:{row}")).unwrap();
        for full in [true, false] {
            let state = |item: &str| everything(item).filter(|_| full);
            let draft = filled(recipe, params, &runtime, &state).unwrap();
            let mut scope = draft.scope.clone();
            let mut ask = |scope: &Scope, text: &str| {
                asked += 1;
                match Expr::compile(text).unwrap().holds(scope) {
                    Ok(_) => {}
                    // What the para itself says, or a system chain's own pallet, is not there.
                    Err(why) if why.why.contains("was not read") => {}
                    Err(why) => wrong.push(format!("{row} {params} ({full}): {text}: {}", why.why)),
                }
            };
            let meant = |only: &Option<Placed>| match only {
                Some(only) => Expr::compile(only.get_ref()).unwrap().holds(&draft.scope).unwrap(),
                None => true,
            };
            let checks = recipe.checks.iter().filter(|check| meant(&check.only));
            checks.for_each(|check| ask(&scope, check.expr.get_ref()));
            scope.before = scope.slots.clone();
            scope.events = Some(vec!["XcmPallet.Sent".to_owned()]);
            let lines = recipe.verify.iter().filter(|line| meant(&line.only));
            lines.for_each(|line| ask(&scope, line.expr.get_ref()));
        }
    }
    assert!(asked > 800, "{asked} answers");
    assert!(wrong.is_empty(), "{} have no answer:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_runbook_that_an_examination_proposes_exists_under_its_row() {
    let catalogue = Catalogue::built_in().unwrap();
    for (row, name) in sereno::xray::PROPOSED {
        let recipe = catalogue.find(name).unwrap();
        assert_eq!((recipe.name(), recipe.row()), (*name, Some(*row)));
    }
}
