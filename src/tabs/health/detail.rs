//! What the table of chains has no room for: the selected chain's values in the columns that were dropped.
//!
//! In: the selected chain and the width. Out: a line or two below the table; none where every column is shown.

use super::chains::ChainRows;
use super::{CHAINS, pane};
use crate::screen::{Line, Role, Table};
use crate::state::AppState;
use crate::state::table::Rows;
use crate::tabs::{selected_key, words};

/// The lines. A chain of which nothing is known has none: that is said where its blocks would be.
pub(super) fn lines(state: &AppState) -> Vec<Line> {
    let rows = ChainRows::new(state);
    let columns = rows.columns();
    let shown = Table::fitting(&columns, room(state));
    if shown.len() == columns.len() {
        return vec![];
    }
    let Some(key) = selected_key(state, &pane(CHAINS, None)) else { return vec![] };
    let Some(chain) = state.chain(&key.as_str().into()) else { return vec![] };
    let Some(row) = (0..rows.len()).find(|row| rows.key(*row) == key) else { return vec![] };
    if words::why_no_data(&chain).is_some() {
        return vec![];
    }
    let cells = columns.iter().zip(rows.cells(row)).enumerate().filter(|(i, _)| !shown.contains(i));
    let mut items = vec![Line::of(Role::Text, chain.spec.name.clone())];
    items.extend(cells.map(|(_, (column, cell))| named(&column.title, cell)));
    pack(items, "  ", state.ui.width.saturating_sub(2))
}

/// Cells for columns: without the frame that a filter draws, the marks at the left and a scroll bar.
fn room(state: &AppState) -> u16 {
    let table = state.ui.table(CHAINS);
    let frame = if table.filter.is_empty() { 0 } else { 2 };
    let marks = if table.marked.is_empty() { 1 } else { 2 };
    state.ui.width.saturating_sub(frame + marks + 1)
}

/// A column's title before its value.
fn named(title: &str, cell: Line) -> Line {
    let mut line = Line::of(Role::Dim, format!("{} ", title.to_lowercase()));
    line.spans.extend(cell.spans);
    if let Some(value) = line.spans.get_mut(1) {
        value.text = value.text.trim_start().to_owned();
    }
    line
}

/// Items one behind the other, in as few lines as `width` cells allow; an item is not torn.
pub(super) fn pack(items: Vec<Line>, between: &str, width: u16) -> Vec<Line> {
    let cells = |line: &Line| line.plain().chars().count();
    let gap = between.chars().count();
    let mut out: Vec<Line> = Vec::new();
    for item in items {
        match out.last_mut() {
            Some(line) if cells(line) + gap + cells(&item) <= usize::from(width) => {
                let joined = std::mem::take(line).and(Role::Dim, between);
                *line = joined;
                line.spans.extend(item.spans);
            }
            _ => out.push(item),
        }
    }
    out
}
