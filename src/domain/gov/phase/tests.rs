//! Phases, deadlines and what comes next, held against `service_referendum` of the pallet.
//!
//! In: states made by hand. Out: what is foretold. Must not know chains.

use super::super::curve::Curve;
use super::super::{Deciding, Deposit, Enactment, Proposal, Tally};
use super::*;
use crate::domain::para::Found;
use crate::domain::{AccountId, Clean, Hash};

const VOTERS: u128 = 1_000;

fn pc(n: u32) -> Perbill {
    Perbill::of_parts(n * 10_000_000)
}

/// Approval falls from 100 % to 50 %, support from 50 % to nothing, both in a straight line over 1 000 blocks.
fn track() -> Track {
    Track {
        id: 0,
        name: Clean::of("test"),
        max_deciding: 1,
        decision_deposit: 1,
        prepare_period: 20,
        decision_period: 1_000,
        confirm_period: 100,
        min_enactment_period: 10,
        min_approval: Curve::LinearDecreasing { length: pc(100), floor: pc(50), ceil: pc(100) },
        min_support: Curve::LinearDecreasing { length: pc(100), floor: pc(0), ceil: pc(50) },
    }
}

fn going() -> Ongoing {
    let deposit = Deposit { who: AccountId([1; 32]), amount: 1 };
    Ongoing {
        track: 0,
        origin: Clean::of("system.Root"),
        proposal: Proposal { hash: Hash([0; 32]), len: None, call: Found::Absent },
        enactment: Enactment::After(1),
        submitted: 500,
        submission_deposit: deposit,
        decision_deposit: None,
        deciding: None,
        tally: Tally::default(),
        in_queue: false,
        alarm: None,
    }
}

fn placed() -> Ongoing {
    Ongoing { decision_deposit: Some(Deposit { who: AccountId([1; 32]), amount: 1 }), ..going() }
}

fn votes(ayes: u128, nays: u128, support: u128) -> Tally {
    Tally { ayes, nays, support }
}

fn look(going: Ongoing, now: u64) -> Outlook {
    let rules = Rules { undeciding_timeout: Some(300), ranked: false };
    outlook(&State::Ongoing(Box::new(going)), Some(&track()), &rules, (now, Some(VOTERS)))
}

#[test]
fn before_the_decision_it_waits_for_its_deposit_its_time_or_its_place() {
    let waits = look(going(), 510);
    assert_eq!((waits.phase, waits.ends), (Phase::AwaitsDeposit, Some(800)));
    assert_eq!(waits.next, Some((800, Next::TimesOut)));
    let prepares = look(placed(), 510);
    assert_eq!((prepares.phase, prepares.next), (Phase::Preparing, Some((520, Next::Decides))));
    let late = look(placed(), 530);
    assert_eq!(late.next, Some((531, Next::Decides)), "what is due happens with the next block");
    let queued = look(Ongoing { in_queue: true, ..placed() }, 530);
    assert_eq!((queued.phase, queued.ends, queued.next), (Phase::Queued, None, None));
}

#[test]
fn a_decision_that_nobody_supports_is_rejected_at_its_end() {
    let deciding = Some(Deciding { since: 520, confirming: None });
    let out = look(Ongoing { deciding, tally: votes(40, 60, 40), ..placed() }, 770);
    assert_eq!((out.phase, out.ends), (Phase::Deciding, Some(1_520)));
    assert_eq!(out.next, Some((1_520, Next::Fails)));
    assert_eq!(out.needed, Some((Perbill::of_parts(875_000_000), Perbill::of_parts(375_000_000))));
    assert_eq!(out.needed_at_end, Some((pc(50), pc(0))));
    assert_eq!((out.passing, out.decided), (Some(false), Some(pc(25))));
}

#[test]
fn falling_curves_let_it_confirm_when_both_are_met() {
    let deciding = Some(Deciding { since: 520, confirming: None });
    // 80 % approval is enough after 40 %, 20 % support after 60 % of the period.
    let out = look(Ongoing { deciding, tally: votes(200, 50, 200), ..placed() }, 600);
    assert_eq!(out.next, Some((1_120, Next::Confirms)));
    let voted = look(Ongoing { deciding, tally: votes(900, 0, 900), alarm: Some(601), ..placed() }, 600);
    assert_eq!(voted.next, Some((601, Next::Confirms)), "a vote is looked at in the next block");
}

#[test]
fn confirmation_ends_in_approval_unless_votes_take_it_back() {
    let deciding = Some(Deciding { since: 520, confirming: Some(1_220) });
    let good = Ongoing { deciding, tally: votes(200, 50, 200), alarm: Some(1_220), ..placed() };
    let out = look(good.clone(), 1_170);
    assert_eq!((out.phase, out.ends), (Phase::Confirming, Some(1_220)));
    assert_eq!((out.next, out.confirmed), (Some((1_220, Next::Passes)), Some(pc(50))));
    let turned = look(Ongoing { tally: votes(200, 900, 200), alarm: Some(1_171), ..good }, 1_170);
    assert_eq!(turned.next, Some((1_171, Next::Aborts)));
}

#[test]
fn without_the_number_of_voters_nothing_is_foretold_that_rests_on_it() {
    let deciding = Some(Deciding { since: 520, confirming: None });
    let rules = Rules { undeciding_timeout: Some(300), ranked: false };
    let blind = |tally| {
        let state = State::Ongoing(Box::new(Ongoing { deciding, tally, ..placed() }));
        outlook(&state, Some(&track()), &rules, (770, None))
    };
    let out = blind(votes(100, 0, 100));
    assert_eq!((out.passing, out.next), (None, None));
    assert_eq!(out.shares.unwrap().support, None);
    assert_eq!(blind(votes(40, 60, 40)).passing, Some(false), "approval alone is too low");
}

#[test]
fn heads_are_counted_where_members_of_ranks_vote_and_no_vote_is_no_approval() {
    let rules = Rules { undeciding_timeout: None, ranked: true };
    let state = State::Ongoing(Box::new(going()));
    let out = outlook(&state, Some(&track()), &rules, (510, Some(7)));
    assert_eq!(out.shares.unwrap().approval, Perbill::ZERO);
    assert_eq!(
        look(going(), 510).shares.unwrap().approval,
        Perbill::ALL,
        "as pallet-conviction-voting has it"
    );
    assert_eq!(out.ends, None, "a timeout that was not read is not made up");
}

#[test]
fn without_its_track_only_what_the_state_itself_says_is_said() {
    let rules = Rules::default();
    let state = State::Ongoing(Box::new(placed()));
    let out = outlook(&state, None, &rules, (510, Some(VOTERS)));
    assert_eq!((out.phase, out.ends, out.needed), (Phase::Preparing, None, None));
    let ended = outlook(&State::Rejected(7), None, &rules, (510, None));
    assert_eq!((ended.phase, ended.ends), (Phase::Rejected, Some(7)));
}
