//! The parameters of a chain, and what changed of them, when and by whom (PROCESS 5).
//!
//! In: all constants and the active configuration, each as one line of text, as of a block. Out: a list of changes, newest
//! last. The same sets give the same ledger. Must not judge whether a change was right: it says whether somebody said why.

use super::sudo::SudoUse;
use crate::domain::{BlockRef, Clean, Hash, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Changes kept of one chain.
pub const MAX_CHANGES: usize = 1_000;
/// Blocks before a change in which the call that made it is looked for: a change of the configuration waits two sessions.
const REACH: u64 = 3_600;

/// All parameters of a chain at a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// In the state of which block.
    pub at: BlockRef,
    /// The code in force.
    pub code: Option<Hash>,
    /// `spec_version`.
    pub spec_version: u32,
    /// Values by their name: `Babe.EpochDuration`, `Configuration.ActiveConfig.max_code_size`.
    pub values: BTreeMap<String, Clean>,
    /// Why the active configuration is not among them, where the runtime has one and it was not read.
    pub unread: Option<Clean>,
}

impl Parameters {
    /// The prefix of values that are configuration, not code.
    pub const CONFIG: &'static str = "Configuration.ActiveConfig";
}

/// One parameter that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The parameter.
    pub key: String,
    /// What it was; none where it is new.
    pub old: Option<Clean>,
    /// What it is; none where it is gone.
    pub new: Option<Clean>,
    /// The block by which it had changed.
    pub block: BlockRef,
    /// The block at which it still was what it was before.
    pub after: BlockRef,
    /// When that was seen.
    pub seen: UnixMs,
    /// By which call or referendum; none where nothing of this was seen.
    pub by: Option<Clean>,
}

impl Change {
    /// The name under which a justification is attached: `12345671/Babe.EpochDuration`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.block.number, self.key)
    }
}

/// The ledger of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The parameters in force.
    pub current: Option<Box<Parameters>>,
    /// What changed, oldest first.
    pub changes: Vec<Change>,
    /// Changes that are not kept any more.
    pub dropped: u64,
}

impl Ledger {
    /// Takes in the parameters of a later block.
    pub fn learn(&mut self, new: &Parameters, seen: UnixMs, sudo: &[&SudoUse]) {
        let Some(old) = self.current.replace(Box::new(new.clone())) else { return };
        let keys = old.values.keys().chain(new.values.keys().filter(|k| !old.values.contains_key(*k)));
        for key in keys {
            let (was, is) = (old.values.get(key), new.values.get(key));
            // What was not read has not changed.
            let config = key.starts_with(Parameters::CONFIG);
            if was == is || (config && (old.unread.is_some() || new.unread.is_some())) {
                continue;
            }
            self.changes.push(Change {
                key: key.clone(),
                old: was.cloned(),
                new: is.cloned(),
                block: new.at,
                after: old.at,
                seen,
                by: made_by(key, (old.at.number, new.at.number), sudo),
            });
        }
        // What could not be read now is kept as it was, so that the next reading is compared with it.
        if new.unread.is_some() && old.unread.is_none() {
            let kept = old.values.into_iter().filter(|(key, _)| key.starts_with(Parameters::CONFIG));
            if let Some(current) = &mut self.current {
                current.values.extend(kept);
                current.unread = None;
            }
        }
        let over = self.changes.len().saturating_sub(MAX_CHANGES);
        self.changes.drain(..over);
        self.dropped = self.dropped.saturating_add(u64::try_from(over).unwrap_or(u64::MAX));
    }
}

/// The newest privileged call that can have made this change.
fn made_by(key: &str, (after, at): (u64, u64), sudo: &[&SudoUse]) -> Option<Clean> {
    let reach = after.saturating_sub(REACH)..=at;
    let makes = |path: &str| match key.strip_prefix(Parameters::CONFIG).and_then(|k| k.strip_prefix('.')) {
        Some(field) => {
            let field = field.split('.').next().unwrap_or(field);
            path.strip_prefix("Configuration.set_")
                .is_some_and(|name| name == field || field.starts_with(name))
        }
        None => [
            "System.set_code",
            "System.set_code_without_checks",
            "System.authorize_upgrade",
            "System.authorize_upgrade_without_checks",
            "System.apply_authorized_upgrade",
        ]
        .contains(&path),
    };
    let near = sudo.iter().rev().filter(|u| reach.contains(&u.at.number));
    near.flat_map(|u| u.steps.iter().map(move |s| (u, s)))
        .find(|(_, step)| makes(step.path.as_str()))
        .map(|(u, step)| Clean::of(&format!("{} by sudo in block {}", step.path, u.at.number)))
}

#[cfg(test)]
mod tests {
    use super::super::sudo::{Outcome, Step};
    use super::*;
    use crate::domain::para::Found;

    fn at(number: u64) -> BlockRef {
        BlockRef { number, hash: Hash([7; 32]) }
    }

    fn set(number: u64, values: &[(&str, &str)]) -> Parameters {
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), Clean::of(v))).collect();
        Parameters { at: at(number), code: None, spec_version: 1, values, unread: None }
    }

    fn sudo(number: u64, path: &str) -> SudoUse {
        SudoUse {
            at: at(number),
            stamped: None,
            extrinsic: Some(2),
            events: vec![Clean::of("Sudid")],
            signer: None,
            call: Found::Absent,
            steps: vec![Step { depth: 1, path: Clean::of(path), outcome: Outcome::Done }],
            more: 0,
        }
    }

    #[test]
    fn exactly_what_differs_is_listed_with_old_and_new_and_who_did_it() {
        let mut ledger = Ledger::default();
        let config = "Configuration.ActiveConfig.max_code_size";
        ledger.learn(&set(10, &[("A.B", "1"), ("A.C", "2"), (config, "3")]), UnixMs(1), &[]);
        assert!(ledger.changes.is_empty(), "the first reading is no change");
        let did = sudo(15, "Configuration.set_max_code_size");
        ledger.learn(&set(20, &[("A.B", "1"), ("A.D", "5"), (config, "4")]), UnixMs(2), &[&did]);
        let all: Vec<_> = ledger
            .changes
            .iter()
            .map(|c| (c.key.as_str(), c.old.as_ref().map(Clean::as_str), c.new.as_ref().map(Clean::as_str)))
            .collect();
        assert_eq!(all, [("A.C", Some("2"), None), (config, Some("3"), Some("4")), ("A.D", None, Some("5"))]);
        assert_eq!(
            ledger.changes[1].by.as_ref().unwrap().as_str(),
            "Configuration.set_max_code_size by sudo in block 15"
        );
        assert_eq!(ledger.changes[0].by, None, "nobody set code");
        assert_eq!(ledger.changes[1].id(), "20/Configuration.ActiveConfig.max_code_size");
    }

    #[test]
    fn what_could_not_be_read_has_not_changed_and_is_compared_later() {
        let mut ledger = Ledger::default();
        let config = "Configuration.ActiveConfig.max_code_size";
        ledger.learn(&set(10, &[(config, "3")]), UnixMs(1), &[]);
        let blind = Parameters { unread: Some(Clean::of("refused")), ..set(20, &[]) };
        ledger.learn(&blind, UnixMs(2), &[]);
        assert!(ledger.changes.is_empty());
        ledger.learn(&set(30, &[(config, "4")]), UnixMs(3), &[]);
        assert_eq!(ledger.changes.len(), 1);
    }

    #[test]
    fn the_ledger_is_bounded_and_says_what_it_dropped() {
        let mut ledger = Ledger::default();
        for n in 0..600_u64 {
            ledger.learn(&set(n, &[("A", &n.to_string()), ("B", &n.to_string())]), UnixMs(1), &[]);
        }
        assert_eq!((ledger.changes.len(), ledger.dropped), (MAX_CHANGES, 198));
    }
}
