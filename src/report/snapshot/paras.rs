//! The sections `parachains[]` and `hrmp[]` of the snapshot.
//!
//! In: the relay's paras as last read. Out: one entry a para, a channel or a request. What was not read is null; why
//! stands in `unread`.

use super::Input;
use super::cores::{self, CoreEntry, OnDemand};
use crate::domain::para::{Cited, GoAhead, Para, Paras};
use crate::domain::store::paras::{Included, listed};
use crate::domain::{AccountId, ChainView, Hash};
use crate::state::paras::{Board, Row};
use serde::Serialize;
use std::collections::BTreeMap;

/// One para.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Parachain {
    para_id: u32,
    name: Option<String>,
    lifecycle: Option<&'static str>,
    head_number: Option<u64>,
    last_included: Option<LastIncluded>,
    cores: Vec<u32>,
    locked: Option<bool>,
    manager: Option<String>,
    code_hash: Option<Hash>,
    pending_upgrade: Option<PendingUpgrade>,
    upgrade_restriction: Option<&'static str>,
    sovereign: Sovereign,
    queues: Queues,
    health: &'static str,
    head_hash: Option<Hash>,
    most_recent_context: Option<u64>,
    /// Relay blocks, as far as this run saw them.
    last_backed: Option<u64>,
    timed_out: Vec<u64>,
    deposit: Option<String>,
    /// Until which relay block a further upgrade is refused.
    cooldown_until: Option<u64>,
    authorized_code: Option<AuthorizedCode>,
    /// The vote of the validators on its code.
    pvf_vote: Option<PvfVote>,
    /// Its account on other parachains, in the relay's prefix.
    sibling_account: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct AuthorizedCode {
    code_hash: Hash,
    expires_at: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct PvfVote {
    code_hash: Hash,
    accept: usize,
    reject: usize,
    voters: usize,
    sessions: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct LastIncluded {
    relay_block: u64,
    age_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct PendingUpgrade {
    code_hash: Option<Hash>,
    /// From which relay block on the para may apply it.
    from: Option<u64>,
    /// `go-ahead`, `abort`, or null while the relay says nothing.
    go_ahead: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Sovereign {
    account: String,
    free: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Queues {
    dmp: Option<usize>,
    ump: Option<u64>,
    hrmp_in: Option<u64>,
    hrmp_out: Option<u64>,
    /// The relay block in which the oldest message to the para was sent.
    dmp_oldest: Option<u64>,
    /// Pages kept only for messages that are too heavy to run by themselves.
    ump_overweight_pages: Option<u32>,
    /// Up to which relay block it has taken the messages of its channels.
    hrmp_watermark: Option<u64>,
}

/// A channel, or a request for one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Channel {
    sender: u32,
    recipient: u32,
    open: bool,
    requested: bool,
    /// A request that the recipient has confirmed opens at the next session.
    confirmed: Option<bool>,
    /// Closes at the next session; null where that was not read.
    closing: Option<bool>,
    max_capacity: Option<u32>,
    msg_count: Option<u32>,
    total_size: Option<u32>,
    max_total_size: Option<u32>,
}

/// The sections.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) parachains: Vec<Parachain>,
    pub(super) hrmp: Vec<Channel>,
    pub(super) cores: Vec<CoreEntry>,
    pub(super) on_demand: OnDemand,
}

/// The sections, and why parts of them are missing.
pub(super) fn sections(input: Input<'_>, unread: &mut BTreeMap<String, String>) -> Sections {
    let relay = input.network.relay().and_then(|spec| Some((spec, input.store.chain(&spec.id)?)));
    let board = relay.and_then(|relay| Board::of(input.network, relay, input.alerts.iter(), input.now));
    let (Some((_, view)), Some(board)) = (relay, board) else {
        let why = relay.map_or("no relay chain is watched or answers", |(_, view)| {
            view.parachains.reason().map_or("not read yet", |reason| reason.as_str())
        });
        for section in ["parachains", "hrmp", "cores", "on_demand"] {
            unread.insert(section.to_owned(), why.to_owned());
        }
        return Sections::default();
    };
    let paras: &Paras = &board.known.value;
    if let Some(why) = view.unread.get("paras") {
        let text = format!("the last read failed ({why}); the values are of relay block {}", paras.at.number);
        for section in ["parachains", "hrmp", "cores"] {
            unread.insert(format!("{section}.refresh"), text.clone());
        }
    }
    for (section, why) in [
        (
            "parachains.cores",
            board.rows.iter().any(|r| r.cores.is_none()).then_some("neither claims nor work was read"),
        ),
        ("hrmp.requested", paras.requests.unread().map(|why| why.as_str())),
        ("hrmp.closing", paras.closing.unread().map(|why| why.as_str())),
        ("cores.assignment", paras.work.unread().map(|why| why.as_str())),
        ("cores.occupied_by", paras.cores.unread().map(|why| why.as_str())),
    ] {
        unread.extend(why.map(|why| (section.to_owned(), why.to_owned())));
    }
    for row in &board.rows {
        unread.extend(holes(row.para).map(|(name, why)| (format!("parachains.{}.{name}", row.para.id), why)));
    }
    let mut parachains: Vec<Parachain> = board.rows.iter().map(|row| parachain(view, paras, row)).collect();
    parachains.sort_by_key(|p| p.para_id);
    for (section, cut) in [
        ("parachains", paras.cut_of(&paras.registered)),
        ("hrmp", paras.cut_of(&paras.registered)),
        ("hrmp.requested", paras.cut_of(&paras.requests)),
        ("cores.next", paras.cut_of(&paras.schedules)),
        ("parachains.pvf_votes", paras.cut_of(&paras.pvf_votes)),
    ] {
        unread.extend(cut.map(|cut| (format!("{section}.cut"), cut.words())));
    }
    Sections {
        parachains,
        hrmp: channels(paras),
        cores: cores::cores(input, paras),
        on_demand: cores::on_demand(paras, unread),
    }
}

/// What of a para was not read.
fn holes(para: &Para) -> impl Iterator<Item = (&'static str, String)> {
    fn why<T>(cited: &Cited<T>) -> Option<String> {
        cited.unread().map(|why| format!("{}: {why}", cited.name))
    }
    [
        ("lifecycle", why(&para.lifecycle)),
        ("head_number", why(&para.head)),
        ("last_included", why(&para.context)),
        ("manager", why(&para.registration)),
        ("code_hash", why(&para.code_hash)),
        ("pending_upgrade", why(&para.upgrade.from).or_else(|| why(&para.upgrade.future_code))),
        ("upgrade_restriction", why(&para.upgrade.restriction)),
        ("sovereign", why(&para.sovereign.free)),
        ("queues.dmp", why(&para.dmp)),
        ("queues.ump", why(&para.ump)),
        ("queues.hrmp_in", why(&para.inbound)),
        ("queues.hrmp_out", why(&para.outbound)),
    ]
    .into_iter()
    .filter_map(|(name, why)| Some((name, why?)))
}

fn address(view: &ChainView, account: &AccountId) -> String {
    match view.identity.value().and_then(|i| i.ss58_prefix) {
        Some(prefix) => account.ss58(prefix),
        None => account.to_string(),
    }
}

fn parachain(view: &ChainView, paras: &Paras, row: &Row<'_>) -> Parachain {
    let para = row.para;
    let progress = view.paras.get(&para.id);
    let registration = para.registration.value();
    let upgrade = &para.upgrade;
    let pending = upgrade.future_code.value().is_some()
        || upgrade.from.value().is_some()
        || upgrade.go_ahead.value().is_some();
    let free = match para.sovereign.free.value() {
        Some(free) => Some(*free),
        None => para.sovereign.free.is_absent().then_some(0),
    };
    let ump = match para.ump.value() {
        Some(book) => Some(book.messages),
        None => para.ump.is_absent().then_some(0),
    };
    Parachain {
        para_id: para.id.0,
        name: row.name.map(str::to_owned),
        lifecycle: para.lifecycle.value().map(|stage| stage.as_str()),
        head_number: para.head.value().and_then(|head| head.block).map(|block| block.number),
        last_included: match row.included {
            Included::At(relay_block) => Some(LastIncluded { relay_block, age_ms: row.age_ms }),
            Included::Never | Included::Unknown => None,
        },
        cores: row.cores.iter().flatten().copied().collect(),
        locked: registration.map(|r| r.locked.unwrap_or(false)),
        manager: registration.map(|r| address(view, &r.manager)),
        code_hash: para.code_hash.value().copied(),
        pending_upgrade: pending.then(|| PendingUpgrade {
            code_hash: upgrade.future_code.value().copied(),
            from: upgrade.from.value().copied(),
            go_ahead: upgrade.go_ahead.value().map(|signal| match signal {
                GoAhead::GoAhead => "go-ahead",
                GoAhead::Abort => "abort",
            }),
        }),
        upgrade_restriction: upgrade.restriction.value().map(|_| "present"),
        sovereign: Sovereign {
            account: address(view, &para.sovereign.account),
            free: free.map(|free| free.to_string()),
        },
        queues: Queues {
            dmp: listed(&para.dmp).map(<[_]>::len),
            ump,
            hrmp_in: row.hrmp.0,
            hrmp_out: row.hrmp.1,
            dmp_oldest: listed(&para.dmp).and_then(|list| list.first()).map(|message| message.sent_at),
            ump_overweight_pages: match para.ump.value() {
                Some(book) => Some(book.overweight_pages()),
                None => para.ump.is_absent().then_some(0),
            },
            hrmp_watermark: para.watermark.value().copied(),
        },
        health: row.state.health(),
        head_hash: para.head.value().and_then(|head| head.block).map(|block| block.hash),
        most_recent_context: para.context.value().copied(),
        last_backed: progress.and_then(|progress| progress.last_backed),
        timed_out: progress.map_or_else(Vec::new, |progress| progress.timed_out.iter().copied().collect()),
        deposit: registration.map(|r| r.deposit.to_string()),
        cooldown_until: cooldown(paras, para),
        authorized_code: upgrade
            .authorized
            .value()
            .map(|a| AuthorizedCode { code_hash: a.code_hash, expires_at: a.expires }),
        pvf_vote: paras.vote_of(para).map(pvf_vote),
        sibling_account: address(view, &para.sibling),
    }
}

fn cooldown(paras: &Paras, para: &Para) -> Option<u64> {
    let own = listed(&paras.cooldowns)?.iter().find(|(id, _)| *id == para.id)?;
    Some(own.1)
}

fn pvf_vote(vote: &crate::domain::para::PvfVote) -> PvfVote {
    let ones = |bits: &[bool]| bits.iter().filter(|bit| **bit).count();
    PvfVote {
        code_hash: vote.code_hash,
        accept: ones(&vote.accept),
        reject: ones(&vote.reject),
        voters: vote.accept.len(),
        sessions: vote.sessions,
    }
}

fn channels(paras: &Paras) -> Vec<Channel> {
    let closing = listed(&paras.closing);
    let open = paras.channels.iter().filter(|channel| !channel.state.is_absent()).map(|channel| {
        let state = channel.state.value();
        Channel {
            sender: channel.sender.0,
            recipient: channel.recipient.0,
            open: true,
            requested: false,
            confirmed: None,
            closing: closing.map(|list| list.contains(&(channel.sender, channel.recipient))),
            max_capacity: state.map(|s| s.max_capacity),
            msg_count: state.map(|s| s.msg_count),
            total_size: state.map(|s| s.total_size),
            max_total_size: state.map(|s| s.max_total_size),
        }
    });
    let requested = listed(&paras.requests).into_iter().flatten().map(|request| Channel {
        sender: request.sender.0,
        recipient: request.recipient.0,
        open: false,
        requested: true,
        confirmed: Some(request.confirmed),
        closing: None,
        max_capacity: Some(request.max_capacity),
        msg_count: None,
        total_size: None,
        max_total_size: None,
    });
    open.chain(requested).collect()
}
