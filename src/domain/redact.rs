//! Takes what nobody may read out of texts that hold URLs.
//!
//! In: URLs and lines of text. Out: the same without user, password, query, fragment and any path part over 16
//! characters, which are the places where providers put access tokens, and without anything like `?key=value`. Every sink
//! of free text (log, error, screen, recording) passes through here. Must not import any other module of this crate but
//! `text`.

use super::text::is_hidden;
use std::borrow::Cow;

/// Longest path part that is shown, in characters (CONTRACT).
pub const MAX_PATH_PART: usize = 16;

/// The URL as it may be shown. What has no scheme comes back as `(hidden)`.
#[must_use]
pub fn shown_url(raw: &str) -> String {
    let Some((scheme, rest)) = raw.split_once("://") else { return "(hidden)".to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let mut parts = rest.split(['/', '\\']);
    let authority = parts.next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let mut out = format!("{scheme}://{host}");
    for part in parts.filter(|p| !p.is_empty() && !p.contains('@') && p.chars().count() <= MAX_PATH_PART) {
        out.push('/');
        out.push_str(part);
    }
    out
}

/// The text with every URL in it shortened by [`shown_url`], and without queries that stand alone.
#[must_use]
pub fn hide_urls(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains('?') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(mark) = rest.find("://") {
        let (before, from_mark) = rest.split_at(mark);
        let scheme_len =
            before.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b)).count();
        let (plain, scheme) = before.split_at(before.len() - scheme_len);
        let (tail, after) = from_mark.split_at(url_length(from_mark));
        push_without_query(&mut out, plain);
        out.push_str(&shown_url(&format!("{scheme}{tail}")));
        rest = after;
    }
    push_without_query(&mut out, rest);
    Cow::Owned(out)
}

/// True where [`hide_urls`] finds nothing to take out.
#[must_use]
pub fn is_clean(text: &str) -> bool {
    hide_urls(text) == text
}

/// Copies a text without `?key=value…`; a question stays.
fn push_without_query(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('?') {
        out.push_str(before);
        let end = after.find(ends_query).unwrap_or(after.len());
        let (word, tail) = after.split_at_checked(end).unwrap_or((after, ""));
        let key = word.split('=').next().unwrap_or_default();
        let is_query = word.contains('=')
            && !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[]%".contains(c));
        if is_query {
            rest = tail;
        } else {
            out.push('?');
            rest = after;
        }
    }
    out.push_str(rest);
}

/// Ends a query, in JSON and in prose.
fn ends_query(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\\' | '<' | '>' | '\'' | '`' | '|' | '^' | '{' | '}')
}

/// Bytes to the end of the URL: white space, a quote, or a quote escaped as in JSON. Other escapes belong to the
/// URL, so that what is left is JSON again. `config` lets no URL with such characters in.
fn url_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|') {
            return at;
        }
        if c == '\\' && chars.next_if(|(_, next)| *next != '"').is_none() {
            return at;
        }
    }
    text.len()
}

/// One line for a log: URLs shortened, characters that a terminal would obey or hide made visible as `‹U+001B›`.
/// The last line break is kept.
#[must_use]
pub fn log_line(raw: &str) -> String {
    let (body, end) = raw.strip_suffix('\n').map_or((raw, ""), |body| (body, "\n"));
    let mut out = String::with_capacity(body.len() + 1);
    for c in hide_urls(body).chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_hidden(c) => out.push_str(&format!("‹U+{:04X}›", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push_str(end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn user_query_fragment_and_long_path_parts_go() {
        for (raw, shown) in [
            ("wss://u:p@host.example:443/paseo?key=abc#x", "wss://host.example:443/paseo"),
            ("wss://host/v1/0123456789abcdefg/rpc", "wss://host/v1/rpc"),
            ("wss://host/0123456789abcdef", "wss://host/0123456789abcdef"),
            ("ws://127.0.0.1:9944/", "ws://127.0.0.1:9944"),
            ("wss://host/a@b/secret:pw@evil", "wss://host"),
            ("wss://a@b@host?x@y", "wss://host"),
            ("no scheme, but a s3cret", "(hidden)"),
        ] {
            assert_eq!(shown_url(raw), shown, "{raw}");
        }
    }

    #[test]
    fn urls_inside_a_sentence_are_shortened_and_the_rest_stays() {
        let line = r#"{"error":"dial wss://me:tok@h.example/aaaaaaaaaaaaaaaaaaaa?k=v\": refused, then 'https://x/y?z'"}"#;
        let out = hide_urls(line);
        assert!(
            !out.contains("tok") && !out.contains("aaaa") && !out.contains("k=v") && !out.contains('z'),
            "{out}"
        );
        assert!(
            out.starts_with(r#"{"error":"dial wss://h.example"#) && out.contains("refused, then"),
            "{out}"
        );
    }

    #[test]
    fn a_query_without_a_scheme_is_taken_out_and_a_question_stays() {
        assert_eq!(hide_urls("GET /rpc?token=abc failed? why?"), "GET /rpc failed? why?");
        let line =
            r#"{"reason":"wss://ann:pw@node.example:443/v1/0123456789abcdef01/x?apikey=s3cret&b=1 refused"}"#;
        assert_eq!(hide_urls(line), r#"{"reason":"wss://node.example:443/v1/x refused"}"#);
    }

    #[test]
    fn a_url_inside_another_gives_its_secrets_away_neither() {
        assert_eq!(hide_urls("http://proxy/http://u:p@host/a"), "http://proxy/http:/a");
    }

    #[test]
    fn a_plain_endpoint_id_stays_as_it_is() {
        let line = r#"{"endpoint":"wss://asset-hub-paseo.dotters.network","name":"me@example.org"}"#;
        assert!(is_clean(line) && matches!(hide_urls("no URL"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_json_line_stays_json() {
        let line = "{\"url\":\"wss://h/p?\\\"q\",\"n\":1}\n";
        let out = log_line(line);
        assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{out}");
        assert!(out.ends_with("}\n"));
    }

    #[test]
    fn a_log_line_cannot_move_the_cursor_or_forge_a_second_line() {
        assert_eq!(log_line("a\x1b[2J\u{202e}b\nERROR c\u{9b}\n"), "a‹U+001B›[2J‹U+202E›b ERROR c‹U+009B›\n");
    }

    proptest! {
        #[test]
        fn the_canary_never_survives(user in "[a-z]{0,8}", host in "[a-z.]{1,12}", before in "[ -~]{0,12}") {
            let raw = format!("{before}wss://{user}:CANARY@{host}/CANARYCANARYCANARY/x?CANARY#CANARY end");
            prop_assert!(!hide_urls(&raw).contains("CANARY"));
        }
        #[test]
        fn nothing_to_hide_is_left(raw in "([a-z@?=/: \"#]|://|\\?k=v){0,40}") {
            let once = hide_urls(&raw).into_owned();
            for after in once.split("://").skip(1) {
                let authority = after.split(|c| ends_query(c) || c == '/').next().unwrap();
                prop_assert!(!authority.contains('@'), "{once}");
            }
            prop_assert!(!once.contains("?k=v"), "{once}");
            prop_assert!(is_clean(&once), "{once}");
        }
        #[test]
        fn any_text_is_taken_without_a_panic(raw in any::<String>()) {
            let once = log_line(&raw);
            prop_assert!(!once.trim_end_matches('\n').chars().any(is_hidden));
        }
    }
}
