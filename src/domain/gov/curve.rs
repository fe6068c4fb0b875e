//! The curves of a referendum's track, computed as `pallet-referenda` computes them: every rounding is the chain's.
//!
//! In: parts per billion and the three shapes of a curve. Out: what is needed at a moment, and when a share is enough. Whole
//! numbers only: a chain knows no fractions. Must not know referenda.

use serde::{Deserialize, Serialize};

/// One, in parts per billion.
const ONE: u32 = 1_000_000_000;
/// The same as a fixed-point number of the runtime (`FixedI64`).
const FIXED_ONE: i128 = 1_000_000_000;

/// A share in parts per billion, 0 to 1 000 000 000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Perbill(u32);

impl Perbill {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// All.
    pub const ALL: Self = Self(ONE);

    /// A share of so many parts; more than all is all.
    #[must_use]
    pub fn of_parts(parts: u32) -> Self {
        Self(parts.min(ONE))
    }

    /// The parts.
    #[must_use]
    pub fn parts(self) -> u32 {
        self.0
    }

    /// `part` of `whole`, rounded down; all where `whole` is nothing or less than `part`, as the runtime has it.
    #[must_use]
    pub fn of_ratio(part: u128, whole: u128) -> Self {
        if whole == 0 || part > whole {
            return Self::ALL;
        }
        // Long division, bit by bit of 10⁹: exact for any amounts that leave two bits free.
        let (mut quotient, mut rest) = (0_u32, 0_u128);
        for bit in (0..30).rev() {
            (quotient, rest) = (quotient << 1, rest.saturating_mul(2));
            if ONE >> bit & 1 == 1 {
                rest = rest.saturating_add(part);
            }
            while rest >= whole {
                rest -= whole;
                quotient = quotient.saturating_add(1);
            }
        }
        Self::of_parts(quotient)
    }

    /// This share of `whole`, rounded up.
    #[must_use]
    pub fn of_blocks_up(self, whole: u64) -> u64 {
        let exact = u128::from(self.0) * u128::from(whole);
        u64::try_from(exact.div_ceil(u128::from(ONE))).unwrap_or(whole)
    }

    /// For people: per cent with two decimals, rounded down: `59.99 %` never reads as `60.00 %`.
    #[must_use]
    pub fn percent(self) -> String {
        format!("{}.{:02} %", self.0 / 10_000_000, self.0 % 10_000_000 / 100_000)
    }

    fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    fn plus(self, other: Self) -> Self {
        Self::of_parts(self.0.saturating_add(other.0))
    }

    fn times(self, other: Self) -> Self {
        let product = u64::from(self.0) * u64::from(other.0) / u64::from(ONE);
        Self::of_parts(u32::try_from(product).unwrap_or(ONE))
    }

    fn over(self, other: Self, up: bool) -> Self {
        if other.0 == 0 || self.0 > other.0 {
            return Self::ALL;
        }
        let scaled = u64::from(self.0) * u64::from(ONE);
        let whole = u64::from(other.0);
        let parts = if up { scaled.div_ceil(whole) } else { scaled / whole };
        Self::of_parts(u32::try_from(parts).unwrap_or(ONE))
    }
}

/// How the share that is needed falls with time. The numbers are those of the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// From `ceil` in a straight line to `floor` at `length`, then flat.
    LinearDecreasing {
        /// Where it stops falling, as a share of the decision period.
        length: Perbill,
        /// What is needed from there on.
        floor: Perbill,
        /// What is needed at the start.
        ceil: Perbill,
    },
    /// From `begin` by `step` each `period`, not below `end`.
    SteppedDecreasing {
        /// What is needed at the start.
        begin: Perbill,
        /// The least.
        end: Perbill,
        /// The height of a step.
        step: Perbill,
        /// The length of a step, as a share of the decision period.
        period: Perbill,
    },
    /// `factor / (x + x_offset) + y_offset`, in billionths.
    Reciprocal {
        /// Billionths.
        factor: i64,
        /// Billionths.
        x_offset: i64,
        /// Billionths.
        y_offset: i64,
    },
}

impl Curve {
    /// What is needed when this share of the decision period is over.
    #[must_use]
    pub fn threshold(&self, x: Perbill) -> Perbill {
        match *self {
            Self::LinearDecreasing { length, floor, ceil } => {
                ceil.minus(x.min(length).over(length, false).times(ceil.minus(floor)))
            }
            Self::SteppedDecreasing { begin, end, step, period } => {
                let steps = x.0.checked_div(period.0).unwrap_or(u32::MAX);
                let fallen = Perbill::of_parts(step.0.saturating_mul(steps));
                begin.minus(fallen.min(begin)).max(end)
            }
            Self::Reciprocal { factor, x_offset, y_offset } => {
                let below = i128::from(x.0) + i128::from(x_offset);
                let Some(term) = fixed_ratio(factor, below, false) else { return Perbill::ALL };
                clamped(i128::from(term) + i128::from(y_offset))
            }
        }
    }

    /// From which share of the decision period on `y` is enough. All where it never is, and, as on chain, also where a
    /// reciprocal curve begins below it.
    #[must_use]
    pub fn delay(&self, y: Perbill) -> Perbill {
        match *self {
            Self::LinearDecreasing { length, floor, ceil } => {
                if y < floor {
                    Perbill::ALL
                } else if y > ceil {
                    Perbill::ZERO
                } else {
                    ceil.minus(y).over(ceil.minus(floor), true).times(length)
                }
            }
            Self::SteppedDecreasing { begin, end, step, period } => {
                if y < end {
                    return Perbill::ALL;
                }
                let missing = begin.minus(y.min(begin)).plus(Perbill(step.0.saturating_sub(1)));
                let steps = missing.0.checked_div(step.0).unwrap_or(u32::MAX);
                Perbill::of_parts(period.0.saturating_mul(steps))
            }
            Self::Reciprocal { factor, x_offset, y_offset } => {
                let below = i128::from(y.0) - i128::from(y_offset);
                let term = fixed_ratio(factor, below, true);
                let x = term.map(|term| i128::from(term) - i128::from(x_offset));
                match x {
                    Some(x) if (0..=FIXED_ONE).contains(&x) => clamped(x),
                    _ => Perbill::ALL,
                }
            }
        }
    }

    /// True where `y` is enough at `x`.
    #[must_use]
    pub fn passing(&self, x: Perbill, y: Perbill) -> bool {
        y >= self.threshold(x)
    }
}

/// `factor / below` in billionths, towards plus infinity or towards minus infinity; none where it does not fit.
fn fixed_ratio(factor: i64, below: i128, up: bool) -> Option<i64> {
    let scaled = i128::from(factor) * FIXED_ONE;
    let (quotient, rest) = (scaled.checked_div(below)?, scaled.checked_rem(below)?);
    let exact = rest == 0;
    let positive = (rest < 0) == (below < 0);
    let rounded = match (exact, positive, up) {
        (true, ..) | (_, true, false) | (_, false, true) => quotient,
        (false, true, true) => quotient + 1,
        (false, false, false) => quotient - 1,
    };
    i64::try_from(rounded).ok()
}

fn clamped(fixed: i128) -> Perbill {
    Perbill(u32::try_from(fixed.clamp(0, FIXED_ONE)).unwrap_or(ONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pc(n: u32) -> Perbill {
        Perbill::of_parts(n * 10_000_000)
    }

    fn less(p: Perbill) -> Perbill {
        Perbill(p.0 - 1)
    }

    /// Those of `Referenda.Tracks` of Paseo's relay that are reciprocal.
    const RECIPROCAL: [(i64, i64, i64); 9] = [
        (270_899_180, 389_830_523, 305_084_738),
        (8_650_766, 18_867_926, 41_509_433),
        (7_892_829, 15_544_040, -7_772_020),
        (222_222_224, 333_333_335, 333_333_332),
        (49_586_777, 90_909_091, -45_454_546),
        (1_620_729, 3_231_018, -1_615_509),
        (4_149_097, 8_230_453, -4_115_227),
        (14_377_233, 27_972_031, -13_986_016),
        (28_326_977, 53_763_445, -26_881_723),
    ];

    #[test]
    fn a_stepped_curve_steps_where_the_pallets_own_test_says() {
        let c = Curve::SteppedDecreasing { begin: pc(80), end: pc(30), step: pc(10), period: pc(15) };
        for (x, y) in [(0, 80), (15, 70), (30, 60), (45, 50), (60, 40), (75, 30), (100, 30)] {
            assert_eq!(c.threshold(pc(x)), pc(y), "{x}");
        }
        for (x, y) in [(15, 80), (30, 70), (45, 60), (60, 50), (75, 40)] {
            assert_eq!(c.threshold(less(pc(x))), pc(y), "{x}");
        }
        for (y, x) in [(100, 0), (80, 0), (70, 15), (60, 30), (50, 45), (40, 60), (30, 75), (0, 100)] {
            assert_eq!(c.delay(pc(y)), pc(x), "{y}");
        }
        for (y, x) in [(80, 15), (70, 30), (60, 45), (50, 60), (40, 75), (30, 100)] {
            assert_eq!(c.delay(less(pc(y))), pc(x), "{y}");
        }
    }

    #[test]
    fn a_linear_curve_falls_to_its_floor_and_stays() {
        let c = Curve::LinearDecreasing { length: pc(50), floor: pc(50), ceil: pc(100) };
        assert_eq!([c.threshold(pc(0)), c.threshold(pc(25)), c.threshold(pc(50))], [pc(100), pc(75), pc(50)]);
        assert_eq!(c.threshold(pc(100)), pc(50));
        assert_eq!([c.delay(pc(100)), c.delay(pc(75)), c.delay(pc(50))], [pc(0), pc(25), pc(50)]);
        assert_eq!(c.delay(less(pc(50))), pc(100), "never");
        let flat = Curve::LinearDecreasing { length: pc(100), floor: pc(100), ceil: pc(100) };
        assert_eq!((flat.threshold(pc(0)), flat.threshold(pc(100))), (pc(100), pc(100)), "root of Paseo");
        assert_eq!(flat.delay(less(pc(100))), pc(100));
        // One seventh of the way from 100 % to 50 % over 17 of 28 days, rounded as the chain rounds.
        let tail = Curve::LinearDecreasing { length: Perbill(607_142_857), floor: pc(50), ceil: pc(100) };
        assert_eq!(tail.threshold(Perbill(100_000_000)), Perbill(917_647_059));
    }

    #[test]
    fn the_reciprocal_curves_of_paseo_hit_the_points_that_they_were_made_from() {
        // approval of `whitelisted_caller`: 100 % at once, 50 % at the end.
        let (factor, x_offset, y_offset) = RECIPROCAL[0];
        let c = Curve::Reciprocal { factor, x_offset, y_offset };
        assert_eq!(c.threshold(Perbill::ZERO), Perbill(999_999_999));
        assert!(c.threshold(pc(100)).parts().abs_diff(500_000_000) < 5);
        // support of `general_admin`: 50 % at once, 0 % at the end, 10 % after a quarter.
        let (factor, x_offset, y_offset) = RECIPROCAL[4];
        let c = Curve::Reciprocal { factor, x_offset, y_offset };
        assert!(c.threshold(Perbill::ZERO).parts().abs_diff(500_000_000) < 5);
        assert!(c.threshold(pc(25)).parts().abs_diff(100_000_000) < 5);
        assert!(c.threshold(pc(100)).parts() < 5);
        assert_eq!(c.delay(pc(60)), pc(100), "a share above its beginning: all, as on chain");
    }

    #[test]
    fn what_a_delay_promises_the_threshold_keeps_and_no_curve_rises() {
        let curves = RECIPROCAL
            .iter()
            .map(|(factor, x_offset, y_offset)| Curve::Reciprocal {
                factor: *factor,
                x_offset: *x_offset,
                y_offset: *y_offset,
            })
            .chain([
                Curve::LinearDecreasing { length: Perbill(607_142_857), floor: pc(50), ceil: pc(100) },
                Curve::SteppedDecreasing { begin: pc(80), end: pc(30), step: pc(10), period: pc(15) },
            ]);
        for curve in curves {
            let mut last = Perbill::ALL;
            for n in 0..20_000_u128 {
                let share = Perbill::of_ratio(n, 19_999);
                let needed = curve.threshold(share);
                assert!(needed <= last, "{curve:?} at {share:?}");
                last = needed;
                let delay = curve.delay(share);
                // The chain's own rounding leaves a straight line one part above its promise.
                let straight = matches!(curve, Curve::LinearDecreasing { .. });
                let kept = share.plus(Perbill(u32::from(straight)));
                assert!(delay == Perbill::ALL || curve.passing(delay, kept), "{curve:?} {share:?}");
            }
        }
    }

    #[test]
    fn shares_are_rounded_as_the_chain_rounds_them() {
        assert_eq!(Perbill::of_ratio(1, 3), Perbill(333_333_333));
        assert_eq!(Perbill::of_ratio(2, 3), Perbill(666_666_666));
        assert_eq!(Perbill::of_ratio(0, 0), Perbill::ALL, "without any votes approval is all");
        assert_eq!(Perbill::of_ratio(7, 3), Perbill::ALL);
        let planck = 102_115_000_000_000_000_000_u128;
        assert_eq!(Perbill::of_ratio(planck / 2, planck), Perbill(500_000_000));
        assert_eq!(Perbill::of_ratio(1 << 124, 1 << 125), Perbill(500_000_000));
        assert_eq!(Perbill(1).of_blocks_up(403_200), 1);
        assert_eq!(Perbill::ALL.of_blocks_up(403_200), 403_200);
        assert_eq!(Perbill(599_999_999).percent(), "59.99 %");
    }

    #[test]
    fn numbers_that_no_honest_chain_has_do_not_break_it() {
        for (factor, x_offset, y_offset) in [(0, 0, 0), (i64::MAX, 1, i64::MAX), (i64::MIN, -1, i64::MIN)] {
            let c = Curve::Reciprocal { factor, x_offset, y_offset };
            for x in [Perbill::ZERO, Perbill(1), Perbill::ALL] {
                let _ = (c.threshold(x), c.delay(x));
            }
        }
        let c = Curve::SteppedDecreasing { begin: pc(80), end: pc(30), step: pc(0), period: pc(0) };
        let _ = (c.threshold(pc(0)), c.delay(pc(50)));
    }
}
