//! Cores: who may use them now and later, what occupies them, which group backs on them.
//!
//! In: what the probe decoded. Out: plain values and the group of a core. Must not import anything but siblings.

use super::ParaId;
use serde::{Deserialize, Serialize};

/// Limits of the relay's host configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Number of cores.
    pub num_cores: u32,
    /// Relay blocks after which a candidate that is not available is dropped.
    pub availability_period: u32,
    /// Votes that a candidate needs, where its group has as many members.
    pub min_backing_votes: u32,
    /// Longest head, bytes.
    pub max_head_bytes: u32,
}

/// What occupies a core (`ParachainHost.availability_cores`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Core {
    /// A candidate that is backed and not yet available.
    Occupied(Occupied),
    /// Nothing; this para is next.
    Scheduled(ParaId),
    /// Nothing, and nobody is next.
    Free,
}

/// A candidate on a core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupied {
    /// Whose.
    pub para: ParaId,
    /// Since which relay block.
    pub since: u64,
    /// The relay block at which it is dropped.
    pub times_out: u64,
    /// The group that backed it.
    pub group: u32,
}

impl Core {
    /// The para on it or next to it.
    #[must_use]
    pub fn para(&self) -> Option<ParaId> {
        match self {
            Self::Occupied(occupied) => Some(occupied.para),
            Self::Scheduled(para) => Some(*para),
            Self::Free => None,
        }
    }
}

/// To whom a core is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assigned {
    /// Nobody.
    Idle,
    /// Orders of single blocks.
    Pool,
    /// A para.
    Task(ParaId),
}

/// To whom a core is assigned now; parts of 57 600.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreWork {
    /// The core.
    pub core: u32,
    /// The assignments and their parts; empty: none.
    pub parts: Vec<(Assigned, u32)>,
    /// The relay block at which the assignment is expected to end.
    pub end_hint: Option<u64>,
    /// The relay blocks of the first and the last schedule that waits.
    pub queued: Option<(u64, u64)>,
}

/// An assignment that is not yet in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The core.
    pub core: u32,
    /// From which relay block on.
    pub begin: u64,
    /// The relay block at which it is expected to end.
    #[serde(default)]
    pub end_hint: Option<u64>,
    /// The assignments and their parts of 57 600.
    pub parts: Vec<(Assigned, u32)>,
}

/// An order of a single block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// For whom.
    pub para: ParaId,
    /// In which relay block it was placed.
    pub ordered_at: u64,
}

/// Backing groups and how they move over the cores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// Para-validator indices by group.
    pub members: Vec<Vec<u32>>,
    /// First relay block of the session.
    pub session_start: u64,
    /// Relay blocks after which each group moves to the next core; 0: never.
    pub rotation: u64,
    /// The relay block to which `group_of` refers: the one after the state.
    pub now: u64,
}

impl Groups {
    /// The group that backs on a core in the next relay block; none where there are no groups.
    #[must_use]
    pub fn group_of(&self, core: u32) -> Option<u32> {
        let count = u64::try_from(self.members.len()).ok().filter(|n| *n > 0)?;
        let turns = self.now.saturating_sub(self.session_start).checked_div(self.rotation).unwrap_or(0);
        u32::try_from((u64::from(core) + turns) % count).ok()
    }

    /// The members of a group.
    #[must_use]
    pub fn members_of(&self, group: u32) -> Option<&[u32]> {
        self.members.get(usize::try_from(group).ok()?).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_move_to_the_next_core_after_each_turn() {
        let groups =
            Groups { members: vec![vec![0, 1], vec![2]], session_start: 100, rotation: 10, now: 105 };
        assert_eq!((groups.group_of(0), groups.group_of(1)), (Some(0), Some(1)));
        let later = Groups { now: 110, ..groups.clone() };
        assert_eq!((later.group_of(0), later.group_of(1)), (Some(1), Some(0)));
        assert_eq!(later.members_of(1), Some([2].as_slice()));
        assert_eq!(Groups { rotation: 0, now: 900, ..groups.clone() }.group_of(1), Some(1));
        assert_eq!(Groups { members: vec![], ..groups }.group_of(0), None);
    }
}
