//! What only a relay chain has: candidates, disputes, inclusion of paras.
//!
//! In: events, runtime API answers, storage. Out: candidates and facts. Must not know which paras matter: it is told.

use super::super::transport::{LinkError, Rpc};
use super::query;
use crate::codec::{CodecError, DecodedEvent, Runtime, Value, field, number};
use crate::domain::{
    Candidate, CandidateStage, Clean, Dispute, Fact, Hash, Inclusion, ParaId, ids::hex_bytes,
};
use scale_value::{Composite, ValueDef};
use subxt_rpcs::rpc_params;

/// Most disputes kept.
const MAX_DISPUTES: usize = 256;

/// The candidate that an event of `ParaInclusion` is about.
pub(in crate::chain) fn candidate(event: &DecodedEvent) -> Option<Candidate> {
    if event.pallet != "ParaInclusion" {
        return None;
    }
    let stage = match event.name.as_str() {
        "CandidateBacked" => CandidateStage::Backed,
        "CandidateIncluded" => CandidateStage::Included,
        "CandidateTimedOut" => CandidateStage::TimedOut,
        _ => return None,
    };
    let receipt = event.field("candidate", 0)?;
    let para = number(field(field(receipt, "descriptor", 0)?, "para_id", 0)?)?;
    let core = event.field("core", 2).and_then(number).and_then(|n| u32::try_from(n).ok());
    Some(Candidate { para: ParaId(u32::try_from(para).ok()?), stage, core })
}

/// True for events after which the disputes must be read again.
pub(in crate::chain) fn touches_disputes(event: &DecodedEvent) -> bool {
    event.pallet == "ParasDisputes"
}

/// Pallets whose events change what is known of paras, their channels, messages and cores. The calls of
/// `ParasSudoWrapper` leave no event but that of `Sudo`.
const ABOUT_PARAS: [&str; 14] = [
    "Paras",
    "ParasShared",
    "Configuration",
    "Registrar",
    "Slots",
    "AssignedSlots",
    "Hrmp",
    "Dmp",
    "MessageQueue",
    "Coretime",
    "ParaScheduler",
    "OnDemand",
    "OnDemandAssignmentProvider",
    "Sudo",
];

/// True for events after which the paras are worth another look. Backing and inclusion, which every block brings, are not.
pub(in crate::chain) fn touches_paras(event: &DecodedEvent) -> bool {
    ABOUT_PARAS.contains(&event.pallet.as_str())
        || (event.pallet == "ParaInclusion" && event.name == "UpwardMessagesReceived")
}

/// Reads all disputes in the state of block `at`. None on a chain that has none to read.
pub(in crate::chain) async fn disputes(
    rpc: &Rpc,
    runtime: &Runtime,
    at: Hash,
) -> Result<Option<Fact>, LinkError> {
    if !runtime.has_api("ParachainHost", "disputes") {
        return Ok(None);
    }
    let asked = rpc.call::<String>("state_call", rpc_params!["ParachainHost_disputes", "0x", at]);
    let (answer, frozen) = futures::join!(asked, frozen(rpc, runtime, at));
    let unread = |reason: &str| Some(Fact::Unread { section: "disputes".into(), reason: Clean::of(reason) });
    let bytes = match answer {
        Ok(hex) => hex_bytes(&hex).unwrap_or_default(),
        Err(e) if e.is_fatal() => return Err(e),
        Err(e) => return Ok(unread(&e.to_string())),
    };
    let value = match runtime.api("ParachainHost", "disputes", &bytes) {
        Ok(value) => value,
        Err(e) => return Ok(unread(&e.to_string())),
    };
    let Some(disputes) = list_of(&value) else { return Ok(unread("a dispute has an unknown shape")) };
    match frozen? {
        Ok(frozen) => Ok(Some(Fact::Disputes { disputes, frozen })),
        Err(e) => Ok(unread(&e.to_string())),
    }
}

async fn frozen(
    rpc: &Rpc,
    runtime: &Runtime,
    at: Hash,
) -> Result<Result<Option<u64>, CodecError>, LinkError> {
    let Ok(key) = runtime.key("ParasDisputes", "Frozen") else { return Ok(Ok(None)) };
    let state = query(rpc, std::slice::from_ref(&key), at).await?;
    let frozen = runtime.storage::<Option<u32>>("ParasDisputes", "Frozen", state.get(&key));
    Ok(frozen.map(|at| at.map(u64::from)))
}

/// All disputes of the answer; none where one of them cannot be read: a dispute left out would look like no dispute.
fn list_of(value: &Value) -> Option<Vec<Dispute>> {
    let ValueDef::Composite(list) = &value.value else { return None };
    list.values().take(MAX_DISPUTES).map(dispute).collect()
}

fn dispute(value: &Value) -> Option<Dispute> {
    let state = field(value, "", 2)?;
    let concluded = match &field(state, "concluded_at", 3)?.value {
        ValueDef::Variant(v) if v.name == "Some" => v.values.values().next().and_then(number),
        _ => None,
    };
    let (votes_for, validators) = ones(field(state, "validators_for", 0)?)?;
    let (votes_against, _) = ones(field(state, "validators_against", 1)?)?;
    Some(Dispute {
        session: u32::try_from(number(field(value, "", 0)?)?).ok()?,
        candidate: Hash(crate::codec::bytes32(field(value, "", 1)?)?),
        votes_for,
        votes_against,
        started: number(field(state, "start", 2)?)?,
        concluded,
        validators: Some(validators),
    })
}

/// Ones and length of a bit vector.
fn ones(value: &Value) -> Option<(u32, u32)> {
    match &value.value {
        ValueDef::BitSequence(bits) => {
            let ones = bits.iter().filter(|b| *b).count();
            Some((u32::try_from(ones).ok()?, u32::try_from(bits.len()).ok()?))
        }
        ValueDef::Composite(Composite::Unnamed(values)) => values.first().and_then(ones),
        _ => None,
    }
}

/// Reads when each of `paras` was last included (`Paras.MostRecentContext`).
pub(in crate::chain) async fn inclusions(
    rpc: &Rpc,
    runtime: &Runtime,
    paras: &[ParaId],
    at: Hash,
) -> Result<Vec<Fact>, LinkError> {
    let item = ("Paras", "MostRecentContext");
    let keys: Vec<(ParaId, Vec<u8>)> = paras
        .iter()
        .filter_map(|p| Some((*p, runtime.map_key(item.0, item.1, &p.0.to_le_bytes()).ok()?)))
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<Vec<u8>> = keys.iter().map(|(_, k)| k.clone()).collect();
    let state = query(rpc, &wanted, at).await?;
    let fact = |(para, key): &(ParaId, Vec<u8>)| {
        // What does not decode is not read; only an empty place means that the para was never included.
        let relay_block = match state.get(key) {
            Some(bytes) => Some(u64::from(runtime.storage::<u32>(item.0, item.1, Some(bytes)).ok()?)),
            None => None,
        };
        Some(Fact::Inclusion(Inclusion { para: *para, relay_block }))
    };
    Ok(keys.iter().filter_map(fact).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(set: &[bool]) -> scale_value::Value<()> {
        scale_value::Value::bit_sequence(set.iter().copied().collect())
    }

    fn entry(against: scale_value::Value<()>) -> scale_value::Value<()> {
        use scale_value::Value as V;
        let state = V::named_composite([
            ("validators_for", bits(&[true, false, false])),
            ("validators_against", against),
            ("start", V::u128(7)),
            ("concluded_at", V::unnamed_variant("None", [])),
        ]);
        let hash = V::unnamed_composite((0..32_u8).map(|b| V::u128(b.into())));
        V::unnamed_composite([V::u128(3), hash, state])
    }

    fn answer(entries: Vec<scale_value::Value<()>>) -> Value {
        scale_value::Value::unnamed_composite(entries).map_context(|()| 0)
    }

    #[test]
    fn a_dispute_that_cannot_be_read_makes_the_list_unknown_instead_of_shorter() {
        let good = || entry(bits(&[false, true, true]));
        let read = list_of(&answer(vec![good()])).unwrap();
        assert_eq!(read.iter().map(|d| (d.votes_for, d.votes_against)).collect::<Vec<_>>(), [(1, 2)]);
        assert_eq!(list_of(&answer(vec![good(), entry(scale_value::Value::u128(1))])), None);
        assert_eq!(list_of(&answer(vec![])), Some(vec![]));
    }
}
