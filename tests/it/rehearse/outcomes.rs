//! What calls do on the real runtimes, and whether that is told.

use super::spec::{ALICE, BOB, Chain, account, call, inside, node};
use serde_json::{Value, json};
use sereno::domain::AccountId;
use sereno::domain::call::{Call, Node};
use sereno::rehearse::{Confirmed, Method, Origin, Rehearsal, Via};

fn head() -> Call {
    call(
        "Paras.force_set_current_head",
        &[("para", node(&json!(2000))), ("new_head", node(&json!("0x1234")))],
    )
}

fn too_much() -> Call {
    let to = node(&json!({ "Id": BOB }));
    call("Balances.transfer_keep_alive", &[("dest", to), ("value", node(&json!("9000000000000000000")))])
}

fn batch(kind: &str, calls: &[Call]) -> Call {
    let calls = calls.iter().cloned().map(inside).collect();
    call(&format!("Utility.{kind}"), &[("calls", Node::List(calls))])
}

fn sudo(inner: Call) -> Call {
    call("Sudo.sudo", &[("call", inside(inner))])
}

const CONFIRMED: Option<Confirmed> = Some(Confirmed { via: Via::SudoExtrinsic, same: true });

/// The layers as `name: error`, the first left out.
fn failed_layers(found: &Rehearsal) -> Vec<String> {
    let failed = found.outcome.layers.iter().filter(|l| !l.ok);
    failed.map(|l| format!("{}: {}", l.name, l.error.as_deref().unwrap_or_default())).collect()
}

#[test]
fn a_forced_head_changes_the_head_and_both_ways_agree() {
    let Some(chain) = Chain::find("a_forced_head_changes_the_head_and_both_ways_agree", "relay-2026") else {
        return;
    };
    let found = chain.run(Origin::Root, &head());
    assert!(found.outcome.ok, "{:?}", found.outcome);
    assert_eq!((found.via, found.confirmed_by), (Via::DryRunApi, CONFIRMED));
    let json = serde_json::to_value(&found).unwrap();
    let change = &json["diff"][0];
    assert_eq!(change["key"], chain.key("Paras", "Heads", &[json!(2000)]));
    assert_eq!(
        (&change["pallet"], &change["item"], &change["args"]),
        (&json!("Paras"), &json!("Heads"), &json!([2000]))
    );
    assert_eq!((&change["old"], &change["new"]), (&Value::Null, &json!("0x1234")));
    assert_eq!(
        json["events"][0],
        json!({ "pallet": "Paras", "name": "CurrentHeadUpdated", "fields": [2000] })
    );
    assert_eq!(
        (&json["method"], &json["origin"], &json["via"]),
        (&json!("fork"), &json!("root"), &json!("dry_run_api"))
    );
    assert_eq!(json["schema"], 1);
    assert_eq!(json["confirmed_by"], json!({ "via": "sudo_extrinsic", "same": true }));
    assert!(json["weight"]["ref_time"].as_u64().unwrap() > 0, "{}", json["weight"]);
    assert!(found.round_trips <= 20, "{} round trips for a call never seen", found.round_trips);
}

#[test]
fn what_a_batch_writes_and_clears_again_is_not_there() {
    let Some(chain) = Chain::find("what_a_batch_writes_and_clears_again_is_not_there", "relay-2026") else {
        return;
    };
    let items = node(&json!([["0xaaaa01", "0x01"], ["0xaaaa02", "0x02"], ["0xbbbb", "0x03"]]));
    let set = call("System.set_storage", &[("items", items)]);
    let kill =
        call("System.kill_prefix", &[("prefix", node(&json!("0xaaaa"))), ("subkeys", node(&json!(10)))]);
    let found = chain.run(Origin::Root, &batch("batch_all", &[set, kill]));
    assert!(found.outcome.ok, "{:?}", found.outcome);
    let keys: Vec<&str> = found.diff.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, ["0xbbbb"]);
    assert_eq!(found.confirmed_by, CONFIRMED);
}

#[test]
fn a_failure_inside_any_wrapper_is_a_failure_with_its_name() {
    let Some(chain) = Chain::find("a_failure_inside_any_wrapper_is_a_failure_with_its_name", "relay-2026")
    else {
        return;
    };
    let (alice, bob) = (Origin::Signed(account(ALICE)), Origin::Signed(account(BOB)));
    let transfer = sudo(too_much());
    let set = call("System.set_storage", &[("items", node(&json!([["0xaaaa01", "0x01"]])))]);
    let proxied = |inner: Call| {
        let (real, kind) = (node(&json!({ "Id": ALICE })), node(&json!("SafeSudo")));
        call("Proxy.proxy", &[("real", real), ("force_proxy_type", kind), ("call", inside(inner))])
    };
    let as_alice = |inner: Call| {
        let origin = node(&json!({ "system": { "Signed": ALICE } }));
        call("Utility.dispatch_as", &[("as_origin", origin), ("call", inside(inner))])
    };
    for (origin, call, wanted) in [
        (alice, transfer.clone(), "Sudo.Sudid: BadOrigin"),
        (alice, batch("batch", &[head()]), "Utility.BatchInterrupted: BadOrigin"),
        (alice, batch("force_batch", &[too_much()]), "Utility.ItemFailed: Arithmetic.Underflow"),
        (bob, proxied(sudo(set)), "Proxy.ProxyExecuted: System.CallFiltered"),
        (Origin::Root, as_alice(too_much()), "Utility.DispatchedAs: Arithmetic.Underflow"),
        (alice, head(), "DryRunApi.dry_run_call: BadOrigin"),
        (Origin::Root, batch("batch_all", &[head(), too_much()]), "DryRunApi.dry_run_call: BadOrigin"),
    ] {
        let found = chain.run(origin, &call);
        assert!(!found.outcome.ok, "{wanted}");
        assert_eq!(failed_layers(&found), [wanted]);
        let (_, error) = wanted.split_once(": ").unwrap();
        assert_eq!(found.outcome.error.as_deref(), Some(error));
        if origin == Origin::Root {
            assert_eq!(found.confirmed_by, CONFIRMED, "{:?}", found.caveats);
        }
    }
    // What is carried well, through the same wrappers.
    let found = chain.run(bob, &proxied(sudo(head())));
    assert!(found.outcome.ok, "{:?}", found.outcome);
    let layers: Vec<&str> = found.outcome.layers.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(layers, ["DryRunApi.dry_run_call", "Sudo.Sudid", "Proxy.ProxyExecuted"]);
}

#[test]
fn the_code_that_runs_already_is_refused_as_an_upgrade() {
    let Some(chain) = Chain::find("the_code_that_runs_already_is_refused_as_an_upgrade", "relay-2026") else {
        return;
    };
    let code = Node::Bytes(chain.top[b":code".as_slice()].clone());
    let found = chain.run(Origin::Root, &call("System.set_code", &[("code", code)]));
    assert_eq!(failed_layers(&found), ["DryRunApi.dry_run_call: System.SpecVersionNeedsToIncrease"]);
    assert_eq!((found.diff.len(), found.confirmed_by), (0, CONFIRMED));
}

#[test]
fn the_runtime_of_2024_is_rehearsed_by_a_transaction_of_sudo() {
    let Some(chain) = Chain::find("the_runtime_of_2024_is_rehearsed_by_a_transaction_of_sudo", "relay-2024")
    else {
        return;
    };
    let found = chain.run(Origin::Root, &head());
    assert!(found.outcome.ok, "{:?}", found.outcome);
    assert_eq!((found.via, found.confirmed_by), (Via::SudoExtrinsic, None));
    assert_eq!(found.diff[0].key, chain.key("Paras", "Heads", &[json!(2000)]));
    assert_eq!(found.diff.len(), 1, "{:?}", found.diff);
    assert!(found.caveats[0].contains("no dry-run API"), "{:?}", found.caveats);
    let found = chain.run(Origin::Root, &too_much());
    assert_eq!(failed_layers(&found), ["Sudo.Sudid: BadOrigin"]);
    let found = chain.run(Origin::Signed(account(ALICE)), &too_much());
    assert_eq!(found.via, Via::SignedExtrinsic);
    assert_eq!(found.outcome.error.as_deref(), Some("Arithmetic.Underflow"));
}

#[test]
fn a_system_chain_is_rehearsed_like_the_relay() {
    let Some(chain) = Chain::find("a_system_chain_is_rehearsed_like_the_relay", "people") else { return };
    let to = node(&json!({ "Id": BOB }));
    let set =
        call("Balances.force_set_balance", &[("who", to), ("new_free", node(&json!("5000000000000000000")))]);
    let found = chain.run(Origin::Root, &set);
    assert!(found.outcome.ok, "{:?}", found.outcome);
    let free = |value: &Value| value["data"]["free"].clone();
    let change = found.diff.iter().find(|c| c.item.as_deref() == Some("Account")).unwrap();
    assert_eq!(
        (free(&change.old), free(&change.new)),
        (json!("1000000000000000"), json!("5000000000000000000"))
    );
    assert_eq!(change.args, [json!(BOB)]);
    assert_eq!(found.confirmed_by, CONFIRMED, "{:?}", found.caveats);
}

#[test]
fn validity_looks_at_the_transaction_only() {
    let Some(chain) = Chain::find("validity_looks_at_the_transaction_only", "relay-2026") else { return };
    let alice = Origin::Signed(account(ALICE));
    let poor = Origin::Signed(sereno::domain::AccountId([9; 32]));
    let found = chain.try_run(Method::Validity, alice, &too_much()).unwrap();
    assert!(found.outcome.ok && found.diff.is_empty(), "{found:?}");
    let found = chain.try_run(Method::Validity, poor, &too_much()).unwrap();
    assert_eq!(found.outcome.error.as_deref(), Some("Invalid.Payment"));
    let found = chain.try_run(Method::Validity, Origin::Root, &head()).unwrap();
    assert!(found.outcome.ok, "{found:?}");
}

#[test]
fn without_a_sudo_key_the_scheduler_confirms_or_runs_the_call() {
    let name = "without_a_sudo_key_the_scheduler_confirms_or_runs_the_call";
    let confirmed = Some(Confirmed { via: Via::Scheduler, same: true });
    let long = call(
        "Paras.force_set_current_head",
        &[("para", node(&json!(2000))), ("new_head", node(&json!(format!("0x{}", "12".repeat(300)))))],
    );
    for (spec, via, second) in
        [("relay-2026", Via::DryRunApi, confirmed), ("relay-2024", Via::Scheduler, None)]
    {
        let Some(mut chain) = Chain::find(name, spec) else { return };
        let sudo = chain.runtime.key("Sudo", "Key").unwrap();
        chain.top.remove(&sudo);
        for (call, new) in [(head(), "0x1234".to_owned()), (long.clone(), format!("0x{}", "12".repeat(300)))]
        {
            let found = chain.run(Origin::Root, &call);
            assert!(found.outcome.ok, "{:?}", found.outcome);
            assert_eq!((found.via, found.confirmed_by), (via, second), "{:?}", found.caveats);
            assert_eq!((found.diff.len(), &found.diff[0].new), (1, &json!(new)), "{:?}", found.diff);
        }
        let found = chain.run(Origin::Root, &too_much());
        assert_eq!(found.outcome.error.as_deref(), Some("BadOrigin"));
        assert_eq!(
            (found.via, found.confirmed_by, found.diff.len()),
            (via, second, 0),
            "{:?}",
            found.caveats
        );
    }
}

#[test]
fn what_an_empty_call_would_do_too_is_not_told_and_the_second_way_betrays_what_that_hides() {
    let name = "what_an_empty_call_would_do_too_is_not_told_and_the_second_way_betrays_what_that_hides";
    let Some(mut chain) = Chain::find(name, "relay-2026") else { return };
    // The dry-run API empties the queues of messages before each call, whatever the call is.
    let queue = chain.runtime.storage_key("Dmp", "DownwardMessageQueues", &[node(&json!(2000))]).unwrap();
    let message = node(&json!([{ "sent_at": 1, "msg": "0x0102" }]));
    chain.top.insert(
        queue.clone(),
        chain.runtime.storage_value("Dmp", "DownwardMessageQueues", &message).unwrap(),
    );
    let found = chain.run(Origin::Root, &head());
    assert_eq!((found.diff.len(), found.confirmed_by), (1, CONFIRMED), "{:?}", found.diff);
    let key = node(&json!([sereno::domain::ids::to_hex(&queue)]));
    let found = chain.run(Origin::Root, &call("System.kill_storage", &[("keys", key)]));
    assert_eq!((found.confirmed_by, found.caveats.len()), (CONFIRMED, 0), "{:?}", found.caveats);
    assert_eq!((&found.diff[0].new, &found.diff[0].old[0]["msg"]), (&Value::Null, &json!("0x0102")));
    // Bookkeeping is not told, unless the call names it.
    let weight = chain.key("System", "InherentsApplied", &[]);
    let set = |key: &str, value: &str| {
        let found =
            chain.run(Origin::Root, &call("System.set_storage", &[("items", node(&json!([[key, value]])))]));
        found.diff.iter().map(|c| (c.item.clone().unwrap(), c.new.clone())).collect::<Vec<_>>()
    };
    assert_eq!(set(&weight, "0x01"), [("InherentsApplied".to_owned(), json!(true))]);
    let number = chain.key("System", "Number", &[]);
    assert_eq!(set(&number, "0x09000000")[0], ("Number".to_owned(), json!(9)));
}

#[test]
fn a_second_way_that_finds_something_else_is_told_and_its_failure_counts() {
    let name = "a_second_way_that_finds_something_else_is_told_and_its_failure_counts";
    let Some(chain) = Chain::find(name, "relay-2026") else { return };
    // What is written of the block's number is another in the next block.
    let noted = call(
        "Paras.force_note_new_head",
        &[("para", node(&json!(2000))), ("new_head", node(&json!("0x12")))],
    );
    let found = chain.run(Origin::Root, &noted);
    assert_eq!(found.confirmed_by, Some(Confirmed { via: Via::SudoExtrinsic, same: false }));
    let caveat = "the second way differs in Paras.MostRecentContext; what only it changes is shown as well";
    assert_eq!(found.caveats, [caveat]);
    // The call itself would work; whoever sends it cannot pay for it.
    let poor = Origin::Signed(AccountId([9; 32]));
    let remark = call("System.remark_with_event", &[("remark", node(&json!("0x0102")))]);
    let found = chain.run(poor, &remark);
    assert!(!found.outcome.ok && found.events[0].name == "Remarked", "{:?}", found.outcome);
    let why = "the transaction would not be taken into a block: Invalid.Payment";
    assert_eq!(found.outcome.error.as_deref(), Some(why));
    assert_eq!((failed_layers(&found), found.confirmed_by), (vec![format!("transaction: {why}")], None));
    // The whole balance goes, and then there is nothing left for the fee.
    let all = call(
        "Balances.transfer_allow_death",
        &[("dest", node(&json!({ "Id": BOB }))), ("value", node(&json!("1000000000000000")))],
    );
    let found = chain.run(Origin::Signed(account(ALICE)), &all);
    assert!(found.outcome.layers[0].ok && !found.outcome.ok, "{:?}", found.outcome);
    assert_eq!(found.confirmed_by, Some(Confirmed { via: Via::SignedExtrinsic, same: false }));
    // Where both agree, fee and nonce are among the changes.
    let found = chain.run(Origin::Signed(account(ALICE)), &remark);
    assert_eq!(found.confirmed_by, Some(Confirmed { via: Via::SignedExtrinsic, same: true }));
    let own = found.diff.iter().find(|c| c.item.as_deref() == Some("Account") && c.args == [json!(ALICE)]);
    assert_eq!(own.unwrap().new["nonce"], json!(8), "{:?}", found.diff);
    // No transaction confirms what a para does.
    let found = chain.run(Origin::Parachain(2000), &remark);
    assert_eq!((found.confirmed_by, found.origin.as_str()), (None, "para 2000"));
    assert!(found.caveats.iter().any(|c| c.contains("no transaction has the origin")), "{:?}", found.caveats);
}

#[test]
fn blocks_after_the_call_show_what_comes_later_and_nothing_else() {
    let Some(chain) =
        Chain::find("blocks_after_the_call_show_what_comes_later_and_nothing_else", "relay-2026")
    else {
        return;
    };
    // Scheduled for block 5: nothing of it is seen in the call's own block, which is 2.
    let later = call(
        "Scheduler.schedule",
        &[
            ("when", node(&json!(5))),
            ("maybe_periodic", Node::Nothing),
            ("priority", node(&json!(0))),
            ("call", inside(head())),
        ],
    );
    let found = chain.follow(Method::Fork, Origin::Root, &later, 2).unwrap();
    println!("{}", found.text("spec"));
    let heads = |found: &Rehearsal| found.diff.iter().filter(|c| c.item.as_deref() == Some("Heads")).count();
    assert_eq!((found.outcome.ok, heads(&found)), (true, 0), "{:?}", found.diff);
    let found = chain.follow(Method::Fork, Origin::Root, &later, 3).unwrap();
    println!("{}", found.text("spec"));
    assert_eq!((found.outcome.ok, found.diff.len(), heads(&found)), (true, 1, 1), "{:?}", found.diff);
    let events: Vec<String> = found.events.iter().map(|e| format!("{}.{}", e.pallet, e.name)).collect();
    assert_eq!(events, ["Scheduler.Scheduled", "Paras.CurrentHeadUpdated", "Scheduler.Dispatched"]);
    // An empty call changes nothing, however long one looks.
    let nothing = call("System.remark", &[("remark", node(&json!("0x00")))]);
    let found = chain.follow(Method::Fork, Origin::Root, &nothing, 3).unwrap();
    println!("{}", found.text("spec"));
    assert_eq!((found.diff.len(), found.events.len()), (0, 0), "{:?} {:?}", found.diff, found.events);
}

#[test]
fn what_stops_the_chain_later_is_a_failure() {
    let name = "what_stops_the_chain_later_is_a_failure";
    let Some(chain) = Chain::find(name, "relay-2026") else { return };
    // A last slot that no next block can come after.
    let slot = chain.key("Babe", "CurrentSlot", &[]);
    let items = node(&json!([[slot, "0xffffffffffffffff"]]));
    let found = chain
        .follow(Method::Fork, Origin::Root, &call("System.set_storage", &[("items", items)]), 1)
        .unwrap();
    println!("{}", found.text("spec"));
    assert!(!found.outcome.ok);
    assert_eq!(found.outcome.layers.last().unwrap().name, "later blocks");
    let code = Node::Bytes(vec![1, 2, 3]);
    let set = call("System.set_code_without_checks", &[("code", code)]);
    let why = chain.follow(Method::Fork, Origin::Root, &set, 1).unwrap_err().to_string();
    assert_eq!(
        why,
        "the call changes the code: --blocks cannot follow it, as other code builds the blocks after it"
    );
}
