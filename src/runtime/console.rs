//! The full-screen console and the wall: keys, facts and time in, frames out.
//!
//! In: a feed, a keymap, a theme. Out: an exit status. One OS thread owns the state and does update, view and paint; keys,
//! the watch over the terminal and the journal have threads of their own, the chains their own runtime. Leaving waits for
//! none of them. Must not decide anything: the reducer does.

use super::compose::pinned;
use super::errands::Errands;
use super::feed::{Feed, Woken};
use super::register::Refresher;
use super::runbooks;
use super::scribe::Scribe;
use super::sessions::Keeper;
use super::sources::Plan;
use super::tape;
use crate::app::{self, Effect, Lost, Msg};
use crate::config::Dirs;
use crate::domain::{AlertId, Clean, Observation, UnixMs};
use crate::journal::{Journal, Role};
use crate::keymap::Keymap;
use crate::ports::Clock;
use crate::record::Recording;
use crate::state::{AppState, Mode};
use crate::telemetry::Logs;
use crate::theme::Theme;
use crate::ui::{self, Console, Drawn, Ending, Input, Sheet, Watch};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Keys and notices that may wait.
const INBOX: usize = 256;
/// Longest time for which facts are folded before a frame is due, milliseconds.
const FOLD_MS: u64 = 8;
/// Shortest time between two frames, milliseconds.
const FRAME_MS: u64 = 16;
/// Longest wait for the terminal to take the first frame before the chains are dialled, milliseconds.
const FIRST_FRAME_MS: u64 = 100;
/// The clock moves on the screen once a second.
const TICK_MS: u64 = 1_000;
/// The clock of a replay moves this often, milliseconds.
const REPLAY_TICK_MS: u64 = 100;

/// What a console is opened with.
pub struct Options {
    /// Keys.
    pub keymap: Keymap,
    /// Colours.
    pub theme: Theme,
    /// Who sits here.
    pub operator: String,
    /// A wall: how long a page stays, and which pages; none for a console.
    pub wall: Option<(u64, Vec<String>)>,
    /// True in the child of a guardian.
    pub guarded: bool,
    /// What is known about the log of this process.
    pub logs: Logs,
    /// What the operator should know about how it was started.
    pub notices: Vec<Clean>,
    /// Where the user's own runbooks lie.
    pub dirs: Dirs,
}

impl Options {
    /// Says what is wrong with the wall's pages, before anything is started.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self) -> Result<(), String> {
        match &self.wall {
            Some((rotate_ms, pages)) => crate::state::ui::Wall::new(*rotate_ms, pages).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// What comes in besides facts.
enum Inbox {
    Input(Input),
    Answer(Box<Msg>),
    End(Ending),
}

/// Opens the console on the chains of `plan`.
///
/// # Errors
/// No terminal, or the system gives no thread.
pub fn live(mut plan: Plan, base: &super::compose::Base, options: Options) -> io::Result<u8> {
    let mode = if options.wall.is_some() { Mode::Wall } else { Mode::Console };
    let role = if mode.is_wall() { Role::Headless } else { Role::Console };
    let now = base.clock.now();
    let mut opened = Journal::open(&base.state_dir, &plan.network.id, role, now);
    let mut state = begin(plan.network.clone(), &options, mode)?;
    state.zone_minutes = super::clock::zone_minutes(base.clock.now());
    let _ = app::update(&mut state, Msg::Tick(now));
    for seen in opened.journal.load() {
        let _ = app::update(&mut state, Msg::Restored(Box::new(seen)));
    }
    for ack in opened.journal.acks() {
        let acked = Msg::Acked { alert: AlertId::from_text(&ack.alert), by: Some(ack.by) };
        let _ = app::update(&mut state, acked);
    }
    let register = plan.register.notices.clone();
    register.iter().for_each(|notice| tracing::warn!(%notice, "register"));
    let opening = opened.notices.into_iter().chain(opened.journal.take_notices());
    let mut said: Vec<Clean> = opening.chain(register).collect();
    if !plan.notices.is_empty() {
        // The console's own opening mends a damaged journal and may have saved the pins.
        let (saved, still) = pinned(&mut opened.journal, &plan.network);
        said.extend(if saved.is_empty() { std::mem::take(&mut plan.notices) } else { still });
        plan.genesis.extend(saved);
    }
    said.into_iter().for_each(|notice| state.notice(notice));
    let pin = plan.network.public;
    let (tx, inbox) = mpsc::channel(INBOX);
    let (notices, heard) = mpsc::channel(INBOX);
    let mut driver = Driver::open(state, base.clock.clone(), &options, inbox)?;
    driver.frame()?;
    driver.console.finish(FIRST_FRAME_MS)?;
    let _refresher = Refresher::start(&plan, base, notices.clone())?;
    driver.heard = Some(heard);
    if !mode.is_wall() {
        driver.open_runbooks(&options.dirs);
        let catalogue = driver.state.runbooks.catalogue.clone();
        let answers = tx.clone();
        let tell = move |msg| drop(answers.blocking_send(Inbox::Answer(Box::new(msg))));
        driver.errands = Some(Errands::new(&plan, base, catalogue, Arc::new(tell)));
    }
    let feed = Feed::live(plan, &base.clock)?;
    // While the first connections are made.
    for seen in opened.journal.older_sessions() {
        let _ = app::update(&mut driver.state, Msg::Restored(Box::new(seen)));
    }
    driver.scribe = match role {
        Role::Console => Some(Scribe::start(opened.journal, base.clock.clone(), pin, notices)?),
        Role::Headless => None,
    };
    driver.run(feed, tx)
}

/// Opens the console on a recording.
///
/// # Errors
/// No terminal, or the system gives no thread.
pub fn replay(
    recording: Recording,
    base: &super::compose::Base,
    options: Options,
    speed: f64,
) -> io::Result<u8> {
    let mode = if options.wall.is_some() { Mode::WallReplay } else { Mode::Replay };
    let length_ms = recording.survey().length_ms;
    let mut state = begin(recording.network.clone(), &options, mode)?;
    let _ = app::update(&mut state, Msg::Tick(recording.header.started));
    options.notices.iter().for_each(|notice| state.notice(notice.clone()));
    let (tx, inbox) = mpsc::channel(INBOX);
    let mut driver = Driver::open(state, base.clock.clone(), &options, inbox)?;
    if !mode.is_wall() {
        driver.open_runbooks(&options.dirs);
    }
    let now = base.clock.now();
    let mut feed = Feed::replay(crate::record::Player::new(recording, now), length_ms)?;
    feed.set_speed(speed, now);
    driver.run(feed, tx)
}

fn begin(network: crate::domain::Network, options: &Options, mode: Mode) -> io::Result<AppState> {
    let mut state = AppState::new(network, options.keymap.clone(), options.operator.clone(), mode);
    state.runbooks.rehearses = cfg!(feature = "rehearse");
    let (width, height) = ui::size();
    let _ = app::update(&mut state, Msg::Resize { width, height });
    if let Some((rotate_ms, pages)) = &options.wall {
        state.ui.wall = crate::state::ui::Wall::new(*rotate_ms, pages)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    }
    Ok(state)
}

/// The loop's own things.
struct Driver {
    state: AppState,
    clock: Arc<dyn Clock>,
    console: Console,
    watch: Option<Watch>,
    inbox: Receiver<Inbox>,
    heard: Option<Receiver<Msg>>,
    scribe: Option<Scribe>,
    errands: Option<Errands>,
    keeper: Keeper,
    logs: Logs,
    ticked: UnixMs,
    drawn: UnixMs,
    dirty: bool,
    leaving: Option<u8>,
}

impl Driver {
    fn open(
        state: AppState,
        clock: Arc<dyn Clock>,
        options: &Options,
        inbox: Receiver<Inbox>,
    ) -> io::Result<Self> {
        let environment = ui::Environment::of_process();
        let sheet = Sheet::new(&options.theme, ui::depth(&environment), ui::ascii_only(&environment));
        ui::install_panic_hook();
        let watch = Some(Watch::arm(options.guarded)?);
        let console = Console::open(sheet)?;
        let now = clock.now();
        Ok(Self {
            keeper: Keeper::new(&state.network),
            state,
            clock,
            console,
            watch,
            inbox,
            heard: None,
            scribe: None,
            errands: None,
            logs: options.logs.clone(),
            ticked: now,
            drawn: UnixMs::default(),
            dirty: true,
            leaving: None,
        })
    }

    fn run(mut self, mut feed: Feed, tx: Sender<Inbox>) -> io::Result<u8> {
        let done = Arc::new(AtomicBool::new(false));
        listen(tx, &done, self.watch.take())?;
        let result = self.turn(&mut feed);
        self.keep_rest();
        done.store(true, Ordering::SeqCst);
        drop(self.console);
        drop(feed);
        result
    }

    fn turn(&mut self, feed: &mut Feed) -> io::Result<u8> {
        loop {
            let patience = self.patience(feed);
            match feed.wait(&mut self.inbox, patience) {
                Woken::Inbox(item) => self.take(item, feed)?,
                Woken::Fact(seen) => self.fold(*seen),
                Woken::Nothing => {}
            }
            self.drain(feed)?;
            if let Some(code) = self.leaving {
                return Ok(code);
            }
            self.hear();
            self.tick(feed)?;
            let effects = app::settle(&mut self.state);
            self.carry_out(effects, feed)?;
            self.frame()?;
        }
    }

    /// Milliseconds until something is due.
    fn patience(&self, feed: &Feed) -> u64 {
        let now = self.clock.now();
        let tick = self.tick_ms(feed).saturating_sub(now.since(self.ticked));
        let frame = match self.console.retry_ms() {
            Some(retry) => retry,
            None if self.dirty => FRAME_MS.saturating_sub(now.since(self.drawn)),
            None => tick,
        };
        tick.min(frame)
    }

    fn tick_ms(&self, feed: &Feed) -> u64 {
        if matches!(feed, Feed::Replay { .. }) { REPLAY_TICK_MS } else { TICK_MS }
    }

    /// Takes what is there already, for a bounded time.
    fn drain(&mut self, feed: &mut Feed) -> io::Result<()> {
        let began = self.clock.now();
        while self.clock.now().since(began) < FOLD_MS && self.leaving.is_none() {
            if let Ok(item) = self.inbox.try_recv() {
                self.take(item, feed)?;
            } else if let Some(seen) = feed.try_fact() {
                self.fold(seen);
            } else {
                break;
            }
        }
        Ok(())
    }

    fn hear(&mut self) {
        while let Some(msg) = self.heard.as_mut().and_then(|h| h.try_recv().ok()) {
            let _ = app::update(&mut self.state, msg);
            self.dirty = true;
        }
    }

    fn fold(&mut self, seen: Observation) {
        let (at, counted) = (seen.at, self.keeper.wants(&seen));
        let gap = self.state.store.gap_before(&seen);
        for seen in gap.into_iter().chain([seen]) {
            if let Some(scribe) = &self.scribe {
                scribe.keep(&seen);
            }
            let _ = app::update(&mut self.state, Msg::Fact(Box::new(seen)));
        }
        if let Some(scribe) = self.scribe.as_ref().filter(|_| counted) {
            self.keeper.due(&self.state.store, at).iter().for_each(|record| scribe.keep(record));
        }
        self.dirty = true;
    }

    /// What was counted and not written yet.
    fn keep_rest(&mut self) {
        if let Some(scribe) = &self.scribe {
            self.keeper
                .rest(&self.state.store, self.clock.now())
                .iter()
                .for_each(|record| scribe.keep(record));
        }
    }

    fn take(&mut self, item: Inbox, feed: &mut Feed) -> io::Result<()> {
        let msg = match item {
            Inbox::End(ending) => {
                self.leaving = Some(ending.status());
                return Ok(());
            }
            Inbox::Answer(msg) => *msg,
            Inbox::Input(Input::Key(key)) => Msg::Key(key),
            Inbox::Input(Input::Paste(text)) => Msg::Paste(text),
            Inbox::Input(Input::Resize(width, height)) => {
                self.console.invalidate();
                Msg::Resize { width, height }
            }
            Inbox::Input(Input::Focus(_)) => {
                self.console.invalidate();
                self.dirty = true;
                return Ok(());
            }
            Inbox::Input(Input::Gone) => {
                self.leaving = Some(Ending::Terminal.status());
                return Ok(());
            }
        };
        self.dirty = true;
        let effects = app::update(&mut self.state, msg);
        self.carry_out(effects, feed)
    }

    fn tick(&mut self, feed: &mut Feed) -> io::Result<()> {
        let now = self.clock.now();
        if now.since(self.ticked) < self.tick_ms(feed) {
            return Ok(());
        }
        self.ticked = now;
        self.dirty = true;
        self.count_losses();
        let mut effects = Vec::new();
        let mut moment = now;
        while let Some(played) = feed.play(now) {
            if let Some(store) = played.restart {
                self.state.begin_again(*store);
            }
            // While facts are owed the replay's time is that of the last one played: it never runs ahead and back.
            let last = played.facts.last().map(|seen| seen.at).filter(|_| played.more);
            moment = last.unwrap_or(played.now);
            for seen in played.facts {
                effects.extend(tape::catch_up(&mut self.state, seen.at));
                effects.extend(app::update(&mut self.state, Msg::Fact(Box::new(seen))));
            }
            if !played.more || self.clock.now().since(now) > FRAME_MS * 4 {
                break;
            }
        }
        if let Some(replay) = feed.replay_state() {
            effects.extend(app::update(&mut self.state, Msg::Replay(replay)));
            effects.extend(tape::catch_up(&mut self.state, moment));
        }
        effects.extend(app::update(&mut self.state, Msg::Tick(moment)));
        self.carry_out(effects, feed)
    }

    fn count_losses(&mut self) {
        let (facts, acks) = self.scribe.as_ref().map_or((0, 0), Scribe::lost);
        let lost = Lost { facts, acks, log_lines: self.logs.lost() };
        if lost != self.state.lost {
            let _ = app::update(&mut self.state, Msg::Lost(lost));
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, feed: &mut Feed) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Quit => self.leaving = Some(0),
                Effect::Redraw => self.console.invalidate(),
                Effect::Copy(text) => self.console.copy(&text)?,
                Effect::Refresh => feed.refresh(&self.clock)?,
                Effect::SaveAck { alert, by, at } => {
                    let instead = if by.is_some() {
                        "it counts for this run only"
                    } else {
                        "the next start has it again"
                    };
                    let text =
                        format!("{alert}: the journal does not keep up with the acknowledgement: {instead}");
                    if self.scribe.as_ref().is_some_and(|scribe| !scribe.ack(alert, by, at)) {
                        self.state.notice(Clean::of(&text));
                    }
                }
                Effect::Alert(change) => {
                    tracing::info!(alert = %change.alert.id, kind = ?change.kind, summary = %change.alert.summary, "alert");
                }
                Effect::Judge | Effect::Plan(_) | Effect::Rehearse(_) | Effect::Look { .. } => {
                    self.ask(effect);
                }
                Effect::Seek(to) => feed.seek(to, self.clock.now()),
                Effect::Speed(times) => feed.set_speed(times, self.clock.now()),
            }
        }
        Ok(())
    }

    /// Reads the runbooks: after the first frame, because sixty files take longer than it does. Where one of the user's own is
    /// wrong, those of the program are there, and why.
    fn open_runbooks(&mut self, dirs: &Dirs) {
        let (catalogue, wrong) = runbooks::at_hand(dirs);
        self.state.runbooks.catalogue = Arc::new(catalogue);
        wrong.into_iter().for_each(|why| self.state.notice(why));
    }

    /// Sends an errand. Without chains, in a replay and on a wall, there is none to send.
    fn ask(&self, effect: Effect) {
        let Some(errands) = &self.errands else { return };
        match effect {
            Effect::Judge => errands.judge(),
            Effect::Plan(job) => errands.plan(*job),
            Effect::Rehearse(job) => errands.rehearse(*job),
            Effect::Look { para, ticket } => errands.look(para, ticket),
            _ => {}
        }
    }

    /// Draws, if the terminal has taken the last frame, that frame is old enough, and something changed. A terminal that
    /// takes nothing costs nothing: no screen is built for it.
    fn frame(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        if !self.console.is_free()? || !self.dirty || now.since(self.drawn) < FRAME_MS {
            return Ok(());
        }
        self.drawn = now;
        self.dirty = matches!(self.console.draw(&app::view(&self.state))?, Drawn::Busy);
        Ok(())
    }
}

/// Starts the threads that read keys and watch over the terminal.
fn listen(tx: Sender<Inbox>, done: &Arc<AtomicBool>, watch: Option<Watch>) -> io::Result<()> {
    let (keys, ended) = (tx.clone(), done.clone());
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        while !ended.load(Ordering::SeqCst) {
            let Some(input) = ui::next(Duration::from_millis(200)) else { continue };
            let gone = input == Input::Gone;
            if keys.blocking_send(Inbox::Input(input)).is_err() || gone {
                return;
            }
        }
    })?;
    let Some(watch) = watch else { return Ok(()) };
    let ended = done.clone();
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
        watch.run(&ended, |ending| {
            let _ = tx.try_send(Inbox::End(ending));
        });
    })?;
    Ok(())
}
