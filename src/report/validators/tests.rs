//! Tests of the report about validators.

use super::*;
use crate::domain::{Clean, Hash, Roster, validator::Member};

const HOUR: u64 = 3_600_000;

fn stash(n: u8) -> AccountId {
    AccountId([n; 32])
}

fn figures(missed: u32, dark: u32) -> Figures {
    Figures {
        authored: 1,
        voted: 10_000 - missed,
        missed_votes: missed,
        available: 10_000 - dark,
        unavailable: dark,
        para: Some(true),
        disabled: Some(false),
        ..Figures::default()
    }
}

/// Session `n` of the third quarter, one an hour, of stashes 1, 2, …
fn session(n: u32, validators: &[Figures]) -> SessionRecord {
    let began = Period::quarter(2026, 3).unwrap().from.plus(u64::from(n) * HOUR);
    SessionRecord {
        session: 100 + n,
        started: Some(began),
        ended: Some(began.plus(HOUR - 6_000)),
        first_block: u64::from(n) * 600,
        last_block: u64::from(n) * 600 + 599,
        blocks: 600,
        with_votes: 600,
        with_bitfields: 600,
        complete: true,
        validators: (1..).zip(validators).map(|(n, f)| (stash(n), *f)).collect(),
    }
}

fn identity() -> Identity {
    Identity {
        genesis: Hash([0; 32]),
        first_block: None,
        name: "Paseo".into(),
        spec_name: "paseo".into(),
        token: None,
        ss58_prefix: Some(42),
        para_id: None,
        block_time_ms: Some(6_000),
        session_blocks: Some(600),
        slot_duration_ms: None,
    }
}

fn network() -> Network {
    let member = |provider: &str, active| Member {
        provider: Clean::of(provider),
        name: Clean::of(&format!("{provider}/1")),
        active,
        chain: None,
    };
    let roster = Roster {
        validators: [
            (stash(1), member("GOOD|CO", true)),
            (stash(2), member("POOR", true)),
            (stash(3), member("POOR", false)),
            (stash(9), member("ABSENT", true)),
        ]
        .into(),
        ..Roster::default()
    };
    let names = [(stash(2), "poor by name".to_owned())].into();
    Network { id: "paseo".to_owned(), public: true, chains: vec![], names, roster, watch: vec![] }
}

fn report(records: &[SessionRecord], now: UnixMs) -> Report {
    let mut fold = Fold::default();
    records.iter().for_each(|r| fold.add(r));
    let (network, identity) = (network(), identity());
    let period = Period::quarter(2026, 3).unwrap();
    Report::of(&fold, Input { network: &network, identity: Some(&identity), period, now, damaged: 0 })
}

fn after() -> UnixMs {
    Period::quarter(2026, 3).unwrap().to.plus(HOUR)
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::to_value(report).unwrap()
}

#[test]
fn the_worked_examples_come_out_with_letter_and_pas_11() {
    // 99.1 %, 80.1 %, 80.0 % and 79.99 % in the ratio of votes and of availability alike.
    let of = [90, 1_990, 2_000, 2_001].map(|missed| figures(missed, missed));
    let json = json(&report(&[session(0, &of)], after()));
    let told: Vec<_> = json["validators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["grade"].as_str().unwrap().to_owned(), v["passes"].as_bool().unwrap()))
        .collect();
    let expected = [("C+", false), ("C+", true), ("B", true), ("A+", true)];
    assert_eq!(told, expected.map(|(g, p)| (g.to_owned(), p)));
    assert_eq!(json["identified_below_b"], 2);
    assert_eq!(json["grade_distribution"]["C+"], 2);
    assert_eq!(json["grade_distribution"]["F"], 0);
}

#[test]
fn a_mean_is_of_sessions_and_leaves_out_those_that_do_not_count() {
    let idle = Figures { para: Some(false), ..Figures::default() };
    // Missed a half of many votes, then none of a few; as no para validator in the third.
    let few = Figures { voted: 4, missed_votes: 0, ..figures(0, 0) };
    let records = [
        session(0, &[figures(5_000, 0)]),
        session(1, &[few]),
        session(2, &[idle]),
        SessionRecord { with_votes: 0, ..session(3, &[figures(0, 0)]) },
    ];
    let v = json(&report(&records, after()))["validators"][0].clone();
    assert_eq!((v["missed_vote_ratio"].as_f64(), v["sessions"].as_u64()), (Some(0.25), Some(2)));
    assert_eq!(v["sessions_in_set"], 4);
    assert_eq!(v["ratio"], 1.0 - 0.75 * 0.25);
}

#[test]
fn what_was_not_read_is_null_and_no_grade() {
    let dark = Figures { available: 0, unavailable: 0, ..figures(10, 0) };
    let none = Figures { para: None, ..figures(0, 0) };
    let json = json(&report(&[session(0, &[dark, none])], after()));
    let v = &json["validators"];
    for field in ["grade", "ratio", "passes", "bitfield_ratio"] {
        assert_eq!(
            (&v[0][field], &v[1][field]),
            (&serde_json::Value::Null, &serde_json::Value::Null),
            "{field}"
        );
    }
    assert_eq!((v[0]["missed_vote_ratio"].as_f64(), v[1]["missed_vote_ratio"].as_f64()), (Some(0.001), None));
    assert_eq!(json["grade_distribution"]["none"], 2);
    assert_eq!(json["providers"][0]["passes"], serde_json::Value::Null);
}

#[test]
fn providers_are_rolled_up_and_strangers_are_named() {
    let of = [figures(0, 0), figures(3_000, 3_000), figures(0, 0), figures(50, 0)];
    let json = json(&report(&[session(0, &of)], after()));
    let row = |n: usize| {
        let p = &json["providers"][n];
        let n = |f: &str| p[f].as_u64().unwrap();
        (
            p["provider"].as_str().unwrap().to_owned(),
            n("registered"),
            n("in_set"),
            n("failing"),
            p["grade"].clone(),
        )
    };
    assert_eq!(
        row(0),
        ("POOR".to_owned(), 1, 2, 1, "B".into()),
        "a deactivated one that still validates counts"
    );
    assert_eq!(row(1), ("GOOD|CO".to_owned(), 1, 1, 0, "A+".into()));
    assert_eq!(row(2), ("ABSENT".to_owned(), 1, 0, 0, serde_json::Value::Null));
    assert_eq!(json["unidentified"], serde_json::json!([stash(4).ss58(42)]));
    assert_eq!(json["identified"][0]["name"], "poor by name", "the profile's name comes first");
}

#[test]
fn coverage_says_what_is_whole_in_part_and_missing() {
    let ok = [figures(0, 0)];
    let mut records: Vec<SessionRecord> = (0..2_208).map(|n| session(n, &ok)).collect();
    let whole = json(&report(&records, after()));
    let of = |c: &serde_json::Value| {
        ["sessions", "complete", "partial", "missing"].map(|f| c["coverage"][f].as_u64())
    };
    assert_eq!(of(&whole), [Some(2_208), Some(2_208), Some(0), Some(0)]);
    records.drain(..8);
    records.drain(100..110);
    records.truncate(2_000);
    records[50].complete = false; // Its neighbours say that it is whole.
    records[60].complete = false;
    records[60].blocks = 599;
    let part = json(&report(&records, after()));
    assert_eq!(of(&part), [Some(2_208), Some(1_999), Some(1), Some(208)]);
    let now = records.last().unwrap().ended.unwrap();
    let so_far = json(&report(&records, now));
    assert_eq!(of(&so_far), [Some(2_018), Some(1_999), Some(1), Some(18)], "what is to come is not missing");
    assert_eq!(so_far["period"]["in_progress"], true);
    let none = json(&report(&[], after()));
    assert_eq!(of(&none), [None, Some(0), Some(0), None]);
}

#[test]
fn the_layout_is_that_of_the_public_report_and_the_bytes_are_the_same_every_time() {
    let of = [figures(0, 0), figures(4_978, 1_200), figures(100, 0)];
    let records = [session(0, &of), session(1, &of)];
    let text = report(&records, after()).markdown();
    for part in [
        "## Period Q3 2026\n\n- Period: 2026-07-01T00:00:00.000Z to 2026-10-01T00:00:00.000Z (not included)\n\
         - Sessions analyzed: 2\n- Total validators identified with grade below B: 1\n",
        "## Grade Distribution\n\n- Grade A+: 2 validators\n- Grade D+: 1 validators\n",
        "| Validator Name | Address | Grade | Missed Votes Ratio |\n",
        &format!("| **poor by name** | {} | D+ | 49.78% |\n", stash(2).ss58(42)),
        "| GOOD\\|CO |",
        "- Sessions in the period: 2208\n- Complete: 2\n- Partly seen: 0\n- Missing: 2206\n",
        "| replies within 72 h when the provider is mentioned | unknown | this version reads no Matrix room |",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
    assert_eq!(text, report(&records, after()).markdown());
    assert_eq!(json(&report(&records, after())), json(&report(&records, after())));
}

#[test]
fn without_data_it_says_so() {
    let text = report(&[], after()).markdown();
    assert!(
        text.contains("knows no session of this period") && text.contains("- Missing: unknown"),
        "{text}"
    );
    assert!(!text.contains("Grade Distribution"), "{text}");
}
