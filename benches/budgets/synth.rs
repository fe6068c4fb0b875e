//! Synthetic networks: deterministic facts of any number of chains, as the supervisors would send them.

use sereno::domain::{
    AccountId, Authorities, Block, BlockRef, Candidate, CandidateStage, ChainKind, ChainSpec, Clean,
    EndpointId, Era, EventRecord, Fact, Hash, Identity, Link, Network, Observation, ParaId, RuntimeVersion,
    Session, Thresholds, Token, UnixMs,
};

/// The moment at which everything synthetic begins; blocks of the fake node carry timestamps from here on.
pub(crate) const START: i64 = 1_760_000_000_000;
/// Milliseconds between blocks.
pub(crate) const BLOCK_MS: u64 = 6_000;

/// How large a network is.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) chains: u32,
    pub(crate) validators: u32,
    pub(crate) events: u32,
}

/// Six chains as Paseo has them.
pub(crate) const SIX: Scale = Scale { chains: 6, validators: 100, events: 2 };

/// A network that writes blocks.
pub(crate) struct Synth {
    pub(crate) network: Network,
    pub(crate) now: i64,
    scale: Scale,
    height: u64,
}

fn hash(chain: u32, number: u64) -> Hash {
    let mut bytes = [7; 32];
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(chain);
    bytes[..8].copy_from_slice(&mixed.to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    bytes[28..].copy_from_slice(&chain.to_be_bytes());
    Hash(bytes)
}

fn account(n: u32) -> AccountId {
    let mut bytes = [3; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    AccountId(bytes)
}

fn spec(n: u32) -> ChainSpec {
    ChainSpec {
        id: id(n).as_str().into(),
        name: if n == 0 { "Relay".to_owned() } else { format!("Para {}", 999 + n) },
        kind: if n == 0 { ChainKind::Relay } else { ChainKind::Para(ParaId(999 + n)) },
        block_time_ms: Some(BLOCK_MS),
        optional: false,
        genesis: None,
        endpoints: ["wss://one.example.org", "wss://two.example.org"].map(EndpointId::from).to_vec(),
        thresholds: Thresholds::default(),
    }
}

/// The id of the n-th chain.
pub(crate) fn id(n: u32) -> String {
    if n == 0 { "relay".to_owned() } else { format!("para-{}", 999 + n) }
}

impl Synth {
    pub(crate) fn new(scale: Scale) -> Self {
        let network = Network {
            id: "bench".to_owned(),
            public: false,
            chains: (0..scale.chains).map(spec).collect(),
            names: (0..scale.validators.min(50)).map(|n| (account(n), format!("validator {n}"))).collect(),
            roster: sereno::domain::Roster::default(),
        };
        Self { network, now: START, scale, height: 1_000_000 }
    }

    /// The newest height, the same on every chain.
    pub(crate) fn height(&self) -> u64 {
        self.height
    }

    fn seen(&self, chain: u32, endpoint: usize, fact: Fact) -> Observation {
        let spec = &self.network.chains[chain as usize];
        Observation {
            at: UnixMs(self.now),
            chain: spec.id.clone(),
            endpoint: Some(spec.endpoints[endpoint].clone()),
            fact,
        }
    }

    /// First contact with every chain.
    pub(crate) fn connect(&self) -> Vec<Observation> {
        (0..self.scale.chains).flat_map(|n| self.contact(n)).collect()
    }

    fn contact(&self, n: u32) -> Vec<Observation> {
        let at = BlockRef { number: self.height, hash: hash(n, self.height) };
        let identity = Identity {
            genesis: hash(n, 0),
            first_block: Some(hash(n, 1)),
            name: Clean::of(&format!("Chain {n}")),
            spec_name: Clean::of("paseo"),
            token: Some(Token { symbol: Clean::of("PAS"), decimals: 10 }),
            ss58_prefix: Some(0),
            para_id: (n > 0).then_some(ParaId(999 + n)),
            block_time_ms: Some(BLOCK_MS),
            session_blocks: Some(600),
            slot_duration_ms: Some(BLOCK_MS),
        };
        let version = RuntimeVersion {
            spec_name: Clean::of("paseo"),
            spec_version: 2_003_001,
            transaction_version: 26,
            code_hash: Some(hash(n, 2)),
            pallets: 62,
            metadata_version: 15,
        };
        let validators = (0..if n == 0 { self.scale.validators } else { 20 }).map(account).collect();
        let session = Session { index: 2_057, elapsed: Some(246), length: Some(600) };
        let era = Era { index: 312, started: Some(UnixMs(START - 3_600_000)) };
        vec![
            self.seen(n, 0, Fact::Link(Link::Up)),
            self.seen(n, 1, Fact::Link(Link::Up)),
            self.seen(n, 0, Fact::Source),
            self.seen(n, 0, Fact::Identity(identity)),
            self.seen(n, 0, Fact::Runtime { version, since: at, upgraded: false }),
            self.seen(n, 0, Fact::Session { session, at }),
            self.seen(n, 0, Fact::Authorities(Authorities { session: 2_057, validators })),
            self.seen(n, 0, Fact::Era((n == 0).then_some(era))),
            self.seen(n, 0, Fact::Disputes { disputes: vec![], frozen: None }),
        ]
    }

    /// The next block of every chain: what both endpoints say of it, the block, and finality two blocks behind.
    pub(crate) fn round(&mut self) -> Vec<Observation> {
        self.now += BLOCK_MS.cast_signed();
        self.height += 1;
        (0..self.scale.chains).flat_map(|n| self.next(n)).collect()
    }

    fn next(&self, n: u32) -> Vec<Observation> {
        let block = self.block(n);
        let last = self.height - 2;
        let at = BlockRef { number: last, hash: hash(n, last) };
        let mut facts = vec![
            self.seen(n, 1, Fact::PeerBest(block.at)),
            self.seen(n, 0, Fact::PeerBest(block.at)),
            self.seen(n, 0, Fact::Best(Box::new(block))),
            self.seen(n, 0, Fact::PeerFinalized(at)),
            self.seen(n, 1, Fact::PeerFinalized(at)),
            self.seen(n, 0, Fact::Finalized { at, parent: hash(n, last - 1) }),
        ];
        if self.height.is_multiple_of(10) {
            facts.push(self.seen(n, 0, Fact::Peers(12)));
            facts.push(self.seen(n, 0, Fact::Pool(3)));
            facts.push(self.seen(n, 1, Fact::Latency(40)));
        }
        facts
    }

    fn block(&self, n: u32) -> Block {
        let number = self.height;
        let included =
            |p: u32| Candidate { para: ParaId(999 + p), stage: CandidateStage::Included, core: Some(p) };
        let event = |i: u32| EventRecord {
            pallet: Clean::of("Balances"),
            name: Clean::of("Transfer"),
            fields: Clean::of("from: 15oF4uVJ…Sp5, to: 14Gjs1TD…p3u, amount: 12.5 PAS"),
            extrinsic: Some(i),
        };
        Block {
            at: BlockRef { number, hash: hash(n, number) },
            parent: hash(n, number - 1),
            timestamp: Some(UnixMs(self.now - 400)),
            slot: Some(299_000_000 + number),
            author: Some(account((number % u64::from(self.scale.validators)) as u32)),
            missed: vec![],
            transactions: Some((number % 4) as u32),
            candidates: if n == 0 { (1..self.scale.chains).map(included).collect() } else { vec![] },
            events: (0..self.scale.events).map(event).collect(),
            event_count: Some(31),
            session: None,
            votes: None,
            undecoded: None,
        }
    }
}
