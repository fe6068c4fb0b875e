//! `dispute`: validators disagree about a parachain block.
//!
//! In: the relay's disputes and its frozen flag. Out: major while a dispute is open; critical where it was concluded
//! against the candidate (two thirds of the session's validators) or the chain is frozen. Quiet on other chains.
//! Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::{Clean, Dispute, Origin, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "dispute",
    about: "Validators disagree about a parachain block",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    view.sees()?;
    let known = match &view.chain.disputes {
        crate::domain::Reading::Known(known) if known.origin != Origin::Journal => &known.value,
        crate::domain::Reading::Known(_) => return Err(Clean::of("not read yet in this run")),
        crate::domain::Reading::Unknown(reason) => return Err(reason.clone()),
    };
    let frozen = known.frozen.map(|at| {
        let summary = format!("is frozen by a dispute: it takes no para blocks after {}", grouped(at));
        Finding::new(Severity::Critical, view.time_of(at), summary).about("frozen").blocking()
    });
    Ok(frozen.into_iter().chain(known.all.iter().filter_map(|d| judge(view, d))).collect())
}

fn judge(view: &View<'_>, dispute: &Dispute) -> Option<Finding> {
    let invalid = dispute.concluded.is_some() && is_against(dispute);
    let (severity, word) = match (dispute.concluded, invalid) {
        (None, _) => (Severity::Major, "open"),
        (Some(_), true) => (Severity::Critical, "concluded against the candidate"),
        (Some(_), false) => return None,
    };
    let of = dispute.validators.map_or_else(|| "?".to_owned(), |n| n.to_string());
    let summary = format!(
        "has a dispute {word}: candidate {}, {} for and {} against of {of}",
        dispute.candidate.short(),
        dispute.votes_for,
        dispute.votes_against
    );
    Some(Finding::new(severity, view.time_of(dispute.started), summary).about(dispute.candidate.short()))
}

/// The supermajority of the relay chain (`n - (n - 1) / 3`) voted against; where the number of validators was not
/// read, more against than for.
fn is_against(dispute: &Dispute) -> bool {
    match dispute.validators {
        Some(n) => dispute.votes_against >= n - n.saturating_sub(1) / 3,
        None => dispute.votes_against > dispute.votes_for,
    }
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, findings, unknown};
    use crate::domain::{Clean, Dispute, Fact, Hash, Severity};

    fn with(concluded: Option<u64>, against: u32, validators: Option<u32>, frozen: Option<u64>) -> Fact {
        let dispute = Dispute {
            session: 1,
            candidate: Hash([7; 32]),
            votes_for: 1,
            votes_against: against,
            started: 8,
            concluded,
            validators,
        };
        Fact::Disputes { disputes: vec![dispute], frozen }
    }

    #[test]
    fn open_is_major_and_concluded_invalid_or_frozen_is_critical() {
        for (fact, expected) in [
            (with(None, 3, Some(4), None), vec![Severity::Major]),
            (with(Some(9), 2, Some(4), None), vec![]),
            (with(Some(9), 3, Some(4), None), vec![Severity::Critical]),
            (with(Some(9), 2, None, None), vec![Severity::Critical]),
            (with(Some(9), 1, None, None), vec![]),
            (with(None, 1, Some(4), Some(5)), vec![Severity::Critical, Severity::Major]),
        ] {
            let mut bed = Bed::family();
            bed.run(RELAY, 10);
            bed.fact(RELAY, Some("a"), fact.clone());
            let found = findings(&bed.check("dispute", RELAY));
            assert_eq!(found.iter().map(|f| f.severity).collect::<Vec<_>>(), expected, "{fact:?}");
        }
    }

    #[test]
    fn the_subject_is_the_candidate_and_it_began_with_its_relay_block() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        bed.fact(RELAY, Some("a"), with(None, 3, Some(4), None));
        let found = findings(&bed.check("dispute", RELAY));
        assert_eq!((found[0].subject.as_str(), found[0].since), ("0x0707…0707", bed.now.minus(12_000)));
    }

    #[test]
    fn unread_disputes_are_unknown_and_other_chains_are_quiet() {
        let mut bed = Bed::family();
        bed.run(RELAY, 10);
        assert_eq!(unknown(&bed.check("dispute", RELAY)), "not read yet");
        let unread = Fact::Unread { section: Clean::of("disputes"), reason: Clean::of("no such pallet") };
        bed.fact(RELAY, Some("a"), unread);
        assert_eq!(unknown(&bed.check("dispute", RELAY)), "no such pallet");
        assert_eq!(bed.check("dispute", ASSET_HUB), Verdict::Quiet);
    }
}
