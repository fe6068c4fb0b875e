//! `rehearse`: from arguments to a status.
//!
//! In: arguments, the setup. Out: the rehearsal on standard output. Status 0: the call works; 1: it fails; 2: it could not be
//! rehearsed. Must not weigh anything.

use super::{Failure, Setup, document, mistake, print};
use crate::domain::ChainId;
use crate::rehearse::Request;
use crate::runtime::compose::Depth;
use crate::runtime::rehearse;

/// `sereno rehearse`.
pub(super) fn rehearse(setup: &Setup, chain: &ChainId, request: Request, json: bool) -> Result<u8, Failure> {
    let plan = setup.live_plan(Depth::FromNow)?;
    let found = rehearse::run(&plan, &setup.base, chain, request).map_err(mistake)?;
    print(&if json { document(&found)? } else { found.text(chain.as_str()) })?;
    Ok(u8::from(!found.outcome.ok))
}
