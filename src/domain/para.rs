//! What the state of a relay chain says about its parachains, each value with the place where it was read.
//!
//! In: what the probe decoded at one block. Out: plain values in three states: read with a value, read and nothing there,
//! not read and why. Nothing is filled in. Must not import anything but sibling identifiers.

mod channel;
mod core;
mod cut;
mod own;
mod queue;

pub use channel::{
    Channel, ChannelRequest, ChannelState, Registration, Sovereign, child_account, sibling_account,
};
pub use core::{Assigned, Core, CoreWork, Groups, Limits, Occupied, Order, Schedule};
pub use cut::Cut;
pub use own::{Own, OwnEnd};
pub use queue::{Book, Message, chain_of};

use super::{AccountId, BlockRef, Clean, Hash, ParaId, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value with the place where it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited<T> {
    /// The place by name: `Paras.Heads(2000)`, `ParachainHost.claim_queue()`.
    pub name: String,
    /// The storage key as hex, or the runtime API's method with its input; empty where the runtime has no such place.
    pub key: String,
    /// What was found there.
    pub found: Found<T>,
}

/// What was found at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found<T> {
    /// This value; the item's default where nothing is stored and it has one.
    Value(T),
    /// It was read, and nothing is there.
    Absent,
    /// It was not read, and why.
    Unread(Clean),
}

impl<T> Cited<T> {
    /// A place of which an older version of this program kept nothing.
    #[must_use]
    pub fn never_read() -> Self {
        let found = Found::Unread(Clean::of("it was not read then"));
        Self { name: String::new(), key: String::new(), found }
    }

    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match &self.found {
            Found::Value(value) => Some(value),
            Found::Absent | Found::Unread(_) => None,
        }
    }

    /// True where it was read and nothing is there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.found, Found::Absent)
    }

    /// Why it was not read, where it was not.
    #[must_use]
    pub fn unread(&self) -> Option<&Clean> {
        match &self.found {
            Found::Unread(why) => Some(why),
            Found::Value(_) | Found::Absent => None,
        }
    }

    /// The same place with another view of its value.
    #[must_use]
    pub fn map<U>(&self, view: impl FnOnce(&T) -> U) -> Cited<U> {
        let found = match &self.found {
            Found::Value(value) => Found::Value(view(value)),
            Found::Absent => Found::Absent,
            Found::Unread(why) => Found::Unread(why.clone()),
        };
        Cited { name: self.name.clone(), key: self.key.clone(), found }
    }
}

/// Stages in the life of a para, by their names in the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifecycle {
    /// Registered, not yet in force.
    Onboarding,
    /// On demand or by coretime.
    Parathread,
    /// Holds a legacy lease.
    Parachain,
    /// From parathread to parachain.
    UpgradingParathread,
    /// From parachain to parathread.
    DowngradingParachain,
    /// A parathread on its way out.
    OffboardingParathread,
    /// A parachain on its way out.
    OffboardingParachain,
}

impl Lifecycle {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Onboarding,
        Self::Parathread,
        Self::Parachain,
        Self::UpgradingParathread,
        Self::DowngradingParachain,
        Self::OffboardingParathread,
        Self::OffboardingParachain,
    ];

    /// The name as in the runtime.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Onboarding => "Onboarding",
            Self::Parathread => "Parathread",
            Self::Parachain => "Parachain",
            Self::UpgradingParathread => "UpgradingParathread",
            Self::DowngradingParachain => "DowngradingParachain",
            Self::OffboardingParathread => "OffboardingParathread",
            Self::OffboardingParachain => "OffboardingParachain",
        }
    }

    /// True while a session change will move it on.
    #[must_use]
    pub fn is_transition(self) -> bool {
        !matches!(self, Self::Parathread | Self::Parachain)
    }

    /// True where it is on its way out.
    #[must_use]
    pub fn is_offboarding(self) -> bool {
        matches!(self, Self::OffboardingParathread | Self::OffboardingParachain)
    }
}

/// The head of a para as the relay keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The bytes as hex.
    pub data: String,
    /// The block that it names; none where the bytes are no header.
    pub block: Option<BlockRef>,
}

/// What the relay tells a para whose new code may be enacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoAhead {
    /// Apply it.
    GoAhead,
    /// Forget it.
    Abort,
}

/// A code that anyone may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorized {
    /// Its hash.
    pub code_hash: Hash,
    /// The relay block at which the authorisation lapses.
    pub expires: u64,
}

/// A code on which validators vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PvfVote {
    /// The hash of the code.
    pub code_hash: Hash,
    /// By para-validator index: voted for it.
    pub accept: Vec<bool>,
    /// By para-validator index: voted against it.
    pub reject: Vec<bool>,
    /// Sessions that the vote has been open.
    pub sessions: u32,
    /// The relay block in which it began.
    pub since: u64,
    /// Who wants the code, and whether as an upgrade (else to begin with).
    pub wanted_by: Vec<(ParaId, bool)>,
}

/// A candidate that is backed and waits to become available.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its hash.
    pub candidate: Hash,
    /// The core it occupies.
    pub core: u32,
    /// The group that backed it.
    pub group: u32,
    /// The relay block in which it was backed.
    pub backed_in: u64,
    /// The relay block on which it was built.
    pub relay_parent: u64,
    /// By para-validator index: holds its piece.
    pub available: Vec<bool>,
    /// By para-validator index: backed it.
    pub backers: Vec<bool>,
}

/// What the next candidate of a para must fulfil (`ParachainHost.para_backing_state`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraints {
    /// Lowest relay parent accepted.
    pub min_relay_parent: u64,
    /// Upward messages that still fit.
    pub ump_remaining: u64,
    /// Bytes of upward messages that still fit.
    pub ump_remaining_bytes: u64,
    /// Downward messages that wait.
    pub dmp_remaining: u64,
    /// The code that is executed.
    pub code_hash: Hash,
    /// True where a new code is refused now.
    pub restricted: bool,
    /// The code to come: from which relay block on, and its hash.
    pub future_code: Option<(u64, Hash)>,
}

/// Where the upgrade of a para stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// Hash of the code to come.
    pub future_code: Cited<Hash>,
    /// From which relay block on the para may apply it.
    pub from: Cited<u64>,
    /// What the relay says to the para.
    pub go_ahead: Cited<GoAhead>,
    /// Whether a further upgrade is refused now: a value means yes.
    pub restriction: Cited<bool>,
    /// A code that anyone may bring.
    pub authorized: Cited<Authorized>,
}

/// One para in the state of one relay block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Para {
    /// Its number.
    pub id: ParaId,
    /// Where it stands in its life; absent: not registered.
    pub lifecycle: Cited<Lifecycle>,
    /// Its head.
    pub head: Cited<Head>,
    /// The relay parent of the last candidate included.
    pub context: Cited<u64>,
    /// The code that validators execute.
    pub code_hash: Cited<Hash>,
    /// Its upgrade.
    pub upgrade: Upgrade,
    /// Candidates that are backed and not yet available.
    pub pending: Cited<Vec<Pending>>,
    /// What its next candidate must fulfil.
    pub constraints: Cited<Constraints>,
    /// Manager, deposit, lock.
    pub registration: Cited<Registration>,
    /// Messages from the relay to the para.
    pub dmp: Cited<Vec<Message>>,
    /// The end of the chain of hashes over them.
    pub dmp_head: Cited<Hash>,
    /// Messages from the para to the relay.
    pub ump: Cited<Book>,
    /// Up to which relay block it has taken the messages of its channels.
    #[serde(default = "Cited::never_read")]
    pub watermark: Cited<u64>,
    /// Paras that have a channel to it.
    pub inbound: Cited<Vec<ParaId>>,
    /// Paras to which it has a channel.
    pub outbound: Cited<Vec<ParaId>>,
    /// Its account on the relay.
    pub sovereign: Sovereign,
    /// Its account on other parachains.
    pub sibling: AccountId,
}

/// The paras of a relay chain in the state of one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paras {
    /// The block.
    pub at: BlockRef,
    /// Its own timestamp; none where it has none.
    pub stamped: Option<UnixMs>,
    /// The session.
    pub session: Cited<u32>,
    /// Limits of the host configuration.
    pub limits: Cited<Limits>,
    /// The least that an account must hold, planck.
    pub existential_deposit: Cited<u128>,
    /// Who comes next, by core.
    pub claim_queue: Cited<Vec<(u32, Vec<ParaId>)>>,
    /// What occupies the cores, in their order.
    pub cores: Cited<Vec<Core>>,
    /// To whom the cores are assigned now.
    pub work: Cited<Vec<CoreWork>>,
    /// To whom they will be.
    pub schedules: Cited<Vec<Schedule>>,
    /// Orders of single blocks.
    pub on_demand: Cited<Vec<Order>>,
    /// What the order of a single block costs now, planck.
    #[serde(default = "Cited::never_read")]
    pub spot_price: Cited<u128>,
    /// Backing groups.
    pub groups: Cited<Groups>,
    /// Stashes by para-validator index.
    pub validators: Cited<Vec<AccountId>>,
    /// Para-validator indices that are disabled.
    pub disabled: Cited<Vec<u32>>,
    /// Channels between the paras that were read.
    pub channels: Vec<Channel>,
    /// Requests for channels, all of them.
    pub requests: Cited<Vec<ChannelRequest>>,
    /// Channels that are closed at the next session, as sender and recipient.
    pub closing: Cited<Vec<(ParaId, ParaId)>>,
    /// Codes on which validators vote.
    pub pvf_votes: Cited<Vec<PvfVote>>,
    /// The chain was reverted to this block and takes no candidates.
    pub frozen: Cited<u64>,
    /// Lifecycles that move on, by session: the next two.
    pub actions: Vec<Cited<Vec<ParaId>>>,
    /// Upgrades that wait for their block and for the para.
    pub upcoming: Cited<Vec<(ParaId, u64)>>,
    /// Upgrades that are applied at their block without the para.
    pub forced: Cited<Vec<(ParaId, u64)>>,
    /// Until which block a further upgrade is refused.
    pub cooldowns: Cited<Vec<(ParaId, u64)>>,
    /// All that have a lifecycle; at most 1 000. Unread where one para was asked for.
    pub registered: Cited<Vec<ParaId>>,
    /// Lists that are longer than what was read of them.
    #[serde(default)]
    pub cut: Vec<Cut>,
    /// The paras that were asked for.
    pub paras: BTreeMap<ParaId, Para>,
}

impl Paras {
    /// The vote on a code that a para wants; none: none was found, which in a list that was cut means nothing.
    #[must_use]
    pub fn vote_of(&self, para: &Para) -> Option<&PvfVote> {
        let wanted = |vote: &&PvfVote| {
            let named = vote.wanted_by.iter().any(|(id, _)| *id == para.id);
            named || para.upgrade.future_code.value() == Some(&vote.code_hash)
        };
        self.pvf_votes.value()?.iter().find(wanted)
    }

    /// How far a list was cut; none: it is whole, or was not read at all.
    #[must_use]
    pub fn cut_of<T>(&self, list: &Cited<T>) -> Option<&Cut> {
        self.cut.iter().find(|cut| cut.place == list.name)
    }
}
