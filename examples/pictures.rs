//! Draws the pictures of `docs/` from a recording: `cargo run --example pictures -- [RECORDING]`.
//!
//! In: the embedded recording, or a file; for the tabs that it tells little of the test bed. Out: one SVG a picture, painted by the program's own painter: the same screens at
//! the same moments, so that a change of a screen shows in its picture. Not part of the program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for developers"
)]

/// The test bed: what the embedded recording does not hold is drawn from there.
#[path = "../tests/it/bed.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod bed;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use sereno::app::{self, Msg};
use sereno::domain::UnixMs;
use sereno::keymap::{Key, Keymap};
use sereno::record::{Recording, demo_bytes};
use sereno::state::{AppState, Mode};
use sereno::theme::{Depth, Theme};
use sereno::ui::{Sheet, paint};
use std::fmt::Write as _;

/// A picture.
struct Picture {
    name: &'static str,
    /// Seconds into the recording.
    seconds: u64,
    /// Columns and rows.
    size: (u16, u16),
    /// Keys pressed then.
    keys: &'static str,
    mode: Mode,
}

const PICTURES: &[Picture] = &[
    Picture { name: "health", seconds: 220, size: (120, 32), keys: "", mode: Mode::Replay },
    Picture { name: "chain", seconds: 220, size: (120, 40), keys: "Enter", mode: Mode::Replay },
    Picture { name: "wall", seconds: 220, size: (120, 30), keys: "", mode: Mode::WallReplay },
];

/// A picture of the test bed: its name, the bed, keys.
type Made = (&'static str, fn(Mode) -> bed::Bed, &'static str);

/// Pictures of the test bed.
const FROM_THE_BED: &[Made] = &[
    ("validators", bed::Bed::validators, "2 j j"),
    ("balances", bed::Bed::balances, "3"),
    ("governance", bed::Bed::governance, "4 / 1 2 Enter Enter"),
    ("recovery", bed::Bed::recovery, "5"),
    ("xcm", bed::Bed::recovery, "9"),
];

fn main() {
    let recording = match std::env::args().nth(1) {
        Some(file) => Recording::open(file.as_ref()).expect("a recording"),
        None => Recording::built_in(demo_bytes().expect("this build carries a recording")).expect("the demo"),
    };
    let sheet = Sheet::new(&Theme::built_in().expect("the theme"), Depth::True, false);
    for Picture { name, seconds, size, keys, mode } in PICTURES {
        draw(name, &at(&recording, seconds * 1_000, *size, keys, *mode), &sheet);
    }
    for (name, make, keys) in FROM_THE_BED {
        let mut bed = make(Mode::Console).size(150, 34);
        let _ = bed.keys(keys);
        draw(name, &bed.state, &sheet);
    }
}

/// Writes a picture.
fn draw(name: &str, state: &AppState, sheet: &Sheet) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.ui.width, state.ui.height));
    paint(&app::view(state), sheet, &mut buffer);
    let file = format!("docs/{name}.svg");
    std::fs::write(&file, svg(&buffer)).expect("docs/ can be written");
    println!("{file}");
}

/// The state at a moment of the recording, after some keys.
fn at(recording: &Recording, at_ms: u64, (width, height): (u16, u16), keys: &str, mode: Mode) -> AppState {
    let keymap = Keymap::built_in().expect("the keymap");
    let mut state = AppState::new(recording.network.clone(), keymap, "ana@ops".to_owned(), mode);
    state.begin_again(recording.start.clone());
    let _ = app::update(&mut state, Msg::Resize { width, height });
    let start = recording.header.started;
    let mut now = start;
    let mut step = |state: &mut AppState, to: UnixMs| {
        while to.since(now) >= 1_000 {
            now = now.plus(1_000);
            let _ = app::update(state, Msg::Tick(now));
            let _ = app::settle(state);
        }
    };
    for timed in recording.facts().take_while(|t| t.t_ms <= at_ms) {
        step(&mut state, timed.seen.at);
        let _ = app::update(&mut state, Msg::Fact(Box::new(timed.seen)));
    }
    step(&mut state, start.plus(at_ms));
    let length_ms = recording.survey().length_ms;
    let replay = app::ReplayState { at_ms, length_ms, speed: 1.0, paused: false };
    let _ = app::update(&mut state, Msg::Replay(replay));
    for key in keys.split_whitespace() {
        let _ = app::update(&mut state, Msg::Key(key.parse::<Key>().expect("a key")));
        let _ = app::settle(&mut state);
    }
    state
}

const CELL: (u32, u32) = (8, 17);
const PAPER: &str = "#101418";
const INK: &str = "#c8ccd0";

fn svg(buffer: &Buffer) -> String {
    let (w, h) = (u32::from(buffer.area.width) * CELL.0, u32::from(buffer.area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" font-family=\"DejaVu Sans Mono, Menlo, \
         Consolas, monospace\" font-size=\"13\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"{PAPER}\"/>\n"
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            x = run(buffer, x, y, &mut out);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Writes the cells from `x` on that look the same, and returns where they end.
fn run(buffer: &Buffer, from: u16, y: u16, out: &mut String) -> u16 {
    let look = |x: u16| buffer.cell((x, y)).map(|c| (c.fg, c.bg, c.modifier));
    let first = look(from);
    let to = (from..buffer.area.width).find(|x| look(*x) != first).unwrap_or(buffer.area.width);
    let text: String = (from..to).filter_map(|x| buffer.cell((x, y)).map(|c| c.symbol())).collect();
    let Some((fg, bg, modifier)) = first else { return to };
    let (mut ink, mut paper) = (colour(fg, INK), colour(bg, PAPER));
    if modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut paper);
    }
    let (px, py) = (u32::from(from) * CELL.0, u32::from(y) * CELL.1);
    let width = u32::from(to - from) * CELL.0;
    if paper != PAPER {
        let _ = writeln!(
            out,
            "<rect x=\"{px}\" y=\"{py}\" width=\"{width}\" height=\"{}\" fill=\"{paper}\"/>",
            CELL.1
        );
    }
    if !text.trim().is_empty() {
        let bold = if modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
        let dim = if modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
        let safe = text.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            out,
            "<text x=\"{px}\" y=\"{}\" fill=\"{ink}\"{bold}{dim} textLength=\"{width}\" xml:space=\"preserve\">{safe}</text>",
            py + 13
        );
    }
    to
}

fn colour(c: Color, default: &str) -> String {
    match c {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => default.to_owned(),
    }
}
