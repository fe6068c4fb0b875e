//! Commands about the focused list: move, sort, filter, mark; and what keeps a selection on its key.
//!
//! In: a command. Out: the changed list. Must not know what the rows mean.

use super::say;
use crate::app::Effect;
use crate::command::Command;
use crate::screen::Role;
use crate::state::AppState;
use crate::state::input::Input;
use crate::state::table::{Move, Rows, TableState};
use crate::state::ui::FilterField;
use crate::tabs;

/// Commands about the focused list.
pub(super) fn run(state: &mut AppState, command: Command) -> Option<Vec<Effect>> {
    let page = usize::from(state.ui.height.saturating_sub(8)).max(1);
    match command {
        Command::Down => with_list(state, |t, r| t.go(r, Move::Down(1))),
        Command::Up => with_list(state, |t, r| t.go(r, Move::Up(1))),
        Command::PageDown => with_list(state, |t, r| t.go(r, Move::Down(page))),
        Command::PageUp => with_list(state, |t, r| t.go(r, Move::Up(page))),
        Command::First => with_list(state, |t, r| t.go(r, Move::First)),
        Command::Last => with_list(state, |t, r| t.go(r, Move::Last)),
        Command::NextMatch => next_match(state, Move::Around),
        Command::PreviousMatch => next_match(state, Move::AroundBack),
        Command::Sort => sort(state),
        Command::SortReverse => with_list(state, |t, _| t.reverse = !t.reverse),
        Command::Mark => with_list(state, TableState::mark),
        Command::MarkRange => with_list(state, TableState::mark_range),
        Command::Filter => open_filter(state),
        _ => return None,
    }
    Some(Vec::new())
}

fn with_list(state: &mut AppState, change: impl FnOnce(&mut TableState, &dyn Rows)) {
    let Some((list, mut table)) = tabs::focused_rows(state).map(|(list, rows)| {
        let mut table = state.ui.table(&list);
        change(&mut table, rows.as_ref());
        (list, table)
    }) else {
        say(state, Role::Dim, "no list has the focus · w moves it".to_owned());
        return;
    };
    std::mem::swap(state.ui.table_mut(&list), &mut table);
}

fn next_match(state: &mut AppState, to: Move) {
    let filtered = tabs::focused(state).is_some_and(|p| !state.ui.table(&p.list).filter.is_empty());
    if filtered {
        with_list(state, |t, r| t.go(r, to));
    } else {
        say(state, Role::Dim, "no filter here · / sets one".to_owned());
    }
}

fn sort(state: &mut AppState) {
    let mut by = None;
    with_list(state, |t, r| {
        let columns = r.columns();
        t.sort_next(columns.len());
        by = t.sort.and_then(|n| columns.get(n)).map(|c| c.title.clone());
    });
    let text =
        by.map_or_else(|| "in the natural order".to_owned(), |by| format!("sorted by {by} · S reverses"));
    say(state, Role::Dim, text);
}

fn open_filter(state: &mut AppState) {
    let Some(pane) = tabs::focused(state) else { return };
    let before = state.ui.table(&pane.list).filter;
    state.ui.filter = Some(FilterField { list: pane.list, input: Input::of(&before), before });
}

/// Keeps every selection of the open view on its key; vanished rows fall to their neighbour.
pub(in crate::app) fn hold_selections(state: &mut AppState) {
    let tab = tabs::open(state);
    let held: Vec<_> = (tab.panes)(state)
        .into_iter()
        .filter_map(|pane| {
            let rows = (tab.rows)(state, pane.id)?;
            let mut table = state.ui.table(&pane.list);
            table.hold(rows.as_ref());
            Some((pane.list, table))
        })
        .collect();
    for (list, table) in held {
        *state.ui.table_mut(&list) = table;
    }
}
