//! What a recipe reads: from templates to storage keys and inputs of runtime APIs, and from bytes to values.
//!
//! In: values that are known so far, metadata. Out: [`Wanted`]s that `runtime` carries out in few requests, and their answers
//! decoded. Must not do I/O.

use super::expr::Failed;
use super::params::to_text;
use super::recipe::{Moment, Read, Recipe};
use super::template::{Filling, Template, dotted};
use crate::codec::Runtime;
use crate::domain::call::Node;
use crate::domain::ids::to_hex;
use std::collections::BTreeSet;
use std::fmt;

/// Most entries that are read of a map.
pub const MAX_ENTRIES: usize = 500;

/// A chain that is read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One of the profile, by its id.
    Chain(String),
    /// A para, wherever it answers.
    Para(u32),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(id) => f.write_str(id),
            Self::Para(id) => write!(f, "para {id}"),
        }
    }
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// One stored value under this key.
    Storage(Vec<u8>),
    /// All entries below this prefix.
    Entries(Vec<u8>),
    /// A runtime API with this input.
    Api(Vec<u8>),
    /// A constant: nothing is asked for.
    Constant,
    /// The header of the block.
    Header,
    /// The hash of the code that runs.
    Code,
}

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the read.
    pub id: String,
    /// Of which chain.
    pub target: Target,
    /// In which block.
    pub at: Moment,
    /// What.
    pub what: What,
    /// `Paras.Heads`.
    pub item: String,
    /// True where its numbers are planck.
    pub balance: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Of storage.
    Value(Option<Vec<u8>>),
    /// Of entries: keys and values.
    Entries(Vec<(Vec<u8>, Vec<u8>)>),
    /// Of a runtime API.
    Bytes(Vec<u8>),
    /// Of a header: number, hash, parent, and all of it encoded.
    Header {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: [u8; 32],
        /// Its parent's.
        parent: [u8; 32],
        /// SCALE-encoded.
        encoded: Vec<u8>,
    },
    /// Of the code that runs: its hash.
    Code([u8; 32]),
    /// Of a constant: nothing was asked for.
    Nothing,
}

/// The templates of a read.
pub(super) struct Templates {
    pub(super) chain: Option<Template>,
    pub(super) keys: Vec<Template>,
}

impl Templates {
    /// The templates of a read; a mistake in one is a sentence. `lint` reports them with their places.
    pub(super) fn of(read: &Read) -> Result<Self, String> {
        let chain = read.chain.as_ref().map(|text| {
            let text = if text.get_ref() == "para" { "para:{para}" } else { text.get_ref().as_str() };
            Template::of_text(text)
        });
        let list = if read.api.is_some() { &read.args } else { &read.keys };
        let keys = list.iter().map(|raw| Template::parse(raw.get_ref()));
        Ok(Self { chain: chain.transpose()?, keys: keys.collect::<Result<_, _>>()? })
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.chain.iter().chain(&self.keys).flat_map(Template::names).collect()
    }
}

/// The chain that a text names: an id of the profile, or `para:N`.
///
/// # Errors
/// `para:` without a number.
pub fn target(text: &str) -> Result<Target, String> {
    match text.strip_prefix("para:") {
        None => Ok(Target::Chain(text.to_owned())),
        Some(id) => {
            id.parse().map(Target::Para).map_err(|_| format!("'{text}' names no para; expected para:N"))
        }
    }
}

/// Which chain a read is of.
pub(super) fn target_of(templates: &Templates, own: &Target, with: &Filling<'_>) -> Result<Target, Failed> {
    match &templates.chain {
        None => Ok(own.clone()),
        Some(template) => target(&template.text(with)?).map_err(|why| Failed { why, absent: false }),
    }
}

/// The key or input of a read.
pub(super) fn wanted(
    read: &Read,
    templates: &Templates,
    (target, runtime): (&Target, &Runtime),
    with: &Filling<'_>,
) -> Result<Wanted, Failed> {
    let failed = |why: String| Failed { why, absent: false };
    let keys: Vec<Node> = templates.keys.iter().map(|key| key.fill(with)).collect::<Result<_, _>>()?;
    let named = [&read.storage, &read.entries, &read.api, &read.constant].into_iter().flatten().next();
    let item = named.map_or(if read.code { "code" } else { "header" }, |item| item.get_ref().as_str());
    let what = if read.header {
        What::Header
    } else if read.code {
        What::Code
    } else {
        let (pallet, name) = dotted(item).map_err(failed)?;
        if read.constant.is_some() {
            What::Constant
        } else if read.api.is_some() {
            What::Api(runtime.api_input(pallet, name, &keys).map_err(|e| failed(e.to_string()))?)
        } else {
            let key = runtime.storage_key(pallet, name, &keys).map_err(|e| failed(e.to_string()))?;
            let whole = runtime.storage_keys(pallet, name) == Some(keys.len());
            match (read.entries.is_some(), whole) {
                (true, _) => What::Entries(key),
                (false, true) => What::Storage(key),
                (false, false) => {
                    let expected = runtime.storage_keys(pallet, name).unwrap_or_default();
                    return Err(failed(format!("{item} has {expected} keys, not {}", keys.len())));
                }
            }
        }
    };
    Ok(Wanted {
        id: read.id.get_ref().clone(),
        target: target.clone(),
        at: read.at,
        what,
        item: item.to_owned(),
        balance: read.balance,
    })
}

impl Wanted {
    /// Where it stands: the item and the key that a node is asked for.
    #[must_use]
    pub fn source(&self) -> String {
        match &self.what {
            What::Storage(key) | What::Entries(key) => format!("{} {}", self.item, to_hex(key)),
            What::Api(input) => format!("{} {}", self.item, to_hex(input)),
            What::Constant | What::Header | What::Code => self.item.clone(),
        }
    }

    /// The method name of a runtime API as nodes want it.
    #[must_use]
    pub fn method(&self) -> String {
        self.item.replace('.', "_")
    }

    /// The value in an answer, and whether it was looked for and is not there.
    ///
    /// # Errors
    /// It does not decode.
    pub fn decode(&self, runtime: &Runtime, answer: &Answer) -> Result<(Node, bool), String> {
        let (pallet, name) = self.item.split_once('.').unwrap_or((&self.item, ""));
        match answer {
            Answer::Value(bytes) => {
                let node = runtime.storage_node(pallet, name, bytes.as_deref()).map_err(|e| e.to_string())?;
                Ok(node.map_or((Node::Nothing, true), |node| (node, false)))
            }
            Answer::Entries(entries) => {
                let entry = |(key, value): &(Vec<u8>, Vec<u8>)| -> Result<Node, String> {
                    let keys = runtime.locate(key).map(|found| found.keys).unwrap_or_default();
                    let keys = keys.into_iter().map(|key| key.unwrap_or(Node::Nothing)).collect();
                    let value = runtime.storage_node(pallet, name, Some(value)).map_err(|e| e.to_string())?;
                    let value = value.unwrap_or(Node::Nothing);
                    Ok(Node::Fields(vec![("keys".to_owned(), Node::List(keys)), ("value".to_owned(), value)]))
                };
                entries.iter().map(entry).collect::<Result<_, _>>().map(|list| (Node::List(list), false))
            }
            Answer::Bytes(bytes) => {
                runtime.api_node(pallet, name, bytes).map(|node| (node, false)).map_err(|e| e.to_string())
            }
            Answer::Header { number, hash, parent, encoded } => {
                let bytes = |b: &[u8]| Node::Bytes(b.to_vec());
                let fields = [
                    ("number", Node::Number(u128::from(*number))),
                    ("hash", bytes(hash)),
                    ("parent", bytes(parent)),
                    ("encoded", bytes(encoded)),
                ];
                Ok((Node::Fields(fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()), false))
            }
            Answer::Code(hash) => Ok((Node::Bytes(hash.to_vec()), false)),
            Answer::Nothing => {
                runtime.constant_node(pallet, name).map(|node| (node, false)).map_err(|e| e.to_string())
            }
        }
    }
}

/// The recipe's own chain.
///
/// # Errors
/// It depends on a parameter that is not known, or names no chain.
pub(super) fn own_target(recipe: &Recipe, with: &Filling<'_>) -> Result<Target, Failed> {
    let failed = |why: String| Failed { why, absent: false };
    let template = Template::of_text(recipe.chain.get_ref()).map_err(failed)?;
    target(&to_text(&template.fill(with)?)).map_err(failed)
}
