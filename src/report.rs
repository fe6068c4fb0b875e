//! Snapshot and reports: pure renderers over the state.
//!
//! In: network, store, alerts, a moment. Out: values that serialise to the documents of CONTRACT. Must not do I/O.

pub mod ledger;
pub mod metrics;
pub mod snapshot;
pub mod validators;
