//! One para looked at once: `sereno xray`.
//!
//! In: a plan, a para. Out: a [`Diagnosis`]. The para's own node is asked first, so that its finalized block cannot be
//! younger than what the relay knows; it has a deadline, and its silence is an answer. Must not judge.

use super::compose::Base;
use super::glance::{open, threads};
use super::sources::Plan;
use crate::chain::reader::{At, Reader};
use crate::domain::para::Own;
use crate::domain::{ChainId, Clean, ParaId};
use crate::xray::{Case, Diagnosis, examine};
use std::time::Duration;

/// Most that the para's own endpoints may take to answer, all together.
const OWN_DEADLINE: Duration = Duration::from_secs(40);
/// A relay whose newest block is older, twenty blocks, stands or is seen through an endpoint that is behind.
const OLD_MS: u64 = 120_000;

/// Examines a para of the network.
///
/// # Errors
/// One sentence where the relay cannot be read.
pub fn xray(plan: &Plan, base: &Base, para: ParaId) -> Result<Diagnosis, String> {
    threads()?.block_on(look(plan, base, para))
}

async fn look(plan: &Plan, base: &Base, para: ParaId) -> Result<Diagnosis, String> {
    let Some(spec) = plan.network.relay() else {
        return Err("a para is judged by its relay chain: do not leave it out with --only".to_owned());
    };
    let own = match plan.network.para(para) {
        Some(chain) => Some((chain.id.clone(), own_node(plan, base, &chain.id).await)),
        None => None,
    };
    let relay = open(plan, base, &spec.id, At::Best).await?;
    let paras = relay.paras(Some(para)).await.map_err(|e| format!("{}: {e}", spec.id))?;
    let own = match own {
        None => Own::NotKnown,
        Some((chain, Err(why))) => Own::Silent(chain, Clean::of(&why)),
        Some((chain, Ok(node))) => match paras.paras.get(&para) {
            None => Own::NotKnown,
            Some(state) => match node.own_end(chain.clone(), &state.head).await {
                Ok(end) => Own::Answers(Box::new(end)),
                Err(why) => Own::Silent(chain, Clean::of(&why.to_string())),
            },
        },
    };
    let identity = relay.identity();
    Ok(examine(&Case {
        network: &plan.network,
        ss58_prefix: identity.ss58_prefix.unwrap_or(42),
        token: identity.token.as_ref(),
        relay: &paras,
        para,
        own: &own,
        patience: spec.thresholds.para_stall_major,
        now: base.now(),
        old_ms: OLD_MS,
    }))
}

async fn own_node(plan: &Plan, base: &Base, chain: &ChainId) -> Result<Reader, String> {
    let opened = tokio::time::timeout(OWN_DEADLINE, open(plan, base, chain, At::Finalized));
    opened.await.unwrap_or_else(|_| Err(format!("no answer in {} s", OWN_DEADLINE.as_secs())))
}
