//! `finality-stall`: blocks go on, finality does not.
//!
//! In: when finality last moved and how many best blocks came since. Out: major after 5 block times, critical after
//! 10. A parachain's finality comes with the relay's: it is measured in the longer of the two block times and gets
//! two relay blocks more. A stall that is older than this run shows in the distance from best to finalized.
//! Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, graded, grouped, running, span};
use crate::domain::{Clean, Severity, UnixMs};

pub(super) const DETECTOR: Detector = Detector {
    id: "finality-stall",
    about: "Finality stands while blocks go on",
    check: |view| Verdict::from(find(view)),
};

/// Block times from a block's making to its finality on a healthy net (measured: 2 to 6, up to 24 s between moves).
const USUAL_LAG: u64 = 8;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let limits = &view.spec.thresholds;
    let finalized =
        view.chain.finalized.as_ref().ok_or_else(|| Clean::of("no finalized block has been read"))?;
    if finalized.origin == crate::domain::Origin::Journal || view.is_settling() {
        return Err(Clean::of("finality has not been read since the connection came up"));
    }
    let lag = view.finality_lag().unwrap_or(0);
    let ours = finalized.value.number;
    let catching_up = view.source_finalized().is_some_and(|n| n > ours);
    if catching_up || view.chain.best_since_finalized.min(lag) < limits.finality_stall_best {
        return Ok(vec![]);
    }
    let (t, slack) = pace(view);
    let (since, still) = standing(view, finalized.at, t, lag);
    let grades = [
        (limits.finality_stall_major.saturating_mul(t).saturating_add(slack), Severity::Major),
        (limits.finality_stall_critical.saturating_mul(t).saturating_add(slack), Severity::Critical),
    ];
    let Some((limit, severity)) = graded(still, grades) else { return Ok(vec![]) };
    let summary = format!(
        "finality stalled at {} (lag {}) for {} (limit {}), {} best blocks since",
        grouped(ours),
        grouped(lag),
        running(view.now.since(since)),
        span(limit),
        grouped(view.chain.best_since_finalized.max(lag))
    );
    Ok(vec![Finding::new(severity, since, summary)])
}

/// The block time to measure in, and what is allowed on top, milliseconds.
fn pace(view: &View<'_>) -> (u64, u64) {
    let own = view.block_time_ms();
    if view.is_relay() {
        return (own, 0);
    }
    let relay = view.relay_block_time_ms();
    (own.max(relay), 2 * relay)
}

/// Since when finality stands and for how long it has surely stood. Where it has not moved since this run began, the
/// chain's own time between the finalized and the best block tells more than our short watch.
fn standing(view: &View<'_>, moved: UnixMs, t: u64, lag: u64) -> (UnixMs, u64) {
    let watched = view.now.since(moved);
    if moved > view.watch.started.plus(t) {
        return (moved, watched);
    }
    let best = view.chain.blocks.newest().and_then(|row| row.block.timestamp);
    let by_stamp = best.zip(view.chain.finalized_timestamp).map(|(best, finalized)| best.since(finalized));
    let distance = by_stamp.unwrap_or(0).max(lag.saturating_mul(view.block_time_ms()));
    let before = distance.saturating_sub(USUAL_LAG.saturating_mul(t));
    if before > watched { (view.now.minus(before), before) } else { (moved, watched) }
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, severity, since, unknown};
    use crate::domain::Severity;

    #[test]
    fn it_fires_only_beyond_the_limits_while_blocks_go_on_and_clears_when_finality_moves() {
        let mut bed = Bed::family();
        bed.run(RELAY, 20);
        let moved = bed.now;
        let mut number = 20;
        for (after_ms, expected) in [
            (30_000, None),
            (30_001, Some(Severity::Major)),
            (60_000, Some(Severity::Major)),
            (60_001, Some(Severity::Critical)),
        ] {
            while bed.now.plus(6_000) <= moved.plus(after_ms) {
                bed.advance(6_000);
                number += 1;
                bed.block(RELAY, number);
            }
            bed.now = moved.plus(after_ms);
            assert_eq!(severity(&bed.check("finality-stall", RELAY)), expected, "after {after_ms} ms");
        }
        assert_eq!(since(&bed.check("finality-stall", RELAY)), moved);
        bed.finalize(RELAY, 27);
        assert_eq!(bed.check("finality-stall", RELAY), Verdict::Quiet);
    }

    #[test]
    fn two_dead_of_four_are_noticed_within_six_block_times_though_blocks_come_slowly() {
        let mut bed = Bed::family();
        bed.run(RELAY, 20);
        let died = bed.now;
        for number in 21..=22 {
            bed.advance(12_000);
            bed.block(RELAY, number);
        }
        bed.now = died.plus(36_000);
        assert_eq!(severity(&bed.check("finality-stall", RELAY)), Some(Severity::Major));
    }

    #[test]
    fn a_healthy_gap_of_24_seconds_at_a_lag_of_6_is_quiet() {
        let mut bed = Bed::family();
        bed.run(RELAY, 20);
        for number in 21..=24 {
            bed.advance(6_000);
            bed.block(RELAY, number);
            assert_eq!(bed.check("finality-stall", RELAY), Verdict::Quiet);
        }
    }

    #[test]
    fn without_two_best_blocks_it_is_block_production_that_stands() {
        let mut bed = Bed::family();
        bed.run(RELAY, 20);
        bed.advance(6_000);
        bed.block(RELAY, 21);
        bed.advance(300_000);
        assert_eq!(bed.check("finality-stall", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_stall_that_is_older_than_this_run_shows_after_two_blocks() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        bed.block(RELAY, 500);
        bed.finalize(RELAY, 460);
        for (number, expected) in [(501, None), (502, Some(Severity::Critical))] {
            bed.advance(6_000);
            bed.block(RELAY, number);
            assert_eq!(severity(&bed.check("finality-stall", RELAY)), expected);
        }
        assert!(since(&bed.check("finality-stall", RELAY)) < bed.watch.started);
    }

    #[test]
    fn a_parachain_gets_two_relay_blocks_more() {
        let mut bed = Bed::family();
        bed.run(ASSET_HUB, 20);
        let moved = bed.now;
        for number in 21..=28 {
            bed.advance(6_000);
            bed.block(ASSET_HUB, number);
            let late = bed.now.since(moved) > 42_000;
            assert_eq!(severity(&bed.check("finality-stall", ASSET_HUB)), late.then_some(Severity::Major));
        }
    }

    #[test]
    fn unknown_without_a_connection_or_a_finalized_block() {
        let mut bed = Bed::family();
        assert_eq!(unknown(&bed.check("finality-stall", RELAY)), "no endpoint is connected");
        bed.up(RELAY, "a");
        bed.block(RELAY, 500);
        assert_eq!(unknown(&bed.check("finality-stall", RELAY)), "no finalized block has been read");
    }

    #[test]
    fn coming_back_after_an_outage_is_no_stall_while_the_cursor_catches_up() {
        let mut bed = Bed::family();
        bed.run(RELAY, 20);
        bed.down(RELAY, "a");
        bed.down(RELAY, "b");
        bed.advance(600_000);
        bed.up(RELAY, "a");
        bed.advance(100);
        bed.block(RELAY, 120);
        assert!(matches!(bed.check("finality-stall", RELAY), Verdict::Unknown(_)));
        assert!(matches!(bed.check("finality-lag", RELAY), Verdict::Unknown(_)));
        bed.source_finalized(RELAY, "a", 117);
        bed.advance(7_000);
        bed.block(RELAY, 121);
        assert_eq!(bed.check("finality-stall", RELAY), Verdict::Quiet);
        assert_eq!(bed.check("finality-lag", RELAY), Verdict::Quiet);
    }
}
