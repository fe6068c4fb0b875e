//! The parameters: a line each, and under it what is wrong, where the text comes from, or what it is.
//!
//! In: the form. Out: a panel of text, and rows for the selection. Must not judge a field: the form does.

use super::{FIELDS, Item, Stand, is_wrap, stand, token};
use crate::runbook::Recipe;
use crate::runbook::recipe::{Param, ParamKind};
use crate::runbook::show;
use crate::screen::{Body, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::form::{Field, Form, choices, planck};
use crate::tabs::{focused, selected_key};
use serde_json::Value;

/// Columns of the names.
const NAMES: usize = 16;
/// What the wrappers are.
const WRAPPERS: &str = "who signs, and through what, inside out with blanks between: none, sudo, proxy:KIND@REAL, \
                        multisig:T@A,B,C, batch, xcm:CHAIN";

/// The fields as rows: for the selection, and to be described.
pub(super) fn items(state: &AppState, form: &Form, recipe: &Recipe) -> Vec<Item> {
    let one = |field: &Field| {
        let mut full = vec![
            ("parameter".to_owned(), field.name.clone()),
            ("what it is".to_owned(), about(recipe, &field.name)),
            ("value".to_owned(), value(state, form, field)),
        ];
        if let Some(param) = recipe.param(&field.name) {
            full.push(("type".to_owned(), kind(param)));
        }
        full.extend(field.from.clone().map(|from| ("comes from".to_owned(), from)));
        full.extend(problem(field).map(|why| ("wrong".to_owned(), why.to_owned())));
        let cells = vec![Line::of(Role::Text, field.name.as_str()), Line::of(Role::Text, field.text())];
        Item { key: field.name.clone(), cells, full }
    };
    form.fields.iter().map(one).collect()
}

fn about(recipe: &Recipe, name: &str) -> String {
    match recipe.param(name) {
        Some(param) => param.about.clone(),
        None if recipe.wrap.is_empty() => WRAPPERS.to_owned(),
        None => {
            let usual: Vec<&str> = recipe.wrap.iter().map(|w| w.get_ref().as_str()).collect();
            format!("{WRAPPERS}. Left out: {}", usual.join(" "))
        }
    }
}

/// The type of a parameter with its unit and range.
fn kind(param: &Param) -> String {
    let kind = serde_json::to_value(param.kind).ok();
    let mut text = kind.as_ref().and_then(Value::as_str).unwrap_or("value").to_owned();
    if !param.options.is_empty() {
        text = format!("{text} of {}", param.options.join(", "));
    }
    if let Some(min) = &param.min {
        text = format!("{text}, at least {}", min.get_ref());
    }
    if let Some(max) = &param.max {
        text = format!("{text}, at most {}", max.get_ref());
    }
    text
}

/// What may be put into a field without typing, for the line under it; empty where nothing may.
#[must_use]
pub fn shown_choices(recipe: &Recipe, name: &str) -> String {
    match choices(recipe, name) {
        options if options.is_empty() => String::new(),
        options => format!("Space turns: {}", options.join(", ")),
    }
}

fn problem(field: &Field) -> Option<&str> {
    field.refused.as_deref().or(field.problem.as_deref())
}

/// What stands in a field; where nothing does, what the plan found for it.
fn value(state: &AppState, form: &Form, field: &Field) -> String {
    let text = field.text();
    if !text.is_empty() {
        return text;
    }
    let Stand::Ready(plan, _) = stand(state, form) else { return "left out".to_owned() };
    if is_wrap(&field.name) {
        return match plan.wrap.is_empty() {
            true => "none".to_owned(),
            false => format!("{} (as the runbook says)", plan.wrap.join(" ")),
        };
    }
    match plan.params.get(&field.name).filter(|_| plan.defaulted.contains(&field.name)) {
        Some(found) => format!("{} (found)", show::short(found, 400)),
        None => "left out".to_owned(),
    }
}

/// Characters that a value may take.
fn room(state: &AppState) -> usize {
    let width = usize::from(state.ui.width);
    let shared = crate::tabs::shares_the_screen(state);
    let pane = if shared { width / 2 } else { width };
    pane.saturating_sub(NAMES + 7).max(20)
}

/// The panel.
pub(super) fn panel(state: &AppState, form: &Form, recipe: &Recipe, is_focused: bool) -> Panel {
    let title = Line::of(Role::Title, "parameters").and(
        Role::Dim,
        if form.editing.is_some() {
            " · type, @path reads a file"
        } else {
            " · Enter edits · Space turns choices"
        },
    );
    let pane = focused(state).filter(|p| p.id == FIELDS);
    let chosen = form.editing.clone().or_else(|| selected_key(state, &pane?));
    let mut lines = Vec::new();
    let mut ends = Vec::new();
    for field in &form.fields {
        lines.extend(field_lines(state, (form, recipe), field, chosen.as_ref() == Some(&field.name)));
        ends.push(lines.len());
    }
    // The chosen field stays on the screen, however many there are.
    let at = form.fields.iter().position(|f| Some(&f.name) == chosen.as_ref()).unwrap_or(0);
    let most = usize::from(state.ui.height).saturating_sub(10).max(6);
    let most = if crate::tabs::shares_the_screen(state) { most / 2 } else { most };
    let end = ends.get(at).copied().unwrap_or_default();
    let from = ends.iter().copied().filter(|start| end.saturating_sub(*start) <= most).min();
    let from = if end > most { from.unwrap_or_default() } else { 0 };
    let lines = lines.into_iter().skip(from).collect();
    Panel {
        id: FIELDS.to_owned(),
        title: Some(title),
        focused: is_focused,
        stale: false,
        body: Body::Text(lines),
    }
}

fn field_lines(state: &AppState, (form, recipe): (&Form, &Recipe), field: &Field, chosen: bool) -> Vec<Line> {
    let editing = form.editing.as_ref() == Some(&field.name);
    let mark = if chosen { "▸" } else { " " };
    let name = show::cut(&field.name, NAMES);
    let role = if chosen { Role::Title } else { Role::Dim };
    let first = Line::of(Role::Accent, mark).and(role, format!("{name:<NAMES$} "));
    let room = room(state);
    let first = if editing {
        typed(first, field, room)
    } else if field.text().is_empty() {
        let why = if field.problem.is_some() { "needed".to_owned() } else { value(state, form, field) };
        first.and(Role::Dim, show::cut(&why, room))
    } else {
        first.and(Role::Text, show::short(&Value::String(field.text()), room))
    };
    let mut lines = vec![first];
    let mut under = |role: Role, first: &str, text: &str| {
        let width = room + NAMES + 2;
        let wrapped = show::wrap(&format!("   {first}"), text, width);
        lines.extend(wrapped.into_iter().map(|line| Line::of(role, line)));
    };
    let is_empty = field.text().is_empty();
    match problem(field) {
        Some(why) if !is_empty || field.refused.is_some() || (editing && field.touched) => {
            under(Role::Major, "✖ ", why);
        }
        _ => {}
    }
    if let Some(text) = reading(state, (form, recipe), field) {
        under(Role::Info, "= ", &text);
    }
    if let Some(from) = field.from.as_ref().filter(|_| !is_empty) {
        under(Role::Dim, "", from);
    }
    if chosen {
        under(Role::Dim, "", &about(recipe, &field.name));
        let turns = shown_choices(recipe, &field.name);
        if !turns.is_empty() && !editing {
            under(Role::Dim, "", &turns);
        }
    }
    lines
}

/// The text of the field that has the keys, around its cursor.
fn typed(line: Line, field: &Field, room: usize) -> Line {
    let text: Vec<char> = field.input.text().chars().collect();
    let cursor = field.input.cursor();
    let from = cursor.saturating_sub(room.saturating_sub(2));
    let part =
        |from: usize, to: usize| -> String { text.iter().skip(from).take(to.saturating_sub(from)).collect() };
    let at = text.get(cursor).map_or_else(|| " ".to_owned(), char::to_string);
    let dots = if from > 0 { "…" } else { "" };
    line.and(Role::Dim, dots)
        .and(Role::Text, part(from, cursor))
        .and(Role::Cursor, at)
        .and(Role::Text, part(cursor.saturating_add(1), from + room.saturating_sub(1)))
}

/// An amount in both of its readings, with what it is now and the change, where the plan has read that.
fn reading(state: &AppState, (form, recipe): (&Form, &Recipe), field: &Field) -> Option<String> {
    let param = recipe.param(&field.name).filter(|p| p.kind == ParamKind::Balance)?;
    let token = token(state, form, recipe);
    let amount = planck(param, &field.text(), &token)?;
    let (symbol, decimals) = token?;
    let tokens = |n: u128| show::amount(n, &symbol, decimals);
    let both = format!("{} = {} planck", tokens(amount), grouped(amount));
    let Some(now) = present(state, form, &field.name) else { return Some(both) };
    let change = match amount.checked_sub(now) {
        Some(0) => "no change".to_owned(),
        Some(more) => format!("{} more", tokens(more)),
        None => format!("{} less", tokens(now.saturating_sub(amount))),
    };
    Some(format!("{both} · now {}: {change}", tokens(now)))
}

/// What an amount is at present: for `new_free` the field `free` of what the plan read.
fn present(state: &AppState, form: &Form, name: &str) -> Option<u128> {
    let Stand::Ready(plan, _) = stand(state, form) else { return None };
    let wanted = name.strip_prefix("new_")?;
    let found: Vec<u128> = plan.reads.iter().filter_map(|read| inside(&read.value, wanted, 4)).collect();
    match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// The number under this name in a value.
fn inside(value: &Value, name: &str, depth: u8) -> Option<u128> {
    let number = |v: &Value| v.as_u64().map(u128::from).or_else(|| v.as_str()?.parse().ok());
    let object = value.as_object().filter(|_| depth > 0)?;
    let here = object.get(name).and_then(number);
    here.or_else(|| object.values().find_map(|v| inside(v, name, depth.saturating_sub(1))))
}

fn grouped(n: u128) -> String {
    u64::try_from(n).map_or_else(|_| n.to_string(), format::number)
}
