//! Synthetic networks: deterministic facts of any number of chains, as the supervisors would send them.

use sereno::domain::balance::watch::WatchEntry;
use sereno::domain::balance::{AccountsRead, BalanceFact, BlockMoves, Holding, MoveKind, Movement, Tokens};
use sereno::domain::validator::{Figures, Member, PointsOver};
use sereno::domain::{
    AccountId, Authorities, Block, BlockRef, BlockVotes, Candidate, CandidateStage, CandidateVotes,
    ChainKind, ChainSpec, Clean, EndpointId, Era, EventRecord, Fact, Hash, Identity, Link, Network,
    Observation, ParaId, Points, RuntimeVersion, Session, SessionRecord, Thresholds, Token, UnixMs,
    ValidatorSet,
};

/// The moment at which everything synthetic begins; blocks of the fake node carry timestamps from here on.
pub(crate) const START: i64 = 1_760_000_000_000;
/// The session in progress.
const SESSION: u32 = 2_057;
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
    /// True where the relay's blocks carry their session and votes.
    pub(crate) votes: bool,
    /// True where the blocks move balances of watched accounts, which are read then.
    pub(crate) moves: bool,
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
            watch: vec![],
        };
        Self { network, now: START, votes: false, moves: false, scale, height: 1_000_000 }
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
        let session = Session { index: SESSION, elapsed: Some(246), length: Some(600) };
        let era = Era { index: 312, started: Some(UnixMs(START - 3_600_000)) };
        vec![
            self.seen(n, 0, Fact::Link(Link::Up)),
            self.seen(n, 1, Fact::Link(Link::Up)),
            self.seen(n, 0, Fact::Source),
            self.seen(n, 0, Fact::Identity(identity)),
            self.seen(n, 0, Fact::Runtime { version, since: at, upgraded: false }),
            self.seen(n, 0, Fact::Session { session, at }),
            self.seen(n, 0, Fact::Authorities(Authorities { session: SESSION, validators })),
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
        if self.moves {
            facts.extend(self.moved(n));
        }
        if self.height.is_multiple_of(10) {
            facts.push(self.seen(n, 0, Fact::Peers(12)));
            facts.push(self.seen(n, 0, Fact::Pool(3)));
            facts.push(self.seen(n, 1, Fact::Latency(40)));
        }
        facts
    }

    /// So many accounts on the relay's watch list, each read once.
    pub(crate) fn watch(&mut self, accounts: u32) -> Vec<Observation> {
        self.moves = true;
        let entry = |n: u32| WatchEntry {
            account: account(n),
            name: Some(format!("account {n}")),
            chains: vec![id(0).as_str().into()],
            low: Some(Tokens::whole(5_000)),
            high: None,
            moves: None,
        };
        self.network.watch = (0..accounts).map(entry).collect();
        let pages: Vec<u32> = (0..accounts).collect();
        pages.chunks(1_000).map(|page| self.read(0, page)).collect()
    }

    fn read(&self, n: u32, accounts: &[u32]) -> Observation {
        let holding = |of: &u32| Holding {
            exists: true,
            free: u128::from(of.wrapping_mul(2_654_435_761)) * 100_000 + u128::from(self.height),
            reserved: 10_000_000_000,
            frozen: 20_000_000_000,
            parts: Some(vec![]),
        };
        let at = BlockRef { number: self.height, hash: hash(n, self.height) };
        let accounts = accounts.iter().map(|of| (account(*of), holding(of))).collect();
        let read = BalanceFact::Accounts(AccountsRead { at, accounts });
        self.seen(n, 0, Fact::Balances(Box::new(read)))
    }

    /// What moves in a block: transfers of watched accounts, one of them large, and their balances after it.
    fn moved(&self, n: u32) -> Vec<Observation> {
        let first = u32::try_from(self.height % 9_000).unwrap();
        let movement = |i: u32| Movement {
            index: i,
            extrinsic: Some(i),
            kind: MoveKind::Transfer,
            from: Some(account(first + i)),
            to: Some(account(first + i + 1)),
            amount: if i == 7 && self.height.is_multiple_of(50) {
                2_000_000_000_000_000
            } else {
                30_000_000_000
            },
            reason: None,
            leg: None,
        };
        let moves = BlockMoves {
            at: BlockRef { number: self.height, hash: hash(n, self.height) },
            session: Some(SESSION),
            issuance: Some(120_000_000_000_000_000),
            era_paid: 0,
            came: 0,
            left: 0,
            moves: (0..20).map(movement).collect(),
            left_out: 0,
        };
        let touched: Vec<u32> = (first..first + 21).collect();
        vec![self.seen(n, 0, Fact::Balances(Box::new(BalanceFact::Moved(moves)))), self.read(n, &touched)]
    }

    fn groups(&self) -> impl Iterator<Item = Vec<u32>> {
        let n = self.scale.validators;
        (0..n.div_ceil(5)).map(move |g| (g * 5..n.min(g * 5 + 5)).collect())
    }

    fn votes_of(&self, number: u64) -> BlockVotes {
        let one = |(group, members): (u32, Vec<u32>)| {
            let late = |i: &u32| (u64::from(*i) * 7 + number).is_multiple_of(23);
            let (missed, voted) = members.into_iter().partition(late);
            CandidateVotes {
                para: ParaId(1_000 + group),
                candidate: Some(hash(group, number)),
                group,
                voted,
                missed,
            }
        };
        BlockVotes {
            session: SESSION,
            backing: Some((0..).zip(self.groups()).map(one).collect()),
            available: Some((0..self.scale.validators).collect()),
        }
    }

    /// What the journal gives back of so many sessions, then the set of the session in progress and what belongs to it.
    pub(crate) fn validators(&mut self, sessions: u32) -> Vec<Observation> {
        self.votes = true;
        let all: Vec<AccountId> = (0..self.scale.validators).map(account).collect();
        let member = |(n, stash): (usize, &AccountId)| {
            let provider = Clean::of(&format!("Provider {}", n / 7));
            (*stash, Member { provider, name: Clean::of(&format!("node {n}")), active: true, chain: None })
        };
        self.network.roster.validators = all.iter().enumerate().map(member).collect();
        let set = ValidatorSet {
            session: SESSION,
            validators: all.clone(),
            para: Some((0..self.scale.validators).collect()),
            groups: Some(self.groups().collect()),
            next: Some(all.clone()),
            target: Some(self.scale.validators),
            staking: None,
        };
        let record = |session: u32| {
            let figures = |n: u32| Figures {
                authored: 3,
                missed_slots: u32::from(n.is_multiple_of(50)),
                voted: 500,
                missed_votes: (n * 31 + session) % 97,
                available: 590,
                unavailable: n % 13,
                para: Some(true),
                disabled: Some(false),
            };
            let validators = all.iter().zip(0..).map(|(stash, n)| (*stash, figures(n))).collect();
            let first_block = u64::from(session) * 600;
            let (started, ended) = (Some(UnixMs(START - 1)), Some(UnixMs(START)));
            let (blocks, with_votes, with_bitfields, complete) = (600, 600, 600, true);
            let last_block = first_block + 599;
            SessionRecord {
                session,
                started,
                ended,
                first_block,
                last_block,
                blocks,
                with_votes,
                with_bitfields,
                complete,
                validators,
            }
        };
        let past = (SESSION - sessions..SESSION).map(|s| Fact::SessionRecord(Box::new(record(s))));
        let points = all.iter().zip(0..).map(|(s, n)| (*s, n % 900)).collect();
        let now = [
            Fact::Validators(Box::new(set)),
            Fact::Disabled(vec![account(3)]),
            Fact::KeysSet(all.iter().map(|s| (*s, true)).collect()),
            Fact::Points(Points { over: PointsOver::Session(SESSION), by_stash: points }),
        ];
        past.chain(now).map(|fact| self.seen(0, 0, fact)).collect()
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
            session: (n == 0 && self.votes).then_some(SESSION),
            votes: (n == 0 && self.votes).then(|| Box::new(self.votes_of(number))),
            undecoded: None,
        }
    }
}
