//! Flags and subcommands.
//!
//! In: the command line. Out: [`Cli`], and texts of help, completions and the manual page. Must not import anything of
//! ratatui, crossterm or subxt.

pub mod args;
pub mod pages;
mod run;

pub use args::{Cli, CliError, Command};
pub use run::main;
