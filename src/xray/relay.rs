//! Questions about the relay as a whole and about the para's place in it: freeze, lifecycle, context.
//!
//! In: the state of the relay. Out: findings. Must not look at the para's own node.

use super::cause::row;
use super::notes::Notes;
use super::upgrade;
use super::{Case, Cause, Finding, Remedy, capital};
use crate::domain::para::{Lifecycle, Para};

/// Has a dispute stopped the relay?
pub(super) fn frozen(case: &Case<'_>, _: &Para, notes: &mut Notes) -> Option<Finding> {
    let frozen =
        notes.read("dispute freeze", &case.relay.frozen, |at| format!("reverted to relay block #{at}"));
    let at = frozen.value()?;
    let sentence = format!(
        "The relay takes no candidate of any para: a dispute ended against one, and the chain was reverted to block #{at}."
    );
    let why = "ends the freeze; first find out which candidate was invalid, or it is accepted";
    Some(Finding::new(Cause::DisputeFreeze, sentence).with(Remedy::of(row::UNFREEZE, why)))
}

/// Is the para in force?
pub(super) fn lifecycle(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let cited = notes.read("lifecycle", &para.lifecycle, |stage| stage.as_str().to_owned());
    let title = case.title();
    if cited.is_absent() {
        let why = "registers it with head and wasm; afterwards it needs a core (C1)";
        let remedy = Remedy::of(row::REGISTER, why).param("id", para.id);
        let sentence = format!("{} is not registered on this relay.", capital(&title));
        return Some(Finding::new(Cause::NotRegistered, sentence).with(remedy));
    }
    match cited.value()? {
        Lifecycle::Onboarding if upgrade::is_blind(case, para, notes) => None,
        Lifecycle::Onboarding => upgrade::onboarding(case, para, notes).or_else(|| {
            moves(case, para, (Cause::Lifecycle, "is being registered and not in force yet"), notes)
        }),
        stage if stage.is_offboarding() => {
            moves(case, para, (Cause::Offboarding, "is being removed from the relay"), notes)
        }
        _ => None,
    }
}

/// Is it stuck between two stages?
pub(super) fn transition(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let stage = para.lifecycle.value().filter(|stage| stage.is_transition())?;
    notes.read("lifecycle", &para.lifecycle, |stage| stage.as_str().to_owned());
    // While its code is voted on it stands in no list, and that is as it should be.
    if *stage == Lifecycle::Onboarding && upgrade::is_blind(case, para, notes) {
        return None;
    }
    // On its way it is treated as before, so only a stage that nothing ends is worth a word.
    match queued(case, para, notes) {
        Queued::Nowhere => Some(stuck(case, para, Cause::Lifecycle, stage.as_str())),
        Queued::In(_) | Queued::Unread => None,
    }
}

enum Queued {
    /// In the list of this many sessions from now.
    In(usize),
    Nowhere,
    Unread,
}

fn queued(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Queued {
    let mut unread = false;
    for (i, actions) in case.relay.actions.iter().enumerate() {
        let show = |ids: &Vec<_>| {
            format!("{} paras{}", ids.len(), if ids.contains(&para.id) { ", it too" } else { "" })
        };
        notes.read("lifecycles that move on", actions, show);
        if actions.value().is_some_and(|ids| ids.contains(&para.id)) {
            return Queued::In(i + 1);
        }
        unread |= actions.unread().is_some();
    }
    if unread { Queued::Unread } else { Queued::Nowhere }
}

fn moves(
    case: &Case<'_>,
    para: &Para,
    (cause, what): (Cause, &'static str),
    notes: &mut Notes,
) -> Option<Finding> {
    let title = capital(&case.title());
    match queued(case, para, notes) {
        Queued::In(sessions) => {
            let session = case.relay.session.value().copied().unwrap_or_default();
            let due = u32::try_from(sessions).unwrap_or_default().saturating_add(session);
            let finding =
                Finding::new(cause, format!("{title} {what}: it is done when session {due} begins."));
            Some(match cause {
                Cause::Offboarding => finding.with(again(para)),
                _ => finding,
            })
        }
        Queued::Nowhere => Some(stuck(case, para, cause, what)),
        Queued::Unread => None,
    }
}

fn stuck(case: &Case<'_>, para: &Para, cause: Cause, what: &str) -> Finding {
    let sentence = format!("{} is stuck ({what}): no session to come moves it on.", capital(&case.title()));
    let remedy = Remedy::of(row::ACTION, "puts it on the list of the next session").param("para", para.id);
    Finding::new(cause, sentence).with(remedy)
}

fn again(para: &Para) -> Remedy {
    let why = "registers it again once it is gone, where it was not meant to go";
    Remedy::of(row::REGISTER, why).param("id", para.id)
}

/// May any candidate be young enough?
pub(super) fn context(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let cited = notes.read("relay parent of the last candidate", &para.context, u64::to_string);
    let now = case.relay.at.number;
    let context = cited.value().filter(|context| **context > now)?;
    let sentence = format!(
        "Every candidate counts as too old: the most recent context of {} is relay block #{context}, and the relay is at \
         #{now}.",
        case.title()
    );
    let remedy = Remedy::of(row::CONTEXT, "sets it to the relay's own height");
    Some(
        Finding::new(Cause::ContextTooOld, sentence)
            .with(remedy.param("para", para.id).param("context", now)),
    )
}
