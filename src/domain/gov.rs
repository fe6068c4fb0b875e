//! Governance as a chain's state tells it: referenda with their tracks, what is scheduled, what privileged keys did, and
//! the parameters in force.
//!
//! In: what probes decoded at one block. Out: plain values; what was not read says why. Must not import anything but sibling
//! modules of the domain.

pub mod calendar;
pub mod curve;
pub mod judged;
pub mod ledger;
pub mod phase;
pub mod sudo;

use super::call::Call;
use super::danger::Danger;
use super::para::Found;
use super::{AccountId, BlockRef, Clean, Hash};
use curve::Curve;
use serde::{Deserialize, Serialize};

/// Governance of one chain at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Governance {
    /// In the state of which block.
    pub at: BlockRef,
    /// By which blocks referenda and the scheduler count.
    pub count: Count,
    /// Each pallet of referenda that the runtime has.
    pub bodies: Vec<Body>,
    /// What is scheduled, soonest first.
    pub agenda: Found<Vec<Task>>,
    /// Hashes of calls that the fellowship has whitelisted.
    pub whitelist: Found<Vec<Hash>>,
    /// Preimages that are noted or asked for.
    pub preimages: Found<Vec<Preimage>>,
}

/// By which blocks referenda and the scheduler of a chain count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// By its own; this one.
    Own(u64),
    /// By those of the relay; this one (Asset Hub, ACTIONS §2.4).
    Relay(u64),
    /// By those of the relay, whose number could not be read.
    Unknown,
}

impl Governance {
    /// That of a chain that has neither referenda nor a scheduler.
    #[must_use]
    pub fn none(at: BlockRef) -> Self {
        let count = Count::Own(at.number);
        let (agenda, whitelist, preimages) = (Found::Absent, Found::Absent, Found::Absent);
        Self { at, count, bodies: Vec::new(), agenda, whitelist, preimages }
    }
}

impl Count {
    /// The block now; none where it is not known.
    #[must_use]
    pub fn now(self) -> Option<u64> {
        match self {
            Self::Own(now) | Self::Relay(now) => Some(now),
            Self::Unknown => None,
        }
    }
}

/// A pallet of referenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its name in the metadata: `Referenda`, `FellowshipReferenda`.
    pub pallet: Clean,
    /// What holds for all its referenda.
    pub rules: Rules,
    /// Its tracks, by their number.
    pub tracks: Found<Vec<Track>>,
    /// Referenda submitted so far.
    pub submitted: Option<u32>,
    /// Those that were read: all that have not ended, and the newest that have.
    pub referenda: Found<Vec<Referendum>>,
}

impl Body {
    /// A track by its number.
    #[must_use]
    pub fn track(&self, id: u16) -> Option<&Track> {
        match &self.tracks {
            Found::Value(tracks) => tracks.iter().find(|t| t.id == id),
            Found::Absent | Found::Unread(_) => None,
        }
    }

    /// The referenda, where they were read.
    #[must_use]
    pub fn list(&self) -> &[Referendum] {
        match &self.referenda {
            Found::Value(list) => list,
            Found::Absent | Found::Unread(_) => &[],
        }
    }

    /// The referenda, to be filled in; none where they were not read.
    pub fn referenda_mut(&mut self) -> Option<&mut Vec<Referendum>> {
        match &mut self.referenda {
            Found::Value(list) => Some(list),
            Found::Absent | Found::Unread(_) => None,
        }
    }

    /// What follows from a referendum's state at the block at which all this was read.
    #[must_use]
    pub fn outlook(&self, referendum: &Referendum, now: u64) -> phase::Outlook {
        let track = referendum.going().and_then(|g| self.track(g.track));
        phase::outlook(&referendum.state, track, &self.rules, (now, referendum.voters))
    }
}

/// What holds for all referenda of a pallet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Blocks after which one without a decision times out.
    pub undeciding_timeout: Option<u64>,
    /// True where members of a ranked collective vote, and support is counted in heads.
    pub ranked: bool,
}

/// A track: which referenda it takes and how they are decided. Periods in blocks, deposit in planck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: Clean,
    /// How many are decided at a time.
    pub max_deciding: u32,
    /// What the decision deposit costs.
    pub decision_deposit: u128,
    /// Blocks between submission and decision.
    pub prepare_period: u64,
    /// Blocks in which it is decided.
    pub decision_period: u64,
    /// Blocks for which it must stay above what is needed.
    pub confirm_period: u64,
    /// Blocks between approval and enactment at least.
    pub min_enactment_period: u64,
    /// Approval that is needed.
    pub min_approval: Curve,
    /// Support that is needed.
    pub min_support: Curve,
}

/// A referendum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referendum {
    /// Its number.
    pub index: u32,
    /// What the chain says of it.
    pub state: State,
    /// What full support is: active issuance, or members of the rank that may vote. None where that is not known.
    pub voters: Option<u128>,
}

impl Referendum {
    /// What stands of it until it has ended.
    #[must_use]
    pub fn going(&self) -> Option<&Ongoing> {
        match &self.state {
            State::Ongoing(going) => Some(going),
            _ => None,
        }
    }
}

/// What the chain says of a referendum; the number is the block at which it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not decided.
    Ongoing(Box<Ongoing>),
    /// Approved.
    Approved(u64),
    /// Rejected.
    Rejected(u64),
    /// Cancelled.
    Cancelled(u64),
    /// Never decided.
    TimedOut(u64),
    /// Killed.
    Killed(u64),
}

/// A referendum that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ongoing {
    /// Its track.
    pub track: u16,
    /// In whose name it would be enacted: `system.Root`, `Origins.WhitelistedCaller`.
    pub origin: Clean,
    /// What is proposed.
    pub proposal: Proposal,
    /// When it is to be enacted: at a block, or so many blocks after approval.
    pub enactment: Enactment,
    /// Submitted at this block.
    pub submitted: u64,
    /// Who submitted it and what it cost.
    pub submission_deposit: Deposit,
    /// Who brought it to a decision and what that cost.
    pub decision_deposit: Option<Deposit>,
    /// Since when it is decided.
    pub deciding: Option<Deciding>,
    /// The votes.
    pub tally: Tally,
    /// True while it waits for a place.
    pub in_queue: bool,
    /// The block at which the chain looks at it again.
    pub alarm: Option<u64>,
}

/// When a proposal is enacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enactment {
    /// At this block.
    At(u64),
    /// So many blocks after approval.
    After(u64),
}

/// Since when it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deciding {
    /// Since this block.
    pub since: u64,
    /// The block at which it is confirmed, if it still passes.
    pub confirming: Option<u64>,
}

/// A deposit, planck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// Who.
    pub who: AccountId,
    /// How much.
    pub amount: u128,
}

/// Votes. With a ranked collective `support` is the number of heads that say aye.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// For it.
    pub ayes: u128,
    /// Against it.
    pub nays: u128,
    /// Who took part for it.
    pub support: u128,
}

/// A call by its bytes or by their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// blake2-256 of the call.
    pub hash: Hash,
    /// Its length, where the chain says it.
    pub len: Option<u32>,
    /// The call and what is to be thought of it.
    pub call: Found<Judged>,
}

/// A decoded call with the verdict on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The call.
    pub call: Call,
    /// How dangerous.
    pub danger: Danger,
    /// The bytes, where they are few enough to be rehearsed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<u8>,
}

/// A task of the scheduler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// At this block.
    pub when: u64,
    /// Its place in that block.
    pub index: u32,
    /// Its name as hex, where it has one.
    pub name: Option<Hash>,
    /// Again every so many blocks, so many times.
    pub periodic: Option<(u64, u32)>,
    /// In whose name.
    pub origin: Clean,
    /// What.
    pub proposal: Proposal,
    /// The referendum that it enacts, where its name says so.
    pub enacts: Option<(Clean, u32)>,
}

/// A preimage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preimage {
    /// blake2-256 of its bytes.
    pub hash: Hash,
    /// Its length, where the chain says it.
    pub len: Option<u32>,
    /// Who paid for it, where anybody did.
    pub by: Option<Deposit>,
    /// True where something waits for it: a referendum, the scheduler.
    pub requested: bool,
}
