//! What several readers ask of the paras: lists, cores by para, depth of channels, the last inclusion.
//!
//! In: [`Paras`] as they were read, the store's own count of inclusions. Out: plain values; none where what they rest on was
//! not read. Must not judge.

use super::ChainView;
use crate::domain::ParaId;
use crate::domain::para::{Assigned, Cited, Core, Para, Paras};
use std::collections::{BTreeMap, BTreeSet};

/// The items of a list that was read; a place where nothing is stored is an empty list.
#[must_use]
pub fn listed<T>(list: &Cited<Vec<T>>) -> Option<&[T]> {
    match list.value() {
        Some(items) => Some(items),
        None => list.is_absent().then_some(&[]),
    }
}

/// The cores that each para has: it is in the claim queue, the core is assigned to it, or it occupies it. None where neither
/// claims nor assignments were read. A para that is not in the map has none.
#[must_use]
pub fn cores(paras: &Paras) -> Option<BTreeMap<ParaId, BTreeSet<u32>>> {
    let (claims, work) = (listed(&paras.claim_queue), listed(&paras.work));
    if claims.is_none() && work.is_none() {
        return None;
    }
    let mut cores: BTreeMap<ParaId, BTreeSet<u32>> = BTreeMap::new();
    for (core, queue) in claims.into_iter().flatten() {
        queue.iter().for_each(|para| {
            cores.entry(*para).or_default().insert(*core);
        });
    }
    for work in work.into_iter().flatten() {
        for (assigned, _) in &work.parts {
            if let Assigned::Task(para) = assigned {
                cores.entry(*para).or_default().insert(work.core);
            }
        }
    }
    for (place, core) in listed(&paras.cores).into_iter().flatten().enumerate() {
        if let (Core::Occupied(on), Ok(place)) = (core, u32::try_from(place)) {
            cores.entry(on.para).or_default().insert(place);
        }
    }
    Some(cores)
}

/// Messages in the channels to a para and from it; none where one of them was not read.
pub type Hrmp = (Option<u64>, Option<u64>);

/// The depth of the channels of each para.
#[must_use]
pub fn hrmp(paras: &Paras) -> BTreeMap<ParaId, Hrmp> {
    let start = |ends: &Cited<Vec<ParaId>>| listed(ends).map(|_| 0_u64);
    let mut depths: BTreeMap<ParaId, Hrmp> =
        paras.paras.values().map(|p| (p.id, (start(&p.inbound), start(&p.outbound)))).collect();
    for channel in &paras.channels {
        let count = match channel.state.value() {
            Some(state) => Some(u64::from(state.msg_count)),
            None => channel.state.is_absent().then_some(0),
        };
        let add = |sum: Option<u64>| sum.zip(count).map(|(sum, n)| sum.saturating_add(n));
        if let Some(depth) = depths.get_mut(&channel.recipient) {
            depth.0 = add(depth.0);
        }
        if let Some(depth) = depths.get_mut(&channel.sender) {
            depth.1 = add(depth.1);
        }
    }
    depths
}

/// When a para was last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Included {
    /// Around this relay block: the one that included it, or that on which its candidate was built.
    At(u64),
    /// Never.
    Never,
    /// It was not read.
    Unknown,
}

impl ChainView {
    /// When a para was last included: as seen in blocks, else as the relay's state says.
    #[must_use]
    pub fn included(&self, para: &Para) -> Included {
        let seen = self.paras.get(&para.id).and_then(|p| p.last_included);
        let context = para.context.value().copied().filter(|at| *at > 0);
        match seen.max(context) {
            Some(at) => Included::At(at),
            None if para.context.unread().is_some() => Included::Unknown,
            None => Included::Never,
        }
    }
}
