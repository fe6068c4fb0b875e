//! Calls by their hash: read once, decoded once, kept few.
//!
//! In: proposals whose calls are wanted, the lengths of what is noted. Out: the same with their calls, or why not. A preimage
//! is as long as the chain allows, megabytes: it is read only up to a limit, one at a time, and what is kept of it is short
//! (FAULTS H21). Must not decide what is wanted.

use super::super::super::transport::LinkError;
use super::super::paras::look::Look;
use super::super::soft;
use crate::codec::{Runtime, call_hash, hex_key};
use crate::domain::call::Node;
use crate::domain::gov::{Judged, Proposal};
use crate::domain::ids::hex_bytes;
use crate::domain::para::Found;
use crate::domain::{Clean, Hash};
use std::collections::BTreeMap;
use subxt_rpcs::rpc_params;

/// Longest preimage that is read, bytes: a runtime with its call fits, what is longer is refused.
const MAX_LEN: u32 = 3 * 1024 * 1024;
/// Preimages read at one look.
const AT_ONCE: usize = 6;
/// Calls kept.
const MOST: usize = 512;

/// Calls that were decoded, by their hash.
#[derive(Default)]
pub(in crate::chain) struct Known {
    calls: BTreeMap<Hash, Found<Judged>>,
}

impl Known {
    /// Fills in the calls of these proposals.
    pub(super) async fn open(
        &mut self,
        look: Look<'_>,
        wanted: &mut [&mut Proposal],
        lengths: &[(Hash, u32)],
    ) -> Result<(), LinkError> {
        let mut read = 0;
        for proposal in wanted {
            // What stands in the state itself is decoded already.
            if !matches!(proposal.call, Found::Absent) {
                continue;
            }
            if let Some(known) = self.calls.get(&proposal.hash) {
                proposal.call = known.clone();
                continue;
            }
            let noted = lengths.iter().find(|(hash, _)| *hash == proposal.hash).map(|(_, len)| *len);
            let Some(len) = proposal.len.or(noted) else {
                proposal.call = Found::Absent;
                continue;
            };
            proposal.len = Some(len);
            if let Some(why) = too_long(len) {
                proposal.call = Found::Unread(why);
                continue;
            }
            if read >= AT_ONCE {
                proposal.call =
                    Found::Unread(Clean::of("more preimages wait: it is read at one of the next looks"));
                continue;
            }
            read += 1;
            proposal.call = self.fetch(look, proposal.hash, len).await?;
        }
        while self.calls.len() > MOST {
            self.calls.pop_first();
        }
        Ok(())
    }

    async fn fetch(&mut self, look: Look<'_>, hash: Hash, len: u32) -> Result<Found<Judged>, LinkError> {
        let place = Node::List(vec![Node::Bytes(hash.0.to_vec()), Node::Number(len.into())]);
        let unread = |why: &str| Found::Unread(Clean::of(why));
        let key = match look.runtime.storage_key("Preimage", "PreimageFor", &[place]) {
            Ok(key) => key,
            Err(e) => return Ok(unread(&e.to_string())),
        };
        let asked =
            look.rpc.bulk::<Option<String>>("state_getStorage", rpc_params![hex_key(&key), look.at.hash]);
        let value = match soft(asked.await)? {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(Found::Absent),
            Err(e) => return Ok(unread(&e.to_string())),
        };
        let call = match hex_bytes(&value).as_deref().and_then(|stored| look.runtime.bytes_in(stored)) {
            Some(bytes) if call_hash(bytes) == hash => judge(look.runtime, bytes),
            _ => unread("the node gave bytes that are not the preimage: their hash is another"),
        };
        self.calls.insert(hash, call.clone());
        Ok(call)
    }
}

fn too_long(len: u32) -> Option<Clean> {
    let why = format!("the preimage is {len} bytes long; this program reads up to {MAX_LEN}");
    (len > MAX_LEN).then(|| Clean::of(&why))
}

/// Decodes and judges a call.
pub(in crate::chain::probes) fn judge(runtime: &Runtime, bytes: &[u8]) -> Found<Judged> {
    match runtime.decode_call(bytes) {
        Ok(call) => Found::Value(Judged::of(call, bytes)),
        Err(e) => Found::Unread(Clean::of(&e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> Runtime {
        let packed = include_bytes!("../../../../tests/it/fixtures/relay-metadata.scale.zst");
        Runtime::decode(&zstd::decode_all(packed.as_slice()).unwrap()).unwrap()
    }

    #[test]
    fn ten_thousand_calls_inside_each_other_are_refused_in_a_sentence() {
        let runtime = runtime();
        // `Sudo.sudo` around `Sudo.sudo` …, the innermost a remark.
        let mut bytes = [251_u8, 0].repeat(10_000);
        bytes.extend_from_slice(&[0, 0, 0]);
        let Found::Unread(why) = judge(&runtime, &bytes) else { panic!("it was decoded") };
        assert!(why.as_str().contains("nested deeper than 64 levels"), "{why}");
    }

    #[test]
    fn four_megabytes_are_not_read_and_a_list_that_lies_is_not_believed() {
        assert!(too_long(4 * 1024 * 1024).is_some_and(|why| why.as_str().contains("4194304 bytes")));
        assert_eq!(too_long(2_000_000), None);
        // `System.remark` that claims a gigabyte.
        let Found::Unread(why) = judge(&runtime(), &[0, 0, 0x03, 0, 0, 0, 0x40]) else { panic!() };
        assert!(why.as_str().contains("does not decode"), "{why}");
    }
}
