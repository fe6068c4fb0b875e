//! Parameters: text or a file's bytes, as what the recipe says they are.
//!
//! In: a recipe's parameter, what was given, and, where its meaning depends on the chain, the token and a decoder of calls.
//! Out: a value, or one sentence with what was expected. Must not read files: whoever calls has read them once.

use super::recipe::{Holds, Param, ParamKind};
use crate::codec::{header, wasm};
use crate::domain::call::{Call, Node};
use crate::domain::ids::{hex_bytes, to_hex};
use crate::domain::{AccountId, Hash};
use serde::{Deserialize, Serialize};

/// Most bytes that a parameter may have where its recipe does not say: what a block takes.
const MAX_BYTES: u64 = 5_242_880;
/// Most items of a list.
const MAX_LIST: u64 = 1_000;

/// What was given for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `name=text`.
    Text(String),
    /// `name=@FILE`, read.
    File {
        /// As it was named.
        path: String,
        /// All of it.
        bytes: Vec<u8>,
    },
}

/// A file or large value that is part of the intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// The parameter.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// `blake2_256` of the bytes.
    pub hash: Hash,
}

/// A file that was given for a parameter. A plan records it instead of the value: whoever looks at the plan again reads the
/// file again and compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenFile {
    /// The parameter.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// `blake2_256` of all of it, as it lies there.
    pub blake2_256: Hash,
}

impl GivenFile {
    /// Why these bytes are not the file's: one sentence; none where they are.
    #[must_use]
    pub fn differs(&self, bytes: &[u8]) -> Option<String> {
        let found = bytes_hash(bytes);
        (found != self.blake2_256).then(|| format!("{} bytes, blake2-256 {found}", bytes.len()))
    }
}

/// `blake2_256` of bytes.
#[must_use]
pub fn bytes_hash(bytes: &[u8]) -> Hash {
    Hash(sp_crypto_hashing::blake2_256(bytes))
}

/// Decodes the bytes of a call, or says why not.
pub type DecodeCall<'a> = dyn Fn(&[u8]) -> Result<Call, String> + 'a;

/// What parameters mean on a chain.
pub struct Meaning<'a> {
    /// Symbol and decimals of its token.
    pub token: Option<(String, u8)>,
    /// Decodes a call; none before the chain is known.
    pub call: Option<&'a DecodeCall<'a>>,
}

/// A parameter that is not right: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadParam(pub String);

/// The value of a parameter.
///
/// # Errors
/// One sentence with the name, what was given, and what was expected.
pub fn parse(param: &Param, input: &Input, meaning: &Meaning<'_>) -> Result<Node, BadParam> {
    let name = param.name.get_ref();
    let value = match input {
        Input::File { bytes, .. } if takes_bytes(param.kind) => of_bytes(param, file_bytes(bytes), meaning),
        Input::File { bytes, .. } => match std::str::from_utf8(bytes) {
            Ok(text) => of_text(param, param.kind, text.trim(), meaning),
            Err(_) => Err("the file is no text; expected UTF-8".to_owned()),
        },
        Input::Text(text) => of_text(param, param.kind, text.trim(), meaning),
    };
    let from = match input {
        Input::File { path, .. } => format!(" (from {path})"),
        Input::Text(_) => String::new(),
    };
    value.map_err(|why| BadParam(format!("{name}{from}: {why}")))
}

/// The artefact that a value is; none where it is no bytes.
#[must_use]
pub fn artefact(name: &str, node: &Node) -> Option<Artefact> {
    let Node::Bytes(bytes) = node else { return None };
    Some(Artefact {
        name: name.to_owned(),
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        hash: bytes_hash(bytes),
    })
}

/// `1.5` tokens in the smallest unit; none where that is no amount or more digits than the token has.
#[must_use]
pub fn tokens(text: &str, decimals: u8) -> Option<u128> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    let places = usize::from(decimals);
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > places || text.ends_with('.') {
        return None;
    }
    let unit = 10_u128.checked_pow(u32::from(decimals))?;
    let part: u128 = if places == 0 { 0 } else { format!("{part:0<places$}").parse().ok()? };
    whole.parse::<u128>().ok()?.checked_mul(unit)?.checked_add(part)
}

fn takes_bytes(kind: ParamKind) -> bool {
    matches!(kind, ParamKind::Bytes | ParamKind::Call | ParamKind::Hash)
}

/// A file may hold the bytes or their hex: tools write both.
fn file_bytes(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).ok().map(str::trim);
    text.filter(|t| t.starts_with("0x")).and_then(hex_bytes).unwrap_or_else(|| bytes.to_vec())
}

fn shown(text: &str) -> String {
    let cut: String = text.chars().take(40).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("'{cut}{dots}'")
}

fn of_text(param: &Param, kind: ParamKind, text: &str, meaning: &Meaning<'_>) -> Result<Node, String> {
    let no = |what: &str, expected: &str| Err(format!("{} is no {what}; expected {expected}", shown(text)));
    match kind {
        ParamKind::Para => match number(text).and_then(|n| u32::try_from(n).ok()) {
            Some(n) => Ok(Node::Number(u128::from(n))),
            None => no("para", "its number, like 2000"),
        },
        ParamKind::Block => match number(text).and_then(|n| u32::try_from(n).ok()) {
            Some(n) => in_range(param, u128::from(n)),
            None => no("block", "its number, like 1234567"),
        },
        ParamKind::Number => match number(text) {
            Some(n) => in_range(param, n),
            None => no("number", "a whole number from 0 up"),
        },
        ParamKind::Account => match text.parse::<AccountId>() {
            Ok(account) => Ok(Node::Account(account)),
            Err(_) => no("account", "an SS58 address of any prefix, or 0x and 64 hex digits"),
        },
        ParamKind::Hash => match text.parse::<Hash>() {
            Ok(hash) => Ok(Node::Bytes(hash.0.to_vec())),
            Err(_) => no("hash", "0x and 64 hex digits"),
        },
        ParamKind::Bytes | ParamKind::Call => of_bytes(param, hex(text)?, meaning),
        ParamKind::Balance => balance(text, meaning),
        ParamKind::Choice if param.options.iter().any(|o| o == text) => Ok(Node::Text(text.to_owned())),
        ParamKind::Choice => no("choice", &format!("one of {}", param.options.join(", "))),
        ParamKind::Bool => match text {
            "true" => Ok(Node::Bool(true)),
            "false" => Ok(Node::Bool(false)),
            _ => no("yes or no", "true or false"),
        },
        ParamKind::List => list(param, text, meaning),
        ParamKind::Value => Ok(json(text)),
        ParamKind::Chain
            if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && !text.is_empty() =>
        {
            Ok(Node::Text(text.to_owned()))
        }
        ParamKind::Chain => no("chain", "the profile's id of one, like asset-hub"),
        ParamKind::Url if text.starts_with("ws://") || text.starts_with("wss://") => {
            Ok(Node::Text(text.to_owned()))
        }
        // What is no URL may still be a secret: it is not repeated.
        ParamKind::Url => Err("this is no URL; expected ws:// or wss:// and a host".to_owned()),
        ParamKind::Text if text.is_empty() => Err("it is empty; expected text".to_owned()),
        ParamKind::Text => Ok(Node::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<u128> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let fine = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| fine)
}

fn in_range(param: &Param, n: u128) -> Result<Node, String> {
    let least = param.min.as_ref().map_or(0, |m| u128::from(*m.get_ref()));
    let most = param.max.as_ref().map_or(u128::MAX, |m| u128::from(*m.get_ref()));
    if (least..=most).contains(&n) {
        return Ok(Node::Number(n));
    }
    let expected = if most == u128::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
    Err(format!("{n} is out of range; expected {expected}"))
}

fn hex(text: &str) -> Result<Vec<u8>, String> {
    let expected = "expected 0x and an even number of hex digits, or @FILE";
    let Some(digits) = text.strip_prefix("0x") else {
        return Err(format!("{} does not begin with 0x; {expected}", shown(text)));
    };
    if let Some(wrong) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
        let wrong: String = wrong.escape_debug().collect();
        return Err(format!("'{wrong}' is no hex digit; {expected}"));
    }
    hex_bytes(text).ok_or_else(|| format!("{} hex digits are an odd number; {expected}", digits.len()))
}

fn of_bytes(param: &Param, bytes: Vec<u8>, meaning: &Meaning<'_>) -> Result<Node, String> {
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if param.kind == ParamKind::Hash && len != 32 {
        return Err(format!("{len} bytes are no hash; expected 32 bytes"));
    }
    let least = param.min.as_ref().map_or(0, |m| *m.get_ref());
    let most = param.max.as_ref().map_or(MAX_BYTES, |m| *m.get_ref());
    if len > most {
        return Err(format!("{len} bytes are too many; expected at most {most}"));
    }
    if len < least {
        return Err(format!("{len} bytes are too few; expected at least {least}"));
    }
    match param.holds.as_ref().map(toml::Spanned::get_ref) {
        Some(Holds::Wasm) if !wasm::is_wasm(&bytes) => {
            let start = to_hex(bytes.get(..8).unwrap_or(&bytes));
            return Err(format!(
                "this is no wasm: it begins with {start}; expected a runtime, plain (0x0061736d…) or compressed (0x52bc5376…)"
            ));
        }
        Some(Holds::Header) if header::of_bytes(&bytes).is_none() => {
            return Err(format!("these {len} bytes are no block header; expected one, SCALE-encoded"));
        }
        _ => {}
    }
    match (param.kind, meaning.call) {
        (ParamKind::Call, Some(decode)) => match decode(&bytes) {
            Ok(call) => Ok(Node::Call(Box::new(call))),
            Err(why) => Err(format!("this is no call of that chain ({why}); expected call data")),
        },
        _ => Ok(Node::Bytes(bytes)),
    }
}

fn balance(text: &str, meaning: &Meaning<'_>) -> Result<Node, String> {
    let expected = "expected tokens with their unit, like 5PAS or '0.5 PAS', or planck as bare digits";
    if let Some(planck) = number(text) {
        return Ok(Node::Number(planck));
    }
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (amount, symbol) = text.split_at_checked(unit).unwrap_or((text, ""));
    let amount = amount.trim();
    let looks =
        amount.chars().all(|c| c.is_ascii_digit() || c == '.') && !amount.is_empty() && !symbol.is_empty();
    if !looks {
        return Err(format!("{} is no amount; {expected}", shown(text)));
    }
    let Some((known, decimals)) = &meaning.token else {
        // Looked at again once the chain has said what its token is.
        return tokens(amount, 30)
            .map(Node::Number)
            .ok_or_else(|| format!("{} is no amount; {expected}", shown(text)));
    };
    if known != symbol {
        return Err(format!("the token is {known}, not {}; {expected}", shown(symbol)));
    }
    tokens(amount, *decimals).map(Node::Number).ok_or_else(|| {
        format!("{} is no amount of a token with {decimals} decimals; {expected}", shown(text))
    })
}

fn list(param: &Param, text: &str, meaning: &Meaning<'_>) -> Result<Node, String> {
    let of = param.of.as_ref().map_or(ParamKind::Value, |k| *k.get_ref());
    if text.starts_with('[') {
        let items: Vec<serde_json::Value> = serde_json::from_str(text)
            .map_err(|_| format!("{} is no list; expected items with commas between them", shown(text)))?;
        let texts = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
        return items_of(param, of, &texts.collect::<Vec<_>>(), meaning);
    }
    let items: Vec<String> = text.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
    items_of(param, of, &items, meaning)
}

fn items_of(param: &Param, of: ParamKind, items: &[String], meaning: &Meaning<'_>) -> Result<Node, String> {
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    let least = param.min.as_ref().map_or(0, |m| *m.get_ref());
    let most = param.max.as_ref().map_or(MAX_LIST, |m| *m.get_ref());
    if !(least..=most).contains(&count) {
        return Err(format!("a list of {count}; expected {least} to {most} items"));
    }
    // The range is that of the list, not of its items.
    let plain = Param { min: None, max: None, kind: of, ..param.clone() };
    let value = |(i, text): (usize, &String)| {
        of_text(&plain, of, text, meaning).map_err(|why| format!("item {}: {why}", i + 1))
    };
    items.iter().enumerate().map(value).collect::<Result<Vec<_>, _>>().map(Node::List)
}

fn json(text: &str) -> Node {
    if let Some(n) = number(text) {
        return Node::Number(n);
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => Node::of_json(&json),
        Err(_) => Node::Text(text.to_owned()),
    }
}

/// A value as it would be given: for the record of a plan.
#[must_use]
pub fn to_text(node: &Node) -> String {
    match node {
        Node::Number(n) => n.to_string(),
        Node::Negative(n) => n.to_string(),
        Node::Bool(yes) => yes.to_string(),
        Node::Text(text) => text.clone(),
        Node::Bytes(bytes) => to_hex(bytes),
        Node::Account(account) => account.to_string(),
        other => super::show::json(other, None).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::Recipe;
    use serde_json::json;

    fn param(kind: &str, more: &str) -> Param {
        let text = format!(
            "id = \"x\"\ntitle = \"t\"\ngroup = \"recovery\"\nchain = \"relay\"\nrisk = \"red\"\nscope = \"s\"\n\
             reversible = true\nundo = \"u\"\nblast_radius = \"b\"\nrehearse_as = \"root\"\nabout = \"a\"\n\
             [[params]]\nname = \"p\"\ntype = \"{kind}\"\nabout = \"\"\n{more}\n[[steps]]\nnote = \"n\"\n"
        );
        Recipe::parse("x.toml", &text).unwrap_or_else(|e| panic!("{e}")).params.remove(0)
    }

    fn with(kind: &str, more: &str, input: Input) -> Result<Node, String> {
        let meaning = Meaning { token: Some(("PAS".to_owned(), 10)), call: None };
        parse(&param(kind, more), &input, &meaning).map_err(|e| e.0)
    }

    fn given(kind: &str, text: &str) -> Result<Node, String> {
        with(kind, "", Input::Text(text.to_owned()))
    }

    #[test]
    fn each_kind_is_read_as_what_it_is() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert_eq!(given("para", "2_000"), Ok(Node::Number(2_000)));
        assert_eq!(given("bytes", "0x1234"), Ok(Node::Bytes(vec![0x12, 0x34])));
        assert_eq!(given("account", alice), Ok(Node::Account(alice.parse().unwrap())));
        assert_eq!(given("balance", "5PAS"), Ok(Node::Number(50_000_000_000)));
        assert_eq!(given("balance", "0.5 PAS"), Ok(Node::Number(5_000_000_000)));
        assert_eq!(given("balance", "7"), Ok(Node::Number(7)));
        assert_eq!(given("bool", "true"), Ok(Node::Bool(true)));
        assert_eq!(given("value", "{\"Task\": 5}"), Ok(Node::of_json(&json!({ "Task": 5 }))));
        assert_eq!(given("value", "340282366920938463463374607431768211455"), Ok(Node::Number(u128::MAX)));
        let list = with("list", "of = \"para\"", Input::Text("2000, 2001".to_owned()));
        assert_eq!(list, Ok(Node::List(vec![Node::Number(2_000), Node::Number(2_001)])));
        let file = |bytes: &[u8]| Input::File { path: "head".to_owned(), bytes: bytes.to_vec() };
        assert_eq!(with("bytes", "", file(b"0x1234\n")), Ok(Node::Bytes(vec![0x12, 0x34])), "hex in a file");
        assert_eq!(with("bytes", "", file(&[0x30, 0x78, 1])), Ok(Node::Bytes(vec![0x30, 0x78, 1])));
        assert_eq!(with("para", "", file(b"2000\n")), Ok(Node::Number(2_000)));
    }

    #[test]
    fn each_refusal_is_one_sentence_with_what_was_expected() {
        for (kind, text, refusal) in [
            ("para", "x", "p: 'x' is no para; expected its number, like 2000"),
            ("para", "4294967296", "p: '4294967296' is no para; expected its number, like 2000"),
            ("para", "-1", "p: '-1' is no para; expected its number, like 2000"),
            (
                "bytes",
                "1234",
                "p: '1234' does not begin with 0x; expected 0x and an even number of hex digits, or @FILE",
            ),
            (
                "bytes",
                "0x12g4",
                "p: 'g' is no hex digit; expected 0x and an even number of hex digits, or @FILE",
            ),
            (
                "bytes",
                "0x123",
                "p: 3 hex digits are an odd number; expected 0x and an even number of hex digits, or @FILE",
            ),
            ("hash", "0x12", "p: '0x12' is no hash; expected 0x and 64 hex digits"),
            (
                "account",
                "5Grw",
                "p: '5Grw' is no account; expected an SS58 address of any prefix, or 0x and 64 hex digits",
            ),
            (
                "balance",
                "5DOT",
                "p: the token is PAS, not 'DOT'; expected tokens with their unit, like 5PAS or '0.5 PAS', or planck as bare digits",
            ),
            (
                "balance",
                "0.00000000001 PAS",
                "p: '0.00000000001 PAS' is no amount of a token with 10 decimals; expected tokens with their unit, like \
                 5PAS or '0.5 PAS', or planck as bare digits",
            ),
            ("bool", "yes", "p: 'yes' is no yes or no; expected true or false"),
            ("block", "0x10", "p: '0x10' is no block; expected its number, like 1234567"),
        ] {
            assert_eq!(given(kind, text), Err(refusal.to_owned()), "{kind} {text}");
        }
        let refused = |kind: &str, more: &str, input: Input| with(kind, more, input).unwrap_err();
        let text = |t: &str| Input::Text(t.to_owned());
        assert_eq!(
            refused("choice", "options = [\"a\", \"b\"]", text("c")),
            "p: 'c' is no choice; expected one of a, b"
        );
        assert_eq!(refused("number", "max = 9", text("10")), "p: 10 is out of range; expected 0 to 9");
        assert_eq!(
            refused("bytes", "max = 1", text("0x1234")),
            "p: 2 bytes are too many; expected at most 1"
        );
        let secret = refused("url", "", text("http://CANARY"));
        assert!(!secret.contains("CANARY") && secret.contains("expected ws://"), "{secret}");
        let list = refused("list", "of = \"para\"", text("2000,x"));
        assert_eq!(list, "p: item 2: 'x' is no para; expected its number, like 2000");
    }

    #[test]
    fn wasm_is_plain_or_compressed_and_nothing_else() {
        let file = |bytes: &[u8]| Input::File { path: "rt.wasm".to_owned(), bytes: bytes.to_vec() };
        let given = |bytes: &[u8]| with("bytes", "holds = \"wasm\"", file(bytes));
        assert!(given(&[&b"\0asm\x01\0\0\0"[..], &[1, 2]].concat()).is_ok());
        assert!(given(&[82, 188, 83, 118, 70, 219, 142, 5, 1, 2]).is_ok());
        let why = given(b"\x7fELF....").unwrap_err();
        assert!(why.starts_with("p (from rt.wasm): this is no wasm: it begins with 0x7f454c46"), "{why}");
        assert!(
            with("bytes", "holds = \"header\"", file(&[1, 2, 3])).unwrap_err().contains("no block header")
        );
        let many = with("bytes", "", file(&vec![0; 5_242_881])).unwrap_err();
        assert!(many.contains("5242881 bytes are too many; expected at most 5242880"), "{many}");
    }
}
