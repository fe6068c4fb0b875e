//! The runtime in force at a block: code hash, version, metadata.
//!
//! In: a connection and a block. Out: a [`Loaded`] runtime. Metadata is kept by code hash, never by version number
//! (FAULTS H18). Must not decide when a runtime may have changed: the supervisor does.

use super::super::transport::{LinkError, Rpc};
use crate::codec::{CODE_KEY, Runtime, code_hash, hex_key};
use crate::domain::{Clean, Hash, RuntimeVersion, ids::hex_bytes};
use codec::Decode;
use std::collections::VecDeque;
use std::sync::Arc;
use subxt_rpcs::rpc_params;

/// A runtime with what is known about it.
#[derive(Debug)]
pub(in crate::chain) struct Loaded {
    /// Metadata and decoding.
    pub(in crate::chain) runtime: Runtime,
    /// Version and code hash.
    pub(in crate::chain) version: RuntimeVersion,
}

/// Runtimes by code hash; a handful, because a chain runs one and upgrades to another.
#[derive(Default)]
pub(in crate::chain) struct Runtimes {
    known: VecDeque<Arc<Loaded>>,
}

const MAX_RUNTIMES: usize = 4;

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    spec_name: String,
    spec_version: u32,
    #[serde(default)]
    transaction_version: u32,
}

impl Runtimes {
    /// Runtimes of which one is known already.
    pub(in crate::chain) fn with(known: Option<Arc<Loaded>>) -> Self {
        Self { known: known.into_iter().collect() }
    }

    /// The runtime of the state of block `at`.
    ///
    /// # Errors
    /// The node fails or sends metadata that cannot be read.
    pub(in crate::chain) async fn load(&mut self, rpc: &Rpc, at: Hash) -> Result<Arc<Loaded>, LinkError> {
        let version = || rpc.call::<Version>("state_getRuntimeVersion", rpc_params![at]);
        let (code, version, bytes) = if self.known.is_empty() {
            // Nothing can spare us the metadata: one round trip for all.
            futures::try_join!(hash_of_code(rpc, at), version(), metadata(rpc, at))?
        } else {
            let code = hash_of_code(rpc, at).await?;
            if let Some(found) = self.known.iter().find(|l| l.version.code_hash == Some(code)) {
                return Ok(found.clone());
            }
            let (version, bytes) = futures::try_join!(version(), metadata(rpc, at))?;
            (code, version, bytes)
        };
        let runtime = tokio::task::block_in_place(|| Runtime::decode(&bytes)).map_err(|e| {
            LinkError::Nonsense { method: "metadata".to_owned(), why: Clean::of(&e.to_string()) }
        })?;
        let version = RuntimeVersion {
            spec_name: Clean::of(&version.spec_name),
            spec_version: version.spec_version,
            transaction_version: version.transaction_version,
            code_hash: Some(code),
            pallets: u32::try_from(runtime.pallets()).unwrap_or(u32::MAX),
            metadata_version: u32::from(runtime.metadata_version()),
        };
        let loaded = Arc::new(Loaded { runtime, version });
        self.known.push_back(loaded.clone());
        while self.known.len() > MAX_RUNTIMES {
            self.known.pop_front();
        }
        Ok(loaded)
    }
}

/// `state_getStorageHash(:code)`; where a node does not know that method, the code itself is fetched and hashed.
pub(in crate::chain) async fn hash_of_code(rpc: &Rpc, at: Hash) -> Result<Hash, LinkError> {
    let key = hex_key(CODE_KEY);
    match rpc.call::<Option<Hash>>("state_getStorageHash", rpc_params![&key, at]).await {
        Ok(Some(hash)) => return Ok(hash),
        Ok(None) => {}
        Err(e) if e.is_fatal() => return Err(e),
        Err(_) => {}
    }
    let code: Option<String> = rpc.bulk("state_getStorage", rpc_params![&key, at]).await?;
    let bytes = code.and_then(|c| hex_bytes(&c)).ok_or_else(|| LinkError::Nonsense {
        method: "state_getStorage(:code)".to_owned(),
        why: Clean::of("no code is stored"),
    })?;
    Ok(code_hash(&bytes))
}

/// The metadata in the newest version that this program reads.
async fn metadata(rpc: &Rpc, at: Hash) -> Result<Vec<u8>, LinkError> {
    for version in ["0x10000000", "0x0f000000"] {
        let answer =
            rpc.bulk::<String>("state_call", rpc_params!["Metadata_metadata_at_version", version, at]).await;
        match answer {
            Ok(hex) => {
                let bytes = hex_bytes(&hex).unwrap_or_default();
                if let Ok(Some(metadata)) = <Option<Vec<u8>>>::decode(&mut bytes.as_slice()) {
                    return Ok(metadata);
                }
            }
            Err(e) if e.is_fatal() => return Err(e),
            Err(_) => {}
        }
    }
    let hex: String = rpc.bulk("state_getMetadata", rpc_params![at]).await?;
    hex_bytes(&hex).ok_or_else(|| LinkError::Nonsense {
        method: "state_getMetadata".to_owned(),
        why: Clean::of("no hex"),
    })
}
