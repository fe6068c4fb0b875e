//! What lists of every tab share: columns, titles, and the panel of a list that is empty or filtered.
//!
//! In: rows and words. Out: panels. Must not know what the rows mean.

use super::Pane;
use crate::screen::{Body, Column, Line, Panel, Role, Table};
use crate::state::AppState;
use crate::state::table::Rows;

/// A column: title, narrowest and widest width, numbers right, order of dropping.
#[must_use]
pub fn column(title: &str, width: (u16, u16), right: bool, drop_order: u8) -> Column {
    Column { title: title.to_owned(), min: width.0, max: width.1, right, drop_order, sorted: None }
}

/// A title that says what is hidden.
#[must_use]
pub fn with_filter(title: Line, filter: &str, shown: usize, all: usize) -> Line {
    if filter.is_empty() {
        return title;
    }
    title.and(Role::Dim, " · filter ").and(Role::Match, filter).and(Role::Dim, format!(" · {shown} of {all}"))
}

/// A panel with nothing in it, and why, and what to do.
#[must_use]
pub fn empty(id: &str, sentence: &str, next: &str) -> Panel {
    let body = Body::Empty { sentence: Line::of(Role::Text, sentence), next: Line::of(Role::Dim, next) };
    Panel { id: id.to_owned(), title: None, focused: false, stale: false, body }
}

/// The names of the panes, where one is shown at a time, the focused one marked.
#[must_use]
pub fn strip(panes: &[Pane], focus: &str) -> Panel {
    let mut line = Line::default();
    for pane in panes {
        let (role, text) = if pane.id == focus {
            (Role::TabActive, format!("▸{} ", pane.id))
        } else {
            (Role::TabInactive, format!(" {} ", pane.id))
        };
        line = line.and(role, text);
    }
    let body = Body::Text(vec![line.and(Role::Key, " w ").and(Role::Dim, "next")]);
    Panel { id: "strip".to_owned(), title: None, focused: false, stale: false, body }
}

/// Words around a list.
#[derive(Debug)]
pub struct Around {
    /// Its title.
    pub title: Line,
    /// Why it is empty, and the next step.
    pub nothing: (String, String),
    /// True where it has the keys.
    pub focused: bool,
    /// True where what it shows is too old to rely on.
    pub stale: bool,
}

/// A list as a panel. `list` is the name under which its state is kept.
#[must_use]
pub fn panel(state: &AppState, id: &str, list: &str, rows: &dyn Rows, around: Around) -> Panel {
    let Around { title, nothing, focused, stale } = around;
    if rows.is_empty() {
        return Panel { title: Some(title), focused, stale, ..empty(id, &nothing.0, &nothing.1) };
    }
    let table = state.ui.table(list);
    let window = table.window(rows, usize::from(state.ui.height));
    let title = Some(with_filter(title, &table.filter, window.total, rows.len()));
    if window.total == 0 {
        let sentence = format!("the filter hides all {} rows", rows.len());
        return Panel { title, focused, stale, ..empty(id, &sentence, "Esc takes the filter away") };
    }
    // Where the keys do not go nothing is selected to the eye.
    let window = Table { selected: window.selected.filter(|_| focused), ..window };
    Panel { id: id.to_owned(), title, focused, stale, body: Body::Table(window) }
}
