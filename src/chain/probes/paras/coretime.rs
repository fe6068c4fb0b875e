//! The market of cores in the state of one block of the Coretime chain: sale, regions, workload, renewals, leases.
//!
//! In: a connection to that chain, a block and its runtime. Out: [`Coretime`], each value with its place. About eight
//! requests, of maps one page each. Must not judge.

use super::look::{Answers, Asked, Entries, Look, Place, name_of, unread};
use super::tree;
use crate::chain::transport::LinkError;
use crate::codec::{DecodedEvent, Runtime, hex_key};
use crate::domain::Clean;
use crate::domain::call::Node;
use crate::domain::coretime::{
    AutoRenewal, Coretime, Item, Lease, Load, PoolChange, Region, Renewal, Sale, Status, Terms,
};
use crate::domain::para::{Assigned, Cited, Found};
use sp_crypto_hashing::twox_128;

const PALLET: &str = "Broker";
const RELAY: Place<'static> = ("ParachainSystem", "LastRelayChainBlockNumber", &[]);
const PLAIN: [Place<'static>; 8] = [
    ("Timestamp", "Now", &[]),
    RELAY,
    (PALLET, "Configuration", &[]),
    (PALLET, "Status", &[]),
    (PALLET, "SaleInfo", &[]),
    (PALLET, "Reservations", &[]),
    (PALLET, "Leases", &[]),
    (PALLET, "AutoRenewals", &[]),
];
const MAPS: [&str; 5] = ["Regions", "Workload", "Workplan", "PotentialRenewals", "InstaPoolIo"];
/// Parts of a core in a mask are bits, 720 of 57 600 each.
const BIT: u32 = 720;
/// Events that come with every timeslice and change nothing that is shown.
const ROUTINE: [&str; 4] = ["HistoryInitialized", "HistoryDropped", "HistoryIgnored", "ClaimsReady"];

/// True where the runtime has the market.
pub(in crate::chain) fn on(runtime: &Runtime) -> bool {
    runtime.key(PALLET, "SaleInfo").is_ok()
}

/// True for events after which the market is worth another look.
pub(in crate::chain) fn touches(event: &DecodedEvent) -> bool {
    event.pallet == PALLET && !ROUTINE.contains(&event.name.as_str())
}

/// Reads the market.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn read(look: Look<'_>) -> Result<Coretime, LinkError> {
    let [regions, workload, workplan, renewals, pool] =
        futures::future::try_join_all(MAPS.map(|item| look.entries(PALLET, item)))
            .await?
            .try_into()
            .unwrap_or_else(|_| MAPS.map(|_| Err(Clean::of("it was not asked for"))));
    let maps = [regions, workload, workplan, renewals, pool];
    let mut asked = look.ask();
    PLAIN.into_iter().for_each(|place| asked.place(place));
    let version = version_key(look);
    version.iter().for_each(|key| asked.key(key.clone()));
    for (item, entries) in MAPS.iter().zip(&maps) {
        ask(&mut asked, item, entries);
    }
    let told = asked.read().await?;
    let cut = MAPS.iter().zip(&maps);
    let cut = cut.filter_map(|(item, entries)| entries.as_ref().ok()?.cut(&format!("{PALLET}.{item}")));
    let cut = cut.collect();
    let [regions, workload, workplan, renewals, pool] = &maps;
    Ok(Coretime {
        at: look.at,
        stamped: super::whole::stamped(&told),
        relay_block: told.cite(RELAY, tree::number),
        timeslice: timeslice(look),
        layout: layout(&told, version.as_deref()),
        terms: told.cite((PALLET, "Configuration", &[]), terms),
        status: told.cite((PALLET, "Status", &[]), status),
        sale: told.cite((PALLET, "SaleInfo", &[]), sale),
        regions: map(look, &told, ("Regions", regions), region),
        workload: map(look, &told, ("Workload", workload), |args, node| {
            Some(Load { core: tree::number(args.first()?)?, begin: None, items: items(node)? })
        }),
        workplan: map(look, &told, ("Workplan", workplan), |args, node| {
            let (begin, core) = tree::pair(args.first()?)?;
            Some(Load { core: tree::number(core)?, begin: Some(tree::number(begin)?), items: items(node)? })
        }),
        reservations: told.cite((PALLET, "Reservations", &[]), |node| tree::all(node, items)),
        leases: told.cite((PALLET, "Leases", &[]), |node| tree::all(node, lease)),
        renewals: map(look, &told, ("PotentialRenewals", renewals), renewal),
        auto_renewals: told.cite((PALLET, "AutoRenewals", &[]), |node| tree::all(node, auto_renewal)),
        pool: map(look, &told, ("InstaPoolIo", pool), |args, node| {
            let change = |name: &str| signed(tree::field(node, name)?);
            let (private, system) = (change("private")?, change("system")?);
            Some(PoolChange { at: tree::number(args.first()?)?, private, system })
        }),
        cut,
    })
}

fn ask(asked: &mut Asked<'_>, item: &str, entries: &Result<Entries, Clean>) {
    for args in entries.iter().flat_map(|entries| &entries.keys) {
        asked.place((PALLET, item, args));
    }
}

/// A map by its entries. Where one of them was not read, the map was not.
fn map<T>(
    look: Look<'_>,
    told: &Answers<'_>,
    (item, entries): (&str, &Result<Entries, Clean>),
    view: impl Fn(&[Node], &Node) -> Option<T>,
) -> Cited<Vec<T>> {
    let name = name_of((PALLET, item, &[]));
    let key = look.runtime.storage_key(PALLET, item, &[]).map(|key| hex_key(&key)).unwrap_or_default();
    let mut values = Vec::new();
    let found = match entries {
        Err(why) => Found::Unread(why.clone()),
        Ok(entries) => {
            let mut failed = None;
            for args in &entries.keys {
                match told.cite((PALLET, item, args), |node| view(args, node)).found {
                    Found::Value(value) => values.push(value),
                    Found::Absent => {}
                    Found::Unread(why) => failed = failed.or(Some(why)),
                }
            }
            failed.map_or_else(|| Found::Value(values), Found::Unread)
        }
    };
    Cited { name, key, found }
}

/// Where every pallet keeps the version of its storage; the metadata does not name it.
fn version_key(look: Look<'_>) -> Option<Vec<u8>> {
    let key = look.runtime.storage_key(PALLET, "SaleInfo", &[]).ok()?;
    Some([key.get(..16)?, &twox_128(b":__STORAGE_VERSION__:")].concat())
}

fn layout(told: &Answers<'_>, key: Option<&[u8]>) -> Cited<u16> {
    let name = format!("{PALLET} storage version");
    match key {
        Some(key) => told.raw(&name, key, |bytes| Some(u16::from_le_bytes(bytes.try_into().ok()?))),
        None => Cited { name, key: String::new(), found: unread("the runtime has no market") },
    }
}

fn timeslice(look: Look<'_>) -> Cited<u64> {
    let name = format!("{PALLET}.TimeslicePeriod");
    let found = match look.runtime.constant::<u32>(PALLET, "TimeslicePeriod") {
        Ok(blocks) => Found::Value(u64::from(blocks)),
        Err(e) => unread(&e.to_string()),
    };
    Cited { key: format!("constant {name}"), name, found }
}

fn terms(node: &Node) -> Option<Terms> {
    Some(Terms {
        advance_notice: tree::number_in(node, "advance_notice")?,
        interlude: tree::number_in(node, "interlude_length")?,
        leadin: tree::number_in(node, "leadin_length")?,
        region_length: tree::number_in(node, "region_length")?,
        most_offered: tree::option(tree::field(node, "limit_cores_offered")?, tree::number)?,
        renewal_bump: tree::number_in(node, "renewal_bump")?,
    })
}

fn status(node: &Node) -> Option<Status> {
    Some(Status {
        cores: tree::number_in(node, "core_count")?,
        private_pool: tree::number_in(node, "private_pool_size")?,
        system_pool: tree::number_in(node, "system_pool_size")?,
        committed: tree::number_in(node, "last_committed_timeslice")?,
        last: tree::number_in(node, "last_timeslice")?,
    })
}

/// The price is called `price` by the first version of the pallet.
fn sale(node: &Node) -> Option<Sale> {
    let price = tree::field(node, "end_price").or_else(|| tree::field(node, "price"))?;
    Some(Sale {
        start: tree::number_in(node, "sale_start")?,
        leadin: tree::number_in(node, "leadin_length")?,
        end_price: tree::planck(price)?,
        region_begin: tree::number_in(node, "region_begin")?,
        region_end: tree::number_in(node, "region_end")?,
        ideal: tree::number_in(node, "ideal_cores_sold")?,
        offered: tree::number_in(node, "cores_offered")?,
        sold: tree::number_in(node, "cores_sold")?,
        first_core: tree::number_in(node, "first_core")?,
        sellout_price: tree::option(tree::field(node, "sellout_price")?, tree::planck)?,
    })
}

/// The parts of a core that a mask covers.
fn parts(node: &Node) -> Option<u32> {
    let bytes = tree::bytes(node).or_else(|| tree::bytes(tree::field(node, "0")?))?;
    Some(bytes.iter().map(|byte| byte.count_ones()).sum::<u32>().saturating_mul(BIT))
}

fn items(node: &Node) -> Option<Vec<Item>> {
    tree::all(node, |item| {
        let what = tree::field(item, "assignment")?;
        let to = match tree::variant(what)? {
            "Idle" => Assigned::Idle,
            "Pool" => Assigned::Pool,
            "Task" => Assigned::Task(tree::para(tree::field(what, "0")?)?),
            _ => return None,
        };
        Some(Item { to, parts: parts(tree::field(item, "mask")?)? })
    })
}

/// The owner is no option in the first version of the pallet.
fn region(args: &[Node], node: &Node) -> Option<Region> {
    let id = args.first()?;
    let owner = tree::field(node, "owner")?;
    let owner = tree::account(owner).map_or_else(|| tree::option(owner, tree::account), |a| Some(Some(a)))?;
    Some(Region {
        core: tree::number_in(id, "core")?,
        begin: tree::number_in(id, "begin")?,
        parts: parts(tree::field(id, "mask")?)?,
        end: tree::number_in(node, "end")?,
        owner,
        paid: tree::option(tree::field(node, "paid")?, tree::planck)?,
    })
}

fn lease(node: &Node) -> Option<Lease> {
    Some(Lease { task: tree::number_in(node, "task")?, until: tree::number_in(node, "until")? })
}

fn renewal(args: &[Node], node: &Node) -> Option<Renewal> {
    let (id, completion) = (args.first()?, tree::field(node, "completion")?);
    Some(Renewal {
        core: tree::number_in(id, "core")?,
        when: tree::number_in(id, "when")?,
        price: tree::planck(tree::field(node, "price")?)?,
        items: match tree::variant(completion)? {
            "Complete" => items(tree::field(completion, "0")?)?,
            _ => Vec::new(),
        },
    })
}

fn auto_renewal(node: &Node) -> Option<AutoRenewal> {
    Some(AutoRenewal {
        core: tree::number_in(node, "core")?,
        task: tree::number_in(node, "task")?,
        next: tree::number_in(node, "next_renewal")?,
    })
}

fn signed(node: &Node) -> Option<i64> {
    match node {
        Node::Number(n) => i64::try_from(*n).ok(),
        Node::Negative(n) => i64::try_from(*n).ok(),
        _ => None,
    }
}
