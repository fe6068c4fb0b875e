//! The paras of a relay chain, read beside the blocks: at the start, with every session, when an event touches them, and
//! every thirty blocks.
//!
//! In: what each block says of itself. Out: `Paras` facts, each with the block in whose state it was read; `Unread` where
//! it could not be. One read at a time, carried on while nothing else is to be done: no block waits for it.

use super::Supervisor;
use crate::chain::probes::paras::{self, Look};
use crate::chain::probes::runtime::Loaded;
use crate::chain::probes::validators;
use crate::chain::transport::{LinkError, Rpc};
use crate::domain::para::Paras;
use crate::domain::{BlockRef, ChainKind, Clean, EndpointId, Fact, Session};
use crate::ports::{Closed, FactSink};
use futures::future::BoxFuture;
use std::sync::Arc;

/// The paras are read at the latest every so many blocks.
const EVERY: u64 = 30;
/// Blocks that pay for one read: it costs about twelve requests while the paras are at most a hundred, and a relay block with
/// its body leaves about half a request of the three that DESIGN §7 allows.
const COST: u32 = 24;
/// Blocks that may be saved up.
const SAVED: u32 = 30;

type Answer = Result<Paras, LinkError>;

/// When the paras are read.
pub(super) struct Watch {
    job: Option<(EndpointId, BoxFuture<'static, Answer>)>,
    /// Number and session of the block in whose state they were last asked for.
    last: Option<(u64, Option<u32>)>,
    /// True where an event touched them since.
    touched: bool,
    saved: u32,
}

impl Default for Watch {
    fn default() -> Self {
        Self { job: None, last: None, touched: false, saved: SAVED }
    }
}

impl Watch {
    /// Whether they are to be read in the state of this block. Each block is asked about once.
    fn wants(&mut self, number: u64, session: Option<u32>, touched: bool) -> bool {
        self.saved = SAVED.min(self.saved.saturating_add(1));
        self.touched |= touched;
        if self.job.is_some() {
            return false;
        }
        let due = self.last.is_none_or(|(last, before)| {
            number < last || number.saturating_sub(last) >= EVERY || before != session
        });
        let wanted = due || (self.touched && self.saved >= COST);
        if wanted {
            self.last = Some((number, session));
            self.touched = false;
            self.saved = self.saved.saturating_sub(COST);
        }
        wanted
    }

    /// The answer of the read that is under way; never, where none is.
    pub(super) async fn done(&mut self) -> (EndpointId, Answer) {
        let Some((id, job)) = &mut self.job else { return std::future::pending().await };
        let (id, answer) = (id.clone(), job.await);
        self.job = None;
        (id, answer)
    }
}

impl<S: FactSink> Supervisor<S> {
    /// Begins to read the paras in the state of this block, where it is time. A relay chain without any says so once.
    pub(super) async fn look_at_paras(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (at, loaded): (BlockRef, &Arc<Loaded>),
        (session, touched): (Option<&Session>, bool),
    ) -> Result<(), Closed> {
        let watch = &mut self.reader.paras;
        if !validators::on(&loaded.runtime) {
            if self.kind == ChainKind::Relay && watch.last.is_none() {
                watch.last = Some((at.number, None));
                let reason = Clean::of("its runtime has no paras");
                self.out.say(Some(id), Fact::Unread { section: "paras".into(), reason }).await?;
            }
            return Ok(());
        }
        if watch.wants(at.number, session.map(|s| s.index), touched) {
            let (rpc, loaded) = (rpc.clone(), loaded.clone());
            let job =
                async move { paras::read(Look { rpc: &rpc, runtime: &loaded.runtime, at }, None).await };
            watch.job = Some((id.clone(), Box::pin(job)));
        }
        Ok(())
    }

    /// Tells what was read. After a link that broke they are read again with the next block, whoever gives it.
    pub(super) async fn tell_paras(&mut self, (id, answer): (EndpointId, Answer)) -> Result<(), Closed> {
        let unread = |reason: Clean| Fact::Unread { section: "paras".into(), reason };
        let fact = match answer {
            // A list of paras that was not read is not an empty one.
            Ok(paras) => match paras.registered.unread() {
                Some(why) => unread(why.clone()),
                None => Fact::Paras(Box::new(paras)),
            },
            Err(e) => {
                if e.is_fatal() {
                    self.reader.paras.last = None;
                }
                unread(Clean::of(&e.to_string()))
            }
        };
        self.out.say(Some(&id), fact).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thirty_blocks_with_a_session_and_when_touched_but_no_more_than_was_saved() {
        let mut watch = Watch::default();
        assert!(watch.wants(100, Some(7), false), "at the start");
        assert!((101..130).all(|n| !watch.wants(n, Some(7), false)));
        assert!(watch.wants(130, Some(7), false));
        assert!(watch.wants(131, Some(8), false), "a session began");
        let often = (132..372).filter(|n| watch.wants(*n, Some(8), true)).count();
        assert_eq!(often, 10, "an event in each of 240 blocks");
        assert!(watch.wants(350, Some(8), false), "the chain began anew");
        let mut quiet = Watch::default();
        assert!(quiet.wants(100, Some(7), false));
        assert!((101..118).all(|n| !quiet.wants(n, Some(7), false)));
        assert!(quiet.wants(118, Some(7), true), "after a quiet time an event is followed at once");
    }

    #[test]
    fn while_one_read_is_under_way_no_other_begins_and_what_touched_meanwhile_is_not_forgotten() {
        let mut watch = Watch::default();
        assert!(watch.wants(100, Some(7), false));
        watch.job = Some(("a".into(), Box::pin(std::future::pending())));
        assert!((101..150).all(|n| !watch.wants(n, Some(7), n == 101)));
        watch.job = None;
        assert!(watch.wants(150, Some(7), false));
    }
}
