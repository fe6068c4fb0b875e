//! What a para is made of what was read, and what a failed read leaves.

use super::{Board, State};
use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, absent, channel, cited, para, unread};
use crate::domain::para::{Lifecycle, Para};
use crate::domain::store::paras::Included;
use crate::domain::{
    Alert, AlertId, Candidate, CandidateStage, ChainId, Fact, Observation, ParaId, Severity, Store,
};

fn alert(detector: &str, subject: &str, severity: Severity) -> Alert {
    let chain = ChainId::from(RELAY);
    Alert {
        id: AlertId::new(detector, &chain, subject),
        detector: detector.to_owned(),
        severity,
        chain,
        subject: subject.to_owned(),
        summary: String::new(),
        since: crate::domain::UnixMs(0),
        acked_by: None,
        runbook: None,
        cause_id: None,
        blocker: false,
    }
}

fn with_board<T>(bed: &Bed, alerts: &[Alert], look: impl FnOnce(&Board<'_>) -> T) -> T {
    let id = ChainId::from(RELAY);
    let relay = (bed.network.chain(&id).unwrap(), bed.store.chain(&id).unwrap());
    look(&Board::of(&bed.network, relay, alerts.iter(), bed.now).unwrap())
}

fn states(bed: &Bed, alerts: &[Alert]) -> Vec<(u32, State)> {
    with_board(bed, alerts, |board| board.rows.iter().map(|r| (r.para.id.0, r.state)).collect())
}

fn included(id: u32, context: u64) -> Para {
    Para { context: cited(context), ..para(id) }
}

fn bed(list: Vec<Para>, with_core: &[u32]) -> Bed {
    let mut bed = Bed::family();
    bed.run(RELAY, 60);
    let queue = with_core.iter().map(|id| ParaId(*id)).collect();
    bed.paras(60, list, |paras| paras.claim_queue = cited(vec![(3, queue)]));
    bed
}

#[test]
fn the_worst_come_first_and_each_is_called_by_its_trouble() {
    let mut moves = included(2_003, 1);
    moves.lifecycle = cited(Lifecycle::OffboardingParathread);
    let mut blind = para(2_004);
    blind.context = unread("no answer");
    let mut never = para(2_005);
    never.context = absent();
    let list = vec![
        included(1_000, 58),
        included(2_000, 40),
        included(2_001, 59),
        included(2_002, 20),
        moves,
        blind,
        never,
        para(2_006),
    ];
    let mut list = list;
    list[7].context = absent();
    let bed = bed(list, &[1_000, 2_000, 2_001, 2_004, 2_005]);
    let alerts = [alert("hrmp-backlog", "1000-2001", Severity::Minor)];
    let found: Vec<(u32, &str)> = states(&bed, &alerts).iter().map(|(id, s)| (*id, s.health())).collect();
    assert_eq!(
        found,
        [
            (2_000, "unstable"),
            (2_002, "degraded"),
            (2_005, "degraded"),
            (2_001, "degraded"),
            (2_003, "ok"),
            (2_004, "unknown"),
            (1_000, "ok"),
            (2_006, "degraded"),
        ]
    );
    let states = states(&bed, &alerts);
    assert_eq!(states[1].1, State::LostCore);
    assert_eq!(states[2].1, State::Waits);
    assert_eq!(states[3].1, State::Noted);
    assert_eq!(states[7].1, State::Idle);
}

#[test]
fn an_alert_about_a_para_makes_it_unstable_and_one_of_another_chain_does_not() {
    let bed = bed(vec![included(2_000, 59)], &[2_000]);
    let one = [alert("para-code-stuck", "2000", Severity::Major)];
    assert!(matches!(states(&bed, &one)[..], [(2_000, State::Alarmed(_))]));
    let other = [Alert { chain: ASSET_HUB.into(), ..one[0].clone() }];
    assert_eq!(states(&bed, &other), [(2_000, State::Fine)]);
    assert!(matches!(
        states(&bed, &[alert("para-stall", "2000", Severity::Critical)])[..],
        [(_, State::Stuck(_))]
    ));
}

#[test]
fn an_inclusion_that_was_seen_counts_before_the_one_in_the_state() {
    let mut bed = bed(vec![included(2_000, 20)], &[2_000]);
    assert!(matches!(states(&bed, &[])[..], [(2_000, State::Stuck(_))]));
    bed.advance(6_000);
    let candidate = Candidate { para: ParaId(2_000), stage: CandidateStage::Included, core: Some(3) };
    bed.block_with(RELAY, 61, |block| block.candidates = vec![candidate]);
    with_board(&bed, &[], |board| {
        let row = board.row(ParaId(2_000)).unwrap();
        assert_eq!((row.included, row.blocks_ago, row.age_ms), (Included::At(61), Some(0), Some(500)));
        assert_eq!(row.state, State::Fine);
    });
}

#[test]
fn cores_and_channels_that_were_not_read_are_unknown_and_not_none() {
    let mut bed = Bed::family();
    bed.run(RELAY, 60);
    bed.paras(60, vec![included(2_000, 59)], |paras| {
        paras.claim_queue = unread("no such api");
        paras.work = unread("no such storage");
        paras.channels =
            vec![channel((2_000, 1_000), (3, 10), (0, 100)), channel((1_000, 2_000), (1, 10), (0, 100))];
        paras.channels[1].state = unread("no answer");
    });
    with_board(&bed, &[], |board| {
        let row = board.row(ParaId(2_000)).unwrap();
        assert_eq!((row.cores.clone(), row.hrmp, row.state), (None, (None, Some(3)), State::Unknown));
    });
}

#[test]
fn a_reading_survives_journal_and_recording_to_the_last_digit() {
    let mut rich = included(2_000, 59);
    rich.sovereign.free = cited(u128::MAX);
    let bed = self::bed(vec![rich], &[2_000]);
    let known = bed.store.chain(&RELAY.into()).unwrap().parachains.known().unwrap();
    let seen = Observation {
        at: bed.now,
        chain: RELAY.into(),
        endpoint: None,
        fact: Fact::Paras(known.value.clone()),
    };
    let line = serde_json::to_string(&seen).unwrap();
    assert_eq!(serde_json::from_str::<Observation>(&line).unwrap(), seen);
    let whole = serde_json::to_string(&bed.store).unwrap();
    assert_eq!(serde_json::from_str::<Store>(&whole).unwrap(), bed.store);
    // A store of a version that knew nothing of paras.
    let plain = self::bed(vec![included(2_000, 59)], &[2_000]);
    let mut old = serde_json::to_value(&plain.store).unwrap();
    for (_, chain) in old["chains"].as_object_mut().unwrap() {
        chain.as_object_mut().unwrap().remove("parachains");
    }
    let old: Store = serde_json::from_value(old).unwrap();
    assert_eq!(old.chain(&RELAY.into()).unwrap().parachains.reason().unwrap().as_str(), "not read yet");
}
