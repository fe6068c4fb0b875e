//! Runbooks: privileged actions as data. A TOML file says what is read, what must hold, which calls are made and how one
//! sees that they worked; nothing here knows a single action.
//!
//! In: recipes, parameters as text, what was read from the chains (by `runtime`). Out: calls composed by live metadata,
//! checks with their values, a plan with its hash. Must not do I/O, read a clock, sign or submit.
//!
//! # The format
//!
//! ```toml
//! id = "force-head"              # lower case and dashes; the name of the file
//! row = "A3"                     # the row of the catalogue, where it answers one
//! title = "Force a parachain's head"
//! group = "recovery"             # recovery hrmp-xcm coretime upgrade configuration validators balances
//! chain = "relay"                # the profile's id of the chain whose calls these are; or "{chain}", a parameter
//! risk = "red"                   # red amber green
//! scope = "PAS-2: …"             # which rule allows it
//! reversible = true
//! undo = "Set the head that was saved."
//! blast_radius = "One para: a wrong head …"
//! symptoms = ["para-stall"]      # ids of detectors
//! roles = ["core"]               # who may
//! rehearse_as = "root"           # root | signed:WHO | parachain:ID; WHO and ID may be templates. Also the authority
//! safe_sudo = true               # passes the SafeSudo filter of the runtime; left out: does not apply
//! wrap = ["xcm:{chain}"]         # wrappers where --wrap says none; left out: none
//! effective = "2 sessions"       # when it takes hold: now | N blocks | N sessions | next session; left out: unknown
//! about = """What it does, when one wants it, what else to do."""
//!
//! [[params]]                     # named as the call's own arguments
//! name = "new_head"
//! type = "bytes"                 # see ParamKind
//! about = "The header, SCALE-encoded"
//! default = "{para_head.encoded}"  # any template; over parameters and reads
//! optional = true                # without it: null, which is None in the call
//! holds = "header"               # bytes only: header | wasm
//! options = ["a", "b"]           # choice only
//! of = "account"                 # list only: the type of its items
//! min = 0                        # numbers: range; bytes and lists: length
//! max = 20480
//!
//! [[reads]]                      # exactly one of storage, entries, api, constant, header, code
//! id = "head"                    # the name in expressions
//! storage = "Paras.Heads"        # with keys: one value, or null where nothing is stored
//! keys = ["{para}"]
//! entries = "Hrmp.HrmpChannels"  # all entries below keys, at most 500: a list of {keys, value}
//! api = "ParachainHost.dmq_contents"
//! args = ["{para}"]
//! constant = "System.SS58Prefix"
//! header = true                  # {number, hash, parent, encoded} of the block itself
//! code = true                    # blake2_256 of the code that runs
//! at = "finalized"               # best (default) or finalized
//! chain = "para:{para}"          # another chain: an id, "para:N" (the para's own endpoint), "para" = "para:{para}"
//! balance = true                 # its numbers are planck
//!
//! [[checks]]
//! id = "lifecycle"
//! only = "how == 'a'"            # parameters only: the check is left out where it is false
//! expr = 'lifecycle in ["Parachain", "Parathread"]'
//! level = "block"                # block: the plan ends with status 1 unless it holds; warn
//! message = "The para is in a stable lifecycle"  # what holds, as a sentence
//! value = "lifecycle"            # what is shown; left out: what the expression mentions
//!
//! [[steps]]                      # exactly one of call, wait, note, manual
//! call = "Paras.force_set_current_head"   # or "{call}": a parameter of type call; parts may be templates
//! args = { para = "{para}", new_head = "{new_head}" }
//! when = "new_code != null"      # parameters only: the step is left out where it is false
//! origin = "signed:{who}"        # where it is not the recipe's rehearse_as; signed alone: any account
//! chain = "{chain}"              # where it is not the recipe's
//! wait = "Two sessions"          # note, wait, manual: text with {templates}
//! role = "collator"              # manual only, with evidence
//! evidence = "The log line …"
//!
//! [[verify]]
//! only = "how == 'a'"            # parameters only: the line is left out where it is false
//! expr = "head == new_head"      # over reads made afresh; before.head is what the plan read; events lists names of
//!                                # events that tell no failure, of the block of the call and, where it is sent to another
//!                                # chain, of that chain's blocks since. Must be able to be false before the call
//! when = "now"                   # now: in the block of the call; later
//! within = "10 blocks"           # later only: N blocks | N sessions
//! message = "The head is the new one"
//! ```
//!
//! ## Templates
//! A text that is wholly `{…}` is an expression over parameters and reads and stands for its value (`"{para}"`,
//! `"{session + 2}"`, `"{null}"`). Inside other text `{…}` is replaced by what it says; `{{` and `}}` are braces. Lists and
//! tables are templates of their parts; a table with one key names a variant or a field, with several the fields of a
//! structure. Four tables mean more:
//! `{call = "Pallet.name", args = {…}}` is a call inside the call; `{storage_key = "Pallet.Item", keys = […]}` the key as
//! bytes; `{storage_value = "Pallet.Item", value = …}` a value as it is stored; `{encoded = {call = …, args = …}, chain = "…"}`
//! the bytes of a call, of another chain where one is named.
//!
//! ## Expressions
//! CEL over parameters and reads. Numbers are `int`; balances (parameters of that type, reads with `balance`, fields called
//! free, reserved, frozen, deposit, …) and numbers above `int` are planck, which only `ge le eq add sub pas` take. Bytes,
//! hashes and accounts are `bytes`. A variant without fields is its name; with fields a map `{Name: fields}`, one unnamed field
//! standing for itself; an option is its value or null. Functions: see `expr::FUNCTIONS`. A check over something that was
//! not read, or whose evaluation fails, is null; but false where it fails over something that is absent on chain.

pub mod catalogue;
pub mod compose;
pub mod draft;
pub mod expr;
pub mod links;
pub mod lint;
pub mod origin;
pub mod params;
pub mod plan;
pub mod reads;
pub mod recipe;
pub mod show;
pub mod template;
pub mod verify;
pub mod wrap;

pub use catalogue::Catalogue;
pub use recipe::{Fault, Recipe};
pub use wrap::{Wrapped, Wrapper};
