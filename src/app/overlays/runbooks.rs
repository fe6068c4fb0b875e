//! The runbooks that fit a selection, and call data as a QR code.
//!
//! In: what is selected, the search. Out: a table, best first; what the chains cannot do is marked with the reason. A code
//! that does not fit is a sentence.

use crate::domain::ids::hex_bytes;
use crate::runbook::links;
use crate::runbook::recipe::Risk;
use crate::screen::{Body, Column, Line, Role, Row, Table};
use crate::state::AppState;
use crate::state::ui::Subject;
use crate::tabs::recovery::fits::{Entry, Why, entries};
use crate::tabs::{lists, subject};

/// The title: what they are for, and whether the chains were asked.
pub(super) fn title(state: &AppState, about: Option<&Subject>) -> Line {
    let what =
        about.map_or_else(|| "all of them".to_owned(), |s| format!("for {}", subject::title(state, s)));
    let line = Line::of(Role::Title, "runbooks").and(Role::Dim, format!(" · {what}"));
    let judged = &state.runbooks.judged;
    match (&judged.failed, judged.asked) {
        _ if state.mode.is_replay() => line.and(Role::Dim, " · a replay asks no chain"),
        (_, Some(_)) => line.and(Role::Info, " · » asking the chains which they have"),
        (Some(_), None) => line.and(Role::Minor, " · ▵ the chains could not be asked"),
        (None, None) => line.and(Role::Dim, " · nothing is sent from here"),
    }
}

fn columns() -> Vec<Column> {
    let column = lists::column;
    vec![
        column("ROW", (4, 4), false, 0),
        column("RUNBOOK", (14, 26), false, 0),
        column("RISK", (5, 5), false, 2),
        column("WHY", (12, 17), false, 0),
        column("WHAT IT DOES", (20, u16::MAX), false, 0),
    ]
}

/// The table.
pub(super) fn body(state: &AppState, about: Option<&Subject>, search: &str, selected: usize) -> Body {
    let found = entries(state, about, search);
    if found.is_empty() {
        return Body::Empty {
            sentence: Line::of(Role::Text, format!("no runbook fits '{search}'")),
            next: Line::of(Role::Dim, "Ctrl-u clears the line · Esc closes"),
        };
    }
    let selected = selected.min(found.len() - 1);
    let height = usize::from(state.ui.height);
    let first = selected.saturating_sub(height / 2);
    Body::Table(Table {
        columns: columns(),
        rows: found.iter().skip(first).take(height).map(row).collect(),
        first,
        total: found.len(),
        selected: Some(selected),
    })
}

fn row(entry: &Entry<'_>) -> Row {
    let recipe = entry.recipe;
    let is_gone = entry.fit.yes == Some(false);
    let usual = if is_gone { Role::Dim } else { Role::Text };
    let risk = match recipe.risk {
        _ if is_gone => Role::Dim,
        Risk::Red => Role::Major,
        Risk::Amber => Role::Minor,
        Risk::Green => Role::Good,
    };
    let why = match &entry.why {
        _ if is_gone => Line::of(Role::Unknown, "not on this chain"),
        Why::Proposed(_) => Line::of(Role::Accent, "X-ray proposes"),
        Why::Symptom(detector) => Line::of(Role::Info, detector.as_str()),
        Why::Group(group) => Line::of(Role::Dim, group.as_str()),
    };
    let what = match (&entry.fit.reason, &entry.why) {
        (Some(reason), _) if is_gone => reason.clone(),
        (_, Why::Proposed(reason)) => format!("{} · {reason}", recipe.title),
        _ => recipe.title.clone(),
    };
    Row {
        key: recipe.name().to_owned(),
        cells: vec![
            Line::of(Role::Dim, recipe.row().unwrap_or_default()),
            Line::of(usual, recipe.name()),
            Line::of(risk, recipe.risk.as_str()),
            why,
            Line::of(usual, what),
        ],
        marked: false,
    }
}

/// The code, or why there is none.
pub(super) fn qr(data: &str, columns: u16) -> Body {
    let bytes = hex_bytes(data).unwrap_or_default();
    Body::Text(match links::qr(&bytes, usize::from(columns)) {
        Ok(lines) => lines.into_iter().map(|line| Line::of(Role::Text, line)).collect(),
        Err(why) => {
            vec![Line::of(Role::Text, why), Line::of(Role::Dim, "y copies the call data · Esc closes")]
        }
    })
}

/// Columns and lines that the code takes with its frame.
pub(super) fn qr_size(data: &str, most_wide: u16) -> (u16, u16) {
    let Body::Text(lines) = qr(data, most_wide.saturating_sub(4)) else { return (most_wide, 6) };
    let wide = lines.iter().map(|l| l.plain().chars().count()).max().unwrap_or_default();
    let fit = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    (fit(wide).saturating_add(4).min(most_wide), fit(lines.len()).saturating_add(2).max(6))
}
