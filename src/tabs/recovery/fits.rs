//! Which runbooks fit a selection, in which order, and what is known of their parameters.
//!
//! In: the state and what is selected. Out: recipes, those that the X-ray proposes first, then those that answer the alerts
//! about it, then the others by group; and values to begin a form with. Must not change anything.

use super::one::diagnosis;
use crate::domain::{ChainId, ChainKind, ParaId};
use crate::runbook::Recipe;
use crate::runbook::recipe::{Group, Param, ParamKind};
use crate::state::AppState;
use crate::state::filter::Filter;
use crate::state::form::{Form, Prefill, Token};
use crate::state::runbooks::Fit;
use crate::state::ui::Subject;
use std::collections::{BTreeMap, BTreeSet};

/// Why a runbook stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The X-ray proposes it for this reason.
    Proposed(String),
    /// It answers an alert of this detector.
    Symptom(String),
    /// It is there.
    Group(Group),
}

/// A runbook of the list.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// Why it is proposed.
    pub why: Why,
    /// Whether the chains can do it.
    pub fit: Fit,
}

/// The runbooks for what is selected, best first, as far as they fit the search.
#[must_use]
pub fn entries<'a>(state: &'a AppState, about: Option<&Subject>, search: &str) -> Vec<Entry<'a>> {
    let paras = paras(state, about);
    let remedies: Vec<_> =
        paras.iter().filter_map(|id| diagnosis(state, *id)).flat_map(|found| found.runbooks).collect();
    let detectors = detectors(state, about, &paras);
    let mut filter = Filter::of(search.trim());
    let books = &state.runbooks;
    let mut found: Vec<(_, Entry<'a>)> = Vec::new();
    for recipe in books.catalogue.all() {
        let place = remedies.iter().position(|r| r.id == recipe.name());
        let symptom = recipe.symptoms.iter().find(|s| detectors.contains(s.get_ref().as_str()));
        let why = match (place.and_then(|at| remedies.get(at)), symptom) {
            (Some(remedy), _) => Why::Proposed(remedy.why.clone()),
            (None, Some(detector)) => Why::Symptom(detector.get_ref().clone()),
            (None, None) => Why::Group(recipe.group),
        };
        let text = format!(
            "{} {} {} {} {}",
            recipe.row().unwrap_or_default(),
            recipe.name(),
            recipe.group.as_str(),
            recipe.title,
            recipe.symptoms.iter().map(|s| s.get_ref().as_str()).collect::<Vec<_>>().join(" ")
        );
        if !filter.keeps(&text) {
            continue;
        }
        let fit = books.judged.of(recipe.name());
        let rank = (place.unwrap_or(usize::MAX), symptom.is_none(), fit.yes == Some(false), recipe.group);
        found.push((rank, Entry { recipe, why, fit }));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// The paras that something is about.
fn paras(state: &AppState, about: Option<&Subject>) -> Vec<ParaId> {
    let of_chain = |id: &ChainId| match state.network.chain(id).map(|c| c.kind) {
        Some(ChainKind::Para(id)) => vec![id],
        _ => Vec::new(),
    };
    match about {
        Some(Subject::Para(id) | Subject::Place(id, _)) => vec![*id],
        Some(Subject::Channel(from, to)) => vec![*to, *from],
        Some(Subject::Chain(id)) => of_chain(id),
        Some(Subject::Alert(id)) => match state.alert(id) {
            Some(alert) => {
                let named: Vec<ParaId> = numbers(&alert.subject).into_iter().map(ParaId).collect();
                if named.is_empty() { of_chain(&alert.chain) } else { named }
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The paras that an alert is about: `2000`, or two of a channel, `2000-2034`. Other subjects name none.
fn numbers(text: &str) -> Vec<u32> {
    if !text.chars().all(|c| c.is_ascii_digit() || c == '-') {
        return Vec::new();
    }
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// The detectors whose alerts stand about what is selected.
fn detectors(state: &AppState, about: Option<&Subject>, paras: &[ParaId]) -> BTreeSet<String> {
    let chain = match about {
        Some(Subject::Alert(id)) => return state.alert(id).into_iter().map(|a| a.detector).collect(),
        Some(Subject::Chain(id)) => Some(id),
        _ => None,
    };
    let standing = state.alerts.standing().map(|s| &s.alert);
    let mine = standing.filter(|a| {
        Some(&a.chain) == chain || numbers(&a.subject).iter().any(|n| paras.contains(&ParaId(*n)))
    });
    mine.map(|a| a.detector.clone()).collect()
}

/// What is known of a recipe's parameters from what is selected.
#[must_use]
pub fn prefill(state: &AppState, about: Option<&Subject>, recipe: &Recipe) -> BTreeMap<String, Prefill> {
    let paras = paras(state, about);
    let mut known = BTreeMap::new();
    let remedies = paras.iter().filter_map(|id| diagnosis(state, *id)).flat_map(|found| found.runbooks);
    for remedy in remedies.filter(|remedy| remedy.id == recipe.name()) {
        for (name, text) in remedy.params {
            let from = "proposed by the X-ray".to_owned();
            known.entry(name.to_owned()).or_insert(Prefill { text, from });
        }
    }
    for param in &recipe.params {
        let name = param.name.get_ref();
        if let Some(text) = selected(state, about, &paras, (recipe, param))
            && !known.contains_key(name)
        {
            known.insert(name.clone(), Prefill { text, from: "from the selection".to_owned() });
        }
    }
    known.retain(|name, _| recipe.param(name).is_some());
    known
}

/// What the selection says of a parameter.
fn selected(
    state: &AppState,
    about: Option<&Subject>,
    paras: &[ParaId],
    (recipe, param): (&Recipe, &Param),
) -> Option<String> {
    let name = param.name.get_ref().as_str();
    let only = |kind| recipe.params.iter().filter(|p| p.kind == kind).count() == 1;
    match param.kind {
        ParamKind::Para => match about {
            Some(Subject::Channel(from, _)) if name == "sender" => Some(from.to_string()),
            Some(Subject::Channel(_, to)) if name == "recipient" => Some(to.to_string()),
            _ if name == "para" || only(ParamKind::Para) => paras.first().map(ToString::to_string),
            _ => None,
        },
        ParamKind::Chain => Some(state.network.para(*paras.first()?)?.id.to_string()),
        ParamKind::Number if name == "core" => {
            let cores = state.board()?.row(*paras.first()?)?.cores.clone()?;
            let mut all = cores.into_iter();
            all.next().filter(|_| all.next().is_none()).map(|core| core.to_string())
        }
        ParamKind::Account if only(ParamKind::Account) => match about {
            Some(Subject::Validator(stash) | Subject::Session(stash, _)) => {
                Some(state.relay()?.address(stash))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The token of the chain that a recipe is for; none where a parameter names the chain and it is not known yet.
#[must_use]
pub fn token(state: &AppState, recipe: &Recipe, form: Option<&Form>) -> Token {
    let chain = recipe.chain.get_ref();
    let id = if chain.contains('{') {
        let named = recipe.params.iter().find(|p| p.kind == ParamKind::Chain)?;
        ChainId::from(form?.field(named.name.get_ref())?.text().as_str())
    } else {
        ChainId::from(chain.as_str())
    };
    let token = state.store.chain(&id)?.identity.value()?.token.as_ref()?;
    Some((token.symbol.to_string(), u8::try_from(token.decimals).ok()?))
}
