//! Endpoints: the secret URL and the name under which it may be shown.
//!
//! In: URLs from profile and flags. Out: checked URLs ([`SecretUrl`]) and [`EndpointId`]s. The raw text leaves only
//! through [`SecretUrl::expose`]. Must not import anything but `domain` and its siblings.

use super::ConfigError;
use crate::domain::{ChainId, EndpointId, redact::shown_url};
use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr};
use url::{Host, Url};

/// Longest URL taken, in bytes.
const MAX_URL: usize = 2048;

/// A URL that may hold an access token. It never prints itself; only what dials asks for the text.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The URL itself, for dialling. Never for a log, an error or the screen.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True where the connection is not encrypted and leaves this machine.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|u| u.scheme() == "ws" && !is_loopback(&u))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUrl(hidden)")
    }
}

/// A text that is no URL to dial. Its message does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Not a URL at all.
    #[error("this is no URL; expected ws:// or wss:// and a host, like wss://rpc.example.org")]
    Syntax,
    /// Another scheme.
    #[error("the URL has the wrong scheme; expected ws:// or wss://")]
    Scheme,
    /// Characters that belong percent-encoded.
    #[error("the URL holds a space, quote, backslash or control character; expected them percent-encoded")]
    Character,
    /// Too long.
    #[error("the URL is too long; expected at most 2048 bytes")]
    Length,
}

impl FromStr for SecretUrl {
    type Err = BadUrl;
    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if text.len() > MAX_URL {
            return Err(BadUrl::Length);
        }
        let forbidden = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|' | '\\')
        };
        if text.contains(forbidden) {
            return Err(BadUrl::Character);
        }
        if !text.contains("://") {
            return Err(BadUrl::Syntax);
        }
        let url = Url::parse(text).map_err(|_| BadUrl::Syntax)?;
        match (url.scheme(), url.host()) {
            ("ws" | "wss", Some(_)) => Ok(Self(url.into())),
            ("ws" | "wss", None) => Err(BadUrl::Syntax),
            _ => Err(BadUrl::Scheme),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        None => false,
    }
}

/// An endpoint of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How it is called everywhere: the URL without its secrets; `#2` where two would look the same; ` PLAIN` where
    /// it is neither encrypted nor on this machine.
    pub id: EndpointId,
    /// What is dialled.
    pub url: SecretUrl,
}

/// Gives each URL of a chain its id. Equal URLs are kept once.
#[must_use]
pub fn name_endpoints(urls: Vec<SecretUrl>) -> Vec<Endpoint> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<Endpoint> = Vec::with_capacity(urls.len());
    for url in urls {
        if out.iter().any(|e| e.url == url) {
            continue;
        }
        let mut label = shown_url(url.expose());
        let n = seen.entry(label.clone()).and_modify(|n| *n += 1).or_insert(1);
        if *n > 1 {
            label = format!("{label}#{n}");
        }
        if url.is_plain() {
            label.push_str(" PLAIN");
        }
        out.push(Endpoint { id: label.into(), url });
    }
    out
}

/// One `--endpoint CHAIN=URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointFlag {
    /// The chain whose endpoints it replaces.
    pub chain: ChainId,
    /// The URL; `ws://` is taken here without further ado, the operator typed it.
    pub url: SecretUrl,
}

impl FromStr for EndpointFlag {
    type Err = ConfigError;
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let shape =
            || ConfigError::new("--endpoint", "the value has no chain", "CHAIN=URL, like relay=wss://host");
        let (chain, url) = text.split_once('=').ok_or_else(shape)?;
        if chain.is_empty() || chain.contains("://") {
            return Err(shape());
        }
        let url =
            url.parse().map_err(|e: BadUrl| ConfigError::new("--endpoint", &format!("{chain}: {e}"), ""))?;
        Ok(Self { chain: chain.into(), url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(urls: &[&str]) -> Vec<String> {
        let urls = urls.iter().map(|u| u.parse().unwrap()).collect();
        name_endpoints(urls).iter().map(|e| e.id.to_string()).collect()
    }

    #[test]
    fn ids_hide_secrets_count_twins_and_mark_plain_connections() {
        assert_eq!(
            ids(&[
                "wss://host/key-one-0123456789",
                "wss://host/key-two-0123456789",
                "ws://127.0.0.1:9944",
                "ws://[::1]:9944/",
                "ws://10.0.0.7:9944",
                "ws://localhost.evil.example",
                "wss://host/key-one-0123456789",
            ]),
            [
                "wss://host",
                "wss://host#2",
                "ws://127.0.0.1:9944",
                "ws://[::1]:9944",
                "ws://10.0.0.7:9944 PLAIN",
                "ws://localhost.evil.example PLAIN",
            ]
        );
    }

    #[test]
    fn what_cannot_be_dialled_is_refused_without_repeating_it() {
        for bad in [
            "http://CANARY",
            "CANARY",
            "wss://",
            "ws:CANARY",
            "wss://h/a b",
            "wss://h/\u{1b}",
            "wss://h/\\\"x",
            "",
            "wss://h:99999999",
        ] {
            let e = bad.parse::<SecretUrl>().unwrap_err().to_string();
            assert!(!e.contains("CANARY") && e.contains("expected"), "{bad:?}: {e}");
        }
        assert!(format!("wss://h/{}", "x".repeat(3000)).parse::<SecretUrl>().is_err());
    }

    #[test]
    fn a_secret_url_never_prints_itself() {
        let flag: EndpointFlag = "relay=wss://u:CANARY@h/?k=CANARY".parse().unwrap();
        assert!(!format!("{flag:?} {:?}", name_endpoints(vec![flag.url.clone()])).contains("CANARY"));
        assert!(flag.url.expose().contains("CANARY"));
    }

    #[test]
    fn a_flag_without_a_chain_says_what_it_wants() {
        for bad in ["wss://u:CANARY@h/?a=b", "=wss://h", "CANARY"] {
            let e = bad.parse::<EndpointFlag>().unwrap_err().to_string();
            assert!(e.contains("expected CHAIN=URL") && !e.contains("CANARY"), "{e}");
        }
    }
}
