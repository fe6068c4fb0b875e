//! The arguments of `runbook` and `plan`.
//!
//! In: text. Out: names, files, parameters as pairs; what they mean is decided by the recipe.

use crate::domain::AccountId;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to do with the catalogue.
#[derive(Debug, Clone, Subcommand)]
pub enum Runbook {
    /// Name every runbook, and whether it can be used on the chains that answer
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// Ask no chain: whether a runbook can be used stays unknown
        #[arg(long)]
        offline: bool,
    },
    /// Explain one runbook: what it takes, reads, checks and does
    Show {
        /// Its name, or row:A3
        name: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Look for mistakes in one file, or in all runbooks; also against the chains that answer. Status 2: there is one
    Lint {
        /// A recipe; without it the whole catalogue
        file: Option<PathBuf>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// Ask no chain
        #[arg(long)]
        offline: bool,
    },
}

/// A plan, or a colleague's plan looked at again.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct PlanArgs {
    /// A saved plan
    #[command(subcommand)]
    pub saved: Option<SavedPlan>,
    /// The runbook: its name, or row:A3
    #[arg(required = true)]
    pub runbook: Option<String>,
    /// A parameter; NAME=@FILE reads a file; repeatable
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Who signs, and through what; repeatable, inside out: sudo, proxy:KIND@REAL, multisig:T@A,B,C, batch, xcm:CHAIN, none
    #[arg(long = "wrap", value_name = "WRAPPER")]
    pub wrap: Vec<String>,
    /// With --wrap multisig: the signatory who acts; without it the first one named that has not approved yet
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub sender: Option<AccountId>,
    /// The ticket that it answers; part of the intent
    #[arg(long, value_name = "N")]
    pub ticket: Option<String>,
    /// Write the plan to this file as JSON, for 'plan verify' and 'run'
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What to do with a saved plan.
#[derive(Debug, Clone, Subcommand)]
pub enum SavedPlan {
    /// Make a colleague's plan again against the live chain and compare. Status 1: something differs, or a check blocks
    Verify {
        /// A file of 'sereno plan … --out FILE'
        file: PathBuf,
        /// An address that the plan does not record, like para_endpoint=wss://…, or where a file of it lies now, as
        /// code=@FILE; repeatable
        #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
        params: Vec<(String, String)>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

fn account(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|_| "expected an SS58 address of any prefix, or 0x and 64 hex digits".to_owned())
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, like para=2000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_a_name_and_everything_behind_the_first_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
