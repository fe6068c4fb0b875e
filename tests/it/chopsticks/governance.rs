//! A referendum from submission to enactment on the real relay runtimes, alarm by alarm: what is foretold is what the chain does.
//!
//! Signatures are Chopsticks' mock. On relay 2026 users may not call `Referenda`: `Sudo.sudo_as` passes its filter, and on relay
//! 2024 the same call does the same. Blocks between alarms are left out with `unsafeBlockHeight`.

use super::{Bed, Node};
use crate::sereno::{header_number, now_ms, rpc, run};
use serde_json::{Value, json};
use sereno::chain::Endpoint;
use sereno::chain::names::SystemNames;
use sereno::chain::reader::{At, Known, Reader};
use sereno::codec::Runtime;
use sereno::domain::call::{Call, Node as Arg};
use sereno::domain::danger::Class;
use sereno::domain::gov::phase::{Next, Outlook, Phase};
use sereno::domain::gov::{Governance, Referendum};
use sereno::domain::ids::{hex_bytes, to_hex};
use sereno::domain::para::Found;
use sereno::domain::{AccountId, EndpointId};
use sereno::ports::Clock;
use sereno::runtime::clock::SystemClock;
use std::sync::Arc;

const ALICE: &str = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
/// Votes and issuance, planck: 40 % of what could vote.
const AYES: u128 = 800_000_000_000_000;
const ISSUANCE: u128 = 2_000_000_000_000_000;
/// `whitelisted_caller`: both its curves are reciprocal.
const TRACK: u16 = 1;

struct Chain {
    port: u16,
    runtime: Runtime,
    nonce: u32,
    threads: tokio::runtime::Runtime,
}

fn call(path: &str, args: &Value) -> Call {
    let (pallet, name) = path.split_once('.').unwrap();
    let args = args.as_object().unwrap().iter().map(|(name, v)| (name.clone(), Arg::of_json(v))).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn inside(path: &str, mut args: Vec<(&str, Arg)>, inner: Call) -> Call {
    let (pallet, name) = path.split_once('.').unwrap();
    args.push(("call", Arg::Call(Box::new(inner))));
    let args = args.into_iter().map(|(n, node)| (n.to_owned(), node)).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

impl Chain {
    fn open(port: u16) -> Self {
        let threads =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let hex = rpc(port, "state_getMetadata", &json!([])).unwrap();
        let runtime = Runtime::decode(&hex_bytes(hex.as_str().unwrap()).unwrap()).unwrap();
        Self { port, runtime, nonce: 0, threads }
    }

    /// Governance in the state of the newest block, as the program reads it.
    fn read(&self) -> Governance {
        let url = format!("ws://127.0.0.1:{}", self.port);
        let endpoint = Endpoint::new(EndpointId::from(url.as_str()), url.clone());
        let clock = Arc::new(SystemClock::new(None));
        self.threads.block_on(async {
            let with = (clock as Arc<dyn Clock>, &Known::default());
            let reader = Reader::open(&endpoint, &SystemNames, with, (At::Best, None)).await.unwrap();
            reader.governance(None).await.unwrap()
        })
    }

    fn signed(&mut self, call: &Call) -> String {
        let mut signature = [0xcd_u8; 64];
        signature[..4].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
        let alice: AccountId = ALICE.parse().unwrap();
        let bytes = self.runtime.encode_call(call).unwrap_or_else(|e| panic!("{}: {e}", call.path()));
        let made = self.runtime.transaction((&alice, self.nonce), &signature, &bytes).unwrap();
        self.nonce += 1;
        to_hex(&made)
    }

    /// One block with these calls of Alice.
    fn block(&mut self, calls: &[Call]) {
        let transactions: Vec<String> = calls.iter().map(|call| self.signed(call)).collect();
        rpc(self.port, "dev_newBlock", &json!([{ "count": 1, "transactions": transactions }])).unwrap();
    }

    fn best(&self) -> u64 {
        header_number(&rpc(self.port, "chain_getHeader", &json!([])).unwrap())
    }

    /// To this block, without those between.
    fn to(&self, block: u64) {
        if self.best() + 1 < block {
            rpc(self.port, "dev_newBlock", &json!([{ "count": 1, "unsafeBlockHeight": block - 1 }])).unwrap();
        }
        if self.best() < block {
            rpc(self.port, "dev_newBlock", &json!([{ "count": 1 }])).unwrap();
        }
        assert_eq!(self.best(), block);
    }

    fn set(&self, item: &str, value: u128) {
        let (pallet, item) = item.split_once('.').unwrap();
        let key = to_hex(&self.runtime.storage_key(pallet, item, &[]).unwrap());
        rpc(self.port, "dev_setStorage", &json!([[[key, to_hex(&value.to_le_bytes())]]])).unwrap();
    }
}

/// A referendum with what is foretold of it, and the block at which the chain itself will look at it.
fn stands(gov: &Governance, index: u32) -> (Referendum, Outlook, Option<u64>) {
    let body = &gov.bodies[0];
    let found = body.list().iter().find(|r| r.index == index).unwrap_or_else(|| panic!("{body:?}"));
    let outlook = body.outlook(found, gov.count.now().unwrap());
    (found.clone(), outlook, found.going().and_then(|g| g.alarm))
}

fn as_alice(inner: Call) -> Call {
    let who = Arg::Variant("Id".into(), vec![("0".into(), Arg::Text(ALICE.into()))]);
    inside("Sudo.sudo_as", vec![("who", who)], inner)
}

/// `Referenda.submit` of a call that is short enough to stand in the proposal itself.
fn submit(runtime: &Runtime, origin: &Value, proposed: &Call) -> Call {
    let bytes = runtime.encode_call(proposed).unwrap();
    let args = json!({
        "proposal_origin": origin,
        "proposal": { "Inline": to_hex(&bytes) },
        "enactment_moment": { "After": 10 },
    });
    as_alice(call("Referenda.submit", &args))
}

fn from_submission_to_enactment(chain: &mut Chain) {
    chain.set("Balances.TotalIssuance", ISSUANCE);
    chain.set("Balances.InactiveIssuance", 0);
    let code = call("System.set_code", &json!({ "code": "0x0102030405" }));
    let remark = call("System.remark", &json!({ "remark": "0x2a" }));
    let root = submit(&chain.runtime, &json!({ "system": "Root" }), &code);
    let whitelisted = submit(&chain.runtime, &json!({ "Origins": "WhitelistedCaller" }), &remark);
    chain.block(&[root, whitelisted]);
    let gov = chain.read();
    let (dangerous, outlook, alarm) = stands(&gov, 0);
    let Found::Value(judged) = &dangerous.going().unwrap().proposal.call else { panic!("{dangerous:?}") };
    assert_eq!((judged.call.path().as_str(), judged.danger.class), ("System.set_code", Class::Red));
    assert_eq!((outlook.phase, outlook.next), (Phase::AwaitsDeposit, alarm.map(|at| (at, Next::TimesOut))));

    let deposit = as_alice(call("Referenda.place_decision_deposit", &json!({ "index": 1 })));
    let vote =
        json!({ "poll_index": 1, "vote": { "Standard": { "vote": 0x81, "balance": AYES.to_string() } } });
    chain.block(&[deposit, as_alice(call("ConvictionVoting.vote", &vote))]);
    let (one, outlook, alarm) = stands(&chain.read(), 1);
    let going = one.going().unwrap().clone();
    assert_eq!(going.track, TRACK);
    assert_eq!((going.tally.ayes, going.tally.nays, going.tally.support), (AYES, 0, AYES));
    assert_eq!(outlook.shares.unwrap().support.unwrap().percent(), "40.00 %");
    assert_eq!(outlook.phase, Phase::Preparing);
    let (decides, what) = outlook.next.unwrap();
    assert_eq!(what, Next::Decides);
    // A vote makes the chain look at the next block, which sets the alarm to the end of the prepare period.
    chain.to(alarm.unwrap());
    assert_eq!(stands(&chain.read(), 1).2, Some(decides));

    chain.to(decides);
    let (one, outlook, alarm) = stands(&chain.read(), 1);
    assert_eq!((outlook.phase, outlook.passing), (Phase::Deciding, Some(false)), "{one:?}");
    let (confirms, what) = outlook.next.unwrap();
    assert_eq!(
        (what, Some(confirms)),
        (Next::Confirms, alarm),
        "the curve meets the vote where the chain says"
    );
    println!("decided from {decides}, passes at {confirms}");

    chain.to(confirms - 1);
    assert_eq!(stands(&chain.read(), 1).1.passing, Some(false), "one block too early");
    chain.to(confirms);
    let (_, outlook, alarm) = stands(&chain.read(), 1);
    assert_eq!((outlook.phase, outlook.passing), (Phase::Confirming, Some(true)));
    let (passes, what) = outlook.next.unwrap();
    assert_eq!((what, Some(passes), outlook.ends), (Next::Passes, alarm, alarm));

    chain.to(passes);
    let gov = chain.read();
    let (_, outlook, _) = stands(&gov, 1);
    assert_eq!((outlook.phase, outlook.ends), (Phase::Approved, Some(passes)));
    let Found::Value(agenda) = &gov.agenda else { panic!("{:?}", gov.agenda) };
    let enacts = agenda.iter().find(|t| t.enacts.is_some()).unwrap_or_else(|| panic!("{agenda:?}"));
    assert_eq!(enacts.enacts.as_ref().map(|(p, n)| (p.as_str(), *n)), Some(("Referenda", 1)));
    let least = gov.bodies[0].track(TRACK).unwrap().min_enactment_period.max(10);
    assert_eq!((enacts.when, enacts.origin.as_str()), (passes + least, "Origins.WhitelistedCaller"));
    let Found::Value(judged) = &enacts.proposal.call else { panic!("{enacts:?}") };
    assert_eq!(judged.call.path(), "System.remark");
}

/// A forced batch under sudo, of which the second call fails.
fn batch() -> Call {
    let calls = [
        call("System.remark", &json!({ "remark": "0x01" })),
        call("Referenda.kill", &json!({ "index": 99 })),
        call("System.remark", &json!({ "remark": "0x02" })),
    ];
    let list = Arg::List(calls.into_iter().map(|c| Arg::Call(Box::new(c))).collect());
    let batch =
        Call { pallet: "Utility".into(), name: "force_batch".into(), args: vec![("calls".into(), list)] };
    inside("Sudo.sudo", vec![], batch)
}

fn on(spec: &str, port: u16, test: &str) {
    let Some(bed) = Bed::find(test) else { return };
    let mut node: Node = bed.start(spec, port);
    node.wait();
    let mut chain = Chain::open(port);
    from_submission_to_enactment(&mut chain);
    println!("{spec}: phases confirmed {} ms after the start", now_ms() - node.began);
    chain.block(&[batch()]);
    let network = bed.profile(&[("relay", None, port)]);
    let ran = run(&["--network", &network, "snapshot", "--json", "--at", "best", "--timeout", "90s"], 120);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    let shot = ran.json();
    let used = shot["sudo"].as_array().unwrap().last().unwrap_or_else(|| panic!("{}", shot["unread"]));
    let steps: Vec<(&str, &Value)> =
        used["steps"].as_array().unwrap().iter().map(|s| (s["call"].as_str().unwrap(), &s["ok"])).collect();
    let (yes, no) = (json!(true), json!(false));
    let expected = [
        ("Sudo.sudo", &yes),
        ("Utility.force_batch", &yes),
        ("System.remark", &yes),
        ("Referenda.kill", &no),
        ("System.remark", &yes),
    ];
    assert_eq!(steps, expected, "{used}");
    assert_eq!(used["steps"][3]["result"], "failed: Referenda.NotOngoing", "{used}");
    let flagged = shot["referenda"].as_array().unwrap().iter().find(|r| r["index"] == 0).unwrap();
    assert!(flagged["dangerous"][0].as_str().unwrap().starts_with("System.set_code"), "{flagged}");
    let alert = shot["alerts"].as_array().unwrap().iter().find(|a| a["detector"] == "referendum-dangerous");
    assert!(alert.is_some_and(|a| a["severity"] == "minor"), "{}", shot["alerts"]);
    println!("{spec}: {} ms in all", now_ms() - node.began);
}

#[test]
fn chop_referendum_of_2026_goes_as_foretold() {
    on("relay-2026", 8241, "chop_referendum_of_2026_goes_as_foretold");
}

#[test]
fn chop_referendum_of_2024_goes_as_foretold() {
    on("relay-2024", 8242, "chop_referendum_of_2024_goes_as_foretold");
}
