//! Cells of amounts: tokens of a chain, sort keys across chains, sparklines.
//!
//! In: planck. Out: short text; unknown is `?`, nothing is `–`.

use crate::domain::AccountId;
use crate::screen::{Line, Role, format};
use crate::state::table::SortKey;
use crate::state::{AppState, Chain};
use crate::tabs::words;

/// Digits after the point that lists show: of small amounts more than of large ones.
fn digits(whole: &str) -> usize {
    match whole.chars().count() {
        0..=3 => 4,
        4..=7 => 2,
        _ => 0,
    }
}

/// Amounts of chains with other decimals are compared as if they had so many.
const COMMON: u32 = 18;

/// An amount in tokens with few digits after the point, without the symbol; planck where the chain names no token.
pub(super) fn short(chain: &Chain<'_>, planck: u128) -> String {
    let Some(decimals) = chain.view.and_then(crate::domain::ChainView::decimals) else {
        return format!("{planck} planck");
    };
    let text = format::tokens(planck, decimals);
    match text.split_once('.') {
        Some((whole, rest)) => {
            let rest: String = rest.chars().take(digits(whole)).collect();
            let rest = rest.trim_end_matches('0');
            match rest {
                "" if whole == "0" => "<0.0001".to_owned(),
                "" => whole.to_owned(),
                rest => format!("{whole}.{rest}"),
            }
        }
        None => text,
    }
}

/// An amount in tokens with the symbol, every digit; planck where the chain names no token.
#[must_use]
pub fn tokens(chain: &Chain<'_>, planck: u128) -> String {
    let token = chain.view.and_then(|v| v.identity.value()).and_then(|i| i.token.as_ref());
    match token {
        Some(token) => format!("{} {}", format::tokens(planck, token.decimals), token.symbol),
        None => format!("{planck} planck"),
    }
}

/// The same, and in planck.
#[must_use]
pub fn both(chain: &Chain<'_>, planck: u128) -> String {
    let tokens = tokens(chain, planck);
    if tokens.ends_with(" planck") { tokens } else { format!("{tokens} · {planck} planck") }
}

/// A cell of an amount.
pub(super) fn amount(chain: &Chain<'_>, planck: Option<u128>, role: Role) -> Line {
    match planck {
        None => words::unknown(),
        Some(0) => Line::of(Role::Dim, "0"),
        Some(n) => Line::of(role, short(chain, n)),
    }
}

/// What an amount is sorted by, whatever its chain's decimals.
pub(super) fn sort_key(chain: &Chain<'_>, planck: Option<u128>) -> SortKey {
    let Some(planck) = planck else { return SortKey::Unknown };
    let decimals = chain.view.and_then(crate::domain::ChainView::decimals).unwrap_or(COMMON);
    let factor = 10_u128.checked_pow(COMMON.saturating_sub(decimals)).unwrap_or(1);
    let common = planck.saturating_mul(factor).to_be_bytes();
    let mut bytes = [0; 32];
    bytes.iter_mut().skip(16).zip(common).for_each(|(to, from)| *to = from);
    SortKey::Bytes(bytes)
}

/// The course of a balance: the lowest total is the lowest bar.
pub(super) fn spark(chain: &Chain<'_>, account: &AccountId) -> String {
    let known = chain.view.and_then(|v| v.balances.account(account));
    let history: Vec<u128> =
        known.into_iter().flat_map(|k| k.history.iter().map(|(_, total)| *total)).collect();
    let (Some(low), Some(high)) = (history.iter().min(), history.iter().max()) else { return String::new() };
    let span = (high - low).max(1);
    let step = |n: &u128| u64::try_from((n - low).saturating_mul(1_000) / span).ok();
    if low == high {
        return "▁".repeat(history.len());
    }
    format::spark(&history.iter().map(step).collect::<Vec<_>>(), 1_000)
}

/// Who an account is: its name, else its address shortened.
pub(super) fn who(state: &AppState, chain: &Chain<'_>, account: &AccountId) -> String {
    named(state, chain, account).unwrap_or_else(|| chain.address_short(account))
}

/// The name of an account: the watch list's, else the profile's or the register's.
pub(super) fn named(state: &AppState, chain: &Chain<'_>, account: &AccountId) -> Option<String> {
    state.watched_as(&chain.spec.id, account).or_else(|| state.name_of(account).map(str::to_owned))
}
