//! Balances in the test bed: a watch list, a whitelist, the chains' own accounts; a large transfer, a teleport whose both ends
//! are seen, one of which only one end is seen, a slash.

use super::{Bed, account, hash, network};
use sereno::domain::balance::watch::{WatchEntry, sovereign};
use sereno::domain::balance::{
    AccountsRead, BalanceFact, BlockMoves, Holding, Leg, MoveKind, Movement, Part, PartKind, Peer, Roles,
};
use sereno::domain::validator::roster::Watched;
use sereno::domain::{AccountId, Block, BlockRef, ChainKind, Clean, Fact, Hash, Observation, ParaId, UnixMs};
use sereno::state::Mode;

/// One token, planck.
pub(crate) const TOKEN: u128 = 10_000_000_000;

/// A transfer of so many tokens.
pub(crate) fn transfer(index: u32, from: u8, to: u8, tokens: u128) -> Movement {
    Movement {
        index,
        extrinsic: Some(2),
        kind: MoveKind::Transfer,
        from: Some(account(from)),
        to: Some(account(to)),
        amount: tokens * TOKEN,
        reason: None,
        leg: None,
    }
}

fn leg(sent: bool, peer: Peer, message: u8) -> Option<Leg> {
    Some(Leg { sent, message: Some(Hash([message; 32])), peer: Some(peer) })
}

fn holding(free: u128, reserved: u128, frozen: u128) -> Holding {
    let part = |kind, reason: &str, amount: u128| Part { kind, reason: Clean::of(reason), amount };
    let mut parts = vec![];
    if reserved > 0 {
        parts.push(part(PartKind::Hold, "Preimage(Preimage)", reserved * TOKEN / 4));
        parts.push(part(PartKind::Reserve, "ident", reserved * TOKEN / 4 * 3));
    }
    if frozen > 0 {
        parts.push(part(PartKind::Lock, "staking", frozen * TOKEN));
    }
    Holding {
        exists: true,
        free: free * TOKEN + 1_234_567,
        reserved: reserved * TOKEN,
        frozen: frozen * TOKEN,
        parts: Some(parts),
    }
}

fn entry(n: u8, name: &str, chains: &[&str], lines: (Option<&str>, Option<&str>)) -> WatchEntry {
    WatchEntry {
        account: account(n),
        name: Some(name.to_owned()),
        chains: chains.iter().map(|c| (*c).into()).collect(),
        low: lines.0.map(|l| l.parse().unwrap()),
        high: lines.1.map(|l| l.parse().unwrap()),
        moves: None,
    }
}

impl Bed {
    /// What moved in a block.
    pub(crate) fn moved(&mut self, chain: &str, at: BlockRef, moves: Vec<Movement>) {
        let issuance = if chain == "relay" { 12_345_678 } else { 512_000 };
        let moves = BlockMoves {
            at,
            session: Some(if chain == "relay" { 2_057 } else { 311 }),
            issuance: Some(issuance * TOKEN),
            era_paid: 0,
            came: 0,
            left: 0,
            moves,
            left_out: 0,
        };
        self.say_balance(chain, BalanceFact::Moved(moves));
    }

    pub(crate) fn say_balance(&mut self, chain: &str, of: BalanceFact) {
        let source = self.endpoints(chain).into_iter().next();
        self.fact(chain, source.as_ref(), Fact::Balances(Box::new(of)));
    }

    /// What accounts hold in the state of a chain's newest block.
    fn hold(&mut self, chain: &'static str, accounts: Vec<(AccountId, Holding)>) {
        let number = self.heads[chain];
        let at = BlockRef { number, hash: hash(chain, number, 0) };
        self.say_balance(chain, BalanceFact::Accounts(AccountsRead { at, accounts }));
    }

    /// Movements in the block that comes next.
    pub(crate) fn best_moving(&mut self, chain: &'static str, moves: Vec<Movement>) {
        self.wait(6_000);
        let number = self.heads[chain] + 1;
        self.heads.insert(chain, number);
        let block = self.block(chain, number, 0);
        let at = block.at;
        let source = self.endpoints(chain).into_iter().next();
        for endpoint in self.endpoints(chain) {
            self.fact(chain, Some(&endpoint), Fact::PeerBest(at));
        }
        self.fact(chain, source.as_ref(), Fact::Best(Box::new(block)));
        self.moved(chain, at, moves);
        self.finalize(chain, 2);
    }

    /// The newest number of a chain.
    pub(crate) fn best_number(&self, chain: &str) -> u64 {
        self.heads[chain]
    }

    /// A block and what moved in it, as a source would tell them.
    pub(crate) fn observations(&self, chain: &str, block: Block, moves: Vec<Movement>) -> Vec<Observation> {
        let endpoint = self.endpoints(chain).into_iter().next();
        let moves = BlockMoves {
            at: block.at,
            session: Some(2_057),
            issuance: Some(12_345_678 * TOKEN),
            era_paid: 0,
            came: 0,
            left: 0,
            moves,
            left_out: 0,
        };
        let facts = [Fact::Best(Box::new(block)), Fact::Balances(Box::new(BalanceFact::Moved(moves)))];
        let seen = |fact| Observation {
            at: UnixMs(self.now),
            chain: chain.into(),
            endpoint: endpoint.clone(),
            fact,
        };
        facts.map(seen).to_vec()
    }

    /// Watched accounts of which most are fine, and what moved.
    pub(crate) fn balances(mode: Mode) -> Self {
        let mut network = network();
        network.watch = vec![
            entry(20, "faucet", &["relay"], (Some("5000"), None)),
            entry(21, "bridge desk", &["asset-hub"], (Some("10"), Some("1000"))),
            entry(22, "ops", &["relay", "asset-hub"], (None, None)),
        ];
        let listed = |name: &str| Watched {
            name: Clean::of(name),
            role: Some(Clean::of("manual")),
            low: Some("5000".parse().unwrap()),
        };
        network.roster.whitelist = [(account(30), listed("AMFORC")), (account(31), listed("Mile"))].into();
        let mut bed = Self::of(network, mode);
        let five = ["relay", "asset-hub", "bridge-hub", "people", "coretime"];
        for id in five {
            bed.connect(id);
            let treasury = matches!(id, "relay" | "asset-hub").then(|| account(40));
            let existential_deposit = Some(if id == "relay" { TOKEN } else { TOKEN / 100 });
            let roles = Roles { treasury, sudo: Some(account(41)), existential_deposit };
            bed.say_balance(id, BalanceFact::Roles(roles));
        }
        bed.read_before();
        for n in 0..40_u128 {
            bed.round(&five, 2);
            if n % 8 == 0 {
                bed.hold("relay", vec![(account(20), holding(9_900 - n * 125, 0, 0))]);
            }
        }
        let child = |id| sovereign(ChainKind::Relay, ParaId(id));
        bed.hold(
            "relay",
            vec![
                (account(20), holding(4_250, 0, 0)),
                (account(22), holding(120, 40, 90)),
                (account(30), holding(25_000, 5_000, 20_000)),
                (account(31), holding(310, 0, 0)),
                (account(40), holding(1_840_221, 0, 0)),
                (account(41), holding(777, 0, 0)),
                (child(1_000), holding(6_310_000, 0, 0)),
                (child(1_002), holding(12, 0, 0)),
                (child(1_004), Holding { parts: Some(vec![]), ..Holding::default() }),
            ],
        );
        bed.hold(
            "asset-hub",
            vec![(account(21), holding(1_350, 0, 0)), (account(40), holding(90_112, 0, 0))],
        );
        let held = Movement {
            kind: MoveKind::Held,
            to: None,
            reason: Some(Clean::of("Preimage(Preimage)")),
            ..transfer(3, 22, 0, 40)
        };
        bed.best_moving("relay", vec![held, transfer(7, 20, 9, 125)]);
        bed.best_moving("relay", vec![transfer(11, 1, 3, 1_000_000)]);
        let away = Movement {
            kind: MoveKind::Teleport,
            leg: leg(true, Peer::Para(ParaId(1_000)), 7),
            ..transfer(5, 30, 21, 250_000)
        };
        bed.best_moving("relay", vec![away]);
        let came = Movement {
            kind: MoveKind::Teleport,
            from: None,
            extrinsic: None,
            amount: 249_999 * TOKEN + 9_871_000_000,
            leg: leg(false, Peer::Relay, 7),
            ..transfer(0, 0, 21, 0)
        };
        let lost = Movement {
            kind: MoveKind::ReserveTransfer,
            leg: leg(true, Peer::Para(ParaId(2_043)), 9),
            ..transfer(4, 21, 50, 6_000)
        };
        bed.best_moving("asset-hub", vec![came, lost]);
        let slashed = Movement { kind: MoveKind::Slashed, to: None, ..transfer(2, 2, 0, 180_000) };
        bed.best_moving("relay", vec![slashed]);
        bed.settled()
    }
}
