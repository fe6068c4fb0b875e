//! Rules that cannot tell are shown and reported: they must not look like rules that are quiet.

use crate::bed::{Bed, hash};
use sereno::app;
use sereno::domain::{BlockRef, Fact, Link};
use sereno::runtime::headless;
use sereno::screen::{Body, Node};
use sereno::state::Mode;
use sereno::ui::render_text;

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

fn lines<'a>(picture: &'a str, with: &str) -> Vec<&'a str> {
    picture.lines().map(str::trim).filter(|l| l.contains(with)).collect()
}

fn undecoded(bed: &mut Bed) {
    let reason = "it does not decode".into();
    bed.fact("relay", None, Fact::Unread { section: "disputes".into(), reason });
    bed.wait(1_000);
}

#[test]
fn where_every_rule_can_tell_nothing_is_said() {
    for (width, height) in [(80, 24), (120, 40), (200, 50)] {
        let bed = Bed::healthy(Mode::Console).size(width, height);
        assert_eq!(lines(&picture(&bed), "cannot tell"), Vec::<&str>::new());
    }
    let snapshot = serde_json::to_value(headless::snapshot_of(&Bed::healthy(Mode::Headless).state)).unwrap();
    let unread = snapshot["unread"].as_object().unwrap();
    assert!(!unread.keys().any(|k| k.starts_with("detectors.relay.")), "{unread:?}");
}

#[test]
fn one_rule_that_cannot_tell_is_named_with_its_reason() {
    let mut bed = Bed::healthy(Mode::Console).size(80, 24);
    undecoded(&mut bed);
    let expected = "? Relay: dispute cannot tell: it does not decode";
    assert_eq!(lines(&picture(&bed), "cannot tell"), [expected], "{}", picture(&bed));
    bed.keys("Enter");
    let expected = "? dispute cannot tell: it does not decode";
    assert_eq!(lines(&picture(&bed), "cannot tell"), [expected], "{}", picture(&bed));
    bed.keys("Esc d");
    let Body::KeyValues(pairs) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    assert!(
        pairs.iter().any(|(k, v)| k.plain() == "rule dispute" && v.plain() == "? it does not decode"),
        "{pairs:?}"
    );
}

#[test]
fn a_start_up_says_in_two_lines_what_fifty_rules_cannot_tell_and_describe_names_each() {
    let mut bed = Bed::new(Mode::Console).size(80, 24);
    bed.wait(3_000);
    let picture = picture(&bed);
    let said = lines(&picture, "cannot tell");
    assert!((1..=2).contains(&said.len()), "{picture}");
    assert!(said.iter().all(|l| l.starts_with("? ") && l.contains("rules cannot tell")), "{picture}");
    assert!(said.iter().any(|l| l.contains("no endpoint is connected")), "{picture}");
    bed.keys("d");
    let Body::KeyValues(pairs) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    let value = |name: &str| pairs.iter().find(|(k, _)| k.plain() == name).map(|(_, v)| v.plain());
    assert_eq!(value("rule block-stall").as_deref(), Some("? no endpoint is connected"));
}

#[test]
fn many_different_reasons_are_bounded_and_what_is_left_out_is_said() {
    let mut bed = Bed::new(Mode::Console).size(80, 24);
    for (chain, heads) in [("asset-hub", false), ("bridge-hub", true)] {
        let endpoint = bed.state.network.chain(&chain.into()).unwrap().endpoints[0].clone();
        bed.fact(chain, Some(&endpoint), Fact::Link(Link::Up));
        if heads {
            let at = BlockRef { number: 7, hash: hash(chain, 7, 0) };
            bed.fact(chain, Some(&endpoint), Fact::PeerBest(at));
        }
    }
    bed.wait(1_000);
    let small = picture(&bed);
    assert_eq!(lines(&small, "cannot tell").len(), 2, "{small}");
    assert!(small.contains("? rules cannot tell about other chains too · d on a chain says why"), "{small}");
    let large = picture(&bed.size(120, 40));
    assert_eq!(lines(&large, "cannot tell").len(), 4, "{large}");
    for reason in ["connected, no head yet", "no block has been read in this run"] {
        assert!(large.contains(reason), "{large}");
    }
}

#[test]
fn the_snapshot_names_each_rule_that_cannot_tell_among_what_was_not_read() {
    let mut bed = Bed::healthy(Mode::Headless);
    undecoded(&mut bed);
    let snapshot = headless::snapshot_of(&bed.state);
    let json = serde_json::to_value(&snapshot).unwrap();
    assert_eq!(json["unread"]["detectors.relay.dispute"], "it does not decode");
    assert_eq!(json["unread"]["detectors.relay.block-stall"], serde_json::Value::Null);
    assert_eq!(json["unread"]["detectors.collectives.block-stall"], "no endpoint is connected");
    let text = snapshot.text();
    assert!(text.contains("\n? Relay: dispute cannot tell: it does not decode\n"), "{text}");
}

#[test]
fn the_wall_does_not_say_none_of_alerts_that_nobody_can_see() {
    let mut bed = Bed::healthy(Mode::Wall).size(80, 24);
    bed.keys("Tab Tab");
    assert!(picture(&bed).contains("no alert stands"), "{}", picture(&bed));
    assert!(!picture(&bed).contains("cannot tell"), "{}", picture(&bed));
    undecoded(&mut bed);
    assert!(picture(&bed).contains("? 1 rule cannot tell"), "{}", picture(&bed));
    bed.keys("Tab Tab Tab");
    assert!(picture(&bed).contains("alerts none  ? 1 rule cannot tell"), "{}", picture(&bed));
}

#[test]
fn the_wall_says_unknown_while_one_chain_is_missing_and_no_data_while_all_are() {
    let big = |bed: &Bed| {
        let Node::Rows(parts) = app::view(&bed.state).body else { panic!("no rows") };
        let panels = parts.into_iter().filter_map(|(_, node)| match node {
            Node::Panel(panel) => Some(panel.body),
            _ => None,
        });
        let mut texts = panels.filter_map(|b| if let Body::Big { text, .. } = b { Some(text) } else { None });
        texts.next().unwrap()
    };
    let mut bed = Bed::new(Mode::Wall).size(120, 40);
    assert_eq!(big(&bed), "NO DATA");
    for chain in ["relay", "asset-hub", "bridge-hub", "people"] {
        bed.connect(chain);
    }
    bed.round(&["relay", "asset-hub", "bridge-hub", "people"], 2);
    assert_eq!(big(&bed), "UNKNOWN");
}
