//! Help: exactly the keys that are valid where it was opened, searchable.
//!
//! In: the keymap and the contexts in force below the overlay. Out: a line per command. Nothing here is written by hand,
//! so help cannot differ from what keys do.

use crate::keymap::Context;
use crate::screen::{Body, Line, Role};
use crate::state::AppState;
use crate::state::filter::Filter;
use crate::tabs;

/// Contexts in force in the view below an overlay.
pub(super) fn contexts_below(state: &AppState) -> Vec<Context> {
    let mut out = Vec::new();
    if state.mode.is_replay() {
        out.push(Context::Replay);
    }
    out.extend([Context::List, Context::Global]);
    out
}

/// The help's lines that fit what was typed.
pub(super) fn body(state: &AppState, search: &str) -> Body {
    let mut filter = Filter::of(search);
    let pairs: Vec<(Line, Line)> = state
        .keymap
        .bindings(&contexts_below(state))
        .into_iter()
        .filter(|(_, c)| state.mode.is_replay() || c.name() != "pause")
        .filter(|(keys, c)| filter.keeps(&format!("{keys} {} {}", c.name(), c.about())))
        .map(|(keys, c)| (Line::of(Role::Key, keys), Line::of(Role::Text, c.about())))
        .collect();
    if pairs.is_empty() {
        return Body::Empty {
            sentence: Line::of(Role::Text, format!("no key does '{search}' here")),
            next: Line::of(Role::Dim, "Ctrl-u clears the line; : lists every command"),
        };
    }
    let tab = tabs::open(state);
    let mut all = pairs;
    if search.is_empty() {
        let marks =
            "· fresh  ~ older than 3 block times  ? unknown  ● live  ◐ behind or old  ○ down  ✖ wrong";
        all.push((Line::default(), Line::default()));
        all.push((Line::of(Role::Dim, format!("tab {}", tab.number)), Line::of(Role::Dim, tab.about)));
        all.push((Line::of(Role::Dim, "marks"), Line::of(Role::Dim, marks)));
    }
    Body::KeyValues(all)
}
