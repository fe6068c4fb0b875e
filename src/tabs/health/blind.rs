//! What no rule can tell: dim lines, because a rule that cannot tell must not look like one that is quiet.
//!
//! In: the rules that could not tell at the last evaluation. Out: a few lines; describe of a chain has them in full.

use crate::screen::{Line, Role};
use crate::state::{AppState, Chain};

/// The lines, at most two on a small screen and four on a large one; none where every rule can tell.
pub(super) fn lines(state: &AppState) -> Vec<Line> {
    let most = if state.ui.height >= 32 { 4 } else { 2 };
    let all = state.blind_lines();
    let shown = if all.len() > most { most - 1 } else { most };
    let mut lines: Vec<Line> = all.iter().take(shown).map(|text| line(text)).collect();
    if all.len() > shown {
        lines.push(line("rules cannot tell about other chains too · d on a chain says why"));
    }
    lines
}

/// The line about one chain, where there is one.
pub(super) fn of_chain(chain: &Chain<'_>) -> Option<Line> {
    let all = chain.state.alerts.blind();
    let own = all.iter().find(|b| *b.chain == chain.spec.id)?;
    Some(line(&own.text()))
}

fn line(text: &str) -> Line {
    Line::of(Role::Unknown, "? ").and(Role::Dim, text)
}
