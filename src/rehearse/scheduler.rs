//! The way of the scheduler: the call stands in the agenda of the next block, in the name of Root.
//!
//! In: a call. Out: what the next block makes of it, in that block's own context and within its weight. For chains without a
//! sudo key. The agenda exists only in this process. Must not decide which way is taken.

use super::diff::{self, Named, Written};
use super::journal::{Changes, push};
use super::verdict::{self, Event};
use super::ways::{Stage, Taken, Via, WayError};
use crate::codec::call_hash;
use crate::domain::call::{Call, Node};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest call that stands in the agenda itself.
const INLINE: usize = 128;

fn variant(name: &str, inner: Vec<(&str, Node)>) -> Node {
    Node::Variant(name.to_owned(), named(inner))
}

fn named(inner: Vec<(&str, Node)>) -> Vec<(String, Node)> {
    inner.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()
}

impl Stage<'_> {
    /// Runs the call as Root from the agenda of the next block.
    ///
    /// # Errors
    /// No scheduler, or it did not run the call.
    pub(super) fn scheduled(&mut self, call: &Call) -> Result<Taken, WayError> {
        if !self.runtime.has_pallet("Scheduler") {
            return Err(WayError::Absent("this runtime has no scheduler".to_owned()));
        }
        let header = self.next_header()?;
        let entry = "Core_initialize_block";
        let (_, quiet, journal) = self.enter(entry, &header, &Arc::default())?;
        let nothing = journal.into_changes();
        let injected = Arc::new(self.agenda(&self.runtime.encode_call(call)?)?);
        let (_, mut logs, journal) = self.enter(entry, &header, &injected)?;
        let changes = journal.into_changes();
        logs.retain(|line| !quiet.contains(line));
        let (usual, named) = (BTreeSet::new(), Named::of(call));
        let written = Written { changes: &changes, empty: &nothing, usual: Some(&usual), named: &named };
        let mut raw = diff::effective(self.runtime, self.state, &injected, &written)?;
        raw.retain(|key, _| !injected.contains_key(key));
        let (mut events, _) = self.events(&changes, "Initialization")?;
        for usual in self.events(&nothing, "Initialization")?.0 {
            if let Some(at) = events.iter().position(|event| *event == usual) {
                events.remove(at);
            }
        }
        let dispatched = events.iter().rfind(|event| event.path() == "Scheduler.Dispatched");
        let error = dispatched.map(|event| self.result_of(event));
        let Some(error) = error.transpose()? else {
            return Err(WayError::Absent("the scheduler did not run the call in the next block".to_owned()));
        };
        let outcome = verdict::weigh(self.runtime, ("Scheduler.Agenda", error), &events, &logs);
        let (weight, sent) = (None, Vec::new());
        Ok(Taken { via: Via::Scheduler, outcome, events, raw, logs, weight, usual, sent })
    }

    fn result_of(&self, event: &Event) -> Result<Option<String>, WayError> {
        let found = event.fields.iter().find_map(|(_, node)| verdict::result(self.runtime, node));
        found.ok_or_else(|| WayError::Unclear(event.path()))
    }

    /// The agenda of the next block with the call at its end; a long call with its preimage.
    fn agenda(&mut self, call: &[u8]) -> Result<Changes, WayError> {
        let mut injected = Changes::new();
        let bounded = if call.len() <= INLINE {
            variant("Inline", vec![("0", Node::Bytes(call.to_vec()))])
        } else {
            self.preimage(call, &mut injected)?
        };
        let root = variant("system", vec![("0", variant("Root", Vec::new()))]);
        let task = named(vec![
            ("maybe_id", Node::Nothing),
            ("priority", Node::Number(0)),
            ("call", bounded),
            ("maybe_periodic", Node::Nothing),
            ("origin", root),
        ]);
        let one = self.runtime.storage_value("Scheduler", "Agenda", &Node::List(vec![Node::Fields(task)]))?;
        let number = u32::try_from(self.state.block().number.saturating_add(1)).unwrap_or(u32::MAX);
        let key = self.runtime.map_key("Scheduler", "Agenda", &number.to_le_bytes())?;
        let mut agenda = self.state.get(&key)?.unwrap_or_else(|| vec![0]);
        // After the length, which is one.
        push(&mut agenda, one.get(1..).unwrap_or_default());
        injected.insert(key, Some(agenda));
        Ok(injected)
    }

    fn preimage(&self, call: &[u8], injected: &mut Changes) -> Result<Node, WayError> {
        let hash = Node::Bytes(call_hash(call).0.to_vec());
        let length = Node::Number(u128::try_from(call.len()).unwrap_or(u128::MAX));
        let of = Node::List(vec![hash.clone(), length.clone()]);
        let status = variant(
            "Requested",
            vec![("maybe_ticket", Node::Nothing), ("count", Node::Number(1)), ("maybe_len", length.clone())],
        );
        for (item, key, value) in
            [("PreimageFor", of, Node::Bytes(call.to_vec())), ("RequestStatusFor", hash.clone(), status)]
        {
            let value = self.runtime.storage_value("Preimage", item, &value)?;
            injected.insert(self.runtime.storage_key("Preimage", item, &[key])?, Some(value));
        }
        Ok(variant("Lookup", vec![("hash", hash), ("len", length)]))
    }
}
