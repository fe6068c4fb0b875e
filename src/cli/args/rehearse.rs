//! The arguments of `rehearse`.
//!
//! In: text. Out: a call in bytes and an origin, or what was expected. Must not decode the call.

use crate::domain::ids::hex_bytes;
use crate::domain::{AccountId, ChainId};
use crate::rehearse::{self, Origin};
use clap::{Args, ValueEnum};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// A runbook or a call.
#[derive(Debug, Clone, Args)]
pub struct RehearseArgs {
    /// The runbook: its name, or row:A3
    #[arg(required_unless_present = "call", conflicts_with_all = ["call", "origin"])]
    pub runbook: Option<String>,
    /// Its parameters; NAME=@FILE reads a file
    #[arg(value_name = "NAME=VALUE", value_parser = super::runbook::pair)]
    pub given: Vec<(String, String)>,
    /// The same
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = super::runbook::pair, requires = "runbook")]
    pub params: Vec<(String, String)>,
    /// Rehearse what is signed: repeatable, inside out: sudo, proxy:KIND@REAL, multisig:T@A,B,C, batch, xcm:CHAIN, none
    #[arg(long = "wrap", value_name = "WRAPPER", requires = "runbook")]
    pub wrap: Vec<String>,
    /// In place of a runbook: an encoded call; @FILE reads it from a file
    #[arg(long, value_name = "0x…|@FILE", value_parser = call, requires = "origin")]
    pub call: Option<Arc<[u8]>>,
    /// In whose name: root, or an account
    #[arg(long, value_name = "root|ACCOUNT", value_parser = origin, requires = "call")]
    pub origin: Option<Origin>,
    /// On which chain; left out: that of the runbook, or the relay
    #[arg(long, value_name = "ID", value_parser = super::chain_id)]
    pub chain: Option<ChainId>,
    /// How
    #[arg(long, default_value = "fork")]
    pub method: Method,
    /// Then so many empty blocks, to see what comes later; relay chains, --method fork
    #[arg(long, default_value = "0", value_name = "N", value_parser = clap::value_parser!(u32).range(..=100))]
    pub blocks: u32,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// How a call is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Method {
    /// Run the chain's own code in this process, over its live state.
    Fork,
    /// Ask the node's own dry-run API; no storage diff.
    #[value(alias = "dry-run")]
    DryRun,
    /// Only whether its transaction would be taken into a block.
    Validity,
}

impl From<Method> for rehearse::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Fork => Self::Fork,
            Method::DryRun => Self::DryRun,
            Method::Validity => Self::Validity,
        }
    }
}

/// Longest file that is read for a call.
const MAX_FILE: u64 = 32 * 1024 * 1024;

/// `0x…`, or `@FILE` with the same in it, or with the bytes themselves.
///
/// # Errors
/// What was expected.
pub(super) fn call(text: &str) -> Result<Arc<[u8]>, String> {
    read(text).map(Into::into)
}

fn read(text: &str) -> Result<Vec<u8>, String> {
    let expected = || "expected an encoded call: 0x and an even number of hex digits, or @FILE".to_owned();
    let Some(path) = text.strip_prefix('@') else { return hex_bytes(text).ok_or_else(expected) };
    let unread = |e: std::io::Error| format!("{path}: {e}");
    // Opening a pipe would wait for somebody who writes; reading one, for its end.
    if !std::fs::metadata(Path::new(path)).map_err(unread)?.is_file() {
        return Err(format!("{path}: this is no plain file; expected a file with an encoded call"));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(Path::new(path)).map_err(unread)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unread)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(format!("{path}: larger than 32 MB, no call is"));
    }
    let as_text = std::str::from_utf8(&bytes).ok().map(str::trim).filter(|t| t.starts_with("0x"));
    as_text.map_or(Ok(bytes.clone()), |hex| hex_bytes(hex).ok_or_else(expected))
}

/// `root`, or an account.
///
/// # Errors
/// What was expected.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    if text == "root" {
        return Ok(Origin::Root);
    }
    let account = text.parse::<AccountId>().map(Origin::Signed);
    account
        .map_err(|_| "expected root, or an account: SS58 of any prefix, or 0x and 64 hex digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_hex_or_a_file_of_hex_or_of_bytes() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = |name: &str, body: &[u8]| {
            std::fs::write(dir.path().join(name), body).unwrap();
            format!("@{}", dir.path().join(name).display())
        };
        assert_eq!(call("0x0102").unwrap().as_ref(), [1, 2]);
        assert_eq!(call(&file("hex", b"0x0102\n")).unwrap().as_ref(), [1, 2]);
        assert_eq!(call(&file("raw", &[1, 2, 255])).unwrap().as_ref(), [1, 2, 255]);
        for bad in ["0x012", "0102", "", &file("bad", b"0xzz"), "@/no/such/file"] {
            assert!(call(bad).is_err(), "{bad}");
        }
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for endless in [pipe.to_str().unwrap(), "/dev/zero", "/dev"] {
            let why = call(&format!("@{endless}")).unwrap_err();
            assert!(why.ends_with("this is no plain file; expected a file with an encoded call"), "{why}");
        }
        let sparse = dir.path().join("sparse");
        std::fs::File::create(&sparse).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(
            call(&format!("@{}", sparse.display())).unwrap_err().ends_with("larger than 32 MB, no call is")
        );
    }
}
