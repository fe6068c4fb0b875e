//! The world state as a Prometheus exposition.
//!
//! In: the same state as the screen. Out: text in the OpenMetrics format. Built anew at every scrape, so that a chain that
//! is gone leaves no series behind; what is unknown has no series, never a zero. Must not serve anything: the runtime does.

use super::snapshot::Input;
use crate::domain::endpoint::Badge;
use crate::domain::store::ChainView;
use crate::domain::{ChainSpec, Severity};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::AtomicU64;

type Labels = Vec<(String, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// The families of one scrape.
struct Families {
    best: Gauges,
    finalized: Gauges,
    lag: Gauges,
    age: Gauges,
    target: Gauges,
    interval: Gauges,
    session: Gauges,
    era: Gauges,
    peers: Gauges,
    pool: Gauges,
    reorgs: Gauges,
    spec_version: Gauges,
    endpoint_live: Gauges,
    endpoint_latency: Gauges,
    endpoint_best: Gauges,
    health: Gauges,
    alerts: Gauges,
    alert_since: Gauges,
    missed: Gauges,
    included: Gauges,
}

/// The exposition of everything known.
///
/// # Errors
/// The encoder refuses a name: a bug.
pub fn exposition(input: Input<'_>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("sereno");
    let families = Families::register(&mut registry);
    for spec in &input.network.chains {
        let labels =
            vec![("network".to_owned(), input.network.id.clone()), ("chain".to_owned(), spec.id.to_string())];
        let health = input.health.get(&spec.id).copied().unwrap_or("unknown");
        families.health.get_or_create(&with(&labels, "health", health)).set(1.0);
        if let Some(view) = input.store.chain(&spec.id) {
            families.chain(input, spec, view, &labels);
        }
    }
    families.alerts(input);
    let mut out = String::new();
    encode(&mut out, &registry)?;
    Ok(out)
}

fn with(labels: &Labels, name: &str, value: &str) -> Labels {
    let mut out = labels.clone();
    out.push((name.to_owned(), value.to_owned()));
    out
}

/// A count as a gauge value; exact up to 2^53, far above any block number.
#[expect(clippy::cast_precision_loss, reason = "block numbers and milliseconds stay far below 2^53")]
fn float(n: u64) -> f64 {
    n as f64
}

fn seconds(ms: u64) -> f64 {
    float(ms) / 1_000.0
}

impl Families {
    fn register(registry: &mut Registry) -> Self {
        let mut family = |name: &str, help: &str| {
            let gauges = Gauges::default();
            registry.register(name, help, gauges.clone());
            gauges
        };
        Self {
            best: family("chain_best_block", "Number of the best block"),
            finalized: family("chain_finalized_block", "Number of the finalized block"),
            lag: family("chain_finality_lag_blocks", "Best minus finalized"),
            age: family("chain_best_age_seconds", "Age of the best block by its own timestamp"),
            target: family("chain_block_time_target_seconds", "Time that should lie between blocks"),
            interval: family("chain_block_time_seconds", "Time between recent blocks, by quantile"),
            session: family("chain_session_index", "Session in progress"),
            era: family("chain_era_index", "Active era"),
            peers: family("chain_peers", "Peers of the node that is read"),
            pool: family(
                "chain_pool_transactions",
                "Transactions waiting in the pool of the node that is read",
            ),
            reorgs: family("chain_reorgs", "Reorganisations seen in this run"),
            spec_version: family("chain_spec_version", "spec_version of the runtime in force"),
            endpoint_live: family("endpoint_live", "1 while the endpoint serves fresh blocks"),
            endpoint_latency: family("endpoint_latency_seconds", "Round trip of the last answered request"),
            endpoint_best: family("endpoint_best_block", "Best block that the endpoint reports"),
            health: family("chain_health", "1 for the health word in force"),
            alerts: family("alert", "1 for every alert that is on record"),
            alert_since: family("alert_since_timestamp_seconds", "When the alert began"),
            missed: family("author_missed_slots", "Slots of the session that their secondary owner missed"),
            included: family(
                "para_last_included_relay_block",
                "Relay block that last included a block of the para",
            ),
        }
    }

    fn chain(&self, input: Input<'_>, spec: &ChainSpec, view: &ChainView, labels: &Labels) {
        let set = |family: &Gauges, value: Option<f64>| {
            if let Some(value) = value {
                family.get_or_create(labels).set(value);
            }
        };
        let best = view.best.as_ref().map(|b| b.value);
        let stamp = best.and_then(|b| view.blocks.by_hash(&b.hash)).and_then(|r| r.block.timestamp);
        let target = view.block_time_ms(spec.block_time_ms);
        set(&self.best, best.map(|b| float(b.number)));
        set(&self.finalized, view.finalized.as_ref().map(|f| float(f.value.number)));
        set(&self.lag, view.finality_lag().map(float));
        set(&self.age, stamp.map(|s| seconds(input.now.since(s))));
        set(&self.target, view.known_block_time_ms(spec.block_time_ms).map(seconds));
        set(&self.session, view.session.value().map(|s| f64::from(s.index)));
        set(&self.era, view.era.value().and_then(|e| e.as_ref()).map(|e| f64::from(e.index)));
        set(&self.peers, view.peers.value().map(|n| f64::from(*n)));
        set(&self.pool, view.pool.value().map(|n| f64::from(*n)));
        set(&self.reorgs, best.map(|_| f64::from(view.reorgs)));
        set(&self.spec_version, view.runtime.value().map(|r| f64::from(r.spec_version)));
        if let Some(times) = view.blocks.block_times(60) {
            self.interval.get_or_create(&with(labels, "quantile", "0.5")).set(seconds(times.p50_ms));
            self.interval.get_or_create(&with(labels, "quantile", "0.95")).set(seconds(times.p95_ms));
        }
        for (author, slots) in &view.slots.by_author {
            let label = with(labels, "author", &author.to_string());
            self.missed.get_or_create(&label).set(f64::from(slots.missed));
        }
        for (para, progress) in &view.paras {
            if let Some(block) = progress.last_included {
                self.included.get_or_create(&with(labels, "para", &para.to_string())).set(float(block));
            }
        }
        for (id, endpoint, badge) in view.badges(input.now, target) {
            let label = with(labels, "endpoint", id.as_str());
            self.endpoint_live.get_or_create(&label).set(f64::from(u8::from(badge == Badge::Live)));
            if let Some(ms) = endpoint.latency_ms {
                self.endpoint_latency.get_or_create(&label).set(seconds(u64::from(ms)));
            }
            if let Some(best) = endpoint.best {
                self.endpoint_best.get_or_create(&label).set(float(best.number));
            }
        }
    }

    fn alerts(&self, input: Input<'_>) {
        for alert in input.alerts {
            let mut labels = vec![
                ("network".to_owned(), input.network.id.clone()),
                ("chain".to_owned(), alert.chain.to_string()),
                ("detector".to_owned(), alert.detector.clone()),
                ("subject".to_owned(), alert.subject.clone()),
                ("folded".to_owned(), alert.cause_id.is_some().to_string()),
            ];
            labels.push(("severity".to_owned(), Severity::word(alert.severity).to_owned()));
            self.alerts.get_or_create(&labels).set(1.0);
            let since = u64::try_from(alert.since.0).unwrap_or(0);
            self.alert_since.get_or_create(&labels).set(seconds(since));
        }
    }
}
