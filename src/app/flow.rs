//! Runbooks in flow: what is to be asked of the chains now, forms that are opened and typed in, answers that come back.
//!
//! In: the time, keys, answers. Out: the changed state and effects. Bounded: one plan of a form, one rehearsal, one look at a
//! para and one question about the catalogue at a time, and each again only after its own time. Must not compose anything.

use super::keys::say;
use super::msg::{Effect, PlanJob, RehearseJob};
use crate::command::Command;
use crate::domain::ChainId;
use crate::keymap::{Key, KeyCode};
use crate::runbook::plan::Plan;
use crate::screen::Role;
use crate::state::AppState;
use crate::state::form::{Form, Rehearsal, Rehearsed};
use crate::state::input::{Edit, Input};
use crate::state::ui::{Overlay, OverlayKind, Place, Subject};
use crate::tabs::{
    self,
    recovery::{self, fits, form::FIELDS},
};
use std::collections::VecDeque;
use std::sync::Arc;

/// What is to be asked now. A replay and a wall ask nothing.
pub(super) fn due(state: &mut AppState) -> Vec<Effect> {
    if state.mode != crate::state::Mode::Console {
        return Vec::new();
    }
    let mut effects = Vec::new();
    let shows_list = matches!(state.ui.overlay, Some(Overlay { kind: OverlayKind::Runbooks(..), .. }));
    if shows_list && state.runbooks.judged.is_due(state.now) {
        state.runbooks.judged.asked = Some(state.now);
        effects.push(Effect::Judge);
    }
    effects.extend(look(state));
    effects.extend(plan(state));
    effects
}

/// A look at the para that is open, where the profile knows a node of it.
fn look(state: &mut AppState) -> Option<Effect> {
    let para = state.ui.place.para?;
    state.network.para(para)?;
    let read = state.relay()?.view?.parachains.value().map(|paras| paras.at.number);
    if !state.runbooks.wants_look(para, read, state.now) {
        return None;
    }
    let ticket = state.runbooks.ask_look(para, state.now);
    Some(Effect::Look { para, ticket })
}

/// The plan of the form that is open.
fn plan(state: &mut AppState) -> Option<Effect> {
    let form = state.runbooks.form.as_ref()?;
    if state.ui.place.runbook.as_ref() != Some(&form.runbook) {
        return None;
    }
    let chain = form.plan().map(|plan| ChainId::from(plan.chain.as_str()));
    let best = chain.and_then(|id| Some(state.store.chain(&id)?.best.as_ref()?.value.number));
    if !form.is_due(state.now, best) {
        return None;
    }
    let (runbook, wraps) = (form.runbook.clone(), form.wraps());
    let given = form.given(state.runbooks.recipe()?);
    let ticket = state.runbooks.ticket();
    state.runbooks.form.as_mut()?.ask(ticket, state.now);
    Some(Effect::Plan(Box::new(PlanJob { ticket, runbook, given, wraps })))
}

/// Takes a plan.
pub(super) fn planned(state: &mut AppState, ticket: u64, plan: Result<Box<Plan>, String>) {
    let now = state.now;
    if let Some(form) = &mut state.runbooks.form {
        form.answer(ticket, plan, now);
    }
}

/// Takes a rehearsal.
pub(super) fn rehearsed(state: &mut AppState, ticket: u64, found: Result<Box<Rehearsed>, String>) {
    let now = state.now;
    if let Some(form) = &mut state.runbooks.form {
        form.rehearsal.answer(ticket, found, now);
    }
}

/// Shows the runbooks that fit something.
pub(super) fn list(state: &mut AppState, about: Option<Subject>) -> Vec<Effect> {
    state.ui.overlay = Some(Overlay::new(OverlayKind::Runbooks(about, Input::default(), 0)));
    due(state)
}

/// Opens the form of a runbook. The same one about the same thing stands as it was left.
pub(super) fn open(state: &mut AppState, name: &str, about: Option<Subject>) -> Vec<Effect> {
    let catalogue = Arc::clone(&state.runbooks.catalogue);
    let Ok(recipe) = catalogue.find(name) else {
        say(state, Role::Minor, format!("there is no runbook '{name}' here"));
        return Vec::new();
    };
    let fit = state.runbooks.judged.of(name);
    if fit.yes == Some(false) {
        let why = fit.reason.unwrap_or_default();
        say(state, Role::Minor, format!("{name} is not on this chain: {why}"));
        return Vec::new();
    }
    state.ui.overlay = None;
    let same = state.runbooks.form.as_ref().is_some_and(|f| f.runbook == name && f.about == about);
    if !same {
        let known = fits::prefill(state, about.as_ref(), recipe);
        let mut form = Form::new(recipe, about, &known, &None);
        let token = fits::token(state, recipe, Some(&form));
        form.judge(recipe, &token);
        state.ui.tables.retain(|list, _| !list.starts_with("form/"));
        state.runbooks.form = Some(form);
    }
    state.ui.open(Place::runbook(recovery::TAB.number, name));
    let editing = state.runbooks.form.as_ref().and_then(|f| f.editing.clone());
    state.ui.focus.insert(state.ui.view_kind(), FIELDS.to_owned());
    if let Some(field) = editing {
        choose(state, &field);
    }
    due(state)
}

/// Gives a field the keys.
pub(super) fn edit(state: &mut AppState, name: &str) {
    if let Some(form) = &mut state.runbooks.form {
        form.editing = Some(name.to_owned());
    }
    choose(state, name);
}

fn choose(state: &mut AppState, name: &str) {
    let Some(runbook) = state.ui.place.runbook.clone() else { return };
    state.ui.table_mut(&format!("form/{runbook}/{FIELDS}")).selected = Some(name.to_owned());
}

/// Puts the next choice into a field.
pub(super) fn next_choice(state: &mut AppState, name: &str) {
    with_form(state, |form, recipe, token| {
        form.choose_next(name, recipe, token);
    });
}

fn with_form(
    state: &mut AppState,
    change: impl FnOnce(&mut Form, &crate::runbook::Recipe, &crate::state::form::Token),
) {
    let catalogue = Arc::clone(&state.runbooks.catalogue);
    let Some(form) = &state.runbooks.form else { return };
    let Ok(recipe) = catalogue.find(&form.runbook) else { return };
    let token = fits::token(state, recipe, Some(form));
    if let Some(form) = &mut state.runbooks.form {
        change(form, recipe, &token);
    }
}

/// True while a field of the form has the keys.
pub(super) fn is_typing(state: &AppState) -> bool {
    let form = state.runbooks.form.as_ref();
    let is_open =
        form.is_some_and(|f| f.editing.is_some() && state.ui.place.runbook.as_ref() == Some(&f.runbook));
    is_open && state.ui.overlay.is_none() && state.ui.filter.is_none()
}

/// A key while a field has the keys; none where the field does not know it. Enter, Tab and the arrows go on to the next
/// field, Esc leaves the fields.
pub(super) fn type_key(state: &mut AppState, key: Key) -> Option<Vec<Effect>> {
    let step = match key.code {
        KeyCode::Tab => Some(!key.shift),
        KeyCode::Down | KeyCode::Enter => Some(true),
        KeyCode::Up => Some(false),
        _ => None,
    };
    if let Some(forward) = step {
        leave_field(state, key.code == KeyCode::Enter, forward);
        return Some(Vec::new());
    }
    let form = state.runbooks.form.as_mut()?;
    match form.input_mut()?.edit(key, &VecDeque::new()) {
        Edit::Changed => with_form(state, Form::typed),
        Edit::Cancelled => form.editing = None,
        Edit::Accepted => {}
        Edit::Ignored => return None,
    }
    Some(Vec::new())
}

/// To the field after or before; behind the last one Enter ends the typing.
fn leave_field(state: &mut AppState, ends: bool, forward: bool) {
    let Some(form) = &mut state.runbooks.form else { return };
    let next = form.neighbour(forward);
    if ends && next == form.editing {
        form.editing = None;
        return;
    }
    if let Some(next) = next {
        edit(state, &next);
    }
}

/// Pasted text for the field that has the keys.
pub(super) fn paste(state: &mut AppState, text: &str) {
    if let Some(input) = state.runbooks.form.as_mut().and_then(Form::input_mut) {
        input.paste(text);
        with_form(state, Form::typed);
    }
}

/// True for what means something else, or nothing, on fields than on rows: they have an order, and choices instead of marks.
pub(super) fn is_of_fields(state: &AppState, command: Command) -> bool {
    let orders =
        [Command::Sort, Command::SortReverse, Command::Filter, Command::NextMatch, Command::PreviousMatch];
    let is_one = orders.contains(&command) || matches!(command, Command::Mark | Command::MarkRange);
    is_one && state.ui.place.runbook.is_some() && tabs::focused(state).is_some_and(|pane| pane.id == FIELDS)
}

/// Rehearses a call.
pub(super) fn rehearse(
    state: &mut AppState,
    (chain, call, origin): (ChainId, Vec<u8>, String),
) -> Vec<Effect> {
    let ticket = state.runbooks.ticket();
    let since = state.now;
    let Some(form) = &mut state.runbooks.form else { return Vec::new() };
    let data = crate::domain::ids::to_hex(&call);
    form.rehearsal = Rehearsal::Running { ticket, since, call: data };
    let kind = state.ui.view_kind();
    state.ui.focus.insert(kind, "rehearsal".to_owned());
    vec![Effect::Rehearse(Box::new(RehearseJob { ticket, chain, call, origin }))]
}

/// Gives a rehearsal up that runs; false where none does.
pub(super) fn give_up(state: &mut AppState) -> bool {
    let now = state.now;
    let here = state.ui.place.runbook.clone();
    let form = state.runbooks.form.as_mut().filter(|f| here.as_ref() == Some(&f.runbook));
    let gave_up = form.is_some_and(|f| f.rehearsal.cancel(now));
    if gave_up {
        say(state, Role::Dim, "the rehearsal is given up; what it finds is not shown".to_owned());
    }
    gave_up
}
