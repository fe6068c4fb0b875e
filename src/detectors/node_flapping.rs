//! `node-flapping`: an endpoint is lost again and again.
//!
//! In: moments at which verified connections were lost. Out: minor per endpoint with 3 drops in 30 minutes. A moment at
//! which every endpoint of every chain was lost is our own link and does not count. Must not import anything above
//! `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::{Clean, Severity, UnixMs};

pub(super) const DETECTOR: Detector = Detector {
    id: "node-flapping",
    about: "An endpoint is lost again and again",
    check: |view| Verdict::from(find(view)),
};

/// Drops this close to each other have one cause, milliseconds.
const TOGETHER_MS: u64 = 10_000;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if view.chain.endpoints.is_empty() {
        return Err(Clean::of("no endpoint has been tried yet"));
    }
    let limits = &view.spec.thresholds;
    let window = limits.flapping_minutes.saturating_mul(60_000);
    let enough = usize::try_from(limits.flapping_drops).unwrap_or(usize::MAX).max(1);
    let mut found = vec![];
    for (id, endpoint) in &view.chain.endpoints {
        let recent: Vec<UnixMs> =
            endpoint.drops.iter().copied().filter(|d| view.now.since(*d) <= window).collect();
        if recent.len() < enough {
            continue;
        }
        let own: Vec<UnixMs> = recent.into_iter().filter(|d| !everyone_dropped(view, *d)).collect();
        let Some(first) = own.first().filter(|_| own.len() >= enough) else { continue };
        let summary = format!(
            "endpoint {id} was lost {} times in {} minutes (limit {enough})",
            own.len(),
            limits.flapping_minutes
        );
        found.push(Finding::new(Severity::Minor, *first, summary).about(id));
    }
    Ok(found)
}

/// True where every endpoint that was ever up, and there are several, was lost within ten seconds of this moment.
fn everyone_dropped(view: &View<'_>, at: UnixMs) -> bool {
    let all = || view.store.chains().flat_map(|(_, chain)| chain.endpoints.values());
    let known = all().filter(|e| e.best_at.is_some() || !e.drops.is_empty());
    let near = |d: &UnixMs| d.since(at).max(at.since(*d)) <= TOGETHER_MS;
    let (mut seen, mut dropped) = (0_usize, 0_usize);
    for endpoint in known {
        seen += 1;
        dropped += usize::from(endpoint.drops.iter().any(near));
    }
    seen > 1 && seen == dropped
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, findings};

    #[test]
    fn three_drops_in_thirty_minutes_fire_and_two_do_not() {
        let mut bed = Bed::family();
        bed.up(RELAY, "b");
        bed.head(RELAY, "b", 1);
        for n in 1..=3 {
            bed.up(RELAY, "a");
            bed.advance(60_000);
            bed.down(RELAY, "a");
            let found = findings(&bed.check("node-flapping", RELAY));
            assert_eq!(found.len(), usize::from(n == 3), "after {n} drops");
        }
        bed.advance(28 * 60_000);
        assert_eq!(findings(&bed.check("node-flapping", RELAY)).len(), 1);
        bed.advance(1);
        assert_eq!(bed.check("node-flapping", RELAY), Verdict::Quiet, "the first drop is 30 minutes old");
    }

    #[test]
    fn our_own_link_going_down_three_times_is_nobodys_flapping() {
        let mut bed = Bed::family();
        for _ in 0..3 {
            for (chain, endpoint) in [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")] {
                bed.up(chain, endpoint);
            }
            bed.advance(60_000);
            for (chain, endpoint) in [(RELAY, "a"), (RELAY, "b"), (ASSET_HUB, "c")] {
                bed.down(chain, endpoint);
                bed.advance(2_000);
            }
        }
        assert_eq!(bed.check("node-flapping", RELAY), Verdict::Quiet);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert!(matches!(Bed::family().check("node-flapping", RELAY), Verdict::Unknown(_)));
    }
}
