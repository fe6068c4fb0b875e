//! Wrapping with what the chain knows: the root key, the weight inside a multisig, its first approval.
//!
//! In: composed calls, wrappers. Out: what is signed. Reads only.

use super::{Stations, costs};
use crate::chain::reader::Reader;
use crate::codec::call_hash;
use crate::domain::call::{Call, Node};
use crate::domain::{AccountId, ChainId, ChainKind, Hash};
use crate::runbook::compose::{Composed, Composition};
use crate::runbook::draft::Draft;
use crate::runbook::plan::{Cost, OWN, authority};
use crate::runbook::reads::Target;
use crate::runbook::wrap::{Context, Target as XcmTarget, Wrapped, Wrapper, wrap};
use crate::runtime::sources;

/// The chain that is signed for: the relay where a wrapper sends by XCM, else the recipe's own.
pub(super) fn outer(plan: &sources::Plan, draft: &Draft<'_>, wrappers: &[Wrapper]) -> Result<Target, String> {
    if !wrappers.iter().any(|w| matches!(w, Wrapper::Xcm { .. })) {
        return Ok(draft.own().clone());
    }
    match plan.network.relay() {
        Some(relay) => Ok(Target::Chain(relay.id.to_string())),
        None => Err("--wrap xcm: it is sent by the relay chain; do not leave it out with --only".to_owned()),
    }
}

/// The calls that are wrapped: those that root makes, else all.
fn to_wrap(composition: &Composition) -> Vec<&Composed> {
    let root: Vec<&Composed> = composition.calls.iter().filter(|made| made.origin == "root").collect();
    if root.is_empty() { composition.calls.iter().collect() } else { root }
}

/// Several calls go into one batch before anything else: one signature, all or nothing.
pub(super) fn batch_if_several(
    composition: &Composition,
    texts: &mut Vec<String>,
    wrappers: &mut Vec<Wrapper>,
) {
    let wraps = wrappers.iter().any(|w| !matches!(w, Wrapper::None | Wrapper::Batch));
    if wraps && to_wrap(composition).len() > 1 && wrappers.first() != Some(&Wrapper::Batch) {
        texts.insert(0, "batch".to_owned());
        wrappers.insert(0, Wrapper::Batch);
    }
}

/// What is signed; none with the reason where there are several calls and nothing that holds them together.
pub(super) async fn wrapped(
    stations: &Stations<'_>,
    composition: &Composition,
    (wrappers, outer): (&[Wrapper], &Target),
    costs: &[Cost],
) -> Result<(Option<Wrapped>, Option<String>), String> {
    let made = to_wrap(composition);
    let Some(first) = made.first() else {
        return Ok((None, Some("this runbook makes no call".to_owned())));
    };
    if made.iter().any(|other| other.target != first.target) && !wrappers.is_empty() {
        return Err("--wrap: the calls of this runbook are of several chains; wrap none".to_owned());
    }
    let bare = wrappers.iter().all(|w| *w == Wrapper::None);
    if bare && made.len() > 1 {
        let why =
            format!("there are {} calls, signed one by one; --wrap batch makes one of them", made.len());
        return Ok((None, Some(why)));
    }
    let reader = match stations.reader(outer, OWN) {
        Some(reader) => reader,
        None => {
            return Err(format!("{outer}: {}", stations.refusal(outer, OWN).unwrap_or("it was not read")));
        }
    };
    let needs = authority(&first.origin);
    let calls: Vec<Call> = made.iter().map(|one| one.call.clone()).collect();
    let targets = xcm_targets(stations, wrappers);
    let mut context = Context {
        runtime: reader.runtime(),
        targets: &targets,
        sudo: sudo_key(reader).await,
        sender: None,
        timepoint: None,
        max_weight: None,
        ss58_prefix: reader.identity().ss58_prefix.unwrap_or(42),
        needs: &needs,
    };
    let multisig = wrappers.iter().position(|w| matches!(w, Wrapper::Multisig { .. }));
    if let Some(at) = multisig {
        let inside = wrappers.get(..at).unwrap_or_default();
        context.max_weight = inner_weight(reader, &calls, (inside, &context), costs).await;
    }
    let sealed = wrap(&calls, wrappers, &context).map_err(|e| e.to_string())?;
    if let Some(approval) = &sealed.approval {
        context.timepoint = first_approval(reader, approval.account, approval.approves).await;
        if context.timepoint.is_some() {
            return wrap(&calls, wrappers, &context)
                .map(|again| (Some(again), None))
                .map_err(|e| e.to_string());
        }
    }
    Ok((Some(sealed), None))
}

fn xcm_targets<'s>(stations: &'s Stations<'_>, wrappers: &'s [Wrapper]) -> Vec<XcmTarget<'s>> {
    let named = wrappers.iter().filter_map(|w| match w {
        Wrapper::Xcm { chain } => Some(chain.as_str()),
        _ => None,
    });
    let target = |chain: &'s str| {
        let reader = stations.reader(&Target::Chain(chain.to_owned()), OWN)?;
        let para = stations.para_of(&ChainId::from(chain))?;
        Some(XcmTarget { chain, para, runtime: reader.runtime() })
    };
    named.filter_map(target).collect()
}

impl Stations<'_> {
    /// The number of a chain of the profile on its relay.
    fn para_of(&self, chain: &ChainId) -> Option<u32> {
        match self.plan().network.chain(chain)?.kind {
            ChainKind::Para(id) => Some(id.0),
            ChainKind::Relay => None,
        }
    }
}

async fn sudo_key(reader: &Reader) -> Option<AccountId> {
    let key = reader.runtime().key("Sudo", "Key").ok()?;
    let value = reader.values(&[key]).await.ok()?.into_iter().next()??;
    <[u8; 32]>::try_from(value.as_slice()).ok().map(AccountId)
}

/// The weight of what a multisig carries, a tenth more than the runtime says now.
async fn inner_weight(
    reader: &Reader,
    calls: &[Call],
    (inside, context): (&[Wrapper], &Context<'_>),
    costs: &[Cost],
) -> Option<(u64, u64)> {
    let margin = |n: u64| n.saturating_add(n / 10).saturating_add(1);
    let cost = match wrap(calls, inside, context) {
        Ok(inner) => {
            let made = Composed {
                hash: call_hash(&inner.call_data),
                call: inner.decoded,
                data: inner.call_data,
                target: Target::Chain(String::new()),
                origin: String::new(),
            };
            costs::one(reader, &made).await
        }
        Err(_) => costs.first()?.clone(),
    };
    cost.weight.ok().map(|(time, proof)| (margin(time), margin(proof)))
}

/// Block and index of the first approval of a multisig's call, where there is one.
async fn first_approval(reader: &Reader, account: AccountId, approves: Hash) -> Option<(u32, u32)> {
    let runtime = reader.runtime();
    let keys = [Node::Account(account), Node::Bytes(approves.0.to_vec())];
    let key = runtime.storage_key("Multisig", "Multisigs", &keys).ok()?;
    let value = reader.values(&[key]).await.ok()?.into_iter().next()??;
    let Node::Fields(fields) = runtime.storage_node("Multisig", "Multisigs", Some(&value)).ok()?? else {
        return None;
    };
    let Node::Fields(when) = &fields.iter().find(|(name, _)| name == "when")?.1 else { return None };
    let part = |name: &str| match when.iter().find(|(n, _)| n == name)?.1 {
        Node::Number(n) => u32::try_from(n).ok(),
        _ => None,
    };
    Some((part("height")?, part("index")?))
}
