//! Which alert explains which: the folding of DESIGN §3.
//!
//! In: everything that stands. Out: `cause_id` on what follows from something else, always the root of the chain of
//! causes. A relay whose finality stood long before its blocks did has two troubles: the late gap in its blocks does not
//! explain the stall (two of four validators dead look like that). Must not hide anything: folded alerts stay in the book.

use super::Standing;
use crate::domain::{Alert, AlertId, ChainId, ChainKind, ChainSpec, Network};
use std::collections::BTreeMap;

/// What a stall of the relay, or of a para's inclusion, brings about.
const FOLLOWS: [&str; 6] =
    ["block-stall", "finality-stall", "finality-lag", "inclusion-failure", "candidate-failure", "para-stall"];
/// Block time of a relay chain whose profile says none, milliseconds.
const USUAL_BLOCK_TIME_MS: u64 = 6_000;
/// Steps from an alert to its root at most: para chain, para, relay finality, relay blocks.
const DEEPEST: usize = 4;

/// Sets `cause_id` of everything that stands.
pub(super) fn assign(standing: &mut BTreeMap<AlertId, Standing>, network: &Network) {
    let direct: BTreeMap<AlertId, AlertId> = standing
        .values()
        .filter_map(|s| Some((s.alert.id.clone(), cause_of(s, standing, network)?)))
        .collect();
    for (id, entry) in standing.iter_mut() {
        entry.alert.cause_id = root_of(id, &direct);
    }
}

fn root_of(id: &AlertId, direct: &BTreeMap<AlertId, AlertId>) -> Option<AlertId> {
    let mut root = direct.get(id)?;
    for _ in 0..DEEPEST {
        match direct.get(root) {
            Some(next) => root = next,
            None => break,
        }
    }
    Some(root.clone())
}

/// The alert that explains this one directly.
fn cause_of(of: &Standing, all: &BTreeMap<AlertId, Standing>, network: &Network) -> Option<AlertId> {
    let alert = &of.alert;
    let stands = |detector: &str, chain: &ChainId, subject: &str| {
        let id = AlertId::new(detector, chain, subject);
        all.contains_key(&id).then_some(id)
    };
    if alert.detector == "endpoint-lag" {
        return stands("stale-data", &alert.chain, "");
    }
    if !follows(alert) {
        return None;
    }
    let relay = &network.relay()?.id;
    let para = network.chain(&alert.chain).and_then(|spec| match spec.kind {
        ChainKind::Para(para) => stands("para-stall", relay, &para.to_string()),
        ChainKind::Relay => None,
    });
    para.or_else(|| relay_cause(of, all, network.relay()?))
}

fn relay_cause(of: &Standing, all: &BTreeMap<AlertId, Standing>, spec: &ChainSpec) -> Option<AlertId> {
    let relay = &spec.id;
    let blocks = all.get(&AlertId::new("block-stall", relay, ""));
    let finality = all.get(&AlertId::new("finality-stall", relay, ""));
    let own = |s: &&Standing| s.alert.id == of.alert.id;
    if blocks.as_ref().is_some_and(own) {
        return None;
    }
    if finality.as_ref().is_some_and(own) {
        let t = spec.block_time_ms.unwrap_or(USUAL_BLOCK_TIME_MS);
        let near = spec.thresholds.finality_stall_major.saturating_mul(t);
        let together = |b: &&Standing| b.alert.since.since(of.alert.since) <= near;
        return blocks.filter(together).map(|b| b.alert.id.clone());
    }
    blocks.or(finality).map(|s| s.alert.id.clone())
}

fn follows(alert: &Alert) -> bool {
    FOLLOWS.contains(&alert.detector.as_str()) || alert.detector.starts_with("validator-")
}
