//! The names of the panes, where one is shown at a time.
//!
//! In: the panes. Out: one line, the focused one marked.

use crate::screen::{Body, Line, Panel, Role};
use crate::tabs::Pane;

/// The strip.
pub(super) fn panel(panes: &[Pane], focus: &str) -> Panel {
    let mut line = Line::default();
    for pane in panes {
        let (role, text) = if pane.id == focus {
            (Role::TabActive, format!("▸{} ", pane.id))
        } else {
            (Role::TabInactive, format!(" {} ", pane.id))
        };
        line = line.and(role, text);
    }
    let body = Body::Text(vec![line.and(Role::Key, " w ").and(Role::Dim, "next")]);
    Panel { id: "strip".to_owned(), title: None, focused: false, stale: false, body }
}
