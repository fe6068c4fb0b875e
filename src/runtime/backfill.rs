//! `sereno validators backfill`: past sessions from an archive node into the journal.
//!
//! In: a plan, how many sessions, a rate. Out: records in the journal, each written when its session is whole; progress as
//! data. The blocks are folded by the same store as live ones, so that both give the same figures. A session that was
//! interrupted begins again. Must not print.

use super::compose::Base;
use super::sources::Plan;
use crate::chain::Endpoint;
use crate::chain::backfill::{Archive, BackfillError, Bounds};
use crate::chain::names::SystemNames;
use crate::domain::{ChainId, Clean, EndpointId, Fact, Hash, Observation, SessionRecord, Store, UnixMs};
use crate::journal::{Journal, Mode, Role};
use crate::ports::Clock;
use crate::screen::format;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A link that broke is made anew so often in a row.
const ATTEMPTS: u32 = 5;
/// Pause before that.
const PAUSE: Duration = Duration::from_secs(2);

/// How much is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Sessions before the one in progress.
    pub sessions: u32,
    /// Requests a second.
    pub rate: u32,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The session that is read.
    pub session: u32,
    /// Blocks of it that were read, and its blocks.
    pub blocks: (u64, u64),
    /// Sessions that are done or were there, and all that are wanted.
    pub sessions: (u32, u32),
    /// Blocks read in this run.
    pub read: u64,
    /// Milliseconds since it began.
    pub elapsed_ms: u64,
}

/// Most cells of the bar.
const BAR: usize = 24;
/// Fewer cells show nothing.
const LEAST_BAR: usize = 8;

impl Progress {
    /// True where the session is whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.blocks.0 >= self.blocks.1
    }

    /// Blocks a second so far, and how long the rest takes at that pace.
    fn pace(&self) -> (u64, String) {
        let Self { blocks: (read, blocks), sessions: (done, sessions), .. } = *self;
        let a_second = self.read.saturating_mul(1_000) / self.elapsed_ms.max(1);
        let begun = if self.is_whole() { 0 } else { read };
        let ahead = u64::from(sessions.saturating_sub(done)).saturating_mul(blocks).saturating_sub(begun);
        (a_second, format::age(ahead.saturating_mul(self.elapsed_ms) / self.read.max(1)))
    }

    /// `session 2056: 412 of 600 blocks, 18 blocks/s; 3 of 24 sessions, 11m left`.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { session, blocks: (read, blocks), sessions: (done, sessions), .. } = *self;
        let (a_second, left) = self.pace();
        format!(
            "session {session}: {read} of {blocks} blocks, {a_second} blocks/s; {done} of {sessions} sessions, {left} left"
        )
    }

    /// The same behind a bar, for a terminal of so many columns: shorter where it would not fit into one row, because a
    /// row that wraps cannot be overwritten in place.
    #[must_use]
    pub fn bar(&self, columns: usize) -> String {
        let room = columns.saturating_sub(1);
        let mut text = self.line();
        if text.chars().count() + BAR + 3 > room {
            let Self { session, blocks: (read, blocks), sessions: (done, sessions), .. } = *self;
            let (a_second, left) = self.pace();
            text = format!(
                "session {session}: {read}/{blocks}, {a_second}/s; {done} of {sessions} sessions, {left} left"
            );
        }
        let cells = room.saturating_sub(text.chars().count() + 3).min(BAR);
        if cells < LEAST_BAR {
            return text.chars().take(room).collect();
        }
        let full = self.blocks.0.saturating_mul(u64::try_from(cells).unwrap_or(0)) / self.blocks.1.max(1);
        let is_full = |n: usize| u64::try_from(n).is_ok_and(|n| n < full);
        let bar: String = (0..cells).map(|n| if is_full(n) { '#' } else { '.' }).collect();
        format!("[{bar}] {text}")
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Sessions filled.
    pub filled: u32,
    /// Sessions that were whole already.
    pub known: u32,
    /// True where it was interrupted.
    pub stopped: bool,
}

/// Fills past sessions. `tell` hears of every block, `stop` is looked at after each.
///
/// # Errors
/// One sentence: the journal is not ours to write, or no endpoint serves.
pub fn run(
    plan: &Plan,
    base: &Base,
    wanted: Wanted,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Progress),
) -> Result<Done, String> {
    let relay =
        plan.network.relay().ok_or("validators are the relay chain's: do not leave it out with --only")?;
    let mut opened = Journal::open(&base.state_dir, &plan.network.id, Role::Console, base.clock.now());
    let path = opened.journal.path();
    let said = opened.notices.iter().map(Clean::as_str).collect::<Vec<_>>().join(" ");
    match opened.journal.mode() {
        Mode::Writer => {}
        Mode::Reader => {
            let path = path.display();
            return Err(format!(
                "another console writes the journal {path}: end it first, the back-fill writes there too"
            ));
        }
        Mode::InMemory => return Err(said),
    }
    let system = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("rpc")
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    let mut fill = Fill {
        chain: relay.id.clone(),
        expected: plan.genesis.get(&relay.id).copied().or(relay.genesis),
        clock: base.clock.clone(),
        began: base.clock.now(),
        journal: &mut opened.journal,
        wanted,
        stop,
        tell,
        read: 0,
        filled: 0,
    };
    let none = Vec::new();
    let mut reasons = Vec::new();
    for endpoint in plan.endpoints.get(&relay.id).unwrap_or(&none) {
        match system.block_on(fill.through(endpoint)) {
            Ok(done) => return Ok(done),
            Err(Failed::Journal(why)) => return Err(why),
            Err(Failed::Node(e)) => reasons.push(format!("{}: {e}", endpoint.id)),
        }
    }
    if reasons.is_empty() {
        return Err(format!(
            "no endpoint of {} is given: give an archive node with --endpoint relay=URL",
            relay.id
        ));
    }
    Err(reasons.join("; "))
}

/// Why an endpoint was left.
enum Failed {
    Node(BackfillError),
    Journal(String),
}

impl From<BackfillError> for Failed {
    fn from(e: BackfillError) -> Self {
        Self::Node(e)
    }
}

struct Fill<'a> {
    chain: ChainId,
    expected: Option<Hash>,
    clock: Arc<dyn Clock>,
    began: UnixMs,
    journal: &'a mut Journal,
    wanted: Wanted,
    stop: &'a AtomicBool,
    tell: &'a mut dyn FnMut(Progress),
    read: u64,
    filled: u32,
}

impl Fill<'_> {
    /// Fills through one endpoint, over as many connections as it takes.
    async fn through(&mut self, endpoint: &Endpoint) -> Result<Done, Failed> {
        let mut attempts = 0;
        loop {
            let before = self.filled;
            match self.through_one_connection(endpoint).await {
                Err(Failed::Node(e)) if e.may_pass() => {
                    attempts = if self.filled > before { 1 } else { attempts + 1 };
                    if attempts >= ATTEMPTS || self.stop.load(Ordering::Relaxed) {
                        return Err(Failed::Node(e));
                    }
                    tracing::warn!(endpoint = %endpoint.id, error = %e, "the back-fill begins the session again");
                    tokio::time::sleep(PAUSE).await;
                }
                other => return other,
            }
        }
    }

    async fn through_one_connection(&mut self, endpoint: &Endpoint) -> Result<Done, Failed> {
        let terms = (self.wanted.rate, self.expected);
        let mut archive = Archive::open(endpoint, &SystemNames, self.clock.clone(), terms).await?;
        let identity = Fact::Identity(archive.identity().clone());
        self.write(&endpoint.id, identity)?;
        let newest = archive.session();
        let oldest = newest.saturating_sub(self.wanted.sessions);
        let total = newest - oldest;
        let mut done = Done { filled: self.filled, ..Done::default() };
        let mut passed = 0;
        for session in (oldest..newest).rev() {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(Done { stopped: true, ..done });
            }
            let whole = self.journal.has_whole_session(&self.chain, session);
            if whole.map_err(|e| Failed::Journal(e.to_string()))? {
                passed += 1;
                continue;
            }
            let bounds = archive.bounds(session).await?;
            let Some(record) = self.session(&mut archive, &endpoint.id, bounds, (passed, total)).await?
            else {
                return Ok(Done { stopped: true, known: passed.saturating_sub(self.filled), ..done });
            };
            self.write(&endpoint.id, Fact::SessionRecord(Box::new(record)))?;
            passed += 1;
            self.filled += 1;
            done.filled = self.filled;
            let progress = self.progress(bounds, bounds.blocks(), (passed, total));
            (self.tell)(progress);
        }
        done.known = passed.saturating_sub(self.filled);
        Ok(done)
    }

    /// What the store counts of a session; none where it was interrupted.
    async fn session(
        &mut self,
        archive: &mut Archive,
        endpoint: &EndpointId,
        bounds: Bounds,
        sessions: (u32, u32),
    ) -> Result<Option<SessionRecord>, Failed> {
        let mut store = Store::default();
        let mut blocks = 0;
        let whole = archive
            .read(bounds, |fact| {
                let is_block = matches!(fact, Fact::Best(_));
                let (at, chain, endpoint) = (self.clock.now(), self.chain.clone(), Some(endpoint.clone()));
                store.apply(&Observation { at, chain, endpoint, fact });
                if is_block {
                    blocks += 1;
                    self.read += 1;
                    if blocks < bounds.blocks() {
                        let progress = self.progress(bounds, blocks, sessions);
                        (self.tell)(progress);
                    }
                }
                !self.stop.load(Ordering::Relaxed)
            })
            .await?;
        let view = store.chain(&self.chain).filter(|_| whole);
        let Some(mut record) = view.and_then(|v| v.validators.record(bounds.session)).cloned() else {
            return Ok(None);
        };
        record.complete = (record.first_block, record.last_block) == (bounds.first, bounds.last)
            && u64::from(record.blocks) == bounds.blocks();
        Ok(Some(record))
    }

    fn progress(&self, bounds: Bounds, blocks: u64, sessions: (u32, u32)) -> Progress {
        Progress {
            session: bounds.session,
            blocks: (blocks, bounds.blocks()),
            sessions,
            read: self.read,
            elapsed_ms: self.clock.now().since(self.began),
        }
    }

    fn write(&mut self, endpoint: &EndpointId, fact: Fact) -> Result<(), Failed> {
        let (at, chain) = (self.clock.now(), self.chain.clone());
        let seen = Observation { at, chain, endpoint: Some(endpoint.clone()), fact };
        self.journal.write(std::slice::from_ref(&seen)).map_err(|e| Failed::Journal(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_far_and_how_long() {
        let p =
            Progress { session: 2_056, blocks: (300, 600), sessions: (1, 3), read: 900, elapsed_ms: 90_000 };
        let said = "session 2056: 300 of 600 blocks, 10 blocks/s; 1 of 3 sessions, ";
        assert_eq!(p.line(), format!("{said}{} left", format::age(90_000)));
        assert!(p.bar(120).starts_with("[############............] session"), "{}", p.bar(120));
        let last = Progress { blocks: (600, 600), sessions: (3, 3), ..p };
        assert!(
            last.line().ends_with(&format!("3 of 3 sessions, {} left", format::age(0))),
            "{}",
            last.line()
        );
        let none = Progress { blocks: (0, 0), sessions: (0, 0), read: 0, elapsed_ms: 0, ..p };
        assert!(
            none.bar(120).contains("[........................] session 2056: 0 of 0"),
            "{}",
            none.bar(120)
        );
    }

    #[test]
    fn a_bar_never_takes_more_than_one_row() {
        let p = Progress {
            session: 12_056,
            blocks: (599, 600),
            sessions: (2_159, 2_160),
            read: 1_295_999,
            elapsed_ms: 90_000_000,
        };
        for columns in 0..140 {
            let bar = p.bar(columns);
            assert!(bar.chars().count() < columns.max(1), "{columns}: {bar}");
            assert!(bar.starts_with(if columns < 80 { "" } else { "[#" }), "{columns}: {bar}");
        }
        assert!(p.bar(80).contains("599/600"), "{}", p.bar(80));
    }
}
