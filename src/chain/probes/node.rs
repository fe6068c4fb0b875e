//! The node behind the endpoint: peers and transaction pool.
//!
//! In: a connection. Out: facts. Read every tenth block (DESIGN §3). Must not read chain state.

use super::super::transport::{LinkError, Rpc};
use crate::domain::{Clean, Fact};
use serde::de::IgnoredAny;
use subxt_rpcs::rpc_params;

#[derive(serde::Deserialize)]
struct Health {
    peers: u32,
}

/// Reads peers and pool; what the node refuses is unread with its reason.
pub(in crate::chain) async fn read(rpc: &Rpc) -> Result<Vec<Fact>, LinkError> {
    let (health, pool) = futures::join!(
        rpc.call::<Health>("system_health", rpc_params![]),
        rpc.call::<Vec<IgnoredAny>>("author_pendingExtrinsics", rpc_params![]),
    );
    Ok(vec![
        fact("peers", health.map(|h| Fact::Peers(h.peers)))?,
        fact("pool", pool.map(|p| Fact::Pool(u32::try_from(p.len()).unwrap_or(u32::MAX))))?,
    ])
}

fn fact(section: &str, answer: Result<Fact, LinkError>) -> Result<Fact, LinkError> {
    match answer {
        Ok(fact) => Ok(fact),
        Err(e) if e.is_fatal() => Err(e),
        Err(e) => Ok(Fact::Unread { section: section.into(), reason: Clean::of(&e.to_string()) }),
    }
}
