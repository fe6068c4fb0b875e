//! Cells that the lists of this tab share: standing, percentages, grades, counts, the bar of a session.
//!
//! In: figures and scores. Out: short lines with a role. Healthy is dim; what fails is red and has a word or symbol too.

use crate::domain::validator::grade::hundredths;
use crate::domain::{AccountId, Grade, Score, SessionRecord};
use crate::screen::{Line, Role, format};
use crate::state::validators::Standing;
use crate::tabs::words;

/// What a validator is, as symbol and word.
pub(super) fn standing(standing: Standing) -> Line {
    let (role, symbol) = match standing {
        Standing::Disabled => (Role::Major, "✖"),
        Standing::Leaves => (Role::Minor, "←"),
        Standing::Para => (Role::Dim, "●"),
        Standing::Active => (Role::Dim, "○"),
        Standing::Joins => (Role::Info, "→"),
        Standing::Waiting => (Role::Dim, "◌"),
        Standing::Absent => (Role::Dim, "–"),
        Standing::Unknown => (Role::Unknown, "?"),
    };
    Line::of(role, format!("{symbol} {}", standing.word()))
}

/// `–`: the question does not arise.
pub(super) fn none() -> Line {
    Line::of(Role::Dim, "–")
}

/// `99.10` of hundredths of a percent.
pub(super) fn percent_text(hundredths: u32) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A share between 0 and 1 as a percentage.
pub(super) fn percent(role: Role, share: Option<f64>) -> Line {
    share.map_or_else(words::unknown, |s| Line::of(role, percent_text(hundredths(s))))
}

/// The role of a score: dim down to B, red where PAS-11 fails.
pub(super) fn role(score: Option<&Score>) -> Role {
    match score.and_then(|s| Some((s.passes()?, s.grade()?))) {
        None => Role::Unknown,
        Some((false, _)) => Role::Major,
        Some((true, grade)) if grade > Grade::B => Role::Minor,
        Some((true, _)) => Role::Dim,
    }
}

/// The ratio in percent.
pub(super) fn ratio(score: Option<&Score>) -> Line {
    score.map_or_else(words::unknown, |s| percent(role(score), s.ratio()))
}

/// The letter.
pub(super) fn grade(score: Option<&Score>) -> Line {
    score.and_then(Score::grade).map_or_else(words::unknown, |g| Line::of(role(score), g.letter()))
}

/// Whether PAS-11 is met.
pub(super) fn pas11(score: Option<&Score>) -> Line {
    match score.and_then(Score::passes) {
        None => words::unknown(),
        Some(true) => Line::of(Role::Dim, "· pass"),
        Some(false) => Line::of(Role::Major, "✖ FAIL"),
    }
}

/// A count that is good when it is zero.
pub(super) fn fault(n: u32, bad: Role) -> Line {
    Line::of(if n == 0 { Role::Dim } else { bad }, format::number(u64::from(n)))
}

/// A count that says nothing by itself.
pub(super) fn count(n: u32) -> Line {
    Line::of(Role::Dim, format::number(u64::from(n)))
}

/// A session of a validator as one glyph: its height is the grade. `?` not read, `·` not in the set, `-` no para
/// validator, `_` an F.
pub(super) fn bar(record: Option<&SessionRecord>, stash: &AccountId) -> (Role, char) {
    let Some(record) = record.filter(|r| r.blocks > 0) else { return (Role::Unknown, '?') };
    let Some(figures) = record.of(stash) else { return (Role::Dim, '·') };
    match figures.para {
        Some(false) => return (Role::Dim, '-'),
        None => return (Role::Unknown, '?'),
        Some(true) => {}
    }
    let Some(score) = Score::of_session(record, figures) else { return (Role::Unknown, '?') };
    let glyph = match score.grade() {
        None => return (Role::Unknown, '?'),
        Some(Grade::APlus) => '█',
        Some(Grade::A) => '▇',
        Some(Grade::BPlus) => '▆',
        Some(Grade::B) => '▅',
        Some(Grade::CPlus) => '▄',
        Some(Grade::C) => '▃',
        Some(Grade::DPlus) => '▂',
        Some(Grade::D) => '▁',
        Some(Grade::F) => '_',
    };
    (role(Some(&score)), glyph)
}
