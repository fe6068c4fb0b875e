//! Validators: the set of a session, what each did in it, and the grade that follows.
//!
//! In: what probes decoded. Out: plain values for the store, the journal, tabs and reports. Must not import anything but
//! siblings; ratios come from [`grade`], so that screen and report cannot differ.

pub mod grade;
pub mod roster;

use super::{AccountId, Hash, ParaId, UnixMs};
pub use grade::{Grade, Score};
pub use roster::{Member, Roster, Watched};
use serde::{Deserialize, Serialize};

/// The validators of one session, read when it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidatorSet {
    /// `ParasShared.CurrentSessionIndex` in the state it was read from; equal to `Session.CurrentIndex` there.
    pub session: u32,
    /// `Session.Validators`, in authority order.
    pub validators: Vec<AccountId>,
    /// `ParasShared.ActiveValidatorIndices`: para index to index in `validators`. None where not read.
    pub para: Option<Vec<u32>>,
    /// `ParaScheduler.ValidatorGroups`: group to para indices. None where not read.
    pub groups: Option<Vec<Vec<u32>>>,
    /// Accounts of `Session.QueuedKeys`: who validates from the next session on. None where not read.
    pub next: Option<Vec<AccountId>>,
    /// `Staking.ValidatorCount`: how many should validate. None where not read, or where staking has moved.
    pub target: Option<u32>,
    /// Where staking lives. None where not read.
    pub staking: Option<Staking>,
}

impl ValidatorSet {
    /// The stash behind a para validator index.
    #[must_use]
    pub fn para_stash(&self, index: u32) -> Option<AccountId> {
        let place = *self.para.as_ref()?.get(usize::try_from(index).ok()?)?;
        self.validators.get(usize::try_from(place).ok()?).copied()
    }

    /// Para validators in the order of their para index; none where the set was not read in full.
    #[must_use]
    pub fn para_stashes(&self) -> Option<Vec<AccountId>> {
        let len = u32::try_from(self.para.as_ref()?.len()).ok()?;
        (0..len).map(|index| self.para_stash(index)).collect()
    }

    /// The group of a para validator index and its members' stashes.
    #[must_use]
    pub fn group_of(&self, stash: &AccountId) -> Option<(u32, Vec<AccountId>)> {
        let groups = self.groups.as_ref()?;
        groups.iter().enumerate().find_map(|(n, members)| {
            let stashes: Vec<AccountId> = members.iter().filter_map(|i| self.para_stash(*i)).collect();
            stashes.contains(stash).then(|| (u32::try_from(n).unwrap_or(u32::MAX), stashes))
        })
    }
}

/// Where the network's staking lives (`StakingAhClient`, ACTIONS P9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staking {
    /// `StakingAhClient.Mode`.
    pub mode: StakingMode,
    /// `StakingAhClient.ValidatorSet`: id and size of a set that Asset Hub sent and that is not in force yet.
    pub waiting: Option<(u32, u32)>,
    /// `StakingAhClient.NextSessionChangesValidators`: id of the set that the next session brings.
    pub next_change: Option<u32>,
    /// `StakingAhClient.ValidatorSetAppliedAt`: session at which the last set came into force.
    pub applied_at: Option<u32>,
}

/// `StakingAhClient.Mode`; a relay without that pallet runs its staking itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StakingMode {
    /// The relay runs the staking: no such pallet (the 2024 layout).
    Relay,
    /// The relay runs the staking; the pallet waits.
    Passive,
    /// The handover is under way: sessions are buffered.
    Buffered,
    /// Asset Hub runs the staking.
    Active,
}

impl StakingMode {
    /// One or two words for the screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Passive => "relay (passive client)",
            Self::Buffered => "handover (buffered)",
            Self::Active => "Asset Hub",
        }
    }
}

/// Backing votes and availability in one relay block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockVotes {
    /// `OnChainVotes.session`: whose validators voted. In the first block of a session that is the one before.
    pub session: u32,
    /// Every candidate that was backed in the block. None where the votes could not be read or not be told by group.
    pub backing: Option<Vec<CandidateVotes>>,
    /// Para indices whose bitfield in `ParaInherent.enter` has a bit set. None where the block's body was not read.
    pub available: Option<Vec<u32>>,
}

/// Who of the assigned group voted for one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateVotes {
    /// Whose candidate.
    pub para: ParaId,
    /// Its hash; none where the runtime's receipt has an unknown shape.
    pub candidate: Option<Hash>,
    /// The backing group, an index into [`ValidatorSet::groups`].
    pub group: u32,
    /// Para indices that voted, explicitly or implicitly.
    pub voted: Vec<u32>,
    /// Para indices of the group that did not (ACTIONS §4.3).
    pub missed: Vec<u32>,
}

/// Reward points, as far as the chain keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// What they add up over.
    pub over: PointsOver,
    /// By stash; a stash that is missing has none.
    pub by_stash: Vec<(AccountId, u32)>,
}

/// What reward points add up over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointsOver {
    /// `Staking.ErasRewardPoints` of this era.
    Era(u32),
    /// `StakingAhClient.ValidatorPoints` of this session: drained at its end.
    Session(u32),
}

/// What one validator did in one session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Blocks written.
    pub authored: u32,
    /// Empty slots of which it is the secondary owner.
    pub missed_slots: u32,
    /// Candidates of its group that it voted for.
    pub voted: u32,
    /// Candidates of its group that were backed without it.
    pub missed_votes: u32,
    /// Blocks with a bitfield of it with a bit set.
    pub available: u32,
    /// Blocks without one in which others had one: where nothing waits to become available nobody has a bit to set.
    pub unavailable: u32,
    /// True where it was a para validator; none where the para validators were not read.
    pub para: Option<bool>,
    /// True where it was disabled at some time in the session; none where that was not read.
    pub disabled: Option<bool>,
}

impl Figures {
    /// Candidates of its group that were backed.
    #[must_use]
    pub fn assigned(&self) -> u32 {
        self.voted.saturating_add(self.missed_votes)
    }
}

/// One session of all validators: what the journal keeps 400 days and reports are made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// The session.
    pub session: u32,
    /// Own timestamp of the first block counted; none where it could not be read.
    pub started: Option<UnixMs>,
    /// Own timestamp of the last block counted.
    pub ended: Option<UnixMs>,
    /// First block counted.
    pub first_block: u64,
    /// Last block counted.
    pub last_block: u64,
    /// Blocks counted. Fewer than the session has where this console did not see all of it.
    pub blocks: u32,
    /// Blocks whose backing votes were read.
    pub with_votes: u32,
    /// Blocks whose bitfields were read.
    pub with_bitfields: u32,
    /// True once the session is over and none of its blocks is missing.
    pub complete: bool,
    /// By stash, ascending, so that one can be found in few steps.
    pub validators: Vec<(AccountId, Figures)>,
}

impl SessionRecord {
    /// What this validator did; none where it was not in the set.
    #[must_use]
    pub fn of(&self, stash: &AccountId) -> Option<&Figures> {
        let at = self.validators.binary_search_by(|(s, _)| s.cmp(stash)).ok()?;
        self.validators.get(at).map(|(_, figures)| figures)
    }

    /// The same to be changed; a stash that is not there is put in.
    pub fn entry(&mut self, stash: AccountId) -> Option<&mut Figures> {
        let at = match self.validators.binary_search_by(|(s, _)| s.cmp(&stash)) {
            Ok(at) => at,
            Err(at) => {
                self.validators.insert(at, (stash, Figures::default()));
                at
            }
        };
        self.validators.get_mut(at).map(|(_, figures)| figures)
    }

    /// The score of one validator in this session; none where it was no para validator or a part was not read.
    #[must_use]
    pub fn score(&self, stash: &AccountId) -> Option<Score> {
        Score::of_session(self, self.of(stash)?)
    }
}
