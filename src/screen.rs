//! The screen as data: what to show, never how.
//!
//! In: plain values that tabs put together. Out: a [`Screen`] that `ui` paints, that tests compare as text, and that
//! the wall composes differently. A role names the meaning of a text; the theme gives it a colour, a modifier and,
//! without colour, still a symbol or word. Must not import ratatui, crossterm, or anything of this crate but `domain`.

pub mod format;

use serde::{Deserialize, Serialize};

/// What a piece of text means. Every role has a style in every theme (`tests/architecture.rs` checks it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Healthy or secondary: does not ask for attention.
    Dim,
    /// Titles of panels.
    Title,
    /// Column headers.
    Header,
    /// The one accent: what needs attention now.
    Accent,
    /// Healthy, where it must be said.
    Good,
    /// Severity info.
    Info,
    /// Severity minor.
    Minor,
    /// Severity major.
    Major,
    /// Severity critical.
    Critical,
    /// Not known.
    Unknown,
    /// Known once, too old now.
    Stale,
    /// The selected row.
    Selected,
    /// A marked row.
    Marked,
    /// A match of the filter.
    Match,
    /// Frame of a panel.
    Border,
    /// Frame of the panel that has the focus.
    BorderFocused,
    /// A key in the footer and in help.
    Key,
    /// The active tab.
    TabActive,
    /// Another tab.
    TabInactive,
    /// Numbers and glyphs of charts and sparklines.
    Chart,
    /// The REPLAY mark.
    Replay,
    /// The armed mode's mark.
    Armed,
    /// A link.
    Link,
    /// Text under the cursor of an input field.
    Cursor,
}

impl Role {
    /// Every role, for the check that each theme colours each.
    pub const ALL: [Self; 25] = [
        Self::Text,
        Self::Dim,
        Self::Title,
        Self::Header,
        Self::Accent,
        Self::Good,
        Self::Info,
        Self::Minor,
        Self::Major,
        Self::Critical,
        Self::Unknown,
        Self::Stale,
        Self::Selected,
        Self::Marked,
        Self::Match,
        Self::Border,
        Self::BorderFocused,
        Self::Key,
        Self::TabActive,
        Self::TabInactive,
        Self::Chart,
        Self::Replay,
        Self::Armed,
        Self::Link,
        Self::Cursor,
    ];
}

/// A piece of text with one meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The text; already clean.
    pub text: String,
    /// What it means.
    pub role: Role,
}

/// A line of text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its pieces, left to right.
    pub spans: Vec<Span>,
}

impl Line {
    /// A line of one piece.
    #[must_use]
    pub fn of(role: Role, text: impl Into<String>) -> Self {
        Self { spans: vec![Span { text: text.into(), role }] }
    }

    /// This line with another piece behind it.
    #[must_use]
    pub fn and(mut self, role: Role, text: impl Into<String>) -> Self {
        self.spans.push(Span { text: text.into(), role });
        self
    }

    /// The text without its meaning.
    #[must_use]
    pub fn plain(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::of(Role::Text, text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::of(Role::Text, text)
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screen {
    /// First line: program, network, mode at the left; the sentence in the middle; the time at the right.
    pub header: Header,
    /// The tab bar; empty on the wall.
    pub tabs: Vec<TabLabel>,
    /// The panels.
    pub body: Node,
    /// Last line: the five keys that matter, and what the values rest on.
    pub footer: Footer,
    /// What lies over the body: help, palette, describe, a question.
    pub overlay: Option<Overlay>,
}

/// The first line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Program, network, mode.
    pub left: Line,
    /// Is the testnet stable, and if not since when and why. The last part to be cut.
    pub sentence: Line,
    /// Time in UTC.
    pub right: Line,
}

/// The last line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// Keys with what they do here; or a message; or the input line of filter and palette.
    pub left: Line,
    /// Source, latency.
    pub right: Line,
}

/// A tab in the tab bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabLabel {
    /// The key that opens it.
    pub number: u8,
    /// `health`.
    pub name: String,
    /// Things in it that ask for attention.
    pub badge: Option<u32>,
    /// True for the tab that is open.
    pub active: bool,
}

/// A rectangle: a panel, or several stacked or side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Node {
    /// One below the other.
    Rows(Vec<(Size, Node)>),
    /// Side by side.
    Columns(Vec<(Size, Node)>),
    /// A panel.
    Panel(Box<Panel>),
}

impl Node {
    /// A node of one panel.
    #[must_use]
    pub fn panel(panel: Panel) -> Self {
        Self::Panel(Box::new(panel))
    }
}

/// How much room a node gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// Exactly so many cells.
    Cells(u16),
    /// A share of what is left, by weight.
    Share(u16),
    /// As many lines as the content needs, at most so many.
    Content(u16),
}

/// A titled part of the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Stable name, unique on the screen: `chains`, `alerts`, `blocks`. Selection and focus are kept by it.
    pub id: String,
    /// Title in the frame; without one the panel has no frame.
    pub title: Option<Line>,
    /// True where the keys go.
    pub focused: bool,
    /// True where the content is too old to rely on; it is drawn dim.
    pub stale: bool,
    /// What is in it.
    pub body: Body,
}

/// The content of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// Rows and columns.
    Table(Table),
    /// Names at the left, values at the right.
    KeyValues(Vec<(Line, Line)>),
    /// Lines; wrapped at the panel's width.
    Text(Vec<Line>),
    /// A bar from 0 to 1 with a label.
    Gauge {
        /// How full, 0 to 1.
        ratio: f64,
        /// Text on it.
        label: Line,
    },
    /// Values over time as columns.
    Chart {
        /// Oldest first; none where unknown: drawn as a gap.
        values: Vec<Option<u64>>,
        /// The line that matters, in the unit of the values.
        limit: Option<u64>,
        /// `s`, `blocks`.
        unit: String,
    },
    /// Large letters for the wall, with a line below.
    Big {
        /// Short: a few words.
        text: String,
        /// What it means.
        role: Role,
        /// Below it.
        below: Line,
    },
    /// Nothing to show, and why, and what to do: an intended state.
    Empty {
        /// Why there is nothing.
        sentence: Line,
        /// The next step.
        next: Line,
    },
}

/// A table. It carries only a window of its rows, so that its cost is that of the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Columns, left to right.
    pub columns: Vec<Column>,
    /// The rows of the window.
    pub rows: Vec<Row>,
    /// Index of the window's first row among all rows.
    pub first: usize,
    /// Number of all rows.
    pub total: usize,
    /// Index of the selected row among all rows.
    pub selected: Option<usize>,
}

impl Table {
    /// Blank cells between columns.
    pub const GAP: u16 = 2;

    /// Indices of the columns that fit into `room` cells, in their order: while the least widths do not fit, the column
    /// with the highest drop order goes. Whoever paints and whoever says elsewhere what did not fit agree by this.
    #[must_use]
    pub fn fitting(columns: &[Column], room: u16) -> Vec<usize> {
        let mut kept: Vec<(usize, &Column)> = columns.iter().enumerate().collect();
        let need = |kept: &[(usize, &Column)]| -> u32 {
            kept.iter().map(|(_, c)| u32::from(c.min.max(1)) + u32::from(Self::GAP)).sum()
        };
        while need(&kept) > u32::from(room) + u32::from(Self::GAP) {
            let worst = kept.iter().filter(|(_, c)| c.drop_order > 0).max_by_key(|(_, c)| c.drop_order);
            let Some(worst) = worst.map(|(i, _)| *i) else { break };
            kept.retain(|(i, _)| *i != worst);
        }
        kept.into_iter().map(|(i, _)| i).collect()
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Title with unit: `LAG`, `LAST`.
    pub title: String,
    /// Narrowest useful width in cells.
    pub min: u16,
    /// Widest useful width in cells.
    pub max: u16,
    /// True for numbers.
    pub right: bool,
    /// Columns with the highest number are dropped first when the screen is narrow; 0 is never dropped.
    pub drop_order: u8,
    /// Set where the table is sorted by this column: true for descending.
    pub sorted: Option<bool>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What selection holds on to when the rows move.
    pub key: String,
    /// One line per column.
    pub cells: Vec<Line>,
    /// True where it is marked.
    pub marked: bool,
}

/// What lies over the body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// Title in its frame.
    pub title: Line,
    /// Width in cells, at most the screen's.
    pub width: u16,
    /// Height in cells, at most the screen's.
    pub height: u16,
    /// An input line above the content: the text and the cursor's position in it, in characters.
    pub input: Option<(String, usize)>,
    /// What is in it.
    pub body: Body,
    /// First line shown, for bodies of text and key-values.
    pub scroll: usize,
}
