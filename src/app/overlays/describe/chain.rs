//! Everything that is known of one chain, each value with its evidence.
//!
//! In: a chain. Out: name and value lines; unread sections and rules that cannot tell, with the reason, at the end.

use super::{Pairs, block_ref, optional, pair, unknown};
use crate::domain::{ChainView, Observed, Reading};
use crate::screen::{Line, Role, format};
use crate::state::Chain;
use crate::tabs::words;

/// The lines about a chain.
pub(super) fn pairs(chain: &Chain<'_>) -> Pairs {
    let Some(view) = chain.view else {
        let why = words::why_no_data(chain).unwrap_or_else(|| "nothing was read yet".to_owned());
        let mut out = vec![pair("chain", chain.spec.name.clone()), unknown("state", &why)];
        out.extend(blind(chain));
        return out;
    };
    let mut out = heads(chain, view);
    out.extend(identity(chain, view));
    out.extend(progress(chain, view));
    out.extend(history(view));
    let known = ["era", "session", "authorities", "peers", "pool", "disputes", "runtime"];
    out.extend(
        view.unread
            .iter()
            .filter(|(s, _)| !known.contains(&s.as_str()))
            .map(|(s, why)| unknown(s, why.as_str())),
    );
    out.extend(blind(chain));
    out
}

/// Every rule that cannot tell, with its reason.
fn blind(chain: &Chain<'_>) -> Pairs {
    let own = chain.state.alerts.unknown().filter(|(id, ..)| **id == chain.spec.id);
    own.map(|(_, rule, why)| unknown(&format!("rule {rule}"), why.as_str())).collect()
}

/// A value with its evidence, stale ones dim.
fn observed<T>(chain: &Chain<'_>, name: &str, value: &Observed<T>, text: String) -> (Line, Line) {
    let role = words::fresh_role(chain.freshness_of(value.at, &value.origin, u64::MAX));
    let evidence = words::evidence(value, chain.state.now);
    (Line::of(Role::Dim, name), Line::of(role, text).and(Role::Dim, format!("   {evidence}")))
}

fn reading<T>(
    chain: &Chain<'_>,
    name: &str,
    value: &Reading<T>,
    show: impl Fn(&T) -> String,
) -> (Line, Line) {
    match value {
        Reading::Known(o) => observed(chain, name, o, show(&o.value)),
        Reading::Unknown(why) => unknown(name, why.as_str()),
    }
}

fn heads(chain: &Chain<'_>, view: &ChainView) -> Pairs {
    let head = |name: &str, o: &Option<Observed<crate::domain::BlockRef>>| match o {
        Some(o) => {
            let role = words::fresh_role(chain.freshness_of(o.at, &o.origin, 3));
            let evidence = words::age_and_source(o, chain.state.now);
            (
                Line::of(Role::Dim, name),
                Line::of(role, block_ref(&o.value)).and(Role::Dim, format!("   {evidence}")),
            )
        }
        None => unknown(name, "no block was read yet"),
    };
    let times = view.blocks.block_times(60).map(|t| {
        format!(
            "p50 {}, p95 {} over {} blocks",
            format::seconds(t.p50_ms),
            format::seconds(t.p95_ms),
            t.samples
        )
    });
    vec![
        head("best", &view.best),
        head("finalized", &view.finalized),
        optional("finality lag", view.finality_lag().map(|n| format::count(n, "block")), "a head is missing"),
        optional("block time", times, "fewer than two blocks in a row were read"),
        pair("block time expected", format::seconds(chain.block_time_ms())),
        optional("read from", view.source.as_ref().map(ToString::to_string), "no endpoint is good enough"),
        pair("endpoints live", format!("{} of {}", chain.live(), chain.endpoints().len())),
    ]
}

fn identity(chain: &Chain<'_>, view: &ChainView) -> Pairs {
    let Reading::Known(id) = &view.identity else {
        let why = view.identity.reason().map_or("not read yet", |r| r.as_str());
        return vec![unknown("identity", why)];
    };
    let i = &id.value;
    let text = |s: Option<String>, why: &str| s.unwrap_or_else(|| format!("? {why}"));
    let token = i.token.as_ref().map(|t| format!("{}, {} decimals", t.symbol, t.decimals));
    vec![
        observed(chain, "name", id, i.name.to_string()),
        observed(chain, "genesis", id, i.genesis.to_string()),
        observed(chain, "block 1", id, text(i.first_block.map(|h| h.to_string()), "not read")),
        observed(chain, "token", id, text(token, "the chain names none")),
        observed(chain, "ss58 prefix", id, text(i.ss58_prefix.map(|p| p.to_string()), "not in the metadata")),
        observed(chain, "para id", id, i.para_id.map_or_else(|| "none".to_owned(), |p| p.to_string())),
    ]
}

fn progress(chain: &Chain<'_>, view: &ChainView) -> Pairs {
    let session = |s: &crate::domain::Session| {
        let left = s
            .blocks_left()
            .map_or_else(|| "length ?".to_owned(), |n| format!("{} slots left", format::number(n)));
        format!("{}, {left}", format::number(u64::from(s.index)))
    };
    let era = |e: &Option<crate::domain::Era>| match e {
        None => "none: the chain runs no eras".to_owned(),
        Some(e) => match e.started {
            Some(at) => format!("{} since {}", format::number(u64::from(e.index)), at.rfc3339()),
            None => format!("{}, start ?", format::number(u64::from(e.index))),
        },
    };
    vec![
        reading(chain, "runtime", &view.runtime, |r| format!("{} {}", r.spec_name, r.spec_version)),
        reading(chain, "code hash", &view.runtime, |r| {
            r.code_hash.map_or_else(|| "? not read".to_owned(), |h| h.to_string())
        }),
        reading(chain, "metadata", &view.runtime, |r| {
            format!("V{}, {} pallets", r.metadata_version, r.pallets)
        }),
        reading(chain, "session", &view.session, session),
        reading(chain, "validators", &view.authorities, |a| a.validators.len().to_string()),
        reading(chain, "era", &view.era, era),
        reading(chain, "peers", &view.peers, ToString::to_string),
        reading(chain, "pool", &view.pool, |n| format::count(u64::from(*n), "transaction")),
        reading(chain, "disputes", &view.disputes, |d| {
            let open = d.all.iter().filter(|d| d.concluded.is_none()).count();
            let frozen = d.frozen.map_or(String::new(), |n| format!(", FROZEN at #{}", format::number(n)));
            format!("{open} open, {} in all{frozen}", d.all.len())
        }),
    ]
}

fn history(view: &ChainView) -> Pairs {
    vec![
        optional(
            "reorgs",
            view.best.as_ref().map(|_| format!("{} in this run", view.reorgs)),
            "no block was read yet",
        ),
        pair("upgrades seen", view.upgrades.len().to_string()),
        pair("gaps", view.gaps.len().to_string()),
        pair("conflicting finality", view.conflicts.len().to_string()),
    ]
}
