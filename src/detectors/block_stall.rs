//! `block-stall`: the chain makes no blocks.
//!
//! In: the newest block's own time and arrival, heads of other endpoints. Out: major after 3 block times, critical
//! after 10. A chain that already stood when we connected is judged by its last block's own time. Unknown while no
//! endpoint is connected: then `stale-data` speaks. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, graded, grouped, is_heard, running, span};
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "block-stall",
    about: "No new best block for several block times",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let limits = &view.spec.thresholds;
    let (Some(best), Some(since)) = (view.chain.best.as_ref(), view.last_progress()) else {
        return Err(Clean::of("no block has been read"));
    };
    let t = view.block_time_ms();
    let still = view.now.since(since);
    let grades = [
        (limits.block_stall_major.saturating_mul(t), Severity::Major),
        (limits.block_stall_critical.saturating_mul(t), Severity::Critical),
    ];
    let Some((limit, severity)) = graded(still, grades) else { return Ok(vec![]) };
    let witnesses = view.chain.endpoints.values().filter(|e| is_heard(e)).count();
    let witnesses = match witnesses {
        0 | 1 => "one endpoint says so: the chain or its node".to_owned(),
        n => format!("{n} endpoints agree"),
    };
    let summary = format!(
        "makes no blocks: stands at {} for {} (limit {}), {witnesses}",
        grouped(best.value.number),
        running(still),
        span(limit)
    );
    Ok(vec![Finding::new(severity, since, summary)])
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, severity, since, unknown};
    use crate::domain::{Severity, UnixMs};

    #[test]
    fn it_fires_only_beyond_the_limits_and_clears_with_the_next_block() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        let last = bed.now;
        for (after_ms, expected) in [
            (18_000, None),
            (18_001, Some(Severity::Major)),
            (60_000, Some(Severity::Major)),
            (60_001, Some(Severity::Critical)),
        ] {
            bed.now = last.plus(after_ms);
            assert_eq!(severity(&bed.check("block-stall", RELAY)), expected, "after {after_ms} ms");
        }
        assert_eq!(since(&bed.check("block-stall", RELAY)), last);
        bed.block(RELAY, 11);
        assert_eq!(bed.check("block-stall", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_chain_that_already_stood_when_we_connected_is_judged_by_its_blocks_own_time() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        bed.block_made(RELAY, 500, bed.now.minus(20_000));
        assert_eq!(severity(&bed.check("block-stall", RELAY)), Some(Severity::Major));
        assert_eq!(since(&bed.check("block-stall", RELAY)), bed.now.minus(20_000));
    }

    #[test]
    fn a_block_time_in_the_future_counts_from_its_arrival() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        let arrived = bed.now;
        bed.block_made(RELAY, 500, bed.now.plus(3_600_000));
        assert_eq!(bed.check("block-stall", RELAY), Verdict::Quiet);
        bed.advance(19_000);
        assert_eq!(since(&bed.check("block-stall", RELAY)), arrived);
    }

    #[test]
    fn slow_clocks_on_the_chain_do_not_matter_once_blocks_come_live() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        bed.block_made(RELAY, 1, bed.now.minus(7_200_000));
        bed.advance(6_000);
        bed.block_made(RELAY, 2, bed.now.minus(7_200_000));
        assert_eq!(bed.check("block-stall", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_lost_endpoint_is_not_a_stalled_chain() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        bed.down(RELAY, "a");
        bed.down(RELAY, "b");
        bed.advance(120_000);
        assert_eq!(unknown(&bed.check("block-stall", RELAY)), "no endpoint is connected");
        bed.up(RELAY, "a");
        assert_eq!(unknown(&bed.check("block-stall", RELAY)), "connected, no head yet");
    }

    #[test]
    fn a_head_that_another_endpoint_reports_is_progress() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        bed.advance(17_000);
        bed.head(RELAY, "b", 11);
        bed.advance(2_000);
        assert_eq!(bed.check("block-stall", RELAY), Verdict::Quiet);
    }

    #[test]
    fn values_of_an_earlier_run_say_nothing() {
        let mut bed = Bed::family();
        bed.restore_block(RELAY, 10, UnixMs(1));
        bed.up(RELAY, "a");
        bed.head(RELAY, "a", 12);
        assert_eq!(unknown(&bed.check("block-stall", RELAY)), "no block has been read in this run");
    }

    #[test]
    fn after_a_standstill_of_this_console_the_chain_gets_three_block_times() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        bed.advance(120_000);
        bed.watch.woke = Some(bed.now);
        assert!(unknown(&bed.check("block-stall", RELAY)).contains("stood still"));
        bed.advance(18_001);
        assert_eq!(severity(&bed.check("block-stall", RELAY)), Some(Severity::Critical));
    }
}
