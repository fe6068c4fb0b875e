//! The lines of `verify`: before the action there must be a state in which each is not true yet.

use super::samples::SAMPLES;
use super::{everything, filled, relay};
use serde_json::{Value, json};
use sereno::runbook::Catalogue;
use sereno::runbook::show;
use sereno::runbook::verify::{Line, planned};

/// A state in which what rows are to take away or to end is there.
fn in_the_way(item: &str, config: &Value) -> Option<Value> {
    Some(match item {
        "Paras.ParaLifecycles" => json!("Onboarding"),
        // One message: sent at block 1, one byte.
        "ParachainHost.dmq_contents" => json!("0x040100000004aa"),
        // Core 1 serves para 2000.
        "ParachainHost.claim_queue" => json!("0x040100000004d0070000"),
        "Hrmp.HrmpOpenChannelRequests" => json!({ "confirmed": true, "_age": 1, "sender_deposit": 0,
            "max_message_size": 9, "max_capacity": 9, "max_total_size": 9 }),
        "Configuration.PendingConfigs" => json!([[12, config]]),
        other => return everything(other),
    })
}

#[test]
fn no_line_is_true_by_itself_before_the_action() {
    let runtime = relay();
    let catalogue = Catalogue::built_in().unwrap();
    let config = runtime.storage_node("Configuration", "ActiveConfig", None).unwrap().unwrap();
    let config = show::json(&config, None);
    let mut wrong = Vec::new();
    for (row, params, _) in SAMPLES {
        let recipe = catalogue.find(&format!("row:{row}")).unwrap();
        let before = |state: &dyn Fn(&str) -> Option<Value>| -> Vec<Line> {
            let draft = filled(recipe, params, &runtime, state).unwrap();
            planned(recipe, &draft.scope)
        };
        let states = [before(&everything), before(&|_| None), before(&|item| in_the_way(item, &config))];
        if states.iter().any(Vec::is_empty) {
            wrong.push(format!("{row} {params}: nothing tells whether it worked"));
        }
        let yes = |line: &&Line| line.already == Some(true);
        if states.iter().all(|lines| lines.iter().filter(yes).count() == lines.len()) {
            wrong.push(format!("{row} {params}: every line holds before"));
        }
        for line in &states[0] {
            let same =
                |lines: &Vec<Line>| lines.iter().filter(|l| l.expr == line.expr).filter(yes).count() > 0;
            if states.iter().all(same) {
                wrong.push(format!("{row} {params}: '{}' holds whatever is there", line.expr));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
