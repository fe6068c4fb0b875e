//! The scribe: the thread that owns the journal.
//!
//! In: every fact and every acknowledgement, through a bounded queue that refuses rather than waits (losing journal rows
//! costs a refetch, a blocked console costs the night). Facts leave room for acknowledgements, and what is refused is counted.
//! Out: rows on disk, and messages for the console: notices, and the acknowledgements of a colleague on the same directory.
//! Must not fold.

use crate::app::Msg;
use crate::domain::{AlertId, ChainId, Clean, Fact, Hash, Observation, UnixMs};
use crate::journal::{Journal, Mode};
use crate::ports::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Facts that may wait for the disk.
const QUEUE: usize = 4_096;
/// Room in the queue that only acknowledgements take.
const ROOM_FOR_ACKS: usize = 256;
/// Facts written in one transaction at most.
const BATCH: usize = 256;
/// A batch waits so long at most, milliseconds.
const LINGER_MS: u64 = 1_000;
/// How often a reader looks whether it may write, and what others acknowledged, milliseconds.
const LOOK_MS: u64 = 3_000;
/// The whole file is examined once, so long after the start, milliseconds.
const EXAMINE_MS: u64 = 5_000;
/// Leaving waits for the last rows so often, so long.
const LEAVE: (u32, Duration) = (20, Duration::from_millis(10));
/// How often old rows are tidied, milliseconds.
const TIDY_MS: u64 = 60_000;

/// An order to the scribe.
enum Order {
    Keep(Box<Observation>),
    Ack { alert: AlertId, by: Option<String>, at: UnixMs },
}

/// What both ends count.
#[derive(Default)]
struct Tally {
    /// Orders that wait.
    waiting: AtomicUsize,
    facts: AtomicU64,
    acks: AtomicU64,
}

/// The console's end.
pub struct Scribe {
    orders: Option<SyncSender<Order>>,
    tally: Arc<Tally>,
    thread: Option<JoinHandle<()>>,
}

impl Scribe {
    /// Starts the thread. `pin` makes it pin the genesis hash of every chain at first contact.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        journal: Journal,
        clock: Arc<dyn Clock>,
        pin: bool,
        console: Sender<Msg>,
    ) -> std::io::Result<Self> {
        let (mut scribe, queue) = Self::idle();
        scribe.hire(Work::new(journal, clock, pin, console, scribe.tally.clone()), queue)?;
        Ok(scribe)
    }

    /// A queue that nobody reads yet.
    fn idle() -> (Self, Receiver<Order>) {
        let (orders, queue) = sync_channel(QUEUE + ROOM_FOR_ACKS);
        (Self { orders: Some(orders), tally: Arc::default(), thread: None }, queue)
    }

    fn hire(&mut self, work: Work, queue: Receiver<Order>) -> std::io::Result<()> {
        let builder = std::thread::Builder::new().name("journal".to_owned());
        self.thread = Some(builder.spawn(move || work.run(&queue))?);
        Ok(())
    }

    /// Keeps a fact; it is only counted where the disk does not keep up.
    pub fn keep(&self, seen: &Observation) {
        let full = self.tally.waiting.load(Ordering::Relaxed) >= QUEUE;
        if full || !self.order(Order::Keep(Box::new(seen.clone()))) {
            self.tally.facts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Keeps an acknowledgement; none takes it back. False where it could not even be queued: tell the operator.
    #[must_use]
    pub fn ack(&self, alert: AlertId, by: Option<String>, at: UnixMs) -> bool {
        let queued = self.order(Order::Ack { alert, by, at });
        if !queued {
            self.tally.acks.fetch_add(1, Ordering::Relaxed);
        }
        queued
    }

    /// What was not kept up to now: facts, acknowledgements.
    #[must_use]
    pub fn lost(&self) -> (u64, u64) {
        (self.tally.facts.load(Ordering::Relaxed), self.tally.acks.load(Ordering::Relaxed))
    }

    fn order(&self, order: Order) -> bool {
        let Some(orders) = &self.orders else { return false };
        self.tally.waiting.fetch_add(1, Ordering::Relaxed);
        let queued = orders.try_send(order).is_ok();
        if !queued {
            self.tally.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        queued
    }
}

impl Drop for Scribe {
    /// Lets it write what is left, for a moment only: leaving never waits for a slow disk.
    fn drop(&mut self) {
        self.orders = None;
        let Some(thread) = self.thread.take() else { return };
        for _ in 0..LEAVE.0 {
            if thread.is_finished() {
                return;
            }
            std::thread::sleep(LEAVE.1);
        }
    }
}

struct Work {
    journal: Journal,
    clock: Arc<dyn Clock>,
    pin: bool,
    console: Sender<Msg>,
    tally: Arc<Tally>,
    batch: Vec<Observation>,
    pinned: BTreeMap<ChainId, Hash>,
    acks: BTreeMap<AlertId, Option<String>>,
    looked: UnixMs,
    tidied: UnixMs,
    examine_at: Option<UnixMs>,
    failing: bool,
}

impl Work {
    fn new(
        journal: Journal,
        clock: Arc<dyn Clock>,
        pin: bool,
        console: Sender<Msg>,
        tally: Arc<Tally>,
    ) -> Self {
        Self {
            journal,
            pin,
            console,
            tally,
            batch: Vec::new(),
            pinned: BTreeMap::new(),
            acks: BTreeMap::new(),
            looked: UnixMs::default(),
            tidied: UnixMs::default(),
            examine_at: Some(clock.now().plus(EXAMINE_MS)),
            failing: false,
            clock,
        }
    }

    fn run(mut self, queue: &Receiver<Order>) {
        let mut since = self.clock.now();
        loop {
            let order = queue.recv_timeout(Duration::from_millis(LINGER_MS));
            if order.is_ok() {
                self.tally.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            match order {
                Ok(Order::Keep(seen)) => {
                    self.pin_genesis(&seen);
                    self.batch.push(*seen);
                }
                Ok(Order::Ack { alert, by, at }) => self.keep_ack(&alert, by, at),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.flush();
                    return;
                }
            }
            let now = self.clock.now();
            if self.batch.len() >= BATCH || now.since(since) >= LINGER_MS {
                self.flush();
                since = now;
            }
            self.examine(now);
            self.look(now);
            self.tidy(now);
        }
    }

    fn say(&mut self, text: Clean) {
        let _ = self.console.try_send(Msg::Notice(text));
    }

    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let result = self.journal.write(&self.batch);
        let facts = u64::try_from(self.batch.len()).unwrap_or(u64::MAX);
        self.batch.clear();
        match result {
            Ok(()) => self.failing = false,
            Err(e) => {
                self.tally.facts.fetch_add(facts, Ordering::Relaxed);
                if !std::mem::replace(&mut self.failing, true) {
                    self.say(Clean::of(&e.to_string()));
                }
            }
        }
        self.tell();
    }

    /// Says what came up in the journal. It may have begun a new file: what this run pinned stands there again.
    fn tell(&mut self) {
        let notices = self.journal.take_notices();
        if !notices.is_empty() {
            for (chain, genesis) in &self.pinned {
                let _ = self.journal.pin_genesis(chain, *genesis);
            }
        }
        notices.into_iter().for_each(|notice| self.say(notice));
    }

    fn pin_genesis(&mut self, seen: &Observation) {
        let Fact::Identity(identity) = &seen.fact else { return };
        if !self.pin || self.pinned.get(&seen.chain) == Some(&identity.genesis) {
            return;
        }
        if let Ok(pinned) = self.journal.pin_genesis(&seen.chain, identity.genesis) {
            self.pinned.insert(seen.chain.clone(), pinned);
        }
    }

    fn keep_ack(&mut self, alert: &AlertId, by: Option<String>, at: UnixMs) {
        let kept = match &by {
            Some(by) => self.journal.save_ack(alert, by, at),
            None => self.journal.clear_ack(alert).map(|_| ()),
        };
        match kept {
            Ok(()) => {
                self.acks.insert(alert.clone(), by);
            }
            Err(e) => {
                self.tally.acks.fetch_add(1, Ordering::Relaxed);
                self.say(Clean::of(&format!("{alert}: {e}")));
            }
        }
    }

    /// Damage that opening did not see is found while nothing depends on the journal yet.
    fn examine(&mut self, now: UnixMs) {
        if self.examine_at.take_if(|at| now >= *at).is_some() && !self.journal.check() {
            self.tell();
        }
    }

    /// A reader takes over where the writer has ended, and shows what others acknowledged.
    fn look(&mut self, now: UnixMs) {
        if self.journal.mode() != Mode::Reader || now.since(self.looked) < LOOK_MS {
            return;
        }
        self.looked = now;
        if self.journal.try_become_writer(now) {
            self.tell();
        }
        let now_acked: BTreeMap<AlertId, Option<String>> =
            self.journal.acks().into_iter().map(|a| (AlertId::from_text(&a.alert), Some(a.by))).collect();
        let gone = self.acks.iter().filter(|(id, by)| by.is_some() && !now_acked.contains_key(id));
        let gone: Vec<_> = gone.map(|(id, _)| (id.clone(), None)).collect();
        for (alert, by) in now_acked.into_iter().chain(gone) {
            if self.acks.get(&alert) != Some(&by) {
                self.acks.insert(alert.clone(), by.clone());
                let _ = self.console.try_send(Msg::Acked { alert, by });
            }
        }
    }

    fn tidy(&mut self, now: UnixMs) {
        if now.since(self.tidied) < TIDY_MS {
            return;
        }
        self.tidied = now;
        if let Err(e) = self.journal.maintain(now) {
            tracing::warn!(error = %e, "the journal could not be tidied");
        }
    }
}

#[cfg(test)]
mod tests;
