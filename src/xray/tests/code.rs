//! Codes: votes, go-ahead, upgrades that neither come nor go.

use super::{PARA, after, answers, at, rows, with_own};
use crate::domain::para::{GoAhead, Para, PvfVote};
use crate::domain::{Hash, ParaId};
use crate::xray::Cause;

#[test]
fn a_code_is_named_by_the_stage_in_which_it_is_stuck() {
    let vote = |code, sessions, wanted_by| PvfVote {
        code_hash: Hash([code; 32]),
        accept: vec![true, true, false, false],
        reject: vec![false; 4],
        sessions,
        since: 80,
        wanted_by,
    };
    let found = after(|relay, _| relay.pvf_votes = at("votes", vec![vote(4, 2, vec![(PARA, true)])]));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::PvfNotChecked), vec!["A8"]));
    assert!(found.verdict.contains("2 of 4") && found.verdict.contains("3 are needed"), "{}", found.verdict);
    assert!(found.verdict.contains("No vote: Carol, "), "{}", found.verdict);
    let found = after(|relay, _| relay.pvf_votes = at("votes", vec![vote(4, 2, vec![(ParaId(1), true)])]));
    assert_eq!(found.cause, Some(Cause::NoCandidate), "a vote on another para's code");

    let found = after(|relay, _| relay.pvf_votes = at("votes", vec![vote(4, 1, vec![(PARA, true)])]));
    assert_eq!(
        found.cause,
        Some(Cause::NoCandidate),
        "a vote on an upgrade that is not overdue stops nobody"
    );
    let found = after(|relay, _| relay.pvf_votes = at("votes", vec![vote(4, 0, vec![(PARA, false)])]));
    assert_eq!(found.cause, Some(Cause::PvfNotChecked), "without its first code no para builds");

    let waits = |para: &mut Para| {
        para.upgrade.go_ahead = at("go-ahead", GoAhead::GoAhead);
        para.upgrade.future_code = at("future", Hash([4; 32]));
    };
    let found = with_own(&answers(|_| {}), |_, para| waits(para));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::GoAheadWaiting), vec!["A9"]));
    let has_code = answers(|own| own.pending_code = at("own-code", true));
    let found = with_own(&has_code, |_, para| waits(para));
    assert_eq!(
        (found.cause, rows(&found)),
        (Some(Cause::GoAheadWaiting), vec![]),
        "A9 would take its upgrade away"
    );

    let due = |due| {
        after(move |_, para| {
            para.upgrade.future_code = at("future", Hash([4; 32]));
            para.upgrade.from = at("from", due);
        })
    };
    assert_eq!((due(80).cause, rows(&due(80))), (Some(Cause::FutureCodeStuck), vec!["A9", "A5"]));
    assert_eq!(due(110).cause, Some(Cause::NoCandidate), "an upgrade on its way stops nobody");
    let left_over = after(|_, para| para.upgrade.from = at("from", 80));
    assert_eq!(left_over.cause, Some(Cause::FutureCodeStuck));
}

#[test]
fn a_go_ahead_is_the_cause_only_where_the_para_stopped_over_it() {
    // The last candidate was built on block 60, now is block 100, and ten blocks are no reason to worry.
    let given = |from| {
        after(move |_, para| {
            para.upgrade.go_ahead = at("go-ahead", GoAhead::GoAhead);
            para.upgrade.future_code = at("future", Hash([4; 32]));
            para.upgrade.from = at("from", from);
        })
    };
    assert_eq!(given(61).cause, Some(Cause::GoAheadWaiting));
    assert_eq!(given(70).cause, Some(Cause::GoAheadWaiting));
    assert_eq!(given(80).cause, Some(Cause::NoCandidate), "the para had stood for twenty blocks");
    assert_eq!(given(95).cause, Some(Cause::NoCandidate), "it is five blocks old");
    let abort = after(|_, para| para.upgrade.go_ahead = at("go-ahead", GoAhead::Abort));
    assert_eq!(
        abort.cause,
        Some(Cause::GoAheadWaiting),
        "an abort has no block, and how old it is nobody knows"
    );
}
