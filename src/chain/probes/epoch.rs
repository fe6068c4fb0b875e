//! Sessions, authors and empty slots.
//!
//! In: storage of the session pallets. Out: the session, its authorities, the author of a block, and the owners of slots
//! in which nobody wrote (ACTIONS §2.1: every BABE slot has exactly one secondary owner). Must not keep counts: the
//! store does.

use super::super::transport::{LinkError, Rpc};
use super::{State, query};
use crate::codec::header::Author;
use crate::codec::{Runtime, slot_owner};
use crate::domain::{AccountId, Authorities, Hash, MissedSlot, Session};
use codec::{Compact, Decode};

/// Most empty slots listed for one block: a chain that stood for hours does not list each slot.
const MAX_MISSED: u64 = 64;

/// Plain keys read with every block for the session.
pub(super) const PLAIN: &[(&str, &str)] =
    &[("Session", "CurrentIndex"), ("Babe", "EpochIndex"), ("Babe", "GenesisSlot"), ("Babe", "CurrentSlot")];

/// Plain keys read when a session begins.
pub(super) const AUTHORS: &[(&str, &str)] =
    &[("Session", "Validators"), ("Babe", "Randomness"), ("Babe", "Authorities"), ("Aura", "Authorities")];

/// What is needed to name authors of one session.
#[derive(Debug, Clone, Default)]
pub(in crate::chain) struct Epoch {
    session: u32,
    validators: Vec<AccountId>,
    /// Number of authoring keys: BABE or Aura authorities.
    authorities: u32,
    randomness: Option<[u8; 32]>,
    /// First slot; none where slots do not tell the session (Aura).
    first_slot: Option<u64>,
}

/// The session in progress and the one before it.
#[derive(Debug, Clone, Default)]
pub(in crate::chain) struct Epochs {
    current: Option<Epoch>,
    previous: Option<Epoch>,
}

/// The session as the plain keys tell it. None where the runtime has no session pallet.
pub(super) fn session(runtime: &Runtime, state: &State) -> Option<Session> {
    let plain = |pallet: &str, item: &str| {
        let key = runtime.key(pallet, item).ok()?;
        runtime.storage::<u64>(pallet, item, state.get(&key)).ok()
    };
    let index = u32::try_from(plain("Session", "CurrentIndex")?).ok()?;
    let length = runtime.constant::<u64>("Babe", "EpochDuration").ok();
    let elapsed = first_slot(runtime, state)
        .zip(plain("Babe", "CurrentSlot"))
        .map(|(first, now)| now.saturating_sub(first))
        .zip(length)
        .map(|(elapsed, length)| elapsed.saturating_add(1).min(length));
    Some(Session { index, elapsed, length })
}

fn first_slot(runtime: &Runtime, state: &State) -> Option<u64> {
    let plain = |item: &str| {
        let key = runtime.key("Babe", item).ok()?;
        runtime.storage::<u64>("Babe", item, state.get(&key)).ok()
    };
    let duration = runtime.constant::<u64>("Babe", "EpochDuration").ok()?;
    plain("GenesisSlot")?.checked_add(plain("EpochIndex")?.checked_mul(duration)?)
}

impl Epochs {
    /// Keys that the first block is read with, so that its author costs no round trip of its own.
    pub(super) fn with_first_block(&self) -> &'static [(&'static str, &'static str)] {
        if self.current.is_none() { AUTHORS } else { &[] }
    }

    /// True where the authors of this session are not known and were not read with the block either.
    pub(super) fn lacks(&self, session: u32) -> bool {
        self.current.as_ref().is_some_and(|e| e.session != session)
    }

    /// Takes the authorities where `session` is not the known one, from what was read when it began; asks where nothing
    /// was. Returns them where they are new.
    pub(super) async fn follow(
        &mut self,
        rpc: &Rpc,
        runtime: &Runtime,
        (plain, begun, at): (&State, Option<&State>, Hash),
        session: &Session,
    ) -> Result<Option<Authorities>, LinkError> {
        if self.current.as_ref().is_some_and(|e| e.session == session.index) {
            return Ok(None);
        }
        let asked;
        let read = match begun {
            _ if !self.with_first_block().is_empty() => plain,
            Some(begun) => begun,
            None => {
                let keys: Vec<Vec<u8>> = AUTHORS.iter().filter_map(|(p, i)| runtime.key(p, i).ok()).collect();
                asked = query(rpc, &keys, at).await?;
                &asked
            }
        };
        let bytes = |pallet: &str, item: &str| runtime.key(pallet, item).ok().and_then(|k| read.get(&k));
        let validators: Vec<AccountId> = runtime
            .storage::<Vec<[u8; 32]>>("Session", "Validators", bytes("Session", "Validators"))
            .map(|v| v.into_iter().map(AccountId).collect())
            .unwrap_or_default();
        let length =
            |pallet| bytes(pallet, "Authorities").and_then(|mut b| <Compact<u32>>::decode(&mut b).ok());
        let epoch = Epoch {
            session: session.index,
            authorities: length("Babe").or_else(|| length("Aura")).map_or(0, |c| c.0),
            randomness: runtime.storage("Babe", "Randomness", bytes("Babe", "Randomness")).ok(),
            first_slot: first_slot(runtime, plain),
            validators: validators.clone(),
        };
        let next = self.current.as_ref().is_some_and(|e| e.session.checked_add(1) == Some(session.index));
        self.previous = if next { self.current.take() } else { None };
        self.current = Some(epoch);
        Ok(Some(Authorities { session: session.index, validators }))
    }

    /// Who wrote a block of the session in progress.
    pub(super) fn author(&self, session: Option<u32>, author: Author) -> Option<AccountId> {
        let epoch =
            [&self.current, &self.previous].into_iter().flatten().find(|e| Some(e.session) == session)?;
        let index = match author {
            Author::Babe { authority, .. } => authority,
            Author::Aura { slot } => u32::try_from(slot.checked_rem(u64::from(epoch.authorities))?).ok()?,
        };
        epoch.validators.get(usize::try_from(index).ok()?).copied()
    }

    /// The empty slots between two blocks of a BABE chain with their secondary owners. The newest
    /// [`MAX_MISSED`] where there are more.
    pub(super) fn missed(&self, parent_slot: Option<u64>, author: Option<Author>) -> Vec<MissedSlot> {
        let (Some(parent), Some(Author::Babe { slot, .. })) = (parent_slot, author) else {
            return Vec::new();
        };
        let from = parent.saturating_add(1).max(slot.saturating_sub(MAX_MISSED));
        (from..slot).map(|slot| MissedSlot { slot, owner: self.owner(slot) }).collect()
    }

    fn owner(&self, slot: u64) -> Option<AccountId> {
        let epoch = [&self.current, &self.previous]
            .into_iter()
            .flatten()
            .find(|e| e.first_slot.is_some_and(|first| slot >= first))?;
        let index = slot_owner(epoch.randomness.as_ref()?, slot, epoch.authorities)?;
        epoch.validators.get(usize::try_from(index).ok()?).copied()
    }
}
