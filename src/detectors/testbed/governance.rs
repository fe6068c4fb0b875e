//! Governance for tests: one referendum on the track `root`, decided by two straight lines.
//!
//! In: a block. Out: a [`Governance`] that a test changes as it needs. Must not import anything above `domain`.

use crate::domain::gov::curve::{Curve, Perbill};
use crate::domain::gov::{
    Body, Count, Deposit, Enactment, Governance, Ongoing, Proposal, Referendum, Rules, State, Tally, Track,
};
use crate::domain::para::Found;
use crate::domain::{AccountId, BlockRef, Clean, Hash};

fn line(from: u32, to: u32) -> Curve {
    let share = |percent: u32| Perbill::of_parts(percent * 10_000_000);
    Curve::LinearDecreasing { length: Perbill::ALL, floor: share(to), ceil: share(from) }
}

/// Referendum 0, submitted ten blocks ago, without a decision deposit.
pub(crate) fn governance(number: u64) -> Governance {
    let who = AccountId([1; 32]);
    let going = Ongoing {
        track: 0,
        origin: Clean::of("system.Root"),
        proposal: Proposal { hash: Hash([3; 32]), len: Some(4), call: Found::Absent },
        enactment: Enactment::After(10),
        submitted: number.saturating_sub(10),
        submission_deposit: Deposit { who, amount: 10_000_000_000 },
        decision_deposit: None,
        deciding: None,
        tally: Tally::default(),
        in_queue: false,
        alarm: None,
    };
    let track = Track {
        id: 0,
        name: Clean::of("root"),
        max_deciding: 1,
        decision_deposit: 10_000_000_000_000,
        prepare_period: 20,
        decision_period: 1_000,
        confirm_period: 100,
        min_enactment_period: 10,
        min_approval: line(100, 50),
        min_support: line(50, 0),
    };
    let referendum =
        Referendum { index: 0, state: State::Ongoing(Box::new(going)), voters: Some(1_000_000_000_000_000) };
    Governance {
        at: BlockRef { number, hash: Hash([9; 32]) },
        count: Count::Own(number),
        bodies: vec![Body {
            pallet: Clean::of("Referenda"),
            rules: Rules { undeciding_timeout: Some(300), ranked: false },
            tracks: Found::Value(vec![track]),
            submitted: Some(1),
            referenda: Found::Value(vec![referendum]),
        }],
        agenda: Found::Value(vec![]),
        whitelist: Found::Value(vec![]),
        preimages: Found::Value(vec![]),
    }
}
