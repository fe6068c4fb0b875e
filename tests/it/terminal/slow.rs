//! The real console on a terminal that takes nothing for three seconds: it waits without working, and goes on with the
//! newest frame.

use crate::faultd::{Chain, FakeRuntime, Node};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ROWS: u16 = 100;
const COLUMNS: u16 = 300;

/// The process that draws: the only child of the guardian.
fn child_of(guardian: u32) -> u32 {
    let list = std::fs::read_to_string(format!("/proc/{guardian}/task/{guardian}/children")).unwrap();
    list.split_whitespace().next().expect("the guardian has a child").parse().unwrap()
}

/// CPU milliseconds of a process so far.
fn cpu_ms(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let ticks = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    ticks.map(|t| t.parse::<u64>().unwrap()).sum::<u64>() * 10
}

/// Resident kilobytes of a process.
fn memory_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Reads until the screen, without blanks, holds `wanted`.
fn read_until(reader: &mut impl Read, terminal: &mut vt100::Parser, wanted: &str) -> u64 {
    let (mut chunk, mut bytes) = ([0; 8192], 0);
    let is_there = |t: &vt100::Parser| {
        let text: String = t.screen().contents().chars().filter(|c| !c.is_whitespace()).collect();
        text.contains(wanted)
    };
    while !is_there(terminal) {
        let n = reader.read(&mut chunk).unwrap_or(0);
        assert!(n > 0, "ended before {wanted:?} was shown:\n{}", terminal.screen().contents());
        terminal.process(&chunk[..n]);
        bytes += n as u64;
    }
    bytes
}

fn stands_still_for_three_seconds(state: &Path, url: &str, chain: &Arc<Chain>) {
    let pair = native_pty_system()
        .openpty(PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 })
        .unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sereno"));
    command.args([
        "--network",
        "local",
        "--only",
        "relay",
        "--endpoint",
        &format!("relay={url}"),
        "--state-dir",
    ]);
    command.arg(state);
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    let mut guardian = pair.slave.spawn_command(command).unwrap();
    let (mut reader, mut writer) =
        (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let mut terminal = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
    read_until(&mut reader, &mut terminal, &chain.best().to_string());
    let console = child_of(guardian.process_id().unwrap());

    // Nobody reads: whole frames fill what the system keeps for the terminal.
    for _ in 0..10 {
        writer.write_all(b"\x0c").unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    let (cpu, memory) = (cpu_ms(console), memory_kb(console));
    std::thread::sleep(Duration::from_secs(3));
    let (cpu, grown) = (cpu_ms(console) - cpu, memory_kb(console).saturating_sub(memory));
    println!("three seconds without a reader: {cpu} ms of CPU, {grown} KB more");
    assert!(cpu <= 200, "{cpu} ms of CPU in three seconds in which nothing could be shown");
    assert!(grown <= 8_192, "{grown} KB more in three seconds in which nothing could be shown");

    // What comes meanwhile is not queued as frames: keys, and a block.
    writer.write_all(b"\x0cjkjkjkjkjkjkjkjkjkjkjkjk").unwrap();
    chain.advance(1);
    std::thread::sleep(Duration::from_millis(500));
    let newest = chain.best().to_string();
    let bytes = read_until(&mut reader, &mut terminal, &newest);
    println!("{bytes} bytes until the newest frame");
    assert!(bytes <= 250_000, "{bytes} bytes came before the newest frame");
    writer.write_all(b"?").unwrap();
    read_until(&mut reader, &mut terminal, "typetosearch");
    writer.write_all(b"\x03").unwrap();
    // What is still to be said is read, so that the end has not to wait for us.
    let rest =
        std::thread::Builder::new().spawn(move || std::io::copy(&mut reader, &mut std::io::sink())).unwrap();
    assert_eq!(guardian.wait().unwrap().exit_code(), 0);
    drop((pair, writer));
    let _ = rest.join();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_takes_nothing_for_three_seconds_costs_nothing_and_shows_the_newest_frame_after_it() {
    let chain = Chain::new(FakeRuntime::relay_2026(6_000));
    chain.advance(30);
    let node = Node::start(&chain).await;
    let state = tempfile::tempdir().unwrap();
    let (url, dir) = (node.url(), state.path().to_owned());
    tokio::task::spawn_blocking(move || stands_still_for_three_seconds(&dir, &url, &chain)).await.unwrap();
}
