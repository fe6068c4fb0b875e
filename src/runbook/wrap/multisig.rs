//! Multisig accounts: derived, checked, sorted.
//!
//! In: signatories and how many must sign. Out: the account, which is nothing but a hash: the set is not on chain. Must not
//! know calls.

use crate::domain::AccountId;
use codec::{Compact, Encode};

/// What stands before the set in the hash, raw: sixteen bytes.
const PREFIX: &[u8; 16] = b"modlpy/utilisuba";

/// The account of a multisig: blake2-256 of the prefix, the signatories sorted by their bytes, and the threshold.
#[must_use]
pub fn account(signatories: &[AccountId], threshold: u16) -> AccountId {
    let sorted = sorted(signatories);
    let mut input = PREFIX.to_vec();
    Compact(u32::try_from(sorted.len()).unwrap_or(u32::MAX)).encode_to(&mut input);
    sorted.iter().for_each(|one| input.extend_from_slice(&one.0));
    threshold.encode_to(&mut input);
    AccountId(sp_crypto_hashing::blake2_256(&input))
}

/// Sorted as the pallet wants them: by raw bytes.
pub(super) fn sorted(signatories: &[AccountId]) -> Vec<AccountId> {
    let mut sorted = signatories.to_vec();
    sorted.sort_unstable();
    sorted
}

/// Why this cannot be a multisig.
pub(super) fn check(threshold: u16, signatories: &[AccountId]) -> Result<(), String> {
    if signatories.len() < 2 {
        return Err("a multisig has at least two signatories".to_owned());
    }
    if let Some(pair) = sorted(signatories).windows(2).find(|pair| pair.first() == pair.last()) {
        let who = pair.first().map(ToString::to_string).unwrap_or_default();
        return Err(format!("the signatory {who} is named twice"));
    }
    if threshold == 0 || usize::from(threshold) > signatories.len() {
        return Err(format!(
            "{threshold} of {} cannot sign: expected a number from 1 to {}",
            signatories.len(),
            signatories.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_one_that_the_pallet_derives() {
        // `createKeyMulti([Alice, Bob, Charlie], 2)` of polkadot-js, and the same in any order.
        let alice: AccountId = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap();
        let bob: AccountId = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty".parse().unwrap();
        let charlie: AccountId = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y".parse().unwrap();
        let expected = "5DjYJStmdZ2rcqXbXGX7TW85JsrW6uG4y9MUcLq2BoPMpRA7";
        assert_eq!(account(&[alice, bob, charlie], 2).ss58(42), expected);
        assert_eq!(account(&[charlie, alice, bob], 2).ss58(42), expected);
        assert_ne!(account(&[alice, bob, charlie], 3).ss58(42), expected);
    }
}
