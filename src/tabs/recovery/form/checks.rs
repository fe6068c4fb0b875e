//! What must hold before: each check with its value, block and age; yes, no or unknown.
//!
//! In: the plan, or where there is none yet the recipe. Out: rows, what does not hold first. Must not evaluate anything.

use super::{Item, Stand, short, stand};
use crate::runbook::Recipe;
use crate::runbook::plan::{Checked, Plan};
use crate::runbook::recipe::Level;
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::form::Form;

/// How many hold.
pub(super) fn count(plan: &Plan) -> Line {
    let all = plan.checks.len();
    let of = |ok: Option<bool>| plan.checks.iter().filter(|c| c.ok == ok).count();
    match (all, of(Some(false)), of(None)) {
        (0, ..) => Line::of(Role::Dim, "no checks"),
        (_, 0, 0) => Line::of(Role::Good, format!("✔ all {all} checks hold")),
        (_, no, unknown) => {
            let mut line = Line::default();
            if no > 0 {
                line = line.and(Role::Major, format!("✖ {no} of {all} checks do not hold"));
            }
            if unknown > 0 {
                let gap = if no > 0 { ", " } else { "" };
                line = line.and(Role::Dim, gap).and(Role::Unknown, format!("? {unknown} unknown"));
            }
            line
        }
    }
}

/// The title, and why there is nothing.
pub(super) fn title(state: &AppState, form: &Form) -> (Line, (String, String)) {
    let title = Line::of(Role::Title, "pre-checks");
    let at = form.answer.as_ref().map(|a| a.at);
    match stand(state, form) {
        Stand::Ready(plan, again) => {
            let age = at.map_or(0, |at| state.now.since(at));
            let line = title.and(Role::Dim, format!(" · read {} ago", format::age(age)));
            let line = if again { line.and(Role::Info, " · » reading again") } else { line };
            (line, ("this runbook checks nothing".to_owned(), plan.scope.clone()))
        }
        other => (title, other.why()),
    }
}

/// The rows.
pub(super) fn items(state: &AppState, form: &Form, recipe: &Recipe) -> Vec<Item> {
    let Stand::Ready(plan, _) = stand(state, form) else { return unread(state, form, recipe) };
    let since = form.answer.as_ref().map_or(0, |a| state.now.since(a.at));
    let rank = |check: &&Checked| match (check.ok, check.level) {
        (Some(false), Level::Block) => 0,
        (None, Level::Block) => 1,
        (Some(false), Level::Warn) => 2,
        (None, Level::Warn) => 3,
        (Some(true), _) => 4,
    };
    let mut sorted: Vec<&Checked> = plan.checks.iter().collect();
    sorted.sort_by_key(rank);
    sorted.into_iter().map(|check| item(check, since)).collect()
}

fn item(check: &Checked, since: u64) -> Item {
    let blocks = check.level == Level::Block;
    let mark = match (check.ok, blocks) {
        (Some(true), _) => Line::of(Role::Good, "✔ yes"),
        (Some(false), true) => Line::of(Role::Major, "✖ NO"),
        (Some(false), false) => Line::of(Role::Minor, "▵ no"),
        (None, _) => Line::of(Role::Unknown, "? unknown"),
    };
    let role = if check.ok == Some(true) { Role::Dim } else { Role::Text };
    let value = match (&check.reason, check.ok) {
        (Some(why), _) => Line::of(Role::Unknown, why.as_str()),
        (None, _) => Line::of(role, short(&check.value)),
    };
    let age =
        check.age_ms.and_then(|ms| u64::try_from(ms).ok()).map(|ms| format::age(ms.saturating_add(since)));
    let block = check.block.map(format::number);
    let unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    let follows = match check.level {
        Level::Block => "block: do not run it unless this holds",
        Level::Warn => "warn: look at it",
    };
    let mut full = vec![
        ("check".to_owned(), check.message.clone()),
        ("holds".to_owned(), mark.plain()),
        ("value".to_owned(), serde_json::to_string(&check.value).unwrap_or_default()),
        ("expression".to_owned(), check.expr.clone()),
        ("level".to_owned(), follows.to_owned()),
        ("block".to_owned(), unknown(&block)),
        ("age".to_owned(), unknown(&age)),
    ];
    full.extend(check.reason.clone().map(|why| ("unknown".to_owned(), why)));
    let cells = vec![
        mark,
        Line::of(role, check.message.as_str()),
        value,
        Line::of(Role::Dim, unknown(&block)),
        Line::of(Role::Dim, unknown(&age)),
    ];
    Item { key: check.id.clone(), cells, full }
}

/// The checks of the recipe while nothing was read: each of them unknown, and why.
fn unread(state: &AppState, form: &Form, recipe: &Recipe) -> Vec<Item> {
    let why = stand(state, form).why().0;
    let one = |check: &crate::runbook::recipe::Check| {
        let message = check.message.get_ref().clone();
        let full = vec![
            ("check".to_owned(), message.clone()),
            ("holds".to_owned(), "? unknown".to_owned()),
            ("unknown".to_owned(), why.clone()),
            ("expression".to_owned(), check.expr.get_ref().clone()),
        ];
        let cells = vec![
            Line::of(Role::Unknown, "? unknown"),
            Line::of(Role::Dim, message),
            Line::of(Role::Dim, why.as_str()),
            Line::of(Role::Dim, "?"),
            Line::of(Role::Dim, "?"),
        ];
        Item { key: check.id.get_ref().clone(), cells, full }
    };
    recipe.checks.iter().map(one).collect()
}
