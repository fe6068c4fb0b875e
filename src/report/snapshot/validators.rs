//! The section `validators[]` of the snapshot.
//!
//! In: the relay's validators, the register. Out: one entry a validator of the session, of the next one, and of the
//! register, in the order of their stashes. What was not read is null; why stands in `unread`.

use super::Input;
use crate::domain::store::ChainView;
use crate::domain::{AccountId, Score, SessionRecord, validator::PointsOver};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One validator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Validator {
    stash: String,
    name: Option<String>,
    provider: Option<String>,
    active: Option<bool>,
    para: Option<bool>,
    disabled: Option<bool>,
    keys_set: Option<bool>,
    authored: Option<u32>,
    missed_slots: Option<u32>,
    points: Option<u32>,
    /// `era` or `session`: what the points add up over.
    points_over: Option<&'static str>,
    backing: Option<Backing>,
    bitfields: Option<Bitfields>,
    missed_vote_ratio: Option<f64>,
    bitfield_ratio: Option<f64>,
    ratio: Option<f64>,
    grade: Option<&'static str>,
    /// PAS-11: 80.00 % or better.
    passes: Option<bool>,
    next_session: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Backing {
    assigned: u32,
    missed: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Bitfields {
    seen: u32,
    missed: u32,
}

/// The section, and why parts of it are missing.
pub(super) fn section(input: Input<'_>, unread: &mut BTreeMap<String, String>) -> Vec<Validator> {
    let relay = input.network.relay().and_then(|spec| input.store.chain(&spec.id));
    let Some(view) = relay else {
        unread.insert("validators".to_owned(), "no relay chain is watched or answers".to_owned());
        return Vec::new();
    };
    let Some(set) = view.validators.current() else {
        let why = view.unread.get("validators").map_or("not read yet", |reason| reason.as_str());
        unread.insert("validators".to_owned(), why.to_owned());
        return Vec::new();
    };
    let mut note = |part: &str, why: &str| unread.insert(format!("validators.{part}"), why.to_owned());
    let record = view.validators.record(set.value.session);
    if record.is_none_or(|r| r.with_votes == 0) {
        note("backing", "no backing votes have been read in this session");
    }
    if record.is_none_or(|r| r.with_bitfields == 0) {
        note("bitfields", "no availability bitfields have been read in this session");
    }
    if let Some(record) = record
        && let Some(elapsed) =
            view.session.value().filter(|s| s.index == record.session).and_then(|s| s.elapsed)
        && u64::from(record.blocks).saturating_add(missed_slots(record)) < elapsed
    {
        let (first, last) = (record.first_block, record.last_block);
        let counted = format!("{} blocks from {first} to {last}", record.blocks);
        note("coverage", &format!("counts of this session are of {counted}; it is {elapsed} slots old"));
    }
    for (part, reason) in [
        ("disabled", view.validators.disabled.reason()),
        ("keys_set", view.validators.keys_set.reason()),
        ("points", view.validators.points.reason()),
    ] {
        if let Some(reason) = reason {
            note(part, reason.as_str());
        }
    }
    let active: BTreeSet<&AccountId> = set.value.validators.iter().collect();
    let next: Option<BTreeSet<&AccountId>> = set.value.next.as_ref().map(|next| next.iter().collect());
    let registered = input.network.roster.validators.iter().filter(|(_, m)| m.active).map(|(stash, _)| stash);
    let all: BTreeSet<&AccountId> =
        active.iter().copied().chain(next.iter().flatten().copied()).chain(registered).collect();
    let points: Option<BTreeMap<&AccountId, u32>> =
        view.validators.points.value().map(|p| p.by_stash.iter().map(|(s, n)| (s, *n)).collect());
    let known = Known { input, view, session: set.value.session, points };
    all.into_iter()
        .map(|stash| known.validator(stash, active.contains(stash), next.as_ref().map(|n| n.contains(stash))))
        .collect()
}

fn missed_slots(record: &SessionRecord) -> u64 {
    record.validators.iter().map(|(_, figures)| u64::from(figures.missed_slots)).sum()
}

struct Known<'a> {
    input: Input<'a>,
    view: &'a ChainView,
    session: u32,
    points: Option<BTreeMap<&'a AccountId, u32>>,
}

impl Known<'_> {
    fn validator(&self, stash: &AccountId, active: bool, next_session: Option<bool>) -> Validator {
        let network = self.input.network;
        let member = network.roster.validator(stash);
        let name = network.name_of(stash).map(str::to_owned);
        let record = self.view.validators.record(self.session);
        let figures = record.and_then(|r| r.of(stash)).filter(|_| active);
        let score = record.zip(figures).and_then(|(r, f)| Score::of_session(r, f));
        let with_votes = record.is_some_and(|r| r.with_votes > 0);
        let with_bitfields = record.is_some_and(|r| r.with_bitfields > 0);
        let over = self.view.validators.points.value().map(|p| p.over);
        Validator {
            stash: match self.view.identity.value().and_then(|i| i.ss58_prefix) {
                Some(prefix) => stash.ss58(prefix),
                None => stash.to_string(),
            },
            name,
            provider: member.map(|m| m.provider.to_string()),
            active: Some(active),
            para: figures.and_then(|f| f.para),
            disabled: self.view.validators.disabled.value().map(|list| list.contains(stash)),
            keys_set: self.view.validators.keys_set.value().and_then(|keys| keys.get(stash).copied()),
            authored: figures.map(|f| f.authored),
            missed_slots: figures.map(|f| f.missed_slots),
            points: self.points.as_ref().map(|points| points.get(stash).copied().unwrap_or(0)),
            points_over: over.map(|over| match over {
                PointsOver::Era(_) => "era",
                PointsOver::Session(_) => "session",
            }),
            backing: figures
                .filter(|_| with_votes)
                .map(|f| Backing { assigned: f.assigned(), missed: f.missed_votes }),
            bitfields: figures.filter(|_| with_bitfields).map(|f| Bitfields {
                seen: f.available.saturating_add(f.unavailable),
                missed: f.unavailable,
            }),
            missed_vote_ratio: score.map(|s| s.missed_votes),
            bitfield_ratio: score.and_then(|s| s.unavailable).map(|share| 1.0 - share),
            ratio: score.and_then(|s| s.ratio()),
            grade: score.and_then(|s| s.grade()).map(crate::domain::Grade::letter),
            passes: score.and_then(|s| s.passes()),
            next_session,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::testbed::{Bed, RELAY, set, stash, validators, voted};
    use crate::domain::{Fact, Points, ValidatorSet};

    fn section_of(bed: &Bed) -> (Vec<serde_json::Value>, BTreeMap<String, String>) {
        let mut unread = BTreeMap::new();
        let health = BTreeMap::new();
        let input = Input {
            network: &bed.network,
            store: &bed.store,
            alerts: &[],
            health: &health,
            blind: &[],
            blind_lines: &[],
            now: bed.now,
            source: "live",
        };
        let list = section(input, &mut unread);
        (list.iter().map(|v| serde_json::to_value(v).unwrap()).collect(), unread)
    }

    #[test]
    fn figures_of_the_session_with_name_provider_and_grade() {
        let mut bed = validators();
        let next = ValidatorSet { next: Some(vec![stash(0), stash(9)]), ..set(7) };
        bed.fact(RELAY, Some("a"), Fact::Validators(Box::new(next)));
        bed.fact(RELAY, Some("a"), Fact::Disabled(vec![stash(1)]));
        let points = Points { over: PointsOver::Era(3), by_stash: vec![(stash(3), 40)] };
        bed.fact(RELAY, Some("a"), Fact::Points(points));
        for number in 1..=5 {
            bed.block_with(RELAY, number, |block| voted(block, 7, if number == 2 { &[0] } else { &[] }));
        }
        let (list, unread) = section_of(&bed);
        assert_eq!(list.len(), 5, "four of the session, one that joins");
        let dave = &list[3];
        assert_eq!((&dave["name"], &dave["provider"]), (&"dave".into(), &"Dwellir".into()));
        assert_eq!(dave["backing"], serde_json::json!({ "assigned": 5, "missed": 1 }));
        assert_eq!(dave["missed_vote_ratio"], 0.2);
        assert_eq!((&dave["grade"], &dave["passes"]), (&"C+".into(), &true.into()));
        assert_eq!((&dave["points"], &dave["points_over"]), (&40.into(), &"era".into()));
        assert_eq!((&dave["active"], &dave["next_session"]), (&true.into(), &false.into()));
        assert!(dave["keys_set"].is_null());
        assert_eq!(unread["validators.keys_set"], "not read yet");
        assert_eq!((&list[1]["disabled"], &list[2]["disabled"]), (&true.into(), &false.into()));
        let idle = &list[0];
        assert!(idle["grade"].is_null() && idle["ratio"].is_null(), "no para validator: {idle}");
        let joins = &list[4];
        assert_eq!((&joins["active"], &joins["next_session"]), (&false.into(), &true.into()));
        assert!(joins["backing"].is_null() && joins["authored"].is_null());
    }

    #[test]
    fn without_a_set_the_section_says_why() {
        let (list, unread) = section_of(&Bed::family());
        assert!(list.is_empty());
        assert_eq!(unread["validators"], "no relay chain is watched or answers");
        let mut bed = Bed::family();
        bed.block(RELAY, 1);
        assert_eq!(section_of(&bed).1["validators"], "not read yet");
    }
}
