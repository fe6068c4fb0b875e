//! All runbooks that there are: those that come with the program, overlaid by a team's own.
//!
//! In: labels and texts. Out: recipes by name and by row, or the first mistake. A file of a team with the id of a built-in
//! recipe takes its place. Must not read files: `runtime` does.

use super::recipe::{Fault, Recipe};

/// The recipes that come with the program: name and text of each file of `runbooks/`.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("assign-core", include_str!("../../runbooks/assign-core.toml")),
    ("force-head", include_str!("../../runbooks/force-head.toml")),
];

/// Recipes in the order of their rows, those without a row last.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    recipes: Vec<Recipe>,
}

impl Catalogue {
    /// What comes with the program.
    ///
    /// # Errors
    /// The first mistake in one of its files: a test keeps that from happening.
    pub fn built_in() -> Result<Self, Fault> {
        Self::default()
            .with(BUILT_IN.iter().map(|(name, text)| (format!("runbooks/{name}.toml"), (*text).to_owned())))
    }

    /// These files laid over what there is.
    ///
    /// # Errors
    /// The first mistake, or a second file with the same id or row among `files`.
    pub fn with(mut self, files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Fault> {
        let mut added: Vec<Recipe> = Vec::new();
        for (label, text) in files {
            let recipe = Recipe::parse(&label, &text)?;
            if let Some(twin) = added.iter().find(|r| r.name() == recipe.name()) {
                let what = format!("the id '{}' stands in {} too", recipe.name(), twin.label());
                return Err(recipe.fault(recipe.id.span(), &what, "each id once"));
            }
            let same_row = |r: &&Recipe| r.row().is_some() && r.row() == recipe.row();
            if let (Some(twin), Some(row)) = (added.iter().find(same_row), &recipe.row) {
                let what = format!("the row '{}' stands in {} too", row.get_ref(), twin.label());
                return Err(recipe.fault(row.span(), &what, "each row once"));
            }
            added.push(recipe);
        }
        self.recipes.retain(|old| added.iter().all(|new| new.name() != old.name()));
        // A row belongs to the last recipe that claims it.
        for old in &mut self.recipes {
            if added.iter().any(|new| new.row().is_some() && new.row() == old.row()) {
                old.row = None;
            }
        }
        self.recipes.extend(added);
        self.recipes.sort_by_key(|r| (r.row.is_none(), r.row().map(order), r.name().to_owned()));
        Ok(self)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Recipe] {
        &self.recipes
    }

    /// By name, or by row as `row:A3`.
    ///
    /// # Errors
    /// One sentence with the nearest names.
    pub fn find(&self, name: &str) -> Result<&Recipe, String> {
        let found = match name.strip_prefix("row:") {
            Some(row) => self.recipes.iter().find(|r| r.row().is_some_and(|r| r.eq_ignore_ascii_case(row))),
            None => self.recipes.iter().find(|r| r.name() == name),
        };
        found.ok_or_else(|| {
            let mut near: Vec<(usize, &str)> = (self.recipes.iter())
                .map(|r| (strsim::levenshtein(r.name(), name), r.name()))
                .filter(|(far, near)| *far <= 3 || near.contains(name))
                .collect();
            near.sort_unstable();
            let near: Vec<&str> = near.into_iter().map(|(_, name)| name).take(3).collect();
            let tip = if near.is_empty() {
                "'sereno runbook list' names them all".to_owned()
            } else {
                format!("did you mean {}?", near.join(", "))
            };
            format!("there is no runbook '{name}': {tip}")
        })
    }
}

/// `A10` after `A9`.
fn order(row: &str) -> (String, u32) {
    let letters: String = row.chars().take_while(|c| !c.is_ascii_digit()).collect();
    let digits: String = row.chars().skip_while(|c| !c.is_ascii_digit()).collect();
    (letters, digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_file_of_the_folder_is_in_the_registry_under_its_own_id() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
        let mut files: Vec<String> = (folder.read_dir().unwrap())
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(".toml").unwrap().to_owned())
            .collect();
        files.sort();
        let registry: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, registry, "the registry lists the folder, in order");
        for (name, text) in BUILT_IN {
            assert_eq!(Recipe::parse(name, text).unwrap_or_else(|e| panic!("{e}")).name(), *name);
        }
    }

    #[test]
    fn a_row_finds_its_recipe_and_a_wrong_name_the_nearest() {
        let all = Catalogue::built_in().unwrap();
        assert_eq!(all.find("row:A3").unwrap().name(), "force-head");
        assert_eq!(all.find("row:a3").unwrap().name(), "force-head");
        assert_eq!(all.find("force-head").unwrap().row(), Some("A3"));
        assert_eq!(
            all.find("force-haed").unwrap_err(),
            "there is no runbook 'force-haed': did you mean force-head?"
        );
        assert!(all.find("row:Z9").unwrap_err().contains("'sereno runbook list' names them all"));
        assert!(order("A9") < order("A10") && order("A20") < order("B1"));
    }

    #[test]
    fn a_teams_own_file_takes_the_place_of_ours_and_two_of_theirs_do_not_share_an_id() {
        let own = BUILT_IN.iter().find(|(name, _)| *name == "force-head").unwrap().1;
        let own = own.replace("title = \"", "title = \"Ours: ");
        let file = |label: &str| (label.to_owned(), own.clone());
        let all = Catalogue::built_in().unwrap().with([file("mine.toml")]).unwrap();
        assert_eq!(all.all().len(), BUILT_IN.len());
        assert!(all.find("row:A3").unwrap().title.starts_with("Ours: "));
        let twice =
            Catalogue::built_in().unwrap().with([file("a.toml"), file("b.toml")]).unwrap_err().to_string();
        assert!(
            twice.starts_with("b.toml:") && twice.contains("stands in a.toml too; expected each id once")
        );
    }
}
