//! The sections `cores[]`, `coretime` and `on_demand` of the snapshot.
//!
//! In: the relay's paras and the market of the Coretime chain, each as last read. Out: one entry a core, the sale that runs,
//! what is on sale and can be kept. What was not read is null; why stands in `unread`.

use super::Input;
use crate::domain::coretime::Coretime;
use crate::domain::para::{Cited, Paras};
use crate::domain::store::paras::listed;
use crate::domain::{AccountId, ChainId};
use crate::state::cores::{CoreRow, Market, Now, Title, rows, words};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most regions and renewals told.
const MOST: usize = 1_000;

/// A core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CoreEntry {
    index: u32,
    /// `task 2000`, `pool`, `idle`; several with their parts of 57 600.
    assignment: Option<String>,
    occupied_by: Option<u32>,
    /// The para that is next, where nothing occupies the core.
    scheduled: Option<u32>,
    claim_queue: Option<Vec<u32>>,
    /// The relay block at which the assignment ends; null: no end is known.
    ends_at: Option<u64>,
    /// What follows, and from which relay block on.
    next: Option<Follows>,
    /// What the Coretime chain says of it; null where that was not read.
    market: Option<Deal>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Follows {
    begin: u64,
    assignment: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Deal {
    /// `reserved`, `leased`, `region`, `bought`, `pool`, `none`; null where that was not read.
    title: Option<&'static str>,
    owner: Option<String>,
    /// The next renewal that is possible.
    renewal: Option<Renewal>,
    /// The para that has it renewed by itself.
    auto_renewal: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Renewal {
    core: u32,
    timeslice: u64,
    relay_block: Option<u64>,
    price: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Region {
    core: u32,
    begin: u64,
    end: u64,
    ends_at: Option<u64>,
    parts: u32,
    owner: Option<String>,
    paid: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Sale {
    /// `interlude`, `leadin`, `fixed`.
    phase: Option<&'static str>,
    /// What a core costs now.
    price: Option<String>,
    end_price: String,
    starts_at: u64,
    /// The relay block at which the next sale begins.
    ends_at: Option<u64>,
    ends_in_ms: Option<u64>,
    offered: u32,
    sold: u32,
    left: u32,
    first_core: u32,
    region_begin: Slot,
    region_end: Slot,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Slot {
    timeslice: u64,
    relay_block: Option<u64>,
}

/// The market; every list is empty where `unread` says that it was not read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Coretimes {
    chain: Option<ChainId>,
    block: Option<u64>,
    age_ms: Option<u64>,
    cores: Option<u32>,
    private_pool: Option<u32>,
    system_pool: Option<u32>,
    sale: Option<Sale>,
    regions: Vec<Region>,
    renewals: Vec<Renewal>,
}

/// Orders of single blocks.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct OnDemand {
    price: Option<String>,
    queue: Vec<Order>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Order {
    para_id: u32,
    ordered_at: u64,
}

/// Relay blocks in milliseconds.
fn block_ms(input: Input<'_>) -> u64 {
    let relay = input.network.relay();
    let view = relay.and_then(|spec| Some((spec, input.store.chain(&spec.id)?)));
    view.map_or(6_000, |(spec, view)| view.block_time_ms(spec.block_time_ms))
}

fn address(input: Input<'_>, market: &Market<'_>, account: &AccountId) -> String {
    let identity = input.store.chain(&market.spec.id).and_then(|view| view.identity.value());
    match identity.and_then(|identity| identity.ss58_prefix) {
        Some(prefix) => account.ss58(prefix),
        None => account.to_string(),
    }
}

/// The market, and why parts of it are missing.
pub(super) fn coretime(input: Input<'_>, unread: &mut BTreeMap<String, String>) -> Coretimes {
    let market = match Market::of(input.network, input.store) {
        Ok(market) => market,
        Err(why) => {
            unread.insert("coretime".to_owned(), why);
            return Coretimes::default();
        }
    };
    let value = market.value();
    if let Some(why) = market.failed {
        let text =
            format!("the last read failed ({why}); the values are of Coretime block {}", value.at.number);
        unread.insert("coretime.refresh".to_owned(), text);
    }
    holes(value, unread);
    for cut in &value.cut {
        let list = cut.place.trim_start_matches("Broker.").to_lowercase();
        unread.insert(format!("coretime.{list}.cut"), cut.words());
    }
    let status = value.status.value();
    let regions = listed(&value.regions).into_iter().flatten().take(MOST);
    let renewals = listed(&value.renewals).into_iter().flatten().take(MOST);
    Coretimes {
        chain: Some(market.spec.id.clone()),
        block: Some(value.at.number),
        age_ms: value.stamped.map(|at| input.now.since(at)),
        cores: status.map(|status| status.cores),
        private_pool: status.map(|status| status.private_pool),
        system_pool: status.map(|status| status.system_pool),
        sale: sale(input, &market),
        regions: regions
            .map(|region| Region {
                core: region.core,
                begin: region.begin,
                end: region.end,
                ends_at: value.block_of(region.end),
                parts: region.parts,
                owner: region.owner.map(|owner| address(input, &market, &owner)),
                paid: region.paid.map(|paid| paid.to_string()),
            })
            .collect(),
        renewals: renewals.map(|renewal| told(value, renewal)).collect(),
    }
}

fn told(market: &Coretime, renewal: &crate::domain::coretime::Renewal) -> Renewal {
    Renewal {
        core: renewal.core,
        timeslice: renewal.when,
        relay_block: market.block_of(renewal.when),
        price: renewal.price.to_string(),
    }
}

/// What of the market was not read.
fn holes(market: &Coretime, unread: &mut BTreeMap<String, String>) {
    fn why<T>(cited: &Cited<T>) -> Option<String> {
        cited.unread().map(|why| format!("{}: {why}", cited.name))
    }
    for (name, why) in [
        ("cores", why(&market.status)),
        ("sale", why(&market.sale)),
        ("sale.ends_at", why(&market.terms).or_else(|| why(&market.timeslice))),
        ("regions", why(&market.regions)),
        ("renewals", why(&market.renewals)),
        ("workload", why(&market.workload)),
        ("reservations", why(&market.reservations)),
        ("leases", why(&market.leases)),
    ] {
        unread.extend(why.map(|why| (format!("coretime.{name}"), why)));
    }
    if market.sale.is_absent() {
        unread.insert("coretime.sale".to_owned(), "no sale was ever started".to_owned());
    }
}

fn sale(input: Input<'_>, market: &Market<'_>) -> Option<Sale> {
    let value = market.value();
    let sale = value.sale.value()?;
    let now = market.sale();
    let ends_at = value.sale_end();
    let slot = |timeslice: u64| Slot { timeslice, relay_block: value.block_of(timeslice) };
    let left = ends_at.zip(market.now()).map(|(end, now)| end.saturating_sub(now));
    Some(Sale {
        phase: now.map(|(_, phase, _)| match phase {
            crate::domain::coretime::Phase::Interlude => "interlude",
            crate::domain::coretime::Phase::Leadin => "leadin",
            crate::domain::coretime::Phase::Fixed => "fixed",
        }),
        price: now.map(|(.., price)| price.to_string()),
        end_price: sale.end_price.to_string(),
        starts_at: sale.start,
        ends_at,
        ends_in_ms: left.map(|blocks| blocks.saturating_mul(block_ms(input))),
        offered: sale.offered,
        sold: sale.sold,
        left: sale.left(),
        first_core: sale.first_core,
        region_begin: slot(sale.region_begin),
        region_end: slot(sale.region_end),
    })
}

/// The queue of single blocks, and why it is not known.
pub(super) fn on_demand(paras: &Paras, unread: &mut BTreeMap<String, String>) -> OnDemand {
    for (name, why) in
        [("on_demand", paras.on_demand.unread()), ("on_demand.price", paras.spot_price.unread())]
    {
        unread.extend(why.map(|why| (name.to_owned(), why.to_string())));
    }
    let order =
        |order: &crate::domain::para::Order| Order { para_id: order.para.0, ordered_at: order.ordered_at };
    OnDemand {
        price: paras.spot_price.value().map(ToString::to_string),
        queue: listed(&paras.on_demand).into_iter().flatten().map(order).collect(),
    }
}

/// The cores.
pub(super) fn cores(input: Input<'_>, paras: &Paras) -> Vec<CoreEntry> {
    let market = Market::of(input.network, input.store).ok();
    rows(paras, market).iter().map(|row| entry(input, market.as_ref(), row)).collect()
}

fn entry(input: Input<'_>, market: Option<&Market<'_>>, row: &CoreRow<'_>) -> CoreEntry {
    let (occupied_by, scheduled) = match row.now {
        Some(Now::Occupied(id)) => (Some(id.0), None),
        Some(Now::Next(id)) => (None, Some(id.0)),
        Some(Now::Free) | None => (None, None),
    };
    CoreEntry {
        index: row.index,
        assignment: row.parts().map(words),
        occupied_by,
        scheduled,
        claim_queue: row.queue.map(|queue| queue.iter().map(|id| id.0).collect()),
        ends_at: row.ends(),
        next: row.next.map(|next| Follows { begin: next.begin, assignment: words(&next.parts) }),
        market: market.zip(row.deal.as_ref()).map(|(market, deal)| Deal {
            title: deal.title.map(|title| match title {
                Title::Reserved => "reserved",
                Title::Leased(_) => "leased",
                Title::Region(_) => "region",
                Title::Bought => "bought",
                Title::Pool => "pool",
                Title::Nobody => "none",
            }),
            owner: match deal.title {
                Some(Title::Region(region)) => region.owner.map(|owner| address(input, market, &owner)),
                _ => None,
            },
            renewal: deal.renewal.map(|renewal| told(market.value(), renewal)),
            auto_renewal: deal.auto.map(|id| id.0),
        }),
    }
}
