//! Rehearsals over a live chain: the state comes through a [`Reader`], the chain's code runs in a thread of its own.
//!
//! In: a plan, a chain, what is rehearsed. Out: what it would do, or one sentence. Nothing is sent but reads. A run that does
//! not end by itself is left behind after its time. Must not judge what was found.

pub mod document;
mod kept;
pub mod play;
pub mod recipe;

use super::compose::Base;
use super::sources::Plan;
use crate::chain::reader::Reader;
use crate::chain::transport::LinkError;
use crate::domain::ChainId;
use crate::rehearse::exec::{Codes, LIMIT_MS};
use crate::rehearse::state::{StateError, StateSource};
use crate::rehearse::{Rehearsal, Request, Scene, rehearse};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How much longer than the rehearsal's own limit is waited: code that never asks for anything cannot look at its clock.
const GRACE: Duration = Duration::from_secs(5);

/// Runtimes that this process has read.
static CODES: LazyLock<Codes> = LazyLock::new(Codes::default);

/// The state of a reader's block.
struct Remote {
    reader: Arc<Reader>,
    threads: Arc<Runtime>,
}

impl StateSource for Remote {
    fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        self.threads.block_on(self.reader.values(keys)).map_err(why)
    }

    fn next_keys(&mut self, after: &[u8], most: usize) -> Result<Vec<Vec<u8>>, StateError> {
        self.threads.block_on(self.reader.keys(&[], Some(after), most)).map_err(why)
    }

    fn ask(&mut self, method: &str, input: &[u8]) -> Result<Vec<u8>, StateError> {
        self.threads.block_on(self.reader.api(method, input)).map_err(why)
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        self.threads.block_on(self.reader.large(key)).map_err(why)
    }
}

fn why(e: LinkError) -> StateError {
    let said = e.to_string();
    let gone = ["discarded", "UnknownBlock", "pruned"];
    if gone.iter().any(|word| said.contains(word)) { StateError::Pruned } else { StateError::Link(said) }
}

/// Rehearses on the best block of a chain. What was read stays in this process for the next time.
///
/// # Errors
/// One sentence why it could not be rehearsed.
pub fn run(plan: &Plan, base: &Base, chain: &ChainId, request: Request) -> Result<Rehearsal, String> {
    let (name, mut kept) = kept::take(plan, base, chain)?;
    let clock = base.clock.clone();
    in_time(move || {
        let reader = kept.reader.clone();
        let prefix = reader.identity().ss58_prefix.unwrap_or(42);
        let scene = Scene {
            runtime: reader.runtime(),
            header: reader.header_bytes(),
            state: &mut kept.state,
            ss58_prefix: prefix,
            clock: clock.as_ref(),
            codes: &CODES,
            code_hash: reader.version().code_hash,
        };
        let found = rehearse(scene, &request).map_err(|e| e.to_string());
        kept::put(name, kept);
        found
    })
}

/// Runs `job` in a thread of its own, and leaves it behind where it does not end.
fn in_time<T: Send + 'static>(job: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    let (tx, rx) = sync_channel(1);
    let work = move || {
        let _ = tx.send(job());
    };
    thread::Builder::new().name("rehearsal".to_owned()).spawn(work).map_err(|e| e.to_string())?;
    match rx.recv_timeout(Duration::from_millis(LIMIT_MS) + GRACE) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => {
            Err("the rehearsal took longer than 30 s and was given up".to_owned())
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err("the rehearsal broke off: a fault of this program".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Clean;

    #[test]
    fn a_forgotten_block_is_told_from_a_broken_link() {
        let answer = |message: &str| LinkError::Answer {
            method: "state_getStorage".to_owned(),
            code: 4003,
            message: Clean::of(message),
        };
        let gone = "Client error: Api called for an unknown Block: State already discarded for 0x12";
        assert_eq!(why(answer(gone)), StateError::Pruned);
        assert!(matches!(why(answer("too busy")), StateError::Link(_)));
        assert!(matches!(why(LinkError::Refused), StateError::Link(_)));
    }
}
