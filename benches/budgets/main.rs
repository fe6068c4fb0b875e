//! `cargo bench --bench budgets`: the budgets of the design as one table, with the measured figure beside each.
//!
//! In: synthetic chains, a fake node on a loopback port, the real binary under a pseudo-terminal, and a live node where one
//! answers at `SERENO_BENCH_ENDPOINT` (else ws://127.0.0.1:9944). Out: a table; no figure is ever an assertion.
//! `cargo bench --bench budgets -- keys replay` measures only the groups of these names: paint, cell, keys, hundred, validators,
//! balances, six, quarter, day, relay.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a bench that cannot measure stops; its table is its output; its numbers are small"
)]
#![expect(clippy::disallowed_methods, reason = "measuring time is what a bench is for")]

mod live;
mod memory;
mod proxy;
mod quarter;
mod synth;
mod term;

/// The fake node of the integration tests.
#[path = "../../tests/it"]
#[allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "shared with the tests, which use all of it"
)]
mod it {
    pub(crate) mod faultd;
}

use std::time::Duration;

/// A line of the table.
pub(crate) struct Row {
    what: &'static str,
    budget: &'static str,
    measured: String,
}

pub(crate) fn row(what: &'static str, budget: &'static str, measured: impl Into<String>) -> Row {
    Row { what, budget, measured: measured.into() }
}

/// A group of figures: its name, and what measures it.
type Group = (&'static str, fn() -> Vec<Row>);

const GROUPS: &[Group] = &[
    ("paint", live::first_paint),
    ("cell", live::cell),
    ("cell", memory::cell),
    ("keys", memory::keys),
    ("hundred", memory::hundred),
    ("validators", memory::validators),
    ("balances", memory::balances),
    ("quarter", quarter::quarter),
    ("six", live::six),
    ("relay", live::relay),
    ("day", live::day),
];

fn main() {
    if std::env::args().any(|a| a == memory::MEASURE) {
        println!("{}", memory::hundred_mb());
        return;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let mut rows = Vec::new();
    for (name, measure) in GROUPS {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            rows.extend(measure());
        }
    }
    if wanted.is_empty() {
        rows.extend(unbuilt());
    }
    print(&rows);
}

fn unbuilt() -> Vec<Row> {
    let rows = [
        ("key to frame with 10,000 tickets", "as above"),
        ("snapshot against the same reads through polkadot-js", "≤ 0.25× wall, ≤ 0.25× memory"),
        ("100,000 tickets (synthetic)", "same frame budget, ≤ 500 MB"),
        ("rehearsal of a root call against Chopsticks", "≤ 0.02× running, ≤ 0.15× one-shot"),
    ];
    let why = |what: &str| match what {
        what if what.contains("polkadot-js") => "by hand: it needs npm",
        what if what.contains("Chopsticks") => {
            "the test chop_rehearsal_gives_what_the_dry_run_of_chopsticks_gives prints it"
        }
        _ => "not built yet",
    };
    rows.iter().map(|(what, budget)| row(what, budget, why(what))).collect()
}

fn print(rows: &[Row]) {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|r| of(r).chars().count()).max().unwrap_or(0);
    let (what, budget) = (width(|r| r.what), width(|r| r.budget));
    println!("{:what$}  {:budget$}  measured", "what", "budget");
    for r in rows {
        println!("{:what$}  {:budget$}  {}", r.what, r.budget, r.measured);
    }
}

/// Times in milliseconds, to be told as percentiles.
#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

/// CPU time of this thread: what a figure would be on a machine that does nothing else.
pub(crate) fn cpu_now() -> Duration {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

impl Times {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64() * 1_000.0);
    }

    pub(crate) fn at(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get((sorted.len().saturating_sub(1) * percent).div_ceil(100)).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn told(&self) -> String {
        let (p50, p99, max) = (self.at(50), self.at(99), self.at(100));
        format!("p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms of {}", self.0.len())
    }
}
