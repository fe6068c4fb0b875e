//! The document of `sereno snapshot --json`.
//!
//! In: the store and the alerts at a moment. Out: [`Snapshot`], field by field as CONTRACT says. What could not be read is
//! null, and every section that was not read stands in `unread` with the reason.

mod balances;
mod cores;
mod governance;
mod paras;
mod validators;

use crate::domain::endpoint::Badge;
use crate::domain::store::ChainView;
use crate::domain::{
    Alert, BlockRef, ChainId, ChainKind, ChainSpec, EndpointView, Hash, Network, Store, UnixMs,
};
use crate::state::alerts::Blind;
use serde::Serialize;
use std::collections::BTreeMap;

/// Blocks that go into `block_time_ms`.
const BLOCK_TIMES: usize = 60;

/// What the snapshot is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The network.
    pub network: &'a Network,
    /// The store.
    pub store: &'a Store,
    /// The alerts.
    pub alerts: &'a [Alert],
    /// The rules that cannot tell: neither quiet nor an alert.
    pub blind: &'a [Blind<'a>],
    /// The same in lines for people.
    pub blind_lines: &'a [String],
    /// The health of each chain, in the word of CONTRACT.
    pub health: &'a BTreeMap<ChainId, &'static str>,
    /// Now.
    pub now: UnixMs,
    /// `live` or `replay`.
    pub source: &'static str,
}

/// The world at a moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    schema: u32,
    network: String,
    taken_at: String,
    source: &'static str,
    chains: Vec<Chain>,
    alerts: Vec<Alert>,
    validators: Vec<validators::Validator>,
    parachains: Vec<paras::Parachain>,
    hrmp: Vec<paras::Channel>,
    cores: Vec<cores::CoreEntry>,
    coretime: cores::Coretimes,
    on_demand: cores::OnDemand,
    balances: balances::Balances,
    referenda: Vec<governance::Entry>,
    sudo: Vec<governance::Used>,
    calendar: Vec<crate::domain::gov::calendar::Entry>,
    parameters_changed: Vec<governance::Changed>,
    runtime: Vec<Runtime>,
    tickets: Tickets,
    unread: BTreeMap<String, String>,
    /// The rules that cannot tell, in lines for people; `unread` has each of them.
    #[serde(skip)]
    blind: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Chain {
    id: ChainId,
    name: String,
    genesis_hash: Option<Hash>,
    spec_name: Option<String>,
    spec_version: Option<u32>,
    token: Option<Token>,
    ss58_prefix: Option<u16>,
    para_id: Option<u32>,
    best: Option<Head>,
    finalized: Option<Head>,
    finality_lag: Option<u64>,
    block_time_ms: BlockTime,
    session: Option<Session>,
    era: Option<u32>,
    peers: Option<u32>,
    pool_size: Option<u32>,
    reorgs: Option<u32>,
    endpoints: Vec<Endpoint>,
    health: &'static str,
    /// The endpoint that the values were read from.
    source: Option<String>,
    /// Values of this chain that were not read, with the reason.
    unread: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Token {
    symbol: String,
    decimals: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Head {
    number: u64,
    hash: Hash,
    age_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct BlockTime {
    target: Option<u64>,
    p50: Option<u64>,
    p95: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Session {
    index: u32,
    blocks_left: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Endpoint {
    url: String,
    state: &'static str,
    latency_ms: Option<u32>,
    best: Option<u64>,
    detail: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Runtime {
    chain: ChainId,
    spec_version: Option<u32>,
    last_upgrade: Option<LastUpgrade>,
    authorized: Option<()>,
    pending_code: Option<()>,
    pallets: Option<u32>,
    host_config: Option<()>,
    code_hash: Option<Hash>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct LastUpgrade {
    from: Option<u32>,
    to: u32,
    block: BlockRef,
    at: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Tickets {
    repository: Option<String>,
    synced_at: Option<String>,
    open: Vec<()>,
    stats: TicketStats,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct TicketStats {
    ack_within_24h: Option<f64>,
    mean_resolution_h: Option<f64>,
    in_sla: Option<f64>,
    excluded_core: Option<u64>,
}

/// Sections of CONTRACT that this program does not read yet.
const NOT_BUILT: [&str; 1] = ["tickets"];

impl Snapshot {
    /// Takes the snapshot.
    #[must_use]
    pub fn of(input: Input<'_>) -> Self {
        let mut unread: BTreeMap<String, String> =
            NOT_BUILT.iter().map(|s| ((*s).to_owned(), "this version does not read it".to_owned())).collect();
        unread.insert("runtime.authorized".to_owned(), "this version does not read it".to_owned());
        unread.insert("runtime.pending_code".to_owned(), "this version does not read it".to_owned());
        unread.insert("runtime.host_config".to_owned(), "this version does not read it".to_owned());
        let chains: Vec<Chain> = input.network.chains.iter().map(|spec| chain(input, spec)).collect();
        for c in chains.iter().filter(|c| c.best.is_none()) {
            unread.insert(format!("chains.{}", c.id), no_data(input, &c.id));
        }
        for b in input.blind {
            let section = |rule: &str| format!("detectors.{}.{rule}", b.chain);
            unread.extend(b.rules.iter().map(|(rule, reason)| (section(rule), reason.to_string())));
        }
        let validators = validators::section(input, &mut unread);
        let paras = paras::sections(input, &mut unread);
        let coretime = cores::coretime(input, &mut unread);
        let balances = balances::section(input, &mut unread);
        let referenda = governance::section(input, &mut unread);
        Self {
            schema: 1,
            network: input.network.id.clone(),
            taken_at: input.now.rfc3339(),
            source: input.source,
            chains,
            alerts: input.alerts.to_vec(),
            validators,
            parachains: paras.parachains,
            hrmp: paras.hrmp,
            cores: paras.cores,
            coretime,
            on_demand: paras.on_demand,
            balances,
            referenda,
            sudo: governance::sudo(input),
            calendar: crate::domain::gov::calendar::upcoming(input.network, input.store, input.now),
            parameters_changed: governance::changed(input),
            runtime: input.network.chains.iter().map(|spec| runtime(input, spec)).collect(),
            tickets: Tickets::default(),
            unread,
            blind: input.blind_lines.to_vec(),
        }
    }

    /// True where at least one chain's best block was read.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.chains.iter().any(|c| c.best.is_some())
    }

    /// The snapshot as a table for people.
    #[must_use]
    pub fn text(&self) -> String {
        use crate::screen::format;
        let mut out = format!(
            "{:<14} {:<9} {:>12} {:>12} {:>5} {:>7} {:>9} {:>10}  {}\n",
            "CHAIN", "HEALTH", "BEST", "FINALIZED", "LAG", "AGE", "BLOCK", "SPEC", "ENDPOINTS"
        );
        for c in &self.chains {
            let live = c.endpoints.iter().filter(|e| e.state == "live").count();
            let opt = |n: Option<u64>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
            out.push_str(&format!(
                "{:<14} {:<9} {:>12} {:>12} {:>5} {:>7} {:>9} {:>10}  {} of {} live\n",
                c.name,
                c.health,
                opt(c.best.as_ref().map(|b| b.number)),
                opt(c.finalized.as_ref().map(|b| b.number)),
                opt(c.finality_lag),
                c.best.as_ref().and_then(|b| b.age_ms).map_or_else(|| "?".to_owned(), format::age),
                c.block_time_ms.p50.map_or_else(|| "?".to_owned(), format::seconds),
                opt(c.spec_version.map(u64::from)),
                live,
                c.endpoints.len(),
            ));
        }
        for a in &self.alerts {
            out.push_str(&format!("{} {} {}: {}\n", a.severity.word(), a.detector, a.chain, a.summary));
        }
        for line in &self.blind {
            out.push_str(&format!("? {line}\n"));
        }
        out
    }
}

/// Why nothing is known of a chain: what its endpoints say.
fn no_data(input: Input<'_>, id: &ChainId) -> String {
    let Some(view) = input.store.chain(id) else { return "no endpoint has answered yet".to_owned() };
    let reasons: Vec<String> = view
        .endpoints
        .iter()
        .map(|(e, v)| format!("{e}: {}", crate::domain::endpoint::link_words(&v.link)))
        .collect();
    if reasons.is_empty() { "no endpoint is given".to_owned() } else { reasons.join("; ") }
}

fn chain(input: Input<'_>, spec: &ChainSpec) -> Chain {
    let empty = ChainView::new(input.now);
    let view = input.store.chain(&spec.id).unwrap_or(&empty);
    let identity = view.identity.value();
    let runtime = view.runtime.value();
    let target = view.block_time_ms(spec.block_time_ms);
    let times = view.blocks.block_times(BLOCK_TIMES);
    let head = |at: BlockRef, stamp: Option<UnixMs>| Head {
        number: at.number,
        hash: at.hash,
        age_ms: stamp.map(|s| input.now.since(s)),
    };
    let stamp = |at: &BlockRef| view.blocks.by_hash(&at.hash).and_then(|r| r.block.timestamp);
    Chain {
        id: spec.id.clone(),
        name: spec.name.clone(),
        genesis_hash: identity.map(|i| i.genesis),
        spec_name: runtime.map(|r| r.spec_name.to_string()),
        spec_version: runtime.map(|r| r.spec_version),
        token: identity
            .and_then(|i| i.token.as_ref())
            .map(|t| Token { symbol: t.symbol.to_string(), decimals: t.decimals }),
        ss58_prefix: identity.and_then(|i| i.ss58_prefix),
        para_id: para_id(spec, view),
        best: view.best.as_ref().map(|b| head(b.value, stamp(&b.value))),
        finalized: view
            .finalized
            .as_ref()
            .map(|f| head(f.value, view.finalized_timestamp.or_else(|| stamp(&f.value)))),
        finality_lag: view.finality_lag(),
        block_time_ms: BlockTime {
            target: view.known_block_time_ms(spec.block_time_ms),
            p50: times.map(|t| t.p50_ms),
            p95: times.map(|t| t.p95_ms),
        },
        session: view.session.value().map(|s| Session { index: s.index, blocks_left: s.blocks_left() }),
        era: view.era.value().and_then(|e| e.as_ref()).map(|e| e.index),
        peers: view.peers.value().copied(),
        pool_size: view.pool.value().copied(),
        reorgs: view.best.as_ref().map(|_| view.reorgs),
        endpoints: endpoints(input, spec, view, target),
        health: input.health.get(&spec.id).copied().unwrap_or("unknown"),
        source: view.source.as_ref().map(ToString::to_string),
        unread: view.unread.iter().map(|(k, v)| (k.clone(), v.to_string())).collect(),
    }
}

fn para_id(spec: &ChainSpec, view: &ChainView) -> Option<u32> {
    let read = view.identity.value().and_then(|i| i.para_id);
    match (read, spec.kind) {
        (Some(id), _) | (None, ChainKind::Para(id)) => Some(id.0),
        (None, ChainKind::Relay) => None,
    }
}

fn endpoints(input: Input<'_>, spec: &ChainSpec, view: &ChainView, target: u64) -> Vec<Endpoint> {
    let fresh = EndpointView::new(input.now);
    spec.endpoints
        .iter()
        .map(|id| {
            let e = view.endpoints.get(id).unwrap_or(&fresh);
            let badge = view.badge_of(e, input.now, target);
            Endpoint {
                url: id.to_string(),
                state: state(badge),
                latency_ms: e.latency_ms,
                best: e.best.map(|b| b.number),
                detail: crate::domain::endpoint::badge_words(badge, &e.link),
            }
        })
        .collect()
}

fn state(badge: Badge) -> &'static str {
    match badge {
        Badge::Live => "live",
        Badge::Lagging(_) | Badge::Stale(_) | Badge::Frozen(_) => "lagging",
        Badge::Down | Badge::Unverified => "down",
        Badge::WrongChain => "wrong-chain",
    }
}

fn runtime(input: Input<'_>, spec: &ChainSpec) -> Runtime {
    let view = input.store.chain(&spec.id);
    let version = view.and_then(|v| v.runtime.value());
    let last = view.and_then(|v| v.upgrades.back()).map(|u| LastUpgrade {
        from: u.old.as_ref().map(|o| o.spec_version),
        to: u.new.spec_version,
        block: u.since,
        at: u.at.rfc3339(),
    });
    Runtime {
        chain: spec.id.clone(),
        spec_version: version.map(|v| v.spec_version),
        last_upgrade: last,
        authorized: None,
        pending_code: None,
        pallets: version.map(|v| v.pallets),
        host_config: None,
        code_hash: version.and_then(|v| v.code_hash),
    }
}
