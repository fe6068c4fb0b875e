//! Reading a recording, line by line, with bounded memory.
//!
//! In: a file or bytes. Out: header, network, first store, then facts as long as the file is whole. A fact of a
//! kind that this program does not know is skipped and counted; damage ends the play with a sentence.

use super::frames::Frames;
use super::{Header, MAX_LINE, MAX_STORE_LINE, RecordError, SCHEMA};
use crate::domain::{ChainId, Clean, EndpointId, Fact, Network, Observation, Store, UnixMs};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the bytes come from; cheap to open again.
#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Bytes(Arc<[u8]>),
    BuiltIn(&'static [u8]),
}

impl Source {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes(_) => "in memory".to_owned(),
            Self::BuiltIn(_) => "built in".to_owned(),
        }
    }

    fn lines(&self) -> io::Result<Lines> {
        let input: Box<dyn BufRead + Send> = match self {
            Self::File(path) => Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)),
            Self::Bytes(bytes) => Box::new(BufReader::new(Cursor::new(Arc::clone(bytes)))),
            Self::BuiltIn(bytes) => Box::new(*bytes),
        };
        Ok(Lines { input: BufReader::new(Frames::new(input)), number: 0, line: Vec::new() })
    }
}

/// Lines of bounded length.
struct Lines {
    input: BufReader<Frames<Box<dyn BufRead + Send>>>,
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    /// The next line; none at the end. The error is half a sentence.
    fn next(&mut self, most: usize) -> Result<Option<&[u8]>, String> {
        self.line.clear();
        self.number = self.number.saturating_add(1);
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.line);
        match read {
            Ok(0) => Ok(None),
            Ok(_) if self.line.len() > most => Err(format!("it is longer than {most} bytes")),
            Ok(_) => Ok(Some(&self.line)),
            Err(e) => Err(e.to_string()),
        }
    }
}

#[derive(Deserialize)]
struct Probe {
    schema: Option<u32>,
}

#[derive(Deserialize)]
struct Description {
    description: Network,
}

#[derive(Deserialize)]
struct Start {
    store: Store,
}

#[derive(Deserialize)]
struct Line<'a> {
    t_ms: Option<u64>,
    chain: Option<ChainId>,
    #[serde(default)]
    endpoint: Option<EndpointId>,
    #[serde(borrow)]
    fact: Option<&'a RawValue>,
    end: Option<End>,
}

#[derive(Deserialize)]
struct End {
    t_ms: u64,
    facts: u64,
}

/// A recording whose first lines were read and found right.
#[derive(Debug, Clone)]
pub struct Recording {
    source: Source,
    /// The first line.
    pub header: Header,
    /// The network as it was described when it was recorded.
    pub network: Network,
    /// What was known when the recording began.
    pub start: Store,
    /// Chains whose facts play; empty: all.
    only: Vec<ChainId>,
}

/// A fact and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// Milliseconds from the beginning of the recording.
    pub t_ms: u64,
    /// The observation, with the moment at which it was received then.
    pub seen: Observation,
}

/// What a recording holds, found by reading all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// `t_ms` of its end: of the closing line, else of the last fact.
    pub length_ms: u64,
    /// Facts that play.
    pub facts: u64,
    /// Facts of an unknown kind.
    pub skipped: u64,
    /// Where and why it ends before its end; none where it is whole.
    pub damage: Option<Clean>,
}

impl Recording {
    /// Opens a file.
    ///
    /// # Errors
    /// Where it cannot be opened or its first three lines are not those of a recording.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        Self::from(Source::File(path.to_owned()))
    }

    /// Opens a recording that is built in, see [`super::demo_bytes`].
    ///
    /// # Errors
    /// Where its first three lines are not those of a recording.
    pub fn built_in(bytes: &'static [u8]) -> Result<Self, RecordError> {
        Self::from(Source::BuiltIn(bytes))
    }

    /// Opens bytes.
    ///
    /// # Errors
    /// Where its first three lines are not those of a recording.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self, RecordError> {
        Self::from(Source::Bytes(bytes.into()))
    }

    fn from(source: Source) -> Result<Self, RecordError> {
        let name = source.name();
        let mut lines = source.lines().map_err(|reason| RecordError::Open { name: name.clone(), reason })?;
        let header = first_line(&mut lines, &name)?;
        let Description { description } =
            line(&mut lines, (&name, MAX_LINE), r#"{"description": …}: the network"#)?;
        let Start { store } =
            line(&mut lines, (&name, MAX_STORE_LINE), r#"{"store": …}: what was known at the beginning"#)?;
        Ok(Self { source, header, network: description, start: store, only: Vec::new() })
    }

    /// Plays only these chains, as `--only` says. An empty list plays all.
    ///
    /// # Errors
    /// Where the recording has no such chain.
    pub fn only(mut self, chains: &[ChainId]) -> Result<Self, RecordError> {
        if let Some(chain) = chains.iter().find(|id| self.network.chain(id).is_none()) {
            let ids: Vec<&str> = self.network.chains.iter().map(|c| c.id.as_str()).collect();
            return Err(RecordError::NoChain { chain: chain.to_string(), known: ids.join(", ") });
        }
        if !chains.is_empty() {
            self.network.chains.retain(|spec| chains.contains(&spec.id));
            self.start.retain(chains);
            self.only = chains.to_vec();
        }
        Ok(self)
    }

    /// The file, or where else it comes from.
    #[must_use]
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// All facts from the beginning, read as they are asked for.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let mut facts = Facts {
            lines: None,
            name: self.source.name(),
            started: self.header.started,
            t_ms: 0,
            given: 0,
            skipped: 0,
            damage: None,
            only: self.only.clone(),
        };
        match self.source.lines() {
            Ok(mut lines) => {
                for most in [MAX_LINE, MAX_LINE, MAX_STORE_LINE] {
                    if let Err(reason) = lines.next(most) {
                        facts.damage = Some(facts.sentence(lines.number, &reason));
                        return facts;
                    }
                }
                facts.lines = Some(lines);
            }
            Err(e) => facts.damage = Some(facts.sentence(0, &e.to_string())),
        }
        facts
    }

    /// Reads all of it and tells what it holds. Takes about a second for a day of six chains.
    #[must_use]
    pub fn survey(&self) -> Survey {
        let mut facts = self.facts();
        facts.by_ref().for_each(drop);
        let length_ms = facts.end_ms().max(self.header.length_ms.unwrap_or(0));
        Survey { length_ms, facts: facts.given, skipped: facts.skipped, damage: facts.damage }
    }
}

fn first_line(lines: &mut Lines, name: &str) -> Result<Header, RecordError> {
    let expected = r#"the header {"schema": 1, "network": …, "started": …, "chains": […]}"#;
    let start = |reason: String| RecordError::Start { name: name.to_owned(), line: 1, reason, expected };
    let bytes = lines.next(MAX_LINE).map_err(start)?.ok_or_else(|| start("the file is empty".to_owned()))?;
    match serde_json::from_slice::<Probe>(bytes) {
        Ok(Probe { schema: Some(found) }) if found > SCHEMA => {
            Err(RecordError::Newer { name: name.to_owned(), found })
        }
        _ => serde_json::from_slice(bytes).map_err(|e| start(e.to_string())),
    }
}

fn line<T: for<'de> Deserialize<'de>>(
    lines: &mut Lines,
    (name, most): (&str, usize),
    expected: &'static str,
) -> Result<T, RecordError> {
    let number = lines.number.saturating_add(1);
    let start = |reason: String| RecordError::Start { name: name.to_owned(), line: number, reason, expected };
    let bytes =
        lines.next(most).map_err(start)?.ok_or_else(|| start("the file ends before it".to_owned()))?;
    serde_json::from_slice(bytes).map_err(|e| start(e.to_string()))
}

/// The facts of a recording, in its order.
pub struct Facts {
    /// None once the end is reached.
    lines: Option<Lines>,
    name: String,
    started: UnixMs,
    t_ms: u64,
    given: u64,
    skipped: u64,
    damage: Option<Clean>,
    only: Vec<ChainId>,
}

impl Facts {
    /// Facts of a kind that this program does not know, met so far.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Where and why the recording ended before its end; none while it is whole.
    #[must_use]
    pub fn damage(&self) -> Option<&Clean> {
        self.damage.as_ref()
    }

    /// Milliseconds from the beginning to the last fact met so far, or to the closing line once that was met.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.t_ms
    }

    fn sentence(&self, line: u64, reason: &str) -> Clean {
        Clean::of(&format!(
            "The recording {} is damaged at line {line}, {} s after its beginning ({reason}): what came before plays.",
            self.name,
            self.t_ms / 1_000
        ))
    }

    /// Reads one line: a fact, or none for a line that is skipped; the error ends the recording.
    fn read(&mut self) -> Result<Option<Timed>, Ended> {
        let Some(lines) = &mut self.lines else { return Err(Ended::Whole) };
        let damaged = |number: u64, reason: &str| Ended::Damaged(number, reason.to_owned());
        let number = lines.number.saturating_add(1);
        let bytes = match lines.next(MAX_LINE) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                return Err(damaged(number, "its closing line is missing: it was cut or never closed"));
            }
            Err(reason) => return Err(damaged(number, &reason)),
        };
        let line: Line<'_> =
            serde_json::from_slice(bytes).map_err(|e| damaged(number, &format!("no fact: {e}")))?;
        match line {
            Line { end: Some(end), .. } => {
                self.t_ms = self.t_ms.max(end.t_ms);
                let held = self.given.saturating_add(self.skipped);
                if end.facts == held {
                    Err(Ended::Whole)
                } else {
                    let reason = format!("it holds {held} facts, its closing line says {}", end.facts);
                    Err(damaged(number, &reason))
                }
            }
            Line { t_ms: Some(t_ms), chain: Some(chain), endpoint, fact: Some(fact), .. } => {
                let Ok(fact) = serde_json::from_str::<Fact>(fact.get()) else { return Ok(None) };
                let seen = Observation { at: self.started.plus(t_ms), chain, endpoint, fact };
                Ok(Some(Timed { t_ms, seen }))
            }
            // A kind of line that a later program may write.
            _ => Ok(None),
        }
    }
}

/// How a recording came to its end.
enum Ended {
    Whole,
    Damaged(u64, String),
}

impl Iterator for Facts {
    type Item = Timed;

    fn next(&mut self) -> Option<Timed> {
        while self.lines.is_some() {
            match self.read() {
                Ok(Some(timed)) => {
                    self.t_ms = self.t_ms.max(timed.t_ms);
                    self.given = self.given.saturating_add(1);
                    if self.only.is_empty() || self.only.contains(&timed.seen.chain) {
                        return Some(timed);
                    }
                }
                Ok(None) => self.skipped = self.skipped.saturating_add(1),
                Err(end) => {
                    if let Ended::Damaged(line, reason) = end {
                        self.damage = Some(self.sentence(line, &reason));
                    }
                    self.lines = None;
                }
            }
        }
        None
    }
}
