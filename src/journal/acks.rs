//! Acknowledgements and pinned genesis hashes: the few rows that a person would miss.
//!
//! In: who acknowledged what, and when. Out: the same after a restart. These writes reach the disk before they
//! return (`synchronous = FULL`).

use super::rows::int;
use super::{Journal, JournalError};
use crate::domain::{AlertId, ChainId, Hash, UnixMs};
use rusqlite::{Connection, OptionalExtension, params};

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Id of the alert, as text (`AlertId::as_str`).
    pub alert: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: UnixMs,
}

/// Longest name of a person kept, in bytes of UTF-8; the rest is cut.
const MAX_NAME: usize = 128;
/// Acknowledgements kept; the oldest go.
const MAX_ACKS: u64 = 10_000;

impl Journal {
    /// All acknowledgements, oldest first; empty where they cannot be read.
    #[must_use]
    pub fn acks(&mut self) -> Vec<Ack> {
        let read = self.read(|conn| {
            conn.prepare_cached("SELECT alert, by, at FROM ack ORDER BY at, alert")?
                .query_map([], |r| Ok(Ack { alert: r.get(0)?, by: r.get(1)?, at: UnixMs(r.get(2)?) }))?
                .collect::<rusqlite::Result<Vec<_>>>()
        });
        match read {
            Ok(acks) => acks.unwrap_or_default(),
            Err(e) => {
                let error = self.report("Reading acknowledgements", &e);
                self.note(&error.to_string());
                Vec::new()
            }
        }
    }

    /// Remembers that `by` acknowledged `alert`; a later one replaces it.
    ///
    /// # Errors
    /// For a reader, and where the disk fails.
    pub fn save_ack(&mut self, alert: &AlertId, by: &str, at: UnixMs) -> Result<(), JournalError> {
        let by: String = by.chars().take(MAX_NAME / 4).collect();
        self.durably("Saving an acknowledgement", |conn| {
            conn.execute(
                "INSERT OR REPLACE INTO ack (alert, by, at) VALUES (?1, ?2, ?3)",
                params![alert.as_str(), by, at.0],
            )?;
            conn.execute(
                "DELETE FROM ack WHERE alert IN (SELECT alert FROM ack ORDER BY at DESC LIMIT -1 OFFSET ?1)",
                [int(MAX_ACKS)],
            )
        })?;
        Ok(())
    }

    /// Takes an acknowledgement back; also for alerts that are over. True where there was one.
    ///
    /// # Errors
    /// For a reader, and where the disk fails.
    pub fn clear_ack(&mut self, alert: &AlertId) -> Result<bool, JournalError> {
        let gone = self.durably("Taking back an acknowledgement", |conn| {
            conn.execute("DELETE FROM ack WHERE alert = ?1", [alert.as_str()])
        })?;
        Ok(gone > 0)
    }

    /// Pins the genesis hash of a chain at first contact and returns the one that is pinned: an earlier pin stays.
    ///
    /// # Errors
    /// For a reader, and where the disk fails.
    pub fn pin_genesis(&mut self, chain: &ChainId, genesis: Hash) -> Result<Hash, JournalError> {
        self.durably("Pinning a genesis hash", |conn| {
            conn.execute("INSERT OR IGNORE INTO pin VALUES (?1, ?2)", params![chain.as_str(), genesis.0])?;
            read_pin(conn, chain)
        })
        .map(|pinned| pinned.unwrap_or(genesis))
    }

    /// Pins another genesis hash in place of the one that is pinned: the operator says that the chain was restarted.
    ///
    /// # Errors
    /// For a reader, and where the disk fails.
    pub fn accept_genesis(&mut self, chain: &ChainId, genesis: Hash) -> Result<(), JournalError> {
        self.durably("Accepting a genesis hash", |conn| {
            conn.execute("INSERT OR REPLACE INTO pin VALUES (?1, ?2)", params![chain.as_str(), genesis.0])
        })
        .map(|_| ())
    }

    /// The pinned genesis hash of a chain; none before the first contact, or where it cannot be read.
    #[must_use]
    pub fn pinned_genesis(&mut self, chain: &ChainId) -> Option<Hash> {
        match self.read(|conn| read_pin(conn, chain)) {
            Ok(pin) => pin.flatten(),
            Err(e) => {
                let error = self.report("Reading a pinned genesis hash", &e);
                self.note(&error.to_string());
                None
            }
        }
    }

    /// Runs a write that has reached the disk when it returns.
    fn durably<T: Default>(
        &mut self,
        what: &'static str,
        run: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let Some(conn) = self.writable(what)? else { return Ok(T::default()) };
        let full = |conn: &Connection| {
            conn.pragma_update(None, "synchronous", "full")?;
            let done = run(conn);
            conn.pragma_update(None, "synchronous", "normal")?;
            done
        };
        full(conn).map_err(|e| self.report(what, &e))
    }
}

fn read_pin(conn: &Connection, chain: &ChainId) -> rusqlite::Result<Option<Hash>> {
    conn.prepare_cached("SELECT genesis FROM pin WHERE chain = ?1")?
        .query_row([chain.as_str()], |r| r.get(0).map(Hash))
        .optional()
}
