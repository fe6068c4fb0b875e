//! Tab 9: what goes between chains: channels between paras, queues between them and the relay, messages that failed.
//!
//! In: the relay's paras as last read, events of the blocks in memory. Out: panels. Contents of messages are not read.

mod channels;
mod failed;
mod queues;

use super::lists::Around;
use super::{Intent, Pane, Tab, lists, recovery, selected_key, subject};
use crate::command::Command;
use crate::domain::{ChainId, Hash, ParaId};
use crate::screen::{Line, Node, Panel, Role, Size};
use crate::state::AppState;
use crate::state::table::Rows;
use crate::state::ui::{Place, Subject};

/// The tab.
pub const TAB: Tab = Tab {
    number: 9,
    name: "xcm",
    about: "messages between chains: channels, queues, what failed",
    panes,
    rows,
    body,
    badge,
    intent,
    keys,
};

const CHANNELS: &str = "channels";
const QUEUES: &str = "queues";
const FAILED: &str = "failed";

fn panes(_: &AppState) -> Vec<Pane> {
    [CHANNELS, QUEUES, FAILED].map(|id| Pane { id, list: id.to_owned() }).to_vec()
}

fn rows<'a>(state: &'a AppState, pane: &str) -> Option<Box<dyn Rows + 'a>> {
    Some(match pane {
        CHANNELS => Box::new(channels::ChannelRows::new(state)),
        QUEUES => Box::new(queues::QueueRows::new(state)),
        FAILED => Box::new(failed::FailedRows::new(state)),
        _ => return None,
    })
}

/// Alerts about messages that nobody has taken.
fn badge(state: &AppState) -> Option<u32> {
    let about = ["hrmp-backlog", "xcm-failure"];
    let counts = |a: &&crate::domain::Alert| a.acked_by.is_none() && about.contains(&a.detector.as_str());
    let n = state.visible_alerts().iter().filter(counts).count();
    u32::try_from(n).ok().filter(|n| *n > 0)
}

fn keys(_: &AppState) -> Vec<Command> {
    vec![Command::NextPane, Command::Describe, Command::Sort, Command::Filter, Command::Help]
}

/// What the row of this key is about.
fn subject_of(pane: &str, key: &str) -> Option<Subject> {
    let para = |id: &str| id.parse().ok().map(ParaId);
    match pane {
        CHANNELS => {
            let (from, to) = key.split_once('-')?;
            Some(Subject::Channel(para(from)?, para(to)?))
        }
        QUEUES => para(key).map(Subject::Para),
        _ => {
            let mut parts = key.rsplitn(3, '/');
            let index = parts.next()?.parse().ok()?;
            let block: Hash = parts.next()?.parse().ok()?;
            Some(Subject::Event(ChainId::from(parts.next()?), block, index))
        }
    }
}

fn selected(state: &AppState) -> Option<Subject> {
    let pane = super::focused(state)?;
    match selected_key(state, &pane) {
        Some(key) => subject_of(pane.id, &key),
        None => Some(Subject::Chain(state.network.relay()?.id.clone())),
    }
}

fn intent(state: &AppState, command: Command) -> Intent {
    let subject = selected(state);
    if let Some(intent) = subject::intent(state, subject.as_ref(), command) {
        return intent;
    }
    match (command, subject) {
        (Command::Open, Some(Subject::Para(id) | Subject::Channel(_, id))) => {
            Intent::Open(Place::para(recovery::TAB.number, id))
        }
        (command, subject) => subject::otherwise(command, subject),
    }
}

fn title(state: &AppState, pane: &str) -> Line {
    let at = state.board().map_or_else(String::new, |board| {
        format!(" · read at relay {}", super::words::evidence(board.known, state.now))
    });
    match pane {
        CHANNELS => {
            let line = Line::of(Role::Title, "channels").and(Role::Dim, format!(" · fullest first{at}"));
            match cut(state) {
                Some(words) => line.and(Role::Minor, format!(" · ▵ {words}")),
                None => line,
            }
        }
        QUEUES => {
            let line = Line::of(Role::Title, "queues")
                .and(Role::Dim, " · between the relay and its paras, longest first");
            let cut = state.board().and_then(|b| b.known.value.cut_of(&b.known.value.registered).cloned());
            match cut {
                Some(cut) => line.and(Role::Minor, format!(" · ▵ {}", cut.words())),
                None => line,
            }
        }
        _ => Line::of(Role::Title, "failed messages")
            .and(Role::Dim, " · by events of the blocks in memory, newest first"),
    }
}

/// What is missing in the list of channels.
fn cut(state: &AppState) -> Option<String> {
    let board = state.board()?;
    let paras = &board.known.value;
    let cut = paras.cut_of(&paras.requests).or_else(|| paras.cut_of(&paras.registered))?;
    Some(cut.words())
}

fn nothing(state: &AppState, pane: &str) -> (String, String) {
    let known = state.board().is_some();
    let (why, next) = match pane {
        CHANNELS if known => {
            ("no channel is open or requested", "an open request shows here with who must accept it")
        }
        QUEUES if known => {
            ("no message waits between the relay and its paras", "what waits shows here with its age")
        }
        FAILED if state.chains().any(|c| c.view.is_some_and(|v| v.blocks.newest().is_some())) => {
            ("no message failed in the blocks in memory", "only what happened since they were read is known")
        }
        _ => return recovery::why_unknown(state),
    };
    (why.to_owned(), next.to_owned())
}

fn list(state: &AppState, id: &'static str, focused: bool) -> Panel {
    let Some(rows) = rows(state, id) else { return lists::empty(id, "no such list", "Esc goes back") };
    let stale = id != FAILED && recovery::is_stale(state);
    let around = Around { title: title(state, id), nothing: nothing(state, id), focused, stale };
    lists::panel(state, id, id, rows.as_ref(), around)
}

fn body(state: &AppState) -> Node {
    let focus = super::focused(state).map_or(CHANNELS, |p| p.id);
    let one = |id: &'static str| Node::panel(list(state, id, id == focus));
    if state.ui.zoom {
        return one(focus);
    }
    if !super::shares_the_screen(state) {
        let strip = (Size::Cells(1), Node::panel(lists::strip(&panes(state), focus)));
        return Node::Rows(vec![strip, (Size::Share(1), one(focus))]);
    }
    let step = u16::try_from(state.ui.grow.clamp(-3, 3) + 4).unwrap_or(4);
    let share = |id: &'static str| if id == focus { Size::Share(step) } else { Size::Share(4) };
    Node::Rows([CHANNELS, QUEUES, FAILED].map(|id| (share(id), one(id))).to_vec())
}
