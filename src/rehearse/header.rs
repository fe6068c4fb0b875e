//! The header of a next block that nobody writes: enough for the runtime to begin it.
//!
//! In: the state of a block. Out: an encoded header with the slot after its own. Authority 0 stands for an author; what depends
//! on who writes, on randomness or on inherents is only near the truth. Must not run anything.

use super::state::StateError;
use super::world::World;
use crate::codec::Runtime;
use crate::domain::{BlockRef, UnixMs};
use codec::{Compact, Encode as _};

/// Slots of chains that do not say how long theirs are, milliseconds.
pub(super) const SLOT_MS: u64 = 6_000;

/// The header of a block after `parent`, and its slot. `world` is the state after `parent`.
///
/// # Errors
/// The state.
pub(super) fn after(
    runtime: &Runtime,
    world: &mut World<'_>,
    parent: BlockRef,
    now: UnixMs,
) -> Result<(Vec<u8>, u64), StateError> {
    let mut out = parent.hash.0.to_vec();
    Compact(parent.number.saturating_add(1)).encode_to(&mut out);
    // State root and root of the extrinsics: nobody looks at them before the end of the block.
    out.extend_from_slice(&[0; 64]);
    let (engine, slot, pre_digest) = if runtime.has_pallet("Babe") {
        let slot = slot(runtime, world, ("Babe", "ExpectedBlockTime"), now)?;
        // A secondary slot without randomness, authority 0.
        (*b"BABE", slot, (2_u8, 0_u32, slot).encode())
    } else {
        let slot = slot(runtime, world, ("Aura", "SlotDuration"), now)?;
        (*b"aura", slot, slot.encode())
    };
    Compact(1_u32).encode_to(&mut out);
    out.push(6);
    out.extend_from_slice(&engine);
    pre_digest.encode_to(&mut out);
    Ok((out, slot))
}

/// The slot after the one of the state; where there was none yet, the one that is now.
fn slot(
    runtime: &Runtime,
    world: &mut World<'_>,
    (pallet, length): (&str, &str),
    now: UnixMs,
) -> Result<u64, StateError> {
    let Ok(key) = runtime.key(pallet, "CurrentSlot") else { return Ok(1) };
    let mut number = |key: &[u8]| -> Result<u64, StateError> {
        Ok(world.get(key)?.and_then(|v| <[u8; 8]>::try_from(v).ok()).map_or(0, u64::from_le_bytes))
    };
    let last = number(&key)?;
    let length: u64 = runtime.constant(pallet, length).unwrap_or(SLOT_MS);
    if last > 0 {
        // The time must go on by half a slot, and the last block may be late in its own.
        let stamp = runtime.key("Timestamp", "Now").map_or(Ok(0), |key| number(&key))?;
        let late =
            if pallet == "Babe" { stamp.saturating_add(length / 2).div_ceil(length.max(1)) } else { 0 };
        return Ok(last.saturating_add(1).max(late));
    }
    Ok(u64::try_from(now.0).unwrap_or(0).checked_div(length).unwrap_or(1).max(1))
}
