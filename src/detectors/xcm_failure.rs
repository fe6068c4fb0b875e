//! `xcm-failure`: a chain could not carry out messages that reached it.
//!
//! In: events of `MessageQueue` in the newest blocks. Out: minor while one of the last 100 blocks has a message that failed,
//! was refused, or was too heavy to be carried out by itself. On every chain. Must not import anything above `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::store::messages;
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "xcm-failure",
    about: "Messages between chains failed or are too heavy",
    check: |view| Verdict::from(find(view)),
};

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    let window = view.spec.thresholds.xcm_failure_window;
    let blocks = usize::try_from(window).unwrap_or(usize::MAX);
    let rows = || view.chain.blocks.newest_first().take(blocks).filter(|row| row.received.is_some());
    let failed: Vec<_> = rows().flat_map(messages::failed_in).collect();
    let (Some(newest), Some(oldest)) = (failed.first(), failed.last()) else {
        if rows().all(|row| row.block.event_count.is_none()) {
            return Err(Clean::of("the events of the newest blocks could not be decoded"));
        }
        return Ok(vec![]);
    };
    let many = if failed.len() == 1 { "" } else { "s" };
    let summary = format!(
        "has {} failed message{many} in {window} blocks, the last in block {}: {} from {}",
        failed.len(),
        grouped(newest.block.number),
        newest.what.word(),
        newest.origin.as_deref().unwrap_or("?")
    );
    Ok(vec![Finding::new(Severity::Minor, view.time_of(oldest.block.number), summary)])
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{ASSET_HUB, Bed, findings, severity, unknown};
    use crate::domain::{Clean, EventRecord, Severity};

    const ID: &str = "xcm-failure";

    fn event(name: &str, fields: &str) -> EventRecord {
        EventRecord {
            pallet: Clean::of("MessageQueue"),
            name: Clean::of(name),
            fields: Clean::of(fields),
            extrinsic: None,
        }
    }

    fn with(name: &str, fields: &str) -> Bed {
        let mut bed = Bed::family();
        bed.run(ASSET_HUB, 10);
        bed.advance(6_000);
        bed.block_with(ASSET_HUB, 11, |block| block.events = vec![event(name, fields)]);
        bed
    }

    #[test]
    fn failed_refused_and_heavy_messages_fire_on_any_chain_and_age_out() {
        for (name, fields) in [
            ("ProcessingFailed", "id: 0x51bb…902d, origin: Sibling(2000), error: Unsupported"),
            ("Processed", "id: 0x51bb…902d, origin: Sibling(2000), weight_used: 1, success: false"),
            ("OverweightEnqueued", "id: 0x51bb…902d, origin: Sibling(2000), page_index: 0, message_index: 0"),
        ] {
            let mut bed = with(name, fields);
            let verdict = bed.check(ID, ASSET_HUB);
            assert_eq!(severity(&verdict), Some(Severity::Minor), "{name}");
            assert!(findings(&verdict)[0].summary.contains("from Sibling(2000)"), "{verdict:?}");
            for number in 12..=111 {
                bed.advance(6_000);
                bed.block(ASSET_HUB, number);
            }
            assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
        }
    }

    #[test]
    fn messages_that_were_carried_out_are_quiet() {
        let bed = with("Processed", "id: 0x51bb…902d, origin: Sibling(2000), weight_used: 1, success: true");
        assert_eq!(bed.check(ID, ASSET_HUB), Verdict::Quiet);
    }

    #[test]
    fn without_events_it_cannot_tell() {
        let mut bed = Bed::family();
        assert!(matches!(bed.check(ID, ASSET_HUB), Verdict::Unknown(_)));
        bed.up(ASSET_HUB, "c");
        bed.block_with(ASSET_HUB, 1, |block| block.event_count = None);
        assert!(unknown(&bed.check(ID, ASSET_HUB)).contains("could not be decoded"));
    }
}
