//! Everything that is known of a para, each fact with its place, key, block and age; a channel; one place of an X-ray.
//!
//! In: the relay's paras as last read, the relay's count of inclusions. Out: name and value lines.

use super::{Pairs, moment, optional, pair, unknown};
use crate::domain::para::{Cited, Found, Para, Paras};
use crate::domain::store::paras::{cores, listed};
use crate::domain::{AccountId, ParaId};
use crate::screen::{Line, Role, format};
use crate::state::AppState;
use crate::tabs::{recovery, validators, words};

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
            out.extend(backing(state, &known.value, para));
            out.extend(code(&known.value, para));
            out.extend(facts(state, &known.value, para));
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

/// Its cores, the groups that back on them, and who of them did not vote for its newest candidate that was seen.
fn backing(state: &AppState, paras: &Paras, para: &Para) -> Pairs {
    let all = cores(paras);
    let own = all.as_ref().map(|all| all.get(&para.id).cloned().unwrap_or_default());
    let list = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let cores = own.as_ref().map(|own| list(own.iter().map(ToString::to_string).collect()));
    let queue = listed(&paras.claim_queue).map(|claims| {
        let claim = |(core, queue): &(u32, Vec<ParaId>)| {
            let places = queue.iter().filter(|id| **id == para.id).count();
            (places > 0).then(|| format!("core {core}: {places} of {} places", queue.len()))
        };
        list(claims.iter().filter_map(claim).collect())
    });
    let names = |indices: &[u32]| {
        let name = |index: &u32| {
            let place = usize::try_from(*index).ok();
            let stash = paras.validators.value().zip(place).and_then(|(all, place)| all.get(place));
            stash.map_or_else(|| format!("validator {index}"), |stash| validators::label(state, stash))
        };
        indices.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let groups = paras.groups.value().zip(own.as_ref()).map(|(groups, own)| {
        let one = |core: &u32| {
            let group = groups.group_of(*core)?;
            Some(format!("core {core}: group {group}, {}", names(groups.members_of(group)?)))
        };
        list(own.iter().filter_map(one).collect())
    });
    let why =
        |why: Option<&crate::domain::Clean>| why.map_or_else(|| "not read".to_owned(), ToString::to_string);
    vec![
        optional("cores", cores, "neither claims nor assignments were read"),
        optional("claim queue", queue, &why(paras.claim_queue.unread())),
        optional("backing groups", groups, &why(paras.groups.unread())),
        optional("did not vote", silent(state, para, &names), "no candidate of it was seen with its votes"),
    ]
}

/// Who of its group did not vote for the newest of its candidates.
fn silent(state: &AppState, para: &Para, names: &dyn Fn(&[u32]) -> String) -> Option<String> {
    let view = state.relay()?.view?;
    let newest = view.blocks.newest_first().find_map(|row| {
        let votes = row.block.votes.as_ref()?;
        let candidate = votes.backing.as_ref()?.iter().find(|c| c.para == para.id)?;
        Some((row.block.at.number, candidate))
    });
    let (number, candidate) = newest?;
    let who = if candidate.missed.is_empty() { "nobody".to_owned() } else { names(&candidate.missed) };
    Some(format!("{who}, of group {} in relay block #{}", candidate.group, format::number(number)))
}

/// Its upgrade as far as lists of the relay tell of it: cooldown, votes of the validators on its code.
fn code(paras: &Paras, para: &Para) -> Pairs {
    let cooldown = listed(&paras.cooldowns).map(|list| match list.iter().find(|(id, _)| *id == para.id) {
        Some((_, until)) => format!("until relay block #{}", format::number(*until)),
        None => "none".to_owned(),
    });
    let ones = |bits: &[bool]| bits.iter().filter(|bit| **bit).count();
    let vote = paras.vote_of(para).map(|vote| {
        let (yes, no, all) = (ones(&vote.accept), ones(&vote.reject), vote.accept.len());
        let since = format::number(vote.since);
        format!("{yes} for, {no} against of {all}, since relay block #{since}, {} sessions", vote.sessions)
    });
    let cut = paras.cut_of(&paras.pvf_votes);
    let whole = listed(&paras.pvf_votes).filter(|_| cut.is_none());
    let vote = vote.or_else(|| whole.map(|_| "none".to_owned()));
    let why = match (paras.pvf_votes.unread(), cut) {
        (Some(why), _) => why.to_string(),
        (None, Some(cut)) => cut.words(),
        (None, None) => "not read".to_owned(),
    };
    let unread = paras.cooldowns.unread().map_or_else(|| "not read".to_owned(), ToString::to_string);
    vec![optional("cooldown", cooldown, &unread), optional("vote on its code", vote, &why)]
}

fn facts(state: &AppState, paras: &Paras, para: &Para) -> Pairs {
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
            let heavy = match book.overweight_pages() {
                0 => String::new(),
                n => format!(", {n} of them only for messages too heavy to run"),
            };
            format!("{messages} with {bytes} bytes in {} pages{heavy}", book.pages)
        }),
        fact("channels read up to", &para.watermark, block),
        fact("channels from", &para.inbound, list),
        fact("channels to", &para.outbound, list),
        fact("sovereign account", &para.sovereign.free, |free| {
            let least = paras.existential_deposit.value();
            let least = least.map_or_else(String::new, |l| format!(", at least {} are needed", amount(*l)));
            format!("{} on {}{least}", amount(*free), address(&para.sovereign.account))
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
