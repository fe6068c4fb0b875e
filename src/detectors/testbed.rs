//! A network in memory for tests: chains whose blocks, heads, connections and time the test decides.
//!
//! In: calls that say what happens. Out: a store, and verdicts of detectors on it. Tests of any module above may use
//! it. Must not import anything above `domain` and `detectors`.

mod governance;

pub(crate) use governance::governance;

use super::{DETECTORS, Finding, Verdict, View, Watch};
use crate::domain::balance::{BalanceFact, BlockMoves};
use crate::domain::para::{self, Cited, Found, Lifecycle, Para, Paras};
use crate::domain::{
    AccountId, Block, BlockRef, BlockVotes, CandidateVotes, ChainId, ChainKind, ChainSpec, ChainView, Clean,
    EndpointId, Fact, Hash, Identity, Link, Network, Observation, ParaId, RuntimeVersion, Session, Severity,
    Store, Thresholds, Token, UnixMs, ValidatorSet, validator::Member,
};
use std::collections::BTreeMap;

/// The relay chain, endpoints `a` and `b`.
pub(crate) const RELAY: &str = "relay";
/// Para 1000, endpoint `c`.
pub(crate) const ASSET_HUB: &str = "asset-hub";
/// Para 1004, endpoint `d`, optional.
pub(crate) const PEOPLE: &str = "people";

/// A network, what is known about it, and the time.
pub(crate) struct Bed {
    pub(crate) network: Network,
    pub(crate) store: Store,
    pub(crate) watch: Watch,
    pub(crate) now: UnixMs,
    fork: u8,
}

impl Bed {
    /// Relay, Asset Hub and an optional People, 6 s blocks, nothing connected.
    pub(crate) fn family() -> Self {
        let chain = |id: &str, name: &str, kind, endpoints: &[&str]| ChainSpec {
            id: id.into(),
            name: name.into(),
            kind,
            block_time_ms: Some(6_000),
            optional: id == PEOPLE,
            genesis: None,
            endpoints: endpoints.iter().map(|e| EndpointId::from(*e)).collect(),
            thresholds: Thresholds::default(),
        };
        let chains = vec![
            chain(RELAY, "Relay", ChainKind::Relay, &["a", "b"]),
            chain(ASSET_HUB, "Asset Hub", ChainKind::Para(ParaId(1_000)), &["c"]),
            chain(PEOPLE, "People", ChainKind::Para(ParaId(1_004)), &["d"]),
        ];
        let now = UnixMs(1_700_000_000_000);
        Self {
            network: Network {
                id: "test".into(),
                public: false,
                chains,
                names: BTreeMap::new(),
                roster: Default::default(),
                watch: vec![],
            },
            store: Store::default(),
            watch: Watch { started: now, ..Watch::default() },
            now,
            fork: 0,
        }
    }

    /// Sets a chain's block time in the profile.
    pub(crate) fn block_time(&mut self, chain: &str, ms: u64) {
        let spec = self.network.chains.iter_mut().find(|c| c.id.as_str() == chain).unwrap();
        spec.block_time_ms = Some(ms);
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
    }

    /// A fact, received now.
    pub(crate) fn fact(&mut self, chain: &str, endpoint: Option<&str>, fact: Fact) {
        let endpoint = endpoint.map(EndpointId::from);
        self.store.apply(&Observation { at: self.now, chain: chain.into(), endpoint, fact });
    }

    /// A fact of an earlier run.
    pub(crate) fn restore(&mut self, chain: &str, at: UnixMs, fact: Fact) {
        self.store.restore(&Observation { at, chain: chain.into(), endpoint: None, fact });
    }

    /// A best block of an earlier run.
    pub(crate) fn restore_block(&mut self, chain: &str, number: u64, at: UnixMs) {
        let block = self.make(number, at);
        self.restore(chain, at, Fact::Best(Box::new(block)));
    }

    /// The endpoint is connected; the first one of a chain becomes its source.
    pub(crate) fn up(&mut self, chain: &str, endpoint: &str) {
        self.fact(chain, Some(endpoint), Fact::Link(Link::Up));
        if self.store.chain(&ChainId::from(chain)).unwrap().source.is_none() {
            self.fact(chain, Some(endpoint), Fact::Source);
        }
    }

    /// The endpoint is lost.
    pub(crate) fn down(&mut self, chain: &str, endpoint: &str) {
        let link = Link::Down {
            reason: Clean::of("connection refused"),
            retry_at: self.now.plus(1_000),
            answered: false,
        };
        self.fact(chain, Some(endpoint), Fact::Link(link));
    }

    /// One endpoint reports a head.
    pub(crate) fn head(&mut self, chain: &str, endpoint: &str, number: u64) {
        let at = self.name(number);
        self.fact(chain, Some(endpoint), Fact::PeerBest(at));
    }

    /// A new best block made half a second ago, reported by every connected endpoint.
    pub(crate) fn block(&mut self, chain: &str, number: u64) {
        self.block_made(chain, number, self.now.minus(500));
    }

    /// The same with its own time.
    pub(crate) fn block_made(&mut self, chain: &str, number: u64, made: UnixMs) {
        self.block_with(chain, number, |block| block.timestamp = Some(made));
    }

    /// The same with anything.
    pub(crate) fn block_with(&mut self, chain: &str, number: u64, change: impl FnOnce(&mut Block)) {
        let mut block = self.make(number, self.now.minus(500));
        change(&mut block);
        let id = ChainId::from(chain);
        let up: Vec<String> = self.store.chain(&id).map_or_else(Vec::new, |c| {
            c.endpoints.iter().filter(|(_, e)| e.link == Link::Up).map(|(id, _)| id.to_string()).collect()
        });
        for endpoint in &up {
            self.fact(chain, Some(endpoint), Fact::PeerBest(block.at));
        }
        let source = up.first().cloned();
        self.fact(chain, source.as_deref(), Fact::Best(Box::new(block)));
    }

    /// A block becomes final, read through the source.
    pub(crate) fn finalize(&mut self, chain: &str, number: u64) {
        let id = ChainId::from(chain);
        let source = self.store.chain(&id).and_then(|c| c.source.clone()).map(|e| e.to_string());
        let (at, parent) = (self.name(number), self.name(number.saturating_sub(1)).hash);
        self.fact(chain, source.as_deref(), Fact::Finalized { at, parent });
    }

    /// An endpoint reports finality that our cursor has not reached.
    pub(crate) fn source_finalized(&mut self, chain: &str, endpoint: &str, number: u64) {
        let at = self.name(number);
        self.fact(chain, Some(endpoint), Fact::PeerFinalized(at));
    }

    /// Connects every endpoint of the chain and makes blocks 1 to `n`, one each 6 s, finality 3 behind.
    pub(crate) fn run(&mut self, chain: &str, n: u64) {
        let endpoints = self.network.chain(&chain.into()).unwrap().endpoints.clone();
        for endpoint in &endpoints {
            self.up(chain, endpoint.as_str());
        }
        for number in 1..=n {
            self.advance(6_000);
            self.block(chain, number);
            if number > 3 {
                self.finalize(chain, number - 3);
            }
        }
    }

    /// Replaces the best chain from block `number` on by a sibling.
    pub(crate) fn fork(&mut self, chain: &str, number: u64) {
        let parent = self.name(number - 1).hash;
        self.fork += 1;
        self.block_with(chain, number, |block| block.parent = parent);
    }

    /// The relay's paras in the state of block `at`; each has core 0 unless `change` says otherwise.
    pub(crate) fn paras(&mut self, at: u64, list: Vec<Para>, change: impl FnOnce(&mut Paras)) {
        let mut paras = Paras {
            at: self.name(at),
            stamped: Some(self.now),
            session: cited(7),
            limits: absent(),
            existential_deposit: cited(10),
            claim_queue: cited(vec![(0, list.iter().map(|p| p.id).collect())]),
            cores: absent(),
            work: absent(),
            schedules: absent(),
            on_demand: absent(),
            spot_price: absent(),
            groups: absent(),
            validators: absent(),
            disabled: absent(),
            channels: vec![],
            requests: absent(),
            closing: absent(),
            pvf_votes: absent(),
            frozen: absent(),
            actions: vec![],
            upcoming: absent(),
            forced: absent(),
            cooldowns: absent(),
            registered: absent(),
            cut: vec![],
            paras: list.into_iter().map(|p| (p.id, p)).collect(),
        };
        change(&mut paras);
        self.fact(RELAY, Some("a"), Fact::Paras(Box::new(paras)));
    }

    /// What moved in block `number`; nothing, unless `change` says otherwise.
    pub(crate) fn moves(&mut self, chain: &str, number: u64, change: impl FnOnce(&mut BlockMoves)) {
        let mut moves = BlockMoves {
            at: self.name(number),
            session: None,
            issuance: None,
            era_paid: 0,
            came: 0,
            left: 0,
            moves: vec![],
            left_out: 0,
        };
        change(&mut moves);
        self.fact(chain, Some("a"), Fact::Balances(Box::new(BalanceFact::Moved(moves))));
    }

    /// What the detector says about the chain now.
    pub(crate) fn check(&self, detector: &str, chain: &str) -> Verdict {
        let rule = DETECTORS.iter().find(|d| d.id == detector).unwrap();
        let empty = ChainView::new(self.now);
        let id = ChainId::from(chain);
        (rule.check)(&View {
            network: &self.network,
            spec: self.network.chain(&id).unwrap(),
            chain: self.store.chain(&id).unwrap_or(&empty),
            store: &self.store,
            watch: self.watch,
            now: self.now,
        })
    }

    fn name(&self, number: u64) -> BlockRef {
        let mut hash = [self.fork; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        BlockRef { number, hash: Hash(hash) }
    }

    fn make(&self, number: u64, made: UnixMs) -> Block {
        Block {
            at: self.name(number),
            parent: self.name(number.saturating_sub(1)).hash,
            timestamp: Some(made),
            slot: None,
            author: None,
            missed: vec![],
            transactions: Some(0),
            candidates: vec![],
            events: vec![],
            event_count: Some(2),
            session: None,
            votes: None,
            undecoded: None,
        }
    }
}

/// A place where this was found.
pub(crate) fn cited<T>(value: T) -> Cited<T> {
    Cited { name: "Place".to_owned(), key: "0x01".to_owned(), found: Found::Value(value) }
}

/// A place where nothing is.
pub(crate) fn absent<T>() -> Cited<T> {
    Cited { name: "Place".to_owned(), key: "0x01".to_owned(), found: Found::Absent }
}

/// A place that was not read.
pub(crate) fn unread<T>(why: &str) -> Cited<T> {
    Cited { name: "Place".to_owned(), key: String::new(), found: Found::Unread(Clean::of(why)) }
}

/// A para to which nothing happens. The existential deposit of the bed is 10.
pub(crate) fn para(id: u32) -> Para {
    let id = ParaId(id);
    Para {
        id,
        lifecycle: cited(Lifecycle::Parathread),
        head: absent(),
        context: cited(1),
        code_hash: absent(),
        upgrade: para::Upgrade {
            future_code: absent(),
            from: absent(),
            go_ahead: absent(),
            restriction: absent(),
            authorized: absent(),
        },
        pending: absent(),
        constraints: absent(),
        registration: absent(),
        dmp: cited(vec![]),
        dmp_head: absent(),
        ump: absent(),
        watermark: absent(),
        inbound: cited(vec![]),
        outbound: cited(vec![]),
        sovereign: para::Sovereign { account: para::child_account(id), free: cited(1_000) },
        sibling: para::sibling_account(id),
    }
}

/// A channel from, to; messages and bytes with their limits.
pub(crate) fn channel(ends: (u32, u32), messages: (u32, u32), bytes: (u32, u32)) -> para::Channel {
    para::Channel {
        sender: ParaId(ends.0),
        recipient: ParaId(ends.1),
        state: cited(para::ChannelState {
            max_capacity: messages.1,
            max_total_size: bytes.1,
            max_message_size: bytes.1,
            msg_count: messages.0,
            total_size: bytes.0,
            mqc_head: None,
        }),
        contents: absent(),
    }
}

/// A chain whose token is the PAS.
pub(crate) fn identity() -> Identity {
    Identity {
        genesis: Hash([1; 32]),
        first_block: None,
        name: Clean::of("Paseo"),
        spec_name: Clean::of("paseo"),
        token: Some(Token { symbol: Clean::of("PAS"), decimals: 10 }),
        ss58_prefix: None,
        para_id: None,
        block_time_ms: None,
        session_blocks: None,
        slot_duration_ms: None,
    }
}

/// A runtime of this version.
pub(crate) fn runtime(spec_version: u32) -> RuntimeVersion {
    RuntimeVersion {
        spec_name: Clean::of("paseo"),
        spec_version,
        transaction_version: 1,
        code_hash: None,
        pallets: 60,
        metadata_version: 15,
    }
}

/// The findings of a verdict that fires; none otherwise.
pub(crate) fn findings(verdict: &Verdict) -> Vec<Finding> {
    match verdict {
        Verdict::Firing(found) => found.clone(),
        _ => vec![],
    }
}

/// The severity of the only finding; none where the verdict does not fire.
pub(crate) fn severity(verdict: &Verdict) -> Option<Severity> {
    let found = findings(verdict);
    assert!(found.len() <= 1, "{found:?}");
    found.first().map(|f| f.severity)
}

/// When the only finding began.
pub(crate) fn since(verdict: &Verdict) -> UnixMs {
    assert!(severity(verdict).is_some(), "{verdict:?}");
    findings(verdict)[0].since
}

/// Why the detector cannot tell.
pub(crate) fn unknown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Unknown(reason) => reason.to_string(),
        other => panic!("not unknown: {other:?}"),
    }
}

/// A validator's stash.
pub(crate) fn stash(n: u8) -> AccountId {
    AccountId([n; 32])
}

/// Four validators; para indices 0, 1, 2 are authorities 3, 2, 1; one group of three.
pub(crate) fn set(session: u32) -> ValidatorSet {
    ValidatorSet {
        session,
        validators: (0..4).map(stash).collect(),
        para: Some(vec![3, 2, 1]),
        groups: Some(vec![vec![0, 1, 2]]),
        ..ValidatorSet::default()
    }
}

/// One candidate that these para indices missed; everyone is available but those.
pub(crate) fn voted(block: &mut Block, session: u32, missed: &[u32]) {
    let voted: Vec<u32> = (0..3).filter(|i| !missed.contains(i)).collect();
    block.session = Some(session);
    block.votes = Some(Box::new(BlockVotes {
        session,
        available: Some(voted.clone()),
        backing: Some(vec![CandidateVotes {
            para: ParaId(1_000),
            candidate: None,
            group: 0,
            voted,
            missed: missed.to_vec(),
        }]),
    }));
}

/// A relay in session 7 whose authority 3 is dave, run by Dwellir.
pub(crate) fn validators() -> Bed {
    let mut bed = Bed::family();
    let dave = Member { provider: Clean::of("Dwellir"), name: Clean::of("dave"), active: true, chain: None };
    bed.network.roster.validators.insert(stash(3), dave);
    bed.up(RELAY, "a");
    let session = Session { index: 7, elapsed: None, length: None };
    bed.fact(RELAY, Some("a"), Fact::Session { session, at: BlockRef { number: 0, hash: Hash([0; 32]) } });
    bed.fact(RELAY, Some("a"), Fact::Validators(Box::new(set(7))));
    bed
}
