//! For tests of other modules: somebody else who has the journal's file open.
//!
//! In: the file. Out: whatever a person with an SQLite shell could do to it. Must not be used outside tests.

use rusqlite::Connection;
use std::path::Path;

/// Another process with the file open.
pub(crate) struct Meddler(Connection);

impl Meddler {
    /// Opens the file.
    pub(crate) fn open(path: &Path) -> Self {
        Self(Connection::open(path).unwrap())
    }

    /// Runs a statement.
    pub(crate) fn run(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }
}
