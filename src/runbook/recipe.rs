//! The TOML model of a runbook: strict, every mistake with file, line and what was expected.
//!
//! In: a label and a text. Out: a [`Recipe`] whose parts know where they stand. What each key means is written in
//! [`super`]; what the parts must say of each other is checked by `lint`. Must not read files or metadata.

use crate::domain::{Clean, redact::hide_urls};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// Text that knows where it stands.
pub type Placed = Spanned<String>;
/// A template as it stands in the file.
pub type Raw = Spanned<toml::Value>;

/// A mistake in a recipe: `file:line:col: what is wrong; expected …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    place: Clean,
    what: Clean,
    expected: Clean,
}

impl Fault {
    /// At `place` (`file:line:col`) `what` is wrong; `expected` says what would be right and may be empty.
    #[must_use]
    pub fn new(place: &str, what: &str, expected: &str) -> Self {
        let clean = |s: &str| Clean::of(hide_urls(s).trim());
        Self { place: clean(place), what: clean(what), expected: clean(expected) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)?;
        if self.expected.as_str().is_empty() { Ok(()) } else { write!(f, "; expected {}", self.expected) }
    }
}

/// Which part of the catalogue a recipe belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// A parachain is mended.
    Recovery,
    /// Channels and messages.
    HrmpXcm,
    /// Cores and their times.
    Coretime,
    /// Runtimes are exchanged.
    Upgrade,
    /// The host configuration.
    Configuration,
    /// Validators, collators, staking.
    Validators,
    /// Balances and access.
    Balances,
}

/// How much can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// A chain may stand still, or something is lost.
    Red,
    /// Others may feel it.
    Amber,
    /// Little.
    Green,
}

impl Group {
    /// As the file writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::HrmpXcm => "hrmp-xcm",
            Self::Coretime => "coretime",
            Self::Upgrade => "upgrade",
            Self::Configuration => "configuration",
            Self::Validators => "validators",
            Self::Balances => "balances",
        }
    }
}

impl Risk {
    /// As the file writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
        }
    }
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// The number of a para.
    Para,
    /// SS58 of any prefix, or `0x` and 64 digits.
    Account,
    /// `0x…`, or `@FILE`.
    Bytes,
    /// `0x` and 64 digits.
    Hash,
    /// The number of a block.
    Block,
    /// A whole number that is not negative.
    Number,
    /// `5PAS`, `0.5 PAS`, or planck as bare digits.
    Balance,
    /// One of `options`.
    Choice,
    /// `true` or `false`.
    Bool,
    /// Items with commas between them, each of the type `of`.
    List,
    /// The bytes of a call of the recipe's chain.
    Call,
    /// Anything that the call's own type takes, as JSON.
    Value,
    /// The profile's id of a chain.
    Chain,
    /// Where a node listens: `wss://…`.
    Url,
    /// Any text.
    Text,
}

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// A runtime: wasm, plain or compressed.
    Wasm,
    /// A block header, SCALE-encoded.
    Header,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// As the call names it.
    pub name: Placed,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// One line for a person.
    pub about: String,
    /// What it is where nothing is given.
    pub default: Option<Raw>,
    /// True where it may be missing.
    #[serde(default)]
    pub optional: bool,
    /// Of a choice.
    #[serde(default)]
    pub options: Vec<String>,
    /// Of a list: the type of its items.
    pub of: Option<Spanned<ParamKind>>,
    /// Least number, or length.
    pub min: Option<Spanned<u64>>,
    /// Largest number, or length in bytes or items.
    pub max: Option<Spanned<u64>>,
    /// What the bytes are.
    pub holds: Option<Spanned<Holds>>,
}

/// Which block is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// The best one.
    #[default]
    Best,
    /// The finalized one.
    Finalized,
}

/// Something that is read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Its name in expressions.
    pub id: Placed,
    /// One value.
    pub storage: Option<Placed>,
    /// All entries.
    pub entries: Option<Placed>,
    /// Keys of the map.
    #[serde(default)]
    pub keys: Vec<Raw>,
    /// A runtime API.
    pub api: Option<Placed>,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<Raw>,
    /// A constant.
    pub constant: Option<Placed>,
    /// The header of the block.
    #[serde(default)]
    pub header: bool,
    /// The hash of the code that runs.
    #[serde(default)]
    pub code: bool,
    /// In which block.
    #[serde(default)]
    pub at: Moment,
    /// Of which chain, where it is not the recipe's.
    pub chain: Option<Placed>,
    /// True where its numbers are planck.
    #[serde(default)]
    pub balance: bool,
}

/// What a check does where it does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The plan ends with status 1.
    Block,
    /// It is said.
    Warn,
}

/// Something that must hold before.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub id: Placed,
    /// Left out where this is false; over parameters.
    pub only: Option<Placed>,
    /// The expression.
    pub expr: Placed,
    /// What follows.
    pub level: Level,
    /// What holds, as a sentence; a template.
    pub message: Placed,
    /// What is shown.
    pub value: Option<Placed>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `Pallet.name`, or `{param}`.
    pub call: Option<Placed>,
    /// The arguments by name.
    #[serde(default)]
    pub args: BTreeMap<Placed, Raw>,
    /// Left out where this is false.
    pub when: Option<Placed>,
    /// Who makes the call, where it is not the recipe's `rehearse_as`.
    pub origin: Option<Placed>,
    /// On which chain, where it is not the recipe's.
    pub chain: Option<Placed>,
    /// Something takes time.
    pub wait: Option<Placed>,
    /// Something to know.
    pub note: Option<Placed>,
    /// Something a person does.
    pub manual: Option<Placed>,
    /// Who.
    pub role: Option<String>,
    /// How one sees that it was done.
    pub evidence: Option<String>,
}

/// When a line must have become true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// In the block of the call.
    Now,
    /// Within a time.
    Later,
}

/// Something that must hold after.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Left out where this is false; over parameters.
    pub only: Option<Placed>,
    /// The expression.
    pub expr: Placed,
    /// When.
    pub when: Spanned<When>,
    /// Of `later`: within which time.
    pub within: Option<Placed>,
    /// What holds, as a sentence; a template.
    pub message: Placed,
}

/// A runbook.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Its name.
    pub id: Placed,
    /// The row of the catalogue.
    pub row: Option<Placed>,
    /// One line.
    pub title: String,
    /// Where it belongs.
    pub group: Group,
    /// Whose calls these are; a template.
    pub chain: Placed,
    /// How much can go wrong.
    pub risk: Risk,
    /// Which rule allows it.
    pub scope: String,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// How.
    pub undo: String,
    /// Who else feels it.
    pub blast_radius: String,
    /// Detectors whose alerts it answers.
    #[serde(default)]
    pub symptoms: Vec<Placed>,
    /// Who may.
    #[serde(default)]
    pub roles: Vec<String>,
    /// As whom it is rehearsed, and whose authority it needs.
    pub rehearse_as: Placed,
    /// Whether the runtime's `SafeSudo` filter lets it pass.
    pub safe_sudo: Option<bool>,
    /// Wrappers where none are given; templates.
    #[serde(default)]
    pub wrap: Vec<Placed>,
    /// When it takes hold.
    pub effective: Option<Placed>,
    /// What a person should know.
    pub about: String,
    /// What it takes.
    #[serde(default)]
    pub params: Vec<Param>,
    /// What is read.
    #[serde(default)]
    pub reads: Vec<Read>,
    /// What must hold before.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// What is done.
    pub steps: Vec<Step>,
    /// What must hold after.
    #[serde(default)]
    pub verify: Vec<Verify>,
    /// What errors call the file.
    #[serde(skip)]
    label: String,
    #[serde(skip)]
    text: String,
}

impl Recipe {
    /// Parses a recipe; `label` is what errors call the text. What its parts say of each other is left to `lint`.
    ///
    /// # Errors
    /// At the first key or value that is not right.
    pub fn parse(label: &str, text: &str) -> Result<Self, Fault> {
        let mut recipe: Self = toml::from_str(text).map_err(|e| {
            let (what, expected) = split_message(e.message());
            Fault::new(&place(label, text, e.span().unwrap_or_default().start), &what, &expected)
        })?;
        label.clone_into(&mut recipe.label);
        text.clone_into(&mut recipe.text);
        Ok(recipe)
    }

    /// A mistake at this span of the file.
    #[must_use]
    pub fn fault(&self, span: Range<usize>, what: &str, expected: &str) -> Fault {
        Fault::new(&place(&self.label, &self.text, span.start), what, expected)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.get_ref()
    }

    /// The row it answers.
    #[must_use]
    pub fn row(&self) -> Option<&str> {
        self.row.as_ref().map(|row| row.get_ref().as_str())
    }

    /// A parameter by name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|p| p.name.get_ref() == name)
    }

    /// A read by name.
    #[must_use]
    pub fn read(&self, id: &str) -> Option<&Read> {
        self.reads.iter().find(|r| r.id.get_ref() == id)
    }

    /// What errors call the file.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// `file:line:col`, counted from 1, columns in characters.
fn place(label: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset.min(text.len())).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let col = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{label}:{line}:{col}")
}

/// Cuts the messages of serde and toml at their own `, expected`.
fn split_message(message: &str) -> (String, String) {
    let flat = message.split('\n').map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(", ");
    if let Some(field) = flat.strip_prefix("missing field ") {
        return (format!("the field {field} is missing"), format!("{field} = …"));
    }
    match flat.split_once(", expected ") {
        Some((what, expected)) => (what.to_owned(), expected.to_owned()),
        None => (flat, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id = \"x\"\ntitle = \"t\"\ngroup = \"recovery\"\nchain = \"relay\"\nrisk = \"red\"\nscope = \"s\"\n\
                        reversible = true\nundo = \"u\"\nblast_radius = \"b\"\nrehearse_as = \"root\"\nabout = \"a\"\n";
    const STEP: &str = "[[steps]]\nnote = \"n\"\n";

    fn refused(text: &str) -> String {
        Recipe::parse("x.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_recipe_is_read_with_the_places_of_its_parts() {
        let text = format!(
            "{HEAD}{STEP}[[checks]]\nid = \"c\"\nexpr = \"true\"\nlevel = \"warn\"\nmessage = \"m\"\n"
        );
        let recipe = Recipe::parse("x.toml", &text).unwrap();
        assert_eq!((recipe.name(), recipe.row()), ("x", None));
        let told = recipe.fault(recipe.checks[0].expr.span(), "is wrong", "").to_string();
        assert_eq!(told, "x.toml:16:8: is wrong");
    }

    #[test]
    fn what_is_unknown_missing_or_of_another_kind_is_told_with_its_line() {
        assert_eq!(
            refused(&format!("{HEAD}colour = 1\n{STEP}")).split("; ").next().unwrap(),
            "x.toml:12:1: unknown field `colour`"
        );
        assert!(refused(&format!("{HEAD}colour = 1\n{STEP}")).contains("expected one of `id`"));
        let gone = refused(&format!("{}{STEP}", HEAD.replace("scope = \"s\"\n", "")));
        assert!(gone.ends_with("the field `scope` is missing; expected `scope` = …"), "{gone}");
        let risk = refused(&format!("{}{STEP}", HEAD.replace("\"red\"", "\"pink\"")));
        assert_eq!(risk, "x.toml:5:8: unknown variant `pink`; expected one of `red`, `amber`, `green`");
        let kind = refused(&format!("{HEAD}{STEP}[[params]]\nname = \"p\"\ntype = \"u32\"\nabout = \"\"\n"));
        assert!(kind.starts_with("x.toml:16:8: unknown variant `u32`; expected one of `para`"), "{kind}");
        assert!(refused("id = ").starts_with("x.toml:1:"), "{}", refused("id = "));
    }
}
