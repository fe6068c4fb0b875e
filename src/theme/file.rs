//! Theme files: TOML with a `[palette]` of named colours and `[roles]`.
//!
//! In: a file's name and text, and the theme it overrides. Out: a [`Theme`], or an error that says file, line, column,
//! what was expected and the nearest name. Does no I/O. Must not import anything but its parent and `screen`.

use super::{Colour, Style, Theme};
use crate::screen::Role;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// What is wrong in a theme file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct ThemeError {
    /// The file as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was expected.
    pub problem: String,
}

/// A colour as the file says it: a name of the palette, resolved when the whole file is read, or the colour itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ink {
    Named(String),
    Itself(Colour),
}

/// A role's style before its colours are looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spec {
    fg: Option<Ink>,
    bg: Option<Ink>,
    rest: Style,
}

const PROPERTIES: [&str; 6] = ["fg", "bg", "bold", "dim", "underline", "reversed"];

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

type Names<'a> = Spanned<DeString<'a>>;
type Value<'a> = Spanned<DeValue<'a>>;

impl Source<'_> {
    fn error(&self, at: usize, problem: impl fmt::Display) -> ThemeError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        ThemeError { file: self.name.to_owned(), line, column, problem: problem.to_string() }
    }

    /// `what` is not among `known`.
    fn unknown<'k>(&self, name: &Names<'_>, what: &str, known: impl Iterator<Item = &'k str>) -> ThemeError {
        let name_text: &str = name.get_ref();
        let near = known
            .map(|k| (strsim::damerau_levenshtein(k, name_text), k))
            .min()
            .filter(|(distance, _)| *distance <= 4)
            .map(|(_, k)| format!("; did you mean '{k}'?"))
            .unwrap_or_default();
        self.error(name.span().start, format_args!("no {what} is called '{name_text}'{near}"))
    }

    fn table<'v, 'i>(&self, value: &'v Value<'i>, expected: &str) -> Result<&'v DeTable<'i>, ThemeError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.error(value.span().start, format_args!("expected {expected}"))),
        }
    }
}

pub(super) fn parse(name: &str, text: &str, base: Option<&Theme>) -> Result<Theme, ThemeError> {
    let source = Source { name, text };
    let table = DeTable::parse(text).map_err(|e| {
        source.error(e.span().map_or(0, |s| s.start), format_args!("not TOML: {}", e.message()))
    })?;
    let mut palette = base.map(|b| b.palette.clone()).unwrap_or_default();
    let mut specs = base.map(|b| b.specs.clone()).unwrap_or_default();
    let mut roles = None;
    for (section, value) in table.get_ref() {
        match section.get_ref().as_ref() {
            "palette" => read_palette(&source, source.table(value, "a section [palette]")?, &mut palette)?,
            "roles" => roles = Some(source.table(value, "a section [roles]")?),
            _ => return Err(source.unknown(section, "section", ["palette", "roles"].into_iter())),
        }
    }
    if let Some(roles) = roles {
        for (role_name, value) in roles {
            let role = role(&source, role_name)?;
            let spec = read_spec(
                &source,
                source.table(value, "a style such as { fg = \"ink\", bold = true }")?,
                &palette,
            )?;
            specs.insert(role, spec);
        }
    }
    let mut styles = BTreeMap::new();
    for role in Role::ALL {
        let spec = specs.get(&role).ok_or_else(|| {
            source.error(text.len(), format_args!("the role '{}' has no style", role_word(role)))
        })?;
        styles.insert(role, resolve(spec, &palette));
    }
    Ok(Theme { name: name.to_owned(), palette, specs, styles })
}

fn read_palette(
    source: &Source<'_>,
    table: &DeTable<'_>,
    palette: &mut BTreeMap<String, Colour>,
) -> Result<(), ThemeError> {
    for (name, value) in table {
        palette.insert(name.get_ref().to_string(), literal(source, value)?);
    }
    Ok(())
}

/// A colour that is not a name of the palette.
fn literal(source: &Source<'_>, value: &Value<'_>) -> Result<Colour, ThemeError> {
    let text = match value.get_ref() {
        DeValue::String(s) => s.as_ref(),
        DeValue::Integer(i) => i.as_str(),
        _ => "",
    };
    Colour::read(text).ok_or_else(|| {
        source.error(
            value.span().start,
            "expected a colour: \"#rrggbb\", a name such as \"bright-red\", \"default\", or 0 to 255",
        )
    })
}

fn ink(
    source: &Source<'_>,
    value: &Value<'_>,
    palette: &BTreeMap<String, Colour>,
) -> Result<Ink, ThemeError> {
    let DeValue::String(name) = value.get_ref() else { return literal(source, value).map(Ink::Itself) };
    if palette.contains_key(name.as_ref()) {
        return Ok(Ink::Named(name.to_string()));
    }
    literal(source, value).map(Ink::Itself).map_err(|_| {
        let known = palette.keys().map(String::as_str).chain(super::colour::NAMES);
        source.unknown(&Spanned::new(value.span(), name.clone()), "colour", known)
    })
}

fn read_spec(
    source: &Source<'_>,
    table: &DeTable<'_>,
    palette: &BTreeMap<String, Colour>,
) -> Result<Spec, ThemeError> {
    let mut spec = Spec::default();
    for (property, value) in table {
        let on = || match value.get_ref() {
            DeValue::Boolean(on) => Ok(*on),
            _ => Err(source.error(value.span().start, "expected true or false")),
        };
        match property.get_ref().as_ref() {
            "fg" => spec.fg = Some(ink(source, value, palette)?),
            "bg" => spec.bg = Some(ink(source, value, palette)?),
            "bold" => spec.rest.bold = on()?,
            "dim" => spec.rest.dim = on()?,
            "underline" => spec.rest.underline = on()?,
            "reversed" => spec.rest.reversed = on()?,
            _ => return Err(source.unknown(property, "property of a style", PROPERTIES.into_iter())),
        }
    }
    Ok(spec)
}

fn resolve(spec: &Spec, palette: &BTreeMap<String, Colour>) -> Style {
    let look = |ink: &Option<Ink>| match ink {
        Some(Ink::Named(name)) => palette.get(name).copied(),
        Some(Ink::Itself(colour)) => Some(*colour),
        None => None,
    };
    Style { fg: look(&spec.fg), bg: look(&spec.bg), ..spec.rest }
}

/// The role's name in files: as serde writes it.
fn role_word(role: Role) -> String {
    serde_json::to_string(&role).map(|s| s.trim_matches('"').to_owned()).unwrap_or_default()
}

fn role(source: &Source<'_>, name: &Names<'_>) -> Result<Role, ThemeError> {
    let words: Vec<_> = Role::ALL.iter().map(|r| (role_word(*r), *r)).collect();
    words
        .iter()
        .find(|(word, _)| word == name.get_ref())
        .map(|(_, role)| *role)
        .ok_or_else(|| source.unknown(name, "role", words.iter().map(|(word, _)| word.as_str())))
}
