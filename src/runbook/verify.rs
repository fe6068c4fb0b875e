//! Did it work: the lines of `verify` over values read afterwards.
//!
//! In: a recipe, what reads were before and are now, names of events. Out: each line as yes, no or unknown. Must not do I/O.

use super::expr::{Expr, Scope};
use super::recipe::{Placed, Recipe, Verify, When};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A time that a line may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Within {
    /// So many blocks of the recipe's chain.
    Blocks(u32),
    /// So many sessions of the relay.
    Sessions(u32),
}

impl Within {
    /// Reads `10 blocks` or `2 sessions`; `1 block` and `1 session`, too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.split_once(' ')?;
        let count = count.parse().ok().filter(|n| (1..=100_000).contains(n))?;
        match unit {
            "block" | "blocks" => Some(Self::Blocks(count)),
            "session" | "sessions" => Some(Self::Sessions(count)),
            _ => None,
        }
    }
}

/// A line and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The expression.
    pub expr: String,
    /// When it must be true.
    pub when: When,
    /// Within which time.
    pub within: Option<String>,
    /// What holds, as a sentence.
    pub message: String,
    /// Whether it holds; null where that is not known, or it was not looked at.
    pub ok: Option<bool>,
    /// Why it is not known.
    pub reason: Option<String>,
    /// Whether it held before anything was done: then it is no sign that the call worked. Null where that is not known.
    pub already: Option<bool>,
}

impl Line {
    /// The line before anything was done.
    #[must_use]
    pub fn open(line: &Verify) -> Self {
        Self {
            expr: line.expr.get_ref().clone(),
            when: *line.when.get_ref(),
            within: line.within.as_ref().map(|w| w.get_ref().clone()),
            message: line.message.get_ref().clone(),
            ok: None,
            reason: None,
            already: None,
        }
    }
}

/// Whether `only` leaves a line or a check in; where that cannot be told, it stays in.
pub(super) fn is_meant(only: Option<&Placed>, scope: &Scope) -> bool {
    only.and_then(|only| Expr::compile(only.get_ref()).ok()).and_then(|expr| expr.holds(scope).ok())
        != Some(false)
}

/// The lines as a plan tells them, with whether they held already over what the plan has read.
#[must_use]
pub fn planned(recipe: &Recipe, scope: &Scope) -> Vec<Line> {
    let before = Scope { before: scope.slots.clone(), events: Some(Vec::new()), ..scope.clone() };
    let lines = recipe.verify.iter().filter(|line| is_meant(line.only.as_ref(), scope));
    lines
        .map(|line| {
            let holds = Expr::compile(line.expr.get_ref()).ok().and_then(|expr| expr.holds(&before).ok());
            Line { already: holds, ..Line::open(line) }
        })
        .collect()
}

/// The lines of `when` over `scope`: its slots as they are now, `before` as the plan read them.
#[must_use]
pub fn judge(recipe: &Recipe, when: When, scope: &Scope) -> Vec<Line> {
    let lines = recipe.verify.iter().filter(|line| *line.when.get_ref() == when);
    lines
        .filter(|line| is_meant(line.only.as_ref(), scope))
        .map(|line| {
            let mut out = Line::open(line);
            let answer = Expr::compile(line.expr.get_ref()).map(|expr| expr.holds(scope));
            match answer {
                Ok(Ok(yes)) => out.ok = Some(yes),
                Ok(Err(failed)) => out.reason = Some(failed.why),
                Err(why) => out.reason = Some(why),
            }
            out
        })
        .collect()
}

/// The reads that the lines of `when` look at.
#[must_use]
pub fn needed(recipe: &Recipe, when: When) -> BTreeSet<String> {
    let lines = recipe.verify.iter().filter(|line| *line.when.get_ref() == when);
    let named = lines
        .filter_map(|line| Expr::compile(line.expr.get_ref()).ok())
        .flat_map(|expr| expr.uses().names.clone());
    named.filter(|name| recipe.read(name).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::super::expr::Slot;
    use super::*;
    use crate::domain::call::Node;

    #[test]
    fn a_line_is_judged_over_what_is_now_and_what_was_before() {
        let all = Catalogue::built_in().unwrap();
        let recipe = all.find("row:A3").unwrap();
        let mut scope = Scope::default();
        let bytes = |b: u8| Slot::given(Node::Bytes(vec![b]));
        scope.slots.insert("new_head".to_owned(), bytes(2));
        scope.slots.insert("head".to_owned(), bytes(2));
        scope.before.insert("head".to_owned(), bytes(1));
        let now = judge(recipe, When::Now, &scope);
        assert_eq!(now.iter().map(|l| l.ok).collect::<Vec<_>>(), [Some(true)]);
        let later = judge(recipe, When::Later, &scope);
        assert_eq!(later.iter().map(|l| l.ok).collect::<Vec<_>>(), [Some(false)]);
        assert_eq!(later[0].within.as_deref().and_then(Within::parse), Some(Within::Blocks(10)));
        scope.slots.insert("head".to_owned(), Slot::Unknown("no answer".to_owned()));
        let unknown = judge(recipe, When::Now, &scope);
        assert_eq!(
            (unknown[0].ok, unknown[0].reason.as_deref()),
            (None, Some("'head' was not read: no answer"))
        );
        assert_eq!(needed(recipe, When::Now).into_iter().collect::<Vec<_>>(), ["head"]);
    }

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(Within::parse("2 sessions"), Some(Within::Sessions(2)));
        assert_eq!(Within::parse("1 block"), Some(Within::Blocks(1)));
        for wrong in ["", "10", "blocks", "0 blocks", "5 minutes", "-1 blocks"] {
            assert_eq!(Within::parse(wrong), None, "{wrong}");
        }
    }
}
