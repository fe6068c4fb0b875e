//! Names of things: chains, endpoints, blocks, accounts, paras.
//!
//! In: strings from the profile and bytes from the chain. Out: newtypes that cannot be mixed up. Must not import
//! any other module of this crate.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};

/// The profile's id of a chain: `relay`, `asset-hub`, `people`, … Not an identity on the network; that is the
/// genesis hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainId(Arc<str>);

/// An endpoint as it may be shown: its URL without user, query, and path parts over 16 characters (CONTRACT).
/// The real URL never leaves `config` and `chain`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointId(Arc<str>);

macro_rules! name {
    ($t:ident) => {
        impl $t {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $t {
            fn from(s: &str) -> Self {
                Self(s.into())
            }
        }
        impl From<String> for $t {
            fn from(s: String) -> Self {
                Self(s.into())
            }
        }
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
name!(ChainId);
name!(EndpointId);

/// A parachain's number on its relay chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParaId(pub u32);

impl fmt::Display for ParaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A 32-byte hash: block, code, call. Written `0x…` everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// First and last four hex digits, `0x9a1f…e07c`, for narrow columns.
    #[must_use]
    pub fn short(&self) -> String {
        let [a, b, .., y, z] = self.0;
        format!("0x{a:02x}{b:02x}…{y:02x}{z:02x}")
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no 32-byte hash or account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not 0x followed by 64 hex digits")]
pub struct BadHash(String);

impl FromStr for Hash {
    type Err = BadHash;
    fn from_str(s: &str) -> Result<Self, BadHash> {
        let bad = || BadHash(s.chars().take(80).collect());
        let bytes = hex_bytes(s).ok_or_else(bad)?;
        <[u8; 32]>::try_from(bytes.as_slice()).map(Self).map_err(|_| bad())
    }
}

/// Bytes of a `0x…` text; none where it is not hex.
#[must_use]
pub fn hex_bytes(s: &str) -> Option<Vec<u8>> {
    let digits = s.strip_prefix("0x")?.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |c: &u8| char::from(*c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [hi, lo] => Some(nibble(hi)? << 4 | nibble(lo)?),
            _ => None,
        })
        .collect()
}

/// `0x…` of bytes.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    "0x".chars().chain(digits).collect()
}

/// A 32-byte account. Compared by bytes; written as SS58 in the prefix of the chain it is shown for
/// ([`AccountId::ss58`]), as `0x…` where no prefix is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 32]);

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0).fmt(f)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0).fmt(f)
    }
}

macro_rules! as_text {
    ($t:ident) => {
        impl Serialize for $t {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $t {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(Hash);
as_text!(AccountId);

impl FromStr for AccountId {
    type Err = BadAccount;
    /// Reads SS58 of any prefix, or `0x…`.
    fn from_str(s: &str) -> Result<Self, BadAccount> {
        if s.starts_with("0x") {
            return Hash::from_str(s)
                .map(|h| Self(h.0))
                .map_err(|_| BadAccount(s.chars().take(80).collect()));
        }
        from_ss58(s).ok_or_else(|| BadAccount(s.chars().take(80).collect()))
    }
}

/// A text that is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no account: expected an SS58 address or 0x and 64 hex digits")]
pub struct BadAccount(String);

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

impl AccountId {
    /// The SS58 address with this network prefix (0 to 16 383).
    #[must_use]
    pub fn ss58(&self, prefix: u16) -> String {
        let mut body = ss58_prefix_bytes(prefix);
        body.extend_from_slice(&self.0);
        let sum = ss58_checksum(&body);
        body.extend_from_slice(&sum);
        base58_encode(&body)
    }

    /// The address shortened in the middle, `5Grw…utQY`.
    #[must_use]
    pub fn short(&self, prefix: u16) -> String {
        let full = self.ss58(prefix);
        let head: String = full.chars().take(4).collect();
        let tail: String = full.chars().skip(full.chars().count().saturating_sub(4)).collect();
        format!("{head}…{tail}")
    }
}

fn ss58_prefix_bytes(prefix: u16) -> Vec<u8> {
    let [lo, hi] = prefix.to_le_bytes();
    if prefix < 64 {
        vec![lo]
    } else {
        vec![((lo & 0b1111_1100) >> 2) | 0b0100_0000, (lo & 0b11) << 6 | (hi & 0b0011_1111)]
    }
}

fn ss58_checksum(body: &[u8]) -> [u8; 2] {
    let mut input = b"SS58PRE".to_vec();
    input.extend_from_slice(body);
    let [a, b, ..] = sp_crypto_hashing::blake2_512(&input);
    [a, b]
}

fn from_ss58(s: &str) -> Option<AccountId> {
    if s.len() > 64 {
        return None;
    }
    let bytes = base58_decode(s)?;
    let body_len = bytes.len().checked_sub(2)?;
    let (body, sum) = bytes.split_at(body_len);
    if ss58_checksum(body) != sum {
        return None;
    }
    let account = match body.first()? {
        0..=63 => body.get(1..)?,
        64..=127 => body.get(2..)?,
        _ => return None,
    };
    <[u8; 32]>::try_from(account).ok().map(AccountId)
}

/// Digits are worked out nine at a time: lists of validators write thousands of addresses a frame while one filters.
fn base58_encode(bytes: &[u8]) -> String {
    const NINE: u64 = 58u64.pow(9);
    let mut limbs: Vec<u64> = Vec::with_capacity(6);
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            carry += *limb << 8;
            *limb = carry % NINE;
            carry /= NINE;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut digits: Vec<u8> = Vec::with_capacity(limbs.len() * 9);
    for mut limb in limbs {
        for _ in 0..9 {
            digits.extend(usize::try_from(limb % 58).ok().and_then(|d| BASE58.get(d)));
            limb /= 58;
        }
    }
    let length = digits.iter().rposition(|d| *d != b'1').map_or(0, |last| last + 1);
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let mut out = "1".repeat(zeros);
    out.extend(digits.iter().take(length).rev().map(|d| char::from(*d)));
    out
}

fn base58_decode(s: &str) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    for c in s.bytes() {
        let mut carry = u32::try_from(BASE58.iter().position(|b| *b == c)?).ok()?;
        for b in &mut bytes {
            carry += u32::from(*b) * 58;
            *b = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(u8::try_from(carry & 0xff).ok()?);
            carry >>= 8;
        }
    }
    let zeros = s.bytes().take_while(|b| *b == b'1').count();
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn alice_reads_and_writes_in_several_prefixes() {
        let alice: AccountId = ALICE.parse().unwrap();
        assert_eq!(alice.to_string(), "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
        assert_eq!(alice.ss58(42), ALICE);
        assert_eq!(alice.ss58(0), "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5");
        assert_eq!(alice.short(42), "5Grw…utQY");
        assert_eq!(alice.ss58(0).parse::<AccountId>().unwrap(), alice);
    }

    #[test]
    fn a_wrong_checksum_is_refused_with_a_sentence() {
        let wrong = ALICE.replace("utQY", "utQZ");
        let e = wrong.parse::<AccountId>().unwrap_err().to_string();
        assert!(e.contains("is no account: expected an SS58 address"), "{e}");
    }

    proptest! {
        #[test]
        fn ss58_round_trips(bytes in any::<[u8; 32]>(), prefix in 0u16..16_384) {
            let a = AccountId(bytes);
            prop_assert_eq!(a.ss58(prefix).parse::<AccountId>().unwrap(), a);
        }
        #[test]
        fn hex_round_trips(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(hex_bytes(&to_hex(&bytes)).unwrap(), bytes);
        }
        #[test]
        fn any_text_is_refused_without_a_panic(s in "\\PC*") {
            let _ = s.parse::<AccountId>();
            let _ = s.parse::<Hash>();
        }
    }
}
