//! What is not in a list that was not read to its end is unknown, not absent.

use super::{PARA, after, at, unread};
use crate::domain::Hash;
use crate::domain::para::{Cut, Lifecycle, PvfVote};
use crate::xray::{Cause, Outcome};

fn cut(place: &str) -> Vec<Cut> {
    vec![Cut { place: place.to_owned(), read: 256, all: Some(300) }]
}

fn vote(wanted_by: Vec<(crate::domain::ParaId, bool)>) -> PvfVote {
    PvfVote {
        code_hash: Hash([4; 32]),
        accept: vec![true; 4],
        reject: vec![false; 4],
        sessions: 1,
        since: 80,
        wanted_by,
    }
}

#[test]
fn a_vote_may_stand_where_the_list_of_votes_was_cut() {
    let found = after(|relay, para| {
        para.lifecycle = at("lifecycle", Lifecycle::Onboarding);
        relay.pvf_votes = at("votes", vec![vote(vec![])]);
        relay.cut = cut("votes");
    });
    assert_eq!((found.outcome, found.runbooks.len()), (Outcome::Unknown, 0), "{}", found.verdict);
    let why = "only 256 of the 300 entries of votes were read";
    assert!(found.unread.iter().any(|u| u.reason.as_str() == why), "{:?}", found.unread);
    // One that was found was found; that of an upgrade counts once its time is over.
    let found = after(|relay, _| {
        relay.pvf_votes = at("votes", vec![PvfVote { sessions: 2, ..vote(vec![(PARA, true)]) }]);
        relay.cut = cut("votes");
    });
    assert_eq!(found.cause, Some(Cause::PvfNotChecked));
}

#[test]
fn a_core_may_come_where_the_assignments_to_come_were_cut_and_none_is_given_twice() {
    for blind in [true, false] {
        let found = after(|relay, _| {
            relay.claim_queue = at("claims", vec![]);
            relay.cores = at("cores", vec![]);
            if blind {
                relay.cut = cut("schedules");
            } else {
                relay.schedules = unread("schedules");
            }
            relay.schedules.name = "schedules".to_owned();
        });
        assert_eq!((found.cause, found.runbooks.len()), (Some(Cause::NoCore), 0), "{}", found.verdict);
        assert!(found.verdict.contains("whether one will be is not known"), "{}", found.verdict);
        assert_eq!(found.unread.len(), 1, "{:?}", found.unread);
    }
}

#[test]
fn requests_that_were_left_out_are_said() {
    let found = after(|relay, _| {
        relay.requests = at("requests", vec![]);
        relay.cut = cut("requests");
    });
    assert!(
        found.also.iter().any(|line| line.contains("256 of the 300 entries of requests")),
        "{:?}",
        found.also
    );
}
