//! The X-ray against the real relay runtime: one prepared state for each cause that a relay can tell apart.
//!
//! One Chopsticks process; states are written with `dev_setStorage` by the names of the real metadata, and the program is
//! run on each. What the runtime's own APIs answer (claim queue, cores) comes from the runtime.

use super::{Bed, Node};
use crate::faultd::FakeRuntime;
use crate::sereno::{Ran, now_ms, rpc, run};
use codec::{Compact, Encode};
use serde_json::{Value, json};
use sereno::codec::{Runtime, header};
use sereno::domain::ids::{hex_bytes, to_hex};
use sereno::domain::para::{child_account, sibling_account};
use sereno::domain::{ParaId, call};

const PARA: u32 = 2_000;
/// More than the ten relay blocks after which a para counts as stalled.
const BLOCKS: u32 = 16;

fn number(n: u32) -> call::Node {
    call::Node::Number(u128::from(n))
}

fn channel(sender: u32) -> call::Node {
    call::Node::Fields(vec![("sender".into(), number(sender)), ("recipient".into(), number(PARA))])
}

/// A stored value, or none that removes it.
type Stored = (String, Option<Vec<u8>>);

/// Writes states by name.
struct Pen {
    runtime: Runtime,
    port: u16,
}

impl Pen {
    fn key(&self, item: &str, keys: &[call::Node]) -> String {
        let (pallet, item) = item.split_once('.').unwrap();
        to_hex(&self.runtime.storage_key(pallet, item, keys).unwrap())
    }

    /// `value` under an item of this para.
    fn of(&self, item: &str, value: impl Encode) -> Stored {
        (self.key(item, &[number(PARA)]), Some(value.encode()))
    }

    fn plain(&self, item: &str, value: impl Encode) -> Stored {
        (self.key(item, &[]), Some(value.encode()))
    }

    fn set(&self, stored: &[Stored]) {
        let pairs: Vec<Value> =
            stored.iter().map(|(k, v)| json!([k, v.as_ref().map(|bytes| to_hex(bytes))])).collect();
        rpc(self.port, "dev_setStorage", &json!([pairs])).unwrap();
    }

    /// The para stalls, and nothing on the relay stops it: four validators in two groups, the first core.
    fn base(&self) -> Vec<Stored> {
        let gone = [
            "Paras.FutureCodeHash",
            "Paras.FutureCodeUpgrades",
            "Paras.UpgradeGoAheadSignal",
            "ParaInclusion.V1",
            "Dmp.DownwardMessageQueues",
            "Dmp.DownwardMessageQueueHeads",
            "Hrmp.HrmpIngressChannelsIndex",
        ];
        let plain = ["Paras.PvfActiveVoteList", "ParasDisputes.Frozen", "Session.DisabledValidators"];
        let mut base = vec![
            self.of("Paras.ParaLifecycles", PARATHREAD),
            self.of("Paras.Heads", head(50)),
            self.of("Paras.MostRecentContext", 2_u32),
            self.of("Paras.CurrentCodeHash", [7_u8; 32]),
            self.of("Registrar.Paras", ([9_u8; 32], 15_000_000_000_u128, Some(true))),
            self.plain("ParaScheduler.CoreDescriptors", core(PARA)),
            self.plain("ParaScheduler.ValidatorGroups", vec![vec![0_u32, 1], vec![2_u32, 3]]),
            self.plain("ParasShared.ActiveValidatorIndices", vec![0_u32, 1, 2, 3]),
        ];
        base.extend(gone.iter().map(|item| (self.key(item, &[number(PARA)]), None)));
        base.extend(plain.iter().map(|item| (self.key(item, &[]), None)));
        base
    }
}

const PARATHREAD: u8 = 1;
const OFFBOARDING: u8 = 5;
const ONBOARDING: u8 = 0;

/// A head that is a header.
fn head(number: u32) -> Vec<u8> {
    [vec![0; 32], Compact(number).encode(), vec![0; 64], vec![0]].concat()
}

/// Core 0 belongs wholly to a para.
fn core(para: u32) -> Vec<(u32, Descriptor)> {
    let work = (vec![((2_u8, para), (57_600_u16, 57_600_u16))], None::<u32>, 0_u16, 57_600_u16);
    vec![(0, (None, Some(work)))]
}

/// Queue and current work of a core.
type Descriptor = (Option<(u32, u32)>, Option<Work>);
type Work = (Vec<((u8, u32), (u16, u16))>, Option<u32>, u16, u16);

/// Four bits.
fn bits(set: u8) -> (Compact<u32>, u8) {
    (Compact(4), set)
}

/// A candidate that was backed in this block; `has` says who holds a piece.
fn candidate(backed_in: u32, has: u8) -> Vec<u8> {
    let descriptor =
        [PARA.to_le_bytes().to_vec(), vec![0; 32 + 1 + 2 + 4 + 1 + 24 + 32 * 4 + 32 + 64]].concat();
    let commitments =
        [Compact(0_u32).encode(), Compact(0_u32).encode(), vec![0], head(51).encode(), vec![0; 8]].concat();
    let tail = (bits(has), bits(0b0011), backed_in - 1, backed_in, 0_u32).encode();
    [Compact(1_u32).encode(), 0_u32.encode(), vec![3; 32], descriptor, commitments, tail].concat()
}

/// A state, and what must be said of it.
struct Case {
    name: &'static str,
    write: Vec<Stored>,
    cause: Option<&'static str>,
    rows: &'static [&'static str],
    /// A place that must be cited.
    cites: String,
}

fn cases(pen: &Pen, session: u32, now: u32) -> Vec<Case> {
    let case = |cause: &'static str, rows, write: Vec<Stored>| {
        let cites = write[0].0.clone();
        Case { name: cause, write, cause: Some(cause), rows, cites }
    };
    let votes = |upgrade: bool| {
        let cause = if upgrade { (1_u8, PARA, 5_u32, 1_u8).encode() } else { (0_u8, PARA).encode() };
        let vote = [(bits(0b0001), bits(0), 2_u32, 5_u32, Compact(1_u32)).encode(), cause].concat();
        let hash = call::Node::Bytes(vec![4; 32]);
        vec![
            pen.plain("Paras.PvfActiveVoteList", vec![[4_u8; 32]]),
            (pen.key("Paras.PvfActiveVoteMap", &[hash]), Some(vote)),
        ]
    };
    let actions = (pen.key("Paras.ActionsQueue", &[number(session + 2)]), Some(vec![PARA].encode()));
    let code = |from: u32| {
        vec![pen.of("Paras.FutureCodeUpgrades", from), pen.of("Paras.FutureCodeHash", [4_u8; 32])]
    };
    let waiting = vec![(2_u32, vec![1_u8, 2, 3])];
    let link = (8_u32, 800_u32, 100_u32, 1_u32, 3_u32, None::<[u8; 32]>, 0_u128, 0_u128);
    // After `now - start` turns the first group backs on core 0, or the second: all of one are too many.
    let all_disabled: Vec<(u32, u32)> = (0..4).map(|i| (i, 0)).collect();
    vec![
        case("no-core", &["C1", "C6"], vec![pen.plain("ParaScheduler.CoreDescriptors", Vec::<u8>::new())]),
        case("lifecycle", &["A18"], vec![pen.of("Paras.ParaLifecycles", ONBOARDING)]),
        case("offboarding", &["A16"], vec![pen.of("Paras.ParaLifecycles", OFFBOARDING), actions.clone()]),
        case("head-wrong", &["A3"], vec![pen.of("Paras.Heads", vec![0x12_u8, 0x34])]),
        case("future-code-stuck", &["A9", "A5"], code(now - 3)),
        case("go-ahead-waiting", &["A9"], {
            let mut go = vec![pen.of("Paras.UpgradeGoAheadSignal", 1_u8)];
            // The last candidate was built on block 2: the go-ahead came soon after, and has waited since.
            go.extend(code(now.saturating_sub(12)));
            go
        }),
        case("pvf-not-checked", &["A8"], votes(true)),
        Case {
            name: "pvf-not-checked, onboarding",
            ..case("pvf-not-checked", &["A8"], {
                let mut onboarding = votes(false);
                onboarding.push(pen.of("Paras.ParaLifecycles", ONBOARDING));
                onboarding
            })
        },
        case("context-too-old", &["A13"], vec![pen.of("Paras.MostRecentContext", now + 500)]),
        case("backing-missing", &[], vec![pen.plain("Session.DisabledValidators", all_disabled)]),
        case(
            "availability-missing",
            &[],
            vec![(pen.key("ParaInclusion.V1", &[number(PARA)]), Some(candidate(now - 5, 0b0001)))],
        ),
        case("dispute-freeze", &["A19"], vec![pen.plain("ParasDisputes.Frozen", Some(now - 2))]),
        case("dmp-head-mismatch", &["A11"], vec![pen.of("Dmp.DownwardMessageQueues", waiting.clone())]),
        case(
            "hrmp-head-mismatch",
            &["B4", "B1"],
            vec![
                pen.of("Hrmp.HrmpIngressChannelsIndex", vec![1_000_u32]),
                (pen.key("Hrmp.HrmpChannels", &[channel(1_000)]), Some(link.encode())),
                (pen.key("Hrmp.HrmpChannelContents", &[channel(1_000)]), Some(waiting.encode())),
            ],
        ),
        case("no-candidate", &[], vec![pen.of("Paras.MostRecentContext", 1_u32)]),
        Case {
            name: "not registered",
            ..case("not-registered", &["A16"], vec![(pen.key("Paras.ParaLifecycles", &[number(PARA)]), None)])
        },
        Case {
            name: "healthy",
            cause: None,
            ..case("", &[], vec![pen.of("Paras.MostRecentContext", now - 3)])
        },
        Case {
            name: "healthy, with an upgrade on its way",
            cause: None,
            ..case("", &[], {
                let mut upgrade = vec![pen.of("Paras.MostRecentContext", now - 2)];
                upgrade.extend(code(now + 30));
                upgrade
            })
        },
    ]
}

/// Asks of a relay whose newest block is young: nobody builds one here.
fn xray(pen: &Pen, network: &str, para: &str) -> Ran {
    pen.set(&[pen.plain("Timestamp.Now", u64::try_from(now_ms()).unwrap())]);
    run(&["--network", network, "xray", para, "--json"], 200)
}

/// Why the answer is not what the state is.
fn wrong(case: &Case, ran: &Ran) -> Option<String> {
    let found = ran.json();
    let code = i32::from(case.cause.is_some());
    let rows: Vec<&str> =
        found["runbooks"].as_array().unwrap().iter().map(|r| r["row"].as_str().unwrap()).collect();
    let facts = found["facts"].as_array().unwrap();
    let cited = facts.iter().any(|fact| fact["key"] == case.cites.as_str());
    let whole = facts.iter().all(|fact| {
        let text = |name: &str| fact[name].as_str().is_some_and(|text| !text.is_empty());
        text("key")
            && text("value")
            && text("text")
            && fact["block"] == found["block"]
            && fact["age_ms"].is_u64()
    });
    let right =
        ran.code == code && found["cause"] == json!(case.cause) && rows == case.rows && cited && whole;
    (!right).then(|| format!("{}: status {} cited {cited} whole {whole} {found:#}", case.name, ran.code))
}

fn relay(bed: &Bed, port: u16) -> Node {
    let mut node = bed.start("relay-2026", port);
    node.wait();
    (0..BLOCKS).for_each(|_| node.build(&[]));
    node
}

#[test]
fn chop_xray_names_each_cause_on_the_real_relay_runtime() {
    let Some(bed) = Bed::find("chop_xray_names_each_cause_on_the_real_relay_runtime") else { return };
    let node = relay(&bed, 8250);
    let pen = Pen { runtime: Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap(), port: 8250 };
    let stored =
        rpc(8250, "state_getStorage", &json!([pen.key("ParasShared.CurrentSessionIndex", &[])])).unwrap();
    let session =
        stored.as_str().and_then(hex_bytes).map_or(0, |b| u32::from_le_bytes(b.try_into().unwrap()));
    let network = bed.profile(&[("relay", None, 8250)]);
    let now = u32::try_from(node.best()).unwrap();
    let mut failed = Vec::new();
    let cases = cases(&pen, session, now);
    let count = cases.len();
    for case in cases {
        pen.set(&pen.base());
        pen.set(&case.write);
        let ran = xray(&pen, &network, "2000");
        println!("{} {} ms: {}", case.name, ran.ms, ran.json()["verdict"]);
        failed.extend(wrong(&case, &ran));
        // What the base does not know of is taken away again.
        let away: Vec<Stored> = case.write.into_iter().map(|(key, _)| (key, None)).collect();
        pen.set(&away);
    }
    println!("{} of {count} named right", count - failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));

    let old = {
        pen.set(&pen.base());
        pen.set(&[pen.plain("Timestamp.Now", u64::try_from(now_ms() - 600_000).unwrap())]);
        run(&["--network", &network, "xray", "2000", "--json"], 200)
    };
    let said = old.json()["verdict"].as_str().unwrap_or_default().to_owned();
    assert_eq!((old.code, said.contains("s old. The relay stands")), (3, true), "{said}");
    pen.set(&[pen.plain("Timestamp.Now", u64::try_from(now_ms()).unwrap())]);
    let text = run(&["--network", &network, "xray", "2000"], 200);
    println!("{}", text.out);
    assert_eq!(text.code, 1, "{}", text.err);
    for part in [
        "no-candidate: ",
        "Facts",
        "Paras.Heads(2000) at relay #",
        "Also",
        "locked out",
        "Ask",
        "Out of scope",
    ] {
        assert!(text.out.contains(part), "{part}: {}", text.out);
    }
    let unknown = run(&["--network", &network, "xray", "nobody", "--json"], 60);
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""), "{}", unknown.err);
    drop(node);
    let gone = run(&["--network", &network, "xray", "2000", "--json"], 200);
    assert_eq!((gone.code, gone.out.as_str()), (3, ""), "{}", gone.err);
}

/// The account of a location `Parachain(2000)` with so many parents, as the runtime itself converts it.
fn converted(port: u16, parents: u8) -> String {
    let location = to_hex(&[vec![5, parents, 1, 0], Compact(PARA).encode()].concat());
    let answer =
        rpc(port, "state_call", &json!(["LocationToAccountApi_convert_location", location])).unwrap();
    answer.as_str().unwrap().replacen("0x00", "0x", 1)
}

#[test]
fn chop_xray_takes_the_right_head_from_the_paras_own_node_and_names_it_when_it_is_dead() {
    let name = "chop_xray_takes_the_right_head_from_the_paras_own_node_and_names_it_when_it_is_dead";
    let Some(bed) = Bed::find(name) else { return };
    let mut people = bed.start("people", 8252);
    let node = relay(&bed, 8251);
    people.wait();
    assert_eq!(converted(8251, 0), child_account(ParaId(PARA)).to_string());
    assert_eq!(converted(8252, 1), sibling_account(ParaId(PARA)).to_string());

    let pen = Pen { runtime: Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap(), port: 8251 };
    let of = |item: &str, value: Vec<u8>| (pen.key(item, &[number(1_004)]), Some(value));
    pen.set(&[
        of("Paras.ParaLifecycles", vec![PARATHREAD]),
        of("Paras.Heads", vec![0x12_u8, 0x34].encode()),
        of("Paras.MostRecentContext", 2_u32.encode()),
        pen.plain("ParaScheduler.CoreDescriptors", core(1_004)),
        pen.plain("ParaScheduler.ValidatorGroups", vec![vec![0_u32, 1], vec![2_u32, 3]]),
        pen.plain("ParasShared.ActiveValidatorIndices", vec![0_u32, 1, 2, 3]),
    ]);
    let network = bed.profile(&[("relay", None, 8251), ("people", Some(1_004), 8252)]);
    let began = now_ms();
    let bricked = xray(&pen, &network, "people");
    println!("two chains looked at in {} ms", now_ms() - began);
    let found = bricked.json();
    assert_eq!(
        (bricked.code, &found["cause"], &found["para_id"]),
        (1, &json!("head-wrong"), &json!(1_004)),
        "{found:#}"
    );
    let remedy = &found["runbooks"][0];
    assert_eq!((&remedy["row"], &remedy["params"]["para"]), (&json!("A3"), &json!("1004")), "{found:#}");
    let right = hex_bytes(remedy["params"]["new_head"].as_str().unwrap()).unwrap();
    assert_eq!(
        header::of_bytes(&right).unwrap().at.number,
        people.best(),
        "it is the node's finalized header"
    );
    assert!(found["facts"].as_array().unwrap().iter().any(|fact| fact["chain"] == "people"), "{found:#}");

    pen.set(&[of("Paras.Heads", right.encode())]);
    drop(people);
    let dead = xray(&pen, &network, "people");
    let found = dead.json();
    assert_eq!((dead.code, &found["cause"]), (1, &json!("no-candidate")), "{found:#}");
    assert_eq!((&found["runbooks"], &found["in_scope"]), (&json!([]), &json!(false)), "{found:#}");
    assert!(
        found["verdict"].as_str().unwrap().contains("its own endpoint (people) does not answer"),
        "{found:#}"
    );
    assert!(found["reply"].as_str().unwrap().contains("PAS-2"), "{found:#}");
    drop(node);
}

/// A candidate as the runtime of 2024 keeps it.
fn old_candidate(backed_in: u32) -> Vec<u8> {
    let descriptor = [PARA.to_le_bytes().to_vec(), vec![0; 32 * 5 + 64 + 32 * 2]].concat();
    let tail = (bits(0b0001), bits(0b0011), backed_in - 1, backed_in, 0_u32).encode();
    [0_u32.encode(), vec![3; 32], descriptor, tail].concat()
}

#[test]
fn chop_xray_reads_the_runtime_of_2024_by_its_own_names() {
    let Some(bed) = Bed::find("chop_xray_reads_the_runtime_of_2024_by_its_own_names") else { return };
    let mut node = bed.start("relay-2024", 8253);
    node.wait();
    (0..BLOCKS).for_each(|_| node.build(&[]));
    let pen = Pen { runtime: Runtime::decode(&FakeRuntime::relay_2024().metadata).unwrap(), port: 8253 };
    let network = bed.profile(&[("relay", None, 8253)]);
    let now = u32::try_from(node.best()).unwrap();
    let claims = vec![(0_u32, vec![Some((PARA, 0_u32, now + 9)), None])];
    let base = vec![
        pen.of("Paras.ParaLifecycles", PARATHREAD),
        pen.of("Paras.Heads", head(50)),
        pen.of("Paras.MostRecentContext", 2_u32),
        pen.plain("ParaScheduler.ClaimQueue", claims),
        pen.plain("ParaScheduler.ValidatorGroups", vec![vec![0_u32, 1], vec![2_u32, 3]]),
        pen.plain("ParasShared.ActiveValidatorIndices", vec![0_u32, 1, 2, 3]),
        (pen.key("ParaInclusion.PendingAvailability", &[number(PARA)]), None),
        pen.plain("Session.DisabledValidators", Vec::<u32>::new()),
    ];
    let pending =
        (pen.key("ParaInclusion.PendingAvailability", &[number(PARA)]), Some(old_candidate(now - 5)));
    let states: [(&str, Option<&str>, Stored); 5] = [
        ("no core", Some("no-core"), pen.plain("ParaScheduler.ClaimQueue", Vec::<u8>::new())),
        ("no pieces", Some("availability-missing"), pending),
        ("disabled", Some("backing-missing"), pen.plain("Session.DisabledValidators", vec![0_u32, 1, 2, 3])),
        ("nothing", Some("no-candidate"), pen.of("Paras.MostRecentContext", 1_u32)),
        ("healthy", None, pen.of("Paras.MostRecentContext", now - 3)),
    ];
    for (name, cause, change) in states {
        let key = change.0.clone();
        pen.set(&base);
        pen.set(&[change]);
        let ran = xray(&pen, &network, "2000");
        let found = ran.json();
        println!("{name} {} ms: {}", ran.ms, found["verdict"]);
        assert_eq!(
            (ran.code, &found["cause"]),
            (i32::from(cause.is_some()), &json!(cause)),
            "{name}: {found:#}"
        );
        assert!(
            found["facts"].as_array().unwrap().iter().any(|fact| fact["key"] == key.as_str()),
            "{name}: {found:#}"
        );
        assert_eq!(found["unread"], json!([]), "{name}: {found:#}");
    }
}
