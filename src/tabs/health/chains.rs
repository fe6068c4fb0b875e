//! All chains in one table.
//!
//! In: the profile's chains and what is known of each. Out: a row per chain, in the profile's order. What is too old is
//! dim, what is unknown is `?`, and a chain without data says why in place of its block times.

use crate::domain::{Reading, Severity};
use crate::screen::{Body, Column, Line, Panel, Role, format};
use crate::state::health::Health;
use crate::state::table::{Rows, SortKey};
use crate::state::{AppState, Chain, Freshness};
use crate::tabs::lists::{empty, with_filter};
use crate::tabs::words;

/// Block times after which peers and pool, which are read every tenth block, count as old.
const SLOW_READS: u64 = 30;

/// Chains as rows.
pub(super) struct ChainRows<'a> {
    chains: Vec<Chain<'a>>,
    spark: usize,
}

const CHAIN: usize = 0;
const STATE: usize = 1;
const BEST: usize = 2;
const FINALIZED: usize = 3;
const LAG: usize = 4;
const LAST: usize = 5;
const BLOCK_TIME: usize = 6;
const SESSION: usize = 7;
const ERA: usize = 8;
const PEERS: usize = 9;
const POOL: usize = 10;
const REORGS: usize = 11;
const SPEC: usize = 12;
const DATA: usize = 13;

impl<'a> ChainRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let spark = match state.ui.width {
            180.. => 40,
            150.. => 20,
            _ => 8,
        };
        Self { chains: state.chains().collect(), spark }
    }

    fn block_times(&self, chain: &Chain<'_>) -> Line {
        let Some(view) = chain.view else { return why(chain) };
        let intervals = view.blocks.intervals(self.spark);
        let Some(times) = view.blocks.block_times(60) else { return why(chain) };
        let target = chain.block_time_ms();
        // A quarter of a block time is jitter, not news; the top of the scale is seven block times.
        let values: Vec<Option<u64>> =
            intervals.iter().map(|(_, ms)| Some(ms.saturating_sub(target / 4))).collect();
        let gap = self.spark.saturating_sub(values.len());
        let bars = format::spark(&values, target.saturating_mul(7));
        let fresh = chain.freshness();
        let role = if fresh == Freshness::Fresh { Role::Chart } else { Role::Stale };
        Line::of(words::fresh_role(fresh), format!("{:>6} ", format::seconds(times.p50_ms)))
            .and(role, format!("{}{bars}", " ".repeat(gap)))
    }

    fn endpoints(chain: &Chain<'_>) -> Line {
        let mut line = Line::default();
        for (_, endpoint) in chain.endpoints().into_iter().take(8) {
            let (role, symbol) = words::badge_symbol(endpoint.map(|(_, badge)| badge));
            line = line.and(role, symbol);
        }
        match chain.view.and_then(|v| v.source.as_ref()) {
            Some(source) => line.and(Role::Dim, format!(" {}", words::label(source))),
            None => line.and(Role::Unknown, " no source"),
        }
    }
}

/// 0 for a chain with something critical, 4 for one with nothing.
fn worst_first(chain: &Chain<'_>) -> u64 {
    let worst = chain.standing().first().map(|a| a.severity);
    let place = worst.and_then(|w| Severity::WORST_FIRST.iter().position(|s| *s == w));
    place.and_then(|p| u64::try_from(p).ok()).unwrap_or(4)
}

/// Why there are no block times.
fn why(chain: &Chain<'_>) -> Line {
    words::why_no_data_short(chain).map_or_else(words::unknown, |why| Line::of(Role::Dim, why))
}

fn session(chain: &Chain<'_>) -> Line {
    let Some(session) = chain.view.and_then(|v| v.session.known()) else { return words::unknown() };
    let role = follow(chain, &session.origin);
    let index = format::number(u64::from(session.value.index));
    match (session.value.elapsed, session.value.length) {
        (Some(elapsed), Some(length)) if length > 0 => {
            Line::of(role, format!("{index} · {} %", elapsed.min(length) * 100 / length))
        }
        _ => Line::of(role, index),
    }
}

/// The role of a value that is read when it changes: as fresh as the chain.
fn follow(chain: &Chain<'_>, origin: &crate::domain::Origin) -> Role {
    match origin {
        crate::domain::Origin::Journal => Role::Stale,
        crate::domain::Origin::Endpoint(_) => words::fresh_role(chain.freshness()),
    }
}

/// The role of a value that is read again and again.
fn polled<T>(chain: &Chain<'_>, reading: &Reading<T>) -> Role {
    reading
        .known()
        .map_or(Role::Unknown, |o| words::fresh_role(chain.freshness_of(o.at, &o.origin, SLOW_READS)))
}

fn era(chain: &Chain<'_>) -> Line {
    match chain.view.and_then(|v| v.era.known()) {
        None => words::unknown(),
        Some(era) => match &era.value {
            None => Line::of(Role::Dim, "–"),
            Some(e) => Line::of(follow(chain, &era.origin), format::number(u64::from(e.index))),
        },
    }
}

fn small(chain: &Chain<'_>, reading: Option<&Reading<u32>>) -> Line {
    let Some(reading) = reading else { return words::unknown() };
    words::number(polled(chain, reading), reading.value().map(|n| u64::from(*n)))
}

fn lag(chain: &Chain<'_>) -> Line {
    let Some(lag) = chain.view.and_then(|v| v.finality_lag()) else { return words::unknown() };
    let limits = &chain.spec.thresholds;
    let role = match chain.freshness() {
        Freshness::Fresh if lag > limits.finality_lag_critical => Role::Critical,
        Freshness::Fresh if lag > limits.finality_lag_minor => Role::Minor,
        other => words::fresh_role(other),
    };
    Line::of(role, format::number(lag))
}

fn last(chain: &Chain<'_>) -> Line {
    let fresh = chain.freshness();
    match chain.last_block_ms() {
        Some(ms) => {
            let mark = if fresh == Freshness::Fresh { "" } else { "~ " };
            Line::of(words::fresh_role(fresh), format!("{mark}{}", format::age(ms)))
        }
        None => words::unknown(),
    }
}

impl Rows for ChainRows<'_> {
    fn columns(&self) -> Vec<Column> {
        let column = |title: &str, width: (u16, u16), right, drop_order| Column {
            title: title.to_owned(),
            min: width.0,
            max: width.1,
            right,
            drop_order,
            sorted: None,
        };
        let spark = u16::try_from(self.spark).unwrap_or(20).saturating_add(7);
        vec![
            column("CHAIN", (11, 16), false, 0),
            column("STATE", (11, 12), false, 0),
            column("BEST", (10, 12), true, 0),
            column("FINALIZED", (10, 12), true, 4),
            column("LAG", (4, 6), true, 0),
            column("LAST", (6, 7), true, 0),
            column("BLOCK TIME p50", (spark, spark), false, 3),
            column("SESSION", (12, 14), true, 6),
            column("ERA", (5, 6), true, 10),
            column("PEERS", (5, 6), true, 8),
            column("POOL", (4, 6), true, 9),
            column("REORGS", (6, 6), true, 11),
            column("SPEC", (7, 9), true, 5),
            column("DATA", (10, 13), false, 2),
            column("ENDPOINTS", (13, 24), false, 0),
        ]
    }

    fn len(&self) -> usize {
        self.chains.len()
    }

    fn key(&self, row: usize) -> String {
        self.chains.get(row).map(|c| c.spec.id.to_string()).unwrap_or_default()
    }

    fn text(&self, row: usize) -> String {
        let Some(chain) = self.chains.get(row) else { return String::new() };
        let (_, state) = words::state_word(chain);
        let source = chain.view.and_then(|v| v.source.as_ref()).map(words::label).unwrap_or_default();
        format!("{} {} {state} {source}", chain.spec.name, chain.spec.id)
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(chain) = self.chains.get(row) else { return SortKey::Unknown };
        let Some(view) = chain.view else {
            return if column == CHAIN { SortKey::Text(chain.spec.name.clone()) } else { SortKey::Unknown };
        };
        let small = |r: &Reading<u32>| SortKey::number(r.value().map(|n| u64::from(*n)));
        match column {
            CHAIN => SortKey::Text(chain.spec.name.clone()),
            STATE => SortKey::Number(worst_first(chain)),
            BEST => SortKey::number(view.best.as_ref().map(|b| b.value.number)),
            FINALIZED => SortKey::number(view.finalized.as_ref().map(|b| b.value.number)),
            LAG => SortKey::number(view.finality_lag()),
            LAST => SortKey::number(chain.last_block_ms()),
            BLOCK_TIME => SortKey::number(view.blocks.block_times(60).map(|t| t.p50_ms)),
            SESSION => SortKey::number(view.session.value().map(|s| u64::from(s.index))),
            ERA => SortKey::number(view.era.value().and_then(|e| e.as_ref()).map(|e| u64::from(e.index))),
            PEERS => small(&view.peers),
            POOL => small(&view.pool),
            REORGS => SortKey::Number(u64::from(view.reorgs)),
            SPEC => SortKey::number(view.runtime.value().map(|r| u64::from(r.spec_version))),
            DATA => SortKey::number(view.best.as_ref().map(|b| b.age_ms(chain.state.now))),
            _ => SortKey::number(u64::try_from(chain.live()).ok()),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(chain) = self.chains.get(row) else { return vec![] };
        let (state_role, state) = words::state_word(chain);
        let (data_role, data) = words::data_word(chain);
        let fresh = words::fresh_role(chain.freshness());
        let name = if chain.health() == Health::Absent { Role::Dim } else { Role::Text };
        let view = chain.view;
        let spec = view.and_then(|v| v.runtime.known());
        // An absent chain's reorganisations were not counted: nothing was watched.
        let reorgs = view.filter(|v| v.best.is_some()).map(|v| u64::from(v.reorgs));
        vec![
            Line::of(name, chain.spec.name.clone()),
            Line::of(state_role, state),
            words::number(fresh, view.and_then(|v| v.best.as_ref()).map(|b| b.value.number)),
            words::number(fresh, view.and_then(|v| v.finalized.as_ref()).map(|b| b.value.number)),
            lag(chain),
            last(chain),
            self.block_times(chain),
            session(chain),
            era(chain),
            small(chain, view.map(|v| &v.peers)),
            small(chain, view.map(|v| &v.pool)),
            words::number(fresh, reorgs),
            spec.map_or_else(words::unknown, |s| {
                Line::of(follow(chain, &s.origin), s.value.spec_version.to_string())
            }),
            Line::of(data_role, data),
            Self::endpoints(chain),
        ]
    }
}

/// The panel of chains. It has a frame only where a title must be said.
pub(super) fn panel(state: &AppState, focused: bool) -> Panel {
    let rows = ChainRows::new(state);
    let table = state.ui.table("chains");
    let window = table.window(&rows, usize::from(state.ui.height));
    let title = (!table.filter.is_empty())
        .then(|| with_filter(Line::of(Role::Title, "chains"), &table.filter, window.total, rows.len()));
    if window.total == 0 {
        let sentence = format!("the filter hides all {} chains", rows.len());
        let panel = empty("chains", &sentence, "Esc takes the filter away");
        return Panel { title, focused, ..panel };
    }
    Panel { id: "chains".to_owned(), title, focused, stale: false, body: Body::Table(window) }
}
