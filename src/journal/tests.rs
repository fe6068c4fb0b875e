//! Tests of the journal on real files.

mod damage;
mod facts;
mod figures;
mod sessions;
mod upkeep;

use super::*;
use crate::domain::{
    AccountId, Block, BlockRef, Candidate, CandidateStage, ChainId, EventRecord, Fact, Hash, Identity,
    MissedSlot, ParaId, RuntimeVersion, Session,
};
use tempfile::TempDir;

pub(super) fn now() -> UnixMs {
    UnixMs(1_790_000_000_000)
}

pub(super) fn hash(n: u64, fork: u8) -> Hash {
    let mut h = [fork; 32];
    h[..8].copy_from_slice(&n.to_be_bytes());
    Hash(sp_crypto_hashing::blake2_256(&h))
}

pub(super) fn account(n: u8) -> AccountId {
    AccountId([n; 32])
}

pub(super) fn identity(first_block: Option<u8>) -> Fact {
    Fact::Identity(Identity {
        genesis: hash(0, 0),
        first_block: first_block.map(|f| hash(1, f)),
        name: "Test".into(),
        spec_name: "test".into(),
        token: None,
        ss58_prefix: Some(42),
        para_id: None,
        block_time_ms: Some(6_000),
        session_blocks: Some(600),
        slot_duration_ms: None,
    })
}

/// A block of a usual day: an author, now and then a missed slot, an event, candidates where there are paras.
pub(super) fn block(number: u64, fork: u8, parent_fork: u8, paras: u32) -> Block {
    let author = |n: u64| account(u8::try_from(n % 40).unwrap());
    let stage = |s| move |p| Candidate { para: ParaId(1000 + p), stage: s, core: Some(p) };
    Block {
        at: BlockRef { number, hash: hash(number, fork) },
        parent: hash(number - 1, parent_fork),
        timestamp: Some(now().plus(number * 6_000)),
        slot: Some(300_000_000 + number),
        author: Some(author(number)),
        missed: if number.is_multiple_of(10) {
            vec![MissedSlot { slot: 300_000_000 + number, owner: Some(author(number / 10)) }]
        } else {
            vec![]
        },
        transactions: Some(3),
        candidates: (0..paras)
            .map(stage(CandidateStage::Backed))
            .chain((0..paras).map(stage(CandidateStage::Included)))
            .collect(),
        events: if number.is_multiple_of(4) {
            vec![EventRecord {
                pallet: "Balances".into(),
                name: "Transfer".into(),
                fields: "from 5GrwvaEF… to 5FHneW46… amount 1.5 PAS".into(),
                extrinsic: Some(2),
            }]
        } else {
            vec![]
        },
        event_count: Some(41),
        session: None,
        votes: None,
        undecoded: None,
    }
}

pub(super) fn seen(chain: &str, at: UnixMs, fact: Fact) -> Observation {
    Observation { at, chain: ChainId::from(chain), endpoint: Some("wss://node.example".into()), fact }
}

pub(super) fn best(chain: &str, number: u64) -> Observation {
    seen(chain, now().plus(number * 6_000 + 400), Fact::Best(Box::new(block(number, 0, 0, 0))))
}

pub(super) fn runtime(spec_version: u32, since: u64, upgraded: bool) -> Fact {
    let version = RuntimeVersion {
        spec_name: "test".into(),
        spec_version,
        transaction_version: 1,
        code_hash: Some(hash(spec_version.into(), 9)),
        pallets: 60,
        metadata_version: 15,
    };
    Fact::Runtime { version, since: BlockRef { number: since, hash: hash(since, 0) }, upgraded }
}

pub(super) fn session(index: u32, number: u64) -> Fact {
    let session = Session { index, elapsed: Some(number % 600), length: Some(600) };
    Fact::Session { session, at: BlockRef { number, hash: hash(number, 0) } }
}

pub(super) fn finalized(number: u64) -> Fact {
    Fact::Finalized { at: BlockRef { number, hash: hash(number, 0) }, parent: hash(number - 1, 0) }
}

pub(super) fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn console(dir: &TempDir) -> Opened {
    Journal::open(dir.path(), "local", Role::Console, now())
}

pub(super) fn writer(dir: &TempDir) -> Journal {
    let opened = console(dir);
    assert_eq!(opened.notices, Vec::<Clean>::new());
    assert_eq!(opened.journal.mode(), Mode::Writer);
    opened.journal
}

pub(super) fn numbers(facts: &[Observation]) -> Vec<u64> {
    facts
        .iter()
        .filter_map(|o| match &o.fact {
            Fact::Best(b) | Fact::Filled(b) => Some(b.at.number),
            _ => None,
        })
        .collect()
}
