//! The catalogue of this machine, and whether its runbooks can be used on the chains that answer.
//!
//! In: the user's folder `runbooks/`, a network. Out: a [`Catalogue`]; for each recipe yes, no or unknown with the reason. A
//! chain that does not answer in time makes its runbooks unknown; one that the network does not have makes them unusable.

use super::compose::Base;
use super::planner::Stations;
use super::sources;
use crate::config::{ConfigError, Dirs, Shelf, find_text};
use crate::domain::{ChainId, ChainKind, Clean};
use crate::runbook::Catalogue;
use crate::runbook::lint::{availability, lint_live};
use crate::runbook::params::Input;
use crate::runbook::plan::OWN;
use crate::runbook::reads::Target;
use crate::runbook::recipe::{Fault, Recipe};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

/// Most files of a team.
const MAX_FILES: usize = 200;
/// Longest file of a parameter or plan, in bytes: a plan holds a runtime as hex in its parameters, arguments and call data.
const MAX_FILE: u64 = 64 << 20;
/// Most that a chain may take to answer; all are asked at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the catalogue cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file cannot be read.
    #[error("{0}")]
    File(#[from] ConfigError),
    /// A recipe is wrong.
    #[error("{0}")]
    Recipe(#[from] Fault),
}

/// The built-in recipes under those of the user's folder.
///
/// # Errors
/// A file that cannot be read, or the first mistake in one.
pub fn catalogue(dirs: &Dirs) -> Result<Catalogue, CatalogueError> {
    let folder = dirs.config.join("runbooks");
    let mut paths: Vec<_> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let files = paths.iter().take(MAX_FILES).map(|path| file(dirs, path)).collect::<Result<Vec<_>, _>>()?;
    Ok(Catalogue::built_in()?.with(files)?)
}

/// The catalogue for a program that goes on without the user's own runbooks where one of them is wrong: the built-in ones then,
/// and why.
#[must_use]
pub fn at_hand(dirs: &Dirs) -> (Catalogue, Vec<Clean>) {
    match catalogue(dirs) {
        Ok(all) => (all, Vec::new()),
        Err(why) => {
            let said = Clean::of(&format!("{why}; the built-in runbooks are there without it"));
            (Catalogue::built_in().unwrap_or_default(), vec![said])
        }
    }
}

/// Label and text of a file.
///
/// # Errors
/// It cannot be read, is too large, or no text.
pub fn file(dirs: &Dirs, path: &Path) -> Result<(String, String), ConfigError> {
    let shelf = Shelf { folder: "runbooks", builtin: &[], dirs };
    let named = path.display().to_string();
    let named = if named.contains('/') || named.ends_with(".toml") { named } else { format!("./{named}") };
    find_text(&shelf, &named)
}

/// Parameters with their files read, each once: `@PATH` names one.
///
/// # Errors
/// One sentence: a file that cannot be read, or a parameter that stands twice.
pub fn given<'a>(
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<BTreeMap<String, Input>, String> {
    let mut out = BTreeMap::new();
    for (name, value) in params {
        let input = match value.strip_prefix('@') {
            Some(path) => {
                let bytes = read(Path::new(path)).map_err(|why| format!("{name}: {path}: {why}"))?;
                // A plan names it for whoever stands in another folder.
                let whole = std::path::absolute(path).ok().and_then(|path| path.to_str().map(str::to_owned));
                Input::File { path: whole.unwrap_or_else(|| path.to_owned()), bytes }
            }
            None => Input::Text(value.to_owned()),
        };
        if out.insert(name.to_owned(), input).is_some() {
            return Err(format!("--param {name} stands twice; expected each once"));
        }
    }
    Ok(out)
}

/// A file of a parameter or plan, whole.
///
/// # Errors
/// What is wrong with it, and what was expected.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |e: io::Error| format!("cannot be read ({}); expected a readable file", e.kind());
    // A pipe without a writer would hold up whoever opens it: what it is comes first.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err("is no plain file; expected a readable file".to_owned());
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(format!("is too large; expected at most {} MiB", MAX_FILE >> 20));
    }
    Ok(bytes)
}

/// Whether a recipe can be used, and why not or why that is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// Yes, no, unknown.
    pub yes: Option<bool>,
    /// Why not.
    pub reason: Option<String>,
}

/// What live metadata says of recipes.
pub struct Judged {
    /// Of each recipe, in order.
    pub available: Vec<Available>,
    /// What the runtimes lack of it.
    pub faults: Vec<Fault>,
}

/// Looks every recipe up in the metadata of its chain; at most half a minute, as all are asked at once.
///
/// # Errors
/// The system gives no thread.
pub fn judge(plan: &sources::Plan, base: &Base, recipes: &[Recipe]) -> Result<Judged, String> {
    let mut stations = Stations::new(plan, base, PATIENCE);
    let wanted: BTreeSet<String> = recipes.iter().flat_map(|recipe| candidates(plan, recipe)).collect();
    let keys: Vec<_> = wanted.into_iter().map(|id| (Target::Chain(id), OWN)).collect();
    super::glance::threads()?.block_on(stations.open(&keys));
    let mut judged = Judged { available: Vec::new(), faults: Vec::new() };
    for recipe in recipes {
        judged.available.push(one(plan, &stations, recipe));
        let chain = Target::Chain(recipe.chain.get_ref().clone());
        if let Some(reader) = stations.reader(&chain, OWN) {
            judged.faults.extend(lint_live(recipe, reader.runtime()));
        }
    }
    Ok(judged)
}

/// The chains of the network that a recipe may be for: its own, or, where a parameter names it, every parachain.
fn candidates(plan: &sources::Plan, recipe: &Recipe) -> Vec<String> {
    let chain = recipe.chain.get_ref();
    if !chain.contains('{') {
        let known = plan.network.chain(&ChainId::from(chain.as_str())).is_some();
        return if known { vec![chain.clone()] } else { Vec::new() };
    }
    let paras = plan.network.chains.iter().filter(|c| matches!(c.kind, ChainKind::Para(_)));
    paras.map(|c| c.id.to_string()).collect()
}

fn one(plan: &sources::Plan, stations: &Stations<'_>, recipe: &Recipe) -> Available {
    let no = |reason: String| Available { yes: Some(false), reason: Some(reason) };
    let chains = candidates(plan, recipe);
    if chains.is_empty() {
        let network = &plan.network.id;
        return no(match recipe.chain.get_ref().contains('{') {
            true => format!("the network {network} has no system chain"),
            false => format!("the network {network} has no chain {}", recipe.chain.get_ref()),
        });
    }
    let mut refused = None;
    let mut silent = Vec::new();
    for id in &chains {
        let target = Target::Chain(id.clone());
        match stations.reader(&target, OWN) {
            Some(reader) => match availability(recipe, reader.runtime()) {
                (true, _) => return Available { yes: Some(true), reason: None },
                (false, why) => refused = why.map(|why| format!("{id}: {why}")),
            },
            None => {
                let optional = plan.network.chain(&ChainId::from(id.as_str())).is_some_and(|c| c.optional);
                let why = stations.refusal(&target, OWN).unwrap_or("it was not read");
                silent.push((optional, why.to_owned()));
            }
        }
    }
    match (silent.iter().find(|(optional, _)| !optional), silent.first(), refused) {
        (Some((_, why)), ..) => Available { yes: None, reason: Some(why.clone()) },
        (None, Some((_, why)), None) => no(format!("the chain is absent: {why}")),
        (None, _, refused) => no(refused.unwrap_or_else(|| "it has no such call".to_owned())),
    }
}
