//! The register of validators: real files of the public register, broken ones, and the web they come from.
//!
//! In: `tests/config/roster/{good,broken}`; `../shared/data/roster` where it is there; a real HTTP server on loopback. Out:
//! what the reader makes of them, and what `sereno doctor` says of a register on the web that answers, fails, or is gone.

use crate::sereno::{Ran, run_in, skip};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sereno::app::{self, Msg};
use sereno::config::roster::{is_wanted, read_folder};
use sereno::domain::{AccountId, Roster};
use sereno::keymap::Keymap;
use sereno::state::{AppState, Mode};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder(name: &str) -> PathBuf {
    root().join("tests/config/roster").join(name)
}

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn counts(roster: &Roster) -> [usize; 4] {
    let active = roster.validators.values().filter(|m| m.active).count();
    [active, roster.validators.len() - active, roster.collators.len(), roster.whitelist.len()]
}

#[test]
fn the_public_registers_own_files_are_read_whatever_prefix_and_layout_they_have() {
    let roster = read_folder(&folder("good")).unwrap();
    assert_eq!(roster.problems, []);
    // Six stashes each of two providers, two deactivated; two collators, each by account and by Aura key.
    assert_eq!(counts(&roster), [12, 2, 4, 5]);
    let written = "14EQvBy9h8xGbh2R3ustnkfkF514E7wpmHtg27gDaTLM2str";
    let in_another_prefix = account(written).ss58(42);
    assert_ne!(in_another_prefix, written);
    let stash = account(&in_another_prefix);
    let member = roster.validator(&stash).unwrap();
    assert_eq!((member.provider.as_str(), member.active), ("CoinStudio", true));
    assert_eq!(roster.name_of(&stash).unwrap().as_str(), member.name.as_str());
    let helikon = roster.validator(&account("5FKoLJA8u17wewFsFsiEmgkywujgb8wWBB7gupaCSvxiWiC8")).unwrap();
    assert_eq!((helikon.name.as_str(), helikon.active), ("HELIKON/ISTANBUL", false));
    assert_eq!(roster.stashes_of("Helikon").count(), 0);
    let aura = account("0xde05506c73f35cf0bd50652b719369c2e20be9bf2c8522bd6cb61059a0cb0033");
    let collator = roster.collators.get(&aura).unwrap();
    assert_eq!(collator.chain.as_ref().unwrap().as_str(), "AssetHub");
    assert!(roster.validators.values().all(|m| m.provider.as_str() != "Example"), "examples do not count");
}

#[test]
fn a_broken_file_is_named_with_its_line_and_the_rest_is_used() {
    let roster = read_folder(&folder("broken")).unwrap();
    let text: Vec<&str> = roster.problems.iter().map(|p| p.as_str()).collect();
    let told = |start: &str, part: &str| {
        assert!(text.iter().any(|t| t.starts_with(start) && t.contains(part)), "{start} … {part}: {text:#?}");
    };
    let address = "expected an SS58 address of any prefix, or 0x and 64 hex digits";
    told(
        "active/address.yml:4: ",
        &format!("'5FKoLJA8u17wewFsFsiEmgkywujgb8wWBB7gupaCSvxiWiC9' is no address; {address}"),
    );
    told("active/address.yml:5: ", "no stash");
    told("active/address.yml:8: ", "stands in active/address.yml:7 already");
    told("active/address.yml:9: ", "'0x00' is no address");
    told("active/half.yml:6: ", "this is no YAML (");
    told("active/half.yml:6: ", "lines 5 to 7 are left out");
    told("active/no-accounts.yml:1: ", "no accounts; expected accounts with a stash each");
    told(
        "active/no-display.yml:2: ",
        "the file's name stands for the provider; expected identity with display",
    );
    told("active/tabs.yml:2: ", "a tab in the indentation, and 1 lines more like it; expected spaces");
    told("deactivated/half.yml:4: ", "stands in active/half.yml:4 already");
    told("nested/collator.yml:4: ", "'0xzz' is no address");
    told("nested/collator.yml:5: ", "'0' stands twice");
    told("nested/collator.yml:5: ", "no aura_id");
    told("nested/empty.yml: ", "the file is empty");
    told("nested/latin.yml:2: ", "this is no UTF-8 text");
    told(
        "nested/other.yml:1: ",
        "this is no file of the register; expected identity and accounts, or whitelist",
    );
    told("nested/whitelist.yaml:2: ", "ends at ' #'");
    told("nested/whitelist.yaml:4: ", "no name");
    told("nested/whitelist.yaml:6: ", "'nowhere' is no address");
    assert_eq!(text.len(), 18, "nothing else is wrong: {text:#?}");
    // tabs 1, half 2 of 3, address 1, no-display 1.
    assert_eq!(counts(&roster), [5, 0, 2, 2]);
    let names: Vec<&str> = roster.validators.values().map(|m| m.name.as_str()).collect();
    for name in ["Tabs/1", "Half", "Half/3", "Address", "no-display"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_one_sentence() {
    let e = read_folder(Path::new("/nonexistent/register")).unwrap_err().to_string();
    assert_eq!(
        e,
        "/nonexistent/register: the register's folder cannot be read (entity not found); \
         expected a readable folder of YAML files; names are missing until then"
    );
}

#[test]
fn the_whole_public_register_is_read() {
    let shared = root().join("../shared/data/roster");
    if !shared.is_dir() {
        return skip("the_whole_public_register_is_read", "../shared/data/roster");
    }
    let roster = read_folder(&shared).unwrap();
    // 26 active providers with 153 stashes (ACTIONS §4.1), 3 deactivated stashes; 340 rows with duplicates.
    let providers: std::collections::BTreeSet<&str> =
        roster.validators.values().filter(|m| m.active).map(|m| m.provider.as_str()).collect();
    assert_eq!(providers.len(), 26);
    let [active, deactivated, collators, whitelist] = counts(&roster);
    assert_eq!((active, deactivated, collators), (153, 3, 18));
    let rows = std::fs::read_to_string(shared.join("whitelists/whitelist.yml")).unwrap();
    let rows = rows.split("accountsToUnstake").next().unwrap().matches("address: ").count();
    assert_eq!(whitelist + roster.problems.len(), rows, "every row is used or named: {:#?}", roster.problems);
    assert!(roster.problems.iter().all(|p| p.as_str().contains("already")), "{:#?}", roster.problems);
}

#[test]
fn folders_in_a_circle_and_without_end_are_left() {
    let tmp = TempDir::new().unwrap();
    std::os::unix::fs::symlink(tmp.path(), tmp.path().join("round")).unwrap();
    let deep = tmp.path().join("a/b/c/d/e/f/g");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("x.yml"), "identity: {display: X}\naccounts: []\n").unwrap();
    std::fs::write(tmp.path().join("big.yml"), "#".repeat(600 << 10)).unwrap();
    let roster = read_folder(tmp.path()).unwrap();
    let text: Vec<&str> = roster.problems.iter().map(|p| p.as_str()).collect();
    assert_eq!(
        text,
        [
            "a/b/c/d/e/f: the folder lies too deep; expected at most 6 folders in each other",
            "big.yml: the file is too large; expected at most 512 KiB",
        ]
    );
}

#[test]
fn the_profiles_name_comes_before_the_registers_and_a_new_register_replaces_the_old() {
    let mut profile = sereno::config::load_network(
        "local",
        &sereno::config::Dirs { config: "/nonexistent".into(), state: "/nonexistent".into() },
    )
    .unwrap();
    let named = *profile.network.names.keys().next().unwrap();
    let name = profile.network.names[&named].clone();
    let mut roster = read_folder(&folder("good")).unwrap();
    let (known, member) = roster.validators.iter().next().map(|(a, m)| (*a, m.clone())).unwrap();
    roster.validators.insert(named, member.clone());
    profile.network.roster = Roster::default();
    let mut state = AppState::new(profile.network, Keymap::default(), String::new(), Mode::Headless);
    assert_eq!(state.name_of(&known), None);
    assert!(app::update(&mut state, Msg::Roster(Box::new(roster))).is_empty());
    assert_eq!(state.name_of(&known), Some(member.name.as_str()));
    assert_eq!(state.name_of(&named), Some(name.as_str()));
}

/// What the server does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Serves,
    /// The first request for the list and for the whitelist fails.
    Stumbles,
    Refuses,
    /// Lists without end.
    Floods,
    Says(&'static str),
}

struct Shared {
    mood: Mutex<Mood>,
    asked: Mutex<Vec<String>>,
    heads: Mutex<Vec<String>>,
    files: PathBuf,
    port: u16,
}

/// A web server that lists and serves `files` like the contents API of GitHub.
struct Web {
    shared: Arc<Shared>,
    _runtime: tokio::runtime::Runtime,
}

impl Web {
    fn start(files: PathBuf) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            mood: Mutex::new(Mood::Serves),
            asked: Mutex::default(),
            heads: Mutex::default(),
            files,
            port,
        });
        let own = shared.clone();
        runtime.spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                open.spawn(async move {
                    let service = hyper::service::service_fn(move |r| answer(own.clone(), r));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { shared, _runtime: runtime }
    }

    fn set(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Paths asked for since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

async fn answer(own: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let before = own.asked.lock().unwrap().iter().filter(|p| **p == path).count();
    own.asked.lock().unwrap().push(path.clone());
    own.heads.lock().unwrap().push(format!("{:?}", request.headers()));
    let mood = *own.mood.lock().unwrap();
    let body = |status: u16, bytes: Vec<u8>| {
        Ok(Response::builder().status(status).body(Full::new(Bytes::from(bytes))).unwrap())
    };
    match mood {
        Mood::Refuses => return body(403, b"rate limit".to_vec()),
        Mood::Stumbles if before == 0 && (path == "/register" || path.ends_with("/whitelist.yml")) => {
            return body(503, Vec::new());
        }
        Mood::Floods => return body(200, vec![b' '; 3 << 20]),
        Mood::Says(text) => return body(200, text.as_bytes().to_vec()),
        Mood::Serves | Mood::Stumbles => {}
    }
    if let Some(rest) = path.strip_prefix("/moved") {
        let to = Response::builder().status(302).header(header::LOCATION, format!("/register{rest}"));
        return Ok(to.body(Full::default()).unwrap());
    }
    if let Some(file) = path.strip_prefix("/raw/") {
        return match std::fs::read(own.files.join(file)) {
            Ok(bytes) => body(200, bytes),
            Err(_) => body(404, Vec::new()),
        };
    }
    let below = path.trim_start_matches("/register").trim_matches('/').to_owned();
    let Ok(entries) = own.files.join(&below).read_dir() else { return body(404, Vec::new()) };
    let here = format!("http://127.0.0.1:{}", own.port);
    let list: Vec<Value> = entries
        .map(|e| {
            let e = e.unwrap();
            let name = e.file_name().to_string_lossy().into_owned();
            let inner = format!("{below}/{name}").trim_start_matches('/').to_owned();
            if e.path().is_dir() {
                json!({"name": name, "type": "dir", "download_url": null, "url": format!("{here}/register/{inner}"), "size": 0})
            } else {
                json!({"name": name, "type": "file", "download_url": format!("{here}/raw/{inner}"), "url": "x"})
            }
        })
        .collect();
    body(200, serde_json::to_vec(&list).unwrap())
}

/// `sereno doctor` on a network whose register is at this place; the line about the register with what hangs below it.
struct Doctor {
    state: TempDir,
    profile: String,
}

impl Doctor {
    fn of(place: &str) -> Self {
        let state = TempDir::new().unwrap();
        let profile = state.path().join("probe.toml");
        let text = format!(
            "id = \"probe\"\npublic = false\nroster = \"{place}\"\n\
             [[chains]]\nid = \"relay\"\nname = \"Relay\"\nendpoints = [\"ws://127.0.0.1:1\"]\n"
        );
        std::fs::write(&profile, text).unwrap();
        Self { profile: profile.to_str().unwrap().to_owned(), state }
    }

    fn run(&self, now: &str) -> Ran {
        run_in(&self.state, &["--network", &self.profile, "--now", now, "doctor"], 60)
    }

    fn says(&self, now: &str) -> String {
        let ran = self.run(now);
        let of_register = |l: &&str| l.contains("register     ");
        let from = ran.out.lines().skip_while(|l| !of_register(l));
        let lines: Vec<&str> = from.take_while(|l| !l.contains("tickets  ")).collect();
        assert!(!lines.is_empty(), "{}{}", ran.out, ran.err);
        lines.join("\n")
    }
}

const NOON: &str = "2026-11-21T12:00:00Z";
const EVENING: &str = "2026-11-21T17:30:00Z";
const NIGHT: &str = "2026-11-21T23:30:00Z";

#[test]
fn a_register_on_the_web_is_read_once_in_six_hours_and_its_copy_outlives_the_server() {
    let web = Web::start(folder("good"));
    let port = web.shared.port;
    let doctor = Doctor::of(&format!("http://127.0.0.1:{port}/register"));
    let whole = "2 providers, 12 validators, 2 deactivated, 0 problems";
    let said = doctor.says(NOON);
    assert!(said.starts_with("ok   register") && said.contains(&format!("{whole}, read ")), "{said}");
    let asked = web.asked();
    let yaml = asked.iter().filter(|p| p.starts_with("/raw/"));
    assert_eq!(yaml.count(), 7, "no example, no README, no whitelist of another network: {asked:?}");
    assert!(
        asked
            .iter()
            .filter_map(|p| p.strip_prefix("/raw/"))
            .all(|p| is_wanted(p.rsplit('/').next().unwrap()))
    );
    let heads = web.shared.heads.lock().unwrap().join("\n");
    assert!(
        heads.contains("\"user-agent\": \"sereno/")
            && !heads.contains("authorization")
            && !heads.contains("cookie"),
        "{heads}"
    );

    assert!(doctor.says(EVENING).contains(&format!("{whole}, read 5 h")), "{}", doctor.says(EVENING));
    assert_eq!(web.asked(), Vec::<String>::new(), "the copy is young enough");

    web.set(Mood::Refuses);
    let ran = doctor.run(NIGHT);
    assert!(ran.out.contains(&format!("{whole}, read 11 h")), "{}", ran.out);
    assert!(ran.err.contains("the register of validators is 11 h"), "{}", ran.err);
    assert!(ran.err.contains("cannot be read: the server answers 403"), "{}", ran.err);
    assert_eq!(web.asked().len(), 1, "what is refused is not asked for twice");

    web.set(Mood::Serves);
    assert!(doctor.says(NIGHT).contains(&format!("{whole}, read 0 s")));
    let copy = doctor.state.path().join("state/probe/roster/register.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&copy).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(!std::fs::read_to_string(copy).unwrap().contains("kukabi"), "contacts are not kept");
}

#[test]
fn a_server_that_stumbles_is_asked_once_more_and_a_redirect_is_followed() {
    let web = Web::start(folder("good"));
    web.set(Mood::Stumbles);
    let whole = "2 providers, 12 validators, 2 deactivated, 0 problems";
    let place = format!("http://127.0.0.1:{}", web.shared.port);
    let said = Doctor::of(&format!("{place}/register")).says(NOON);
    assert!(said.contains(whole), "{said}");
    let asked = web.asked();
    assert_eq!(asked.iter().filter(|p| *p == "/raw/whitelists/whitelist.yml").count(), 2, "{asked:?}");
    web.set(Mood::Serves);
    let said = Doctor::of(&format!("{place}/moved")).says(NOON);
    assert!(said.contains(whole), "{said}");
}

#[test]
fn what_is_wrong_in_a_register_on_the_web_is_named_too() {
    let web = Web::start(folder("broken"));
    let said = Doctor::of(&format!("http://127.0.0.1:{}/register/", web.shared.port)).says(NOON);
    assert!(said.contains("5 validators, 0 deactivated, 18 problems"), "{said}");
    assert!(said.contains("→ active/address.yml:4: ") && said.contains("and 13 more"), "{said}");
}

#[test]
fn a_register_that_is_no_register_is_one_sentence_and_no_reason_to_stop() {
    let web = Web::start(folder("good"));
    let place = format!("http://127.0.0.1:{}/register", web.shared.port);
    for (mood, why) in [
        (Mood::Refuses, "the server answers 403"),
        (Mood::Floods, "the answer is larger than 2097152 bytes"),
        (Mood::Says("{\"message\": \"Not Found\"}"), "the answer is no list of files ("),
        (Mood::Says("<html>"), "the answer is no list of files ("),
    ] {
        web.set(mood);
        let said = Doctor::of(&place).says(NOON);
        assert!(said.starts_with("OFF  register") && said.contains(why), "{why}: {said}");
    }
    drop(web);
    let said = Doctor::of(&place).says(NOON);
    assert!(said.contains("connection refused"), "{said}");
    let said = Doctor::of("no/such/folder").says(NOON);
    assert!(
        said.contains("no/such/folder: the register's folder cannot be read (entity not found)"),
        "{said}"
    );
}

#[test]
fn a_list_cannot_send_us_anywhere() {
    let web = Web::start(folder("good"));
    web.set(Mood::Says(
        r#"[{"name":"a.yml","type":"file","download_url":"http://192.0.2.1/a.yml"},
            {"name":"b.yml","type":"file","download_url":"file:///etc/passwd"},
            {"name":"c.yml","type":"file","download_url":null},
            {"name":"d.yml","type":"symlink","download_url":"http://127.0.0.1:1/d.yml"}]"#,
    ));
    let said = Doctor::of(&format!("http://127.0.0.1:{}/register", web.shared.port)).says(NOON);
    for name in ["a.yml", "b.yml", "c.yml"] {
        assert!(said.contains(&format!("{name}: the list gives no address that may be asked")), "{said}");
    }
    assert_eq!(web.asked(), ["/register"]);
}

#[test]
fn a_register_is_read_fast_enough_to_start_with() {
    let tmp = TempDir::new().unwrap();
    for (n, text) in
        ["[", "\"", "- ", "a: ", "{a: ", "\t", "? ", "|\n ", "&a *a ", "- \"x\n"].iter().enumerate()
    {
        std::fs::write(tmp.path().join(format!("{n}.yml")), text.repeat((400 << 10) / text.len())).unwrap();
    }
    let began = crate::sereno::now_ms();
    assert!(!read_folder(tmp.path()).unwrap().problems.is_empty());
    let took = Duration::from_millis(u64::try_from(crate::sereno::now_ms() - began).unwrap());
    assert!(took < Duration::from_secs(60), "ten malicious files took {took:?}");
    println!("ten malicious files: {took:?}");
}
