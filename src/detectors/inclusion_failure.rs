//! `inclusion-failure`: transactions wait and none gets into a block.
//!
//! In: the newest 10 blocks and the size of the pool. Out: major where all of them carry only inherents while the pool
//! was not empty for the last three of them at least (a transaction that has only just come must not fire). Unknown
//! where a block could not be decoded or the pool was not read lately. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::{Clean, Origin, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "inclusion-failure",
    about: "Transactions wait while blocks stay empty",
    check: |view| Verdict::from(find(view)),
};

/// Oldest reading of the pool that counts, milliseconds, and in block times for slow chains (read every 10th block).
const POOL_AGE_MS: u64 = 120_000;
const POOL_AGE_BLOCKS: u64 = 15;
/// Blocks that must have come, empty, since the pool was first seen busy.
const SINCE_BUSY: usize = 3;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let wanted = usize::try_from(view.spec.thresholds.inclusion_failure_blocks).unwrap_or(usize::MAX).max(1);
    let rows: Vec<_> = view.chain.blocks.newest_first().take(wanted).collect();
    if rows.iter().any(|row| row.block.transactions.is_some_and(|n| n > 0)) {
        return Ok(vec![]);
    }
    let oldest_reading = POOL_AGE_MS.max(POOL_AGE_BLOCKS * view.block_time_ms());
    let pool = match &view.chain.pool {
        crate::domain::Reading::Unknown(reason) => return Err(reason.clone()),
        crate::domain::Reading::Known(p) if p.origin == Origin::Journal => {
            return Err(Clean::of("the pool has not been read in this run"));
        }
        crate::domain::Reading::Known(p) if p.value == 0 => return Ok(vec![]),
        crate::domain::Reading::Known(p) if p.age_ms(view.now) >= oldest_reading => {
            return Err(Clean::of("the pool has not been read lately"));
        }
        crate::domain::Reading::Known(p) => p.value,
    };
    let whole = rows.len() == wanted
        && rows.iter().zip(rows.iter().skip(1)).all(|(new, old)| new.block.parent == old.block.at.hash);
    if !whole || rows.iter().any(|row| row.block.transactions.is_none()) {
        return Err(Clean::of(&format!("fewer than {wanted} blocks in a row have been read and decoded")));
    }
    let busy = view.chain.pool_busy_since;
    let waited = rows.iter().filter(|row| row.received.zip(busy).is_some_and(|(r, b)| r > b)).count();
    if waited < SINCE_BUSY.min(wanted) {
        return Ok(vec![]);
    }
    let first = rows.last().map_or(view.now, |row| view.time_of(row.block.at.number));
    let summary = format!(
        "includes no transactions: {wanted} empty blocks while {} wait in the pool",
        grouped(pool.into())
    );
    Ok(vec![Finding::new(Severity::Major, first, summary)])
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, severity, since};
    use crate::domain::{Fact, Severity};

    /// `n` blocks, the pool read before each; `transactions` in each block.
    fn blocks(bed: &mut Bed, n: u64, pool: u32, transactions: Option<u32>) {
        bed.up(RELAY, "a");
        for number in 1..=n {
            bed.fact(RELAY, Some("a"), Fact::Pool(pool));
            bed.advance(6_000);
            bed.block_with(RELAY, number, |block| block.transactions = transactions);
        }
    }

    #[test]
    fn ten_empty_blocks_with_a_busy_pool_fire() {
        for (n, pool, transactions, expected) in [
            (9, 4, Some(0), "unknown"),
            (10, 4, Some(0), "major"),
            (10, 0, Some(0), "quiet"),
            (10, 4, Some(1), "quiet"),
            (10, 4, None, "unknown"),
        ] {
            let mut bed = Bed::family();
            blocks(&mut bed, n, pool, transactions);
            let verdict = bed.check("inclusion-failure", RELAY);
            let word = match &verdict {
                Verdict::Unknown(_) => "unknown",
                v if severity(v) == Some(Severity::Major) => "major",
                _ => "quiet",
            };
            assert_eq!(word, expected, "{n} blocks, {pool} waiting, {transactions:?} in each");
        }
    }

    #[test]
    fn it_began_with_the_first_empty_block_and_clears_with_a_transaction() {
        let mut bed = Bed::family();
        blocks(&mut bed, 10, 4, Some(0));
        assert_eq!(
            since(&bed.check("inclusion-failure", RELAY)),
            bed.now.minus(54_000 + 500),
            "its own time"
        );
        bed.block_with(RELAY, 11, |block| block.transactions = Some(1));
        assert_eq!(bed.check("inclusion-failure", RELAY), Verdict::Quiet);
    }

    #[test]
    fn a_transaction_that_has_only_just_come_does_not_fire_on_a_quiet_net() {
        let mut bed = Bed::family();
        blocks(&mut bed, 20, 0, Some(0));
        bed.fact(RELAY, Some("a"), Fact::Pool(1));
        for number in 21..=22 {
            bed.advance(6_000);
            bed.block(RELAY, number);
            assert_eq!(bed.check("inclusion-failure", RELAY), Verdict::Quiet);
        }
        bed.advance(6_000);
        bed.block(RELAY, 23);
        assert_eq!(severity(&bed.check("inclusion-failure", RELAY)), Some(Severity::Major));
    }

    #[test]
    fn an_old_reading_of_the_pool_is_unknown() {
        let mut bed = Bed::family();
        blocks(&mut bed, 10, 4, Some(0));
        for number in 11..=31 {
            bed.advance(6_000);
            bed.block(RELAY, number);
        }
        assert!(matches!(bed.check("inclusion-failure", RELAY), Verdict::Unknown(_)));
    }
}
