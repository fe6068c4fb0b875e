//! How dangerous a call is. Denies by default: what this program does not know counts as root.
//!
//! In: a call decoded from its very bytes. Out: a class and why. Recurses by itself through every wrapper, whatever the
//! runtime's own filters do: a `SafeSudo` proxy is not a boundary (ACTIONS P2). Must not know metadata; who can decode another
//! chain's call hands in a function for it.

mod table;
mod xcm;

use super::call::{Call, Node};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Deepest nesting that is judged; deeper counts as root.
const MAX_DEPTH: u32 = 64;
/// Most reasons that are kept.
const MAX_REASONS: usize = 24;

/// How dangerous, mildest first: `max` is the graver one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Harmless, or touches one para and is undone by its opposite.
    Green,
    /// Others feel it, or it takes hours to undo.
    Amber,
    /// Can lose a para, messages or money, or stop the chain.
    Red,
    /// As good as the root key: unknown, opaque, or able to do anything.
    Root,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
            Self::Root => "root",
        })
    }
}

/// The verdict on a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Danger {
    /// The gravest class of anything inside.
    pub class: Class,
    /// Why, gravest first, each once.
    pub reasons: Vec<String>,
}

/// Decodes a call that travels as bytes to another chain: the para it goes to, and the bytes. None where it cannot.
pub type Open<'a> = dyn Fn(u32, &[u8]) -> Option<Call> + 'a;

/// How dangerous a call is. A call of another chain inside it is opaque and counts as root.
#[must_use]
pub fn judge(call: &Call) -> Danger {
    judge_with(call, &|_, _| None)
}

/// How dangerous a call is, where calls of other chains inside it can be opened.
#[must_use]
pub fn judge_with(call: &Call, open: &Open<'_>) -> Danger {
    let mut found = Found { reasons: Vec::new(), open };
    found.call(call, 0);
    let mut reasons = found.reasons;
    reasons.sort_by_key(|(class, _)| std::cmp::Reverse(*class));
    let class = reasons.first().map_or(Class::Root, |(class, _)| *class);
    Danger { class, reasons: reasons.into_iter().map(|(_, why)| why).collect() }
}

/// True for calls and wrappers that are judged by the table, and not for being unknown.
#[must_use]
pub fn is_known(path: &str) -> bool {
    known_paths().any(|known| known == path)
}

/// Every call and wrapper that is judged by the table: `Pallet.name`.
pub fn known_paths() -> impl Iterator<Item = String> {
    table::paths()
}

/// Why a `SafeSudo` proxy must not carry this call; none where it may. Stricter than the runtime's filter, which looks into fewer
/// wrappers and knows nothing of wrappers that are new. What travels to another chain as bytes it cannot see; nor can this.
#[must_use]
pub fn filtered_by_safe_sudo(call: &Call) -> Option<String> {
    refused(call, 0)
}

fn refused(call: &Call, depth: u32) -> Option<String> {
    let path = call.path();
    if depth > MAX_DEPTH {
        return Some("calls are nested deeper than 64 levels".to_owned());
    }
    let whole = ["Proxy", "Scheduler", "Preimage"];
    if whole.contains(&call.pallet.as_str()) || table::SAFE_SUDO_FILTERS.contains(&path.as_str()) {
        return Some(format!("{path} is one of the calls that SafeSudo filters"));
    }
    if table::wrapper(&path).is_none() && !call.inner().is_empty() {
        return Some(format!("{path} is a wrapper that this program does not know"));
    }
    if table::wrapper(&path).is_some() && !wraps_only_calls(call) {
        return Some(format!("what is inside {path} cannot be seen"));
    }
    call.inner().into_iter().find_map(|inner| refused(inner, depth + 1))
}

/// True where every argument that should be a call, or a list of calls, is one.
fn wraps_only_calls(call: &Call) -> bool {
    let Some(wrapper) = table::wrapper(&call.path()) else { return false };
    wrapper.inside.iter().all(|name| match call.arg(name) {
        Some(Node::Call(_)) => true,
        Some(Node::List(items)) => items.iter().all(|item| matches!(item, Node::Call(_))),
        _ => false,
    })
}

struct Found<'a> {
    reasons: Vec<(Class, String)>,
    open: &'a Open<'a>,
}

impl Found<'_> {
    fn say(&mut self, class: Class, why: String) {
        if self.reasons.iter().any(|(_, said)| *said == why) {
            return;
        }
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push((class, why));
        } else if let Some(mildest) = self.reasons.iter_mut().min_by_key(|(class, _)| *class)
            && mildest.0 < class
        {
            *mildest = (class, why);
        }
    }

    fn call(&mut self, call: &Call, depth: u32) {
        let path = call.path();
        if depth > MAX_DEPTH {
            return self.say(Class::Root, "calls are nested deeper than 64 levels".to_owned());
        }
        if let Some(wrapper) = table::wrapper(&path) {
            if !wraps_only_calls(call) {
                return self.say(Class::Root, format!("{path}: what is inside cannot be seen"));
            }
            if !wrapper.why.is_empty() || call.inner().is_empty() {
                self.say(wrapper.class, format!("{path}: {}", wrapper.words()));
            }
            return call.inner().into_iter().for_each(|inner| self.call(inner, depth + 1));
        }
        if !call.inner().is_empty() {
            self.say(Class::Root, format!("{path} is a wrapper that this program does not know"));
            return call.inner().into_iter().for_each(|inner| self.call(inner, depth + 1));
        }
        if let Some((class, why)) = table::by_argument(call) {
            return self.say(class, format!("{path}: {why}"));
        }
        if xcm::carries(&path) {
            return self.message(call, depth);
        }
        match table::known(&call.pallet, &call.name) {
            Some((class, why)) => self.say(class, format!("{path}: {why}")),
            None => self.say(Class::Root, format!("{path} is not a call that this program knows")),
        }
    }

    /// A message to another chain: it is as dangerous as the calls inside that can be opened.
    fn message(&mut self, call: &Call, depth: u32) {
        let path = call.path();
        let (para, calls) = match xcm::transacts(call) {
            Ok(found) => found,
            Err(why) => return self.say(Class::Root, format!("{path}: {why}")),
        };
        for bytes in calls {
            match (self.open)(para, bytes) {
                Some(inner) => self.call(&inner, depth + 1),
                None => {
                    let why =
                        format!("{path}: a call of para {para} that cannot be decoded here, as its Root");
                    self.say(Class::Root, why);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str, args: Vec<(&str, Node)>) -> Call {
        let (pallet, name) = path.split_once('.').unwrap();
        let args = args.into_iter().map(|(n, node)| (n.to_owned(), node)).collect();
        Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
    }

    fn inside(path: &str, inner: Call) -> Call {
        call(path, vec![("call", Node::Call(Box::new(inner)))])
    }

    fn batch(calls: Vec<Call>) -> Call {
        let calls = calls.into_iter().map(|c| Node::Call(Box::new(c))).collect();
        call("Utility.batch_all", vec![("calls", Node::List(calls))])
    }

    fn head() -> Call {
        call("Paras.force_set_current_head", vec![])
    }

    #[test]
    fn a_call_is_as_dangerous_as_the_worst_thing_inside_it() {
        let unlock = || call("Registrar.remove_lock", vec![]);
        assert_eq!(judge(&unlock()).class, Class::Green);
        assert_eq!(judge(&inside("Sudo.sudo", unlock())).class, Class::Green);
        let both = inside("Sudo.sudo", batch(vec![unlock(), head(), head()]));
        let danger = judge(&both);
        assert_eq!(danger.class, Class::Red);
        assert_eq!(danger.reasons.len(), 2, "{:?}", danger.reasons);
        assert!(danger.reasons[0].starts_with("Paras.force_set_current_head: "), "{:?}", danger.reasons);
        assert!(Class::Green < Class::Amber && Class::Amber < Class::Red && Class::Red < Class::Root);
    }

    #[test]
    fn every_wrapper_is_looked_through_and_none_is_believed() {
        for wrapper in table::WRAPPERS {
            let args = |inner: &Call| {
                let one = |name: &&'static str| {
                    let node = Node::Call(Box::new(inner.clone()));
                    (*name, if *name == "calls" { Node::List(vec![node]) } else { node })
                };
                wrapper.inside.iter().map(one).collect::<Vec<_>>()
            };
            let danger = judge(&call(wrapper.path, args(&head())));
            assert!(danger.class >= Class::Red, "{}: {danger:?}", wrapper.path);
            let unknown = call("Nonsense.whatever", vec![]);
            assert_eq!(judge(&call(wrapper.path, args(&unknown))).class, Class::Root, "{}", wrapper.path);
            let blind = wrapper.inside.iter().map(|name| (*name, Node::Bytes(vec![0, 0, 0]))).collect();
            assert_eq!(judge(&call(wrapper.path, blind)).class, Class::Root, "{}", wrapper.path);
            assert_eq!(judge(&call(wrapper.path, vec![])).class, Class::Root, "{}", wrapper.path);
        }
    }

    #[test]
    fn what_is_not_known_counts_as_root() {
        for path in ["Paras.new_thing", "Nonsense.whatever", "Sudo.remove_key", "Multisig.approve_as_multi"] {
            assert_eq!(judge(&call(path, vec![])).class, Class::Root, "{path}");
        }
        let danger = judge(&inside("Registrar.remove_lock", head()));
        assert_eq!(danger.class, Class::Root, "a known call that suddenly wraps another");
        let danger = judge(&inside("Utility.new_wrapper", call("System.remark", vec![])));
        assert_eq!(danger.class, Class::Root);
        assert!(danger.reasons[0].contains("a wrapper that this program does not know"));
    }

    #[test]
    fn nesting_without_end_is_root_and_reasons_are_bounded() {
        let deep = (0..80).fold(call("System.remark", vec![]), |inner, _| inside("Sudo.sudo", inner));
        assert_eq!(judge(&deep).class, Class::Root);
        assert!(filtered_by_safe_sudo(&deep).is_some());
        let many = (0..500).map(|i| call(&format!("Nonsense.call_{i}"), vec![])).collect();
        let danger = judge(&batch(many));
        assert_eq!((danger.class, danger.reasons.len()), (Class::Root, MAX_REASONS));
        let greens =
            ["Registrar.remove_lock", "Registrar.add_lock", "System.remark", "Hrmp.establish_system_channel"];
        let mut calls: Vec<Call> = greens.iter().map(|p| call(p, vec![])).collect();
        calls.extend((0..MAX_REASONS).map(|i| call(&format!("Nonsense.call_{i}"), vec![])));
        assert_eq!(judge(&batch(calls)).class, Class::Root, "the worst is never the one that is dropped");
    }

    #[test]
    fn an_empty_batch_does_nothing_and_is_green() {
        assert_eq!(judge(&batch(Vec::new())).class, Class::Green);
    }

    #[test]
    fn storage_of_the_runtime_itself_is_root() {
        let kill = |key: &[u8]| {
            let keys = Node::List(vec![Node::Bytes(key.to_vec())]);
            judge(&call("System.kill_storage", vec![("keys", keys)])).class
        };
        let set = |key: &[u8]| {
            let item = Node::List(vec![Node::Bytes(key.to_vec()), Node::Bytes(vec![1])]);
            judge(&call("System.set_storage", vec![("items", Node::List(vec![item]))])).class
        };
        let head = crate::domain::ids::hex_bytes("0x63f78c98723ddc9073523ef3beefda0c00").unwrap();
        assert_eq!((kill(&head), set(&head)), (Class::Red, Class::Red));
        for key in [b":code".as_slice(), b"", b"any other"] {
            assert_eq!((kill(key), set(key)), (Class::Root, Class::Root), "{key:?}");
        }
        assert_eq!(judge(&call("System.kill_storage", vec![])).class, Class::Root);
    }

    #[test]
    fn safe_sudo_refuses_what_it_filters_at_any_depth_and_what_nobody_knows() {
        let sudo = |inner| inside("Sudo.sudo", inner);
        assert_eq!(filtered_by_safe_sudo(&sudo(head())), None);
        for path in ["System.set_storage", "System.kill_storage", "System.kill_prefix", "Sudo.set_key"] {
            let why = filtered_by_safe_sudo(&sudo(batch(vec![head(), call(path, vec![])]))).unwrap();
            assert!(why.contains(path), "{why}");
        }
        for path in ["Proxy.add_proxy", "Scheduler.cancel", "Preimage.note_preimage", "Sudo.remove_key"] {
            assert!(filtered_by_safe_sudo(&sudo(call(path, vec![]))).is_some(), "{path}");
        }
        let new = sudo(inside("Utility.new_wrapper", head()));
        assert!(filtered_by_safe_sudo(&new).unwrap().contains("does not know"));
        assert!(filtered_by_safe_sudo(&call("Sudo.sudo", vec![])).unwrap().contains("cannot be seen"));
    }
}
