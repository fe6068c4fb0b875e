//! Questions about the para's code: votes on it, go-ahead, upgrades that neither come nor go.
//!
//! In: the state of the relay, and whether the para's own node waits for a code. Out: findings. An upgrade that is on its
//! way is no cause.

use super::cause::row;
use super::notes::Notes;
use super::{Case, Cause, Finding, Remedy, capital, queues};
use crate::domain::para::{Cited, GoAhead, Own, Para, PvfVote};
use crate::domain::{Hash, ParaId};

/// Does its registration wait for the validators' check of its code?
pub(super) fn onboarding(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let vote = vote(case, para, notes)?;
    Some(unchecked(case, vote, "is not in force yet"))
}

/// Sessions after which a vote should be over: `pvf_voting_ttl` of the relay's host configuration (ACTIONS A7).
const PVF_TTL: u32 = 2;

/// Does its code wait for it? A para builds on while an upgrade is voted on: only a first code that is missing, or a vote
/// that should be over, explains that nothing is included.
pub(super) fn pvf(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let vote = vote(case, para, notes)?;
    let first = vote.wanted_by.contains(&(para.id, false));
    (first || vote.sessions >= PVF_TTL).then(|| unchecked(case, vote, "waits for its new code"))
}

fn vote<'c>(case: &Case<'c>, para: &Para, notes: &mut Notes) -> Option<&'c PvfVote> {
    votes(case, notes).value()?;
    let found = case.relay.vote_of(para);
    // What was left out may be the one that is looked for.
    if let (None, Some(cut)) = (found, case.relay.cut_of(&case.relay.pvf_votes)) {
        notes.missing("votes on codes", &cut.place, &cut.words());
    }
    found
}

/// True where a vote on its code may stand and nobody can tell: the votes were not read, or not to their end.
pub(super) fn is_blind(case: &Case<'_>, para: &Para, notes: &mut Notes) -> bool {
    let unread = votes(case, notes).unread().is_some();
    let cut = case.relay.cut_of(&case.relay.pvf_votes).is_some();
    unread || (cut && vote(case, para, notes).is_none())
}

/// The votes on codes, of all paras.
pub(super) fn votes<'c>(case: &Case<'c>, notes: &mut Notes) -> &'c Cited<Vec<PvfVote>> {
    notes.read("votes on codes", &case.relay.pvf_votes, |votes| {
        let one = |vote: &PvfVote| {
            format!("{}: {} for, {} against", vote.code_hash, ones(&vote.accept), ones(&vote.reject))
        };
        if votes.is_empty() {
            "none".to_owned()
        } else {
            votes.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    })
}

fn ones(bits: &[bool]) -> usize {
    bits.iter().filter(|bit| **bit).count()
}

/// Votes that decide: more than two thirds.
pub(super) fn enough(voters: usize) -> usize {
    voters - voters.saturating_sub(1) / 3
}

fn unchecked(case: &Case<'_>, vote: &PvfVote, what: &str) -> Finding {
    let (yes, no, all) = (ones(&vote.accept), ones(&vote.reject), vote.accept.len());
    let voted = vote.accept.iter().zip(&vote.reject).map(|(yes, no)| *yes || *no);
    let silent: Vec<u32> =
        voted.enumerate().filter(|(_, voted)| !voted).filter_map(|(i, _)| u32::try_from(i).ok()).collect();
    let mut sentence = format!(
        "{} {what}: validators have not checked it, {yes} of {all} are for it, {no} against, {} are needed, since relay \
         block #{}.",
        capital(&case.title()),
        enough(all),
        vote.since
    );
    if !silent.is_empty() {
        sentence.push_str(&format!(" No vote: {}.", case.validators(&silent)));
    }
    let why = "takes the code without a vote; only for a wasm that is known to compile and that you trust";
    let remedy = Remedy::of(row::TRUST, why).param("validation_code_hash", vote.code_hash);
    Finding::new(Cause::PvfNotChecked, sentence).with(remedy)
}

/// Does the relay wait for the para to apply its code?
pub(super) fn go_ahead(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let signal = notes.read("go-ahead", &para.upgrade.go_ahead, |signal| match signal {
        GoAhead::GoAhead => "GoAhead".to_owned(),
        GoAhead::Abort => "Abort".to_owned(),
    });
    let word = match signal.value()? {
        GoAhead::GoAhead => "apply its new code",
        GoAhead::Abort => "drop its new code",
    };
    notes.read("code to come", &para.upgrade.future_code, Hash::to_string);
    let from = notes.read("block from which it may be applied", &para.upgrade.from, u64::to_string);
    if signal.value() == Some(&GoAhead::GoAhead)
        && (from.unread().is_some() || is_young(case, para, from.value()))
    {
        return None;
    }
    let intro = format!("The relay told {} to {word} and waits for a block that does", case.title());
    let clear = |why: &str| Remedy::of(row::CLEAR, why).param("para", para.id);
    // A go-ahead is normal while an upgrade is on its way: with its node down, the node is the news.
    if matches!(case.own, Own::Silent(..)) {
        return None;
    }
    let own = queues::level(case, para).and_then(|own| {
        let text = "own code that waits";
        notes.own(text, &own.pending_code, (&own.chain, own.state_of), bool::to_string).copied()
    });
    let finding = |sentence: String| Finding::new(Cause::GoAheadWaiting, sentence);
    Some(match own {
        Some(true) => finding(format!("{intro}; its own node has the code and does not build that block."))
            .asking(["what the collators log when they build the block that applies the code".to_owned()]),
        Some(false) => {
            finding(format!("{intro}; its own node has no code to apply, so that collators refuse to build."))
                .with(clear("removes the upgrade that the para does not expect"))
        }
        None => finding(format!("{intro}."))
            .with(clear(
                "removes the upgrade; only where collators say that the go-ahead signal is not expected",
            ))
            .asking(
                ["ParachainSystem.PendingValidationCode of the para: is a code stored there?".to_owned()],
            ),
    })
}

/// True for a go-ahead that cannot be why the para stands: it has not waited longer than a pause that is no reason to
/// worry, or it came when the para had stood that long. Without a block for it, it is left over, and old.
fn is_young(case: &Case<'_>, para: &Para, from: Option<&u64>) -> bool {
    let Some(from) = from else { return false };
    let stood_before = para.context.value().is_some_and(|last| from.saturating_sub(*last) > case.patience);
    case.relay.at.number.saturating_sub(*from) <= case.patience || stood_before
}

/// Does an upgrade neither come nor go?
pub(super) fn future_code(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let upgrade = &para.upgrade;
    let code = notes.read("code to come", &upgrade.future_code, Hash::to_string);
    let from = notes.read("block from which it may be applied", &upgrade.from, u64::to_string);
    // With a go-ahead it is the para's turn, however that question was answered.
    if code.is_absent() && from.is_absent() || para.upgrade.go_ahead.value().is_some() {
        return None;
    }
    let forced =
        notes.read("upgrades at a block, without the para", &case.relay.forced, |all| listed(all, para.id));
    let due = from.value().copied().or_else(|| entry(forced.value()?, para.id));
    if code.unread().is_some() || from.unread().is_some() || forced.unread().is_some() {
        return None;
    }
    let now = case.relay.at.number;
    let what = match (code.value(), due) {
        (Some(_), Some(due)) if due >= now => return None,
        (Some(_), Some(due)) => {
            format!("was due at relay block #{due}, and neither go-ahead nor new code came")
        }
        (Some(_), None) => "is announced, and there is neither a vote on it nor a block for it".to_owned(),
        (None, _) => "has a block and no code: it is left over from an upgrade that was cut off".to_owned(),
    };
    let sentence = format!("The upgrade of {} is stuck: it {what}.", case.title());
    let clear = Remedy::of(row::CLEAR, "removes what is left of the upgrade").param("para", para.id);
    let force = Remedy::of(row::CODE, "sets the code at once, where the para cannot go on without it");
    Some(Finding::new(Cause::FutureCodeStuck, sentence).with(clear).with(force.param("para", para.id)))
}

fn entry(all: &[(ParaId, u64)], para: ParaId) -> Option<u64> {
    all.iter().find(|(id, _)| *id == para).map(|(_, block)| *block)
}

fn listed(all: &[(ParaId, u64)], para: ParaId) -> String {
    entry(all, para)
        .map_or_else(|| "it is not among them".to_owned(), |block| format!("at relay block #{block}"))
}
