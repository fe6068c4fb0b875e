//! The public register of validators, collators and whitelisted accounts: where it is, which files count, reading them.
//!
//! In: `roster = "PATH or URL"` of a profile; a folder of YAML files, in the layout of the public register or flat. Out:
//! [`Source`]; [`Reader`], which makes a `domain::Roster` of files; [`read_folder`]. A broken file costs what is broken in
//! it and is named with its line. Must not fetch: `runtime` does, through the same [`Reader`].

use super::ConfigError;
use crate::domain::redact::shown_url;
use crate::domain::{Clean, Roster};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use url::{Host, Url};

mod reader;
mod yaml;

pub use reader::Reader;

/// Largest file read, in bytes.
pub const MAX_FILE: usize = 512 << 10;
/// Bytes read of a register.
pub const MAX_BYTES: usize = 16 << 20;
/// Files read of a register.
pub const MAX_FILES: usize = 1_000;
/// Folders in each other.
pub const MAX_DEPTH: usize = 6;
/// Folders and files looked at.
const MAX_LOOKED_AT: usize = 20_000;

/// Where the register is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder on the web.
    Web(WebFolder),
}

/// A folder on the web that lists itself as JSON: `[{"name", "type", "download_url"}]`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebFolder {
    listing: Url,
    shown: String,
}

impl WebFolder {
    /// What to ask for the list. Never for a log, an error or the screen.
    #[must_use]
    pub fn listing(&self) -> &Url {
        &self.listing
    }
}

impl fmt::Display for WebFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for WebFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebFolder({})", self.shown)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Web(web) => web.fmt(f),
        }
    }
}

/// A text that names no register. Its message does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSource {
    /// Nothing, or no URL.
    #[error("this names no register; expected a folder, or an https:// URL of one")]
    Syntax,
    /// Not encrypted, or no web.
    #[error("the register's URL has the wrong scheme; expected https://, or http:// on this machine")]
    Scheme,
    /// User, password, query or fragment.
    #[error("the register's URL holds a user, query or fragment; expected none: the register is public")]
    Secret,
    /// GitHub, but no folder.
    #[error("this is no folder of GitHub; expected https://github.com/OWNER/REPO/tree/REF/PATH")]
    GitHub,
}

impl Source {
    /// Reads `PATH or URL`; a relative path begins at `base`.
    ///
    /// # Errors
    /// The text names no register.
    pub fn parse(text: &str, base: &Path) -> Result<Self, BadSource> {
        if text.trim().is_empty() || text.len() > 2_048 || text.contains(char::is_control) {
            return Err(BadSource::Syntax);
        }
        if !text.contains("://") {
            return Ok(Self::Folder(base.join(text)));
        }
        let url = Url::parse(text).map_err(|_| BadSource::Syntax)?;
        if !may_ask(&url, true) {
            return Err(BadSource::Scheme);
        }
        let secret = !url.username().is_empty() || url.password().is_some();
        if secret || url.query().is_some() || url.fragment().is_some() {
            return Err(BadSource::Secret);
        }
        let git = url.host_str() == Some("github.com");
        let shown = if git { url.to_string() } else { shown_url(url.as_str()) };
        let listing = if git { contents(&url).ok_or(BadSource::GitHub)? } else { url };
        Ok(Self::Web(WebFolder { listing, shown }))
    }
}

/// True where this URL may be asked: encrypted, or on this machine and `local` is allowed.
#[must_use]
pub fn may_ask(url: &Url, local: bool) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(ip))) => local && ip.is_loopback(),
        ("http", Some(Host::Ipv6(ip))) => local && ip.is_loopback(),
        ("http", Some(Host::Domain(name))) => local && name == "localhost",
        _ => false,
    }
}

/// The list of a folder of GitHub: `/OWNER/REPO`, or `/OWNER/REPO/tree/REF/PATH`.
fn contents(url: &Url) -> Option<Url> {
    let parts: Vec<&str> = url.path_segments()?.filter(|p| !p.is_empty()).collect();
    let (owner, repo, branch, path) = match parts.as_slice() {
        [owner, repo] => (owner, repo, None, &[][..]),
        [owner, repo, "tree", branch, path @ ..] => (owner, repo, Some(branch), path),
        _ => return None,
    };
    let tail = if path.is_empty() { String::new() } else { format!("/{}", path.join("/")) };
    let branch = branch.map_or_else(String::new, |b| format!("?ref={b}"));
    Url::parse(&format!("https://api.github.com/repos/{owner}/{repo}/contents{tail}{branch}")).ok()
}

/// True for a file of the register by its name: YAML, no example, and not the whitelist of the test network's own tests.
#[must_use]
pub fn is_wanted(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(".yml").or_else(|| lower.strip_suffix(".yaml")) else { return false };
    let is_example = stem == "example" || stem.ends_with("-example");
    !stem.starts_with('.') && !is_example && !stem.ends_with("_tot")
}

/// True for a folder that may hold files of the register.
#[must_use]
pub fn is_wanted_folder(name: &str) -> bool {
    !name.starts_with('.') && name != "node_modules"
}

/// True where a path says that its providers are deactivated.
fn is_deactivated(path: &str) -> bool {
    path.to_ascii_lowercase().contains("deactivated")
}

/// Reads the register in a folder.
///
/// # Errors
/// The folder cannot be read. Whatever is wrong below it is in the roster's problems.
pub fn read_folder(folder: &Path) -> Result<Roster, ConfigError> {
    let shown = folder.display().to_string();
    let mut walk = Walk { reader: Reader::default(), files: 0, bytes: 0, looked_at: 0 };
    if let Err(e) = walk.folder(folder, "", 0) {
        let what = format!("the register's folder cannot be read ({})", e.kind());
        return Err(ConfigError::new(
            &shown,
            &what,
            "a readable folder of YAML files; names are missing until then",
        ));
    }
    if walk.files == 0 {
        walk.reader.problem(&shown, "no file of the register is here", "files *.yml");
    }
    Ok(walk.reader.finish(Some(Clean::of(&shown))))
}

struct Walk {
    reader: Reader,
    files: usize,
    bytes: usize,
    looked_at: usize,
}

impl Walk {
    /// Reads a folder, files and folders in the order of their names.
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) -> std::io::Result<()> {
        let room = MAX_LOOKED_AT.saturating_sub(self.looked_at);
        let mut entries: Vec<_> = folder.read_dir()?.flatten().take(room).collect();
        self.looked_at += entries.len();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            // A link to a folder may lead round in a circle: only links to files are followed.
            let is_folder = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_folder && is_wanted_folder(&name) {
                if depth + 1 >= MAX_DEPTH {
                    self.reader.problem(&path, "the folder lies too deep", "at most 6 folders in each other");
                } else if let Err(e) = self.folder(&entry.path(), &path, depth + 1) {
                    self.reader.problem(
                        &path,
                        &format!("cannot be read ({})", e.kind()),
                        "a readable folder",
                    );
                }
            } else if !is_folder && is_wanted(&name) {
                self.file(&entry.path(), &path);
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &Path, path: &str) {
        self.files += 1;
        if self.files > MAX_FILES || self.bytes > MAX_BYTES {
            return self.reader.problem(
                path,
                "the register is too large; this file is left out",
                "1000 files, 16 MiB",
            );
        }
        match read(file) {
            Ok(bytes) => {
                self.bytes += bytes.len();
                self.reader.add(path, &bytes);
            }
            Err(e) => self.reader.problem(path, &format!("cannot be read ({})", e.kind()), "a readable file"),
        }
    }
}

/// At most one byte more than a file may have.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(std::io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_FILE).unwrap_or(u64::MAX);
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing(text: &str) -> String {
        match Source::parse(text, Path::new("/base")) {
            Ok(Source::Web(web)) => web.listing().to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_folder_of_github_is_asked_through_its_contents() {
        let api = "https://api.github.com/repos/paseo-network/paseo-action-submission/contents";
        let page = "https://github.com/paseo-network/paseo-action-submission";
        assert_eq!(listing(page), api);
        assert_eq!(
            listing(&format!("{page}/tree/main/paseo-validators/active")),
            format!("{api}/paseo-validators/active?ref=main")
        );
        assert_eq!(listing("https://example.org/register/"), "https://example.org/register/");
        assert_eq!(listing("http://127.0.0.1:8080/r"), "http://127.0.0.1:8080/r");
    }

    #[test]
    fn a_path_begins_at_the_profile_and_a_tilde_is_a_name() {
        let folder = |text| match Source::parse(text, Path::new("/base")) {
            Ok(Source::Folder(path)) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(folder("register"), Path::new("/base/register"));
        assert_eq!(folder("/abs"), Path::new("/abs"));
        assert_eq!(folder("~/x"), Path::new("/base/~/x"));
    }

    #[test]
    fn what_names_no_register_is_refused_without_repeating_it() {
        for (bad, why) in [
            ("", BadSource::Syntax),
            ("a\u{1b}b", BadSource::Syntax),
            ("https://", BadSource::Syntax),
            ("http://CANARY.example/x", BadSource::Scheme),
            ("ftp://CANARY/x", BadSource::Scheme),
            ("https://u:CANARY@h/x", BadSource::Secret),
            ("https://h/x?token=CANARY", BadSource::Secret),
            ("https://github.com/CANARY", BadSource::GitHub),
            ("https://github.com/o/r/blob/main/x.yml", BadSource::GitHub),
        ] {
            assert_eq!(Source::parse(bad, Path::new("")), Err(why), "{bad}");
            assert!(!why.to_string().contains("CANARY"));
        }
    }

    #[test]
    fn examples_other_networks_and_other_files_do_not_count() {
        for name in ["a.yml", "b.yaml", "Mile.YML", "deactivated-x.yml", "counterexample.yml"] {
            assert!(is_wanted(name), "{name}");
        }
        for name in [
            "example.yml",
            "people-chain--example.yml",
            "whitelist_tot.yml",
            "README.md",
            ".x.yml",
            "CoinStudio",
        ] {
            assert!(!is_wanted(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_file_is_too_broken(path in "[a-z/.-]{0,20}", bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let mut reader = Reader::default();
            reader.add(&path, &bytes);
            let _ = reader.finish(None);
        }

        #[test]
        fn no_order_of_lines_is_too_broken(lines in proptest::collection::vec(proptest::sample::select(vec![
            "identity:", "  display: X", "accounts:", "- stash: 1LfAfKweyPjXs4JkKW4AxHPTe7pu4w4HjcZbEtB6a8vMqkd",
            "  0:", "    aura_id: 0x00", "\t- stash: y", "whitelist:", "  - name: [", "    address: {", "\"", "---", "&a *a", "? x",
        ]), 0..30)) {
            let mut reader = Reader::default();
            reader.add("x.yml", lines.join("\n").as_bytes());
            let _ = reader.finish(None);
        }
    }
}
