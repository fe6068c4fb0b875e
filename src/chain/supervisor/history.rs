//! Blocks from before the first contact: a few at once for the sparklines, more in time, newest first.
//!
//! In: the first head, the first after an interruption, or a block that is wanted by name. Out: `Filled` facts. What is not
//! read at once comes as one block every two seconds beside live reads; none behind an upgrade (its events need another
//! runtime's metadata) and none that the node has pruned. Must not touch best or finality.

use super::heads::{header_of, session_of};
use super::validators::PAUSE;
use super::{Past, StateAt, Stop, Supervisor};
use crate::chain::probes::block::{self, Around};
use crate::chain::probes::epoch::Epochs;
use crate::chain::transport::Rpc;
use crate::codec::header::Author;
use crate::codec::{Header, Upgrade};
use crate::domain::{EndpointId, Fact, Hash};
use crate::ports::FactSink;

/// Blocks of an interruption that are read at once when it is over.
const MOST_AT_ONCE: u64 = 30;

/// How far the past has been read.
#[derive(Default)]
pub(super) struct Progress {
    /// The next older block; none when done.
    next: Option<Hash>,
    /// Its header, where that was read for its slot already.
    ahead: Option<Header>,
    at_once: u64,
    in_time: u64,
    skipped: bool,
    /// The authors of the past; they follow other sessions than those of the best blocks.
    epochs: Option<Epochs>,
}

impl Progress {
    /// Begins below `head`.
    pub(super) fn begin(&mut self, head: &Header, past: Past) {
        let more = head.at.number > 1 && head.upgrade == Upgrade::No;
        *self = Self {
            next: more.then_some(head.parent),
            ahead: None,
            at_once: past.at_once,
            in_time: past.in_time,
            skipped: false,
            epochs: None,
        };
    }

    /// Begins below `head`, the first head after an interruption in which `missing` blocks went by.
    pub(super) fn resume(&mut self, head: &Header, missing: u64, past: Past) {
        let at_once = missing.min(MOST_AT_ONCE);
        let in_time = if past.in_time > 0 { missing.min(past.in_time).saturating_sub(at_once) } else { 0 };
        self.begin(head, Past { at_once, in_time });
    }

    /// True where something is to be read now.
    pub(super) fn wants(&mut self, ticked: bool) -> bool {
        if self.next.is_none() {
            return false;
        }
        if self.at_once > 0 {
            return true;
        }
        if !ticked || self.in_time == 0 {
            return false;
        }
        self.skipped = !self.skipped;
        self.skipped
    }
}

impl<S: FactSink> Supervisor<S> {
    /// Reads the next older blocks.
    pub(super) async fn read_history(&mut self, id: &EndpointId, rpc: &Rpc) -> Result<(), Stop> {
        let at_once = std::mem::take(&mut self.reader.history.at_once);
        let count = if at_once > 0 { at_once } else { 1 };
        for _ in 0..count {
            let Some(hash) = self.reader.history.next.take() else { return Ok(()) };
            if self.reader.recent.on_line(&hash) {
                return Ok(());
            }
            let ahead = self.reader.history.ahead.take().filter(|header| header.at.hash == hash);
            let header = match ahead {
                Some(header) => Ok(header),
                None => self.listening.during(id, header_of(rpc, hash)).await,
            };
            match header {
                Ok(header) => {
                    let parent_slot = self.slot_before(id, rpc, &header).await?;
                    drop(self.read_older(id, rpc, &header, (parent_slot, false)).await?);
                }
                Err(e) if e.is_fatal() => {
                    self.reader.history.next = Some(hash);
                    return Err(Stop::Link(e));
                }
                Err(_) => return Ok(()),
            }
            if at_once == 0 {
                self.reader.history.in_time = self.reader.history.in_time.saturating_sub(1);
            }
        }
        if self.reader.history.in_time == 0 {
            self.reader.history.next = None;
        }
        Ok(())
    }

    /// The slot of a block's parent, by which the slots are known that were missed between them. The parent is the next one
    /// to be read: its header is not asked for twice.
    async fn slot_before(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        header: &Header,
    ) -> Result<Option<u64>, Stop> {
        if !matches!(header.author, Some(Author::Babe { .. })) || header.at.number <= 1 {
            return Ok(None);
        }
        if let Some(seen) = self.reader.recent.get(&header.parent) {
            return Ok(seen.slot);
        }
        match self.listening.during(id, header_of(rpc, header.parent)).await {
            Ok(parent) => {
                let slot = parent.author.map(Author::slot);
                self.reader.history.ahead = Some(parent);
                Ok(slot)
            }
            Err(e) if e.is_fatal() => {
                self.reader.history.next = Some(header.at.hash);
                Err(Stop::Link(e))
            }
            Err(_) => Ok(None),
        }
    }

    /// Reads the finalized block of the first contact: for its timestamp, unless it is known already, and for its state
    /// where that is what is wanted.
    pub(super) async fn read_named(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        header: &Header,
    ) -> Result<(), Stop> {
        if self.state_at == StateAt::Best && self.reader.recent.get(&header.at.hash).is_some() {
            return Ok(());
        }
        let next = self.reader.history.next;
        let done = self.read_older(id, rpc, header, (None, true)).await;
        self.reader.history.next = next;
        for fact in done? {
            if self.state_at == StateAt::Finalized {
                self.out.say(Some(id), fact).await?;
            }
        }
        Ok(())
    }

    /// Reads a block, of the past or `named`, and returns what else its state tells.
    async fn read_older(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        header: &Header,
        (parent_slot, named): (Option<u64>, bool),
    ) -> Result<Vec<Fact>, Stop> {
        let Some(loaded) = self.reader.current.clone() else { return Ok(Vec::new()) };
        if header.at.number == 0 {
            return Ok(Vec::new());
        }
        let near = self.reader.recent.near(header);
        let (body, sets) = (self.bodies && self.reader.pause.body == 0, self.reader.pause.sets == 0);
        let (before, after) = (&*loaded, &*loaded);
        self.watch_accounts();
        let accounts = self.reader.balances.accounts();
        let around = Around { before, after, parent_slot, near: &near, body, sets, accounts };
        let mut epochs = self.reader.history.epochs.take().unwrap_or_else(|| self.reader.epochs.clone());
        let read = self.listening.during(id, block::read(rpc, header, around, &mut epochs)).await;
        self.reader.history.epochs = Some(epochs);
        let read = match read {
            // Another runtime wrote it: neither it nor what lies behind it can be read with this metadata.
            Ok(read) if read.foreign => return Ok(Vec::new()),
            Ok(read) => read,
            Err(e) if e.is_fatal() => return Err(Stop::Link(e)),
            Err(_) => return Ok(Vec::new()),
        };
        if read.body_late {
            self.reader.pause.body = PAUSE;
        }
        let told = read.validators.as_ref();
        self.remember(header, loaded.clone(), told);
        self.tell_sets(id, told).await?;
        let wanted = named && self.state_at == StateAt::Finalized;
        if wanted {
            self.tell_disabled(id, told, read.block.session).await?;
        }
        self.out.say(Some(id), Fact::Filled(Box::new(read.block.clone()))).await?;
        self.tell_moves(id, read.moves).await?;
        self.tell_sudo(id, rpc, (header, &read.block, &loaded), read.sudo).await?;
        if wanted {
            self.tell_unread(id, told).await?;
            let session = session_of(&read.facts);
            self.look_at_paras(id, rpc, (header.at, &loaded), (session.as_ref(), read.touched)).await?;
            self.look_at_governance(id, rpc, (header.at, &loaded), read.touched.governance).await?;
            let balances = (read.roles, read.accounts);
            self.look_at_balances(id, rpc, (header.at, &loaded), balances).await?;
            self.read_staking(id, rpc, (header.at, &loaded.runtime), (told, session.as_ref())).await?;
        }
        if header.upgrade == Upgrade::No {
            self.reader.history.next = Some(header.parent);
        }
        Ok(read.facts)
    }
}
