//! `runbook list|show|lint`, `plan` and `plan verify`: from arguments to a status.
//!
//! In: arguments, the setup, files of parameters, which are read once. Out: the document or the text on standard output. Must
//! not decide what a check means.

use super::{Failure, Setup, Watched, document, mistake, print};
use crate::cli::args::{PlanArgs, Runbook, SavedPlan};
use crate::domain::Clean;
use crate::runbook::Catalogue;
use crate::runbook::lint::lint;
use crate::runbook::params::Input;
use crate::runbook::plan::{Difference, Plan, Saved, differences};
use crate::runbook::recipe::{Fault, Recipe};
use crate::runtime::compose::Depth;
use crate::runtime::planner::{self, Ask};
use crate::runtime::runbooks::{self, Available, Judged};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

mod show;

/// `sereno runbook`.
pub(super) fn runbook(setup: &Setup, what: &Runbook) -> Result<u8, Failure> {
    match what {
        Runbook::List { json, offline } => list(setup, *json, *offline),
        Runbook::Show { name, json } => {
            let all = catalogue(setup)?;
            let recipe = all.find(name).map_err(mistake)?;
            print(&if *json { document(&show::json(recipe))? } else { show::text(recipe) })?;
            Ok(0)
        }
        Runbook::Lint { file, json, offline } => lint_files(setup, file.as_deref(), *json, *offline),
    }
}

pub(super) fn catalogue(setup: &Setup) -> Result<Catalogue, Failure> {
    runbooks::catalogue(&setup.dirs).map_err(|e| Failure { line: e.to_string(), code: 2 })
}

/// What the chains say of recipes; none where no chain is asked.
fn judged(setup: &Setup, recipes: &[Recipe], offline: bool) -> Result<Option<Judged>, Failure> {
    match (&setup.watched, offline) {
        (Watched::Chains(profile), false) => {
            let plan = setup.plan(profile, Depth::FromNow);
            runbooks::judge(&plan, &setup.base, recipes).map(Some).map_err(mistake)
        }
        _ => Ok(None),
    }
}

fn list(setup: &Setup, as_json: bool, offline: bool) -> Result<u8, Failure> {
    let all = catalogue(setup)?;
    let available = match judged(setup, all.all(), offline)? {
        Some(judged) => judged.available,
        None => {
            let why = if offline { "no chain was asked (--offline)" } else { "a recording has no metadata" };
            all.all().iter().map(|_| Available { yes: None, reason: Some(why.to_owned()) }).collect()
        }
    };
    if as_json {
        let one = |(recipe, available): (&Recipe, &Available)| {
            json!({ "id": recipe.name(), "row": recipe.row(), "title": recipe.title, "group": recipe.group,
                "risk": recipe.risk, "chain": recipe.chain.get_ref(), "available": available.yes,
                "reason": available.reason, "symptoms": recipe.symptoms.iter().map(|s| s.get_ref()).collect::<Vec<_>>(),
                "roles": recipe.roles, "safe_sudo": recipe.safe_sudo })
        };
        let list: Vec<_> = all.all().iter().zip(&available).map(one).collect();
        print(&document(&json!({ "schema": 1, "network": setup.watched.network(), "runbooks": list }))?)?;
    } else {
        print(&show::list(&all, &available))?;
    }
    Ok(0)
}

fn lint_files(setup: &Setup, file: Option<&Path>, as_json: bool, offline: bool) -> Result<u8, Failure> {
    let (recipes, mut faults) = match file {
        None => (catalogue(setup)?.all().to_vec(), Vec::new()),
        Some(path) => {
            let (label, text) = runbooks::file(&setup.dirs, path)?;
            match Recipe::parse(&label, &text) {
                Ok(recipe) => (vec![recipe], Vec::new()),
                Err(fault) => (Vec::new(), vec![fault]),
            }
        }
    };
    faults.extend(recipes.iter().flat_map(lint));
    // Where the file itself is wrong, the chains are not asked.
    let judged = if faults.is_empty() { judged(setup, &recipes, offline)? } else { None };
    let (unseen, judged) = match judged {
        Some(judged) => (judged.available.iter().filter(|a| a.yes.is_none()).count(), judged.faults),
        None => (recipes.len(), Vec::new()),
    };
    // A built-in recipe may be for another generation of runtimes: that is told by `list`. A file was asked for by name.
    if file.is_some() {
        faults.extend(judged);
    }
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    if as_json {
        print(&document(
            &json!({ "schema": 1, "recipes": recipes.len(), "without_metadata": unseen, "faults": lines }),
        )?)?;
    } else {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        print(&lines)?;
        if faults.is_empty() {
            let unseen =
                if unseen > 0 { format!("; {unseen} not looked up in any metadata") } else { String::new() };
            print(&format!("{} without a mistake{unseen}\n", plural(recipes.len())))?;
        }
    }
    Ok(if faults.is_empty() { 0 } else { 2 })
}

fn plural(count: usize) -> String {
    if count == 1 { "1 runbook".to_owned() } else { format!("{count} runbooks") }
}

/// `sereno plan`.
pub(super) fn plan(setup: &Setup, args: &PlanArgs) -> Result<u8, Failure> {
    if let Some(SavedPlan::Verify { file, params, json }) = &args.saved {
        return verify(setup, file, params, *json);
    }
    let all = catalogue(setup)?;
    let recipe = all.find(args.runbook.as_deref().unwrap_or_default()).map_err(mistake)?;
    refuse_faults(recipe)?;
    let ask = Ask {
        recipe,
        given: given(&args.params)?,
        wraps: (!args.wrap.is_empty()).then(|| args.wrap.clone()),
        sender: args.sender,
        ticket: args.ticket.clone(),
        expires: None,
    };
    let live = setup.live_plan(Depth::FromNow)?;
    let plan = planner::plan(&live, &setup.base, ask).map_err(mistake)?;
    let text = document(&plan)?;
    if let Some(path) = &args.out {
        let failed = |e: io::Error| mistake(format!("{}: {e}", path.display()));
        let mut file = File::create(path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        let _ = writeln!(io::stderr(), "sereno: the plan is in {}", path.display());
    }
    print(&if args.json { text } else { plan.text() })?;
    Ok(plan.exit())
}

pub(super) fn refuse_faults(recipe: &Recipe) -> Result<(), Failure> {
    match lint(recipe).first() {
        Some(fault) => Err(Failure { line: fault.to_string(), code: 2 }),
        None => Ok(()),
    }
}

/// Parameters with their files read, each once.
pub(super) fn given(params: &[(String, String)]) -> Result<BTreeMap<String, Input>, Failure> {
    runbooks::given(params.iter().map(|(name, text)| (name.as_str(), text.as_str()))).map_err(mistake)
}

/// `sereno plan verify`: the same plan made again, with the expiry that it has.
fn verify(setup: &Setup, path: &Path, params: &[(String, String)], as_json: bool) -> Result<u8, Failure> {
    let at = |why: String| mistake(format!("{}: {why}", path.display()));
    let bytes = runbooks::read(path).map_err(at)?;
    let text = String::from_utf8(bytes).map_err(|_| at("this is no text; expected JSON".to_owned()))?;
    let saved = Saved::parse(&text).map_err(at)?;
    let own = setup.watched.network();
    if saved.network != own {
        let why = format!(
            "it is a plan for the network {}, not {own}; expected --network {}",
            saved.network, saved.network
        );
        return Err(at(Clean::of(&why).to_string()));
    }
    let all = catalogue(setup)?;
    let recipe = all.find(&saved.runbook).map_err(mistake)?;
    refuse_faults(recipe)?;
    let (given, found) = given_again(&saved, params)?;
    if !found.is_empty() {
        return told(&saved, found, None, as_json);
    }
    let ask = Ask {
        recipe,
        given,
        wraps: Some(saved.wrap.clone()),
        sender: saved.sender(),
        ticket: saved.ticket.clone(),
        expires: saved.expires_at(),
    };
    let live = setup.live_plan(Depth::FromNow)?;
    let fresh = planner::plan(&live, &setup.base, ask);
    let (found, fresh) = match fresh {
        Ok(fresh) => (differences(&saved, &fresh, setup.base.now()), Some(fresh)),
        // It could be made once and cannot be made now: that is a difference, too.
        Err(why) => {
            let now = Clean::of(&why).to_string();
            (
                vec![Difference {
                    what: "whether it can be made".to_owned(),
                    planned: "yes".to_owned(),
                    now,
                }],
                None,
            )
        }
    };
    told(&saved, found, fresh, as_json)
}

/// The parameters of a saved plan: those that are files are read again, from where they lay or from where a parameter says
/// that they lie now. What is gone or different is a difference.
fn given_again(
    saved: &Saved,
    params: &[(String, String)],
) -> Result<(BTreeMap<String, Input>, Vec<Difference>), Failure> {
    let file = |name: &str| saved.files.iter().find(|file| file.name == name);
    let moved = |name: &str, text: &str| file(name).is_some() && text.starts_with('@');
    if let Some((name, _)) = params.iter().find(|(n, text)| saved.params.contains_key(n) && !moved(n, text)) {
        return Err(mistake(format!(
            "--param {name}: the plan says what it is; expected an address that it lacks, or @FILE for a file of it"
        )));
    }
    let (mut given, mut found) = (given(params)?, Vec::new());
    for (name, text) in &saved.params {
        let Some(file) = file(name) else {
            given.insert(name.clone(), Input::Text(text.clone()));
            continue;
        };
        let again = match given.remove(name) {
            Some(Input::File { path, bytes }) => Ok((path, bytes)),
            _ => runbooks::read(Path::new(&file.path)).map(|bytes| (file.path.clone(), bytes)),
        };
        let differs = match &again {
            Ok((path, bytes)) => file.differs(bytes).map(|why| format!("{path}: {why}")),
            Err(why) => Some(format!("{}: it {why}; name it anew with --param {name}=@FILE", file.path)),
        };
        if let Some(now) = differs {
            let planned = format!("{}: {} bytes, blake2-256 {}", file.path, file.bytes, file.blake2_256);
            let clean = |text: &str| Clean::of(text).to_string();
            found.push(Difference {
                what: clean(&format!("the file of {name}")),
                planned: clean(&planned),
                now: clean(&now),
            });
        } else if let Ok((path, bytes)) = again {
            given.insert(name.clone(), Input::File { path, bytes });
        }
    }
    Ok((given, found))
}

fn told(saved: &Saved, found: Vec<Difference>, fresh: Option<Plan>, as_json: bool) -> Result<u8, Failure> {
    let blocked = fresh.as_ref().map(Plan::blocked).unwrap_or_default();
    if as_json {
        print(&document(&json!({ "schema": 1, "same": found.is_empty(), "plan_hash": saved.plan_hash,
            "differs": found, "blocked": blocked, "checks": fresh.as_ref().map(|plan| &plan.checks) }))?)?;
    } else {
        print(&show::verified(saved, &found, &blocked))?;
    }
    Ok(u8::from(!(found.is_empty() && blocked.is_empty())))
}
