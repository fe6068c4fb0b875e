//! The two ends of a movement between chains, brought together.
//!
//! In: a movement that left one chain or came to another, everything known of all chains. Out: its other end: sure where both
//! carry the message's id, likely where amount, account and time agree, else none. Must not judge.

use super::Seen;
use crate::domain::balance::Peer;
use crate::domain::{ChainId, ChainKind, ChainSpec, Network, Store};

/// How far apart in time the two ends may be, milliseconds.
const WINDOW_MS: u64 = 600_000;
/// Of what was sent so much arrives at least, per cent: the rest pays for the way.
const ARRIVES: u128 = 90;

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Both ends carry the same message id.
    Sure,
    /// Amount, account and time agree.
    Likely,
}

/// The other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other<'a> {
    /// The chain on which it was seen.
    pub chain: &'a ChainSpec,
    /// The movement there.
    pub seen: &'a Seen,
    /// How sure it is.
    pub sure: Match,
}

fn peer_of(spec: &ChainSpec) -> Peer {
    match spec.kind {
        ChainKind::Relay => Peer::Relay,
        ChainKind::Para(id) => Peer::Para(id),
    }
}

/// The other end of a movement seen on `chain`; none where it goes nowhere else, or nothing fits.
#[must_use]
pub fn other_end<'a>(
    network: &'a Network,
    store: &'a Store,
    (chain, seen): (&ChainId, &Seen),
) -> Option<Other<'a>> {
    let leg = seen.movement.leg?;
    let here = peer_of(network.chain(chain)?);
    let mut best: Option<Other<'a>> = None;
    for spec in network.chains.iter().filter(|spec| spec.id != *chain) {
        let there = peer_of(spec);
        if leg.peer.is_some_and(|peer| peer != there) {
            continue;
        }
        let Some(view) = store.chain(&spec.id) else { continue };
        for other in view.balances.moves() {
            let Some(theirs) = other.movement.leg.filter(|theirs| theirs.sent != leg.sent) else { continue };
            if theirs.peer.is_some_and(|peer| peer != here) {
                continue;
            }
            if leg.message.is_some() && leg.message == theirs.message {
                return Some(Other { chain: spec, seen: other, sure: Match::Sure });
            }
            let contradict = leg.message.is_some() && theirs.message.is_some();
            if !contradict && is_likely(seen, other) && best.is_none() {
                best = Some(Other { chain: spec, seen: other, sure: Match::Likely });
            }
        }
    }
    best
}

/// True where `a` and `b`, one sent and one received, may be one movement by amount, account and time.
fn is_likely(a: &Seen, b: &Seen) -> bool {
    let is_sent = |s: &Seen| s.movement.leg.is_some_and(|leg| leg.sent);
    let (sent, came) = if is_sent(a) { (a, b) } else { (b, a) };
    let (out, into) = (sent.movement.amount, came.movement.amount);
    let fits = into <= out && into >= out / 100 * ARRIVES;
    let wanted = sent.movement.to.or(sent.movement.from);
    let same = wanted.is_some() && wanted == came.movement.to;
    fits && same && sent.at.0.abs_diff(came.at.0) <= WINDOW_MS
}
