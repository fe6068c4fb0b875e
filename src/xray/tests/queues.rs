//! Message queues against what the para has taken.

use super::{PARA, after, answers, at, message, rows, with_own};
use crate::domain::para::{Channel, ChannelState, Message, Para, Paras, chain_of};
use crate::domain::{Hash, ParaId};
use crate::xray::Cause;

#[test]
fn queues_must_fit_what_the_para_has_taken() {
    let queue = vec![message(95), message(96)];
    let before = Hash([2; 32]);
    let end = chain_of(before, &queue);
    let set = |queue: Vec<Message>, end| {
        move |_: &mut Paras, para: &mut Para| {
            para.dmp = at("dmp", queue);
            para.dmp_head = at("dmp-head", end);
        }
    };
    let fits = answers(|own| own.dmq_head = at("own-dmq", before));
    assert_eq!(with_own(&fits, set(queue.clone(), end)).cause, Some(Cause::NoCandidate));
    let taken_one = answers(|own| own.dmq_head = at("own-dmq", chain_of(before, &queue[..1])));
    assert_eq!(with_own(&taken_one, set(queue.clone(), end)).cause, Some(Cause::NoCandidate));
    let other = answers(|own| own.dmq_head = at("own-dmq", Hash([1; 32])));
    let found = with_own(&other, set(queue.clone(), end));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::DmpHeadMismatch), vec!["A11"]));
    assert_eq!(found.runbooks[0].params["head"], Hash([1; 32]).to_string(), "where the para itself stands");
    // The relay alone sees only what contradicts itself.
    assert_eq!(after(set(queue.clone(), end)).cause, Some(Cause::NoCandidate));
    assert_eq!(after(set(queue, Hash::default())).cause, Some(Cause::DmpHeadMismatch));

    let channel = |mqc_head, count, contents: Vec<Message>| {
        move |relay: &mut Paras, para: &mut Para| {
            para.inbound = at("inbound", vec![ParaId(1_000)]);
            let state = ChannelState {
                max_capacity: 8,
                max_total_size: 800,
                max_message_size: 100,
                msg_count: count,
                total_size: 20,
                mqc_head,
            };
            relay.channels = vec![Channel {
                sender: ParaId(1_000),
                recipient: PARA,
                state: at("channel", state),
                contents: at("contents", contents),
            }];
        }
    };
    let one = vec![message(95)];
    let found = after(channel(None, 1, one.clone()));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::HrmpHeadMismatch), vec!["B4", "B1"]));
    assert_eq!(found.runbooks[0].params["sender"], "1000");
    let end = chain_of(Hash::default(), &one);
    assert_eq!(
        with_own(&answers(|_| {}), channel(Some(end), 1, one.clone())).cause,
        Some(Cause::NoCandidate)
    );
    let ahead = answers(|own| own.hrmp_heads = at("own-hrmp", vec![(ParaId(1_000), Hash([4; 32]))]));
    assert_eq!(with_own(&ahead, channel(Some(end), 1, one.clone())).cause, Some(Cause::HrmpHeadMismatch));
    assert_eq!(after(channel(Some(end), 2, one)).cause, Some(Cause::HrmpHeadMismatch));
}
