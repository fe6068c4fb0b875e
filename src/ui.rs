//! The only code that knows ratatui and crossterm.
//!
//! In: a [`crate::screen::Screen`] and a theme; from the terminal, events. Out: cells on the terminal, and keys as
//! plain data. Nothing here decides anything. Must not import anything but `screen`, `theme` and `keymap`.

mod colour;
mod glyph;
mod input;
mod paint;
mod render;
mod sheet;
mod terminal;
mod watch;

pub use colour::{Environment, ascii_only, depth};
pub use input::{Input, next};
pub use paint::{MIN_HEIGHT, MIN_WIDTH, paint};
pub use render::{render_ansi, render_text};
pub use sheet::Sheet;
pub use terminal::{Console, Drawn, install_panic_hook, restore, size};
pub use watch::{Ending, Watch};
