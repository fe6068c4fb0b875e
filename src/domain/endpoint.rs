//! An endpoint of a chain: how far a connection got, what it last said, what that is worth.
//!
//! In: link states and heads. Out: the badge (FAULTS §3.3). Must not read a clock or know URLs.

use super::{BlockRef, Clean, Hash, UnixMs};
use serde::{Deserialize, Serialize};

/// How far the connection to an endpoint got. `Up` proves nothing about the data: see [`EndpointView::badge`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Link {
    /// Waiting for the name service.
    Resolving,
    /// TCP, TLS or WebSocket handshake under way.
    Dialing,
    /// Connected; genesis, chain and code hash are being checked.
    Verifying,
    /// Verified and subscribed.
    Up,
    /// Lost or refused; the next attempt is at `retry_at`.
    Down {
        /// What failed, in words.
        reason: Clean,
        /// When it is tried again.
        retry_at: UnixMs,
        /// True where something answered, if only a refusal: our own link works then.
        #[serde(default)]
        answered: bool,
    },
    /// Refused for good reason (401, 403, rate limit); left alone until `until`.
    Parked {
        /// What it said.
        reason: Clean,
        /// When it is tried again.
        until: UnixMs,
    },
    /// It serves another chain than the profile or its peers.
    WrongChain {
        /// The genesis hash it gave.
        found: Hash,
        /// The genesis hash that was expected.
        expected: Hash,
        /// When it is tried again.
        until: UnixMs,
    },
}

/// What an endpoint's data is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Badge {
    /// Connected, newest head young enough, at most two blocks behind the best peer.
    Live,
    /// Connected and answering, this many blocks behind the best peer.
    Lagging(u64),
    /// Connected, but its newest head is this many milliseconds old while peers go on.
    Stale(u64),
    /// Connected, its newest head is old, and no peer is younger: the chain stands, or nobody can tell.
    Frozen(u64),
    /// No verified connection.
    Down,
    /// Serves another chain.
    WrongChain,
    /// Connected, not yet proved.
    Unverified,
}

/// The state of one endpoint as seen from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointView {
    /// Connection.
    pub link: Link,
    /// Since when the connection is in that state.
    pub link_since: UnixMs,
    /// Since when there is no verified connection; none while there is one.
    pub down_since: Option<UnixMs>,
    /// Newest best head it reported.
    pub best: Option<BlockRef>,
    /// When that head was received.
    pub best_at: Option<UnixMs>,
    /// Newest finalized head it reported.
    pub finalized: Option<BlockRef>,
    /// Round trip of the last answered request, milliseconds.
    pub latency_ms: Option<u32>,
    /// Moments at which a verified connection was lost, newest last, at most [`MAX_DROPS`].
    pub drops: Vec<UnixMs>,
    /// Since when it has been more than the allowed number of blocks behind; none while it keeps up.
    pub behind_since: Option<UnixMs>,
}

/// Connection losses remembered per endpoint.
pub const MAX_DROPS: usize = 16;

impl EndpointView {
    /// A new endpoint that was never dialled.
    #[must_use]
    pub fn new(now: UnixMs) -> Self {
        Self {
            link: Link::Resolving,
            link_since: now,
            down_since: Some(now),
            best: None,
            best_at: None,
            finalized: None,
            latency_ms: None,
            drops: Vec::new(),
            behind_since: None,
        }
    }

    /// True where it is connected and has reported a head on this connection.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.link == Link::Up && self.best_at.is_some_and(|at| self.drops.last().is_none_or(|d| at > *d))
    }

    /// What its data is worth: `LIVE` is earned by a new head within three block times and at most two blocks
    /// behind `best_peer`, the highest best number of any endpoint of the chain.
    #[must_use]
    pub fn badge(&self, now: UnixMs, block_time_ms: u64, best_peer: Option<u64>) -> Badge {
        match self.link {
            Link::WrongChain { .. } => Badge::WrongChain,
            Link::Resolving | Link::Dialing | Link::Down { .. } | Link::Parked { .. } => Badge::Down,
            Link::Verifying => Badge::Unverified,
            Link::Up if !self.is_heard() => Badge::Unverified,
            Link::Up => {
                let (Some(best), Some(at)) = (self.best, self.best_at) else { return Badge::Unverified };
                let behind = best_peer.unwrap_or(best.number).saturating_sub(best.number);
                let age = now.since(at);
                if behind > 2 {
                    Badge::Lagging(behind)
                } else if age > 3 * block_time_ms {
                    if behind > 0 { Badge::Stale(age) } else { Badge::Frozen(age) }
                } else {
                    Badge::Live
                }
            }
        }
    }
}

/// A link state in words, for a tired reader.
#[must_use]
pub fn link_words(link: &Link) -> String {
    match link {
        Link::Resolving => "looking up its name".to_owned(),
        Link::Dialing => "connecting".to_owned(),
        Link::Verifying => "checking genesis and code".to_owned(),
        Link::Up => "connected".to_owned(),
        Link::Down { reason, .. } => format!("down, {reason}"),
        Link::Parked { reason, until } => format!("left alone until {} UTC, {reason}", until.clock_utc()),
        Link::WrongChain { found, expected, .. } => {
            format!("serves another chain: genesis {} instead of {}", found.short(), expected.short())
        }
    }
}

/// A badge in words: `live`, `lagging 3 blocks`, `stale 45 s`, or what the link says.
#[must_use]
pub fn badge_words(badge: Badge, link: &Link) -> String {
    match badge {
        Badge::Live => "live".to_owned(),
        Badge::Lagging(blocks) => format!("lagging {blocks} blocks"),
        Badge::Stale(ms) => format!("stale {} s", ms / 1_000),
        Badge::Frozen(ms) => format!("no new block for {} s", ms / 1_000),
        Badge::Unverified if *link == Link::Up => "connected, no block yet".to_owned(),
        Badge::Down | Badge::WrongChain | Badge::Unverified => link_words(link),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(number: u64, at: i64) -> EndpointView {
        let mut e = EndpointView::new(UnixMs(0));
        e.link = Link::Up;
        e.best = Some(BlockRef { number, hash: Hash::default() });
        e.best_at = Some(UnixMs(at));
        e
    }

    #[test]
    fn an_open_socket_without_a_head_is_unverified() {
        let mut e = EndpointView::new(UnixMs(0));
        e.link = Link::Up;
        assert_eq!(e.badge(UnixMs(1), 6000, None), Badge::Unverified);
    }

    #[test]
    fn live_is_lost_after_three_block_times_or_three_blocks() {
        assert_eq!(up(10, 0).badge(UnixMs(18_000), 6000, Some(12)), Badge::Live);
        assert_eq!(up(10, 0).badge(UnixMs(18_001), 6000, Some(10)), Badge::Frozen(18_001));
        assert_eq!(up(10, 0).badge(UnixMs(18_001), 6000, Some(11)), Badge::Stale(18_001));
        assert_eq!(up(10, 0).badge(UnixMs(1), 6000, Some(13)), Badge::Lagging(3));
    }
}
