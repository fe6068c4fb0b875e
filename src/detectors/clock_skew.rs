//! `clock-skew`: this computer's clock disagrees with the chains.
//!
//! In: arrival minus own time of the newest 20 blocks of each chain that came live. The smallest of them is the clock's
//! error plus the shortest delivery. Delivery on a healthy net takes 0.2 to 3 s on the relay, up to three block
//! times more on a parachain (a full node follows what the relay included), so that much is allowed; a block that
//! arrives before it was made is an error of the full amount. Out: minor above 2 s, major above 30 s, reported once,
//! on the relay or the first chain. A chain that alone is off by more than an hour keeps its own time (a test bed) and
//! says nothing about our clock. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::{ChainKind, ChainSpec, ChainView, Clean, Severity, UnixMs};

pub(super) const DETECTOR: Detector = Detector {
    id: "clock-skew",
    about: "This computer's clock disagrees with the chains",
    check: |view| Verdict::from(find(view)),
};

/// Delivery from the start of the slot to our arrival on a healthy relay chain, milliseconds.
const DELIVERY_MS: i64 = 3_000;
/// Block times a parachain's block may come later than that.
const PARA_BLOCKS: u64 = 3;
/// Newest blocks that are looked at.
const NEWEST: usize = 20;
/// Blocks without which nothing is said.
const LEAST: usize = 3;
/// Off by more than this and alone with it: the chain keeps its own time, milliseconds.
const OTHER_TIME_MS: u64 = 3_600_000;

/// What one chain says about our clock.
struct Opinion {
    relay: bool,
    /// Arrival minus block time, the smallest, milliseconds.
    raw_ms: i64,
    /// What of it cannot be delivery, milliseconds, positive where our clock is ahead.
    error_ms: i64,
}

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let speaker = view.network.relay().or_else(|| view.network.chains.first());
    if speaker.is_some_and(|s| s.id != view.spec.id) {
        return Ok(vec![]);
    }
    let known = view.network.chains.iter().filter_map(|spec| Some((spec, view.store.chain(&spec.id)?)));
    let mut opinions: Vec<Opinion> = known.filter_map(|(spec, chain)| opinion(spec, chain)).collect();
    let first = opinions.iter().position(|o| o.relay && !is_alone(o, &opinions));
    if let Some(relay) = first {
        opinions = vec![opinions.swap_remove(relay)];
    }
    opinions.sort_unstable_by_key(|o| o.error_ms);
    let Some(median) = opinions.get(opinions.len().saturating_sub(1) / 2) else {
        return Err(Clean::of("too few new blocks to compare the clock with"));
    };
    let limits = &view.spec.thresholds;
    let error = median.error_ms.unsigned_abs();
    let severity = match (error > limits.clock_skew_minor_ms, median.raw_ms.unsigned_abs()) {
        (false, _) => return Ok(vec![]),
        (true, raw) if raw > limits.clock_skew_major_ms => Severity::Major,
        (true, _) => Severity::Minor,
    };
    let side = if median.error_ms > 0 { "ahead of" } else { "behind" };
    let summary =
        format!("this computer's clock is at least {} s {side} the chains: set it by NTP", error / 1_000);
    Ok(vec![Finding::new(severity, view.watch.started.min(view.now), summary)])
}

fn opinion(spec: &ChainSpec, chain: &ChainView) -> Option<Opinion> {
    let live = chain.blocks.newest_first().filter(|row| row.received.is_some()).take(NEWEST);
    let live = live.filter(|row| chain.blocks.came_live(row));
    let offsets: Vec<i64> = live
        .filter_map(|row| {
            let made: UnixMs = row.block.timestamp.filter(|t| t.0 > 0)?;
            Some(row.received?.0.saturating_sub(made.0))
        })
        .collect();
    let raw_ms = offsets.iter().min().copied().filter(|_| offsets.len() >= LEAST)?;
    let relay = spec.kind == ChainKind::Relay;
    let later = if relay { 0 } else { PARA_BLOCKS.saturating_mul(chain.block_time_ms(spec.block_time_ms)) };
    let allowed = DELIVERY_MS.saturating_add(i64::try_from(later).unwrap_or(i64::MAX));
    let error_ms = if raw_ms < 0 { raw_ms } else { raw_ms.saturating_sub(allowed).max(0) };
    Some(Opinion { relay, raw_ms, error_ms })
}

/// True for a chain that is off by more than an hour while others are not off by as much.
fn is_alone(one: &Opinion, all: &[Opinion]) -> bool {
    let far = |a: i64, b: i64| a.abs_diff(b) > OTHER_TIME_MS;
    far(one.error_ms, 0) && all.iter().any(|o| far(o.error_ms, one.error_ms))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, findings, severity, unknown};
    use crate::domain::Severity;

    /// Ten blocks that arrive `offset_ms` after they were made.
    fn offset(bed: &mut Bed, chain: &str, endpoint: &str, offset_ms: i64) {
        bed.up(chain, endpoint);
        for number in 1..=10 {
            bed.advance(6_000);
            bed.block_made(chain, number, crate::domain::UnixMs(bed.now.0 - offset_ms));
        }
    }

    #[test]
    fn a_healthy_delivery_is_quiet_and_the_rest_is_our_clock() {
        for (ms, expected) in [
            (200, None),
            (3_000, None),
            (5_000, None),
            (5_001, Some(Severity::Minor)),
            (-2_000, None),
            (-2_001, Some(Severity::Minor)),
            (30_000, Some(Severity::Minor)),
            (30_001, Some(Severity::Major)),
            (-30_001, Some(Severity::Major)),
        ] {
            let mut bed = Bed::family();
            offset(&mut bed, RELAY, "a", ms);
            assert_eq!(severity(&bed.check("clock-skew", RELAY)), expected, "{ms} ms");
        }
    }

    #[test]
    fn one_slow_block_is_not_a_clock() {
        let mut bed = Bed::family();
        offset(&mut bed, RELAY, "a", 900);
        bed.advance(30_000);
        bed.block_made(RELAY, 11, bed.now.minus(24_000));
        assert_eq!(bed.check("clock-skew", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_relay_that_keeps_its_own_time_is_overruled_by_the_other_chains() {
        let mut bed = Bed::family();
        offset(&mut bed, RELAY, "a", 5 * 3_600_000);
        assert_eq!(severity(&bed.check("clock-skew", RELAY)), Some(Severity::Major), "nobody disagrees");
        offset(&mut bed, ASSET_HUB, "c", 12_000);
        assert_eq!(bed.check("clock-skew", RELAY), Verdict::Quiet);
    }

    #[test]
    fn it_is_said_once_with_the_direction() {
        let mut bed = Bed::family();
        offset(&mut bed, RELAY, "a", -10_000);
        offset(&mut bed, ASSET_HUB, "c", -10_000);
        assert_eq!(bed.check("clock-skew", ASSET_HUB), Verdict::Quiet);
        let found = findings(&bed.check("clock-skew", RELAY));
        assert_eq!(
            found[0].summary,
            "this computer's clock is at least 10 s behind the chains: set it by NTP"
        );
    }

    #[test]
    fn unknown_below_three_blocks() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        for number in 1..=3 {
            bed.block(RELAY, number);
        }
        assert!(unknown(&bed.check("clock-skew", RELAY)).starts_with("too few"));
        bed.block(RELAY, 4);
        assert_eq!(bed.check("clock-skew", RELAY), Verdict::Quiet);
    }
}
