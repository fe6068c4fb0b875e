//! From steps to calls: composed by live metadata, and decoded again from the very bytes.
//!
//! In: a [`Draft`] in which everything is known. Out: the calls with their bytes, and what else is to be done. Must not do I/O.

use super::draft::{Draft, World};
use super::expr::Expr;
use super::reads::{self, Target};
use super::recipe::{Moment, Step};
use super::template::{CallTemplate, Filling, Template};
use crate::codec::{Runtime, call_hash};
use crate::domain::Hash;
use crate::domain::call::{Call, Node};
use serde::{Deserialize, Serialize};

/// A composed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// Decoded from its bytes.
    pub call: Call,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Their hash.
    pub hash: Hash,
    /// The chain it is a call of.
    pub target: Target,
    /// Who makes it: `root`, `signed`, `signed:…`, `parachain:…`.
    pub origin: String,
}

/// A step as it is told to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Said {
    /// A call of the plan, from 0.
    Call {
        /// Its place in the calls.
        index: usize,
    },
    /// Something takes time.
    Wait {
        /// What.
        text: String,
    },
    /// Something to know.
    Note {
        /// What.
        text: String,
    },
    /// Something a person does.
    Manual {
        /// What.
        text: String,
        /// Who.
        role: Option<String>,
        /// How one sees that it was done.
        evidence: Option<String>,
    },
}

/// What a runbook does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Composition {
    /// The calls in their order.
    pub calls: Vec<Composed>,
    /// Everything in its order.
    pub steps: Vec<Said>,
}

/// Why a call could not be composed: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotComposed(pub String);

/// Composes the steps.
///
/// # Errors
/// The runtime has no such call, an argument does not fit, or an argument is a value that was not read.
pub fn compose(draft: &Draft<'_>, world: &World<'_>) -> Result<Composition, NotComposed> {
    let mut out = Composition::default();
    for (place, step) in draft.recipe().steps.iter().enumerate() {
        let not = |why: String| NotComposed(format!("step {}: {why}", place + 1));
        if !is_wanted(step, draft).map_err(not)? {
            continue;
        }
        let said = match (&step.call, &step.wait, &step.note, &step.manual) {
            (Some(path), ..) => {
                out.calls.push(call(step, path.get_ref(), draft, world).map_err(not)?);
                Said::Call { index: out.calls.len() - 1 }
            }
            (None, Some(text), ..) => Said::Wait { text: told(text.get_ref(), draft) },
            (None, None, Some(text), _) => Said::Note { text: told(text.get_ref(), draft) },
            (None, None, None, Some(text)) => Said::Manual {
                text: told(text.get_ref(), draft),
                role: step.role.clone(),
                evidence: step.evidence.as_ref().map(|text| told(text, draft)),
            },
            (None, None, None, None) => continue,
        };
        out.steps.push(said);
    }
    Ok(out)
}

/// The chains that must be open before the steps can be composed, as far as they are known.
#[must_use]
pub fn chains(draft: &Draft<'_>) -> Vec<Target> {
    let with = Filling { scope: &draft.scope, runtime: &|_| None };
    let mut found = Vec::new();
    let mut add = |template: &Template| {
        found.extend(template.text(&with).ok().and_then(|text| reads::target(&text).ok()));
    };
    for step in &draft.recipe().steps {
        if let Some(Ok(template)) = step.chain.as_ref().map(|text| Template::of_text(text.get_ref())) {
            add(&template);
        }
        for raw in step.args.values() {
            if let Ok(template) = Template::parse(raw.get_ref()) {
                template.each(&mut |part| {
                    if let Template::Encoded(_, Some(chain)) = part {
                        add(chain);
                    }
                });
            }
        }
    }
    found
}

fn is_wanted(step: &Step, draft: &Draft<'_>) -> Result<bool, String> {
    match &step.when {
        None => Ok(true),
        Some(when) => Expr::compile(when.get_ref())?
            .holds(&draft.scope)
            .map_err(|failed| format!("whether it is needed is not known: {}", failed.why)),
    }
}

fn call(step: &Step, path: &str, draft: &Draft<'_>, world: &World<'_>) -> Result<Composed, String> {
    let own = draft.own();
    let runtime_of = |target: &Target| match world(target, Moment::Best) {
        Some(Ok(opened)) => Some(opened.runtime),
        _ => None,
    };
    let target = match &step.chain {
        None => own.clone(),
        Some(text) => {
            let with = Filling { scope: &draft.scope, runtime: &|_| None };
            reads::target(&Template::of_text(text.get_ref())?.text(&with).map_err(|e| e.why)?)?
        }
    };
    let runtime = runtime_of(&target).ok_or_else(|| format!("{target} was not read"))?;
    let find = |chain: Option<&str>| match chain {
        None => Some(runtime),
        Some(id) => runtime_of(&reads::target(id).ok()?),
    };
    let with = Filling { scope: &draft.scope, runtime: &find };
    let args =
        step.args.iter().map(|(name, raw)| Ok((name.get_ref().clone(), Template::parse(raw.get_ref())?)));
    let template =
        CallTemplate { path: Template::of_text(path)?, args: args.collect::<Result<_, String>>()? };
    let call = template.fill(&with).map_err(|failed| failed.why)?;
    let origin = step.origin.as_ref().unwrap_or(&draft.recipe().rehearse_as).get_ref();
    let origin = Template::of_text(origin)?.text(&with).map_err(|failed| failed.why)?;
    encoded(&call, runtime).map(|(call, data)| Composed {
        hash: call_hash(&data),
        call,
        data,
        target,
        origin,
    })
}

/// The bytes of a call, and the call that they are.
fn encoded(call: &Call, runtime: &Runtime) -> Result<(Call, Vec<u8>), String> {
    let data = runtime.encode_call(call).map_err(|e| e.to_string())?;
    let decoded = runtime.decode_call(&data).map_err(|e| e.to_string())?;
    Ok((decoded, data))
}

/// A text with its templates filled; as it stands where something in it is unknown.
#[must_use]
pub fn told(text: &str, draft: &Draft<'_>) -> String {
    let with = Filling { scope: &draft.scope, runtime: &|_| None };
    let filled = Template::of_text(text).ok().and_then(|template| template.text(&with).ok());
    filled.unwrap_or_else(|| text.to_owned())
}

/// Input of `query_call_info` and `query_call_fee_details` for a call.
///
/// # Errors
/// The runtime has no such API.
pub fn payment_inputs(runtime: &Runtime, made: &Composed) -> Result<[(&'static str, Vec<u8>); 2], String> {
    let len = Node::Number(made.data.len() as u128);
    let args = [Node::Call(Box::new(made.call.clone())), len];
    let input = |method| runtime.api_input(PAYMENT, method, &args).map_err(|e| e.to_string());
    Ok([(INFO, input(INFO)?), (DETAILS, input(DETAILS)?)])
}

const PAYMENT: &str = "TransactionPaymentCallApi";
const INFO: &str = "query_call_info";
const DETAILS: &str = "query_call_fee_details";

/// Weight of a call (ref_time, proof_size), from the answer of `query_call_info`.
///
/// # Errors
/// It does not decode.
pub fn weight(runtime: &Runtime, answer: &[u8]) -> Result<(u64, u64), String> {
    let node = runtime.api_node(PAYMENT, INFO, answer).map_err(|e| e.to_string())?;
    let found = field(&node, "weight").and_then(|weight| {
        let part = |name| field(weight, name).and_then(number).and_then(|n| u64::try_from(n).ok());
        Some((part("ref_time")?, part("proof_size")?))
    });
    found.ok_or_else(|| "the answer has no weight".to_owned())
}

/// Fee of a call in planck, from the answer of `query_call_fee_details`: nothing where no fee is taken.
///
/// # Errors
/// It does not decode.
pub fn fee(runtime: &Runtime, answer: &[u8]) -> Result<u128, String> {
    let node = runtime.api_node(PAYMENT, DETAILS, answer).map_err(|e| e.to_string())?;
    let inclusion = match field(&node, "inclusion_fee") {
        Some(Node::Variant(_, fields)) => fields.first().map(|(_, node)| node),
        Some(other) => Some(other),
        None => None,
    };
    match inclusion {
        Some(Node::Nothing) => Ok(0),
        Some(parts) => {
            let part = |name| field(parts, name).and_then(number);
            let sum =
                || part("base_fee")?.checked_add(part("len_fee")?)?.checked_add(part("adjusted_weight_fee")?);
            sum().ok_or_else(|| "the answer has no fee".to_owned())
        }
        None => Err("the answer has no fee".to_owned()),
    }
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match node {
        Node::Fields(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, node)| node),
        _ => None,
    }
}

fn number(node: &Node) -> Option<u128> {
    match node {
        Node::Number(n) => Some(*n),
        _ => None,
    }
}
