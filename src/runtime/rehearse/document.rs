//! What a rehearsed runbook shows: its checks before, the calls as one, its lines afterwards.
//!
//! In: a plan's checks, what was [`Played`], the recipe. Out: a [`Document`], whose fields are those of CONTRACT and more, and
//! its text. A line that must hold at once and does not is a failure. Must not run or read anything.

use super::play::{Answers, Arrived, Played};
use crate::domain::{Clean, UnixMs};
use crate::rehearse::{Change, Later, Layer, Rehearsal, Weight};
use crate::runbook::compose::told;
use crate::runbook::draft::Draft;
use crate::runbook::expr::{Scope, Slot};
use crate::runbook::plan::Checked;
use crate::runbook::recipe::{Level, When};
use crate::runbook::verify::{self, Line};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A rehearsed runbook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// All calls as one.
    #[serde(flatten)]
    pub whole: Rehearsal,
    /// The runbook.
    pub runbook: String,
    /// The row it answers.
    pub row: Option<String>,
    /// One line.
    #[serde(skip)]
    pub title: String,
    /// The chain on which the calls are made.
    pub chain: String,
    /// When it was made.
    pub taken_at: String,
    /// What must hold before.
    pub checks: Vec<Checked>,
    /// Each call by itself.
    pub calls: Vec<Part>,
    /// Messages that left for other chains.
    pub messages: Vec<Message>,
    /// What must hold afterwards.
    pub verify: Vec<Afterwards>,
    /// So many empty blocks were built after the calls.
    pub blocks: u32,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `Paras.force_set_current_head`.
    pub call: String,
    /// In whose name.
    pub origin: String,
    /// Whether it works.
    pub ok: bool,
    /// Why not.
    pub error: Option<String>,
}

/// A message that left for another chain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Where to.
    pub to: String,
    /// Whether it does there what it should; null: not known.
    pub ok: Option<bool>,
    /// Why that is not known.
    pub reason: Option<String>,
    /// What it does there.
    pub found: Option<Rehearsal>,
}

/// A line of `verify`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Afterwards {
    /// The line and how it stands.
    #[serde(flatten)]
    pub line: Line,
    /// So many blocks after the calls.
    pub after_blocks: u32,
}

/// The lines of `when` over what is stored now.
#[must_use]
pub fn judged(draft: &Draft<'_>, answers: &Answers, events: Vec<String>, when: When) -> Vec<Line> {
    let slots = &draft.scope.slots;
    let mut scope = Scope { before: slots.clone(), events: Some(events), ..draft.scope.clone() };
    for (wanted, value) in answers {
        let slot = match value {
            Ok((node, absent)) => {
                Slot::Known { node: node.clone(), balance: wanted.balance, absent: *absent }
            }
            Err(why) => Slot::Unknown(why.clone()),
        };
        scope.slots.insert(wanted.id.clone(), slot);
    }
    let mut lines = verify::judge(draft.recipe(), when, &scope);
    lines.iter_mut().for_each(|line| line.message = told(&line.message, draft));
    lines
}

impl Document {
    /// Puts it together. `how` says in whose name, where that is more than an origin.
    #[must_use]
    pub fn of(
        draft: &Draft<'_>,
        (chain, now): (String, UnixMs),
        checks: Vec<Checked>,
        (played, blocks): (Played, u32),
        calls: usize,
    ) -> Option<Self> {
        let Played { parts, arrived, now: answers, later } = played;
        let recipe = draft.recipe();
        let names = |parts: &[Rehearsal]| -> Vec<String> {
            parts.iter().flat_map(|p| &p.events).map(|e| format!("{}.{}", e.pallet, e.name)).collect()
        };
        let mut events = names(&parts);
        let mut lines: Vec<Afterwards> = judged(draft, &answers, events.clone(), When::Now)
            .into_iter()
            .map(|line| Afterwards { line, after_blocks: 0 })
            .collect();
        let (end, after_blocks) = match &later {
            Some((later, end)) => {
                events.extend(later.events.iter().map(|e| format!("{}.{}", e.pallet, e.name)));
                (end, blocks)
            }
            None => (&answers, 0),
        };
        let waits = judged(draft, end, events, When::Later).into_iter();
        lines.extend(waits.map(|line| Afterwards { line, after_blocks }));
        let one = |part: &Rehearsal| Part {
            call: part.call.clone(),
            origin: part.origin.clone(),
            ok: part.outcome.ok,
            error: part.outcome.error.clone(),
        };
        let told: Vec<Part> = parts.iter().map(one).collect();
        let mut whole = together(parts)?;
        if told.len() < calls {
            whole.caveats.push(format!(
                "{} of {calls} calls were rehearsed: those after a failure were not",
                told.len()
            ));
        }
        let messages: Vec<Message> = arrived.into_iter().map(|one| message(one, &mut whole)).collect();
        if let Some((later, _)) = later {
            brought(&mut whole, later, blocks);
        }
        stands(&mut whole, &lines);
        against(&mut whole, &checks);
        Some(Self {
            whole,
            runbook: recipe.name().to_owned(),
            row: recipe.row().map(str::to_owned),
            title: recipe.title.clone(),
            chain,
            taken_at: now.rfc3339(),
            checks,
            calls: told,
            messages,
            verify: lines,
            blocks: after_blocks,
        })
    }

    /// Exit status of the command: 1 where a call fails, or changes not what it should.
    #[must_use]
    pub fn exit(&self) -> u8 {
        u8::from(!self.whole.outcome.ok)
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let row = self.row.as_ref().map_or_else(String::new, |row| format!(" ({row})"));
        let mut out = format!("{}{row}: {}\n", self.runbook, self.title);
        let _ = writeln!(out, "checks ({})", self.checks.len());
        for check in &self.checks {
            let said = match (check.ok, check.level) {
                (Some(true), _) => "yes",
                (Some(false), Level::Block) => "NO",
                (Some(false), Level::Warn) => "no",
                (None, _) => "?",
            };
            let age = check.age_ms.map_or_else(String::new, |ms| format!(", {} s old", ms / 1_000));
            let value = crate::runbook::show::short(&check.value, 60);
            let _ = writeln!(out, "  {said:<4} {} [{value}{age}]", Clean::of(&check.message));
        }
        out.push_str(&self.whole.text(&self.chain));
        for message in &self.messages {
            let said = match (message.ok, &message.reason) {
                (Some(true), _) => "works there".to_owned(),
                (Some(false), why) => {
                    format!("FAILS there: {}", Clean::of(why.as_deref().unwrap_or_default()))
                }
                (None, why) => format!("not known: {}", Clean::of(why.as_deref().unwrap_or_default())),
            };
            let _ = writeln!(out, "message to {}: {said}", Clean::of(&message.to));
            if let Some(found) = &message.found {
                found.text(&message.to).lines().for_each(|line| {
                    let _ = writeln!(out, "  {line}");
                });
            }
        }
        let _ = writeln!(out, "afterwards ({})", self.verify.len());
        for Afterwards { line, after_blocks } in &self.verify {
            let said = match (line.ok, line.when) {
                (Some(true), _) => "yes",
                (Some(false), When::Now) => "NO",
                (Some(false), When::Later) => "not yet",
                (None, _) => "?",
            };
            let within = line.within.as_ref().map_or_else(String::new, |w| format!(" (within {w})"));
            let after =
                if *after_blocks > 0 { format!(" after {after_blocks} blocks") } else { String::new() };
            let why = line.reason.as_ref().map_or_else(String::new, |why| format!(": {}", Clean::of(why)));
            let _ = writeln!(out, "  {said:<7} {}{within}{after}{why}", Clean::of(&line.message));
        }
        out
    }
}

/// The calls as one.
fn together(parts: Vec<Rehearsal>) -> Option<Rehearsal> {
    let several = parts.len() > 1;
    let mut parts = parts.into_iter().map(|mut part| {
        if several {
            let call = part.call.clone();
            part.outcome.layers.iter_mut().for_each(|layer| layer.name = format!("{call}: {}", layer.name));
        }
        part
    });
    let mut whole = parts.next()?;
    for part in parts {
        whole.outcome.ok &= part.outcome.ok;
        whole.outcome.error = whole.outcome.error.or(part.outcome.error);
        whole.outcome.layers.extend(part.outcome.layers);
        whole.call = format!("{}, {}", whole.call, part.call);
        whole.origin = if whole.origin == part.origin {
            whole.origin
        } else {
            format!("{}, {}", whole.origin, part.origin)
        };
        whole.events.extend(part.events);
        whole.diff = over(whole.diff, part.diff);
        whole.logs.extend(part.logs);
        whole.weight = whole.weight.zip(part.weight).map(|(a, b)| Weight {
            ref_time: a.ref_time.saturating_add(b.ref_time),
            proof_size: a.proof_size.saturating_add(b.proof_size),
        });
        whole.confirmed_by = whole.confirmed_by.zip(part.confirmed_by).map(|(mut a, b)| {
            a.same &= b.same;
            a
        });
        whole.elapsed_ms = whole.elapsed_ms.saturating_add(part.elapsed_ms);
        whole.round_trips = whole.round_trips.saturating_add(part.round_trips);
        let new: Vec<String> = part.caveats.into_iter().filter(|c| !whole.caveats.contains(c)).collect();
        whole.caveats.extend(new);
    }
    Some(whole)
}

/// Changes over changes: from the first old value to the last new one.
fn over(first: Vec<Change>, then: Vec<Change>) -> Vec<Change> {
    let mut by_key: BTreeMap<String, Change> = first.into_iter().map(|c| (c.key.clone(), c)).collect();
    for mut change in then {
        if let Some(before) = by_key.remove(&change.key) {
            change.old = before.old;
        }
        by_key.insert(change.key.clone(), change);
    }
    by_key.into_values().filter(|change| change.old != change.new).collect()
}

fn fails(whole: &mut Rehearsal, name: &str, error: String) {
    whole.outcome.ok = false;
    whole.outcome.error.get_or_insert_with(|| error.clone());
    whole.outcome.layers.push(Layer { name: name.to_owned(), ok: false, error: Some(error) });
}

fn message(arrived: Arrived, whole: &mut Rehearsal) -> Message {
    let to = arrived.to;
    match arrived.found {
        Err(why) => {
            whole.caveats.push(format!("what the message does on {to} is not known: {why}"));
            Message { to, ok: None, reason: Some(why), found: None }
        }
        Ok(found) => {
            whole.caveats.retain(|caveat| caveat != crate::rehearse::SENT);
            let why = found.outcome.error.clone();
            if !found.outcome.ok {
                fails(whole, &format!("message to {to}"), why.clone().unwrap_or_default());
            }
            Message { to, ok: Some(found.outcome.ok), reason: why, found: Some(found) }
        }
    }
}

/// What the blocks after the calls bring.
fn brought(whole: &mut Rehearsal, later: Later, blocks: u32) {
    if let Some(why) = later.broken {
        fails(whole, "later blocks", format!("with the calls, the blocks after them cannot be built: {why}"));
        return;
    }
    whole.caveats.push(format!(
        "changes are those after {blocks} more empty blocks, against the same blocks with empty calls"
    ));
    whole.diff = later.diff;
    whole.events.extend(later.events);
}

/// What must hold at once.
fn stands(whole: &mut Rehearsal, lines: &[Afterwards]) {
    for Afterwards { line, .. } in lines.iter().filter(|l| l.line.when == When::Now) {
        match line.ok {
            Some(false) if whole.outcome.ok => {
                fails(whole, "afterwards", format!("it changes not what it should: {}", line.message));
            }
            None if whole.outcome.ok => {
                let why = line.reason.as_deref().unwrap_or("it was not looked at");
                whole.caveats.push(format!("not known afterwards: {} ({why})", line.message));
            }
            _ => {}
        }
    }
}

/// Checks that do not hold, or are unknown.
fn against(whole: &mut Rehearsal, checks: &[Checked]) {
    for check in checks.iter().filter(|check| check.ok != Some(true)) {
        let how = if check.ok.is_none() { "is not known" } else { "does not hold" };
        let blocks = if check.level == Level::Block { ", which stands against it" } else { "" };
        whole.caveats.push(format!("check {} {how}{blocks}: {}", check.id, check.message));
    }
}
