//! Wrappers around real calls, with the metadata of the real relay runtime.

use crate::faultd::FakeRuntime;
use serde_json::{Value, json};
use sereno::codec::{Runtime, call_hash};
use sereno::domain::AccountId;
use sereno::domain::call::{Call, Node};
use sereno::runbook::plan::xcm::{self, XcmFacts};
use sereno::runbook::recipe::Level;
use sereno::runbook::wrap::{Act, Context, Target, multisig_account, wrap};
use sereno::runbook::{Wrapped, Wrapper};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const CHARLIE: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";
/// 2 of Alice, Bob, Charlie.
const TOGETHER: &str = "5DjYJStmdZ2rcqXbXGX7TW85JsrW6uG4y9MUcLq2BoPMpRA7";

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

struct Bed {
    runtime: Runtime,
    sudo: Option<AccountId>,
    sender: Option<AccountId>,
    timepoint: Option<(u32, u32)>,
    max_weight: Option<(u64, u64)>,
    approvals: Vec<AccountId>,
    origin: String,
}

impl Bed {
    fn new() -> Self {
        let runtime = Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap();
        let max_weight = Some((1_000_000_000, 65_536));
        Self {
            runtime,
            sudo: Some(account(TOGETHER)),
            sender: None,
            timepoint: None,
            max_weight,
            approvals: vec![],
            origin: "root".to_owned(),
        }
    }

    fn wrap(&self, calls: &[Call], wrappers: &[&str]) -> Result<Wrapped, String> {
        let wrappers: Vec<Wrapper> = wrappers.iter().map(|w| Wrapper::parse(w).unwrap()).collect();
        // The relay's own runtime stands for the system chain's: what matters is that its bytes travel.
        let targets = [Target { chain: "people", para: 1004, runtime: &self.runtime }];
        let context = Context {
            runtime: &self.runtime,
            targets: &targets,
            sudo: self.sudo,
            sender: self.sender,
            timepoint: self.timepoint,
            approvals: &self.approvals,
            max_weight: self.max_weight,
            ss58_prefix: 42,
            needs: &self.origin,
        };
        wrap(calls, &wrappers, &context).map_err(|e| e.to_string())
    }
}

fn call(path: &str, args: Value) -> Call {
    let Value::Object(args) = args else { panic!("arguments by name") };
    let (pallet, name) = path.split_once('.').unwrap();
    let args = args.into_iter().map(|(name, value)| (name, Node::of_json(&value))).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn head() -> Call {
    call("Paras.force_set_current_head", json!({ "para": 2000, "new_head": "0x1234" }))
}

fn paths(call: &Call) -> Vec<String> {
    call.all().into_iter().map(Call::path).collect()
}

#[test]
fn sudo_through_a_proxy_through_nothing_else() {
    let bed = Bed::new();
    let plain = bed.wrap(&[head()], &[]).unwrap();
    assert_eq!((plain.kind.as_str(), plain.authority.as_str()), ("none", "root"));
    assert_eq!(plain.call_data, bed.runtime.encode_call(&head()).unwrap());
    let sudo = bed.wrap(&[head()], &["sudo"]).unwrap();
    assert_eq!(paths(&sudo.decoded), ["Sudo.sudo", "Paras.force_set_current_head"]);
    assert_eq!(sudo.authority, format!("the root key {TOGETHER}"));
    assert_eq!(sudo.call_data[..2], [251, 0]);
    assert_eq!(sudo.call_hash, call_hash(&sudo.call_data));
    let proxy = bed.wrap(&[head()], &["sudo", &format!("proxy:SafeSudo@{TOGETHER}")]).unwrap();
    assert_eq!(paths(&proxy.decoded), ["Proxy.proxy", "Sudo.sudo", "Paras.force_set_current_head"]);
    // SafeSudo is the variant with index 100.
    assert_eq!(proxy.call_data[35..37], [1, 100]);
    assert_eq!(proxy.authority, format!("a SafeSudo delegate of {TOGETHER}, for the root key {TOGETHER}"));
    assert_eq!(proxy.kind, "sudo+proxy");
}

#[test]
fn safe_sudo_is_refused_for_what_it_filters_and_for_who_does_not_hold_the_key() {
    let mut bed = Bed::new();
    let proxy = format!("proxy:SafeSudo@{TOGETHER}");
    let kill = call("System.kill_storage", json!({ "keys": ["0x01"] }));
    let why = bed.wrap(&[head(), kill.clone()], &["batch", "sudo", &proxy]).unwrap_err();
    assert!(why.contains("SafeSudo would refuse this: System.kill_storage"), "{why}");
    assert!(bed.wrap(std::slice::from_ref(&kill), &["sudo", &format!("proxy:Any@{TOGETHER}")]).is_ok());
    let why = bed.wrap(&[head()], &["sudo", &format!("proxy:SafeSudo@{ALICE}")]).unwrap_err();
    assert!(why.contains(&format!("the account {ALICE} does not hold the root key")), "{why}");
    let why = bed.wrap(&[head()], &["sudo", &format!("proxy:Nonsense@{TOGETHER}")]).unwrap_err();
    assert!(why.contains("'Nonsense'") && why.contains("one of Any"), "{why}");
    bed.sudo = None;
    let blind = bed.wrap(&[head()], &["sudo", &format!("proxy:SafeSudo@{ALICE}")]).unwrap();
    assert!(blind.notes.iter().any(|n| n.contains("Sudo.Key was not read")), "{:?}", blind.notes);
}

#[test]
fn a_multisig_approves_by_hash_and_sends_the_call_once() {
    let mut bed = Bed::new();
    let multi = format!("multisig:2@{CHARLIE},{ALICE},{BOB}");
    let first = bed.wrap(&[head()], &["sudo", &multi]).unwrap();
    assert_eq!(paths(&first.decoded), ["Multisig.as_multi", "Sudo.sudo", "Paras.force_set_current_head"]);
    assert_eq!(first.decoded.arg("threshold"), Some(&Node::Number(2)));
    assert_eq!(first.decoded.arg("maybe_timepoint"), Some(&Node::Nothing));
    // Without a sender the first one named signs; the others stand sorted by their bytes.
    let others = |call: &Call| {
        let Some(Node::List(list)) = call.arg("other_signatories") else { panic!("{call:?}") };
        list.iter().map(|node| matches!(node, Node::Account(a) if *a == account(BOB))).collect::<Vec<_>>()
    };
    assert!(account(BOB) < account(ALICE));
    assert_eq!(others(&first.decoded), [true, false]);
    let approval = first.approval.unwrap();
    assert_eq!(approval.account, account(TOGETHER));
    assert_eq!(approval.account, multisig_account(&[account(ALICE), account(BOB), account(CHARLIE)], 2));
    let sudo = bed.wrap(&[head()], &["sudo"]).unwrap();
    assert_eq!(approval.approves, sudo.call_hash);
    let approve = approval.decoded.unwrap();
    assert_eq!(approve.path(), "Multisig.approve_as_multi");
    assert_eq!(approve.arg("call_hash"), Some(&Node::Bytes(sudo.call_hash.0.to_vec())));
    assert!(
        first.authority.starts_with("2 of the 3 signatories of the multisig 5DjY"),
        "{}",
        first.authority
    );
    assert!(first.notes.iter().any(|n| n.contains("no timepoint")), "{:?}", first.notes);

    bed.timepoint = Some((17, 3));
    bed.sender = Some(account(BOB));
    let last = bed.wrap(&[head()], &["sudo", &multi]).unwrap();
    let at = Node::Fields(vec![("height".into(), Node::Number(17)), ("index".into(), Node::Number(3))]);
    let some = Node::Variant("Some".to_owned(), vec![("0".to_owned(), at)]);
    assert_eq!(last.decoded.arg("maybe_timepoint"), Some(&some));
    assert_eq!(others(&last.decoded), [false, false]);
    let weight = Node::Fields(vec![
        ("ref_time".into(), Node::Number(1_000_000_000)),
        ("proof_size".into(), Node::Number(65_536)),
    ]);
    assert_eq!(last.decoded.arg("max_weight"), Some(&weight));
}

#[test]
fn a_multisig_that_cannot_work_is_refused_before_anybody_signs() {
    let mut bed = Bed::new();
    let multi = format!("multisig:2@{CHARLIE},{ALICE},{BOB}");
    let three = format!("multisig:3@{CHARLIE},{ALICE},{BOB}");
    let why = bed.wrap(&[head()], &["sudo", &three]).unwrap_err();
    assert!(why.contains("does not hold the root key") && why.contains("the threshold is wrong"), "{why}");
    bed.sender = Some(AccountId([7; 32]));
    let why = bed.wrap(&[head()], &["sudo", &multi]).unwrap_err();
    assert!(why.contains("is not one of the 3 signatories"), "{why}");
    bed.sender = None;
    bed.max_weight = Some((1_500_000_000_000, 0));
    let why = bed.wrap(&[head()], &["sudo", &multi]).unwrap_err();
    assert!(why.contains("at most 1479873955000"), "{why}");
    bed.max_weight = None;
    let why = bed.wrap(&[head()], &["sudo", &multi]).unwrap_err();
    assert!(why.contains("states the weight of its call"), "{why}");
    bed.origin = "signed".to_owned();
    let one = bed.wrap(&[head()], &[&format!("multisig:1@{ALICE},{BOB}")]).unwrap();
    assert_eq!(one.decoded.path(), "Multisig.as_multi_threshold_1");
    assert_eq!(one.approval.unwrap().decoded, None);
}

#[test]
fn a_multisig_delegate_of_the_root_key_need_not_hold_it() {
    let mut bed = Bed::new();
    bed.sudo = Some(account(ALICE));
    let (proxy, multi) = (format!("proxy:SafeSudo@{ALICE}"), format!("multisig:2@{CHARLIE},{ALICE},{BOB}"));
    let whole = bed.wrap(&[head()], &["sudo", &proxy, &multi]).unwrap();
    let names = ["Multisig.as_multi", "Proxy.proxy", "Sudo.sudo", "Paras.force_set_current_head"];
    assert_eq!(paths(&whole.decoded), names);
    assert_eq!(bed.runtime.encode_call(&whole.decoded).unwrap(), whole.call_data);
}

#[test]
fn a_call_for_a_system_chain_travels_as_superuser_and_must_succeed() {
    let bed = Bed::new();
    let remark = call("System.remark", json!({ "remark": "0xaa" }));
    let sent = bed.wrap(std::slice::from_ref(&remark), &["xcm:people", "sudo"]).unwrap();
    assert_eq!(paths(&sent.decoded), ["Sudo.sudo", "XcmPallet.send"]);
    // V5, no parents, one junction: para 1004; V5, three instructions, the second of them the call's bytes.
    let inner = "0xfb00 6300 05 00 01 00 b10f 05 0c 2f0000 060200 10 000004aa 2000".replace(' ', "");
    assert_eq!(sereno::domain::ids::to_hex(&sent.call_data), inner);
    let json = serde_json::to_string(&sent.decoded).unwrap();
    for part in ["UnpaidExecution", "Unlimited", "Superuser", "ExpectTransactStatus", "Success"] {
        assert!(json.contains(part), "{part}: {json}");
    }
    assert_eq!(sent.authority, format!("the root key {TOGETHER}"));
    let bare = bed.wrap(std::slice::from_ref(&remark), &["xcm:people"]).unwrap();
    assert_eq!(bare.authority, "Root of the relay, who is Root of people");
    let why = bed.wrap(&[remark], &["xcm:coretime"]).unwrap_err();
    assert!(why.contains("--endpoint coretime=URL"), "{why}");
}

#[test]
fn a_batch_is_atomic_and_comes_first() {
    let bed = Bed::new();
    let both = bed.wrap(&[head(), head()], &["batch", "sudo"]).unwrap();
    assert_eq!(paths(&both.decoded)[..2], ["Sudo.sudo", "Utility.batch_all"]);
    assert_eq!(paths(&both.decoded).len(), 4);
    let why = bed.wrap(&[head(), head()], &["sudo"]).unwrap_err();
    assert!(why.contains("--wrap batch must come first"), "{why}");
    let why = bed.wrap(&[call("Paras.kick", json!({}))], &["sudo"]).unwrap_err();
    assert!(why.contains("a call that this runtime lacks"), "{why}");
}

#[test]
fn a_wrapper_that_does_not_reach_the_origin_is_refused_and_says_which_does() {
    let mut bed = Bed::new();
    let multi = format!("multisig:2@{CHARLIE},{ALICE},{BOB}");
    let why = bed.wrap(&[head()], &[&multi]).unwrap_err();
    assert!(
        why.contains("Paras.force_set_current_head needs root") && why.contains("put --wrap sudo"),
        "{why}"
    );
    let send = call("Balances.transfer_keep_alive", json!({ "dest": { "Id": ALICE }, "value": "5" }));
    for wraps in [vec!["sudo"], vec!["xcm:people"], vec!["batch", "sudo"]] {
        let why = bed.wrap(std::slice::from_ref(&send), &wraps).unwrap_err();
        assert!(why.contains("would run Balances.transfer_keep_alive as Root"), "{why}");
    }
    bed.origin = format!("signed:{ALICE}");
    let why = bed.wrap(&[head()], &["sudo"]).unwrap_err();
    assert!(why.contains(&format!("must be signed by {ALICE}")), "{why}");
    let why = bed.wrap(&[head()], &[&format!("proxy:Any@{BOB}")]).unwrap_err();
    assert!(why.contains(&format!("these wrappers act for {BOB}")), "{why}");
    assert!(bed.wrap(&[head()], &[&format!("proxy:Any@{ALICE}")]).is_ok());
}

#[test]
fn what_a_signatory_does_is_decided_by_what_is_on_chain() {
    let mut bed = Bed::new();
    let multi = format!("multisig:2@{CHARLIE},{ALICE},{BOB}");
    let (alice, bob, charlie) = (account(ALICE), account(BOB), account(CHARLIE));
    for (sender, approvals, expected) in [
        (None, vec![], (charlie, Act::Approve)),
        (Some(bob), vec![], (bob, Act::Approve)),
        (None, vec![charlie], (alice, Act::Execute)),
        (Some(bob), vec![alice], (bob, Act::Execute)),
        (Some(alice), vec![alice], (alice, Act::Wait)),
        // All have approved by hash, and nobody has sent the call: one of them may.
        (Some(alice), vec![alice, bob], (alice, Act::Execute)),
    ] {
        bed.sender = sender;
        bed.approvals = approvals;
        bed.timepoint = (!bed.approvals.is_empty()).then_some((17, 3));
        let wrapped = bed.wrap(&[head()], &["sudo", &multi]).unwrap();
        let turn = wrapped.turn.unwrap();
        assert_eq!((turn.sender, turn.act), expected);
        assert_eq!((turn.approved, turn.threshold), (bed.approvals.len(), 2));
        // The others, sorted by their bytes, without the one who acts.
        let mut others = vec![alice, bob, charlie];
        others.retain(|one| *one != expected.0);
        others.sort();
        let others = Node::List(others.into_iter().map(Node::Account).collect());
        assert_eq!(wrapped.decoded.arg("other_signatories"), Some(&others));
    }
}

#[test]
fn a_message_is_measured_tried_on_its_target_and_blocks_where_that_is_not_known() {
    let bed = Bed::new();
    let remark = |len: usize| call("System.remark", json!({ "remark": format!("0x{}", "aa".repeat(len)) }));
    let multi = format!("multisig:2@{CHARLIE},{ALICE},{BOB}");
    let sealed = bed.wrap(&[remark(100)], &["xcm:people", "sudo", &multi]).unwrap();
    let send = xcm::sent(&sealed.decoded).unwrap();
    let bytes = xcm::length(&bed.runtime, send).unwrap();
    assert!((100..250).contains(&bytes), "{bytes}");
    // Version 5, parent 1, here; then the message as it is sent.
    let input = xcm::dry_run_input(&bed.runtime, send).unwrap();
    assert_eq!(input[..5], [5, 1, 0, 5, 12], "{input:?}");
    // Ok, Complete, a weight of 1 and 1, no events, nothing forwarded; Err; Incomplete.
    assert_eq!(xcm::dry_run_says(&bed.runtime, &[0, 0, 4, 4, 0, 0]), Ok(None));
    assert!(xcm::dry_run_says(&bed.runtime, &[1, 0]).unwrap_err().contains("could not try it"));
    let refused = [0, 1, 4, 4, 2, 22, 0, 0];
    let why = xcm::dry_run_says(&bed.runtime, &refused).unwrap().unwrap();
    assert!(why.contains("Incomplete"), "{why}");
    assert!(xcm::dry_run_says(&bed.runtime, &[7]).is_err());

    let good = XcmFacts {
        chain: "people".to_owned(),
        bytes: Ok(bytes),
        limit: Ok(51_200),
        age_ms: Some(9_000),
        dry_run: Ok(None),
    };
    let stands = |facts: &XcmFacts| xcm::checks(facts).iter().map(|c| c.ok).collect::<Vec<_>>();
    assert_eq!(stands(&good), [Some(true); 3]);
    let sealed = bed.wrap(&[remark(51_200)], &["xcm:people", "sudo"]).unwrap();
    let long = xcm::length(&bed.runtime, xcm::sent(&sealed.decoded).unwrap());
    for (facts, expected) in [
        (XcmFacts { bytes: long, ..good.clone() }, [Some(false), Some(true), Some(true)]),
        (XcmFacts { limit: Err("no answer".into()), ..good.clone() }, [None, Some(true), Some(true)]),
        (XcmFacts { age_ms: Some(121_000), ..good.clone() }, [Some(true), Some(false), Some(true)]),
        (XcmFacts { age_ms: None, ..good.clone() }, [Some(true), None, Some(true)]),
        (
            XcmFacts { dry_run: Ok(Some("Barrier".into())), ..good.clone() },
            [Some(true), Some(true), Some(false)],
        ),
        (XcmFacts { dry_run: Err("no such API".into()), ..good.clone() }, [Some(true), Some(true), None]),
    ] {
        assert_eq!(stands(&facts), expected, "{facts:?}");
        assert!(xcm::checks(&facts).iter().all(|c| c.level == Level::Block));
    }
}
