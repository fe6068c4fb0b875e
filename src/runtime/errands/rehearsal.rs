//! The joint between a form and a rehearsal: a call with the origin of its recipe, and what was found as plain text.
//!
//! In: a job. Out: what the console shows. Must not judge what was found.

use crate::app::RehearseJob;
use crate::domain::{AccountId, Clean};
use crate::rehearse::{Change, Method, Origin, Rehearsal, Request};
use crate::runbook::show;
use crate::runtime::compose::Base;
use crate::runtime::{rehearse, sources};
use crate::state::form::{Rehearsed, Told};
use serde_json::{Value, json};

/// Characters of each side of a change: a head is told by its beginning and length.
const SIDE: usize = 120;
/// Characters of the fields of an event.
const FIELDS: usize = 400;

/// Rehearses the call of a plan.
///
/// # Errors
/// One sentence: an origin that cannot be had, or why it could not be rehearsed.
pub(super) fn run(plan: &sources::Plan, base: &Base, job: RehearseJob) -> Result<Rehearsed, String> {
    let request = Request { method: Method::Fork, origin: origin(&job.origin)?, call: job.call, blocks: 0 };
    let found = rehearse::run(plan, base, &job.chain, request)?;
    Ok(told(job.chain.as_str(), &found))
}

/// The origin as the recipe says it.
fn origin(text: &str) -> Result<Origin, String> {
    match text.split_once(':') {
        None if text == "root" => Ok(Origin::Root),
        Some(("signed", who)) => who
            .parse::<AccountId>()
            .map(Origin::Signed)
            .map_err(|_| format!("'{who}' is no account: the call cannot be rehearsed in its name")),
        Some(("parachain", id)) => Err(format!(
            "the origin of para {id} is nobody's signature: only root and accounts are rehearsed"
        )),
        _ => {
            Err("any account may sign this: sereno rehearse --origin ACCOUNT rehearses it as one".to_owned())
        }
    }
}

fn told(chain: &str, found: &Rehearsal) -> Rehearsed {
    let word = |value: Value| value.as_str().unwrap_or_default().replace('_', " ");
    let line = |kind: &str, name: &str, value: &str| Told {
        kind: kind.to_owned(),
        name: Clean::of(name).to_string(),
        value: Clean::of(value).to_string(),
    };
    let mut lines: Vec<Told> = Vec::new();
    lines.extend(found.outcome.layers.iter().map(|layer| {
        let said = if layer.ok { "ok" } else { layer.error.as_deref().unwrap_or("failed") };
        line("layer", &layer.name, said)
    }));
    let mut changes: Vec<(String, &Change)> = found.diff.iter().map(|c| (item(c), c)).collect();
    changes.sort_by(|a, b| a.0.cmp(&b.0));
    lines.extend(changes.iter().map(|(name, change)| {
        let sides = format!("{} → {}", show::short(&change.old, SIDE), show::short(&change.new, SIDE));
        line("change", name, &sides)
    }));
    lines.extend(
        found
            .events
            .iter()
            .map(|e| line("event", &format!("{}.{}", e.pallet, e.name), &show::short(&e.fields, FIELDS))),
    );
    lines.extend(found.logs.iter().map(|log| line("log", &word(json!(log.level)), log.text.as_str())));
    lines.extend(found.caveats.iter().map(|caveat| line("mind", "", caveat)));
    Rehearsed {
        chain: chain.to_owned(),
        call: Clean::of(&found.call).to_string(),
        origin: found.origin.clone(),
        way: format!("{} via {}", word(json!(found.method)), word(json!(found.via))),
        confirmed: found.confirmed_by.map(|second| second.same),
        block: found.block.number,
        ok: found.outcome.ok,
        error: found.outcome.error.as_ref().map(|e| Clean::of(e).to_string()),
        weight: found.weight.map(|w| (w.ref_time, w.proof_size)),
        elapsed_ms: found.elapsed_ms,
        round_trips: found.round_trips,
        lines,
    }
}

/// `Paras.Heads(2000)`; a key that no pallet owns as it is.
fn item(change: &Change) -> String {
    let args: Vec<String> = change.args.iter().map(|arg| show::short(arg, 60)).collect();
    let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
    match (&change.pallet, &change.item) {
        (Some(pallet), Some(item)) => format!("{pallet}.{item}{args}"),
        (None, Some(item)) => item.clone(),
        _ => change.key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_and_accounts_are_origins() {
        assert_eq!(origin("root"), Ok(Origin::Root));
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert_eq!(origin(&format!("signed:{alice}")), Ok(Origin::Signed(alice.parse().unwrap())));
        for (text, why) in [
            ("signed:x", "'x' is no account"),
            ("parachain:2000", "the origin of para 2000 is nobody's signature"),
            ("signed", "any account may sign this"),
        ] {
            assert!(origin(text).unwrap_err().starts_with(why), "{text}");
        }
    }
}
