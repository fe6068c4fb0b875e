//! The command palette: every command with its key, and every chain and tab by name.
//!
//! In: typed text. Out: entries, best first, and what Enter does with one.

use super::{Effect, commands};
use crate::command::Command;
use crate::domain::ChainId;
use crate::state::AppState;
use crate::state::filter::Filter;
use crate::state::ui::Place;
use crate::tabs;

/// A line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A command.
    Command(Command),
    /// Opens a chain.
    Chain(ChainId),
}

impl Entry {
    /// What is typed for it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Command(c) => c.name(),
            Self::Chain(id) => id.as_str(),
        }
    }

    /// What it does.
    pub(super) fn about(&self, state: &AppState) -> String {
        match self {
            Self::Command(c) => c.about().to_owned(),
            Self::Chain(id) => format!("open {}", tabs::subject::chain_name(state, id)),
        }
    }
}

/// The entries that fit the text: those that begin with it first.
pub(super) fn entries(state: &AppState, text: &str) -> Vec<Entry> {
    let text = text.trim().trim_start_matches(':');
    let short = match text {
        "q" | "q!" | "wq" | "exit" => Some(Entry::Command(Command::Quit)),
        _ => None,
    };
    let all = Command::ALL
        .iter()
        .filter(|c| {
            state.mode.is_replay() || !matches!(c, Command::Pause | Command::Faster | Command::Slower)
        })
        .map(|c| Entry::Command(*c))
        .chain(state.network.chains.iter().map(|c| Entry::Chain(c.id.clone())));
    let mut filter = Filter::of(text);
    let mut fit: Vec<Entry> = all
        .filter(|e| short.as_ref() != Some(e))
        .filter(|e| filter.keeps(&format!("{} {}", e.name(), e.about(state))))
        .collect();
    fit.sort_by_key(|e| (e.name() != text, !e.name().starts_with(text), !e.name().contains(text)));
    short.into_iter().chain(fit).collect()
}

/// Carries an entry out.
pub(super) fn run(state: &mut AppState, entry: &Entry) -> Vec<Effect> {
    match entry {
        Entry::Command(command) => commands::run(state, *command),
        Entry::Chain(id) => {
            state.ui.open(Place::chain(1, id.clone()));
            Vec::new()
        }
    }
}
