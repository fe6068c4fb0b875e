//! The rules of the house as functions over texts.
//!
//! In: a path and the text of a file. Out: [`Breach`]es, each with its place. They read text, not syntax: comments are
//! left out, braces of imports are followed. Must not touch the file system; `architecture.rs` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Lines a file may have without its tests.
pub(crate) const CEILING: usize = 500;

/// What may name a method that changes a chain.
const SUBMITTER: &str = "src/chain/submit.rs";
const WRITE_METHODS: [&str; 4] =
    ["author_submit", "author_insertKey", "transaction_v1_broadcast", "transactionWatch"];

/// A library and the modules that may name it.
const LIBRARIES: [(&str, &[&str]); 14] = [
    ("ratatui", &["ui"]),
    ("crossterm", &["ui"]),
    ("subxt", &["codec", "chain"]),
    ("subxt_rpcs", &["codec", "chain"]),
    ("scale_decode", &["codec", "chain"]),
    ("scale_value", &["codec", "chain"]),
    ("scale_info", &["codec", "chain"]),
    ("scale_encode", &["codec", "chain"]),
    ("tokio", &["chain", "runtime", "cli"]),
    ("hyper", &["runtime", "cli"]),
    ("clap", &["cli", "config"]),
    ("rusqlite", &["journal"]),
    ("rusqlite_migration", &["journal"]),
    ("smoldot", &["rehearse"]),
];

/// Something that is not as it must be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    path: String,
    line: usize,
    what: String,
}

impl Breach {
    fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Who may import whom: the table in the documentation of `lib.rs`.
#[derive(Debug)]
pub(crate) struct Table {
    path: String,
    rows: BTreeMap<String, (usize, Vec<String>)>,
}

impl Table {
    /// Reads `//! | module | may, import | what |`.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Self, Breach> {
        let mut rows = BTreeMap::new();
        for (line, row) in numbered(text).filter_map(|(n, l)| Some((n, l.strip_prefix("//! |")?))) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [module, allowed, _, ..] = cells[..] else {
                return Err(Breach::at(path, line, "this row has not three cells"));
            };
            if module == "module" || module.starts_with("---") {
                continue;
            }
            let allowed = allowed.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
            if rows.insert(module.to_owned(), (line, allowed)).is_some() {
                return Err(Breach::at(path, line, format!("module {module} stands twice")));
            }
        }
        if rows.is_empty() {
            return Err(Breach::at(path, 1, "there is no import table"));
        }
        Ok(Self { path: path.to_owned(), rows })
    }

    fn may(&self, from: &str, to: &str) -> bool {
        from == to || self.rows.get(from).is_some_and(|(_, allowed)| allowed.iter().any(|a| a == to))
    }

    fn knows(&self, module: &str) -> bool {
        self.rows.contains_key(module)
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, l)| (i + 1, l))
}

/// The table and the `mod` lines name the same modules, and only modules of the table are allowed.
pub(crate) fn table_against_modules(table: &Table, path: &str, lib: &str) -> Vec<Breach> {
    let mut out = Vec::new();
    let mut declared = BTreeSet::new();
    for (line, text) in numbered(lib) {
        let Some(name) = text.strip_prefix("pub mod ").or(text.strip_prefix("mod ")) else { continue };
        let name = name.trim_end_matches(';').trim();
        declared.insert(name.to_owned());
        if !table.knows(name) {
            out.push(Breach::at(path, line, format!("module {name} is not in the table")));
        }
    }
    for (module, (line, allowed)) in &table.rows {
        if !declared.contains(module) {
            out.push(Breach::at(path, *line, format!("there is no module {module}")));
        }
        for other in allowed.iter().filter(|a| !table.knows(a)) {
            out.push(Breach::at(path, *line, format!("{module} may import {other}, which is no module")));
        }
    }
    out
}

/// No module reaches itself through what it may import.
pub(crate) fn cycles(table: &Table) -> Vec<Breach> {
    let reaches = |start: &str| {
        let mut seen = BTreeSet::new();
        let mut todo = vec![start.to_owned()];
        while let Some(module) = todo.pop() {
            for next in table.rows.get(&module).map(|(_, allowed)| allowed.clone()).unwrap_or_default() {
                if seen.insert(next.clone()) {
                    todo.push(next);
                }
            }
        }
        seen
    };
    let rows = table.rows.iter().filter(|(module, _)| reaches(module).contains(*module));
    rows.map(|(module, (line, _))| {
        Breach::at(&table.path, *line, format!("{module} imports itself in a circle"))
    })
    .collect()
}

/// The top-level module a source file belongs to; `main` for `src/main.rs`.
fn module_of(path: &str) -> Option<&str> {
    let first = path.strip_prefix("src/")?.split('/').next()?;
    Some(first.trim_end_matches(".rs"))
}

/// The text with comments blanked out; line numbers stay.
fn code_only(text: &str) -> String {
    let blank = |line: &str| {
        let cut = if line.trim_start().starts_with("//") { Some(0) } else { line.find(" // ") };
        cut.and_then(|at| line.get(..at)).unwrap_or(line).to_owned()
    };
    text.lines().map(blank).collect::<Vec<_>>().join("\n")
}

/// TOML without whole-line comments.
pub(crate) fn without_comments(text: &str) -> String {
    text.lines().filter(|l| !l.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn leading_word(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or_default()
}

/// What stands before and after each place where `needle` begins a word.
fn words<'a>(code: &'a str, needle: &str) -> Vec<(&'a str, &'a str)> {
    let around = code.match_indices(needle).map(|(at, hit)| {
        let (before, rest) = code.split_at(at);
        (before, rest.strip_prefix(hit).unwrap_or_default())
    });
    around.filter(|(before, _)| !before.ends_with(|c: char| is_word(c) || c == ':')).collect()
}

fn line_after(before: &str) -> usize {
    before.matches('\n').count() + 1
}

/// First path segments after a prefix: `a` of `a::b`, all of `{a, b::{c, d}}`.
fn targets(after: &str) -> Vec<String> {
    let Some(group) = after.strip_prefix('{') else { return vec![leading_word(after).to_owned()] };
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            c => {
                if depth == 0
                    && let Some(last) = names.last_mut()
                {
                    last.push(c);
                }
            }
        }
    }
    names.iter().map(|n| leading_word(n.trim()).to_owned()).filter(|n| !n.is_empty()).collect()
}

/// Every `crate::x`, every `super::` that climbs out of its module, and every `sereno::x` of `main.rs` is in the table.
pub(crate) fn imports(table: &Table, path: &str, text: &str) -> Vec<Breach> {
    let code = code_only(text);
    let Some(from) = module_of(path) else { return Vec::new() };
    if from == "lib" {
        return Vec::new();
    }
    let mut found: Vec<(usize, String)> = Vec::new();
    let prefix = if from == "main" { "sereno::" } else { "crate::" };
    for (before, after) in words(&code, prefix) {
        found.extend(targets(after).into_iter().map(|t| (line_after(before), t)));
    }
    let climb = "super::".repeat(path.split('/').count() - 1);
    for (before, after) in words(&code, &climb) {
        let out = targets(after.trim_start_matches("super::"));
        found.extend(out.into_iter().filter(|t| table.knows(t)).map(|t| (line_after(before), t)));
    }
    let allowed = |to: &str| if from == "main" { to == "cli" } else { table.may(from, to) };
    found
        .into_iter()
        .filter(|(_, to)| !allowed(to))
        .map(|(line, to)| Breach::at(path, line, format!("{from} must not import {to}")))
        .collect()
}

/// Libraries are named only in the modules that own them.
pub(crate) fn libraries(path: &str, text: &str) -> Vec<Breach> {
    let code = code_only(text);
    let Some(module) = module_of(path) else { return Vec::new() };
    let mut out = Vec::new();
    for (library, owners) in LIBRARIES.iter().filter(|(_, owners)| !owners.contains(&module)) {
        for (before, after) in words(&code, library) {
            let used = after.starts_with("::") || (before.ends_with("use ") && !after.starts_with(is_word));
            if used {
                let what = format!("only {} may name {library}", owners.join(", "));
                out.push(Breach::at(path, line_after(before), what));
            }
        }
    }
    out
}

/// Names of methods that change a chain stand in one file only, not even in comments elsewhere.
pub(crate) fn write_methods(path: &str, text: &str) -> Vec<Breach> {
    if path == SUBMITTER {
        return Vec::new();
    }
    let hit = |l: &str| WRITE_METHODS.iter().find(|m| l.contains(*m)).copied();
    numbered(text)
        .filter_map(|(n, l)| hit(l).map(|m| Breach::at(path, n, format!("only {SUBMITTER} may name {m}"))))
        .collect()
}

/// The first line is `//!` and says something.
pub(crate) fn head(path: &str, text: &str) -> Vec<Breach> {
    let good = text.lines().next().and_then(|l| l.strip_prefix("//! ")).is_some_and(|l| l.trim().len() > 10);
    if good { Vec::new() } else { vec![Breach::at(path, 1, "must begin with //! and its purpose")] }
}

/// Lines outside `#[cfg(test)] mod … { … }`.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let mut count = 0;
    let mut at = 0;
    while at < lines.len() {
        let opens = lines[at].trim() == "#[cfg(test)]"
            && lines.get(at + 1).is_some_and(|l| l.contains("mod ") && l.trim_end().ends_with('{'));
        if opens {
            let indent = lines[at].len() - lines[at].trim_start().len();
            let close = format!("{}}}", " ".repeat(indent));
            at += lines[at..].iter().position(|l| *l == close).map_or(lines.len(), |n| n + 1);
        } else {
            count += 1;
            at += 1;
        }
    }
    count
}

/// No file is longer than [`CEILING`] lines without its tests. Files that are only tests are named `…tests.rs`.
pub(crate) fn ceiling(path: &str, text: &str) -> Vec<Breach> {
    let lines = lines_without_tests(text);
    if lines <= CEILING || path.ends_with("tests.rs") {
        return Vec::new();
    }
    vec![Breach::at(path, CEILING, format!("has {lines} lines without tests; at most {CEILING}: split it"))]
}

/// `name.rs` beside `name/`, never `name/mod.rs`.
pub(crate) fn no_mod_rs(path: &str) -> Vec<Breach> {
    if path.ends_with("/mod.rs") {
        vec![Breach::at(path, 1, "write name.rs beside name/")]
    } else {
        Vec::new()
    }
}

/// A registry and what a file must offer to stand in it.
pub(crate) struct Entry<'a> {
    /// The file of the registry.
    pub(crate) home: &'a str,
    /// Its text.
    pub(crate) home_text: &'a str,
    /// The constant that lists all.
    pub(crate) registry: &'a str,
    /// The constant that each file offers.
    pub(crate) item: &'a str,
}

/// A file beside a registry is declared there, and listed unless it offers no item. Every file of `src/detectors/` is a
/// detector, but for those under `cfg(test)`.
pub(crate) fn registered(entry: &Entry<'_>, path: &str, text: &str) -> Vec<Breach> {
    let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    let home: Vec<&str> = entry.home_text.lines().collect();
    let declares = |l: &str| l.trim_end().ends_with(&format!("mod {name};"));
    let Some(at) = home.iter().position(|l| declares(l)) else {
        return vec![Breach::at(entry.home, 1, format!("{path} is not declared"))];
    };
    if at > 0 && home[at - 1].trim() == "#[cfg(test)]" {
        return Vec::new();
    }
    let offers = code_only(text).contains(&format!("const {}:", entry.item));
    if !offers {
        let helper = entry.item != "DETECTOR";
        let what = format!("offers no {}; only detectors lie in this folder", entry.item);
        return if helper { Vec::new() } else { vec![Breach::at(path, 1, what)] };
    }
    let code = code_only(entry.home_text);
    let list = code.split_once(&format!("const {}:", entry.registry)).map_or("", |(_, rest)| rest);
    let list = list.split("];").next().unwrap_or_default();
    if words(list, &format!("{name}::{}", entry.item)).is_empty() {
        let what = format!("{path} is not listed in {}", entry.registry);
        return vec![Breach::at(entry.home, at + 1, what)];
    }
    Vec::new()
}

/// Each of these stands somewhere in the text.
pub(crate) fn mentions(path: &str, text: &str, wanted: &[String]) -> Vec<Breach> {
    let missing = wanted.iter().filter(|w| !text.contains(w.as_str()));
    missing.map(|w| Breach::at(path, 1, format!("{} is missing", w.trim().trim_end_matches(" =")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "//! | module | may import | what |\n//! |---|---|---|\n//! | domain | | ids |\n\
                       //! | codec | domain | bytes |\n//! | ui | domain | paint |\n//! | cli | domain, ui | flags |\n\
                       pub mod domain;\npub mod codec;\npub mod ui;\npub mod cli;\n";

    fn table() -> Table {
        Table::parse("lib", LIB).unwrap()
    }

    fn shown(breaches: Vec<Breach>) -> Vec<String> {
        breaches.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_missing_or_broken_table_fails() {
        assert!(Table::parse("lib", "//! no table\n").is_err());
        assert!(Table::parse("lib", "//! | a |\n").is_err());
        assert!(Table::parse("lib", "//! | a | | x |\n//! | a | | x |\n").is_err());
    }

    #[test]
    fn table_and_modules_must_name_the_same() {
        assert_eq!(table_against_modules(&table(), "lib", LIB), []);
        let extra = format!("{LIB}mod stray;\n");
        assert_eq!(
            shown(table_against_modules(&table(), "lib", &extra)),
            ["lib:11: module stray is not in the table"]
        );
        let less = LIB.replace("pub mod ui;\n", "");
        assert_eq!(shown(table_against_modules(&table(), "lib", &less)), ["lib:5: there is no module ui"]);
        let ghost = LIB.replace("| codec | domain |", "| codec | ghost |");
        let found = table_against_modules(&Table::parse("lib", &ghost).unwrap(), "lib", &ghost);
        assert_eq!(shown(found), ["lib:4: codec may import ghost, which is no module"]);
    }

    #[test]
    fn a_circle_in_the_table_fails() {
        assert_eq!(cycles(&table()), []);
        let circle = LIB.replace("| domain | |", "| domain | cli |");
        assert_eq!(cycles(&Table::parse("lib", &circle).unwrap()).len(), 3);
    }

    #[test]
    fn imports_outside_the_table_are_found_in_every_form() {
        for (path, text, line) in [
            ("src/codec/a.rs", "//! x\nuse crate::ui::Paint;\n", 2),
            ("src/codec.rs", "use crate::{\n    domain::{self, Hash},\n    ui,\n};\n", 1),
            ("src/codec.rs", "fn f() -> crate::cli::X {}", 1),
            ("src/codec.rs", "use super::ui::Paint;", 1),
            ("src/codec/a.rs", "\n\nuse super::super::{domain, cli};", 3),
            ("src/domain.rs", "#[cfg(test)]\nmod tests {\n    use crate::codec;\n}", 3),
            ("src/main.rs", "use sereno::ui;", 1),
        ] {
            let found = imports(&table(), path, text);
            assert_eq!(found.len(), 1, "{path} {text}: {found:?}");
            assert_eq!(found[0].line, line, "{text}");
        }
    }

    #[test]
    fn allowed_imports_comments_and_local_paths_pass() {
        for (path, text) in [
            ("src/codec/a.rs", "use crate::{domain::{Hash, ui}, codec::b};"),
            ("src/codec/a.rs", "//! see crate::ui\n    /// crate::ui\nlet x = 1; // crate::ui"),
            ("src/codec/a.rs", "use super::ui;\nuse super::*;"),
            ("src/codec.rs", "mycrate::ui::x(); pub(in crate::codec) fn f() {}"),
            ("src/main.rs", "fn main() -> ExitCode { sereno::cli::main() }"),
            ("src/lib.rs", "pub use crate::ui;"),
        ] {
            assert_eq!(imports(&table(), path, text), [], "{path} {text}");
        }
    }

    #[test]
    fn a_library_outside_its_home_fails() {
        assert_eq!(libraries("src/domain/a.rs", "\nuse tokio::sync;")[0].line, 2);
        assert_eq!(libraries("src/app.rs", "fn f(x: ratatui::Frame) {}").len(), 1);
        assert_eq!(libraries("src/state.rs", "use rusqlite as db;").len(), 1);
        assert_eq!(libraries("src/cli.rs", "crossterm::execute!()").len(), 1);
        assert_eq!(libraries("src/ui/paint.rs", "use ratatui::Frame;"), []);
        assert_eq!(
            libraries("src/app.rs", "// ratatui::Frame\nlet ratatui = 1; mytokio::x(); subxtra::y();"),
            []
        );
    }

    #[test]
    fn a_write_method_fails_even_in_a_comment_but_not_in_the_submitter() {
        for method in WRITE_METHODS {
            let text = format!("\n// {method}\n");
            assert_eq!(write_methods("src/chain/transport.rs", &text)[0].line, 2);
            assert_eq!(write_methods(SUBMITTER, &text), []);
        }
    }

    #[test]
    fn a_file_without_a_head_fails() {
        assert_eq!(head("a.rs", "//! Does something useful.\n"), []);
        for bad in ["", "use x;\n//! Late, much too late.", "//!\n", "// Not documentation.", "//! x"] {
            assert_eq!(head("a.rs", bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn the_ceiling_counts_everything_but_tests() {
        let code = "let x = 1;\n".repeat(CEILING);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    x\n    }\n".repeat(400));
        assert_eq!(ceiling("src/a.rs", &format!("{code}{tests}")), []);
        assert_eq!(ceiling("src/a.rs", &format!("{code}{tests}one more\n")).len(), 1);
        assert_eq!(ceiling("src/a.rs", &format!("{tests}{code}// x\n")).len(), 1);
        assert_eq!(ceiling("src/a/tests.rs", &code.repeat(2)), []);
    }

    #[test]
    fn mod_rs_fails() {
        assert_eq!(no_mod_rs("src/ui/mod.rs").len(), 1);
        assert_eq!(no_mod_rs("src/ui.rs"), []);
    }

    #[test]
    fn a_file_that_its_registry_does_not_list_fails() {
        let home = "mod stall;\nmod lag;\n#[cfg(test)]\nmod testbed;\n\
                    // lag::DETECTOR\npub const DETECTORS: &[Detector] = &[\n    stall::DETECTOR,\n];\nlag::DETECTOR";
        let entry =
            Entry { home: "src/detectors.rs", home_text: home, registry: "DETECTORS", item: "DETECTOR" };
        let rule = "pub(super) const DETECTOR: Detector = x;";
        assert_eq!(registered(&entry, "src/detectors/stall.rs", rule), []);
        assert_eq!(registered(&entry, "src/detectors/testbed.rs", ""), []);
        assert_eq!(
            shown(registered(&entry, "src/detectors/lag.rs", rule)),
            ["src/detectors.rs:2: src/detectors/lag.rs is not listed in DETECTORS"]
        );
        assert_eq!(registered(&entry, "src/detectors/stall.rs", "// const DETECTOR: x").len(), 1);
        assert_eq!(registered(&entry, "src/detectors/stray.rs", rule).len(), 1);
        let tabs = Entry { item: "TAB", registry: "TABS", ..entry };
        assert_eq!(registered(&tabs, "src/tabs/lag.rs", "a helper"), []);
        assert_eq!(registered(&tabs, "src/tabs/lag.rs", "pub const TAB: Tab = x;").len(), 1);
    }

    #[test]
    fn an_unbound_command_and_an_uncoloured_role_fail() {
        let wanted = ["\"open\"".to_owned(), "\"back\"".to_owned()];
        let found =
            mentions("k.toml", &without_comments("\"Enter\" = \"open\"\n# \"Esc\" = \"back\""), &wanted);
        assert_eq!(shown(found), ["k.toml:1: \"back\" is missing"]);
        assert_eq!(
            mentions("t.toml", "[roles]\ntext = 1", &["\ntext =".to_owned(), "\ndim =".to_owned()]).len(),
            1
        );
    }
}
