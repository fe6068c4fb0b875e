//! What is worth knowing about a para and is never a cause: lock, deposit, balance, upgrades on their way, full queues.
//!
//! In: the state of the relay. Out: sentences. What was not read is left out here. Must not judge.

use super::{Case, capital, many};
use crate::domain::para::Para;

/// Everything worth knowing.
pub(super) fn also(case: &Case<'_>, para: &Para) -> Vec<String> {
    let mut lines = Vec::new();
    registration(case, para, &mut lines);
    let sovereign = &para.sovereign;
    if let (Some(free), Some(least)) = (sovereign.free.value(), case.relay.existential_deposit.value())
        && free < least
    {
        lines.push(format!(
            "Its account on the relay, {}, holds {}, less than the existential deposit of {} (G1 tops it up).",
            sovereign.account.ss58(case.ss58_prefix),
            amount(case, *free),
            amount(case, *least)
        ));
    }
    upgrades(case, para, &mut lines);
    if let Some(book) = para.ump.value().filter(|book| book.overweight_pages() > 0) {
        let pages = book.overweight_pages();
        lines.push(format!(
            "Too heavy to run by themselves are messages to the relay in {} (A20).",
            many(pages, "page")
        ));
    }
    if let Some(queue) = para.dmp.value().filter(|queue| !queue.is_empty()) {
        lines.push(format!("Waiting for it: {} from the relay.", many(queue.len(), "message")));
    }
    let orders = case.relay.on_demand.value().into_iter().flatten();
    let orders = orders.filter(|order| order.para == para.id).count();
    if orders > 0 {
        lines.push(format!("Ordered on demand: {}.", many(orders, "block")));
    }
    let asked = case.relay.requests.value().into_iter().flatten();
    let asked = asked.filter(|r| r.sender == para.id || r.recipient == para.id).count();
    if asked > 0 {
        lines.push(format!("Open: {} for a channel with it (B3, B6).", many(asked, "request")));
    }
    if let Some(cut) = case.relay.cut_of(&case.relay.requests) {
        lines.push(format!("There may be more requests for channels: {}.", cut.words()));
    }
    lines
}

fn registration(case: &Case<'_>, para: &Para, lines: &mut Vec<String>) {
    if para.registration.is_absent() && para.lifecycle.value().is_some() {
        lines.push("It has no entry in the registrar: no manager, no deposit.".to_owned());
    }
    let Some(registration) = para.registration.value() else { return };
    let manager = registration.manager.ss58(case.ss58_prefix);
    let locked = match registration.locked {
        Some(true) => "the manager is locked out of head and code (A1 removes the lock)",
        Some(false) => "the manager may change head and code (A2 sets the lock)",
        None => "never locked yet, it is with the first block",
    };
    let deposit = amount(case, registration.deposit);
    lines.push(format!("{}; manager {manager}, deposit {deposit}.", capital(locked)));
}

fn upgrades(case: &Case<'_>, para: &Para, lines: &mut Vec<String>) {
    let upgrade = &para.upgrade;
    if let Some(code) = upgrade.future_code.value() {
        let from = upgrade.from.value().map_or_else(String::new, |at| format!(" from relay block #{at} on"));
        lines.push(format!("An upgrade to {} is on its way{from}.", code.short()));
    }
    let cooldowns = case.relay.cooldowns.value().into_iter().flatten();
    if let Some((_, until)) = cooldowns.into_iter().find(|(id, _)| *id == para.id) {
        lines.push(format!("A further upgrade is refused until relay block #{until} (A10)."));
    } else if upgrade.restriction.value().is_some() {
        lines.push("A further upgrade is refused now.".to_owned());
    }
    if let Some(authorized) = upgrade.authorized.value() {
        let (code, until) = (authorized.code_hash.short(), authorized.expires);
        lines.push(format!("Anyone may bring the code {code} until relay block #{until} (A6)."));
    }
}

/// An amount in tokens where the relay names its token, else in planck.
fn amount(case: &Case<'_>, planck: u128) -> String {
    let unit = case.token.and_then(|token| Some((token, 10_u128.checked_pow(token.decimals)?)));
    let Some((token, unit)) = unit else { return format!("{planck} planck") };
    let digits = usize::try_from(token.decimals).unwrap_or_default();
    let rest = format!("{:0>digits$}", planck % unit);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{}{point}{rest} {}", planck / unit, token.symbol)
}
