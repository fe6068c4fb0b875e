//! A test bed: a console that was fed facts as the chains would have sent them.
//!
//! Every store goes through `app::update`, as in the real program; nothing is set by hand.

use sereno::app::{self, Effect, Msg, ReplayState};
use sereno::domain::{
    AccountId, Authorities, Block, BlockRef, Candidate, CandidateStage, ChainId, ChainKind, ChainSpec, Clean,
    Dispute, EndpointId, Era, EventRecord, Fact, Hash, Identity, Link, MissedSlot, Network, Observation,
    ParaId, RuntimeVersion, Session, Thresholds, Token, UnixMs,
};
use sereno::domain::{SessionRecord, validator::Figures};
use sereno::keymap::Keymap;
use sereno::runbook::Catalogue;
use sereno::state::{AppState, Mode};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Balances of the bed.
#[path = "bed/balances.rs"]
pub(crate) mod balances;
/// Governance of the bed.
#[path = "bed/governance.rs"]
mod governance;
/// The market of cores of the bed.
#[path = "bed/market.rs"]
mod market;
/// Paras of the bed.
#[path = "bed/paras.rs"]
mod paras;
/// Validators of the bed.
#[path = "bed/validators.rs"]
mod validators;

/// 2026-11-20 14:00:00 UTC.
pub(crate) const START: i64 = 1_795_183_200_000;

/// The runbooks of the program, read once.
static RUNBOOKS: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::built_in().unwrap()));

/// A console under test.
pub(crate) struct Bed {
    pub(crate) state: AppState,
    pub(crate) now: i64,
    /// True where the relay's blocks say their session.
    session: bool,
    /// True where they carry votes too.
    votes: bool,
    /// True where paras of other people are registered, most of them in trouble.
    trouble: bool,
    heads: BTreeMap<&'static str, u64>,
}

const CHAINS: [(&str, &str, u32, u64); 6] = [
    ("relay", "Relay", 0, 12_345_600),
    ("asset-hub", "Asset Hub", 1000, 11_020_100),
    ("bridge-hub", "Bridge Hub", 1002, 5_220_800),
    ("people", "People", 1004, 4_118_000),
    ("coretime", "Coretime", 1005, 3_310_200),
    ("collectives", "Collectives", 1001, 7_331_800),
];

pub(crate) fn account(n: u8) -> AccountId {
    AccountId([n; 32])
}

pub(crate) fn hash(chain: &str, number: u64, fork: u8) -> Hash {
    let mut bytes = [fork; 32];
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes[..8].copy_from_slice(&mixed.to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    let tag = chain.bytes().fold(7u8, |a, b| a.wrapping_mul(31).wrapping_add(b));
    bytes[30] = tag;
    bytes[31] = mixed.to_le_bytes()[7];
    Hash(bytes)
}

pub(crate) fn network() -> Network {
    let chains = CHAINS
        .iter()
        .map(|(id, name, para, _)| {
            let hosts: &[&str] = match *id {
                "relay" => &[
                    "wss://paseo-rpc.dwellir.com",
                    "wss://rpc.ibp.network/paseo",
                    "wss://paseo.rpc.amforc.com",
                ],
                _ => &["wss://sys.ibp.network/x", "wss://paseo-sys.dwellir.com"],
            };
            ChainSpec {
                id: (*id).into(),
                name: (*name).to_owned(),
                kind: if *para == 0 { ChainKind::Relay } else { ChainKind::Para(ParaId(*para)) },
                block_time_ms: Some(6_000),
                optional: *id == "collectives",
                genesis: None,
                endpoints: hosts.iter().map(|h| EndpointId::from(*h)).collect(),
                thresholds: Thresholds::default(),
            }
        })
        .collect();
    let names = [(1, "alice"), (2, "bob"), (3, "charlie"), (4, "dave")];
    Network {
        id: "paseo".to_owned(),
        public: true,
        chains,
        names: names.into_iter().map(|(n, name)| (account(n), name.to_owned())).collect(),
        roster: sereno::domain::Roster::default(),
        watch: vec![],
    }
}

impl Bed {
    /// A console that has just started.
    pub(crate) fn new(mode: Mode) -> Self {
        Self::of(network(), mode)
    }

    /// A console that has just started, on this network.
    pub(crate) fn of(network: Network, mode: Mode) -> Self {
        let keymap = Keymap::built_in().unwrap();
        let mut state = AppState::new(network, keymap, "kim".to_owned(), mode);
        state.runbooks.catalogue = RUNBOOKS.clone();
        state.runbooks.rehearses = true;
        let mut bed =
            Self { state, now: START, session: false, votes: false, trouble: false, heads: BTreeMap::new() };
        bed.wait(0);
        bed
    }

    /// Six healthy chains with 40 blocks each; nobody answers for the optional one.
    pub(crate) fn healthy(mode: Mode) -> Self {
        Self::six(mode, true)
    }

    /// The same; where nothing was read `before`, nothing is known of validators.
    fn six(mode: Mode, before: bool) -> Self {
        let mut bed = Self::new(mode);
        for (id, ..) in CHAINS.iter().take(5) {
            bed.connect(id);
        }
        if before {
            bed.read_before();
        }
        for _ in 0..40 {
            bed.round(&["relay", "asset-hub", "bridge-hub", "people", "coretime"], 2);
        }
        bed.settled()
    }

    /// The session before this one, in which the four validators missed nothing; none is disabled.
    fn read_before(&mut self) {
        let figures = Figures { voted: 500, available: 600, para: Some(true), ..Figures::default() };
        let record = SessionRecord {
            session: 2_056,
            first_block: 12_344_600,
            last_block: 12_345_199,
            blocks: 600,
            with_votes: 600,
            with_bitfields: 600,
            validators: (1..=4).map(|n| (account(n), figures)).collect(),
            ..SessionRecord::default()
        };
        self.fact("relay", None, Fact::SessionRecord(Box::new(record)));
        let source = self.endpoints("relay").into_iter().next();
        self.fact("relay", source.as_ref(), Fact::Disabled(vec![]));
    }

    /// The relay's best goes on for 61 blocks while nothing is finalized; bob and dave are silent.
    pub(crate) fn finality_stall(mode: Mode) -> Self {
        let mut bed = Self::healthy(mode);
        for n in 0..59 {
            bed.wait(6_000);
            for id in ["relay", "asset-hub", "bridge-hub", "people", "coretime"] {
                bed.best(id, 0);
                if id != "relay" {
                    bed.finalize(id, 2);
                }
            }
            if n % 10 == 0 {
                bed.settle();
            }
        }
        bed.settled()
    }

    /// Bridge Hub stops while the relay goes on.
    pub(crate) fn para_stall(mode: Mode) -> Self {
        let mut bed = Self::healthy(mode);
        for _ in 0..16 {
            bed.round(&["relay", "asset-hub", "people", "coretime"], 2);
            bed.settle();
        }
        bed.settled()
    }

    /// Everything went silent two minutes ago.
    pub(crate) fn stale(mode: Mode) -> Self {
        let mut bed = Self::healthy(mode);
        bed.wait(120_000);
        bed.settled()
    }

    /// A recording, 12 minutes in.
    pub(crate) fn replay() -> Self {
        let mut bed = Self::healthy(Mode::Replay);
        bed.msg(Msg::Replay(ReplayState { at_ms: 754_000, length_ms: 3_754_000, speed: 4.0, paused: false }));
        bed
    }

    fn settled(mut self) -> Self {
        self.wait(2_000);
        self
    }

    pub(crate) fn size(mut self, width: u16, height: u16) -> Self {
        self.msg(Msg::Resize { width, height });
        self
    }

    pub(crate) fn msg(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = app::update(&mut self.state, msg);
        self.settle();
        effects
    }

    pub(crate) fn settle(&mut self) {
        app::settle(&mut self.state);
    }

    /// Types keys as people write them: `"j j Enter"`.
    pub(crate) fn keys(&mut self, keys: &str) -> Vec<Effect> {
        keys.split(' ').flat_map(|k| self.msg(Msg::Key(k.parse().unwrap()))).collect()
    }

    /// Types text, a key per character.
    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' { "Space".parse().unwrap() } else { c.to_string().parse().unwrap() };
            let _ = self.msg(Msg::Key(key));
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, ms: i64) {
        self.now += ms;
        let _ = app::update(&mut self.state, Msg::Tick(UnixMs(self.now)));
        self.settle();
    }

    pub(crate) fn fact(&mut self, chain: &str, endpoint: Option<&EndpointId>, fact: Fact) {
        let seen =
            Observation { at: UnixMs(self.now), chain: chain.into(), endpoint: endpoint.cloned(), fact };
        let _ = app::update(&mut self.state, Msg::Fact(Box::new(seen)));
    }

    fn endpoints(&self, chain: &str) -> Vec<EndpointId> {
        self.state.network.chain(&ChainId::from(chain)).unwrap().endpoints.clone()
    }

    /// Connects every endpoint of a chain and reads what stands still.
    pub(crate) fn connect(&mut self, chain: &'static str) {
        let (_, name, para, head) = CHAINS.into_iter().find(|(id, ..)| *id == chain).unwrap();
        self.heads.insert(chain, head);
        for (n, endpoint) in self.endpoints(chain).iter().enumerate() {
            self.fact(chain, Some(endpoint), Fact::Link(Link::Up));
            self.fact(chain, Some(endpoint), Fact::Latency(38 + 11 * u32::try_from(n).unwrap()));
        }
        let first = self.endpoints(chain).into_iter().next().unwrap();
        let source = Some(&first);
        self.fact(chain, source, Fact::Source);
        let identity = Identity {
            genesis: hash(chain, 0, 0),
            first_block: Some(hash(chain, 1, 0)),
            name: Clean::of(&format!("Paseo {name}")),
            spec_name: Clean::of("paseo"),
            token: Some(Token { symbol: Clean::of("PAS"), decimals: 10 }),
            ss58_prefix: Some(0),
            para_id: (para > 0).then_some(ParaId(para)),
            block_time_ms: (para == 0).then_some(6_000),
            session_blocks: (para == 0).then_some(600),
            slot_duration_ms: None,
        };
        self.fact(chain, source, Fact::Identity(identity));
        let at = BlockRef { number: head, hash: hash(chain, head, 0) };
        let version = RuntimeVersion {
            spec_name: Clean::of(if para == 0 { "paseo" } else { "asset-hub-paseo" }),
            spec_version: if para == 0 { 2_003_001 } else { 2_000_006 },
            transaction_version: 26,
            code_hash: Some(Hash([0x9a; 32])),
            pallets: 62,
            metadata_version: 15,
        };
        self.fact(chain, source, Fact::Runtime { version, since: at, upgraded: false });
        if para == 0 {
            let session = Session { index: 2_057, elapsed: Some(246), length: Some(600) };
            self.fact(chain, source, Fact::Session { session, at });
            let validators = (1..=4).map(account).collect();
            self.fact(chain, source, Fact::Authorities(Authorities { session: 2_057, validators }));
            let started = Some(UnixMs(START - 3_600_000));
            self.fact(chain, source, Fact::Era(Some(Era { index: 312, started })));
            self.fact(chain, source, Fact::Disputes { disputes: vec![], frozen: None });
            self.tell_paras(at);
        } else {
            if chain == "coretime" && self.trouble {
                self.tell_market(at);
            }
            let reason = Clean::of("no such pallet: Staking");
            self.fact(chain, source, Fact::Unread { section: Clean::of("era"), reason });
        }
        self.tell_no_governance(chain, at);
        self.fact(chain, source, Fact::Peers(12));
        self.fact(chain, source, Fact::Pool(3));
    }

    /// One block time: a block on each chain, finality `lag` blocks behind.
    pub(crate) fn round(&mut self, chains: &[&'static str], lag: u64) {
        self.wait(6_000);
        for chain in chains {
            self.best(chain, 0);
            self.finalize(chain, lag);
        }
    }

    /// The next block of a chain arrives, 400 ms after its timestamp.
    pub(crate) fn best(&mut self, chain: &'static str, fork: u8) {
        let number = self.heads[chain] + 1;
        self.heads.insert(chain, number);
        let block = self.block(chain, number, fork);
        let at = block.at;
        for endpoint in self.endpoints(chain) {
            self.fact(chain, Some(&endpoint), Fact::PeerBest(at));
        }
        let source = self.endpoints(chain).into_iter().next();
        self.fact(chain, source.as_ref(), Fact::Best(Box::new(block)));
        self.moved(chain, at, vec![]);
        if chain == "relay" && number.is_multiple_of(10) {
            self.tell_paras(at);
        }
    }

    pub(crate) fn block(&self, chain: &str, number: u64, fork: u8) -> Block {
        let is_relay = chain == "relay";
        // Bob misses a slot now and then and goes on writing, until the first forty blocks are made.
        let bob = !self.votes && number <= 12_345_640 && number % 7 == 3;
        let author = match number % 2 {
            _ if !is_relay => account(9),
            _ if bob => account(2),
            0 => account(1),
            _ => account(3),
        };
        let missed = if is_relay && number.is_multiple_of(7) {
            vec![MissedSlot { slot: 299_000_000 + number, owner: Some(account(2)) }]
        } else {
            vec![]
        };
        let candidates = if is_relay {
            [1000, 1004, 1005]
                .into_iter()
                .map(|p| Candidate { para: ParaId(p), stage: CandidateStage::Included, core: Some(p - 1000) })
                .chain((self.heads.get("bridge-hub").is_some_and(|_| number < 12_345_641)).then_some(
                    Candidate { para: ParaId(1002), stage: CandidateStage::Included, core: Some(2) },
                ))
                .collect()
        } else {
            vec![]
        };
        let events = if number.is_multiple_of(5) {
            vec![EventRecord {
                pallet: Clean::of("Balances"),
                name: Clean::of("Transfer"),
                fields: Clean::of("from: 15oF4u…Sp5, to: 14Gjs1…p3u, amount: 12.5 PAS"),
                extrinsic: Some(2),
            }]
        } else {
            vec![]
        };
        Block {
            at: BlockRef { number, hash: hash(chain, number, fork) },
            parent: hash(chain, number - 1, 0),
            timestamp: Some(UnixMs(self.now - 400)),
            slot: Some(299_000_001 + number),
            author: Some(author),
            missed,
            transactions: Some(u32::try_from(number % 4).unwrap()),
            candidates,
            events,
            event_count: Some(31),
            session: (is_relay && self.session).then_some(validators::SESSION),
            votes: (is_relay && self.votes).then(|| Box::new(validators::votes(number))),
            undecoded: None,
        }
    }

    /// Finalizes all but the newest `lag` blocks.
    pub(crate) fn finalize(&mut self, chain: &'static str, lag: u64) {
        let number = self.heads[chain] - lag;
        let at = BlockRef { number, hash: hash(chain, number, 0) };
        for endpoint in self.endpoints(chain) {
            self.fact(chain, Some(&endpoint), Fact::PeerFinalized(at));
        }
        let source = self.endpoints(chain).into_iter().next();
        let parent = hash(chain, number - 1, 0);
        self.fact(chain, source.as_ref(), Fact::Finalized { at, parent });
    }

    /// A dispute is open on the relay chain.
    pub(crate) fn dispute(&mut self) {
        let dispute = Dispute {
            session: 2_057,
            candidate: Hash([0x51; 32]),
            votes_for: 1,
            votes_against: 2,
            started: 12_345_620,
            concluded: None,
            validators: Some(4),
        };
        let source = self.endpoints("relay").into_iter().next();
        self.fact("relay", source.as_ref(), Fact::Disputes { disputes: vec![dispute], frozen: None });
        self.settle();
    }

    /// Every endpoint of a chain fails.
    pub(crate) fn refuse(&mut self, chain: &'static str) {
        for endpoint in self.endpoints(chain) {
            let link = Link::Down {
                reason: Clean::of("HTTP 503 from the server"),
                retry_at: UnixMs(self.now + 5_000),
                answered: true,
            };
            self.fact(chain, Some(&endpoint), Fact::Link(link));
        }
        self.settle();
    }

    /// What the footer answers.
    pub(crate) fn said(&self) -> String {
        self.state.ui.said.as_ref().map(|s| s.text.clone()).unwrap_or_default()
    }
}
