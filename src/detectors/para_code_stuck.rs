//! `para-code-stuck`: the new code of a para may be applied, and is not.
//!
//! In: the upgrades of the paras in the relay's state. Out: major per para whose code was due more than 20 relay blocks ago:
//! the relay says go ahead, and the para does not answer; or the relay does not say it. A para without a core is not waited
//! for: its trouble is another one. Quiet on other chains. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::para::{GoAhead, Para, Paras};
use crate::domain::store::paras::cores;
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "para-code-stuck",
    about: "The new code of a para is due and not applied",
    check: |view| Verdict::from(find(view)),
};

/// Paras named at once; more have one cause.
const MOST: usize = 64;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    let paras = view.paras()?;
    let cores = cores(paras);
    let waited_for = |para: &&Para| {
        cores.as_ref().is_none_or(|cores| cores.contains_key(&para.id)) || is_watched(view, para)
    };
    let found: Vec<Finding> = paras
        .paras
        .values()
        .filter(waited_for)
        .filter_map(|para| judge(view, paras, para))
        .take(MOST)
        .collect();
    let unread = paras.paras.values().filter(waited_for).find_map(|para| {
        let why = para.upgrade.from.unread().or_else(|| para.upgrade.go_ahead.unread())?;
        Some(Clean::of(&format!("the upgrade of {} was not read: {why}", para.id)))
    });
    match unread {
        Some(why) if found.is_empty() => Err(why),
        _ => Ok(found),
    }
}

fn is_watched(view: &View<'_>, para: &Para) -> bool {
    view.network.para(para.id).is_some()
}

fn judge(view: &View<'_>, paras: &Paras, para: &Para) -> Option<Finding> {
    let from = *para.upgrade.from.value()?;
    let late = paras.at.number.checked_sub(from)?;
    let limit = view.spec.thresholds.para_code_blocks;
    if late <= limit {
        return None;
    }
    let name = view.network.para(para.id).map_or("para", |spec| spec.name.as_str());
    let signal = match para.upgrade.go_ahead.value() {
        Some(GoAhead::GoAhead) => "the relay says go ahead, the para does not answer",
        Some(GoAhead::Abort) => "the relay says abort, the para does not answer",
        None => "the relay has not said go ahead",
    };
    let summary = format!(
        "{name} {}: its new code is due since relay block {}, {late} blocks ago (limit {limit}), and not applied: {signal}",
        para.id,
        grouped(from)
    );
    let since = view.time_of(from.saturating_add(limit));
    Some(Finding::new(Severity::Major, since, summary).about(para.id))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{
        ASSET_HUB, Bed, RELAY, cited, findings, para, severity, unknown, unread,
    };
    use crate::domain::para::GoAhead;
    use crate::domain::{Severity, UnixMs};

    const ID: &str = "para-code-stuck";

    #[test]
    fn code_that_is_due_fires_after_twenty_blocks_and_says_whose_turn_it_is() {
        let mut bed = Bed::family();
        bed.run(RELAY, 40);
        let late = |from, go_ahead: Option<GoAhead>| {
            let mut late = para(2_000);
            late.upgrade.from = cited(from);
            late.upgrade.go_ahead = go_ahead.map_or_else(crate::detectors::testbed::absent, cited);
            late
        };
        bed.paras(40, vec![late(20, Some(GoAhead::GoAhead))], |_| {});
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet, "twenty blocks are not too many");
        bed.paras(40, vec![late(19, Some(GoAhead::GoAhead))], |_| {});
        let found = findings(&bed.check(ID, RELAY));
        assert_eq!((found[0].severity, found[0].subject.as_str()), (Severity::Major, "2000"));
        assert!(found[0].summary.contains("does not answer") && found[0].since < bed.now, "{found:?}");
        assert!(found[0].since > UnixMs(0));
        bed.paras(40, vec![late(19, None)], |_| {});
        assert!(findings(&bed.check(ID, RELAY))[0].summary.contains("has not said go ahead"));
        bed.paras(40, vec![late(50, None)], |_| {});
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet, "it is not due");
    }

    #[test]
    fn nobody_waits_for_a_para_without_a_core_unless_the_profile_has_it() {
        let mut bed = Bed::family();
        bed.run(RELAY, 40);
        let late = |id| {
            let mut late = para(id);
            late.upgrade.from = cited(5);
            late
        };
        bed.paras(40, vec![late(2_000)], |paras| paras.claim_queue = cited(vec![]));
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet);
        bed.paras(40, vec![late(1_000)], |paras| paras.claim_queue = cited(vec![]));
        assert_eq!(severity(&bed.check(ID, RELAY)), Some(Severity::Major));
    }

    #[test]
    fn what_was_not_read_is_unknown_and_never_quiet() {
        let mut bed = Bed::family();
        bed.run(RELAY, 80);
        assert_eq!(unknown(&bed.check(ID, RELAY)), "not read yet");
        let mut blind = para(2_000);
        blind.upgrade.from = unread("the node has forgotten the block");
        bed.paras(80, vec![blind], |_| {});
        assert!(unknown(&bed.check(ID, RELAY)).contains("2000 was not read"));
        bed.paras(5, vec![para(2_000)], |_| {});
        assert!(unknown(&bed.check(ID, RELAY)).contains("75 blocks ago"));
        assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
    }
}
