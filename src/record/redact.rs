//! Takes out of a line what could let somebody in: users, passwords, query strings and long path parts of URLs.
//!
//! In: a line of JSON. Out: the same line without them. Endpoint ids come redacted already; this is for what a node
//! or a proxy wrote into an error message.

use std::borrow::Cow;

/// Longest path part of a URL that is kept; longer ones are keys (CONTRACT).
const MAX_PART: usize = 16;

/// The text without users, queries and long path parts of URLs, and without anything like `?key=value`.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    if !text.contains("://") && !text.contains('?') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        push_without_query(&mut out, before);
        out.push_str("://");
        let end = after.find(is_delimiter).unwrap_or(after.len());
        let (url, tail) = after.split_at_checked(end).unwrap_or((after, ""));
        // A URL within a URL is dropped with its query or goes on in the next turn.
        let (url, tail) = match url.find("://") {
            Some(inner) => after.split_at_checked(inner).unwrap_or((url, tail)),
            None => (url, tail),
        };
        push_url(&mut out, url);
        rest = tail;
    }
    push_without_query(&mut out, rest);
    Cow::Owned(out)
}

/// True where [`redact`] finds nothing to take out.
#[must_use]
pub fn is_clean(text: &str) -> bool {
    redact(text) == text
}

/// Ends a URL, in JSON and in prose.
fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\\' | '<' | '>' | '\'' | '`' | '|' | '^' | '{' | '}')
}

fn push_url(out: &mut String, url: &str) {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let mut parts = url.split('/');
    let authority = parts.next().unwrap_or_default();
    out.push_str(authority.rsplit('@').next().unwrap_or_default());
    for part in parts {
        out.push('/');
        if part.chars().count() > MAX_PART {
            out.push('…');
        } else {
            out.push_str(part);
        }
    }
}

/// Copies a text without `?key=value…`.
fn push_without_query(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('?') {
        out.push_str(before);
        let end = after.find(is_delimiter).unwrap_or(after.len());
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn users_queries_and_keys_in_paths_are_taken_out() {
        let line =
            r#"{"reason":"wss://ann:pw@node.example:443/v1/0123456789abcdef01/x?apikey=s3cret&b=1 refused"}"#;
        assert_eq!(redact(line), r#"{"reason":"wss://node.example:443/v1/…/x refused"}"#);
    }

    #[test]
    fn a_query_without_a_scheme_is_taken_out_and_a_question_stays() {
        assert_eq!(redact("GET /rpc?token=abc failed? why?"), "GET /rpc failed? why?");
    }

    #[test]
    fn a_url_inside_another_is_redacted_too() {
        assert_eq!(redact("http://proxy/http://u:p@host/a"), "http://proxy/http://host/a");
    }

    #[test]
    fn a_plain_endpoint_id_stays_as_it_is() {
        let line = r#"{"endpoint":"wss://asset-hub-paseo.dotters.network","name":"me@example.org"}"#;
        assert_eq!(redact(line), line);
        assert!(is_clean(line));
    }

    proptest! {
        #[test]
        fn nothing_to_redact_is_left(raw in "([a-z@?=/: \"#]|://|\\?k=v){0,40}") {
            let once = redact(&raw).into_owned();
            for after in once.split("://").skip(1) {
                let authority = after.split(|c| is_delimiter(c) || c == '/').next().unwrap();
                prop_assert!(!authority.contains('@'), "{once}");
            }
            prop_assert!(!once.contains("?k=v"), "{once}");
            prop_assert!(is_clean(&once), "{once}");
        }
    }
}
