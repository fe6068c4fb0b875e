//! Broken files, full disks, killed consoles.

use super::*;
use crate::domain::AlertId;
use crate::journal::{open, schema};
use rusqlite_migration::{M, Migrations};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn db(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("local").join("journal.db")
}

fn filled(dir: &TempDir) {
    let mut journal = writer(dir);
    let mut batch = vec![seen("relay", now(), identity(Some(0))), seen("relay", now(), runtime(1, 1, false))];
    batch.extend((1..=400).map(|n| best("relay", n)));
    journal.write(&batch).unwrap();
    journal.save_ack(&AlertId::new("block-stall", &"relay".into(), ""), "ann", now()).unwrap();
}

fn quarantined(dir: &TempDir) -> usize {
    let names = std::fs::read_dir(dir.path().join("local")).unwrap();
    names
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.contains("quarantined") && !n.ends_with("-wal") && !n.ends_with("-shm"))
        .count()
}

/// Opens what may be damaged, uses all of it, and demands that it works in the end.
fn assert_usable(dir: &TempDir) -> Vec<Clean> {
    let Opened { mut journal, mut notices } = console(dir);
    assert_eq!(journal.mode(), Mode::Writer);
    let _ = journal.load();
    let _ = journal.check();
    let _ = journal.acks();
    let chain = ChainId::from("relay");
    let _ = journal.history(&chain, (now(), now().plus(9_000_000)), Span::Hour);
    journal.write(&[seen("relay", now(), identity(Some(0))), best("relay", 401)]).unwrap();
    let _ = journal.maintain(now().plus(86_400_000));
    journal.write(&[best("relay", 402)]).unwrap();
    assert!(journal.check(), "what stands now is whole");
    assert!(numbers(&journal.load()).contains(&402));
    notices.extend(journal.take_notices());
    notices
}

#[test]
fn any_damaged_page_is_survived() {
    let original = dir();
    filled(&original);
    let bytes = std::fs::read(db(&original)).unwrap();
    let pages = bytes.len() / 4096;
    assert!(pages > 20, "{pages}");
    let mut found = 0;
    for page in 0..pages {
        let dir = dir();
        std::fs::create_dir(dir.path().join("local")).unwrap();
        let mut broken = bytes.clone();
        broken[page * 4096..page * 4096 + 200].iter_mut().for_each(|b| *b ^= 0x5a);
        std::fs::write(db(&dir), &broken).unwrap();
        let notices = assert_usable(&dir);
        assert_eq!(quarantined(&dir), notices.iter().filter(|n| n.as_str().contains("kept as")).count());
        found += quarantined(&dir);
    }
    assert!(found * 10 > pages * 9, "only {found} of {pages} damaged pages were noticed");
}

#[test]
fn a_file_cut_anywhere_is_survived() {
    let original = dir();
    filled(&original);
    let bytes = std::fs::read(db(&original)).unwrap();
    for keep in [0, 1, 99, 512, 4095, 4096, 8192, 20_000, bytes.len() / 2, bytes.len() - 1] {
        let dir = dir();
        std::fs::create_dir(dir.path().join("local")).unwrap();
        std::fs::write(db(&dir), &bytes[..keep]).unwrap();
        assert_usable(&dir);
        // SQLite takes a file of a single byte as an empty one, and one missing byte as a zero.
        assert_eq!(quarantined(&dir), usize::from((2..bytes.len() - 1).contains(&keep)), "{keep}");
    }
}

#[test]
fn another_programs_file_is_put_aside_whole() {
    let dir = dir();
    std::fs::create_dir(dir.path().join("local")).unwrap();
    let foreign = rusqlite::Connection::open(db(&dir)).unwrap();
    foreign.execute_batch("CREATE TABLE diary (line TEXT); INSERT INTO diary VALUES ('dear')").unwrap();
    drop(foreign);
    let before = std::fs::read(db(&dir)).unwrap();
    let notices = assert_usable(&dir);
    assert!(notices[0].as_str().contains("another program's database"), "{notices:?}");
    let aside = dir.path().join("local").join(format!("journal.db.quarantined-{}", now().0));
    assert_eq!(std::fs::read(aside).unwrap(), before);
}

#[test]
fn a_newer_schema_is_put_aside_and_its_acknowledgements_are_saved() {
    let dir = dir();
    filled(&dir);
    let conn = rusqlite::Connection::open(db(&dir)).unwrap();
    conn.pragma_update(None, "user_version", schema::LATEST + 1).unwrap();
    drop(conn);
    let reader = Journal::open(dir.path(), "local", Role::Headless, now());
    let mut reader = reader.journal;
    assert_eq!(reader.load(), []);
    assert_eq!(quarantined(&dir), 0, "a reader changes nothing");
    let Opened { mut journal, notices } = console(&dir);
    assert_eq!(quarantined(&dir), 1);
    assert!(notices[0].as_str().contains("written by a newer sereno (schema 3, expected 2)"), "{notices:?}");
    assert!(
        notices[0].as_str().contains("acknowledgements and pinned genesis hashes were saved"),
        "{notices:?}"
    );
    assert_eq!(journal.acks().len(), 1);
    assert_eq!(journal.load(), []);
}

#[test]
fn an_older_schema_is_copied_before_it_is_brought_up() {
    let dir = dir();
    filled(&dir);
    let steps = {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        schema::migrations().to_latest(&mut conn).unwrap();
        let sql: Vec<String> = conn
            .prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        sql.join(";")
    };
    let two = Migrations::new(vec![M::up(&steps), M::up(""), M::up("ALTER TABLE ack ADD COLUMN note TEXT")]);
    let conn = open::as_writer(&db(&dir), &two).unwrap();
    assert_eq!(conn.query_row("SELECT note FROM ack", [], |r| r.get::<_, Option<String>>(0)).unwrap(), None);
    let copy = rusqlite::Connection::open(dir.path().join("local/journal.db.before-schema-2")).unwrap();
    assert_eq!(copy.query_row("SELECT count(*) FROM block", [], |r| r.get::<_, i64>(0)).unwrap(), 400);
    assert!(copy.prepare("SELECT note FROM ack").is_err());
}

#[test]
fn damage_during_a_run_is_put_aside_and_the_level_facts_are_kept() {
    let dir = dir();
    filled(&dir);
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", now(), identity(Some(0))), seen("relay", now(), Fact::Pool(5))]).unwrap();
    if let Place::Disk { conn, .. } = &journal.place {
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        conn.pragma_update(None, "cache_size", 0).unwrap();
    }
    let mut bytes = std::fs::read(db(&dir)).unwrap();
    bytes[8192..].iter_mut().for_each(|b| *b = 0x5a);
    std::fs::write(db(&dir), &bytes).unwrap();
    journal.write(&[best("relay", 500)]).unwrap();
    let notices = journal.take_notices();
    assert!(notices[0].as_str().contains("was damaged"), "{notices:?}");
    let facts = journal.load();
    assert_eq!(numbers(&facts), [500]);
    assert!(facts.iter().any(|o| o.fact == Fact::Pool(5)));
    assert_eq!(quarantined(&dir), 1);
}

#[test]
fn a_reader_says_that_the_file_is_damaged_and_leaves_it() {
    let dir = dir();
    filled(&dir);
    std::fs::write(db(&dir), [0x5a; 50_000]).unwrap();
    let mut reader = Journal::open(dir.path(), "local", Role::Headless, now()).journal;
    assert_eq!(reader.load(), []);
    let notices = reader.take_notices();
    assert!(notices[0].as_str().contains("is damaged"), "{notices:?}");
    assert_eq!(quarantined(&dir), 0);
}

#[test]
fn only_the_newest_quarantined_files_are_kept() {
    let dir = dir();
    for n in 0..6 {
        std::fs::create_dir_all(dir.path().join("local")).unwrap();
        std::fs::write(db(&dir), [0x5a; 5_000]).unwrap();
        let opened = Journal::open(dir.path(), "local", Role::Console, now().plus(n));
        assert_eq!(opened.journal.mode(), Mode::Writer);
    }
    assert_eq!(quarantined(&dir), 3);
}

#[test]
fn without_a_writable_state_directory_all_works_in_memory_and_it_says_so() {
    let dir = dir();
    std::fs::write(dir.path().join("local"), "a file where the folder should be").unwrap();
    let Opened { mut journal, notices } = console(&dir);
    assert_eq!(journal.mode(), Mode::InMemory);
    assert!(notices[0].as_str().contains("cannot be written"), "{notices:?}");
    assert!(notices[0].as_str().contains("--state-dir"), "{notices:?}");
    let alert = AlertId::new("block-stall", &"relay".into(), "");
    journal.write(&[seen("relay", now(), identity(None)), best("relay", 1)]).unwrap();
    journal.save_ack(&alert, "ann", now()).unwrap();
    assert_eq!(numbers(&journal.load()), [1]);
    assert_eq!(journal.acks().len(), 1);
    assert!(journal.check());
}

/// Says nothing where it runs as root, whom no permission stops.
#[test]
fn a_read_only_state_directory_is_read_and_nothing_is_written_there() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        return;
    }
    let dir = dir();
    filled(&dir);
    let home = dir.path().join("local");
    let allow = |mode, file_mode| {
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).unwrap();
        for entry in std::fs::read_dir(&home).unwrap() {
            std::fs::set_permissions(entry.unwrap().path(), PermissionsExt::from_mode(file_mode)).unwrap();
        }
        std::fs::set_permissions(&home, PermissionsExt::from_mode(mode)).unwrap();
    };
    allow(0o500, 0o400);
    let mut reader = Journal::open(dir.path(), "local", Role::Headless, now()).journal;
    assert_eq!(numbers(&reader.load()).len(), 400);
    let Opened { mut journal, notices } = console(&dir);
    assert_eq!(journal.mode(), Mode::InMemory);
    assert!(notices[0].as_str().contains("cannot be written"), "{notices:?}");
    assert_eq!(numbers(&journal.load()).len(), 400, "the first paint shows what is known");
    journal.write(&[seen("relay", now(), identity(Some(0))), best("relay", 401)]).unwrap();
    assert_eq!(numbers(&journal.load()).len(), 401);
    allow(0o700, 0o600);
    assert_eq!(numbers(&writer(&dir).load()).len(), 400);
}

#[test]
fn a_full_disk_is_an_error_and_the_level_facts_come_back_with_room() {
    let dir = dir();
    let mut journal = writer(&dir);
    journal.write(&[seen("relay", now(), identity(None)), best("relay", 1)]).unwrap();
    let limit = |j: &Journal, pages: i64| {
        if let Place::Disk { conn, .. } = &j.place {
            conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
        }
    };
    limit(&journal, 1);
    let mut batch = vec![seen("relay", now(), Fact::Pool(5))];
    batch.extend((2..200).map(|n| best("relay", n)));
    let error = journal.write(&batch).unwrap_err().to_string();
    assert!(error.contains("full"), "{error}");
    assert_eq!(numbers(&journal.load()), [1], "all of a batch or nothing");
    limit(&journal, 1_000_000);
    journal.write(&[best("relay", 200)]).unwrap();
    let facts = journal.load();
    assert_eq!(numbers(&facts), [1, 200]);
    assert!(facts.iter().any(|o| o.fact == Fact::Pool(5)));
}

const CHILD: &str = "SERENO_TEST_JOURNAL_DIR";

/// Not a test of its own: the process that the next one kills.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut journal = Journal::open(path.as_ref(), "local", Role::Console, now()).journal;
    assert_eq!(journal.mode(), Mode::Writer);
    let next = numbers(&journal.load()).into_iter().max().unwrap_or(0) + 1;
    journal.write(&[seen("relay", now(), identity(Some(0)))]).unwrap();
    for n in next..next + 1_000_000 {
        journal.write(&[best("relay", n), seen("relay", now(), finalized(n))]).unwrap();
        println!("wrote {n}");
    }
}

#[test]
fn a_killed_console_leaves_a_whole_journal_with_all_that_it_committed() {
    let dir = dir();
    for round in 1..=5_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::tests::damage::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let number = |l: String| l.strip_prefix("wrote ").and_then(|n| n.parse::<u64>().ok());
        lines.by_ref().filter_map(number).nth(37 * round).expect("the child writes");
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.filter_map(number).last();
        let mut journal = writer(&dir);
        assert!(journal.check());
        let facts = journal.load();
        assert_eq!(journal.take_notices(), Vec::<Clean>::new());
        let newest = *numbers(&facts).last().unwrap();
        assert!(last.is_none_or(|n| newest >= n), "{newest} {last:?}");
        assert!(facts.iter().any(|o| o.fact == finalized(newest)), "batches are whole");
    }
}
