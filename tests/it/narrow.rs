//! Screens that are too narrow for every column: no value of the selected chain is out of reach.

use crate::bed::Bed;
use sereno::app;
use sereno::state::Mode;
use sereno::ui::render_text;

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

const RELAY: [(&str, &str); 8] = [
    ("FINALIZED", "12 345 638"),
    ("BLOCK TIME p50", "6.0 s"),
    ("SESSION", "2 057 · 41 %"),
    ("ERA", "312"),
    ("PEERS", "12"),
    ("POOL", "3"),
    ("REORGS", "0"),
    ("SPEC", "2003001"),
];

/// True where the table has the column or a line below it names the value.
fn has(picture: &str, title: &str, value: &str) -> bool {
    let header = picture.lines().find(|l| l.contains("CHAIN") && l.contains("STATE")).unwrap();
    header.contains(title)
        || picture.replace('\u{2009}', " ").contains(&format!("{} {value}", title.to_lowercase()))
}

#[test]
fn each_value_of_the_selected_chain_is_in_the_table_or_below_it_at_every_width() {
    let mut bed = Bed::healthy(Mode::Console);
    for keys in ["", "z", "Space", "z"] {
        if !keys.is_empty() {
            bed.keys(keys);
        }
        for width in 60..=210 {
            bed = bed.size(width, 24);
            let picture = picture(&bed);
            for (title, value) in RELAY {
                assert!(has(&picture, title, value), "{title} at {width} after '{keys}'\n{picture}");
            }
        }
    }
}

#[test]
fn the_line_below_the_table_is_about_the_selected_chain_and_goes_where_every_column_is_shown() {
    let mut bed = Bed::healthy(Mode::Console).size(80, 24);
    bed.keys("j");
    let text = picture(&bed).replace('\u{2009}', " ");
    assert!(text.contains(" Asset Hub  finalized 11 020 138  "), "{text}");
    assert!(text.contains("era ?  peers 12  pool 3  reorgs 0  spec 2000006"), "{text}");
    assert!(!picture(&bed.size(200, 50)).contains("reorgs 0"));
}

#[test]
fn an_opened_chain_says_them_too() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut bed = Bed::healthy(Mode::Console).size(width, height);
        bed.keys("Enter");
        let text = picture(&bed).replace('\u{2009}', " ");
        for needed in
            ["session 2 057 (354 left)", "era 312", "peers 12", "pool 3", "reorgs 0", "runtime paseo 2003001"]
        {
            assert!(text.contains(needed), "{needed}\n{text}");
        }
    }
}
