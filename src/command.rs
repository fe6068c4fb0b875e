//! Everything a key can be bound to: one row a command, with its name and what it does.
//!
//! In: nothing. Out: the registry that keymaps, the palette and the help overlay are made of. To add a command: one
//! row here and one binding in `keymaps/default.toml`. Must not import anything but `screen` and `domain`.

use serde::{Deserialize, Serialize};

macro_rules! commands {
    ($($(#[$attr:meta])? $variant:ident $name:literal $doc:literal,)*) => {
        /// A command. Its name is what keymaps and the palette say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Command { $(#[doc = $doc] $(#[$attr])? $variant,)* }

        impl Command {
            /// Every command in the order of the palette.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, one sentence for help and palette.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// The command of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

commands! {
    #[serde(rename = "tab-1")] Tab1 "tab-1" "open tab 1, health",
    #[serde(rename = "tab-2")] Tab2 "tab-2" "open tab 2, validators",
    #[serde(rename = "tab-3")] Tab3 "tab-3" "open tab 3, balances",
    #[serde(rename = "tab-4")] Tab4 "tab-4" "open tab 4, governance",
    #[serde(rename = "tab-5")] Tab5 "tab-5" "open tab 5, recovery",
    #[serde(rename = "tab-9")] Tab9 "tab-9" "open tab 9, xcm",
    NextTab "next-tab" "next tab",
    PreviousTab "previous-tab" "previous tab",
    Down "down" "down one row",
    Up "up" "up one row",
    First "first" "first row",
    Last "last" "last row",
    PageDown "page-down" "down one page",
    PageUp "page-up" "up one page",
    NextPane "next-pane" "move the focus to the next pane",
    Open "open" "open the selection",
    Back "back" "back out; close what lies on top",
    HistoryBack "history-back" "the view before this one; in a replay: earlier",
    HistoryForward "history-forward" "the view after this one; in a replay: later",
    LastView "last-view" "switch to the last view",
    Describe "describe" "decoded state of the selection, with block and age",
    Timeline "timeline" "timeline of the selection",
    Copy "copy" "copy the selection",
    CopyLink "copy-link" "copy the selection's link or raw bytes",
    OpenLink "open-link" "show the selection's link",
    Acknowledge "acknowledge" "acknowledge the alert",
    Unacknowledge "unacknowledge" "take the acknowledgement back",
    Silence "silence" "silence the alert for an hour; again: longer; a third time: end it",
    Runbooks "runbooks" "runbooks that fit the selection",
    Rehearse "rehearse" "rehearse the plan",
    ShowQr "show-qr" "call data as a QR code",
    Filter "filter" "filter the rows: fuzzy, !inverse, -r regular expression",
    NextMatch "next-match" "next match",
    PreviousMatch "previous-match" "previous match",
    Sort "sort" "sort by the next column",
    SortReverse "sort-reverse" "reverse the order",
    Mark "mark" "mark the row",
    MarkRange "mark-range" "mark from the last mark to here",
    Zoom "zoom" "give the pane the whole screen, and back",
    Grow "grow" "grow the pane",
    Shrink "shrink" "shrink the pane",
    Palette "palette" "command palette",
    Help "help" "the keys that are valid here",
    RequestLog "request-log" "log of requests to the chains",
    Refresh "refresh" "read everything again",
    Redraw "redraw" "draw the screen anew",
    Pause "pause" "in a replay: pause, and on",
    Faster "faster" "in a replay: twice the speed",
    Slower "slower" "in a replay: half the speed",
    LeaveOrBack "leave-or-back" "back; at the root asks to leave",
    Quit "quit" "leave",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for c in Command::ALL {
            assert_eq!(Command::from_name(c.name()), Some(*c));
            assert_eq!(serde_json::to_string(c).unwrap(), format!("\"{}\"", c.name()));
        }
    }
}
