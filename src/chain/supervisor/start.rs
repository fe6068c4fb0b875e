//! The first contact with a chain: runtime, identity, inclusions, disputes.
//!
//! In: the endpoint that was chosen first and its head. Out: the facts that everything else rests on. Must not read blocks.

use super::{Reader, Stop, Supervisor};
use crate::chain::cursor::Cursor;
use crate::chain::probes::{identity, relay};
use crate::chain::transport::{LinkError, Rpc};
use crate::codec::Header;
use crate::domain::{ChainKind, Clean, EndpointId, Fact, Hash, ParaId};
use crate::ports::FactSink;
use subxt_rpcs::rpc_params;

impl<S: FactSink> Supervisor<S> {
    /// Once a connection: is this still the history that we know? A bed that was wiped has the same genesis and another
    /// first block; it is a new history and everything starts again.
    pub(super) async fn prove(&mut self, id: &EndpointId, rpc: &Rpc) -> Result<(), Stop> {
        if self.reader.proved.as_ref() == Some(id) {
            return Ok(());
        }
        if let Some(known) = self.reader.identity.as_ref().and_then(|i| i.first_block) {
            let asked = rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![1]);
            let found = self.listening.during(id, asked).await?;
            // A node at its very beginning may serve a new bed: nothing is believed before it has a first block.
            let found = found.ok_or_else(|| LinkError::Nonsense {
                method: "chain_getBlockHash".to_owned(),
                why: "the node has no block 1, which this chain had".into(),
            })?;
            if found != known {
                let genesis = self.reader.genesis;
                self.reader = Reader { genesis, ..Reader::default() };
                self.cursor = Cursor::default();
            }
        }
        self.reader.proved = Some(id.clone());
        Ok(())
    }

    /// A chain that was met before it had a block gets its first block's hash, by which a wiped one is known, later.
    pub(super) async fn learn_first_block(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        head: &Header,
    ) -> Result<(), Stop> {
        let missing = self.reader.identity.clone().filter(|i| i.first_block.is_none());
        let Some(mut identity) = missing.filter(|_| head.at.number > 0) else { return Ok(()) };
        let asked = rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![1]);
        identity.first_block = self.listening.during(id, asked).await?;
        if identity.first_block.is_some() {
            self.reader.identity = Some(identity.clone());
            self.out.say(Some(id), Fact::Identity(identity)).await?;
        }
        Ok(())
    }

    /// An endpoint of another para, or of the relay in place of a para, is told and never shown as the one wanted.
    async fn check_para(&mut self, id: &EndpointId, found: Option<ParaId>) -> Result<(), Stop> {
        let wanted = match self.kind {
            ChainKind::Relay => None,
            ChainKind::Para(para) => Some(para),
        };
        if found == wanted {
            return Ok(());
        }
        let name =
            |para: Option<ParaId>| para.map_or_else(|| "a relay chain".to_owned(), |p| format!("para {p}"));
        let why =
            Clean::of(&format!("the endpoint serves {}, the profile says {}", name(found), name(wanted)));
        let unread = Fact::Unread { section: "identity".into(), reason: why.clone() };
        self.out.say(Some(id), unread).await?;
        Err(Stop::Link(LinkError::Nonsense { method: "ParachainInfo.ParachainId".to_owned(), why }))
    }

    /// Reads who the chain is, in the state of `head`.
    pub(super) async fn start(&mut self, id: &EndpointId, rpc: &Rpc, head: &Header) -> Result<(), Stop> {
        let at = head.at.hash;
        let loaded = self.listening.during(id, self.reader.runtimes.load(rpc, at)).await?;
        let genesis = self.reader.genesis.unwrap_or_default();
        let paras = std::mem::take(&mut self.paras);
        // Asked together: every round trip before the first block is felt.
        let asked = async {
            futures::try_join!(
                identity::read(rpc, &loaded, genesis, at),
                relay::inclusions(rpc, &loaded.runtime, &paras, at),
                relay::disputes(rpc, &loaded.runtime, at),
            )
        };
        let answered = self.listening.during(id, asked).await;
        self.paras = paras;
        let (identity, inclusions, disputes) = answered?;
        self.check_para(id, identity.para_id).await?;
        self.set_block_time(identity.block_time_ms);
        self.reader.identity = Some(identity.clone());
        self.out.say(Some(id), Fact::Identity(identity)).await?;
        let runtime = Fact::Runtime { version: loaded.version.clone(), since: head.at, upgraded: false };
        self.out.say(Some(id), runtime).await?;
        for fact in inclusions.into_iter().chain(disputes) {
            self.out.say(Some(id), fact).await?;
        }
        self.reader.current = Some(loaded);
        self.reader.history.begin(head, self.past);
        Ok(())
    }
}
