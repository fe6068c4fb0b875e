//! Balances of watched accounts and what moved in blocks: values as both runtimes of the relay store and write them.

use super::bed::*;
use super::validators::Relay;
use crate::faultd::{FakeRuntime, Node, blake2_key, bytes, number, stash};
use scale_value::Value;
use sereno::domain::balance::{BalanceFact, BlockMoves, Holding, MoveKind, Part, PartKind, Peer, Roles};
use sereno::domain::store::balances::BalanceBook;
use sereno::domain::{AccountId, Clean, Fact, Hash, Observation, ParaId, Store};
use std::collections::BTreeSet;

fn planck(n: u128) -> Value {
    Value::u128(n)
}

fn id(account: AccountId) -> Value {
    bytes(&account.0)
}

/// The account holds this from the next block on.
fn hold(relay: &Relay, account: AccountId, (free, reserved, frozen): (u128, u128, u128)) {
    let data = Value::named_composite([
        ("free", planck(free)),
        ("reserved", planck(reserved)),
        ("frozen", planck(frozen)),
        ("flags", planck(0)),
    ]);
    let info = Value::named_composite([
        ("nonce", number(3)),
        ("consumers", number(1)),
        ("providers", number(1)),
        ("sufficients", number(0)),
        ("data", data),
    ]);
    let value = relay.encoder.storage("System.Account", &info);
    relay.chain.write(&blake2_key("System.Account", &account.0), Some(value));
}

fn lock(relay: &Relay, account: AccountId, name: &[u8; 8], amount: u128) {
    let lock = Value::named_composite([
        ("id", bytes(name)),
        ("amount", planck(amount)),
        ("reasons", Value::unnamed_variant("All", [])),
    ]);
    let value = relay.encoder.storage("Balances.Locks", &Value::unnamed_composite([lock]));
    relay.chain.write(&blake2_key("Balances.Locks", &account.0), Some(value));
}

fn hold_for(relay: &Relay, account: AccountId, amount: u128) {
    let reason = Value::unnamed_variant("Preimage", [Value::unnamed_variant("Preimage", [])]);
    let hold = Value::named_composite([("id", reason), ("amount", planck(amount))]);
    let value = relay.encoder.storage("Balances.Holds", &Value::unnamed_composite([hold]));
    relay.chain.write(&blake2_key("Balances.Holds", &account.0), Some(value));
}

type Event = (Option<u32>, &'static str, &'static str, Value);

fn transfer(extrinsic: u32, from: AccountId, to: AccountId, amount: u128) -> Event {
    let fields = Value::named_composite([("from", id(from)), ("to", id(to)), ("amount", planck(amount))]);
    (Some(extrinsic), "Balances", "Transfer", fields)
}

fn who(extrinsic: Option<u32>, name: &'static str, account: AccountId, amount: u128) -> Event {
    (extrinsic, "Balances", name, Value::named_composite([("who", id(account)), ("amount", planck(amount))]))
}

/// The events of the next block.
fn write(relay: &Relay, events: &[Event]) {
    relay.chain.write("System.Events", Some(relay.encoder.events(events)));
}

fn moved(seen: &[Observation], number: u64) -> Option<BlockMoves> {
    seen.iter().rev().find_map(|o| match &o.fact {
        Fact::Balances(of) => match &**of {
            BalanceFact::Moved(moves) if moves.at.number == number => Some(moves.clone()),
            _ => None,
        },
        _ => None,
    })
}

fn book(seen: &[Observation]) -> BalanceBook {
    let mut store = Store::default();
    seen.iter().for_each(|o| store.apply(o));
    store.chain(&"relay".into()).map(|c| c.balances.clone()).unwrap_or_default()
}

fn holds(seen: &[Observation], account: AccountId) -> Option<Holding> {
    book(seen).account(&account).map(|a| a.now.value.clone())
}

async fn grown(relay: &Relay, bed: &Bed) -> BlockMoves {
    relay.chain.advance(1);
    let number = relay.chain.best();
    bed.until("what moved", 10, |seen| moved(seen, number).is_some()).await;
    moved(&bed.seen(), number).unwrap()
}

fn watching(accounts: &[AccountId]) -> Options {
    Options { accounts: accounts.to_vec(), ..Options::default() }
}

fn runtimes() -> [FakeRuntime; 2] {
    [FakeRuntime::relay_2026(6_000), FakeRuntime::relay_2024()]
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_issuance_and_the_chains_own_accounts_are_read_under_both_runtimes() {
    for runtime in runtimes() {
        let is_new = runtime.spec_version > 2_000_000;
        let relay = Relay::new(runtime);
        let [bare, rich, nobody, sudo] = [1, 2, 3, 4].map(stash);
        hold(&relay, bare, (70, 0, 0));
        hold(&relay, rich, (1_000, 300, 500));
        lock(&relay, rich, b"staking ", 500);
        if is_new {
            hold_for(&relay, rich, 300);
        }
        relay.write("Balances.TotalIssuance", &planck(u128::from(u64::MAX) * 3));
        relay.write("Sudo.Key", &id(sudo));
        relay.chain.advance(5);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::with(vec![a.url()], &watching(&[bare, rich, nobody]));
        bed.until("all accounts", 10, |seen| book(seen).accounts() >= 4).await;
        let of = |account| holds(&bed.seen(), account).unwrap();
        assert_eq!((of(bare).free, of(bare).parts), (70, Some(vec![])));
        assert!(!of(nobody).exists);
        // Who has something reserved or frozen is read again with its parts, in the state of a block to come.
        relay.chain.advance(1);
        bed.until("its parts", 10, |seen| holds(seen, rich).is_some_and(|h| h.parts.is_some())).await;
        let part = |kind, reason: &str, amount| Part { kind, reason: Clean::of(reason), amount };
        let lock = part(PartKind::Lock, "staking", 500);
        let hold = part(PartKind::Hold, "Preimage(Preimage)", 300);
        let parts = if is_new { vec![hold, lock] } else { vec![lock] };
        assert_eq!(
            of(rich),
            Holding { exists: true, free: 1_000, reserved: 300, frozen: 500, parts: Some(parts) }
        );
        let book = book(&bed.seen());
        assert_eq!(book.issuance.as_ref().map(|i| i.value), Some(u128::from(u64::MAX) * 3));
        let treasury = "5EYCAe5ijiYfyeZ2JJCGq56LmPyNRAKzpG4QkoQkkQNB5e6Z".parse().ok();
        let expected = Roles { treasury, sudo: Some(sudo), existential_deposit: Some(10_000_000_000) };
        assert_eq!(book.roles.value(), Some(&expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_large_transfer_among_a_thousand_small_ones_is_kept_whole_and_the_rest_is_counted() {
    for runtime in runtimes() {
        let relay = Relay::new(runtime);
        relay.chain.advance(3);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until_best(3, 10).await;
        let mut events: Vec<Event> = (0..1_000).map(|n| transfer(n, stash(n), stash(n + 1), 3)).collect();
        events[617] = transfer(617, stash(7), stash(8), 1_000_000);
        write(&relay, &events);
        let moves = grown(&relay, &bed).await;
        assert_eq!((moves.moves.len(), moves.left_out), (64, 936));
        let large: Vec<_> = moves.moves.iter().filter(|m| m.amount > 3).collect();
        assert_eq!(large.len(), 1);
        let m = large[0];
        assert_eq!((m.index, m.extrinsic, m.kind), (617, Some(617), MoveKind::Transfer));
        assert_eq!((m.from, m.to, m.amount), (Some(stash(7)), Some(stash(8)), 1_000_000));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_small_ones_of_watched_accounts_push_no_large_transfer_out() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(3);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::with(vec![a.url()], &watching(&[stash(1)]));
    bed.until_best(3, 10).await;
    let mut events: Vec<Event> = (0..200).map(|n| transfer(n, stash(1), stash(n + 9), 3)).collect();
    events.extend((200..400).map(|n| who(Some(n), "Locked", stash(2), 9_000_000)));
    events.extend([400, 401].map(|n| transfer(n, stash(7), stash(8), 1_000_000)));
    write(&relay, &events);
    let moves = grown(&relay, &bed).await;
    assert_eq!((moves.moves.len(), moves.left_out), (64, 338));
    let large: Vec<u32> = moves.moves.iter().filter(|m| m.amount == 1_000_000).map(|m| m.index).collect();
    assert_eq!(large, [400, 401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_events_tell_is_one_movement_and_fees_are_none() {
    for runtime in runtimes() {
        let is_new = runtime.spec_version > 2_000_000;
        let relay = Relay::new(runtime);
        relay.chain.advance(3);
        let a = Node::start(&relay.chain).await;
        let bed = Bed::watch(&[&a]);
        bed.until_best(3, 10).await;
        let [alice, bob, dave, author] = [1, 2, 3, 9].map(stash);
        let fee =
            Value::named_composite([("who", id(alice)), ("actual_fee", planck(14)), ("tip", planck(0))]);
        let endowed = Value::named_composite([("account", id(bob)), ("free_balance", planck(500))]);
        let dust = Value::named_composite([("account", id(alice)), ("amount", planck(2))]);
        let set = Value::named_composite([("who", id(dave)), ("free", planck(77))]);
        let forced = Value::named_composite([("old", planck(100)), ("new", planck(40))]);
        let stash_dest = ("dest", Value::unnamed_variant("Stash", []));
        let rewarded = Value::named_composite([("stash", id(dave)), stash_dest, ("amount", planck(33))]);
        let slashed = Value::named_composite([("staker", id(dave)), ("amount", planck(44))]);
        let era = Value::named_composite([
            ("era_index", number(3)),
            ("validator_payout", planck(600)),
            ("remainder", planck(400)),
        ]);
        let last = match is_new {
            true => (Some(5), "Balances", "TotalIssuanceForced", forced),
            // The runtime of 2024 has no such event.
            false => who(Some(5), "Reserved", dave, 60),
        };
        write(
            &relay,
            &[
                (None, "Staking", "EraPaid", era),
                who(Some(1), "Withdraw", alice, 15),
                transfer(1, alice, bob, 500),
                (Some(1), "Balances", "Endowed", endowed),
                (Some(1), "Balances", "DustLost", dust),
                who(Some(1), "Deposit", alice, 1),
                who(Some(1), "Deposit", author, 14),
                (Some(1), "TransactionPayment", "TransactionFeePaid", fee),
                who(Some(2), "Minted", dave, 33),
                (Some(2), "Staking", "Rewarded", rewarded),
                who(Some(3), "Slashed", dave, 44),
                (Some(3), "Staking", "Slashed", slashed),
                (Some(4), "Balances", "BalanceSet", set),
                last,
                who(Some(6), "Locked", dave, 12),
                who(Some(7), "Burned", dave, 13),
            ],
        );
        let moves = grown(&relay, &bed).await;
        let found: Vec<_> = moves.moves.iter().map(|m| (m.index, m.kind, m.amount)).collect();
        use MoveKind as K;
        let expected = [
            (2, K::Transfer, 500),
            (4, K::DustLost, 2),
            (8, K::Reward, 33),
            (10, K::Slashed, 44),
            (12, K::BalanceSet, 77),
            (13, if is_new { K::Issuance } else { K::Reserved }, 60),
            (14, K::Locked, 12),
            (15, K::Burned, 13),
        ];
        assert_eq!(found, expected, "new runtime: {is_new}");
        assert_eq!((moves.era_paid, moves.came, moves.left), (1_000, 0, 0));
    }
}

/// A location with so many parents and, where there is one, a para.
fn location(parents: u32, para: Option<u32>) -> Value {
    let interior = match para {
        None => Value::unnamed_variant("Here", []),
        Some(id) => {
            let junction = Value::unnamed_variant("Parachain", [number(id)]);
            Value::unnamed_variant("X1", [Value::unnamed_composite([junction])])
        }
    };
    Value::named_composite([("parents", number(parents)), ("interior", interior)])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_to_another_chain_carries_its_message_and_so_does_what_comes() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(3);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(3, 10).await;
    let [alice, bob, fees] = [1, 2, 9].map(stash);
    let sent = Value::named_composite([
        ("origin", location(0, None)),
        ("destination", location(0, Some(1_000))),
        ("message", Value::unnamed_composite([])),
        ("message_id", bytes(&[7; 32])),
    ]);
    let processed = |n: u8, para: u32, success: bool| {
        let origin = Value::unnamed_variant("Para", [number(para)]);
        Value::named_composite([
            ("id", bytes(&[n; 32])),
            ("origin", Value::unnamed_variant("Ump", [origin])),
            ("weight_used", Value::named_composite([("ref_time", planck(9)), ("proof_size", planck(1))])),
            ("success", Value::bool(success)),
        ])
    };
    write(
        &relay,
        &[
            who(None, "Minted", bob, 700),
            who(None, "Minted", fees, 3),
            (None, "MessageQueue", "Processed", processed(5, 1_000, true)),
            who(None, "Minted", bob, 90),
            (None, "MessageQueue", "Processed", processed(6, 2_000, false)),
            who(Some(2), "Burned", alice, 1_000),
            transfer(2, alice, fees, 8),
            (Some(2), "XcmPallet", "Sent", sent),
        ],
    );
    let moves = grown(&relay, &bed).await;
    let legs: Vec<_> = moves.moves.iter().filter_map(|m| Some((m.index, m.kind, m.amount, m.leg?))).collect();
    assert_eq!(legs.len(), 2, "{:?}", moves.moves);
    let (came, left) = (legs[0].3, legs[1].3);
    assert_eq!((legs[0].0, legs[0].1, legs[0].2), (0, MoveKind::Teleport, 700));
    let hub = Some(Peer::Para(ParaId(1_000)));
    assert_eq!((came.sent, came.message, came.peer), (false, Some(Hash([5; 32])), hub));
    assert_eq!((legs[1].0, legs[1].1, legs[1].2), (5, MoveKind::Teleport, 1_000));
    assert_eq!((left.sent, left.message, left.peer), (true, Some(Hash([7; 32])), hub));
    assert_eq!((moves.came, moves.left), (700, 1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_event_touches_is_read_again_and_another_is_not() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    let [touched, quiet] = [1, 2].map(stash);
    hold(&relay, touched, (100, 0, 0));
    hold(&relay, quiet, (100, 0, 0));
    relay.chain.advance(3);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::with(vec![a.url()], &watching(&[touched, quiet]));
    bed.until("all accounts", 10, |seen| book(seen).accounts() >= 2).await;
    hold(&relay, touched, (60, 0, 0));
    hold(&relay, quiet, (999, 0, 0));
    write(&relay, &[transfer(1, touched, stash(7), 40)]);
    grown(&relay, &bed).await;
    bed.until("the change", 10, |seen| holds(seen, touched).is_some_and(|h| h.free == 60)).await;
    assert_eq!(holds(&bed.seen(), quiet).unwrap().free, 100, "nothing touched it: its turn has not come");
    write(&relay, &[]);
    for _ in 0..12 {
        grown(&relay, &bed).await;
    }
    bed.until("its turn", 10, |seen| holds(seen, quiet).is_some_and(|h| h.free == 999)).await;
    let history = book(&bed.seen()).account(&touched).unwrap().history.clone();
    assert_eq!(history.iter().map(|(_, total)| *total).collect::<Vec<_>>(), [100, 60]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_accounts_cost_no_more_than_three_requests_a_block() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    let all: Vec<AccountId> = (100..10_100).map(stash).collect();
    hold(&relay, all[0], (5, 0, 0));
    relay.chain.advance(3);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::with(vec![a.url()], &Options { bodies: true, ..watching(&all) });
    bed.until("all accounts", 30, |seen| book(seen).accounts() >= 10_000).await;
    for _ in 0..12 {
        grown(&relay, &bed).await;
    }
    let before: u64 = a.calls().values().sum();
    let blocks = 60;
    for n in 0..blocks {
        // Every block touches watched accounts.
        let (from, to) = (all[usize::try_from(n).unwrap() * 3], all[1]);
        write(&relay, &[transfer(1, from, to, 1)]);
        grown(&relay, &bed).await;
    }
    let asked = a.calls().values().sum::<u64>() - before;
    eprintln!("{asked} requests for {blocks} blocks with 10,000 watched accounts");
    assert!(asked <= 3 * blocks, "{asked} requests for {blocks} blocks: {:?}", a.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_cannot_be_read_are_told_once_and_no_block_waits() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    let account = stash(1);
    hold(&relay, account, (70, 0, 0));
    relay.chain.advance(3);
    let a = Node::start(&relay.chain).await;
    a.set(|s| s.left_out.push("System.Account"));
    let bed = Bed::with(vec![a.url()], &watching(&[account]));
    let is_told = |seen: &[Observation]| {
        let about = |o: &Observation| matches!(&o.fact, Fact::Unread { section, .. } if section.as_str() == "balances");
        seen.iter().filter(|o| about(o)).count()
    };
    bed.until("the reason", 10, |seen| is_told(seen) > 0).await;
    for _ in 0..6 {
        grown(&relay, &bed).await;
    }
    assert_eq!((is_told(&bed.seen()), holds(&bed.seen(), account)), (1, None));
    a.set(|s| s.left_out.clear());
    for _ in 0..12 {
        grown(&relay, &bed).await;
    }
    bed.until("the account", 10, |seen| holds(seen, account).is_some_and(|h| h.free == 70)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_takes_movements_back_and_gives_them_back_under_their_name() {
    let relay = Relay::new(FakeRuntime::relay_2026(6_000));
    relay.chain.advance(5);
    let a = Node::start(&relay.chain).await;
    let bed = Bed::watch(&[&a]);
    bed.until_best(5, 10).await;
    write(&relay, &[transfer(1, stash(1), stash(2), 5_000)]);
    relay.chain.grow();
    bed.until("the transfer", 10, |seen| book(seen).moves().count() == 1).await;
    let name = book(&bed.seen()).moves().next().unwrap().name.clone();
    assert_eq!(name, "6-0");
    // Both blocks that take its place hold the transfer: the first one has its name.
    relay.chain.reorg(1);
    let tip = relay.chain.hash(7).unwrap();
    bed.until("the other branch", 10, |seen| bests(seen).any(|b| b.hash == tip)).await;
    bed.until("both", 10, |seen| book(seen).moves().count() == 2).await;
    let names: BTreeSet<String> = book(&bed.seen()).moves().map(|m| m.name.clone()).collect();
    assert_eq!(names, ["6-0", "7-0"].map(str::to_owned).into());
}
