//! The alerts above everything: what, where, since when, who has it.
//!
//! In: alerts that stand on the screen. Out: rows, worst first; folded ones are counted behind their cause.

use crate::domain::{Alert, Severity};
use crate::screen::{Body, Column, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::alerts::Row;
use crate::state::health::headline;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::with_filter;
use crate::tabs::words;

/// Alerts as rows.
pub(super) struct AlertRows<'a> {
    state: &'a AppState,
    alerts: Vec<Row<'a>>,
}

impl<'a> AlertRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        Self { state, alerts: state.alerts.visible() }
    }

    fn get(&self, row: usize) -> Option<&Alert> {
        self.alerts.get(row).map(|r| &r.standing.alert)
    }

    /// Who has it, until when it is silent, or the key that takes it.
    fn taken(&self, row: &Row<'_>) -> Line {
        match (&row.standing.alert.acked_by, row.silenced_until) {
            (Some(by), _) => Line::of(Role::Dim, format!("@{by}")),
            (None, Some(until)) => {
                let left = format::age(until.since(self.state.now));
                Line::of(Role::Dim, format!("silent {left}"))
            }
            (None, None) => Line::of(Role::Key, "a").and(Role::Dim, " ack"),
        }
    }
}

impl Rows for AlertRows<'_> {
    fn columns(&self) -> Vec<Column> {
        let column = |title: &str, min, max, drop_order| Column {
            title: title.to_owned(),
            min,
            max,
            right: false,
            drop_order,
            sorted: None,
        };
        vec![
            column("SEVERITY", 10, 14, 0),
            column("DETECTOR", 14, 18, 4),
            column("WHAT", 44, u16::MAX, 0),
            column("FOR", 8, 10, 1),
            column("ACK", 6, 16, 0),
        ]
    }

    fn len(&self) -> usize {
        self.alerts.len()
    }

    fn key(&self, row: usize) -> String {
        self.get(row).map(|a| a.id.to_string()).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(alert) = self.get(row) else { return SortKey::Unknown };
        match column {
            0 => rank(alert),
            1 => SortKey::Text(alert.detector.clone()),
            2 => SortKey::Text(headline(&self.state.network, alert)),
            3 => SortKey::number(u64::try_from(alert.since.0).ok()),
            _ => alert.acked_by.clone().map_or(SortKey::Unknown, SortKey::Text),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(row) = self.alerts.get(row) else { return vec![] };
        let alert = &row.standing.alert;
        let quiet = alert.acked_by.is_some() || row.silenced_until.is_some();
        let role = if quiet { Role::Dim } else { words::severity_role(row.worst) };
        let text = if quiet { Role::Dim } else { Role::Text };
        let severity = format!("{} {}", row.worst.symbol(), row.worst.word());
        let mut what = Line::of(text, headline(&self.state.network, alert));
        if row.standing.unsure {
            what = Line::of(Role::Unknown, "? ")
                .and(Role::Stale, format!("{} (cannot tell now)", alert.summary));
        }
        if alert.blocker {
            what = what.and(role, " BLOCKER");
        }
        let folded = if row.folded > 0 { format!(" +{}", row.folded) } else { String::new() };
        let ack = self.taken(row);
        vec![
            Line::of(role, severity).and(Role::Dim, folded),
            Line::of(text, alert.detector.clone()),
            what,
            Line::of(Role::Dim, format::running(self.state.now.since(alert.since))),
            ack,
        ]
    }
}

/// 0 for the worst.
fn rank(alert: &Alert) -> SortKey {
    let place = Severity::WORST_FIRST.iter().position(|s| *s == alert.severity);
    SortKey::number(place.and_then(|p| u64::try_from(p).ok()))
}

/// The panel of alerts.
pub(super) fn panel(state: &AppState, focused: bool) -> Panel {
    let rows = AlertRows::new(state);
    let table = state.ui.table("alerts");
    let hidden = state.alerts.standing().count().saturating_sub(rows.len());
    let mut title = Line::of(Role::Title, "alerts");
    if hidden > 0 {
        title = title.and(Role::Dim, format!(" · {hidden} folded under their cause"));
    }
    let window = table.window(&rows, usize::from(state.ui.height));
    let title = with_filter(title, &table.filter, window.total, rows.len());
    Panel { id: "alerts".to_owned(), title: Some(title), focused, stale: false, body: Body::Table(window) }
}
