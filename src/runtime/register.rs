//! The register of validators while a command runs: from its folder or the last copy at once, from the web in the background.
//!
//! In: where the profile says it is, the state directory, the clock. Out: a `Roster` for the plan, and messages when the web
//! has another. The copy lies in `STATE/NETWORK/roster/`, without contacts; the web is asked at most every six hours. A
//! register that cannot be read is one sentence and no reason not to watch. Must not fold.

mod web;

use super::compose::Base;
use super::sources::Plan;
use crate::app::Msg;
use crate::config::roster::{Source, WebFolder, read_folder};
use crate::domain::{Clean, Roster, UnixMs};
use crate::ports::Clock;
use crate::screen::format;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::Sender;

/// The web is asked this often at most, milliseconds.
const EVERY_MS: u64 = 6 * 3_600_000;
/// After a failure it is asked again so much later, milliseconds.
const AGAIN_MS: u64 = 600_000;
/// Largest copy that is read, in bytes.
const MAX_COPY: u64 = 32 << 20;
/// Form of the copy.
const SCHEMA: u32 = 1;

/// What is known of the register before anything is asked.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// Where the profile says it is; none where it says nothing.
    pub(super) source: Option<Source>,
    /// When it was read; none where it was not.
    pub(super) read_at: Option<UnixMs>,
    /// What the operator should know about it.
    pub(super) notices: Vec<Clean>,
}

/// The copy.
#[derive(Serialize, Deserialize)]
struct Copy {
    schema: u32,
    url: String,
    at: UnixMs,
    roster: Roster,
}

impl Register {
    /// Reads the folder, or the copy of what the web had. `home` is the network's directory.
    pub(super) fn open(source: Option<Source>, home: &Path, now: UnixMs) -> (Self, Roster) {
        let mut register = Self { source, ..Self::default() };
        let roster = match &register.source {
            None => Roster::default(),
            Some(Source::Folder(folder)) => match read_folder(folder) {
                Ok(roster) => {
                    register.read_at = Some(now);
                    roster
                }
                Err(e) => {
                    register.notices.push(Clean::of(&e.to_string()));
                    Roster::default()
                }
            },
            Some(Source::Web(web)) => match load(&copy_in(home), web) {
                Some(copy) => {
                    if is_due(Some(copy.at), now) {
                        let age = format::duration(now.since(copy.at));
                        let text = format!("the register of validators is {age} old; it is read again");
                        register.notices.push(Clean::of(&text));
                    }
                    register.read_at = Some(copy.at);
                    copy.roster
                }
                None => Roster::default(),
            },
        };
        (register, roster)
    }

    /// True where the web will be asked at once.
    pub(super) fn is_due(&self, now: UnixMs) -> bool {
        matches!(self.source, Some(Source::Web(_))) && is_due(self.read_at, now)
    }
}

/// When the copy of this network's register was read; none where there is none.
pub(super) fn copied_at(source: &Source, home: &Path) -> Option<UnixMs> {
    match source {
        Source::Folder(_) => None,
        Source::Web(web) => load(&copy_in(home), web).map(|copy| copy.at),
    }
}

fn is_due(read_at: Option<UnixMs>, now: UnixMs) -> bool {
    read_at.is_none_or(|at| at > now || now.since(at) >= EVERY_MS)
}

fn copy_in(home: &Path) -> PathBuf {
    home.join("roster").join("register.json")
}

/// The copy, where it is whole and of this register.
fn load(path: &Path, web: &WebFolder) -> Option<Copy> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_COPY).read_to_end(&mut bytes).ok()?;
    let copy: Copy = serde_json::from_slice(&bytes).ok()?;
    Some(copy).filter(|c| c.schema == SCHEMA && c.url == web.listing().as_str())
}

/// Replaces the copy in one step: a reader sees the old one or the new one.
fn store(path: &Path, copy: &Copy) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let own = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&own)?;
    let written = serde_json::to_vec(copy).map_err(io::Error::from).and_then(|bytes| file.write_all(&bytes));
    written.and_then(|()| std::fs::rename(&own, path)).inspect_err(|_| {
        let _ = std::fs::remove_file(&own);
    })
}

/// Asks the web in the background. Dropping it stops it; nothing waits.
pub(super) struct Refresher {
    runtime: Option<Runtime>,
}

impl Refresher {
    /// Starts asking where the plan's register is on the web; `out` gets the answers.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(plan: &Plan, base: &Base, out: Sender<Msg>) -> io::Result<Self> {
        let Some(Source::Web(web)) = plan.register.source.clone() else { return Ok(Self { runtime: None }) };
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("register").enable_all().build()?;
        let work = Work {
            web,
            copy: copy_in(&base.state_dir.join(&plan.network.id)),
            clock: base.clock.clone(),
            out,
            read_at: plan.register.read_at,
        };
        runtime.spawn(work.run());
        Ok(Self { runtime: Some(runtime) })
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Work {
    web: WebFolder,
    copy: PathBuf,
    clock: Arc<dyn Clock>,
    out: Sender<Msg>,
    read_at: Option<UnixMs>,
}

impl Work {
    async fn run(mut self) {
        let mut failing = false;
        loop {
            let now = self.clock.now();
            if !is_due(self.read_at, now) {
                let wait = self.read_at.map_or(0, |at| EVERY_MS.saturating_sub(now.since(at)));
                tokio::time::sleep(Duration::from_millis(wait.max(1_000))).await;
                continue;
            }
            let answer = web::fetch(&self.web).await;
            let msg = match answer {
                Ok(roster) => {
                    failing = false;
                    Some(Msg::Roster(Box::new(self.keep(roster))))
                }
                Err(e) => {
                    let text = format!("the register of validators at {} cannot be read: {e}", self.web);
                    let first = !std::mem::replace(&mut failing, true);
                    first.then(|| Msg::Notice(Clean::of(&text)))
                }
            };
            if let Some(msg) = msg
                && self.out.send(msg).await.is_err()
            {
                return;
            }
            if failing {
                tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
            }
        }
    }

    /// Dates the roster and keeps a copy.
    fn keep(&mut self, mut roster: Roster) -> Roster {
        let at = self.clock.now();
        roster.from = Some(Clean::of(&format!("{}, read {}", self.web, at.rfc3339())));
        let copy = Copy { schema: SCHEMA, url: self.web.listing().to_string(), at, roster };
        if let Err(e) = store(&self.copy, &copy) {
            tracing::warn!(error = %e, "the copy of the register could not be written");
        }
        self.read_at = Some(at);
        copy.roster
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(url: &str) -> WebFolder {
        match Source::parse(url, Path::new("")) {
            Ok(Source::Web(web)) => web,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_copy_of_another_register_or_a_broken_one_does_not_count() {
        let tmp = tempfile::tempdir().unwrap();
        let path = copy_in(tmp.path());
        let mine = web("https://h/x");
        let copy =
            Copy { schema: SCHEMA, url: "https://h/x".into(), at: UnixMs(5), roster: Roster::default() };
        store(&path, &copy).unwrap();
        assert_eq!(load(&path, &mine).map(|c| c.at), Some(UnixMs(5)));
        assert!(load(&path, &web("https://h/y")).is_none());
        std::fs::write(&path, "{").unwrap();
        assert!(load(&path, &mine).is_none());
    }

    #[test]
    fn the_web_is_asked_every_six_hours_and_after_the_clock_went_back() {
        let hour = 3_600_000;
        for (read_at, now, due) in
            [(None, 0, true), (Some(0), 5 * hour, false), (Some(0), 6 * hour, true), (Some(hour), 0, true)]
        {
            assert_eq!(is_due(read_at.map(UnixMs), UnixMs(now)), due, "{read_at:?} {now}");
        }
    }
}
