//! The diagnosis for people: verdict first, then what it rests on, then what to do.
//!
//! In: a [`Diagnosis`]. Out: lines. Everything from outside is made safe to show. Must not judge.

use super::{Diagnosis, Outcome};
use crate::domain::Clean;
use std::fmt::Write as _;

impl Diagnosis {
    /// The text of `sereno xray`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let word = match (self.outcome, self.cause) {
            (Outcome::Cause, Some(cause)) => cause.as_str(),
            (Outcome::Healthy, _) => "healthy",
            _ => "unknown",
        };
        let name = self.name.as_ref().map_or_else(String::new, |name| format!(" · {name}"));
        let _ = writeln!(
            out,
            "Para {}{name} · relay block #{} {}",
            self.para_id,
            self.block,
            self.block_hash.short()
        );
        let _ = writeln!(out, "{word}: {}", Clean::of(&self.verdict));
        self.facts_text(&mut out);
        list(&mut out, "Also", &self.also);
        self.remedies_text(&mut out);
        list(&mut out, "Ask", &self.ask);
        if let Some(reply) = &self.reply {
            // Longer than one line of other texts: it is to be sent as it is.
            let _ = writeln!(out, "\nOut of scope (PAS-2). Reply:");
            for sentence in reply.split_inclusive(". ") {
                let _ = writeln!(out, "  {}", Clean::of(sentence.trim_end()));
            }
        }
        out
    }

    fn facts_text(&self, out: &mut String) {
        if !self.facts.is_empty() {
            let _ = writeln!(out, "\nFacts");
        }
        for fact in &self.facts {
            let age = match fact.age_ms {
                Some(ms) => format!(", {} s old", ms / 1_000),
                None => String::new(),
            };
            let _ = writeln!(out, "  {}: {}", fact.text, Clean::of(&fact.value));
            let _ = writeln!(out, "    {} at {} #{}{age}", Clean::of(&fact.name), fact.chain, fact.block);
            let _ = writeln!(out, "    {}", Clean::of(&fact.key));
        }
        if !self.unread.is_empty() {
            let _ = writeln!(out, "\nNot read");
        }
        for unread in &self.unread {
            let _ = writeln!(out, "  {}: {} ({})", unread.text, Clean::of(&unread.name), unread.reason);
        }
    }

    fn remedies_text(&self, out: &mut String) {
        if self.outcome != Outcome::Cause {
            return;
        }
        if self.runbooks.is_empty() {
            let _ = writeln!(out, "\nRemedy: none on the relay.");
            return;
        }
        let _ = writeln!(out, "\nRemedy");
        for remedy in &self.runbooks {
            let _ = writeln!(out, "  {} {}: {}", remedy.row, remedy.id, Clean::of(&remedy.why));
            let params: String =
                remedy.params.iter().map(|(name, value)| format!(" --param {name}={value}")).collect();
            let _ = writeln!(out, "    sereno plan row:{}{params}", remedy.row);
        }
    }
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for line in lines {
        let _ = writeln!(out, "  {}", Clean::of(line));
    }
}
