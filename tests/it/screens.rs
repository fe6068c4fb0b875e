//! The screens as text, at three sizes. A changed picture is a changed program: look at it before accepting it.

use crate::bed::Bed;
use sereno::app;
use sereno::state::Mode;
use sereno::ui::render_text;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

/// One picture per size, after these keys.
fn pictures(name: &str, make: fn() -> Bed, keys: &str) {
    for (width, height) in SIZES {
        let mut bed = make().size(width, height);
        if !keys.is_empty() {
            bed.keys(keys);
        }
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), picture(&bed));
    }
}

#[test]
fn all_chains_healthy() {
    pictures("healthy", || Bed::healthy(Mode::Console), "");
}

#[test]
fn finality_stalled() {
    pictures("finality-stall", || Bed::finality_stall(Mode::Console), "");
}

#[test]
fn a_para_stalled() {
    pictures("para-stall", || Bed::para_stall(Mode::Console), "j j");
}

#[test]
fn everything_stale() {
    pictures("stale", || Bed::stale(Mode::Console), "");
}

#[test]
fn nothing_read_yet() {
    pictures(
        "connecting",
        || {
            let mut bed = Bed::new(Mode::Console);
            bed.wait(3_000);
            bed.refuse("relay");
            bed.wait(4_000);
            bed
        },
        "",
    );
}

#[test]
fn one_chain() {
    pictures("chain", || Bed::finality_stall(Mode::Console), "Enter");
}

#[test]
fn overlays() {
    for (name, keys) in
        [("help", "?"), ("palette", ":"), ("describe", "d"), ("timeline", "t"), ("log", "@"), ("leave", "q")]
    {
        let mut bed = Bed::para_stall(Mode::Console).size(120, 40);
        bed.keys("j j");
        bed.keys(keys);
        insta::assert_snapshot!(format!("overlay-{name}"), picture(&bed));
    }
}

#[test]
fn a_replay() {
    pictures("replay", Bed::replay, "");
}

#[test]
fn the_wall() {
    pictures("wall-alarm", || Bed::finality_stall(Mode::Wall), "");
    pictures("wall-chains", || Bed::healthy(Mode::Wall), "Tab");
}

#[test]
fn every_frame_of_a_replay_says_so() {
    for (width, height) in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        for keys in ["", "?", ":", "d", "t", "Enter", "Enter z", "/", "q"] {
            let mut bed = Bed::replay().size(width, height);
            if !keys.is_empty() {
                bed.keys(keys);
            }
            assert!(picture(&bed).contains("REPLAY"), "{keys} at {width}x{height}\n{}", picture(&bed));
        }
    }
}

#[test]
fn no_frame_says_live_of_what_is_older_than_three_block_times() {
    for (width, height) in SIZES {
        let mut bed = Bed::stale(Mode::Console).size(width, height);
        for keys in ["@ Esc", "d Esc", "Enter", "w"] {
            bed.keys(keys);
            assert!(!picture(&bed).contains("LIVE"), "{keys}\n{}", picture(&bed));
        }
    }
}

#[test]
fn the_state_is_said_in_words_and_symbols() {
    let bed = Bed::finality_stall(Mode::Console).size(80, 24);
    let text = picture(&bed);
    for needed in ["✖ UNSTABLE", "✖ stalled", "✖ critical", "· ok", "– absent"] {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
}

#[test]
fn validators() {
    pictures("validators", || Bed::validators(Mode::Console), "2");
    pictures("validator", || Bed::validators(Mode::Console), "2 j j j Enter");
    pictures("validators-unread", || Bed::unread_validators(Mode::Console), "2");
    pictures("validators-2024", || Bed::validators_of_2024(Mode::Console), "2");
    for (name, keys) in [
        ("validator", "2 j j d"),
        ("provider", "2 w d"),
        ("session", "2 j j Enter d"),
        ("candidate", "2 j j Enter w d"),
    ] {
        let mut bed = Bed::validators(Mode::Console).size(120, 40);
        bed.keys(keys);
        insta::assert_snapshot!(format!("overlay-describe-{name}"), picture(&bed));
    }
    let mut bed = Bed::validators(Mode::Console).size(120, 40);
    bed.keys("2 j j t");
    insta::assert_snapshot!("overlay-timeline-validator", picture(&bed));
    pictures("wall-validators", || Bed::validators(Mode::Wall), "Tab Tab Tab");
}

#[test]
fn recovery() {
    pictures("recovery", || Bed::recovery(Mode::Console), "5");
    pictures("recovery-cores", || Bed::recovery(Mode::Console), "5 w");
    pictures("recovery-cores-unread", || Bed::healthy(Mode::Console), "5 w");
    pictures("wall-paras", || Bed::recovery(Mode::Wall), "Shift-Tab");
    pictures("recovery-para-silent", || Bed::recovery(Mode::Console), "5 Enter");
    pictures("recovery-para", || Bed::recovery(Mode::Console), "5 / 2 0 4 3 Enter Enter");
    pictures("recovery-unread", || Bed::unread_paras(Mode::Console), "5");
    pictures("recovery-empty", || Bed::new(Mode::Console), "5");
    for (name, keys) in
        [("para", "5 / 2 0 4 3 Enter d"), ("place", "5 / 2 0 4 3 Enter Enter d"), ("channel", "9 j d")]
    {
        let mut bed = Bed::recovery(Mode::Console).size(120, 40);
        bed.keys(keys);
        insta::assert_snapshot!(format!("overlay-describe-{name}"), picture(&bed));
    }
}

#[test]
fn xcm() {
    pictures("xcm", || Bed::recovery(Mode::Console), "9");
    pictures("xcm-failed", || Bed::recovery(Mode::Console), "9 w w");
    pictures("xcm-quiet", || Bed::healthy(Mode::Console), "9");
    pictures("xcm-empty", || Bed::new(Mode::Console), "9");
}

#[test]
fn balances() {
    pictures("balances", || Bed::balances(Mode::Console), "3");
    pictures("balances-movements", || Bed::balances(Mode::Console), "3 w");
    pictures("balances-account", || Bed::balances(Mode::Console), "3 / o p s Enter Enter w");
    pictures("balances-quiet", || Bed::healthy(Mode::Console), "3");
    pictures("balances-stale", || Bed::stale(Mode::Console), "3");
    pictures("balances-empty", || Bed::new(Mode::Console), "3");
    for (name, keys) in [("account", "3 / o p s Enter d"), ("movement", "3 w j j d")] {
        let mut bed = Bed::balances(Mode::Console).size(120, 40);
        bed.keys(keys);
        insta::assert_snapshot!(format!("overlay-describe-{name}"), picture(&bed));
    }
}

#[test]
fn governance() {
    pictures("governance", || Bed::governance(Mode::Console), "4");
    pictures("governance-one", || Bed::governance(Mode::Console), "4 Enter");
    pictures("governance-blind", || Bed::governance(Mode::Console), "4 j j Enter");
    pictures("governance-unread", || Bed::new(Mode::Console), "4");
    for (name, keys) in [("sudo", "4 w w d"), ("parameter", "4 w w w d"), ("referendum", "4 d")] {
        let mut bed = Bed::governance(Mode::Console).size(120, 40);
        bed.keys(keys);
        insta::assert_snapshot!(format!("overlay-describe-{name}"), picture(&bed));
    }
}
