//! Referenda of all chains as screens and reports want them: where each stands now, what comes next, soonest first.
//!
//! In: governance of each chain as last read, its blocks since. Out: a row each. What rests on something that was not read is
//! unknown. Must not judge: detectors do.

use super::AppState;
use super::ui::ReferendumId;
use crate::domain::gov::calendar::clock;
use crate::domain::gov::phase::Outlook;
use crate::domain::gov::{Body, Governance, Referendum};
use crate::domain::{ChainSpec, ChainView, Network, Observed, Store};
use std::cmp::Reverse;

/// A referendum with what follows from it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The chain's profile.
    pub spec: &'a ChainSpec,
    /// What is known of the chain.
    pub view: &'a ChainView,
    /// Governance with its block and age.
    pub known: &'a Observed<Box<Governance>>,
    /// The pallet.
    pub body: &'a Body,
    /// The referendum.
    pub referendum: &'a Referendum,
    /// The block now, by the count that it goes by; none where that is not known.
    pub now: Option<u64>,
    /// Milliseconds between those blocks.
    pub block_time_ms: u64,
    /// What follows; none where the block now is not known.
    pub outlook: Option<Outlook>,
}

impl Row<'_> {
    /// Its name in places and lists.
    #[must_use]
    pub fn id(&self) -> ReferendumId {
        ReferendumId {
            chain: self.spec.id.clone(),
            pallet: self.body.pallet.to_string(),
            index: self.referendum.index,
        }
    }

    /// Blocks and milliseconds from now to a block; none where it is past or the block now is not known.
    #[must_use]
    pub fn until(&self, block: u64) -> Option<(u64, u64)> {
        let left = block.checked_sub(self.now?)?;
        Some((left, left.saturating_mul(self.block_time_ms)))
    }

    /// True until it has ended.
    #[must_use]
    pub fn is_ongoing(&self) -> bool {
        self.referendum.going().is_some()
    }
}

/// All referenda that are known: those that have not ended, soonest first, then the others, newest first.
#[must_use]
pub fn rows<'a>(network: &'a Network, store: &'a Store) -> Vec<Row<'a>> {
    let relay = network.relay().and_then(|spec| Some((spec, store.chain(&spec.id)?)));
    let mut all = Vec::new();
    for spec in &network.chains {
        let Some(view) = store.chain(&spec.id) else { continue };
        let Some(known) = view.governance.known() else { continue };
        let (now, block_time_ms) = clock(relay, (spec, view), known.value.count);
        for body in &known.value.bodies {
            all.extend(body.list().iter().map(|referendum| Row {
                spec,
                view,
                known,
                body,
                referendum,
                now,
                block_time_ms,
                outlook: now.map(|now| body.outlook(referendum, now)),
            }));
        }
    }
    all.sort_by_key(|row| {
        let next = row.outlook.and_then(|o| o.next).map(|(at, _)| at);
        let left = next.and_then(|at| row.until(at)).map(|(_, ms)| ms);
        (!row.is_ongoing(), left.is_none(), left, Reverse(row.referendum.index))
    });
    all
}

/// One of them.
#[must_use]
pub fn row<'a>(state: &'a AppState, id: &ReferendumId) -> Option<Row<'a>> {
    rows(&state.network, &state.store).into_iter().find(|row| {
        row.spec.id == id.chain && row.body.pallet.as_str() == id.pallet && row.referendum.index == id.index
    })
}
