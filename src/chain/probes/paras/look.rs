//! Asking for places of the state by name, many in one request, each answer with the place it came from.
//!
//! In: names and arguments. Out: [`Cited`] values. A place that the runtime lacks, that was refused or that does not decode
//! is unread with its reason; only a broken link is an error. Must not know what the values mean.

use super::super::super::transport::{LinkError, Rpc};
use super::super::{query, soft};
use crate::codec::{CodecError, Runtime, hex_key};
use crate::domain::call::Node;
use crate::domain::para::{Cited, Cut, Found};
use crate::domain::{BlockRef, Clean, ids::hex_bytes, ids::to_hex};
use std::collections::{BTreeSet, HashMap};
use subxt_rpcs::rpc_params;

/// Keys in one request.
const PAGE: usize = 1_000;

/// A connection, a block, and the runtime of its state.
#[derive(Clone, Copy)]
pub(in crate::chain) struct Look<'a> {
    /// The connection.
    pub(in crate::chain) rpc: &'a Rpc,
    /// The runtime.
    pub(in crate::chain) runtime: &'a Runtime,
    /// The block in whose state everything is read.
    pub(in crate::chain) at: BlockRef,
}

/// A place in storage: pallet, item, keys.
pub(in crate::chain::probes) type Place<'p> = (&'p str, &'p str, &'p [Node]);

impl<'a> Look<'a> {
    /// Nothing asked for yet.
    pub(in crate::chain::probes) fn ask(self) -> Asked<'a> {
        Asked { look: self, keys: BTreeSet::new() }
    }

    /// The answer of a runtime API's method.
    pub(in crate::chain::probes) async fn api<T>(
        self,
        (api, method): (&str, &str),
        args: &[Node],
        view: impl FnOnce(&Node) -> Option<T>,
    ) -> Result<Cited<T>, LinkError> {
        let name = format!("{api}.{method}({})", words(args));
        let call = format!("{api}_{method}");
        let unread = |why: &str, key: String| Cited { name: name.clone(), key, found: unread(why) };
        let input = match self.runtime.api_input(api, method, args) {
            Ok(input) => input,
            Err(e) => return Ok(unread(&e.to_string(), String::new())),
        };
        let key = format!("{call} {}", to_hex(&input));
        let asked = self.rpc.bulk::<String>("state_call", rpc_params![&call, to_hex(&input), self.at.hash]);
        let bytes = match soft(asked.await)? {
            Ok(hex) => hex_bytes(&hex).unwrap_or_default(),
            Err(e) => return Ok(unread(&e.to_string(), key)),
        };
        let found = judged(self.runtime.api_node(api, method, &bytes).map(Some), view);
        Ok(Cited { name: name.clone(), key, found })
    }

    /// Keys of a map, at most one page of them.
    pub(in crate::chain::probes) async fn entries(
        self,
        pallet: &str,
        item: &str,
    ) -> Result<Result<Entries, Clean>, LinkError> {
        let prefix = match self.runtime.storage_key(pallet, item, &[]) {
            Ok(prefix) => prefix,
            Err(e) => return Ok(Err(Clean::of(&e.to_string()))),
        };
        let params = rpc_params![hex_key(&prefix), PAGE, None::<String>, self.at.hash];
        let keys: Vec<String> = match soft(self.rpc.call("state_getKeysPaged", params).await)? {
            Ok(keys) => keys,
            Err(e) => return Ok(Err(Clean::of(&e.to_string()))),
        };
        let args = |key: &String| -> Option<Vec<Node>> {
            self.runtime.locate(&hex_bytes(key)?)?.keys.into_iter().collect()
        };
        let entries: Option<Vec<Vec<Node>>> = keys.iter().take(PAGE).map(args).collect();
        let Some(keys_read) = entries else {
            return Ok(Err(Clean::of(&format!("{pallet}.{item} has keys that cannot be read"))));
        };
        // A full page may be the last one: only the node knows.
        let more = match keys.get(PAGE - 1) {
            Some(last) => self.has_more(&hex_key(&prefix), last).await?,
            None => false,
        };
        Ok(Ok(Entries { keys: keys_read, more }))
    }

    /// Whether keys follow this one; where the node does not say, they may.
    async fn has_more(self, prefix: &str, last: &str) -> Result<bool, LinkError> {
        let params = rpc_params![prefix, 1, last, self.at.hash];
        let next = soft(self.rpc.call::<Vec<String>>("state_getKeysPaged", params).await)?;
        Ok(next.map_or(true, |keys| keys.iter().any(|key| key != last && key.starts_with(prefix))))
    }
}

/// The beginning of a map: the arguments of each key.
pub(in crate::chain::probes) struct Entries {
    /// At most a page of them.
    pub(in crate::chain::probes) keys: Vec<Vec<Node>>,
    /// True where there are more, or may be.
    pub(super) more: bool,
}

impl Entries {
    /// What was left out.
    pub(super) fn cut(&self, place: &str) -> Option<Cut> {
        let read = u64::try_from(self.keys.len()).unwrap_or(u64::MAX);
        self.more.then(|| Cut { place: place.to_owned(), read, all: None })
    }
}

/// Places that are asked for in one go.
pub(in crate::chain::probes) struct Asked<'a> {
    look: Look<'a>,
    keys: BTreeSet<Vec<u8>>,
}

impl<'a> Asked<'a> {
    /// One more place. One that the runtime lacks is not asked for.
    pub(in crate::chain::probes) fn place(&mut self, (pallet, item, args): Place<'_>) {
        self.keys.extend(self.look.runtime.storage_key(pallet, item, args));
    }

    /// One more key that is not in the metadata.
    pub(super) fn key(&mut self, key: Vec<u8>) {
        self.keys.insert(key);
    }

    /// Asks, in pages.
    pub(in crate::chain::probes) async fn read(self) -> Result<Answers<'a>, LinkError> {
        let keys: Vec<Vec<u8>> = self.keys.into_iter().collect();
        let mut values = HashMap::with_capacity(keys.len());
        for page in keys.chunks(PAGE) {
            let state = soft(query(self.look.rpc, page, self.look.at.hash).await)?;
            for key in page {
                let value = match &state {
                    Ok(state) => Ok(state.get(key).map(<[u8]>::to_vec)),
                    Err(e) => Err(Clean::of(&e.to_string())),
                };
                values.insert(key.clone(), value);
            }
        }
        Ok(Answers { look: self.look, values })
    }
}

/// What was found at each place.
pub(in crate::chain::probes) struct Answers<'a> {
    look: Look<'a>,
    values: HashMap<Vec<u8>, Result<Option<Vec<u8>>, Clean>>,
}

impl Answers<'_> {
    /// The bytes under a key that is not in the metadata.
    pub(super) fn raw<T>(&self, name: &str, key: &[u8], view: impl FnOnce(&[u8]) -> Option<T>) -> Cited<T> {
        let found = match self.values.get(key) {
            Some(Ok(Some(bytes))) => {
                view(bytes).map_or_else(|| unread("it has an unknown shape"), Found::Value)
            }
            Some(Ok(None)) => Found::Absent,
            Some(Err(why)) => Found::Unread(why.clone()),
            None => unread("it was not asked for"),
        };
        Cited { name: name.to_owned(), key: hex_key(key), found }
    }

    /// The value at a place, as `view` sees it. An empty option is absent.
    pub(in crate::chain::probes) fn cite<T>(
        &self,
        place: Place<'_>,
        view: impl FnOnce(&Node) -> Option<T>,
    ) -> Cited<T> {
        let (pallet, item, args) = place;
        let runtime = self.look.runtime;
        let name = name_of(place);
        let key = match runtime.storage_key(pallet, item, args) {
            Ok(key) => key,
            Err(e) => return Cited { name, key: String::new(), found: unread(&e.to_string()) },
        };
        let found = match self.values.get(&key) {
            Some(Ok(bytes)) => judged(runtime.storage_node(pallet, item, bytes.as_deref()), view),
            Some(Err(why)) => Found::Unread(why.clone()),
            None => unread("it was not asked for"),
        };
        Cited { name, key: hex_key(&key), found }
    }
}

/// `Paras.Heads(2000)`, `Paras.PvfActiveVoteList`.
pub(in crate::chain::probes) fn name_of((pallet, item, args): Place<'_>) -> String {
    if args.is_empty() { format!("{pallet}.{item}") } else { format!("{pallet}.{item}({})", words(args)) }
}

pub(in crate::chain::probes) fn unread<T>(why: &str) -> Found<T> {
    Found::Unread(Clean::of(why))
}

/// A place that cannot be named because another one could not be read.
pub(in crate::chain::probes) fn behind<T, U>(place: Place<'_>, other: &Cited<T>) -> Cited<U> {
    let why = other.unread().map_or("there is nothing", Clean::as_str);
    Cited { name: name_of(place), key: String::new(), found: unread(&format!("{}: {why}", other.name)) }
}

fn judged<T>(node: Result<Option<Node>, CodecError>, view: impl FnOnce(&Node) -> Option<T>) -> Found<T> {
    match node {
        Ok(None | Some(Node::Nothing)) => Found::Absent,
        Ok(Some(node)) => view(&node).map_or_else(|| unread("it has an unknown shape"), Found::Value),
        Err(e) => unread(&e.to_string()),
    }
}

fn words(args: &[Node]) -> String {
    args.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn word(node: &Node) -> String {
    match node {
        Node::Number(n) => n.to_string(),
        Node::Bytes(bytes) => to_hex(bytes),
        Node::Account(account) => account.to_string(),
        Node::Fields(fields) => fields.iter().map(|(_, n)| word(n)).collect::<Vec<_>>().join(" → "),
        Node::Variant(name, fields) => match fields.as_slice() {
            [] => name.clone(),
            fields => format!("{name} {}", fields.iter().map(|(_, n)| word(n)).collect::<Vec<_>>().join(" ")),
        },
        Node::List(items) => words(items),
        _ => "…".to_owned(),
    }
}
