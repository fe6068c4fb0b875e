//! Lists of numbers: selection by key, order, filter, marks, window.

use super::*;
use crate::screen::Role;
use proptest::prelude::*;

struct Numbers(Vec<u64>);

impl Rows for Numbers {
    fn columns(&self) -> Vec<Column> {
        vec![]
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn key(&self, row: usize) -> String {
        self.0[row].to_string()
    }
    fn sort_key(&self, row: usize, _: usize) -> SortKey {
        if self.0[row] == 0 { SortKey::Unknown } else { SortKey::Number(self.0[row]) }
    }
    fn cells(&self, row: usize) -> Vec<Line> {
        vec![Line::of(Role::Text, self.key(row))]
    }
}

fn shown(rows: &Numbers, state: &TableState) -> Vec<String> {
    state.window(rows, 100).rows.into_iter().map(|r| r.key).collect()
}

#[test]
fn the_selection_stays_on_its_key_when_rows_move() {
    let mut state = TableState::default();
    let rows = Numbers(vec![10, 11, 12]);
    state.go(&rows, Move::Down(1));
    let moved = Numbers(vec![1, 2, 3, 12, 11]);
    assert_eq!(state.selected_key(&moved).as_deref(), Some("11"));
    assert_eq!(state.window(&moved, 9).selected, Some(4));
}

#[test]
fn a_vanished_row_falls_to_its_neighbour() {
    let mut state = TableState::default();
    state.go(&Numbers(vec![10, 11, 12]), Move::Last);
    state.hold(&Numbers(vec![10, 11]));
    assert_eq!(state.selected.as_deref(), Some("11"));
    state.hold(&Numbers(vec![]));
    assert_eq!(state.window(&Numbers(vec![]), 9).selected, None);
}

#[test]
fn unknown_values_come_last_in_both_directions() {
    let rows = Numbers(vec![3, 0, 5, 1]);
    let mut state = TableState { sort: Some(0), ..TableState::default() };
    assert_eq!(shown(&rows, &state), ["1", "3", "5", "0"]);
    state.reverse = true;
    assert_eq!(shown(&rows, &state), ["5", "3", "1", "0"]);
}

#[test]
fn a_filter_hides_rows_and_moving_goes_around_the_rest() {
    let rows = Numbers(vec![10, 21, 12, 33]);
    let mut state = TableState { filter: "-r ^1".to_owned(), ..TableState::default() };
    assert_eq!(shown(&rows, &state), ["10", "12"]);
    state.go(&rows, Move::AroundBack);
    assert_eq!(state.selected.as_deref(), Some("12"));
    state.go(&rows, Move::Around);
    assert_eq!(state.selected.as_deref(), Some("10"));
}

#[test]
fn a_range_is_marked_from_the_last_mark() {
    let rows = Numbers(vec![1, 2, 3, 4]);
    let mut state = TableState::default();
    state.mark(&rows);
    state.go(&rows, Move::Down(2));
    state.mark_range(&rows);
    assert_eq!(state.marked.iter().map(String::as_str).collect::<Vec<_>>(), ["1", "2", "3"]);
}

/// Counts how often a row's text is asked for.
struct Counted(Numbers, u64, std::cell::Cell<usize>);

impl Rows for Counted {
    fn columns(&self) -> Vec<Column> {
        vec![]
    }
    fn len(&self) -> usize {
        self.0.len()
    }
    fn key(&self, row: usize) -> String {
        self.0.key(row)
    }
    fn revision(&self) -> Option<u64> {
        Some(self.1)
    }
    fn text(&self, row: usize) -> String {
        self.2.set(self.2.get() + 1);
        self.0.key(row)
    }
    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        self.0.sort_key(row, column)
    }
    fn cells(&self, row: usize) -> Vec<Line> {
        self.0.cells(row)
    }
}

#[test]
fn an_order_is_made_once_until_rows_filter_or_sorting_change() {
    let mut rows = Counted(Numbers((1..=50).collect()), 7, std::cell::Cell::new(0));
    let mut state = TableState { filter: "1".to_owned(), ..TableState::default() };
    let asked = |rows: &Counted, state: &mut TableState, expected: usize, why: &str| {
        rows.2.set(0);
        state.go(rows, Move::Down(1));
        state.hold(rows);
        let window = state.window(rows, 10);
        assert_eq!(rows.2.get(), expected, "{why}");
        assert_eq!(window, TableState { memo: Memo::default(), ..state.clone() }.window(rows, 10), "{why}");
    };
    asked(&rows, &mut state, 50, "made");
    asked(&rows, &mut state, 0, "used again");
    state.filter = "2".to_owned();
    asked(&rows, &mut state, 50, "another filter");
    state.reverse = true;
    asked(&rows, &mut state, 50, "another direction");
    state.sort = Some(0);
    asked(&rows, &mut state, 50, "another column");
    rows = Counted(Numbers((1..=60).collect()), 8, std::cell::Cell::new(0));
    asked(&rows, &mut state, 60, "other rows");
}

proptest! {
    #[test]
    fn the_window_always_holds_the_selection(len in 0u64..300, down in 0usize..400, height in 0usize..80) {
        let rows = Numbers((1..=len).collect());
        let mut state = TableState::default();
        state.go(&rows, Move::Down(down));
        let table = state.window(&rows, height);
        prop_assert!(table.rows.len() <= height.max(1));
        prop_assert_eq!(table.selected.is_none(), len == 0);
        if let Some(s) = table.selected {
            prop_assert!((table.first..table.first + table.rows.len()).contains(&s));
        }
    }
}
