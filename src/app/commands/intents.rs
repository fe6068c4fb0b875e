//! What a tab asked for: open, describe, copy, acknowledge, silence.
//!
//! In: an [`Intent`]. Out: the changed state, effects, and an answer in the footer.

use super::say;
use crate::app::{Effect, flow};
use crate::domain::AlertId;
use crate::screen::Role;
use crate::state::AppState;
use crate::state::ui::{Overlay, OverlayKind};
use crate::tabs::Intent;

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// Carries out what a tab asks for.
pub(super) fn carry_out(state: &mut AppState, intent: Intent) -> Vec<Effect> {
    match intent {
        Intent::Open(place) => state.ui.open(place),
        Intent::Filter { pane, list, text } => {
            let kind = state.ui.view_kind();
            state.ui.focus.insert(kind, pane.to_owned());
            state.ui.table_mut(&list).filter = text;
            say(state, Role::Dim, "Esc takes the filter away".to_owned());
        }
        Intent::Describe(subject) => {
            state.ui.overlay = Some(Overlay::new(OverlayKind::Describe(subject)));
        }
        Intent::Timeline(subject) => {
            state.ui.overlay = Some(Overlay::new(OverlayKind::Timeline(subject)));
        }
        Intent::Copy(text, what) => {
            let short: String = text.chars().take(40).collect();
            say(state, Role::Good, format!("{what} sent to the clipboard: {short}"));
            return vec![Effect::Copy(text)];
        }
        Intent::ShowLink(link) => state.ui.overlay = Some(Overlay::new(OverlayKind::Link(link))),
        Intent::Acknowledge(id) => return acknowledge(state, id),
        Intent::Unacknowledge(id) => return unacknowledge(state, id),
        Intent::Silence(id) => silence(state, &id),
        Intent::Runbooks(about) => return flow::list(state, about),
        Intent::OpenRunbook { name, about } => return flow::open(state, &name, about),
        Intent::EditField(name) => flow::edit(state, &name),
        Intent::NextChoice(name) => flow::next_choice(state, &name),
        Intent::ShowQr(data) => state.ui.overlay = Some(Overlay::new(OverlayKind::Qr(data))),
        Intent::Rehearse { chain, call, origin } => return flow::rehearse(state, (chain, call, origin)),
        Intent::Say(text) => say(state, Role::Dim, text),
    }
    Vec::new()
}

fn acknowledge(state: &mut AppState, id: AlertId) -> Vec<Effect> {
    if let Some(by) = state.alert(&id).and_then(|a| a.acked_by) {
        say(state, Role::Dim, format!("{by} has acknowledged this already · A takes it back"));
        return Vec::new();
    }
    let by = state.operator.clone();
    state.alerts.ack(&id, &by);
    say(state, Role::Good, format!("acknowledged {id} as {by} · A takes it back"));
    vec![Effect::SaveAck { alert: id, by: Some(by), at: state.now }]
}

fn unacknowledge(state: &mut AppState, id: AlertId) -> Vec<Effect> {
    if state.alert(&id).is_none_or(|a| a.acked_by.is_none()) {
        say(state, Role::Dim, "nobody has acknowledged this · a does".to_owned());
        return Vec::new();
    }
    state.alerts.unack(&id);
    say(state, Role::Good, format!("acknowledgement of {id} taken back"));
    vec![Effect::SaveAck { alert: id, by: None, at: state.now }]
}

/// An hour, four hours, off.
fn silence(state: &mut AppState, id: &AlertId) {
    let left = state.alerts.silenced_until(id).map_or(0, |until| until.since(state.now));
    let hours = match left {
        0 => 1,
        1..=HOUR_MS => 4,
        _ => 0,
    };
    let until = state.now.plus(hours * HOUR_MS);
    let text = match (state.alerts.silence(id, until), hours) {
        (false, _) => "too many alerts are silenced already: end one first".to_owned(),
        (true, 0) => format!("{id} is not silent any more"),
        (true, _) => format!(
            "{id} is silent for {hours} h, until {} UTC · m again: longer, then off",
            until.clock_utc()
        ),
    };
    say(state, Role::Good, text);
}
