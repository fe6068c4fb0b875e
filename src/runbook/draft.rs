//! A runbook being filled in: parameters, defaults and reads, in rounds, until everything is known or known to be unknown.
//!
//! In: a recipe, what was given, answers. Out: in each round the chains that must be open and the [`Wanted`]s that can be
//! asked for now: keys may depend on reads before. Must not do I/O.

use super::expr::{Failed, Scope, Slot};
use super::params::{self, Artefact, BadParam, GivenFile, Input, Meaning};
use super::reads::{self, Target, Templates, Wanted};
use super::recipe::{Moment, Param, ParamKind, Recipe};
use super::template::{Filling, Template, dotted};
use crate::codec::Runtime;
use crate::domain::call::Node;
use crate::domain::{BlockRef, UnixMs};
use std::collections::{BTreeMap, BTreeSet};

/// A chain as it was opened.
pub struct Opened<'a> {
    /// Its metadata.
    pub runtime: &'a Runtime,
    /// Symbol and decimals of its token.
    pub token: Option<(String, u8)>,
}

/// Says of a chain what is known: none, it was not tried yet; else it is open or there is a reason why not.
pub type World<'a> = dyn Fn(&Target, Moment) -> Option<Result<Opened<'a>, String>> + 'a;

/// Where a value was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The chain.
    pub chain: Target,
    /// The item and its key.
    pub source: String,
    /// The block; none where the chain could not be read.
    pub block: Option<BlockRef>,
    /// The block's own timestamp.
    pub stamp: Option<UnixMs>,
}

/// What the next round needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Chains to open.
    pub open: BTreeSet<(Target, Moment)>,
    /// Values to read.
    pub wanted: Vec<Wanted>,
}

impl Round {
    /// True where nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.wanted.is_empty()
    }
}

/// A runbook being filled in.
pub struct Draft<'r> {
    recipe: &'r Recipe,
    given: BTreeMap<String, Input>,
    /// Parameters and reads as far as they are known.
    pub scope: Scope,
    own: Target,
    artefacts: Vec<Artefact>,
    seen: BTreeMap<String, Seen>,
    asked: BTreeSet<String>,
    defaulted: BTreeSet<String>,
}

impl<'r> Draft<'r> {
    /// A draft of what was given. Everything that can be judged without a chain is.
    ///
    /// # Errors
    /// An unknown parameter, one that is missing, or one that does not parse.
    pub fn new(recipe: &'r Recipe, given: BTreeMap<String, Input>) -> Result<Self, BadParam> {
        let known = || {
            let names: Vec<&str> = recipe.params.iter().map(|p| p.name.get_ref().as_str()).collect();
            if names.is_empty() { "no parameter".to_owned() } else { names.join(", ") }
        };
        if let Some(name) = given.keys().find(|name| recipe.param(name).is_none()) {
            return Err(BadParam(format!(
                "{name}: {} has no such parameter; expected {}",
                recipe.name(),
                known()
            )));
        }
        let early = Meaning { token: None, call: None };
        let mut scope = Scope::default();
        for param in &recipe.params {
            let name = param.name.get_ref();
            match given.get(name) {
                Some(input) => {
                    let node = params::parse(param, input, &early)?;
                    if !is_late(param) {
                        scope.slots.insert(name.clone(), slot(param, node));
                    }
                }
                None if param.default.is_some() => {}
                None if param.optional => {
                    scope.slots.insert(name.clone(), Slot::given(Node::Nothing));
                }
                None => {
                    let about = &param.about;
                    return Err(BadParam(format!(
                        "{name}: it is missing; expected --param {name}=… ({about})"
                    )));
                }
            }
        }
        let mut draft = Self {
            recipe,
            given,
            scope,
            own: Target::Chain(String::new()),
            artefacts: Vec::new(),
            seen: BTreeMap::new(),
            asked: BTreeSet::new(),
            defaulted: BTreeSet::new(),
        };
        draft.plain_defaults()?;
        let with = Filling { scope: &draft.scope, runtime: &|_| None };
        draft.own = reads::own_target(recipe, &with).map_err(|e| BadParam(format!("chain: {}", e.why)))?;
        Ok(draft)
    }

    /// The recipe.
    #[must_use]
    pub fn recipe(&self) -> &'r Recipe {
        self.recipe
    }

    /// The recipe's own chain.
    #[must_use]
    pub fn own(&self) -> &Target {
        &self.own
    }

    /// Where a value was read.
    #[must_use]
    pub fn seen(&self) -> &BTreeMap<String, Seen> {
        &self.seen
    }

    /// Bytes that are part of the intent.
    #[must_use]
    pub fn artefacts(&self) -> &[Artefact] {
        &self.artefacts
    }

    /// Parameters that were not given but found.
    #[must_use]
    pub fn defaulted(&self) -> &BTreeSet<String> {
        &self.defaulted
    }

    /// Defaults that need nothing but other parameters: a chain may be named by one.
    fn plain_defaults(&mut self) -> Result<(), BadParam> {
        for param in &self.recipe.params {
            let name = param.name.get_ref();
            let (false, Some(raw)) = (self.given.contains_key(name), &param.default) else { continue };
            let template = Template::parse(raw.get_ref()).map_err(BadParam)?;
            if is_late(param) || !template.names().iter().all(|n| self.scope.slots.contains_key(n)) {
                continue;
            }
            let with = Filling { scope: &self.scope, runtime: &|_| None };
            if let Ok(node) = template.fill(&with) {
                let meaning = Meaning { token: None, call: None };
                let node = typed(param, node, &meaning)?;
                self.scope.slots.insert(name.clone(), slot(param, node));
                self.defaulted.insert(name.clone());
            }
        }
        Ok(())
    }

    /// What the next round needs. When it is empty, everything is known or known to be unknown.
    ///
    /// # Errors
    /// A parameter that does not parse by what the chain says, or a default that cannot be found.
    pub fn next(&mut self, world: &World<'_>) -> Result<Round, BadParam> {
        let mut round = Round::default();
        let own = match world(&self.own, Moment::Best) {
            None => {
                round.open.insert((self.own.clone(), Moment::Best));
                return Ok(round);
            }
            Some(Ok(opened)) => opened,
            Some(Err(why)) => return Err(BadParam(why)),
        };
        self.scope.decimals = own.token.as_ref().map(|(_, decimals)| *decimals);
        self.late_params(&own)?;
        for target in super::compose::chains(self) {
            if world(&target, Moment::Best).is_none() {
                round.open.insert((target, Moment::Best));
            }
        }
        let mut moved = true;
        while moved {
            moved = self.defaults(&own)?;
            moved |= self.some_reads(world, &own, &mut round);
        }
        if round.is_empty() {
            self.give_up()?;
        }
        Ok(round)
    }

    /// A value as it was read.
    pub fn put(&mut self, wanted: &Wanted, value: Result<(Node, bool), String>, seen: Seen) {
        let slot = match value {
            Ok((node, absent)) => Slot::Known { node, balance: wanted.balance, absent },
            Err(why) => Slot::Unknown(why),
        };
        self.scope.slots.insert(wanted.id.clone(), slot);
        self.seen.insert(wanted.id.clone(), seen);
    }

    fn late_params(&mut self, own: &Opened<'_>) -> Result<(), BadParam> {
        let decode = |bytes: &[u8]| own.runtime.decode_call(bytes).map_err(|e| e.to_string());
        let meaning = Meaning { token: own.token.clone(), call: Some(&decode) };
        for param in self.recipe.params.iter().filter(|p| is_late(p)) {
            let name = param.name.get_ref();
            if let (Some(input), false) = (self.given.get(name), self.scope.slots.contains_key(name)) {
                let node = params::parse(param, input, &meaning)?;
                self.scope.slots.insert(name.clone(), slot(param, node));
            }
        }
        Ok(())
    }

    /// Defaults whose parts are known by now. True where one was filled in.
    fn defaults(&mut self, own: &Opened<'_>) -> Result<bool, BadParam> {
        let mut moved = false;
        for param in &self.recipe.params {
            let name = param.name.get_ref();
            let (false, Some(raw)) = (self.scope.slots.contains_key(name), &param.default) else { continue };
            let template = Template::parse(raw.get_ref()).map_err(BadParam)?;
            if !template.names().iter().all(|n| self.scope.slots.contains_key(n)) {
                continue;
            }
            let runtime = own.runtime;
            let with =
                Filling { scope: &self.scope, runtime: &move |chain| chain.is_none().then_some(runtime) };
            let node = match template.fill(&with) {
                Ok(node) => node,
                Err(Failed { absent: true, .. }) if param.optional => Node::Nothing,
                Err(Failed { why, .. }) => {
                    return Err(BadParam(format!(
                        "{name}: it is not given, and its default is not known ({why}); expected --param {name}=… ({})",
                        param.about
                    )));
                }
            };
            let decode = |bytes: &[u8]| runtime.decode_call(bytes).map_err(|e| e.to_string());
            let meaning = Meaning { token: own.token.clone(), call: Some(&decode) };
            let node = typed(param, node, &meaning)?;
            self.scope.slots.insert(name.clone(), slot(param, node));
            self.defaulted.insert(name.clone());
            moved = true;
        }
        Ok(moved)
    }

    /// Reads whose parts are known by now. True where one is known to be unknown.
    fn some_reads(&mut self, world: &World<'_>, own: &Opened<'_>, round: &mut Round) -> bool {
        let mut moved = false;
        for read in &self.recipe.reads {
            let id = read.id.get_ref();
            if self.scope.slots.contains_key(id) || self.asked.contains(id) {
                continue;
            }
            let runtime = own.runtime;
            let with =
                Filling { scope: &self.scope, runtime: &move |chain| chain.is_none().then_some(runtime) };
            let failed = |why: String| Failed { why, absent: false };
            let made = Templates::of(read).map_err(failed).and_then(|templates| {
                if !templates.names().iter().all(|n| self.scope.slots.contains_key(n)) {
                    return Ok(None);
                }
                let target = reads::target_of(&templates, &self.own, &with)?;
                match world(&target, read.at) {
                    None => {
                        round.open.insert((target, read.at));
                        Ok(None)
                    }
                    Some(Err(why)) => Err(failed(why)),
                    Some(Ok(opened)) => {
                        reads::wanted(read, &templates, (&target, opened.runtime), &with).map(Some)
                    }
                }
            });
            match made {
                Ok(Some(wanted)) => {
                    self.asked.insert(id.clone());
                    round.wanted.push(wanted);
                }
                Ok(None) => {}
                Err(Failed { why, .. }) => {
                    self.scope.slots.insert(id.clone(), Slot::Unknown(why));
                    moved = true;
                }
            }
        }
        moved
    }

    /// What is still open waits for itself.
    fn give_up(&mut self) -> Result<(), BadParam> {
        for read in &self.recipe.reads {
            let why = "what it depends on is not known".to_owned();
            self.scope.slots.entry(read.id.get_ref().clone()).or_insert(Slot::Unknown(why));
        }
        for param in &self.recipe.params {
            let name = param.name.get_ref();
            if !self.scope.slots.contains_key(name) {
                return Err(BadParam(format!("{name}: it is not given, and its default is not known")));
            }
        }
        if self.artefacts.is_empty() {
            let bytes = self.recipe.params.iter().filter(|p| p.kind == ParamKind::Bytes);
            for param in bytes {
                let name = param.name.get_ref();
                if let Some(Slot::Known { node, .. }) = self.scope.slots.get(name) {
                    self.artefacts.extend(params::artefact(name, node));
                }
            }
        }
        Ok(())
    }

    /// Every parameter as it would be given, in the order of the recipe.
    #[must_use]
    pub fn params(&self) -> Vec<(String, String)> {
        // An address may hold a token: it is no part of the record.
        let recorded = self.recipe.params.iter().filter(|p| p.kind != ParamKind::Url);
        let text = |param: &Param| match self.scope.slots.get(param.name.get_ref()) {
            Some(Slot::Known { node: Node::Nothing, .. }) | Some(Slot::Unknown(_)) | None => None,
            Some(Slot::Known { node, .. }) => match (self.given.get(param.name.get_ref()), node) {
                (Some(Input::File { path, .. }), _) => Some(format!("@{path}")),
                // Its text form is the bytes that were given.
                (Some(Input::Text(text)), Node::Call(_)) => Some(text.clone()),
                (None, Node::Call(_)) => None,
                _ => Some(params::to_text(node)),
            },
        };
        recorded.filter_map(|p| Some((p.name.get_ref().clone(), text(p)?))).collect()
    }

    /// The files that were given, by parameter, in the order of their names.
    #[must_use]
    pub fn files(&self) -> Vec<GivenFile> {
        let one = |(name, input): (&String, &Input)| match input {
            Input::File { path, bytes } => Some(GivenFile {
                name: name.clone(),
                path: path.clone(),
                bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                blake2_256: params::bytes_hash(bytes),
            }),
            Input::Text(_) => None,
        };
        // An address may hold a token, and a file of it too.
        let recorded = |name: &str| self.recipe.param(name).is_some_and(|p| p.kind != ParamKind::Url);
        self.given.iter().filter(|(name, _)| recorded(name)).filter_map(one).collect()
    }

    /// Every parameter as it is part of the intent: of a file its bytes count, not where it lies.
    #[must_use]
    pub fn intended(&self) -> Vec<(String, String)> {
        let files = self.files();
        let text = |(name, text): (String, String)| match files.iter().find(|file| file.name == name) {
            Some(file) => (name, format!("file {}", file.blake2_256)),
            None => (name, text),
        };
        self.params().into_iter().map(text).collect()
    }
}

/// True for what only the chain can tell the meaning of.
fn is_late(param: &Param) -> bool {
    matches!(param.kind, ParamKind::Call | ParamKind::Balance)
        || param.of.as_ref().is_some_and(|of| matches!(of.get_ref(), ParamKind::Call | ParamKind::Balance))
}

fn slot(param: &Param, node: Node) -> Slot {
    let balance = param.kind == ParamKind::Balance;
    Slot::Known { node, balance, absent: false }
}

/// A default that is text is read like a given one; anything else stands for itself.
fn typed(param: &Param, node: Node, meaning: &Meaning<'_>) -> Result<Node, BadParam> {
    match (param.kind, node) {
        (ParamKind::Text | ParamKind::Choice | ParamKind::Value | ParamKind::Chain, node) => Ok(node),
        (_, Node::Text(text)) => params::parse(param, &Input::Text(text), meaning),
        (_, node) => Ok(node),
    }
}

/// The pallet and name of each call of a recipe that is known without parameters.
pub(super) fn fixed_calls(recipe: &Recipe) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for step in &recipe.steps {
        if step.chain.is_some() {
            continue;
        }
        let path =
            step.call.as_ref().map(|call| call.get_ref().as_str()).filter(|path| !path.starts_with('{'));
        found.extend(path.and_then(|p| dotted(p).ok()).map(|(p, n)| (p.to_owned(), n.to_owned())));
        for raw in step.args.values() {
            if let Ok(template) = Template::parse(raw.get_ref()) {
                calls_in(&template, &mut found);
            }
        }
    }
    found
}

fn calls_in(template: &Template, found: &mut Vec<(String, String)>) {
    // Bytes of another chain's call are not for this chain's metadata.
    match template {
        Template::Encoded(_, Some(_)) => {}
        Template::Call(call) => {
            if let Template::Plain(Node::Text(path)) = &call.path {
                found.extend(dotted(path).ok().map(|(p, n)| (p.to_owned(), n.to_owned())));
            }
            call.args.iter().for_each(|(_, arg)| calls_in(arg, found));
        }
        Template::List(items) => items.iter().for_each(|item| calls_in(item, found)),
        Template::Fields(fields) => fields.iter().for_each(|(_, item)| calls_in(item, found)),
        Template::Encoded(inner, None) => calls_in(inner, found),
        _ => {}
    }
}
