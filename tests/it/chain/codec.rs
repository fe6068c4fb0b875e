//! Decoding of what real nodes wrote.

use crate::faultd::{FakeRuntime, recorded};
use sereno::codec::{Header, Runtime, header::Author, slot_owner};
use sereno::domain::ids::hex_bytes;

#[test]
fn the_hash_computed_from_a_header_is_the_hash_that_the_node_gives() {
    for block in recorded().live.iter().chain(&recorded().upgrade) {
        let header = Header::from_json(&block.header).unwrap();
        assert_eq!(header.at.hash, block.hash, "block {}", header.at.number);
        assert!(matches!(header.author, Some(Author::Babe { .. })));
    }
}

#[test]
fn the_events_of_real_blocks_decode_to_the_last_byte() {
    let (old, new) = (FakeRuntime::relay_2024(), FakeRuntime::relay_2026(6_000));
    let (old, new) = (Runtime::decode(&old.metadata).unwrap(), Runtime::decode(&new.metadata).unwrap());
    for block in &recorded().live {
        let bytes = hex_bytes(&block.state["System.Events"]).unwrap();
        let events = new.events(&bytes);
        assert_eq!(events.error, None);
        assert_eq!(events.list.len(), events.count as usize);
    }
    let mut written_by = &old;
    for block in &recorded().upgrade {
        let bytes = hex_bytes(&block.state["System.Events"]).unwrap();
        let events = written_by.events(&bytes);
        assert_eq!(events.error, None, "block {}", block.header["number"]);
        assert_eq!(events.list.len(), events.count as usize);
        if block.spec == 2_003_001 {
            written_by = &new;
        }
    }
}

#[test]
fn the_events_of_an_upgrade_block_do_not_decode_with_the_new_metadata() {
    let new = Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap();
    let bytes = hex_bytes(&recorded().upgrade[4].state["System.Events"]).unwrap();
    let events = new.events(&bytes);
    let names: Vec<_> = events.list.iter().map(|e| e.name.as_str()).collect();
    assert!(events.error.is_some() || !names.contains(&"CodeUpdated"), "{names:?}");
}

#[test]
fn the_owner_of_a_slot_is_the_one_who_wrote_the_secondary_blocks_of_a_real_chain() {
    let babe = &recorded().babe;
    assert!(babe.secondary.len() >= 30);
    for (slot, author) in &babe.secondary {
        assert_eq!(slot_owner(&babe.randomness.0, *slot, babe.authorities), Some(*author), "slot {slot}");
    }
}

/// The event `XcmPallet.Sent` with so many programs inside each other.
fn nested(levels: usize) -> Vec<u8> {
    let mut bytes = vec![4, 2, 99, 1, 0, 0, 0, 0];
    for _ in 0..levels {
        bytes.extend_from_slice(&[4, 22]);
    }
    bytes.push(0);
    bytes.extend_from_slice(&[7; 32]);
    bytes.push(0);
    bytes
}

fn relay() -> Runtime {
    Runtime::decode(&FakeRuntime::relay_2026(6_000).metadata).unwrap()
}

#[test]
fn programs_inside_each_other_decode_while_they_are_honest_and_are_refused_when_they_go_on_for_ever() {
    let relay = relay();
    let honest = relay.events(&nested(8));
    assert_eq!(honest.error, None);
    assert_eq!((honest.list[0].pallet.as_str(), honest.list[0].name.as_str()), ("XcmPallet", "Sent"));
    for levels in [40, 1_000, 300_000] {
        let error = relay.events(&nested(levels)).error.expect("refused").to_string();
        assert_eq!(error, "event 0 is refused: nested deeper than 64 levels");
    }
}

#[test]
fn a_list_that_is_longer_than_its_bytes_or_than_anything_honest_is_refused() {
    let relay = relay();
    let head = [4, 2, 99, 1, 0, 0, 0, 0];
    let long = |len: u32, body: &[u8]| {
        let mut bytes = head.to_vec();
        bytes.extend(codec::Encode::encode(&codec::Compact(len)));
        bytes.extend_from_slice(body);
        relay.events(&bytes).error.expect("refused").to_string()
    };
    assert!(long(u32::MAX, &[]).contains("does not decode"));
    assert!(long(1_000_000, &[10; 100]).contains("does not decode"));
    assert_eq!(long(300_000, &[10; 300_100]), "event 0 is refused: more than 200 000 items");
    let count = codec::Encode::encode(&codec::Compact(u32::MAX));
    assert!(relay.events(&count).error.is_some());
}

mod any_bytes {
    use super::relay;
    use proptest::prelude::*;
    use sereno::codec::Runtime;
    use std::sync::LazyLock;

    static RELAY: LazyLock<Runtime> = LazyLock::new(relay);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn never_panic_as_events(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let events = RELAY.events(&bytes);
            prop_assert!(events.error.is_some() || events.list.len() == events.count as usize);
        }

        #[test]
        fn never_panic_as_one_event(pallet in 0u8..130, event in 0u8..40, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = vec![4, 2, pallet, event];
            bytes.extend(body);
            let _ = RELAY.events(&bytes).list.iter().map(sereno::codec::DecodedEvent::line).count();
        }

        #[test]
        fn never_panic_as_values(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = RELAY.api("ParachainHost", "disputes", &bytes);
            let _ = RELAY.storage::<Vec<[u8; 32]>>("Session", "Validators", Some(&bytes));
            let _ = RELAY.storage::<u64>("Timestamp", "Now", Some(&bytes));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn never_panic_as_metadata(at in 5usize..460_000, noise in proptest::collection::vec(any::<u8>(), 1..16)) {
            let mut bytes = super::FakeRuntime::relay_2026(6_000).metadata.to_vec();
            let end = (at + noise.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&noise[..end - at]);
            if let Ok(broken) = Runtime::decode(&bytes) {
                let _ = broken.events(&super::nested(5));
                let _ = broken.constant::<u64>("Babe", "ExpectedBlockTime");
            }
        }
    }
}

mod votes {
    use crate::faultd::{Encoder, FakeRuntime};
    use sereno::codec::{Runtime, Skipped};
    use sereno::domain::{Hash, ids::hex_bytes};

    fn both() -> [(Runtime, Encoder, &'static str); 2] {
        [(FakeRuntime::relay_2026(6_000), "2026"), (FakeRuntime::relay_2024(), "2024")]
            .map(|(r, name)| (Runtime::decode(&r.metadata).unwrap(), Encoder::new(&r), name))
    }

    #[test]
    fn read_alike_from_both_receipt_layouts_and_candidates_are_named_by_their_hash() {
        for (runtime, encoder, name) in both() {
            let stored = hex_bytes(&encoder.votes(7, &[(1_000, &[3, 0]), (1_004, &[5])])).unwrap();
            let votes = runtime.votes(&stored).unwrap();
            assert_eq!(votes.session, 7, "{name}");
            let read: Vec<_> = votes.backed.iter().map(|b| (b.para, b.voters.clone())).collect();
            assert_eq!(read, [(1_000, vec![3, 0]), (1_004, vec![5])], "{name}");
            let hash = Hash(sp_crypto_hashing::blake2_256(&encoder.receipt(1_004)));
            assert_eq!(votes.backed[1].candidate, Some(hash), "{name}");
            assert_ne!(votes.backed[0].candidate, Some(hash), "{name}");
        }
    }

    #[test]
    fn disputes_after_the_votes_are_left_alone_and_cut_votes_are_an_error() {
        for (runtime, encoder, name) in both() {
            let mut stored = hex_bytes(&encoder.votes(7, &[(1_000, &[3, 0])])).unwrap();
            stored.truncate(stored.len() - 1);
            assert!(runtime.votes(&stored).is_ok(), "{name}: the list of disputes is missing");
            stored.truncate(stored.len() - 1);
            let error = runtime.votes(&stored).unwrap_err().to_string();
            assert!(error.contains("the bytes end too early"), "{name}: {error}");
        }
    }

    #[test]
    fn bitfields_are_taken_from_the_inherent_and_from_nothing_else() {
        for (runtime, encoder, name) in both() {
            let bits = |set: usize, of: usize| (0..of).map(|i| i == set).collect::<Vec<_>>();
            let fields = [(0, bits(0, 1)), (2, bits(9, 9)), (5, bits(16, 17)), (7, vec![])];
            let inherent = hex_bytes(&encoder.enter(&fields)).unwrap();
            let read = runtime.bitfields(&inherent).unwrap();
            assert_eq!(read, Some(vec![(0, true), (2, false), (5, true), (7, false)]), "{name}");
            assert_eq!(runtime.bitfields(&[0x10, 4, 3, 0, 0]), Ok(None), "{name}: a timestamp");
            assert_eq!(runtime.bitfields(&[0x0c, 0x84, 0, 0]), Ok(None), "{name}: signed");
            assert!(runtime.bitfields(&inherent[..inherent.len() - 1]).is_err(), "{name}: cut");
            let lie = [&[0x2c, 4], &inherent[3..5], &[0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0]].concat();
            let error = runtime.bitfields(&lie).unwrap_err().to_string();
            assert!(error.contains("more than 10000 items"), "{name}: {error}");
        }
    }

    #[test]
    fn the_keys_of_a_thousand_validators_are_walked_over() {
        for (runtime, encoder, name) in both() {
            let queued = hex_bytes(&encoder.queued(1_000)).unwrap();
            let read: Vec<([u8; 32], Skipped)> =
                runtime.storage("Session", "QueuedKeys", Some(&queued)).unwrap();
            assert_eq!(read.len(), 1_000, "{name}");
            assert_eq!(read[999].0, crate::faultd::stash(999).0, "{name}");
        }
    }

    mod any_bytes {
        use super::super::relay;
        use proptest::prelude::*;
        use sereno::codec::Runtime;
        use std::sync::LazyLock;

        static RELAY: LazyLock<Runtime> = LazyLock::new(relay);

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(2_000))]

            #[test]
            fn never_panic_as_votes_or_bitfields(body in proptest::collection::vec(any::<u8>(), 0..600)) {
                let _ = RELAY.votes(&body);
                let mut extrinsic = codec::Encode::encode(&codec::Compact(body.len() as u32 + 3));
                extrinsic.extend([4, 54, 0]);
                extrinsic.extend(&body);
                let _ = RELAY.bitfields(&extrinsic);
            }
        }
    }
}
