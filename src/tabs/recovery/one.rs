//! One para under the X-ray: the sentence, what else is worth knowing, and the runbooks that fit.
//!
//! In: the relay's paras as last read, or the newer look at this para that asked its own node as well. Out: a panel of text,
//! rows of runbooks.

use super::{cells, header};
use crate::domain::ParaId;
use crate::domain::para::{Own, Paras};
use crate::screen::{Body, Column, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::table::{Rows, SortKey};
use crate::tabs::lists::column;
use crate::xray::{Case, Diagnosis, Outcome, Remedy, examine};

/// The paras are read every thirty relay blocks; twice that and some says nothing of now.
const OLD_MS: u64 = 400_000;
/// The prefix of addresses where the relay says none.
const ANY_PREFIX: u16 = 42;

/// Why a para does or does not progress, by what the relay's state says; none where the paras were never read.
#[must_use]
pub fn diagnosis(state: &AppState, id: ParaId) -> Option<Diagnosis> {
    let relay = state.relay()?;
    let view = relay.view?;
    let identity = view.identity.value();
    let (paras, own) = sides(state, id)?;
    Some(examine(&Case {
        network: &state.network,
        ss58_prefix: identity.and_then(|i| i.ss58_prefix).unwrap_or(ANY_PREFIX),
        token: identity.and_then(|i| i.token.as_ref()),
        relay: paras,
        para: id,
        own,
        patience: relay.spec.thresholds.para_stall_major,
        now: state.now,
        old_ms: OLD_MS,
    }))
}

/// Relay blocks by which what was last read of all paras may be newer than a look at one of them: the paras are read every
/// thirty blocks, and the look follows.
const BEHIND: u64 = 40;

/// The relay's side and the para's own: of the look at this para, unless what was read of all paras is much newer.
fn sides(state: &AppState, id: ParaId) -> Option<(&Paras, &Own)> {
    let all = state.relay()?.view?.parachains.value();
    match (all, state.runbooks.look(id)) {
        (Some(all), Some(look)) if look.relay.at.number.saturating_add(BEHIND) < all.at.number => {
            Some((all, &Own::NotKnown))
        }
        (_, Some(look)) => Some((&look.relay, &look.own)),
        (all, None) => Some((all?, &Own::NotKnown)),
    }
}

/// What the para's own node has to do with it: asked, silent, not known.
fn own_line(state: &AppState, id: ParaId) -> Line {
    if state.mode.is_replay() {
        return Line::of(Role::Dim, "own node: a replay asks no node");
    }
    let Some(chain) = state.network.para(id) else {
        return Line::of(
            Role::Dim,
            "own node: the profile has none of this para · --endpoint and a profile name it",
        );
    };
    let looked = state.runbooks.looked.get(&id);
    let asking = looked.is_some_and(|l| l.asked.is_some());
    let line = Line::of(Role::Dim, format!("own node of {}: ", chain.name));
    let line = match (looked.and_then(|l| l.look.as_ref()), looked.and_then(|l| l.failed.as_deref())) {
        (_, Some(why)) => line.and(Role::Minor, format!("not looked at: {why}")),
        (Some(look), None) => {
            let at = format!(" · with relay #{}", format::number(look.relay.at.number));
            let line = match &look.own {
                Own::Answers(end) => match end.finalized.value().and_then(|h| h.block) {
                    Some(block) => {
                        line.and(Role::Text, format!("answers, finalized #{}", format::number(block.number)))
                    }
                    None => line.and(Role::Text, "answers, its finalized block is not known"),
                },
                Own::Silent(_, why) => line.and(Role::Minor, format!("silent: {why}")),
                Own::NotKnown => line.and(Role::Unknown, "not asked"),
            };
            line.and(Role::Dim, at)
        }
        (None, None) if asking => return line.and(Role::Info, "being asked"),
        (None, None) => line.and(Role::Unknown, "not asked yet"),
    };
    if asking { line.and(Role::Info, " · asked again") } else { line }
}

/// The runbook of the selected row, where the runbooks have the keys.
pub(super) fn chosen(state: &AppState) -> Option<String> {
    let pane = crate::tabs::focused(state).filter(|pane| pane.id == super::REMEDIES)?;
    let key = crate::tabs::selected_key(state, &pane)?;
    key.split_once(' ').map(|(_, id)| id.to_owned())
}

/// The sentence, and what stands beside it.
pub(super) fn verdict(state: &AppState, id: ParaId) -> Panel {
    let name = state.network.para(id).map_or_else(|| format!("para {id}"), |c| format!("{} {id}", c.name));
    let stale = super::is_stale(state);
    let body = Body::Text(lines(state, id));
    let title = Some(Line::of(Role::Title, format!("X-ray of {name}")));
    Panel { id: "xray".to_owned(), title, focused: false, stale, body }
}

fn lines(state: &AppState, id: ParaId) -> Vec<Line> {
    let (Some(board), Some(diagnosis)) = (state.board(), diagnosis(state, id)) else {
        let (why, next) = super::why_unknown(state);
        return vec![Line::of(Role::Unknown, format!("? {why}")), Line::of(Role::Dim, next)];
    };
    let (role, mark) = match diagnosis.outcome {
        Outcome::Healthy => (Role::Good, "· "),
        Outcome::Cause => (Role::Accent, "✖ "),
        Outcome::Unknown => (Role::Unknown, "? "),
    };
    let mut lines = vec![Line::of(role, mark).and(role, diagnosis.verdict.as_str())];
    if let Some(cause) = diagnosis.cause {
        let scope = match diagnosis.in_scope {
            Some(true) => "PAS-2: in scope",
            Some(false) => "PAS-2: out of scope",
            None => "PAS-2: not known",
        };
        lines.push(
            Line::of(Role::Dim, "cause ")
                .and(Role::Text, cause.as_str())
                .and(Role::Dim, format!(" · {scope}")),
        );
    }
    let mut rest = Line::default();
    if let Some(row) = board.row(id) {
        rest = cells::state(row).and(Role::Dim, " · ");
    }
    for line in header::evidence(state, &board) {
        rest.spans.extend(line.spans);
        lines.push(std::mem::take(&mut rest));
    }
    let room = if state.ui.height >= 34 { 6 } else { 2 };
    let also = diagnosis.also.iter().map(|text| Line::of(Role::Dim, "also ").and(Role::Text, text.as_str()));
    let ask = diagnosis.ask.iter().map(|text| Line::of(Role::Dim, "ask  ").and(Role::Text, text.as_str()));
    lines.extend(also.chain(ask).take(room));
    lines.push(own_line(state, id));
    lines
}

/// Why no runbook is proposed.
pub(super) fn why_no_remedy(state: &AppState) -> (String, String) {
    let outcome = state.ui.place.para.and_then(|id| diagnosis(state, id)).map(|d| d.outcome);
    let (why, next) = match outcome {
        Some(Outcome::Healthy) => ("nothing is to be mended", "it progresses"),
        Some(Outcome::Cause) => ("no runbook mends this from the relay's side", "what to ask stands above"),
        _ => ("no runbook is proposed on a guess", "what was not read stands in the evidence"),
    };
    (why.to_owned(), next.to_owned())
}

/// Runbooks as rows, in the order in which they are to be tried.
pub(super) struct RemedyRows {
    remedies: Vec<Remedy>,
}

impl RemedyRows {
    pub(super) fn new(state: &AppState, id: ParaId) -> Self {
        Self { remedies: diagnosis(state, id).map(|d| d.runbooks).unwrap_or_default() }
    }
}

fn parameters(remedy: &Remedy) -> String {
    let all: Vec<String> = remedy.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join(" ")
}

impl Rows for RemedyRows {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("ROW", (4, 4), false, 0),
            column("RUNBOOK", (14, 18), false, 0),
            column("WHY", (30, 110), false, 0),
            column("PARAMETERS", (12, 50), false, 1),
        ]
    }

    fn len(&self) -> usize {
        self.remedies.len()
    }

    fn key(&self, row: usize) -> String {
        self.remedies.get(row).map(|r| format!("{} {}", r.row, r.id)).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(remedy) = self.remedies.get(row) else { return SortKey::Unknown };
        match column {
            0 => SortKey::Text(remedy.row.to_owned()),
            1 => SortKey::Text(remedy.id.to_owned()),
            2 => SortKey::Text(remedy.why.clone()),
            _ => SortKey::Text(parameters(remedy)),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(remedy) = self.remedies.get(row) else { return vec![] };
        vec![
            Line::of(Role::Accent, remedy.row),
            Line::of(Role::Text, remedy.id),
            Line::of(Role::Text, remedy.why.as_str()),
            Line::of(Role::Dim, parameters(remedy)),
        ]
    }
}
