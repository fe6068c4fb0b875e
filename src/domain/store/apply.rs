//! The fold of one fact into one chain.
//!
//! In: an observation. Out: the changed [`ChainView`]. One small function per kind of fact; no clock, no I/O.

use super::blocks::BlockRow;
use super::{ChainView, Conflict, Disputes, MAX_REMEMBERED, Reorg, Upgrade};
use crate::domain::balance::BalanceFact;
use crate::domain::endpoint::MAX_DROPS;
use crate::domain::{
    Block, BlockRef, CandidateStage, EndpointView, Fact, Hash, Identity, Link, Observation, Observed, Origin,
    Reading, RuntimeVersion, Session, UnixMs,
};
use std::collections::VecDeque;

/// Timed-out candidates remembered per para.
const MAX_TIMED_OUT: usize = 32;

/// Appends to a bounded list, dropping the oldest.
fn remember<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    list.push_back(item);
    while list.len() > most {
        list.pop_front();
    }
}

/// The circumstances of the fact being folded.
struct Seen {
    at: UnixMs,
    origin: Origin,
    restored: bool,
}

impl Seen {
    fn known<T>(&self, value: T, block: Option<BlockRef>) -> Reading<T> {
        Reading::Known(self.observed(value, block))
    }

    fn observed<T>(&self, value: T, block: Option<BlockRef>) -> Observed<T> {
        Observed { value, at: self.at, block, origin: self.origin.clone() }
    }
}

impl ChainView {
    pub(super) fn fold(&mut self, obs: &Observation, restored: bool) {
        let origin = match (&obs.endpoint, restored) {
            (Some(e), false) => Origin::Endpoint(e.clone()),
            _ => Origin::Journal,
        };
        let seen = Seen { at: obs.at, origin, restored };
        let best = self.best.as_ref().map(|b| b.value);
        match &obs.fact {
            Fact::Link(_) | Fact::PeerBest(_) | Fact::PeerFinalized(_) | Fact::Latency(_) => {
                if !restored {
                    self.fold_endpoint(obs);
                }
            }
            Fact::Source => {
                if !restored {
                    self.source = obs.endpoint.clone();
                }
            }
            Fact::Identity(identity) => self.fold_identity(&seen, identity),
            Fact::Runtime { version, since, upgraded } => {
                self.fold_runtime(&seen, version, *since, *upgraded)
            }
            Fact::Best(block) => self.fold_best(&seen, block),
            Fact::Filled(block) => self.fold_filled(&seen, block),
            Fact::Finalized { at, .. } => self.fold_finalized(&seen, *at),
            Fact::Gap { from, to } => self.fold_gap(*from, *to),
            Fact::Session { session, at } => {
                self.slots.enter_session(session.index);
                if let Some(first) = self.first_slot(session, *at) {
                    self.slots.begins_at(first);
                }
                self.session = seen.known(session.clone(), Some(*at));
            }
            Fact::Validators(set) => self.validators.put_set(seen.observed((**set).clone(), best)),
            Fact::Disabled(list) => self.validators.put_disabled(seen.observed(list.clone(), best)),
            Fact::KeysSet(list) => {
                self.validators.keys_set = seen.known(list.iter().copied().collect(), best);
            }
            Fact::Points(points) => self.validators.points = seen.known(points.clone(), best),
            Fact::SessionRecord(record) => self.validators.put_record(record),
            Fact::Authorities(a) => self.authorities = seen.known(a.clone(), best),
            Fact::Era(era) => self.era = seen.known(era.clone(), best),
            Fact::Peers(n) => self.peers = seen.known(*n, None),
            Fact::Pool(n) => {
                self.pool = seen.known(*n, None);
                let busy = *n > 0 && !restored;
                self.pool_busy_since = if busy { self.pool_busy_since.or(Some(seen.at)) } else { None };
            }
            Fact::Disputes { disputes, frozen } => {
                self.disputes = seen.known(Disputes { all: disputes.clone(), frozen: *frozen }, best);
            }
            Fact::Inclusion(i) => {
                let para = self.paras.entry(i.para).or_default();
                para.last_included = para.last_included.max(i.relay_block);
                if !restored {
                    para.read_at = Some(seen.at);
                }
            }
            Fact::Paras(paras) => self.parachains = seen.known(paras.clone(), Some(paras.at)),
            Fact::Coretime(market) => self.coretime = seen.known(market.clone(), Some(market.at)),
            Fact::Governance(gov) => self.governance = seen.known(gov.clone(), Some(gov.at)),
            Fact::Sudo(used) => self.fold_sudo(seen.observed((**used).clone(), Some(used.at))),
            Fact::Parameters(set) => self.fold_parameters(set, seen.at),
            Fact::Balances(of) => self.fold_balances(&seen, of),
            Fact::Conflict { number, ours, theirs } => {
                let conflict = Conflict {
                    at: obs.at,
                    number: *number,
                    endpoint: obs.endpoint.clone(),
                    ours: *ours,
                    theirs: *theirs,
                };
                remember(&mut self.conflicts, conflict, MAX_REMEMBERED);
            }
            Fact::Unread { section, reason } => self.fold_unread(section.as_str(), reason),
        }
        if let Some(section) = section_of(&obs.fact) {
            self.unread.remove(section);
        }
    }

    fn fold_endpoint(&mut self, obs: &Observation) {
        let Some(id) = &obs.endpoint else { return };
        let endpoint = self.endpoints.entry(id.clone()).or_insert_with(|| EndpointView::new(obs.at));
        match &obs.fact {
            Fact::Link(link) => fold_link(endpoint, link, obs.at),
            Fact::PeerBest(head) => {
                endpoint.best = Some(*head);
                endpoint.best_at = Some(obs.at);
            }
            Fact::PeerFinalized(head) => endpoint.finalized = Some(*head),
            Fact::Latency(ms) => endpoint.latency_ms = Some(*ms),
            _ => {}
        }
        let peer = self.best_peer();
        for e in self.endpoints.values_mut() {
            let behind = match (&e.link, e.best, peer) {
                (Link::Up, Some(b), Some(p)) => p.saturating_sub(b.number) > 2,
                _ => false,
            };
            e.behind_since = if behind { e.behind_since.or(Some(obs.at)) } else { None };
        }
    }

    /// True where `identity` is that of another history than the one known: another genesis or another first block.
    #[must_use]
    pub fn is_other_history(&self, identity: &Identity) -> bool {
        let differs = |a: Option<Hash>, b: Option<Hash>| matches!((a, b), (Some(a), Some(b)) if a != b);
        self.identity.value().is_some_and(|known| {
            known.genesis != identity.genesis || differs(known.first_block, identity.first_block)
        })
    }

    /// A chain with another genesis or another first block is another history: everything about the old one goes.
    fn fold_identity(&mut self, seen: &Seen, identity: &Identity) {
        let other = self.is_other_history(identity);
        if other {
            let fresh = Self::new(self.first_seen);
            let endpoints = std::mem::take(&mut self.endpoints);
            let source = self.source.take();
            *self = Self { endpoints, source, ..fresh };
        }
        self.identity = seen.known(identity.clone(), None);
    }

    fn fold_runtime(&mut self, seen: &Seen, version: &RuntimeVersion, since: BlockRef, upgraded: bool) {
        if upgraded {
            let old = self.runtime.value().cloned();
            let upgrade = Upgrade { at: seen.at, old, new: version.clone(), since };
            remember(&mut self.upgrades, upgrade, MAX_REMEMBERED);
        }
        self.runtime = seen.known(version.clone(), Some(since));
    }

    fn fold_best(&mut self, seen: &Seen, block: &Block) {
        let received = (!seen.restored).then_some(seen.at);
        let before = self.best.as_ref().map(|b| b.value);
        let out = self.blocks.push_best(BlockRow { block: block.clone(), received });
        out.rows.iter().for_each(|row| self.slots.remove(&row.block));
        out.rows.iter().for_each(|row| self.balances.remove(&row.block.at.hash));
        out.rows.iter().rev().for_each(|row| self.validators.remove(&row.block));
        if seen.restored {
            self.validators.note_restored(block);
        }
        if let (true, Some(from), Some(first)) = (out.reorg, before, out.rows.first()) {
            let depth = (from.number.saturating_sub(first.block.at.number)).saturating_add(1);
            self.reorgs = self.reorgs.saturating_add(1);
            let reorg = Reorg { at: seen.at, depth, from, to: block.at };
            remember(&mut self.recent_reorgs, reorg, MAX_REMEMBERED);
        }
        if before != Some(block.at) {
            self.slots.add(block);
            // What the journal gives back was counted by the run that read it.
            if !seen.restored {
                self.validators.add(block);
            }
            self.best_since_finalized = self.best_since_finalized.saturating_add(1);
        }
        self.fold_candidates(seen, block);
        self.best = Some(seen.observed(block.at, Some(block.at)));
    }

    fn fold_balances(&mut self, seen: &Seen, of: &BalanceFact) {
        match of {
            BalanceFact::Moved(moves) => {
                let Some(row) = self.blocks.by_hash(&moves.at.hash) else { return };
                let made = row.block.timestamp.unwrap_or(seen.at);
                let is_new = self.balances.put_moves(moves, (made, seen.at));
                let known = self.balances.issuance.as_ref().and_then(|i| i.block).map(|b| b.number);
                let newest = known.is_none_or(|n| n <= moves.at.number) || row_is_best(self, moves.at);
                if let Some(issuance) = moves.issuance.filter(|_| is_new && newest) {
                    self.balances.issuance = Some(seen.observed(issuance, Some(moves.at)));
                }
            }
            BalanceFact::Accounts(read) => self.balances.put_accounts(read, (seen.at, &seen.origin)),
            BalanceFact::Roles(roles) => {
                self.balances.revision = self.balances.revision.wrapping_add(1);
                let best = self.best.as_ref().map(|b| b.value);
                self.balances.roles = seen.known(roles.clone(), best);
            }
        }
    }

    fn fold_filled(&mut self, seen: &Seen, block: &Block) {
        if self.blocks.fill(BlockRow { block: block.clone(), received: None }) {
            let newer = self.blocks.newest_first().map(|row| &row.block);
            self.slots.fill(block, newer.take_while(|b| b.at.number > block.at.number));
            if seen.restored { self.validators.note_restored(block) } else { self.validators.add(block) }
        }
        if self.finalized.as_ref().is_some_and(|f| f.value == block.at) {
            self.finalized_timestamp = block.timestamp;
        }
    }

    /// The slot with which a session began, told by how many of its slots were gone at block `at`. A session that is over
    /// its length tells nothing: its count has stopped.
    fn first_slot(&self, session: &Session, at: BlockRef) -> Option<u64> {
        let elapsed = session.elapsed.filter(|gone| session.length.is_none_or(|length| *gone < length))?;
        let slot = self.blocks.by_hash(&at.hash)?.block.slot?;
        slot.checked_add(1)?.checked_sub(elapsed)
    }

    fn fold_candidates(&mut self, seen: &Seen, block: &Block) {
        for candidate in &block.candidates {
            let para = self.paras.entry(candidate.para).or_default();
            match candidate.stage {
                CandidateStage::Backed => para.last_backed = Some(block.at.number),
                CandidateStage::Included => {
                    para.last_included = Some(block.at.number);
                    para.included_at = Some(block.timestamp.unwrap_or(seen.at));
                    if !seen.restored {
                        para.read_at = Some(seen.at);
                    }
                }
                CandidateStage::TimedOut => remember(&mut para.timed_out, block.at.number, MAX_TIMED_OUT),
            }
        }
    }

    fn fold_finalized(&mut self, seen: &Seen, at: BlockRef) {
        if self
            .finalized
            .as_ref()
            .is_some_and(|f| f.value.number >= at.number && !matches!(f.origin, Origin::Journal))
        {
            return;
        }
        self.finalized = Some(seen.observed(at, Some(at)));
        self.finalized_timestamp = self.blocks.by_hash(&at.hash).and_then(|r| r.block.timestamp);
        self.best_since_finalized = 0;
    }

    /// What is missing stands once: a gap told again, or one that grew because its end was not kept, takes the place of
    /// what it covers.
    fn fold_gap(&mut self, from: u64, to: u64) {
        if !self.gaps.iter().any(|(first, last)| *first <= from && to <= *last) {
            self.gaps.retain(|(first, last)| *first < from || to < *last);
            remember(&mut self.gaps, (from, to), MAX_REMEMBERED);
        }
    }

    /// The finalized blocks between what an earlier run knew and `at`, the first one of this run; none where none are
    /// missing.
    pub(super) fn missed_before(&self, at: BlockRef) -> Option<(u64, u64)> {
        let before = self.finalized.as_ref().filter(|f| f.origin == Origin::Journal)?;
        let first_missing = before.value.number.saturating_add(1);
        (first_missing < at.number).then(|| (first_missing, at.number.saturating_sub(1)))
    }

    fn fold_unread(&mut self, section: &str, reason: &crate::domain::Clean) {
        match section {
            "era" => self.era = Reading::Unknown(reason.clone()),
            "session" => self.session = Reading::Unknown(reason.clone()),
            "authorities" => self.authorities = Reading::Unknown(reason.clone()),
            "peers" => self.peers = Reading::Unknown(reason.clone()),
            "validators" => self.validators.sets.clear(),
            "disabled" => self.validators.disabled = Reading::Unknown(reason.clone()),
            "keys-set" => self.validators.keys_set = Reading::Unknown(reason.clone()),
            "points" => self.validators.points = Reading::Unknown(reason.clone()),
            "pool" => self.pool = Reading::Unknown(reason.clone()),
            "disputes" => self.disputes = Reading::Unknown(reason.clone()),
            // What was read before stays, at its block and with its age.
            "paras" if self.parachains.known().is_none() => {
                self.parachains = Reading::Unknown(reason.clone())
            }
            "coretime" if self.coretime.known().is_none() => self.coretime = Reading::Unknown(reason.clone()),
            "runtime" => self.runtime = Reading::Unknown(reason.clone()),
            _ => {}
        }
        self.unread.insert(section.to_owned(), reason.clone());
    }
}

fn row_is_best(view: &ChainView, at: BlockRef) -> bool {
    view.best.as_ref().is_some_and(|best| best.value == at)
}

fn fold_link(endpoint: &mut EndpointView, link: &Link, at: UnixMs) {
    // From up to the name service goes only who begins anew at the operator's wish: nothing was lost.
    if endpoint.link == Link::Up && !matches!(link, Link::Up | Link::Resolving) {
        endpoint.drops.push(at);
        let excess = endpoint.drops.len().saturating_sub(MAX_DROPS);
        endpoint.drops.drain(..excess);
    }
    if std::mem::discriminant(&endpoint.link) != std::mem::discriminant(link) {
        endpoint.link_since = at;
    }
    endpoint.down_since = if *link == Link::Up { None } else { endpoint.down_since.or(Some(at)) };
    endpoint.link = link.clone();
}

/// The section of [`ChainView::unread`] that this fact answers.
fn section_of(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Era(_) => Some("era"),
        Fact::Session { .. } => Some("session"),
        Fact::Authorities(_) => Some("authorities"),
        Fact::Validators(_) => Some("validators"),
        Fact::Disabled(_) => Some("disabled"),
        Fact::KeysSet(_) => Some("keys-set"),
        Fact::Points(_) => Some("points"),
        Fact::Peers(_) => Some("peers"),
        Fact::Pool(_) => Some("pool"),
        Fact::Disputes { .. } => Some("disputes"),
        Fact::Paras(_) => Some("paras"),
        Fact::Coretime(_) => Some("coretime"),
        Fact::Governance(_) => Some("governance"),
        Fact::Parameters(_) => Some("parameters"),
        Fact::Balances(of) => match **of {
            BalanceFact::Accounts(_) => Some("balances"),
            BalanceFact::Moved(_) | BalanceFact::Roles(_) => None,
        },
        Fact::Runtime { .. } => Some("runtime"),
        _ => None,
    }
}
