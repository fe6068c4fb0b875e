//! Figures of DESIGN §6 and §7: size of a day, time of the first paint.

use super::*;
use std::process::Command;

const CHAINS: [(&str, u32); 6] =
    [("relay", 6), ("asset-hub", 0), ("bridge-hub", 0), ("people", 0), ("coretime", 0), ("collectives", 0)];

fn fill(journal: &mut Journal, blocks: u64) {
    for (chain, paras) in CHAINS {
        let mut first = vec![seen(chain, now(), identity(Some(0))), seen(chain, now(), runtime(1, 1, false))];
        let validators = (0..60).map(account).collect();
        let authorities = crate::domain::Authorities { session: 1, validators };
        first.push(seen(chain, now(), Fact::Authorities(authorities)));
        journal.write(&first).unwrap();
        for from in (1..=blocks).step_by(100) {
            let batch: Vec<_> = (from..(from + 100).min(blocks + 1))
                .flat_map(|n| {
                    let at = now().plus(n * 6_000 + 400);
                    let best = Fact::Best(Box::new(block(n, 0, 0, paras)));
                    [seen(chain, at, best), seen(chain, at, finalized(n)), seen(chain, at, Fact::Pool(3))]
                })
                .collect();
            journal.write(&batch).unwrap();
        }
    }
}

#[test]
#[ignore = "writes 86,400 blocks and prints their size"]
fn a_day_of_six_chains_stays_under_60_mb() {
    let dir = dir();
    let mut journal = writer(&dir);
    fill(&mut journal, 14_400);
    let path = journal.path();
    drop(journal);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("86,400 blocks: {} MB, {} B a block", bytes / 1_000_000, bytes / 86_400);
    assert!(bytes < 60_000_000, "{bytes}");
    let _ = Command::new("sync").arg("-f").arg(&path).status();
    measure(&dir);
}

/// Prints how long opening and loading take; `Instant` is a stop watch here, not a clock.
#[expect(clippy::disallowed_methods, reason = "a stop watch in a measurement, no part of the program")]
fn measure(dir: &TempDir) {
    let mut load = vec![];
    let mut open = vec![];
    for _ in 0..11 {
        let start = std::time::Instant::now();
        let mut journal = writer(dir);
        open.push(start.elapsed());
        let start = std::time::Instant::now();
        assert!(journal.load().len() > 6 * 720);
        load.push(start.elapsed());
    }
    open.sort();
    load.sort();
    println!("open: median {:?}, load: median {:?}, worst {:?}", open[5], load[5], load[10]);
    let start = std::time::Instant::now();
    assert!(writer(dir).check());
    println!("check of the whole file: {:?}", start.elapsed());
    let (mut journal, start) = (writer(dir), std::time::Instant::now());
    journal.maintain(now().plus(3 * 86_400_000)).unwrap();
    println!("first step of upkeep: {:?}", start.elapsed());
}
