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
