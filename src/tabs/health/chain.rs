//! One chain in full: a summary in a few lines, and below it its lists.
//!
//! In: one chain. Out: on a small screen a strip with the names of the lists and the focused one; on a large screen all
//! of them side by side.

use super::{AUTHORS, BLOCKS, DISPUTES, ENDPOINTS, EVENTS, PARAS, blind, detail, list_panel, panes};
use crate::domain::{ChainKind, Reading};
use crate::screen::{Body, Line, Node, Panel, Role, Size, format};
use crate::state::health;
use crate::state::{AppState, Chain};
use crate::tabs::{lists, words};

/// The view of one chain.
pub(super) fn body<'a>(state: &'a AppState, chain: Chain<'a>, focus: &'static str) -> Node {
    let one = |id: &'static str| Node::panel(list_panel(state, chain, id, id == focus));
    if state.ui.zoom {
        return one(focus);
    }
    let summary = (Size::Content(7), Node::panel(summary(state, chain)));
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let size = |id: &'static str| if id == focus { Size::Share(step) } else { Size::Share(4) };
    if !crate::tabs::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![summary, strip, (Size::Share(1), one(focus))]);
    }
    let is_relay = chain.spec.kind == ChainKind::Relay;
    let left = [BLOCKS, EVENTS].map(|id| (size(id), one(id))).to_vec();
    // Short lists take what they need; the authors have the rest.
    let short =
        |id: &'static str| if id == focus && state.ui.grow != 0 { size(id) } else { Size::Content(12) };
    let mut right =
        vec![(short(ENDPOINTS), one(ENDPOINTS)), (size(AUTHORS), one(AUTHORS)), (short(PARAS), one(PARAS))];
    if is_relay {
        right.push((short(DISPUTES), one(DISPUTES)));
    }
    let columns =
        Node::Columns(vec![(Size::Share(1), Node::Rows(left)), (Size::Share(1), Node::Rows(right))]);
    Node::Rows(vec![summary, (Size::Share(1), columns)])
}

fn text(id: &str, lines: Vec<Line>) -> Panel {
    Panel { id: id.to_owned(), title: None, focused: false, stale: false, body: Body::Text(lines) }
}

/// The chain in a few lines: its numbers, and below them what is wrong and what no rule can tell.
fn summary(state: &AppState, chain: Chain<'_>) -> Panel {
    let alerts = chain.standing();
    let (role, word) = words::state_word(&chain);
    let (data_role, data) = words::data_word(&chain);
    let first = Line::of(Role::Title, format!("{} ", chain.spec.name)).and(role, word).and(Role::Dim, " · ");
    let mut lines = vec![heads(&chain, first.and(data_role, data))];
    lines.extend(detail::pack(slow_numbers(&chain), " · ", state.ui.width.saturating_sub(2)));
    match (alerts.first(), words::why_no_data(&chain)) {
        (Some(alert), _) => {
            let more = match alerts.len() {
                0 | 1 => String::new(),
                2 => " · 1 more alert".to_owned(),
                n => format!(" · {} more alerts", n - 1),
            };
            let role = words::severity_role(alert.severity);
            let text = health::headline(&state.network, alert);
            lines.push(Line::of(role, format!("{} {text}", alert.severity.symbol())).and(Role::Dim, more));
        }
        (None, Some(why)) => lines.push(Line::of(Role::Text, why)),
        (None, None) => {}
    }
    lines.extend(blind::of_chain(&chain));
    text("summary", lines)
}

/// `name value`, the value by its worth.
fn named(name: &str, value: Line) -> Line {
    let mut line = Line::of(Role::Dim, format!("{name} "));
    line.spans.extend(value.spans);
    line
}

/// Appends `· name value`.
fn add(line: Line, name: &str, value: Line) -> Line {
    let mut line = line.and(Role::Dim, " · ");
    line.spans.extend(named(name, value).spans);
    line
}

fn heads(chain: &Chain<'_>, line: Line) -> Line {
    let fresh = words::fresh_role(chain.freshness());
    let view = chain.view;
    let best = view.and_then(|v| v.best.as_ref()).map(|b| b.value.number);
    let finalized = view.and_then(|v| v.finalized.as_ref()).map(|b| b.value.number);
    let line = add(line, "best", words::number(fresh, best));
    let line = add(line, "final", words::number(fresh, finalized));
    add(line, "lag", words::number(fresh, view.and_then(|v| v.finality_lag())))
}

fn slow_numbers(chain: &Chain<'_>) -> Vec<Line> {
    let Some(view) = chain.view else { return vec![Line::of(Role::Dim, "nothing else is known")] };
    let role = words::fresh_role(chain.freshness());
    let session = match view.session.value() {
        None => words::unknown(),
        Some(s) => {
            let left = s.blocks_left().map_or_else(|| "? left".to_owned(), |n| format!("{n} left"));
            Line::of(role, format!("{} ({left})", format::number(u64::from(s.index))))
        }
    };
    let era = match view.era.value() {
        None => words::unknown(),
        Some(None) => Line::of(Role::Dim, "none"),
        Some(Some(era)) => Line::of(role, format::number(u64::from(era.index))),
    };
    let count = |r: &Reading<u32>| words::number(role, r.value().map(|n| u64::from(*n)));
    let runtime = view.runtime.value().map(|r| format!("{} {}", r.spec_name, r.spec_version));
    let runtime = runtime.map_or_else(words::unknown, |r| Line::of(role, r));
    let reorgs = words::number(role, view.best.as_ref().map(|_| u64::from(view.reorgs)));
    let expected = Line::of(role, format::seconds(chain.block_time_ms()));
    let items = [
        ("session", session),
        ("era", era),
        ("peers", count(&view.peers)),
        ("pool", count(&view.pool)),
        ("reorgs", reorgs),
        ("runtime", runtime),
        ("expected every", expected),
    ];
    items.into_iter().map(|(name, value)| named(name, value)).collect()
}
