//! Words and cells that several panels share: what an endpoint is worth, how old a value is, who an account is.
//!
//! In: facts. Out: short lines with a role. State is always a word with a symbol, never a colour alone. Unknown is `?`.

use crate::domain::{Alert, Badge, EndpointId, Link, Observed, Origin, Severity, UnixMs};
use crate::screen::{Line, Role, format};
use crate::state::health::Health;
use crate::state::{Chain, Freshness};

/// The role of a severity.
#[must_use]
pub fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::Major => Role::Major,
        Severity::Minor => Role::Minor,
        Severity::Info => Role::Info,
    }
}

/// The role of a value by its worth.
#[must_use]
pub fn fresh_role(freshness: Freshness) -> Role {
    match freshness {
        Freshness::Fresh => Role::Text,
        Freshness::Old => Role::Stale,
        Freshness::Unknown => Role::Unknown,
    }
}

/// `?`.
#[must_use]
pub fn unknown() -> Line {
    Line::of(Role::Unknown, "?")
}

/// A grouped number, or `?`.
#[must_use]
pub fn number(role: Role, n: Option<u64>) -> Line {
    n.map_or_else(unknown, |n| Line::of(role, format::number(n)))
}

/// An endpoint's operator as one short word: `dwellir` of `wss://paseo-rpc.dwellir.com`; the host and port where it has
/// no such name.
#[must_use]
pub fn label(endpoint: &EndpointId) -> String {
    let url = endpoint.as_str();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host_port = rest.split('/').next().unwrap_or(rest);
    let host = host_port.rsplit_once(':').map_or(host_port, |(host, _)| host);
    let parts: Vec<&str> = host.split('.').collect();
    let is_name = host.chars().any(|c| c.is_ascii_alphabetic()) && !host.starts_with('[');
    match parts.as_slice() {
        [.., operator, _] if is_name => (*operator).to_owned(),
        _ => host_port.to_owned(),
    }
}

/// The symbol of an endpoint in a row of endpoints.
#[must_use]
pub fn badge_symbol(badge: Option<Badge>) -> (Role, &'static str) {
    match badge {
        Some(Badge::Live) => (Role::Dim, "●"),
        Some(Badge::Lagging(_) | Badge::Stale(_) | Badge::Frozen(_)) => (Role::Minor, "◐"),
        Some(Badge::Unverified) => (Role::Unknown, "◌"),
        Some(Badge::WrongChain) => (Role::Major, "✖"),
        Some(Badge::Down) => (Role::Minor, "○"),
        None => (Role::Unknown, "·"),
    }
}

/// What an endpoint's data is worth, as a word with its number.
#[must_use]
pub fn badge_word(badge: Option<Badge>) -> (Role, String) {
    match badge {
        Some(Badge::Live) => (Role::Dim, "LIVE".to_owned()),
        Some(Badge::Lagging(blocks)) => (Role::Minor, format!("LAGGING {blocks}")),
        Some(Badge::Stale(ms)) => (Role::Minor, format!("STALE {}", format::age(ms))),
        Some(Badge::Frozen(ms)) => (Role::Minor, format!("FROZEN {}", format::age(ms))),
        Some(Badge::Down) => (Role::Minor, "DOWN".to_owned()),
        Some(Badge::WrongChain) => (Role::Major, "WRONG CHAIN".to_owned()),
        Some(Badge::Unverified) => (Role::Unknown, "UNVERIFIED".to_owned()),
        None => (Role::Unknown, "NOT DIALLED".to_owned()),
    }
}

/// Where a connection stands, as a sentence without full stop.
#[must_use]
pub fn link_words(link: &Link, now: UnixMs) -> String {
    let soon = |at: &UnixMs| format::age(at.since(now));
    match link {
        Link::Resolving => "waits for the name service".to_owned(),
        Link::Dialing => "connects".to_owned(),
        Link::Verifying => "proves that it serves this chain".to_owned(),
        Link::Up => "connected".to_owned(),
        Link::Down { reason, retry_at, .. } => format!("{reason}; next try in {}", soon(retry_at)),
        Link::Parked { reason, until } => format!("{reason}; left alone for {}", soon(until)),
        Link::WrongChain { found, expected, .. } => {
            format!("serves genesis {}, expected {}", found.short(), expected.short())
        }
    }
}

/// What the chain's values rest on: `LIVE`, `STALE 45 s`, `JOURNAL 3 h`, … `LIVE` only below three block times.
#[must_use]
pub fn data_word(chain: &Chain<'_>) -> (Role, String) {
    let Some(view) = chain.view else { return (Role::Unknown, "NONE".to_owned()) };
    let now = chain.state.now;
    if let Some(best) = view.best.as_ref().filter(|b| matches!(b.origin, Origin::Journal)) {
        return (Role::Stale, format!("JOURNAL {}", format::age(best.age_ms(now))));
    }
    let badge = view.source.as_ref().and_then(|source| {
        chain.endpoints().into_iter().find(|(id, _)| *id == source).and_then(|(_, e)| e.map(|(_, b)| b))
    });
    let age = view.best.as_ref().map(|b| b.age_ms(now));
    match (badge, age) {
        (Some(Badge::Live), Some(age)) if chain.freshness() != Freshness::Fresh || chain.live() == 0 => {
            (Role::Minor, format!("STALE {}", format::age(age)))
        }
        (None, Some(age)) => (Role::Stale, format!("NO SOURCE {}", format::age(age))),
        (None, None) => (Role::Unknown, "NONE".to_owned()),
        (badge, _) => badge_word(badge),
    }
}

/// The chain's state in a word with its symbol.
#[must_use]
pub fn state_word(chain: &Chain<'_>) -> (Role, String) {
    let standing = chain.standing();
    let worst = standing.first().filter(|a| a.severity > Severity::Info && a.detector != "stale-data");
    let by_alert =
        |a: &Alert| (severity_role(a.severity), format!("{} {}", a.severity.symbol(), alert_word(a)));
    match (chain.health(), worst) {
        (Health::Absent, _) => (Role::Dim, "– absent".to_owned()),
        (Health::Unstable | Health::Degraded, Some(alert)) => by_alert(alert),
        (Health::Unstable, None) => (Role::Major, "▲ unstable".to_owned()),
        (Health::Degraded, None) => (Role::Minor, "▵ endpoints".to_owned()),
        (Health::Unknown, _) => (Role::Unknown, unknown_word(chain).to_owned()),
        (Health::Ok, _) if chain.freshness() == Freshness::Fresh => (Role::Dim, "· ok".to_owned()),
        (Health::Ok, _) => (Role::Stale, "~ waiting".to_owned()),
    }
}

/// True for a chain of a recording that holds nothing of it: nobody tries, so nothing will come.
fn is_unrecorded(chain: &Chain<'_>) -> bool {
    chain.state.mode.is_replay() && chain.view.is_none_or(|v| v.endpoints.is_empty())
}

fn unknown_word(chain: &Chain<'_>) -> &'static str {
    let links = || chain.view.into_iter().flat_map(|v| v.endpoints.values()).map(|e| &e.link);
    let is_trying = links().any(|l| matches!(l, Link::Resolving | Link::Dialing | Link::Verifying));
    if is_unrecorded(chain) {
        return "? unknown";
    }
    match chain.freshness() {
        Freshness::Unknown if is_trying || links().next().is_none() => "? starting",
        _ if links().any(|l| *l == Link::Up) => "? no head",
        _ if is_trying => "? starting",
        _ => "? no data",
    }
}

fn alert_word(alert: &Alert) -> &str {
    match (alert.detector.as_str(), alert.severity) {
        // It stands on the relay chain, and is about a para.
        ("para-stall" | "para-code-stuck" | "sovereign-low", _) => "para",
        ("hrmp-backlog" | "xcm-failure", _) => "messages",
        ("block-stall" | "finality-stall", Severity::Critical) => "stalled",
        ("block-stall", _) => "waiting",
        ("finality-stall", _) => "finality",
        ("finality-lag", _) => "lag",
        ("large-transfer" | "issuance-change", _) => "balances",
        ("reorg", _) => "reorg",
        ("endpoint-lag" | "node-flapping", _) => "endpoint",
        ("stale-data", _) => "no data",
        ("dispute", _) => "dispute",
        ("clock-skew", _) => "clock",
        ("candidate-failure" | "inclusion-failure", _) => "inclusion",
        _ => alert.severity.word(),
    }
}

/// Why nothing is known of a chain, and what goes on; none where something is.
#[must_use]
pub fn why_no_data(chain: &Chain<'_>) -> Option<String> {
    if chain.view.is_some_and(|v| v.best.is_some()) {
        return None;
    }
    if chain.health() == Health::Absent {
        return Some("optional, never answered; not counted".to_owned());
    }
    if is_unrecorded(chain) {
        return Some("unknown: the recording holds nothing of it".to_owned());
    }
    let now = chain.state.now;
    let known: Vec<_> = chain.endpoints().into_iter().filter_map(|(id, e)| e.map(|(e, _)| (id, e))).collect();
    if chain.spec.endpoints.is_empty() && known.is_empty() {
        return Some("no endpoint in the profile: give one with --endpoint".to_owned());
    }
    let since = known.iter().map(|(_, e)| e.link_since).min().unwrap_or(chain.state.started);
    let refused = known.iter().find_map(|(id, e)| match &e.link {
        Link::Down { reason, .. } | Link::Parked { reason, .. } => Some((*id, reason)),
        _ => None,
    });
    let is_trying =
        known.iter().any(|(_, e)| matches!(e.link, Link::Resolving | Link::Dialing | Link::Verifying));
    match refused {
        Some((id, reason)) if !is_trying => {
            let at = since.clock_utc();
            Some(format!("every endpoint fails since {at}: {} {reason}", label(id)))
        }
        _ => {
            let names: Vec<String> = match known.as_slice() {
                [] => chain.spec.endpoints.iter().map(label).collect(),
                some => some.iter().map(|(id, _)| label(id)).collect(),
            };
            Some(format!("connecting to {} for {}", names.join(", "), format::age(now.since(since))))
        }
    }
}

/// The same in three words, for a cell.
#[must_use]
pub fn why_no_data_short(chain: &Chain<'_>) -> Option<String> {
    let long = why_no_data(chain)?;
    if chain.health() == Health::Absent {
        return Some("optional, not counted".to_owned());
    }
    let links = || chain.view.into_iter().flat_map(|v| v.endpoints.values());
    let since = links().map(|e| e.link_since).min().unwrap_or(chain.state.started);
    match long.split_once(' ') {
        Some(("connecting", _)) => {
            Some(format!("connecting for {}", format::age(chain.state.now.since(since))))
        }
        Some(("unknown:", _)) => Some("not recorded".to_owned()),
        Some(("every", _)) => Some(format!("all fail since {}", since.clock_utc())),
        _ => Some("no endpoint".to_owned()),
    }
}

/// Block, age and source of a value: the second half of a line in describe.
#[must_use]
pub fn evidence<T>(value: &Observed<T>, now: UnixMs) -> String {
    let block = value.block.map_or(String::new(), |b| format!("#{} · ", format::number(b.number)));
    block + &age_and_source(value, now)
}

/// Age and source of a value.
#[must_use]
pub fn age_and_source<T>(value: &Observed<T>, now: UnixMs) -> String {
    let age = format::age(value.age_ms(now));
    match &value.origin {
        Origin::Endpoint(id) => format!("{age} · {}", label(id)),
        Origin::Journal => format!("{age} · journal, not proved since"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_by_its_operator() {
        for (url, expected) in [
            ("wss://paseo-rpc.dwellir.com", "dwellir"),
            ("wss://sys.ibp.network/paseo", "ibp"),
            ("wss://asset-hub.example.org:443/x", "example"),
            ("ws://127.0.0.1:9944", "127.0.0.1:9944"),
            ("ws://[::1]:9944", "[::1]:9944"),
            ("ws://localhost:9944", "localhost:9944"),
        ] {
            assert_eq!(label(&url.into()), expected, "{url}");
        }
    }
}
