//! Wrapping with what the chain knows: the root key, the weight inside a multisig, its first approval.
//!
//! In: composed calls, wrappers. Out: what is signed. Reads only.

use super::{Stations, costs};
use crate::chain::reader::Reader;
use crate::codec::call_hash;
use crate::domain::call::{Call, Node};
use crate::domain::{AccountId, ChainId, ChainKind, Hash, UnixMs};
use crate::runbook::compose::{Composed, Composition};
use crate::runbook::draft::Draft;
use crate::runbook::origin::Origin;
use crate::runbook::plan::xcm::{self, XcmFacts};
use crate::runbook::plan::{Cost, OWN};
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
    (wrappers, outer, sender): (&[Wrapper], &Target, Option<AccountId>),
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
    if !bare && let Some(other) = made.iter().find(|other| other.origin != first.origin) {
        let (a, b) = (Origin::parse(&first.origin), Origin::parse(&other.origin));
        return Err(format!("--wrap: one call needs {a}, another {b}; wrap none, and sign them one by one"));
    }
    if let Some(Wrapper::Xcm { chain }) = wrappers.iter().find(|w| matches!(w, Wrapper::Xcm { .. }))
        && first.target != Target::Chain(chain.clone())
    {
        return Err(format!("--wrap xcm:{chain}: the call is one of {}, not of {chain}", first.target));
    }
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
    let calls: Vec<Call> = made.iter().map(|one| one.call.clone()).collect();
    let targets = xcm_targets(stations, wrappers);
    let mut context = Context {
        runtime: reader.runtime(),
        targets: &targets,
        sudo: sudo_key(reader).await,
        sender,
        timepoint: None,
        approvals: &[],
        max_weight: None,
        ss58_prefix: reader.identity().ss58_prefix.unwrap_or(42),
        needs: &first.origin,
    };
    let multisig = wrappers.iter().position(|w| matches!(w, Wrapper::Multisig { .. }));
    if let Some(at) = multisig {
        let inside = wrappers.get(..at).unwrap_or_default();
        context.max_weight = inner_weight(reader, &calls, (inside, &context), costs).await;
    }
    let sealed = wrap(&calls, wrappers, &context).map_err(|e| e.to_string())?;
    let Some(approval) = &sealed.approval else { return Ok((Some(sealed), None)) };
    // Not known is not none: a call without the timepoint that it needs is refused on chain.
    let so_far = so_far(reader, approval.account, approval.approves).await.map_err(|why| {
        format!("--wrap multisig: who has approved so far could not be read ({why}); try again")
    })?;
    match so_far {
        None => Ok((Some(sealed), None)),
        Some((timepoint, approvals)) => {
            let context = Context { timepoint: Some(timepoint), approvals: &approvals, ..context };
            wrap(&calls, wrappers, &context).map(|again| (Some(again), None)).map_err(|e| e.to_string())
        }
    }
}

/// What is known of the message that a sealed call sends to another chain; none where it sends none.
pub(super) async fn xcm_facts(
    stations: &Stations<'_>,
    sealed: Option<&Wrapped>,
    (wrappers, outer): (&[Wrapper], &Target),
    now: UnixMs,
) -> Option<XcmFacts> {
    let chain = wrappers.iter().find_map(|w| match w {
        Wrapper::Xcm { chain } => Some(chain.clone()),
        _ => None,
    })?;
    let target = Target::Chain(chain.clone());
    let open = |target: &Target| {
        let why = || stations.refusal(target, OWN).unwrap_or("it was not read").to_owned();
        stations.reader(target, OWN).ok_or_else(why)
    };
    let send = xcm::sent(&sealed?.decoded).ok_or_else(|| "the call sends no message".to_owned());
    let bytes = send.clone().and_then(|send| xcm::length(open(outer)?.runtime(), send));
    let limit = match open(outer) {
        Ok(relay) => most_bytes(relay).await,
        Err(why) => Err(why),
    };
    let dry_run = match (open(&target), send) {
        (Ok(reader), Ok(send)) => tried(reader, send).await,
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    let stamp = stations.facts(&target).ok().and_then(|facts| facts.stamp);
    let age_ms = stamp.map(|stamp| now.0.saturating_sub(stamp.0).max(0));
    Some(XcmFacts { chain, bytes, limit, age_ms, dry_run })
}

/// `max_downward_message_size` of the relay's configuration, bytes.
async fn most_bytes(relay: &Reader) -> Result<u64, String> {
    let runtime = relay.runtime();
    let key = runtime.key("Configuration", "ActiveConfig").map_err(|e| e.to_string())?;
    let value = relay.values(&[key]).await.map_err(|e| e.to_string())?.into_iter().next().flatten();
    let node =
        runtime.storage_node("Configuration", "ActiveConfig", value.as_deref()).map_err(|e| e.to_string())?;
    let found = node.as_ref().and_then(|node| match field(node, "max_downward_message_size")? {
        Node::Number(n) => u64::try_from(*n).ok(),
        _ => None,
    });
    found.ok_or_else(|| "the relay does not say how long a message may be".to_owned())
}

async fn tried(reader: &Reader, send: &Call) -> Result<Option<String>, String> {
    let input = xcm::dry_run_input(reader.runtime(), send)?;
    let answer = reader.api("DryRunApi_dry_run_xcm", &input).await.map_err(|e| e.to_string())?;
    xcm::dry_run_says(reader.runtime(), &answer)
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

/// Block and index of the first approval of a multisig's call, and who has approved; none where nobody has.
///
/// # Errors
/// It could not be read, or does not decode.
async fn so_far(
    reader: &Reader,
    account: AccountId,
    approves: Hash,
) -> Result<Option<((u32, u32), Vec<AccountId>)>, String> {
    let runtime = reader.runtime();
    let keys = [Node::Account(account), Node::Bytes(approves.0.to_vec())];
    let key = runtime.storage_key("Multisig", "Multisigs", &keys).map_err(|e| e.to_string())?;
    let values = reader.values(&[key]).await.map_err(|e| e.to_string())?;
    let Some(value) = values.into_iter().next().flatten() else { return Ok(None) };
    let node = runtime.storage_node("Multisig", "Multisigs", Some(&value)).map_err(|e| e.to_string())?;
    let found = node.as_ref().and_then(|node| {
        let when = field(node, "when")?;
        let part = |name: &str| match field(when, name)? {
            Node::Number(n) => u32::try_from(*n).ok(),
            _ => None,
        };
        let Node::List(approvals) = field(node, "approvals")? else { return None };
        let account = |node: &Node| match node {
            Node::Account(account) => Some(*account),
            _ => None,
        };
        let approvals = approvals.iter().map(account).collect::<Option<Vec<_>>>()?;
        Some(((part("height")?, part("index")?), approvals))
    });
    found.map(Some).ok_or_else(|| "what is stored of it does not decode".to_owned())
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match node {
        Node::Fields(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, node)| node),
        _ => None,
    }
}
