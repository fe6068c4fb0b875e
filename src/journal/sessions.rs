//! Session records as compact rows: what every validator did in a session, kept 400 days.
//!
//! In: [`SessionRecord`]s and rows of the table `record`. Out: the other, the newest before the first paint and the rest
//! after it, or a period one by one. Must not judge what it reads.

mod body;

use super::rows::{Accounts, int};
use super::{Journal, JournalError, load};
use crate::domain::{ChainId, Fact, Identity, Observation, SessionRecord, UnixMs};
pub(super) use body::Numbered;
use body::{decode, encode};
use rusqlite::{Connection, Row, Transaction, params};

/// Sessions that are restored before the first paint.
pub(super) const AT_ONCE: usize = 48;
/// Sessions that are restored at all; the store keeps no more.
pub(super) const ALL: usize = crate::domain::store::validators::PAST;

/// Writes a session. A row that tells more of it stays: one that is complete, or one that another run began earlier and
/// that has more blocks.
pub(super) fn put(
    tx: &Transaction<'_>,
    accounts: &mut Accounts,
    (history, seq): (i64, i64),
    at: UnixMs,
    record: &SessionRecord,
) -> rusqlite::Result<()> {
    let body = encode(record, |account| accounts.id(tx, account))?;
    tx.prepare_cached(
        "INSERT INTO record (history, session, at, seq, ended, first, blocks, complete, body)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT (history, session) DO UPDATE SET
         at = excluded.at, seq = excluded.seq, ended = excluded.ended, first = excluded.first,
         blocks = excluded.blocks, complete = excluded.complete, body = excluded.body
         WHERE excluded.complete >= complete AND (excluded.blocks >= blocks OR excluded.first <= first)",
    )?
    .execute(params![
        history,
        record.session,
        at.0,
        seq,
        record.ended.unwrap_or(at).0,
        int(record.first_block),
        record.blocks,
        record.complete,
        body
    ])?;
    Ok(())
}

/// Columns that [`read`] expects.
const COLUMNS: &str = "session, at, seq, body";

fn read(row: &Row<'_>, accounts: &Numbered) -> Option<(i64, UnixMs, SessionRecord)> {
    let body = row.get_ref("body").ok()?.as_blob().ok()?;
    let record = decode(row.get("session").ok()?, body, accounts)?;
    Some((row.get("seq").ok()?, UnixMs(row.get("at").ok()?), record))
}

/// False in a file of the first schema, which a reader may meet.
fn has_records(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'record'")?.exists([])
}

/// Sessions of a history, newest first: `skip` are left out, then at most `most` are read. Returns how many rows are
/// damaged.
pub(super) fn load(
    conn: &Connection,
    (history, chain): (i64, &ChainId),
    accounts: &Numbered,
    (skip, most): (usize, usize),
    rows: &mut Vec<(i64, Observation)>,
) -> rusqlite::Result<usize> {
    if !has_records(conn)? {
        return Ok(0);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM record WHERE history = ?1 ORDER BY session DESC LIMIT {most} OFFSET {skip}"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found = statement.query([history])?;
    let mut damaged: usize = 0;
    while let Some(row) = found.next()? {
        match read(row, accounts) {
            Some((seq, at, record)) => {
                let fact = Fact::SessionRecord(Box::new(record));
                rows.push((seq, Observation { at, chain: chain.clone(), endpoint: None, fact }));
            }
            None => damaged = damaged.saturating_add(1),
        }
    }
    Ok(damaged)
}

/// What the journal knows of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Who the chain is; none where the journal knows nothing of it.
    pub identity: Option<Identity>,
    /// Sessions whose row is damaged: left out.
    pub damaged: usize,
}

impl Journal {
    /// The sessions that [`Journal::load`] left for after the first paint, to be restored likewise; oldest first.
    #[must_use]
    pub fn older_sessions(&mut self) -> Vec<Observation> {
        let read = self.read(|conn| {
            let tx = conn.unchecked_transaction()?;
            let accounts = load::numbered(&tx)?;
            let (mut rows, mut damaged) = (Vec::new(), 0);
            for (history, chain) in load::histories(&tx, &self.network)? {
                damaged += load(&tx, (history, &chain), &accounts, (AT_ONCE, ALL - AT_ONCE), &mut rows)?;
            }
            Ok((rows, damaged))
        });
        let (rows, damaged) = match read {
            Ok(found) => found.unwrap_or_default(),
            Err(e) => {
                let error = self.report("Reading sessions", &e);
                self.note(&error.to_string());
                return Vec::new();
            }
        };
        self.note_damaged(damaged);
        rows.into_iter().rev().map(|(_, seen)| seen).collect()
    }

    /// True where the session stands in the chain's newest history, seen from its first block to its last.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn has_whole_session(&mut self, chain: &ChainId, session: u32) -> Result<bool, JournalError> {
        let read = self.read(|conn| {
            let known = load::histories(conn, &self.network)?;
            let Some((history, _)) = known.into_iter().find(|(_, c)| c == chain) else { return Ok(false) };
            conn.prepare_cached("SELECT 1 FROM record WHERE history = ?1 AND session = ?2 AND complete = 1")?
                .exists(params![history, session])
        });
        read.map(|found| found == Some(true)).map_err(|e| self.report("Reading a session", &e))
    }

    /// Hands the sessions of the chain's newest history that ended in `from..to` to `each`, by their number, one by one:
    /// a quarter never lies in memory as a whole.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn sessions(
        &mut self,
        chain: &ChainId,
        (from, to): (UnixMs, UnixMs),
        mut each: impl FnMut(&SessionRecord),
    ) -> Result<Kept, JournalError> {
        let read = self.read(|conn| {
            let tx = conn.unchecked_transaction()?;
            let mut kept = Kept { identity: None, damaged: 0 };
            let known = load::histories(&tx, &self.network)?;
            let Some((history, _)) = known.into_iter().find(|(_, c)| c == chain) else { return Ok(kept) };
            kept.identity = load::identity(&tx, history)?;
            if !has_records(&tx)? {
                return Ok(kept);
            }
            let accounts = load::numbered(&tx)?;
            let sql = format!(
                "SELECT {COLUMNS} FROM record WHERE history = ?1 AND ended >= ?2 AND ended < ?3 ORDER BY session"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query(params![history, from.0, to.0])?;
            while let Some(row) = rows.next()? {
                match read(row, &accounts) {
                    Some((_, _, record)) => each(&record),
                    None => kept.damaged = kept.damaged.saturating_add(1),
                }
            }
            Ok(kept)
        });
        let nothing = Kept { identity: None, damaged: 0 };
        read.map(|kept| kept.unwrap_or(nothing)).map_err(|e| self.report("Reading sessions", &e))
    }
}
