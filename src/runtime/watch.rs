//! `sereno watch`: one JSON line an observation.
//!
//! In: observations. Out: lines of CONTRACT (`at, chain, kind, block, data`). Must not keep state.

use crate::domain::balance::{BalanceFact, Movement};
use crate::domain::{BlockRef, Fact, Observation};
use crate::state::alerts::Change;
use serde_json::{Value, json};

/// The lines that an observation gives: a block gives its head line and one line an event.
#[must_use]
pub fn lines(seen: &Observation) -> Vec<Value> {
    let line = |kind: &str, block: Option<BlockRef>, data: Value| {
        json!({
            "schema": 1, "at": seen.at.rfc3339(), "chain": seen.chain, "kind": kind, "block": block,
            "endpoint": seen.endpoint, "data": data,
        })
    };
    let data = |v: &dyn erased::Json| v.json();
    match &seen.fact {
        Fact::Best(b) => {
            let mut out = vec![line("head", Some(b.at), head(b))];
            out.extend(b.events.iter().map(|e| line("event", Some(b.at), data(e))));
            out
        }
        Fact::Filled(b) => vec![line("filled", Some(b.at), head(b))],
        Fact::Finalized { at, parent } => vec![line("finalized", Some(*at), json!({ "parent": parent }))],
        Fact::Link(link) => vec![line("endpoint", None, data(link))],
        Fact::Runtime { version, since, upgraded } => {
            vec![line("runtime", Some(*since), json!({ "version": version, "upgraded": upgraded }))]
        }
        Fact::PeerBest(at) => vec![line("peer-best", Some(*at), Value::Null)],
        Fact::PeerFinalized(at) => vec![line("peer-finalized", Some(*at), Value::Null)],
        // Every place of every para would be megabytes: `snapshot` tells them.
        Fact::Paras(p) => {
            let counts =
                json!({ "paras": p.paras.len(), "channels": p.channels.len(), "session": p.session.value() });
            vec![line("paras", Some(p.at), counts)]
        }
        Fact::Coretime(c) => {
            let sale = c.sale.value();
            let counts = json!({
                "offered": sale.map(|s| s.offered), "sold": sale.map(|s| s.sold),
                "regions": c.regions.value().map(Vec::len), "renewals": c.renewals.value().map(Vec::len),
            });
            vec![line("coretime", Some(c.at), counts)]
        }
        Fact::Governance(g) => {
            let lists = g.bodies.iter().map(|b| (b.pallet.to_string(), json!(b.list().len())));
            vec![line(
                "governance",
                Some(g.at),
                json!({ "referenda": lists.collect::<serde_json::Map<_, _>>() }),
            )]
        }
        Fact::Sudo(used) => vec![line("sudo", Some(used.at), json!(used))],
        Fact::Parameters(set) => vec![line("parameters", Some(set.at), json!({ "count": set.values.len() }))],
        Fact::Balances(of) => {
            balances(of).into_iter().map(|(kind, block, data)| line(kind, block, data)).collect()
        }
        other => {
            let whole = data(other);
            let kind = whole.get("kind").and_then(Value::as_str).unwrap_or("fact").to_owned();
            vec![line(&kind, None, whole.get("data").cloned().unwrap_or(Value::Null))]
        }
    }
}

/// A line for each movement; of accounts how many were read: `snapshot` tells them.
fn balances(of: &BalanceFact) -> Vec<(&'static str, Option<BlockRef>, Value)> {
    match of {
        BalanceFact::Moved(block) => {
            let one = |m: &Movement| {
                let data = json!({
                    "index": m.index, "extrinsic": m.extrinsic, "kind": m.kind.word(), "from": m.from, "to": m.to,
                    "amount": m.amount.to_string(), "message": m.leg.and_then(|l| l.message),
                });
                ("movement", Some(block.at), data)
            };
            block.moves.iter().map(one).collect()
        }
        BalanceFact::Accounts(read) => {
            vec![("balances", Some(read.at), json!({ "accounts": read.accounts.len() }))]
        }
        BalanceFact::Roles(roles) => {
            let deposit = roles.existential_deposit.map(|d| d.to_string());
            let data = json!({
                "treasury": roles.treasury, "sudo": roles.sudo, "existential_deposit": deposit,
            });
            vec![("balance-roles", None, data)]
        }
    }
}

/// One line about an alert that was raised, changed or cleared.
#[must_use]
pub fn alert_line(change: &Change) -> Value {
    json!({
        "schema": 1, "at": change.at.rfc3339(), "chain": change.alert.chain, "kind": "alert", "block": Value::Null,
        "data": { "change": change.kind, "alert": change.alert },
    })
}

fn head(block: &crate::domain::Block) -> Value {
    json!({
        "parent": block.parent, "timestamp": block.timestamp, "author": block.author, "slot": block.slot,
        "missed": block.missed, "transactions": block.transactions, "events": block.event_count,
        "candidates": block.candidates, "undecoded": block.undecoded,
    })
}

/// Serialisation behind a reference, so that one closure serves all kinds.
mod erased {
    use serde::Serialize;
    use serde_json::Value;

    pub(super) trait Json {
        fn json(&self) -> Value;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> Value {
            serde_json::to_value(self).unwrap_or(Value::Null)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::testbed::{Bed, RELAY, channel, cited, para};

    #[test]
    fn paras_are_told_in_numbers_with_their_block() {
        let mut bed = Bed::family();
        let mut rich = para(2_000);
        rich.sovereign.free = cited(u128::MAX);
        bed.paras(7, vec![para(1_000), rich], |paras| {
            paras.channels = vec![channel((2_000, 1_000), (1, 10), (1, 10))];
        });
        let known = bed.store.chain(&RELAY.into()).unwrap().parachains.known().unwrap();
        let fact = Fact::Paras(known.value.clone());
        let seen = Observation { at: bed.now, chain: RELAY.into(), endpoint: None, fact };
        let told = lines(&seen);
        assert_eq!(
            (told.len(), &told[0]["kind"], &told[0]["block"]["number"]),
            (1, &"paras".into(), &7.into())
        );
        assert_eq!(told[0]["data"], json!({ "paras": 2, "channels": 1, "session": 7 }));
    }
}
