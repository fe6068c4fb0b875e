//! What a para's own node says: its finalized header, its best block, and where its queues stand.
//!
//! In: the para's own connection, opened at its finalized block, and the head that the relay keeps. Out: [`OwnEnd`]. Queues
//! are read in the state of the relay's head, where the node has it: only there they must agree. Must not judge.

use super::super::super::transport::LinkError;
use super::super::soft;
use super::look::{Look, Place, behind, unread};
use super::{one, tree};
use crate::codec::{Header, header, hex_key};
use crate::domain::para::{Cited, Found, Head, OwnEnd};
use crate::domain::{BlockRef, ChainId, Clean, Hash};
use subxt_rpcs::rpc_params;

const NOW: Place<'static> = ("Timestamp", "Now", &[]);
const PALLET: &str = "ParachainSystem";
const PLAIN: [&str; 3] = ["LastDmqMqcHead", "LastHrmpMqcHeads", "LastRelayChainBlockNumber"];

/// Reads it.
pub(super) async fn read(
    look: Look<'_>,
    chain: ChainId,
    relay_head: &Cited<Head>,
) -> Result<OwnEnd, LinkError> {
    let named = relay_head.value().and_then(|head| head.block);
    let (finalized, best, at_head) =
        futures::try_join!(finalized(look), best(look), at_number(look, named.map(|block| block.number)))?;
    let best_stamped = match best.value() {
        Some(at) => stamped(Look { at: *at, ..look }).await?,
        None => behind(NOW, &best),
    };
    let here = named.filter(|block| at_head.value() == Some(&block.hash)).unwrap_or(look.at);
    let look = Look { at: here, ..look };
    let mut asked = look.ask();
    PLAIN.iter().for_each(|item| asked.place((PALLET, item, &[])));
    let told = asked.read().await?;
    Ok(OwnEnd {
        chain,
        finalized,
        best,
        best_stamped,
        at_head,
        state_of: here,
        dmq_head: told.cite((PALLET, "LastDmqMqcHead", &[]), tree::hash),
        hrmp_heads: told.cite((PALLET, "LastHrmpMqcHeads", &[]), |node| {
            tree::all(node, |entry| {
                let (sender, head) = tree::pair(entry)?;
                Some((tree::para(sender)?, tree::hash(head)?))
            })
        }),
        pending_code: pending_code(look).await?,
        relay_number: told.cite((PALLET, "LastRelayChainBlockNumber", &[]), tree::number),
    })
}

async fn finalized(look: Look<'_>) -> Result<Cited<Head>, LinkError> {
    let asked = look.rpc.call::<serde_json::Value>("chain_getHeader", rpc_params![look.at.hash]);
    let found = match soft(asked.await)? {
        Ok(json) => match header::encoded(&json) {
            Some(bytes) => Found::Value(Head { block: Some(look.at), ..one::head(&bytes) }),
            None => unread("the header cannot be read"),
        },
        Err(e) => unread(&e.to_string()),
    };
    let key = format!("chain_getFinalizedHead, chain_getHeader {}", look.at.hash);
    Ok(Cited { name: "the para's finalized header".to_owned(), key, found })
}

async fn best(look: Look<'_>) -> Result<Cited<BlockRef>, LinkError> {
    let asked = look.rpc.call::<serde_json::Value>("chain_getHeader", rpc_params![]);
    let found = match soft(asked.await)?.map(|json| Header::from_json(&json)) {
        Ok(Ok(header)) => Found::Value(header.at),
        Ok(Err(e)) => unread(&e.to_string()),
        Err(e) => unread(&e.to_string()),
    };
    Ok(Cited { name: "the para's best block".to_owned(), key: "chain_getHeader".to_owned(), found })
}

async fn stamped(look: Look<'_>) -> Result<Cited<u64>, LinkError> {
    let mut asked = look.ask();
    asked.place(NOW);
    Ok(asked.read().await?.cite(NOW, tree::number))
}

async fn at_number(look: Look<'_>, number: Option<u64>) -> Result<Cited<Hash>, LinkError> {
    let name = "the para's own block at the height of the relay's head".to_owned();
    let Some(number) = number else {
        return Ok(Cited { name, key: String::new(), found: unread("the relay's head names no block") });
    };
    let asked = look.rpc.call::<Option<Hash>>("chain_getBlockHash", rpc_params![number]);
    let found = match soft(asked.await)? {
        Ok(Some(hash)) => Found::Value(hash),
        Ok(None) => Found::Absent,
        Err(e) => unread(&e.to_string()),
    };
    Ok(Cited { name, key: format!("chain_getBlockHash {number}"), found })
}

/// Whether a code waits; the code itself is megabytes and of no interest.
async fn pending_code(look: Look<'_>) -> Result<Cited<bool>, LinkError> {
    let name = format!("{PALLET}.PendingValidationCode");
    let key = match look.runtime.storage_key(PALLET, "PendingValidationCode", &[]) {
        Ok(key) => hex_key(&key),
        Err(e) => return Ok(Cited { name, key: String::new(), found: unread(&e.to_string()) }),
    };
    let params = rpc_params![&key, 1, None::<String>, look.at.hash];
    let found = match soft(look.rpc.call::<Vec<String>>("state_getKeysPaged", params).await)? {
        Ok(keys) => Found::Value(keys.contains(&key)),
        Err(e) => Found::Unread(Clean::of(&e.to_string())),
    };
    Ok(Cited { name, key, found })
}
