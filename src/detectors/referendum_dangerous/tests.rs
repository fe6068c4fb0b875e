//! What is dangerous is told before it is decided, what is harmless is quiet, what cannot be seen is neither.
//!
//! In: a test bed with one referendum. Out: verdicts. Must not import anything above `detectors`.

use crate::detectors::Verdict;
use crate::detectors::testbed::{Bed, RELAY, findings, governance, unknown};
use crate::domain::call::{Call, Node};
use crate::domain::gov::{Judged, Ongoing, State};
use crate::domain::para::Found;
use crate::domain::{Clean, Severity};

fn set_code() -> Found<Judged> {
    let code = ("code".to_owned(), Node::Bytes(vec![7; 900]));
    Found::Value(Judged::of(Call { pallet: "System".into(), name: "set_code".into(), args: vec![code] }, &[]))
}

fn bed(change: impl Fn(&mut Ongoing)) -> Bed {
    let mut bed = Bed::family();
    bed.run(RELAY, 20);
    let mut gov = governance(20);
    for referendum in gov.bodies.iter_mut().filter_map(|b| b.referenda_mut()).flatten() {
        if let State::Ongoing(going) = &mut referendum.state {
            change(going);
        }
    }
    bed.fact(RELAY, Some("a"), crate::domain::Fact::Governance(Box::new(gov)));
    bed
}

#[test]
fn a_proposal_to_set_code_is_told_before_it_is_decided() {
    let bed = bed(|going| going.proposal.call = set_code());
    let found = findings(&bed.check("referendum-dangerous", RELAY));
    assert_eq!(found[0].severity, Severity::Minor);
    let text = &found[0].summary;
    assert!(
        text.starts_with("referendum 0 on track root proposes System.set_code as system.Root: "),
        "{text}"
    );
    assert_eq!(found[0].subject, "Referenda-0");
}

#[test]
fn what_is_harmless_is_quiet_and_what_cannot_be_seen_is_not() {
    let remark = Call { pallet: "System".into(), name: "remark".into(), args: vec![] };
    let quiet = bed(|going| going.proposal.call = Found::Value(Judged::of(remark.clone(), &[])));
    assert_eq!(quiet.check("referendum-dangerous", RELAY), Verdict::Quiet);
    let blind = bed(|going| going.proposal.call = Found::Unread(Clean::of("4 MB are not read")));
    let found = findings(&blind.check("referendum-dangerous", RELAY));
    assert_eq!(found[0].severity, Severity::Info);
    assert!(found[0].summary.contains("4 MB are not read"));
}

#[test]
fn before_anything_was_read_it_cannot_tell() {
    let mut bed = Bed::family();
    bed.run(RELAY, 5);
    assert_eq!(unknown(&bed.check("referendum-dangerous", RELAY)), "not read yet in this run");
    assert_eq!(unknown(&bed.check("referendum-new", RELAY)), "not read yet in this run");
}

#[test]
fn a_new_referendum_is_told_for_an_hour() {
    let mut bed = bed(|going| going.submitted = 19);
    let found = findings(&bed.check("referendum-new", RELAY));
    assert!(found[0].summary.starts_with("referendum 0 on track root submitted in block 19: "), "{found:?}");
    bed.advance(3_600_001);
    bed.block(RELAY, 21);
    assert_eq!(bed.check("referendum-new", RELAY), Verdict::Quiet);
}
