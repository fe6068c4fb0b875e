//! Nodes that are lost: a source, a parachain, one validator, two.

use super::bed::*;
use super::brick::nothing_is_proposed_where_the_collator_is_dead;
use crate::sereno::{Line, Watch, now_ms, poll, run};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn net_the_loss_of_a_source_costs_seconds_and_of_a_parachain_is_an_alert_until_it_is_back() {
    let name = "net_the_loss_of_a_source_costs_seconds_and_of_a_parachain_is_an_alert_until_it_is_back";
    let Some(net) = Net::up("4p", name) else { return };
    let mut watch = watching(&[]);
    for (node, port) in NODES.iter().take(4) {
        watch.wait(&format!("a head from {node}"), 0, PATIENCE_MS, |l| {
            l.is("relay", "peer-best") && l.endpoint().ends_with(&format!(":{port}"))
        });
    }
    let memory = watch.rss_kib();
    net.tool("kill", "people");
    let people_killed = (now_ms(), watch.mark());

    // Candidates in flight when two validators vanish can cost the nodes their finality for good: let them through.
    let newest = watch.last(|l| l.is("relay", "head")).unwrap().number();
    watch.wait("blocks without People", people_killed.1, BLOCKS_MS, |l| {
        l.is("relay", "head") && l.number() >= newest + 4
    });
    let lost = lose_two_sources(&net, &watch);
    let (mark, at) = (watch.mark(), now_ms());
    for (node, endpoint) in &lost {
        net.revive(node);
        let line = watch.wait(&format!("{node} live again"), mark, PATIENCE_MS, |l| {
            l.is("relay", "peer-best") && l.endpoint() == *endpoint
        });
        println!("{node}: live again after {} ms", line.came - at);
    }

    let stalled = watch.wait("para-stall on the relay", people_killed.1, PATIENCE_MS, |l| {
        l.is_alert("relay", "para-stall", "raised")
    });
    println!(
        "para-stall {} ms after kill people: {}",
        stalled.came - people_killed.0,
        stalled.alert()["summary"]
    );
    assert_eq!(stalled.alert()["subject"], "1004");
    let stale = watch.wait("stale-data on People", people_killed.1, PATIENCE_MS, |l| {
        l.is_alert("people", "stale-data", "raised")
    });
    println!("stale-data {} ms after kill people", stale.came - people_killed.0);
    assert!(relay_blocks_since_inclusion(&watch, stalled.came) >= 10);
    let ran = run(&["--network", "local", "check", "--json", "--for", "20s", "--detector", "para-stall"], 90);
    let check = ran.json();
    // From 50 blocks on it is critical; only a very slow machine takes so long to come here.
    let blocks = relay_blocks_since_inclusion(&watch, now_ms());
    let told = if blocks < 50 { (1, json!("warning")) } else { (2, json!("critical")) };
    assert_eq!((ran.code, &check["status"]), (told.0, &told.1), "{blocks} blocks: {}", ran.out);
    assert_eq!(check["alerts"][0]["id"], "para-stall/relay/1004");
    nothing_is_proposed_where_the_collator_is_dead();

    let (mark, at) = (watch.mark(), now_ms());
    net.revive("people");
    for (chain, detector) in [("people", "stale-data"), ("relay", "para-stall")] {
        let what = format!("{detector} cleared");
        let line = net.heal(&what, || watch.find(mark, |l| l.is_alert(chain, detector, "cleared")));
        println!("{what} {} ms after start people", line.came - at);
    }
    finality_goes_on(&net, &watch);
    line_is_unbroken(&watch.lines());
    println!("memory: {memory} KiB at the start, {} KiB at the end", watch.rss_kib());
    assert_eq!(watch.interrupt(), 0);
}

/// Stops one source and kills the next: each time another one is read within 10 s, whenever the chain makes its next block.
fn lose_two_sources(net: &Net, watch: &Watch) -> Vec<(&'static str, String)> {
    let mut lost: Vec<(&'static str, String)> = Vec::new();
    for action in ["pause", "kill"] {
        let (old, node) = source(watch);
        lost.push((node, old));
        let gone = |endpoint: &str| endpoint.is_empty() || lost.iter().any(|(_, old)| old == endpoint);
        let (mark, at) = (watch.mark(), now_ms());
        net.tool(action, node);
        let new = watch.wait(&format!("another source after {action} {node}"), mark, 60_000, |l| {
            l.is("relay", "source") && !gone(l.endpoint())
        });
        let took = new.came - at;
        println!("{action} {node}: another source after {took} ms");
        assert!(took <= 10_000, "another source after {took} ms");
        let head = watch
            .wait("a head through it", mark, BLOCKS_MS, |l| l.is("relay", "head") && !gone(l.endpoint()));
        println!("{action} {node}: a head through another source after {} ms", head.came - at);
    }
    lost
}

/// Waits for two more final blocks of each chain.
fn finality_goes_on(net: &Net, watch: &Watch) {
    for chain in ["relay", "people"] {
        let mark = watch.mark();
        net.heal(&format!("finality of {chain}"), || {
            let lines = watch.lines();
            let new = lines.iter().skip(mark).filter(|l| l.is(chain, "finalized")).count();
            (new >= 2).then_some(())
        });
    }
}

/// Relay blocks up to `until` after the last in which a candidate of the para was included.
fn relay_blocks_since_inclusion(watch: &Watch, until: i64) -> usize {
    let lines = watch.lines();
    let heads: Vec<&Line> = lines.iter().filter(|l| l.is("relay", "head") && l.came <= until).collect();
    let included = |l: &Line| {
        let candidates = l.json["data"]["candidates"].as_array().unwrap();
        candidates.iter().any(|c| c["para"] == 1004 && c["stage"] == "included")
    };
    let last = heads.iter().rposition(|l| included(l)).map_or(0, |n| n + 1);
    heads.iter().skip(last).map(|l| l.number()).collect::<BTreeSet<u64>>().len()
}

/// Slots missed in relay blocks of the best chain that came after `from`: the block that tells, and the owner, by slot.
fn missed(watch: &Watch, from: usize) -> BTreeMap<u64, (String, String)> {
    let lines = watch.lines();
    let heads = lines.iter().skip(from).filter(|l| l.is("relay", "head"));
    let best: BTreeMap<u64, &Line> = heads.map(|l| (l.number(), l)).collect();
    let slots = best.values().flat_map(|l| {
        let missed = l.json["data"]["missed"].as_array().unwrap();
        missed.iter().map(|m| (m["slot"].as_u64().unwrap(), (l.hash(), m["owner"].to_string())))
    });
    slots.collect()
}

/// The secondary owner of a slot by the state of a block: the epoch's randomness and the slot draw one of the validators.
fn owner(slot: u64, block: &str) -> String {
    let read = |pallet: &str, item: &str, hash: &str| storage(9944, pallet, item, hash).unwrap_or_default();
    let number = |item: &str, hash: &str| number(9944, "Babe", item, hash, 8).unwrap_or(0);
    let first = |hash: &str| number("GenesisSlot", hash) + 600 * number("EpochIndex", hash);
    let parent = header(9944, Some(block)).unwrap()["parentHash"].as_str().unwrap().to_owned();
    let at = if slot < first(block) { parent.as_str() } else { block };
    let validators = read("Session", "Validators", at);
    let validators: Vec<&[u8]> = validators[1..].chunks(32).collect();
    // In the first epoch nothing is stored where the default, zeros, holds.
    let randomness = read("Babe", "Randomness", at);
    let randomness = if randomness.is_empty() { vec![0; 32] } else { randomness };
    let draw = sp_crypto_hashing::blake2_256(&[randomness, slot.to_le_bytes().to_vec()].concat());
    let index = draw.iter().fold(0, |rest, byte| (rest * 256 + usize::from(*byte)) % validators.len());
    json!(sereno::domain::ids::to_hex(validators[index])).to_string()
}

/// Waits until Dave, who is dead, has missed two slots and more than all others together. Every owner that is named is the
/// one that the state of the chain draws, so that a slot which a living validator slept through does no harm.
fn dave_is_named(watch: &Watch, mark: usize, killed: i64) {
    let dave = json!("0xe860f1b1c7227f7c22602f53f15af80747814dffd839719731ee3bba6edc126c").to_string();
    // One slot in five is Dave's and nobody's else: in 70 slots he misses fewer than two with probability 3e-6.
    let found = poll(70 * T, || {
        let all = missed(watch, mark);
        let his = all.values().filter(|(_, owner)| *owner == dave).count();
        (his >= 2 && his * 2 > all.len()).then_some(all)
    });
    let found = found.unwrap_or_else(|| panic!("Dave did not miss two slots: {:?}", missed(watch, mark)));
    println!("slots missed within {} ms of kill dave: {:?}", now_ms() - killed, found.keys());
    for (slot, (block, named)) in found {
        assert_eq!(named, owner(slot, &block), "slot {slot}");
    }
}

#[test]
fn net_one_dead_validator_is_named_and_two_dead_stall_finality_until_they_are_back() {
    let name = "net_one_dead_validator_is_named_and_two_dead_stall_finality_until_they_are_back";
    let Some(net) = Net::up("4p", name) else { return };
    let mut watch = watching(&[]);
    let memory = watch.rss_kib();
    let (mark, at) = (watch.mark(), now_ms());
    net.tool("kill", "dave");
    dave_is_named(&watch, mark, at);
    three_keep_finality(&net, &watch);

    // Where finality hung, all nodes were started anew, and dave with them.
    net.tool("kill", "dave");
    let (mark, killed) = (watch.mark(), now_ms());
    net.tool("kill", "charlie");
    let raised =
        watch.wait("finality-stall", mark, PATIENCE_MS, |l| l.is_alert("relay", "finality-stall", "raised"));
    let moved = watch.last(|l| l.is("relay", "finalized") && l.came <= raised.came).unwrap();
    // It is due 5 block times after finality moved, and when two more best blocks have come.
    let second = best_after(&watch, &moved, 2);
    let due = second.came.max(moved.came + 5 * T);
    println!(
        "finality-stall {} ms after kill charlie, {} ms after finality stood, {} ms after it was due: {}",
        raised.came - killed,
        raised.came - moved.came,
        raised.came - due,
        raised.alert()["summary"]
    );
    assert!((-T..=3 * T).contains(&(raised.came - due)), "noticed {} ms after it was due", raised.came - due);
    let more = watch.wait("best blocks go on", mark, 2 * BLOCKS_MS, |l| {
        l.is("relay", "head") && l.came > raised.came && l.number() >= second.number() + 2
    });
    println!("best {} with a lag of {}", more.number(), more.number() - moved.number());
    assert_eq!(watch.last(|l| l.is("relay", "finalized")).unwrap().number(), moved.number());

    let (mark, started) = (watch.mark(), now_ms());
    net.revive("charlie");
    net.revive("dave");
    let cleared = net.heal("finality-stall cleared", || {
        watch.find(mark, |l| l.is_alert("relay", "finality-stall", "cleared"))
    });
    println!("finality-stall cleared {} ms after start of both", cleared.came - started);
    finality_goes_on(&net, &watch);
    line_is_unbroken(&watch.lines());
    println!("memory: {memory} KiB at the start, {} KiB at the end", watch.rss_kib());
    assert_eq!(watch.interrupt(), 0);
}

/// The line of the `nth` best block after finality moved, forks counted: every new best block shows that blocks go on.
fn best_after(watch: &Watch, moved: &Line, nth: usize) -> Line {
    let lines = watch.lines();
    let from =
        lines.iter().rposition(|l| l.is("relay", "finalized") && l.number() == moved.number()).unwrap();
    let mut seen = BTreeSet::new();
    let mut new = lines.iter().skip(from).filter(|l| l.is("relay", "head") && l.number() > moved.number());
    let found = new.find(|l| seen.insert(l.hash()) && seen.len() == nth);
    found
        .unwrap_or_else(|| panic!("{nth} best blocks after finality moved to {}: {seen:?}", moved.number()))
        .clone()
}

/// With one of four dead finality goes on. Where the nodes' approval voting waits for the dead one for 30 s the alert is
/// right: each one told so far had its reason, and none stands any more before the next fault.
fn three_keep_finality(net: &Net, watch: &Watch) {
    let lines = watch.lines();
    for alert in lines.iter().filter(|l| l.is_alert("relay", "finality-stall", "raised")) {
        let moved = lines.iter().rfind(|l| l.is("relay", "finalized") && l.came <= alert.came).unwrap();
        println!("finality stood for {} ms with one dead: {}", alert.came - moved.came, alert.json);
        assert!(alert.came - moved.came >= 5 * T - 1_000, "finality did not stand: {}", alert.json);
    }
    let mark = watch.mark();
    net.heal("finality with three of four", || watch.find(mark, |l| l.is("relay", "finalized")));
    let last = |change| watch.last(|l| l.is_alert("relay", "finality-stall", change)).map_or(0, |l| l.came);
    let quiet = poll(PATIENCE_MS, || (last("cleared") >= last("raised")).then_some(()));
    assert!(quiet.is_some(), "finality moved and finality-stall stands");
}
