//! Keymap files: TOML with one section a context, `"KEYS" = "command"`.
//!
//! In: a file's name and text, and the keymap it overrides. Out: a [`Keymap`], or an error that says file, line,
//! column, what was expected and the nearest name. Does no I/O. Must not import anything but its parent and `command`.

use super::tree::{Found, Tree};
use super::{Context, Key, Keymap, parse_keys, show_keys};
use crate::command::Command;
use std::fmt;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The word that takes a binding of the base away.
const UNBIND: &str = "none";

/// What is wrong in a keymap file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct KeymapError {
    /// The file as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was expected.
    pub problem: String,
}

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, at: usize, problem: impl fmt::Display) -> KeymapError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        KeymapError { file: self.name.to_owned(), line, column, problem: problem.to_string() }
    }
}

pub(super) fn parse(name: &str, text: &str, base: Option<&Keymap>) -> Result<Keymap, KeymapError> {
    let source = Source { name, text };
    let table = DeTable::parse(text).map_err(|e| {
        source.error(e.span().map_or(0, |s| s.start), format_args!("not TOML: {}", e.message()))
    })?;
    let mut map =
        Keymap { name: name.to_owned(), contexts: base.map(|b| b.contexts.clone()).unwrap_or_default() };
    for (section, body) in table.get_ref() {
        let context = context(&source, section)?;
        let DeValue::Table(bindings) = body.get_ref() else {
            return Err(
                source.error(body.span().start, format_args!("expected a section [{}]", context.name()))
            );
        };
        section_into(&source, bindings, map.contexts.entry(context).or_default())?;
    }
    Ok(map)
}

fn context(source: &Source<'_>, name: &Spanned<toml::de::DeString<'_>>) -> Result<Context, KeymapError> {
    let known = Context::ALL.map(Context::name);
    Context::ALL.into_iter().find(|c| c.name() == name.get_ref().as_ref()).ok_or_else(|| {
        source.error(
            name.span().start,
            format_args!("no context is called '{}'; expected one of {}", name.get_ref(), known.join(", ")),
        )
    })
}

/// Reads one section; `tree` holds the base's bindings of this context.
fn section_into(source: &Source<'_>, bindings: &DeTable<'_>, tree: &mut Tree) -> Result<(), KeymapError> {
    // What this file itself binds here: only among these a clash is a mistake, the base is there to be overridden.
    let mut own = Tree::default();
    // Chords are read in the order of the file, so that an error points at the later of two.
    let mut rows: Vec<_> = bindings.iter().collect();
    rows.sort_by_key(|(key, _)| key.span().start);
    for (written, value) in rows {
        let at = written.span().start;
        let keys = parse_keys(written.get_ref()).map_err(|e| source.error(at, e))?;
        clash(&own, &keys).map_or(Ok(()), |problem| Err(source.error(at, problem)))?;
        match command(source, value)? {
            Some(command) => {
                own.bind(&keys, command);
                tree.bind(&keys, command);
            }
            None => tree.unbind(&keys),
        }
    }
    Ok(())
}

/// Why `keys` cannot stand beside what the file has bound before.
fn clash(own: &Tree, keys: &[Key]) -> Option<String> {
    let shown = show_keys(keys);
    for n in 1..=keys.len() {
        if let Some(prefix) = keys.get(..n)
            && let Found::Command(command) = own.find(prefix.iter().copied())
        {
            let (other, command) = (show_keys(prefix), command.name());
            return Some(if n == keys.len() {
                format!("{shown} is already bound to {command} in this section")
            } else {
                format!("the chord '{shown}' begins with {other}, which is bound to {command}")
            });
        }
    }
    (own.find(keys.iter().copied()) == Found::Prefix)
        .then(|| format!("{shown} begins a chord in this section and cannot be bound itself"))
}

/// The command of a binding; none unbinds.
fn command(source: &Source<'_>, value: &Spanned<DeValue<'_>>) -> Result<Option<Command>, KeymapError> {
    let at = value.span().start;
    let DeValue::String(name) = value.get_ref() else {
        return Err(source.error(at, "expected the name of a command in quotes"));
    };
    if name == UNBIND {
        return Ok(None);
    }
    if let Some(command) = Command::from_name(name) {
        return Ok(Some(command));
    }
    let near = Command::ALL
        .iter()
        .map(|c| (strsim::damerau_levenshtein(c.name(), name), c.name()))
        .min()
        .filter(|(distance, _)| *distance <= 4)
        .map(|(_, name)| format!("; did you mean '{name}'?"))
        .unwrap_or_default();
    Err(source.error(at, format_args!("no command is called '{name}'{near} ('{UNBIND}' unbinds a key)")))
}
