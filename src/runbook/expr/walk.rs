//! What an expression mentions, and whether it calculates with balances.
//!
//! In: a parsed expression. Out: the names of values and functions in it, how deep its loops are, operators over balances.

use super::value::BALANCE_FIELDS;
use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue};
use std::collections::BTreeSet;

/// What an expression mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Parameters and reads.
    pub names: BTreeSet<String>,
    /// Reads as they were before.
    pub before: BTreeSet<String>,
    /// Functions.
    pub functions: BTreeSet<String>,
    /// True where it looks at events.
    pub events: bool,
    /// Depth of loops inside loops.
    pub loops: usize,
}

/// Says of a name whether it is a balance.
pub type Typed<'a> = dyn Fn(&str) -> bool + 'a;

impl Uses {
    pub(super) fn of(expr: &IdedExpr) -> Self {
        let mut uses = Self::default();
        walk(expr, &mut Vec::new(), 0, &mut uses);
        uses
    }
}

impl super::Expr {
    /// True for `name == … || …` and `name != … || …`: an alternative that looks at this name alone makes the whole true.
    #[must_use]
    pub fn excuses(&self, name: &str) -> bool {
        alternatives(self.program.expression()).into_iter().any(|part| {
            let uses = Uses::of(part);
            uses.names.iter().eq([name]) && uses.before.is_empty() && !uses.events
        })
    }

    /// The first operator that calculates with a balance or compares one; `is_balance` knows the names.
    #[must_use]
    pub fn balance_operator(&self, is_balance: &Typed<'_>) -> Option<&'static str> {
        operator(self.program.expression(), is_balance)
    }
}

fn walk(expr: &IdedExpr, bound: &mut Vec<String>, loops: usize, uses: &mut Uses) {
    match &expr.expr {
        Expr::Ident(name) => {
            if name == "events" {
                uses.events = true;
            } else if !bound.contains(name) && !name.starts_with('@') {
                uses.names.insert(name.clone());
            }
        }
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) if name == "before" && !bound.contains(name) => {
                uses.before.insert(select.field.clone());
            }
            _ => walk(&select.operand, bound, loops, uses),
        },
        Expr::Call(call) => {
            if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                uses.functions.insert(call.func_name.clone());
            }
            for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                walk(part, bound, loops, uses);
            }
        }
        Expr::Comprehension(inner) => {
            walk(&inner.iter_range, bound, loops, uses);
            uses.loops = uses.loops.max(loops + 1);
            let before = bound.len();
            bound.extend([inner.iter_var.clone(), inner.accu_var.clone()]);
            bound.extend(inner.iter_var2.clone());
            for part in [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result] {
                walk(part, bound, loops + 1, uses);
            }
            bound.truncate(before);
        }
        Expr::List(list) => list.elements.iter().for_each(|part| walk(part, bound, loops, uses)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    walk(&entry.key, bound, loops, uses);
                    walk(&entry.value, bound, loops, uses);
                }
            }
        }
        Expr::Struct(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// How operators are called inside, and how people write them.
const OPERATORS: [(&str, &str); 11] = [
    ("_==_", "=="),
    ("_!=_", "!="),
    ("_+_", "+"),
    ("_-_", "-"),
    ("_*_", "*"),
    ("_/_", "/"),
    ("_%_", "%"),
    ("_<_", "<"),
    ("_<=_", "<="),
    ("_>_", ">"),
    ("_>=_", ">="),
];

fn operator(expr: &IdedExpr, is_balance: &Typed<'_>) -> Option<&'static str> {
    let here = match &expr.expr {
        Expr::Call(call) => OPERATORS
            .iter()
            .find(|(name, _)| *name == call.func_name && call.args.iter().any(|a| balance(a, is_balance)))
            // Whether there is an amount at all may be asked.
            .filter(|(_, sign)| !(["==", "!="].contains(sign) && call.args.iter().any(is_null)))
            .map(|(_, sign)| *sign),
        _ => None,
    };
    here.or_else(|| parts(expr).into_iter().find_map(|part| operator(part, is_balance)))
}

/// The parts of `a || b || c`; none of what is no alternative.
fn alternatives(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Call(call) if call.func_name == "_||_" => {
            let inner = |part| match alternatives(part) {
                inner if inner.is_empty() => vec![part],
                inner => inner,
            };
            call.args.iter().flat_map(inner).collect()
        }
        _ => Vec::new(),
    }
}

fn parts(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Select(select) => vec![&select.operand],
        Expr::Call(CallExpr { target, args, .. }) => target.iter().map(AsRef::as_ref).chain(args).collect(),
        Expr::Comprehension(inner) => {
            vec![&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => (map.entries.iter())
            .filter_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => Some([&entry.key, &entry.value]),
                EntryExpr::StructField(_) => None,
            })
            .flatten()
            .collect(),
        _ => Vec::new(),
    }
}

fn is_null(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Literal(LiteralValue::Null))
}

fn balance(expr: &IdedExpr, is_balance: &Typed<'_>) -> bool {
    match &expr.expr {
        Expr::Ident(name) => is_balance(name),
        Expr::Select(select) => {
            let root = matches!(&select.operand.expr, Expr::Ident(name) if name == "before");
            BALANCE_FIELDS.contains(&select.field.as_str())
                || root && is_balance(&select.field)
                || !root && balance(&select.operand, is_balance)
        }
        Expr::Call(call) if call.func_name == "_[_]" => {
            call.args.first().is_some_and(|list| balance(list, is_balance))
        }
        Expr::Call(call) => ["pas", "add", "sub", "planck"].contains(&call.func_name.as_str()),
        _ => false,
    }
}
