//! The functions of expressions beside those of CEL.
//!
//! In: CEL values. Out: CEL values, or an error that makes the answer unknown. All are pure and end at once.

use super::value::Planck;
use crate::codec::{header, wasm};
use crate::domain::ids::{hex_bytes, to_hex};
use crate::domain::para::{Message, chain_of, child_account, sibling_account};
use crate::domain::{AccountId, Hash, ParaId};
use crate::runbook::params;
use crate::runbook::wrap::multisig_account;
use cel::{Context, ExecutionError, Value};
use codec::{Compact, Encode};
use sp_crypto_hashing::blake2_256;
use std::sync::Arc;

/// Our functions: how they are called and what they give.
pub const FUNCTIONS: [(&str, &str); 25] = [
    ("len(x)", "length of bytes, lists, texts, maps"),
    ("blake2_256(bytes)", "hash"),
    ("hex(\"0x12\")", "bytes"),
    ("to_hex(bytes)", "text"),
    ("account(\"5F…\")", "the 32 bytes of an account"),
    ("u32(x)", "bytes, lowest first, or a number, as a number below 2^32"),
    ("variant(x)", "the name of a variant, with or without fields"),
    ("sum(list)", "of numbers"),
    ("is_header(bytes)", "whether they decode as a block header, all of them"),
    ("header_number(bytes)", "number of a SCALE-encoded header"),
    ("header_hash(bytes)", "its hash"),
    ("is_wasm(bytes)", "whether they begin like wasm, plain or compressed"),
    ("wasm_spec_name(bytes)", "spec_name that a runtime, plain or compressed, says of itself"),
    ("wasm_spec_version(bytes)", "its spec_version"),
    ("fold_messages(head, queue)", "the head of a message queue after these {sent_at, msg}"),
    ("sovereign_child(para)", "account of a para on the relay"),
    ("sovereign_sibling(para)", "account of a para on another para"),
    ("multisig(threshold, accounts)", "account of a multisig"),
    ("others(accounts, who)", "accounts sorted by their bytes, without who: the other signatories"),
    ("pas(\"1.5\")", "tokens as planck"),
    ("planck(\"15\")", "planck of a text or a number"),
    ("ge(a, b)", "a ≥ b, of planck"),
    ("le(a, b)", "a ≤ b"),
    ("eq(a, b)", "a = b"),
    ("add(a, b), sub(a, b)", "planck; a difference below zero fails"),
];

/// Functions of CEL itself that may be called.
const STANDARD: [&str; 17] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "string",
    "bytes",
    "double",
    "type",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "has",
];

/// True where a function of this name may be called.
pub(super) fn exists(name: &str) -> bool {
    STANDARD.contains(&name)
        || FUNCTIONS
            .iter()
            .flat_map(|(call, _)| call.split(", "))
            .any(|call| call.split('(').next() == Some(name))
}

type Answer = Result<Value, ExecutionError>;

fn fail(name: &str, why: &str) -> ExecutionError {
    ExecutionError::function_error(name, why)
}

/// Adds them.
pub(super) fn add(context: &mut Context<'_, '_>, decimals: Option<u8>) -> Result<(), String> {
    let decimals = decimals.unwrap_or(10);
    let pas = move |text: Arc<String>| -> Answer {
        let amount =
            params::tokens(&text, decimals).ok_or_else(|| fail("pas", "expected tokens like \"1.5\""))?;
        Ok(Planck(amount).into())
    };
    let added = [
        context.add_function("len", |x: Value| len(&x)),
        context.add_function("blake2_256", |x: Value| {
            Ok::<Value, ExecutionError>(bytes(blake2_256(&raw("blake2_256", &x)?)))
        }),
        context.add_function("hex", |x: Arc<String>| match hex_bytes(&x) {
            Some(found) => Ok(bytes(found)),
            None => Err(fail("hex", "expected 0x and an even number of hex digits")),
        }),
        context.add_function("to_hex", |x: Value| {
            Ok::<Value, ExecutionError>(to_hex(&raw("to_hex", &x)?).into())
        }),
        context.add_function("account", |x: Arc<String>| match x.parse::<AccountId>() {
            Ok(found) => Ok(bytes(found.0)),
            Err(_) => Err(fail("account", "expected an address")),
        }),
        context.add_function("u32", |x: Value| u32_of(&x)),
        context.add_function("variant", |x: Value| variant(&x)),
        context.add_function("sum", |x: Value| sum(&x)),
        context.add_function("is_header", |x: Value| {
            Ok::<Value, ExecutionError>(Value::Bool(header::of_bytes(&raw("is_header", &x)?).is_some()))
        }),
        context.add_function("header_number", |x: Value| header_number(&x)),
        context.add_function("header_hash", |x: Value| {
            Ok::<Value, ExecutionError>(bytes(blake2_256(&raw("header_hash", &x)?)))
        }),
        context.add_function("is_wasm", |x: Value| {
            Ok::<Value, ExecutionError>(Value::Bool(wasm::is_wasm(&raw("is_wasm", &x)?)))
        }),
        context.add_function("wasm_spec_name", |x: Value| -> Answer {
            blob("wasm_spec_name", &x).map(|found| Value::from(found.spec_name))
        }),
        context.add_function("wasm_spec_version", |x: Value| -> Answer {
            blob("wasm_spec_version", &x).map(|found| Value::Int(i64::from(found.spec_version)))
        }),
        context.add_function("fold_messages", |head: Value, queue: Value| fold(&head, &queue)),
        context.add_function("sovereign_child", |para: i64| sovereign(child_account, para)),
        context.add_function("sovereign_sibling", |para: i64| sovereign(sibling_account, para)),
        context.add_function("multisig", |threshold: i64, accounts: Value| multisig(threshold, &accounts)),
        context.add_function("others", |accounts: Value, who: Value| others(&accounts, &who)),
        context.add_function("pas", pas),
        context
            .add_function("planck", |x: Value| -> Answer { amount("planck", &x).map(|n| Planck(n).into()) }),
        context.add_function("ge", |a: Value, b: Value| pair("ge", &a, &b).map(|(a, b)| Value::Bool(a >= b))),
        context.add_function("le", |a: Value, b: Value| pair("le", &a, &b).map(|(a, b)| Value::Bool(a <= b))),
        context.add_function("eq", |a: Value, b: Value| pair("eq", &a, &b).map(|(a, b)| Value::Bool(a == b))),
        context.add_function("add", |a: Value, b: Value| -> Answer {
            let (a, b) = pair("add", &a, &b)?;
            a.checked_add(b).map(|n| Planck(n).into()).ok_or_else(|| fail("add", "the sum is too large"))
        }),
        context.add_function("sub", |a: Value, b: Value| -> Answer {
            let (a, b) = pair("sub", &a, &b)?;
            a.checked_sub(b)
                .map(|n| Planck(n).into())
                .ok_or_else(|| fail("sub", "the difference is below zero"))
        }),
    ];
    added.into_iter().collect::<Result<Vec<()>, _>>().map(|_| ()).map_err(|e| e.to_string())
}

fn bytes(found: impl Into<Vec<u8>>) -> Value {
    Value::Bytes(Arc::new(found.into()))
}

fn raw(name: &str, value: &Value) -> Result<Arc<Vec<u8>>, ExecutionError> {
    match value {
        Value::Bytes(found) => Ok(found.clone()),
        _ => Err(fail(name, "expected bytes")),
    }
}

fn blob(name: &str, value: &Value) -> Result<wasm::BlobVersion, ExecutionError> {
    wasm::version(&raw(name, value)?)
        .ok_or_else(|| fail(name, "this is no runtime that says its name and version"))
}

fn len(value: &Value) -> Answer {
    let found = match value {
        Value::Bytes(found) => found.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.map.len(),
        Value::String(text) => text.chars().count(),
        _ => return Err(fail("len", "expected bytes, a list, a map or text")),
    };
    i64::try_from(found).map(Value::Int).map_err(|_| fail("len", "it is too long"))
}

fn u32_of(value: &Value) -> Answer {
    let wide = || fail("u32", "expected at most four bytes, or a number below 2^32");
    let n = match value {
        Value::Bytes(found) if found.len() <= 4 => {
            found.iter().rev().fold(0_i64, |n, byte| n << 8 | i64::from(*byte))
        }
        Value::Int(n) => *n,
        _ => return Err(wide()),
    };
    u32::try_from(n).map(|n| Value::Int(i64::from(n))).map_err(|_| wide())
}

fn variant(value: &Value) -> Answer {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Map(map) if map.map.len() == 1 => {
            let name = map.map.keys().next().map(ToString::to_string).unwrap_or_default();
            Ok(Value::from(name))
        }
        _ => Err(fail("variant", "expected a variant")),
    }
}

fn sum(value: &Value) -> Answer {
    let Value::List(items) = value else { return Err(fail("sum", "expected a list")) };
    let mut total = 0_i64;
    for item in items.iter() {
        let Value::Int(n) = item else { return Err(fail("sum", "expected numbers")) };
        total = total.checked_add(*n).ok_or_else(|| fail("sum", "the sum is too large"))?;
    }
    Ok(Value::Int(total))
}

fn header_number(value: &Value) -> Answer {
    let found = header::of_bytes(&raw("header_number", value)?);
    let number = found.and_then(|header| i64::try_from(header.at.number).ok());
    number.map(Value::Int).ok_or_else(|| fail("header_number", "the bytes are no block header"))
}

/// The head of a message queue after these messages: `domain::para::chain_of` over what a call or storage holds.
fn fold(head: &Value, queue: &Value) -> Answer {
    let expected = || fail("fold_messages", "expected a hash and a list of {sent_at, msg}");
    let before = match head {
        Value::Null => Hash([0; 32]),
        other => {
            let bytes = raw("fold_messages", other)?;
            Hash(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| expected())?)
        }
    };
    let Value::List(items) = queue else { return Err(expected()) };
    let one = |item: &Value| {
        let Value::Map(fields) = item else { return None };
        let field = |name: &'static str| fields.map.get(&cel::objects::Key::from(name));
        let (Value::Int(sent_at), Value::Bytes(msg)) = (field("sent_at")?, field("msg")?) else {
            return None;
        };
        let sent_at = u64::from(u32::try_from(*sent_at).ok()?);
        let bytes = u32::try_from(msg.len()).ok()?;
        let mut encoded = Compact(bytes).encode();
        encoded.extend_from_slice(msg);
        Some(Message { sent_at, bytes, hash: Hash(blake2_256(&encoded)) })
    };
    let messages = items.iter().map(one).collect::<Option<Vec<_>>>().ok_or_else(expected)?;
    Ok(bytes(chain_of(before, &messages).0))
}

/// The other signatories of a multisig as its calls take them: sorted by their bytes, without whoever signs (ACTIONS P7).
fn others(accounts: &Value, who: &Value) -> Answer {
    let Value::List(items) = accounts else { return Err(fail("others", "expected a list of accounts")) };
    let who = raw("others", who)?;
    let mut all = items.iter().map(|item| raw("others", item)).collect::<Result<Vec<_>, _>>()?;
    all.retain(|one| *one != who);
    all.sort();
    all.dedup();
    Ok(Value::List(Arc::new(all.into_iter().map(Value::Bytes).collect())))
}

fn sovereign(account: fn(ParaId) -> AccountId, para: i64) -> Answer {
    let para = u32::try_from(para).map_err(|_| fail("sovereign", "expected the number of a para"))?;
    Ok(bytes(account(ParaId(para)).0.to_vec()))
}

fn multisig(threshold: i64, accounts: &Value) -> Answer {
    let expected = || fail("multisig", "expected a threshold and a list of accounts");
    let threshold = u16::try_from(threshold).map_err(|_| expected())?;
    let Value::List(items) = accounts else { return Err(expected()) };
    let mut signatories = Vec::new();
    for item in items.iter() {
        let id = raw("multisig", item)?;
        signatories.push(AccountId(<[u8; 32]>::try_from(id.as_slice()).map_err(|_| expected())?));
    }
    Ok(bytes(multisig_account(&signatories, threshold).0.to_vec()))
}

fn amount(name: &str, value: &Value) -> Result<u128, ExecutionError> {
    let found = match value {
        Value::Int(n) => u128::try_from(*n).ok(),
        Value::UInt(n) => Some(u128::from(*n)),
        Value::String(text) => text.parse().ok(),
        Value::Opaque(inner) => inner.downcast_ref::<Planck>().map(|amount| amount.0),
        _ => None,
    };
    found.ok_or_else(|| fail(name, "expected planck"))
}

fn pair(name: &str, a: &Value, b: &Value) -> Result<(u128, u128), ExecutionError> {
    Ok((amount(name, a)?, amount(name, b)?))
}

#[cfg(test)]
mod tests {
    use super::super::{Expr, Scope, Slot};
    use super::*;
    use crate::domain::call::Node;

    fn holds(source: &str, values: &[(&str, Node)]) -> bool {
        let slots = values.iter().map(|(n, node)| ((*n).to_owned(), Slot::given(node.clone()))).collect();
        let scope = Scope { slots, ..Scope::default() };
        Expr::compile(source)
            .unwrap_or_else(|e| panic!("{source}: {e}"))
            .holds(&scope)
            .unwrap_or_else(|e| panic!("{source}: {e:?}"))
    }

    #[test]
    fn accounts_of_paras_and_multisigs_are_those_of_the_chain() {
        // ACTIONS §1G: the relay's child 1000.
        assert!(holds(
            "sovereign_child(1000) == account('5Ec4AhPZk8STuex8Wsi9TwDtJQxKqzPJRCH7348Xtcs9vZLJ')",
            &[]
        ));
        assert!(holds("to_hex(sovereign_sibling(2000)).startsWith('0x7369626cd0070000')", &[]));
        // polkadot-js: createKeyMulti([Alice, Bob, Charlie], 2).
        assert!(holds(
            "multisig(2, [account('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty'), \
             account('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'), \
             account('5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y')]) \
             == account('5DjYJStmdZ2rcqXbXGX7TW85JsrW6uG4y9MUcLq2BoPMpRA7')",
            &[]
        ));
    }

    #[test]
    fn every_function_that_is_listed_can_be_called_and_none_twice() {
        let mut context = Context::default();
        add(&mut context, None).unwrap();
        for (call, _) in FUNCTIONS {
            assert!(exists(call.split('(').next().unwrap()), "{call}");
        }
        assert!(exists("sub") && !exists("now"));
    }

    #[test]
    fn a_message_queue_folds_as_the_relay_does() {
        let message = |sent_at: u128, msg: &[u8]| {
            Node::Fields(vec![
                ("sent_at".to_owned(), Node::Number(sent_at)),
                ("msg".to_owned(), Node::Bytes(msg.to_vec())),
            ])
        };
        let zero = vec![0_u8; 32];
        let expected = |head: &[u8], sent_at: u32, msg: &[u8]| {
            let link = [head, &sent_at.to_le_bytes(), &blake2_256(&msg.to_vec().encode())].concat();
            blake2_256(&link).to_vec()
        };
        let one = expected(&zero, 7, b"ab");
        let two = expected(&one, 8, b"");
        let queue = Node::List(vec![message(7, b"ab"), message(8, b"")]);
        let values = [("queue", queue), ("head", Node::Bytes(zero)), ("wanted", Node::Bytes(two))];
        assert!(holds("fold_messages(head, queue) == wanted", &values));
        assert!(holds("u32(hex('0xd0070000')) == 2000 && u32(2000) == 2000", &[]));
        assert!(holds(
            "variant(a) == 'Task' && variant(b) == 'Idle'",
            &[
                ("a", Node::Variant("Task".to_owned(), vec![("0".to_owned(), Node::Number(1))])),
                ("b", Node::Variant("Idle".to_owned(), Vec::new())),
            ]
        ));
    }
}
