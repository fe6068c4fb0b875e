//! Every row of the catalogue, played in the real code of its chain: what `rows.toml` prepares and expects.
//!
//! A row composes; where every check holds its calls work and its lines hold at once; where a check says no, the calls fail
//! with the very error that is named.

use super::spec::{ALICE, BOB, CODES, Chain, HEADER, Still, account, call};
use serde::Deserialize;
use serde_json::Value;
use sereno::domain::call::{Call, Node};
use sereno::domain::ids::to_hex;
use sereno::rehearse::state::Cached;
use sereno::rehearse::{Method, Origin, Request, Scene, Trial};
use sereno::runbook::compose::compose;
use sereno::runbook::draft::{Draft, Opened, Seen};
use sereno::runbook::expr::Expr;
use sereno::runbook::lint::{availability, lint};
use sereno::runbook::params::Input;
use sereno::runbook::reads::{Answer, Target, Wanted};
use sereno::runbook::recipe::{Check, Level, Moment, When};
use sereno::runbook::show::json;
use sereno::runbook::wrap::{Context, Target as XcmTarget, Wrapped, Wrapper, multisig_account, wrap};
use sereno::runbook::{Catalogue, Recipe};
use sereno::runtime::rehearse::document::judged;
use sereno::runtime::rehearse::play::{Piece, Played, Who, answer, play};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

/// Rows whose chain has no spec here.
const ELSEWHERE: [&str; 2] = ["D5", "F5"];
/// The chains that have one: its id, the spec, its number on the relay.
const CHAINS: [(&str, &str, u32); 4] = [
    ("relay", "relay-2026", 0),
    ("people", "people", 1004),
    ("coretime", "coretime", 1005),
    ("bridge-hub", "bridge-hub", 1002),
];

/// What is stored: `Pallet.Item key key` as JSON, and the value as JSON; null: nothing.
type State = BTreeMap<String, String>;

/// `rows.toml`.
#[derive(Deserialize)]
struct Table {
    /// What every row finds on the relay.
    relay: State,
    row: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    row: String,
    /// Parameters, `name=value` apart by spaces.
    #[serde(default)]
    with: String,
    /// On the relay, besides.
    #[serde(default)]
    state: State,
    /// On the other chain.
    #[serde(default)]
    there: State,
    /// The error, where it fails.
    fails: Option<String>,
    /// The checks that say so before, apart by spaces. Without an error the calls say ok, and a line afterwards says no.
    #[serde(default)]
    check: String,
    /// A call that Alice makes before: its name and its arguments as JSON.
    first: Option<(String, String)>,
    /// The number of the block; 70 below it the last one is finalized.
    number: Option<u32>,
    /// Reasons for which a line stays unknown, and checks that do.
    #[serde(default)]
    unseen: Vec<String>,
}

struct Bed {
    chains: BTreeMap<&'static str, Chain>,
    /// The relay's code with a higher version.
    newer: OnceLock<Vec<u8>>,
}

impl Bed {
    fn find(test: &str, ids: &[&str]) -> Option<Self> {
        let mut chains = BTreeMap::new();
        for (id, spec, _) in CHAINS.iter().filter(|(id, ..)| ids.contains(id)) {
            chains.insert(*id, Chain::find(test, spec)?);
        }
        Some(Self { chains, newer: OnceLock::new() })
    }

    /// The code that runs, with the next version: packed as it was.
    fn newer(&self) -> &[u8] {
        self.newer.get_or_init(|| {
            let packed = &self.chains["relay"].top[b":code".as_slice()];
            let mut wasm = zstd::decode_all(&packed[8..]).unwrap();
            let (name, version) = (b"runtime_version", 2_003_001_u32.to_le_bytes());
            let mut from = 0;
            let found = loop {
                // The section's name, and the version some bytes after it.
                let at = from + wasm[from..].windows(name.len()).position(|w| w == name).unwrap();
                let near = &wasm[at..wasm.len().min(at + 200)];
                match near.windows(4).position(|w| w == version) {
                    Some(found) => break at + found,
                    None => from = at + 1,
                }
            };
            wasm[found] += 1;
            [&packed[..8], &zstd::encode_all(wasm.as_slice(), 3).unwrap()].concat()
        })
    }

    /// The configuration in force, as JSON.
    fn config(&self) -> String {
        let (relay, pallet, item) = (&self.chains["relay"], "Configuration", "ActiveConfig");
        let bytes = &relay.top[&relay.runtime.key(pallet, item).unwrap()];
        let config = relay.runtime.storage_node(pallet, item, Some(bytes)).unwrap().unwrap();
        json(&config, None).to_string()
    }

    fn text(&self, text: &str) -> String {
        let header = format!("0x{}00{}00", "ab".repeat(32), "ab".repeat(64));
        let mut text = text.to_owned();
        for (name, value) in [
            ("NEWER", if text.contains("NEWER") { to_hex(self.newer()) } else { String::new() }),
            ("HASH", format!("0x{}", "ab".repeat(32))),
            ("CODE", format!("0x{}", "0061736d01000000".repeat(4))),
            ("HEADER", header),
            ("CONFIG", if text.contains("CONFIG") { self.config() } else { String::new() }),
            ("MULTISIG", multisig_account(&[account(ALICE), account(BOB)], 2).ss58(42)),
            ("KEYS", "0x".to_owned() + &"ab".repeat(193)),
            ("ALICE", ALICE.to_owned()),
            ("BOB", BOB.to_owned()),
        ] {
            text = text.replace(name, &value);
        }
        text
    }
}

fn put(bed: &Bed, chain: &mut Chain, state: &State) {
    for (item, value) in state {
        let mut parts = item.split_whitespace();
        let (pallet, item) = parts.next().unwrap().split_once('.').unwrap();
        let parsed = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        let keys: Vec<Node> = parts.map(|key| Node::of_json(&parsed(&bed.text(key)))).collect();
        let key = chain.runtime.storage_key(pallet, item, &keys).unwrap_or_else(|e| panic!("{item}: {e}"));
        match parsed(&bed.text(value)) {
            Value::Null => {
                chain.top.remove(&key);
            }
            value => {
                let bytes = chain.runtime.storage_value(pallet, item, &Node::of_json(&value));
                chain.top.insert(key, bytes.unwrap_or_else(|e| panic!("{pallet}.{item}: {e}")));
            }
        }
    }
}

/// What became of a row.
struct Done {
    /// Block checks that say no, or are not known.
    against: Vec<String>,
    played: Played,
    /// True where the message is what the row does: it must be looked at.
    sent: bool,
    lines: Vec<(When, Option<bool>, String)>,
}

fn given(bed: &Bed, params: &str) -> BTreeMap<String, Input> {
    let pairs = params.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, text)| (name.to_owned(), Input::Text(bed.text(text)))).collect()
}

fn perform(bed: &Bed, recipe: &Recipe, row: &Row, base: &State) -> Result<Done, String> {
    let mut chains: BTreeMap<&str, Chain> =
        bed.chains.iter().map(|(id, chain)| (*id, chain.copy())).collect();
    let relay = chains.get_mut("relay").unwrap();
    put(bed, relay, base);
    put(bed, relay, &row.state);
    if let Some(number) = row.number {
        relay.block.number = u64::from(number);
        put(bed, relay, &State::from([("System.Number".to_owned(), number.to_string())]));
    }
    let mut draft = Draft::new(recipe, given(bed, &row.with)).map_err(|e| e.to_string())?;
    if let Target::Chain(own) = draft.own().clone()
        && let Some(chain) = chains.get_mut(own.as_str())
    {
        put(bed, chain, &row.there);
    }
    let mut states: BTreeMap<&str, Cached> = chains.iter().map(|(id, c)| (*id, c.state().0)).collect();
    let mut trials = BTreeMap::new();
    for (id, state) in &mut states {
        let chain = &chains[id];
        let scene = Scene {
            runtime: &chain.runtime,
            header: &HEADER,
            state,
            ss58_prefix: 42,
            clock: &Still,
            codes: &CODES,
            code_hash: Some(chain.code_hash),
        };
        trials.insert(Target::Chain((*id).to_owned()), Trial::new(scene));
    }
    if let Some((path, args)) = &row.first {
        let args: Value = serde_json::from_str(&bed.text(args)).unwrap();
        let args = args.as_object().unwrap().iter().map(|(n, v)| (n.as_str(), Node::of_json(v)));
        let bytes = chains["relay"].runtime.encode_call(&call(path, &args.collect::<Vec<_>>())).unwrap();
        let origin = Origin::Signed(account(ALICE));
        let request = Request { method: Method::Fork, origin, call: bytes, blocks: 0 };
        let trial = trials.get_mut(&Target::Chain("relay".to_owned())).unwrap();
        let found = trial.rehearse(&request).unwrap();
        assert!(found.outcome.ok, "{}", found.text("relay"));
        trial.keep();
    }
    let wanted = filled(&mut draft, &chains, &mut trials)?;
    let world = |target: &Target, _| Some(opened(&chains, target));
    let made = compose(&draft, &world).map_err(|e| e.to_string())?;
    let against = against(recipe, row, &draft);
    let mut calls: Vec<(Who, Vec<u8>)> = Vec::new();
    let mut home = draft.own().clone();
    if recipe.wrap.is_empty() {
        for one in &made.calls {
            calls.push((Who::parse(&one.origin).unwrap(), one.data.clone()));
        }
    } else {
        let Target::Chain(there) = home else { panic!("{home}") };
        let inner: Vec<_> = made.calls.iter().map(|one| one.call.clone()).collect();
        let sent = sent_to(&chains, &there, &inner)?;
        calls.push((Who::parse("root").unwrap(), sent.call_data));
        home = Target::Chain("relay".to_owned());
    }
    let paras = CHAINS.iter().map(|(id, _, para)| (*para, Target::Chain((*id).to_owned()))).collect();
    let piece = Piece { home, method: Method::Fork, calls, blocks: 0, wanted, paras };
    let played = play(&piece, &mut trials)?;
    let events = || -> Vec<String> {
        played.parts.iter().flat_map(|p| &p.events).map(|e| format!("{}.{}", e.pallet, e.name)).collect()
    };
    let lines = [When::Now, When::Later].into_iter().flat_map(|when| {
        let lines = judged(&draft, &played.now, events(), when);
        lines.into_iter().map(move |l| (when, l.ok, format!("{} {}", l.expr, l.reason.unwrap_or_default())))
    });
    let lines = lines.collect();
    Ok(Done { against, played, sent: !recipe.wrap.is_empty() || row.row == "B8", lines })
}

/// The checks that count and do not hold.
fn against(recipe: &Recipe, row: &Row, draft: &Draft<'_>) -> Vec<String> {
    // A warning counts where the row names it.
    let counts =
        |c: &&Check| c.level == Level::Block || row.check.split_whitespace().any(|n| n == c.id.get_ref());
    let meant = |c: &&Check| {
        let only = c.only.as_ref().map(|only| Expr::compile(only.get_ref()).unwrap());
        only.and_then(|only| only.holds(&draft.scope).ok()) != Some(false)
    };
    let found = recipe.checks.iter().filter(counts).filter(meant).filter_map(|check| {
        match Expr::compile(check.expr.get_ref()).unwrap().holds(&draft.scope) {
            Ok(true) => None,
            Ok(false) => Some(check.id.get_ref().clone()),
            Err(why) => Some(format!("{}?{}", check.id.get_ref(), why.why)),
        }
    });
    found.collect()
}

/// Calls of another chain, wrapped into a message of the relay's root to it.
fn sent_to(chains: &BTreeMap<&str, Chain>, there: &str, inner: &[Call]) -> Result<Wrapped, String> {
    let (_, _, para) = CHAINS.iter().find(|(id, ..)| *id == there).unwrap();
    let targets = [XcmTarget { chain: there, para: *para, runtime: &chains[there].runtime }];
    let context = Context {
        runtime: &chains["relay"].runtime,
        targets: &targets,
        sudo: Some(account(ALICE)),
        sender: None,
        timepoint: None,
        approvals: &[],
        max_weight: None,
        ss58_prefix: 42,
        needs: "root",
    };
    let wrapper = Wrapper::parse(&format!("xcm:{there}")).unwrap();
    wrap(inner, &[wrapper], &context).map_err(|e| e.to_string())
}

fn opened<'c>(chains: &'c BTreeMap<&str, Chain>, target: &Target) -> Result<Opened<'c>, String> {
    match target {
        Target::Chain(id) => chains
            .get(id.as_str())
            .map(|chain| Opened { runtime: &chain.runtime, token: Some(("PAS".to_owned(), 10)) })
            .ok_or_else(|| format!("{id} does not answer")),
        Target::Para(id) => Err(format!("para {id} does not answer")),
    }
}

/// Everything that the row reads, from the chains as they are before.
fn filled(
    draft: &mut Draft<'_>,
    chains: &BTreeMap<&str, Chain>,
    trials: &mut BTreeMap<Target, Trial<'_>>,
) -> Result<Vec<Wanted>, String> {
    let world = |target: &Target, _| Some(opened(chains, target));
    let mut all = Vec::new();
    loop {
        let round = draft.next(&world).map_err(|e| e.to_string())?;
        if round.wanted.is_empty() {
            return Ok(all);
        }
        for wanted in round.wanted {
            let trial = trials.get_mut(&wanted.target).unwrap();
            let mut found = answer(&wanted, trial)?;
            if let (Answer::Header { number, .. }, Moment::Finalized) = (&mut found, wanted.at) {
                *number -= 70;
            }
            let value = wanted.decode(trial.runtime(), &found);
            let (chain, block) = (wanted.target.clone(), Some(trial.block()));
            let seen = Seen { chain, source: wanted.source(), block, stamp: None };
            draft.put(&wanted, value, seen);
            all.push(wanted);
        }
    }
}

/// What is wrong with a row; nothing where it is as it says.
fn wrong(row: &Row, done: &Done) -> Vec<String> {
    let mut wrong = Vec::new();
    let parts = &done.played.parts;
    let there = done.played.arrived.iter().filter_map(|one| one.found.as_ref().ok());
    let failed = parts.iter().chain(there).find(|part| !part.outcome.ok);
    let error = failed.map(|part| part.outcome.error.clone().unwrap_or_default());
    if error != row.fails {
        let last = parts.last().map(|p| p.text("relay")).unwrap_or_default();
        wrong.push(format!("{error:?} instead of {:?}\n{last}", row.fails));
    }
    let seen = |check: &&String| !row.unseen.iter().any(|u| check.starts_with(u));
    let against: Vec<&String> = done.against.iter().filter(seen).collect();
    if against != row.check.split_whitespace().collect::<Vec<_>>() {
        wrong.push(format!("checks {against:?} instead of {:?}", row.check));
    }
    if !row.check.is_empty() {
        let told = done.lines.iter().any(|(when, ok, _)| (*when, *ok) == (When::Now, Some(false)));
        if row.fails.is_none() && !told {
            wrong.push("the calls say ok, and no line afterwards says no".to_owned());
        }
        return wrong;
    }
    for one in &done.played.arrived {
        match &one.found {
            Ok(found) if found.outcome.ok => {}
            Ok(found) => wrong.push(format!("on {}: {}", one.to, found.text(&one.to))),
            Err(_) if !done.sent => {}
            Err(why) => wrong.push(format!("on {}: {why}", one.to)),
        }
    }
    for (when, ok, line) in &done.lines {
        match (when, ok) {
            (When::Now, Some(true)) | (When::Later, Some(_)) => {}
            (When::Later, None) if row.unseen.iter().any(|u| line.contains(u.as_str())) => {}
            _ => wrong.push(format!("{when:?} {ok:?} {line}")),
        }
    }
    wrong
}

/// The recipes as they stand in the folder: one can be mended without building everything again.
fn catalogue(root: &Path) -> Catalogue {
    let files = std::fs::read_dir(root.join("runbooks")).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), std::fs::read_to_string(&path).unwrap())
    });
    Catalogue::built_in().unwrap().with(files.collect::<Vec<_>>()).unwrap()
}

/// Plays the rows that `wanted` names.
fn rows(test: &str, ids: &[&str], wanted: impl Fn(&str) -> bool) {
    let Some(bed) = Bed::find(test, ids) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("tests/it/rehearse/rows.toml")).unwrap();
    let table: Table = toml::from_str(&table).unwrap();
    let catalogue = catalogue(root);
    let only = std::env::var("ROWS").ok();
    let mut told = Vec::new();
    let mut worked = BTreeSet::new();
    for row in table.row.iter().filter(|row| wanted(&row.row)) {
        if only.as_ref().is_some_and(|only| !only.split(',').any(|o| o == row.row)) {
            continue;
        }
        let recipe = catalogue.find(&format!("row:{}", row.row)).unwrap();
        let name = format!("{} {} {:.60}", row.row, recipe.name(), row.with);
        let began = crate::sereno::now_ms();
        let done = perform(&bed, recipe, row, &table.relay);
        println!("{:>6} ms  {name}", crate::sereno::now_ms() - began);
        match done {
            Err(why) => told.push(format!("{name}: {why}")),
            Ok(done) => {
                let wrong = wrong(row, &done);
                if row.check.is_empty() && wrong.is_empty() {
                    worked.insert(row.row.clone());
                }
                told.extend(wrong.into_iter().map(|why| format!("{name}: {why}")));
            }
        }
    }
    let untried =
        catalogue.all().iter().filter_map(Recipe::row).filter(|row| {
            wanted(row) && !ELSEWHERE.contains(row) && !worked.contains(*row) && only.is_none()
        });
    told.extend(untried.map(|row| format!("{row} did not work once")));
    println!("{} rows worked", worked.len());
    assert!(told.is_empty(), "{} are wrong:\n{}", told.len(), told.join("\n"));
}

const OTHERS: [&str; 8] = ["B7", "B8", "B11", "C4", "C5", "D3", "F7", "D5"];

#[test]
fn every_row_of_recovery_works_in_the_code_of_the_relay() {
    rows("every_row_of_recovery_works_in_the_code_of_the_relay", &["relay"], |row| row.starts_with('A'));
}

#[test]
fn every_other_row_of_the_relay_works_in_its_code() {
    let own = |row: &str| !row.starts_with(['A', 'D']) && !OTHERS.contains(&row) && row != "F5";
    rows("every_other_row_of_the_relay_works_in_its_code", &["relay"], own);
}

#[test]
fn every_upgrade_of_the_relay_works_in_its_code() {
    let own = |row: &str| row.starts_with('D') && !OTHERS.contains(&row);
    rows("every_upgrade_of_the_relay_works_in_its_code", &["relay"], own);
}

#[test]
fn every_row_of_a_system_chain_is_sent_by_the_relay_and_works_there() {
    let name = "every_row_of_a_system_chain_is_sent_by_the_relay_and_works_there";
    rows(name, &["relay", "people", "coretime", "bridge-hub"], |row| OTHERS.contains(&row));
}

#[test]
fn a_row_of_a_chain_without_what_it_calls_is_not_available_and_says_why() {
    let name = "a_row_of_a_chain_without_what_it_calls_is_not_available_and_says_why";
    let Some(bed) = Bed::find(name, &["people"]) else { return };
    let catalogue = Catalogue::built_in().unwrap();
    for row in ELSEWHERE {
        let recipe = catalogue.find(&format!("row:{row}")).unwrap();
        assert!(lint(recipe).is_empty(), "{row}");
        let (yes, why) = availability(recipe, &bed.chains["people"].runtime);
        println!("{row}: {why:?}");
        assert!(!yes && why.is_some_and(|why| why.contains("no ")), "{row}");
    }
}
