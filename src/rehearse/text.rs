//! A rehearsal as text: the verdict first, then why, then what changes.
//!
//! In: a [`Rehearsal`]. Out: lines. Everything that came from the chain is made safe and short. Must not compute anything.

use super::{Layer, Rehearsal};
use crate::domain::Clean;
use serde_json::Value;
use std::fmt::Write as _;

/// Longest value shown, in characters.
const MAX_VALUE: usize = 160;

impl Rehearsal {
    /// The lines; `chain` is the chain's id.
    #[must_use]
    pub fn text(&self, chain: &str) -> String {
        let mut out = String::new();
        let verdict = if self.outcome.ok { "OK" } else { "FAILED" };
        let (call, origin, at) = (Clean::of(&self.call), &self.origin, self.block);
        let _ = writeln!(
            out,
            "{verdict}  {call} as {origin} on {chain} at block {} {}",
            at.number,
            at.hash.short()
        );
        if let Some(error) = &self.outcome.error {
            let _ = writeln!(out, "  error      {}", Clean::of(error));
        }
        self.outcome.layers.iter().for_each(|layer| layer_line(&mut out, layer));
        if let Some(second) = self.confirmed_by {
            let same = if second.same { "the same" } else { "NOT the same" };
            let _ = writeln!(out, "  second way {}: {same}", value(&serde_json::json!(second.via)));
        }
        let weight = self.weight.map(|w| {
            let micros = w.ref_time.div_ceil(1_000_000);
            format!(
                "{}.{:03} ms of computing, {} bytes of proof",
                micros / 1_000,
                micros % 1_000,
                w.proof_size
            )
        });
        let _ = writeln!(out, "  weight     {}", weight.as_deref().unwrap_or("not known"));
        section(
            &mut out,
            "events",
            self.events
                .iter()
                .map(|e| format!("{}.{} {}", Clean::of(&e.pallet), Clean::of(&e.name), value(&e.fields))),
        );
        section(
            &mut out,
            "changes",
            self.diff.iter().map(|change| {
                let item = match (&change.pallet, &change.item) {
                    (Some(pallet), Some(item)) => format!("{pallet}.{item}"),
                    (_, Some(item)) => item.clone(),
                    _ => change.key.clone(),
                };
                let args: Vec<String> = change.args.iter().map(value).collect();
                let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
                let (old, new) = (value(&change.old), value(&change.new));
                format!("{}{args}\n    - {old}\n    + {new}", Clean::of(&item))
            }),
        );
        section(
            &mut out,
            "log",
            self.logs.iter().map(|l| format!("{} {}", value(&serde_json::json!(l.level)), l.text)),
        );
        section(&mut out, "mind", self.caveats.iter().map(|c| Clean::of(c).to_string()));
        let _ =
            writeln!(out, "{} ms, {} round trips; nothing was submitted", self.elapsed_ms, self.round_trips);
        out
    }
}

fn layer_line(out: &mut String, layer: &Layer) {
    let said = match &layer.error {
        _ if layer.ok => "ok".to_owned(),
        Some(error) => format!("FAILED {}", Clean::of(error)),
        None => "FAILED".to_owned(),
    };
    let _ = writeln!(out, "  layer      {}: {said}", Clean::of(&layer.name));
}

fn section(out: &mut String, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    if lines.len() == 0 {
        return;
    }
    let _ = writeln!(out, "{title} ({})", lines.len());
    lines.for_each(|line| {
        let _ = writeln!(out, "  {line}");
    });
}

/// A value on one line, shortened.
fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut short: String = text.chars().take(MAX_VALUE).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Clean::of(&short).to_string()
}
