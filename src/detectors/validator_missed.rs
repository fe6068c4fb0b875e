//! `validator-missed`: a validator has stopped writing blocks or voting.
//!
//! In: the slots and backing votes of the session in progress. Out: minor per validator from 3 own slots or 10 votes in a
//! row on, major once a third of the set is silent (finality needs two thirds), with name and provider. Votes count in a
//! row among the newest 200 blocks.
//! Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::{AccountId, Clean, Severity, UnixMs};
use std::collections::BTreeMap;

pub(super) const DETECTOR: Detector = Detector {
    id: "validator-missed",
    about: "A validator has stopped writing blocks or voting",
    check: |view| Verdict::from(find(view)),
};

/// Newest blocks that are searched for votes.
const BLOCKS: usize = 200;

/// What a validator has missed without a break.
#[derive(Debug, Clone, Copy, Default)]
struct Missed {
    slots: u64,
    votes: u64,
    /// The oldest block without its vote.
    votes_since: Option<UnixMs>,
}

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    view.sees()?;
    let limits = &view.spec.thresholds;
    let mut missed: BTreeMap<AccountId, Missed> = BTreeMap::new();
    for (stash, slots) in &view.chain.slots.by_author {
        if u64::from(slots.missed_in_a_row) >= limits.validator_missed_slots {
            missed.entry(*stash).or_default().slots = u64::from(slots.missed_in_a_row);
        }
    }
    for (stash, run) in votes_in_a_row(view) {
        if run.votes >= limits.validator_missed_votes {
            let entry = missed.entry(stash).or_default();
            (entry.votes, entry.votes_since) = (run.votes, run.votes_since);
        }
    }
    if missed.is_empty() && view.chain.slots.session.is_none() {
        return Err(Clean::of("the session has not been read yet"));
    }
    let severity = view.severity_of(missed.len());
    let found = missed.into_iter().map(|(stash, missed)| finding(view, &stash, missed, severity));
    Ok(view.bounded(found.collect(), "have stopped writing blocks or voting"))
}

/// The candidates that each validator missed since its last vote, of those whose session figures allow as many.
fn votes_in_a_row(view: &View<'_>) -> BTreeMap<AccountId, Missed> {
    let book = &view.chain.validators;
    let least = view.spec.thresholds.validator_missed_votes;
    let mut open: BTreeMap<AccountId, Missed> = BTreeMap::new();
    for record in book.open_sessions() {
        for (stash, figures) in &record.validators {
            if figures.missed_votes > 0 {
                open.insert(*stash, Missed::default());
            }
        }
    }
    let mut done: BTreeMap<AccountId, Missed> = BTreeMap::new();
    for row in view.chain.blocks.newest_first().take(BLOCKS) {
        if open.is_empty() {
            break;
        }
        let Some(votes) = row.block.votes.as_deref() else { continue };
        let Some(set) = book.sets.get(&votes.session) else { continue };
        for candidate in votes.backing.iter().flatten() {
            for stash in candidate.voted.iter().filter_map(|i| set.value.para_stash(*i)) {
                if let Some(run) = open.remove(&stash)
                    && run.votes >= least
                {
                    done.insert(stash, run);
                }
            }
            for stash in candidate.missed.iter().filter_map(|i| set.value.para_stash(*i)) {
                if let Some(run) = open.get_mut(&stash) {
                    run.votes = run.votes.saturating_add(1);
                    run.votes_since = row.block.timestamp.or(run.votes_since);
                }
            }
        }
    }
    done.extend(open);
    done
}

fn finding(view: &View<'_>, stash: &AccountId, missed: Missed, severity: Severity) -> Finding {
    let mut parts = vec![];
    if missed.slots > 0 {
        parts.push(format!("its last {} slots", missed.slots));
    }
    if missed.votes > 0 {
        parts.push(format!("{} backing votes in a row", missed.votes));
    }
    let summary = format!("{} missed {}", view.who(stash), parts.join(" and "));
    let since = [silent_since(view, stash).filter(|_| missed.slots > 0), missed.votes_since];
    let since = since.into_iter().flatten().min().unwrap_or(view.now);
    Finding::new(severity, since, summary).about(view.address(stash))
}

/// When the first of the slots was missed since its last block: the time of the block that followed it.
fn silent_since(view: &View<'_>, stash: &AccountId) -> Option<UnixMs> {
    let mut since = None;
    for row in view.chain.blocks.newest_first() {
        if row.block.author.as_ref() == Some(stash) {
            break;
        }
        if row.block.missed.iter().any(|m| m.owner.as_ref() == Some(stash)) {
            since = row.block.timestamp.or(since);
        }
    }
    since
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{
        ASSET_HUB, Bed, RELAY, findings, set, stash, unknown, validators, voted,
    };
    use crate::domain::{Fact, MissedSlot, Session, Severity};

    fn block(bed: &mut Bed, number: u64, missed_slot: bool, missed_vote: bool) {
        bed.advance(6_000);
        bed.block_with(RELAY, number, |block| {
            voted(block, 7, if missed_vote { &[0] } else { &[] });
            block.author = Some(stash(1));
            if missed_slot {
                block.missed = vec![MissedSlot { slot: number, owner: Some(stash(3)) }];
            }
        });
    }

    #[test]
    fn three_slots_in_a_row_name_the_validator_and_its_provider() {
        let mut bed = validators();
        for number in 1..=2 {
            block(&mut bed, number, true, false);
        }
        assert_eq!(bed.check("validator-missed", RELAY), Verdict::Quiet);
        block(&mut bed, 3, true, false);
        let found = findings(&bed.check("validator-missed", RELAY));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].summary, "dave (Dwellir) missed its last 3 slots");
        assert_eq!(found[0].severity, Severity::Minor);
        assert_eq!(found[0].since, bed.now.minus(12_500), "the first slot missed");
        for number in 4..=6 {
            bed.advance(6_000);
            bed.block_with(RELAY, number, |block| {
                block.author = Some(stash(1));
                let owners = [stash(3), stash(2)];
                block.missed = owners.map(|owner| MissedSlot { slot: number, owner: Some(owner) }).to_vec();
            });
        }
        let found = findings(&bed.check("validator-missed", RELAY));
        assert!(found.len() == 2 && found.iter().all(|f| f.severity == Severity::Major), "two of four");
        for (number, author) in [(7, 2), (8, 3)] {
            bed.advance(6_000);
            bed.block_with(RELAY, number, |block| block.author = Some(stash(author)));
        }
        assert_eq!(bed.check("validator-missed", RELAY), Verdict::Quiet, "it writes again");
    }

    #[test]
    fn ten_votes_in_a_row_fire_and_one_vote_ends_it() {
        let mut bed = validators();
        for number in 1..=9 {
            block(&mut bed, number, false, true);
        }
        assert_eq!(bed.check("validator-missed", RELAY), Verdict::Quiet);
        block(&mut bed, 10, false, true);
        let found = findings(&bed.check("validator-missed", RELAY));
        assert_eq!(found[0].summary, "dave (Dwellir) missed 10 backing votes in a row");
        assert_eq!(found[0].since, bed.now.minus(54_500));
        block(&mut bed, 11, false, false);
        assert_eq!(bed.check("validator-missed", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_run_of_missed_votes_goes_on_across_a_session() {
        let mut bed = validators();
        for number in 1..=6 {
            block(&mut bed, number, false, true);
        }
        bed.fact(RELAY, Some("a"), Fact::Validators(Box::new(set(8))));
        for number in 7..=12 {
            bed.advance(6_000);
            bed.block_with(RELAY, number, |block| voted(block, 8, &[0]));
        }
        assert!(findings(&bed.check("validator-missed", RELAY))[0].summary.contains("12 backing votes"));
    }

    #[test]
    fn many_at_once_are_one_sentence() {
        let mut bed = validators();
        bed.fact(
            RELAY,
            Some("a"),
            Fact::Session {
                session: Session { index: 7, elapsed: None, length: None },
                at: crate::domain::BlockRef { number: 1, hash: crate::domain::Hash([0; 32]) },
            },
        );
        bed.advance(6_000);
        bed.block_with(RELAY, 1, |block| {
            let slots = (0..120_u8).map(|n| MissedSlot { slot: u64::from(n), owner: Some(stash(n % 40)) });
            block.missed = slots.collect();
        });
        let found = findings(&bed.check("validator-missed", RELAY));
        assert_eq!(found.len(), 1);
        assert!(found[0].summary.starts_with("40 validators have stopped"), "{}", found[0].summary);
    }

    #[test]
    fn unknown_before_a_session_was_read_and_quiet_on_paras() {
        let mut bed = Bed::family();
        assert!(!unknown(&bed.check("validator-missed", RELAY)).is_empty());
        bed.run(RELAY, 3);
        assert_eq!(unknown(&bed.check("validator-missed", RELAY)), "the session has not been read yet");
        assert_eq!(bed.check("validator-missed", ASSET_HUB), Verdict::Quiet);
    }
}
