//! A plan for a tired reader: what it does first, then what stands against it, then what to sign; 80 columns.
//!
//! In: a [`Plan`]. Out: text without colours. Call data stands on a line of its own, whole, so that it can be copied.

use super::{Checked, Plan, PlannedCall};
use crate::runbook::compose::Said;
use crate::runbook::recipe::Level;
use crate::runbook::show;
use serde_json::Value;

/// Columns.
const WIDTH: usize = 80;
/// Longest call data that is printed whole, in hex digits.
const MOST_DATA: usize = 4_000;

pub(super) fn of(plan: &Plan) -> String {
    let mut out = Vec::new();
    head(plan, &mut out);
    params(plan, &mut out);
    checks(plan, &mut out);
    reads(plan, &mut out);
    steps(plan, &mut out);
    signed(plan, &mut out);
    after(plan, &mut out);
    verdict(plan, &mut out);
    out.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn head(plan: &Plan, out: &mut Vec<String>) {
    let row = plan.row.as_ref().map_or_else(String::new, |row| format!(" ({row})"));
    let left = format!("{}{row}", plan.runbook);
    let risk = format!("risk {}", plan.risk.as_str().to_uppercase());
    let gap = WIDTH.saturating_sub(left.chars().count() + risk.chars().count());
    out.push(format!("{left}{}{risk}", " ".repeat(gap.max(2))));
    lines(out, "", &plan.title);
    let taken = plan.taken_at.replace('T', " ");
    let taken: String = taken.chars().take(19).collect();
    lines(
        out,
        "",
        &format!("{} {} at block {} · {} · {taken} UTC", plan.network, plan.chain, plan.block, plan.spec),
    );
}

fn section(out: &mut Vec<String>, title: &str) {
    out.push(String::new());
    out.push(title.to_owned());
}

fn params(plan: &Plan, out: &mut Vec<String>) {
    if plan.params.is_empty() {
        return;
    }
    section(out, "PARAMETERS");
    for (name, value) in &plan.params {
        let found = if plan.defaulted.contains(name) { "  (found, not given)" } else { "" };
        pair(out, name, &format!("{}{found}", show::short(value, 400)));
        if let Some(artefact) = plan.artefacts.iter().find(|a| &a.name == name) {
            pair(out, "", &format!("{} bytes, blake2-256 {}", artefact.bytes, artefact.blake2_256));
        }
    }
}

/// What does not hold first.
fn checks(plan: &Plan, out: &mut Vec<String>) {
    let total = plan.checks.len();
    let count = |ok: Option<bool>| plan.checks.iter().filter(|c| c.ok == ok).count();
    let (failed, unknown) = (count(Some(false)), count(None));
    let says = match (total, failed, unknown) {
        (0, ..) => "CHECKS  this runbook has none".to_owned(),
        (_, 0, 0) => format!("CHECKS  all {total} hold"),
        _ => format!("CHECKS  {failed} of {total} do not hold, {unknown} unknown"),
    };
    section(out, &says);
    let rank = |check: &&Checked| match (check.ok, check.level) {
        (Some(false), Level::Block) => 0,
        (None, Level::Block) => 1,
        (Some(false), Level::Warn) => 2,
        (None, Level::Warn) => 3,
        (Some(true), _) => 4,
    };
    let mut sorted: Vec<&Checked> = plan.checks.iter().collect();
    sorted.sort_by_key(rank);
    for check in sorted {
        let mark = match check.ok {
            Some(true) => "ok",
            Some(false) => "NO",
            None => "?",
        };
        let blocks = if check.level == Level::Block && check.ok != Some(true) { " [blocks]" } else { "" };
        lines(out, &format!("  {mark:<4}"), &format!("{}{blocks}", check.message));
        let age = check.age_ms.map_or_else(String::new, |ms| format!("  ({} s old)", ms / 1_000));
        let shown = check.value != Value::Null || check.ok == Some(false);
        if check.ok.is_some() && shown {
            lines(out, "      ", &format!("is {}{age}", show::short(&check.value, 200)));
        }
        if let Some(reason) = &check.reason {
            lines(out, "      ", &format!("unknown: {reason}"));
        } else if check.ok == Some(false) {
            lines(out, "      ", &format!("needs {}", check.expr));
        }
    }
}

/// What was read: what it was before is what an undo needs.
fn reads(plan: &Plan, out: &mut Vec<String>) {
    if plan.reads.is_empty() {
        return;
    }
    section(out, "READ  whole with --json");
    for read in &plan.reads {
        let value = match &read.error {
            Some(error) => format!("unknown: {error}"),
            None => show::short(&read.value, 120),
        };
        pair(out, &read.id, &value);
    }
}

fn steps(plan: &Plan, out: &mut Vec<String>) {
    for (i, step) in plan.steps.iter().enumerate() {
        let title = format!("STEP {} of {}", i + 1, plan.steps.len());
        match step {
            Said::Call { index } => {
                if let Some(call) = plan.calls.get(*index) {
                    section(out, &format!("{title}  {}.{} on {}", call.pallet, call.call, call.chain));
                    one_call(plan, call, out);
                }
            }
            Said::Wait { text } => {
                section(out, &format!("{title}  wait"));
                lines(out, "  ", text);
            }
            Said::Note { text } => {
                section(out, &format!("{title}  note"));
                lines(out, "  ", text);
            }
            Said::Manual { text, role, evidence } => {
                let who = role.as_ref().map_or_else(String::new, |role| format!(" by {role}"));
                section(out, &format!("{title}  by hand{who}"));
                lines(out, "  ", text);
                if let Some(evidence) = evidence {
                    lines(out, "  ", &format!("Done when: {evidence}"));
                }
            }
        }
    }
}

fn one_call(plan: &Plan, call: &PlannedCall, out: &mut Vec<String>) {
    if let Value::Object(args) = &call.args {
        for (name, value) in args {
            pair(out, name, &show::short(value, 400));
        }
    }
    pair(out, "needs", &call.authority);
    let danger = call.danger.to_string().to_uppercase();
    match call.danger_reasons.first() {
        Some(why) => pair(out, "danger", &format!("{danger}: {why}")),
        None => pair(out, "danger", &danger),
    }
    let weight = call.weight.map_or_else(
        || "weight unknown".to_owned(),
        |w| format!("{:.3} ms, {} bytes of proof", millis(w.ref_time), w.proof_size),
    );
    let planck = call.fee.as_ref().and_then(|fee| fee.parse().ok());
    let fee = match (planck, &plan.token) {
        (Some(planck), Some(token)) => format!("fee {}", show::amount(planck, &token.symbol, token.decimals)),
        (Some(planck), None) => format!("fee {planck} planck"),
        (None, _) => "fee unknown".to_owned(),
    };
    pair(out, "costs", &format!("{weight}; {fee}"));
    if let Some(reason) = &call.cost_reason {
        pair(out, "", reason);
    }
    pair(out, "call hash", &call.call_hash.to_string());
    data(out, &crate::domain::ids::to_hex(&call.call_data));
}

/// Picoseconds as milliseconds.
fn millis(ref_time: u64) -> f64 {
    f64::from(u32::try_from(ref_time / 1_000_000).unwrap_or(u32::MAX)) / 1_000.0
}

fn data(out: &mut Vec<String>, hex: &str) {
    if hex.len() <= MOST_DATA {
        out.push("  call data".to_owned());
        out.push(hex.to_owned());
    } else {
        let bytes = (hex.len() - 2) / 2;
        pair(out, "call data", &format!("{bytes} bytes: whole with --out FILE or --json"));
    }
}

fn signed(plan: &Plan, out: &mut Vec<String>) {
    let get = |name: &str| plan.wrapped.get(name).and_then(Value::as_str);
    let kind = get("kind").unwrap_or("none");
    if kind == "none" {
        if let Some(reason) = get("reason") {
            section(out, "SIGN");
            lines(out, "  ", reason);
        }
        return;
    }
    section(out, &format!("SIGN  {kind}"));
    if let Some(who) = get("authority") {
        pair(out, "needs", who);
    }
    pair(out, "danger", &get("danger").unwrap_or("root").to_uppercase());
    let turn = plan.wrapped.get("turn").and_then(|turn| turn.get("act")).and_then(Value::as_str);
    let approval = plan.wrapped.get("approval").and_then(|a| a.get("call_data")).and_then(Value::as_str);
    if let Some(approval) = approval.filter(|hex| *hex != "0x") {
        let now = if turn == Some("approve") {
            "Signed now: the approval by hash."
        } else {
            "All but the last signer approve by hash:"
        };
        lines(out, "  ", now);
        data(out, approval);
        lines(
            out,
            "  ",
            if turn == Some("execute") {
                "Signed now: the whole call."
            } else {
                "The last signer signs the whole call:"
            },
        );
    }
    pair(out, "call hash", get("call_hash").unwrap_or("unknown"));
    data(out, get("call_data").unwrap_or_default());
    for note in plan.wrapped.get("notes").and_then(Value::as_array).into_iter().flatten() {
        lines(out, "  ! ", note.as_str().unwrap_or_default());
    }
}

fn after(plan: &Plan, out: &mut Vec<String>) {
    section(out, "AFTERWARDS");
    for line in &plan.verify {
        let when =
            line.within.as_ref().map_or_else(|| "at once".to_owned(), |within| format!("within {within}"));
        let already = if line.already == Some(true) { "; it holds already, and so says nothing" } else { "" };
        lines(out, "  - ", &format!("{} ({when}{already})", line.message));
    }
    if let Some(effective) = &plan.effective {
        let at = plan.effective_at.as_ref().map_or_else(String::new, |at| {
            let at: String = at.replace('T', " ").chars().take(16).collect();
            format!(", about {at} UTC")
        });
        pair(out, "in force", &format!("{effective}{at}"));
    }
    pair(out, "touches", &plan.blast_radius);
    let undo =
        if plan.reversible { plan.undo.clone() } else { format!("CANNOT BE TAKEN BACK. {}", plan.undo) };
    pair(out, "undo", &undo);
    pair(out, "scope", &plan.scope);
    if let Some(ticket) = &plan.ticket {
        pair(out, "ticket", ticket);
    }
    if let Some(link) = plan.links.get("polkadot_js").and_then(Value::as_str).filter(|l| l.len() <= 400) {
        out.push("  look at it".to_owned());
        out.push(link.to_owned());
    }
}

fn verdict(plan: &Plan, out: &mut Vec<String>) {
    out.push(String::new());
    out.push(format!("plan {}", plan.plan_hash));
    let until: String = plan.expires.replace('T', " ").chars().take(16).collect();
    out.push(format!("valid until {until} UTC, or until the runtime changes"));
    let blocked = plan.blocked();
    if blocked.is_empty() {
        out.push("No check stands against it. Nothing was signed or sent.".to_owned());
    } else {
        let names: Vec<&str> = blocked.iter().map(|c| c.id.as_str()).collect();
        lines(
            out,
            "",
            &format!(
                "DO NOT RUN IT: {} does not hold or is unknown. Nothing was signed or sent.",
                names.join(", ")
            ),
        );
    }
}

/// `  name        value`, the value's further lines below it.
fn pair(out: &mut Vec<String>, name: &str, value: &str) {
    lines(out, &format!("  {name:<13} "), value);
}

fn lines(out: &mut Vec<String>, first: &str, words: &str) {
    out.extend(show::wrap(first, words, WIDTH));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_a_terminal_and_no_word_is_cut() {
        let mut out = Vec::new();
        pair(&mut out, "undo", &"word ".repeat(40));
        pair(&mut out, "hash", &format!("0x{}", "ab".repeat(60)));
        pair(&mut out, "bad", "\u{1b}[2J\u{202e}x");
        assert!(out.iter().take(3).all(|l| l.chars().count() <= WIDTH && l.contains("word")));
        assert!(out[1].starts_with(&" ".repeat(16)), "{out:?}");
        assert!(out.iter().any(|l| l.ends_with(&"ab".repeat(60))));
        assert!(!out.concat().contains('\u{1b}') && !out.concat().contains('\u{202e}'));
        assert!((millis(8_100_000_000) - 8.1).abs() < 0.001);
    }
}
