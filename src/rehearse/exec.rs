//! Running one entry point of a runtime: smoldot's host interface, the interpreter, and our own overlay.
//!
//! In: `:code`, an entry point, its input, a [`World`]. Out: the answer and the logs, or one sentence why it stopped. The
//! only file that names smoldot. A signature is taken as good only where it is [`MARKER`]; every other one is verified.
//! What belongs to off-chain workers is refused. The state root is not worked out: nobody may publish it.

use super::state::StateError;
use super::world::World;
use crate::domain::{Clean, Hash, UnixMs};
use crate::ports::Clock;
use smoldot::executor::host::{
    self, Config, Error as HostError, HostVm, HostVmPrototype, LogEmitInfo, StorageProofSizeBehavior,
};
use smoldot::executor::storage_heap_pages_to_value;
use smoldot::executor::vm::ExecHint;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The signature that stands for one that is not there. No key makes it.
pub const MARKER: [u8; 64] = {
    let mut bytes = [0xcd; 64];
    let [a, b, c, d, ..] = &mut bytes;
    (*a, *b, *c, *d) = (0xde, 0xad, 0xbe, 0xef);
    bytes
};
/// Most that one rehearsal may take, milliseconds.
pub const LIMIT_MS: u64 = 30_000;
/// Log lines kept, besides errors.
const MAX_LOGS: usize = 200;
/// Different errors kept.
const MAX_ERRORS: usize = 100;
/// The lowest level of logs asked for: 1 is error, 3 is info.
const LOG_LEVEL: u32 = 3;

/// A line that the runtime logged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Log {
    /// How grave it is.
    pub level: Level,
    /// What it says, its target first.
    pub text: Clean,
}

/// How grave a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something may be wrong.
    Warn,
    /// For information.
    Info,
}

/// Why a run ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The runtime trapped.
    #[error("the runtime stopped in {entry}: {why}")]
    Trap {
        /// The entry point.
        entry: String,
        /// What it said.
        why: Clean,
    },
    /// The runtime wants a function that this program does not offer.
    #[error("the runtime needs the host function {0}, which this version cannot rehearse")]
    Missing(Clean),
    /// What no rehearsal does.
    #[error("the call {0}, which cannot be rehearsed")]
    Refused(&'static str),
    /// The code cannot be run.
    #[error("the runtime's code cannot be run: {0}")]
    Code(Clean),
    /// It takes too long.
    #[error("the rehearsal took longer than 30 s and was given up")]
    Late,
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What an entry point gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The encoded answer.
    pub output: Vec<u8>,
    /// What it logged.
    pub logs: Vec<Log>,
}

/// Runs entry points of one runtime.
pub trait Executor {
    /// Runs `entry` with `input`. What it wrote stands in the world's journal, also where it stopped.
    ///
    /// # Errors
    /// One sentence, see [`Stopped`].
    fn run(&self, entry: &str, input: &[u8], world: &mut World<'_>) -> Result<Ran, Stopped>;
}

/// Runtimes that were read before, by the hash of their code and the value of `:heappages`: reading one again takes longer
/// than most calls.
#[derive(Default)]
pub struct Codes(Mutex<VecDeque<Known>>);

struct Known {
    hash: Hash,
    heap: Option<Vec<u8>>,
    prototype: HostVmPrototype,
}

/// Runtimes that are kept: a chain runs one and upgrades to another.
const MAX_CODES: usize = 8;

impl Codes {
    /// The runtime with this code; `read` gives the code where it is not known yet.
    ///
    /// # Errors
    /// No code that can be run, or `read`.
    pub fn machine<'c>(
        &self,
        (hash, heap): (Hash, Option<&[u8]>),
        clock: &'c dyn Clock,
        read: impl FnOnce() -> Result<Vec<u8>, Stopped>,
    ) -> Result<Machine<'c>, Stopped> {
        let until = clock.now().plus(LIMIT_MS);
        if let Some(prototype) = self.find(hash, heap) {
            return Ok(Machine { prototype, clock, until });
        }
        let machine = Machine::load(&read()?, heap, clock)?;
        let prototype = machine.prototype.clone();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_CODES {
            known.pop_front();
        }
        known.push_back(Known { hash, heap: heap.map(<[u8]>::to_vec), prototype });
        Ok(machine)
    }

    fn find(&self, hash: Hash, heap: Option<&[u8]>) -> Option<HostVmPrototype> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|known| known.hash == hash && known.heap.as_deref() == heap);
        found.map(|known| known.prototype.clone())
    }
}

/// The interpreter with one runtime's code.
pub struct Machine<'c> {
    prototype: HostVmPrototype,
    clock: &'c dyn Clock,
    until: UnixMs,
}

impl<'c> Machine<'c> {
    /// Reads the code; `heap` is the value of `:heappages`. The time of all runs together counts from now.
    ///
    /// # Errors
    /// No code that can be run.
    pub fn load(code: &[u8], heap: Option<&[u8]>, clock: &'c dyn Clock) -> Result<Self, Stopped> {
        let until = clock.now().plus(LIMIT_MS);
        let heap_pages = storage_heap_pages_to_value(heap).map_err(|e| Stopped::Code(said(&e)))?;
        let prototype = prototype(code, heap_pages).map_err(|e| Stopped::Code(said(&e)))?;
        Ok(Self { prototype, clock, until })
    }
}

fn prototype(
    code: &[u8],
    heap_pages: smoldot::executor::vm::HeapPages,
) -> Result<HostVmPrototype, host::NewErr> {
    HostVmPrototype::new(Config {
        module: code,
        heap_pages,
        exec_hint: ExecHint::ForceWasmi { lazy_validation: true },
        allow_unresolved_imports: true,
    })
}

fn said(what: &dyn std::fmt::Display) -> Clean {
    Clean::of(&what.to_string())
}

impl Executor for Machine<'_> {
    fn run(&self, entry: &str, input: &[u8], world: &mut World<'_>) -> Result<Ran, Stopped> {
        let proof = StorageProofSizeBehavior::ConstantReturnValue(0);
        let ready = self.prototype.clone().run(entry, proof, input);
        let mut vm: HostVm = match ready {
            Ok(ready) => ready.into(),
            Err((e, _)) => return Err(Stopped::Trap { entry: entry.to_owned(), why: said(&e) }),
        };
        let mut logs = Kept::default();
        loop {
            if self.clock.now() > self.until {
                return Err(Stopped::Late);
            }
            vm = match vm {
                HostVm::ReadyToRun(ready) => ready.run(),
                HostVm::Finished(done) => {
                    return Ok(Ran { output: done.value().as_ref().to_vec(), logs: logs.told() });
                }
                HostVm::Error { error, .. } => return Err(stopped(entry, &error, &logs.lines)),
                HostVm::LogEmit(line) => {
                    log(&line.info()).into_iter().for_each(|line| logs.keep(line));
                    line.resume()
                }
                HostVm::GetMaxLogLevel(asks) => asks.resume(LOG_LEVEL),
                HostVm::SignatureVerification(asks) => {
                    let marked = asks.signature().as_ref().get(..64) == Some(&MARKER);
                    if marked { asks.resume_success() } else { asks.verify_and_resume() }
                }
                HostVm::CallRuntimeVersion(asks) => {
                    let other = prototype(asks.wasm_code().as_ref(), self.prototype.heap_pages());
                    match other {
                        Ok(other) => asks.resume(Ok(other.runtime_version().as_ref())),
                        Err(_) => asks.resume(Err(())),
                    }
                }
                other => storage(other, world)?,
            };
        }
    }
}

/// The log of a run: an error counts as a failure, so that none is lost behind lines that do not.
#[derive(Default)]
struct Kept {
    lines: Vec<Log>,
    errors: usize,
    left_out: usize,
}

impl Kept {
    fn keep(&mut self, line: Log) {
        let error = line.level == Level::Error;
        let room = if error {
            self.errors < MAX_ERRORS && !self.lines.contains(&line)
        } else {
            self.lines.len().saturating_sub(self.errors) < MAX_LOGS
        };
        if room {
            self.errors = self.errors.saturating_add(usize::from(error));
            self.lines.push(line);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    fn told(mut self) -> Vec<Log> {
        if self.left_out > 0 {
            let text = Clean::of(&format!("{} more lines were logged", self.left_out));
            self.lines.push(Log { level: Level::Info, text });
        }
        self.lines
    }
}

/// Everything about storage. Child tries and off-chain workers are refused.
fn storage(vm: HostVm, world: &mut World<'_>) -> Result<HostVm, Stopped> {
    Ok(match vm {
        HostVm::ExternalStorageGet(asks) => {
            main_only(asks.child_trie())?;
            let value = world.get(asks.key().as_ref())?;
            asks.resume_full_value(value.as_deref())
        }
        HostVm::ExternalStorageSet(asks) => {
            main_only(asks.child_trie())?;
            world.set(asks.key().as_ref(), asks.value().as_ref().map(AsRef::as_ref))?;
            asks.resume()
        }
        HostVm::ExternalStorageAppend(asks) => {
            main_only(asks.child_trie())?;
            world.append(asks.key().as_ref(), asks.value().as_ref())?;
            asks.resume()
        }
        HostVm::ExternalStorageClearPrefix(asks) => {
            main_only(asks.child_trie())?;
            let cleared = world.clear_prefix(asks.prefix().as_ref(), asks.max_keys_to_remove())?;
            asks.resume(cleared.looked_at, cleared.more)
        }
        HostVm::ExternalStorageNextKey(asks) => {
            main_only(asks.child_trie())?;
            let next = world.next_key(asks.key().as_ref())?;
            asks.resume(next.as_deref())
        }
        HostVm::ExternalStorageRoot(asks) => {
            main_only(asks.child_trie())?;
            asks.resume(&[0; 32])
        }
        HostVm::StartStorageTransaction(asks) => {
            world.journal.start();
            asks.resume()
        }
        HostVm::EndStorageTransaction { resume, rollback } => {
            let _ = if rollback { world.journal.rollback() } else { world.journal.commit() };
            resume.resume()
        }
        // Indexing is for off-chain readers: it changes no state.
        HostVm::ExternalOffchainIndexSet(asks) => asks.resume(),
        _ => return Err(Stopped::Refused("asks for what only off-chain workers may do")),
    })
}

fn main_only<T>(child: Option<T>) -> Result<(), Stopped> {
    child.map_or(Ok(()), |_| Err(Stopped::Refused("touches a child trie")))
}

/// Logged as an error by runtimes of 2026 for every upgrade that is applied: it asks for a whole block, and is given less.
const HARMLESS: &str = "Post dispatch weight is greater than pre dispatch weight.";

fn log(line: &LogEmitInfo<'_>) -> Option<Log> {
    let (level, text) = match line {
        LogEmitInfo::Log { log_level: 0, target, message } if message.as_ref().starts_with(HARMLESS) => {
            (Level::Warn, format!("{target}: {message}"))
        }
        LogEmitInfo::Log { log_level: 0, target, message } => (Level::Error, format!("{target}: {message}")),
        LogEmitInfo::Log { log_level: 1, target, message } => (Level::Warn, format!("{target}: {message}")),
        LogEmitInfo::Log { log_level: 2, target, message } => (Level::Info, format!("{target}: {message}")),
        LogEmitInfo::Log { .. } => return None,
        LogEmitInfo::Num(n) => (Level::Info, n.to_string()),
        LogEmitInfo::Utf8(text) => (Level::Info, text.to_string()),
        LogEmitInfo::Hex(hex) => (Level::Info, hex.to_string()),
    };
    Some(Log { level, text: Clean::of(&text) })
}

fn stopped(entry: &str, error: &HostError, logs: &[Log]) -> Stopped {
    let why = match error {
        HostError::UnresolvedFunctionCalled { function, .. } => return Stopped::Missing(Clean::of(function)),
        HostError::HostFunctionNotImplemented { function } => return Stopped::Missing(Clean::of(function)),
        HostError::AbortOnPanic { message } => message.clone(),
        // The reason of a trap is what the runtime logged last.
        HostError::Trap(trap) => match logs.iter().rfind(|l| l.level == Level::Error) {
            Some(log) => log.text.to_string(),
            None => trap.to_string(),
        },
        other => other.to_string(),
    };
    Stopped::Trap { entry: entry.to_owned(), why: Clean::of(&why) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_behind_many_lines_is_kept_and_the_rest_is_counted() {
        let mut logs = Kept::default();
        let line = |level, text: &str| Log { level, text: Clean::of(text) };
        for n in 0..MAX_LOGS + 5 {
            logs.keep(line(Level::Info, &n.to_string()));
        }
        for n in 0..1_000 {
            logs.keep(line(Level::Error, &format!("corrupt {}", n % 200)));
        }
        let told = logs.told();
        assert_eq!(told.len(), MAX_LOGS + MAX_ERRORS + 1);
        assert_eq!(told[MAX_LOGS], line(Level::Error, "corrupt 0"));
        assert_eq!(told.last(), Some(&line(Level::Info, "905 more lines were logged")));
    }
}
