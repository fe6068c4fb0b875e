//! Network profiles: which chains, where, when the detectors fire, who is who.
//!
//! In: a TOML file, `--endpoint`, `--only`. Out: [`Profile`]: the `domain::Network`, which holds no URL, and the
//! endpoints to dial. A profile that is not wholly right is refused, with its place. Must not import anything but
//! `domain` and its siblings.

use super::endpoint::{BadUrl, Endpoint, EndpointFlag, SecretUrl, name_endpoints};
use super::files::{Dirs, Shelf, find_text};
use super::located::Source;
use super::roster;
use super::watch;
use super::{ConfigError, NETWORKS};
use crate::domain::{AccountId, ChainId, ChainKind, ChainSpec, Hash, Network, ParaId, Thresholds};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::Spanned;

/// A network and where to reach it.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Chains, thresholds, names; no URL.
    pub network: Network,
    /// What to dial, in the order of the profile. Every chain of the network has an entry with at least one endpoint.
    pub endpoints: BTreeMap<ChainId, Vec<Endpoint>>,
    /// Where the register of validators is; it is read by whoever runs the profile.
    pub roster: Option<roster::Source>,
}

/// Reads the profile of this name (the user's `networks/NAME.toml`, else built-in) or file.
///
/// # Errors
/// When there is no such profile, or it is not right.
pub fn load_network(name_or_file: &str, dirs: &Dirs) -> Result<Profile, ConfigError> {
    let shelf = Shelf { folder: "networks", builtin: NETWORKS, dirs };
    let (label, text) = find_text(&shelf, name_or_file)?;
    Profile::parse(&label, &text)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    id: Spanned<String>,
    public: bool,
    #[serde(default)]
    insecure: bool,
    roster: Option<Spanned<String>>,
    #[serde(default)]
    thresholds: RawThresholds,
    chains: Spanned<Vec<RawChain>>,
    #[serde(default)]
    names: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    watch: Vec<watch::RawWatch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChain {
    id: Spanned<String>,
    name: Spanned<String>,
    para_id: Option<Spanned<u32>>,
    block_time: Option<Spanned<String>>,
    #[serde(default)]
    optional: bool,
    genesis: Option<Spanned<String>>,
    endpoints: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    thresholds: RawThresholds,
}

type RawThresholds = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

impl Profile {
    /// Parses a profile; `label` is what errors call the text.
    ///
    /// # Errors
    /// At the first thing that is not right.
    pub fn parse(label: &str, text: &str) -> Result<Self, ConfigError> {
        let src = Source { label, text };
        let raw: RawProfile = src.parse()?;
        check_id(&src, &raw.id)?;
        let base = thresholds(&src, Thresholds::default(), &raw.thresholds)?;
        let roster = raw.roster.as_ref().map(|text| register(&src, text)).transpose()?;
        let mut network = Network {
            id: raw.id.into_inner(),
            public: raw.public,
            chains: Vec::new(),
            names: names(&src, &raw.names)?,
            roster: crate::domain::Roster::default(),
            watch: vec![],
        };
        let mut endpoints = BTreeMap::new();
        if raw.chains.get_ref().is_empty() {
            return Err(src.error(raw.chains.span(), "no chain", "at least one [[chains]]"));
        }
        for raw_chain in raw.chains.get_ref() {
            check_unique(&src, &network, raw_chain)?;
            let urls = urls(&src, raw_chain, raw.insecure)?;
            let spec = chain(&src, raw_chain, &base, &urls)?;
            endpoints.insert(spec.id.clone(), urls);
            network.chains.push(spec);
        }
        network.watch = watch::entries(&src, &network, &raw.watch)?;
        network.chains.sort_by_key(|c| c.kind != ChainKind::Relay);
        Ok(Self { network, endpoints, roster })
    }

    /// Replaces the endpoints of the chains that the flags name.
    ///
    /// # Errors
    /// When the profile has no such chain; the message lists those it has.
    pub fn with_endpoints(mut self, flags: &[EndpointFlag]) -> Result<Self, ConfigError> {
        let mut given: BTreeMap<ChainId, Vec<SecretUrl>> = BTreeMap::new();
        for flag in flags {
            self.known("--endpoint", &flag.chain)?;
            given.entry(flag.chain.clone()).or_default().push(flag.url.clone());
        }
        for (chain, urls) in given {
            let named = name_endpoints(urls);
            if let Some(spec) = self.network.chains.iter_mut().find(|c| c.id == chain) {
                spec.endpoints = named.iter().map(|e| e.id.clone()).collect();
            }
            self.endpoints.insert(chain, named);
        }
        Ok(self)
    }

    /// Keeps only these chains, in the order of the profile. An empty list keeps all.
    ///
    /// # Errors
    /// When the profile has no such chain.
    pub fn only(mut self, chains: &[ChainId]) -> Result<Self, ConfigError> {
        for chain in chains {
            self.known("--only", chain)?;
        }
        if !chains.is_empty() {
            self.network.chains.retain(|c| chains.contains(&c.id));
            self.endpoints.retain(|id, _| chains.contains(id));
        }
        Ok(self)
    }

    /// An error naming `flag` unless the profile has this chain.
    ///
    /// # Errors
    /// When it has not; the message lists those it has.
    pub fn known(&self, flag: &str, chain: &ChainId) -> Result<(), ConfigError> {
        if self.network.chain(chain).is_some() {
            return Ok(());
        }
        let ids: Vec<&str> = self.network.chains.iter().map(|c| c.id.as_str()).collect();
        let what = format!("network '{}' has no chain '{chain}'", self.network.id);
        Err(ConfigError::new(flag, &what, &format!("one of {}", ids.join(", "))))
    }
}

fn check_id(src: &Source<'_>, id: &Spanned<String>) -> Result<(), ConfigError> {
    let text = id.get_ref();
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.len() <= 32 && text.chars().all(fine) {
        return Ok(());
    }
    let what = format!("'{text}' is no id");
    Err(src.error(id.span(), &what, "1 to 32 lower-case letters, digits and dashes"))
}

/// A relative path begins where the profile lies.
fn register(src: &Source<'_>, text: &Spanned<String>) -> Result<roster::Source, ConfigError> {
    let folder = Path::new(src.label).parent().unwrap_or(Path::new(""));
    roster::Source::parse(text.get_ref(), folder).map_err(|e| src.error(text.span(), &e.to_string(), ""))
}

fn check_unique(src: &Source<'_>, network: &Network, raw: &RawChain) -> Result<(), ConfigError> {
    check_id(src, &raw.id)?;
    let id = raw.id.get_ref();
    if network.chains.iter().any(|c| c.id.as_str() == id) {
        return Err(src.error(raw.id.span(), &format!("chain '{id}' stands twice"), "each id once"));
    }
    match &raw.para_id {
        None if network.relay().is_some() => Err(src.error(
            raw.id.span(),
            "a second chain without para_id",
            "one relay chain; all others have para_id",
        )),
        Some(para) if network.para(ParaId(*para.get_ref())).is_some() => {
            Err(src.error(para.span(), &format!("para {} stands twice", para.get_ref()), "each para_id once"))
        }
        _ => Ok(()),
    }
}

fn urls(src: &Source<'_>, raw: &RawChain, insecure: bool) -> Result<Vec<Endpoint>, ConfigError> {
    let list = raw.endpoints.get_ref();
    if list.is_empty() {
        return Err(src.error(raw.endpoints.span(), "no endpoint", "at least one wss:// URL"));
    }
    let mut urls = Vec::with_capacity(list.len());
    let mut seen = BTreeSet::new();
    for text in list {
        let url: SecretUrl =
            text.get_ref().parse().map_err(|e: BadUrl| src.error(text.span(), &e.to_string(), ""))?;
        if url.is_plain() && !insecure {
            let expected = "wss://, or insecure = true at the top of the profile";
            return Err(src.error(text.span(), "ws:// to another machine is not encrypted", expected));
        }
        if !seen.insert(url.expose().to_owned()) {
            return Err(src.error(text.span(), "this endpoint stands twice", "each URL once in a chain"));
        }
        urls.push(url);
    }
    Ok(name_endpoints(urls))
}

fn chain(
    src: &Source<'_>,
    raw: &RawChain,
    base: &Thresholds,
    endpoints: &[Endpoint],
) -> Result<ChainSpec, ConfigError> {
    let genesis = raw.genesis.as_ref().map(|g| {
        let bad = |_| src.error(g.span(), "the genesis is no hash", "0x and 64 hex digits");
        g.get_ref().parse::<Hash>().map_err(bad)
    });
    Ok(ChainSpec {
        id: raw.id.get_ref().as_str().into(),
        name: label(src, &raw.name)?,
        kind: raw.para_id.as_ref().map_or(ChainKind::Relay, |p| ChainKind::Para(ParaId(*p.get_ref()))),
        block_time_ms: raw.block_time.as_ref().map(|t| block_time(src, t)).transpose()?,
        optional: raw.optional,
        genesis: genesis.transpose()?,
        endpoints: endpoints.iter().map(|e| e.id.clone()).collect(),
        thresholds: thresholds(src, base.clone(), &raw.thresholds)?,
    })
}

/// A name for the screen: short, visible characters only.
pub(super) fn label(src: &Source<'_>, text: &Spanned<String>) -> Result<String, ConfigError> {
    let name = text.get_ref();
    let hidden = name.chars().any(crate::domain::text::is_hidden);
    if name.trim().is_empty() || name.chars().count() > 64 || hidden {
        return Err(src.error(text.span(), "this is no name", "1 to 64 visible characters"));
    }
    Ok(name.clone())
}

fn block_time(src: &Source<'_>, text: &Spanned<String>) -> Result<u64, ConfigError> {
    let ms = text.get_ref().parse::<jiff::SignedDuration>().ok().map(|d| d.as_millis());
    match ms.and_then(|ms| u64::try_from(ms).ok()) {
        Some(ms @ 100..=3_600_000) => Ok(ms),
        _ => {
            let what = format!("'{}' is no block time", text.get_ref());
            Err(src.error(text.span(), &what, "a duration from 100ms to 1h, like \"6s\""))
        }
    }
}

fn names(
    src: &Source<'_>,
    raw: &BTreeMap<Spanned<String>, Spanned<String>>,
) -> Result<BTreeMap<AccountId, String>, ConfigError> {
    let mut out = BTreeMap::new();
    for (address, name) in raw {
        let expected = "an SS58 address, or 0x and 64 hex digits";
        let what = || format!("'{}' is no account", address.get_ref());
        let account: AccountId =
            address.get_ref().parse().map_err(|_| src.error(address.span(), &what(), expected))?;
        if out.insert(account, label(src, name)?).is_some() {
            let what = "this account has a name already, maybe in another prefix";
            return Err(src.error(address.span(), what, "each account once"));
        }
    }
    Ok(out)
}

/// `base` with the given fields set. The names of the fields are those of [`Thresholds`] itself.
fn thresholds(src: &Source<'_>, base: Thresholds, raw: &RawThresholds) -> Result<Thresholds, ConfigError> {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::to_value(&base) else { return Ok(base) };
    for (key, value) in raw {
        let Some(slot) = fields.get_mut(key.get_ref()) else {
            let known: Vec<&str> = fields.keys().map(String::as_str).collect();
            let what = format!("unknown threshold '{}'", key.get_ref());
            return Err(src.error(key.span(), &what, &format!("one of {}", known.join(", "))));
        };
        match value.get_ref().as_integer() {
            Some(n @ 1..=1_000_000_000) => *slot = n.into(),
            _ => {
                let what = format!("{} is no number of the right size", key.get_ref());
                return Err(src.error(value.span(), &what, "a whole number from 1 to 1000000000"));
            }
        }
    }
    for (key, value) in raw {
        check_order(src, &fields, key, value)?;
    }
    serde_json::from_value(fields.into()).map_err(|e| src.error(0..0, &e.to_string(), ""))
}

/// Refuses a limit that is reached only after the limit of a graver severity.
fn check_order(
    src: &Source<'_>,
    fields: &serde_json::Map<String, serde_json::Value>,
    key: &Spanned<String>,
    value: &Spanned<toml::Value>,
) -> Result<(), ConfigError> {
    let levels = ["-minor", "-major", "-critical"];
    let name = key.get_ref().as_str();
    let Some((stem, rest)) =
        levels.iter().find_map(|l| name.find(l).map(|at| (name.get(..at), name.get(at + l.len()..))))
    else {
        return Ok(());
    };
    let limit = |level: &str| {
        let field = format!("{}{level}{}", stem.unwrap_or_default(), rest.unwrap_or_default());
        fields.get(&field).and_then(serde_json::Value::as_u64)
    };
    let present: Vec<u64> = levels.iter().filter_map(|l| limit(l)).collect();
    if present.is_sorted() {
        return Ok(());
    }
    let what = format!("with {name} = {} the graver limit comes first", value.get_ref());
    Err(src.error(value.span(), &what, "minor <= major <= critical"))
}
