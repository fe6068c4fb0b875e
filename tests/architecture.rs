//! The structure of the house, checked: who imports whom, what stands at the head of a file, how long it may grow,
//! what is listed where.
//!
//! In: the sources and data files of this repository, as text. Out: one failing line `file:line: what is wrong` for
//! every breach. The rules are functions over texts in `architecture/rules.rs`; each has a test there that it can fail.

#[cfg(test)]
#[path = "architecture/rules.rs"]
mod rules;

#[cfg(test)]
mod house {
    use super::rules::{self, Breach, Table};
    use std::path::{Path, PathBuf};

    struct Text {
        path: String,
        body: String,
    }

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
        let Ok(entries) = dir.read_dir() else { return };
        for path in entries.map(|e| e.unwrap().path()) {
            if path.is_dir() && !path.ends_with("node_modules") {
                walk(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                into.push(path);
            }
        }
    }

    fn sources(folders: &[&str]) -> Vec<Text> {
        let mut paths = Vec::new();
        folders.iter().for_each(|f| walk(&root().join(f), &mut paths));
        paths.sort();
        let text = |p: PathBuf| Text {
            path: p.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(),
            body: std::fs::read_to_string(p).unwrap(),
        };
        let all: Vec<Text> = paths.into_iter().map(text).collect();
        assert!(!all.is_empty(), "no sources in {folders:?}");
        all
    }

    fn read(path: &str) -> Option<String> {
        std::fs::read_to_string(root().join(path)).ok()
    }

    fn table() -> Table {
        Table::parse("src/lib.rs", &read("src/lib.rs").unwrap()).unwrap_or_else(|b| panic!("{b}"))
    }

    fn report(breaches: Vec<Breach>) {
        let lines: Vec<String> = breaches.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }

    fn each(folders: &[&str], rule: impl Fn(&str, &str) -> Vec<Breach>) {
        report(sources(folders).iter().flat_map(|t| rule(&t.path, &t.body)).collect());
    }

    #[test]
    fn the_import_table_lists_every_module_and_has_no_cycle() {
        let table = table();
        report(rules::table_against_modules(&table, "src/lib.rs", &read("src/lib.rs").unwrap()));
        report(rules::cycles(&table));
    }

    #[test]
    fn every_import_is_allowed_by_the_table() {
        let table = table();
        each(&["src"], |path, body| rules::imports(&table, path, body));
    }

    #[test]
    fn each_library_stays_where_it_belongs() {
        each(&["src"], rules::libraries);
    }

    #[test]
    fn nothing_but_the_submitter_can_name_a_method_that_writes() {
        each(&["src"], rules::write_methods);
    }

    #[test]
    fn every_file_says_at_its_head_what_it_is() {
        each(&["src", "tests", "benches"], rules::head);
    }

    #[test]
    fn no_file_outgrows_the_ceiling_and_none_is_called_mod() {
        each(&["src"], rules::ceiling);
        each(&["src", "tests"], |path, _| rules::no_mod_rs(path));
    }

    #[test]
    fn every_detector_and_every_tab_stands_in_its_registry() {
        for (folder, registry, item) in
            [("src/detectors", "DETECTORS", "DETECTOR"), ("src/tabs", "TABS", "TAB")]
        {
            let home = format!("{folder}.rs");
            let home_text = read(&home).unwrap();
            for file in
                sources(&["src"]).iter().filter(|t| Path::new(&t.path).parent() == Some(Path::new(folder)))
            {
                let entry = rules::Entry { home: &home, home_text: &home_text, registry, item };
                report(rules::registered(&entry, &file.path, &file.body));
            }
        }
    }

    #[test]
    fn every_command_has_a_key_and_every_role_a_colour() {
        let commands: Vec<String> =
            sereno::command::Command::ALL.iter().map(|c| format!("\"{}\"", c.name())).collect();
        if let Some(text) = read("keymaps/default.toml") {
            report(rules::mentions("keymaps/default.toml", &rules::without_comments(&text), &commands));
        }
        let roles: Vec<String> = sereno::screen::Role::ALL
            .iter()
            .map(|r| format!("\n{} =", serde_json::to_value(r).unwrap().as_str().unwrap()))
            .collect();
        if let Some(text) = read("themes/paseo-night.toml") {
            report(rules::mentions("themes/paseo-night.toml", &text, &roles));
        }
    }
}
