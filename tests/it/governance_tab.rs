//! Tab 4 by its keys, and what a snapshot says of the same.

use crate::bed::Bed;
use sereno::app::{self, Effect};
use sereno::report::snapshot::{Input, Snapshot};
use sereno::state::Mode;
use sereno::state::ui::Place;
use sereno::ui::render_text;

fn bed(keys: &str) -> Bed {
    let mut bed = Bed::governance(Mode::Console).size(200, 50);
    bed.keys(keys);
    bed
}

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

fn needs(text: &str, all: &[&str]) {
    for needed in all {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
}

#[test]
fn a_proposal_to_set_code_stands_first_with_its_deadline_and_is_called_red() {
    let text = picture(&bed("4"));
    needs(
        &text,
        &[
            "» confirming",
            "▲ red",
            "? unverified on Asset Hub",
            "1 h it is approved",
            "▲ 2 reach the runtime",
        ],
    );
    let rows: Vec<&str> = text.lines().skip_while(|l| !l.contains("PHASE")).skip(1).take(4).collect();
    assert!(rows[0].contains(" 12 ") && rows[3].contains(" 11 "), "{rows:?}");
}

#[test]
fn enter_opens_curves_call_and_reasons_and_escape_goes_back() {
    let mut bed = bed("4 Enter");
    let text = picture(&bed);
    needs(
        &text,
        &[
            "Referenda 12 of Relay",
            "it is approved at block",
            "in 600 blocks or 1 h 00 m",
            "UTC",
            "✔ approval 93.00 % · needed 60.00 %, 49.99 % at the end",
            "✔ support 41.20 % · needed 25.00 %, 0.00 % at the end",
            "confirmation █████████████░░░░░░░ 66.66 %",
            "Utility.batch_all",
            "└ System.set_code",
            "(1900000 bytes)",
        ],
    );
    let effects = bed.keys("y");
    assert!(matches!(&effects[..], [Effect::Copy(data)] if data == "0x1a0208"), "{effects:?}");
    bed.keys("Esc");
    assert_eq!(bed.state.ui.place, Place::root(4));
}

#[test]
fn a_preimage_of_four_megabytes_is_refused_in_a_sentence_and_counts_as_dangerous() {
    let mut bed = bed("4 j j Enter");
    needs(&picture(&bed), &["4194304 bytes long", "what cannot be seen counts as dangerous", "it times out"]);
    bed.keys("Esc");
}

#[test]
fn a_batch_under_sudo_shows_each_call_with_its_result() {
    let bed = bed("4 w w Enter");
    needs(
        &picture(&bed),
        &["Registrar.remove_lock", "failed: Paras.NotRegistered", "Paras.force_queue_action", "not run"],
    );
}

#[test]
fn the_ledger_names_old_new_and_the_call_that_did_it() {
    let text = picture(&bed("4 w w w z"));
    needs(
        &text,
        &[
            "Babe.EpochDuration",
            "2097152",
            "3145728",
            "Configuration.set_max_code_size by sudo",
            "nothing that was seen",
        ],
    );
}

#[test]
fn the_calendar_has_enactments_tasks_and_sessions_and_says_what_is_stranded() {
    let text = picture(&bed("4 w z"));
    needs(
        &text,
        &[
            "Referenda 10 is enacted: Configuration.set_max_code_size",
            "every 14400 blocks",
            "session 2057 ends",
            "stranded",
        ],
    );
}

#[test]
fn a_snapshot_says_the_same_in_the_words_of_the_contract() {
    let bed = bed("4");
    let health = Default::default();
    let snapshot = Snapshot::of(Input {
        network: &bed.state.network,
        store: &bed.state.store,
        alerts: &[],
        blind: &[],
        blind_lines: &[],
        health: &health,
        now: bed.state.now,
        source: "live",
    });
    let json = serde_json::to_value(&snapshot).unwrap();
    let all = json["referenda"].as_array().unwrap();
    let twelve = all.iter().find(|r| r["index"] == 12).unwrap();
    assert_eq!(twelve["status"], "confirming");
    assert_eq!(twelve["proposal"]["call"], "Utility.batch_all");
    assert_eq!(twelve["approval"], 0.930_022_573);
    assert!(twelve["dangerous"][0].as_str().unwrap().starts_with("System.set_code: "), "{twelve}");
    assert_eq!(twelve["ends_at"].as_u64().unwrap() - twelve["confirming_since"].as_u64().unwrap(), 1_800);
    let eleven = all.iter().find(|r| r["index"] == 11).unwrap();
    assert_eq!((&eleven["status"], &eleven["tally"]["ayes"]), (&"rejected".into(), &serde_json::Value::Null));
    assert!(json["unread"]["referenda.asset-hub"].is_string(), "{}", json["unread"]);
    assert_eq!(json["sudo"][1]["failed"], 1);
}
