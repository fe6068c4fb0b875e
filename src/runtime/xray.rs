//! One para looked at once: `sereno xray`, and the page of a para in the console.
//!
//! In: a plan, a para. Out: a [`Diagnosis`], or the [`Look`] that it rests on. The para's own node is asked first, so that its finalized block cannot be
//! younger than what the relay knows; it has a deadline, and its silence is an answer. Must not judge.

use super::compose::Base;
use super::glance::{open, threads};
use super::sources::Plan;
use crate::chain::reader::{At, Reader};
use crate::domain::para::Own;
use crate::domain::{ChainId, Clean, ParaId, Token};
use crate::state::runbooks::Look;
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
    let Seen { look, ss58_prefix, token } = threads()?.block_on(see(plan, base, para))?;
    let patience = plan.network.relay().map_or(0, |spec| spec.thresholds.para_stall_major);
    Ok(examine(&Case {
        network: &plan.network,
        ss58_prefix: ss58_prefix.unwrap_or(42),
        token: token.as_ref(),
        relay: &look.relay,
        para,
        own: &look.own,
        patience,
        now: base.now(),
        old_ms: OLD_MS,
    }))
}

/// Looks at a para of the network: at its own node, where one is known, and then at the relay.
///
/// # Errors
/// One sentence where the relay cannot be read.
pub fn look(plan: &Plan, base: &Base, para: ParaId) -> Result<Look, String> {
    threads()?.block_on(see(plan, base, para)).map(|seen| seen.look)
}

/// A look, and how the relay writes accounts and amounts.
struct Seen {
    look: Look,
    ss58_prefix: Option<u16>,
    token: Option<Token>,
}

async fn see(plan: &Plan, base: &Base, para: ParaId) -> Result<Seen, String> {
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
    let look = Look { relay: Box::new(paras), own };
    Ok(Seen { look, ss58_prefix: identity.ss58_prefix, token: identity.token.clone() })
}

async fn own_node(plan: &Plan, base: &Base, chain: &ChainId) -> Result<Reader, String> {
    let opened = tokio::time::timeout(OWN_DEADLINE, open(plan, base, chain, At::Finalized));
    opened.await.unwrap_or_else(|_| Err(format!("no answer in {} s", OWN_DEADLINE.as_secs())))
}
