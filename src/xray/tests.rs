//! The tree on prepared states: each cause, what comes before what, and that nothing unread is called healthy.

mod cut;

use super::{Case, Cause, Diagnosis, Outcome, examine};
use crate::domain::para::{
    Assigned, Book, Cited, Constraints, Core, CoreWork, Found, GoAhead, Groups, Head, Lifecycle, Limits,
    Message, Own, OwnEnd, Para, Paras, Pending, Registration, Schedule, Sovereign, Upgrade, chain_of,
    child_account, sibling_account,
};
use crate::domain::{
    AccountId, BlockRef, ChainId, ChainKind, ChainSpec, Hash, Network, ParaId, Roster, Thresholds, Token,
    UnixMs,
};

mod code;
mod queues;

const PARA: ParaId = ParaId(2_000);
const NOW: u64 = 100;

fn at<T>(name: &str, value: T) -> Cited<T> {
    Cited { name: name.to_owned(), key: format!("0x{name}"), found: Found::Value(value) }
}

fn none<T>(name: &str) -> Cited<T> {
    Cited { name: name.to_owned(), key: format!("0x{name}"), found: Found::Absent }
}

fn unread<T>(name: &str) -> Cited<T> {
    Cited { name: name.to_owned(), key: String::new(), found: Found::Unread("no such storage".into()) }
}

fn block(number: u64, seed: u8) -> BlockRef {
    BlockRef { number, hash: Hash([seed; 32]) }
}

fn head(number: u64, seed: u8) -> Head {
    Head { data: format!("0x{}", format!("{seed:02x}").repeat(100)), block: Some(block(number, seed)) }
}

fn account(n: u8) -> AccountId {
    AccountId([n; 32])
}

/// A para that has not been included for `idle` relay blocks, and nothing on the relay stops it.
fn para(idle: u64) -> Para {
    Para {
        id: PARA,
        lifecycle: at("lifecycle", Lifecycle::Parathread),
        head: at("head", head(50, 5)),
        context: at("context", NOW - idle),
        code_hash: at("code", Hash([7; 32])),
        upgrade: Upgrade {
            future_code: none("future"),
            from: none("from"),
            go_ahead: none("go-ahead"),
            restriction: none("restriction"),
            authorized: none("authorized"),
        },
        pending: none("pending"),
        constraints: none::<Constraints>("constraints"),
        registration: at(
            "registrar",
            Registration { manager: account(9), deposit: 15_000_000_000, locked: Some(true) },
        ),
        dmp: at("dmp", vec![]),
        dmp_head: at("dmp-head", Hash::default()),
        ump: at("ump", Book::default()),
        watermark: unread("watermark"),
        inbound: at("inbound", vec![]),
        outbound: at("outbound", vec![]),
        sovereign: Sovereign { account: child_account(PARA), free: at("free", 0) },
        sibling: sibling_account(PARA),
    }
}

fn relay(para: Para) -> Paras {
    Paras {
        at: block(NOW, 1),
        stamped: Some(UnixMs(1_000_000)),
        session: at("session", 6),
        limits: at(
            "limits",
            Limits { num_cores: 2, availability_period: 10, min_backing_votes: 2, max_head_bytes: 20_480 },
        ),
        existential_deposit: at("ed", 10_000_000_000),
        claim_queue: at("claims", vec![(0, vec![PARA, PARA])]),
        cores: at("cores", vec![Core::Scheduled(PARA), Core::Free]),
        work: at("work", vec![]),
        schedules: at("schedules", vec![]),
        on_demand: at("orders", vec![]),
        spot_price: unread("spot price"),
        groups: at(
            "groups",
            Groups { members: vec![vec![0, 1], vec![2, 3]], session_start: 90, rotation: 10, now: NOW },
        ),
        validators: at("validators", (1..=4).map(account).collect()),
        disabled: at("disabled", vec![]),
        channels: vec![],
        requests: at("requests", vec![]),
        closing: at("closing", vec![]),
        pvf_votes: at("votes", vec![]),
        frozen: none("frozen"),
        actions: vec![at("actions-7", vec![]), at("actions-8", vec![])],
        upcoming: at("upcoming", vec![]),
        forced: at("forced", vec![]),
        cooldowns: at("cooldowns", vec![]),
        registered: unread("registered"),
        cut: vec![],
        paras: [(PARA, para)].into(),
    }
}

fn network() -> Network {
    let chain = |id: &str, kind| ChainSpec {
        id: ChainId::from(id),
        name: id.to_owned(),
        kind,
        block_time_ms: None,
        optional: false,
        genesis: None,
        endpoints: vec![],
        thresholds: Thresholds::default(),
    };
    Network {
        id: "test".to_owned(),
        public: false,
        chains: vec![chain("relay", ChainKind::Relay), chain("mine", ChainKind::Para(PARA))],
        names: [(account(3), "Carol".to_owned())].into(),
        roster: Roster::default(),
        watch: vec![],
    }
}

fn look(relay: &Paras, own: &Own) -> Diagnosis {
    let token = Token { symbol: "PAS".into(), decimals: 10 };
    let diagnosis = examine(&Case {
        network: &network(),
        ss58_prefix: 42,
        token: Some(&token),
        relay,
        para: PARA,
        own,
        patience: 10,
        now: UnixMs(1_004_000),
        old_ms: 120_000,
    });
    assert!(
        diagnosis.facts.iter().all(|fact| !fact.key.is_empty() && !fact.value.is_empty()),
        "{diagnosis:?}"
    );
    assert_eq!(diagnosis.cause.is_some(), diagnosis.outcome == Outcome::Cause);
    assert_eq!(diagnosis.reply.is_some(), diagnosis.in_scope == Some(false), "{diagnosis:?}");
    assert!(diagnosis.verdict.ends_with('.') && !diagnosis.verdict.contains('\n'), "{}", diagnosis.verdict);
    assert!(!diagnosis.text().chars().any(|c| c != '\n' && crate::domain::text::is_hidden(c)));
    diagnosis
}

/// The diagnosis of a stalled para after `change`.
fn after(change: impl FnOnce(&mut Paras, &mut Para)) -> Diagnosis {
    with_own(&Own::NotKnown, change)
}

fn with_own(own: &Own, change: impl FnOnce(&mut Paras, &mut Para)) -> Diagnosis {
    let mut para = para(40);
    let mut relay = relay(para.clone());
    change(&mut relay, &mut para);
    relay.paras.insert(PARA, para);
    look(&relay, own)
}

fn own() -> OwnEnd {
    OwnEnd {
        chain: ChainId::from("mine"),
        finalized: at("own-finalized", head(50, 5)),
        best: at("own-best", block(50, 5)),
        best_stamped: at("own-stamp", 1_000_000),
        at_head: at("own-at-head", Hash([5; 32])),
        state_of: block(50, 5),
        dmq_head: at("own-dmq", Hash::default()),
        hrmp_heads: at("own-hrmp", vec![]),
        pending_code: at("own-code", false),
        relay_number: at("own-relay", 60),
    }
}

fn answers(change: impl FnOnce(&mut OwnEnd)) -> Own {
    let mut own = own();
    change(&mut own);
    Own::Answers(Box::new(own))
}

fn rows(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis.runbooks.iter().map(|remedy| remedy.row).collect()
}

fn message(sent_at: u64) -> Message {
    Message { sent_at, bytes: 20, hash: Hash([8; 32]) }
}

#[test]
fn a_para_that_is_included_is_healthy_whatever_is_also_true() {
    let healthy = look(&relay(para(3)), &Own::NotKnown);
    assert_eq!((healthy.outcome, healthy.cause, healthy.exit()), (Outcome::Healthy, None, 0), "{healthy:?}");
    assert!(
        healthy.verdict.contains("3 relay blocks ago") && healthy.verdict.contains("#50"),
        "{}",
        healthy.verdict
    );
    assert!(healthy.runbooks.is_empty() && healthy.in_scope.is_none());
    let also = healthy.also.join("\n");
    assert!(
        also.contains("locked out") && also.contains("deposit 1.5 PAS") && also.contains("holds 0 PAS"),
        "{also}"
    );
    assert_eq!(healthy.facts[1].age_ms, Some(4_000));
}

#[test]
fn what_stops_everybody_or_is_about_the_para_itself_counts_at_once() {
    let mut freeze = relay(para(3));
    freeze.frozen = at("frozen", 90);
    let found = look(&freeze, &Own::NotKnown);
    assert_eq!((found.cause, rows(&found)), (Some(Cause::DisputeFreeze), vec!["A19"]));
    assert_eq!(found.facts[0].name, "frozen", "what decides comes first");

    let found = after(|_, para| para.lifecycle = none("lifecycle"));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NotRegistered), vec!["A16"]));
    let found = after(|relay, para| {
        para.lifecycle = at("lifecycle", Lifecycle::OffboardingParathread);
        relay.actions[1] = at("actions-8", vec![PARA]);
    });
    assert_eq!(found.cause, Some(Cause::Offboarding));
    assert!(found.verdict.contains("when session 8 begins"), "{}", found.verdict);
    let found = after(|_, para| para.lifecycle = at("lifecycle", Lifecycle::Onboarding));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::Lifecycle), vec!["A18"]));
    let found = after(|_, para| para.lifecycle = at("lifecycle", Lifecycle::UpgradingParathread));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::Lifecycle), vec!["A18"]));
    let found = after(|_, para| para.context = at("context", NOW + 1));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::ContextTooOld), vec!["A13"]));
    assert_eq!(found.runbooks[0].params["context"], "100");
}

#[test]
fn a_head_that_is_no_header_is_the_cause_and_the_collators_header_the_remedy() {
    let garbage = |para: &mut Para| para.head = at("head", Head { data: "0x1234".to_owned(), block: None });
    let found = with_own(&answers(|own| own.at_head = none("own-at-head")), |_, para| garbage(para));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::HeadWrong), vec!["A3"]));
    assert_eq!(found.runbooks[0].params["new_head"], head(50, 5).data);
    assert!(found.verdict.contains("2 bytes are no header"), "{}", found.verdict);
    // Nobody to give the header: none is made up.
    let silent = Own::Silent(ChainId::from("mine"), "connection refused".into());
    let found = with_own(&silent, |_, para| garbage(para));
    assert_eq!(found.cause, Some(Cause::HeadWrong));
    assert!(
        !found.runbooks[0].params.contains_key("new_head") && found.ask[0].contains("finalized"),
        "{found:?}"
    );
    // It counts although the last candidate is young.
    let mut young = para(2);
    garbage(&mut young);
    assert_eq!(look(&relay(young), &Own::NotKnown).cause, Some(Cause::HeadWrong));
}

#[test]
fn a_head_that_the_paras_own_node_contradicts_is_wrong() {
    let set_back = answers(|own| {
        own.finalized = at("own-finalized", head(52, 6));
        own.best = at("own-best", block(52, 6));
    });
    let found = with_own(&set_back, |_, _| {});
    assert_eq!(
        (found.cause, found.runbooks[0].params["new_head"].clone()),
        (Some(Cause::HeadWrong), head(52, 6).data)
    );
    assert!(found.verdict.contains("set back"), "{}", found.verdict);
    let fork = answers(|own| own.at_head = at("own-at-head", Hash([6; 32])));
    assert_eq!(with_own(&fork, |_, _| {}).cause, Some(Cause::HeadWrong));
    // A height that does not exist, although the node knows the last candidate.
    let forged = answers(|own| {
        own.at_head = none("own-at-head");
        own.finalized = at("own-finalized", head(40, 4));
        own.state_of = block(40, 4);
    });
    assert_eq!(with_own(&forged, |_, _| {}).cause, Some(Cause::HeadWrong));
    // The same from a node that is behind proves nothing, and nothing is proposed.
    let behind = answers(|own| {
        own.at_head = none("own-at-head");
        own.finalized = at("own-finalized", head(40, 4));
        own.state_of = block(40, 4);
        own.relay_number = at("own-relay", 30);
    });
    let found = with_own(&behind, |_, _| {});
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCandidate), vec![]));
    // Not yet final on the para's side is how it always is.
    let usual = answers(|own| {
        own.finalized = at("own-finalized", head(48, 3));
        own.best = at("own-best", block(51, 6));
    });
    assert_eq!(look(&relay(para(3)), &usual).outcome, Outcome::Healthy);
}

#[test]
fn without_a_core_the_free_one_is_proposed_or_one_more() {
    let coreless = |relay: &mut Paras| {
        relay.claim_queue = at("claims", vec![(0, vec![ParaId(1_000)])]);
        relay.cores = at("cores", vec![Core::Scheduled(ParaId(1_000)), Core::Free]);
    };
    let found = after(|relay, _| coreless(relay));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCore), vec!["C1", "C6"]));
    assert_eq!(found.runbooks[0].params["core"], "1");
    let found = after(|relay, _| {
        coreless(relay);
        relay.claim_queue = at("claims", vec![(0, vec![ParaId(1_000)]), (1, vec![ParaId(1_001)])]);
    });
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCore), vec!["C3", "C6"]));
    // It has one, which serves nobody in this session: another would change nothing.
    let found = after(|relay, _| {
        coreless(relay);
        let parts = vec![(Assigned::Task(PARA), 57_600)];
        relay.work = at("work", vec![CoreWork { core: 2, parts, end_hint: None, queued: None }]);
    });
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCore), vec![]));
    assert!(found.verdict.contains("2 backing groups, and none for that core"), "{}", found.verdict);
    let found = after(|relay, _| {
        coreless(relay);
        let parts = vec![(Assigned::Task(PARA), 57_600)];
        relay.schedules = at("schedules", vec![Schedule { core: 1, begin: 120, end_hint: None, parts }]);
    });
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCore), vec![]));
    assert!(found.verdict.contains("from relay block #120 on"), "{}", found.verdict);
    // What the claim queue does not tell is not guessed.
    let found = after(|relay, _| relay.claim_queue = unread("claims"));
    assert_eq!((found.outcome, found.exit()), (Outcome::Unknown, 3));
}

#[test]
fn those_who_do_not_back_or_hold_no_piece_are_named() {
    let pending = |backed_in, available: Vec<bool>| Pending {
        candidate: Hash([3; 32]),
        core: 0,
        group: 0,
        backed_in,
        relay_parent: 88,
        backers: vec![true, true, false, false],
        available,
    };
    let late = pending(90, vec![true, true, false, false]);
    let found = after(|_, para| para.pending = at("pending", vec![late]));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::AvailabilityMissing), vec![]));
    assert!(
        found.verdict.contains("2 of 4") && found.verdict.contains("Missing: Carol"),
        "{}",
        found.verdict
    );
    assert!(found.verdict.contains("dropped at relay block #100"), "{}", found.verdict);
    let young = pending(99, vec![false; 4]);
    let found = after(|_, para| para.pending = at("pending", vec![young]));
    assert_eq!(found.outcome, Outcome::Unknown, "it may be mending: {}", found.verdict);

    // Group 1 backs on core 0 after one turn: validators 2 and 3.
    let found = after(|relay, _| relay.disabled = at("disabled", vec![2]));
    assert_eq!(found.cause, Some(Cause::BackingMissing));
    assert!(found.verdict.contains("group 1") && found.verdict.contains("Carol"), "{}", found.verdict);
    let others = after(|relay, _| relay.disabled = at("disabled", vec![0, 1]));
    assert_eq!(others.cause, Some(Cause::NoCandidate), "the other group is disabled");
    let builds = answers(|own| own.best = at("own-best", block(52, 6)));
    let found = with_own(&builds, |_, _| {});
    assert_eq!(found.cause, Some(Cause::BackingMissing));
    assert!(found.verdict.contains("builds") && found.verdict.contains("Carol"), "{}", found.verdict);
    let built_long_ago = answers(|own| {
        own.best = at("own-best", block(52, 6));
        own.best_stamped = at("own-stamp", 1_000);
    });
    assert_eq!(with_own(&built_long_ago, |_, _| {}).cause, Some(Cause::NoCandidate));
}

#[test]
fn a_dead_collator_is_named_and_nothing_is_done_to_the_relay() {
    let silent = Own::Silent(ChainId::from("mine"), "connection refused: nothing listens there".into());
    let found = with_own(&silent, |_, _| {});
    assert_eq!((found.cause, found.exit(), rows(&found)), (Some(Cause::NoCandidate), 1, vec![]));
    assert!(
        found.verdict.contains("its collators are down") && found.verdict.contains("40 relay blocks"),
        "{}",
        found.verdict
    );
    assert_eq!(found.in_scope, Some(false));
    assert!(found.reply.as_ref().unwrap().contains("PAS-2") && !found.ask.is_empty());
    let unknown = after(|_, _| {});
    assert!(unknown.verdict.contains("silent or unable to build"), "{}", unknown.verdict);
    let ahead = answers(|own| own.relay_number = at("own-relay", NOW + 5));
    let found = with_own(&ahead, |_, _| {});
    assert_eq!((found.cause, found.in_scope), (Some(Cause::RelayNumber), Some(false)));
}

#[test]
fn an_old_relay_block_tells_nothing_of_now() {
    let mut standing = relay(para(3));
    standing.stamped = Some(UnixMs(1_004_000 - 121_000));
    let found = look(&standing, &Own::NotKnown);
    assert_eq!((found.outcome, found.exit(), rows(&found)), (Outcome::Unknown, 3, vec![]));
    assert!(found.verdict.contains("is 121 s old"), "{}", found.verdict);
    standing.stamped = None;
    assert_eq!(look(&standing, &Own::NotKnown).outcome, Outcome::Unknown);
}

#[test]
fn two_nodes_that_follow_the_relay_at_another_pace_are_no_fault_of_a_para_that_progresses() {
    let ahead = answers(|own| own.finalized = at("own-finalized", head(52, 6)));
    assert_eq!(look(&relay(para(3)), &ahead).outcome, Outcome::Healthy);
}

#[test]
fn a_node_that_is_behind_says_nothing_about_queues_or_code() {
    let behind = |own: &mut OwnEnd| {
        own.at_head = none("own-at-head");
        own.finalized = at("own-finalized", head(40, 4));
        own.state_of = block(40, 4);
        own.relay_number = at("own-relay", 30);
        own.dmq_head = at("own-dmq", Hash([1; 32]));
    };
    let queue = vec![message(95)];
    let end = chain_of(Hash([2; 32]), &queue);
    let found = with_own(&answers(behind), |_, para| {
        para.dmp = at("dmp", queue);
        para.dmp_head = at("dmp-head", end);
    });
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCandidate), vec![]), "{}", found.verdict);
    let found =
        with_own(&answers(behind), |_, para| para.upgrade.go_ahead = at("go-ahead", GoAhead::GoAhead));
    assert!(!found.verdict.contains("no code to apply"), "{}", found.verdict);
    let silent = Own::Silent(ChainId::from("mine"), "connection refused".into());
    let found = with_own(&silent, |_, para| para.upgrade.go_ahead = at("go-ahead", GoAhead::GoAhead));
    assert_eq!((found.cause, rows(&found)), (Some(Cause::NoCandidate), vec![]), "the dead node is the news");
}

#[test]
fn a_registration_whose_votes_were_not_read_is_not_called_stuck() {
    let found = after(|relay, para| {
        para.lifecycle = at("lifecycle", Lifecycle::Onboarding);
        relay.pvf_votes = unread("votes");
    });
    assert_eq!((found.outcome, rows(&found)), (Outcome::Unknown, vec![]), "{}", found.verdict);
}

#[test]
fn nothing_that_was_not_read_is_called_healthy() {
    let mut unknown = para(3);
    unknown.head = unread("head");
    let found = look(&relay(unknown), &Own::NotKnown);
    assert_eq!((found.outcome, found.exit()), (Outcome::Unknown, 3), "{found:?}");
    assert!(found.verdict.contains("head was not read (no such storage)"), "{}", found.verdict);
    assert_eq!(found.unread.len(), 1);
    let found = after(|_, para| para.dmp = unread("dmp"));
    assert_eq!(found.outcome, Outcome::Unknown, "the collators are not blamed for what was not read");
    let mut other = relay(para(3));
    other.paras.clear();
    assert_eq!(look(&other, &Own::NotKnown).outcome, Outcome::Unknown);
}
