//! What the user has open, selected, filtered and typed.
//!
//! In: commands, through `app::update`. Out: what tabs and `app::view` draw. Serialisable as a whole, bounded
//! everywhere, and without any fact about the chains. Must not import tabs or app.

use super::input::Input;
use super::table::TableState;
use crate::domain::{AccountId, AlertId, ChainId, EndpointId, Hash, ParaId, UnixMs};
use crate::keymap::Key;
use crate::screen::Role;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Views remembered for going back.
pub const MAX_HISTORY: usize = 64;

/// A view: a tab, and what is open in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Number of the tab.
    pub tab: u8,
    /// The opened chain.
    pub chain: Option<ChainId>,
    /// The opened validator.
    #[serde(default)]
    pub validator: Option<AccountId>,
    /// The opened para.
    #[serde(default)]
    pub para: Option<ParaId>,
    /// The runbook that is filled in.
    #[serde(default)]
    pub runbook: Option<String>,
    /// The opened account, on the opened chain.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The opened referendum.
    #[serde(default)]
    pub referendum: Option<ReferendumId>,
}

/// A referendum of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferendumId {
    /// The chain.
    pub chain: ChainId,
    /// The pallet.
    pub pallet: String,
    /// Its number.
    pub index: u32,
}

impl Place {
    /// The first view of a tab.
    #[must_use]
    pub fn root(tab: u8) -> Self {
        Self { tab, chain: None, validator: None, para: None, runbook: None, account: None, referendum: None }
    }

    /// A chain, opened in a tab.
    #[must_use]
    pub fn chain(tab: u8, chain: ChainId) -> Self {
        Self { chain: Some(chain), ..Self::root(tab) }
    }

    /// A validator, opened in a tab.
    #[must_use]
    pub fn validator(tab: u8, stash: AccountId) -> Self {
        Self { validator: Some(stash), ..Self::root(tab) }
    }

    /// A para, opened in a tab.
    #[must_use]
    pub fn para(tab: u8, para: ParaId) -> Self {
        Self { para: Some(para), ..Self::root(tab) }
    }

    /// A runbook's form, opened in a tab.
    #[must_use]
    pub fn runbook(tab: u8, name: &str) -> Self {
        Self { runbook: Some(name.to_owned()), ..Self::root(tab) }
    }

    /// An account on a chain, opened in a tab.
    #[must_use]
    pub fn account(tab: u8, chain: ChainId, account: AccountId) -> Self {
        Self { account: Some(account), ..Self::chain(tab, chain) }
    }

    /// A referendum, opened in a tab.
    #[must_use]
    pub fn referendum(tab: u8, referendum: ReferendumId) -> Self {
        Self { referendum: Some(referendum), ..Self::root(tab) }
    }

    /// True for a tab's first view.
    #[must_use]
    pub fn is_root(&self) -> bool {
        *self == Self::root(self.tab)
    }
}

/// What a row, or the open view, is about: describe, copy, timeline and acknowledge work on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A chain.
    Chain(ChainId),
    /// A block of a chain.
    Block(ChainId, Hash),
    /// An account as an author of a chain's blocks.
    Author(ChainId, AccountId),
    /// An endpoint of a chain.
    Endpoint(ChainId, EndpointId),
    /// A para as the relay chain sees it.
    Para(ParaId),
    /// A channel between two paras: who sends, who receives.
    Channel(ParaId, ParaId),
    /// A fact about a para in the relay's state, by the name of its place.
    Place(ParaId, String),
    /// A referendum.
    Referendum(ReferendumId),
    /// A use of the sudo key: the block, and the extrinsic in it.
    Sudo(ChainId, Hash, Option<u32>),
    /// A change of a parameter, by its id in the ledger.
    Change(ChainId, String),
    /// A dispute about the candidate with this hash.
    Dispute(Hash),
    /// Event number `.2` among the kept events of a block.
    Event(ChainId, Hash, usize),
    /// An alert.
    Alert(AlertId),
    /// A validator of the relay chain, by its stash.
    Validator(AccountId),
    /// A provider of the register; none: validators that are in no register.
    Provider(Option<String>),
    /// What a validator did in a session.
    Session(AccountId, u32),
    /// Candidate number `.2` among those that were backed in a relay block without this validator.
    Candidate(AccountId, Hash, usize),
    /// A line of the open form: the pane, and the key of its row.
    FormLine(String, String),
    /// The balance of an account on a chain.
    Account(ChainId, AccountId),
    /// The movement that event number `.2` of a block tells of.
    Movement(ChainId, Hash, u32),
}

/// What lies over the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// What it is.
    pub kind: OverlayKind,
    /// First line shown.
    pub scroll: usize,
    /// What is searched in it.
    pub find: Option<Find>,
}

impl Overlay {
    /// An overlay at its beginning. Help opens with its search.
    #[must_use]
    pub fn new(kind: OverlayKind) -> Self {
        let find = (kind == OverlayKind::Help).then(Find::new);
        Self { kind, scroll: 0, find }
    }
}

/// A search in an overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find {
    /// The text.
    pub input: Input,
    /// True while keys are text.
    pub typing: bool,
    /// Which match is the current one, from 0.
    pub at: usize,
}

impl Find {
    /// A search that is about to be typed.
    #[must_use]
    pub fn new() -> Self {
        Self { input: Input::default(), typing: true, at: 0 }
    }
}

impl Default for Find {
    fn default() -> Self {
        Self::new()
    }
}

/// Kinds of overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverlayKind {
    /// The keys that are valid here; a search hides the others.
    Help,
    /// Every command with its key; the selected line.
    Palette(Input, usize),
    /// Decoded state of something.
    Describe(Subject),
    /// What happened to something.
    Timeline(Subject),
    /// State of the connections.
    RequestLog,
    /// The runbooks that fit what is selected; the search and the chosen line.
    Runbooks(Option<Subject>, Input, usize),
    /// Call data, as hex, for a phone's camera.
    Qr(String),
    /// A link in full, to be selected by hand where the clipboard does not work.
    Link(String),
    /// Leave?
    AskLeave,
}

/// A filter being typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterField {
    /// The list it filters.
    pub list: String,
    /// The text.
    pub input: Input,
    /// The filter before, for Escape.
    pub before: String,
}

/// A sentence in the footer that answers the last key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The sentence.
    pub text: String,
    /// Its weight.
    pub role: Role,
    /// When it was said; it goes after a few seconds.
    pub at: UnixMs,
}

/// The wall's pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wall {
    /// Names of the pages, in their order.
    pub pages: Vec<String>,
    /// The page that is shown.
    pub page: usize,
    /// When it was turned.
    pub turned_at: UnixMs,
    /// Milliseconds a page stays.
    pub rotate_ms: u64,
    /// True while an alarm holds the page.
    pub held: bool,
}

/// The wall's pages where the flags name none.
pub const WALL_PAGES: [&str; 5] = ["overview", "chains", "alerts", "validators", "paras"];

impl Default for Wall {
    fn default() -> Self {
        let pages = WALL_PAGES.iter().map(|p| (*p).to_owned()).collect();
        Self { pages, page: 0, turned_at: UnixMs::default(), rotate_ms: 20_000, held: false }
    }
}

impl Wall {
    /// A wall that shows these pages, each for `rotate_ms`; no names means all pages.
    ///
    /// # Errors
    /// A sentence for a page that does not exist.
    pub fn new(rotate_ms: u64, pages: &[String]) -> Result<Self, String> {
        if let Some(wrong) = pages.iter().find(|p| !WALL_PAGES.contains(&p.as_str())) {
            return Err(format!("the wall has no page '{wrong}': expected one of {}", WALL_PAGES.join(", ")));
        }
        let default = Self::default();
        let pages = if pages.is_empty() { default.pages } else { pages.to_vec() };
        Ok(Self { pages, rotate_ms, ..Self::default() })
    }
}

/// Everything the user did to the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ui {
    /// Columns of the terminal.
    pub width: u16,
    /// Lines of the terminal.
    pub height: u16,
    /// The open view.
    pub place: Place,
    /// Views before it, newest last.
    pub back: VecDeque<Place>,
    /// Views after it, nearest last.
    pub forward: Vec<Place>,
    /// The view before the last change of view.
    pub last: Option<Place>,
    /// The focused pane, by kind of view.
    pub focus: BTreeMap<String, String>,
    /// True while the focused pane has the whole body.
    pub zoom: bool,
    /// How much larger the focused pane is than usual, in steps.
    pub grow: i8,
    /// Lists, by their name.
    pub tables: BTreeMap<String, TableState>,
    /// Keys of a chord that has begun.
    pub pending: Vec<Key>,
    /// A filter being typed.
    pub filter: Option<FilterField>,
    /// What lies over the body.
    pub overlay: Option<Overlay>,
    /// The answer to the last key.
    pub said: Option<Said>,
    /// Filters used before.
    pub filter_history: VecDeque<String>,
    /// Palette entries used before.
    pub palette_history: VecDeque<String>,
    /// Speed to go on with after a pause.
    pub replay_speed: f64,
    /// The wall's pages.
    pub wall: Wall,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            width: 80,
            height: 24,
            place: Place::root(1),
            back: VecDeque::new(),
            forward: Vec::new(),
            last: None,
            focus: BTreeMap::new(),
            zoom: false,
            grow: 0,
            tables: BTreeMap::new(),
            pending: Vec::new(),
            filter: None,
            overlay: None,
            said: None,
            filter_history: VecDeque::new(),
            palette_history: VecDeque::new(),
            replay_speed: 1.0,
            wall: Wall::default(),
        }
    }
}

impl Ui {
    /// Opens a view and remembers the one before.
    pub fn open(&mut self, place: Place) {
        if place == self.place {
            return;
        }
        let before = std::mem::replace(&mut self.place, place);
        self.back.push_back(before.clone());
        while self.back.len() > MAX_HISTORY {
            self.back.pop_front();
        }
        self.forward.clear();
        self.enter(before);
    }

    /// Goes to the view before; false where there is none.
    pub fn go_back(&mut self) -> bool {
        let Some(place) = self.back.pop_back() else { return false };
        let before = std::mem::replace(&mut self.place, place);
        self.forward.push(before.clone());
        self.enter(before);
        true
    }

    /// Goes to the view after; false where there is none.
    pub fn go_forward(&mut self) -> bool {
        let Some(place) = self.forward.pop() else { return false };
        let before = std::mem::replace(&mut self.place, place);
        self.back.push_back(before.clone());
        self.enter(before);
        true
    }

    /// Switches to the view that was open last; false where there is none.
    pub fn go_last(&mut self) -> bool {
        let Some(place) = self.last.clone() else { return false };
        self.open(place);
        true
    }

    fn enter(&mut self, before: Place) {
        self.last = Some(before);
        self.zoom = false;
        self.grow = 0;
        self.filter = None;
    }

    /// Name of the kind of view that is open; focus is remembered by it.
    #[must_use]
    pub fn view_kind(&self) -> String {
        let depth = match &self.place {
            Place { chain: Some(_), .. } => "chain",
            Place { validator: Some(_), .. } => "validator",
            Place { para: Some(_), .. } => "para",
            Place { runbook: Some(_), .. } => "runbook",
            Place { referendum: Some(_), .. } => "referendum",
            _ => "root",
        };
        format!("{}/{depth}", self.place.tab)
    }

    /// The list of this name; an untouched one where nothing was done to it yet.
    #[must_use]
    pub fn table(&self, list: &str) -> TableState {
        self.tables.get(list).cloned().unwrap_or_default()
    }

    /// The list of this name, to change it.
    pub fn table_mut(&mut self, list: &str) -> &mut TableState {
        self.tables.entry(list.to_owned()).or_default()
    }

    /// The text field that has the keys, where one is open.
    pub fn input_mut(&mut self) -> Option<&mut Input> {
        match (&mut self.filter, &mut self.overlay) {
            (Some(field), _) => Some(&mut field.input),
            (None, Some(Overlay { kind: OverlayKind::Palette(input, _), .. })) => Some(input),
            (None, Some(Overlay { kind: OverlayKind::Runbooks(_, input, _), .. })) => Some(input),
            (None, Some(Overlay { find: Some(find), .. })) if find.typing => Some(&mut find.input),
            _ => None,
        }
    }

    /// True while keys are text.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        let in_overlay = |o: &Overlay| {
            matches!(o.kind, OverlayKind::Palette(..) | OverlayKind::Runbooks(..))
                || o.find.as_ref().is_some_and(|f| f.typing)
        };
        self.filter.is_some() || self.overlay.as_ref().is_some_and(in_overlay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(chain: &str) -> Place {
        Place::chain(1, chain.into())
    }

    #[test]
    fn history_goes_back_and_forth_and_a_new_view_ends_the_way_forward() {
        let mut ui = Ui::default();
        ui.open(place("relay"));
        ui.open(place("people"));
        assert!(ui.go_back());
        assert_eq!(ui.place, place("relay"));
        assert!(ui.go_forward());
        assert_eq!(ui.place, place("people"));
        assert!(ui.go_last());
        assert_eq!(ui.place, place("relay"));
        assert!(ui.go_last());
        assert_eq!(ui.place, place("people"));
        ui.go_back();
        ui.open(place("coretime"));
        assert!(!ui.go_forward());
    }

    #[test]
    fn history_is_bounded() {
        let mut ui = Ui::default();
        for n in 0..500 {
            ui.open(place(&format!("c{n}")));
        }
        assert_eq!(ui.back.len(), MAX_HISTORY);
    }
}
