//! What blocks say of validators, told once: sets before the blocks that they explain, who is disabled when it changes;
//! points from time to time, session keys once a session.
//!
//! In: what the probes read of a relay block. Out: facts. Nothing here may keep a block from being shown.

use super::{Stop, Supervisor};
use crate::chain::probes::staking;
use crate::chain::probes::votes::Told;
use crate::chain::transport::Rpc;
use crate::codec::Runtime;
use crate::domain::{AccountId, BlockRef, Clean, EndpointId, Fact, Session, ValidatorSet};
use crate::ports::FactSink;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Sets remembered as told: the store keeps as many.
const MAX_SETS: usize = 3;

/// Points are read every so many blocks.
const POINTS_EVERY: u64 = 10;
/// Blocks for which what failed is not asked again.
pub(super) const PAUSE: u32 = 10;

/// What failed lately, with the number of blocks that go without it.
#[derive(Default)]
pub(super) struct Pause {
    /// A body took too long.
    pub(super) body: u32,
    /// The validators of the session were refused.
    pub(super) sets: u32,
}

/// What was told already.
#[derive(Default)]
pub(super) struct Said {
    sets: VecDeque<Arc<ValidatorSet>>,
    disabled: Option<(u32, Result<Vec<AccountId>, Clean>)>,
    unread: Option<Clean>,
    /// The block in whose state points were last asked for.
    points: Option<u64>,
    /// The session for which keys were last asked for, and the block from which on they are asked for again.
    keys: Option<(u32, Option<u64>)>,
}

impl Said {
    /// True where points are to be read in the state of this block: now and then, and at the end of a session, when they
    /// are drained.
    fn wants_points(&mut self, number: u64, session: &Session) -> bool {
        let ends =
            session.elapsed.zip(session.length).is_some_and(|(now, length)| now.saturating_add(1) >= length);
        let due = self.points.is_none_or(|last| number < last || number.saturating_sub(last) >= POINTS_EVERY);
        if ends || due {
            self.points = Some(number);
        }
        ends || due
    }

    fn wants_keys(&self, number: u64, session: u32) -> bool {
        let Some((known, again)) = self.keys else { return true };
        known != session || again.is_some_and(|again| number >= again)
    }

    /// The sets around the block that were not told yet, the older first.
    fn sets(&mut self, told: &Told) -> Vec<Fact> {
        let mut facts = Vec::new();
        for set in [&told.sets.before, &told.sets.after].into_iter().flatten() {
            if self.sets.contains(set) {
                continue;
            }
            self.sets.retain(|known| known.session != set.session);
            self.sets.push_back(set.clone());
            while self.sets.len() > MAX_SETS {
                self.sets.pop_front();
            }
            self.unread = None;
            facts.push(Fact::Validators(Box::new(ValidatorSet::clone(set))));
        }
        facts
    }

    /// Who is disabled, where it is another session or other ones than were told.
    fn disabled(&mut self, told: &Told, session: u32) -> Option<Fact> {
        let now = Some((session, told.disabled.clone()));
        if self.disabled == now {
            return None;
        }
        self.disabled = now;
        Some(match &told.disabled {
            Ok(list) => Fact::Disabled(list.clone()),
            Err(why) => Fact::Unread { section: "disabled".into(), reason: why.clone() },
        })
    }

    /// That the set of the session in progress cannot be read. The sets of before are worth nothing then.
    fn unread(&mut self, told: &Told) -> Option<Fact> {
        let why = told.unread.clone().filter(|_| self.unread.is_none())?;
        self.unread = Some(why.clone());
        self.sets.clear();
        Some(Fact::Unread { section: "validators".into(), reason: why })
    }
}

impl<S: FactSink> Supervisor<S> {
    /// Tells the sets that explain a block, before it.
    pub(super) async fn tell_sets(&mut self, id: &EndpointId, told: Option<&Told>) -> Result<(), Stop> {
        let Some(told) = told else { return Ok(()) };
        for fact in self.reader.said.sets(told) {
            self.out.say(Some(id), fact).await?;
        }
        Ok(())
    }

    /// Tells who is disabled in the state that is wanted.
    pub(super) async fn tell_disabled(
        &mut self,
        id: &EndpointId,
        told: Option<&Told>,
        session: Option<u32>,
    ) -> Result<(), Stop> {
        let Some((told, session)) = told.zip(session) else { return Ok(()) };
        match self.reader.said.disabled(told, session) {
            Some(fact) => Ok(self.out.say(Some(id), fact).await?),
            None => Ok(()),
        }
    }

    /// Tells that the validators of the session in progress cannot be read; after the block, which may still be explained
    /// by those of the session before.
    pub(super) async fn tell_unread(&mut self, id: &EndpointId, told: Option<&Told>) -> Result<(), Stop> {
        match told.and_then(|told| self.reader.said.unread(told)) {
            Some(fact) => Ok(self.out.say(Some(id), fact).await?),
            None => Ok(()),
        }
    }

    /// Reads points and session keys where they are due, in the state of a block that was told.
    pub(super) async fn read_staking(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (at, runtime): (BlockRef, &Runtime),
        (told, session): (Option<&Told>, Option<&Session>),
    ) -> Result<(), Stop> {
        let (Some(told), Some(session)) = (told, session) else { return Ok(()) };
        let Some(set) = &told.sets.after else { return Ok(()) };
        if self.reader.said.wants_points(at.number, session) {
            let points = staking::points(rpc, runtime, (&told.over, &set.validators), at.hash);
            let fact = self.listening.during(id, points).await?;
            self.out.say(Some(id), fact).await?;
        }
        if self.reader.said.wants_keys(at.number, set.session) {
            let next = set.next.iter().flatten();
            let stashes: BTreeSet<AccountId> =
                set.validators.iter().chain(next).chain(&self.watched).copied().collect();
            let stashes: Vec<AccountId> = stashes.into_iter().collect();
            let fact = self.listening.during(id, staking::keys_set(rpc, runtime, &stashes, at.hash)).await?;
            let failed = matches!(fact, Fact::Unread { .. });
            let again = failed.then(|| at.number.saturating_add(u64::from(PAUSE)));
            self.reader.said.keys = Some((set.session, again));
            self.out.say(Some(id), fact).await?;
        }
        Ok(())
    }
}
