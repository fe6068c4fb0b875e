//! What the runtime offers to the edges: a clock, and a place for facts.
//!
//! In: nothing. Out: traits that `chain`, `journal` and `record` are written against, and that tests implement in a
//! few lines. Must not import anything but `domain`; no implementation lives here.

use crate::domain::{Observation, UnixMs};
use std::future::Future;

/// The clock. Only `runtime` implements it for real; tests and replays bring their own.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> UnixMs;
}

/// The other side has gone: stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the receiver of facts has stopped")]
pub struct Closed;

/// Where facts go. Bounded: a full queue makes the source wait, it never drops and never grows.
pub trait FactSink: Send + 'static {
    /// Hands over one observation.
    ///
    /// # Errors
    /// [`Closed`] when nobody listens any more.
    fn put(&mut self, seen: Observation) -> impl Future<Output = Result<(), Closed>> + Send;
}
