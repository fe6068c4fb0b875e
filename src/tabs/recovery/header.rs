//! The first lines of the tab: how many paras, how many of them need somebody, how old all this is.
//!
//! In: the board. Out: lines.

use crate::domain::store::paras::listed;
use crate::screen::{Body, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::paras::{Board, Row, State};
use crate::tabs::words;

/// The panel.
pub(super) fn panel(state: &AppState) -> Panel {
    let lines = state.board().map_or_else(Vec::new, |board| lines(state, &board));
    let stale = super::is_stale(state);
    Panel { id: "relay".to_owned(), title: None, focused: false, stale, body: Body::Text(lines) }
}

/// What the values rest on: block, age, source; and why the last read failed, where it did.
pub(super) fn evidence(state: &AppState, board: &Board<'_>) -> Vec<Line> {
    let text = format!("read at relay {}", words::evidence(board.known, state.now));
    let mut lines = vec![Line::of(if super::is_stale(state) { Role::Stale } else { Role::Dim }, text)];
    if let Some(why) = state.relay().and_then(|r| r.view?.unread.get("paras")) {
        lines.push(Line::of(Role::Minor, format!("▵ the last read failed: {why}")));
    }
    lines
}

/// The lines of the tab, and what waits between the relay and its paras.
pub(super) fn summary(state: &AppState, board: &Board<'_>) -> Vec<Line> {
    let mut out = lines(state, board);
    out.insert(out.len().min(1), backlog(board));
    out
}

/// Messages that wait, all paras together; where one of them was not read, at least so many.
fn backlog(board: &Board<'_>) -> Line {
    let sum = |counts: Vec<Option<u64>>| {
        let known: u64 = counts.iter().flatten().sum();
        let mark = if counts.contains(&None) { "≥ " } else { "" };
        format!("{mark}{}", format::number(known))
    };
    let rows = &board.rows;
    let down = |row: &Row<'_>| listed(&row.para.dmp).and_then(|list| u64::try_from(list.len()).ok());
    let up = |row: &Row<'_>| match row.para.ump.value() {
        Some(book) => Some(book.messages),
        None => row.para.ump.is_absent().then_some(0),
    };
    let [dmp, ump, hrmp] = [
        sum(rows.iter().map(down).collect()),
        sum(rows.iter().map(up).collect()),
        sum(rows.iter().map(|row| row.hrmp.0).collect()),
    ];
    Line::of(Role::Dim, "waiting ")
        .and(Role::Text, dmp)
        .and(Role::Dim, " from the relay · ")
        .and(Role::Text, ump)
        .and(Role::Dim, " to it · ")
        .and(Role::Text, hrmp)
        .and(Role::Dim, " between paras")
}

/// What was left out, as a line.
pub(super) fn cut_line(words: &str) -> Line {
    Line::of(Role::Minor, format!("▵ {words}"))
}

fn lines(state: &AppState, board: &Board<'_>) -> Vec<Line> {
    let paras = &board.known.value;
    let stuck = board.count(|s| matches!(s, State::Stuck(_) | State::Alarmed(_)));
    let lost = board.count(|s| matches!(s, State::LostCore | State::Waits | State::Noted));
    let unknown = board.count(|s| s == State::Unknown);
    let all = u64::try_from(board.rows.len()).unwrap_or(u64::MAX);
    let cut = paras.cut_of(&paras.registered);
    let count = cut.map_or_else(|| format::number(all), crate::domain::para::Cut::at_least);
    let mut line = Line::of(Role::Title, "paras ").and(Role::Text, count);
    for (n, word, role) in [
        (stuck, "in trouble", Role::Major),
        (lost, "to look at", Role::Minor),
        (unknown, "unknown", Role::Unknown),
    ] {
        if n > 0 {
            line = line.and(Role::Dim, " · ").and(role, format!("{} {word}", format::number(n)));
        }
    }
    if stuck + lost + unknown == 0 && all > 0 {
        line = line.and(Role::Dim, " · all of them progress or have no core");
    }
    let cores = listed(&paras.claim_queue).map(|claims| claims.iter().filter(|(_, q)| !q.is_empty()).count());
    let cores = cores.and_then(|n| u64::try_from(n).ok());
    line = line.and(Role::Dim, " · cores claimed ");
    line.spans.extend(words::number(Role::Text, cores).spans);
    if let Some(limits) = paras.limits.value() {
        line = line.and(Role::Dim, format!(" of {}", limits.num_cores));
    }
    if let Some(frozen) = paras.frozen.value() {
        line = line.and(Role::Critical, format!(" · ✖ frozen after {}", format::number(*frozen)));
    }
    let mut lines = vec![line];
    lines.extend(evidence(state, board));
    lines.extend(cut.map(|cut| cut_line(&cut.words())));
    lines
}
