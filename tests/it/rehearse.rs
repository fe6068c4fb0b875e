//! Rehearsals of the real runtimes, in this process, over the state of their chain specs: no node, no network.
//!
//! The specs are those of `SERENO_SPECS`. Alice holds sudo and money, Bob is her proxy for what `SafeSudo` lets through.

mod market;
mod outcomes;
mod rows;
mod runs;
mod spec;
mod upgrade;
