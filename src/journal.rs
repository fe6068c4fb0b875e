//! The journal: what the console knew, kept in SQLite for the next start, for sparklines and for a second console.
//!
//! In: observations in batches, acknowledgements, times as parameters. Out: the facts of the first paint, history
//! roll-ups, acknowledgements, sentences about what went wrong. It is never needed: where it cannot be written the
//! console runs on with one in memory and says so. It starts no thread and reads no clock: `runtime` owns the
//! thread. Must not import anything but `domain` and `ports`.
//!
//! Layout: `STATE/NETWORK/{journal.db, lock}`. Whoever holds `lock` writes; all others read (DESIGN §6).

mod acks;
mod history;
mod load;
mod open;
mod prune;
mod rows;
mod schema;
mod sessions;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod write;

pub use acks::Ack;
pub use history::{Roll, Span};
pub use open::folder_name;
pub use sessions::Kept;

use crate::domain::{Clean, Observation, UnixMs};
use open::Refusal;
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};
use write::Writing;

/// What the caller wants of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A console: writes unless another console does.
    Console,
    /// A headless command: only reads.
    Headless,
}

/// What the caller got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// This process writes.
    Writer,
    /// Another process may write; this one reads.
    Reader,
    /// Nothing reaches the disk; what is written is gone at the end.
    InMemory,
}

/// A journal, and what a person should know about how it was opened.
pub struct Opened {
    /// The journal; always usable.
    pub journal: Journal,
    /// Sentences for the banner and the log; empty where all is well.
    pub notices: Vec<Clean>,
}

/// What could not be done with the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Only the writer may do this.
    #[error(
        "{what}: another console writes the journal {path}; do it there, or here once that one has ended"
    )]
    ReadOnly {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: String,
    },
    /// SQLite refused.
    #[error(
        "{what} in the journal {path} failed: {reason}; the console goes on, free space or mend the disk"
    )]
    Failed {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: String,
        /// What SQLite said.
        reason: String,
    },
}

/// Where the rows are.
enum Place {
    /// On disk, with the lock held for as long as this lives.
    Disk { conn: Connection, _lock: File },
    /// In memory; none where even that could not be opened.
    Memory { conn: Option<Connection> },
    /// On disk, opened anew for each reading: the writer may replace the file at any time.
    Reader,
}

/// The journal of one network.
pub struct Journal {
    home: PathBuf,
    network: String,
    role: Role,
    place: Place,
    writing: Writing,
    notices: Vec<Clean>,
    /// Newest moment that was handed in; names a quarantined file.
    now: UnixMs,
}

impl Journal {
    /// Opens the journal of `network` under the state directory `dir`. Never fails: the worst is
    /// [`Mode::InMemory`] with a notice.
    #[must_use]
    pub fn open(dir: &Path, network: &str, role: Role, now: UnixMs) -> Opened {
        let mut journal = Self {
            home: dir.join(open::folder_name(network)),
            network: network.to_owned(),
            role,
            place: Place::Reader,
            writing: Writing::default(),
            notices: Vec::new(),
            now,
        };
        if role == Role::Console {
            journal.open_as_console();
        }
        let notices = std::mem::take(&mut journal.notices);
        Opened { journal, notices }
    }

    /// Whether this process writes, reads, or keeps all in memory.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.place {
            Place::Disk { .. } => Mode::Writer,
            Place::Memory { .. } => Mode::InMemory,
            Place::Reader => Mode::Reader,
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.home.join(open::FILE)
    }

    /// Sentences that came up since the last call (a file was quarantined, this console took over).
    #[must_use]
    pub fn take_notices(&mut self) -> Vec<Clean> {
        std::mem::take(&mut self.notices)
    }

    /// Where another console wrote and has ended, makes this one the writer. Call it every few seconds; it costs
    /// one `flock`. True where it happened now; then all level facts that were handed to [`Journal::write`] are
    /// written at once.
    pub fn try_become_writer(&mut self, now: UnixMs) -> bool {
        self.now = self.now.max(now);
        if self.role != Role::Console || !matches!(self.place, Place::Reader) {
            return false;
        }
        match open::become_writer(&self.home, self.now, &mut self.notices) {
            Ok(Some((conn, lock))) => {
                self.place = Place::Disk { conn, _lock: lock };
                self.note("The console that wrote the journal has ended: this one writes it from now on.");
                self.reseed();
                true
            }
            Ok(None) => false,
            Err(reason) => {
                self.fall_back_to_memory(&reason);
                false
            }
        }
    }

    /// Reads the whole file for damage (`PRAGMA quick_check`), which takes up to a second for a full week: call it
    /// once after the first paint. Damage is quarantined by the writer and reported by everybody. True where all
    /// is well.
    pub fn check(&mut self) -> bool {
        let verdict = self.read(|conn| open::quick_check(conn, None));
        match verdict {
            Ok(None | Some(None)) => true,
            Ok(Some(Some(reason))) => {
                self.damaged(&reason);
                false
            }
            Err(e) => {
                self.report("Checking", &e);
                false
            }
        }
    }

    fn open_as_console(&mut self) {
        match open::become_writer(&self.home, self.now, &mut self.notices) {
            Ok(Some((conn, lock))) => self.place = Place::Disk { conn, _lock: lock },
            Ok(None) => {
                let path = self.home.display();
                self.note(&format!("Another console writes the journal in {path}: this one only reads it."));
            }
            Err(reason) => self.fall_back_to_memory(&reason),
        }
    }

    /// Goes on without a disk, with what an older journal tells where there is one that can be read.
    fn fall_back_to_memory(&mut self, reason: &str) {
        self.place = Place::Reader;
        let (before, _) = self.load_quietly();
        self.place = Place::Memory { conn: open::in_memory() };
        self.note(&format!(
            "The journal in {} cannot be written ({reason}): history and acknowledgements last only until you \
             leave. Mend it or start with another --state-dir.",
            self.home.display()
        ));
        let of_this_run = self.writing.start_over();
        // A copy in memory of what was just read; a failure leaves it empty.
        let _ = self.write_once(&before);
        self.writing = Writing::default();
        let _ = self.write_once(&of_this_run);
    }

    /// Puts a damaged file aside and begins a new one, with acknowledgements and pins where they could be saved
    /// and the last level facts of this run.
    fn damaged(&mut self, reason: &str) {
        let path = self.path();
        match &mut self.place {
            Place::Reader => {
                self.note(&format!("The journal {} is damaged ({reason}): not read.", path.display()));
            }
            Place::Memory { conn } => *conn = open::in_memory(),
            Place::Disk { conn, .. } => {
                let Some(stand_in) = open::in_memory() else { return };
                drop(std::mem::replace(conn, stand_in));
                match open::replace(&path, &Refusal::Damaged(reason.to_owned()), self.now, &mut self.notices)
                {
                    Ok(fresh) => *conn = fresh,
                    Err(e) => {
                        self.fall_back_to_memory(&e);
                        return;
                    }
                }
                self.reseed();
            }
        }
    }

    /// Runs a reading on whatever connection there is; none where there is no file.
    fn read<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, rusqlite::Error> {
        match &self.place {
            Place::Disk { conn, .. } | Place::Memory { conn: Some(conn) } => run(conn).map(Some),
            Place::Memory { conn: None } => Ok(None),
            Place::Reader => match open::as_reader(&self.path())? {
                Some(conn) => run(&conn).map(Some),
                None => Ok(None),
            },
        }
    }

    /// The connection to write on; an error for a reader.
    fn writable(&mut self, what: &'static str) -> Result<Option<&mut Connection>, JournalError> {
        match &mut self.place {
            Place::Disk { conn, .. } => Ok(Some(conn)),
            Place::Memory { conn } => Ok(conn.as_mut()),
            Place::Reader => {
                let path = self.home.join(open::FILE).display().to_string();
                Err(JournalError::ReadOnly { what, path })
            }
        }
    }

    /// Turns an error of SQLite into ours; damage is dealt with on the spot.
    fn report(&mut self, what: &'static str, e: &rusqlite::Error) -> JournalError {
        if open::is_damage(e) {
            self.damaged(&e.to_string());
        }
        JournalError::Failed { what, path: self.path().display().to_string(), reason: e.to_string() }
    }

    fn reseed(&mut self) {
        let seeds: Vec<Observation> = self.writing.start_over();
        if let Err(e) = self.write_once(&seeds) {
            self.note(&format!("The new journal {} could not be filled: {e}.", self.path().display()));
        }
    }

    fn note(&mut self, sentence: &str) {
        self.notices.push(Clean::of(sentence));
    }
}
