//! Roll-ups of hours and days: blocks, time between blocks, missed slots, finality lag.
//!
//! In: rows of `block` and `roll`. Out: one [`Roll`] for each hour or day in which there were blocks. Hours and days
//! that `prune` has rolled up are read, the others are computed from the blocks.

use super::load::histories;
use super::rows::{int, nat};
use super::{Journal, JournalError};
use crate::domain::{ChainId, Hash, UnixMs};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// How much time one roll-up covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One hour, UTC.
    Hour,
    /// One day, UTC.
    Day,
}

impl Span {
    /// Its length in milliseconds.
    #[must_use]
    pub fn ms(self) -> u64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// The beginning of the hour or day that holds `at`.
    #[must_use]
    pub fn start(self, at: UnixMs) -> UnixMs {
        UnixMs(at.0.saturating_sub(at.0.rem_euclid(int(self.ms()))))
    }
}

/// What happened on a chain in one hour or day. An hour in which this console saw no block has no roll-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    /// Its first moment.
    pub start: UnixMs,
    /// Blocks of the best chain that this console read.
    pub blocks: u64,
    /// Median time between neighbouring blocks, milliseconds; none without two neighbours.
    pub p50_ms: Option<u64>,
    /// 95th percentile of the same.
    pub p95_ms: Option<u64>,
    /// Empty slots between those blocks.
    pub missed: u64,
    /// Most blocks that the best block was ahead of the finalized one; none where finality was not known.
    pub max_lag: Option<u64>,
}

/// Most roll-ups that one call computes or returns.
const MAX_ROLLS: u64 = 2_000;

impl Journal {
    /// Roll-ups of the chain's newest history that begin in `from..to`, oldest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn history(
        &mut self,
        chain: &ChainId,
        (from, to): (UnixMs, UnixMs),
        span: Span,
    ) -> Result<Vec<Roll>, JournalError> {
        let read = self.read(|conn| {
            let tx = conn.unchecked_transaction()?;
            let known = histories(&tx, &self.network)?;
            match known.into_iter().find(|(_, c)| c == chain) {
                Some((history, _)) => rolls(&tx, history, (from, to), span),
                None => Ok(Vec::new()),
            }
        });
        read.map(Option::unwrap_or_default).map_err(|e| self.report("Reading history", &e))
    }
}

fn rolls(
    conn: &Connection,
    history: i64,
    (from, to): (UnixMs, UnixMs),
    span: Span,
) -> rusqlite::Result<Vec<Roll>> {
    let mut rolls: Vec<Roll> = conn
        .prepare_cached(
            "SELECT start, blocks, p50, p95, missed, max_lag FROM roll
             WHERE history = ?1 AND span = ?2 AND start >= ?3 AND start < ?4 ORDER BY start LIMIT ?5",
        )?
        .query_map(params![history, int(span.ms()), from.0, to.0, int(MAX_ROLLS)], read_roll)?
        .filter_map(Result::transpose)
        .collect::<rusqlite::Result<_>>()?;
    let rolled = rolled_until(conn, history, span)?;
    let mut cursor = rolled.map_or(from, |until| until.max(from));
    while let Some(start) = first_block_from(conn, history, cursor)?.map(|at| span.start(at)) {
        if start >= to || u64::try_from(rolls.len()).is_ok_and(|n| n >= MAX_ROLLS) {
            break;
        }
        if start >= from {
            rolls.extend(compute(conn, history, start, span)?);
        }
        cursor = start.plus(span.ms());
    }
    Ok(rolls)
}

/// The end of the newest roll-up on record.
pub(super) fn rolled_until(conn: &Connection, history: i64, span: Span) -> rusqlite::Result<Option<UnixMs>> {
    let newest: Option<i64> = conn
        .prepare_cached("SELECT max(start) FROM roll WHERE history = ?1 AND span = ?2")?
        .query_row(params![history, int(span.ms())], |r| r.get(0))?;
    Ok(newest.map(|start| UnixMs(start).plus(span.ms())))
}

/// Time of the first block at or after `from`.
pub(super) fn first_block_from(
    conn: &Connection,
    history: i64,
    from: UnixMs,
) -> rusqlite::Result<Option<UnixMs>> {
    conn.prepare_cached(
        "SELECT ifnull(timestamp, at) FROM block WHERE history = ?1 AND ifnull(timestamp, at) >= ?2
         ORDER BY ifnull(timestamp, at) LIMIT 1",
    )?
    .query_row(params![history, from.0], |r| r.get(0).map(UnixMs))
    .optional()
}

/// Computes a roll-up from the blocks; none where there are none.
pub(super) fn compute(
    conn: &Connection,
    history: i64,
    start: UnixMs,
    span: Span,
) -> rusqlite::Result<Option<Roll>> {
    let mut statement = conn.prepare_cached(
        "SELECT number, hash, parent, timestamp, lag, missed FROM block
         WHERE history = ?1 AND ifnull(timestamp, at) >= ?2 AND ifnull(timestamp, at) < ?3
         ORDER BY number DESC, seq DESC",
    )?;
    let mut rows = statement.query(params![history, start.0, start.plus(span.ms()).0])?;
    let mut sum = Sum::default();
    let mut siblings: Vec<Brief> = Vec::new();
    while let Some(row) = rows.next()? {
        // A damaged row is left out.
        let Some(brief) = read_brief(row) else { continue };
        if siblings.first().is_some_and(|s| s.number != brief.number) {
            sum.add(&siblings);
            siblings.clear();
        }
        siblings.push(brief);
    }
    sum.add(&siblings);
    Ok(sum.finish(start))
}

/// What a roll-up needs of a block.
struct Brief {
    number: u64,
    hash: Hash,
    parent: Hash,
    timestamp: Option<UnixMs>,
    lag: Option<u64>,
    missed: u64,
}

fn read_brief(row: &Row<'_>) -> Option<Brief> {
    let missed: Vec<(u64, Option<i64>)> = match row.get_ref("missed").ok()?.as_str_or_null().ok()? {
        Some(json) => serde_json::from_str(json).ok()?,
        None => Vec::new(),
    };
    Some(Brief {
        number: nat(row.get("number").ok()?)?,
        hash: Hash(row.get("hash").ok()?),
        parent: Hash(row.get("parent").ok()?),
        timestamp: row.get::<_, Option<i64>>("timestamp").ok()?.map(UnixMs),
        lag: row.get::<_, Option<i64>>("lag").ok()?.and_then(nat),
        missed: u64::try_from(missed.len()).ok()?,
    })
}

/// A roll-up in the making; blocks come newest first.
#[derive(Default)]
struct Sum {
    blocks: u64,
    missed: u64,
    max_lag: Option<u64>,
    intervals: Vec<u64>,
    /// Parent and timestamp of the block before, which is the next newer one.
    newer: Option<(Hash, Option<UnixMs>)>,
}

impl Sum {
    /// Takes the blocks of one height, the one seen last first: of forks only the one that the chain went on from.
    fn add(&mut self, siblings: &[Brief]) {
        let parent = self.newer.map(|(parent, _)| parent);
        let on_chain = siblings.iter().find(|b| Some(b.hash) == parent);
        let Some(block) = on_chain.or(siblings.first()) else { return };
        self.blocks = self.blocks.saturating_add(1);
        self.missed = self.missed.saturating_add(block.missed);
        self.max_lag = self.max_lag.max(block.lag);
        if let (Some(_), Some((_, Some(newer))), Some(own)) = (on_chain, self.newer, block.timestamp) {
            self.intervals.push(newer.since(own));
        }
        self.newer = Some((block.parent, block.timestamp));
    }

    fn finish(mut self, start: UnixMs) -> Option<Roll> {
        if self.blocks == 0 {
            return None;
        }
        self.intervals.sort_unstable();
        let at = |percent: usize| {
            let last = self.intervals.len().checked_sub(1)?;
            self.intervals.get((last * percent).div_ceil(100)).copied()
        };
        Some(Roll {
            start,
            blocks: self.blocks,
            p50_ms: at(50),
            p95_ms: at(95),
            missed: self.missed,
            max_lag: self.max_lag,
        })
    }
}

fn read_roll(row: &Row<'_>) -> rusqlite::Result<Option<Roll>> {
    let maybe = |n: Option<i64>| n.and_then(nat);
    let (Some(blocks), Some(missed)) = (nat(row.get(1)?), nat(row.get(4)?)) else { return Ok(None) };
    Ok(Some(Roll {
        start: UnixMs(row.get(0)?),
        blocks,
        p50_ms: maybe(row.get(2)?),
        p95_ms: maybe(row.get(3)?),
        missed,
        max_lag: maybe(row.get(5)?),
    }))
}
