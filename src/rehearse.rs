//! Rehearsal: the chain's own code runs a call over live state in this process, and nothing is ever submitted.
//!
//! In: the state of one block ([`state::StateSource`]), its metadata, a call, an origin. Out: a [`Rehearsal`]: what the call
//! would do, and how sure that is. The runtime is asked, never imitated. Must not import anything of this crate but
//! `domain`, `codec` and `ports`.

mod blocks;
mod diff;
mod effects;
pub mod exec;
mod header;
pub mod journal;
mod json;
mod scheduler;
pub mod state;
mod text;
mod trial;
mod verdict;
mod ways;
pub mod world;

pub use diff::Change;
pub use trial::{Entries, Later, Trial};
pub use verdict::{Layer, Outcome};
pub use ways::{Origin, Via, Weight};

use crate::codec::{CODE_KEY, Runtime};
use crate::domain::call::{Call, Node};
use crate::domain::{BlockRef, Hash};
use crate::ports::Clock;
use effects::Effects;
use exec::{Codes, Level, Log};
use journal::Changes;
use serde::Serialize;
use serde_json::Value;
use state::Cached;
use std::collections::BTreeSet;
use ways::{Stage, Taken, WayError};

/// How a call is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// In this process, with everything that it writes.
    Fork,
    /// By the node's own dry-run API: no storage diff.
    DryRun,
    /// Only whether its transaction would be taken into a block.
    Validity,
}

/// What is rehearsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// In whose name.
    pub origin: Origin,
    /// The encoded call.
    pub call: Vec<u8>,
    /// So many empty blocks after the call's own, to see what comes later; with [`Method::Fork`] only.
    pub blocks: u32,
}

/// Where it is rehearsed: one block of one chain.
pub struct Scene<'a> {
    /// The metadata of its runtime.
    pub runtime: &'a Runtime,
    /// The encoded header of its block; only looked at where blocks follow.
    pub header: &'a [u8],
    /// Its state; what is read stays there for the next rehearsal.
    pub state: &'a mut Cached,
    /// The prefix in which accounts are written.
    pub ss58_prefix: u16,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Runtimes that were read before.
    pub codes: &'a Codes,
    /// The hash of its code; none: not known, and nothing is kept.
    pub code_hash: Option<Hash>,
}

/// What a rehearsal found. The names of the fields are those of CONTRACT.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rehearsal {
    /// Of this document.
    pub schema: u32,
    /// How it was rehearsed.
    pub method: Method,
    /// `root`, or the account.
    pub origin: String,
    /// The call by its name.
    #[serde(skip)]
    pub call: String,
    /// The block whose state it ran on.
    pub block: BlockRef,
    /// The way it was run.
    pub via: Via,
    /// The second way, and whether it gave the same; none where there was none.
    pub confirmed_by: Option<Confirmed>,
    /// Whether every layer worked.
    pub outcome: Outcome,
    /// The events of the call, in their order.
    pub events: Vec<EventLine>,
    /// What it changes in storage.
    pub diff: Vec<Change>,
    /// What the runtime logged.
    pub logs: Vec<Log>,
    /// What it weighs; null where the runtime does not say.
    pub weight: Option<Weight>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// Round trips to the node.
    pub round_trips: u32,
    /// What a person should know before he relies on it.
    pub caveats: Vec<String>,
    /// Messages that leave for other chains: where to, and what.
    #[serde(skip)]
    pub sent: Vec<(Node, Vec<Node>)>,
}

/// A second way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    /// Which.
    pub via: Via,
    /// True where outcome, changed keys and new values are the same.
    pub same: bool,
}

/// An event by name and fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventLine {
    /// The pallet.
    pub pallet: String,
    /// The event.
    pub name: String,
    /// The fields by name; a list where they have none.
    pub fields: Value,
}

/// Why a call could not be rehearsed: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failed(String);

impl Failed {
    fn of(e: &impl std::fmt::Display) -> Self {
        Self(e.to_string())
    }
}

/// Why no blocks are built after a call.
const CODE_CHANGED: &str =
    "the call changes the code: --blocks cannot follow it, as other code builds the blocks after it";
/// Said of a call that sends a message.
pub const SENT: &str = "a message was sent to another chain: what it does there is not rehearsed";
/// Events that are shown.
const MAX_EVENTS: usize = 500;
/// Differences of the second way that are named.
const MAX_NAMED: usize = 8;
/// Rehearses a call.
///
/// # Errors
/// One sentence why it could not be; a call that fails is no error but an outcome.
pub fn rehearse(scene: Scene<'_>, request: &Request) -> Result<Rehearsal, Failed> {
    Trial::new(scene).rehearse(request)
}

impl EventLine {
    fn of(event: &verdict::Event, prefix: u16) -> Self {
        Self {
            pallet: event.pallet.clone(),
            name: event.name.clone(),
            fields: json::fields(&event.fields, prefix),
        }
    }
}

/// What was found, told; and what the state is changed by.
fn told(
    scene: &Scene<'_>,
    (method, origin, call): (Method, Origin, String),
    found: Found,
    mut caveats: Vec<String>,
    blocks: u32,
) -> (Rehearsal, Changes) {
    let Found { mut taken, second, followed } = found;
    let confirmed_by = second.map(|second| confirm(scene.runtime, &mut taken, second, &mut caveats));
    let left = taken.raw.iter().map(|(key, (_, new))| (key.clone(), new.clone())).collect();
    if let Some(followed) = followed {
        later(&mut taken, followed, blocks, &mut caveats);
    }
    remarks(&taken, scene.state.block(), &mut caveats);
    let prefix = scene.ss58_prefix;
    let rehearsal = Rehearsal {
        schema: 1,
        method,
        origin: match origin {
            Origin::Root => "root".to_owned(),
            Origin::Signed(who) => who.ss58(prefix),
            Origin::Parachain(id) => format!("para {id}"),
        },
        call,
        block: scene.state.block(),
        via: taken.via,
        confirmed_by,
        events: taken.events.iter().take(MAX_EVENTS).map(|event| EventLine::of(event, prefix)).collect(),
        diff: diff::shown(scene.runtime, &taken.raw, prefix),
        outcome: taken.outcome,
        logs: taken.logs,
        weight: taken.weight,
        elapsed_ms: 0,
        round_trips: 0,
        caveats,
        sent: taken.sent,
    };
    (rehearsal, left)
}

/// Holds the second way against the first.
fn confirm(runtime: &Runtime, taken: &mut Taken, second: Taken, caveats: &mut Vec<String>) -> Confirmed {
    let differs = differences(runtime, taken, &second);
    let same = differs.is_empty();
    if !same {
        caveats.push(format!(
            "the second way differs in {}; what only it changes is shown as well",
            differs.join(", ")
        ));
    }
    // The way that goes through a whole block counts as much as the first.
    if taken.outcome.ok && !second.outcome.ok {
        taken.outcome.ok = false;
        taken.outcome.error.clone_from(&second.outcome.error);
        taken.outcome.layers.extend(second.outcome.layers.into_iter().filter(|layer| !layer.ok));
    }
    // What the first way hides as its own trace may be what the call does. Fee and nonce are changes, too.
    second.raw.into_iter().for_each(|(key, change)| {
        taken.raw.entry(key).or_insert(change);
    });
    Confirmed { via: second.via, same }
}

/// What was run.
struct Found {
    taken: Taken,
    second: Option<Taken>,
    followed: Option<blocks::Followed>,
}

impl Found {
    fn once(taken: Taken) -> Self {
        Self { taken, second: None, followed: None }
    }
}

/// Runs the call once, and a second time another way where there is one.
fn run(
    stage: &mut Stage<'_>,
    request: &Request,
    call: &Call,
    header: &[u8],
    caveats: &mut Vec<String>,
) -> Result<Found, Failed> {
    let origin = request.origin;
    let failed = |e: WayError| Failed::of(&e);
    if request.method == Method::Validity {
        caveats.push("only the transaction was looked at, not what its call does".to_owned());
        return Ok(Found::once(stage.validity(origin, call).map_err(failed)?));
    }
    let mut found = fork(stage, origin, call, caveats).map_err(failed)?;
    if request.blocks > 0 {
        if found.taken.raw.contains_key(CODE_KEY) {
            return Err(Failed(CODE_CHANGED.to_owned()));
        }
        let calls = [(origin, call.clone())];
        found.followed = Some(stage.follow(&calls, request.blocks, header).map_err(failed)?);
    }
    Ok(found)
}

/// In this process, by the first way that the runtime has, and by a second one where there is one.
fn fork(
    stage: &mut Stage<'_>,
    origin: Origin,
    call: &Call,
    caveats: &mut Vec<String>,
) -> Result<Found, WayError> {
    if !stage.runtime.has_api("DryRunApi", "dry_run_call") {
        caveats.push("this runtime has no dry-run API: no second way confirms the run".to_owned());
        return Ok(Found::once(in_next_block(stage, origin, call)?));
    }
    let mut found = Found::once(stage.dry_run(origin, call)?);
    match in_next_block(stage, origin, call) {
        Ok(second) => found.second = Some(second),
        Err(e @ WayError::Invalid(_)) => {
            let error = Some(e.to_string());
            if found.taken.outcome.ok {
                found.taken.outcome.error.clone_from(&error);
            }
            found.taken.outcome.ok = false;
            found.taken.outcome.layers.push(Layer { name: "transaction".to_owned(), ok: false, error });
        }
        Err(e) => caveats.push(format!("no second way confirms the run: {e}")),
    }
    Ok(found)
}

/// What the blocks after the call's own add: their events, the state in the end, and whether they can be built at all.
fn later(taken: &mut Taken, followed: blocks::Followed, more: u32, caveats: &mut Vec<String>) {
    if let Some(why) = followed.broken {
        let error = Some(format!("with the call, the blocks after it cannot be built: {why}"));
        taken.outcome.error.clone_from(&error);
        taken.outcome.ok = false;
        taken.outcome.layers.push(Layer { name: "later blocks".to_owned(), ok: false, error });
        return;
    }
    caveats.push(format!(
        "changes are those after {more} more empty blocks, against the same blocks with an empty call"
    ));
    taken.raw = followed.raw;
    taken.events.extend(followed.events);
}

/// By a transaction; where Root has none, by the scheduler. The first reason is told where neither can be.
fn in_next_block(stage: &mut Stage<'_>, origin: Origin, call: &Call) -> Result<Taken, WayError> {
    match stage.transaction(origin, call) {
        Err(e @ (WayError::Absent(_) | WayError::Invalid(_))) if origin == Origin::Root => {
            stage.scheduled(call).map_err(|_| e)
        }
        other => other,
    }
}

/// The node runs the call, and tells what it wants of it.
fn asked(scene: &mut Scene<'_>, origin: Origin, call: &Call) -> Result<Taken, WayError> {
    let input = effects::dry_run_input(scene.runtime, origin, call)?;
    let output = scene.state.ask("DryRunApi_dry_run_call", &input)?;
    let Effects { error, events, weight, sent } = effects::effects(scene.runtime, &output)?;
    let outcome = verdict::weigh(scene.runtime, ("DryRunApi.dry_run_call", error), &events, &[]);
    let (raw, logs, usual) = (diff::Raw::new(), Vec::new(), BTreeSet::new());
    Ok(Taken { via: Via::DryRunApi, outcome, events, raw, logs, weight, usual, sent })
}

/// What the second way found otherwise, in names.
fn differences(runtime: &Runtime, first: &Taken, second: &Taken) -> Vec<String> {
    let mut names = BTreeSet::new();
    if (first.outcome.ok, &first.outcome.error) != (second.outcome.ok, &second.outcome.error) {
        names.insert(format!("its outcome ({})", second.outcome.error.as_deref().unwrap_or("ok")));
    }
    let keys: BTreeSet<&Vec<u8>> = first.raw.keys().chain(second.raw.keys()).collect();
    for key in keys.into_iter().filter(|key| !second.usual.contains(*key)) {
        if first.raw.get(key).map(|(_, new)| new) != second.raw.get(key).map(|(_, new)| new) {
            let named = runtime.locate(key).map(|found| format!("{}.{}", found.pallet, found.item));
            names.insert(named.unwrap_or_else(|| json::bytes(key)));
        }
    }
    let more = names.len().saturating_sub(MAX_NAMED);
    let mut names: Vec<String> = names.into_iter().take(MAX_NAMED).collect();
    if more > 0 {
        names.push(format!("{more} more items"));
    }
    names
}

/// What the result itself does not say loud enough.
fn remarks(taken: &Taken, block: BlockRef, caveats: &mut Vec<String>) {
    if let Some(log) = taken.logs.iter().find(|log| log.level == Level::Error) {
        caveats.push(format!("the runtime logged an error, which counts as a failure: {}", log.text));
    }
    if taken.events.iter().any(|e| e.path() == "Utility.IfElseFallbackCalled") {
        caveats.push("the main call failed and the fallback was called in its place".to_owned());
    }
    let sent = ["XcmPallet.Sent", "PolkadotXcm.Sent"];
    if taken.events.iter().any(|e| sent.contains(&e.path().as_str())) {
        caveats.push(SENT.to_owned());
    }
    if taken.raw.contains_key(CODE_KEY) {
        caveats.push("new code takes over in the next block: its migrations are not rehearsed".to_owned());
    }
    if block.number == 0 && taken.via == Via::DryRunApi {
        caveats.push("block 0 records no events: the run pretends to be in block 1".to_owned());
    }
    if taken.raw.len() > diff::MAX_SHOWN {
        caveats.push(format!("{} of {} changes are shown", diff::MAX_SHOWN, taken.raw.len()));
    }
    if taken.events.len() > MAX_EVENTS {
        caveats.push(format!("{MAX_EVENTS} of {} events are shown", taken.events.len()));
    }
}
