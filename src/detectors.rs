//! Detectors: pure rules that say what is wrong, since when, and on what evidence.
//!
//! In: a [`View`] of the store, the thresholds of the profile and a moment. Out: a [`Verdict`] with findings. One
//! detector a file and one line in [`DETECTORS`]; screen, wall, `check`, metrics and ticket drafts follow from that.
//! A rule about the chain says `Unknown` wherever [`View::sees`] fails: what is not seen is never quiet.
//! Must not import anything above `domain`, and never the chain access.

mod block_stall;
mod candidate_failure;
mod clock_skew;
mod config_changed;
mod dispute;
mod endpoint_lag;
mod finality_conflict;
mod finality_lag;
mod finality_stall;
mod hrmp_backlog;
mod inclusion_failure;
mod issuance_change;
mod large_transfer;
mod node_flapping;
mod para_code_stuck;
mod para_stall;
mod referendum_dangerous;
mod referendum_new;
mod reorg;
mod runtime_upgraded;
mod sovereign_low;
mod stale_data;
mod sudo_used;
#[cfg(test)]
pub(crate) mod testbed;
mod validator_disabled;
mod validator_grade;
mod validator_missed;
mod xcm_failure;

use crate::domain::gov::{Count, Governance};
use crate::domain::para::Paras;
use crate::domain::store::blocks::BlockRow;
use crate::domain::{
    AccountId, ChainKind, ChainSpec, ChainView, Clean, EndpointView, Hash, Link, Network, Origin, Reading,
    Severity, Store, UnixMs,
};
use serde::{Deserialize, Serialize};

/// What a detector may look at.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The network.
    pub network: &'a Network,
    /// The chain under examination: its profile.
    pub spec: &'a ChainSpec,
    /// The chain under examination: what is known.
    pub chain: &'a ChainView,
    /// Everything, for detectors that look across chains.
    pub store: &'a Store,
    /// Since when this console has been able to see.
    pub watch: Watch,
    /// Now.
    pub now: UnixMs,
}

/// Since when this console has been able to see anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// When this run began.
    pub started: UnixMs,
    /// When it last woke after standing still (laptop asleep, process stopped).
    pub woke: Option<UnixMs>,
    /// When its own link to the network last came back.
    pub link_back: Option<UnixMs>,
}

impl Watch {
    /// Since when it has seen without interruption.
    #[must_use]
    pub fn since(&self) -> UnixMs {
        [self.woke, self.link_back].into_iter().flatten().fold(self.started, Ord::max)
    }
}

/// More findings about validators than this become one sentence.
const MANY: usize = 20;

/// The paras are read every thirty blocks; what was read longer ago than this many says nothing of now.
const OLD_PARAS: u64 = 60;

/// Shortest block time the rules work with, so that a chain which claims 0 ms does not fire everything.
const LEAST_BLOCK_TIME_MS: u64 = 250;

impl View<'_> {
    /// The chain's block time in milliseconds: `T` of the thresholds.
    #[must_use]
    pub fn block_time_ms(&self) -> u64 {
        self.chain.block_time_ms(self.spec.block_time_ms).max(LEAST_BLOCK_TIME_MS)
    }

    /// The relay chain's block time in milliseconds; the chain's own where no relay is watched.
    #[must_use]
    pub fn relay_block_time_ms(&self) -> u64 {
        let relay = self.network.relay().and_then(|s| Some((s, self.store.chain(&s.id)?)));
        relay.map_or_else(
            || self.block_time_ms(),
            |(spec, chain)| chain.block_time_ms(spec.block_time_ms).max(LEAST_BLOCK_TIME_MS),
        )
    }

    /// True on the relay chain.
    #[must_use]
    pub fn is_relay(&self) -> bool {
        self.spec.kind == ChainKind::Relay
    }

    /// Fails with the reason where nothing can be said about the chain itself now: no verified connection that gave
    /// a head, nothing read in this run, or a console that has just woken and not yet heard from the chain.
    ///
    /// # Errors
    /// The reason, for [`Verdict::Unknown`].
    pub fn sees(&self) -> Result<(), Clean> {
        let endpoints = || self.chain.endpoints.values();
        if !endpoints().any(is_heard) {
            let up = endpoints().any(|e| e.link == Link::Up);
            return Err(Clean::of(if up { "connected, no head yet" } else { "no endpoint is connected" }));
        }
        if !self.chain.is_proved() {
            return Err(Clean::of("no block has been read in this run"));
        }
        let fresh = |woke| endpoints().any(|e| e.best_at.is_some_and(|at| at >= woke));
        match self.watch.woke {
            Some(woke) if self.now.since(woke) <= 3 * self.block_time_ms() && !fresh(woke) => {
                Err(Clean::of("this console stood still; waiting for the first head"))
            }
            _ => Ok(()),
        }
    }

    /// True for a moment of this run, false for one read back from the journal.
    #[must_use]
    pub fn is_of_this_run(&self, at: UnixMs) -> bool {
        let first_head = self.chain.blocks.newest_first().rev().find_map(|row| row.received);
        at >= first_head.unwrap_or(self.watch.started).min(self.watch.started)
    }

    /// When the chain last moved on: the newest block's own time or its arrival, whichever is later; or the arrival
    /// of a higher head at another endpoint. None where no block is known.
    #[must_use]
    pub fn last_progress(&self) -> Option<UnixMs> {
        let best = self.chain.best.as_ref()?;
        let newest = self.chain.blocks.newest().and_then(|row| moment(self.chain, row, self.now));
        let ahead = self.chain.endpoints.values().filter(|e| e.link == Link::Up);
        let ahead = ahead.filter(|e| e.best.is_some_and(|b| b.number > best.value.number));
        Some(newest.unwrap_or(best.at).max(ahead.filter_map(|e| e.best_at).max().unwrap_or_default()))
    }

    /// When the block of this number was made or arrived; estimated from the block time where it is not in memory.
    #[must_use]
    pub fn time_of(&self, number: u64) -> UnixMs {
        let row = self.chain.blocks.by_number(number);
        row.and_then(|row| moment(self.chain, row, self.now)).unwrap_or_else(|| {
            let best = self.chain.best.as_ref().map_or(number, |b| b.value.number);
            let base = self.last_progress().unwrap_or(self.now);
            base.minus(best.saturating_sub(number).saturating_mul(self.block_time_ms()))
        })
    }

    /// Best minus finalized in blocks, with the finality that the source endpoint reports where our own cursor is
    /// still catching up; none while one of them is unknown.
    #[must_use]
    pub fn finality_lag(&self) -> Option<u64> {
        let best = self.chain.best.as_ref()?.value.number;
        let ours = self.chain.finalized.as_ref()?.value.number;
        Some(best.saturating_sub(ours.max(self.source_finalized().unwrap_or(0))))
    }

    /// The finalized height that the endpoint we read from reports, while it is connected.
    #[must_use]
    pub fn source_finalized(&self) -> Option<u64> {
        Some(self.source()?.finalized?.number)
    }

    /// True for one block time after the source came back, while what we know of finality is from before.
    #[must_use]
    pub fn is_settling(&self) -> bool {
        let Some((source, finalized)) = self.source().zip(self.chain.finalized.as_ref()) else {
            return false;
        };
        source.drops.last().is_some_and(|drop| finalized.at <= *drop)
            && self.now.since(source.link_since) < self.block_time_ms()
    }

    /// An account by name, with the provider of the register behind it: `dave (Dwellir)`; the short address where it
    /// has no name.
    fn who(&self, stash: &AccountId) -> String {
        let member = self.network.roster.validator(stash);
        let own = self.network.name_of(stash).map(str::to_owned);
        let name = own.unwrap_or_else(|| match self.ss58_prefix() {
            Some(prefix) => stash.short(prefix),
            None => Hash(stash.0).short(),
        });
        match member.map(|m| m.provider.as_str()).filter(|provider| !name.starts_with(provider)) {
            Some(provider) => format!("{name} ({provider})"),
            None => name,
        }
    }

    /// The subject of an alert about an account: its address in the chain's prefix; hex where no prefix is known.
    fn address(&self, stash: &AccountId) -> String {
        self.ss58_prefix().map_or_else(|| stash.to_string(), |prefix| stash.ss58(prefix))
    }

    /// `1 000 000.5 PAS`; planck where the chain names no token.
    fn amount(&self, planck: u128) -> String {
        let token = self.chain.identity.value().and_then(|i| i.token.as_ref());
        let decimals = token.map_or(0, |t| t.decimals);
        let unit = 10_u128.checked_pow(decimals).unwrap_or(u128::MAX);
        let whole = u64::try_from(planck / unit).map_or_else(|_| (planck / unit).to_string(), grouped);
        let width = usize::try_from(decimals).unwrap_or_default();
        let rest = format!("{:0width$}", planck % unit);
        let rest = rest.get(..width.min(4)).unwrap_or_default().trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        format!("{whole}{point}{rest} {}", token.map_or("planck", |t| t.symbol.as_str()))
    }

    fn ss58_prefix(&self) -> Option<u16> {
        self.chain.identity.value()?.ss58_prefix
    }

    /// How bad it is that so many validators of the set do not take part: finality needs more than two thirds.
    fn severity_of(&self, validators: usize) -> Severity {
        let set = self.chain.authorities.value().map(|a| a.validators.len());
        let set = set.or_else(|| self.chain.validators.current().map(|s| s.value.validators.len()));
        match set {
            Some(set) if validators.saturating_mul(3) >= set => Severity::Major,
            _ => Severity::Minor,
        }
    }

    /// The findings about validators, or where they are more than anyone reads one that says how many `what`, as bad
    /// as the worst of them.
    fn bounded(&self, found: Vec<Finding>, what: &str) -> Vec<Finding> {
        if found.len() <= MANY {
            return found;
        }
        let worst = found.iter().map(|f| f.severity).max();
        let since = found.iter().map(|f| f.since).min().unwrap_or(self.now);
        let summary = format!("{} validators {what}", found.len());
        worst.map(|severity| Finding::new(severity, since, summary).about("many")).into_iter().collect()
    }

    /// What the relay's state says of its paras, young enough to judge by.
    fn paras(&self) -> Result<&Paras, Clean> {
        self.sees()?;
        if let Some(why) = self.chain.unread.get("paras") {
            return Err(why.clone());
        }
        let known = match &self.chain.parachains {
            Reading::Known(known) if known.origin != Origin::Journal => &known.value,
            Reading::Known(_) => return Err(Clean::of("not read yet in this run")),
            Reading::Unknown(reason) => return Err(reason.clone()),
        };
        let best = self.chain.best.as_ref().map_or(known.at.number, |best| best.value.number);
        let age = best.saturating_sub(known.at.number);
        if age > OLD_PARAS {
            return Err(Clean::of(&format!("the paras were last read {age} blocks ago")));
        }
        Ok(known)
    }

    /// Milliseconds between the blocks that governance counts by.
    fn count_time_ms(&self, gov: &Governance) -> u64 {
        match gov.count {
            Count::Own(_) => self.block_time_ms(),
            Count::Relay(_) | Count::Unknown => self.relay_block_time_ms(),
        }
    }

    /// When governance was last read; now where it never was.
    fn governance_at(&self) -> UnixMs {
        self.chain.governance.known().map_or(self.now, |known| known.at)
    }

    fn source(&self) -> Option<&EndpointView> {
        self.chain.endpoints.get(self.chain.source.as_ref()?).filter(|e| e.link == Link::Up)
    }
}

/// True for an endpoint that is connected and has reported a head on this connection.
#[must_use]
pub fn is_heard(endpoint: &EndpointView) -> bool {
    endpoint.is_heard()
}

/// When this block moved the chain on: the later of its own time (unless that lies in the future) and, where it came
/// live, its arrival.
fn moment(chain: &ChainView, row: &BlockRow, now: UnixMs) -> Option<UnixMs> {
    let stamp = row.block.timestamp.filter(|t| t.0 > 0 && *t <= now);
    match (stamp, row.received) {
        (Some(stamp), Some(received)) if chain.blocks.came_live(row) => Some(stamp.max(received)),
        (Some(stamp), _) => Some(stamp),
        (None, received) => received,
    }
}

/// What a detector found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing wrong.
    Quiet,
    /// Something is wrong.
    Firing(Vec<Finding>),
    /// Cannot tell, and why. Never shown as quiet.
    Unknown(Clean),
}

impl From<Result<Vec<Finding>, Clean>> for Verdict {
    fn from(found: Result<Vec<Finding>, Clean>) -> Self {
        match found {
            Ok(findings) if findings.is_empty() => Self::Quiet,
            Ok(findings) => Self::Firing(findings),
            Err(reason) => Self::Unknown(reason),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What on the chain: an endpoint, a para, a validator; empty for the chain itself.
    pub subject: String,
    /// How bad.
    pub severity: Severity,
    /// One sentence with numbers and units. It goes on after the chain's name: `finality stalled at …`.
    pub summary: String,
    /// When it began.
    pub since: UnixMs,
    /// True for what must be mended before anything else can go on.
    pub blocker: bool,
}

impl Finding {
    /// A finding about the chain itself that blocks nothing.
    fn new(severity: Severity, since: UnixMs, summary: String) -> Self {
        Self {
            subject: String::new(),
            severity,
            summary: Clean::of(&summary).to_string(),
            since,
            blocker: false,
        }
    }

    fn about(self, subject: impl ToString) -> Self {
        Self { subject: subject.to_string(), ..self }
    }

    fn blocking(self) -> Self {
        Self { blocker: true, ..self }
    }
}

/// A detector.
#[derive(Debug, Clone, Copy)]
pub struct Detector {
    /// The id of CONTRACT.
    pub id: &'static str,
    /// What it watches, one sentence for help and metrics.
    pub about: &'static str,
    /// The rule.
    pub check: fn(&View<'_>) -> Verdict,
}

/// Every detector, in the order in which a sentence would name them.
pub const DETECTORS: &[Detector] = &[
    finality_conflict::DETECTOR,
    block_stall::DETECTOR,
    finality_stall::DETECTOR,
    dispute::DETECTOR,
    para_stall::DETECTOR,
    para_code_stuck::DETECTOR,
    inclusion_failure::DETECTOR,
    stale_data::DETECTOR,
    reorg::DETECTOR,
    finality_lag::DETECTOR,
    candidate_failure::DETECTOR,
    hrmp_backlog::DETECTOR,
    xcm_failure::DETECTOR,
    sovereign_low::DETECTOR,
    clock_skew::DETECTOR,
    endpoint_lag::DETECTOR,
    node_flapping::DETECTOR,
    validator_disabled::DETECTOR,
    validator_missed::DETECTOR,
    validator_grade::DETECTOR,
    referendum_dangerous::DETECTOR,
    sudo_used::DETECTOR,
    config_changed::DETECTOR,
    referendum_new::DETECTOR,
    large_transfer::DETECTOR,
    issuance_change::DETECTOR,
    runtime_upgraded::DETECTOR,
];

/// The worse severity whose limit `value` exceeds.
fn graded(value: u64, limits: [(u64, Severity); 2]) -> Option<(u64, Severity)> {
    limits.into_iter().filter(|(limit, _)| value > *limit).max_by_key(|(_, severity)| *severity)
}

/// `12 345 671`, grouped by thin spaces.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(c);
    }
    out
}

/// A [`span`] that goes on: above a minute in steps of ten seconds, as on every screen that shows it.
fn running(ms: u64) -> String {
    let step = if ms < 60_000 { 1_000 } else { 10_000 };
    span(ms - ms % step)
}

/// `31 s`, `6 m 06 s`, `2 h 05 m`.
fn span(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} m {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} m", s / 3_600, s % 3_600 / 60),
    }
}
