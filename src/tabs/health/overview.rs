//! The first view: alerts, all chains, what has no room in their table, what no rule can tell, and the selected chain's
//! blocks where there is room.
//!
//! In: the state and the focused pane. Out: panels. What comes and goes stands below the table, so that nothing moves
//! under the cursor.

use super::{
    ALERTS, BLOCKS, CHAINS, ENDPOINTS, EVENTS, alerts, blind, chains, detail, has_alerts, list_panel, pane,
};
use crate::screen::{Body, Line, Node, Panel, Size};
use crate::state::AppState;
use crate::tabs::selected_key;

/// Lines that must be free below the table for the selected chain's blocks to be shown there.
const PREVIEW_LINES: usize = 7;

/// The view.
pub(super) fn body(state: &AppState, focus: &'static str) -> Node {
    let below: Vec<Line> = detail::lines(state).into_iter().chain(blind::lines(state)).collect();
    if state.ui.zoom && focus == ALERTS {
        return Node::panel(alerts::panel(state, true));
    }
    if state.ui.zoom {
        let table = (Size::Share(1), Node::panel(chains::panel(state, true)));
        return Node::Rows(vec![table, (Size::Content(u16::MAX), Node::panel(text("below", below)))]);
    }
    let mut parts = Vec::new();
    if has_alerts(state) {
        let lines = u16::try_from(alert_lines(state)).unwrap_or(6);
        parts.push((Size::Content(lines), Node::panel(alerts::panel(state, focus == ALERTS))));
    }
    let taken = state.network.chains.len() + alert_lines(state) + below.len() + 4;
    let has_room = usize::from(state.ui.height) >= taken + PREVIEW_LINES;
    let preview = has_room.then(|| preview(state)).flatten();
    let table = if preview.is_some() { Size::Content(u16::MAX) } else { Size::Share(1) };
    parts.push((table, Node::panel(chains::panel(state, focus == CHAINS))));
    if !below.is_empty() {
        parts.push((Size::Content(u16::MAX), Node::panel(text("below", below))));
    }
    parts.extend(preview.map(|preview| (Size::Share(1), preview)));
    Node::Rows(parts)
}

fn text(id: &str, lines: Vec<Line>) -> Panel {
    Panel { id: id.to_owned(), title: None, focused: false, stale: false, body: Body::Text(lines) }
}

/// Lines of the alerts panel: frame, titles and rows, at most six on a small screen and ten on a large one.
fn alert_lines(state: &AppState) -> usize {
    match state.alerts.visible().len() {
        0 => 0,
        n => (n + 3).min(if state.ui.height >= 32 { 10 } else { 6 }),
    }
}

/// The selected chain's blocks, and beside them its endpoints where there is room.
fn preview(state: &AppState) -> Option<Node> {
    let key = selected_key(state, &pane(CHAINS, None))?;
    let chain = state.chain(&key.as_str().into())?;
    let blocks = Node::panel(list_panel(state, chain, BLOCKS, false));
    if state.ui.width < 160 {
        return Some(blocks);
    }
    let endpoints = Node::panel(list_panel(state, chain, ENDPOINTS, false));
    let events = Node::panel(list_panel(state, chain, EVENTS, false));
    let right = Node::Rows(vec![(Size::Content(10), endpoints), (Size::Share(1), events)]);
    Some(Node::Columns(vec![(Size::Share(1), blocks), (Size::Share(1), right)]))
}
