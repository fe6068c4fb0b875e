//! Where a console's facts come from: live sources, or a recording.
//!
//! In: sources or a player, and an inbox of everything else (keys, notices, the end). Out: one thing at a time, or nothing
//! when the wait is over. Keys come before facts. Must not fold.

use super::sources::{Plan, Sources};
use crate::app::ReplayState;
use crate::domain::{Observation, Store, UnixMs};
use crate::ports::Clock;
use crate::record::Player;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::Receiver;

/// What woke the console.
pub enum Woken<T> {
    /// Something from the inbox.
    Inbox(T),
    /// A fact.
    Fact(Box<Observation>),
    /// The wait is over.
    Nothing,
}

/// A source of facts.
pub enum Feed {
    /// The chains.
    Live {
        /// What is watched, to begin again with.
        plan: Box<Plan>,
        /// The supervisors.
        sources: Sources,
    },
    /// A recording.
    Replay {
        /// The player.
        player: Box<Player>,
        /// Waits for the inbox.
        waiter: Runtime,
        /// Length of the recording, milliseconds.
        length_ms: u64,
    },
}

/// What a replay's step asks of the fold.
pub struct Played {
    /// Begin again with this store.
    pub restart: Option<Box<Store>>,
    /// Facts to fold.
    pub facts: Vec<Observation>,
    /// The replay's own time.
    pub now: UnixMs,
    /// More facts are due.
    pub more: bool,
}

impl Feed {
    /// The chains of a plan.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn live(plan: Plan, clock: &Arc<dyn Clock>) -> io::Result<Self> {
        let sources = Sources::start(&plan, clock)?;
        Ok(Self::Live { plan: Box::new(plan), sources })
    }

    /// A recording.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn replay(player: Player, length_ms: u64) -> io::Result<Self> {
        let waiter = Builder::new_current_thread().enable_time().build()?;
        Ok(Self::Replay { player: Box::new(player), waiter, length_ms })
    }

    /// Waits at most `wait_ms` for the inbox or a fact.
    pub fn wait<T>(&mut self, inbox: &mut Receiver<T>, wait_ms: u64) -> Woken<T> {
        let limit = Duration::from_millis(wait_ms);
        match self {
            Self::Live { sources, .. } => sources.next_or(inbox, limit),
            Self::Replay { waiter, .. } => waiter.block_on(async {
                match tokio::time::timeout(limit, inbox.recv()).await {
                    Ok(Some(item)) => Woken::Inbox(item),
                    _ => Woken::Nothing,
                }
            }),
        }
    }

    /// A fact that is already there.
    pub fn try_fact(&mut self) -> Option<Observation> {
        match self {
            Self::Live { sources, .. } => sources.try_next(),
            Self::Replay { .. } => None,
        }
    }

    /// Reads everything again: new connections, new first contact. Nothing to do in a replay.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn refresh(&mut self, clock: &Arc<dyn Clock>) -> io::Result<()> {
        if let Self::Live { plan, sources } = self {
            *sources = Sources::start(plan, clock)?;
        }
        Ok(())
    }

    /// Plays on to the real moment `now`. None for live sources.
    pub fn play(&mut self, now: UnixMs) -> Option<Played> {
        let Self::Replay { player, .. } = self else { return None };
        let step = player.step(now);
        Some(Played { restart: step.restart, facts: step.facts, now: player.now(), more: step.more })
    }

    /// Jumps to a position of the recording, milliseconds.
    pub fn seek(&mut self, to_ms: u64, now: UnixMs) {
        if let Self::Replay { player, length_ms, .. } = self {
            player.seek(to_ms.min(*length_ms), now);
        }
    }

    /// Plays at `times` real time; 0 pauses.
    pub fn set_speed(&mut self, times: f64, now: UnixMs) {
        if let Self::Replay { player, .. } = self {
            player.pause(times <= 0.0, now);
            if times > 0.0 {
                player.set_speed(percent(times), now);
            }
        }
    }

    /// Where the replay stands; none for live sources.
    #[must_use]
    pub fn replay_state(&self) -> Option<ReplayState> {
        match self {
            Self::Live { .. } => None,
            Self::Replay { player, length_ms, .. } => Some(ReplayState {
                at_ms: player.position_ms().min(*length_ms),
                length_ms: *length_ms,
                speed: f64::from(player.speed()) / 100.0,
                paused: player.is_paused(),
            }),
        }
    }
}

/// A factor as whole percent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of the type first"
)]
pub(super) fn percent(times: f64) -> u32 {
    (times * 100.0).clamp(1.0, 10_000_000.0) as u32
}
