//! Tables of the journal and the steps from one schema to the next.
//!
//! In: nothing. Out: migrations for `open`. A step that has shipped is never edited: append a new one.

use rusqlite_migration::{M, Migrations};

/// `PRAGMA application_id`: `sere` in ASCII. Tells our file from any other SQLite file.
pub(super) const APPLICATION_ID: i32 = 0x7365_7265;

/// The schema that this program writes (`PRAGMA user_version`).
pub(super) const LATEST: i64 = 2;

/// Tables small enough to be checked at every start; `block` and `record` are checked later by `Journal::check`.
pub(super) const SMALL: [&str; 9] =
    ["history", "level", "finalized", "session", "edge", "account", "ack", "pin", "roll"];

/// The first schema.
const V1: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('seq', 0);

-- One row for each bed of a chain; `turn` grows whenever the chain is seen on another bed.
CREATE TABLE history (
    id INTEGER PRIMARY KEY, network TEXT NOT NULL, chain TEXT NOT NULL, genesis BLOB NOT NULL,
    first_block BLOB, turn INTEGER NOT NULL, opened_at INTEGER NOT NULL) STRICT;
CREATE INDEX history_chain ON history (network, chain, turn);

-- The last value of each level fact.
CREATE TABLE level (
    history INTEGER NOT NULL, key TEXT NOT NULL, endpoint TEXT, at INTEGER NOT NULL, seq INTEGER NOT NULL,
    fact TEXT NOT NULL, PRIMARY KEY (history, key)) STRICT, WITHOUT ROWID;

CREATE TABLE finalized (
    history INTEGER PRIMARY KEY, endpoint TEXT, at INTEGER NOT NULL, seq INTEGER NOT NULL,
    number INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL) STRICT;

-- `missed` is [[slot, account|null], …]; `more` is candidates, events and what could not be decoded.
CREATE TABLE block (
    history INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,
    at INTEGER NOT NULL, seq INTEGER NOT NULL, best INTEGER NOT NULL, timestamp INTEGER, slot INTEGER,
    author INTEGER, transactions INTEGER, event_count INTEGER, lag INTEGER, missed TEXT, more TEXT,
    PRIMARY KEY (history, number, hash)) STRICT, WITHOUT ROWID;
CREATE INDEX block_time ON block (history, ifnull(timestamp, at));

CREATE TABLE account (id INTEGER PRIMARY KEY, account BLOB NOT NULL UNIQUE) STRICT;

-- The first sight of each session.
CREATE TABLE session (
    history INTEGER NOT NULL, idx INTEGER NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
    fact TEXT NOT NULL, PRIMARY KEY (history, idx)) STRICT, WITHOUT ROWID;

-- Facts that each count and are rare: upgrades, gaps, conflicts.
CREATE TABLE edge (
    seq INTEGER PRIMARY KEY, history INTEGER NOT NULL, kind TEXT NOT NULL, endpoint TEXT,
    at INTEGER NOT NULL, fact TEXT NOT NULL) STRICT;
CREATE INDEX edge_history ON edge (history, kind, seq);

CREATE TABLE ack (alert TEXT PRIMARY KEY, by TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pin (chain TEXT PRIMARY KEY, genesis BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Roll-ups of complete hours and days (`span` in ms, `start` in Unix ms).
CREATE TABLE roll (
    history INTEGER NOT NULL, span INTEGER NOT NULL, start INTEGER NOT NULL, blocks INTEGER NOT NULL,
    p50 INTEGER, p95 INTEGER, missed INTEGER NOT NULL, max_lag INTEGER,
    PRIMARY KEY (history, span, start)) STRICT, WITHOUT ROWID;
";

/// What validators did, one row a session; `ended` falls back to `at`, `body` is made by `sessions`.
const V2: &str = "
CREATE TABLE record (
    history INTEGER NOT NULL, session INTEGER NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
    ended INTEGER NOT NULL, first INTEGER NOT NULL, blocks INTEGER NOT NULL, complete INTEGER NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (history, session)) STRICT;
CREATE INDEX record_ended ON record (history, ended);
";

/// All steps, oldest first.
pub(super) fn migrations() -> Migrations<'static> {
    Migrations::new(vec![M::up(V1), M::up(V2)])
}
