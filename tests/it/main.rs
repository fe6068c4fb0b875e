//! The one integration binary: each module looks at one edge of the program, with real parts.
//!
//! One binary links once, which on two cores is most of the time that tests take.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking; helpers beside the tests may, too; tests of real nodes print what they measured"
)]

mod balances_tab;
mod bed;
mod calls;
mod cannot_tell;
mod catalogue;
mod chain;
mod chopsticks;
mod config;
mod console;
mod danger;
mod demo;
mod faultd;
mod form;
mod governance_tab;
mod killed;
mod narrow;
mod net;
mod overlays;
mod recovery_tab;
#[cfg(feature = "rehearse")]
mod rehearse;
mod roster;
mod runbooks;
mod runs;
mod saved_plans;
mod screens;
mod sereno;
mod snapshot_paras;
mod terminal;
mod validators;
mod validators_tab;
mod vectors;
mod votes;
mod wrapping;
