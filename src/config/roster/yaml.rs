//! YAML as a tree of texts, lists and maps that knows its lines and survives what is broken.
//!
//! In: a text. Out: [`Tree`]: what could be read, and a [`Flaw`] with its line for everything else. Tabs in the indentation
//! are read as spaces; an entry that is no YAML is left out and the rest read again; aliases are refused, so that nothing
//! grows. Must not import anything of this crate.

use granit_parser::{Event, Options, Parser, ScalarStyle};
use std::collections::BTreeSet;

/// Entries that may be left out of one text before only what stands before the first is used.
const MAX_BREAKS: usize = 8;
/// Values read of one text.
const MAX_NODES: usize = 50_000;
/// Lists and maps in each other.
const MAX_NESTING: usize = 32;
/// Spaces that stand for a tab: the first that gives YAML. A tab is meant to lie deeper than the line above it.
const TAB_WIDTHS: [usize; 3] = [8, 4, 2];
/// Keys whose value is a name: what follows ` #` there was meant to be read.
const NAMES: [&str; 2] = ["display", "name"];

/// A value and its line.
#[derive(Debug)]
pub(super) struct Node {
    /// Its line, from 1.
    pub(super) line: usize,
    /// What it is.
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Value {
    /// Any scalar as it is written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; a key may stand twice.
    Map(Vec<(Node, Node)>),
    /// An alias.
    Refused,
}

/// Something that is not as it must be.
#[derive(Debug)]
pub(super) struct Flaw {
    /// Its line, from 1.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) what: String,
    /// What would be right.
    pub(super) expected: &'static str,
}

/// What could be read of a text.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// One value a document; one document is usual.
    pub(super) roots: Vec<Node>,
    /// What could not.
    pub(super) flaws: Vec<Flaw>,
}

impl Node {
    /// The text, trimmed; none for lists, maps, aliases and empty texts.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text.trim()).filter(|t| !t.is_empty()),
            _ => None,
        }
    }

    /// The value of the first such key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(pairs) = &self.value else { return None };
        pairs.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, v)| v)
    }
}

/// Reads a text, however broken.
pub(super) fn read(text: &str) -> Tree {
    let (mut lines, mut flaws) = without_tabs(text);
    let first = build(&lines.join("\n"));
    let Some(broken) = first.broken else { return first.tree.with(flaws) };
    let mut left_out = vec![leave_out(&mut lines, broken)];
    while left_out.len() <= MAX_BREAKS {
        let next = build(&lines.join("\n"));
        match next.broken {
            None => {
                flaws.extend(left_out.into_iter().map(|(flaw, _)| flaw));
                return next.tree.with(flaws);
            }
            Some(broken) => left_out.push(leave_out(&mut lines, broken)),
        }
        if left_out.last().is_none_or(|(_, progress)| !progress) {
            break;
        }
    }
    let first_flaw = left_out.into_iter().next().map(|(flaw, _)| flaw);
    flaws.extend(first_flaw.map(|f| Flaw { what: format!("{}, and neither is what follows", f.what), ..f }));
    first.tree.with(flaws)
}

impl Tree {
    fn with(mut self, before: Vec<Flaw>) -> Self {
        self.flaws.splice(0..0, before);
        self
    }
}

/// The lines with spaces for the tabs that stand before the first character of a value.
fn without_tabs(text: &str) -> (Vec<String>, Vec<Flaw>) {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t', '-']).len();
    let has_tab = |line: &str| line.get(..indent(line)).is_some_and(|head| head.contains('\t'));
    let plain: Vec<String> = text.lines().map(str::to_owned).collect();
    let tabs: Vec<usize> = (1..).zip(&plain).filter(|(_, l)| has_tab(l)).map(|(n, _)| n).collect();
    let Some(line) = tabs.first().copied() else { return (plain, Vec::new()) };
    let spaced = |width: usize| -> Vec<String> {
        let spaces = " ".repeat(width);
        let one = |l: &String| {
            let (head, rest) = l.split_at_checked(indent(l)).unwrap_or((l, ""));
            format!("{}{rest}", head.replace('\t', &spaces))
        };
        plain.iter().map(one).collect()
    };
    let fits = |lines: &Vec<String>| build(&lines.join("\n")).broken.is_none();
    let [.., last] = TAB_WIDTHS;
    let lines = TAB_WIDTHS.into_iter().map(spaced).find(fits).unwrap_or_else(|| spaced(last));
    let more =
        if tabs.len() > 1 { format!(", and {} lines more like it", tabs.len() - 1) } else { String::new() };
    (lines, vec![Flaw { line, what: format!("a tab in the indentation{more}"), expected: "spaces" }])
}

/// Empties the entry around a broken line: the list item or numbered key that it stands in, else the line. The flag is
/// false where nothing was left to empty.
fn leave_out(lines: &mut [String], (line, why): (usize, String)) -> (Flaw, bool) {
    let is_blank = |l: &String| l.trim().is_empty();
    let at = (0..line.min(lines.len())).rev().find(|i| lines.get(*i).is_some_and(|l| !is_blank(l)));
    let Some(at) = at else {
        return (Flaw { line, what: format!("this is no YAML ({why})"), expected: "YAML" }, false);
    };
    let (from, to) = entry_around(lines, at);
    for l in lines.iter_mut().take(to).skip(from) {
        l.clear();
    }
    let entry = if to - from > 1 {
        format!("; lines {} to {to} are left out", from + 1)
    } else {
        "; the line is left out".to_owned()
    };
    (Flaw { line: at + 1, what: format!("this is no YAML ({why}){entry}"), expected: "" }, true)
}

/// First line of the entry around line `at`, and the line after its last; both from 0.
fn entry_around(lines: &[String], at: usize) -> (usize, usize) {
    let indent = |l: &str| l.len() - l.trim_start_matches(' ').len();
    let begins = |l: &str| {
        let t = l.trim();
        t.starts_with("- ")
            || t == "-"
            || t.strip_suffix(':').is_some_and(|k| !k.is_empty() && k.bytes().all(|b| b.is_ascii_digit()))
    };
    let deep = lines.get(at).map_or(0, |l| indent(l));
    let start = (0..=at).rev().find(|i| lines.get(*i).is_some_and(|l| begins(l) && indent(l) <= deep));
    let Some(start) = start else { return (at, at + 1) };
    let own = lines.get(start).map_or(0, |l| indent(l));
    let ends = |l: &String| !l.trim().is_empty() && indent(l) <= own;
    let end = lines.iter().enumerate().skip(start + 1).find(|(_, l)| ends(l)).map_or(lines.len(), |(i, _)| i);
    if end <= at { (at, at + 1) } else { (start, end) }
}

#[derive(Default)]
struct Built {
    tree: Tree,
    broken: Option<(usize, String)>,
}

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    key: Option<Node>,
    keys: BTreeSet<String>,
}

/// Reads until the end or until something is no YAML.
fn build(text: &str) -> Built {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_NESTING;
    options.block_nesting_limit = MAX_NESTING;
    let (mut out, mut stack, mut count) = (Built::default(), Vec::new(), 0_usize);
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match next {
            Ok(next) => next,
            Err(e) => {
                out.broken = Some((e.marker().line(), e.info()));
                break;
            }
        };
        count += 1;
        let line = span.start.line();
        if count > MAX_NODES {
            let what = "too many values; what follows is left out".to_owned();
            out.tree.flaws.push(Flaw { line, what, expected: "at most 50000 in a file" });
            break;
        }
        let open = |value| Open { node: Node { line, value }, key: None, keys: BTreeSet::new() };
        match event {
            Event::Scalar(value, style, ..) => {
                if style == ScalarStyle::Plain && is_cut(&stack, text, span.end.byte_offset()) {
                    let what = "the name ends at ' #', which begins a comment".to_owned();
                    out.tree.flaws.push(Flaw { line, what, expected: "the whole name in quotes" });
                }
                put(Node { line, value: Value::Text(value.into_owned()) }, &mut stack, &mut out.tree);
            }
            Event::SequenceStart(..) => stack.push(open(Value::List(Vec::new()))),
            Event::MappingStart(..) => stack.push(open(Value::Map(Vec::new()))),
            Event::SequenceEnd | Event::MappingEnd => close(&mut stack, &mut out.tree),
            Event::Alias(_) => {
                out.tree.flaws.push(Flaw { line, what: "an alias".to_owned(), expected: "the value itself" });
                put(Node { line, value: Value::Refused }, &mut stack, &mut out.tree);
            }
            _ => {}
        }
    }
    while !stack.is_empty() {
        close(&mut stack, &mut out.tree);
    }
    out
}

/// True where a name is followed by ` #` and no space: `Pool #3`.
fn is_cut(stack: &[Open], text: &str, end: Option<usize>) -> bool {
    let key = stack.last().and_then(|open| open.key.as_ref()).and_then(Node::text);
    let rest = end.and_then(|at| text.get(at..)).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let hash = rest.trim_start().strip_prefix('#');
    key.is_some_and(|k| NAMES.contains(&k))
        && hash.is_some_and(|after| after.starts_with(|c: char| !c.is_whitespace()))
}

fn close(stack: &mut Vec<Open>, tree: &mut Tree) {
    if let Some(open) = stack.pop() {
        put(open.node, stack, tree);
    }
}

/// Puts a value where it belongs.
fn put(node: Node, stack: &mut [Open], tree: &mut Tree) {
    let Some(open) = stack.last_mut() else {
        tree.roots.push(node);
        return;
    };
    match (&mut open.node.value, open.key.take()) {
        (Value::Map(_), None) => {
            if let Some(key) = node.text()
                && !open.keys.insert(key.to_owned())
            {
                let what = format!("'{key}' stands twice");
                tree.flaws.push(Flaw { line: node.line, what, expected: "each key once" });
            }
            open.key = Some(node);
        }
        (Value::Map(pairs), Some(key)) => pairs.push((key, node)),
        (Value::List(items), _) => items.push(node),
        (Value::Text(_) | Value::Refused, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flaws(tree: &Tree) -> Vec<String> {
        tree.flaws.iter().map(|f| format!("{}: {}", f.line, f.what)).collect()
    }

    fn stashes(tree: &Tree) -> Vec<&str> {
        let Some(Value::List(items)) = tree.roots[0].get("accounts").map(|a| &a.value) else {
            return Vec::new();
        };
        items.iter().filter_map(|i| i.get("stash")?.text()).collect()
    }

    #[test]
    fn lines_count_from_one() {
        let tree = read("a: x\n\nb:\n  - c: y\n");
        assert_eq!(tree.roots[0].get("a").unwrap().line, 1);
        let Value::List(items) = &tree.roots[0].get("b").unwrap().value else { panic!("a list") };
        assert_eq!(items[0].get("c").unwrap().line, 4);
        assert!(tree.flaws.is_empty());
    }

    #[test]
    fn a_broken_entry_is_left_out_and_what_stands_before_and_after_is_used() {
        let text = "accounts:\n- stash: A\n- stash: B: C\n  identity:\n    display: X\n- stash: D\n";
        let tree = read(text);
        assert_eq!(stashes(&tree), ["A", "D"]);
        assert_eq!(flaws(&tree).len(), 1);
        assert!(flaws(&tree)[0].starts_with("3: this is no YAML ("), "{:?}", flaws(&tree));
        assert!(flaws(&tree)[0].ends_with("lines 3 to 5 are left out"), "{:?}", flaws(&tree));
    }

    #[test]
    fn tabs_are_read_as_the_spaces_that_fit() {
        let tree = read("accounts:\n  - identity:\n\t\tdisplay: X\n    stash: A\n  - stash: B\n");
        assert_eq!(stashes(&tree), ["A", "B"]);
        assert_eq!(flaws(&tree), ["3: a tab in the indentation"]);
        let tree = read("accounts:\n  - stash: A\n  -\tstash: B\n");
        assert_eq!(stashes(&tree), ["A", "B"]);
    }

    #[test]
    fn aliases_deep_nests_and_endless_files_do_not_grow() {
        let bomb = "a: &a [x,x,x]\nb: &b [*a,*a]\nc: [*b,*b]\nd: y\n";
        let tree = read(bomb);
        assert_eq!(tree.roots[0].get("d").unwrap().text(), Some("y"));
        assert_eq!(flaws(&tree).len(), 4);
        let deep = format!("a: x\nb: {}\n", "[".repeat(10_000));
        assert!(!read(&deep).flaws.is_empty());
        assert_eq!(read(&deep).roots[0].get("a").unwrap().text(), Some("x"));
        let long = "- x\n".repeat(MAX_NODES * 2);
        assert!(flaws(&read(&long))[0].contains("too many values"));
    }

    #[test]
    fn a_name_that_yaml_cuts_is_told_and_an_ordinary_comment_is_not() {
        let tree = read("- name: Pool #3\n- name: R0GUE#1\n- name: x # a comment\n- stash: y #z\n");
        assert_eq!(flaws(&tree), ["1: the name ends at ' #', which begins a comment"]);
    }

    #[test]
    fn an_open_quote_keeps_what_stands_before_it() {
        let tree = read("accounts:\n- stash: A\n- stash: \"B\n- stash: C\n- stash: D\n");
        assert_eq!(stashes(&tree).first(), Some(&"A"), "{tree:?}");
        assert!(!flaws(&tree).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_is_too_broken(text in "[a-c:\\-\\[\\]{}\"'&*#|>%@!?, \t\n0-9]{0,200}") {
            let _ = read(&text);
        }

        #[test]
        fn no_bytes_are_too_broken(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&String::from_utf8_lossy(&bytes));
        }
    }
}
