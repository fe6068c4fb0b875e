//! The parameter ledger as a document: what changed, when, by whom, and whether anybody said why (PROCESS 5).
//!
//! In: the changes of each chain, the justifications. Out: Markdown and JSON. A change without a justification is `unjustified`.
//! Must not do I/O.

use crate::domain::gov::ledger::Change;
use crate::domain::{ChainId, Clean, Network, Store, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Why a parameter was changed: a ticket or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Justification {
    /// The change: `relay/12345671/Babe.EpochDuration`.
    pub id: String,
    /// A ticket or a sentence.
    pub text: Clean,
    /// Who said so.
    pub by: Clean,
    /// When.
    pub at: UnixMs,
}

/// The ledger of a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerReport {
    schema: u32,
    network: String,
    changes: Vec<Entry>,
    unjustified: usize,
    /// Changes that are not kept any more.
    dropped: u64,
    /// Chains whose parameters were never read.
    unread: Vec<ChainId>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Entry {
    id: String,
    chain: ChainId,
    key: String,
    old: Option<Clean>,
    new: Option<Clean>,
    block: u64,
    /// The block at which it still was what it was before.
    after: u64,
    seen_at: String,
    by: Option<Clean>,
    /// `unjustified` where nobody said why.
    justification: String,
    justified_by: Option<Clean>,
}

/// The name under which a change is justified.
#[must_use]
pub fn id_of(chain: &ChainId, change: &Change) -> String {
    format!("{chain}/{}", change.id())
}

impl LedgerReport {
    /// The ledger of these chains; of all changes, or of those that nobody has justified. Of several justifications the last
    /// counts.
    #[must_use]
    pub fn of(network: &Network, store: &Store, why: &[Justification], only_unjustified: bool) -> Self {
        let why: BTreeMap<&str, &Justification> = why.iter().map(|j| (j.id.as_str(), j)).collect();
        let mut report = Self {
            schema: 1,
            network: network.id.clone(),
            changes: Vec::new(),
            unjustified: 0,
            dropped: 0,
            unread: Vec::new(),
        };
        for spec in &network.chains {
            let ledger = store.chain(&spec.id).map(|view| &view.ledger);
            let Some(ledger) = ledger.filter(|l| l.current.is_some()) else {
                report.unread.push(spec.id.clone());
                continue;
            };
            report.dropped = report.dropped.saturating_add(ledger.dropped);
            for change in &ledger.changes {
                let id = id_of(&spec.id, change);
                let said = why.get(id.as_str());
                report.unjustified += usize::from(said.is_none());
                if only_unjustified && said.is_some() {
                    continue;
                }
                report.changes.push(Entry {
                    id,
                    chain: spec.id.clone(),
                    key: change.key.clone(),
                    old: change.old.clone(),
                    new: change.new.clone(),
                    block: change.block.number,
                    after: change.after.number,
                    seen_at: change.seen.rfc3339(),
                    by: change.by.clone(),
                    justification: said.map_or_else(|| "unjustified".to_owned(), |j| j.text.to_string()),
                    justified_by: said.map(|j| j.by.clone()),
                });
            }
        }
        report
    }

    /// The document as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# Parameter ledger of {}\n\n", self.network);
        let _ = writeln!(out, "{} changes, {} unjustified.\n", self.changes.len(), self.unjustified);
        if !self.unread.is_empty() {
            let names: Vec<&str> = self.unread.iter().map(ChainId::as_str).collect();
            let _ = writeln!(out, "Not read yet: {}. The console reads them.\n", names.join(", "));
        }
        if self.dropped > 0 {
            let _ = writeln!(out, "{} older changes are not kept any more.\n", self.dropped);
        }
        if self.changes.is_empty() {
            return out;
        }
        out.push_str(
            "| chain | parameter | old | new | block | by | justification |\n|---|---|---|---|---|---|---|\n",
        );
        for entry in &self.changes {
            let value = |v: &Option<Clean>| v.as_ref().map_or_else(|| "–".to_owned(), |v| cell(v.as_str()));
            let by =
                entry.by.as_ref().map_or_else(|| "nothing that was seen".to_owned(), |b| cell(b.as_str()));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {by} | {} |",
                entry.chain,
                cell(&entry.key),
                value(&entry.old),
                value(&entry.new),
                entry.block,
                cell(&entry.justification)
            );
        }
        out
    }

    /// True where a change of this name is listed.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.changes.iter().any(|entry| entry.id == id)
    }
}

/// Text that breaks no table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::testbed::{Bed, RELAY};
    use crate::domain::gov::ledger::Parameters;
    use crate::domain::{BlockRef, Fact, Hash};

    fn bed() -> Bed {
        let mut bed = Bed::family();
        bed.run(RELAY, 8);
        for (number, values) in [(5, [("A.B", "1"), ("A.C", "x|y")]), (7, [("A.B", "2"), ("A.C", "z")])] {
            let values = values.into_iter().map(|(k, v)| (k.to_owned(), Clean::of(v))).collect();
            let at = BlockRef { number, hash: Hash([7; 32]) };
            let set = Parameters { at, code: None, spec_version: 1, values, unread: None };
            bed.fact(RELAY, Some("a"), Fact::Parameters(Box::new(set)));
        }
        bed
    }

    #[test]
    fn what_nobody_justified_is_listed_so_and_a_justification_takes_it_off_that_list() {
        let bed = bed();
        let all = LedgerReport::of(&bed.network, &bed.store, &[], false);
        assert!(all.has("relay/7/A.B"));
        let text = all.markdown();
        assert!(text.contains("2 changes, 2 unjustified"), "{text}");
        assert!(
            text.contains("| relay | A.C | x\\|y | z | 7 | nothing that was seen | unjustified |"),
            "{text}"
        );
        assert!(text.contains("Not read yet: asset-hub, people"), "{text}");
        let why = Justification {
            id: "relay/7/A.B".to_owned(),
            text: Clean::of("ticket 412"),
            by: Clean::of("kim"),
            at: UnixMs(1),
        };
        let rest = LedgerReport::of(&bed.network, &bed.store, std::slice::from_ref(&why), true);
        assert_eq!((rest.changes.len(), rest.unjustified), (1, 1));
        assert!(!rest.has("relay/7/A.B"));
        let all = LedgerReport::of(&bed.network, &bed.store, &[why], false).markdown();
        assert!(all.contains("| 7 | nothing that was seen | ticket 412 |"), "{all}");
    }
}
