//! Who the chain is: genesis, name, token, prefix, block time.
//!
//! In: a connection and a runtime. Out: an [`Identity`]. Read once a connection. Must not compare identities.

use super::super::transport::{LinkError, Rpc};
use super::query;
use super::runtime::Loaded;
use crate::codec::Runtime;
use crate::domain::{Clean, Hash, Identity, ParaId, Token};
use serde_json::Value as Json;
use subxt_rpcs::rpc_params;

/// Reads the identity in the state of block `at`.
pub(in crate::chain) async fn read(
    rpc: &Rpc,
    loaded: &Loaded,
    genesis: Hash,
    at: Hash,
) -> Result<Identity, LinkError> {
    let runtime = &loaded.runtime;
    let (name, properties, first) = futures::join!(
        rpc.call::<String>("system_chain", rpc_params![]),
        rpc.call::<Json>("system_properties", rpc_params![]),
        rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![1]),
    );
    let properties = match properties {
        Ok(p) => p,
        Err(e) if e.is_fatal() => return Err(e),
        Err(_) => Json::Null,
    };
    let first_block = match first {
        Ok(hash) => hash,
        Err(e) if e.is_fatal() => return Err(e),
        Err(_) => None,
    };
    let prefix = runtime.constant::<u16>("System", "SS58Prefix").ok();
    Ok(Identity {
        genesis,
        first_block,
        name: Clean::of(&name?),
        spec_name: loaded.version.spec_name.clone(),
        token: token(&properties),
        ss58_prefix: prefix.or_else(|| u16::try_from(first_of(&properties, "ss58Format")?.as_u64()?).ok()),
        para_id: para_id(rpc, runtime, at).await?,
        block_time_ms: runtime.constant("Babe", "ExpectedBlockTime").ok(),
        session_blocks: runtime.constant("Babe", "EpochDuration").ok(),
        slot_duration_ms: runtime.constant("Aura", "SlotDuration").ok(),
    })
}

/// A property, or the first of its list: some chains give lists.
fn first_of<'j>(properties: &'j Json, name: &str) -> Option<&'j Json> {
    match properties.get(name)? {
        Json::Array(list) => list.first(),
        other => Some(other),
    }
}

fn token(properties: &Json) -> Option<Token> {
    let symbol = Clean::of(first_of(properties, "tokenSymbol")?.as_str()?);
    let decimals = u32::try_from(first_of(properties, "tokenDecimals")?.as_u64()?).ok()?;
    Some(Token { symbol, decimals })
}

async fn para_id(rpc: &Rpc, runtime: &Runtime, at: Hash) -> Result<Option<ParaId>, LinkError> {
    let Ok(key) = runtime.key("ParachainInfo", "ParachainId") else { return Ok(None) };
    let state = query(rpc, std::slice::from_ref(&key), at).await?;
    Ok(runtime.storage::<u32>("ParachainInfo", "ParachainId", state.get(&key)).ok().map(ParaId))
}
