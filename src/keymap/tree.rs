//! The bindings of one context as a tree over keys.
//!
//! In: chords with commands. Out: what a sequence of keys means. A node is either a command or a branch, so a chord
//! cannot begin with a key that is bound itself. Must not import anything but its parent and `command`.

use super::Key;
use crate::command::Command;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A branch; leaves are commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Vec<Key>, Command)>", into = "Vec<(Vec<Key>, Command)>")]
pub(super) struct Tree(BTreeMap<Key, Twig>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Twig {
    Leaf(Command),
    Branch(Tree),
}

/// What a sequence of keys came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Command(Command),
    Prefix,
    Nothing,
}

impl Tree {
    /// Walks along `keys`.
    pub(super) fn find(&self, keys: impl IntoIterator<Item = Key>) -> Found {
        let mut at = self;
        let mut keys = keys.into_iter().peekable();
        while let Some(key) = keys.next() {
            match at.0.get(&key) {
                None => return Found::Nothing,
                Some(Twig::Leaf(command)) if keys.peek().is_none() => return Found::Command(*command),
                Some(Twig::Leaf(_)) => return Found::Nothing,
                Some(Twig::Branch(next)) => at = next,
            }
        }
        Found::Prefix
    }

    /// Binds `keys`, whatever stood in the way before.
    pub(super) fn bind(&mut self, keys: &[Key], command: Command) {
        let Some((first, rest)) = keys.split_first() else { return };
        if rest.is_empty() {
            self.0.insert(*first, Twig::Leaf(command));
            return;
        }
        let twig = self.0.entry(*first).or_insert_with(|| Twig::Branch(Self::default()));
        if let Twig::Leaf(_) = twig {
            *twig = Twig::Branch(Self::default());
        }
        if let Twig::Branch(tree) = twig {
            tree.bind(rest, command);
        }
    }

    /// Removes `keys` and what begins with them.
    pub(super) fn unbind(&mut self, keys: &[Key]) {
        let Some((first, rest)) = keys.split_first() else { return };
        if rest.is_empty() {
            self.0.remove(first);
        } else if let Some(Twig::Branch(tree)) = self.0.get_mut(first) {
            tree.unbind(rest);
            if tree.0.is_empty() {
                self.0.remove(first);
            }
        }
    }

    /// Every chord with its command.
    pub(super) fn all(&self) -> Vec<(Vec<Key>, Command)> {
        let mut out = Vec::new();
        for (key, twig) in &self.0 {
            match twig {
                Twig::Leaf(command) => out.push((vec![*key], *command)),
                Twig::Branch(tree) => out.extend(tree.all().into_iter().map(|(mut keys, command)| {
                    keys.insert(0, *key);
                    (keys, command)
                })),
            }
        }
        out
    }
}

impl From<Vec<(Vec<Key>, Command)>> for Tree {
    fn from(all: Vec<(Vec<Key>, Command)>) -> Self {
        let mut tree = Self::default();
        for (keys, command) in all {
            tree.bind(&keys, command);
        }
        tree
    }
}

impl From<Tree> for Vec<(Vec<Key>, Command)> {
    fn from(tree: Tree) -> Self {
        tree.all()
    }
}
