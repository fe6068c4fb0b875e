//! Where configuration lies: the platform's directories, and texts by name.
//!
//! In: a name or a file. Out: its text and what errors shall call it. The user's own file of a name wins over the
//! built-in one. Reads at most 1 MiB, writes nothing. Must not import anything but its siblings.

use super::ConfigError;
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Longest configuration file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The platform's directories for this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// Settings, and the user's own `keymaps/`, `themes/`, `networks/`.
    pub config: PathBuf,
    /// Journal, audit log, logs; below it one directory a network.
    pub state: PathBuf,
}

impl Dirs {
    /// The platform's directories; `state_dir` is `--state-dir`.
    ///
    /// # Errors
    /// When the platform names none, which means no home directory.
    pub fn find(state_dir: Option<&Path>) -> Result<Self, ConfigError> {
        let home = || {
            ConfigError::new(
                "sereno",
                "this account has no home directory",
                "HOME to be set, or --state-dir DIR",
            )
        };
        match (directories::ProjectDirs::from("", "", "sereno"), state_dir) {
            (Some(p), state) => {
                let state = state.map_or_else(|| p.data_dir().to_owned(), Path::to_owned);
                Ok(Self { config: p.config_dir().to_owned(), state })
            }
            (None, Some(state)) => Ok(Self { config: state.join("config"), state: state.to_owned() }),
            (None, None) => Err(home()),
        }
    }

    /// `STATE/NETWORK`: journal, audit log and logs of one network.
    #[must_use]
    pub fn network(&self, id: &str) -> PathBuf {
        self.state.join(id)
    }
}

/// A kind of configuration that is found by name.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'a> {
    /// The folder in the user's directory: `themes`, `keymaps`, `networks`.
    pub folder: &'static str,
    /// What comes with the program, by name.
    pub builtin: &'a [(&'a str, &'a str)],
    /// Where the user's own lie.
    pub dirs: &'a Dirs,
}

/// The text of this name or file, and its label for errors. What holds a `/` or ends in `.toml` is a file.
///
/// # Errors
/// When nothing has that name (the message lists what has one), or the file cannot be read.
pub fn find_text(shelf: &Shelf<'_>, name_or_file: &str) -> Result<(String, String), ConfigError> {
    if name_or_file.contains('/') || name_or_file.ends_with(".toml") {
        let path = Path::new(name_or_file);
        return Ok((path.display().to_string(), read(path)?));
    }
    let folder = shelf.dirs.config.join(shelf.folder);
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if name_or_file.chars().all(fine) && !name_or_file.is_empty() {
        let own = folder.join(format!("{name_or_file}.toml"));
        if own.exists() {
            return Ok((own.display().to_string(), read(&own)?));
        }
        if let Some((name, text)) = shelf.builtin.iter().find(|(name, _)| *name == name_or_file) {
            return Ok((format!("{}/{name}.toml (built-in)", shelf.folder), (*text).to_owned()));
        }
    }
    let mut known: Vec<String> = shelf.builtin.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.extend(own_names(&folder));
    known.sort();
    known.dedup();
    let expected = format!("one of {}, or a file", known.join(", "));
    Err(ConfigError::new(shelf.folder, &format!("there is no '{name_or_file}'"), &expected))
}

/// Names of the user's own files, at most 50.
fn own_names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let name = |e: std::fs::DirEntry| e.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned);
    entries.flatten().filter_map(name).take(50).collect()
}

/// The whole text of a file.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let place = path.display().to_string();
    let failed = |e: std::io::Error| {
        ConfigError::new(&place, &format!("cannot be read ({})", e.kind()), "a readable TOML file")
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(ConfigError::new(&place, "is no plain file", "a TOML file"));
    }
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(ConfigError::new(&place, "is too large", "at most 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let good = e.as_bytes().get(..e.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.split(|b| *b == b'\n').count();
        ConfigError::new(&format!("{place}:{line}:1"), "is no UTF-8 text", "TOML in UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Dirs) {
        let tmp = tempfile::tempdir().unwrap();
        let dirs = Dirs { config: tmp.path().join("config"), state: tmp.path().join("state") };
        std::fs::create_dir_all(dirs.config.join("themes")).unwrap();
        (tmp, dirs)
    }

    #[test]
    fn the_users_own_file_wins_over_the_built_in_one() {
        let (_tmp, dirs) = home();
        let shelf = Shelf { folder: "themes", builtin: &[("night", "built-in text")], dirs: &dirs };
        assert_eq!(find_text(&shelf, "night").unwrap().1, "built-in text");
        std::fs::write(dirs.config.join("themes/night.toml"), "own text").unwrap();
        let (label, text) = find_text(&shelf, "night").unwrap();
        assert_eq!(text, "own text");
        assert!(label.ends_with("themes/night.toml"), "{label}");
        assert_eq!(find_text(&shelf, &label).unwrap().1, "own text");
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let (_tmp, dirs) = home();
        std::fs::write(dirs.config.join("themes/mine.toml"), "").unwrap();
        let shelf = Shelf { folder: "themes", builtin: &[("night", "")], dirs: &dirs };
        for name in ["nihgt", "..", "", "a\u{1b}[2J"] {
            let e = find_text(&shelf, name).unwrap_err().to_string();
            assert!(e.contains("expected one of mine, night, or a file") && !e.contains('\u{1b}'), "{e}");
        }
    }

    #[test]
    fn folders_huge_files_and_binary_files_are_refused_with_their_place() {
        let (tmp, dirs) = home();
        let shelf = Shelf { folder: "themes", builtin: &[], dirs: &dirs };
        let path = |n: &str| tmp.path().join(n).display().to_string();
        std::fs::write(path("bin.toml"), b"a = 1\n\xff\xfe").unwrap();
        std::fs::write(path("big.toml"), vec![b'#'; 1_100_000]).unwrap();
        std::fs::create_dir(path("dir.toml")).unwrap();
        for (name, part) in [
            ("bin.toml", "bin.toml:2:1: is no UTF-8 text"),
            ("big.toml", "is too large"),
            ("dir.toml", "is no plain file"),
            ("none.toml", "cannot be read (entity not found)"),
        ] {
            let e = find_text(&shelf, &path(name)).unwrap_err().to_string();
            assert!(e.contains(part), "{e}");
        }
    }

    #[test]
    fn a_state_dir_replaces_the_platforms() {
        let dirs = Dirs::find(Some(Path::new("/tmp/x"))).unwrap();
        assert_eq!(dirs.network("local"), Path::new("/tmp/x/local"));
    }
}
