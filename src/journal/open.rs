//! Opening: the lock, the file, its checks, its quarantine.
//!
//! In: paths and a moment. Out: connections, and sentences about what was wrong. A reader changes nothing on disk.

use super::schema::{APPLICATION_ID, LATEST, SMALL, migrations};
use crate::domain::{Clean, UnixMs};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::Migrations;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the database file.
pub(super) const FILE: &str = "journal.db";
/// Name of the lock file.
const LOCK: &str = "lock";
/// Longest wait for another process, such as a person with the `sqlite3` shell.
const BUSY: Duration = Duration::from_secs(5);
/// Quarantined files kept; older ones are deleted.
const MAX_QUARANTINED: usize = 3;

/// Why a file is not ours to use.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is damaged, or is another program's.
    Damaged(String),
    /// A newer program wrote it.
    Newer(i64),
    /// It cannot be opened or written: the file itself may be well.
    Unusable(String),
}

/// The name of a network's folder in the state directory: its id, without anything that could lead elsewhere.
#[must_use]
pub fn folder_name(network: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = network.chars().take(64).map(safe).collect();
    if name.chars().all(|c| c == '.') { format!("_{name}") } else { name }
}

/// True for errors that say that the file is broken, not the disk or the moment.
pub(super) fn is_damage(e: &rusqlite::Error) -> bool {
    matches!(e.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Takes the lock and opens the file for writing, quarantining it where need be. None where another console holds
/// the lock; an error is a reason to go on in memory.
pub(super) fn become_writer(
    home: &Path,
    now: UnixMs,
    notices: &mut Vec<Clean>,
) -> Result<Option<(Connection, File)>, String> {
    DirBuilder::new().recursive(true).mode(0o700).create(home).map_err(|e| e.to_string())?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(home.join(LOCK))
        .map_err(|e| format!("lock: {e}"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(e)) => return Err(format!("lock: {e}")),
    }
    let path = home.join(FILE);
    let conn = match as_writer(&path, &migrations()) {
        Ok(conn) => conn,
        Err(Refusal::Unusable(reason)) => return Err(reason),
        Err(refusal) => replace(&path, &refusal, now, notices)?,
    };
    Ok(Some((conn, lock)))
}

/// Opens the file for writing and brings it to the newest schema, with a copy of it before that.
pub(super) fn as_writer(path: &Path, steps: &Migrations<'_>) -> Result<Connection, Refusal> {
    let refuse = |e: rusqlite::Error| match e.sqlite_error_code() {
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory,
        ) => Refusal::Unusable(e.to_string()),
        _ => Refusal::Damaged(e.to_string()),
    };
    let mut conn = Connection::open(path).map_err(refuse)?;
    conn.busy_timeout(BUSY).map_err(refuse)?;
    let version = examine(&conn).map_err(refuse)?;
    let missing = steps.pending_migrations(&conn).map_err(|e| Refusal::Damaged(e.to_string()))?;
    match version {
        Version::Foreign => return Err(Refusal::Damaged("another program's database".to_owned())),
        Version::Ours(n) if missing < 0 => return Err(Refusal::Newer(n)),
        Version::Ours(n) if missing > 0 => back_up(&conn, path, n).map_err(refuse)?,
        Version::Ours(_) | Version::Empty => {}
    }
    prepare(&conn).map_err(refuse)?;
    // Once, before the first table: writing it at every start would wait for the disk twice.
    if matches!(version, Version::Empty) {
        conn.pragma_update(None, "application_id", APPLICATION_ID).map_err(refuse)?;
    }
    steps.to_latest(&mut conn).map_err(|e| match e {
        rusqlite_migration::Error::RusqliteError { err, .. } => refuse(err),
        other => Refusal::Damaged(other.to_string()),
    })?;
    for table in SMALL {
        if let Some(reason) = quick_check(&conn, Some(table)).map_err(refuse)? {
            return Err(Refusal::Damaged(reason));
        }
    }
    Ok(conn)
}

/// Opens the file for reading only; none where there is none, or none that we know. It may be of an older schema: pins count
/// before a console has brought the file up.
pub(super) fn as_reader(path: &Path) -> Result<Option<Connection>, rusqlite::Error> {
    if !path.exists() {
        return Ok(None);
    }
    let open = |conn: Connection| {
        conn.busy_timeout(BUSY)?;
        Ok((examine(&conn)?, conn))
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(open).or_else(|e| {
        // Where the folder cannot be written and nobody has the file open, WAL needs this.
        if !matches!(e.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) {
            return Err(e);
        }
        let uri = format!("file:{}?immutable=1", uri_path(path));
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).and_then(open)
    });
    match opened? {
        (Version::Ours(1..=LATEST), conn) => Ok(Some(conn)),
        _ => Ok(None),
    }
}

/// A journal in memory.
pub(super) fn in_memory() -> Option<Connection> {
    let mut conn = Connection::open_in_memory().ok()?;
    migrations().to_latest(&mut conn).ok()?;
    Some(conn)
}

/// Puts a file aside and begins a new one, taking over acknowledgements and pins where they can still be read.
pub(super) fn replace(
    path: &Path,
    refusal: &Refusal,
    now: UnixMs,
    notices: &mut Vec<Clean>,
) -> Result<Connection, String> {
    let aside = quarantine(path, now).map_err(|e| format!("it could not be put aside: {e}"))?;
    let why = match refusal {
        Refusal::Damaged(reason) | Refusal::Unusable(reason) => format!("was damaged ({reason})"),
        Refusal::Newer(n) => format!("was written by a newer sereno (schema {n}, expected {LATEST})"),
    };
    let conn = as_writer(path, &migrations()).map_err(|e| format!("a new one could not be made: {e:?}"))?;
    let saved = salvage(&conn, &aside);
    notices.push(Clean::of(&format!(
        "The journal {} {why}: it is kept as {} and a new one was begun; {saved}.",
        path.file_name().unwrap_or_default().display(),
        aside.file_name().unwrap_or_default().display(),
    )));
    Ok(conn)
}

/// Damage that `PRAGMA quick_check` finds in one table or in the whole file; none where all is well.
pub(super) fn quick_check(conn: &Connection, table: Option<&str>) -> rusqlite::Result<Option<String>> {
    let mut verdict = None;
    let keep_first = |row: &rusqlite::Row<'_>| {
        verdict.get_or_insert(row.get::<_, String>(0)?);
        Ok(())
    };
    match table {
        Some(name) => conn.pragma(None, "quick_check", name, keep_first)?,
        None => conn.pragma(None, "quick_check", 1, keep_first)?,
    }
    Ok(match verdict {
        Some(word) if word == "ok" => None,
        Some(finding) => Some(finding),
        None => Some("quick_check gave no answer".to_owned()),
    })
}

enum Version {
    Empty,
    Ours(i64),
    Foreign,
}

fn prepare(conn: &Connection) -> rusqlite::Result<()> {
    let _mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |r| r.get(0))?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.pragma_update(None, "journal_size_limit", 8 << 20)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn examine(conn: &Connection) -> rusqlite::Result<Version> {
    let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let application: i32 = conn.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    Ok(match (tables, application) {
        (0, _) => Version::Empty,
        (_, APPLICATION_ID) => Version::Ours(version),
        _ => Version::Foreign,
    })
}

/// `VACUUM INTO` a copy named after the old schema.
fn back_up(conn: &Connection, path: &Path, version: i64) -> rusqlite::Result<()> {
    let copy = with_suffix(path, &format!(".before-schema-{version}"));
    // An earlier copy of the same schema is older: it goes. Where it cannot, VACUUM says so.
    let _ = std::fs::remove_file(&copy);
    conn.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames the file and what belongs to it; returns the new name.
fn quarantine(path: &Path, now: UnixMs) -> std::io::Result<PathBuf> {
    let mut stamp = now.0;
    let mut aside = with_suffix(path, &format!(".quarantined-{stamp}"));
    while aside.exists() {
        stamp = stamp.saturating_add(1);
        aside = with_suffix(path, &format!(".quarantined-{stamp}"));
    }
    std::fs::rename(path, &aside)?;
    for part in ["-wal", "-shm"] {
        match std::fs::rename(with_suffix(path, part), with_suffix(&aside, part)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    delete_old_ones(path);
    Ok(aside)
}

fn delete_old_ones(path: &Path) {
    let Some(Ok(entries)) = path.parent().map(std::fs::read_dir) else { return };
    let prefix = format!("{FILE}.quarantined-");
    let mut stamps: Vec<i64> = entries
        .flatten()
        .filter_map(|e| e.file_name().to_str()?.strip_prefix(&prefix)?.parse().ok())
        .collect();
    stamps.sort_unstable_by(|a, b| b.cmp(a));
    for stamp in stamps.into_iter().skip(MAX_QUARANTINED) {
        let old = with_suffix(path, &format!(".quarantined-{stamp}"));
        for part in ["", "-wal", "-shm"] {
            // What cannot be deleted now is tried again at the next quarantine.
            let _ = std::fs::remove_file(with_suffix(&old, part));
        }
    }
}

/// Copies acknowledgements and pins out of a quarantined file, and says how it went.
fn salvage(conn: &Connection, aside: &Path) -> &'static str {
    let copy = || -> rusqlite::Result<()> {
        conn.execute("ATTACH ?1 AS aside", [aside.to_string_lossy()])?;
        let acks = conn.execute("INSERT OR IGNORE INTO ack SELECT alert, by, at FROM aside.ack", []);
        let pins = conn.execute("INSERT OR IGNORE INTO pin SELECT chain, genesis FROM aside.pin", []);
        conn.execute("DETACH aside", [])?;
        acks.and(pins).map(|_| ())
    };
    match copy() {
        Ok(()) => {
            "acknowledgements and pinned genesis hashes were saved, facts are read anew from the chains"
        }
        Err(_) => "acknowledgements and pinned genesis hashes are lost, facts are read anew from the chains",
    }
}

/// A path inside a `file:` URI.
fn uri_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"/-_.".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}
