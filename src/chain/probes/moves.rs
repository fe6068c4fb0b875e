//! What moved in a block, from its events.
//!
//! In: the decoded events of a block, which accounts are watched. Out: [`BlockMoves`]: one movement for each amount that moved,
//! though several events may tell of it; fees left out; the ends of messages to and from other chains marked. Fields are
//! read by their names, in all runtimes alike. Must not read anything.

use crate::codec::{DecodedEvent, Events, Value, amount, bytes32, field, inside, line_of, number};
use crate::domain::balance::{BlockMoves, Leg, MoveKind, Movement, Peer};
use crate::domain::{AccountId, BlockRef, Clean, Hash, ParaId};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Most movements kept of one block.
const MAX_MOVES: usize = 64;
/// Places of these that the largest have which change hands.
const LARGEST: usize = 32;

/// What moved in the block, and which watched accounts its events touch.
pub(super) fn of(
    events: &Events,
    (at, session): (BlockRef, Option<u32>),
    watched: &BTreeSet<AccountId>,
) -> (BlockMoves, BTreeSet<AccountId>) {
    let list = &events.list;
    let mut all: Vec<Movement> = (0_u32..).zip(list).filter_map(|(i, e)| balance(i, e)).collect();
    let ends = all.iter().flat_map(|m| [m.from, m.to]).flatten();
    let touched = ends.filter(|account| watched.contains(account)).collect();
    drop_fees(list, &mut all);
    drop_endowed(&mut all);
    (0_u32..).zip(list).for_each(|(i, e)| staking(i, e, &mut all));
    let (came, left) = mark_legs(list, &mut all);
    let era_paid = list.iter().filter_map(era_paid).fold(0_u128, u128::saturating_add);
    let found = all.len();
    let is_watched = |m: &Movement| [m.from, m.to].iter().flatten().any(|a| watched.contains(a));
    all.sort_by_key(|m| (Reverse(is_watched(m) && m.kind.changes_hands()), Reverse(m.amount), m.index));
    // Neither small ones of watched accounts nor locks and holds push out the largest that change hands.
    let behind = all.split_off(all.len().min(MAX_MOVES - LARGEST));
    let (hands, others): (Vec<_>, Vec<_>) = behind.into_iter().partition(|m| m.kind.changes_hands());
    let mut behind: Vec<Movement> = hands;
    behind.sort_by_key(|m| (Reverse(m.amount), m.index));
    all.extend(behind.into_iter().chain(others).take(LARGEST));
    all.sort_by_key(|m| m.index);
    let left_out = u32::try_from(found.saturating_sub(all.len())).unwrap_or(u32::MAX);
    let moves = BlockMoves { at, session, issuance: None, era_paid, came, left, moves: all, left_out };
    (moves, touched)
}

fn account(event: &DecodedEvent, name: &str, place: usize) -> Option<AccountId> {
    event.field(name, place).and_then(bytes32).map(AccountId)
}

fn planck(event: &DecodedEvent, name: &str, place: usize) -> Option<u128> {
    event.field(name, place).and_then(amount)
}

/// The movement that an event of `Balances` tells of.
fn balance(index: u32, event: &DecodedEvent) -> Option<Movement> {
    use MoveKind as K;
    if event.pallet != "Balances" {
        return None;
    }
    let make = |kind, from, to, amount| {
        let reason = event.field("reason", usize::MAX).map(|r| Clean::of(&line_of(r)));
        Some(Movement { index, extrinsic: event.extrinsic, kind, from, to, amount, reason, leg: None })
    };
    let two = |from: &str, to: &str, amount: &str| {
        make(
            K::Transfer,
            Some(account(event, from, 0)?),
            Some(account(event, to, 1)?),
            planck(event, amount, 2)?,
        )
    };
    let gain = |kind| make(kind, None, Some(account(event, "who", 0)?), planck(event, "amount", 1)?);
    let loss = |kind| make(kind, Some(account(event, "who", 0)?), None, planck(event, "amount", 1)?);
    match event.name.as_str() {
        "Transfer" | "ReserveRepatriated" => two("from", "to", "amount"),
        "TransferOnHold" => two("source", "dest", "amount"),
        "TransferAndHold" => two("source", "dest", "transferred"),
        "Deposit" | "Restored" => gain(K::Deposit),
        "Minted" => gain(K::Minted),
        "Withdraw" | "Suspended" => loss(K::Withdraw),
        "Burned" | "BurnedHeld" => loss(K::Burned),
        "Slashed" => loss(K::Slashed),
        "Reserved" => loss(K::Reserved),
        "Unreserved" => loss(K::Unreserved),
        "Locked" => loss(K::Locked),
        "Unlocked" => loss(K::Unlocked),
        "Frozen" => loss(K::Frozen),
        "Thawed" => loss(K::Thawed),
        "Held" => loss(K::Held),
        "Released" => loss(K::Released),
        "BalanceSet" => make(K::BalanceSet, None, Some(account(event, "who", 0)?), planck(event, "free", 1)?),
        "Endowed" => {
            make(K::Endowed, None, Some(account(event, "account", 0)?), planck(event, "free_balance", 1)?)
        }
        "DustLost" => {
            make(K::DustLost, Some(account(event, "account", 0)?), None, planck(event, "amount", 1)?)
        }
        "TotalIssuanceForced" => {
            let (old, new) = (planck(event, "old", 0)?, planck(event, "new", 1)?);
            make(K::Issuance, None, None, old.abs_diff(new))
        }
        _ => None,
    }
}

/// What is withdrawn for the fee of an extrinsic, and what is paid out of it, are no movements.
fn drop_fees(list: &[DecodedEvent], all: &mut Vec<Movement>) {
    let paid = list.iter().filter(|e| e.pallet == "TransactionPayment" && e.name == "TransactionFeePaid");
    for fee in paid.filter(|e| e.extrinsic.is_some()) {
        let payer = account(fee, "who", 0);
        let own = |m: &Movement| m.extrinsic == fee.extrinsic;
        let withdrawn = all
            .iter()
            .position(|m| own(m) && m.kind == MoveKind::Withdraw && m.from.is_some() && m.from == payer);
        let Some(place) = withdrawn else { continue };
        let most = all.remove(place).amount;
        all.retain(|m| !(own(m) && m.kind == MoveKind::Deposit && m.amount <= most));
    }
}

/// An account that begins to exist tells so beside what it got.
fn drop_endowed(all: &mut Vec<Movement>) {
    let got: BTreeSet<(Option<u32>, Option<AccountId>)> =
        all.iter().filter(|m| m.kind.changes_hands()).map(|m| (m.extrinsic, m.to)).collect();
    all.retain(|m| m.kind != MoveKind::Endowed || !got.contains(&(m.extrinsic, m.to)));
}

/// Payouts and slashes of staking name what an event of `Balances` tells of as well; one that does not is a movement itself.
fn staking(index: u32, event: &DecodedEvent, all: &mut Vec<Movement>) {
    if event.pallet != "Staking" {
        return;
    }
    let (kind, who) = match event.name.as_str() {
        "Rewarded" | "Reward" => {
            let other = event.field("dest", 1).and_then(|d| inside(d, "Account", false)).and_then(bytes32_in);
            (MoveKind::Reward, other.map(AccountId).or_else(|| account(event, "stash", 0)))
        }
        "Slashed" => (MoveKind::Slashed, account(event, "staker", 0)),
        _ => return,
    };
    let sum = planck(event, "amount", if event.name == "Rewarded" { 2 } else { 1 });
    let (Some(who), Some(sum)) = (who, sum) else { return };
    let mut same = all.iter_mut().filter(|m| m.extrinsic == event.extrinsic && m.amount == sum);
    let found = match kind {
        MoveKind::Reward => {
            same.find(|m| m.to == Some(who) && matches!(m.kind, MoveKind::Deposit | MoveKind::Minted))
        }
        _ => same.find(|m| {
            m.from == Some(who) && matches!(m.kind, MoveKind::Slashed | MoveKind::Burned | MoveKind::Withdraw)
        }),
    };
    if let Some(told) = found {
        told.kind = kind;
        return;
    }
    let (from, to) = if kind == MoveKind::Reward { (None, Some(who)) } else { (Some(who), None) };
    let own =
        Movement { index, extrinsic: event.extrinsic, kind, from, to, amount: sum, reason: None, leg: None };
    let place = all.partition_point(|m| m.index <= index);
    all.insert(place, own);
}

/// The bytes in the only field of a variant.
fn bytes32_in(variant: &Value) -> Option<[u8; 32]> {
    field(variant, "", 0).and_then(bytes32)
}

fn era_paid(event: &DecodedEvent) -> Option<u128> {
    if (event.pallet.as_str(), event.name.as_str()) != ("Staking", "EraPaid") {
        return None;
    }
    planck(event, "validator_payout", 1)?.checked_add(planck(event, "remainder", 2)?)
}

/// Marks what went to other chains and what came from them; returns what came and what left by teleport.
fn mark_legs(list: &[DecodedEvent], all: &mut [Movement]) -> (u128, u128) {
    let (mut came, mut left) = (0_u128, 0_u128);
    let mut done: Option<(Option<u32>, u32)> = None;
    for (index, event) in (0_u32..).zip(list) {
        let Some((leg, beneficiary)) = sent(event).or_else(|| processed(event).map(|leg| (leg, None))) else {
            continue;
        };
        // What a message moved stands before it, behind the message before it.
        let after = done.filter(|(extrinsic, _)| *extrinsic == event.extrinsic).map(|(_, at)| at);
        done = Some((event.extrinsic, index));
        let fits = |kind| match leg.sent {
            true => matches!(kind, MoveKind::Burned | MoveKind::Withdraw | MoveKind::Transfer),
            false => matches!(kind, MoveKind::Minted | MoveKind::Deposit | MoveKind::Transfer),
        };
        let own = all.iter_mut().filter(|m| {
            m.extrinsic == event.extrinsic
                && m.index < index
                && after.is_none_or(|after| m.index > after)
                && m.leg.is_none()
                && fits(m.kind)
        });
        let Some(moved) = own.max_by_key(|m| (m.amount, Reverse(m.index))) else { continue };
        if moved.kind == MoveKind::Transfer {
            moved.kind = MoveKind::ReserveTransfer;
        } else {
            moved.kind = MoveKind::Teleport;
            let sum = if leg.sent { &mut left } else { &mut came };
            *sum = sum.saturating_add(moved.amount);
        }
        if leg.sent {
            moved.to = beneficiary.or(moved.to);
        }
        moved.leg = Some(leg);
    }
    (came, left)
}

/// A message that was sent, and for whom its assets are.
fn sent(event: &DecodedEvent) -> Option<(Leg, Option<AccountId>)> {
    let xcm = matches!(event.pallet.as_str(), "XcmPallet" | "PolkadotXcm");
    if !xcm || event.name != "Sent" {
        return None;
    }
    let message = event.field("message_id", 3).and_then(bytes32).map(Hash);
    let peer = event.field("destination", 1).and_then(location);
    let account = event.field("message", 2).and_then(|m| inside(m, "AccountId32", true));
    let beneficiary = account.and_then(|a| field(a, "id", 1)).and_then(bytes32).map(AccountId);
    Some((Leg { sent: true, message: message.filter(|m| m.0 != [0; 32]), peer }, beneficiary))
}

/// A message that was carried out.
fn processed(event: &DecodedEvent) -> Option<Leg> {
    if event.pallet != "MessageQueue" || event.name != "Processed" {
        return None;
    }
    let success = event.field("success", 3).map(line_of);
    if success.as_deref() != Some("true") {
        return None;
    }
    let message = event.field("id", 0).and_then(bytes32).map(Hash);
    let origin = event.field("origin", 1)?;
    let para = |name: &str| {
        let id = number(field(inside(origin, name, false)?, "", 0)?)?;
        Some(Peer::Para(ParaId(u32::try_from(id).ok()?)))
    };
    let parent = inside(origin, "Parent", false).map(|_| Peer::Relay);
    Some(Leg { sent: false, message, peer: parent.or_else(|| para("Sibling")).or_else(|| para("Para")) })
}

/// The chain that a location names: `..`, `../Parachain(2000)`, `Parachain(2000)`.
fn location(value: &Value) -> Option<Peer> {
    let parents = number(field(value, "parents", 0)?)?;
    let interior = field(value, "interior", 1)?;
    match inside(interior, "Parachain", false) {
        Some(para) if parents <= 1 => {
            let id = number(field(para, "", 0)?)?;
            Some(Peer::Para(ParaId(u32::try_from(id).ok()?)))
        }
        None if parents == 1 && inside(interior, "GlobalConsensus", false).is_none() => Some(Peer::Relay),
        _ => None,
    }
}
