//! Questions about message queues: do the chains of hashes on both sides agree, and the heights that both have seen.
//!
//! In: the relay's queues, and where the para's own node stands in them. Out: findings. Without the para's own node only
//! what contradicts itself on the relay is found. Must not look into messages.

use super::cause::row;
use super::notes::Notes;
use super::{Case, Cause, Finding, Remedy, capital, many};
use crate::domain::para::{Channel, Message, Own, OwnEnd, Para, chain_of};
use crate::domain::{Hash, ParaId};

/// Has the para seen a higher relay block than there is?
pub(super) fn relay_number(case: &Case<'_>, _: &Para, notes: &mut Notes) -> Option<Finding> {
    let own = answers(case)?;
    let text = "own last relay block";
    let seen = notes.own(text, &own.relay_number, (&own.chain, own.state_of), u64::to_string)?;
    let now = case.relay.at.number;
    if *seen <= now {
        return None;
    }
    let sentence = format!(
        "{} was last built on relay block #{seen}, and the relay is at #{now}: the relay began anew, and the para's runtime \
         does not accept a lower number.",
        capital(&case.title())
    );
    Some(Finding::new(Cause::RelayNumber, sentence))
}

fn answers<'c>(case: &Case<'c>) -> Option<&'c OwnEnd> {
    match case.own {
        Own::Answers(own) => Some(own),
        Own::NotKnown | Own::Silent(..) => None,
    }
}

/// The para's own node, where its state is that of the head that the relay keeps: only then do both ends of a queue speak of
/// the same moment.
pub(super) fn level<'c>(case: &Case<'c>, para: &Para) -> Option<&'c OwnEnd> {
    answers(case).filter(|own| para.head.value().and_then(|head| head.block) == Some(own.state_of))
}

fn shown(messages: &[Message]) -> String {
    let bytes: u64 = messages.iter().map(|message| u64::from(message.bytes)).sum();
    match messages.first() {
        Some(first) => {
            format!(
                "{}, {bytes} bytes, the oldest of block #{}",
                many(messages.len(), "message"),
                first.sent_at
            )
        }
        None => "empty".to_owned(),
    }
}

/// True where `end` follows from `from` by all messages, or by all but the first ones: the para may have taken some
/// already.
fn follows(from: Hash, messages: &[Message], end: Hash) -> bool {
    (0..=messages.len()).any(|taken| messages.get(taken..).is_some_and(|rest| chain_of(from, rest) == end))
}

/// Do both sides agree on the messages from the relay?
pub(super) fn dmp(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let queue = notes.read("messages from the relay", &para.dmp, |messages| shown(messages));
    let head = notes.read("end of their chain", &para.dmp_head, Hash::to_string);
    let (queue, head) = (queue.value()?, head.value()?);
    let title = case.title();
    let what = if !queue.is_empty() && *head == Hash::default() {
        format!("waiting: {}, and the end of their chain is zero", many(queue.len(), "message"))
    } else {
        let own = level(case, para)?;
        let text = "own end of the chain of messages from the relay";
        let before = notes.own(text, &own.dmq_head, (&own.chain, own.state_of), Hash::to_string)?;
        if follows(*before, queue, *head) {
            return None;
        }
        format!(
            "from {} with {} one does not come to the relay's {}",
            before.short(),
            many(queue.len(), "message"),
            head.short()
        )
    };
    let sentence = format!("The queue of messages from the relay to {title} does not fit together: {what}.");
    let why =
        "puts queue and end of the chain in order; messages in it are lost, never remove only one of the two";
    let remedy = Remedy::of(row::DMP, why).param("para", para.id);
    // A live para goes on from where it stands itself; only one with a fresh genesis begins at zero.
    let found = Finding::new(Cause::DmpHeadMismatch, sentence);
    Some(match level(case, para).and_then(|own| own.dmq_head.value()) {
        Some(stands) => found.with(remedy.param("head", stands)),
        None => found.with(remedy).asking([
            "ParachainSystem.LastDmqMqcHead of the para: it is the parameter 'head', or the queue will not fit again"
                .to_owned(),
        ]),
    })
}

/// Do both sides agree on the messages from other paras?
pub(super) fn hrmp(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let inbound = notes.read("channels to it", &para.inbound, |senders| {
        if senders.is_empty() { "none".to_owned() } else { format!("from {}", words(senders)) }
    });
    inbound.value()?.iter().find_map(|sender| {
        let mut channels = case.relay.channels.iter();
        let channel = channels.find(|c| c.sender == *sender && c.recipient == para.id)?;
        let what = channel_fault(case, (para, channel), notes)?;
        let sentence =
            format!("The channel from para {sender} to {} does not fit together: {what}.", case.title());
        let ends = |remedy: Remedy| remedy.param("sender", sender).param("recipient", para.id);
        let close = Remedy::of(row::CLOSE, "closes this one channel; messages in it are lost");
        let open = Remedy::of(row::OPEN, "opens it anew, once it is gone");
        Some(Finding::new(Cause::HrmpHeadMismatch, sentence).with(ends(close)).with(ends(open)))
    })
}

fn words(paras: &[ParaId]) -> String {
    paras.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn channel_fault(case: &Case<'_>, (para, channel): (&Para, &Channel), notes: &mut Notes) -> Option<String> {
    let state = notes.read("channel", &channel.state, |state| {
        let end = state.mqc_head.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
        format!("{} of {} messages, end of their chain {end}", state.msg_count, state.max_capacity)
    });
    if state.is_absent() {
        return Some("the para is told of it, and it does not exist".to_owned());
    }
    let state = state.value()?;
    if state.msg_count > 0 && state.mqc_head.is_none() {
        return Some(format!("waiting: {}, and their chain has no end", many(state.msg_count, "message")));
    }
    let contents =
        notes.read("messages in the channel", &channel.contents, |messages| shown(messages)).value()?;
    if usize::try_from(state.msg_count).ok() != Some(contents.len()) {
        return Some(format!("counted: {}, there: {}", many(state.msg_count, "message"), contents.len()));
    }
    let own = level(case, para)?;
    let text = "own ends of the chains of messages from paras";
    let heads = notes.own(text, &own.hrmp_heads, (&own.chain, own.state_of), |heads| {
        let one = |(sender, head): &(ParaId, Hash)| format!("{sender}: {head}");
        if heads.is_empty() {
            "none".to_owned()
        } else {
            heads.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    })?;
    let before =
        heads.iter().find(|(id, _)| *id == channel.sender).map(|(_, head)| *head).unwrap_or_default();
    let end = state.mqc_head.unwrap_or_default();
    (!follows(before, contents, end)).then(|| {
        format!(
            "from {} with {} one does not come to the relay's {}",
            before.short(),
            many(contents.len(), "message"),
            end.short()
        )
    })
}
