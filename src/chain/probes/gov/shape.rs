//! Decoded trees into referenda, tracks, tasks and preimages, by the names of their fields.
//!
//! In: a [`Node`]. Out: domain values, or none where the shape is one that this program does not know. Must not do I/O.

use super::super::paras::tree::{account, all, field, list, number_in, option, pair};
pub(super) use super::super::paras::tree::{hash, number, planck};
use super::known::judge;
use crate::codec::{Runtime, call_hash};
use crate::domain::call::Node;
use crate::domain::gov::curve::{Curve, Perbill};
use crate::domain::gov::{
    Deciding, Deposit, Enactment, Ongoing, Preimage, Proposal, State, Tally, Task, Track,
};
use crate::domain::para::Found;
use crate::domain::{Clean, Hash};

/// Most tracks of a pallet.
const MAX_TRACKS: usize = 256;

/// The first field of a variant.
fn first(node: &Node) -> Option<&Node> {
    match node {
        Node::Variant(_, fields) => fields.first().map(|(_, inner)| inner),
        _ => None,
    }
}

/// `Referenda.ReferendumInfoFor`.
pub(super) fn state(runtime: &Runtime, node: &Node) -> Option<State> {
    let Node::Variant(name, _) = node else { return None };
    let inner = first(node)?;
    Some(match name.as_str() {
        "Ongoing" => State::Ongoing(Box::new(ongoing(runtime, inner)?)),
        "Approved" => State::Approved(number(inner)?),
        "Rejected" => State::Rejected(number(inner)?),
        "Cancelled" => State::Cancelled(number(inner)?),
        "TimedOut" => State::TimedOut(number(inner)?),
        "Killed" => State::Killed(number(inner)?),
        _ => return None,
    })
}

fn ongoing(runtime: &Runtime, node: &Node) -> Option<Ongoing> {
    let alarm = |n: &Node| number(pair(n)?.0);
    Some(Ongoing {
        track: number_in(node, "track")?,
        origin: origin(field(node, "origin")?),
        proposal: proposal(runtime, field(node, "proposal")?)?,
        enactment: enactment(field(node, "enactment")?)?,
        submitted: number_in(node, "submitted")?,
        submission_deposit: deposit(field(node, "submission_deposit")?)?,
        decision_deposit: option(field(node, "decision_deposit")?, deposit)?,
        deciding: option(field(node, "deciding")?, deciding)?,
        tally: tally(field(node, "tally")?)?,
        in_queue: matches!(field(node, "in_queue")?, Node::Bool(true)),
        alarm: option(field(node, "alarm")?, alarm)?,
    })
}

fn deciding(node: &Node) -> Option<Deciding> {
    let confirming = option(field(node, "confirming")?, number)?;
    Some(Deciding { since: number_in(node, "since")?, confirming })
}

fn deposit(node: &Node) -> Option<Deposit> {
    Some(Deposit { who: account(field(node, "who")?)?, amount: planck(field(node, "amount")?)? })
}

/// Balances vote with `support`, members of ranks with `bare_ayes`.
fn tally(node: &Node) -> Option<Tally> {
    let support = field(node, "support").or_else(|| field(node, "bare_ayes"))?;
    Some(Tally {
        ayes: planck(field(node, "ayes")?)?,
        nays: planck(field(node, "nays")?)?,
        support: planck(support)?,
    })
}

/// `system.Root`, `Origins.WhitelistedCaller`.
fn origin(node: &Node) -> Clean {
    let Node::Variant(pallet, _) = node else { return Clean::of(&node.text(32)) };
    match first(node) {
        Some(inner) => Clean::of(&format!("{pallet}.{}", inner.text(32))),
        None => Clean::of(pallet),
    }
}

fn enactment(node: &Node) -> Option<Enactment> {
    let Node::Variant(name, _) = node else { return None };
    let block = number(first(node)?)?;
    match name.as_str() {
        "At" => Some(Enactment::At(block)),
        "After" => Some(Enactment::After(block)),
        _ => None,
    }
}

/// A call that stands here, decoded; or its hash, without the call.
fn proposal(runtime: &Runtime, node: &Node) -> Option<Proposal> {
    let Node::Variant(name, _) = node else { return None };
    Some(match name.as_str() {
        "Inline" => {
            let Node::Bytes(bytes) = first(node)? else { return None };
            let len = u32::try_from(bytes.len()).ok();
            Proposal { hash: call_hash(bytes), len, call: judge(runtime, bytes) }
        }
        "Lookup" => Proposal {
            hash: hash(field(node, "hash")?)?,
            len: Some(number_in(node, "len")?),
            call: Found::Absent,
        },
        "Legacy" => Proposal {
            hash: hash(field(node, "hash").or_else(|| first(node))?)?,
            len: None,
            call: Found::Absent,
        },
        _ => return None,
    })
}

/// `Scheduler.Agenda` of one block; what was cancelled leaves a hole.
pub(super) fn tasks(runtime: &Runtime, when: &Node, node: &Node) -> Option<Vec<Task>> {
    let when: u64 = number(when)?;
    let mut out = Vec::new();
    for (index, slot) in list(node)?.iter().enumerate() {
        let task = |node: &Node| {
            let periodic = |n: &Node| {
                let (every, times) = pair(n)?;
                Some((number(every)?, number(times)?))
            };
            Some(Task {
                when,
                index: u32::try_from(index).ok()?,
                name: option(field(node, "maybe_id")?, hash)?,
                periodic: option(field(node, "maybe_periodic")?, periodic)?,
                origin: origin(field(node, "origin")?),
                proposal: proposal(runtime, field(node, "call")?)?,
                enacts: None,
            })
        };
        out.extend(option(slot, task)?);
    }
    Some(out)
}

/// `Preimage.RequestStatusFor`, and `StatusFor` before it.
pub(super) fn preimage(name: Hash, node: &Node) -> Option<Preimage> {
    let paid = |n: &Node| {
        let (who, amount) = pair(n)?;
        Some(Deposit { who: account(who)?, amount: planck(amount).unwrap_or_default() })
    };
    let Node::Variant(status, _) = node else { return None };
    Some(match status.as_str() {
        "Unrequested" => Preimage {
            hash: name,
            len: Some(number_in(node, "len")?),
            by: field(node, "ticket").or_else(|| field(node, "deposit")).and_then(paid),
            requested: false,
        },
        "Requested" => {
            let ticket = field(node, "maybe_ticket").or_else(|| field(node, "deposit"));
            let len = field(node, "maybe_len").or_else(|| field(node, "len"))?;
            Preimage {
                hash: name,
                len: option(len, number)?,
                by: ticket.and_then(|t| option(t, paid)).flatten(),
                requested: true,
            }
        }
        _ => return None,
    })
}

/// The constant `Referenda.Tracks`, of both runtimes that are known.
pub(super) fn tracks(node: &Node) -> Option<Vec<Track>> {
    if list(node)?.len() > MAX_TRACKS {
        return None;
    }
    all(node, |entry| {
        let (id, info) = match pair(entry) {
            Some(both) => both,
            None => (field(entry, "id")?, field(entry, "info")?),
        };
        Some(Track {
            id: number(id)?,
            name: name(field(info, "name")?)?,
            max_deciding: number_in(info, "max_deciding")?,
            decision_deposit: planck(field(info, "decision_deposit")?)?,
            prepare_period: number_in(info, "prepare_period")?,
            decision_period: number_in(info, "decision_period")?,
            confirm_period: number_in(info, "confirm_period")?,
            min_enactment_period: number_in(info, "min_enactment_period")?,
            min_approval: curve(field(info, "min_approval")?)?,
            min_support: curve(field(info, "min_support")?)?,
        })
    })
}

/// A name, padded with zeros to its length where it stands in an array.
fn name(node: &Node) -> Option<Clean> {
    let text = match node {
        Node::Text(text) => text.clone(),
        Node::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => return None,
    };
    Some(Clean::of(text.trim_end_matches('\0')))
}

fn curve(node: &Node) -> Option<Curve> {
    let part = |name: &str| number_in(node, name).map(Perbill::of_parts);
    let fixed = |name: &str| match field(node, name)? {
        Node::Number(n) => i64::try_from(*n).ok(),
        Node::Negative(n) => i64::try_from(*n).ok(),
        _ => None,
    };
    let Node::Variant(shape, _) = node else { return None };
    Some(match shape.as_str() {
        "LinearDecreasing" => {
            Curve::LinearDecreasing { length: part("length")?, floor: part("floor")?, ceil: part("ceil")? }
        }
        "SteppedDecreasing" => Curve::SteppedDecreasing {
            begin: part("begin")?,
            end: part("end")?,
            step: part("step")?,
            period: part("period")?,
        },
        "Reciprocal" => Curve::Reciprocal {
            factor: fixed("factor")?,
            x_offset: fixed("x_offset")?,
            y_offset: fixed("y_offset")?,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(packed: &[u8]) -> Runtime {
        Runtime::decode(&zstd::decode_all(packed).unwrap()).unwrap()
    }

    #[test]
    fn the_tracks_of_both_relay_runtimes_are_read() {
        for packed in [
            include_bytes!("../../../../tests/it/fixtures/relay-metadata.scale.zst").as_slice(),
            include_bytes!("../../../../tests/it/fixtures/relay-2024-metadata.scale.zst").as_slice(),
        ] {
            let runtime = runtime(packed);
            assert_eq!(runtime.pallets_of_referenda(), ["Referenda"]);
            let all = tracks(&runtime.constant_node("Referenda", "Tracks").unwrap()).unwrap();
            let root = &all[0];
            assert_eq!((root.id, root.name.as_str(), root.max_deciding), (0, "root", 1));
            let whitelisted = all.iter().find(|t| t.id == 1).unwrap();
            assert_eq!(whitelisted.name.as_str(), "whitelisted_caller");
            assert!(matches!(whitelisted.min_approval, Curve::Reciprocal { .. }), "{whitelisted:?}");
            assert!(all.len() >= 15, "{}", all.len());
            assert!(
                all.iter()
                    .any(|t| matches!(t.min_support, Curve::Reciprocal { y_offset, .. } if y_offset < 0))
            );
        }
    }

    #[test]
    fn another_shape_is_unknown_and_not_empty() {
        let r = runtime(include_bytes!("../../../../tests/it/fixtures/relay-metadata.scale.zst"));
        let paused = Node::Variant("Paused".to_owned(), vec![("0".to_owned(), Node::Number(1))]);
        assert!(state(&r, &paused).is_none());
        assert!(tracks(&Node::Number(1)).is_none());
        assert!(tasks(&r, &Node::Number(1), &Node::List(vec![Node::Number(1)])).is_none());
        let hole = Node::List(vec![Node::Nothing]);
        assert_eq!(tasks(&r, &Node::Number(1), &hole), Some(vec![]));
    }
}
