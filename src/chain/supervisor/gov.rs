//! Governance, read beside the blocks: at the start, when an event touches it, and every hundred blocks; uses of the sudo key
//! and changes of parameters with the block that tells of them.
//!
//! In: what each block says of itself. Out: `Governance`, `Sudo` and `Parameters` facts; `Unread` where governance could not be
//! read. One read at a time, carried on while nothing else is to be done: no block waits for it.

use super::watch::{Answer, Rhythm, Watch};
use super::{Stop, Supervisor};
use crate::chain::probes::gov::{self as probe, Known};
use crate::chain::probes::paras::Look;
use crate::chain::probes::runtime::Loaded;
use crate::chain::probes::{parameters, sudo};
use crate::chain::transport::Rpc;
use crate::codec::Header;
use crate::domain::gov::Governance;
use crate::domain::{Block, BlockRef, ChainKind, Clean, EndpointId, Fact, Hash};
use crate::ports::{Closed, FactSink};
use std::sync::Arc;

/// A read costs about eight requests, and a relay block leaves about half a request of the three that DESIGN §7 allows.
const RHYTHM: Rhythm = Rhythm { every: 100, cost: 20, saved: 40 };

/// What is kept between the reads of governance.
pub(super) struct Governing {
    /// When it is read, and the read under way.
    pub(super) watch: Watch<(Governance, Known)>,
    /// Calls by their hash, of this code.
    known: Known,
    code: Option<Hash>,
    /// The code and the session whose parameters were told.
    told: Option<(Option<Hash>, Option<u32>)>,
}

impl Default for Governing {
    fn default() -> Self {
        Self { watch: Watch::new(RHYTHM), known: Known::default(), code: None, told: None }
    }
}

impl<S: FactSink> Supervisor<S> {
    /// Begins to read governance in the state of this block, where it is time. A chain without any says so once.
    pub(super) async fn look_at_governance(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (at, loaded): (BlockRef, &Arc<Loaded>),
        touched: bool,
    ) -> Result<(), Closed> {
        let gov = &mut self.reader.gov;
        let look = Look { rpc, runtime: &loaded.runtime, at };
        if !probe::on(look) {
            if gov.watch.last.is_none() {
                gov.watch.last = Some((at.number, None));
                self.out.say(Some(id), Fact::Governance(Box::new(Governance::none(at)))).await?;
            }
            return Ok(());
        }
        if gov.watch.wants(at.number, None, touched) {
            let mut known = std::mem::take(&mut gov.known);
            if gov.code != loaded.version.code_hash {
                // Another runtime decodes the same bytes differently.
                (known, gov.code) = (Known::default(), loaded.version.code_hash);
            }
            let para = match self.kind {
                ChainKind::Para(para) => Some(para),
                ChainKind::Relay => None,
            };
            let (rpc, loaded) = (rpc.clone(), loaded.clone());
            let job = async move {
                let look = Look { rpc: &rpc, runtime: &loaded.runtime, at };
                Ok((probe::read(look, para, &mut known).await?, known))
            };
            gov.watch.begin(id.clone(), Box::pin(job));
        }
        Ok(())
    }

    /// Tells what was read. After a link that broke it is read again with the next block, whoever gives it.
    pub(super) async fn tell_governance(
        &mut self,
        (id, answer): (EndpointId, Answer<(Governance, Known)>),
    ) -> Result<(), Closed> {
        let fact = match answer {
            Ok((gov, known)) => {
                self.reader.gov.known = known;
                Fact::Governance(Box::new(gov))
            }
            Err(e) => {
                if e.is_fatal() {
                    self.reader.gov.watch.last = None;
                }
                Fact::Unread { section: "governance".into(), reason: Clean::of(&e.to_string()) }
            }
        };
        self.out.say(Some(&id), fact).await
    }

    /// Tells of the sudo key what this block tells, with the calls from its body.
    pub(super) async fn tell_sudo(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (header, block, before): (&Header, &Block, &Loaded),
        told: Vec<sudo::Told>,
    ) -> Result<(), Stop> {
        if told.is_empty() {
            return Ok(());
        }
        let read = sudo::read(rpc, &before.runtime, (header, block), told);
        for used in self.listening.during(id, read).await? {
            self.out.say(Some(id), Fact::Sudo(Box::new(used))).await?;
        }
        Ok(())
    }

    /// Tells the parameters at the first contact, with other code, and on a chain with a configuration with every session: it
    /// changes with none but them.
    pub(super) async fn tell_parameters(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (at, loaded): (BlockRef, &Arc<Loaded>),
        session: Option<u32>,
    ) -> Result<(), Stop> {
        let session = session.filter(|_| loaded.runtime.has_pallet("Configuration"));
        let now = (loaded.version.code_hash, session);
        if self.reader.gov.told == Some(now) {
            return Ok(());
        }
        let look = Look { rpc, runtime: &loaded.runtime, at };
        let set = self.listening.during(id, parameters::read(look, &loaded.version)).await?;
        self.reader.gov.told = Some(now);
        Ok(self.out.say(Some(id), Fact::Parameters(Box::new(set))).await?)
    }
}
