//! Backing votes and availability of one validator, made up before a real node and counted by the program.
//!
//! In: alice of the bed, read only; the front rewrites `ParaInherent.OnChainVotes` and the bitfields of the inherent with
//! values encoded by alice's own metadata. Out: what `sereno record` through the front holds, played: missed votes, ratio
//! and grade of the validator, exactly.

use crate::faultd::{Encoder, FakeRuntime, Front, Place, Rules};
use crate::net::Net;
use crate::sereno::{header_number, rpc, run};
use codec::{Compact, Decode as _, Encode as _};
use scale_value::{Composite, Primitive, Value, ValueDef};
use serde_json::{Value as Json, json};
use sereno::domain::ids::{hex_bytes, to_hex};
use sereno::domain::{AccountId, Block, Fact, Hash};
use sereno::record::Recording;
use sereno::runtime::tape;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use subxt::Metadata;

const ALICE: u16 = 9944;
/// Bob's stash, the validator that misses.
const BOB: &str = "0xfe65717dad0447d715f660a0a58411de509b42e6efb8375f562f58a554d5860e";

/// Bob misses the candidate of every fifth block.
fn misses(number: u64) -> bool {
    number.is_multiple_of(5)
}

/// Bob sends no bitfield in every seventh block.
fn is_silent(number: u64) -> bool {
    number.is_multiple_of(7)
}

type Dynamic = Value<u32>;

fn items(value: &mut Dynamic) -> &mut Vec<Dynamic> {
    match &mut value.value {
        ValueDef::Composite(Composite::Unnamed(items)) => items,
        other => panic!("no list: {other:?}"),
    }
}

fn field<'a>(value: &'a mut Dynamic, name: &str) -> &'a mut Dynamic {
    match &mut value.value {
        ValueDef::Composite(Composite::Named(fields)) => {
            let found = fields.iter_mut().find(|(n, _)| n == name).map(|(_, v)| v);
            found.unwrap_or_else(|| panic!("no field {name}"))
        }
        other => panic!("no fields: {other:?}"),
    }
}

/// The number inside however many wrappers.
fn inner(value: &mut Dynamic) -> &mut u128 {
    match &mut value.value {
        ValueDef::Primitive(Primitive::U128(n)) => n,
        ValueDef::Composite(Composite::Unnamed(one)) => inner(&mut one[0]),
        other => panic!("no number: {other:?}"),
    }
}

fn set_bit(value: &mut Dynamic) {
    match &mut value.value {
        ValueDef::BitSequence(bits) => {
            let rest = bits.iter().skip(1).collect::<Vec<bool>>();
            *bits = std::iter::once(true).chain(rest).collect();
        }
        ValueDef::Composite(Composite::Unnamed(one)) => set_bit(&mut one[0]),
        other => panic!("no bits: {other:?}"),
    }
}

/// Who backs in the state that a block was executed on.
#[derive(Clone)]
struct Group {
    session: u32,
    bob: u32,
    members: Vec<u32>,
}

/// What the front says of a block.
#[derive(Clone, Copy, Default)]
struct Told {
    session: u32,
    voted: u32,
    missed: u32,
}

/// Reads and writes values of alice's runtime.
struct Forge {
    metadata: Metadata,
    encoder: Encoder,
    groups: Mutex<HashMap<String, Group>>,
    told: Mutex<BTreeMap<String, Told>>,
    silent: Mutex<BTreeMap<String, bool>>,
}

fn storage<T: codec::Decode>(name: &str, at: &str) -> T {
    let bytes = raw(name, at).unwrap_or_else(|| panic!("{name} is not there"));
    T::decode(&mut &*bytes).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn key(name: &str) -> String {
    let (pallet, item) = name.split_once('.').unwrap();
    let twox = |s: &str| sp_crypto_hashing::twox_128(s.as_bytes());
    to_hex(&[twox(pallet), twox(item)].concat())
}

fn raw(name: &str, at: &str) -> Option<Vec<u8>> {
    let value = rpc(ALICE, "state_getStorage", &json!([key(name), at])).unwrap();
    value.as_str().and_then(hex_bytes)
}

fn header(at: Option<&str>) -> Json {
    rpc(ALICE, "chain_getHeader", &at.map_or_else(|| json!([]), |h| json!([h]))).unwrap()
}

impl Forge {
    fn new() -> Self {
        let metadata = rpc(ALICE, "state_getMetadata", &json!([])).unwrap();
        let metadata = hex_bytes(metadata.as_str().unwrap()).unwrap();
        let runtime = FakeRuntime { metadata: Arc::new(metadata.clone()), ..FakeRuntime::relay_2026(6_000) };
        Self {
            metadata: Metadata::decode_from(&metadata).unwrap(),
            encoder: Encoder::new(&runtime),
            groups: Mutex::default(),
            told: Mutex::default(),
            silent: Mutex::default(),
        }
    }

    fn decode(&self, mut bytes: &[u8], type_id: u32) -> Dynamic {
        scale_value::scale::decode_as_type(&mut bytes, type_id, self.metadata.types()).unwrap()
    }

    fn encode(&self, value: &Dynamic, type_id: u32) -> Vec<u8> {
        let mut out = vec![];
        scale_value::scale::encode_as_type(value, type_id, self.metadata.types(), &mut out).unwrap();
        out
    }

    /// Bob's place and group in the state before block `at`.
    fn group(&self, at: &Place) -> Group {
        if let Some(known) = self.groups.lock().unwrap().get(&at.hash) {
            return known.clone();
        }
        let parent = header(Some(&at.hash))["parentHash"].as_str().unwrap().to_owned();
        let validators: Vec<[u8; 32]> = storage("Session.Validators", &parent);
        let active: Vec<u32> = storage("ParasShared.ActiveValidatorIndices", &parent);
        let groups: Vec<Vec<u32>> = storage("ParaScheduler.ValidatorGroups", &parent);
        let stash = BOB.parse::<AccountId>().unwrap();
        let place = (0..).zip(&validators).find(|(_, v)| **v == stash.0).expect("bob validates").0;
        let bob = (0..).zip(&active).find(|(_, i)| **i == place).expect("bob is a para validator").0;
        let members = groups.into_iter().find(|g| g.contains(&bob)).expect("bob is in a group");
        let group = Group { session: storage("ParasShared.CurrentSessionIndex", &parent), bob, members };
        self.groups.lock().unwrap().insert(at.hash.clone(), group.clone());
        group
    }

    /// One candidate, backed by all of bob's group but by bob only where he does not miss.
    fn votes(&self, at: &Place) -> Vec<u8> {
        let group = self.group(at);
        let voting = |index: &u32| *index != group.bob || !misses(at.number);
        let voters: Vec<u32> = group.members.iter().copied().filter(voting).collect();
        let missed = u32::from(misses(at.number));
        let told = Told { session: group.session, voted: 1 - missed, missed };
        self.told.lock().unwrap().insert(at.hash.clone(), told);
        hex_bytes(&self.encoder.votes(group.session, &[(1_004, &voters)])).unwrap()
    }

    /// A made-up bitfield, for blocks in which nobody sends one: the first of a chain.
    fn bitfield(&self, type_id: u32) -> Dynamic {
        let enter = hex_bytes(&self.encoder.enter(&[(0, vec![true])])).unwrap();
        let mut rest = enter.as_slice();
        let Compact(_) = Compact::<u32>::decode(&mut rest).unwrap();
        items(field(&mut self.decode(&rest[3..], type_id), "bitfields")).remove(0)
    }

    /// The inherent with a bitfield of bob that has a bit set, or with none of him.
    fn body(&self, at: &Place, extrinsics: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let pallet = self.metadata.pallet_by_name("ParaInherent").unwrap();
        let call = pallet.call_variant_by_name("enter").unwrap();
        let (indices, type_id) = ([pallet.call_index(), call.index], call.fields[0].ty.id);
        let bob = u128::from(self.group(at).bob);
        let rewrite = |extrinsic: Vec<u8>| {
            let mut rest = extrinsic.as_slice();
            let Ok(Compact(_)) = Compact::<u32>::decode(&mut rest) else { return extrinsic };
            let [version @ (4 | 5), p, c, data @ ..] = rest else { return extrinsic };
            if [*p, *c] != indices {
                return extrinsic;
            }
            let mut data = self.decode(data, type_id);
            let bitfields = items(field(&mut data, "bitfields"));
            let mut his = bitfields.first().cloned().unwrap_or_else(|| self.bitfield(type_id));
            bitfields.retain_mut(|b| *inner(field(b, "validator_index")) != bob);
            // The others always have a bit set: where nobody has, nobody is charged.
            if bitfields.is_empty() {
                let mut other = his.clone();
                *inner(field(&mut other, "validator_index")) = (bob + 1) % 4;
                bitfields.push(other);
            }
            bitfields.iter_mut().for_each(|b| set_bit(field(b, "payload")));
            if !is_silent(at.number) {
                *inner(field(&mut his, "validator_index")) = bob;
                set_bit(field(&mut his, "payload"));
                bitfields.push(his);
            }
            let mut out = vec![*version, indices[0], indices[1]];
            out.extend(self.encode(&data, type_id));
            self.silent.lock().unwrap().insert(at.hash.clone(), is_silent(at.number));
            out.encode()
        };
        extrinsics.into_iter().map(rewrite).collect()
    }
}

/// The blocks of the best chain at the end, newest first.
fn best_chain(blocks: &HashMap<Hash, Block>, tip: Hash) -> Vec<&Block> {
    std::iter::successors(blocks.get(&tip), |b| blocks.get(&b.parent)).collect()
}

/// The letter of a ratio, by the boundaries of the public report, written down once more.
fn letter(ratio: f64) -> &'static str {
    let hundredths = (ratio * 10_000.0).round();
    let bounds = [
        (9_900.0, "A+"),
        (9_500.0, "A"),
        (9_000.0, "B+"),
        (8_000.0, "B"),
        (7_000.0, "C+"),
        (6_000.0, "C"),
        (5_000.0, "D+"),
        (4_000.0, "D"),
    ];
    bounds.iter().find(|(above, _)| hundredths > *above).map_or("F", |(_, letter)| letter)
}

#[test]
fn net_votes_that_a_validator_misses_are_counted_exactly() {
    let name = "net_votes_that_a_validator_misses_are_counted_exactly";
    // Alice is only read: the bed is looked after only where it is not there.
    let _net = match rpc(ALICE, "system_chain", &json!([])) {
        Ok(_) => None,
        Err(_) => match Net::up("4p", name) {
            None => return,
            up => up,
        },
    };
    let forge = Arc::new(Forge::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (votes, body) = (forge.clone(), forge.clone());
    let rules = Rules::default()
        .storage(&key("ParaInherent.OnChainVotes"), move |at, _| Some(votes.votes(at)))
        .body(move |at, list| body.body(at, list));
    let front = runtime.block_on(Front::start(&format!("ws://127.0.0.1:{ALICE}"), rules));
    let tmp = tempfile::tempdir().unwrap();
    let file = tmp.path().join("votes.sereno");
    let endpoint = format!("relay={}", front.url());
    let args = ["--network", "local", "--only", "relay", "--endpoint", &endpoint, "record"];
    let ran = run(&[&args[..], &[file.to_str().unwrap(), "--for", "40s"]].concat(), 90);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);

    let recording = Recording::open(&file).unwrap();
    let mut blocks: HashMap<Hash, Block> = HashMap::new();
    let see = |seen: &sereno::domain::Observation| {
        if let Fact::Best(b) | Fact::Filled(b) = &seen.fact {
            blocks.insert(b.at.hash, (**b).clone());
        }
    };
    let state = tape::play(&recording, see, |_| {}).state;
    let chain = state.store.chain(&"relay".into()).unwrap();
    let line = best_chain(&blocks, chain.best.as_ref().unwrap().value.hash);
    let stash = BOB.parse::<AccountId>().unwrap();
    let (told, silent) = (forge.told.lock().unwrap(), forge.silent.lock().unwrap());
    let mut sessions: BTreeMap<u32, [u32; 4]> = BTreeMap::new();
    for block in &line {
        let hash = block.at.hash.to_string();
        let votes = block.votes.as_ref().unwrap_or_else(|| panic!("no votes in {}", block.at.number));
        let front = told[&hash];
        assert_eq!(votes.session, front.session);
        assert_eq!(votes.backing.as_ref().unwrap().len(), 1, "one candidate in {}", block.at.number);
        let sum = sessions.entry(front.session).or_default();
        let seen = u32::from(votes.available.is_some());
        let absent = u32::from(silent.get(&hash) == Some(&true));
        for (total, more) in
            sum.iter_mut().zip([front.voted, front.missed, seen - absent.min(seen), absent.min(seen)])
        {
            *total += more;
        }
    }
    assert!(line.len() >= 10, "{} blocks are too few", line.len());
    for (session, [voted, missed, available, unavailable]) in sessions {
        let record = chain.validators.record(session).unwrap();
        let figures = record.of(&stash).unwrap();
        assert_eq!((figures.voted, figures.missed_votes), (voted, missed), "session {session}");
        assert_eq!((figures.available, figures.unavailable), (available, unavailable), "session {session}");
        let score = record.score(&stash).unwrap();
        let (k, n) = (f64::from(missed), f64::from(voted + missed));
        let absent = f64::from(unavailable) / f64::from(available + unavailable);
        let ratio = 0.75 * (1.0 - k / n) + 0.25 * (1.0 - absent);
        assert!((score.missed_votes - k / n).abs() < 1e-12);
        assert!((score.ratio().unwrap() - ratio).abs() < 1e-12, "{score:?} {ratio}");
        let grade = serde_json::to_value(score.grade().unwrap()).unwrap();
        assert_eq!(grade, letter(ratio), "session {session}: {ratio}");
        assert_eq!(score.passes(), Some((ratio * 10_000.0).round() >= 8_000.0), "{ratio}");
        println!(
            "session {session}: bob missed {missed} of {}, no bitfield in {unavailable} of {}, ratio {ratio:.4}, {grade}",
            voted + missed,
            available + unavailable
        );
        let others = record.validators.iter().filter(|(s, f)| *s != stash && f.missed_votes > 0).count();
        assert_eq!(others, 0, "nobody else misses");
    }
    assert!(told.values().any(|t| t.missed == 1), "bob missed something");
}

#[test]
fn the_front_passes_everything_through_but_what_is_rewritten() {
    use crate::faultd::{Chain, Node};
    use subxt_rpcs::client::{RpcClient, rpc_params};
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let chain = Chain::new(FakeRuntime::relay_2026(6_000));
        (0..20).for_each(|_| chain.grow());
        let node = Node::start(&chain).await;
        let slot = key("Babe.CurrentSlot");
        let rules = Rules::default().storage(&slot, |at, old| {
            assert!(old.is_some(), "the node's own value comes along");
            (at.number != 3).then(|| at.number.to_le_bytes().to_vec())
        });
        let rules = rules.header(|mut header| {
            if [6, 21].contains(&header_number(&header)) {
                header["stateRoot"] = json!("0x06");
            }
            header
        });
        let front = Front::start(&node.url(), rules).await;
        let direct = RpcClient::from_insecure_url(node.url()).await.unwrap();
        let behind = RpcClient::from_insecure_url(front.url()).await.unwrap();
        let ask = async |client: &RpcClient, method: &str, params: Json| -> Json {
            let mut list = rpc_params![];
            params.as_array().unwrap().iter().for_each(|p| list.push(p).unwrap());
            client.request(method, list).await.unwrap()
        };
        let hash = |n: u64| chain.hash(n).unwrap().to_string();
        let other = key("System.Events");
        for (method, params) in [
            ("chain_getHeader", json!([hash(5)])),
            ("chain_getBlockHash", json!([7])),
            ("state_getMetadata", json!([])),
            ("state_getStorage", json!([other, hash(4)])),
            ("state_queryStorageAt", json!([[other], hash(4)])),
        ] {
            let (ours, theirs) =
                (ask(&behind, method, params.clone()).await, ask(&direct, method, params).await);
            assert!(ours == theirs && !ours.is_null(), "{method}");
        }
        let nine = to_hex(&9_u64.to_le_bytes());
        for _ in 0..2 {
            assert_eq!(ask(&behind, "state_getStorage", json!([slot, hash(9)])).await, json!(nine));
            assert_eq!(ask(&behind, "state_getStorage", json!([slot, hash(3)])).await, Json::Null);
            let both = ask(&behind, "state_queryStorageAt", json!([[other, slot], hash(9)])).await;
            let theirs = ask(&direct, "state_queryStorageAt", json!([[other], hash(9)])).await;
            assert_eq!(both[0]["changes"][1], json!([slot, nine]));
            assert_eq!(both[0]["changes"][0], theirs[0]["changes"][0]);
        }
        let mut heads = behind
            .subscribe::<Json>("chain_subscribeNewHeads", rpc_params![], "chain_unsubscribeNewHeads")
            .await
            .unwrap();
        let first = heads.next().await.unwrap().unwrap();
        chain.grow();
        let second = heads.next().await.unwrap().unwrap();
        assert_eq!((header_number(&first), header_number(&second)), (20, 21));
        assert_eq!(second["stateRoot"], "0x06", "told headers are rewritten, too");
        assert_ne!(first["stateRoot"], "0x06");
        assert_eq!(ask(&behind, "chain_getHeader", json!([hash(6)])).await["stateRoot"], "0x06");
    });
}
