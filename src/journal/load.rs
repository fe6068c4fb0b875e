//! Reading back: the facts of the first paint.
//!
//! In: rows. Out: observations in the order in which they once arrived, such that `Store::restore` of each gives the
//! last known state. A damaged row is left out and counted.

use super::rows::{COLUMNS, nat, read_block};
use super::sessions::{self, Numbered};
use super::{Journal, open};
use crate::domain::{
    AccountId, BlockRef, ChainId, EndpointId, Fact, Hash, Identity, Observation, UnixMs,
    store::blocks::CAPACITY,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Blocks read per chain: the ring of the store, and room for forks.
const BLOCKS: usize = CAPACITY + 64;
/// Sessions read per chain: those that the blocks may lie in.
const SESSIONS: usize = 64;
/// Upgrades, gaps, conflicts, uses of the sudo key and sets of parameters read per chain and kind.
const EDGES: usize = 64;

/// What was read of one chain.
struct Found {
    rows: Vec<(i64, Observation)>,
    damaged: usize,
}

impl Journal {
    /// The facts of the first paint, in the order of their arrival: for each chain its newest history, with the
    /// last value of every level fact, the newest blocks, and what happened. Empty where nothing can be read; then
    /// [`Journal::take_notices`] says why.
    #[must_use]
    pub fn load(&mut self) -> Vec<Observation> {
        let (facts, trouble) = self.load_quietly();
        match trouble {
            Some(Trouble::Sql(e)) if open::is_damage(&e) => self.damaged(&e.to_string()),
            Some(Trouble::Sql(e)) => {
                let path = self.path();
                self.note(&format!("The journal {} could not be read ({e}).", path.display()));
            }
            Some(Trouble::Rows(n)) => self.note_damaged(n),
            None => {}
        }
        facts
    }

    /// Says how many rows are damaged, where any are.
    pub(super) fn note_damaged(&mut self, rows: usize) {
        if rows > 0 {
            let path = self.path();
            self.note(&format!("{rows} rows of the journal {} are damaged: left out.", path.display()));
        }
    }

    /// The same without a word; what went wrong stands beside it.
    pub(super) fn load_quietly(&self) -> (Vec<Observation>, Option<Trouble>) {
        match self.read(|conn| load(conn, &self.network)) {
            Ok(Some(Found { rows, damaged })) => {
                let facts = rows.into_iter().map(|(_, seen)| seen).collect();
                (facts, (damaged > 0).then_some(Trouble::Rows(damaged)))
            }
            Ok(None) => (Vec::new(), None),
            Err(e) => (Vec::new(), Some(Trouble::Sql(e))),
        }
    }
}

/// What went wrong while reading.
pub(super) enum Trouble {
    Sql(rusqlite::Error),
    Rows(usize),
}

/// The newest history of each chain.
pub(super) fn histories(conn: &Connection, network: &str) -> rusqlite::Result<Vec<(i64, ChainId)>> {
    conn.prepare_cached(
        "SELECT id, chain FROM history AS h WHERE network = ?1 AND turn =
         (SELECT max(turn) FROM history WHERE network = ?1 AND chain = h.chain) ORDER BY chain",
    )?
    .query_map([network], |r| Ok((r.get(0)?, ChainId::from(r.get::<_, String>(1)?))))?
    .collect()
}

fn load(conn: &Connection, network: &str) -> rusqlite::Result<Found> {
    // One snapshot for all tables, also while another process writes.
    let tx = conn.unchecked_transaction()?;
    let accounts = numbered(&tx)?;
    let mut found = Found { rows: Vec::new(), damaged: 0 };
    for (history, chain) in histories(&tx, network)? {
        load_facts(&tx, history, &chain, &mut found)?;
        let damaged =
            sessions::load(&tx, (history, &chain), &accounts, (0, sessions::AT_ONCE), &mut found.rows)?;
        found.damaged = found.damaged.saturating_add(damaged);
        load_blocks(&tx, (history, &chain), &accounts, &mut found)?;
    }
    // The identity decides which history the rest belongs to: it comes first. What was counted of a session comes
    // before its blocks, which are not counted again.
    let rank = |fact: &Fact| match fact {
        Fact::Identity(_) => 0,
        Fact::SessionRecord(_) => 1,
        _ => 2,
    };
    found.rows.sort_by_key(|(seq, seen)| (rank(&seen.fact), *seq));
    Ok(found)
}

/// All accounts by their number.
pub(super) fn numbered(conn: &Connection) -> rusqlite::Result<Numbered> {
    let mut accounts = Numbered::default();
    let mut statement = conn.prepare_cached("SELECT id, account FROM account")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let (Ok(id), Ok(account)) = (row.get(0), row.get(1)) {
            accounts.put(id, AccountId(account));
        }
    }
    Ok(accounts)
}

/// Who the chain of a history is.
pub(super) fn identity(conn: &Connection, history: i64) -> rusqlite::Result<Option<Identity>> {
    let text: Option<String> = conn
        .prepare_cached("SELECT fact FROM level WHERE history = ?1 AND key = 'identity'")?
        .query_row([history], |r| r.get(0))
        .optional()?;
    Ok(text.and_then(|t| serde_json::from_str(&t).ok()).and_then(|fact| match fact {
        Fact::Identity(identity) => Some(identity),
        _ => None,
    }))
}

fn load_blocks(
    conn: &Connection,
    (history, chain): (i64, &ChainId),
    accounts: &Numbered,
    found: &mut Found,
) -> rusqlite::Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM block WHERE history = ?1 ORDER BY number DESC LIMIT {BLOCKS}");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([history])?;
    while let Some(row) = rows.next()? {
        match read_block(row, chain, accounts) {
            Some(block) => found.rows.push(block),
            None => found.damaged = found.damaged.saturating_add(1),
        }
    }
    Ok(())
}

fn load_facts(conn: &Connection, history: i64, chain: &ChainId, found: &mut Found) -> rusqlite::Result<()> {
    let edges = |kind: &str| {
        format!(
            "SELECT seq, at, endpoint, fact FROM edge WHERE history = ?1 AND kind = '{kind}'
             ORDER BY seq DESC LIMIT {EDGES}"
        )
    };
    let queries = [
        "SELECT seq, at, endpoint, fact FROM level WHERE history = ?1".to_owned(),
        format!(
            "SELECT seq, at, NULL AS endpoint, fact FROM session WHERE history = ?1
             ORDER BY seq DESC LIMIT {SESSIONS}"
        ),
        edges("gap"),
        edges("conflict"),
        edges("runtime"),
        edges("sudo"),
        edges("parameters"),
    ];
    for sql in queries {
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query([history])?;
        while let Some(row) = rows.next()? {
            match read_fact(row, chain) {
                Some(fact) => found.rows.push(fact),
                None => found.damaged = found.damaged.saturating_add(1),
            }
        }
    }
    let mut statement = conn.prepare_cached("SELECT * FROM finalized WHERE history = ?1")?;
    let mut rows = statement.query(params![history])?;
    while let Some(row) = rows.next()? {
        match read_finalized(row, chain) {
            Some(fact) => found.rows.push(fact),
            None => found.damaged = found.damaged.saturating_add(1),
        }
    }
    Ok(())
}

fn read_fact(row: &Row<'_>, chain: &ChainId) -> Option<(i64, Observation)> {
    let fact: Fact = serde_json::from_str(row.get_ref("fact").ok()?.as_str().ok()?).ok()?;
    Some((row.get("seq").ok()?, observation(row, chain, fact)?))
}

fn read_finalized(row: &Row<'_>, chain: &ChainId) -> Option<(i64, Observation)> {
    let fact = Fact::Finalized {
        at: BlockRef { number: nat(row.get("number").ok()?)?, hash: Hash(row.get("hash").ok()?) },
        parent: Hash(row.get("parent").ok()?),
    };
    Some((row.get("seq").ok()?, observation(row, chain, fact)?))
}

fn observation(row: &Row<'_>, chain: &ChainId, fact: Fact) -> Option<Observation> {
    Some(Observation {
        at: UnixMs(row.get("at").ok()?),
        chain: chain.clone(),
        endpoint: row.get::<_, Option<String>>("endpoint").ok()?.map(EndpointId::from),
        fact,
    })
}
