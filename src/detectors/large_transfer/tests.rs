//! Movements among many, between chains, of watched accounts; balances beyond their lines.

use crate::detectors::Verdict;
use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, findings, identity, unknown};
use crate::domain::balance::watch::WatchEntry;
use crate::domain::balance::{AccountsRead, BalanceFact, Holding, Leg, MoveKind, Movement, Peer};
use crate::domain::validator::roster::Watched;
use crate::domain::{AccountId, Clean, Fact, Hash, ParaId, Severity};

const ID: &str = "large-transfer";
/// One token of the bed, planck.
const TOKEN: u128 = 10_000_000_000;

fn who(n: u8) -> AccountId {
    AccountId([n; 32])
}

fn transfer(index: u32, tokens: u128) -> Movement {
    Movement {
        index,
        extrinsic: Some(1),
        kind: MoveKind::Transfer,
        from: Some(who(1)),
        to: Some(who(2)),
        amount: tokens * TOKEN,
        reason: None,
        leg: None,
    }
}

fn bed() -> Bed {
    let mut bed = Bed::family();
    for chain in [RELAY, ASSET_HUB] {
        bed.run(chain, 10);
        bed.fact(chain, Some("a"), Fact::Identity(identity()));
    }
    bed
}

fn block(bed: &mut Bed, chain: &str, number: u64, moves: Vec<Movement>) {
    bed.advance(6_000);
    bed.block(chain, number);
    bed.moves(chain, number, |m| m.moves = moves);
}

#[test]
fn one_transfer_above_the_limit_among_a_thousand_is_one_finding_and_the_same_block_again_none() {
    let mut bed = bed();
    let mut moves: Vec<Movement> = (0..999).map(|i| transfer(i, 99)).collect();
    moves.push(transfer(1_000, 1_000_000));
    block(&mut bed, RELAY, 11, moves.clone());
    let found = findings(&bed.check(ID, RELAY));
    assert_eq!((found.len(), found[0].severity, found[0].subject.as_str()), (1, Severity::Minor, "11-1000"));
    assert_eq!(
        found[0].summary,
        "1\u{2009}000\u{2009}000 PAS moved from 0x0101…0101 to 0x0202…0202 in block 11"
    );
    bed.moves(RELAY, 11, |m| m.moves = moves);
    assert_eq!(findings(&bed.check(ID, RELAY)), found);
    bed.advance(3_600_000);
    block(&mut bed, RELAY, 12, vec![]);
    assert_eq!(bed.check(ID, RELAY), Verdict::Quiet, "after an hour");
}

#[test]
fn the_limit_is_the_lower_of_tokens_and_share_of_the_issuance_of_each_chain() {
    let mut bed = bed();
    block(&mut bed, RELAY, 11, vec![transfer(0, 99_999)]);
    assert_eq!(bed.check(ID, RELAY), Verdict::Quiet);
    block(&mut bed, RELAY, 12, vec![transfer(0, 100_000)]);
    assert_eq!(findings(&bed.check(ID, RELAY)).len(), 1);
    let small = 9_000 * TOKEN;
    block(&mut bed, ASSET_HUB, 11, vec![transfer(0, 90)]);
    assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
    bed.advance(6_000);
    bed.block(ASSET_HUB, 12);
    bed.moves(ASSET_HUB, 12, |m| m.issuance = Some(small));
    assert_eq!(findings(&bed.check(ID, ASSET_HUB)).len(), 1, "one per cent of 9 000");
}

#[test]
fn what_only_becomes_less_free_does_not_fire() {
    let mut bed = bed();
    let held = Movement { kind: MoveKind::Held, to: None, ..transfer(0, 5_000_000) };
    block(&mut bed, RELAY, 11, vec![held]);
    assert_eq!(bed.check(ID, RELAY), Verdict::Quiet);
}

#[test]
fn whom_the_register_expects_to_move_much_is_only_told() {
    let mut bed = bed();
    let entry = Watched { name: Clean::of("faucet"), role: None, low: None };
    bed.network.roster.whitelist.insert(who(1), entry);
    block(&mut bed, RELAY, 11, vec![transfer(0, 1_000_000)]);
    let found = findings(&bed.check(ID, RELAY));
    assert_eq!(found[0].severity, Severity::Info);
    assert!(
        found[0].summary.contains("from faucet") && found[0].summary.ends_with("expected by the register")
    );
}

#[test]
fn more_than_anyone_reads_is_one_sentence() {
    let mut bed = bed();
    block(&mut bed, RELAY, 11, (0..21).map(|i| transfer(i, 200_000)).collect());
    let found = findings(&bed.check(ID, RELAY));
    assert_eq!((found.len(), found[0].subject.as_str()), (1, "many"));
    assert!(found[0].summary.starts_with("21 large movements in an hour, from 100\u{2009}000 PAS on"));
}

fn leg(sent: bool, id: u8) -> Movement {
    let peer = if sent { Peer::Para(ParaId(1_000)) } else { Peer::Relay };
    let leg = Some(Leg { sent, message: Some(Hash([id; 32])), peer: Some(peer) });
    let (from, amount) = if sent { (Some(who(1)), 500_000) } else { (None, 499_999) };
    Movement { kind: MoveKind::Teleport, from, leg, ..transfer(0, amount) }
}

#[test]
fn the_two_ends_of_a_movement_are_one_finding_on_the_chain_that_noticed_it_first() {
    let mut bed = bed();
    block(&mut bed, RELAY, 11, vec![leg(true, 7)]);
    let lonely = findings(&bed.check(ID, RELAY));
    assert!(lonely[0].summary.contains("sent to another chain where it was not seen"), "{lonely:?}");
    block(&mut bed, ASSET_HUB, 11, vec![leg(false, 7)]);
    let found = findings(&bed.check(ID, RELAY));
    assert_eq!((found.len(), &found[0].subject), (1, &lonely[0].subject));
    assert!(found[0].summary.contains(", sent to Asset Hub in block 11"), "{found:?}");
    assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
    block(&mut bed, ASSET_HUB, 12, vec![leg(false, 8)]);
    let other = findings(&bed.check(ID, ASSET_HUB));
    assert!(other[0].summary.contains("come from another chain where it was not seen"), "{other:?}");
    block(&mut bed, RELAY, 12, vec![leg(true, 8)]);
    assert_eq!(findings(&bed.check(ID, ASSET_HUB)).len(), 1, "it told first and goes on");
    assert_eq!(findings(&bed.check(ID, RELAY)).len(), 1, "the one before");
}

fn entry(low: Option<&str>, high: Option<&str>, moves: Option<&str>) -> WatchEntry {
    let of = |text: Option<&str>| text.map(|t| t.parse().unwrap());
    let name = Some("treasury desk".to_owned());
    WatchEntry {
        account: who(9),
        name,
        chains: vec![RELAY.into()],
        low: of(low),
        high: of(high),
        moves: of(moves),
    }
}

fn holds(bed: &mut Bed, at: u64, tokens: u128) {
    let holding = Holding { exists: true, free: tokens * TOKEN, ..Holding::default() };
    let at = bed.store.chain(&RELAY.into()).unwrap().blocks.by_number(at).unwrap().block.at;
    let read = AccountsRead { at, accounts: vec![(who(9), holding)] };
    bed.fact(RELAY, Some("a"), Fact::Balances(Box::new(BalanceFact::Accounts(read))));
}

#[test]
fn a_watched_balance_fires_while_it_is_beyond_its_line() {
    let mut bed = bed();
    bed.network.watch.push(entry(Some("50"), Some("1000"), None));
    assert!(unknown(&bed.check(ID, RELAY)).contains("balance of treasury desk was not read"));
    assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet, "it is watched on the relay");
    for (tokens, words) in [(49, "has 49 PAS free, below its line of 50 PAS"), (1_001, "above its line of")] {
        holds(&mut bed, 10, tokens);
        let found = findings(&bed.check(ID, RELAY));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Minor));
        assert!(found[0].summary.contains(words), "{found:?}");
    }
    for tokens in [50, 1_000] {
        holds(&mut bed, 10, tokens);
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet);
    }
}

#[test]
fn an_account_may_have_a_limit_of_its_own() {
    let mut bed = bed();
    bed.network.watch.push(entry(None, None, Some("10")));
    let of = |tokens| Movement { to: Some(who(9)), ..transfer(0, tokens) };
    block(&mut bed, RELAY, 11, vec![of(9), Movement { index: 1, ..of(10) }, transfer(2, 50_000)]);
    let found = findings(&bed.check(ID, RELAY));
    assert_eq!(found.iter().map(|f| f.subject.as_str()).collect::<Vec<_>>(), ["11-1"]);
}

#[test]
fn events_that_could_not_be_decoded_or_an_unknown_token_are_not_quiet() {
    let mut blind = bed();
    blind.advance(6_000);
    blind.block_with(RELAY, 11, |block| block.event_count = None);
    assert!(unknown(&blind.check(ID, RELAY)).contains("block 11 could not be decoded"));
    let mut bare = Bed::family();
    bare.run(RELAY, 3);
    bare.moves(RELAY, 3, |m| (m.moves, m.issuance) = (vec![transfer(0, 1)], None));
    assert!(unknown(&bare.check(ID, RELAY)).contains("neither the token's decimals"));
}
