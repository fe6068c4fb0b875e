//! A runbook rehearsed over live chains: planned as `plan` does, then played in the code of its chain.
//!
//! In: what is asked for, how. Out: a [`Document`], or one sentence. Reads only. Must not judge what was found.

use super::document::Document;
use super::play::{Piece, Played, Who, play};
use super::{CODES, Remote, in_time};
use crate::chain::reader::Reader;
use crate::domain::call::{Call, Node};
use crate::domain::{ChainId, ChainKind};
use crate::ports::Clock;
use crate::rehearse::state::Cached;
use crate::rehearse::{Method, Origin, Scene, Trial};
use crate::runbook::plan::OWN;
use crate::runbook::reads::Target;
use crate::runbook::recipe::When;
use crate::runbook::verify::needed;
use crate::runbook::wrap::{Wrapper, multisig_account};
use crate::runtime::compose::Base;
use crate::runtime::planner::{self, Ask, Ready};
use crate::runtime::{glance, sources};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Rehearses a runbook: its calls one after the other, or what is signed where wrappers are given.
///
/// # Errors
/// One sentence: it cannot be planned, or not be rehearsed.
pub fn run(
    plan: &sources::Plan,
    base: &Base,
    ask: Ask<'_>,
    (method, blocks): (Method, u32),
) -> Result<Document, String> {
    let given = ask.wraps.is_some();
    let threads = Arc::new(glance::threads()?);
    let mut ready = threads.block_on(planner::ready(plan, base, ask))?;
    let (calls, notes) = calls(&ready, given)?;
    if calls.is_empty() {
        return Err(format!("{} makes no call: there is nothing to rehearse", ready.draft.recipe().name()));
    }
    let home = if wraps(&ready) { ready.outer.clone() } else { ready.draft.own().clone() };
    if method != Method::Fork && blocks > 0 {
        return Err("--blocks goes with --method fork only: no other runs blocks".to_owned());
    }
    let recipe = ready.draft.recipe();
    let names: Vec<String> =
        [When::Now, When::Later].into_iter().flat_map(|when| needed(recipe, when)).collect();
    let wanted = ready.wanted.iter().filter(|w| names.contains(&w.id)).cloned().collect();
    let mut readers = BTreeMap::new();
    let mut paras = BTreeMap::new();
    for spec in &plan.network.chains {
        let target = Target::Chain(spec.id.to_string());
        if let Some(reader) = ready.stations.take(&target, OWN) {
            readers.insert(target.clone(), Arc::new(reader));
        }
        if let ChainKind::Para(id) = spec.kind {
            paras.insert(id.0, target);
        }
    }
    let piece = Piece { home: home.clone(), method, calls, blocks, wanted, paras };
    let (count, clock) = (piece.calls.len(), base.clock.clone());
    let played = in_time(move || on_stage(&piece, &readers, &threads, clock.as_ref()))?;
    let checks = std::mem::take(&mut ready.plan.checks);
    let chain = home.to_string();
    let mut found = Document::of(&ready.draft, (chain, base.now()), checks, (played, blocks), count)
        .ok_or("nothing was rehearsed")?;
    found.whole.caveats.extend(notes);
    Ok(found)
}

/// Sets up every chain that was read, and plays.
fn on_stage(
    piece: &Piece,
    readers: &BTreeMap<Target, Arc<Reader>>,
    threads: &Arc<Runtime>,
    clock: &dyn Clock,
) -> Result<Played, String> {
    let mut states: BTreeMap<&Target, Cached> = readers
        .iter()
        .map(|(target, reader)| {
            let remote = Remote { reader: reader.clone(), threads: threads.clone() };
            (target, Cached::new(reader.at(), Box::new(remote)))
        })
        .collect();
    let mut trials = BTreeMap::new();
    for (target, state) in &mut states {
        let Some(reader) = readers.get(*target) else { continue };
        let scene = Scene {
            runtime: reader.runtime(),
            header: reader.header_bytes(),
            state,
            ss58_prefix: reader.identity().ss58_prefix.unwrap_or(42),
            clock,
            codes: &CODES,
            code_hash: reader.version().code_hash,
        };
        trials.insert((*target).clone(), Trial::new(scene));
    }
    play(piece, &mut trials)
}

/// True where something is around the calls.
fn wraps(ready: &Ready<'_>) -> bool {
    ready.wrapped.is_some() && ready.wrappers.iter().any(|w| *w != Wrapper::None)
}

/// Who makes which call, and what is to be said of that.
type Calls = (Vec<(Who, Vec<u8>)>, Vec<String>);

fn calls(ready: &Ready<'_>, given: bool) -> Result<Calls, String> {
    let made = ready.composition.calls.iter();
    let mut out: Vec<(Who, Vec<u8>)> = Vec::new();
    let mut notes = Vec::new();
    let Some(wrapped) = ready.wrapped.as_ref().filter(|_| wraps(ready)) else {
        for one in made {
            out.push((Who::parse(&one.origin)?, one.data.clone()));
        }
        return Ok((out, notes));
    };
    let first = ready.composition.calls.first().map_or("root", |one| one.origin.as_str());
    let mut call: Call = wrapped.decoded.clone();
    let mut who = Who::parse(first)?;
    // The outermost one says who signs.
    match ready.wrappers.last() {
        Some(Wrapper::Sudo) => who = Who::RootKey,
        Some(Wrapper::Proxy { kind, real }) => who = Who::Delegate(kind.clone(), *real),
        Some(Wrapper::Multisig { threshold, signatories }) => {
            if let Some(Node::Call(inner)) = call.arg("call").cloned() {
                call = *inner;
            }
            who = Who::Origin(Origin::Signed(multisig_account(signatories, *threshold)));
            let note = "rehearsed as the account of the multisig, as after the last approval: no approval is looked at";
            notes.push(note.to_owned());
        }
        Some(Wrapper::Xcm { .. } | Wrapper::Batch | Wrapper::None) | None => {}
    }
    let id = ChainId::from(ready.outer.to_string().as_str());
    let reader = ready.stations.reader(&ready.outer, OWN);
    let runtime = reader.map(Reader::runtime).ok_or_else(|| format!("{id} was not read"))?;
    out.push((who, runtime.encode_call(&call).map_err(|e| e.to_string())?));
    if given {
        notes.push(format!("rehearsed as it is wrapped: {}", wrapped.kind));
    }
    // Calls that somebody else makes are not wrapped.
    for one in made.filter(|one| one.origin != first && one.target == ready.outer) {
        out.push((Who::parse(&one.origin)?, one.data.clone()));
    }
    Ok((out, notes))
}
