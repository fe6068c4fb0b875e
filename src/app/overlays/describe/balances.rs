//! What is known of an account's balance and of a movement.
//!
//! In: the book of a chain. Out: name and value lines; amounts in tokens and in planck.

use super::{Pairs, block_ref, moment, optional, pair};
use crate::domain::{AccountId, ChainId, Hash};
use crate::screen::format;
use crate::state::AppState;
use crate::tabs::balances::{both, facts_about};
use crate::tabs::subject;

/// An account on a chain.
pub(super) fn account(state: &AppState, chain: &ChainId, account: &AccountId) -> Option<Pairs> {
    let chain = state.chain(chain)?;
    let mut out = facts_about(state, &chain, account);
    out.insert(1, pair("bytes", account.to_string()));
    let known = chain.view.and_then(|v| v.balances.account(account));
    for part in known.and_then(|k| k.now.value.parts.as_ref()).into_iter().flatten() {
        out.push(pair(part.kind.word(), format!("{} · {}", both(&chain, part.amount), part.reason)));
    }
    for (block, total) in known.into_iter().flat_map(|k| k.history.iter().rev()) {
        out.push(pair("total at", format!("#{} · {}", format::number(*block), both(&chain, *total))));
    }
    Some(out)
}

/// A movement.
pub(super) fn movement(state: &AppState, id: &ChainId, block: &Hash, index: u32) -> Option<Pairs> {
    let chain = state.chain(id)?;
    let seen = subject::movement(state, id, block, index)?;
    let m = &seen.movement;
    let who = |a: &AccountId| match state.name_of(a) {
        Some(name) => format!("{} {name}", chain.address(a)),
        None => chain.address(a),
    };
    let mut out = vec![
        pair("what", m.kind.word().replace('-', " ")),
        pair("amount", both(&chain, m.amount)),
        optional("from", m.from.as_ref().map(who), "nobody on this chain"),
        optional("to", m.to.as_ref().map(who), "nobody on this chain"),
        pair("chain", subject::chain_name(state, id)),
        pair("block", block_ref(&seen.block)),
        pair("event", m.index.to_string()),
        optional("extrinsic", m.extrinsic.map(|n| n.to_string()), "none: initialisation or finalisation"),
        pair("when", moment(state, seen.at)),
        pair("noticed", moment(state, seen.noticed)),
    ];
    if let Some(reason) = &m.reason {
        out.push(pair("reason", reason.as_str()));
    }
    if let Some(leg) = m.leg {
        let message = leg.message.map(|hash| hash.to_string());
        out.push(optional("message", message, "the events carry no id"));
        out.push(pair("other end", other(state, id, seen)));
    }
    Some(out)
}

fn other(state: &AppState, id: &ChainId, seen: &crate::domain::store::balances::Seen) -> String {
    use crate::domain::store::balances::{Match, other_end};
    let Some(other) = other_end(&state.network, &state.store, (id, seen)) else {
        return "not seen: its chain is not watched, or its block not read".to_owned();
    };
    let sure = match other.sure {
        Match::Sure => "by the message's id",
        Match::Likely => "likely: amount, account and time agree",
    };
    let block = format::number(other.seen.block.number);
    let amount =
        state.chain(&other.chain.id).map_or_else(String::new, |c| both(&c, other.seen.movement.amount));
    format!("{} #{block} · {amount} · {sure}", other.chain.name)
}
