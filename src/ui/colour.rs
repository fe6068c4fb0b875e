//! What the terminal at hand can show.
//!
//! In: the environment as data. Out: depth of colour, and whether to keep to ASCII. Must not import anything but
//! `theme`.

use crate::theme::Depth;

/// What decides over colour and symbols. Empty text counts as not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `NO_COLOR`: any text turns colour off.
    pub no_color: String,
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set.
    pub locale: String,
    /// What the crate `supports-color` finds for standard output (it knows more terminals and `FORCE_COLOR`).
    pub reported: Depth,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let var = |name: &str| std::env::var(name).unwrap_or_default();
        let reported = match supports_color::on(supports_color::Stream::Stdout) {
            Some(level) if level.has_16m => Depth::True,
            Some(level) if level.has_256 => Depth::Ansi256,
            Some(level) if level.has_basic => Depth::Ansi16,
            _ => Depth::Mono,
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().map(|n| var(n)).find(|v| !v.is_empty());
        Self {
            no_color: var("NO_COLOR"),
            term: var("TERM"),
            colorterm: var("COLORTERM"),
            locale: locale.unwrap_or_default(),
            reported,
        }
    }
}

/// How many colours to use.
#[must_use]
pub fn depth(env: &Environment) -> Depth {
    if !env.no_color.is_empty() || matches!(env.term.as_str(), "dumb" | "vt100" | "vt102" | "vt220") {
        Depth::Mono
    } else if env.term == "linux" {
        Depth::Ansi16
    } else if matches!(env.colorterm.as_str(), "truecolor" | "24bit") {
        Depth::True
    } else {
        env.reported
    }
}

/// True where symbols and frames would come out as garbage: consoles with a small font, and locales that are
/// explicitly not UTF-8. A locale that is not set at all says nothing: nearly every terminal is UTF-8.
#[must_use]
pub fn ascii_only(env: &Environment) -> bool {
    let locale = env.locale.to_ascii_lowercase();
    let utf8 = locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8");
    matches!(env.term.as_str(), "linux" | "dumb") || !utf8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(term: &str, colorterm: &str, reported: Depth) -> Environment {
        Environment {
            no_color: String::new(),
            term: term.to_owned(),
            colorterm: colorterm.to_owned(),
            locale: "en_US.UTF-8".to_owned(),
            reported,
        }
    }

    #[test]
    fn depth_follows_the_terminal_and_no_color_beats_everything() {
        assert_eq!(depth(&env("xterm-256color", "truecolor", Depth::True)), Depth::True);
        assert_eq!(depth(&env("tmux-256color", "", Depth::Ansi256)), Depth::Ansi256);
        assert_eq!(depth(&env("xterm", "", Depth::Ansi16)), Depth::Ansi16);
        assert_eq!(depth(&env("linux", "truecolor", Depth::True)), Depth::Ansi16);
        assert_eq!(depth(&env("dumb", "truecolor", Depth::True)), Depth::Mono);
        let no = Environment { no_color: "0".to_owned(), ..env("xterm-256color", "truecolor", Depth::True) };
        assert_eq!(depth(&no), Depth::Mono);
    }

    #[test]
    fn symbols_are_ascii_only_where_the_terminal_says_so() {
        let xterm = env("xterm", "", Depth::Ansi16);
        assert!(!ascii_only(&xterm));
        assert!(!ascii_only(&Environment { locale: String::new(), ..xterm.clone() }));
        assert!(!ascii_only(&Environment { locale: "C.utf8".to_owned(), ..xterm.clone() }));
        assert!(ascii_only(&Environment { locale: "C".to_owned(), ..xterm.clone() }));
        assert!(ascii_only(&env("linux", "", Depth::Ansi16)));
    }
}
