//! Governance in the store: uses of the sudo key, parameters, and what referenda did while watched.
//!
//! In: facts about governance. Out: the changed [`ChainView`]. No clock, no I/O.

use super::{ChainView, MAX_REMEMBERED};
use crate::domain::gov::ledger::Parameters;
use crate::domain::gov::sudo::SudoUse;
use crate::domain::{Observed, UnixMs};

impl ChainView {
    /// Notes a use of the sudo key, each extrinsic once.
    pub(super) fn fold_sudo(&mut self, used: Observed<SudoUse>) {
        let same = |known: &Observed<SudoUse>| {
            known.value.at == used.value.at && known.value.extrinsic == used.value.extrinsic
        };
        if let Some(known) = self.sudo.iter_mut().find(|known| same(known)) {
            // Read once more, it is no newer.
            known.value = used.value;
            return;
        }
        let after = self.sudo.iter().position(|known| known.value.at.number > used.value.at.number);
        self.sudo.insert(after.unwrap_or(self.sudo.len()), used);
        while self.sudo.len() > MAX_REMEMBERED {
            self.sudo.pop_front();
        }
    }

    /// Compares the parameters with those known and notes what differs.
    pub(super) fn fold_parameters(&mut self, set: &Parameters, seen: UnixMs) {
        let sudo: Vec<&SudoUse> = self.sudo.iter().map(|used| &used.value).collect();
        self.ledger.learn(set, seen, &sudo);
    }
}
