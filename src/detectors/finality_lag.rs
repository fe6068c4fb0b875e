//! `finality-lag`: finality follows too far behind the best block.
//!
//! In: best and finalized height. Out: minor above 10 blocks, critical above 60. A parachain with blocks faster than
//! the relay's is finalized with the relay, so its limits grow by the ratio of the two block times.
//! Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, graded, grouped};
use crate::domain::{Clean, Origin, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "finality-lag",
    about: "Finality is many blocks behind the best block",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let finalized =
        view.chain.finalized.as_ref().ok_or_else(|| Clean::of("no finalized block has been read"))?;
    if finalized.origin == Origin::Journal || view.is_settling() {
        return Err(Clean::of("finality has not been read since the connection came up"));
    }
    let lag = view.finality_lag().ok_or_else(|| Clean::of("no block has been read"))?;
    let scale = view.relay_block_time_ms().div_ceil(view.block_time_ms()).max(1);
    let limits = &view.spec.thresholds;
    let grades = [
        (limits.finality_lag_minor.saturating_mul(scale), Severity::Minor),
        (limits.finality_lag_critical.saturating_mul(scale), Severity::Critical),
    ];
    let Some((limit, severity)) = graded(lag, grades) else { return Ok(vec![]) };
    let best = view.chain.best.as_ref().map_or(0, |b| b.value.number);
    let least = grades.iter().map(|(limit, _)| *limit).min().unwrap_or(0);
    let crossed = best.saturating_sub(lag).saturating_add(least).saturating_add(1);
    let summary = format!(
        "finality is {} blocks behind (limit {}): {} of {}",
        grouped(lag),
        grouped(limit),
        grouped(best.saturating_sub(lag)),
        grouped(best)
    );
    Ok(vec![Finding::new(severity, view.time_of(crossed).min(view.now), summary)])
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, severity, since};
    use crate::domain::Severity;

    #[test]
    fn it_fires_only_beyond_the_limits() {
        for (lag, expected) in [
            (0, None),
            (6, None),
            (10, None),
            (11, Some(Severity::Minor)),
            (60, Some(Severity::Minor)),
            (61, Some(Severity::Critical)),
        ] {
            let mut bed = Bed::family();
            bed.up(RELAY, "a");
            bed.finalize(RELAY, 100 - lag);
            bed.block(RELAY, 100);
            assert_eq!(severity(&bed.check("finality-lag", RELAY)), expected, "lag {lag}");
        }
    }

    #[test]
    fn it_began_when_the_block_beyond_the_limit_came() {
        let mut bed = Bed::family();
        bed.run(RELAY, 20);
        for number in 21..=40 {
            bed.advance(6_000);
            bed.block(RELAY, number);
        }
        let verdict = bed.check("finality-lag", RELAY);
        assert_eq!(since(&verdict), bed.now.minus(6_000 * 12), "finalized 17, so block 28 was the eleventh");
    }

    #[test]
    fn a_parachain_with_fast_blocks_may_be_as_far_behind_as_the_relay_in_time() {
        for (lag, expected) in [(30, None), (31, Some(Severity::Minor))] {
            let mut bed = Bed::family();
            bed.block_time(ASSET_HUB, 2_000);
            bed.up(ASSET_HUB, "c");
            bed.finalize(ASSET_HUB, 100 - lag);
            bed.block(ASSET_HUB, 100);
            bed.up(RELAY, "a");
            bed.block(RELAY, 7);
            assert_eq!(severity(&bed.check("finality-lag", ASSET_HUB)), expected, "lag {lag}");
        }
    }

    #[test]
    fn unknown_without_a_connection() {
        assert!(matches!(Bed::family().check("finality-lag", RELAY), Verdict::Unknown(_)));
    }
}
