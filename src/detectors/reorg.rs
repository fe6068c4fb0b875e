//! `reorg`: the best chain was replaced several blocks deep.
//!
//! In: reorganisations of this run. Out: major from depth 3 on, for ten block times; a healthy net shows depth 1 every
//! few minutes. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "reorg",
    about: "The best chain was replaced several blocks deep",
    check: |view| Verdict::from(find(view)),
};

/// How long it stays on the screen, block times.
const STAYS: u64 = 10;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let stays = STAYS * view.block_time_ms();
    let recent = view.chain.recent_reorgs.iter().filter(|r| {
        r.depth >= view.spec.thresholds.reorg_depth
            && view.now.since(r.at) <= stays
            && view.is_of_this_run(r.at)
    });
    let (Some(first), Some(deepest)) = (recent.clone().next(), recent.max_by_key(|r| r.depth)) else {
        return Ok(vec![]);
    };
    let summary = format!(
        "was reorganised {} blocks deep: {} {} replaced by {} {}",
        grouped(deepest.depth),
        grouped(deepest.from.number),
        deepest.from.hash.short(),
        grouped(deepest.to.number),
        deepest.to.hash.short()
    );
    Ok(vec![Finding::new(Severity::Major, first.at, summary)])
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, severity};
    use crate::domain::Severity;

    #[test]
    fn depth_one_and_two_are_normal_and_three_is_not() {
        for (depth, expected) in [(1, None), (2, None), (3, Some(Severity::Major))] {
            let mut bed = Bed::family();
            bed.run(RELAY, 10);
            bed.fork(RELAY, 11 - depth);
            assert_eq!(severity(&bed.check("reorg", RELAY)), expected, "depth {depth}");
            bed.advance(60_000);
            assert_eq!(severity(&bed.check("reorg", RELAY)), expected, "stays ten block times");
            bed.advance(1);
            assert_eq!(bed.check("reorg", RELAY), Verdict::Quiet);
        }
    }

    #[test]
    fn unknown_without_a_connection() {
        assert!(matches!(Bed::family().check("reorg", RELAY), Verdict::Unknown(_)));
    }
}
