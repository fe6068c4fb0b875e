//! One referendum: where it stands, what comes next, the vote against its curves, what it proposes and how dangerous that is.
//!
//! In: a referendum with what follows from it. Out: text, charts, the call as a tree.

use super::{chart, words};
use crate::domain::call::{Call, Node};
use crate::domain::gov::{Enactment, Judged, Ongoing};
use crate::domain::para::Found;
use crate::screen::{Body, Column, Line, Panel, Role, format};
use crate::state::AppState;
use crate::state::governance::{Row, row};
use crate::state::table::{Rows, SortKey};
use crate::state::ui::ReferendumId;
use crate::tabs::lists::column;

/// The lines about a referendum; `reasons` of its danger at most.
pub(super) fn lines(state: &AppState, row: &Row<'_>, reasons: usize) -> Vec<Line> {
    let mut out = vec![words::phase(row)];
    let Some(outlook) = row.outlook else {
        out.push(Line::of(Role::Unknown, "? the block that it counts by was not read"));
        return out;
    };
    if let Some((at, what)) = outlook.next {
        out.push(
            Line::of(Role::Accent, what.words())
                .and(Role::Text, format!(" at {}", words::block(state, row, at))),
        );
    }
    let Some(going) = row.referendum.going() else {
        let at = outlook.ends.map_or_else(|| "?".to_owned(), format::number);
        out.push(Line::of(Role::Dim, format!("it ended at block {at}; the chain keeps no more of it")));
        return out;
    };
    out.extend(verdict(going, reasons));
    if let Some(ends) = outlook.ends.filter(|at| outlook.next.is_none_or(|(next, _)| next != *at)) {
        let what = format!("this phase ends at {} at the latest", words::block(state, row, ends));
        out.push(Line::of(Role::Dim, what));
    }
    let track = row.body.track(going.track);
    let name = track.map_or_else(|| going.track.to_string(), |t| format!("{} {}", t.id, t.name));
    out.push(
        Line::of(Role::Dim, "track ")
            .and(Role::Text, name)
            .and(Role::Dim, " · as ")
            .and(Role::Text, going.origin.as_str())
            .and(Role::Dim, format!(" · enacted {}", enactment(row, going))),
    );
    out.push(Line::of(Role::Dim, deposits(state, row, going)));
    out.push(Line::of(Role::Dim, tally(row, going)));
    out
}

fn enactment(row: &Row<'_>, going: &Ongoing) -> String {
    let least = row.body.track(going.track).map(|t| t.min_enactment_period);
    match (going.enactment, least) {
        (Enactment::At(at), _) => format!("at block {} or later", format::number(at)),
        (Enactment::After(n), Some(least)) => {
            format!("{} after approval", format::count(n.max(least), "block"))
        }
        (Enactment::After(n), None) => format!("{} after approval at least", format::count(n, "block")),
    }
}

fn deposits(state: &AppState, row: &Row<'_>, going: &Ongoing) -> String {
    let who = |who| state.chain(&row.spec.id).map_or_else(|| format!("{who}"), |c| c.address_short(&who));
    let first = going.submission_deposit;
    let submitted = format!(
        "submitted at block {} by {} for {}",
        format::number(going.submitted),
        who(first.who),
        words::amount(row, first.amount)
    );
    match going.decision_deposit {
        Some(d) => {
            format!("{submitted} · decision deposit {} by {}", words::amount(row, d.amount), who(d.who))
        }
        None => {
            let costs = row.body.track(going.track).map(|t| words::amount(row, t.decision_deposit));
            format!(
                "{submitted} · decision deposit of {} not placed",
                costs.unwrap_or_else(|| "?".to_owned())
            )
        }
    }
}

fn tally(row: &Row<'_>, going: &Ongoing) -> String {
    let t = going.tally;
    if row.body.rules.ranked {
        return format!("votes aye {} · nay {} · heads for it {}", t.ayes, t.nays, t.support);
    }
    format!(
        "votes aye {} · nay {} · support {}",
        words::amount(row, t.ayes),
        words::amount(row, t.nays),
        words::amount(row, t.support)
    )
}

/// What it proposes, and why that is dangerous.
fn verdict(going: &Ongoing, reasons: usize) -> Vec<Line> {
    let proposal = &going.proposal;
    let len = proposal.len.map_or_else(String::new, |len| format!(" · {} bytes", format::number(len.into())));
    let mut head = words::danger(proposal).and(Role::Dim, " · ");
    head.spans.extend(words::call(proposal).spans);
    let mut out = vec![head.and(Role::Dim, format!(" · {}{len}", proposal.hash.short()))];
    match &proposal.call {
        Found::Value(judged) => {
            let all = &judged.danger.reasons;
            out.extend(
                all.iter().take(reasons).map(|why| Line::of(Role::Dim, "  ").and(Role::Text, why.as_str())),
            );
            if all.len() > reasons {
                out.push(Line::of(Role::Dim, format!("  and {} more · d shows all", all.len() - reasons)));
            }
        }
        Found::Absent => {
            out.push(Line::of(Role::Dim, "  nobody has noted its preimage: what it would do is not known"))
        }
        Found::Unread(_) => out.push(Line::of(Role::Dim, "  what cannot be seen counts as dangerous")),
    }
    out
}

/// The charts of approval and support with the progress of decision and confirmation.
pub(super) fn curves(row: &Row<'_>, (width, height): (u32, u32)) -> Vec<Line> {
    let (Some(outlook), Some(going)) = (row.outlook, row.referendum.going()) else { return vec![] };
    let Some(track) = row.body.track(going.track) else {
        return vec![Line::of(Role::Unknown, "? its track was not read, so what is needed is not known")];
    };
    let mut out = Vec::new();
    let shares = outlook.shares;
    let sides = [
        (
            "approval",
            shares.map(|s| s.approval),
            &track.min_approval,
            outlook.needed.map(|n| n.0),
            outlook.needed_at_end.map(|n| n.0),
        ),
        (
            "support",
            shares.and_then(|s| s.support),
            &track.min_support,
            outlook.needed.map(|n| n.1),
            outlook.needed_at_end.map(|n| n.1),
        ),
    ];
    for (name, have, curve, need, end) in sides {
        let text =
            |p: Option<crate::domain::gov::curve::Perbill>| p.map_or_else(|| "?".to_owned(), |p| p.percent());
        let (role, mark, word) = match have.zip(need).map(|(have, need)| have >= need) {
            Some(true) => (Role::Good, "✔", "needed"),
            Some(false) => (Role::Accent, "✖", "short of"),
            None => (Role::Unknown, "?", "needed"),
        };
        out.push(
            Line::of(role, format!("{mark} {name} {}", text(have)))
                .and(Role::Dim, format!(" · {word} {}, {} at the end", text(need), text(end))),
        );
        out.extend(chart::lines(curve, have, outlook.decided, (width, height)));
    }
    let period = |blocks: u64| format::duration(blocks.saturating_mul(row.block_time_ms));
    let bar = |name: &str, part: Option<_>, blocks: u64| match part {
        Some(part) => {
            let mut line = Line::of(Role::Dim, format!("{name} "));
            line.spans.extend(chart::bar(part, 20).spans);
            line.and(Role::Dim, format!(" of {} ({})", format::count(blocks, "block"), period(blocks)))
        }
        None => Line::of(
            Role::Dim,
            format!("{name} not begun · lasts {} ({})", format::count(blocks, "block"), period(blocks)),
        ),
    };
    out.push(bar("decision    ", outlook.decided, track.decision_period));
    out.push(bar("confirmation", outlook.confirmed, track.confirm_period));
    out
}

/// The panel of the open referendum's text.
pub(super) fn panel(state: &AppState, id: &ReferendumId, reasons: usize) -> Panel {
    let title = Some(Line::of(Role::Title, super::title_of(state, id)));
    let (lines, stale) = match row(state, id) {
        Some(row) => {
            let mut all = lines(state, &row, reasons);
            all.push(Line::of(
                Role::Dim,
                format!("read at {}", crate::tabs::words::evidence(row.known, state.now)),
            ));
            (all, super::is_stale(state, row.spec))
        }
        None => (vec![Line::of(Role::Unknown, "? it is not known any more · Esc goes back")], true),
    };
    Panel { id: "referendum".to_owned(), title, focused: false, stale, body: Body::Text(lines) }
}

/// One line of a call's tree.
struct Branch {
    depth: usize,
    path: String,
    args: String,
    class: Option<crate::domain::danger::Class>,
}

/// The proposed call as rows, a call a row.
pub(super) struct CallRows {
    branches: Vec<Branch>,
}

impl CallRows {
    pub(super) fn new(state: &AppState, id: &ReferendumId) -> Self {
        let mut branches = Vec::new();
        if let Some(row) = row(state, id)
            && let Some(Found::Value(judged)) = row.referendum.going().map(|g| &g.proposal.call)
        {
            grow(&judged.call, judged, 0, &mut branches);
        }
        Self { branches }
    }
}

/// Most lines of a tree.
const MAX_LINES: usize = 500;

fn grow(call: &Call, judged: &Judged, depth: usize, into: &mut Vec<Branch>) {
    if into.len() >= MAX_LINES || depth > 64 {
        return;
    }
    let args: Vec<String> = call
        .args
        .iter()
        .filter(|(_, node)| !matches!(node, Node::Call(_)))
        .map(|(name, node)| format!("{name}: {}", node.text(32)))
        .collect();
    // The whole was judged before its bulk was left out; the parts are judged as they are kept.
    let class = if depth == 0 { judged.danger.class } else { crate::domain::danger::judge(call).class };
    into.push(Branch { depth, path: call.path(), args: args.join(", "), class: Some(class) });
    call.inner().into_iter().for_each(|inner| grow(inner, judged, depth + 1, into));
}

impl Rows for CallRows {
    fn columns(&self) -> Vec<Column> {
        vec![
            column("CALL", (24, 56), false, 0),
            column("DANGER", (8, 8), false, 0),
            column("ARGUMENTS", (20, 140), false, 0),
        ]
    }

    fn len(&self) -> usize {
        self.branches.len()
    }

    fn key(&self, row: usize) -> String {
        self.branches.get(row).map(|b| format!("{row} {}", b.path)).unwrap_or_default()
    }

    fn sort_key(&self, row: usize, column: usize) -> SortKey {
        let Some(branch) = self.branches.get(row) else { return SortKey::Unknown };
        match column {
            1 => SortKey::number(branch.class.map(|c| match c {
                crate::domain::danger::Class::Green => 0,
                crate::domain::danger::Class::Amber => 1,
                crate::domain::danger::Class::Red => 2,
                crate::domain::danger::Class::Root => 3,
            })),
            2 => SortKey::Text(branch.args.clone()),
            _ => SortKey::number(u64::try_from(row).ok()),
        }
    }

    fn cells(&self, row: usize) -> Vec<Line> {
        let Some(branch) = self.branches.get(row) else { return vec![] };
        let indent =
            if branch.depth == 0 { String::new() } else { format!("{}└ ", "  ".repeat(branch.depth - 1)) };
        vec![
            Line::of(Role::Dim, indent).and(Role::Text, branch.path.as_str()),
            branch.class.map_or_else(crate::tabs::words::unknown, words::class),
            Line::of(Role::Dim, branch.args.as_str()),
        ]
    }
}
