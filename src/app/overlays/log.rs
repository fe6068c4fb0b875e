//! The log of connections: each endpoint's state, its losses, its latency; what could not be kept, and the
//! console's own notices.
//!
//! In: endpoints, counts and notices. Out: lines, by chain. Requests themselves are in the log file.

use crate::screen::{Body, Line, Role, format};
use crate::state::AppState;
use crate::tabs::words;

/// The log's lines.
pub(super) fn body(state: &AppState) -> Body {
    let mut out = Vec::new();
    for chain in state.chains() {
        out.push(Line::of(Role::Header, chain.spec.name.clone()));
        let endpoints = chain.endpoints();
        if endpoints.is_empty() {
            out.push(Line::of(Role::Dim, "  no endpoint in the profile: give one with --endpoint"));
        }
        for (id, known) in endpoints {
            let Some((view, badge)) = known else {
                out.push(Line::of(Role::Dim, format!("  {id}  not dialled yet")));
                continue;
            };
            let (role, word) = words::badge_word(Some(badge));
            let since = format::duration(state.now.since(view.link_since));
            let latency = view.latency_ms.map_or_else(|| "latency ?".to_owned(), format::latency);
            let text = words::link_words(&view.link, state.now);
            out.push(
                Line::of(Role::Text, format!("  {id}  "))
                    .and(role, word)
                    .and(Role::Dim, format!(" · {text} for {since} · {latency}")),
            );
            if !view.drops.is_empty() {
                let times: Vec<String> = view.drops.iter().rev().take(8).map(|at| at.clock_utc()).collect();
                let text = format!(
                    "    lost {}, latest first (UTC): {}",
                    format::times(view.drops.len()),
                    times.join(", ")
                );
                out.push(Line::of(Role::Minor, text));
            }
        }
    }
    let lost = lost(state);
    if !state.notices.is_empty() || lost.is_some() {
        out.push(Line::default());
        out.push(Line::of(Role::Header, "about the console"));
    }
    out.extend(lost);
    for notice in state.notices.iter().rev() {
        out.push(
            Line::of(Role::Dim, format!("  {} ", notice.at.clock_utc()))
                .and(Role::Text, notice.text.as_str()),
        );
    }
    Body::Text(out)
}

/// What could not be kept in this run; none where all was.
fn lost(state: &AppState) -> Option<Line> {
    let counts = [
        (state.lost.facts, "facts (journal)"),
        (state.lost.acks, "acknowledgements (journal)"),
        (state.lost.log_lines, "log lines"),
    ];
    let some: Vec<String> = counts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", format::number(*n)))
        .collect();
    (!some.is_empty())
        .then(|| Line::of(Role::Minor, format!("  not kept since the start: {}", some.join(", "))))
}
