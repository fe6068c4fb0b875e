//! What painting promises.

mod any_screen;
mod sample;

use super::*;
use crate::theme::{Depth, Theme};
use crate::ui::terminal::{Pen, encode};
use crate::ui::{render_ansi, render_text};
use proptest::prelude::*;

#[test]
fn the_health_screen_fits_80_columns() {
    insta::assert_snapshot!(render_text(&sample::health(), 80, 24));
}

#[test]
fn the_health_screen_uses_120_columns() {
    insta::assert_snapshot!(render_text(&sample::health(), 120, 32));
}

#[test]
fn the_recovery_screen_puts_panels_side_by_side() {
    insta::assert_snapshot!(render_text(&sample::recovery(), 120, 32));
}

#[test]
fn the_wall_is_read_from_across_the_room() {
    insta::assert_snapshot!(render_text(&sample::wall(), 80, 24));
}

#[test]
fn help_lies_over_the_body() {
    insta::assert_snapshot!(render_text(&sample::help(), 80, 24));
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    assert_eq!(
        render_text(&sample::health(), 38, 8).lines().next().unwrap(),
        "terminal is 38×8; sereno needs 40×10"
    );
    assert_eq!(render_text(&sample::health(), 30, 8).lines().next().unwrap(), "needs 40×10");
    assert_eq!(render_text(&sample::health(), 0, 0), "");
}

#[test]
fn the_sentence_is_the_last_part_of_the_header_to_be_cut() {
    let line = |width| render_text(&sample::health(), width, 12).lines().next().unwrap().to_owned();
    assert!(line(120).contains("sereno") && line(120).contains("UTC"));
    assert!(line(72).contains("UNSTABLE 6 m · Relay finality stalled at 12") && !line(72).contains("UTC"));
    assert!(line(50).contains("✖ UNSTABLE 6 m · Relay finality stall"), "{}", line(50));
}

#[test]
fn narrow_tables_drop_columns_by_their_order_and_never_the_first() {
    let text = render_text(&sample::health(), 60, 24);
    let header = text.lines().find(|l| l.contains("LAG")).unwrap();
    assert!(header.contains("CHAIN") && header.contains("STATE"), "{header}");
    assert!(!header.contains("ENDPOINTS") && !header.contains("SPEC"), "{header}");
}

#[test]
fn without_colour_the_selected_row_has_a_mark_of_its_own() {
    let text = render_text(&sample::health(), 100, 24);
    assert!(text.lines().any(|l| l.starts_with("▸Relay")), "{text}");
}

#[test]
fn on_a_terminal_without_unicode_only_ascii_is_painted() {
    let theme = Theme::built_in().unwrap();
    let sheet = Sheet::new(&theme, Depth::Ansi16, true);
    for screen in [sample::health(), sample::recovery(), sample::wall(), sample::help()] {
        let mut buf = Buffer::empty(Rect::new(0, 0, 100, 30));
        paint(&screen, &sheet, &mut buf);
        let odd: Vec<_> =
            buf.content().iter().filter(|c| !c.symbol().is_ascii()).map(|c| c.symbol()).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}

#[test]
fn escapes_that_were_not_cleaned_never_reach_the_terminal() {
    let evil = "a\u{1b}]0;title\u{7}\u{9b}31m\u{202e}b\u{200d}\r\n";
    let mut screen = sample::health();
    screen.header.sentence = evil.into();
    screen.overlay = sample::help().overlay.map(|mut o| {
        o.title = evil.into();
        o.input = Some((evil.to_owned(), 2));
        o
    });
    let out = render_ansi(&screen, &Theme::built_in().unwrap(), 100, 30);
    for part in out.split('\u{1b}').skip(1) {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        assert!(
            part.starts_with('[') && matches!(part.as_bytes()[end], b'm' | b'A'..=b'D' | b'H'),
            "{part:?}"
        );
    }
    assert!(!out.contains(['\u{7}', '\u{9b}', '\u{202e}', '\u{200d}', '\r', '\n']));
}

#[test]
fn a_second_of_ages_costs_few_bytes() {
    let theme = Theme::built_in().unwrap();
    let sheet = Sheet::new(&theme, Depth::True, false);
    let paint_at = |screen: &Screen| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 200, 50));
        paint(screen, &sheet, &mut buf);
        buf
    };
    let cost = |a: &Screen, b: &Screen| {
        let (mut out, mut pen) = (Vec::new(), Pen::PLAIN);
        encode(&paint_at(a), &paint_at(b), &mut pen, &mut out);
        out.len()
    };
    let (age, block) =
        (cost(&sample::health(), &sample::older()), cost(&sample::health(), &sample::next_block()));
    println!("bytes at 200×50: {age} for a second of ages, {block} for a block of six chains");
    assert!(age <= 200, "{age} bytes for a second of ages");
    assert!(block <= 2048, "{block} bytes for a block of six chains");
}

/// Everything that is seen, cell by cell.
fn cells(screen: &vt100::Screen) -> Vec<(String, [bool; 4], [vt100::Color; 2])> {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let at = |y, x| screen.cell(y, x).unwrap();
    let all = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
    all.map(|(y, x)| {
        let c = at(y, x);
        let letter = if c.has_contents() { c.contents().to_owned() } else { " ".to_owned() };
        // On a blank only the background, underline and reversal are seen.
        let blank = letter == " ";
        let fg = if blank && !c.inverse() && !c.underline() { vt100::Color::Default } else { c.fgcolor() };
        (letter, [c.bold() && !blank, c.dim() && !blank, c.underline(), c.inverse()], [fg, c.bgcolor()])
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn painting_never_panics(screen in any_screen::screen(), width in 0u16..=220, height in 0u16..=60, ascii in any::<bool>()) {
        let theme = Theme::built_in().unwrap();
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        paint(&screen, &Sheet::new(&theme, Depth::Ansi256, ascii), &mut buf);
        prop_assert!(buf.content().iter().all(|c| !c.symbol().contains(char::is_control)));
    }

    #[test]
    fn a_terminal_shows_after_any_two_frames_what_it_shows_after_the_second_alone(
        first in any_screen::screen(),
        second in any_screen::screen(),
    ) {
        let theme = Theme::built_in().unwrap();
        let sheet = Sheet::new(&theme, Depth::Ansi16, false);
        let painted = |screen: &Screen| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 70, 20));
            paint(screen, &sheet, &mut buf);
            buf
        };
        let (a, b, blank) = (painted(&first), painted(&second), Buffer::empty(Rect::new(0, 0, 70, 20)));
        let shown = |frames: &[(&Buffer, &Buffer)]| {
            let mut terminal = vt100::Parser::new(20.try_into().unwrap(), 70.try_into().unwrap(), 0);
            let mut pen = Pen::PLAIN;
            for (from, to) in frames {
                let mut out = Vec::new();
                encode(from, to, &mut pen, &mut out);
                terminal.process(&out);
            }
            cells(terminal.screen())
        };
        let (both, alone) = (shown(&[(&blank, &a), (&a, &b)]), shown(&[(&blank, &b)]));
        let wrong = both.iter().zip(&alone).position(|(x, y)| x != y);
        prop_assert!(wrong.is_none(), "cell {wrong:?}: {:?}", wrong.map(|i| (&both[i], &alone[i])));
    }
}
