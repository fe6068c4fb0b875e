//! The profile's list of watched accounts.
//!
//! In: `[[watch]]` of a profile: account, name, chains, lines, limit of movements. Out: `WatchEntry`s; whatever is wrong is one
//! sentence with its place. Must not know how they are read.

use super::ConfigError;
use super::located::Source;
use crate::domain::balance::Tokens;
use crate::domain::balance::watch::WatchEntry;
use crate::domain::{AccountId, ChainId, Network};
use serde::Deserialize;
use toml::Spanned;

/// Most entries.
const MOST: usize = 10_000;

/// An entry as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWatch {
    account: Spanned<String>,
    name: Option<Spanned<String>>,
    #[serde(default)]
    chains: Vec<Spanned<String>>,
    low: Option<Spanned<toml::Value>>,
    high: Option<Spanned<toml::Value>>,
    moves: Option<Spanned<toml::Value>>,
}

/// The entries, checked against the chains of the network.
pub(super) fn entries(
    src: &Source<'_>,
    network: &Network,
    raw: &[RawWatch],
) -> Result<Vec<WatchEntry>, ConfigError> {
    if let Some(over) = raw.get(MOST) {
        let expected = "at most 10000 entries; a register holds more";
        return Err(src.error(over.account.span(), "the watch list is too long", expected));
    }
    let mut out: Vec<WatchEntry> = Vec::with_capacity(raw.len());
    let mut seen = std::collections::BTreeSet::new();
    for raw in raw {
        let entry = entry(src, network, raw)?;
        let places: Vec<Option<ChainId>> = if entry.chains.is_empty() {
            vec![None]
        } else {
            entry.chains.iter().cloned().map(Some).collect()
        };
        for place in places {
            if !seen.insert((entry.account, place)) {
                let what = "this account is watched already, maybe in another prefix";
                return Err(src.error(raw.account.span(), what, "each account once a chain"));
            }
        }
        out.push(entry);
    }
    Ok(out)
}

fn entry(src: &Source<'_>, network: &Network, raw: &RawWatch) -> Result<WatchEntry, ConfigError> {
    let text = raw.account.get_ref();
    let account: AccountId = text.parse().map_err(|_| {
        let expected = "an SS58 address, or 0x and 64 hex digits";
        src.error(raw.account.span(), &format!("'{text}' is no account"), expected)
    })?;
    let name = raw.name.as_ref().map(|name| super::profile::label(src, name)).transpose()?;
    let mut chains = Vec::with_capacity(raw.chains.len());
    for chain in &raw.chains {
        let id = ChainId::from(chain.get_ref().as_str());
        if network.chain(&id).is_none() {
            let known: Vec<&str> = network.chains.iter().map(|c| c.id.as_str()).collect();
            let what = format!("no chain '{id}'");
            return Err(src.error(chain.span(), &what, &format!("one of {}", known.join(", "))));
        }
        chains.push(id);
    }
    let low = tokens(src, raw.low.as_ref())?;
    let high = tokens(src, raw.high.as_ref())?;
    if let (Some(least), Some(most), Some(place)) = (low, high, &raw.high)
        && least > most
    {
        return Err(src.error(place.span(), "the upper line lies below the lower one", "low <= high"));
    }
    Ok(WatchEntry { account, name, chains, low, high, moves: tokens(src, raw.moves.as_ref())? })
}

/// `5000` or `"0.25"`.
fn tokens(src: &Source<'_>, raw: Option<&Spanned<toml::Value>>) -> Result<Option<Tokens>, ConfigError> {
    let Some(raw) = raw else { return Ok(None) };
    let text = match raw.get_ref() {
        toml::Value::Integer(n) => n.to_string(),
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let is_float = matches!(raw.get_ref(), toml::Value::Float(_));
    match text.parse::<Tokens>() {
        Ok(tokens) if !is_float => Ok(Some(tokens)),
        _ => Err(src.error(
            raw.span(),
            &format!("{text} is no amount"),
            "tokens as 5000, or in quotes with a point as \"0.25\"",
        )),
    }
}
