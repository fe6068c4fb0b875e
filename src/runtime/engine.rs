//! The engine: facts and time into the reducer, for every command alike.
//!
//! In: running sources, a clock, a state. Out: the folded state, step by step, with the facts of each step for whoever
//! wants them (the journal, `watch`, a recording). Must not draw and must not decide.

use super::compose::Base;
use super::register::Refresher;
use super::sources::{Plan, Sources};
use crate::app::{self, Effect, Msg};
use crate::domain::{ChainId, ChainSpec, Observation, UnixMs};
use crate::ports::Clock;
use crate::report::snapshot::Input;
use crate::state::AppState;
use crate::state::health::{self, Health};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};

/// Facts folded in one step at most, so that time and keys get their turn.
const BATCH: usize = 256;

/// A state that follows its sources.
pub struct Engine {
    /// The state.
    pub state: AppState,
    sources: Sources,
    clock: Arc<dyn Clock>,
    register: Option<Followed>,
}

/// The register as it comes from the web.
struct Followed {
    heard: Receiver<Msg>,
    pending: bool,
    _refresher: Refresher,
}

impl Engine {
    /// An engine over running sources.
    #[must_use]
    pub fn new(state: AppState, sources: Sources, clock: Arc<dyn Clock>) -> Self {
        let mut engine = Self { state, sources, clock, register: None };
        let _ = engine.tick();
        engine
    }

    /// Says what is known about the register of validators, and takes in what the web answers from now on.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn follow_register(&mut self, plan: &Plan, base: &Base) -> io::Result<()> {
        for notice in &plan.register.notices {
            self.hear(Msg::Notice(notice.clone()));
        }
        let (out, heard) = channel(4);
        let pending = plan.register.is_due(self.now());
        self.register = Some(Followed { heard, pending, _refresher: Refresher::start(plan, base, out)? });
        Ok(())
    }

    /// True while the first answer about the register is still to come.
    #[must_use]
    pub fn awaits_register(&self) -> bool {
        self.register.as_ref().is_some_and(|r| r.pending)
    }

    /// Folds a message about the register; what the operator should know goes to the log and to stderr, too.
    fn hear(&mut self, msg: Msg) {
        if let Msg::Notice(text) = &msg {
            tracing::warn!("{text}");
        }
        let _ = app::update(&mut self.state, msg);
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// Waits for facts for at most `wait_ms`, folds what came, moves the time on, and lets the detectors look. Returns what
    /// the reducer asks of the world; alert changes are among it.
    pub fn step(&mut self, wait_ms: u64, mut each: impl FnMut(&Observation)) -> Vec<Effect> {
        let mut next = self.sources.next_within(wait_ms);
        let mut folded = 0;
        let mut effects = Vec::new();
        while let Some(seen) = next {
            each(&seen);
            effects.extend(app::update(&mut self.state, Msg::Fact(Box::new(seen))));
            folded += 1;
            next = if folded < BATCH { self.sources.try_next() } else { None };
        }
        while let Some(msg) = self.register.as_mut().and_then(|r| r.heard.try_recv().ok()) {
            self.hear(msg);
            self.register.iter_mut().for_each(|r| r.pending = false);
        }
        effects.extend(self.tick());
        effects
    }

    fn tick(&mut self) -> Vec<Effect> {
        let now = self.clock.now();
        let mut effects = app::update(&mut self.state, Msg::Tick(now));
        effects.extend(app::settle(&mut self.state));
        effects
    }
}

/// The health of every chain in the word of CONTRACT.
#[must_use]
pub fn health_words(state: &AppState) -> BTreeMap<ChainId, &'static str> {
    state.network.chains.iter().map(|spec| (spec.id.clone(), health_word(state, spec))).collect()
}

/// An optional chain that never answered is `absent` on the screen and `unknown` in JSON, which knows four words.
fn health_word(state: &AppState, spec: &ChainSpec) -> &'static str {
    match health::chain_health(spec, state.store.chain(&spec.id), &state.alerts, state.now) {
        Health::Absent => "unknown",
        known => known.word(),
    }
}

/// Chains that are watched, should exist, and of which nothing is known.
#[must_use]
pub fn unknown_chains(state: &AppState) -> Vec<ChainId> {
    let health =
        |spec: &ChainSpec| health::chain_health(spec, state.store.chain(&spec.id), &state.alerts, state.now);
    state
        .network
        .chains
        .iter()
        .filter(|spec| health(spec) == Health::Unknown)
        .map(|spec| spec.id.clone())
        .collect()
}

/// Calls `with` with what reports are made from.
pub fn with_input<T>(state: &AppState, source: &'static str, with: impl FnOnce(Input<'_>) -> T) -> T {
    let alerts = state.alerts.alerts();
    let (blind, blind_lines) = (state.alerts.blind(), state.blind_lines());
    let health = health_words(state);
    with(Input {
        network: &state.network,
        store: &state.store,
        alerts: &alerts,
        blind: &blind,
        blind_lines: &blind_lines,
        health: &health,
        now: state.now,
        source,
    })
}
