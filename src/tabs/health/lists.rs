//! The lists about one chain: blocks, endpoints, authors, paras, disputes, events.
//!
//! In: one chain. Out: rows, a title and, for an empty list, why it is empty. One list a file.

pub(super) mod authors;
pub(super) mod blocks;
pub(super) mod disputes;
pub(super) mod endpoints;
pub(super) mod events;
pub(super) mod paras;

use crate::domain::ChainKind;
use crate::screen::{Line, Role, format};
use crate::state::Chain;
use crate::tabs::words;

/// The title of a list.
pub(super) fn title(chain: Chain<'_>, list: &str) -> Line {
    let line = Line::of(Role::Title, format!("{} · {list}", chain.spec.name));
    let Some(view) = chain.view else { return line };
    match list {
        "blocks" => {
            let mut line = line;
            if let Some(times) = view.blocks.block_times(60) {
                let (p50, p95) = (format::seconds(times.p50_ms), format::seconds(times.p95_ms));
                line = line.and(Role::Dim, format!(" · p50 {p50}, p95 {p95} of {}", times.samples));
            }
            if let Some(best) =
                view.best.as_ref().filter(|_| chain.freshness() != crate::state::Freshness::Fresh)
            {
                line = line.and(Role::Stale, format!(" · {} old", format::age(best.age_ms(chain.state.now))));
            }
            line
        }
        "endpoints" => {
            let all = chain.endpoints().len();
            line.and(Role::Dim, format!(" · {} of {all} live · ◂ is read", chain.live()))
        }
        "authors" => match (view.slots.session, view.slots.from_block) {
            (Some(session), Some(from)) => line.and(
                Role::Dim,
                format!(" · session {} since #{}", format::number(u64::from(session)), format::number(from)),
            ),
            _ => line,
        },
        _ => line,
    }
}

/// Why a list is empty, and the next step.
pub(super) fn why_empty(chain: Chain<'_>, list: &str) -> (String, String) {
    let reason = |r: Option<&crate::domain::Clean>| {
        r.map_or_else(|| "not read yet".to_owned(), |r| r.as_str().to_owned())
    };
    let wait = "it fills as blocks come; Ctrl-r reads again".to_owned();
    if let Some(why) = words::why_no_data(&chain).filter(|_| list != "disputes") {
        let next = match chain.state.ui.place.chain {
            Some(_) => "w shows the endpoints, each with its state",
            None => "Enter opens the chain with its endpoints",
        };
        return (why, next.to_owned());
    }
    let Some(view) = chain.view else { return ("nothing is known of this chain".to_owned(), wait) };
    match list {
        "disputes" => match view.disputes.known() {
            Some(_) => ("no dispute, open or recent".to_owned(), "nothing to do".to_owned()),
            None => (format!("disputes are unknown: {}", reason(view.disputes.reason())), wait),
        },
        "authors" => (format!("no author is known: validators {}", reason(view.authorities.reason())), wait),
        "paras" if chain.spec.kind != ChainKind::Relay => (
            "the relay chain has said nothing about this para".to_owned(),
            "is the relay chain watched?".to_owned(),
        ),
        "paras" => ("no candidate was seen yet".to_owned(), wait),
        "events" => ("no event worth keeping in the blocks seen".to_owned(), wait),
        _ => ("nothing read yet".to_owned(), wait),
    }
}
