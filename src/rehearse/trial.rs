//! One chain's code over one block, for several calls one after the other and questions about what they leave behind.
//!
//! In: a [`Scene`]. Out: rehearsals, and the state after them as a node would tell it. What a rehearsal changed counts for the
//! next one only after [`Trial::keep`]. Nothing reaches the chain. Must not weigh anything.

use super::blocks::Followed;
use super::exec::{Executor as _, Machine, Stopped};
use super::journal::Changes;
use super::ways::{Origin, Stage};
use super::world::World;
use super::{CODE_CHANGED, EventLine, Failed, Found, Method, Rehearsal, Request, Scene, diff, told};
use crate::codec::{CODE_KEY, Runtime};
use crate::domain::BlockRef;
use crate::domain::call::{Call, Node};
use crate::domain::ids::to_hex;
use std::sync::Arc;

/// The value of this key says how much memory the code gets.
const HEAP: &[u8] = b":heappages";
/// Plain items that may be megabytes, and that no call reads first.
const LARGE: [&str; 4] = ["Events", "Snapshot", "QueuedSolution", "OnChainVotes"];

/// One chain's code over one block.
pub struct Trial<'a> {
    scene: Scene<'a>,
    machine: Option<Machine<'a>>,
    /// What the last rehearsal changed.
    last: Changes,
}

/// Keys with their values.
pub type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// What the blocks after the calls bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Later {
    /// How the state differs in the end from what it would be with empty calls.
    pub diff: Vec<super::Change>,
    /// Events that would not be there without the calls.
    pub events: Vec<EventLine>,
    /// Why the blocks cannot be built; with empty calls they can.
    pub broken: Option<String>,
}

impl<'a> Trial<'a> {
    /// Over the state of the scene.
    #[must_use]
    pub fn new(scene: Scene<'a>) -> Self {
        Self { scene, machine: None, last: Changes::new() }
    }

    /// The metadata.
    #[must_use]
    pub fn runtime(&self) -> &'a Runtime {
        self.scene.runtime
    }

    /// The block whose state this is.
    #[must_use]
    pub fn block(&self) -> BlockRef {
        self.scene.state.block()
    }

    /// The header of that block, SCALE-encoded.
    #[must_use]
    pub fn header(&self) -> &'a [u8] {
        self.scene.header
    }

    /// Rehearses a call over the state as it is now.
    ///
    /// # Errors
    /// One sentence why it could not be; a call that fails is no error but an outcome.
    pub fn rehearse(&mut self, request: &Request) -> Result<Rehearsal, Failed> {
        let (began, trips) = (self.scene.clock.now(), self.scene.state.round_trips());
        let runtime = self.scene.runtime;
        let call = runtime.decode_call(&request.call).map_err(|e| Failed::of(&e))?;
        // What runs is composed from the decoded call: it must be the very bytes that were given.
        if runtime.encode_call(&call).ok().as_ref() != Some(&request.call) {
            return Err(Failed("the call is not encoded as this runtime encodes it".to_owned()));
        }
        let mut caveats = Vec::new();
        let found = if request.method == Method::DryRun {
            let dark = "the node's dry run keeps what it wrote to itself: there is no storage diff";
            caveats.push(dark.to_owned());
            if !self.scene.state.is_bare() {
                return Err(Failed(
                    "the node's dry run does not know what the call before it did".to_owned(),
                ));
            }
            Found::once(super::asked(&mut self.scene, request.origin, &call).map_err(|e| Failed::of(&e))?)
        } else {
            let header = self.scene.header;
            self.on_stage(|stage| super::run(stage, request, &call, header, &mut caveats))?
        };
        let mut done =
            told(&self.scene, (request.method, request.origin, call.path()), found, caveats, request.blocks);
        self.last = std::mem::take(&mut done.1);
        Ok(self.timed(done.0, (began, trips)))
    }

    /// What a message of the relay chain does that arrives here.
    ///
    /// # Errors
    /// One sentence why it cannot be told; a message that fails is no error but an outcome.
    pub fn message(&mut self, message: &Node) -> Result<Rehearsal, Failed> {
        let (began, trips) = (self.scene.clock.now(), self.scene.state.round_trips());
        let taken = self.on_stage(|stage| stage.message(message).map_err(|e| Failed::of(&e)))?;
        let subject = (Method::Fork, Origin::Root, "a message of the relay chain".to_owned());
        let mut done = told(&self.scene, subject, Found::once(taken), Vec::new(), 0);
        self.last = std::mem::take(&mut done.1);
        Ok(self.timed(done.0, (began, trips)))
    }

    /// A whole block without a call over the state as it is now: after new code was kept, its migrations. The metadata must be
    /// those of that code.
    ///
    /// # Errors
    /// One sentence why it cannot be built.
    pub fn block_alone(&mut self) -> Result<Rehearsal, Failed> {
        let (began, trips) = (self.scene.clock.now(), self.scene.state.round_trips());
        let header = self.scene.header;
        let taken = self.on_stage(|stage| stage.block(header).map_err(|e| Failed::of(&e)))?;
        let subject = (Method::Fork, Origin::Root, "a block without a call".to_owned());
        let mut done = told(&self.scene, subject, Found::once(taken), Vec::new(), 0);
        self.last = std::mem::take(&mut done.1);
        Ok(self.timed(done.0, (began, trips)))
    }

    fn timed(&self, mut found: Rehearsal, (began, trips): (crate::domain::UnixMs, u32)) -> Rehearsal {
        found.elapsed_ms = self.scene.clock.now().since(began);
        found.round_trips = self.scene.state.round_trips().saturating_sub(trips);
        found
    }

    /// What the last rehearsal changed is from now on part of the state.
    pub fn keep(&mut self) {
        self.scene.state.lay(std::mem::take(&mut self.last));
    }

    /// Forgets what was kept, builds the block of the calls and `more` empty ones over the state of the block, and leaves the
    /// state as it is in the end.
    ///
    /// # Errors
    /// One sentence why no blocks can be built, even with empty calls.
    pub fn follow(&mut self, calls: &[(Origin, Call)], more: u32) -> Result<Later, Failed> {
        if self.scene.state.is_laid(CODE_KEY) {
            return Err(Failed(CODE_CHANGED.to_owned()));
        }
        self.scene.state.lift();
        let header = self.scene.header;
        let followed =
            self.on_stage(|stage| stage.follow(calls, more, header).map_err(|e| Failed::of(&e)))?;
        let Followed { raw, events, broken, all } = followed;
        self.scene.state.lay(all);
        let prefix = self.scene.ss58_prefix;
        Ok(Later {
            diff: diff::shown(self.scene.runtime, &raw, prefix),
            events: events.iter().map(|event| EventLine::of(event, prefix)).collect(),
            broken,
        })
    }

    /// A stored value as it is now.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn value(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Failed> {
        self.scene.state.get(key).map_err(|e| Failed::of(&e))
    }

    /// Values that will be asked for, in one round trip.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn prefetch(&mut self, keys: impl Iterator<Item = Vec<u8>>) -> Result<(), Failed> {
        self.scene.state.prefetch(keys).map_err(|e| Failed::of(&e))
    }

    /// What is stored below a prefix now: keys and values.
    ///
    /// # Errors
    /// The state cannot be read, or there is more than `most`.
    pub fn entries(&mut self, prefix: &[u8], most: usize) -> Result<Entries, Failed> {
        let mut found = Vec::new();
        let mut from = prefix.to_vec();
        while let Some(key) = self.scene.state.next_key(&from).map_err(|e| Failed::of(&e))? {
            if !key.starts_with(prefix) {
                break;
            }
            if found.len() >= most {
                return Err(Failed(format!("{} has more than {most} entries", to_hex(prefix))));
            }
            let value = self.value(&key)?;
            from.clone_from(&key);
            found.extend(value.map(|value| (key, value)));
        }
        Ok(found)
    }

    /// The answer of a runtime API over the state as it is now.
    ///
    /// # Errors
    /// It trapped, or the state cannot be read.
    pub fn api(&mut self, method: &str, input: &[u8]) -> Result<Vec<u8>, Failed> {
        self.load().map_err(|e| Failed::of(&e))?;
        let Self { scene, machine: Some(machine), .. } = self else {
            return Err(Failed("the code was not read".to_owned()));
        };
        let mut world = World::new(scene.state, Arc::default());
        machine.run(method, input, &mut world).map(|ran| ran.output).map_err(|e| Failed::of(&e))
    }

    fn on_stage<T>(&mut self, act: impl FnOnce(&mut Stage<'_>) -> Result<T, Failed>) -> Result<T, Failed> {
        self.load().map_err(|e| Failed::of(&e))?;
        let Self { scene, machine: Some(machine), .. } = self else {
            return Err(Failed("the code was not read".to_owned()));
        };
        let now = scene.clock.now();
        act(&mut Stage { runtime: scene.runtime, executor: machine, state: scene.state, now })
    }

    /// The code, and in one round trip what most calls and every next block read.
    fn load(&mut self) -> Result<(), Stopped> {
        const DEPTH: &[u8] = b":transaction_level:";
        if self.machine.is_some() {
            return Ok(());
        }
        let Scene { runtime, state, clock, codes, code_hash, .. } = &mut self.scene;
        let plain = runtime.plain_items().into_iter();
        let small = plain.filter(|(_, item, _)| !LARGE.contains(&item.as_str())).map(|(_, _, key)| key);
        let number = u32::try_from(state.block().number).unwrap_or(u32::MAX);
        let of_blocks = [("System", "BlockHash", number), ("Scheduler", "Agenda", number.saturating_add(1))];
        let of_blocks = of_blocks
            .iter()
            .filter_map(|(pallet, item, n)| runtime.map_key(pallet, item, &n.to_le_bytes()).ok());
        state.prefetch(small.chain(of_blocks).chain([HEAP.to_vec(), DEPTH.to_vec()]))?;
        let heap = state.get(HEAP)?;
        let known = code_hash.filter(|_| !state.is_laid(CODE_KEY));
        let mut code = || {
            let code = state.get(CODE_KEY)?;
            code.ok_or_else(|| Stopped::Code("the state has none".into()))
        };
        let machine = match known {
            Some(hash) => codes.machine((hash, heap.as_deref()), *clock, code)?,
            None => Machine::load(&code()?, heap.as_deref(), *clock)?,
        };
        self.machine = Some(machine);
        Ok(())
    }
}
