//! Settings: what an operator wants always, without typing it.
//!
//! In: a TOML file, the layer above it (environment and flags, merged by `cli`). Out: [`Settings`] with every gap
//! filled by [`Settings::builtin`]. Layers: built-in, settings file, `SERENO_*`, flags; the later wins. Must not import
//! anything but its siblings.

use super::located::Source;
use super::{ConfigError, files};
use serde::Deserialize;
use std::path::Path;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what was done.
    Info,
    /// And why.
    Debug,
    /// And every step.
    Trace,
}

impl LogLevel {
    /// As `tracing` and the flag write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// One layer of settings, or all of them merged. None: this layer does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Who sits here, as acknowledgements and the header show it.
    pub operator: Option<String>,
    /// Theme: a name or a file.
    pub theme: Option<String>,
    /// Keymap: a name or a file.
    pub keymap: Option<String>,
    /// Network profile: a name or a file.
    pub network: Option<String>,
    /// How much is logged.
    pub log_level: Option<LogLevel>,
}

impl Settings {
    /// What holds where nothing else is said. The operator is found by [`operator`].
    #[must_use]
    pub fn builtin() -> Self {
        let some = |s: &str| Some(s.to_owned());
        Self {
            operator: None,
            theme: some("paseo-night"),
            keymap: some("default"),
            network: some("paseo"),
            log_level: Some(LogLevel::Info),
        }
    }

    /// Parses a settings file; `label` is what errors call it.
    ///
    /// # Errors
    /// At the first key or value that is not right.
    pub fn parse(label: &str, text: &str) -> Result<Self, ConfigError> {
        Source { label, text }.parse()
    }

    /// Reads `--config FILE`, which must exist, or `settings.toml` in the platform's directory, which may not.
    ///
    /// # Errors
    /// When the file is not right, or was named and is not there.
    pub fn load(named: Option<&Path>, config_dir: &Path) -> Result<Self, ConfigError> {
        let default = config_dir.join("settings.toml");
        let path = match named {
            Some(path) => path,
            None if default.exists() => &default,
            None => return Ok(Self::default()),
        };
        Self::parse(&path.display().to_string(), &files::read(path)?)
    }

    /// This layer with `upper` laid over it. Empty texts in `upper` say nothing.
    #[must_use]
    pub fn under(self, upper: Self) -> Self {
        let text = |low: Option<String>, up: Option<String>| up.filter(|s| !s.trim().is_empty()).or(low);
        Self {
            operator: text(self.operator, upper.operator),
            theme: text(self.theme, upper.theme),
            keymap: text(self.keymap, upper.keymap),
            network: text(self.network, upper.network),
            log_level: upper.log_level.or(self.log_level),
        }
    }
}

/// Who sits here: the settings' operator, else `USER@host`. `env` reads an environment variable.
#[must_use]
pub fn operator(settings: &Settings, env: impl Fn(&str) -> Option<String>) -> String {
    let given = |s: String| Some(s.trim().to_owned()).filter(|s| !s.is_empty());
    if let Some(name) = settings.operator.clone().and_then(given) {
        return crate::domain::Clean::of(&name).to_string();
    }
    let first = |keys: &[&str]| keys.iter().find_map(|k| env(k).and_then(given));
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().and_then(given);
    let user = first(&["USER", "LOGNAME"]).unwrap_or_else(|| "unknown".to_owned());
    let host = host().or_else(|| first(&["HOSTNAME"])).unwrap_or_else(|| "unknown".to_owned());
    crate::domain::Clean::of(&format!("{user}@{host}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_layer_wins_and_an_empty_text_says_nothing() {
        let file =
            Settings::parse("s", "theme = \"mono\"\nlog_level = \"debug\"\nnetwork = \"local\"").unwrap();
        let flags =
            Settings { theme: Some("light".into()), network: Some(" ".into()), ..Settings::default() };
        let all = Settings::builtin().under(file).under(flags);
        assert_eq!(all.theme.as_deref(), Some("light"));
        assert_eq!(all.network.as_deref(), Some("local"));
        assert_eq!(all.keymap.as_deref(), Some("default"));
        assert_eq!(all.log_level, Some(LogLevel::Debug));
    }

    #[test]
    fn a_named_settings_file_must_exist_and_the_default_one_need_not() {
        let tmp = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(None, tmp.path()).unwrap(), Settings::default());
        let named = tmp.path().join("mine.toml");
        let e = Settings::load(Some(&named), tmp.path()).unwrap_err().to_string();
        assert!(e.contains("mine.toml: cannot be read"), "{e}");
        std::fs::write(tmp.path().join("settings.toml"), "operator = \"ana\"").unwrap();
        assert_eq!(Settings::load(None, tmp.path()).unwrap().operator.as_deref(), Some("ana"));
    }

    #[test]
    fn the_operator_is_never_empty_and_cannot_hold_escapes() {
        let named = Settings { operator: Some("ana\u{1b}[2J".into()), ..Settings::default() };
        assert!(!operator(&named, |_| None).contains('\u{1b}'));
        let user = |key: &str| (key == "USER").then(|| "bo".to_owned());
        assert!(operator(&Settings::default(), user).starts_with("bo@"));
        assert!(operator(&Settings::default(), |_| None).starts_with("unknown@"));
    }
}
