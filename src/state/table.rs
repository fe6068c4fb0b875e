//! Lists on the screen: what is selected, sorted, filtered and marked in each.
//!
//! In: rows as a tab offers them ([`Rows`]) and what the user did to the list ([`TableState`]). Out: a window of rows
//! as [`Table`]. Selection is by key, never by row. Must not know what the rows mean.

use super::filter::Filter;
use crate::screen::{Column, Line, Row, Table};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Marks kept per list.
const MAX_MARKED: usize = 1_000;

/// What a row is sorted by. Unknown comes last in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// A number.
    Number(u64),
    /// Text.
    Text(String),
    /// An account or a hash, in the order of its bytes.
    Bytes([u8; 32]),
    /// Not known.
    Unknown,
}

impl SortKey {
    /// A number, or unknown.
    #[must_use]
    pub fn number(n: Option<u64>) -> Self {
        n.map_or(Self::Unknown, Self::Number)
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Unknown, Self::Unknown) => return Ordering::Equal,
            (Self::Unknown, _) => return Ordering::Greater,
            (_, Self::Unknown) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Number(_), _) | (Self::Text(_), Self::Bytes(_)) => Ordering::Less,
            (_, Self::Number(_)) | (Self::Bytes(_), Self::Text(_)) => Ordering::Greater,
        };
        if descending { order.reverse() } else { order }
    }
}

/// Rows as a tab offers them. Nothing is built before it is asked for, so that a long list costs what is visible.
pub trait Rows {
    /// Columns, left to right.
    fn columns(&self) -> Vec<Column>;
    /// Number of rows, in their natural order.
    fn len(&self) -> usize;
    /// True without any row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The key of a row: unique in the list, the same as long as the thing exists.
    fn key(&self, row: usize) -> String;
    /// The row of a key.
    fn find(&self, key: &str) -> Option<usize> {
        (0..self.len()).find(|row| self.key(*row) == key)
    }
    /// What the filter looks at.
    fn text(&self, row: usize) -> String {
        self.cells(row).iter().map(Line::plain).collect::<Vec<_>>().join(" ")
    }
    /// An id that a filter finds by a part of it only, such as an address; none where there is none.
    fn id(&self, _row: usize) -> Option<String> {
        None
    }
    /// The rows that a filter keeps, in their natural order, where that is known already.
    fn kept(&self, _filter: &str) -> Option<Vec<usize>> {
        None
    }
    /// What the row is sorted by in a column.
    fn sort_key(&self, row: usize, column: usize) -> SortKey;
    /// The cells, one per column.
    fn cells(&self, row: usize) -> Vec<Line>;
    /// Changes whenever a key, a text or a sort key may have changed: until then an order is used again. None: every order
    /// is made anew.
    fn revision(&self) -> Option<u64> {
        None
    }
    /// True where a list without a selection stays on its first row while new rows come in above.
    fn follows(&self) -> bool {
        false
    }
}

/// What the user did to one list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableState {
    /// Key of the selected row; none: the first one.
    pub selected: Option<String>,
    /// Where it stood last, so that a vanished row falls to its neighbour.
    pub at: usize,
    /// Sorted by this column; none: natural order.
    pub sort: Option<usize>,
    /// Largest first (or the natural order backwards).
    pub reverse: bool,
    /// Text of the filter.
    pub filter: String,
    /// Keys of the marked rows.
    pub marked: BTreeSet<String>,
    /// The row that was marked last: a range starts there.
    pub mark_anchor: Option<String>,
    /// The order of the last look at the list.
    #[serde(skip)]
    memo: Memo,
}

/// An order and what it was made from. No part of what the user did: it makes no difference between two lists.
#[derive(Debug, Clone, Default)]
struct Memo(Option<Arc<Made>>);

#[derive(Debug)]
struct Made {
    revision: u64,
    filter: String,
    sort: Option<usize>,
    reverse: bool,
    order: Arc<Order>,
}

impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Memo {}

/// Where to go in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// So many rows down.
    Down(usize),
    /// So many rows up.
    Up(usize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// One down, from the last to the first.
    Around,
    /// One up, from the first to the last.
    AroundBack,
}

/// The rows that are shown, in their order: sorted and filtered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Natural { len: usize, reverse: bool },
    Listed(Vec<usize>),
}

impl Order {
    /// The order that `state` asks for. Costs nothing for a list that is neither sorted nor filtered.
    #[must_use]
    pub fn of(rows: &dyn Rows, state: &TableState) -> Self {
        let mut filter = Filter::of(&state.filter);
        if filter.keeps_all() && state.sort.is_none() {
            return Self(Kind::Natural { len: rows.len(), reverse: state.reverse });
        }
        let known = if filter.keeps_all() { None } else { rows.kept(&state.filter) };
        let is_known = known.is_some();
        let mut listed: Vec<usize> = known.unwrap_or_else(|| (0..rows.len()).collect());
        if !is_known && !filter.keeps_all() {
            listed.retain(|row| match rows.id(*row) {
                Some(id) => filter.keeps_either(&rows.text(*row), &id),
                None => filter.keeps(&rows.text(*row)),
            });
        }
        match state.sort {
            Some(column) => {
                let mut keyed: Vec<_> = listed.into_iter().map(|r| (rows.sort_key(r, column), r)).collect();
                keyed.sort_by(|a, b| a.0.compare(&b.0, state.reverse));
                listed = keyed.into_iter().map(|(_, r)| r).collect();
            }
            None if state.reverse => listed.reverse(),
            None => {}
        }
        Self(Kind::Listed(listed))
    }

    /// Number of rows shown.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Kind::Natural { len, .. } => *len,
            Kind::Listed(listed) => listed.len(),
        }
    }

    /// True where no row is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<usize> {
        match &self.0 {
            Kind::Natural { len, .. } if place >= *len => None,
            Kind::Natural { len, reverse: true } => Some(len - 1 - place),
            Kind::Natural { .. } => Some(place),
            Kind::Listed(listed) => listed.get(place).copied(),
        }
    }

    fn key(&self, rows: &dyn Rows, place: usize) -> Option<String> {
        self.row(place).map(|row| rows.key(row))
    }

    /// The place of the selected row: where its key is now, else where it last was, else none in an empty list.
    #[must_use]
    pub fn selected(&self, rows: &dyn Rows, state: &TableState) -> Option<usize> {
        let last = self.len().checked_sub(1)?;
        let Some(key) = &state.selected else { return Some(0) };
        if self.key(rows, state.at).as_ref() == Some(key) {
            return Some(state.at);
        }
        Some(self.place(rows, key).unwrap_or(state.at.min(last)))
    }

    /// The place of a key; none where it is not among the rows shown.
    fn place(&self, rows: &dyn Rows, key: &str) -> Option<usize> {
        let row = rows.find(key)?;
        match &self.0 {
            Kind::Natural { len, reverse: true } => len.checked_sub(row + 1),
            Kind::Natural { .. } => Some(row),
            Kind::Listed(listed) => listed.iter().position(|r| *r == row),
        }
    }
}

impl TableState {
    /// The rows in the order that this state asks for; the one made before where nothing has changed since.
    fn order(&self, rows: &dyn Rows) -> Arc<Order> {
        let same = |m: &&Arc<Made>| {
            Some(m.revision) == rows.revision()
                && (m.sort, m.reverse) == (self.sort, self.reverse)
                && m.filter == self.filter
        };
        self.memo.0.as_ref().filter(same).map_or_else(|| Arc::new(Order::of(rows, self)), |m| m.order.clone())
    }

    /// The same, and remembers it: the keys, the selections and the screen of one moment make it once.
    fn ordered(&mut self, rows: &dyn Rows) -> Arc<Order> {
        let order = self.order(rows);
        let made = |revision| Made {
            revision,
            filter: self.filter.clone(),
            sort: self.sort,
            reverse: self.reverse,
            order: order.clone(),
        };
        let worth = rows.revision().filter(|_| matches!(order.0, Kind::Listed(_)));
        self.memo = Memo(worth.map(made).map(Arc::new));
        order
    }

    /// Moves the selection.
    pub fn go(&mut self, rows: &dyn Rows, to: Move) {
        let order = self.ordered(rows);
        let (Some(at), Some(last)) = (order.selected(rows, self), order.len().checked_sub(1)) else { return };
        let place = match to {
            Move::Down(n) => at.saturating_add(n).min(last),
            Move::Up(n) => at.saturating_sub(n),
            Move::First => 0,
            Move::Last => last,
            Move::Around => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
            Move::AroundBack => at.checked_sub(1).unwrap_or(last),
        };
        self.at = place;
        self.selected = match to {
            Move::First if rows.follows() => None,
            _ => order.key(rows, place),
        };
    }

    /// Holds on to what is selected: the key keeps its row wherever it went; a vanished key falls to its neighbour.
    pub fn hold(&mut self, rows: &dyn Rows) {
        if self.selected.is_none() && rows.follows() {
            return;
        }
        let order = self.ordered(rows);
        if let Some(place) = order.selected(rows, self) {
            self.at = place;
            self.selected = order.key(rows, place);
        }
    }

    /// The key of the selected row.
    #[must_use]
    pub fn selected_key(&self, rows: &dyn Rows) -> Option<String> {
        let order = self.order(rows);
        order.key(rows, order.selected(rows, self)?)
    }

    /// Sorts by the next column; behind the last one comes the natural order again.
    pub fn sort_next(&mut self, columns: usize) {
        self.sort = match self.sort {
            None if columns > 0 => Some(0),
            Some(n) if n + 1 < columns => Some(n + 1),
            _ => None,
        };
        self.reverse = false;
    }

    /// Marks the selected row, or takes its mark away.
    pub fn mark(&mut self, rows: &dyn Rows) {
        let Some(key) = self.selected_key(rows) else { return };
        if !self.marked.remove(&key) && self.marked.len() < MAX_MARKED {
            self.marked.insert(key.clone());
        }
        self.mark_anchor = Some(key);
    }

    /// Marks every row from the last mark to the selection.
    pub fn mark_range(&mut self, rows: &dyn Rows) {
        let order = self.order(rows);
        let Some(here) = order.selected(rows, self) else { return };
        let from = self.mark_anchor.as_ref().and_then(|key| order.place(rows, key)).unwrap_or(here);
        for place in from.min(here)..=from.max(here) {
            if let Some(key) = order.key(rows, place).filter(|_| self.marked.len() < MAX_MARKED) {
                self.marked.insert(key);
            }
        }
    }

    /// A window of `height` rows in which the selection stands in the upper part: a panel shows its first rows.
    #[must_use]
    pub fn window(&self, rows: &dyn Rows, height: usize) -> Table {
        let order = self.order(rows);
        let (total, height) = (order.len(), height.max(1));
        let selected = order.selected(rows, self);
        let first = selected.unwrap_or(0).saturating_sub(height / 3).min(total.saturating_sub(height));
        let mut columns = rows.columns();
        if let Some(column) = self.sort.and_then(|n| columns.get_mut(n)) {
            column.sorted = Some(self.reverse);
        }
        let shown = (first..total.min(first + height)).filter_map(|place| order.row(place));
        let rows = shown
            .map(|row| {
                let key = rows.key(row);
                Row { marked: self.marked.contains(&key), cells: rows.cells(row), key }
            })
            .collect();
        Table { columns, rows, first, total, selected }
    }
}

#[cfg(test)]
mod tests;
