//! From the command line to a running command and back to an exit status.
//!
//! In: arguments, environment. Out: data on standard output, diagnostics on standard error, a status. Everything is read
//! and checked before anything is started: a mistake in a profile, keymap, theme or flag is one line and status 2.

mod ledger;
#[cfg(feature = "rehearse")]
mod rehearse;
mod runbook;
mod validators;
mod xray;

use super::args::{At, Cli, CliError, Command, Global, Suite};
use super::pages;
use crate::config::{self, ConfigError, Dirs, Profile, Settings, Shelf};
use crate::domain::{ChainId, Clean};
use crate::guardian;
use crate::journal;
use crate::keymap::Keymap;
use crate::record::{RecordError, Recording, demo_bytes};
use crate::runtime::compose::{Base, Depth};
use crate::runtime::sources::Plan;
use crate::runtime::{console, doctor, headless, tape};
use crate::telemetry::{self, Logs};
use crate::theme::Theme;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Why a command did not run: one line, and the status.
struct Failure {
    line: String,
    code: u8,
}

impl From<ConfigError> for Failure {
    fn from(e: ConfigError) -> Self {
        Self { line: e.to_string(), code: 2 }
    }
}

impl From<RecordError> for Failure {
    fn from(e: RecordError) -> Self {
        Self { line: format!("sereno: {e}"), code: 2 }
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Self { line: format!("sereno: {e}"), code: 2 }
    }
}

fn mistake(line: impl Into<String>) -> Failure {
    Failure { line: format!("sereno: {}", line.into()), code: 2 }
}

/// Everything that every command needs.
struct Setup {
    cli: Cli,
    dirs: Dirs,
    settings: Settings,
    base: Base,
    watched: Watched,
}

/// Where the facts come from.
enum Watched {
    /// The chains of a profile.
    Chains(Box<Profile>),
    /// A recording.
    Tape(Box<Recording>),
}

impl Watched {
    /// What the command line names, found and read.
    fn find(cli: &Cli, settings: &Settings, dirs: &Dirs) -> Result<Self, Failure> {
        let Global { endpoint, only, demo, .. } = &cli.global;
        let recording = match &cli.command {
            Some(Command::Replay { file, .. }) => Some(Recording::open(file)?),
            _ if *demo => match demo_bytes() {
                Some(bytes) => Some(Recording::built_in(bytes)?),
                None => {
                    return Err(mistake(
                        "this build carries no demo recording; play one with 'sereno replay FILE'",
                    ));
                }
            },
            _ => None,
        };
        if let Some(recording) = recording {
            return Ok(Self::Tape(Box::new(recording.only(only)?)));
        }
        let name = settings.network.as_deref().unwrap_or("paseo");
        let profile = config::load_network(name, dirs)?.with_endpoints(endpoint)?.only(only)?;
        Ok(Self::Chains(Box::new(profile)))
    }

    /// The network's id: what its folder in the state directory is called by.
    fn network(&self) -> &str {
        match self {
            Self::Chains(profile) => &profile.network.id,
            Self::Tape(recording) => &recording.network.id,
        }
    }
}

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(CliError { text, code }) => {
            let _ =
                if code == 0 { writeln!(io::stdout(), "{text}") } else { writeln!(io::stderr(), "{text}") };
            return ExitCode::from(code);
        }
    };
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(Failure { line, code }) => {
            let _ = writeln!(io::stderr(), "{line}");
            ExitCode::from(code)
        }
    }
}

fn run(cli: Cli) -> Result<u8, Failure> {
    if let Some(done) = pages(&cli)? {
        return Ok(done);
    }
    let dirs = Dirs::find(cli.global.state_dir.as_deref())?;
    let settings = Settings::builtin()
        .under(Settings::load(cli.global.config.as_deref(), &dirs.config)?)
        .under(cli.global.settings());
    let base = Base::new(cli.global.now, &dirs.state);
    let watched = Watched::find(&cli, &settings, &dirs)?;
    let setup = Setup { cli, dirs, settings, base, watched };
    if setup.is_screen() {
        return screen(&setup);
    }
    setup.log(true)?;
    if let Some(notice) = setup.unused_network() {
        let _ = writeln!(io::stderr(), "sereno: {notice}");
    }
    match setup.cli.command.clone() {
        Some(Command::Snapshot { json, at, timeout }) => snapshot(&setup, json, at, timeout),
        Some(Command::Check { json, watch_for, detector, suite }) => {
            check(&setup, json, watch_for, &detector, suite)
        }
        Some(Command::Watch) => watch(&setup),
        Some(Command::Metrics { listen }) => metrics(&setup, listen),
        Some(Command::Doctor { accept_genesis }) => doctor(&setup, accept_genesis.as_ref()),
        Some(Command::Record { file, record_for }) => record(&setup, &file, record_for),
        Some(Command::Replay { .. }) => replay_headless(&setup),
        Some(Command::Report(report)) => validators::report(&setup, &report),
        Some(Command::Ledger { format, unjustified, what }) => {
            ledger::run(&setup, (format, unjustified), what.as_ref())
        }
        Some(Command::Runbook(what)) => runbook::runbook(&setup, &what),
        Some(Command::Plan(args)) => runbook::plan(&setup, &args),
        Some(Command::Validators(what)) => validators::validators(&setup, &what),
        Some(Command::Xray { para, json }) => xray::xray(&setup, &para, json),
        #[cfg(feature = "rehearse")]
        Some(Command::Rehearse(args)) => rehearse::rehearse(&setup, args),
        Some(Command::Completions { .. } | Command::Man | Command::Wall { .. }) | None => Ok(0),
    }
}

/// Commands that need no network and no settings.
fn pages(cli: &Cli) -> io::Result<Option<u8>> {
    let mut out = io::stdout().lock();
    match &cli.command {
        Some(Command::Completions { shell }) => pages::write_completions(*shell, &mut out)?,
        Some(Command::Man) => pages::write_man(&mut out)?,
        _ => return Ok(None),
    }
    Ok(Some(0))
}

impl Setup {
    /// What to watch. What a person should know about it goes to standard error where there is no screen.
    fn plan(&self, profile: &Profile, depth: Depth) -> Plan {
        let plan = self.base.plan(profile.clone(), depth);
        for notice in plan.notices.iter().filter(|_| !self.is_screen()) {
            let _ = writeln!(io::stderr(), "sereno: {notice}");
        }
        plan
    }

    /// The same for commands that work on chains only.
    fn live_plan(&self, depth: Depth) -> Result<Plan, Failure> {
        match &self.watched {
            Watched::Chains(profile) => Ok(self.plan(profile, depth)),
            Watched::Tape(_) => Err(mistake("this command needs the chains: a recording has none")),
        }
    }

    /// A sentence where the command line names a network and a recording brings its own.
    fn unused_network(&self) -> Option<Clean> {
        let Watched::Tape(recording) = &self.watched else { return None };
        let named = self.cli.global.network.as_deref().filter(|_| self.cli.global.network_by_flag)?;
        let own = &recording.network.id;
        let text = format!("a recording brings its own network, here '{own}': --network {named} is not used");
        (named != own).then(|| Clean::of(&text))
    }

    /// True for what takes the whole screen.
    fn is_screen(&self) -> bool {
        matches!(
            self.cli.command,
            None | Some(Command::Wall { .. } | Command::Replay { headless: false, .. })
        )
    }

    /// Starts the log. A log that cannot be written is no reason not to watch.
    fn log(&self, stderr: bool) -> Result<Logs, Failure> {
        let folder = self.dirs.network(&journal::folder_name(self.watched.network()));
        let chosen = self.cli.global.log_file.clone();
        let file = chosen.clone().unwrap_or_else(|| telemetry::default_file(&folder));
        let level = self.settings.log_level.map_or("info", config::LogLevel::as_str).to_owned();
        let mut options = telemetry::Options { level, file: Some(file), stderr };
        match telemetry::install(&options) {
            Ok(logs) => Ok(logs),
            Err(e) if chosen.is_some() => Err(mistake(e.to_string())),
            Err(_) => {
                options.file = None;
                Ok(telemetry::install(&options).unwrap_or_default())
            }
        }
    }

    /// Keymap, theme and operator.
    fn options(&self, wall: Option<(u64, Vec<String>)>) -> Result<console::Options, Failure> {
        let keys = self.settings.keymap.as_deref().unwrap_or("default");
        let colours = self.settings.theme.as_deref().unwrap_or("paseo-night");
        let shelf = |folder, builtin| Shelf { folder, builtin, dirs: &self.dirs };
        let (label, text) = config::find_text(&shelf("keymaps", KEYMAPS), keys)?;
        let base = Keymap::built_in().map_err(|e| mistake(e.to_string()))?;
        let keymap = Keymap::parse(&label, &text, Some(&base)).map_err(located)?;
        let (label, text) = config::find_text(&shelf("themes", THEMES), colours)?;
        let base = Theme::parse("themes/paseo-night.toml", Theme::PASEO_NIGHT, None).map_err(located)?;
        let theme = Theme::parse(&label, &text, Some(&base)).map_err(located)?;
        let operator = config::operator(&self.settings, |name| std::env::var(name).ok());
        let guarded = guardian::is_child();
        Ok(console::Options {
            keymap,
            theme,
            operator,
            wall,
            guarded,
            logs: Logs::default(),
            notices: Vec::new(),
            dirs: self.dirs.clone(),
        })
    }
}

/// Keymaps that come with the program.
const KEYMAPS: &[(&str, &str)] = &[("default", Keymap::DEFAULT)];
/// Themes that come with the program.
const THEMES: &[(&str, &str)] = &[("paseo-night", Theme::PASEO_NIGHT), ("mono", Theme::MONO)];

fn located(e: impl std::fmt::Display) -> Failure {
    Failure { line: e.to_string(), code: 2 }
}

/// The console, the wall, a replay: everything is checked first, then a guardian takes the terminal.
fn screen(setup: &Setup) -> Result<u8, Failure> {
    let (wall, speed) = match &setup.cli.command {
        Some(Command::Wall { rotate, pages }) => (Some((millis(*rotate), pages.clone())), 1.0),
        Some(Command::Replay { speed, .. }) => (None, speed.unwrap_or(1.0)),
        _ => (None, 1.0),
    };
    let mut options = setup.options(wall)?;
    options.check().map_err(mistake)?;
    options.notices.extend(setup.unused_network());
    if !guardian::is_child() && !io::stdout().is_terminal() {
        return Err(mistake(
            "the console needs a terminal; 'sereno snapshot' and 'sereno watch' work in a pipe",
        ));
    }
    if guardian::is_needed() {
        let log = setup.cli.global.log_file.clone().unwrap_or_else(|| setup.dirs.state.clone());
        return Ok(guardian::run(std::env::args_os().skip(1), &log));
    }
    let _ = guardian::follow_parent();
    options.logs = setup.log(false)?;
    let code = match &setup.watched {
        Watched::Tape(recording) => console::replay(recording.as_ref().clone(), &setup.base, options, speed)?,
        Watched::Chains(profile) => console::live(setup.plan(profile, Depth::Console), &setup.base, options)?,
    };
    Ok(code)
}

fn record(setup: &Setup, file: &Path, record_for: Option<Duration>) -> Result<u8, Failure> {
    let plan = setup.live_plan(Depth::GlanceAndStay)?;
    let stop = interrupted()?;
    let facts = tape::record(&plan, &setup.base, file, record_for.map(millis), stop.as_ref())
        .map_err(|e| mistake(format!("{}: {e}", file.display())))?;
    let _ = writeln!(io::stderr(), "sereno: {facts} facts in {}", file.display());
    Ok(0)
}

fn replay_headless(setup: &Setup) -> Result<u8, Failure> {
    let Watched::Tape(recording) = &setup.watched else { return Ok(0) };
    match tape::replay_lines(recording, &mut io::stdout().lock()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(0),
    }
}

/// Set by SIGINT and SIGTERM.
fn interrupted() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, stop.clone())?;
        signal_hook::flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// Prints a document or a text. A reader that has gone is no mistake.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(e),
        _ => Ok(()),
    }
}

fn document(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| mistake(e.to_string()))?;
    Ok(text + "\n")
}

fn snapshot(setup: &Setup, json: bool, at: At, timeout: Duration) -> Result<u8, Failure> {
    let depth = match at {
        At::Finalized => Depth::GlanceAtFinalized,
        At::Best => Depth::Glance,
    };
    let taken = match &setup.watched {
        Watched::Tape(recording) => headless::snapshot_of(&tape::play(recording, |_| {}, |_| {}).state),
        Watched::Chains(profile) => {
            let plan = setup.plan(profile, depth);
            headless::snapshot(&plan, &setup.base, millis(timeout), interrupted()?.as_ref())?
        }
    };
    print(&if json { document(&taken)? } else { taken.text() })?;
    if taken.has_data() {
        return Ok(0);
    }
    let _ = writeln!(io::stderr(), "sereno: no chain could be read; 'sereno doctor' says why");
    Ok(2)
}

fn check(
    setup: &Setup,
    json: bool,
    watch_for: Duration,
    detectors: &[String],
    suite: Option<Suite>,
) -> Result<u8, Failure> {
    let known = headless::detectors();
    if let Some(unknown) = detectors.iter().find(|d| !known.contains(&d.as_str())) {
        return Err(mistake(format!("--detector '{unknown}': expected one of {}", known.join(", "))));
    }
    if suite.is_some() {
        return Err(mistake("--suite sanity: this version has no suites yet; leave it out"));
    }
    let found = match &setup.watched {
        Watched::Tape(recording) => headless::judge(&tape::play(recording, |_| {}, |_| {}).state, detectors),
        Watched::Chains(profile) => {
            let plan = setup.plan(profile, Depth::Glance);
            headless::check(&plan, &setup.base, millis(watch_for), detectors, interrupted()?.as_ref())?
        }
    };
    print(&if json { document(&found)? } else { found.text() })?;
    Ok(found.exit())
}

fn watch(setup: &Setup) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    match &setup.watched {
        Watched::Tape(recording) => headless::watch_recording(recording, &mut out),
        Watched::Chains(profile) => {
            let plan = setup.plan(profile, Depth::FromNow);
            headless::watch(&plan, &setup.base, interrupted()?.as_ref(), &mut out)?;
        }
    }
    Ok(0)
}

fn metrics(setup: &Setup, listen: std::net::SocketAddr) -> Result<u8, Failure> {
    let plan = setup.live_plan(Depth::GlanceAndStay)?;
    let ready = |at: std::net::SocketAddr| {
        let _ = writeln!(io::stderr(), "sereno: serving http://{at}/metrics");
    };
    headless::metrics(&plan, &setup.base, listen, interrupted()?.as_ref(), ready)
        .map_err(|e| mistake(format!("--listen {listen}: {e}; choose a free address of this machine")))?;
    Ok(0)
}

fn doctor(setup: &Setup, accept: Option<&ChainId>) -> Result<u8, Failure> {
    let mut plan = setup.live_plan(Depth::Glance)?;
    if let Some(chain) = accept {
        if plan.network.chain(chain).is_none() {
            let ids: Vec<&str> = plan.network.chains.iter().map(|c| c.id.as_str()).collect();
            return Err(mistake(format!("--accept-genesis '{chain}': expected one of {}", ids.join(", "))));
        }
        plan.genesis.remove(chain);
    }
    let findings = doctor::examine(&plan, &setup.base, &terminal(), accept)?;
    let lines: String = findings.iter().map(|f| f.line() + "\n").collect();
    print(&lines)?;
    Ok(u8::from(findings.iter().any(|f| f.ok == Some(false))))
}

fn terminal() -> doctor::Terminal {
    let colours = match supports_color::on(supports_color::Stream::Stdout) {
        Some(level) if level.has_16m => "16 million",
        Some(level) if level.has_256 => "256",
        Some(_) => "16",
        None => "no",
    };
    let inside = [("TMUX", "tmux"), ("STY", "screen")];
    doctor::Terminal {
        term: std::env::var("TERM").ok(),
        is_tty: io::stdout().is_terminal(),
        size: rustix::termios::tcgetwinsize(io::stdout()).ok().map(|s| (s.ws_col, s.ws_row)),
        colours: colours.to_owned(),
        multiplexer: inside
            .iter()
            .find(|(var, _)| std::env::var_os(var).is_some())
            .map(|(_, name)| (*name).to_owned()),
    }
}
