//! `referendum-new`: a referendum was submitted.
//!
//! In: referenda as last read. Out: info for an hour for each that was submitted since this run began, with its track and call. Must
//! not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::gov::{Body, Governance, Ongoing, Proposal};
use crate::domain::para::Found;
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "referendum-new",
    about: "A referendum was submitted",
    check: |view| Verdict::from(find(view)),
};

/// How long it stays on the screen, milliseconds.
const STAYS_MS: u64 = 3_600_000;
/// Referenda told one by one.
const MOST: usize = 10;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let gov = read(view)?;
    let Some(now) = gov.count.now() else {
        return Err(Clean::of("the block that referenda count by was not read"));
    };
    let mut found = Vec::new();
    for body in &gov.bodies {
        for (index, going) in body.list().iter().rev().filter_map(|r| Some((r.index, r.going()?))) {
            let ago = now.saturating_sub(going.submitted).saturating_mul(view.count_time_ms(gov));
            let at = view.governance_at().minus(ago);
            if ago <= STAYS_MS
                && view.now.since(at) <= STAYS_MS
                && view.is_of_this_run(at)
                && found.len() < MOST
            {
                let block = grouped(going.submitted);
                let summary = format!(
                    "{} submitted in block {block}: {}",
                    name(body, index, going),
                    call(&going.proposal)
                );
                found.push(
                    Finding::new(Severity::Info, at, summary).about(format!("{}-{index}", body.pallet)),
                );
            }
        }
    }
    Ok(found)
}

/// Governance as last read in this run.
pub(super) fn read<'v>(view: &'v View<'_>) -> Result<&'v Governance, Clean> {
    view.sees()?;
    match view.chain.governance.known() {
        Some(known) if known.origin != crate::domain::Origin::Journal => Ok(&known.value),
        _ => Err(view
            .chain
            .unread
            .get("governance")
            .cloned()
            .unwrap_or_else(|| Clean::of("not read yet in this run"))),
    }
}

/// `referendum 7 on whitelisted_caller`.
pub(super) fn name(body: &Body, index: u32, going: &Ongoing) -> String {
    let track = body.track(going.track).map_or_else(|| going.track.to_string(), |t| t.name.to_string());
    let pallet = match body.pallet.as_str() {
        "Referenda" => "referendum".to_owned(),
        other => format!("{} referendum", other.trim_end_matches("Referenda").to_lowercase()),
    };
    format!("{pallet} {index} on track {track}")
}

/// What is proposed, in a few words.
pub(super) fn call(proposal: &Proposal) -> String {
    match &proposal.call {
        Found::Value(judged) => judged.call.path(),
        Found::Absent => format!("a call whose preimage {} nobody has noted", proposal.hash.short()),
        Found::Unread(why) => format!("a call that was not read: {why}"),
    }
}
