//! Joins recordings into one, on one time line.
//!
//!     join_demo OUT --run FILE [--skip MS] [--at MS] [--without CHAIN]… [--run FILE …]… [--length MS]
//!               [--expected CHAIN]… --scripted TEXT…
//!
//! Each run begins `--at` so many milliseconds after the beginning of the joined recording (0 unless said), without its
//! first `--skip` milliseconds; level facts of the skipped part stand at its beginning, so that nothing that was known is
//! lost. The first run gives network id, names and the moment of `t_ms` 0; all moments of the other runs, also those in
//! blocks, move with them. A chain must not stand in two runs: chains with another history have another id. Facts of
//! `--without` chains are left out. An `--expected` chain should be there: it is not optional in the joined recording,
//! so that it shows as unknown where nothing is known of it. The header says all this in words, after what the runs'
//! own headers say and after the `--scripted` texts.
#![allow(clippy::print_stderr, reason = "a tool of the command line")]

use sereno::domain::{ChainId, Fact, Link, Observation, Store, UnixMs};
use sereno::record::{Header, Recorder, Recording};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

type Res<T> = Result<T, Box<dyn Error>>;

/// One recording and where it goes.
#[derive(Default)]
struct Run {
    file: PathBuf,
    skip: u64,
    at: u64,
    without: BTreeSet<ChainId>,
}

#[derive(Default)]
struct Job {
    out: PathBuf,
    runs: Vec<Run>,
    expected: Vec<ChainId>,
    scripted: Vec<String>,
    length: Option<u64>,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|job| join(&job)) {
        Ok(line) => {
            eprintln!("{line}");
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("join_demo: {e}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Res<Job> {
    let mut job = Job { out: args.next().ok_or("no output file named")?.into(), ..Job::default() };
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} wants a value"))?;
        match (flag.as_str(), job.runs.last_mut()) {
            ("--run", _) => job.runs.push(Run { file: value.into(), ..Run::default() }),
            ("--scripted", _) => job.scripted.push(value),
            ("--expected", _) => job.expected.push(value.into()),
            ("--length", _) => job.length = Some(value.parse()?),
            ("--skip", Some(run)) => run.skip = value.parse()?,
            ("--at", Some(run)) => run.at = value.parse()?,
            ("--without", Some(run)) => {
                run.without.insert(value.into());
            }
            _ => return Err(format!("'{flag}' is not known here").into()),
        }
    }
    Ok(job)
}

fn join(job: &Job) -> Res<String> {
    let tapes: Vec<Recording> =
        job.runs.iter().map(|r| Recording::open(&r.file)).collect::<Result<_, _>>()?;
    let first = tapes.first().ok_or("no --run given")?;
    let started = first.header.started.plus(job.runs.first().map_or(0, |r| r.skip));
    let mut network = first.network.clone();
    for tape in tapes.iter().skip(1) {
        for chain in &tape.network.chains {
            if network.chain(&chain.id).is_some() {
                return Err(format!("chain {} stands in two runs: give it another id", chain.id).into());
            }
            network.chains.push(chain.clone());
        }
    }
    for id in &job.expected {
        let known = network.chains.iter_mut().find(|c| c.id == *id);
        known.ok_or_else(|| format!("--expected {id}: no run has this chain"))?.optional = false;
    }
    let mut seen = Vec::new();
    for (run, tape) in job.runs.iter().zip(&tapes) {
        seen.extend(part(run, tape, started)?);
    }
    // Stable: facts of one moment stay in their order.
    seen.sort_by_key(|o| o.at);
    let last = seen.last().map_or(0, |o| o.at.since(started));
    let length = job.length.unwrap_or(last);
    seen.retain(|o| o.at.since(started) <= length);
    let chains = network.chains.iter().map(|c| c.id.clone()).collect();
    let mut header = Header::new(&network.id, started, chains);
    header.length_ms = Some(length);
    header.scripted = tapes.iter().flat_map(|tape| tape.header.scripted.clone()).collect();
    header.scripted.extend(job.scripted.iter().cloned());
    if tapes.len() > 1 {
        header.scripted.push(format!("Joined from {} recordings on one time line", tapes.len()));
    }
    let mut recorder = Recorder::new(Vec::new(), &header, &network, &Store::default())?;
    for observation in &seen {
        recorder.push(observation)?;
    }
    let bytes = recorder.finish(started.plus(length))?;
    std::fs::write(&job.out, bytes)?;
    repack(&job.out)?;
    let size = std::fs::metadata(&job.out)?.len();
    Ok(format!("{} facts, {} s, {size} bytes", seen.len(), length / 1_000))
}

/// The facts of one run at their moments in the joined recording.
fn part(run: &Run, tape: &Recording, started: UnixMs) -> Res<Vec<Observation>> {
    let from = tape.header.started.plus(run.skip);
    let shift = started.plus(run.at).0 - from.0;
    let mut known: BTreeMap<(ChainId, Option<String>, String), usize> = BTreeMap::new();
    let mut out: Vec<Observation> = Vec::new();
    let mut facts = tape.facts();
    for timed in facts.by_ref().filter(|t| !run.without.contains(&t.seen.chain)) {
        let early = timed.t_ms < run.skip;
        let mut seen = timed.seen;
        seen.at = if early { from } else { seen.at };
        move_by(&mut seen, shift);
        match (early, seen.fact.level_key()) {
            (true, Some(level)) => {
                let endpoint = seen.endpoint.as_ref().map(ToString::to_string);
                if let Some(at) = known.insert((seen.chain.clone(), endpoint, level), out.len())
                    && let Some(older) = out.get_mut(at)
                {
                    // What was replaced before the beginning is gone; the newer one comes in its own place.
                    older.chain = ChainId::from("");
                }
                out.push(seen);
            }
            _ => out.push(seen),
        }
    }
    if let Some(damage) = facts.damage() {
        return Err(damage.to_string().into());
    }
    out.retain(|o| !o.chain.as_str().is_empty());
    Ok(thin(out))
}

/// Leaves out facts that say again what the same endpoint said last.
fn thin(all: Vec<Observation>) -> Vec<Observation> {
    let mut last: BTreeMap<(ChainId, Option<String>, String), Fact> = BTreeMap::new();
    all.into_iter()
        .filter(|o| {
            // What is read again counts as read anew, save where only a change matters.
            let (Fact::PeerBest(_) | Fact::PeerFinalized(_) | Fact::Latency(_) | Fact::Link(_)) = &o.fact
            else {
                return true;
            };
            let Some(level) = o.fact.level_key() else { return true };
            let key = (o.chain.clone(), o.endpoint.as_ref().map(ToString::to_string), level);
            last.insert(key, o.fact.clone()).as_ref() != Some(&o.fact)
        })
        .collect()
}

/// Moves an observation and every moment in it.
fn move_by(seen: &mut Observation, ms: i64) {
    let shift = |at: &mut UnixMs| at.0 += ms;
    shift(&mut seen.at);
    match &mut seen.fact {
        Fact::Best(block) | Fact::Filled(block) => block.timestamp.iter_mut().for_each(shift),
        Fact::Era(Some(era)) => era.started.iter_mut().for_each(shift),
        Fact::Link(
            Link::Down { retry_at: at, .. }
            | Link::Parked { until: at, .. }
            | Link::WrongChain { until: at, .. },
        ) => {
            shift(at);
        }
        _ => {}
    }
}

/// Compresses the whole file anew as one frame: small frames are for recordings that may be cut off.
fn repack(path: &Path) -> Res<()> {
    let plain = path.with_extension("ndjson");
    let run = |args: &[&str], from: &Path, to: &Path| -> Res<()> {
        let done = Command::new("zstd").args(args).args(["-q", "-f", "-o"]).arg(to).arg(from).status()?;
        if done.success() { Ok(()) } else { Err(format!("zstd {}: {done}", args.join(" ")).into()) }
    };
    run(&["-d"], path, &plain)?;
    run(&["-19", "--check"], &plain, path)?;
    std::fs::remove_file(&plain)?;
    Ok(())
}
