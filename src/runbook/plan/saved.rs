//! A colleague's plan, read again: what it was made of, and what differs from the plan that is made now.
//!
//! In: the JSON of a plan, and a fresh [`Plan`]. Out: what to plan again, and differences in words. Must not read files.

use super::{Plan, VALID_MS, VALID_MULTISIG_MS};
use crate::codec::call_hash;
use crate::domain::ids::hex_bytes;
use crate::domain::{AccountId, UnixMs};
use crate::runbook::params::GivenFile;
use codec::{Compact, Decode as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is needed of a plan to make it again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Saved {
    /// Of the document.
    pub schema: u32,
    /// The runbook.
    pub runbook: String,
    /// The network's id.
    pub network: String,
    /// The chain of its calls.
    pub chain: String,
    /// Parameters as text.
    pub params: BTreeMap<String, String>,
    /// The files among them.
    #[serde(default)]
    pub files: Vec<GivenFile>,
    /// The wrappers.
    pub wrap: Vec<String>,
    /// The ticket.
    pub ticket: Option<String>,
    /// Until when, as RFC 3339.
    pub expires: String,
    /// The hash of the intent.
    pub plan_hash: String,
    /// Everything else, for comparison.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Something that is not as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: String,
    /// As planned.
    pub planned: String,
    /// As it is now.
    pub now: String,
}

impl Saved {
    /// Reads the JSON of a plan.
    ///
    /// # Errors
    /// It is no plan, or of another schema.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected a file of 'sereno plan … --out FILE'";
        let saved: Self =
            serde_json::from_str(text).map_err(|e| format!("this is no plan ({e}); {expected}"))?;
        if saved.schema != 1 {
            return Err(format!("this plan has schema {}; expected 1", saved.schema));
        }
        if saved.expires_at().is_none() {
            return Err(format!("'{}' is no time; {expected}", saved.expires));
        }
        Ok(saved)
    }

    /// For which signatory of a multisig it was composed.
    #[must_use]
    pub fn sender(&self) -> Option<AccountId> {
        self.rest.get("wrapped")?.get("turn")?.get("sender")?.as_str()?.parse().ok()
    }

    /// Until when it is valid.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixMs> {
        self.expires.parse::<jiff::Timestamp>().ok().map(|t| UnixMs(t.as_millisecond()))
    }
}

/// What differs between a saved plan and the same one made now with the same expiry. Where only the hash differs, the
/// saved one was changed by hand.
#[must_use]
pub fn differences(saved: &Saved, fresh: &Plan, now: UnixMs) -> Vec<Difference> {
    let fresh_json = serde_json::to_value(fresh).unwrap_or(Value::Null);
    let mut out = Vec::new();
    let mut add = |what: &str, planned: String, now: String| {
        if planned != now {
            out.push(Difference { what: what.to_owned(), planned, now });
        }
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "none".to_owned(),
        Some(other) => other.to_string(),
    };
    add(
        "the chain (its genesis)",
        text(saved.rest.get("genesis_hash")),
        text(fresh_json.get("genesis_hash")),
    );
    code_hashes(saved, fresh, &mut add);
    let pick = |list: Option<&Value>, parts: &[&str]| -> String {
        let items = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let line = |item: &Value| parts.iter().map(|p| text(item.get(p))).collect::<Vec<_>>().join(" ");
        items.iter().map(line).collect::<Vec<_>>().join("; ")
    };
    for (key, what, parts) in [
        ("calls", "the call data", &["chain", "call_data"][..]),
        ("calls", "whose authority it needs", &["authority"]),
        ("checks", "what is checked", &["id", "level", "expr"]),
        ("artefacts", "the bytes from files", &["name", "blake2_256"]),
    ] {
        add(what, pick(saved.rest.get(key), parts), pick(fresh_json.get(key), parts));
    }
    let part = |json: Option<&Value>, name: &str| text(json.and_then(|w| w.get(name)));
    let signed = |json: Option<&Value>| part(json, "call_data");
    let (planned, new) = (saved.rest.get("wrapped"), fresh_json.get("wrapped"));
    if !approves_the_same(&signed(planned), &signed(new), &part(new, "intended")) {
        add("what is signed", signed(planned), signed(new));
    }
    let approval =
        |wrapped: Option<&'_ Value>, name: &str| part(wrapped.and_then(|w| w.get("approval")), name);
    let (approves, approved) = (approval(planned, "approves"), approval(new, "approves"));
    add("what members of the multisig approve", approves, approved.clone());
    let (before, after) = (approval(planned, "call_data"), approval(new, "call_data"));
    if before != after && !approves_the_same(&before, &after, &approved) {
        add("what members of the multisig sign", before, after);
    }
    own_data(saved, &mut add);
    add("the plan hash", saved.plan_hash.clone(), fresh.plan_hash.to_string());
    if saved.expires_at().is_some_and(|until| until < now) {
        add("the time it is valid", format!("until {}", saved.expires), now.rfc3339());
    }
    // Nobody gives a plan a longer life by hand than it is made with.
    let longest =
        if saved.wrap.iter().any(|w| w.starts_with("multisig:")) { VALID_MULTISIG_MS } else { VALID_MS };
    if saved.expires_at().is_none_or(|until| until.0.saturating_sub(now.0) > longest) {
        let most = format!("at most {} h from now", longest / 3_600_000);
        add("how long it is valid", format!("until {}", saved.expires), most);
    }
    out
}

/// Hashes and links of a plan that are not of its own call data: whoever compares a hash or follows a link would see another
/// call than the one that was compared here.
fn own_data(saved: &Saved, add: &mut impl FnMut(&str, String, String)) {
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let calls = saved.rest.get("calls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wrapped = saved.rest.get("wrapped");
    let approval = wrapped.and_then(|w| w.get("approval"));
    let known: Vec<String> =
        calls.iter().chain(wrapped).chain(approval).filter_map(|item| text(item, "call_data")).collect();
    for item in calls.iter().chain(wrapped) {
        let (Some(data), Some(planned)) = (text(item, "call_data"), text(item, "call_hash")) else {
            continue;
        };
        let hash =
            hex_bytes(&data).map_or_else(|| "no hex".to_owned(), |bytes| call_hash(&bytes).to_string());
        add("the hash of a call", planned, hash);
    }
    let links = saved.rest.get("links").and_then(Value::as_object);
    for (name, link) in links.into_iter().flatten() {
        let Some(link) = link.as_str() else { continue };
        if !known
            .iter()
            .any(|data| link.ends_with(&format!("/{data}")) || link.ends_with(&format!("={data}")))
        {
            add(&format!("the link {name}"), link.to_owned(), "a link to call data of the plan".to_owned());
        }
    }
}

/// A plan is void when a runtime changes: where one is not named, or not known now, nobody can say that it has not.
fn code_hashes(saved: &Saved, fresh: &Plan, add: &mut impl FnMut(&str, String, String)) {
    let chains = saved.rest.get("chains").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let own = saved.rest.get("code_hash").and_then(Value::as_str);
    for chain in &fresh.chains {
        let named = chains.iter().find(|c| c.get("id").and_then(Value::as_str) == Some(chain.id.as_str()));
        let named = named.and_then(|c| c.get("code_hash")).and_then(Value::as_str);
        // The plan says it twice of its own chain.
        let planned = if chain.id == fresh.chain { named.filter(|hash| own == Some(*hash)) } else { named };
        let planned =
            planned.unwrap_or("none: the plan names no runtime that it is valid for; make it again");
        let now =
            chain.code_hash.map_or_else(|| "not known: the node does not say".to_owned(), |h| h.to_string());
        let what = if chain.id == fresh.chain {
            "the runtime (its code hash)".to_owned()
        } else {
            format!("the runtime of {}", chain.id)
        };
        add(&what, planned.to_owned(), now);
    }
}

/// Whether two calls of a multisig, as hex, differ at most in what is observed: its first approval before the call inside,
/// the weight behind it.
fn approves_the_same(planned: &str, new: &str, inside: &str) -> bool {
    // Hex digits of a block and an index.
    const TIMEPOINT: usize = 2 * 8;
    let Some(inside) = inside.strip_prefix("0x").filter(|hex| !hex.is_empty()) else { return false };
    let parts = |text: &str| {
        let (before, weight) = text.rsplit_once(inside)?;
        // Whether there is a first approval is one byte before it.
        let none = before.strip_suffix("00").map(str::to_owned);
        let some = before
            .len()
            .checked_sub(TIMEPOINT)
            .and_then(|at| before.get(..at))
            .and_then(|start| start.strip_suffix("01"))
            .map(str::to_owned);
        is_weight(weight).then_some([none, some])
    };
    let (Some(planned), Some(new)) = (parts(planned), parts(new)) else { return false };
    planned.iter().flatten().any(|start| new.iter().flatten().any(|other| other == start))
}

/// Two compact numbers and nothing else.
fn is_weight(hex: &str) -> bool {
    let Some(bytes) = hex_bytes(&format!("0x{hex}")) else { return false };
    let mut rest = bytes.as_slice();
    <(Compact<u64>, Compact<u64>)>::decode(&mut rest).is_ok() && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plan_is_refused() {
        let refused = |text: &str| Saved::parse(text).unwrap_err();
        assert!(refused("{}").contains("this is no plan (missing field"), "{}", refused("{}"));
        assert!(refused("hello").contains("expected a file of 'sereno plan"));
        let plan = r#"{"schema":2,"runbook":"a","network":"n","chain":"relay","params":{},"wrap":[],"ticket":null,
            "expires":"2026-11-21T10:00:00Z","plan_hash":"0x"}"#;
        assert_eq!(refused(plan), "this plan has schema 2; expected 1");
        let saved = Saved::parse(&plan.replace("\"schema\":2", "\"schema\":1")).unwrap();
        assert_eq!(saved.expires_at().unwrap().rfc3339(), "2026-11-21T10:00:00.000Z");
        assert!(refused(&plan.replace(":2,", ":1,").replace("2026-11", "later")).contains("is no time"));
    }
}
