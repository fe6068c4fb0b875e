//! `sovereign-low`: a para that talks to others cannot pay for it.
//!
//! In: balances of the paras' accounts on the relay. Out: minor per para whose account holds less than the existential deposit
//! while it has channels or messages from the relay wait for it. System paras need no deposit for their channels. Quiet on
//! other chains. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::para::Para;
use crate::domain::store::paras::listed;
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "sovereign-low",
    about: "The account of a para with channels or messages holds less than the existential deposit",
    check: |view| Verdict::from(find(view)),
};

/// Paras named at once.
const MOST: usize = 64;
/// Paras below this number belong to the system (`LOWEST_PUBLIC_ID`).
const LOWEST_PUBLIC: u32 = 2_000;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    let paras = view.paras()?;
    let Some(least) = paras.existential_deposit.value() else {
        let why = paras.existential_deposit.unread().map_or("there is none", Clean::as_str);
        return Err(Clean::of(&format!("the existential deposit was not read: {why}")));
    };
    let own = || paras.paras.values().filter(|para| para.id.0 >= LOWEST_PUBLIC);
    let found: Vec<Finding> =
        own().filter_map(|para| judge(view, paras.at.number, *least, para)).take(MOST).collect();
    let unread = own().find_map(|para| Some((para.id, para.sovereign.free.unread()?)));
    match unread {
        Some((para, why)) if found.is_empty() => {
            Err(Clean::of(&format!("the balance of {para} was not read: {why}")))
        }
        _ => Ok(found),
    }
}

fn judge(view: &View<'_>, at: u64, least: u128, para: &Para) -> Option<Finding> {
    let free = match para.sovereign.free.value() {
        Some(free) => *free,
        None if para.sovereign.free.is_absent() => 0,
        None => return None,
    };
    let count = |n: Option<usize>| n.unwrap_or(0);
    let channels =
        count(listed(&para.inbound).map(<[_]>::len)) + count(listed(&para.outbound).map(<[_]>::len));
    let messages = count(listed(&para.dmp).map(<[_]>::len));
    if free >= least || channels + messages == 0 {
        return None;
    }
    let name = view.network.para(para.id).map_or("para", |spec| spec.name.as_str());
    let summary = format!(
        "{name} {}: its account on the relay holds {free} planck, less than the existential deposit of {least}, with \
         {channels} channels and {messages} messages from the relay",
        para.id
    );
    Some(Finding::new(Severity::Minor, view.time_of(at), summary).about(para.id))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, RELAY, cited, findings, para, unknown, unread};
    use crate::domain::{ParaId, Severity};

    const ID: &str = "sovereign-low";

    fn poor(id: u32) -> crate::domain::para::Para {
        let mut poor = para(id);
        poor.sovereign.free = cited(9);
        poor
    }

    #[test]
    fn it_fires_for_a_poor_para_with_channels_or_messages_only() {
        let mut bed = Bed::family();
        bed.run(RELAY, 40);
        bed.paras(40, vec![poor(2_000)], |_| {});
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet, "it talks to nobody");
        let mut talks = poor(2_000);
        talks.outbound = cited(vec![ParaId(1_000)]);
        bed.paras(40, vec![talks.clone()], |_| {});
        let found = findings(&bed.check(ID, RELAY));
        assert_eq!((found[0].severity, found[0].subject.as_str()), (Severity::Minor, "2000"));
        assert!(
            found[0].summary.contains("9 planck") && found[0].summary.contains("1 channels"),
            "{found:?}"
        );
        talks.sovereign.free = cited(10);
        bed.paras(40, vec![talks], |_| {});
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet, "the existential deposit is enough");
        let mut system = poor(1_000);
        system.outbound = cited(vec![ParaId(2_000)]);
        bed.paras(40, vec![system], |_| {});
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet, "system paras pay nothing");
    }

    #[test]
    fn a_balance_or_a_deposit_that_was_not_read_is_unknown() {
        let mut bed = Bed::family();
        bed.run(RELAY, 40);
        let mut blind = para(2_000);
        blind.sovereign.free = unread("no answer");
        bed.paras(40, vec![blind], |_| {});
        assert!(unknown(&bed.check(ID, RELAY)).contains("the balance of 2000 was not read"));
        bed.paras(40, vec![para(2_000)], |paras| paras.existential_deposit = unread("no such constant"));
        assert!(unknown(&bed.check(ID, RELAY)).contains("existential deposit was not read"));
        assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
    }
}
