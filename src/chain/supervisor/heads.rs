//! Best heads into blocks: every block of the best chain once, also across reorganisations and upgrades.
//!
//! In: a new best head of the endpoint that is read. Out: `Best` facts, ancestors first. Must not touch finality.

use super::validators::PAUSE;
use super::{StateAt, Stop, Supervisor};
use crate::chain::probes::block::{Around, ReadBlock};
use crate::chain::probes::runtime::{Loaded, hash_of_code};
use crate::chain::probes::votes::Told;
use crate::chain::probes::{block, node, relay};
use crate::chain::recent::Seen;
use crate::chain::transport::{LinkError, Rpc};
use crate::codec::header::Author;
use crate::codec::{Header, Upgrade};
use crate::domain::{Clean, EndpointId, Fact, Hash, Session};
use crate::ports::FactSink;
use std::sync::Arc;
use subxt_rpcs::rpc_params;

/// Unknown ancestors of a head that are read with it; a longer way back is left to finality and history.
const MAX_ANCESTORS: usize = 8;
/// Peers and pool are read every so many heads.
const NODE_EVERY: u64 = 10;
/// A head that cannot be read so often is passed over.
const MAX_FAILURES: u32 = 3;

impl<S: FactSink> Supervisor<S> {
    /// Reads `head` and what lies between it and the blocks known.
    pub(super) async fn follow_head(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        head: &Header,
    ) -> Result<(), Stop> {
        match self.read_branch(id, rpc, head).await {
            Ok(()) => {
                self.reader.last_head = Some(head.at.hash);
                self.reader.failures = 0;
            }
            Err(Stop::Link(e)) => {
                self.reader.failures = self.reader.failures.saturating_add(1);
                if self.reader.failures >= MAX_FAILURES {
                    self.reader.last_head = Some(head.at.hash);
                    self.reader.failures = 0;
                    let reason = Clean::of(&format!("block {} could not be read: {e}", head.at.number));
                    self.out.say(Some(id), Fact::Unread { section: "block".into(), reason }).await?;
                }
                return Err(Stop::Link(e));
            }
            Err(closed) => return Err(closed),
        }
        if self.reader.heads.is_multiple_of(NODE_EVERY) {
            for fact in self.listening.during(id, node::read(rpc)).await? {
                self.out.say(Some(id), fact).await?;
            }
        }
        self.reader.heads = self.reader.heads.wrapping_add(1);
        Ok(())
    }

    async fn read_branch(&mut self, id: &EndpointId, rpc: &Rpc, head: &Header) -> Result<(), Stop> {
        let recent = &self.reader.recent;
        if recent.on_line(&head.at.hash) || recent.is_below_line(head.at.number) {
            return Ok(());
        }
        let mut branch = vec![head.clone()];
        while let Some(oldest) = branch.last() {
            let joined = self.reader.recent.is_empty() || self.reader.recent.on_line(&oldest.parent);
            if joined || oldest.at.number == 0 || branch.len() > MAX_ANCESTORS {
                break;
            }
            let parent = match self.reader.recent.header(&oldest.parent) {
                Some(known) => known.clone(),
                None => self.listening.during(id, header_of(rpc, oldest.parent)).await?,
            };
            self.reader.recent.note_header(&parent);
            branch.push(parent);
        }
        let joined = branch.last().is_some_and(|o| self.reader.recent.on_line(&o.parent));
        if !joined {
            branch.truncate(1);
            if !self.reader.recent.is_empty() {
                self.reader.disputes_due = true;
                self.check_code(id, rpc, head).await?;
                let missing = head.at.number.saturating_sub(self.reader.recent.tip().saturating_add(1));
                self.reader.history.resume(head, missing, self.past);
            }
        }
        for header in branch.iter().rev() {
            self.read_best(id, rpc, header).await?;
        }
        Ok(())
    }

    /// After an interruption the runtime may be another one without a digest having been seen.
    async fn check_code(&mut self, id: &EndpointId, rpc: &Rpc, head: &Header) -> Result<(), Stop> {
        let code = self.listening.during(id, hash_of_code(rpc, head.at.hash)).await?;
        if self.reader.current.as_ref().is_none_or(|l| l.version.code_hash != Some(code)) {
            let loaded = self.listening.during(id, self.reader.runtimes.load(rpc, head.at.hash)).await?;
            self.announce(id, &loaded, head).await?;
        }
        Ok(())
    }

    async fn announce(&mut self, id: &EndpointId, loaded: &Arc<Loaded>, header: &Header) -> Result<(), Stop> {
        self.reader.current = Some(loaded.clone());
        let fact = Fact::Runtime { version: loaded.version.clone(), since: header.at, upgraded: true };
        Ok(self.out.say(Some(id), fact).await?)
    }

    async fn read_best(&mut self, id: &EndpointId, rpc: &Rpc, header: &Header) -> Result<(), Stop> {
        let (mut before, mut after, parent_slot) = self.around(id, rpc, header).await?;
        let known = before.version.code_hash;
        let mut read = self.read_one(id, rpc, header, (&before, &after, parent_slot)).await?;
        if read.doubts_runtime && header.upgrade == Upgrade::No {
            before = self.listening.during(id, self.reader.runtimes.load(rpc, header.parent)).await?;
            after = self.listening.during(id, self.reader.runtimes.load(rpc, header.at.hash)).await?;
            if before.version.code_hash != known || after.version.code_hash != known {
                read = self.read_one(id, rpc, header, (&before, &after, parent_slot)).await?;
            }
        }
        let current = self.reader.current.as_ref().and_then(|l| l.version.code_hash);
        if after.version.code_hash != current {
            self.announce(id, &after, header).await?;
        }
        let ReadBlock { block, facts, validators, disputes_changed, touched, sudo, .. } = read;
        let (moves, balances) = (read.moves, (read.roles, read.accounts));
        self.remember(header, after.clone(), validators.as_ref());
        self.reader.recent.put_on_line(header.at);
        let told = self.state_at == StateAt::Best;
        let session = session_of(&facts);
        for fact in facts.into_iter().filter(|_| told) {
            let repeated =
                matches!(fact, Fact::Era(_) | Fact::Unread { .. }) && self.reader.era.as_ref() == Some(&fact);
            if !repeated {
                if matches!(fact, Fact::Era(_)) || is_about(&fact, "era") {
                    self.reader.era = Some(fact.clone());
                }
                self.out.say(Some(id), fact).await?;
            }
        }
        self.tell_sets(id, validators.as_ref()).await?;
        if told {
            self.tell_disabled(id, validators.as_ref(), block.session).await?;
        }
        self.out.say(Some(id), Fact::Best(Box::new(block.clone()))).await?;
        self.tell_moves(id, moves).await?;
        // After the block itself: this asks the network, and a link that breaks here must not cost the block.
        self.tell_sudo(id, rpc, (header, &block, &before), sudo).await?;
        self.tell_parameters(id, rpc, (header.at, &after), session.as_ref().map(|s| s.index)).await?;
        self.reader.disputes_due |= disputes_changed;
        if told {
            self.tell_unread(id, validators.as_ref()).await?;
            let of = (validators.as_ref(), session.as_ref());
            self.read_staking(id, rpc, (header.at, &after.runtime), of).await?;
        }
        if told {
            self.look_at_paras(id, rpc, (header.at, &after), (session.as_ref(), touched)).await?;
            self.look_at_governance(id, rpc, (header.at, &after), touched.governance).await?;
            self.look_at_balances(id, rpc, (header.at, &after), balances).await?;
        }
        if self.reader.disputes_due {
            let disputes = relay::disputes(rpc, &after.runtime, header.at.hash);
            let fact = self.listening.during(id, disputes).await?;
            self.reader.disputes_due = false;
            if let Some(fact) = fact {
                self.out.say(Some(id), fact).await?;
            }
        }
        Ok(())
    }

    async fn read_one(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        header: &Header,
        (before, after, parent_slot): (&Loaded, &Loaded, Option<u64>),
    ) -> Result<ReadBlock, LinkError> {
        let near = self.reader.recent.near(header);
        let pause = &mut self.reader.pause;
        let (body, sets) = (self.bodies && pause.body == 0, pause.sets == 0);
        (pause.body, pause.sets) = (pause.body.saturating_sub(1), pause.sets.saturating_sub(1));
        self.watch_accounts();
        let accounts = self.reader.balances.accounts();
        let around = Around { before, after, parent_slot, near: &near, body, sets, accounts };
        let read = block::read(rpc, header, around, &mut self.reader.epochs);
        let read = self.listening.during(id, read).await?;
        if read.body_late {
            self.reader.pause.body = PAUSE;
        }
        if sets && read.validators.as_ref().is_some_and(|told| told.unread.is_some()) {
            self.reader.pause.sets = PAUSE;
        }
        Ok(read)
    }

    /// Remembers a block that was read.
    pub(super) fn remember(&mut self, header: &Header, loaded: Arc<Loaded>, told: Option<&Told>) {
        let sets = told.map(|t| t.sets.clone()).unwrap_or_default();
        let slot = header.author.map(Author::slot);
        self.reader.recent.insert(header.at, Seen { slot, loaded, parent: header.parent, sets });
    }

    /// The runtimes before and after the block, and its parent's slot.
    async fn around(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        header: &Header,
    ) -> Result<(Arc<Loaded>, Arc<Loaded>, Option<u64>), Stop> {
        let parent = self.reader.recent.get(&header.parent).cloned();
        let parent_slot = parent.as_ref().and_then(|p| p.slot);
        let upgrade = header.upgrade == Upgrade::Yes;
        let before = match (parent, &self.reader.current) {
            (Some(seen), _) => seen.loaded,
            (None, Some(current)) if !upgrade => current.clone(),
            _ => self.listening.during(id, self.reader.runtimes.load(rpc, header.parent)).await?,
        };
        let after = if upgrade {
            self.listening.during(id, self.reader.runtimes.load(rpc, header.at.hash)).await?
        } else {
            before.clone()
        };
        Ok((before, after, parent_slot))
    }
}

/// The session among what a block tells.
pub(super) fn session_of(facts: &[Fact]) -> Option<Session> {
    facts.iter().find_map(|fact| match fact {
        Fact::Session { session, .. } => Some(session.clone()),
        _ => None,
    })
}

fn is_about(fact: &Fact, wanted: &str) -> bool {
    matches!(fact, Fact::Unread { section, .. } if section.as_str() == wanted)
}

/// The header of a block by hash. A node that does not have it says null: an error, never another block (H16).
pub(super) async fn header_of(rpc: &Rpc, hash: Hash) -> Result<Header, LinkError> {
    let nonsense = |why: &str| LinkError::Nonsense { method: "chain_getHeader".to_owned(), why: why.into() };
    let json: serde_json::Value = rpc.call("chain_getHeader", rpc_params![hash]).await?;
    if json.is_null() {
        return Err(nonsense("the node does not have the block"));
    }
    let header = Header::from_json(&json).map_err(|e| nonsense(&e.to_string()))?;
    if header.at.hash != hash && header.at.number != 0 {
        return Err(nonsense("the header has another hash than was asked for"));
    }
    Ok(header)
}
