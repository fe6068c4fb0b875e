//! The scribe: the thread that owns the journal.
//!
//! In: every fact and every acknowledgement, through a bounded queue that drops rather than waits (losing journal rows costs
//! a refetch, a blocked console costs the night). Out: rows on disk, and messages for the console: notices, and the
//! acknowledgements of a colleague on the same directory. Must not fold.

use crate::app::Msg;
use crate::domain::{AlertId, ChainId, Clean, Fact, Hash, Observation, UnixMs};
use crate::journal::{Journal, Mode};
use crate::ports::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Orders that may wait for the disk.
const QUEUE: usize = 4_096;
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

/// The console's end.
pub struct Scribe {
    orders: Option<SyncSender<Order>>,
    dropped: Arc<AtomicU64>,
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
        let (orders, queue) = sync_channel(QUEUE);
        let work = Work {
            journal,
            pin,
            console,
            batch: Vec::new(),
            pinned: BTreeMap::new(),
            acks: BTreeMap::new(),
            looked: UnixMs::default(),
            tidied: UnixMs::default(),
            examine_at: Some(clock.now().plus(EXAMINE_MS)),
            failing: false,
            clock,
        };
        let thread =
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || work.run(&queue))?;
        Ok(Self { orders: Some(orders), dropped: Arc::default(), thread: Some(thread) })
    }

    /// Keeps a fact.
    pub fn keep(&self, seen: &Observation) {
        self.order(Order::Keep(Box::new(seen.clone())));
    }

    /// Keeps an acknowledgement; none takes it back.
    pub fn ack(&self, alert: AlertId, by: Option<String>, at: UnixMs) {
        self.order(Order::Ack { alert, by, at });
    }

    /// Orders that the disk was too slow for.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders
            && orders.try_send(order).is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
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
    batch: Vec<Observation>,
    pinned: BTreeMap<ChainId, Hash>,
    acks: BTreeMap<AlertId, Option<String>>,
    looked: UnixMs,
    tidied: UnixMs,
    examine_at: Option<UnixMs>,
    failing: bool,
}

impl Work {
    fn run(mut self, queue: &Receiver<Order>) {
        let mut since = self.clock.now();
        loop {
            match queue.recv_timeout(Duration::from_millis(LINGER_MS)) {
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
        self.batch.clear();
        match result {
            Ok(()) => self.failing = false,
            Err(e) if !self.failing => {
                self.failing = true;
                self.say(Clean::of(&e.to_string()));
            }
            Err(_) => {}
        }
        for notice in self.journal.take_notices() {
            self.say(notice);
        }
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
            Err(e) => self.say(Clean::of(&e.to_string())),
        }
    }

    /// Damage that opening did not see is found while nothing depends on the journal yet.
    fn examine(&mut self, now: UnixMs) {
        if self.examine_at.take_if(|at| now >= *at).is_some() && !self.journal.check() {
            for notice in self.journal.take_notices() {
                self.say(notice);
            }
        }
    }

    /// A reader takes over where the writer has ended, and shows what others acknowledged.
    fn look(&mut self, now: UnixMs) {
        if self.journal.mode() != Mode::Reader || now.since(self.looked) < LOOK_MS {
            return;
        }
        self.looked = now;
        if self.journal.try_become_writer(now) {
            for notice in self.journal.take_notices() {
                self.say(notice);
            }
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
