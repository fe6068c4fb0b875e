//! An amount as a person writes it: tokens, not planck.
//!
//! In: `5000`, `0.25`. Out: planck for a chain's decimals. Must not know any chain.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Digits after the point that are kept.
const DIGITS: u32 = 12;
/// The same as a factor.
const UNIT: u128 = 1_000_000_000_000;
/// Most tokens accepted.
const MOST: u128 = 1_000_000_000_000_000;

/// Tokens, kept in millionths of millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tokens(u128);

/// A text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected tokens as 5000 or 0.25, at most 12 digits after the point")]
pub struct BadTokens;

impl Tokens {
    /// So many whole tokens.
    #[must_use]
    pub fn whole(n: u64) -> Self {
        Self(u128::from(n).saturating_mul(UNIT))
    }

    /// In planck of a chain with so many decimals.
    #[must_use]
    pub fn planck(self, decimals: u32) -> u128 {
        if decimals >= DIGITS {
            let factor = 10_u128.checked_pow(decimals - DIGITS).unwrap_or(u128::MAX);
            return self.0.saturating_mul(factor);
        }
        self.0 / 10_u128.pow(DIGITS - decimals)
    }
}

impl FromStr for Tokens {
    type Err = BadTokens;
    fn from_str(text: &str) -> Result<Self, BadTokens> {
        let plain: String = text.trim().chars().filter(|c| !matches!(c, '_' | ' ' | '\u{2009}')).collect();
        let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        let width = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        if whole.is_empty() || !digits(whole) || !digits(rest) || width > DIGITS || plain.ends_with('.') {
            return Err(BadTokens);
        }
        let whole: u128 = whole.parse().map_err(|_| BadTokens)?;
        let rest: u128 = if rest.is_empty() { 0 } else { rest.parse().map_err(|_| BadTokens)? };
        if whole > MOST {
            return Err(BadTokens);
        }
        Ok(Self(whole * UNIT + rest * 10_u128.pow(DIGITS - width)))
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / UNIT, self.0 % UNIT);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{rest:012}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl Serialize for Tokens {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_become_planck_of_any_chain() {
        let of = |text: &str| text.parse::<Tokens>().unwrap();
        assert_eq!(of("5000").planck(10), 50_000_000_000_000);
        assert_eq!(of("0.25").planck(10), 2_500_000_000);
        assert_eq!(of("1_000.5").planck(18), 1_000_500_000_000_000_000_000);
        assert_eq!(of("0.000000000001").planck(10), 0);
        assert_eq!((of("5000").to_string(), of("0.2500").to_string()), ("5000".into(), "0.25".into()));
        assert_eq!(Tokens::whole(7), of("7"));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in ["", ".", "1.", ".5", "-1", "1e9", "1,5", "0.0000000000001", "1000000000000001", "0x10"] {
            assert_eq!(bad.parse::<Tokens>(), Err(BadTokens), "{bad}");
        }
    }
}
