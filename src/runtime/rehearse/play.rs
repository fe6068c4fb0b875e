//! The calls of a runbook, one after the other, in the code of their chain; then what arrives elsewhere, and what is stored.
//!
//! In: a [`Piece`] and a [`Trial`] for each chain that can be asked. Out: [`Played`]. Everything is owned, so that it can run
//! in a thread that is left behind. Must not decide what an answer means.

use crate::domain::AccountId;
use crate::domain::call::{Call, Node};
use crate::rehearse::{Later, Layer, Method, Origin, Rehearsal, Request, Trial};
use crate::runbook::reads::{Answer, MAX_ENTRIES, Target, Wanted, What};
use crate::runbook::recipe::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// This origin.
    Origin(Origin),
    /// Any account will do: that of the root key.
    Anyone,
    /// The account of the root key.
    RootKey,
    /// A delegate of this kind of that account.
    Delegate(String, AccountId),
}

impl Who {
    /// `root`, `signed`, `signed:ACCOUNT` or `parachain:ID`, as recipes write it.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected =
            || format!("'{text}' is no origin; expected root, signed, signed:ACCOUNT or parachain:ID");
        match text.split_once(':') {
            None if text == "root" => Ok(Self::Origin(Origin::Root)),
            None if text == "signed" => Ok(Self::Anyone),
            Some(("signed", who)) => {
                who.parse().map(|who| Self::Origin(Origin::Signed(who))).map_err(|_| expected())
            }
            Some(("parachain", id)) => {
                id.parse().map(|id| Self::Origin(Origin::Parachain(id))).map_err(|_| expected())
            }
            _ => Err(expected()),
        }
    }
}

/// What is rehearsed.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The chain of the calls.
    pub home: Target,
    /// How.
    pub method: Method,
    /// The calls in their order: who makes it, and its bytes.
    pub calls: Vec<(Who, Vec<u8>)>,
    /// So many empty blocks after them.
    pub blocks: u32,
    /// What is asked for afterwards.
    pub wanted: Vec<Wanted>,
    /// The chains of paras, as far as they are asked.
    pub paras: BTreeMap<u32, Target>,
}

/// A message that left for another chain.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Where to, in words.
    pub to: String,
    /// The chain that was asked.
    pub chain: Option<Target>,
    /// What it does there; or why that is not known.
    pub found: Result<Rehearsal, String>,
}

/// Values with what was asked for.
pub type Answers = Vec<(Wanted, Result<(Node, bool), String>)>;

/// What came of it.
pub struct Played {
    /// Each call; none after the first that failed.
    pub parts: Vec<Rehearsal>,
    /// Each message of the calls that left for another chain.
    pub arrived: Vec<Arrived>,
    /// What is stored after the calls.
    pub now: Answers,
    /// What the blocks after them bring, and what is stored then.
    pub later: Option<(Later, Answers)>,
}

/// Plays a piece.
///
/// # Errors
/// One sentence why it could not be rehearsed.
pub fn play(piece: &Piece, trials: &mut BTreeMap<Target, Trial<'_>>) -> Result<Played, String> {
    let home = trials.get_mut(&piece.home).ok_or_else(|| format!("{} was not read", piece.home))?;
    if piece.calls.len() > 1 && piece.method != Method::Fork {
        return Err(
            "the node's own dry run and validity judge each call as if those before it had not been made; \
                    expected --method fork for a runbook of several calls"
                .to_owned(),
        );
    }
    let mut calls: Vec<(Origin, Call)> = Vec::new();
    let mut parts: Vec<Rehearsal> = Vec::new();
    for (who, bytes) in &piece.calls {
        let origin = origin(who, home)?;
        let request = Request { method: piece.method, origin, call: bytes.clone(), blocks: 0 };
        let found = home.rehearse(&request).map_err(|e| e.to_string())?;
        calls.push((origin, home.runtime().decode_call(bytes).map_err(|e| e.to_string())?));
        let ok = found.outcome.ok;
        parts.push(found);
        if !ok {
            break;
        }
        home.keep();
    }
    let whole = parts.iter().all(|part| part.outcome.ok);
    let mut arrived = Vec::new();
    let mut acted = BTreeSet::from([piece.home.clone()]);
    for (to, messages) in parts.iter().flat_map(|part| &part.sent) {
        for message in messages {
            let one = arrive(piece, trials, to, message);
            acted.extend(one.chain.clone().filter(|_| one.found.is_ok()));
            arrived.push(one);
        }
    }
    let state = piece.method == Method::Fork && whole;
    let now = answers(&piece.wanted, trials, &acted, state);
    let later = match trials.get_mut(&piece.home) {
        Some(home) if piece.blocks > 0 && whole => {
            let later = home.follow(&calls, piece.blocks).map_err(|e| e.to_string())?;
            Some((later, answers(&piece.wanted, trials, &acted, state)))
        }
        _ => None,
    };
    Ok(Played { parts, arrived, now, later })
}

fn arrive(piece: &Piece, trials: &mut BTreeMap<Target, Trial<'_>>, to: &Node, message: &Node) -> Arrived {
    let Some(para) = para_of(to) else {
        let why = "only messages to parachains are rehearsed".to_owned();
        return Arrived { to: "another chain".to_owned(), chain: None, found: Err(why) };
    };
    let chain = piece.paras.get(&para).cloned();
    let to = chain.as_ref().map_or_else(|| format!("para {para}"), ToString::to_string);
    let found = match chain.as_ref().and_then(|chain| trials.get_mut(chain)) {
        Some(trial) => trial.message(message).map_err(|e| e.to_string()).map(|mut found| {
            if found.outcome.ok {
                trial.keep();
            } else {
                reason(trial, message, &mut found);
            }
            found
        }),
        None => Err(format!("no node of para {para} was asked")),
    };
    Arrived { to, chain, found }
}

/// A message says only that the call inside it failed: the call itself, as Root, says why.
fn reason(trial: &mut Trial<'_>, message: &Node, found: &mut Rehearsal) {
    let Some(bytes) = transacted(message) else { return };
    let request = Request { method: Method::Fork, origin: Origin::Root, call: bytes.to_vec(), blocks: 0 };
    let Ok(inner) = trial.rehearse(&request) else { return };
    if let Some(error) = inner.outcome.error {
        found.outcome.error = Some(error.clone());
        found.outcome.layers.push(Layer { name: inner.call, ok: false, error: Some(error) });
    }
}

/// The bytes of the call in a message.
fn transacted(message: &Node) -> Option<&[u8]> {
    match message {
        Node::Variant(name, fields) if name == "Transact" => {
            match fields.iter().find(|(n, _)| n == "call")? {
                (_, Node::Bytes(bytes)) => Some(bytes),
                _ => None,
            }
        }
        Node::Variant(_, fields) | Node::Fields(fields) => {
            fields.iter().find_map(|(_, node)| transacted(node))
        }
        Node::List(items) => items.iter().find_map(transacted),
        _ => None,
    }
}

/// The para that a location of the relay chain names.
fn para_of(location: &Node) -> Option<u32> {
    match location {
        Node::Variant(name, fields) if name == "Parachain" => match fields.first()? {
            (_, Node::Number(id)) => u32::try_from(*id).ok(),
            _ => None,
        },
        Node::Variant(_, fields) | Node::Fields(fields) => fields.iter().find_map(|(_, node)| para_of(node)),
        Node::List(items) => items.iter().find_map(para_of),
        _ => None,
    }
}

fn origin(who: &Who, home: &mut Trial<'_>) -> Result<Origin, String> {
    let key = |home: &mut Trial<'_>| -> Result<Option<AccountId>, String> {
        let Ok(key) = home.runtime().key("Sudo", "Key") else { return Ok(None) };
        let stored = home.value(&key).map_err(|e| e.to_string())?;
        Ok(stored.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(AccountId))
    };
    match who {
        Who::Origin(origin) => Ok(*origin),
        Who::Anyone => Ok(Origin::Signed(key(home)?.unwrap_or(AccountId([0; 32])))),
        Who::RootKey => match key(home)? {
            Some(account) => Ok(Origin::Signed(account)),
            None => Err("no root key is set: nobody can sign as sudo".to_owned()),
        },
        Who::Delegate(kind, real) => delegate(kind, real, home),
    }
}

fn delegate(kind: &str, real: &AccountId, home: &mut Trial<'_>) -> Result<Origin, String> {
    let runtime = home.runtime();
    let key = runtime.storage_key("Proxy", "Proxies", &[Node::Account(*real)]).map_err(|e| e.to_string())?;
    let stored = home.value(&key).map_err(|e| e.to_string())?;
    let proxies = runtime.storage_node("Proxy", "Proxies", stored.as_deref()).map_err(|e| e.to_string())?;
    let list = match &proxies {
        Some(Node::List(pair)) => match pair.first() {
            Some(Node::List(list)) => list.as_slice(),
            _ => &[],
        },
        _ => &[],
    };
    let held = list.iter().find_map(|one| {
        let Node::Fields(fields) = one else { return None };
        let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, node)| node);
        match (field("proxy_type")?, field("delegate")?) {
            (Node::Variant(found, _), Node::Account(who)) if found == kind && at_once(field("delay")?) => {
                Some(*who)
            }
            _ => None,
        }
    });
    held.map(Origin::Signed)
        .ok_or_else(|| format!("--wrap proxy: {real} has no {kind} delegate that could sign"))
}

/// True where a delegate need not announce its calls first: the number zero.
fn at_once(delay: &Node) -> bool {
    matches!(delay, Node::Number(0))
}

/// What is stored now. `acted` are the chains on which something happened; `state`: what happened is known.
fn answers(
    wanted: &[Wanted],
    trials: &mut BTreeMap<Target, Trial<'_>>,
    acted: &BTreeSet<Target>,
    state: bool,
) -> Answers {
    let one = |wanted: &Wanted, trials: &mut BTreeMap<Target, Trial<'_>>| {
        if !state {
            return Err("the rehearsal does not show the state after the calls".to_owned());
        }
        if wanted.what == What::Header && wanted.at == Moment::Finalized {
            return Err("finality is not rehearsed".to_owned());
        }
        match trials.get_mut(&wanted.target) {
            Some(trial) if acted.contains(&wanted.target) => {
                wanted.decode(trial.runtime(), &answer(wanted, trial)?)
            }
            _ => Err(format!("nothing was rehearsed on {}", wanted.target)),
        }
    };
    let keys = |target: &Target| {
        let of = wanted.iter().filter(|w| w.target == *target);
        let keys = of.filter_map(|wanted| match &wanted.what {
            What::Storage(key) => Some(key.clone()),
            _ => None,
        });
        keys.collect::<Vec<_>>()
    };
    for target in acted.iter().filter(|_| state) {
        if let Some(trial) = trials.get_mut(target) {
            // Where this fails, the single reads tell why.
            let _ = trial.prefetch(keys(target).into_iter());
        }
    }
    wanted.iter().map(|w| (w.clone(), one(w, trials))).collect()
}

/// What a trial says of one thing.
///
/// # Errors
/// It cannot be read.
pub fn answer(wanted: &Wanted, trial: &mut Trial<'_>) -> Result<Answer, String> {
    let told = match &wanted.what {
        What::Storage(key) => trial.value(key).map(Answer::Value),
        What::Entries(prefix) => trial.entries(prefix, MAX_ENTRIES).map(Answer::Entries),
        What::Api(input) => trial.api(&wanted.method(), input).map(Answer::Bytes),
        What::Constant => Ok(Answer::Nothing),
        What::Code => match trial.value(b":code").map_err(|e| e.to_string())? {
            Some(code) => Ok(Answer::Code(crate::codec::code_hash(&code).0)),
            None => return Err("no code is stored".to_owned()),
        },
        What::Header => {
            let (at, encoded) = (trial.block(), trial.header().to_vec());
            let parent = encoded.first_chunk::<32>().copied().unwrap_or_default();
            Ok(Answer::Header { number: at.number, hash: at.hash.0, parent, encoded })
        }
    };
    told.map_err(|e| e.to_string())
}
