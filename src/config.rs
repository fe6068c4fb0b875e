//! Network profiles, settings, and the files that keymaps and themes come from.
//!
//! In: TOML files, the register's YAML files, environment, flags as plain values. Out: [`Profile`] (a `domain::Network` plus the secret URLs),
//! [`Settings`], and texts for `keymap` and `theme` to parse. Every error is one line that begins with where it is.
//! Must not import `cli`, `runtime`, `chain` or anything of tokio; reads files, never writes any.

pub mod endpoint;
pub mod error;
pub mod files;
pub mod profile;
pub mod roster;
pub mod settings;

mod located;
mod watch;

pub use endpoint::{Endpoint, EndpointFlag, SecretUrl};
pub use error::ConfigError;
pub use files::{Dirs, Shelf, find_text};
pub use profile::{Profile, load_network};
pub use settings::{LogLevel, Settings, operator};

/// The built-in network profiles, by name.
pub const NETWORKS: &[(&str, &str)] =
    &[("paseo", include_str!("../networks/paseo.toml")), ("local", include_str!("../networks/local.toml"))];
