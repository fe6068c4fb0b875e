//! The paras of a relay chain, and on the Coretime chain the market of cores, read beside the blocks.
//!
//! In: what each block says of itself. Out: `Paras` and `Coretime` facts, each with the block in whose state it was read;
//! `Unread` where it could not be. When is a matter of `watch`.

use super::Supervisor;
use super::watch::{Answer, Rhythm, Watch};
use crate::chain::probes::block::Touched;
use crate::chain::probes::paras::{self, Look, coretime};
use crate::chain::probes::runtime::Loaded;
use crate::chain::probes::validators;
use crate::chain::transport::{LinkError, Rpc};
use crate::domain::coretime::{CHAIN, Coretime};
use crate::domain::para::Paras;
use crate::domain::{BlockRef, ChainKind, Clean, EndpointId, Fact, Session};
use crate::ports::{Closed, FactSink};
use std::sync::Arc;

/// The paras are read every thirty blocks. One read costs about twelve requests while the paras are at most a hundred, and a
/// relay block with its body leaves about half a request of the three that DESIGN §7 allows.
const PARAS: Rhythm = Rhythm { every: 30, cost: 24, saved: 30 };
/// The market changes with timeslices and purchases, which have events; one read costs eight requests, and a block of a para
/// leaves more than one.
const MARKET: Rhythm = Rhythm { every: 300, cost: 10, saved: 20 };

impl Default for Watch<Paras> {
    fn default() -> Self {
        Self::new(PARAS)
    }
}

impl Default for Watch<Coretime> {
    fn default() -> Self {
        Self::new(MARKET)
    }
}

impl<S: FactSink> Supervisor<S> {
    /// Begins to read the paras, or the market, in the state of this block, where it is time. A chain that should have them
    /// and has not says so once.
    pub(super) async fn look_at_paras(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (at, loaded): (BlockRef, &Arc<Loaded>),
        (session, touched): (Option<&Session>, Touched),
    ) -> Result<(), Closed> {
        let session = session.map(|s| s.index);
        let (rpc, runtime) = (rpc.clone(), loaded.clone());
        match self.kind {
            ChainKind::Relay if validators::on(&loaded.runtime) => {
                if self.reader.paras.wants(at.number, session, touched.paras) {
                    let job = async move {
                        paras::read(Look { rpc: &rpc, runtime: &runtime.runtime, at }, None).await
                    };
                    self.reader.paras.begin(id.clone(), Box::pin(job));
                }
                Ok(())
            }
            ChainKind::Relay => {
                let first = self.reader.paras.last.replace((at.number, None)).is_none();
                self.lacks(id, first, ("paras", "its runtime has no paras")).await
            }
            ChainKind::Para(_) if coretime::on(&loaded.runtime) => {
                if self.reader.market.wants(at.number, session, touched.market) {
                    let job = async move {
                        coretime::read(Look { rpc: &rpc, runtime: &runtime.runtime, at }).await
                    };
                    self.reader.market.begin(id.clone(), Box::pin(job));
                }
                Ok(())
            }
            ChainKind::Para(_) => {
                let first = self.reader.market.last.replace((at.number, None)).is_none();
                let first = first && self.out.chain.as_str() == CHAIN;
                self.lacks(id, first, ("coretime", "its runtime has no market of cores")).await
            }
        }
    }

    async fn lacks(
        &mut self,
        id: &EndpointId,
        first: bool,
        (section, why): (&str, &str),
    ) -> Result<(), Closed> {
        if !first {
            return Ok(());
        }
        self.out.say(Some(id), Fact::Unread { section: section.into(), reason: Clean::of(why) }).await
    }

    /// Tells what was read. After a link that broke they are read again with the next block, whoever gives it.
    pub(super) async fn tell_paras(
        &mut self,
        (id, answer): (EndpointId, Answer<Paras>),
    ) -> Result<(), Closed> {
        let fact = match answer {
            // A list of paras that was not read is not an empty one.
            Ok(paras) => match paras.registered.unread() {
                Some(why) => Fact::Unread { section: "paras".into(), reason: why.clone() },
                None => {
                    self.watch_paras(paras.registered.value().map_or(&[], Vec::as_slice));
                    Fact::Paras(Box::new(paras))
                }
            },
            Err(e) => failed("paras", &e, &mut self.reader.paras),
        };
        self.out.say(Some(&id), fact).await
    }

    /// The same for the market.
    pub(super) async fn tell_market(
        &mut self,
        (id, answer): (EndpointId, Answer<Coretime>),
    ) -> Result<(), Closed> {
        let fact = match answer {
            Ok(market) => match market.sale.unread() {
                Some(why) => Fact::Unread { section: "coretime".into(), reason: why.clone() },
                None => Fact::Coretime(Box::new(market)),
            },
            Err(e) => failed("coretime", &e, &mut self.reader.market),
        };
        self.out.say(Some(&id), fact).await
    }
}

fn failed<T>(section: &str, e: &LinkError, watch: &mut Watch<T>) -> Fact {
    if e.is_fatal() {
        watch.last = None;
    }
    Fact::Unread { section: section.into(), reason: Clean::of(&e.to_string()) }
}
