//! Tab 2 by its keys: what Enter, Esc, filter, sort, copy and history do there.

use crate::bed::{Bed, account};
use sereno::app::{self, Effect};
use sereno::domain::Fact;
use sereno::state::Mode;
use sereno::state::ui::Place;
use sereno::ui::render_text;

fn bed() -> Bed {
    let mut bed = Bed::validators(Mode::Console).size(200, 50);
    bed.keys("2");
    bed
}

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

/// Names in the table of validators, top down.
fn names(bed: &Bed) -> Vec<String> {
    let text = picture(bed);
    let rows = text.lines().skip_while(|l| !l.contains("STATE  ")).skip(1);
    let names =
        rows.take_while(|l| !l.starts_with('└')).map(|l| l.chars().skip(14).take(14).collect::<String>());
    names.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect()
}

#[test]
fn enter_on_a_provider_shows_its_seats_and_escape_shows_all_again() {
    let mut bed = bed();
    let all = names(&bed);
    assert_eq!(all.len(), 11, "{all:?}");
    // Third in the list: a name with brackets, that a filter must take as it stands.
    bed.keys("w j j Enter");
    assert_eq!(names(&bed), ["frank", "HELIKON 🧊", "HELIKON 3"]);
    bed.keys("Esc");
    assert_eq!(names(&bed), all);
    bed.keys("w G Enter");
    assert_eq!(names(&bed).len(), 2, "those in no register: {}", picture(&bed));
}

#[test]
fn enter_opens_a_validator_and_history_goes_back_and_forth() {
    let mut bed = bed();
    bed.keys("j Enter");
    assert_eq!(bed.state.ui.place, Place::validator(2, account(2)));
    assert!(picture(&bed).contains("▲ silent"), "{}", picture(&bed));
    bed.keys("[");
    assert_eq!(bed.state.ui.place, Place::root(2));
    bed.keys("]");
    assert_eq!(bed.state.ui.place, Place::validator(2, account(2)));
    bed.keys("Esc");
    assert_eq!(bed.state.ui.place, Place::root(2));
}

#[test]
fn the_filter_looks_at_name_provider_address_and_state() {
    for (typed, expected) in [
        ("charl", vec!["charlie"]),
        ("coinstudio", vec!["charlie"]),
        ("14x3", vec!["charlie"]),
        ("waiting", vec!["HELIKON 3"]),
        ("disabled", vec!["frank"]),
    ] {
        let mut bed = bed();
        bed.keys("/");
        bed.text(typed);
        assert_eq!(names(&bed), expected, "{typed}");
    }
}

#[test]
fn every_column_sorts_both_ways_and_unknown_stays_last() {
    let mut bed = bed();
    for _ in 0..17 {
        bed.keys("s");
        let (up, sorted) = (names(&bed), bed.said());
        assert!(sorted.contains("sorted by"), "{sorted}");
        bed.keys("S");
        assert_eq!(names(&bed).len(), up.len(), "{sorted}");
    }
    bed.keys("s");
    assert!(bed.said().contains("natural order"), "{}", bed.said());
    // VOTE MISS: dave has the most, who has no votes to miss comes last in either direction.
    let mut bed = self::bed();
    bed.keys("s s s s s s s s S");
    let down = names(&bed);
    assert_eq!((down[0].as_str(), down[1].as_str()), ("dave", "bob"), "{down:?}");
    bed.keys("S");
    let up = names(&bed);
    assert_eq!(up[6], "dave", "{up:?}");
    assert_eq!(up[7..], down[7..], "those without a figure");
}

#[test]
fn y_copies_the_stash_the_candidate_and_every_marked_row() {
    let copied = |keys: &str| {
        let mut bed = bed();
        match bed.keys(keys).pop() {
            Some(Effect::Copy(text)) => text,
            other => panic!("{keys}: {other:?}"),
        }
    };
    let stash = |n: u8| account(n).ss58(0);
    assert_eq!(copied("j y"), stash(2));
    assert_eq!(copied("j Y"), account(2).to_string());
    let marked = copied("Space j Space y");
    assert!(marked.contains(&stash(6)) && marked.contains(&stash(2)), "{marked}");
    assert!(copied("j j Enter w y").starts_with("0x"));
    assert_eq!(copied("w y"), "ParaNodes");
}

#[test]
fn the_selection_stays_on_its_validator_when_blocks_move_the_order() {
    let mut bed = bed();
    bed.keys("j j");
    for _ in 0..30 {
        bed.round(&["relay"], 2);
        bed.settle();
    }
    let selected = bed.state.ui.table("validators").selected;
    assert_eq!(selected, Some(account(4).to_string()));
}

#[test]
fn what_is_old_or_unread_is_not_told_as_if_it_were_known() {
    let mut bed = Bed::unread_validators(Mode::Console).size(120, 40);
    bed.keys("2");
    assert!(picture(&bed).contains("could not be read"), "{}", picture(&bed));
    bed.keys("Enter");
    assert!(!bed.said().is_empty() || bed.state.ui.overlay.is_some(), "a key is never answered with silence");
    let mut bed = Bed::validators_of_2024(Mode::Console).size(200, 50);
    bed.keys("2");
    let text = picture(&bed);
    for needed in ["POINTS ERA", "staking relay", "para ?", "? "] {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
    assert!(!text.contains("PAS-11 · pass") && !text.contains("100.00"), "{text}");
}

/// The set cannot be read, and the journal knows the session before: its validators are listed, and why nothing is known
/// of them now stands above, on the wall as well.
#[test]
fn why_the_set_is_unread_stands_above_those_of_whom_only_a_record_is_known() {
    for (mode, keys) in [(Mode::Console, "2"), (Mode::Wall, "Tab Tab Tab")] {
        for (width, height) in [(80, 24), (120, 40), (200, 50)] {
            let mut bed = Bed::healthy(mode).size(width, height);
            let reason = "Session.Validators: decode failed at byte 12".into();
            bed.fact("relay", None, Fact::Unread { section: "validators".into(), reason });
            bed.settle();
            bed.keys(keys);
            let text = picture(&bed);
            let why = "? the validators could not be read: Session.Validators: decode fail";
            assert!(text.contains(why), "{text}");
            assert!(mode == Mode::Wall || text.contains("? unknown"), "{text}");
        }
    }
    let mut bed = Bed::healthy(Mode::Console).size(120, 40);
    bed.keys("2");
    assert!(picture(&bed).contains("? the validators were not read yet · it fills"), "{}", picture(&bed));
}

#[test]
fn a_network_without_a_relay_says_so() {
    let mut network = crate::bed::network();
    network.chains.retain(|c| c.id.as_str() != "relay");
    let mut bed = Bed::of(network, Mode::Console);
    bed.keys("2");
    assert!(picture(&bed).contains("no relay chain is watched"), "{}", picture(&bed));
    bed.keys("Enter d t y");
}
