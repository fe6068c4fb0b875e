//! `faultd`: a fake node on a loopback port that serves a scripted chain and misbehaves as it is told.
//!
//! In: a [`Chain`], faults set by the test while it runs. Out: JSON-RPC over WebSocket, frame by frame under our own control,
//! and counters of what was asked. The WebSocket side is written by hand: libraries refuse to send what we want to send.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stderr,
    unreachable_pub,
    reason = "numbers of tests are small; figures are told; modules of one binary"
)]

mod encode;
mod faults;
mod front;
mod node;
mod script;
mod ws;

pub use encode::{Encoder, accounts, blake2_key, bytes, number, numbers, stash, twox64_key};
pub use faults::{Accept, Heads, Pipe, Script};
pub use front::{Front, Place, Rules};
pub use node::Node;
pub use script::{Chain, FakeRuntime, Shows, key, recorded};
