//! The form of a runbook: a field a parameter, what is wrong with each, what was asked for, what came back.
//!
//! In: text as it is typed, answers, the time. Out: which fields are right, when a plan is due, the plan and the rehearsal
//! that belong to what is typed now. Answers to something else are dropped by their ticket. Must not do I/O or compose.

use super::input::Input;
use super::ui::Subject;
use crate::domain::UnixMs;
use crate::runbook::params::{self, Meaning};
use crate::runbook::plan::Plan;
use crate::runbook::recipe::{Param, ParamKind};
use crate::runbook::{Recipe, Wrapper};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

mod rehearsal;

pub use rehearsal::{Rehearsal, Rehearsed, Told};

/// The name of the field of wrappers.
pub const WRAP: &str = "wrap";
/// Longest text in a field, in characters: a head with its prefix; what is longer comes as `@FILE`.
pub const MAX_FIELD: usize = 65_536;
/// Shortest time between two plans of the same parameters, milliseconds: three blocks of six seconds.
const AGAIN_MS: u64 = 18_000;
/// Shortest time after which a plan that failed is tried again, milliseconds.
const RETRY_MS: u64 = 30_000;
/// Time after which a plan that is still being made no longer holds up one of newer parameters, milliseconds.
const OVERTAKE_MS: u64 = 10_000;

/// A value that a form begins with, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefill {
    /// As it would be typed.
    pub text: String,
    /// `proposed by the X-ray`, `the selection`.
    pub from: String,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The parameter; [`WRAP`] for the wrappers.
    pub name: String,
    /// What stands in it.
    pub input: Input,
    /// True once it was typed in.
    pub touched: bool,
    /// What is wrong with it, by itself.
    pub problem: Option<String>,
    /// What the chain or a file says against it.
    pub refused: Option<String>,
    /// Where its text comes from, while nobody has typed in it.
    pub from: Option<String>,
}

impl Field {
    fn new(name: &str, prefill: Option<&Prefill>) -> Self {
        let text = prefill.map(|p| p.text.as_str()).unwrap_or_default();
        Self {
            name: name.to_owned(),
            input: Input::with_room(text, MAX_FIELD),
            touched: false,
            problem: None,
            refused: None,
            from: prefill.map(|p| p.from.clone()),
        }
    }

    /// What stands in it, without blanks around it.
    #[must_use]
    pub fn text(&self) -> String {
        self.input.text().trim().to_owned()
    }
}

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number; the answer carries it.
    pub ticket: u64,
    /// When.
    pub at: UnixMs,
    /// For which state of the fields.
    pub edition: u64,
}

/// What was answered last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// For which state of the fields.
    pub edition: u64,
    /// When.
    pub at: UnixMs,
    /// The plan, or one sentence why there is none.
    pub plan: Result<Box<Plan>, String>,
}

/// A runbook being filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The runbook's name.
    pub runbook: String,
    /// What was selected when it was opened.
    pub about: Option<Subject>,
    /// The fields, the wrappers last.
    pub fields: Vec<Field>,
    /// The field that has the keys.
    pub editing: Option<String>,
    /// Counts the changes of the fields.
    pub edition: u64,
    /// The plan that is being made.
    pub asked: Option<Asked>,
    /// The newest answer.
    pub answer: Option<Answer>,
    /// The rehearsal.
    pub rehearsal: Rehearsal,
}

/// Symbol and decimals of a chain's token.
pub type Token = Option<(String, u8)>;

impl Form {
    /// A form for a recipe, with what is known filled in.
    #[must_use]
    pub fn new(
        recipe: &Recipe,
        about: Option<Subject>,
        known: &BTreeMap<String, Prefill>,
        token: &Token,
    ) -> Self {
        let mut fields: Vec<Field> = (recipe.params.iter())
            .map(|param| Field::new(param.name.get_ref(), known.get(param.name.get_ref())))
            .collect();
        fields.push(Field::new(WRAP, known.get(WRAP)));
        let mut form = Self {
            runbook: recipe.name().to_owned(),
            about,
            fields,
            editing: None,
            edition: 1,
            asked: None,
            answer: None,
            rehearsal: Rehearsal::None,
        };
        form.check(recipe, token);
        form.editing = form.fields.iter().find(|f| f.problem.is_some()).map(|f| f.name.clone());
        form
    }

    /// A field by name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The text field that has the keys.
    pub fn input_mut(&mut self) -> Option<&mut Input> {
        let name = self.editing.as_ref()?;
        self.fields.iter_mut().find(|f| &f.name == name).map(|f| &mut f.input)
    }

    /// The field after (or before) the one that has the keys; at the ends it stays.
    #[must_use]
    pub fn neighbour(&self, forward: bool) -> Option<String> {
        let at = self.fields.iter().position(|f| Some(&f.name) == self.editing.as_ref())?;
        let next = if forward { at.saturating_add(1) } else { at.saturating_sub(1) };
        self.fields.get(next).or(self.fields.last()).map(|f| f.name.clone())
    }

    /// Takes in that the open field was typed in.
    pub fn typed(&mut self, recipe: &Recipe, token: &Token) {
        let name = self.editing.clone();
        if let Some(field) = self.fields.iter_mut().find(|f| Some(&f.name) == name.as_ref()) {
            (field.touched, field.from) = (true, None);
        }
        self.edition = self.edition.saturating_add(1);
        self.fields.iter_mut().for_each(|f| f.refused = None);
        self.check(recipe, token);
    }

    /// Puts the next choice into a field that has choices; false where it has none.
    pub fn choose_next(&mut self, name: &str, recipe: &Recipe, token: &Token) -> bool {
        let options = choices(recipe, name);
        let Some(field) = self.fields.iter_mut().find(|f| f.name == name) else { return false };
        let text = field.text();
        let at = options.iter().position(|o| *o == text).map_or(0, |at| at + 1);
        let Some(next) = options.get(at % options.len().max(1)) else { return false };
        field.input = Input::with_room(next, MAX_FIELD);
        let before = self.editing.replace(name.to_owned());
        self.typed(recipe, token);
        self.editing = before;
        true
    }

    /// Judges every field by itself, once more is known of the chain's token; nothing counts as changed.
    pub fn judge(&mut self, recipe: &Recipe, token: &Token) {
        self.check(recipe, token);
        self.editing = self.fields.iter().find(|f| f.problem.is_some()).map(|f| f.name.clone());
    }

    fn check(&mut self, recipe: &Recipe, token: &Token) {
        for field in &mut self.fields {
            field.problem = match recipe.param(&field.name) {
                Some(param) => wrong(param, &field.text(), token),
                None => wrong_wrap(&field.text()),
            };
        }
    }

    /// True where every field is right by itself.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.fields.iter().all(|f| f.problem.is_none())
    }

    /// The parameters as they would be given, amounts in planck where they say so.
    #[must_use]
    pub fn given(&self, recipe: &Recipe) -> BTreeMap<String, String> {
        let given = self.fields.iter().filter_map(|f| Some((recipe.param(&f.name)?, f.text())));
        let given = given.filter(|(_, text)| !text.is_empty());
        given.map(|(param, text)| (param.name.get_ref().clone(), plain(param, text))).collect()
    }

    /// The wrappers as they would be given; none: those of the recipe.
    #[must_use]
    pub fn wraps(&self) -> Option<Vec<String>> {
        let text = self.field(WRAP)?.text();
        (!text.is_empty()).then(|| text.split_whitespace().map(str::to_owned).collect())
    }

    /// The plan for what is typed now.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        let answer = self.answer.as_ref().filter(|a| a.edition == self.edition)?;
        answer.plan.as_deref().ok()
    }

    /// Why there is no plan for what is typed now, where one was asked for.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        let answer = self.answer.as_ref().filter(|a| a.edition == self.edition)?;
        answer.plan.as_ref().err().map(String::as_str)
    }

    /// True where a plan should be asked for now. `best` is the newest block of the plan's chain.
    #[must_use]
    pub fn is_due(&self, now: UnixMs, best: Option<u64>) -> bool {
        if !self.is_valid() {
            return false;
        }
        if let Some(asked) = self.asked {
            return asked.edition != self.edition && now.since(asked.at) >= OVERTAKE_MS;
        }
        let Some(answer) = self.answer.as_ref().filter(|a| a.edition == self.edition) else { return true };
        let age = now.since(answer.at);
        match &answer.plan {
            Ok(plan) => age >= AGAIN_MS && best.is_some_and(|best| best > plan.block),
            Err(_) => age >= RETRY_MS && self.fields.iter().all(|f| f.refused.is_none()),
        }
    }

    /// Notes that a plan was asked for.
    pub fn ask(&mut self, ticket: u64, at: UnixMs) {
        self.asked = Some(Asked { ticket, at, edition: self.edition });
    }

    /// Takes an answer; one that was not asked for, or whose fields have changed since, is dropped. A plan that was there
    /// stays where a new one fails for a reason that is not the fields'.
    pub fn answer(&mut self, ticket: u64, plan: Result<Box<Plan>, String>, at: UnixMs) {
        let Some(asked) = self.asked.filter(|asked| asked.ticket == ticket) else { return };
        self.asked = None;
        if asked.edition != self.edition {
            return;
        }
        if let Err(why) = &plan {
            self.refuse(why);
        }
        self.answer = Some(Answer { edition: asked.edition, at, plan });
    }

    /// Puts a sentence under the field that it is about.
    fn refuse(&mut self, why: &str) {
        // What the command line would be told to add is the field itself here.
        let why = why.split("; expected --param").next().unwrap_or(why);
        let why = &why.replace("give one with --param para_endpoint=wss://…", "give one in para_endpoint");
        for field in &mut self.fields {
            let about = match field.name.as_str() {
                WRAP => why.strip_prefix("--wrap ").or_else(|| why.strip_prefix("wrap: ")),
                name => why.strip_prefix(name).and_then(|rest| {
                    let rest = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(' '))?;
                    Some(rest)
                }),
            };
            field.refused = about.map(str::to_owned);
        }
    }
}

/// What a field can be set to without typing.
#[must_use]
pub fn choices<'a>(recipe: &'a Recipe, name: &str) -> Vec<&'a str> {
    match recipe.param(name) {
        Some(param) if param.kind == ParamKind::Choice => param.options.iter().map(String::as_str).collect(),
        Some(param) if param.kind == ParamKind::Bool => vec!["true", "false"],
        None if name == WRAP => vec!["none", "sudo", "batch"],
        _ => Vec::new(),
    }
}

/// What is wrong with a text for a parameter: one sentence without its name.
#[must_use]
pub fn wrong(param: &Param, text: &str, token: &Token) -> Option<String> {
    if text.is_empty() {
        let may = param.optional || param.default.is_some();
        return (!may).then(|| "it is missing".to_owned());
    }
    if let Some(path) = text.strip_prefix('@') {
        return path.is_empty().then(|| "no file is named; expected @ and its path".to_owned());
    }
    if param.kind == ParamKind::Balance && text.chars().all(|c| c.is_ascii_digit() || c == '_' || c == '.') {
        let symbol = token.as_ref().map_or("PAS", |(symbol, _)| symbol.as_str());
        return Some(format!("{text} has no unit; expected tokens like {text}{symbol}, or {text}planck"));
    }
    let name = param.name.get_ref();
    let meaning = Meaning { token: token.clone(), call: None };
    let found = params::parse(param, &params::Input::Text(plain(param, text.to_owned())), &meaning);
    found.err().map(|e| e.0.strip_prefix(&format!("{name}: ")).unwrap_or(&e.0).to_owned())
}

/// `7planck` as the bare digits that stand for it elsewhere.
fn plain(param: &Param, text: String) -> String {
    let amount = text.strip_suffix("planck").filter(|_| param.kind == ParamKind::Balance);
    amount.map_or(text.clone(), |digits| digits.trim().to_owned())
}

/// The amount of a balance in planck; none where it is no amount yet.
#[must_use]
pub fn planck(param: &Param, text: &str, token: &Token) -> Option<u128> {
    let meaning = Meaning { token: token.clone(), call: None };
    token.as_ref()?;
    match params::parse(param, &params::Input::Text(plain(param, text.to_owned())), &meaning) {
        Ok(crate::domain::call::Node::Number(n)) if wrong(param, text, token).is_none() => Some(n),
        _ => None,
    }
}

fn wrong_wrap(text: &str) -> Option<String> {
    let wrong = text.split_whitespace().find_map(|one| Wrapper::parse(one).err());
    wrong.map(|e| {
        let why = e.to_string();
        why.strip_prefix("--wrap ").unwrap_or(&why).to_owned()
    })
}

#[cfg(test)]
mod tests;
