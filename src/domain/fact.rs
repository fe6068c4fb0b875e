//! Facts: the only thing a source may say.
//!
//! In: what probes, the journal and recordings know. Out: input of `Store::apply`, rows of the journal, lines of a
//! recording. A fact is plain data, serialisable, and carries no URL and no secret.

use super::{
    AccountId, Authorities, Block, BlockRef, ChainId, Clean, Dispute, EndpointId, Era, Hash, Identity,
    Inclusion, Link, Points, RuntimeVersion, Session, SessionRecord, UnixMs, ValidatorSet,
    balance::BalanceFact,
    coretime::Coretime,
    gov::{Governance, ledger::Parameters, sudo::SudoUse},
    para::Paras,
};
use serde::{Deserialize, Serialize};

/// One fact about one chain, with the moment it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// When this console received it.
    pub at: UnixMs,
    /// Which chain.
    pub chain: ChainId,
    /// The endpoint that said it; none for what the console itself established about the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointId>,
    /// What.
    pub fact: Fact,
}

/// What can be said about a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "data")]
pub enum Fact {
    /// The connection to the endpoint changed.
    Link(Link),
    /// The endpoint reported a new best head.
    PeerBest(BlockRef),
    /// The endpoint reported a new finalized head.
    PeerFinalized(BlockRef),
    /// A request to the endpoint took this long, milliseconds.
    Latency(u32),
    /// From now on the chain is read through the observation's endpoint; none: through no endpoint.
    Source,
    /// Who the chain is.
    Identity(Identity),
    /// The runtime in force from block `since` on.
    Runtime {
        /// The runtime.
        version: RuntimeVersion,
        /// First block whose state it governs; at the first contact the block at which it was read.
        since: BlockRef,
        /// False at the first contact, true when it replaced another runtime while watched.
        upgraded: bool,
    },
    /// A new best block, read in full.
    Best(Box<Block>),
    /// A block older than the best one, read to fill a gap or after a reorganisation.
    Filled(Box<Block>),
    /// A block became final. Strictly ascending by one, save after a [`Fact::Gap`].
    Finalized {
        /// The block.
        at: BlockRef,
        /// Its parent, which was final before.
        parent: Hash,
    },
    /// Finalized blocks from `from` to `to` are missing and stay so (pruned, or beyond the back-fill limit).
    Gap {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
    /// The session in progress, as of block `at`.
    Session {
        /// The session.
        session: Session,
        /// In whose state.
        at: BlockRef,
    },
    /// The session's validators in authority order.
    Authorities(Authorities),
    /// The validators of a session with groups and what comes next (relay only).
    Validators(Box<ValidatorSet>),
    /// Validators that are disabled now (`Session.DisabledValidators`).
    Disabled(Vec<AccountId>),
    /// Whether an account has session keys set (`Session.NextKeys`): validators, those of the next session, and the
    /// register's.
    KeysSet(Vec<(AccountId, bool)>),
    /// Reward points.
    Points(Points),
    /// What validators did in a session: from the journal, or from a back-fill.
    SessionRecord(Box<SessionRecord>),
    /// The active era; none where the chain runs none.
    Era(Option<Era>),
    /// Peers of the node behind the endpoint.
    Peers(u32),
    /// Transactions waiting in its pool.
    Pool(u32),
    /// Disputes on the relay chain, all of them.
    Disputes {
        /// Open and recently concluded ones.
        disputes: Vec<Dispute>,
        /// `ParasDisputes.Frozen`: the chain reverted to this block and stopped accepting candidates.
        frozen: Option<u64>,
    },
    /// When a para was last included, read from the relay's state.
    Inclusion(Inclusion),
    /// What the relay's state says of its paras, their channels and the cores, at one block.
    Paras(Box<Paras>),
    /// What the Coretime chain's state says of the market of cores, at one block.
    Coretime(Box<Coretime>),
    /// Referenda, what is scheduled and what waits for it, at one block.
    Governance(Box<Governance>),
    /// An extrinsic used the sudo key.
    Sudo(Box<SudoUse>),
    /// The chain's parameters, at the first contact and whenever code or configuration changed.
    Parameters(Box<Parameters>),
    /// Balances: what moved, what watched accounts hold.
    Balances(Box<BalanceFact>),
    /// Two endpoints claim different finalized blocks at one height.
    Conflict {
        /// The height.
        number: u64,
        /// What the endpoint we read from says.
        ours: Hash,
        /// What the observation's endpoint says.
        theirs: Hash,
    },
    /// A section could not be read, and why.
    Unread {
        /// Which: `era`, `pool`, `disputes`, …
        section: Clean,
        /// Why.
        reason: Clean,
    },
}

impl Fact {
    /// Key under which a newer fact of the same kind replaces an older one (level data), or none for facts that
    /// each count (edge data: blocks, finality, gaps, conflicts).
    #[must_use]
    pub fn level_key(&self) -> Option<String> {
        Some(match self {
            Self::Best(_)
            | Self::Filled(_)
            | Self::Finalized { .. }
            | Self::Gap { .. }
            | Self::Conflict { .. }
            | Self::SessionRecord(_)
            | Self::Sudo(_)
            | Self::Parameters(_)
            | Self::Runtime { upgraded: true, .. } => return None,
            Self::Link(_) => "link".to_owned(),
            Self::PeerBest(_) => "peer-best".to_owned(),
            Self::PeerFinalized(_) => "peer-finalized".to_owned(),
            Self::Latency(_) => "latency".to_owned(),
            Self::Source => "source".to_owned(),
            Self::Identity(_) => "identity".to_owned(),
            Self::Runtime { .. } => "runtime".to_owned(),
            Self::Session { .. } => "session".to_owned(),
            Self::Authorities(_) => "authorities".to_owned(),
            Self::Validators(_) => "validators".to_owned(),
            Self::Disabled(_) => "disabled".to_owned(),
            Self::KeysSet(_) => "keys-set".to_owned(),
            Self::Points(_) => "points".to_owned(),
            Self::Era(_) => "era".to_owned(),
            Self::Peers(_) => "peers".to_owned(),
            Self::Pool(_) => "pool".to_owned(),
            Self::Disputes { .. } => "disputes".to_owned(),
            Self::Inclusion(i) => format!("inclusion/{}", i.para),
            Self::Paras(_) => "paras".to_owned(),
            Self::Coretime(_) => "coretime".to_owned(),
            Self::Governance(_) => "governance".to_owned(),
            Self::Balances(of) => return of.level_key(),
            Self::Unread { section, .. } => format!("unread/{section}"),
        })
    }
}
