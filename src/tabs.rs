//! One file a tab: state to panels, commands to intents.
//!
//! In: the state. Out: the body of the screen as data, and for each command an [`Intent`] that `app` carries out. To add
//! a tab: one file and one line in [`TABS`]; tab bar, keys and snapshots follow. Must not import app, or change anything.

pub mod balances;
pub mod governance;
pub mod health;
pub mod lists;
pub mod recovery;
pub mod subject;
pub mod validators;
pub mod words;
pub mod xcm;

use crate::command::Command;
use crate::domain::{AlertId, ChainId};
use crate::screen::Node;
use crate::state::AppState;
use crate::state::table::Rows;
use crate::state::ui::{Place, Subject};

/// A tab.
#[derive(Debug, Clone, Copy)]
pub struct Tab {
    /// The key that opens it, and its place in the tab bar.
    pub number: u8,
    /// Its name in the tab bar.
    pub name: &'static str,
    /// What it shows, one sentence for help.
    pub about: &'static str,
    /// Panes of the open view that can have the focus, in the order of the focus key; the first has it at the start.
    pub panes: fn(&AppState) -> Vec<Pane>,
    /// The rows of a pane that is a list.
    pub rows: for<'a> fn(&'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>>,
    /// The panels.
    pub body: fn(&AppState) -> Node,
    /// Things in it that ask for attention.
    pub badge: fn(&AppState) -> Option<u32>,
    /// What a command means here.
    pub intent: fn(&AppState, Command) -> Intent,
    /// The commands that matter most here, for the footer.
    pub keys: fn(&AppState) -> Vec<Command>,
}

/// A part of a view that can have the focus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pane {
    /// Name of its panel on the screen.
    pub id: &'static str,
    /// Name under which the state of its list is kept: with the chain, so that chains do not share a selection.
    pub list: String,
}

/// What a tab asks the app to do for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Open a view.
    Open(Place),
    /// Show the decoded state of something.
    Describe(Subject),
    /// Show what happened to something.
    Timeline(Subject),
    /// Put text on the clipboard; the second is its name for the footer.
    Copy(String, String),
    /// Show a link.
    ShowLink(String),
    /// Acknowledge an alert.
    Acknowledge(AlertId),
    /// Take an acknowledgement back.
    Unacknowledge(AlertId),
    /// Silence an alert, longer, or not any more.
    Silence(AlertId),
    /// Filter a list, and give its pane the focus.
    Filter {
        /// The pane.
        pane: &'static str,
        /// The name of its list.
        list: String,
        /// The filter.
        text: String,
    },
    /// Show the runbooks that fit something; none: all of them.
    Runbooks(Option<Subject>),
    /// Open the form of a runbook about something.
    OpenRunbook {
        /// The runbook's name.
        name: String,
        /// What is selected.
        about: Option<Subject>,
    },
    /// Type in a field of the open form.
    EditField(String),
    /// Put the next choice into a field of the open form.
    NextChoice(String),
    /// Show call data, as hex, as a QR code.
    ShowQr(String),
    /// Rehearse a call.
    Rehearse {
        /// The chain whose call it is.
        chain: ChainId,
        /// The encoded call.
        call: Vec<u8>,
        /// In whose name, as the recipe says.
        origin: String,
    },
    /// Nothing can be done, and why.
    Say(String),
}

/// Every tab, in the order of the tab bar.
pub const TABS: &[Tab] =
    &[health::TAB, validators::TAB, balances::TAB, governance::TAB, recovery::TAB, xcm::TAB];

/// The tab that is open.
#[must_use]
pub fn open(state: &AppState) -> &'static Tab {
    let number = state.ui.place.tab;
    TABS.iter().find(|t| t.number == number).unwrap_or(&FIRST)
}

static FIRST: Tab = health::TAB;

/// The pane that has the focus in the open view.
#[must_use]
pub fn focused(state: &AppState) -> Option<Pane> {
    let panes = (open(state).panes)(state);
    let wanted = state.ui.focus.get(&state.ui.view_kind());
    let at = wanted.and_then(|id| panes.iter().position(|p| p.id == id)).unwrap_or(0);
    panes.into_iter().nth(at)
}

/// The focused list with its name; none where the focus is on no list.
#[must_use]
pub fn focused_rows(state: &AppState) -> Option<(String, Box<dyn Rows + '_>)> {
    let pane = focused(state)?;
    let rows = (open(state).rows)(state, pane.id)?;
    Some((pane.list, rows))
}

/// True where several panes share the screen by weight: there a pane can grow and shrink.
#[must_use]
pub fn shares_the_screen(state: &AppState) -> bool {
    let ui = &state.ui;
    let tabs = [validators::TAB, balances::TAB, governance::TAB, recovery::TAB, xcm::TAB];
    let several = ui.place.chain.is_some()
        || ui.place.runbook.is_some()
        || tabs.iter().any(|tab| tab.number == ui.place.tab);
    several && !ui.zoom && ui.width >= WIDE.0 && ui.height >= WIDE.1
}

/// True while validators are on the screen: then their digest is kept up to date.
#[must_use]
pub fn shows_validators(state: &AppState) -> bool {
    state.mode.is_wall() || state.ui.place.tab == validators::TAB.number
}

/// True while balances are on the screen: then what is listed of them is kept up to date.
#[must_use]
pub fn shows_balances(state: &AppState) -> bool {
    !state.mode.is_wall() && state.ui.place.tab == balances::TAB.number
}

/// Columns and lines from which on lists stand side by side.
const WIDE: (u16, u16) = (120, 34);

/// Key of the selected row of a pane.
#[must_use]
pub fn selected_key(state: &AppState, pane: &Pane) -> Option<String> {
    let rows = (open(state).rows)(state, pane.id)?;
    state.ui.table(&pane.list).selected_key(rows.as_ref())
}
