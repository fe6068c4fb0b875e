//! What lies over the body: its words, and searching in it.

use crate::bed::Bed;
use sereno::app;
use sereno::domain::{Fact, Link, UnixMs};
use sereno::state::Mode;
use sereno::ui::render_text;

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

#[test]
fn a_round_trip_is_never_nothing_and_one_loss_is_once() {
    let mut bed = Bed::healthy(Mode::Console).size(120, 40);
    let endpoint = bed.state.network.chains[0].endpoints[0].clone();
    bed.fact("relay", Some(&endpoint), Fact::Latency(0));
    assert!(picture(&bed).contains("relay via dwellir <1 ms"), "{}", picture(&bed));
    let retry_at = UnixMs(bed.now + 1_000);
    let down = Link::Down { reason: "connection lost".into(), retry_at, answered: true };
    bed.fact("relay", Some(&endpoint), Fact::Link(down));
    bed.keys("@");
    assert!(picture(&bed).contains("lost once, latest first"), "{}", picture(&bed));
    assert!(!picture(&bed).contains(" 0 ms"), "{}", picture(&bed));
}

#[test]
fn the_log_is_searched_and_n_goes_around_its_matches() {
    let mut bed = Bed::healthy(Mode::Console).size(120, 40);
    bed.keys("@ /");
    bed.text("IBP.network/x");
    assert!(picture(&bed).contains("› IBP.network/x"), "{}", picture(&bed));
    bed.keys("Enter");
    let at = |bed: &Bed, place: &str| {
        let title = format!("connections · IBP.network/x {place}");
        assert!(picture(bed).contains(&title), "{title}\n{}", picture(bed));
    };
    at(&bed, "1 of 5");
    bed.keys("n n");
    at(&bed, "3 of 5");
    bed.keys("N N N");
    at(&bed, "5 of 5");
    bed.keys("n");
    at(&bed, "1 of 5");
    bed.keys("Esc");
    assert!(picture(&bed).contains("─ connections ─"), "the first Esc drops the search\n{}", picture(&bed));
    bed.keys("Esc");
    assert!(bed.state.ui.overlay.is_none());
}

#[test]
fn a_match_below_the_edge_is_brought_into_view_and_one_that_is_not_there_is_said() {
    let mut bed = Bed::healthy(Mode::Console).size(80, 14);
    for (keys, text) in [("@", "Collectives"), ("d", "ss58")] {
        bed.keys(keys);
        assert!(!picture(&bed).contains(text) || keys == "@", "{}", picture(&bed));
        bed.keys("/");
        bed.text(text);
        bed.keys("Enter");
        let inside: Vec<String> = picture(&bed).lines().skip(3).map(str::to_owned).collect();
        assert!(inside.iter().any(|l| l.contains(text)), "{}", picture(&bed));
        bed.keys("/ Ctrl-u");
        bed.text("zzz");
        bed.keys("Enter");
        assert!(picture(&bed).contains("zzz is not here"), "{}", picture(&bed));
        bed.keys("n");
        assert!(bed.said().contains("'zzz' is not here"), "{}", bed.said());
        bed.keys("q");
    }
}

#[test]
fn help_is_searched_with_and_without_the_slash_and_then_moved_in() {
    for begin in ["?", "? /"] {
        let mut bed = Bed::healthy(Mode::Console).size(120, 40);
        bed.keys(begin);
        bed.text("acknow");
        bed.keys("Enter");
        let rows = || picture(&bed).lines().filter(|l| l.contains("acknow")).count();
        assert_eq!(rows(), 3, "title and two keys after {begin}\n{}", picture(&bed));
        assert!(picture(&bed).contains("acknow 1 of 2"), "{}", picture(&bed));
        bed.keys("n");
        assert!(picture(&bed).contains("acknow 2 of 2"), "{}", picture(&bed));
        assert_eq!(bed.keys("j a"), vec![], "the view below takes no key");
        bed.keys("/");
        bed.text("ledge");
        assert!(picture(&bed).contains("› acknowledge"), "{}", picture(&bed));
        bed.keys("Esc");
        assert!(bed.state.ui.overlay.is_none());
    }
}

#[test]
fn the_keys_of_lists_are_no_mistake_in_an_overlay() {
    for open in ["?", "@", "d", "t"] {
        let mut bed = Bed::para_stall(Mode::Console).size(120, 40);
        bed.keys("j j");
        bed.keys(open);
        if open == "?" {
            bed.keys("Enter");
        }
        assert_eq!(bed.keys("Enter"), vec![]);
        assert_eq!((bed.said(), bed.state.ui.overlay.is_some()), (String::new(), true), "Enter after {open}");
        bed.keys("n");
        assert!(bed.said().contains("/ searches"), "{open}: {}", bed.said());
        bed.keys("/");
        assert!(bed.state.ui.is_typing(), "/ after {open}");
        bed.keys("Esc");
        assert_eq!(bed.said(), "");
    }
}
