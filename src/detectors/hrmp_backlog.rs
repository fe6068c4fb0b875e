//! `hrmp-backlog`: messages between two paras are sent and not taken.
//!
//! In: the channels in the relay's state. Out: minor per channel that is 80 % full, in messages or in bytes; major where it
//! is full: then the sender can send no more. Quiet on other chains. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View};
use crate::domain::para::Channel;
use crate::domain::{Clean, ParaId, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "hrmp-backlog",
    about: "A channel between two paras is nearly full, or full",
    check: |view| Verdict::from(find(view)),
};

/// Channels named at once.
const MOST: usize = 64;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    if !view.is_relay() {
        return Ok(vec![]);
    }
    let paras = view.paras()?;
    let mut found: Vec<Finding> =
        paras.channels.iter().filter_map(|channel| judge(view, paras.at.number, channel)).collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.severity));
    found.truncate(MOST);
    let ends = paras.paras.values().find_map(|para| Some((para.id, para.inbound.unread()?)));
    let states = || paras.channels.iter().find_map(|c| Some((c.recipient, c.state.unread()?)));
    match ends.or_else(states) {
        Some((para, why)) if found.is_empty() => {
            Err(Clean::of(&format!("the channels to {para} were not read: {why}")))
        }
        _ => Ok(found),
    }
}

/// How full, in hundredths; none where the limit is zero: nothing can be sent there.
fn percent(used: u32, most: u32) -> Option<u64> {
    u64::from(used).saturating_mul(100).checked_div(u64::from(most))
}

fn judge(view: &View<'_>, at: u64, channel: &Channel) -> Option<Finding> {
    let state = channel.state.value()?;
    let messages = percent(state.msg_count, state.max_capacity).unwrap_or(0);
    let bytes = percent(state.total_size, state.max_total_size).unwrap_or(0);
    let full = messages.max(bytes);
    let severity = match full {
        100.. => Severity::Major,
        _ if full >= view.spec.thresholds.hrmp_backlog_percent => Severity::Minor,
        _ => return None,
    };
    let name = |id: ParaId| {
        view.network.para(id).map_or_else(|| id.to_string(), |spec| format!("{} {id}", spec.name))
    };
    let what = if severity == Severity::Major { "is full" } else { "fills up" };
    let summary = format!(
        "channel {} → {} {what}: {} of {} messages, {} of {} bytes; {} does not take them",
        name(channel.sender),
        name(channel.recipient),
        state.msg_count,
        state.max_capacity,
        state.total_size,
        state.max_total_size,
        name(channel.recipient)
    );
    let subject = format!("{}-{}", channel.sender, channel.recipient);
    Some(Finding::new(severity, view.time_of(at), summary).about(subject))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{
        ASSET_HUB, Bed, RELAY, channel, findings, para, severity, unknown, unread,
    };
    use crate::domain::Severity;

    const ID: &str = "hrmp-backlog";

    fn bed() -> Bed {
        let mut bed = Bed::family();
        bed.run(RELAY, 40);
        bed
    }

    #[test]
    fn four_fifths_of_messages_or_bytes_are_minor_and_all_of_them_major() {
        for (messages, bytes, expected) in [
            (7, 799, None),
            (8, 0, Some(Severity::Minor)),
            (0, 800, Some(Severity::Minor)),
            (10, 10, Some(Severity::Major)),
            (1, 1_000, Some(Severity::Major)),
        ] {
            let mut bed = bed();
            bed.paras(40, vec![para(1_000), para(2_000)], |paras| {
                paras.channels = vec![channel((2_000, 1_000), (messages, 10), (bytes, 1_000))];
            });
            let verdict = bed.check(ID, RELAY);
            assert_eq!(severity(&verdict), expected, "{messages} messages, {bytes} bytes");
            if expected.is_some() {
                let found = findings(&verdict);
                assert_eq!(found[0].subject, "2000-1000");
                assert!(found[0].summary.contains("2000 → Asset Hub 1000"), "{found:?}");
            }
        }
    }

    #[test]
    fn a_channel_that_allows_nothing_is_not_full() {
        let mut bed = bed();
        bed.paras(40, vec![para(2_000)], |paras| {
            paras.channels = vec![channel((2_000, 1_000), (0, 0), (0, 0))];
        });
        assert_eq!(bed.check(ID, RELAY), Verdict::Quiet);
    }

    #[test]
    fn channels_that_were_not_read_are_unknown() {
        let mut bed = bed();
        assert_eq!(unknown(&bed.check(ID, RELAY)), "not read yet");
        let mut blind = para(2_000);
        blind.inbound = unread("no such storage");
        bed.paras(40, vec![blind], |_| {});
        assert!(unknown(&bed.check(ID, RELAY)).contains("the channels to 2000 were not read"));
        assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
    }
}
