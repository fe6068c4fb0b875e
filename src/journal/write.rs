//! Writing: one transaction for each batch of observations.
//!
//! In: observations in the order of arrival. Out: rows. Level facts overwrite their row and only when they changed
//! (or every 30 s, to move their age); blocks, sessions and edges are added; facts about connections are dropped.

use super::rows::{Accounts, Place, int, put_block};
use super::{Journal, JournalError, open, sessions};
use crate::domain::gov::ledger::Parameters;
use crate::domain::{Block, ChainId, Fact, Identity, Observation, UnixMs};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, VecDeque};

/// An unchanged level fact is written again after this many milliseconds, for its age.
const REFRESH_MS: u64 = 30_000;
/// Facts of one chain that wait for its identity.
const MAX_WAITING: usize = 256;
/// Level facts remembered; chains, sections and paras together stay far below it.
const MAX_LEVELS: usize = 65_536;

/// A level fact as it was last seen.
struct Level {
    seen: Observation,
    /// `at` of the row on disk; none where the row does not hold this value.
    stored: Option<UnixMs>,
}

/// What the writer knows of this run.
#[derive(Default)]
pub(super) struct Writing {
    levels: BTreeMap<(ChainId, String), Level>,
    /// The history each chain writes to, from its identity on.
    current: BTreeMap<ChainId, i64>,
    /// Facts that came before the identity of their chain.
    waiting: BTreeMap<ChainId, VecDeque<Observation>>,
    /// Newest finalized number by history.
    finalized: BTreeMap<i64, u64>,
    accounts: Accounts,
    seq: i64,
    /// True where some level has no row.
    owing: bool,
}

impl Writing {
    /// Forgets what is on disk and returns the level facts to be written there, identities first.
    pub(super) fn start_over(&mut self) -> Vec<Observation> {
        let levels = std::mem::take(&mut self.levels);
        let waiting = std::mem::take(&mut self.waiting);
        *self = Self { waiting, ..Self::default() };
        let mut seeds: Vec<Observation> = levels.into_values().map(|l| l.seen).collect();
        seeds.sort_by_key(|s| (!matches!(s.fact, Fact::Identity(_)), s.at));
        seeds
    }

    /// What a reader remembers, to write it should it become the writer.
    fn remember(&mut self, seen: &Observation) {
        let Some(key) = journaled_key(&seen.fact) else { return };
        let place = (seen.chain.clone(), key);
        if self.levels.get(&place).is_some_and(|l| is_older(&seen.fact, &l.seen.fact)) {
            return;
        }
        if self.levels.len() < MAX_LEVELS || self.levels.contains_key(&place) {
            self.levels.insert(place, Level { seen: seen.clone(), stored: None });
        }
    }

    /// Level facts that should be on disk and are not, identities first.
    fn owed(&mut self) -> Vec<Observation> {
        if !std::mem::take(&mut self.owing) {
            return Vec::new();
        }
        let missing = self.levels.values().filter(|l| l.stored.is_none());
        let mut owed: Vec<Observation> = missing.map(|l| l.seen.clone()).collect();
        owed.sort_by_key(|s| (!matches!(s.fact, Fact::Identity(_)), s.at));
        owed
    }

    /// After a transaction that was rolled back: nothing that it wrote is on disk.
    fn forget_transaction(&mut self) {
        for level in self.levels.values_mut() {
            level.stored = None;
        }
        self.owing = true;
        self.current.clear();
        self.finalized.clear();
        self.accounts.clear();
    }
}

/// The level key of facts that are kept; none for edges and for facts about connections.
fn journaled_key(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Link(_) | Fact::Latency(_) | Fact::PeerBest(_) | Fact::PeerFinalized(_) | Fact::Source => None,
        Fact::Runtime { .. } => Some("runtime".to_owned()),
        other => other.level_key(),
    }
}

/// True for a set of validators of an earlier session than the one known: blocks that fill a gap bring the set of their
/// session, too, and it says nothing about now.
fn is_older(new: &Fact, known: &Fact) -> bool {
    matches!((new, known), (Fact::Validators(new), Fact::Validators(known)) if new.session < known.session)
}

impl Journal {
    /// Writes a batch in one transaction: all of it or nothing. A reader only remembers what it would write as the
    /// writer. Batch about once a second or every 256 facts.
    ///
    /// # Errors
    /// Where the disk is full or fails: the batch is lost, save for the level facts, which come back with a later
    /// one. Damage of the file is not an error: it is quarantined, see [`Journal::take_notices`].
    pub fn write(&mut self, batch: &[Observation]) -> Result<(), JournalError> {
        if let Some(newest) = batch.iter().map(|o| o.at).max() {
            self.now = self.now.max(newest);
        }
        if matches!(self.place, super::Place::Reader) {
            batch.iter().for_each(|seen| self.writing.remember(seen));
            return Ok(());
        }
        match self.write_once(batch) {
            Ok(()) => Ok(()),
            Err(e) if open::is_damage(&e) => {
                self.damaged(&e.to_string());
                self.write_once(batch).map_err(|e| self.report("Writing", &e))
            }
            Err(e) => Err(self.report("Writing", &e)),
        }
    }

    pub(super) fn write_once(&mut self, batch: &[Observation]) -> rusqlite::Result<()> {
        let (super::Place::Disk { conn, .. } | super::Place::Memory { conn: Some(conn) }) = &mut self.place
        else {
            return Ok(());
        };
        let done = write_batch(conn, &mut self.writing, &self.network, batch);
        if done.is_err() {
            self.writing.forget_transaction();
        }
        done
    }
}

fn write_batch(
    conn: &mut Connection,
    writing: &mut Writing,
    network: &str,
    batch: &[Observation],
) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    writing.seq = tx.query_row("SELECT value FROM meta WHERE key = 'seq'", [], |r| r.get(0))?;
    let owed = writing.owed();
    let mut rows = Rows { tx: &tx, writing, network };
    for seen in owed.iter().chain(batch) {
        rows.put(seen)?;
    }
    tx.execute("UPDATE meta SET value = ?1 WHERE key = 'seq'", [writing.seq])?;
    tx.commit()
}

/// The rows of one transaction.
struct Rows<'a> {
    tx: &'a Transaction<'a>,
    writing: &'a mut Writing,
    network: &'a str,
}

impl Rows<'_> {
    fn put(&mut self, seen: &Observation) -> rusqlite::Result<()> {
        let key = journaled_key(&seen.fact);
        if key.is_none() && seen.fact.level_key().is_some() {
            return Ok(());
        }
        if let Fact::Identity(identity) = &seen.fact {
            let history = self.identify(seen, identity)?;
            self.put_level(history, "identity", seen)?;
            let waiting = self.writing.waiting.remove(&seen.chain).unwrap_or_default();
            return waiting.iter().try_for_each(|w| self.put_into(history, w));
        }
        match self.writing.current.get(&seen.chain) {
            Some(history) => self.put_into(*history, seen),
            None => {
                let waiting = self.writing.waiting.entry(seen.chain.clone()).or_default();
                waiting.push_back(seen.clone());
                while waiting.len() > MAX_WAITING {
                    waiting.pop_front();
                }
                Ok(())
            }
        }
    }

    fn put_into(&mut self, history: i64, seen: &Observation) -> rusqlite::Result<()> {
        match &seen.fact {
            Fact::Best(block) => self.put_block(history, seen, block, true),
            Fact::Filled(block) => self.put_block(history, seen, block, false),
            Fact::Finalized { at, parent } => {
                let seq = self.next();
                self.tx
                    .prepare_cached("INSERT OR REPLACE INTO finalized VALUES (?1,?2,?3,?4,?5,?6,?7)")?
                    .execute(params![
                        history,
                        seen.endpoint.as_ref().map(|e| e.as_str()),
                        seen.at.0,
                        seq,
                        int(at.number),
                        at.hash.0,
                        parent.0
                    ])?;
                self.writing.finalized.insert(history, at.number);
                Ok(())
            }
            Fact::SessionRecord(record) => {
                let seq = self.next();
                sessions::put(self.tx, &mut self.writing.accounts, (history, seq), seen.at, record)
            }
            Fact::Gap { .. } => self.put_edge(history, "gap", seen),
            Fact::Conflict { .. } => self.put_edge(history, "conflict", seen),
            Fact::Sudo(_) => self.put_edge(history, "sudo", seen),
            Fact::Parameters(set) => self.put_parameters(history, seen, set),
            Fact::Runtime { version, since, upgraded: true } => {
                let level = |key: &str| self.writing.levels.get(&(seen.chain.clone(), key.to_owned()));
                let before = level("unread/runtime").or_else(|| level("runtime"));
                if let Some(old) = before.map(|l| l.seen.clone()) {
                    self.put_edge(history, "runtime", &Observation { at: seen.at, ..old })?;
                }
                self.put_edge(history, "runtime", seen)?;
                let fact = Fact::Runtime { version: version.clone(), since: *since, upgraded: false };
                self.put_level(history, "runtime", &Observation { fact, ..seen.clone() })
            }
            Fact::Session { session, .. } => {
                self.put_session(history, session.index, seen)?;
                self.put_level(history, "session", seen)
            }
            other => match journaled_key(other) {
                Some(key) => self.put_level(history, &key, seen),
                None => Ok(()),
            },
        }
    }

    fn put_block(
        &mut self,
        history: i64,
        seen: &Observation,
        block: &Block,
        best: bool,
    ) -> rusqlite::Result<()> {
        let finalized = self.writing.finalized.get(&history).filter(|_| best);
        let lag = finalized.map(|f| block.at.number.saturating_sub(*f));
        let place = Place { history, at: seen.at, seq: self.next(), best, lag };
        put_block(self.tx, &mut self.writing.accounts, &place, block)
    }

    /// Writes a level fact where it differs from its row or the row is old. What answers a section takes away the
    /// row that says why the section was not read.
    fn put_level(&mut self, history: i64, key: &str, seen: &Observation) -> rusqlite::Result<()> {
        let place = (seen.chain.clone(), key.to_owned());
        if let Some(level) = self.writing.levels.get(&place) {
            if is_older(&seen.fact, &level.seen.fact) {
                return Ok(());
            }
            let same = level.seen.fact == seen.fact && level.seen.endpoint == seen.endpoint;
            if same && level.stored.is_some_and(|at| seen.at.since(at) < REFRESH_MS) {
                return Ok(());
            }
        } else if self.writing.levels.len() >= MAX_LEVELS {
            return Ok(());
        }
        let seq = self.next();
        self.tx.prepare_cached("INSERT OR REPLACE INTO level VALUES (?1,?2,?3,?4,?5,?6)")?.execute(
            params![
                history,
                key,
                seen.endpoint.as_ref().map(|e| e.as_str()),
                seen.at.0,
                seq,
                json(&seen.fact)?
            ],
        )?;
        self.writing.levels.insert(place, Level { seen: seen.clone(), stored: Some(seen.at) });
        let unread = format!("unread/{key}");
        self.writing.levels.remove(&(seen.chain.clone(), unread.clone()));
        self.tx
            .prepare_cached("DELETE FROM level WHERE history = ?1 AND key = ?2")?
            .execute(params![history, unread])?;
        Ok(())
    }

    fn put_session(&mut self, history: i64, index: u32, seen: &Observation) -> rusqlite::Result<()> {
        let known = self.writing.levels.get(&(seen.chain.clone(), "session".to_owned()));
        if matches!(known.map(|l| &l.seen.fact), Some(Fact::Session { session, .. }) if session.index == index)
            && known.is_some_and(|l| l.stored.is_some())
        {
            return Ok(());
        }
        let seq = self.next();
        self.tx.prepare_cached("INSERT OR IGNORE INTO session VALUES (?1,?2,?3,?4,?5)")?.execute(params![
            history,
            index,
            seen.at.0,
            seq,
            json(&seen.fact)?
        ])?;
        Ok(())
    }

    fn put_edge(&mut self, history: i64, kind: &str, seen: &Observation) -> rusqlite::Result<()> {
        let seq = self.next();
        self.tx.prepare_cached("INSERT INTO edge VALUES (?1,?2,?3,?4,?5,?6)")?.execute(params![
            seq,
            history,
            kind,
            seen.endpoint.as_ref().map(|e| e.as_str()),
            seen.at.0,
            json(&seen.fact)?
        ])?;
        Ok(())
    }

    /// Writes the parameters where they are others than those written last: the ledger is what follows from all of them.
    fn put_parameters(&mut self, history: i64, seen: &Observation, set: &Parameters) -> rusqlite::Result<()> {
        let last: Option<String> = self
            .tx
            .prepare_cached(
                "SELECT fact FROM edge WHERE history = ?1 AND kind = 'parameters' ORDER BY seq DESC LIMIT 1",
            )?
            .query_row([history], |r| r.get(0))
            .optional()?;
        let same = last.and_then(|text| serde_json::from_str(&text).ok()).is_some_and(|fact| {
            matches!(fact, Fact::Parameters(old) if old.values == set.values && old.unread == set.unread)
        });
        if same { Ok(()) } else { self.put_edge(history, "parameters", seen) }
    }

    /// The history of this identity: the one it continues, or a new one.
    fn identify(&mut self, seen: &Observation, identity: &Identity) -> rusqlite::Result<i64> {
        let newest: Option<(i64, i64)> = self
            .tx
            .prepare_cached(
                "SELECT id, turn FROM history WHERE network = ?1 AND chain = ?2 ORDER BY turn DESC LIMIT 1",
            )?
            .query_row(params![self.network, seen.chain.as_str()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let first = identity.first_block.map(|h| h.0);
        let same: Option<i64> = self
            .tx
            .prepare_cached(
                "SELECT id FROM history WHERE network = ?1 AND chain = ?2 AND genesis = ?3
                 AND (first_block IS NULL OR ?4 IS NULL OR first_block = ?4) ORDER BY turn DESC LIMIT 1",
            )?
            .query_row(params![self.network, seen.chain.as_str(), identity.genesis.0, first], |r| r.get(0))
            .optional()?;
        let turn = newest.map_or(0, |(_, turn)| turn).saturating_add(1);
        let id = match same {
            Some(id) => {
                let turn = if newest.is_some_and(|(n, _)| n == id) { turn.saturating_sub(1) } else { turn };
                self.tx
                    .prepare_cached(
                        "UPDATE history SET turn = ?2, first_block = ifnull(first_block, ?3) WHERE id = ?1",
                    )?
                    .execute(params![id, turn, first])?;
                id
            }
            None => {
                self.tx.execute(
                    "INSERT INTO history (network, chain, genesis, first_block, turn, opened_at)
                     VALUES (?1,?2,?3,?4,?5,?6)",
                    params![self.network, seen.chain.as_str(), identity.genesis.0, first, turn, seen.at.0],
                )?;
                self.tx.last_insert_rowid()
            }
        };
        if self.writing.current.insert(seen.chain.clone(), id).is_some_and(|before| before != id) {
            self.writing.levels.retain(|(chain, _), _| *chain != seen.chain);
        }
        Ok(id)
    }

    fn next(&mut self) -> i64 {
        self.writing.seq = self.writing.seq.saturating_add(1);
        self.writing.seq
    }
}

fn json(fact: &Fact) -> rusqlite::Result<String> {
    serde_json::to_string(fact).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}
