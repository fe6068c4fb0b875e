//! `referendum-dangerous`: a referendum that has not ended proposes something that reaches the runtime itself.
//!
//! In: referenda as last read, judged by the deny-by-default classifier. Out: info for what cannot be seen, minor for what is
//! red or as good as the root key (a decision to come makes no chain unstable); nothing once it has ended. Must not import
//! anything above `domain`.

use super::referendum_new::{call, name, read};
use super::{Detector, Finding, Verdict, View};
use crate::domain::danger::Class;
use crate::domain::gov::Proposal;
use crate::domain::gov::phase::Next;
use crate::domain::para::Found;
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "referendum-dangerous",
    about: "A referendum proposes a call that reaches the runtime itself",
    check: |view| Verdict::from(find(view)),
};

/// Referenda told one by one.
const MOST: usize = 10;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let gov = read(view)?;
    let mut found = Vec::new();
    for body in &gov.bodies {
        if let Found::Unread(why) = &body.referenda {
            return Err(why.clone());
        }
        for referendum in body.list().iter().rev() {
            let Some(going) = referendum.going() else { continue };
            let Some((severity, why)) = grave(&going.proposal) else { continue };
            let next = gov.count.now().and_then(|now| body.outlook(referendum, now).next);
            let soon = match next {
                Some((at, what @ (Next::Passes | Next::Confirms))) => {
                    format!("; {} at block {}", what.words(), super::grouped(at))
                }
                _ => String::new(),
            };
            let summary = format!(
                "{} proposes {} as {}: {why}{soon}",
                name(body, referendum.index, going),
                call(&going.proposal),
                going.origin
            );
            if found.len() < MOST {
                let about = format!("{}-{}", body.pallet, referendum.index);
                found.push(Finding::new(severity, view.governance_at(), summary).about(about));
            }
        }
    }
    Ok(found)
}

fn grave(proposal: &Proposal) -> Option<(Severity, String)> {
    match &proposal.call {
        Found::Value(judged) => {
            let severity = match judged.danger.class {
                Class::Root | Class::Red => Severity::Minor,
                Class::Green | Class::Amber => return None,
            };
            Some((
                severity,
                judged.danger.reasons.first().cloned().unwrap_or_else(|| "it reaches the runtime".to_owned()),
            ))
        }
        Found::Absent => Some((
            Severity::Info,
            "nobody has noted its preimage: what cannot be seen counts as dangerous".to_owned(),
        )),
        Found::Unread(_) => Some((Severity::Info, "what cannot be seen counts as dangerous".to_owned())),
    }
}

#[cfg(test)]
mod tests;
