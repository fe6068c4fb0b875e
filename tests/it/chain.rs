//! The supervisor of a chain against nodes that fail in every way we know (FAULTS rows 1 to 38).
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::print_stderr,
    unreachable_pub,
    reason = "numbers of tests are small; figures are told; modules of one binary"
)]

mod backfill;
mod balances;
pub mod bed;
mod blocks;
mod codec;
mod coretime;
mod finality;
mod lies;
mod links;
mod manners;
mod paras;
mod staking;
mod upgrade;
mod validators;
