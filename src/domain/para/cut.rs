//! Lists that are longer than what was read of them.
//!
//! In: how many there are, where that is known, and how many were read. Out: words. What is not in a list that was cut is
//! not known to be absent.

use serde::{Deserialize, Serialize};

/// A list of which only the beginning was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The place by name: `Paras.ParaLifecycles`.
    pub place: String,
    /// How many were read.
    pub read: u64,
    /// How many there are; none: more, and nobody counted them.
    pub all: Option<u64>,
}

impl Cut {
    /// What was left out, as a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self.all {
            Some(all) => format!("only {} of the {all} entries of {} were read", self.read, self.place),
            None => {
                format!("only the first {} entries of {} were read, there are more", self.read, self.place)
            }
        }
    }

    /// How many there are at least: `≥ 1000`.
    #[must_use]
    pub fn at_least(&self) -> String {
        format!("≥ {}", self.all.unwrap_or(self.read.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_counted_is_more_and_what_was_is_said() {
        let cut = Cut { place: "Paras.ParaLifecycles".to_owned(), read: 1_000, all: None };
        assert_eq!(
            cut.words(),
            "only the first 1000 entries of Paras.ParaLifecycles were read, there are more"
        );
        assert_eq!(cut.at_least(), "≥ 1001");
        let counted = Cut { all: Some(300), read: 256, ..cut };
        assert_eq!(counted.words(), "only 256 of the 300 entries of Paras.ParaLifecycles were read");
    }
}
