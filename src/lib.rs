//! `sereno`: a terminal operations console for Polkadot-SDK testnets.
//!
//! Facts come in from the chains, fold into a store, detectors and tabs read the store, the screen is data, effects
//! are data, and only the edges touch the world. This page is the map of the house; `tests/architecture.rs` reads
//! the table below and fails where the code disagrees.
//!
//! | module | may import | what it is |
//! |---|---|---|
//! | domain | | identifiers, blocks, chains, facts, the store they fold into |
//! | codec | domain | metadata by code hash, encode, decode, bounded walk |
//! | screen | domain | the screen as data |
//! | command | | everything a key can be bound to |
//! | keymap | command | keys, chords, contexts, TOML |
//! | theme | screen | roles to styles, TOML |
//! | detectors | domain | one rule a file |
//! | state | domain, detectors, screen, command, keymap, runbook | the application's state: store, alerts, what the user selected |
//! | tabs | domain, detectors, screen, command, keymap, state, xray, runbook | one file a tab: state to panels, commands to intents |
//! | app | domain, detectors, screen, command, keymap, state, tabs, xray, runbook | `update` and `view` |
//! | report | domain, detectors, screen, state | snapshot and reports: pure renderers over the state |
//! | xray | domain | why a para does not progress: a tree of questions over its state |
//! | runbook | domain, codec, command | privileged actions as data: recipes, checks, composed calls, plans |
//! | ports | domain | what the runtime offers to the edges |
//! | chain | domain, codec, ports | endpoints, freshness, failover, cursor, probes |
//! | journal | domain, ports | SQLite: facts, history, acknowledgements |
//! | record | domain, ports | recordings and their replay |
//! | rehearse | domain, codec, ports | the chain's own code in this process: what a call would do |
//! | config | domain, command, keymap, theme, screen | profiles, settings, keymaps and themes from files |
//! | restore | | the bytes that give a terminal back |
//! | ui | screen, theme, keymap, restore | the only code that knows ratatui and crossterm |
//! | telemetry | domain | logs to files, never to the terminal |
//! | guardian | restore | the parent process that restores the terminal |
//! | runtime | domain, codec, screen, command, keymap, theme, detectors, state, tabs, app, report, ports, chain, journal, record, config, ui, telemetry, xray, rehearse, runbook | the only code that spawns, owns channels and reads the clock |
//! | cli | domain, config, command, keymap, theme, report, record, journal, runtime, telemetry, guardian, xray, rehearse, runbook | flags and subcommands |

pub mod app;
pub mod chain;
pub mod cli;
pub mod codec;
pub mod command;
pub mod config;
pub mod detectors;
pub mod domain;
pub mod guardian;
pub mod journal;
pub mod keymap;
pub mod ports;
pub mod record;
#[cfg(feature = "rehearse")]
pub mod rehearse;
pub mod report;
pub mod restore;
pub mod runbook;
pub mod runtime;
pub mod screen;
pub mod state;
pub mod tabs;
pub mod telemetry;
pub mod theme;
pub mod ui;
pub mod xray;
