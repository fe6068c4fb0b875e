//! The paras as screens and reports want them: what each of them is now, worst first.
//!
//! In: the relay's paras as last read, its blocks since, the alerts that stand. Out: a row each. What rests on something that
//! was not read is unknown. Must not judge more than what stands here: `xray` does.

use crate::domain::para::{Para, Paras};
use crate::domain::store::paras::{Included, cores, hrmp};
use crate::domain::{Alert, ChainSpec, ChainView, Network, Observed, ParaId, Severity, UnixMs};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Relay blocks of a day: a para that was included within it and has no core now has lost it.
const DAY: u64 = 14_400;

/// What a para is now, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It has a core, and nothing of it is included.
    Stuck(Reverse<Severity>),
    /// A major or critical alert speaks of it.
    Alarmed(Reverse<Severity>),
    /// It has no core and had one within a day.
    LostCore,
    /// It has a core and was never included.
    Waits,
    /// A minor alert speaks of it.
    Noted,
    /// A session change will move it on.
    Moves,
    /// What it rests on was not read.
    Unknown,
    /// It progresses.
    Fine,
    /// It has no core, for long or ever since.
    Idle,
}

impl State {
    /// The word of CONTRACT: what an operator has to think of it.
    #[must_use]
    pub fn health(self) -> &'static str {
        match self {
            Self::Stuck(_) | Self::Alarmed(_) => "unstable",
            Self::LostCore | Self::Waits | Self::Noted | Self::Idle => "degraded",
            Self::Unknown => "unknown",
            Self::Moves | Self::Fine => "ok",
        }
    }
}

/// A para with what is made of it.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// What was read.
    pub para: &'a Para,
    /// Its name in the profile.
    pub name: Option<&'a str>,
    /// What it is now.
    pub state: State,
    /// The worst alert that speaks of it.
    pub alert: Option<&'a Alert>,
    /// When it was last included.
    pub included: Included,
    /// Relay blocks since.
    pub blocks_ago: Option<u64>,
    /// Milliseconds since.
    pub age_ms: Option<u64>,
    /// Its cores; none where they were not read.
    pub cores: Option<BTreeSet<u32>>,
    /// Messages in the channels to it and from it; none where they were not read.
    pub hrmp: (Option<u64>, Option<u64>),
}

/// The paras of a relay.
#[derive(Debug, Clone)]
pub struct Board<'a> {
    /// What was read, with its block and age.
    pub known: &'a Observed<Box<Paras>>,
    /// The paras, worst first.
    pub rows: Vec<Row<'a>>,
}

impl<'a> Board<'a> {
    /// The paras of this relay; none where they were never read.
    #[must_use]
    pub fn of(
        network: &'a Network,
        (spec, view): (&'a ChainSpec, &'a ChainView),
        alerts: impl Iterator<Item = &'a Alert>,
        now: UnixMs,
    ) -> Option<Self> {
        let known = view.parachains.known()?;
        let alerts = by_para(alerts.filter(|a| a.chain == spec.id));
        let (cores, depths) = (cores(&known.value), hrmp(&known.value));
        let mut rows: Vec<Row<'a>> = known
            .value
            .paras
            .values()
            .map(|para| {
                let included = view.included(para);
                let (blocks_ago, age_ms) = since(view, spec, included, now);
                let own = cores.as_ref().map(|all| all.get(&para.id).cloned().unwrap_or_default());
                let alert = alerts.get(&para.id).copied();
                let has_core = own.as_ref().map(|own| !own.is_empty());
                let state = state(spec, para, alert, (included, blocks_ago), has_core);
                Row {
                    para,
                    name: network.para(para.id).map(|chain| chain.name.as_str()),
                    state,
                    alert,
                    included,
                    blocks_ago,
                    age_ms,
                    cores: own,
                    hrmp: depths.get(&para.id).copied().unwrap_or_default(),
                }
            })
            .collect();
        rows.sort_by_key(|row| {
            (row.state, Reverse(row.blocks_ago.filter(|_| row.state < State::Fine)), row.para.id)
        });
        Some(Self { known, rows })
    }

    /// The row of a para.
    #[must_use]
    pub fn row(&self, id: ParaId) -> Option<&Row<'a>> {
        self.rows.iter().find(|row| row.para.id == id)
    }

    /// How many paras are so.
    #[must_use]
    pub fn count(&self, is: impl Fn(State) -> bool) -> u64 {
        u64::try_from(self.rows.iter().filter(|row| is(row.state)).count()).unwrap_or(u64::MAX)
    }
}

/// The worst alert about each para. A channel speaks of who does not take its messages.
fn by_para<'a>(alerts: impl Iterator<Item = &'a Alert>) -> BTreeMap<ParaId, &'a Alert> {
    let mut worst: BTreeMap<ParaId, &Alert> = BTreeMap::new();
    for alert in alerts {
        let subject = alert.subject.rsplit('-').next().and_then(|id| id.parse().ok());
        let about = ["para-stall", "para-code-stuck", "sovereign-low", "candidate-failure", "hrmp-backlog"];
        let Some(id) = subject.filter(|_| about.contains(&alert.detector.as_str())) else { continue };
        let entry = worst.entry(ParaId(id)).or_insert(alert);
        // What is about the para itself says more than what is about a channel to it.
        let weight = |a: &Alert| (a.severity, a.detector != "hrmp-backlog");
        if weight(alert) > weight(entry) {
            *entry = alert;
        }
    }
    worst
}

/// Relay blocks and milliseconds since the last inclusion.
fn since(view: &ChainView, spec: &ChainSpec, included: Included, now: UnixMs) -> (Option<u64>, Option<u64>) {
    let (Included::At(at), Some(best)) = (included, &view.best) else { return (None, None) };
    let blocks = best.value.number.saturating_sub(at);
    let stamp = view.blocks.by_number(at).and_then(|row| row.block.timestamp);
    let guess =
        || blocks.saturating_mul(view.block_time_ms(spec.block_time_ms)).saturating_add(best.age_ms(now));
    (Some(blocks), Some(stamp.map_or_else(guess, |stamp| now.since(stamp))))
}

fn state(
    spec: &ChainSpec,
    para: &Para,
    alert: Option<&Alert>,
    (included, blocks_ago): (Included, Option<u64>),
    has_core: Option<bool>,
) -> State {
    let severity = alert.map(|a| a.severity);
    let limits = &spec.thresholds;
    let late = match blocks_ago {
        Some(ago) if ago >= limits.para_stall_critical => Some(Severity::Critical),
        Some(ago) if ago >= limits.para_stall_major => Some(Severity::Major),
        _ => None,
    };
    match (has_core, late) {
        _ if alert.is_some_and(|a| a.detector == "para-stall") => {
            State::Stuck(Reverse(severity.unwrap_or(Severity::Major)))
        }
        (Some(true), Some(late)) => State::Stuck(Reverse(late)),
        _ if severity >= Some(Severity::Major) => {
            State::Alarmed(Reverse(severity.unwrap_or(Severity::Major)))
        }
        _ if para.lifecycle.value().is_some_and(|stage| stage.is_transition()) => State::Moves,
        _ if included == Included::Unknown || para.lifecycle.unread().is_some() => State::Unknown,
        (None, _) => State::Unknown,
        (Some(false), _) if blocks_ago.is_some_and(|ago| ago <= DAY) => State::LostCore,
        (Some(true), _) if included == Included::Never => State::Waits,
        _ if severity.is_some() => State::Noted,
        (Some(false), _) => State::Idle,
        (Some(true), _) => State::Fine,
    }
}

#[cfg(test)]
mod tests;
