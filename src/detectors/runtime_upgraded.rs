//! `runtime-upgraded`: the chain runs new code.
//!
//! In: upgrades seen in this run. Out: info for an hour, naming the old and the new version. Must not import anything
//! above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "runtime-upgraded",
    about: "The chain runs new code",
    check: |view| Verdict::from(find(view)),
};

/// How long it stays on the screen, milliseconds.
const STAYS_MS: u64 = 3_600_000;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let recent = view.chain.upgrades.iter().rev();
    let mut recent = recent.filter(|u| view.now.since(u.at) <= STAYS_MS && view.is_of_this_run(u.at));
    let Some(last) = recent.next() else { return Ok(vec![]) };
    let (name, new) = (&last.new.spec_name, last.new.spec_version);
    let change = match &last.old {
        None => format!("to {name} {new} (before: unknown)"),
        Some(old) if old.spec_version == new => format!("with other code, still {name} {new},"),
        Some(old) => format!("from {name} {} to {new}", old.spec_version),
    };
    let summary = format!("runtime upgraded {change} at {}", grouped(last.since.number));
    Ok(vec![Finding::new(Severity::Info, last.at, summary)])
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings, runtime};
    use crate::domain::{BlockRef, Fact, Hash, Severity};

    fn upgrade(to: u32, upgraded: bool) -> Fact {
        Fact::Runtime { version: runtime(to), since: BlockRef { number: 7, hash: Hash([7; 32]) }, upgraded }
    }

    #[test]
    fn it_names_both_versions_for_an_hour() {
        let mut bed = Bed::family();
        bed.run(RELAY, 5);
        bed.fact(RELAY, Some("a"), upgrade(1_003_000, false));
        assert_eq!(bed.check("runtime-upgraded", RELAY), Verdict::Quiet, "the first contact is no upgrade");
        bed.fact(RELAY, Some("a"), upgrade(1_003_001, true));
        let found = findings(&bed.check("runtime-upgraded", RELAY));
        assert_eq!(found[0].severity, Severity::Info);
        assert_eq!(found[0].summary, "runtime upgraded from paseo 1003000 to 1003001 at 7");
        bed.advance(3_600_000);
        assert_eq!(findings(&bed.check("runtime-upgraded", RELAY)).len(), 1);
        bed.advance(1);
        assert_eq!(bed.check("runtime-upgraded", RELAY), Verdict::Quiet);
    }

    #[test]
    fn the_same_version_with_other_code_is_said_so() {
        let mut bed = Bed::family();
        bed.run(RELAY, 5);
        bed.fact(RELAY, Some("a"), upgrade(9, false));
        bed.fact(RELAY, Some("a"), upgrade(9, true));
        let found = findings(&bed.check("runtime-upgraded", RELAY));
        assert_eq!(found[0].summary, "runtime upgraded with other code, still paseo 9, at 7");
    }
}
