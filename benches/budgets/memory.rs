//! What the process does between a fact or a key and a painted buffer, without terminal and network.

use crate::synth::{SIX, Scale, Synth};
use crate::term::status_mb;
use crate::{Row, Times, cpu_now, row};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sereno::app::{self, Msg};
use sereno::domain::{Observation, UnixMs};
use sereno::keymap::Keymap;
use sereno::state::ui::Place;
use sereno::state::{AppState, Mode};
use sereno::theme::{Depth, Theme};
use sereno::ui::{Sheet, paint};
use std::time::Instant;

/// A console without a terminal.
struct Bench {
    synth: Synth,
    state: AppState,
    sheet: Sheet,
    shown: Buffer,
    next: Buffer,
    changed: usize,
}

impl Bench {
    fn new(scale: Scale, rounds: usize) -> Self {
        let synth = Synth::new(scale);
        let keymap = Keymap::built_in().unwrap();
        let state = AppState::new(synth.network.clone(), keymap, "bench".to_owned(), Mode::Console);
        let area = Rect::new(0, 0, 200, 50);
        let sheet = Sheet::new(&Theme::built_in().unwrap(), Depth::True, false);
        let (shown, next) = (Buffer::empty(area), Buffer::empty(area));
        let mut bench = Self { synth, state, sheet, shown, next, changed: 0 };
        let _ = app::update(&mut bench.state, Msg::Resize { width: 200, height: 50 });
        bench.tick();
        let contact = bench.synth.connect();
        bench.fold(contact);
        for _ in 0..rounds {
            let round = bench.synth.round();
            bench.fold(round);
            bench.tick();
        }
        bench.frame();
        bench
    }

    fn fold(&mut self, facts: Vec<Observation>) {
        for seen in facts {
            let _ = app::update(&mut self.state, Msg::Fact(Box::new(seen)));
        }
    }

    fn tick(&mut self) {
        let _ = app::update(&mut self.state, Msg::Tick(UnixMs(self.synth.now)));
    }

    /// Detection, view, paint, difference to the frame before.
    fn frame(&mut self) {
        let _ = app::settle(&mut self.state);
        let screen = app::view(&self.state);
        paint(&screen, &self.sheet, &mut self.next);
        self.changed += self.shown.diff(&self.next).len();
        std::mem::swap(&mut self.shown, &mut self.next);
    }

    fn key(&mut self, key: &str) {
        let _ = app::update(&mut self.state, Msg::Key(key.parse().unwrap()));
    }

    /// Presses the keys again and again while blocks come at 100 times their speed: what waits between two frames of 16 ms
    /// is folded first, as the console does.
    fn press(&mut self, keys: &str, presses: usize) -> Pressed {
        let mut pressed = Pressed::default();
        let mut waiting: std::collections::VecDeque<Observation> = std::collections::VecDeque::new();
        for (n, key) in keys.split(' ').cycle().take(presses).enumerate() {
            // A round every 60 ms of real time, 16 ms of it before each key.
            if n % 4 == 0 {
                waiting.extend(self.synth.round());
            }
            let share = waiting.len().div_ceil(4 - n % 4);
            let batch: Vec<Observation> = waiting.drain(..share).collect();
            let (began, cpu) = (Instant::now(), cpu_now());
            self.fold(batch);
            if n % 6 == 0 {
                self.tick();
            }
            self.key(key);
            self.frame();
            pressed.wall.push(began.elapsed());
            pressed.cpu.push(cpu_now() - cpu);
        }
        pressed
    }
}

/// Keys to frames: on the clock, and of the CPU alone, which other work on the machine does not lengthen.
#[derive(Default)]
struct Pressed {
    wall: Times,
    cpu: Times,
}

impl Pressed {
    fn told(&self) -> String {
        let [p50, p99, max] = [50, 99, 100].map(|p| self.cpu.at(p));
        format!("{}; CPU {p50:.2}, {p99:.2}, {max:.2}", self.wall.told())
    }
}

/// Notification to cell, without the network.
pub(crate) fn cell() -> Vec<Row> {
    let mut bench = Bench::new(SIX, 720);
    let mut times = Times::default();
    for _ in 0..200 {
        for seen in bench.synth.round() {
            let began = Instant::now();
            bench.fold(vec![seen]);
            bench.frame();
            times.push(began.elapsed());
        }
        bench.tick();
    }
    assert!(bench.changed > 0, "nothing was drawn");
    vec![row("fact → painted cells, in process, six chains", "p99 ≤ 50 ms", times.told())]
}

const KEYS: &str = "j j j PgDn PgUp G g s k d j Esc / a l Enter j Esc z z ? Esc t Esc : r Esc";

/// Keys under load.
pub(crate) fn keys() -> Vec<Row> {
    let scale = Scale { chains: 100, validators: 1_000, events: 14 };
    let mut bench = Bench::new(scale, 720);
    let overview = bench.press(KEYS, 1_200);
    bench.state.ui.open(Place::chain(1, "relay".into()));
    let mut lists = Pressed::default();
    for _ in 0..6 {
        let more = bench.press(KEYS, 200);
        lists.wall.0.extend(more.wall.0);
        lists.cpu.0.extend(more.cpu.0);
        bench.key("w");
    }
    vec![
        row("key → frame: 100 chains at 100×, overview", "p50 ≤ 16, p99 ≤ 50, max ≤ 150 ms", overview.told()),
        row(
            "key → frame: its relay, lists of 720 blocks, 500 events, 1,000 validators",
            "p50 ≤ 16, p99 ≤ 50, max ≤ 150 ms",
            lists.told(),
        ),
    ]
}

/// Tab 2: a thousand validators with the sessions that the journal keeps, and ten thousand.
pub(crate) fn validators() -> Vec<Row> {
    let mut rows = tab_2(
        1_000,
        400,
        [
            "tab 2, 1,000 validators × 400 sessions: opens",
            "  move",
            "  sort",
            "  filter",
            "  a validator opened",
        ],
    );
    rows.extend(tab_2(
        10_000,
        40,
        [
            "tab 2, 10,000 validators × 40 sessions: opens",
            "  move",
            "  sort",
            "  filter",
            "  a validator opened",
        ],
    ));
    rows
}

fn tab_2(validators: u32, sessions: u32, names: [&'static str; 5]) -> Vec<Row> {
    let mut bench = Bench::new(Scale { chains: 6, validators, events: 2 }, 0);
    let known = bench.synth.validators(sessions);
    bench.state.network.roster = bench.synth.network.roster.clone();
    bench.fold(known);
    for _ in 0..720 {
        let round = bench.synth.round();
        bench.fold(round);
    }
    bench.tick();
    bench.frame();
    let mut opens = Times::default();
    for _ in 0..20 {
        bench.state.seats = Default::default();
        let began = Instant::now();
        bench.key("2");
        bench.frame();
        opens.push(began.elapsed());
        bench.key("1");
        bench.frame();
    }
    bench.key("2");
    let moves = bench.press("j j j PgDn PgUp G k g Space", 450);
    let sort = bench.press("s j j S j G g", 420);
    (0..17).for_each(|_| bench.key("s"));
    let filter = bench.press("/ n o d e Space 9 1 7 Enter j n Esc", 390);
    let one = bench.press("Enter j w j d Esc w Esc j", 360);
    let [a, b, c, d, e] = names;
    let budget = "p50 ≤ 16, p99 ≤ 50 ms";
    vec![
        row(a, "≤ 50 ms", opens.told()),
        row(b, budget, moves.told()),
        row(c, budget, sort.told()),
        row(d, budget, filter.told()),
        row(e, budget, one.told()),
    ]
}

/// Tab 3: ten thousand watched accounts, blocks that move twenty of them.
pub(crate) fn balances() -> Vec<Row> {
    let mut bench = Bench::new(Scale { chains: 6, validators: 100, events: 2 }, 0);
    let known = bench.synth.watch(10_000);
    bench.state.network.watch = bench.synth.network.watch.clone();
    for _ in 0..720 {
        let round = bench.synth.round();
        bench.fold(round);
    }
    bench.fold(known);
    bench.tick();
    bench.frame();
    let mut opens = Times::default();
    for _ in 0..20 {
        bench.state.purse = Default::default();
        let began = Instant::now();
        bench.key("3");
        bench.frame();
        opens.push(began.elapsed());
        bench.key("1");
        bench.frame();
    }
    bench.key("3");
    let moves = bench.press("j j j PgDn PgUp G k g Space", 450);
    let sort = bench.press("s j j S j G g", 420);
    (0..13).for_each(|_| bench.key("s"));
    let filter = bench.press("/ a c c o u n t Space 9 1 7 Enter j n Esc", 390);
    let one = bench.press("Enter j w j d Esc w Esc j", 360);
    let budget = "p50 ≤ 16, p99 ≤ 50 ms";
    vec![
        row("tab 3, 10,000 watched accounts: opens", "≤ 50 ms", opens.told()),
        row("  move", budget, moves.told()),
        row("  sort", budget, sort.told()),
        row("  filter", budget, filter.told()),
        row("  an account opened", budget, one.told()),
    ]
}

const HUNDRED: Scale = Scale { chains: 100, validators: 10_000, events: 2 };
/// The argument of a process that measures [`hundred_mb`] and prints it.
pub(crate) const MEASURE: &str = "--memory-of-a-hundred-chains";

/// What a hundred chains hold, in MB of this process: only true before it has held anything else.
pub(crate) fn hundred_mb() -> f64 {
    let rss = || status_mb("self", "VmRSS").unwrap_or(f64::NAN);
    let before = rss();
    let bench = Bench::new(HUNDRED, 720);
    let after = rss();
    assert!(bench.changed > 0, "nothing was drawn");
    after - before
}

/// The same in a process of its own. In this one other groups left free memory behind, that would be used again and not
/// be seen.
fn hundred_apart() -> String {
    let ran = std::process::Command::new(std::env::current_exe().unwrap()).arg(MEASURE).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).trim().parse::<f64>();
    told.map_or_else(|_| format!("not measured: {}", ran.status), |mb| format!("{mb:.0} MB"))
}

/// A hundred chains and ten thousand validators.
pub(crate) fn hundred() -> Vec<Row> {
    let memory = hundred_apart();
    let mut bench = Bench::new(HUNDRED, 720);
    let overview = bench.press(KEYS, 600);
    bench.state.ui.open(Place::chain(1, "relay".into()));
    bench.key("w");
    bench.key("w");
    let authors = bench.press(KEYS, 600);
    vec![
        row("100 chains, 10,000 validators: overview", "same frame budget", overview.told()),
        row("100 chains, list of 10,000 validators", "same frame budget", authors.told()),
        row("100 chains, 72,000 blocks: memory", "≤ 500 MB", memory),
    ]
}
