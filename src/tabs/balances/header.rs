//! The first lines of tab 3: is anything beyond its line, did much move, how is the issuance.
//!
//! In: the purse, alerts, the books of the chains. Out: a panel of three lines.

use super::cells;
use crate::domain::Alert;
use crate::screen::{Body, Line, Panel, Role, format};
use crate::state::balances::Mark;
use crate::state::{AppState, Chain};
use crate::tabs::words;

/// Chains whose issuance fits into a line.
const NAMED: usize = 3;

/// The panel.
pub(super) fn panel(state: &AppState) -> Panel {
    let body = Body::Text(vec![attention(state), issuance(state), limits(state)]);
    Panel { id: "balances".to_owned(), title: None, focused: false, stale: false, body }
}

fn about(state: &AppState, wanted: &str) -> Vec<Alert> {
    state.visible_alerts().into_iter().filter(|a| a.detector == wanted).collect()
}

fn attention(state: &AppState) -> Line {
    let purse = state.purse();
    let count = |mark| u64::try_from(purse.count(mark)).unwrap_or(u64::MAX);
    let (below, above, unread) = (count(Mark::Below), count(Mark::Above), count(Mark::Unknown));
    let all = u64::try_from(purse.rows.len()).unwrap_or(u64::MAX);
    let line = match (below, above) {
        _ if all == 0 && purse.unseen == 0 => Line::of(Role::Dim, "no account is watched"),
        _ if unread == all => Line::of(Role::Unknown, "? ").and(Role::Dim, "no watched account was read yet"),
        (0, 0) => {
            let read = format::count(all.saturating_sub(unread), "account");
            Line::of(Role::Good, "· ").and(Role::Text, format!("{read} inside their lines"))
        }
        (below, 0) => Line::of(Role::Minor, format!("▵ {} low", format::count(below, "account"))),
        (0, above) => Line::of(Role::Minor, format!("▵ {} high", format::count(above, "account"))),
        (below, above) => {
            Line::of(Role::Minor, format!("▵ {} low, {above} high", format::count(below, "account")))
        }
    };
    let unseen = u64::try_from(purse.unseen).unwrap_or(u64::MAX);
    let line = match unread.saturating_add(unseen) {
        n if n > 0 => {
            line.and(Role::Unknown, " · ? ").and(Role::Dim, format!("{} not read", format::number(n)))
        }
        _ => line,
    };
    let told = |a: &&Alert| a.summary.contains(" in block ") || a.subject == "many";
    let large = about(state, "large-transfer").iter().filter(told).count();
    match u64::try_from(large).unwrap_or(u64::MAX) {
        0 if state.chains().all(|c| c.view.is_none_or(|v| v.blocks.is_empty())) => {
            line.and(Role::Dim, " · movements ").and(Role::Unknown, "?")
        }
        0 => line.and(Role::Dim, " · no large movement in an hour"),
        n => line.and(Role::Minor, format!(" · ▵ {} in an hour", format::count(n, "large movement"))),
    }
}

/// Issuance now, and by how much it changed in the session.
fn one(chain: &Chain<'_>, line: Line) -> Line {
    let book = chain.view.map(|v| &v.balances);
    let line = line.and(Role::Dim, format!("{} ", chain.spec.name));
    let Some(now) = book.and_then(|b| b.issuance.as_ref()) else {
        let mut line = line;
        line.spans.extend(words::unknown().spans);
        return line;
    };
    let decimals = chain.view.and_then(crate::domain::ChainView::decimals);
    let whole =
        decimals.and_then(|d| 10_u128.checked_pow(d)).map_or(now.value, |unit| now.value / unit * unit);
    let line = line.and(Role::Text, cells::tokens(chain, whole));
    let Some(session) = book.and_then(|b| b.sessions().next()) else { return line };
    let (up, change) = session.change();
    let sign = if up { "+" } else { "−" };
    let part = if change == 0 { "±0".to_owned() } else { format!("{sign}{}", cells::short(chain, change)) };
    let (_, unexplained) = session.unexplained();
    let limit =
        crate::domain::store::balances::share_of(session.before, chain.spec.thresholds.issuance_change_ppm);
    let role = if unexplained >= limit { Role::Minor } else { Role::Dim };
    let mark = if role == Role::Minor { "▵ " } else { "" };
    line.and(role, format!(" {mark}{part} in session {}", format::number(u64::from(session.session))))
}

fn issuance(state: &AppState) -> Line {
    let room = if state.ui.width >= 180 {
        NAMED + 1
    } else if state.ui.width >= 110 {
        2
    } else {
        1
    };
    let mut line = Line::of(Role::Title, "issuance ");
    for (n, chain) in state.chains().take(room).enumerate() {
        if n > 0 {
            line = line.and(Role::Dim, " · ");
        }
        line = one(&chain, line);
    }
    line
}

fn limits(state: &AppState) -> Line {
    let line = Line::of(Role::Title, "large ");
    let Some(chain) = state.chains().next() else { return line.and(Role::Unknown, "?") };
    let limit = chain.view.and_then(|v| v.large_from(&chain.spec.thresholds));
    let t = &chain.spec.thresholds;
    let whole = t.large_transfer_ppm / 10_000;
    let percent = match t.large_transfer_ppm % 10_000 / 100 {
        0 => format!("{whole} %"),
        rest => format!("{whole}.{rest:02} %"),
    };
    let rule = format!("{} tokens or {percent} of issuance", format::number(t.large_transfer_tokens));
    match limit {
        Some(limit) => {
            let from = cells::tokens(&chain, limit);
            line.and(Role::Dim, format!("from {from} on {}: the less of {rule}", chain.spec.name))
        }
        None => line.and(Role::Dim, format!("from the less of {rule}")),
    }
}
