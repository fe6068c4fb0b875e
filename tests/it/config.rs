//! The corpus of configuration files: every valid one loads, every invalid one is refused with the line it asks for.
//!
//! In: `tests/config/{valid,invalid}/*.toml`; the first comment of an invalid file holds the part of the message that
//! must come. Files named `settings*` are settings, all others are network profiles. To add a case: add a file.

use sereno::config::{Dirs, EndpointFlag, NETWORKS, Profile, Settings, load_network};
use sereno::domain::{AccountId, ChainKind, ParaId};
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let mut all: Vec<PathBuf> = path.read_dir().unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    assert!(all.len() >= 3, "{} has lost its files", path.display());
    all
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn load(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    if name(path).starts_with("settings") {
        Settings::parse(&name(path), &text).map(|_| ()).map_err(|e| e.to_string())
    } else {
        Profile::parse(&name(path), &text).map(|_| ()).map_err(|e| e.to_string())
    }
}

#[test]
fn every_valid_file_loads() {
    for path in files("valid") {
        assert_eq!(load(&path), Ok(()), "{}", path.display());
    }
}

#[test]
fn every_invalid_file_is_refused_in_one_line_that_says_where_and_what_instead() {
    let mut wrong = Vec::new();
    for path in files("invalid") {
        let text = std::fs::read_to_string(&path).unwrap();
        let part = text
            .lines()
            .next()
            .and_then(|l| l.strip_prefix("# "))
            .expect("the first line says what to expect");
        match load(&path) {
            Ok(()) => wrong.push(format!("{}: was accepted", name(&path))),
            Err(e) if e.contains('\n') || e.contains("CANARY") || !e.starts_with(&name(&path)) => {
                wrong.push(format!("{}: is no clean line: {e}", name(&path)));
            }
            Err(e) if !e.contains(part) => {
                wrong.push(format!("{}\n  wanted {part}\n  got    {e}", name(&path)));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn dirs() -> Dirs {
    Dirs { config: "/nonexistent/config".into(), state: "/nonexistent/state".into() }
}

#[test]
fn the_built_in_networks_load_and_say_what_they_are() {
    for (id, _) in NETWORKS {
        let profile = load_network(id, &dirs()).unwrap();
        assert_eq!(profile.network.id, *id);
        assert_eq!(profile.network.chains[0].kind, ChainKind::Relay);
        for chain in &profile.network.chains {
            assert!(!profile.endpoints[&chain.id].is_empty());
        }
    }
    let paseo = load_network("paseo", &dirs()).unwrap().network;
    let ids: Vec<&str> = paseo.chains.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["relay", "asset-hub", "bridge-hub", "people", "coretime", "collectives"]);
    assert!(paseo.public);
    let coretime = paseo.para(ParaId(1005)).unwrap();
    assert!(coretime.optional);
    assert_eq!((coretime.name.as_str(), coretime.block_time_ms), ("Coretime", Some(6000)));
    assert!(paseo.chains.iter().all(|c| c.genesis.is_none()));
}

#[test]
fn the_local_network_names_the_validators_of_the_bed() {
    let local = load_network("local", &dirs()).unwrap();
    assert!(!local.network.public);
    assert_eq!(local.endpoints[&"relay".into()].len(), 4);
    let alice: AccountId = "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY".parse().unwrap();
    assert_eq!(local.network.names[&alice], "Alice stash");
}

#[test]
fn a_chains_threshold_lies_over_the_networks_and_the_relay_comes_first() {
    let path = files("valid").into_iter().find(|p| name(p) == "para-before-relay.toml").unwrap();
    let profile = Profile::parse("x", &std::fs::read_to_string(path).unwrap()).unwrap();
    let [relay, people] = &profile.network.chains[..] else { panic!("two chains") };
    assert_eq!((relay.id.as_str(), relay.thresholds.reorg_depth), ("relay", 5));
    assert_eq!((people.thresholds.reorg_depth, people.thresholds.block_stall_critical), (7, 20));
    assert_eq!(people.block_time_ms, Some(60_500));
    let ids: Vec<&str> = people.endpoints.iter().map(sereno::domain::EndpointId::as_str).collect();
    assert_eq!(ids, ["ws://10.0.0.7:9944 PLAIN", "wss://rpc.example"]);
    assert!(!format!("{profile:?}").contains("CANARY"));
}

#[test]
fn endpoint_flags_replace_a_chains_endpoints_and_only_cuts_the_list() {
    let paseo = || load_network("paseo", &dirs()).unwrap();
    let flag = |s: &str| s.parse::<EndpointFlag>().unwrap();
    let changed = paseo()
        .with_endpoints(&[flag("people=ws://10.0.0.1:1"), flag("people=wss://h/?k=1"), flag("relay=wss://r")])
        .unwrap();
    let spec = changed.network.chain(&"people".into()).unwrap();
    assert_eq!(spec.endpoints, ["ws://10.0.0.1:1 PLAIN".into(), "wss://h".into()]);
    assert_eq!(changed.endpoints[&"people".into()][1].url.expose(), "wss://h/?k=1");
    assert_eq!(changed.network.chain(&"relay".into()).unwrap().endpoints.len(), 1);

    let cut = paseo().only(&["people".into(), "relay".into()]).unwrap();
    let ids: Vec<&str> = cut.network.chains.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(ids, ["relay", "people"]);
    assert_eq!(cut.endpoints.len(), 2);
}

#[test]
fn an_unknown_chain_in_a_flag_lists_the_known_ones() {
    let paseo = || load_network("paseo", &dirs()).unwrap();
    let e = paseo().with_endpoints(&["peple=wss://CANARY@h".parse().unwrap()]).unwrap_err().to_string();
    assert_eq!(
        e,
        "--endpoint: network 'paseo' has no chain 'peple'; \
         expected one of relay, asset-hub, bridge-hub, people, coretime, collectives"
    );
    assert!(paseo().only(&["nope".into()]).unwrap_err().to_string().starts_with("--only: network 'paseo'"));
}

#[test]
fn the_watch_list_keeps_its_lines_to_the_last_digit() {
    let path = files("valid").into_iter().find(|p| name(p) == "watch.toml").unwrap();
    let profile = Profile::parse("x", &std::fs::read_to_string(path).unwrap()).unwrap();
    let [entry] = &profile.network.watch[..] else { panic!("one entry") };
    assert_eq!((entry.name.as_deref(), entry.chains.len()), (Some("faucet"), 1));
    let planck = |t: Option<sereno::domain::balance::Tokens>| t.unwrap().planck(10);
    assert_eq!(planck(entry.low), 50_000_000_000_000);
    assert_eq!(planck(entry.high), 10_000_002_500_000_000);
    assert_eq!(planck(entry.moves), 5_000_000_000);
}
