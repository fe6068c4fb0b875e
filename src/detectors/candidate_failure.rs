//! `candidate-failure`: a para's blocks are backed and then lost.
//!
//! In: candidates of the newest relay blocks. Out: minor per para with 2 `CandidateTimedOut` in 10 blocks. Counted on
//! the best chain, so a reorganisation counts nothing twice. Quiet on other chains. Must not import anything above
//! `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::{CandidateStage, Clean, ParaId, Severity, UnixMs};
use std::collections::BTreeMap;

pub(super) const DETECTOR: Detector = Detector {
    id: "candidate-failure",
    about: "Candidates of a para time out before they are included",
    check: |view| Verdict::from(find(view)),
};

/// Paras named at once; more have one cause.
const MOST: usize = 64;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    view.sees()?;
    let limits = &view.spec.thresholds;
    let window = usize::try_from(limits.candidate_window).unwrap_or(usize::MAX);
    let rows = || view.chain.blocks.newest_first().take(window).filter(|row| row.received.is_some());
    let mut lost: BTreeMap<ParaId, (u64, UnixMs)> = BTreeMap::new();
    for row in rows() {
        for candidate in row.block.candidates.iter().filter(|c| c.stage == CandidateStage::TimedOut) {
            let entry = lost.entry(candidate.para).or_insert((0, view.now));
            *entry = (entry.0 + 1, view.time_of(row.block.at.number));
        }
    }
    lost.retain(|_, (times, _)| *times >= limits.candidate_failures.max(1));
    if lost.is_empty() && rows().all(|row| row.block.event_count.is_none()) {
        return Err(Clean::of("the events of the newest blocks could not be decoded"));
    }
    let found = lost.into_iter().take(MOST).map(|(para, (times, since))| {
        let name = view.network.para(para).map_or("para", |spec| spec.name.as_str());
        let summary = format!(
            "{name} {para}: {times} candidates timed out in {} relay blocks (limit {})",
            limits.candidate_window, limits.candidate_failures
        );
        Finding::new(Severity::Minor, since, summary).about(para)
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, findings};
    use crate::domain::{Candidate, CandidateStage, ParaId};

    fn timed_out(bed: &mut Bed, number: u64) {
        let lost = Candidate { para: ParaId(1_000), stage: CandidateStage::TimedOut, core: Some(0) };
        bed.advance(6_000);
        bed.block_with(RELAY, number, |block| block.candidates = vec![lost]);
    }

    #[test]
    fn two_in_ten_blocks_fire_and_it_clears_when_they_are_older() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        timed_out(&mut bed, 11);
        assert_eq!(bed.check("candidate-failure", RELAY), Verdict::Quiet);
        let first = bed.now;
        timed_out(&mut bed, 12);
        let found = findings(&bed.check("candidate-failure", RELAY));
        assert_eq!((found[0].subject.as_str(), found[0].since), ("1000", first));
        assert!(
            found[0].summary.starts_with("Asset Hub 1000: 2 candidates timed out"),
            "{}",
            found[0].summary
        );
        for number in 13..=21 {
            assert_eq!(findings(&bed.check("candidate-failure", RELAY)).len(), 1);
            bed.advance(6_000);
            bed.block(RELAY, number);
        }
        assert_eq!(bed.check("candidate-failure", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_reorganisation_does_not_count_a_failure_twice() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        timed_out(&mut bed, 11);
        bed.fork(RELAY, 11);
        assert_eq!(bed.check("candidate-failure", RELAY), Verdict::Quiet);
    }

    #[test]
    fn unknown_without_events_and_quiet_on_a_parachain() {
        let mut bed = Bed::family();
        assert!(matches!(bed.check("candidate-failure", RELAY), Verdict::Unknown(_)));
        bed.up(RELAY, "a");
        bed.block_with(RELAY, 1, |block| block.event_count = None);
        assert!(matches!(bed.check("candidate-failure", RELAY), Verdict::Unknown(_)));
        assert_eq!(bed.check("candidate-failure", ASSET_HUB), Verdict::Quiet);
    }
}
