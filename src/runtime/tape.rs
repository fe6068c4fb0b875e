//! `sereno record`, `sereno replay --headless`, and every other command on a recording.
//!
//! In: live sources and a file to write, or a recording. Out: a recording; or the state at its end, with the alert changes
//! on the way. The same fold as live; the recording's own clock, moved on once a second, so that two runs give the same
//! bytes. Must not draw.

use super::compose::Base;
use super::engine::Engine;
use super::sources::{Plan, Sources};
use super::watch;
use crate::app::{self, Effect, Msg};
use crate::domain::{Clean, Observation, UnixMs};
use crate::keymap::Keymap;
use crate::record::{Header, RecordError, Recorder, Recording};
use crate::state::{AppState, Mode};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The clock of a replay moves on in steps of this many milliseconds.
const TICK_MS: u64 = 1_000;
/// A silence in a recording is not played longer than this, milliseconds: a day.
const MAX_SILENCE_MS: u64 = 86_400_000;

/// Why a recording was not made or not played.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The recording.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The file or the system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Records what the sources say into `path` for `for_ms` milliseconds, or until interrupted. Returns the number of facts.
///
/// # Errors
/// The file cannot be made or written.
pub fn record(
    plan: &Plan,
    base: &Base,
    path: &Path,
    for_ms: Option<u64>,
    stop: &AtomicBool,
) -> Result<u64, TapeError> {
    let file = File::create_new(path)?;
    let started = base.clock.now();
    let state = AppState::new(plan.network.clone(), Keymap::default(), String::new(), Mode::Headless);
    let chains = plan.network.chains.iter().map(|c| c.id.clone()).collect();
    let header = Header::new(&plan.network.id, started, chains);
    let mut recorder = Recorder::new(file, &header, &plan.network, &state.store)?;
    let mut engine = Engine::new(state, Sources::start(plan, &base.clock)?, base.clock.clone());
    let mut facts = 0;
    while !stop.load(Ordering::Relaxed) && for_ms.is_none_or(|limit| engine.now().since(started) < limit) {
        let mut failed = None;
        let _ = engine.step(250, |seen| match recorder.push(seen) {
            Ok(()) => facts += 1,
            Err(e) => failed = Some(e),
        });
        if let Some(e) = failed {
            return Err(e.into());
        }
        recorder.flush()?;
    }
    recorder.finish(engine.now())?;
    Ok(facts)
}

/// What playing a whole recording left behind.
pub struct Played {
    /// The state at its end.
    pub state: AppState,
    /// Facts of kinds that this version does not know.
    pub skipped: u64,
    /// Where and why it ends before its end.
    pub damage: Option<Clean>,
}

/// Plays a recording to its end at full speed. `each` sees every fact, `on_effect` what the reducer asks for.
pub fn play(
    recording: &Recording,
    mut each: impl FnMut(&Observation),
    mut on_effect: impl FnMut(Effect),
) -> Played {
    let mut state =
        AppState::new(recording.network.clone(), Keymap::default(), String::new(), Mode::Headless);
    state.begin_again(recording.start.clone());
    let mut now = recording.header.started;
    tick(&mut state, now, &mut on_effect);
    let mut facts = recording.facts();
    for timed in facts.by_ref() {
        let at = timed.seen.at;
        now = advance(&mut state, now, at, &mut on_effect);
        each(&timed.seen);
        app::update(&mut state, Msg::Fact(Box::new(timed.seen))).into_iter().for_each(&mut on_effect);
    }
    let end = recording.header.started.plus(facts.end_ms());
    now = advance(&mut state, now, end, &mut on_effect);
    tick(&mut state, now.max(end), &mut on_effect);
    Played { state, skipped: facts.skipped(), damage: facts.damage().cloned() }
}

/// Moves the clock of a replay that is watched on to `to`, second by second as without a screen: detectors judge once a
/// second and not once a fact, and a silence in the recording is not a console that stood still.
pub(super) fn catch_up(state: &mut AppState, to: UnixMs) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.now == UnixMs::default() {
        tick(state, to, &mut |effect| effects.push(effect));
    }
    let now = state.now;
    advance(state, now, to, &mut |effect| effects.push(effect));
    effects
}

/// Moves the clock on second by second.
fn advance(state: &mut AppState, from: UnixMs, to: UnixMs, on_effect: &mut impl FnMut(Effect)) -> UnixMs {
    let mut now = from.max(to.minus(MAX_SILENCE_MS));
    while to.since(now) >= TICK_MS {
        now = now.plus(TICK_MS);
        tick(state, now, on_effect);
    }
    now
}

fn tick(state: &mut AppState, now: UnixMs, on_effect: &mut impl FnMut(Effect)) {
    app::update(state, Msg::Tick(now)).into_iter().for_each(&mut *on_effect);
    app::settle(state).into_iter().for_each(on_effect);
}

/// `replay --headless --json`: a line an alert change, and the snapshot at the end.
///
/// # Errors
/// Nobody reads any more.
pub fn replay_lines(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    let mut lines = Vec::new();
    let played = play(
        recording,
        |_| {},
        |effect| {
            if let Effect::Alert(change) = effect {
                lines.push(watch::alert_line(&change).to_string());
            }
        },
    );
    let snapshot = super::engine::with_input(&played.state, "replay", crate::report::snapshot::Snapshot::of);
    lines.push(serde_json::to_string(&snapshot)?);
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    out.flush()
}
