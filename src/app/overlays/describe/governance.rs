//! Everything that is known of a referendum, of a use of the sudo key, of a parameter that changed.
//!
//! In: governance as last read. Out: name and value lines.

use super::{Pairs, block_ref, moment, optional, pair, unknown};
use crate::domain::para::Found;
use crate::domain::{ChainId, Hash};
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::ui::ReferendumId;
use crate::tabs::governance;

/// Calls of a use that are shown.
const MAX_STEPS: usize = 64;

/// The lines about a referendum: as in its view, with every reason, and what it proposes in full.
pub(super) fn referendum(state: &AppState, id: &ReferendumId) -> Option<Pairs> {
    let lines = governance::all_lines(state, id)?;
    let row = crate::state::governance::row(state, id)?;
    let mut out: Pairs = lines.into_iter().map(|line| (Line::default(), line)).collect();
    if let Some(going) = row.referendum.going() {
        out.push(pair("call hash", going.proposal.hash.to_string()));
        if let Found::Value(judged) = &going.proposal.call {
            out.extend(judged.call.args.iter().map(|(name, node)| pair(name, node.text(64))));
        }
    }
    out.push(pair("read at", crate::tabs::words::evidence(row.known, state.now)));
    Some(out)
}

/// The lines about a use of the sudo key: each call inside with its result.
pub(super) fn sudo(
    state: &AppState,
    chain: &ChainId,
    (hash, extrinsic): (&Hash, Option<u32>),
) -> Option<Pairs> {
    let view = state.store.chain(chain)?;
    let used = view.sudo.iter().find(|u| u.value.at.hash == *hash && u.value.extrinsic == extrinsic)?;
    let value = &used.value;
    let names: Vec<&str> = value.events.iter().map(|e| e.as_str()).collect();
    let signer = value.signer.and_then(|who| Some(state.chain(chain)?.address(&who)));
    let mut out = vec![
        pair("block", block_ref(&value.at)),
        optional("extrinsic", value.extrinsic.map(|n| n.to_string()), "none: the scheduler or a hook did it"),
        pair("events", names.join(", ")),
        optional("signed by", signer, "not read"),
        optional("block time", value.stamped.map(|at| moment(state, at)), "not read"),
    ];
    match &value.call {
        Found::Value(judged) => {
            out.push(pair("danger", judged.danger.class.to_string()));
            out.extend(judged.danger.reasons.iter().map(|why| pair("  because", why.as_str())));
        }
        Found::Absent => {}
        Found::Unread(why) => out.push(unknown("call", why.as_str())),
    }
    for step in value.steps.iter().take(MAX_STEPS) {
        let name = format!("{}{}", "  ".repeat(usize::from(step.depth)), step.path);
        let role = match step.outcome {
            crate::domain::gov::sudo::Outcome::Done => Role::Good,
            crate::domain::gov::sudo::Outcome::Failed(_) => Role::Major,
            crate::domain::gov::sudo::Outcome::Unknown => Role::Unknown,
            _ => Role::Dim,
        };
        out.push((Line::of(Role::Text, name), Line::of(role, step.outcome.words())));
    }
    if value.more > 0 {
        out.push(pair("and", format!("{} more calls", format::number(value.more.into()))));
    }
    Some(out)
}

/// The lines about a change of a parameter.
pub(super) fn change(state: &AppState, chain: &ChainId, id: &str) -> Option<Pairs> {
    let view = state.store.chain(chain)?;
    let change = view.ledger.changes.iter().find(|c| c.id() == id)?;
    let text = |v: &Option<crate::domain::Clean>| v.as_ref().map(ToString::to_string);
    Some(vec![
        pair("parameter", change.key.as_str()),
        optional("old", text(&change.old), "it did not exist"),
        optional("new", text(&change.new), "it does not exist any more"),
        pair("changed by block", block_ref(&change.block)),
        pair("still the old at", block_ref(&change.after)),
        pair("seen", moment(state, change.seen)),
        optional("by", text(&change.by), "no call that was seen"),
        pair("justify", format!("sereno ledger justify {chain}/{id} TEXT")),
    ])
}
