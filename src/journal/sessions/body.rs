//! The body of a session record: about six bytes a validator.
//!
//! In: a [`SessionRecord`]. Out: bytes, and back. A validator is its number in `account`, as the difference to the one before
//! it; what is zero or follows from the rest is left out. The first byte is the version of the encoding: a version that has
//! shipped is never edited. Must not do I/O.

use crate::domain::validator::Figures;
use crate::domain::{AccountId, SessionRecord, UnixMs};
use codec::{Compact, Decode, Encode};

/// The first byte of a body.
const VERSION: u8 = 1;

/// The body of a record; `id` gives the number of an account.
pub(super) fn encode(
    record: &SessionRecord,
    mut id: impl FnMut(AccountId) -> rusqlite::Result<i64>,
) -> rusqlite::Result<Vec<u8>> {
    let mut out = vec![VERSION];
    (record.started.map(|t| t.0), record.ended.map(|t| t.0)).encode_to(&mut out);
    record.complete.encode_to(&mut out);
    Compact(record.first_block).encode_to(&mut out);
    Compact(record.last_block).encode_to(&mut out);
    let len = u32::try_from(record.validators.len()).unwrap_or(u32::MAX);
    for n in [record.blocks, record.with_votes, record.with_bitfields, len] {
        Compact(n).encode_to(&mut out);
    }
    let mut before = 0;
    for (stash, figures) in &record.validators {
        let number = id(*stash)?;
        Compact(zigzag(number.saturating_sub(before))).encode_to(&mut out);
        before = number;
        encode_figures(figures, record.with_bitfields, &mut out);
    }
    Ok(out)
}

const SLOTS: u8 = 1 << 4;
const MISSED: u8 = 1 << 5;
const DARK: u8 = 1 << 6;
/// `available` stands for itself; else it is what [`implied`] says.
const LIT: u8 = 1 << 7;

fn encode_figures(f: &Figures, bitfields: u32, out: &mut Vec<u8>) {
    let rare = [(SLOTS, f.missed_slots), (MISSED, f.missed_votes), (DARK, f.unavailable)];
    let mut flags = three(f.para) | three(f.disabled) << 2;
    flags |= rare.iter().filter(|(_, n)| *n > 0).fold(0, |bits, (bit, _)| bits | bit);
    let lit = f.available != implied(f.para, bitfields, f.unavailable);
    flags |= if lit { LIT } else { 0 };
    out.push(flags);
    Compact(f.authored).encode_to(out);
    Compact(f.voted).encode_to(out);
    rare.iter().filter(|(_, n)| *n > 0).for_each(|(_, n)| Compact(*n).encode_to(out));
    if lit {
        Compact(f.available).encode_to(out);
    }
}

/// Blocks with a bit of a para validator, where it was one for the whole session.
fn implied(para: Option<bool>, bitfields: u32, unavailable: u32) -> u32 {
    if para == Some(true) { bitfields.saturating_sub(unavailable) } else { 0 }
}

fn three(known: Option<bool>) -> u8 {
    match known {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

fn of_three(bits: u8) -> Option<Option<bool>> {
    match bits & 3 {
        0 => Some(None),
        1 => Some(Some(false)),
        2 => Some(Some(true)),
        _ => None,
    }
}

fn zigzag(n: i64) -> u64 {
    (n.cast_unsigned() << 1) ^ (n >> 63).cast_unsigned()
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1).cast_signed() ^ -(n & 1).cast_signed()
}

/// A body as the record it was; none where it is damaged or of a version that this program does not know.
pub(super) fn decode(session: u32, body: &[u8], accounts: &Numbered) -> Option<SessionRecord> {
    let (&VERSION, mut rest) = body.split_first()? else { return None };
    let rest = &mut rest;
    let (started, ended) = <(Option<i64>, Option<i64>)>::decode(rest).ok()?;
    let complete = bool::decode(rest).ok()?;
    let (first_block, last_block) = (long(rest)?, long(rest)?);
    let (blocks, with_votes, with_bitfields, len) = (short(rest)?, short(rest)?, short(rest)?, short(rest)?);
    // Each takes four bytes at least: a damaged length reserves nothing that is not there.
    let len = usize::try_from(len).ok().filter(|len| *len <= rest.len() / 4)?;
    let mut validators: Vec<(AccountId, Figures)> = Vec::with_capacity(len);
    let mut number = 0_i64;
    for _ in 0..len {
        number = number.checked_add(unzigzag(long(rest)?))?;
        let stash = accounts.get(number)?;
        if validators.last().is_some_and(|(before, _)| *before >= stash) {
            return None;
        }
        validators.push((stash, decode_figures(rest, with_bitfields)?));
    }
    let (started, ended) = (started.map(UnixMs), ended.map(UnixMs));
    let record = SessionRecord {
        session,
        started,
        ended,
        first_block,
        last_block,
        blocks,
        with_votes,
        with_bitfields,
        complete,
        validators,
    };
    rest.is_empty().then_some(record)
}

fn decode_figures(rest: &mut &[u8], bitfields: u32) -> Option<Figures> {
    let flags = u8::decode(rest).ok()?;
    let (para, disabled) = (of_three(flags)?, of_three(flags >> 2)?);
    let (authored, voted) = (short(rest)?, short(rest)?);
    let mut rare = |bit| if flags & bit == 0 { Some(0) } else { short(rest) };
    let (missed_slots, missed_votes, unavailable) = (rare(SLOTS)?, rare(MISSED)?, rare(DARK)?);
    let available = if flags & LIT == 0 { implied(para, bitfields, unavailable) } else { short(rest)? };
    Some(Figures { authored, missed_slots, voted, missed_votes, available, unavailable, para, disabled })
}

fn long(rest: &mut &[u8]) -> Option<u64> {
    <Compact<u64>>::decode(rest).ok().map(|c| c.0)
}

fn short(rest: &mut &[u8]) -> Option<u32> {
    <Compact<u32>>::decode(rest).ok().map(|c| c.0)
}

/// Accounts by number. Numbers are given one after the other, so that a list finds them at once.
#[derive(Default)]
pub(in crate::journal) struct Numbered(Vec<Option<AccountId>>);

/// Numbers past it are those of a damaged table.
const MAX_NUMBER: usize = 4_000_000;

impl Numbered {
    pub(in crate::journal) fn put(&mut self, number: i64, account: AccountId) {
        let Some(place) = usize::try_from(number).ok().filter(|n| *n <= MAX_NUMBER) else { return };
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(account);
        }
    }

    pub(in crate::journal) fn get(&self, number: i64) -> Option<AccountId> {
        self.0.get(usize::try_from(number).ok()?).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn figures() -> impl Strategy<Value = Figures> {
        let n = || prop_oneof![Just(0_u32), 0..700_u32, any::<u32>()];
        let three = || proptest::option::of(any::<bool>());
        ((n(), n(), n(), n()), (n(), n()), (three(), three())).prop_map(|(a, b, c)| Figures {
            authored: a.0,
            missed_slots: a.1,
            voted: a.2,
            missed_votes: a.3,
            available: b.0,
            unavailable: b.1,
            para: c.0,
            disabled: c.1,
        })
    }

    fn records() -> impl Strategy<Value = SessionRecord> {
        let moment = || proptest::option::of(any::<i64>().prop_map(UnixMs));
        let by_stash = proptest::collection::btree_map(any::<[u8; 2]>(), figures(), 0..40);
        let heads = (any::<u64>(), any::<u64>(), any::<u32>(), any::<u32>(), any::<u32>());
        (moment(), moment(), heads, any::<bool>(), by_stash).prop_map(
            |(started, ended, n, complete, stashes)| {
                let stash = |[a, b]: [u8; 2]| {
                    let mut bytes = [0; 32];
                    (bytes[0], bytes[31]) = (a, b);
                    AccountId(bytes)
                };
                SessionRecord {
                    session: 7,
                    started,
                    ended,
                    first_block: n.0,
                    last_block: n.1,
                    blocks: n.2,
                    with_votes: n.3,
                    with_bitfields: n.4,
                    complete,
                    validators: stashes.into_iter().map(|(s, f)| (stash(s), f)).collect(),
                }
            },
        )
    }

    /// The body of a record, with numbers that its accounts got in an order that has nothing to do with theirs.
    fn written(record: &SessionRecord) -> (Vec<u8>, Numbered) {
        let mut accounts = Numbered::default();
        let body = encode(record, |account| {
            let number = i64::from(account.0[31]) * 256 + i64::from(account.0[0]) + 1;
            accounts.put(number, account);
            Ok(number)
        });
        (body.unwrap(), accounts)
    }

    proptest! {
        #[test]
        fn any_record_comes_back_as_it_was(record in records()) {
            let (body, accounts) = written(&record);
            prop_assert_eq!(decode(7, &body, &accounts), Some(record));
        }

        #[test]
        fn a_body_that_was_cut_is_no_record(record in records(), keep in 0.0..1.0_f64) {
            let (body, accounts) = written(&record);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "a share of a short length")]
            let keep = (body.len() as f64 * keep) as usize;
            prop_assert_eq!(decode(7, &body[..keep], &accounts), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(7, &body, &Numbered::default());
        }
    }

    #[test]
    fn a_later_version_an_unknown_account_and_a_wrong_order_are_no_record() {
        let of = |stashes: &[u8]| SessionRecord {
            validators: stashes.iter().map(|n| (AccountId([*n; 32]), Figures::default())).collect(),
            ..SessionRecord::default()
        };
        let (mut body, accounts) = written(&of(&[1, 2]));
        assert!(decode(0, &body, &accounts).is_some());
        assert_eq!(decode(0, &body, &Numbered::default()), None);
        body[0] = 2;
        assert_eq!(decode(0, &body, &accounts), None);
        let (body, accounts) = written(&of(&[2, 1]));
        assert_eq!(decode(0, &body, &accounts), None);
    }
}
