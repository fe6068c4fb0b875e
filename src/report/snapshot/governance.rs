//! The sections `referenda[]`, `sudo[]` and `parameters_changed[]` of the snapshot.
//!
//! In: governance of each chain as last read. Out: an entry each. What was not read is null; why stands in `unread`.

use super::Input;
use crate::domain::danger::Class;
use crate::domain::gov::curve::Perbill;
use crate::domain::gov::phase::Phase;
use crate::domain::gov::{Judged, sudo};
use crate::domain::para::Found;
use crate::domain::{ChainId, Clean, Hash};
use crate::state::governance::{Row, rows};
use serde::Serialize;
use std::collections::BTreeMap;

/// One referendum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Entry {
    chain: ChainId,
    pallet: String,
    index: u32,
    track: Option<Track>,
    status: Option<&'static str>,
    submitted_at: Option<u64>,
    deciding_since: Option<u64>,
    confirming_since: Option<u64>,
    ends_at: Option<u64>,
    /// What happens next without another vote, and at which block.
    next: Option<Next>,
    tally: Tally,
    approval: Option<f64>,
    support: Option<f64>,
    needed: Needed,
    needed_at_end: Needed,
    origin: Option<String>,
    decision_deposit_placed: Option<bool>,
    proposal: Proposal,
    dangerous: Vec<String>,
    danger: Option<Class>,
    /// The block by which phase and needed shares are told, by the count that the referendum goes by.
    now: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Track {
    id: u16,
    name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Next {
    block: u64,
    what: &'static str,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Tally {
    ayes: Option<String>,
    nays: Option<String>,
    support: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Needed {
    approval: Option<f64>,
    support: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Proposal {
    hash: Option<Hash>,
    len: Option<u32>,
    /// The call by its name.
    call: Option<String>,
    /// Why the call is null.
    unread: Option<String>,
}

/// A use of the sudo key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Used {
    chain: ChainId,
    block: u64,
    hash: Hash,
    extrinsic: Option<u32>,
    signer: Option<String>,
    call: Option<String>,
    dangerous: Vec<String>,
    steps: Vec<Step>,
    more: u32,
    failed: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Step {
    depth: u8,
    call: String,
    /// Null where no event tells.
    ok: Option<bool>,
    result: String,
}

/// A parameter that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Changed {
    chain: ChainId,
    key: String,
    old: Option<Clean>,
    new: Option<Clean>,
    block: u64,
    by: Option<Clean>,
}

fn share(p: Perbill) -> f64 {
    f64::from(p.parts()) / 1e9
}

/// The referenda of all chains; why those of a chain are missing goes into `unread`.
pub(super) fn section(input: Input<'_>, unread: &mut BTreeMap<String, String>) -> Vec<Entry> {
    for spec in &input.network.chains {
        let view = input.store.chain(&spec.id);
        let Some(known) = view.and_then(|v| v.governance.known()) else {
            let why = view.and_then(|v| v.unread.get("governance"));
            let why = why.map_or_else(|| "not read".to_owned(), ToString::to_string);
            unread.insert(format!("referenda.{}", spec.id), why);
            continue;
        };
        for body in &known.value.bodies {
            if let Found::Unread(why) = &body.referenda {
                unread.insert(format!("referenda.{}.{}", spec.id, body.pallet), why.to_string());
            }
        }
    }
    rows(input.network, input.store).iter().map(entry).collect()
}

fn entry(row: &Row<'_>) -> Entry {
    let going = row.referendum.going();
    let outlook = row.outlook;
    let track = going.map(|g| g.track);
    let periods = going.and_then(|g| row.body.track(g.track));
    let confirming = going.and_then(|g| g.deciding).and_then(|d| d.confirming);
    let text = |n: u128| n.to_string();
    let judged = going.map(|g| &g.proposal.call);
    let needed = |both: Option<(Perbill, Perbill)>| Needed {
        approval: both.map(|(approval, _)| share(approval)),
        support: both.map(|(_, support)| share(support)),
    };
    Entry {
        chain: row.spec.id.clone(),
        pallet: row.body.pallet.to_string(),
        index: row.referendum.index,
        track: track.map(|id| Track { id, name: row.body.track(id).map(|t| t.name.to_string()) }),
        status: outlook.map(|o| o.phase.word()),
        submitted_at: going.map(|g| g.submitted),
        deciding_since: going.and_then(|g| g.deciding).map(|d| d.since),
        confirming_since: confirming.zip(periods).map(|(until, t)| until.saturating_sub(t.confirm_period)),
        ends_at: outlook.and_then(|o| o.ends),
        next: outlook.and_then(|o| o.next).map(|(block, what)| Next { block, what: what.words() }),
        tally: going.map_or_else(Tally::default, |g| Tally {
            ayes: Some(text(g.tally.ayes)),
            nays: Some(text(g.tally.nays)),
            support: Some(text(g.tally.support)),
        }),
        approval: outlook.and_then(|o| o.shares).map(|s| share(s.approval)),
        support: outlook.and_then(|o| o.shares).and_then(|s| s.support).map(share),
        needed: needed(outlook.and_then(|o| o.needed)),
        needed_at_end: needed(outlook.and_then(|o| o.needed_at_end)),
        origin: going.map(|g| g.origin.to_string()),
        decision_deposit_placed: going.map(|g| g.decision_deposit.is_some()),
        proposal: going.map_or_else(Proposal::default, |g| Proposal {
            hash: Some(g.proposal.hash),
            len: g.proposal.len,
            call: value(&g.proposal.call).map(|j| j.call.path()),
            unread: match &g.proposal.call {
                Found::Value(_) => None,
                Found::Absent => Some("nobody has noted its preimage".to_owned()),
                Found::Unread(why) => Some(why.to_string()),
            },
        }),
        dangerous: judged.map(dangerous).unwrap_or_default(),
        danger: judged.and_then(value).map(|j| j.danger.class),
        now: row.now.filter(|_| outlook.is_some_and(|o| o.phase != Phase::Killed)),
    }
}

fn value(found: &Found<Judged>) -> Option<&Judged> {
    match found {
        Found::Value(judged) => Some(judged),
        Found::Absent | Found::Unread(_) => None,
    }
}

/// Why a call is dangerous: nothing for what is green or amber; what cannot be seen is.
fn dangerous(call: &Found<Judged>) -> Vec<String> {
    match call {
        Found::Value(judged) if judged.danger.class >= Class::Red => judged.danger.reasons.clone(),
        Found::Value(_) => Vec::new(),
        Found::Absent => vec!["it cannot be seen: nobody has noted its preimage".to_owned()],
        Found::Unread(why) => vec![format!("it cannot be seen: {why}")],
    }
}

/// The latest uses of the sudo key.
pub(super) fn sudo(input: Input<'_>) -> Vec<Used> {
    let mut all = Vec::new();
    for spec in &input.network.chains {
        let Some(view) = input.store.chain(&spec.id) else { continue };
        let prefix = view.identity.value().and_then(|i| i.ss58_prefix).unwrap_or(42);
        all.extend(view.sudo.iter().map(|used| {
            let used = &used.value;
            Used {
                chain: spec.id.clone(),
                block: used.at.number,
                hash: used.at.hash,
                extrinsic: used.extrinsic,
                signer: used.signer.map(|who| who.ss58(prefix)),
                call: value(&used.call).map(|j| j.call.path()),
                dangerous: dangerous(&used.call),
                steps: used.steps.iter().map(step).collect(),
                more: used.more,
                failed: used.failed(),
            }
        }));
    }
    all
}

fn step(step: &sudo::Step) -> Step {
    let ok = match &step.outcome {
        sudo::Outcome::Done => Some(true),
        sudo::Outcome::Unknown => None,
        sudo::Outcome::Failed(_) | sudo::Outcome::Undone | sudo::Outcome::NotRun => Some(false),
    };
    Step { depth: step.depth, call: step.path.to_string(), ok, result: step.outcome.words() }
}

/// Parameters that changed, oldest first.
pub(super) fn changed(input: Input<'_>) -> Vec<Changed> {
    let chains = input.network.chains.iter().filter_map(|spec| Some((spec, input.store.chain(&spec.id)?)));
    chains
        .flat_map(|(spec, view)| {
            view.ledger.changes.iter().map(|c| Changed {
                chain: spec.id.clone(),
                key: c.key.clone(),
                old: c.old.clone(),
                new: c.new.clone(),
                block: c.block.number,
                by: c.by.clone(),
            })
        })
        .collect()
}
