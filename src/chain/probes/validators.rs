//! The validators of a relay chain: the set of a session, where staking lives, who is disabled.
//!
//! In: storage of the session and para pallets. Out: a [`ValidatorSet`], stashes. What the runtime lacks or what does not
//! decode is none, never a default. A set belongs to a branch: it is inherited from parent to child while the session is
//! the same, and read again where neither neighbour has it. Must not read votes.

use super::super::transport::{LinkError, Rpc};
use super::{State, query, soft};
use crate::codec::{CodecError, Runtime, Skipped};
use crate::domain::validator::{Staking, StakingMode};
use crate::domain::{AccountId, Clean, Hash, ValidatorSet};
use scale_decode::DecodeAsType;
use std::sync::Arc;

/// Plain keys read with every relay block.
pub(super) const PLAIN: &[(&str, &str)] = &[
    ("ParasShared", "CurrentSessionIndex"),
    ("ParaInherent", "OnChainVotes"),
    ("ParasDisputes", "Frozen"),
    ("Session", "DisabledValidators"),
];

/// Plain keys of a set.
pub(super) const SET: &[(&str, &str)] = &[
    ("ParasShared", "CurrentSessionIndex"),
    ("Session", "Validators"),
    ("ParasShared", "ActiveValidatorIndices"),
    ("ParaScheduler", "ValidatorGroups"),
    ("Session", "QueuedKeys"),
    ("Staking", "ValidatorCount"),
    ("StakingAhClient", "Mode"),
    ("StakingAhClient", "ValidatorSet"),
    ("StakingAhClient", "NextSessionChangesValidators"),
    ("StakingAhClient", "ValidatorSetAppliedAt"),
];

/// The sets around a block. A session change is buffered: the first block of a session is still backed by the validators
/// of the one before.
#[derive(Debug, Clone, Default)]
pub(in crate::chain) struct Sets {
    /// In force while the block was executed.
    pub(in crate::chain) before: Option<Arc<ValidatorSet>>,
    /// In its state.
    pub(in crate::chain) after: Option<Arc<ValidatorSet>>,
}

/// The sets that neighbours of a block have: its parent after it, a child of it before it.
#[derive(Debug, Clone, Default)]
pub(in crate::chain) struct Near {
    /// In the parent's state.
    pub(in crate::chain) parent: Option<Arc<ValidatorSet>>,
    /// In force while a child was executed.
    pub(in crate::chain) child: Option<Arc<ValidatorSet>>,
}

impl Near {
    /// True where no neighbour was read.
    pub(super) fn is_empty(&self) -> bool {
        self.parent.is_none() && self.child.is_none()
    }

    /// The set of this session on the block's own branch.
    pub(super) fn of(&self, session: u32) -> Option<&Arc<ValidatorSet>> {
        [&self.parent, &self.child].into_iter().flatten().find(|set| set.session == session)
    }
}

/// Where the staking system lives (`StakingAhClient.Mode`).
#[derive(DecodeAsType)]
enum Mode {
    Passive {},
    Buffered {},
    Active {},
}

/// True on a chain that has para validators.
pub(in crate::chain) fn on(runtime: &Runtime) -> bool {
    [("ParaInherent", "OnChainVotes"), ("ParasShared", "CurrentSessionIndex")]
        .iter()
        .all(|(pallet, item)| runtime.key(pallet, item).is_ok())
}

/// The value of a plain item, or its default where nothing is stored.
pub(super) fn plain<T: DecodeAsType>(
    runtime: &Runtime,
    state: &State,
    (pallet, item): (&str, &str),
) -> Result<T, CodecError> {
    runtime.storage(pallet, item, state.get(&runtime.key(pallet, item)?))
}

/// The value of a plain item that need not be there.
fn optional<T: DecodeAsType>(
    runtime: &Runtime,
    state: &State,
    item: (&str, &str),
) -> Result<Option<T>, CodecError> {
    let Ok(key) = runtime.key(item.0, item.1) else { return Ok(None) };
    match state.get(&key) {
        Some(bytes) => runtime.storage(item.0, item.1, Some(bytes)).map(Some),
        None => Ok(None),
    }
}

/// The para session in the state of a block.
pub(super) fn session(runtime: &Runtime, state: &State) -> Option<u32> {
    plain(runtime, state, ("ParasShared", "CurrentSessionIndex")).ok()
}

/// Where the staking lives. A relay without `StakingAhClient` runs it itself.
///
/// # Errors
/// The mode does not decode.
pub(super) fn mode(runtime: &Runtime, state: &State) -> Result<StakingMode, CodecError> {
    if !runtime.has_pallet("StakingAhClient") {
        return Ok(StakingMode::Relay);
    }
    Ok(match plain(runtime, state, ("StakingAhClient", "Mode"))? {
        Mode::Passive {} => StakingMode::Passive,
        Mode::Buffered {} => StakingMode::Buffered,
        Mode::Active {} => StakingMode::Active,
    })
}

fn staking(runtime: &Runtime, state: &State) -> Result<Staking, CodecError> {
    let client = |item| ("StakingAhClient", item);
    let waiting: Option<(u32, Vec<[u8; 32]>)> = optional(runtime, state, client("ValidatorSet"))?;
    Ok(Staking {
        mode: mode(runtime, state)?,
        waiting: waiting.map(|(id, set)| (id, u32::try_from(set.len()).unwrap_or(u32::MAX))),
        next_change: optional(runtime, state, client("NextSessionChangesValidators"))?,
        applied_at: optional(runtime, state, client("ValidatorSetAppliedAt"))?,
    })
}

/// The set that a state holds.
///
/// # Errors
/// The session or its validators do not decode: nothing of the rest means anything then.
pub(super) fn set(runtime: &Runtime, state: &State) -> Result<ValidatorSet, CodecError> {
    let accounts = |list: Vec<[u8; 32]>| list.into_iter().map(AccountId).collect();
    let queued = plain::<Vec<([u8; 32], Skipped)>>(runtime, state, ("Session", "QueuedKeys"));
    let staking = staking(runtime, state).ok();
    let here = staking.as_ref().is_some_and(|s| s.mode != StakingMode::Active);
    let target = plain(runtime, state, ("Staking", "ValidatorCount")).ok();
    Ok(ValidatorSet {
        session: plain(runtime, state, ("ParasShared", "CurrentSessionIndex"))?,
        validators: plain(runtime, state, ("Session", "Validators")).map(accounts)?,
        para: plain(runtime, state, ("ParasShared", "ActiveValidatorIndices")).ok(),
        groups: plain(runtime, state, ("ParaScheduler", "ValidatorGroups")).ok(),
        next: queued.ok().map(|keys| keys.into_iter().map(|(stash, _)| AccountId(stash)).collect()),
        target: target.filter(|_| here),
        staking,
    })
}

/// Asks for the set in the state of block `at`. Inside: why it could not be had.
///
/// # Errors
/// The link is broken.
pub(super) async fn ask(
    rpc: &Rpc,
    runtime: &Runtime,
    at: Hash,
) -> Result<Result<ValidatorSet, Clean>, LinkError> {
    let answer = soft(query(rpc, &keys(runtime, SET), at).await)?;
    Ok(answer
        .map_err(|e| Clean::of(&e.to_string()))
        .and_then(|state| set(runtime, &state).map_err(|e| Clean::of(&e.to_string()))))
}

/// The keys of those items that the runtime has.
pub(super) fn keys(runtime: &Runtime, items: &[(&str, &str)]) -> Vec<Vec<u8>> {
    items.iter().filter_map(|(pallet, item)| runtime.key(pallet, item).ok()).collect()
}

/// Who is disabled, as stashes: `Vec<(u32, Perbill)>` since 2025, `Vec<u32>` before.
pub(super) fn disabled(
    runtime: &Runtime,
    state: &State,
    set: Option<&ValidatorSet>,
) -> Result<Vec<AccountId>, Clean> {
    let item = ("Session", "DisabledValidators");
    let set = set.ok_or("the validators of the session were not read")?;
    let places: Vec<u32> = match plain::<Vec<(u32, u32)>>(runtime, state, item) {
        Ok(graded) => graded.into_iter().map(|(place, _)| place).collect(),
        Err(_) => plain(runtime, state, item).map_err(|e| Clean::of(&e.to_string()))?,
    };
    let stash = |place: u32| set.validators.get(usize::try_from(place).ok()?).copied();
    let stashes: Option<Vec<AccountId>> = places.into_iter().map(stash).collect();
    stashes.ok_or_else(|| "a disabled validator is not in the set".into())
}
