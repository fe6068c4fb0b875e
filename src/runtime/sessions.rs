//! What validators did, from the store to the journal: a record of each session every ten blocks, and once it is over.
//!
//! In: the store after each block. Out: observations for the scribe. They are not folded again: the store has counted them.
//! Must not count.

use crate::domain::{ChainId, ChainView, Fact, Hash, Network, Observation, SessionRecord, Store, UnixMs};
use std::collections::BTreeMap;

/// A session in progress is written again after so many blocks: what a killed console loses at most.
const EVERY: u64 = 10;

/// How far a session was when it was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    last_block: u64,
    counts: [u32; 3],
    complete: bool,
}

impl Mark {
    fn of(record: &SessionRecord) -> Self {
        let counts = [record.blocks, record.with_votes, record.with_bitfields];
        Self { last_block: record.last_block, counts, complete: record.complete }
    }
}

/// Remembers what of the relay chain's sessions was handed to the journal.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    relay: Option<ChainId>,
    /// Genesis and first block of the chain that the marks belong to.
    of: Option<(Hash, Option<Hash>)>,
    written: BTreeMap<u32, Mark>,
}

impl Keeper {
    /// A keeper of the network's relay chain.
    pub(super) fn new(network: &Network) -> Self {
        Self { relay: network.relay().map(|spec| spec.id.clone()), ..Self::default() }
    }

    /// True for facts after which something may be due.
    pub(super) fn wants(&self, seen: &Observation) -> bool {
        matches!(seen.fact, Fact::Best(_) | Fact::Filled(_)) && self.relay.as_ref() == Some(&seen.chain)
    }

    /// Records that should be written now; none after most blocks.
    pub(super) fn due(&mut self, store: &Store, at: UnixMs) -> Vec<Observation> {
        self.take(store, at, EVERY)
    }

    /// Everything that was counted and not written yet: at the end of a run.
    pub(super) fn rest(&mut self, store: &Store, at: UnixMs) -> Vec<Observation> {
        self.take(store, at, 1)
    }

    fn take(&mut self, store: &Store, at: UnixMs, every: u64) -> Vec<Observation> {
        let Some(chain) = self.relay.clone() else { return Vec::new() };
        let Some(view) = store.chain(&chain) else { return Vec::new() };
        self.begin_again_on_another_bed(view);
        let open: Vec<u32> = view.validators.open_sessions().map(|r| r.session).collect();
        let newest = open.last().copied();
        // One that is counted no more was judged whole or not just now.
        let closed = self.written.keys().copied().filter(|s| !open.contains(s));
        let sessions: Vec<u32> = closed.chain(open.iter().copied()).collect();
        let mut due = Vec::new();
        for session in sessions {
            let Some(record) = view.validators.record(session).filter(|r| r.blocks > 0) else { continue };
            let mark = Mark::of(record);
            let before = self.written.get(&session);
            let is_due = before.is_none_or(|known| {
                let in_progress = Some(session) == newest && every > 1;
                if in_progress {
                    mark.last_block >= known.last_block.saturating_add(every)
                } else {
                    *known != mark
                }
            });
            if is_due {
                self.written.insert(session, mark);
                let fact = Fact::SessionRecord(Box::new(record.clone()));
                due.push(Observation { at, chain: chain.clone(), endpoint: None, fact });
            }
        }
        self.written.retain(|session, _| open.contains(session));
        due
    }

    fn begin_again_on_another_bed(&mut self, view: &ChainView) {
        let of = view.identity.value().map(|i| (i.genesis, i.first_block));
        if self.of != of {
            self.of = of;
            self.written.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Block, BlockRef, ChainKind, ChainSpec, Roster, Thresholds};

    struct Run {
        keeper: Keeper,
        store: Store,
        written: Vec<(u32, u64, u32, bool)>,
    }

    fn network() -> Network {
        let spec = |id: &str, kind| ChainSpec {
            id: id.into(),
            name: id.to_owned(),
            kind,
            block_time_ms: None,
            optional: false,
            genesis: None,
            endpoints: vec![],
            thresholds: Thresholds::default(),
        };
        let para = ChainKind::Para(crate::domain::ParaId(1_000));
        Network {
            id: "local".to_owned(),
            public: false,
            chains: vec![spec("relay", ChainKind::Relay), spec("asset-hub", para)],
            names: BTreeMap::new(),
            roster: Roster::default(),
            watch: vec![],
        }
    }

    fn block(number: u64, session: u32) -> Block {
        let hash = |n: u64| Hash([u8::try_from(n % 251).unwrap(); 32]);
        Block {
            at: BlockRef { number, hash: hash(number) },
            parent: hash(number.wrapping_sub(1)),
            timestamp: None,
            slot: None,
            author: None,
            session: Some(session),
            votes: None,
            missed: vec![],
            transactions: None,
            candidates: vec![],
            events: vec![],
            event_count: None,
            undecoded: None,
        }
    }

    impl Run {
        fn new() -> Self {
            Self { keeper: Keeper::new(&network()), store: Store::default(), written: vec![] }
        }

        fn block(&mut self, chain: &str, number: u64, session: u32) {
            let fact = Fact::Best(Box::new(block(number, session)));
            let seen = Observation { at: UnixMs(1), chain: chain.into(), endpoint: Some("a".into()), fact };
            self.store.apply(&seen);
            if self.keeper.wants(&seen) {
                let due = self.keeper.due(&self.store, seen.at);
                self.note(due);
            }
        }

        fn note(&mut self, due: Vec<Observation>) {
            self.written.extend(due.iter().map(|o| match &o.fact {
                Fact::SessionRecord(r) => (r.session, r.last_block, r.blocks, r.complete),
                other => panic!("{other:?}"),
            }));
        }

        fn end(&mut self) -> Vec<(u32, u64, u32, bool)> {
            let due = self.keeper.rest(&self.store, UnixMs(2));
            self.note(due);
            std::mem::take(&mut self.written)
        }
    }

    #[test]
    fn a_session_in_progress_is_written_every_ten_blocks_and_at_the_end() {
        let mut run = Run::new();
        (100..125).for_each(|n| run.block("relay", n, 7));
        let written = [(7, 100, 1, false), (7, 110, 11, false), (7, 120, 21, false)];
        assert_eq!(run.written, written);
        assert_eq!(run.end()[3..], [(7, 124, 25, false)]);
        assert_eq!(run.end(), [], "nothing twice");
    }

    #[test]
    fn a_session_that_ended_is_written_at_once_and_once_more_when_it_is_known_to_be_whole() {
        let mut run = Run::new();
        for n in 60..120 {
            run.block("relay", n, u32::try_from(n / 15).unwrap());
        }
        let of = |s: u32| run.written.iter().filter(|w| w.0 == s).copied().collect::<Vec<_>>();
        assert_eq!(
            of(4),
            [(4, 60, 1, false), (4, 70, 11, false), (4, 74, 15, false)],
            "seen from its middle on"
        );
        assert_eq!(of(5)[2..], [(5, 89, 15, false)]);
        run.block("relay", 120, 8);
        let last = run.written.iter().rfind(|w| w.0 == 5);
        assert_eq!(last, Some(&(5, 89, 15, true)), "closed, with both neighbours known");
    }

    #[test]
    fn another_chain_and_an_empty_session_are_not_written_and_another_bed_begins_anew() {
        let mut run = Run::new();
        (1..30).for_each(|n| run.block("asset-hub", n, 7));
        assert_eq!(run.end(), []);
        (100..103).for_each(|n| run.block("relay", n, 7));
        run.end();
        let identity = |first: u8| {
            Fact::Identity(crate::domain::Identity {
                genesis: Hash([0; 32]),
                first_block: Some(Hash([first; 32])),
                name: "x".into(),
                spec_name: "x".into(),
                token: None,
                ss58_prefix: None,
                para_id: None,
                block_time_ms: None,
                session_blocks: None,
                slot_duration_ms: None,
            })
        };
        for first in [1, 2] {
            let (chain, fact) = (ChainId::from("relay"), identity(first));
            run.store.apply(&Observation { at: UnixMs(1), chain, endpoint: None, fact });
        }
        run.block("relay", 5, 7);
        assert_eq!(run.written, [(7, 5, 1, false)]);
    }
}
