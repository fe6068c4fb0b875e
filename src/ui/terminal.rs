//! The terminal: taken over, drawn on, given back.
//!
//! In: screens. Out: bytes, as few as the difference needs, never waiting for a slow terminal: a frame that the
//! terminal has not taken yet is finished first ([`Console::is_free`]) and the ones in between are left out. [`restore`] gives the terminal
//! back from anywhere, also from a panic. Must not import anything but `screen` and its siblings.

mod encode;
mod tty;

use super::{Sheet, glyph, paint};
use crate::screen::Screen;
use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::thread::ThreadId;

pub(crate) use encode::{Pen, encode};
use tty::enter;
pub(crate) use tty::{leave, resume, tty_fd};
pub use tty::{restore, size};

/// Begins and ends a frame for terminals that know synchronized updates; others ignore it.
const SYNC: (&[u8], &[u8]) = (b"\x1b[?2026h", b"\x1b[?2026l");
/// Blanks the screen.
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";
/// Longest text put on the clipboard, in bytes.
const MAX_COPY: usize = 64 * 1024;
/// Shortest and longest wait before a terminal that took nothing is tried again, milliseconds.
const PATIENCE_MS: (u64, u64) = (2, 128);

/// The thread that draws; a panic there ends the console, elsewhere it goes to the log.
static DRAWS: OnceLock<ThreadId> = OnceLock::new();

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// Nothing had changed.
    Unchanged,
    /// Taken; this many bytes of it are written, the rest follows with [`Console::is_free`].
    Written(u64),
    /// An earlier frame is not written yet and this one was not taken: the newest screen later is enough.
    Busy,
    /// The terminal is given back for now.
    Suspended,
}

/// The terminal while the console is up. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Console {
    sheet: Sheet,
    shown: Buffer,
    next: Buffer,
    /// True where what the terminal shows is not known.
    anew: bool,
    /// What the terminal writes with after the last frame.
    pen: Pen,
    pending: Vec<u8>,
    sent: usize,
    written: u64,
    /// For the clipboard, behind `pending`; a newer one replaces it.
    clip: Vec<u8>,
    /// Tries in a row in which the terminal took nothing.
    refused: u32,
}

impl Console {
    /// Takes the terminal over: alternate screen, raw mode, bracketed paste, focus reports, no cursor, no mouse.
    ///
    /// # Errors
    /// Neither standard input nor standard output is a terminal, or its settings cannot be changed.
    pub fn open(sheet: Sheet) -> io::Result<Self> {
        let _ = DRAWS.set(std::thread::current().id());
        enter()?;
        tty::own();
        let empty = Buffer::empty(Rect::default());
        Ok(Self {
            sheet,
            shown: empty.clone(),
            next: empty,
            anew: true,
            pen: Pen::RAW,
            pending: Vec::new(),
            sent: 0,
            written: 0,
            clip: Vec::new(),
            refused: 0,
        })
    }

    /// Draws `screen` at the terminal's present size.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, screen: &Screen) -> io::Result<Drawn> {
        if !tty::ACTIVE.load(Ordering::SeqCst) {
            return Ok(Drawn::Suspended);
        }
        self.anew |= tty::RESUMED.swap(false, Ordering::SeqCst);
        if !self.flush()? {
            return Ok(Drawn::Busy);
        }
        let (width, height) = size();
        let area = Rect::new(0, 0, width, height);
        if self.next.area != area {
            self.next = Buffer::empty(area);
            self.anew = true;
        }
        if self.anew {
            self.shown = Buffer::empty(area);
            self.pen = Pen::RAW;
        }
        paint(screen, &self.sheet, &mut self.next);
        let mut frame = Vec::new();
        encode(&self.shown, &self.next, &mut self.pen, &mut frame);
        if frame.is_empty() && !self.anew {
            return Ok(Drawn::Unchanged);
        }
        let clear = if self.anew { CLEAR } else { &[] };
        self.anew = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        for part in [SYNC.0, clear, &frame, SYNC.1] {
            self.pending.extend_from_slice(part);
        }
        let before = self.written;
        self.flush()?;
        Ok(Drawn::Written(self.written - before))
    }

    /// Writes on what the terminal has not taken yet; true when it is ready for the next frame.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn is_free(&mut self) -> io::Result<bool> {
        Ok(!tty::ACTIVE.load(Ordering::SeqCst) || self.flush()?)
    }

    /// Waits at most `limit_ms` until the terminal has taken all that was drawn.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn finish(&mut self, limit_ms: u64) -> io::Result<()> {
        let mut waited = 0;
        while !self.is_free()? && waited < limit_ms {
            tty::wait_for_room(PATIENCE_MS.0);
            waited += PATIENCE_MS.0;
        }
        Ok(())
    }

    /// After how many milliseconds [`Console::is_free`] is worth a try; none where nothing waits. Doubles while the terminal
    /// takes nothing.
    #[must_use]
    pub fn retry_ms(&self) -> Option<u64> {
        let (first, longest) = PATIENCE_MS;
        let waits = !self.pending.is_empty() && tty::ACTIVE.load(Ordering::SeqCst);
        waits.then(|| (first << self.refused.min(8)).min(longest))
    }

    /// Writes what the terminal takes without waiting; true when nothing is left.
    fn flush(&mut self) -> io::Result<bool> {
        loop {
            while let Some(rest) = self.pending.get(self.sent..).filter(|r| !r.is_empty()) {
                match tty::write_some(rest)? {
                    0 => {
                        self.refused = self.refused.saturating_add(1);
                        return Ok(false);
                    }
                    n => {
                        self.sent += n;
                        self.refused = 0;
                        self.written += u64::try_from(n).unwrap_or(u64::MAX);
                    }
                }
            }
            self.sent = 0;
            self.pending.clear();
            if self.clip.is_empty() {
                return Ok(true);
            }
            std::mem::swap(&mut self.pending, &mut self.clip);
        }
    }

    /// The next frame is drawn whole: after Ctrl-l, on focus, after a resize.
    pub fn invalidate(&mut self) {
        self.anew = true;
    }

    /// Bytes written to the terminal so far.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.written
    }

    /// Other styles from now on.
    pub fn set_sheet(&mut self, sheet: Sheet) {
        self.sheet = sheet;
        self.anew = true;
    }

    /// Asks the terminal to put `text` on the operator's clipboard (OSC 52), without control characters.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let text = glyph::safe(text, false);
        let end = (0..=MAX_COPY.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        let mut sequence = String::new();
        let command = CopyToClipboard::to_clipboard_from(text.get(..end).unwrap_or(""));
        command.write_ansi(&mut sequence).map_err(io::Error::other)?;
        self.clip = sequence.into_bytes();
        self.flush().map(|_| ())
    }

    /// Gives the terminal back while `work` uses it, then takes it over again. Nobody may read keys meanwhile.
    ///
    /// # Errors
    /// The terminal cannot be taken over again.
    pub fn suspended<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        leave();
        let done = work();
        enter()?;
        self.anew = true;
        Ok(done)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        restore();
    }
}

/// Before a panic is told, the terminal is given back; a panic of another thread goes to the log and leaves the
/// screen alone.
pub fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let drawing = DRAWS.get().is_some_and(|id| *id == std::thread::current().id());
        if tty::ACTIVE.load(Ordering::SeqCst) && !drawing {
            tracing::error!(%panic, "a background task has failed");
            return;
        }
        restore();
        before(panic);
    }));
}
