//! What will happen on chain, and when: enactments, decisions, ends of sessions and eras, upgrades, ends of leases and sales.
//!
//! In: what is known of all chains, now. Out: entries by time. A moment is an estimate from whole blocks; how it was made stands
//! beside it. What cannot be dated is listed without a date, not left out. Must not read a clock.

use super::phase::Next;
use super::{Count, Task};
use crate::domain::para::{Assigned, Found};
use crate::domain::store::paras::listed;
use crate::domain::{ChainId, ChainKind, ChainSpec, ChainView, Network, Store, UnixMs};
use serde::Serialize;

/// Most entries of one chain.
const MOST: usize = 200;
/// Milliseconds of a year: what lies further away by a chain's own count will not come by itself.
const STRANDED_MS: u64 = 366 * 86_400_000;

/// What kind of thing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A task of the scheduler.
    Task,
    /// What was decided by referendum is enacted.
    Enactment,
    /// A step of a referendum.
    Referendum,
    /// A session ends.
    Session,
    /// An era ends.
    Era,
    /// The code of a para may be replaced.
    Upgrade,
    /// A para's time on a core ends.
    Lease,
    /// A sale of coretime ends.
    Sale,
}

impl Kind {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Enactment => "enactment",
            Self::Referendum => "referendum",
            Self::Session => "session",
            Self::Era => "era",
            Self::Upgrade => "upgrade",
            Self::Lease => "core",
            Self::Sale => "sale",
        }
    }
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// On which chain.
    pub chain: ChainId,
    /// What kind.
    pub kind: Kind,
    /// What, one sentence without its end.
    pub what: String,
    /// The block, by the chain's own count of it; none where it is told in time only.
    pub block: Option<u64>,
    /// Blocks until then.
    pub blocks_left: Option<u64>,
    /// The moment, if blocks come as they should.
    pub at: Option<UnixMs>,
    /// True where it lies so far away that it will not come: the count was begun anew (ACTIONS §2.4).
    pub stranded: bool,
    /// True for what comes again and again.
    pub periodic: bool,
}

/// Everything that is known to come, soonest first; what has no date stands at the end.
#[must_use]
pub fn upcoming(network: &Network, store: &Store, now: UnixMs) -> Vec<Entry> {
    let relay = network.relay().and_then(|spec| Some((spec, store.chain(&spec.id)?)));
    let mut all = Vec::new();
    for spec in &network.chains {
        let Some(view) = store.chain(&spec.id) else { continue };
        let mut of = Coming { spec, view, relay, now, out: Vec::new() };
        of.governance();
        of.session();
        if spec.kind == ChainKind::Relay {
            of.paras();
        }
        of.out.sort_by_key(|e| (e.at.is_none(), e.at));
        of.out.truncate(MOST);
        all.append(&mut of.out);
    }
    all.sort_by_key(|e| (e.stranded, e.at.is_none(), e.at, e.kind));
    all
}

/// A chain by its profile and what is known of it.
pub type Known<'a> = (&'a ChainSpec, &'a ChainView);

/// The block now, and milliseconds between blocks, of the count that governance goes by on a chain.
#[must_use]
pub fn clock(relay: Option<Known<'_>>, own: Known<'_>, count: Count) -> (Option<u64>, u64) {
    let time = |(spec, view): Known<'_>| view.block_time_ms(spec.block_time_ms);
    let best = |(_, view): Known<'_>| view.best.as_ref().map(|b| b.value.number);
    match count {
        Count::Own(read) => (best(own).map(|b| b.max(read)).or(Some(read)), time(own)),
        Count::Relay(read) => match relay {
            Some(relay) => (best(relay).map(|b| b.max(read)).or(Some(read)), time(relay)),
            None => (Some(read), 6_000),
        },
        Count::Unknown => (None, 6_000),
    }
}

struct Coming<'a> {
    spec: &'a ChainSpec,
    view: &'a ChainView,
    relay: Option<(&'a ChainSpec, &'a ChainView)>,
    now: UnixMs,
    out: Vec<Entry>,
}

impl Coming<'_> {
    fn put(&mut self, kind: Kind, what: String, when: (Option<u64>, Option<u64>, u64), periodic: bool) {
        let (block, left, block_time_ms) = when;
        let ms = left.map(|left| left.saturating_mul(block_time_ms));
        self.out.push(Entry {
            chain: self.spec.id.clone(),
            kind,
            what,
            block,
            blocks_left: left,
            at: ms.map(|ms| self.now.plus(ms)),
            stranded: ms.is_some_and(|ms| ms > STRANDED_MS),
            periodic,
        });
    }

    fn governance(&mut self) {
        let Some(gov) = self.view.governance.value() else { return };
        let (now, block_time) = clock(self.relay, (self.spec, self.view), gov.count);
        if let Found::Value(tasks) = &gov.agenda {
            for task in tasks.iter().filter(|t| now.is_none_or(|now| t.when >= now)) {
                let left = now.map(|now| task.when.saturating_sub(now));
                let kind = if task.enacts.is_some() { Kind::Enactment } else { Kind::Task };
                self.put(
                    kind,
                    task_words(task),
                    (Some(task.when), left, block_time),
                    task.periodic.is_some(),
                );
            }
        }
        let Some(now) = now else { return };
        for body in &gov.bodies {
            for referendum in body.list() {
                if let Some((at, what)) = body.outlook(referendum, now).next {
                    let words = format!("{} {}: {}", body.pallet, referendum.index, what.words());
                    let enacts = if what == Next::Passes { Kind::Enactment } else { Kind::Referendum };
                    let left = at.saturating_sub(now);
                    self.put(enacts, words, (Some(at), Some(left), block_time), false);
                }
            }
        }
    }

    fn session(&mut self) {
        let best = self.view.best.as_ref().map(|b| b.value.number);
        let block_time = self.view.block_time_ms(self.spec.block_time_ms);
        if let Some(session) = self.view.session.value()
            && let Some(left) = session.blocks_left()
        {
            let block = best.map(|best| best.saturating_add(left));
            let what = format!("session {} ends", session.index);
            self.put(Kind::Session, what, (block, Some(left), block_time), true);
        }
    }

    fn paras(&mut self) {
        let Some(paras) = self.view.parachains.value() else { return };
        let best = self.view.best.as_ref().map_or(paras.at.number, |b| b.value.number);
        let block_time = self.view.block_time_ms(self.spec.block_time_ms);
        for (para, at) in listed(&paras.upcoming).into_iter().flatten() {
            let left = at.saturating_sub(best);
            let what = format!("para {para} may apply its new code");
            self.put(Kind::Upgrade, what, (Some(*at), Some(left), block_time), false);
        }
        for work in listed(&paras.work).into_iter().flatten() {
            let Some(end) = work.end_hint.filter(|end| *end >= best) else { continue };
            let tasks: Vec<String> = work.parts.iter().filter_map(|(what, _)| task_of(what)).collect();
            if !tasks.is_empty() {
                let what = format!("core {} is free of {}", work.core, tasks.join(", "));
                let when = (Some(end), Some(end.saturating_sub(best)), block_time);
                self.put(Kind::Lease, what, when, false);
            }
        }
    }
}

fn task_of(work: &Assigned) -> Option<String> {
    match work {
        Assigned::Task(para) => Some(format!("para {para}")),
        _ => None,
    }
}

fn task_words(task: &Task) -> String {
    let call = match &task.proposal.call {
        Found::Value(judged) => judged.call.path(),
        Found::Absent | Found::Unread(_) => format!("call {}", task.proposal.hash.short()),
    };
    match (&task.enacts, task.periodic) {
        (Some((pallet, index)), _) => format!("{pallet} {index} is enacted: {call} as {}", task.origin),
        (None, Some((every, times))) => {
            format!("{call} as {}, every {every} blocks, {times} more times", task.origin)
        }
        (None, None) => format!("{call} as {}", task.origin),
    }
}
