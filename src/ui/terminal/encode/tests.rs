//! The bytes of small differences, and that a terminal ends up with the cells whatever the differences are.

use super::*;
use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

fn of(lines: &[(&str, Style)]) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, 20, 4));
    for (y, (text, style)) in (0u16..).zip(lines) {
        buf.set_string(0, y, text, *style);
    }
    buf
}

fn bytes_with(a: &Buffer, b: &Buffer, pen: &mut Pen) -> String {
    let mut out = Vec::new();
    encode(a, b, pen, &mut out);
    String::from_utf8(out).unwrap()
}

fn bytes(a: &Buffer, b: &Buffer) -> String {
    let mut pen = Pen::RAW;
    bytes_with(a, b, &mut pen)
}

const PLAIN: Style = Style::new();
const RED: Style = Style::new().fg(Color::Rgb(255, 0, 0));

#[test]
fn nothing_changed_is_no_byte_and_a_digit_is_few() {
    let (a, b) = (of(&[("age 4 s", PLAIN)]), of(&[("age 5 s", PLAIN)]));
    assert_eq!(bytes(&a, &a), "");
    assert_eq!(bytes(&a, &b), "\x1b[1;5H5");
}

#[test]
fn short_gaps_are_written_and_long_ones_are_jumped() {
    let a = of(&[("a b cdefghij k", PLAIN)]);
    let b = of(&[("x b Xdefghij K", PLAIN)]);
    assert_eq!(bytes(&a, &b), "\x1b[1;1Hx b X\x1b[8CK");
}

#[test]
fn the_style_is_kept_over_frames() {
    let mut pen = Pen::PLAIN;
    let frames = [of(&[("4 s", RED)]), of(&[("5 s", RED)]), of(&[("6 s x", RED)]), of(&[("7   x", PLAIN)])];
    let sent: Vec<String> = frames.windows(2).map(|f| bytes_with(&f[0], &f[1], &mut pen)).collect();
    assert_eq!(
        sent,
        ["\x1b[1;1H\x1b[38;2;255;0;0m5", "\x1b[1;1H6 s x", "\x1b[1;1H\x1b[0m7   x"],
        "the second frame's colour is there already"
    );
}

#[test]
fn a_column_of_ages_is_one_colour_and_a_few_bytes_a_line() {
    let row = |age: &str, lag: &str| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 60, 10));
        for y in 0..10 {
            buf.set_string(10, y, age, RED);
            buf.set_string(40, y, lag, PLAIN.fg(Color::Rgb(0, 255, 0)).add_modifier(Modifier::BOLD));
        }
        buf
    };
    let sent = bytes(&row(" 4 s", " 4 s"), &row(" 5 s", " 5 s"));
    assert_eq!(sent.matches('m').count(), 2, "{sent:?}");
    assert!(sent.len() <= 110, "{} bytes: {sent:?}", sent.len());
}

#[test]
fn looks_come_in_the_order_that_costs_least() {
    let (grey, shade) = (Color::Rgb(100, 100, 100), Color::Rgb(20, 20, 20));
    let buf = |digit: &str| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 3));
        buf.set_string(0, 0, digit, RED.bg(shade));
        buf.set_string(5, 1, digit, PLAIN.fg(grey));
        buf.set_string(9, 2, digit, RED);
        buf
    };
    let mut pen = Pen::RAW;
    bytes_with(&buf("1"), &buf("2"), &mut pen);
    let again = bytes_with(&buf("2"), &buf("3"), &mut pen);
    let (red, grey) = (again.find("255;0;0"), again.find("100;100;100"));
    assert!(again.len() <= 75 && red.is_none_or(|r| grey.is_none_or(|g| r > g)), "{again:?}");
}

#[test]
fn weight_is_taken_back_without_naming_the_colours_again() {
    let (bold, both) = (
        of(&[("a", RED.add_modifier(Modifier::BOLD))]),
        [("a", RED.add_modifier(Modifier::BOLD)), ("b", RED)],
    );
    let mut pen = Pen::RAW;
    bytes_with(&of(&[]), &bold, &mut pen);
    assert_eq!(bytes_with(&bold, &of(&both), &mut pen), "\x1b[2;1H\x1b[22mb");
}

#[test]
fn only_a_raw_terminal_gets_line_feeds() {
    let lines = [("a", RED), ("b", RED), ("c", RED)];
    let mut cooked = Pen::PLAIN;
    assert_eq!(bytes(&of(&[]), &of(&lines)), "\x1b[1;1H\x1b[38;2;255;0;0ma\n\u{8}b\n\u{8}c");
    assert!(!bytes_with(&of(&[]), &of(&lines), &mut cooked).contains('\n'));
}

/// Everything that is seen, cell by cell.
fn seen(terminal: &vt100::Parser) -> Vec<(String, [bool; 4], [vt100::Color; 2])> {
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let all = (0..rows.get()).flat_map(|y| (0..columns.get()).map(move |x| (y, x)));
    all.map(|(y, x)| {
        let c = screen.cell(y, x).unwrap();
        let letter = if c.has_contents() { c.contents().to_owned() } else { " ".to_owned() };
        let only_ground = letter == " " && !c.inverse() && !c.underline();
        let fg = if only_ground { vt100::Color::Default } else { c.fgcolor() };
        let heavy = [c.bold() && !only_ground, c.dim() && !only_ground];
        (letter, [heavy[0], heavy[1], c.underline(), c.inverse()], [fg, c.bgcolor()])
    })
    .collect()
}

fn terminal() -> vt100::Parser {
    vt100::Parser::new(6.try_into().unwrap(), 24.try_into().unwrap(), 0)
}

/// Text somewhere, in one of a few styles.
fn edits(most: usize) -> impl Strategy<Value = Vec<(u16, u16, String, Style)>> {
    let colour = || prop::sample::select(vec![Color::Reset, Color::Rgb(1, 2, 3), Color::Indexed(9)]);
    let known = Modifier::BOLD | Modifier::DIM | Modifier::UNDERLINED | Modifier::REVERSED;
    let style = (colour(), colour(), 0u16..256, any::<bool>()).prop_map(move |(fg, bg, bits, plain)| {
        let modifier = if plain { Modifier::empty() } else { Modifier::from_bits_truncate(bits) & known };
        Style::new().fg(fg).bg(bg).add_modifier(modifier)
    });
    let text = prop_oneof![3 => "[0-9 ]{1,3}", 1 => "[a日▂é ]{1,6}", 1 => "(e\u{301}|日| ){1,4}"];
    prop::collection::vec((0u16..24, 0u16..6, text, style), 0..most)
}

fn apply(buf: &Buffer, edits: &[(u16, u16, String, Style)]) -> Buffer {
    let mut buf = buf.clone();
    for (x, y, text, style) in edits {
        // As the canvas does: a letter cut in two goes whole.
        let mut at = *x;
        for (sign, width) in glyph::glyphs(text) {
            let width = u16::try_from(width).unwrap();
            if at + width > 24 {
                break;
            }
            if at > 0 && buf.cell((at - 1, *y)).is_some_and(is_wide) {
                buf.cell_mut((at - 1, *y)).unwrap().reset();
            }
            at = buf.set_stringn(at, *y, sign, usize::from(width), Style::reset().patch(*style)).0;
        }
    }
    buf
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn after_any_number_of_frames_a_terminal_shows_the_last_one(
        first in edits(30),
        then in prop::collection::vec(edits(8), 1..5),
        raw in any::<bool>(),
    ) {
        let empty = Buffer::empty(Rect::new(0, 0, 24, 6));
        let (mut followed, mut pen) = (terminal(), if raw { Pen::RAW } else { Pen::PLAIN });
        let mut shown = empty.clone();
        for edits in std::iter::once(&first).chain(&then) {
            let next = apply(&shown, edits);
            followed.process(bytes_with(&shown, &next, &mut pen).as_bytes());
            shown = next;
        }
        let mut fresh = terminal();
        fresh.process(bytes(&empty, &shown).as_bytes());
        let (followed, fresh) = (seen(&followed), seen(&fresh));
        let wrong = followed.iter().zip(&fresh).position(|(a, b)| a != b);
        prop_assert!(wrong.is_none(), "cell {wrong:?}: {:?}", wrong.map(|i| (&followed[i], &fresh[i])));
    }

    #[test]
    fn a_terminal_shows_what_the_buffer_says(edits in edits(30)) {
        let empty = Buffer::empty(Rect::new(0, 0, 24, 6));
        let next = apply(&empty, &edits);
        let mut fresh = terminal();
        fresh.process(bytes(&empty, &next).as_bytes());
        for y in 0..6u16 {
            let mut x = 0;
            while x < 24 {
                let cell = next.cell((x, y)).unwrap();
                let there = fresh.screen().cell(y, x).unwrap();
                let letter = if there.has_contents() { there.contents() } else { " " };
                prop_assert_eq!(letter, cell.symbol(), "at {}, {}", x, y);
                let of_cell = Look::of(cell);
                if !is_blank(cell) {
                    let fg = match of_cell.fg {
                        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
                        Color::Indexed(i) => vt100::Color::Idx(i),
                        _ => vt100::Color::Default,
                    };
                    prop_assert_eq!(there.fgcolor(), fg);
                    prop_assert_eq!(there.bold(), cell.modifier.contains(Modifier::BOLD));
                }
                x += if is_wide(cell) { 2 } else { 1 };
            }
        }
    }
}
