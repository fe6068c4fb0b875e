//! `update` and `view`: the whole behaviour of the console as two pure functions.
//!
//! In: a [`Msg`]. Out: the changed state and [`Effect`]s, data that `runtime::driver` carries out. Must not read a clock,
//! do I/O, or know tokio, ratatui or crossterm.
//!
//! The driver drains its queue through [`update`], then calls [`settle`] once, then [`view`] once: detection and the
//! anchoring of selections cost once a batch, not once a fact.

mod commands;
mod flow;
mod footer;
mod header;
mod keys;
pub mod msg;
mod overlays;
mod palette;
mod view;
pub mod wall;

pub use msg::{Effect, Lost, Msg, PlanJob, RehearseJob, ReplayState};
pub use view::view;

use crate::domain::{AlertId, Clean, Fact, Observation, UnixMs};
use crate::state::AppState;
use crate::tabs;

/// Milliseconds for which the answer to a key stays in the footer.
const SAID_MS: u64 = 8_000;

/// Takes in one message and says what the world should do about it.
#[must_use]
pub fn update(state: &mut AppState, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Fact(seen) => fact(state, &seen),
        Msg::Restored(seen) => state.store.restore(&seen),
        Msg::Tick(now) => return tick(state, now),
        Msg::Key(key) => return keys::press(state, key),
        Msg::Paste(text) => keys::paste(state, &text),
        Msg::Resize { width, height } => (state.ui.width, state.ui.height) = (width, height),
        Msg::Notice(text) => state.notice(text),
        Msg::Roster(roster) => state.network.roster = *roster,
        Msg::Acked { alert, by } => acked(state, &alert, by.as_deref()),
        Msg::Lost(counts) => lost(state, counts),
        Msg::Replay(replay) => {
            if !replay.paused && replay.speed > 0.0 {
                state.ui.replay_speed = replay.speed;
            }
            state.replay = Some(replay);
        }
        Msg::Judged(fits) => state.runbooks.judged.answer(fits, state.now),
        Msg::Planned { ticket, plan } => flow::planned(state, ticket, plan),
        Msg::Rehearsed { ticket, found } => flow::rehearsed(state, ticket, found),
        Msg::Looked { para, ticket, found } => {
            state.runbooks.answer_look(para, ticket, found.map(|look| *look), state.now);
        }
    }
    Vec::new()
}

fn fact(state: &mut AppState, seen: &Observation) {
    let before = match &seen.fact {
        Fact::Identity(new) => state.store.chain(&seen.chain).is_some_and(|c| c.is_other_history(new)),
        _ => false,
    };
    state.store.apply(seen);
    if before {
        let text = format!("{}: a new history begins; what was known of the old one is put away", seen.chain);
        state.notice(Clean::of(&text));
    }
}

/// Ends a batch of messages: runs the detectors where facts came since they last ran, and keeps every selection on its
/// key. The driver calls it after draining its queue and before [`view`]. Before the first tick there is no time to judge
/// by, and nothing is judged.
pub fn settle(state: &mut AppState) -> Vec<Effect> {
    let is_new = state.evaluated != state.store.applied && state.now != UnixMs::default();
    let effects = if is_new { evaluate(state) } else { Vec::new() };
    if tabs::shows_validators(state) {
        let filter = tabs::validators::filter(state);
        state.digest_validators(&filter);
    }
    if tabs::shows_balances(state) {
        let filtered = tabs::balances::is_filtered(state);
        state.digest_balances(filtered);
    }
    commands::hold_selections(state);
    effects
}

fn evaluate(state: &mut AppState) -> Vec<Effect> {
    state.evaluate().into_iter().map(|change| Effect::Alert(Box::new(change))).collect()
}

fn tick(state: &mut AppState, now: UnixMs) -> Vec<Effect> {
    if state.started == UnixMs::default() {
        state.started = now;
        state.ui.wall.turned_at = now;
    }
    state.now = now;
    let mut effects = evaluate(state);
    effects.extend(flow::due(state));
    if state.ui.said.as_ref().is_some_and(|said| now.since(said.at) > SAID_MS) {
        state.ui.said = None;
    }
    if state.mode.is_wall() {
        wall::turn(state);
    }
    effects
}

/// The first loss of its kind is told; the log of connections counts on.
fn lost(state: &mut AppState, counts: Lost) {
    let before = std::mem::replace(&mut state.lost, counts);
    if before.facts == 0 && counts.facts > 0 {
        let text = "the journal does not take every fact: the screen is whole, the next start knows less; '@' counts them";
        state.notice(text.into());
    }
    if before.log_lines == 0 && counts.log_lines > 0 {
        state.notice(
            "the log file does not take every line: free space there or use --log-file; '@' counts them"
                .into(),
        );
    }
}

fn acked(state: &mut AppState, alert: &AlertId, by: Option<&str>) {
    match by {
        Some(by) => state.alerts.ack(alert, by),
        None => state.alerts.unack(alert),
    };
}
