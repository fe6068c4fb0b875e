//! What a running process keeps between two rehearsals of a chain: connection, metadata, and what was read of the block.
//!
//! In: a plan, a chain. Out: a [`Kept`] at the block that is best now. At the same block nothing is read again; at another one
//! what the last rehearsal read is fetched in one round trip. Must not run anything.

use super::Remote;
use crate::chain::reader::{At, Reader};
use crate::domain::ChainId;
use crate::rehearse::state::Cached;
use crate::runtime::compose::Base;
use crate::runtime::{glance, sources};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use tokio::runtime::Runtime;

/// By network, chain and addresses. One a chain: while it is in use, it is not here.
static KEPT: LazyLock<Mutex<HashMap<String, Kept>>> = LazyLock::new(Mutex::default);
/// Chains that are kept.
const MAX: usize = 8;

/// A chain as the last rehearsal left it.
pub(super) struct Kept {
    pub(super) reader: Arc<Reader>,
    pub(super) state: Cached,
    threads: Arc<Runtime>,
}

/// What is kept for a chain goes by where it was read.
fn name(plan: &sources::Plan, chain: &ChainId) -> String {
    let endpoints = plan.endpoints.get(chain).into_iter().flatten();
    let addresses: Vec<&str> = endpoints.map(|endpoint| endpoint.id.as_str()).collect();
    format!("{} {chain} {}", plan.network.id, addresses.join(" "))
}

/// The chain at its best block: as it was kept, or opened anew.
///
/// # Errors
/// One sentence why it cannot be opened.
pub(super) fn take(plan: &sources::Plan, base: &Base, chain: &ChainId) -> Result<(String, Kept), String> {
    let name = name(plan, chain);
    let known = KEPT.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    if let Some(kept) = known.and_then(|kept| moved(kept, base)) {
        return Ok((name, kept));
    }
    let threads = Arc::new(glance::threads()?);
    let reader = Arc::new(threads.block_on(glance::open(plan, base, chain, At::Best))?);
    Ok((name, at(reader, threads)))
}

/// Keeps it for the next time.
pub(super) fn put(name: String, mut kept: Kept) {
    kept.state.lift();
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MAX {
        all.clear();
    }
    all.insert(name, kept);
}

fn at(reader: Arc<Reader>, threads: Arc<Runtime>) -> Kept {
    let remote = Remote { reader: reader.clone(), threads: threads.clone() };
    Kept { state: Cached::new(reader.at(), Box::new(remote)), reader, threads }
}

/// None where the connection is gone or the code is another one.
fn moved(kept: Kept, base: &Base) -> Option<Kept> {
    let Kept { reader, state, threads } = kept;
    match threads.block_on(reader.moved(base.clock.as_ref())).ok()? {
        None => Some(Kept { reader, state, threads }),
        Some(next) => {
            let mut next = at(Arc::new(next), threads);
            next.state.prefetch(state.profile().into_iter()).ok()?;
            Some(next)
        }
    }
}
