//! Tab 3 by its keys, its alerts, and the section `balances` of the snapshot.

use crate::bed::balances::{TOKEN, transfer};
use crate::bed::{Bed, account};
use sereno::app::{self, Effect, Msg};
use sereno::domain::{Alert, Fact, Observation, UnixMs};
use sereno::runtime::headless;
use sereno::state::Mode;
use sereno::state::alerts::ChangeKind;
use sereno::state::ui::Place;
use sereno::ui::render_text;

fn bed(keys: &str) -> Bed {
    let mut bed = Bed::balances(Mode::Console).size(200, 50);
    bed.keys(keys);
    bed
}

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

/// Names in the table of watched accounts, top down.
fn names(bed: &Bed) -> Vec<String> {
    let text = picture(bed);
    let rows = text.lines().skip_while(|l| !l.contains("TRANSFERABLE")).skip(1);
    let rows = rows.take_while(|l| !l.starts_with('└') && !l.contains("movements"));
    let name = |l: &str| l.split("  ").map(str::trim).filter(|p| !p.is_empty()).nth(2).map(str::to_owned);
    rows.filter_map(name).collect()
}

fn about(bed: &Bed, detector: &str) -> Vec<Alert> {
    bed.state.visible_alerts().into_iter().filter(|a| a.detector == detector).collect()
}

#[test]
fn the_worst_come_first_and_every_state_stands_in_words() {
    let bed = bed("3");
    let text = picture(&bed);
    let first = names(&bed);
    assert_eq!(first[..3], ["faucet", "Mile", "bridge desk"], "{first:?}\n{text}");
    for needed in ["▵ low", "▵ high", "? unknown", "· ok", "▵ 2 accounts low, 1 high", "issuance", "large"]
    {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
    let mut bed = bed;
    bed.keys("G");
    assert!(picture(&bed).contains("– none"), "{}", picture(&bed));
}

#[test]
fn amounts_sort_by_their_worth_and_unknown_stays_last_both_ways() {
    let mut bed = bed("3 s s s s s s");
    assert!(bed.said().contains("FREE"), "{}", bed.said());
    let up = names(&bed);
    bed.keys("S");
    let down = names(&bed);
    assert_eq!(down[0], "Asset Hub sovereign", "{down:?}");
    assert_ne!(up.first(), down.first());
    bed.keys("G");
    let text = picture(&bed);
    assert!(text.contains("? unknown"), "{text}");
}

#[test]
fn the_filter_looks_at_name_reason_chain_state_and_address() {
    let address = {
        let bed = bed("3");
        bed.state.relay().unwrap().address(&account(20))
    };
    for (typed, expected) in [("faucet", "faucet"), ("treasury", "treasury"), (address.as_str(), "faucet")] {
        let mut bed = bed("3 /");
        bed.text(typed);
        let found = names(&bed);
        assert!(!found.is_empty() && found.iter().all(|name| name == expected), "{typed}: {found:?}");
    }
}

#[test]
fn enter_opens_an_account_with_its_parts_and_describe_shows_planck() {
    let mut bed = bed("3");
    bed.keys("Enter");
    assert_eq!(bed.state.ui.place, Place::account(3, "relay".into(), account(20)));
    let text = picture(&bed);
    for needed in ["faucet", "transferable", "42500001234567 planck", "lines ≥ 5", "125"] {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
    let effects = bed.keys("Esc y");
    let address = bed.state.relay().unwrap().address(&account(20));
    assert!(matches!(&effects[..], [Effect::Copy(copied)] if *copied == address), "{effects:?}");
    bed.keys("w d");
    let text = picture(&bed);
    assert!(text.contains("slashed") && text.contains("planck"), "{text}");
}

#[test]
fn both_ends_of_a_teleport_are_one_row_and_one_alert_and_one_end_alone_says_so() {
    let bed = bed("3");
    let text = picture(&bed);
    assert!(text.contains("Relay → Asset Hub"), "{text}");
    assert!(text.contains("one-sided Asset Hub → para 2043"), "{text}");
    let teleports: Vec<_> =
        about(&bed, "large-transfer").into_iter().filter(|a| a.summary.contains("teleport")).collect();
    assert_eq!(teleports.len(), 1, "{teleports:?}");
    assert!(teleports[0].chain.as_str() == "relay" && teleports[0].summary.contains("sent to Asset Hub"));
}

/// Alerts of this detector that were raised by these facts.
fn raised(bed: &mut Bed, facts: &[Observation]) -> usize {
    let mut count = 0;
    for seen in facts {
        let _ = app::update(&mut bed.state, Msg::Fact(Box::new(seen.clone())));
        for effect in app::settle(&mut bed.state) {
            if let Effect::Alert(change) = effect {
                count += usize::from(
                    change.kind == ChangeKind::Raised && change.alert.detector == "large-transfer",
                );
            }
        }
    }
    count
}

#[test]
fn one_large_transfer_among_a_thousand_raises_one_alert_and_the_block_read_again_none() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.wait(6_000);
    let number = bed.best_number("relay") + 1;
    let block = bed.block("relay", number, 0);
    let mut moves: Vec<_> = (0..1_000).map(|i| transfer(i, 1, 2, 3)).collect();
    moves[617].amount = 1_000_000 * TOKEN;
    let facts = bed.observations("relay", block, moves);
    assert_eq!(raised(&mut bed, &facts), 1);
    assert_eq!(raised(&mut bed, &facts), 0, "read again");
    let standing = about(&bed, "large-transfer");
    assert!(
        standing[0].summary.starts_with("1\u{2009}000\u{2009}000 PAS moved from alice to bob in block 12"),
        "{standing:?}"
    );
    // A sibling takes its place without the transfer, and the next block has it again.
    let sibling = bed.block("relay", number, 1);
    let parent = sibling.at.hash;
    let mut next = bed.block("relay", number + 1, 1);
    next.parent = parent;
    let again = bed.observations("relay", sibling, vec![]);
    let mut moved = transfer(3, 1, 2, 3);
    moved.amount = 1_000_000 * TOKEN;
    let then = bed.observations("relay", next, vec![moved]);
    assert_eq!(raised(&mut bed, &again) + raised(&mut bed, &then), 0, "a reorganisation doubles nothing");
    bed.wait(30_000);
    assert_eq!(about(&bed, "large-transfer").len(), 1);
}

#[test]
fn a_movement_survives_being_written_down() {
    let bed = Bed::balances(Mode::Headless);
    let json = serde_json::to_string(&bed.state.store).unwrap();
    let back: sereno::domain::Store = serde_json::from_str(&json).unwrap();
    assert_eq!(back, bed.state.store);
    let huge = Fact::Balances(Box::new(sereno::domain::balance::BalanceFact::Moved(
        sereno::domain::balance::BlockMoves {
            at: bed.block("relay", 1, 0).at,
            session: None,
            issuance: Some(u128::MAX),
            era_paid: 0,
            came: 0,
            left: 0,
            moves: vec![],
            left_out: 0,
        },
    )));
    let seen = Observation { at: UnixMs(1), chain: "relay".into(), endpoint: None, fact: huge };
    let json = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Observation>(&json).unwrap(), seen);
}

#[test]
fn the_snapshot_has_issuance_watched_accounts_and_large_transfers_once() {
    let bed = Bed::balances(Mode::Headless);
    let json = serde_json::to_value(headless::snapshot_of(&bed.state)).unwrap();
    let balances = &json["balances"];
    assert_eq!(balances["issuance"], (12_345_678 * TOKEN).to_string());
    let watched = balances["watched"].as_array().unwrap();
    let of = |label: &str, chain: &str| {
        watched
            .iter()
            .find(|w| w["label"] == label && w["chain"] == chain)
            .unwrap_or_else(|| panic!("{label}"))
            .clone()
    };
    let faucet = of("faucet", "relay");
    assert_eq!((&faucet["free"], &faucet["why"]), (&"42500001234567".into(), &"profile".into()));
    assert_eq!(faucet["low"], (5_000 * TOKEN).to_string());
    let ops = of("ops", "relay");
    assert_eq!(
        (&ops["reserved"], &ops["frozen"]),
        (&(40 * TOKEN).to_string().into(), &(90 * TOKEN).to_string().into())
    );
    assert!(of("ops", "asset-hub")["free"].is_null(), "it was not read");
    assert!(json["unread"]["balances.asset-hub.watched"].as_str().unwrap().contains("not read yet"));
    let large = balances["large_transfers"].as_array().unwrap();
    let kinds: Vec<_> =
        large.iter().map(|l| (l["chain"].as_str().unwrap(), l["kind"].as_str().unwrap())).collect();
    assert_eq!(
        kinds,
        [
            ("relay", "slashed"),
            ("relay", "teleport"),
            ("relay", "transfer"),
            ("asset-hub", "reserve-transfer")
        ]
    );
    assert_eq!((&large[1]["other_chain"], &large[1]["matched"]), (&"asset-hub".into(), &"sure".into()));
    assert!(large[3]["other_chain"].is_null() && large[3]["matched"].is_null());
    assert_eq!(large[2]["amount"], (1_000_000 * TOKEN).to_string());
    let empty = serde_json::to_value(headless::snapshot_of(&Bed::new(Mode::Headless).state)).unwrap();
    assert!(empty["balances"]["issuance"].is_null() && empty["unread"]["balances.issuance"].is_string());
}
