//! `config-changed`: parameters of the chain are others than before.
//!
//! In: the ledger. Out: info for an hour, naming what changed and by whom, once for each block. Must not import anything above
//! `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::gov::ledger::Change;
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "config-changed",
    about: "Parameters of the chain changed: constants or the active configuration",
    check: |view| Verdict::from(find(view)),
};

/// How long it stays on the screen, milliseconds.
const STAYS_MS: u64 = 3_600_000;
/// Parameters named.
const NAMED: usize = 3;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if view.chain.ledger.current.is_none()
        && let Some(why) = view.chain.unread.get("parameters")
    {
        return Err(why.clone());
    }
    let fresh = |c: &&Change| view.now.since(c.seen) <= STAYS_MS && view.is_of_this_run(c.seen);
    let recent: Vec<&Change> = view.chain.ledger.changes.iter().rev().filter(fresh).collect();
    let mut found: Vec<Finding> = Vec::new();
    for of_block in recent.chunk_by(|a, b| a.block == b.block).take(4) {
        let Some(first) = of_block.first() else { continue };
        let named: Vec<String> = of_block.iter().take(NAMED).map(|c| words(c)).collect();
        let more = match of_block.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let by = first
            .by
            .as_ref()
            .map_or_else(|| ", by nothing that was seen".to_owned(), |by| format!(", by {by}"));
        let summary = format!(
            "{} changed by block {}: {}{more}{by}",
            if of_block.len() == 1 {
                "a parameter".to_owned()
            } else {
                format!("{} parameters", of_block.len())
            },
            grouped(first.block.number),
            named.join("; ")
        );
        found.push(Finding::new(Severity::Info, first.seen, summary).about(first.block.number));
    }
    Ok(found)
}

fn words(change: &Change) -> String {
    let value = |v: &Option<Clean>| {
        let text = v.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
        if text.chars().count() > 40 { text.chars().take(40).chain(['…']).collect() } else { text }
    };
    format!("{} {} → {}", change.key, value(&change.old), value(&change.new))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings};
    use crate::domain::gov::ledger::Parameters;
    use crate::domain::{BlockRef, Clean, Fact, Hash, Severity};

    fn set(number: u64, value: &str) -> Fact {
        let key = "Configuration.ActiveConfig.max_code_size".to_owned();
        Fact::Parameters(Box::new(Parameters {
            at: BlockRef { number, hash: Hash([7; 32]) },
            code: None,
            spec_version: 1,
            values: [(key, Clean::of(value))].into_iter().collect(),
            unread: None,
        }))
    }

    #[test]
    fn it_names_old_and_new_for_an_hour_and_the_first_reading_is_no_change() {
        let mut bed = Bed::family();
        bed.run(RELAY, 8);
        bed.fact(RELAY, Some("a"), set(5, "1"));
        assert_eq!(bed.check("config-changed", RELAY), Verdict::Quiet);
        bed.fact(RELAY, Some("a"), set(7, "2"));
        let found = findings(&bed.check("config-changed", RELAY));
        assert_eq!(found[0].severity, Severity::Info);
        let wanted = "a parameter changed by block 7: Configuration.ActiveConfig.max_code_size 1 → 2, by nothing that was seen";
        assert_eq!(found[0].summary, wanted);
        bed.advance(3_600_001);
        assert_eq!(bed.check("config-changed", RELAY), Verdict::Quiet);
    }
}
