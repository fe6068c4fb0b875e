//! The header of a next block that nobody writes: enough for the runtime to begin it.
//!
//! In: the state of a block. Out: an encoded header with the slot after its own. Authority 0 stands for an author; what depends
//! on who writes, on randomness or on inherents is only near the truth. Must not run anything.

use super::state::{Cached, StateError};
use crate::codec::Runtime;
use crate::domain::UnixMs;
use codec::{Compact, Encode as _};

/// Slots of chains that do not say how long theirs are, milliseconds.
const SLOT_MS: u64 = 6_000;

/// The header of the block after the one whose state this is.
///
/// # Errors
/// The state.
pub(super) fn next(runtime: &Runtime, state: &mut Cached, now: UnixMs) -> Result<Vec<u8>, StateError> {
    let block = state.block();
    let mut out = block.hash.0.to_vec();
    Compact(block.number.saturating_add(1)).encode_to(&mut out);
    // State root and root of the extrinsics: nobody looks at them before the end of the block.
    out.extend_from_slice(&[0; 64]);
    let (engine, pre_digest) = if runtime.has_pallet("Babe") {
        let slot = slot(runtime, state, ("Babe", "ExpectedBlockTime"), now)?;
        // A secondary slot without randomness, authority 0.
        (*b"BABE", (2_u8, 0_u32, slot).encode())
    } else {
        (*b"aura", slot(runtime, state, ("Aura", "SlotDuration"), now)?.encode())
    };
    Compact(1_u32).encode_to(&mut out);
    out.push(6);
    out.extend_from_slice(&engine);
    pre_digest.encode_to(&mut out);
    Ok(out)
}

/// The slot after the one of the state; where there was none yet, the one that is now.
fn slot(
    runtime: &Runtime,
    state: &mut Cached,
    (pallet, length): (&str, &str),
    now: UnixMs,
) -> Result<u64, StateError> {
    let Ok(key) = runtime.key(pallet, "CurrentSlot") else { return Ok(1) };
    let last = state.get(&key)?.and_then(|v| <[u8; 8]>::try_from(v).ok()).map_or(0, u64::from_le_bytes);
    if last > 0 {
        return Ok(last.saturating_add(1));
    }
    let length: u64 = runtime.constant(pallet, length).unwrap_or(SLOT_MS);
    Ok(u64::try_from(now.0).unwrap_or(0).checked_div(length).unwrap_or(1).max(1))
}
