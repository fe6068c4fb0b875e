//! The command line as CONTRACT fixes it, and what is refused.

use super::*;

fn read(line: &str) -> Result<Cli, CliError> {
    Cli::read(std::iter::once("sereno").chain(line.split_whitespace()))
}

fn refused(line: &str) -> String {
    let e = read(line).unwrap_err();
    assert_eq!(e.code, 2, "{line}");
    let lines: Vec<&str> = e.text.lines().collect();
    assert_eq!(lines.len(), 2, "one line and a hint: {}", e.text);
    assert_eq!(lines[1], "see 'sereno --help'");
    lines[0].to_owned()
}

#[test]
fn the_definition_is_consistent() {
    <Cli as clap::CommandFactory>::command().debug_assert();
}

#[test]
fn every_command_of_the_contract_is_understood() {
    for line in [
        "",
        "snapshot --json --at best --timeout 30s",
        "check --json --for 2m --detector reorg --suite sanity",
        "watch",
        "wall --rotate 20s --pages a,b",
        "record /tmp/x --for 1h",
        "replay x --speed 10",
        "replay x --headless --json",
        "metrics --listen 127.0.0.1:9615",
        "doctor --accept-genesis relay",
        "xray 2000 --json",
        "xray people",
        #[cfg(feature = "rehearse")]
        "rehearse --call 0x3801d0070000081234 --origin root --chain relay --method fork --blocks 3 --json",
        #[cfg(feature = "rehearse")]
        "rehearse row:A3 para=2000 new_head=0x12 --method dry-run --json",
        #[cfg(feature = "rehearse")]
        "rehearse force-head --param para=2000 --param new_head=@head --wrap sudo --blocks 3",
        #[cfg(feature = "rehearse")]
        "rehearse --call 0x00 --origin 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --method dry_run",
        "completions bash",
        "man",
        "report validators --from 2026-07-01 --to 2026-09-30 --format json",
        "report validators --quarter 2026-Q3 --format md",
        "validators backfill --sessions 24 --rate 50",
        "runbook list --json",
        "runbook show row:A3",
        "runbook lint x.toml",
        "plan force-head --param para=2000 --param new_head=@x --wrap sudo --ticket 7 --out f --json",
        "plan verify f",
        "--demo snapshot",
        "snapshot --demo",
        "--arm",
        "--network local --only relay,people --endpoint relay=ws://127.0.0.1:9944 --endpoint people=wss://x",
        "--state-dir /tmp --config /x --theme mono --keymap vim --log-level debug --log-file /tmp/l",
    ] {
        assert!(read(line).is_ok(), "{line}: {:?}", read(line).err());
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let Some(Command::Snapshot { json: false, at: At::Finalized, timeout }) =
        read("snapshot").unwrap().command
    else {
        panic!("snapshot");
    };
    assert_eq!(timeout, Duration::from_secs(30));
    let Some(Command::Wall { rotate, .. }) = read("wall").unwrap().command else { panic!("wall") };
    assert_eq!(rotate, Duration::from_secs(20));
}

#[test]
fn a_mistake_is_one_line_that_says_what_was_expected() {
    for (line, part) in [
        ("--netwrok x", "unexpected argument '--netwrok' found"),
        ("snapshto", "unrecognized subcommand 'snapshto'"),
        ("snapshot --timeout 30", "like 30s"),
        ("snapshot --timeout=-5s", "like 30s"),
        ("snapshot --timeout 0s", "more than zero"),
        ("check --for 99999h", "at most a year"),
        ("snapshot --at latest", "[possible values: finalized, best]"),
        ("--now yesterday", "2026-11-21T14:00:00Z"),
        ("--now 2026-11-21T14:00:00", "with a zone"),
        ("metrics", "--listen <ADDR>"),
        ("metrics --listen here", "invalid socket address"),
        ("replay x --speed nan", "from 0.01"),
        ("replay x --speed 0", "from 0.01"),
        ("replay x --json", "--headless"),
        ("--only relay,,people", "expected a chain id"),
        ("--endpoint nope", "expected CHAIN=URL"),
        ("--log-level loud", "[possible values: error"),
        ("completions tcsh2", "[possible values: bash"),
        ("report validators --from 1.7.2026", "like 2026-07-01"),
        ("report validators --to 2026-02-30", "like 2026-07-01"),
        ("report validators --from 2026-07-01T00:00:00", "like 2026-07-01"),
        ("report validators --quarter 2026-Q5", "like 2026-Q3"),
        ("report validators --quarter 2026-Q3 --from 2026-07-01", "cannot be used with"),
        ("report validators --format pdf", "[possible values: md, json]"),
        ("report quarterly", "unrecognized subcommand 'quarterly'"),
        ("validators backfill", "--sessions <N>"),
        ("validators backfill --sessions 0", "0 is not in 1..="),
        ("validators backfill --sessions 1 --rate 0", "0 is not in 1..="),
        ("--demo --endpoint relay=wss://x", "cannot be used with"),
        #[cfg(feature = "rehearse")]
        ("rehearse --call 0x00 --origin root --method validity --blocks 1", "--method fork only"),
        #[cfg(feature = "rehearse")]
        ("rehearse --call 0x00", "--origin <root|ACCOUNT>"),
        #[cfg(feature = "rehearse")]
        ("rehearse", "<RUNBOOK"),
        #[cfg(feature = "rehearse")]
        ("rehearse force-head --call 0x00 --origin root", "cannot be used with"),
        #[cfg(feature = "rehearse")]
        ("rehearse force-head para", "expected NAME=VALUE"),
        #[cfg(feature = "rehearse")]
        ("rehearse --call 0x0 --origin root", "an even number of hex digits"),
        #[cfg(feature = "rehearse")]
        ("rehearse --call 0x00 --origin sudo", "expected root, or an account"),
        #[cfg(feature = "rehearse")]
        ("rehearse --call 0x00 --origin root --method guess", "[possible values: fork, dry_run, validity]"),
    ] {
        let e = refused(line);
        assert!(e.contains(part), "{line}: {e}");
    }
}

#[test]
fn arming_is_refused_wherever_the_past_is_shown() {
    for line in ["--arm --demo", "--arm replay x", "replay x --arm", "wall --arm", "snapshot --demo --arm"] {
        assert!(refused(line).contains("--arm is refused"), "{line}");
    }
    assert!(refused("--demo replay x").contains("contradict"));
    for line in ["replay x --endpoint relay=wss://x", "--endpoint relay=wss://x replay x --headless --json"] {
        assert!(refused(line).contains("a recording dials nobody"), "{line}");
    }
    for line in [
        "--demo record x",
        "metrics --listen 127.0.0.1:0 --demo",
        "doctor --demo",
        "--demo validators backfill --sessions 1",
        #[cfg(feature = "rehearse")]
        "--demo rehearse --call 0x00 --origin root",
    ] {
        assert!(refused(line).contains("--demo uses no network"), "{line}");
    }
}

#[test]
fn it_is_known_whether_the_command_line_names_the_network() {
    for (line, is) in
        [("--demo", false), ("--demo --network local", true), ("snapshot --network local", true)]
    {
        assert_eq!(read(line).unwrap().global.network_by_flag, is, "{line}");
    }
}

#[test]
fn a_mistake_never_repeats_a_token_or_an_escape() {
    let e = refused("--endpoint relay=ftp://u:CANARY@h/?CANARY");
    assert!(!e.contains("CANARY") && e.contains("expected ws:// or wss://"), "{e}");
    let e = refused("--endpoint relay=CANARY0123456789ABC");
    assert!(!e.contains("CANARY"), "{e}");
    assert!(!refused("\u{1b}[2J").contains('\u{1b}'));
}

#[test]
fn bytes_that_are_no_text_are_refused_politely() {
    use std::os::unix::ffi::OsStringExt;
    let bad = OsString::from_vec(vec![b'x', 0xff]);
    let e = Cli::read([OsString::from("sereno"), OsString::from("--network"), bad]).unwrap_err();
    assert!(e.code == 2 && e.text.contains("UTF-8"), "{e}");
}

#[test]
fn help_and_version_belong_on_stdout_and_name_the_environment() {
    let help = read("--help").unwrap_err();
    assert_eq!(help.code, 0);
    for part in ["SERENO_NETWORK", "SERENO_OPERATOR", "--endpoint <CHAIN=URL>", "snapshot", "doctor"] {
        assert!(help.text.contains(part), "{part}\n{}", help.text);
    }
    assert!(!help.text.contains("operator-from-environment"));
    assert_eq!(read("--version").unwrap_err().code, 0);
}
