//! Numbers, ages and sparklines as text: one way for the whole program.
//!
//! In: numbers with units in their names. Out: short text. Unknown is `?`, never 0. Must not know roles or panels.

/// Thin space between groups of three digits.
const GROUP: char = '\u{2009}';

/// `12 345 671`, grouped by thin spaces.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(GROUP);
        }
        out.push(c);
    }
    out
}

/// Like [`number`]; `?` where unknown.
#[must_use]
pub fn number_or_unknown(n: Option<u64>) -> String {
    n.map_or_else(|| "?".to_owned(), number)
}

/// An age in its largest sensible unit: `4 s`, `2 m`, `3 h`, `5 d`.
#[must_use]
pub fn age(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} m", s / 60),
        3_600..172_800 => format!("{} h", s / 3_600),
        _ => format!("{} d", s / 86_400),
    }
}

/// A duration with two units, where the smaller one matters: `6 m 06 s`, `2 h 05 m`, `3 d 04 h`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} m {:02} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {:02} m", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {:02} h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A [`duration`] that goes on: above a minute in steps of ten seconds, so that a list of them is not sent anew every second.
#[must_use]
pub fn running(ms: u64) -> String {
    let step = if ms < 60_000 { 1_000 } else { 10_000 };
    duration(ms - ms % step)
}

/// Seconds with one decimal: `6.0 s`.
#[must_use]
pub fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

/// A round trip in milliseconds: `38 ms`; what was measured is never nothing: `<1 ms`.
#[must_use]
pub fn latency(ms: u32) -> String {
    if ms == 0 { "<1 ms".to_owned() } else { format!("{ms} ms") }
}

/// How often something happened: `once`, `3 times`.
#[must_use]
pub fn times(n: usize) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

/// A count with its noun: `1 block`, `3 blocks`.
#[must_use]
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", number(n)) }
}

/// A sparkline of `values`, scaled from 0 to `top` (values above are cut to the full block). None is a blank.
#[must_use]
pub fn spark(values: &[Option<u64>], top: u64) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    values
        .iter()
        .map(|v| match v {
            None => ' ',
            Some(v) => {
                let step = v.saturating_mul(7).div_ceil(top.max(1)).min(7);
                usize::try_from(step).ok().and_then(|i| BARS.get(i)).copied().unwrap_or('█')
            }
        })
        .collect()
}

/// A planck amount as tokens with `decimals` digits after the point, grouped, trailing zeros cut: `10 211.5`.
#[must_use]
pub fn tokens(planck: u128, decimals: u32) -> String {
    let unit = 10u128.checked_pow(decimals).unwrap_or(1);
    let (whole, rest) = (planck / unit, planck % unit);
    let grouped = u64::try_from(whole).map_or_else(|_| whole.to_string(), number);
    if rest == 0 {
        return grouped;
    }
    let width = usize::try_from(decimals).unwrap_or(0);
    let fraction = format!("{rest:0width$}");
    format!("{grouped}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_unknown_is_a_question_mark() {
        assert_eq!(number(12_345_671), "12\u{2009}345\u{2009}671");
        assert_eq!(number(999), "999");
        assert_eq!(number_or_unknown(None), "?");
    }

    #[test]
    fn ages_and_durations() {
        assert_eq!(age(59_999), "59 s");
        assert_eq!(age(61_000), "1 m");
        assert_eq!(age(47 * 3_600_000), "47 h");
        assert_eq!(age(48 * 3_600_000), "2 d");
        assert_eq!(duration(366_000), "6 m 06 s");
        assert_eq!([running(59_999), running(69_999), running(70_000)], ["59 s", "1 m 00 s", "1 m 10 s"]);
        assert_eq!(seconds(8_949), "8.9 s");
    }

    #[test]
    fn counts_and_round_trips_read_as_people_say_them() {
        assert_eq!((latency(0), latency(1), latency(38)), ("<1 ms".into(), "1 ms".into(), "38 ms".into()));
        assert_eq!((times(1), times(2), times(0)), ("once".into(), "2 times".into(), "0 times".into()));
        assert_eq!((count(1, "block"), count(0, "block")), ("1 block".into(), "0 blocks".into()));
    }

    #[test]
    fn amounts_keep_every_digit() {
        assert_eq!(tokens(102_115_000_000_000, 10), "10\u{2009}211.5");
        assert_eq!(tokens(1, 10), "0.0000000001");
        assert_eq!(tokens(0, 0), "0");
    }

    #[test]
    fn a_sparkline_shows_gaps_as_blanks() {
        assert_eq!(spark(&[Some(0), None, Some(6), Some(12), Some(99)], 12), "▁ ▅██");
    }
}
