//! The parameter ledger from the journal, and the justifications beside it.
//!
//! In: a network. Out: the document; a line more in the file of justifications. Reads the journal while a console writes; dials
//! nothing. The file only grows, one JSON line each: what was said once stays readable. Must not judge.

use super::compose::Base;
use crate::domain::{Clean, Network, Store};
use crate::journal::{Journal, Role};
use crate::report::ledger::{Justification, LedgerReport};
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

/// Longest file of justifications that is read, bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// Longest justification, characters.
const MAX_TEXT: usize = 500;

fn file(network: &Network, base: &Base) -> PathBuf {
    base.state_dir.join(&network.id).join("justified.jsonl")
}

/// The ledger of a network as the journal has it, and what should be said about the journal. `only` lists what nobody has
/// justified.
///
/// # Errors
/// The justifications cannot be read.
pub fn read(network: &Network, base: &Base, only: bool) -> Result<(LedgerReport, Vec<Clean>), String> {
    let mut opened = Journal::open(&base.state_dir, &network.id, Role::Headless, base.clock.now());
    let mut store = Store::default();
    opened.journal.load().iter().for_each(|seen| store.restore(seen));
    let why = justifications(network, base)?;
    let notices = opened.notices.into_iter().chain(opened.journal.take_notices()).collect();
    Ok((LedgerReport::of(network, &store, &why, only), notices))
}

fn justifications(network: &Network, base: &Base) -> Result<Vec<Justification>, String> {
    let path = file(network, base);
    let failed = |e: io::Error| format!("{} cannot be read: {e}", path.display());
    let mut text = String::new();
    match fs::File::open(&path) {
        Ok(file) => file.take(MAX_FILE).read_to_string(&mut text).map_err(failed)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let mut all = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let read = serde_json::from_str(line);
        all.push(read.map_err(|e| format!("{}:{}: expected a justification: {e}", path.display(), n + 1))?);
    }
    Ok(all)
}

/// Attaches a justification to a change that the ledger has.
///
/// # Errors
/// No such change, no text, or the file cannot be written.
pub fn justify(network: &Network, base: &Base, (id, text): (&str, &str), by: &str) -> Result<(), String> {
    let text: String = text.trim().chars().take(MAX_TEXT).collect();
    if text.is_empty() {
        return Err("a justification is a ticket or a sentence: it is empty".to_owned());
    }
    if !read(network, base, false)?.0.has(id) {
        return Err(format!(
            "the ledger has no change '{id}': 'sereno ledger --format json' lists each with its id"
        ));
    }
    let said =
        Justification { id: id.to_owned(), text: Clean::of(&text), by: Clean::of(by), at: base.clock.now() };
    let path = file(network, base);
    let line = serde_json::to_string(&said).map_err(|e| e.to_string())? + "\n";
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|e| format!("{} cannot be written: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::testbed::{Bed, RELAY, runtime};
    use crate::domain::gov::ledger::Parameters;
    use crate::domain::{BlockRef, Fact, Hash, Identity, Observation, UnixMs};

    fn seen(at: i64, fact: Fact) -> Observation {
        Observation { at: UnixMs(at), chain: RELAY.into(), endpoint: None, fact }
    }

    fn set(number: u64, value: &str) -> Fact {
        Fact::Parameters(Box::new(Parameters {
            at: BlockRef { number, hash: Hash([7; 32]) },
            code: None,
            spec_version: 1,
            values: [("A.B".to_owned(), Clean::of(value))].into_iter().collect(),
            unread: None,
        }))
    }

    #[test]
    fn changes_survive_a_restart_and_are_justified_once_and_for_all() {
        let dir = tempfile::TempDir::new().unwrap();
        let base = Base::new(Some(UnixMs(1_700_000_000_000)), dir.path());
        let network = Bed::family().network;
        let identity = Identity {
            genesis: Hash([1; 32]),
            first_block: None,
            name: Clean::of("test"),
            spec_name: Clean::of("test"),
            token: None,
            ss58_prefix: None,
            para_id: None,
            block_time_ms: None,
            session_blocks: None,
            slot_duration_ms: None,
        };
        {
            let now = base.clock.now();
            let mut journal = Journal::open(dir.path(), &network.id, Role::Console, now).journal;
            let version = Fact::Runtime {
                version: runtime(1),
                since: BlockRef { number: 1, hash: Hash([7; 32]) },
                upgraded: false,
            };
            let facts =
                [Fact::Identity(identity), version, set(5, "1"), set(6, "1"), set(7, "2"), set(8, "2")];
            let batch: Vec<Observation> = (1..).zip(facts).map(|(at, fact)| seen(at, fact)).collect();
            journal.write(&batch).unwrap();
        }
        let (all, _) = read(&network, &base, false).unwrap();
        assert!(all.markdown().contains("1 changes, 1 unjustified"), "{}", all.markdown());
        assert!(
            justify(&network, &base, ("relay/9/A.B", "ticket 1"), "kim").unwrap_err().contains("no change")
        );
        assert!(justify(&network, &base, ("relay/7/A.B", "  "), "kim").is_err());
        justify(&network, &base, ("relay/7/A.B", "ticket 412"), "kim").unwrap();
        let (rest, _) = read(&network, &base, true).unwrap();
        assert!(!rest.has("relay/7/A.B"));
        assert!(read(&network, &base, false).unwrap().0.markdown().contains("ticket 412"));
    }
}
