//! The market of cores of the Coretime chain: what is read under its real metadata, when, and what stays unknown.

use super::bed::*;
use crate::faultd::{Chain, Encoder, FakeRuntime, Node, bytes, number, twox64_key};
use codec::Encode as _;
use scale_value::Value;
use sereno::domain::coretime::{Coretime, Phase};
use sereno::domain::para::Assigned;
use sereno::domain::{ChainKind, Fact, Observation, ParaId, Store};
use std::sync::Arc;

/// A Coretime chain with its encoder.
struct Market {
    chain: Arc<Chain>,
    encoder: Encoder,
}

fn assigned(to: Assigned) -> Value {
    match to {
        Assigned::Idle => Value::unnamed_variant("Idle", []),
        Assigned::Pool => Value::unnamed_variant("Pool", []),
        Assigned::Task(id) => Value::unnamed_variant("Task", [number(id.0)]),
    }
}

/// Parts of a core in a mask of eighty bits.
fn mask(bits: [u8; 10]) -> Value {
    bytes(&bits)
}

fn items(parts: &[(Assigned, [u8; 10])]) -> Value {
    Value::unnamed_composite(
        parts
            .iter()
            .map(|(to, bits)| Value::named_composite([("mask", mask(*bits)), ("assignment", assigned(*to))])),
    )
}

const WHOLE: [u8; 10] = [0xff; 10];
const HALF: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0];
const TASK: Assigned = Assigned::Task(ParaId(2_000));

fn blake(encoded: &[u8]) -> Vec<u8> {
    let hash = sp_crypto_hashing::blake2_128(encoded);
    [&hash[..], encoded].concat()
}

impl Market {
    fn new() -> Self {
        let runtime = FakeRuntime::coretime();
        let market = Self { encoder: Encoder::new(&runtime), chain: Chain::new(runtime) };
        market.chain.write(&storage_version(), Some("0x0400".to_owned()));
        market.write("ParachainSystem.LastRelayChainBlockNumber", &number(7_990));
        market
    }

    fn write(&self, name: &str, value: &Value) {
        self.chain.write(name, Some(self.encoder.storage(name, value)));
    }

    fn entry(&self, name: &str, key: &str, value: &Value) {
        self.chain.write(key, Some(self.encoder.storage(name, value)));
    }

    /// A sale of five cores from relay block 7 950 on, three of which are sold.
    fn sale(&self, sold: u32) {
        let none = || Value::unnamed_variant("None", []);
        let config = Value::named_composite([
            ("advance_notice", number(10)),
            ("interlude_length", number(50)),
            ("leadin_length", number(80)),
            ("region_length", number(100)),
            ("ideal_bulk_proportion", number(1_000_000_000)),
            ("limit_cores_offered", none()),
            ("renewal_bump", number(30_000_000)),
            ("contribution_timeout", number(100)),
        ]);
        self.write("Broker.Configuration", &config);
        let status = Value::named_composite([
            ("core_count", number(9)),
            ("private_pool_size", number(40)),
            ("system_pool_size", number(80)),
            ("last_committed_timeslice", number(100)),
            ("last_timeslice", number(99)),
        ]);
        self.write("Broker.Status", &status);
        let price = Value::unnamed_variant("Some", [Value::u128(70_000_000_000_000)]);
        let sale = Value::named_composite([
            ("sale_start", number(7_950)),
            ("leadin_length", number(80)),
            ("end_price", Value::u128(5_000_000_000_000)),
            ("region_begin", number(110)),
            ("region_end", number(210)),
            ("ideal_cores_sold", number(5)),
            ("cores_offered", number(5)),
            ("first_core", number(4)),
            ("sellout_price", price),
            ("cores_sold", number(sold)),
        ]);
        self.write("Broker.SaleInfo", &sale);
    }

    /// Regions, workload, workplan, renewals, leases, reservations, the pool.
    fn goods(&self) {
        let region = (110_u32, 4_u16, HALF).encode();
        let owner = Value::unnamed_variant("Some", [bytes(&[9; 32])]);
        let value = Value::named_composite([
            ("end", number(210)),
            ("owner", owner),
            ("paid", Value::unnamed_variant("Some", [Value::u128(6)])),
        ]);
        let key = map_key("Broker.Regions", &blake(&region));
        self.entry("Broker.Regions", &key, &value);
        let shared = items(&[(TASK, HALF), (Assigned::Pool, [0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0])]);
        self.entry("Broker.Workload", &twox64_key("Broker.Workload", &3_u16.encode()), &shared);
        let plan = twox64_key("Broker.Workplan", &(110_u32, 3_u16).encode());
        self.entry("Broker.Workplan", &plan, &items(&[(Assigned::Idle, WHOLE)]));
        let completion = Value::unnamed_variant("Complete", [items(&[(TASK, WHOLE)])]);
        let renewal = Value::named_composite([("price", Value::u128(77)), ("completion", completion)]);
        let key = twox64_key("Broker.PotentialRenewals", &(3_u16, 110_u32).encode());
        self.entry("Broker.PotentialRenewals", &key, &renewal);
        let system = items(&[(Assigned::Task(ParaId(1_000)), WHOLE)]);
        self.write("Broker.Reservations", &Value::unnamed_composite([system]));
        let lease = Value::named_composite([("until", number(300)), ("task", number(1_500))]);
        self.write("Broker.Leases", &Value::unnamed_composite([lease]));
        let auto = Value::named_composite([
            ("core", number(3)),
            ("task", number(2_000)),
            ("next_renewal", number(110)),
        ]);
        self.write("Broker.AutoRenewals", &Value::unnamed_composite([auto]));
        let io = Value::named_composite([("private", Value::i128(-40)), ("system", number(80))]);
        let key = map_key("Broker.InstaPoolIo", &blake(&110_u32.encode()));
        self.entry("Broker.InstaPoolIo", &key, &io);
    }

    /// The blocks to come have this event of the pallet, or none.
    fn event(&self, event: Option<Value>) {
        let phase = Value::unnamed_variant("Initialization", []);
        let record = |event| {
            Value::named_composite([
                ("phase", phase),
                ("event", Value::unnamed_variant("Broker", [event])),
                ("topics", Value::unnamed_composite([])),
            ])
        };
        self.write("System.Events", &Value::unnamed_composite(event.map(record)));
    }
}

fn storage_version() -> String {
    let key = [sp_crypto_hashing::twox_128(b"Broker"), sp_crypto_hashing::twox_128(b":__STORAGE_VERSION__:")];
    sereno::domain::ids::to_hex(&key.concat())
}

fn map_key(name: &str, hashed: &[u8]) -> String {
    format!("{}{}", crate::faultd::key(name), sereno::domain::ids::to_hex(hashed).trim_start_matches("0x"))
}

fn options() -> Options {
    Options { kind: ChainKind::Para(ParaId(1_005)), ..Options::default() }
}

pub fn told(seen: &[Observation]) -> Vec<Coretime> {
    let markets = seen.iter().filter_map(|o| match &o.fact {
        Fact::Coretime(market) => Some((**market).clone()),
        _ => None,
    });
    markets.collect()
}

async fn at_least(bed: &Bed, count: usize) {
    bed.until(&format!("{count} readings of the market"), 10, |seen| told(seen).len() >= count).await;
}

async fn grown(market: &Market, bed: &Bed) {
    market.chain.advance(1);
    bed.until_best(market.chain.best(), 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_market_is_read_as_the_real_metadata_lays_it_down() {
    let market = Market::new();
    market.sale(3);
    market.goods();
    market.chain.advance(5);
    let a = Node::start(&market.chain).await;
    let bed = Bed::with(vec![a.url()], &options());
    at_least(&bed, 1).await;
    let read = told(&bed.seen()).remove(0);
    assert_eq!((read.timeslice.value(), read.layout.value()), (Some(&80), Some(&4)));
    assert_eq!(read.relay_block.value(), Some(&7_990));
    let sale = *read.sale.value().expect("a sale");
    assert_eq!((sale.offered, sale.sold, sale.left(), sale.first_core), (5, 3, 2, 4));
    assert_eq!((sale.phase(7_990), sale.price(7_990)), (Phase::Leadin, 50_000_000_000_000));
    assert_eq!((sale.sellout_price, read.sale_end()), (Some(70_000_000_000_000), Some(110 * 80 - 10)));
    let status = read.status.value().expect("a status");
    assert_eq!((status.cores, status.private_pool, status.system_pool), (9, 40, 80));
    let region = read.regions.value().expect("regions")[0];
    assert_eq!((region.core, region.begin, region.end, region.parts), (4, 110, 210, 28_800));
    assert_eq!((region.owner.map(|o| o.0), region.paid), (Some([9; 32]), Some(6)));
    let load = &read.workload.value().expect("workload")[0];
    let parts: Vec<(Assigned, u32)> = load.items.iter().map(|item| (item.to, item.parts)).collect();
    assert_eq!((load.core, load.begin), (3, None));
    assert_eq!(parts, [(TASK, 28_800), (Assigned::Pool, 5_760)]);
    let plan = &read.workplan.value().expect("workplan")[0];
    assert_eq!((plan.core, plan.begin, plan.items[0].to), (3, Some(110), Assigned::Idle));
    let renewal = &read.renewals.value().expect("renewals")[0];
    assert_eq!((renewal.core, renewal.when, renewal.price), (3, 110, 77));
    assert_eq!(renewal.items[0].to, TASK);
    assert_eq!(read.reservations.value().map(|all| all[0][0].to), Some(Assigned::Task(ParaId(1_000))));
    assert_eq!(read.leases.value().map(|all| (all[0].task, all[0].until)), Some((1_500, 300)));
    assert_eq!(read.auto_renewals.value().map(|all| (all[0].core, all[0].next)), Some((3, 110)));
    assert_eq!(read.pool.value().map(|all| (all[0].at, all[0].private, all[0].system)), Some((110, -40, 80)));
    assert!(read.cut.is_empty() && read.sale.key.starts_with("0x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_was_never_set_up_is_read_as_nothing_and_not_as_unread() {
    let market = Market::new();
    market.chain.advance(5);
    let a = Node::start(&market.chain).await;
    let bed = Bed::with(vec![a.url()], &options());
    at_least(&bed, 1).await;
    let read = told(&bed.seen()).remove(0);
    assert!(read.sale.is_absent() && read.terms.is_absent() && read.status.is_absent());
    assert_eq!(read.regions.value().map(Vec::len), Some(0));
    assert_eq!(read.sale_end(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_read_again_when_an_event_touches_it_and_not_with_every_block() {
    let market = Market::new();
    market.sale(3);
    market.event(None);
    market.chain.advance(5);
    let a = Node::start(&market.chain).await;
    let bed = Bed::with(vec![a.url()], &options());
    at_least(&bed, 1).await;
    for _ in 0..20 {
        grown(&market, &bed).await;
    }
    market.event(Some(Value::named_variant(
        "HistoryInitialized",
        [("when", number(100)), ("private_pool_size", number(0)), ("system_pool_size", number(0))],
    )));
    grown(&market, &bed).await;
    market.sale(4);
    market.event(Some(Value::named_variant("CoreCountChanged", [("core_count", number(9))])));
    grown(&market, &bed).await;
    market.event(None);
    let touched = market.chain.best();
    at_least(&bed, 2).await;
    let read = told(&bed.seen());
    assert_eq!(read[1].at.number, touched, "neither earlier nor for what every timeslice brings");
    assert_eq!(read[1].sale.value().map(|sale| sale.sold), Some(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_with_its_reason_and_what_was_read_before_stays() {
    let market = Market::new();
    market.sale(3);
    market.goods();
    market.event(None);
    market.chain.advance(5);
    let a = Node::start(&market.chain).await;
    a.set(|s| {
        s.errors.insert("state_getKeysPaged", (Some(-32_999), "RPC rate limit exceeded"));
    });
    let bed = Bed::with(vec![a.url()], &options());
    at_least(&bed, 1).await;
    let read = told(&bed.seen()).remove(0);
    assert!(read.sale.value().is_some(), "plain items were answered");
    assert!(read.regions.unread().is_some_and(|why| why.as_str().contains("rate limit")));
    let mut store = Store::default();
    bed.seen().iter().for_each(|o| store.apply(o));
    let view = store.chain(&"relay".into()).unwrap();
    assert_eq!(view.coretime.known().and_then(|k| k.block).map(|b| b.number), Some(read.at.number));
}
