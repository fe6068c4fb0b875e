//! Headless commands: `watch`, `snapshot`, `check`, `metrics`.
//!
//! In: a plan and options. Out: lines on a writer and an exit code. The same sources and the same fold as the console.

use super::compose::{Base, GLANCE};
use super::engine::{Engine, unknown_chains, with_input};
use super::scrape;
use super::sources::{Plan, Sources};
use super::{tape, watch};
use crate::app::Effect;
use crate::detectors::DETECTORS;
use crate::domain::balance::watch::watched;
use crate::domain::coretime;
use crate::domain::{Alert, ChainId, ChainKind, ChainSpec, ChainView, EndpointId, Link, Severity};
use crate::keymap::Keymap;
use crate::record::Recording;
use crate::report::metrics;
use crate::report::snapshot::Snapshot;
use crate::state::health::Health;
use crate::state::{AppState, Mode};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Longest wait of one step, milliseconds: how soon an interruption is noticed.
const STEP_MS: u64 = 250;
/// A snapshot whose chains are read waits so long for endpoints that are still connecting, milliseconds: an endpoint
/// that was given no time is not down.
const SETTLE_MS: u64 = 5_000;
/// A snapshot waits so long for the first answer about the register of validators, milliseconds.
const REGISTER_MS: u64 = 10_000;

fn engine(plan: &Plan, base: &Base) -> io::Result<Engine> {
    let state = AppState::new(plan.network.clone(), Keymap::default(), String::new(), Mode::Headless);
    let mut engine = Engine::new(state, Sources::start(plan, &base.clock)?, base.clock.clone());
    engine.follow_register(plan, base)?;
    Ok(engine)
}

/// `sereno watch`: until interrupted or until nobody reads any more. Alert changes are lines of kind `alert`.
///
/// # Errors
/// The system gives no thread.
pub fn watch(plan: &Plan, base: &Base, stop: &AtomicBool, out: &mut impl Write) -> io::Result<()> {
    let mut engine = engine(plan, base)?;
    while !stop.load(Ordering::Relaxed) {
        let mut lines = Vec::new();
        for effect in engine.step(STEP_MS, |seen| lines.extend(watch::lines(seen))) {
            if let Effect::Alert(change) = effect {
                lines.push(watch::alert_line(&change));
            }
        }
        for line in &lines {
            if writeln!(out, "{line}").is_err() {
                return Ok(());
            }
        }
        if !lines.is_empty() && out.flush().is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// `sereno snapshot`: gathers until every chain is read, or until `timeout_ms`.
///
/// # Errors
/// The system gives no thread.
pub fn snapshot(plan: &Plan, base: &Base, timeout_ms: u64, stop: &AtomicBool) -> io::Result<Snapshot> {
    let mut engine = engine(plan, base)?;
    let started = engine.now();
    let watched: BTreeMap<&ChainId, usize> =
        plan.network.chains.iter().map(|c| (&c.id, watched(&plan.network, c, None, &[]).len())).collect();
    let accounts = |c: &ChainSpec| watched.get(&c.id).copied().unwrap_or_default();
    while engine.now().since(started) < timeout_ms && !stop.load(Ordering::Relaxed) {
        let _ = engine.step(STEP_MS.min(50), |_| {});
        let waited = engine.now().since(started);
        if waited < REGISTER_MS && engine.awaits_register() {
            continue;
        }
        if plan.network.chains.iter().all(|c| {
            is_read(&engine.state, (c, accounts(c)), waited) || is_hopeless(&engine.state, c, waited)
        }) {
            break;
        }
    }
    Ok(with_input(&engine.state, "live", Snapshot::of))
}

/// True where everything that a snapshot says of the chain has been read or refused, and every endpoint has shown what
/// it is worth or has had its time.
fn is_read(state: &AppState, (spec, accounts): (&ChainSpec, usize), waited_ms: u64) -> bool {
    let Some(view) = state.store.chain(&spec.id) else { return false };
    let Some(best) = &view.best else { return false };
    let answered = |known: bool, section: &str| known || view.unread.contains_key(section);
    let wanted = GLANCE.min(best.value.number);
    view.finalized.is_some()
        && answered(view.session.known().is_some(), "session")
        && answered(view.peers.known().is_some(), "peers")
        && answered(view.pool.known().is_some(), "pool")
        && answered(view.governance.known().is_some(), "governance")
        && (spec.kind != ChainKind::Relay || answered(view.parachains.known().is_some(), "paras"))
        && (spec.id.as_str() != coretime::CHAIN || answered(view.coretime.known().is_some(), "coretime"))
        && answered(view.balances.accounts() >= accounts, "balances")
        && u64::try_from(view.blocks.len()).unwrap_or(0) >= wanted
        && (waited_ms > SETTLE_MS || spec.endpoints.iter().all(|id| is_settled(view, id)))
}

/// True where the endpoint has failed, or is connected and has told its head and its round trip.
fn is_settled(view: &ChainView, id: &EndpointId) -> bool {
    view.endpoints.get(id).is_some_and(|e| match e.link {
        Link::Up => e.best.is_some() && e.latency_ms.is_some(),
        Link::Resolving | Link::Dialing | Link::Verifying => false,
        Link::Down { .. } | Link::Parked { .. } | Link::WrongChain { .. } => true,
    })
}

/// True where every endpoint of the chain has failed and a second attempt has had its time.
fn is_hopeless(state: &AppState, spec: &ChainSpec, waited_ms: u64) -> bool {
    let failed =
        |link: &Link| matches!(link, Link::Down { .. } | Link::Parked { .. } | Link::WrongChain { .. });
    let all_failed =
        state.store.chain(&spec.id).is_none_or(|v| v.endpoints.values().all(|e| failed(&e.link)));
    waited_ms > 5_000 && all_failed
}

/// The ids of all detectors.
#[must_use]
pub fn detectors() -> Vec<&'static str> {
    DETECTORS.iter().map(|d| d.id).collect()
}

/// What `sereno check` found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    schema: u32,
    network: String,
    /// `ok`, `warning`, `critical` or `unknown`.
    pub status: &'static str,
    /// One line.
    pub summary: String,
    /// What is wrong.
    pub alerts: Vec<Alert>,
    suites: Vec<()>,
}

impl Check {
    /// The exit status of the monitoring-plugin convention.
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self.status {
            "ok" => 0,
            "warning" => 1,
            "critical" => 2,
            _ => 3,
        }
    }

    /// One line per alert and the summary.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for a in &self.alerts {
            out.push_str(&format!(
                "{} {} {}{}: {} (since {})\n",
                a.severity.word(),
                a.detector,
                a.chain,
                if a.subject.is_empty() { String::new() } else { format!(" {}", a.subject) },
                a.summary,
                a.since.rfc3339(),
            ));
        }
        out.push_str(&format!("{}: {}\n", self.status.to_uppercase(), self.summary));
        out
    }
}

/// `sereno check`: watches for `for_ms` and judges. With `detectors` only what these say counts.
///
/// # Errors
/// The system gives no thread.
pub fn check(
    plan: &Plan,
    base: &Base,
    for_ms: u64,
    detectors: &[String],
    stop: &AtomicBool,
) -> io::Result<Check> {
    let mut engine = engine(plan, base)?;
    let started = engine.now();
    while engine.now().since(started) < for_ms && !stop.load(Ordering::Relaxed) {
        let left = for_ms.saturating_sub(engine.now().since(started));
        let _ = engine.step(STEP_MS.min(left.max(1)), |_| {});
    }
    Ok(judge(&engine.state, detectors))
}

/// The verdict over a state: critical before unknown before major and minor (CONTRACT). While our own link is down
/// nothing is known, not even what fired before.
#[must_use]
pub fn judge(state: &AppState, detectors: &[String]) -> Check {
    let wanted = |id: &str| detectors.is_empty() || detectors.iter().any(|d| d == id);
    let alerts: Vec<Alert> = state.alerts.alerts().into_iter().filter(|a| wanted(&a.detector)).collect();
    let unknown: Vec<String> = unknown_chains(state).iter().map(ToString::to_string).collect();
    // Who asks for one detector wants its answer: that it cannot tell is not that all is well.
    let absent = |id: &ChainId| state.chain(id).is_none_or(|c| c.health() == Health::Absent);
    let silent: Vec<String> = state
        .alerts
        .unknown()
        .filter(|(chain, id, _)| !detectors.is_empty() && wanted(id) && !absent(chain))
        .map(|(chain, id, why)| format!("{id} cannot tell about {chain} ({why})"))
        .collect();
    let worst = alerts.iter().map(|a| a.severity).max();
    let status = match worst {
        _ if state.alerts.your_link().is_some() => "unknown",
        Some(Severity::Critical) => "critical",
        _ if !unknown.is_empty() || !silent.is_empty() => "unknown",
        Some(Severity::Major | Severity::Minor) => "warning",
        _ => "ok",
    };
    let counted = |s: Severity| alerts.iter().filter(|a| a.severity == s).count();
    let mut parts: Vec<String> = Severity::WORST_FIRST
        .iter()
        .map(|s| (counted(*s), s.word()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    if !unknown.is_empty() {
        parts.push(format!("no data from {}", unknown.join(", ")));
    }
    parts.extend(silent);
    if state.alerts.your_link().is_some() {
        parts.insert(0, "your link is down: no endpoint of any chain answers".to_owned());
    }
    if parts.is_empty() {
        parts.push(format!("{} chains watched, nothing is wrong", state.network.chains.len()));
    }
    let summary = parts.join(", ");
    Check { schema: 1, network: state.network.id.clone(), status, summary, alerts, suites: Vec::new() }
}

/// `sereno watch` on a recording: every observation and alert change, at full speed. A reader that has gone ends it.
pub fn watch_recording(recording: &Recording, out: &mut impl Write) {
    let out = std::cell::RefCell::new(out);
    let say = |line: serde_json::Value| {
        let _ = writeln!(out.borrow_mut(), "{line}");
    };
    let _ = tape::play(
        recording,
        |seen| watch::lines(seen).into_iter().for_each(say),
        |effect| {
            if let Effect::Alert(change) = effect {
                say(watch::alert_line(&change));
            }
        },
    );
}

/// The same commands on a recording: the state at its end.
#[must_use]
pub fn snapshot_of(state: &AppState) -> Snapshot {
    with_input(state, "replay", Snapshot::of)
}

/// `sereno metrics`: serves the exposition until interrupted. `ready` is told the bound address.
///
/// # Errors
/// The address cannot be bound, or the system gives no thread.
pub fn metrics(
    plan: &Plan,
    base: &Base,
    listen: SocketAddr,
    stop: &AtomicBool,
    ready: impl FnOnce(SocketAddr),
) -> io::Result<()> {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = server.block_on(scrape::bind(listen))?;
    ready(listener.local_addr()?);
    let page = scrape::Page::default();
    server.spawn(scrape::serve(listener, page.clone()));
    let mut engine = engine(plan, base)?;
    while !stop.load(Ordering::Relaxed) {
        let _ = engine.step(1_000, |_| {});
        let text = with_input(&engine.state, "live", metrics::exposition);
        if let (Ok(text), Ok(mut page)) = (text, page.lock()) {
            *page = Some(text);
        }
    }
    server.shutdown_background();
    Ok(())
}
