//! Nothing on the relay stops the para: no candidate arrives.
//!
//! In: the state of the relay, whether the para's own node answers. Out: a finding that names the collators, lists what to
//! ask them, and proposes nothing: every remedy of the relay would do harm here.

use super::head::own_facts;
use super::notes::Notes;
use super::{Case, Cause, Finding, capital, many};
use crate::domain::para::{Own, Para};

/// No candidate arrives.
pub(super) fn no_candidate(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Finding {
    notes.next();
    notes.read("relay parent of the last candidate", &para.context, u64::to_string);
    let since = match case.blocks_since(para) {
        Some(blocks) => format!("for {}", many(blocks, "relay block")),
        None => "and it was never included".to_owned(),
    };
    let intro = format!("No candidate of {} arrives {since}", case.title());
    let sentence = match case.own {
        Own::NotKnown => format!("{intro}: its collators are silent or unable to build."),
        Own::Silent(chain, why) => {
            format!(
                "{intro}, and its own endpoint ({chain}) does not answer ({why}): its collators are down or out of reach."
            )
        }
        Own::Answers(own) => {
            own_facts(own, notes);
            match (own.best.value(), para.head.value().and_then(|head| head.block)) {
                (Some(best), Some(head)) if best.number > head.number => format!(
                    "{intro}: its own node is at block #{}, the relay at #{}, and what collators build does not reach the relay.",
                    best.number, head.number
                ),
                (Some(best), _) => format!(
                    "{intro}: its own node answers, and collators build nothing after block #{}.",
                    best.number
                ),
                (None, _) => {
                    format!("{intro}: its own node answers, but whether collators build was not read.")
                }
            }
        }
    };
    Finding::new(Cause::NoCandidate, capital(&sentence)).asking(questions(case))
}

fn questions(case: &Case<'_>) -> Vec<String> {
    let mut ask = vec![
        "Are the collators up, synchronised with this relay, and of a release that knows its runtime?".to_owned(),
        "What do they log when they try to build: 'Could not find parent to build upon', 'DMQ head mismatch', 'HRMP head \
         mismatch', 'GoAhead signal is not expected', 'unexpected first byte decoding Option', a panic?"
            .to_owned(),
    ];
    if !matches!(case.own, Own::Answers(_)) {
        ask.push("The finalized header that they hold (chain_getFinalizedHead, chain_getHeader): is it the relay's head?".into());
        ask.push(
            "ParachainSystem.LastDmqMqcHead, LastHrmpMqcHeads, PendingValidationCode and LastRelayChainBlockNumber of the para"
                .to_owned(),
        );
    }
    ask
}
