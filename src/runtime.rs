//! The only code that spawns, owns channels and reads the clock.
//!
//! In: a plan (network, endpoints, options). Out: a running program: sources feeding one bounded queue, the reducer, and
//! whatever the command does with the state. Everything it wires together is pure or a port. Must not decide anything
//! that a detector, a tab or the supervisor could decide.

pub mod backfill;
pub mod clock;
pub mod compose;
pub mod console;
pub mod doctor;
pub mod engine;
mod errands;
pub mod feed;
pub mod glance;
pub mod headless;
pub mod ledger;
pub mod planner;
pub mod register;
#[cfg(feature = "rehearse")]
pub mod rehearse;
pub mod reports;
pub mod runbooks;
mod scrape;
pub mod scribe;
mod sessions;
pub mod sources;
pub mod tape;
pub mod watch;
pub mod xray;
