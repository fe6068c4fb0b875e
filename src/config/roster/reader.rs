//! Files of the register into a [`Roster`].
//!
//! In: one file after the other, as bytes, in any order. Out: the roster with everything that could be used, and a sentence
//! for everything that could not. What a file is shows by its content; that it is of deactivated providers, by its path.
//! Addresses count by their 32 bytes. Must not touch the file system.

use super::super::ConfigError;
use super::yaml::{self, Node, Value};
use super::{MAX_FILE, is_deactivated};
use crate::domain::balance::Tokens;
use crate::domain::validator::roster::{Member, Roster, Watched};
use crate::domain::{AccountId, Clean};
use std::collections::BTreeMap;

/// Sentences kept of what could not be used.
const MAX_PROBLEMS: usize = 200;
/// Accounts kept, all kinds together.
const MAX_ACCOUNTS: usize = 20_000;
/// What an address must be.
const ADDRESS: &str = "an SS58 address of any prefix, or 0x and 64 hex digits";

/// Which part of the register an account stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Validator,
    Collator,
    Whitelist,
}

/// Reads a register file by file.
#[derive(Debug, Default)]
pub struct Reader {
    roster: Roster,
    seen: BTreeMap<(Part, AccountId), String>,
    more: usize,
    full: bool,
}

/// Where in the register the reader is.
struct Place<'a> {
    path: &'a str,
}

impl Place<'_> {
    fn line(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

impl Reader {
    /// Remembers what could not be used: where, what is wrong, what was expected.
    pub fn problem(&mut self, place: &str, what: &str, expected: &str) {
        if self.roster.problems.len() < MAX_PROBLEMS {
            let text = ConfigError::new(place, what, expected).to_string();
            self.roster.problems.push(Clean::of(&text));
        } else {
            self.more += 1;
        }
    }

    /// Takes in a file; `path` is its path below the register's folder.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        if bytes.len() > MAX_FILE {
            return self.problem(path, "the file is too large", "at most 512 KiB");
        }
        let text = String::from_utf8_lossy(bytes);
        if let Err(e) = std::str::from_utf8(bytes) {
            let good = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = good.split(|b| *b == b'\n').count();
            self.problem(&format!("{path}:{line}"), "this is no UTF-8 text", "UTF-8");
        }
        let tree = yaml::read(text.trim_start_matches('\u{feff}'));
        for flaw in &tree.flaws {
            self.problem(&format!("{path}:{}", flaw.line), &flaw.what, flaw.expected);
        }
        let place = Place { path };
        if tree.roots.is_empty() && tree.flaws.is_empty() {
            self.problem(path, "the file is empty", "identity and accounts, or whitelist");
        }
        for root in &tree.roots {
            self.document(&place, root);
        }
    }

    /// The roster; `from` says where it was read.
    #[must_use]
    pub fn finish(mut self, from: Option<Clean>) -> Roster {
        if self.more > 0 {
            self.roster.problems.push(Clean::of(&format!("and {} problems more", self.more)));
        }
        self.roster.from = from;
        self.roster
    }

    fn document(&mut self, place: &Place<'_>, root: &Node) {
        if let Some(rows) = root.get("whitelist") {
            self.whitelist(place, root, rows);
        } else if root.get("identity").is_some() || root.get("accounts").is_some() {
            self.provider(place, root);
        } else if root.get("serviceName").is_none() {
            let what = "this is no file of the register";
            self.problem(&place.line(root.line), what, "identity and accounts, or whitelist");
        }
    }

    fn provider(&mut self, place: &Place<'_>, root: &Node) {
        let display = root.get("identity").and_then(|i| i.get("display"));
        let provider = match display.and_then(Node::text) {
            Some(name) => Clean::of(name),
            None => {
                let line = root.get("identity").map_or(root.line, |i| i.line);
                let what = "identity has no display: the file's name stands for the provider";
                self.problem(&place.line(line), what, "identity with display");
                Clean::of(stem(place.path))
            }
        };
        let chain = root.get("system_chain").and_then(Node::text).map(Clean::of);
        let Some(accounts) = root.get("accounts") else {
            return self.problem(&place.line(root.line), "no accounts", "accounts with a stash each");
        };
        let (entries, in_map): (Vec<&Node>, bool) = match &accounts.value {
            Value::List(items) => (items.iter().collect(), false),
            Value::Map(pairs) => (pairs.iter().map(|(_, v)| v).collect(), true),
            Value::Text(_) | Value::Refused => {
                let expected = "a list with a stash each, or a map 0, 1, … with account_id and aura_id each";
                return self.problem(&place.line(accounts.line), "accounts holds nothing to read", expected);
            }
        };
        let collators = in_map || chain.is_some() || entries.iter().any(|e| e.get("aura_id").is_some());
        for entry in entries {
            let own = entry.get("identity").and_then(|i| i.get("display")).and_then(Node::text);
            let member = Member {
                provider: provider.clone(),
                name: own.map_or_else(|| provider.clone(), Clean::of),
                active: !is_deactivated(place.path),
                chain: chain.clone(),
            };
            if collators {
                self.collator(place, entry, &member);
            } else {
                self.validator(place, entry, member);
            }
        }
    }

    fn validator(&mut self, place: &Place<'_>, entry: &Node, member: Member) {
        let Some(stash) = self.account(place, entry, &["stash"]) else { return };
        let Some(before) = self.roster.validators.get(&stash.id) else {
            if self.mark(Part::Validator, place, &stash) {
                self.roster.validators.insert(stash.id, member);
            }
            return;
        };
        let wins = member.active && !before.active;
        self.twice(
            Part::Validator,
            place,
            &stash,
            if wins { "the active one counts" } else { "that one counts" },
        );
        if wins {
            self.seen.insert((Part::Validator, stash.id), place.line(stash.line));
            self.roster.validators.insert(stash.id, member);
        }
    }

    fn collator(&mut self, place: &Place<'_>, entry: &Node, member: &Member) {
        for keys in [&["account_id", "stash"][..], &["aura_id"]] {
            let Some(found) = self.account(place, entry, keys) else { continue };
            let before = self.roster.collators.get(&found.id).map(|b| (b.chain == member.chain, b.active));
            // One operator may run collators of several chains with one account.
            match before {
                None => {
                    if self.mark(Part::Collator, place, &found) {
                        self.roster.collators.insert(found.id, member.clone());
                    }
                }
                Some((true, _)) => self.twice(Part::Collator, place, &found, "that one counts"),
                Some((false, false)) if member.active => {
                    self.roster.collators.insert(found.id, member.clone());
                }
                Some(_) => {}
            }
        }
    }

    fn whitelist(&mut self, place: &Place<'_>, root: &Node, rows: &Node) {
        let Value::List(items) = &rows.value else {
            let what = "whitelist is no list";
            return self.problem(&place.line(rows.line), what, "a list with name and address each");
        };
        let low = self.threshold(place, root);
        for row in items {
            let Some(found) = self.account(place, row, &["address"]) else { continue };
            let name = row.get("name").and_then(Node::text).map(Clean::of);
            if name.is_none() {
                self.problem(&place.line(row.line), "no name", "name and address");
            }
            if self.roster.whitelist.contains_key(&found.id) {
                self.twice(Part::Whitelist, place, &found, "that one counts");
            } else if self.mark(Part::Whitelist, place, &found) {
                let role = row.get("role").and_then(Node::text).map(Clean::of);
                let name = name.unwrap_or_else(|| Clean::of("no name"));
                self.roster.whitelist.insert(found.id, Watched { name, role, low });
            }
        }
    }

    /// `balanceThreshold`: tokens that each account of the list should hold.
    fn threshold(&mut self, place: &Place<'_>, root: &Node) -> Option<Tokens> {
        let node = root.get("balanceThreshold")?;
        let tokens = node.text().and_then(|text| text.parse::<Tokens>().ok());
        if tokens.is_none() {
            self.problem(
                &place.line(node.line),
                "balanceThreshold is no amount",
                "tokens, like 5000 or 0.25",
            );
        }
        tokens
    }

    /// The account under the first of these keys that is there. What is wrong with it is told.
    fn account(&mut self, place: &Place<'_>, entry: &Node, keys: &[&str]) -> Option<Found> {
        let Some(node) = keys.iter().find_map(|k| entry.get(k)) else {
            let what = format!("no {}", keys.join(" or "));
            self.problem(&place.line(entry.line), &what, ADDRESS);
            return None;
        };
        let id = node.text().and_then(|text| text.parse::<AccountId>().ok());
        if id.is_none() {
            let shown: String = node.text().unwrap_or("nothing").chars().take(80).collect();
            self.problem(&place.line(node.line), &format!("'{shown}' is no address"), ADDRESS);
        }
        Some(Found { id: id?, line: node.line })
    }

    /// Remembers where an account stands. False where the roster is full.
    fn mark(&mut self, part: Part, place: &Place<'_>, found: &Found) -> bool {
        if self.seen.len() >= MAX_ACCOUNTS {
            if !self.full {
                self.problem(
                    &place.line(found.line),
                    "too many accounts; the rest is left out",
                    "at most 20000",
                );
            }
            self.full = true;
            return false;
        }
        self.seen.insert((part, found.id), place.line(found.line));
        true
    }

    fn twice(&mut self, part: Part, place: &Place<'_>, found: &Found, which: &str) {
        let first = self.seen.get(&(part, found.id)).cloned().unwrap_or_default();
        let what = format!("this account stands in {first} already: {which}");
        self.problem(&place.line(found.line), &what, "each account once");
    }
}

struct Found {
    id: AccountId,
    line: usize,
}

/// The file's name without folder and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
