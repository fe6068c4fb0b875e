//! `rehearse`: from arguments to a status.
//!
//! In: arguments, the setup. Out: the rehearsal on standard output. Status 0: the call works; 1: it fails; 2: it could not be
//! rehearsed. Must not weigh anything.

use super::{Failure, Setup, document, mistake, print, runbook};
use crate::cli::args::RehearseArgs;
use crate::domain::ChainId;
use crate::rehearse::Request;
use crate::runbook::Recipe;
use crate::runtime::compose::Depth;
use crate::runtime::planner::Ask;
use crate::runtime::rehearse;

/// `sereno rehearse`.
pub(super) fn rehearse(setup: &Setup, args: RehearseArgs) -> Result<u8, Failure> {
    let RehearseArgs { runbook, mut given, params, wrap, call, origin, chain, method, blocks, json } = args;
    let (Some(call), Some(origin)) = (call, origin) else {
        let all = runbook::catalogue(setup)?;
        let recipe = all.find(runbook.as_deref().unwrap_or_default()).map_err(mistake)?;
        runbook::refuse_faults(recipe)?;
        given.extend(params);
        on_chain(recipe, chain.as_ref(), &mut given)?;
        let ask = Ask {
            recipe,
            given: runbook::given(&given)?,
            wraps: (!wrap.is_empty()).then_some(wrap),
            sender: None,
            ticket: None,
            expires: None,
        };
        let plan = setup.live_plan(Depth::FromNow)?;
        let found =
            rehearse::recipe::run(&plan, &setup.base, ask, (method.into(), blocks)).map_err(mistake)?;
        print(&if json { document(&found)? } else { found.text() })?;
        return Ok(found.exit());
    };
    let request = Request { method: method.into(), origin, call: call.to_vec(), blocks };
    let chain = chain.unwrap_or_else(|| ChainId::from("relay"));
    let plan = setup.live_plan(Depth::FromNow)?;
    let found = rehearse::run(&plan, &setup.base, &chain, request).map_err(mistake)?;
    print(&if json { document(&found)? } else { found.text(chain.as_str()) })?;
    Ok(u8::from(!found.outcome.ok))
}

/// `--chain` may say what the runbook says too, or fill in its parameter.
fn on_chain(
    recipe: &Recipe,
    chain: Option<&ChainId>,
    given: &mut Vec<(String, String)>,
) -> Result<(), Failure> {
    let Some(chain) = chain else { return Ok(()) };
    let own = recipe.chain.get_ref();
    let takes = recipe.param("chain").is_some() && !given.iter().any(|(name, _)| name == "chain");
    if takes {
        given.push(("chain".to_owned(), chain.to_string()));
    } else if !own.contains('{') && own != chain.as_str() {
        return Err(mistake(format!("--chain {chain}: {} is for {own}; leave --chain out", recipe.name())));
    }
    Ok(())
}
