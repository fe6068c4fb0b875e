//! The cores as screens and reports want them: what each serves, what it is given to and until when, and what the market of
//! the Coretime chain says of it.
//!
//! In: the relay's paras and the market, each as last read. Out: a row a core, and the sale that runs. What was not read is
//! none, never idle. Must not judge.

use crate::domain::coretime::{Coretime, Item, Phase, Region, Renewal, Sale};
use crate::domain::para::{Assigned, Core, CoreWork, Paras, Schedule};
use crate::domain::store::paras::listed;
use crate::domain::{ChainSpec, Clean, Network, Observed, ParaId, Store};
use std::collections::BTreeSet;

/// Most cores shown: a relay has hundreds at the very most.
const MOST: u32 = 2_000;

/// What a core does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// A candidate of this para waits on it to become available.
    Occupied(ParaId),
    /// This para is next.
    Next(ParaId),
    /// Nothing.
    Free,
}

/// How the market gave a core away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Title<'a> {
    /// Reserved for the system.
    Reserved,
    /// A lease of old, until this relay block where it is known.
    Leased(Option<u64>),
    /// A region that somebody holds.
    Region(&'a Region),
    /// Bought and assigned for good: what is known is its renewal.
    Bought,
    /// It serves orders of single blocks.
    Pool,
    /// The market does not give it away.
    Nobody,
}

/// What the market says of a core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deal<'a> {
    /// How it was given away; none where that was not read.
    pub title: Option<Title<'a>>,
    /// The relay block at which this ends; none where it does not end or is not known.
    pub ends: Option<u64>,
    /// The next renewal that is possible.
    pub renewal: Option<&'a Renewal>,
    /// The para that has it renewed by itself.
    pub auto: Option<ParaId>,
}

/// A core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreRow<'a> {
    /// Its index.
    pub index: u32,
    /// What it does now; none where that was not read.
    pub now: Option<Now>,
    /// Who comes next on it; none where that was not read.
    pub queue: Option<&'a [ParaId]>,
    /// What the relay gives it to; inside none: it was never given to anybody. None where that was not read.
    pub work: Option<Option<&'a CoreWork>>,
    /// What the relay will give it to next; none where nothing waits.
    pub next: Option<&'a Schedule>,
    /// What the market says; none where the market was not read.
    pub deal: Option<Deal<'a>>,
}

impl CoreRow<'_> {
    /// The parts of 57 600 that it is given to; none where that was not read.
    #[must_use]
    pub fn parts(&self) -> Option<&[(Assigned, u32)]> {
        self.work.map(|work| work.map_or(&[][..], |work| work.parts.as_slice()))
    }

    /// The relay block at which the assignment ends: what the relay expects, what follows, or what the market says.
    #[must_use]
    pub fn ends(&self) -> Option<u64> {
        let hint = self.work.flatten().and_then(|work| work.end_hint);
        let follows = self.next.map(|next| next.begin);
        let deal = self.deal.as_ref().and_then(|deal| deal.ends);
        [hint, follows, deal].into_iter().flatten().min()
    }

    /// True where it is known that no end is set: the relay's assignments were read and name none.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.work.is_some() && self.ends().is_none()
    }

    /// The para that it serves: now, next, or by assignment.
    #[must_use]
    pub fn para(&self) -> Option<ParaId> {
        let now = match self.now {
            Some(Now::Occupied(id) | Now::Next(id)) => Some(id),
            _ => None,
        };
        let queued = || self.queue.and_then(|queue| queue.first().copied());
        let given = || self.parts().into_iter().flatten().find_map(|(to, _)| task(*to));
        now.or_else(queued).or_else(given)
    }
}

fn task(to: Assigned) -> Option<ParaId> {
    match to {
        Assigned::Task(id) => Some(id),
        Assigned::Idle | Assigned::Pool => None,
    }
}

/// The market as last read, and the relay's clock.
#[derive(Debug, Clone, Copy)]
pub struct Market<'a> {
    /// The Coretime chain.
    pub spec: &'a ChainSpec,
    /// What was read.
    pub known: &'a Observed<Box<Coretime>>,
    /// Why the last read failed, where it did.
    pub failed: Option<&'a Clean>,
    /// The relay's best block.
    pub relay_now: Option<u64>,
}

impl<'a> Market<'a> {
    /// The market; else why nothing is known of it.
    ///
    /// # Errors
    /// No chain of the profile has a market that was read.
    pub fn of(network: &'a Network, store: &'a Store) -> Result<Self, String> {
        let chain = |spec: &'a ChainSpec| Some((spec, store.chain(&spec.id)?));
        let relay_now = network.relay().and_then(|r| Some(store.chain(&r.id)?.best.as_ref()?.value.number));
        let read = network.chains.iter().filter_map(chain);
        let mut read = read.filter_map(|(spec, view)| Some((spec, view, view.coretime.known()?)));
        if let Some((spec, view, known)) = read.next() {
            return Ok(Self { spec, known, failed: view.unread.get("coretime"), relay_now });
        }
        let wanted = network.chains.iter().find(|c| c.id.as_str() == crate::domain::coretime::CHAIN);
        Err(match wanted.map(|spec| (spec, store.chain(&spec.id))) {
            None => "the profile has no Coretime chain, or it is not watched".to_owned(),
            Some((spec, None)) => format!("{} has not answered", spec.name),
            Some((spec, Some(view))) => match view.coretime.reason() {
                Some(why) if view.best.is_some() => format!("{}: {why}", spec.name),
                _ => format!("{} has not answered", spec.name),
            },
        })
    }

    /// The market itself.
    #[must_use]
    pub fn value(&self) -> &'a Coretime {
        &self.known.value
    }

    /// The relay block of now: the relay's own, else the one on which the market was read.
    #[must_use]
    pub fn now(&self) -> Option<u64> {
        self.relay_now.or_else(|| self.value().relay_block.value().copied())
    }

    /// The sale that runs, its phase and its price; none where there is none or the clock is not known.
    #[must_use]
    pub fn sale(&self) -> Option<(&'a Sale, Phase, u128)> {
        let market = self.value();
        let sale = market.sale.value()?;
        let clock = market.sale_clock(self.relay_now)?;
        Some((sale, sale.phase(clock), sale.price(clock)))
    }

    /// What the market says of a core.
    #[must_use]
    pub fn deal(&self, core: u32) -> Deal<'a> {
        let market = self.value();
        let now = self.now().and_then(|now| market.timeslice_of(now));
        let region = now.and_then(|now| market.regions_of(core, now)?.next());
        let later = |renewal: &&Renewal| renewal.core == core && now.is_none_or(|now| renewal.when > now);
        let renewals = listed(&market.renewals);
        let renewal = renewals.into_iter().flatten().filter(later).min_by_key(|renewal| renewal.when);
        let auto = listed(&market.auto_renewals).into_iter().flatten().find(|auto| auto.core == core);
        let lease = self.lease(core);
        let title = self.title(core, (region, renewal, lease));
        let ends = match title {
            Some(Title::Leased(until)) => until,
            Some(Title::Region(region)) => market.block_of(region.end),
            Some(Title::Bought) => renewal.and_then(|renewal| market.block_of(renewal.when)),
            _ => None,
        };
        Deal { title, ends, renewal, auto: auto.map(|auto| ParaId(auto.task)) }
    }

    /// What the market gives a core to now.
    fn load(&self, core: u32) -> Option<&'a [Item]> {
        let loads = listed(&self.value().workload)?;
        Some(loads.iter().find(|load| load.core == core).map_or(&[], |load| load.items.as_slice()))
    }

    fn lease(&self, core: u32) -> Option<u64> {
        let tasks: BTreeSet<u32> =
            self.load(core)?.iter().filter_map(|item| Some(task(item.to)?.0)).collect();
        let lease = listed(&self.value().leases)?.iter().find(|lease| tasks.contains(&lease.task))?;
        Some(lease.until)
    }

    fn title(
        &self,
        core: u32,
        (region, renewal, lease): (Option<&'a Region>, Option<&Renewal>, Option<u64>),
    ) -> Option<Title<'a>> {
        let market = self.value();
        let is_cut = |item: &str| market.cut_of(&format!("Broker.{item}")).is_some();
        if let Some(region) = region {
            return Some(Title::Region(region));
        }
        let load = self.load(core);
        let reserved = listed(&market.reservations).zip(load);
        if reserved.is_some_and(|(all, load)| !load.is_empty() && all.iter().any(|items| items == load)) {
            return Some(Title::Reserved);
        }
        if let Some(until) = lease {
            return Some(Title::Leased(market.block_of(until)));
        }
        if renewal.is_some() {
            return Some(Title::Bought);
        }
        // What was not read, or not to its end, is not nobody's.
        let whole = ["Regions", "Workload", "PotentialRenewals"].into_iter().all(|item| !is_cut(item));
        let read = market.regions.unread().is_none() && market.renewals.unread().is_none();
        let load = load.filter(|_| whole && read && self.now().is_some())?;
        Some(match load {
            [] => Title::Nobody,
            items if items.iter().any(|item| item.to == Assigned::Pool) => Title::Pool,
            items if items.iter().all(|item| item.to == Assigned::Idle) => Title::Nobody,
            _ => Title::Bought,
        })
    }
}

/// The cores of a relay, by index.
#[must_use]
pub fn rows<'a>(paras: &'a Paras, market: Option<Market<'a>>) -> Vec<CoreRow<'a>> {
    let (claims, work, seen) = (listed(&paras.claim_queue), listed(&paras.work), listed(&paras.cores));
    let schedules = listed(&paras.schedules);
    let count = paras.limits.value().map_or(0, |limits| limits.num_cores);
    let places = u32::try_from(seen.map_or(0, <[_]>::len)).unwrap_or(MOST);
    let mut all: BTreeSet<u32> = (0..count.max(places).min(MOST)).collect();
    all.extend(claims.into_iter().flatten().map(|(core, _)| *core));
    all.extend(work.into_iter().flatten().map(|work| work.core));
    let now = |index: u32| {
        Some(match seen?.get(usize::try_from(index).ok()?)? {
            Core::Occupied(on) => Now::Occupied(on.para),
            Core::Scheduled(para) => Now::Next(*para),
            Core::Free => Now::Free,
        })
    };
    let queue = |index: u32| {
        let own = claims?.iter().find(|(core, _)| *core == index);
        Some(own.map_or(&[][..], |(_, queue)| queue.as_slice()))
    };
    let next = |index: u32| {
        let own = schedules?.iter().filter(|s| s.core == index && s.begin > paras.at.number);
        own.min_by_key(|s| s.begin)
    };
    let row = |index: u32| CoreRow {
        index,
        now: now(index),
        queue: queue(index),
        work: work.map(|work| work.iter().find(|w| w.core == index)),
        next: next(index),
        deal: market.map(|market| market.deal(index)),
    };
    all.into_iter().map(row).collect()
}

/// To whom something is given, in words.
#[must_use]
pub fn word(to: Assigned) -> String {
    match to {
        Assigned::Idle => "idle".to_owned(),
        Assigned::Pool => "pool".to_owned(),
        Assigned::Task(para) => format!("task {para}"),
    }
}

/// To whom a core is given; with parts where it is shared.
#[must_use]
pub fn words(parts: &[(Assigned, u32)]) -> String {
    match parts {
        [] => "idle".to_owned(),
        [(only, _)] => word(*only),
        several => {
            let part = |(to, parts): &(Assigned, u32)| format!("{} {parts}/57600", word(*to));
            several.iter().map(part).collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests;
