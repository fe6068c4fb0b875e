//! Plans made against live chains: what `runbook` wants is opened and read here, in few requests.
//!
//! In: a recipe, parameters, wrappers. Out: a [`Plan`]. Everything that is read lies in one block a chain. Reads
//! only; must not decide what a value means.

mod costs;
mod stations;
mod wrapping;

pub use stations::Stations;

use super::compose::Base;
use super::sources;
use crate::domain::{AccountId, ChainId, UnixMs};
use crate::runbook::compose::{Composition, compose};
use crate::runbook::draft::Draft;
use crate::runbook::links::links;
use crate::runbook::params::Input;
use crate::runbook::plan::{
    ChainFacts, Ingredients, OWN, Plan, SessionClock, VALID_MS, VALID_MULTISIG_MS, effective_at,
};
use crate::runbook::reads::{Target, Wanted};
use crate::runbook::recipe::Recipe;
use crate::runbook::template::{Filling, Template};
use crate::runbook::wrap::{Wrapped, Wrapper};
use std::collections::BTreeMap;
use std::time::Duration;

/// Most that opening a chain may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most rounds of opening and reading.
const MAX_ROUNDS: usize = 16;

/// What is asked for.
pub struct Ask<'a> {
    /// The runbook.
    pub recipe: &'a Recipe,
    /// What was given for its parameters.
    pub given: BTreeMap<String, Input>,
    /// The wrappers as they were given; none: those of the recipe.
    pub wraps: Option<Vec<String>>,
    /// Which signatory of a multisig acts; none: the first that has not approved yet.
    pub sender: Option<AccountId>,
    /// The ticket.
    pub ticket: Option<String>,
    /// Until when; none: an hour from now, seven days with a multisig.
    pub expires: Option<UnixMs>,
}

/// Makes a plan.
///
/// # Errors
/// One sentence: a parameter or wrapper that is not right, a chain that cannot be read, a call that it lacks.
pub fn plan(plan: &sources::Plan, base: &Base, ask: Ask<'_>) -> Result<Plan, String> {
    super::glance::threads()?.block_on(ready(plan, base, ask)).map(|ready| ready.plan)
}

/// A plan, and what it was made of.
pub struct Ready<'a> {
    /// The plan.
    pub plan: Plan,
    /// The filled-in runbook.
    pub draft: Draft<'a>,
    /// Its calls.
    pub composition: Composition,
    /// What is signed; none where nothing holds several calls together.
    pub wrapped: Option<Wrapped>,
    /// The wrappers, inside out.
    pub wrappers: Vec<Wrapper>,
    /// The chain that is signed for.
    pub outer: Target,
    /// Everything that was read.
    pub wanted: Vec<Wanted>,
    /// The chains as they were opened.
    pub stations: Stations<'a>,
}

/// The same with everything that it was made of. The chains stay open as long as the caller's threads run.
///
/// # Errors
/// As [`plan`].
pub async fn ready<'a>(plan: &'a sources::Plan, base: &'a Base, ask: Ask<'a>) -> Result<Ready<'a>, String> {
    let draft = Draft::new(ask.recipe, ask.given.clone()).map_err(|e| e.to_string())?;
    let wraps = wraps(&ask, &draft)?;
    made(plan, base, (ask, draft, wraps)).await
}

/// The wrappers as text and as what they are.
type Wraps = (Vec<String>, Vec<Wrapper>);

fn wraps(ask: &Ask<'_>, draft: &Draft<'_>) -> Result<Wraps, String> {
    let with = Filling { scope: &draft.scope, runtime: &|_| None };
    let texts = match &ask.wraps {
        Some(given) => given.clone(),
        None => {
            let filled = ask
                .recipe
                .wrap
                .iter()
                .map(|text| Template::of_text(text.get_ref())?.text(&with).map_err(|failed| failed.why));
            filled.collect::<Result<_, String>>().map_err(|why| format!("wrap: {why}"))?
        }
    };
    let wrappers = texts.iter().map(|text| Wrapper::parse(text).map_err(|e| e.to_string()));
    let wrappers: Vec<Wrapper> = wrappers.collect::<Result<_, String>>()?;
    if ask.sender.is_some() && !wrappers.iter().any(|w| matches!(w, Wrapper::Multisig { .. })) {
        return Err("--sender names the signatory of a multisig that acts; expected --wrap multisig:T@A,B,C"
            .to_owned());
    }
    Ok((texts, wrappers))
}

async fn made<'a>(
    plan: &'a sources::Plan,
    base: &'a Base,
    (ask, mut draft, (mut texts, mut wrappers)): (Ask<'a>, Draft<'a>, Wraps),
) -> Result<Ready<'a>, String> {
    let mut stations = Stations::new(plan, base, PATIENCE);
    let wanted = read_all(&mut stations, &mut draft).await?;
    let composition = compose(&draft, &|target, at| stations.find(target, at)).map_err(|e| e.to_string())?;
    let outer = wrapping::outer(plan, &draft, &wrappers)?;
    stations.open(&[(outer.clone(), OWN)]).await;
    let costs = costs::of(&stations, &composition).await;
    wrapping::batch_if_several(&composition, &mut texts, &mut wrappers);
    let (wrapped, unwrapped) =
        wrapping::wrapped(&stations, &composition, (&wrappers, &outer, ask.sender), &costs).await?;
    let xcm = wrapping::xcm_facts(&stations, wrapped.as_ref(), (&wrappers, &outer), base.now()).await;
    let chains = chains(&stations, &draft, &outer, &composition)?;
    let own = chains.first().ok_or("the chain was not read")?;
    let now = base.now();
    let multisig = wrappers.iter().any(|w| matches!(w, Wrapper::Multisig { .. }));
    let valid = if multisig { VALID_MULTISIG_MS } else { VALID_MS };
    let effective = ask.recipe.effective.as_ref().map(|text| text.get_ref().as_str());
    let clock = session_clock(&stations, plan).await;
    let from = own.stamp.unwrap_or(now);
    let data = match (&wrapped, composition.calls.as_slice()) {
        (Some(wrapped), _) => Some(wrapped.call_data.as_slice()),
        (None, [only]) => Some(only.data.as_slice()),
        (None, _) => None,
    };
    let endpoint = stations.endpoint(&outer);
    let links = endpoint.zip(data).and_then(|(endpoint, data)| links(&endpoint, data).ok());
    let ingredients = Ingredients {
        draft: &draft,
        composition: &composition,
        costs: &costs,
        wrapped: wrapped.as_ref(),
        unwrapped,
        xcm: xcm.as_ref(),
        wraps: &texts,
        network: &plan.network.id,
        chains: &chains,
        effective_at: effective.and_then(|text| effective_at(text, from, clock)),
        ticket: ask.ticket,
        now,
        expires: ask.expires.unwrap_or_else(|| UnixMs(now.0.saturating_add(valid))),
        links,
    };
    let plan = Plan::of(&ingredients).ok_or_else(|| "the chain was not read".to_owned())?;
    Ok(Ready { plan, draft, composition, wrapped, wrappers, outer, wanted, stations })
}

/// Opens and reads until everything is known or known to be unknown; gives what was read.
async fn read_all(stations: &mut Stations<'_>, draft: &mut Draft<'_>) -> Result<Vec<Wanted>, String> {
    let mut all = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let round = draft.next(&|target, at| stations.find(target, at)).map_err(|e| e.to_string())?;
        if round.is_empty() {
            return Ok(all);
        }
        let open: Vec<_> = round.open.into_iter().collect();
        stations.endpoint_of_para(draft);
        stations.open(&open).await;
        for (wanted, value) in stations.read(&round.wanted).await {
            let seen = stations.seen(&wanted);
            draft.put(&wanted, value, seen);
            all.push(wanted);
        }
    }
    Err(format!("{}: its reads depend on each other in a circle", draft.recipe().name()))
}

/// The chains of the calls: the recipe's own, the one that is signed for, others.
fn chains(
    stations: &Stations<'_>,
    draft: &Draft<'_>,
    outer: &Target,
    composition: &Composition,
) -> Result<Vec<ChainFacts>, String> {
    let mut targets = vec![draft.own().clone(), outer.clone()];
    targets.extend(composition.calls.iter().map(|made| made.target.clone()));
    let mut facts: Vec<ChainFacts> = Vec::new();
    for target in targets {
        if facts.iter().all(|known| known.id != target.to_string()) {
            facts.push(stations.facts(&target)?);
        }
    }
    Ok(facts)
}

/// How far the relay's session is; none where the relay was not read, or does not say.
async fn session_clock(stations: &Stations<'_>, plan: &sources::Plan) -> Option<SessionClock> {
    let relay: &ChainId = &plan.network.relay()?.id;
    let reader = stations.reader(&Target::Chain(relay.to_string()), OWN)?;
    let runtime = reader.runtime();
    let names = ["EpochIndex", "GenesisSlot", "CurrentSlot"];
    let keys: Vec<Vec<u8>> = names.iter().filter_map(|name| runtime.key("Babe", name).ok()).collect();
    let values = reader.values(&keys).await.ok()?;
    let number = |i: usize| {
        let node = runtime.storage_node("Babe", names.get(i)?, values.get(i)?.as_deref()).ok()??;
        match node {
            crate::domain::call::Node::Number(n) => i64::try_from(n).ok(),
            _ => None,
        }
    };
    let (epoch, genesis, slot) = (number(0)?, number(1)?, number(2)?);
    let blocks = i64::try_from(reader.identity().session_blocks?).ok()?;
    let block_ms = i64::try_from(reader.identity().block_time_ms?).ok()?;
    let ends = genesis.checked_add(epoch.checked_add(1)?.checked_mul(blocks)?)?;
    let left_ms = ends.checked_sub(slot)?.clamp(0, blocks).checked_mul(block_ms)?;
    Some(SessionClock { left_ms, length_ms: blocks.checked_mul(block_ms)?, block_ms })
}
