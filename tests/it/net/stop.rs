//! All validators are gone and nodes still answer: the relay and People stand, and `check` says so in time.
//!
//! A node without a vote of its own goes on answering for the relay: the one inside People's collator. Stopped validators
//! alone would be silence, not standstill, and a last living one of four goes on making every fourth block.

use super::bed::*;
use crate::sereno::{Line, Watch, header_number, now_ms, poll, run};
use serde_json::{Value, json};

/// The relay node inside People's collator.
const EMBEDDED: u16 = 9955;
/// Block time of People.
const PEOPLE_T: i64 = 12_000;

/// Where to read: the four validators and the node that outlives them.
fn endpoints() -> Vec<String> {
    let ports = NODES.iter().take(4).map(|(_, port)| *port).chain([EMBEDDED]);
    ports.flat_map(|port| ["--endpoint".to_owned(), format!("relay=ws://127.0.0.1:{port}")]).collect()
}

/// The moment of the newest block that a node knows.
fn newest(port: u16) -> i64 {
    hash_of(port, None).and_then(|hash| stamp(port, &hash)).unwrap()
}

/// Kills all validators just after both chains made a block; returns the moments of their last blocks, relay and People.
fn stop_all(net: &Net, watch: &Watch) -> (i64, i64) {
    let stamp = |l: &Line| l.json["data"]["timestamp"].as_i64().unwrap();
    let mark = watch.mark();
    let people = watch.wait("a block of People just made", mark, PATIENCE_MS, |l| {
        l.is("people", "head") && l.came - stamp(l) < 3_000
    });
    watch.wait("a relay block not older", mark, BLOCKS_MS, |l| {
        l.is("relay", "head") && stamp(l) >= stamp(&people)
    });
    NODES.iter().take(4).for_each(|(node, _)| net.tool("kill", node));
    let dead = || NODES.iter().take(4).all(|(_, port)| header(*port, None).is_none()).then_some(());
    assert!(poll(10_000, dead).is_some(), "the validators still answer");
    let stood = (newest(EMBEDDED), newest(9954));
    println!("the relay stands since {} ms, People since {} ms", now_ms() - stood.0, now_ms() - stood.1);
    stood
}

/// `check` of both chains that ends `limit` after `since`: exit status and alerts by id.
fn check_until(limit: i64, since: i64) -> (i32, Value, String) {
    let args = endpoints();
    let time = format!("{}ms", limit - (now_ms() - since));
    let mut all: Vec<&str> = vec!["--network", "local"];
    all.extend(args.iter().map(String::as_str));
    all.extend(["check", "--json", "--for", &time]);
    let ran = run(&all, 300);
    println!("check --for {time}: status {} {} ms after the last block", ran.code, now_ms() - since);
    (ran.code, ran.json(), ran.out)
}

fn alert<'a>(check: &'a Value, id: &str) -> &'a Value {
    check["alerts"].as_array().unwrap().iter().find(|a| a["id"] == id).unwrap_or(&Value::Null)
}

/// Both grades of `block-stall` came in `watch` within a block time of their limits, measured from the last head.
fn watch_tells(watch: &Watch, chain: &str, t: i64, limits: [(&str, i64); 2]) {
    let head = watch.last(|l| l.is(chain, "head")).unwrap();
    for (severity, limit) in limits {
        let told = watch.wait(&format!("{severity} of {chain}"), 0, 12 * t, |l| {
            l.came > head.came
                && ["raised", "changed"].iter().any(|c| l.is_alert(chain, "block-stall", c))
                && l.alert()["severity"] == severity
        });
        let after = told.came - head.came;
        println!(
            "{chain}: block-stall {severity} {after} ms after its last head: {}",
            told.alert()["summary"]
        );
        assert!((limit * t - 3_000..=(limit + 1) * t).contains(&after), "{severity} after {after} ms");
    }
}

#[test]
fn net_when_blocks_stop_check_is_1_and_then_2_for_relay_and_people_together() {
    let name = "net_when_blocks_stop_check_is_1_and_then_2_for_relay_and_people_together";
    let Some(net) = Net::up("4p", name) else { return };
    let follows = || {
        let (one, other) = (header(EMBEDDED, None)?, header(9944, None)?);
        (header_number(&one).abs_diff(header_number(&other)) <= 1).then_some(())
    };
    assert!(poll(PATIENCE_MS, follows).is_some(), "the relay node of the collator does not follow");
    let args = endpoints();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut watch = watching(&args);
    check_is_ok(&net, &[&["--network", "local"], args.as_slice()].concat());

    let (relay, people) = stop_all(&net, &watch);
    // People stands less than 3 of its block times then: after that it is unknown until its own limit, 5 of them.
    let (code, check, out) = check_until(4 * T - 2_000, relay);
    assert_eq!((code, &check["status"]), (1, &json!("warning")), "{out}");
    assert_eq!(alert(&check, "block-stall/relay")["severity"], "major", "{out}");
    let (code, check, out) = check_until(11 * T - 2_000, relay);
    assert_eq!((code, &check["status"]), (2, &json!("critical")), "{out}");
    assert_eq!(alert(&check, "block-stall/relay")["severity"], "critical", "{out}");
    assert_eq!(alert(&check, "block-stall/people")["severity"], "major", "{out}");
    assert_eq!(alert(&check, "block-stall/people")["cause_id"], "block-stall/relay", "{out}");
    let (code, check, out) = check_until(11 * PEOPLE_T - 4_000, people);
    assert_eq!(code, 2, "{out}");
    for id in ["block-stall/relay", "block-stall/people"] {
        assert_eq!(alert(&check, id)["severity"], "critical", "{out}");
    }
    assert_eq!((newest(EMBEDDED), newest(9954)), (relay, people), "blocks came all the same");
    watch_tells(&watch, "relay", T, [("major", 3), ("critical", 10)]);
    watch_tells(&watch, "people", PEOPLE_T, [("major", 5), ("critical", 10)]);

    let (mark, started) = (watch.mark(), now_ms());
    net.restore();
    for chain in ["relay", "people"] {
        let what = format!("block-stall of {chain} cleared");
        let line = net.heal(&what, || watch.find(mark, |l| l.is_alert(chain, "block-stall", "cleared")));
        println!("{what} {} ms after start of all", line.came - started);
    }
    line_is_unbroken(&watch.lines());
    assert_eq!(watch.interrupt(), 0);
}
