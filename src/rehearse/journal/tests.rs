//! Journal and world against a naive map: any sequence of writes, walks, clearings and transactions gives the same.

use super::super::state::{Cached, StateError, StateSource};
use super::super::world::World;
use super::*;
use crate::domain::{BlockRef, Hash};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

struct Fixed(Map);

impl StateSource for Fixed {
    fn get_many(&mut self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        Ok(keys.iter().map(|k| self.0.get(k).cloned()).collect())
    }
    fn next_keys(&mut self, after: &[u8], most: usize) -> Result<Vec<Vec<u8>>, StateError> {
        let range = self.0.range::<[u8], _>((Excluded(after), Unbounded));
        Ok(range.map(|(k, _)| k.clone()).take(most).collect())
    }
    fn ask(&mut self, method: &str, _: &[u8]) -> Result<Vec<u8>, StateError> {
        Err(StateError::Link(method.to_owned()))
    }
}

#[derive(Debug, Clone)]
enum Op {
    Set(Vec<u8>, Option<Vec<u8>>),
    Append(Vec<u8>, Vec<u8>),
    Clear(Vec<u8>),
    Start,
    Commit,
    Rollback,
    Read(Vec<u8>),
    Walk(Vec<u8>),
}

/// Few letters, so that keys meet.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(0_u8..3, 1..4)
}

fn op() -> impl Strategy<Value = Op> {
    let value = || vec(any::<u8>(), 0..4);
    prop_oneof![
        4 => (key(), proptest::option::of(value())).prop_map(|(k, v)| Op::Set(k, v)),
        3 => (key(), value()).prop_map(|(k, v)| Op::Append(k, v)),
        2 => key().prop_map(Op::Clear),
        2 => Just(Op::Start),
        1 => Just(Op::Commit),
        1 => Just(Op::Rollback),
        2 => key().prop_map(Op::Read),
        2 => key().prop_map(Op::Walk),
    ]
}

/// Lists as the node grows them, written a second time and another way.
fn naive_append(map: &mut Map, key: &[u8], item: &[u8]) {
    let old = map.remove(key).unwrap_or_else(|| vec![0]);
    let mut rest = old.as_slice();
    let (n, body) = match Compact::<u32>::decode(&mut rest) {
        Ok(Compact(n)) if n < u32::MAX => (n, rest),
        _ => (0, [].as_slice()),
    };
    map.insert(key.to_vec(), [&Compact(n + 1).encode(), body, item].concat());
}

fn run(ops: &[Op], base: &Map, below: &Changes) -> Result<(), TestCaseError> {
    let at = BlockRef { number: 1, hash: Hash::default() };
    let mut state = Cached::new(at, Box::new(Fixed(base.clone())));
    let mut world = World::new(&mut state, Arc::new(below.clone()));
    let mut naive = base.clone();
    for (k, v) in below {
        match v {
            Some(v) => naive.insert(k.clone(), v.clone()),
            None => naive.remove(k),
        };
    }
    let before = naive.clone();
    let mut saved: Vec<Map> = Vec::new();
    for op in ops {
        match op {
            Op::Set(k, v) => {
                world.set(k, v.as_deref()).unwrap();
                match v {
                    Some(v) => naive.insert(k.clone(), v.clone()),
                    None => naive.remove(k),
                };
            }
            Op::Append(k, v) => {
                world.append(k, v).unwrap();
                naive_append(&mut naive, k, v);
            }
            Op::Clear(p) => {
                let cleared = world.clear_prefix(p, None).unwrap();
                let stored = base.keys().filter(|k| k.starts_with(p)).count();
                prop_assert_eq!(cleared, Cleared { looked_at: u32::try_from(stored).unwrap(), more: false });
                naive.retain(|k, _| !k.starts_with(p));
            }
            Op::Start => {
                world.journal.start();
                saved.push(naive.clone());
            }
            Op::Commit => prop_assert_eq!(world.journal.commit(), saved.pop().is_some()),
            Op::Rollback => {
                let old = saved.pop();
                prop_assert_eq!(world.journal.rollback(), old.is_some());
                naive = old.unwrap_or(naive);
            }
            Op::Read(k) => prop_assert_eq!(world.get(k).unwrap(), naive.get(k).cloned()),
            Op::Walk(k) => {
                let next = naive.range::<[u8], _>((Excluded(k.as_slice()), Unbounded)).next();
                prop_assert_eq!(world.next_key(k).unwrap(), next.map(|(k, _)| k.clone()));
            }
        }
    }
    let mut end = before;
    for (k, v) in world.journal.changes() {
        match v {
            Some(v) => end.insert(k.clone(), v.clone()),
            None => end.remove(k),
        };
    }
    prop_assert_eq!(end, naive);
    Ok(())
}

use super::super::world::Cleared;

proptest! {
    #[test]
    fn it_agrees_with_a_naive_map(
        ops in vec(op(), 0..60),
        base in btree_map(key(), vec(any::<u8>(), 0..4), 0..20),
        below in btree_map(key(), proptest::option::of(vec(any::<u8>(), 0..4)), 0..6),
    ) {
        run(&ops, &base, &below)?;
    }
}

#[test]
fn a_limit_counts_stored_keys_only_and_says_that_more_are_left() {
    let base: Map = (0..5_u8).map(|n| (vec![1, n], vec![n])).collect();
    let mut state = Cached::new(BlockRef { number: 1, hash: Hash::default() }, Box::new(Fixed(base)));
    let mut world = World::new(&mut state, Arc::default());
    world.set(&[1, 9], Some(&[9])).unwrap();
    assert_eq!(world.clear_prefix(&[1], Some(2)).unwrap(), Cleared { looked_at: 2, more: true });
    assert_eq!((world.get(&[1, 9]).unwrap(), world.get(&[1, 2]).unwrap()), (None, Some(vec![2])));
    assert_eq!(world.clear_prefix(&[1], None).unwrap(), Cleared { looked_at: 5, more: false });
    assert_eq!(world.next_key(&[]).unwrap(), None);
}

#[test]
fn what_belongs_to_child_tries_cannot_be_written_through_the_main_trie() {
    let key = b":child_storage:default:x".to_vec();
    let base: Map = [(key.clone(), vec![7])].into();
    let mut state = Cached::new(BlockRef { number: 1, hash: Hash::default() }, Box::new(Fixed(base)));
    let mut world = World::new(&mut state, Arc::default());
    world.set(&key, None).unwrap();
    world.append(&key, &[1]).unwrap();
    world.clear_prefix(b"", None).unwrap();
    world.clear_prefix(&key, None).unwrap();
    assert_eq!(world.get(&key).unwrap(), Some(vec![7]));
    assert!(world.journal.changes().is_empty());
}

#[test]
fn a_call_that_writes_without_end_is_stopped_with_a_sentence() {
    let mut journal = Journal::default();
    let value = vec![0; 16 * 1024 * 1024];
    let stopped = (0..20_u8).find_map(|n| journal.set(vec![n], Some(value.clone())).err());
    assert_eq!(
        stopped.unwrap().to_string(),
        "the call writes more than 128 MB: it is too large to rehearse here"
    );
}
