//! What the real binary does: with a journal, fake nodes, recordings, and a live node where there is one.

use crate::it::faultd::{Chain, FakeRuntime, Node};
use crate::synth::{BLOCK_MS, SIX, START, Synth, id};
use crate::term::{Term, headless};
use crate::{Row, Times, proxy, row};
use sereno::domain::{Store, UnixMs};
use sereno::journal::{Journal, Role};
use sereno::record::{Header, Recorder};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(20);
/// Blocks that a fake chain has at the start.
const HEIGHT: u64 = 1_234;
/// The same where the back-fill shall soon be over: it is no steady state.
const LOW: u64 = 24;

/// A profile of six chains with one endpoint each.
fn profile(dir: &Path, urls: &[String]) -> PathBuf {
    let mut text = "id = \"bench\"\npublic = false\n".to_owned();
    for (n, url) in urls.iter().enumerate() {
        let para = if n == 0 { String::new() } else { format!("para_id = {}\n", 999 + n) };
        let id = id(n as u32);
        write!(
            text,
            "[[chains]]\nid = \"{id}\"\nname = \"{id}\"\n{para}block_time = \"6s\"\nendpoints = [\"{url}\"]\n"
        )
        .unwrap();
    }
    let file = dir.join("bench.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// A recording of so many blocks on each of six chains.
fn recording(dir: &Path, rounds: u64) -> (PathBuf, u64) {
    let file = dir.join("bench.sereno.zst");
    let mut synth = Synth::new(SIX);
    let chains = synth.network.chains.iter().map(|c| c.id.clone()).collect();
    let header = Header::new("bench", UnixMs(START), chains);
    let out = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    let mut recorder = Recorder::new(out, &header, &synth.network, &Store::default()).unwrap();
    let mut facts = 0;
    let mut all = synth.connect();
    for _ in 0..rounds {
        all.extend(synth.round());
        for seen in all.drain(..) {
            recorder.push(&seen).unwrap();
            facts += 1;
        }
    }
    recorder.finish(UnixMs(synth.now)).unwrap();
    (file, facts)
}

/// Start to first paint from a journal of six chains.
pub(crate) fn first_paint() -> Vec<Row> {
    let dir = TempDir::new().unwrap();
    let refused = vec!["ws://127.0.0.1:9".to_owned(); 6];
    let network = profile(dir.path(), &refused);
    let mut synth = Synth::new(SIX);
    let mut journal = Journal::open(dir.path(), "bench", Role::Console, UnixMs(START)).journal;
    journal.write(&synth.connect()).unwrap();
    for _ in 0..720 {
        journal.write(&synth.round()).unwrap();
    }
    drop(journal);
    let height = synth.height().to_string();
    let now = UnixMs(synth.now).plus(60_000).rfc3339();
    let mut times = Times::default();
    for _ in 0..20 {
        let mut term =
            Term::start(dir.path(), &["--network", network.to_str().unwrap(), "--now", now.as_str()]);
        let at = term.until(LIMIT, |screen| digits(screen).contains(&height)).expect("no frame");
        times.push(at - term.started);
    }
    let budget = "≤ 50 ms";
    vec![row("start → first paint, journal of 6 × 720 blocks", budget, times.told())]
}

/// The screen without blanks: numbers are written in groups.
fn digits(screen: &str) -> String {
    screen.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The relay's runtime as a para's: a pallet that a para has no use for is renamed to the one that says which para it is.
fn para(mut runtime: FakeRuntime, id: u32) -> FakeRuntime {
    let renamed = [("ParasDisputes", "ParachainInfo"), ("LastPrunedSession", "ParachainId")];
    let mut metadata = runtime.metadata.to_vec();
    for (from, to) in renamed.map(|(from, to)| (codec::Encode::encode(from), codec::Encode::encode(to))) {
        let places: Vec<usize> =
            (0..metadata.len()).rev().filter(|at| metadata[*at..].starts_with(&from)).collect();
        assert!(!places.is_empty(), "the metadata has changed");
        for at in places {
            metadata.splice(at..at + from.len(), to.iter().copied());
        }
    }
    runtime.code_hash.0[31] = 1;
    runtime.metadata = Arc::new(metadata);
    runtime.para = Some(id);
    runtime
}

/// Six fake nodes with a chain each.
struct Bed {
    runtime: tokio::runtime::Runtime,
    chains: Vec<Arc<Chain>>,
    nodes: Vec<Node>,
    dir: TempDir,
}

impl Bed {
    fn new(count: u8, height: u64) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let real = FakeRuntime::relay_2026(BLOCK_MS);
        let runtime_of = |n: u8| {
            if n == 0 { real.clone() } else { para(real.clone(), 999 + u32::from(n)) }
        };
        let chains: Vec<_> = (0..count).map(|n| Chain::salted(runtime_of(n), n, n)).collect();
        chains.iter().for_each(|chain| chain.advance(height));
        let nodes = chains.iter().map(|chain| runtime.block_on(Node::start(chain))).collect();
        Self { runtime, chains, nodes, dir: TempDir::new().unwrap() }
    }

    fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Node::url).collect()
    }

    /// Opens the console on the nodes, at the moment at which their newest blocks were written.
    fn console(&self, urls: &[String]) -> Term {
        let network = profile(self.dir.path(), urls);
        let best = self.chains[0].best() * BLOCK_MS;
        let now = UnixMs(START).plus(best + 200).rfc3339();
        let state = TempDir::new_in(self.dir.path()).unwrap().keep();
        Term::start(&state, &["--network", network.to_str().unwrap(), "--now", now.as_str()])
    }

    fn requests(&self) -> u64 {
        let _in = self.runtime.enter();
        self.nodes.iter().map(|n| n.calls().values().sum::<u64>()).sum()
    }
}

/// The block of a node, through the network and the real binary, to the terminal.
pub(crate) fn cell() -> Vec<Row> {
    let bed = Bed::new(1, HEIGHT);
    let mut first = Times::default();
    let mut far = Times::default();
    let mut asked = 0;
    let step = Duration::from_millis(200);
    for _ in 0..5 {
        for (delay, times) in [(Duration::ZERO, &mut first), (step, &mut far)] {
            let (url, counts) = proxy::start(&bed.urls()[0], delay);
            let mut term = bed.console(&[url]);
            let wanted = HEIGHT.to_string();
            let at = term.until(LIMIT, |s| s.lines().any(|l| l.contains('▸') && digits(l).contains(&wanted)));
            asked = counts.requests.load(Ordering::Relaxed);
            times.push(at.expect("no block") - term.started);
        }
    }
    let trips = (far.at(50) - first.at(50)) / step.as_secs_f64() / 1_000.0;
    let mut shown = Times::default();
    let mut term = bed.console(&bed.urls());
    term.watch(Duration::from_secs(3));
    for n in 1..=100 {
        let number = (HEIGHT + n).to_string();
        let began = Instant::now();
        bed.chains[0].advance(1);
        shown.push(term.until(LIMIT, |s| digits(s).contains(&number)).expect("no block") - began);
        term.watch(Duration::from_millis(37));
    }
    vec![
        row("start → first live block shown (fake node, no delay)", "≤ 5 round trips + decode", first.told()),
        row(
            "the same in round trips (from 200 ms each, TCP handshake not counted)",
            "≤ 5",
            format!("{trips:.1} round trips, {asked} requests on the wire by then"),
        ),
        row("node notification → cell on the terminal (fake node)", "p99 ≤ 50 ms", shown.told()),
    ]
}

/// Six chains at 6 s.
pub(crate) fn six() -> Vec<Row> {
    const BLOCKS: u32 = 10;
    let bed = Bed::new(6, LOW);
    let mut term = bed.console(&bed.urls());
    let advance = |at: Instant, term: &mut Term| {
        bed.chains.iter().for_each(|c| c.advance(1));
        term.watch((at + Duration::from_millis(BLOCK_MS)).saturating_duration_since(Instant::now()));
    };
    // The first contact and its back-fill (a block every two seconds) are not steady state.
    let height = LOW.to_string();
    let is_read = |line: &&str| line.contains("LIVE") && line.contains(&height);
    term.until(LIMIT, |s| s.lines().filter(is_read).count() >= 6).expect("no block");
    term.watch((term.started + Duration::from_millis(BLOCK_MS)).saturating_duration_since(Instant::now()));
    for _ in 0..2 {
        advance(Instant::now(), &mut term);
    }
    let (cpu, from, frames, asked) = (term.cpu_seconds(), Instant::now(), term.frames.len(), bed.requests());
    let mut blocks = Vec::new();
    for _ in 0..BLOCKS {
        blocks.push(Instant::now());
        advance(Instant::now(), &mut term);
    }
    let busy = (term.cpu_seconds() - cpu) / from.elapsed().as_secs_f64() * 100.0;
    let asked = bed.requests() - asked;
    // Frames within 900 ms of a block belong to it; the others are ticks.
    let after = |at: Instant| blocks.iter().any(|b| at >= *b && at - *b < Duration::from_millis(900));
    let (of_blocks, of_ticks): (Vec<(Instant, usize)>, Vec<_>) =
        term.frames[frames..].iter().copied().partition(|(at, _)| after(*at));
    let sum = |frames: &[(Instant, usize)]| frames.iter().map(|(_, n)| n).sum::<usize>();
    if std::env::var_os("SERENO_BENCH_SHOW").is_some() {
        println!("{}\n{:?}", term.contents(), of_ticks.iter().map(|(_, n)| n).collect::<Vec<_>>());
    }
    let chains = f64::from(BLOCKS * 6);
    let mut rows = vec![
        row("six chains at 6 s, live from fake nodes: CPU", "≤ 3 % of a core", format!("{busy:.1} %")),
        row("the same: memory (console and guardian)", "≤ 150 MB", format!("{:.0} MB", term.memory_mb())),
        row(
            "the same: bytes to the terminal a block, 200×50",
            "≤ 2 KB",
            format!(
                "{:.0} B a block of one chain, {} frames of {} B for six at once",
                sum(&of_blocks) as f64 / chains,
                of_blocks.len() / BLOCKS as usize,
                sum(&of_blocks) / of_blocks.len().max(1),
            ),
        ),
        row(
            "the same: bytes between blocks",
            "ticks ≤ 200 B/s, between ticks 0",
            format!(
                "{:.0} B/s in {:.2} frames a second",
                sum(&of_ticks) as f64 / (f64::from(BLOCKS) * 5.1),
                of_ticks.len() as f64 / (f64::from(BLOCKS) * 5.1)
            ),
        ),
        row(
            "requests per chain and block, steady state, fake nodes",
            "≤ 3, ≤ 2 a second",
            format!("{:.2}", asked as f64 / chains),
        ),
    ];
    drop(term);
    rows.push(replayed());
    rows
}

/// The same from a recording at real speed: its clock moves ten times a second.
fn replayed() -> Row {
    let dir = TempDir::new().unwrap();
    let (file, _) = recording(dir.path(), 600);
    let mut term = Term::start(dir.path(), &["replay", file.to_str().unwrap()]);
    term.watch(Duration::from_secs(8));
    let (cpu, from) = (term.cpu_seconds(), Instant::now());
    term.watch(Duration::from_secs(24));
    let busy = (term.cpu_seconds() - cpu) / from.elapsed().as_secs_f64() * 100.0;
    let memory = term.memory_mb();
    row("replay of six chains at 1×", "≤ 3 % of a core, ≤ 150 MB", format!("{busy:.1} %, {memory:.0} MB"))
}

/// A day of six chains without a screen.
pub(crate) fn day() -> Vec<Row> {
    let dir = TempDir::new().unwrap();
    let (file, facts) = recording(dir.path(), 14_400);
    let size = std::fs::metadata(&file).map_or(0, |m| m.len()) >> 20;
    let (seconds, peak, out) =
        headless(dir.path(), &["replay", file.to_str().unwrap(), "--headless", "--json"]);
    assert!(out.contains("1014400"), "the snapshot at the end shows the last block");
    let rate = facts as f64 / seconds;
    vec![
        row(
            "replay of a day of six chains (86,400 blocks)",
            "≤ 60 s",
            format!("{seconds:.1} s, {facts} facts, file {size} MB, peak {peak:.0} MB"),
        ),
        row("facts folded", "≥ 20,000 a second", format!("{rate:.0} a second, with reading and detection")),
    ]
}

/// Everything that wants a live node.
pub(crate) fn relay() -> Vec<Row> {
    let url = std::env::var("SERENO_BENCH_ENDPOINT").unwrap_or_else(|_| "ws://127.0.0.1:9944".to_owned());
    let host = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    if std::net::TcpStream::connect(&host).is_err() {
        return [
            ("start → first live block shown, live node", "≤ 5 round trips + decode"),
            ("requests per block, live node, steady state", "≤ 3"),
            ("snapshot of the relay", "≤ 0.25× of polkadot-js"),
        ]
        .map(|(what, budget)| row(what, budget, "bed missing"))
        .into();
    }
    let dir = TempDir::new().unwrap();
    let local = |url: &str| {
        let endpoint = format!("relay={url}");
        ["--network", "local", "--only", "relay", "--endpoint", &endpoint].map(str::to_owned)
    };
    let mut times = [Times::default(), Times::default()];
    let step = Duration::from_millis(200);
    for _ in 0..5 {
        for (delay, times) in [Duration::ZERO, step].into_iter().zip(&mut times) {
            let (proxied, _) = proxy::start(&url, delay);
            let args = local(&proxied);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let state = TempDir::new_in(dir.path()).unwrap().keep();
            let mut term = Term::start(&state, &args);
            let at = term.until(LIMIT, |s| s.lines().any(|l| l.contains('▸') && l.contains("· ok")));
            times.push(at.expect("no block") - term.started);
        }
    }
    let trips = (times[1].at(50) - times[0].at(50)) / 200.0;
    let mut snapshots = Times::default();
    let mut peak: f64 = 0.0;
    let (direct, (watched, counts)) = (local(&url), proxy::start(&url, Duration::ZERO));
    for _ in 0..10 {
        let args: Vec<&str> =
            ["snapshot", "--json"].into_iter().chain(direct.iter().map(String::as_str)).collect();
        let (seconds, memory, out) = headless(dir.path(), &args);
        assert!(out.contains("\"best\""), "{out}");
        snapshots.push(Duration::from_secs_f64(seconds));
        peak = peak.max(memory);
    }
    let watched = local(&watched);
    let mut child = std::process::Command::new(crate::term::BINARY)
        .arg("watch")
        .args(watched)
        .args(["--state-dir", dir.path().to_str().unwrap()])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(10));
    let read = || (counts.requests.load(Ordering::Relaxed), counts.heads.load(Ordering::Relaxed));
    let before = read();
    std::thread::sleep(Duration::from_secs(60));
    let after = read();
    let _ = child.kill();
    let _ = child.wait();
    let (asked, heads) = (after.0 - before.0, after.1 - before.1);
    vec![
        row(
            "start → first live block shown, live node",
            "≤ 5 round trips + decode",
            format!("{trips:.1} round trips; {}", times[0].told()),
        ),
        row(
            "requests per block, live node, steady state",
            "≤ 3",
            format!("{:.2} ({asked} for {heads} heads)", asked as f64 / heads.max(1) as f64),
        ),
        row(
            "snapshot of the relay",
            "≤ 0.25× of polkadot-js",
            format!("{}, peak {peak:.0} MB", snapshots.told()),
        ),
    ]
}
