//! Blocks that come again, reorganisations, sessions, accounts, the two ends of a movement.

use super::*;
use crate::domain::balance::{BalanceFact, Leg, MoveKind, Peer};
use crate::domain::store::blocks::tests::block;
use crate::domain::{
    Block, ChainId, ChainKind, ChainSpec, Fact, Network, Observation, ParaId, Roster, Store, Thresholds,
};

fn who(n: u8) -> AccountId {
    AccountId([n; 32])
}

fn transfer(index: u32, to: u8, amount: u128) -> Movement {
    Movement {
        index,
        extrinsic: Some(1),
        kind: MoveKind::Transfer,
        from: Some(who(1)),
        to: Some(who(to)),
        amount,
        reason: None,
        leg: None,
    }
}

fn moved(block: &Block, moves: Vec<Movement>) -> BlockMoves {
    BlockMoves {
        at: block.at,
        session: Some(7),
        issuance: Some(1_000),
        era_paid: 0,
        came: 0,
        left: 0,
        moves,
        left_out: 0,
    }
}

#[derive(Default)]
struct Chain(Store);

impl Chain {
    fn say(&mut self, fact: Fact) {
        let endpoint = Some("a".into());
        self.0.apply(&Observation { at: UnixMs(1_000), chain: "relay".into(), endpoint, fact });
    }

    fn best(&mut self, block: &Block, moves: Vec<Movement>) {
        self.say(Fact::Best(Box::new(block.clone())));
        self.moved(moved(block, moves));
    }

    fn moved(&mut self, moves: BlockMoves) {
        self.say(Fact::Balances(Box::new(BalanceFact::Moved(moves))));
    }

    fn book(&self) -> &BalanceBook {
        &self.0.chain(&ChainId::from("relay")).unwrap().balances
    }

    fn names(&self) -> Vec<&str> {
        self.book().moves().map(|seen| seen.name.as_str()).collect()
    }
}

#[test]
fn a_block_that_is_read_again_counts_once() {
    let mut chain = Chain::default();
    let (one, two) = (block(1, 0, 0), block(2, 0, 0));
    chain.best(&one, vec![transfer(3, 2, 50)]);
    chain.best(&two, vec![transfer(0, 2, 50)]);
    assert_eq!(chain.names(), ["2-0", "1-3"]);
    let before = chain.book().clone();
    chain.say(Fact::Filled(Box::new(one.clone())));
    chain.moved(moved(&one, vec![transfer(3, 2, 50)]));
    chain.best(&two, vec![transfer(0, 2, 50)]);
    assert_eq!(*chain.book(), before);
}

#[test]
fn after_a_reorganisation_a_movement_keeps_its_name_and_what_did_not_return_is_gone() {
    let mut chain = Chain::default();
    chain.best(&block(1, 0, 0), vec![]);
    chain.best(&block(2, 0, 0), vec![transfer(3, 2, 50), transfer(4, 3, 60)]);
    chain.best(&block(2, 1, 0), vec![]);
    assert!(chain.names().is_empty(), "{:?}", chain.names());
    chain.best(&block(3, 1, 1), vec![transfer(3, 9, 1), transfer(7, 2, 50)]);
    assert_eq!(chain.names(), ["2-3", "3-3"]);
    let back = chain.book().moves().next().unwrap();
    assert_eq!((back.block.number, back.movement.index), (3, 7));
    // The old branch wins after all.
    chain.best(&block(2, 0, 0), vec![transfer(3, 2, 50), transfer(4, 3, 60)]);
    assert_eq!(chain.names(), ["2-4", "2-3"]);
}

#[test]
fn a_name_that_is_taken_is_not_given_twice() {
    let mut chain = Chain::default();
    chain.best(&block(1, 0, 0), vec![]);
    chain.best(&block(2, 0, 0), vec![transfer(3, 2, 50)]);
    chain.best(&block(2, 1, 0), vec![transfer(3, 5, 70)]);
    let names = chain.names();
    assert!(names.len() == 1 && names[0].starts_with("2-3-0x"), "{names:?}");
}

#[test]
fn movements_of_a_block_that_is_not_in_the_ring_do_not_count() {
    let mut chain = Chain::default();
    chain.best(&block(5, 0, 0), vec![]);
    chain.moved(moved(&block(4, 0, 0), vec![transfer(0, 2, 9)]));
    assert!(chain.names().is_empty());
}

#[test]
fn memory_is_bounded_and_the_oldest_goes_first() {
    let mut chain = Chain::default();
    for n in 1..=60 {
        chain.best(&block(n, 0, 0), (0..20).map(|i| transfer(i, 2, 9)).collect());
    }
    assert_eq!(chain.names().len(), MAX_MOVES);
    assert_eq!((chain.names()[0], *chain.names().last().unwrap()), ("60-19", "11-0"));
}

fn session(session: u32, block: &Block, issuance: u128, era_paid: u128) -> BlockMoves {
    let bare = moved(block, vec![]);
    BlockMoves { session: Some(session), issuance: Some(issuance), era_paid, ..bare }
}

#[test]
fn the_issuance_of_a_session_begins_with_the_last_block_before_it() {
    let mut chain = Chain::default();
    let mut say = |n: u64, fork: (u8, u8), of: u32, issuance: u128, era: u128| {
        let block = block(n, fork.0, fork.1);
        chain.say(Fact::Best(Box::new(block.clone())));
        chain.moved(session(of, &block, issuance, era));
        chain.book().sessions().next().unwrap().clone()
    };
    say(1, (0, 0), 7, 1_000, 0);
    let first = say(2, (0, 0), 7, 1_010, 0);
    assert_eq!((first.whole, first.change()), (false, (true, 10)));
    let next = say(3, (0, 0), 8, 1_110, 100);
    assert_eq!(
        (next.whole, next.before, next.change(), next.unexplained()),
        (true, 1_010, (true, 100), (true, 0))
    );
    let burned = say(4, (0, 0), 8, 1_000, 0);
    assert_eq!((burned.change(), burned.unexplained()), ((false, 10), (false, 110)));
    let undone = say(4, (1, 0), 8, 1_110, 0);
    assert_eq!(undone.unexplained(), (true, 0), "the block that burned was taken back");
    let again = say(3, (1, 0), 8, 1_110, 100);
    assert_eq!((again.era_paid, again.unexplained()), (100, (true, 0)), "the era is paid once");
}

#[test]
fn an_account_keeps_its_changes_and_an_older_reading_does_not_win() {
    let mut book = BalanceBook::default();
    let mut put = |number: u64, free: u128, parts: bool| {
        let at = block(number, 0, 0).at;
        let parts = parts.then(Vec::new);
        let holding = Holding { exists: true, free, frozen: 5, parts, ..Holding::default() };
        let read = AccountsRead { at, accounts: vec![(who(1), holding)] };
        book.put_accounts(&read, (UnixMs(1), &Origin::Endpoint("a".into())));
        book.account(&who(1)).unwrap().clone()
    };
    put(100, 10, true);
    let bare = put(101, 10, false);
    assert!(bare.now.value.parts.is_some(), "nothing changed: its parts are still known");
    assert!(put(102, 30, false).now.value.parts.is_none());
    let last = put(20, 99, false);
    assert_eq!((last.now.value.free, last.history), (30, [(100, 10), (102, 30)].into()));
    let taken_back = put(101, 10, false);
    assert_eq!(taken_back.history, [(100, 10)]);
}

/// Relay and Asset Hub with one movement each.
fn two(sent: Movement, came: Movement, later_ms: i64) -> (Network, Store) {
    let spec = |id: &str, kind| ChainSpec {
        id: id.into(),
        name: id.to_owned(),
        kind,
        block_time_ms: None,
        optional: false,
        genesis: None,
        endpoints: vec![],
        thresholds: Thresholds::default(),
    };
    let network = Network {
        id: "test".to_owned(),
        public: false,
        chains: vec![spec("relay", ChainKind::Relay), spec("asset-hub", ChainKind::Para(ParaId(1_000)))],
        names: BTreeMap::new(),
        roster: Roster::default(),
        watch: vec![],
    };
    let mut store = Store::default();
    for (chain, movement, at) in [("relay", sent, 0), ("asset-hub", came, later_ms)] {
        let mut made = block(9, 0, 0);
        made.timestamp = Some(UnixMs(1_000_000 + at));
        let moves = moved(&made, vec![movement]);
        for fact in [Fact::Best(Box::new(made)), Fact::Balances(Box::new(BalanceFact::Moved(moves)))] {
            let endpoint = Some("a".into());
            store.apply(&Observation { at: UnixMs(5), chain: chain.into(), endpoint, fact });
        }
    }
    (network, store)
}

fn leg(sent: bool, id: Option<u8>) -> Movement {
    let peer = if sent { Peer::Para(ParaId(1_000)) } else { Peer::Relay };
    let leg = Leg { sent, message: id.map(|n| Hash([n; 32])), peer: Some(peer) };
    let (from, to) = if sent { (Some(who(1)), Some(who(2))) } else { (None, Some(who(2))) };
    let amount = if sent { 1_000 } else { 960 };
    Movement { kind: MoveKind::Teleport, from, to, amount, leg: Some(leg), ..transfer(0, 2, 0) }
}

#[test]
fn both_ends_of_a_message_are_one_movement_sure_by_id_and_likely_by_amount() {
    let found = |sent: Movement, came: Movement, later: i64| {
        let (network, store) = two(sent, came, later);
        let end = |chain: &str| {
            let id = ChainId::from(chain);
            let seen = store.chain(&id).unwrap().balances.moves().next().unwrap().clone();
            let other = other_end(&network, &store, (&id, &seen));
            other.map(|o| (o.chain.id.to_string(), o.sure))
        };
        let (a, b) = (end("relay"), end("asset-hub"));
        assert_eq!(a.as_ref().map(|a| a.1), b.as_ref().map(|b| b.1), "either end finds the other");
        assert!(a.iter().all(|a| a.0 == "asset-hub") && b.iter().all(|b| b.0 == "relay"));
        a.map(|a| a.1)
    };
    assert_eq!(found(leg(true, Some(7)), leg(false, Some(7)), 12_000), Some(Match::Sure));
    assert_eq!(found(leg(true, Some(7)), leg(false, Some(8)), 12_000), None, "another message");
    assert_eq!(found(leg(true, Some(7)), leg(false, None), 12_000), Some(Match::Likely));
    assert_eq!(found(leg(true, None), leg(false, Some(8)), 700_000), None, "too late");
    let less = Movement { amount: 899, ..leg(false, None) };
    assert_eq!(found(leg(true, None), less, 12_000), None, "too little");
    let other = Movement { to: Some(who(3)), ..leg(false, None) };
    assert_eq!(found(leg(true, None), other, 12_000), None, "for somebody else");
    assert_eq!(found(transfer(0, 2, 9), leg(false, None), 12_000), None, "it stays on its chain");
}
