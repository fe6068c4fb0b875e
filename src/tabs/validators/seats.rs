//! Every validator in one table, worst first.
//!
//! In: the digest. Out: a row each. Addresses and bars are made for the visible rows only; what is sorted by is a number.

use super::cells;
use crate::domain::validator::grade::hundredths;
use crate::domain::validator::{Figures, PointsOver};
use crate::domain::{AccountId, Grade, Score, SessionRecord};
use crate::screen::{Column, Line, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::state::validators::{Digest, Seat, Standing, WINDOW};
use crate::tabs::lists::column;
use crate::tabs::words;
use std::sync::Arc;

/// Validators as rows.
pub struct SeatRows<'a> {
    state: &'a AppState,
    digest: Arc<Digest>,
}

impl std::fmt::Debug for SeatRows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeatRows").field("seats", &self.digest.seats.len()).finish_non_exhaustive()
    }
}

const STATE: usize = 0;
const NAME: usize = 1;
const PROVIDER: usize = 2;
const ADDRESS: usize = 3;
const AUTHORED: usize = 4;
const SLOT_MISS: usize = 5;
const VOTES: usize = 6;
const VOTE_MISS: usize = 7;
const MVR: usize = 8;
const BITFIELD: usize = 9;
const RATIO: usize = 10;
const GRADE: usize = 11;
const RECENT: usize = 12;
const PAS11: usize = 13;
const POINTS: usize = 14;
const KEYS: usize = 15;

/// A provider as the filter sees it.
pub(super) fn provider_text(name: Option<&str>) -> String {
    format!("[{}]", name.unwrap_or("?"))
}

impl<'a> SeatRows<'a> {
    /// All validators.
    #[must_use]
    pub fn new(state: &'a AppState) -> Self {
        Self { state, digest: state.validators() }
    }

    fn get(&self, row: usize) -> Option<&Seat> {
        self.digest.seats.get(row)
    }

    /// Sessions in the timeline: as many as fit beside the other columns.
    fn bars(&self) -> u16 {
        match self.state.ui.width {
            wide @ 198.. => (wide - 174).min(60),
            150.. => 20,
            _ => 16,
        }
    }

    fn record(&self, session: u32) -> Option<&'a SessionRecord> {
        self.state.relay()?.view?.validators.record(session)
    }

    fn timeline(&self, stash: &AccountId) -> Line {
        let newest = self.digest.session.or_else(|| {
            let book = &self.state.relay()?.view?.validators;
            book.sessions().next().map(|r| r.session.saturating_add(1))
        });
        let Some(newest) = newest.filter(|_| self.digest.sessions > 0) else { return words::unknown() };
        let mut line = Line::default();
        for back in (1..=u32::from(self.bars())).rev() {
            let (role, glyph) = match newest.checked_sub(back) {
                Some(session) => cells::bar(self.record(session), stash),
                None => (Role::Dim, ' '),
            };
            match line.spans.last_mut() {
                Some(last) if last.role == role => last.text.push(glyph),
                _ => line = line.and(role, glyph),
            }
        }
        line
    }

    fn points_title(&self) -> &'static str {
        let points = self.state.relay().and_then(|r| r.view).and_then(|v| v.validators.points.value());
        match points.map(|p| p.over) {
            Some(PointsOver::Era(_)) => "POINTS ERA",
            Some(PointsOver::Session(_)) => "POINTS SES",
            None => "POINTS",
        }
    }

    /// The cells about the session in progress: `–` for who is not in it, `?` for what was not read.
    fn figures(&self, seat: &Seat) -> [Line; 8] {
        let nothing = || if seat.standing.is_in_set() { words::unknown() } else { unasked(seat.standing) };
        let Some(f) = &seat.figures else { return std::array::from_fn(|_| nothing()) };
        let score = seat.now.as_ref();
        let slots = if seat.is_silent() {
            Line::of(Role::Major, format!("▲ {}", f.missed_slots))
        } else {
            cells::fault(f.missed_slots, Role::Minor)
        };
        let authored = cells::count(f.authored);
        match f.para {
            Some(false) => {
                let [a, b, c, d, e, g] = std::array::from_fn(|_| cells::none());
                return [authored, slots, a, b, c, d, e, g];
            }
            _ if self.digest.counted.votes == 0 || f.para.is_none() => {
                let [a, b, c, d, e, g] = std::array::from_fn(|_| words::unknown());
                return [authored, slots, a, b, c, d, e, g];
            }
            Some(true) | None => {}
        }
        let votes =
            format!("{}/{}", format::number(u64::from(f.voted)), format::number(u64::from(f.assigned())));
        let missed_votes = cells::percent(bad(f.missed_votes), score.map(|s| s.missed_votes));
        let bitfields = score.and_then(|s| s.unavailable).map(|u| 1.0 - u);
        [
            authored,
            slots,
            Line::of(Role::Dim, votes),
            cells::fault(f.missed_votes, Role::Minor),
            missed_votes,
            cells::percent(Role::Dim, bitfields),
            cells::ratio(score),
            cells::grade(score),
        ]
    }
}

fn bad(n: u32) -> Role {
    if n == 0 { Role::Dim } else { Role::Minor }
}

/// What stands where no figure can be: the set is not known, or it is known and this one is not in it.
fn unasked(standing: Standing) -> Line {
    if standing == Standing::Unknown { words::unknown() } else { cells::none() }
}

/// The place of a letter, A+ first.
fn letter(score: Option<&Score>) -> SortKey {
    let place = score.and_then(Score::grade).and_then(|g| Grade::ALL.iter().position(|a| *a == g));
    SortKey::number(place.and_then(|p| u64::try_from(p).ok()))
}

/// The head of the account as a number: SS58 keeps the order of the bytes.
fn head(stash: &AccountId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = stash.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Rows for SeatRows<'_> {
    fn columns(&self) -> Vec<Column> {
        let bars = self.bars();
        vec![
            column("STATE", (10, 10), false, 0),
            column("NAME", (14, 30), false, 0),
            column("PROVIDER", (12, 24), false, 6),
            column("ADDRESS", (9, 9), false, 1),
            column("AUTHORED", (8, 8), true, 3),
            column("SLOT MISS", (9, 9), true, 0),
            column("VOTES", (9, 13), true, 7),
            column("VOTE MISS", (9, 9), true, 0),
            column("MVR %", (6, 6), true, 8),
            column("BITFIELD %", (10, 10), true, 9),
            column("RATIO %", (7, 7), true, 0),
            column("GRADE", (5, 5), false, 0),
            column(&format!("GRADE {WINDOW}"), (8, 8), false, 2),
            column("PAS-11", (6, 6), false, 5),
            column(self.points_title(), (10, 10), true, 10),
            column("KEYS", (4, 4), false, 11),
            column("SESSIONS BEFORE", (bars, bars), false, 4),
        ]
    }

    fn len(&self) -> usize {
        self.digest.seats.len()
    }

    fn key(&self, row: usize) -> String {
        self.get(row).map(|s| s.stash.to_string()).unwrap_or_default()
    }

    fn find(&self, key: &str) -> Option<usize> {
        let stash: AccountId = key.parse().ok()?;
        self.digest.seats.iter().position(|s| s.stash == stash)
    }

    fn text(&self, row: usize) -> String {
        let mut text = String::new();
        if let Some(seat) = self.get(row) {
            self.state.describe_seat(&self.digest, seat, &mut text);
        }
        text
    }

    fn id(&self, row: usize) -> Option<String> {
        Some(self.state.relay()?.address(&self.get(row)?.stash))
    }

    fn kept(&self, filter: &str) -> Option<Vec<usize>> {
        self.state.kept_seats(&self.digest, filter)
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(seat) = self.get(row) else { return SortKey::Unknown };
        let of = |f: fn(&Figures) -> u32| SortKey::number(seat.figures.as_ref().map(|s| u64::from(f(s))));
        let share = |share: Option<f64>| SortKey::number(share.map(|s| u64::from(hundredths(s))));
        let now = seat.now.as_ref();
        match column {
            STATE => SortKey::Number(u64::from(seat.standing as u8)),
            NAME => SortKey::Number(u64::from(seat.by_name)),
            PROVIDER => SortKey::number(seat.provider.and_then(|p| u64::try_from(p).ok())),
            ADDRESS => SortKey::Number(head(&seat.stash)),
            AUTHORED => of(|f| f.authored),
            SLOT_MISS => of(|f| f.missed_slots),
            VOTES => now.map_or(SortKey::Unknown, |_| of(Figures::assigned)),
            VOTE_MISS => now.map_or(SortKey::Unknown, |_| of(|f| f.missed_votes)),
            MVR => share(now.map(|s| s.missed_votes)),
            BITFIELD => share(now.and_then(|s| s.unavailable).map(|u| 1.0 - u)),
            RATIO => share(now.and_then(Score::ratio)),
            GRADE => letter(now),
            RECENT => letter(seat.recent.as_ref()),
            PAS11 => SortKey::number(seat.recent.as_ref().and_then(Score::passes).map(u64::from)),
            POINTS => SortKey::number(seat.points.map(u64::from)),
            KEYS => SortKey::number(seat.keys.map(u64::from)),
            _ => share(seat.recent.as_ref().and_then(Score::ratio)),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(seat) = self.get(row) else { return vec![] };
        let relay = self.state.relay();
        let address = relay.map_or_else(String::new, |r| r.address_short(&seat.stash));
        let is_in = seat.standing.is_in_set();
        let text = if is_in { Role::Text } else { Role::Dim };
        let name = match self.state.validator_name(&seat.stash) {
            Some(name) => Line::of(text, name),
            None => Line::of(Role::Dim, address.clone()),
        };
        let provider = match self.digest.provider_of(seat) {
            Some(name) => Line::of(Role::Dim, name.as_str()),
            None if self.state.network.roster.validators.is_empty() => words::unknown(),
            None => Line::of(Role::Unknown, "? not listed"),
        };
        let recent = seat.recent.as_ref();
        let is_asked = is_in && seat.figures.is_none_or(|f| f.para != Some(false));
        let past = |cell: Line| if recent.is_none() && !is_asked { unasked(seat.standing) } else { cell };
        let points = match seat.points {
            None => words::unknown(),
            Some(0) if !is_in => cells::none(),
            Some(n) => cells::count(n),
        };
        let keys = match seat.keys {
            None => words::unknown(),
            Some(true) => Line::of(Role::Dim, "set"),
            Some(false) => Line::of(if is_in { Role::Minor } else { Role::Dim }, "none"),
        };
        let mut out = vec![cells::standing(seat.standing), name, provider, Line::of(Role::Dim, address)];
        out.extend(self.figures(seat));
        out.extend([
            past(cells::grade(recent)),
            past(cells::pas11(recent)),
            points,
            keys,
            self.timeline(&seat.stash),
        ]);
        out
    }
}
