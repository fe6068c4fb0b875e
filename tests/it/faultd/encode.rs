//! Values encoded by a runtime's own metadata: what a real node of that runtime would store or put into a block.

use super::script::{FakeRuntime, key};
use codec::Encode;
use scale_value::Value;
use sereno::domain::{AccountId, ids::to_hex};
use subxt::Metadata;

/// Encodes for one runtime.
pub struct Encoder {
    metadata: Metadata,
}

impl Encoder {
    pub fn new(runtime: &FakeRuntime) -> Self {
        Self { metadata: Metadata::decode_from(&runtime.metadata).unwrap() }
    }

    fn typed(&self, value: &Value, type_id: u32) -> Vec<u8> {
        let mut out = vec![];
        scale_value::scale::encode_as_type(value, type_id, self.metadata.types(), &mut out).unwrap();
        out
    }

    /// The value of a storage item, `Session.Validators`.
    pub fn storage(&self, name: &str, value: &Value) -> String {
        let (pallet, item) = name.split_once('.').unwrap();
        let storage = self.metadata.pallet_by_name(pallet).unwrap().storage().unwrap();
        to_hex(&self.typed(value, storage.entry_by_name(item).unwrap().value_ty()))
    }

    /// The value of `System.Events`: extrinsic, pallet, event and its fields.
    pub fn events(&self, list: &[(Option<u32>, &str, &str, Value)]) -> String {
        let one = |(extrinsic, pallet, name, fields): &(Option<u32>, &str, &str, Value)| {
            let phase = match extrinsic {
                Some(n) => Value::unnamed_variant("ApplyExtrinsic", [number(*n)]),
                None => Value::unnamed_variant("Initialization", []),
            };
            let scale_value::ValueDef::Composite(fields) = fields.value.clone() else { panic!("no fields") };
            let event = Value::variant(*name, fields);
            Value::named_composite([
                ("phase", phase),
                ("event", Value::unnamed_variant(*pallet, [event])),
                ("topics", Value::unnamed_composite([])),
            ])
        };
        self.storage("System.Events", &Value::unnamed_composite(list.iter().map(one)))
    }

    /// The value of `Session.QueuedKeys` for so many stashes.
    pub fn queued(&self, count: u32) -> String {
        let keys = Value::named_composite(
            ["grandpa", "babe", "im_online", "para_validator", "para_assignment", "authority_discovery"]
                .map(|name| (name, bytes(&[5; 32])))
                .into_iter()
                .chain([("beefy", bytes(&[6; 33]))]),
        );
        let entry = |n| Value::unnamed_composite([bytes(&stash(n).0), keys.clone()]);
        self.storage("Session.QueuedKeys", &Value::unnamed_composite((0..count).map(entry)))
    }

    /// The value of `ParaInherent.OnChainVotes`: candidates as para and voters.
    pub fn votes(&self, session: u32, candidates: &[(u32, &[u32])]) -> String {
        let vote = |index: &u32| {
            let kind = if index.is_multiple_of(2) { "Implicit" } else { "Explicit" };
            Value::unnamed_composite([number(*index), Value::unnamed_variant(kind, [bytes(&[7; 64])])])
        };
        let candidate = |(para, voters): &(u32, &[u32])| {
            Value::unnamed_composite([receipt(*para), Value::unnamed_composite(voters.iter().map(vote))])
        };
        let value = Value::named_composite([
            ("session", number(session)),
            ("backing_validators_per_candidate", Value::unnamed_composite(candidates.iter().map(candidate))),
            ("disputes", Value::unnamed_composite([])),
        ]);
        self.storage("ParaInherent.OnChainVotes", &value)
    }

    /// The receipt of a candidate as `ParaInclusion` has it in its events.
    pub fn receipt(&self, para: u32) -> Vec<u8> {
        let events = self.metadata.pallet_by_name("ParaInclusion").unwrap();
        let backed = events.event_variants().unwrap().iter().find(|v| v.name == "CandidateBacked").unwrap();
        self.typed(&receipt(para), backed.fields[0].ty.id)
    }

    /// The inherent `ParaInherent.enter` with these bitfields.
    pub fn enter(&self, bitfields: &[(u32, Vec<bool>)]) -> String {
        let signed = |(index, bits): &(u32, Vec<bool>)| {
            Value::named_composite([
                ("payload", Value::unnamed_composite([Value::bit_sequence(bits.iter().copied().collect())])),
                ("validator_index", number(*index)),
                ("signature", bytes(&[8; 64])),
                ("real_payload", Value::unnamed_composite([])),
            ])
        };
        let header = Value::named_composite([
            ("parent_hash", bytes(&[1; 32])),
            ("number", number(7)),
            ("state_root", bytes(&[2; 32])),
            ("extrinsics_root", bytes(&[3; 32])),
            ("digest", Value::named_composite([("logs", Value::unnamed_composite([]))])),
        ]);
        let data = Value::named_composite([
            ("bitfields", Value::unnamed_composite(bitfields.iter().map(signed))),
            ("backed_candidates", Value::unnamed_composite([])),
            ("disputes", Value::unnamed_composite([])),
            ("parent_header", header),
        ]);
        let pallet = self.metadata.pallet_by_name("ParaInherent").unwrap();
        let call = pallet.call_variant_by_name("enter").unwrap();
        let mut out = vec![4, pallet.call_index(), call.index];
        out.extend(self.typed(&data, call.fields[0].ty.id));
        to_hex(&out.encode())
    }
}

/// The stash of a made-up validator.
pub fn stash(n: u32) -> AccountId {
    let mut bytes = [0xa5; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    AccountId(bytes)
}

/// A list of accounts.
pub fn accounts(list: &[AccountId]) -> Value {
    Value::unnamed_composite(list.iter().map(|a| bytes(&a.0)))
}

/// A list of numbers.
pub fn numbers(list: &[u32]) -> Value {
    Value::unnamed_composite(list.iter().map(|n| number(*n)))
}

/// A number.
pub fn number(n: u32) -> Value {
    Value::u128(n.into())
}

/// Bytes.
pub fn bytes(list: &[u8]) -> Value {
    Value::from_bytes(list)
}

/// The key of one entry of a map with the hasher Twox64Concat.
pub fn twox64_key(name: &str, encoded: &[u8]) -> String {
    let rest = [&sp_crypto_hashing::twox_64(encoded), encoded].concat();
    format!("{}{}", key(name), to_hex(&rest).trim_start_matches("0x"))
}

/// The key of one entry of a map with the hasher Blake2_128Concat.
pub fn blake2_key(name: &str, encoded: &[u8]) -> String {
    let rest = [&sp_crypto_hashing::blake2_128(encoded)[..], encoded].concat();
    format!("{}{}", key(name), to_hex(&rest).trim_start_matches("0x"))
}

/// A receipt with the fields of every layout; the metadata takes those that it knows.
fn receipt(para: u32) -> Value {
    let hash = |n: u8| bytes(&[n; 32]);
    let descriptor = Value::named_composite([
        ("para_id", number(para)),
        ("relay_parent", hash(1)),
        ("collator", hash(2)),
        ("version", number(0)),
        ("core_index", number(3)),
        ("session_index", number(4)),
        ("scheduling_session_offset", number(0)),
        ("reserved1", bytes(&[0; 24])),
        ("persisted_validation_data_hash", hash(5)),
        ("pov_hash", hash(6)),
        ("erasure_root", hash(7)),
        ("signature", bytes(&[8; 64])),
        ("scheduling_parent", hash(0)),
        ("reserved2", bytes(&[0; 32])),
        ("para_head", hash(9)),
        ("validation_code_hash", hash(10)),
    ]);
    Value::named_composite([("descriptor", descriptor), ("commitments_hash", hash(11))])
}
