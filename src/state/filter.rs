//! Which rows a filter keeps: fuzzy, `!` inverse, `-r` regular expression.
//!
//! In: the text of the filter and of a row. Out: keep or not; for a wrong expression a sentence. Expressions are bounded
//! in size, so that no input makes the console slow. Must not know tables or keys.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use regex::{Regex, RegexBuilder};

/// Largest compiled expression in bytes.
const REGEX_SIZE: usize = 1 << 18;

/// Shortest part of an id that is looked for.
const MIN_ID: usize = 3;

fn stands_in(word: &str, id: &str) -> bool {
    let exact = word.bytes().any(|b| b.is_ascii_uppercase());
    let (word, id) = (word.as_bytes(), id.as_bytes());
    id.windows(word.len()).any(|part| if exact { part == word } else { part.eq_ignore_ascii_case(word) })
}

/// The text of a filter that keeps the rows in which `text` stands.
#[must_use]
pub fn containing(text: &str) -> String {
    format!("-r {}", regex::escape(text))
}

/// A filter ready for use.
pub struct Filter {
    test: Test,
    /// The filter as it stands, where it is one plain word: it may be a part of an id.
    word: Option<String>,
    matcher: Matcher,
    buffer: Vec<char>,
}

enum Test {
    All,
    Fuzzy(Pattern),
    Regex {
        expression: Regex,
        inverse: bool,
    },
    /// A regular expression that does not compile keeps every row: nothing is hidden by a typing error.
    Wrong(String),
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").field("wrong", &self.wrong()).finish_non_exhaustive()
    }
}

impl Filter {
    /// The filter that `text` describes: words matched fuzzily and all of them, `!word` for rows without it,
    /// `-r EXPRESSION` for a regular expression, `!-r EXPRESSION` for rows that do not match it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let (inverse, rest) = match text.strip_prefix('!').map(str::trim_start) {
            Some(rest) if rest.starts_with("-r") => (true, rest),
            _ => (false, text),
        };
        let test = if text.is_empty() {
            Test::All
        } else if let Some(expression) =
            rest.strip_prefix("-r").filter(|e| e.is_empty() || e.starts_with(' '))
        {
            Self::regex(expression.trim_start(), inverse)
        } else {
            Test::Fuzzy(Pattern::parse(text, CaseMatching::Smart, Normalization::Smart))
        };
        let is_word = text.len() >= MIN_ID && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let word = is_word.then(|| text.to_owned());
        Self { test, word, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }

    fn regex(expression: &str, inverse: bool) -> Test {
        let any_case = !expression.chars().any(char::is_uppercase);
        let built = RegexBuilder::new(expression)
            .case_insensitive(any_case)
            .size_limit(REGEX_SIZE)
            .dfa_size_limit(REGEX_SIZE)
            .nest_limit(32)
            .build();
        match built {
            _ if expression.is_empty() => Test::All,
            Ok(expression) => Test::Regex { expression, inverse },
            Err(regex::Error::CompiledTooBig(_)) => Test::Wrong("the expression is too large".to_owned()),
            Err(e) => {
                let text = e.to_string();
                let last = text.lines().last().unwrap_or("not a regular expression");
                Test::Wrong(last.trim_start_matches("error: ").to_owned())
            }
        }
    }

    /// Why the filter cannot be used, where it cannot.
    #[must_use]
    pub fn wrong(&self) -> Option<&str> {
        match &self.test {
            Test::Wrong(why) => Some(why),
            _ => None,
        }
    }

    /// True where it hides nothing.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        matches!(self.test, Test::All | Test::Wrong(_))
    }

    /// True where the row of this text and this id stays. An id is long and random: letters strewn over it would match
    /// anything, so a word must stand in it as it is (in any case where it has no capitals).
    pub fn keeps_either(&mut self, text: &str, id: &str) -> bool {
        match &self.test {
            Test::Regex { expression, inverse } => {
                (expression.is_match(text) || expression.is_match(id)) != *inverse
            }
            Test::Fuzzy(_) => self.word.as_ref().is_some_and(|w| stands_in(w, id)) || self.keeps(text),
            Test::All | Test::Wrong(_) => true,
        }
    }

    /// True where the row of this text stays.
    pub fn keeps(&mut self, text: &str) -> bool {
        match &self.test {
            Test::All | Test::Wrong(_) => true,
            Test::Fuzzy(pattern) => {
                self.buffer.clear();
                pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher).is_some()
            }
            Test::Regex { expression, inverse } => expression.is_match(text) != *inverse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(filter: &str) -> Vec<&'static str> {
        let mut filter = Filter::of(filter);
        ["Relay", "Asset Hub", "Bridge Hub", "People"].into_iter().filter(|t| filter.keeps(t)).collect()
    }

    #[test]
    fn fuzzy_inverse_and_regular_expressions() {
        assert_eq!(kept("ahub"), ["Asset Hub"]);
        assert_eq!(kept("!hub"), ["Relay", "People"]);
        assert_eq!(kept("-r ^(re|pe)"), ["Relay", "People"]);
        assert_eq!(kept("!-r hub$"), ["Relay", "People"]);
        assert_eq!(kept(""), kept("-r"));
    }

    #[test]
    fn a_filter_for_a_text_takes_it_as_it_stands() {
        let mut filter = Filter::of(&containing("[a (b) *.c]"));
        assert!(filter.keeps("x [a (b) *.c]") && !filter.keeps("a b c"), "{filter:?}");
    }

    #[test]
    fn an_id_is_found_by_a_part_of_it_and_not_by_strewn_letters() {
        let id = "14x3cEhTuPqL9rWzQhPf";
        let keeps = |filter: &str| Filter::of(filter).keeps_either("charlie", id);
        assert!(keeps("14x3") && keeps("tupql") && keeps("chrl") && keeps("-r ^14x") && keeps(""));
        assert!(!keeps("TUPQL") && !keeps("hpf14") && !keeps("14p") && !keeps("!-r hPf$"));
    }

    #[test]
    fn a_wrong_expression_hides_nothing_and_says_why() {
        assert_eq!(kept("-r (").len(), 4);
        assert!(
            Filter::of("-r (").wrong().is_some_and(|w| w.contains("unclosed group")),
            "{:?}",
            Filter::of("-r (")
        );
        let huge = format!("-r {}", "(a{50}){50}".repeat(20));
        assert_eq!(Filter::of(&huge).wrong(), Some("the expression is too large"));
    }
}
