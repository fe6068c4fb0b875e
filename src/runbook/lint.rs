//! Lint: what the parts of a recipe must say of each other, and of the metadata.
//!
//! In: recipes, metadata where it is there. Out: every mistake with file, line and what was expected. Must not do I/O.

mod live;

pub use live::{availability, lint_live};

use super::expr::{Expr, FUNCTIONS, is_name};
use super::recipe::{Fault, Param, ParamKind, Placed, Raw, Recipe, Step, Verify, When};
use super::template::{Template, dotted};
use super::verify::Within;
use std::collections::BTreeSet;
use std::ops::Range;

/// Every mistake in a recipe that shows without a chain.
#[must_use]
pub fn lint(recipe: &Recipe) -> Vec<Fault> {
    let mut linter = Linter { recipe, faults: Vec::new() };
    linter.head();
    linter.params();
    linter.reads();
    linter.checks();
    linter.steps();
    linter.verify();
    linter.faults
}

struct Linter<'r> {
    recipe: &'r Recipe,
    faults: Vec<Fault>,
}

/// What an expression or template may mention.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Params,
    All,
    AllAndBefore,
}

impl Linter<'_> {
    fn fault(&mut self, span: Range<usize>, what: &str, expected: &str) {
        self.faults.push(self.recipe.fault(span, what, expected));
    }

    fn names(&self, may: May) -> Vec<&str> {
        let params = self.recipe.params.iter().map(|p| p.name.get_ref().as_str());
        let reads = self.recipe.reads.iter().map(|r| r.id.get_ref().as_str());
        if may == May::Params { params.collect() } else { params.chain(reads).collect() }
    }

    fn head(&mut self) {
        let recipe = self.recipe;
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if recipe.name().is_empty() || recipe.name().len() > 48 || !recipe.name().chars().all(fine) {
            self.fault(recipe.id.span(), "this is no id", "1 to 48 lower-case letters, digits and dashes");
        }
        if let Some(row) = &recipe.row
            && !is_row(row.get_ref())
        {
            self.fault(
                row.span(),
                "this is no row of the catalogue",
                "a letter from A to G and a number, like A3",
            );
        }
        for (text, name) in [
            (&recipe.title, "title"),
            (&recipe.scope, "scope"),
            (&recipe.undo, "undo"),
            (&recipe.blast_radius, "blast_radius"),
            (&recipe.about, "about"),
        ] {
            if text.trim().is_empty() {
                self.fault(recipe.id.span(), &format!("'{name}' is empty"), "a sentence");
            }
        }
        self.text(&recipe.chain, May::Params);
        self.origin(&recipe.rehearse_as);
        recipe.wrap.iter().for_each(|wrap| self.text(wrap, May::Params));
        if let Some(effective) = &recipe.effective {
            let text = effective.get_ref();
            if text != "now" && text != "next session" && Within::parse(text).is_none() {
                self.fault(effective.span(), "this is no time", "now, next session, N blocks or N sessions");
            }
        }
        if recipe.steps.is_empty() {
            self.fault(recipe.id.span(), "nothing is done", "at least one [[steps]]");
        }
    }

    fn origin(&mut self, origin: &Placed) {
        let text = origin.get_ref();
        let kind = text.split(':').next().unwrap_or_default();
        let rest = text.split_once(':').map(|(_, rest)| rest);
        let fine = match (kind, rest) {
            ("root" | "signed", None) => true,
            ("signed" | "parachain", Some(rest)) => !rest.is_empty(),
            _ => false,
        };
        if !fine {
            self.fault(origin.span(), "this is no origin", "root, signed, signed:WHO or parachain:ID");
        }
        self.text(origin, May::All);
    }

    fn params(&mut self) {
        let recipe = self.recipe;
        let mut seen = BTreeSet::new();
        for param in &recipe.params {
            let name = &param.name;
            if !is_name(name.get_ref()) {
                self.fault(
                    name.span(),
                    "this is no name",
                    "lower-case letters, digits and _, and no word of CEL",
                );
            }
            if !seen.insert(name.get_ref()) {
                self.fault(
                    name.span(),
                    &format!("the parameter '{}' stands twice", name.get_ref()),
                    "each name once",
                );
            }
            self.param(param);
        }
    }

    fn param(&mut self, param: &Param) {
        let at = param.name.span();
        match (param.kind, param.options.is_empty()) {
            (ParamKind::Choice, true) => {
                self.fault(at.clone(), "a choice without options", "options = [\"…\"]")
            }
            (ParamKind::Choice, false) | (_, true) => {}
            (_, false) => self.fault(at.clone(), "options belong to a choice", "type = \"choice\""),
        }
        if let Some(of) = param.of.as_ref().filter(|_| param.kind != ParamKind::List) {
            self.fault(of.span(), "'of' belongs to a list", "type = \"list\"");
        }
        if param.kind == ParamKind::List && param.of.is_none() {
            self.fault(at.clone(), "a list of what?", "of = \"account\" or another type");
        }
        if let Some(holds) = param.holds.as_ref().filter(|_| param.kind != ParamKind::Bytes) {
            self.fault(holds.span(), "'holds' belongs to bytes", "type = \"bytes\"");
        }
        if let (Some(min), Some(max)) = (&param.min, &param.max)
            && min.get_ref() > max.get_ref()
        {
            self.fault(min.span(), "min is above max", "a range");
        }
        if param.about.trim().is_empty() {
            self.fault(at, "'about' is empty", "one line for a person");
        }
        if let Some(default) = &param.default {
            self.template(default, May::All);
        }
    }

    fn reads(&mut self) {
        let recipe = self.recipe;
        let mut seen: BTreeSet<&str> = recipe.params.iter().map(|p| p.name.get_ref().as_str()).collect();
        for read in &recipe.reads {
            let (id, at) = (read.id.get_ref().as_str(), read.id.span());
            if !is_name(id) {
                self.fault(
                    at.clone(),
                    "this is no name",
                    "lower-case letters, digits and _, and no word of CEL",
                );
            }
            if !seen.insert(id) {
                self.fault(
                    at.clone(),
                    &format!("the name '{id}' stands twice"),
                    "each parameter and read once",
                );
            }
            let items: Vec<&Placed> =
                [&read.storage, &read.entries, &read.api, &read.constant].into_iter().flatten().collect();
            if items.len() + usize::from(read.header) + usize::from(read.code) != 1 {
                let expected = "exactly one of storage, entries, api, constant, header, code";
                self.fault(at, &format!("the read '{id}' does not say what is read"), expected);
            }
            for item in items {
                if dotted(item.get_ref()).is_err() {
                    self.fault(item.span(), "this names nothing", "Pallet.Item");
                }
            }
            if let Some(chain) = &read.chain {
                if chain.get_ref() == "para" {
                    if recipe.param("para").is_none() {
                        self.fault(chain.span(), "there is no parameter 'para'", "chain = \"para:{id}\"");
                    }
                } else {
                    self.text(chain, May::All);
                }
            }
            read.keys.iter().chain(&read.args).for_each(|raw| self.template(raw, May::All));
            for list in [
                (&read.args, read.api.is_none()),
                (&read.keys, read.storage.is_none() && read.entries.is_none()),
            ] {
                if let (Some(first), true) = (list.0.first(), list.1) {
                    self.fault(
                        first.span(),
                        "this kind of read takes none",
                        "args with api; keys with storage and entries",
                    );
                }
            }
        }
    }

    fn checks(&mut self) {
        let recipe = self.recipe;
        let mut seen = BTreeSet::new();
        for check in &recipe.checks {
            if !seen.insert(check.id.get_ref()) {
                self.fault(
                    check.id.span(),
                    &format!("the check '{}' stands twice", check.id.get_ref()),
                    "each id once",
                );
            }
            self.expr(&check.expr, May::All);
            check.only.iter().for_each(|only| self.expr(only, May::Params));
            self.text(&check.message, May::All);
            if check.message.get_ref().trim().is_empty() {
                self.fault(check.message.span(), "the message is empty", "what holds, as a sentence");
            }
            if let Some(value) = &check.value {
                self.expr(value, May::All);
            }
        }
    }

    fn steps(&mut self) {
        let recipe = self.recipe;
        for step in &recipe.steps {
            let kinds: Vec<&Placed> =
                [&step.call, &step.wait, &step.note, &step.manual].into_iter().flatten().collect();
            if kinds.len() != 1 {
                let at = kinds.first().map_or_else(|| recipe.id.span(), |k| k.span());
                self.fault(at, "a step does not say what is done", "exactly one of call, wait, note, manual");
            }
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        for text in [&step.call, &step.wait, &step.note, &step.manual, &step.chain].into_iter().flatten() {
            self.text(text, May::All);
        }
        if let Some(call) = &step.call
            && !call.get_ref().contains('{')
            && dotted(call.get_ref()).is_err()
        {
            self.fault(call.span(), "this names no call", "Pallet.name, or {param} of type call");
        }
        if let Some(when) = &step.when {
            self.expr(when, May::Params);
        }
        if let Some(origin) = &step.origin {
            self.origin(origin);
        }
        let first = step.args.keys().next().map(toml::Spanned::span);
        if let (None, Some(at)) = (&step.call, first) {
            self.fault(at, "arguments without a call", "call = \"Pallet.name\"");
        }
        if let (None, Some(text)) = (&step.manual, [&step.role, &step.evidence].into_iter().flatten().next())
        {
            let at =
                step.call.as_ref().or(step.note.as_ref()).or(step.wait.as_ref()).map_or(0..0, Placed::span);
            self.fault(at, &format!("'{text}' belongs to a manual step"), "role and evidence with manual");
        }
        step.args.values().for_each(|raw| self.template(raw, May::All));
    }

    fn verify(&mut self) {
        let recipe = self.recipe;
        for line in &recipe.verify {
            self.expr(&line.expr, May::AllAndBefore);
            line.only.iter().for_each(|only| self.expr(only, May::Params));
            self.can_be_false(line);
            self.text(&line.message, May::All);
            match (line.when.get_ref(), &line.within) {
                (When::Later, None) => {
                    self.fault(line.when.span(), "later than when?", "within = \"10 blocks\"")
                }
                (When::Now, Some(within)) => {
                    self.fault(within.span(), "now has no time to wait", "when = \"later\"")
                }
                (When::Later, Some(within)) if Within::parse(within.get_ref()).is_none() => {
                    self.fault(within.span(), "this is no time", "N blocks or N sessions");
                }
                _ => {}
            }
        }
    }

    /// A line that looks at nothing that a call changes is true or false whatever was done.
    fn can_be_false(&mut self, line: &Verify) {
        let Ok(expr) = Expr::compile(line.expr.get_ref()) else { return };
        let uses = expr.uses();
        let changes = |name: &String| self.recipe.read(name).is_some_and(|read| read.constant.is_none());
        if !uses.events && !uses.names.iter().any(changes) {
            let expected = "a read that the call changes, or events";
            self.fault(line.expr.span(), "nothing in this line changes by the call", expected);
        }
        let choices =
            self.recipe.params.iter().filter(|p| matches!(p.kind, ParamKind::Choice | ParamKind::Bool));
        let excused =
            choices.filter(|p| expr.excuses(p.name.get_ref())).map(|p| p.name.get_ref().clone()).next();
        if let Some(name) = excused {
            let what = format!("for other values of '{name}' this line is true whatever was done");
            self.fault(line.expr.span(), &what, &format!("only = \"{name} == …\", which leaves it out"));
        }
    }

    fn template(&mut self, raw: &Raw, may: May) {
        match Template::parse(raw.get_ref()) {
            Ok(template) => self.parts(&template, raw.span(), may),
            Err(why) => self.fault(raw.span(), &why, ""),
        }
    }

    fn text(&mut self, text: &Placed, may: May) {
        match Template::of_text(text.get_ref()) {
            Ok(template) => self.parts(&template, text.span(), may),
            Err(why) => self.fault(text.span(), &why, ""),
        }
    }

    fn parts(&mut self, template: &Template, span: Range<usize>, may: May) {
        let names = self.names(may);
        let unknown: Vec<String> =
            template.names().into_iter().filter(|n| !names.contains(&n.as_str())).collect();
        let expected = one_of(&names);
        for name in unknown {
            self.fault(span.clone(), &format!("'{name}' is no parameter and no read"), &expected);
        }
        let mut faults = Vec::new();
        template.each(&mut |part| match part {
            Template::Expr(expr) => faults.extend(self.operator(expr)),
            Template::Key(item, _) | Template::Stored(item, _) => faults.extend(dotted(item).err()),
            Template::Call(call) => {
                if let Template::Plain(crate::domain::call::Node::Text(path)) = &call.path {
                    faults.extend(dotted(path).err());
                }
            }
            _ => {}
        });
        for what in faults {
            self.fault(span.clone(), &what, "");
        }
    }

    fn expr(&mut self, text: &Placed, may: May) {
        let expr = match Expr::compile(text.get_ref()) {
            Ok(expr) => expr,
            Err(why) => {
                let names: Vec<&str> = FUNCTIONS.iter().map(|(call, _)| *call).collect();
                let expected = if why.starts_with("there is no function") {
                    format!("CEL or {}", names.join(", "))
                } else {
                    String::new()
                };
                return self.fault(text.span(), &why, &expected);
            }
        };
        let names = self.names(may);
        let expected = one_of(&names);
        let unknown = expr.uses().names.iter().filter(|n| !names.contains(&n.as_str()));
        let mut faults: Vec<(String, String)> =
            unknown.map(|n| (format!("'{n}' is no parameter and no read"), expected.clone())).collect();
        if may == May::AllAndBefore {
            let reads: Vec<&str> = self.recipe.reads.iter().map(|r| r.id.get_ref().as_str()).collect();
            let gone = expr.uses().before.iter().filter(|n| !reads.contains(&n.as_str()));
            faults.extend(gone.map(|n| (format!("'before.{n}' is no read"), one_of(&reads))));
        } else if !expr.uses().before.is_empty() || expr.uses().events {
            faults.push((
                "'before' and 'events' are known afterwards only".to_owned(),
                "them in [[verify]]".to_owned(),
            ));
        }
        faults.extend(self.operator(&expr).map(|what| (what, "ge, le, eq, add, sub".to_owned())));
        for (what, expected) in faults {
            self.fault(text.span(), &what, &expected);
        }
    }

    fn operator(&self, expr: &Expr) -> Option<String> {
        let is_balance = |name: &str| {
            self.recipe.param(name).is_some_and(|p| p.kind == ParamKind::Balance)
                || self.recipe.read(name).is_some_and(|r| r.balance)
        };
        expr.balance_operator(&is_balance).map(|sign| match sign {
            "==" | "!=" => {
                format!("'{sign}' compares a balance to the planck; where that is meant, say eq(a, b)")
            }
            _ => format!("'{sign}' calculates with a balance, which int may not hold"),
        })
    }
}

fn is_row(text: &str) -> bool {
    let mut chars = text.chars();
    let letter = chars.next().is_some_and(|c| ('A'..='G').contains(&c));
    let rest = chars.as_str();
    letter && !rest.is_empty() && rest.len() <= 2 && rest.chars().all(|c| c.is_ascii_digit())
}

fn one_of(names: &[&str]) -> String {
    if names.is_empty() {
        "none: the recipe has no such names".to_owned()
    } else {
        format!("one of {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests;
