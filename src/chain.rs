//! Chain access: all endpoints of a chain side by side, freshness, failover, finalized cursor, probes.
//!
//! In: a [`ChainSpec`](crate::domain::ChainSpec) with the URLs of its endpoints, a clock and a place for facts. Out:
//! facts. One future a chain does everything ([`supervisor::run`]); the runtime spawns it. Must not import anything of
//! this crate but `domain`, `codec` and `ports`; no method that changes a chain can be named here.

pub mod backfill;
mod cursor;
mod endpoint;
pub mod names;
mod pool;
mod probes;
pub mod reader;
mod recent;
pub mod supervisor;
pub mod transport;

pub use endpoint::{Endpoint, Expected, LastGood};
