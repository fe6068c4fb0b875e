//! Logs: JSON lines in a file, never on the terminal while the console is up; headless commands may warn on stderr.
//!
//! In: a level, a file, whether stderr may be used. Out: the process-wide subscriber of `tracing`. Bounded: a log file
//! has at most [`MAX_BYTES`] and [`KEPT`] older ones beside it. No line holds a raw URL or a control character. A log
//! that cannot be written never stops the program: it is counted in [`Logs::lost`]. Must not import anything but
//! `domain`.

use crate::domain::redact::log_line;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Size at which a log file is put aside, in bytes.
pub const MAX_BYTES: u64 = 5_000_000;
/// Files put aside that are kept: `sereno.log.1` is the youngest.
pub const KEPT: u32 = 2;
/// Longest line, in bytes; a longer one is replaced by a note of its length.
const MAX_LINE: usize = 32_768;

/// Where logs go.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `error`, `warn`, `info`, `debug` or `trace`: what this program says. Libraries only say warnings.
    pub level: String,
    /// The file; its directory is made. None: no file.
    pub file: Option<PathBuf>,
    /// Warnings and errors on stderr as plain text. Only for commands without a screen.
    pub stderr: bool,
}

/// The log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file.
    #[error("the log {} cannot be written ({}); give another with --log-file FILE", .0.display(), .1.kind())]
    File(PathBuf, io::Error),
    /// The level.
    #[error("'{0}' is no log level; expected error, warn, info, debug or trace")]
    Level(String),
    /// Called twice.
    #[error("logging was started twice")]
    Twice,
}

/// What is known about the logs of this process.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    lost: Arc<AtomicU64>,
}

impl Logs {
    /// Lines that could not be written, for `doctor` and the header.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The log file of a network: `STATE/NETWORK/log/sereno.log`.
#[must_use]
pub fn default_file(network_dir: &Path) -> PathBuf {
    network_dir.join("log").join("sereno.log")
}

/// Starts logging for the whole process.
///
/// # Errors
/// When the file cannot be opened, the level is unknown, or it was called before.
pub fn install(options: &Options) -> Result<Logs, TelemetryError> {
    let logs = Logs::default();
    subscriber(options, &logs)?.try_init().map_err(|_| TelemetryError::Twice)?;
    Ok(logs)
}

fn subscriber(
    options: &Options,
    logs: &Logs,
) -> Result<impl tracing::Subscriber + Send + Sync + 'static, TelemetryError> {
    let level: LevelFilter =
        options.level.parse().map_err(|_| TelemetryError::Level(options.level.clone()))?;
    let file = match &options.file {
        Some(path) => {
            let sink = RotatingFile::open(path, MAX_BYTES, logs.clone());
            let sink = sink.map_err(|e| TelemetryError::File(path.clone(), e))?;
            let filter =
                Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("sereno", level);
            Some(fmt::layer().json().with_ansi(false).with_writer(sink).with_filter(filter))
        }
        None => None,
    };
    let stderr = options.stderr.then(|| {
        let layer = fmt::layer().with_ansi(false).without_time().with_target(false);
        layer.with_writer(|| Sanitised(io::stderr())).with_filter(LevelFilter::WARN.min(level))
    });
    Ok(tracing_subscriber::registry().with(file).with(stderr))
}

/// Makes each line safe before it is written.
struct Sanitised<W>(W);

impl<W: Write> Write for Sanitised<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(safe(line).as_bytes())?;
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn safe(line: &[u8]) -> String {
    if line.len() > MAX_LINE {
        let note = "a log line was left out because it was too long";
        return format!(
            "{{\"level\":\"WARN\",\"fields\":{{\"message\":\"{note}\",\"bytes\":{}}}}}\n",
            line.len()
        );
    }
    log_line(&String::from_utf8_lossy(line))
}

/// A log file that is put aside when it is full. Several processes may append to the same one.
struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    logs: Logs,
    file: Mutex<Option<Open>>,
}

struct Open {
    file: File,
    bytes: u64,
}

impl Open {
    /// Appends to `path`, readable only by this user, in a directory of this user.
    fn append(path: &Path) -> io::Result<Self> {
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }
}

impl RotatingFile {
    fn open(path: &Path, max_bytes: u64, logs: Logs) -> io::Result<Self> {
        let file = Mutex::new(Some(Open::append(path)?));
        Ok(Self { path: path.to_owned(), max_bytes, logs, file })
    }

    fn aside(&self, n: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{n}"));
        name.into()
    }

    /// Puts the full file aside, unless another process has done so already.
    fn rotate(&self) -> io::Result<Open> {
        if std::fs::metadata(&self.path).is_ok_and(|m| m.len() >= self.max_bytes / 2) {
            for n in (1..KEPT).rev() {
                let _ = std::fs::rename(self.aside(n), self.aside(n + 1));
            }
            std::fs::rename(&self.path, self.aside(1))?;
        }
        Open::append(&self.path)
    }

    fn line(&self, line: &[u8]) -> io::Result<()> {
        let text = safe(line);
        let len = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let full = slot.as_ref().is_none_or(|o| o.bytes.saturating_add(len) > self.max_bytes && o.bytes > 0);
        if full {
            *slot = None;
            *slot = Some(self.rotate()?);
        }
        if let Some(open) = slot.as_mut() {
            open.file.write_all(text.as_bytes())?;
            open.bytes = open.bytes.saturating_add(len);
        }
        Ok(())
    }
}

impl Write for &RotatingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.line(line).is_err() {
            self.logs.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for RotatingFile {
    type Writer = &'a RotatingFile;
    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_log_line_is_json_without_tokens_and_without_escapes() {
        let tmp = tempfile::tempdir().unwrap();
        let file = default_file(tmp.path());
        let options = Options { level: "info".into(), file: Some(file.clone()), stderr: false };
        let subscriber = subscriber(&options, &Logs::default()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(
                url = "wss://u:CANARY@h/CANARYCANARYCANARY?k=CANARY",
                "dialling\n\u{1b}[2J\u{202e}"
            );
            tracing::debug!("too quiet to be kept");
            tracing::info!(target: "some_library", "chatter");
            tracing::warn!(target: "some_library", "library warning");
        });
        let lines = lines(&file);
        assert_eq!(lines.len(), 2, "{lines:?}");
        let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(first["fields"]["url"], "wss://h");
        let text = lines.concat();
        assert!(!text.contains("CANARY") && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }

    #[test]
    fn a_quiet_level_silences_libraries_too() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("l");
        let options = Options { level: "error".into(), file: Some(file.clone()), stderr: false };
        let subscriber = subscriber(&options, &Logs::default()).unwrap();
        tracing::subscriber::with_default(subscriber, || tracing::warn!(target: "some_library", "w"));
        assert!(lines(&file).is_empty());
    }

    #[test]
    fn a_full_log_is_put_aside_and_only_so_many_are_kept() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("sereno.log");
        let log = RotatingFile::open(&path, 100, Logs::default()).unwrap();
        for n in 0..100 {
            assert!((&log).write(format!("line number {n:04}\n").as_bytes()).is_ok());
        }
        let mut names: Vec<String> =
            tmp.path().read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["sereno.log", "sereno.log.1", "sereno.log.2"]);
        for name in &names {
            assert!(std::fs::metadata(tmp.path().join(name)).unwrap().len() <= 100);
        }
        assert_eq!(lines(&path).last().unwrap(), "line number 0099");
        let before_last: Vec<String> = [lines(&tmp.path().join("sereno.log.1")), lines(&path)].concat();
        assert!(
            before_last.windows(2).all(|w| w[0] < w[1]),
            "order is kept and nothing is lost between two files"
        );
        assert_eq!(log.logs.lost(), 0);
    }

    #[test]
    fn a_log_file_is_only_for_this_user() {
        use std::os::unix::fs::PermissionsExt;
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("deep/er/sereno.log");
        RotatingFile::open(&path, 100, Logs::default()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_log_that_cannot_be_written_says_so_at_the_start_and_is_counted_later() {
        let tmp = tempfile::tempdir().unwrap();
        let options = Options { level: "info".into(), file: Some(tmp.path().to_owned()), stderr: false };
        let e = subscriber(&options, &Logs::default()).err().unwrap().to_string();
        assert!(e.contains("cannot be written") && e.contains("--log-file"), "{e}");

        let dir = tmp.path().join("gone");
        let log = RotatingFile::open(&dir.join("l"), 10, Logs::default()).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        std::fs::write(&dir, "in the way").unwrap();
        for _ in 0..3 {
            assert!((&log).write(b"0123456789\n").is_ok());
        }
        assert_eq!(log.logs.lost(), 2);
    }

    #[test]
    fn an_endless_line_is_left_out_with_a_note() {
        let note = safe(&vec![b'x'; MAX_LINE + 1]);
        assert!(serde_json::from_str::<serde_json::Value>(&note).unwrap()["fields"]["bytes"].is_number());
    }
}
