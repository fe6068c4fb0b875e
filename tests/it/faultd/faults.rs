//! The faults a fake node can be told to have.
//!
//! In: what a test sets. Out: the settings as the node reads them, and the heads it tells under them.

use serde_json::{Value, json};
use sereno::domain::Hash;
use std::collections::BTreeMap;

/// What happens to a new connection.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Accept {
    #[default]
    Upgrade,
    /// Reset at once.
    Reset,
    /// Accepted, never a byte: no ServerHello, no upgrade.
    Mute,
    /// An HTTP answer with this status; 302 leads to the given place.
    Status(u16, &'static str),
    /// An HTTP answer with this status and this `Retry-After`.
    Later(u16, &'static str),
}

/// What happens to the bytes of an open connection.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Pipe {
    #[default]
    Open,
    /// Nothing is read, nothing is written.
    Blackhole,
    /// Writes, never reads.
    HalfOpen,
    /// One byte a second.
    Drip,
}

/// How heads are told.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Heads {
    #[default]
    Newest,
    /// Each twice.
    Twice,
    /// The parent after the child.
    Reordered,
    /// Only every seventh.
    Skipping,
    /// A made-up head a million blocks ahead.
    FarAhead,
}

/// What a node does; changed while it runs.
#[derive(Clone, Default)]
pub struct Script {
    pub accept: Accept,
    pub pipe: Pipe,
    pub heads: Heads,
    /// Best heads are no longer told.
    pub silent_best: bool,
    /// Finalized heads are no longer told.
    pub silent_finalized: bool,
    /// So many blocks behind.
    pub lag: u64,
    /// Storage items that are refused, by name; the whole request with them.
    pub refused: Vec<&'static str>,
    /// Storage items that are left out of the answer, by name.
    pub left_out: Vec<&'static str>,
    /// The state of older blocks is gone.
    pub pruned_below: u64,
    /// `chain_getBlockHash` knows nothing but genesis.
    pub null_hash: bool,
    /// Methods that are answered with this error; `None` as code leaves the code out.
    pub errors: BTreeMap<&'static str, (Option<i32>, &'static str)>,
    /// Methods that are never answered; `*` for all.
    pub hang: Vec<&'static str>,
    /// Answers carry this instead of their id.
    pub wrong_id: bool,
    /// Each answer comes twice.
    pub answer_twice: bool,
}

/// What is told in place of a new head.
pub(super) fn heads(script: &Script, head: Value, parent: Option<Value>) -> Vec<Value> {
    match script.heads {
        Heads::Newest | Heads::Skipping => vec![head],
        Heads::Twice => vec![head.clone(), head],
        Heads::Reordered => vec![head].into_iter().chain(parent).collect(),
        Heads::FarAhead => {
            let mut far = head;
            let number =
                u64::from_str_radix(far["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
            far["number"] = json!(format!("{:#x}", number + 1_000_000));
            far["parentHash"] = json!(Hash([77; 32]));
            vec![far]
        }
    }
}

impl Script {
    /// True where the answer for this key is left out.
    pub fn leaves_out(&self, asked: &serde_json::Value) -> bool {
        let asked = asked.as_str().unwrap_or_default();
        self.left_out.iter().any(|name| asked.starts_with(&super::script::key(name)))
    }
}
