//! The wall: a display that nobody touches. Pages turn by themselves, an alarm holds them, what ages goes dark.
//!
//! In: the state. Out: a [`Screen`]. It knows no action: keys move pages, redraw and leave. Its heartbeat comes from the
//! newest data, not from the clock, so it stands still when data stops.

use super::{Effect, header};
use crate::command::Command;
use crate::domain::{Alert, Severity};
use crate::screen::{Body, Footer, Header, Line, Node, Panel, Role, Screen, Size, format};
use crate::state::health::Health;
use crate::state::table::{Rows, TableState};
use crate::state::{AppState, Chain, Freshness};
use crate::tabs::{self, health, recovery, validators, words};

/// Age of the newest data from which on the wall says that it sees nothing.
const BLIND_MS: u64 = 60_000;

/// What fires, major or critical; none while our own link is down, because then nobody can tell.
fn alarm(state: &AppState) -> Option<Alert> {
    if state.alerts.your_link().is_some() {
        return None;
    }
    state.visible_alerts().into_iter().find(|a| a.severity >= Severity::Major)
}

/// Turns the page when its time is over; an alarm holds the first page.
pub(super) fn turn(state: &mut AppState) {
    let is_alarm = alarm(state).is_some();
    let now = state.now;
    let wall = &mut state.ui.wall;
    let is_over = now.since(wall.turned_at) >= wall.rotate_ms.max(1_000);
    let starts = is_alarm && !wall.held;
    if starts || (is_alarm && is_over) {
        wall.page = 0;
        wall.turned_at = now;
    } else if is_over {
        wall.page = (wall.page + 1) % wall.pages.len().max(1);
        wall.turned_at = now;
    }
    wall.held = is_alarm;
}

/// The few commands that a wall takes.
pub(super) fn command(state: &mut AppState, command: Command) -> Vec<Effect> {
    let count = state.ui.wall.pages.len().max(1);
    let step = match command {
        Command::NextTab | Command::Down => 1,
        Command::PreviousTab | Command::Up => count - 1,
        Command::Redraw => return vec![Effect::Redraw],
        Command::Quit | Command::LeaveOrBack => return vec![Effect::Quit],
        _ => return Vec::new(),
    };
    state.ui.wall.page = (state.ui.wall.page + step) % count;
    state.ui.wall.turned_at = state.now;
    Vec::new()
}

/// The wall of this moment.
#[must_use]
pub fn view(state: &AppState) -> Screen {
    let alarm = alarm(state);
    let mut parts = Vec::new();
    if let Some(alarm) = &alarm {
        let lines = if state.ui.height >= 40 { 14 } else { 10 };
        parts.push((Size::Cells(lines), Node::panel(big(state, alarm))));
    }
    let page = state.ui.wall.pages.get(state.ui.wall.page).map_or("overview", String::as_str);
    if alarm.is_none() && page == "overview" && state.ui.height >= CALM_HEIGHT {
        parts.push((Size::Cells(if state.ui.height >= 40 { 12 } else { 9 }), Node::panel(calm(state))));
    }
    let body = match page {
        "chains" => table(state, "chains", "chains"),
        "alerts" => table(state, "alerts", "no alert stands"),
        "validators" => validators(state),
        "paras" => paras(state),
        _ => overview(state),
    };
    parts.push((Size::Share(1), body));
    let header = Header {
        left: left(state),
        sentence: if alarm.is_some() { Line::default() } else { header::sentence(state) },
        right: header::clock(state),
    };
    Screen { header, tabs: Vec::new(), body: Node::Rows(parts), footer: footer(state), overlay: None }
}

fn left(state: &AppState) -> Line {
    let line = Line::of(Role::Title, state.network.id.to_uppercase());
    if state.mode.is_replay() { line.and(Role::Replay, "  REPLAY") } else { line }
}

fn plain(id: &str, body: Body) -> Panel {
    Panel { id: id.to_owned(), title: None, focused: false, stale: false, body }
}

fn big(state: &AppState, alert: &Alert) -> Panel {
    let text = match (alert.detector.as_str(), alert.severity) {
        ("finality-stall", _) => "FINALITY STALLED".to_owned(),
        ("block-stall", _) => "NO NEW BLOCKS".to_owned(),
        ("para-stall", _) => "PARA STALLED".to_owned(),
        ("stale-data", _) => "NO DATA".to_owned(),
        (detector, _) => detector.replace('-', " ").to_uppercase(),
    };
    let role = words::severity_role(alert.severity);
    let others =
        state.visible_alerts().iter().filter(|a| a.severity >= Severity::Major).count().saturating_sub(1);
    let what = crate::state::health::headline(&state.network, alert);
    let since = format::running(state.now.since(alert.since));
    let mut below =
        Line::of(role, format!("{} {} for {since}", alert.severity.symbol(), alert.severity.word()));
    if let Some(by) = &alert.acked_by {
        below = below.and(Role::Dim, format!(" · ack {by}"));
    }
    if others > 0 {
        below = below.and(Role::Accent, format!(" · {others} more"));
    }
    let below = below.and(Role::Text, format!(" · {what}"));
    plain("alarm", Body::Big { text, role, below })
}

/// Lowest wall on which the calm state stands in large letters too.
const CALM_HEIGHT: u16 = 20;

/// The state of the network in large letters while no alarm takes their place.
fn calm(state: &AppState) -> Panel {
    let sentence = state.sentence();
    let (text, role) = match (sentence.known, sentence.severity) {
        // One chain of which nothing is known makes the whole unknown, but data there is.
        (false, _) if state.chains().any(|c| c.live() > 0) => ("UNKNOWN", Role::Unknown),
        (false, _) => ("NO DATA", Role::Unknown),
        (true, Some(severity)) if severity >= Severity::Major => ("UNSTABLE", words::severity_role(severity)),
        (true, Some(Severity::Minor)) => ("DEGRADED", Role::Minor),
        (true, _) => ("STABLE", Role::Good),
    };
    plain("calm", Body::Big { text: text.to_owned(), role, below: Line::of(Role::Dim, sentence.text) })
}

fn overview(state: &AppState) -> Node {
    let columns = if state.ui.width >= 150 { 3 } else { 2 };
    let width = usize::from(state.ui.width.saturating_sub(2)) / columns;
    let chains: Vec<Chain<'_>> = state.chains().collect();
    if chains.is_empty() {
        let sentence = Line::of(Role::Text, "no chain is watched");
        return Node::panel(plain(
            "overview",
            Body::Empty { sentence, next: Line::of(Role::Dim, "see --only") },
        ));
    }
    let alerts = state.visible_alerts();
    let mut lines = vec![Line::default()];
    for row in chains.chunks(columns) {
        let mut line = Line::default();
        for chain in row {
            line.spans.extend(tile(chain, width).spans);
        }
        lines.push(line);
        lines.push(Line::default());
    }
    lines.push(slots(state));
    lines.push(counts(state, &alerts));
    Node::panel(plain("overview", Body::Text(lines)))
}

/// A chain in `width` cells: name, best, state, lag or age.
fn tile(chain: &Chain<'_>, width: usize) -> Line {
    let (role, word) = words::state_word(chain);
    let fresh = words::fresh_role(chain.freshness());
    let best = chain.view.and_then(|v| v.best.as_ref()).map(|b| b.value.number);
    let best = format::number_or_unknown(best);
    let tail = match (chain.freshness(), chain.view.and_then(|v| v.finality_lag())) {
        (Freshness::Fresh, Some(lag)) => lag.to_string(),
        (Freshness::Fresh, None) => "?".to_owned(),
        (_, _) => chain.last_block_ms().map_or_else(|| "?".to_owned(), |ms| format!("~ {}", format::age(ms))),
    };
    let name = chain.spec.name.to_uppercase();
    // Name 12, best 10, state 11, tail 6, and a gap between.
    let gap = " ".repeat(width.saturating_sub(39));
    Line::of(if role == Role::Dim { Role::Dim } else { Role::Text }, format!("{name:<11.11} "))
        .and(if best == "?" { Role::Unknown } else { fresh }, format!("{best:>10.10} "))
        .and(role, format!("{word:<10.10}"))
        .and(fresh, format!("{tail:>5.5} {gap}"))
}

/// Validators that wrote a block in this session.
fn slots(state: &AppState) -> Line {
    let line = Line::of(Role::Dim, "validators ");
    let Some(view) = state.relay().and_then(|r| r.view) else { return line.and(Role::Unknown, "?") };
    let all = view.authorities.value().map(|a| a.validators.len());
    let writing = view.slots.by_author.values().filter(|s| s.authored > 0 && s.missed_in_a_row < 3).count();
    let missed: u64 = view.slots.by_author.values().map(|s| u64::from(s.missed)).sum::<u64>()
        + u64::from(view.slots.missed_by_unknown);
    if view.slots.from_block.is_none() {
        return line.and(Role::Unknown, "? no block of this session was seen");
    }
    let all = all.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let role = if state.relay().is_some_and(|r| r.freshness() == Freshness::Fresh) {
        Role::Text
    } else {
        Role::Stale
    };
    line.and(role, format!("{writing} of {all} write blocks"))
        .and(Role::Dim, format!(" · {missed} slots missed"))
}

/// How many rules cannot tell about a chain that is counted; none where every rule can.
fn blind(state: &AppState) -> Option<String> {
    let counted = |id| state.chain(id).is_some_and(|c| c.health() != Health::Absent);
    match state.alerts.unknown().filter(|(chain, ..)| counted(chain)).count() {
        0 => None,
        1 => Some("? 1 rule cannot tell".to_owned()),
        n => Some(format!("? {n} rules cannot tell")),
    }
}

fn counts(state: &AppState, alerts: &[Alert]) -> Line {
    let mut line = Line::of(Role::Dim, "alerts ");
    if alerts.is_empty() {
        line = line.and(Role::Dim, "none  ");
    }
    for severity in Severity::WORST_FIRST {
        let n = alerts.iter().filter(|a| a.severity == severity).count();
        if n > 0 {
            line = line.and(
                words::severity_role(severity),
                format!("{} {n} {}  ", severity.symbol(), severity.word()),
            );
        }
    }
    match blind(state) {
        Some(blind) => line.and(Role::Unknown, blind),
        None => line,
    }
}

fn table(state: &AppState, id: &'static str, nothing: &str) -> Node {
    let rows = tabs::TABS.first().and_then(|t| (t.rows)(state, id));
    Node::panel(shown(state, id, rows, nothing))
}

/// The set in words, and below it the validators, worst first; the authors alone where the set was not read.
fn validators(state: &AppState) -> Node {
    let seats = validators::SeatRows::new(state);
    if seats.is_empty() {
        let rows = state.relay().and_then(|relay| health::list(relay, "authors"));
        return Node::panel(shown(state, "validators", rows, "no author of this session is known"));
    }
    let stale = state.relay().is_none_or(|r| r.freshness() != Freshness::Fresh);
    let head = Panel { stale, ..plain("set", Body::Text(validators::header(state))) };
    let list = shown(state, "validators", Some(Box::new(seats)), "no validator is known");
    Node::Rows(vec![
        (Size::Content(8), Node::panel(head)),
        (Size::Share(1), Node::panel(Panel { stale, ..list })),
    ])
}

/// How many paras there are and how many need somebody; below it they themselves, worst first.
fn paras(state: &AppState) -> Node {
    let stale = state.relay().is_none_or(|r| r.freshness() != Freshness::Fresh);
    let lines = recovery::summary(state);
    let head = Panel { stale, ..plain("paras-summary", Body::Text(lines)) };
    let rows = (recovery::TAB.rows)(state, "paras");
    let list = shown(state, "paras", rows, "no para is known");
    Node::Rows(vec![
        (Size::Content(6), Node::panel(head)),
        (Size::Share(1), Node::panel(Panel { stale, ..list })),
    ])
}

fn shown(state: &AppState, id: &str, rows: Option<Box<dyn Rows + '_>>, nothing: &str) -> Panel {
    let next = (id == "alerts").then(|| blind(state)).flatten();
    match rows.filter(|r| !r.is_empty()) {
        Some(rows) => {
            let mut window = TableState::default().window(rows.as_ref(), usize::from(state.ui.height));
            window.selected = None;
            plain(id, Body::Table(window))
        }
        None => plain(
            id,
            Body::Empty {
                sentence: Line::of(Role::Text, nothing),
                next: Line::of(Role::Dim, next.unwrap_or_else(|| "nothing to do".to_owned())),
            },
        ),
    }
}

/// Page, and how old the newest data is. The mark turns with the data only.
fn footer(state: &AppState) -> Footer {
    let wall = &state.ui.wall;
    let page = format!("page {}/{}", wall.page.saturating_add(1), wall.pages.len().max(1));
    let left = Line::of(Role::Dim, page);
    let left = if wall.held { left.and(Role::Accent, " held by alarm") } else { left };
    let right = match state.newest_data() {
        None => Line::of(Role::Critical, "NO DATA YET"),
        Some(at) => {
            let age = state.now.since(at);
            let beat = match at.0.div_euclid(1_000).rem_euclid(4) {
                0 => "◐",
                1 => "◓",
                2 => "◑",
                _ => "◒",
            };
            match age {
                BLIND_MS.. => Line::of(Role::Critical, format!("✖ NO DATA FOR {}", format::duration(age))),
                20_000.. => Line::of(Role::Stale, format!("{beat} data {} old", format::age(age))),
                _ => Line::of(Role::Dim, format!("{beat} data {} old", format::age(age))),
            }
        }
    };
    Footer { left, right }
}
