//! `finality-conflict`: two endpoints claim different finalized blocks at one height (FAULTS row 30).
//!
//! In: conflicts of this run. Out: critical and a blocker, one finding per contradicting endpoint, for an hour after
//! the last contradiction: nobody knows which of the two is right. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::store::Conflict;
use crate::domain::{Clean, Severity};
use std::collections::BTreeMap;

pub(super) const DETECTOR: Detector = Detector {
    id: "finality-conflict",
    about: "Two endpoints claim different finalized blocks at one height",
    check: |view| Verdict::from(find(view)),
};

/// How long a contradiction stays on the screen, milliseconds.
const STAYS_MS: u64 = 3_600_000;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let recent = view.chain.conflicts.iter();
    let recent = recent.filter(|c| view.is_of_this_run(c.at) && view.now.since(c.at) <= STAYS_MS);
    let mut by_endpoint: BTreeMap<&str, (&Conflict, &Conflict)> = BTreeMap::new();
    for conflict in recent {
        let name = conflict.endpoint.as_ref().map_or("", |e| e.as_str());
        by_endpoint.entry(name).or_insert((conflict, conflict)).1 = conflict;
    }
    let ours = view.chain.source.as_ref().map_or("the endpoint we read from", |e| e.as_str());
    let found = by_endpoint.into_iter().map(|(name, (first, last))| {
        let theirs = if name.is_empty() { "another endpoint" } else { name };
        let summary = format!(
            "has conflicting finality at {}: {} ({ours}) against {} ({theirs})",
            grouped(last.number),
            last.ours.short(),
            last.theirs.short()
        );
        Finding::new(Severity::Critical, first.at, summary).about(name).blocking()
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings};
    use crate::domain::{Fact, Hash, Severity};

    #[test]
    fn it_names_both_hashes_and_both_endpoints_and_stays_for_an_hour() {
        let mut bed = Bed::family();
        bed.run(RELAY, 5);
        assert_eq!(bed.check("finality-conflict", RELAY), Verdict::Quiet);
        let conflict = Fact::Conflict { number: 2, ours: Hash([1; 32]), theirs: Hash([2; 32]) };
        bed.fact(RELAY, Some("b"), conflict.clone());
        let found = findings(&bed.check("finality-conflict", RELAY));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].severity, found[0].blocker, found[0].subject.as_str()),
            (Severity::Critical, true, "b")
        );
        assert_eq!(
            found[0].summary,
            "has conflicting finality at 2: 0x0101…0101 (a) against 0x0202…0202 (b)"
        );
        bed.advance(3_600_000);
        assert_eq!(findings(&bed.check("finality-conflict", RELAY)).len(), 1);
        bed.advance(1);
        assert_eq!(bed.check("finality-conflict", RELAY), Verdict::Quiet);
    }

    #[test]
    fn one_of_an_earlier_run_does_not_fire() {
        let mut bed = Bed::family();
        let conflict = Fact::Conflict { number: 2, ours: Hash([1; 32]), theirs: Hash([2; 32]) };
        bed.restore(RELAY, bed.now.minus(60_000), conflict);
        bed.run(RELAY, 5);
        assert_eq!(bed.check("finality-conflict", RELAY), Verdict::Quiet);
    }
}
