//! Decoded state of a selection: every value with its block, age and source; what is unknown with its reason.
//!
//! In: a subject. Out: name and value lines. Hashes and addresses stand in full here.

mod balances;
mod chain;
mod governance;
mod para;
mod validator;

use crate::domain::{BlockRef, ChainId, EndpointId, Hash};
use crate::screen::{Line, Role, format};
use crate::state::ui::Subject;
use crate::state::{AppState, Chain};
use crate::tabs::{subject, words};

type Pairs = Vec<(Line, Line)>;

/// The lines about a subject.
pub(super) fn pairs(state: &AppState, about: &Subject) -> Pairs {
    let found = match about {
        Subject::Chain(id) => state.chain(id).map(|c| chain::pairs(&c)),
        Subject::Block(id, hash) => state.chain(id).and_then(|c| block(&c, hash)),
        Subject::Author(id, account) => state.chain(id).map(|c| author(&c, account)),
        Subject::Endpoint(id, endpoint) => endpoint_pairs(state, id, endpoint),
        Subject::Para(id) => para::pairs(state, *id),
        Subject::Channel(from, to) => para::channel(state, (*from, *to)),
        Subject::Place(id, key) => para::place(state, *id, key),
        Subject::Referendum(id) => governance::referendum(state, id),
        Subject::Sudo(id, hash, extrinsic) => governance::sudo(state, id, (hash, *extrinsic)),
        Subject::Change(id, name) => governance::change(state, id, name),
        Subject::Dispute(hash) => dispute(state, hash),
        Subject::Event(id, hash, index) => event(state, id, hash, *index),
        Subject::Alert(id) => alert(state, id),
        Subject::Validator(stash) => validator::pairs(state, stash),
        Subject::Provider(name) => validator::provider(state, name.as_deref()),
        Subject::FormLine(pane, key) => {
            let full = crate::tabs::recovery::form::line(state, pane, key);
            let lines = full.iter().map(|(name, value)| pair(name, value.as_str()));
            Some(lines.collect::<Pairs>()).filter(|lines| !lines.is_empty())
        }
        Subject::Session(stash, session) => validator::session(state, stash, *session),
        Subject::Candidate(stash, block, index) => validator::candidate(state, stash, block, *index),
        Subject::Account(chain, account) => balances::account(state, chain, account),
        Subject::Movement(chain, block, index) => balances::movement(state, chain, block, *index),
    };
    found.unwrap_or_else(|| {
        vec![(
            Line::of(Role::Dim, "gone"),
            Line::of(Role::Text, format!("{} is not known any more", subject::title(state, about))),
        )]
    })
}

fn pair(name: &str, value: impl Into<String>) -> (Line, Line) {
    (Line::of(Role::Dim, name), Line::of(Role::Text, value))
}

fn unknown(name: &str, why: &str) -> (Line, Line) {
    (Line::of(Role::Dim, name), Line::of(Role::Unknown, "? ").and(Role::Dim, why))
}

fn optional(name: &str, value: Option<String>, why: &str) -> (Line, Line) {
    value.map_or_else(|| unknown(name, why), |v| pair(name, v))
}

fn block_ref(at: &BlockRef) -> String {
    format!("#{} {}", format::number(at.number), at.hash)
}

fn moment(state: &AppState, at: crate::domain::UnixMs) -> String {
    format!("{} ({} ago)", at.rfc3339(), format::age(state.now.since(at)))
}

fn block(chain: &Chain<'_>, hash: &Hash) -> Option<Pairs> {
    let row = chain.view?.blocks.by_hash(hash)?;
    let (b, state) = (&row.block, chain.state);
    let names = |a: &crate::domain::AccountId| match state.name_of(a) {
        Some(name) => format!("{} {name}", chain.address(a)),
        None => chain.address(a),
    };
    let finalized = chain.view?.finalized.as_ref().map(|f| f.value.number >= b.at.number);
    let mut out = vec![
        pair("block", format::number(b.at.number)),
        pair("hash", b.at.hash.to_string()),
        pair("parent", b.parent.to_string()),
        optional(
            "final",
            finalized.map(|f| if f { "yes" } else { "not yet" }.to_owned()),
            "no finalized block is known",
        ),
        optional("timestamp", b.timestamp.map(|t| moment(state, t)), "Timestamp.Now could not be read"),
        optional("received", row.received.map(|t| moment(state, t)), "read later, or in an earlier run"),
        optional("slot", b.slot.map(format::number), "no pre-digest that could be read"),
        optional("author", b.author.as_ref().map(names), "the session's validators are not known"),
        optional("transactions", b.transactions.map(|n| n.to_string()), "events were not decoded"),
        optional("events", b.event_count.map(|n| n.to_string()), "events were not decoded"),
    ];
    for missed in &b.missed {
        let slot = format::number(missed.slot);
        let owner = missed.owner.as_ref().map_or_else(|| "owner ? (randomness not known)".to_owned(), names);
        out.push(pair("missed slot", format!("{slot} · {owner}")));
    }
    for c in &b.candidates {
        let core = c.core.map_or_else(|| "core ?".to_owned(), |n| format!("core {n}"));
        out.push(pair("candidate", format!("para {} {:?} · {core}", c.para, c.stage).to_lowercase()));
    }
    for e in &b.events {
        out.push(pair("event", format!("{}.{} {}", e.pallet, e.name, e.fields)));
    }
    if let Some(why) = &b.undecoded {
        out.push(unknown("not decoded", why.as_str()));
    }
    Some(out)
}

fn author(chain: &Chain<'_>, account: &crate::domain::AccountId) -> Pairs {
    let authorities = chain.view.and_then(|v| v.authorities.known());
    let index = authorities.and_then(|a| a.value.validators.iter().position(|v| v == account));
    let tally = chain.view.map(|v| &v.slots);
    let counts = tally.and_then(|t| t.by_author.get(account));
    let count = |f: fn(&crate::domain::store::slots::AuthorSlots) -> u32| match counts {
        Some(c) => Some(f(c).to_string()),
        None => tally.filter(|t| t.from_block.is_some()).map(|_| "0".to_owned()),
    };
    let from = tally.and_then(|t| t.from_block).map(|n| format!("since block #{}", format::number(n)));
    let none = "no block of this session was counted";
    vec![
        pair("address", chain.address(account)),
        pair("bytes", account.to_string()),
        optional("name", chain.state.name_of(account).map(str::to_owned), "the profile gives none"),
        optional("authority index", index.map(|n| n.to_string()), "not among the session's known validators"),
        optional("counted", from, none),
        optional("blocks written", count(|c| c.authored), none),
        optional("slots missed", count(|c| c.missed), none),
        optional("missed in a row", count(|c| c.missed_in_a_row), none),
    ]
}

fn endpoint_pairs(state: &AppState, id: &ChainId, endpoint: &EndpointId) -> Option<Pairs> {
    let chain = state.chain(id)?;
    let (_, known) = chain.endpoints().into_iter().find(|(e, _)| *e == endpoint)?;
    let mut out = vec![pair("endpoint", endpoint.as_str())];
    let Some((view, badge)) = known else {
        out.push(unknown("state", "not dialled yet"));
        return Some(out);
    };
    let is_source = chain.view.and_then(|v| v.source.as_ref()) == Some(endpoint);
    out.extend([
        pair("state", words::badge_word(Some(badge)).1),
        pair("connection", words::link_words(&view.link, state.now)),
        pair("since", moment(state, view.link_since)),
        pair("read from it", if is_source { "yes" } else { "no, only compared" }),
        optional("best", view.best.as_ref().map(block_ref), "no head received"),
        optional("head received", view.best_at.map(|at| moment(state, at)), "no head received"),
        optional("finalized", view.finalized.as_ref().map(block_ref), "no finalized head received"),
        optional("latency", view.latency_ms.map(format::latency), "no request answered"),
        optional(
            "behind since",
            view.behind_since.map(|at| moment(state, at)),
            "keeps up, or nothing to compare with",
        ),
        pair("connections lost", view.drops.len().to_string()),
    ]);
    out.extend(view.drops.iter().rev().map(|at| pair("  lost", moment(state, *at))));
    Some(out)
}

fn dispute(state: &AppState, candidate: &Hash) -> Option<Pairs> {
    let relay = state.relay()?;
    let known = relay.view?.disputes.known()?;
    let d = known.value.all.iter().find(|d| d.candidate == *candidate)?;
    Some(vec![
        pair("candidate", d.candidate.to_string()),
        pair("session", format::number(u64::from(d.session))),
        pair("votes for validity", d.votes_for.to_string()),
        pair("votes against", d.votes_against.to_string()),
        optional("validators", d.validators.map(|n| n.to_string()), "not read"),
        pair("started", format!("relay block #{}", format::number(d.started))),
        pair(
            "concluded",
            d.concluded.map_or_else(|| "open".to_owned(), |n| format!("relay block #{}", format::number(n))),
        ),
        pair("as of", words::evidence(known, state.now)),
    ])
}

fn event(state: &AppState, id: &ChainId, hash: &Hash, index: usize) -> Option<Pairs> {
    let e = subject::event(state, id, hash, index)?;
    let at = state.store.chain(id)?.blocks.by_hash(hash)?.block.at;
    Some(vec![
        pair("event", format!("{}.{}", e.pallet, e.name)),
        pair("fields", e.fields.as_str()),
        pair(
            "extrinsic",
            e.extrinsic.map_or_else(|| "none: initialisation or finalisation".to_owned(), |n| n.to_string()),
        ),
        pair("block", block_ref(&at)),
    ])
}

fn alert(state: &AppState, id: &crate::domain::AlertId) -> Option<Pairs> {
    let a = state.alert(id)?;
    let folded: Vec<String> = state
        .alerts
        .alerts()
        .into_iter()
        .filter(|o| o.cause_id.as_ref() == Some(id))
        .map(|o| o.id.to_string())
        .collect();
    let mut out = vec![
        pair("alert", a.id.to_string()),
        pair("severity", format!("{} {}", a.severity.symbol(), a.severity.word())),
        pair("what", a.summary.clone()),
        pair("since", moment(state, a.since)),
        pair("chain", subject::chain_name(state, &a.chain)),
        pair(
            "acknowledged",
            a.acked_by.clone().map_or_else(|| "by nobody".to_owned(), |by| format!("by {by}")),
        ),
        pair("runbook", a.runbook.clone().unwrap_or_else(|| "none".to_owned())),
        pair("blocker", if a.blocker { "yes" } else { "no" }),
    ];
    if let Some(cause) = &a.cause_id {
        out.push(pair("explained by", cause.to_string()));
    }
    out.extend(folded.into_iter().map(|id| pair("explains", id)));
    Some(out)
}
