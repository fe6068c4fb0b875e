//! `stale-data`: no endpoint tells us anything about the chain.
//!
//! In: connections, when each last gave a head. Out: major after 5 block times without a verified connection that gives
//! blocks, with the reason an endpoint gave. An optional chain that never answered is absent, not stale; one that nobody
//! asked (a recording without it) is unknown. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, running};
use crate::domain::{ChainView, Clean, EndpointView, Link, Severity, UnixMs};

pub(super) const DETECTOR: Detector = Detector {
    id: "stale-data",
    about: "No endpoint of the chain gives data",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let Err(why) = view.sees() else { return Ok(vec![]) };
    let never = !view.chain.endpoints.values().any(|e| e.link == Link::Up || e.best_at.is_some());
    if view.spec.optional && never {
        return Ok(vec![]);
    }
    if view.chain.endpoints.is_empty() && view.chain.best.is_none() {
        return Err(Clean::of("no endpoint has been tried yet"));
    }
    let heard = view.chain.endpoints.values().filter_map(last_heard).max();
    let heard = heard.filter(|_| view.chain.is_proved());
    let dark = view.now.since(heard.unwrap_or_default().max(view.watch.since()));
    let limit = view.spec.thresholds.stale_data.saturating_mul(view.block_time_ms());
    if dark <= limit {
        return Ok(vec![]);
    }
    let since = heard.unwrap_or(view.watch.started);
    let total = view.spec.endpoints.len().max(view.chain.endpoints.len());
    let up = view.chain.endpoints.values().filter(|e| e.link == Link::Up).count();
    let reason = reason(view.chain).unwrap_or_else(|| why.to_string());
    let summary = format!(
        "gives no data for {}: {up} of {total} endpoints connected, {reason}",
        running(view.now.since(since))
    );
    Ok(vec![Finding::new(Severity::Major, since, summary)])
}

/// The last moment at which this endpoint was worth something: its newest head, or the loss of the connection that
/// brought it.
fn last_heard(endpoint: &EndpointView) -> Option<UnixMs> {
    let head = endpoint.best_at?;
    let after = endpoint.drops.iter().find(|drop| **drop >= head);
    Some(after.copied().unwrap_or(head))
}

/// What the first endpoint with a reason says.
fn reason(chain: &ChainView) -> Option<String> {
    chain.endpoints.iter().find_map(|(id, e)| match &e.link {
        Link::Down { reason, .. } | Link::Parked { reason, .. } => Some(format!("{id}: {reason}")),
        Link::WrongChain { .. } => Some(format!("{id} serves another chain")),
        Link::Resolving | Link::Dialing | Link::Verifying | Link::Up => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, PEOPLE, RELAY, findings, severity, since};
    use crate::domain::Severity;

    #[test]
    fn it_fires_after_five_block_times_without_a_connection_and_clears_with_the_next_block() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        assert_eq!(bed.check("stale-data", RELAY), Verdict::Quiet);
        bed.down(RELAY, "a");
        bed.down(RELAY, "b");
        let lost = bed.now;
        bed.advance(30_000);
        assert_eq!(bed.check("stale-data", RELAY), Verdict::Quiet);
        bed.advance(1);
        let verdict = bed.check("stale-data", RELAY);
        assert_eq!((severity(&verdict), since(&verdict)), (Some(Severity::Major), lost));
        assert!(findings(&verdict)[0].summary.ends_with("0 of 2 endpoints connected, a: connection refused"));
        bed.up(RELAY, "a");
        assert_eq!(
            severity(&bed.check("stale-data", RELAY)),
            Some(Severity::Major),
            "an open socket proves nothing"
        );
        bed.block(RELAY, 16);
        assert_eq!(bed.check("stale-data", RELAY), Verdict::Quiet);
    }

    #[test]
    fn what_nobody_asked_has_not_failed() {
        let mut bed = Bed::family();
        bed.advance(600_000);
        assert!(matches!(bed.check("stale-data", RELAY), Verdict::Unknown(_)));
        bed.down(RELAY, "a");
        assert_eq!(severity(&bed.check("stale-data", RELAY)), Some(Severity::Major));
    }

    #[test]
    fn a_chain_that_stands_still_is_not_stale_data() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        bed.advance(600_000);
        assert_eq!(bed.check("stale-data", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_chain_that_never_answered_fires_unless_it_is_optional() {
        let mut bed = Bed::family();
        bed.down(RELAY, "a");
        bed.down(PEOPLE, "d");
        bed.advance(30_001);
        assert_eq!(severity(&bed.check("stale-data", RELAY)), Some(Severity::Major));
        assert_eq!(bed.check("stale-data", PEOPLE), Verdict::Quiet);
    }

    #[test]
    fn after_our_link_came_back_a_chain_gets_five_block_times_again() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        bed.down(RELAY, "a");
        bed.down(RELAY, "b");
        bed.advance(600_000);
        bed.watch.link_back = Some(bed.now);
        assert_eq!(bed.check("stale-data", RELAY), Verdict::Quiet);
        bed.advance(30_001);
        assert_eq!(severity(&bed.check("stale-data", RELAY)), Some(Severity::Major));
    }

    #[test]
    fn what_the_journal_remembers_is_no_data() {
        let mut bed = Bed::family();
        bed.restore_block(RELAY, 10, bed.now.minus(3_600_000));
        assert_eq!(bed.check("stale-data", RELAY), Verdict::Quiet, "we have only just begun to try");
        bed.advance(30_001);
        assert_eq!(severity(&bed.check("stale-data", RELAY)), Some(Severity::Major));
    }
}
