//! The endpoints of one chain that are connected, and the choice of the one that is read.
//!
//! In: what endpoints report. Out: which one to read from. A connection is not enough: an endpoint that is behind, silent
//! while others go on, or that failed a read loses the chain (DESIGN §3). Must not do I/O.

use super::transport::Rpc;
use crate::codec::Header;
use crate::domain::{EndpointId, Hash, UnixMs};
use std::collections::BTreeMap;

/// An endpoint may be so many blocks behind its best peer.
const MAX_BEHIND: u64 = 2;
/// Silence of the chosen endpoint, after another one showed a newer head, that costs it the chain, milliseconds.
const SILENCE_MS: u64 = 3_000;
/// A choice holds at least so long, unless its connection is lost, milliseconds (FAULTS row 15).
const HOLD_MS: u64 = 10_000;
/// An endpoint that failed a read is not chosen for so long, milliseconds; doubled with each failure in a row.
const SUSPECT_MS: u64 = 10_000;
/// Longest suspicion, milliseconds.
const MAX_SUSPECT_MS: u64 = 300_000;
/// Where there is no other one, a failed read is tried again after so long, milliseconds; doubled up to
/// [`MAX_PAUSE_MS`].
const PAUSE_MS: u64 = 1_000;
/// Longest pause, milliseconds.
const MAX_PAUSE_MS: u64 = 4_000;

/// A connected endpoint.
pub(super) struct Conn {
    /// The connection.
    pub(super) rpc: Rpc,
    /// Newest best head.
    pub(super) best: Option<Header>,
    /// When it came.
    pub(super) best_at: UnixMs,
    /// Newest finalized head.
    pub(super) finalized: Option<Header>,
    /// The finalized head that contradicted what was final before: not followed again.
    pub(super) refused: Option<Hash>,
}

/// Reads that failed, one after the other.
#[derive(Clone, Copy)]
struct Suspicion {
    failures: u32,
    until: UnixMs,
    pause_until: UnixMs,
}

/// All endpoints of a chain.
pub(super) struct Pool {
    order: Vec<EndpointId>,
    conns: BTreeMap<EndpointId, Conn>,
    suspicions: BTreeMap<EndpointId, Suspicion>,
    chosen: Option<(EndpointId, UnixMs)>,
}

impl Pool {
    /// A pool of endpoints in the order of preference.
    pub(super) fn new(order: Vec<EndpointId>) -> Self {
        Self { order, conns: BTreeMap::new(), suspicions: BTreeMap::new(), chosen: None }
    }

    /// A connection was made. It may be read at once; what its endpoint did before is not forgotten.
    pub(super) fn connected(&mut self, id: EndpointId, rpc: Rpc, now: UnixMs) {
        if let Some(suspicion) = self.suspicions.get_mut(&id) {
            (suspicion.until, suspicion.pause_until) = (now, now);
        }
        self.conns.insert(id, Conn { rpc, best: None, best_at: now, finalized: None, refused: None });
    }

    /// A connection was lost.
    pub(super) fn lost(&mut self, id: &EndpointId) {
        self.conns.remove(id);
        if self.chosen.as_ref().is_some_and(|(c, _)| c == id) {
            self.chosen = None;
        }
    }

    /// A read through it failed.
    pub(super) fn suspect(&mut self, id: &EndpointId, now: UnixMs) {
        let failures = self.suspicions.get(id).map_or(0, |s| s.failures).saturating_add(1);
        let doubled = |ms: u64, most: u64| now.plus(ms.saturating_mul(1 << (failures - 1).min(10)).min(most));
        let suspicion = Suspicion {
            failures,
            until: doubled(SUSPECT_MS, MAX_SUSPECT_MS),
            pause_until: doubled(PAUSE_MS, MAX_PAUSE_MS),
        };
        self.suspicions.insert(id.clone(), suspicion);
    }

    /// A block was read through it.
    pub(super) fn trust(&mut self, id: &EndpointId) {
        self.suspicions.remove(id);
    }

    /// True where it may be read now: a failed read is not tried again at once.
    pub(super) fn may_read(&self, id: &EndpointId, now: UnixMs) -> bool {
        self.suspicions.get(id).is_none_or(|s| now >= s.pause_until)
    }

    /// A connected endpoint.
    pub(super) fn get(&self, id: &EndpointId) -> Option<&Conn> {
        self.conns.get(id)
    }

    /// A connected endpoint, to note its heads.
    pub(super) fn get_mut(&mut self, id: &EndpointId) -> Option<&mut Conn> {
        self.conns.get_mut(id)
    }

    /// All connected endpoints.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&EndpointId, &Conn)> {
        self.conns.iter()
    }

    /// The endpoint chosen last, while it is connected.
    pub(super) fn current(&self) -> Option<&EndpointId> {
        self.chosen.as_ref().map(|(id, _)| id)
    }

    /// Chooses the endpoint to read from; keeps the current one while it serves. True where the choice changed.
    ///
    /// What suspects claim counts for nothing as long as anybody else is connected: a made-up head far ahead must not make
    /// the others look late.
    pub(super) fn choose(&mut self, now: UnixMs) -> bool {
        let trusted = || self.conns.iter().filter(|(id, _)| !self.suspected(id, now));
        let best = trusted().filter_map(|(_, c)| number(c)).max();
        if self.chosen.as_ref().is_some_and(|(id, since)| self.keeps(id, *since, best, now)) {
            return false;
        }
        let fit = self.order.iter().find(|id| {
            self.conns.get(*id).is_some_and(|c| {
                let close = number(c).zip(best).is_some_and(|(n, b)| b.saturating_sub(n) <= MAX_BEHIND);
                close && !self.silent(c, now) && !self.suspected(id, now)
            })
        });
        let next = fit.or_else(|| self.least_suspected()).cloned();
        match next {
            Some(id) if self.current() != Some(&id) => {
                self.chosen = Some((id, now));
                true
            }
            _ => false,
        }
    }

    fn keeps(&self, id: &EndpointId, since: UnixMs, best: Option<u64>, now: UnixMs) -> bool {
        let Some(conn) = self.conns.get(id) else { return false };
        if self.suspected(id, now) || self.silent(conn, now) {
            return false;
        }
        let behind = best.unwrap_or(0).saturating_sub(number(conn).unwrap_or(0));
        behind <= MAX_BEHIND || now.since(since) < HOLD_MS
    }

    /// Where nobody can be trusted, the one that failed least; they take turns, whatever they claim.
    fn least_suspected(&self) -> Option<&EndpointId> {
        let heard = self.order.iter().filter(|id| self.conns.get(*id).is_some_and(|c| c.best.is_some()));
        heard.min_by_key(|id| self.suspicions.get(*id).map_or(0, |s| s.failures))
    }

    fn suspected(&self, id: &EndpointId, now: UnixMs) -> bool {
        self.suspicions.get(id).is_some_and(|s| now < s.until)
    }

    /// True where a trusted endpoint showed a newer head a while ago and this one has not followed.
    fn silent(&self, conn: &Conn, now: UnixMs) -> bool {
        let mine = number(conn).unwrap_or(0);
        self.conns.iter().any(|(id, c)| {
            number(c).is_some_and(|n| n > mine)
                && now.since(c.best_at) > SILENCE_MS
                && !self.suspected(id, now)
        })
    }
}

fn number(conn: &Conn) -> Option<u64> {
    conn.best.as_ref().map(|h| h.at.number)
}
