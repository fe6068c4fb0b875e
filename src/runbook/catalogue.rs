//! All runbooks that there are: those that come with the program, overlaid by a team's own.
//!
//! In: labels and texts. Out: recipes by name and by row, or the first mistake. A file of a team with the id of a built-in
//! recipe takes its place. Must not read files: `runtime` does.

use super::recipe::{Fault, Recipe};

/// The recipes that come with the program: name and text of each file of `runbooks/`.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("add-lock", include_str!("../../runbooks/add-lock.toml")),
    ("answer-channel-request", include_str!("../../runbooks/answer-channel-request.toml")),
    ("assign-core", include_str!("../../runbooks/assign-core.toml")),
    ("authorize-code", include_str!("../../runbooks/authorize-code.toml")),
    ("bypass-configuration-check", include_str!("../../runbooks/bypass-configuration-check.toml")),
    ("call-system-chain", include_str!("../../runbooks/call-system-chain.toml")),
    ("cancel-configuration", include_str!("../../runbooks/cancel-configuration.toml")),
    ("cancel-multisig", include_str!("../../runbooks/cancel-multisig.toml")),
    ("change-lifecycle", include_str!("../../runbooks/change-lifecycle.toml")),
    ("claim-trapped-assets", include_str!("../../runbooks/claim-trapped-assets.toml")),
    ("clean-channels", include_str!("../../runbooks/clean-channels.toml")),
    ("clear-upgrade", include_str!("../../runbooks/clear-upgrade.toml")),
    ("close-channel", include_str!("../../runbooks/close-channel.toml")),
    ("core-count", include_str!("../../runbooks/core-count.toml")),
    ("correct-issuance", include_str!("../../runbooks/correct-issuance.toml")),
    ("downgrade-runtime", include_str!("../../runbooks/downgrade-runtime.toml")),
    ("force-code", include_str!("../../runbooks/force-code.toml")),
    ("force-head", include_str!("../../runbooks/force-head.toml")),
    ("force-lease", include_str!("../../runbooks/force-lease.toml")),
    ("free-core", include_str!("../../runbooks/free-core.toml")),
    ("inject-validator-set", include_str!("../../runbooks/inject-validator-set.toml")),
    ("manage-delegates", include_str!("../../runbooks/manage-delegates.toml")),
    ("minimum-validators", include_str!("../../runbooks/minimum-validators.toml")),
    ("note-head", include_str!("../../runbooks/note-head.toml")),
    ("note-stalled", include_str!("../../runbooks/note-stalled.toml")),
    ("offboard-para", include_str!("../../runbooks/offboard-para.toml")),
    ("onboard-para", include_str!("../../runbooks/onboard-para.toml")),
    ("open-channel", include_str!("../../runbooks/open-channel.toml")),
    ("open-system-channel", include_str!("../../runbooks/open-system-channel.toml")),
    ("opengov-upgrade", include_str!("../../runbooks/opengov-upgrade.toml")),
    ("order-block", include_str!("../../runbooks/order-block.toml")),
    ("process-opens", include_str!("../../runbooks/process-opens.toml")),
    ("queue-action", include_str!("../../runbooks/queue-action.toml")),
    ("queue-downward-xcm", include_str!("../../runbooks/queue-downward-xcm.toml")),
    ("regenesis", include_str!("../../runbooks/regenesis.toml")),
    ("remove-cooldown", include_str!("../../runbooks/remove-cooldown.toml")),
    ("remove-lock", include_str!("../../runbooks/remove-lock.toml")),
    ("reserve-core", include_str!("../../runbooks/reserve-core.toml")),
    ("reset-dmp", include_str!("../../runbooks/reset-dmp.toml")),
    ("reset-hrmp", include_str!("../../runbooks/reset-hrmp.toml")),
    ("restart-election", include_str!("../../runbooks/restart-election.toml")),
    ("resume-xcmp", include_str!("../../runbooks/resume-xcmp.toml")),
    ("rotate-sudo", include_str!("../../runbooks/rotate-sudo.toml")),
    ("schedule-code", include_str!("../../runbooks/schedule-code.toml")),
    ("sell-cores", include_str!("../../runbooks/sell-cores.toml")),
    ("set-balance", include_str!("../../runbooks/set-balance.toml")),
    ("set-code", include_str!("../../runbooks/set-code.toml")),
    ("set-collators", include_str!("../../runbooks/set-collators.toml")),
    ("set-configuration", include_str!("../../runbooks/set-configuration.toml")),
    ("set-context", include_str!("../../runbooks/set-context.toml")),
    ("set-passive-validators", include_str!("../../runbooks/set-passive-validators.toml")),
    ("set-validator-keys", include_str!("../../runbooks/set-validator-keys.toml")),
    ("staking-mode", include_str!("../../runbooks/staking-mode.toml")),
    ("suspend-xcm", include_str!("../../runbooks/suspend-xcm.toml")),
    ("top-up-sovereign", include_str!("../../runbooks/top-up-sovereign.toml")),
    ("trust-code", include_str!("../../runbooks/trust-code.toml")),
    ("unblock-ump", include_str!("../../runbooks/unblock-ump.toml")),
    ("unfreeze-disputes", include_str!("../../runbooks/unfreeze-disputes.toml")),
    ("upgrade-relay", include_str!("../../runbooks/upgrade-relay.toml")),
    ("upgrade-system-chain", include_str!("../../runbooks/upgrade-system-chain.toml")),
    ("xcm-version", include_str!("../../runbooks/xcm-version.toml")),
];

/// Recipes in the order of their rows, those without a row last.
#[derive(Debug, Clone, Default, PartialEq)]
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
