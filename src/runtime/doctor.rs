//! `sereno doctor`: what is off on this side of the screen, and how to mend it.
//!
//! In: the plan, the state directory, facts about the terminal. Out: one line an examination. It connects like a snapshot
//! does and writes nothing but what `--accept-genesis` asks for and the copy of the register.

use super::compose::Base;
use super::engine::Engine;
use super::register::copied_at;
use super::sources::{Plan, Sources};
use crate::domain::endpoint::{badge_words, link_words};
use crate::domain::{Badge, ChainId, ChainSpec, Clean, Link};
use crate::journal::{Journal, Mode as Writes, Role};
use crate::keymap::Keymap;
use crate::screen::format;
use crate::state::{AppState, Mode};
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;

/// How long the endpoints get to show themselves, milliseconds.
const PATIENCE_MS: u64 = 12_000;
/// Problems of the register that are named.
const PROBLEMS: usize = 5;

/// One examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// True where it is well, false where it is off, none where it cannot be told.
    pub ok: Option<bool>,
    /// What was seen.
    pub seen: String,
    /// What to do about it; empty where nothing is to be done.
    pub mend: String,
}

impl Finding {
    fn well(what: &str, seen: impl Into<String>) -> Self {
        Self { what: what.to_owned(), ok: Some(true), seen: seen.into(), mend: String::new() }
    }

    fn off(what: &str, seen: impl Into<String>, mend: &str) -> Self {
        Self { what: what.to_owned(), ok: Some(false), seen: seen.into(), mend: mend.to_owned() }
    }

    fn unknown(what: &str, seen: impl Into<String>, mend: &str) -> Self {
        Self { what: what.to_owned(), ok: None, seen: seen.into(), mend: mend.to_owned() }
    }

    /// The finding as a line.
    #[must_use]
    pub fn line(&self) -> String {
        let mark = match self.ok {
            Some(true) => "ok ",
            Some(false) => "OFF",
            None => "?  ",
        };
        let mend = if self.mend.is_empty() { String::new() } else { format!("\n      → {}", self.mend) };
        format!("{mark}  {:<12} {}{mend}", self.what, self.seen)
    }
}

/// What the caller knows about the terminal.
#[derive(Debug, Clone, Default)]
pub struct Terminal {
    /// `TERM`.
    pub term: Option<String>,
    /// True where standard output is a terminal.
    pub is_tty: bool,
    /// Columns and rows.
    pub size: Option<(u16, u16)>,
    /// Colours in words: `16 million`, `256`, `16`, `none`.
    pub colours: String,
    /// Inside tmux or screen.
    pub multiplexer: Option<String>,
}

/// Looks at everything.
///
/// # Errors
/// The system gives no thread.
pub fn examine(
    plan: &Plan,
    base: &Base,
    terminal: &Terminal,
    accept: Option<&ChainId>,
) -> io::Result<Vec<Finding>> {
    let mut out = vec![terminal_finding(terminal), state_dir_finding(plan, base)];
    let state = AppState::new(plan.network.clone(), Keymap::default(), String::new(), Mode::Headless);
    let mut engine = Engine::new(state, Sources::start(plan, &base.clock)?, base.clock.clone());
    let started = engine.now();
    engine.follow_register(plan, base)?;
    while engine.now().since(started) < PATIENCE_MS
        && (engine.awaits_register() || !all_settled(&engine.state))
    {
        let _ = engine.step(100, |_| {});
    }
    out.push(clock_finding(&engine.state));
    if let Some(chain) = accept {
        out.push(accept_genesis(&engine.state, chain, base));
    }
    for spec in &plan.network.chains {
        out.extend(chain_findings(&engine.state, spec));
    }
    out.push(register_finding(&engine.state, plan, base));
    out.push(Finding::unknown("tickets", "this version does not read the ticket queue", ""));
    Ok(out)
}

/// The register of validators: what it holds, how old it is, the first things that are wrong in it.
fn register_finding(state: &AppState, plan: &Plan, base: &Base) -> Finding {
    let Some(source) = &plan.register.source else {
        let mend = "put roster = \"PATH or URL\" at the top of the profile";
        return Finding::unknown("register", "the profile names no register of validators", mend);
    };
    let roster = &state.network.roster;
    if roster.from.is_none() {
        let why = state.notices.iter().map(|n| n.text.as_str()).find(|t| t.contains("register"));
        let why = why.unwrap_or("the web has not answered yet");
        return Finding::off(
            "register",
            why,
            "mend roster in the profile, or look again when it can be reached",
        );
    }
    let copied = copied_at(source, &base.state_dir.join(&plan.network.id)).or(plan.register.read_at);
    let age = copied.map_or_else(|| "?".to_owned(), |at| format::age(state.now.since(at)));
    let active = || roster.validators.values().filter(|m| m.active);
    let providers: BTreeSet<&str> = active().map(|m| m.provider.as_str()).collect();
    let seen = format!(
        "{} providers, {} validators, {} deactivated, {} problems, read {age} ago from {source}",
        providers.len(),
        active().count(),
        roster.validators.len() - active().count(),
        roster.problems.len(),
    );
    let problems: Vec<&str> = roster.problems.iter().take(PROBLEMS).map(Clean::as_str).collect();
    let more = roster.problems.len().saturating_sub(PROBLEMS);
    let more = if more > 0 { format!("\n        and {more} more") } else { String::new() };
    Finding { mend: problems.join("\n        ") + &more, ..Finding::well("register", seen) }
}

fn all_settled(state: &AppState) -> bool {
    let settled = |link: &Link| !matches!(link, Link::Resolving | Link::Dialing | Link::Verifying);
    state.network.chains.iter().all(|spec| {
        state.store.chain(&spec.id).is_some_and(|v| {
            v.endpoints.len() >= spec.endpoints.len()
                && v.endpoints.values().all(|e| settled(&e.link) && (e.link != Link::Up || e.best.is_some()))
                && (v.best.is_some() || v.endpoints.values().all(|e| e.link != Link::Up))
        })
    })
}

fn terminal_finding(t: &Terminal) -> Finding {
    let term = t.term.as_deref().unwrap_or("not set");
    let size = t.size.map_or_else(|| "size unknown".to_owned(), |(w, h)| format!("{w}×{h}"));
    let inside = t.multiplexer.as_ref().map_or_else(String::new, |m| format!(", in {m}"));
    let seen = format!("TERM={term}, {size}, {} colours{inside}", t.colours);
    match (t.is_tty, t.term.as_deref(), t.size) {
        (false, ..) => {
            Finding::unknown("terminal", "standard output is no terminal", "run it in one for the console")
        }
        (_, None | Some("dumb"), _) => {
            Finding::off("terminal", seen, "set TERM to what your terminal is, for example xterm-256color")
        }
        (_, _, Some((w, h))) if w < 80 || h < 24 => {
            Finding::off("terminal", seen, "make the window 80×24 or larger")
        }
        _ => Finding::well("terminal", seen),
    }
}

fn state_dir_finding(plan: &Plan, base: &Base) -> Finding {
    let dir = &base.state_dir;
    let shown = dir.display().to_string();
    let probe = dir.join(format!(".sereno-doctor-{}", std::process::id()));
    let written = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&probe, b"x"));
    let _ = std::fs::remove_file(&probe);
    if let Err(e) = written {
        return Finding::off(
            "state dir",
            format!("{shown} cannot be written: {e}"),
            "give yourself the right to write there, or name another with --state-dir; until then nothing is kept",
        );
    }
    let mut opened = Journal::open(dir, &plan.network.id, Role::Headless, base.clock.now());
    let facts = opened.journal.load().len();
    let notices: Vec<String> =
        opened.notices.iter().chain(&opened.journal.take_notices()).map(ToString::to_string).collect();
    if notices.is_empty() {
        Finding::well("state dir", format!("{shown}, {facts} facts kept"))
    } else {
        Finding::off(
            "state dir",
            format!("{shown}: {}", notices.join("; ")),
            "start the console once: it rebuilds it",
        )
    }
}

fn clock_finding(state: &AppState) -> Finding {
    let skew = state.alerts.alerts().into_iter().find(|a| a.detector == "clock-skew");
    if let Some(alert) = skew {
        return Finding::off("clock", alert.summary, "synchronise it: timedatectl set-ntp true");
    }
    let unknown = state.alerts.unknown().find(|(_, detector, _)| *detector == "clock-skew");
    match (unknown, state.store.chains().any(|(_, c)| c.is_proved())) {
        (None, true) => Finding::well("clock", "agrees with the blocks"),
        (Some((_, _, why)), true) => Finding::unknown("clock", why.to_string(), ""),
        (_, false) => Finding::unknown("clock", "no block has come to compare it with", ""),
    }
}

fn chain_findings(state: &AppState, spec: &ChainSpec) -> Vec<Finding> {
    let Some(view) = state.store.chain(&spec.id) else {
        return vec![Finding::off(
            spec.id.as_str(),
            "no endpoint is given",
            "add one to the profile or use --endpoint",
        )];
    };
    let target = view.block_time_ms(spec.block_time_ms);
    let mut out: Vec<Finding> = view
        .badges(state.now, target)
        .map(|(id, endpoint, badge)| {
            let latency =
                endpoint.latency_ms.map_or_else(String::new, |ms| format!(", {}", format::latency(ms)));
            let seen = format!("{id}: {}{latency}", badge_words(badge, &endpoint.link));
            match badge {
                Badge::Live => Finding::well(spec.id.as_str(), seen),
                Badge::WrongChain => Finding::off(spec.id.as_str(), seen, &accept(spec)),
                _ => Finding::off(spec.id.as_str(), seen, &mend(&endpoint.link)),
            }
        })
        .collect();
    if let Some(identity) = view.identity.value() {
        let wanted = match spec.kind {
            crate::domain::ChainKind::Para(id) => Some(id),
            crate::domain::ChainKind::Relay => None,
        };
        let seen = format!("is '{}', genesis {}", identity.name, identity.genesis.short());
        if identity.para_id == wanted {
            out.push(Finding::well(spec.id.as_str(), seen));
        } else {
            let seen = format!("{seen}, and says it is para {:?} instead of {wanted:?}", identity.para_id);
            out.push(Finding::off(
                spec.id.as_str(),
                seen,
                "its endpoints belong to another chain: mend the profile",
            ));
        }
    }
    out
}

/// Pins the genesis hash that the chain's endpoints serve now.
fn accept_genesis(state: &AppState, chain: &ChainId, base: &Base) -> Finding {
    let Some(found) = state.store.chain(chain).and_then(|v| v.identity.value()).map(|i| i.genesis) else {
        return Finding::off(
            "genesis",
            format!("{chain}: no endpoint has answered"),
            "try again when one does",
        );
    };
    let mut opened = Journal::open(&base.state_dir, &state.network.id, Role::Console, base.clock.now());
    if opened.journal.mode() == Writes::InMemory {
        let why =
            opened.notices.first().map_or_else(|| "nothing can be kept".to_owned(), ToString::to_string);
        return Finding::off("genesis", why, "give yourself the right to write there, or use --state-dir");
    }
    match opened.journal.accept_genesis(chain, found) {
        Ok(()) => Finding::well("genesis", format!("{chain}: {found} is the one that counts from now on")),
        Err(e) => {
            Finding::off("genesis", e.to_string(), "close the console that writes the journal and try again")
        }
    }
}

fn accept(spec: &ChainSpec) -> String {
    format!("where the chain was restarted on purpose: sereno doctor --accept-genesis {}", spec.id)
}

fn mend(link: &Link) -> String {
    match link {
        Link::Down { .. } => "look from another place; where it stays away, take another endpoint".to_owned(),
        Link::Parked { .. } => format!("{}; use another endpoint until then", link_words(link)),
        _ => "wait for its next block".to_owned(),
    }
}
