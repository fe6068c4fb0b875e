//! `validator-grade`: a validator does not meet PAS-11, 80.00 % of `0.75 · backing + 0.25 · availability`.
//!
//! In: the figures of the newest sessions. Out: minor per validator whose newest session and whose mean of up to 24
//! sessions are below, with letter, ratio and provider. The session in progress counts from 100 blocks with votes on.
//! Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::validator::grade::WINDOW;
use crate::domain::{AccountId, Clean, Score, SessionRecord, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "validator-grade",
    about: "A validator does not meet PAS-11: 80 % of its votes and bitfields",
    check: |view| Verdict::from(find(view)),
};

/// Blocks with votes from which on a session says something.
const ENOUGH: u32 = 100;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    view.sees()?;
    let book = &view.chain.validators;
    let judged: Vec<&SessionRecord> =
        book.sessions().filter(|r| r.with_votes >= ENOUGH).take(WINDOW).collect();
    let Some(newest) = judged.first() else {
        return Err(Clean::of("no session with 100 blocks of votes has been seen yet"));
    };
    if newest.with_bitfields == 0 {
        return Err(Clean::of("availability bitfields have not been read"));
    }
    let below = newest.validators.iter().filter(|(stash, figures)| {
        let newest = Score::of_session(newest, figures).and_then(|s| s.passes());
        newest == Some(false) && mean(&judged, stash).is_some_and(|m| m.passes() == Some(false))
    });
    let found = below.filter_map(|(stash, _)| finding(view, stash, &judged)).collect();
    Ok(view.bounded(found, "do not meet PAS-11 (80 %)"))
}

fn mean(judged: &[&SessionRecord], stash: &AccountId) -> Option<Score> {
    Score::mean(judged.iter().filter_map(|record| record.score(stash)))
}

fn finding(view: &View<'_>, stash: &AccountId, judged: &[&SessionRecord]) -> Option<Finding> {
    let mean = mean(judged, stash)?;
    let (ratio, grade) = (mean.ratio()?, mean.grade()?);
    let summary = format!(
        "{} has grade {}: {:.2} % of votes and bitfields over {} (PAS-11 wants 80 %)",
        view.who(stash),
        grade.letter(),
        ratio * 100.0,
        if mean.sessions == 1 { "one session".to_owned() } else { format!("{} sessions", mean.sessions) },
    );
    let bad =
        |record: &&&SessionRecord| record.score(stash).and_then(|s| s.passes()).is_none_or(|passes| !passes);
    let since = judged.iter().take_while(bad).filter_map(|record| record.started).last();
    let finding = Finding::new(Severity::Minor, since.unwrap_or(view.now), summary);
    Some(finding.about(view.address(stash)))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings, unknown, validators, voted};
    use crate::domain::Severity;

    /// 100 blocks, of which para index 0 missed every `nth` in votes and bitfields.
    fn run(bed: &mut Bed, nth: u64) {
        for number in 1..=100_u64 {
            bed.advance(6_000);
            let missed = number.is_multiple_of(nth);
            bed.block_with(RELAY, number, |block| voted(block, 7, if missed { &[0] } else { &[] }));
        }
    }

    #[test]
    fn half_of_the_votes_is_a_grade_below_pas_11() {
        let mut bed = validators();
        bed.block(RELAY, 0);
        assert!(unknown(&bed.check("validator-grade", RELAY)).starts_with("no session with 100 blocks"));
        run(&mut bed, 2);
        let found = findings(&bed.check("validator-grade", RELAY));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].summary,
            "dave (Dwellir) has grade D: 50.00 % of votes and bitfields over one session (PAS-11 wants 80 %)"
        );
        assert_eq!(found[0].severity, Severity::Minor);
    }

    #[test]
    fn eighty_percent_passes_although_its_letter_is_c_plus() {
        let mut bed = validators();
        run(&mut bed, 5);
        assert_eq!(bed.check("validator-grade", RELAY), Verdict::Quiet);
    }

    #[test]
    fn without_bitfields_there_is_no_grade() {
        let mut bed = validators();
        for number in 1..=100_u64 {
            bed.advance(6_000);
            bed.block_with(RELAY, number, |block| {
                voted(block, 7, &[0]);
                block.votes.as_mut().unwrap().available = None;
            });
        }
        assert_eq!(
            unknown(&bed.check("validator-grade", RELAY)),
            "availability bitfields have not been read"
        );
    }
}
