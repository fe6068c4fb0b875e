//! Everything that is known of a para, each fact with its place, key, block and age; a channel; one place of an X-ray.
//!
//! In: the relay's paras as last read, the relay's count of inclusions. Out: name and value lines.

use super::{Pairs, moment, optional, pair, unknown};
use crate::domain::para::{Cited, Found, Para};
use crate::domain::{AccountId, ParaId};
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::tabs::{recovery, words};

/// Longest value shown, characters: heads are longer.
const MOST: usize = 160;

/// The lines about a para.
pub(super) fn pairs(state: &AppState, id: ParaId) -> Option<Pairs> {
    let relay = state.relay()?;
    let view = relay.view?;
    let read = view.parachains.known();
    let para = read.and_then(|known| known.value.paras.get(&id));
    let progress = view.paras.get(&id);
    if para.is_none() && progress.is_none() {
        return None;
    }
    let at = |n: Option<u64>| n.map(|n| format!("relay block #{}", format::number(n)));
    let mut out = vec![
        pair("para", id.to_string()),
        optional("name", state.network.para(id).map(|c| c.name.clone()), "not a chain of the profile"),
    ];
    if let Some(progress) = progress {
        let lost: Vec<String> =
            progress.timed_out.iter().map(|n| format!("#{}", format::number(*n))).collect();
        out.extend([
            optional("last included", at(progress.last_included), "never, as far as the relay chain says"),
            optional(
                "included at",
                progress.included_at.map(|t| moment(state, t)),
                "read from state, not seen",
            ),
            optional("last backed", at(progress.last_backed), "not seen in this run"),
            pair("timed out", if lost.is_empty() { "none seen".to_owned() } else { lost.join(", ") }),
        ]);
    }
    match (read, para) {
        (Some(known), Some(para)) => {
            out.push(pair("state read at", words::evidence(known, state.now)));
            if let Some(why) = view.unread.get("paras") {
                out.push(unknown("last read", &format!("failed: {why}")));
            }
            out.extend(facts(state, para));
        }
        (Some(known), None) => {
            out.push(unknown("state", &format!("not registered, {}", words::evidence(known, state.now))));
        }
        (None, _) => {
            let why = view.parachains.reason().map_or("not read yet", |why| why.as_str());
            out.push(unknown("state", why));
        }
    }
    Some(out)
}

/// A fact: its value, and below it where it stands.
fn fact<T>(name: &str, cited: &Cited<T>, show: impl FnOnce(&T) -> String) -> Pairs {
    let line = match &cited.found {
        Found::Value(value) => {
            let text = show(value);
            let short: String = text.chars().take(MOST).collect();
            pair(name, if short.len() < text.len() { format!("{short}…") } else { text })
        }
        Found::Absent => (Line::of(Role::Dim, name), Line::of(Role::Dim, "nothing is stored")),
        Found::Unread(why) => unknown(name, why.as_str()),
    };
    let place = Line::of(Role::Dim, format!("{} {}", cited.name, cited.key));
    vec![line, (Line::of(Role::Dim, "  stands in"), place)]
}

fn facts(state: &AppState, para: &Para) -> Pairs {
    let relay = state.relay();
    let address = |a: &AccountId| relay.map_or_else(|| format!("{a}"), |r| r.address(a));
    let list = |ids: &Vec<ParaId>| match ids.as_slice() {
        [] => "none".to_owned(),
        ids => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let block = |n: &u64| format!("#{}", format::number(*n));
    let amount = |planck: u128| recovery::amount(state, planck);
    let upgrade = &para.upgrade;
    [
        fact("lifecycle", &para.lifecycle, |l| l.as_str().to_owned()),
        fact("head", &para.head, |h| match h.block {
            Some(at) => format!("#{} {}", format::number(at.number), at.hash),
            None => format!("no header: {}", h.data),
        }),
        fact("most recent context", &para.context, block),
        fact("code", &para.code_hash, ToString::to_string),
        fact("code to come", &upgrade.future_code, ToString::to_string),
        fact("from relay block", &upgrade.from, block),
        fact("go-ahead", &upgrade.go_ahead, |signal| format!("{signal:?}")),
        fact("upgrade restricted", &upgrade.restriction, |_| "yes".to_owned()),
        fact("code authorised", &upgrade.authorized, |a| {
            format!("{} until relay block {}", a.code_hash, format::number(a.expires))
        }),
        fact("candidates pending", &para.pending, |all| {
            format::number(u64::try_from(all.len()).unwrap_or(0))
        }),
        fact("registration", &para.registration, |r| {
            let lock = if r.locked == Some(true) { "locked" } else { "not locked" };
            format!("manager {}, deposit {}, {lock}", address(&r.manager), amount(r.deposit))
        }),
        fact("messages from the relay", &para.dmp, |all| {
            let bytes: u64 = all.iter().map(|m| u64::from(m.bytes)).sum();
            let oldest =
                all.first().map_or_else(String::new, |m| format!(", the oldest of {}", block(&m.sent_at)));
            format!("{} with {} bytes{oldest}", all.len(), format::number(bytes))
        }),
        fact("messages to the relay", &para.ump, |book| {
            let (messages, bytes) = (format::number(book.messages), format::number(book.bytes));
            format!("{messages} with {bytes} bytes in {} pages", book.pages)
        }),
        fact("channels from", &para.inbound, list),
        fact("channels to", &para.outbound, list),
        fact("sovereign account", &para.sovereign.free, |free| {
            format!("{} on {}", amount(*free), address(&para.sovereign.account))
        }),
        vec![pair("on other paras", address(&para.sibling))],
    ]
    .concat()
}

/// The lines about a channel.
pub(super) fn channel(state: &AppState, (from, to): (ParaId, ParaId)) -> Option<Pairs> {
    let known = state.relay()?.view?.parachains.known()?;
    let paras = &known.value;
    let mut out = vec![pair("sender", from.to_string()), pair("recipient", to.to_string())];
    let open = paras.channels.iter().find(|c| (c.sender, c.recipient) == (from, to));
    let asked = paras.requests.value().into_iter().flatten().find(|r| (r.sender, r.recipient) == (from, to));
    if open.is_none() && asked.is_none() {
        return None;
    }
    let number = |n: u32| format::number(u64::from(n));
    if let Some(channel) = open {
        out.extend(fact("channel", &channel.state, |s| {
            format!(
                "{} of {} messages, {} of {} bytes, one may have {} bytes",
                number(s.msg_count),
                number(s.max_capacity),
                number(s.total_size),
                number(s.max_total_size),
                number(s.max_message_size)
            )
        }));
        out.extend(fact("chain of messages", &channel.state, |s| {
            s.mqc_head.map_or_else(|| "no message yet".to_owned(), |head| head.to_string())
        }));
    }
    if let Some(request) = asked {
        let word =
            if request.confirmed { "accepted: it opens at the next session" } else { "not accepted yet" };
        out.push(pair("request", word));
        out.push(pair("would hold", format!("{} messages", number(request.max_capacity))));
    }
    let closing = paras.closing.value().map(|list| list.contains(&(from, to)));
    let closing = closing.or_else(|| paras.closing.is_absent().then_some(false));
    let word = closing.map(|c| if c { "at the next session" } else { "no" }.to_owned());
    out.push(optional("closes", word, paras.closing.unread().map_or("not read", |why| why.as_str())));
    out.push(pair("state read at", words::evidence(known, state.now)));
    Some(out)
}

/// The lines about a place of an X-ray.
pub(super) fn place(state: &AppState, id: ParaId, key: &str) -> Option<Pairs> {
    let fact = recovery::evidence(state, id, key)?;
    let value = match &fact.value {
        Ok(value) => pair("value", value.as_str()),
        Err(why) => unknown("value", why.as_str()),
    };
    let age = fact.age_ms.map_or_else(|| "?".to_owned(), format::age);
    Some(vec![
        pair("what", fact.text),
        value,
        pair("stands in", fact.name),
        pair("key", if fact.key.is_empty() { "–".to_owned() } else { fact.key }),
        pair("relay block", format!("#{} · {age}", format::number(fact.block))),
    ])
}
