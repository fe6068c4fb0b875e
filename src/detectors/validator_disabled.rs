//! `validator-disabled`: the chain has disabled a validator after an offence.
//!
//! In: `Session.DisabledValidators`. Out: minor per validator with name and provider: it keeps its seat, and neither
//! writes blocks nor votes until the era ends. Major once a third of the set is disabled. Must not import anything above
//! `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::{Clean, Origin, Reading};

pub(super) const DETECTOR: Detector = Detector {
    id: "validator-disabled",
    about: "The chain has disabled a validator after an offence",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    view.sees()?;
    let known = match &view.chain.validators.disabled {
        Reading::Known(known) if known.origin != Origin::Journal => known,
        Reading::Known(_) => return Err(Clean::of("not read yet in this run")),
        Reading::Unknown(reason) => return Err(reason.clone()),
    };
    let set = view.chain.validators.current().map(|set| set.value.validators.len());
    let of = set.map_or_else(String::new, |n| format!(", {} of {n} are disabled", known.value.len()));
    let severity = view.severity_of(known.value.len());
    let found = known.value.iter().map(|stash| {
        let who = view.who(stash);
        let summary = format!("{who} is disabled after an offence{of}");
        Finding::new(severity, known.at, summary).about(view.address(stash))
    });
    Ok(view.bounded(found.collect(), "are disabled after offences"))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{RELAY, findings, stash, unknown, validators};
    use crate::domain::{Clean, Fact, Severity};

    #[test]
    fn a_disabled_validator_is_named_until_it_is_back() {
        let mut bed = validators();
        bed.block(RELAY, 1);
        assert_eq!(unknown(&bed.check("validator-disabled", RELAY)), "not read yet");
        bed.fact(RELAY, Some("a"), Fact::Disabled(vec![stash(3)]));
        let found = findings(&bed.check("validator-disabled", RELAY));
        assert_eq!(found[0].summary, "dave (Dwellir) is disabled after an offence, 1 of 4 are disabled");
        assert_eq!(found[0].severity, Severity::Minor);
        bed.fact(RELAY, Some("a"), Fact::Disabled(vec![stash(3), stash(1)]));
        assert_eq!(findings(&bed.check("validator-disabled", RELAY))[0].severity, Severity::Major);
        bed.fact(RELAY, Some("a"), Fact::Disabled(vec![]));
        assert_eq!(bed.check("validator-disabled", RELAY), Verdict::Quiet);
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        let mut bed = validators();
        bed.block(RELAY, 1);
        bed.restore(RELAY, bed.now, Fact::Disabled(vec![stash(3)]));
        assert_eq!(unknown(&bed.check("validator-disabled", RELAY)), "not read yet in this run");
        let unread = Fact::Unread { section: Clean::of("disabled"), reason: Clean::of("no such pallet") };
        bed.fact(RELAY, Some("a"), unread);
        assert_eq!(unknown(&bed.check("validator-disabled", RELAY)), "no such pallet");
    }
}
