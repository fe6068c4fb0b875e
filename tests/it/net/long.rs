//! Faults for minutes on end: the program goes on, leaves out nothing and does not grow.

use super::bed::*;
use crate::sereno::{Watch, now_ms, pause, rpc};
use serde_json::json;

/// How long a node is gone, milliseconds.
const FAULT_MS: i64 = 10_000;
/// What the process may grow by once its buffers have taken their size, KiB.
const GROWTH_KIB: u64 = 4 * 1_024;

fn pass(ms: i64) {
    let until = now_ms() + ms;
    while now_ms() < until {
        pause();
    }
}

/// One figure a minute: memory of the process after so many faults.
struct Memory {
    began: i64,
    next: i64,
    figures: Vec<u64>,
}

impl Memory {
    fn look(&mut self, watch: &Watch, faults: usize) {
        let minute = (now_ms() - self.began) / 60_000;
        if minute >= self.next {
            self.next = minute + 1;
            let kib = watch.rss_kib();
            println!("minute {minute}: {faults} faults, {kib} KiB, {} lines", watch.mark());
            self.figures.push(kib);
        }
    }
}

#[test]
#[ignore = "takes SERENO_FAULT_MINUTES, 10 unless told"]
fn net_faults_for_a_long_time_leave_memory_flat_and_the_line_unbroken() {
    let Some(net) = Net::up("4p", "net_faults_for_a_long_time_leave_memory_flat_and_the_line_unbroken")
    else {
        return;
    };
    let minutes: i64 = std::env::var("SERENO_FAULT_MINUTES").map_or(10, |m| m.parse().unwrap());
    let mut watch = watching(&[]);
    let mut memory = Memory { began: now_ms(), next: 0, figures: Vec::new() };
    let mut faults = 0;
    // One at a time: finality of the nodes themselves survives that.
    for (turn, action) in ["kill", "pause"].iter().cycle().enumerate() {
        if now_ms() - memory.began >= minutes * 60_000 {
            break;
        }
        let (node, port) = NODES[turn / 2 % 4];
        net.tool(action, node);
        faults += 1;
        pass(FAULT_MS);
        net.revive(node);
        let mark = watch.mark();
        // The next one may only go when this one is read again.
        watch.wait(&format!("{node} live again after {action}"), mark, PATIENCE_MS, |l| {
            l.is("relay", "peer-best") && l.endpoint().ends_with(&format!(":{port}"))
        });
        let peers = rpc(port, "system_health", &json!([]));
        assert!(peers.is_ok(), "{node}: {peers:?}");
        memory.look(&watch, faults);
    }
    let mark = watch.mark();
    for chain in ["relay", "people"] {
        watch
            .wait(&format!("a head of {chain} after all faults"), mark, PATIENCE_MS, |l| l.is(chain, "head"));
    }
    let sources = watch.lines().iter().filter(|l| l.is("relay", "source")).count();
    println!("{faults} faults, the relay's source changed {sources} times");
    println!("memory by the minute, KiB: {:?}", memory.figures);
    line_is_unbroken(&watch.lines());
    // The first third fills buffers that have a bound.
    let settled = memory.figures[memory.figures.len() / 3];
    let last = *memory.figures.last().unwrap();
    assert!(last <= settled + GROWTH_KIB, "it grew from {settled} to {last} KiB: {:?}", memory.figures);
    assert_eq!(watch.interrupt(), 0);
}
