//! Expressions: CEL over parameters and reads, bounded, with three answers.
//!
//! In: a text, values by name. Out: a value, or yes, no, unknown. What was not read makes an answer unknown; an evaluation
//! that fails does too, unless it fails over something that is absent on chain: then the answer is no. Must not do I/O.

mod functions;
mod value;
mod walk;

pub use functions::FUNCTIONS;
pub use value::{BALANCE_FIELDS, Planck, of_cel, to_cel};
pub use walk::{Typed, Uses};

use crate::domain::call::Node;
use cel::{Context, Program, Value};
use std::collections::BTreeMap;

/// Longest expression, in bytes.
const MAX_SOURCE: usize = 2_000;
/// Deepest brackets in an expression.
const MAX_BRACKETS: usize = 24;
/// Deepest loops inside loops.
const MAX_LOOPS: usize = 2;
/// Words that the language keeps.
const KEYWORDS: [&str; 18] = [
    "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if",
    "import", "let", "loop", "package", "return", "while",
];

/// True for a text that can name a parameter or a read.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !KEYWORDS.contains(&text)
        && !["before", "events"].contains(&text)
        && text.len() <= 40
}

/// A compiled expression.
#[derive(Debug)]
pub struct Expr {
    program: Program,
    uses: Uses,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Slot {
    /// A value.
    Known {
        /// The value.
        node: Node,
        /// True where its numbers are planck.
        balance: bool,
        /// True where it was looked for on chain and is not there.
        absent: bool,
    },
    /// It was not read, and why.
    Unknown(String),
}

impl Slot {
    /// A value that somebody gave.
    #[must_use]
    pub fn given(node: Node) -> Self {
        Self::Known { node, balance: false, absent: false }
    }
}

/// The values that an expression may name.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// By name.
    pub slots: BTreeMap<String, Slot>,
    /// What reads were before, by name: for lines of `verify`.
    pub before: BTreeMap<String, Slot>,
    /// Names of events, `Pallet.Name`: for lines of `verify`.
    pub events: Option<Vec<String>>,
    /// Decimals of the token, for `pas("1.5")`.
    pub decimals: Option<u8>,
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// One sentence.
    pub why: String,
    /// True where it fails over something that is absent on chain.
    pub absent: bool,
}

impl Expr {
    /// Compiles an expression.
    ///
    /// # Errors
    /// It is too long, too deep, no CEL, or calls a function that there is not.
    pub fn compile(source: &str) -> Result<Self, String> {
        if source.len() > MAX_SOURCE {
            return Err(format!("the expression is longer than {MAX_SOURCE} bytes"));
        }
        if brackets(source) > MAX_BRACKETS {
            return Err(format!("brackets are nested deeper than {MAX_BRACKETS}"));
        }
        let program = Program::compile(source).map_err(|e| {
            let flat: Vec<String> = e.to_string().lines().map(|l| l.trim().to_owned()).collect();
            let first = flat.into_iter().find(|l| !l.is_empty()).unwrap_or_default();
            format!("this is no CEL expression ({})", first.trim_start_matches("ERROR: "))
        })?;
        let uses = Uses::of(program.expression());
        if uses.loops > MAX_LOOPS {
            return Err(format!("loops are nested deeper than {MAX_LOOPS}"));
        }
        if let Some(name) = uses.functions.iter().find(|name| !functions::exists(name)) {
            return Err(format!("there is no function '{name}'"));
        }
        Ok(Self { program, uses })
    }

    /// What it mentions.
    #[must_use]
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// Its value.
    ///
    /// # Errors
    /// Something it mentions is unknown, or the evaluation fails.
    pub fn value(&self, scope: &Scope) -> Result<Node, Failed> {
        let value = self.cel(scope)?;
        of_cel(&value).map_err(|why| Failed { why, absent: false })
    }

    /// Yes, no, or why that is unknown.
    ///
    /// # Errors
    /// Something it mentions is unknown, the evaluation fails, or it is neither true nor false.
    pub fn holds(&self, scope: &Scope) -> Result<bool, Failed> {
        match self.cel(scope) {
            Ok(Value::Bool(yes)) => Ok(yes),
            Ok(_) => {
                Err(Failed { why: "the expression is neither true nor false".to_owned(), absent: false })
            }
            Err(failed) if failed.absent => Ok(false),
            Err(failed) => Err(failed),
        }
    }

    fn cel(&self, scope: &Scope) -> Result<Value, Failed> {
        let unknown = |why: String| Failed { why, absent: false };
        let mut context = Context::default();
        functions::add(&mut context, scope.decimals).map_err(unknown)?;
        let mut absent = false;
        for name in &self.uses.names {
            match scope.slots.get(name) {
                Some(slot) => {
                    absent |= matches!(slot, Slot::Known { absent: true, .. });
                    let value = known(name, slot).map_err(unknown)?;
                    context.add_variable_from_value(name.clone(), value);
                }
                None => return Err(unknown(format!("'{name}' is not known"))),
            }
        }
        if !self.uses.before.is_empty() {
            let mut before = std::collections::HashMap::new();
            for name in &self.uses.before {
                let slot =
                    scope.before.get(name).ok_or_else(|| unknown(format!("'before.{name}' is not known")))?;
                absent |= matches!(slot, Slot::Known { absent: true, .. });
                before.insert(name.clone(), known(name, slot).map_err(unknown)?);
            }
            context.add_variable_from_value("before", before);
        }
        if self.uses.events {
            let events = scope.events.clone().ok_or_else(|| unknown("no events were read".to_owned()))?;
            context.add_variable_from_value("events", events);
        }
        self.program.execute(&context).map_err(|e| {
            let why: String = e.to_string().chars().take(200).collect();
            Failed { why: format!("it cannot be evaluated: {why}"), absent }
        })
    }
}

fn known(name: &str, slot: &Slot) -> Result<Value, String> {
    match slot {
        Slot::Known { node, balance, .. } => to_cel(node, *balance).map_err(|why| format!("'{name}': {why}")),
        Slot::Unknown(why) => Err(format!("'{name}' was not read: {why}")),
    }
}

fn brackets(source: &str) -> usize {
    let mut depth = 0_usize;
    source.chars().fold(0, |most, c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most.max(depth)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope() -> Scope {
        let mut scope = Scope { decimals: Some(10), ..Scope::default() };
        let mut put = |name: &str, node: Node| scope.slots.insert(name.to_owned(), Slot::given(node));
        put("para", Node::Number(2_000));
        put("head", Node::Bytes(vec![0x12, 0x34]));
        put("lifecycle", Node::Variant("Parachain".to_owned(), Vec::new()));
        put("list", Node::of_json(&json!([[2000, 5], [2001, 6]])));
        put("account", Node::of_json(&json!({ "free": 25_000_000_000_u64, "nonce": 3 })));
        put("large", Node::Number(u128::MAX));
        put("none", Node::Nothing);
        let gone = Slot::Known { node: Node::Nothing, balance: false, absent: true };
        scope.slots.insert("gone".to_owned(), gone);
        scope.slots.insert("unread".to_owned(), Slot::Unknown("no answer".to_owned()));
        scope
    }

    fn holds(source: &str) -> Option<bool> {
        Expr::compile(source).unwrap_or_else(|e| panic!("{source}: {e}")).holds(&scope()).ok()
    }

    #[test]
    fn an_answer_is_yes_no_or_unknown() {
        for (source, answer) in [
            ("para == 2000", Some(true)),
            ("lifecycle in ['Parachain', 'Parathread']", Some(true)),
            ("len(head) <= 1", Some(false)),
            ("none == null", Some(true)),
            ("list.exists(x, x[0] == para)", Some(true)),
            ("sum(list.map(x, x[1])) == 11", Some(true)),
            ("unread == null", None),
            // What is unknown is unknown even where it would not matter.
            ("para == 2000 || unread == null", None),
            ("gone == null", Some(true)),
            ("gone.locked == true", Some(false)),
            ("none.locked == true", None),
            ("para", None),
            ("para / 0 == 1", None),
            ("head == hex('0x1234')", Some(true)),
            ("blake2_256(head) == hex('0x1234')", Some(false)),
            ("para * 9223372036854775807 > 1", None),
        ] {
            assert_eq!(holds(source), answer, "{source}");
        }
        let why = Expr::compile("unread == null").unwrap().holds(&scope()).unwrap_err().why;
        assert_eq!(why, "'unread' was not read: no answer");
    }

    #[test]
    fn balances_are_compared_by_functions_and_large_numbers_are_never_cut() {
        for (source, answer) in [
            ("ge(account.free, pas('2.5'))", Some(true)),
            ("ge(account.free, pas('2.5000000001'))", Some(false)),
            ("le(sub(account.free, pas('1')), pas('1.5'))", Some(true)),
            ("ge(large, pas('1'))", Some(true)),
            ("eq(add(pas('1'), 1), planck('10000000001'))", Some(true)),
            // Operators do not take them.
            ("account.free > 1", None),
            ("large + 1 > 0", None),
            ("ge(sub(pas('1'), pas('2')), 0)", None),
            ("account.nonce + 1 == 4", Some(true)),
        ] {
            assert_eq!(holds(source), answer, "{source}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_in_one_line() {
        let refused = |source: &str| Expr::compile(source).unwrap_err();
        assert!(refused("a ==").starts_with("this is no CEL expression ("), "{}", refused("a =="));
        assert!(!refused("a ==\n\n").contains('\n'));
        assert_eq!(refused("shell('x')"), "there is no function 'shell'");
        assert!(refused(&"(".repeat(200)).contains("nested deeper than 24"));
        assert!(refused(&"1+".repeat(2_000)).contains("longer than 2000 bytes"));
        assert!(refused("[1].map(a, [1].map(b, [1].map(c, c)))").contains("loops are nested"));
        assert!(refused("").contains("no CEL"), "{}", refused(""));
    }

    #[test]
    fn a_value_comes_back_as_it_would_be_written_in_a_call() {
        let value = |source: &str| Expr::compile(source).unwrap().value(&scope()).unwrap();
        assert_eq!(value("list.filter(x, x[0] != para)"), Node::of_json(&json!([[2001, 6]])));
        assert_eq!(
            value("blake2_256(head)"),
            Node::Bytes(sp_crypto_hashing::blake2_256(&[0x12, 0x34]).to_vec())
        );
        assert_eq!(value("null"), Node::Nothing);
        assert_eq!(value("pas('1.5')"), Node::Number(15_000_000_000));
        assert_eq!(value("large"), Node::Number(u128::MAX));
        assert_eq!(value("{'Task': para}"), Node::of_json(&json!({ "Task": 2000 })));
    }

    #[test]
    fn lists_beyond_the_bound_are_unknown_and_not_slow() {
        let mut scope = scope();
        scope.slots.insert("list".to_owned(), Slot::given(Node::List(vec![Node::Number(1); 100_000])));
        let why = Expr::compile("list.all(x, x == 1)").unwrap().holds(&scope).unwrap_err().why;
        assert!(why.contains("100000 items"), "{why}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        #[test]
        fn any_text_is_an_expression_or_refused_and_never_a_panic(
            text in "[a-z0-9(){}\\[\\].,+*/%<>=!&|?:'\"\\\\ @_-]{0,60}"
        ) {
            if let Ok(expr) = Expr::compile(&text) {
                let _ = expr.holds(&scope());
            }
            let _ = crate::runbook::template::Template::of_text(&text);
        }
    }
}
