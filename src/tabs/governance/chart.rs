//! What is needed over the decision period, and what is there: a curve as lines of text.
//!
//! In: a curve, a share, how far the period is. Out: lines. The filled part is what is needed; the line is the vote; `│` is now.
//! Without colour it reads the same.

use crate::domain::gov::curve::{Curve, Perbill};
use crate::screen::{Line, Role};

/// Eighths of a cell.
const FILL: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A chart of so many columns and lines. `now` is the share of the period that is over; none before the decision.
pub(super) fn lines(
    curve: &Curve,
    have: Option<Perbill>,
    now: Option<Perbill>,
    (width, height): (u32, u32),
) -> Vec<Line> {
    let (width, height) = (width.clamp(8, 200), height.clamp(2, 20));
    let top = curve.threshold(Perbill::ZERO).max(have.unwrap_or_default()).parts().max(1_000);
    let eighths = |share: Perbill| {
        let all = u64::from(share.parts()) * u64::from(height) * 8 / u64::from(top);
        u32::try_from(all).unwrap_or(u32::MAX)
    };
    let at = |column: u32| Perbill::of_ratio(u128::from(column), u128::from(width - 1));
    let needed: Vec<u32> = (0..width).map(|column| eighths(curve.threshold(at(column)))).collect();
    let now = now.map(|x| u64::from(x.parts()) * u64::from(width - 1) / 1_000_000_000);
    let level = have.map(|have| (eighths(have) / 8).min(height - 1));
    (0..height).rev().map(|row| line(row, &needed, now, level)).collect()
}

/// One line, from the left: pieces of one meaning are one span.
fn line(row: u32, needed: &[u32], now: Option<u64>, level: Option<u32>) -> Line {
    let mut out = Line::default();
    for (column, needed) in needed.iter().enumerate() {
        let is_now = now.is_some_and(|now| u64::try_from(column).is_ok_and(|c| c == now));
        let filled = needed.saturating_sub(row * 8).min(8);
        let (role, c) = match (is_now, level == Some(row)) {
            (true, true) => (Role::Accent, '┼'),
            (true, false) => (Role::Accent, '│'),
            (false, true) if filled < 8 => (Role::Good, '─'),
            (false, true) => (Role::Accent, '╌'),
            (false, false) => {
                let glyph = usize::try_from(filled).ok().and_then(|i| FILL.get(i)).copied();
                (Role::Dim, glyph.unwrap_or(' '))
            }
        };
        match out.spans.last_mut() {
            Some(span) if span.role == role => span.text.push(c),
            _ => out = out.and(role, c),
        }
    }
    out
}

/// `████░░░░  25.00 %`.
pub(super) fn bar(part: Perbill, width: u64) -> Line {
    let full = u64::from(part.parts()) * width / 1_000_000_000;
    let count = |n: u64| usize::try_from(n).unwrap_or(0);
    Line::of(Role::Chart, "█".repeat(count(full)))
        .and(Role::Dim, "░".repeat(count(width.saturating_sub(full))))
        .and(Role::Text, format!(" {}", part.percent()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(percent: u32) -> Perbill {
        Perbill::of_parts(percent * 10_000_000)
    }

    #[test]
    fn the_filled_part_falls_and_the_vote_and_now_stand_where_they_are() {
        let curve = Curve::LinearDecreasing { length: share(100), floor: share(0), ceil: share(100) };
        let all = lines(&curve, Some(share(50)), Some(share(50)), (21, 4));
        let plain: Vec<String> = all.iter().map(Line::plain).collect();
        assert!(plain.iter().all(|l| l.chars().count() == 21), "{plain:?}");
        assert!(plain[0].starts_with('█') && plain[0].ends_with(' '), "{plain:?}");
        assert!(plain[3].starts_with('█'), "{plain:?}");
        assert_eq!(plain[0].chars().nth(10), Some('│'));
        assert_eq!(plain[1].chars().nth(10), Some('┼'));
        assert!(
            plain[1].contains('╌') && plain[1].contains('─'),
            "below what is needed, then above: {plain:?}"
        );
        assert_eq!(bar(share(25), 8).plain(), "██░░░░░░ 25.00 %");
    }
}
