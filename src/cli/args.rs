//! The command line as CONTRACT fixes it.
//!
//! In: arguments and `SERENO_*` variables. Out: [`Cli`], or a [`CliError`] of one line and a hint. Nothing is done here.
//! Must not import anything but `config` and `domain`.

mod ledger;
#[cfg(feature = "rehearse")]
mod rehearse;
mod runbook;
mod validators;

pub use ledger::Ledger;
#[cfg(feature = "rehearse")]
pub use rehearse::{Method, RehearseArgs};
pub use runbook::{PlanArgs, Runbook, SavedPlan};
pub use validators::{Format, Report, Validators};

use crate::config::{EndpointFlag, LogLevel, Settings};
use crate::domain::{ChainId, Clean, UnixMs, redact::hide_urls};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use std::{error::Error as _, ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

const ENVIRONMENT: &str = "Without a subcommand the full-screen console opens.\n\n\
Environment: SERENO_NETWORK, SERENO_STATE_DIR, SERENO_CONFIG, SERENO_THEME, SERENO_KEYMAP, SERENO_LOG_LEVEL, \
SERENO_LOG_FILE and SERENO_OPERATOR (the name in the header) stand between the settings file and the flags: a flag \
wins. NO_COLOR and COLORTERM are honoured.";

/// A terminal operations console for Polkadot-SDK testnets.
#[derive(Debug, Clone, Parser)]
#[command(name = "sereno", version, after_help = ENVIRONMENT, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do; none opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Network profile: a name (paseo, local) or a TOML file [default: paseo]
    #[arg(long, global = true, value_name = "NAME|FILE", env = "SERENO_NETWORK", hide_env_values = true)]
    pub network: Option<String>,
    /// True where the command line itself names the network, and not the environment.
    #[arg(skip)]
    pub network_by_flag: bool,
    /// Use this URL instead of the profile's for this chain; repeatable
    #[arg(long, global = true, value_name = "CHAIN=URL", conflicts_with = "demo")]
    pub endpoint: Vec<EndpointFlag>,
    /// Watch only these chains
    #[arg(long, global = true, value_name = "CHAIN,…", value_delimiter = ',', value_parser = chain_id)]
    pub only: Vec<ChainId>,
    /// No network at all: play the embedded recording of a real incident
    #[arg(long, global = true)]
    pub demo: bool,
    /// Journal, audit log, cursor, offline outbox [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", env = "SERENO_STATE_DIR", hide_env_values = true)]
    pub state_dir: Option<PathBuf>,
    /// Settings [default: settings.toml in the platform's config directory]
    #[arg(long, global = true, value_name = "FILE", env = "SERENO_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Theme: a name or a TOML file [default: paseo-night]
    #[arg(long, global = true, value_name = "NAME|FILE", env = "SERENO_THEME", hide_env_values = true)]
    pub theme: Option<String>,
    /// Keymap: a name or a TOML file [default: default]
    #[arg(long, global = true, value_name = "NAME|FILE", env = "SERENO_KEYMAP", hide_env_values = true)]
    pub keymap: Option<String>,
    /// Enable what signs or submits; without it no code path can. Refused in a replay
    #[arg(long, global = true)]
    pub arm: bool,
    /// The clock of every deadline, report and age, like 2026-11-21T14:00:00Z
    #[arg(long, global = true, value_name = "RFC3339", value_parser = moment)]
    pub now: Option<UnixMs>,
    /// How much is logged [default: info]
    #[arg(long, global = true, value_name = "LEVEL", env = "SERENO_LOG_LEVEL", hide_env_values = true)]
    pub log_level: Option<LogLevel>,
    /// Log to this file; never to the terminal while the console is up [default: in the state directory]
    #[arg(long, global = true, value_name = "FILE", env = "SERENO_LOG_FILE", hide_env_values = true)]
    pub log_file: Option<PathBuf>,
    /// The name in the header and on acknowledgements; has no flag.
    #[arg(long = "operator-from-environment", hide = true, env = "SERENO_OPERATOR", hide_env_values = true)]
    pub operator: Option<String>,
}

impl Global {
    /// What environment and flags say, as the uppermost layer of the settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            operator: self.operator.clone(),
            theme: self.theme.clone(),
            keymap: self.keymap.clone(),
            network: self.network.clone(),
            log_level: self.log_level,
        }
    }
}

/// Which block a snapshot reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum At {
    /// The newest finalized block.
    Finalized,
    /// The newest block.
    Best,
}

/// A named set of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// The sanity check of the process documents.
    Sanity,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Connect, gather one consistent world state, print it, exit. Status 2: nothing could be read
    Snapshot {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// Which block to read
        #[arg(long, default_value = "finalized")]
        at: At,
        /// Give up after this time
        #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
        timeout: Duration,
    },
    /// Watch for a time, print one line an alert and a summary. Status: 2 critical, 3 unknown, 1 lesser, 0 ok
    Check {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// How long to watch
        #[arg(long = "for", default_value = "30s", value_name = "TIME", value_parser = duration)]
        watch_for: Duration,
        /// Only this detector; repeatable
        #[arg(long, value_name = "ID")]
        detector: Vec<String>,
        /// Run a named set of checks
        #[arg(long)]
        suite: Option<Suite>,
    },
    /// Print observations as NDJSON, one a line, until interrupted
    Watch,
    /// Wall display: rotates pages, takes no action key, holds no signer
    Wall {
        /// How long a page stays
        #[arg(long, default_value = "20s", value_name = "TIME", value_parser = duration)]
        rotate: Duration,
        /// Only these pages
        #[arg(long, value_name = "PAGE,…", value_delimiter = ',')]
        pages: Vec<String>,
    },
    /// Record what the sources say
    Record {
        /// The recording to write
        file: PathBuf,
        /// How long; without it until interrupted
        #[arg(long = "for", value_name = "TIME", value_parser = duration)]
        record_for: Option<Duration>,
    },
    /// Play a recording through the same screens
    Replay {
        /// The recording to read
        file: PathBuf,
        /// Times real time
        #[arg(long, value_name = "N", value_parser = speed)]
        speed: Option<f64>,
        /// No screen: play at full speed, print alert changes as NDJSON and the snapshot at the end
        #[arg(long, requires = "json")]
        headless: bool,
        /// The format of --headless
        #[arg(long, requires = "headless")]
        json: bool,
    },
    /// Serve the world state to Prometheus
    Metrics {
        /// Where to listen, like 127.0.0.1:9615
        #[arg(long, value_name = "ADDR")]
        listen: SocketAddr,
    },
    /// Check terminal, colours, clock, endpoints, chain identity, state directory. Status 1: something is off
    Doctor {
        /// Take the genesis that this chain has now as the right one, in place of the pinned one
        #[arg(long, value_name = "CHAIN", value_parser = chain_id)]
        accept_genesis: Option<ChainId>,
    },
    /// Say why a para does not progress. Status: 0 it does, 1 a cause, 3 it cannot be told
    Xray {
        /// Its number, or its id or name in the profile
        para: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print a report
    #[command(subcommand)]
    Report(Report),
    /// Parameters that changed: constants and configuration, with who did it and why; from the journal, no network
    Ledger {
        /// How it is printed
        #[arg(long, default_value = "md")]
        format: Format,
        /// Only changes that nobody has justified
        #[arg(long)]
        unjustified: bool,
        /// What to do; without it the ledger is printed
        #[command(subcommand)]
        what: Option<Ledger>,
    },
    /// The runbooks: privileged actions as data
    #[command(subcommand)]
    Runbook(Runbook),
    /// Compose a runbook's calls, check what must hold, print everything; signs nothing. Status 1: a check blocks
    Plan(PlanArgs),
    /// What validators did in past sessions
    #[command(subcommand)]
    Validators(Validators),
    /// Run a runbook or a call against live state without submitting it. Status: 0 it works, 1 it fails, 2 could not be rehearsed
    #[cfg(feature = "rehearse")]
    Rehearse(RehearseArgs),
    /// Print the completion script of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// A command line that is not followed: help and version, or a mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CliError {
    /// What to print.
    pub text: String,
    /// Exit status: 0 for help and version, which belong on stdout; 2 for mistakes, which belong on stderr.
    pub code: u8,
}

impl CliError {
    fn mistake(what: &str) -> Self {
        let line = Clean::of(&hide_urls(what));
        Self { text: format!("sereno: {line}\nsee 'sereno --help'"), code: 2 }
    }
}

impl Cli {
    /// Reads a command line, the program's name first, and the environment.
    ///
    /// # Errors
    /// [`CliError`] for help, version and every mistake, also for flags that contradict each other.
    pub fn read<I, T>(line: I) -> Result<Self, CliError>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let matches = Self::command().try_get_matches_from(line).map_err(|e| refuse(&e))?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|e| refuse(&e))?;
        cli.global.network_by_flag = matches.value_source("network") == Some(ValueSource::CommandLine);
        cli.contradictions()?;
        Ok(cli)
    }

    fn contradictions(&self) -> Result<(), CliError> {
        let replay = matches!(self.command, Some(Command::Replay { .. }));
        match &self.command {
            _ if self.global.arm && self.global.demo => {
                Err(CliError::mistake("--arm is refused in a demo: it replays"))
            }
            _ if self.global.arm && replay => Err(CliError::mistake("--arm is refused in a replay")),
            Some(Command::Wall { .. }) if self.global.arm => {
                Err(CliError::mistake("--arm is refused on the wall: it only shows"))
            }
            _ if replay && !self.global.endpoint.is_empty() => Err(CliError::mistake(
                "--endpoint and replay contradict each other: a recording dials nobody; leave one out",
            )),
            _ if self.global.demo && replay => {
                Err(CliError::mistake("--demo and replay contradict each other: choose one recording"))
            }
            Some(
                Command::Record { .. }
                | Command::Metrics { .. }
                | Command::Doctor { .. }
                | Command::Validators(_)
                | Command::Xray { .. }
                | Command::Plan(_),
            ) if self.global.demo => Err(CliError::mistake(
                "--demo uses no network: this command needs the chains; leave --demo out",
            )),
            #[cfg(feature = "rehearse")]
            Some(Command::Rehearse(args)) if args.blocks > 0 && args.method != Method::Fork => {
                Err(CliError::mistake("--blocks goes with --method fork only: no other runs blocks"))
            }
            #[cfg(feature = "rehearse")]
            Some(Command::Rehearse(_)) if self.global.demo => Err(CliError::mistake(
                "--demo uses no network: this command needs the chains; leave --demo out",
            )),
            _ => Ok(()),
        }
    }
}

/// clap's several lines as one: what is wrong, and clap's own tip.
fn refuse(error: &clap::Error) -> CliError {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return CliError { text: error.render().to_string().trim_end().to_owned(), code: 0 };
    }
    if let (Some(ContextValue::String(arg)), Some(cause)) =
        (error.get(ContextKind::InvalidArg), error.source())
        && arg.starts_with("--endpoint")
    {
        // The value may hold a token, so it is not repeated.
        return CliError::mistake(&cause.to_string());
    }
    let full = error.render().to_string();
    let lines: Vec<&str> = full
        .lines()
        .map(str::trim)
        .take_while(|l| !l.starts_with("Usage:") && !l.starts_with("For more information"))
        .filter(|l| !l.is_empty())
        .collect();
    let joined = lines.join(" ");
    CliError::mistake(joined.strip_prefix("error: ").unwrap_or(&joined))
}

fn chain_id(text: &str) -> Result<ChainId, String> {
    let fine = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fine { Ok(text.into()) } else { Err("expected a chain id like relay or asset-hub".to_owned()) }
}

fn duration(text: &str) -> Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
    let parsed = text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    match parsed {
        Some(d) if d >= Duration::from_millis(1) && d <= YEAR => Ok(d),
        _ => Err("expected a time with its unit, more than zero and at most a year, like 30s or '2m 30s'"
            .to_owned()),
    }
}

fn moment(text: &str) -> Result<UnixMs, String> {
    let expected = "expected RFC 3339 with a zone, like 2026-11-21T14:00:00Z";
    text.parse::<jiff::Timestamp>().map(|t| UnixMs(t.as_millisecond())).map_err(|_| expected.to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    let n = text.strip_suffix(['x', '×']).unwrap_or(text).parse::<f64>().ok();
    n.filter(|n| (0.01..=100_000.0).contains(n))
        .ok_or_else(|| "expected a number from 0.01 to 100000".to_owned())
}

#[cfg(test)]
mod tests;
