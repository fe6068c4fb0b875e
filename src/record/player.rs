//! Playing a recording: which facts are due at which moment.
//!
//! In: a recording, and the real time with each step. Out: facts to apply, the replay's own clock, and the store to
//! begin again with after a jump back. Applies nothing itself and reads no clock.

use super::{Facts, Recording, Timed};
use crate::domain::{Clean, Observation, Store, UnixMs};

/// Most facts that one step returns: about a tenth of a second of folding.
const MAX_STEP: usize = 2_000;
/// Fastest speed, in percent of real time.
const MAX_SPEED: u32 = 10_000_000;

/// A recording being played.
pub struct Player {
    recording: Recording,
    facts: Facts,
    /// The next fact that is not due yet.
    next: Option<Timed>,
    /// Where the play is wanted to be, milliseconds from the beginning.
    position: u64,
    /// Where and when the present pace began.
    anchor: (u64, UnixMs),
    speed: u32,
    paused: bool,
    restart: bool,
    /// True once the end is reached.
    ended: bool,
}

/// What is to be done to come to the wanted position.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The store to begin again with, after a jump back and at the very beginning.
    pub restart: Option<Box<Store>>,
    /// Facts to apply, in this order.
    pub facts: Vec<Observation>,
    /// True where more facts are due: step again before drawing.
    pub more: bool,
    /// True where there is nothing left to play.
    pub ended: bool,
}

impl Player {
    /// A player at the beginning, playing at real speed from `now` on.
    #[must_use]
    pub fn new(recording: Recording, now: UnixMs) -> Self {
        let mut facts = recording.facts();
        let next = facts.next();
        Self {
            recording,
            facts,
            next,
            position: 0,
            anchor: (0, now),
            speed: 100,
            paused: false,
            restart: true,
            ended: false,
        }
    }

    /// The facts that are due at the real moment `now`.
    pub fn step(&mut self, now: UnixMs) -> Step {
        if !self.paused && !self.ended {
            let (from, since) = self.anchor;
            let played = u128::from(now.since(since)).saturating_mul(u128::from(self.speed)) / 100;
            self.position = from.saturating_add(u64::try_from(played).unwrap_or(u64::MAX)).max(self.position);
        }
        self.take_due()
    }

    /// Stops and goes on.
    pub fn pause(&mut self, paused: bool, now: UnixMs) {
        self.paused = paused;
        self.anchor = (self.position, now);
    }

    /// True while it stands.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Sets the speed in percent of real time, 1 to 10,000,000.
    pub fn set_speed(&mut self, percent: u32, now: UnixMs) {
        self.speed = percent.clamp(1, MAX_SPEED);
        self.anchor = (self.position, now);
    }

    /// The speed in percent of real time.
    #[must_use]
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// Jumps to a position, milliseconds from the beginning; `u64::MAX` is the end. A jump back begins again with
    /// the first store. Call [`Player::step`] until it has no more.
    pub fn seek(&mut self, to_ms: u64, now: UnixMs) {
        if to_ms < self.position {
            self.facts = self.recording.facts();
            self.next = self.facts.next();
            self.restart = true;
        }
        self.ended = false;
        self.position = to_ms;
        self.anchor = (to_ms, now);
    }

    /// Milliseconds from the beginning.
    #[must_use]
    pub fn position_ms(&self) -> u64 {
        self.position
    }

    /// The replay's own clock: the moment in the recording.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.recording.header.started.plus(self.position)
    }

    /// The recording.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Facts of an unknown kind, met so far.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.facts.skipped()
    }

    /// Where and why the recording ends before its end, once that place is reached.
    #[must_use]
    pub fn damage(&self) -> Option<&Clean> {
        self.facts.damage()
    }

    fn take_due(&mut self) -> Step {
        let restart = std::mem::take(&mut self.restart).then(|| Box::new(self.recording.start.clone()));
        let mut facts = Vec::new();
        while facts.len() < MAX_STEP {
            match self.next.take() {
                Some(timed) if timed.t_ms <= self.position => {
                    facts.push(timed.seen);
                    self.next = self.facts.next();
                }
                waiting => {
                    self.next = waiting;
                    break;
                }
            }
        }
        let more = self.next.as_ref().is_some_and(|n| n.t_ms <= self.position);
        let end = self.facts.end_ms().max(self.recording.header.length_ms.unwrap_or(0));
        if self.next.is_none() && self.position >= end {
            // The clock stands at the end, however far the jump was meant to go.
            self.position = end;
            self.ended = true;
        }
        Step { restart, facts, more, ended: self.ended }
    }
}
