//! Blocks as compact rows, and numbers between Rust and SQLite.
//!
//! In: [`Block`]s and rows of the table `block`. Out: the other. Must not decide what is kept.

use super::sessions::Numbered;
use crate::domain::{
    AccountId, Block, BlockRef, Candidate, CandidateStage, ChainId, Clean, EventRecord, Fact, Hash,
    MissedSlot, Observation, ParaId, UnixMs,
};
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A `u64` as SQLite keeps it. Numbers past 2^63 do not occur; they would stick at the end of the scale.
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A `u64` from SQLite; none where a damaged row holds a negative one.
pub(super) fn nat(n: i64) -> Option<u64> {
    u64::try_from(n).ok()
}

/// What few blocks have, as one JSON column.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct More {
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<(u32, u8, Option<u32>)>,
    #[serde(rename = "e", skip_serializing_if = "Vec::is_empty")]
    events: Vec<(Clean, Clean, Clean, Option<u32>)>,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    session: Option<u32>,
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    undecoded: Option<Clean>,
}

/// Missed slots: the slot and the number of its owner in `account`.
type Missed = Vec<(u64, Option<i64>)>;

fn stage_code(stage: CandidateStage) -> u8 {
    match stage {
        CandidateStage::Backed => 0,
        CandidateStage::Included => 1,
        CandidateStage::TimedOut => 2,
    }
}

fn stage_of(code: u8) -> Option<CandidateStage> {
    match code {
        0 => Some(CandidateStage::Backed),
        1 => Some(CandidateStage::Included),
        2 => Some(CandidateStage::TimedOut),
        _ => None,
    }
}

fn more_of(block: &Block) -> Option<String> {
    let more = More {
        candidates: block.candidates.iter().map(|c| (c.para.0, stage_code(c.stage), c.core)).collect(),
        events: block
            .events
            .iter()
            .map(|e| (e.pallet.clone(), e.name.clone(), e.fields.clone(), e.extrinsic))
            .collect(),
        session: block.session,
        undecoded: block.undecoded.clone(),
    };
    let empty = more.candidates.is_empty()
        && more.events.is_empty()
        && more.session.is_none()
        && more.undecoded.is_none();
    if empty { None } else { serde_json::to_string(&more).ok() }
}

/// Accounts by their number in the table `account`.
#[derive(Default)]
pub(super) struct Accounts {
    ids: BTreeMap<AccountId, i64>,
}

/// Account numbers remembered in memory; past it the table is asked.
const MAX_ACCOUNTS: usize = 50_000;

impl Accounts {
    pub(super) fn id(&mut self, tx: &Transaction<'_>, account: AccountId) -> rusqlite::Result<i64> {
        if let Some(id) = self.ids.get(&account) {
            return Ok(*id);
        }
        tx.prepare_cached("INSERT OR IGNORE INTO account (account) VALUES (?1)")?.execute([account.0])?;
        let id = tx
            .prepare_cached("SELECT id FROM account WHERE account = ?1")?
            .query_row([account.0], |r| r.get(0))?;
        if self.ids.len() < MAX_ACCOUNTS {
            self.ids.insert(account, id);
        }
        Ok(id)
    }

    /// Forgets all: the transaction that made the numbers was rolled back.
    pub(super) fn clear(&mut self) {
        self.ids.clear();
    }
}

/// Where and when a block is written.
pub(super) struct Place {
    /// The history it belongs to.
    pub(super) history: i64,
    /// When it was received.
    pub(super) at: UnixMs,
    /// Its place in the order of arrival.
    pub(super) seq: i64,
    /// True for a best block, false for one that filled a gap.
    pub(super) best: bool,
    /// Blocks since the newest finalized one; none where that is not known.
    pub(super) lag: Option<u64>,
}

const INSERT: &str =
    "INSERT INTO block (history, number, hash, parent, at, seq, best, timestamp, slot, author,
    transactions, event_count, lag, missed, more) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)
    ON CONFLICT (history, number, hash) DO UPDATE SET
    at = excluded.at, seq = excluded.seq, best = 1, lag = ifnull(lag, excluded.lag) WHERE excluded.best = 1";

/// Writes one block; a block that was there before only moves up in the order when it is best again.
pub(super) fn put_block(
    tx: &Transaction<'_>,
    accounts: &mut Accounts,
    place: &Place,
    block: &Block,
) -> rusqlite::Result<()> {
    let author = block.author.map(|a| accounts.id(tx, a)).transpose()?;
    let mut missed = Missed::with_capacity(block.missed.len());
    for m in &block.missed {
        missed.push((m.slot, m.owner.map(|o| accounts.id(tx, o)).transpose()?));
    }
    let missed = if missed.is_empty() { None } else { serde_json::to_string(&missed).ok() };
    tx.prepare_cached(INSERT)?.execute(params![
        place.history,
        int(block.at.number),
        block.at.hash.0,
        block.parent.0,
        place.at.0,
        place.seq,
        place.best,
        block.timestamp.map(|t| t.0),
        block.slot.map(int),
        author,
        block.transactions,
        block.event_count,
        place.lag.map(int),
        missed,
        more_of(block),
    ])?;
    Ok(())
}

/// Columns that [`read_block`] expects, in its order.
pub(super) const COLUMNS: &str =
    "seq, at, best, number, hash, parent, timestamp, slot, author, transactions, event_count, missed, more";

/// A row as the observation it was; none where the row is damaged.
pub(super) fn read_block(row: &Row<'_>, chain: &ChainId, accounts: &Numbered) -> Option<(i64, Observation)> {
    let text = |column: &str| row.get_ref(column).ok()?.as_str_or_null().ok();
    let missed: Missed = match text("missed")? {
        Some(json) => serde_json::from_str(json).ok()?,
        None => Missed::new(),
    };
    let more: More = match text("more")? {
        Some(json) => serde_json::from_str(json).ok()?,
        None => More::default(),
    };
    let candidates = more
        .candidates
        .into_iter()
        .map(|(para, stage, core)| Some(Candidate { para: ParaId(para), stage: stage_of(stage)?, core }))
        .collect::<Option<Vec<_>>>()?;
    let events = more.events.into_iter().map(|(pallet, name, fields, extrinsic)| EventRecord {
        pallet,
        name,
        fields,
        extrinsic,
    });
    let author: Option<i64> = row.get("author").ok()?;
    let block = Block {
        at: BlockRef { number: nat(row.get("number").ok()?)?, hash: Hash(row.get("hash").ok()?) },
        parent: Hash(row.get("parent").ok()?),
        timestamp: row.get::<_, Option<i64>>("timestamp").ok()?.map(UnixMs),
        slot: row.get::<_, Option<i64>>("slot").ok()?.and_then(nat),
        author: author.and_then(|id| accounts.get(id)),
        missed: missed
            .into_iter()
            .map(|(slot, id)| MissedSlot { slot, owner: id.and_then(|id| accounts.get(id)) })
            .collect(),
        transactions: row.get("transactions").ok()?,
        candidates,
        events: events.collect(),
        event_count: row.get("event_count").ok()?,
        session: more.session,
        votes: None,
        undecoded: more.undecoded,
    };
    let best: bool = row.get("best").ok()?;
    let fact = if best { Fact::Best(Box::new(block)) } else { Fact::Filled(Box::new(block)) };
    let seen = Observation { at: UnixMs(row.get("at").ok()?), chain: chain.clone(), endpoint: None, fact };
    Some((row.get("seq").ok()?, seen))
}
