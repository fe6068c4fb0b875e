//! What can be done with a selection, whatever tab it stands in: copy, link, describe, timeline, acknowledge.
//!
//! In: a [`Subject`] and a command. Out: an [`Intent`]. Where a command does not apply, the intent says so in a
//! sentence: a key is never answered with silence.

use super::Intent;
use crate::command::Command;
use crate::domain::store::balances::Seen;
use crate::domain::store::validators::MissedCandidate;
use crate::domain::{AccountId, AlertId, ChainId, EventRecord, Hash};
use crate::screen::format;
use crate::state::ui::Subject;
use crate::state::{AppState, Chain};
use std::collections::BTreeSet;

/// What a command asks for on a subject; none where the command is not about a selection.
#[must_use]
pub fn intent(state: &AppState, subject: Option<&Subject>, command: Command) -> Option<Intent> {
    if command == Command::Runbooks {
        return Some(Intent::Runbooks(subject.cloned()));
    }
    let verb = match command {
        Command::Describe => "describe",
        Command::Timeline => "show a timeline of",
        Command::Copy | Command::CopyLink => "copy",
        Command::OpenLink => "link to",
        Command::Acknowledge | Command::Unacknowledge => "acknowledge",
        Command::Silence => "silence",
        _ => return None,
    };
    let nothing = || Intent::Say(format!("nothing to {verb} here: select a row first"));
    let Some(subject) = subject else { return Some(nothing()) };
    Some(match command {
        Command::Describe => Intent::Describe(subject.clone()),
        Command::Timeline => Intent::Timeline(subject.clone()),
        Command::Copy => copy(state, subject).map_or_else(nothing, |(t, w)| Intent::Copy(t, w)),
        Command::CopyLink => raw(state, subject).map_or_else(nothing, |(t, w)| Intent::Copy(t, w)),
        Command::OpenLink => link(state, subject).map_or_else(
            || Intent::Say("no link leads to this: it is not a block and no chain".to_owned()),
            Intent::ShowLink,
        ),
        _ => on_alert(state, subject, command, verb),
    })
}

fn on_alert(state: &AppState, subject: &Subject, command: Command, verb: &str) -> Intent {
    let make = |id: AlertId| match command {
        Command::Acknowledge => Intent::Acknowledge(id),
        Command::Unacknowledge => Intent::Unacknowledge(id),
        _ => Intent::Silence(id),
    };
    let chain = match subject {
        Subject::Alert(id) => return make(id.clone()),
        Subject::Chain(chain) => chain,
        _ => return Intent::Say(format!("nothing to {verb} here: select an alert or a chain")),
    };
    let name = chain_name(state, chain);
    // What stands on the chain may be explained by an alert elsewhere: then that one is meant.
    let standing = state.alerts.standing().map(|s| &s.alert).filter(|a| &a.chain == chain);
    let roots: BTreeSet<AlertId> =
        standing.map(|a| a.cause_id.clone().unwrap_or_else(|| a.id.clone())).collect();
    match roots.len() {
        0 => Intent::Say(format!("nothing to {verb}: {name} has no alert")),
        1 => roots.into_iter().next().map_or_else(|| Intent::Say(format!("nothing to {verb}")), make),
        many => Intent::Say(format!("{name} has {many} alerts: choose one in the alerts panel")),
    }
}

/// The event of a subject.
#[must_use]
pub fn event<'a>(
    state: &'a AppState,
    chain: &ChainId,
    block: &Hash,
    index: usize,
) -> Option<&'a EventRecord> {
    state.store.chain(chain)?.blocks.by_hash(block)?.block.events.get(index)
}

/// The movement of a subject.
#[must_use]
pub fn movement<'a>(state: &'a AppState, chain: &ChainId, block: &Hash, index: u32) -> Option<&'a Seen> {
    let mut moves = state.store.chain(chain)?.balances.moves();
    moves.find(|seen| seen.block.hash == *block && seen.movement.index == index)
}

/// Candidate number `index` among those that `block` backed without this validator.
#[must_use]
pub fn candidate(state: &AppState, stash: &AccountId, block: &Hash, index: usize) -> Option<MissedCandidate> {
    state.relay()?.view?.missed_candidates(stash).filter(|m| m.block.hash == *block).nth(index)
}

/// The text of `y`, and what it is.
#[must_use]
pub fn copy(state: &AppState, subject: &Subject) -> Option<(String, String)> {
    Some(match subject {
        Subject::Chain(id) => {
            let best = state.store.chain(id)?.best.as_ref()?;
            (best.value.hash.to_string(), format!("best block hash of {}", chain_name(state, id)))
        }
        Subject::Block(_, hash) | Subject::Event(_, hash, _) => (hash.to_string(), "block hash".to_owned()),
        Subject::Author(chain, account) => (state.chain(chain)?.address(account), "address".to_owned()),
        Subject::Endpoint(_, id) => (id.to_string(), "endpoint".to_owned()),
        Subject::Para(id) => (id.to_string(), "para id".to_owned()),
        Subject::Channel(from, to) => (format!("{from}-{to}"), "channel".to_owned()),
        Subject::Referendum(id) => super::governance::copied(state, id)?,
        Subject::Sudo(_, hash, _) => (hash.to_string(), "block hash".to_owned()),
        Subject::Change(chain, id) => (format!("{chain}/{id}"), "name of the change".to_owned()),
        Subject::Place(id, name) => {
            let fact = super::recovery::evidence(state, *id, name)?;
            (fact.key, format!("storage key of {name}"))
        }
        Subject::Dispute(hash) => (hash.to_string(), "candidate hash".to_owned()),
        Subject::Account(chain, account) => (state.chain(chain)?.address(account), "address".to_owned()),
        Subject::Movement(_, block, _) => (block.to_string(), "block hash".to_owned()),
        Subject::Alert(id) => (id.to_string(), "alert id".to_owned()),
        Subject::Validator(stash) | Subject::Session(stash, _) => {
            (state.relay()?.address(stash), "stash".to_owned())
        }
        Subject::Provider(name) => (name.clone()?, "provider".to_owned()),
        Subject::FormLine(pane, key) => {
            let full = super::recovery::form::line(state, pane, key);
            let value = full.iter().find(|(name, _)| name == "value").or(full.first())?;
            (value.1.clone(), key.clone())
        }
        Subject::Candidate(stash, block, index) => match candidate(state, stash, block, *index)?.candidate {
            Some(hash) => (hash.to_string(), "candidate hash".to_owned()),
            None => (block.to_string(), "block hash".to_owned()),
        },
    })
}

/// The text of `Y`: the link, or the raw bytes where nothing links to it.
fn raw(state: &AppState, subject: &Subject) -> Option<(String, String)> {
    Some(match subject {
        Subject::Account(_, account)
        | Subject::Author(_, account)
        | Subject::Validator(account)
        | Subject::Session(account, _) => (account.to_string(), "account as hex".to_owned()),
        Subject::Alert(id) => {
            let alert = state.alert(id)?;
            (serde_json::to_string(&alert).ok()?, "alert as JSON".to_owned())
        }
        Subject::Event(chain, block, index) => {
            let e = event(state, chain, block, *index)?;
            (format!("{}.{} {}", e.pallet, e.name, e.fields), "event".to_owned())
        }
        _ => match link(state, subject) {
            Some(link) => (link, "link".to_owned()),
            None => return copy(state, subject),
        },
    })
}

/// A link to the subject in polkadot-js, through the endpoint that the chain is read from.
#[must_use]
pub fn link(state: &AppState, subject: &Subject) -> Option<String> {
    let (chain, rest) = match subject {
        Subject::Chain(id) => (id, "#/explorer".to_owned()),
        Subject::Block(id, hash)
        | Subject::Event(id, hash, _)
        | Subject::Movement(id, hash, _)
        | Subject::Sudo(id, hash, _) => (id, format!("#/explorer/query/{hash}")),
        Subject::Candidate(_, hash, _) => (&state.network.relay()?.id, format!("#/explorer/query/{hash}")),
        Subject::Endpoint(id, endpoint) => {
            return Some(apps(endpoint.as_str(), "#/explorer")).filter(|_| state.network.chain(id).is_some());
        }
        _ => return None,
    };
    let view = state.store.chain(chain)?;
    Some(apps(view.source.as_ref()?.as_str(), &rest))
}

fn apps(endpoint: &str, rest: &str) -> String {
    let mut out = "https://polkadot.js.org/apps/?rpc=".to_owned();
    // Behind the URL an id may say ` PLAIN` or `#2`.
    let url = endpoint.split([' ', '#']).next().unwrap_or_default();
    for byte in url.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out + rest
}

/// The name of a chain; its id where the profile does not know it.
#[must_use]
pub fn chain_name(state: &AppState, id: &ChainId) -> String {
    state.network.chain(id).map_or_else(|| id.to_string(), |c| c.name.clone())
}

/// What a tab does with a command that it has no use of its own for: opening describes what has no view.
#[must_use]
pub fn otherwise(command: Command, subject: Option<Subject>) -> Intent {
    match (command, subject) {
        (Command::Open, Some(subject)) => Intent::Describe(subject),
        (Command::Open, None) => Intent::Say("nothing to open here".to_owned()),
        _ => Intent::Say(format!("{} does nothing in this tab", command.name())),
    }
}

/// The chain a subject belongs to; the relay chain for what only that knows.
#[must_use]
pub fn chain_of<'a>(state: &'a AppState, subject: &Subject) -> Option<Chain<'a>> {
    match subject {
        Subject::Chain(id)
        | Subject::Block(id, _)
        | Subject::Author(id, _)
        | Subject::Endpoint(id, _)
        | Subject::Account(id, _)
        | Subject::Movement(id, ..)
        | Subject::Event(id, ..)
        | Subject::Sudo(id, ..)
        | Subject::Change(id, _) => state.chain(id),
        Subject::Referendum(id) => state.chain(&id.chain),
        Subject::Para(_)
        | Subject::Channel(..)
        | Subject::Place(..)
        | Subject::Dispute(_)
        | Subject::Validator(_)
        | Subject::Provider(_)
        | Subject::Session(..)
        | Subject::FormLine(..)
        | Subject::Candidate(..) => state.relay(),
        Subject::Alert(id) => state.chain(&state.alert(id)?.chain),
    }
}

/// The subject as a title.
#[must_use]
pub fn title(state: &AppState, subject: &Subject) -> String {
    let of = |id: &ChainId| chain_name(state, id);
    match subject {
        Subject::Chain(id) => of(id),
        Subject::Block(id, hash) => {
            let number =
                state.store.chain(id).and_then(|v| v.blocks.by_hash(hash)).map(|r| r.block.at.number);
            let number = number.map_or_else(|| hash.short(), |n| format!("#{}", format::number(n)));
            format!("block {number} of {}", of(id))
        }
        Subject::Author(id, account) => {
            let address = state.chain(id).map_or_else(|| account.to_string(), |c| c.address_short(account));
            format!("author {address} of {}", of(id))
        }
        Subject::Endpoint(id, endpoint) => format!("endpoint {endpoint} of {}", of(id)),
        Subject::Para(id) => match state.network.para(*id) {
            Some(spec) => format!("para {id}, {}", spec.name),
            None => format!("para {id}"),
        },
        Subject::Channel(from, to) => format!("channel {from} → {to}"),
        Subject::Referendum(id) => format!("{} {} of {}", id.pallet, id.index, of(&id.chain)),
        Subject::Sudo(id, ..) => format!("use of the sudo key of {}", of(id)),
        Subject::Change(id, name) => format!("parameter {name} of {}", of(id)),
        Subject::Place(_, name) => name.clone(),
        Subject::Dispute(hash) => format!("dispute about {}", hash.short()),
        Subject::Event(id, hash, index) => match event(state, id, hash, *index) {
            Some(e) => format!("{}.{} on {}", e.pallet, e.name, of(id)),
            None => format!("event on {}", of(id)),
        },
        Subject::Alert(id) => format!("alert {id}"),
        Subject::Validator(stash) => format!("validator {}", super::validators::label(state, stash)),
        Subject::Provider(Some(name)) => format!("provider {name}"),
        Subject::Provider(None) => "validators that are in no register".to_owned(),
        Subject::Session(stash, session) => {
            let name = super::validators::label(state, stash);
            format!("{name} in session {}", format::number(u64::from(*session)))
        }
        Subject::FormLine(pane, key) => format!("{pane}: {key}"),
        Subject::Account(id, account) => {
            let chain = state.chain(id);
            let address = || chain.map_or_else(|| account.to_string(), |c| c.address_short(account));
            format!("{} on {}", state.name_of(account).map_or_else(address, str::to_owned), of(id))
        }
        Subject::Movement(id, hash, index) => match movement(state, id, hash, *index) {
            Some(seen) => format!("{} on {}", seen.movement.kind.word().replace('-', " "), of(id)),
            None => format!("movement on {}", of(id)),
        },
        Subject::Candidate(stash, ..) => {
            format!("candidate without {}", super::validators::label(state, stash))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_the_url_of_the_endpoint_and_not_what_its_id_adds() {
        let wanted = "https://polkadot.js.org/apps/?rpc=ws%3A%2F%2F10.0.0.1%3A9944#/explorer";
        for id in ["ws://10.0.0.1:9944", "ws://10.0.0.1:9944 PLAIN", "ws://10.0.0.1:9944#2 PLAIN"] {
            assert_eq!(apps(id, "#/explorer"), wanted);
        }
    }
}
