//! Uses of the sudo key: seen in a block's events, then read from its body.
//!
//! In: decoded events, a connection. Out: [`SudoUse`], one for each extrinsic. The body is asked for only where an event tells of
//! one. What cannot be decoded says why; that the key was used is told in any case. Must not judge more than the classifier.

use super::super::transport::{LinkError, Rpc};
use super::gov::judge;
use super::soft;
use super::votes::Signed;
use crate::codec::{DecodedEvent, Events, Header, Runtime, number};
use crate::domain::gov::sudo::{Mark, SudoUse, steps};
use crate::domain::ids::hex_bytes;
use crate::domain::para::Found;
use crate::domain::{AccountId, Block, Clean};
use std::collections::BTreeMap;
use subxt_rpcs::rpc_params;

/// Uses told of one block.
const MOST: usize = 16;
/// Events looked at of one extrinsic.
const MAX_MARKS: usize = 8_192;

/// Pallets whose events change what governance shows.
const GOVERNANCE: [&str; 5] =
    ["ConvictionVoting", "Scheduler", "Preimage", "Whitelist", "FellowshipCollective"];

/// An extrinsic that used the sudo key, by its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chain) struct Told {
    extrinsic: Option<u32>,
    events: Vec<Clean>,
    marks: Vec<Mark>,
    error: Option<String>,
}

/// True for events after which referenda, tasks or preimages are others.
pub(in crate::chain) fn touches_governance(event: &DecodedEvent) -> bool {
    event.pallet.ends_with("Referenda") || GOVERNANCE.contains(&event.pallet.as_str())
}

fn is_sudo(event: &DecodedEvent) -> bool {
    event.pallet == "Sudo"
}

/// What the events of a block tell of the sudo key.
pub(in crate::chain) fn told(runtime: &Runtime, events: &Events) -> Vec<Told> {
    let mut used: BTreeMap<Option<u32>, Vec<Clean>> = BTreeMap::new();
    for event in events.list.iter().filter(|e| is_sudo(e)) {
        let names = used.entry(event.extrinsic).or_default();
        let name = Clean::of(&event.name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let one = |(extrinsic, events_of): (Option<u32>, Vec<Clean>)| {
        let own = || events.list.iter().filter(move |e| e.extrinsic == extrinsic && extrinsic.is_some());
        let failed = own().find(|e| e.pallet == "System" && e.name == "ExtrinsicFailed");
        let mark = |event: &DecodedEvent| Mark {
            path: format!("{}.{}", event.pallet, event.name),
            error: runtime.result_of(event).flatten(),
            index: event.field("index", usize::MAX).and_then(number).and_then(|n| usize::try_from(n).ok()),
        };
        Told {
            extrinsic,
            events: events_of,
            marks: own().filter(|e| e.pallet != "System").take(MAX_MARKS).map(mark).collect(),
            error: failed.map(|e| runtime.dispatch_error(e).unwrap_or_else(|| "an error".to_owned())),
        }
    };
    used.into_iter().take(MOST).map(one).collect()
}

/// Reads who did it and what was called.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn read(
    rpc: &Rpc,
    runtime: &Runtime,
    (header, block): (&Header, &Block),
    told: Vec<Told>,
) -> Result<Vec<SudoUse>, LinkError> {
    let asked = rpc.bulk::<Option<Signed>>("chain_getBlock", rpc_params![header.at.hash]).await;
    let body = match soft(asked)? {
        Ok(Some(body)) if Header::from_json(&body.block.header).is_ok_and(|h| h.at == header.at) => {
            Ok(body.block.extrinsics)
        }
        Ok(Some(_)) => Err(Clean::of("the node gave the body of another block")),
        Ok(None) => Err(Clean::of("the node does not have the block's body")),
        Err(e) => Err(Clean::of(&e.to_string())),
    };
    Ok(told.into_iter().map(|told| used(runtime, &body, block, told)).collect())
}

fn used(runtime: &Runtime, body: &Result<Vec<String>, Clean>, block: &Block, told: Told) -> SudoUse {
    let (signer, call, all) = match call_of(runtime, body, told.extrinsic) {
        Ok((signer, bytes)) => match runtime.decode_call(&bytes) {
            Ok(call) => {
                let all = steps(&call, &told.marks, told.error.as_deref());
                (signer, judge(runtime, &bytes), all)
            }
            Err(e) => (signer, Found::Unread(Clean::of(&e.to_string())), (Vec::new(), 0)),
        },
        Err(why) => (None, Found::Unread(why), (Vec::new(), 0)),
    };
    SudoUse {
        at: block.at,
        stamped: block.timestamp,
        extrinsic: told.extrinsic,
        events: told.events,
        signer,
        call,
        steps: all.0,
        more: all.1,
    }
}

fn call_of(
    runtime: &Runtime,
    body: &Result<Vec<String>, Clean>,
    extrinsic: Option<u32>,
) -> Result<(Option<AccountId>, Vec<u8>), Clean> {
    let place = extrinsic.and_then(|n| usize::try_from(n).ok());
    let place = place.ok_or_else(|| Clean::of("no extrinsic did it: the scheduler or a hook"))?;
    let hex = body.as_ref().map_err(Clean::clone)?.get(place);
    let bytes =
        hex.and_then(|hex| hex_bytes(hex)).ok_or_else(|| Clean::of("the body lacks the extrinsic"))?;
    let found = runtime.extrinsic(&bytes).map_err(|e| Clean::of(&e.to_string()))?;
    Ok((found.signer, found.call.to_vec()))
}
