//! The catalogue, one recipe, and the outcome of `plan verify`, for people.
//!
//! In: recipes, what the chains say of them. Out: text of at most 80 columns, or JSON.

use crate::runbook::Catalogue;
use crate::runbook::plan::{Checked, Difference, Saved};
use crate::runbook::recipe::{Group, Level, ParamKind, Recipe, Step};
use crate::runbook::show::cut;
use crate::runtime::runbooks::Available;
use serde_json::{Value, json};

/// Columns.
const WIDTH: usize = 80;

/// One line a runbook, by group.
pub(super) fn list(all: &Catalogue, available: &[Available]) -> String {
    let mut groups: Vec<Group> = all.all().iter().map(|r| r.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut out = String::new();
    for group in groups {
        out.push_str(&format!("{}\n", group.as_str().to_uppercase()));
        for (recipe, available) in all.all().iter().zip(available).filter(|(r, _)| r.group == group) {
            let mark = match available.yes {
                Some(true) => ' ',
                Some(false) => '-',
                None => '?',
            };
            let row = recipe.row().unwrap_or("");
            let line =
                format!("{mark} {row:<4}{:<6}{:<30} {}", recipe.risk.as_str(), recipe.name(), recipe.title);
            out.push_str(cut(&line, WIDTH).trim_end());
            out.push('\n');
        }
    }
    let mut reasons: Vec<&str> =
        available.iter().filter(|a| a.yes != Some(true)).filter_map(|a| a.reason.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    if !reasons.is_empty() {
        out.push_str("\n- cannot be used here, ? is not known:\n");
        for reason in reasons {
            out.push_str(&format!("  {}\n", cut(reason, WIDTH - 2)));
        }
    }
    out
}

/// Everything about one recipe.
pub(super) fn text(recipe: &Recipe) -> String {
    let mut out = Vec::new();
    let row = recipe.row().map_or_else(String::new, |row| format!(" ({row})"));
    out.push(format!("{}{row}  {}", recipe.name(), recipe.title));
    out.push(format!(
        "{} · risk {} · chain {} · as {}",
        recipe.group.as_str(),
        recipe.risk.as_str(),
        recipe.chain.get_ref(),
        recipe.rehearse_as.get_ref()
    ));
    out.push(String::new());
    wrapped(&mut out, "", &recipe.about);
    out.push(String::new());
    for (name, text) in [("scope", &recipe.scope), ("touches", &recipe.blast_radius), ("undo", &recipe.undo)]
    {
        wrapped(&mut out, &format!("{name:<9}"), text);
    }
    if !recipe.roles.is_empty() {
        wrapped(&mut out, "roles    ", &recipe.roles.join(", "));
    }
    let safe = match recipe.safe_sudo {
        Some(true) => "passes the SafeSudo filter",
        Some(false) => "SafeSudo refuses it: it needs the root key",
        None => "needs no sudo",
    };
    wrapped(&mut out, "sudo     ", safe);
    params(recipe, &mut out);
    if !recipe.checks.is_empty() {
        out.push("\nCHECKS".to_owned());
        for check in &recipe.checks {
            let level = if check.level == Level::Block { "block" } else { "warn " };
            wrapped(&mut out, &format!("  {level} "), check.message.get_ref());
        }
    }
    out.push("\nSTEPS".to_owned());
    for (i, step) in recipe.steps.iter().enumerate() {
        wrapped(&mut out, &format!("  {:>2}. ", i + 1), &step_line(step));
    }
    if !recipe.verify.is_empty() {
        out.push("\nAFTERWARDS".to_owned());
        for line in &recipe.verify {
            let within = line.within.as_ref().map_or("at once", |w| w.get_ref());
            wrapped(&mut out, "  - ", &format!("{} ({within})", line.message.get_ref()));
        }
    }
    out.push(format!("\n  {}", usage(recipe)));
    out.join("\n") + "\n"
}

fn params(recipe: &Recipe, out: &mut Vec<String>) {
    if recipe.params.is_empty() {
        return;
    }
    out.push("\nPARAMETERS".to_owned());
    for param in &recipe.params {
        let kind = match (param.kind, &param.of) {
            (ParamKind::Choice, _) => param.options.join("|"),
            (ParamKind::List, Some(of)) => format!("list of {}", word(*of.get_ref())),
            (kind, _) => word(kind),
        };
        let need = if param.optional || param.default.is_some() { "" } else { ", needed" };
        wrapped(out, &format!("  {:<16} ", param.name.get_ref()), &format!("{} ({kind}{need})", param.about));
    }
}

fn word(kind: ParamKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn step_line(step: &Step) -> String {
    let when = step.when.as_ref().map_or_else(String::new, |when| format!(", if {}", when.get_ref()));
    let origin = step.origin.as_ref().map_or_else(String::new, |origin| format!(" as {}", origin.get_ref()));
    match (&step.call, &step.wait, &step.note, &step.manual) {
        (Some(call), ..) => {
            let args: Vec<&str> = step.args.keys().map(|name| name.get_ref().as_str()).collect();
            format!("{}({}){origin}{when}", call.get_ref(), args.join(", "))
        }
        (None, Some(text), ..) => format!("wait: {}", text.get_ref()),
        (None, None, Some(text), _) => format!("note: {}", text.get_ref()),
        (None, None, None, Some(text)) => {
            format!("by hand ({}): {}", step.role.as_deref().unwrap_or("anybody"), text.get_ref())
        }
        (None, None, None, None) => String::new(),
    }
}

fn usage(recipe: &Recipe) -> String {
    let needed = recipe.params.iter().filter(|p| !p.optional && p.default.is_none());
    let params: String = needed.map(|p| format!(" --param {}=…", p.name.get_ref())).collect();
    format!("sereno plan {}{params}", recipe.name())
}

/// The recipe as JSON.
pub(super) fn json(recipe: &Recipe) -> Value {
    let params: Vec<Value> = (recipe.params.iter())
        .map(|p| {
            json!({ "name": p.name.get_ref(), "type": p.kind, "about": p.about, "options": p.options,
                "of": p.of.as_ref().map(|of| of.get_ref()),
                "required": !p.optional && p.default.is_none() })
        })
        .collect();
    let checks: Vec<Value> = (recipe.checks.iter())
        .map(|c| json!({ "id": c.id.get_ref(), "expr": c.expr.get_ref(), "level": c.level, "message": c.message.get_ref() }))
        .collect();
    let verify: Vec<Value> = (recipe.verify.iter())
        .map(|v| {
            json!({ "expr": v.expr.get_ref(), "when": v.when.get_ref(), "message": v.message.get_ref(),
                "within": v.within.as_ref().map(|w| w.get_ref()) })
        })
        .collect();
    json!({ "schema": 1, "id": recipe.name(), "row": recipe.row(), "title": recipe.title, "group": recipe.group,
        "chain": recipe.chain.get_ref(), "risk": recipe.risk, "scope": recipe.scope, "reversible": recipe.reversible,
        "undo": recipe.undo, "blast_radius": recipe.blast_radius, "roles": recipe.roles,
        "symptoms": recipe.symptoms.iter().map(|s| s.get_ref()).collect::<Vec<_>>(),
        "rehearse_as": recipe.rehearse_as.get_ref(), "safe_sudo": recipe.safe_sudo, "about": recipe.about,
        "effective": recipe.effective.as_ref().map(|e| e.get_ref()), "params": params, "checks": checks,
        "steps": recipe.steps.iter().map(step_line).collect::<Vec<_>>(), "verify": verify })
}

/// What `plan verify` found.
pub(super) fn verified(saved: &Saved, found: &[Difference], blocked: &[&Checked]) -> String {
    let mut out = Vec::new();
    if found.is_empty() {
        out.push(format!("{}: the intent is the same, {}", saved.runbook, saved.plan_hash));
    } else {
        out.push(format!("{}: NOT THE SAME", saved.runbook));
    }
    for difference in found {
        out.push(format!("  {} differs", difference.what));
        wrapped(&mut out, "    planned ", &cut(&difference.planned, 400));
        wrapped(&mut out, "    now     ", &cut(&difference.now, 400));
    }
    for check in blocked {
        let why = check.reason.as_ref().map_or_else(String::new, |why| format!(" (unknown: {why})"));
        wrapped(&mut out, "  blocks  ", &format!("{}{why}", check.message));
    }
    if found.is_empty() && blocked.is_empty() {
        out.push(format!("  valid until {}", saved.expires));
    }
    out.join("\n") + "\n"
}

fn wrapped(out: &mut Vec<String>, first: &str, words: &str) {
    out.extend(crate::runbook::show::wrap(first, words, WIDTH));
}
