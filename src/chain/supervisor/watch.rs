//! When something is read that costs many requests: at the start, with every session, when an event touches it, and every so
//! many blocks.
//!
//! In: the numbers of blocks, what their events touch. Out: whether it is time, and the answer of the read under way. One
//! read at a time, carried on while nothing else is to be done: no block waits for it.

use crate::chain::transport::LinkError;
use crate::domain::EndpointId;
use futures::future::BoxFuture;

/// How often something is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// At the latest every so many blocks.
    pub(super) every: u64,
    /// Blocks that pay for one read.
    pub(super) cost: u32,
    /// Blocks that may be saved up.
    pub(super) saved: u32,
}

/// What a read tells.
pub(super) type Answer<T> = Result<T, LinkError>;

/// When it is read.
pub(super) struct Watch<T> {
    rhythm: Rhythm,
    job: Option<(EndpointId, BoxFuture<'static, Answer<T>>)>,
    /// Number and session of the block in whose state it was last asked for.
    pub(super) last: Option<(u64, Option<u32>)>,
    /// True where an event touched it since.
    touched: bool,
    saved: u32,
}

impl<T> Watch<T> {
    /// Nothing was read yet.
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self { rhythm, job: None, last: None, touched: false, saved: rhythm.saved }
    }

    /// Whether it is to be read in the state of this block. Each block is asked about once.
    pub(super) fn wants(&mut self, number: u64, session: Option<u32>, touched: bool) -> bool {
        self.saved = self.rhythm.saved.min(self.saved.saturating_add(1));
        self.touched |= touched;
        if self.job.is_some() {
            return false;
        }
        let due = self.last.is_none_or(|(last, before)| {
            number < last || number.saturating_sub(last) >= self.rhythm.every || before != session
        });
        let wanted = due || (self.touched && self.saved >= self.rhythm.cost);
        if wanted {
            self.last = Some((number, session));
            self.touched = false;
            self.saved = self.saved.saturating_sub(self.rhythm.cost);
        }
        wanted
    }

    /// A read begins.
    pub(super) fn begin(&mut self, id: EndpointId, job: BoxFuture<'static, Answer<T>>) {
        self.job = Some((id, job));
    }

    /// The answer of the read that is under way; never, where none is.
    pub(super) async fn done(&mut self) -> (EndpointId, Answer<T>) {
        let Some((id, job)) = &mut self.job else { return std::future::pending().await };
        let (id, answer) = (id.clone(), job.await);
        self.job = None;
        (id, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Watch<()> {
        Watch::new(Rhythm { every: 30, cost: 24, saved: 30 })
    }

    #[test]
    fn every_thirty_blocks_with_a_session_and_when_touched_but_no_more_than_was_saved() {
        let mut watch = watch();
        assert!(watch.wants(100, Some(7), false), "at the start");
        assert!((101..130).all(|n| !watch.wants(n, Some(7), false)));
        assert!(watch.wants(130, Some(7), false));
        assert!(watch.wants(131, Some(8), false), "a session began");
        let often = (132..372).filter(|n| watch.wants(*n, Some(8), true)).count();
        assert_eq!(often, 10, "an event in each of 240 blocks");
        assert!(watch.wants(350, Some(8), false), "the chain began anew");
        let mut quiet = self::watch();
        assert!(quiet.wants(100, Some(7), false));
        assert!((101..118).all(|n| !quiet.wants(n, Some(7), false)));
        assert!(quiet.wants(118, Some(7), true), "after a quiet time an event is followed at once");
    }

    #[test]
    fn while_one_read_is_under_way_no_other_begins_and_what_touched_meanwhile_is_not_forgotten() {
        let mut watch = watch();
        assert!(watch.wants(100, Some(7), false));
        watch.begin("a".into(), Box::pin(std::future::pending()));
        assert!((101..150).all(|n| !watch.wants(n, Some(7), n == 101)));
        watch.job = None;
        assert!(watch.wants(150, Some(7), false));
    }
}
