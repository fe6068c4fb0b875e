//! The screen as data: header, tab bar, the open tab's panels, footer, and what lies over them.
//!
//! In: the state. Out: a [`Screen`]. Costs what is visible, not what exists. Must not change anything.

use super::{footer, header, overlays, wall};
use crate::screen::{Screen, TabLabel};
use crate::state::AppState;
use crate::tabs;

/// The screen of this moment.
#[must_use]
pub fn view(state: &AppState) -> Screen {
    if state.mode.is_wall() {
        return wall::view(state);
    }
    Screen {
        header: header::header(state),
        tabs: tabs::TABS.iter().map(|tab| label(state, tab)).collect(),
        body: (tabs::open(state).body)(state),
        footer: footer::footer(state),
        overlay: overlays::overlay(state),
    }
}

fn label(state: &AppState, tab: &tabs::Tab) -> TabLabel {
    TabLabel {
        number: tab.number,
        name: tab.name.to_owned(),
        badge: (tab.badge)(state),
        active: tab.number == state.ui.place.tab,
    }
}
