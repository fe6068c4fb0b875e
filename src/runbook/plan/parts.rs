//! The parts of a plan: checks with their values, what was read, calls with their cost, what is signed.
//!
//! In: [`Ingredients`]. Out: what [`super::Plan`] shows. Must not do I/O.

use super::{Checked, Cost, Ingredients, PlannedCall, ReadValue, Weight};
use crate::domain::danger;
use crate::runbook::compose::{Composed, told};
use crate::runbook::draft::Draft;
use crate::runbook::expr::{Expr, Slot};
use crate::runbook::origin::Origin;
use crate::runbook::recipe::{Check, Read};
use crate::runbook::show;
use crate::runbook::verify::is_meant;
use serde_json::{Value, json};

pub(super) fn checks(from: &Ingredients<'_>) -> Vec<Checked> {
    let draft = from.draft;
    let prefix = from.chains.first().and_then(|c| c.ss58_prefix);
    let one = |check: &Check| {
        let source = check.expr.get_ref();
        let compiled = Expr::compile(source);
        let (ok, reason) = match &compiled {
            Ok(expr) => match expr.holds(&draft.scope) {
                Ok(yes) => (Some(yes), None),
                Err(failed) => (None, Some(failed.why)),
            },
            Err(why) => (None, Some(why.clone())),
        };
        let shown = check.value.as_ref().and_then(|value| Expr::compile(value.get_ref()).ok());
        let names: Vec<String> =
            compiled.as_ref().map(|expr| expr.uses().names.iter().cloned().collect()).unwrap_or_default();
        let value = match &shown {
            Some(expr) => expr.value(&draft.scope).map_or(Value::Null, |node| show::json(&node, prefix)),
            None => mentioned(draft, &names, prefix),
        };
        Checked {
            id: check.id.get_ref().clone(),
            expr: source.clone(),
            ok,
            level: check.level,
            message: told(check.message.get_ref(), draft),
            value,
            block: oldest(draft, &names),
            age_ms: names.iter().filter_map(|name| age(from, name)).max(),
            reason,
        }
    };
    let meant = |check: &&Check| is_meant(check.only.as_ref(), &draft.scope);
    draft.recipe().checks.iter().filter(meant).map(one).collect()
}

/// What an expression mentions: the one read in it, or all of them by name; parameters where it has no read.
fn mentioned(draft: &Draft<'_>, names: &[String], prefix: Option<u16>) -> Value {
    let read: Vec<&String> = names.iter().filter(|n| draft.recipe().read(n).is_some()).collect();
    let names = if read.is_empty() { names.iter().collect() } else { read };
    let value = |name: &str| match draft.scope.slots.get(name) {
        Some(Slot::Known { node, .. }) => show::json(node, prefix),
        _ => Value::Null,
    };
    match names.as_slice() {
        [] => Value::Null,
        [one] => value(one),
        several => Value::Object(several.iter().map(|name| ((*name).clone(), value(name))).collect()),
    }
}

/// The block of the oldest of these values, by its own time.
fn oldest(draft: &Draft<'_>, names: &[String]) -> Option<u64> {
    let seen = names.iter().filter_map(|name| draft.seen().get(name));
    seen.filter_map(|seen| Some((seen.stamp, seen.block?.number))).min().map(|(_, number)| number)
}

fn age(from: &Ingredients<'_>, name: &str) -> Option<i64> {
    let stamp = from.draft.seen().get(name)?.stamp?;
    Some(from.now.0.saturating_sub(stamp.0).max(0))
}

pub(super) fn reads(from: &Ingredients<'_>, prefix: Option<u16>) -> Vec<ReadValue> {
    let one = |read: &Read| {
        let id = read.id.get_ref();
        let seen = from.draft.seen().get(id);
        let (value, error) = match from.draft.scope.slots.get(id) {
            Some(Slot::Known { node, .. }) => (show::json(node, prefix), None),
            Some(Slot::Unknown(why)) => (Value::Null, Some(why.clone())),
            None => (Value::Null, Some("it was not read".to_owned())),
        };
        ReadValue {
            id: id.clone(),
            chain: seen.map(|s| s.chain.to_string()),
            source: seen.map(|s| s.source.clone()),
            block: seen.and_then(|s| s.block).map(|b| b.number),
            age_ms: age(from, id),
            value,
            error,
        }
    };
    from.draft.recipe().reads.iter().map(one).collect()
}

pub(super) fn calls(from: &Ingredients<'_>) -> Vec<PlannedCall> {
    let unknown = Cost { weight: Err("it was not asked for".to_owned()), fee: Err(String::new()) };
    let costs = from.costs.iter().chain(std::iter::repeat(&unknown));
    let one = |(made, cost): (&Composed, &Cost)| {
        let chain = made.target.to_string();
        let prefix = from.chains.iter().find(|c| c.id == chain).and_then(|c| c.ss58_prefix);
        let danger = danger::judge(&made.call);
        let reasons = [cost.weight.as_ref().err(), cost.fee.as_ref().err()];
        PlannedCall {
            chain,
            pallet: made.call.pallet.clone(),
            call: made.call.name.clone(),
            args: show::args(&made.call, prefix),
            decoded: show::decoded(&made.call, prefix),
            call_data: made.data.clone(),
            call_hash: made.hash,
            weight: cost.weight.as_ref().ok().map(|w| Weight { ref_time: w.0, proof_size: w.1 }),
            fee: cost.fee.as_ref().ok().map(ToString::to_string),
            cost_reason: reasons.into_iter().flatten().next().cloned(),
            danger: danger.class,
            danger_reasons: danger.reasons,
            authority: Origin::parse(&made.origin).to_string(),
            origin: made.origin.clone(),
        }
    };
    from.composition.calls.iter().zip(costs).map(one).collect()
}

pub(super) fn wrapped(from: &Ingredients<'_>, prefix: Option<u16>) -> Value {
    match from.wrapped {
        Some(wrapped) => json!({
            "kind": wrapped.kind,
            "decoded": show::decoded(&wrapped.decoded, prefix),
            "call_data": crate::domain::ids::to_hex(&wrapped.call_data),
            "intended": wrapped.intended.as_ref().map(|bytes| crate::domain::ids::to_hex(bytes)),
            "call_hash": wrapped.call_hash,
            "authority": wrapped.authority,
            "danger": danger::judge(&wrapped.decoded).class,
            "approval": wrapped.approval.as_ref().map(|a| json!({
                "account": prefix.map_or_else(|| a.account.to_string(), |p| a.account.ss58(p)),
                "decoded": a.decoded.as_ref().map(|call| show::decoded(call, prefix)),
                "call_data": crate::domain::ids::to_hex(&a.call_data),
                "approves": a.approves,
            })),
            "turn": wrapped.turn.as_ref().map(|turn| json!({
                "sender": prefix.map_or_else(|| turn.sender.to_string(), |p| turn.sender.ss58(p)),
                "act": turn.act,
                "approved": turn.approved,
                "threshold": turn.threshold,
            })),
            "notes": wrapped.notes,
        }),
        None => json!({ "kind": "none", "decoded": null, "call_data": null, "call_hash": null,
            "reason": from.unwrapped }),
    }
}

pub(super) fn links(from: &Ingredients<'_>) -> Value {
    match &from.links {
        Some(links) => json!({ "polkadot_js": links.polkadot_js, "papi": links.papi }),
        None => json!({ "polkadot_js": null, "papi": null }),
    }
}
