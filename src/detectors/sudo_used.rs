//! `sudo-used`: somebody used the sudo key, of the chain or as another account.
//!
//! In: uses of the key that were seen in this run. Out: info for an hour for each, with the call and how it ended; minor where a call
//! inside failed. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::gov::sudo::{Outcome, SudoUse};
use crate::domain::para::Found;
use crate::domain::{Clean, Observed, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "sudo-used",
    about: "The sudo key was used: with which call, and how it ended",
    check: |view| Verdict::from(find(view)),
};

/// How long it stays on the screen, milliseconds.
const STAYS_MS: u64 = 3_600_000;
/// Uses told one by one.
const MOST: usize = 8;
/// Calls named of one use.
const NAMED: usize = 4;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    // What a block of an hour ago says is an hour old, whenever it was read.
    let happened = |used: &Observed<SudoUse>| used.value.stamped.unwrap_or(used.at);
    let fresh = |used: &&Observed<SudoUse>| {
        view.now.since(happened(used)) <= STAYS_MS && view.is_of_this_run(used.at)
    };
    let recent = view.chain.sudo.iter().rev().filter(fresh);
    Ok(recent.take(MOST).map(|used| finding(view, &used.value, happened(used))).collect())
}

fn finding(view: &View<'_>, used: &SudoUse, at: crate::domain::UnixMs) -> Finding {
    let calls: Vec<String> = inner_calls(used).take(NAMED).collect();
    let what = match (&used.call, calls.is_empty()) {
        (Found::Unread(why), _) => format!("with a call that was not read: {why}"),
        (_, true) => format!("({})", join(&used.events)),
        _ => format!("for {}", calls.join(", ")),
    };
    let all = inner_calls(used).count() + usize::try_from(used.more).unwrap_or(0);
    let more = match all.saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let who = used.signer.map(|who| format!(" by {}", view.who(&who))).unwrap_or_default();
    let ended = match (used.failed(), used.steps.iter().any(|s| s.outcome == Outcome::Unknown)) {
        (0, false) if used.steps.is_empty() => "; how it ended was not read".to_owned(),
        (0, false) => "; all of it worked".to_owned(),
        (0, true) => "; of a part no event tells how it ended".to_owned(),
        (n, _) => format!("; {n} of its calls failed{}", first_error(used)),
    };
    let summary = format!("sudo used{who} in block {} {what}{more}{ended}", grouped(used.at.number));
    let severity = if used.failed() > 0 { Severity::Minor } else { Severity::Info };
    let place = used.extrinsic.map_or_else(|| "hook".to_owned(), |n| n.to_string());
    Finding::new(severity, at, summary).about(format!("{}-{place}", used.at.number))
}

/// The calls that carry no other, with their results.
fn inner_calls(used: &SudoUse) -> impl Iterator<Item = String> {
    let deeper = |i: usize, depth: u8| used.steps.get(i + 1).is_some_and(|next| next.depth > depth);
    used.steps.iter().enumerate().filter(move |(i, step)| !deeper(*i, step.depth)).map(
        |(_, step)| match &step.outcome {
            Outcome::Done => step.path.to_string(),
            other => format!("{} ({})", step.path, other.words()),
        },
    )
}

fn first_error(used: &SudoUse) -> String {
    let error = used.steps.iter().find_map(|step| match &step.outcome {
        Outcome::Failed(error) => Some(error),
        _ => None,
    });
    error.map_or_else(String::new, |e| format!(", the first with {e}"))
}

fn join(names: &[Clean]) -> String {
    names.iter().map(Clean::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings};
    use crate::domain::gov::sudo::{Outcome, Step, SudoUse};
    use crate::domain::para::Found;
    use crate::domain::{AccountId, BlockRef, Clean, Fact, Hash, Severity};

    fn used(steps: Vec<(u8, &str, Outcome)>) -> Fact {
        let step =
            |(depth, path, outcome): (u8, &str, Outcome)| Step { depth, path: Clean::of(path), outcome };
        Fact::Sudo(Box::new(SudoUse {
            at: BlockRef { number: 7, hash: Hash([7; 32]) },
            stamped: None,
            extrinsic: Some(2),
            events: vec![Clean::of("Sudid")],
            signer: Some(AccountId([9; 32])),
            call: Found::Absent,
            steps: steps.into_iter().map(step).collect(),
            more: 0,
        }))
    }

    fn bed() -> Bed {
        let mut bed = Bed::family();
        bed.run(RELAY, 8);
        bed
    }

    #[test]
    fn a_batch_with_a_failure_inside_is_minor_and_names_it() {
        let mut bed = bed();
        let failed = Outcome::Failed(Clean::of("Paras.NotRegistered"));
        let steps = vec![
            (0, "Sudo.sudo", Outcome::Done),
            (1, "Utility.batch", Outcome::Done),
            (2, "Paras.force_set_current_head", failed),
            (2, "System.remark", Outcome::NotRun),
        ];
        bed.fact(RELAY, Some("a"), used(steps));
        let found = findings(&bed.check("sudo-used", RELAY));
        assert_eq!(found[0].severity, Severity::Minor);
        let text = &found[0].summary;
        for part in
            ["failed: Paras.NotRegistered", "System.remark (not run)", "1 of its calls failed", "block 7"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        bed.fact(
            RELAY,
            Some("a"),
            used(vec![(0, "Sudo.sudo", Outcome::Done), (1, "System.set_code", Outcome::Done)]),
        );
        let found = findings(&bed.check("sudo-used", RELAY));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info), "the same extrinsic, read again");
        assert!(found[0].summary.contains("for System.set_code; all of it worked"), "{}", found[0].summary);
        bed.advance(3_600_001);
        assert_eq!(bed.check("sudo-used", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_use_that_could_not_be_decoded_is_told_all_the_same() {
        let mut bed = bed();
        let Fact::Sudo(mut one) = used(vec![]) else { unreachable!() };
        one.call = Found::Unread(Clean::of("the node does not have the block's body"));
        bed.fact(RELAY, Some("a"), Fact::Sudo(one));
        let text = findings(&bed.check("sudo-used", RELAY))[0].summary.clone();
        assert!(text.contains("does not have the block's body") && text.contains("was not read"), "{text}");
    }
}
