//! The parameters of a chain in the state of one block: the constants of its code, and on a relay its active configuration.
//!
//! In: a connection, a block and its runtime. Out: [`Parameters`], for one request at most. Must not compare.

use super::super::transport::LinkError;
use super::paras::look::Look;
use super::{query, soft};
use crate::domain::gov::ledger::Parameters;
use crate::domain::{Clean, RuntimeVersion};

/// Reads them.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn read(
    look: Look<'_>,
    version: &RuntimeVersion,
) -> Result<Parameters, LinkError> {
    let mut values = look.runtime.constants();
    let mut unread = None;
    if let Ok(key) = look.runtime.key("Configuration", "ActiveConfig") {
        let state = soft(query(look.rpc, std::slice::from_ref(&key), look.at.hash).await)?;
        let fields = match state {
            Ok(state) => look
                .runtime
                .fields_of("Configuration", "ActiveConfig", state.get(&key))
                .map_err(|e| Clean::of(&e.to_string())),
            Err(e) => Err(Clean::of(&e.to_string())),
        };
        match fields {
            Ok(fields) => values.extend(fields),
            Err(why) => unread = Some(why),
        }
    }
    Ok(Parameters {
        at: look.at,
        code: version.code_hash,
        spec_version: version.spec_version,
        values,
        unread,
    })
}
