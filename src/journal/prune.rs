//! Upkeep: rolls up complete hours and days, then deletes what is too old, in small steps.
//!
//! In: a moment. Out: fewer rows. Blocks stay 7 days; sessions and what validators did in them, hours, edges and
//! acknowledgements 400 days; days for ever. A block goes only when its day is rolled up.

use super::history::{Span, compute, first_block_from, rolled_until};
use super::rows::int;
use super::{Journal, JournalError, Place};
use crate::domain::UnixMs;
use rusqlite::{Connection, TransactionBehavior, params};

/// Blocks are kept for so many milliseconds.
const BLOCKS_MS: u64 = 7 * 86_400_000;
/// The same for a journal in memory; with the day that is not rolled up yet it holds 26 hours, about 21 MB.
const MEMORY_BLOCKS_MS: u64 = 3 * 3_600_000;
/// Sessions, hourly roll-ups, upgrades and acknowledgements are kept for so many milliseconds.
const LONG_MS: u64 = 400 * 86_400_000;
/// An hour or day is rolled up so many milliseconds after its end: back-fill may still bring blocks.
const SETTLE_MS: u64 = 2 * 3_600_000;
/// Rows deleted of one table and chain in one step.
const STEP: i64 = 500;
/// Hours or days rolled up of one chain in one step.
const ROLLS: usize = 24;

impl Journal {
    /// One small step of upkeep: at most 24 roll-ups and 500 deleted blocks per chain, each chain in its own short
    /// transaction. Call it about once a minute. True where more is left to do. Does nothing for a reader.
    ///
    /// # Errors
    /// Where the disk fails; nothing is lost then and the next call goes on.
    pub fn maintain(&mut self, now: UnixMs) -> Result<bool, JournalError> {
        self.now = self.now.max(now);
        let (conn, keep_ms) = match &mut self.place {
            Place::Disk { conn, .. } => (conn, BLOCKS_MS),
            Place::Memory { conn: Some(conn) } => (conn, MEMORY_BLOCKS_MS),
            Place::Memory { conn: None } | Place::Reader => return Ok(false),
        };
        step(conn, keep_ms, now).map_err(|e| self.report("Tidying up", &e))
    }
}

fn step(conn: &mut Connection, keep_ms: u64, now: UnixMs) -> rusqlite::Result<bool> {
    let all: Vec<(i64, bool)> = conn
        .prepare_cached(
            "SELECT id, turn = (SELECT max(turn) FROM history WHERE network = h.network AND chain = h.chain)
             FROM history AS h",
        )?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut more = false;
    for (history, is_newest) in all {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        more |= roll_up(&tx, history, Span::Hour, now)?;
        more |= roll_up(&tx, history, Span::Day, now)?;
        more |= delete_blocks(&tx, history, now.minus(keep_ms))?;
        delete_old_facts(&tx, history, now)?;
        if !is_newest && first_block_from(&tx, history, UnixMs(i64::MIN))?.is_none() {
            tx.execute("DELETE FROM level WHERE history = ?1", [history])?;
            tx.execute("DELETE FROM finalized WHERE history = ?1", [history])?;
        }
        tx.commit()?;
    }
    conn.execute("DELETE FROM ack WHERE at < ?1", [now.minus(LONG_MS).0])?;
    Ok(more)
}

fn roll_up(conn: &Connection, history: i64, span: Span, now: UnixMs) -> rusqlite::Result<bool> {
    for _ in 0..ROLLS {
        let from = rolled_until(conn, history, span)?.unwrap_or(UnixMs(i64::MIN));
        let Some(start) = first_block_from(conn, history, from)?.map(|at| span.start(at)) else {
            return Ok(false);
        };
        if now.0 < start.plus(span.ms()).plus(SETTLE_MS).0 {
            return Ok(false);
        }
        let Some(roll) = compute(conn, history, start, span)? else { return Ok(false) };
        conn.prepare_cached("INSERT OR REPLACE INTO roll VALUES (?1,?2,?3,?4,?5,?6,?7,?8)")?.execute(
            params![
                history,
                int(span.ms()),
                start.0,
                int(roll.blocks),
                roll.p50_ms.map(int),
                roll.p95_ms.map(int),
                int(roll.missed),
                roll.max_lag.map(int)
            ],
        )?;
    }
    Ok(true)
}

fn delete_blocks(conn: &Connection, history: i64, before: UnixMs) -> rusqlite::Result<bool> {
    let hours = rolled_until(conn, history, Span::Hour)?;
    let days = rolled_until(conn, history, Span::Day)?;
    let Some(rolled) = hours.zip(days).map(|(h, d)| h.min(d)) else { return Ok(false) };
    let before = before.min(rolled);
    let gone = conn
        .prepare_cached(
            "DELETE FROM block WHERE (history, number, hash) IN
             (SELECT history, number, hash FROM block WHERE history = ?1 AND ifnull(timestamp, at) < ?2
              ORDER BY ifnull(timestamp, at) LIMIT ?3)",
        )?
        .execute(params![history, before.0, STEP])?;
    Ok(i64::try_from(gone).is_ok_and(|n| n >= STEP))
}

fn delete_old_facts(conn: &Connection, history: i64, now: UnixMs) -> rusqlite::Result<()> {
    let short = now.minus(BLOCKS_MS).0;
    let long = now.minus(LONG_MS).0;
    conn.prepare_cached(
        "DELETE FROM session WHERE history = ?1 AND idx IN
         (SELECT idx FROM session WHERE history = ?1 AND at < ?2 ORDER BY idx LIMIT ?3)",
    )?
    .execute(params![history, long, STEP])?;
    conn.prepare_cached(
        "DELETE FROM record WHERE rowid IN
         (SELECT rowid FROM record WHERE history = ?1 AND ended < ?2 ORDER BY ended LIMIT ?3)",
    )?
    .execute(params![history, long, STEP])?;
    conn.prepare_cached("DELETE FROM roll WHERE history = ?1 AND span = ?2 AND start < ?3")?
        .execute(params![history, int(Span::Hour.ms()), long])?;
    for (kind, before) in [("gap", short), ("conflict", short), ("runtime", long)] {
        conn.prepare_cached(
            "DELETE FROM edge WHERE seq IN (SELECT seq FROM edge WHERE history = ?1 AND kind = ?2 AND at < ?3
             ORDER BY seq LIMIT ?4)",
        )?
        .execute(params![history, kind, before, STEP])?;
    }
    Ok(())
}
