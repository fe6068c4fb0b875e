//! Every core in one table: what it serves, what it is given to and until when, and what the market says of it; above it the
//! sale that runs and the queue of single blocks.
//!
//! In: the relay's paras and the market of the Coretime chain, each as last read. Out: lines, a row each. Not read is `?`,
//! nothing is `–`.

use super::cells;
use crate::domain::para::{Assigned, Paras};
use crate::domain::store::paras::listed;
use crate::screen::{Body, Column, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::cores::{CoreRow, Market, Now, Title, rows, words as given};
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::tabs::words;

/// Blocks of the Coretime chain after which what was read of the market is old: it is read every 300.
const OLD: u64 = 600;

/// Cores as rows.
pub(super) struct CoreRows<'a> {
    state: &'a AppState,
    rows: Vec<CoreRow<'a>>,
    now: Option<u64>,
}

impl<'a> CoreRows<'a> {
    pub(super) fn new(state: &'a AppState) -> Self {
        let paras = paras(state);
        let market = Market::of(&state.network, &state.store).ok();
        let rows = paras.map(|paras| rows(paras, market)).unwrap_or_default();
        Self { state, rows, now: relay_now(state) }
    }

    /// The para that a core serves.
    pub(super) fn para(&self, key: &str) -> Option<crate::domain::ParaId> {
        self.rows.iter().find(|row| row.index.to_string() == key)?.para()
    }

    /// How long until a relay block; none where it has come or the clock is not known.
    fn until(&self, block: u64) -> Option<u64> {
        let blocks = block.checked_sub(self.now?).filter(|blocks| *blocks > 0)?;
        Some(blocks.saturating_mul(self.state.relay()?.block_time_ms()))
    }

    fn name(&self, id: crate::domain::ParaId) -> String {
        self.state.network.para(id).map_or_else(|| id.to_string(), |c| format!("{id} {}", c.name))
    }

    fn work(&self, row: &CoreRow<'_>) -> Line {
        match row.parts() {
            None => words::unknown(),
            Some([] | [(Assigned::Idle, _)]) => Line::of(Role::Dim, "idle"),
            Some(parts) => Line::of(Role::Text, given(parts)),
        }
    }

    fn ends(&self, row: &CoreRow<'_>) -> Line {
        match row.ends() {
            Some(block) => match self.until(block) {
                Some(ms) => Line::of(Role::Text, format!("in {}", format::duration(ms))),
                None => Line::of(Role::Minor, "▵ over"),
            },
            None if row.is_open() => Line::of(Role::Dim, "–"),
            None => words::unknown(),
        }
    }

    fn title(&self, row: &CoreRow<'_>) -> Line {
        let Some(title) = row.deal.as_ref().and_then(|deal| deal.title) else { return words::unknown() };
        match title {
            Title::Reserved => Line::of(Role::Dim, "reserved"),
            Title::Leased(_) => Line::of(Role::Text, "leased"),
            Title::Bought => Line::of(Role::Text, "bought"),
            Title::Pool => Line::of(Role::Text, "pool"),
            Title::Nobody => Line::of(Role::Dim, "–"),
            Title::Region(region) => match (region.owner, self.state.relay()) {
                (Some(owner), Some(relay)) => {
                    let name = self.state.name_of(&owner).map(str::to_owned);
                    Line::of(Role::Text, name.unwrap_or_else(|| relay.address_short(&owner)))
                }
                (None, _) => Line::of(Role::Dim, "region of nobody"),
                (Some(owner), None) => Line::of(Role::Text, owner.to_string()),
            },
        }
    }

    fn renewal(&self, row: &CoreRow<'_>) -> Line {
        let Some(deal) = &row.deal else { return words::unknown() };
        let auto = if deal.auto.is_some() { " by itself" } else { "" };
        match deal.renewal {
            Some(renewal) => {
                Line::of(Role::Text, format!("{}{auto}", cells::amount(self.state, renewal.price)))
            }
            None if deal.auto.is_some() => Line::of(Role::Text, "by itself"),
            None if deal.title.is_none() => words::unknown(),
            None => cells::none(),
        }
    }
}

fn paras(state: &AppState) -> Option<&Paras> {
    Some(state.relay()?.view?.parachains.value()?)
}

fn relay_now(state: &AppState) -> Option<u64> {
    Some(state.relay()?.view?.best.as_ref()?.value.number)
}

fn now_cell(rows: &CoreRows<'_>, row: &CoreRow<'_>) -> Line {
    match row.now {
        Some(Now::Occupied(id)) => Line::of(Role::Text, rows.name(id)),
        Some(Now::Next(id)) => Line::of(Role::Dim, "next ").and(Role::Text, rows.name(id)),
        Some(Now::Free) => Line::of(Role::Dim, "free"),
        None => words::unknown(),
    }
}

fn queue_cell(row: &CoreRow<'_>) -> Line {
    match row.queue {
        None => words::unknown(),
        Some([]) => cells::none(),
        Some(queue) => {
            let ids: Vec<String> = queue.iter().map(ToString::to_string).collect();
            Line::of(Role::Dim, ids.join(" "))
        }
    }
}

impl Rows for CoreRows<'_> {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("CORE", (4, 5), true, 0),
            column("NOW", (12, 22), false, 0),
            column("CLAIM QUEUE", (11, 24), false, 4),
            column("GIVEN TO", (12, 36), false, 0),
            column("ENDS", (12, 14), true, 0),
            column("AT RELAY BLOCK", (14, 14), true, 3),
            column("THEN", (9, 36), false, 2),
            column("MARKET", (10, 18), false, 0),
            column("RENEWAL", (10, 20), true, 1),
        ]
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn key(&self, row: usize) -> String {
        self.rows.get(row).map(|row| row.index.to_string()).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(row) = self.rows.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Number(u64::from(row.index)),
            1 => row.now.map_or(SortKey::Unknown, |_| SortKey::Text(now_cell(self, row).plain())),
            2 => SortKey::number(row.queue.and_then(|q| u64::try_from(q.len()).ok())),
            3 => row.parts().map_or(SortKey::Unknown, |parts| SortKey::Text(given(parts))),
            4 | 5 => SortKey::number(row.ends()),
            6 => SortKey::number(row.next.map(|next| next.begin)),
            7 => SortKey::Text(self.title(row).plain()),
            _ => SortKey::number(
                row.deal.as_ref().and_then(|d| d.renewal).and_then(|r| u64::try_from(r.price).ok()),
            ),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(row) = self.rows.get(row) else { return vec![] };
        let at = match row.ends() {
            Some(block) => Line::of(Role::Dim, format::number(block)),
            None if row.is_open() => cells::none(),
            None => words::unknown(),
        };
        vec![
            Line::of(Role::Text, row.index.to_string()),
            now_cell(self, row),
            queue_cell(row),
            self.work(row),
            self.ends(row),
            at,
            row.next.map_or_else(cells::none, |next| Line::of(Role::Dim, given(&next.parts))),
            self.title(row),
            self.renewal(row),
        ]
    }
}

/// What stands above the table.
pub(super) fn panel(state: &AppState) -> Panel {
    let lines = paras(state).map_or_else(Vec::new, |paras| lines(state, paras));
    let stale = super::is_stale(state);
    Panel { id: "market".to_owned(), title: None, focused: false, stale, body: Body::Text(lines) }
}

fn lines(state: &AppState, paras: &Paras) -> Vec<Line> {
    let market = Market::of(&state.network, &state.store);
    let counts = counts(&rows(paras, market.as_ref().ok().copied()));
    let mut lines = joined(state, counts, orders(state, paras));
    match &market {
        Ok(market) => {
            lines.extend(sale(state, market));
            lines.push(evidence(state, market));
            if let Some(why) = market.failed {
                lines.push(Line::of(Role::Minor, format!("▵ the last read of the market failed: {why}")));
            }
            lines.extend(market.value().cut.iter().map(|cut| super::header::cut_line(&cut.words())));
        }
        Err(why) => lines.push(Line::of(Role::Unknown, format!("? market: {why}"))),
    }
    if let Some(cut) = paras.cut_of(&paras.schedules) {
        lines.push(super::header::cut_line(&cut.words()));
    }
    lines
}

/// Two lines, or one where the screen is wide enough for both.
fn joined(state: &AppState, first: Line, second: Line) -> Vec<Line> {
    let width = first.plain().chars().count() + second.plain().chars().count() + 5;
    if width > usize::from(state.ui.width) {
        return vec![first, second];
    }
    let mut line = first.and(Role::Dim, " · ");
    line.spans.extend(second.spans);
    vec![line]
}

fn counts(rows: &[CoreRow<'_>]) -> Line {
    let all = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let mut line = Line::of(Role::Title, "cores ").and(Role::Text, format::number(all));
    let is = |wanted: fn(&Assigned) -> bool| {
        let has =
            |row: &&CoreRow<'_>| row.parts().is_some_and(|parts| parts.iter().any(|(to, _)| wanted(to)));
        u64::try_from(rows.iter().filter(has).count()).ok()
    };
    if rows.iter().any(|row| row.work.is_none()) {
        line = line.and(Role::Unknown, " · ? given to whom");
    } else {
        let task = is(|to| matches!(to, Assigned::Task(_))).map_or_else(String::new, format::number);
        let pool = is(|to| *to == Assigned::Pool).map_or_else(String::new, format::number);
        line = line.and(Role::Dim, format!(" · {task} given to paras · {pool} to the pool"));
    }
    line
}

/// Orders of single blocks that wait, and what one more costs.
fn orders(state: &AppState, paras: &Paras) -> Line {
    let line = Line::of(Role::Dim, "on demand ");
    let line = match listed(&paras.on_demand).map(<[_]>::len) {
        Some(n) => {
            let n = format::count(u64::try_from(n).unwrap_or(u64::MAX), "order");
            line.and(Role::Text, n)
        }
        None => line.and(Role::Unknown, "?"),
    };
    match paras.spot_price.value() {
        Some(price) => line.and(Role::Dim, format!(", {} a block", money(state, *price))),
        None => line.and(Role::Dim, ", price ").and(Role::Unknown, "?"),
    }
}

/// An amount with its unit.
fn money(state: &AppState, planck: u128) -> String {
    let token = state.relay().and_then(|r| r.view?.identity.value()?.token.as_ref());
    let unit = token.map_or("planck", |token| token.symbol.as_str());
    format!("{} {unit}", cells::amount(state, planck))
}

fn sale(state: &AppState, market: &Market<'_>) -> Vec<Line> {
    let title = Line::of(Role::Title, "sale ");
    let value = market.value();
    let Some((sale, phase, price)) = market.sale() else {
        return vec![match value.sale.is_absent() {
            true => title.and(Role::Dim, "none was ever started (C5 starts the sales)"),
            false => title.and(Role::Unknown, "? the clock of the sale is not known"),
        }];
    };
    let time = |block: u64| {
        let relay = state.relay().map_or(6_000, |relay| relay.block_time_ms());
        let blocks = block.checked_sub(market.now()?)?;
        Some(format::duration(blocks.saturating_mul(relay)))
    };
    let left = u64::from(sale.left());
    let line = title
        .and(Role::Text, phase.word())
        .and(Role::Dim, " · ")
        .and(Role::Text, money(state, price))
        .and(Role::Dim, " a core · ")
        .and(if left == 0 { Role::Minor } else { Role::Text }, format!("{left} of {} left", sale.offered));
    let end = Line::of(Role::Dim, "ends ");
    let end = match value.sale_end() {
        Some(block) => {
            let at = format!("at relay #{}", format::number(block));
            let rest = time(block).map_or_else(|| ", it is due".to_owned(), |time| format!(" in {time}"));
            end.and(Role::Text, at).and(Role::Dim, rest)
        }
        None => end.and(Role::Unknown, "?"),
    };
    let block = |slice: u64| value.block_of(slice).map_or_else(|| "?".to_owned(), format::number);
    let (begin, over) = (sale.region_begin, sale.region_end);
    let regions = format!(
        "sells timeslices {} to {}, relay #{} to #{}",
        format::number(begin),
        format::number(over),
        block(begin),
        block(over)
    );
    let mut lines = joined(state, line, end);
    lines.push(Line::of(Role::Dim, regions));
    lines
}

fn evidence(state: &AppState, market: &Market<'_>) -> Line {
    let chain = state.chain(&market.spec.id);
    let old = chain.is_none_or(|chain| {
        let (at, origin) = (market.known.at, &market.known.origin);
        chain.freshness_of(at, origin, OLD) != crate::state::Freshness::Fresh
    });
    let text = format!("market read at {} {}", market.spec.name, words::evidence(market.known, state.now));
    Line::of(if old { Role::Stale } else { Role::Dim }, text)
}
