//! Whether a call worked: through every layer that it went through.
//!
//! In: the outer result, the events, the logs. Out: an [`Outcome`]. A proxy, a multisig, sudo or a batch says "ok" while what
//! it carried failed, so every event that tells of a result counts: one failure anywhere is a failure. Must not run anything.

use super::exec::{Level, Log};
use crate::codec::Runtime;
use crate::domain::Clean;
use crate::domain::call::Node;
use serde::Serialize;

/// An event of the rehearsed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Pallet as in the metadata.
    pub pallet: String,
    /// Event as in the metadata.
    pub name: String,
    /// Its fields by name, or by position.
    pub fields: Vec<(String, Node)>,
}

/// One layer that the call went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// What tells of it: an entry point or an event.
    pub name: String,
    /// Whether what it carried worked.
    pub ok: bool,
    /// The error by its name.
    pub error: Option<String>,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// True only where every layer worked.
    pub ok: bool,
    /// The innermost error.
    pub error: Option<String>,
    /// All layers, outermost last but for the entry point, which is first: inner events precede outer ones.
    pub layers: Vec<Layer>,
}

/// Events of a failure, with the field that is its error: they are not sent where all is well. The call itself says "ok".
const FAILURES: [(&str, &str, &str); 6] = [
    ("MessageQueue", "ProcessingFailed", "error"),
    ("StakingAhClient", "SetTooSmallAndDropped", ""),
    ("StakingAhClient", "Unexpected", ""),
    ("Utility", "BatchInterrupted", "error"),
    ("Utility", "ItemFailed", "error"),
    ("System", "RejectedInvalidAuthorizedUpgrade", "error"),
];

/// The layer of what the runtime logs of itself.
const LOG: &str = "runtime log";

impl Event {
    /// The event in a value of the runtime's enumeration of events.
    #[must_use]
    pub(super) fn of(node: Node) -> Option<Self> {
        let Node::Variant(pallet, inner) = node else { return None };
        let Some((_, Node::Variant(name, fields))) = inner.into_iter().next() else { return None };
        Some(Self { pallet, name, fields })
    }

    /// `Sudo.Sudid`.
    #[must_use]
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.pallet, self.name)
    }

    /// The error of a message that was executed here and did not come to its end.
    fn attempted(&self) -> Option<String> {
        let (_, node) = self.fields.first()?;
        match node {
            Node::Variant(end, _) if end == "Complete" => None,
            Node::Variant(end, _) => Some(end.clone()),
            other => Some(short(other)),
        }
    }

    /// What the event says of something that it carried; none where it carries nothing.
    fn layer(&self, runtime: &Runtime) -> Option<Layer> {
        let failure = FAILURES.iter().find(|(p, n, _)| (*p, *n) == (&self.pallet, &self.name));
        let error = match failure {
            Some((_, _, field)) => {
                let node = self.fields.iter().find(|(n, _)| n == field).or_else(|| self.fields.last());
                Some(node.map_or_else(|| self.name.clone(), |(_, e)| error_name(runtime, e)))
            }
            None if self.name == "Attempted" => self.attempted(),
            None if self.fields.iter().any(|(n, node)| n == "success" && *node == Node::Bool(false)) => {
                Some("it did not succeed".to_owned())
            }
            None => self.fields.iter().find_map(|(_, node)| result(runtime, node))?,
        };
        Some(Layer { name: self.path(), ok: error.is_none(), error })
    }
}

/// Weighs everything. `entry` names what ran and its own result.
#[must_use]
pub(super) fn weigh(
    runtime: &Runtime,
    entry: (&str, Option<String>),
    events: &[Event],
    logs: &[Log],
) -> Outcome {
    let (name, error) = entry;
    let mut layers = vec![Layer { name: name.to_owned(), ok: error.is_none(), error }];
    layers.extend(events.iter().filter_map(|event| event.layer(runtime)));
    // The runtime says of itself that something is corrupt or went wrong, and goes on.
    let told = logs.iter().find(|log| log.level == Level::Error);
    layers.extend(told.map(|log| Layer {
        name: LOG.to_owned(),
        ok: false,
        error: Some(log.text.to_string()),
    }));
    // Inner events come first, the entry's own result is the outermost; the log only where nothing else tells.
    let carried = layers.iter().skip(1).find(|l| !l.ok && l.name != LOG);
    let first = layers.first().filter(|l| !l.ok).or_else(|| layers.iter().find(|l| !l.ok));
    let inner = carried.or(first).and_then(|l| l.error.clone());
    Outcome { ok: layers.iter().all(|l| l.ok), error: inner, layers }
}

/// The error of a `Result`, or none for `Ok`; outer none where the value is no `Result`.
#[must_use]
pub(super) fn result(runtime: &Runtime, node: &Node) -> Option<Option<String>> {
    let Node::Variant(name, fields) = node else { return None };
    let inner = fields.first().map(|(_, node)| node);
    match (name.as_str(), fields.len()) {
        ("Ok", 1) => Some(inner.and_then(|node| result(runtime, node)).flatten()),
        ("Err", 1) => Some(Some(inner.map_or_else(String::new, |e| error_name(runtime, e)))),
        _ => None,
    }
}

/// `Paras.NotRegistered`, `BadOrigin`, `Token.FundsUnavailable`, `Invalid.Payment`.
#[must_use]
pub(super) fn error_name(runtime: &Runtime, node: &Node) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut at = Some(node);
    while let Some(node) = at.take() {
        match node {
            Node::Variant(name, fields) if name == "Module" => {
                return module(runtime, fields).unwrap_or_else(|| format!("Module {}", short(node)));
            }
            Node::Variant(name, fields) => {
                parts.push(name.clone());
                at = fields.first().map(|(_, inner)| inner);
            }
            // The error of a dispatch with what it weighed.
            Node::Fields(fields) => at = fields.iter().find(|(n, _)| n == "error").map(|(_, inner)| inner),
            Node::Number(n) => parts.push(n.to_string()),
            _ => {}
        }
        if parts.len() > 6 {
            break;
        }
    }
    if parts.is_empty() { short(node) } else { parts.join(".") }
}

fn module(runtime: &Runtime, fields: &[(String, Node)]) -> Option<String> {
    let (_, Node::Fields(inner)) = fields.first()? else { return None };
    let field = |name: &str| inner.iter().find(|(n, _)| n == name).map(|(_, node)| node);
    let (Some(Node::Number(pallet)), Some(Node::Bytes(error))) = (field("index"), field("error")) else {
        return None;
    };
    runtime.module_error(u8::try_from(*pallet).ok()?, *error.first()?)
}

fn short(node: &Node) -> String {
    Clean::of(&format!("{node:?}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_only_an_event_tells_is_a_failure() {
        let packed = include_bytes!("../../tests/it/fixtures/relay-metadata.scale.zst");
        let bytes = zstd::decode_all(packed.as_slice()).unwrap();
        let runtime = Runtime::decode(&bytes).unwrap();
        let event = |pallet: &str, name: &str, fields: Vec<(&str, Node)>| Event {
            pallet: pallet.to_owned(),
            name: name.to_owned(),
            fields: fields.into_iter().map(|(n, node)| (n.to_owned(), node)).collect(),
        };
        let error = |event: Event| {
            let outcome = weigh(&runtime, ("entry", None), &[event], &[]);
            assert_eq!(outcome.ok, outcome.error.is_none());
            outcome.error
        };
        let processed =
            |success| error(event("MessageQueue", "Processed", vec![("success", Node::Bool(success))]));
        assert_eq!(processed(true), None);
        assert_eq!(processed(false).as_deref(), Some("it did not succeed"));
        let kind = |name: &str| Node::Variant(name.to_owned(), Vec::new());
        let failed = event(
            "MessageQueue",
            "ProcessingFailed",
            vec![("id", Node::Number(1)), ("error", kind("Corrupt"))],
        );
        assert_eq!(error(failed).as_deref(), Some("Corrupt"));
        let unexpected =
            event("StakingAhClient", "Unexpected", vec![("0", kind("UnexpectedModeTransition"))]);
        assert_eq!(error(unexpected).as_deref(), Some("UnexpectedModeTransition"));
        let dropped = event("StakingAhClient", "SetTooSmallAndDropped", Vec::new());
        assert_eq!(error(dropped).as_deref(), Some("SetTooSmallAndDropped"));
    }
}
