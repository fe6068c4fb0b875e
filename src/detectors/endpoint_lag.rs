//! `endpoint-lag`: an endpoint answers but is behind its peers.
//!
//! In: the heads of all endpoints. Out: minor per endpoint that is more than 5 blocks behind and has been behind for
//! 3 block times. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped, is_heard, running};
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "endpoint-lag",
    about: "An endpoint answers but is blocks behind its peers",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.chain.endpoints.values().any(is_heard) {
        return Err(Clean::of("no endpoint is connected"));
    }
    let limits = &view.spec.thresholds;
    let allowed = limits.endpoint_lag_for.saturating_mul(view.block_time_ms());
    let peer = view.chain.best_peer().unwrap_or(0);
    let found = view.chain.endpoints.iter().filter_map(|(id, e)| {
        let since = e.behind_since.filter(|_| is_heard(e))?;
        let behind = peer.saturating_sub(e.best?.number);
        let late = view.now.since(since);
        (behind > limits.endpoint_lag_blocks && late > allowed).then(|| {
            let summary =
                format!("endpoint {id} is {} blocks behind its peers for {}", grouped(behind), running(late));
            Finding::new(Severity::Minor, since, summary).about(id)
        })
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings};
    use crate::domain::Severity;

    #[test]
    fn it_takes_more_than_five_blocks_for_more_than_three_block_times() {
        for (behind, after_ms, fires) in
            [(6, 18_000, false), (6, 18_001, true), (5, 60_000, false), (500, 18_001, true)]
        {
            let mut bed = Bed::family();
            bed.up(RELAY, "a");
            bed.up(RELAY, "b");
            bed.head(RELAY, "a", 1_000);
            bed.head(RELAY, "b", 1_000 - behind);
            bed.advance(after_ms);
            let found = findings(&bed.check("endpoint-lag", RELAY));
            assert_eq!(found.len(), usize::from(fires), "{behind} blocks, {after_ms} ms");
            for f in found {
                assert_eq!((f.severity, f.subject.as_str()), (Severity::Minor, "b"));
            }
            bed.head(RELAY, "b", 1_000);
            assert_eq!(bed.check("endpoint-lag", RELAY), Verdict::Quiet);
        }
    }

    #[test]
    fn unknown_without_a_connection() {
        assert!(matches!(Bed::family().check("endpoint-lag", RELAY), Verdict::Unknown(_)));
    }
}
