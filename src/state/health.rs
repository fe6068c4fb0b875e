//! Health: one word per chain, one sentence for the whole network.
//!
//! In: the store and the book of alerts. Out: [`Health`] as CONTRACT defines it, and the first line of the screen: is it
//! all right, and if not since when and why. Must not judge anew: detectors have.

use super::alerts::{AlertBook, Row};
use crate::detectors::is_heard;
use crate::domain::{
    Alert, AlertId, Badge, ChainId, ChainSpec, ChainView, EndpointView, Network, Severity, Store, UnixMs,
};
use crate::screen::format;
use serde::{Deserialize, Serialize};

/// How a chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Nothing is wrong.
    Ok,
    /// A minor alert, or under half of its endpoints live.
    Degraded,
    /// A critical or major alert.
    Unstable,
    /// No live endpoint: nobody can tell.
    Unknown,
    /// Optional, and no endpoint of it ever answered: shown, not counted.
    Absent,
}

impl Health {
    /// The word as it stands in JSON and on the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Unstable => "unstable",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
        }
    }
}

/// Endpoints that are live, of all that the profile names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEndpoints {
    /// Those with [`Badge::Live`].
    pub live: usize,
    /// All.
    pub total: usize,
}

/// Counts the live endpoints of a chain: connected, at most 2 blocks behind the best peer, newest head received at most
/// 3 block times ago and (where its block was read) made at most 3 block times ago, so that the old head of a standing
/// chain, just received, does not count.
#[must_use]
pub fn live_endpoints(spec: &ChainSpec, chain: Option<&ChainView>, now: UnixMs) -> LiveEndpoints {
    let Some(chain) = chain else { return LiveEndpoints { live: 0, total: spec.endpoints.len() } };
    let t = chain.block_time_ms(spec.block_time_ms);
    let live = chain.badges(now, t).filter(|(_, e, badge)| *badge == Badge::Live && is_heard(e));
    LiveEndpoints { live: live.count(), total: spec.endpoints.len().max(chain.endpoints.len()) }
}

/// The health of one chain.
///
/// Where no endpoint is live, alerts that nobody can be sure of do not count, nor does `stale-data`: the answer is
/// unknown. A chain that stands still on connected endpoints has a `block-stall` and is unstable, not unknown.
#[must_use]
pub fn chain_health(spec: &ChainSpec, chain: Option<&ChainView>, alerts: &AlertBook, now: UnixMs) -> Health {
    let ever =
        chain.is_some_and(|c| c.endpoints.values().any(|e| e.best_at.is_some() || !e.drops.is_empty()));
    let endpoints = live_endpoints(spec, chain, now);
    if spec.optional && !ever {
        return Health::Absent;
    }
    let counted = alerts.standing().filter(|s| s.alert.chain == spec.id && (!s.unsure || endpoints.live > 0));
    let worst = counted.filter(|s| s.alert.detector != "stale-data").map(|s| s.alert.severity).max();
    let proved = chain.is_some_and(ChainView::is_proved) && alerts.your_link().is_none();
    match worst {
        Some(Severity::Critical | Severity::Major) => Health::Unstable,
        _ if endpoints.live == 0 || !proved => Health::Unknown,
        Some(Severity::Minor) => Health::Degraded,
        _ if endpoints.live * 2 < endpoints.total => Health::Degraded,
        _ => Health::Ok,
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// The worst severity it speaks of; none where all is well or nobody can tell.
    pub severity: Option<Severity>,
    /// False where nobody can tell: never painted as good.
    pub known: bool,
    /// The sentence; makes sense cut at 60 columns.
    pub text: String,
}

impl Sentence {
    fn of(severity: Option<Severity>, known: bool, text: String) -> Self {
        Self { severity, known, text }
    }
}

/// Is the network all right, and if not since when and why.
#[must_use]
pub fn sentence(network: &Network, store: &Store, alerts: &AlertBook, now: UnixMs) -> Sentence {
    if let Some(since) = alerts.your_link() {
        let text = format!("YOUR LINK is down since {} · nothing heard from any endpoint", since.clock_utc());
        return Sentence::of(None, false, text);
    }
    let live = |id: &ChainId| {
        network.chain(id).is_some_and(|spec| live_endpoints(spec, store.chain(id), now).live > 0)
    };
    let rows = alerts.visible().into_iter();
    let rows: Vec<Row<'_>> = rows.filter(|r| !r.standing.unsure || live(&r.standing.alert.chain)).collect();
    let is = |r: &&Row<'_>, least| r.worst >= least && r.standing.alert.detector != "stale-data";
    let trouble: Vec<&Row<'_>> = rows.iter().filter(|r| is(r, Severity::Major)).collect();
    if let Some(row) = worst_of(&trouble) {
        return about(network, row, "UNSTABLE", trouble.len(), now);
    }
    let health = |spec: &&ChainSpec| chain_health(spec, store.chain(&spec.id), alerts, now);
    let of = |wanted| network.chains.iter().filter(move |spec| health(spec) == wanted).collect::<Vec<_>>();
    let unknown = of(Health::Unknown);
    if let Some(first) = unknown.first() {
        return Sentence::of(None, false, blind(first, store, alerts, unknown.len()));
    }
    let counted = network.chains.len().saturating_sub(of(Health::Absent).len());
    if counted == 0 {
        return Sentence::of(None, false, "? UNKNOWN · no chain answers".to_owned());
    }
    let minor: Vec<&Row<'_>> = rows.iter().filter(|r| is(r, Severity::Minor)).collect();
    if let Some(row) = worst_of(&minor) {
        return about(network, row, "DEGRADED", minor.len(), now);
    }
    if let Some(spec) = of(Health::Degraded).first() {
        let endpoints = live_endpoints(spec, store.chain(&spec.id), now);
        let LiveEndpoints { live, total } = endpoints;
        let text = format!(
            "{} DEGRADED · {}: {live} of {total} endpoints live",
            Severity::Minor.symbol(),
            spec.name
        );
        return Sentence::of(Some(Severity::Minor), true, text);
    }
    Sentence::of(None, true, stable(alerts, counted, now))
}

/// Worst, then oldest; a silence hides a row from nobody who asks whether all is well.
fn worst_of<'a>(rows: &[&'a Row<'a>]) -> Option<&'a Row<'a>> {
    rows.iter().copied().min_by_key(|r| (std::cmp::Reverse(r.worst), r.standing.alert.since))
}

fn about(network: &Network, row: &Row<'_>, word: &str, rows: usize, now: UnixMs) -> Sentence {
    let alert = &row.standing.alert;
    let more = match rows.saturating_sub(1).saturating_add(row.folded) {
        0 => String::new(),
        n => format!(" · +{n}"),
    };
    let age = format::age(now.since(alert.since));
    let text = format!("{} {word} {age} · {}{more}", row.worst.symbol(), headline(network, alert));
    Sentence::of(Some(row.worst), true, text)
}

/// An alert in words, with the chain's name before it: `Relay finality stalled at …`.
#[must_use]
pub fn headline(network: &Network, alert: &Alert) -> String {
    match alert.detector.as_str() {
        "clock-skew" | "para-stall" | "candidate-failure" | "para-code-stuck" | "sovereign-low" => {
            alert.summary.clone()
        }
        _ => {
            let name = network.chain(&alert.chain).map_or(alert.chain.as_str(), |spec| spec.name.as_str());
            format!("{name} {}", alert.summary)
        }
    }
}

fn blind(first: &ChainSpec, store: &Store, alerts: &AlertBook, chains: usize) -> String {
    let more = match chains.saturating_sub(1) {
        0 => String::new(),
        n => format!(" · +{n} more"),
    };
    let id = AlertId::new("stale-data", &first.id, "");
    let heard = |e: &EndpointView| e.best_at.max(e.drops.last().copied());
    let view = store.chain(&first.id);
    let last = view.and_then(|c| c.endpoints.values().filter_map(heard).max());
    let frozen = view.is_some_and(|c| c.is_proved() && c.endpoints.values().any(is_heard));
    match alerts.get(&id).map(|s| s.alert.since).or(last) {
        _ if frozen => format!("? UNKNOWN · no fresh head from {}{more}", first.name),
        Some(since) => format!("? UNKNOWN · no data from {} since {}{more}", first.name, since.clock_utc()),
        None => format!("? UNKNOWN · nothing heard from {} yet{more}", first.name),
    }
}

/// `stable for 3 h`, and what that is measured from.
fn stable(alerts: &AlertBook, chains: usize, now: UnixMs) -> String {
    let watch = alerts.watch();
    let seen = watch.since();
    let (from, why) = match alerts.last_cleared() {
        Some((at, id)) if at >= seen => (at, format!("since {id} cleared")),
        _ if watch.link_back == Some(seen) => (seen, "since your link came back".to_owned()),
        _ if watch.woke == Some(seen) => (seen, "since this console woke".to_owned()),
        _ => (seen, "since the watch began".to_owned()),
    };
    let noun = if chains == 1 { "chain" } else { "chains" };
    format!("stable for {}, {why} · {chains} {noun}", format::age(now.since(from)))
}

#[cfg(test)]
mod tests;
