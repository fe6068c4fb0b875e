//! Votes of a relay block: who backed which candidate, whose availability bitfield came.
//!
//! In: the plain keys of the block, its body, the set in force while it was executed. Out: [`BlockVotes`], or none where
//! anything about them is not certain. Must not count: the store does.

use super::super::transport::{LinkError, Rpc};
use super::validators::{self, Near, Sets};
use super::{State, soft, staking};
use crate::codec::{Header, Runtime, Votes};
use crate::domain::validator::PointsOver;
use crate::domain::{
    AccountId, BlockVotes, CandidateVotes, Clean, Hash, ParaId, ValidatorSet, ids::hex_bytes,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use subxt_rpcs::rpc_params;

/// A block is shown without its bitfields where the body takes longer.
const BODY_DEADLINE: Duration = Duration::from_secs(3);

/// What a relay block says of validators.
pub(in crate::chain) struct Told {
    /// The sets around it.
    pub(in crate::chain) sets: Sets,
    /// Why the set in its state is missing, where it is.
    pub(in crate::chain) unread: Option<Clean>,
    /// Who is disabled in its state.
    pub(in crate::chain) disabled: Result<Vec<AccountId>, Clean>,
    /// Votes in it.
    pub(in crate::chain) votes: Option<BlockVotes>,
    /// What reward points in its state add up over.
    pub(in crate::chain) over: Result<PointsOver, Clean>,
}

/// What was read of a relay block so far.
pub(super) struct Sources<'a> {
    /// The runtime that wrote the block's state.
    pub(super) runtime: &'a Runtime,
    /// The plain keys.
    pub(super) state: &'a State,
    /// Where the keys of its set were read, if they were; else why not.
    pub(super) begun: Result<Option<&'a State>, Clean>,
    /// What its neighbours know.
    pub(super) near: &'a Near,
    /// Para indices with a bitfield.
    pub(super) available: Option<Vec<u32>>,
}

/// Puts together what the block says of validators; reads the set of the session before where the block is its last and
/// no neighbour has it.
///
/// # Errors
/// The link is broken.
pub(super) async fn read(rpc: &Rpc, header: &Header, of: Sources<'_>) -> Result<Told, LinkError> {
    let session = validators::session(of.runtime, of.state);
    let known = session.and_then(|s| of.near.of(s)).cloned();
    let after = match (known, of.begun) {
        (Some(set), _) => Ok(set),
        (None, Ok(Some(state))) => {
            validators::set(of.runtime, state).map(Arc::new).map_err(|e| Clean::of(&e.to_string()))
        }
        (None, Ok(None)) if session.is_none() => Err("the para session does not decode".into()),
        (None, Ok(None)) => Err("it was refused lately and is asked for again in some blocks".into()),
        (None, Err(why)) => Err(why),
    };
    let (after, unread) = match after {
        Ok(set) => (Some(set), None),
        Err(why) => (None, Some(why)),
    };
    let votes = votes(of.runtime, of.state);
    // Where the state refuses its own set, the parent's is not asked for.
    let before = match votes.as_ref().zip(after.as_ref()) {
        Some((votes, after)) => {
            in_force(rpc, of.runtime, header.parent, (votes.session, after, of.near)).await?
        }
        None => None,
    };
    let disabled = validators::disabled(of.runtime, of.state, after.as_deref());
    let votes = votes.zip(before.as_deref()).map(|(votes, set)| BlockVotes {
        session: votes.session,
        backing: backing(&votes, set),
        available: of.available,
    });
    let over = staking::over(of.runtime, of.state);
    Ok(Told { sets: Sets { before, after }, unread, disabled, votes, over })
}

/// The set of `session`, which voted in the block.
async fn in_force(
    rpc: &Rpc,
    runtime: &Runtime,
    parent: Hash,
    (session, after, near): (u32, &Arc<ValidatorSet>, &Near),
) -> Result<Option<Arc<ValidatorSet>>, LinkError> {
    let known = Some(after).filter(|set| set.session == session).or_else(|| near.of(session));
    if let Some(set) = known {
        return Ok(Some(set.clone()));
    }
    let read = validators::ask(rpc, runtime, parent).await?.ok();
    Ok(read.filter(|set| set.session == session).map(Arc::new))
}

/// The votes of the block. None also where the chain is frozen: the item keeps what it held before then.
fn votes(runtime: &Runtime, state: &State) -> Option<Votes> {
    if let Ok(key) = runtime.key("ParasDisputes", "Frozen") {
        let frozen: Option<u32> = runtime.storage("ParasDisputes", "Frozen", state.get(&key)).ok()?;
        if frozen.is_some() {
            return None;
        }
    }
    runtime.votes(state.get(&runtime.key("ParaInherent", "OnChainVotes").ok()?)?).ok()
}

/// Votes by candidate and group. None where a voter is in no group, or voters of one candidate are of two: who should
/// have voted is not known then.
fn backing(votes: &Votes, set: &ValidatorSet) -> Option<Vec<CandidateVotes>> {
    let groups = set.groups.as_ref()?;
    let of: HashMap<u32, usize> =
        groups.iter().enumerate().flat_map(|(n, members)| members.iter().map(move |i| (*i, n))).collect();
    let candidate = |backed: &crate::codec::Backed| {
        let mut voted = backed.voters.clone();
        voted.sort_unstable();
        voted.dedup();
        let group = *of.get(voted.first()?)?;
        if voted.iter().any(|i| of.get(i) != Some(&group)) {
            return None;
        }
        let missed = groups.get(group)?.iter().copied().filter(|i| voted.binary_search(i).is_err()).collect();
        Some(CandidateVotes {
            para: ParaId(backed.para),
            candidate: backed.candidate,
            group: u32::try_from(group).ok()?,
            voted,
            missed,
        })
    };
    votes.backed.iter().map(candidate).collect()
}

/// The body of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// Para indices whose bitfield has a bit set.
    Read(Vec<u32>),
    /// It could not be had, or not be decoded, or was not asked for.
    Unknown,
    /// It took too long.
    Late,
}

#[derive(serde::Deserialize)]
pub(super) struct Signed {
    pub(super) block: Raw,
}

#[derive(serde::Deserialize)]
pub(super) struct Raw {
    pub(super) header: serde_json::Value,
    pub(super) extrinsics: Vec<String>,
}

/// Reads the bitfields from the block's body.
///
/// # Errors
/// The link is broken.
pub(super) async fn body(rpc: &Rpc, runtime: &Runtime, header: &Header) -> Result<Body, LinkError> {
    let asked = rpc.call::<Option<Signed>>("chain_getBlock", rpc_params![header.at.hash]);
    let Ok(answer) = tokio::time::timeout(BODY_DEADLINE, asked).await else { return Ok(Body::Late) };
    let signed = match soft(answer)? {
        Ok(Some(signed)) => signed,
        Ok(None) | Err(_) => return Ok(Body::Unknown),
    };
    let same = Header::from_json(&signed.block.header).is_ok_and(|found| found.at == header.at);
    let found = if same { bitfields(runtime, &signed.block.extrinsics) } else { None };
    Ok(found.map_or(Body::Unknown, Body::Read))
}

/// Only the inherent is decoded, and only its bitfields.
fn bitfields(runtime: &Runtime, extrinsics: &[String]) -> Option<Vec<u32>> {
    for extrinsic in extrinsics {
        if let Some(bitfields) = runtime.bitfields(&hex_bytes(extrinsic)?).ok()? {
            let mut available: Vec<u32> =
                bitfields.into_iter().filter(|(_, any)| *any).map(|(index, _)| index).collect();
            available.sort_unstable();
            available.dedup();
            return Some(available);
        }
    }
    None
}
