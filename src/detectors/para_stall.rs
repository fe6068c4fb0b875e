//! `para-stall`: the relay chain goes on and includes no blocks of a para.
//!
//! In: the relay's record of inclusions, for the paras of the profile. Out: major after 10 relay blocks, critical after
//! 50, one finding per para. A para that was never included fires only where it is expected (not optional) and shows
//! blocks or candidates; one that was included and is no more fires even where none of its own endpoints answers. Unknown where the last inclusion has not been read in this run; quiet on other chains.
//! Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, graded, grouped};
use crate::domain::store::ParaProgress;
use crate::domain::{ChainKind, ChainSpec, ChainView, Clean, ParaId, Severity, UnixMs};

pub(super) const DETECTOR: Detector = Detector {
    id: "para-stall",
    about: "The relay chain includes no blocks of a para",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    view.sees()?;
    let paras = view.network.chains.iter().filter_map(|spec| match spec.kind {
        ChainKind::Para(para) => Some((spec, para)),
        ChainKind::Relay => None,
    });
    let watched = Watched::of(view);
    let mut found = vec![];
    let mut unread = None;
    for (spec, para) in paras.filter(|(spec, para)| !is_absent(view, spec, *para)) {
        let Some(progress) = view.chain.paras.get(&para) else {
            unread = Some(para);
            continue;
        };
        let stall = judge(view, spec, progress, &watched).map(|stall| stall.about(para));
        if stall.is_none() && !watched.covers(progress) {
            unread = Some(para);
        }
        found.extend(stall);
    }
    match unread {
        Some(para) if found.is_empty() => {
            Err(Clean::of(&format!("the last inclusion of {para} has not been read")))
        }
        _ => Ok(found),
    }
}

/// The relay blocks that were read one after the other up to now, with their events: an inclusion in them cannot have
/// been overlooked.
struct Watched {
    /// The first of them; none where even the newest could not be decoded.
    first: Option<u64>,
    /// A reading of the relay's state from then on counts.
    from: UnixMs,
}

impl Watched {
    fn of(view: &View<'_>) -> Self {
        let (mut first, mut from, mut next) = (None, view.now, None);
        for row in view.chain.blocks.newest_first() {
            let joins =
                next.is_none_or(|parent| parent == row.block.at.hash) && row.block.event_count.is_some();
            let Some(received) = row.received.filter(|_| joins) else { break };
            (first, from, next) = (Some(row.block.at.number), received, Some(row.block.parent));
        }
        // State and first block of a connection are read side by side.
        Self { first, from: from.minus(2 * view.block_time_ms()) }
    }

    /// True where the last inclusion is known: read from state, or seen, and nothing was overlooked since.
    fn covers(&self, progress: &ParaProgress) -> bool {
        let Some(first) = self.first else { return false };
        let seen = progress.last_included.is_none_or(|n| n >= first.saturating_sub(1));
        progress.read_at.map_or(progress.last_included.is_none(), |at| seen || at >= self.from)
    }
}

/// An optional chain none of whose endpoints ever answered and that the relay chain never included.
fn is_absent(view: &View<'_>, spec: &ChainSpec, para: ParaId) -> bool {
    let seen = view.store.chain(&spec.id).is_some_and(|c| c.endpoints.values().any(|e| e.best_at.is_some()));
    let included = view.chain.paras.get(&para).is_some_and(|p| p.last_included.is_some());
    spec.optional && !seen && !included
}

fn judge(view: &View<'_>, spec: &ChainSpec, progress: &ParaProgress, watched: &Watched) -> Option<Finding> {
    let best = view.chain.best.as_ref()?.value.number;
    let first = watched.first?;
    let (from, since) = match progress.last_included {
        Some(included) if watched.covers(progress) => (included, included_at(view, progress, included)),
        // Whatever came before: none of the blocks watched since then included it.
        Some(included) => (included.max(first.saturating_sub(1)), view.time_of(first)),
        None if is_expected(view, spec, progress) => (first, view.time_of(first)),
        None => return None,
    };
    let limits = &view.spec.thresholds;
    // N relay blocks without inclusion are N blocks after the one that included: at the limit it fires.
    let grades = [
        (limits.para_stall_major.saturating_sub(1), Severity::Major),
        (limits.para_stall_critical.saturating_sub(1), Severity::Critical),
    ];
    let missed = best.saturating_sub(from);
    let (limit, severity) = graded(missed, grades)?;
    let last = match progress.last_included {
        Some(n) => format!("last at {}", grouped(n)),
        None => "never yet".to_owned(),
    };
    let summary = format!(
        "{} {}: not included for {} relay blocks (limit {}), {last}",
        spec.name,
        number_of(spec),
        grouped(missed),
        grouped(limit + 1)
    );
    Some(Finding::new(severity, since, summary))
}

fn number_of(spec: &ChainSpec) -> String {
    match spec.kind {
        ChainKind::Para(para) => para.to_string(),
        ChainKind::Relay => String::new(),
    }
}

fn included_at(view: &View<'_>, progress: &ParaProgress, number: u64) -> UnixMs {
    let seen = view.chain.blocks.by_number(number).and(progress.included_at);
    seen.filter(|at| *at <= view.now).unwrap_or_else(|| view.time_of(number))
}

/// For a para that was never included: true where the profile expects it and it shows blocks or candidates.
fn is_expected(view: &View<'_>, spec: &ChainSpec, progress: &ParaProgress) -> bool {
    let heads = |c: &ChainView| c.endpoints.values().any(|e| e.best.is_some_and(|b| b.number > 0));
    let blocks = view.store.chain(&spec.id).is_some_and(heads);
    !spec.optional && (blocks || progress.last_backed.is_some())
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, findings, severity, since, unknown};
    use crate::domain::{Candidate, CandidateStage, Fact, Inclusion, ParaId, Severity};

    fn included(bed: &mut Bed, relay_block: Option<u64>) {
        bed.fact(RELAY, Some("a"), Fact::Inclusion(Inclusion { para: ParaId(1_000), relay_block }));
    }

    #[test]
    fn ten_relay_blocks_without_inclusion_are_major_and_fifty_critical() {
        for (missed, expected) in [
            (9, None),
            (10, Some(Severity::Major)),
            (49, Some(Severity::Major)),
            (50, Some(Severity::Critical)),
        ] {
            let mut bed = Bed::family();
            bed.up(RELAY, "a");
            included(&mut bed, Some(100));
            bed.block(RELAY, 100 + missed);
            assert_eq!(severity(&bed.check("para-stall", RELAY)), expected, "{missed} relay blocks");
        }
    }

    #[test]
    fn it_names_the_para_and_its_last_inclusion_and_clears_with_the_next() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        included(&mut bed, Some(100));
        bed.block(RELAY, 112);
        let verdict = bed.check("para-stall", RELAY);
        let found = findings(&verdict);
        assert_eq!(found[0].subject, "1000");
        assert_eq!(
            found[0].summary,
            "Asset Hub 1000: not included for 12 relay blocks (limit 10), last at 100"
        );
        assert_eq!(since(&verdict), bed.now.minus(500 + 12 * 6_000), "estimated from the relay's block time");
        let stage = CandidateStage::Included;
        bed.advance(6_000);
        bed.block_with(RELAY, 113, |b| {
            b.candidates = vec![Candidate { para: ParaId(1_000), stage, core: None }]
        });
        assert_eq!(bed.check("para-stall", RELAY), Verdict::Quiet);
    }

    #[test]
    fn unknown_where_inclusion_was_not_read_in_this_run() {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        let fact = Fact::Inclusion(Inclusion { para: ParaId(1_000), relay_block: Some(10) });
        bed.restore(RELAY, bed.now, fact);
        bed.block(RELAY, 200);
        assert_eq!(unknown(&bed.check("para-stall", RELAY)), "the last inclusion of 1000 has not been read");
        assert_eq!(bed.check("para-stall", ASSET_HUB), Verdict::Quiet);
    }

    #[test]
    fn relay_blocks_that_went_unread_during_an_outage_are_not_held_against_a_para() {
        let mut bed = Bed::family();
        bed.run(RELAY, 12);
        included(&mut bed, Some(12));
        bed.down(RELAY, "a");
        bed.down(RELAY, "b");
        bed.advance(600_000);
        bed.up(RELAY, "a");
        bed.advance(100);
        bed.block(RELAY, 112);
        assert_eq!(unknown(&bed.check("para-stall", RELAY)), "the last inclusion of 1000 has not been read");
        for number in 113..=120 {
            bed.advance(6_000);
            bed.block(RELAY, number);
            assert!(matches!(bed.check("para-stall", RELAY), Verdict::Unknown(_)));
        }
        bed.advance(6_000);
        bed.block(RELAY, 121);
        let verdict = bed.check("para-stall", RELAY);
        assert_eq!(severity(&verdict), Some(Severity::Major), "ten blocks since without it");
        included(&mut bed, Some(12));
        let verdict = bed.check("para-stall", RELAY);
        assert_eq!(severity(&verdict), Some(Severity::Critical), "state read anew: it is so");
    }

    #[test]
    fn blocks_whose_events_could_not_be_decoded_say_nothing() {
        let mut bed = Bed::family();
        bed.run(RELAY, 12);
        included(&mut bed, Some(12));
        for number in 13..=40 {
            bed.advance(6_000);
            bed.block_with(RELAY, number, |block| block.event_count = None);
        }
        assert!(matches!(bed.check("para-stall", RELAY), Verdict::Unknown(_)));
    }

    #[test]
    fn a_para_that_was_never_included_fires_only_when_it_shows_blocks() {
        let mut bed = Bed::family();
        bed.run(RELAY, 12);
        included(&mut bed, None);
        assert_eq!(bed.check("para-stall", RELAY), Verdict::Quiet);
        bed.up(ASSET_HUB, "c");
        bed.head(ASSET_HUB, "c", 1);
        let found = findings(&bed.check("para-stall", RELAY));
        assert_eq!((found[0].severity, found[0].subject.as_str()), (Severity::Major, "1000"));
    }
    #[test]
    fn an_optional_para_whose_endpoints_never_answered_fires_only_if_it_was_included_before() {
        for (last, expected) in [(None, 0), (Some(100), 1)] {
            let mut bed = Bed::family();
            bed.up(RELAY, "a");
            included(&mut bed, Some(120));
            let inclusion = Inclusion { para: ParaId(1_004), relay_block: last };
            bed.fact(RELAY, Some("a"), Fact::Inclusion(inclusion));
            bed.block(RELAY, 120);
            let verdict = bed.check("para-stall", RELAY);
            let found = if verdict == Verdict::Quiet { vec![] } else { findings(&verdict) };
            assert_eq!(found.len(), expected, "last included at {last:?}");
        }
    }
}
