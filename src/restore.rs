//! The bytes that give a terminal back, in one place: the console writes them when it leaves, the guardian when the
//! console was killed.
//!
//! In: nothing. Out: constants. Must not import anything: the guardian stays as small as it can be.

/// Takes back every mode that the console, or something before it, may have set. Moves no cursor, so it may be written
/// at any time.
pub const CALM: &[u8] =
    b"\x1b[?2026l\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?25h";

/// Leaves the alternate screen. Moves the cursor, so it is written once, by whoever was the last to use that screen.
pub const LEAVE: &[u8] = b"\x1b[?1049l";
