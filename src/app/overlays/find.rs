//! Searching in an overlay: which lines contain the text, how they are marked, and how far down they stand.
//!
//! In: the content of an overlay and a text. Out: indices, the content with its matches marked, lines. Upper and lower
//! case are the same. Must not know what the content means.

use crate::screen::{Body, Line, Role, Span};

/// Indices of the lines (of a text) or pairs (of key-values) that contain `text`; none for other contents.
pub(super) fn hits(body: &Body, text: &str) -> Vec<usize> {
    let wanted = folded(text);
    let has = |line: &Line| places(&folded(&line.plain()), &wanted).next().is_some();
    match body {
        Body::Text(lines) => indices(lines.iter().map(has)),
        Body::KeyValues(pairs) => indices(pairs.iter().map(|(name, value)| has(name) || has(value))),
        _ => Vec::new(),
    }
}

fn indices(found: impl Iterator<Item = bool>) -> Vec<usize> {
    found.enumerate().filter_map(|(i, is)| is.then_some(i)).collect()
}

/// The content with every match marked, and the line numbered `current` like a selected row.
pub(super) fn mark(body: Body, text: &str, current: Option<usize>) -> Body {
    let wanted = folded(text);
    let marked = |i: usize, line: Line| mark_line(line, &wanted, current == Some(i));
    match body {
        Body::Text(lines) => {
            Body::Text(lines.into_iter().enumerate().map(|(i, line)| marked(i, line)).collect())
        }
        Body::KeyValues(pairs) => {
            let pairs = pairs.into_iter().enumerate();
            Body::KeyValues(pairs.map(|(i, (name, value))| (marked(i, name), marked(i, value))).collect())
        }
        other => other,
    }
}

fn mark_line(line: Line, wanted: &[char], current: bool) -> Line {
    let mut out = Line::default();
    for span in line.spans {
        let role = if current { Role::Selected } else { span.role };
        let chars: Vec<char> = span.text.chars().collect();
        let mut from = 0;
        let mut push = |range: std::ops::Range<usize>, role: Role| {
            let text: String = chars.get(range).unwrap_or_default().iter().collect();
            if !text.is_empty() {
                out.spans.push(Span { text, role });
            }
        };
        for at in places(&folded(&span.text), wanted).filter(|at| *at + wanted.len() <= chars.len()) {
            push(from..at, role);
            push(at..at + wanted.len(), Role::Match);
            from = at + wanted.len();
        }
        push(from..chars.len(), role);
    }
    out
}

/// One character for one character, so that places in the folded text are places in the text.
fn folded(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// Where `wanted` stands in `text`, without overlaps.
fn places<'a>(text: &'a [char], wanted: &'a [char]) -> impl Iterator<Item = usize> + use<'a> {
    let mut next = 0;
    let count = if wanted.is_empty() { 0 } else { text.len() };
    (0..count).filter(move |at| {
        let is = *at >= next && text.get(*at..).is_some_and(|rest| rest.starts_with(wanted));
        if is {
            next = at + wanted.len();
        }
        is
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_found_in_any_case_and_marked_without_changing_the_text() {
        let lines =
            vec![Line::of(Role::Dim, "Relay relay").and(Role::Text, " via İbp"), Line::from("People")];
        let body = Body::Text(lines.clone());
        assert_eq!(hits(&body, "RELAY"), [0]);
        assert_eq!(hits(&body, "y v"), [0], "across pieces");
        assert_eq!(hits(&body, ""), [0usize; 0]);
        let Body::Text(marked) = mark(body, "relay", Some(1)) else { panic!() };
        assert_eq!(
            marked.iter().map(Line::plain).collect::<Vec<_>>(),
            lines.iter().map(Line::plain).collect::<Vec<_>>()
        );
        assert_eq!(marked[0].spans.iter().filter(|s| s.role == Role::Match).count(), 2);
        assert_eq!(marked[1].spans[0].role, Role::Selected);
    }
}
