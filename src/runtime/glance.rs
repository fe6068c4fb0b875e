//! One chain at one block for a command that looks once: `plan`, `xray`, `rehearse`.
//!
//! In: a plan and a chain. Out: what was made of a [`Reader`]. The endpoints are tried in the order of the profile. Must not
//! keep anything after the command.

use super::compose::Base;
use super::sources::Plan;
use crate::chain::names::SystemNames;
use crate::chain::reader::{At, ReadError, Reader};
use crate::domain::ChainId;
use std::time::Duration;

/// Most that opening one endpoint may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The threads of one command.
///
/// # Errors
/// The system gives no thread.
pub fn threads() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("rpc")
        .enable_all()
        .build()
        .map_err(|e| e.to_string())
}

/// The first endpoint of `chain` that serves it.
///
/// # Errors
/// One sentence for every endpoint that does not.
pub async fn open(plan: &Plan, base: &Base, chain: &ChainId, which: At) -> Result<Reader, String> {
    let Some(spec) = plan.network.chain(chain) else {
        return Err(format!("the network {} has no chain '{chain}'", plan.network.id));
    };
    let expected = plan.genesis.get(chain).copied().or(spec.genesis);
    let mut reasons = Vec::new();
    for endpoint in plan.endpoints.get(chain).into_iter().flatten() {
        let opened =
            Reader::open(endpoint, &SystemNames, (base.clock.clone(), &base.known), (which, expected));
        let why = match tokio::time::timeout(PATIENCE, opened).await {
            Ok(Ok(reader)) => return Ok(reader),
            Ok(Err(ReadError::Link(e))) => e.to_string(),
            Ok(Err(e)) => e.to_string(),
            Err(_) => format!("no answer in {} s", PATIENCE.as_secs()),
        };
        reasons.push(format!("{}: {why}", endpoint.id));
    }
    if reasons.is_empty() {
        return Err(format!("no endpoint of {chain} is given: give one with --endpoint {chain}=URL"));
    }
    Err(format!("{chain} cannot be read: {}", reasons.join("; ")))
}
