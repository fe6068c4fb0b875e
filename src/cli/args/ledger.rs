//! The arguments of `ledger`.
//!
//! In: text. Out: what to do. Must not read the ledger.

use clap::Subcommand;

/// What to do with the ledger.
#[derive(Debug, Clone, Subcommand)]
pub enum Ledger {
    /// Say why a parameter was changed: a ticket or a sentence. The last one counts
    Justify {
        /// The change, as the ledger lists it: CHAIN/BLOCK/PARAMETER
        id: String,
        /// The ticket or the sentence
        #[arg(required = true)]
        text: Vec<String>,
    },
}
