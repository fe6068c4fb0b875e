//! `large-transfer`: much moves at once, or a watched balance is beyond its line.
//!
//! In: movements of the last hour on the best chain, balances of accounts in the profile's watch list. Out: minor for each
//! movement from the chain's limit on (tokens, or share of the issuance, whichever is less) or from the account's own
//! limit on; info where the register expects the sender's movements; minor for each balance below or above its line. The two
//! ends of a movement between chains are one: that which was noticed first tells it. Must not import anything above `domain`.

use super::{Detector, Finding, MANY, Verdict, View, grouped};
use crate::domain::balance::watch::WatchEntry;
use crate::domain::balance::{MoveKind, Movement};
use crate::domain::store::balances::{Match, Other, Seen, other_end};
use crate::domain::{AccountId, Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "large-transfer",
    about: "Much moves at once, or a watched balance is beyond its line",
    check: |view| Verdict::from(find(view)),
};

/// How long a movement stays on the screen, milliseconds.
const STAYS_MS: u64 = 3_600_000;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let found = movements(view)?;
    let lines = lines(view);
    let newest = view.chain.blocks.newest().map(|row| &row.block);
    let blind = newest.filter(|block| block.event_count.is_none() || block.undecoded.is_some());
    match (blind, lines) {
        (Some(block), _) if found.is_empty() => {
            let number = grouped(block.at.number);
            Err(Clean::of(&format!("the events of block {number} could not be decoded")))
        }
        (_, Err(why)) if found.is_empty() => Err(why),
        (_, lines) => Ok(found.into_iter().chain(lines.unwrap_or_default()).collect()),
    }
}

/// The watch list's lines that hold here.
fn entries<'a>(view: &View<'a>) -> impl Iterator<Item = &'a WatchEntry> {
    let (network, chain) = (view.network, &view.spec.id);
    network.watch.iter().filter(move |entry| entry.is_on(chain))
}

fn movements(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let recent = view.chain.balances.moves().take_while(|seen| view.now.since(seen.at) <= STAYS_MS);
    let mut recent = recent.filter(|seen| seen.movement.kind.changes_hands()).peekable();
    if recent.peek().is_none() {
        return Ok(vec![]);
    }
    let Some(limit) = view.chain.large_from(&view.spec.thresholds) else {
        return Err(Clean::of("neither the token's decimals nor the issuance was read"));
    };
    let own = own_limits(view);
    let limit_of = |m: &Movement| own.iter().filter(|(a, _)| m.touches(a)).map(|(_, l)| *l).min();
    let found: Vec<Finding> = recent
        .filter(|seen| seen.movement.amount >= limit_of(&seen.movement).map_or(limit, |own| own.min(limit)))
        .filter_map(|seen| finding(view, seen))
        .collect();
    if found.len() <= MANY {
        return Ok(found);
    }
    let since = found.iter().map(|f| f.since).min().unwrap_or(view.now);
    let summary = format!("{} large movements in an hour, from {} on", found.len(), view.amount(limit));
    Ok(vec![Finding::new(Severity::Minor, since, summary).about("many")])
}

/// Accounts of the watch list with a limit of their own, planck.
fn own_limits(view: &View<'_>) -> Vec<(AccountId, u128)> {
    let Some(decimals) = view.chain.decimals() else { return vec![] };
    entries(view).filter_map(|e| Some((e.account, e.moves?.planck(decimals)))).collect()
}

/// The finding of a movement; none where its other end tells it.
fn finding(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let other = other_end(view.network, view.store, (&view.spec.id, seen));
    if other.is_some_and(|other| tells(view, seen, other)) {
        return None;
    }
    let m = &seen.movement;
    let expected = m.from.is_some_and(|from| view.network.roster.whitelist.contains_key(&from));
    let (severity, expected) =
        if expected { (Severity::Info, ", expected by the register") } else { (Severity::Minor, "") };
    let block = grouped(seen.block.number);
    let summary = format!("{} in block {block}{expected}", what(view, m, other));
    Some(Finding::new(severity, seen.at, summary).about(&seen.name))
}

/// True where the other end was noticed first and is large on its chain.
fn tells(view: &View<'_>, seen: &Seen, other: Other<'_>) -> bool {
    let is_sent = seen.movement.leg.is_some_and(|leg| leg.sent);
    let first = (other.seen.noticed, is_sent) < (seen.noticed, !is_sent);
    let limit = view.store.chain(&other.chain.id).and_then(|c| c.large_from(&other.chain.thresholds));
    let young = view.now.since(other.seen.at) <= STAYS_MS;
    first && young && limit.is_some_and(|limit| other.seen.movement.amount >= limit)
}

/// The watch list's name of an account, else what it is called elsewhere.
fn who(view: &View<'_>, account: &AccountId) -> String {
    let own = entries(view).find(|e| e.account == *account).and_then(|e| e.name.clone());
    own.unwrap_or_else(|| view.who(account))
}

fn what(view: &View<'_>, m: &Movement, other: Option<Other<'_>>) -> String {
    let amount = view.amount(m.amount);
    let verb = match m.kind {
        MoveKind::Issuance => return format!("the total issuance was set by force, by {amount}"),
        MoveKind::BalanceSet => "set as the balance",
        MoveKind::DustLost => "lost as dust",
        MoveKind::Transfer => "moved",
        MoveKind::ReserveTransfer => "moved by reserve transfer",
        MoveKind::Teleport => "moved by teleport",
        MoveKind::Reward => "paid by staking",
        kind => kind.word(),
    };
    let mut text = format!("{amount} {verb}");
    if let Some(from) = m.from {
        text += &format!(" from {}", who(view, &from));
    }
    if let Some(to) = m.to {
        text += &format!(" to {}", who(view, &to));
    }
    if let Some(leg) = m.leg {
        let way = if leg.sent { "sent to" } else { "come from" };
        text += &match other {
            Some(Other { chain, sure: Match::Sure, .. }) => format!(", {way} {}", chain.name),
            Some(Other { chain, sure: Match::Likely, .. }) => format!(", likely {way} {}", chain.name),
            None => format!(", {way} another chain where it was not seen"),
        };
    }
    text
}

/// Balances beyond their lines.
fn lines(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    let mut found = Vec::new();
    let mut unread = None;
    for entry in entries(view).filter(|e| e.low.is_some() || e.high.is_some()) {
        let who = who(view, &entry.account);
        let Some((account, decimals)) =
            view.chain.balances.account(&entry.account).zip(view.chain.decimals())
        else {
            unread.get_or_insert_with(|| format!("the balance of {who} was not read yet"));
            continue;
        };
        let free = account.now.value.free;
        let low = entry.low.map(|l| l.planck(decimals)).filter(|low| free < *low);
        let high = entry.high.map(|h| h.planck(decimals)).filter(|high| free > *high);
        let (word, line) = match (low, high) {
            (Some(low), _) => ("below", low),
            (None, Some(high)) => ("above", high),
            (None, None) => continue,
        };
        let summary =
            format!("{who} has {} free, {word} its line of {}", view.amount(free), view.amount(line));
        let since = account.now.block.map_or(account.now.at, |b| view.time_of(b.number));
        found.push(Finding::new(Severity::Minor, since, summary).about(view.address(&entry.account)));
    }
    match unread {
        Some(why) if found.is_empty() => Err(Clean::of(&why)),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests;
