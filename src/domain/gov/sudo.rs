//! What a privileged key did: the call, every call inside it, and how each ended.
//!
//! In: a decoded call and the events of its extrinsic. Out: a step a call, outermost first. A batch says "ok" while what it
//! carried failed, so each step has its own result, read from the event that tells of it (ACTIONS §0). What no event tells is
//! unknown. Must not know metadata.

use super::Judged;
use crate::domain::call::{Call, Node};
use crate::domain::para::Found;
use crate::domain::{AccountId, BlockRef, Clean, UnixMs};
use serde::{Deserialize, Serialize};

/// Most steps kept of one use; a batch can carry thousands.
pub const MAX_STEPS: usize = 64;
/// Deepest nesting that is followed.
const MAX_DEPTH: u8 = 32;

/// One extrinsic that used the sudo key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SudoUse {
    /// In which block.
    pub at: BlockRef,
    /// The block's own time.
    pub stamped: Option<UnixMs>,
    /// Its place in the block; none where the scheduler did it.
    pub extrinsic: Option<u32>,
    /// The events that tell of it: `Sudid`, `SudoAsDone`, `KeyChanged`.
    pub events: Vec<Clean>,
    /// Who signed it; none where that was not read.
    pub signer: Option<AccountId>,
    /// The whole call.
    pub call: Found<Judged>,
    /// Every call inside with its result, outermost first.
    pub steps: Vec<Step>,
    /// Calls inside that are not listed.
    pub more: u32,
}

impl SudoUse {
    /// How many calls inside failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.steps.iter().filter(|s| matches!(s.outcome, Outcome::Failed(_))).count()
    }
}

/// A call inside, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// How deep it stands; 0 for the extrinsic's own call.
    pub depth: u8,
    /// `Paras.force_set_current_head`.
    pub path: Clean,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It worked.
    Done,
    /// It failed, with this error.
    Failed(Clean),
    /// It was undone, as something around or beside it failed.
    Undone,
    /// It was not run: one before it failed, or it runs later.
    NotRun,
    /// No event tells.
    Unknown,
}

impl Outcome {
    /// The words beside a call.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Done => "ok".to_owned(),
            Self::Failed(error) => format!("failed: {error}"),
            Self::Undone => "undone with what stands around it".to_owned(),
            Self::NotRun => "not run".to_owned(),
            Self::Unknown => "no event tells".to_owned(),
        }
    }
}

/// An event of an extrinsic, as far as it tells how something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// `Sudo.Sudid`.
    pub path: String,
    /// The error of the result or failure that it carries; none where it carries none.
    pub error: Option<String>,
    /// A number that it carries: which item of a batch.
    pub index: Option<usize>,
}

/// Every call inside `call` with its result, and how many are left out. `marks` are the extrinsic's events in their order,
/// `error` its own error where it failed as a whole.
#[must_use]
pub fn steps(call: &Call, marks: &[Mark], error: Option<&str>) -> (Vec<Step>, u32) {
    let mut walk = Walk { marks, end: marks.len(), steps: Vec::new(), more: 0 };
    let outcome = error.map_or(Outcome::Done, |e| Outcome::Failed(Clean::of(e)));
    walk.call(call, outcome, 0);
    // Calls were met last first: their results stand in the events in that order.
    walk.steps.reverse();
    if walk.steps.len() > MAX_STEPS {
        walk.more = u32::try_from(walk.steps.len() - MAX_STEPS).unwrap_or(u32::MAX);
        keep_the_telling(&mut walk.steps);
    }
    (walk.steps, walk.more)
}

/// Cuts to the most that are listed: what failed, and what no event tells of, stays before what worked.
fn keep_the_telling(steps: &mut Vec<Step>) {
    let telling = steps.iter().filter(|s| s.outcome != Outcome::Done).count();
    let (mut telling, mut done) = (telling.min(MAX_STEPS), MAX_STEPS.saturating_sub(telling));
    steps.retain(|step| {
        let left = if step.outcome == Outcome::Done { &mut done } else { &mut telling };
        let stays = *left > 0;
        *left = left.saturating_sub(1);
        stays
    });
}

/// Reads events from the last to the first: what tells of a call stands behind everything that happened inside it.
struct Walk<'m> {
    marks: &'m [Mark],
    /// Events before this one are not read yet.
    end: usize,
    steps: Vec<Step>,
    more: u32,
}

impl<'m> Walk<'m> {
    /// The last event of one of these names that is not read yet; it and all behind it are read then.
    fn back_to(&mut self, names: &[&str]) -> Option<&'m Mark> {
        let at = self.marks.get(..self.end)?.iter().rposition(|m| names.contains(&m.path.as_str()))?;
        self.end = at;
        self.marks.get(at)
    }

    /// Notes a call and everything inside it, innermost and last first.
    fn call(&mut self, call: &Call, outcome: Outcome, depth: u8) {
        if depth >= MAX_DEPTH {
            self.more = self.more.saturating_add(1);
            return;
        }
        let inner = call.inner();
        if outcome == Outcome::Done {
            self.inside(call, &inner, depth + 1);
        } else {
            let fate = match (&outcome, call.pallet.as_str()) {
                (Outcome::Failed(error), _) if passes_on(call) => Outcome::Failed(error.clone()),
                (Outcome::Failed(_), _) => Outcome::Undone,
                (other, _) => other.clone(),
            };
            inner.iter().rev().for_each(|one| self.call(one, fate.clone(), depth + 1));
        }
        self.steps.push(Step { depth, path: Clean::of(&call.path()), outcome });
    }

    /// What is inside a call that worked.
    fn inside(&mut self, call: &Call, inner: &[&Call], depth: u8) {
        let path = call.path();
        let told: &[&str] = match path.as_str() {
            "Utility.batch" => return self.batch(inner, depth),
            "Utility.force_batch" => return self.force_batch(inner, depth),
            "Utility.batch_all" => {
                self.back_to(&["Utility.BatchCompleted"]);
                return inner.iter().rev().for_each(|one| {
                    self.back_to(&["Utility.ItemCompleted"]);
                    self.call(one, Outcome::Done, depth);
                });
            }
            "Utility.if_else" => return self.if_else(call, depth),
            "Sudo.sudo" | "Sudo.sudo_unchecked_weight" => &["Sudo.Sudid"],
            "Sudo.sudo_as" => &["Sudo.SudoAsDone"],
            "Proxy.proxy" | "Proxy.proxy_announced" => &["Proxy.ProxyExecuted"],
            "Multisig.as_multi" => &["Multisig.MultisigExecuted"],
            "Utility.dispatch_as" => &["Utility.DispatchedAs"],
            "Utility.as_derivative"
            | "Utility.with_weight"
            | "Utility.dispatch_as_fallible"
            | "Multisig.as_multi_threshold_1" => &[],
            _ if call.pallet == "Scheduler" => {
                return inner.iter().rev().for_each(|one| self.call(one, Outcome::NotRun, depth));
            }
            _ => return inner.iter().rev().for_each(|one| self.call(one, Outcome::Unknown, depth)),
        };
        let outcome = if told.is_empty() { Some(Outcome::Done) } else { self.back_to(told).map(ended) };
        // A multisig that still lacks approvals runs nothing.
        let none = if path == "Multisig.as_multi" { Outcome::NotRun } else { Outcome::Unknown };
        let outcome = outcome.unwrap_or(none);
        inner.iter().rev().for_each(|one| self.call(one, outcome.clone(), depth));
    }

    fn batch(&mut self, inner: &[&Call], depth: u8) {
        let last = self.back_to(&["Utility.BatchCompleted", "Utility.BatchInterrupted"]);
        let broken = last.filter(|m| m.path == "Utility.BatchInterrupted");
        for (place, one) in inner.iter().enumerate().rev() {
            let outcome = match (last, broken.and_then(|m| m.index)) {
                (None, _) => Outcome::Unknown,
                (Some(_), Some(at)) if place > at => Outcome::NotRun,
                (Some(mark), Some(at)) if place == at => ended(mark),
                (Some(_), None) if broken.is_some() => Outcome::Unknown,
                _ => Outcome::Done,
            };
            if outcome == Outcome::Done {
                self.back_to(&["Utility.ItemCompleted"]);
            }
            self.call(one, outcome, depth);
        }
    }

    fn force_batch(&mut self, inner: &[&Call], depth: u8) {
        let last = self.back_to(&["Utility.BatchCompleted", "Utility.BatchCompletedWithErrors"]);
        for one in inner.iter().rev() {
            let outcome = match last {
                Some(_) => self.back_to(&["Utility.ItemCompleted", "Utility.ItemFailed"]).map(ended),
                None => None,
            };
            self.call(one, outcome.unwrap_or(Outcome::Unknown), depth);
        }
    }

    fn if_else(&mut self, call: &Call, depth: u8) {
        let last = self.back_to(&["Utility.IfElseMainSuccess", "Utility.IfElseFallbackCalled"]);
        let (main, fallback) = match last {
            Some(m) if m.path == "Utility.IfElseMainSuccess" => (Outcome::Done, Outcome::NotRun),
            Some(m) => (ended(m), Outcome::Done),
            None => (Outcome::Unknown, Outcome::Unknown),
        };
        for (name, outcome) in [("fallback", fallback), ("main", main)] {
            if let Some(Node::Call(one)) = call.arg(name) {
                self.call(one, outcome, depth);
            }
        }
    }
}

fn ended(mark: &Mark) -> Outcome {
    mark.error.as_ref().map_or(Outcome::Done, |e| Outcome::Failed(Clean::of(e)))
}

/// True for a wrapper whose error is that of the one call inside it.
fn passes_on(call: &Call) -> bool {
    let path = call.path();
    ["Utility.as_derivative", "Utility.with_weight", "Multisig.as_multi_threshold_1"].contains(&path.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str, inner: Vec<Call>) -> Call {
        let (pallet, name) = path.split_once('.').unwrap();
        let args = match (name.contains("batch"), inner.len()) {
            (true, _) => {
                let list = inner.into_iter().map(|c| Node::Call(Box::new(c))).collect();
                vec![("calls".to_owned(), Node::List(list))]
            }
            (false, 0) => vec![],
            _ => inner.into_iter().map(|c| ("call".to_owned(), Node::Call(Box::new(c)))).collect(),
        };
        Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
    }

    fn leaf(name: &str) -> Call {
        call(&format!("System.{name}"), vec![])
    }

    fn ok(path: &str) -> Mark {
        Mark { path: path.to_owned(), error: None, index: None }
    }

    fn bad(path: &str, index: Option<usize>) -> Mark {
        Mark { path: path.to_owned(), error: Some("System.CallFiltered".to_owned()), index }
    }

    fn shown(call: &Call, marks: &[Mark]) -> Vec<String> {
        let (steps, _) = steps(call, marks, None);
        steps.iter().map(|s| format!("{} {} {}", s.depth, s.path, s.outcome.words())).collect()
    }

    #[test]
    fn a_batch_that_breaks_says_which_call_failed_and_which_were_not_run() {
        let tree = call("Sudo.sudo", vec![call("Utility.batch", vec![leaf("a"), leaf("b"), leaf("c")])]);
        let marks = [
            ok("Balances.Transfer"),
            ok("Utility.ItemCompleted"),
            bad("Utility.BatchInterrupted", Some(1)),
            ok("Sudo.Sudid"),
        ];
        assert_eq!(
            shown(&tree, &marks),
            [
                "0 Sudo.sudo ok",
                "1 Utility.batch ok",
                "2 System.a ok",
                "2 System.b failed: System.CallFiltered",
                "2 System.c not run"
            ]
        );
    }

    #[test]
    fn a_forced_batch_in_a_forced_batch_gives_each_call_its_own_result() {
        let inner = call("Utility.force_batch", vec![leaf("b"), leaf("c")]);
        let tree = call("Sudo.sudo", vec![call("Utility.force_batch", vec![leaf("a"), inner, leaf("d")])]);
        let marks = [
            bad("Utility.ItemFailed", None),
            ok("Utility.ItemCompleted"),
            bad("Utility.ItemFailed", None),
            ok("Utility.BatchCompletedWithErrors"),
            ok("Utility.ItemCompleted"),
            ok("Utility.ItemCompleted"),
            ok("Utility.BatchCompletedWithErrors"),
            ok("Sudo.Sudid"),
        ];
        assert_eq!(
            shown(&tree, &marks)[2..],
            [
                "2 System.a failed: System.CallFiltered",
                "2 Utility.force_batch ok",
                "3 System.b ok",
                "3 System.c failed: System.CallFiltered",
                "2 System.d ok"
            ]
        );
    }

    #[test]
    fn what_a_failed_wrapper_carried_is_undone_and_a_proxy_says_its_own() {
        let tree = call("Sudo.sudo", vec![call("Utility.batch_all", vec![leaf("a"), leaf("b")])]);
        let all = shown(&tree, &[bad("Sudo.Sudid", None)]);
        assert_eq!(all[1], "1 Utility.batch_all failed: System.CallFiltered");
        assert!(all[2].contains("undone") && all[3].contains("undone"), "{all:?}");
        let tree = call("Proxy.proxy", vec![call("Sudo.sudo", vec![leaf("a")])]);
        let all = shown(&tree, &[bad("Proxy.ProxyExecuted", None)]);
        assert_eq!(all[1], "1 Sudo.sudo failed: System.CallFiltered");
        assert!(all[2].contains("undone"), "{all:?}");
    }

    #[test]
    fn what_no_event_tells_is_not_called_good() {
        let tree = call("Sudo.sudo", vec![call("Utility.batch", vec![leaf("a")])]);
        assert_eq!(
            shown(&tree, &[]),
            ["0 Sudo.sudo ok", "1 Utility.batch no event tells", "2 System.a no event tells"]
        );
        let tree = call("Nonsense.wrap", vec![leaf("a")]);
        assert_eq!(shown(&tree, &[])[1], "1 System.a no event tells");
        let later = call("Sudo.sudo", vec![call("Scheduler.schedule", vec![leaf("a")])]);
        assert_eq!(shown(&later, &[ok("Sudo.Sudid")])[2], "2 System.a not run");
    }

    #[test]
    fn thousands_of_calls_stay_few_steps() {
        let many = call("Utility.batch", (0..5_000).map(|_| leaf("a")).collect());
        let (steps, more) = steps(&many, &[ok("Utility.BatchCompleted")], None);
        assert_eq!((steps.len(), more), (MAX_STEPS, 5_001 - 64));
        assert_eq!(steps[0].path.as_str(), "Utility.batch");
    }

    #[test]
    fn a_failure_far_behind_is_not_among_what_is_left_out() {
        let many = call("Utility.force_batch", (0..100).map(|_| leaf("a")).collect());
        let mut marks: Vec<Mark> = (0..100).map(|_| ok("Utility.ItemCompleted")).collect();
        marks[80] = Mark {
            path: "Utility.ItemFailed".to_owned(),
            error: Some("Balances.InsufficientBalance".to_owned()),
            index: None,
        };
        marks.push(ok("Utility.BatchCompletedWithErrors"));
        let (steps, more) = steps(&many, &marks, None);
        assert_eq!((steps.len(), more), (MAX_STEPS, 101 - 64));
        assert_eq!(steps.iter().filter(|s| matches!(s.outcome, Outcome::Failed(_))).count(), 1);
    }
}
