//! The book of alerts: what fires now, since when, why, who has taken it, and what fired before.
//!
//! In: the network, the store and the time, on every tick and after facts ([`AlertBook::evaluate`]); acknowledgements and
//! silences of operators. Out: changes for `check`, `watch` and the timeline, alerts for the screen and JSON. Serialisable
//! as a whole; the same facts at the same times give the same book. Must not judge a chain: detectors do.

mod blind;
mod cause;
mod link;

pub use blind::Blind;

use crate::detectors::{DETECTORS, Finding, Verdict, View, Watch};
use crate::domain::{Alert, AlertId, ChainId, ChainSpec, ChainView, Clean, Network, Severity, Store, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Changes remembered for the timeline.
pub const MAX_HISTORY: usize = 256;
/// Silences, and acknowledgements that came before their alert, that are remembered.
const MAX_PENDING: usize = 256;
/// An acknowledgement that came before its alert waits so long for it, milliseconds (the journal is read before the
/// chains answer; an alert that comes later is a new one).
const PENDING_MS: u64 = 300_000;
/// Ticks come at least every ten seconds; a longer step means that this console stood still, milliseconds.
const STOOD_STILL_MS: u64 = 15_000;
/// A minor alert, or a fall in severity, must last so many block times before it counts: raising is never delayed.
const HOLD_BLOCKS: u64 = 2;

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It began.
    Raised,
    /// Its severity changed.
    Changed,
    /// It ended.
    Cleared,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When it was noticed.
    pub at: UnixMs,
    /// What happened.
    pub kind: ChangeKind,
    /// The alert as it stood then.
    pub alert: Alert,
}

/// An alert that fires, with what only the console needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The alert.
    pub alert: Alert,
    /// When it was raised here; `alert.since` is when the trouble began.
    pub raised_at: UnixMs,
    /// True while nobody can tell whether it still stands.
    pub unsure: bool,
    /// Since when the detector has said quiet; the alert clears when that has lasted.
    quiet_since: Option<UnixMs>,
    /// Since when the detector has given a lower severity.
    lower_since: Option<UnixMs>,
}

/// A row of the alert panel: an alert that no other explains, with what it explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// The alert.
    pub standing: &'a Standing,
    /// Alerts folded under it.
    pub folded: usize,
    /// The worst severity among it and them.
    pub worst: Severity,
    /// Until when it is silenced; it stays on the screen, dim and last.
    pub silenced_until: Option<UnixMs>,
}

/// All alerts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertBook {
    standing: BTreeMap<AlertId, Standing>,
    history: VecDeque<Change>,
    silenced: BTreeMap<AlertId, UnixMs>,
    early_acks: BTreeMap<AlertId, (String, UnixMs)>,
    unknown: Vec<(ChainId, String, Clean)>,
    watch: Watch,
    evaluated: Option<UnixMs>,
    your_link: Option<UnixMs>,
    calm: Option<(UnixMs, String)>,
}

impl AlertBook {
    /// Judges everything anew and returns what changed, in the order of the network and of the detectors.
    pub fn evaluate(&mut self, network: &Network, store: &Store, now: UnixMs) -> Vec<Change> {
        self.keep_watch(now);
        self.silenced.retain(|_, until| *until > now);
        self.early_acks.retain(|_, (_, at)| now.since(*at) <= PENDING_MS);
        self.unknown.clear();
        let was_down = self.your_link.is_some();
        self.your_link = link::down_since(network, store, &self.watch, (was_down, now));
        if self.your_link.is_some() {
            self.lose_sight(network);
            return vec![];
        }
        if was_down {
            self.watch.link_back = Some(now);
        }
        let mut changes = vec![];
        for spec in &network.chains {
            self.judge(network, store, spec, &mut changes);
        }
        cause::assign(&mut self.standing, network);
        for change in &mut changes {
            if let Some(standing) = self.standing.get(&change.alert.id) {
                change.alert.cause_id.clone_from(&standing.alert.cause_id);
            }
        }
        self.remember(&changes);
        changes
    }

    /// Nothing is heard from anybody: what stands is unsure, and no rule can tell about any chain.
    fn lose_sight(&mut self, network: &Network) {
        self.standing.values_mut().for_each(|standing| standing.unsure = true);
        let why = Clean::of("your own link is down");
        let every = network.chains.iter().flat_map(|spec| DETECTORS.iter().map(move |d| (spec, d)));
        self.unknown.extend(every.map(|(spec, d)| (spec.id.clone(), d.id.to_owned(), why.clone())));
    }

    fn keep_watch(&mut self, now: UnixMs) {
        match self.evaluated {
            None => {
                self.watch.started = now;
                self.early_acks.values_mut().for_each(|(_, at)| *at = now);
            }
            Some(before) if now.since(before) > STOOD_STILL_MS => self.watch.woke = Some(now),
            Some(_) => {}
        }
        self.evaluated = Some(now);
    }

    fn judge(&mut self, network: &Network, store: &Store, spec: &ChainSpec, changes: &mut Vec<Change>) {
        let now = self.evaluated.unwrap_or_default();
        let empty = ChainView::new(now);
        let chain = store.chain(&spec.id).unwrap_or(&empty);
        let view = View { network, spec, chain, store, watch: self.watch, now };
        let hold = HOLD_BLOCKS.saturating_mul(view.block_time_ms());
        for detector in DETECTORS {
            let mut firing = BTreeSet::new();
            let verdict = (detector.check)(&view);
            let unsure = matches!(verdict, Verdict::Unknown(_));
            match verdict {
                Verdict::Quiet => {}
                Verdict::Firing(findings) => {
                    for finding in findings {
                        let id = AlertId::new(detector.id, &spec.id, &finding.subject);
                        changes.extend(self.fire(alert(&id, detector.id, spec, finding), now, hold));
                        firing.insert(id);
                    }
                }
                Verdict::Unknown(reason) => {
                    self.unknown.push((spec.id.clone(), detector.id.to_owned(), reason));
                }
            }
            for (id, standing) in &mut self.standing {
                let own = standing.alert.detector == detector.id && standing.alert.chain == spec.id;
                if own && !firing.contains(id) {
                    standing.unsure = unsure;
                    if !unsure {
                        standing.quiet_since.get_or_insert(now);
                    }
                }
            }
            changes.extend(self.clear_quiet(detector.id, &spec.id, hold));
        }
    }

    fn fire(&mut self, alert: Alert, now: UnixMs, hold: u64) -> Option<Change> {
        let Some(standing) = self.standing.get_mut(&alert.id) else {
            let acked_by = self.early_acks.remove(&alert.id).map(|(by, _)| by);
            let alert = Alert { acked_by, ..alert };
            let standing = Standing {
                alert: alert.clone(),
                raised_at: now,
                unsure: false,
                quiet_since: None,
                lower_since: None,
            };
            self.standing.insert(alert.id.clone(), standing);
            return Some(Change { at: now, kind: ChangeKind::Raised, alert });
        };
        standing.unsure = false;
        standing.quiet_since = None;
        let before = standing.alert.severity;
        let mut severity = alert.severity;
        if severity < before {
            let since = *standing.lower_since.get_or_insert(now);
            if now.since(since) < hold {
                severity = before;
            }
        }
        if severity != before || alert.severity >= before {
            standing.lower_since = None;
        }
        let kept = &standing.alert;
        standing.alert = Alert {
            severity,
            since: kept.since,
            acked_by: kept.acked_by.clone(),
            cause_id: kept.cause_id.clone(),
            ..alert
        };
        (severity != before).then(|| Change {
            at: now,
            kind: ChangeKind::Changed,
            alert: standing.alert.clone(),
        })
    }

    /// Removes what has been quiet for long enough: at once above minor, after `hold` below.
    fn clear_quiet(&mut self, detector: &str, chain: &ChainId, hold: u64) -> Vec<Change> {
        let now = self.evaluated.unwrap_or_default();
        let over = |s: &Standing| {
            let hold = if s.alert.severity == Severity::Minor { hold } else { 0 };
            s.alert.detector == detector
                && s.alert.chain == *chain
                && !s.unsure
                && s.quiet_since.is_some_and(|since| now.since(since) >= hold)
        };
        let ids: Vec<AlertId> =
            self.standing.values().filter(|s| over(s)).map(|s| s.alert.id.clone()).collect();
        let gone = ids.iter().filter_map(|id| self.standing.remove(id)).map(|s| s.alert);
        gone.map(|alert| Change { at: now, kind: ChangeKind::Cleared, alert }).collect()
    }

    fn remember(&mut self, changes: &[Change]) {
        for change in changes {
            if change.kind == ChangeKind::Cleared && change.alert.severity >= Severity::Major {
                self.calm = Some((change.at, change.alert.id.to_string()));
            }
            self.history.push_back(change.clone());
        }
        let excess = self.history.len().saturating_sub(MAX_HISTORY);
        self.history.drain(..excess);
    }

    /// Notes who has taken an alert. One that has not been raised yet takes it when it is, within five minutes.
    /// False where nothing changed.
    pub fn ack(&mut self, id: &AlertId, by: &str) -> bool {
        if let Some(standing) = self.standing.get_mut(id) {
            return standing.alert.acked_by.replace(by.to_owned()).as_deref() != Some(by);
        }
        let room = self.early_acks.len() < MAX_PENDING || self.early_acks.contains_key(id);
        if room {
            // Before the first evaluation the time is not known: the wait begins with that.
            let at = self.evaluated.unwrap_or_default();
            self.early_acks.insert(id.clone(), (by.to_owned(), at));
        }
        room
    }

    /// Takes an acknowledgement back; false where there was none.
    pub fn unack(&mut self, id: &AlertId) -> bool {
        let early = self.early_acks.remove(id).is_some();
        let taken = self.standing.get_mut(id).and_then(|s| s.alert.acked_by.take()).is_some();
        early || taken
    }

    /// Silences an alert until then; false where too many are silenced already.
    pub fn silence(&mut self, id: &AlertId, until: UnixMs) -> bool {
        let room = self.silenced.len() < MAX_PENDING || self.silenced.contains_key(id);
        if room {
            self.silenced.insert(id.clone(), until);
        }
        room
    }

    /// Until when an alert is silenced.
    #[must_use]
    pub fn silenced_until(&self, id: &AlertId) -> Option<UnixMs> {
        self.silenced.get(id).copied()
    }

    /// Since when our own link has been down; then no chain alert is raised and all are unsure.
    #[must_use]
    pub fn your_link(&self) -> Option<UnixMs> {
        self.your_link
    }

    /// Since when this console has been able to see.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch
    }

    /// When the last major or critical alert cleared, and its id; none where there was none in this run.
    #[must_use]
    pub fn last_cleared(&self) -> Option<(UnixMs, &str)> {
        self.calm.as_ref().map(|(at, id)| (*at, id.as_str()))
    }

    /// Everything that stands, by id.
    pub fn standing(&self) -> impl Iterator<Item = &Standing> {
        self.standing.values()
    }

    /// The alert with this id, where it stands.
    #[must_use]
    pub fn get(&self, id: &AlertId) -> Option<&Standing> {
        self.standing.get(id)
    }

    /// Detectors that could not tell at the last evaluation: chain, detector, reason.
    pub fn unknown(&self) -> impl Iterator<Item = (&ChainId, &str, &Clean)> {
        self.unknown.iter().map(|(chain, detector, reason)| (chain, detector.as_str(), reason))
    }

    /// What was raised, changed and cleared, oldest first, at most [`MAX_HISTORY`].
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.history.iter()
    }

    /// Every alert, folded ones too, worst first, then oldest.
    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        let mut all: Vec<Alert> = self.standing.values().map(|s| s.alert.clone()).collect();
        all.sort_by(|a, b| (b.severity, a.since, &a.id).cmp(&(a.severity, b.since, &b.id)));
        all
    }

    /// The alerts that no other explains, worst of the fold first, then oldest; silenced ones last.
    #[must_use]
    pub fn visible(&self) -> Vec<Row<'_>> {
        let mut folds: BTreeMap<&AlertId, (usize, Severity)> = BTreeMap::new();
        for standing in self.standing.values() {
            if let Some(cause) = &standing.alert.cause_id {
                let fold = folds.entry(cause).or_insert((0, Severity::Info));
                *fold = (fold.0 + 1, fold.1.max(standing.alert.severity));
            }
        }
        let roots = self.standing.values().filter(|s| s.alert.cause_id.is_none());
        let mut rows: Vec<Row<'_>> = roots
            .map(|standing| {
                let (folded, below) = folds.get(&standing.alert.id).copied().unwrap_or((0, Severity::Info));
                let worst = below.max(standing.alert.severity);
                Row { standing, folded, worst, silenced_until: self.silenced_until(&standing.alert.id) }
            })
            .collect();
        rows.sort_by(|a, b| {
            let key = |r: &Row<'_>| {
                (r.silenced_until.is_some(), std::cmp::Reverse(r.worst), r.standing.alert.since)
            };
            key(a).cmp(&key(b)).then_with(|| a.standing.alert.id.cmp(&b.standing.alert.id))
        });
        rows
    }
}

fn alert(id: &AlertId, detector: &str, spec: &ChainSpec, finding: Finding) -> Alert {
    Alert {
        id: id.clone(),
        detector: detector.to_owned(),
        severity: finding.severity,
        chain: spec.id.clone(),
        subject: finding.subject,
        summary: finding.summary,
        since: finding.since,
        acked_by: None,
        runbook: None,
        cause_id: None,
        blocker: finding.blocker,
    }
}

#[cfg(test)]
mod tests;
