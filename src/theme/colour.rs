//! Colours, and how they map down to poorer terminals.
//!
//! In: `#rrggbb`, a name, an index. Out: the nearest colour that the terminal has. Must not import anything.

use serde::{Deserialize, Serialize};

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// No colour: bold, dim, underline, reversed.
    Mono,
    /// The 16 ANSI colours.
    Ansi16,
    /// 256 colours.
    Ansi256,
    /// 16 million colours.
    True,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// The terminal's own.
    Default,
    /// One of the 16 ANSI colours, 0 to 15.
    Ansi(u8),
    /// One of 256.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// The 16 colours by name, in their order.
pub(super) const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

/// What xterm shows for the 16 colours; terminals differ, the order of brightness does not.
const ANSI: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The six steps of a channel in the cube of 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Colour {
    /// Reads `#rrggbb`, `default`, a name of the 16, or an index from 0 to 255.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some(hex) = text.strip_prefix('#') {
            let n = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
            let [_, r, g, b] = n.to_be_bytes();
            return Some(Self::Rgb(r, g, b));
        }
        if text == "default" {
            return Some(Self::Default);
        }
        if let Some(i) = NAMES.iter().position(|n| *n == text) {
            return u8::try_from(i).ok().map(Self::Ansi);
        }
        text.parse().ok().map(|i: u8| if i < 16 { Self::Ansi(i) } else { Self::Indexed(i) })
    }

    /// This colour on a terminal of this depth; none where it has no colours.
    #[must_use]
    pub fn at(self, depth: Depth) -> Option<Self> {
        match (depth, self) {
            (Depth::Mono, _) => None,
            (Depth::True, c)
            | (_, c @ (Self::Default | Self::Ansi(_)))
            | (Depth::Ansi256, c @ Self::Indexed(_)) => Some(c),
            (Depth::Ansi256, Self::Rgb(r, g, b)) => Some(Self::Indexed(to_256((r, g, b)))),
            (Depth::Ansi16, Self::Rgb(r, g, b)) => Some(Self::Ansi(to_16((r, g, b)))),
            (Depth::Ansi16, Self::Indexed(i)) => Some(Self::Ansi(to_16(from_256(i)))),
        }
    }
}

type Rgb = (u8, u8, u8);

/// Distance as the eye sees it, roughly: green counts most, blue least.
fn distance(a: Rgb, b: Rgb) -> u32 {
    let d = |x: u8, y: u8, weight: u32| weight * u32::from(x.abs_diff(y)) * u32::from(x.abs_diff(y));
    d(a.0, b.0, 3) + d(a.1, b.1, 6) + d(a.2, b.2, 2)
}

/// What an index above 15 looks like.
fn from_256(i: u8) -> Rgb {
    if i < 16 {
        return ANSI.get(usize::from(i)).copied().unwrap_or_default();
    }
    if i >= 232 {
        let grey = 8 + 10 * (i - 232);
        return (grey, grey, grey);
    }
    let step = |n: u8| STEPS.get(usize::from(n % 6)).copied().unwrap_or_default();
    let i = i - 16;
    (step(i / 36), step(i / 6), step(i))
}

/// The nearest of the colours 16 to 255 (the first 16 are the user's own and may be anything).
fn to_256(rgb: Rgb) -> u8 {
    (16..=255).min_by_key(|i| distance(from_256(*i), rgb)).unwrap_or(15)
}

/// The nearest of the 16. Colours without much hue go to the greys, the others to the nearest hue: plain distance
/// would turn every soft colour into grey.
fn to_16((r, g, b): Rgb) -> u8 {
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    if high - low < 48 {
        return match high {
            0..64 => 0,
            64..168 => 8,
            168..236 => 7,
            _ => 15,
        };
    }
    let half = low + (high - low) / 2;
    let hue = u8::from(r > half) | u8::from(g > half) << 1 | u8::from(b > half) << 2;
    if high > 208 { hue + 8 } else { hue }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_three_ways() {
        assert_eq!(Colour::read("#f2b25c"), Some(Colour::Rgb(0xf2, 0xb2, 0x5c)));
        assert_eq!(Colour::read("bright-red"), Some(Colour::Ansi(9)));
        assert_eq!(Colour::read("208"), Some(Colour::Indexed(208)));
        for bad in ["#f2b25", "#gggggg", "256", "reddish", ""] {
            assert_eq!(Colour::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn true_colour_maps_to_the_nearest_of_the_cube_and_the_greys() {
        assert_eq!(Colour::Rgb(255, 135, 0).at(Depth::Ansi256), Some(Colour::Indexed(208)));
        assert_eq!(Colour::Rgb(118, 118, 118).at(Depth::Ansi256), Some(Colour::Indexed(243)));
        for i in 16..=255 {
            let (r, g, b) = from_256(i);
            let Some(Colour::Indexed(back)) = Colour::Rgb(r, g, b).at(Depth::Ansi256) else {
                panic!("not indexed")
            };
            assert_eq!(from_256(back), (r, g, b), "{i} does not survive");
        }
    }

    #[test]
    fn soft_colours_keep_their_hue_in_16_colours() {
        assert_eq!(Colour::Rgb(0xf2, 0x6d, 0x5b).at(Depth::Ansi16), Some(Colour::Ansi(9)));
        assert_eq!(Colour::Rgb(0xf2, 0xb2, 0x5c).at(Depth::Ansi16), Some(Colour::Ansi(11)));
        assert_eq!(Colour::Rgb(0x80, 0x86, 0x96).at(Depth::Ansi16), Some(Colour::Ansi(8)));
        assert_eq!(Colour::Rgb(0, 0, 0).at(Depth::Mono), None);
    }
}
