//! The plan: what would be signed, by whom, how dangerous it is, what it costs, and what a person does with it.
//!
//! In: the plan as it was made. Out: rows; long values whole in describe. Must not compose anything.

use super::{Item, Stand, short, stand};
use crate::domain::danger::Class;
use crate::domain::ids::to_hex;
use crate::runbook::compose::Said;
use crate::runbook::plan::{Plan, PlannedCall};
use crate::runbook::show;
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::state::form::Form;
use serde_json::Value;

/// The call data that is signed, as hex, and its name.
///
/// # Errors
/// One sentence why there is none.
pub fn call_data(plan: &Plan) -> Result<(String, String), String> {
    let turn = plan.wrapped.get("turn").and_then(|turn| turn.get("act")).and_then(Value::as_str);
    let approval = plan.wrapped.get("approval").and_then(|a| a.get("call_data")).and_then(Value::as_str);
    match (turn, approval) {
        (Some("wait"), _) => {
            return Err(
                "this signatory has approved already: others must follow, each with its own call data \
                        (sereno plan --sender)"
                    .to_owned(),
            );
        }
        (Some("approve"), Some(data)) => return Ok((data.to_owned(), "approval's call data".to_owned())),
        (Some("approve"), None) => return Err("it has no call data of its approval".to_owned()),
        _ => {}
    }
    if let Some(data) = plan.wrapped.get("call_data").and_then(Value::as_str) {
        return Ok((data.to_owned(), "call data".to_owned()));
    }
    match plan.calls.as_slice() {
        [only] => Ok((to_hex(&only.call_data), "call data".to_owned())),
        [] => Err("this runbook makes no call".to_owned()),
        several => Err(format!("there are {} calls: wrap batch makes one of them", several.len())),
    }
}

/// The title, and why there is nothing.
pub(super) fn title(state: &AppState, form: &Form) -> (Line, (String, String)) {
    let title = Line::of(Role::Title, "plan");
    match stand(state, form) {
        Stand::Ready(plan, _) => {
            let at = format!(" · {} at #{} · read only", plan.chain, format::number(plan.block));
            (
                title.and(Role::Dim, at).and(Role::Dim, " · y call data  Q qr  o link  d whole"),
                Default::default(),
            )
        }
        other => (title, other.why()),
    }
}

/// The rows.
pub(super) fn items(state: &AppState, form: &Form) -> Vec<Item> {
    let Stand::Ready(plan, _) = stand(state, form) else { return Vec::new() };
    let mut out = Vec::new();
    verdict(plan, &mut out);
    for (place, step) in plan.steps.iter().enumerate() {
        match step {
            Said::Call { index } => {
                if let Some(call) = plan.calls.get(*index) {
                    one_call(plan, (place, call), &mut out);
                }
            }
            Said::Wait { text } => push(&mut out, ("wait", place), Line::of(Role::Text, text.as_str()), text),
            Said::Note { text } => push(&mut out, ("note", place), Line::of(Role::Text, text.as_str()), text),
            Said::Manual { text, role, evidence } => {
                let who = role.as_ref().map_or_else(String::new, |role| format!("{role}: "));
                let done = evidence.as_ref().map_or_else(String::new, |e| format!(" Done when: {e}"));
                let text = format!("{who}{text}{done}");
                push(&mut out, ("by hand", place), Line::of(Role::Text, text.as_str()), &text);
            }
        }
    }
    signed(plan, &mut out);
    after(plan, &mut out);
    out
}

/// The place of a line of which there is one.
const ONLY: usize = usize::MAX;

fn push(out: &mut Vec<Item>, (name, place): (&str, usize), line: Line, full: &str) {
    let key = if place == ONLY { name.to_owned() } else { format!("{name} {}", place.saturating_add(1)) };
    let cells = vec![Line::of(Role::Dim, name), line];
    out.push(Item { key, cells, full: vec![(name.to_owned(), full.to_owned())] });
}

fn text(out: &mut Vec<Item>, name: &str, value: &str) {
    push(out, (name, ONLY), Line::of(Role::Text, value), value);
}

fn verdict(plan: &Plan, out: &mut Vec<Item>) {
    let blocked: Vec<&str> = plan.blocked().iter().map(|c| c.id.as_str()).collect();
    if !blocked.is_empty() {
        let why = format!("DO NOT RUN IT: {} does not hold or is unknown", blocked.join(", "));
        push(out, ("verdict", 0), Line::of(Role::Major, why.as_str()), &why);
    }
    if let Ok((data, _)) = call_data(plan) {
        let shown = show::short(&Value::String(data.clone()), 400);
        push(out, ("call data", ONLY), Line::of(Role::Accent, shown), &data);
    }
    let hash = plan.wrapped.get("call_hash").and_then(Value::as_str).map(str::to_owned);
    let hash = hash.or_else(|| match plan.calls.as_slice() {
        [only] => Some(only.call_hash.to_string()),
        _ => None,
    });
    if let Some(hash) = hash {
        text(out, "call hash", &hash);
    }
}

fn class_role(class: Class) -> Role {
    match class {
        Class::Green => Role::Good,
        Class::Amber => Role::Minor,
        Class::Red => Role::Major,
        Class::Root => Role::Critical,
    }
}

fn one_call(plan: &Plan, (place, call): (usize, &PlannedCall), out: &mut Vec<Item>) {
    let args = short(&call.args);
    let name = format!("{}.{}", call.pallet, call.call);
    let line = Line::of(Role::Title, name.as_str()).and(Role::Text, format!(" {args}"));
    let whole = format!("{name} {}", serde_json::to_string(&call.decoded).unwrap_or_default());
    push(out, ("call", place), line, &whole);
    push(out, ("authority", place), Line::of(Role::Text, call.authority.as_str()), &call.authority);
    let why = call.danger_reasons.join("; ");
    let class = call.danger.to_string().to_uppercase();
    let danger = Line::of(class_role(call.danger), class.as_str()).and(Role::Text, format!(" {why}"));
    push(out, ("danger", place), danger, &format!("{class} {why}"));
    let weight = call.weight.map(|w| weight(w.ref_time, w.proof_size));
    let fee = call.fee.as_ref().map(|fee| match (&plan.token, fee.parse()) {
        (Some(token), Ok(planck)) => show::amount(planck, &token.symbol, token.decimals),
        _ => format!("{fee} planck"),
    });
    let unknown = format!("? {}", call.cost_reason.as_deref().unwrap_or("not known"));
    let weight = weight.unwrap_or_else(|| unknown.clone());
    push(out, ("weight", place), Line::of(Role::Text, weight.as_str()), &weight);
    let fee = fee.unwrap_or(unknown);
    push(out, ("fee", place), Line::of(Role::Text, fee.as_str()), &fee);
}

/// `8.100 ms, 3 593 bytes of proof`.
pub(super) fn weight(ref_time: u64, proof_size: u64) -> String {
    let micros = ref_time / 1_000_000;
    let proof = format::number(proof_size);
    format!("{}.{:03} ms of computing, {proof} bytes of proof", micros / 1_000, micros % 1_000)
}

fn signed(plan: &Plan, out: &mut Vec<Item>) {
    let get = |name: &str| plan.wrapped.get(name).and_then(Value::as_str);
    let kind = get("kind").unwrap_or("none");
    if let Some(reason) = get("reason") {
        text(out, "signed", reason);
    } else if kind != "none" {
        let danger = get("danger").unwrap_or("root").to_uppercase();
        let who = get("authority").unwrap_or("not known");
        text(out, "signed", &format!("{kind} · {who} · {danger}"));
    }
    if let Some(approval) = plan.wrapped.get("approval").filter(|a| !a.is_null()) {
        let data = approval.get("call_data").and_then(Value::as_str).unwrap_or_default();
        let shown = format!("all but the last signer: {}", show::short(&Value::String(data.to_owned()), 200));
        push(out, ("approve", ONLY), Line::of(Role::Text, shown), data);
    }
    let notes = plan.wrapped.get("notes").and_then(Value::as_array).into_iter().flatten();
    for (place, note) in notes.enumerate() {
        let note = note.as_str().unwrap_or_default();
        push(out, ("mind", place), Line::of(Role::Minor, note), note);
    }
}

fn after(plan: &Plan, out: &mut Vec<Item>) {
    text(out, "touches", &plan.blast_radius);
    if plan.reversible {
        text(out, "reversible", &format!("yes: {}", plan.undo));
    } else {
        let undo = format!("CANNOT BE TAKEN BACK. {}", plan.undo);
        push(out, ("reversible", ONLY), Line::of(Role::Major, undo.as_str()), &undo);
    }
    if let Some(effective) = &plan.effective {
        let at = plan.effective_at.as_ref().map_or_else(String::new, |at| format!(", about {}", minutes(at)));
        text(out, "in force", &format!("{effective}{at}"));
    }
    text(out, "scope", &plan.scope);
    for (place, line) in plan.verify.iter().enumerate() {
        let when = line.within.as_ref().map_or_else(|| "at once".to_owned(), |w| format!("within {w}"));
        let said = format!("{} ({when})", line.message);
        push(out, ("afterwards", place), Line::of(Role::Text, said.as_str()), &said);
    }
    text(out, "plan hash", &plan.plan_hash.to_string());
    text(out, "valid until", &format!("{}, or until the runtime changes", minutes(&plan.expires)));
    if let Some(link) = plan.links.get("polkadot_js").and_then(Value::as_str) {
        push(out, ("link", ONLY), Line::of(Role::Link, link), link);
    }
    text(
        out,
        "next",
        "nothing was sent: y copies the call data; whoever has the authority decodes it in polkadot-js (o shows the link), \
         compares the call hash, and signs there; each member of a multisig needs call data of its own: sereno plan --sender",
    );
    text(out, "same again", &command(plan));
}

/// `2026-11-20 14:00 UTC`.
fn minutes(at: &str) -> String {
    let at: String = at.replace('T', " ").chars().take(16).collect();
    format!("{at} UTC")
}

/// The command that makes the same plan and keeps it in a file.
fn command(plan: &Plan) -> String {
    let mut out = format!("sereno --network {} plan {}", plan.network, plan.runbook);
    for (name, value) in plan.params.iter().filter(|(name, _)| !plan.defaulted.contains(name)) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.push_str(&format!(" --param {name}='{}'", value.replace('\'', "'\\''")));
    }
    for wrap in &plan.wrap {
        out.push_str(&format!(" --wrap '{wrap}'"));
    }
    out + " --out plan.json"
}
