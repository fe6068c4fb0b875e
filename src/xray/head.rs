//! Is the head that the relay keeps the para's?
//!
//! In: the relay's head, and the para's own finalized header where its node answers. Out: a finding whose remedy carries
//! that header: a head saved earlier would lie behind what the collators hold as final. Must not guess a head.

use super::cause::row;
use super::notes::Notes;
use super::{Case, Cause, Finding, Remedy};
use crate::domain::BlockRef;
use crate::domain::para::{Head, Own, OwnEnd, Para};

/// Is it?
pub(super) fn head(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let cited = notes.read("head", &para.head, shown);
    if cited.is_absent() {
        let sentence =
            format!("The relay keeps no head of {}, so that no block can follow it.", case.title());
        return Some(finding(case, para, sentence, notes));
    }
    let head = cited.value()?;
    let Some(block) = head.block else {
        let sentence = format!(
            "The head that the relay keeps of {} is wrong: its {} bytes are no header of a block, so that no block can follow \
             it.",
            case.title(),
            head.data.len().saturating_sub(2) / 2
        );
        return Some(finding(case, para, sentence, notes));
    };
    let Own::Answers(own) = case.own else { return None };
    let sentence = differs(case, para, (block, own))?;
    own_facts(own, notes);
    Some(finding(case, para, sentence, notes))
}

fn shown(head: &Head) -> String {
    match head.block {
        Some(block) => format!("block #{} {}", block.number, block.hash),
        None => format!("no header: {}", head.data),
    }
}

/// Why the relay's head cannot be the para's, judged by its own node.
fn differs(case: &Case<'_>, para: &Para, (head, own): (BlockRef, &OwnEnd)) -> Option<String> {
    let finalized = own.finalized.value()?.block?;
    let title = case.title();
    let intro = format!("The head that the relay keeps of {title} is wrong: block #{}", head.number);
    if let Some(hash) = own.at_head.value() {
        if *hash != head.hash && (head.number <= finalized.number || !case.progresses(para)) {
            let theirs = hash.short();
            return Some(format!(
                "{intro} {} is not the para's own, which is {theirs} at that height.",
                head.hash.short()
            ));
        }
        // The para's finality follows the relay's, and its header was asked for first; while it progresses, the two nodes
        // merely follow the relay at another pace.
        if *hash == head.hash && finalized.number > head.number && !case.progresses(para) {
            return Some(format!(
                "{intro} lies behind the para's own finalized block #{}: it was set back.",
                finalized.number
            ));
        }
        return None;
    }
    // The node has no such block. It is behind, unless it knows the last candidate that the relay included: a forced head
    // leaves the context where it was.
    let (seen, context) = (own.relay_number.value()?, para.context.value()?);
    (own.at_head.is_absent() && own.state_of == finalized && seen >= context && !case.progresses(para)).then(
        || {
            format!(
                "{intro} does not exist on the para's own node, which has all that was included up to #{}.",
                finalized.number
            )
        },
    )
}

/// Notes what the para's own node says of its blocks.
pub(super) fn own_facts(own: &OwnEnd, notes: &mut Notes) {
    let at = (&own.chain, own.state_of);
    let finalized = own.finalized.value().and_then(|head| head.block).unwrap_or(own.state_of);
    notes.own("own finalized header", &own.finalized, (&own.chain, finalized), |head| {
        let block = head.block.map(|b| format!("block #{} {}: ", b.number, b.hash)).unwrap_or_default();
        block + &head.data
    });
    notes.own("own best block", &own.best, at, |best| format!("block #{} {}", best.number, best.hash));
    notes.own("own block at the height of the relay's head", &own.at_head, at, ToString::to_string);
}

fn finding(case: &Case<'_>, para: &Para, sentence: String, notes: &mut Notes) -> Finding {
    let remedy = |why: &str| Remedy::of(row::HEAD, why).param("para", para.id);
    let found = Finding::new(Cause::HeadWrong, sentence);
    if let Own::Answers(own) = case.own {
        own_facts(own, notes);
        if let Some(head) = own.finalized.value() {
            let why = "sets the head to the header that the para's own node holds as finalized; an older one would not mend it";
            return found.with(remedy(why).param("new_head", &head.data));
        }
    }
    let why = "sets the head to the header that the collators hold as finalized; get it from them first, an older one would \
               not mend it";
    found.with(remedy(why)).asking([
        "the header that the collators hold as finalized: chain_getFinalizedHead, then chain_getHeader, SCALE-encoded"
            .to_owned(),
    ])
}
