//! The difference between two frames as bytes.
//!
//! In: what the terminal shows, what it should show. Out: the shortest moves and colour changes we can tell are safe:
//! a console over a bad link sends a fraction of what a plain writer sends. ratatui's own difference leaves the second
//! half of a wide letter alone, which terminals then paint with the style of what came over the first half. Must not import anything but `ui::glyph`.

mod pen;
#[cfg(test)]
mod tests;

use super::super::glyph;
use pen::{Look, SEEN};
use ratatui::buffer::{Buffer, Cell};

pub(crate) use pen::Pen;

/// A difference of more bytes is written line by line: a terminal without synchronized updates would show it colour by
/// colour.
const SMALL: usize = 1_024;

/// Neighbouring cells of one line that are written in one go.
#[derive(Debug, Clone, Copy)]
struct Run {
    y: u16,
    from: u16,
    /// One behind the last.
    to: u16,
    /// True where no wide letter and no mark, old or new, takes part: the order of writing does not matter.
    simple: bool,
}

/// Appends what turns `shown` into `next`, both of one size, and keeps in `pen` what the terminal writes with after it.
pub(crate) fn encode(shown: &Buffer, next: &Buffer, pen: &mut Pen, out: &mut Vec<u8>) {
    if shown.area != next.area {
        return;
    }
    pen.lose_place();
    let runs = runs(shown, next);
    let (mut best, mut end) = draw(next, &runs, *pen);
    if best.len() <= SMALL {
        let (other, other_end) = draw(next, &by_look(next, &runs, pen.look), *pen);
        if other.len() < best.len() {
            (best, end) = (other, other_end);
        }
    }
    out.append(&mut best);
    *pen = end;
}

/// What must be written, line by line.
fn runs(shown: &Buffer, next: &Buffer) -> Vec<Run> {
    let mut runs = Vec::new();
    for y in next.area.top()..next.area.bottom() {
        // A wide letter of the new frame covers this cell; one of the old frame was cut in two by what we wrote.
        let (mut covered, mut torn) = (false, false);
        let mut open: Option<Run> = None;
        for x in next.area.left()..next.area.right() {
            let (Some(old), Some(new)) = (shown.cell((x, y)), next.cell((x, y))) else { continue };
            let (inside, half) = (covered, torn);
            let write = !inside && (half || !is_same(old, new));
            covered = !inside && is_wide(new);
            torn = is_wide(old) && (write || inside);
            if write || (inside && open.is_some()) {
                let run = open.get_or_insert(Run { y, from: x, to: x, simple: true });
                run.to = x + 1;
                run.simple &= !half && !inside && is_sure(new) && !is_wide(old);
            } else {
                runs.extend(open.take());
            }
        }
        runs.extend(open);
    }
    runs
}

/// The same, cut into pieces of one look and put together by look, then downwards: a column of ages that all change
/// costs one colour and short moves.
fn by_look(next: &Buffer, runs: &[Run], first: Look) -> Vec<Run> {
    let mut pieces: Vec<(Look, Run)> = Vec::new();
    for run in runs.iter().filter(|r| r.simple) {
        for x in run.from..run.to {
            let Some(cell) = next.cell((x, run.y)) else { continue };
            match pieces.last_mut().filter(|(look, _)| look.suits(cell)) {
                Some((_, piece)) if piece.y == run.y && piece.to == x && x > run.from => piece.to = x + 1,
                _ => pieces.push((Look::of(cell), Run { from: x, to: x + 1, ..*run })),
            }
        }
    }
    let looks = cheapest(pieces.iter().map(|(look, _)| *look), first);
    let place = |look: &Look| looks.iter().position(|l| l == look);
    // Numbers end in one column: pieces stand by the place of their end.
    pieces.sort_by_key(|(look, run)| (place(look), run.to, run.y));
    let simple = pieces.into_iter().map(|(_, run)| run);
    simple.chain(runs.iter().filter(|r| !r.simple).copied()).collect()
}

/// Every look once, each time the one that costs the fewest bytes next.
fn cheapest(looks: impl Iterator<Item = Look>, first: Look) -> Vec<Look> {
    let mut left: Vec<Look> = Vec::new();
    for look in looks {
        if look != first && !left.contains(&look) {
            left.push(look);
        }
    }
    let mut order = vec![first];
    let mut here = first;
    while let Some(at) = (0..left.len()).min_by_key(|i| left.get(*i).map(|l| here.change(*l).len())) {
        here = left.swap_remove(at);
        order.push(here);
    }
    order
}

/// The bytes of these runs in this order, and the pen after them.
fn draw(next: &Buffer, runs: &[Run], mut pen: Pen) -> (Vec<u8>, Pen) {
    let mut out = Vec::new();
    for run in runs {
        let mut x = run.from;
        while let Some(cell) = next.cell((x, run.y)).filter(|_| x < run.to) {
            pen.write(next, cell, (x, run.y), &mut out);
            x += if is_wide(cell) { 2 } else { 1 };
        }
    }
    (out, pen)
}

/// True where nobody sees a difference.
fn is_same(old: &Cell, new: &Cell) -> bool {
    if is_blank(old) && is_blank(new) {
        return old.bg == new.bg;
    }
    old.symbol() == new.symbol() && Look::of(old) == Look::of(new)
}

/// A blank of which only the background is seen.
fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && !cell.modifier.intersects(SEEN)
}

fn is_wide(cell: &Cell) -> bool {
    !cell.symbol().is_ascii() && glyph::width(cell.symbol()) > 1
}

/// One character of one cell: every terminal agrees on where the cursor stands behind it.
fn is_sure(cell: &Cell) -> bool {
    let symbol = cell.symbol();
    let mut letters = symbol.chars();
    letters.next().is_some() && letters.next().is_none() && (symbol.is_ascii() || glyph::width(symbol) == 1)
}
