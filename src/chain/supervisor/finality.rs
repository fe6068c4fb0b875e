//! Finalized heads into an unbroken line of finalized blocks.
//!
//! In: a finalized head of the endpoint that is read. Out: `Finalized` facts ascending by one, a `Gap` where blocks are
//! given up, a `Conflict` where two histories are claimed. Must not read blocks.

use super::heads::header_of;
use super::{Stop, Supervisor};
use crate::chain::cursor::Plan;
use crate::chain::transport::{LinkError, Rpc};
use crate::codec::Header;
use crate::domain::{BlockRef, EndpointId, Fact, Hash};
use crate::ports::FactSink;
use subxt_rpcs::rpc_params;

impl<S: FactSink> Supervisor<S> {
    /// Moves finality on to `head`.
    pub(super) async fn follow_finality(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        head: &Header,
    ) -> Result<(), Stop> {
        match self.cursor.plan(head) {
            Plan::Known => Ok(()),
            Plan::Begin => {
                self.finalize(id, head.at, head.parent).await?;
                self.read_named(id, rpc, head).await
            }
            Plan::Next => self.finalize(id, head.at, head.parent).await,
            Plan::Conflict { number, ours, theirs } => {
                self.tell_conflict(id, number, ours, theirs).await?;
                Err(Stop::Conflict(head.at.hash))
            }
            Plan::Fill { gap, from } => self.fill(id, rpc, (gap, from), head).await,
        }
    }

    async fn finalize(&mut self, id: &EndpointId, at: BlockRef, parent: Hash) -> Result<(), Stop> {
        self.out.say(Some(id), Fact::Finalized { at, parent }).await?;
        self.cursor.accept(at);
        Ok(())
    }

    /// Fetches the numbers that were skipped, all hashes in one request, and checks both ends by their parents.
    async fn fill(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (gap, from): (Option<u64>, u64),
        head: &Header,
    ) -> Result<(), Stop> {
        let numbers: Vec<u64> = (from..head.at.number).collect();
        let hashes = self.listening.during(id, hashes_of(rpc, &numbers)).await?;
        let first = hashes.first().copied().unwrap_or(head.at.hash);
        let first_header = self.listening.during(id, header_of(rpc, first)).await?;
        if hashes.last().is_some_and(|last| *last != head.parent) {
            return Err(Stop::Link(contradiction()));
        }
        match (gap, self.cursor.head()) {
            (Some(gap), _) => {
                self.out.say(Some(id), Fact::Gap { from: gap, to: from.saturating_sub(1) }).await?
            }
            (None, Some(known)) if known.hash != first_header.parent => {
                let (number, ours, theirs) = (known.number, known.hash, first_header.parent);
                self.tell_conflict(id, number, ours, theirs).await?;
                return Err(Stop::Conflict(head.at.hash));
            }
            _ => {}
        }
        let mut parent = first_header.parent;
        for (number, hash) in numbers.into_iter().zip(hashes) {
            self.finalize(id, BlockRef { number, hash }, parent).await?;
            parent = hash;
        }
        self.finalize(id, head.at, head.parent).await
    }
}

fn contradiction() -> LinkError {
    LinkError::Nonsense {
        method: "finalized heads".to_owned(),
        why: "they contradict what was final before".into(),
    }
}

/// Hashes by number in one request; a null is an error (FAULTS H16).
pub(super) async fn hashes_of(rpc: &Rpc, numbers: &[u64]) -> Result<Vec<Hash>, LinkError> {
    let answer: Result<Vec<Option<Hash>>, LinkError> =
        rpc.call("chain_getBlockHash", rpc_params![numbers]).await;
    let hashes = match answer {
        Ok(list) => list,
        Err(e) if e.is_fatal() => return Err(e),
        Err(_) => {
            let mut list = Vec::with_capacity(numbers.len());
            for number in numbers {
                list.push(rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![number]).await?);
            }
            list
        }
    };
    let known: Option<Vec<Hash>> = hashes.into_iter().collect();
    known.filter(|k| k.len() == numbers.len()).ok_or_else(|| LinkError::Nonsense {
        method: "chain_getBlockHash".to_owned(),
        why: "the node does not know a block below its own finalized head".into(),
    })
}
