//! A runbook being filled in: its parameters, the checks before it, the plan, the rehearsal.
//!
//! In: the form and its answers. Out: panels, and for each command an intent. Nothing here leads to a write: a plan is
//! looked at, its call data is carried elsewhere by a person. Must not change anything.

mod checks;
mod fields;
mod plan;
mod rehearsal;

pub use fields::shown_choices;
pub use plan::call_data;

use super::fits;
use crate::command::Command;
use crate::runbook::Recipe;
use crate::runbook::plan::Plan;
use crate::runbook::recipe::Risk;
use crate::screen::{Body, Column, Line, Node, Panel, Role, Size, format};
use crate::state::AppState;
use crate::state::form::{Form, Rehearsal, WRAP, choices};
use crate::state::table::{Rows, SortKey};
use crate::state::ui::Subject;
use crate::tabs::lists::{self, Around};
use crate::tabs::{Intent, Pane, selected_key};

/// The parameters.
pub const FIELDS: &str = "fields";
const CHECKS: &str = "checks";
const PLAN: &str = "plan";
const REHEARSAL: &str = "rehearsal";
/// The panes, in the order of the focus key.
const PANES: [&str; 4] = [FIELDS, CHECKS, PLAN, REHEARSAL];
/// A plan whose block is older says nothing of now, milliseconds.
const OLD_MS: u64 = 60_000;

/// A line of a pane.
struct Item {
    /// What selection holds on to.
    key: String,
    /// The cells.
    cells: Vec<Line>,
    /// Names and values in full.
    full: Vec<(String, String)>,
}

/// The open form with its recipe; none where the place is left and another form was opened since.
fn open(state: &AppState) -> Option<(&Form, &Recipe)> {
    let form = state.runbooks.form.as_ref()?;
    let here = state.ui.place.runbook.as_ref() == Some(&form.runbook);
    Some((form, state.runbooks.recipe()?)).filter(|_| here)
}

/// Why there is no plan for what stands in the fields, or the plan.
enum Stand<'a> {
    /// Fields that are missing or wrong.
    Open(Vec<&'a str>),
    /// It is being made.
    Reading,
    /// The chain or a file speaks against these fields.
    Refused(Vec<&'a str>),
    /// It could not be made.
    Failed(&'a str),
    /// A recording cannot be asked.
    Replay,
    /// Here it is; true while it is made anew.
    Ready(&'a Plan, bool),
}

fn stand<'a>(state: &AppState, form: &'a Form) -> Stand<'a> {
    let wrong: Vec<&str> =
        form.fields.iter().filter(|f| f.problem.is_some()).map(|f| f.name.as_str()).collect();
    if !wrong.is_empty() {
        return Stand::Open(wrong);
    }
    if state.mode.is_replay() {
        return Stand::Replay;
    }
    let refused: Vec<&str> =
        form.fields.iter().filter(|f| f.refused.is_some()).map(|f| f.name.as_str()).collect();
    if !refused.is_empty() {
        return Stand::Refused(refused);
    }
    match (form.plan(), form.failure()) {
        (Some(plan), _) => Stand::Ready(plan, form.asked.is_some()),
        (None, Some(why)) => Stand::Failed(why),
        (None, None) => Stand::Reading,
    }
}

impl Stand<'_> {
    /// Why there is nothing to see, and the next step.
    fn why(&self) -> (String, String) {
        match self {
            Self::Open(names) => (
                format!(
                    "not yet: {} {}",
                    names.join(", "),
                    if names.len() == 1 { "is open" } else { "are open" }
                ),
                "fill in the parameters: the plan comes by itself".to_owned(),
            ),
            Self::Refused(names) => (
                format!("{} cannot be used as given", names.join(", ")),
                "why stands under it, among the parameters".to_owned(),
            ),
            Self::Reading => ("the chain is being read".to_owned(), "this takes some seconds".to_owned()),
            Self::Failed(why) => {
                ((*why).to_owned(), "it is tried again every 30 s, and when a parameter changes".to_owned())
            }
            Self::Replay => (
                "a recording has no metadata: no call is composed in a replay".to_owned(),
                "sereno plan makes it against the live chain".to_owned(),
            ),
            Self::Ready(..) => (String::new(), String::new()),
        }
    }
}

/// The panes.
pub(super) fn panes(state: &AppState) -> Vec<Pane> {
    let Some(name) = &state.ui.place.runbook else { return Vec::new() };
    PANES.iter().map(|id| Pane { id, list: format!("form/{name}/{id}") }).collect()
}

/// The rows of a pane.
pub(super) fn rows(state: &AppState, pane: &str) -> Option<Box<dyn Rows + 'static>> {
    let (form, recipe) = open(state)?;
    let items = items(state, pane, (form, recipe))?;
    Some(Box::new(Lines { columns: columns(pane), items }))
}

fn items(state: &AppState, pane: &str, (form, recipe): (&Form, &Recipe)) -> Option<Vec<Item>> {
    Some(match pane {
        FIELDS => fields::items(state, form, recipe),
        CHECKS => checks::items(state, form, recipe),
        PLAN => plan::items(state, form),
        REHEARSAL => rehearsal::items(state, form),
        _ => return None,
    })
}

fn columns(pane: &str) -> Vec<Column> {
    let column = lists::column;
    match pane {
        CHECKS => vec![
            column("HOLDS", (9, 9), false, 0),
            column("CHECK", (24, 64), false, 0),
            column("VALUE", (12, 60), false, 0),
            column("BLOCK", (10, 12), true, 2),
            column("AGE", (5, 6), true, 1),
        ],
        REHEARSAL => vec![
            column("WHAT", (8, 8), false, 0),
            column("NAME", (24, 52), false, 0),
            column("VALUE", (20, u16::MAX), false, 0),
        ],
        _ => vec![column("WHAT", (12, 14), false, 0), column("VALUE", (30, u16::MAX), false, 0)],
    }
}

/// Rows that were made beforehand.
struct Lines {
    columns: Vec<Column>,
    items: Vec<Item>,
}

impl Rows for Lines {
    fn columns(&self) -> Vec<Column> {
        self.columns.clone()
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn key(&self, row: usize) -> String {
        self.items.get(row).map(|i| i.key.clone()).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let cell = self.items.get(row).and_then(|i| i.cells.get(column));
        cell.map_or(SortKey::Unknown, |cell| SortKey::Text(cell.plain()))
    }

    fn follows(&self) -> bool {
        true
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        self.items.get(row).map(|i| i.cells.clone()).unwrap_or_default()
    }
}

/// A line of the open form in full: names and values.
#[must_use]
pub fn line(state: &AppState, pane: &str, key: &str) -> Vec<(String, String)> {
    let items = open(state).and_then(|opened| items(state, pane, opened)).unwrap_or_default();
    items.into_iter().find(|i| i.key == key).map(|i| i.full).unwrap_or_default()
}

/// The commands that matter here.
pub(super) fn keys(state: &AppState) -> Vec<Command> {
    let focus = crate::tabs::focused(state).map_or(FIELDS, |p| p.id);
    match focus {
        FIELDS => {
            vec![Command::Open, Command::NextPane, Command::Copy, Command::Rehearse, Command::Back]
        }
        PLAN => vec![Command::Copy, Command::ShowQr, Command::OpenLink, Command::Rehearse, Command::NextPane],
        _ => vec![Command::Describe, Command::NextPane, Command::Copy, Command::Rehearse, Command::Back],
    }
}

/// What a command means in the form.
pub(super) fn intent(state: &AppState, command: Command) -> Intent {
    let Some((form, recipe)) = open(state) else {
        return Intent::Say("this form was closed · Esc goes back, ! opens runbooks".to_owned());
    };
    let pane = crate::tabs::focused(state);
    let focus = pane.as_ref().map_or(FIELDS, |p| p.id);
    let key = pane.as_ref().and_then(|p| selected_key(state, p));
    let describe = || match &key {
        Some(key) => Intent::Describe(Subject::FormLine(focus.to_owned(), key.clone())),
        None => Intent::Say("nothing to describe here yet".to_owned()),
    };
    match (command, &key) {
        (Command::Open, Some(name)) if focus == FIELDS => Intent::EditField(name.clone()),
        (Command::Mark, Some(name)) if focus == FIELDS && !choices(recipe, name).is_empty() => {
            Intent::NextChoice(name.clone())
        }
        (Command::Mark, Some(name)) if focus == FIELDS => {
            Intent::Say(format!("{name} has no fixed choices: Enter edits it"))
        }
        (Command::Open | Command::Describe, _) => describe(),
        (Command::Copy, _) => with_call(state, form, Intent::Copy),
        (Command::ShowQr, _) => with_call(state, form, |data, _| Intent::ShowQr(data)),
        (Command::CopyLink | Command::OpenLink, _) => link(state, form, command),
        (Command::Rehearse, _) => rehearsal::intent(state, form),
        (Command::Runbooks, _) => Intent::Runbooks(form.about.clone()),
        _ => Intent::Say(format!("{} does nothing in a form", command.name())),
    }
}

fn with_call(state: &AppState, form: &Form, make: impl Fn(String, String) -> Intent) -> Intent {
    match stand(state, form) {
        Stand::Ready(plan, _) => match call_data(plan) {
            Ok((data, name)) => make(data, name),
            Err(why) => Intent::Say(why),
        },
        other => Intent::Say(format!("there is no call data yet: {}", other.why().0)),
    }
}

fn link(state: &AppState, form: &Form, command: Command) -> Intent {
    let Stand::Ready(plan, _) = stand(state, form) else {
        return Intent::Say("there is no link before there is a plan".to_owned());
    };
    match plan.links.get("polkadot_js").and_then(serde_json::Value::as_str) {
        Some(link) if command == Command::OpenLink => Intent::ShowLink(link.to_owned()),
        Some(link) => Intent::Copy(link.to_owned(), "link".to_owned()),
        None => Intent::Say("no link holds this call data · y copies it".to_owned()),
    }
}

/// The colour of a danger.
fn risk_role(risk: Risk) -> Role {
    match risk {
        Risk::Red => Role::Critical,
        Risk::Amber => Role::Minor,
        Risk::Green => Role::Good,
    }
}

fn header(state: &AppState, form: &Form, recipe: &Recipe) -> Panel {
    let row = recipe.row().map_or_else(String::new, |row| format!("{row} "));
    let chain = state.network.chain(&recipe.chain.get_ref().as_str().into());
    let chain = chain.map_or_else(|| recipe.chain.get_ref().clone(), |c| c.name.clone());
    let mut lines = vec![
        Line::of(Role::Title, format!("{row}{}", recipe.name()))
            .and(Role::Text, format!("  {}", recipe.title))
            .and(Role::Dim, format!(" · on {chain} · risk "))
            .and(risk_role(recipe.risk), recipe.risk.as_str()),
        Line::of(Role::Accent, "nothing is sent from here")
            .and(Role::Dim, ": y copies call data for whoever signs"),
    ];
    lines.push(status(state, form));
    let body = Body::Text(lines);
    Panel { id: "form".to_owned(), title: None, focused: false, stale: false, body }
}

/// Checks, plan and rehearsal on one line: it stays while a single pane is shown.
fn status(state: &AppState, form: &Form) -> Line {
    let mut line = match stand(state, form) {
        Stand::Ready(plan, _) => {
            let line = checks::count(plan).and(Role::Dim, " · plan ").and(Role::Text, plan.plan_hash.short());
            line.and(Role::Dim, format!(" at #{}", format::number(plan.block)))
        }
        Stand::Refused(names) => Line::of(Role::Major, "▲ no plan: ")
            .and(Role::Text, format!("{} cannot be used as given", names.join(", "))),
        Stand::Failed(why) => {
            let room = usize::from(state.ui.width).saturating_sub(14);
            Line::of(Role::Major, "▲ no plan: ").and(Role::Text, crate::runbook::show::cut(why, room))
        }
        other => Line::of(Role::Unknown, "? no plan: ").and(Role::Dim, other.why().0),
    };
    match &form.rehearsal {
        Rehearsal::None => {}
        Rehearsal::Running { since, .. } => {
            let for_ms = state.now.since(*since);
            line = line.and(Role::Info, format!(" · » runs {}", format::age(for_ms)));
        }
        Rehearsal::Done { .. } => line = rehearsal::verdict(state, form, line),
        Rehearsal::Cancelled { .. } => line = line.and(Role::Dim, " · rehearsal given up"),
    }
    line
}

/// The screen of the form.
pub(super) fn body(state: &AppState) -> Node {
    let Some((form, recipe)) = open(state) else {
        return Node::panel(lists::empty(
            "form",
            "this form was closed: another runbook was opened after it",
            "Esc goes back · ! opens runbooks",
        ));
    };
    let focus = crate::tabs::focused(state).map_or(FIELDS, |p| p.id);
    let one = |id: &'static str| Node::panel(pane(state, id, id == focus, (form, recipe)));
    if state.ui.zoom {
        return one(focus);
    }
    let top = (Size::Content(5), Node::panel(header(state, form, recipe)));
    if !crate::tabs::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![top, strip, (Size::Share(1), one(focus))]);
    }
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let share = |id: &str, usual: u16| {
        Size::Share(
            if id == focus && state.ui.grow != 0 { step.saturating_mul(usual) / 3 } else { usual }.max(1),
        )
    };
    let left = Node::Rows(vec![(share(FIELDS, 4), one(FIELDS)), (share(CHECKS, 3), one(CHECKS))]);
    let right = Node::Rows(vec![(share(PLAN, 4), one(PLAN)), (share(REHEARSAL, 3), one(REHEARSAL))]);
    let both = Node::Columns(vec![(Size::Share(1), left), (Size::Share(1), right)]);
    Node::Rows(vec![top, (Size::Share(1), both)])
}

fn pane(state: &AppState, id: &'static str, focused: bool, (form, recipe): (&Form, &Recipe)) -> Panel {
    if id == FIELDS {
        return fields::panel(state, form, recipe, focused);
    }
    let (title, nothing) = match id {
        CHECKS => checks::title(state, form),
        PLAN => plan::title(state, form),
        _ => rehearsal::title(state, form),
    };
    let stale = match (stand(state, form), &form.answer) {
        (Stand::Ready(..), Some(answer)) => id != REHEARSAL && state.now.since(answer.at) > OLD_MS,
        _ => false,
    };
    let Some(rows) = rows(state, id) else { return lists::empty(id, &nothing.0, &nothing.1) };
    let list = panes(state).into_iter().find(|p| p.id == id).map_or_else(|| id.to_owned(), |p| p.list);
    lists::panel(state, id, &list, rows.as_ref(), Around { title, nothing, focused, stale })
}

/// Value of a plan's field for a person: one line of what may be long.
fn short(value: &serde_json::Value) -> String {
    crate::runbook::show::short(value, 400)
}

/// True for the wrappers' field.
fn is_wrap(name: &str) -> bool {
    name == WRAP
}

/// The token of the form's chain.
fn token(state: &AppState, form: &Form, recipe: &Recipe) -> crate::state::form::Token {
    fits::token(state, recipe, Some(form))
}
