//! Reward points and session keys of validators.
//!
//! In: storage maps by stash or era. Out: facts. Read from time to time, never with every block; the number of requests
//! grows by one for each thousand stashes. What is refused is unread. Must not decide when.

use super::super::transport::{LinkError, Rpc};
use super::validators::{mode, session};
use super::{State, query, soft};
use crate::codec::{CodecError, Runtime};
use crate::domain::validator::{PointsOver, StakingMode};
use crate::domain::{AccountId, Clean, Fact, Hash, Points};
use scale_decode::DecodeAsType;

/// Most keys in one request.
const PAGE: usize = 1_000;

#[derive(DecodeAsType)]
struct ActiveEra {
    index: u32,
}

#[derive(DecodeAsType)]
struct EraPoints {
    individual: Vec<([u8; 32], u32)>,
}

/// Why something is not known.
enum Why {
    Link(LinkError),
    Said(Clean),
}

impl From<LinkError> for Why {
    fn from(e: LinkError) -> Self {
        Self::Link(e)
    }
}

impl From<CodecError> for Why {
    fn from(e: CodecError) -> Self {
        Self::Said(Clean::of(&e.to_string()))
    }
}

/// A fact, or that it was not read; only a broken link is an error.
fn told(section: &str, read: Result<Fact, Why>) -> Result<Fact, LinkError> {
    let why = match read {
        Ok(fact) => return Ok(fact),
        Err(Why::Said(why)) => why,
        Err(Why::Link(e)) => match soft::<Fact>(Err(e))? {
            Ok(fact) => return Ok(fact),
            Err(e) => Clean::of(&e.to_string()),
        },
    };
    Ok(Fact::Unread { section: section.into(), reason: why })
}

/// What the points in this state add up over: the era where the relay runs the staking, else the session.
pub(super) fn over(runtime: &Runtime, state: &State) -> Result<PointsOver, Clean> {
    let said = |e: CodecError| Clean::of(&e.to_string());
    match mode(runtime, state).map_err(said)? {
        StakingMode::Relay | StakingMode::Passive => {
            let key = runtime.key("Staking", "ActiveEra").map_err(said)?;
            let bytes = state.get(&key).ok_or("no era is active")?;
            let era: ActiveEra = runtime.storage("Staking", "ActiveEra", Some(bytes)).map_err(said)?;
            Ok(PointsOver::Era(era.index))
        }
        StakingMode::Buffered | StakingMode::Active => session(runtime, state)
            .map(PointsOver::Session)
            .ok_or_else(|| "the para session does not decode".into()),
    }
}

/// Reads the points in the state of block `at`.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn points(
    rpc: &Rpc,
    runtime: &Runtime,
    (over, stashes): (&Result<PointsOver, Clean>, &[AccountId]),
    at: Hash,
) -> Result<Fact, LinkError> {
    let over = match over {
        Ok(over) => *over,
        Err(why) => return told("points", Err(Why::Said(why.clone()))),
    };
    let read = match over {
        PointsOver::Era(era) => era_points(rpc, runtime, era, at).await,
        PointsOver::Session(_) => session_points(rpc, runtime, stashes, at).await,
    };
    told("points", read.map(|by_stash| Fact::Points(Points { over, by_stash })))
}

type ByStash = Vec<(AccountId, u32)>;

async fn era_points(rpc: &Rpc, runtime: &Runtime, era: u32, at: Hash) -> Result<ByStash, Why> {
    let key = runtime.map_key("Staking", "ErasRewardPoints", &era.to_le_bytes())?;
    let stored = query(rpc, std::slice::from_ref(&key), at).await?;
    let read: EraPoints = runtime.storage("Staking", "ErasRewardPoints", stored.get(&key))?;
    Ok(read.individual.into_iter().map(|(stash, n)| (AccountId(stash), n)).collect())
}

async fn session_points(
    rpc: &Rpc,
    runtime: &Runtime,
    stashes: &[AccountId],
    at: Hash,
) -> Result<ByStash, Why> {
    let item = ("StakingAhClient", "ValidatorPoints");
    let mut by_stash = Vec::new();
    for (stash, bytes) in paged(rpc, runtime, item, stashes, at).await? {
        if let Some(bytes) = bytes {
            by_stash.push((stash, runtime.storage(item.0, item.1, Some(&bytes))?));
        }
    }
    Ok(by_stash)
}

/// Reads which of `stashes` have session keys in the state of block `at`.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn keys_set(
    rpc: &Rpc,
    runtime: &Runtime,
    stashes: &[AccountId],
    at: Hash,
) -> Result<Fact, LinkError> {
    let read = paged(rpc, runtime, ("Session", "NextKeys"), stashes, at).await;
    let fact = read.map(|found| {
        Fact::KeysSet(found.into_iter().map(|(stash, bytes)| (stash, bytes.is_some())).collect())
    });
    told("keys-set", fact)
}

/// The values of a map by stash, a page after the other.
async fn paged(
    rpc: &Rpc,
    runtime: &Runtime,
    item: (&str, &str),
    stashes: &[AccountId],
    at: Hash,
) -> Result<Vec<(AccountId, Option<Vec<u8>>)>, Why> {
    let mut found = Vec::with_capacity(stashes.len());
    for page in stashes.chunks(PAGE) {
        let keys: Vec<Vec<u8>> =
            page.iter().map(|s| runtime.map_key(item.0, item.1, &s.0)).collect::<Result<_, _>>()?;
        let state = query(rpc, &keys, at).await?;
        found.extend(page.iter().zip(&keys).map(|(s, key)| (*s, state.get(key).map(<[u8]>::to_vec))));
    }
    Ok(found)
}
