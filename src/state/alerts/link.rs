//! Is it me? Whether it is our own link that is down, and since when.
//!
//! In: the connections of every endpoint. Out: a moment while nothing at all is connected and everything that worked was
//! lost within ten seconds, or nothing came up since the start. Optional chains are not asked, but where one of them
//! answers the link is up. Must not look at blocks.

use crate::detectors::Watch;
use crate::domain::{EndpointView, Link, Network, Store, UnixMs};

/// Losses this close to each other have one cause, milliseconds.
const TOGETHER_MS: u64 = 10_000;
/// An endpoint that was lost longer before that was dead for its own reasons, milliseconds.
const ALREADY_DEAD_MS: u64 = 60_000;
/// So long may the first connection take, milliseconds.
const FIRST_CONTACT_MS: u64 = 15_000;

/// Since when our link has been down; none while it is up, or where single endpoints explain the silence.
///
/// `was_down` says whether it was down a moment ago: then a new attempt does not bring it up.
pub(super) fn down_since(
    network: &Network,
    store: &Store,
    watch: &Watch,
    (was_down, now): (bool, UnixMs),
) -> Option<UnixMs> {
    let views = || network.chains.iter().filter_map(|spec| Some((spec, store.chain(&spec.id)?)));
    if views().flat_map(|(_, c)| c.endpoints.values()).any(|e| matches!(e.link, Link::Up | Link::Verifying)) {
        return None;
    }
    if !network.chains.iter().any(|spec| !spec.optional && !spec.endpoints.is_empty()) {
        return None;
    }
    let asked = || views().filter(|(spec, _)| !spec.optional).flat_map(|(_, chain)| chain.endpoints.values());
    let lost: Vec<UnixMs> = asked().filter_map(|e| e.drops.last().copied()).collect();
    let (since, gone) = match lost.iter().max() {
        None => (watch.started, now.since(watch.started) > FIRST_CONTACT_MS),
        Some(last) => {
            let together: Vec<&UnixMs> = lost.iter().filter(|d| last.since(**d) <= TOGETHER_MS).collect();
            let trickle = lost.iter().map(|d| last.since(*d));
            let trickle = trickle.filter(|ms| *ms > TOGETHER_MS).any(|ms| ms <= ALREADY_DEAD_MS);
            let first = together.iter().min().map_or(*last, |d| **d);
            (first, !trickle && together.len() * 2 >= lost.len())
        }
    };
    let begins = !was_down && asked().any(|e| is_beginning(e, now));
    (gone && !begins && !asked().any(|e| answered(e, since))).then_some(since)
}

/// True for an endpoint in its very first attempt, at the start or after the operator asked to read everything again: a
/// later attempt is told as down until it succeeds.
fn is_beginning(endpoint: &EndpointView, now: UnixMs) -> bool {
    matches!(endpoint.link, Link::Resolving | Link::Dialing)
        && now.since(endpoint.link_since) <= FIRST_CONTACT_MS
}

/// True for an endpoint that gave some answer, if only a refusal, since then.
fn answered(endpoint: &EndpointView, since: UnixMs) -> bool {
    match endpoint.link {
        Link::Down { answered, .. } => answered,
        Link::Parked { .. } | Link::WrongChain { .. } => endpoint.link_since > since,
        _ => false,
    }
}
