//! The finalized cursor: which block is known to be final, and what a newly reported one means.
//!
//! In: finalized headers as endpoints report them, in any order, repeated, skipped. Out: a [`Plan`]; the caller fetches and
//! calls [`Cursor::accept`]. Never moves back, never doubles, never skips without saying so (FAULTS H16, rows 23, 24, 30).
//! Must not do I/O.

use crate::codec::Header;
use crate::domain::{BlockRef, Hash};
use std::collections::VecDeque;

/// Finalized blocks filled in after an interruption; what is older is a gap (DESIGN §3).
pub(super) const MAX_FILL: u64 = 250;
/// Finalized blocks remembered to notice contradictions.
const REMEMBERED: usize = 512;

/// Where finality stands.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    recent: VecDeque<BlockRef>,
}

/// What to do about a finalized header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Known already.
    Known,
    /// Nothing is known: begin here.
    Begin,
    /// The very next one.
    Next,
    /// Blocks `from` to the header's parent must be fetched first; everything from `gap` to `from − 1` is given up.
    Fill {
        /// First number given up, where any is.
        gap: Option<u64>,
        /// First number to fetch.
        from: u64,
    },
    /// It contradicts what is known: another hash is final at `number`.
    Conflict {
        /// The height.
        number: u64,
        /// What was accepted.
        ours: Hash,
        /// What is claimed now.
        theirs: Hash,
    },
}

impl Cursor {
    /// The newest block accepted.
    pub(super) fn head(&self) -> Option<BlockRef> {
        self.recent.back().copied()
    }

    /// What a finalized header means.
    pub(super) fn plan(&self, header: &Header) -> Plan {
        let Some(head) = self.head() else { return Plan::Begin };
        if header.at.number <= head.number {
            return self.compare(header.at).unwrap_or(Plan::Known);
        }
        if header.at.number == head.number + 1 {
            return if header.parent == head.hash {
                Plan::Next
            } else {
                Plan::Conflict { number: head.number, ours: head.hash, theirs: header.parent }
            };
        }
        let first_missing = head.number + 1;
        let from = first_missing.max(header.at.number.saturating_sub(MAX_FILL));
        Plan::Fill { gap: (from > first_missing).then_some(first_missing), from }
    }

    /// A contradiction between `claim` and what is remembered, where there is one.
    pub(super) fn compare(&self, claim: BlockRef) -> Option<Plan> {
        let ours = self.recent.iter().rev().find(|b| b.number == claim.number)?;
        (ours.hash != claim.hash).then_some(Plan::Conflict {
            number: claim.number,
            ours: ours.hash,
            theirs: claim.hash,
        })
    }

    /// Moves to `block`.
    pub(super) fn accept(&mut self, block: BlockRef) {
        self.recent.push_back(block);
        while self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Upgrade;
    use proptest::prelude::*;

    fn hash(number: u64, fork: u8) -> Hash {
        let mut h = [fork; 32];
        h[..8].copy_from_slice(&number.to_be_bytes());
        Hash(h)
    }

    fn header(number: u64, fork: u8) -> Header {
        Header {
            at: BlockRef { number, hash: hash(number, fork) },
            parent: hash(number.saturating_sub(1), fork),
            author: None,
            upgrade: Upgrade::No,
        }
    }

    fn at(number: u64) -> Cursor {
        let mut c = Cursor::default();
        c.accept(header(number, 0).at);
        c
    }

    #[test]
    fn begins_anywhere_and_goes_on_by_one() {
        assert_eq!(Cursor::default().plan(&header(7, 0)), Plan::Begin);
        assert_eq!(at(7).plan(&header(8, 0)), Plan::Next);
        assert_eq!(at(7).plan(&header(7, 0)), Plan::Known);
        assert_eq!(at(7).plan(&header(3, 0)), Plan::Known);
    }

    #[test]
    fn what_was_skipped_is_filled_and_what_is_too_old_is_a_gap() {
        assert_eq!(at(7).plan(&header(10, 0)), Plan::Fill { gap: None, from: 8 });
        assert_eq!(at(7).plan(&header(257, 0)), Plan::Fill { gap: None, from: 8 });
        assert_eq!(at(7).plan(&header(1_000, 0)), Plan::Fill { gap: Some(8), from: 750 });
    }

    #[test]
    fn a_contradiction_is_never_accepted() {
        let conflict = |number| Plan::Conflict { number, ours: hash(number, 0), theirs: hash(number, 1) };
        assert_eq!(at(7).plan(&header(7, 1)), conflict(7));
        assert_eq!(at(7).plan(&header(8, 1)), conflict(7));
    }

    proptest! {
        #[test]
        fn any_order_of_reports_gives_each_number_once_and_ascending(reports in proptest::collection::vec(1u64..60, 1..80)) {
            let mut cursor = Cursor::default();
            let mut seen = vec![];
            for n in reports {
                let h = header(n, 0);
                let from = match cursor.plan(&h) {
                    Plan::Begin | Plan::Next => n,
                    Plan::Fill { gap, from } => { prop_assert_eq!(gap, None); from }
                    Plan::Known => continue,
                    Plan::Conflict { .. } => { prop_assert!(false, "no contradiction was reported"); continue }
                };
                for m in from..=n {
                    cursor.accept(header(m, 0).at);
                    seen.push(m);
                }
            }
            prop_assert!(seen.windows(2).all(|w| w[1] == w[0] + 1));
        }
    }
}
