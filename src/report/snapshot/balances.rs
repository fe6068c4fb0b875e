//! The section `balances` of the snapshot.
//!
//! In: the purse, the books of the chains. Out: issuance of each chain, watched accounts, movements from the limit on. Amounts
//! are planck as decimal strings; accounts stand in their chain's prefix. What was not read is null; why stands in `unread`.

use super::Input;
use crate::domain::balance::MoveKind;
use crate::domain::balance::watch::watched;
use crate::domain::store::balances::{Match, Seen, other_end};
use crate::domain::store::paras::listed;
use crate::domain::{AccountId, BlockRef, ChainId, ChainSpec, ChainView, Hash};
use serde::Serialize;
use std::collections::BTreeMap;

/// Movements told of each chain.
const MAX_MOVES: usize = 500;

/// The section.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Balances {
    /// Of the relay chain, else of the first chain.
    issuance: Option<String>,
    /// Of every chain.
    issuances: Vec<Issuance>,
    watched: Vec<Account>,
    large_transfers: Vec<Large>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Issuance {
    chain: ChainId,
    issuance: Option<String>,
    block: Option<BlockRef>,
    session: Option<u32>,
    /// Since the session began, with its sign.
    change: Option<String>,
    /// Of it what neither eras nor teleports explain, with its sign.
    unexplained: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Account {
    chain: ChainId,
    account: String,
    label: String,
    why: &'static str,
    free: Option<String>,
    reserved: Option<String>,
    frozen: Option<String>,
    held: Option<String>,
    transferable: Option<String>,
    low: Option<String>,
    high: Option<String>,
    block: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Large {
    chain: ChainId,
    block: BlockRef,
    event: u32,
    from: Option<String>,
    to: Option<String>,
    amount: String,
    kind: &'static str,
    message: Option<Hash>,
    /// The chain at the other end; null where it stays here or was not seen there.
    other_chain: Option<ChainId>,
    /// `sure` or `likely`; null where the other end was not seen.
    matched: Option<&'static str>,
}

fn address(view: &ChainView, account: &AccountId) -> String {
    let prefix = view.identity.value().and_then(|i| i.ss58_prefix);
    prefix.map_or_else(|| account.to_string(), |prefix| account.ss58(prefix))
}

/// The section, and why parts of it are missing.
pub(super) fn section(input: Input<'_>, unread: &mut BTreeMap<String, String>) -> Balances {
    let mut out = Balances::default();
    for spec in &input.network.chains {
        let Some(view) = input.store.chain(&spec.id) else {
            unread.insert(format!("balances.{}", spec.id), "no endpoint has answered yet".to_owned());
            out.issuances.push(Issuance {
                chain: spec.id.clone(),
                issuance: None,
                block: None,
                session: None,
                change: None,
                unexplained: None,
            });
            continue;
        };
        if let Some(why) = view.unread.get("balances") {
            unread.insert(format!("balances.{}", spec.id), why.to_string());
        }
        let issuance = issuance(spec, view);
        if issuance.issuance.is_none() {
            unread.insert(format!("balances.{}.issuance", spec.id), "not read yet".to_owned());
        }
        out.issuances.push(issuance);
        accounts(input, (spec, view), &mut out.watched, unread);
        large(input, (spec, view), &mut out.large_transfers);
    }
    let main = input.network.relay().map(|r| &r.id);
    let main = out.issuances.iter().find(|i| Some(&i.chain) == main).or(out.issuances.first());
    out.issuance = main.and_then(|i| i.issuance.clone());
    if out.issuance.is_none() {
        unread.insert("balances.issuance".to_owned(), "not read yet".to_owned());
    }
    out
}

fn signed((up, amount): (bool, u128)) -> String {
    if up || amount == 0 { amount.to_string() } else { format!("-{amount}") }
}

fn issuance(spec: &ChainSpec, view: &ChainView) -> Issuance {
    let now = view.balances.issuance.as_ref();
    let session = view.balances.sessions().next();
    Issuance {
        chain: spec.id.clone(),
        issuance: now.map(|i| i.value.to_string()),
        block: now.and_then(|i| i.block),
        session: session.map(|s| s.session),
        change: session.map(|s| signed(s.change())),
        unexplained: session.map(|s| signed(s.unexplained())),
    }
}

fn accounts(
    input: Input<'_>,
    (spec, view): (&ChainSpec, &ChainView),
    out: &mut Vec<Account>,
    unread: &mut BTreeMap<String, String>,
) {
    let paras = view.parachains.value().and_then(|p| listed(&p.registered)).unwrap_or_default();
    let text = |amount: u128| amount.to_string();
    let deposit = view.existential_deposit();
    let mut missing = 0_usize;
    for (account, of) in watched(input.network, spec, view.balances.roles.value(), paras) {
        let known = view.balances.account(&account);
        let holding = known.map(|k| &k.now.value);
        missing += usize::from(known.is_none());
        let planck =
            |line: Option<crate::domain::balance::Tokens>| Some(line?.planck(view.decimals()?).to_string());
        out.push(Account {
            chain: spec.id.clone(),
            account: address(view, &account),
            label: of.label,
            why: of.why.word(),
            free: holding.map(|h| text(h.free)),
            reserved: holding.map(|h| text(h.reserved)),
            frozen: holding.map(|h| text(h.frozen)),
            held: holding.and_then(|h| h.held()).map(text),
            transferable: holding.zip(deposit).map(|(h, deposit)| text(h.transferable(deposit))),
            low: planck(of.low),
            high: planck(of.high),
            block: known.and_then(|k| k.now.block).map(|b| b.number),
        });
    }
    if missing > 0 {
        let why = format!("{missing} watched accounts were not read yet");
        unread.entry(format!("balances.{}.watched", spec.id)).or_insert(why);
    }
}

fn large(input: Input<'_>, (spec, view): (&ChainSpec, &ChainView), out: &mut Vec<Large>) {
    let limit = view.large_from(&spec.thresholds);
    let is_large = |seen: &&Seen| {
        let m = &seen.movement;
        m.kind.changes_hands() && (m.kind == MoveKind::Issuance || limit.is_some_and(|l| m.amount >= l))
    };
    for seen in view.balances.moves().filter(is_large).take(MAX_MOVES) {
        let m = &seen.movement;
        let other = other_end(input.network, input.store, (&spec.id, seen));
        // Of the two ends of one movement the one that was sent is told.
        if other.is_some() && m.leg.is_some_and(|leg| !leg.sent) {
            continue;
        }
        out.push(Large {
            chain: spec.id.clone(),
            block: seen.block,
            event: m.index,
            from: m.from.as_ref().map(|a| address(view, a)),
            to: m.to.as_ref().map(|a| address(view, a)),
            amount: m.amount.to_string(),
            kind: m.kind.word(),
            message: m.leg.and_then(|leg| leg.message),
            other_chain: other.map(|o| o.chain.id.clone()),
            matched: other.map(|o| match o.sure {
                Match::Sure => "sure",
                Match::Likely => "likely",
            }),
        });
    }
}
