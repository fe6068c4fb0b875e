//! One block: its state in one request, its events, its author.
//!
//! In: a header, the runtime before and after it. Out: a [`Block`] and the facts that its state tells. The events of a
//! block that changes the runtime are those of the runtime before it; its state is that of the runtime after it
//! (FAULTS H17). Must not choose what is read: one plain query a block, whatever happens.

use super::super::transport::{LinkError, Rpc};
use super::balances;
use super::epoch::{self, Epochs};
use super::moves;
use super::paras::coretime;
use super::relay;
use super::runtime::Loaded;
use super::sudo;
use super::validators::{self, Near};
use super::votes::{self, Body, Told};
use super::{State, query, soft};
use crate::codec::{DecodedEvent, Events, Header, Runtime, field, variant_name};
use crate::domain::balance::{BlockMoves, Roles};
use crate::domain::store::messages;
use crate::domain::validator::StakingMode;
use crate::domain::{AccountId, Block, Clean, Era, EventRecord, Fact, UnixMs};
use codec::{Compact, Decode};
use scale_decode::DecodeAsType;
use std::collections::BTreeSet;

/// Most events kept of one block.
const MAX_EVENTS: usize = 48;

/// Events that say nothing an operator would look for. They are counted.
const ROUTINE: &[(&str, &str)] = &[
    ("System", "ExtrinsicSuccess"),
    ("System", "NewAccount"),
    ("System", "KilledAccount"),
    ("Balances", "Deposit"),
    ("Balances", "Withdraw"),
    ("Balances", "Endowed"),
    ("Balances", "DustLost"),
    ("Balances", "Issued"),
    ("Balances", "Rescinded"),
    ("Balances", "MintedCredit"),
    ("Balances", "BurnedDebt"),
    ("TransactionPayment", "TransactionFeePaid"),
    ("ParaInclusion", "CandidateBacked"),
    ("ParaInclusion", "CandidateIncluded"),
    ("ParaInclusion", "UpwardMessagesReceived"),
];

/// What a block's events touch.
#[derive(Clone, Copy)]
pub(in crate::chain) struct Touched {
    /// Paras, channels, messages, cores.
    pub(in crate::chain) paras: bool,
    /// The market of cores.
    pub(in crate::chain) market: bool,
    /// Referenda, votes, the scheduler, preimages.
    pub(in crate::chain) governance: bool,
}

impl Touched {
    fn by(events: &Events) -> Self {
        Self {
            paras: events.list.iter().any(relay::touches_paras),
            market: events.list.iter().any(coretime::touches),
            governance: events.list.iter().any(sudo::touches_governance),
        }
    }
}

/// A block read in full.
pub(in crate::chain) struct ReadBlock {
    /// The block.
    pub(in crate::chain) block: Block,
    /// What its state tells besides, in the order in which it must be applied before the block.
    pub(in crate::chain) facts: Vec<Fact>,
    /// What it says of validators; none on a para.
    pub(in crate::chain) validators: Option<Told>,
    /// True where its body was asked for and took too long.
    pub(in crate::chain) body_late: bool,
    /// True where the disputes must be read again.
    pub(in crate::chain) disputes_changed: bool,
    /// What its events touch of what is read beside the blocks.
    pub(in crate::chain) touched: Touched,
    /// Extrinsics that used the sudo key, as their events tell.
    pub(in crate::chain) sudo: Vec<sudo::Told>,
    /// What moved; none on a chain without balances.
    pub(in crate::chain) moves: Option<BlockMoves>,
    /// The watched accounts that an event touches.
    pub(in crate::chain) accounts: BTreeSet<AccountId>,
    /// The accounts that the chain names; none on a chain without balances.
    pub(in crate::chain) roles: Option<Roles>,
    /// True where the block says that it changed the code, or where it was not written by the runtime that should have
    /// written it: the runtime must be looked up before the block is believed.
    pub(in crate::chain) doubts_runtime: bool,
    /// True where another runtime than the one given wrote the block.
    pub(in crate::chain) foreign: bool,
}

/// The runtimes around a block.
#[derive(Clone, Copy)]
pub(in crate::chain) struct Around<'a> {
    /// The runtime of the parent's state: it wrote the events.
    pub(in crate::chain) before: &'a Loaded,
    /// The runtime of the block's own state.
    pub(in crate::chain) after: &'a Loaded,
    /// The parent's slot, where known.
    pub(in crate::chain) parent_slot: Option<u64>,
    /// The validators that its neighbours know.
    pub(in crate::chain) near: &'a Near,
    /// True where the body is to be read for bitfields.
    pub(in crate::chain) body: bool,
    /// True where validators that no neighbour knows are to be read.
    pub(in crate::chain) sets: bool,
    /// Accounts whose balances are watched.
    pub(in crate::chain) accounts: &'a BTreeSet<AccountId>,
}

/// Reads the block behind `header`.
pub(in crate::chain) async fn read(
    rpc: &Rpc,
    header: &Header,
    around: Around<'_>,
    epochs: &mut Epochs,
) -> Result<ReadBlock, LinkError> {
    let (wrote, runtime) = (&around.before.runtime, &around.after.runtime);
    let relay = validators::on(runtime);
    // Where no neighbour knows the validators, they are read with the block.
    let blind = relay && around.sets && around.near.is_empty();
    let body = async {
        if relay && around.body { votes::body(rpc, wrote, header).await } else { Ok(Body::Unknown) }
    };
    let (state, body) = futures::join!(plain(rpc, runtime, (header, blind), epochs), body);
    let (state, refused) = match state {
        Ok(state) => (state, None),
        // A refusal may be about the validators; who is silent is asked nothing more.
        Err(e) if blind && !e.is_fatal() => {
            (plain(rpc, runtime, (header, false), epochs).await?, Some(Clean::of(&e.to_string())))
        }
        Err(e) => return Err(e),
    };
    let body = body?;
    let mut facts = Vec::new();
    let session = epoch::session(runtime, &state);
    let new_epoch = session.as_ref().is_some_and(|s| epochs.lacks(s.index));
    let unknown = |s| around.near.of(s).is_none();
    let new_set = relay && around.sets && !blind && validators::session(wrote, &state).is_some_and(unknown);
    let begun = begun(rpc, runtime, header, (new_epoch, new_set)).await?;
    match &session {
        Some(session) => {
            let read = (&state, begun.as_ref().ok().and_then(Option::as_ref), header.at.hash);
            let authorities = epochs.follow(rpc, runtime, read, session).await?;
            facts.push(Fact::Session { session: session.clone(), at: header.at });
            facts.extend(authorities.map(Fact::Authorities));
        }
        None => facts.push(unread("session", "no such pallet, or it does not decode")),
    }
    facts.push(era(runtime, &state));
    let body_late = body == Body::Late;
    let told = if relay {
        let available = if let Body::Read(available) = body { Some(available) } else { None };
        let begun = set_in(&begun, refused, (blind, new_set), &state);
        let of = votes::Sources { runtime: wrote, state: &state, begun, near: around.near, available };
        Some(votes::read(rpc, header, of).await?)
    } else {
        None
    };
    let index = session.map(|s| s.index);
    let events = around.before.runtime.events(events_bytes(runtime, &state));
    let sudo = sudo::told(&around.before.runtime, &events);
    let (moves, accounts) = moved(runtime, &state, &events, (header, index, around.accounts));
    let code_updated = events.list.iter().any(|e| e.pallet == "System" && e.name == "CodeUpdated");
    let foreign = written_by(runtime, &state).is_some_and(|spec| spec != around.before.version.spec_version);
    let doubts_runtime = events.error.is_some() || code_updated || foreign;
    let block = Block {
        at: header.at,
        parent: header.parent,
        timestamp: timestamp(runtime, &state),
        slot: header.author.map(crate::codec::header::Author::slot),
        author: header.author.and_then(|a| epochs.author(index, a)),
        session: index,
        votes: told.as_ref().and_then(|t| t.votes.clone()).map(Box::new),
        missed: epochs.missed(around.parent_slot, header.author),
        transactions: transactions(&events),
        candidates: events.list.iter().filter_map(relay::candidate).collect(),
        events: kept(&events),
        event_count: Some(events.count),
        undecoded: events.error.as_ref().map(|e| Clean::of(&e.to_string())),
    };
    Ok(ReadBlock {
        block,
        facts,
        validators: told,
        body_late,
        disputes_changed: events.list.iter().any(relay::touches_disputes),
        touched: Touched::by(&events),
        sudo,
        moves,
        accounts,
        roles: balances::roles(runtime, &state),
        doubts_runtime,
        foreign,
    })
}

/// The state in which the validators of a session that begins were read; none where none begins.
fn set_in<'s>(
    begun: &'s Result<Option<State>, Clean>,
    refused: Option<Clean>,
    (blind, new_set): (bool, bool),
    state: &'s State,
) -> Result<Option<&'s State>, Clean> {
    match begun {
        _ if refused.is_some() => Err(refused.unwrap_or_default()),
        _ if blind => Ok(Some(state)),
        Ok(read) => Ok(read.as_ref().filter(|_| new_set)),
        Err(why) => Err(why.clone()),
    }
}

/// What moved in the block, and the watched accounts that its events touch; nothing on a chain without balances.
fn moved(
    runtime: &Runtime,
    state: &State,
    events: &Events,
    (header, session, watched): (&Header, Option<u32>, &BTreeSet<AccountId>),
) -> (Option<BlockMoves>, BTreeSet<AccountId>) {
    if !balances::are_on(runtime) {
        return (None, BTreeSet::new());
    }
    let issuance = balances::issuance(runtime, state);
    let (moves, touched) = moves::of(events, (header.at, session), watched);
    (Some(BlockMoves { issuance, ..moves }), touched)
}

/// What a session that begins is known by: authors and validators, in one request. Inside: why it could not be had.
async fn begun(
    rpc: &Rpc,
    runtime: &Runtime,
    header: &Header,
    (epoch, set): (bool, bool),
) -> Result<Result<Option<State>, Clean>, LinkError> {
    let mut keys = if epoch { validators::keys(runtime, epoch::AUTHORS) } else { Vec::new() };
    keys.extend(if set { validators::keys(runtime, validators::SET) } else { Vec::new() });
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(Ok(None));
    }
    let answer = soft(query(rpc, &keys, header.at.hash).await)?;
    Ok(answer.map(Some).map_err(|e| Clean::of(&e.to_string())))
}

async fn plain(
    rpc: &Rpc,
    runtime: &Runtime,
    (header, blind): (&Header, bool),
    epochs: &Epochs,
) -> Result<State, LinkError> {
    let items = [
        ("System", "Events"),
        ("System", "LastRuntimeUpgrade"),
        ("Timestamp", "Now"),
        ("Staking", "ActiveEra"),
        ("StakingAhClient", "Mode"),
    ];
    let mut keys = validators::keys(runtime, &items);
    keys.extend(validators::keys(runtime, epoch::PLAIN));
    keys.extend(validators::keys(runtime, balances::PLAIN));
    keys.extend(validators::keys(runtime, epochs.with_first_block()));
    if validators::on(runtime) {
        keys.extend(validators::keys(runtime, validators::PLAIN));
    }
    if blind {
        keys.extend(validators::keys(runtime, validators::SET));
    }
    keys.sort_unstable();
    keys.dedup();
    query(rpc, &keys, header.at.hash).await
}

fn events_bytes<'s>(runtime: &Runtime, state: &'s State) -> &'s [u8] {
    runtime.key("System", "Events").ok().and_then(|k| state.get(&k)).unwrap_or_default()
}

/// Spec version of the runtime that executed the block: it notes itself first thing after an upgrade.
fn written_by(runtime: &Runtime, state: &State) -> Option<u32> {
    let key = runtime.key("System", "LastRuntimeUpgrade").ok()?;
    let Compact(spec) = <Compact<u32>>::decode(&mut state.get(&key)?).ok()?;
    Some(spec)
}

fn timestamp(runtime: &Runtime, state: &State) -> Option<UnixMs> {
    let key = runtime.key("Timestamp", "Now").ok()?;
    let ms = runtime.storage::<u64>("Timestamp", "Now", Some(state.get(&key)?)).ok()?;
    i64::try_from(ms).ok().filter(|ms| *ms > 0).map(UnixMs)
}

fn unread(section: &str, reason: &str) -> Fact {
    Fact::Unread { section: section.into(), reason: reason.into() }
}

#[derive(DecodeAsType)]
struct ActiveEra {
    index: u32,
    start: Option<u64>,
}

/// The era, where the relay runs the staking itself (ACTIONS P9).
fn era(runtime: &Runtime, state: &State) -> Fact {
    let Ok(key) = runtime.key("Staking", "ActiveEra") else { return Fact::Era(None) };
    match validators::mode(runtime, state) {
        Ok(StakingMode::Relay | StakingMode::Passive) => {}
        Ok(_) => return unread("era", "staking has moved to Asset Hub; its era stands there"),
        Err(e) => return unread("era", &e.to_string()),
    }
    let Some(bytes) = state.get(&key) else { return Fact::Era(None) };
    match runtime.storage::<ActiveEra>("Staking", "ActiveEra", Some(bytes)) {
        Ok(era) => {
            let started = era.start.and_then(|ms| i64::try_from(ms).ok()).map(UnixMs);
            Fact::Era(Some(Era { index: era.index, started }))
        }
        Err(e) => unread("era", &e.to_string()),
    }
}

/// Extrinsics that are not inherents: those whose dispatch class is not mandatory.
fn transactions(events: &Events) -> Option<u32> {
    if events.error.is_some() {
        return None;
    }
    let count = events
        .list
        .iter()
        .filter(|e| e.pallet == "System")
        .filter_map(|e| match e.name.as_str() {
            "ExtrinsicSuccess" => e.field("dispatch_info", 0),
            "ExtrinsicFailed" => e.field("dispatch_info", 1),
            _ => None,
        })
        .filter(|info| field(info, "class", 1).and_then(variant_name) != Some("Mandatory"))
        .count();
    u32::try_from(count).ok()
}

/// The events that are kept. What is worth knowing is not pushed out by what is merely many.
fn kept(events: &Events) -> Vec<EventRecord> {
    let records = events.list.iter().filter(|e| !is_routine(e)).map(record);
    let mut kept: Vec<EventRecord> = Vec::new();
    let mut failures = 0;
    for event in records {
        let failed = messages::failure(&event).is_some() && failures < MAX_EVENTS;
        failures += usize::from(failed);
        if failed || kept.len() < MAX_EVENTS {
            kept.push(event);
        }
    }
    kept
}

fn is_routine(event: &DecodedEvent) -> bool {
    ROUTINE.iter().any(|(pallet, name)| event.pallet == *pallet && event.name == *name)
}

fn record(event: &DecodedEvent) -> EventRecord {
    EventRecord {
        pallet: Clean::of(&event.pallet),
        name: Clean::of(&event.name),
        fields: Clean::of(&event.line()),
        extrinsic: event.extrinsic,
    }
}
